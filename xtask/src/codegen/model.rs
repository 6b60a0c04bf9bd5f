//! Reads the service models.

use super::Service;
use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// The models of all services, and the release of botocore that they come from.
pub(crate) struct Models {
    /// `1.43.11`
    pub(crate) version: String,
    models: Value,
}

/// Python reads them, since they may be compressed and only a Python installation has them.
const SCRIPT: &str = r#"
import gzip, importlib.util, json, os, re, sys
root = sys.argv[1]
if not root:
    found = importlib.util.find_spec("botocore")
    if not found:
        sys.exit(3)
    root = os.path.join(os.path.dirname(found.origin), "data")
def read(path):
    path = os.path.join(root, path, "service-2.json")
    if os.path.exists(path):
        return json.load(open(path))
    return json.load(gzip.open(path + ".gz"))
about = open(os.path.join(root, "..", "__init__.py")).read()
version = re.search(r"__version__ = ['\"](.*)['\"]", about).group(1)
json.dump({"version": version, "models": {path: read(path) for path in sys.argv[2:]}}, sys.stdout)
"#;

/// Loads the models of these services; `None` where there is no Python or no botocore.
pub(crate) fn load(folder: Option<&Path>, services: &[Service]) -> Result<Option<Models>> {
    let mut python = Command::new("python3");
    python.arg("-c").arg(SCRIPT).arg(folder.unwrap_or(Path::new("")));
    python.args(services.iter().map(path_of));
    let output = match python.output() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        output => output.context("cannot run python3")?,
    };
    match output.status.code() {
        Some(0) => {}
        Some(3) => return Ok(None),
        _ => bail!("cannot read the models: {}", String::from_utf8_lossy(&output.stderr).trim()),
    }
    let mut answer: Value = serde_json::from_slice(&output.stdout)?;
    let version = answer["version"].as_str().context("no version")?.to_owned();
    Ok(Some(Models { version, models: answer["models"].take() }))
}

fn path_of(service: &Service) -> String {
    format!("{}/{}", service.model, service.version)
}

impl Models {
    /// A service's model.
    pub(crate) fn of(&self, service: &Service) -> &Value {
        &self.models[path_of(service).as_str()]
    }
}

/// The values of an enum in the order in which AWS prints them.
///
/// Recorded for `ExecutionStatus`: `[SUCCEEDED, TIMED_OUT, PENDING_REDRIVE, ABORTED, FAILED, RUNNING]`, which is the
/// order of a hash table of 32 buckets over Java's string hash, later entries of a bucket first.
pub(crate) fn printed_order<'a>(values: &[&'a str]) -> Vec<&'a str> {
    const BUCKETS: u32 = 32;
    let mut ordered: Vec<&str> = values.iter().rev().copied().collect();
    ordered.sort_by_key(|value| {
        value.encode_utf16().fold(0_u32, |hash, unit| hash.wrapping_mul(31).wrapping_add(u32::from(unit)))
            % BUCKETS
    });
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enum_values_are_printed_as_recorded() {
        let model = ["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE"];
        let recorded = ["SUCCEEDED", "TIMED_OUT", "PENDING_REDRIVE", "ABORTED", "FAILED", "RUNNING"];
        assert_eq!(printed_order(&model), recorded);
    }
}
