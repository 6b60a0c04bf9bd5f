//! Tokens to raw nodes: top-down operator precedence, as the reference parses.

use crate::budget::Limit;
use crate::fault::{Fault, Res};
use crate::lexer::{Lexer, Slash, Token};
use crate::regex::Regex;
use crate::signature::Signature;
use crate::syntax::{BinaryOp, Direction, Id, NameId, Raw, RawNode, Scope, ScopeId};
use hashbrown::HashMap;
use std::sync::Arc;
use stepwell_types::Value;

/// Expressions nested in a text: parentheses, brackets, arguments, right sides. Ours, so that parsing fits a stack
/// of 2 MiB in an unoptimized build.
const NESTING_MAX: u32 = 300;

/// What parsing gives.
pub(crate) struct Parsed {
    pub(crate) nodes: Vec<RawNode>,
    pub(crate) root: Id,
    pub(crate) names: Vec<Arc<str>>,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) regexes: Vec<Regex>,
    /// Names bound by `@` and `#`.
    pub(crate) tuple_names: Vec<NameId>,
    pub(crate) has_tuples: bool,
}

struct Parser<'t> {
    lexer: Lexer<'t>,
    token: Token<'t>,
    /// How strongly the token binds what stands to its left.
    power: u32,
    position: u32,
    out: Parsed,
    /// Names by text, once there are more than a scan finds faster.
    interned: HashMap<Arc<str>, NameId>,
    scope: ScopeId,
    nesting: u32,
}

pub(crate) fn parse(text: &str) -> Res<Parsed> {
    let mut parser = Parser {
        lexer: Lexer::new(text),
        token: Token::End,
        power: 0,
        position: 0,
        out: Parsed {
            nodes: Vec::with_capacity(text.len() / 4),
            root: 0,
            names: Vec::new(),
            scopes: vec![Scope::default()],
            regexes: Vec::new(),
            tuple_names: Vec::new(),
            has_tuples: false,
        },
        interned: HashMap::new(),
        scope: 0,
        nesting: 0,
    };
    parser.advance(Slash::BeginsRegex)?;
    parser.out.root = parser.expression(0)?;
    if !matches!(parser.token, Token::End) {
        return Err(parser.fault("S0201"));
    }
    Ok(parser.out)
}

/// How strongly an operator binds what stands to its left.
fn left_power(token: &Token<'_>) -> u32 {
    let Token::Operator(op) = token else { return 0 };
    match *op {
        "[" | "(" | "@" | "#" => 80,
        "." => 75,
        "{" => 70,
        "*" | "/" | "%" => 60,
        "+" | "-" | "&" => 50,
        "=" | "<" | ">" | "^" | "!=" | "<=" | ">=" | "~>" | "in" => 40,
        "and" => 30,
        "or" => 25,
        "?" => 20,
        ":=" => 10,
        _ => 0,
    }
}

/// Up to this many names a scan finds one faster than a hash.
const SCAN_NAMES_MAX: usize = 16;

impl<'t> Parser<'t> {
    fn fault(&self, code: &'static str) -> Box<Fault> {
        let mut fault = Fault::new(code).at(self.position);
        fault.token = Some(self.token.to_value());
        fault
    }

    fn is(&self, symbol: &str) -> bool {
        matches!(&self.token, Token::Operator(op) if *op == symbol)
    }

    fn advance(&mut self, slash: Slash) -> Res<()> {
        let (token, position) = self.lexer.next(slash)?;
        self.position = if matches!(token, Token::End) { self.lexer.end_position() } else { position };
        self.token = token;
        self.power = left_power(&self.token);
        if matches!(self.token, Token::Operator("!" | "~")) {
            return Err(self.fault("S0204"));
        }
        Ok(())
    }

    fn expect(&mut self, symbol: &'static str, slash: Slash) -> Res<()> {
        if !self.is(symbol) {
            let code = if matches!(self.token, Token::End) { "S0203" } else { "S0202" };
            return Err(self.fault(code).text_value(symbol));
        }
        self.advance(slash)
    }

    fn push(&mut self, raw: Raw, position: u32) -> Id {
        self.out.nodes.push(RawNode { raw, position, keep_array: false });
        u32::try_from(self.out.nodes.len() - 1).unwrap_or(u32::MAX)
    }

    fn node(&self, id: Id) -> &RawNode {
        &self.out.nodes[id as usize]
    }

