//! Holds the ledger against what the last server says.

use crate::ledger::{Heard, Kind, Ledger, Start};
use crate::load::{ASK, EXPRESS, MAY_RERUN, ONCE, RETRIED};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use stepwell_tests::aws::{assert_whole, history, states};
use stepwell_tests::http::Connection;
use stepwell_tests::server::Server;

/// Judges every execution, effect and answer.
pub(crate) fn judge(server: &Server, ledger: &Ledger) {
    let starts: Vec<(String, Start)> =
        ledger.entries().starts.iter().map(|(name, start)| (name.clone(), start.clone())).collect();
    let mut connection = server.connection();
    let (mut lost, mut lost_and_seen) = (0, 0);
    for (name, start) in &starts {
        // Only a start of Express, which has no second try, may stay unknown.
        let Some(arn) = &start.arn else {
            assert_eq!(start.kind, Kind::Express, "{name} was never acknowledged");
            continue;
        };
        match start.kind {
            Kind::Work | Kind::Rerun | Kind::Retried | Kind::Callback => {
                let described = server.closed(arn);
                let events = history(&mut connection, arn);
                assert_whole(&events);
                let lost_here = judge_closed(ledger, name, start.kind, &described, &events);
                lost += lost_here;
                // Here a second run would have been a second effect.
                let seen = |function| ledger.entries().effects.contains_key(&(function, name.clone()));
                lost_and_seen += u32::from(lost_here > 0 && (seen(ONCE) || seen(ASK)));
                judge_starting_again(&mut connection, name, arn, &described);
            }
            Kind::Express => {
                server.until(name, || ledger.entries().effects.contains_key(&(EXPRESS, name.clone())))
            }
        }
    }
    let mut entries = ledger.entries();
    entries.lost_attempts = (lost, lost_and_seen);
    for ((function, name), keys) in &entries.effects {
        let is_one = keys.len() == 1;
        assert!(is_one || ![ONCE, ASK].contains(function), "an effect of {name} was doubled: {keys:?}");
        // Whoever is written to can tell a second time by the key, which is the attempt's.
        let different: BTreeSet<&String> = keys.iter().collect();
        match *function {
            MAY_RERUN => assert_eq!(different.len(), 1, "{name}: {keys:?}"),
            RETRIED => assert_eq!(different.len(), keys.len(), "{name}: {keys:?}"),
            _ => {}
        }
        assert!(entries.starts.contains_key(name), "an effect of {name}, which nobody started");
    }
    assert!(entries.failures.is_empty(), "{:#?}", entries.failures);
    assert!(lost_and_seen > 0, "no kill met an attempt between its effect and its answer: nothing is shown");
}

/// One execution: its output, its attempts, its answers. How many of its attempts were lost.
#[track_caller]
fn judge_closed(ledger: &Ledger, name: &str, kind: Kind, described: &Value, events: &[Value]) -> u32 {
    assert_eq!(described["status"], "SUCCEEDED", "{name}: {described}");
    let output: Value =
        serde_json::from_str(described["output"].as_str().unwrap_or_default()).unwrap_or_default();
    let lost = lost_attempts(events);
    assert_started_once(name, events);
    let entries = ledger.entries();
    let seen = |function: &'static str| entries.effects.get(&(function, name.to_owned())).map_or(0, Vec::len);
    match kind {
        Kind::Work | Kind::Rerun | Kind::Retried => {
            let skus = [format!("{name}-a"), format!("{name}-b"), format!("{name}-c")];
            let done = json!({"order": name, "cents": 1_500, "lines": skus});
            if lost == 0 || kind == Kind::Retried {
                assert_eq!(output, done, "{name}");
            } else {
                assert_eq!(output, json!({"order": name, "lost": "Lambda.SdkClientException"}), "{name}");
                assert_eq!((kind, lost), (Kind::Work, 1), "only {ONCE} may not run again: {name}");
            }
            match (kind, lost) {
                (Kind::Work, 0) => assert_eq!(seen(ONCE), 1, "{name} did not act"),
                (Kind::Work, _) => assert!(seen(ONCE) <= 1, "{name} acted {} times", seen(ONCE)),
                (Kind::Retried, _) => {
                    // Once for each attempt at most: those that were lost, and the one that was not.
                    let most = lost as usize + 1;
                    assert!((1..=most).contains(&seen(RETRIED)), "{name} acted {} times", seen(RETRIED));
                }
                _ => assert!(seen(MAY_RERUN) >= 1, "{name} did not act"),
            }
        }
        Kind::Callback => {
            let heard =
                entries.answers.values().find(|answer| answer.name == name).map(|answer| answer.heard);
            // An answer may come before the function that sent the token is known to have ended; it counts.
            if output.get("lost").is_none() {
                assert_eq!(output["answer"], json!({"answered": name}), "{name}");
                assert!(heard.is_some(), "{name} ended without an answer");
            } else {
                assert_eq!(lost, 1, "{name}");
                assert_ne!(heard, Some(Heard::Accepted), "{name} was answered, and yet lost");
            }
            assert!(seen(ASK) <= 1, "{name} asked {} times", seen(ASK));
        }
        Kind::Express => {}
    }
    lost
}

/// Attempts that a crash interrupted, and that the history says so of.
fn lost_attempts(events: &[Value]) -> u32 {
    let is_lost = |event: &&Value| {
        ["lambdaFunctionFailedEventDetails", "taskFailedEventDetails"]
            .iter()
            .any(|details| event[details]["error"] == "Lambda.SdkClientException")
    };
    events.iter().filter(is_lost).count() as u32
}

/// Each attempt that was scheduled starts at most once, and has at most one end.
#[track_caller]
fn assert_started_once(name: &str, events: &[Value]) {
    let kind = |event: &Value| event["type"].as_str().unwrap_or_default().to_owned();
    let follows = |id: &Value, kinds: &[&str]| {
        let one = |event: &&Value| event["previousEventId"] == *id && kinds.contains(&kind(event).as_str());
        events.iter().filter(one).count()
    };
    for event in events {
        match kind(event).as_str() {
            "LambdaFunctionScheduled" | "TaskScheduled" => {
                let started = follows(&event["id"], &["LambdaFunctionStarted", "TaskStarted"]);
                assert!(started <= 1, "{name}: started {started} times: {event}");
            }
            "LambdaFunctionStarted" | "TaskStarted" => {
                let ends = ["LambdaFunctionSucceeded", "LambdaFunctionFailed", "LambdaFunctionTimedOut"];
                let ended = follows(&event["id"], &ends);
                assert!(ended <= 1, "{name}: ended {ended} times: {event}");
            }
            _ => {}
        }
    }
}

/// A name is taken: the same start gives the same execution or says that it is there, another input is refused.
#[track_caller]
fn judge_starting_again(connection: &mut Connection, name: &str, arn: &str, described: &Value) {
    let machine = &described["stateMachineArn"];
    let request = json!({"stateMachineArn": machine, "name": name, "input": described["input"]});
    let answer = states(connection, "StartExecution", &request).expect("the server answers");
    if answer.status == 200 {
        assert_eq!(answer.json()["executionArn"], arn);
    } else {
        answer.refused(400, "ExecutionAlreadyExists", arn);
    }
    let request = json!({"stateMachineArn": machine, "name": name, "input": "{\"other\":1}"});
    let answer = states(connection, "StartExecution", &request).expect("the server answers");
    answer.refused(400, "ExecutionAlreadyExists", arn);
}
