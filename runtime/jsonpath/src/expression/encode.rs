//! Base64, digests, UUIDs.

use super::Refusal;
use super::format::print;
use crate::limit::ENCODED_CHARS_MAX;
use base64::Engine;
use base64::engine::general_purpose::{GeneralPurpose, STANDARD};
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};
use sha2::Digest;
use stepwell_types::Value;

/// Reads what AWS's decoder reads: no padding needed, bits that are left over ignored.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

fn bounded(text: &str) -> Result<&str, Refusal> {
    if text.chars().count() > ENCODED_CHARS_MAX { Err(Refusal::Arguments) } else { Ok(text) }
}

pub(super) fn base64_encode(data: &Value) -> Result<Value, Refusal> {
    let text = bounded(data.as_str().ok_or(Refusal::Arguments)?)?;
    Ok(Value::from(STANDARD.encode(text)))
}

/// Characters outside the alphabet are passed over, the first `=` ends the data, bytes that are no UTF-8 become
/// U+FFFD: so does AWS.
pub(super) fn base64_decode(data: &Value) -> Result<Value, Refusal> {
    let text = bounded(data.as_str().ok_or(Refusal::Arguments)?)?;
    let mut digits: String = text
        .chars()
        .take_while(|c| *c != '=')
        .filter_map(|c| match c {
            '-' => Some('+'),
            '_' => Some('/'),
            c => (c.is_ascii_alphanumeric() || matches!(c, '+' | '/')).then_some(c),
        })
        .collect();
    if digits.len() % 4 == 1 {
        // Six bits make no byte.
        digits.pop();
    }
    let bytes = LENIENT.decode(digits).map_err(|_| Refusal::Arguments)?;
    Ok(Value::from(String::from_utf8_lossy(&bytes).into_owned()))
}

/// Data that is no text is hashed as it prints.
pub(super) fn hash(data: &Value, algorithm: &Value) -> Result<Value, Refusal> {
    let mut text = String::new();
    print(data, &mut text);
    let text = bounded(&text)?;
    let digest = match algorithm.as_str() {
        Some("MD5") => hex::encode(md5::Md5::digest(text)),
        Some("SHA-1") => hex::encode(sha1::Sha1::digest(text)),
        Some("SHA-256") => hex::encode(sha2::Sha256::digest(text)),
        Some("SHA-384") => hex::encode(sha2::Sha384::digest(text)),
        Some("SHA-512") => hex::encode(sha2::Sha512::digest(text)),
        _ => return Err(Refusal::Arguments),
    };
    Ok(Value::from(digest))
}

/// Version 4, variant 1 (RFC 9562), from 128 random bits.
pub(super) fn uuid(high: u64, low: u64) -> Value {
    let high = (high & 0xffff_ffff_ffff_0fff) | 0x4000;
    let low = (low & 0x3fff_ffff_ffff_ffff) | 0x8000_0000_0000_0000;
    Value::from(format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    ))
}
