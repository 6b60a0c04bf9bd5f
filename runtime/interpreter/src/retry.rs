//! Which retrier or catcher takes a failure, and when the next attempt is due.

use crate::limit::RETRY_DELAY_SECONDS_MAX;
use std::time::Duration;
use stepwell_asl::definition::{JitterStrategy, Retrier};
use stepwell_types::{ErrorName, Failure};

/// Why a state failed, as far as Retry and Catch care.
#[derive(Clone, Debug)]
pub(crate) struct Trouble {
    pub(crate) failure: Failure,
    pub(crate) origin: Origin,
}

/// Where a failure comes from, beyond its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Nothing else is to be known.
    Plain,
    /// No heartbeat came. AWS records it as `States.Timeout`; `States.HeartbeatTimeout` matches it, too.
    Heartbeat,
    /// A branch of the Parallel that now fails: `States.BranchFailed` matches it, too.
    Branch,
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self { failure, origin: Origin::Plain }
    }
}

impl Trouble {
    /// Whether neither Retry nor Catch may take it: AWS lets `States.Runtime` always fail the execution.
    pub(crate) fn is_fatal(&self) -> bool {
        self.failure.error.as_ref() == Some(&ErrorName::RUNTIME)
    }

    /// Whether one of `error_equals` names it.
    ///
    /// Recorded on AWS, against its documentation: `States.ALL` also takes `States.DataLimitExceeded`.
    pub(crate) fn matches(&self, error_equals: &[ErrorName]) -> bool {
        if self.is_fatal() {
            return false;
        }
        let error = self.failure.error.as_ref();
        error_equals.iter().any(|wanted| {
            Some(wanted) == error
                || *wanted == ErrorName::ALL
                || (*wanted == ErrorName::TASK_FAILED && error != Some(&ErrorName::TIMEOUT))
                || (*wanted == ErrorName::HEARTBEAT_TIMEOUT && self.origin == Origin::Heartbeat)
                || (*wanted == ErrorName::BRANCH_FAILED && self.origin == Origin::Branch)
        })
    }
}

/// The pause before retry number `retry` (from 1): `interval * backoff_rate^(retry - 1)`, capped by the retrier and
/// by [`RETRY_DELAY_SECONDS_MAX`]; with full jitter anything from 0 to that, chosen by `bits`.
pub(crate) fn delay(retrier: &Retrier, retry: u32, bits: impl FnOnce() -> u64) -> Duration {
    #[expect(clippy::cast_precision_loss, reason = "seconds are far below 2^53")]
    let (interval_s, cap_s) = (
        retrier.interval_seconds as f64,
        retrier.max_delay_seconds.unwrap_or(RETRY_DELAY_SECONDS_MAX).min(RETRY_DELAY_SECONDS_MAX) as f64,
    );
    // Multiplied step by step: `powf` may differ between platforms, and a replay must not.
    let mut seconds = interval_s.min(cap_s);
    for _ in 1..retry {
        let longer = (seconds * retrier.backoff_rate).min(cap_s);
        if longer <= seconds {
            break;
        }
        seconds = longer;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the cap")]
    let millis = (seconds * 1000.0) as u64;
    match retrier.jitter {
        JitterStrategy::None => Duration::from_millis(millis),
        JitterStrategy::Full => Duration::from_millis(bits() % (millis + 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retrier(interval_seconds: u64, backoff_rate: f64, max_delay_seconds: Option<u64>) -> Retrier {
        Retrier {
            comment: None,
            error_equals: vec![ErrorName::ALL],
            interval_seconds,
            max_attempts: 3,
            backoff_rate,
            max_delay_seconds,
            jitter: JitterStrategy::None,
        }
    }

    #[track_caller]
    fn check_delay(interval_s: u64, rate: f64, cap_s: Option<u64>, want_ms: [u128; 3]) {
        let retrier = retrier(interval_s, rate, cap_s);
        assert_eq!([1, 2, 3].map(|retry| delay(&retrier, retry, || 0).as_millis()), want_ms);
    }

    #[test]
    fn delays_double_and_are_capped() {
        check_delay(1, 2.0, None, [1_000, 2_000, 4_000]);
        check_delay(1, 2.0, Some(3), [1_000, 2_000, 3_000]);
        check_delay(2, 1.5, None, [2_000, 3_000, 4_500]);
        check_delay(99_999_999, 1e300, None, [99_999_999_000; 3]);
    }

    #[test]
    fn jitter_stays_within_the_delay() {
        let mut retrier = retrier(1, 1.0, None);
        retrier.jitter = JitterStrategy::Full;
        for (bits, want_ms) in [(0, 0), (1_000, 1_000), (1_001, 0), (u64::MAX, u64::MAX % 1_001)] {
            assert_eq!(delay(&retrier, 1, || bits), Duration::from_millis(want_ms));
        }
    }

    #[track_caller]
    fn check_match(error: &str, origin: Origin, wanted: &str, matches: bool) {
        let trouble = Trouble { failure: Failure::without_cause(error.into()), origin };
        assert_eq!(trouble.matches(&[ErrorName::from(wanted)]), matches, "{error} by {wanted}");
    }

    #[test]
    fn errors_are_matched_by_name_and_by_wildcard() {
        check_match("E", Origin::Plain, "E", true);
        check_match("E", Origin::Plain, "F", false);
        check_match("E", Origin::Plain, "States.ALL", true);
        check_match("E", Origin::Plain, "States.TaskFailed", true);
        check_match("States.Timeout", Origin::Plain, "States.TaskFailed", false);
        check_match("States.Timeout", Origin::Plain, "States.HeartbeatTimeout", false);
        check_match("States.Timeout", Origin::Heartbeat, "States.HeartbeatTimeout", true);
        check_match("States.Timeout", Origin::Heartbeat, "States.Timeout", true);
        check_match("E", Origin::Branch, "States.BranchFailed", true);
        check_match("States.DataLimitExceeded", Origin::Plain, "States.ALL", true);
        check_match("States.Runtime", Origin::Plain, "States.ALL", false);
        check_match("States.Runtime", Origin::Plain, "States.Runtime", false);
    }
}
