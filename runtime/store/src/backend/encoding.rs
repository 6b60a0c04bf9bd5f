//! Values on disk: a header and a checksum, then numbers and texts in a compact form.
//!
//! Header: format version (1 byte), codec (1 byte, 0 = as it is), key id (2 bytes, 0 = plain), checksum of the rest
//! (4 bytes, little-endian). A value of an older version is upgraded when it is read.

use crate::port::ReadError;
use bytes::Bytes;

/// The version that is written.
pub const FORMAT_VERSION: u8 = 1;
/// Bytes before the content.
pub const HEADER_BYTES: usize = 8;
const CODEC_PLAIN: u8 = 0;
const KEY_PLAIN: [u8; 2] = [0, 0];

/// Writes one value.
#[derive(Debug)]
pub struct Encoder {
    buffer: Vec<u8>,
    /// Where in it the value begins.
    start: usize,
}

impl Encoder {
    /// An empty value, with room for this many bytes of content.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self::behind(Vec::with_capacity(HEADER_BYTES + bytes))
    }

    /// An empty value behind what a buffer holds.
    #[must_use]
    pub fn behind(mut buffer: Vec<u8>) -> Self {
        let start = buffer.len();
        let [key, id] = KEY_PLAIN;
        buffer.extend_from_slice(&[FORMAT_VERSION, CODEC_PLAIN, key, id, 0, 0, 0, 0]);
        Self { buffer, start }
    }

    /// One byte.
    pub fn byte(&mut self, byte: u8) -> &mut Self {
        self.buffer.push(byte);
        self
    }

    /// A number, in 1 to 10 bytes: seven bits each, lowest first.
    pub fn number(&mut self, mut number: u64) -> &mut Self {
        while number >= 0x80 {
            self.buffer.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        self.buffer.push(number as u8);
        self
    }

    /// A signed number; those near zero are short.
    pub fn signed(&mut self, number: i64) -> &mut Self {
        self.number((number.wrapping_shl(1) ^ (number >> 63)).cast_unsigned())
    }

    /// Bytes behind their length.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.number(bytes.len() as u64).raw(bytes)
    }

    /// Bytes whose length the reader knows.
    pub fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.buffer.extend_from_slice(bytes);
        self
    }

    /// The value with its checksum, behind what the buffer held before.
    #[must_use]
    pub fn seal(mut self) -> Vec<u8> {
        let value = self.buffer.get_mut(self.start..).unwrap_or_default();
        if let Some((header, content)) = value.split_at_mut_checked(HEADER_BYTES) {
            header[4..].copy_from_slice(&checksum(content).to_le_bytes());
        }
        self.buffer
    }
}

/// Reads one value; every step is checked, since a file may be damaged.
#[derive(Debug)]
pub struct Decoder {
    value: Bytes,
    at: usize,
}

fn damaged(what: &str) -> ReadError {
    ReadError::Damaged(what.to_owned())
}

impl Decoder {
    /// Checks header and checksum.
    ///
    /// # Errors
    /// [`ReadError::Unsupported`] for an unknown version, codec or key; [`ReadError::Damaged`] for a wrong checksum.
    pub fn open(value: Bytes) -> Result<Self, ReadError> {
        let (header, content) =
            value.split_at_checked(HEADER_BYTES).ok_or_else(|| damaged("a value without header"))?;
        if header[0] != FORMAT_VERSION {
            return Err(ReadError::Unsupported(format!("format version {}", header[0])));
        }
        if header[1] != CODEC_PLAIN {
            return Err(ReadError::Unsupported(format!("codec {}", header[1])));
        }
        if header[2..4] != KEY_PLAIN {
            return Err(ReadError::Unsupported(format!("encryption key {:02x}{:02x}", header[2], header[3])));
        }
        if header[4..] != checksum(content).to_le_bytes() {
            return Err(damaged("a value's checksum is wrong"));
        }
        Ok(Self { value, at: HEADER_BYTES })
    }

    /// One byte.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] at the end.
    pub fn byte(&mut self) -> Result<u8, ReadError> {
        let byte = *self.value.get(self.at).ok_or_else(|| damaged("a value ends too early"))?;
        self.at += 1;
        Ok(byte)
    }

