//! Strings: JSON quoting, JavaScript's order and indices.

use std::cmp::Ordering;

/// Appends a string as `JSON.stringify` quotes it.
pub(crate) fn quote_into(text: &str, out: &mut String) {
    use std::fmt::Write;
    out.push('"');
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0x08 => "\\b",
            0x0C => "\\f",
            0x00..=0x1F => "",
            _ => continue,
        };
        out.push_str(text.get(plain..at).unwrap_or_default());
        if escape.is_empty() {
            // Writing into a string cannot fail.
            let _ = write!(out, "\\u{byte:04x}");
        } else {
            out.push_str(escape);
        }
        plain = at + 1;
    }
    out.push_str(text.get(plain..).unwrap_or_default());
    out.push('"');
}

/// JavaScript's order of strings: by UTF-16 code units.
///
/// It differs from the order of UTF-8 bytes only where a character beyond U+FFFF meets one of U+E000 to U+FFFF.
pub(crate) fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let common = a.len().min(b.len());
    match a.iter().zip(b).position(|(x, y)| x != y) {
        None => a.len().cmp(&b.len()),
        Some(at) if at < common => {
            let (x, y) = (a[at], b[at]);
            match (x >= 0xF0, y >= 0xF0) {
                (true, false) if y >= 0xEE => Ordering::Less,
                (false, true) if x >= 0xEE => Ordering::Greater,
                _ => x.cmp(&y),
            }
        }
        Some(_) => Ordering::Equal,
    }
}

/// UTF-16 code units of a string.
pub(crate) fn utf16_len(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().map(char::len_utf16).sum() }
}

/// Whether JavaScript holds a key to be an array index, so that it comes first in an object, in numeric order.
pub(crate) fn index_key(key: &str) -> Option<u32> {
    let first = *key.as_bytes().first()?;
    if !first.is_ascii_digit() || key.len() > 10 || (first == b'0' && key.len() > 1) {
        return None;
    }
    key.parse::<u32>().ok().filter(|n| *n != u32::MAX)
}
