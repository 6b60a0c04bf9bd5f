//! What can go wrong, at definition time and at run time, in AWS's words where AWS has some.

use std::sync::Arc;
use stepwell_types::ErrorName;

/// A text that is no path, no reference path or no intrinsic function.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} at offset {offset}")]
pub struct SyntaxError {
    /// What is wrong, for people; AWS only says that the field `must be a valid JSONPath`.
    pub message: String,
    /// Byte offset in the text.
    pub offset: usize,
}

/// A field of a template that is no expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the value for the field '{field}' must be a valid JSONPath or a valid intrinsic function call: {error}"
)]
pub struct TemplateSyntaxError {
    /// JSON Pointer of the field within the template, `/a/0/b.$`.
    pub pointer: String,
    /// The field's own name, `b.$`.
    pub field: Arc<str>,
    /// What is wrong with its text.
    pub error: SyntaxError,
}

/// A path that could not be applied to the data. Prints as AWS words it for `InputPath`, `OutputPath` and `…Path`
/// fields: `Invalid path '$.X' : No results for path: $['X']`.
///
/// The error's name is `States.Runtime`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Invalid path '{path}' : {reason}")]
pub struct PathError {
    /// The path as the definition has it.
    pub path: Arc<str>,
    /// `No results for path: $['X']`, `Missing property in path $['no']`, ….
    pub reason: String,
}

impl PathError {
    /// The name that Retry and Catch match: `States.Runtime`. The specification's `States.ParameterPathFailure` was
    /// never seen on AWS.
    #[must_use]
    pub fn error_name(&self) -> ErrorName {
        ErrorName::RUNTIME
    }

    /// As AWS words a path that finds nothing in a payload template and in `ErrorPath` and `CausePath`:
    /// `The JSONPath '$.x' specified for the field 'value.$' could not be found in the input '…'`.
    ///
    /// `input_text` is the state's input as text (also for a path into the context object).
    #[must_use]
    pub fn in_field(&self, field: &str, input_text: &str) -> String {
        format!(
            "The JSONPath '{}' specified for the field '{field}' could not be found in the input '{input_text}'",
            self.path
        )
    }
}

/// An intrinsic function that refused its arguments. The error's name is `States.IntrinsicFailure`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct IntrinsicError {
    /// The name of the function that refused, `States.ArrayRange`; it may stand inside others.
    pub function: &'static str,
    /// `The function '<the whole expression>' had the following error: Invalid arguments in States.ArrayRange`, with
    /// a detail where AWS has one.
    pub message: String,
}

/// An expression that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    /// The path that the expression is found nothing.
    #[error(transparent)]
    Path(#[from] PathError),
    /// A path among the arguments of an intrinsic function found nothing.
    #[error("The function '{function}' had the following error: {error}")]
    Argument {
        /// The whole expression as the definition has it.
        function: Arc<str>,
        /// What the path says.
        error: PathError,
    },
    /// An intrinsic function failed.
    #[error(transparent)]
    Intrinsic(#[from] IntrinsicError),
    /// A path into an input that is `null`.
    #[error("Unable to apply Path transformation to null or empty input.")]
    NullInput,
    /// What was built is deeper than `PAYLOAD_DEPTH_MAX` or larger than
    /// [`BUILT_BYTES_MAX`](crate::limit::BUILT_BYTES_MAX).
    #[error("The result of the expression is nested too deeply or is too large")]
    TooLarge,
}

impl EvaluationError {
    /// The name that Retry and Catch match: `States.Runtime`, or `States.IntrinsicFailure` for a function that
    /// refused its arguments, as the specification has it, so that a Catch can name it.
    #[must_use]
    pub fn error_name(&self) -> ErrorName {
        match self {
            Self::Path(_) | Self::Argument { .. } | Self::NullInput | Self::TooLarge => ErrorName::RUNTIME,
            Self::Intrinsic(_) => ErrorName::INTRINSIC_FAILURE,
        }
    }

    /// The cause as AWS words it, without `An error occurred while executing the state …`.
    ///
    /// `field` is the field that holds the expression (`value.$`, `ErrorPath`), `input_text` the state's input.
    #[must_use]
    pub fn cause(&self, field: &str, input_text: &str) -> String {
        match self {
            Self::Path(error) => error.in_field(field, input_text),
            Self::Argument { function, error } => format!(
                "The function '{function}' had the following error: The JsonPath argument for the field '{}' \
                 could not be found in the input '{input_text}'",
                error.path
            ),
            Self::Intrinsic(error) => error.message.clone(),
            Self::NullInput | Self::TooLarge => self.to_string(),
        }
    }
}

/// A template that could not be rendered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("field '{field}': {error}")]
pub struct TemplateError {
    /// The field's own name, `value.$`.
    pub field: Arc<str>,
    /// What went wrong.
    pub error: EvaluationError,
}

impl TemplateError {
    /// The name that Retry and Catch match.
    #[must_use]
    pub fn error_name(&self) -> ErrorName {
        self.error.error_name()
    }

    /// The cause as AWS words it, without `An error occurred while executing the state …`.
    #[must_use]
    pub fn cause(&self, input_text: &str) -> String {
        self.error.cause(&self.field, input_text)
    }
}
