//! What only a socket shows: clients that are slow, silent, greedy or wrong. Each is told so or left, memory stays
//! bounded, and others are answered.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use stepwell_tests::aws::Settings;
use stepwell_tests::http::Connection;
use stepwell_tests::server::{Server, stepwell_after};

static SERVER: LazyLock<Server> = LazyLock::new(server);

fn server() -> Server {
    let server = Server::start();
    let pass = json!({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}});
    server.machine("pass", "STANDARD", &pass);
    server
}

/// How long a client may say nothing, where there is room for all.
const SILENCE_MAX: Duration = Duration::from_secs(60);
const LIST: &str =
    "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: AWSStepFunctions.ListStateMachines\r\n";

/// A connection on which these bytes were sent.
fn sent(bytes: impl AsRef<[u8]>) -> TcpStream {
    sent_to(&SERVER, bytes)
}

fn sent_to(server: &Server, bytes: impl AsRef<[u8]>) -> TcpStream {
    let mut stream = TcpStream::connect(&server.host).expect("the server listens");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("it is a socket");
    // The server may have answered and closed before the last of them.
    let _ = stream.write_all(bytes.as_ref());
    stream
}

/// Everything that the server says until it closes.
fn all(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    // A server that closes before it has read everything resets the connection after its answer.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// What is said first, without waiting for more.
fn first(stream: &mut TcpStream) -> String {
    let mut answer = [0; 4_096];
    let length = stream.read(&mut answer).expect("there is an answer");
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

#[track_caller]
fn check(answer: &str, status: u16, part: &str) {
    let begin = format!("HTTP/1.1 {status} ");
    assert!(
        answer.starts_with(&begin) && answer.contains(part),
        "{status} and `{part}` are not in {answer:.2000}"
    );
}

/// Somebody else is answered.
#[track_caller]
fn check_is_well() {
    check_answers(&SERVER);
}

#[track_caller]
fn check_answers(server: &Server) {
    assert_eq!(server.plain("GET", "/v1/state-machines/pass", "").status, 200);
}

// Bodies

#[test]
fn a_body_that_is_announced_as_too_long_is_not_waited_for() {
    let head = |method: &str, path: &str, length: usize| {
        format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n")
    };
    // Not a byte of it follows.
    let mut upload = sent(head("PUT", "/v1/functions/f", 70_000_001));
    check(&first(&mut upload), 413, "smaller than 70000000 bytes");
    let mut upload = sent(head("PUT", "/v1/functions/f", 200 << 20));
    check(&first(&mut upload), 413, "smaller than 70000000 bytes");
    let mut upload = sent(head("POST", "/2015-03-31/functions", 70_000_001));
    check(&first(&mut upload), 413, "smaller than 70000000 bytes for the CreateFunction operation");
    let mut input = sent(head("POST", "/v1/state-machines/pass/executions", usize::MAX / 2));
    check(&first(&mut input), 413, "RequestEntityTooLargeException");
    let body = "Content-Length: 1048577\r\n\r\n";
    check(&first(&mut sent(format!("{LIST}{body}"))), 413, "RequestEntityTooLargeException");
    check_is_well();
}

#[test]
fn a_body_in_chunks_is_measured_as_it_comes() {
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x1_0000));
    // No end of it is in sight when the answer comes.
    let mut endless = sent(format!("{LIST}Transfer-Encoding: chunked\r\n\r\n{}", chunk.repeat(17)));
    check(&first(&mut endless), 413, "RequestEntityTooLargeException");
    let whole =
        sent(format!("{LIST}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n"));
    check(&all(whole), 200, "stateMachines");
    for broken in ["x\r\n{}\r\n", "-2\r\n{}\r\n", "ffffffffffffffffff\r\n{}\r\n", "2\r\n{}{}{}\r\n0\r\n\r\n"]
    {
        let answer =
            all(sent(format!("{LIST}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n{broken}")));
        check(&answer, 400, "");
    }
    check_is_well();
}

