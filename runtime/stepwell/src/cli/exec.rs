//! `stepwell exec`: executions.

use crate::client::{Client, ClientArgs};
use crate::events;
use crate::exit::{CommandError, Outcome};
use crate::output::{self, Form, PLAIN, say, say_json};
use crate::runs;
use clap::Subcommand;
use serde_json::{Value, json};
use stepwell_types::Timestamp;

/// Executions that `ls` asks for at once, as many as a page may have.
const PAGE_MAX: usize = 1_000;

/// What an execution may be, in AWS's words.
const STATUSES: [&str; 5] = ["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"];

/// Arguments of `exec`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: ExecCommand,
}

#[derive(Debug, Subcommand)]
enum ExecCommand {
    /// List executions, newest first.
    Ls(LsArgs),
    /// Show an execution: its events with times, fuel and memory, and its result.
    Show(ShowArgs),
    /// Watch an execution until it has closed.
    Tail(OneArgs),
    /// Stop an execution.
    Stop(StopArgs),
}

#[derive(Debug, clap::Args)]
struct LsArgs {
    /// Only of this state machine: a name or an ARN.
    machine: Option<String>,
    /// Only those in this status.
    #[arg(long, ignore_case = true, value_parser = STATUSES)]
    status: Option<String>,
    /// How many of each state machine.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    limit: u32,
    #[command(flatten)]
    client: ClientArgs,
}

#[derive(Debug, clap::Args)]
struct ShowArgs {
    /// Its ARN, or MACHINE:NAME.
    execution: String,
    #[command(flatten)]
    events: runs::EventArgs,
    #[command(flatten)]
    client: ClientArgs,
}

#[derive(Debug, clap::Args)]
struct OneArgs {
    /// Its ARN, or MACHINE:NAME.
    execution: String,
    #[command(flatten)]
    client: ClientArgs,
}

#[derive(Debug, clap::Args)]
struct StopArgs {
    /// Its ARN, or MACHINE:NAME.
    execution: String,
    /// The error that its history shall name.
    #[arg(long)]
    error: Option<String>,
    /// Why, for whoever reads the history.
    #[arg(long)]
    cause: Option<String>,
    #[command(flatten)]
    client: ClientArgs,
}

/// Runs a command on executions.
pub(crate) async fn run(args: Args) -> Result<Outcome, CommandError> {
    match args.command {
        ExecCommand::Ls(args) => ls(args).await,
        ExecCommand::Show(args) => show(args).await,
        ExecCommand::Tail(args) => tail(args).await,
        ExecCommand::Stop(args) => stop(args).await,
    }
}

async fn ls(args: LsArgs) -> Result<Outcome, CommandError> {
    let client = Client::new(&args.client)?;
    let machines = match &args.machine {
        Some(machine) => vec![runs::find_machine(&client, machine).await?.to_string()],
        None => standard_machines(&client).await?,
    };
    let mut executions = Vec::new();
    for machine in machines {
        executions.append(&mut of_machine(&client, &machine, &args).await?);
    }
    let started = |execution: &Value| execution.get("startDate").and_then(Value::as_f64).unwrap_or(0.0);
    executions.sort_by(|a, b| started(b).total_cmp(&started(a)));
    if args.client.form() == Form::Json {
        return say_json(&json!({ "executions": executions })).map(|()| Outcome::Good);
    }
    if executions.is_empty() {
        output::note("no executions");
        return Ok(Outcome::Good);
    }
    let rows = executions.iter().map(|execution| {
        let text = |name: &str| execution.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let status = text("status");
        let style = if status == "SUCCEEDED" { PLAIN } else { runs::status_style(&status) };
        let machine = text("stateMachineArn");
        let machine = machine.rsplit(':').next().unwrap_or_default().to_owned();
        let took = execution.get("stopDate").and_then(Value::as_f64).map(|stop| stop - started(execution));
        let took = took.map_or_else(String::new, |seconds| format!("{seconds:.3} s"));
        (style, vec![status, machine, text("name"), instant(started(execution)), took])
    });
    say(&output::table(&["Status", "Machine", "Name", "Started", "Took"], rows.collect(), &[4]))?;
    Ok(Outcome::Good)
}

/// Seconds since the epoch as an instant.
#[expect(clippy::cast_possible_truncation, reason = "milliseconds of four-digit years fit in 53 bits")]
fn instant(seconds: f64) -> String {
    Timestamp::from_millis((seconds * 1_000.0).round() as i64).to_string()
}

