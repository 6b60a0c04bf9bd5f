//! Fields of a JSON object, read as what they must be.

use crate::diagnostic::{Code, Severity};
use crate::place::{Findings, Place};
use crate::suggest::did_you_mean;
use std::ops::RangeInclusive;
use std::sync::Arc;
use stepwell_types::{Map, Value};

/// An object of the definition and its place.
#[derive(Clone, Copy)]
pub(super) struct Object<'t, 'p> {
    pub(super) map: &'t Map,
    pub(super) at: &'p Place<'p>,
}

impl<'t, 'p> Object<'t, 'p> {
    pub(super) fn get(self, name: &str) -> Option<&'t Value> {
        self.map.get(name)
    }

    pub(super) fn has(self, name: &str) -> bool {
        self.map.contains_key(name)
    }

    /// A text, if the field is there and is one.
    pub(super) fn text(self, findings: &mut Findings, name: &str) -> Option<&'t Arc<str>> {
        let value = self.get(name)?;
        if let Value::Str(text) = value {
            return Some(text);
        }
        wrong_type(findings, "String", &self.at.field(name));
        None
    }

    pub(super) fn comment(self, findings: &mut Findings) -> Option<Arc<str>> {
        self.text(findings, "Comment").cloned()
    }

    pub(super) fn boolean(self, findings: &mut Findings, name: &str) -> Option<bool> {
        let value = self.get(name)?;
        if value.as_bool().is_none() {
            wrong_type(findings, "Boolean", &self.at.field(name));
        }
        value.as_bool()
    }

    pub(super) fn integer(
        self,
        findings: &mut Findings,
        name: &str,
        range: RangeInclusive<u64>,
    ) -> Option<u64> {
        integer(findings, self.get(name)?, &self.at.field(name), range)
    }

    /// An array; one without items is reported, too.
    pub(super) fn filled_array(self, findings: &mut Findings, name: &str) -> Option<&'t [Value]> {
        let items = self.array(findings, name)?;
        if items.is_empty() {
            findings.schema("Value cannot be empty", &self.at.field(name));
            return None;
        }
        Some(items)
    }

    pub(super) fn array(self, findings: &mut Findings, name: &str) -> Option<&'t [Value]> {
        let value = self.get(name)?;
        if value.as_array().is_none() {
            wrong_type(findings, "Array", &self.at.field(name));
        }
        value.as_array()
    }

    /// One of some words.
    pub(super) fn word(self, findings: &mut Findings, name: &str, words: &[&str]) -> Option<&'t str> {
        let text = &**self.text(findings, name)?;
        if words.contains(&text) {
            return Some(text);
        }
        let at = self.at.field(name);
        findings.add(
            Severity::Error,
            Code::SchemaValidationFailed,
            format!("Value should be one of the following: [{}]", words.join(", ")),
            &at,
            &at,
            did_you_mean(text, words.iter().copied()),
        );
        None
    }

    /// Reports the fields that are missing, in the given order, and says whether all are there.
    pub(super) fn require(self, findings: &mut Findings, names: &[&str]) -> bool {
        let missing: Vec<_> = names.iter().copied().filter(|name| !self.has(name)).collect();
        if !missing.is_empty() {
            findings.schema(format!("These fields are required: [{}]", missing.join(", ")), self.at);
        }
        missing.is_empty()
    }

    /// Reports fields that are there together though only one of them may be; gives the first that is there.
    pub(super) fn at_most_one<'n>(self, findings: &mut Findings, names: &[&'n str]) -> Option<&'n str> {
        let there: Vec<_> = names.iter().copied().filter(|name| self.has(name)).collect();
        if there.len() > 1 {
            let message = format!("There should only be one of the following fields: [{}]", names.join(", "));
            findings.schema(message, self.at);
        }
        there.first().copied()
    }

    /// As [`Self::at_most_one`], but one must be there.
    pub(super) fn exactly_one<'n>(self, findings: &mut Findings, names: &[&'n str]) -> Option<&'n str> {
        let one = self.at_most_one(findings, names);
        if one.is_none() {
            findings.schema(
                format!("This object should have only one of the following fields: [{}]", names.join(", ")),
                self.at,
            );
        }
        one
    }
}

/// An object, or the finding that it is none.
pub(super) fn object<'t, 'p>(
    findings: &mut Findings,
    value: &'t Value,
    at: &'p Place<'p>,
) -> Option<Object<'t, 'p>> {
    if value.as_object().is_none() {
        wrong_type(findings, "Object", at);
    }
    value.as_object().map(|map| Object { map, at })
}

pub(super) fn integer(
    findings: &mut Findings,
    value: &Value,
    at: &Place<'_>,
    range: RangeInclusive<u64>,
) -> Option<u64> {
    let number = match value {
        Value::I64(_) | Value::U64(_) => value.as_u64(),
        _ => {
            wrong_type(findings, "Integer", at);
            return None;
        }
    };
    let (least, most) = range.into_inner();
    match number {
        Some(number) if (least..=most).contains(&number) => return Some(number),
        Some(number) if number > most => findings.schema(format!("Maximum value is {most}"), at),
        // A negative one is no `u64`.
        _ => findings.schema(format!("Minimum value is {least}"), at),
    }
    None
}

pub(super) fn wrong_type(findings: &mut Findings, expected: &str, at: &Place<'_>) {
    findings.schema(format!("Expected value of type {expected}"), at);
}
