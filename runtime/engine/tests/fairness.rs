//! What one account does, another does not starve from.

#[expect(unreachable_pub, reason = "what a support module offers")]
#[expect(dead_code, reason = "other tests use the rest")]
mod support;

use std::time::Duration;
use stepwell_engine::Scope;
use stepwell_engine::execution::{ExecutionStatus, StartExecution, StartExecutionError};
use stepwell_engine::function::{InvocationType, Invoke};
use stepwell_engine::log::LogFilter;
use stepwell_engine::machine::MachineType;
use stepwell_types::{Payload, StateMachineArn};
use support::{Bench, built};

const WAIT: &str = r#"{"StartAt":"A","States":{"A":{"Type":"Wait","Seconds":30,"End":true}}}"#;
const PASS: &str = r#"{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}"#;
const LIMIT: usize = 10;
/// Of which an account that wants all gets four fifths.
const SHARE: usize = 8;

async fn limited() -> Bench {
    Bench::with(|config| {
        config.live_executions_max = LIMIT;
        config.open_express_max = LIMIT;
    })
    .await
}

async fn start(bench: &Bench, scope: &Scope, machine: &StateMachineArn) -> Result<(), StartExecutionError> {
    start_named(bench, scope, machine, None).await
}

async fn start_named(
    bench: &Bench,
    scope: &Scope,
    machine: &StateMachineArn,
    name: Option<&str>,
) -> Result<(), StartExecutionError> {
    let input = Payload::parse("{}").unwrap();
    let name = name.map(|name| name.parse().unwrap());
    let request = StartExecution { machine: machine.clone(), name, input, trace_header: None };
    bench.engine.start_execution(scope, request).await.map(drop)
}

/// Starts until it is refused.
async fn flood(bench: &Bench, machine: &StateMachineArn) -> (usize, StartExecutionError) {
    for started in 0..=LIMIT {
        if let Err(error) = start(bench, &bench.scope, machine).await {
            return (started, error);
        }
    }
    panic!("nothing was refused")
}

#[tokio::test(flavor = "multi_thread")]
async fn standard_executions_are_shared() {
    let bench = limited().await;
    let (other, machine) = (bench.other_scope(), bench.machine("m", WAIT, MachineType::Standard).await);
    let (started, refused) = flood(&bench, &machine).await;
    assert!(started == SHARE && matches!(refused, StartExecutionError::LimitExceeded), "{started} {refused}");
    let theirs = bench.machine_for(&other, "m", WAIT, MachineType::Standard).await;
    start(&bench, &other, &theirs).await.unwrap();
    // Those that have closed give their part back.
    bench.pass(Duration::from_secs(30));
    bench.until(async || start(&bench, &bench.scope, &machine).await.is_ok()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_start_is_answered_at_the_limit() {
    let bench = limited().await;
    let machine = bench.machine("m", WAIT, MachineType::Standard).await;
    start_named(&bench, &bench.scope, &machine, Some("first")).await.unwrap();
    flood(&bench, &machine).await;
    start_named(&bench, &bench.scope, &machine, Some("first")).await.unwrap();
    let refused = start_named(&bench, &bench.scope, &machine, Some("second")).await;
    assert!(matches!(refused, Err(StartExecutionError::LimitExceeded)), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn express_executions_are_shared() {
    let mut bench = limited().await;
    let (other, machine) = (bench.other_scope(), bench.machine("m", WAIT, MachineType::Express).await);
    let (started, refused) = flood(&bench, &machine).await;
    assert!(started == SHARE && matches!(refused, StartExecutionError::Throttled), "{started} {refused}");
    let theirs = bench.machine_for(&other, "m", PASS, MachineType::Express).await;
    start(&bench, &other, &theirs).await.unwrap();
    // Those that run again after a restart count.
    bench.restart().await;
    let mut refused = 0;
    bench
        .until(async || {
            refused += usize::from(start(&bench, &bench.scope, &machine).await.is_err());
            refused > 0
        })
        .await;
    let input = Payload::parse("{}").unwrap();
    let request = StartExecution { machine: theirs, name: None, input, trace_header: None };
    let ran = bench.engine.start_sync_execution(&other, request).await.unwrap();
    assert_eq!(ran.status, ExecutionStatus::Succeeded);
}

#[tokio::test(flavor = "multi_thread")]
async fn queued_invocations_are_shared() {
    let bench = Bench::new().await;
    let other = bench.other_scope();
    bench.create("sleep", built("sleep-60")).await;
    bench.create_for(&other, "echo", built("echo")).await;
    let event = |account: &Scope, name: &str| Invoke {
        function: format!("arn:aws:lambda:us-east-1:{}:function:{name}", account.account).parse().unwrap(),
        event: "{}".into(),
        invocation_type: InvocationType::Event,
    };
    for _ in 0..400 {
        bench.engine.invoke(&bench.scope, event(&bench.scope, "sleep")).await.unwrap();
    }
    bench.engine.invoke(&other, event(&other, "echo")).await.unwrap();
    let filter = LogFilter::Function("echo".into());
    bench.until(async || !bench.engine.logs().read(&other, &filter).0.is_empty()).await;
}
