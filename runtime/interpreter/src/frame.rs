//! One line of control: the top level, a branch of a Parallel or an iteration of a Map.

use crate::input::{AttemptId, TimerId};
use std::sync::{Arc, OnceLock};
use stepwell_asl::definition::StateIdx;
use stepwell_history::{EventId, SequenceCell};
use stepwell_types::{Payload, Timestamp};

/// A frame's number within its execution; never reused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrameId(pub u32);

impl FrameId {
    /// The top level.
    pub const ROOT: Self = Self(0);
}

/// One line of control, at rest between two inputs.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Its number.
    pub id: FrameId,
    /// Where it stands.
    pub position: Position,
    /// The state that it is in, or is about to enter ([`Waiting::Ready`]).
    pub at: StateIdx,
    /// That state's raw input.
    pub data: Payload,
    /// Variables of this scope; outer ones are in the frames around it.
    pub scope: Variables,
    /// The event with which the state was entered; [`EventId::NONE`] before that.
    pub entered_event: EventId,
    /// When that was.
    pub entered_at: Timestamp,
    /// The last event along this line: what its next event points back to.
    pub last_event: EventId,
    /// How often each retrier of the state has been used in this visit; empty if none has.
    pub retries: Vec<u32>,
    /// The number of the newest timer of this frame.
    pub timer_serial: u32,
    /// What it waits for.
    pub waiting: Waiting,
}

/// Where a frame stands in its execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// The top level.
    Top,
    /// A branch of the Parallel in which `parent` is.
    Branch {
        /// The frame around it.
        parent: FrameId,
        /// Which branch, from 0.
        index: u32,
    },
    /// An iteration of the Map in which `parent` is.
    Iteration {
        /// The frame around it.
        parent: FrameId,
        /// Which item, from 0.
        index: u32,
    },
}

/// What a frame waits for.
#[derive(Clone, Debug)]
pub enum Waiting {
    /// Nothing: it is about to enter its state.
    Ready,
    /// The answer of an attempt.
    Task(Box<TaskWait>),
    /// The end of a Wait state.
    Time(Alarm),
    /// The end of the pause before a retry.
    Retry(Alarm),
    /// The frames inside it.
    Join(Box<Join>),
}

/// A timer that a frame has set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// Its number within the frame.
    pub serial: u32,
    /// When it is due.
    pub due: Timestamp,
}

/// A Task's open attempt.
#[derive(Clone, Debug)]
pub struct TaskWait {
    /// The attempt.
    pub attempt: AttemptId,
    /// How far it has come.
    pub phase: Phase,
    /// What it was called with, so that the call can be made again.
    pub input: Payload,
    /// Seconds it may take from its start.
    pub timeout_s: Option<u64>,
    /// Seconds between two heartbeats.
    pub heartbeat_s: Option<u64>,
    /// The timer of the former, once it has started.
    pub timeout: Option<Alarm>,
    /// The timer of the latter, once it has started.
    pub heartbeat: Option<Alarm>,
    /// `Credentials.RoleArn`
    pub role_arn: Option<Arc<str>>,
}

/// How far an attempt has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Asked for.
    Scheduled,
    /// Running.
    Started,
    /// Accepted by the service; a callback or the job's end will answer.
    Submitted,
}

/// A Parallel or Map that waits for what is inside it.
///
/// It holds counters and references only: what has ended stays where it was written ([`Chain`]).
#[derive(Clone, Debug)]
pub struct Join {
    /// The newest `ParallelStateStarted` or `MapStateStarted`.
    pub started: EventId,
    /// Branches or items in all.
    pub total: u32,
    /// The next one to begin.
    pub next: u32,
    /// Those that run.
    pub live: u32,
    /// How many may run at once.
    pub slots: u32,
    /// Items that failed and were tolerated.
    pub failed: u32,
    /// How many may fail; `None`: the first failure is the state's own.
    pub tolerance: Option<Tolerance>,
    /// A Map's items: an array.
    pub items: Option<Payload>,
    /// What has ended well.
    pub done: Chain,
    /// What the state's success points back to: the newest end of a branch or iteration.
    pub last_event: EventId,
}

/// How many items of a Map may fail.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Tolerance {
    /// `ToleratedFailureCount`
    pub count: Option<u64>,
    /// `ToleratedFailurePercentage`
    pub percentage: Option<f64>,
}

impl Tolerance {
    /// Whether `failed` of `total` items are too many.
    #[must_use]
    pub fn is_exceeded(&self, failed: u32, total: u32) -> bool {
        let share = if total == 0 { 0.0 } else { f64::from(failed) * 100.0 / f64::from(total) };
        let by_count = self.count.map(|count| u64::from(failed) > count);
        let by_share = self.percentage.map(|percentage| share > percentage);
        match (by_count, by_share) {
            (None, None) => failed > 0,
            (by_count, by_share) => by_count == Some(true) || by_share == Some(true),
        }
    }
}

/// The branches or iterations of one Parallel or Map that have ended well, linked from the newest to the oldest.
#[derive(Clone, Debug, Default)]
pub struct Chain {
    /// The newest.
    pub head: Option<CompletionLink>,
    /// How many there are.
    pub count: u32,
    /// Bytes of their outputs.
    pub bytes: u64,
}

