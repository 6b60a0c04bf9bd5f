//! The Choice state: rules as a tree of checked comparisons.

use super::{JsonataExpression, StateIdx, Template};
use std::sync::Arc;
use stepwell_jsonpath::Path;
use stepwell_types::{ExactTimestamp, Value};

/// What is particular to a Choice state.
#[derive(Clone, Debug)]
pub struct Choice {
    /// At least one, in order; the first that matches decides.
    pub rules: Vec<ChoiceRule>,
    /// Where it goes on if none matches.
    pub default: Option<StateIdx>,
}

/// One entry of `Choices`.
#[derive(Clone, Debug)]
pub struct ChoiceRule {
    /// Text for people.
    pub comment: Option<Arc<str>>,
    /// When it matches.
    pub condition: Condition,
    /// Where it goes on.
    pub next: StateIdx,
    /// Variables by name; the state's own `Assign` counts only if no rule matches.
    pub assign: Option<Template>,
    /// `Output` (JSONata); the state's own counts only if no rule matches.
    pub output: Option<Template>,
}

/// When a rule matches.
#[derive(Clone, Debug)]
pub enum Condition {
    /// All of them; never empty.
    And(Vec<Condition>),
    /// Any of them; never empty.
    Or(Vec<Condition>),
    /// Not this one.
    Not(Box<Condition>),
    /// A comparison.
    Compare(Comparison),
    /// `Condition` (JSONata).
    Jsonata(JsonataExpression),
    /// `Condition` (JSONata) that is a plain boolean.
    Fixed(bool),
}

/// A value of the input held against something.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// `Variable`
    pub variable: Path,
    /// One of the 39 comparison operators.
    pub test: Test,
}

/// The 39 comparison operators: an order of a type, its operand written or found by a path, and seven more.
#[derive(Clone, Debug)]
pub enum Test {
    /// `StringEquals`, `StringLessThan`, … and their `…Path` forms.
    String(Order, Operand<Arc<str>>),
    /// `NumericEquals`, `NumericLessThan`, … and their `…Path` forms.
    Numeric(Order, Operand<NumericOperand>),
    /// `TimestampEquals`, `TimestampLessThan`, … and their `…Path` forms.
    Timestamp(Order, Operand<ExactTimestamp>),
    /// `BooleanEquals`, `BooleanEqualsPath`
    BooleanEquals(Operand<bool>),
    /// `StringMatches`: `*` is any run of characters, `\*` an asterisk, `\\` a backslash.
    StringMatches(Arc<str>),
    /// `IsNull`: whether it is `null` is what is given here.
    IsNull(bool),
    /// `IsPresent`
    IsPresent(bool),
    /// `IsNumeric`
    IsNumeric(bool),
    /// `IsString`
    IsString(bool),
    /// `IsBoolean`
    IsBoolean(bool),
    /// `IsTimestamp`
    IsTimestamp(bool),
}

/// How two values of one type are held against each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    /// `…Equals`
    Equals,
    /// `…LessThan`
    LessThan,
    /// `…GreaterThan`
    GreaterThan,
    /// `…LessThanEquals`
    LessThanEquals,
    /// `…GreaterThanEquals`
    GreaterThanEquals,
}

impl Order {
    /// Whether `left` compared with `right` is so.
    #[must_use]
    pub fn holds(self, left_to_right: std::cmp::Ordering) -> bool {
        match self {
            Self::Equals => left_to_right.is_eq(),
            Self::LessThan => left_to_right.is_lt(),
            Self::GreaterThan => left_to_right.is_gt(),
            Self::LessThanEquals => left_to_right.is_le(),
            Self::GreaterThanEquals => left_to_right.is_ge(),
        }
    }
}

/// The right side of a comparison.
#[derive(Clone, Debug)]
pub enum Operand<T> {
    /// As written.
    Fixed(T),
    /// The `…Path` form.
    Path(Path),
}

/// A number as written: [`Value::I64`], [`Value::U64`] or [`Value::F64`], so that no digit is lost.
#[derive(Clone, Debug)]
pub struct NumericOperand(pub Value);
