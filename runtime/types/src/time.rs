//! Instants: to the millisecond, as AWS records them, and as texts name them.

use std::fmt;
use std::time::Duration;

/// Milliseconds since 1970-01-01T00:00:00Z.
///
/// INVARIANT: between the years -9999 and 9999, so that it always prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

/// A text that is no instant, or an instant out of range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no RFC 3339 timestamp")]
pub struct TimeError(pub String);

const MILLIS_MAX: i64 = 253_402_128_000_000;
const MILLIS_MIN: i64 = -377_705_000_000_000;

impl Timestamp {
    /// The instant this many milliseconds after the epoch; held to the years -9999 to 9999.
    #[must_use]
    pub fn from_millis(millis: i64) -> Self {
        Self(millis.clamp(MILLIS_MIN, MILLIS_MAX))
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub fn as_millis(self) -> i64 {
        self.0
    }

    /// Seconds since the epoch with three decimals, as the AWS JSON protocols carry time.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of four-digit years fit in 53 bits")]
    pub fn as_epoch_seconds(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// Parses RFC 3339: an upper-case `T` between date and time, and a zone (`Z` or an offset).
    ///
    /// # Errors
    /// [`TimeError`] for any other text.
    pub fn parse_rfc3339(text: &str) -> Result<Self, TimeError> {
        let ExactTimestamp(instant) = ExactTimestamp::parse_rfc3339(text)?;
        Ok(Self::from_millis(instant.as_millisecond()))
    }

    /// The instant this much later; held to the years that print.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Self::from_millis(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    /// How long it is from `earlier` to this; zero if `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl Timestamp {
    /// As [`Display`](fmt::Display), but without milliseconds where they are zero: so AWS shows the times of the
    /// context object (stated by its support).
    #[must_use]
    pub fn to_short_text(self) -> String {
        if self.0 % 1_000 == 0 {
            let instant = jiff::Timestamp::from_millisecond(self.0).unwrap_or_default();
            format!("{instant:.0}")
        } else {
            self.to_string()
        }
    }
}

/// An instant to the nanosecond: what a text says, where texts are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExactTimestamp(jiff::Timestamp);

impl ExactTimestamp {
    /// As [`Timestamp::parse_rfc3339`].
    ///
    /// # Errors
    /// [`TimeError`] for any other text.
    pub fn parse_rfc3339(text: &str) -> Result<Self, TimeError> {
        let error = || TimeError(text.to_owned());
        // What follows the date holds a zone and no name of one.
        let (_, rest) = text.split_at_checked(10).ok_or_else(error)?;
        let is_plain = |c: char| c.is_ascii_digit() || matches!(c, ':' | '.' | '+' | '-' | 'Z');
        if !rest.strip_prefix('T').is_some_and(|time| time.chars().all(is_plain)) {
            return Err(error());
        }
        text.parse().map(Self).map_err(|_| error())
    }
}

impl fmt::Display for Timestamp {
    /// `2026-01-31T10:20:30.123Z`, always with milliseconds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let instant = jiff::Timestamp::from_millisecond(self.0).unwrap_or_default();
        write!(f, "{instant:.3}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, printed: &str) {
        assert_eq!(Timestamp::parse_rfc3339(text).unwrap().to_string(), printed);
    }

    #[track_caller]
    fn check_order(left: &str, right: &str, want: std::cmp::Ordering) {
        let parse = |text: &str| ExactTimestamp::parse_rfc3339(text).unwrap();
        assert_eq!(parse(left).cmp(&parse(right)), want, "{left} {right}");
    }

    #[test]
    fn texts_are_compared_to_the_nanosecond() {
        use std::cmp::Ordering::{Equal, Greater, Less};
        check_order("2016-03-14T01:59:00.000000001Z", "2016-03-14T01:59:00.000000002Z", Less);
        check_order("2016-03-14T01:59:00.1Z", "2016-03-14T01:59:00.100Z", Equal);
        check_order("2016-03-14T01:59:00+01:00", "2016-03-14T00:58:59.999999Z", Greater);
    }

    #[test]
    fn short_texts_leave_zero_milliseconds_out() {
        for (millis, text) in [
            (1_738_555_506_111, "2025-02-03T04:05:06.111Z"),
            (1_738_555_506_100, "2025-02-03T04:05:06.100Z"),
            (1_738_555_506_000, "2025-02-03T04:05:06Z"),
            (-1_000, "1969-12-31T23:59:59Z"),
        ] {
            assert_eq!(Timestamp::from_millis(millis).to_short_text(), text);
        }
    }

    #[test]
    fn rfc3339() {
        check("2016-08-18T17:33:00Z", "2016-08-18T17:33:00.000Z");
        check("2016-08-18T17:33:00.1239Z", "2016-08-18T17:33:00.123Z");
        check("2016-08-18T17:33:00+02:00", "2016-08-18T15:33:00.000Z");
        for bad in [
            "",
            "2016-08-18",
            "2016-08-18T17:33:00",
            "2016-08-18t17:33:00Z",
            "2016-08-18 17:33:00Z",
            "2016-08-18T17:33:00Z[Europe/Berlin]",
            "2016-08-18T17:33:00,5Z",
            "x",
        ] {
            assert!(Timestamp::parse_rfc3339(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn arithmetic_saturates() {
        let t = Timestamp::from_millis(5);
        assert_eq!(t.after(Duration::from_secs(1)).since(t), Duration::from_secs(1));
        assert_eq!(t.since(t.after(Duration::from_secs(1))), Duration::ZERO);
        let end = t.after(Duration::MAX);
        assert!(end.to_string().starts_with("9999-"), "{end}");
        assert!(Timestamp::from_millis(i64::MIN).to_string().starts_with("-009999-"));
    }
}
