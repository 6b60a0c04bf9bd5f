//! The JSON value that every crate shares: cheap to clone, copied on write, key order kept.

use crate::map::Map;
use crate::quota::PAYLOAD_DEPTH_MAX;
use hashbrown::HashSet;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;
use std::sync::Arc;

/// A JSON value.
///
/// Clones are a reference count; a shared array or object is copied only when it is written
/// ([`Arc::make_mut`]). Integers and floats stay distinct, since AWS keeps `0.0` as `0.0`.
///
/// INVARIANT: no value is nested deeper than [`PAYLOAD_DEPTH_MAX`]: parsing refuses it, and whatever builds
/// values (templates, intrinsic functions, JSONata) must too, so that no recursive walk can overflow a stack.
/// INVARIANT: an `F64` is finite, and a `U64` is greater than `i64::MAX`.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// `null`
    #[default]
    Null,
    /// `true` or `false`
    Bool(bool),
    /// An integer that fits `i64`.
    I64(i64),
    /// An integer above `i64::MAX`; build numbers with [`Value::from`] to keep it so.
    U64(u64),
    /// A finite number written with a fraction or an exponent, or too large for the integers.
    F64(f64),
    /// A string.
    Str(Arc<str>),
    /// An array.
    Array(Arc<Vec<Value>>),
    /// An object; keys keep the order in which they were first written.
    Object(Arc<Map>),
}

/// A text that is no JSON value that Stepwell accepts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} at line {line} column {column}")]
pub struct ParseError {
    /// What is wrong, without the place.
    pub message: String,
    /// 1-based line.
    pub line: usize,
    /// 1-based column in bytes; 0 at the start of a line that was never entered.
    pub column: usize,
}

impl Value {
    /// Parses one JSON text; nothing may follow it but white space.
    ///
    /// A repeated key keeps its first place and its last value. An integer of more than 64 bits becomes a float.
    ///
    /// # Errors
    /// [`ParseError`] for anything that is not JSON, for a number beyond the range of an `f64`, and for nesting
    /// deeper than [`PAYLOAD_DEPTH_MAX`].
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let mut keys = HashSet::new();
        let mut deserializer = serde_json::Deserializer::from_str(text);
        deserializer.disable_recursion_limit();
        let value =
            Seed { keys: &mut keys, depth: 0 }.deserialize(&mut deserializer).map_err(ParseError::new)?;
        deserializer.end().map_err(ParseError::new)?;
        Ok(value)
    }

    /// A string value.
    pub fn str(text: impl AsRef<str>) -> Self {
        Self::Str(Arc::from(text.as_ref()))
    }

    /// An array of these items.
    #[must_use]
    pub fn array(items: Vec<Value>) -> Self {
        Self::Array(Arc::new(items))
    }

    /// An object of these fields.
    #[must_use]
    pub fn object(fields: Map) -> Self {
        Self::Object(Arc::new(fields))
    }

    /// An object with these fields where the given one lacks them or has `null`; what is given and no object counts for
    /// nothing.
    #[must_use]
    pub fn with_defaults<const N: usize>(given: Option<Self>, defaults: [(&'static str, Self); N]) -> Self {
        let mut fields = match given {
            Some(Self::Object(fields)) => Arc::unwrap_or_clone(fields),
            _ => Map::new(),
        };
        for (name, value) in defaults {
            if fields.get(name).is_none_or(Self::is_null) {
                fields.insert(name, value);
            }
        }
        Self::object(fields)
    }

    /// A float, or `None` where JSON has no such number (NaN and the infinities).
    #[must_use]
    pub fn from_f64(number: f64) -> Option<Self> {
        number.is_finite().then_some(Self::F64(number))
    }

    /// Compact JSON text: no blanks, `/` and non-ASCII characters as they are.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// JSON's name of this value's type: `null`, `boolean`, `number`, `string`, `array` or `object`.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::I64(_) | Self::U64(_) | Self::F64(_) => "number",
            Self::Str(_) => "string",
            Self::Array(_) => "array",
            Self::Object(_) => "object",
        }
    }

    /// Whether this is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The boolean, if it is one.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(b) = self { Some(*b) } else { None }
    }

    /// The string, if it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        if let Self::Str(s) = self { Some(s) } else { None }
    }

    /// The number as a signed integer, if it is an integer that fits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        if let Self::I64(n) = self { Some(*n) } else { None }
    }

    /// The number as an unsigned integer, if it is an integer that fits.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Self::I64(n) => u64::try_from(*n).ok(),
            Self::U64(n) => Some(*n),
            _ => None,
        }
    }

    /// The number as a float, if it is a number; integers beyond 2^53 lose digits.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "documented: JSON numbers are compared as doubles")]
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::I64(n) => Some(*n as f64),
            Self::U64(n) => Some(*n as f64),
            Self::F64(n) => Some(*n),
            _ => None,
        }
    }

    /// The items, if it is an array.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Value]> {
        if let Self::Array(items) = self { Some(items) } else { None }
    }

    /// The fields, if it is an object.
    #[must_use]
    pub fn as_object(&self) -> Option<&Map> {
        if let Self::Object(fields) = self { Some(fields) } else { None }
    }

    /// A field of an object; `None` where it is missing or this is no object.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_object()?.get(key)
    }

    /// An item of an array; `None` where it is missing or this is no array.
    #[must_use]
    pub fn get_index(&self, index: usize) -> Option<&Value> {
        self.as_array()?.get(index)
    }

    /// How many arrays and objects are nested in each other: 0 for a scalar, 1 for `[]` and `[1]`.
    #[must_use]
    pub fn depth(&self) -> usize {
        match self {
            Self::Array(items) => 1 + items.iter().map(Self::depth).max().unwrap_or(0),
            Self::Object(fields) => 1 + fields.values().map(Self::depth).max().unwrap_or(0),
            _ => 0,
        }
    }

    /// Bytes of [`Value::to_json`], without building the text.
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        let mut counter = Counter(0);
        // Writing into a counter cannot fail.
        let _ = serde_json::to_writer(&mut counter, self);
        counter.0
    }
}

