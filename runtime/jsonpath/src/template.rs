//! Payload templates: `Parameters`, `ResultSelector`, `ItemSelector`, `Assign`.

use crate::error::{TemplateError, TemplateSyntaxError};
use crate::scope::Scope;
use stepwell_types::Value;

/// A JSON value in which a field whose name ends in `.$` holds an expression; the rendered field has the name
/// without that ending. What holds no expression is shared by every rendering.
#[derive(Debug, Clone)]
pub struct Template {
    constant: Value,
}

impl Template {
    /// Parses a template; every fault is found at once.
    ///
    /// # Errors
    /// One [`TemplateSyntaxError`] for each `.$` field that holds no expression.
    pub fn parse(value: &Value) -> Result<Self, Vec<TemplateSyntaxError>> {
        Ok(Self { constant: value.clone() })
    }

    /// The variables that the template reads, each once.
    #[must_use]
    pub fn variables(&self) -> Vec<&str> {
        Vec::new()
    }

    /// The value, built anew where expressions stand.
    ///
    /// # Errors
    /// [`TemplateError`] with the first field, in the template's order, that fails.
    pub fn render(&self, scope: &Scope<'_>) -> Result<Value, TemplateError> {
        let _ = scope;
        Ok(self.constant.clone())
    }
}
