//! Bad input and trouble: each has a clear error in AWS's words where AWS has some, and the server stays up.

use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::sync::LazyLock;
use stepwell_tests::archive::zip;
use stepwell_tests::aws::{ROLE, Settings};
use stepwell_tests::http::{self, Answer};
use stepwell_tests::server::Server;

static SERVER: LazyLock<Server> = LazyLock::new(|| {
    let server = Server::start();
    server.machine("pass", "STANDARD", &pass());
    server
});

const PASS_ARN: &str = "arn:aws:states:us-east-1:000000000000:stateMachine:pass";
/// Bytes of the largest input. Source: AWS quota.
const INPUT_BYTES_MAX: usize = 262_144;

fn pass() -> Value {
    json!({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}})
}

fn create_machine(name: &str, definition: &str) -> Answer {
    let machine = json!({"name": name, "definition": definition, "roleArn": ROLE});
    SERVER.states("CreateStateMachine", machine)
}

/// After all of it, the server answers as if nothing had been.
#[track_caller]
fn check_is_well() {
    let execution = SERVER.execution(PASS_ARN, &json!({"still": "here"}));
    assert_eq!(SERVER.closed(&execution)["output"], r#"{"still":"here"}"#);
}

// Definitions

#[track_caller]
fn check_definition(definition: &str, parts: &[&str]) {
    let answer = create_machine("refused", definition);
    answer.refused(400, "InvalidDefinition", "Invalid State Machine Definition: '");
    let message = answer.json()["message"].as_str().unwrap_or_default().to_owned();
    for part in parts {
        assert!(message.contains(part), "`{part}` is not in {message}");
    }
}

#[test]
fn a_definition_that_is_no_json() {
    check_definition("{\"StartAt\": ", &["INVALID_JSON_DESCRIPTION"]);
    check_definition("{\"StartAt\": \"A\", \"States\": {}, }", &["INVALID_JSON_DESCRIPTION"]);
    check_definition("[]", &[]);
    create_machine("empty", "").refused(
        400,
        "ValidationException",
        "at 'definition' failed to satisfy constraint",
    );
    check_is_well();
}

#[test]
fn ten_faults_are_told_at_once() {
    let definition = json!({"StartAt": "Missing", "States": {
        "A": {"Type": "Pass", "Next": "Nowhere"},
        "B": {"Type": "Task", "End": true},
        "C": {"Type": "Wait", "Next": "A"},
        "D": {"Type": "Choice", "Choices": []},
        "E": {"Type": "Parallel", "Branches": [], "End": true},
        "F": {"Type": "Map", "End": true},
        "G": {"Type": "Sleep", "End": true},
        "H": {"Type": "Pass", "End": true, "Next": "A"},
        "I": {"Type": "Pass", "InputPath": "a.b", "End": true},
        "J": {"Type": "Task", "Resource": "no ARN", "TimeoutSeconds": -1, "End": true}}});
    let answer = create_machine("ten", &definition.to_string());
    answer.refused(400, "InvalidDefinition", "Invalid State Machine Definition: '");
    let text = answer.text();
    let places =
        (b'A'..=b'J').filter(|state| text.contains(&format!("/States/{}", char::from(*state)))).count();
    assert!(places == 10 && text.contains("/StartAt"), "{places} of ten states are named in {text}");
    check_is_well();
}

#[test]
fn a_field_that_is_not_known() {
    let definition = json!({"StartAt": "P", "States": {"P": {"Type": "Pass", "Ennd": true, "End": true}}});
    check_definition(&definition.to_string(), &["/States/P", "Ennd"]);
    let request = json!({"stateMachineArn": PASS_ARN, "inputt": "{}"});
    // As on AWS, what an operation does not know is not read.
    SERVER.states("StartExecution", request).ok();
}

#[test]
fn what_is_not_built_yet_is_refused_with_its_place() {
    let one = |state: Value| json!({"StartAt": "S", "States": {"S": state}}).to_string();
    check_definition(
        &json!({"QueryLanguage": "JSONata", "StartAt": "S", "States": {"S": {"Type": "Succeed"}}})
            .to_string(),
        &["JSONata", "/QueryLanguage"],
    );
    check_definition(
        &one(json!({"Type": "Pass", "QueryLanguage": "JSONata", "End": true})),
        &["JSONata", "/States/S/QueryLanguage"],
    );
    let parameters = json!({"QueueUrl": "http://localhost/queue", "MessageBody": "x"});
    check_definition(
        &one(
            json!({"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Parameters": parameters, "End": true}),
        ),
        &["sqs:sendMessage", "/States/S/Resource"],
    );
    let processor = json!({"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}});
    check_definition(
        &one(json!({"Type": "Map", "ItemProcessor": processor, "End": true})),
        &["DISTRIBUTED", "/States/S/ItemProcessor/ProcessorConfig/Mode"],
    );
}

#[test]
fn names() {
    create_machine(&"n".repeat(80), &pass().to_string()).ok();
    // The shape's own bound comes first, as on AWS.
    create_machine(&"n".repeat(81), &pass().to_string()).refused(
        400,
        "ValidationException",
        "length less than or equal to 80",
    );
    create_machine("a b", &pass().to_string()).refused(400, "InvalidName", "Invalid Name: 'a b'");
    let start =
        |name: &str| SERVER.states("StartExecution", json!({"stateMachineArn": PASS_ARN, "name": name}));
    start(&"e".repeat(80)).ok();
    start(&"e".repeat(81)).refused(400, "ValidationException", "length less than or equal to 80");
    start("a*b").refused(400, "InvalidName", "Invalid Name: 'a*b'");
}

// Requests

#[test]
fn a_request_that_is_no_json() {
    let post = |body: &str| {
        let headers = [
            ("X-Amz-Target", "AWSStepFunctions.ListStateMachines"),
            ("Content-Type", "application/x-amz-json-1.0"),
        ];
        http::request(&SERVER.host, "POST", "/", &headers, body.as_bytes()).expect("the server answers")
    };
    for broken in ["{", "{\"maxResults\": }", "\"text\"", "[1]", "\u{0}"] {
        post(broken).refused(400, "SerializationException", "");
    }
    let deep = format!("{{\"x\":{}{}}}", "[".repeat(200_000), "]".repeat(200_000));
    assert_eq!(post(&deep).status, 400);
    let headers = [("X-Amz-Target", "AWSStepFunctions.Frobnicate")];
    let answer = http::request(&SERVER.host, "POST", "/", &headers, b"{}").expect("the server answers");
    answer.refused(400, "UnknownOperationException", "");
    let headers = [("X-Amz-Target", "AmazonSQS.SendMessage"), ("Content-Type", "application/x-amz-json-1.0")];
    let answer = http::request(&SERVER.host, "POST", "/", &headers, b"{}").expect("the server answers");
    assert!(
        answer.status >= 400 && answer.text().contains("Stepwell does not serve SQS"),
        "{}",
        answer.text()
    );
    check_is_well();
}

#[test]
fn inputs_at_their_limit() {
    let start = |bytes: usize| {
        let input = format!("\"{}\"", "x".repeat(bytes - 2));
        SERVER.states("StartExecution", json!({"stateMachineArn": PASS_ARN, "input": input}))
    };
    let started = start(INPUT_BYTES_MAX).ok();
    let described = SERVER.closed(started["executionArn"].as_str().unwrap_or_default());
    assert_eq!(described["output"].as_str().map(str::len), Some(INPUT_BYTES_MAX));
    start(INPUT_BYTES_MAX + 1).refused(
        400,
        "ValidationException",
        "'input' failed to satisfy constraint: Member must have length less than or equal to 262144",
    );
    // Characters that take three bytes: few enough, and yet too long.
    let input = format!("\"{}\"", "\u{20ac}".repeat(90_000));
    let answer = SERVER.states("StartExecution", json!({"stateMachineArn": PASS_ARN, "input": input}));
    assert_eq!(answer.status, 400, "{}", answer.text());
    let answer = SERVER.states("StartExecution", json!({"stateMachineArn": PASS_ARN, "input": "{"}));
    answer.refused(400, "InvalidExecutionInput", "Invalid State Machine Execution Input: '");
    let answer =
        SERVER.states("StartExecution", json!({"stateMachineArn": PASS_ARN, "input": "x".repeat(1 << 20)}));
    assert!(answer.status == 413 || answer.status == 400, "{}", answer.status);
    check_is_well();
}

#[track_caller]
fn check_input(input: &str, accepted: bool) {
    let answer = SERVER.states("StartExecution", json!({"stateMachineArn": PASS_ARN, "input": input}));
    if accepted {
        let started = answer.ok();
        let described = SERVER.closed(started["executionArn"].as_str().unwrap_or_default());
        assert_eq!(described["output"], input, "what passes through stays as it was written");
    } else {
        answer.refused(400, "InvalidExecutionInput", "Invalid State Machine Execution Input: '");
    }
    // The output of a task is read in the same way, whatever its token.
    let output = SERVER.states("SendTaskSuccess", json!({"taskToken": "none", "output": input}));
    assert_eq!(output.status, 400, "{}", output.text());
}

#[test]
fn json_at_its_edges() {
    for input in [
        "{\"a\":1,\"a\":2}",
        "\"\\u0000\"",
        "{\"a\\u0000\":1}",
        "1e-400",
        "123456789012345678901234567890",
        "100000000000000000000.5",
        "-0",
        "1.0",
        " 1 ",
        "\"\u{10ffff}\"",
    ] {
        check_input(input, true);
    }
    check_input(&format!("{}{}", "[".repeat(128), "]".repeat(128)), true);
    check_input(&format!("{}{}", "[".repeat(129), "]".repeat(129)), false);
    check_input(&format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)), false);
    check_input(&"[".repeat(100_000), false);
    check_input(&"{\"a\":".repeat(40_000), false);
    for input in [
        "\"\\ud800\"",
        "{\"\\udc00\":1}",
        "1e400",
        "{\"a\":-1e400}",
        "\"\0\"",
        "\"a\nb\"",
        "nul",
        "01",
        "1.",
        "[1,]",
        "{'a':1}",
        "NaN",
        "\u{feff}1",
        "1 2",
    ] {
        check_input(input, false);
    }
    check_is_well();
}

#[test]
fn definitions_at_the_edges_of_json() {
    let state =
        |fields: &str| format!(r#"{{"StartAt":"P","States":{{"P":{{"Type":"Pass",{fields}"End":true}}}}}}"#);
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    check_definition(&deep, &["TOO_DEEPLY_NESTED"]);
    check_definition(&state(&format!(r#""Result":{deep},"#)), &["TOO_DEEPLY_NESTED"]);
    let parallel = r#"{"Type":"Parallel","End":true,"Branches":[{"StartAt":"P","States":{"P":"#.repeat(2_000);
    check_definition(&format!(r#"{{"StartAt":"P","States":{{"P":{parallel}"#), &["TOO_DEEPLY_NESTED"]);
    check_definition(&state(r#""Result":1,"Result":2,"#), &["Duplicate field 'Result'"]);
    check_definition(&state(r#""Result":1e400,"#), &["INVALID_JSON_DESCRIPTION"]);
    check_definition(&state(r#""Comment":"\ud800","#), &["INVALID_JSON_DESCRIPTION"]);
    check_definition(&state("\"Comment\":\"\0\","), &["INVALID_JSON_DESCRIPTION"]);
    create_machine("a\0b", &pass().to_string()).refused(400, "InvalidName", "Invalid Name: ");
    check_is_well();
}

#[test]
fn requests_at_the_edges_of_json() {
    let post = |body: &[u8]| {
        let headers = [
            ("X-Amz-Target", "AWSStepFunctions.ListStateMachines"),
            ("Content-Type", "application/x-amz-json-1.0"),
        ];
        http::request(&SERVER.host, "POST", "/", &headers, body).expect("the server answers")
    };
    let deep = "[".repeat(100_000);
    for broken in [
        br#"{"nextToken":"\ud800"}"#.as_slice(),
        b"{\"nextToken\":\"\xff\"}",
        br#"{"maxResults":1e400}"#,
        br#"{"maxResults":1.5}"#,
        br#"{"maxResults":"1"}"#,
        deep.as_bytes(),
        b"\xef\xbb\xbf{}",
    ] {
        post(broken).refused(400, "SerializationException", "");
    }
    // The last of two is read, as by AWS's own parsers.
    assert_eq!(post(br#"{"maxResults":-1,"maxResults":1}"#).status, 200);
    check_is_well();
}

#[test]
fn a_connection_that_says_nothing_or_nonsense() {
    let mut mute = std::net::TcpStream::connect(&SERVER.host).expect("the server listens");
    mute.write_all(b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{")
        .expect("it is heard");
    let mut nonsense = std::net::TcpStream::connect(&SERVER.host).expect("the server listens");
    nonsense.write_all(&[0; 64]).expect("it is heard");
    check_is_well();
    drop((mute, nonsense));
}

#[test]
fn web_pages_cannot_drive_it() {
    let list = |headers: &[(&str, &str)]| {
        http::request(&SERVER.host, "GET", "/v1/state-machines/pass", headers, b"")
            .expect("the server answers")
            .status
    };
    assert_eq!(list(&[]), 200);
    assert_eq!(list(&[("Origin", "https://example.com")]), 403);
    // A name that is bound anew to loopback, and a second Host header beside the first.
    assert_eq!(raw_status("GET /v1/state-machines/pass HTTP/1.1\r\nHost: example.com\r\n\r\n"), 403);
    let twice = "GET /v1/state-machines/pass HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: example.com\r\n\r\n";
    assert_ne!(raw_status(twice), 200);
    // What SDKs send that put `sync-` before the host, and what proxies are sent.
    assert_eq!(raw_status("GET /v1/state-machines/pass HTTP/1.1\r\nHost: sync-localhost:1\r\n\r\n"), 200);
    let absolute = "GET http://localhost/v1/state-machines/pass HTTP/1.1\r\nHost: localhost\r\n\r\n";
    assert_eq!(raw_status(absolute), 200);
}

/// The status of the answer to this text.
#[track_caller]
fn raw_status(request: &str) -> u16 {
    let mut stream = std::net::TcpStream::connect(&SERVER.host).expect("the server listens");
    stream.write_all(request.as_bytes()).expect("it is heard");
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).expect("it answers");
    let status = String::from_utf8_lossy(&answer[9..]).parse();
    status.expect("it answers with a status")
}

// Code

#[track_caller]
fn check_code(name: &str, code: &[u8], parts: &[&str]) {
    let answer = SERVER.create_function(name, code, Settings::default());
    answer.refused(400, "InvalidParameterValueException", "");
    for part in parts {
        assert!(answer.text().contains(part), "`{part}` is not in {}", answer.text());
    }
    let found = SERVER.lambda("GET", &format!("/{name}"), &Value::Null);
    found.refused(404, "ResourceNotFoundException", "Function not found");
}

#[test]
fn code_that_is_none() {
    check_code("not-wasm", b"#!/bin/sh\necho hello\n", &[]);
    let echo = stepwell_tests::component("echo");
    for length in [4, 8, 100, echo.len() / 2, echo.len() - 1] {
        check_code("truncated", &echo[..length], &[]);
    }
    // The smallest core module, and the smallest component: neither exports a handler.
    check_code("no-handler-core", b"\0asm\x01\0\0\0", &[]);
    check_code("no-handler", b"\0asm\x0d\0\x01\0", &["handler"]);
    // A component that imports `acme:secrets/store`, which nobody offers.
    check_code("forbidden", &forbidden_import(), &["acme:secrets/store"]);
    check_code("no-zip", b"PK\x03\x04 and nothing more", &[]);
    check_is_well();
}

/// The bytes of `(component (import "acme:secrets/store" (instance)))`.
fn forbidden_import() -> Vec<u8> {
    const NAME: &[u8] = b"acme:secrets/store";
    let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
    // The type section: one instance type without declarations.
    bytes.extend([0x07, 3, 1, 0x42, 0]);
    // The import section: one import of that name and type.
    let length = NAME.len() as u8;
    bytes.extend([0x0a, length + 5, 1, 0x00, length]);
    bytes.extend(NAME);
    bytes.extend([0x05, 0]);
    bytes
}

#[test]
fn a_zip_without_a_component_says_what_it_holds() {
    check_code(
        "python",
        &zip("lambda_function.py", b"def handler(): pass"),
        &["this zip holds lambda_function.py and no WebAssembly component"],
    );
}

#[test]
fn code_that_is_too_large() {
    let code = vec![0_u8; 71_000_000];
    let answer = SERVER.plain("PUT", "/v1/functions/large", &code);
    answer.refused(413, "RequestEntityTooLargeException", "70000000 bytes");
    let answer = SERVER.plain("POST", "/2015-03-31/functions", &code);
    let message = "Request must be smaller than 70000000 bytes for the CreateFunction operation";
    answer.refused(413, "RequestEntityTooLargeException", message);
    check_is_well();
}

#[test]
fn functions_that_do_not_exist() {
    let answer = SERVER.lambda("POST", "/nobody/invocations", &json!({}));
    answer.refused(
        404,
        "ResourceNotFoundException",
        "Function not found: arn:aws:lambda:us-east-1:000000000000:function:nobody",
    );
    let machine = json!({"StartAt": "T", "States": {"T": {"Type": "Task", "End": true,
        "Resource": "arn:aws:lambda:us-east-1:000000000000:function:nobody"}}});
    let execution = SERVER.execution(&SERVER.machine("nobody", "STANDARD", &machine), &json!({}));
    let described = SERVER.closed(&execution);
    assert_eq!(described["error"], "Lambda.ResourceNotFoundException", "{described}");
}

#[test]
fn tokens() {
    let expired = SERVER.states("SendTaskSuccess", json!({"taskToken": "no token", "output": "{}"}));
    expired.refused(400, "InvalidToken", "Invalid Token: 'Invalid token'");
    let plain = SERVER.plain("POST", "/v1/tasks/AAAA/success", "{}");
    plain.refused(400, "InvalidToken", "");
}

#[test]
fn plain_http_has_problems_of_its_own() {
    let problem = |answer: &Answer| answer.header("content-type").to_owned();
    let answer = SERVER.plain("PUT", "/v1/state-machines/broken", "{\"StartAt\":");
    answer.refused(400, "InvalidDefinition", "");
    assert_eq!(problem(&answer), "application/problem+json");
    SERVER.plain("GET", "/v1/executions/nonsense", "").refused(400, "InvalidArn", "");
    SERVER.plain("GET", "/v1/nowhere", "").refused(404, "NotFound", "/v1 has no such path");
    let long = format!("\"{}\"", "x".repeat(INPUT_BYTES_MAX));
    let answer = SERVER.plain("POST", "/v1/state-machines/pass/executions", long);
    assert_eq!(answer.status / 100, 4, "{}", answer.text());
    check_is_well();
}
