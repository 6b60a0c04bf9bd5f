//! Who is answered at all, and on whose behalf.

use crate::support::{Bench, PASS, ROLE};
use serde_json::json;

#[track_caller]
fn hold(answer: &crate::support::Answer, status: u16) {
    assert_eq!(answer.status, status, "{}", answer.text());
}

#[tokio::test]
async fn only_loopback_and_given_hosts_are_answered() {
    let bench = Bench::new().await;
    for host in [
        "localhost",
        "127.0.0.1:8083",
        "[::1]:8083",
        "sync-localhost:8083",
        "sync-127.0.0.1",
        "stepwell.test",
    ] {
        hold(&bench.request("GET", "/healthz", &[("host", host)], "").await, 200);
    }
    for host in ["example.com", "rebound.localhost.example.com", "192.168.1.1", ""] {
        hold(&bench.request("GET", "/healthz", &[("host", host)], "").await, 403);
        let target = ("x-amz-target", "AWSStepFunctions.ListStateMachines");
        let answer = bench.request("POST", "/", &[("host", host), target], "{}").await;
        assert_eq!((answer.status, &answer.json()["__type"]), (403, &json!("AccessDeniedException")));
        let answer = bench.request("GET", "/v1/functions/f", &[("host", host)], "").await;
        assert_eq!((answer.status, answer.header("content-type")), (403, "application/problem+json"));
    }
}

#[tokio::test]
async fn web_pages_of_others_are_not_answered() {
    let bench = Bench::new().await;
    hold(&bench.request("GET", "/healthz", &[("origin", "http://localhost:8083")], "").await, 200);
    for origin in ["null", "http://evil.test", "http://localhost:3000"] {
        hold(&bench.request("GET", "/healthz", &[("origin", origin)], "").await, 403);
        hold(&bench.request("OPTIONS", "/", &[("origin", origin)], "").await, 403);
    }
}

#[tokio::test]
async fn accounts_and_regions_are_apart() {
    let bench = Bench::new().await;
    let call = async |key: &str, region: &str, operation: &str, body: String| {
        let signature =
            format!("AWS4-HMAC-SHA256 Credential={key}/20260101/{region}/states/aws4_request, Signature=0");
        let target = format!("AWSStepFunctions.{operation}");
        bench.request("POST", "/", &[("authorization", &signature), ("x-amz-target", &target)], body).await
    };
    let request = json!({"name": "m", "definition": PASS, "roleArn": ROLE}).to_string();
    let created = call("000000000042", "eu-west-1", "CreateStateMachine", request).await.ok();
    let arn = created["stateMachineArn"].as_str().unwrap();
    assert_eq!(arn, "arn:aws:states:eu-west-1:000000000042:stateMachine:m");
    let seen = async |key: &str, region: &str| {
        let list = call(key, region, "ListStateMachines", "{}".to_owned()).await.ok();
        let described =
            call(key, region, "DescribeStateMachine", json!({"stateMachineArn": arn}).to_string()).await;
        (list["stateMachines"].as_array().unwrap().len(), described.status)
    };
    assert_eq!(seen("000000000042", "eu-west-1").await, (1, 200));
    assert_eq!(seen("000000000042", "us-east-1").await, (0, 400));
    assert_eq!(seen("000000000007", "eu-west-1").await, (0, 400));
    assert_eq!(seen("AKIDEXAMPLE", "eu-west-1").await, (0, 400));
}
