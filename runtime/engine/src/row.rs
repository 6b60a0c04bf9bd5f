//! Catalog rows on disk: format version, codec and key id, then JSON.

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use stepwell_store::ReadError;

const FORMAT_VERSION: u8 = 1;
/// Codec: JSON, not compressed.
const CODEC_JSON: u8 = 1;
/// Key id: not encrypted.
const KEY_NONE: u8 = 0;

/// A row's bytes.
pub(crate) fn encode<T: Serialize>(row: &T) -> Bytes {
    let mut bytes = vec![FORMAT_VERSION, CODEC_JSON, KEY_NONE];
    // Rows are plain structs with text keys: serde_json has nothing to refuse.
    let _ = serde_json::to_writer(&mut bytes, row);
    bytes.into()
}

/// A row from its bytes.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ReadError> {
    match bytes {
        [FORMAT_VERSION, CODEC_JSON, KEY_NONE, json @ ..] => serde_json::from_slice(json)
            .map_err(|error| ReadError::Damaged(format!("a catalog row: {error}"))),
        [version, codec, key, ..] => Err(ReadError::Unsupported(format!(
            "a catalog row of version {version}, codec {codec}, key {key}"
        ))),
        _ => Err(ReadError::Damaged("a catalog row of fewer than 3 bytes".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_round_trip_and_newer_ones_are_refused() {
        let bytes = encode(&vec!["a"]);
        assert_eq!(decode::<Vec<String>>(&bytes).unwrap(), ["a"]);
        assert!(matches!(decode::<Vec<String>>(&[2, 1, 0]), Err(ReadError::Unsupported(_))));
        assert!(matches!(decode::<Vec<String>>(&[1]), Err(ReadError::Damaged(_))));
        assert!(matches!(decode::<u8>(&bytes), Err(ReadError::Damaged(_))));
    }
}
