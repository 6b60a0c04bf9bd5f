//! The checked-in guest examples, each run once: what they say of themselves holds in this sandbox.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::{path::Path, sync::Arc, time::Duration};
use stepwell_sandbox::{
    Clocks, FunctionIdentity, Grants, InvokeReport, InvokeRequest, Limits, LogStream, Randomness, Sandbox,
    SandboxConfig, prepare,
};
use stepwell_types::AccountId;

/// Invoke an example of `guest-examples/built` as attempt number `attempt`.
async fn invoke(example: &str, event: &str, attempt: u32, timeout: Duration) -> InvokeReport {
    invoke_granted(example, event, attempt, timeout, &[]).await
}

/// The same with connections that it may open.
async fn invoke_granted(
    example: &str,
    event: &str,
    attempt: u32,
    timeout: Duration,
    tcp_addresses: &[SocketAddr],
) -> InvokeReport {
    let mut grants = Grants::default();
    grants.tcp_addresses = tcp_addresses.into();
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guest-examples/built");
    let component = std::fs::read(built.join(format!("{example}.wasm"))).unwrap();
    let cache = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::new(SandboxConfig::new(cache.path())).unwrap();
    let prepared = prepare(&component).unwrap();
    let function = sandbox.publish(prepared.digest, prepared.component).await.unwrap();
    let request = InvokeRequest {
        account: AccountId::DEFAULT,
        event: event.into(),
        invocation_id: "7c1c3cd4-0000-4000-8000-000000000001".into(),
        execution_arn: None,
        attempt,
        idempotency_key: "key".into(),
        function: FunctionIdentity { name: example.into(), version: "$LATEST".into() },
        environment: Arc::new([]),
        limits: Limits { timeout, ..Limits::default() },
        grants,
        clocks: Clocks::Real,
        randomness: Randomness::Real,
    };
    sandbox.invoke(&function, request).await
}

const TIMEOUT: Duration = Duration::from_secs(60);

/// `want` is the output, or the error's name.
#[track_caller]
fn check_outcome(example: &str, report: &InvokeReport, want: Result<&str, &str>) {
    let got = report.outcome.as_deref().map_err(|error| error.error_type());
    assert_eq!(got, want, "{example}: {:?} {:?}", report.outcome, report.logs);
}

macro_rules! examples {
    ($($test:ident: $example:literal, $event:expr, attempt $attempt:literal => $want:expr;)+) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $test() {
            check_outcome($example, &invoke($example, $event, $attempt, TIMEOUT).await, $want);
        })+
    };
}

