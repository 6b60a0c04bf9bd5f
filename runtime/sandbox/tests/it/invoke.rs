//! What well-behaved guests see and answer.

use crate::guests::{Bench, ECHO, assemble, echo, request, request_with, task};
use std::time::Duration;
use stepwell_sandbox::{Clocks, ComponentKind, InvokeError, LogStream, Randomness, prepare};
use stepwell_types::{AccountId, Timestamp};

/// Runs the module and compares its result.
async fn check(wasm: &[u8], event: &str, want: &str) {
    let report = Bench::new().run(wasm, request(event)).await;
    assert_eq!(report.outcome.as_deref(), Ok(want));
}

#[tokio::test]
async fn an_event_goes_in_and_a_result_comes_out() {
    for event in ["{}", "null", " [1, 2] ", "\"\u{fc}\u{1f600}\""] {
        check(&echo(), event, event).await;
    }
    let long = format!("\"{}\"", "x".repeat(300_000));
    check(&echo(), &long, &long).await;
}

#[tokio::test]
async fn a_tasks_own_error_keeps_its_name() {
    let report =
        Bench::new().run(&task("", "", "(call $fail (local.get $p) (local.get $n))"), request("no")).await;
    let error = InvokeError::TaskError { error: "Demo.Error".into(), cause: "no".into() };
    assert_eq!(report.outcome, Err(error));
}

#[tokio::test]
async fn usage_is_exact_and_repeatable() {
    let bench = Bench::new();
    let first = bench.run(&echo(), request("{}")).await.usage;
    let second = bench.run(&echo(), request("{}")).await.usage;
    assert_eq!(first.fuel, second.fuel);
    assert!((20..200).contains(&first.fuel), "{first:?}");
    assert_eq!(first.memory_peak_bytes, 65_536);
    assert_eq!(first.host_calls, 0);
    assert!(first.billed_ms >= 1);
}

const CONTEXT: &str = r#"
  (import "stepwell:task/context@0.1.0" "attempt" (func $attempt (result i32)))
  (import "stepwell:task/context@0.1.0" "idempotency-key" (func $key (param i32)))
  (import "stepwell:task/context@0.1.0" "deadline-unix-ms" (func $deadline (result i64)))
  (import "stepwell:task/logging@0.1.0" "log" (func $log (param i32 i32 i32)))"#;

#[tokio::test]
async fn the_context_tells_of_the_attempt_and_the_log_keeps_lines() {
    let body = r#"
      (call $key (i32.const 64))
      (call $log (i32.const 3) (i32.load (i32.const 64)) (i32.load (i32.const 68)))
      (if (i64.lt_u (call $deadline) (i64.const 1700000000000)) (then unreachable))
      (i32.store8 (i32.const 80) (i32.add (i32.const 48) (call $attempt)))
      (call $answer (i32.const 0) (i32.const 80) (i32.const 1))"#;
    let mut request = request("{}");
    request.attempt = 4;
    let report = Bench::new().run(&task(CONTEXT, "", body), request).await;
    assert_eq!(report.outcome.as_deref(), Ok("4"));
    assert_eq!(report.usage.host_calls, 4);
    let lines: Vec<_> = report.logs.iter().map(|line| (line.stream, line.text.as_str())).collect();
    assert_eq!(lines, [(LogStream::Warn, "key")]);
}

const WASIP1: &str = r#"
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $time (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))"#;

#[tokio::test]
async fn standard_streams_become_lines() {
    let rest = r#"(data (i32.const 200) "out 1\nout 2\nerr")"#;
    let body = r#"
      (i32.store (i32.const 80) (i32.const 200)) (i32.store (i32.const 84) (i32.const 11))
      (drop (call $write (i32.const 1) (i32.const 80) (i32.const 1) (i32.const 90)))
      (i32.store (i32.const 80) (i32.const 212)) (i32.store (i32.const 84) (i32.const 3))
      (drop (call $write (i32.const 2) (i32.const 80) (i32.const 1) (i32.const 90)))"#;
    let report = Bench::new().run(&task(WASIP1, rest, &format!("{body}{ECHO}")), request("{}")).await;
    assert_eq!(report.outcome.as_deref(), Ok("{}"));
    let lines: Vec<_> = report.logs.iter().map(|line| (line.stream, line.text.as_str())).collect();
    assert_eq!(
        lines,
        [(LogStream::Stdout, "out 1"), (LogStream::Stdout, "out 2"), (LogStream::Stderr, "err")]
    );
}

#[tokio::test]
async fn a_guest_finds_its_own_environment_and_nothing_else() {
    // One variable, no arguments, no folder (fd 3 is EBADF, 8).
    let body = r#"
      (drop (call $sizes (i32.const 80) (i32.const 84)))
      (if (i32.ne (i32.load (i32.const 80)) (i32.const 1)) (then unreachable))
      (if (i32.ne (i32.load (i32.const 84)) (i32.const 11)) (then unreachable))
      (drop (call $args (i32.const 80) (i32.const 84)))
      (if (i32.ne (i32.load (i32.const 80)) (i32.const 0)) (then unreachable))
      (if (i32.ne (call $prestat (i32.const 3) (i32.const 80)) (i32.const 8)) (then unreachable))"#;
    check(&task(WASIP1, "", &format!("{body}{ECHO}")), "{}", "{}").await;
}

