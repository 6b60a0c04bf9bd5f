//! What is wrong with a manifest, and where.

use crate::exit::CommandError;
use crate::findings::line_and_column;
use crate::output::one_line;
use toml::de::{DeTable, DeValue};

/// Why a manifest cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", excerpt.as_ref().map_or_else(|| self.line(), |excerpt| format!("{name}: {excerpt}")))]
pub(crate) struct Fault {
    name: String,
    /// Line and column, both from 1.
    place: Option<(usize, usize)>,
    message: String,
    /// The same with the line of the source that is meant.
    excerpt: Option<String>,
}

impl Fault {
    /// A fault of the whole file.
    pub(super) fn new(name: &str, message: impl Into<String>) -> Self {
        Self { name: name.to_owned(), place: None, message: message.into(), excerpt: None }
    }

    /// What the TOML reader says.
    pub(super) fn of_toml(name: &str, text: &str, error: &toml::de::Error) -> Self {
        let place = error.span().map(|span| line_and_column(text, span.start));
        let excerpt = Some(error.to_string().trim_end().to_owned());
        Self { place, excerpt, ..Self::new(name, error.message()) }
    }

    /// A fault of a key that is named by its path, `functions.a.timeout`.
    pub(super) fn at_key(name: &str, text: &str, path: &str, message: String) -> Self {
        let place = key_offset(text, path).map(|offset| line_and_column(text, offset));
        Self { place, ..Self::new(name, message) }
    }

    /// In one line: `NAME:LINE:COLUMN: message`.
    pub(crate) fn line(&self) -> String {
        let place = self.place.map_or_else(String::new, |(line, column)| format!(":{line}:{column}"));
        one_line(&format!("{}{place}: {}", self.name, self.message))
    }
}

impl From<Fault> for CommandError {
    fn from(fault: Fault) -> Self {
        Self::usage(fault.to_string())
    }
}

/// Where the key at a path stands. A key with a point in it is not found, and then has no place.
fn key_offset(text: &str, path: &str) -> Option<usize> {
    let root = DeTable::parse(text).ok()?;
    let mut table = root.get_ref();
    let (parents, last) = path.rsplit_once('.').map_or((None, path), |(parents, last)| (Some(parents), last));
    for parent in parents.into_iter().flat_map(|parents| parents.split('.')) {
        let (_, value) = table.iter().find(|(key, _)| key.get_ref() == parent)?;
        let DeValue::Table(inner) = value.get_ref() else { return None };
        table = inner;
    }
    let (key, _) = table.iter().find(|(key, _)| key.get_ref() == last)?;
    Some(key.span().start)
}
