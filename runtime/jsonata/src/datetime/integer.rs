//! Integers by picture.

use super::picture::{Case, Grouping, Integer, Primary};
use super::words::{Ordinal, letters, letters_number, number_words, roman, roman_number, words_number};
use crate::fault::{Fault, Res};
use crate::machine::Machine;
use crate::number::{number_text, parse_int};

/// A whole number as its picture asks.
pub(super) fn format(number: f64, format: &Integer, machine: &mut Machine<'_>) -> Res<String> {
    let negative = number < 0.0;
    let value = number.abs();
    machine.charge_bytes(format.mandatory.saturating_mul(4) + 64)?;
    let text = match &format.primary {
        Primary::Letters => letters(value, if format.case == Case::Upper { 'A' } else { 'a' }),
        Primary::Roman => {
            let text = roman(value)?;
            if format.case == Case::Upper { text.to_uppercase() } else { text }
        }
        Primary::Words if !value.is_finite() => {
            return Err(Fault::with_message("U1003", "A number without end has no words"));
        }
        Primary::Words => {
            let text = number_words(value, format.ordinal);
            match format.case {
                Case::Upper => text.to_uppercase(),
                Case::Lower => text.to_lowercase(),
                Case::Title => text,
            }
        }
        Primary::Decimal => decimal(value, format),
        Primary::Sequence(token) => return Err(Fault::new("D3130").text_value(token)),
    };
    Ok(if negative { format!("-{text}") } else { text })
}

fn decimal(value: f64, format: &Integer) -> String {
    let plain = number_text(value);
    let missing = format.mandatory.saturating_sub(plain.len());
    let mut digits: Vec<char> = std::iter::repeat_n('0', missing).chain(plain.chars()).collect();
    if format.zero != 0x30 {
        for digit in &mut digits {
            let code = u32::from(*digit) + format.zero - 0x30;
            *digit = char::from_u32(code).unwrap_or(*digit);
        }
    }
    match &format.grouping {
        Grouping::Regular { distance, separator } => {
            // From the left: places are counted from the right end, where no separator stands yet.
            for group in (1..=digits.len().saturating_sub(1) / distance).rev() {
                digits.insert(digits.len() - group * distance, *separator);
            }
        }
        Grouping::Irregular(separators) => {
            for (position, separator) in separators.iter().rev() {
                match digits.len().checked_sub(*position) {
                    Some(at) => digits.insert(at, *separator),
                    // JavaScript's `substr` counts a negative place from the end, and so loses what is before.
                    None => {
                        let kept = (*position - digits.len()).min(digits.len());
                        digits.drain(..digits.len() - kept);
                        digits.insert(0, *separator);
                    }
                }
            }
        }
    }
    if format.ordinal == Ordinal::Yes {
        let last = digits.last().copied();
        let teen = digits.len() > 1 && digits.get(digits.len() - 2) == Some(&'1');
        let suffix = match last {
            Some('1') if !teen => "st",
            Some('2') if !teen => "nd",
            Some('3') if !teen => "rd",
            _ => "th",
        };
        digits.extend(suffix.chars());
    }
    digits.into_iter().collect()
}

/// The number in a text written by a picture; NaN where there is none.
pub(super) fn parse(text: &str, format: &Integer) -> Res<f64> {
    Ok(match &format.primary {
        Primary::Letters => letters_number(text, if format.case == Case::Upper { 'A' } else { 'a' }),
        Primary::Roman if format.case == Case::Upper => roman_number(text),
        Primary::Roman => roman_number(&text.to_uppercase()),
        Primary::Words => words_number(&text.to_lowercase()),
        Primary::Decimal => {
            let mut digits = text.to_owned();
            if format.ordinal == Ordinal::Yes {
                digits.pop();
                digits.pop();
            }
            match &format.grouping {
                Grouping::Regular { .. } => digits.retain(|c| c != ','),
                Grouping::Irregular(separators) => {
                    digits.retain(|c| !separators.iter().any(|(_, separator)| *separator == c));
                }
            }
            if format.zero != 0x30 {
                let shift = |c: char| u32::from(c).checked_sub(format.zero - 0x30).and_then(char::from_u32);
                digits = digits.chars().map(|c| shift(c).unwrap_or(c)).collect();
            }
            parse_int(&digits).unwrap_or(f64::NAN)
        }
        Primary::Sequence(token) => return Err(Fault::new("D3130").text_value(token)),
    })
}
