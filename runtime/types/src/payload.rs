//! Data on its way between states: a text, a value, or both, whichever is needed, made once.

use crate::value::{ParseError, Value};
use std::fmt;
use std::sync::{Arc, OnceLock};

/// The input or output of a state, a task or an execution.
///
/// AWS keeps the *text* of data that nobody touched (`[[1, 2, 3]]` passes through with its blanks) and prints
/// compactly what was built anew; so a payload carries its original text, or the value it was built from, and
/// derives the other on first use. A clone is a reference count. The encoded length is known without printing
/// twice, so that the payload limit costs nothing to check.
#[derive(Clone)]
pub struct Payload(Arc<Repr>);

struct Repr {
    text: OnceLock<Arc<str>>,
    value: OnceLock<Value>,
    address: OnceLock<PayloadAddress>,
}

/// Where a payload's text is (or is about to be) in the journal.
///
/// `sequence` is a cell, since the store hands out sequences when it forms a group: a later transition may refer
/// to a payload whose own transition still waits for its group.
#[derive(Clone, Debug)]
pub struct PayloadAddress {
    /// The execution that wrote it; nobody else may refer to it.
    pub owner: u64,
    /// The journal sequence of the transition that introduced the text.
    pub sequence: Arc<OnceLock<u64>>,
    /// The place among the texts of that transition.
    pub slot: u32,
}

/// A text that is no payload.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Invalid JSON: {0}")]
pub struct PayloadError(#[from] pub ParseError);

impl Payload {
    /// Checks a text from outside and keeps it as it is.
    ///
    /// # Errors
    /// [`PayloadError`] if it is no JSON value (see [`Value::parse`]).
    pub fn parse(text: impl Into<Arc<str>>) -> Result<Self, PayloadError> {
        let text = text.into();
        let value = Value::parse(&text)?;
        Ok(Self::of(Some(text), Some(value)))
    }

    /// A text that was checked before, such as one read from the store; it is parsed only when its value is asked
    /// for.
    #[must_use]
    pub fn from_checked_text(text: impl Into<Arc<str>>) -> Self {
        Self::of(Some(text.into()), None)
    }

    /// A value built anew; it prints compactly.
    #[must_use]
    pub fn from_value(value: Value) -> Self {
        Self::of(None, Some(value))
    }

    /// A value together with the text that stands for it, such as a Parallel's joined results.
    #[must_use]
    pub fn from_parts(text: impl Into<Arc<str>>, value: Value) -> Self {
        Self::of(Some(text.into()), Some(value))
    }

    fn of(text: Option<Arc<str>>, value: Option<Value>) -> Self {
        let text = text.map_or_else(OnceLock::new, OnceLock::from);
        let value = value.map_or_else(OnceLock::new, OnceLock::from);
        Self(Arc::new(Repr { text, value, address: OnceLock::new() }))
    }

    /// The JSON text; printed on first use if the payload was built from a value.
    #[must_use]
    pub fn text(&self) -> &Arc<str> {
        self.0.text.get_or_init(|| match self.0.value.get() {
            Some(value) => Arc::from(value.to_json()),
            None => Arc::from("null"),
        })
    }

    /// The value; parsed on first use if the payload came as a checked text.
    ///
    /// A checked text that is no JSON after all (a damaged store) reads as `null`; the store's own checksums catch
    /// damage before that.
    #[must_use]
    pub fn value(&self) -> &Value {
        self.0
            .value
            .get_or_init(|| self.0.text.get().and_then(|text| Value::parse(text).ok()).unwrap_or_default())
    }

    /// Bytes of the text in UTF-8.
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        self.text().len()
    }

    /// Where the text is in the journal, once a transition has taken it there.
    #[must_use]
    pub fn address(&self) -> Option<&PayloadAddress> {
        self.0.address.get()
    }

    /// Records where the text is; the first record stays.
    pub fn set_address(&self, address: PayloadAddress) {
        let _ = self.0.address.set(address);
    }

    /// The same text and value without an address, for another execution.
    #[must_use]
    pub fn detached(&self) -> Self {
        Self::of(self.0.text.get().cloned(), self.0.value.get().cloned())
    }

    /// Whether both are the very same payload in memory.
    #[must_use]
    pub fn ptr_eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl From<Value> for Payload {
    fn from(value: Value) -> Self {
        Self::from_value(value)
    }
}

impl PartialEq for Payload {
    /// Payloads are equal if their texts are.
    fn eq(&self, other: &Self) -> bool {
        self.ptr_eq(other) || self.text() == other.text()
    }
}

impl fmt::Debug for Payload {
    /// The length only: payloads may hold secrets and must not reach a log by accident.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({} bytes)", self.encoded_len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn untouched_text_is_kept() {
        let payload = Payload::parse("[[1, 2,  3]]").unwrap();
        assert_eq!(&**payload.text(), "[[1, 2,  3]]");
        assert_eq!(payload.encoded_len(), 12);
        assert_eq!(&**Payload::from_value(payload.value().clone()).text(), "[[1,2,3]]");
    }

    #[test]
    fn bad_text_says_where() {
        let error = Payload::parse("{\"a\":}").unwrap_err();
        assert_eq!(error.to_string(), "Invalid JSON: expected value at line 1 column 6");
    }

    #[test]
    fn a_detached_payload_has_no_address() {
        let payload = Payload::from_value(Value::I64(1));
        payload.set_address(PayloadAddress { owner: 1, sequence: Arc::new(OnceLock::from(7)), slot: 0 });
        assert!(payload.address().is_some());
        assert!(payload.detached().address().is_none());
        assert_eq!(payload.detached(), payload);
    }
}
