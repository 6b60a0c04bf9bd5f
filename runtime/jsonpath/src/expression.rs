//! Expressions: a path or an intrinsic function, as `.$` fields, `ErrorPath` and `CausePath` hold them.

mod array;
mod encode;
mod format;
mod function;
mod math;
mod parse;
mod text;

use crate::bounds::{Budget, TooLarge};
use crate::error::{EvaluationError, IntrinsicError, SyntaxError};
use crate::path::Path;
use crate::scope::Scope;
use format::FormatTemplate;
use std::fmt;
use std::sync::Arc;
use stepwell_types::Value;

pub use function::Function;

/// What a `.$` field, `ErrorPath` or `CausePath` holds.
#[derive(Debug, Clone)]
pub enum Expression {
    /// `$.a`
    Path(Path),
    /// `States.Format('{}', $.a)`
    Intrinsic(Intrinsic),
}

/// A call of an intrinsic function, with the calls inside it.
#[derive(Debug, Clone)]
pub struct Intrinsic {
    text: Arc<str>,
    call: Arc<Call>,
}

#[derive(Debug)]
struct Call {
    function: Function,
    arguments: Vec<Argument>,
    /// The first argument of `States.Format`, if it is a literal; a faulty one fails when it is called, as on AWS.
    template: Option<Result<FormatTemplate, &'static str>>,
}

#[derive(Debug)]
enum Argument {
    Path(Path),
    Literal(Value),
    Call(Call),
}

impl Expression {
    /// Parses a path or an intrinsic function. Blanks around it are passed over.
    ///
    /// The number and the types of a function's arguments are not checked here: AWS accepts such a definition and
    /// fails the state. [`Intrinsic::doubt`] tells beforehand.
    ///
    /// # Errors
    /// [`SyntaxError`] with the place of the fault: an unknown function, too deep a nesting, a bad escape, ….
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        parse::parse(text)
    }

    /// The expression as it was written.
    #[must_use]
    pub fn text(&self) -> &Arc<str> {
        match self {
            Self::Path(path) => path.text(),
            Self::Intrinsic(intrinsic) => &intrinsic.text,
        }
    }

    /// The variables that the expression reads, each once.
    #[must_use]
    pub fn variables(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.collect_variables(&mut names);
        names
    }

    pub(crate) fn collect_variables<'a>(&'a self, names: &mut Vec<&'a str>) {
        match self {
            Self::Path(path) => path.collect_variables(names),
            Self::Intrinsic(intrinsic) => intrinsic.call.collect_variables(names),
        }
    }

    /// The expression's value.
    ///
    /// # Errors
    /// [`EvaluationError`]; its `cause` words it as AWS does.
    pub fn evaluate(&self, scope: &Scope<'_>) -> Result<Value, EvaluationError> {
        match self {
            Self::Path(path) => Ok(path.select(scope)?),
            Self::Intrinsic(intrinsic) => intrinsic.evaluate(scope),
        }
    }
}

impl fmt::Display for Expression {
    /// As it was written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl Intrinsic {
    /// The outermost function.
    #[must_use]
    pub fn function(&self) -> Function {
        self.call.function
    }

    /// Why a call in here cannot succeed whatever the input is, if that is so: a wrong number of arguments. A
    /// warning, not an error, since AWS accepts the definition.
    #[must_use]
    pub fn doubt(&self) -> Option<String> {
        self.call.doubt()
    }

    fn evaluate(&self, scope: &Scope<'_>) -> Result<Value, EvaluationError> {
        self.call.evaluate(&Context { scope, text: &self.text })
    }
}

/// What every call of one expression shares.
struct Context<'a> {
    scope: &'a Scope<'a>,
    text: &'a Arc<str>,
}

