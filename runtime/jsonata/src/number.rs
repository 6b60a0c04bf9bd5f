//! Numbers as JavaScript prints and reads them.

use stepwell_types::Value;

/// Integers up to here, and no others, are exact in a double: 2^53.
const SAFE_INTEGER: f64 = 9_007_199_254_740_992.0;

/// ECMA-262 `Number::toString`, radix 10.
///
/// ```
/// use stepwell_jsonata::number_text;
/// assert_eq!(number_text(1e21), "1e+21");
/// assert_eq!(number_text(123456789012345680000.0), "123456789012345680000");
/// assert_eq!(number_text(1e-7), "1e-7");
/// assert_eq!(number_text(-0.0), "0");
/// ```
#[must_use]
pub fn number_text(number: f64) -> String {
    let mut out = String::new();
    write_number(number, &mut out);
    out
}

pub(crate) fn write_number(number: f64, out: &mut String) {
    use std::fmt::Write;
    if number.is_nan() {
        out.push_str("NaN");
        return;
    }
    if number.is_infinite() {
        out.push_str(if number > 0.0 { "Infinity" } else { "-Infinity" });
        return;
    }
    if number == 0.0 {
        out.push('0');
        return;
    }
    if let Some(integer) = safe_integer(number) {
        // Writing into a string cannot fail.
        let _ = write!(out, "{integer}");
        return;
    }
    // Rust's `{:e}` gives the shortest digits that read back as the same double, as ECMA-262 asks.
    let scientific = format!("{:e}", number.abs());
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if number < 0.0 {
        out.push('-');
    }
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let point = exponent + 1;
    if count <= point && point <= 21 {
        out.push_str(&digits);
        out.extend(std::iter::repeat_n('0', usize::try_from(point - count).unwrap_or(0)));
    } else if 0 < point && point <= 21 {
        let (whole, fraction) = digits.split_at(usize::try_from(point).unwrap_or(0));
        out.push_str(whole);
        out.push('.');
        out.push_str(fraction);
    } else if -6 < point && point <= 0 {
        out.push_str("0.");
        out.extend(std::iter::repeat_n('0', usize::try_from(-point).unwrap_or(0)));
        out.push_str(&digits);
    } else {
        let (first, rest) = digits.split_at(1);
        out.push_str(first);
        if !rest.is_empty() {
            out.push('.');
            out.push_str(rest);
        }
        let _ = write!(out, "e{}{}", if exponent < 0 { '-' } else { '+' }, exponent.abs());
    }
}

/// `Number(value.toPrecision(15))`: what `$string` prints.
pub(crate) fn round_to_15_digits(number: f64) -> f64 {
    if !number.is_finite() || (number.fract() == 0.0 && number.abs() < 1e15) {
        return number;
    }
    let shortest = format!("{:e}", number.abs());
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    if digits.len() <= 15 {
        return number;
    }
    let rounded = format!("{number:.14e}").parse().unwrap_or(number);
    if digits.len() > 16 || !digits.ends_with('5') {
        return rounded;
    }
    // Exactly half way ECMA-262 takes the larger, Rust the even one.
    let exact = format!("{:.60e}", number.abs());
    let rest = exact.split_once('e').and_then(|(digits, _)| digits.get(17..)).unwrap_or_default();
    if rest.bytes().any(|digit| digit != b'0') {
        return rounded;
    }
    let kept = digits.get(..15).and_then(|digits| digits.parse::<u64>().ok()).unwrap_or(0) + 1;
    let exponent = exponent.parse::<i32>().unwrap_or(0) - 14;
    let up: f64 = format!("{kept}e{exponent}").parse().unwrap_or(rounded.abs());
    up.copysign(number)
}

/// The number as an integer, if it is one below 2^53.
#[inline]
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "compared right away")]
fn safe_integer(number: f64) -> Option<i64> {
    let integer = number as i64;
    #[expect(clippy::float_cmp, reason = "exactly the same")]
    let same = integer as f64 == number && number.abs() < SAFE_INTEGER;
    same.then_some(integer)
}

