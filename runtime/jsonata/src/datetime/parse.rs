//! Text to moments.

use super::civil::{Civil, utc};
use super::format::{day_name, fragment, month_name};
use super::integer;
use super::picture::{Case, Grouping, Integer, Marker, Part, Primary, date_time};
use super::words::{Ordinal, all_words};
use crate::budget::Limit;
use crate::fault::{Fault, Res};
use crate::machine::Machine;
use crate::number::parse_int;
use crate::regex::Regex;
use crate::val::Val;

/// `Date.parse` of what the reference lets through as ISO 8601; NaN where JavaScript finds no date in it.
pub(super) fn iso(text: &str) -> Res<f64> {
    if !looks_like_iso(text) {
        return Err(Fault::new("D3110").text_value(text));
    }
    Ok(iso_millis(text).unwrap_or(f64::NAN))
}

/// `^\d{4}(-[01]\d)*(-[0-3]\d)*(T[0-2]\d:[0-5]\d:[0-5]\d)*(\.\d+)?([+-][0-2]\d:?[0-5]\d|Z)?$`
fn looks_like_iso(text: &str) -> bool {
    let pattern =
        "^\\d{4}(-[01]\\d)*(-[0-3]\\d)*(T[0-2]\\d:[0-5]\\d:[0-5]\\d)*(\\.\\d+)?([+-][0-2]\\d:?[0-5]\\d|Z)?$";
    let Ok(regex) = Regex::compile(pattern, false, false) else { return false };
    let units: Vec<u16> = text.encode_utf16().take(1_000).collect();
    let mut steps = 100_000;
    matches!(regex.exec(&units, 0, &mut steps), Ok(Some(_)))
}

/// A reader of fixed-width digits.
struct Scan<'t>(&'t str);

impl Scan<'_> {
    fn digits(&mut self, count: usize) -> Option<i64> {
        let digits = self.0.get(..count).filter(|d| d.bytes().all(|b| b.is_ascii_digit()))?;
        self.0 = self.0.get(count..)?;
        digits.parse().ok()
    }

    fn eat(&mut self, c: char) -> bool {
        let rest = self.0.strip_prefix(c);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }
}

fn iso_millis(text: &str) -> Option<f64> {
    let mut scan = Scan(text);
    let year = scan.digits(4)?;
    let month = if scan.eat('-') { scan.digits(2)? } else { 1 };
    let day = if scan.eat('-') { scan.digits(2)? } else { 1 };
    let mut millis = 0.0;
    let mut offset = 0;
    if scan.eat('T') {
        let hour = scan.digits(2)?;
        if !scan.eat(':') {
            return None;
        }
        let minute = scan.digits(2)?;
        let second = if scan.eat(':') { scan.digits(2)? } else { 0 };
        let mut fraction = 0;
        if scan.eat('.') {
            let digits: String = scan.0.chars().take_while(char::is_ascii_digit).collect();
            scan.0 = scan.0.get(digits.len()..)?;
            let three: String = digits.chars().chain("000".chars()).take(3).collect();
            fraction = three.parse::<i64>().ok()?;
        }
        if hour > 24 || minute > 59 || second > 59 || (hour == 24 && (minute, second, fraction) != (0, 0, 0))
        {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "below one day")]
        let in_day = (((hour * 60 + minute) * 60 + second) * 1_000 + fraction) as f64;
        millis = in_day;
        if let Some(sign) = scan.0.chars().next().filter(|c| matches!(c, '+' | '-')) {
            scan.eat(sign);
            let hours = scan.digits(2)?;
            scan.eat(':');
            let minutes = scan.digits(2)?;
            if hours > 23 {
                return None;
            }
            offset = hours * 60 + minutes;
            if sign == '-' {
                offset = -offset;
            }
        } else {
            scan.eat('Z');
        }
    } else {
        scan.eat('Z');
    }
    // V8 takes any day up to 31; those that a month does not have run on into the next.
    let valid = scan.0.is_empty() && (1..=12).contains(&month) && (1..=31).contains(&day);
    if !valid {
        return None;
    }
    // `Date.parse` takes years as they are, unlike `Date.UTC`.
    #[expect(clippy::cast_precision_loss, reason = "years of four digits")]
    Some(utc_full(year, month - 1, day) as f64 + millis - (offset * 60_000) as f64)
}

/// A date whose year is taken as it is.
fn utc_full(year: i64, month: i64, day: i64) -> i64 {
    // 400 years are a whole number of weeks and leave the calendar as it is.
    utc(year + 400, month, day) - utc(2_400, 0, 1) + utc(2_000, 0, 1)
}

/// What a part of the text tells.
struct Component {
    letter: char,
    value: f64,
}

