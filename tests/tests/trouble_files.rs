//! Damaged, missing and foreign files in a data folder: each is told with its path, what can be made again is, and
//! nothing is lost without a word.

use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use stepwell_tests::aws::{Settings, assert_whole};
use stepwell_tests::server::{Refused, Server, stepwell};
use tempfile::TempDir;

const ECHO: &str = "arn:aws:lambda:us-east-1:000000000000:function:echo";
const WORK: &str = "arn:aws:states:us-east-1:000000000000:stateMachine:work";

/// A data folder as a killed server has left it: its last commits are in the log alone.
struct Used {
    folder: TempDir,
    executions: Vec<String>,
}

static USED: LazyLock<Used> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let mut server = server_on(&folder.path().join("data"));
    server.function("echo", "echo", Settings::default());
    server.function("other", "const-hello", Settings::default());
    let definition = json!({"StartAt": "Each", "States": {"Each": {"Type": "Map", "ItemsPath": "$.items",
        "End": true, "ItemProcessor": {"StartAt": "Echo", "States": {
            "Echo": {"Type": "Task", "Resource": ECHO, "End": true}}}}}});
    server.machine("work", "STANDARD", &definition);
    let executions: Vec<String> = (0..20)
        .map(|number| server.execution(WORK, &json!({"items": [number, "x".repeat(2_000)]})))
        .collect();
    for execution in &executions {
        server.closed(execution);
    }
    server.kill();
    Used { folder, executions }
});

fn server_on(data: &Path) -> Server {
    Server::on(data).unwrap_or_else(|refused| panic!("{refused:?}"))
}

/// A copy of the used folder, in which something has happened.
fn after(change: impl FnOnce(&Path)) -> (TempDir, PathBuf) {
    let copy = tempfile::tempdir().expect("a temporary folder can be made");
    let copied = Command::new("cp").arg("-r").arg(USED.folder.path().join("data")).arg(copy.path()).status();
    assert!(copied.is_ok_and(|status| status.success()));
    let data = copy.path().join("data");
    change(&data);
    (copy, data)
}

/// Changes a file's bytes.
fn edit(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    change(&mut bytes);
    // Another file under this name: who has the first one mapped keeps it.
    fs::remove_file(path).expect("it is ours");
    fs::write(path, bytes).expect("it is ours");
}

/// The only file of a folder, and of those below it, that has this in its name.
fn file_named(folder: &Path, part: &str) -> PathBuf {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("it is there") {
            let path = entry.expect("it can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().is_some_and(|name| name.to_string_lossy().contains(part)) {
                return path;
            }
        }
    }
    panic!("{} has no file named {part}", folder.display())
}

/// What `doctor` finds out about the folder.
fn doctor(data: &Path) -> (Option<i32>, String) {
    let ran = stepwell().args(["doctor", "--json", "--data"]).arg(data).output().expect("the binary runs");
    let told: Value = serde_json::from_slice(&ran.stdout).expect("it says JSON");
    let checks = told["checks"].as_array().cloned().unwrap_or_default();
    let check = checks.into_iter().find(|check| check["check"] == "data").unwrap_or_default();
    (ran.status.code(), format!("{}: {}", check["health"], check["finding"]).replace('"', ""))
}

/// The server does not start, and it and `doctor` name the file and say what is wrong with it.
#[track_caller]
fn check_refused(file: &str, what: &str, change: impl FnOnce(&Path)) {
    let (_copy, data) = after(change);
    let path = data.join(file).display().to_string();
    let (code, found) = doctor(&data);
    assert_eq!(code, Some(1), "{found}");
    assert!(found.starts_with("bad: ") && found.contains(&path) && found.contains(what), "{found}");
    let Refused { code, stderr } = Server::on(&data).expect_err("it is damaged");
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stderr.contains(&path) && stderr.contains(what), "`{path}` and `{what}` in {stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
}

/// Everything that was accepted is there.
#[track_caller]
fn check_all_is_there(server: &Server) {
    for execution in &USED.executions {
        assert_eq!(server.closed(execution)["status"], "SUCCEEDED");
        assert_whole(&server.history(execution));
    }
}

#[test]
fn a_killed_server_leaves_a_whole_folder() {
    let (_copy, data) = after(|_| ());
    let (_, found) = doctor(&data);
    assert!(found.starts_with("good: ") && found.contains("is whole: 20 executions"), "{found}");
    check_all_is_there(&server_on(&data));
}