/// A number as a value: an integer where JavaScript's text of it is one that fits; `None` for NaN and infinities.
pub(crate) fn to_value(number: f64) -> Option<Value> {
    if let Some(integer) = safe_integer(number) {
        return Some(Value::I64(integer));
    }
    if !number.is_finite() {
        return None;
    }
    if number.fract() == 0.0 && number.abs() < 2e19 {
        let text = number_text(number);
        if let Ok(integer) = text.parse::<i64>() {
            return Some(Value::I64(integer));
        }
        if let Ok(integer) = text.parse::<u64>() {
            return Some(Value::from(integer));
        }
    }
    Some(Value::F64(number))
}

/// The longest numeric prefix that `parseInt(text, 10)` reads, if any.
pub(crate) fn parse_int(text: &str) -> Option<f64> {
    let trimmed = text.trim_start();
    let (negative, digits) = match trimmed.as_bytes().first() {
        Some(b'-') => (true, &trimmed[1..]),
        Some(b'+') => (false, &trimmed[1..]),
        _ => (false, trimmed),
    };
    let end = digits.bytes().take_while(u8::is_ascii_digit).count();
    let number: f64 = digits.get(..end).filter(|d| !d.is_empty())?.parse().ok()?;
    Some(if negative { -number } else { number })
}

/// `Math.round`: halves go up.
pub(crate) fn math_round(number: f64) -> f64 {
    let floor = number.floor();
    if number - floor >= 0.5 { floor + 1.0 } else { floor }
}

/// `Number::toString(radix)` of an integral number, and of fractions to 52 digits.
pub(crate) fn radix_text(number: f64, radix: u32) -> String {
    if radix == 10 || !number.is_finite() {
        return number_text(number);
    }
    let mut whole = number.abs().trunc();
    let base = f64::from(radix);
    let mut digits = Vec::new();
    // Beyond 2^53 the low digits are beyond precision and print as zero.
    while whole >= SAFE_INTEGER * base {
        digits.push('0');
        whole = (whole / base).trunc();
    }
    while whole > 0.0 {
        let digit = whole % base;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a digit below the radix"
        )]
        digits.push(char::from_digit(digit as u32, radix).unwrap_or('0'));
        whole = ((whole - digit) / base).trunc();
    }
    if digits.is_empty() {
        digits.push('0');
    }
    if number < 0.0 {
        digits.push('-');
    }
    digits.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_text(number: f64, want: &str) {
        assert_eq!(number_text(number), want);
    }

    #[test]
    fn numbers_print_as_in_javascript() {
        check_text(0.1 + 0.2, "0.30000000000000004");
        check_text(1e21, "1e+21");
        check_text(1e20, "100000000000000000000");
        check_text(1.5e-7, "1.5e-7");
        check_text(0.000_001, "0.000001");
        check_text(-123.456, "-123.456");
        check_text(9_007_199_254_740_993.0, "9007199254740992");
        check_text(5e-324, "5e-324");
        check_text(f64::MAX, "1.7976931348623157e+308");
    }

    #[test]
    fn fifteen_digits_round_half_up() {
        assert_eq!(round_to_15_digits(99_999_999_999.031_25), 99_999_999_999.031_3);
        assert_eq!(round_to_15_digits(123_456_789_012_344.5), 123_456_789_012_345.0);
        assert_eq!(round_to_15_digits(-1_000_000_000_000_005.0), -1_000_000_000_000_010.0);
        assert_eq!(round_to_15_digits(0.1 + 0.2), 0.3);
        assert_eq!(round_to_15_digits(1.0 / 3.0), 0.333_333_333_333_333);
    }

    #[test]
    fn integers_stay_integers_where_their_text_is_one() {
        assert_eq!(to_value(3.0), Some(Value::I64(3)));
        assert_eq!(to_value(-0.0), Some(Value::I64(0)));
        assert_eq!(to_value(1e18), Some(Value::I64(1_000_000_000_000_000_000)));
        assert_eq!(to_value(1e21), Some(Value::F64(1e21)));
        assert_eq!(to_value(0.5), Some(Value::F64(0.5)));
        assert_eq!(to_value(f64::NAN), None);
    }

    #[test]
    fn other_radices() {
        assert_eq!(radix_text(255.0, 16), "ff");
        assert_eq!(radix_text(-5.0, 2), "-101");
        assert_eq!(radix_text(0.0, 36), "0");
    }
}
