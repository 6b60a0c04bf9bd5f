//! Walks a request along its shape: types first, then constraints.
//!
//! The wording of both is AWS's: a value of a wrong type is a `SerializationException`, the first one found; broken
//! constraints are one `ValidationException` that counts and lists them.

use super::{Kind, Member, Place, Presence, Sensitivity, Shape};
use regress::Regex;
use serde_json::Value;
use std::collections::HashMap;
use std::fmt::{self, Write as _};
use std::sync::{LazyLock, PoisonError, RwLock};

/// Constraints listed in one message; a hostile list must not make an answer larger than its request.
const VIOLATIONS_MAX: usize = 20;
/// Bytes of a value that are repeated in a message: more than any token or ARN may have, which AWS repeats whole.
const ECHO_BYTES_MAX: usize = 4_096;
/// Bytes of all values that one message repeats.
const ECHO_BYTES_TOTAL_MAX: usize = 16_384;
/// Characters that a pattern is tried on; longer texts do not match. Every text with a pattern in the served
/// operations is shorter.
const PATTERN_CHARS_MAX: usize = 4_096;

/// Checks that a request has the types of its shape.
///
/// # Errors
/// AWS's message for the first value that has another type.
pub(crate) fn types(shape: &Shape, value: &Value) -> Result<(), String> {
    let wrong = |expected: &str| Err(conversion(value, expected));
    match (&shape.kind, value) {
        (Kind::Text { .. } | Kind::Blob, Value::String(_)) => Ok(()),
        (Kind::Text { .. }, _) => wrong("a String"),
        (Kind::Blob, _) => wrong("a Blob"),
        (Kind::Boolean, Value::Bool(_)) => Ok(()),
        (Kind::Boolean, _) => wrong("a Boolean"),
        (Kind::Integer { .. }, Value::Number(number)) if number.is_i64() => Ok(()),
        (Kind::Integer { .. }, _) => wrong("an Integer"),
        (Kind::Float { .. } | Kind::Timestamp, Value::Number(_)) => Ok(()),
        (Kind::Float { .. }, _) => wrong("a Float"),
        (Kind::Timestamp, _) => wrong("milliseconds since epoch"),
        (Kind::List { member, .. }, Value::Array(items)) => {
            items.iter().try_for_each(|item| types(member, item))
        }
        (Kind::List { .. }, _) => wrong("a List"),
        (Kind::Map { value: member, .. }, Value::Object(fields)) => {
            fields.values().try_for_each(|field| types(member, field))
        }
        (Kind::Map { .. }, _) => wrong("a Map"),
        (Kind::Structure(members), Value::Object(fields)) => {
            members.iter().try_for_each(|member| match fields.get(member.name) {
                None | Some(Value::Null) => Ok(()),
                Some(field) => types(member.shape, field),
            })
        }
        (Kind::Structure(_), _) => wrong("a Structure"),
    }
}

/// AWS's words for a value of a wrong type.
fn conversion(value: &Value, expected: &str) -> String {
    let token = match value {
        Value::Null => "NULL_VALUE",
        Value::Bool(true) => "TRUE_VALUE",
        Value::Bool(false) => "FALSE_VALUE",
        Value::Number(number) if number.is_f64() => "DECIMAL_VALUE",
        Value::Number(_) => "NUMBER_VALUE",
        Value::String(_) => "STRING_VALUE",
        Value::Array(_) => return "Start of list found where not expected".to_owned(),
        Value::Object(_) => return "Start of structure or map found where not expected.".to_owned(),
    };
    format!("{token} can not be converted to {expected}")
}

/// Checks a request of the right types against its constraints.
///
/// # Errors
/// AWS's message: how many constraints are broken, and each.
pub(crate) fn constraints(shape: &Shape, value: &Value) -> Result<(), String> {
    let mut walk = Walk { found: 0, text: String::new(), echo_bytes_left: ECHO_BYTES_TOTAL_MAX };
    walk.value(&mut String::new(), shape, value);
    match walk.found {
        0 => Ok(()),
        1 => Err(format!("1 validation error detected: {}", walk.text)),
        found => Err(format!("{found} validation errors detected: {}", walk.text)),
    }
}

struct Walk {
    found: usize,
    text: String,
    echo_bytes_left: usize,
}

