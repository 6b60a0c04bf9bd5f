//! Whatever comes in: an answer in the protocol's form, and a server that goes on.

use crate::support::Bench;
use axum::body::Body;
use futures_util::stream;
use serde_json::{Value, json};
use std::time::Duration;
use stepwell_api::ServeLimits;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

const TARGET: (&str, &str) = ("x-amz-target", "AWSStepFunctions.ListStateMachines");

/// Pseudo-random numbers with a fixed seed (xorshift), so that a failure repeats.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn bytes(&mut self, length_max: u64) -> Vec<u8> {
        let length = self.next() % (length_max + 1);
        (0..length).map(|_| u8::try_from(self.next() % 256).unwrap()).collect()
    }
}

#[tokio::test]
async fn bodies_that_are_no_requests() {
    let bench = Bench::new().await;
    let hold = async |body: Vec<u8>, status: u16, code: &str| {
        let answer = bench.request("POST", "/", &[TARGET], body).await;
        assert_eq!((answer.status, answer.header("x-amzn-errortype")), (status, code), "{}", answer.text());
    };
    let serialization = "SerializationException";
    for body in [
        "{",
        "nul",
        "\u{feff}{}",
        "{}{}",
        "{\"maxResults\":1e999}",
        "{\"maxResults\":\"1\"}",
        "[]",
        "1",
        "\"x\"",
    ] {
        hold(body.into(), 400, serialization).await;
    }
    hold(b"{\"nextToken\":\"\xff\"}".to_vec(), 400, serialization).await;
    hold(b"\x80\x04\x95".to_vec(), 400, serialization).await;
    hold("[".repeat(100_000).into(), 400, serialization).await;
    hold("{\"a\":".repeat(100_000).into(), 400, serialization).await;
    hold(" ".repeat(1_048_577).into(), 413, "RequestEntityTooLargeException").await;
    hold(format!("{{\"maxResults\":{}}}", "9".repeat(1_000)).into(), 400, serialization).await;
    let mut random = Random(42);
    for _ in 0..500 {
        let answer = bench.request("POST", "/", &[TARGET], random.bytes(200)).await;
        assert!(matches!(answer.status, 200 | 400), "{}", answer.status);
        assert!(answer.json().is_object());
    }
}

#[tokio::test]
async fn bodies_that_are_damaged_requests() {
    let bench = Bench::new().await;
    let good = json!({
        "name": "m", "definition": crate::support::PASS, "roleArn": crate::support::ROLE, "type": "STANDARD",
        "loggingConfiguration": {"level": "OFF", "destinations": []}, "tags": [{"key": "k", "value": "v"}],
    });
    let good = good.to_string().into_bytes();
    let mut random = Random(7);
    for _ in 0..500 {
        let mut body = good.clone();
        for _ in 0..=random.next() % 3 {
            let at = usize::try_from(random.next()).unwrap() % body.len();
            body[at] = u8::try_from(random.next() % 256).unwrap();
        }
        let headers = [("x-amz-target", "AWSStepFunctions.CreateStateMachine")];
        let answer = bench.request("POST", "/", &headers, body.clone()).await;
        let shown = String::from_utf8_lossy(&body);
        assert!(matches!(answer.status, 200 | 400), "{} {shown}", answer.status);
        assert!(answer.json().is_object(), "{shown}");
    }
}

#[tokio::test]
async fn content_types() {
    let bench = Bench::new().await;
    let call = async |content_type: &str| {
        bench.request("POST", "/", &[TARGET, ("content-type", content_type)], "{}").await
    };
    for good in
        ["application/x-amz-json-1.0", "Application/X-Amz-Json-1.0; charset=utf-8", "application/json"]
    {
        assert_eq!(call(good).await.status, 200, "{good}");
    }
    for bad in ["application/xml", "text/plain", ";", "é"] {
        assert_eq!(call(bad).await.status, 415, "{bad}");
    }
    let answer = bench.request("POST", "/", &[("content-type", "application/x-amz-json-1.0")], "{}").await;
    assert_eq!(
        (answer.status, answer.header("x-amzn-errortype")),
        (403, "MissingAuthenticationTokenException")
    );
    let answer = bench.request("GET", "/", &[TARGET], "").await;
    assert_eq!((answer.status, answer.header("x-amzn-errortype")), (404, "UnknownOperationException"));
}

