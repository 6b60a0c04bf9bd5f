//! `${Name}` in a definition: the ARN of what is deployed under that name.

/// Longest name of a function or a state machine.
const NAME_CHARS_MAX: usize = 80;

/// A definition with its names filled in, and the way back to the text it was made of.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Substituted {
    /// The definition.
    pub(crate) text: String,
    /// For each name: where it stood, and where what took its place stands. In order.
    replaced: Vec<Replaced>,
}

#[derive(Debug, PartialEq, Eq)]
struct Replaced {
    original: std::ops::Range<usize>,
    substituted: std::ops::Range<usize>,
}

/// Fills in each `${Name}` that `arn_of` knows.
///
/// # Errors
/// The names that it does not know, each once, in order.
pub(crate) fn substitute(
    text: &str,
    mut arn_of: impl FnMut(&str) -> Option<String>,
) -> Result<Substituted, Vec<String>> {
    let mut result = Substituted { text: String::with_capacity(text.len()), replaced: Vec::new() };
    let mut unknown: Vec<String> = Vec::new();
    let mut done = 0;
    for (at, _) in text.match_indices("${") {
        let Some(name) = name_at(text, at) else { continue };
        let end = at + "${".len() + name.len() + "}".len();
        let Some(arn) = arn_of(name) else {
            if !unknown.iter().any(|known| known == name) {
                unknown.push(name.to_owned());
            }
            continue;
        };
        result.text.push_str(text.get(done..at).unwrap_or_default());
        let from = result.text.len();
        result.text.push_str(&arn);
        result.replaced.push(Replaced { original: at..end, substituted: from..result.text.len() });
        done = end;
    }
    result.text.push_str(text.get(done..).unwrap_or_default());
    if unknown.is_empty() { Ok(result) } else { Err(unknown) }
}

/// The name in the `${Name}` that begins here, if one does.
fn name_at(text: &str, at: usize) -> Option<&str> {
    let (name, _) = text.get(at + "${".len()..)?.split_once('}')?;
    let fits = (1..=NAME_CHARS_MAX).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    fits.then_some(name)
}

impl Substituted {
    /// The place in the original text of a place in [`Self::text`]. Within a filled-in ARN it is the start of its
    /// `${Name}`, or the end of it for the end of a range.
    pub(crate) fn original(&self, offset: usize, edge: Edge) -> usize {
        let mut original = offset;
        for replaced in &self.replaced {
            if offset <= replaced.substituted.start {
                break;
            }
            if offset < replaced.substituted.end {
                return match edge {
                    Edge::Start => replaced.original.start,
                    Edge::End => replaced.original.end,
                };
            }
            original = offset - replaced.substituted.end + replaced.original.end;
        }
        original
    }
}

/// Which end of a range a place is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edge {
    /// Its first byte.
    Start,
    /// The byte after its last.
    End,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arn(name: &str) -> Option<String> {
        name.starts_with('f').then(|| format!("arn:{name}"))
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(substitute(text, arn).unwrap().text, expected);
    }

    #[test]
    fn known_names_become_arns() {
        check("", "");
        check("${f}", "arn:f");
        check("a ${f-1} b ${f_2}${f}", "a arn:f-1 b arn:f_2arn:f");
    }

    #[test]
    fn what_is_no_name_stays() {
        for text in ["$", "${", "${}", "${f", "${f g}", "$f", "$ {f}", "${ä}"] {
            check(text, text);
        }
        check("${${f}}", "${arn:f}");
    }

    #[test]
    fn unknown_names_are_told_together() {
        assert_eq!(substitute("${a} ${f} ${b} ${a}", arn).unwrap_err(), ["a", "b"]);
    }

    #[test]
    fn places_are_found_again() {
        let substituted = substitute("x ${f} y ${f} z", arn).unwrap();
        assert_eq!(substituted.text, "x arn:f y arn:f z");
        let place = |offset, edge| substituted.original(offset, edge);
        assert_eq!(place(0, Edge::Start), 0);
        assert_eq!(place(2, Edge::Start), 2);
        assert_eq!(place(4, Edge::Start), 2);
        assert_eq!(place(4, Edge::End), 6);
        assert_eq!(place(7, Edge::End), 6);
        assert_eq!(place(8, Edge::Start), 7);
        assert_eq!(place(16, Edge::Start), 14);
    }
}
