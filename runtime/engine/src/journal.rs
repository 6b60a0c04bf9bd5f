//! What a journal value holds beside the interpreter's record: what the attempt that it answers used.

use crate::execution::AttemptUsage;
use stepwell_history::encoding::Field;
use stepwell_history::{DecodeError, Reader, Writer};

/// Writes it behind a record.
pub(crate) fn encode(usage: Option<&AttemptUsage>, writer: &mut Writer) {
    usage.is_some().encode(writer);
    if let Some(usage) = usage {
        encode_usage(usage, writer);
    }
}

/// Reads it behind a record.
pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Option<AttemptUsage>, DecodeError> {
    if bool::decode(reader)? { decode_usage(reader).map(Some) } else { Ok(None) }
}

fn encode_usage(usage: &AttemptUsage, writer: &mut Writer) {
    let AttemptUsage { scheduled_event, function, digest, fuel, duration_ms, memory_peak_bytes, limit } =
        usage;
    scheduled_event.encode(writer);
    function.encode(writer);
    digest.encode(writer);
    fuel.encode(writer);
    duration_ms.encode(writer);
    memory_peak_bytes.encode(writer);
    limit.encode(writer);
}

fn decode_usage(reader: &mut Reader<'_>) -> Result<AttemptUsage, DecodeError> {
    Ok(AttemptUsage {
        scheduled_event: Field::decode(reader)?,
        function: Field::decode(reader)?,
        digest: Field::decode(reader)?,
        fuel: Field::decode(reader)?,
        duration_ms: Field::decode(reader)?,
        memory_peak_bytes: Field::decode(reader)?,
        limit: Field::decode(reader)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::OnceLock;
    use stepwell_history::SequenceCell;

    #[test]
    fn usage_survives_the_disk() {
        let usage = AttemptUsage {
            scheduled_event: 3,
            function: "f".into(),
            digest: "00".into(),
            fuel: 1 << 40,
            duration_ms: 2,
            memory_peak_bytes: 65_536,
            limit: Some("raise it".into()),
        };
        for usage in [None, Some(usage)] {
            let mut writer = Writer::new(1, SequenceCell::new(OnceLock::from(1)));
            encode(usage.as_ref(), &mut writer);
            let body = writer.finish();
            let mut reader = Reader::open(1, 1, &body.bytes, &[], &()).unwrap();
            assert_eq!(decode(&mut reader).unwrap(), usage);
            assert!(reader.is_empty());
        }
    }
}
