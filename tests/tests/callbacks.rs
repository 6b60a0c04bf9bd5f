//! Task tokens through a real server: no recorded case has them, so these fixtures are our own.

use serde_json::{Value, json};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use stepwell_tests::aws::{Settings, assert_whole};
use stepwell_tests::http::Answer;
use stepwell_tests::server::Server;

static SERVER: LazyLock<Server> = LazyLock::new(|| {
    let server = Server::start();
    server.function("ask", "echo", Settings::default());
    server
});

/// An execution that waits for the answer to a token.
struct Waiting {
    execution: String,
    token: String,
}

/// Starts an execution of one callback task, with these fields beside the usual ones.
fn ask(fields: Value) -> Waiting {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let mut task = json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", "End": true,
        "Parameters": {"FunctionName": "ask", "Payload": {"token.$": "$$.Task.Token"}}});
    for (field, value) in fields.as_object().expect("fields") {
        task[field] = value.clone();
    }
    let name = format!("callback-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let mut states = json!({"Ask": task});
    if !states["Ask"]["Catch"].is_null() {
        states["Caught"] = json!({"Type": "Pass", "Result": "no sign of life", "End": true});
    }
    let machine = SERVER.machine(&name, "STANDARD", &json!({"StartAt": "Ask", "States": states}));
    let execution = SERVER.execution(&machine, &json!({}));
    let mut token = None;
    SERVER.until("a token", || {
        token = SERVER.history(&execution).iter().find_map(|event| {
            let parameters = event["taskScheduledEventDetails"]["parameters"].as_str()?;
            let parameters: Value = serde_json::from_str(parameters).ok()?;
            parameters["Payload"]["token"].as_str().map(ToOwned::to_owned)
        });
        token.is_some()
    });
    Waiting { execution, token: token.expect("it was waited for") }
}

impl Waiting {
    fn succeed(&self, output: &str) -> Answer {
        SERVER.states("SendTaskSuccess", json!({"taskToken": self.token, "output": output}))
    }

    fn fail(&self, error: &str, cause: &str) -> Answer {
        SERVER.states("SendTaskFailure", json!({"taskToken": self.token, "error": error, "cause": cause}))
    }

    fn beat(&self) -> Answer {
        SERVER.states("SendTaskHeartbeat", json!({"taskToken": self.token}))
    }

    /// How it ended: status, and output or error with cause.
    #[track_caller]
    fn check(&self, status: &str, output: Option<&str>, error: Option<&str>, cause: Option<&str>) {
        let described = SERVER.closed(&self.execution);
        let text = |key: &str| described[key].as_str().map(ToOwned::to_owned);
        assert_eq!(described["status"], status, "{described}");
        assert_eq!(text("output").as_deref(), output, "{described}");
        assert_eq!((text("error").as_deref(), text("cause").as_deref()), (error, cause), "{described}");
    }

    /// The kinds of its events.
    #[track_caller]
    fn check_events(&self, kinds: &[&str]) {
        let events = SERVER.history(&self.execution);
        assert_whole(&events);
        let found: Vec<&str> = events.iter().filter_map(|event| event["type"].as_str()).collect();
        assert_eq!(found, kinds);
    }

    /// Every answer comes too late.
    #[track_caller]
    fn check_expired(&self) {
        const LATE: &str = "Task Timed Out: 'Provided task does not exist anymore'";
        self.succeed("{}").refused(400, "TaskTimedOut", LATE);
        self.fail("E", "C").refused(400, "TaskTimedOut", LATE);
        self.beat().refused(400, "TaskTimedOut", LATE);
    }
}

