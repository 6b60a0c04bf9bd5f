//! The 39 comparison operators. A value of another type than the operator's does not match; it is no error.

use crate::context::Surroundings;
use crate::query;
use std::cmp::Ordering;
use std::sync::Arc;
use stepwell_asl::definition::{Comparison, NumericOperand, Operand, Test};
use stepwell_jsonpath::Path;
use stepwell_types::{ExactTimestamp, Failure, Payload, Value};

/// Whether the value that a comparison names is as it says.
pub(super) fn holds(
    at: &Surroundings<'_>,
    comparison: &Comparison,
    input: &Payload,
) -> Result<bool, Failure> {
    let found = query::select(at, &comparison.variable, input);
    if let Test::IsPresent(wanted) = comparison.test {
        return Ok(found.is_ok() == wanted);
    }
    let value = match found {
        Ok(value) => value,
        Err(_) => return Err(invalid(at, &comparison.variable)),
    };
    Ok(match &comparison.test {
        Test::String(order, operand) => {
            let right = resolve(at, operand, input, |value| match value {
                Value::Str(text) => Some(Arc::clone(text)),
                _ => None,
            })?;
            // Java's order of strings, by UTF-16 units, as AWS has it.
            match (value.as_str(), right) {
                (Some(left), Some(right)) => order.holds(left.encode_utf16().cmp(right.encode_utf16())),
                _ => false,
            }
        }
        Test::Numeric(order, operand) => {
            let right =
                resolve(at, operand, input, |value| is_number(value).then(|| NumericOperand(value.clone())))?;
            right
                .and_then(|right| compare_numbers(&value, &right.0))
                .is_some_and(|order_found| order.holds(order_found))
        }
        Test::Timestamp(order, operand) => {
            let right = resolve(at, operand, input, as_timestamp)?;
            match (as_timestamp(&value), right) {
                (Some(left), Some(right)) => order.holds(left.cmp(&right)),
                _ => false,
            }
        }
        Test::BooleanEquals(operand) => {
            let right = resolve(at, operand, input, Value::as_bool)?;
            value.as_bool().is_some() && value.as_bool() == right
        }
        Test::StringMatches(pattern) => value.as_str().is_some_and(|text| matches(pattern, text)),
        Test::IsNull(wanted) => value.is_null() == *wanted,
        Test::IsPresent(wanted) => *wanted,
        Test::IsNumeric(wanted) => is_number(&value) == *wanted,
        Test::IsString(wanted) => value.as_str().is_some() == *wanted,
        Test::IsBoolean(wanted) => value.as_bool().is_some() == *wanted,
        Test::IsTimestamp(wanted) => as_timestamp(&value).is_some() == *wanted,
    })
}

/// The right side: `None` where a path finds a value of another type.
fn resolve<T: Clone>(
    at: &Surroundings<'_>,
    operand: &Operand<T>,
    input: &Payload,
    read: impl FnOnce(&Value) -> Option<T>,
) -> Result<Option<T>, Failure> {
    match operand {
        Operand::Fixed(value) => Ok(Some(value.clone())),
        Operand::Path(path) => match query::select(at, path, input) {
            Ok(value) => Ok(read(&value)),
            Err(_) => Err(invalid(at, path)),
        },
    }
}

fn invalid(at: &Surroundings<'_>, path: &Path) -> Failure {
    query::runtime(
        at,
        &format!(
            "Invalid path '{}': The choice state's condition path references an invalid value.",
            path.text()
        ),
    )
}

fn is_number(value: &Value) -> bool {
    matches!(value, Value::I64(_) | Value::U64(_) | Value::F64(_))
}

fn as_timestamp(value: &Value) -> Option<ExactTimestamp> {
    value.as_str().and_then(|text| ExactTimestamp::parse_rfc3339(text).ok())
}

/// Compares without loss where both are integers, else as doubles.
fn compare_numbers(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::I64(left), Value::I64(right)) => Some(left.cmp(right)),
        (Value::U64(left), Value::U64(right)) => Some(left.cmp(right)),
        (Value::I64(_), Value::U64(_)) => Some(Ordering::Less),
        (Value::U64(_), Value::I64(_)) => Some(Ordering::Greater),
        _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}

/// `StringMatches`: `*` is any run of characters, `\*` an asterisk, `\\` a backslash.
///
/// Linear in pattern times text at worst: on a mismatch only the last `*` is tried again.
fn matches(pattern: &str, text: &str) -> bool {
    let pattern = tokens(pattern);
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    let mut last_star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(Token::Any) => {
                last_star = Some((p, t));
                p += 1;
            }
            Some(Token::Literal(c)) if text.get(t) == Some(c) => {
                p += 1;
                t += 1;
            }
            Some(Token::Literal(_)) | None => match last_star {
                Some((star, from)) => {
                    last_star = Some((star, from + 1));
                    p = star + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|token| *token == Token::Any)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Token {
    Any,
    Literal(char),
}

fn tokens(pattern: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        tokens.push(match c {
            '*' => Token::Any,
            '\\' => Token::Literal(chars.next().unwrap_or('\\')),
            c => Token::Literal(c),
        });
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_match(pattern: &str, text: &str, want: bool) {
        assert_eq!(matches(pattern, text), want, "{pattern} {text}");
    }

    #[test]
    fn string_matches() {
        check_match("log-*.txt", "log-2026.txt", true);
        check_match("log-*.txt", "log-2026.csv", false);
        check_match("*", "", true);
        check_match("", "", true);
        check_match("", "a", false);
        check_match("a*b*c", "a-b-b-c", true);
        check_match("a*b*c", "a-c-b", false);
        check_match("foo\\*bar", "foo*bar", true);
        check_match("foo\\*bar", "fooxbar", false);
        check_match("a\\\\*", "a\\bc", true);
        check_match("**x", "yx", true);
    }

    #[track_caller]
    fn check_order(left: &str, right: &str, want: Option<Ordering>) {
        let parse = |text: &str| Value::parse(text).unwrap();
        assert_eq!(compare_numbers(&parse(left), &parse(right)), want);
    }

    #[test]
    fn numbers_are_compared_without_loss() {
        check_order("9007199254740993", "9007199254740992", Some(Ordering::Greater));
        check_order("1", "1.0", Some(Ordering::Equal));
        check_order("-1", "18446744073709551615", Some(Ordering::Less));
        check_order("0.5", "1", Some(Ordering::Less));
    }
}
