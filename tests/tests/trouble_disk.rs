//! A disk that fills up, that is full, and that cannot be written: on real file systems of a few megabytes.

use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use stepwell_tests::aws::{ROLE, Settings, assert_whole};
use stepwell_tests::http::Answer;
use stepwell_tests::server::{Refused, Server, stepwell, stepwell_by};
use stepwell_tests::small_disk::SmallDisk;

/// Free bytes below which nothing new is taken.
const MARK_BYTES: u64 = 256 << 20;
/// What a server needs beside the mark.
const ROOM_BYTES: u64 = 64 << 20;
const ECHO: &str = "arn:aws:lambda:us-east-1:000000000000:function:echo";
const WORK: &str = "arn:aws:states:us-east-1:000000000000:stateMachine:work";
const QUICK: &str = "arn:aws:states:us-east-1:000000000000:stateMachine:quick";

/// Rests until told, then calls a function for each item.
fn work() -> Value {
    json!({"StartAt": "Rest", "States": {
        "Rest": {"Type": "Wait", "SecondsPath": "$.seconds", "Next": "Each"},
        "Each": {"Type": "Map", "ItemsPath": "$.items", "End": true, "ItemProcessor": {"StartAt": "Echo",
            "States": {"Echo": {"Type": "Task", "Resource": ECHO, "End": true}}}}}})
}

fn pass() -> Value {
    json!({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}})
}

fn deploy(server: &Server) {
    server.function("echo", "echo", Settings::default());
    server.machine("work", "STANDARD", &work());
    server.machine("quick", "EXPRESS", &pass());
}

fn server_on(data: &Path) -> Server {
    Server::on(data).unwrap_or_else(|refused| panic!("{refused:?}"))
}

/// The files of a folder and of those below it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("it is there") {
            let path = entry.expect("it can be read").path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

/// What says that there is no room, with the figures.
#[track_caller]
fn check_no_room(answer: &Answer, status: u16, code: &str) {
    answer.refused(status, code, &format!("nothing new is accepted below {MARK_BYTES}"));
}

#[test]
fn below_the_mark_nothing_new_is_taken_and_what_runs_ends() {
    let Some(mut disk) = SmallDisk::new(MARK_BYTES + ROOM_BYTES) else { return };
    let server = server_on(disk.path());
    deploy(&server);
    let start = |seconds: u32| {
        let input = json!({"seconds": seconds, "items": [1, 2, 3]}).to_string();
        server.states("StartExecution", json!({"stateMachineArn": WORK, "input": input}))
    };
    let arn = |answer: Answer| answer.ok()["executionArn"].as_str().unwrap_or_default().to_owned();
    let running: Vec<String> = (0..10).map(|_| arn(start(1))).collect();
    let endless = arn(start(1_000_000));
    disk.leave(MARK_BYTES / 2);
    let blobs = files(&disk.path().join("blobs"));

    // Code is judged before anything of it is written; from there on everything knows.
    let code = stepwell_tests::component("const-hello");
    let create = || server.create_function("new", &code, Settings::default());
    check_no_room(&create(), 400, "CodeStorageExceededException");
    check_no_room(&server.plain("PUT", "/v1/functions/new", &code), 507, "CodeStorageExceededException");
    let lambda = |method: &str, path: &str, body: Value| server.lambda(method, path, &body);
    let publish = lambda("POST", "/echo/versions", json!({}));
    check_no_room(&publish, 400, "CodeStorageExceededException");
    let configuration = lambda("PUT", "/echo/configuration", json!({"Timeout": 5}));
    check_no_room(&configuration, 400, "CodeStorageExceededException");
    let event = server.connection().request(
        "POST",
        "/2015-03-31/functions/echo/invocations",
        &[("X-Amz-Invocation-Type", "Event")],
        b"{}",
    );
    check_no_room(&event.expect("the server answers"), 429, "TooManyRequestsException");
    let machine = json!({"name": "new", "definition": pass().to_string(), "roleArn": ROLE});
    check_no_room(&server.states("CreateStateMachine", machine), 400, "StateMachineLimitExceeded");
    let update = json!({"stateMachineArn": WORK, "definition": pass().to_string()});
    check_no_room(&server.states("UpdateStateMachine", update), 400, "ServiceQuotaExceededException");
    check_no_room(&start(0), 400, "ExecutionLimitExceeded");
    let plain = server.plain("POST", "/v1/state-machines/work/executions", "{}");
    check_no_room(&plain, 507, "ExecutionLimitExceeded");
    assert_eq!(files(&disk.path().join("blobs")), blobs, "nothing of refused code is kept");

    // What needs no room of its own is served, and what runs goes on and ends.
    let invoked = server.plain("POST", "/v1/functions/echo/invoke", "[1]");
    assert_eq!((invoked.status, invoked.text().trim()), (200, "[1]"));
    let quick = json!({"stateMachineArn": QUICK, "input": "[1]"});
    assert_eq!(server.states("StartSyncExecution", quick).ok()["output"], "[1]");
    server.states("StopExecution", json!({"executionArn": endless})).ok();
    assert_eq!(server.closed(&endless)["status"], "ABORTED");
    for execution in &running {
        assert_eq!(server.closed(execution)["output"], "[1,2,3]");
        assert_whole(&server.history(execution));
    }
    assert_eq!(server.plain("GET", "/readyz", "").status, 200);

    // Room again, without a restart.
    disk.leave(MARK_BYTES + ROOM_BYTES);
    let started = arn(start(0));
    assert_eq!(server.closed(&started)["output"], "[1,2,3]");
    create().ok();
}