#[test]
fn a_body_that_is_shorter_or_longer_than_it_says() {
    let short = sent(format!("{LIST}Content-Length: 10\r\n\r\n{{}}"));
    short.shutdown(Shutdown::Write).expect("it is open");
    check(&all(short), 400, "IncompleteBody");
    // What is too much begins the next request, and is none.
    let long = all(sent(format!("{LIST}Content-Length: 2\r\n\r\n{{}}{{}}\r\n\r\n")));
    check(&long, 200, "stateMachines");
    assert!(long.contains("HTTP/1.1 400 "), "{long}");
    // Two ways to say where it ends are one too many: what is behind it would be a request of somebody's choice.
    let both = format!("{LIST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{LIST}\r\n");
    let both = all(sent(both));
    assert!(both.matches("HTTP/1.1 ").count() == 1, "{both}");
    for lengths in ["Content-Length: 2\r\nContent-Length: 3", "Content-Length: x", "Content-Length: -1"] {
        check(&all(sent(format!("{LIST}{lengths}\r\n\r\n{{}}"))), 400, "");
    }
    check_is_well();
}

#[test]
fn a_body_in_another_coding_is_no_json() {
    let gzip = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xab\xae\x05\0C\xbf\xa6\xa3\x02\0\0\0";
    let mut request = format!(
        "{LIST}Content-Encoding: gzip\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        gzip.len()
    )
    .into_bytes();
    request.extend(gzip);
    check(&all(sent(request)), 400, "SerializationException");
}

// Heads

