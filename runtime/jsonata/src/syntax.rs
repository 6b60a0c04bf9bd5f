//! What the parser sees in a text, before paths, predicates and parents are worked out.

use crate::signature::Signature;
use std::sync::Arc;
use stepwell_types::Value;

/// The place of a node in its arena.
pub(crate) type Id = u32;
/// The place of a variable's name in [`crate::code::Code::names`].
pub(crate) type NameId = u32;
/// The place of a scope: the root, a block or a lambda.
pub(crate) type ScopeId = u32;

#[derive(Debug)]
pub(crate) struct RawNode {
    pub(crate) raw: Raw,
    pub(crate) position: u32,
    pub(crate) keep_array: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BinaryOp {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Concatenate,
    And,
    Or,
    In,
    Range,
}

impl BinaryOp {
    pub(crate) fn of(symbol: &str) -> Option<Self> {
        Some(match symbol {
            "+" => Self::Add,
            "-" => Self::Subtract,
            "*" => Self::Multiply,
            "/" => Self::Divide,
            "%" => Self::Modulo,
            "=" => Self::Equal,
            "!=" => Self::NotEqual,
            "<" => Self::Less,
            "<=" => Self::LessOrEqual,
            ">" => Self::Greater,
            ">=" => Self::GreaterOrEqual,
            "&" => Self::Concatenate,
            "and" => Self::And,
            "or" => Self::Or,
            "in" => Self::In,
            ".." => Self::Range,
            _ => return None,
        })
    }

    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Concatenate => "&",
            Self::And => "and",
            Self::Or => "or",
            Self::In => "in",
            Self::Range => "..",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Ascending,
    Descending,
}

#[derive(Debug)]
pub(crate) enum Raw {
    End,
    Name(Arc<str>),
    Variable {
        name: NameId,
        scope: ScopeId,
    },
    Text(Arc<str>),
    Number(f64),
    Constant(Value),
    Regex(u32),
    /// `?` in a partial application.
    Placeholder,
    Wildcard,
    Descendant,
    Parent,
    Dot {
        lhs: Id,
        rhs: Id,
    },
    Filter {
        lhs: Id,
        rhs: Id,
    },
    Group {
        lhs: Id,
        pairs: Vec<(Id, Id)>,
    },
    Order {
        lhs: Id,
        terms: Vec<(Id, Direction)>,
    },
    Bind {
        name: NameId,
        scope: ScopeId,
        rhs: Id,
    },
    Focus {
        lhs: Id,
        name: NameId,
    },
    Index {
        lhs: Id,
        name: NameId,
    },
    Apply {
        lhs: Id,
        rhs: Id,
    },
    Binary {
        op: BinaryOp,
        lhs: Id,
        rhs: Id,
    },
    Negate(Id),
    Array(Vec<Id>),
    Object(Vec<(Id, Id)>),
    Function {
        procedure: Id,
        arguments: Vec<Id>,
    },
    Partial {
        procedure: Id,
        arguments: Vec<Id>,
    },
    Lambda {
        parameters: Vec<NameId>,
        signature: Option<Box<Signature>>,
        body: Id,
        scope: ScopeId,
    },
    Condition {
        test: Id,
        then: Id,
        otherwise: Option<Id>,
    },
    Block {
        items: Vec<Id>,
        scope: ScopeId,
    },
    Transform {
        pattern: Id,
        update: Id,
        delete: Option<Id>,
    },
}

/// Names bound in one block, lambda or at the root; each has a slot in the frame of that scope.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    pub(crate) parent: Option<ScopeId>,
    pub(crate) names: Vec<NameId>,
}
