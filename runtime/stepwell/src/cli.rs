//! The command line: one file per command.

mod demo;
mod deploy;
mod dev;
mod doctor;
mod env;
mod exec;
mod invoke;
mod logs;
mod run;
mod serve;
mod validate;

pub(crate) use dev::default_folder;

use crate::exit::{CommandError, Outcome};
use clap::{Parser, Subcommand};

/// AWS Step Functions and Lambda on one box: real state machines drive WebAssembly tasks.
#[derive(Debug, Parser)]
#[command(name = "stepwell", version, disable_help_subcommand = true, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a server for development: loopback only, any credentials, durable.
    Dev(dev::Args),
    /// Run a server for production (comes with the identity work).
    Serve(serve::Args),
    /// Show the main job for real: deploy, run, kill -9, resume, check.
    Demo(demo::Args),
    /// Upload what stepwell.toml names: functions, then state machines.
    Deploy(deploy::Args),
    /// Create a state machine from a file, run it and show what happened.
    Run(run::Args),
    /// Invoke a function.
    Invoke(invoke::Args),
    /// Show what a function, or an execution's functions, logged.
    Logs(logs::Args),
    /// List, show, watch and stop executions.
    Exec(exec::Args),
    /// Check definitions without a server.
    Validate(validate::Args),
    /// Print the environment that points AWS tools at the server: eval "$(stepwell env)".
    Env(env::Args),
    /// Check this machine, the data folder and the server.
    Doctor(doctor::Args),
}

impl Cli {
    /// Runs the command.
    pub(crate) async fn run(self) -> Result<Outcome, CommandError> {
        match self.command {
            Command::Dev(args) => dev::run(args).await,
            Command::Serve(args) => serve::run(&args),
            Command::Demo(args) => demo::run(args).await,
            Command::Deploy(args) => deploy::run(args).await,
            Command::Run(args) => run::run(args).await,
            Command::Invoke(args) => invoke::run(args).await,
            Command::Logs(args) => logs::run(args).await,
            Command::Exec(args) => exec::run(args).await,
            Command::Validate(args) => validate::run(&args),
            Command::Env(args) => env::run(&args),
            Command::Doctor(args) => doctor::run(args).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
