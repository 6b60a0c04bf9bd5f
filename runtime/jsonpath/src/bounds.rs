//! What one evaluation may build.

use crate::limit::BUILT_BYTES_MAX;
use stepwell_types::Value;
use stepwell_types::quota::PAYLOAD_DEPTH_MAX;

/// What was built would be too deep or too large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooLarge;

/// Bytes that are left, roughly as JSON (escapes are not counted).
///
/// Values are shared, so a few bytes of expression can name terabytes of JSON (`$..*..*`); counting what each
/// result would print keeps the work in proportion to what can ever be a payload.
#[derive(Debug)]
pub(crate) struct Budget {
    bytes_left: usize,
}

impl Budget {
    pub(crate) fn new() -> Self {
        Self { bytes_left: BUILT_BYTES_MAX }
    }

    /// Takes the bytes of `text`.
    pub(crate) fn charge_bytes(&mut self, bytes: usize) -> Result<(), TooLarge> {
        self.bytes_left = self.bytes_left.checked_sub(bytes).ok_or(TooLarge)?;
        Ok(())
    }

    /// Takes the bytes of `value`, which will stand inside `depth` arrays and objects.
    pub(crate) fn charge(&mut self, value: &Value, depth: usize) -> Result<(), TooLarge> {
        match value {
            Value::Null | Value::Bool(_) | Value::I64(_) | Value::U64(_) | Value::F64(_) => {
                self.charge_bytes(4)
            }
            Value::Str(text) => self.charge_bytes(text.len() + 2),
            Value::Array(items) => {
                self.enter(depth)?;
                items.iter().try_for_each(|item| self.charge(item, depth + 1))
            }
            Value::Object(fields) => {
                self.enter(depth)?;
                fields.iter().try_for_each(|(key, value)| {
                    self.charge_bytes(key.len() + 3)?;
                    self.charge(value, depth + 1)
                })
            }
        }
    }

    fn enter(&mut self, depth: usize) -> Result<(), TooLarge> {
        if depth >= PAYLOAD_DEPTH_MAX { Err(TooLarge) } else { self.charge_bytes(2) }
    }
}