#[test]
fn a_full_disk_stops_the_server_and_nothing_accepted_is_lost() {
    let Some(mut disk) = SmallDisk::new(MARK_BYTES + ROOM_BYTES) else { return };
    let mut server = server_on(disk.path());
    deploy(&server);
    let items = json!(["x".repeat(30_000), "y".repeat(30_000)]);
    let accepted: Vec<String> =
        (0..300).map(|_| server.execution(WORK, &json!({"seconds": 2, "items": items}))).collect();
    // Progress alone finds it full, in whichever write comes first.
    disk.leave(0);
    assert_eq!(server.ended(), Some(1), "{}", server.log());
    assert!(server.log().contains("error: the store has stopped: the disk is full"), "{}", server.log());
    assert!(!server.log().contains("panicked"), "{}", server.log());

    // As long as it is full, a start says so as well, if it gets that far.
    disk.leave(0);
    match Server::on(disk.path()) {
        Ok(mut again) => assert_eq!(again.ended(), Some(1), "{}", again.log()),
        Err(Refused { code, stderr }) => {
            assert_eq!(code, Some(1), "{stderr}");
            let last = stderr.lines().last().unwrap_or_default();
            assert!(
                last.starts_with("error: the disk of the data folder ") && last.ends_with("is full"),
                "{stderr}"
            );
            assert!(!stderr.contains("panicked"), "{stderr}");
        }
    }

    disk.leave(MARK_BYTES + ROOM_BYTES);
    let server = server_on(disk.path());
    for execution in &accepted {
        let described = server.closed(execution);
        assert_eq!(described["output"], items.to_string(), "{described}");
        assert_whole(&server.history(execution));
    }
}

#[test]
fn code_that_does_not_fit_is_refused_and_leaves_nothing() {
    const FILE_BYTES_MAX: u64 = 6 << 20;
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let data = folder.path().join("data");
    let server =
        Server::with_files_up_to(&data, FILE_BYTES_MAX).unwrap_or_else(|refused| panic!("{refused:?}"));
    let echo = stepwell_tests::component("echo");
    // The same with a section of eight megabytes that says nothing: its id, its length in four bytes, its name.
    let mut large = echo.clone();
    large.extend([0, 0x80, 0x80, 0x80, 0x04, 1, b'x']);
    large.resize(echo.len() + 5 + (8 << 20), 0);
    let answer = server.create_function("large", &large, Settings::default());
    answer.refused(
        400,
        "CodeStorageExceededException",
        "bytes of code do not fit; free some space and try again",
    );
    let answer = server.plain("PUT", "/v1/functions/large", &large);
    answer.refused(507, "CodeStorageExceededException", "bytes of code do not fit");
    assert_eq!(files(&data.join("blobs")), Vec::<PathBuf>::new(), "nothing of it is left");
    server.function("echo", "echo", Settings::default());
    assert_eq!(server.plain("POST", "/v1/functions/echo/invoke", "[1]").status, 200);
}

#[test]
fn a_disk_that_is_mounted_read_only_is_refused() {
    let Some(mut disk) = SmallDisk::new(ROOM_BYTES) else { return };
    disk.make_read_only();
    check_read_only(Server::on(disk.path()));
}

#[test]
fn a_used_folder_that_has_become_read_only_is_refused() {
    let Some(mut disk) = SmallDisk::new(MARK_BYTES + ROOM_BYTES) else { return };
    let mut server = server_on(disk.path());
    deploy(&server);
    server.kill();
    disk.make_read_only();
    check_read_only(Server::on(disk.path()));
}

#[track_caller]
fn check_read_only(started: Result<Server, Refused>) {
    let Refused { code, stderr } = started.expect_err("nothing can be written");
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stderr.contains("is read-only: Stepwell must be able to write to it"), "{stderr}");
    assert!(stderr.contains("/data"), "it names the folder: {stderr}");
}

/// The binary as whoever may not write everywhere: this user, or nobody where this user is root.
fn unprivileged(beside: &Path) -> Command {
    use std::os::unix::process::CommandExt as _;
    const NOBODY: u32 = 65_534;
    if !rustix::process::geteuid().is_root() {
        return stepwell();
    }
    // The folder of the build may be closed to others.
    let copy = beside.join("stepwell");
    std::fs::copy(stepwell().get_program(), &copy).expect("there is room for a copy");
    let mut command = stepwell_by(copy);
    command.uid(NOBODY).gid(NOBODY);
    command
}

#[test]
fn a_folder_of_somebody_else_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).expect("it is ours");
    let data = folder.path().join("data");
    std::fs::create_dir(&data).expect("a folder can be made");
    std::fs::set_permissions(&data, PermissionsExt::from_mode(0o555)).expect("it is ours");
    check_read_only(Server::by(unprivileged(folder.path()), &data));
}
