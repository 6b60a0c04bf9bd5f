//! Each misbehaving guest, through a real server: it is stopped within its limit, its error is the documented one,
//! and another function keeps answering in the meantime.

use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use stepwell_tests::aws::Settings;
use stepwell_tests::http::{Answer, Connection};
use stepwell_tests::server::Server;

/// Beyond a guest's limit, what a busy machine may add before the caller has the answer.
const ALLOWANCE: Duration = Duration::from_secs(10);
/// The longest that the other function may need while a guest misbehaves.
const OTHER_MAX: Duration = Duration::from_secs(5);
/// The other function's answers, at least, while a guest misbehaves for a second.
const OTHER_ANSWERS_MIN: u32 = 5;

/// One server for all: what misbehaves must not disturb the others.
static SERVER: LazyLock<Server> = LazyLock::new(|| {
    let server = Server::start();
    server.function("other", "echo", Settings::default());
    server
});

fn invoke(connection: &mut Connection, function: &str, event: &str) -> Answer {
    let path = format!("/2015-03-31/functions/{function}/invocations");
    connection.request("POST", &path, &[], event.as_bytes()).expect("the server answers")
}

/// Somebody else, who calls a function all the time.
struct Other {
    stopping: Arc<AtomicBool>,
    caller: JoinHandle<(u32, Duration)>,
}

impl Other {
    fn begin() -> Self {
        let stopping = Arc::new(AtomicBool::new(false));
        let caller = {
            let stopping = Arc::clone(&stopping);
            let mut connection = SERVER.connection();
            std::thread::spawn(move || {
                let (mut answers, mut slowest) = (0, Duration::ZERO);
                while !stopping.load(Ordering::Relaxed) {
                    let called = Instant::now();
                    let answer = invoke(&mut connection, "other", r#"{"still":"here"}"#);
                    assert_eq!((answer.status, answer.text().as_str()), (200, r#"{"still":"here"}"#));
                    slowest = slowest.max(called.elapsed());
                    answers += 1;
                }
                (answers, slowest)
            })
        };
        Self { stopping, caller }
    }

    /// How many answers it had, and the slowest.
    fn end(self) -> (u32, Duration) {
        self.stopping.store(true, Ordering::Relaxed);
        self.caller.join().expect("the other function answers")
    }
}

/// What a guest that misbehaves must come to.
struct Expected<'a> {
    component: &'a str,
    settings: Settings<'a>,
    error: &'a str,
    message: &'a str,
}

/// Runs a guest from outside, and as a state machine's task; both are stopped within `limit`.
#[track_caller]
fn check(limit: Duration, expected: Expected<'_>) {
    let Expected { component, settings, error, message } = expected;
    let arn = SERVER.function(component, component, settings);
    let other = Other::begin();
    let called = Instant::now();
    let answer = invoke(&mut SERVER.connection(), component, "{}");
    let took = called.elapsed();
    let (answers, slowest) = other.end();

    assert_eq!(
        (answer.status, answer.header("x-amz-function-error")),
        (200, "Unhandled"),
        "{}",
        answer.text()
    );
    let payload = answer.json();
    assert_eq!(payload["errorType"], error, "{payload}");
    let text = payload["errorMessage"].as_str().unwrap_or_default();
    assert!(text.contains(message), "`{message}` is not in {payload}");
    assert!(took < limit + ALLOWANCE, "{component} was stopped after {took:?}");
    assert!(slowest < OTHER_MAX, "another function took {slowest:?}");
    let fewest = f64::from(OTHER_ANSWERS_MIN) * took.as_secs_f64();
    assert!(f64::from(answers) >= fewest.floor(), "{answers} answers in {took:?}");
    eprintln!(
        "{component}: stopped after {took:.1?}; another function had {answers} answers, the slowest in {slowest:.1?}"
    );

    // A state machine sees the error's name, and the payload as the cause.
    let machine = json!({"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": arn, "End": true}}});
    let machine = SERVER.machine(component, "STANDARD", &machine);
    let described = SERVER.closed(&SERVER.execution(&machine, &json!({})));
    assert_eq!((&described["status"], &described["error"]), (&json!("FAILED"), &json!(error)), "{described}");
    let cause: Value =
        serde_json::from_str(described["cause"].as_str().unwrap_or_default()).unwrap_or_default();
    assert_eq!(cause["errorType"], error, "{described}");
}

#[test]
fn spins_forever() {
    let settings = Settings { timeout_s: Some(2), ..Settings::default() };
    let message = "Task timed out after 2.00 seconds";
    check(
        Duration::from_secs(2),
        Expected { component: "spin", settings, error: "Sandbox.Timedout", message },
    );
}

