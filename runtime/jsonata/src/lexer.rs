//! Text to tokens.
//!
//! Works on bytes: everything that ends a token is ASCII. Positions are UTF-16 code units, as JavaScript counts.

use crate::fault::{Fault, Res};
use std::sync::Arc;
use stepwell_types::Value;

/// An operator of one character, by the character.
const fn single(byte: u8) -> Option<&'static str> {
    Some(match byte {
        b'.' => ".",
        b'[' => "[",
        b']' => "]",
        b'{' => "{",
        b'}' => "}",
        b'(' => "(",
        b')' => ")",
        b',' => ",",
        b'@' => "@",
        b'#' => "#",
        b';' => ";",
        b':' => ":",
        b'?' => "?",
        b'+' => "+",
        b'-' => "-",
        b'*' => "*",
        b'/' => "/",
        b'%' => "%",
        b'|' => "|",
        b'=' => "=",
        b'<' => "<",
        b'>' => ">",
        b'^' => "^",
        b'&' => "&",
        b'!' => "!",
        b'~' => "~",
        _ => return None,
    })
}

#[derive(Debug, Clone)]
pub(crate) enum Token<'t> {
    Operator(&'static str),
    Name(&'t str),
    Variable(&'t str),
    Text(Arc<str>),
    Number(f64),
    /// `true`, `false` or `null`.
    Constant(Value),
    Regex {
        pattern: Arc<str>,
        ignore_case: bool,
        multiline: bool,
    },
    End,
}

impl Token<'_> {
    /// The token as errors show it.
    pub(crate) fn to_value(&self) -> Value {
        match self {
            Self::Operator(op) => Value::str(op),
            Self::Name(name) | Self::Variable(name) => Value::str(name),
            Self::Text(text) => Value::Str(Arc::clone(text)),
            Self::Number(n) => crate::number::to_value(*n).unwrap_or_default(),
            Self::Constant(value) => value.clone(),
            Self::Regex { .. } => Value::object(stepwell_types::Map::new()),
            Self::End => Value::str("(end)"),
        }
    }
}

/// Whether a `/` begins a regular expression or divides.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slash {
    BeginsRegex,
    Divides,
}

pub(crate) struct Lexer<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    /// For text that is not ASCII: UTF-16 units before each byte.
    units: Option<Vec<u32>>,
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0B)
}

/// Bytes that end a name: blanks and operators.
const ENDS_NAME: [bool; 256] = {
    let mut ends = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        ends[byte as usize] = is_blank(byte) || single(byte).is_some();
        byte += 1;
    }
    ends
};

fn ends_name(byte: u8) -> bool {
    ENDS_NAME[byte as usize]
}

