//! `stepwell serve`: production, which needs to know who is calling.

use crate::exit::{CommandError, Outcome};
use std::path::PathBuf;

/// Arguments of `serve`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The server's configuration.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Refuses: without identities there is no production.
pub(crate) fn run(args: &Args) -> Result<Outcome, CommandError> {
    let config =
        args.config.as_ref().map_or_else(String::new, |file| format!(" ({} was not read)", file.display()));
    Err(CommandError::usage(format!(
        "`serve` comes with the identity work: keys, signatures, tenants{config}; `stepwell dev` serves this machine"
    )))
}
