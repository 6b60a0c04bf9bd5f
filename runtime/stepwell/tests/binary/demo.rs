//! The demo, in a pipe.

use crate::support::run;

#[test]
fn speaks_json() {
    let ran = run(&["demo", "--json"]).expect(0, "", "");
    let lines: Vec<serde_json::Value> =
        ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let executions: Vec<&serde_json::Value> =
        lines.iter().filter(|line| line["status"] == "SUCCEEDED").collect();
    assert_eq!(executions.len(), 6, "{ran:?}");
    assert!(lines.iter().any(|line| line["isGood"] == true), "{ran:?}");
}

#[test]
fn ends_well_in_a_pipe() {
    let ran = run(&["demo"]).expect(0, "all is as it should be", "").expect(
        0,
        "killed the server with SIGKILL",
        "",
    );
    assert_eq!(ran.stdout.matches("as expected: ").count(), 6, "{ran:?}");
    assert_eq!(ran.stderr, "");
    let (_, folder) = ran.stdout.rsplit_once("data folder  ").unwrap();
    let (folder, _) = folder.split_once(',').unwrap();
    assert!(!std::path::Path::new(folder).exists(), "{folder}");
}
