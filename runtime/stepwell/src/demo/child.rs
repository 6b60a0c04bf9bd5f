//! The demo's server: this very binary, as a process of its own, so that it can be killed.

use crate::client::Client;
use crate::exit::CommandError;
use anyhow::{Context as _, anyhow};
use serde_json::Value;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use stepwell_types::{AccountId, Region};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child as Process, Command};

/// How long the server may take to come up.
const START_MAX: Duration = Duration::from_secs(60);
/// How long it may take to stop in order.
const STOP_MAX: Duration = Duration::from_secs(40);
/// What it logs, in the data folder.
const LOG_FILE: &str = "server.log";

/// A server process. Dropped, it is killed.
pub(super) struct Child {
    process: Process,
    endpoint: String,
}

impl Child {
    /// Starts a server on a free port and waits until it says which.
    pub(super) async fn start(folder: &Path) -> anyhow::Result<Self> {
        let binary = std::env::current_exe().context("this program does not find itself")?;
        let log_path = folder.join(LOG_FILE);
        let log = File::options().create(true).append(true).open(&log_path);
        let log = log.with_context(|| format!("{} cannot be written", log_path.display()))?;
        let mut process = Command::new(binary)
            .args(["dev", "--port", "0", "--json", "--data"])
            .arg(folder)
            // The demo speaks for one account, whatever the environment says.
            .args(["--account", &AccountId::DEFAULT.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .context("the server cannot be started")?;
        let stdout = process.stdout.take().context("the server has no output")?;
        let mut lines = BufReader::new(stdout).lines();
        let said = tokio::time::timeout(START_MAX, lines.next_line()).await;
        let line =
            said.map_err(|_| anyhow!("the server did not come up within {} s", START_MAX.as_secs()))??;
        let started: Value = line.and_then(|line| serde_json::from_str(&line).ok()).unwrap_or_default();
        match started.get("address").and_then(Value::as_str) {
            Some(address) => Ok(Self { process, endpoint: address.to_owned() }),
            None => Err(anyhow!("the server did not come up; it says: {}", tail(&log_path))),
        }
    }

    /// Where it listens.
    pub(super) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// A client of it.
    pub(super) fn client(&self) -> Result<Client, CommandError> {
        Client::at(&self.endpoint, AccountId::DEFAULT, Region::default())
    }

    /// Ends it as a crash would: SIGKILL.
    pub(super) async fn kill(mut self) -> anyhow::Result<()> {
        self.process.kill().await.context("the server cannot be killed")
    }

    /// Ends it in order: SIGTERM.
    pub(super) async fn stop(mut self) -> anyhow::Result<()> {
        let pid = self.process.id().and_then(|pid| rustix::process::Pid::from_raw(i32::try_from(pid).ok()?));
        if let Some(pid) = pid {
            // It may have gone already, by the same Ctrl-C.
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let ended = tokio::time::timeout(STOP_MAX, self.process.wait()).await;
        let status =
            ended.map_err(|_| anyhow!("the server did not stop within {} s", STOP_MAX.as_secs()))??;
        if status.success() { Ok(()) } else { Err(anyhow!("the server ended with {status}")) }
    }
}

/// The end of a log.
fn tail(path: &PathBuf) -> String {
    let log = std::fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<&str> = log.lines().rev().take(3).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}
