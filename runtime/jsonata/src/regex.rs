//! Regular expressions with JavaScript's meaning (ECMA-262 with annex B, flags `i` and `m`), on UTF-16 code units.
//!
//! A pattern becomes a short program for a backtracking matcher that keeps its own stack and counts its steps, so
//! that no pattern can hold a core or overflow the stack.

mod compile;
mod exec;
mod parse;

use crate::fault::{Fault, Res};
use std::sync::Arc;

pub(crate) use exec::{Exhausted, Match};

/// Instructions of one pattern; ours.
const PROGRAM_MAX: usize = 20_000;
/// Groups nested in a pattern; ours.
const NESTING_MAX: u32 = 100;

#[derive(Debug)]
pub(crate) struct Regex {
    source: Arc<str>,
    program: Vec<Op>,
    classes: Vec<Class>,
    /// Capture groups, the whole match not counted.
    groups: usize,
    /// Captures and loop marks.
    slots: usize,
    ignore_case: bool,
    multiline: bool,
}

/// In which direction the text is read: backwards inside a look-behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Forward,
    Backward,
}

#[derive(Debug, Clone)]
enum Op {
    Char(u16, Way),
    Any(Way),
    Class(u32, Way),
    /// Goes on at the first, and at the second if that fails.
    Split(u32, u32),
    Jump(u32),
    Save(u32),
    /// Forgets the captures of these groups, at the begin of a repetition.
    Forget(u32, u32),
    /// Remembers where a repetition begins.
    Mark(u32),
    /// Fails if the repetition has matched nothing.
    Progress(u32),
    LineStart,
    LineEnd,
    WordBoundary,
    NotWordBoundary,
    BackReference(u32, Way),
    /// What follows, up to `Accept`, must match here, and the pattern goes on behind it.
    Look {
        end: u32,
    },
    LookNot {
        end: u32,
    },
    Accept,
}

/// A set of code units.
#[derive(Debug, Clone, Default)]
struct Class {
    ranges: Vec<(u16, u16)>,
    negated: bool,
}

impl Regex {
    pub(crate) fn compile(pattern: &str, ignore_case: bool, multiline: bool) -> Res<Self> {
        compile::compile(pattern, ignore_case, multiline).map_err(|why| {
            Fault::with_message("U1002", format!("Invalid regular expression: /{pattern}/: {why}"))
        })
    }

    pub(crate) fn source(&self) -> &str {
        &self.source
    }
}

fn is_word(unit: u16) -> bool {
    u8::try_from(unit).is_ok_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn is_line_end(unit: u16) -> bool {
    matches!(unit, 0x0A | 0x0D | 0x2028 | 0x2029)
}

/// ECMA-262 `Canonicalize` without the `u` flag: the upper case, where it is one unit and does not turn a
/// character beyond ASCII into one of ASCII.
fn canonical(unit: u16) -> u16 {
    if unit < 128 {
        return u16::from(u8::try_from(unit).unwrap_or(0).to_ascii_uppercase());
    }
    let Some(c) = char::from_u32(u32::from(unit)) else { return unit };
    let mut upper = c.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(single), None) => match u16::try_from(u32::from(single)) {
            Ok(upper) if upper >= 128 => upper,
            _ => unit,
        },
        _ => unit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, text: &str, want: Option<&[Option<&str>]>) {
        let (pattern, ignore_case) = match pattern.strip_suffix("/i") {
            Some(pattern) => (pattern, true),
            None => (pattern, false),
        };
        let regex = Regex::compile(pattern, ignore_case, false).unwrap();
        let units: Vec<u16> = text.encode_utf16().collect();
        let mut steps = 1_000_000;
        let found = regex.exec(&units, 0, &mut steps).unwrap();
        let slice = |(from, to): (usize, usize)| String::from_utf16_lossy(&units[from..to]);
        let found: Option<Vec<Option<String>>> = found.map(|m| {
            std::iter::once(Some(slice((m.start, m.end))))
                .chain(m.groups.iter().map(|group| group.map(slice)))
                .collect()
        });
        let want: Option<Vec<Option<String>>> =
            want.map(|groups| groups.iter().map(|group| group.map(str::to_owned)).collect());
        assert_eq!(found, want, "/{pattern}/ on {text}");
    }

    #[test]
    fn alternatives_and_greed() {
        check("a|ab", "abc", Some(&[Some("a")]));
        check(
            "((a)|(ab))((c)|(bc))",
            "abc",
            Some(&[Some("abc"), Some("a"), Some("a"), None, Some("bc"), None, Some("bc")]),
        );
        check("a[a-z]{2,4}?", "abcdefghi", Some(&[Some("abc")]));
        check("(aa|aabaac|ba|b|c)*", "aabaac", Some(&[Some("aaba"), Some("ba")]));
    }

    #[test]
    fn captures_are_forgotten_at_each_repetition() {
        check(
            "(z)((a+)?(b+)?(c))*",
            "zaacbbbcac",
            Some(&[Some("zaacbbbcac"), Some("z"), Some("ac"), Some("a"), None, Some("c")]),
        );
        check("(a*)*", "b", Some(&[Some(""), None]));
    }

    #[test]
    fn looking_around() {
        check("(?=(a+))a*b\\1", "baaabac", Some(&[Some("aba"), Some("a")]));
        check(
            "(.*?)a(?!(a+)b\\2c)\\2(.*)",
            "baaabaac",
            Some(&[Some("baaabaac"), Some("ba"), None, Some("abaac")]),
        );
        check("(?<=\\$)\\d+", "cost $42", Some(&[Some("42")]));
        check("(?<!\\$)\\b\\d+", "$42 17", Some(&[Some("17")]));
    }

    #[test]
    fn classes_and_escapes() {
        check("[^\\d\\s]+", "12 ab", Some(&[Some("ab")]));
        check("\\u0041\\x42\\t", "AB\t", Some(&[Some("AB\t")]));
        check("a{,2}", "a{,2}", Some(&[Some("a{,2}")]));
        check("[b-d]+/i", "aBCDe", Some(&[Some("BCD")]));
        check("(?<year>\\d{4})-\\k<year>", "2024-2024", Some(&[Some("2024-2024"), Some("2024")]));
        check("\\bfoo$", "a foo", Some(&[Some("foo")]));
    }

    #[test]
    fn catastrophic_patterns_run_out_of_steps() {
        let regex = Regex::compile("(a+)+b", false, false).unwrap();
        let units = vec![u16::from(b'a'); 40];
        let mut steps = 100_000;
        assert!(regex.exec(&units, 0, &mut steps).is_err());
    }

    #[test]
    fn bad_patterns_are_refused() {
        for pattern in ["(", ")", "a**", "[b-a]", "a{2,1}", "\\", "(?<a", "[", "(?a)", "*"] {
            assert!(Regex::compile(pattern, false, false).is_err(), "{pattern}");
        }
        assert!(Regex::compile(&"(".repeat(100_000), false, false).is_err());
        assert!(Regex::compile("((a{1000}){1000}){1000}", false, false).is_err());
    }
}