#[test]
fn uses_up_its_fuel() {
    let tags = [("stepwell:fuel", "1000000")];
    SERVER.function(
        "spin-little",
        "spin",
        Settings { timeout_s: Some(60), tags: &tags, ..Settings::default() },
    );
    let other = Other::begin();
    let payload = invoke(&mut SERVER.connection(), "spin-little", "{}").json();
    other.end();
    assert_eq!(payload["errorType"], "Runtime.OutOfFuel", "{payload}");
    assert!(
        payload["errorMessage"].as_str().is_some_and(|text| text.contains("1000000 units of fuel")),
        "{payload}"
    );
    // The log names the limit and what to do about it.
    let log = SERVER.plain("GET", "/v1/functions/spin-little/logs", "").text();
    assert!(log.contains("stepwell:fuel"), "{log}");
}

#[test]
fn eats_memory() {
    let settings = Settings { timeout_s: Some(30), memory_mb: Some(128), ..Settings::default() };
    let message = "signal: killed";
    check(
        Duration::from_secs(30),
        Expected { component: "eat-memory", settings, error: "Runtime.OutOfMemory", message },
    );
}

#[test]
fn recurses() {
    let settings = Settings { timeout_s: Some(30), ..Settings::default() };
    check(
        Duration::from_secs(30),
        Expected { component: "recurse", settings, error: "Runtime.Trap", message: "call stack exhausted" },
    );
}

#[test]
fn traps() {
    let settings = Settings { timeout_s: Some(30), ..Settings::default() };
    check(
        Duration::from_secs(30),
        Expected { component: "trap", settings, error: "Runtime.Trap", message: "wasm trap: " },
    );
}

#[test]
fn returns_too_much() {
    let settings = Settings { timeout_s: Some(30), ..Settings::default() };
    let message = "Response payload size exceeded maximum allowed payload size (6291556 bytes).";
    check(
        Duration::from_secs(30),
        Expected { component: "return-10mb", settings, error: "Function.ResponseSizeTooLarge", message },
    );
}

#[test]
fn returns_no_json() {
    let settings = Settings { timeout_s: Some(30), ..Settings::default() };
    let message = "Unable to marshal response: ";
    check(
        Duration::from_secs(30),
        Expected { component: "return-no-json", settings, error: "Runtime.MarshalError", message },
    );
}

#[test]
fn asks_for_the_network() {
    // The guest is told `access-denied` and names its own error.
    let settings = Settings { timeout_s: Some(30), ..Settings::default() };
    let message = "no access to 127.0.0.1:80";
    check(
        Duration::from_secs(30),
        Expected { component: "ask-network", settings, error: "Network.AccessDenied", message },
    );
}

#[test]
fn floods_its_log() {
    SERVER.function("flood-log", "flood-log", Settings { timeout_s: Some(60), ..Settings::default() });
    let other = Other::begin();
    let answer = invoke(&mut SERVER.connection(), "flood-log", "{}");
    let (_, slowest) = other.end();
    // Logging is cut, not punished.
    assert_eq!((answer.status, answer.text().as_str()), (200, r#"{"lines":100000}"#));
    assert!(slowest < OTHER_MAX, "another function took {slowest:?}");
    let log = SERVER.plain("GET", "/v1/functions/flood-log/logs", "").text();
    assert!(log.len() < 2 << 20, "{} bytes of log are kept", log.len());
    assert!(
        log.contains("\nHOST "),
        "the log says that it was cut: {}",
        &log[log.len().saturating_sub(400)..]
    );
}

#[test]
fn waits_beyond_its_time() {
    // Neither fuel nor a fuel meter stops one that waits in the host.
    let settings = Settings { timeout_s: Some(1), ..Settings::default() };
    let message = "Task timed out after 1.00 seconds";
    check(
        Duration::from_secs(1),
        Expected { component: "sleep-60", settings, error: "Sandbox.Timedout", message },
    );
}

#[test]
fn many_that_spin_leave_room_for_others() {
    let settings = Settings { timeout_s: Some(3), ..Settings::default() };
    SERVER.function("spin-many", "spin", settings);
    let other = Other::begin();
    let spinning: Vec<JoinHandle<Answer>> = (0..8)
        .map(|_| {
            let mut connection = SERVER.connection();
            std::thread::spawn(move || invoke(&mut connection, "spin-many", "{}"))
        })
        .collect();
    for one in spinning {
        let payload = one.join().expect("it is stopped").json();
        assert_eq!(payload["errorType"], "Sandbox.Timedout", "{payload}");
    }
    let (answers, slowest) = other.end();
    assert!(answers > 0 && slowest < OTHER_MAX, "{answers} answers, the slowest in {slowest:?}");
}