impl<'t> Lexer<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        let units = (!text.is_ascii()).then(|| {
            let mut units = Vec::with_capacity(text.len() + 1);
            let mut count = 0_u32;
            for c in text.chars() {
                units.extend(std::iter::repeat_n(count, c.len_utf8()));
                count += if c.len_utf16() == 2 { 2 } else { 1 };
            }
            units.push(count);
            units
        });
        Self { text, bytes: text.as_bytes(), at: 0, units }
    }

    /// UTF-16 units before this byte.
    fn units_before(&self, at: usize) -> u32 {
        match &self.units {
            None => u32::try_from(at).unwrap_or(u32::MAX),
            Some(units) => units.get(at).or(units.last()).copied().unwrap_or(0),
        }
    }

    /// Where the lexer stands.
    pub(crate) fn position(&self) -> u32 {
        self.units_before(self.at)
    }

    /// UTF-16 units of the whole text.
    pub(crate) fn end_position(&self) -> u32 {
        self.units_before(self.bytes.len())
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn slice(&self, from: usize, to: usize) -> &'t str {
        self.text.get(from..to).unwrap_or_default()
    }

    fn fault(&self, code: &'static str, at: usize) -> Box<Fault> {
        Fault::new(code).at(self.units_before(at))
    }

    /// The next token and the position behind it.
    pub(crate) fn next(&mut self, slash: Slash) -> Res<(Token<'t>, u32)> {
        let token = self.token(slash)?;
        Ok((token, self.position()))
    }

    fn token(&mut self, slash: Slash) -> Res<Token<'t>> {
        self.skip_blanks_and_comments()?;
        if self.at >= self.bytes.len() {
            return Ok(Token::End);
        }
        let byte = self.peek(0);
        if byte == b'/' && slash == Slash::BeginsRegex {
            self.at += 1;
            return self.regex();
        }
        let two = match (byte, self.peek(1)) {
            (b'.', b'.') => "..",
            (b':', b'=') => ":=",
            (b'!', b'=') => "!=",
            (b'>', b'=') => ">=",
            (b'<', b'=') => "<=",
            (b'*', b'*') => "**",
            (b'~', b'>') => "~>",
            _ => "",
        };
        if !two.is_empty() {
            self.at += 2;
            return Ok(Token::Operator(two));
        }
        match byte {
            b'"' | b'\'' => {
                self.at += 1;
                self.string(byte)
            }
            b'0'..=b'9' => self.number(),
            b'`' => {
                self.at += 1;
                match self.slice(self.at, self.bytes.len()).find('`') {
                    Some(length) => {
                        let name = self.slice(self.at, self.at + length);
                        self.at += length + 1;
                        Ok(Token::Name(name))
                    }
                    None => Err(self.fault("S0105", self.bytes.len())),
                }
            }
            _ if ends_name(byte) => {
                self.at += 1;
                Ok(single(byte).map_or(Token::Name(""), Token::Operator))
            }
            _ => Ok(self.name()),
        }
    }

    fn skip_blanks_and_comments(&mut self) -> Res<()> {
        loop {
            while self.at < self.bytes.len() && is_blank(self.peek(0)) {
                self.at += 1;
            }
            if !(self.peek(0) == b'/' && self.peek(1) == b'*') {
                return Ok(());
            }
            let start = self.at;
            match self.bytes.get(start + 2..).and_then(|rest| rest.windows(2).position(|pair| pair == b"*/"))
            {
                Some(length) => self.at = start + 2 + length + 2,
                None => return Err(self.fault("S0106", start)),
            }
        }
    }

    fn name(&mut self) -> Token<'t> {
        let start = self.at;
        while self.at < self.bytes.len() && !ends_name(self.peek(0)) {
            self.at += 1;
        }
        let name = self.slice(start, self.at);
        if let Some(variable) = name.strip_prefix('$') {
            return Token::Variable(variable);
        }
        match name {
            "or" => Token::Operator("or"),
            "in" => Token::Operator("in"),
            "and" => Token::Operator("and"),
            "true" => Token::Constant(Value::Bool(true)),
            "false" => Token::Constant(Value::Bool(false)),
            "null" => Token::Constant(Value::Null),
            _ => Token::Name(name),
        }
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.peek(0).is_ascii_digit() {
            self.at += 1;
        }
        self.at - start
    }

    fn number(&mut self) -> Res<Token<'t>> {
        let start = self.at;
        if self.peek(0) == b'0' {
            self.at += 1;
        } else {
            self.digits();
        }
        if self.peek(0) == b'.' && self.peek(1).is_ascii_digit() {
            self.at += 1;
            self.digits();
        }
        if matches!(self.peek(0), b'e' | b'E') {
            let sign = usize::from(matches!(self.peek(1), b'+' | b'-'));
            if self.peek(1 + sign).is_ascii_digit() {
                self.at += 1 + sign;
                self.digits();
            }
        }
        let literal = self.slice(start, self.at);
        match literal.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Token::Number(number)),
            _ => Err(self.fault("S0102", start).token(literal)),
        }
    }

    fn string(&mut self, quote: u8) -> Res<Token<'t>> {
        let mut out = String::new();
        // A high surrogate that waits for its low half.
        let mut high: Option<u16> = None;
        loop {
            let start = self.at;
            while self.at < self.bytes.len() && !matches!(self.peek(0), b'\\') && self.peek(0) != quote {
                self.at += 1;
            }
            if self.at > start {
                flush_surrogate(&mut high, &mut out);
                out.push_str(self.slice(start, self.at));
            }
            if self.at >= self.bytes.len() {
                return Err(self.fault("S0101", self.bytes.len()));
            }
            if self.peek(0) == quote {
                self.at += 1;
                flush_surrogate(&mut high, &mut out);
                return Ok(Token::Text(Arc::from(out)));
            }
            self.at += 1;
            let escape = self.peek(0);
            if escape == b'u' {
                let octets = self.bytes.get(self.at + 1..self.at + 5).unwrap_or_default();
                let unit = std::str::from_utf8(octets)
                    .ok()
                    .filter(|_| octets.len() == 4 && octets.iter().all(u8::is_ascii_hexdigit))
                    .and_then(|hex| u16::from_str_radix(hex, 16).ok());
                let Some(unit) = unit else { return Err(self.fault("S0104", self.at)) };
                push_unit(unit, &mut high, &mut out);
                self.at += 5;
                continue;
            }
            flush_surrogate(&mut high, &mut out);
            let plain = match escape {
                b'"' | b'\\' | b'/' => char::from(escape),
                b'b' => '\u{8}',
                b'f' => '\u{c}',
                b'n' => '\n',
                b'r' => '\r',
                b't' => '\t',
                _ => {
                    let token = self.slice(self.at, self.bytes.len()).chars().next();
                    let token = token.map(String::from).unwrap_or_default();
                    return Err(self.fault("S0103", self.at).token(&token));
                }
            };
            out.push(plain);
            self.at += 1;
        }
    }

    fn regex(&mut self) -> Res<Token<'t>> {
        let start = self.at;
        let mut depth = 0_i64;
        while self.at < self.bytes.len() {
            let byte = self.peek(0);
            let escaped = self.at > 0 && self.bytes.get(self.at - 1) == Some(&b'\\');
            if byte == b'/' && depth == 0 {
                let before = self.bytes.get(..self.at).unwrap_or_default();
                let backslashes = before.iter().rev().take_while(|b| **b == b'\\').count();
                if backslashes % 2 == 0 {
                    return self.close_regex(start);
                }
            }
            if matches!(byte, b'(' | b'[' | b'{') && !escaped {
                depth += 1;
            }
            if matches!(byte, b')' | b']' | b'}') && !escaped {
                depth -= 1;
            }
            self.at += 1;
        }
        Err(self.fault("S0302", self.bytes.len()))
    }

    fn close_regex(&mut self, start: usize) -> Res<Token<'t>> {
        let pattern = self.slice(start, self.at);
        if pattern.is_empty() {
            return Err(self.fault("S0301", self.at));
        }
        self.at += 1;
        let (mut ignore_case, mut multiline) = (false, false);
        loop {
            match self.peek(0) {
                b'i' if !ignore_case => ignore_case = true,
                b'm' if !multiline => multiline = true,
                b'i' | b'm' => {
                    let message = "Invalid flags supplied to RegExp constructor";
                    return Err(Fault::with_message("U1002", message).at(self.position()));
                }
                _ => break,
            }
            self.at += 1;
        }
        Ok(Token::Regex { pattern: Arc::from(pattern), ignore_case, multiline })
    }
}

/// Adds one UTF-16 unit; halves of a pair are joined, a half alone becomes U+FFFD.
fn push_unit(unit: u16, high: &mut Option<u16>, out: &mut String) {
    if let (Some(first), 0xDC00..=0xDFFF) = (*high, unit) {
        *high = None;
        out.extend(char::decode_utf16([first, unit]).map(|c| c.unwrap_or('\u{FFFD}')));
        return;
    }
    flush_surrogate(high, out);
    if (0xD800..=0xDBFF).contains(&unit) {
        *high = Some(unit);
    } else {
        out.push(char::from_u32(u32::from(unit)).unwrap_or('\u{FFFD}'));
    }
}

fn flush_surrogate(high: &mut Option<u16>, out: &mut String) {
    if high.take().is_some() {
        out.push('\u{FFFD}');
    }
}
