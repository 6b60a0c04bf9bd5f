//! `/v1/executions`, and the start of one below its machine.

use super::{V1, duration, json};
use crate::body;
use crate::error::ApiError;
use crate::states::execution::execution_input;
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use serde_json::value::RawValue;
use std::sync::Arc;
use std::time::Duration;
use stepwell_engine::execution::{
    AttemptUsage, ExecutionDescription, ExecutionStatus, HistoryOrder, StartExecution, SyncExecution, Waited,
};
use stepwell_engine::machine::MachineType;
use stepwell_engine::page::PageRequest;
use stepwell_history::{ExecutionData, TimestampFormat};
use stepwell_types::{ExecutionArn, Failure, Name, Payload, Timestamp, Value};

/// How long a caller may wait for an execution's end, as long as an Express one may take.
const WAIT_MAX: Duration = Duration::from_secs(300);
/// Events or executions of one page. Source: AWS API model, `PageSize`.
const PAGE_MAX: u32 = 1_000;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Execution {
    arn: String,
    state_machine_arn: String,
    name: String,
    status: String,
    started_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<Arc<str>>,
}

/// A payload's own text, blanks included.
fn raw(payload: &Payload) -> Option<Box<RawValue>> {
    RawValue::from_string(payload.text().to_string()).ok()
}

fn parts(failure: Failure) -> (Option<String>, Option<Arc<str>>) {
    (failure.error.map(|error| error.to_string()), failure.cause)
}

impl From<ExecutionDescription> for Execution {
    fn from(execution: ExecutionDescription) -> Self {
        let (error, cause) = parts(execution.failure);
        Self {
            arn: execution.arn.to_string(),
            state_machine_arn: execution.machine.to_string(),
            name: execution.name.to_string(),
            status: execution.status.to_string(),
            started_at: execution.started.to_string(),
            stopped_at: execution.stopped.map(|stopped| stopped.to_string()),
            input: raw(&execution.input),
            output: execution.output.as_ref().and_then(raw),
            error,
            cause,
        }
    }
}

impl From<SyncExecution> for Execution {
    fn from(execution: SyncExecution) -> Self {
        let (error, cause) = parts(execution.failure);
        Self {
            arn: execution.arn.to_string(),
            state_machine_arn: execution.machine.to_string(),
            name: execution.name.to_string(),
            status: execution.status.to_string(),
            started_at: execution.started.to_string(),
            stopped_at: Some(execution.stopped.to_string()),
            input: raw(&execution.input),
            output: execution.output.as_ref().and_then(raw),
            error,
            cause,
        }
    }
}

/// An execution that was only started.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Started {
    arn: String,
    status: String,
    started_at: String,
}

fn started(arn: &ExecutionArn, started: Timestamp) -> Result<Response, ApiError> {
    let started = Started {
        arn: arn.to_string(),
        status: ExecutionStatus::Running.to_string(),
        started_at: started.to_string(),
    };
    json(StatusCode::ACCEPTED, &started)
}

/// `POST /v1/state-machines/{name}/executions?name=&wait=30s`: the body is the input.
///
/// With `wait` the answer is the closed execution (200), or the running one (202) if it takes longer.
pub(crate) async fn start(request: V1) -> Response {
    request
        .answer(async |mut request: V1| {
            request.only(&["name", "wait"])?;
            let machine = request.machine()?;
            let name = request.parameter("name").map(Name::new).transpose()?;
            let wait = request.parameter("wait").map(wait).transpose()?;
            let input = request.read_text(body::STATES_BYTES_MAX, "StartExecution").await?;
            request.body.release();
            let input = (!input.trim().is_empty()).then(|| Arc::from(input));
            let start = StartExecution {
                machine: machine.clone(),
                name,
                input: execution_input(input)?,
                trace_header: None,
            };
            let (engine, scope) = (&request.call.engine, &request.call.scope);
            let Some(wait) = wait else {
                let execution = engine.start_execution(scope, start).await?;
                return started(&execution.arn, execution.started);
            };
            match engine.describe_state_machine(scope, &machine).await?.machine_type {
                MachineType::Express => {
                    let execution = engine.start_sync_execution(scope, start).await?;
                    json(StatusCode::OK, &Execution::from(execution))
                }
                MachineType::Standard => {
                    let execution = engine.start_execution(scope, start).await?;
                    match engine.wait_for_execution(scope, &execution.arn, wait).await? {
                        Waited::Closed(execution) => json(StatusCode::OK, &Execution::from(*execution)),
                        Waited::Running(execution) => {
                            json(StatusCode::ACCEPTED, &Execution::from(*execution))
                        }
                    }
                }
            }
        })
        .await
}