    fn intern(&mut self, name: &'t str) -> NameId {
        let known = if self.interned.is_empty() {
            let at = self.out.names.iter().position(|known| **known == *name);
            at.and_then(|at| u32::try_from(at).ok())
        } else {
            self.interned.get(name).copied()
        };
        if let Some(id) = known {
            return id;
        }
        let id = u32::try_from(self.out.names.len()).unwrap_or(u32::MAX);
        self.out.names.push(Arc::from(name));
        if self.out.names.len() == SCAN_NAMES_MAX {
            self.interned = self.out.names.iter().cloned().zip(0..).collect();
        } else if self.out.names.len() > SCAN_NAMES_MAX {
            self.interned.insert(Arc::from(name), id);
        }
        id
    }

    fn open_scope(&mut self) -> ScopeId {
        let outer = self.scope;
        self.out.scopes.push(Scope { parent: Some(outer), names: Vec::new() });
        self.scope = u32::try_from(self.out.scopes.len() - 1).unwrap_or(u32::MAX);
        outer
    }

    fn declare(&mut self, name: NameId) {
        let names = &mut self.out.scopes[self.scope as usize].names;
        if !names.contains(&name) {
            names.push(name);
        }
    }

    fn expression(&mut self, right_power: u32) -> Res<Id> {
        self.nesting += 1;
        if self.nesting > NESTING_MAX {
            return Err(Fault::limit(Limit::Depth).at(self.position));
        }
        let mut left = self.prefix()?;
        while right_power < self.power {
            left = self.infix(left)?;
        }
        self.nesting -= 1;
        Ok(left)
    }

    fn prefix(&mut self) -> Res<Id> {
        let position = self.position;
        let token = std::mem::replace(&mut self.token, Token::End);
        if let Token::Operator(op) = token {
            return self.prefix_operator(op, position);
        }
        // Moving past the end gives the end again.
        self.advance(Slash::Divides)?;
        let raw = match token {
            Token::End => Raw::End,
            Token::Name(name) => Raw::Name(Arc::from(name)),
            Token::Variable(name) => Raw::Variable { name: self.intern(name), scope: self.scope },
            Token::Text(text) => Raw::Text(text),
            Token::Number(number) => Raw::Number(number),
            Token::Constant(value) => Raw::Constant(value),
            Token::Regex { pattern, ignore_case, multiline } => {
                let regex = Regex::compile(&pattern, ignore_case, multiline).map_err(|f| f.at(position))?;
                self.out.regexes.push(regex);
                Raw::Regex(u32::try_from(self.out.regexes.len() - 1).unwrap_or(u32::MAX))
            }
            Token::Operator(_) => Raw::End,
        };
        Ok(self.push(raw, position))
    }

    fn prefix_operator(&mut self, op: &'static str, position: u32) -> Res<Id> {
        self.advance(Slash::Divides)?;
        let raw = match op {
            "and" | "or" | "in" => Raw::Name(Arc::from(op)),
            "-" => Raw::Negate(self.expression(70)?),
            "*" => Raw::Wildcard,
            "**" => Raw::Descendant,
            "%" => {
                self.out.has_tuples = true;
                Raw::Parent
            }
            "(" => self.block()?,
            "[" => self.array()?,
            "{" => Raw::Object(self.pairs()?),
            "|" => self.transform()?,
            _ => return Err(Fault::new("S0211").at(position).token(op)),
        };
        Ok(self.push(raw, position))
    }

    fn block(&mut self) -> Res<Raw> {
        let outer = self.open_scope();
        let scope = self.scope;
        let mut items = Vec::new();
        while !self.is(")") {
            items.push(self.expression(0)?);
            if !self.is(";") {
                break;
            }
            self.advance(Slash::BeginsRegex)?;
        }
        self.expect(")", Slash::Divides)?;
        self.scope = outer;
        Ok(Raw::Block { items, scope })
    }

    fn array(&mut self) -> Res<Raw> {
        let mut items = Vec::new();
        if !self.is("]") {
            loop {
                let mut item = self.expression(0)?;
                if self.is("..") {
                    let position = self.position;
                    self.advance(Slash::BeginsRegex)?;
                    let rhs = self.expression(0)?;
                    item = self.push(Raw::Binary { op: BinaryOp::Range, lhs: item, rhs }, position);
                }
                items.push(item);
                if !self.is(",") {
                    break;
                }
                self.advance(Slash::BeginsRegex)?;
            }
        }
        self.expect("]", Slash::Divides)?;
        Ok(Raw::Array(items))
    }

