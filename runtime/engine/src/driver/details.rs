//! What an execution's row holds beyond what the store itself knows: a part that never changes, then the pins.

use super::Pin;
use bytes::{BufMut, Bytes, BytesMut};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
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
    fn new(trace_header: Option<Arc<str>>) -> Self {
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
    /// Of an execution that starts now.
    pub(crate) fn of_start(trace_header: Option<Arc<str>>) -> Self {
        /// Those of nearly every execution.
        static PLAIN: LazyLock<Details> = LazyLock::new(|| Details::new(Fixed::new(None)));
        match trace_header {
            None => PLAIN.clone(),
            Some(header) => Self::new(Fixed::new(Some(header))),
        }
    }

    fn new(fixed: Fixed) -> Self {
        let bytes = crate::row::encode(&fixed);
        Self { fixed, bytes }
    }

    /// The row's bytes: length and bytes of the fixed part, then the pins by their digests. The branches of a Map pin
    /// the same code, so a digest is written once, and each frame under it in a few bytes.
    pub(crate) fn encode(&self, pins: &BTreeMap<FrameId, Pin>) -> Bytes {
        let mut digests: Vec<Digest> = Vec::new();
        for pin in pins.values() {
            if !digests.contains(&pin.digest) {
                digests.push(pin.digest);
            }
        }
        let mut bytes = BytesMut::with_capacity(4 + self.bytes.len() + 34 * digests.len() + 8 * pins.len());
        bytes.put_u32(u32::try_from(self.bytes.len()).unwrap_or(u32::MAX));
        bytes.put_slice(&self.bytes);
        for digest in digests {
            let pinned = || pins.iter().filter(|(_, pin)| pin.digest == digest);
            bytes.put_slice(digest.as_bytes());
            put_number(&mut bytes, pinned().count() as u64);
            for (frame, pin) in pinned() {
                put_number(&mut bytes, u64::from(frame.0));
                put_number(&mut bytes, pin.visit);
            }
        }
        bytes.freeze()
    }

    pub(crate) fn decode(bytes: &Bytes) -> Result<(Self, BTreeMap<FrameId, Pin>), ReadError> {
        let damaged = || ReadError::Damaged("an execution's details".to_owned());
        let (length, rest) = bytes.split_first_chunk::<4>().ok_or_else(damaged)?;
        let (fixed, mut rest) =
            rest.split_at_checked(u32::from_be_bytes(*length) as usize).ok_or_else(damaged)?;
        let details = Self { fixed: crate::row::decode(fixed)?, bytes: bytes.slice_ref(fixed) };
        let mut pins = BTreeMap::new();
        while !rest.is_empty() {
            let (digest, pinned) = rest.split_first_chunk::<32>().ok_or_else(damaged)?;
            rest = pinned;
            for _ in 0..take_number(&mut rest).ok_or_else(damaged)? {
                let frame = take_number(&mut rest).and_then(|frame| u32::try_from(frame).ok());
                let visit = take_number(&mut rest).ok_or_else(damaged)?;
                let pin = Pin { visit, digest: Digest::from_bytes(*digest) };
                pins.insert(FrameId(frame.ok_or_else(damaged)?), pin);
            }
        }
        Ok((details, pins))
    }
}

/// Seven bits to a byte, the lowest first; the highest bit says that more follow.
fn put_number(bytes: &mut BytesMut, mut number: u64) {
    while number >= 0x80 {
        bytes.put_u8((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.put_u8((number & 0x7f) as u8);
}

fn take_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_survive_the_disk() {
        let details = Details::new(Fixed::new(Some("Root=1".into())));
        let pin = |visit, code: &[u8]| Pin { visit, digest: Digest::of(code) };
        let pins = BTreeMap::from([
            (FrameId(0), pin(2, b"x")),
            (FrameId(300), pin(u64::MAX, b"y")),
            (FrameId(u32::MAX), pin(127, b"x")),
        ]);
        let bytes = details.encode(&pins);
        let (read, read_pins) = Details::decode(&bytes).unwrap();
        assert_eq!((read.fixed, &read_pins), (details.fixed, &pins));
        for end in 0..bytes.len() {
            // What ends behind the fixed part or behind a digest's pins is whole in itself.
            let cut = Details::decode(&bytes.slice(..end));
            assert!(cut.is_err() || cut.is_ok_and(|(_, found)| found.len() < pins.len()), "cut at {end}");
        }
    }

    #[test]
    fn branches_pin_the_same_code_in_a_few_bytes() {
        let details = Details::new(Fixed::new(None));
        let digest = Digest::of(b"x");
        let pins = |count| (0..count).map(|frame| (FrameId(frame), Pin { visit: 20_000, digest })).collect();
        let bytes = details.encode(&pins(40)).len() - details.encode(&pins(1)).len();
        assert!(bytes <= 39 * 5, "{bytes}");
    }
}
