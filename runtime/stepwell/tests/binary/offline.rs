//! Commands that need no server.

use crate::support::{run, workflows};

/// Checks one definition; `expected` is `result code line:column` of its first finding.
#[track_caller]
fn check_validate(definition: &str, code: i32, expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.asl.json");
    std::fs::write(&file, definition).unwrap();
    let ran = run(&["validate", "--json", file.to_str().unwrap()]);
    assert_eq!(ran.code, code, "{ran:?}");
    let found: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let first = &found["diagnostics"][0];
    let text = format!(
        "{} {} {}:{}",
        found["result"].as_str().unwrap(),
        first["code"].as_str().unwrap_or("-"),
        first["line"],
        first["column"]
    );
    assert_eq!(text, expected, "{found}");
}

#[test]
fn validate_finds_places() {
    check_validate(r#"{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}"#, 0, "OK - null:null");
    check_validate(
        "{\"StartAt\": \"A\",\n \"States\": {\"A\": {\"Type\": \"Task\", \"Resource\": \"${pay}\", \"End\": true}}}",
        0,
        "OK - null:null",
    );
    check_validate(
        "{\"StartAt\": \"A\",\n \"States\": {\"A\": {\"Type\": \"Task\", \"Resource\": \"${pay}\", \"Next\": \"B\"}}}",
        1,
        "FAIL MISSING_TRANSITION_TARGET 2:57",
    );
    check_validate("{\n  \"StartAt\": ", 1, "FAIL INVALID_JSON_DESCRIPTION 2:14");
    check_validate("", 1, "FAIL MISSING_DESCRIPTION 1:1");
    check_validate(
        r#"{"QueryLanguage":"JSONata","StartAt":"A","States":{"A":{"Type":"Succeed"}}}"#,
        1,
        "FAIL NOT_SUPPORTED 1:2",
    );
}

#[test]
fn validate_shows_the_source() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.asl.json");
    std::fs::write(&file, "{\"StartAt\": \"Pay\", \"States\": {\"Pai\": {\"Type\": \"Succeed\"}}}").unwrap();
    run(&["validate", file.to_str().unwrap()])
        .expect(1, "error[MISSING_TRANSITION_TARGET]", "")
        .expect(1, "x.asl.json:1:", "")
        .expect(1, "did you mean `Pai`?", "");
}

#[test]
fn the_examples_are_valid() {
    for file in ["order", "approval", "etl"] {
        let path = workflows().join(format!("{file}.asl.json"));
        run(&["validate", path.to_str().unwrap()]).expect(0, "ok", "");
    }
}

#[test]
fn usage_errors_exit_with_2() {
    run(&[]).expect(2, "", "Usage");
    run(&["fly"]).expect(2, "", "unrecognized subcommand");
    run(&["serve"]).expect(2, "", "comes with the identity work");
    run(&["validate", "/nowhere/x.asl.json"]).expect(2, "", "/nowhere/x.asl.json");
    run(&["deploy", "--file", "/nowhere/stepwell.toml"]).expect(2, "", "there is no /nowhere/stepwell.toml");
    run(&["invoke", "f", "--input", "{"]).expect(2, "", "no JSON");
    run(&["invoke", "a b"]).expect(2, "", "`a b` is no function's name");
    run(&["exec", "show", "nobody"]).expect(2, "", "MACHINE:NAME");
    run(&["exec", "show", "arn:aws:states:us-east-1:000000000000:stateMachine:m"]).expect(
        2,
        "",
        "is no execution's ARN",
    );
    let express = "arn:aws:states:us-east-1:000000000000:express:m:one:two";
    for command in ["show", "tail", "stop"] {
        run(&["exec", command, express]).expect(2, "", "leave no history; `stepwell logs`");
    }
    run(&["exec", "ls", "arn:bad"]).expect(2, "", "`arn:bad` is no state machine's ARN");
    run(&["exec", "ls", "--status", "GONE"]).expect(2, "", "RUNNING, SUCCEEDED");
    run(&["exec", "ls", "--account", "7"]).expect(2, "", "an account has twelve digits");
    run(&["exec", "ls", "--endpoint", "https://localhost"]).expect(2, "", "http://127.0.0.1:8083");
    run(&["exec", "ls", "--region", "MOON"]).expect(2, "", "`MOON` is no region");
    run(&["dev", "--listen", "0.0.0.0", "--port", "0"]).expect(2, "", "reachable from other machines");
    run(&["dev", "--account", "7"]).expect(2, "", "an account has twelve digits");
    run(&["dev", "--ephemeral", "--data", "x"]).expect(2, "", "cannot be used with");
}

/// A program reads findings where it reads results.
#[test]
fn findings_are_json_where_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.asl.json");
    std::fs::write(&file, "{}").unwrap();
    let file = file.to_str().unwrap();
    for command in [&["validate", "--json", file][..], &["run", "--json", file]] {
        let ran = run(command).expect(1, "{\"file\":", "");
        let found: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!((found["result"].as_str(), ran.stderr.as_str()), (Some("FAIL"), ""), "{ran:?}");
    }
}

#[test]
fn unknown_keys_are_reported() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("stepwell.toml");
    std::fs::write(&file, "[functions.f]\nwasm = \"f.wasm\"\ntimeout = 3\n").unwrap();
    run(&["deploy", "--file", file.to_str().unwrap()]).expect(2, "", "unknown key: functions.f.timeout");
}

#[test]
fn no_server_exits_with_3() {
    // Port 1 is reserved; nobody listens there.
    let nowhere = ["--endpoint", "http://127.0.0.1:1"];
    for command in [
        &["exec", "ls"][..],
        &["invoke", "f"],
        &["logs", "f"],
        &["exec", "tail", "m:e"],
        &["exec", "stop", "m:e"],
    ] {
        run(&[command, &nowhere].concat()).expect(3, "", "no server answers at http://127.0.0.1:1");
    }
    let order = workflows().join("order.asl.json");
    run(&[&["run", order.to_str().unwrap()][..], &nowhere].concat()).expect(3, "", "`stepwell dev`");
}

#[test]
fn env_points_aws_tools_here() {
    let ran = run(&[
        "env",
        "--endpoint",
        "http://127.0.0.1:9",
        "--account",
        "000000000042",
        "--region",
        "eu-west-1",
    ]);
    for line in [
        "export AWS_ENDPOINT_URL_SFN=http://127.0.0.1:9\n",
        "export AWS_ENDPOINT_URL_LAMBDA=http://127.0.0.1:9\n",
        "export AWS_REGION=eu-west-1\n",
        "export AWS_ACCESS_KEY_ID=000000000042\n",
        "export AWS_DISABLE_HOST_PREFIX_INJECTION=true\n",
        "unset AWS_PROFILE",
    ] {
        assert!(ran.stdout.contains(line), "{line} is not in {ran:?}");
    }
    assert_eq!(run(&["env", "--json"]).json()["AWS_REGION"], "us-east-1");
}
