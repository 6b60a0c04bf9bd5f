//! Brings what a manifest names to a server, through the AWS APIs, as any other tool would.

mod function;
mod machine;

use crate::client::Client;
use crate::exit::CommandError;
use crate::manifest::{Files, Manifest};
use crate::output::Progress;
use serde_json::{Value, json};
use std::fmt;
use stepwell_types::{AccountId, FunctionArn, Name, StateMachineArn};

/// What is deployed, by what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A function.
    Function,
    /// A state machine.
    Machine,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Function => "function",
            Self::Machine => "machine",
        })
    }
}

/// What had to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// It did not exist.
    Created,
    /// It was another.
    Updated,
    /// Nothing.
    Unchanged,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
        })
    }
}

/// What became of one function or state machine.
#[derive(Clone, Debug)]
pub(crate) struct Deployed {
    /// What it is.
    pub(crate) kind: Kind,
    /// Its name.
    pub(crate) name: String,
    /// Its ARN.
    pub(crate) arn: String,
    /// What had to be done.
    pub(crate) action: Action,
}

impl Deployed {
    /// The same for a program.
    pub(crate) fn json(&self) -> Value {
        let Self { kind, name, arn, action } = self;
        json!({ "kind": kind.to_string(), "name": name, "arn": arn, "action": action.to_string() })
    }
}

/// Where a manifest is brought to, and on whose behalf.
#[derive(Clone)]
pub(crate) struct Target {
    client: Client,
    account: AccountId,
    role: String,
}

impl Target {
    /// Asks the server whose account this client's calls are.
    pub(crate) async fn new(client: Client) -> Result<Self, CommandError> {
        let account = client.server_account().await?;
        Ok(Self { client, account, role: format!("arn:aws:iam::{account}:role/stepwell") })
    }

    /// The ARN that a manifest's function or state machine has, or will have. A function comes before a state machine
    /// of the same name.
    fn arn_of(&self, manifest: &Manifest, name: &str) -> Option<String> {
        if manifest.functions.contains_key(name) {
            return self.function_arn(name);
        }
        let is_machine = manifest.machines.contains_key(name);
        is_machine.then(|| self.machine_arn(name)).flatten()
    }

    fn function_arn(&self, name: &str) -> Option<String> {
        let (region, account) = (self.client.region().clone(), self.account);
        let name = FunctionArn::check_name(name).ok()?;
        Some(FunctionArn { region, account, name, qualifier: None }.to_string())
    }

    fn machine_arn(&self, name: &str) -> Option<String> {
        let (region, account) = (self.client.region().clone(), self.account);
        let name = Name::new(name).ok()?;
        Some(StateMachineArn { region, account, name, qualifier: None, label: None }.to_string())
    }
}

/// Deploys functions, then the machines that name them.
pub(crate) async fn deploy_all(
    client: &Client,
    manifest: &Manifest,
    files: &Files,
) -> Result<Vec<Deployed>, CommandError> {
    let target = Target::new(client.clone()).await?;
    let progress = Progress::bar("deploying", (manifest.functions.len() + manifest.machines.len()) as u64);
    let mut deployed = Vec::new();
    for (name, entry) in &manifest.functions {
        progress.tell(name);
        deployed.push(target.function(name, entry, files).await?);
        progress.step();
    }
    for (name, entry) in &manifest.machines {
        progress.tell(name);
        let text = files.read_text(&entry.file)?;
        deployed.push(target.machine(name, entry, &text, manifest).await?);
        progress.step();
    }
    Ok(deployed)
}

fn missing_is_none<T>(result: Result<T, CommandError>) -> Result<Option<T>, CommandError> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(CommandError::Refused(refusal)) if refusal.is_missing() => Ok(None),
        Err(error) => Err(error),
    }
}

/// The same error, saying what could not be deployed.
fn about(kind: Kind, name: &str, error: CommandError) -> CommandError {
    match error {
        CommandError::Refused(mut refusal) => {
            refusal.message = format!("{kind} `{name}`: {}", refusal.message);
            refusal.into()
        }
        error => error,
    }
}
