//! How a server ends and begins again: SIGTERM under load, a folder that is in use or full.

use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use stepwell_tests::aws::{Settings, assert_whole, states};
use stepwell_tests::http::{Answer, Connection};
use stepwell_tests::server::{Refused, Server};

const MACHINE: &str = "arn:aws:states:us-east-1:000000000000:stateMachine:work";

/// A machine that calls a function for each of three items, and rests a second.
fn deploy(server: &Server) {
    let echo = server.function("echo", "echo", Settings::default());
    let definition = json!({"StartAt": "Each", "States": {
        "Each": {"Type": "Map", "ItemsPath": "$.items", "Next": "Rest", "ItemProcessor": {"StartAt": "Echo",
            "States": {"Echo": {"Type": "Task", "Resource": echo, "End": true}}}},
        "Rest": {"Type": "Wait", "Seconds": 1, "End": true}}});
    server.machine("work", "STANDARD", &definition);
}

fn start(connection: &mut Connection, items: &Value) -> std::io::Result<Answer> {
    let input = json!({"items": items}).to_string();
    states(connection, "StartExecution", &json!({"stateMachineArn": MACHINE, "input": input}))
}

/// The ARNs of executions whose start was acknowledged.
type Accepted = Arc<Mutex<Vec<String>>>;
/// A client; its last answer, if the server gave one.
type Client = JoinHandle<Option<Answer>>;

/// Clients that start executions until they are refused or the server is gone.
fn load(server: &Server, items: Value) -> (Accepted, Vec<Client>) {
    let accepted = Accepted::default();
    let client = |_| {
        let (accepted, mut connection, items) = (Arc::clone(&accepted), server.connection(), items.clone());
        std::thread::spawn(move || {
            loop {
                let Ok(answer) = start(&mut connection, &items) else { return None };
                if answer.status != 200 {
                    return Some(answer);
                }
                let arn = answer.json()["executionArn"].as_str().unwrap_or_default().to_owned();
                accepted.lock().expect("no client panics").push(arn);
            }
        })
    };
    let clients = (0..4).map(client).collect();
    (accepted, clients)
}

/// All that was accepted ends right.
#[track_caller]
fn check_all_end(server: &Server, accepted: &Mutex<Vec<String>>, output: &Value) {
    let accepted = accepted.lock().expect("no client panics");
    assert!(!accepted.is_empty(), "there was load");
    for execution in accepted.iter() {
        let described = server.closed(execution);
        assert_eq!(described["output"], output.to_string(), "{described}");
        assert_whole(&server.history(execution));
    }
}

#[test]
fn sigterm_under_load_loses_nothing() {
    let mut server = Server::start();
    deploy(&server);
    let (accepted, clients) = load(&server, json!([1, 2, 3]));
    server.until("load", || accepted.lock().expect("no client panics").len() >= 100);
    server.terminate();
    assert_eq!(server.ended(), Some(0), "{}", server.log());
    for client in clients {
        // Whoever was not served was told so, or found nobody.
        let last = client.join().expect("no client panics");
        assert!(last.as_ref().is_none_or(|answer| answer.status >= 500), "{last:?}");
    }
    let server = server.again();
    check_all_end(&server, &accepted, &json!([1, 2, 3]));
}

#[test]
fn a_second_server_on_the_folder_is_refused() {
    let mut server = Server::start();
    let Refused { code, stderr } = Server::on(server.data()).expect_err("the folder is in use");
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stderr.contains("another Stepwell server has this folder open"), "{stderr}");
    assert!(server.is_up());
    assert_eq!(server.plain("GET", "/readyz", "").status, 200);
}

#[test]
fn a_full_disk_stops_it_with_a_reason_and_loses_nothing() {
    const FILE_BYTES_MAX: u64 = 6 << 20;
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let data = folder.path().join("data");
    let mut server =
        Server::with_files_up_to(&data, FILE_BYTES_MAX).unwrap_or_else(|refused| panic!("{refused:?}"));
    deploy(&server);
    let items = json!(["x".repeat(20_000)]);
    let (accepted, clients) = load(&server, items.clone());
    for client in clients {
        let last = client.join().expect("no client panics");
        assert!(last.as_ref().is_none_or(|answer| answer.status >= 400), "{last:?}");
    }
    let code = server.ended();
    let log = server.log();
    assert_eq!(code, Some(1), "{log}");
    assert!(log.contains("error: the store has stopped: a write failed: "), "{log}");
    assert!(!log.contains("panicked"), "{log}");

    let server = Server::on(&data).unwrap_or_else(|refused| panic!("{refused:?}"));
    check_all_end(&server, &accepted, &items);
}
