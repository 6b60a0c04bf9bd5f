//! A chunk of a folded history: transitions of one execution that follow each other, as one value.
//!
//! Its key has the first one's sequence, since every reference to a transition is a sequence: whoever looks for an
//! event finds the sequence in the index first, as for an execution that runs.

use super::encoding::{Decoder, Encoder, HEADER_BYTES};
use crate::execution::StoredEntry;
use crate::port::ReadError;
use crate::sequence::{ExecutionNumber, Sequence};
use bytes::Bytes;

/// Bytes of a chunk; one larger transition is a chunk alone. The house allows 1 MiB; a quarter of it delays a group
/// that carries it by little, and is soon read where one transition is asked for.
pub const CHUNK_BYTES_MAX: usize = 256 << 10;
/// Transitions of a chunk, so that what it replaces is removed along with it.
pub const CHUNK_TRANSITIONS_MAX: usize = 1_024;
/// About how many bytes of a chunk a transition takes beside its body.
pub const ENTRY_OVERHEAD_BYTES: usize = 16;

/// What is left of a chunk's transitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// All that was committed: enough to go on from.
    Whole,
    /// What the history needs.
    HistoryOnly,
}

/// Transitions of one execution, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// What is left of them.
    pub content: Content,
    /// At least one.
    pub entries: Vec<StoredEntry>,
}

const WHOLE: u8 = 0;
const HISTORY_ONLY: u8 = 1;

impl Chunk {
    /// As a value.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let bytes: usize = self.entries.iter().map(|entry| entry.body.len() + ENTRY_OVERHEAD_BYTES).sum();
        let mut encoder = Encoder::with_capacity(bytes + 32);
        encoder.byte(match self.content {
            Content::Whole => WHOLE,
            Content::HistoryOnly => HISTORY_ONLY,
        });
        let first = self.entries.first();
        encoder.number(first.and_then(|first| first.previous).unwrap_or(0));
        encoder.number(first.map_or(0, |first| first.ordinal)).number(self.entries.len() as u64);
        let mut before = (first.map_or(0, |first| first.sequence), 0);
        for StoredEntry { sequence, first_event, event_count, refs, body, .. } in &self.entries {
            encoder.number(sequence.wrapping_sub(before.0)).number(first_event.wrapping_sub(before.1));
            encoder.number(u64::from(*event_count)).number(refs.len() as u64);
            for reference in refs {
                encoder.number(sequence.wrapping_sub(*reference));
            }
            encoder.bytes(body);
            before = (*sequence, *first_event);
        }
        encoder.seal()
    }

    /// Reads the chunk of this execution whose first transition has this sequence.
    ///
    /// # Errors
    /// [`ReadError`] for bytes that are no such chunk of this release.
    pub fn decode(
        execution: ExecutionNumber,
        first_sequence: Sequence,
        value: Bytes,
    ) -> Result<Self, ReadError> {
        let bad =
            |what: &str| ReadError::Damaged(format!("a chunk of execution {execution} has a bad {what}"));
        let mut decoder = Decoder::open(value)?;
        let content = match decoder.byte()? {
            WHOLE => Content::Whole,
            HISTORY_ONLY => Content::HistoryOnly,
            _ => return Err(bad("kind")),
        };
        let mut previous = Some(decoder.number()?).filter(|previous| *previous != 0);
        let mut ordinal = decoder.number()?;
        let count = decoder.count()?;
        let mut before = (first_sequence, 0u64);
        let mut entries = Vec::with_capacity(count);
        for _ in 0..count {
            let sequence = before.0.wrapping_add(decoder.number()?);
            let first_event = before.1.wrapping_add(decoder.number()?);
            let event_count = u32::try_from(decoder.number()?).map_err(|_| bad("event count"))?;
            let mut refs = Vec::with_capacity(decoder.count()?);
            for _ in 0..refs.capacity() {
                refs.push(sequence.wrapping_sub(decoder.number()?));
            }
            let body = decoder.bytes()?;
            entries.push(StoredEntry {
                sequence,
                execution,
                previous,
                ordinal,
                first_event,
                event_count,
                refs,
                body,
            });
            (previous, ordinal, before) = (Some(sequence), ordinal.wrapping_add(1), (sequence, first_event));
        }
        if entries.is_empty() || !decoder.is_at_end() {
            return Err(bad("length"));
        }
        Ok(Self { content, entries })
    }

    /// What is left of the transitions of the chunk with this value, without reading them.
    #[must_use]
    pub fn is_whole(value: &[u8]) -> bool {
        value.get(HEADER_BYTES) == Some(&WHOLE)
    }

    /// The transition with this sequence.
    #[must_use]
    pub fn find(&self, sequence: Sequence) -> Option<&StoredEntry> {
        let at = self.entries.binary_search_by_key(&sequence, |entry| entry.sequence).ok()?;
        self.entries.get(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk() -> Chunk {
        let entry = |sequence,
                     previous,
                     ordinal,
                     first_event,
                     event_count,
                     refs: &[u64],
                     body: &'static str| {
            let (refs, body) = (refs.to_vec(), Bytes::from_static(body.as_bytes()));
            StoredEntry { sequence, execution: 300, previous, ordinal, first_event, event_count, refs, body }
        };
        Chunk {
            content: Content::Whole,
            entries: vec![
                entry(1_000, Some(900), 5, 11, 2, &[900, 20], "first"),
                entry(1_003, Some(1_000), 6, 13, 0, &[], ""),
                entry(2_000, Some(1_003), 7, 13, 1, &[1_000], "last"),
            ],
        }
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    // What this release writes; a later one must still read it. A change here is a new format version.
    const CHUNK: &str =
        "01000000be739bfd0084070503000b020264d4070566697273740302000000e507000101e807046c617374";

    #[test]
    fn chunks_on_disk_stay_readable() {
        let value = chunk().encode();
        assert_eq!(hex(&value), CHUNK);
        assert!(Chunk::is_whole(&value));
        let read = Chunk::decode(300, 1_000, value.into()).unwrap();
        assert_eq!(read, chunk());
        assert_eq!(read.find(1_003).map(|entry| entry.ordinal), Some(6));
        assert!(read.find(1_001).is_none());
    }

    #[test]
    fn every_cut_is_seen() {
        let value = chunk().encode();
        for at in 0..value.len() {
            assert!(Chunk::decode(300, 1_000, Bytes::copy_from_slice(&value[..at])).is_err(), "cut at {at}");
        }
        let nothing = Chunk { content: Content::HistoryOnly, entries: Vec::new() }.encode();
        assert!(!Chunk::is_whole(&nothing));
        assert!(Chunk::decode(300, 1_000, nothing.into()).is_err());
    }
}