async fn standard_machines(client: &Client) -> Result<Vec<String>, CommandError> {
    let mut arns = Vec::new();
    let mut input = json!({ "maxResults": PAGE_MAX });
    loop {
        let page = client.states("ListStateMachines", &input).await?;
        let machines = page.get("stateMachines").and_then(Value::as_array).into_iter().flatten();
        let standard =
            machines.filter(|machine| machine.get("type").and_then(Value::as_str) == Some("STANDARD"));
        arns.extend(
            standard.filter_map(|machine| machine.get("stateMachineArn")?.as_str().map(ToOwned::to_owned)),
        );
        match page.get("nextToken") {
            Some(token @ Value::String(_)) => input = json!({ "maxResults": PAGE_MAX, "nextToken": token }),
            _ => return Ok(arns),
        }
    }
}

async fn of_machine(client: &Client, machine: &str, args: &LsArgs) -> Result<Vec<Value>, CommandError> {
    let limit = args.limit as usize;
    let mut found: Vec<Value> = Vec::new();
    let mut token = None;
    loop {
        let wanted = (limit - found.len()).min(PAGE_MAX);
        let mut input = json!({ "stateMachineArn": machine, "maxResults": wanted });
        if let Some(fields) = input.as_object_mut() {
            fields.extend(
                args.status.iter().map(|status| ("statusFilter".to_owned(), json!(status.to_uppercase()))),
            );
            fields.extend(token.take().map(|token| ("nextToken".to_owned(), token)));
        }
        let page = client.states("ListExecutions", &input).await.map_err(|error| match error {
            CommandError::Refused(mut refusal) if refusal.code == "StateMachineTypeNotSupported" => {
                refusal.message = format!("{machine}: {}", runs::EXPRESS_IS_NOT_KEPT);
                refusal.into()
            }
            error => error,
        })?;
        found.extend(page.get("executions").and_then(Value::as_array).into_iter().flatten().cloned());
        token = page.get("nextToken").filter(|token| token.is_string()).cloned();
        if token.is_none() || found.len() >= limit {
            found.truncate(limit);
            return Ok(found);
        }
    }
}

async fn show(args: ShowArgs) -> Result<Outcome, CommandError> {
    let client = Client::new(&args.client)?;
    let arn = runs::find_kept(&client, &args.execution).await?;
    let execution = runs::describe(&client, &arn).await?;
    match args.client.form() {
        Form::Json => say_json(&runs::whole(&client, &arn, execution).await?)?,
        Form::Human => {
            runs::show(&client, &arn, &execution, args.events.rows_max()).await?;
        }
    }
    Ok(Outcome::Good)
}

async fn tail(args: OneArgs) -> Result<Outcome, CommandError> {
    let client = Client::new(&args.client)?;
    let arn = runs::find_kept(&client, &args.execution).await?;
    let form = args.client.form();
    let execution = runs::watch(&client, &arn, |event, row| match form {
        Form::Json => say_json(event),
        Form::Human => say(&events::line(&row)),
    })
    .await?;
    if form == Form::Human {
        runs::headline(&execution)?;
        runs::result(&execution)?;
    }
    Ok(runs::outcome(&execution))
}

async fn stop(args: StopArgs) -> Result<Outcome, CommandError> {
    let client = Client::new(&args.client)?;
    let arn = runs::find_kept(&client, &args.execution).await?;
    let before = runs::describe(&client, &arn).await?;
    let mut input = json!({ "executionArn": arn.to_string() });
    if let Some(fields) = input.as_object_mut() {
        fields.extend(args.error.map(|error| ("error".to_owned(), Value::from(error))));
        fields.extend(args.cause.map(|cause| ("cause".to_owned(), Value::from(cause))));
    }
    let stopped = client.states("StopExecution", &input).await?;
    match args.client.form() {
        Form::Json => say_json(&stopped)?,
        Form::Human => {
            let at = stopped.get("stopDate").and_then(Value::as_f64).map_or_else(String::new, instant);
            match runs::status(&before) {
                "RUNNING" => say(&format!("stopped {arn} at {at}"))?,
                closed => say(&format!("{arn} had closed already: {closed} at {at}"))?,
            }
        }
    }
    Ok(Outcome::Good)
}
