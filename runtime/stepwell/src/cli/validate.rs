//! `stepwell validate`: checks definitions without a server, every finding at once.

use crate::exit::{CommandError, Outcome};
use crate::findings::findings;
use crate::manifest::MachineType;
use crate::output::{Form, GOOD, paint, say, say_json};
use std::path::{Path, PathBuf};

/// Arguments of `validate`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Definitions; `${Name}` stands for the ARN of a function.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Standard or Express.
    #[arg(long = "type", value_enum, default_value_t)]
    machine_type: MachineType,
    /// Print JSON: one object for each file.
    #[arg(long)]
    json: bool,
}

/// Prints all findings; fails if one of them is an error.
pub(crate) fn run(args: &Args) -> Result<Outcome, CommandError> {
    let form = if args.json { Form::Json } else { Form::Human };
    let mut outcome = Outcome::Good;
    for path in &args.files {
        let text = read(path)?;
        let findings = findings(&path.display().to_string(), &text, args.machine_type);
        match form {
            Form::Json => say_json(&findings.json())?,
            Form::Human if findings.is_empty() => {
                say(&format!("{}: {}", findings.name(), paint(GOOD, "ok")))?;
            }
            Form::Human => say(&findings.render())?,
        }
        if findings.errors() > 0 {
            outcome = Outcome::Failed;
        }
    }
    Ok(outcome)
}

/// Reads a definition.
pub(crate) fn read(path: &Path) -> Result<String, CommandError> {
    std::fs::read_to_string(path).map_err(|error| CommandError::usage(format!("{}: {error}", path.display())))
}