impl Walk {
    fn value(&mut self, path: &mut String, shape: &Shape, value: &Value) {
        match (&shape.kind, value) {
            (Kind::Text { .. }, Value::String(_))
            | (Kind::Integer { .. } | Kind::Float { .. }, Value::Number(_)) => {
                for rule in broken(shape, value) {
                    self.violation(path, shape, value, &rule.to_string());
                }
            }
            (Kind::List { member, min, max }, Value::Array(items)) => {
                self.length(path, shape, value, (*min, *max), items.len());
                if is_scalar(member) {
                    if items.iter().any(|item| !broken(member, item).is_empty()) {
                        self.violation(path, shape, value, &of_all("Member", member));
                    }
                } else {
                    for (at, item) in items.iter().enumerate() {
                        self.inside(path, format_args!("{}.member", at + 1), member, item);
                    }
                }
            }
            (Kind::Map { key, value: member, min, max }, Value::Object(fields)) => {
                self.length(path, shape, value, (*min, *max), fields.len());
                if fields.keys().any(|name| !broken(key, &Value::String(name.clone())).is_empty()) {
                    self.violation(path, shape, value, &of_all("Map keys", key));
                }
                if is_scalar(member) {
                    if fields.values().any(|field| !broken(member, field).is_empty()) {
                        self.violation(path, shape, value, &of_all("Map value", member));
                    }
                } else {
                    for (name, field) in fields {
                        self.inside(path, format_args!("{name}.member"), member, field);
                    }
                }
            }
            (Kind::Structure(members), Value::Object(fields)) => {
                for member in *members {
                    self.member(path, member, fields.get(member.name).filter(|field| !field.is_null()));
                }
            }
            _ => {}
        }
    }

    fn member(&mut self, path: &mut String, member: &Member, field: Option<&Value>) {
        match field {
            Some(field) => self.inside(path, LowerCamel(member.name), member.shape, field),
            None if member.presence == Presence::Required && member.place != Place::Payload => {
                let (dot, name) = (if path.is_empty() { "" } else { "." }, LowerCamel(member.name));
                self.report(&format!(
                    "Value null at '{path}{dot}{name}' failed to satisfy constraint: Member must not be null"
                ));
            }
            None => {}
        }
    }

    fn inside(&mut self, path: &mut String, step: impl fmt::Display, shape: &Shape, value: &Value) {
        if self.found >= VIOLATIONS_MAX {
            return;
        }
        let length = path.len();
        if !path.is_empty() {
            path.push('.');
        }
        let _ = write!(path, "{step}");
        self.value(path, shape, value);
        path.truncate(length);
    }

    fn length(&mut self, path: &str, shape: &Shape, value: &Value, (min, max): (u64, u64), length: usize) {
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        if length > max {
            self.violation(path, shape, value, &Rule::LengthMax(max).to_string());
        }
        if length < min {
            self.violation(path, shape, value, &Rule::LengthMin(min).to_string());
        }
    }

    fn violation(&mut self, path: &str, shape: &Shape, value: &Value, rule: &str) {
        let subject = match shape.sensitivity {
            Sensitivity::Sensitive => "Value".to_owned(),
            Sensitivity::Open => {
                let text = echo(shape, value, ECHO_BYTES_MAX.min(self.echo_bytes_left));
                self.echo_bytes_left = self.echo_bytes_left.saturating_sub(text.len());
                format!("Value '{text}'")
            }
        };
        self.report(&format!("{subject} at '{path}' failed to satisfy constraint: {rule}"));
    }

    fn report(&mut self, violation: &str) {
        if self.found < VIOLATIONS_MAX {
            if self.found > 0 {
                self.text.push_str("; ");
            }
            self.text.push_str(violation);
            self.found += 1;
        }
    }
}

/// A constraint of a text or a number; displays as AWS words it.
enum Rule {
    LengthMax(u64),
    LengthMin(u64),
    Max(i64),
    Min(i64),
    Pattern(&'static str),
    Values(&'static [&'static str]),
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LengthMax(max) => write!(f, "Member must have length less than or equal to {max}"),
            Self::LengthMin(min) => write!(f, "Member must have length greater than or equal to {min}"),
            Self::Max(max) => write!(f, "Member must have value less than or equal to {max}"),
            Self::Min(min) => write!(f, "Member must have value greater than or equal to {min}"),
            Self::Pattern(pattern) => write!(f, "Member must satisfy regular expression pattern: {pattern}"),
            Self::Values(values) => write!(f, "Member must satisfy enum value set: [{}]", values.join(", ")),
        }
    }
}

