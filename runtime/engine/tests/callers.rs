//! What callers may do to the engine: go away before they are answered, come all at once, give names that were made
//! for others.

#[expect(unreachable_pub, reason = "what a support module offers")]
#[allow(dead_code, reason = "each test file takes its part of it")]
mod support;

use futures_util::FutureExt as _;
use std::collections::HashSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use stepwell_engine::execution::{ExecutionStatus, ListExecutions, StartExecution};
use stepwell_engine::function::{InvocationType, Invoke};
use stepwell_engine::log::LogFilter;
use stepwell_engine::machine::MachineType;
use stepwell_engine::page::PageRequest;
use stepwell_types::{Failure, Payload, StateMachineArn};
use support::Bench;

const ECHO: &str = r#"{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:echo","End":true}}}"#;

fn start(machine: &StateMachineArn, name: Option<&str>) -> StartExecution {
    let name = name.map(|name| name.parse().unwrap());
    StartExecution {
        machine: machine.clone(),
        name,
        input: Payload::parse("{}").unwrap(),
        trace_header: None,
    }
}

fn event(event: &str) -> Invoke {
    let function = "arn:aws:lambda:us-east-1:000000000000:function:echo".parse().unwrap();
    Invoke { function, event: event.into(), invocation_type: InvocationType::Event }
}

/// Asks, and goes away before the answer can come.
fn hang_up<T>(call: impl Future<Output = T>) {
    let _ = call.now_or_never();
}

/// Request ids of what ran.
fn ran(bench: &Bench) -> Vec<Arc<str>> {
    let (records, _) = bench.engine.logs().read(&bench.scope, &LogFilter::Function("echo".into()));
    records.iter().map(|record| Arc::clone(&record.request_id)).collect()
}

