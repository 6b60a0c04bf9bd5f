//! `cargo xtask bench`: the figures, each beside its limit.
//!
//! They stand in a package of their own (`xtask/bench`), built in release mode: xtask itself links neither the engine
//! nor wasmtime, so that `guests` and `codegen` stay quick to build.

use anyhow::{Context, Result, ensure};
use std::{ffi::OsString, process::Command};

/// Measure, and print each figure beside its limit; `cargo xtask bench -- --help` lists the options.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Handed on to the benchmark.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    options: Vec<OsString>,
}

/// Run the command.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["run", "--quiet", "--release", "--package", "stepwell-bench", "--"])
        .args(&arguments.options)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .status()
        .context("starting cargo")?;
    ensure!(status.success(), "the benchmark ended with {status}");
    Ok(())
}
