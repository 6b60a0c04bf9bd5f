//! How a server ends, by whatever signal and at whatever moment, and that nobody hears it does not end it.

use rustix::process::Signal;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use stepwell_tests::aws::{Settings, assert_whole, states};
use stepwell_tests::http::{self, Answer};
use stepwell_tests::server::{Server, stepwell};

/// How long requests that are under way may take when the server ends, and what a busy machine may add.
const GRACE_MAX: Duration = Duration::from_secs(30);

const ECHO: &str = "arn:aws:lambda:us-east-1:000000000000:function:echo";

/// A machine that calls a function, whose log shows it, and rests.
fn machine(server: &Server, name: &str, machine_type: &str) -> String {
    let definition = json!({"StartAt": "Echo", "States": {
        "Echo": {"Type": "Task", "Resource": ECHO, "Next": "Rest"},
        "Rest": {"Type": "Wait", "SecondsPath": "$.seconds", "End": true}}});
    server.machine(name, machine_type, &definition)
}

/// A call that somebody waits for, under way.
fn call(server: &Server, arn: &str, seconds: u32) -> mpsc::Receiver<std::io::Result<Answer>> {
    let (told, answer) = mpsc::channel();
    let (mut connection, arn) = (server.connection(), arn.to_owned());
    let parameters = json!({"stateMachineArn": arn, "input": json!({"seconds": seconds}).to_string()});
    std::thread::spawn(move || told.send(states(&mut connection, "StartSyncExecution", &parameters)));
    answer
}

/// Calls that have come as far as their function.
fn under_way(server: &Server) -> usize {
    server.plain("GET", "/v1/functions/echo/logs", "").text().matches("REPORT RequestId").count()
}

#[test]
fn calls_under_way_are_answered_or_refused() {
    let mut server = Server::start();
    server.function("echo", "echo", Settings::default());
    let arn = machine(&server, "rest", "EXPRESS");
    let calls = [call(&server, &arn, 1), call(&server, &arn, 200)];
    server.until("the calls", || under_way(&server) >= calls.len());
    let begin = Instant::now();
    server.terminate();
    let [short, long] = calls.map(|call| call.recv().expect("the client tells"));
    let short = short.expect("there is an answer");
    assert_eq!((short.status, &short.json()["status"]), (200, &json!("SUCCEEDED")), "{}", short.text());
    long.expect("there is an answer").refused(503, "ServiceUnavailable", "the server is stopping");
    assert_eq!(server.ended(), Some(0), "{}", server.log());
    assert!(begin.elapsed() < GRACE_MAX, "{:?}", begin.elapsed());
}

#[test]
fn streams_without_an_end_are_ended() {
    let mut server = Server::start();
    server.function("echo", "echo", Settings::default());
    let mut follower = TcpStream::connect(&server.host).expect("the server listens");
    write!(follower, "GET /v1/functions/echo/logs?follow=true HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .expect("the server reads");
    let mut begin = [0; 15];
    follower.read_exact(&mut begin).expect("the server answers");
    assert_eq!(&begin, b"HTTP/1.1 200 OK");
    // One that has not asked anything yet does not hold up the end either.
    let silent = TcpStream::connect(&server.host).expect("the server listens");
    server.terminate();
    let mut rest = String::new();
    follower.read_to_string(&mut rest).expect("the connection ends well");
    assert!(rest.ends_with("\r\n0\r\n\r\n"), "{rest}");
    assert_eq!(server.ended(), Some(0), "{}", server.log());
    assert!(!server.log().contains("connections were still open"), "{}", server.log());
    drop(silent);
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let mut server = Server::start();
    server.function("echo", "echo", Settings::default());
    let standard = machine(&server, "durable", "STANDARD");
    let arn = machine(&server, "rest", "EXPRESS");
    let execution = server.execution(&standard, &json!({"seconds": 1}));
    let _call = call(&server, &arn, 200);
    server.until("the calls", || under_way(&server) >= 2);
    server.terminate();
    server.until("the first signal", || server.log().contains("another signal stops at once"));
    server.terminate();
    assert_eq!(server.ended(), Some(130), "{}", server.log());
    let server = server.again();
    assert_eq!(server.closed(&execution)["status"], "SUCCEEDED");
}

#[test]
fn an_interrupt_ends_it_as_well_as_a_termination() {
    for signal in [Signal::INT, Signal::TERM] {
        let mut server = Server::start();
        server.signal(signal);
        assert_eq!(server.ended(), Some(0), "{signal:?}: {}", server.log());
    }
}

#[test]
fn a_closed_terminal_ends_it_unless_it_shall_outlive_it() {
    let mut server = Server::start();
    server.signal(Signal::HUP);
    if hang_ups_are_ignored() {
        // Below `nohup` a server inherits that it does not hear it, and goes on.
        assert_eq!(server.plain("GET", "/v1/functions/nobody", "").status, 404);
        server.terminate();
        assert_eq!(server.ended(), Some(0), "{}", server.log());
    } else {
        assert_eq!(server.ended(), None, "the signal's own end: {}", server.log());
    }
}

/// Whether this process, and so each that it starts, ignores SIGHUP.
fn hang_ups_are_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap_or("0");
    u64::from_str_radix(ignored.trim(), 16).is_ok_and(|ignored| ignored & 1 == 1)
}

