//! `stepwell deploy`: what `stepwell.toml` names, through the AWS APIs, as any other tool would.

use super::validate;
use crate::client::{Client, ClientArgs, Refusal, segment};
use crate::exit::{CommandError, Outcome};
use crate::manifest::{self, FILE_NAME, Files, FunctionEntry, MachineEntry, Manifest};
use crate::output::{self, Form, PLAIN, Progress, say, say_json};
use crate::substitute::substitute;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How long a component may compile before `deploy` gives up waiting.
const COMPILE_MAX: Duration = Duration::from_secs(120);
/// How often a compiling component is asked about.
const COMPILE_POLL: Duration = Duration::from_millis(100);

/// Arguments of `deploy`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What to deploy.
    #[arg(long, short, value_name = "FILE", default_value = FILE_NAME)]
    file: PathBuf,
    #[command(flatten)]
    client: ClientArgs,
}

/// What became of one function or state machine.
#[derive(Clone, Debug)]
pub(crate) struct Deployed {
    /// `function` or `machine`.
    pub(crate) kind: &'static str,
    /// Its name.
    pub(crate) name: String,
    /// Its ARN.
    pub(crate) arn: String,
    /// `created`, `updated` or `unchanged`.
    pub(crate) action: &'static str,
}

/// Deploys and says what was done.
pub(crate) async fn run(args: Args) -> Result<Outcome, CommandError> {
    let (manifest, files) = manifest::open(&args.file)?;
    if check(&manifest, &files)? == Outcome::Failed {
        return Ok(Outcome::Failed);
    }
    let client = Client::new(&args.client)?;
    let deployed = deploy_all(&client, &manifest, &files).await?;
    match args.client.form() {
        Form::Json => {
            let list: Vec<Value> = deployed
                .iter()
                .map(|Deployed { kind, name, arn, action }| {
                    json!({ "kind": kind, "name": name, "arn": arn, "action": action })
                })
                .collect();
            say_json(&json!({ "deployed": list }))?;
        }
        Form::Human => {
            let rows = deployed.into_iter().map(|Deployed { kind, name, arn, action }| {
                (PLAIN, vec![action.to_owned(), kind.to_owned(), name, arn])
            });
            say(&output::table(&["Action", "Kind", "Name", "ARN"], rows.collect(), &[]))?;
        }
    }
    Ok(Outcome::Good)
}

/// Checks every definition, so that nothing is deployed by half.
fn check(manifest: &Manifest, files: &Files) -> Result<Outcome, CommandError> {
    let mut outcome = Outcome::Good;
    for machine in manifest.machines.values() {
        let text = files.read_text(&machine.file)?;
        if validate::findings(&machine.file, &text, machine.machine_type).say_errors()? == Outcome::Failed {
            outcome = Outcome::Failed;
        }
    }
    Ok(outcome)
}

/// Deploys functions, then the machines that name them.
pub(crate) async fn deploy_all(
    client: &Client,
    manifest: &Manifest,
    files: &Files,
) -> Result<Vec<Deployed>, CommandError> {
    let account = client.server_account().await?;
    let role = format!("arn:aws:iam::{account}:role/stepwell");
    let progress = Progress::bar("deploying", (manifest.functions.len() + manifest.machines.len()) as u64);
    let mut deployed = Vec::new();
    let mut arns = BTreeMap::new();
    for (name, entry) in &manifest.functions {
        progress.tell(name);
        let function = function(client, name, entry, files.read(&entry.wasm)?, &role).await?;
        arns.insert(name.clone(), function.arn.clone());
        deployed.push(function);
        progress.step();
    }
    let machine_arn =
        |name: &str| format!("arn:aws:states:{}:{account}:stateMachine:{name}", client.region());
    for (name, entry) in &manifest.machines {
        progress.tell(name);
        let text = files.read_text(&entry.file)?;
        let text = definition(client, &mut arns, &entry.file, &text, |name| {
            manifest.machines.contains_key(name).then(|| machine_arn(name))
        })
        .await?;
        deployed.push(machine(client, name, &machine_arn(name), entry, text, &role).await?);
        progress.step();
    }
    Ok(deployed)
}