/// Why a function refused its arguments: AWS's detail, or none.
#[derive(Debug, PartialEq, Eq)]
enum Refusal {
    /// `Invalid arguments in States.X`
    Arguments,
    /// `Invalid arguments in States.X: detail`
    Because(&'static str),
    /// `Invalid template in States.Format: detail`
    Template(&'static str),
    /// More than may be built.
    TooLarge,
}

impl From<TooLarge> for Refusal {
    fn from(_: TooLarge) -> Self {
        Self::TooLarge
    }
}

impl Call {
    fn collect_variables<'a>(&'a self, names: &mut Vec<&'a str>) {
        for argument in &self.arguments {
            match argument {
                Argument::Path(path) => path.collect_variables(names),
                Argument::Literal(_) => {}
                Argument::Call(call) => call.collect_variables(names),
            }
        }
    }

    fn doubt(&self) -> Option<String> {
        let (least, most) = self.function.arity();
        let given = self.arguments.len();
        if given < least || given > most {
            let name = self.function.name();
            return Some(format!("`{name}` does not take {given} argument(s); the state will fail"));
        }
        self.arguments.iter().find_map(|argument| match argument {
            Argument::Call(call) => call.doubt(),
            Argument::Path(_) | Argument::Literal(_) => None,
        })
    }

    /// Recursion is bounded by `INTRINSIC_NESTING_MAX`.
    fn evaluate(&self, context: &Context<'_>) -> Result<Value, EvaluationError> {
        let mut arguments = Vec::with_capacity(self.arguments.len());
        for argument in &self.arguments {
            arguments.push(match argument {
                Argument::Literal(value) => value.clone(),
                Argument::Call(call) => call.evaluate(context)?,
                Argument::Path(path) => path.select(context.scope).map_err(|error| {
                    EvaluationError::Argument { function: Arc::clone(context.text), error }
                })?,
            });
        }
        let (least, most) = self.function.arity();
        let result = if arguments.len() < least || arguments.len() > most {
            Err(Refusal::Arguments)
        } else {
            self.apply(&arguments, context.scope).and_then(|value| {
                Budget::new().charge(&value, 0)?;
                Ok(value)
            })
        };
        result.map_err(|refusal| self.explain(&refusal, context.text))
    }

    fn apply(&self, arguments: &[Value], scope: &Scope<'_>) -> Result<Value, Refusal> {
        let environment = scope.environment;
        match (self.function, arguments) {
            (Function::Array, items) => Ok(Value::array(items.to_vec())),
            (Function::ArrayPartition, [items, size]) => array::partition(items, size),
            (Function::ArrayContains, [items, wanted]) => array::contains(items, wanted),
            (Function::ArrayRange, [first, last, step]) => array::range(first, last, step),
            (Function::ArrayGetItem, [items, index]) => array::get_item(items, index),
            (Function::ArrayLength, [items]) => array::length(items),
            (Function::ArrayUnique, [items]) => array::unique(items),
            (Function::Base64Encode, [data]) => encode::base64_encode(data),
            (Function::Base64Decode, [data]) => encode::base64_decode(data),
            (Function::Hash, [data, algorithm]) => encode::hash(data, algorithm),
            (Function::Uuid, []) => Ok(encode::uuid(environment.random(), environment.random())),
            (Function::JsonMerge, [left, right, deep]) => text::json_merge(left, right, deep),
            (Function::StringToJson, [text]) => text::string_to_json(text),
            (Function::JsonToString, [value]) => Ok(Value::from(value.to_json())),
            (Function::StringSplit, [text, delimiters]) => text::split(text, delimiters),
            (Function::MathRandom, [start, end]) => math::random(start, end, environment.random()),
            (Function::MathRandom, [start, end, seed]) => math::random_seeded(start, end, seed),
            (Function::MathAdd, [left, right]) => math::add(left, right),
            (Function::Format, [template, values @ ..]) => match &self.template {
                Some(template) => template.as_ref().map_err(|fault| Refusal::Template(fault))?.fill(values),
                None => match template.as_str() {
                    Some(text) => FormatTemplate::parse(text).map_err(Refusal::Template)?.fill(values),
                    None => Err(Refusal::Arguments),
                },
            },
            // The number of arguments was checked before.
            (
                Function::ArrayPartition
                | Function::ArrayContains
                | Function::ArrayRange
                | Function::ArrayGetItem
                | Function::ArrayLength
                | Function::ArrayUnique
                | Function::Base64Encode
                | Function::Base64Decode
                | Function::Hash
                | Function::Uuid
                | Function::JsonMerge
                | Function::StringToJson
                | Function::JsonToString
                | Function::StringSplit
                | Function::MathRandom
                | Function::MathAdd
                | Function::Format,
                _,
            ) => Err(Refusal::Arguments),
        }
    }

    fn explain(&self, refusal: &Refusal, text: &Arc<str>) -> EvaluationError {
        let function = self.function.name();
        let detail = match refusal {
            Refusal::Arguments => format!("Invalid arguments in {function}"),
            Refusal::Because(detail) => format!("Invalid arguments in {function}: {detail}"),
            Refusal::Template(detail) => format!("Invalid template in {function}: {detail}"),
            Refusal::TooLarge => return EvaluationError::TooLarge,
        };
        let message = format!("The function '{text}' had the following error: {detail}");
        EvaluationError::Intrinsic(IntrinsicError { function, message })
    }
}
