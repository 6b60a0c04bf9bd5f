//! Paths, payload templates, settings and expressions: the parts of a definition that are looked at again at run time.

use super::object::{integer, wrong_type};
use super::{Context, Object};
use crate::definition::{
    DataPath, JsonataExpression, QueryLanguage, ResultPath, Setting, Template, TextSetting,
};
use crate::diagnostic::{Code, Severity};
use crate::place::{Findings, Place};
use std::ops::RangeInclusive;
use std::sync::Arc;
use stepwell_jsonpath::{Expression, Path, ReferencePath, SyntaxError};
use stepwell_types::{Map, Value};

/// Whether a text looks like a path or a call of an intrinsic function.
pub(super) fn looks_like_path(text: &str) -> bool {
    text == "$"
        || text == "$$"
        || ["$.", "$$.", "$["].iter().any(|head| text.starts_with(head))
        || (text.starts_with("States.") && text.ends_with(')') && text.contains('('))
}

fn bad_path(
    findings: &mut Findings,
    message: String,
    error: &SyntaxError,
    location: &Place<'_>,
    at: &Place<'_>,
) {
    let help = Some(error.to_string());
    findings.add(Severity::Error, Code::SchemaValidationFailed, message, location, at, help);
}

fn is_expression(text: &str) -> bool {
    text.starts_with("{%") && text.ends_with("%}") && text.len() >= 4
}

/// The expression that a text is: `None` for a plain text, and for one that begins or ends like an expression, but
/// not both, which is reported.
pub(super) fn expression(findings: &mut Findings, text: &str, at: &Place<'_>) -> Option<JsonataExpression> {
    if is_expression(text) {
        let inner = text.get(2..text.len() - 2).unwrap_or("").trim();
        return Some(JsonataExpression(Arc::from(inner)));
    }
    if text.starts_with("{%") || text.ends_with("%}") {
        findings.schema("JSONata string must start with {% and end with %}", at);
    }
    None
}

impl Object<'_, '_> {
    /// A path in a field, such as `ItemsPath`.
    pub(super) fn path(self, findings: &mut Findings, name: &str) -> Option<Path> {
        let text = self.text(findings, name)?;
        self.parse_path(findings, name, text)
    }

    fn parse_path(self, findings: &mut Findings, name: &str, text: &str) -> Option<Path> {
        match Path::parse(text) {
            Ok(path) => Some(path),
            Err(error) => {
                let at = self.at.field(name);
                bad_path(findings, "Value must be a valid JSONPath.".to_owned(), &error, &at, &at);
                None
            }
        }
    }

    /// A path that names one place, such as `Variable` or `SecondsPath`.
    pub(super) fn reference(self, findings: &mut Findings, name: &str) -> Option<Path> {
        let path = self.path(findings, name)?;
        if !path.is_reference() {
            findings.schema("Value is not a Reference Path", &self.at.field(name));
        }
        Some(path)
    }

    /// `Variable` and the `…Path` operators of a Choice, whose findings AWS words otherwise.
    pub(super) fn operand_path(self, findings: &mut Findings, name: &str) -> Option<Path> {
        let text = self.text(findings, name)?;
        let at = self.at.field(name);
        match Path::parse(text) {
            Ok(path) if path.is_reference() => Some(path),
            Ok(path) => {
                findings.schema("Value is not a Reference Path", &at);
                Some(path)
            }
            Err(error) => {
                let message = if text.starts_with('$') {
                    "Value is not a Reference Path"
                } else {
                    "Value is not a Reference Path: Reference path didn't start with '$'"
                };
                bad_path(findings, message.to_owned(), &error, &at, &at);
                None
            }
        }
    }

