//! Executions as a client sees them: found, described, read, watched, shown.

use crate::client::{Client, segment};
use crate::events::{self, Reader, Row};
use crate::exit::{CommandError, Outcome};
use crate::output::{self, BAD, GOOD, ODD, Style, paint, pretty, say};
use clap::Args;
use http::Method;
use serde_json::{Value, json};
use std::time::Duration;
use stepwell_types::{ExecutionArn, ExecutionKind, Name, StateMachineArn, Timestamp};

/// Events that are asked for at once, as many as a page may have.
const PAGE_EVENTS: usize = 1_000;
/// Why an Express execution cannot be shown.
pub(crate) const EXPRESS_IS_NOT_KEPT: &str = "Express executions run in memory and leave no history";
/// How long one request waits for an execution's end.
const WAIT: Duration = Duration::from_secs(20);
/// How often a watched execution's new events are read.
const WATCH: Duration = Duration::from_millis(500);

/// How much of an execution's history is shown.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct EventArgs {
    /// Lines of the event table; 0 for all.
    #[arg(long, value_name = "N", default_value_t = 60)]
    events: usize,
}

impl EventArgs {
    /// The most lines.
    pub(crate) fn rows_max(self) -> usize {
        if self.events == 0 { usize::MAX } else { self.events }
    }
}

/// The execution that a person names: by its ARN, or as `MACHINE:NAME`.
pub(crate) async fn find(client: &Client, named: &str) -> Result<ExecutionArn, CommandError> {
    if named.starts_with("arn:") {
        let wrong = |_| CommandError::usage(format!("`{named}` is no execution's ARN"));
        return named.parse().map_err(wrong);
    }
    let wrong =
        || CommandError::usage(format!("`{named}` names no execution: give its ARN, or MACHINE:NAME"));
    let (machine, name) = named.split_once(':').ok_or_else(wrong)?;
    Ok(ExecutionArn {
        region: client.region().clone(),
        account: client.server_account().await?,
        machine: Name::new(machine).map_err(|_| wrong())?,
        label: None,
        name: Name::new(name).map_err(|_| wrong())?,
        kind: ExecutionKind::Standard,
    })
}

/// The same, of an execution whose history is kept.
pub(crate) async fn find_kept(client: &Client, named: &str) -> Result<ExecutionArn, CommandError> {
    let arn = find(client, named).await?;
    match arn.kind {
        ExecutionKind::Standard => Ok(arn),
        ExecutionKind::Express(_) => Err(CommandError::usage(format!(
            "{EXPRESS_IS_NOT_KEPT}; `stepwell logs` shows what its functions logged"
        ))),
    }
}

/// The state machine that a person names: by its ARN or its name.
pub(crate) async fn find_machine(client: &Client, named: &str) -> Result<StateMachineArn, CommandError> {
    if named.starts_with("arn:") {
        let wrong = |_| CommandError::usage(format!("`{named}` is no state machine's ARN"));
        return named.parse().map_err(wrong);
    }
    let name =
        Name::new(named).map_err(|_| CommandError::usage(format!("`{named}` is no state machine's name")))?;
    Ok(StateMachineArn {
        region: client.region().clone(),
        account: client.server_account().await?,
        name,
        qualifier: None,
        label: None,
    })
}

fn path(arn: &ExecutionArn) -> String {
    format!("/executions/{}", segment(&arn.to_string()))
}

/// The execution as it is now.
pub(crate) async fn describe(client: &Client, arn: &ExecutionArn) -> Result<Value, CommandError> {
    client.v1(Method::GET, &path(arn), "").await
}

/// The execution when it has closed, or as it is after some time.
pub(crate) async fn wait(client: &Client, arn: &ExecutionArn) -> Result<Value, CommandError> {
    client.v1(Method::GET, &format!("{}?wait={}s", path(arn), WAIT.as_secs()), "").await
}

/// What each attempt used.
pub(crate) async fn usage(client: &Client, arn: &ExecutionArn) -> Result<Value, CommandError> {
    client.v1(Method::GET, &format!("{}/usage", path(arn)), "").await
}

