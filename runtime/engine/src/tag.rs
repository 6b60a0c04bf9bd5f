//! Tags: what callers hang on functions and state machines.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Tags of one resource. Source: AWS quota.
pub const TAGS_MAX: usize = 50;
/// Characters of a key. Source: AWS quota.
pub const KEY_CHARS_MAX: usize = 128;
/// Characters of a value. Source: AWS quota.
pub const VALUE_CHARS_MAX: usize = 256;
/// Keys that begin so are AWS's own, in any case of letters.
const RESERVED_PREFIX: &str = "aws:";

/// A key and a value that a caller hangs on a resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// 1 to 128 characters, unique in its resource.
    pub key: Arc<str>,
    /// 0 to 256 characters.
    pub value: Arc<str>,
}

/// Why tags are refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TagError {
    /// There would be more than [`TAGS_MAX`].
    #[error("Number of tags exceeds resource tag limit.")]
    TooMany,
    /// A key is empty or longer than [`KEY_CHARS_MAX`].
    #[error("A tag key has 1 to {KEY_CHARS_MAX} characters, not {0}.")]
    KeyLength(usize),
    /// A value is longer than [`VALUE_CHARS_MAX`].
    #[error("The value of tag {key} has {chars} characters, of at most {VALUE_CHARS_MAX}.")]
    ValueLength {
        /// Whose value.
        key: Arc<str>,
        /// How long it is.
        chars: usize,
    },
    /// A key begins with `aws:`.
    #[error("aws: prefixed tag key names are not allowed for external use: {0}")]
    Reserved(Arc<str>),
}

/// Tags with others added, which take the place of those that have the same key. Of two that are given for one key the
/// later counts.
pub(crate) fn merged(mut tags: Vec<Tag>, given: Vec<Tag>) -> Result<Vec<Tag>, TagError> {
    for tag in given {
        let key_chars = tag.key.chars().count();
        if !(1..=KEY_CHARS_MAX).contains(&key_chars) {
            return Err(TagError::KeyLength(key_chars));
        }
        let prefix = tag.key.get(..RESERVED_PREFIX.len());
        if prefix.is_some_and(|prefix| prefix.eq_ignore_ascii_case(RESERVED_PREFIX)) {
            return Err(TagError::Reserved(tag.key));
        }
        let value_chars = tag.value.chars().count();
        if value_chars > VALUE_CHARS_MAX {
            return Err(TagError::ValueLength { key: tag.key, chars: value_chars });
        }
        if let Some(old) = tags.iter_mut().find(|old| old.key == tag.key) {
            *old = tag;
        } else if tags.len() >= TAGS_MAX {
            return Err(TagError::TooMany);
        } else {
            tags.push(tag);
        }
    }
    Ok(tags)
}

/// Tags without those of these keys. A key that is not there makes no difference.
pub(crate) fn without(mut tags: Vec<Tag>, keys: &[Arc<str>]) -> Vec<Tag> {
    tags.retain(|tag| !keys.contains(&tag.key));
    tags
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `key=value` for each tag.
    fn tags(text: &str) -> Vec<Tag> {
        let pairs = text.split_whitespace().filter_map(|pair| pair.split_once('='));
        pairs.map(|(key, value)| Tag { key: key.into(), value: value.into() }).collect()
    }

    #[track_caller]
    fn check(before: &str, given: &str, expected: Result<&str, TagError>) {
        assert_eq!(merged(tags(before), tags(given)), expected.map(tags));
    }

    #[test]
    fn given_tags_take_the_place_of_others() {
        check("", "", Ok(""));
        check("", "a=1 a=1", Ok("a=1"));
        check("a=1 b=2", "b=3 c= b=4", Ok("a=1 b=4 c="));
        check("a=1", "A=2", Ok("a=1 A=2"));
    }

    #[test]
    fn bounds() {
        let many =
            |range: std::ops::Range<usize>| range.map(|at| format!("k{at}=v")).collect::<Vec<_>>().join(" ");
        check(&many(0..50), "k7=w", Ok(&many(0..50).replace("k7=v", "k7=w")));
        check(&many(0..49), "x=1", Ok(&format!("{} x=1", many(0..49))));
        check(&many(0..50), "x=1", Err(TagError::TooMany));
        check("", &many(0..51), Err(TagError::TooMany));
        check("", "=1", Err(TagError::KeyLength(0)));
        let key = "ä".repeat(128);
        check("", &format!("{key}=1"), Ok(&format!("{key}=1")));
        check("", &format!("{key}ä=1"), Err(TagError::KeyLength(129)));
        let value = "ö".repeat(256);
        check("", &format!("k={value}"), Ok(&format!("k={value}")));
        check("", &format!("k={value}ö"), Err(TagError::ValueLength { key: "k".into(), chars: 257 }));
        check("", "AWS:x=1", Err(TagError::Reserved("AWS:x".into())));
        check("", "aws=1 awsä:=2", Ok("aws=1 awsä:=2"));
    }

    #[test]
    fn removal() {
        let keys = ["b".into(), "z".into(), "b".into()];
        assert_eq!(without(tags("a=1 b=2 c=3"), &keys), tags("a=1 c=3"));
        assert_eq!(without(tags("a=1"), &[]), tags("a=1"));
    }
}
