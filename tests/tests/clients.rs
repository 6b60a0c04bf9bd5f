//! aws-cli, boto3 and curl, unmodified, against a real server.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use stepwell_tests::archive::zip;
use stepwell_tests::aws::{ROLE, Settings};
use stepwell_tests::server::Server;
use stepwell_tests::tool::{Tool, has};
use stepwell_tests::{component, http, repository, workflow};

/// What `stepwell env` prints; one server is asked once.
fn environment(server: &Server) -> String {
    static KNOWN: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let lines = known.entry(server.url()).or_insert_with(|| {
        let output = server.run(&["env"]);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("it says UTF-8")
    });
    lines.clone()
}

/// A command that finds the server as `eval "$(stepwell env)"` would have it.
fn client(server: &Server, program: &str) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AWS_") {
            command.env_remove(&name);
        }
    }
    for line in environment(server).lines() {
        let Some((name, value)) = line.strip_prefix("export ").and_then(|line| line.split_once('=')) else {
            continue;
        };
        command.env(name, value.trim_matches(['\'', '"']));
    }
    // Nobody's home folder has a say in this.
    command.env("AWS_CONFIG_FILE", "/dev/null").env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    command.env("AWS_PAGER", "").env("PYTHONDONTWRITEBYTECODE", "1").stdin(Stdio::null());
    command
}

/// What a command that must go well says.
#[track_caller]
fn said(command: &mut Command) -> String {
    let output = command.output().expect("it runs");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {stderr}{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stdout).expect("it says UTF-8")
}

