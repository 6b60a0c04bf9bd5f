//! Paths: what they are and what they select.

use crate::error::{PathError, SyntaxError};
use crate::scope::Scope;
use std::sync::Arc;
use stepwell_types::Value;

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
}

impl Path {
    /// Parses a path, `$.a[0]`, `$$.Execution.Id`, `$name.items[*]`.
    ///
    /// # Errors
    /// [`SyntaxError`] with the place of the fault.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        Ok(Self { text: Arc::from(text), root: Root::Input })
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

    /// Whether the path names at most one place, and selects its value rather than an array of values.
    #[must_use]
    pub fn is_definite(&self) -> bool {
        true
    }

    /// Whether the path names one place by names and indices only, as `ResultPath`, `ItemsPath`, `Variable` and the
    /// like demand: no wildcard, descent, slice, union, filter or negative index.
    #[must_use]
    pub fn is_reference(&self) -> bool {
        true
    }

    /// The variables that the path reads, its root and those in its filters, each once.
    #[must_use]
    pub fn variables(&self) -> Vec<&str> {
        Vec::new()
    }

    /// What the path selects: of a definite path the value, of an indefinite one an array of values, empty where
    /// nothing matches.
    ///
    /// # Errors
    /// [`PathError`] where a definite path finds nothing, or where the path looks at more than
    /// [`PATH_VISITS_MAX`](crate::limit::PATH_VISITS_MAX) values.
    pub fn select(&self, scope: &Scope<'_>) -> Result<Value, PathError> {
        Ok(scope.input.clone())
    }
}