/// Fills in names: functions of the manifest, its machines, functions that the server has already.
async fn definition(
    client: &Client,
    functions: &mut BTreeMap<String, String>,
    file: &str,
    text: &str,
    machine: impl Fn(&str) -> Option<String>,
) -> Result<String, CommandError> {
    let fill = |functions: &BTreeMap<String, String>| {
        substitute(text, |name| functions.get(name).cloned().or_else(|| machine(name)))
    };
    let unknown = match fill(functions) {
        Ok(filled) => return Ok(filled.text),
        Err(unknown) => unknown,
    };
    for name in unknown {
        if let Some(found) = existing(client, &name).await? {
            let arn = found.pointer("/Configuration/FunctionArn").and_then(Value::as_str).unwrap_or_default();
            functions.insert(name, arn.to_owned());
        }
    }
    fill(functions).map(|filled| filled.text).map_err(|unknown| {
        let names: Vec<String> = unknown.iter().map(|name| format!("${{{name}}}")).collect();
        CommandError::usage(format!("{file}: nothing is called {}", names.join(", ")))
    })
}

fn missing_is_none<T>(result: Result<T, CommandError>) -> Result<Option<T>, CommandError> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(CommandError::Refused(refusal)) if refusal.is_missing() => Ok(None),
        Err(error) => Err(error),
    }
}

/// `GetFunction`, if there is one.
async fn existing(client: &Client, name: &str) -> Result<Option<Value>, CommandError> {
    missing_is_none(client.lambda(Method::GET, &format!("/functions/{}", segment(name)), &Value::Null).await)
}

async fn function(
    client: &Client,
    name: &str,
    entry: &FunctionEntry,
    code: Vec<u8>,
    role: &str,
) -> Result<Deployed, CommandError> {
    let sha256 = STANDARD.encode(Sha256::digest(&code));
    let code = STANDARD.encode(code);
    let path = format!("/functions/{}", segment(name));
    let named = |error: CommandError| in_function(name, error);
    let mut settings = settings(entry);
    let (configuration, action) = match existing(client, name).await? {
        None => {
            settings.insert("FunctionName".to_owned(), json!(name));
            settings.insert("Role".to_owned(), json!(role));
            settings.insert("Tags".to_owned(), json!(entry.tags()));
            settings.insert("Code".to_owned(), json!({ "ZipFile": code }));
            let created =
                client.lambda(Method::POST, "/functions", &Value::Object(settings)).await.map_err(named)?;
            (created, "created")
        }
        Some(found) => {
            check_tags(name, entry, &found)?;
            let now = found.get("Configuration").cloned().unwrap_or_default();
            let differs = settings.iter().any(|(field, wanted)| !is_set(&now, field, wanted));
            let is_new_code = now.get("CodeSha256").and_then(Value::as_str) != Some(&sha256);
            let mut latest = now;
            if differs {
                let path = format!("{path}/configuration");
                latest = client.lambda(Method::PUT, &path, &Value::Object(settings)).await.map_err(named)?;
            }
            if is_new_code {
                let path = format!("{path}/code");
                latest =
                    client.lambda(Method::PUT, &path, &json!({ "ZipFile": code })).await.map_err(named)?;
            }
            (latest, if differs || is_new_code { "updated" } else { "unchanged" })
        }
    };
    let configuration = active(client, name, configuration).await?;
    let arn = configuration.get("FunctionArn").and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok(Deployed { kind: "function", name: name.to_owned(), arn, action })
}

fn in_function(name: &str, error: CommandError) -> CommandError {
    match error {
        CommandError::Refused(Refusal { status, code, message }) => {
            Refusal { status, code, message: format!("function `{name}`: {message}") }.into()
        }
        error => error,
    }
}

/// What Lambda has fields for. All of it, so that what was taken out of the file goes back to its default.
fn settings(entry: &FunctionEntry) -> Map<String, Value> {
    let mut settings = Map::new();
    settings.insert("Description".to_owned(), json!(entry.description.as_deref().unwrap_or_default()));
    settings.insert("Timeout".to_owned(), json!(entry.timeout_s.unwrap_or(3)));
    settings.insert("MemorySize".to_owned(), json!(entry.memory_mb.unwrap_or(128)));
    settings.insert("Environment".to_owned(), json!({ "Variables": entry.environment }));
    settings
}

