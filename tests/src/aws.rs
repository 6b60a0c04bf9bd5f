//! AWS calls as the SDKs send them, without a signature: development mode takes any.

use crate::http::{Answer, Connection};
use crate::server::Server;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::io;
use std::time::{Duration, Instant};

/// A role; any well-formed one will do.
pub const ROLE: &str = "arn:aws:iam::000000000000:role/any";

/// A call of Step Functions.
///
/// # Errors
/// If the server goes away.
pub fn states(connection: &mut Connection, operation: &str, parameters: &Value) -> io::Result<Answer> {
    let target = format!("AWSStepFunctions.{operation}");
    let headers = [("Content-Type", "application/x-amz-json-1.0"), ("X-Amz-Target", target.as_str())];
    connection.request("POST", "/", &headers, parameters.to_string().as_bytes())
}

/// What a function is created with, beside its code.
#[derive(Clone, Copy, Debug, Default)]
pub struct Settings<'a> {
    /// Seconds; the server's own default where nothing is said.
    pub timeout_s: Option<u32>,
    /// Megabytes; the server's own default where nothing is said.
    pub memory_mb: Option<u32>,
    /// Keys and values.
    pub tags: &'a [(&'a str, &'a str)],
}

impl Server {
    /// A call of Step Functions.
    ///
    /// # Panics
    /// If there is no answer.
    #[track_caller]
    pub fn states(&self, operation: &str, parameters: Value) -> Answer {
        states(&mut self.connection(), operation, &parameters)
            .unwrap_or_else(|error| panic!("{operation}: {error}; {}", self.log()))
    }

    /// A call of Lambda; `Null` stands for no body.
    ///
    /// # Panics
    /// If there is no answer.
    #[track_caller]
    pub fn lambda(&self, method: &str, path: &str, body: &Value) -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.plain(method, &format!("/2015-03-31/functions{path}"), body)
    }

    /// `CreateFunction`
    ///
    /// # Panics
    /// If there is no answer.
    #[track_caller]
    pub fn create_function(&self, name: &str, code: &[u8], settings: Settings<'_>) -> Answer {
        let Settings { timeout_s, memory_mb, tags } = settings;
        let mut body = json!({
            "FunctionName": name, "Role": ROLE, "Code": {"ZipFile": STANDARD.encode(code)},
        });
        if let Some(timeout_s) = timeout_s {
            body["Timeout"] = json!(timeout_s);
        }
        if let Some(memory_mb) = memory_mb {
            body["MemorySize"] = json!(memory_mb);
        }
        for (key, value) in tags {
            body["Tags"][key] = json!(value);
        }
        self.lambda("POST", "", &body)
    }

    /// Creates a function from a checked-in component and waits until it can be called; its ARN.
    ///
    /// # Panics
    /// If it cannot.
    #[track_caller]
    pub fn function(&self, name: &str, component: &str, settings: Settings<'_>) -> String {
        let created = self.create_function(name, &crate::component(component), settings).ok();
        self.until(name, || {
            let found = self.lambda("GET", &format!("/{name}/configuration"), &Value::Null).ok();
            assert_ne!(found["State"], "Failed", "{found}");
            found["State"] == "Active"
        });
        created["FunctionArn"].as_str().expect("it has an ARN").to_owned()
    }

    /// Creates a machine; its ARN.
    ///
    /// # Panics
    /// If it is refused.
    #[track_caller]
    pub fn machine(&self, name: &str, machine_type: &str, definition: &Value) -> String {
        let created = self.states(
            "CreateStateMachine",
            json!({"name": name, "definition": definition.to_string(), "roleArn": ROLE, "type": machine_type}),
        );
        created.ok()["stateMachineArn"].as_str().expect("it has an ARN").to_owned()
    }

    /// Starts an execution; its ARN.
    ///
    /// # Panics
    /// If it is refused.
    #[track_caller]
    pub fn execution(&self, machine: &str, input: &Value) -> String {
        let started =
            self.states("StartExecution", json!({"stateMachineArn": machine, "input": input.to_string()}));
        started.ok()["executionArn"].as_str().expect("it has an ARN").to_owned()
    }

    /// Waits until an execution has closed; how it is described.
    ///
    /// # Panics
    /// If it does not close.
    #[track_caller]
    pub fn closed(&self, execution: &str) -> Value {
        let mut described = Value::Null;
        self.until(execution, || {
            described = self.states("DescribeExecution", json!({"executionArn": execution})).ok();
            described["status"] != "RUNNING"
        });
        described
    }

    /// The whole history of an execution, read in pages.
    ///
    /// # Panics
    /// If it cannot be read.
    #[track_caller]
    pub fn history(&self, execution: &str) -> Vec<Value> {
        let mut connection = self.connection();
        history(&mut connection, execution)
    }

    /// Waits until something is so.
    ///
    /// # Panics
    /// If it does not come true.
    #[track_caller]
    pub fn until(&self, what: &str, mut is_so: impl FnMut() -> bool) {
        let give_up = Instant::now() + crate::PATIENCE;
        while !is_so() {
            assert!(Instant::now() < give_up, "{what}: it takes too long; {}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The whole history of an execution, read in pages.
///
/// # Panics
/// If it cannot be read.
#[track_caller]
pub fn history(connection: &mut Connection, execution: &str) -> Vec<Value> {
    let mut events = Vec::new();
    let mut next = Value::Null;
    loop {
        let mut request = json!({"executionArn": execution, "maxResults": 1_000});
        if !next.is_null() {
            request["nextToken"] = next;
        }
        let page = states(connection, "GetExecutionHistory", &request).expect("the server answers").ok();
        events.extend(page["events"].as_array().expect("there are events").iter().cloned());
        match page.get("nextToken") {
            Some(token) if !token.is_null() => next = token.clone(),
            _ => return events,
        }
    }
}

/// Holds that a closed history has ids from 1 without a gap, that each event follows an earlier one, and that it
/// begins and ends as a history does.
///
/// # Panics
/// If it does not.
#[track_caller]
pub fn assert_whole(events: &[Value]) {
    for (index, event) in events.iter().enumerate() {
        let id = index as u64 + 1;
        assert_eq!(event["id"].as_u64(), Some(id), "ids have a gap: {event}");
        assert!(event["previousEventId"].as_u64().is_some_and(|previous| previous < id), "{event}");
    }
    let kind =
        |event: Option<&Value>| event.and_then(|event| event["type"].as_str()).unwrap_or_default().to_owned();
    assert_eq!(kind(events.first()), "ExecutionStarted");
    let last = kind(events.last());
    let ends = ["ExecutionSucceeded", "ExecutionFailed", "ExecutionTimedOut", "ExecutionAborted"];
    assert!(ends.contains(&last.as_str()), "the last event is {last}");
    let is_end = |event: &&Value| ends.contains(&event["type"].as_str().unwrap_or_default());
    assert_eq!(events.iter().filter(is_end).count(), 1, "it ends once");
}
