//! What a suite may need beyond git and cargo, and what happens where it is not there.

use std::process::{Command, Stdio};

/// Names what must not be skipped, separated by commas: `STEPWELL_REQUIRE=boto3,aws-cli`.
const REQUIRE_VARIABLE: &str = "STEPWELL_REQUIRE";

/// Something outside of the repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// The command `curl`, which can sign requests.
    Curl,
    /// The command `aws`.
    AwsCli,
    /// Python with boto3.
    Boto3,
    /// File systems of one's own: `unshare -m`, as root or as a user who may be root of a namespace.
    Mount,
    /// The recorded conformance cases beside the repository, `../shared/conformance`.
    ConformanceCases,
}

impl Tool {
    fn name(self) -> &'static str {
        match self {
            Self::Curl => "curl",
            Self::AwsCli => "aws-cli",
            Self::Boto3 => "boto3",
            Self::Mount => "mount",
            Self::ConformanceCases => "conformance-cases",
        }
    }

    fn is_there(self) -> bool {
        match self {
            Self::Curl => runs("curl", &["--version"]),
            Self::AwsCli => runs("aws", &["--version"]),
            Self::Boto3 => runs("python3", &["-c", "import boto3"]),
            Self::Mount => crate::small_disk::can_be_mounted(),
            Self::ConformanceCases => {
                crate::repository().join("../shared/conformance/run_conformance.py").is_file()
            }
        }
    }
}

/// Whether all of these are there. Where one is not, the test says so and passes.
///
/// # Panics
/// If one is not there that `STEPWELL_REQUIRE` names.
#[must_use]
#[track_caller]
pub fn has(tools: &[Tool]) -> bool {
    let Some(missing) = tools.iter().find(|tool| !tool.is_there()) else { return true };
    let name = missing.name();
    let required = std::env::var(REQUIRE_VARIABLE).unwrap_or_default();
    assert!(!required.split(',').any(|required| required.trim() == name), "{name} is required and not there");
    eprintln!("skipped: needs {name}");
    false
}

fn runs(program: &str, args: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
