//! What a caller sees of executions that are folded, reduced and removed: nothing, until they are gone.

#[expect(unreachable_pub, reason = "what a support module offers")]
#[expect(dead_code, reason = "other tests use the rest")]
mod support;

use std::time::Duration;
use stepwell_engine::execution::{
    AttemptUsage, ExecutionDescription, ExecutionError, ExecutionStatus, HistoryOrder, ListExecutions,
};
use stepwell_engine::machine::MachineType;
use stepwell_engine::page::PageRequest;
use stepwell_history::HistoryEvent;
use stepwell_store::backend::core::Disk;
use stepwell_store::backend::read::Reader;
use stepwell_store::{CheckReport, HistoryQuery, Order, Shard};
use stepwell_types::quota::{HISTORY_RETENTION_DAYS, REDRIVE_WINDOW_DAYS};
use stepwell_types::{ExecutionArn, StateMachineArn};
use support::Bench;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A Map of tasks, whose results and variables refer back and forth between transitions.
const MAP: &str = r#"{"StartAt":"Each","States":{
    "Each":{"Type":"Map","ItemsPath":"$.lines","MaxConcurrency":3,"ItemProcessor":{"StartAt":"One","States":{
        "One":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:echo","Next":"Note"},
        "Note":{"Type":"Pass","Parameters":{"noted.$":"$","by":"a text that is long enough to be kept apart"},"End":true}}},
      "Assign":{"before.$":"$"},"ResultPath":"$.results","Next":"Last"},
    "Last":{"Type":"Pass","Parameters":{"all.$":"$.results","before.$":"$before"},"End":true}}}"#;
const FAIL: &str = r#"{"StartAt":"A","States":{"A":{"Type":"Fail","Error":"Broken","Cause":"for good"}}}"#;

/// All that a caller can ask about an execution.
#[derive(Debug, PartialEq)]
struct Seen {
    status: ExecutionStatus,
    input: String,
    output: Option<String>,
    failure: String,
    events: Vec<HistoryEvent>,
    newest_first: Vec<HistoryEvent>,
    usage: Vec<AttemptUsage>,
    listed: Vec<ExecutionArn>,
}

async fn pages(
    bench: &Bench,
    arn: &ExecutionArn,
    order: HistoryOrder,
    first: Option<String>,
) -> Vec<HistoryEvent> {
    let (mut events, mut next_token) = (Vec::new(), first);
    loop {
        let page = PageRequest { max_results: 7, next_token };
        let page = bench.engine.execution_history(&bench.scope, arn, order, &page).await.unwrap();
        events.extend(page.events);
        next_token = page.next_token;
        if next_token.is_none() {
            return events;
        }
    }
}

async fn listed(bench: &Bench, machine: &StateMachineArn) -> Vec<ExecutionArn> {
    let request = ListExecutions {
        machine: machine.clone(),
        status: None,
        redriven: None,
        page: PageRequest::default(),
    };
    let page = bench.engine.list_executions(&bench.scope, request).await.unwrap();
    page.entries.into_iter().map(|summary| summary.arn).collect()
}

async fn see(bench: &Bench, machine: &StateMachineArn, arn: &ExecutionArn) -> Seen {
    let ExecutionDescription { status, input, output, failure, .. } =
        bench.engine.describe_execution(&bench.scope, arn).await.unwrap();
    Seen {
        status,
        input: input.text().to_string(),
        output: output.map(|output| output.text().to_string()),
        failure: format!("{failure:?}"),
        events: pages(bench, arn, HistoryOrder::OldestFirst, None).await,
        newest_first: pages(bench, arn, HistoryOrder::NewestFirst, None).await,
        usage: bench.engine.execution_usage(&bench.scope, arn).await.unwrap(),
        listed: listed(bench, machine).await,
    }
}

fn check(bench: &Bench) -> CheckReport {
    Reader::new(Shard(0), &bench.disk.snapshot().unwrap()).check().unwrap()
}