    /// `InputPath`, `OutputPath`
    pub(super) fn data_path(self, findings: &mut Findings, name: &str) -> DataPath {
        match self.get(name) {
            None => DataPath::Whole,
            Some(Value::Null) => DataPath::Nothing,
            Some(Value::Str(text)) if &**text == "$" => DataPath::Whole,
            Some(_) => self.path(findings, name).map_or(DataPath::Whole, DataPath::At),
        }
    }

    /// `ResultPath`
    pub(super) fn result_path(self, findings: &mut Findings) -> ResultPath {
        const NAME: &str = "ResultPath";
        match self.get(NAME) {
            None => ResultPath::Replace,
            Some(Value::Null) => ResultPath::Discard,
            Some(Value::Str(text)) if &**text == "$" => ResultPath::Replace,
            Some(_) => {
                let Some(text) = self.text(findings, NAME) else { return ResultPath::Replace };
                match ReferencePath::parse(text) {
                    Ok(path) => ResultPath::At(path),
                    Err(error) => {
                        let at = self.at.field(NAME);
                        let message = if text.starts_with('$') {
                            "Value is not a Reference Path"
                        } else {
                            "Value must be a valid JSONPath."
                        };
                        bad_path(findings, message.to_owned(), &error, &at, &at);
                        ResultPath::Replace
                    }
                }
            }
        }
    }

    /// A payload template: `Parameters`, `ResultSelector`, `ItemSelector`, `Arguments`, `Output`.
    pub(super) fn template(
        self,
        findings: &mut Findings,
        name: &str,
        language: QueryLanguage,
    ) -> Option<Template> {
        let value = self.get(name)?;
        let at = self.at.field(name);
        match language {
            QueryLanguage::JsonPath => json_path_template(findings, value, &at),
            QueryLanguage::Jsonata => {
                check_expressions(findings, value, &at);
                Some(Template::Jsonata(value.clone()))
            }
        }
    }

    /// An integer, its `…Path` form, or an expression.
    pub(super) fn setting(
        self,
        findings: &mut Findings,
        name: &str,
        path_name: &str,
        language: QueryLanguage,
        range: RangeInclusive<u64>,
    ) -> Option<Setting<u64>> {
        self.at_most_one(findings, &[name, path_name]);
        if self.has(path_name) {
            return self.reference(findings, path_name).map(Setting::Path);
        }
        let at = self.at.field(name);
        match self.get(name)? {
            Value::Str(text) => {
                setting_expression(findings, text, language, "Integer", &at).map(Setting::Jsonata)
            }
            value => integer(findings, value, &at, range).map(Setting::Fixed),
        }
    }

    /// A text, its `…Path` form (a path or an intrinsic function), or an expression.
    pub(super) fn text_setting(
        self,
        findings: &mut Findings,
        name: &str,
        path_name: &str,
        language: QueryLanguage,
    ) -> Option<TextSetting> {
        self.at_most_one(findings, &[name, path_name]);
        if self.has(path_name) {
            let text = self.text(findings, path_name)?;
            return match Expression::parse(text) {
                Ok(expression) => {
                    if gives_no_text(&expression) {
                        let message = format!(
                            "The value for the field '{path_name}' must be a valid JSONPath or an intrinsic function \
                             that gives a string"
                        );
                        findings.schema(message, &self.at.field(path_name));
                    }
                    Some(TextSetting::Expression(expression))
                }
                Err(error) => {
                    let at = self.at.field(path_name);
                    bad_path(findings, "Value must be a valid JSONPath.".to_owned(), &error, &at, &at);
                    None
                }
            };
        }
        let text = self.text(findings, name)?;
        let at = self.at.field(name);
        match language {
            QueryLanguage::Jsonata => {
                if let Some(expression) = expression(findings, text, &at) {
                    return Some(TextSetting::Jsonata(expression));
                }
            }
            QueryLanguage::JsonPath if looks_like_path(text) => {
                let message = format!(
                    "The value of field '{name}' looks like a path, but its name does not end with 'Path'"
                );
                findings.warning(Code::NoPath, message, &at);
            }
            QueryLanguage::JsonPath => {}
        }
        Some(TextSetting::Fixed(Arc::clone(text)))
    }

