//! A compiled expression and its evaluation.

use crate::budget::Budget;
use crate::code::Code;
use crate::compile::{Compiled, compile};
use crate::error::Error;
use crate::fault::Res;
use crate::machine::{Evals, Machine};
use crate::options::Options;
use crate::val::Val;
use bumpalo::Bump;
use std::sync::Arc;
use stepwell_types::{Map, Value};

/// A compiled expression: parsed, resolved, `Send + Sync`, cheap to clone.
#[derive(Clone)]
pub struct Expression(Arc<Inner>);

struct Inner {
    text: Arc<str>,
    code: Code,
    uses: Vec<VariableUse>,
}

/// What an evaluation may see besides its input and bindings, and what it may use.
///
/// ```
/// use stepwell_jsonata::{Environment, Expression, Options};
/// use stepwell_types::{Map, Value};
///
/// let environment = Environment { now_millis: 1_510_067_557_121, ..Environment::default() };
/// let now = Expression::compile("$now()", &Options::standard())?;
/// let outcome = now.evaluate(None, &Map::new(), &environment)?;
/// assert_eq!(outcome.into_value(), Some(Value::str("2017-11-07T15:12:37.121Z")));
/// # Ok::<(), stepwell_jsonata::Error>(())
/// ```
#[derive(Clone, Copy, Default)]
pub struct Environment<'e> {
    /// The time that `$now()` and `$millis()` give, in milliseconds since 1970-01-01T00:00Z; it stands still.
    pub now_millis: i64,
    /// What `$random()`, `$shuffle()` and `$uuid()` derive their values from: equal seeds, equal values.
    pub seed: u64,
    /// What the evaluation may use.
    pub budget: Budget,
    /// Asked every few thousand steps whether time is up. `None` where evaluations must be repeatable.
    pub deadline: Option<&'e dyn Fn() -> bool>,
}

/// How an evaluation ended, if not with an error.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Nothing: the expression selected nothing.
    Undefined,
    /// A JSON value.
    Value(Value),
    /// A function, which cannot leave the evaluator.
    Function,
}

/// A variable that an expression reads from its bindings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariableUse {
    /// The name without `$`.
    pub name: Arc<str>,
    /// The field read from it right away: `input` in `$states.input.id`.
    pub member: Option<Arc<str>>,
    /// Just behind the name, in UTF-16 code units.
    pub position: u32,
}

impl Expression {
    /// Parses an expression and checks it against the dialect.
    ///
    /// # Errors
    /// [`Error`] with the reference's syntax error (`S…`), or `U…` for what only the dialect refuses and for a
    /// text nested too deeply.
    pub fn compile(text: &str, options: &Options<'_>) -> Result<Self, Error> {
        match compile(text, options) {
            Ok(Compiled { code, uses }) => Ok(Self(Arc::new(Inner { text: Arc::from(text), code, uses }))),
            Err(fault) => Err(fault.into_error()),
        }
    }

    /// Evaluates the expression on an input (`None` is undefined) and variables, named without `$`.
    ///
    /// # Errors
    /// [`Error`] with the reference's code and text, or `U1001` where the budget ran out.
    pub fn evaluate(
        &self,
        input: Option<&Value>,
        bindings: &Map,
        environment: &Environment<'_>,
    ) -> Result<Outcome, Error> {
        run(&self.0.code, input, bindings, environment).map_err(|fault| fault.into_error())
    }

    /// The text it was compiled from.
    #[must_use]
    pub fn text(&self) -> &Arc<str> {
        &self.0.text
    }

    /// The variables that it reads from its bindings, in the order of the text; built-in functions and what the
    /// expression binds by itself are not among them.
    #[must_use]
    pub fn variables(&self) -> &[VariableUse] {
        &self.0.uses
    }
}

fn run(code: &Code, input: Option<&Value>, bindings: &Map, environment: &Environment<'_>) -> Res<Outcome> {
    let bump = Bump::new();
    let evals = Evals::default();
    let mut machine = Machine::new(&bump, code, input, bindings, environment, &evals);
    let root = machine.root;
    let input = machine.outer(root)?;
    let frame = machine.root_frame()?;
    let result = machine.eval(code.root, input, frame)?;
    if matches!(result, Val::Func(_)) {
        return Ok(Outcome::Function);
    }
    Ok(machine.export(result, 0)?.map_or(Outcome::Undefined, Outcome::Value))
}

impl Outcome {
    /// The value, if there is one.
    #[must_use]
    pub fn into_value(self) -> Option<Value> {
        match self {
            Self::Value(value) => Some(value),
            Self::Undefined | Self::Function => None,
        }
    }
}

impl std::fmt::Debug for Expression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Expression").field(&self.0.text).finish()
    }
}

impl std::fmt::Debug for Environment<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Environment")
            .field("now_millis", &self.now_millis)
            .field("seed", &self.seed)
            .field("budget", &self.budget)
            .field("deadline", &self.deadline.is_some())
            .finish()
    }
}
