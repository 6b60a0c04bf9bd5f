//! Executions.

use crate::error::ApiError;
use crate::generated::states::{
    BillingDetails, CloudWatchEventsExecutionDataDetails, DescribeExecutionInput, DescribeExecutionOutput,
    ExecutionListItem, ExecutionRedriveFilter, ExecutionRedriveStatus, ExecutionStatus as WireStatus,
    IncludedData, ListExecutionsInput, ListExecutionsOutput, StartExecutionInput, StartExecutionOutput,
    StartSyncExecutionInput, StartSyncExecutionOutput, StatesError, StopExecutionInput, StopExecutionOutput,
    SyncExecutionStatus,
};
use crate::operation::Call;
use crate::states::page;
use std::sync::Arc;
use stepwell_engine::execution::{ExecutionDescription, ExecutionStatus, ListExecutions, StartExecution};
use stepwell_types::quota::PAYLOAD_BYTES_MAX;
use stepwell_types::syntax::{Source, SyntaxFault};
use stepwell_types::{ErrorName, ExecutionArn, Failure, MapRunArn, Name, Payload, PayloadError};

pub(crate) async fn start(call: Call, input: StartExecutionInput) -> Result<StartExecutionOutput, ApiError> {
    let trace = call.trace_header.clone().or(input.trace_header);
    let request = request(&input.state_machine_arn, input.name.as_deref(), input.input, trace)?;
    let started = call.engine.start_execution(&call.scope, request).await?;
    Ok(StartExecutionOutput { execution_arn: started.arn.text(), start_date: started.started.into() })
}

pub(crate) async fn start_sync(
    call: Call,
    input: StartSyncExecutionInput,
) -> Result<StartSyncExecutionOutput, ApiError> {
    let trace = call.trace_header.clone().or(input.trace_header);
    let request = request(&input.state_machine_arn, input.name.as_deref(), input.input, trace)?;
    let execution = call.engine.start_sync_execution(&call.scope, request).await?;
    let shown = |payload: &Payload| shows(input.included_data).then(|| Arc::clone(payload.text()));
    Ok(StartSyncExecutionOutput {
        execution_arn: execution.arn.text(),
        state_machine_arn: Some(execution.machine.text()),
        name: Some(execution.name.as_str().into()),
        start_date: execution.started.into(),
        stop_date: execution.stopped.into(),
        status: match execution.status {
            ExecutionStatus::Succeeded => SyncExecutionStatus::Succeeded,
            ExecutionStatus::TimedOut => SyncExecutionStatus::TimedOut,
            ExecutionStatus::Failed
            | ExecutionStatus::Aborted
            | ExecutionStatus::Running
            | ExecutionStatus::PendingRedrive => SyncExecutionStatus::Failed,
        },
        error: error(&execution.failure),
        cause: execution.failure.cause,
        input: shown(&execution.input),
        input_details: Some(details(input.included_data)),
        output: execution.output.as_ref().and_then(shown),
        output_details: execution.output.as_ref().map(|_| details(input.included_data)),
        trace_header: execution.trace_header,
        billing_details: Some(BillingDetails {
            billed_memory_used_in_mb: i64::try_from(execution.billed.memory_mb).ok(),
            billed_duration_in_milliseconds: i64::try_from(execution.billed.duration.as_millis()).ok(),
        }),
    })
}

pub(crate) async fn stop(call: Call, input: StopExecutionInput) -> Result<StopExecutionOutput, ApiError> {
    let arn: ExecutionArn = input.execution_arn.parse()?;
    let failure = failure(input.error, input.cause);
    let stopped = call.engine.stop_execution(&call.scope, &arn, failure).await?;
    Ok(StopExecutionOutput { stop_date: stopped.into() })
}

pub(crate) async fn describe(
    call: Call,
    input: DescribeExecutionInput,
) -> Result<DescribeExecutionOutput, ApiError> {
    let arn: ExecutionArn = input.execution_arn.parse()?;
    let execution = call.engine.describe_execution(&call.scope, &arn).await?;
    let (redrive_status, redrive_status_reason) = redrive(&execution);
    let shown = |payload: &Payload| shows(input.included_data).then(|| Arc::clone(payload.text()));
    Ok(DescribeExecutionOutput {
        execution_arn: execution.arn.text(),
        state_machine_arn: execution.machine.text(),
        name: Some(execution.name.as_str().into()),
        status: status(execution.status),
        start_date: execution.started.into(),
        stop_date: execution.stopped.map(Into::into),
        input: shown(&execution.input),
        input_details: Some(details(input.included_data)),
        output: execution.output.as_ref().and_then(shown),
        output_details: execution.output.as_ref().map(|_| details(input.included_data)),
        trace_header: execution.trace_header,
        map_run_arn: None,
        error: error(&execution.failure),
        cause: execution.failure.cause,
        state_machine_version_arn: execution.version_arn.map(|arn| arn.text()),
        state_machine_alias_arn: execution.alias_arn.map(|arn| arn.text()),
        redrive_count: Some(0),
        redrive_date: None,
        redrive_status: Some(redrive_status),
        redrive_status_reason: redrive_status_reason.map(Into::into),
    })
}

