//! The recorded conformance cases against a real server, and our own list of what differs.
//!
//! The cases stand beside the repository; where they do not, or without boto3, this is skipped.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use stepwell_tests::server::Server;
use stepwell_tests::tool::{Tool, has};

/// One case's outcome.
struct Ran {
    group: String,
    exact: bool,
    /// The first thing that differs.
    difference: String,
}

/// Runs all cases; by id.
fn run(server: &Server) -> BTreeMap<String, Ran> {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let report = folder.path().join("report.json");
    let output = Command::new("python3")
        .arg("run_conformance.py")
        .args(["--endpoint-url", &server.url(), "--clean", "--wait-timeout", "120", "--details", "0"])
        .arg("--function-map")
        .arg(stepwell_tests::repository().join("tests/conformance/functions.json"))
        .arg("--json")
        .arg(&report)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(stepwell_tests::repository().join("../shared/conformance"))
        .output()
        .expect("python3 runs");
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let report = std::fs::read(&report).unwrap_or_else(|error| panic!("{error}: {table}{said}"));
    eprintln!("{table}");
    let report: Value = serde_json::from_slice(&report).expect("the runner writes JSON");
    let cases = report["results"].as_array().expect("the runner lists the cases");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let ran = |case: &Value| Ran {
        group: text(&case["group"]),
        exact: case["strict"] == true,
        difference: [&case["skip"], &case["errors"][0], &case["diff"][0]]
            .into_iter()
            .find(|found| !found.is_null())
            .map(Value::to_string)
            .unwrap_or_default(),
    };
    cases.iter().map(|case| (text(&case["id"]), ran(case))).collect()
}

/// The list of what is known.
struct Known(toml::Table);

impl Known {
    fn read() -> Self {
        let path = stepwell_tests::repository().join("tests/conformance/known.toml");
        let text = std::fs::read_to_string(path).expect("the list is there");
        Self(text.parse().expect("the list is TOML"))
    }

    /// Groups that are served whole: cases, and exact ones.
    fn groups(&self) -> BTreeMap<&str, (i64, i64)> {
        let count = |group: &toml::Value, key: &str| group[key].as_integer().expect("a count");
        let groups = self.0["exact"].as_table().expect("a table");
        groups
            .iter()
            .map(|(name, group)| (name.as_str(), (count(group, "cases"), count(group, "exact"))))
            .collect()
    }

    /// Other groups: exact cases.
    fn so_far(&self) -> BTreeMap<&str, i64> {
        let groups = self.0["exact_so_far"].as_table().expect("a table");
        groups.iter().map(|(name, count)| (name.as_str(), count.as_integer().expect("a count"))).collect()
    }

    /// Cases that differ, in the groups that are served whole.
    fn different(&self) -> BTreeSet<&str> {
        let needs = self.0["not_built"].as_table().expect("a table").values();
        let needs = needs.flat_map(|cases| cases.as_array().expect("a list")).filter_map(toml::Value::as_str);
        let different = self.0["different"].as_array().expect("a list").iter();
        let different = different.map(|entry| {
            assert!(
                entry["reason"].as_str().is_some_and(|reason| !reason.is_empty()),
                "{entry} has no reason"
            );
            entry["case"].as_str().expect("a case")
        });
        needs.chain(different).collect()
    }
}

#[test]
fn recorded_cases_are_exact_but_for_what_is_listed() {
    if !has(&[Tool::ConformanceCases, Tool::Boto3]) {
        return;
    }
    let known = Known::read();
    let different = known.different();
    let groups = known.groups();
    let mut ran = run(&Server::start());
    // What depends on time may differ once on a machine that is busy; what differs twice differs.
    let is_new = |ran: &BTreeMap<String, Ran>| {
        ran.iter().any(|(id, case)| {
            groups.contains_key(case.group.as_str()) && !case.exact && !different.contains(id.as_str())
        })
    };
    if is_new(&ran) {
        for (id, again) in run(&Server::start()) {
            if again.exact {
                ran.insert(id, again);
            }
        }
    }

    let mut faults = Vec::new();
    for (id, case) in &ran {
        if !groups.contains_key(case.group.as_str()) {
            continue;
        }
        match (case.exact, different.contains(id.as_str())) {
            (true, true) => faults.push(format!("{id} is exact now: take it off the list")),
            (false, false) => faults.push(format!("{id} differs: {}", case.difference)),
            (true, false) | (false, true) => {}
        }
    }
    for id in &different {
        if !ran.contains_key(*id) {
            faults.push(format!("{id} is listed and does not exist"));
        }
    }
    let count = |group: &str, wanted: fn(&Ran) -> bool| {
        ran.values().filter(|case| case.group == group && wanted(case)).count() as i64
    };
    for (group, (cases, exact)) in groups {
        let found = (count(group, |_| true), count(group, |case| case.exact));
        if found != (cases, exact) {
            faults.push(format!(
                "{group}: {exact} of {cases} are said to be exact, {} of {} are",
                found.1, found.0
            ));
        }
    }
    for (group, exact) in known.so_far() {
        let found = count(group, |case| case.exact);
        if found != exact {
            faults.push(format!("{group}: {exact} are said to be exact so far, {found} are"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