async fn with_status(bench: &Bench, machine: &StateMachineArn, status: ExecutionStatus) -> usize {
    let page = PageRequest { max_results: 1_000, next_token: None };
    let request = ListExecutions { machine: machine.clone(), status: Some(status), redriven: None, page };
    bench.engine.list_executions(&bench.scope, request).await.unwrap().entries.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_runs_though_its_caller_has_gone() {
    let bench = Bench::new().await;
    bench.function("echo").await;
    let standard = bench.machine("standard", ECHO, MachineType::Standard).await;
    let express = bench.machine("express", ECHO, MachineType::Express).await;
    bench.run(&standard, "{}").await;
    bench.run_sync(&express, "{}").await;
    for _ in 0..8 {
        hang_up(bench.engine.start_execution(&bench.scope, start(&standard, None)));
        hang_up(bench.engine.start_execution(&bench.scope, start(&express, None)));
        hang_up(bench.engine.invoke(&bench.scope, event("{}")));
    }
    bench.until(async || ran(&bench).len() == 2 + 3 * 8).await;
    bench.until(async || with_status(&bench, &standard, ExecutionStatus::Succeeded).await == 9).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queued_invocation_runs_once_however_many_there_are() {
    const INVOCATIONS: usize = 1_000;
    let bench = Bench::new().await;
    bench.function("echo").await;
    let calls = (0..INVOCATIONS).map(|n| {
        let (engine, scope) = (bench.engine.clone(), bench.scope.clone());
        tokio::spawn(async move { engine.invoke(&scope, event(&n.to_string())).await.unwrap() })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap();
    }
    bench.until(async || ran(&bench).len() >= INVOCATIONS).await;
    // Whatever else the queue would run has run by the time that this one has.
    bench.engine.invoke(&bench.scope, event("{}")).await.unwrap();
    bench.until(async || ran(&bench).len() > INVOCATIONS).await;
    let ran = ran(&bench);
    assert_eq!(ran.iter().collect::<HashSet<_>>().len(), ran.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_made_for_one_machine_may_be_given_to_another() {
    const WAIT: &str = r#"{"StartAt":"A","States":{"A":{"Type":"Wait","Seconds":60,"End":true}}}"#;
    let bench = Bench::new().await;
    let one = bench.machine("one", WAIT, MachineType::Standard).await;
    let other = bench.machine("other", WAIT, MachineType::Standard).await;
    let made = bench.start(&one, None, "{}").await;
    let given = bench.start(&other, Some(made.arn.name.as_str()), "{}").await;
    let again = bench.start(&other, Some(made.arn.name.as_str()), "{}").await;
    assert_eq!((&given.arn, given.started), (&again.arn, again.started));
    bench.engine.stop_execution(&bench.scope, &given.arn, Failure::default()).await.unwrap();
    assert_eq!(bench.closed(&given.arn).await.status, ExecutionStatus::Aborted);
    let described = bench.engine.describe_execution(&bench.scope, &made.arn).await.unwrap();
    assert_eq!(described.status, ExecutionStatus::Running);
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_with_one_name_get_one_answer() {
    const WAIT: &str = r#"{"StartAt":"A","States":{"A":{"Type":"Wait","Seconds":600,"End":true}}}"#;
    let bench = Bench::new().await;
    let machine = bench.machine("m", WAIT, MachineType::Standard).await;
    let starts = (0..16).map(|_| {
        let (engine, scope, request) =
            (bench.engine.clone(), bench.scope.clone(), start(&machine, Some("one")));
        tokio::spawn(async move { engine.start_execution(&scope, request).await.unwrap() })
    });
    let mut answers = HashSet::new();
    for started in starts.collect::<Vec<_>>() {
        let started = started.await.unwrap();
        answers.insert((started.arn.to_string(), started.started));
    }
    assert_eq!(answers.len(), 1);
    bench.until(async || bench.engine.executions_in_memory() == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cleared_timer_costs_nothing_when_its_time_comes() {
    let bench = Bench::new().await;
    bench.function("echo").await;
    let timed = ECHO.replace(r#""End""#, r#""TimeoutSeconds":30,"End""#);
    let timed = bench.machine("timed", &timed, MachineType::Standard).await;
    let wait = r#"{"StartAt":"A","States":{"A":{"Type":"Wait","Seconds":50,"End":true}}}"#;
    let wait = bench.machine("wait", wait, MachineType::Standard).await;
    let later = bench.start(&wait, None, "{}").await;
    bench.run(&timed, "{}").await;
    let before = bench.engine.health().durable;
    bench.pass(Duration::from_secs(50));
    bench.closed(&later.arn).await;
    assert_eq!(bench.engine.health().durable, before + 1, "the end of the wait alone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_changes_nothing_leaves_nothing_in_memory() {
    const APPROVAL: &str = r#"{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Parameters":{"FunctionName":"echo","Payload":{"token.$":"$$.Task.Token"}},"End":true}}}"#;
    let bench = Bench::new().await;
    bench.function("echo").await;
    let machine = bench.machine("m", APPROVAL, MachineType::Standard).await;
    let waiting = bench.start(&machine, None, "{}").await;
    let token = bench.token(&waiting.arn).await;
    bench.until(async || bench.engine.executions_in_memory() == 0).await;
    bench.engine.send_task_heartbeat(&bench.scope, &token).await.unwrap();
    assert_eq!(bench.engine.executions_in_memory(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_that_writes_more_than_a_commit_holds_is_committed_in_parts() {
    const PASS: &str =
        r#""Type":"Pass","Parameters":{"n.$":"States.MathAdd($.n, 1)","a.$":"$.a"},"Assign":{"a.$":"$"}"#;
    let grow = format!(
        r#"{{"StartAt":"L","States":{{"L":{{{PASS},"Next":"M"}},"M":{{{PASS},"Next":"C"}},
        "C":{{"Type":"Choice","Choices":[{{"Variable":"$.n","NumericLessThan":140,"Next":"L"}}],"Default":"E"}},
        "E":{{"Type":"Pass","Result":"done","End":true}}}}}}"#
    );
    let bench = Bench::new().await;
    let machine = bench.machine("m", &grow, MachineType::Standard).await;
    let closed = bench.run(&machine, &format!(r#"{{"n":0,"a":"{}"}}"#, "x".repeat(262_000))).await;
    assert_eq!(closed.status, ExecutionStatus::Succeeded);
    assert_eq!(&**closed.output.unwrap().text(), r#""done""#);
}
