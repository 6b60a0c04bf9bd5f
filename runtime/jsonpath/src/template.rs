//! Payload templates: `Parameters`, `ResultSelector`, `ItemSelector`, `Assign`.

use crate::bounds::Budget;
use crate::error::{EvaluationError, SyntaxError, TemplateError, TemplateSyntaxError};
use crate::expression::Expression;
use crate::scope::Scope;
use std::sync::Arc;
use stepwell_types::quota::PAYLOAD_DEPTH_MAX;
use stepwell_types::{Map, Value};

/// A JSON value in which a field whose name ends in `.$` holds an expression; the rendered field has the name
/// without that ending. What holds no expression is shared by every rendering.
#[derive(Debug, Clone)]
pub struct Template {
    root: Node,
}

#[derive(Debug, Clone)]
enum Node {
    Constant(Value),
    Object(Vec<(Arc<str>, Node)>),
    Array(Vec<Node>),
    /// The field's own name, `a.$`, and what it holds.
    Expression(Arc<str>, Expression),
}

impl Template {
    /// Parses a template; every fault is found at once.
    ///
    /// # Errors
    /// One [`TemplateSyntaxError`] for each `.$` field that holds no expression.
    pub fn parse(value: &Value) -> Result<Self, Vec<TemplateSyntaxError>> {
        let mut parser = Parser { pointer: String::new(), errors: Vec::new() };
        let root = parser.parse(value);
        if parser.errors.is_empty() { Ok(Self { root }) } else { Err(parser.errors) }
    }

    /// Whether it holds no expression and renders always the same.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        matches!(self.root, Node::Constant(_))
    }

    /// The expressions, in the template's order, each with its field's own name (`a.$`).
    #[must_use]
    pub fn expressions(&self) -> Vec<(&str, &Expression)> {
        let mut expressions = Vec::new();
        self.root.collect(&mut expressions);
        expressions
    }

    /// The variables that the template reads, each once.
    #[must_use]
    pub fn variables(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for (_, expression) in self.expressions() {
            expression.collect_variables(&mut names);
        }
        names
    }

    /// The value, built anew where expressions stand.
    ///
    /// # Errors
    /// [`TemplateError`] with the first field, in the template's order, that fails; also where the expressions
    /// together build more than [`BUILT_BYTES_MAX`](crate::limit::BUILT_BYTES_MAX) or deeper than
    /// `PAYLOAD_DEPTH_MAX`.
    pub fn render(&self, scope: &Scope<'_>) -> Result<Value, TemplateError> {
        self.root.render(scope, 0, &mut Budget::new())
    }
}

/// Recursion here and below is bounded by the depth of the template, which is a value.
struct Parser {
    pointer: String,
    errors: Vec<TemplateSyntaxError>,
}

impl Parser {
    fn parse(&mut self, value: &Value) -> Node {
        match value {
            Value::Object(fields) => {
                let fields: Vec<(Arc<str>, Node)> =
                    fields.iter().map(|(name, value)| self.parse_field(name, value)).collect();
                let constant = fields.iter().all(|(_, node)| matches!(node, Node::Constant(_)));
                if constant { Node::Constant(value.clone()) } else { Node::Object(fields) }
            }
            Value::Array(items) => {
                let items: Vec<Node> = items
                    .iter()
                    .enumerate()
                    .map(|(i, item)| self.within(&i.to_string(), |parser| parser.parse(item)))
                    .collect();
                let constant = items.iter().all(|node| matches!(node, Node::Constant(_)));
                if constant { Node::Constant(value.clone()) } else { Node::Array(items) }
            }
            scalar => Node::Constant(scalar.clone()),
        }
    }

    fn parse_field(&mut self, name: &Arc<str>, value: &Value) -> (Arc<str>, Node) {
        self.within(name, |parser| {
            let Some(plain) = name.strip_suffix(".$") else { return (Arc::clone(name), parser.parse(value)) };
            let parsed = match value {
                Value::Str(text) => Expression::parse(text),
                other => Err(SyntaxError {
                    message: format!("expected a text, found {}", other.type_name()),
                    offset: 0,
                }),
            };
            let node = match parsed {
                Ok(expression) => Node::Expression(Arc::clone(name), expression),
                Err(error) => {
                    parser.errors.push(TemplateSyntaxError {
                        pointer: parser.pointer.clone(),
                        field: Arc::clone(name),
                        error,
                    });
                    Node::Constant(Value::Null)
                }
            };
            (Arc::from(plain), node)
        })
    }

    /// Runs `parse` with one more token at the end of the JSON Pointer.
    fn within<T>(&mut self, token: &str, parse: impl FnOnce(&mut Self) -> T) -> T {
        let len = self.pointer.len();
        self.pointer.push('/');
        self.pointer.push_str(&token.replace('~', "~0").replace('/', "~1"));
        let parsed = parse(self);
        self.pointer.truncate(len);
        parsed
    }
}

impl Node {
    fn collect<'a>(&'a self, expressions: &mut Vec<(&'a str, &'a Expression)>) {
        match self {
            Self::Constant(_) => {}
            Self::Object(fields) => fields.iter().for_each(|(_, node)| node.collect(expressions)),
            Self::Array(items) => items.iter().for_each(|node| node.collect(expressions)),
            Self::Expression(field, expression) => expressions.push((field, expression)),
        }
    }

    /// `depth` objects and arrays of the template are around this.
    fn render(&self, scope: &Scope<'_>, depth: usize, budget: &mut Budget) -> Result<Value, TemplateError> {
        debug_assert!(depth <= PAYLOAD_DEPTH_MAX, "a template is a value");
        match self {
            Self::Constant(value) => Ok(value.clone()),
            Self::Object(nodes) => {
                let mut fields = Map::with_capacity(nodes.len());
                for (name, node) in nodes {
                    fields.insert(Arc::clone(name), node.render(scope, depth + 1, budget)?);
                }
                Ok(Value::object(fields))
            }
            Self::Array(nodes) => {
                let items: Result<Vec<Value>, TemplateError> =
                    nodes.iter().map(|node| node.render(scope, depth + 1, budget)).collect();
                items.map(Value::array)
            }
            Self::Expression(field, expression) => {
                let value = match expression {
                    Expression::Path(path) => path.select_field(scope),
                    Expression::Intrinsic(_) => expression.evaluate(scope),
                };
                let value = value.and_then(|value| {
                    budget.charge(&value, depth).map_err(|_| EvaluationError::TooLarge)?;
                    Ok(value)
                });
                value.map_err(|error| TemplateError { field: Arc::clone(field), error })
            }
        }
    }
}
