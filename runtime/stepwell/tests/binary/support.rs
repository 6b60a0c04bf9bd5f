//! A real server process, and the binary's commands against it.

use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long anything may take before a test has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A folder of the repository.
pub(crate) fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The example workflows.
pub(crate) fn workflows() -> PathBuf {
    repository().join("guest-examples/workflows")
}

/// The binary, without what the environment says of servers and AWS.
pub(crate) fn stepwell() -> Command {
    in_clean_environment(BINARY)
}

const BINARY: &str = env!("CARGO_BIN_EXE_stepwell");

fn in_clean_environment(program: &str) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let name_text = name.to_string_lossy();
        if ["AWS_", "STEPWELL_", "RUST_LOG", "NO_COLOR", "CLICOLOR"]
            .iter()
            .any(|own| name_text.starts_with(own))
        {
            command.env_remove(&name);
        }
    }
    command.stdin(Stdio::null());
    command
}

/// What a command did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let Output { status, stdout, stderr } = output;
        Self { code: status.code().unwrap_or(-1), stdout: text(stdout), stderr: text(stderr) }
    }

    /// The output as JSON, of a command that must have gone well.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.code, 0, "{self:?}");
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    #[track_caller]
    pub(crate) fn expect(self, code: i32, stdout: &str, stderr: &str) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        assert!(self.stdout.contains(stdout), "`{stdout}` is not in the output of {self:?}");
        assert!(self.stderr.contains(stderr), "`{stderr}` is not in the errors of {self:?}");
        self
    }
}

/// Runs a command that needs no server.
pub(crate) fn run(args: &[&str]) -> Ran {
    Ran::of(stepwell().args(args).output().unwrap())
}

/// A server on a free port. Dropped, it is killed.
pub(crate) struct Server {
    process: Child,
    pub(crate) url: String,
    pub(crate) started: Value,
    folder: Option<TempDir>,
    data: PathBuf,
    /// The lines of its output after the first, as they come.
    said: Mutex<Receiver<String>>,
}

impl Server {
    /// A server on a fresh folder.
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let mut server = Self::on(&data);
        server.folder = Some(folder);
        server
    }

    /// A server on this folder.
    pub(crate) fn on(data: &Path) -> Self {
        Self::with(data, &[])
    }

    /// A server on this folder with further arguments.
    pub(crate) fn with(data: &Path, args: &[&str]) -> Self {
        let mut command = stepwell();
        command.args(["dev", "--port", "0", "--json", "--data"]).arg(data).args(args);
        Self::of(command, data)
    }

    /// A server on this folder that cannot make a file larger than this.
    pub(crate) fn with_files_of_at_most(data: &Path, kib: u32) -> Self {
        let limits = format!("trap '' XFSZ; ulimit -f {kib}; exec \"$0\" dev --port 0 --json --data \"$1\"");
        let mut command = in_clean_environment("bash");
        command.arg("-c").arg(limits).arg(BINARY).arg(data);
        Self::of(command, data)
    }

    /// A server that is started by this command.
    pub(crate) fn of(mut command: Command, data: &Path) -> Self {
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        let Ok(started) = serde_json::from_str::<Value>(&line) else {
            let mut said = String::new();
            process.stderr.take().unwrap().read_to_string(&mut said).unwrap();
            panic!("the server did not start: {line} {said}");
        };
        let url = started["address"].as_str().unwrap().to_owned();
        let (say, said) = std::sync::mpsc::channel();
        // Ends with the server, or with whoever listens.
        std::thread::spawn(move || stdout.lines().map_while(Result::ok).all(|line| say.send(line).is_ok()));
        Self { process, url, started, folder: None, data: data.to_owned(), said: Mutex::new(said) }
    }

    /// The next line that it says.
    #[track_caller]
    pub(crate) fn next_line(&self) -> Value {
        let line = self.said.lock().unwrap().recv_timeout(PATIENCE).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// Its data folder.
    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    /// Runs a command against it.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        Ran::of(self.command(args).output().unwrap())
    }

    /// A command against it, to be run.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = stepwell();
        command.args(args).env("STEPWELL_ENDPOINT", &self.url);
        command
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let pid = i32::try_from(self.process.id()).unwrap();
        rustix::process::kill_process(rustix::process::Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    /// Waits until it has ended; its exit code, and what it logged.
    pub(crate) fn ended(&mut self) -> (Option<i32>, String) {
        let give_up = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                let mut log = String::new();
                self.process.stderr.take().unwrap().read_to_string(&mut log).unwrap();
                return (status.code(), log);
            }
            assert!(Instant::now() < give_up, "the server does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// One request; status and body.
    pub(crate) fn request(&self, method: &str, path: &str, body: &str) -> std::io::Result<(u16, String)> {
        let host = self.url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(host)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").ok_or(std::io::ErrorKind::UnexpectedEof)?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        Ok((status.ok_or(std::io::ErrorKind::InvalidData)?, body.to_owned()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        drop(self.folder.take());
    }
}

/// A command that goes on, and what it says meanwhile. Dropped, it is killed.
pub(crate) struct Follower {
    process: Child,
    stdout: BufReader<std::process::ChildStdout>,
}

impl Follower {
    /// Starts it.
    pub(crate) fn start(mut command: Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(process.stdout.take().unwrap());
        Self { process, stdout }
    }

    /// Reads its lines up to one with this text.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, text: &str) {
        let mut line = String::new();
        while !line.contains(text) {
            line.clear();
            assert!(self.stdout.read_line(&mut line).unwrap() > 0, "`{text}` was not said");
        }
    }

    /// Waits until it has ended; its exit code, and what it complained about.
    pub(crate) fn ended(&mut self) -> (Option<i32>, String) {
        let mut stderr = String::new();
        self.process.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        (self.process.wait().unwrap().code(), stderr)
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Whether a tool is there. Where it is not, the test says so and passes, unless `STEPWELL_REQUIRE` names it.
pub(crate) fn has(tool: &str) -> bool {
    let found = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(tool).is_file()));
    if !found {
        let required = std::env::var("STEPWELL_REQUIRE").unwrap_or_default();
        assert!(
            !required.split(',').any(|required| required.trim() == tool),
            "{tool} is required and not there"
        );
        let mut stderr = std::io::stderr();
        writeln!(stderr, "skipped: needs {tool}").unwrap();
    }
    found
}