    /// A number.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] if there is none.
    pub fn number(&mut self) -> Result<u64, ReadError> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(damaged("a number does not end"))
    }

    /// A signed number.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] if there is none.
    pub fn signed(&mut self) -> Result<i64, ReadError> {
        let number = self.number()?;
        Ok((number >> 1).cast_signed() ^ -((number & 1).cast_signed()))
    }

    /// A count of things that take at least a byte each, so that a damaged count allocates nothing.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] if the rest is shorter.
    pub fn count(&mut self) -> Result<usize, ReadError> {
        let count = usize::try_from(self.number()?).unwrap_or(usize::MAX);
        if count > self.value.len() - self.at { Err(damaged("a count is too large")) } else { Ok(count) }
    }

    /// Bytes behind their length, sharing the value's memory.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] if the rest is shorter.
    pub fn bytes(&mut self) -> Result<Bytes, ReadError> {
        let length = self.count()?;
        let bytes = self.value.slice(self.at..self.at + length);
        self.at += length;
        Ok(bytes)
    }

    /// A text behind its length.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] if it is not UTF-8 or the rest is shorter.
    pub fn text(&mut self) -> Result<String, ReadError> {
        String::from_utf8(self.bytes()?.to_vec()).map_err(|_| damaged("a text is not UTF-8"))
    }

    /// As many bytes as the array has.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] if the rest is shorter.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], ReadError> {
        let rest = self.value.get(self.at..).unwrap_or_default();
        let array = *rest.first_chunk::<N>().ok_or_else(|| damaged("a value ends too early"))?;
        self.at += N;
        Ok(array)
    }

    /// Whether nothing is left.
    #[must_use]
    pub fn is_at_end(&self) -> bool {
        self.at >= self.value.len()
    }

    /// All that is left.
    #[must_use]
    pub fn rest(self) -> Bytes {
        self.value.slice(self.at..)
    }
}

/// A value of plain bytes.
#[must_use]
pub fn seal(content: &[u8]) -> Vec<u8> {
    let mut encoder = Encoder::with_capacity(content.len());
    encoder.raw(content);
    encoder.seal()
}

/// The plain bytes of a value.
///
/// # Errors
/// Those of [`Decoder::open`].
pub fn unseal(value: Bytes) -> Result<Bytes, ReadError> {
    Ok(Decoder::open(value)?.rest())
}

/// Finds torn and rotten values, not forged ones: eight bytes at a time, multiply and fold, as fast as memory.
fn checksum(content: &[u8]) -> u32 {
    const FACTOR: u64 = 0xff51_afd7_ed55_8ccd;
    let mix = |hash: u64, word: u64| {
        let hash = (hash ^ word).wrapping_mul(FACTOR);
        hash ^ (hash >> 32)
    };
    let (words, rest) = content.as_chunks::<8>();
    let mut hash = mix(0x9e37_79b9_7f4a_7c15, content.len() as u64);
    for word in words {
        hash = mix(hash, u64::from_le_bytes(*word));
    }
    let mut last = [0; 8];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    hash = mix(hash, u64::from_le_bytes(last));
    // The upper half of a product depends on every bit.
    (hash.wrapping_mul(FACTOR) >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        for number in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX] {
            let mut encoder = Encoder::with_capacity(0);
            encoder.number(number).signed(number.cast_signed()).signed(-5).bytes(b"abc").raw(&[7; 4]);
            let mut decoder = Decoder::open(encoder.seal().into()).unwrap();
            assert_eq!(decoder.number().unwrap(), number);
            assert_eq!(decoder.signed().unwrap(), number.cast_signed());
            assert_eq!(decoder.signed().unwrap(), -5);
            assert_eq!(decoder.text().unwrap(), "abc");
            assert_eq!(decoder.array().unwrap(), [7u8; 4]);
            assert!(decoder.byte().is_err());
        }
    }

    #[test]
    fn every_damaged_byte_and_every_cut_is_seen() {
        let value = seal(b"some content of a value");
        for at in 0..value.len() {
            let mut damaged = value.clone();
            damaged[at] ^= 0x10;
            assert!(unseal(damaged.into()).is_err(), "byte {at}");
            assert!(unseal(value[..at].to_vec().into()).is_err(), "cut at {at}");
        }
        assert_eq!(&unseal(value.into()).unwrap()[..], b"some content of a value");
    }

    #[test]
    fn damaged_numbers_and_counts_end() {
        let mut encoder = Encoder::with_capacity(0);
        encoder.raw(&[0xff; 11]);
        assert!(Decoder::open(encoder.seal().into()).unwrap().number().is_err());
        let mut encoder = Encoder::with_capacity(0);
        encoder.number(1 << 40);
        assert!(Decoder::open(encoder.seal().into()).unwrap().bytes().is_err());
    }
}
