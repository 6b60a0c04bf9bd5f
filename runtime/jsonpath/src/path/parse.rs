//! Text to path.

use super::filter_parse::parse_filter;
use super::{Path, Root, Step};
use crate::error::SyntaxError;
use crate::limit::PATH_STEPS_MAX;
use crate::syntax::Cursor;
use std::sync::Arc;

/// Parses a text that is one path.
pub(super) fn parse_whole(text: &str) -> Result<Path, SyntaxError> {
    let mut cursor = Cursor::new(text)?;
    cursor.skip_blanks();
    let mut path = parse_path(&mut cursor)?;
    cursor.skip_blanks();
    if cursor.peek().is_some() {
        return Err(cursor.unexpected("`.`, `[` or the end of the path"));
    }
    path.text = Arc::from(text);
    Ok(path)
}

/// Parses a path that stands here, up to the first character that cannot belong to it.
pub(crate) fn parse_path(cursor: &mut Cursor<'_>) -> Result<Path, SyntaxError> {
    let start = cursor.offset();
    if cursor.peek() != Some('$') {
        return Err(cursor.unexpected("a path that begins with `$`"));
    }
    let root = parse_root(cursor)?;
    let steps = parse_steps(cursor, Place::Outside)?;
    Ok(Path { text: Arc::from(cursor.since(start)), root, steps: steps.into() })
}

/// `$`, `$$` or `$name`; a `$` comes next.
pub(super) fn parse_root(cursor: &mut Cursor<'_>) -> Result<Root, SyntaxError> {
    cursor.bump();
    if cursor.eat("$") {
        return match cursor.peek() {
            Some(c) if c.is_alphanumeric() || c == '_' || c == '$' => {
                Err(cursor.unexpected("`.` or `[` after `$$`"))
            }
            _ => Ok(Root::Context),
        };
    }
    if cursor.peek().is_some_and(|c| c.is_ascii_digit()) {
        return Err(cursor.error("a variable's name begins with a letter"));
    }
    let name = cursor.eat_while(|c| c.is_alphanumeric() || c == '_');
    Ok(if name.is_empty() { Root::Input } else { Root::Variable(Arc::from(name)) })
}

/// Where steps stand: in a filter, operators end a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Outside,
    /// Inside this many filters and parentheses.
    Filter(usize),
}

impl Place {
    fn filter_nesting(self) -> usize {
        match self {
            Self::Outside => 0,
            Self::Filter(nesting) => nesting,
        }
    }

    fn is_name_char(self, c: char) -> bool {
        let breaks_any_name = c.is_whitespace()
            || c.is_control()
            || matches!(c, '.' | '[' | ']' | '(' | ')' | '*' | ',' | '?' | '\'' | '"' | '\\');
        let breaks_a_filter_name = matches!(c, '=' | '!' | '<' | '>' | '&' | '|' | '~');
        match self {
            Self::Outside => !breaks_any_name,
            Self::Filter(_) => !breaks_any_name && !breaks_a_filter_name,
        }
    }
}

/// Parses steps up to the first character that cannot begin one.
pub(super) fn parse_steps(cursor: &mut Cursor<'_>, place: Place) -> Result<Vec<Step>, SyntaxError> {
    let mut steps = Vec::new();
    loop {
        match cursor.peek() {
            Some('.') => {
                cursor.bump();
                if cursor.eat(".") {
                    steps.push(Step::Descend);
                }
                steps.push(match cursor.peek() {
                    Some('[') => parse_bracket(cursor, place)?,
                    Some('*') => {
                        cursor.bump();
                        Step::Wildcard
                    }
                    _ => parse_name(cursor, place)?,
                });
            }
            Some('[') => steps.push(parse_bracket(cursor, place)?),
            _ => return Ok(steps),
        }
        if steps.len() > PATH_STEPS_MAX {
            return Err(cursor.error(format!("more than {PATH_STEPS_MAX} steps")));
        }
    }
}

fn parse_name(cursor: &mut Cursor<'_>, place: Place) -> Result<Step, SyntaxError> {
    let name = cursor.eat_while(|c| place.is_name_char(c));
    if name.is_empty() {
        return Err(cursor.unexpected("a field name, `*` or `[`"));
    }
    if cursor.peek() == Some('(') {
        return Err(cursor.error(format!("functions such as `{name}()` are not supported in a path")));
    }
    Ok(Step::Key(Arc::from(name)))
}

