//! Checked names: account, region, and the names that AWS allows for machines, executions and activities.

use crate::quota::NAME_CHARS_MAX;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A text that is no valid name; displays as AWS words it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Invalid Name: '{0}'")]
pub struct NameError(pub String);

/// The name of a state machine, an execution or an activity: 1 to 80 characters, none of them white space,
/// a bracket `<>{}[]`, a wildcard `?*`, one of ``"#%\^|~`$&,;:/`` or a control character.
///
/// Source: AWS Step Functions, `CreateStateMachine` parameter `name`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Arc<str>);

impl Name {
    /// Checks a name.
    ///
    /// # Errors
    /// [`NameError`] for a text that is empty, longer than 80 characters, or holds a character that AWS forbids.
    pub fn new(text: &str) -> Result<Self, NameError> {
        // Nearly all names, and every one that the server makes, need no look at single characters.
        let is_plain = (1..=NAME_CHARS_MAX).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
        let length_fits = || !text.is_empty() && text.chars().count() <= NAME_CHARS_MAX;
        if is_plain || (length_fits() && !text.chars().any(is_forbidden)) {
            Ok(Self(Arc::from(text)))
        } else {
            Err(NameError(text.to_owned()))
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_forbidden(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '<' | '>' | '{' | '}' | '[' | ']' | '?' | '*')
        || matches!(c, '"' | '#' | '%' | '\\' | '^' | '|' | '~' | '`' | '$' | '&' | ',' | ';' | ':' | '/')
        || matches!(c, '\u{fffe}' | '\u{ffff}' | '\u{10ffff}')
}

/// A 12-digit account id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(u64);

impl AccountId {
    /// `000000000000`: the account of development mode where nothing else names one.
    pub const DEFAULT: Self = Self(0);

    /// The account as a number, for keys.
    #[must_use]
    pub fn as_u64(self) -> u64 {
        self.0
    }

    /// The account with this number.
    ///
    /// # Errors
    /// [`NameError`] above 12 digits.
    pub fn from_u64(number: u64) -> Result<Self, NameError> {
        if number < 1_000_000_000_000 { Ok(Self(number)) } else { Err(NameError(number.to_string())) }
    }
}

impl FromStr for AccountId {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()) {
            text.parse().map(Self).map_err(|_| NameError(text.to_owned()))
        } else {
            Err(NameError(text.to_owned()))
        }
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut digits, mut rest) = ([b'0'; 12], self.0);
        for digit in digits.iter_mut().rev() {
            *digit += (rest % 10) as u8;
            rest /= 10;
        }
        f.write_str(str::from_utf8(&digits).unwrap_or_default())
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A region's name: 1 to 32 of `a`-`z`, `0`-`9` and `-`. Stepwell serves any; it is a name space, not a place.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region(Arc<str>);

impl Region {
    /// Checks a region.
    ///
    /// # Errors
    /// [`NameError`] for a text that is empty, too long, or holds another character.
    pub fn new(text: &str) -> Result<Self, NameError> {
        let fits = (1..=32).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if fits { Ok(Self(Arc::from(text))) } else { Err(NameError(text.to_owned())) }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Region {
    /// `us-east-1`
    fn default() -> Self {
        Self(Arc::from("us-east-1"))
    }
}

macro_rules! text_type {
    ($($type:ident),*) => { $(
        impl FromStr for $type {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::new(text)
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )* };
}
text_type!(Name, Region);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for good in ["a", "Order-1_x.y", "(a)'!@+=", "größe", &"n".repeat(80)] {
            assert_eq!(Name::new(good).unwrap().as_str(), good);
        }
        let long = "n".repeat(81);
        for bad in [
            "",
            " ",
            "a b",
            "a/b",
            "a:b",
            "a*",
            "a\u{7f}",
            "a\u{9f}",
            "a\n",
            "a{",
            "a\\b",
            "a\"",
            long.as_str(),
        ] {
            assert_eq!(Name::new(bad).unwrap_err().to_string(), format!("Invalid Name: '{bad}'"));
        }
    }

    #[test]
    fn accounts_and_regions() {
        assert_eq!("000000000042".parse::<AccountId>().unwrap().to_string(), "000000000042");
        for bad in ["", "42", "0000000000042", "00000000004x"] {
            assert!(bad.parse::<AccountId>().is_err());
        }
        assert!(AccountId::from_u64(1_000_000_000_000).is_err());
        assert!(Region::new("eu-central-1").is_ok());
        assert!(Region::new("EU").is_err());
        assert!(Region::new("").is_err());
    }
}
