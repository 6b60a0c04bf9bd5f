//! Functions of numbers.

use super::{Builtin, arg, number_arg, wrong_argument};
use crate::fault::{Fault, Res};
use crate::machine::Machine;
use crate::number::{math_round, number_text, radix_text};
use crate::random::Random;
use crate::val::Val;

impl<'a> Machine<'a> {
    pub(super) fn numeric_function(&mut self, function: Builtin, arguments: &[Val<'a>]) -> Res<Val<'a>> {
        match function {
            Builtin::Number => return self.number(arg(arguments, 0)),
            Builtin::Random => return Ok(Val::Num(self.random.unit())),
            Builtin::RandomSeeded => {
                return Ok(Val::Num(match number_arg(function, arguments, 0)? {
                    None => self.random.unit(),
                    Some(seed) => Random::new(seed.to_bits()).unit(),
                }));
            }
            _ => {}
        }
        let Some(number) = number_arg(function, arguments, 0)? else { return Ok(Val::Undefined) };
        Ok(Val::Num(match function {
            Builtin::Floor => number.floor(),
            Builtin::Ceil => number.ceil(),
            Builtin::Abs => number.abs(),
            Builtin::Round => round(number, number_arg(function, arguments, 1)?.unwrap_or(0.0)),
            Builtin::Sqrt => {
                if number < 0.0 {
                    return Err(Fault::new("D3060").index(1).number_value(number));
                }
                number.sqrt()
            }
            Builtin::Power => {
                let exponent = number_arg(function, arguments, 1)?.unwrap_or(f64::NAN);
                let power = power(number, exponent);
                if !power.is_finite() {
                    let mut fault = Fault::new("D3061").index(1).number_value(number);
                    fault.exp_text = Some(crate::fault::json_number(exponent));
                    return Err(fault);
                }
                power
            }
            Builtin::FormatBase => {
                let radix = number_arg(function, arguments, 1)?.map_or(10.0, |radix| round(radix, 0.0));
                if !(2.0..=36.0).contains(&radix) {
                    return Err(Fault::new("D3100").number_value(radix));
                }
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "2 to 36")]
                let text = radix_text(round(number, 0.0), radix as u32);
                return self.text(&text);
            }
            _ => return Err(wrong_argument(function)),
        }))
    }

    fn number(&mut self, value: Val<'a>) -> Res<Val<'a>> {
        match value {
            Val::Undefined | Val::Num(_) => return Ok(value),
            Val::Bool(b) => return Ok(Val::Num(f64::from(u8::from(b)))),
            Val::Str(text) => {
                let text = text.as_str();
                self.charge(text.len() as u64 >> 4)?;
                if let Some(number) = decimal(text).or_else(|| prefixed(text)) {
                    return Ok(Val::Num(number));
                }
            }
            _ => {}
        }
        let fault = Fault::new("D3030").index(1);
        Err(self.with_value(fault, value))
    }
}

/// `-?[0-9]+(\.[0-9]+)?([Ee][-+]?[0-9]+)?`, and finite.
fn decimal(text: &str) -> Option<f64> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let mut rest = text.strip_prefix('-').unwrap_or(text);
    let whole = digits(rest);
    rest = rest.get(whole..)?;
    if whole == 0 {
        return None;
    }
    if let Some(fraction) = rest.strip_prefix('.') {
        let count = digits(fraction);
        if count == 0 {
            return None;
        }
        rest = fraction.get(count..)?;
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        let count = digits(exponent);
        if count == 0 {
            return None;
        }
        rest = exponent.get(count..)?;
    }
    if !rest.is_empty() {
        return None;
    }
    text.parse::<f64>().ok().filter(|number| number.is_finite())
}

/// What JavaScript's `Number` makes of a text that the reference's loose pattern for `0x`, `0o` and `0b` lets
/// through: the pattern is anchored at one end only for two of the three, and what `Number` refuses is NaN.
fn prefixed(text: &str) -> Option<f64> {
    let run = |text: &str, radix: u32| text.chars().take_while(|c| c.is_digit(radix)).count();
    let after = |at: usize| text.get(at..).unwrap_or_default();
    let hex = matches!(text.as_bytes(), [b'0', b'x' | b'X', ..]) && run(after(2), 16) > 0;
    let octal = text
        .match_indices('0')
        .any(|(at, _)| after(at + 1).starts_with(['o', 'O']) && run(after(at + 2), 8) > 0);
    let binary = text.match_indices('0').any(|(at, _)| {
        after(at + 1).starts_with(['b', 'B']) && {
            let count = run(after(at + 2), 2);
            count > 0 && at + 2 + count == text.len()
        }
    });
    if !(hex || octal || binary) {
        return None;
    }
    let trimmed = text.trim();
    let radix = match trimmed.as_bytes() {
        [b'0', b'x' | b'X', ..] => 16,
        [b'0', b'o' | b'O', ..] => 8,
        [b'0', b'b' | b'B', ..] => 2,
        _ => return Some(f64::NAN),
    };
    let digits = trimmed.get(2..).unwrap_or_default();
    if digits.is_empty() {
        return Some(f64::NAN);
    }
    let mut value = 0.0;
    for c in digits.chars() {
        let Some(digit) = c.to_digit(radix) else { return Some(f64::NAN) };
        value = value * f64::from(radix) + f64::from(digit);
    }
    Some(value)
}

/// JavaScript's `Math.pow`: one to the infinite is not a number there.
fn power(base: f64, exponent: f64) -> f64 {
    #[expect(clippy::float_cmp, reason = "exactly one")]
    if exponent.is_nan() || (base.abs() == 1.0 && exponent.is_infinite()) {
        return f64::NAN;
    }
    base.powf(exponent)
}

/// The reference's `$round`: half to even, with a precision by shifting the exponent in the text.
pub(crate) fn round(number: f64, precision: f64) -> f64 {
    let shift = |number: f64, by: f64| -> f64 {
        let text = number_text(number);
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let exponent: f64 = exponent.parse().unwrap_or(0.0);
        format!("{mantissa}e{}", number_text(exponent + by)).parse().unwrap_or(f64::NAN)
    };
    let shifts = precision != 0.0 && !precision.is_nan();
    let number = if shifts { shift(number, precision) } else { number };
    let mut result = math_round(number);
    let difference = result - number;
    #[expect(clippy::float_cmp, reason = "exactly a half")]
    if difference.abs() == 0.5 && (result % 2.0).abs() == 1.0 {
        result -= 1.0;
    }
    if shifts {
        result = shift(result, -precision);
    }
    if result == 0.0 { 0.0 } else { result }
}