/// Answers one digit that hangs on 8 random bytes and the time.
const DICE: &str = r#"
  (drop (call $random (i32.const 80) (i32.const 8)))
  (drop (call $time (i32.const 0) (i64.const 0) (i32.const 88)))
  (drop (call $time (i32.const 1) (i64.const 0) (i32.const 96)))
  (i64.store (i32.const 80)
    (i64.xor (i64.load (i32.const 80)) (i64.xor (i64.load (i32.const 88)) (i64.load (i32.const 96)))))
  (loop $digits
    (i32.store8 (i32.add (i32.const 104) (local.get $n))
      (i32.add (i32.const 49) (i32.wrap_i64 (i64.rem_u (i64.load (i32.const 80)) (i64.const 9)))))
    (i64.store (i32.const 80) (i64.div_u (i64.load (i32.const 80)) (i64.const 9)))
    (local.set $n (i32.add (local.get $n) (i32.const 1)))
    (br_if $digits (i32.lt_u (local.get $n) (i32.const 15))))
  (call $answer (i32.const 0) (i32.const 106) (i32.const 13))"#;

#[tokio::test]
async fn clocks_and_randomness_can_be_fixed() {
    let bench = Bench::new();
    let dice = bench.publish(&task(WASIP1, "", DICE)).await;
    let throw = async |clocks, randomness| {
        let mut request = request("{}");
        (request.clocks, request.randomness) = (clocks, randomness);
        bench.sandbox.invoke(&dice, request).await.outcome.unwrap()
    };
    let clock = Clocks::Fixed(Timestamp::from_millis(1_700_000_000_000));
    let fixed = throw(clock, Randomness::Seeded(7)).await;
    assert_eq!(throw(clock, Randomness::Seeded(7)).await, fixed);
    assert_ne!(throw(clock, Randomness::Seeded(8)).await, fixed);
    assert_ne!(throw(clock, Randomness::Real).await, throw(clock, Randomness::Real).await);
    assert_ne!(throw(Clocks::Real, Randomness::Seeded(7)).await, fixed);
}

/// Copies standard input to standard output, then exits with the status.
fn command(status: u32) -> Vec<u8> {
    assemble(&format!(
        r#"(module {WASIP1} (memory (export "memory") 2)
          (func (export "_start")
            (loop $more
              (i32.store (i32.const 0) (i32.const 1024)) (i32.store (i32.const 4) (i32.const 4096))
              (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
              (i32.store (i32.const 4) (i32.load (i32.const 8)))
              (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 12)))
              (br_if $more (i32.load (i32.const 8))))
            (if (i32.const {status}) (then (call $exit (i32.const {status}))))))"#
    ))
}

#[tokio::test]
async fn a_command_reads_its_event_and_writes_its_result() {
    assert_eq!(prepare(&command(0)).unwrap().kind, ComponentKind::Command);
    let long = format!("[\"{}\"]", "y".repeat(100_000));
    check(&command(0), &long, &long).await;
    check(&command(0), " {\"a\": 1}\n", "{\"a\": 1}").await;
    let bench = Bench::new();
    let report = bench.run(&command(3), request("{}")).await;
    assert!(matches!(report.outcome, Err(InvokeError::Exited { status: 1 | 3 })), "{report:?}");
    let report = bench.run(&command(0), request_with(&long, |limits| limits.output_bytes = 1_000)).await;
    assert!(
        matches!(report.outcome, Err(InvokeError::OutputTooLarge { limit_bytes: 1_000, .. })),
        "{report:?}"
    );
    let report = bench.run(&command(0), request("no json")).await;
    assert!(matches!(report.outcome, Err(InvokeError::OutputNotJson { .. })), "{report:?}");
}

#[tokio::test]
async fn nothing_survives_from_one_invocation_to_the_next() {
    let body = r#"
      (i32.store8 (i32.const 200) (i32.add (i32.load8_u (i32.const 200)) (i32.const 1)))
      (if (i32.ne (i32.load8_u (i32.const 200)) (i32.const 1)) (then unreachable))"#;
    let bench = Bench::new();
    let counter = bench.publish(&task("", "", &format!("{body}{ECHO}"))).await;
    for _ in 0..200 {
        assert_eq!(bench.sandbox.invoke(&counter, request("1")).await.outcome.as_deref(), Ok("1"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_invocations_than_places_all_answer() {
    let bench = Bench::with(|config| config.instances_max = 2);
    let function = bench.publish(&echo()).await;
    let calls = (0..200_u64).map(|number| {
        let (sandbox, function) = (bench.sandbox.clone(), function.clone());
        tokio::spawn(async move {
            let mut request = request(&number.to_string());
            request.account = AccountId::from_u64(number % 3).unwrap();
            sandbox.invoke(&function, request).await.outcome
        })
    });
    for (number, call) in calls.collect::<Vec<_>>().into_iter().enumerate() {
        assert_eq!(call.await.unwrap(), Ok(number.to_string()));
    }
}

#[tokio::test]
async fn a_dropped_call_gives_its_place_back() {
    let bench = Bench::with(|config| config.instances_max = 1);
    let spin = bench.publish(&task("", "", "(loop $l (br $l)) unreachable")).await;
    let echo = bench.publish(&echo()).await;
    let call = bench.sandbox.invoke(&spin, request("{}"));
    assert!(tokio::time::timeout(Duration::from_millis(20), call).await.is_err());
    assert_eq!(bench.sandbox.invoke(&echo, request("2")).await.outcome.as_deref(), Ok("2"));
}
