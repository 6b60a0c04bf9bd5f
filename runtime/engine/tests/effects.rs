//! Attempts that act on the outside, and what becomes of them when the server stops in their middle.

#[expect(unreachable_pub, reason = "what a support module offers")]
#[expect(dead_code, reason = "other tests use the rest")]
mod support;

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::time::Duration;
use stepwell_engine::Tag;
use stepwell_engine::execution::{ExecutionDescription, ExecutionStatus};
use stepwell_engine::function::{CreateFunction, FunctionError, FunctionSettings};
use stepwell_engine::log::LogFilter;
use stepwell_engine::machine::MachineType;
use stepwell_types::Payload;
use support::Bench;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// A service that reads a line from each connection, and answers all but the first.
fn ledger() -> (SocketAddr, UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (lines, read) = unbounded_channel();
    std::thread::spawn(move || {
        let mut first = None;
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let mut line = String::new();
            stream.read_line(&mut line).unwrap();
            let Ok(()) = lines.send(line) else { return };
            if first.is_some() {
                stream.get_mut().write_all(b"+").unwrap();
            } else {
                first = Some(stream);
            }
        }
    });
    (address, read)
}

async fn deploy(bench: &Bench, grants: &str, on_crash: &str) -> Result<(), FunctionError> {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guest-examples/built");
    let tag = |key: &str, value: &str| Tag { key: key.into(), value: value.into() };
    let request = CreateFunction {
        name: "effect".into(),
        code: std::fs::read(built.join("record-effect.wasm")).unwrap().into(),
        settings: FunctionSettings { timeout_s: Some(60), ..FunctionSettings::default() },
        tags: vec![tag("stepwell:grants", grants), tag("stepwell:on-crash", on_crash)],
        publish: false,
    };
    bench.engine.create_function(&bench.scope, request).await.map(drop)
}

/// One Task, with this `Retry`.
fn definition(retry: &str) -> String {
    format!(
        r#"{{"StartAt":"A","States":{{"A":{{"Type":"Task","Retry":{retry},"End":true,
            "Resource":"arn:aws:lambda:us-east-1:000000000000:function:effect"}}}}}}"#
    )
}

/// Runs a Task that is interrupted after its effect; how it closes, and the lines of all attempts that acted.
async fn interrupted(on_crash: &str, retry: &str) -> (ExecutionDescription, Vec<String>) {
    let mut bench = Bench::new().await;
    let (address, mut lines) = ledger();
    deploy(&bench, &format!("tcp:{address}"), on_crash).await.unwrap();
    let machine = bench.machine("m", &definition(retry), MachineType::Standard).await;
    let input = format!(r#"{{"address":"{address}","id":"A"}}"#);
    let started = bench.start(&machine, Some("e"), &input).await;
    let mut seen = vec![lines.recv().await.unwrap()];
    bench.restart().await;
    if retry != "[]" {
        let is_lost = async || bench.events(&started.arn).await.contains(&"LambdaFunctionFailed".to_owned());
        bench.until(is_lost).await;
        bench.pass(Duration::from_secs(1));
    }
    let closed = bench.closed(&started.arn).await;
    while let Ok(line) = lines.try_recv() {
        seen.push(line);
    }
    (closed, seen)
}

/// What the ledger reads of one attempt; its key ends with the event that scheduled it.
fn line(event: u64, attempt: u32) -> String {
    let arn = "arn:aws:states:us-east-1:000000000000:execution:m:e";
    format!("{{\"key\":\"{arn}#{event}\",\"attempt\":{attempt},\"id\":\"A\"}}\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_effect_is_not_repeated_by_itself() {
    let (closed, seen) = interrupted("fail", "[]").await;
    assert_eq!(closed.status, ExecutionStatus::Failed);
    assert_eq!(closed.failure.error.unwrap().as_str(), "Lambda.SdkClientException");
    assert_eq!(seen, [line(3, 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_is_another_attempt_under_another_key() {
    let retry = r#"[{"ErrorEquals":["Lambda.SdkClientException"],"IntervalSeconds":1,"MaxAttempts":1}]"#;
    let (closed, seen) = interrupted("fail", retry).await;
    assert_eq!(closed.status, ExecutionStatus::Succeeded);
    assert_eq!(seen, [line(3, 1), line(6, 2)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_may_run_again_does_so_under_the_same_key() {
    let (closed, seen) = interrupted("rerun", "[]").await;
    assert_eq!(closed.status, ExecutionStatus::Succeeded);
    assert_eq!(seen, [line(3, 1), line(3, 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_express_execution_runs_again_as_a_whole_under_the_same_keys() {
    let mut bench = Bench::new().await;
    let (address, mut lines) = ledger();
    deploy(&bench, &format!("tcp:{address}"), "fail").await.unwrap();
    let machine = bench.machine("m", &definition("[]"), MachineType::Express).await;
    bench.start(&machine, Some("e"), &format!(r#"{{"address":"{address}","id":"A"}}"#)).await;
    let first = lines.recv().await.unwrap();
    bench.restart().await;
    assert_eq!(lines.recv().await.unwrap(), first);
}

/// On AWS a callback does not stop the function that was called.
#[tokio::test(flavor = "multi_thread")]
async fn a_callback_that_comes_first_leaves_the_function_running() {
    const TASK: &str = r#"{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Parameters":{"FunctionName":"effect","Payload":{"token.$":"$$.Task.Token","address.$":"$.address","id":"A"}},"End":true}}}"#;
    let bench = Bench::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (called, mut calls) = unbounded_channel();
    let (close, closed) = std::sync::mpsc::channel::<()>();
    std::thread::spawn(move || {
        let mut stream = BufReader::new(listener.accept().unwrap().0);
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        called.send(()).unwrap();
        closed.recv().unwrap();
        // A slow service: the attempt's start would be written down in the meantime.
        std::thread::sleep(Duration::from_millis(500));
        let _ = stream.get_mut().write_all(b"+");
    });
    deploy(&bench, &format!("tcp:{address}"), "rerun").await.unwrap();
    let machine = bench.machine("m", TASK, MachineType::Standard).await;
    let started = bench.start(&machine, Some("e"), &format!(r#"{{"address":"{address}"}}"#)).await;
    calls.recv().await.unwrap();
    let token = bench.scheduled_token(&started.arn).await;
    bench.engine.send_task_success(&bench.scope, &token, Payload::parse("[]").unwrap()).await.unwrap();
    close.send(()).unwrap();
    assert_eq!(bench.closed(&started.arn).await.status, ExecutionStatus::Succeeded);
    let filter = LogFilter::Function("effect".into());
    bench.until(async || !bench.engine.logs().read(&bench.scope, &filter).0.is_empty()).await;
    assert_eq!(bench.engine.logs().read(&bench.scope, &filter).0[0].failure, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_grant_is_refused() {
    let bench = Bench::new().await;
    let refused = deploy(&bench, "network", "fail").await.unwrap_err();
    assert!(matches!(refused, FunctionError::InvalidParameter(_)), "{refused:?}");
    assert_eq!(refused.to_string(), "Tag stepwell:grants: 'network' is not known; there is tcp:IP:PORT");
}
