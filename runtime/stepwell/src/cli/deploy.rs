//! `stepwell deploy`: what `stepwell.toml` names, on a server.

use crate::client::{Client, ClientArgs};
use crate::deployment::{Deployed, deploy_all};
use crate::exit::{CommandError, Outcome};
use crate::findings::findings;
use crate::manifest::{self, FILE_NAME, Files, Manifest};
use crate::output::{self, Form, PLAIN, say, say_json};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Arguments of `deploy`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What to deploy.
    #[arg(long, short, value_name = "FILE", default_value = FILE_NAME)]
    file: PathBuf,
    #[command(flatten)]
    client: ClientArgs,
}

/// Deploys and says what was done.
pub(crate) async fn run(args: Args) -> Result<Outcome, CommandError> {
    let (manifest, files) = manifest::open(&args.file)?;
    if check(&manifest, &files, args.client.form())? == Outcome::Failed {
        return Ok(Outcome::Failed);
    }
    let client = Client::new(&args.client)?;
    let deployed = deploy_all(&client, &manifest, &files).await?;
    match args.client.form() {
        Form::Json => {
            let list: Vec<Value> = deployed.iter().map(Deployed::json).collect();
            say_json(&json!({ "deployed": list }))?;
        }
        Form::Human => {
            let rows = deployed.into_iter().map(|Deployed { kind, name, arn, action }| {
                (PLAIN, vec![action.to_string(), kind.to_string(), name, arn])
            });
            say(&output::table(&["Action", "Kind", "Name", "ARN"], rows.collect(), &[]))?;
        }
    }
    Ok(Outcome::Good)
}

/// Checks that every file is there and every definition good, so that nothing is deployed by half.
fn check(manifest: &Manifest, files: &Files, form: Form) -> Result<Outcome, CommandError> {
    let mut outcome = Outcome::Good;
    for function in manifest.functions.values() {
        files.check(&function.wasm)?;
    }
    for machine in manifest.machines.values() {
        let text = files.read_text(&machine.file)?;
        let shown = files.shown(&machine.file);
        if findings(&shown, &text, machine.machine_type).say_errors(form)? == Outcome::Failed {
            outcome = Outcome::Failed;
        }
    }
    Ok(outcome)
}
