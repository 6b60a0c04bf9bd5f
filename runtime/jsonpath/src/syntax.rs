//! A cursor over the text of an expression; every parser of this crate reads through it.

use crate::error::SyntaxError;
use crate::limit::{EXPRESSION_CHARS_MAX, REGEXES_MAX};

/// Where a parser stands in a text.
#[derive(Debug, Clone)]
pub(crate) struct Cursor<'a> {
    text: &'a str,
    at: usize,
    regexes: usize,
}

impl<'a> Cursor<'a> {
    /// At the beginning of a text.
    pub(crate) fn new(text: &'a str) -> Result<Self, SyntaxError> {
        if text.chars().take(EXPRESSION_CHARS_MAX + 1).count() > EXPRESSION_CHARS_MAX {
            return Err(SyntaxError {
                message: format!("longer than {EXPRESSION_CHARS_MAX} characters"),
                offset: EXPRESSION_CHARS_MAX,
            });
        }
        Ok(Self { text, at: 0, regexes: 0 })
    }

    /// The byte offset.
    pub(crate) fn offset(&self) -> usize {
        self.at
    }

    /// What is left.
    pub(crate) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    /// The text from an earlier offset up to here.
    pub(crate) fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or("")
    }

    pub(crate) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// The next character, which is passed.
    pub(crate) fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// Passes `token` if it comes next.
    pub(crate) fn eat(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    /// Passes characters while they belong to `wanted`; gives what was passed.
    pub(crate) fn eat_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let len = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        self.at += len;
        rest.get(..len).unwrap_or("")
    }

    pub(crate) fn skip_blanks(&mut self) {
        self.eat_while(char::is_whitespace);
    }

    /// Passes `token` or fails.
    pub(crate) fn expect(&mut self, token: &str) -> Result<(), SyntaxError> {
        if self.eat(token) { Ok(()) } else { Err(self.unexpected(&format!("`{token}`"))) }
    }

    /// Counts one regular expression.
    pub(crate) fn count_regex(&mut self) -> Result<(), SyntaxError> {
        self.regexes += 1;
        if self.regexes > REGEXES_MAX {
            return Err(self.error(format!("more than {REGEXES_MAX} regular expressions")));
        }
        Ok(())
    }

    /// An error at this place.
    pub(crate) fn error(&self, message: impl Into<String>) -> SyntaxError {
        SyntaxError { message: message.into(), offset: self.at }
    }

    /// `expected X, found Y` at this place.
    pub(crate) fn unexpected(&self, expected: &str) -> SyntaxError {
        match self.peek() {
            Some(c) => self.error(format!("expected {expected}, found `{c}`")),
            None => self.error(format!("expected {expected}, found the end")),
        }
    }

    /// A JSON number, `-1.5e3`; the text of it.
    pub(crate) fn number_text(&mut self) -> &'a str {
        self.eat_while(|c| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E'))
    }

    /// A string in `quote`s, which come next; `\n`, `\t`, `\r`, `\b`, `\f`, `\uXXXX` as in JSON, any other escaped
    /// character as itself.
    pub(crate) fn quoted(&mut self, quote: char) -> Result<String, SyntaxError> {
        let start = self.clone();
        self.bump();
        let mut text = String::new();
        loop {
            match self.bump() {
                None => return Err(start.error("this string has no end")),
                Some(c) if c == quote => return Ok(text),
                Some('\\') => match self.bump() {
                    None => return Err(start.error("this string has no end")),
                    Some('n') => text.push('\n'),
                    Some('t') => text.push('\t'),
                    Some('r') => text.push('\r'),
                    Some('b') => text.push('\u{8}'),
                    Some('f') => text.push('\u{c}'),
                    Some('u') => text.push(self.unicode_escape()?),
                    Some(c) => text.push(c),
                },
                Some(c) => text.push(c),
            }
        }
    }

    fn unicode_escape(&mut self) -> Result<char, SyntaxError> {
        let start = self.clone();
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.bump().and_then(|c| c.to_digit(16));
            code = code * 16 + digit.ok_or_else(|| start.error("`\\u` needs four hexadecimal digits"))?;
        }
        char::from_u32(code).ok_or_else(|| start.error("half of a surrogate pair"))
    }
}
