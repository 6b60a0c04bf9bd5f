//! Checks that a text is JSON without building anything from it.

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::fmt;
use stepwell_types::quota::PAYLOAD_DEPTH_MAX;

/// Accepts exactly what [`stepwell_types::Value::parse`] accepts, at a fraction of its cost.
///
/// # Errors
/// The first thing wrong, with line and column.
pub(crate) fn check(text: &str) -> Result<(), String> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    deserializer.disable_recursion_limit();
    let checked = Walk { depth: 0 }.deserialize(&mut deserializer).and_then(|()| deserializer.end());
    checked.map_err(|error| error.to_string())
}

#[derive(Clone, Copy)]
struct Walk {
    depth: usize,
}

impl Walk {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        if self.depth >= PAYLOAD_DEPTH_MAX {
            return Err(E::custom(format_args!("nested deeper than {PAYLOAD_DEPTH_MAX} levels")));
        }
        Ok(Self { depth: self.depth + 1 })
    }
}

impl<'de> DeserializeSeed<'de> for Walk {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// An object's key: decoded, since an escape may be wrong, and dropped.
struct Key;

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Walk { depth: 0 }).map(|()| Self)
    }
}

impl<'de> Visitor<'de> for Walk {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let deeper = self.deeper()?;
        while items.next_element_seed(deeper)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let deeper = self.deeper()?;
        while fields.next_key::<Key>()?.is_some() {
            fields.next_value_seed(deeper)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_like_value(text: &str) {
        let ours = check(text);
        assert_eq!(ours.is_ok(), stepwell_types::Value::parse(text).is_ok(), "{ours:?}");
    }

    #[test]
    fn agrees_with_the_value_parser() {
        for text in [
            "",
            " ",
            "null",
            "true",
            "\"a\"",
            "{\"a\":[1,2.5,-3,{}]}",
            " [ ] \n",
            "hello",
            "[1,]",
            "{\"a\":1,}",
            "{1:2}",
            "1e400",
            "-1e400",
            "123456789012345678901234567890",
            "\"\\ud800\"",
            "{\"\\ud800\":1}",
            "\"\\u0000\"",
            "\"\u{1}\"",
            "01",
            "1 2",
            "[1",
            "{\"a\"",
            "nul",
            "NaN",
        ] {
            check_like_value(text);
        }
        for depth in [PAYLOAD_DEPTH_MAX, PAYLOAD_DEPTH_MAX + 1, 1_000_000] {
            check_like_value(&format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
            check_like_value(&format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth)));
        }
    }
}
