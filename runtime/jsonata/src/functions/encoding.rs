//! Base64 and URL encoding.

use super::{Builtin, text_arg, wrong_argument};
use crate::fault::{Fault, Res};
use crate::machine::Machine;
use crate::val::Val;

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// Characters that `encodeURIComponent` leaves as they are, besides letters and digits.
const UNESCAPED: &[u8] = b"-_.!~*'()";
/// Characters that `encodeURI` leaves besides those, and `decodeURI` leaves encoded.
const RESERVED: &[u8] = b";/?:@&=+$,#";

impl<'a> Machine<'a> {
    pub(super) fn encoding_function(&mut self, function: Builtin, arguments: &[Val<'a>]) -> Res<Val<'a>> {
        let Some(text) = text_arg(function, arguments, 0)? else { return Ok(Val::Undefined) };
        self.charge_bytes(text.len())?;
        let done = match function {
            Builtin::Base64Encode => base64_encode(text),
            Builtin::Base64Decode => base64_decode(text),
            Builtin::EncodeUrlComponent => url_encode(text, &[]),
            Builtin::EncodeUrl => url_encode(text, RESERVED),
            Builtin::DecodeUrlComponent | Builtin::DecodeUrl => {
                let kept = if function == Builtin::DecodeUrl { RESERVED } else { &[] };
                url_decode(text, kept).ok_or_else(|| {
                    let mut fault = Fault::new("D3140").text_value(text);
                    fault.function = Some(function.name());
                    fault
                })?
            }
            _ => return Err(wrong_argument(function)),
        };
        self.text(&done)
    }
}

/// As Node's `Buffer.from(text, 'binary')` has it: the low byte of each UTF-16 unit.
fn base64_encode(text: &str) -> String {
    let bytes: Vec<u8> = text.encode_utf16().map(|unit| unit.to_le_bytes()[0]).collect();
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let at = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let word = at(0) << 16 | at(1) << 8 | at(2);
        for digit in 0..4 {
            if digit <= chunk.len() {
                let sextet = (word >> (18 - 6 * digit)) & 63;
                out.push(char::from(BASE64.get(sextet as usize).copied().unwrap_or(b'A')));
            } else {
                out.push('=');
            }
        }
    }
    out
}

/// As Node decodes: both alphabets, anything else skipped, up to the padding; each byte becomes a character.
fn base64_decode(text: &str) -> String {
    let (mut word, mut bits) = (0_u32, 0);
    let mut out = String::new();
    for byte in text.bytes().take_while(|byte| *byte != b'=') {
        let sextet = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => continue,
        };
        word = word << 6 | u32::from(sextet);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            let byte = u8::try_from((word >> bits) & 0xFF).unwrap_or(0);
            out.push(char::from(byte));
        }
    }
    out
}

fn url_encode(text: &str, kept: &[u8]) -> String {
    use std::fmt::Write;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || UNESCAPED.contains(&byte) || kept.contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing into a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

fn url_decode(text: &str, kept: &[u8]) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    let octet = |at: usize| -> Option<u8> {
        if bytes.get(at) != Some(&b'%') {
            return None;
        }
        let hex = text.get(at + 1..at + 3).filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))?;
        u8::from_str_radix(hex, 16).ok()
    };
    while at < bytes.len() {
        if bytes[at] != b'%' {
            let plain = text.get(at..)?;
            let length = plain.find('%').unwrap_or(plain.len());
            out.push_str(plain.get(..length)?);
            at += length;
            continue;
        }
        let first = octet(at)?;
        if first < 0x80 {
            if kept.contains(&first) {
                out.push_str(text.get(at..at + 3)?);
            } else {
                out.push(char::from(first));
            }
            at += 3;
            continue;
        }
        let length = match first {
            0xC2..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xF4 => 4,
            _ => return None,
        };
        let octets: Option<Vec<u8>> = (0..length).map(|by| octet(at + 3 * by)).collect();
        out.push_str(std::str::from_utf8(&octets?).ok()?);
        at += 3 * length;
    }
    Some(out)
}
