//! What a journal value holds beside the interpreter's record: what the attempt that it answers used.

use crate::execution::AttemptUsage;
use stepwell_history::encoding::Field;
use stepwell_history::{DecodeError, Reader, Writer};

/// No usage follows.
const NONE: u8 = 0;
/// Usage with its duration in milliseconds; only read.
const IN_MILLISECONDS: u8 = 1;
/// Usage with its duration in microseconds.
const IN_MICROSECONDS: u8 = 2;

/// Writes it behind a record.
pub(crate) fn encode(usage: Option<&AttemptUsage>, writer: &mut Writer) {
    let Some(usage) = usage else { return writer.byte(NONE) };
    writer.byte(IN_MICROSECONDS);
    encode_usage(usage, writer);
}

/// Reads it behind a record.
pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Option<AttemptUsage>, DecodeError> {
    let units_us = match reader.byte()? {
        NONE => return Ok(None),
        IN_MILLISECONDS => 1_000,
        IN_MICROSECONDS => 1,
        tag => return Err(DecodeError::UnknownTag { what: "usage", tag }),
    };
    let usage = decode_usage(reader)?;
    Ok(Some(AttemptUsage { duration_us: usage.duration_us.saturating_mul(units_us), ..usage }))
}

fn encode_usage(usage: &AttemptUsage, writer: &mut Writer) {
    let AttemptUsage { scheduled_event, function, digest, fuel, duration_us, memory_peak_bytes, limit } =
        usage;
    scheduled_event.encode(writer);
    function.encode(writer);
    digest.encode(writer);
    fuel.encode(writer);
    duration_us.encode(writer);
    memory_peak_bytes.encode(writer);
    limit.encode(writer);
}

fn decode_usage(reader: &mut Reader<'_>) -> Result<AttemptUsage, DecodeError> {
    Ok(AttemptUsage {
        scheduled_event: Field::decode(reader)?,
        function: Field::decode(reader)?,
        digest: Field::decode(reader)?,
        fuel: Field::decode(reader)?,
        duration_us: Field::decode(reader)?,
        memory_peak_bytes: Field::decode(reader)?,
        limit: Field::decode(reader)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::OnceLock;
    use stepwell_history::SequenceCell;

    fn usage() -> AttemptUsage {
        AttemptUsage {
            scheduled_event: 3,
            function: "f".into(),
            digest: "00".into(),
            fuel: 1 << 40,
            duration_us: 2,
            memory_peak_bytes: 65_536,
            limit: Some("raise it".into()),
        }
    }

    #[track_caller]
    fn check(write: impl FnOnce(&mut Writer), want: Option<AttemptUsage>) {
        let mut writer = Writer::new(1, SequenceCell::new(OnceLock::from(1)));
        write(&mut writer);
        let body = writer.finish();
        let mut reader = Reader::open(1, 1, &body.bytes, &[], &()).unwrap();
        assert_eq!(decode(&mut reader).unwrap(), want);
        assert!(reader.is_empty());
    }

    #[test]
    fn usage_survives_the_disk() {
        check(|writer| encode(None, writer), None);
        check(|writer| encode(Some(&usage()), writer), Some(usage()));
    }

    #[test]
    fn usage_in_milliseconds_is_read() {
        let written = |writer: &mut Writer| {
            true.encode(writer);
            encode_usage(&usage(), writer);
        };
        check(written, Some(AttemptUsage { duration_us: 2_000, ..usage() }));
    }
}