// The log

#[test]
fn a_log_that_is_none_any_more() {
    let log = |data: &Path| data.join("store.log");
    check_refused("store.log", "is damaged: it is empty", |data| edit(&log(data), Vec::clear));
    check_refused("store.log", "is damaged: it is empty", |data| {
        fs::remove_file(log(data)).expect("it is ours");
    });
    check_refused("store.log", "is damaged: it is no log of a store", |data| {
        edit(&log(data), |log| *log = b"#!/bin/sh\necho hello\n".repeat(1_000));
    });
    check_refused("store.log", "was written by another release", |data| edit(&log(data), |log| log[16] = 9));
}

#[test]
fn a_log_with_a_flipped_byte() {
    check_refused("store.log", "is damaged: group ", |data| {
        edit(&data.join("store.log"), |log| {
            // In the middle of what is written.
            let end = log.iter().rposition(|byte| *byte != 0).expect("there are records");
            log[4_096 + (end - 4_096) / 2] ^= 1;
        });
    });
}

#[test]
fn a_log_with_a_torn_tail_has_what_was_accepted() {
    // More than was ever acknowledged: what a crash leaves of a group that was being written.
    let (_copy, data) = after(|data| {
        edit(&data.join("store.log"), |log| {
            let end = log.iter().rposition(|byte| *byte != 0).expect("there are records") + 1;
            log.truncate(end);
            log.extend([200, 0, 0, 0, 1, 0, 0, 0, 7, 7]);
        });
    });
    check_all_is_there(&server_on(&data));
}

// The store file

#[test]
fn a_store_file_that_is_none() {
    let file = |data: &Path| data.join("store.redb");
    check_refused("store.redb", "is damaged", |data| edit(&file(data), Vec::clear));
    check_refused("store.redb", "is damaged", |data| edit(&file(data), |bytes| bytes.truncate(100)));
    check_refused("store.redb", "is damaged", |data| edit(&file(data), |bytes| bytes.truncate(100_000)));
    check_refused("store.redb", "is damaged", |data| {
        edit(&file(data), |bytes| *bytes = b"SQLite format 3\0".repeat(10_000));
    });
    check_refused("store.redb", "is damaged: it is gone, and its log is still there", |data| {
        fs::remove_file(file(data)).expect("it is ours");
    });
}

/// A store file with flipped bytes is refused, or serves what is whole: an answer is never wrong, and nothing that was
/// accepted is said not to exist. Wherever that shows, `doctor` has seen it.
#[track_caller]
fn check_flipped(per_mille: usize) {
    let flip = |data: &Path| {
        edit(&data.join("store.redb"), |bytes| {
            let at = bytes.len() * per_mille / 1_000;
            bytes.iter_mut().skip(at).take(64).for_each(|byte| *byte ^= 0x5a);
        });
    };
    let (_examined, examined) = after(flip);
    let (_, found) = doctor(&examined);
    let (_copy, data) = after(flip);
    match Server::on(&data) {
        Ok(server) => {
            for execution in &USED.executions {
                let named = json!({"executionArn": execution});
                let described = server.states("DescribeExecution", named.clone());
                if described.status == 200 {
                    assert_eq!(described.json()["status"], "SUCCEEDED", "at {per_mille}");
                } else {
                    assert_eq!(described.status, 500, "lost at {per_mille}: {}", described.text());
                    assert!(found.starts_with("bad: "), "{found}");
                }
                let history = server.states("GetExecutionHistory", named);
                if history.status == 200 {
                    assert_whole(history.json()["events"].as_array().expect("there are events"));
                }
            }
            assert!(!server.log().contains("panicked"), "{}", server.log());
        }
        Err(Refused { code, stderr }) => {
            assert_eq!(code, Some(1), "{stderr}");
            assert!(stderr.contains("store.redb") && stderr.contains("is damaged"), "{stderr}");
            assert!(found.starts_with("bad: "), "{found}");
        }
    }
}

#[test]
fn a_store_file_with_flipped_bytes() {
    for per_mille in [0, 1, 2, 4, 8, 16, 32, 64, 128, 500, 900] {
        check_flipped(per_mille);
    }
}

// Components