pub(crate) async fn list(call: Call, input: ListExecutionsInput) -> Result<ListExecutionsOutput, ApiError> {
    let machine = match (&input.state_machine_arn, &input.map_run_arn) {
        (Some(arn), None) => arn.parse()?,
        (None, Some(arn)) => {
            let arn: MapRunArn = arn.parse()?;
            let message = format!("Resource not found: '{arn}'");
            return Err(ApiError::states(StatesError::ResourceNotFound, message)
                .with("resourceName", arn.to_string()));
        }
        (Some(_), Some(_)) | (None, None) => {
            return Err(ApiError::validation(
                "Exactly one of stateMachineArn and mapRunArn must be specified",
            ));
        }
    };
    let request = ListExecutions {
        machine,
        status: input.status_filter.map(engine_status),
        redriven: input.redrive_filter.map(|filter| match filter {
            ExecutionRedriveFilter::Redriven => true,
            ExecutionRedriveFilter::NotRedriven => false,
        }),
        page: page(input.max_results, input.next_token.as_deref()),
    };
    let executions = call.engine.list_executions(&call.scope, request).await?;
    Ok(ListExecutionsOutput {
        executions: executions
            .entries
            .into_iter()
            .map(|execution| ExecutionListItem {
                execution_arn: execution.arn.text(),
                state_machine_arn: execution.machine.text(),
                name: execution.name.as_str().into(),
                status: status(execution.status),
                start_date: execution.started.into(),
                stop_date: execution.stopped.map(Into::into),
                map_run_arn: None,
                item_count: None,
                state_machine_version_arn: None,
                state_machine_alias_arn: None,
                redrive_count: Some(0),
                redrive_date: None,
            })
            .collect(),
        next_token: executions.next_token.map(Into::into),
    })
}

/// What both kinds of start have in common.
fn request(
    machine: &str,
    name: Option<&str>,
    input: Option<Arc<str>>,
    trace_header: Option<Arc<str>>,
) -> Result<StartExecution, ApiError> {
    Ok(StartExecution {
        machine: machine.parse()?,
        name: name.map(Name::new).transpose()?,
        input: execution_input(input)?,
        trace_header,
    })
}

/// An execution's input, checked; `{}` where there is none.
pub(crate) fn execution_input(text: Option<Arc<str>>) -> Result<Payload, ApiError> {
    let invalid = |reason: String| {
        let message = format!("Invalid State Machine Execution Input: '{reason}'");
        ApiError::states(StatesError::InvalidExecutionInput, message)
    };
    let text = text.unwrap_or_else(|| Arc::from("{}"));
    if text.len() > PAYLOAD_BYTES_MAX {
        return Err(invalid(format!(
            "the input has {} bytes; at most {PAYLOAD_BYTES_MAX} are allowed",
            text.len()
        )));
    }
    if text.trim().is_empty() {
        return Err(invalid("Invalid execution input.".to_owned()));
    }
    Payload::parse(Arc::clone(&text)).map_err(|error| invalid(not_json(&text, &error)))
}

/// Why a text is no payload, in the words of AWS's parser where it has some.
pub(crate) fn not_json(text: &str, error: &PayloadError) -> String {
    SyntaxFault::of(text, Source::Characters).map_or_else(|| error.to_string(), |fault| fault.message)
}

/// An error and a cause from a caller.
pub(crate) fn failure(error: Option<Arc<str>>, cause: Option<Arc<str>>) -> Failure {
    Failure { error: error.as_deref().map(ErrorName::from), cause }
}

fn error(failure: &Failure) -> Option<Arc<str>> {
    failure.error.as_ref().map(|error| error.as_str().into())
}

fn shows(included: Option<IncludedData>) -> bool {
    match included {
        None | Some(IncludedData::AllData) => true,
        Some(IncludedData::MetadataOnly) => false,
    }
}

fn details(included: Option<IncludedData>) -> CloudWatchEventsExecutionDataDetails {
    CloudWatchEventsExecutionDataDetails { included: Some(shows(included)) }
}

fn status(status: ExecutionStatus) -> WireStatus {
    match status {
        ExecutionStatus::Running => WireStatus::Running,
        ExecutionStatus::Succeeded => WireStatus::Succeeded,
        ExecutionStatus::Failed => WireStatus::Failed,
        ExecutionStatus::TimedOut => WireStatus::TimedOut,
        ExecutionStatus::Aborted => WireStatus::Aborted,
        ExecutionStatus::PendingRedrive => WireStatus::PendingRedrive,
    }
}

fn engine_status(status: WireStatus) -> ExecutionStatus {
    match status {
        WireStatus::Running => ExecutionStatus::Running,
        WireStatus::Succeeded => ExecutionStatus::Succeeded,
        WireStatus::Failed => ExecutionStatus::Failed,
        WireStatus::TimedOut => ExecutionStatus::TimedOut,
        WireStatus::Aborted => ExecutionStatus::Aborted,
        WireStatus::PendingRedrive => ExecutionStatus::PendingRedrive,
    }
}

/// Whether an execution could be redriven, in AWS's words. Those that failed could; the call comes later.
fn redrive(execution: &ExecutionDescription) -> (ExecutionRedriveStatus, Option<&'static str>) {
    use ExecutionRedriveStatus::{NotRedrivable, Redrivable};
    match execution.status {
        ExecutionStatus::Running => (NotRedrivable, Some("Execution is RUNNING and cannot be redriven")),
        ExecutionStatus::Succeeded => (NotRedrivable, Some("Execution is SUCCEEDED and cannot be redriven")),
        ExecutionStatus::PendingRedrive => {
            (NotRedrivable, Some("Execution is PENDING_REDRIVE and cannot be redriven"))
        }
        ExecutionStatus::Failed | ExecutionStatus::TimedOut | ExecutionStatus::Aborted => (Redrivable, None),
    }
}