examples! {
    echo_keeps_the_text: "echo", r#"{"a" : 1.0, "b":"ü"}"#, attempt 1 => Ok(r#"{"a" : 1.0, "b":"ü"}"#);
    const_hello: "const-hello", "{}", attempt 1 => Ok(r#"{"Return": "HelloWorld"}"#);
    raise_exception: "raise-exception", "{}", attempt 1 => Err("Exception");
    raise_custom_exception: "raise-custom-exception", "{}", attempt 1 => Err("CustomException");
    bytes_str: "bytes-str", "{}", attempt 1 => Ok(r#""HelloWorld!""#);
    large_257k: "large-257k", "[1, {}]", attempt 1 => Ok(&format!("\"{}\"", "a".repeat(257 << 10)));

    an_order_is_totalled: "validate-order",
        r#"{"orderId":"A","customer":{"name":"n","email":"a@b","country":"GB"},"lines":[{"sku":"s","quantity":2,"unitCents":3}]}"#,
        attempt 1 => Ok(r#"{"orderId":"A","customer":{"name":"n","email":"a@b","country":"GB"},"lines":[{"sku":"s","quantity":2,"unitCents":3}],"totalCents":6}"#);
    an_event_of_another_shape: "validate-order", "[]", attempt 1 => Err("Task.InvalidEvent");
    the_gateway_is_down_at_first: "charge-payment", r#"{"orderId":"A","totalCents":5}"#, attempt 2
        => Err("Payment.Unavailable");
    the_gateway_comes_back: "charge-payment", r#"{"orderId":"A","totalCents":5}"#, attempt 3
        => Ok(r#"{"payment":"P-A","chargedCents":5,"attempt":3}"#);
    big_amounts_are_declined: "charge-payment", r#"{"orderId":"A","totalCents":2000000}"#, attempt 3
        => Err("Payment.Declined");

    eat_memory: "eat-memory", "{}", attempt 1 => Err("Runtime.OutOfMemory");
    recurse: "recurse", "{}", attempt 1 => Err("Runtime.Trap");
    trap: "trap", "{}", attempt 1 => Err("Runtime.Trap");
    flood_log: "flood-log", "{}", attempt 1 => Ok(r#"{"lines":100000}"#);
    return_10mb: "return-10mb", "{}", attempt 1 => Err("Function.ResponseSizeTooLarge");
    return_no_json: "return-no-json", "{}", attempt 1 => Err("Runtime.MarshalError");
    ask_network: "ask-network", r#"{"address":"127.0.0.1:80"}"#, attempt 1 => Err("Network.AccessDenied");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spin_is_stopped() {
    check_outcome("spin", &invoke("spin", "{}", 1, Duration::from_millis(50)).await, Err("Sandbox.Timedout"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sleep_60_holds_no_core() {
    let report = invoke("sleep-60", "{}", 1, Duration::from_millis(200)).await;
    check_outcome("sleep-60", &report, Err("Sandbox.Timedout"));
    assert!(report.usage.fuel < 1_000_000, "{:?}", report.usage);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_leaves_its_message() {
    let report = invoke("trap", "{}", 1, TIMEOUT).await;
    let says = |text: &str| {
        report.logs.iter().any(|line| line.stream == LogStream::Error && line.text.contains(text))
    };
    assert!(says("this task always panics"), "{:?}", report.logs);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn small_tasks_ask_for_no_memory() {
    // The pages that the module begins with: stack, data, and the allocator's first 64 KiB.
    let report = invoke("charge-payment", r#"{"orderId":"A","totalCents":5}"#, 3, TIMEOUT).await;
    assert!(report.usage.memory_peak_bytes <= 20 << 16, "{:?}", report.usage);
    let says = |text: &str| report.logs.iter().any(|line| line.text.contains(text));
    assert!(says("idempotency key key"), "{:?}", report.logs);
}

/// A service on this machine that answers each line with `answer`, or never, and gives the lines that it has read.
fn ledger(answer: Option<&'static str>) -> (SocketAddr, std::sync::mpsc::Receiver<String>) {
    serve(TcpListener::bind("127.0.0.1:0").unwrap(), answer)
}

fn serve(
    listener: TcpListener,
    answer: Option<&'static str>,
) -> (SocketAddr, std::sync::mpsc::Receiver<String>) {
    let address = listener.local_addr().unwrap();
    let (lines, read) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut open = Vec::new();
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let mut line = String::new();
            stream.read_line(&mut line).unwrap();
            let Ok(()) = lines.send(line) else { return };
            match answer {
                Some(answer) => stream.get_mut().write_all(answer.as_bytes()).unwrap(),
                None => open.push(stream),
            }
        }
    });
    (address, read)
}

fn effect(address: SocketAddr) -> String {
    format!(r#"{{"address":"{address}","id":"A"}}"#)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_granted_address_is_reached() {
    let (address, lines) = ledger(Some("+"));
    let elsewhere = "192.0.2.1:80".parse().unwrap();
    let report = invoke_granted("record-effect", &effect(address), 2, TIMEOUT, &[elsewhere, address]).await;
    check_outcome("record-effect", &report, Ok(r#"{"id":"A","recorded":true}"#));
    assert_eq!(lines.recv().unwrap(), "{\"key\":\"key\",\"attempt\":2,\"id\":\"A\"}\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_granted_ipv6_address_is_reached() {
    let Ok(listener) = TcpListener::bind("[::1]:0") else {
        eprintln!("skipped: needs IPv6");
        return;
    };
    let (address, lines) = serve(listener, Some("+"));
    let report = invoke_granted("record-effect", &effect(address), 1, TIMEOUT, &[address]).await;
    check_outcome("record-effect", &report, Ok(r#"{"id":"A","recorded":true}"#));
    assert!(lines.recv().is_ok());
}

/// `told` is how the refusal ends; nothing arrives.
#[track_caller]
fn check_refused(report: &InvokeReport, told: &str, lines: &std::sync::mpsc::Receiver<String>) {
    check_outcome("record-effect", report, Err("Effect.Unreachable"));
    let message = report.outcome.as_ref().unwrap_err().to_string();
    assert!(message.ends_with(told), "{message}");
    assert!(lines.try_recv().is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_granted_is_not_reached() {
    let (address, lines) = ledger(Some("+"));
    let (granted, _) = ledger(Some("+"));
    let event = effect(address);
    // Another port of the same host.
    let report = invoke_granted("record-effect", &event, 1, TIMEOUT, &[granted]).await;
    check_refused(&report, ": access-denied", &lines);
    let report = invoke("record-effect", &event, 1, TIMEOUT).await;
    check_refused(&report, ": access-denied", &lines);
    // The same address in the other family's clothes.
    let mapped: SocketAddr = format!("[::ffff:127.0.0.1]:{}", address.port()).parse().unwrap();
    let report = invoke_granted("record-effect", &effect(mapped), 1, TIMEOUT, &[address]).await;
    check_refused(&report, ": invalid-argument", &lines);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_listens() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let report = invoke_granted("record-effect", &effect(gone), 1, TIMEOUT, &[gone]).await;
    let (_, nothing) = ledger(None);
    check_refused(&report, ": connection-refused", &nothing);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_for_an_answer_holds_no_core_and_ends_in_time() {
    let (address, lines) = ledger(None);
    let timeout = Duration::from_millis(300);
    let report = invoke_granted("record-effect", &effect(address), 1, timeout, &[address]).await;
    check_outcome("record-effect", &report, Err("Sandbox.Timedout"));
    assert!(report.usage.fuel < 1_000_000, "{:?}", report.usage);
    assert!(lines.recv().unwrap().contains("\"id\":\"A\""));
}