fn is_scalar(shape: &Shape) -> bool {
    match &shape.kind {
        Kind::Text { .. }
        | Kind::Blob
        | Kind::Boolean
        | Kind::Integer { .. }
        | Kind::Float { .. }
        | Kind::Timestamp => true,
        Kind::List { .. } | Kind::Map { .. } | Kind::Structure(_) => false,
    }
}

/// All rules of a text or a number, in AWS's order.
fn rules(shape: &Shape) -> Vec<Rule> {
    let mut rules = Vec::new();
    match &shape.kind {
        Kind::Text { min, max, pattern, values } => {
            if *max != u64::MAX {
                rules.push(Rule::LengthMax(*max));
            }
            if *min > 0 {
                rules.push(Rule::LengthMin(*min));
            }
            if !pattern.is_empty() {
                rules.push(Rule::Pattern(pattern));
            }
            if !values.is_empty() {
                rules.push(Rule::Values(values));
            }
        }
        Kind::Integer { min, max } | Kind::Float { min, max } => {
            if *max != i64::MAX {
                rules.push(Rule::Max(*max));
            }
            if *min != i64::MIN {
                rules.push(Rule::Min(*min));
            }
        }
        Kind::Blob
        | Kind::Boolean
        | Kind::Timestamp
        | Kind::List { .. }
        | Kind::Map { .. }
        | Kind::Structure(_) => {}
    }
    rules
}

/// The rules that a text or a number breaks.
fn broken(shape: &Shape, value: &Value) -> Vec<Rule> {
    let mut rules = rules(shape);
    match value {
        Value::String(text) => {
            let chars = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
            rules.retain(|rule| match rule {
                Rule::LengthMax(max) => chars > *max,
                Rule::LengthMin(min) => chars < *min,
                Rule::Pattern(pattern) => !matches(pattern, text),
                Rule::Values(values) => !values.contains(&text.as_str()),
                Rule::Max(_) | Rule::Min(_) => false,
            });
        }
        Value::Number(number) => rules.retain(|rule| {
            #[expect(clippy::cast_precision_loss, reason = "a float is compared as a float")]
            match (rule, number.as_i64(), number.as_f64()) {
                (Rule::Max(max), Some(number), _) => number > *max,
                (Rule::Max(max), None, Some(number)) => number > *max as f64,
                (Rule::Min(min), Some(number), _) => number < *min,
                (Rule::Min(min), None, Some(number)) => number < *min as f64,
                (Rule::Max(_) | Rule::Min(_), None, None) => true,
                (Rule::LengthMax(_) | Rule::LengthMin(_) | Rule::Pattern(_) | Rule::Values(_), _, _) => false,
            }
        }),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => rules.clear(),
    }
    rules
}

/// AWS's words where an item of a list, or a key or a value of a map, breaks a rule: all rules that it has to keep.
fn of_all(subject: &str, shape: &Shape) -> String {
    let rules = rules(shape).iter().map(|rule| format!("{rule}, ")).collect::<String>();
    format!("{subject} must satisfy constraint: [{rules}Member must not be null]")
}

/// Places are named with a small first letter, whatever the member's name: `functionName`.
struct LowerCamel<'a>(&'a str);

impl fmt::Display for LowerCamel<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut chars = self.0.chars();
        if let Some(first) = chars.next() {
            f.write_char(first.to_ascii_lowercase())?;
        }
        f.write_str(chars.as_str())
    }
}

/// A value as AWS repeats it: a text as it is, a structure as `Name(member=value, …)`.
fn echo(shape: &Shape, value: &Value, bytes_max: usize) -> String {
    let mut text = String::new();
    print(&mut text, shape, value);
    if text.len() > bytes_max {
        text.truncate(text.floor_char_boundary(bytes_max));
        text.push_str("...");
    }
    text
}

fn print(text: &mut String, shape: &Shape, value: &Value) {
    if text.len() > ECHO_BYTES_MAX {
        return;
    }
    if shape.sensitivity == Sensitivity::Sensitive {
        text.push_str("***Sensitive Data Redacted***");
        return;
    }
    match (&shape.kind, value) {
        (_, Value::String(string)) => text.push_str(string),
        (Kind::List { member, .. }, Value::Array(items)) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                text.push_str(if at == 0 { "" } else { ", " });
                print(text, member, item);
            }
            text.push(']');
        }
        (Kind::Map { value: member, .. }, Value::Object(fields)) => {
            text.push('{');
            for (at, (name, field)) in fields.iter().enumerate() {
                let _ = write!(text, "{}{name}=", if at == 0 { "" } else { ", " });
                print(text, member, field);
            }
            text.push('}');
        }
        (Kind::Structure(members), Value::Object(fields)) => {
            text.push_str(shape.name);
            text.push('(');
            let present = members.iter().filter_map(|member| Some((member, fields.get(member.name)?)));
            for (at, (member, field)) in present.enumerate() {
                let _ = write!(text, "{}{}=", if at == 0 { "" } else { ", " }, member.name);
                print(text, member.shape, field);
            }
            text.push(')');
        }
        (_, other) => {
            let _ = write!(text, "{other}");
        }
    }
}

