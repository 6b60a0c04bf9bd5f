//! A compiled expression: an arena of nodes that refer to each other by index.

use crate::functions::Builtin;
use crate::regex::Regex;
use crate::signature::Signature;
use crate::syntax::{BinaryOp, Direction, Id, NameId, ScopeId};
use std::sync::Arc;

#[derive(Debug)]
pub(crate) struct Code {
    pub(crate) nodes: Vec<Node>,
    pub(crate) root: Id,
    pub(crate) names: Vec<Arc<str>>,
    /// The built-in function of each name, if the dialect has one.
    pub(crate) builtins: Vec<Option<Builtin>>,
    /// The names that each scope binds, in the order of their slots.
    pub(crate) scopes: Vec<Box<[Arc<str>]>>,
    pub(crate) regexes: Vec<Regex>,
    /// Keys that name steps read; each has a guess at its place in an object.
    pub(crate) guesses: u32,
}

#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    /// UTF-16 units; 0 where the reference's node has none.
    pub(crate) position: u32,
    /// `[]` follows.
    pub(crate) keep_array: bool,
    /// An array constructor whose result a path does not flatten.
    pub(crate) cons_array: bool,
    /// The step, or the path as a whole, works on tuples.
    pub(crate) tuple: bool,
    /// Predicates, grouping and bindings, where there are any.
    pub(crate) extra: Option<Box<Extra>>,
}

#[derive(Debug, Default)]
pub(crate) struct Extra {
    /// Predicates on something that is no step of a path.
    pub(crate) predicates: Vec<Id>,
    /// Predicates and index bindings on a step of a path; `None` until the first, as the reference asks.
    pub(crate) stages: Option<Vec<Stage>>,
    pub(crate) group: Option<Group>,
    /// The variable bound by `@`.
    pub(crate) focus: Option<Arc<str>>,
    /// The variable bound by `#`.
    pub(crate) index: Option<Arc<str>>,
    /// The name under which later `%` find this step's input.
    pub(crate) ancestor: Option<Arc<str>>,
}

#[derive(Debug)]
pub(crate) enum Stage {
    Filter(Id),
    Index(Arc<str>),
}

#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) pairs: Vec<(Id, Id)>,
    pub(crate) position: u32,
}

/// Where a variable is found.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place {
    /// The input of the nearest lambda, step or predicate: `$`.
    Context,
    /// Bindings or built-in functions; nothing in the expression binds the name.
    Global,
    /// So many frames up, in this slot; if it is not bound there yet, further up by name.
    Local { depth: u16, slot: u16 },
    /// By name from frame to frame, since tuples bind names as they go.
    Dynamic,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Text(Arc<str>),
    Number(f64),
    Null,
    Bool(bool),
    Name {
        key: Arc<str>,
        guess: u32,
    },
    Wildcard,
    Descendant,
    Parent(Arc<str>),
    Variable {
        name: NameId,
        place: Place,
    },
    /// `plain`: a name or a variable and then names, nothing else.
    Path {
        steps: Vec<Id>,
        keep_singleton: bool,
        plain: bool,
    },
    Binary {
        op: BinaryOp,
        lhs: Id,
        rhs: Id,
    },
    Negate(Id),
    Array(Vec<Id>),
    Object(Group),
    Condition {
        test: Id,
        then: Id,
        otherwise: Option<Id>,
    },
    Block {
        items: Vec<Id>,
        scope: ScopeId,
    },
    Bind {
        name: NameId,
        scope: ScopeId,
        rhs: Id,
    },
    Regex(u32),
    Function {
        procedure: Id,
        arguments: Vec<Id>,
    },
    Partial {
        procedure: Id,
        arguments: Vec<Id>,
    },
    Placeholder,
    Lambda(Box<Lambda>),
    /// A call in tail position, to be made by whoever called the lambda.
    Thunk(Id),
    Apply {
        lhs: Id,
        rhs: Id,
    },
    Transform {
        pattern: Id,
        update: Id,
        delete: Option<Id>,
    },
    Sort(Vec<(Id, Direction)>),
}

#[derive(Debug)]
pub(crate) struct Lambda {
    /// The slot of each parameter in the lambda's frame.
    pub(crate) slots: Vec<u16>,
    pub(crate) signature: Option<Box<Signature>>,
    pub(crate) body: Id,
    pub(crate) scope: ScopeId,
}

impl Node {
    pub(crate) fn new(kind: Kind, position: u32) -> Self {
        Self { kind, position, keep_array: false, cons_array: false, tuple: false, extra: None }
    }

    pub(crate) fn extra_mut(&mut self) -> &mut Extra {
        self.extra.get_or_insert_default()
    }

    pub(crate) fn group(&self) -> Option<&Group> {
        self.extra.as_ref()?.group.as_ref()
    }

    pub(crate) fn predicates(&self) -> &[Id] {
        self.extra.as_ref().map_or(&[], |extra| &extra.predicates)
    }

    pub(crate) fn stages(&self) -> Option<&[Stage]> {
        self.extra.as_ref()?.stages.as_deref()
    }

    pub(crate) fn focus(&self) -> Option<&Arc<str>> {
        self.extra.as_ref()?.focus.as_ref()
    }

    pub(crate) fn index(&self) -> Option<&Arc<str>> {
        self.extra.as_ref()?.index.as_ref()
    }

    pub(crate) fn ancestor(&self) -> Option<&Arc<str>> {
        self.extra.as_ref()?.ancestor.as_ref()
    }
}

impl Kind {
    /// The reference's name of the node type.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Text(_) => "string",
            Self::Number(_) => "number",
            Self::Null | Self::Bool(_) => "value",
            Self::Name { .. } => "name",
            Self::Wildcard => "wildcard",
            Self::Descendant => "descendant",
            Self::Parent(_) => "parent",
            Self::Variable { .. } => "variable",
            Self::Path { .. } => "path",
            Self::Binary { .. } => "binary",
            Self::Negate(_) | Self::Array(_) | Self::Object(_) => "unary",
            Self::Condition { .. } => "condition",
            Self::Block { .. } => "block",
            Self::Bind { .. } => "bind",
            Self::Regex(_) => "regex",
            Self::Function { .. } => "function",
            Self::Partial { .. } => "partial",
            Self::Placeholder => "operator",
            Self::Lambda(_) | Self::Thunk(_) => "lambda",
            Self::Apply { .. } => "apply",
            Self::Transform { .. } => "transform",
            Self::Sort(_) => "sort",
        }
    }
}