    fn pairs(&mut self) -> Res<Vec<(Id, Id)>> {
        let mut pairs = Vec::new();
        if !self.is("}") {
            loop {
                let key = self.expression(0)?;
                self.expect(":", Slash::BeginsRegex)?;
                let value = self.expression(0)?;
                pairs.push((key, value));
                if !self.is(",") {
                    break;
                }
                self.advance(Slash::BeginsRegex)?;
            }
        }
        self.expect("}", Slash::Divides)?;
        Ok(pairs)
    }

    fn transform(&mut self) -> Res<Raw> {
        let pattern = self.expression(0)?;
        self.expect("|", Slash::BeginsRegex)?;
        let update = self.expression(0)?;
        let mut delete = None;
        if self.is(",") {
            self.advance(Slash::BeginsRegex)?;
            delete = Some(self.expression(0)?);
        }
        self.expect("|", Slash::BeginsRegex)?;
        Ok(Raw::Transform { pattern, update, delete })
    }

    fn infix(&mut self, left: Id) -> Res<Id> {
        let position = self.position;
        let Token::Operator(op) = self.token else { return Err(self.fault("S0201")) };
        self.advance(Slash::BeginsRegex)?;
        let raw = match op {
            "." => Raw::Dot { lhs: left, rhs: self.expression(75)? },
            "~>" => Raw::Apply { lhs: left, rhs: self.expression(40)? },
            "[" => {
                if self.is("]") {
                    let mut step = left;
                    while let Raw::Filter { lhs, .. } = self.node(step).raw {
                        step = lhs;
                    }
                    self.out.nodes[step as usize].keep_array = true;
                    self.advance(Slash::BeginsRegex)?;
                    return Ok(left);
                }
                let rhs = self.expression(0)?;
                self.expect("]", Slash::Divides)?;
                Raw::Filter { lhs: left, rhs }
            }
            "{" => Raw::Group { lhs: left, pairs: self.pairs()? },
            "(" => return self.call(left, position),
            "^" => self.order(left)?,
            ":=" => {
                let Raw::Variable { name, scope } = self.node(left).raw else {
                    let mut fault = Fault::new("S0212").at(self.node(left).position);
                    fault.token = self.token_of(left);
                    return Err(fault);
                };
                self.declare(name);
                let rhs = self.expression(9)?;
                Raw::Bind { name, scope, rhs }
            }
            "@" | "#" => {
                let rhs = self.expression(80)?;
                let Raw::Variable { name, .. } = self.node(rhs).raw else {
                    return Err(Fault::new("S0214").at(self.node(rhs).position).token(op));
                };
                self.out.has_tuples = true;
                self.out.tuple_names.push(name);
                if op == "@" { Raw::Focus { lhs: left, name } } else { Raw::Index { lhs: left, name } }
            }
            "?" => {
                let then = self.expression(0)?;
                let mut otherwise = None;
                if self.is(":") {
                    self.advance(Slash::BeginsRegex)?;
                    otherwise = Some(self.expression(0)?);
                }
                Raw::Condition { test: left, then, otherwise }
            }
            _ => match BinaryOp::of(op) {
                Some(binary) => {
                    let power = left_power(&Token::Operator(op));
                    Raw::Binary { op: binary, lhs: left, rhs: self.expression(power)? }
                }
                None => return Err(Fault::new("S0201").at(position).token(op)),
            },
        };
        Ok(self.push(raw, position))
    }

    fn order(&mut self, left: Id) -> Res<Raw> {
        self.expect("(", Slash::BeginsRegex)?;
        let mut terms = Vec::new();
        loop {
            let mut direction = Direction::Ascending;
            if self.is("<") {
                self.advance(Slash::BeginsRegex)?;
            } else if self.is(">") {
                direction = Direction::Descending;
                self.advance(Slash::BeginsRegex)?;
            }
            terms.push((self.expression(0)?, direction));
            if !self.is(",") {
                break;
            }
            self.advance(Slash::BeginsRegex)?;
        }
        self.expect(")", Slash::BeginsRegex)?;
        Ok(Raw::Order { lhs: left, terms })
    }

