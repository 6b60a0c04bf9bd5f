//! Filters: `[?(@.price < 10 && @.tag in ['a','b'])]`.

use super::select::Walk;
use super::{Root, Step, is_definite};
use crate::limit::REGEX_BYTES_MAX;
use std::sync::Arc;
use stepwell_types::Value;

/// Bytes of a text that is compared with a number; a longer one spells none.
const NUMBER_BYTES_MAX: usize = 64;

/// A condition on one value, `@`.
#[derive(Debug)]
pub(crate) enum Filter {
    /// `a || b`
    Or(Vec<Filter>),
    /// `a && b`
    And(Vec<Filter>),
    /// `!a`
    Not(Box<Filter>),
    /// `@.a`: the place exists, be its value `null`; an indefinite path always exists.
    Exists(Operand),
    /// `a == b`, …
    Compare(Operand, Operator, Operand),
    /// `a =~ /b/`: the whole text matches.
    Matches(Operand, Pattern),
}

/// A regular expression, known to compile.
///
/// It is compiled for each evaluation, since a definition of 1 MB could otherwise hold gigabytes of automata for as
/// long as it lives.
#[derive(Debug)]
pub(crate) struct Pattern {
    pub(super) text: String,
    /// Some of `imsx`.
    pub(super) flags: String,
}

impl Pattern {
    /// The automaton; anchored, since Jayway wants the whole text to match. Its time is linear in the text.
    pub(super) fn compile(&self) -> Result<regex::Regex, regex::Error> {
        let Self { text, flags } = self;
        // The line break ends a comment that the flag `x` may have begun.
        let end = if flags.contains('x') { "\n" } else { "" };
        regex::RegexBuilder::new(&format!(r"\A(?:{text}{end})\z"))
            .case_insensitive(flags.contains('i'))
            .multi_line(flags.contains('m'))
            .dot_matches_new_line(flags.contains('s'))
            .ignore_whitespace(flags.contains('x'))
            .size_limit(REGEX_BYTES_MAX)
            .dfa_size_limit(REGEX_BYTES_MAX)
            .nest_limit(64)
            .build()
    }
}

/// What stands beside an operator.
#[derive(Debug)]
pub(crate) enum Operand {
    /// `'a'`, `1`, `true`, `null`, `['a', 1]`
    Literal(Value),
    /// `@.a.b`
    Current(Vec<Step>),
    /// `$.a`: from the root of what the path reads; `$$.a`, `$name.a`
    Rooted(Root, Vec<Step>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// The left is an item of the right.
    In,
    /// The left is no item of the right.
    NotIn,
    /// The left, an array or text, contains the right.
    Contains,
    /// The left, an array or text, has as many items as the right says.
    Size,
    /// The left, an array or text, is empty, or not, as the right says.
    Empty,
    /// Every item of the left is in the right.
    SubsetOf,
    /// Some item of the left is in the right.
    AnyOf,
    /// No item of the left is in the right.
    NoneOf,
}

impl Filter {
    /// Whether `current` passes. `None` when the walk has looked at too much.
    pub(super) fn accepts<'v>(&'v self, current: &'v Value, walk: &mut Walk<'v>) -> Option<bool> {
        walk.visit()?;
        Some(match self {
            Self::Or(parts) => {
                for part in parts {
                    if part.accepts(current, walk)? {
                        return Some(true);
                    }
                }
                false
            }
            Self::And(parts) => {
                for part in parts {
                    if !part.accepts(current, walk)? {
                        return Some(false);
                    }
                }
                true
            }
            Self::Not(part) => !part.accepts(current, walk)?,
            Self::Exists(operand) => operand.exists(current, walk)?,
            Self::Compare(left, operator, right) => {
                let left = left.evaluate(current, walk)?;
                let right = right.evaluate(current, walk)?;
                compare(left.as_deref(), *operator, right.as_deref(), walk)?
            }
            Self::Matches(operand, pattern) => match operand.evaluate(current, walk)?.as_deref() {
                Some(value) => match scalar_text(value) {
                    Some(text) => {
                        walk.charge_text(text.len())?;
                        walk.regex(pattern)?.is_match(&text)
                    }
                    None => false,
                },
                None => false,
            },
        })
    }

    pub(super) fn collect_variables<'a>(&'a self, names: &mut Vec<&'a str>) {
        match self {
            Self::Or(parts) | Self::And(parts) => {
                parts.iter().for_each(|part| part.collect_variables(names));
            }
            Self::Not(part) => part.collect_variables(names),
            Self::Exists(operand) | Self::Matches(operand, _) => operand.collect_variables(names),
            Self::Compare(left, _, right) => {
                left.collect_variables(names);
                right.collect_variables(names);
            }
        }
    }
}

/// A value that stands somewhere, or one made for the comparison.
pub(super) enum Found<'v> {
    There(&'v Value),
    Made(Value),
}

impl std::ops::Deref for Found<'_> {
    type Target = Value;
    fn deref(&self) -> &Value {
        match self {
            Self::There(value) => value,
            Self::Made(value) => value,
        }
    }
}

