//! Walking a value along a path. Every walk has a budget; recursion is bounded by the path's steps and the value's
//! depth.

use super::filter::{Found, Pattern};
use super::{Normal, Path, Root, Step};
use crate::bounds::Budget;
use crate::error::PathError;
use crate::limit::{FILTER_TEXT_BYTES_MAX, PATH_FINDS_MAX, PATH_VISITS_MAX};
use crate::scope::Scope;
use std::ops::Range;
use std::sync::Arc;
use stepwell_types::{Map, Value};

/// Characters of a value that a message quotes.
const QUOTED_CHARS_MAX: usize = 256;

/// One evaluation of a path: what it can see, and how much more it may do. `None` from its methods means that the
/// budget is used up.
pub(super) struct Walk<'v> {
    scope: Scope<'v>,
    document: &'v Value,
    visits_left: u32,
    text_left: usize,
    regexes: Vec<(&'v Pattern, regex::Regex)>,
    /// What may still be selected; `None` inside a filter, whose finds are not part of the result.
    budget: Option<Budget>,
}

/// What a definite path gives that ends with an index past the end of an array.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum PastEnd {
    /// An error, as anything else that is not there.
    Missing,
    /// `null`.
    Null,
}

pub(super) fn select(path: &Path, scope: &Scope<'_>, past_end: PastEnd) -> Result<Value, PathError> {
    let document = match &path.root {
        Root::Input => scope.input,
        Root::Context => scope.environment.context(),
        Root::Variable(name) => scope
            .environment
            .variable(name)
            .ok_or_else(|| path.error(format!("The variable '${name}' has no value")))?,
    };
    if path.is_definite() {
        return match follow(document, &path.steps) {
            Ok(Found::There(value)) => Ok(value.clone()),
            Ok(Found::Made(value)) => Ok(value),
            Err(stop) if past_end == PastEnd::Null && stop.is_past_end(&path.steps) => Ok(Value::Null),
            Err(stop) => Err(path.error(stop.reason(&path.steps))),
        };
    }
    let mut walk = Walk {
        scope: *scope,
        document,
        visits_left: PATH_VISITS_MAX,
        text_left: FILTER_TEXT_BYTES_MAX,
        regexes: Vec::new(),
        budget: Some(Budget::new()),
    };
    let mut found = Vec::new();
    match walk.collect(document, &path.steps, &mut found) {
        Some(()) => Ok(Value::array(found)),
        None => Err(path.error("The path looks at too many values or selects too much")),
    }
}

/// Where a definite path could not go on.
struct Stop<'v> {
    step: usize,
    at: &'v Value,
}

/// Follows a definite path.
fn follow<'v>(document: &'v Value, steps: &[Step]) -> Result<Found<'v>, Stop<'v>> {
    let mut at = document;
    for (i, step) in steps.iter().enumerate() {
        let next = match step {
            Step::Key(key) => at.get(key),
            Step::Index(index) => item(at, *index),
            Step::Keys(keys) => match at.as_object() {
                Some(fields) => return Ok(Found::Made(picked(fields, keys))),
                None => None,
            },
            Step::Indices(_) | Step::Slice(..) | Step::Wildcard | Step::Descend | Step::Filter(_) => None,
        };
        at = next.ok_or(Stop { step: i, at })?;
    }
    Ok(Found::There(at))
}

impl Stop<'_> {
    fn is_past_end(&self, steps: &[Step]) -> bool {
        let is_last = self.step + 1 == steps.len();
        is_last && matches!((steps.get(self.step), self.at), (Some(Step::Index(_)), Value::Array(_)))
    }

    /// Jayway's words, as AWS passes them on.
    fn reason(&self, steps: &[Step]) -> String {
        let before = Normal(steps.get(..self.step).unwrap_or_default());
        let with = Normal(steps.get(..=self.step).unwrap_or_default());
        let is_last = self.step + 1 == steps.len();
        let Some(step) = steps.get(self.step) else { return format!("No results for path: {with}") };
        match (step, self.at) {
            (Step::Index(_), Value::Null) => format!("The path {before} is null"),
            (Step::Index(_), Value::Array(_)) => format!("No results for path: {}", Normal(steps)),
            (Step::Index(_), at) => format!(
                "Filter: {} can only be applied to arrays. Current context is: {}",
                Normal(steps.get(self.step..).unwrap_or_default()).to_string().trim_start_matches('$'),
                clipped(&at.as_str().map_or_else(|| at.to_json(), str::to_owned))
            ),
            (Step::Key(_), Value::Object(_)) if is_last => format!("No results for path: {}", Normal(steps)),
            (Step::Key(_), Value::Object(_)) => format!("Missing property in path {with}"),
            (step, at) => format!(
                "Expected to find an object with property {} in path {before} but found '{}'",
                Normal(std::slice::from_ref(step)).to_string().trim_start_matches('$'),
                at.type_name()
            ),
        }
    }
}

fn clipped(text: &str) -> &str {
    text.char_indices().nth(QUOTED_CHARS_MAX).map_or(text, |(end, _)| text.get(..end).unwrap_or(text))
}

/// An item by its index; a negative one counts from the end.
fn item(array: &Value, index: i64) -> Option<&Value> {
    let items = array.as_array()?;
    items.get(place(items.len(), index)?)
}

fn place(len: usize, index: i64) -> Option<usize> {
    let from_start = if index < 0 { index.checked_add(i64::try_from(len).ok()?)? } else { index };
    usize::try_from(from_start).ok()
}

/// An object of those keys that are there.
fn picked(fields: &Map, keys: &[Arc<str>]) -> Value {
    Value::object(keys.iter().filter_map(|key| Some((Arc::clone(key), fields.get(key)?.clone()))).collect())
}

