//! A server without a socket: routes, engine, in-memory disk, and the checked-in components.

use axum::Router;
use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, Method, Request};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use stepwell_api::Api;
use stepwell_auth::{Authenticator, OpenMode};
use stepwell_engine::{Engine, EngineConfig};
use stepwell_sandbox::{Sandbox, SandboxConfig};
use stepwell_store::memory_store;
use tower::ServiceExt as _;

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(60);
pub(crate) const ROLE: &str = "arn:aws:iam::000000000000:role/any";
pub(crate) const MACHINE: &str = "arn:aws:states:us-east-1:000000000000:stateMachine";
pub(crate) const EXECUTION: &str = "arn:aws:states:us-east-1:000000000000:execution";
pub(crate) const FUNCTION: &str = "arn:aws:lambda:us-east-1:000000000000:function";
pub(crate) const PASS: &str = r#"{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"#;
pub(crate) const WAIT: &str = r#"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":99999,"End":true}}}"#;

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name} in {self:?}")).to_str().unwrap()
    }

    /// The JSON of a good answer.
    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        assert!(self.status < 300, "{} {}", self.status, self.text());
        assert_eq!(self.header("x-amzn-requestid").len(), 36);
        self.json()
    }

    /// Holds an AWS error against `status code message`.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str, message: &str) {
        let body = self.json();
        let found =
            body.get("message").or_else(|| body.get("Message")).and_then(Value::as_str).unwrap_or_default();
        assert_eq!((self.status, self.header("x-amzn-errortype"), found), (status, code, message));
        assert_eq!(self.header("x-amzn-requestid").len(), 36);
        if let Some(wire_code) = body.get("__type") {
            assert_eq!(wire_code, code);
        }
    }
}

pub(crate) struct Bench {
    pub(crate) router: Router,
}

/// Compiled code is shared by the tests, which would else compile the same component again and again.
fn cache() -> &'static Path {
    static CACHE: OnceLock<tempfile::TempDir> = OnceLock::new();
    CACHE.get_or_init(|| tempfile::tempdir().unwrap()).path()
}

/// A checked-in component.
pub(crate) fn component(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../guest-examples/built/{name}.wasm"));
    std::fs::read(path).unwrap()
}

impl Bench {
    pub(crate) async fn new() -> Self {
        let sandbox = Sandbox::new(SandboxConfig::new(cache().join("compiled"))).unwrap();
        let engine = Engine::open(memory_store(), sandbox, EngineConfig::default()).await.unwrap();
        let authenticator = Authenticator::open(OpenMode {
            account: None,
            allowed_hosts: vec!["stepwell.test".parse().unwrap()],
        });
        Self { router: Api::new(engine, authenticator).router() }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = answer.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Answer { status: head.status.as_u16(), headers: head.headers, body }
    }

    /// Any request to `localhost`.
    pub(crate) async fn request(
        &self,
        method: &str,
        uri: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let mut request = Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap()).uri(uri);
        if !headers.iter().any(|(name, _)| *name == "host") {
            request = request.header("host", "localhost:8083");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(body.into()).unwrap()).await
    }

    /// A call of Step Functions.
    pub(crate) async fn states(&self, operation: &str, request: Value) -> Answer {
        self.states_text(operation, &request.to_string()).await
    }

    /// A call of Step Functions with this very body.
    pub(crate) async fn states_text(&self, operation: &str, body: &str) -> Answer {
        let target = format!("AWSStepFunctions.{operation}");
        let headers = [("x-amz-target", target.as_str()), ("content-type", "application/x-amz-json-1.0")];
        self.request("POST", "/", &headers, body.to_owned()).await
    }

    /// A call of Lambda below `/2015-03-31/functions`.
    pub(crate) async fn lambda(&self, method: &str, path: &str, body: impl Into<Body>) -> Answer {
        self.request(method, &format!("/2015-03-31/functions{path}"), &[], body).await
    }

    /// Creates a machine and gives its ARN.
    pub(crate) async fn machine(&self, name: &str, definition: &str, machine_type: &str) -> String {
        let request = json!({"name": name, "definition": definition, "roleArn": ROLE, "type": machine_type});
        let answer = self.states("CreateStateMachine", request).await.ok();
        answer["stateMachineArn"].as_str().unwrap().to_owned()
    }

    /// Deploys a checked-in component.
    pub(crate) async fn function(&self, name: &str, component_name: &str) -> Answer {
        self.lambda("POST", "", function_request(name, component_name).to_string()).await
    }

    /// Starts an execution and gives its ARN.
    pub(crate) async fn start(&self, machine: &str, name: &str, input: &str) -> String {
        let request = json!({"stateMachineArn": machine, "name": name, "input": input});
        let answer = self.states("StartExecution", request).await.ok();
        answer["executionArn"].as_str().unwrap().to_owned()
    }

    /// Describes an execution once it has closed.
    pub(crate) async fn closed(&self, execution: &str) -> Value {
        let begin = Instant::now();
        loop {
            let found = self.states("DescribeExecution", json!({"executionArn": execution})).await.ok();
            if found["status"] != "RUNNING" {
                return found;
            }
            assert!(begin.elapsed() < PATIENCE, "{execution} does not close");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Starts a task that waits for a callback and gives its token.
    pub(crate) async fn waiting_task(&self, machine: &str) -> (String, String) {
        let execution = self.start(machine, "waiting", "{}").await;
        let begin = Instant::now();
        loop {
            let history = self.states("GetExecutionHistory", json!({"executionArn": execution})).await.ok();
            let events = history["events"].as_array().unwrap();
            let submitted = events.iter().any(|event| event["type"] == "TaskSubmitted");
            let scheduled = events.iter().find(|event| event["type"] == "TaskScheduled");
            if let (true, Some(scheduled)) = (submitted, scheduled) {
                let parameters = scheduled["taskScheduledEventDetails"]["parameters"].as_str().unwrap();
                let parameters: Value = serde_json::from_str(parameters).unwrap();
                return (execution, parameters["Payload"]["token"].as_str().unwrap().to_owned());
            }
            assert!(begin.elapsed() < PATIENCE, "no task waits: {history}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// A machine whose task waits for a callback.
    pub(crate) async fn callback_machine(&self) -> String {
        self.function("ask", "echo").await.ok();
        let definition = json!({"StartAt": "T", "States": {"T": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
            "Parameters": {"FunctionName": "ask", "Payload": {"token.$": "$$.Task.Token"}},
            "End": true,
        }}});
        self.machine("callback", &definition.to_string(), "STANDARD").await
    }
}

/// The body of a CreateFunction.
pub(crate) fn function_request(name: &str, component_name: &str) -> Value {
    let code = STANDARD.encode(component(component_name));
    json!({"FunctionName": name, "Role": ROLE, "Code": {"ZipFile": code}})
}
