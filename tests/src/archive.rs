//! Zip archives, as aws-cli demands them for code.

/// An archive of one file, stored as it is.
#[must_use]
pub fn zip(name: &str, content: &[u8]) -> Vec<u8> {
    let name_length = (name.len() as u16).to_le_bytes();
    let length = (content.len() as u32).to_le_bytes();
    let checksum = crc32(content).to_le_bytes();
    // Version, flags, method, time and date; then what both headers share.
    let common =
        [&[20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0][..], &checksum, &length, &length, &name_length, &[0, 0]]
            .concat();
    let local = [b"PK\x03\x04", &common[..], name.as_bytes(), content].concat();
    let central = [b"PK\x01\x02\x14\0", &common[..], &[0; 14], name.as_bytes()].concat();
    let (size, offset) = ((central.len() as u32).to_le_bytes(), (local.len() as u32).to_le_bytes());
    let end = [b"PK\x05\x06\0\0\0\0\x01\0\x01\0", &size[..], &offset, &[0, 0]].concat();
    [local, central, end].concat()
}

/// The checksum of zip archives. Source: APPNOTE.TXT 4.4.7, polynomial 0xEDB88320.
fn crc32(bytes: &[u8]) -> u32 {
    let mut sum = u32::MAX;
    for byte in bytes {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = (sum >> 1) ^ (0xedb8_8320 & (sum & 1).wrapping_neg());
        }
    }
    !sum
}

#[cfg(test)]
mod tests {
    #[test]
    fn checksum() {
        assert_eq!(super::crc32(b"123456789"), 0xcbf4_3926);
    }
}
