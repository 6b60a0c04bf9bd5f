//! Reference paths: the places that `ResultPath` writes to.

use crate::error::{PathError, SyntaxError};
use crate::path::{Path, Root, Step};
use crate::scope::Scope;
use std::sync::Arc;
use stepwell_types::quota::PAYLOAD_DEPTH_MAX;
use stepwell_types::{ErrorName, Map, Value};

/// Characters of the input that a message quotes.
const QUOTED_CHARS_MAX: usize = 1_024;

/// A path into the input that names exactly one place: `$`, `$.a['b'][0]`.
#[derive(Debug, Clone)]
pub struct ReferencePath {
    path: Path,
}

/// A `ResultPath` that cannot be applied to the state's input.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Unable to apply step \"{step}\" to input {input}")]
pub struct ResultPathMismatch {
    /// The path as the definition has it.
    pub path: Arc<str>,
    /// The step that could not be taken: a field's name or an index.
    pub step: String,
    /// What it met, as compact JSON, clipped at 1,024 characters.
    pub input: String,
}

impl ResultPathMismatch {
    /// The name that Retry and Catch match: `States.ResultPathMatchFailure`.
    #[must_use]
    pub fn error_name(&self) -> ErrorName {
        ErrorName::RESULT_PATH_MATCH_FAILURE
    }
}

impl ReferencePath {
    /// Parses a reference path into the input.
    ///
    /// # Errors
    /// [`SyntaxError`] for a text that is no path, a path that may name several places, or one that begins at the
    /// context object or a variable: nothing can be written there.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let path = Path::parse(text)?;
        let refuse = |message: &str| Err(SyntaxError { message: message.to_owned(), offset: 0 });
        if *path.root() != Root::Input {
            return refuse("this path must begin at the input, `$`");
        }
        if !path.is_reference() {
            return refuse("a reference path names one place: no `*`, `..`, `?`, `,`, `:` or negative index");
        }
        if path.steps().len() > PAYLOAD_DEPTH_MAX {
            return refuse("this path is deeper than any data");
        }
        Ok(Self { path })
    }

    /// The path as it was written.
    #[must_use]
    pub fn text(&self) -> &Arc<str> {
        self.path.text()
    }

    /// The same, to be read from.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The value at that place.
    ///
    /// # Errors
    /// [`PathError`] where there is none.
    pub fn select(&self, scope: &Scope<'_>) -> Result<Value, PathError> {
        self.path.select(scope)
    }

    /// The input with `result` put at that place; fields that are missing are created, levels of them as objects.
    /// What is not on the way is shared with `input`, not copied.
    ///
    /// # Errors
    /// [`ResultPathMismatch`] where the path leads through a value that is no object (for a name) or no array of
    /// that length (for an index), or builds a value deeper than `PAYLOAD_DEPTH_MAX`.
    pub fn write(&self, input: &Value, result: Value) -> Result<Value, ResultPathMismatch> {
        let steps = self.path.steps();
        if steps.len() + result.depth() > PAYLOAD_DEPTH_MAX {
            return Err(ResultPathMismatch {
                path: Arc::clone(self.text()),
                step: self.text().to_string(),
                input: "that would be nested too deeply".to_owned(),
            });
        }
        let mut output = input.clone();
        let mut at = &mut output;
        for step in steps {
            at = self.enter(at, step)?;
        }
        *at = result;
        Ok(output)
    }

    /// The place one step further, made if need be; shared parents are copied, one level each.
    fn enter<'v>(&self, at: &'v mut Value, step: &Step) -> Result<&'v mut Value, ResultPathMismatch> {
        let mismatch = self.mismatch_unless_passable(at, step);
        let entered = match (step, at) {
            (Step::Key(key), Value::Object(fields)) => {
                let fields = Arc::make_mut(fields);
                if !fields.contains_key(key) {
                    // Whatever comes next goes into an object; the last step overwrites this.
                    fields.insert(Arc::clone(key), Value::object(Map::new()));
                }
                fields.get_mut(key)
            }
            (Step::Index(index), Value::Array(items)) if mismatch.is_none() => {
                usize::try_from(*index).ok().and_then(|index| Arc::make_mut(items).get_mut(index))
            }
            _ => None,
        };
        entered.ok_or_else(|| mismatch.unwrap_or_else(|| self.mismatch(step, &Value::Null)))
    }

    fn mismatch_unless_passable(&self, at: &Value, step: &Step) -> Option<ResultPathMismatch> {
        let passable = match (step, at) {
            (Step::Key(_), Value::Object(_)) => true,
            (Step::Index(index), Value::Array(items)) => {
                usize::try_from(*index).is_ok_and(|index| index < items.len())
            }
            _ => false,
        };
        (!passable).then(|| self.mismatch(step, at))
    }

    fn mismatch(&self, step: &Step, input: &Value) -> ResultPathMismatch {
        let json = input.to_json();
        ResultPathMismatch {
            path: Arc::clone(self.text()),
            step: match step {
                Step::Key(key) => key.to_string(),
                Step::Index(index) => index.to_string(),
                // `parse` lets no other step in.
                Step::Keys(_)
                | Step::Indices(_)
                | Step::Slice(..)
                | Step::Wildcard
                | Step::Descend
                | Step::Filter(_) => String::new(),
            },
            input: json.chars().take(QUOTED_CHARS_MAX).collect(),
        }
    }
}
