//! Text to filter. Recursion is bounded by `FILTER_NESTING_MAX`.

use super::filter::{Filter, Operand, Operator, Pattern};
use super::parse::{Place, parse_root, parse_steps};
use crate::error::SyntaxError;
use crate::limit::FILTER_NESTING_MAX;
use crate::syntax::Cursor;
use stepwell_types::{Map, Value};

/// `( … )`; the parenthesis comes next. `nesting` filters and parentheses are around it.
pub(super) fn parse_filter(cursor: &mut Cursor<'_>, nesting: usize) -> Result<Filter, SyntaxError> {
    if nesting >= FILTER_NESTING_MAX {
        return Err(cursor.error(format!("filters nested deeper than {FILTER_NESTING_MAX}")));
    }
    cursor.expect("(")?;
    let filter = parse_or(cursor, nesting + 1)?;
    cursor.skip_blanks();
    cursor.expect(")")?;
    Ok(filter)
}

fn parse_or(cursor: &mut Cursor<'_>, nesting: usize) -> Result<Filter, SyntaxError> {
    parse_chain(cursor, nesting, "||", parse_and, Filter::Or)
}

fn parse_and(cursor: &mut Cursor<'_>, nesting: usize) -> Result<Filter, SyntaxError> {
    parse_chain(cursor, nesting, "&&", parse_term, Filter::And)
}

fn parse_chain(
    cursor: &mut Cursor<'_>,
    nesting: usize,
    operator: &str,
    parse_part: fn(&mut Cursor<'_>, usize) -> Result<Filter, SyntaxError>,
    join: fn(Vec<Filter>) -> Filter,
) -> Result<Filter, SyntaxError> {
    let first = parse_part(cursor, nesting)?;
    let mut parts = vec![first];
    loop {
        cursor.skip_blanks();
        if !cursor.eat(operator) {
            break;
        }
        parts.push(parse_part(cursor, nesting)?);
    }
    Ok(match parts.len() {
        1 => parts.remove(0),
        _ => join(parts),
    })
}

fn parse_term(cursor: &mut Cursor<'_>, nesting: usize) -> Result<Filter, SyntaxError> {
    cursor.skip_blanks();
    if cursor.eat("!") {
        if nesting >= FILTER_NESTING_MAX {
            return Err(cursor.error(format!("filters nested deeper than {FILTER_NESTING_MAX}")));
        }
        return Ok(Filter::Not(Box::new(parse_term(cursor, nesting + 1)?)));
    }
    if cursor.peek() == Some('(') {
        return parse_filter(cursor, nesting);
    }
    let left = parse_operand(cursor, nesting)?;
    cursor.skip_blanks();
    if cursor.eat("=~") {
        cursor.skip_blanks();
        return Ok(Filter::Matches(left, parse_regex(cursor)?));
    }
    let Some(operator) = parse_operator(cursor) else {
        return match left {
            Operand::Literal(Value::Bool(_)) | Operand::Current(_) | Operand::Rooted(..) => {
                Ok(Filter::Exists(left))
            }
            Operand::Literal(_) => Err(cursor.unexpected("an operator")),
        };
    };
    cursor.skip_blanks();
    let right = parse_operand(cursor, nesting)?;
    Ok(Filter::Compare(left, operator, right))
}

fn parse_operator(cursor: &mut Cursor<'_>) -> Option<Operator> {
    // Longer ones first: `<=` before `<`.
    const SIGNS: [(&str, Operator); 6] = [
        ("==", Operator::Equal),
        ("!=", Operator::NotEqual),
        ("<=", Operator::LessOrEqual),
        (">=", Operator::GreaterOrEqual),
        ("<", Operator::Less),
        (">", Operator::Greater),
    ];
    if let Some((_, operator)) = SIGNS.iter().find(|(sign, _)| cursor.eat(sign)) {
        return Some(*operator);
    }
    let mut ahead = cursor.clone();
    let word = ahead.eat_while(|c| c.is_ascii_alphabetic());
    let operator = match word.to_ascii_lowercase().as_str() {
        "in" => Operator::In,
        "nin" => Operator::NotIn,
        "contains" => Operator::Contains,
        "size" => Operator::Size,
        "empty" => Operator::Empty,
        "subsetof" => Operator::SubsetOf,
        "anyof" => Operator::AnyOf,
        "noneof" => Operator::NoneOf,
        _ => return None,
    };
    *cursor = ahead;
    Some(operator)
}

fn parse_operand(cursor: &mut Cursor<'_>, nesting: usize) -> Result<Operand, SyntaxError> {
    match cursor.peek() {
        Some('@') => {
            cursor.bump();
            parse_steps(cursor, Place::Filter(nesting)).map(Operand::Current)
        }
        Some('$') => {
            let root = parse_root(cursor)?;
            Ok(Operand::Rooted(root, parse_steps(cursor, Place::Filter(nesting))?))
        }
        _ => parse_literal(cursor, nesting).map(Operand::Literal),
    }
}

fn parse_literal(cursor: &mut Cursor<'_>, nesting: usize) -> Result<Value, SyntaxError> {
    match cursor.peek() {
        Some(quote @ ('\'' | '"')) => cursor.quoted(quote).map(Value::from),
        Some('[') => parse_list(cursor, nesting),
        Some('{') => parse_object(cursor, nesting),
        Some(c) if c == '-' || c.is_ascii_digit() => {
            let start = cursor.clone();
            Value::parse(cursor.number_text()).map_err(|_| start.error("this is no number"))
        }
        Some(c) if c.is_alphabetic() || c == '_' => {
            // Definitions in the wild leave quotes out, `[?(@.Name==Receipt)]`; what is no keyword is a text.
            let word = cursor.eat_while(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '/'));
            Ok(match word {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                "null" => Value::Null,
                _ => Value::str(word),
            })
        }
        _ => Err(cursor.unexpected("a path, a text, a number, `true`, `false`, `null`, a list or an object")),
    }
}