#[tokio::test]
async fn headers_and_paths() {
    let bench = Bench::new().await;
    let long = "A".repeat(100_000);
    let signature = format!("AWS4-HMAC-SHA256 Credential={long}/20260101/{long}/{long}/aws4_request");
    let answer = bench.request("POST", "/", &[TARGET, ("authorization", &signature)], "{}").await;
    assert_eq!(answer.status, 200, "a signature that is none");
    let target = format!("{long}.{long}");
    let answer = bench.request("POST", "/", &[("x-amz-target", &target)], "{}").await;
    assert!(answer.status == 501 && answer.body.len() < 300, "{}", answer.body.len());
    for path in [
        "/2015-03-31/functions/%",
        "/2015-03-31/functions/%00",
        "/2015-03-31/functions/..%2f..%2fx",
        "/2015-03-31/functions//",
        "/2015-03-31/functions/a/invocations/x",
        "/2015-03-31/functions/a?Qualifier=%ff",
        "/v1/executions/%00",
        "/v1/executions/arn:aws:states:::execution",
        "/v1/tasks/%ff/success",
        "//",
        "/?&&&=%",
    ] {
        for method in ["GET", "POST", "PUT", "DELETE"] {
            let answer = bench.request(method, path, &[], "").await;
            assert!((200..500).contains(&answer.status), "{method} {path} {}", answer.status);
        }
    }
    let mut random = Random(3);
    for _ in 0..200 {
        let path: String = random.bytes(60).iter().map(|byte| format!("%{byte:02x}")).collect();
        for prefix in ["/2015-03-31/functions/", "/v1/functions/", "/v1/executions/", "/"] {
            let answer = bench.request("GET", &format!("{prefix}{path}?{path}={path}"), &[], "").await;
            assert!((200..500).contains(&answer.status), "{prefix}{path} {}", answer.status);
        }
    }
}

#[tokio::test]
async fn uploads_that_are_too_large() {
    let bench = Bench::new().await;
    let piece = vec![b'x'; 1 << 20];
    let pieces = (0..80).map(move |_| Ok::<_, std::io::Error>(piece.clone()));
    let answer = bench.request("PUT", "/v1/functions/f", &[], Body::from_stream(stream::iter(pieces))).await;
    assert_eq!((answer.status, &answer.json()["code"]), (413, &json!("RequestEntityTooLargeException")));
    let announced = [("content-length", "209715200"), ("expect", "100-continue")];
    let answer = bench.request("POST", "/2015-03-31/functions", &announced, Body::empty()).await;
    answer.refused(
        413,
        "RequestEntityTooLargeException",
        "Request must be smaller than 70000000 bytes for the CreateFunction operation",
    );
}

/// A server on a socket, as the binary runs it.
struct Served {
    address: std::net::SocketAddr,
    stop: CancellationToken,
    done: tokio::task::JoinHandle<()>,
    _bench: Bench,
}

impl Served {
    async fn new() -> Self {
        let bench = Bench::new().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let serving =
            stepwell_api::serve(listener, bench.router.clone(), stop.clone(), ServeLimits::default());
        Self { address, stop, done: tokio::spawn(serving), _bench: bench }
    }

    /// Everything that the server says to a whole request, until it closes.
    async fn say(&self, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // The server may close before it has read all of it.
        let _ = stream.write_all(request).await;
        Self::heard(stream).await
    }