impl<'a> Machine<'a> {
    pub(super) fn parse_date_time(&mut self, text: &str, picture: &str) -> Res<Val<'a>> {
        self.charge_bytes((picture.len() + text.len()).saturating_mul(8))?;
        let parts = date_time(picture)?;
        let mut pattern = String::from("^");
        for part in &parts {
            pattern.push('(');
            part_pattern(part, &mut pattern)?;
            pattern.push(')');
        }
        pattern.push('$');
        self.charge_bytes(pattern.len().saturating_mul(8))?;
        let regex = Regex::compile(&pattern, true, false)?;
        let units: Vec<u16> = text.encode_utf16().collect();
        let given = self.steps_left().saturating_mul(4);
        let mut steps = given;
        let found = regex.exec(&units, 0, &mut steps);
        self.charge((given - steps) / 4)?;
        let Some(found) = found.map_err(|crate::regex::Exhausted| Fault::limit(Limit::Fuel))? else {
            return Ok(Val::Undefined);
        };
        let mut components: Vec<Component> = Vec::new();
        // A part that was read counts even where its text names nothing.
        let mut read = false;
        for (part, group) in parts.iter().zip(&found.groups) {
            let (Part::Marker(marker), Some((from, to))) = (part, group) else { continue };
            let text = String::from_utf16_lossy(units.get(*from..*to).unwrap_or_default());
            read = true;
            let Some(value) = part_value(marker, &text)? else { continue };
            components.retain(|known| known.letter != marker.component);
            components.push(Component { letter: marker.component, value });
        }
        if !read {
            return Ok(Val::Undefined);
        }
        assemble(&components, self.now_millis).map(Val::Num)
    }
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        if ".*+?^${}()|[]\\".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
}

fn part_pattern(part: &Part, out: &mut String) -> Res<()> {
    use std::fmt::Write;
    let marker = match part {
        Part::Literal(text) => {
            escape(text, out);
            return Ok(());
        }
        Part::Marker(marker) => marker,
    };
    if matches!(marker.component, 'Z' | 'z') {
        out.push_str(if marker.component == 'z' { "GMT[-+][0-9]+" } else { "[-+][0-9]+" });
        if let Some(Integer { grouping: Grouping::Regular { separator, .. }, .. }) = &marker.integer {
            out.push(*separator);
            out.push_str("[0-9]+");
        }
        return Ok(());
    }
    let Some(format) = &marker.integer else {
        if !"MxFP".contains(marker.component) {
            return Err(Fault::new("D3133").text_value(&marker.component.to_string()));
        }
        out.push_str("[a-zA-Z]+");
        return Ok(());
    };
    match &format.primary {
        Primary::Letters => out.push_str(if format.case == Case::Upper { "[A-Z]+" } else { "[a-z]+" }),
        Primary::Roman => {
            out.push_str(if format.case == Case::Upper { "[MDCLXVI]+" } else { "[mdclxvi]+" });
        }
        Primary::Words => {
            out.push_str("(?:");
            out.push_str(&all_words().join("|"));
            out.push_str("|and|[\\-, ])+");
        }
        Primary::Decimal => {
            out.push_str("[0-9]");
            match format.width.filter(|width| *width > 0) {
                Some(width) if format.optional == 0 => {
                    // Writing into a string cannot fail.
                    let _ = write!(out, "{{{width}}}");
                }
                Some(width) => {
                    let _ = write!(out, "{{{},{width}}}", width.saturating_sub(format.optional));
                }
                None => out.push('+'),
            }
            if format.ordinal == Ordinal::Yes {
                out.push_str("(?:th|st|nd|rd)");
            }
        }
        Primary::Sequence(token) => return Err(Fault::new("D3130").text_value(token)),
    }
    Ok(())
}

/// The value of a part; `None` where the reference has none.
fn part_value(marker: &Marker, text: &str) -> Res<Option<f64>> {
    if matches!(marker.component, 'Z' | 'z') {
        let text = if marker.component == 'z' { text.get(3..).unwrap_or_default() } else { text };
        let int = |text: &str| parse_int(text).unwrap_or(f64::NAN);
        let separator = match &marker.integer {
            Some(Integer { grouping: Grouping::Regular { separator, .. }, .. }) => Some(*separator),
            _ => None,
        };
        let (hours, minutes) = match separator.and_then(|separator| text.split_once(separator)) {
            Some((hours, minutes)) => (int(hours), int(minutes)),
            None if text.len() <= 3 => (int(text), 0.0),
            None => (int(text.get(..3).unwrap_or_default()), int(text.get(3..).unwrap_or_default())),
        };
        return Ok(Some(hours * 60.0 + minutes));
    }
    if let Some(format) = &marker.integer {
        return integer::parse(text, format).map(Some);
    }
    let shorten = |name: &'static str| match marker.width_max.filter(|width| *width > 0) {
        Some(width) => name.get(..width).unwrap_or(name),
        None => name,
    };
    let at = match marker.component {
        'M' | 'x' => (0..12).find(|at| month_name(*at).map(shorten) == Some(text)).map(|at| at + 1),
        'F' => (1..8).find(|at| day_name(*at).map(shorten) == Some(text)),
        _ => match text {
            "am" | "AM" => Some(0),
            "pm" | "PM" => Some(1),
            _ => None,
        },
    };
    #[expect(clippy::cast_precision_loss, reason = "months and days")]
    Ok(at.map(|at| at as f64))
}

