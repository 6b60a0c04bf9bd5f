//! Code from upload to removal: which code runs when, and how long its bytes stay.

#[expect(unreachable_pub, reason = "what a support module offers")]
#[expect(dead_code, reason = "other tests use the rest")]
mod support;

use std::sync::Arc;
use std::time::{Duration, SystemTime};
use stepwell_engine::function::{
    COMPONENT_GRACE, CodeState, Expected, FunctionConfiguration, InvocationType, Invoke, Invoked,
    UpdateFunctionCode,
};
use stepwell_engine::machine::MachineType;
use stepwell_types::FunctionArn;
use support::{Bench, built};

fn arn(name: &str) -> FunctionArn {
    format!("arn:aws:lambda:us-east-1:000000000000:function:{name}").parse().unwrap()
}

async fn update(bench: &Bench, name: &str, code: Arc<[u8]>) -> FunctionConfiguration {
    let (engine, scope) = (&bench.engine, &bench.scope);
    engine.update_function_code(scope, &arn(name), UpdateFunctionCode::new(code)).await.unwrap()
}

async fn invoke(bench: &Bench, name: &str) -> String {
    let invocation_type = InvocationType::RequestResponse;
    let request = Invoke { function: arn(name), event: "7".into(), invocation_type };
    match bench.engine.invoke(&bench.scope, request).await.unwrap() {
        Invoked::Ran { payload, .. } => payload,
        other => panic!("{other:?}"),
    }
}

/// The same component with other bytes: a custom section more.
fn variant(name: &str, number: u8) -> Arc<[u8]> {
    let mut code = built(name).to_vec();
    code.extend([0, 3, 1, b'n', number]);
    code.into()
}

/// Sweeps when this much more than the grace has passed; the components that went.
async fn sweep(bench: &Bench, later: Duration) -> usize {
    bench.engine.sweep_components(SystemTime::now() + COMPONENT_GRACE + later).await.unwrap().removed
}

/// What `const-hello` answers.
const HELLO: &str = r#"{"Return": "HelloWorld"}"#;
const LATER: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
async fn code_that_was_replaced_goes_after_a_while() {
    let mut bench = Bench::new().await;
    bench.create("f", variant("const-hello", 0)).await;
    for number in 1..=10 {
        update(&bench, "f", variant("const-hello", number)).await;
    }
    bench.function("echo").await;
    assert_eq!(bench.engine.sweep_components(SystemTime::now()).await.unwrap().removed, 0);
    assert_eq!(sweep(&bench, LATER).await, 10);
    bench.restart_without_compiled_code().await;
    assert_eq!(sweep(&bench, LATER).await, 0);
    assert_eq!(invoke(&bench, "f").await, HELLO);
    bench.engine.delete_function(&bench.scope, &arn("f")).await.unwrap();
    assert_eq!(bench.engine.sweep_components(SystemTime::now()).await.unwrap().removed, 0);
    assert_eq!(sweep(&bench, LATER).await, 1);
    assert_eq!(invoke(&bench, "echo").await, "7");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_published_version_keeps_its_code() {
    let mut bench = Bench::new().await;
    bench.function("const-hello").await;
    let function = arn("const-hello");
    bench.engine.publish_version(&bench.scope, &function, None, Expected::default()).await.unwrap();
    update(&bench, "const-hello", built("echo")).await;
    assert_eq!(sweep(&bench, LATER).await, 0);
    bench.restart_without_compiled_code().await;
    assert_eq!(invoke(&bench, "const-hello:1").await, HELLO);
    bench.engine.delete_function(&bench.scope, &arn("const-hello:1")).await.unwrap();
    assert_eq!(sweep(&bench, LATER).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_runs_what_its_visit_began_with_though_it_was_replaced() {
    const TASK: &str = r#"{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:f",
        "Retry":[{"ErrorEquals":["States.ALL"],"IntervalSeconds":250000,"MaxAttempts":1}],"End":true}}}"#;
    let mut bench = Bench::new().await;
    bench.create("f", built("raise-exception")).await;
    let machine = bench.machine("m", TASK, MachineType::Standard).await;
    let started = bench.start(&machine, None, "{}").await;
    let has_failed =
        async || bench.events(&started.arn).await.iter().any(|name| name == "LambdaFunctionFailed");
    bench.until(has_failed).await;
    update(&bench, "f", variant("const-hello", 1)).await;
    update(&bench, "f", variant("const-hello", 2)).await;
    assert_eq!(sweep(&bench, LATER).await, 1, "what the visit is pinned to stays");
    bench.restart_without_compiled_code().await;
    assert_eq!(sweep(&bench, LATER).await, 0);
    bench.pass(Duration::from_secs(250_001));
    let closed = bench.closed(&started.arn).await;
    let failures = bench.events(&started.arn).await;
    assert_eq!(failures.iter().filter(|name| *name == "LambdaFunctionFailed").count(), 2);
    assert!(closed.failure.error.is_some(), "{closed:?}");
    assert_eq!(sweep(&bench, LATER).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_code_runs_than_the_row_says() {
    let mut bench = Bench::new().await;
    bench.create("f", built("const-hello")).await;
    let updated = update(&bench, "f", built("echo")).await;
    assert_eq!((updated.state, updated.last_update), (CodeState::Active, CodeState::Active));
    bench.restart_without_compiled_code().await;
    // Compiles the code before it, too, so that it would be at hand.
    bench.create("g", built("const-hello")).await;
    assert_eq!(invoke(&bench, "f").await, "7");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_takes_nothing_from_an_upload_of_the_same_bytes() {
    let bench = Bench::new().await;
    bench.function("echo").await;
    for _ in 0..20 {
        bench.engine.delete_function(&bench.scope, &arn("echo")).await.unwrap();
        // As if the grace were over the moment that the sweep begins.
        let at = SystemTime::now() + COMPONENT_GRACE;
        let engine = bench.engine.clone();
        let sweep = tokio::spawn(async move { engine.sweep_components(at).await });
        bench.function("echo").await;
        sweep.await.unwrap().unwrap();
        assert!(bench.engine.function_code(&bench.scope, &arn("echo")).await.is_ok());
    }
}
