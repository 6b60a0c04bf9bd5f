//! Moments to text.

use super::civil::{Civil, DAY_MILLIS, utc};
use super::integer;
use super::picture::{Case, Grouping, Marker, Part};
use crate::fault::{Fault, Res};
use crate::machine::Machine;
use crate::number::parse_int;

const DAYS: [&str; 8] = ["", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEK_MILLIS: i64 = DAY_MILLIS * 7;

pub(super) fn month_name(month: usize) -> Option<&'static str> {
    MONTHS.get(month).copied()
}

pub(super) fn day_name(day: usize) -> Option<&'static str> {
    DAYS.get(day).copied()
}

/// A moment as its picture asks, in a time zone such as `+0530`.
pub(super) fn date_time(
    millis: i64,
    parts: &[Part],
    zone: Option<&str>,
    machine: &mut Machine<'_>,
) -> Res<String> {
    let offset = zone.map_or(Some(0.0), parse_int).filter(|offset| offset.abs() < 1e6);
    let Some(offset) = offset else {
        return Err(Fault::with_message("U1003", "The time zone is not a number"));
    };
    let hours = (offset / 100.0).floor();
    let minutes = offset % 100.0;
    #[expect(clippy::cast_possible_truncation, reason = "checked just before")]
    let shift = (60.0 * hours + minutes) as i64 * 60_000;
    let moment = Civil::of(millis + shift);
    let mut out = String::new();
    for part in parts {
        match part {
            Part::Literal(text) => out.push_str(text),
            Part::Marker(marker) => component(&moment, marker, hours, minutes, machine, &mut out)?,
        }
        machine.charge(1)?;
    }
    Ok(out)
}

fn component(
    moment: &Civil,
    marker: &Marker,
    hours: f64,
    minutes: f64,
    machine: &mut Machine<'_>,
    out: &mut String,
) -> Res<()> {
    match marker.component {
        'Z' | 'z' => zone(marker, hours, minutes, machine, out),
        'P' => {
            let name = if moment.hour >= 12 { "pm" } else { "am" };
            match marker.names {
                Some(Case::Upper) => out.push_str(&name.to_uppercase()),
                _ => out.push_str(name),
            }
            Ok(())
        }
        'C' | 'E' => {
            out.push_str("ISO");
            Ok(())
        }
        letter => {
            let Some(mut value) = fragment(moment, letter) else {
                // The reference prints what it has no value for.
                out.push_str("undefined");
                return Ok(());
            };
            if letter == 'Y'
                && let Some(digits) = marker.digits.and_then(|digits| u32::try_from(digits).ok())
                && let Some(modulus) = 10_i64.checked_pow(digits)
            {
                value %= modulus;
            }
            if let Some(case) = marker.names.filter(|_| letter != 'f') {
                return name(letter, value, case, marker, out);
            }
            let Some(format) = &marker.integer else { return Ok(()) };
            #[expect(clippy::cast_precision_loss, reason = "parts of a date are small")]
            out.push_str(&integer::format(value as f64, format, machine)?);
            Ok(())
        }
    }
}

fn name(letter: char, value: i64, case: Case, marker: &Marker, out: &mut String) -> Res<()> {
    let at = usize::try_from(value).unwrap_or(usize::MAX);
    let name = match letter {
        'M' | 'x' => at.checked_sub(1).and_then(month_name),
        'F' => day_name(at),
        _ => return Err(Fault::new("D3133").text_value(&letter.to_string())),
    };
    let name = name.unwrap_or_default();
    let name = match case {
        Case::Upper => name.to_uppercase(),
        Case::Lower => name.to_lowercase(),
        Case::Title => name.to_owned(),
    };
    out.extend(name.chars().take(marker.width_max.unwrap_or(usize::MAX)));
    Ok(())
}

