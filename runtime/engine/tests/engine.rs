//! The engine over the in-memory store and real components: what a caller sees, and what a restart leaves.

#[expect(unreachable_pub, reason = "what a support module offers")]
#[expect(dead_code, reason = "other tests use the rest")]
mod support;

use std::sync::Arc;
use std::time::Duration;
use stepwell_engine::execution::{ExecutionStatus, HistoryOrder, ListExecutions};
use stepwell_engine::machine::MachineType;
use stepwell_engine::page::PageRequest;
use stepwell_engine::task_token::TaskTokenError;
use stepwell_engine::{Clock, Scope, TurnProbe};
use stepwell_types::{ErrorName, Failure, Payload};
use support::Bench;

const PASS: &str = r#"{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}"#;

fn call(function: &str) -> String {
    format!(
        r#"{{"StartAt":"A","States":{{"A":{{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:{function}","End":true}}}}}}"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pass_execution_keeps_its_text() {
    let bench = Bench::new().await;
    let machine = bench.machine("m", PASS, MachineType::Standard).await;
    let closed = bench.run(&machine, "[[1, 2,  3]]").await;
    assert_eq!(closed.status, ExecutionStatus::Succeeded);
    assert_eq!(&**closed.output.unwrap().text(), "[[1, 2,  3]]");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_runs_its_component() {
    let bench = Bench::new().await;
    bench.function("echo").await;
    for machine_type in [MachineType::Standard, MachineType::Express] {
        let machine = bench.machine(&format!("m-{machine_type}"), &call("echo"), machine_type).await;
        let (status, output) = match machine_type {
            MachineType::Standard => {
                let closed = bench.run(&machine, r#"{"a": 1}"#).await;
                assert_eq!(
                    bench.events(&closed.arn).await,
                    [
                        "ExecutionStarted",
                        "TaskStateEntered",
                        "LambdaFunctionScheduled",
                        "LambdaFunctionStarted",
                        "LambdaFunctionSucceeded",
                        "TaskStateExited",
                        "ExecutionSucceeded"
                    ]
                );
                let usage = bench.engine.execution_usage(&bench.scope, &closed.arn).await.unwrap();
                assert!(usage.len() == 1 && usage[0].fuel > 0 && usage[0].scheduled_event == 3, "{usage:?}");
                (closed.status, closed.output)
            }
            MachineType::Express => {
                let closed = bench.run_sync(&machine, r#"{"a": 1}"#).await;
                (closed.status, closed.output)
            }
        };
        assert_eq!((status, &**output.unwrap().text()), (ExecutionStatus::Succeeded, r#"{"a": 1}"#));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_function_fails_as_on_aws() {
    let bench = Bench::new().await;
    let machine = bench.machine("m", &call("none"), MachineType::Standard).await;
    let closed = bench.run(&machine, "{}").await;
    assert_eq!(closed.failure.error.unwrap().as_str(), "Lambda.ResourceNotFoundException");
    let cause = closed.failure.cause.unwrap();
    assert!(cause.starts_with("Function not found: arn:aws:lambda:us-east-1:000000000000:function:none:$LATEST (Service: AWSLambda; Status Code: 404; "), "{cause}");
}

/// Nobody waits for the function, so no version of it has run.
#[tokio::test(flavor = "multi_thread")]
async fn lambda_invoke_without_waiting() {
    let bench = Bench::new().await;
    bench.function("echo").await;
    for (invocation_type, status) in [("Event", 202), ("DryRun", 204)] {
        let definition = format!(
            r#"{{"StartAt":"A","States":{{"A":{{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke",
            "Parameters":{{"FunctionName":"echo","InvocationType":"{invocation_type}"}},"End":true}}}}}}"#
        );
        let machine = bench.machine(invocation_type, &definition, MachineType::Standard).await;
        let output = bench.run(&machine, "{}").await.output.unwrap();
        let output = output.value();
        let keys: Vec<_> = output.as_object().unwrap().keys().map(|key| &**key).collect();
        assert_eq!(keys, ["Payload", "SdkHttpMetadata", "SdkResponseMetadata", "StatusCode"]);
        assert_eq!(output.get("Payload").unwrap().as_str(), Some(""));
        assert_eq!(output.get("StatusCode").unwrap().as_i64(), Some(status));
        let header = |name: &str| output.get("SdkHttpMetadata")?.get("HttpHeaders")?.get(name)?.as_str();
        assert_eq!((header("Content-Length"), header("X-Amz-Executed-Version")), (Some("0"), None));
        assert_eq!(header("x-amzn-RequestId").unwrap().len(), 36);
    }
}

const APPROVAL: &str = r#"{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke.waitForTaskToken",
    "Parameters":{"FunctionName":"echo","Payload":{"token.$":"$$.Task.Token"}},"TimeoutSeconds":3600,"End":true}}}"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_counts_once_and_survives_a_restart() {
    let mut bench = Bench::new().await;
    bench.function("echo").await;
    let machine = bench.machine("m", APPROVAL, MachineType::Standard).await;
    let started = bench.start(&machine, None, "{}").await;
    let token = bench.token(&started.arn).await;
    bench.restart().await;
    bench.engine.send_task_heartbeat(&bench.scope, &token).await.unwrap();
    let output = Payload::parse(r#"{"approved": true}"#).unwrap();
    bench.engine.send_task_success(&bench.scope, &token, output.clone()).await.unwrap();
    let again = bench.engine.send_task_success(&bench.scope, &token, output).await.unwrap_err();
    assert!(matches!(again, TaskTokenError::TimedOut), "{again}");
    let closed = bench.closed(&started.arn).await;
    assert_eq!(&**closed.output.unwrap().text(), r#"{"approved": true}"#);
    for bad in ["", "x", &token[1..], &token.replace('A', "B")] {
        let refused = bench.engine.send_task_heartbeat(&bench.scope, bad).await.unwrap_err();
        assert!(matches!(refused, TaskTokenError::InvalidToken), "{bad}: {refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_of_no_use_elsewhere() {
    let bench = Bench::new().await;
    bench.function("echo").await;
    let machine = bench.machine("m", APPROVAL, MachineType::Standard).await;
    let started = bench.start(&machine, None, "{}").await;
    let token = bench.token(&started.arn).await;
    let account = Scope { account: "000000000042".parse().unwrap(), ..bench.scope.clone() };
    let region = Scope { region: "eu-west-1".parse().unwrap(), ..bench.scope.clone() };
    for running in [true, false] {
        for scope in [&account, &region] {
            let refused = bench.engine.send_task_heartbeat(scope, &token).await.unwrap_err();
            assert!(matches!(refused, TaskTokenError::InvalidToken), "{refused}");
            let output = Payload::parse("1").unwrap();
            let refused = bench.engine.send_task_success(scope, &token, output).await.unwrap_err();
            assert!(matches!(refused, TaskTokenError::InvalidToken), "{refused}");
        }
        if running {
            let output = Payload::parse("2").unwrap();
            bench.engine.send_task_success(&bench.scope, &token, output).await.unwrap();
            assert_eq!(&**bench.closed(&started.arn).await.output.unwrap().text(), "2");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn waits_and_their_timers_survive_a_restart() {
    let mut bench = Bench::new().await;
    let definition = r#"{"StartAt":"A","States":{"A":{"Type":"Wait","Seconds":86400,"Next":"B"},"B":{"Type":"Pass","End":true}}}"#;
    let machine = bench.machine("m", definition, MachineType::Standard).await;
    let started =
        bench.start(&machine, None, r#"{"kept":"across the restart, as a text that is long"}"#).await;
    bench.restart().await;
    let described = bench.engine.describe_execution(&bench.scope, &started.arn).await.unwrap();
    assert_eq!(described.status, ExecutionStatus::Running);
    bench.pass(Duration::from_secs(86_400));
    let closed = bench.closed(&started.arn).await;
    assert_eq!(&**closed.output.unwrap().text(), r#"{"kept":"across the restart, as a text that is long"}"#);
    let took = closed.stopped.unwrap().since(closed.started);
    assert!(took >= Duration::from_secs(86_400), "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_is_stopped_once() {
    let bench = Bench::new().await;
    let definition = r#"{"StartAt":"A","States":{"A":{"Type":"Wait","Seconds":60,"End":true}}}"#;
    let machine = bench.machine("m", definition, MachineType::Standard).await;
    let started = bench.start(&machine, Some("one"), "{}").await;
    let failure = Failure::new(ErrorName::from("Enough"), "of it");
    let stopped = bench.engine.stop_execution(&bench.scope, &started.arn, failure.clone()).await.unwrap();
    let again = bench.engine.stop_execution(&bench.scope, &started.arn, Failure::default()).await.unwrap();
    assert_eq!(stopped, again);
    let closed = bench.closed(&started.arn).await;
    assert_eq!((closed.status, closed.failure), (ExecutionStatus::Aborted, failure));
    assert_eq!(bench.events(&closed.arn).await.last().unwrap(), "ExecutionAborted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_is_idempotent_by_name_and_input_while_it_runs() {
    let bench = Bench::new().await;
    let definition = r#"{"StartAt":"A","States":{"A":{"Type":"Wait","Seconds":60,"End":true}}}"#;
    let machine = bench.machine("m", definition, MachineType::Standard).await;
    let first = bench.start(&machine, Some("one"), "{}").await;
    let again = bench.start(&machine, Some("one"), "{}").await;
    assert_eq!((first.arn.clone(), first.started), (again.arn, again.started));
    let other = bench.try_start(&machine, Some("one"), "{ }").await.unwrap_err();
    assert_eq!(other.to_string(), format!("Execution Already Exists: '{}'", first.arn));
    // The same for a name that the server had made.
    let made = bench.start(&machine, None, "{}").await;
    let again = bench.start(&machine, Some(made.arn.name.as_str()), "{}").await;
    assert_eq!(made.arn, again.arn);
    assert!(bench.try_start(&machine, Some(made.arn.name.as_str()), "[]").await.is_err());
    bench.engine.stop_execution(&bench.scope, &first.arn, Failure::default()).await.unwrap();
    assert!(bench.try_start(&machine, Some("one"), "{}").await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn histories_and_listings_are_paged() {
    let bench = Bench::new().await;
    let machine = bench.machine("m", PASS, MachineType::Standard).await;
    let mut arns = Vec::new();
    for n in 0..5 {
        arns.push(bench.run(&machine, &n.to_string()).await.arn);
        bench.pass(Duration::from_millis(5));
    }
    for order in [HistoryOrder::OldestFirst, HistoryOrder::NewestFirst] {
        let mut ids = Vec::new();
        let mut next_token = None;
        loop {
            let page = PageRequest { max_results: 3, next_token };
            let page = bench.engine.execution_history(&bench.scope, &arns[0], order, &page).await.unwrap();
            assert!(page.events.len() <= 3);
            ids.extend(page.events.iter().map(|event| event.id.0));
            next_token = page.next_token;
            if next_token.is_none() {
                break;
            }
        }
        match order {
            HistoryOrder::OldestFirst => assert_eq!(ids, [1, 2, 3, 4]),
            HistoryOrder::NewestFirst => assert_eq!(ids, [4, 3, 2, 1]),
        }
    }
    let mut listed = Vec::new();
    let mut next_token = None;
    loop {
        let page = PageRequest { max_results: 2, next_token };
        let status = Some(ExecutionStatus::Succeeded);
        let request = ListExecutions { machine: machine.clone(), status, redriven: None, page };
        let page = bench.engine.list_executions(&bench.scope, request).await.unwrap();
        listed.extend(page.entries.into_iter().map(|entry| entry.arn));
        next_token = page.next_token;
        if next_token.is_none() {
            break;
        }
    }
    arns.reverse();
    assert_eq!(listed, arns);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_account_sees_nothing() {
    let bench = Bench::new().await;
    let machine = bench.machine("m", PASS, MachineType::Standard).await;
    let closed = bench.run(&machine, "{}").await;
    let other = bench.other_scope();
    assert!(bench.engine.describe_execution(&other, &closed.arn).await.is_err());
    assert!(bench.engine.describe_state_machine(&other, &machine).await.is_err());
    assert!(
        bench.engine.list_state_machines(&other, &PageRequest::default()).await.unwrap().entries.is_empty()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_machine_goes_with_its_last_execution() {
    let bench = Bench::new().await;
    let definition = r#"{"StartAt":"A","States":{"A":{"Type":"Wait","Seconds":60,"End":true}}}"#;
    let machine = bench.machine("m", definition, MachineType::Standard).await;
    let started = bench.start(&machine, None, "{}").await;
    bench.engine.delete_state_machine(&bench.scope, &machine).await.unwrap();
    assert!(bench.try_start(&machine, None, "{}").await.is_err());
    assert!(bench.engine.describe_state_machine(&bench.scope, &machine).await.is_ok());
    bench.engine.stop_execution(&bench.scope, &started.arn, Failure::default()).await.unwrap();
    bench.closed(&started.arn).await;
    bench.until(async || bench.engine.describe_state_machine(&bench.scope, &machine).await.is_err()).await;
    assert!(bench.engine.describe_execution(&bench.scope, &started.arn).await.is_ok(), "its executions stay");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_map_of_a_thousand_tasks_joins_its_results() {
    let bench = Bench::new().await;
    bench.function("echo").await;
    let definition = r#"{"StartAt":"M","States":{"M":{"Type":"Map","ItemsPath":"$","ItemProcessor":{"StartAt":"A","States":{
        "A":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:echo","End":true}}},"End":true}}}"#;
    let machine = bench.machine("m", definition, MachineType::Standard).await;
    let items: Vec<String> = (0..1_000).map(|n: u32| n.to_string()).collect();
    let input = format!("[{}]", items.join(","));
    let closed = bench.run(&machine, &input).await;
    assert_eq!((closed.status, closed.failure), (ExecutionStatus::Succeeded, Failure::default()));
    assert_eq!(&**closed.output.unwrap().text(), input);
    let ids = bench.event_ids(&closed.arn).await;
    assert!(ids.iter().copied().eq(1..=ids.len() as u64), "gapless");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_that_waits_long_leaves_memory_and_comes_back() {
    let bench = Bench::new().await;
    bench.function("echo").await;
    let definition = r#"{"StartAt":"A","States":{"A":{"Type":"Wait","Seconds":600,"Next":"B"},
        "B":{"Type":"Wait","Seconds":5,"End":true}}}"#;
    let machine = bench.machine("m", definition, MachineType::Standard).await;
    let far = bench.start(&machine, None, "{}").await;
    let approval = bench.machine("a", APPROVAL, MachineType::Standard).await;
    let waiting = bench.start(&approval, None, "{}").await;
    let token = bench.token(&waiting.arn).await;
    bench.until(async || bench.engine.executions_in_memory() == 0).await;
    bench.pass(Duration::from_secs(600));
    bench.until(async || bench.events(&far.arn).await.len() == 4).await;
    assert_eq!(bench.engine.executions_in_memory(), 1, "the one whose next due time is near");
    bench.engine.send_task_success(&bench.scope, &token, Payload::parse("1").unwrap()).await.unwrap();
    assert_eq!(bench.closed(&waiting.arn).await.status, ExecutionStatus::Succeeded);
    bench.pass(Duration::from_secs(5));
    assert_eq!(bench.closed(&far.arn).await.status, ExecutionStatus::Succeeded);
}

/// Lets a minute pass with each step that goes on with states.
#[derive(Debug)]
struct Slow(Clock);

impl TurnProbe for Slow {
    fn before_step(&self, _: &str, input: &'static str) {
        if let (Clock::Manual(now), "Resumed") = (&self.0, input) {
            let mut now = now.lock();
            *now = now.after(Duration::from_secs(60));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_express_execution_that_always_has_something_to_do_ends_in_time() {
    let bench = Bench::with(|config| config.probe = Some(Arc::new(Slow(config.clock.clone())))).await;
    let endless = r#"{"StartAt":"A","States":{
        "A":{"Type":"Choice","Choices":[{"Variable":"$","NumericEquals":0,"Next":"Z"}],"Default":"A"},
        "Z":{"Type":"Succeed"}}}"#;
    let machine = bench.machine("m", endless, MachineType::Express).await;
    let ended = bench.run_sync(&machine, "7").await;
    assert_eq!(ended.status, ExecutionStatus::TimedOut);
    assert_eq!(ended.stopped.since(ended.started), Duration::from_secs(300));
}
