//! Plain HTTP.

use crate::support::{Answer, Bench, EXECUTION, FUNCTION, MACHINE, PASS, WAIT, component};
use serde_json::{Value, json};

#[track_caller]
fn problem(answer: &Answer, status: u16, code: &str) {
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (status, "application/problem+json"),
        "{answer:?}"
    );
    let body = answer.json();
    assert_eq!(body["code"], code, "{body}");
    assert_eq!(body["type"], format!("urn:stepwell:problem:{code}"));
    assert_eq!(body["instance"], format!("urn:uuid:{}", answer.header("x-amzn-requestid")));
    assert_eq!(
        (&body["status"], &body["requestId"]),
        (&json!(status), &json!(answer.header("x-amzn-requestid")))
    );
    assert!(body["title"].is_string() && body["detail"].is_string(), "{body}");
}

async fn deploy(bench: &Bench) {
    let answer = bench.request("PUT", "/v1/functions/echo", &[], component("echo")).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn functions() {
    let bench = Bench::new().await;
    deploy(&bench).await;
    let found = bench.request("GET", "/v1/functions/echo", &[], "").await.ok();
    assert_eq!((&found["arn"], &found["state"]), (&json!(format!("{FUNCTION}:echo")), &json!("Active")));
    let again =
        bench.request("PUT", "/v1/functions/echo?timeout=10&memory=256", &[], component("const-hello")).await;
    assert_eq!(again.status, 200);
    let again = again.json();
    assert_eq!((&again["timeoutSeconds"], &again["memoryMb"]), (&json!(10), &json!(256)));
    bench.request("PUT", "/v1/functions/echo", &[], component("echo")).await.ok();
    let code = bench.request("GET", "/v1/functions/echo/code", &[], "").await;
    assert_eq!((code.header("content-type"), &code.body), ("application/wasm", &component("echo")));

    let answer = bench.request("POST", "/v1/functions/echo/invoke", &[], "[1,  2]").await;
    assert_eq!(
        (answer.status, answer.text(), answer.header("content-type")),
        (200, "[1,  2]", "application/json")
    );
    let log = bench.request("GET", "/v1/functions/echo/logs", &[], "").await;
    assert!(log.text().contains("REPORT RequestId: "), "{}", log.text());

    bench.request("PUT", "/v1/functions/raise", &[], component("raise-exception")).await.ok();
    let failed = bench.request("POST", "/v1/functions/raise/invoke", &[], "{}").await;
    problem(&failed, 502, "FunctionFailed");
    assert!(failed.json()["errorType"].is_string());

    let put = async |uri: &str, body: &'static str| bench.request("PUT", uri, &[], body).await;
    problem(&put("/v1/functions/x", "hello").await, 400, "InvalidParameterValueException");
    problem(&put("/v1/functions/x?tiemout=1", "").await, 400, "ValidationException");
    problem(&put("/v1/functions/x?timeout=abc", "").await, 400, "ValidationException");
    problem(&put("/v1/functions/a%20b", "").await, 400, "InvalidParameterValueException");
    problem(&bench.request("GET", "/v1/functions/absent", &[], "").await, 404, "ResourceNotFoundException");
    problem(
        &bench.request("GET", "/v1/functions/absent/logs", &[], "").await,
        404,
        "ResourceNotFoundException",
    );
    let broken = bench.request("POST", "/v1/functions/echo/invoke", &[], "{").await;
    problem(&broken, 400, "InvalidRequestContentException");
}

#[tokio::test(flavor = "multi_thread")]
async fn machines_and_executions() {
    let bench = Bench::new().await;
    let created = bench.request("PUT", "/v1/state-machines/m", &[], PASS).await;
    assert_eq!(created.status, 201);
    assert_eq!(created.json(), json!({"arn": format!("{MACHINE}:m"), "name": "m", "type": "STANDARD"}));
    let updated = bench.request("PUT", "/v1/state-machines/m?type=standard", &[], PASS).await;
    assert_eq!(updated.status, 200);
    let found = bench.request("GET", "/v1/state-machines/m", &[], "").await.ok();
    assert_eq!(found["definition"], PASS);
    for (arn, status, code) in [
        ("arn:aws:states:us-east-1:000000000042:stateMachine:theirs", 403, "AccessDeniedException"),
        ("arn:aws:states:eu-west-1:000000000000:stateMachine:far", 403, "AccessDeniedException"),
        ("arn:aws:states:us-east-1:000000000000:stateMachine:m:1", 400, "ValidationException"),
    ] {
        problem(&bench.request("PUT", &format!("/v1/state-machines/{arn}"), &[], PASS).await, status, code);
    }
    let machines = bench.states("ListStateMachines", json!({})).await.ok();
    assert_eq!(machines["stateMachines"].as_array().unwrap().len(), 1, "nothing was created: {machines}");

    let run = async |uri: &str, body: &'static str| bench.request("POST", uri, &[], body).await;
    let done = run("/v1/state-machines/m/executions?name=e&wait=30s", "[1,  2]").await;
    assert_eq!(done.status, 200);
    assert!(done.text().contains(r#""output":[1,  2]"#), "the output's own text: {}", done.text());
    let done = done.json();
    assert_eq!((&done["arn"], &done["status"]), (&json!(format!("{EXECUTION}:m:e")), &json!("SUCCEEDED")));
    assert!(done["startedAt"].as_str().unwrap().ends_with('Z'));

    let started = run("/v1/state-machines/m/executions", "").await;
    assert_eq!((started.status, &started.json()["status"]), (202, &json!("RUNNING")));

    let arn = format!("{EXECUTION}:m:e");
    let found = bench.request("GET", &format!("/v1/executions/{arn}"), &[], "").await.ok();
    assert_eq!(found, done);
    let history = async |query: &str| {
        bench.request("GET", &format!("/v1/executions/{arn}/history{query}"), &[], "").await
    };
    let page = history("?maxResults=1&reverseOrder=true").await.ok();
    assert_eq!(page["events"][0]["type"], "ExecutionSucceeded");
    assert!(page["events"][0]["timestamp"].is_string() && page["nextToken"].is_string());
    problem(&history("?maxResults=1001").await, 400, "ValidationException");
    problem(&history("?nextToken=x").await, 400, "InvalidToken");
    let usage = bench.request("GET", &format!("/v1/executions/{arn}/usage"), &[], "").await.ok();
    assert_eq!(usage, json!({"attempts": []}));

    bench.request("PUT", "/v1/state-machines/w", &[], WAIT).await.ok();
    let waiting = run("/v1/state-machines/w/executions?wait=10ms", "").await;
    assert_eq!((waiting.status, &waiting.json()["status"]), (202, &json!("RUNNING")));
    bench.request("PUT", "/v1/state-machines/x?type=express", &[], PASS).await.ok();
    let express = run("/v1/state-machines/x/executions?wait=5s", "7").await;
    assert_eq!((express.status, &express.json()["output"]), (200, &json!(7)));

    problem(&run("/v1/state-machines/absent/executions", "").await, 404, "StateMachineDoesNotExist");
    problem(&run("/v1/state-machines/m/executions?name=e", "{}").await, 409, "ExecutionAlreadyExists");
    problem(&run("/v1/state-machines/m/executions?wait=1h", "").await, 400, "ValidationException");
    problem(&run("/v1/state-machines/m/executions", "{").await, 400, "InvalidExecutionInput");
    problem(&bench.request("PUT", "/v1/state-machines/m", &[], "{").await, 400, "InvalidDefinition");
    problem(
        &bench.request("PUT", "/v1/state-machines/m?type=express", &[], PASS).await,
        409,
        "StateMachineAlreadyExists",
    );
    problem(&bench.request("GET", "/v1/executions/x", &[], "").await, 400, "InvalidArn");
    let absent = format!("/v1/executions/{EXECUTION}:m:absent");
    problem(&bench.request("GET", &absent, &[], "").await, 404, "ExecutionDoesNotExist");
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks() {
    let bench = Bench::new().await;
    let machine = bench.callback_machine().await;
    let (execution, token) = bench.waiting_task(&machine).await;
    let send = async |token: &str, what: &str, body: &'static str| {
        bench.request("POST", &format!("/v1/tasks/{token}/{what}"), &[], body).await
    };
    assert_eq!(send(&token, "heartbeat", "").await.status, 204);
    problem(&send(&token, "success", "{").await, 400, "InvalidOutput");
    problem(&send(&token, "failure", r#"{"eror": "x"}"#).await, 400, "SerializationException");
    assert_eq!(send(&token, "success", "[1,  2]").await.status, 204);
    assert_eq!(bench.closed(&execution).await["output"], "[1,  2]");
    problem(&send(&token, "failure", r#"{"error": "E", "cause": "C"}"#).await, 410, "TaskTimedOut");
    problem(&send("unknown", "heartbeat", "").await, 400, "InvalidToken");
}

#[tokio::test]
async fn what_is_not_there() {
    let bench = Bench::new().await;
    problem(&bench.request("GET", "/v1/nothing", &[], "").await, 404, "NotFound");
    problem(&bench.request("GET", "/v1", &[], "").await, 404, "NotFound");
    problem(&bench.request("PATCH", "/v1/functions/f", &[], "").await, 405, "MethodNotAllowed");
    problem(&bench.request("GET", "/v1/functions/%ff", &[], "").await, 400, "ValidationException");
}

/// A stream that goes on until its reader goes.
#[tokio::test(flavor = "multi_thread")]
async fn logs_can_be_followed() {
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;
    let bench = Bench::new().await;
    deploy(&bench).await;
    let request = http::Request::get("/v1/functions/echo/logs?follow=true").header("host", "localhost");
    let request = request.body(axum::body::Body::empty()).unwrap();
    let mut body = bench.router.clone().oneshot(request).await.unwrap().into_body();
    bench.request("POST", "/v1/functions/echo/invoke", &[], "1").await.ok_text("1");
    let frame = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert!(std::str::from_utf8(&frame).unwrap().starts_with("START RequestId: "));
}

impl Answer {
    #[track_caller]
    fn ok_text(&self, expected: &str) {
        assert_eq!((self.status, self.text()), (200, expected));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_things_as_through_the_aws_apis() {
    let bench = Bench::new().await;
    deploy(&bench).await;
    let listed = bench.lambda("GET", "", "").await.ok();
    assert_eq!(listed["Functions"][0]["FunctionName"], "echo");
    bench.request("PUT", "/v1/state-machines/m", &[], PASS).await.ok();
    let listed: Value = bench.states("ListStateMachines", json!({})).await.ok();
    assert_eq!(listed["stateMachines"][0]["name"], "m");
}