    /// `Assign`: variables by name, which must be new in the flows around this one.
    pub(super) fn assign(self, findings: &mut Findings, context: &Context<'_, '_>) -> Option<Template> {
        let value = self.get("Assign")?;
        let at = self.at.field("Assign");
        let Some(variables) = value.as_object() else {
            wrong_type(findings, "Object", &at);
            return None;
        };
        for key in variables.keys() {
            let name = variable_name(key, context.language);
            let here = at.field(key);
            if name == "states" {
                let message = "Cannot assign to reserved variable '$states'.";
                findings.error(Code::ReservedVariableName, message, &here);
            } else if let Some(fault) = variable_fault(name) {
                let message = format!("Invalid variable name '{name}': the variable name {fault}.");
                findings.error(Code::InvalidVariableName, message, &here);
            } else if context.scope.outer_holds(name) {
                findings.schema(
                    format!("Variable '{name}' is already assigned in an outer scope, which cannot be changed here"),
                    &here,
                );
            }
        }
        self.template(findings, "Assign", context.language)
    }
}

/// Whether it calls an intrinsic function that never gives a string.
fn gives_no_text(expression: &Expression) -> bool {
    const TEXT_FUNCTIONS: &[&str] =
        &["ArrayGetItem", "Base64Encode", "Base64Decode", "Format", "JsonToString", "Hash", "UUID"];
    let name = expression.text().trim_start().strip_prefix("States.").and_then(|call| call.split_once('('));
    matches!(expression, Expression::Intrinsic(_))
        && name.is_some_and(|(name, _)| !TEXT_FUNCTIONS.contains(&name.trim()))
}

/// The expression in a field that is otherwise no text.
pub(super) fn setting_expression(
    findings: &mut Findings,
    text: &str,
    language: QueryLanguage,
    expected: &str,
    at: &Place<'_>,
) -> Option<JsonataExpression> {
    let before = findings.errors();
    let found = match language {
        QueryLanguage::Jsonata => expression(findings, text, at),
        QueryLanguage::JsonPath => {
            if looks_like_path(text) {
                let message = "The value looks like a path, but the field's name does not end with 'Path'";
                findings.warning(Code::NoPath, message, at);
            }
            None
        }
    };
    if found.is_none() && findings.errors() == before {
        wrong_type(findings, expected, at);
    }
    found
}

/// The name of a variable, from its field in `Assign`.
pub(super) fn variable_name(key: &str, language: QueryLanguage) -> &str {
    match language {
        QueryLanguage::JsonPath => key.strip_suffix(".$").unwrap_or(key),
        QueryLanguage::Jsonata => key,
    }
}

/// Characters of a variable's name. Source: AWS Step Functions developer guide, variables.
const VARIABLE_NAME_CHARS_MAX: usize = 80;

/// What is wrong with a variable's name: a letter, then letters, digits and underscores.
fn variable_fault(name: &str) -> Option<&'static str> {
    let mut chars = name.chars();
    if !chars.next().is_some_and(char::is_alphabetic) || !chars.all(|c| c.is_alphanumeric() || c == '_') {
        Some("contains invalid characters")
    } else if name.chars().count() > VARIABLE_NAME_CHARS_MAX {
        Some("exceeds the 80-character limit")
    } else {
        None
    }
}

fn json_path_template(findings: &mut Findings, value: &Value, at: &Place<'_>) -> Option<Template> {
    check_fields(findings, value, at);
    match stepwell_jsonpath::Template::parse(value) {
        Ok(template) => Some(Template::JsonPath(template)),
        Err(errors) => {
            for error in errors {
                let message = format!(
                    "The value for the field '{}' must be a valid JSONPath or a valid intrinsic function call",
                    error.field
                );
                findings.add_at(
                    Severity::Error,
                    Code::SchemaValidationFailed,
                    message,
                    container_location(at, value, &error.pointer),
                    format!("{}{}", at.pointer(), error.pointer),
                    Some(error.error.to_string()),
                );
            }
            None
        }
    }
}