impl<'v> Walk<'v> {
    /// Counts one value looked at.
    pub(super) fn visit(&mut self) -> Option<()> {
        self.visits_left = self.visits_left.checked_sub(1)?;
        Some(())
    }

    /// Counts bytes of text searched, matched or compared.
    pub(super) fn charge_text(&mut self, bytes: usize) -> Option<()> {
        self.text_left = self.text_left.checked_sub(bytes)?;
        Some(())
    }

    /// A filter's regular expression, compiled on first use.
    pub(super) fn regex(&mut self, pattern: &'v Pattern) -> Option<&regex::Regex> {
        let known = self.regexes.iter().position(|(other, _)| std::ptr::eq(*other, pattern));
        let at = match known {
            Some(at) => at,
            None => {
                self.regexes.push((pattern, pattern.compile().ok()?));
                self.regexes.len() - 1
            }
        };
        self.regexes.get(at).map(|(_, regex)| regex)
    }

    /// A filter's root; `$` is the root of what this path reads.
    pub(super) fn root(&self, root: &Root) -> Option<&'v Value> {
        match root {
            Root::Input => Some(self.document),
            Root::Context => Some(self.scope.environment.context()),
            Root::Variable(name) => self.scope.environment.variable(name),
        }
    }

    /// What a filter's path finds: a value, an array of values if it is indefinite, or nothing.
    pub(super) fn find(&mut self, root: &'v Value, steps: &'v [Step]) -> Option<Option<Found<'v>>> {
        self.visit()?;
        if super::is_definite(steps) {
            return Some(follow(root, steps).ok());
        }
        let budget = self.budget.take();
        let mut found = Vec::new();
        let ended = self.collect(root, steps, &mut found);
        self.budget = budget;
        ended.map(|()| Some(Found::Made(Value::array(found))))
    }

    /// Adds to `found` what the steps lead to from `value`.
    fn collect(&mut self, value: &'v Value, steps: &'v [Step], found: &mut Vec<Value>) -> Option<()> {
        self.visit()?;
        let Some((step, rest)) = steps.split_first() else { return self.add(value.clone(), found) };
        match step {
            Step::Key(key) => match value.get(key) {
                Some(next) => self.collect(next, rest, found),
                None => Some(()),
            },
            Step::Keys(keys) => {
                let Some(fields) = value.as_object() else { return Some(()) };
                if rest.is_empty() {
                    return self.add(picked(fields, keys), found);
                }
                self.collect_all(keys.iter().filter_map(|key| fields.get(key)), rest, found)
            }
            Step::Index(index) => self.collect_all(item(value, *index), rest, found),
            Step::Indices(indices) => {
                self.collect_all(indices.iter().filter_map(|index| item(value, *index)), rest, found)
            }
            Step::Slice(from, to) => {
                let items = value.as_array().unwrap_or_default();
                self.collect_all(slice(items, *from, *to).filter_map(|i| item(value, i)), rest, found)
            }
            Step::Wildcard => match value {
                Value::Array(items) => self.collect_all(items.iter(), rest, found),
                Value::Object(fields) => self.collect_all(fields.values(), rest, found),
                _ => Some(()),
            },
            Step::Filter(filter) => match value {
                Value::Array(items) => {
                    for item in items.iter() {
                        if filter.accepts(item, self)? {
                            self.collect(item, rest, found)?;
                        }
                    }
                    Some(())
                }
                Value::Object(_) if filter.accepts(value, self)? => self.collect(value, rest, found),
                _ => Some(()),
            },
            Step::Descend => self.descend(value, rest, found),
        }
    }

    fn collect_all(
        &mut self,
        values: impl IntoIterator<Item = &'v Value>,
        steps: &'v [Step],
        found: &mut Vec<Value>,
    ) -> Option<()> {
        values.into_iter().try_for_each(|value| self.collect(value, steps, found))
    }

    /// The steps from here and from every array and object below, the outer before the inner.
    fn descend(&mut self, value: &'v Value, steps: &'v [Step], found: &mut Vec<Value>) -> Option<()> {
        match value {
            Value::Array(items) => {
                // An object is tested where it stands, not a second time as an item of its array.
                if !matches!(steps.first(), Some(Step::Filter(_))) {
                    self.collect(value, steps, found)?;
                }
                items.iter().try_for_each(|item| self.descend(item, steps, found))
            }
            Value::Object(fields) => {
                // Several names find only the objects that have them all.
                let passes = match steps.first() {
                    Some(Step::Keys(keys)) => keys.iter().all(|key| fields.contains_key(key)),
                    _ => true,
                };
                if passes {
                    self.collect(value, steps, found)?;
                }
                fields.values().try_for_each(|value| self.descend(value, steps, found))
            }
            _ => self.visit(),
        }
    }

    fn add(&mut self, value: Value, found: &mut Vec<Value>) -> Option<()> {
        if let Some(budget) = &mut self.budget {
            budget.charge(&value, 1).ok()?;
        }
        if found.len() == PATH_FINDS_MAX {
            return None;
        }
        found.push(value);
        Some(())
    }
}

/// The indices of a slice. With one end, a negative one counts from the end of the array; with both, the indices
/// from one to the other are taken as they are, so that `[-2:1]` is the last two and the first, and `[0:-1]` nothing.
fn slice(items: &[Value], from: Option<i64>, to: Option<i64>) -> Range<i64> {
    let len = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let counted = |end: i64| if end < 0 { (end + len).max(0) } else { end };
    match (from, to) {
        (Some(from), Some(to)) => from.max(-len)..to.min(len),
        (Some(from), None) => counted(from)..len,
        (None, Some(to)) => 0..counted(to).min(len),
        (None, None) => 0..len,
    }
}
