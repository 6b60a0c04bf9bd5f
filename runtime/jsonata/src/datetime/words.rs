//! Numbers in English words, Roman numerals and letters.

use crate::fault::{Fault, Res};

const FEW: [&str; 20] = [
    "Zero",
    "One",
    "Two",
    "Three",
    "Four",
    "Five",
    "Six",
    "Seven",
    "Eight",
    "Nine",
    "Ten",
    "Eleven",
    "Twelve",
    "Thirteen",
    "Fourteen",
    "Fifteen",
    "Sixteen",
    "Seventeen",
    "Eighteen",
    "Nineteen",
];
const ORDINALS: [&str; 20] = [
    "Zeroth",
    "First",
    "Second",
    "Third",
    "Fourth",
    "Fifth",
    "Sixth",
    "Seventh",
    "Eighth",
    "Ninth",
    "Tenth",
    "Eleventh",
    "Twelfth",
    "Thirteenth",
    "Fourteenth",
    "Fifteenth",
    "Sixteenth",
    "Seventeenth",
    "Eighteenth",
    "Nineteenth",
];
const DECADES: [&str; 9] =
    ["Twenty", "Thirty", "Forty", "Fifty", "Sixty", "Seventy", "Eighty", "Ninety", "Hundred"];
const MAGNITUDES: [&str; 4] = ["Thousand", "Million", "Billion", "Trillion"];
const ROMAN: [(i64, &str); 13] = [
    (1000, "m"),
    (900, "cm"),
    (500, "d"),
    (400, "cd"),
    (100, "c"),
    (90, "xc"),
    (50, "l"),
    (40, "xl"),
    (10, "x"),
    (9, "ix"),
    (5, "v"),
    (4, "iv"),
    (1, "i"),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ordinal {
    Yes,
    No,
}

/// Where words stand in a longer number.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    First,
    After,
}

/// A whole number in words.
pub(super) fn number_words(number: f64, ordinal: Ordinal) -> String {
    let mut out = String::new();
    spell(number, Place::First, ordinal, &mut out);
    out
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below a thousand")]
fn spell(number: f64, place: Place, ordinal: Ordinal, out: &mut String) {
    let after = place == Place::After;
    if number < 100.0 {
        out.push_str(if after { " and " } else { "" });
        let number = number as usize;
        if number < 20 {
            let names = if ordinal == Ordinal::Yes { &ORDINALS } else { &FEW };
            out.push_str(names.get(number).unwrap_or(&""));
            return;
        }
        out.push_str(DECADES.get(number / 10 - 2).unwrap_or(&""));
        if !number.is_multiple_of(10) {
            out.push('-');
            spell((number % 10) as f64, Place::First, ordinal, out);
        } else if ordinal == Ordinal::Yes {
            out.pop();
            out.push_str("ieth");
        }
        return;
    }
    out.push_str(if after { ", " } else { "" });
    let rest = if number < 1000.0 {
        out.push_str(FEW.get((number / 100.0) as usize).unwrap_or(&""));
        out.push_str(" Hundred");
        number % 100.0
    } else {
        let magnitude = ((number.log10() / 3.0).floor() as usize).min(MAGNITUDES.len());
        let factor = 10_f64.powi(i32::try_from(magnitude).unwrap_or(0) * 3);
        let count = (number / factor).floor();
        spell(count, Place::First, Ordinal::No, out);
        out.push(' ');
        out.push_str(MAGNITUDES.get(magnitude.wrapping_sub(1)).unwrap_or(&""));
        number - count * factor
    };
    if rest > 0.0 {
        spell(rest, Place::After, ordinal, out);
    } else if ordinal == Ordinal::Yes {
        out.push_str("th");
    }
}

/// The value of one word, in lower case.
fn word_value(word: &str) -> Option<f64> {
    let find = |names: &[&str]| names.iter().position(|name| name.eq_ignore_ascii_case(word));
    #[expect(clippy::cast_precision_loss, reason = "below a hundred")]
    let small = |at: usize| at as f64;
    if let Some(at) = find(&FEW).or_else(|| find(&ORDINALS)) {
        return Some(small(at));
    }
    if word == "hundredth" {
        return Some(100.0);
    }
    let singular = word.strip_suffix("ieth").map(|stem| format!("{stem}y"));
    if let Some(at) = find(&DECADES).or_else(|| {
        let singular = singular.as_deref()?;
        DECADES.iter().take(8).position(|name| name.eq_ignore_ascii_case(singular))
    }) {
        return Some(small(at + 2) * 10.0);
    }
    let magnitude = word.strip_suffix("th").unwrap_or(word);
    let at = MAGNITUDES.iter().position(|name| name.eq_ignore_ascii_case(magnitude))?;
    Some(10_f64.powi((i32::try_from(at).ok()? + 1) * 3))
}

/// Words that a pattern for numbers in words may hold.
pub(super) fn all_words() -> Vec<String> {
    let mut words: Vec<String> = FEW.iter().chain(&ORDINALS).map(|word| word.to_lowercase()).collect();
    for decade in DECADES {
        let lower = decade.to_lowercase();
        let stem = lower.get(..lower.len() - 1).unwrap_or_default().to_owned();
        words.push(lower);
        words.push(format!("{stem}ieth"));
    }
    words.push("hundredth".to_owned());
    for magnitude in MAGNITUDES {
        let lower = magnitude.to_lowercase();
        words.push(lower.clone());
        words.push(format!("{lower}th"));
    }
    words
}

/// The number that words stand for; NaN where one is none.
pub(super) fn words_number(text: &str) -> f64 {
    let mut segments = vec![0.0_f64];
    for value in split_words(text).into_iter().map(word_value) {
        let top = segments.pop().unwrap_or(f64::NAN);
        match value {
            Some(value) if value < 100.0 => {
                if top >= 1000.0 {
                    segments.push(top);
                    segments.push(value);
                } else {
                    segments.push(top + value);
                }
            }
            Some(value) => segments.push(top * value),
            None => segments.push(f64::NAN),
        }
    }
    segments.into_iter().sum()
}

/// Splits as the pattern `,\s|\sand\s|[\s\\-]` does.
fn split_words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let (mut from, mut at) = (0, 0);
    let blank = |rest: &str| rest.chars().next().filter(|c| c.is_whitespace()).map(char::len_utf8);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let comma = rest.strip_prefix(',').and_then(blank).map(|length| length + 1);
        let and = blank(rest).and_then(|before| {
            let behind = rest.get(before..)?.strip_prefix("and")?;
            blank(behind).map(|after| before + 3 + after)
        });
        let single = blank(rest).or_else(|| rest.starts_with(['\\', '-']).then_some(1));
        match comma.or(and).or(single) {
            Some(length) => {
                words.push(text.get(from..at).unwrap_or_default());
                at += length;
                from = at;
            }
            None => at += rest.chars().next().map_or(1, char::len_utf8),
        }
    }
    words.push(text.get(from..).unwrap_or_default());
    words
}

