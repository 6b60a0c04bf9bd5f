//! Step Functions: JSON 1.0 over POST, one path, the operation in `X-Amz-Target`.

pub(crate) mod execution;
mod history;
mod machine;
mod tag;
pub(crate) mod task;

use crate::body::{self, Unread};
use crate::error::ApiError;
use crate::generated::states::KNOWN_OPERATIONS;
use crate::operation::{Answer, Call, Row, row};
use crate::service;
use http::request::Parts;
use serde_json::Value;
use std::sync::LazyLock;
use stepwell_engine::page::PageRequest;

/// The operations that are served. To serve another: its name in `cargo xtask codegen`, its handler in the file of
/// its resource, its row here, its line in the test of this crate.
pub(crate) static OPERATIONS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    vec![
        row(machine::create),
        row(machine::update),
        row(machine::describe),
        row(machine::describe_for_execution),
        row(machine::delete),
        row(machine::list),
        row(machine::list_versions),
        row(machine::list_aliases),
        row(tag::list),
        row(tag::tag),
        row(tag::untag),
        row(execution::start),
        row(execution::start_sync),
        row(execution::stop),
        row(execution::describe),
        row(execution::list),
        row(history::get),
        row(task::succeed),
        row(task::fail),
        row(task::heartbeat),
    ]
});

/// Answers one request.
pub(crate) async fn call(
    call: Call,
    request: &Parts,
    mut unread: Unread,
    operation: Option<&str>,
) -> Result<Answer, ApiError> {
    let operation = operation.ok_or_else(|| {
        ApiError::missing_target(
            "this is no call of Step Functions: it has no `X-Amz-Target: AWSStepFunctions.…`",
        )
    })?;
    let row = find(operation)?;
    if request.method != http::Method::POST {
        return Err(ApiError::unknown_operation(404, format!("{} is called with POST", row.name)));
    }
    match service::content_type(request).as_deref() {
        // AWS insists on 1.0; scripts that forget the header mean JSON, too.
        None | Some("application/x-amz-json-1.0" | "application/x-amz-json-1.1" | "application/json") => {}
        // What curl sends with `--data` when it is not told otherwise.
        Some("application/x-www-form-urlencoded") => {}
        Some(_) => {
            return Err(ApiError::unsupported_media_type(
                "Step Functions takes bodies of type application/x-amz-json-1.0",
            ));
        }
    }
    let body = unread.read(&request.headers, body::STATES_BYTES_MAX, row.name).await?;
    let fields = parse(&body)?;
    drop(body);
    unread.release();
    row.run(call, fields).await
}

fn find(operation: &str) -> Result<&'static Row, ApiError> {
    if let Some(row) = OPERATIONS.iter().find(|row| row.name == operation) {
        return Ok(row);
    }
    let known = KNOWN_OPERATIONS.iter().find(|known| known.name == operation);
    Err(ApiError::unknown_operation(
        400,
        match known {
            Some(known) => format!("Stepwell does not serve {} of Step Functions yet", known.name),
            None => "Step Functions has no such operation".to_owned(),
        },
    ))
}

/// A request's JSON; an empty body stands for `{}`.
fn parse(body: &[u8]) -> Result<Value, ApiError> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Object(serde_json::Map::new()));
    }
    serde_json::from_slice(body)
        .map_err(|error| ApiError::serialization(format!("the body is no JSON: {error}")))
}

/// The page that a request asks for; 0 and nothing mean the operation's default.
fn page(max_results: Option<i64>, next_token: Option<&str>) -> PageRequest {
    PageRequest {
        max_results: max_results.and_then(|max| u32::try_from(max).ok()).unwrap_or(0),
        next_token: next_token.map(ToOwned::to_owned),
    }
}