/// `{'a': 1}`
fn parse_object(cursor: &mut Cursor<'_>, nesting: usize) -> Result<Value, SyntaxError> {
    if nesting >= FILTER_NESTING_MAX {
        return Err(cursor.error(format!("filters nested deeper than {FILTER_NESTING_MAX}")));
    }
    cursor.bump();
    let mut fields = Map::new();
    loop {
        cursor.skip_blanks();
        if fields.is_empty() && cursor.eat("}") {
            break;
        }
        let name = match cursor.peek() {
            Some(quote @ ('\'' | '"')) => cursor.quoted(quote)?,
            _ => return Err(cursor.unexpected("a quoted name")),
        };
        cursor.skip_blanks();
        cursor.expect(":")?;
        cursor.skip_blanks();
        fields.insert(name, parse_literal(cursor, nesting + 1)?);
        cursor.skip_blanks();
        if cursor.eat("}") {
            break;
        }
        cursor.expect(",")?;
    }
    Ok(Value::object(fields))
}

fn parse_list(cursor: &mut Cursor<'_>, nesting: usize) -> Result<Value, SyntaxError> {
    if nesting >= FILTER_NESTING_MAX {
        return Err(cursor.error(format!("filters nested deeper than {FILTER_NESTING_MAX}")));
    }
    cursor.bump();
    let mut items = Vec::new();
    loop {
        cursor.skip_blanks();
        if items.is_empty() && cursor.eat("]") {
            break;
        }
        items.push(parse_literal(cursor, nesting + 1)?);
        cursor.skip_blanks();
        if cursor.eat("]") {
            break;
        }
        cursor.expect(",")?;
    }
    Ok(Value::array(items))
}

/// `/…/` with the flags `i`, `m`, `s`, `x`.
fn parse_regex(cursor: &mut Cursor<'_>) -> Result<Pattern, SyntaxError> {
    cursor.count_regex()?;
    let start = cursor.clone();
    cursor.expect("/")?;
    let mut text = String::new();
    loop {
        match cursor.bump() {
            None => return Err(start.error("this regular expression has no end")),
            Some('/') => break,
            Some('\\') => match cursor.bump() {
                None => return Err(start.error("this regular expression has no end")),
                Some('/') => text.push('/'),
                Some(c) => {
                    text.push('\\');
                    text.push(c);
                }
            },
            Some(c) => text.push(c),
        }
    }
    let flags = cursor.eat_while(|c| c.is_ascii_alphabetic());
    if let Some(flag) = flags.chars().find(|flag| !"imsx".contains(*flag)) {
        return Err(start.error(format!("unknown flag `{flag}` of a regular expression")));
    }
    let pattern = Pattern { text, flags: flags.to_owned() };
    match pattern.compile() {
        Ok(_) => Ok(pattern),
        Err(error) => Err(start.error(format!("bad regular expression: {error}"))),
    }
}
