//! `stepwell logs`: what guests logged, as Lambda words it.

use crate::client::{Client, ClientArgs, segment};
use crate::exit::{CommandError, Outcome};
use crate::output::{Form, note, say, say_json};
use crate::runs;
use http_body_util::BodyExt as _;
use serde_json::json;
use stepwell_types::ExecutionKind;

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
        let arn = runs::find(&client, &args.of).await?;
        if arn.kind == ExecutionKind::Standard {
            // An execution that never was has no log, either.
            runs::describe(&client, &arn).await?;
        }
        format!("/executions/{}", segment(&arn.to_string()))
    } else {
        format!("/functions/{}", segment(&args.of))
    };
    let follow = if args.follow { "?follow=true" } else { "" };
    let mut body = client.v1_stream(&format!("{path}/logs{follow}")).await?;
    let form = args.client.form();
    let mut pending: Vec<u8> = Vec::new();
    let mut is_empty = true;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| client.gone(&error))?;
        is_empty = false;
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
    if args.follow {
        // Only the server ends what is followed.
        return Err(client.gone(&std::io::Error::other("it has stopped")));
    }
    if is_empty && form == Form::Human {
        note("nothing is kept that it logged: logs are in memory, as long as the server runs");
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