#[test]
fn success() {
    let waiting = ask(json!({}));
    waiting.succeed(r#"{"approved":  true}"#).ok();
    waiting.check("SUCCEEDED", Some(r#"{"approved":  true}"#), None, None);
    waiting.check_events(&[
        "ExecutionStarted",
        "TaskStateEntered",
        "TaskScheduled",
        "TaskStarted",
        "TaskSubmitted",
        "TaskSucceeded",
        "TaskStateExited",
        "ExecutionSucceeded",
    ]);
}

#[test]
fn failure() {
    let waiting = ask(json!({}));
    waiting.fail("Approval.Refused", "not this year").ok();
    waiting.check("FAILED", None, Some("Approval.Refused"), Some("not this year"));
    waiting.check_events(&[
        "ExecutionStarted",
        "TaskStateEntered",
        "TaskScheduled",
        "TaskStarted",
        "TaskSubmitted",
        "TaskFailed",
        "ExecutionFailed",
    ]);
}

#[test]
fn a_used_token_is_used() {
    let waiting = ask(json!({}));
    waiting.succeed("1").ok();
    waiting.check_expired();
    waiting.check("SUCCEEDED", Some("1"), None, None);
    waiting.check_expired();
}

#[test]
fn a_late_token_is_late() {
    let waiting = ask(json!({"TimeoutSeconds": 1}));
    waiting.check("FAILED", None, Some("States.Timeout"), None);
    waiting.check_expired();
}

#[test]
fn a_missing_heartbeat_is_a_time_out() {
    let waiting = ask(json!({"TimeoutSeconds": 60, "HeartbeatSeconds": 1}));
    // AWS was recorded to call both time-outs by one name; what catches them tells them apart.
    waiting.check("FAILED", None, Some("States.Timeout"), None);
    waiting.check_expired();

    let caught = json!([{"ErrorEquals": ["States.HeartbeatTimeout"], "ResultPath": null, "Next": "Caught"}]);
    let waiting = ask(json!({"TimeoutSeconds": 60, "HeartbeatSeconds": 1, "Catch": caught}));
    waiting.check("SUCCEEDED", Some("\"no sign of life\""), None, None);
}

#[test]
fn heartbeats_keep_it_alive() {
    let waiting = ask(json!({"TimeoutSeconds": 60, "HeartbeatSeconds": 2}));
    for _ in 0..8 {
        std::thread::sleep(std::time::Duration::from_millis(500));
        waiting.beat().ok();
    }
    waiting.succeed("\"alive\"").ok();
    waiting.check("SUCCEEDED", Some("\"alive\""), None, None);
}

#[test]
fn tokens_that_nobody_gave_are_invalid() {
    let waiting = ask(json!({}));
    let mut forged = waiting.token.clone();
    let last = if forged.pop() == Some('A') { 'B' } else { 'A' };
    forged.push(last);
    for token in ["AAAA", "no token", forged.as_str()] {
        for (operation, more) in [
            ("SendTaskSuccess", json!({"output": "{}"})),
            ("SendTaskFailure", json!({})),
            ("SendTaskHeartbeat", json!({})),
        ] {
            let mut request = more;
            request["taskToken"] = json!(token);
            SERVER.states(operation, request).refused(400, "InvalidToken", "Invalid Token: 'Invalid token'");
        }
    }
    // Nothing of this has reached the execution.
    waiting.succeed("2").ok();
    waiting.check("SUCCEEDED", Some("2"), None, None);
}

#[test]
fn an_answer_that_is_no_json_is_refused() {
    let waiting = ask(json!({}));
    waiting.succeed("{").refused(400, "InvalidOutput", "Invalid Output: '");
    waiting.succeed("3").ok();
    waiting.check("SUCCEEDED", Some("3"), None, None);
}

#[test]
fn an_answer_survives_the_server() {
    // A server of its own, since it is killed.
    let server = Server::start();
    server.function("ask", "echo", Settings::default());
    let definition = json!({"StartAt": "Ask", "States": {"Ask": {"Type": "Task", "End": true,
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Parameters": {"FunctionName": "ask", "Payload": {"token.$": "$$.Task.Token"}}}}});
    let machine = server.machine("ask", "STANDARD", &definition);
    let execution = server.execution(&machine, &json!({}));
    let mut token = Value::Null;
    server.until("a token", || {
        let events = server.history(&execution);
        let submitted = events.iter().find(|event| event["type"] == "TaskSubmitted");
        let output = submitted.and_then(|event| event["taskSubmittedEventDetails"]["output"].as_str());
        let output: Value = output.and_then(|output| serde_json::from_str(output).ok()).unwrap_or_default();
        token = output["Payload"]["token"].clone();
        token.is_string()
    });
    let server = server.again();
    server.states("SendTaskSuccess", json!({"taskToken": token, "output": "4"})).ok();
    let server = server.again();
    assert_eq!(server.closed(&execution)["output"], "4");
    assert_whole(&server.history(&execution));
}
