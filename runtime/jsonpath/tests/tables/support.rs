//! One check function per feature, and what they evaluate against.

use std::cell::Cell;
use stepwell_jsonpath::{Environment, Expression, Path, Scope, Template};
use stepwell_types::Value;

/// A context object, two variables, and randomness that counts.
pub(crate) struct World {
    context: Value,
    variables: Value,
    random: Cell<u64>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            context: json(
                r#"{"Execution":{"Id":"arn:1","Name":"run-1","Input":{"n":7}},
                    "StateMachine":{"Id":"arn:2","Name":"machine-one"}}"#,
            ),
            variables: json(r#"{"order":{"lines":[{"id":1},{"id":2}]},"x":42,"_u":null}"#),
            random: Cell::new(0),
        }
    }
}

impl Environment for World {
    fn context(&self) -> &Value {
        &self.context
    }

    fn variable(&self, name: &str) -> Option<&Value> {
        self.variables.get(name)
    }

    fn random(&self) -> u64 {
        self.random.set(self.random.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
        self.random.get()
    }
}

#[track_caller]
pub(crate) fn json(text: &str) -> Value {
    Value::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// What a path selects from `input`, as JSON, or the error.
#[track_caller]
pub(crate) fn select(input: &str, path: &str) -> Result<String, String> {
    let path = Path::parse(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let (input, world) = (json(input), World::new());
    let scope = Scope { input: &input, environment: &world };
    path.select(&scope).map(|value| value.to_json()).map_err(|error| error.to_string())
}

#[track_caller]
pub(crate) fn check_path(input: &str, path: &str, expected: &str) {
    assert_eq!(select(input, path).as_deref(), Ok(expected), "{path} in {input}");
}

/// As worded for `InputPath` and the like, after `Invalid path '…' : `.
#[track_caller]
pub(crate) fn check_missing(input: &str, path: &str, reason: &str) {
    assert_eq!(select(input, path), Err(format!("Invalid path '{path}' : {reason}")));
}

#[track_caller]
pub(crate) fn check_syntax(expression: &str, message: &str, offset: usize) {
    let error = Expression::parse(expression).expect_err(expression);
    assert_eq!((error.message.as_str(), error.offset), (message, offset), "{expression}");
}

#[track_caller]
pub(crate) fn check_parses(expression: &str) {
    if let Err(error) = Expression::parse(expression) {
        panic!("{expression}: {error}");
    }
}

/// An expression's value as JSON, or error name and cause for the field `value.$`.
#[track_caller]
pub(crate) fn evaluate(input: &str, expression: &str) -> Result<String, (String, String)> {
    let expression = Expression::parse(expression).unwrap_or_else(|error| panic!("{expression}: {error}"));
    let (value, world) = (json(input), World::new());
    let scope = Scope { input: &value, environment: &world };
    expression
        .evaluate(&scope)
        .map(|value| value.to_json())
        .map_err(|error| (error.error_name().to_string(), error.cause("value.$", input)))
}

#[track_caller]
pub(crate) fn check(input: &str, expression: &str, expected: &str) {
    assert_eq!(evaluate(input, expression).as_deref(), Ok(expected), "{expression} with {input}");
}

/// A function that refuses its arguments, in AWS's words.
#[track_caller]
pub(crate) fn check_refused(input: &str, expression: &str, detail: &str) {
    let cause = format!("The function '{expression}' had the following error: {detail}");
    assert_eq!(evaluate(input, expression), Err(("States.IntrinsicFailure".to_owned(), cause)));
}

#[track_caller]
pub(crate) fn template(text: &str) -> Template {
    Template::parse(&json(text)).unwrap_or_else(|errors| panic!("{text}: {errors:?}"))
}

/// A rendered template as JSON, or error name and cause.
#[track_caller]
pub(crate) fn render(input: &str, text: &str) -> Result<String, (String, String)> {
    let (value, world) = (json(input), World::new());
    let scope = Scope { input: &value, environment: &world };
    template(text)
        .render(&scope)
        .map(|value| value.to_json())
        .map_err(|error| (error.error_name().to_string(), error.cause(input)))
}

#[track_caller]
pub(crate) fn check_template(input: &str, text: &str, expected: &str) {
    assert_eq!(render(input, text).as_deref(), Ok(expected), "{text} with {input}");
}