/// What a command that must fail says.
#[track_caller]
fn complained(command: &mut Command) -> String {
    let output = command.output().expect("it runs");
    assert!(!output.status.success(), "{command:?} goes well");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn boto3() {
    if !has(&[Tool::Boto3]) {
        return;
    }
    let server = Server::start();
    let mut session = client(&server, "python3");
    session.arg(repository().join("tests/clients/session.py"));
    session.arg(repository().join("guest-examples/built")).arg(repository().join("guest-examples/workflows"));
    assert_eq!(said(&mut session), "all of it\n");
}

/// One call of aws-cli; what it prints.
#[track_caller]
fn aws(server: &Server, args: &[&str]) -> Value {
    let text = said(client(server, "aws").args(args).args(["--output", "json"]));
    if text.trim().is_empty() { Value::Null } else { serde_json::from_str(&text).expect("it prints JSON") }
}

#[test]
fn aws_cli() {
    if !has(&[Tool::AwsCli]) {
        return;
    }
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).expect("it is ours");
        path.to_str().expect("it is UTF-8").to_owned()
    };

    // Upload: a zip, as aws-cli wants it.
    let code = format!("fileb://{}", file("echo.zip", &zip("echo.wasm", &component("echo"))));
    let created = aws(
        &server,
        &[
            "lambda",
            "create-function",
            "--function-name",
            "echo",
            "--role",
            ROLE,
            "--runtime",
            "provided.al2023",
            "--handler",
            "handle",
            "--zip-file",
            &code,
        ],
    );
    assert_eq!(created["FunctionArn"], "arn:aws:lambda:us-east-1:000000000000:function:echo");
    aws(&server, &["lambda", "wait", "function-active-v2", "--function-name", "echo"]);
    let result = folder.path().join("result.json");
    let result_path = result.to_str().expect("it is UTF-8");
    let payload = format!("fileb://{}", file("event.json", b"{\"a\": 1}"));
    let invoked = aws(
        &server,
        &[
            "lambda",
            "invoke",
            "--function-name",
            "echo",
            "--payload",
            &payload,
            "--log-type",
            "Tail",
            result_path,
        ],
    );
    assert_eq!((&invoked["StatusCode"], &invoked["ExecutedVersion"]), (&json!(200), &json!("$LATEST")));
    assert_eq!(std::fs::read_to_string(&result).expect("it was written"), "{\"a\": 1}");

    // The order machine.
    let order = workflow::definition("order");
    for function in workflow::functions(&workflow::template("order")) {
        server.function(&function, &function, Settings::default());
    }
    let definition = format!("file://{}", file("order.json", order.as_bytes()));
    let create = |name: &str, kind: &str| {
        let created = aws(
            &server,
            &[
                "stepfunctions",
                "create-state-machine",
                "--name",
                name,
                "--type",
                kind,
                "--role-arn",
                ROLE,
                "--definition",
                &definition,
            ],
        );
        created["stateMachineArn"].as_str().expect("it has an ARN").to_owned()
    };
    let machine = create("order", "STANDARD");
    let input =
        format!("file://{}", file("input.json", workflow::value("order.input").to_string().as_bytes()));
    let started = aws(
        &server,
        &[
            "stepfunctions",
            "start-execution",
            "--state-machine-arn",
            &machine,
            "--name",
            "first",
            "--input",
            &input,
        ],
    );
    let execution = started["executionArn"].as_str().expect("it has an ARN").to_owned();
    server.closed(&execution);
    let described = aws(&server, &["stepfunctions", "describe-execution", "--execution-arn", &execution]);
    let output: Value =
        serde_json::from_str(described["output"].as_str().unwrap_or_default()).unwrap_or_default();
    assert_eq!(output, workflow::value("order.expected"), "{described}");

    // Its history, in pages that aws-cli joins.
    let history = aws(
        &server,
        &["stepfunctions", "get-execution-history", "--execution-arn", &execution, "--page-size", "7"],
    );
    let events = history["events"].as_array().expect("there are events");
    assert_eq!(events.len(), server.history(&execution).len());

    // An approval.
    for function in workflow::functions(&workflow::template("approval")) {
        server.function(&function, &function, Settings::default());
    }
    let approval: Value = serde_json::from_str(&workflow::definition("approval")).expect("it is JSON");
    let approval = server.machine("approval", "STANDARD", &approval);
    let waiting = server.execution(&approval, &workflow::value("approval.input"));
    let mut token = String::new();
    server.until("a token", || {
        let scheduled = server.history(&waiting).into_iter().find(|event| event["type"] == "TaskScheduled");
        let parameters = scheduled.map(|event| event["taskScheduledEventDetails"]["parameters"].clone());
        let parameters: Option<Value> =
            parameters.and_then(|parameters| serde_json::from_str(parameters.as_str()?).ok());
        token =
            parameters.and_then(|all| all["Payload"]["token"].as_str().map(Into::into)).unwrap_or_default();
        !token.is_empty()
    });
    let decision = workflow::value("approval.decision").to_string();
    aws(&server, &["stepfunctions", "send-task-heartbeat", "--task-token", &token]);
    aws(&server, &["stepfunctions", "send-task-success", "--task-token", &token, "--task-output", &decision]);
    let output = server.closed(&waiting)["output"].as_str().map(serde_json::from_str::<Value>);
    assert_eq!(output.and_then(Result::ok), Some(workflow::value("approval.expected")));

    // Stop one; run one in memory; a list; a refusal.
    let stopped = server.execution(&approval, &workflow::value("approval.input"));
    aws(&server, &["stepfunctions", "stop-execution", "--execution-arn", &stopped, "--cause", "enough"]);
    let listed = aws(
        &server,
        &["stepfunctions", "list-executions", "--state-machine-arn", &approval, "--status-filter", "ABORTED"],
    );
    assert_eq!(listed["executions"][0]["executionArn"], stopped);
    let express = create("order-express", "EXPRESS");
    let ran = aws(
        &server,
        &["stepfunctions", "start-sync-execution", "--state-machine-arn", &express, "--input", &input],
    );
    assert_eq!(ran["status"], "SUCCEEDED", "{ran}");
    let said = complained(client(&server, "aws").args([
        "stepfunctions",
        "describe-state-machine",
        "--state-machine-arn",
        &format!("{machine}x"),
    ]));
    assert!(said.contains("(StateMachineDoesNotExist)"), "{said}");
    let identity = aws(&server, &["sts", "get-caller-identity"]);
    assert_eq!(identity["Account"], "000000000000");
}