fn zone(marker: &Marker, hours: f64, minutes: f64, machine: &mut Machine<'_>, out: &mut String) -> Res<()> {
    let Some(format) = &marker.integer else { return Ok(()) };
    let offset = hours * 100.0 + minutes;
    let mut text = if matches!(format.grouping, Grouping::Regular { .. }) {
        integer::format(offset, format, machine)?
    } else {
        match format.mandatory {
            1 | 2 => {
                let mut text = integer::format(hours, format, machine)?;
                if minutes != 0.0 {
                    let two_digits = super::picture::integer("00")?;
                    text.push(':');
                    text.push_str(&integer::format(minutes.floor(), &two_digits, machine)?);
                }
                text
            }
            3 | 4 => integer::format(offset, format, machine)?,
            #[expect(clippy::cast_precision_loss, reason = "digits of a picture")]
            digits => return Err(Fault::new("D3134").number_value(digits as f64)),
        }
    };
    if offset >= 0.0 {
        text.insert(0, '+');
    }
    if marker.component == 'z' {
        text.insert_str(0, "GMT");
    }
    out.push_str(if offset == 0.0 && marker.traditional { "Z" } else { &text });
    Ok(())
}

/// A year and a month, from 0.
#[derive(Clone, Copy)]
struct Month {
    year: i64,
    month: i64,
}

impl Month {
    fn next(self) -> Self {
        if self.month == 11 {
            Self { year: self.year + 1, month: 0 }
        } else {
            Self { month: self.month + 1, ..self }
        }
    }

    fn previous(self) -> Self {
        if self.month == 0 {
            Self { year: self.year - 1, month: 11 }
        } else {
            Self { month: self.month - 1, ..self }
        }
    }

    /// When its first week begins: the week with its first Thursday.
    fn first_week(self) -> i64 {
        let first = utc(self.year, self.month, 1);
        let weekday = match Civil::of(first).weekday {
            0 => 7,
            weekday => weekday,
        };
        if weekday > 4 { first + (8 - weekday) * DAY_MILLIS } else { first - (weekday - 1) * DAY_MILLIS }
    }
}

/// The week of a day, counted from where a year's or month's first week begins.
fn week(today: i64, this: Month, next: Month, previous: Month, most: i64) -> i64 {
    // The difference is a whole number of days, so flooring the weeks is exact.
    let since = |start: i64| (today - start) + WEEK_MILLIS;
    let weeks = since(this.first_week());
    if weeks > most * WEEK_MILLIS {
        if today >= next.first_week() {
            return 1;
        }
    } else if weeks < WEEK_MILLIS {
        return since(previous.first_week()).div_euclid(WEEK_MILLIS);
    }
    weeks.div_euclid(WEEK_MILLIS)
}

/// The value of a component; `None` for letters that are none.
pub(super) fn fragment(moment: &Civil, component: char) -> Option<i64> {
    let year = Month { year: moment.year, month: 0 };
    let month = Month { year: moment.year, month: moment.month };
    Some(match component {
        'Y' => moment.year,
        'M' => moment.month + 1,
        'D' => moment.day,
        'd' => {
            let today = utc(moment.year, moment.month, moment.day);
            (today - utc(moment.year, 0, 1)) / DAY_MILLIS + 1
        }
        'F' => {
            if moment.weekday == 0 {
                7
            } else {
                moment.weekday
            }
        }
        'W' => {
            let today = utc(moment.year, moment.month, moment.day);
            let (next, previous) =
                (Month { year: year.year + 1, ..year }, Month { year: year.year - 1, ..year });
            week(today, year, next, previous, 52)
        }
        'w' => {
            let today = utc(moment.year, moment.month, moment.day);
            week(today, month, month.next(), month.previous(), 4)
        }
        'X' => {
            let next = Month { year: year.year + 1, ..year };
            if moment.millis < year.first_week() {
                moment.year - 1
            } else if moment.millis >= next.first_week() {
                moment.year + 1
            } else {
                moment.year
            }
        }
        'x' => {
            if moment.millis < month.first_week() {
                month.previous().month + 1
            } else if moment.millis >= month.next().first_week() {
                month.next().month + 1
            } else {
                month.month + 1
            }
        }
        'H' => moment.hour,
        'h' => match moment.hour % 12 {
            0 => 12,
            hour => hour,
        },
        'm' => moment.minute,
        's' => moment.second,
        'f' => moment.millisecond,
        _ => return None,
    })
}
