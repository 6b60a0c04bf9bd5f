//! The text itself: JSON or not, fields named twice, and where in the text a JSON Pointer leads.

use crate::diagnostic::{Code, Diagnostic, Position, Severity};
use crate::place::{FINDINGS_MAX, push_pointer_token};
use std::collections::HashSet;
use stepwell_types::Value;
use stepwell_types::syntax::{Source, SyntaxFault, place};

/// The value that a text holds.
///
/// # Errors
/// The one finding that a broken text gives.
pub(crate) fn parse(text: &str) -> Result<Value, Box<Diagnostic>> {
    Value::parse(text).map_err(|error| {
        let too_deep = error.message.starts_with("nested deeper");
        let offset = offset_of(text, error.line, error.column);
        let fault = SyntaxFault::of(text, Source::Characters);
        let fault = fault.unwrap_or_else(|| SyntaxFault {
            start: offset,
            end: offset,
            message: error.message.clone(),
        });
        let (code, message, location, start) = if too_deep {
            (Code::TooDeeplyNested, error.message, None, offset)
        } else {
            // AWS quotes the head of the text, so that the reader sees which one it was.
            let place = place(text, fault.end, Source::Characters);
            let message = format!("{}\n at {place}", fault.message);
            (Code::InvalidJsonDescription, message, Some(place), fault.start)
        };
        Box::new(Diagnostic {
            severity: Severity::Error,
            code,
            message,
            location,
            pointer: String::new(),
            position: Some(position(text, start)),
            help: None,
        })
    })
}

/// The byte offset of a 1-based line and column in bytes, as `serde_json` counts them.
fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let mut offset = (start + column.saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// Line and column of a byte offset.
pub(crate) fn position(text: &str, offset: usize) -> Position {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let column = before.get(line_start..).unwrap_or("").chars().count() + 1;
    let offset = before.len();
    Position {
        line: before.matches('\n').count() + 1,
        column,
        offset,
        end: offset + token_length(text, offset),
    }
}

/// Bytes of the token that begins at `offset`; not more than the rest of its line.
fn token_length(text: &str, offset: usize) -> usize {
    let rest = text.get(offset..).and_then(|rest| rest.lines().next()).unwrap_or("");
    let mut chars = rest.char_indices();
    match chars.next() {
        None => 0,
        Some((_, '"')) => {
            let mut escaped = false;
            chars
                .find(|(_, c)| {
                    let closes = *c == '"' && !escaped;
                    escaped = *c == '\\' && !escaped;
                    closes
                })
                .map_or(rest.len(), |(at, _)| at + 1)
        }
        Some((_, c)) if c.is_alphanumeric() || c == '-' => {
            rest.find(|c: char| !(c.is_alphanumeric() || "+-._$".contains(c))).unwrap_or(rest.len())
        }
        Some((_, c)) => c.len_utf8(),
    }
}

/// Where the values of a text begin.
///
/// INVARIANT: made only of texts that [`parse`] accepts, so that its own reading can be simple.
pub(crate) struct Map<'a> {
    text: &'a str,
    nodes: Vec<Node>,
}

struct Node {
    /// Where the value begins.
    at: usize,
    children: Children,
}

enum Children {
    None,
    /// Key, where it begins, value.
    Fields(Vec<(String, usize, usize)>),
    Items(Vec<usize>),
}

impl<'a> Map<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        let mut reader = Reader { text, at: 0, nodes: Vec::new(), repeated: Vec::new() };
        reader.value(&mut None);
        Self { text, nodes: reader.nodes }
    }

    /// Gives each finding that has no place yet its place in the text.
    pub(crate) fn locate(&self, findings: &mut [Diagnostic]) {
        for finding in findings.iter_mut().filter(|finding| finding.position.is_none()) {
            finding.position = Some(position(self.text, self.offset(&finding.pointer)));
        }
    }

    /// Where the value that a pointer names begins; for a field that is its key, and for a way that leads nowhere
    /// the last object on it.
    fn offset(&self, pointer: &str) -> usize {
        let Some(mut node) = self.nodes.first() else { return 0 };
        let mut at = node.at;
        for token in pointer.split('/').skip(1) {
            let token = token.replace("~1", "/").replace("~0", "~");
            let next = match &node.children {
                Children::Fields(fields) => fields
                    .iter()
                    .rev()
                    .find(|(key, ..)| *key == token)
                    .map(|(_, key_at, value)| (*key_at, *value)),
                Children::Items(items) => token
                    .parse()
                    .ok()
                    .and_then(|n: usize| items.get(n))
                    .and_then(|item| self.nodes.get(*item).map(|node| (node.at, *item))),
                Children::None => None,
            };
            match next.and_then(|(found, child)| self.nodes.get(child).map(|child| (found, child))) {
                Some((found, child)) => (at, node) = (found, child),
                None => break,
            }
        }
        at
    }
}