/// A process that was started by hand. Dropped, it is killed.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The server of a process that was started by hand.
fn host_of(process: &mut Child) -> String {
    let mut line = String::new();
    let stdout = process.stdout.take().expect("it is piped");
    BufReader::new(stdout).read_line(&mut line).expect("it says UTF-8");
    let started: Value = serde_json::from_str(&line).expect("it says JSON");
    let address = started["address"].as_str().and_then(|url| url.strip_prefix("http://"));
    address.expect("it says where it is").to_owned()
}

#[test]
fn a_server_that_nobody_hears_goes_on() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let process = stepwell()
        .args(["dev", "--port", "0", "--json", "--data"])
        .arg(folder.path().join("data"))
        .env("RUST_LOG", "debug")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut process = Process(process);
    let host = host_of(&mut process.0);
    // Both pipes are closed from here on, and there is much to say.
    drop(process.0.stderr.take());
    let answer = |method: &str, path: &str, headers: &[(&str, &str)], body: &str| {
        http::request(&host, method, path, headers, body.as_bytes()).expect("the server answers")
    };
    let pass = r#"{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"#;
    assert_eq!(answer("PUT", "/v1/state-machines/p", &[], pass).status, 201);
    for _ in 0..10 {
        assert_eq!(answer("GET", "/healthz", &[("Origin", "https://example.com")], "").status, 403);
        assert_eq!(answer("POST", "/v1/state-machines/p/executions?wait=30s", &[], "[1]").status, 200);
    }
    let pid = i32::try_from(process.0.id()).ok().and_then(rustix::process::Pid::from_raw);
    rustix::process::kill_process(pid.expect("it has an id"), Signal::TERM).expect("it runs");
    let give_up = Instant::now() + stepwell_tests::PATIENCE;
    let code = loop {
        if let Some(status) = process.0.try_wait().expect("it is ours") {
            break status.code();
        }
        assert!(Instant::now() < give_up, "it does not end");
        std::thread::yield_now();
    };
    assert_eq!(code, Some(0));
}

/// Bytes that a process has read and written.
fn moved_bytes(pid: u32) -> Option<u64> {
    let io = std::fs::read_to_string(format!("/proc/{pid}/io")).ok()?;
    let field = |name: &str| io.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok());
    Some(field("rchar:")? + field("wchar:")?)
}

/// Starts a server and kills it when it has moved so many bytes, wherever that is; says how many it moved.
fn start_and_kill(data: &Path, bytes: u64) -> u64 {
    let mut process = stepwell()
        .args(["dev", "--port", "0", "--json", "--data"])
        .arg(data)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary runs");
    let mut moved = 0;
    while moved < bytes
        && process.try_wait().is_ok_and(|ended| ended.is_none())
        && let Some(now) = moved_bytes(process.id())
    {
        moved = moved.max(now);
        std::thread::yield_now();
    }
    let _ = process.kill();
    let _ = process.wait();
    moved
}

#[test]
fn a_kill_during_the_start_loses_nothing() {
    const KILLS: u64 = 12;
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let data = folder.path().join("data");
    let mut server = Server::on(&data).unwrap_or_else(|refused| panic!("{refused:?}"));
    let echo = server.function("echo", "echo", Settings::default());
    let definition = json!({"StartAt": "Rest", "States": {
        "Rest": {"Type": "Wait", "Seconds": 1, "Next": "Each"},
        "Each": {"Type": "Map", "ItemsPath": "$.items", "End": true, "ItemProcessor": {"StartAt": "Echo",
            "States": {"Echo": {"Type": "Task", "Resource": echo, "End": true}}}}}});
    let work = server.machine("work", "STANDARD", &definition);
    let items = json!(["x".repeat(10_000), "y".repeat(10_000)]);
    let executions: Vec<String> =
        (0..60).map(|_| server.execution(&work, &json!({"items": items}))).collect();
    server.kill();
    // A whole start tells how much there is to move; the log is replayed and recovery is at work then.
    let server = Server::on(&data).unwrap_or_else(|refused| panic!("{refused:?}"));
    let whole = moved_bytes(server.pid()).expect("it runs");
    drop(server);
    for kill in 1..=KILLS {
        start_and_kill(&data, whole * kill / KILLS);
    }
    let server = Server::on(&data).unwrap_or_else(|refused| panic!("{refused:?}"));
    for execution in &executions {
        let described = server.closed(execution);
        assert_eq!(described["output"], items.to_string(), "{described}");
        assert_whole(&server.history(execution));
    }
    assert!(!server.log().contains("panicked"), "{}", server.log());
}