    /// Everything that the server says to these bytes, when nothing follows them.
    async fn babble(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let _ = stream.write_all(bytes).await;
        let _ = stream.shutdown().await;
        Self::heard(stream).await
    }

    async fn heard(mut stream: TcpStream) -> String {
        let mut answer = Vec::new();
        let _ = tokio::time::timeout(Duration::from_secs(30), stream.read_to_end(&mut answer)).await.unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_on_a_socket() {
    let served = Served::new().await;
    let body = "{}";
    let call = |target: &str, host: &str| {
        format!(
            "POST {target} HTTP/1.1\r\nHost: {host}\r\nX-Amz-Target: AWSStepFunctions.ListStateMachines\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
    };
    let answer = served.say(call("/", "localhost").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with(r#"{"stateMachines":[]}"#), "{answer}");
    let absolute = format!("http://sync-localhost:{}/", served.address.port());
    for host in ["localhost", "sync-localhost"] {
        let answer = served.say(call(&absolute, host).as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
    let answer = served.say(call("http://evil.test/", "localhost").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    let answer = served.say(b"GET /healthz HTTP/1.0\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.0 403 ") || answer.starts_with("HTTP/1.1 403 "), "{answer}");
    let answer = served.say(b"HEAD /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\n"), "{answer}");

    let many: String = (0..200).map(|n| format!("X-Header-{n}: {n}\r\n")).collect();
    let answer =
        served.say(format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\n{many}\r\n").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    let long = "x".repeat(1 << 20);
    let answer =
        served.say(format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: {long}\r\n\r\n").as_bytes()).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431 "), "{answer}");

    let mut random = Random(11);
    for _ in 0..200 {
        served.babble(&random.bytes(300)).await;
    }
    let answer = served.say(call("/", "localhost").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "the server goes on: {answer}");
    served.stop.cancel();
    served.done.await.unwrap();
    assert!(TcpStream::connect(served.address).await.is_err(), "no connection after the stop");
}

/// SDKs send head and body one after the other, keep the connection, and do not look whether it was closed meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_without_a_look_at_the_body_keeps_the_connection() {
    let served = Served::new().await;
    let head = |line: &str, header: &str| {
        format!("{line} HTTP/1.1\r\nHost: localhost\r\n{header}\r\nContent-Length: 2\r\n")
    };
    for refused in [
        head("POST /", "X-Amz-Target: AWSStepFunctions.Nothing"),
        head("POST /", "X-Amz-Target: AmazonSQS.SendMessage"),
        head("POST /2015-03-31/nothing", "X: 1"),
        head("PUT /v1/nothing", "X: 1"),
    ] {
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        stream.write_all(format!("{refused}\r\n").as_bytes()).await.unwrap();
        let first = stream.read(&mut [0; 4_096]).await.unwrap();
        assert!(first > 0, "{refused}");
        let next = head("POST /", "X-Amz-Target: AWSStepFunctions.ListStateMachines");
        let body_and_next = format!("{{}}{next}Connection: close\r\n\r\n{{}}");
        stream.write_all(body_and_next.as_bytes()).await.unwrap();
        let answer = Served::heard(stream).await;
        assert!(answer.ends_with(r#"{"stateMachines":[]}"#), "{refused}{answer}");
    }
}

#[tokio::test]
async fn answers_stay_small() {
    let bench = Bench::new().await;
    let name = "\u{1f600}".repeat(100_000);
    let answer = bench.states("CreateStateMachine", json!({"name": name})).await;
    let message = answer.json()["message"].as_str().map(str::len).unwrap_or_default();
    assert!(answer.status == 400 && message < 10_000, "{message}");
    let tags: Vec<Value> = (0..10_000).map(|_| json!({"key": "", "value": "x".repeat(20)})).collect();
    let answer = bench.states("CreateStateMachine", json!({"name": "m", "tags": tags})).await;
    assert!(answer.status == 400 && answer.body.len() < 10_000, "{}", answer.body.len());
}
