//! Each way to misbehave is stopped within its limit, under its own name, while another function keeps answering.

use crate::guests::{Bench, ECHO, assemble, echo, request, request_with, task};
use std::sync::Arc;
use std::time::{Duration, Instant};
use stepwell_sandbox::{InvokeError, InvokeReport, Limits, LogStream, prepare};
use stepwell_types::AccountId;

/// Runs the guest in the company of an echo that is called all the while, and hands its report to the judge.
async fn check(wasm: &[u8], set: impl FnOnce(&mut Limits), judge: impl FnOnce(&InvokeReport) -> bool) {
    let bench = Bench::new();
    let (bad, good) = (bench.publish(wasm).await, bench.publish(&echo()).await);
    let sandbox = bench.sandbox.clone();
    let request_to_bad = request_with("{}", set);
    let misbehaving = tokio::spawn(async move { sandbox.invoke(&bad, request_to_bad).await });
    let mut answers = 0;
    let report = loop {
        let began = Instant::now();
        assert_eq!(bench.sandbox.invoke(&good, request("7")).await.outcome.as_deref(), Ok("7"));
        assert!(began.elapsed() < Duration::from_secs(2), "the other function waited {:?}", began.elapsed());
        answers += 1;
        if misbehaving.is_finished() {
            break misbehaving.await.unwrap();
        }
    };
    assert!(answers > 0 && judge(&report), "{report:?}");
}

fn soon(limits: &mut Limits) {
    limits.timeout = Duration::from_millis(150);
}

fn timed_out(report: &InvokeReport) -> bool {
    let told = "stopped: timed out after 0.15 seconds; raise the function's Timeout (1 to 900 seconds)";
    report.logs.iter().any(|line| line.stream == LogStream::Host && line.text == told)
        && matches!(report.outcome, Err(InvokeError::TimedOut { .. }))
        && report.usage.duration >= Duration::from_millis(150)
        && report.usage.duration < Duration::from_secs(2)
}

