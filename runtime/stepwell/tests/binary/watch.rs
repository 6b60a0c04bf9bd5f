//! `dev --watch`: a project that changes while the server runs.

use crate::support::{Server, run, workflows};
use serde_json::Value;
use std::path::Path;

const PASS: &str = r#"{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"#;
const TASK: &str = r#"{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"${f}","End":true}}}"#;

fn component(name: &str) -> Vec<u8> {
    std::fs::read(workflows().join("../built").join(name)).unwrap()
}

/// Writes a file as editors and linkers do: under another name, then renamed.
fn replace(folder: &Path, name: &str, content: impl AsRef<[u8]>) {
    let written = folder.join("written");
    std::fs::write(&written, content).unwrap();
    std::fs::rename(&written, folder.join(name)).unwrap();
}

/// `ACTION KIND NAME`, or what is wrong.
fn short(event: &Value) -> String {
    let word = |name: &str| event[name].as_str().unwrap_or_default();
    match event["errors"].as_array() {
        Some(errors) => errors.iter().map(|error| error.as_str().unwrap()).collect::<Vec<_>>().join("\n"),
        None => format!("{} {} {}", word("action"), word("kind"), word("name")),
    }
}

#[track_caller]
fn expect(server: &Server, expected: &[&str]) {
    for expected in expected {
        let found = short(&server.next_line());
        assert!(found.contains(expected), "`{expected}` is not in `{found}`");
    }
}

#[test]
fn a_watched_project_is_kept_deployed() {
    let project = tempfile::tempdir().unwrap();
    let folder = project.path();
    let data = tempfile::tempdir().unwrap();
    let manifest = "[functions.f]\nwasm = 'f.wasm'\n[machines.m]\nfile = 'm.asl.json'\n";
    std::fs::write(folder.join("m.asl.json"), TASK).unwrap();
    std::fs::write(folder.join("f.wasm"), component("echo.wasm")).unwrap();
    let server = Server::with(data.path(), &["--watch", folder.to_str().unwrap()]);
    assert_eq!(server.started["watch"], folder.to_str().unwrap());

    // There is no manifest yet; then there is.
    expect(&server, &["stepwell.toml; it is read as soon as there is"]);
    replace(folder, "stepwell.toml", manifest);
    expect(&server, &["created function f", "created machine m"]);
    server.run(&["invoke", "f", "-i", "7"]).expect(0, "7", "");

    // Code, whole and in halves. What stands after a half may be told, and must not stay.
    let hello = component("const-hello.wasm");
    replace(folder, "f.wasm", &hello);
    expect(&server, &["updated function f"]);
    server.run(&["invoke", "f", "-i", "7"]).expect(0, "HelloWorld", "");
    let echo = component("echo.wasm");
    std::fs::write(folder.join("f.wasm"), &echo[..echo.len() / 2]).unwrap();
    expect(&server, &["function `f`: "]);
    std::fs::write(folder.join("f.wasm"), &echo).unwrap();
    while !short(&server.next_line()).contains("updated function f") {}

    // A definition with faults, a manifest with faults: told with their place, and the server stays.
    let faulty = TASK.replace("{\"T\"", "\n{\"T\"").replace("\"End\":true", "\"Next\":\"U\"");
    replace(folder, "m.asl.json", faulty);
    expect(&server, &["m.asl.json:2:"]);
    replace(folder, "stepwell.toml", "[functions.f]\nwasm = 3\n");
    expect(&server, &["stepwell.toml:2:8: invalid type"]);
    replace(folder, "m.asl.json", PASS);
    expect(&server, &["updated machine m"]);

    // What is taken out is said, and stays.
    replace(folder, "stepwell.toml", "[functions.f]\nwasm = 'f.wasm'\ntimeout_s = 9\n");
    expect(&server, &["updated function f", "removed machine m"]);
    server.run(&["exec", "ls", "m"]).expect(0, "", "no executions");
    replace(folder, "stepwell.toml", format!("# again\n{manifest}"));
    expect(&server, &["updated function f", "unchanged machine m"]);
    replace(folder, "stepwell.toml", manifest);
    expect(&server, &["unchanged manifest"]);
    std::fs::remove_file(folder.join("f.wasm")).unwrap();
    expect(&server, &["f.wasm: No such file"]);
}

#[test]
fn a_folder_that_is_not_there_is_refused() {
    run(&["dev", "--ephemeral", "--port", "0", "--watch", "/nowhere/at/all"]).expect(
        2,
        "",
        "/nowhere/at/all",
    );
}
