//! The client commands, against a real server.

use crate::support::{Follower, Server, workflows};
use serde_json::json;

fn manifest() -> String {
    workflows().join("stepwell.toml").to_str().unwrap().to_owned()
}

fn file(name: &str) -> String {
    workflows().join(name).to_str().unwrap().to_owned()
}

/// A folder with one function and one machine.
fn project(wasm: &str, function: &str, definition: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let wasm = workflows().join("../built").join(wasm);
    let manifest = format!(
        "[functions.f]\nwasm = {:?}\n{function}\n[machines.m]\nfile = \"m.asl.json\"\n",
        wasm.to_str().unwrap()
    );
    std::fs::write(folder.path().join("stepwell.toml"), manifest).unwrap();
    std::fs::write(folder.path().join("m.asl.json"), definition).unwrap();
    folder
}

fn path(folder: &tempfile::TempDir, name: &str) -> String {
    folder.path().join(name).to_str().unwrap().to_owned()
}

const TASK: &str = r#"{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"${f}","End":true}}}"#;

#[test]
fn deploys_runs_and_shows_an_order() {
    let server = Server::start();
    let deployed = server.run(&["deploy", "--file", &manifest(), "--json"]).json();
    let actions: Vec<&str> =
        deployed["deployed"].as_array().unwrap().iter().map(|one| one["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["created"; 16]);
    server.run(&["deploy", "--file", &manifest()]).expect(0, "unchanged  machine   order-express", "");

    let input = format!("@{}", file("order.input.json"));
    let ran =
        server.run(&["run", &file("order.asl.json"), "--input", &input, "--name", "one", "--json"]).json();
    let expected = std::fs::read_to_string(file("order.expected.json")).unwrap();
    assert_eq!(ran["output"], serde_json::from_str::<serde_json::Value>(&expected).unwrap());
    assert!(ran["attempts"].as_array().unwrap().len() > 5);
    assert_eq!(ran["events"].as_array().unwrap().last().unwrap()["type"], "ExecutionSucceeded");

    server.run(&["exec", "ls"]).expect(0, "SUCCEEDED  order    one", "");
    server.run(&["run", &file("order.asl.json"), "--type", "express", "--input", &input]).expect(
        1,
        "",
        "of type STANDARD; use that --type, or another name with --machine",
    );
    server.run(&["exec", "ls", "order-express"]).expect(1, "", "leave no history");
    let everything = server.run(&["exec", "show", "order:one", "--events", "0"]).stdout;
    let ran = server.run(&["run", &file("order.asl.json"), "--input", &input, "--events", "0"]);
    assert_eq!(ran.stdout.lines().count(), everything.lines().count(), "{ran:?}");
    server.run(&["exec", "ls", "order", "--status", "running"]).expect(0, "", "no executions");
    let shown = server.run(&["exec", "show", "order:one", "--events", "0"]).expect(0, "SUCCEEDED in", "");
    assert!(shown.stdout.contains("Payment.Unavailable: the gateway answers 503"), "{shown:?}");
    assert!(shown.stdout.contains("10 attempts, "), "{shown:?}");
    assert!(!shown.stdout.contains('\u{1b}'), "a pipe gets no colours");
    server.run(&["exec", "tail", "order:one"]).expect(0, "ExecutionSucceeded", "");
    server.run(&["logs", "order:one"]).expect(0, "WARN the gateway is down (attempt 1)", "");
    server.run(&["logs", "charge-payment", "--json"]).expect(0, "{\"line\":\"REPORT RequestId: ", "");
}

#[test]
fn a_failed_run_exits_with_1() {
    let server = Server::start();
    let folder = project("raise-custom-exception.wasm", "", TASK);
    server.run(&["deploy", "--file", &path(&folder, "stepwell.toml")]).expect(0, "created", "");
    server.run(&["run", &path(&folder, "m.asl.json")]).expect(1, "FAILED in", "").expect(
        1,
        "error: CustomException",
        "",
    );
    let fails = r#"{"StartAt":"F","States":{"F":{"Type":"Fail","Error":"E","Cause":"c"}}}"#;
    std::fs::write(folder.path().join("e.asl.json"), fails).unwrap();
    server.run(&["run", &path(&folder, "e.asl.json"), "--type", "express"]).expect(
        1,
        "error: E\ncause: c",
        "",
    );
    server.run(&["run", &path(&folder, "e.asl.json"), "--machine", "m m"]).expect(2, "", "--machine");
}

#[test]
fn invokes() {
    let server = Server::start();
    let folder = project("echo.wasm", "", TASK);
    server.run(&["deploy", "--file", &path(&folder, "stepwell.toml")]).expect(0, "created", "");
    server.run(&["invoke", "f", "--input", r#"{"a": [1]}"#]).expect(0, r#"{"a": [1]}"#, "");
    server.run(&["invoke", "f", "--log"]).expect(0, "{}", "REPORT RequestId:");
    assert_eq!(server.run(&["invoke", "f", "-i", "3", "--json"]).json()["payload"], 3);
    server.run(&["invoke", "g"]).expect(1, "", "ResourceNotFoundException: ");
}

/// Runs a misbehaving guest as a task. Its limit, with value and way out, stands in `run`, in `exec show`, and this
/// often in its log.
#[track_caller]
fn check_limit(server: &Server, component: &str, settings: &str, code: i32, limit: &str, logged: usize) {
    let folder = project(&format!("{component}.wasm"), settings, TASK);
    server.run(&["deploy", "--file", &path(&folder, "stepwell.toml")]).expect(0, "machine", "");
    let ran = server.run(&["run", &path(&folder, "m.asl.json"), "--name", component]).expect(code, "", "");
    let shown = server.run(&["exec", "show", &format!("m:{component}")]).expect(0, "", "");
    for text in [&ran.stdout, &shown.stdout] {
        let mut lines = text.lines().filter_map(|line| line.strip_prefix("limit: "));
        assert!(lines.any(|line| line.ends_with(limit)), "{text}");
    }
    let log = server.run(&["logs", &format!("m:{component}")]).stdout;
    assert_eq!(log.matches(limit).count(), logged, "{log}");
}

#[test]
fn a_limit_that_fires_is_named_with_its_remedy() {
    let server = Server::start();
    let check = |component, settings, code, limit| check_limit(&server, component, settings, code, limit, 1);
    let fuel = "used up its 1000000 units of fuel; raise or remove the function's tag `stepwell:fuel`";
    check("spin", "fuel = 1000000", 1, fuel);
    server.run(&["invoke", "f"]).expect(1, "Runtime.OutOfFuel", fuel);
    let time = "timed out after 1.00 seconds; raise the function's Timeout (1 to 900 seconds)";
    check("sleep-60", "timeout_s = 1", 1, time);
    let memory = "needs more memory than its 128 MB; raise the function's MemorySize (128 to 10,240 MB)";
    check("eat-memory", "timeout_s = 60", 1, memory);
    let output = "more than 6291556; return less, or keep the data elsewhere and return where it is";
    check("return-10mb", "timeout_s = 60", 1, output);
    let log = "log lines were dropped or cut: the log of an invocation holds 262144 bytes; log less";
    check("flood-log", "timeout_s = 60", 0, log);
    // The state's own limit fires after the function has ended well.
    let state = "drop what is not needed with ResultSelector or OutputPath";
    check_limit(&server, "large-257k", "", 1, state, 0);
}

#[test]
fn deploy_tells_what_is_wrong_before_anything_is_deployed() {
    let server = Server::start();
    let toml = |folder: &tempfile::TempDir| path(folder, "stepwell.toml");
    let folder = project("echo.wasm", "", r#"{"StartAt":"X","States":{"T":{"Type":"Succeed"}}}"#);
    server.run(&["deploy", "--file", &toml(&folder)]).expect(1, "", "MISSING_TRANSITION_TARGET");
    let folder = project("echo.wasm", "", &TASK.replace("${f}", "${nobody}"));
    server.run(&["deploy", "--file", &toml(&folder)]).expect(2, "", "nothing is called ${nobody}");
    let folder = project("nothing.wasm", "", TASK);
    server.run(&["deploy", "--file", &toml(&folder)]).expect(2, "", "nothing.wasm");
    let folder = project("../workflows/order.asl.json", "", TASK);
    server.run(&["deploy", "--file", &toml(&folder)]).expect(1, "", "function `f`: ");
    let folder = project("echo.wasm", "memory_mb = 64", TASK);
    server.run(&["deploy", "--file", &toml(&folder)]).expect(1, "", "128");
}

#[test]
fn a_changed_project_is_updated() {
    let server = Server::start();
    let first = project("echo.wasm", "timeout_s = 5", TASK);
    server.run(&["deploy", "--file", &path(&first, "stepwell.toml")]).expect(0, "created  function", "");
    let second = project("const-hello.wasm", "environment = { MODE = \"b\" }", TASK);
    server
        .run(&["deploy", "--file", &path(&second, "stepwell.toml")])
        .expect(0, "updated    function", "")
        .expect(0, "unchanged  machine", "");
    server.run(&["deploy", "--file", &path(&second, "stepwell.toml")]).expect(0, "unchanged  function", "");
}

/// Fuel, grants and crash behaviour are tags, which are changed like all else; those of others stay.
#[test]
fn changed_limits_are_deployed_in_place() {
    let server = Server::start();
    let deploy = |settings: &str, action: &str| {
        let project = project("spin.wasm", settings, TASK);
        let deployed = server.run(&["deploy", "--json", "--file", &path(&project, "stepwell.toml")]).json();
        assert_eq!(deployed["deployed"][0]["action"], action, "{deployed}");
    };
    let tags = || {
        let (status, answer) = server.request("GET", "/2015-03-31/functions/f", "").unwrap();
        assert_eq!(status, 200, "{answer}");
        serde_json::from_str::<serde_json::Value>(&answer).unwrap()["Tags"].clone()
    };
    deploy("fuel = 1000000", "created");
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:f";
    let (status, _) =
        server.request("POST", &format!("/2017-03-31/tags/{arn}"), r#"{"Tags":{"team":"a"}}"#).unwrap();
    assert_eq!(status, 204);
    server.run(&["invoke", "f"]).expect(1, "Runtime.OutOfFuel", "1000000");
    deploy("fuel = 2000000\non_crash = 'rerun'", "updated");
    server.run(&["invoke", "f"]).expect(1, "Runtime.OutOfFuel", "2000000");
    assert_eq!(tags(), json!({"stepwell:fuel": "2000000", "stepwell:on-crash": "rerun", "team": "a"}));
    deploy("fuel = 2000000\non_crash = 'rerun'", "unchanged");
    deploy("timeout_s = 1", "updated");
    assert_eq!(tags(), json!({"team": "a"}));
    server.run(&["invoke", "f"]).expect(1, "Sandbox.Timedout", "");
}

/// Whoever follows a log learns that the server has gone.
#[test]
fn a_followed_log_ends_with_the_server() {
    let mut server = Server::start();
    let folder = project("echo.wasm", "", TASK);
    server.run(&["deploy", "--file", &path(&folder, "stepwell.toml")]).expect(0, "created", "");
    server.run(&["invoke", "f"]).expect(0, "{}", "");
    let follow = server.command(&["logs", "-f", "f"]);
    let mut follower = Follower::start(follow);
    follower.wait_for("REPORT RequestId: ");
    server.signal(rustix::process::Signal::TERM);
    let (code, stderr) = follower.ended();
    assert_eq!(code, Some(3), "{stderr}");
    assert!(stderr.contains("no server answers"), "{stderr}");
    assert_eq!(server.ended().0, Some(0));
}

#[test]
fn stops_what_waits() {
    let server = Server::start();
    let wait = r#"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":3600,"End":true}}}"#;
    assert_eq!(server.request("PUT", "/v1/state-machines/w", wait).unwrap().0, 201);
    assert_eq!(server.request("POST", "/v1/state-machines/w/executions?name=e", "{}").unwrap().0, 202);
    server.run(&["exec", "show", "w:e"]).expect(0, "RUNNING", "");
    server.run(&["exec", "stop", "w:e", "--error", "Enough", "--cause", "tea"]).expect(
        0,
        "stopped arn:aws:states:",
        "",
    );
    server.run(&["exec", "tail", "w:e"]).expect(1, "ABORTED in", "").expect(
        1,
        "error: Enough\ncause: tea",
        "",
    );
    server.run(&["exec", "stop", "w:e"]).expect(0, "had closed already: ABORTED at ", "");
    for command in [&["exec", "show"][..], &["exec", "tail"], &["exec", "stop"], &["logs"]] {
        server.run(&[command, &["w:nobody"]].concat()).expect(1, "", "ExecutionDoesNotExist: ");
    }
    server.run(&["logs", "w:e"]).expect(0, "", "nothing is kept that it logged");
}

#[test]
fn doctor_checks_everything() {
    let server = Server::start();
    server
        .run(&["doctor", "--data", server.data().to_str().unwrap()])
        .expect(0, "is ready, account 000000000000", "")
        .expect(0, "AWS_ENDPOINT_URL_SFN does not point here", "");
    let folder = tempfile::tempdir().unwrap();
    let fresh = folder.path().to_str().unwrap();
    crate::support::run(&["doctor", "--data", fresh, "--endpoint", "http://127.0.0.1:1"])
        .expect(0, "holds nothing yet", "")
        .expect(0, "none at http://127.0.0.1:1", "");
}
