//! Holds the ledger against the histories that the last server shows.

use crate::ledger::{Effect, Ledger};
use crate::load::{Kind, Start, Starts, last_id};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use stepwell_tests::aws::{assert_whole, history};
use stepwell_tests::server::Server;

/// How an attempt ended, as its history says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// It succeeded.
    Succeeded,
    /// A crash interrupted it.
    Lost,
    /// It has no end: another part of its execution ended it.
    None,
}

/// An attempt in a history.
#[derive(Clone, Debug)]
struct Attempt {
    id: String,
    end: End,
}

/// What was judged, in figures.
#[derive(Debug, Default)]
pub(crate) struct Judged {
    executions: usize,
    failed: usize,
    effects: usize,
    /// Attempts that a crash interrupted, and that the history says so of.
    lost: usize,
    /// Of these, whose effect had happened: who ran them again would double it.
    lost_with_effect: usize,
    /// Effects of an attempt that the definition's own Retry asked for.
    retried: usize,
    /// Effects that were seen again under the same key, where the function allows that.
    seen_again: usize,
}

impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { executions, failed, effects, lost, lost_with_effect, retried, seen_again } = self;
        write!(
            f,
            "{executions} executions, {failed} of them failed; {effects} effects; {lost} attempts lost, \
             {lost_with_effect} after their effect; {retried} effects by Retry, {seen_again} seen again under their key"
        )
    }
}

/// Judges every execution and every effect.
pub(crate) fn judge(server: &Server, ledger: &Ledger, starts: &Starts) -> Judged {
    let starts: BTreeMap<String, Start> = starts.all().clone();
    let mut connection = server.connection();
    let mut closed = BTreeMap::new();
    for (name, start) in &starts {
        let arn = start.arn.as_deref().unwrap_or_else(|| panic!("{name} was never acknowledged"));
        let described = server.closed(arn);
        let events = history(&mut connection, arn);
        assert_whole(&events);
        closed.insert(arn, (name, start.kind, described, events));
    }
    // Everything has ended: nothing is written any more.
    let effects = ledger.effects();
    let mut by_execution: BTreeMap<&str, Vec<&Effect>> = BTreeMap::new();
    for effect in &effects {
        let (arn, _) = effect.key.rsplit_once('#').unwrap_or_else(|| panic!("{effect:?}"));
        assert!(closed.contains_key(arn), "an effect of nobody: {effect:?}");
        by_execution.entry(arn).or_default().push(effect);
    }
    let mut judged = Judged { effects: effects.len(), ..Judged::default() };
    for (arn, (name, kind, described, events)) in &closed {
        let seen = by_execution.get(arn).map(Vec::as_slice).unwrap_or_default();
        judge_one(&mut judged, name, *kind, described, &attempts(arn, events), seen);
    }
    assert!(judged.lost_with_effect > 0 && judged.seen_again > 0, "nothing was tested: {judged}");
    judged
}