/// Whether the transitions of the first execution still have their frames, which name their states.
fn is_whole(bench: &Bench) -> bool {
    let query = HistoryQuery {
        execution: 1,
        order: Order::Ascending,
        from_event: None,
        entries_max: 1_000,
        bytes_max: 1 << 20,
    };
    let page = Reader::new(Shard(0), &bench.disk.snapshot().unwrap()).history(&query).unwrap();
    let names_a_state = |body: &[u8]| body.windows(13).any(|part| part == b"ItemProcessor");
    page.entries.iter().any(|entry| names_a_state(&entry.body))
}

/// Does what is due until it shows: the engine does so by itself as well, and one step is done at a time.
async fn retain_until(bench: &Bench, holds: impl Fn() -> bool) {
    bench
        .until(async || {
            bench.engine.retain().await.unwrap();
            holds()
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_see_the_same_until_it_is_gone() {
    let mut bench = Bench::new().await;
    bench.function("echo").await;
    let machine = bench.machine("m", MAP, MachineType::Standard).await;
    let input = r#"{"lines":[{"n":1,"text":"of the first line"},{"n":2,"text":"of the second line"},{"n":3},{"n":4},{"n":5}]}"#;
    let started = bench.start(&machine, Some("one"), input).await;
    bench.closed(&started.arn).await;
    let failing = bench.machine("f", FAIL, MachineType::Standard).await;
    let failed = bench.run(&failing, "{}").await.arn;
    let runs = bench
        .machine(
            "w",
            r#"{"StartAt":"A","States":{"A":{"Type":"Wait","Seconds":9000000,"End":true}}}"#,
            MachineType::Standard,
        )
        .await;
    let runs = bench.start(&runs, None, "{}").await.arn;

    let (before, before_failed) =
        (see(&bench, &machine, &started.arn).await, see(&bench, &failing, &failed).await);
    assert!(before.events.len() > 30 && before.usage.len() == 5, "{before:?}");
    let page = PageRequest { max_results: 7, next_token: None };
    let page = bench.engine.execution_history(&bench.scope, &started.arn, HistoryOrder::OldestFirst, &page);
    let token = page.await.unwrap().next_token;

    bench.pass(Duration::from_secs(60));
    retain_until(&bench, || check(&bench).folded == 2).await;
    assert_eq!(see(&bench, &machine, &started.arn).await, before);
    assert_eq!(see(&bench, &failing, &failed).await, before_failed);
    assert_eq!(pages(&bench, &started.arn, HistoryOrder::OldestFirst, token).await[..], before.events[7..]);

    assert!(is_whole(&bench));
    bench.pass(DAY * u32::try_from(REDRIVE_WINDOW_DAYS).unwrap());
    bench.restart().await;
    retain_until(&bench, || !is_whole(&bench)).await;
    assert_eq!(see(&bench, &machine, &started.arn).await, before);
    assert_eq!(see(&bench, &failing, &failed).await, before_failed);
    let taken = bench.try_start(&machine, Some("one"), input).await.unwrap_err();
    assert!(taken.to_string().starts_with("Execution Already Exists"), "{taken}");

    bench.pass(DAY * u32::try_from(HISTORY_RETENTION_DAYS - REDRIVE_WINDOW_DAYS).unwrap());
    retain_until(&bench, || check(&bench).executions == 1).await;
    let gone = bench.engine.describe_execution(&bench.scope, &started.arn).await.unwrap_err();
    assert!(matches!(gone, ExecutionError::DoesNotExist(_)), "{gone}");
    let page = PageRequest::default();
    let gone = bench.engine.execution_history(&bench.scope, &failed, HistoryOrder::OldestFirst, &page).await;
    assert!(matches!(gone, Err(ExecutionError::DoesNotExist(_))));
    assert!(listed(&bench, &machine).await.is_empty() && listed(&bench, &failing).await.is_empty());
    // What runs is as it was, and the name is free.
    let running = bench.engine.describe_execution(&bench.scope, &runs).await.unwrap();
    assert_eq!(running.status, ExecutionStatus::Running);
    let again = bench.start(&machine, Some("one"), input).await;
    assert_eq!(bench.closed(&again.arn).await.status, ExecutionStatus::Succeeded);
}