/// The first page of the history, oldest event first: one request, however long the history is.
pub(crate) async fn first_events(client: &Client, arn: &ExecutionArn) -> Result<Vec<Value>, CommandError> {
    let page = client.v1(Method::GET, &format!("{}/history?maxResults={PAGE_EVENTS}", path(arn)), "").await?;
    Ok(page.get("events").and_then(Value::as_array).cloned().unwrap_or_default())
}

/// The whole history, oldest event first.
pub(crate) async fn history(client: &Client, arn: &ExecutionArn) -> Result<Vec<Value>, CommandError> {
    let mut events = Vec::new();
    let mut next = String::new();
    loop {
        let page = client
            .v1(Method::GET, &format!("{}/history?maxResults={PAGE_EVENTS}{next}", path(arn)), "")
            .await?;
        events.extend(page.get("events").and_then(Value::as_array).into_iter().flatten().cloned());
        match page.get("nextToken").and_then(Value::as_str) {
            Some(token) => next = format!("&nextToken={}", segment(token)),
            None => return Ok(events),
        }
    }
}

/// The id of the newest event; 0 where there is none.
pub(crate) async fn last_event(client: &Client, arn: &ExecutionArn) -> Result<u64, CommandError> {
    let page =
        client.v1(Method::GET, &format!("{}/history?maxResults=1&reverseOrder=true", path(arn)), "").await?;
    Ok(page.pointer("/events/0/id").and_then(Value::as_u64).unwrap_or(0))
}

/// Events newer than `last`, oldest first.
async fn newer(client: &Client, arn: &ExecutionArn, last: u64) -> Result<Vec<Value>, CommandError> {
    if last == 0 {
        return history(client, arn).await;
    }
    let mut found = Vec::new();
    let mut next = String::new();
    loop {
        let query = format!("maxResults={PAGE_EVENTS}&reverseOrder=true{next}");
        let page = client.v1(Method::GET, &format!("{}/history?{query}", path(arn)), "").await?;
        let events = page.get("events").and_then(Value::as_array).cloned().unwrap_or_default();
        let before = found.len();
        let read = events.len();
        found.extend(
            events.into_iter().take_while(|event| event.get("id").and_then(Value::as_u64) > Some(last)),
        );
        let is_all = found.len() - before < read;
        match page.get("nextToken").and_then(Value::as_str) {
            Some(token) if !is_all => next = format!("&nextToken={}", segment(token)),
            Some(_) | None => break,
        }
    }
    found.reverse();
    Ok(found)
}

/// Shows each event as it comes, until the execution has closed.
pub(crate) async fn watch(
    client: &Client,
    arn: &ExecutionArn,
    mut show: impl FnMut(&Value, Row) -> Result<(), CommandError>,
) -> Result<Value, CommandError> {
    let mut reader = Reader::default();
    let mut last = 0;
    loop {
        // Described before the history is read: what closes it is then among the events.
        let execution =
            client.v1(Method::GET, &format!("{}?wait={}ms", path(arn), WATCH.as_millis()), "").await?;
        let events = newer(client, arn, last).await?;
        if !events.is_empty() {
            reader.learn(&usage(client, arn).await?);
        }
        for event in events {
            let row = reader.row(&event);
            last = row.id;
            show(&event, row)?;
        }
        if status(&execution) != "RUNNING" {
            return Ok(execution);
        }
    }
}

/// AWS's word for where an execution is.
pub(crate) fn status(execution: &Value) -> &str {
    execution.get("status").and_then(Value::as_str).unwrap_or_default()
}

/// How a command ends that waited for an execution.
pub(crate) fn outcome(execution: &Value) -> Outcome {
    if status(execution) == "SUCCEEDED" { Outcome::Good } else { Outcome::Failed }
}

/// The style of a status.
pub(crate) fn status_style(status: &str) -> Style {
    match status {
        "SUCCEEDED" => GOOD,
        "RUNNING" => ODD,
        _ => BAD,
    }
}