fn trap(report: &InvokeReport, words: &str) -> bool {
    matches!(&report.outcome, Err(InvokeError::Trap { reason, .. }) if reason.contains(words))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spinning_for_ever() {
    let spin = task("", "", "(loop $l (br $l)) unreachable");
    check(&spin, soon, timed_out).await;
    let used_up = |report: &InvokeReport| {
        report.outcome == Err(InvokeError::OutOfFuel { limit: 1_000_000 })
            && (1_000_000..1_000_100).contains(&report.usage.fuel)
    };
    check(&spin, |limits| limits.fuel = Some(1_000_000), used_up).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spinning_with_bulk_operations() {
    let fill = "(memory.fill (i32.const 4096) (i32.const 0) (i32.const 16000000))";
    let body = format!("(drop (memory.grow (i32.const 256))) (loop $l {fill} (br $l)) unreachable");
    check(&task("", "", &body), soon, timed_out).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spinning_in_start() {
    let start = "(func $s (loop $l (br $l))) (start $s)";
    check(&task("", start, ECHO), soon, timed_out).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_spinner_on_every_core() {
    let bench = Bench::new();
    let spin = bench.publish(&task("", "", "(loop $l (br $l)) unreachable")).await;
    let good = bench.publish(&echo()).await;
    let spinners: Vec<_> = (0..8)
        .map(|_| {
            let (sandbox, spin) = (bench.sandbox.clone(), spin.clone());
            tokio::spawn(async move { sandbox.invoke(&spin, request_with("{}", soon)).await })
        })
        .collect();
    for _ in 0..20 {
        assert_eq!(bench.sandbox.invoke(&good, request("7")).await.outcome.as_deref(), Ok("7"));
    }
    for spinner in spinners {
        assert!(timed_out(&spinner.await.unwrap()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn holding_every_place() {
    let bench = Bench::with(|config| config.instances_max = 10);
    let sleep = bench.publish(&task(SLEEP, "", &format!("{ONE_MINUTE} {ECHO}"))).await;
    let good = bench.publish(&echo()).await;
    let held: Vec<_> = (0..30)
        .map(|_| {
            let (sandbox, sleep) = (bench.sandbox.clone(), sleep.clone());
            tokio::spawn(async move { sandbox.invoke(&sleep, request("{}")).await })
        })
        .collect();
    let mut other = request("7");
    other.account = AccountId::from_u64(42).unwrap();
    for _ in 0..20 {
        let began = Instant::now();
        assert_eq!(bench.sandbox.invoke(&good, other.clone()).await.outcome.as_deref(), Ok("7"));
        assert!(began.elapsed() < Duration::from_secs(2), "the other account waited {:?}", began.elapsed());
    }
    held.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eating_memory() {
    let body = "(loop $l (br_if $l (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) unreachable";
    let eaten = |report: &InvokeReport| {
        report.outcome == Err(InvokeError::OutOfMemory { limit_bytes: 8 << 20 })
            && report.usage.memory_peak_bytes <= 8 << 20
    };
    check(&task("", "", body), |limits| limits.memory_bytes = 8 << 20, eaten).await;
    // It is refused, not killed: who can do with less goes on.
    let modest = format!("(drop (memory.grow (i32.const 1000))) {ECHO}");
    check(&task("", "", &modest), |limits| limits.memory_bytes = 1 << 20, |report| report.outcome.is_ok())
        .await;
    // Too much from the beginning.
    let needs_much =
        |report: &InvokeReport| report.outcome == Err(InvokeError::OutOfMemory { limit_bytes: 1 });
    check(&echo(), |limits| limits.memory_bytes = 1, needs_much).await;
}

#[tokio::test]
async fn eating_the_machines_memory() {
    let bench = Bench::with(|config| config.memory_bytes_max = 4 << 20);
    let body = "(loop $l (br_if $l (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) unreachable";
    let report = bench.run(&task("", "", body), request("{}")).await;
    assert_eq!(report.outcome, Err(InvokeError::MemoryExhausted));
    assert_eq!(bench.run(&echo(), request("1")).await.outcome.as_deref(), Ok("1"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recursing() {
    let body = "(call $handle (local.get $p) (local.get $n))";
    check(&task("", "", body), |_| {}, |report| trap(report, "call stack exhausted")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trapping() {
    check(&task("", "", "unreachable"), |_| {}, |report| trap(report, "`unreachable` instruction executed"))
        .await;
    let wild = "(i32.load (i32.const -8))";
    check(&task("", "", wild), |_| {}, |report| trap(report, "out of bounds memory access")).await;
    let division = "(i32.div_u (local.get $n) (i32.const 0))";
    check(&task("", "", division), |_| {}, |report| trap(report, "integer divide by zero")).await;
    let named = |report: &InvokeReport| matches!(&report.outcome, Err(InvokeError::Trap { stack, .. }) if stack == &["handle"]);
    check(&task("", "", "unreachable"), |_| {}, named).await;
}

const LOG: &str = r#"(import "stepwell:task/logging@0.1.0" "log" (func $log (param i32 i32 i32)))"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flooding_the_log() {
    let line = "(call $log (i32.const 2) (i32.const 0) (i32.const 1000))";
    let thousand = format!(
        "(loop $l {line} (local.set $p (i32.add (local.get $p) (i32.const 1)))
           (br_if $l (i32.lt_u (local.get $p) (i32.const 10000)))) \
         (call $answer (i32.const 0) (i32.const 100) (i32.const 1))"
    );
    let cut = |report: &InvokeReport| {
        let bytes: usize = report.logs.iter().map(|line| line.text.len()).sum();
        let told = report.logs.last().is_some_and(|line| line.stream == LogStream::Host);
        report.outcome.as_deref() == Ok("7")
            && bytes <= 11_000
            && report.usage.log_lines_dropped > 4_000
            && told
    };
    let digit = r#"(data (i32.const 100) "7")"#;
    check(&task(LOG, digit, &thousand), |limits| limits.log_bytes = 10_000, cut).await;
    let for_ever = format!("(loop $l {line} (br $l)) unreachable");
    let stopped = |report: &InvokeReport| report.outcome == Err(InvokeError::HostCallLimit { limit: 5_000 });
    check(&task(LOG, "", &for_ever), |limits| limits.host_calls = 5_000, stopped).await;
    check(&task(LOG, "", &for_ever), soon, timed_out).await;
    // One message of a megabyte in each call: the time is spent in the host.
    let large = "(drop (memory.grow (i32.const 16)))
      (loop $l (call $log (i32.const 2) (i32.const 0) (i32.const 1000000)) (br $l)) unreachable";
    check(&task(LOG, "", large), soon, timed_out).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn returning_ten_megabytes() {
    let body = "(drop (memory.grow (i32.const 160)))
      (call $answer (i32.const 0) (i32.const 0) (i32.const 10000000))";
    let too_large = |report: &InvokeReport| matches!(report.outcome, Err(InvokeError::OutputTooLarge { .. }));
    check(&task("", "", body), |_| {}, too_large).await;
    let exact = |report: &InvokeReport| {
        report.outcome == Err(InvokeError::OutputTooLarge { bytes: 1_001, limit_bytes: 1_000 })
    };
    let body = "(call $answer (i32.const 0) (i32.const 100) (i32.const 1001))";
    check(&task("", "", body), |limits| limits.output_bytes = 1_000, exact).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn returning_what_is_no_json() {
    let not_json = |report: &InvokeReport| matches!(report.outcome, Err(InvokeError::OutputNotJson { .. }));
    for text in ["hello", "", "{\\22a\\22", "\\ff\\fe"] {
        let data = format!("(data (i32.const 100) \"{text}\")");
        let len = text.replace("\\22", "\"").replace("\\ff", "x").replace("\\fe", "x").len();
        let body = format!("(call $answer (i32.const 0) (i32.const 100) (i32.const {len}))");
        check(&task("", &data, &body), |_| {}, not_json).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn breaking_the_calling_convention() {
    // A result outside memory, and a result area that is not aligned.
    let outside = "(call $answer (i32.const 0) (i32.const -16) (i32.const 8))";
    check(&task("", "", outside), |_| {}, |report| trap(report, "out of bounds")).await;
    check(&task("", "", "(i32.const 3)"), |_| {}, |report| trap(report, "")).await;
    check(
        &task("", "", "(call $answer (i32.const 7) (i32.const 0) (i32.const 8))"),
        |_| {},
        |report| trap(report, ""),
    )
    .await;
}

const SLEEP: &str = r#"
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))"#;

/// Sleeps for a minute.
const ONE_MINUTE: &str = "(i32.store (i32.const 144) (i32.const 1))
  (i64.store (i32.const 152) (i64.const 60000000000))
  (drop (call $poll (i32.const 128) (i32.const 256) (i32.const 1) (i32.const 120)))";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sleeping_past_the_time_out() {
    check(&task(SLEEP, "", &format!("{ONE_MINUTE} {ECHO}")), soon, timed_out).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spending_all_time_in_host_calls() {
    let body = "(loop $l (drop (call $random (i32.const 4096) (i32.const 60000))) (br $l)) unreachable";
    check(&task(SLEEP, "", body), soon, timed_out).await;
    let stopped = |report: &InvokeReport| report.outcome == Err(InvokeError::HostCallLimit { limit: 300 });
    check(&task(SLEEP, "", body), |limits| limits.host_calls = 300, stopped).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lending_one_handle_thousands_of_times() {
    let poll = |listed: &str| assemble(&include_str!("poll.wat").replace("LISTED", listed));
    check(&poll("4000"), soon, timed_out).await;
    check(&poll("5000"), soon, |report| trap(report, "handle limit exceeded")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exiting_without_an_answer() {
    let exited = |report: &InvokeReport| matches!(report.outcome, Err(InvokeError::Exited { status: 0 }));
    check(&task(SLEEP, "", "(call $exit (i32.const 0)) unreachable"), |_| {}, exited).await;
}

/// Creates sockets until one is refused and answers the number of the error code; 1 is `access-denied`.
const SOCKET: &str = include_str!("network.wat");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asking_for_the_network() {
    check(&assemble(SOCKET), |_| {}, |report| report.outcome.as_deref() == Ok("1")).await;
}

#[tokio::test]
async fn opening_sockets_without_end() {
    let mut request = request("{}");
    request.grants.tcp_addresses = Arc::new(["127.0.0.1:80".parse().unwrap()]);
    let report = Bench::new().run(&assemble(SOCKET), request).await;
    assert!(trap(&report, "resource table") && report.usage.host_calls < 300, "{report:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calling_what_links_but_is_not_there() {
    let wasm = assemble(include_str!("http.wat"));
    assert_eq!(prepare(&wasm).unwrap().denied_imports, ["wasi:http/types@0.2.0"]);
    let bench = Bench::new();
    assert_eq!(bench.run(&wasm, request("[]")).await.outcome.as_deref(), Ok("[]"));
    let capability = "wasi:http/types@0.2.0#[constructor]fields".to_owned();
    let denied = InvokeError::Denied { capability };
    assert_eq!(bench.run(&wasm, request("[1]")).await.outcome, Err(denied));
}

/// A fixed sequence of numbers that look random.
fn noise() -> impl FnMut() -> usize {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damaged_guests_harm_only_themselves() {
    let bench = Bench::new();
    let good = bench.publish(&echo()).await;
    let body = "(loop $l (drop (memory.grow (i32.const 1)))
      (i32.store (i32.mul (local.get $p) (i32.const 3)) (local.get $n))
      (local.set $p (i32.add (local.get $p) (i32.const 7)))
      (br_if $l (i32.lt_u (local.get $p) (i32.const 9000))))";
    let whole =
        task(LOG, "", &format!("(call $log (i32.const 1) (i32.const 0) (i32.const 9)) {body} {ECHO}"));
    let mut random = noise();
    let mut ran = 0;
    for _ in 0..400 {
        let mut damaged = whole.clone();
        let at = random() % damaged.len();
        damaged[at] = u8::try_from(random() & 0xff).unwrap();
        let Ok(prepared) = prepare(&damaged) else { continue };
        let Ok(function) = bench.sandbox.publish(prepared.digest, prepared.component).await else { continue };
        let limits = |limits: &mut Limits| limits.fuel = Some(10_000_000);
        let report = bench.sandbox.invoke(&function, request_with("{}", limits)).await;
        assert!(!matches!(report.outcome, Err(InvokeError::Internal(_))), "{report:?}");
        assert_eq!(bench.sandbox.invoke(&good, request("7")).await.outcome.as_deref(), Ok("7"));
        ran += 1;
        if ran == 40 {
            break;
        }
    }
    assert!(ran > 10, "{ran}");
}