/// `[…]`; the bracket comes next.
fn parse_bracket(cursor: &mut Cursor<'_>, place: Place) -> Result<Step, SyntaxError> {
    cursor.bump();
    cursor.skip_blanks();
    let step = match cursor.peek() {
        Some('*') => {
            cursor.bump();
            Step::Wildcard
        }
        Some('?') => {
            cursor.bump();
            cursor.skip_blanks();
            if cursor.peek() != Some('(') {
                return Err(cursor.unexpected("`(` after `?`"));
            }
            Step::Filter(Arc::new(parse_filter(cursor, place.filter_nesting())?))
        }
        Some('(') => parse_length(cursor)?,
        Some('\'' | '"') => parse_keys(cursor)?,
        Some(c) if c == ':' || c == '-' || c.is_ascii_digit() => parse_places(cursor)?,
        _ => return Err(cursor.unexpected("a quoted name, an index, `*` or `?(` after `[`")),
    };
    cursor.skip_blanks();
    cursor.expect("]")?;
    Ok(step)
}

/// `(@.length-1)`, the only script there is: an index from the end.
fn parse_length(cursor: &mut Cursor<'_>) -> Result<Step, SyntaxError> {
    for token in ["(", "@", ".", "length", "-"] {
        cursor.expect(token)?;
        cursor.skip_blanks();
    }
    let back = parse_integer(cursor)?;
    cursor.skip_blanks();
    cursor.expect(")")?;
    if back < 1 {
        return Err(cursor.error("an index from the end is at least 1"));
    }
    Ok(Step::Index(-back))
}

fn parse_keys(cursor: &mut Cursor<'_>) -> Result<Step, SyntaxError> {
    let mut keys: Vec<Arc<str>> = Vec::new();
    loop {
        let key = match cursor.peek() {
            Some(quote @ ('\'' | '"')) => cursor.quoted(quote)?,
            _ => return Err(cursor.unexpected("a quoted name")),
        };
        keys.push(Arc::from(key));
        cursor.skip_blanks();
        if !cursor.eat(",") {
            break;
        }
        cursor.skip_blanks();
    }
    Ok(match keys.as_slice() {
        [key] => Step::Key(Arc::clone(key)),
        _ => Step::Keys(keys),
    })
}

/// An index, several of them, or a slice.
fn parse_places(cursor: &mut Cursor<'_>) -> Result<Step, SyntaxError> {
    let first = parse_optional_integer(cursor)?;
    cursor.skip_blanks();
    if cursor.eat(":") {
        cursor.skip_blanks();
        let to = parse_optional_integer(cursor)?;
        cursor.skip_blanks();
        if cursor.eat(":") {
            cursor.skip_blanks();
            parse_optional_integer(cursor)?;
        }
        if first.is_none() && to.is_none() {
            return Err(cursor.error("a slice needs a start or an end; `[*]` is all items"));
        }
        return Ok(Step::Slice(first, to));
    }
    let Some(first) = first else { return Err(cursor.unexpected("an index")) };
    let mut indices = vec![first];
    while cursor.eat(",") {
        cursor.skip_blanks();
        indices.push(parse_integer(cursor)?);
        cursor.skip_blanks();
    }
    Ok(if indices.len() == 1 { Step::Index(first) } else { Step::Indices(indices) })
}

fn parse_optional_integer(cursor: &mut Cursor<'_>) -> Result<Option<i64>, SyntaxError> {
    match cursor.peek() {
        Some(c) if c == '-' || c.is_ascii_digit() => parse_integer(cursor).map(Some),
        _ => Ok(None),
    }
}

fn parse_integer(cursor: &mut Cursor<'_>) -> Result<i64, SyntaxError> {
    let start = cursor.clone();
    cursor.eat("-");
    cursor.eat_while(|c| c.is_ascii_digit());
    // i32: AWS's own indices are; and no sum of two can overflow.
    let parsed = cursor.since(start.offset()).parse::<i32>();
    parsed.map(i64::from).map_err(|_| start.error("expected an index of at most 31 bits"))
}
