//! A real server process on a data folder: started, killed, stopped, started again.

use crate::http::{self, Answer, Connection};
use crate::{PATIENCE, binary};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The binary, without what the environment says of servers, AWS and logs.
#[must_use]
pub fn stepwell() -> Command {
    let mut command = Command::new(binary::path());
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if ["AWS_", "STEPWELL_", "RUST_LOG", "NO_COLOR", "CLICOLOR"].iter().any(|own| text.starts_with(own)) {
            command.env_remove(&name);
        }
    }
    command.stdin(Stdio::null());
    command
}

/// The same program under another path, or another one that becomes it.
#[must_use]
pub fn stepwell_by(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null());
    for (name, value) in stepwell().get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

/// The binary, after a line of shell has set its limits.
#[must_use]
pub fn stepwell_after(shell: &str) -> Command {
    let mut command = stepwell_by("sh");
    command.args(["-c", &format!("{shell}; exec \"$@\""), "sh"]).arg(stepwell().get_program());
    command
}

/// A server that did not start.
#[derive(Debug)]
pub struct Refused {
    /// Its exit code.
    pub code: Option<i32>,
    /// What it said.
    pub stderr: String,
}

/// A server. Dropped, it is killed.
#[derive(Debug)]
pub struct Server {
    process: Child,
    /// `127.0.0.1:PORT`
    pub host: String,
    data: PathBuf,
    log: PathBuf,
    _watchdog: Watchdog,
    /// Removed at the end, where the server has a folder of its own.
    folder: Option<TempDir>,
}

/// Ends a server whose test has ended without dropping it: statics never are, and a test may be killed.
#[derive(Debug)]
struct Watchdog(Child);

impl Watchdog {
    /// Waits for the end of its input, which is the end of this process.
    fn of(server: &Child, folder: Option<&TempDir>) -> Self {
        let script = "read -r _; kill -9 \"$1\" 2> /dev/null; [ -z \"$2\" ] || rm -rf -- \"$2\"";
        let mut command = Command::new("sh");
        command.args(["-c", script, "watchdog", &server.id().to_string()]);
        command.arg(folder.map_or(Path::new(""), TempDir::path));
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().expect("sh runs"))
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Server {
    /// A server on a fresh folder.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    #[track_caller]
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let data = folder.path().join("data");
        Self::run_on(stepwell(), &data, Some(folder)).unwrap_or_else(|refused| panic!("{refused:?}"))
    }

    /// A server on this folder.
    ///
    /// # Errors
    /// If it refuses to start.
    ///
    /// # Panics
    /// If it says something else than where it is.
    pub fn on(data: &Path) -> Result<Self, Refused> {
        Self::run_on(stepwell(), data, None)
    }

    /// A server on this folder that can make no file larger than so many bytes: what the next write finds is what it
    /// would find on a disk that is full.
    ///
    /// # Errors
    /// If it refuses to start.
    ///
    /// # Panics
    /// If it says something else than where it is.
    pub fn with_files_up_to(data: &Path, bytes: u64) -> Result<Self, Refused> {
        const BLOCK_BYTES: u64 = 512;
        // The signal that comes with the limit would end the process before it sees the error.
        let limit = format!("trap '' XFSZ; ulimit -f {}", bytes / BLOCK_BYTES);
        Self::run_on(stepwell_after(&limit), data, None)
    }

    /// A server that this command starts, the binary's own or what has become of it ([`stepwell`]).
    ///
    /// # Errors
    /// If it refuses to start.
    ///
    /// # Panics
    /// If it says something else than where it is.
    pub fn by(command: Command, data: &Path) -> Result<Self, Refused> {
        Self::run_on(command, data, None)
    }

    fn run_on(mut command: Command, data: &Path, folder: Option<TempDir>) -> Result<Self, Refused> {
        let log = data.with_extension("log");
        let stderr = File::options().create(true).append(true).open(&log).expect("a log can be written");
        let mut process = command
            .args(["dev", "--port", "0", "--json", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .expect("the binary runs");
        let watchdog = Watchdog::of(&process, folder.as_ref());
        let mut line = String::new();
        let stdout = process.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut line).expect("it says UTF-8");
        if line.is_empty() {
            let code = process.wait().expect("it has ended").code();
            return Err(Refused { code, stderr: std::fs::read_to_string(&log).unwrap_or_default() });
        }
        let started: Value = serde_json::from_str(&line).expect("it says JSON");
        let host = started["address"].as_str().and_then(|url| url.strip_prefix("http://"));
        let host = host.expect("it says where it is").to_owned();
        Ok(Self { process, host, data: data.to_owned(), log, _watchdog: watchdog, folder })
    }

    /// Its data folder.
    #[must_use]
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// `http://127.0.0.1:PORT`
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.host)
    }

    /// What all servers on this folder have logged.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Ends it at once, as a crash would.
    pub fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// Asks it to stop.
    ///
    /// # Panics
    /// If it is gone already.
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Sends it a signal.
    ///
    /// # Panics
    /// If it is gone already.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.expect("a process has an id"), signal).expect("it is there");
    }

    /// Its process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Waits until it has ended; its exit code.
    ///
    /// # Panics
    /// If it does not end.
    pub fn ended(&mut self) -> Option<i32> {
        let give_up = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.process.try_wait().expect("it is ours") {
                return status.code();
            }
            assert!(Instant::now() < give_up, "the server does not end: {}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Whether it still runs.
    pub fn is_up(&mut self) -> bool {
        self.process.try_wait().is_ok_and(|status| status.is_none())
    }

    /// Starts another one on the same folder, after this one has ended; it listens on another port.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn again(mut self) -> Self {
        self.kill();
        let folder = self.folder.take();
        Self::run_on(stepwell(), &self.data, folder).unwrap_or_else(|refused| panic!("{refused:?}"))
    }

    /// A connection to it.
    #[must_use]
    pub fn connection(&self) -> Connection {
        Connection::new(&self.host)
    }

    /// One plain request.
    ///
    /// # Panics
    /// If there is no answer.
    #[track_caller]
    pub fn plain(&self, method: &str, path: &str, body: impl AsRef<[u8]>) -> Answer {
        http::request(&self.host, method, path, &[], body.as_ref())
            .unwrap_or_else(|error| panic!("{method} {path}: {error}; {}", self.log()))
    }

    /// Runs one of the binary's commands against it.
    ///
    /// # Panics
    /// If the binary does not run.
    pub fn run(&self, args: &[&str]) -> Output {
        stepwell().args(args).env("STEPWELL_ENDPOINT", self.url()).output().expect("the binary runs")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