/// How long an execution took, or has taken until now.
fn took(execution: &Value) -> Option<Duration> {
    let at = |name: &str| Timestamp::parse_rfc3339(execution.get(name)?.as_str()?).ok();
    Some(at("stoppedAt")?.since(at("startedAt")?))
}

/// Shows an execution with its event table, of at most `rows_max` lines.
pub(crate) async fn show(
    client: &Client,
    arn: &ExecutionArn,
    execution: &Value,
    rows_max: usize,
) -> Result<(), CommandError> {
    let usage = usage(client, arn).await?;
    let mut reader = Reader::new(&usage);
    let rows: Vec<Row> = history(client, arn).await?.iter().map(|event| reader.row(event)).collect();
    headline(execution)?;
    say(&events::table(rows, rows_max))?;
    let totals = events::totals(&usage);
    if totals.attempts > 0 {
        say(&totals.line())?;
    }
    let of_states = limit_of_states(execution);
    for limit in totals.limits.iter().map(String::as_str).chain(of_states) {
        say(&paint(ODD, &format!("limit: {limit}")))?;
    }
    result(execution)
}

/// The limit of Step Functions that ended an execution, with its value, which AWS's words leave out, and a way out.
fn limit_of_states(execution: &Value) -> Option<&'static str> {
    match execution.get("error")?.as_str()? {
        "States.DataLimitExceeded" => Some(
            "the input and the output of a state have at most 262,144 bytes; keep the data elsewhere and pass on where it is, or drop what is not needed with ResultSelector or OutputPath",
        ),
        _ => None,
    }
}

/// What became of an execution, in one line.
pub(crate) fn headline(execution: &Value) -> Result<(), CommandError> {
    let status = status(execution);
    let took = took(execution).map_or_else(String::new, |took| format!(" in {:.3} s", took.as_secs_f64()));
    let arn = execution.get("arn").and_then(Value::as_str).unwrap_or_default();
    say(&format!("{}{took}  {arn}", paint(status_style(status), status)))
}

/// An execution's output or failure.
pub(crate) fn result(execution: &Value) -> Result<(), CommandError> {
    if let Some(output) = execution.get("output") {
        return say(&pretty(output));
    }
    for part in ["error", "cause"] {
        if let Some(text) = execution.get(part).and_then(Value::as_str) {
            say(&format!("{part}: {text}"))?;
        }
    }
    Ok(())
}

/// An execution with its events and what its attempts used, as one value.
pub(crate) async fn whole(
    client: &Client,
    arn: &ExecutionArn,
    execution: Value,
) -> Result<Value, CommandError> {
    let usage = usage(client, arn).await?;
    let mut whole = execution;
    if let Some(fields) = whole.as_object_mut() {
        fields.insert("attempts".to_owned(), usage.get("attempts").cloned().unwrap_or_else(|| json!([])));
        fields.insert("events".to_owned(), Value::Array(history(client, arn).await?));
    }
    Ok(whole)
}

/// An input from the command line: JSON, `@FILE`, or `-` for stdin.
pub(crate) fn input(given: Option<&str>) -> Result<String, CommandError> {
    let Some(given) = given else { return Ok("{}".to_owned()) };
    let text = match given.strip_prefix('@') {
        Some(file) => {
            std::fs::read_to_string(file).map_err(|error| CommandError::usage(format!("{file}: {error}")))?
        }
        None if given == "-" => std::io::read_to_string(std::io::stdin())
            .map_err(|error| CommandError::usage(format!("stdin: {error}")))?,
        None => given.to_owned(),
    };
    match serde_json::from_str::<serde::de::IgnoredAny>(&text) {
        Ok(_) => Ok(text),
        Err(error) => {
            let shown = output::cut(text.trim(), 60);
            Err(CommandError::usage(format!(
                "the input is no JSON ({error}): {shown}; a file is given as @FILE"
            )))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs() {
        assert_eq!(input(None).unwrap(), "{}");
        assert_eq!(input(Some(" [1] ")).unwrap(), " [1] ");
        assert!(input(Some("order.json")).unwrap_err().to_string().contains("@FILE"));
        assert!(input(Some("@/nowhere/x")).unwrap_err().to_string().contains("/nowhere/x"));
    }
}