/// Patterns that were used, by their text; `None` for one that does not compile. They are never dropped: the models
/// have some dozens, and a clone would copy the whole program.
type Compiled = HashMap<&'static str, Option<&'static Regex>>;

/// Whether the whole text matches a pattern of a service model.
pub(crate) fn matches(pattern: &'static str, text: &str) -> bool {
    static COMPILED: LazyLock<RwLock<Compiled>> = LazyLock::new(RwLock::default);
    if text.len() > PATTERN_CHARS_MAX {
        return false;
    }
    let known = COMPILED.read().unwrap_or_else(PoisonError::into_inner).get(pattern).copied();
    let regex = known.unwrap_or_else(|| {
        let mut compiled = COMPILED.write().unwrap_or_else(PoisonError::into_inner);
        *compiled.entry(pattern).or_insert_with(|| compile(pattern).map(|regex| &*Box::leak(Box::new(regex))))
    });
    regex.is_none_or(|regex| regex.find(text).is_some())
}

/// The models' patterns are Java's and must match as a whole. A pattern that does not compile constrains nothing;
/// a test holds that there is none.
pub(crate) fn compile(pattern: &str) -> Option<Regex> {
    Regex::with_flags(&format!("^(?:{pattern})$"), "u").ok()
}

#[cfg(test)]
mod tests {
    use super::super::table::{boolean, integer, list, map, optional, required, sensitive, structure, text};
    use super::*;
    use serde_json::json;

    static NAME: Shape = text("Name", 1, 5, "", &[]);
    static KEY: Shape = text("Key", 0, 10, "^(?=.*[a-z])[a-z0-9]+$", &[]);
    static SECRET: Shape = sensitive(text("Secret", 2, 4, "", &[]));
    static COLOUR: Shape = text("Colour", 0, 99, "", &["RED", "BLUE"]);
    static WEIGHT: Shape = integer("Weight", 0, 100);
    static FLAG: Shape = boolean("Flag");
    static ITEM: Shape = structure("Item", &[required("name", &NAME), optional("weight", &WEIGHT)]);
    static ITEMS: Shape = list("Items", &ITEM, 1, 2);
    static COLOURS: Shape = list("Colours", &COLOUR, 0, u64::MAX);
    static PALETTE: Shape = map("Palette", &KEY, &NAME, 0, u64::MAX);
    static REQUEST: Shape = structure(
        "Request",
        &[
            optional("colours", &COLOURS),
            optional("palette", &PALETTE),
            required("name", &NAME),
            optional("Key", &KEY),
            optional("secret", &SECRET),
            optional("colour", &COLOUR),
            optional("items", &ITEMS),
            optional("flag", &FLAG),
        ],
    );

    #[track_caller]
    fn check(request: Value, expected: &str) {
        assert_eq!(types(&REQUEST, &request), Ok(()));
        let expected = if expected.is_empty() { Ok(()) } else { Err(expected.to_owned()) };
        assert_eq!(constraints(&REQUEST, &request), expected);
    }

    #[track_caller]
    fn check_type(request: Value, expected: &str) {
        assert_eq!(types(&REQUEST, &request), Err(expected.to_owned()));
    }

    #[test]
    fn good_requests() {
        check(json!({"name": "x", "unknown": [1]}), "");
        check(json!({"name": "größe", "Key": "a1", "secret": "abc", "colour": "RED", "flag": null}), "");
        check(json!({"name": "x", "items": [{"name": "y", "weight": 100}]}), "");
    }

    #[test]
    fn required_members() {
        check(
            json!({}),
            "1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null",
        );
        check(
            json!({"name": null, "items": [{}]}),
            "2 validation errors detected: Value null at 'name' failed to satisfy constraint: Member must not be null; \
             Value null at 'items.1.member.name' failed to satisfy constraint: Member must not be null",
        );
    }

