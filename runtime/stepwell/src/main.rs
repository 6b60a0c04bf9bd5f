//! The `stepwell` binary: a server, and the commands that talk to one.
//!
//! Exit codes: 0 good, 1 a failed run, 2 usage, 3 no server.

#![forbid(unsafe_code)]

mod cli;
mod client;
mod demo;
mod deployment;
mod events;
mod exit;
mod findings;
mod manifest;
mod output;
mod runs;
mod server;
mod substitute;
mod telemetry;
mod watch;

use clap::Parser as _;
use std::process::ExitCode;
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long threads that are in the middle of something may hold up the process's end.
const SHUTDOWN_MAX: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::complain(&format!("the system gives no threads: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let ended = runtime.block_on(cli.run());
    runtime.shutdown_timeout(SHUTDOWN_MAX);
    exit::exit_code(ended)
}