struct Counter(usize);

impl std::io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl ParseError {
    fn new(error: serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        let mut message = error.to_string();
        if let Some(at) = message.rfind(" at line ") {
            message.truncate(at);
        }
        Self { message, line, column }
    }
}

impl fmt::Display for Value {
    /// Compact JSON text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_json())
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Self::Bool(b)
    }
}

impl From<i64> for Value {
    fn from(n: i64) -> Self {
        Self::I64(n)
    }
}

impl From<u64> for Value {
    fn from(n: u64) -> Self {
        i64::try_from(n).map_or(Self::U64(n), Self::I64)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::str(text)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Str(Arc::from(text))
    }
}

impl From<Arc<str>> for Value {
    fn from(text: Arc<str>) -> Self {
        Self::Str(text)
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Self {
        Self::array(items)
    }
}

impl From<Map> for Value {
    fn from(fields: Map) -> Self {
        Self::object(fields)
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(b) => serializer.serialize_bool(*b),
            Self::I64(n) => serializer.serialize_i64(*n),
            Self::U64(n) => serializer.serialize_u64(*n),
            Self::F64(n) => serializer.serialize_f64(*n),
            Self::Str(s) => serializer.serialize_str(s),
            Self::Array(items) => {
                let mut seq = serializer.serialize_seq(Some(items.len()))?;
                for item in items.iter() {
                    seq.serialize_element(item)?;
                }
                seq.end()
            }
            Self::Object(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (key, value) in fields.iter() {
                    map.serialize_entry(&**key, value)?;
                }
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Seed { keys: &mut HashSet::new(), depth: 0 }.deserialize(deserializer)
    }
}

/// Builds a value while counting depth and sharing equal keys within one text.
struct Seed<'a> {
    keys: &'a mut HashSet<Arc<str>>,
    depth: usize,
}

impl Seed<'_> {
    fn nested<E: serde::de::Error>(&mut self) -> Result<Seed<'_>, E> {
        if self.depth >= PAYLOAD_DEPTH_MAX {
            return Err(E::custom(format_args!("nested deeper than {PAYLOAD_DEPTH_MAX} arrays and objects")));
        }
        Ok(Seed { keys: self.keys, depth: self.depth + 1 })
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_bool<E>(self, b: bool) -> Result<Value, E> {
        Ok(Value::Bool(b))
    }
    fn visit_i64<E>(self, n: i64) -> Result<Value, E> {
        Ok(Value::I64(n))
    }
    fn visit_u64<E>(self, n: u64) -> Result<Value, E> {
        Ok(Value::from(n))
    }
    fn visit_f64<E: serde::de::Error>(self, n: f64) -> Result<Value, E> {
        Value::from_f64(n).ok_or_else(|| E::custom("number out of range"))
    }
    fn visit_str<E>(self, s: &str) -> Result<Value, E> {
        Ok(Value::str(s))
    }
    fn visit_string<E>(self, s: String) -> Result<Value, E> {
        Ok(Value::from(s))
    }
    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(self.nested()?)? {
            items.push(item);
        }
        Ok(Value::array(items))
    }
    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(key) = map.next_key_seed(KeySeed(self.keys))? {
            let value = map.next_value_seed(self.nested()?)?;
            fields.insert(key, value);
        }
        if self.depth >= PAYLOAD_DEPTH_MAX {
            return Err(A::Error::custom(format_args!(
                "nested deeper than {PAYLOAD_DEPTH_MAX} arrays and objects"
            )));
        }
        Ok(Value::object(fields))
    }
}

