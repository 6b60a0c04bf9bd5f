//! The first fault of a text that is no JSON, in the words of the Java parser that AWS uses.
//!
//! AWS repeats what its parser (Jackson) says: of a definition that is no JSON, of an execution's input, of a
//! function's event. Whether a text is JSON is decided by [`Value::parse`](crate::Value::parse); this looks at a
//! text that was refused and names the fault, in one pass, without recursion.

/// What is wrong with a text, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxFault {
    /// Byte offset of the character or word that does not belong.
    pub start: usize,
    /// Byte offset behind it: the place that the Java parser had read to.
    pub end: usize,
    /// The Java parser's words, without the place.
    pub message: String,
}

/// Characters of the text that a place quotes. Source: the Java parser that AWS uses.
const QUOTE_CHARS_MAX: usize = 500;
/// Characters of a word that are repeated. Source: the Java parser that AWS uses.
const WORD_CHARS_MAX: usize = 256;
const VALUES: &str = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";

impl SyntaxFault {
    /// The first fault; `None` for a text in which this finds none: JSON, and what is refused for another reason
    /// (nesting, the range of a number, half a surrogate pair, text behind the value).
    #[must_use]
    pub fn of(text: &str, source: Source) -> Option<Self> {
        Scan { text, source, at: 0, open: Vec::new() }.run().err()
    }
}

/// How a service gives a text to its parser, which says so where it names a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// As characters: Step Functions.
    Characters,
    /// As bytes: Lambda.
    Bytes,
}

/// A place in a text as the Java parser prints it: `[Source: (String)"{…"; line: 1, column: 2]`.
#[must_use]
pub fn place(text: &str, offset: usize, source: Source) -> String {
    let source = match source {
        Source::Characters => "String",
        Source::Bytes => "byte[]",
    };
    let (head, cut) = match text.char_indices().nth(QUOTE_CHARS_MAX) {
        None => (text, String::new()),
        Some((end, _)) => {
            let rest = text.get(end..).unwrap_or_default().chars().count();
            (text.get(..end).unwrap_or(text), format!("[truncated {rest} chars]"))
        }
    };
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
    format!("[Source: ({source})\"{head}\"{cut}; line: {line}, column: {column}]")
}

/// What may come next.
#[derive(Clone, Copy)]
enum Expected {
    /// A value: the root, behind a colon, behind a comma.
    Value,
    /// A first item, or the end of the array.
    ItemOrEnd,
    /// A first key, or the end of the object.
    KeyOrEnd,
    /// A key behind a comma.
    Key,
    Colon,
    CommaOrEnd,
}

#[derive(Clone, Copy)]
enum Container {
    Array,
    Object,
}

impl Container {
    fn name(self) -> &'static str {
        match self {
            Self::Array => "Array",
            Self::Object => "Object",
        }
    }

    fn end(self) -> char {
        match self {
            Self::Array => ']',
            Self::Object => '}',
        }
    }
}

struct Scan<'a> {
    text: &'a str,
    source: Source,
    at: usize,
    /// Arrays and objects that are not closed, with the offsets of their openings.
    open: Vec<(Container, usize)>,
}

