//! By which time things may end, if the clock may be wrong.
//!
//! What is removed is gone, and the clock of a machine that has just started, or of one whose battery is empty, may be
//! years ahead until somebody sets it. A time far ahead of all before is believed only when it has gone on for an hour.

/// Milliseconds that a clock has to go on after a jump until it is believed.
const DOUBT_MS: i64 = 60 * 60 * 1_000;

#[derive(Debug)]
pub(super) struct ClockWatch {
    jump_ms_max: i64,
    /// The last time that was believed; 0 if there was none.
    believed_ms: i64,
    /// The first and the last time since a jump.
    doubted_ms: Option<(i64, i64)>,
}

impl ClockWatch {
    pub(super) fn new(believed_ms: i64, jump_ms_max: i64) -> Self {
        Self { jump_ms_max, believed_ms, doubted_ms: None }
    }

    /// By which time things may end, where the clock says so.
    pub(super) fn ends_by(&mut self, now_ms: i64) -> i64 {
        let is_jump = |from: i64| now_ms.saturating_sub(from) > self.jump_ms_max;
        if self.believed_ms != 0 && is_jump(self.believed_ms) {
            let first_ms = match self.doubted_ms {
                Some((first_ms, last_ms)) if first_ms <= now_ms && !is_jump(last_ms) => first_ms,
                _ => now_ms,
            };
            self.doubted_ms = Some((first_ms, now_ms));
            if now_ms.saturating_sub(first_ms) < DOUBT_MS {
                return self.believed_ms;
            }
        }
        // A clock that was set back is believed at once: by it, less has ended.
        (self.believed_ms, self.doubted_ms) = (now_ms, None);
        now_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
    const YEAR_MS: i64 = 365 * DAY_MS;
    const NOW_MS: i64 = 56 * YEAR_MS;

    /// What ends by each of these times, by a store that believed `NOW_MS`.
    fn check(times_ms: &[i64], expected_ms: &[i64]) {
        let mut watch = ClockWatch::new(NOW_MS, DAY_MS);
        let found: Vec<_> = times_ms.iter().map(|time| watch.ends_by(*time)).collect();
        assert_eq!(found, expected_ms, "{times_ms:?}");
    }

    #[test]
    fn a_jump_is_believed_when_the_clock_has_gone_on() {
        let (day, year) = (NOW_MS + DAY_MS, NOW_MS + YEAR_MS);
        check(&[NOW_MS + 1, day, day + DAY_MS], &[NOW_MS + 1, day, day + DAY_MS]);
        // Ahead for a while.
        check(&[year, year + DOUBT_MS - 1, NOW_MS + 5], &[NOW_MS, NOW_MS, NOW_MS + 5]);
        // Off for a year.
        check(&[year, year + DOUBT_MS, year + DAY_MS], &[NOW_MS, year + DOUBT_MS, year + DAY_MS]);
        // Each jump is doubted anew.
        check(&[year, 2 * year, 2 * year + DOUBT_MS], &[NOW_MS, NOW_MS, 2 * year + DOUBT_MS]);
        check(&[year, year - 1, year - 1 + DOUBT_MS], &[NOW_MS, NOW_MS, year - 1 + DOUBT_MS]);
        // Set back.
        check(&[5, 6, NOW_MS], &[5, 6, 6]);
    }

    #[test]
    fn the_first_time_is_believed() {
        assert_eq!(ClockWatch::new(0, DAY_MS).ends_by(NOW_MS), NOW_MS);
    }
}