#[track_caller]
fn judge_one(
    judged: &mut Judged,
    name: &str,
    kind: Kind,
    described: &Value,
    attempts: &BTreeMap<String, Attempt>,
    seen: &[&Effect],
) {
    let told = || format!("{name}: {described} {attempts:#?} {seen:#?}");
    let count = |key: &str| seen.iter().filter(|effect| effect.key == key).count();
    for effect in seen {
        let attempt =
            attempts.get(&effect.key).unwrap_or_else(|| panic!("no attempt {}: {}", effect.key, told()));
        assert_eq!(attempt.id, effect.id, "{}", told());
        // The attempt's number is one more than the attempts that were lost before it.
        let lost_before = attempts.values().filter(|other| other.id == effect.id && other.end == End::Lost);
        let lost_before = lost_before.count() - usize::from(attempt.end == End::Lost);
        let earlier = usize::try_from(effect.attempt - 1).expect("attempts are few");
        assert!(earlier <= lost_before, "attempt {} without a loss: {}", effect.attempt, told());
        judged.retried += usize::from(effect.attempt > 1);
    }
    for (key, attempt) in attempts {
        let count = count(key);
        match kind {
            Kind::Plain | Kind::Retried => assert!(count <= 1, "{key} acted {count} times: {}", told()),
            Kind::Rerun => judged.seen_again += count.saturating_sub(1),
        }
        match attempt.end {
            End::Succeeded => assert!(count >= 1, "{key} succeeded without its effect: {}", told()),
            End::Lost => {
                judged.lost += 1;
                judged.lost_with_effect += usize::from(count > 0);
            }
            End::None => {}
        }
    }
    // Nothing asks for another attempt but the definition, and only after a loss.
    let ids: BTreeSet<&str> = attempts.values().map(|attempt| attempt.id.as_str()).collect();
    let mut exhausted = false;
    for id in ids {
        let of_id = |end: Option<End>| {
            let own = attempts.values().filter(|attempt| attempt.id == id);
            own.filter(|attempt| end.is_none_or(|end| attempt.end == end)).count()
        };
        let (tries, lost) = (of_id(None), of_id(Some(End::Lost)));
        let tries_max = match kind {
            Kind::Plain | Kind::Rerun => 1,
            Kind::Retried => 2,
        };
        assert!(tries <= tries_max && tries <= lost + 1, "{id} was tried {tries} times: {}", told());
        assert!(kind != Kind::Rerun || lost == 0, "{id} was not run again: {}", told());
        exhausted |= lost == tries_max;
    }
    judged.executions += 1;
    if exhausted {
        judged.failed += 1;
        assert_eq!(described["status"], "FAILED", "{}", told());
        assert_eq!(described["error"], "Lambda.SdkClientException", "{}", told());
    } else {
        assert_eq!(described["status"], "SUCCEEDED", "{}", told());
        let output: Value =
            serde_json::from_str(described["output"].as_str().unwrap_or_default()).unwrap_or_default();
        assert_eq!(output, json!({"id": last_id(name), "recorded": true}), "{}", told());
    }
}

/// The attempts of a history by their idempotency keys.
#[track_caller]
fn attempts(arn: &str, events: &[Value]) -> BTreeMap<String, Attempt> {
    let mut attempts = BTreeMap::new();
    // From the event that started an attempt to the one that scheduled it.
    let mut started = BTreeMap::new();
    let key = |event: &Value| format!("{arn}#{event}");
    for event in events {
        let previous = &event["previousEventId"];
        let mut end = |end: End, scheduled: &BTreeMap<u64, String>| {
            let attempt = previous.as_u64().and_then(|id| attempts.get_mut(scheduled.get(&id)?));
            let attempt: &mut Attempt = attempt.unwrap_or_else(|| panic!("the end of no attempt: {event}"));
            assert_eq!(attempt.end, End::None, "a second end: {event}");
            attempt.end = end;
        };
        match event["type"].as_str().unwrap_or_default() {
            "LambdaFunctionScheduled" => {
                let input = &event["lambdaFunctionScheduledEventDetails"]["input"];
                let attempt = Attempt { id: id_in(input, ""), end: End::None };
                attempts.insert(key(&event["id"]), attempt);
            }
            "TaskScheduled" => {
                let parameters = &event["taskScheduledEventDetails"]["parameters"];
                let attempt = Attempt { id: id_in(parameters, "/Payload"), end: End::None };
                attempts.insert(key(&event["id"]), attempt);
            }
            "LambdaFunctionStarted" | "TaskStarted" => {
                started.insert(event["id"].as_u64().unwrap_or_default(), key(previous));
            }
            "LambdaFunctionSucceeded" | "TaskSucceeded" => end(End::Succeeded, &started),
            kind @ ("LambdaFunctionFailed" | "TaskFailed") => {
                let details = if kind == "TaskFailed" {
                    "taskFailedEventDetails"
                } else {
                    "lambdaFunctionFailedEventDetails"
                };
                assert_eq!(event[details]["error"], "Lambda.SdkClientException", "{event}");
                end(End::Lost, &started);
            }
            _ => {}
        }
    }
    attempts
}

fn id_in(text: &Value, pointer: &str) -> String {
    let event: Value = text.as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    event.pointer(&format!("{pointer}/id")).and_then(Value::as_str).unwrap_or_default().to_owned()
}