struct KeySeed<'a>(&'a mut HashSet<Arc<str>>);

impl<'de> DeserializeSeed<'de> for KeySeed<'_> {
    type Value = Arc<str>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Arc<str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeySeed<'_> {
    type Value = Arc<str>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }
    fn visit_str<E>(self, key: &str) -> Result<Arc<str>, E> {
        Ok(Arc::clone(self.0.get_or_insert_with(key, |key| Arc::from(key))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_round_trip(text: &str, printed: &str) {
        let value = Value::parse(text).unwrap();
        assert_eq!(value.to_json(), printed);
        assert_eq!(value.encoded_len(), printed.len());
    }

    #[track_caller]
    fn check_error(text: &str, message: &str, line: usize, column: usize) {
        let error = Value::parse(text).unwrap_err();
        assert_eq!((error.message.as_str(), error.line, error.column), (message, line, column));
    }

    #[test]
    fn numbers_keep_their_kind() {
        check_round_trip("0.0", "0.0");
        check_round_trip("-0", "-0.0");
        check_round_trip("9223372036854775808", "9223372036854775808");
        check_round_trip("123456789012345678901234567890", "1.2345678901234568e+29");
        check_error("1e400", "number out of range", 1, 5);
    }

    #[test]
    fn key_order_is_kept_and_the_last_of_equal_keys_wins() {
        check_round_trip(r#"{ "b": 1, "a": [ ], "b": {"x":null} }"#, r#"{"b":{"x":null},"a":[]}"#);
    }

    #[test]
    fn equal_keys_of_one_text_are_shared() {
        let value = Value::parse(r#"[{"k":1},{"k":2}]"#).unwrap();
        let key = |i: usize| value.get_index(i).unwrap().as_object().unwrap().keys().next().unwrap();
        assert!(Arc::ptr_eq(key(0), key(1)));
    }

    #[test]
    fn depth_is_limited_not_the_stack() {
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        let at_limit = Value::parse(&nested(PAYLOAD_DEPTH_MAX)).unwrap();
        assert_eq!(at_limit.depth(), PAYLOAD_DEPTH_MAX);
        assert!(Value::parse(&nested(PAYLOAD_DEPTH_MAX + 1)).is_err());
        assert!(Value::parse(&"[".repeat(1_000_000)).is_err());
        assert!(Value::parse(&r#"{"a":"#.repeat(1_000_000)).is_err());
        let objects = |n: usize| format!("{}1{}", r#"{"a":"#.repeat(n), "}".repeat(n));
        assert!(Value::parse(&objects(PAYLOAD_DEPTH_MAX)).is_ok());
        assert!(Value::parse(&objects(PAYLOAD_DEPTH_MAX + 1)).is_err());
    }

    #[test]
    fn nothing_may_follow() {
        check_error("1 2", "trailing characters", 1, 3);
        check_error("", "EOF while parsing a value", 1, 0);
        check_error("{\"a\":\n tru}", "expected ident", 2, 5);
    }
}
