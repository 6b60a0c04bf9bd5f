//! Places in a definition, and the list that findings are collected in.

use crate::diagnostic::{Code, Diagnostic, Severity};
use std::fmt::Write as _;

/// Findings in one report; what comes after them says no more.
pub const FINDINGS_MAX: usize = 1_000;

/// A place on the way down through a definition; a text is made of it only for a finding.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    parent: Option<&'a Place<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    /// The pointer of an outer object whose own way is no longer at hand, with its AWS form.
    Base {
        pointer: &'a str,
        location: &'a str,
    },
    Field(&'a str),
    Item(usize),
}

impl<'a> Place<'a> {
    /// The object at this pointer.
    pub(crate) fn base(pointer: &'a str, location: &'a str) -> Self {
        Self { parent: None, step: Step::Base { pointer, location } }
    }

    /// A field of the object here.
    pub(crate) fn field(&'a self, name: &'a str) -> Self {
        Self { parent: Some(self), step: Step::Field(name) }
    }

    /// An item of the array here.
    pub(crate) fn item(&'a self, index: usize) -> Self {
        Self { parent: Some(self), step: Step::Item(index) }
    }

    /// RFC 6901.
    pub(crate) fn pointer(&self) -> String {
        let mut text = self.parent.map(Self::pointer).unwrap_or_default();
        match self.step {
            Step::Base { pointer, .. } => text.push_str(pointer),
            Step::Field(name) => push_pointer_token(&mut text, name),
            // Writing into a string cannot fail.
            Step::Item(index) => drop(write!(text, "/{index}")),
        }
        text
    }

    /// AWS's form: names as they are, items in brackets, and nothing for the whole (`/` when printed alone).
    pub(crate) fn location(&self) -> String {
        let mut text = self.parent.map(Self::location).unwrap_or_default();
        match self.step {
            Step::Base { location, .. } => text.push_str(location),
            Step::Field(name) => {
                text.push('/');
                text.push_str(name);
            }
            Step::Item(index) => drop(write!(text, "[{index}]")),
        }
        text
    }
}

/// Appends `/name`, escaped as RFC 6901 wants.
pub(crate) fn push_pointer_token(text: &mut String, name: &str) {
    text.push('/');
    for c in name.chars() {
        match c {
            '~' => text.push_str("~0"),
            '/' => text.push_str("~1"),
            c => text.push(c),
        }
    }
}

/// What has been found so far.
#[derive(Default)]
pub(crate) struct Findings {
    list: Vec<Diagnostic>,
    errors: usize,
}

impl Findings {
    /// Reports an error about the value here.
    pub(crate) fn error(&mut self, code: Code, message: impl Into<String>, at: &Place<'_>) {
        self.add(Severity::Error, code, message.into(), at, at, None);
    }

    /// Reports a violated rule of the language about the value here.
    pub(crate) fn schema(&mut self, message: impl Into<String>, at: &Place<'_>) {
        self.error(Code::SchemaValidationFailed, message, at);
    }

    /// Reports something that was probably not meant.
    pub(crate) fn warning(&mut self, code: Code, message: impl Into<String>, at: &Place<'_>) {
        self.add(Severity::Warning, code, message.into(), at, at, None);
    }

    /// Reports a finding that AWS places at `location` and that is exactly at `at`.
    pub(crate) fn add(
        &mut self,
        severity: Severity,
        code: Code,
        message: String,
        location: &Place<'_>,
        at: &Place<'_>,
        help: Option<String>,
    ) {
        if self.list.len() < FINDINGS_MAX {
            self.add_at(severity, code, message, location.location(), at.pointer(), help);
        } else {
            self.errors += usize::from(severity == Severity::Error);
        }
    }

    /// As [`Self::add`], for places that are texts already.
    pub(crate) fn add_at(
        &mut self,
        severity: Severity,
        code: Code,
        message: String,
        location: String,
        pointer: String,
        help: Option<String>,
    ) {
        self.errors += usize::from(severity == Severity::Error);
        if self.list.len() < FINDINGS_MAX {
            let location = Some(if location.is_empty() { "/".to_owned() } else { location });
            self.list.push(Diagnostic { severity, code, message, location, pointer, position: None, help });
        }
    }

    /// Reports a finding that AWS gives no place.
    pub(crate) fn without_location(&mut self, code: Code, message: &str, at: &Place<'_>) {
        self.errors += 1;
        if self.list.len() < FINDINGS_MAX {
            self.list.push(Diagnostic {
                severity: Severity::Error,
                code,
                message: message.to_owned(),
                location: None,
                pointer: at.pointer(),
                position: None,
                help: None,
            });
        }
    }

    /// How many errors there are, those beyond [`FINDINGS_MAX`] included.
    pub(crate) fn errors(&self) -> usize {
        self.errors
    }

    pub(crate) fn into_list(self) -> Vec<Diagnostic> {
        self.list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_print_in_both_forms() {
        let base = Place::base("/States/a~1b", "/States/a/b");
        let retry = base.field("Retry");
        let item = retry.item(0);
        let names = item.field("~/");
        assert_eq!(names.pointer(), "/States/a~1b/Retry/0/~0~1");
        assert_eq!(names.location(), "/States/a/b/Retry[0]/~/");
    }

    #[test]
    fn findings_are_bounded() {
        let mut findings = Findings::default();
        let root = Place::base("", "");
        for _ in 0..FINDINGS_MAX + 5 {
            findings.schema("x", &root);
        }
        assert_eq!(findings.errors(), FINDINGS_MAX + 5);
        assert_eq!(findings.into_list().len(), FINDINGS_MAX);
    }
}
