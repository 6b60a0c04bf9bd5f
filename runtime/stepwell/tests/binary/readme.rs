//! README.md says what is so.

use crate::support::{Server, has, repository};
use std::process::{Command, Stdio};

fn readme() -> String {
    std::fs::read_to_string(repository().join("README.md")).unwrap()
}

/// The code block that follows a line with this text.
fn block_after<'a>(text: &'a str, line: &str) -> &'a str {
    let (_, rest) = text.split_once(line).unwrap_or_else(|| panic!("README.md does not say: {line}"));
    let (_, rest) = rest.split_once("```sh\n").unwrap();
    rest.split_once("\n```").unwrap().0
}

/// Runs a line of README.md in the repository, with the port of this server in place of the default one.
fn shell(server: &Server, line: &str) -> String {
    let host = server.url.strip_prefix("http://").unwrap();
    let line = line.replace("localhost:8083", host).replace("curl ", "curl -sS --fail-with-body ");
    let ran = Command::new("sh")
        .args(["-c", &line])
        .current_dir(repository())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (stdout, stderr) = (text(ran.stdout), text(ran.stderr));
    assert!(ran.status.success(), "{line}\n{stdout}{stderr}");
    stdout
}

#[test]
fn the_first_example_works() {
    if !has("curl") {
        return;
    }
    let text = readme();
    let block = block_after(&text, "Three lines of curl");
    let lines: Vec<&str> = block.lines().filter(|line| line.starts_with("curl ")).collect();
    assert_eq!(lines.len(), 3, "{block}");
    let server = Server::start();
    let answers: Vec<String> = lines.iter().map(|line| shell(&server, line)).collect();
    let execution: serde_json::Value = serde_json::from_str(&answers[2]).unwrap();
    assert_eq!(execution["status"], "SUCCEEDED", "{execution}");
    assert_eq!(execution["output"]["totalCents"], 9568, "{execution}");
}

/// Each operation in the compatibility table is served: it looks at its input.
#[test]
fn operations_in_the_table_are_served() {
    let text = readme();
    let row = |name: &str| {
        let row = text.lines().find(|line| line.starts_with(&format!("| {name} |"))).unwrap();
        row.split('`').skip(1).step_by(2).map(ToOwned::to_owned).collect::<Vec<_>>()
    };
    let server = Server::start();
    let operations = row("Step Functions");
    assert_eq!(operations.len(), 20);
    for operation in operations {
        let ran = Command::new("curl")
            .args([
                "-sS",
                "-H",
                &format!("X-Amz-Target: AWSStepFunctions.{operation}"),
                "-d",
                "{}",
                &server.url,
            ])
            .output();
        let Ok(ran) = ran else {
            assert!(!has("curl"));
            return;
        };
        let answer = String::from_utf8(ran.stdout).unwrap();
        assert!(!answer.contains("UnknownOperation") && answer.starts_with('{'), "{operation}: {answer}");
    }
    assert_eq!(row("Lambda").len(), 13);
}

#[test]
fn the_table_of_failures_is_the_sandboxs() {
    let text = readme();
    for failure in stepwell_sandbox::FAILURES {
        let Some(error_type) = failure.error_type else { continue };
        assert!(text.contains(&format!("| `{error_type}` |")), "{error_type} is not in README.md");
    }
}
