//! Amazon States Language: text to a checked definition, every finding at once.
//!
//! [`parse`] returns a value *and* findings: the [`StateMachine`] is there if and only if no finding is an error.
//! [`unsupported`] then names what of a valid definition the server cannot run yet.
//!
//! INVARIANT: no text makes this crate panic, recurse without bound, or take time that grows faster than its length
//! (beyond a bounded number of findings).
//! Not here: running a definition (`interpreter`), paths and templates (`jsonpath`).

#![forbid(unsafe_code)]

pub mod definition;
pub mod diagnostic;
mod lower;
mod place;
mod reachability;
mod suggest;
mod support;
mod syntax;
mod variables;

pub use definition::{StateMachine, WorkflowType};
pub use diagnostic::{Code, Diagnostic, Position, Severity, invalid_definition_message};
pub use lower::STATES_MAX;
pub use place::FINDINGS_MAX;
pub use support::unsupported;
pub use variables::variable_references;

use lower::Lowered;
use stepwell_types::quota::DEFINITION_BYTES_MAX;
use syntax::RepeatedField;

/// Reads a definition.
///
/// The value is there if and only if no finding is an error. Findings come in AWS's order: what is wrong with fields
/// first, in the order of the text, then what is wrong with transitions. Each has its place in the
/// text. At most [`FINDINGS_MAX`] are told.
#[must_use]
pub fn parse(text: &str, workflow: WorkflowType) -> (Option<StateMachine>, Vec<Diagnostic>) {
    if text.len() > DEFINITION_BYTES_MAX {
        return (None, vec![too_long()]);
    }
    if text.is_empty() {
        return (None, vec![whole(Code::MissingDescription, "Definition is empty".to_owned())]);
    }
    if text.trim().is_empty() {
        return (None, vec![no_object()]);
    }
    let value = match syntax::parse(text) {
        Ok(value) => value,
        Err(finding) => return (None, vec![*finding]),
    };
    let Lowered { machine, mut fields, mut transitions } = lower::lower(&value, workflow);
    if !fields.is_empty() || !transitions.is_empty() {
        let map = syntax::Map::of(text);
        map.locate(&mut fields);
        map.locate(&mut transitions);
        fields.sort_by_key(|finding| finding.position);
    }
    let repeated = syntax::repeated_fields(text);
    let machine = machine.filter(|_| repeated.is_empty());
    let mut diagnostics: Vec<_> = repeated.into_iter().map(|field| twice(text, field)).collect();
    diagnostics.append(&mut fields);
    diagnostics.append(&mut transitions);
    if diagnostics.len() > FINDINGS_MAX {
        // Warnings must not push errors out.
        diagnostics.sort_by_key(|finding| finding.severity);
        diagnostics.truncate(FINDINGS_MAX);
    }
    (machine, diagnostics)
}

fn twice(text: &str, field: RepeatedField) -> Diagnostic {
    Diagnostic {
        severity: Severity::Error,
        code: Code::InvalidJsonDescription,
        message: format!("Duplicate field '{}'", field.name),
        location: Some(field.pointer.clone()),
        pointer: field.pointer,
        position: Some(syntax::position(text, field.offset)),
        help: Some("a field may stand only once in an object".to_owned()),
    }
}

/// Gives each finding its line and column in the text that the definition was read from.
///
/// [`parse`] has done it for its own; findings of [`unsupported`] need it where the text is shown.
pub fn locate(text: &str, diagnostics: &mut [Diagnostic]) {
    if diagnostics.iter().all(|d| d.position.is_some()) || syntax::parse(text).is_err() {
        return;
    }
    syntax::Map::of(text).locate(diagnostics);
}

fn no_object() -> Diagnostic {
    whole(Code::SchemaValidationFailed, "Definition must be a valid JSON object".to_owned())
}

fn too_long() -> Diagnostic {
    let message = format!("Definition must have length less than or equal to {DEFINITION_BYTES_MAX}");
    whole(Code::SchemaValidationFailed, message)
}

/// An error about the whole text, for which AWS gives no place.
fn whole(code: Code, message: String) -> Diagnostic {
    Diagnostic {
        severity: Severity::Error,
        code,
        message,
        location: None,
        pointer: String::new(),
        position: Some(Position { line: 1, column: 1, offset: 0, end: 0 }),
        help: None,
    }
}