#[test]
fn curl_with_a_signature() {
    if !has(&[Tool::Curl]) {
        return;
    }
    let server = Server::start();
    let call = |service: &str, more: &[&str]| {
        let mut curl = client(&server, "curl");
        curl.args(["--silent", "--show-error", "--fail-with-body", "--user", "any:thing", "--aws-sigv4"]);
        curl.arg(format!("aws:amz:us-east-1:{service}")).args(more);
        serde_json::from_str::<Value>(&said(&mut curl)).expect("it prints JSON")
    };
    let states = |operation: &str, body: Value| {
        let target = format!("X-Amz-Target: AWSStepFunctions.{operation}");
        let content = "Content-Type: application/x-amz-json-1.0";
        call("states", &["-H", &target, "-H", content, "-d", &body.to_string(), &server.url()])
    };
    server.function("echo", "echo", Settings::default());
    let url = format!("{}/2015-03-31/functions/echo/invocations", server.url());
    assert_eq!(call("lambda", &["-d", r#"{"a":1}"#, &url]), json!({"a": 1}));

    let definition =
        json!({"StartAt": "P", "States": {"P": {"Type": "Pass", "Result": "done", "End": true}}});
    let machine =
        json!({"name": "m", "definition": definition.to_string(), "roleArn": ROLE, "type": "EXPRESS"});
    let created = states("CreateStateMachine", machine);
    let arn = created["stateMachineArn"].as_str().expect("it has an ARN");
    let ran = states("StartSyncExecution", json!({"stateMachineArn": arn}));
    assert_eq!(ran["output"], "\"done\"");
    assert_eq!(states("ListStateMachines", json!({}))["stateMachines"][0]["name"], "m");

    // As SDKs call it that put `sync-` before the host.
    let port = server.host.rsplit(':').next().expect("it has a port");
    let resolve = format!("sync-localhost:{port}:127.0.0.1");
    let ran = call(
        "states",
        &[
            "-H",
            "X-Amz-Target: AWSStepFunctions.StartSyncExecution",
            "-H",
            "Content-Type: application/x-amz-json-1.0",
            "-d",
            &json!({"stateMachineArn": arn}).to_string(),
            "--resolve",
            &resolve,
            &format!("http://sync-localhost:{port}/"),
        ],
    );
    assert_eq!(ran["status"], "SUCCEEDED", "{ran}");
}

#[test]
fn curl_without() {
    if !has(&[Tool::Curl]) {
        return;
    }
    let server = Server::start();
    let curl = |args: &[&str]| {
        said(client(&server, "curl").args(["--silent", "--show-error", "--fail-with-body"]).args(args))
    };
    let json = |text: &str| serde_json::from_str::<Value>(text).expect("it prints JSON");
    let url = |path: &str| format!("{}/v1{path}", server.url());
    for function in workflow::functions(&workflow::template("order")) {
        let path = stepwell_tests::component_path(&function);
        let path = path.to_str().expect("it is UTF-8");
        let created = json(&curl(&["-T", path, &url(&format!("/functions/{function}"))]));
        assert_eq!(created["name"], function.as_str());
    }
    let order = workflow::value("order.input").to_string();
    let invoked = json(&curl(&["-d", &order, &url("/functions/validate-order/invoke")]));
    assert_eq!(invoked["totalCents"], 9_568, "{invoked}");

    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let definition = folder.path().join("order.asl.json");
    std::fs::write(&definition, workflow::definition("order")).expect("it is ours");
    let definition = definition.to_str().expect("it is UTF-8");
    curl(&["-T", definition, &url("/state-machines/order?type=STANDARD")]);
    curl(&["-T", definition, &url("/state-machines/quick?type=EXPRESS")]);
    let ran = json(&curl(&["-d", &order, &url("/state-machines/order/executions?name=first&wait=60s")]));
    assert_eq!((&ran["status"], &ran["output"]), (&json!("SUCCEEDED"), &workflow::value("order.expected")));
    let arn = http::escape(ran["arn"].as_str().expect("it has an ARN"));
    let described = json(&curl(&[&url(&format!("/executions/{arn}"))]));
    assert_eq!(described["output"], ran["output"]);
    let history = json(&curl(&[&url(&format!("/executions/{arn}/history"))]));
    assert_eq!(
        history["events"].as_array().map(Vec::len),
        Some(server.history(ran["arn"].as_str().unwrap_or_default()).len())
    );
    let quick = json(&curl(&["-d", &order, &url("/state-machines/quick/executions?wait=60s")]));
    assert_eq!(quick["output"], workflow::value("order.expected"));
    let log = curl(&[&url("/functions/validate-order/logs")]);
    assert!(log.contains("INFO order A-1001: 3 lines"), "{log}");

    let refusal =
        client(&server, "curl").args(["--silent", &url("/executions/nonsense")]).output().expect("it runs");
    let refusal: Value = serde_json::from_slice(&refusal.stdout).expect("it is a problem");
    assert_eq!((&refusal["status"], &refusal["code"]), (&json!(400), &json!("InvalidArn")));
}
