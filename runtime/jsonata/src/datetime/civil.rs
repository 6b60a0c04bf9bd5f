//! The proleptic Gregorian calendar in UTC, as JavaScript's `Date` has it.

pub(super) const DAY_MILLIS: i64 = 86_400_000;

/// A moment, taken apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct Civil {
    pub(super) millis: i64,
    pub(super) year: i64,
    /// From 0.
    pub(super) month: i64,
    pub(super) day: i64,
    /// Sunday is 0.
    pub(super) weekday: i64,
    pub(super) hour: i64,
    pub(super) minute: i64,
    pub(super) second: i64,
    pub(super) millisecond: i64,
}

impl Civil {
    pub(super) fn of(millis: i64) -> Self {
        let days = millis.div_euclid(DAY_MILLIS);
        let in_day = millis.rem_euclid(DAY_MILLIS);
        let (year, month, day) = civil_of_days(days);
        Self {
            millis,
            year,
            month: month - 1,
            day,
            weekday: (days + 4).rem_euclid(7),
            hour: in_day / 3_600_000,
            minute: in_day / 60_000 % 60,
            second: in_day / 1_000 % 60,
            millisecond: in_day % 1_000,
        }
    }
}

/// Days since 1970-01-01 of a date; months and days may lie outside their usual bounds.
fn days_of_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = year + month.div_euclid(12);
    let month = month.rem_euclid(12) + 1;
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let in_era = shifted.rem_euclid(400);
    let in_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5;
    era * 146_097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719_468 + day - 1
}

fn civil_of_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let in_era = shifted.rem_euclid(146_097);
    let year = (in_era - in_era / 1_460 + in_era / 36_524 - in_era / 146_096) / 365;
    let in_year = in_era - (365 * year + year / 4 - year / 100);
    let month = (5 * in_year + 2) / 153;
    let day = in_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

/// JavaScript's `Date.UTC(year, month, day)`: years from 0 to 99 are those of the twentieth century.
pub(super) fn utc(year: i64, month: i64, day: i64) -> i64 {
    let year = if (0..=99).contains(&year) { year + 1_900 } else { year };
    days_of_civil(year, month, day) * DAY_MILLIS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_agree() {
        for days in (-800_000..800_000).step_by(97) {
            let (year, month, day) = civil_of_days(days);
            assert_eq!(days_of_civil(year, month - 1, day), days);
        }
        assert_eq!(civil_of_days(0), (1970, 1, 1));
        assert_eq!(utc(2000, 1, 29) / DAY_MILLIS, 11_016);
        assert_eq!(utc(99, 11, 31), utc(1999, 11, 31));
    }
}
