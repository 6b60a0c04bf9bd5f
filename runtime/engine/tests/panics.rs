//! A step that panics harms one execution at most.

#[expect(unreachable_pub, reason = "what a support module offers")]
#[expect(dead_code, reason = "other tests use the rest")]
mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use stepwell_engine::TurnProbe;
use stepwell_engine::execution::{ExecutionDescription, ExecutionStatus};
use stepwell_engine::machine::MachineType;
use stepwell_types::{Failure, Payload};
use support::Bench;

const TASK: &str = r#"{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:echo","End":true}}}"#;

/// Panics on the inputs of this name of executions that are called `unlucky`, so many times.
#[derive(Debug)]
struct Panics {
    input: &'static str,
    left: AtomicU32,
}

impl TurnProbe for Panics {
    fn before_step(&self, execution: &str, input: &'static str) {
        let is_meant = execution.contains("unlucky") && (self.input == input || self.input == "all");
        let take = |left: u32| left.checked_sub(1);
        if is_meant && self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok() {
            panic!("as ordered");
        }
    }
}

async fn bench(input: &'static str, times: u32) -> Bench {
    let probe = Arc::new(Panics { input, left: AtomicU32::new(times) });
    let bench = Bench::with(move |config| config.probe = Some(probe.clone())).await;
    bench.function("echo").await;
    bench
}

/// Runs an execution that panics beside one that does not; what became of it, with its events.
async fn check(input: &'static str, times: u32, definition: &str) -> (ExecutionDescription, Vec<String>) {
    let bench = bench(input, times).await;
    let machine = bench.machine("m", definition, MachineType::Standard).await;
    let other = bench.start(&machine, Some("other"), "7").await;
    let started = bench.start(&machine, Some("unlucky"), "7").await;
    bench.until(async || bench.events(&other.arn).await.len() >= 2).await;
    bench.pass(Duration::from_secs(1));
    let closed = bench.closed(&started.arn).await;
    assert_eq!(bench.closed(&other.arn).await.status, ExecutionStatus::Succeeded);
    let ids = bench.event_ids(&started.arn).await;
    assert_eq!(ids, (1..=ids.len() as u64).collect::<Vec<_>>());
    (closed, bench.events(&started.arn).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_input_that_panics_once_is_taken_again() {
    let (closed, events) = check("TaskSucceeded", 1, TASK).await;
    assert_eq!(
        (closed.status, closed.output.as_ref().map(|it| &**it.text())),
        (ExecutionStatus::Succeeded, Some("7"))
    );
    assert_eq!(events.iter().filter(|name| *name == "LambdaFunctionSucceeded").count(), 1);
    let wait = r#"{"StartAt":"A","States":{"A":{"Type":"Wait","Seconds":1,"End":true}}}"#;
    assert_eq!(check("TimerFired", 1, wait).await.0.status, ExecutionStatus::Succeeded);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_input_that_panics_again_fails_its_execution() {
    let (closed, events) = check("TaskSucceeded", u32::MAX, TASK).await;
    assert_eq!(closed.status, ExecutionStatus::Failed);
    assert_eq!(closed.failure.error.unwrap().as_str(), "States.Runtime");
    assert_eq!(events.last().unwrap(), "ExecutionFailed");
}

#[tokio::test(flavor = "multi_thread")]
async fn branches_beside_the_one_that_panics_go_on() {
    let branch = |state: &str| TASK.replace("\"A\"", &format!("\"{state}\""));
    let parallel = format!(
        r#"{{"StartAt":"P","States":{{"P":{{"Type":"Parallel","Branches":[{},{},{}],"End":true}}}}}}"#,
        branch("A"),
        branch("B"),
        branch("C")
    );
    let (closed, _) = check("TaskSucceeded", 1, &parallel).await;
    assert_eq!(closed.output.as_ref().map(|it| &**it.text()), Some("[7,7,7]"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_that_panics_once_is_answered() {
    const APPROVAL: &str = r#"{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Parameters":{"FunctionName":"echo","Payload":{"token.$":"$$.Task.Token"}},"End":true}}}"#;
    let bench = bench("TaskSucceeded", 1).await;
    let machine = bench.machine("m", APPROVAL, MachineType::Standard).await;
    let started = bench.start(&machine, Some("unlucky"), "7").await;
    let token = bench.token(&started.arn).await;
    bench.engine.send_task_success(&bench.scope, &token, Payload::parse("[]").unwrap()).await.unwrap();
    assert_eq!(&**bench.closed(&started.arn).await.output.unwrap().text(), "[]");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_an_execution_that_always_panics() {
    let mut bench = bench("all", u32::MAX).await;
    let machine = bench.machine("m", TASK, MachineType::Standard).await;
    let started = bench.start(&machine, Some("unlucky"), "7").await;
    for _ in 0..3 {
        let stopped = bench.engine.stop_execution(&bench.scope, &started.arn, Failure::default()).await;
        assert!(stopped.is_err(), "{stopped:?}");
    }
    bench.restart().await;
    assert_eq!(bench.run(&machine, "8").await.status, ExecutionStatus::Succeeded);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_express_execution_that_panics_fails() {
    let bench = bench("TaskSucceeded", 1).await;
    let machine = bench.machine("unlucky", TASK, MachineType::Express).await;
    let failed = bench.run_sync(&machine, "7").await;
    assert_eq!(failed.failure.error.unwrap().as_str(), "States.Runtime");
    assert_eq!(bench.run_sync(&machine, "7").await.status, ExecutionStatus::Succeeded);
}