impl Scan<'_> {
    fn run(mut self) -> Result<(), SyntaxFault> {
        let mut expected = Expected::Value;
        loop {
            let Some(c) = self.token()? else { return Err(self.end_of_input(expected)) };
            expected = match (expected, c) {
                (Expected::ItemOrEnd | Expected::KeyOrEnd | Expected::CommaOrEnd, ']' | '}') => {
                    self.close(c)?
                }
                (Expected::Value | Expected::ItemOrEnd, _) => self.value(c)?,
                (Expected::KeyOrEnd | Expected::Key, '"') => {
                    self.string(Quoted::Name)?;
                    Expected::Colon
                }
                (Expected::KeyOrEnd | Expected::Key, _) => {
                    return Err(self.unexpected("was expecting double-quote to start field name"));
                }
                (Expected::Colon, ':') => self.behind(Expected::Value),
                (Expected::Colon, _) => {
                    return Err(self.unexpected("was expecting a colon to separate field name and value"));
                }
                (Expected::CommaOrEnd, ',') => match self.open.last() {
                    Some((Container::Object, _)) => self.behind(Expected::Key),
                    Some((Container::Array, _)) | None => self.behind(Expected::Value),
                },
                (Expected::CommaOrEnd, _) => {
                    let container = self.open.last().map_or("root", |(container, _)| container.name());
                    return Err(
                        self.unexpected(&format!("was expecting comma to separate {container} entries"))
                    );
                }
            };
            if self.open.is_empty() && matches!(expected, Expected::CommaOrEnd) {
                return Ok(());
            }
        }
    }

    fn peek(&self) -> Option<char> {
        self.text.get(self.at..)?.chars().next()
    }

    /// The next character that is no white space; it stays unread.
    fn token(&mut self) -> Result<Option<char>, SyntaxFault> {
        while let Some(c) = self.peek() {
            match c {
                ' ' | '\t' | '\n' | '\r' => self.at += 1,
                '\0'..='\u{1f}' => {
                    let rule = "only regular white space (\\r, \\n, \\t) is allowed between tokens";
                    return Err(self.fault(c, format!("Illegal character ({}): {rule}", described(c))));
                }
                c => return Ok(Some(c)),
            }
        }
        Ok(None)
    }

    /// Goes past a character of one byte.
    fn behind(&mut self, expected: Expected) -> Expected {
        self.at += 1;
        expected
    }

    fn close(&mut self, c: char) -> Result<Expected, SyntaxFault> {
        match self.open.last() {
            Some((container, start)) if container.end() != c => {
                let (name, end, place) =
                    (container.name(), container.end(), place(self.text, *start, self.source));
                let message = format!(
                    "Unexpected close marker '{c}': expected '{end}' (for {name} starting at {place})"
                );
                Err(self.fault(c, message))
            }
            Some(_) | None => {
                self.open.pop();
                Ok(self.behind(Expected::CommaOrEnd))
            }
        }
    }

    fn value(&mut self, c: char) -> Result<Expected, SyntaxFault> {
        match c {
            '{' => {
                self.open.push((Container::Object, self.at));
                return Ok(self.behind(Expected::KeyOrEnd));
            }
            '[' => {
                self.open.push((Container::Array, self.at));
                return Ok(self.behind(Expected::ItemOrEnd));
            }
            '"' => self.string(Quoted::Value)?,
            '-' | '0'..='9' => self.number()?,
            c if is_word(c) => self.word()?,
            _ => return Err(self.unexpected(&format!("expected a valid value {VALUES}"))),
        }
        Ok(Expected::CommaOrEnd)
    }

    fn word(&mut self) -> Result<(), SyntaxFault> {
        let start = self.at;
        while self.peek().is_some_and(|c| is_word(c) || c.is_numeric()) {
            self.at += self.peek().map_or(0, char::len_utf8);
        }
        let word = self.text.get(start..self.at).unwrap_or_default();
        if matches!(word, "true" | "false" | "null") {
            return Ok(());
        }
        let message = if matches!(word, "NaN" | "Infinity" | "INF") {
            format!(
                "Non-standard token '{word}': enable `JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow"
            )
        } else {
            let cut = word.char_indices().nth(WORD_CHARS_MAX).and_then(|(end, _)| word.get(..end));
            let dots = if cut.is_some() { "..." } else { "" };
            format!("Unrecognized token '{}{dots}': was expecting {VALUES}", cut.unwrap_or(word))
        };
        Err(SyntaxFault { start, end: self.at, message })
    }

    fn number(&mut self) -> Result<(), SyntaxFault> {
        let start = self.at;
        if self.peek() == Some('-') {
            self.at += 1;
        }
        let first = self.at;
        self.digits("expected digit (0-9) to follow minus sign, for valid numeric value")?;
        let integer = self.text.get(first..self.at).unwrap_or_default();
        if integer.len() > 1 && integer.starts_with('0') {
            let message = "Invalid numeric value: Leading zeroes not allowed".to_owned();
            return Err(SyntaxFault { start, end: first + 1, message });
        }
        if self.peek() == Some('.') {
            self.at += 1;
            self.digits("Decimal point not followed by a digit")?;
        }
        if matches!(self.peek(), Some('e' | 'E')) {
            self.at += 1;
            if matches!(self.peek(), Some('+' | '-')) {
                self.at += 1;
            }
            self.digits("Exponent indicator not followed by a digit")?;
        }
        match self.peek() {
            Some(c) if self.open.is_empty() && !c.is_ascii_whitespace() => {
                Err(self.unexpected("Expected space separating root-level values"))
            }
            _ => Ok(()),
        }
    }

    fn digits(&mut self, rule: &str) -> Result<(), SyntaxFault> {
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
        }
        match self.peek() {
            _ if self.at > start => Ok(()),
            Some(c) => {
                Err(self
                    .fault(c, format!("Unexpected character ({}) in numeric value: {rule}", described(c))))
            }
            None => Err(self.ended("Unexpected end-of-input in a Number value")),
        }
    }

    fn string(&mut self, quoted: Quoted) -> Result<(), SyntaxFault> {
        self.at += 1;
        let (what, ended) = match quoted {
            Quoted::Name => ("name", " in field name"),
            Quoted::Value => ("string value", ": was expecting closing quote for a string value"),
        };
        loop {
            let Some(c) = self.peek() else {
                return Err(self.ended(&format!("Unexpected end-of-input{ended}")));
            };
            match c {
                '"' => {
                    self.at += 1;
                    return Ok(());
                }
                '\\' => {
                    self.at += 1;
                    self.escape()?;
                }
                '\0'..='\u{1f}' => {
                    let message = format!(
                        "Illegal unquoted character ({}): has to be escaped using backslash to be included in {what}",
                        described(c)
                    );
                    return Err(self.fault(c, message));
                }
                c => self.at += c.len_utf8(),
            }
        }
    }

    /// What follows a backslash.
    fn escape(&mut self) -> Result<(), SyntaxFault> {
        let in_escape = "Unexpected end-of-input in character escape sequence";
        match self.peek() {
            Some('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't') => self.at += 1,
            Some('u') => {
                self.at += 1;
                for _ in 0..4 {
                    match self.peek() {
                        Some(c) if c.is_ascii_hexdigit() => self.at += 1,
                        Some(_) => {
                            return Err(self.unexpected("expected a hex-digit for character escape sequence"));
                        }
                        None => return Err(self.ended(in_escape)),
                    }
                }
            }
            Some(c) => {
                return Err(self.fault(c, format!("Unrecognized character escape {}", described(c))));
            }
            None => return Err(self.ended(in_escape)),
        }
        Ok(())
    }

    fn unexpected(&self, rule: &str) -> SyntaxFault {
        let c = self.peek().unwrap_or_default();
        self.fault(c, format!("Unexpected character ({}): {rule}", described(c)))
    }

    fn fault(&self, c: char, message: String) -> SyntaxFault {
        SyntaxFault { start: self.at, end: self.at + c.len_utf8(), message }
    }

    fn ended(&self, message: &str) -> SyntaxFault {
        let end = self.text.len();
        SyntaxFault { start: end, end, message: message.to_owned() }
    }

    fn end_of_input(&self, expected: Expected) -> SyntaxFault {
        let Some((container, start)) = self.open.last() else {
            return self.ended("No content to map due to end-of-input");
        };
        let name = container.name();
        match expected {
            Expected::Value | Expected::Key | Expected::Colon => {
                self.ended(&format!("Unexpected end-of-input within/between {name} entries"))
            }
            Expected::ItemOrEnd | Expected::KeyOrEnd | Expected::CommaOrEnd => {
                let place = place(self.text, *start, self.source);
                self.ended(&format!(
                    "Unexpected end-of-input: expected close marker for {name} (start marker at {place})"
                ))
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Quoted {
    Name,
    Value,
}

/// What begins a word in Java, roughly.
fn is_word(c: char) -> bool {
    c.is_alphabetic() || c == '_' || c == '$'
}

/// A character as the Java parser names it.
fn described(c: char) -> String {
    let code = u32::from(c);
    if c.is_control() {
        format!("(CTRL-CHAR, code {code})")
    } else if code > 255 {
        format!("'{c}' (code {code} / 0x{code:x})")
    } else {
        format!("'{c}' (code {code})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Value;

    #[track_caller]
    fn check(text: &str, start: usize, end: usize, message: &str) {
        assert!(Value::parse(text).is_err(), "{text}");
        let message = message.to_owned();
        assert_eq!(
            SyntaxFault::of(text, Source::Characters),
            Some(SyntaxFault { start, end, message }),
            "{text}"
        );
    }

    #[track_caller]
    fn check_none(text: &str) {
        assert_eq!(SyntaxFault::of(text, Source::Characters), None, "{text}");
    }

    #[test]
    fn words() {
        const REST: &str =
            "was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')";
        check("not json", 0, 3, &format!("Unrecognized token 'not': {REST}"));
        check("[nulls]", 1, 6, &format!("Unrecognized token 'nulls': {REST}"));
        check("{\"a\": tru}", 6, 9, &format!("Unrecognized token 'tru': {REST}"));
        let long = "x".repeat(300);
        check(&long, 0, 300, &format!("Unrecognized token '{}...': {REST}", "x".repeat(256)));
        check(
            "NaN",
            0,
            3,
            "Non-standard token 'NaN': enable `JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow",
        );
    }

    #[test]
    fn characters() {
        check(
            "{'a': 1}",
            1,
            2,
            "Unexpected character (''' (code 39)): was expecting double-quote to start field name",
        );
        check(
            "{\"a\": 1,}",
            8,
            9,
            "Unexpected character ('}' (code 125)): was expecting double-quote to start field name",
        );
        check(
            "{\"a\" 1}",
            5,
            6,
            "Unexpected character ('1' (code 49)): was expecting a colon to separate field name and value",
        );
        check(
            "{\"a\":1 \"b\"}",
            7,
            8,
            "Unexpected character ('\"' (code 34)): was expecting comma to separate Object entries",
        );
        check(
            "[1 2]",
            3,
            4,
            "Unexpected character ('2' (code 50)): was expecting comma to separate Array entries",
        );
        const VALUE: &str =
            "expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')";
        check("[1,]", 3, 4, &format!("Unexpected character (']' (code 93)): {VALUE}"));
        check("→", 0, 3, &format!("Unexpected character ('→' (code 8594 / 0x2192)): {VALUE}"));
        check("\u{7f}", 0, 1, &format!("Unexpected character ((CTRL-CHAR, code 127)): {VALUE}"));
        check(
            "\u{b}1",
            0,
            1,
            "Illegal character ((CTRL-CHAR, code 11)): only regular white space (\\r, \\n, \\t) is allowed between tokens",
        );
    }

    #[test]
    fn closings() {
        check(
            " [}",
            2,
            3,
            "Unexpected close marker '}': expected ']' (for Array starting at [Source: (String)\" [}\"; line: 1, column: 2])",
        );
        check(
            "\n{",
            2,
            2,
            "Unexpected end-of-input: expected close marker for Object (start marker at [Source: (String)\"\n{\"; line: \
             2, column: 1])",
        );
        check("{\"a\":", 5, 5, "Unexpected end-of-input within/between Object entries");
        check("[1,", 3, 3, "Unexpected end-of-input within/between Array entries");
        check("", 0, 0, "No content to map due to end-of-input");
    }

    #[test]
    fn strings() {
        check("\"a", 2, 2, "Unexpected end-of-input: was expecting closing quote for a string value");
        check("{\"a", 3, 3, "Unexpected end-of-input in field name");
        check("\"\\", 2, 2, "Unexpected end-of-input in character escape sequence");
        check("\"\\x\"", 2, 3, "Unrecognized character escape 'x' (code 120)");
        check(
            "\"\\u12g4\"",
            5,
            6,
            "Unexpected character ('g' (code 103)): expected a hex-digit for character escape sequence",
        );
        check(
            "\"a\nb\"",
            2,
            3,
            "Illegal unquoted character ((CTRL-CHAR, code 10)): has to be escaped using backslash to be included in \
             string value",
        );
    }

    #[test]
    fn numbers() {
        check("01", 0, 1, "Invalid numeric value: Leading zeroes not allowed");
        check(
            "1x",
            1,
            2,
            "Unexpected character ('x' (code 120)): Expected space separating root-level values",
        );
        check("1.", 2, 2, "Unexpected end-of-input in a Number value");
        check(
            "-a",
            1,
            2,
            "Unexpected character ('a' (code 97)) in numeric value: expected digit (0-9) to follow minus sign, for valid \
             numeric value",
        );
        check(
            "[1.x]",
            3,
            4,
            "Unexpected character ('x' (code 120)) in numeric value: Decimal point not followed by a digit",
        );
        check(
            "[1e+]",
            4,
            5,
            "Unexpected character (']' (code 93)) in numeric value: Exponent indicator not followed by a digit",
        );
    }

    #[test]
    fn what_is_refused_for_another_reason() {
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        for text in ["1 2", "{} x", "1e999", "\"\\ud800\"", deep.as_str()] {
            assert!(Value::parse(text).is_err(), "{text}");
            check_none(text);
        }
        for text in ["null", " [1, -0.5e-3, \"\\u00e4\", {\"a\": {}}, []]\r\n", "\"\""] {
            assert!(Value::parse(text).is_ok(), "{text}");
            check_none(text);
        }
    }

    #[test]
    fn places_quote_the_head_of_the_text() {
        assert_eq!(place("a\nbc", 3, Source::Bytes), "[Source: (byte[])\"a\nbc\"; line: 2, column: 2]");
        let long = "ä".repeat(600);
        let quoted = "ä".repeat(500);
        assert_eq!(
            place(&long, 0, Source::Characters),
            format!("[Source: (String)\"{quoted}\"[truncated 100 chars]; line: 1, column: 1]")
        );
    }
}
