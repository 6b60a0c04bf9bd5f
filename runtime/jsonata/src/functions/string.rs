//! `$string` and the functions that cut, pad and join strings.

use super::{Builtin, arg, items_arg, number_arg, text_arg, wrong_argument};
use crate::budget::Limit;
use crate::fault::{Fault, Res};
use crate::machine::Machine;
use crate::val::Val;

impl<'a> Machine<'a> {
    pub(super) fn string_function(&mut self, function: Builtin, arguments: &[Val<'a>]) -> Res<Val<'a>> {
        if function == Builtin::String {
            let pretty = matches!(arg(arguments, 1), Val::Bool(true));
            let value = arg(arguments, 0);
            return if pretty { self.string_pretty(value) } else { self.string_of(value) };
        }
        if function == Builtin::Join {
            return self.join(arguments);
        }
        let Some(text) = text_arg(function, arguments, 0)? else { return Ok(Val::Undefined) };
        self.charge(text.len() as u64 >> 4)?;
        match function {
            Builtin::Substring => {
                let start = number_arg(function, arguments, 1)?.unwrap_or(0.0);
                Ok(Val::plain(substring(text, start, number_arg(function, arguments, 2)?)))
            }
            Builtin::SubstringBefore | Builtin::SubstringAfter => {
                let mark = text_arg(function, arguments, 1)?.unwrap_or("undefined");
                Ok(match text.split_once(mark) {
                    None => arg(arguments, 0),
                    Some((before, _)) if function == Builtin::SubstringBefore => Val::plain(before),
                    Some((_, after)) => Val::plain(after),
                })
            }
            Builtin::Lowercase => {
                let lower = text.to_lowercase();
                self.text(&lower)
            }
            Builtin::Uppercase => {
                let upper = text.to_uppercase();
                self.text(&upper)
            }
            Builtin::Length => Ok(Val::Num(code_points(text))),
            Builtin::Trim => self.trim(text),
            Builtin::Pad => {
                let width = number_arg(function, arguments, 1)?.unwrap_or(f64::NAN);
                let fill = text_arg(function, arguments, 2)?.filter(|fill| !fill.is_empty()).unwrap_or(" ");
                self.pad(arg(arguments, 0), text, width, fill)
            }
            _ => Err(wrong_argument(function)),
        }
    }

    fn trim(&mut self, text: &'a str) -> Res<Val<'a>> {
        let blank = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r');
        let trimmed = text.trim_matches(blank);
        let bytes = trimmed.as_bytes();
        let plain = bytes.windows(2).all(|pair| !(blank(char::from(pair[0])) && blank(char::from(pair[1]))))
            && !bytes.iter().any(|b| matches!(b, b'\t' | b'\n' | b'\r'));
        if plain {
            return Ok(Val::plain(trimmed));
        }
        let mut out = String::with_capacity(trimmed.len());
        for word in trimmed.split(blank).filter(|word| !word.is_empty()) {
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(word);
        }
        self.text(&out)
    }

    fn pad(&mut self, value: Val<'a>, text: &str, width: f64, fill: &str) -> Res<Val<'a>> {
        let missing = width.abs() - code_points(text);
        if missing.is_nan() || missing <= 0.0 {
            return Ok(value);
        }
        // Every character pads at least one byte.
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        if missing > self.bytes_left() as f64 || missing >= 4_294_967_295.0 {
            return Err(Fault::limit(Limit::Bytes));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked just before")]
        let missing = missing as usize;
        let count = fill.chars().count().max(1);
        self.charge_bytes((missing / count).saturating_mul(fill.len()).saturating_add(missing))?;
        let mut padding = fill.repeat(missing / count);
        padding.extend(fill.chars().take(missing % count));
        let padded = if width > 0.0 { format!("{text}{padding}") } else { format!("{padding}{text}") };
        self.text(&padded)
    }

    fn join(&mut self, arguments: &[Val<'a>]) -> Res<Val<'a>> {
        let Some(items) = items_arg(Builtin::Join, arguments, 0)? else { return Ok(Val::Undefined) };
        let separator = text_arg(Builtin::Join, arguments, 1)?.unwrap_or("");
        self.charge_items(items.len())?;
        let mut total = separator.len().saturating_mul(items.len().saturating_sub(1));
        for item in items.iter() {
            total = total.saturating_add(item.as_str().map_or(0, str::len));
        }
        self.charge_bytes(total)?;
        let mut out = bumpalo::collections::String::with_capacity_in(total, self.bump);
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                out.push_str(separator);
            }
            match item {
                Val::Str(text) => out.push_str(text.as_str()),
                Val::Undefined | Val::Null => {}
                _ => return Err(wrong_argument(Builtin::Join)),
            }
        }
        Ok(Val::plain(out.into_bump_str()))
    }
}

#[expect(clippy::cast_precision_loss, reason = "lengths are far below 2^53")]
fn code_points(text: &str) -> f64 {
    if text.is_ascii() { text.len() as f64 } else { text.chars().count() as f64 }
}

/// The reference's `$substring`, by code points; a start before the beginning counts as the beginning.
fn substring(text: &str, start: f64, length: Option<f64>) -> &str {
    let count = code_points(text);
    let start = if count + start < 0.0 { 0.0 } else { start };
    let end = match length {
        Some(length) if length <= 0.0 => return "",
        Some(length) if start >= 0.0 => start + length,
        Some(length) => count + start + length,
        None => count,
    };
    let place = |at: f64| {
        let at = at.trunc();
        let at = if at < 0.0 { (count + at).max(0.0) } else { at.min(count) };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and a length")]
        let at = at as usize;
        at
    };
    let (from, to) = (place(start), place(end));
    if from >= to {
        return "";
    }
    if text.is_ascii() {
        return text.get(from..to).unwrap_or_default();
    }
    let byte = |at: usize| text.char_indices().nth(at).map_or(text.len(), |(byte, _)| byte);
    text.get(byte(from)..byte(to)).unwrap_or_default()
}
