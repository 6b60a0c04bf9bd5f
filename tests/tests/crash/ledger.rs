//! What was acknowledged to the outside, and what the outside saw.

use crate::load::MAY_RERUN;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// An execution of `work`, `rerun` or `retried` waits this long in its middle, and so has not ended before.
pub(crate) const WORK_SECONDS: u64 = 2;
/// What is certainly still under way counts; beyond this it may have ended.
const SURELY_RUNNING: Duration = Duration::from_millis(WORK_SECONDS * 1_000 - 50);

/// What is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Standard: an effect that may not be doubled, functions without one, a Map, a timer.
    Work,
    /// As `Work`, with a function that says it may run again.
    Rerun,
    /// As `Work`; the definition retries an attempt that was lost.
    Retried,
    /// Standard: a task token that goes out, and waits for the outside.
    Callback,
    /// Express, asynchronous.
    Express,
}

impl Kind {
    /// The name of the machine.
    pub(crate) fn machine(self) -> &'static str {
        match self {
            Self::Work => "work",
            Self::Rerun => "rerun",
            Self::Retried => "retried",
            Self::Callback => "callback",
            Self::Express => "express",
        }
    }
}

/// A start.
#[derive(Clone, Debug)]
pub(crate) struct Start {
    pub(crate) kind: Kind,
    /// What the server answered; `None` while it is not known whether it heard.
    pub(crate) arn: Option<String>,
    at: Instant,
    /// How often it was sent.
    sent: u32,
}

/// An answer to a token.
#[derive(Clone, Debug)]
pub(crate) struct TokenAnswer {
    /// Whose token it is.
    pub(crate) name: String,
    /// What the server said to it.
    pub(crate) heard: Heard,
}

/// What is known of an answer to a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// The server went away before it said anything.
    Unknown,
    /// It was accepted.
    Accepted,
    /// An answer of which nothing was known was sent again, and the token was no longer waited for: the first one was
    /// heard, or the task had ended otherwise.
    TooLate,
}

#[derive(Default)]
pub(crate) struct Entries {
    /// By name.
    pub(crate) starts: BTreeMap<String, Start>,
    /// By token.
    pub(crate) answers: BTreeMap<String, TokenAnswer>,
    /// The effects that were seen, by function and name of the execution: the idempotency key of each.
    pub(crate) effects: BTreeMap<(&'static str, String), Vec<String>>,
    /// What must not have happened.
    pub(crate) failures: Vec<String>,
    pub(crate) repeated_starts: u32,
    /// Attempts that a crash interrupted; and of these, those whose effect had been seen.
    pub(crate) lost_attempts: (u32, u32),
}

/// The ledger.
#[derive(Default)]
pub(crate) struct Ledger(Mutex<Entries>);

impl Ledger {
    pub(crate) fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A start goes out.
    pub(crate) fn starting(&self, name: &str, kind: Kind) {
        let start = Start { kind, arn: None, at: Instant::now(), sent: 0 };
        self.entries().starts.insert(name.to_owned(), start);
    }

    /// A start is sent; whether it was sent before.
    pub(crate) fn send(&self, name: &str) -> bool {
        let mut entries = self.entries();
        let Some(start) = entries.starts.get_mut(name) else { return false };
        start.sent += 1;
        start.sent > 1
    }

    /// A start was acknowledged: for the first time, or again.
    pub(crate) fn started(&self, name: &str, arn: &str) {
        let mut entries = self.entries();
        let Some(start) = entries.starts.get_mut(name) else { return };
        match &start.arn {
            Some(first) if first != arn => {
                let failure = format!("{name} was started as {first}, and then as {arn}");
                entries.failures.push(failure);
            }
            Some(_) => entries.repeated_starts += 1,
            None => {
                start.arn = Some(arn.to_owned());
                start.at = Instant::now();
            }
        }
    }

    /// An effect was seen.
    pub(crate) fn effect(&self, function: &'static str, name: &str, key: &str) {
        self.entries().effects.entry((function, name.to_owned())).or_default().push(key.to_owned());
    }

    /// Something happened that must not.
    pub(crate) fn fail(&self, failure: String) {
        self.entries().failures.push(failure);
    }

    /// Executions that were accepted, have work to do and cannot have ended yet.
    pub(crate) fn in_flight(&self) -> usize {
        let runs = |start: &&Start| match start.kind {
            Kind::Work | Kind::Rerun | Kind::Retried => {
                start.arn.is_some() && start.at.elapsed() < SURELY_RUNNING
            }
            // They may wait for the outside without anything to do.
            Kind::Callback | Kind::Express => false,
        };
        self.entries().starts.values().filter(runs).count()
    }

    /// In figures.
    pub(crate) fn summary(&self) -> String {
        let entries = self.entries();
        let of =
            |kind| entries.starts.values().filter(|start| start.kind == kind && start.arn.is_some()).count();
        let unknown = entries.starts.values().filter(|start| start.arn.is_none()).count();
        let twice =
            entries.effects.iter().filter(|((function, _), keys)| *function == MAY_RERUN && keys.len() > 1);
        format!(
            "{} work, {} rerun, {} retried, {} callback, {} express accepted, {unknown} never answered; {} starts repeated; \
             {} attempts lost and told so, {} of them after their effect was seen; {} effects doubled where that is allowed",
            of(Kind::Work),
            of(Kind::Rerun),
            of(Kind::Retried),
            of(Kind::Callback),
            of(Kind::Express),
            entries.repeated_starts,
            entries.lost_attempts.0,
            entries.lost_attempts.1,
            twice.count(),
        )
    }
}