#[test]
fn heads_that_are_none() {
    let long = "x".repeat(1 << 20);
    check(&all(sent(format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: {long}\r\n\r\n"))), 431, "");
    let many: String = (0..1_000).map(|n| format!("X-{n}: {n}\r\n")).collect();
    check(&all(sent(format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\n{many}\r\n"))), 431, "");
    let path = all(sent(format!("GET /{long} HTTP/1.1\r\nHost: localhost\r\n\r\n")));
    assert!(path.starts_with("HTTP/1.1 414 ") || path.starts_with("HTTP/1.1 431 "), "{path:.200}");
    check(&all(sent(b"GET /\xff\xfe HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")), 400, "");
    check(&all(sent("GET / HTTP/1.1\r\nHost localhost\r\n\r\n")), 400, "");
    check(&all(sent("GET / HTTP/9.9\r\nHost: localhost\r\n\r\n")), 400, "");
    check(&all(sent([0_u8; 1_024])), 400, "");
    check_is_well();
}

#[test]
fn http_2_is_refused_at_once() {
    // With prior knowledge: its preface and an empty SETTINGS frame.
    let answer = all(sent(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0"));
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 "), "{answer}");
    let upgrade = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n";
    let mut upgrade = sent(format!("{LIST}{upgrade}Content-Length: 2\r\n\r\n{{}}"));
    check(&first(&mut upgrade), 200, "stateMachines");
}

#[test]
fn paths_that_are_no_text() {
    for name in ["%ff%fe", "%00", "a%2f..%2f..%2fetc", "%", "%zz", "..", "a%0d%0aX:%20y", "\u{1f600}"] {
        for (method, path) in [
            ("GET", format!("/v1/functions/{name}")),
            ("POST", format!("/v1/functions/{name}/invoke")),
            ("GET", format!("/v1/executions/{name}")),
            ("POST", format!("/v1/tasks/{name}/success")),
            ("GET", format!("/2015-03-31/functions/{name}")),
            ("POST", format!("/2015-03-31/functions/{name}/invocations")),
        ] {
            let request = format!(
                "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
            );
            let answer = all(sent(request));
            assert!(answer.starts_with("HTTP/1.1 4"), "{method} {path}: {answer}");
        }
    }
    check_is_well();
}

// Many requests

#[test]
fn requests_sent_ahead_are_answered_in_their_order() {
    const COUNT: usize = 50;
    let requests: String = (0..COUNT)
        .map(|number| format!("GET /v1/functions/none-{number} HTTP/1.1\r\nHost: localhost\r\n\r\n"))
        .collect();
    let last = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let answers = all(sent(requests + last));
    let places: Vec<Option<usize>> =
        (0..COUNT).map(|number| answers.find(&format!("function:none-{number}\""))).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?} in {answers:.2000}");
    assert_eq!(answers.matches("HTTP/1.1 ").count(), COUNT + 1);
}

/// Kilobytes of memory that the server has in use.
fn memory_kb(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).expect("a number of kB")
}

#[test]
fn readers_who_take_nothing_cost_one_answer_each() {
    const READERS: usize = 100;
    const REQUESTS: usize = 400;
    const MEMORY_KB_MAX: u64 = 512 << 10;
    // One of its own, whose memory is nobody else's.
    let server = server();
    server.function("large", "large-257k", Settings::default());
    let before = memory_kb(&server);
    let request =
        "POST /v1/functions/large/invoke HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}";
    // Ten gigabytes of answers, were they all made.
    let mut readers: Vec<TcpStream> =
        (0..READERS).map(|_| sent_to(&server, request.repeat(REQUESTS))).collect();
    // Each has the beginning of its first answer, so that the server is at work for all of them.
    for reader in &mut readers {
        check(&first(reader), 200, "");
    }
    for _ in 0..20 {
        check_answers(&server);
        let grown = memory_kb(&server).saturating_sub(before);
        assert!(grown < MEMORY_KB_MAX, "{grown} kB more for {READERS} readers");
    }
}

#[test]
fn clients_who_say_nothing_leave_room_for_others() {
    const CLIENTS: u64 = 2_000;
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.map_or(CLIENTS + 500, |maximum| maximum.min(CLIENTS + 500));
    if limit.current.is_some_and(|current| current < wanted) {
        setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), ..limit }).expect("up to the maximum");
    }
    // The other tests of this process need some as well.
    let clients = wanted.saturating_sub(500).min(CLIENTS);
    assert!(clients > 0, "this process may open no more than {wanted} files");
    let server = server();
    let before = memory_kb(&server);
    let silent = ["", "GET / HTTP/1.1\r\nHost: loc", &format!("{LIST}Content-Length: 10\r\n\r\n{{")];
    let clients: Vec<TcpStream> =
        silent.iter().cycle().take(clients as usize).map(|begin| sent_to(&server, begin)).collect();
    check_answers(&server);
    let execution = server.execution("arn:aws:states:us-east-1:000000000000:stateMachine:pass", &json!([1]));
    assert_eq!(server.closed(&execution)["output"], "[1]");
    let grown = memory_kb(&server).saturating_sub(before);
    assert!(grown < 200 << 10, "{grown} kB more for {} clients", clients.len());
}

#[test]
fn a_server_that_may_open_few_files_keeps_some_for_itself() {
    const FILES: usize = 64;
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let command = stepwell_after(&format!("ulimit -n {FILES}"));
    let server =
        Server::by(command, &folder.path().join("data")).unwrap_or_else(|refused| panic!("{refused:?}"));
    let mut first = server.connection();
    let health = |connection: &mut Connection| connection.request("GET", "/healthz", &[], b"");
    assert_eq!(health(&mut first).expect("it answers").status, 200);
    let silent: Vec<TcpStream> =
        (0..FILES).map(|_| TcpStream::connect(&server.host).expect("the system queues it")).collect();
    // Whoever is connected is served, and that opens files: of the store, of code, of what is compiled.
    let code = stepwell_tests::component("echo");
    let put = first.request("PUT", "/v1/functions/echo", &[], &code).expect("it answers");
    assert_eq!(put.status, 201, "{}", put.text());
    let invoked = first.request("POST", "/v1/functions/echo/invoke", &[], b"[1]").expect("it answers");
    assert_eq!(invoked.status, 200, "{}", invoked.text());
    // The silent ones make room for whoever comes next, long before they would have been left for their silence.
    let begin = Instant::now();
    assert_eq!(health(&mut server.connection()).expect("it answers").status, 200);
    assert!(begin.elapsed() < SILENCE_MAX, "{:?}", begin.elapsed());
    drop(silent);
}

#[test]
fn uploads_that_do_not_go_on_leave_room_for_others() {
    let head = "PUT /v1/functions/slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000000\r\n\r\n";
    let slow: Vec<TcpStream> = (0..50).map(|_| sent(format!("{head}{}", "x".repeat(100_000)))).collect();
    SERVER.plain("PUT", "/v1/functions/other", stepwell_tests::component("echo")).ok();
    drop(slow);
}