impl Operand {
    fn evaluate<'v>(&'v self, current: &'v Value, walk: &mut Walk<'v>) -> Option<Option<Found<'v>>> {
        let (root, steps) = match self {
            Self::Literal(value) => return Some(Some(Found::There(value))),
            Self::Current(steps) => (Some(current), steps),
            Self::Rooted(root, steps) => (walk.root(root), steps),
        };
        let Some(root) = root else { return Some(None) };
        walk.find(root, steps)
    }

    fn exists<'v>(&'v self, current: &'v Value, walk: &mut Walk<'v>) -> Option<bool> {
        let steps = match self {
            Self::Literal(value) => return Some(value.as_bool() == Some(true)),
            Self::Current(steps) | Self::Rooted(_, steps) => steps,
        };
        if !is_definite(steps) {
            return Some(true);
        }
        Some(self.evaluate(current, walk)?.is_some())
    }

    fn collect_variables<'a>(&'a self, names: &mut Vec<&'a str>) {
        let steps = match self {
            Self::Literal(_) => return,
            Self::Current(steps) => steps,
            Self::Rooted(root, steps) => {
                root.collect_variables(names);
                steps
            }
        };
        for step in steps {
            if let Step::Filter(filter) = step {
                filter.collect_variables(names);
            }
        }
    }
}

/// A missing side is equal to nothing, and not even comparable.
fn compare(
    left: Option<&Value>,
    operator: Operator,
    right: Option<&Value>,
    walk: &mut Walk<'_>,
) -> Option<bool> {
    let (Some(left), Some(right)) = (left, right) else {
        return Some(matches!(operator, Operator::NotEqual | Operator::NotIn));
    };
    Some(match operator {
        Operator::Equal => equal(left, right, walk)?,
        Operator::NotEqual => !equal(left, right, walk)?,
        Operator::Less => less(left, right, walk)?,
        Operator::LessOrEqual => less(left, right, walk)? || ordered_equal(left, right),
        Operator::Greater => less(right, left, walk)?,
        Operator::GreaterOrEqual => less(right, left, walk)? || ordered_equal(left, right),
        Operator::In => has_item(right, left, walk)?,
        Operator::NotIn => !has_item(right, left, walk)?,
        Operator::Contains => match (left, right) {
            (Value::Str(text), Value::Str(part)) => {
                walk.charge_text(text.len())?;
                text.contains(&**part)
            }
            _ => has_item(left, right, walk)?,
        },
        Operator::Size => length(left, walk)?.is_some_and(|size| right.as_u64() == u64::try_from(size).ok()),
        Operator::Empty => length(left, walk)?.is_some_and(|size| right.as_bool() == Some(size == 0)),
        Operator::SubsetOf => match left.as_array() {
            Some(items) => {
                for item in items {
                    if !has_item(right, item, walk)? {
                        return Some(false);
                    }
                }
                right.as_array().is_some()
            }
            None => false,
        },
        Operator::AnyOf => any_of(left, right, walk)?,
        Operator::NoneOf => left.as_array().is_some() && !any_of(left, right, walk)?,
    })
}

fn any_of(left: &Value, right: &Value, walk: &mut Walk<'_>) -> Option<bool> {
    for item in left.as_array().unwrap_or_default() {
        if has_item(right, item, walk)? {
            return Some(true);
        }
    }
    Some(false)
}

fn has_item(array: &Value, item: &Value, walk: &mut Walk<'_>) -> Option<bool> {
    for candidate in array.as_array().unwrap_or_default() {
        if equal(candidate, item, walk)? {
            return Some(true);
        }
    }
    Some(false)
}

fn length(value: &Value, walk: &mut Walk<'_>) -> Option<Option<usize>> {
    Some(match value {
        Value::Str(text) => {
            walk.charge_text(text.len())?;
            Some(text.chars().count())
        }
        Value::Array(items) => Some(items.len()),
        _ => None,
    })
}

/// A number equals a text that spells it.
fn equal(left: &Value, right: &Value, walk: &mut Walk<'_>) -> Option<bool> {
    walk.visit()?;
    Some(match (left, right) {
        (Value::Str(left), Value::Str(right)) => {
            walk.charge_text(if left.len() == right.len() { left.len() } else { 0 })?;
            left == right
        }
        (Value::Str(text), number) | (number, Value::Str(text)) if number.as_f64().is_some() => {
            text.len() <= NUMBER_BYTES_MAX
                && text.trim().parse::<f64>().is_ok_and(|parsed| number.as_f64() == Some(parsed))
        }
        (Value::Array(left), Value::Array(right)) => {
            if left.len() != right.len() {
                return Some(false);
            }
            for (left, right) in left.iter().zip(right.iter()) {
                if !equal(left, right, walk)? {
                    return Some(false);
                }
            }
            true
        }
        (Value::Object(left), Value::Object(right)) => {
            if left.len() != right.len() {
                return Some(false);
            }
            for (key, value) in left.iter() {
                match right.get(key) {
                    Some(other) if equal(value, other, walk)? => {}
                    _ => return Some(false),
                }
            }
            true
        }
        _ => left == right || ordered_equal(left, right),
    })
}

fn ordered_equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Str(left), Value::Str(right)) => left == right,
        (Value::I64(left), Value::I64(right)) => left == right,
        _ => left.as_f64().is_some() && left.as_f64() == right.as_f64(),
    }
}

/// Numbers by size, texts by their characters; nothing else has an order.
fn less(left: &Value, right: &Value, walk: &mut Walk<'_>) -> Option<bool> {
    Some(match (left, right) {
        (Value::Str(left), Value::Str(right)) => {
            walk.charge_text(left.len().min(right.len()))?;
            left < right
        }
        (Value::I64(left), Value::I64(right)) => left < right,
        _ => left.as_f64().zip(right.as_f64()).is_some_and(|(left, right)| left < right),
    })
}

fn scalar_text(value: &Value) -> Option<Arc<str>> {
    match value {
        Value::Str(text) => Some(Arc::clone(text)),
        Value::Bool(_) | Value::I64(_) | Value::U64(_) | Value::F64(_) => Some(Arc::from(value.to_json())),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
