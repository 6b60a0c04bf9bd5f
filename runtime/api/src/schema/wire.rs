//! Values whose JSON form is not that of their Rust type.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::borrow::Cow;
use stepwell_types::Timestamp;

/// An instant as the AWS JSON protocols carry it: seconds since the epoch, with milliseconds as decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EpochSeconds(pub(crate) Timestamp);

impl From<Timestamp> for EpochSeconds {
    fn from(instant: Timestamp) -> Self {
        Self(instant)
    }
}

impl Serialize for EpochSeconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0.as_epoch_seconds())
    }
}

impl<'de> Deserialize<'de> for EpochSeconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = f64::deserialize(deserializer)?;
        #[expect(clippy::cast_possible_truncation, reason = "a float saturates, and Timestamp clamps")]
        Ok(Self(Timestamp::from_millis((seconds * 1_000.0).round() as i64)))
    }
}

/// Bytes; in JSON, base64 text.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Blob(pub(crate) Bytes);

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <Cow<'de, str>>::deserialize(deserializer)?;
        STANDARD.decode(text.as_bytes()).map(|bytes| Self(bytes.into())).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epoch_seconds() {
        let text = |millis| serde_json::to_string(&EpochSeconds(Timestamp::from_millis(millis))).unwrap();
        assert_eq!(text(1_700_000_000_123), "1700000000.123");
        assert_eq!(text(1_700_000_000_000), "1700000000.0");
        let parse = |text: &str| serde_json::from_str::<EpochSeconds>(text).unwrap().0.as_millis();
        assert_eq!(parse("1700000000.123"), 1_700_000_000_123);
        assert_eq!(parse("1e308"), Timestamp::from_millis(i64::MAX).as_millis());
    }

    #[test]
    fn blobs() {
        assert_eq!(serde_json::to_string(&Blob(Bytes::from_static(b"\0asm"))).unwrap(), "\"AGFzbQ==\"");
        assert_eq!(&serde_json::from_str::<Blob>("\"AGFzbQ==\"").unwrap().0[..], b"\0asm");
        assert!(serde_json::from_str::<Blob>("\"AGFzbQ\"").is_err());
        assert!(serde_json::from_str::<Blob>("\"*\"").is_err());
    }
}
