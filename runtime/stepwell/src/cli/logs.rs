//! `stepwell logs`: what guests logged, as Lambda words it.

use crate::client::{Client, ClientArgs, segment};
use crate::exit::{CommandError, Outcome};
use crate::output::{Form, say, say_json};
use crate::runs;
use http_body_util::BodyExt as _;
use serde_json::json;

/// Bytes of one line that are waited for before they are shown as they are.
const LINE_BYTES_MAX: usize = 1 << 20;

/// Arguments of `logs`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A function's name, or an execution: its ARN or MACHINE:NAME.
    #[arg(value_name = "FUNCTION|EXECUTION")]
    of: String,
    /// Go on with what comes, until Ctrl-C.
    #[arg(long, short)]
    follow: bool,
    #[command(flatten)]
    client: ClientArgs,
}

/// Prints the log; as JSON one object per line.
pub(crate) async fn run(args: Args) -> Result<Outcome, CommandError> {
    let client = Client::new(&args.client)?;
    // Names of functions have no colon.
    let path = if args.of.contains(':') && !args.of.contains(":function:") {
        format!("/executions/{}", segment(&runs::find(&client, &args.of).await?.to_string()))
    } else {
        format!("/functions/{}", segment(&args.of))
    };
    let follow = if args.follow { "?follow=true" } else { "" };
    let mut body = client.v1_stream(&format!("{path}/logs{follow}")).await?;
    let form = args.client.form();
    let mut pending: Vec<u8> = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { break };
        let Ok(data) = frame.into_data() else { continue };
        for piece in data.split_inclusive(|b| *b == b'\n') {
            pending.extend_from_slice(piece);
            if piece.ends_with(b"\n") || pending.len() > LINE_BYTES_MAX {
                line(form, &std::mem::take(&mut pending))?;
            }
        }
    }
    if !pending.is_empty() {
        line(form, &pending)?;
    }
    Ok(Outcome::Good)
}

fn line(form: Form, bytes: &[u8]) -> Result<(), CommandError> {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_end_matches(['\n', '\r']);
    match form {
        Form::Human => say(text),
        Form::Json => say_json(&json!({ "line": text })),
    }
}