    #[test]
    fn lengths_and_ranges() {
        check(
            json!({"name": "abcdef"}),
            "1 validation error detected: Value 'abcdef' at 'name' failed to satisfy constraint: \
             Member must have length less than or equal to 5",
        );
        check(
            json!({"name": ""}),
            "1 validation error detected: Value '' at 'name' failed to satisfy constraint: \
             Member must have length greater than or equal to 1",
        );
        check(
            json!({"name": "x", "items": [{"name": "y", "weight": 101}]}),
            "1 validation error detected: Value '101' at 'items.1.member.weight' failed to satisfy constraint: \
             Member must have value less than or equal to 100",
        );
        check(
            json!({"name": "x", "items": [{"name": "y", "weight": -1}]}),
            "1 validation error detected: Value '-1' at 'items.1.member.weight' failed to satisfy constraint: \
             Member must have value greater than or equal to 0",
        );
    }

    #[test]
    fn lists_are_repeated_as_java_prints_them() {
        check(
            json!({"name": "x", "items": [{"name": "a", "weight": 1}, {"name": "b"}, {"name": "c", "weight": 3}]}),
            "1 validation error detected: Value '[Item(name=a, weight=1), Item(name=b), Item(name=c, weight=3)]' at \
             'items' failed to satisfy constraint: Member must have length less than or equal to 2",
        );
    }

    #[test]
    fn items_keys_and_values_keep_all_rules_of_theirs() {
        check(
            json!({"name": "x", "colours": ["RED", "green"]}),
            "1 validation error detected: Value '[RED, green]' at 'colours' failed to satisfy constraint: Member must \
             satisfy constraint: [Member must have length less than or equal to 99, Member must satisfy enum value \
             set: [RED, BLUE], Member must not be null]",
        );
        check(
            json!({"name": "x", "palette": {"A": "y"}}),
            "1 validation error detected: Value '{A=y}' at 'palette' failed to satisfy constraint: Map keys must \
             satisfy constraint: [Member must have length less than or equal to 10, Member must satisfy regular \
             expression pattern: ^(?=.*[a-z])[a-z0-9]+$, Member must not be null]",
        );
        check(
            json!({"name": "x", "palette": {"a": "y", "b": ""}}),
            "1 validation error detected: Value '{a=y, b=}' at 'palette' failed to satisfy constraint: Map value must \
             satisfy constraint: [Member must have length less than or equal to 5, Member must have length greater \
             than or equal to 1, Member must not be null]",
        );
    }

    #[test]
    fn patterns_and_values() {
        check(
            json!({"name": "x", "Key": "A"}),
            "1 validation error detected: Value 'A' at 'key' failed to satisfy constraint: \
             Member must satisfy regular expression pattern: ^(?=.*[a-z])[a-z0-9]+$",
        );
        check(
            json!({"name": "x", "colour": "red"}),
            "1 validation error detected: Value 'red' at 'colour' failed to satisfy constraint: \
             Member must satisfy enum value set: [RED, BLUE]",
        );
    }

    #[test]
    fn secrets_are_not_repeated() {
        check(
            json!({"name": "x", "secret": "topsecret"}),
            "1 validation error detected: Value at 'secret' failed to satisfy constraint: \
             Member must have length less than or equal to 4",
        );
    }

    #[test]
    fn wrong_types() {
        check_type(json!({"name": 1}), "NUMBER_VALUE can not be converted to a String");
        check_type(json!({"name": true}), "TRUE_VALUE can not be converted to a String");
        check_type(json!({"name": []}), "Start of list found where not expected");
        check_type(json!({"name": {}}), "Start of structure or map found where not expected.");
        check_type(json!({"flag": "x"}), "STRING_VALUE can not be converted to a Boolean");
        check_type(json!({"items": [null]}), "NULL_VALUE can not be converted to a Structure");
        check_type(json!({"items": [{"weight": 1.5}]}), "DECIMAL_VALUE can not be converted to an Integer");
        check_type(json!([]), "Start of list found where not expected");
        check_type(json!("x"), "STRING_VALUE can not be converted to a Structure");
    }

    #[test]
    fn hostile_requests_have_short_answers() {
        let items: Vec<Value> = (0..10_000).map(|_| json!({"name": "y".repeat(1_000)})).collect();
        let message = constraints(&REQUEST, &json!({"name": "x", "items": items})).unwrap_err();
        assert!(message.starts_with("20 validation errors detected: "), "{message}");
        assert!(message.len() < 30_000, "{}", message.len());
    }
}
