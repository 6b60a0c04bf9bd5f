//! Answers to tasks that wait for a callback.

use crate::error::ApiError;
use crate::generated::states::{
    SendTaskFailureInput, SendTaskFailureOutput, SendTaskHeartbeatInput, SendTaskHeartbeatOutput,
    SendTaskSuccessInput, SendTaskSuccessOutput, StatesError,
};
use crate::operation::Call;
use crate::states::execution::{failure, not_json};
use std::sync::Arc;
use stepwell_types::Payload;
use stepwell_types::quota::PAYLOAD_BYTES_MAX;

pub(crate) async fn succeed(
    call: Call,
    input: SendTaskSuccessInput,
) -> Result<SendTaskSuccessOutput, ApiError> {
    call.engine.send_task_success(&call.scope, &input.task_token, task_output(input.output)?).await?;
    Ok(SendTaskSuccessOutput {})
}

pub(crate) async fn fail(call: Call, input: SendTaskFailureInput) -> Result<SendTaskFailureOutput, ApiError> {
    call.engine.send_task_failure(&call.scope, &input.task_token, failure(input.error, input.cause)).await?;
    Ok(SendTaskFailureOutput {})
}

pub(crate) async fn heartbeat(
    call: Call,
    input: SendTaskHeartbeatInput,
) -> Result<SendTaskHeartbeatOutput, ApiError> {
    call.engine.send_task_heartbeat(&call.scope, &input.task_token).await?;
    Ok(SendTaskHeartbeatOutput {})
}

/// A task's output, checked.
pub(crate) fn task_output(text: Arc<str>) -> Result<Payload, ApiError> {
    let invalid =
        |reason: String| ApiError::states(StatesError::InvalidOutput, format!("Invalid Output: '{reason}'"));
    if text.len() > PAYLOAD_BYTES_MAX {
        let reason = format!("the output has {} bytes; at most {PAYLOAD_BYTES_MAX} are allowed", text.len());
        return Err(invalid(reason));
    }
    Payload::parse(Arc::clone(&text)).map_err(|error| invalid(not_json(&text, &error)))
}
