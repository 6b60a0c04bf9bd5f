//! Data folders as servers of earlier releases left them when they were killed: a server of today shows what had closed
//! as it was, resumes what had not, and folds both.
//!
//! Each file in `folders/` holds a folder and, as `closed.json`, what its own server said of the executions that had
//! closed. Before a release that changes what is written, `STEPWELL_WRITE_FOLDER=<name> STEPWELL_BINARY=<its binary>
//! cargo test -p stepwell-tests --test releases` adds one; none is ever changed.

use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use stepwell_tests::aws::assert_whole;
use stepwell_tests::server::{Server, stepwell};

const FILES: [&str; 2] = ["store.redb", "store.log"];
const SAID: &str = "closed.json";

fn folders() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/releases/folders")
}

/// A Map in a Parallel, with variables and results that refer back, and a rest between that the server is killed in.
fn definition(rest_seconds: u32) -> Value {
    json!({"StartAt": "Both", "States": {
        "Both": {"Type": "Parallel", "Next": "Last", "ResultPath": "$.both", "Branches": [
            {"StartAt": "Each", "States": {"Each": {"Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": 2, "End": true,
                "ItemProcessor": {"StartAt": "Rest", "States": {
                    "Rest": {"Type": "Wait", "Seconds": rest_seconds, "Assign": {"kept.$": "$.text"}, "Next": "Note"},
                    "Note": {"Type": "Pass", "Parameters": {"noted.$": "$", "kept.$": "$kept"}, "End": true}}}}}},
            {"StartAt": "Choose", "States": {
                "Choose": {"Type": "Choice", "Default": "Other", "Choices": [
                    {"Variable": "$.items[0].n", "NumericEquals": 1, "Next": "One"}]},
                "One": {"Type": "Pass", "Result": {"chosen": "one"}, "End": true},
                "Other": {"Type": "Pass", "End": true}}}]},
        "Last": {"Type": "Pass", "Parameters": {"first.$": "$.both[0][0].kept", "chosen.$": "$.both[1].chosen"},
            "End": true}}})
}

fn input() -> Value {
    let item = |n: u32| json!({"n": n, "text": format!("of item {n}, in a text that is long enough to be kept apart")});
    json!({"items": (1..=5).map(item).collect::<Vec<_>>()})
}

/// What no later release may say otherwise; fields may be added.
fn described(server: &Server, execution: &str) -> Value {
    let said = server.states("DescribeExecution", json!({"executionArn": execution})).ok();
    let fields = ["name", "status", "startDate", "stopDate", "input", "output", "error", "cause"];
    fields.into_iter().map(|field| (field.to_owned(), said[field].clone())).collect()
}

/// Writes a folder as the binary under test does.
#[test]
fn a_folder_can_be_written() {
    let Ok(name) = std::env::var("STEPWELL_WRITE_FOLDER") else { return };
    let data = tempfile::tempdir().expect("a folder");
    let mut server = Server::on(data.path()).expect("it starts");
    let quick = server.machine("quick", "STANDARD", &definition(0));
    let failing =
        json!({"StartAt": "A", "States": {"A": {"Type": "Fail", "Error": "Broken", "Cause": "for good"}}});
    let failing = server.machine("failing", "STANDARD", &failing);
    let resting = server.machine("resting", "STANDARD", &definition(5));
    let closed = [&quick, &quick, &failing].map(|machine| server.execution(machine, &input()));
    let mut said = serde_json::Map::new();
    for execution in closed {
        server.closed(&execution);
        let history = server.history(&execution);
        said.insert(
            execution.clone(),
            json!({"described": described(&server, &execution), "history": history}),
        );
    }
    for _ in 0..2 {
        let execution = server.execution(&resting, &input());
        let rests = || server.history(&execution).iter().any(|event| event["type"] == "WaitStateEntered");
        server.until("it rests", rests);
    }
    server.kill();
    let mut zip = zip::ZipWriter::new(
        File::create_new(folders().join(format!("{name}.zip"))).expect("a name that is new"),
    );
    let mut add = |name: &str, bytes: &[u8]| {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).expect("room");
        zip.write_all(bytes).expect("room");
    };
    for file in FILES {
        add(file, &fs::read(data.path().join(file)).expect("the server wrote it"));
    }
    add(SAID, serde_json::to_string_pretty(&said).expect("JSON").as_bytes());
    zip.finish().expect("room");
}

#[test]
fn folders_of_every_release_resume() {
    let mut found: Vec<_> =
        fs::read_dir(folders()).expect("folders").map(|entry| entry.expect("an entry").path()).collect();
    found.sort();
    assert!(!found.is_empty());
    for path in found {
        check_resumes(&path);
    }
}

fn check_resumes(path: &Path) {
    let data = tempfile::tempdir().expect("a folder");
    let mut zip = zip::ZipArchive::new(File::open(path).expect("it is there")).expect("a zip");
    let mut read = |file: &str| {
        let mut bytes = Vec::new();
        zip.by_name(file).expect("it holds the file").read_to_end(&mut bytes).expect("it is whole");
        bytes
    };
    for file in FILES {
        fs::write(data.path().join(file), read(file)).expect("room");
    }
    let said: Value = serde_json::from_slice(&read(SAID)).expect("JSON");
    let said = said.as_object().expect("by execution");

    let mut server = Server::on(data.path()).expect("it starts");
    let machine = |name: &str| format!("arn:aws:states:us-east-1:000000000000:stateMachine:{name}");
    let resting = server.states("ListExecutions", json!({"stateMachineArn": machine("resting")})).ok();
    let resting = resting["executions"].as_array().expect("a list").clone();
    assert_eq!(resting.len(), 2, "{}", path.display());
    for execution in resting {
        let execution = execution["executionArn"].as_str().expect("an ARN");
        let closed = server.closed(execution);
        let output: Value =
            serde_json::from_str(closed["output"].as_str().unwrap_or_default()).expect("JSON");
        let first = "of item 1, in a text that is long enough to be kept apart";
        assert_eq!(output, json!({"first": first, "chosen": "one"}), "{closed}");
        assert_whole(&server.history(execution));
    }
    // Folding begins with the server, in the background: what is read meanwhile is the same.
    for round in 0.. {
        for (execution, said) in said {
            assert_eq!(described(&server, execution), said["described"]);
            assert_eq!(json!(server.history(execution)), said["history"]);
        }
        server.terminate();
        server.ended();
        if folded(data.path()) >= said.len() as u64 && round > 0 {
            return;
        }
        assert!(round < 20, "{}: nothing is folded", path.display());
        server = Server::on(data.path()).expect("it starts");
    }
}

/// How many executions of a folder are folded, by `doctor`.
fn folded(data: &Path) -> u64 {
    let output = stepwell().args(["doctor", "--json", "--data"]).arg(data).output().expect("the binary runs");
    let said: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let finding = said["checks"].as_array().and_then(|checks| {
        let finding = checks.iter().find(|check| check["check"] == "data");
        finding.and_then(|check| check["finding"].as_str())
    });
    let finding = finding.expect("doctor looks at the data").to_owned();
    assert!(finding.contains("is whole"), "{finding}");
    let count = finding.split(" folded").next().and_then(|text| text.rsplit('(').next()?.parse().ok());
    count.unwrap_or_else(|| panic!("{finding}"))
}