fn wait(text: &str) -> Result<Duration, ApiError> {
    duration(text).filter(|wait| *wait <= WAIT_MAX).ok_or_else(|| {
        ApiError::validation(format!(
            "the parameter wait must be a time such as 30s, at most {}s",
            WAIT_MAX.as_secs()
        ))
    })
}

impl V1 {
    fn execution(&self) -> Result<ExecutionArn, ApiError> {
        Ok(self.segment("arn").parse()?)
    }
}

/// `GET /v1/executions/{arn}?wait=30s`
pub(crate) async fn get(request: V1) -> Response {
    request
        .answer(async |request: V1| {
            request.only(&["wait"])?;
            let arn = request.execution()?;
            let (engine, scope) = (&request.call.engine, &request.call.scope);
            let execution = match request.parameter("wait").map(wait).transpose()? {
                None => engine.describe_execution(scope, &arn).await?,
                Some(wait) => match engine.wait_for_execution(scope, &arn, wait).await? {
                    Waited::Closed(execution) | Waited::Running(execution) => *execution,
                },
            };
            json(StatusCode::OK, &Execution::from(execution))
        })
        .await
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct History {
    events: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// `GET /v1/executions/{arn}/history?maxResults=&nextToken=&reverseOrder=&includeExecutionData=`
pub(crate) async fn history(request: V1) -> Response {
    request
        .answer(async |request: V1| {
            request.only(&["maxResults", "nextToken", "reverseOrder", "includeExecutionData"])?;
            let arn = request.execution()?;
            let order = match request.flag("reverseOrder")? {
                Some(true) => HistoryOrder::NewestFirst,
                None | Some(false) => HistoryOrder::OldestFirst,
            };
            let data = match request.flag("includeExecutionData")? {
                Some(false) => ExecutionData::Omit,
                None | Some(true) => ExecutionData::Include,
            };
            let max_results = request.number("maxResults")?.unwrap_or(0);
            if max_results > PAGE_MAX {
                return Err(ApiError::validation(format!(
                    "the parameter maxResults may be at most {PAGE_MAX}"
                )));
            }
            let page = PageRequest {
                max_results,
                next_token: request.parameter("nextToken").map(ToOwned::to_owned),
            };
            let page = request.call.engine.execution_history(&request.call.scope, &arn, order, &page).await?;
            let events =
                page.events.iter().map(|event| event.render(TimestampFormat::Rfc3339, data)).collect();
            json(StatusCode::OK, &History { events, next_token: page.next_token })
        })
        .await
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Usage {
    scheduled_event_id: u64,
    function_arn: Arc<str>,
    code_digest: Arc<str>,
    fuel: u64,
    /// Rounded up.
    duration_ms: u64,
    duration_us: u64,
    memory_peak_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<Arc<str>>,
}

impl From<AttemptUsage> for Usage {
    fn from(usage: AttemptUsage) -> Self {
        Self {
            scheduled_event_id: usage.scheduled_event,
            function_arn: usage.function,
            code_digest: usage.digest,
            fuel: usage.fuel,
            duration_ms: usage.duration_us.div_ceil(1_000),
            duration_us: usage.duration_us,
            memory_peak_bytes: usage.memory_peak_bytes,
            limit: usage.limit,
        }
    }
}

/// `GET /v1/executions/{arn}/usage`: what each attempt of a task used, and the limit that fired, if one did.
pub(crate) async fn usage(request: V1) -> Response {
    request
        .answer(async |request: V1| {
            request.only(&[])?;
            let arn = request.execution()?;
            let attempts = request.call.engine.execution_usage(&request.call.scope, &arn).await?;
            let attempts: Vec<Usage> = attempts.into_iter().map(Usage::from).collect();
            json(StatusCode::OK, &serde_json::json!({ "attempts": attempts }))
        })
        .await
}
