//! `stepwell run`: a definition from a file, executed on the server, with what happened.

use super::validate;
use crate::client::{Client, ClientArgs, segment};
use crate::exit::{CommandError, Outcome};
use crate::findings::findings;
use crate::manifest::MachineType;
use crate::output::{self, Form, Progress, say_json};
use crate::runs;
use crate::substitute::substitute;
use http::Method;
use serde_json::Value;
use std::path::{Path, PathBuf};
use stepwell_types::{ExecutionArn, FunctionArn, Name};

/// Arguments of `run`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The definition; `${Name}` in it becomes the ARN of that function.
    #[arg(value_name = "FILE.asl.json")]
    file: PathBuf,
    /// The input: JSON, @FILE, or - for stdin.
    #[arg(long, short, value_name = "JSON")]
    input: Option<String>,
    /// The execution's name.
    #[arg(long)]
    name: Option<String>,
    /// The state machine's name; the default is the file's.
    #[arg(long)]
    machine: Option<String>,
    /// Standard or Express.
    #[arg(long = "type", value_enum, default_value_t)]
    machine_type: MachineType,
    #[command(flatten)]
    events: runs::EventArgs,
    #[command(flatten)]
    client: ClientArgs,
}

/// Creates or updates the machine, starts an execution, waits for its end and shows it.
pub(crate) async fn run(args: Args) -> Result<Outcome, CommandError> {
    let file = validate::read(&args.file)?;
    let shown = args.file.display().to_string();
    if findings(&shown, &file, args.machine_type).say_errors(args.client.form())? == Outcome::Failed {
        return Ok(Outcome::Failed);
    }
    let input = runs::input(args.input.as_deref())?;
    let machine = args.machine.clone().unwrap_or_else(|| machine_name(&args.file));
    if Name::new(&machine).is_err() {
        return Err(CommandError::usage(format!(
            "`{machine}` is no state machine's name; give one with --machine"
        )));
    }
    let client = Client::new(&args.client)?;
    let progress = Progress::spinner("deploying");
    let account = client.server_account().await?;
    let arn_of = |name: &str| {
        let name = FunctionArn::check_name(name).ok()?;
        Some(FunctionArn { region: client.region().clone(), account, name, qualifier: None }.to_string())
    };
    let definition = substitute(&file, arn_of).map_err(|names| {
        CommandError::usage(format!("{shown}: no function can be called {}", names.join(", ")))
    })?;
    let path = format!("/state-machines/{}", segment(&machine));
    let machine_type = args.machine_type.as_str();
    let put = client.v1(Method::PUT, &format!("{path}?type={machine_type}"), definition.text).await;
    put.map_err(with_way_out)?;

    progress.tell("running");
    let name = args.name.as_deref().map_or_else(String::new, |name| format!("&name={}", segment(name)));
    let start = format!("{path}/executions?wait=20s{name}");
    let execution = client.v1(Method::POST, &start, input).await?;
    if args.machine_type == MachineType::Express {
        drop(progress);
        // Express executions leave no history.
        match args.client.form() {
            Form::Json => say_json(&execution)?,
            Form::Human => {
                runs::headline(&execution)?;
                runs::result(&execution)?;
            }
        }
        return Ok(runs::outcome(&execution));
    }
    let arn = execution.get("arn").and_then(Value::as_str).unwrap_or_default();
    let arn: ExecutionArn = arn.parse().map_err(anyhow::Error::from)?;
    let execution = ended(&client, &arn, execution).await?;
    drop(progress);
    match args.client.form() {
        Form::Json => say_json(&runs::whole(&client, &arn, execution.clone()).await?)?,
        Form::Human => runs::show(&client, &arn, &execution, args.events.rows_max()).await?,
    }
    Ok(runs::outcome(&execution))
}

async fn ended(client: &Client, arn: &ExecutionArn, mut execution: Value) -> Result<Value, CommandError> {
    if runs::status(&execution) == "RUNNING" {
        output::note(&format!("{arn} is still running; Ctrl-C leaves it alone"));
    }
    while runs::status(&execution) == "RUNNING" {
        execution = runs::wait(client, arn).await?;
    }
    Ok(execution)
}

/// The refusal of a machine that exists as the other type, with the ways out.
fn with_way_out(error: CommandError) -> CommandError {
    match error {
        CommandError::Refused(mut refusal) if refusal.code == "StateMachineAlreadyExists" => {
            refusal.message.push_str("; use that --type, or another name with --machine");
            refusal.into()
        }
        error => error,
    }
}

/// `order` of `flows/order.asl.json`.
fn machine_name(file: &Path) -> String {
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let name = name.strip_suffix(".json").unwrap_or(&name);
    name.strip_suffix(".asl").unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_are_called_like_their_files() {
        for file in ["order.asl.json", "flows/order.json", "/x/order"] {
            assert_eq!(machine_name(Path::new(file)), "order");
        }
    }
}