/// Where a [`crate::Completion`] was written: known once its transition has been encoded.
#[derive(Clone, Debug, Default)]
pub struct CompletionLink(pub(crate) Arc<OnceLock<CompletionAddress>>);

/// The place of a completion in the journal.
#[derive(Clone, Debug)]
pub struct CompletionAddress {
    /// The transition that wrote it.
    pub sequence: SequenceCell,
    /// Its place among the completions of that transition.
    pub slot: u32,
}

impl CompletionLink {
    /// The place, once it is known.
    #[must_use]
    pub fn address(&self) -> Option<&CompletionAddress> {
        self.0.get()
    }

    pub(crate) fn to(address: CompletionAddress) -> Self {
        Self(Arc::new(OnceLock::from(address)))
    }

    pub(crate) fn set(&self, address: CompletionAddress) {
        let _ = self.0.set(address);
    }
}

/// The variables of one scope, by name. A clone is a reference count; values are payloads, written once.
#[derive(Clone, Debug, Default)]
pub struct Variables(Arc<Vec<(Arc<str>, Payload)>>);

impl Variables {
    /// The value of a variable of this scope.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Payload> {
        let at = self.0.binary_search_by(|(known, _)| (**known).cmp(name)).ok()?;
        self.0.get(at).map(|(_, value)| value)
    }

    /// All of them, by name.
    pub fn iter(&self) -> std::slice::Iter<'_, (Arc<str>, Payload)> {
        self.0.iter()
    }

    /// Gives a variable a value.
    pub fn set(&mut self, name: &Arc<str>, value: Payload) {
        let variables = Arc::make_mut(&mut self.0);
        match variables.binary_search_by(|(known, _)| known.cmp(name)) {
            Ok(at) => {
                if let Some((_, held)) = variables.get_mut(at) {
                    *held = value;
                }
            }
            Err(at) => variables.insert(at, (Arc::clone(name), value)),
        }
    }
}

impl FromIterator<(Arc<str>, Payload)> for Variables {
    fn from_iter<I: IntoIterator<Item = (Arc<str>, Payload)>>(variables: I) -> Self {
        let mut all = Self::default();
        for (name, value) in variables {
            all.set(&name, value);
        }
        all
    }
}

impl Frame {
    /// The frame around it; `None` for the top level.
    #[must_use]
    pub fn parent(&self) -> Option<FrameId> {
        match self.position {
            Position::Top => None,
            Position::Branch { parent, .. } | Position::Iteration { parent, .. } => Some(parent),
        }
    }

    /// The attempt that it waits for.
    #[must_use]
    pub fn attempt(&self) -> Option<AttemptId> {
        match &self.waiting {
            Waiting::Task(task) => Some(task.attempt),
            Waiting::Ready | Waiting::Time(_) | Waiting::Retry(_) | Waiting::Join(_) => None,
        }
    }

    /// The timers that it waits for.
    pub fn alarms(&self) -> impl Iterator<Item = Alarm> {
        let (one, other) = match &self.waiting {
            Waiting::Task(task) => (task.timeout, task.heartbeat),
            Waiting::Time(alarm) | Waiting::Retry(alarm) => (Some(*alarm), None),
            Waiting::Ready | Waiting::Join(_) => (None, None),
        };
        one.into_iter().chain(other)
    }

    /// The id of one of its timers.
    #[must_use]
    pub fn timer(&self, alarm: Alarm) -> TimerId {
        TimerId { frame: self.id, serial: alarm.serial }
    }

    /// How often its state was retried in this visit: `$$.State.RetryCount`.
    #[must_use]
    pub fn retry_count(&self) -> u32 {
        self.retries.iter().fold(0, |sum, used| sum.saturating_add(*used))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_tolerance(count: Option<u64>, percentage: Option<f64>, failed: u32, total: u32, exceeded: bool) {
        assert_eq!(Tolerance { count, percentage }.is_exceeded(failed, total), exceeded);
    }

    #[test]
    fn tolerance_is_exceeded_by_either_measure() {
        check_tolerance(None, None, 1, 10, true);
        check_tolerance(Some(1), None, 1, 10, false);
        check_tolerance(Some(1), None, 2, 10, true);
        check_tolerance(None, Some(10.0), 1, 10, false);
        check_tolerance(None, Some(9.9), 1, 10, true);
        check_tolerance(Some(5), Some(10.0), 2, 10, true);
        check_tolerance(Some(0), Some(100.0), 1, 10, true);
        check_tolerance(Some(0), None, 0, 0, false);
    }

    #[test]
    fn variables_are_found_by_name_and_replaced() {
        let value = |n: i64| Payload::from_value(stepwell_types::Value::I64(n));
        let mut scope: Variables =
            [(Arc::from("b"), value(1)), (Arc::from("a"), value(2))].into_iter().collect();
        let before = scope.clone();
        scope.set(&Arc::from("b"), value(3));
        assert_eq!(scope.get("b"), Some(&value(3)));
        assert_eq!(before.get("b"), Some(&value(1)));
        assert_eq!(scope.get("c"), None);
        assert_eq!(scope.iter().map(|(name, _)| &**name).collect::<Vec<_>>(), ["a", "b"]);
    }
}