    fn call(&mut self, procedure: Id, position: u32) -> Res<Id> {
        let mut arguments = Vec::new();
        let mut partial = false;
        if !self.is(")") {
            loop {
                if self.is("?") {
                    partial = true;
                    let at = self.position;
                    arguments.push(self.push(Raw::Placeholder, at));
                    self.advance(Slash::BeginsRegex)?;
                } else {
                    arguments.push(self.expression(0)?);
                }
                if !self.is(",") {
                    break;
                }
                self.advance(Slash::BeginsRegex)?;
            }
        }
        self.expect(")", Slash::Divides)?;
        if matches!(&self.node(procedure).raw, Raw::Name(name) if matches!(&**name, "function" | "λ")) {
            return self.lambda(&arguments, position);
        }
        let raw = if partial {
            Raw::Partial { procedure, arguments }
        } else {
            Raw::Function { procedure, arguments }
        };
        Ok(self.push(raw, position))
    }

    fn lambda(&mut self, arguments: &[Id], position: u32) -> Res<Id> {
        let mut parameters = Vec::with_capacity(arguments.len());
        for (index, argument) in arguments.iter().enumerate() {
            let Raw::Variable { name, .. } = self.node(*argument).raw else {
                let mut fault = Fault::new("S0208").at(self.node(*argument).position);
                fault.token = self.token_of(*argument);
                fault.value_text = Some((index + 1).to_string());
                fault.value = i64::try_from(index + 1).ok().map(Value::I64);
                return Err(fault);
            };
            parameters.push(name);
            // A parameter is declared here, not read.
            self.out.nodes[*argument as usize].raw = Raw::Placeholder;
        }
        let mut signature = None;
        if self.is("<") {
            signature = Some(Box::new(self.signature()?));
        }
        self.expect("{", Slash::BeginsRegex)?;
        let outer = self.open_scope();
        let scope = self.scope;
        for parameter in &parameters {
            self.declare(*parameter);
        }
        let body = self.expression(0)?;
        self.scope = outer;
        self.expect("}", Slash::BeginsRegex)?;
        Ok(self.push(Raw::Lambda { parameters, signature, body, scope }, position))
    }

    fn signature(&mut self) -> Res<Signature> {
        let start = self.position;
        let mut depth = 1;
        let mut text = String::from("<");
        while depth > 0 && !self.is("{") && !matches!(self.token, Token::End) {
            self.advance(Slash::BeginsRegex)?;
            if self.is(">") {
                depth -= 1;
            } else if self.is("<") {
                depth += 1;
            }
            match self.token.to_value() {
                Value::Str(token) => text.push_str(&token),
                other => text.push_str(&crate::stringify::stringify(&other)),
            }
        }
        self.expect(">", Slash::BeginsRegex)?;
        Signature::parse(&text).map_err(|(mut fault, offset)| {
            fault.position = Some(start + offset);
            fault
        })
    }

    /// The `value` that the reference's node carries.
    fn token_of(&self, id: Id) -> Option<Value> {
        Some(match &self.node(id).raw {
            Raw::End => Value::str("(end)"),
            Raw::Name(name) | Raw::Text(name) => Value::Str(Arc::clone(name)),
            Raw::Variable { name, .. } => Value::Str(Arc::clone(&self.out.names[*name as usize])),
            Raw::Number(number) => crate::number::to_value(*number).unwrap_or_default(),
            Raw::Constant(value) => value.clone(),
            Raw::Regex(_) => Value::object(stepwell_types::Map::new()),
            Raw::Placeholder | Raw::Condition { .. } => Value::str("?"),
            Raw::Wildcard => Value::str("*"),
            Raw::Descendant => Value::str("**"),
            Raw::Parent => Value::str("%"),
            Raw::Dot { .. } => Value::str("."),
            Raw::Filter { .. } | Raw::Array(_) => Value::str("["),
            Raw::Group { .. } | Raw::Object(_) => Value::str("{"),
            Raw::Order { .. } => Value::str("^"),
            Raw::Bind { .. } => Value::str(":="),
            Raw::Focus { .. } => Value::str("@"),
            Raw::Index { .. } => Value::str("#"),
            Raw::Apply { .. } => Value::str("~>"),
            Raw::Binary { op, .. } => Value::str(op.symbol()),
            Raw::Negate(_) => Value::str("-"),
            Raw::Function { .. } | Raw::Partial { .. } | Raw::Lambda { .. } | Raw::Block { .. } => {
                Value::str("(")
            }
            Raw::Transform { .. } => Value::str("|"),
        })
    }
}
