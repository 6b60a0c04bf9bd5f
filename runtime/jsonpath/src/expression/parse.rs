//! Text to expression. Recursion is bounded by `INTRINSIC_NESTING_MAX`.

use super::format::FormatTemplate;
use super::{Argument, Call, Expression, Function, Intrinsic};
use crate::error::SyntaxError;
use crate::limit::{INTRINSIC_ARGUMENTS_MAX, INTRINSIC_NESTING_MAX};
use crate::path::{Path, parse_path};
use crate::syntax::Cursor;
use std::sync::Arc;
use stepwell_types::Value;

pub(super) fn parse(text: &str) -> Result<Expression, SyntaxError> {
    let mut cursor = Cursor::new(text)?;
    cursor.skip_blanks();
    if cursor.peek() == Some('$') {
        return Path::parse(text).map(Expression::Path);
    }
    if !cursor.rest().starts_with("States.") {
        return Err(cursor.unexpected("a path that begins with `$` or an intrinsic function, `States.…`"));
    }
    let call = parse_call(&mut cursor, 1)?;
    cursor.skip_blanks();
    if cursor.peek().is_some() {
        return Err(cursor.unexpected("the end of the expression"));
    }
    Ok(Expression::Intrinsic(Intrinsic { text: Arc::from(text), call: Arc::new(call) }))
}

fn parse_call(cursor: &mut Cursor<'_>, nesting: usize) -> Result<Call, SyntaxError> {
    if nesting > INTRINSIC_NESTING_MAX {
        return Err(cursor.error(format!("intrinsic functions nested deeper than {INTRINSIC_NESTING_MAX}")));
    }
    let start = cursor.clone();
    let name = cursor.eat_while(|c| c.is_ascii_alphanumeric() || c == '.' || c == '_');
    let Some(function) = Function::named(name) else { return Err(start.error(unknown(name))) };
    cursor.skip_blanks();
    cursor.expect("(")?;
    let mut arguments = Vec::new();
    let mut template = None;
    cursor.skip_blanks();
    if !cursor.eat(")") {
        loop {
            cursor.skip_blanks();
            if cursor.peek() == Some('\'') {
                let raw = parse_text(cursor)?;
                if function == Function::Format && arguments.is_empty() {
                    template = Some(FormatTemplate::parse(&raw));
                }
                arguments.push(Argument::Literal(Value::from(unescaped(&raw))));
            } else {
                arguments.push(parse_argument(cursor, nesting)?);
            }
            if arguments.len() > INTRINSIC_ARGUMENTS_MAX {
                return Err(cursor.error(format!("more than {INTRINSIC_ARGUMENTS_MAX} arguments")));
            }
            cursor.skip_blanks();
            if cursor.eat(")") {
                break;
            }
            if !cursor.eat(",") {
                return Err(cursor.unexpected("`,` or `)`"));
            }
        }
    }
    Ok(Call { function, arguments, template })
}

fn unknown(name: &str) -> String {
    let close = Function::ALL.iter().find(|function| function.name().eq_ignore_ascii_case(name));
    match close {
        Some(function) => {
            format!("there is no intrinsic function `{name}`; did you mean `{}`?", function.name())
        }
        None => format!("there is no intrinsic function `{name}`"),
    }
}

/// Anything but a text.
fn parse_argument(cursor: &mut Cursor<'_>, nesting: usize) -> Result<Argument, SyntaxError> {
    let start = cursor.clone();
    match cursor.peek() {
        Some('$') => parse_path(cursor).map(Argument::Path),
        Some('S') => parse_call(cursor, nesting + 1).map(Argument::Call),
        Some(c) if c == '-' || c.is_ascii_digit() => {
            let number = Value::parse(cursor.number_text());
            number.map(Argument::Literal).map_err(|_| start.error("this is no number"))
        }
        Some(c) if c.is_ascii_alphabetic() => {
            let word = cursor.eat_while(|c| c.is_ascii_alphanumeric());
            match word {
                "true" => Ok(Argument::Literal(Value::Bool(true))),
                "false" => Ok(Argument::Literal(Value::Bool(false))),
                "null" => Ok(Argument::Literal(Value::Null)),
                _ => Err(start.error(format!("`{word}` is no argument; a text stands in single quotes"))),
            }
        }
        _ => Err(cursor.unexpected("a path, a text in single quotes, a number or a function")),
    }
}

/// A text in single quotes, which come next; escapes are checked and kept: `\'`, `\\`, `\{`, `\}` and no others,
/// as AWS refuses `\"` and `\n` when the definition is created.
fn parse_text(cursor: &mut Cursor<'_>) -> Result<String, SyntaxError> {
    let start = cursor.clone();
    cursor.bump();
    let mut raw = String::new();
    loop {
        match cursor.bump() {
            None => return Err(start.error("this text has no end")),
            Some('\'') => return Ok(raw),
            Some('\\') => match cursor.peek() {
                Some(c @ ('\'' | '\\' | '{' | '}')) => {
                    cursor.bump();
                    raw.push('\\');
                    raw.push(c);
                }
                Some(c) => {
                    return Err(
                        cursor.error(format!(r"`\{c}` is no escape: `\'`, `\\`, `\{{` and `\}}` are"))
                    );
                }
                None => return Err(start.error("this text has no end")),
            },
            Some(c) => raw.push(c),
        }
    }
}

fn unescaped(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => text.extend(chars.next()),
            c => text.push(c),
        }
    }
    text
}
