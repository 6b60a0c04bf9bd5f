//! The stages that data goes through on its way into a state and out of it.
//!
//! A stage that does nothing hands on the same payload, original text included; one that builds something gives a
//! payload that prints compactly.

use crate::context::Surroundings;
use crate::query;
use std::sync::Arc;
use stepwell_asl::definition::{ResultPath, State, Template};
use stepwell_types::quota::PAYLOAD_BYTES_MAX;
use stepwell_types::{ErrorName, Failure, Map, Payload, Value};

use crate::limit::{ASSIGN_BYTES_MAX, VARIABLES_BYTES_MAX};

/// Variables that a state assigns.
pub(crate) type Assigned = Vec<(Arc<str>, Payload)>;

/// `InputPath`.
pub(crate) fn input(at: &Surroundings<'_>, state: &State) -> Result<Payload, Failure> {
    query::data_path(at, &state.input_path, &at.frame.data)
}

/// `Parameters` or `Arguments`.
pub(crate) fn parameters(at: &Surroundings<'_>, state: &State, input: Payload) -> Result<Payload, Failure> {
    match &state.parameters {
        None => Ok(input),
        Some(template) => query::template(at, "Parameters", template, &input).map(Payload::from_value),
    }
}

/// `ResultSelector`.
pub(crate) fn result_selector(
    at: &Surroundings<'_>,
    state: &State,
    result: Payload,
) -> Result<Payload, Failure> {
    match &state.result_selector {
        None => Ok(result),
        Some(template) => query::template(at, "ResultSelector", template, &result).map(Payload::from_value),
    }
}

/// `ResultPath`, over the state's raw input.
pub(crate) fn result_path(
    at: &Surroundings<'_>,
    path: &ResultPath,
    result: Payload,
) -> Result<Payload, Failure> {
    let input = &at.frame.data;
    match path {
        ResultPath::Replace => Ok(result),
        ResultPath::Discard => Ok(input.clone()),
        ResultPath::At(place) => place
            .write(input.value(), result.value().clone())
            .map(Payload::from_value)
            .map_err(|error| query::failure(at, error.error_name(), &error.to_string())),
    }
}

/// `OutputPath`.
pub(crate) fn output(at: &Surroundings<'_>, state: &State, data: &Payload) -> Result<Payload, Failure> {
    query::data_path(at, &state.output_path, data)
}

/// `Assign`: every value is evaluated against the variables as they were.
pub(crate) fn assign(
    at: &Surroundings<'_>,
    assign: Option<&Template>,
    data: &Payload,
) -> Result<Assigned, Failure> {
    let Some(template) = assign else { return Ok(Vec::new()) };
    let Value::Object(fields) = query::template(at, "Assign", template, data)? else {
        return Ok(Vec::new());
    };
    let assigned: Assigned =
        fields.iter().map(|(name, value)| (Arc::clone(name), Payload::from_value(value.clone()))).collect();
    let bytes: usize = assigned.iter().map(|(_, value)| value.encoded_len()).sum();
    if bytes > ASSIGN_BYTES_MAX || bytes + variable_bytes(at) > VARIABLES_BYTES_MAX {
        let name = &at.execution.machine.state(at.frame.at).name;
        return Err(data_limit(name));
    }
    Ok(assigned)
}

fn variable_bytes(at: &Surroundings<'_>) -> usize {
    let mut bytes = 0_usize;
    let mut frame = Some(at.frame);
    while let Some(current) = frame {
        bytes += current.scope.iter().map(|(_, value)| value.encoded_len()).sum::<usize>();
        frame = current.parent().and_then(|parent| at.execution.frames.get(&parent));
    }
    bytes
}

/// Refuses a payload beyond the limit; `what` is the state's name, or what a Task calls.
pub(crate) fn within_limit(payload: Payload, what: &str) -> Result<Payload, Failure> {
    if payload.encoded_len() > PAYLOAD_BYTES_MAX { Err(data_limit(what)) } else { Ok(payload) }
}

/// The failure of a state or task whose result is too large, in AWS's words.
pub(crate) fn data_limit(what: &str) -> Failure {
    Failure::new(
        ErrorName::DATA_LIMIT_EXCEEDED,
        format!(
            "The state/task '{what}' returned a result with a size exceeding the maximum number of bytes service limit."
        ),
    )
}

/// What a catcher gets: `Error` and `Cause`, empty where there is none.
pub(crate) fn error_output(failure: &Failure) -> Payload {
    let error = failure.error.as_ref().map_or("", ErrorName::as_str);
    let cause = failure.cause.as_ref().map_or_else(|| Value::str(""), |cause| Value::Str(Arc::clone(cause)));
    let mut fields = Map::with_capacity(2);
    fields.insert("Error", Value::str(error));
    fields.insert("Cause", cause);
    Payload::from_value(Value::object(fields))
}