/// Where AWS places a fault in a template: the object that holds the field, for `pointer` within `value`.
fn container_location(at: &Place<'_>, value: &Value, pointer: &str) -> String {
    let mut location = at.location();
    let mut tokens: Vec<_> = pointer.split('/').skip(1).collect();
    tokens.pop();
    let mut value = Some(value);
    for token in tokens {
        let token = token.replace("~1", "/").replace("~0", "~");
        if let Some(items) = value.and_then(Value::as_array) {
            location.push_str(&format!("[{token}]"));
            value = token.parse().ok().and_then(|n: usize| items.get(n));
        } else {
            location.push('/');
            location.push_str(&token);
            value = value.and_then(|value| value.get(&token));
        }
    }
    location
}

/// Warns of texts that look like paths in fields that do not end with `.$`, and reports fields given in both forms.
fn check_fields(findings: &mut Findings, value: &Value, at: &Place<'_>) {
    match value {
        Value::Object(fields) => check_object(findings, fields, at),
        Value::Array(items) => {
            for (n, item) in items.iter().enumerate() {
                check_fields(findings, item, &at.item(n));
            }
        }
        Value::Null | Value::Bool(_) | Value::I64(_) | Value::U64(_) | Value::F64(_) | Value::Str(_) => {}
    }
}

fn check_object(findings: &mut Findings, fields: &Map, at: &Place<'_>) {
    for (key, field) in fields {
        let here = at.field(key);
        if key.strip_suffix(".$").is_some_and(|plain| fields.contains_key(plain)) {
            findings.schema(
                format!("Duplicate field: '{key}' gives the same field as the one without '.$'"),
                &here,
            );
        }
        match field {
            Value::Str(text) if !key.ends_with(".$") && looks_like_path(text) => {
                let message = format!(
                    "The value of field '{key}' looks like a JSONPath or an intrinsic function, but the field's name \
                     does not end with '.$'"
                );
                findings.warning(Code::NoDollar, message, &here);
            }
            other => check_fields(findings, other, &here),
        }
    }
}

/// Reports the texts of a JSONata template that begin or end like an expression, but not both.
pub(super) fn check_expressions(findings: &mut Findings, value: &Value, at: &Place<'_>) {
    match value {
        Value::Str(text) => drop(expression(findings, text, at)),
        Value::Array(items) => {
            for (n, item) in items.iter().enumerate() {
                check_expressions(findings, item, &at.item(n));
            }
        }
        Value::Object(fields) => {
            for (key, field) in fields.iter() {
                check_expressions(findings, field, &at.field(key));
            }
        }
        Value::Null | Value::Bool(_) | Value::I64(_) | Value::U64(_) | Value::F64(_) => {}
    }
}

/// Warns of paths in the `Result` of a Pass state.
pub(super) fn warn_of_static_result(findings: &mut Findings, value: &Value, at: &Place<'_>) {
    match value {
        Value::Object(fields) => {
            for (key, field) in fields.iter() {
                let here = at.field(key);
                if key.ends_with(".$") && field.as_str().is_some_and(looks_like_path) {
                    let message =
                        "A path in the Result of a Pass state is not applied; use Parameters instead";
                    findings.warning(Code::PassResultIsStatic, message, &here);
                } else {
                    warn_of_static_result(findings, field, &here);
                }
            }
        }
        Value::Array(items) => {
            for (n, item) in items.iter().enumerate() {
                warn_of_static_result(findings, item, &at.item(n));
            }
        }
        Value::Null | Value::Bool(_) | Value::I64(_) | Value::U64(_) | Value::F64(_) | Value::Str(_) => {}
    }
}
