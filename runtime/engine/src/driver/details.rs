//! What an execution's row holds beyond what the store itself knows: a part that never changes, then the pins.

use super::Pin;
use bytes::{BufMut, Bytes, BytesMut};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use stepwell_interpreter::FrameId;
use stepwell_sandbox::Digest;
use stepwell_store::ReadError;

/// The interpreter's semantics under which executions start now; a change of behaviour that a running execution would
/// notice raises it.
const SEMANTICS_VERSION: u16 = 1;

/// The part that never changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fixed {
    pub(crate) semantics: u16,
    pub(crate) version_arn: Option<Arc<str>>,
    pub(crate) alias_arn: Option<Arc<str>>,
    pub(crate) trace_header: Option<Arc<str>>,
}

impl Fixed {
    pub(crate) fn new(trace_header: Option<Arc<str>>) -> Self {
        Self { semantics: SEMANTICS_VERSION, version_arn: None, alias_arn: None, trace_header }
    }
}

/// The fixed part with its bytes, which are made once.
#[derive(Clone, Debug)]
pub(crate) struct Details {
    pub(crate) fixed: Fixed,
    bytes: Bytes,
}

impl Details {
    pub(crate) fn new(fixed: Fixed) -> Self {
        let bytes = crate::row::encode(&fixed);
        Self { fixed, bytes }
    }

    /// The row's bytes: length and bytes of the fixed part, then each pin as frame, visit and digest.
    pub(crate) fn encode(&self, pins: &BTreeMap<FrameId, Pin>) -> Bytes {
        let mut bytes = BytesMut::with_capacity(4 + self.bytes.len() + 44 * pins.len());
        bytes.put_u32(u32::try_from(self.bytes.len()).unwrap_or(u32::MAX));
        bytes.put_slice(&self.bytes);
        for (frame, pin) in pins {
            bytes.put_u32(frame.0);
            bytes.put_u64(pin.visit);
            bytes.put_slice(pin.digest.as_bytes());
        }
        bytes.freeze()
    }

    pub(crate) fn decode(bytes: &Bytes) -> Result<(Self, BTreeMap<FrameId, Pin>), ReadError> {
        let damaged = || ReadError::Damaged("an execution's details".to_owned());
        let (length, rest) = bytes.split_first_chunk::<4>().ok_or_else(damaged)?;
        let (fixed, mut pins) =
            rest.split_at_checked(u32::from_be_bytes(*length) as usize).ok_or_else(damaged)?;
        let details = Self { fixed: crate::row::decode(fixed)?, bytes: bytes.slice_ref(fixed) };
        let mut by_frame = BTreeMap::new();
        while !pins.is_empty() {
            let (frame, rest) = pins.split_first_chunk::<4>().ok_or_else(damaged)?;
            let (visit, rest) = rest.split_first_chunk::<8>().ok_or_else(damaged)?;
            let (digest, rest) = rest.split_first_chunk::<32>().ok_or_else(damaged)?;
            let pin = Pin { visit: u64::from_be_bytes(*visit), digest: Digest::from_bytes(*digest) };
            by_frame.insert(FrameId(u32::from_be_bytes(*frame)), pin);
            pins = rest;
        }
        Ok((details, by_frame))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_survive_the_disk() {
        let details = Details::new(Fixed::new(Some("Root=1".into())));
        let pins = BTreeMap::from([(FrameId(0), Pin { visit: 2, digest: Digest::of(b"x") })]);
        let bytes = details.encode(&pins);
        let (read, read_pins) = Details::decode(&bytes).unwrap();
        assert_eq!((read.fixed, read_pins), (details.fixed, pins));
        for end in 0..bytes.len() {
            let cut = Details::decode(&bytes.slice(..end));
            assert!(cut.is_err() || end + 44 == bytes.len(), "cut at {end}");
        }
    }
}