/// Roman numerals in lower case. Ours: numbers are bounded, since a thousand more is a letter more.
pub(super) fn roman(number: f64) -> Res<String> {
    if number >= 1e7 {
        return Err(Fault::limit(crate::budget::Limit::Bytes));
    }
    #[expect(clippy::cast_possible_truncation, reason = "checked just before")]
    let mut rest = number as i64;
    let mut out = String::new();
    for (value, numeral) in ROMAN {
        while rest >= value {
            out.push_str(numeral);
            rest -= value;
        }
    }
    Ok(out)
}

pub(super) fn roman_number(text: &str) -> f64 {
    let (mut total, mut most) = (0.0, 1.0);
    for c in text.chars().rev() {
        let value = match c {
            'M' => 1000.0,
            'D' => 500.0,
            'C' => 100.0,
            'L' => 50.0,
            'X' => 10.0,
            'V' => 5.0,
            'I' => 1.0,
            _ => f64::NAN,
        };
        if value < most {
            total -= value;
        } else {
            most = value;
            total += value;
        }
    }
    total
}

/// `a`, `b`, … `z`, `aa`, …
pub(super) fn letters(number: f64, first: char) -> String {
    let mut rest = number;
    let mut out = Vec::new();
    while rest > 0.0 && rest.is_finite() {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below 26")]
        let by = ((rest - 1.0) % 26.0) as u32;
        out.push(char::from_u32(u32::from(first) + by).unwrap_or(first));
        rest = ((rest - 1.0) / 26.0).floor();
    }
    out.iter().rev().collect()
}

pub(super) fn letters_number(text: &str, first: char) -> f64 {
    let mut total = 0.0;
    let units: Vec<u16> = text.encode_utf16().collect();
    for (place, unit) in units.into_iter().rev().enumerate() {
        #[expect(clippy::cast_precision_loss, reason = "a place in a text")]
        let place = place as f64;
        let digit = f64::from(unit) - f64::from(u32::from(first)) + 1.0;
        total += digit * 26_f64.powf(place);
    }
    total
}
