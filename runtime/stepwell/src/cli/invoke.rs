//! `stepwell invoke`: one call of one function, through Lambda's API.

use crate::client::{Client, ClientArgs, segment};
use crate::exit::{CommandError, Outcome};
use crate::output::{self, Form, say_json, say_raw};
use crate::runs;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{HeaderMap, HeaderValue};
use serde_json::{Value, json};

/// Arguments of `invoke`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The function: a name, `NAME:VERSION`, or an ARN.
    function: String,
    /// The event: JSON, @FILE, or - for stdin.
    #[arg(long, short, value_name = "JSON")]
    input: Option<String>,
    /// Show what it logged (its last 4 KiB).
    #[arg(long)]
    log: bool,
    #[command(flatten)]
    client: ClientArgs,
}

/// Invokes, prints the answer, and fails where the function failed.
pub(crate) async fn run(args: Args) -> Result<Outcome, CommandError> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-_.:$".contains(c);
    if args.function.is_empty() || !args.function.chars().all(is_name) {
        return Err(CommandError::usage(format!("`{}` is no function's name", args.function)));
    }
    let client = Client::new(&args.client)?;
    let event = runs::input(args.input.as_deref())?;
    let mut headers = HeaderMap::new();
    headers.insert("x-amz-log-type", HeaderValue::from_static("Tail"));
    let path = format!("/functions/{}/invocations", segment(&args.function));
    let answer = client.invoke(&path, headers, event.into()).await?;
    let header = |name: &str| answer.headers.get(name)?.to_str().ok().map(ToOwned::to_owned);
    let error = header("x-amz-function-error");
    let log = header("x-amz-log-result").and_then(|log| STANDARD.decode(log).ok());
    let log = log.map(|log| String::from_utf8_lossy(&log).into_owned()).unwrap_or_default();
    match args.client.form() {
        Form::Json => say_json(&json!({
            "functionError": error,
            "version": header("x-amz-executed-version"),
            "payload": serde_json::from_slice::<Value>(&answer.body).unwrap_or_default(),
            "log": log,
        }))?,
        Form::Human => {
            // The log of a failure names the limit that fired, and what to do about it.
            if args.log || error.is_some() {
                output::note(log.trim_end());
            }
            say_raw(&answer.body)?;
        }
    }
    Ok(if error.is_none() { Outcome::Good } else { Outcome::Failed })
}
