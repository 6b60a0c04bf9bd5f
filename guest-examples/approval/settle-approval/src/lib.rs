//! Puts an approval's outcome on record.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

use alloc::{format, string::String};
use serde::{Deserialize, Serialize};
use stepwell_task::{Result, info};

stepwell_task::handler!(settle);

#[derive(Deserialize)]
struct Event {
    request: Request,
    outcome: Outcome,
    /// None where nobody decided in time.
    decision: Option<Decision>,
}

#[derive(Deserialize)]
struct Request {
    subject: String,
    approver: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "UPPERCASE")]
enum Outcome {
    Approved,
    Rejected,
    Expired,
}

#[derive(Deserialize)]
struct Decision {
    by: String,
    note: Option<String>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Record {
    outcome: Outcome,
    entry: String,
}

fn settle(event: Event) -> Result<Record> {
    let Event { request: Request { subject, approver }, outcome, decision } = event;
    let by = decision.as_ref().map_or(&approver, |decision| &decision.by);
    let verb = match outcome {
        Outcome::Approved => "approved by",
        Outcome::Rejected => "rejected by",
        Outcome::Expired => "left unanswered by",
    };
    let mut entry = format!("{subject}: {verb} {by}");
    if let Some(note) = decision.and_then(|decision| decision.note) {
        entry = format!("{entry} ({note})");
    }
    info!("{entry}");
    Ok(Record { outcome, entry })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(outcome: Outcome, decision: Option<(&str, Option<&str>)>, want: &str) {
        let request = Request { subject: "A lathe".into(), approver: "grace".into() };
        let decision = decision.map(|(by, note)| Decision { by: by.into(), note: note.map(String::from) });
        let got = settle(Event { request, outcome, decision });
        assert_eq!(got, Ok(Record { outcome, entry: want.into() }));
    }

    #[test]
    fn approved() {
        check(
            Outcome::Approved,
            Some(("joan", Some("but the small one"))),
            "A lathe: approved by joan (but the small one)",
        );
    }
    #[test]
    fn rejected() {
        check(Outcome::Rejected, Some(("joan", None)), "A lathe: rejected by joan");
    }
    #[test]
    fn expired() {
        check(Outcome::Expired, None, "A lathe: left unanswered by grace");
    }
}