/// Whether a function has a setting already. An empty environment is shown as none.
fn is_set(configuration: &Value, field: &str, wanted: &Value) -> bool {
    let found = configuration.get(field);
    let is_empty =
        |value: &Value| value.pointer("/Variables").and_then(Value::as_object).is_none_or(Map::is_empty);
    match field {
        "Environment" if is_empty(wanted) => found.is_none_or(is_empty),
        _ => found == Some(wanted),
    }
}

/// Fuel, grants and crash behaviour are tags, which are given when a function is created.
fn check_tags(name: &str, entry: &FunctionEntry, found: &Value) -> Result<(), CommandError> {
    let tags: BTreeMap<String, String> =
        found.get("Tags").and_then(|tags| serde_json::from_value(tags.clone()).ok()).unwrap_or_default();
    let own: BTreeMap<String, String> =
        tags.into_iter().filter(|(key, _)| key.starts_with("stepwell:")).collect();
    if own == entry.tags() {
        return Ok(());
    }
    Err(anyhow::anyhow!(
        "function `{name}` exists with other fuel, grants or on_crash; these are given when a function is created: delete it first (aws lambda delete-function --function-name {name})"
    )
    .into())
}

/// Waits until a function's code is compiled.
async fn active(client: &Client, name: &str, mut configuration: Value) -> Result<Value, CommandError> {
    let give_up = Instant::now() + COMPILE_MAX;
    loop {
        let word = |field: &str| configuration.get(field).and_then(Value::as_str).unwrap_or_default();
        let is_failed = word("State") == "Failed" || word("LastUpdateStatus") == "Failed";
        if is_failed {
            let reason = [word("LastUpdateStatusReason"), word("StateReason")].join(" ");
            return Err(anyhow::anyhow!("function `{name}` cannot be compiled: {}", reason.trim()).into());
        }
        if word("State") != "Pending" && word("LastUpdateStatus") != "InProgress" {
            return Ok(configuration);
        }
        if Instant::now() > give_up {
            return Err(anyhow::anyhow!("function `{name}` is still being compiled").into());
        }
        tokio::time::sleep(COMPILE_POLL).await;
        let path = format!("/functions/{}/configuration", segment(name));
        configuration = client.lambda(Method::GET, &path, &Value::Null).await?;
    }
}

async fn machine(
    client: &Client,
    name: &str,
    arn: &str,
    entry: &MachineEntry,
    definition: String,
    role: &str,
) -> Result<Deployed, CommandError> {
    let deployed = |action| Deployed { kind: "machine", name: name.to_owned(), arn: arn.to_owned(), action };
    let machine_type = entry.machine_type.as_str();
    let found =
        missing_is_none(client.states("DescribeStateMachine", &json!({ "stateMachineArn": arn })).await)?;
    let Some(found) = found else {
        let create = json!({ "name": name, "definition": definition, "roleArn": role, "type": machine_type });
        client.states("CreateStateMachine", &create).await.map_err(|error| in_machine(name, error))?;
        return Ok(deployed("created"));
    };
    let word = |field: &str| found.get(field).and_then(Value::as_str).unwrap_or_default();
    if word("type") != machine_type {
        let is = word("type");
        return Err(anyhow::anyhow!(
            "machine `{name}` exists as {is}; its type cannot be changed: delete it first"
        )
        .into());
    }
    if word("definition") == definition {
        return Ok(deployed("unchanged"));
    }
    let update = json!({ "stateMachineArn": arn, "definition": definition });
    client.states("UpdateStateMachine", &update).await.map_err(|error| in_machine(name, error))?;
    Ok(deployed("updated"))
}

fn in_machine(name: &str, error: CommandError) -> CommandError {
    match error {
        CommandError::Refused(Refusal { status, code, message }) => {
            Refusal { status, code, message: format!("machine `{name}`: {message}") }.into()
        }
        error => error,
    }
}