/// A moment from its components; what is missing before the first comes from now, after it is the least.
fn assemble(components: &[Component], now_millis: i64) -> Res<f64> {
    let get = |letter: char| components.iter().find(|known| known.letter == letter).map(|known| known.value);
    let mask = |letters: &str| {
        letters.chars().fold(0_u32, |mask, letter| {
            let set = get(letter).is_some_and(|value| value != 0.0 && !value.is_nan());
            mask << 1 | u32::from(set)
        })
    };
    let is = |mask: u32, kind: u32| !kind & mask == 0 && kind & mask != 0;
    let date = mask("YXMxWwdD");
    let by_day = !is(date, 161) && is(date, 130);
    let by_month_week = is(date, 84);
    let by_week = !by_month_week && is(date, 72);
    let time = mask("PHhmsf");
    let half_days = !is(time, 23) && is(time, 47);
    let order = match (by_day, by_month_week, by_week) {
        (true, _, _) => "YD",
        (_, true, _) => "XxwF",
        (_, _, true) => "XWF",
        _ => "YMD",
    };
    let now = Civil::of(now_millis);
    let mut values: Vec<(char, f64)> = Vec::new();
    let (mut started, mut ended) = (false, false);
    for letter in order.chars().chain(if half_days { "Phmsf" } else { "Hmsf" }.chars()) {
        let value = match get(letter) {
            Some(value) => {
                started = true;
                if ended {
                    return Err(Fault::new("D3136"));
                }
                value
            }
            None if started => {
                ended = true;
                if "MDd".contains(letter) { 1.0 } else { 0.0 }
            }
            #[expect(clippy::cast_precision_loss, reason = "parts of a date are small")]
            None => fragment(&now, letter).map_or(f64::NAN, |value| value as f64),
        };
        values.push((letter, value));
    }
    let value = |letter: char| {
        values.iter().find(|(known, _)| *known == letter).map(|(_, value)| *value).or_else(|| get(letter))
    };
    if by_month_week || by_week {
        return Err(Fault::new("D3136"));
    }
    let year = value('Y').unwrap_or(f64::NAN);
    let mut month = value('M').filter(|month| *month > 0.0).map_or(0.0, |month| month - 1.0);
    let mut day = value('D').unwrap_or(f64::NAN);
    if by_day {
        let days = value('d').unwrap_or(f64::NAN);
        if !year.is_finite() || !days.is_finite() {
            return Ok(f64::NAN);
        }
        #[expect(clippy::cast_possible_truncation, reason = "clamped")]
        let start = utc(year.clamp(-270_000.0, 270_000.0) as i64, 0, 1);
        #[expect(clippy::cast_possible_truncation, reason = "clamped")]
        let shift = ((days - 1.0).clamp(-1e8, 1e8) as i64) * 86_400_000;
        let derived = Civil::of(start + shift);
        #[expect(clippy::cast_precision_loss, reason = "parts of a date are small")]
        let parts = (derived.month as f64, derived.day as f64);
        (month, day) = parts;
    }
    let mut hour = value('H').unwrap_or(0.0);
    if half_days {
        hour = value('h').map_or(f64::NAN, |hour| if hour == 12.0 { 0.0 } else { hour });
        if value('P') == Some(1.0) {
            hour += 12.0;
        }
    }
    let rest = |letter: char| value(letter).unwrap_or(0.0);
    let in_day = ((hour * 60.0 + rest('m')) * 60.0 + rest('s')) * 1_000.0 + rest('f');
    if !(year.is_finite() && month.is_finite() && day.is_finite() && in_day.is_finite()) {
        return Ok(f64::NAN);
    }
    if year.abs() > 270_000.0 || month.abs() > 1e7 || day.abs() > 1e9 {
        return Ok(f64::NAN);
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "checked just before")]
    let mut millis = utc(year as i64, month as i64, day as i64) as f64 + in_day;
    let zone = get('Z').filter(|zone| *zone != 0.0).or_else(|| get('z'));
    if let Some(zone) = zone {
        millis -= zone * 60_000.0;
    }
    Ok(if millis.abs() > super::MILLIS_MAX { f64::NAN } else { millis })
}
