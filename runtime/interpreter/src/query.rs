//! Evaluation of a state's fields, in either query language.
//!
//! INVARIANT: every field that may hold a JSONata expression is evaluated here and nowhere else; the JSONata
//! evaluator has its place behind [`unsupported`].

use crate::context::Surroundings;
use stepwell_asl::definition::{DataPath, JsonataExpression, Setting, Template, TextSetting};
use stepwell_jsonpath::{EvaluationError, Expression, Path, PathError, Root};
use stepwell_types::quota::PAYLOAD_DEPTH_MAX;
use stepwell_types::{ErrorName, Failure, Map, Payload, Value};

/// A failure of the state itself, worded as AWS does: with the state and the event of its entry.
pub(crate) fn failure(at: &Surroundings<'_>, error: ErrorName, cause: &str) -> Failure {
    let name = &at.execution.machine.state(at.frame.at).name;
    let entered = at.frame.entered_event;
    Failure::new(
        error,
        format!(
            "An error occurred while executing the state '{name}' (entered at the event id #{entered}). {cause}"
        ),
    )
}

/// [`failure`] with the name `States.Runtime`.
pub(crate) fn runtime(at: &Surroundings<'_>, cause: &str) -> Failure {
    failure(at, ErrorName::RUNTIME, cause)
}

/// A JSONata field: a machine that has one is refused when it is created.
fn unsupported(at: &Surroundings<'_>, field: &str) -> Failure {
    failure(
        at,
        ErrorName::QUERY_EVALUATION_ERROR,
        &format!("The JSONata expression specified for the field '{field}' cannot be evaluated yet."),
    )
}

/// `InputPath`, `OutputPath`.
pub(crate) fn data_path(at: &Surroundings<'_>, path: &DataPath, data: &Payload) -> Result<Payload, Failure> {
    match path {
        DataPath::Whole => Ok(data.clone()),
        DataPath::Nothing => Ok(Payload::from_value(Value::object(Map::new()))),
        DataPath::At(path) if *path.root() == Root::Input && data.value().is_null() => {
            Err(runtime(at, &EvaluationError::NullInput.to_string()))
        }
        DataPath::At(path) => {
            let value = select(at, path, data).map_err(|error| runtime(at, &error.to_string()))?;
            built(at, value)
        }
    }
}

/// A payload of a value that was put together here: the context object around an input, results in an array. Texts
/// that are nested deeper than [`PAYLOAD_DEPTH_MAX`] could not be read back.
pub(crate) fn built(at: &Surroundings<'_>, value: Value) -> Result<Payload, Failure> {
    check_depth(at, &value)?;
    Ok(Payload::from_value(value))
}

/// As [`built`], for a value that has its text already.
pub(crate) fn check_depth(at: &Surroundings<'_>, value: &Value) -> Result<(), Failure> {
    if value.depth() > PAYLOAD_DEPTH_MAX {
        let cause = format!("The data is nested deeper than {PAYLOAD_DEPTH_MAX} arrays and objects.");
        return Err(runtime(at, &cause));
    }
    Ok(())
}

/// What a path selects.
pub(crate) fn select(at: &Surroundings<'_>, path: &Path, data: &Payload) -> Result<Value, PathError> {
    path.select(&at.scope(data.value()))
}

/// `Parameters`, `Arguments`, `ResultSelector`, `ItemSelector`, `Assign`, `Output`.
pub(crate) fn template(
    at: &Surroundings<'_>,
    field: &str,
    template: &Template,
    data: &Payload,
) -> Result<Value, Failure> {
    match template {
        Template::JsonPath(template) => template
            .render(&at.scope(data.value()))
            .map_err(|error| failure(at, error.error_name(), &error.cause(data.text()))),
        Template::Jsonata(_) => Err(unsupported(at, field)),
    }
}

/// `Condition` of a Choice rule.
pub(crate) fn condition(at: &Surroundings<'_>, expression: &JsonataExpression) -> Result<bool, Failure> {
    let JsonataExpression(_) = expression;
    Err(unsupported(at, "Condition"))
}

/// A setting with a fixed value, or what is found in its place: the path's text and value.
pub(crate) enum Found<'a, T> {
    /// As the definition has it.
    Fixed(&'a T),
    /// Found by a path.
    Value(&'a Path, Value),
}

/// A setting that may have a `…Path` form; what a path finds is the caller's to check.
pub(crate) fn setting<'a, T>(
    at: &Surroundings<'_>,
    field: &str,
    setting: &'a Setting<T>,
    data: &Payload,
) -> Result<Found<'a, T>, SettingError<'a>> {
    match setting {
        Setting::Fixed(value) => Ok(Found::Fixed(value)),
        Setting::Path(path) => match select(at, path, data) {
            Ok(value) => Ok(Found::Value(path, value)),
            Err(error) => Err(SettingError::Path(path, error)),
        },
        Setting::Jsonata(JsonataExpression(_)) => Err(SettingError::Failure(unsupported(at, field))),
    }
}

/// Why a setting could not be read.
pub(crate) enum SettingError<'a> {
    /// Its path finds nothing; fields word that differently.
    Path(&'a Path, PathError),
    /// Anything else.
    Failure(Failure),
}

impl SettingError<'_> {
    /// The wording of most fields: that of the path itself.
    pub(crate) fn into_failure(self, at: &Surroundings<'_>) -> Failure {
        match self {
            Self::Path(_, error) => runtime(at, &error.to_string()),
            Self::Failure(failure) => failure,
        }
    }
}

/// `Error`, `Cause`, `Credentials.RoleArn`.
pub(crate) fn text(
    at: &Surroundings<'_>,
    field: &str,
    setting: &TextSetting,
    data: &Payload,
) -> Result<std::sync::Arc<str>, Failure> {
    match setting {
        TextSetting::Fixed(text) => Ok(std::sync::Arc::clone(text)),
        TextSetting::Expression(expression) => text_of(at, field, expression, data),
        TextSetting::Jsonata(_) => Err(unsupported(at, field)),
    }
}

fn text_of(
    at: &Surroundings<'_>,
    field: &str,
    expression: &Expression,
    data: &Payload,
) -> Result<std::sync::Arc<str>, Failure> {
    let value = expression
        .evaluate(&at.scope(data.value()))
        .map_err(|error| failure(at, error.error_name(), &error.cause(field, data.text())))?;
    match value {
        Value::Str(text) => Ok(text),
        other => Err(runtime(
            at,
            &format!("The {field} parameter does not reference a string: {} == {other}", expression.text()),
        )),
    }
}