/// A field that its object names twice.
pub(crate) struct RepeatedField {
    pub(crate) pointer: String,
    pub(crate) name: String,
    /// Where the second key begins.
    pub(crate) offset: usize,
}

/// The fields that their objects name twice, as many as a report tells.
pub(crate) fn repeated_fields(text: &str) -> Vec<RepeatedField> {
    let mut reader = Reader { text, at: 0, nodes: Vec::new(), repeated: Vec::new() };
    reader.value(&mut Some(String::new()));
    reader.repeated
}

/// Reads a text that is known to be JSON of bounded depth.
struct Reader<'a> {
    text: &'a str,
    at: usize,
    nodes: Vec<Node>,
    repeated: Vec<RepeatedField>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Reads a value and returns its node; `pointer` is given when repeated fields are looked for.
    fn value(&mut self, pointer: &mut Option<String>) -> usize {
        self.skip_blanks();
        let node = self.nodes.len();
        self.nodes.push(Node { at: self.at, children: Children::None });
        let children = match self.peek() {
            Some(b'{') => self.object(pointer),
            Some(b'[') => self.array(pointer),
            Some(b'"') => {
                self.string();
                Children::None
            }
            _ => {
                while !matches!(self.peek(), None | Some(b',' | b']' | b'}' | b' ' | b'\t' | b'\n' | b'\r')) {
                    self.at += 1;
                }
                Children::None
            }
        };
        if let Some(node) = self.nodes.get_mut(node) {
            node.children = children;
        }
        node
    }

    /// Reads to behind the closing quote and returns the text.
    fn string(&mut self) -> String {
        let start = self.at;
        self.at += 1;
        while let Some(byte) = self.peek() {
            self.at += if byte == b'\\' { 2 } else { 1 };
            if byte == b'"' {
                break;
            }
        }
        let raw = self.text.get(start..self.at).unwrap_or("\"\"");
        match Value::parse(raw) {
            Ok(Value::Str(text)) => text.to_string(),
            _ => raw.to_owned(),
        }
    }

    fn object(&mut self, pointer: &mut Option<String>) -> Children {
        let mut fields = Vec::new();
        let mut keys = HashSet::new();
        self.at += 1;
        loop {
            self.skip_blanks();
            match self.peek() {
                Some(b'"') => {}
                Some(b',') => {
                    self.at += 1;
                    continue;
                }
                _ => break,
            }
            let key_at = self.at;
            let key = self.string();
            self.skip_blanks();
            // The colon.
            self.at += 1;
            let length = pointer.as_ref().map_or(0, String::len);
            if let Some(pointer) = pointer.as_mut() {
                push_pointer_token(pointer, &key);
                if !keys.insert(key.clone()) && self.repeated.len() < FINDINGS_MAX {
                    let field = RepeatedField { pointer: pointer.clone(), name: key.clone(), offset: key_at };
                    self.repeated.push(field);
                }
            }
            let value = self.value(pointer);
            if let Some(pointer) = pointer.as_mut() {
                pointer.truncate(length);
            } else {
                fields.push((key, key_at, value));
            }
        }
        self.at += 1;
        Children::Fields(fields)
    }

    fn array(&mut self, pointer: &mut Option<String>) -> Children {
        let mut items = Vec::new();
        self.at += 1;
        loop {
            self.skip_blanks();
            match self.peek() {
                None | Some(b']') => break,
                Some(b',') => {
                    self.at += 1;
                    continue;
                }
                Some(_) => {}
            }
            let length = pointer.as_ref().map_or(0, String::len);
            if let Some(pointer) = pointer.as_mut() {
                push_pointer_token(pointer, &items.len().to_string());
            }
            items.push(self.value(pointer));
            if let Some(pointer) = pointer.as_mut() {
                pointer.truncate(length);
            }
        }
        self.at += 1;
        Children::Items(items)
    }
}
