//! Paths: what they are and what they select.
//!
//! The flavour is Jayway's, as Step Functions uses it; it differs from RFC 9535:
//! - a definite path gives one value or an error, an indefinite one an array, `[]` where nothing matches;
//! - `['a','b']` at the end gives an object of the keys found, elsewhere it visits each of them;
//! - a filter stands in parentheses, and on an object it tests the object itself;
//! - `$.[0]`, `$.[?(..)]` are accepted, `[-1]` and `[(@.length-1)]` count from the end;
//! - a slice's step is read and ignored, and between two ends the indices are taken as they are: `[-2:1]` is the last
//!   two items and the first;
//! - `..` visits the outer before the inner; `..['a','b']` finds only objects that have both.

mod filter;
mod filter_parse;
mod parse;
mod select;

use crate::error::{EvaluationError, PathError, SyntaxError};
use crate::scope::Scope;
use filter::Filter;
use select::PastEnd;
use std::fmt;
use std::sync::Arc;
use stepwell_types::Value;

pub(crate) use parse::parse_path;

/// Where a path begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Root {
    /// `$`: the input.
    Input,
    /// `$$`: the context object.
    Context,
    /// `$name`: a variable.
    Variable(Arc<str>),
}

/// A parsed path.
#[derive(Debug, Clone)]
pub struct Path {
    text: Arc<str>,
    root: Root,
    steps: Arc<[Step]>,
}

/// One step of a path.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// `.a`, `['a']`
    Key(Arc<str>),
    /// `['a','b']`, two or more
    Keys(Vec<Arc<str>>),
    /// `[0]`, `[-1]`
    Index(i64),
    /// `[0,2]`, two or more
    Indices(Vec<i64>),
    /// `[1:3]`; ends count from the end where they are negative
    Slice(Option<i64>, Option<i64>),
    /// `.*`, `[*]`
    Wildcard,
    /// `..`; never the last step
    Descend,
    /// `[?(..)]`
    Filter(Arc<Filter>),
}

impl Path {
    /// Parses a path, `$.a[0]`, `$$.Execution.Id`, `$name.items[*]`. Blanks around it are passed over.
    ///
    /// # Errors
    /// [`SyntaxError`] with the place of the fault.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        parse::parse_whole(text)
    }

    /// The path as it was written.
    #[must_use]
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// Where the path begins.
    #[must_use]
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// Whether the path has no step: `$`, `$$` or `$name`.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.steps.is_empty()
    }

    /// Whether the path names at most one place, and selects its value rather than an array of values.
    #[must_use]
    pub fn is_definite(&self) -> bool {
        is_definite(&self.steps)
    }

    /// Whether the path names one place by names and indices only, as `ResultPath`, `ItemsPath`, `Variable` and the
    /// like demand: no wildcard, descent, slice, union, filter or negative index.
    #[must_use]
    pub fn is_reference(&self) -> bool {
        self.steps.iter().all(|step| match step {
            Step::Key(_) => true,
            Step::Index(index) => *index >= 0,
            Step::Keys(_)
            | Step::Indices(_)
            | Step::Slice(..)
            | Step::Wildcard
            | Step::Descend
            | Step::Filter(_) => false,
        })
    }

    /// The variables that the path reads, its root and those in its filters, each once.
    #[must_use]
    pub fn variables(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.collect_variables(&mut names);
        names
    }

    pub(crate) fn collect_variables<'a>(&'a self, names: &mut Vec<&'a str>) {
        self.root.collect_variables(names);
        for step in self.steps.iter() {
            if let Step::Filter(filter) = step {
                filter.collect_variables(names);
            }
        }
    }

    pub(crate) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// What the path selects: of a definite path the value, of an indefinite one an array of values, empty where
    /// nothing matches.
    ///
    /// # Errors
    /// [`PathError`] where a definite path finds nothing, or where the path looks at more than
    /// [`PATH_VISITS_MAX`](crate::limit::PATH_VISITS_MAX) values or selects more than
    /// [`BUILT_BYTES_MAX`](crate::limit::BUILT_BYTES_MAX).
    pub fn select(&self, scope: &Scope<'_>) -> Result<Value, PathError> {
        select::select(self, scope, PastEnd::Missing)
    }

    /// As [`select`](Self::select), for a field of a payload template: an index past the end of an array gives
    /// `null` there (measured on AWS), and a path into an input that is `null` is refused.
    pub(crate) fn select_field(&self, scope: &Scope<'_>) -> Result<Value, EvaluationError> {
        if self.root == Root::Input && scope.input.is_null() {
            return Err(EvaluationError::NullInput);
        }
        Ok(select::select(self, scope, PastEnd::Null)?)
    }

    fn error(&self, reason: impl Into<String>) -> PathError {
        PathError { path: Arc::clone(&self.text), reason: reason.into() }
    }
}

impl Root {
    fn collect_variables<'a>(&'a self, names: &mut Vec<&'a str>) {
        if let Self::Variable(name) = self
            && !names.contains(&&**name)
        {
            names.push(name);
        }
    }
}

/// Whether these steps lead to at most one place; several keys at the end make one object.
fn is_definite(steps: &[Step]) -> bool {
    let (last, before) = match steps.split_last() {
        Some((Step::Keys(_), before)) => (None, before),
        Some((last, before)) => (Some(last), before),
        None => return true,
    };
    last.into_iter().chain(before).all(|step| match step {
        Step::Key(_) | Step::Index(_) => true,
        Step::Keys(_)
        | Step::Indices(_)
        | Step::Slice(..)
        | Step::Wildcard
        | Step::Descend
        | Step::Filter(_) => false,
    })
}

impl fmt::Display for Path {
    /// As it was written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The normal form that AWS's messages have, `$['a'][0]`, whatever the root is.
struct Normal<'a>(&'a [Step]);

impl fmt::Display for Normal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("$")?;
        for step in self.0 {
            match step {
                Step::Key(key) => write!(f, "['{key}']")?,
                Step::Keys(keys) => write!(f, "['{}']", keys.join("','"))?,
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Indices(indices) => {
                    let indices: Vec<String> = indices.iter().map(i64::to_string).collect();
                    write!(f, "[{}]", indices.join(","))?;
                }
                Step::Slice(from, to) => {
                    let end = |end: &Option<i64>| end.map_or_else(String::new, |end| end.to_string());
                    write!(f, "[{}:{}]", end(from), end(to))?;
                }
                Step::Wildcard => f.write_str("[*]")?,
                Step::Descend => f.write_str("..")?,
                Step::Filter(_) => f.write_str("[?]")?,
            }
        }
        Ok(())
    }
}