/// The function's blob, by the hash that names it, and everything compiled from it.
fn component_of(data: &Path, function: &str) -> PathBuf {
    let wasm = stepwell_tests::component(function);
    let blobs = fs::read_dir(data.join("blobs")).expect("there are blobs");
    let mut paths = blobs.map(|entry| entry.expect("it can be read").path());
    paths.find(|path| fs::read(path).is_ok_and(|bytes| bytes == wasm)).expect("it was kept")
}

#[track_caller]
fn check_component(what: &str, change: impl FnOnce(&Path)) {
    let mut file = PathBuf::new();
    let (_copy, data) = after(|data| {
        file = component_of(data, "echo");
        change(&file);
    });
    let (code, found) = doctor(&data);
    assert_eq!(code, Some(1), "{found}");
    let told = format!("{} is {what}: deploy function echo again", file.display());
    assert!(found.contains(&told), "{found}");

    // What was compiled from it still runs.
    let mut server = server_on(&data);
    assert_eq!(server.plain("POST", "/v1/functions/echo/invoke", "[1]").status, 200);
    server.kill();
    // Without that there is nothing to run, and only this function is concerned.
    fs::remove_dir_all(data.join("compiled")).expect("it is ours");
    let server = server_on(&data);
    assert_eq!(server.plain("POST", "/v1/functions/echo/invoke", "[1]").status, 500);
    let id = file.file_name().expect("it has a name").to_string_lossy().into_owned();
    assert!(server.log().contains(&id) && server.log().contains(what), "{}", server.log());
    assert_eq!(server.plain("POST", "/v1/functions/other/invoke", "[1]").status, 200);
    check_all_is_there(&server);
    // Deployed again, it is whole again.
    server.plain("PUT", "/v1/functions/echo", stepwell_tests::component("echo")).ok();
    assert_eq!(server.plain("POST", "/v1/functions/echo/invoke", "[1]").status, 200);
}

#[test]
fn a_component_with_changed_bytes() {
    check_component("damaged", |file| edit(file, |bytes| *bytes.last_mut().expect("it is not empty") ^= 1));
}

#[test]
fn a_component_that_is_gone() {
    check_component("missing", |file| fs::remove_file(file).expect("it is ours"));
}

/// Compiled code is made again, whatever has become of it.
#[track_caller]
fn check_compiled_again(change: impl FnOnce(&Path)) {
    let (_copy, data) = after(|data| change(&data.join("compiled")));
    let server = server_on(&data);
    for function in ["echo", "other"] {
        let answer = server.plain("POST", &format!("/v1/functions/{function}/invoke"), "[1]");
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}

#[test]
fn compiled_code_that_was_changed_or_is_of_another_version() {
    let code = |compiled: &Path| file_named(compiled, ".cwasm");
    check_compiled_again(|compiled| edit(&code(compiled), |code| *code.last_mut().expect("code") ^= 1));
    check_compiled_again(|compiled| edit(&code(compiled), Vec::clear));
    check_compiled_again(|compiled| fs::remove_file(file_named(compiled, ".seal")).expect("it is ours"));
    check_compiled_again(|compiled| edit(&compiled.join("key"), |key| key.truncate(3)));
    // As another version of the compiler has left it.
    check_compiled_again(|compiled| {
        let build = code(compiled).parent().map(Path::to_owned).expect("it lies in a folder");
        fs::rename(build, compiled.join("0123456789abcdef")).expect("it is ours");
    });
    check_compiled_again(|compiled| fs::remove_dir_all(compiled).expect("it is ours"));
}

// What a crash leaves behind

#[test]
fn unfinished_files_are_in_nobodys_way() {
    let unfinished = ["blobs/unfinished-0", "store.redb.unfinished", "compiled/.0123456789abcdef"];
    let (_copy, data) = after(|data| {
        for file in unfinished {
            fs::write(data.join(file), "half of something").expect("it is ours");
        }
    });
    let server = server_on(&data);
    check_all_is_there(&server);
    for file in &unfinished[..2] {
        assert!(!data.join(file).exists(), "{file} is still there");
    }
}

#[test]
fn a_first_start_that_was_killed_begins_anew() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let data = folder.path().join("data");
    fs::create_dir_all(data.join("blobs")).expect("there is room");
    fs::write(data.join("lock"), "").expect("there is room");
    fs::write(data.join("store.redb.unfinished"), "half of it").expect("there is room");
    let server = server_on(&data);
    assert_eq!(server.plain("GET", "/readyz", "").status, 200);
}
