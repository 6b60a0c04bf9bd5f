//! `stepwell demo`: the main job for real, with a crash in the middle.

use crate::demo::Demo;
use crate::exit::{CommandError, Outcome};
use crate::output::{self, Form};
use anyhow::{Context as _, anyhow};
use std::io::IsTerminal as _;
use tokio::signal::unix::{SignalKind, signal};

/// Arguments of `demo`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Keep the data folder at the end.
    #[arg(long)]
    keep: bool,
    /// Print JSON: an object for each step and for each execution.
    #[arg(long)]
    json: bool,
}

/// Runs the demo. On a terminal its server stays up until Ctrl-C; elsewhere it ends with the demo.
pub(crate) async fn run(args: Args) -> Result<Outcome, CommandError> {
    let form = if args.json { Form::Json } else { Form::Human };
    let stays = form == Form::Human && std::io::stdout().is_terminal() && std::env::var_os("CI").is_none();
    let hear = |kind| signal(kind).context("signals cannot be heard");
    let mut terminate = hear(SignalKind::terminate())?;
    let mut interrupt = hear(SignalKind::interrupt())?;
    let mut demo = Demo::begin(form)?;
    if args.keep {
        demo.keep_folder();
    }
    let stopped = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    let mut stopped = std::pin::pin!(stopped);
    let outcome = tokio::select! {
        outcome = demo.run() => outcome?,
        () = &mut stopped => return Err(anyhow!("the demo was stopped").into()),
    };
    demo.say_where(stays)?;
    if stays {
        output::note("Ctrl-C ends the demo and its server");
        stopped.await;
    }
    demo.end().await?;
    Ok(outcome)
}
