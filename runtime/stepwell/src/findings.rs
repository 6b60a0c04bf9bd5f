//! What is wrong with a definition, with places in the text as the person wrote it.

use crate::exit::{CommandError, Outcome};
use crate::manifest::MachineType;
use crate::output::{Form, note, one_line, say_json};
use crate::substitute::{Edge, substitute};
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde_json::{Value, json};
use stepwell_asl::{Diagnostic, Position, Severity, WorkflowType};

/// What was found in one definition, with places in the text as the person wrote it.
pub(crate) struct Findings<'a> {
    name: String,
    text: &'a str,
    diagnostics: Vec<Diagnostic>,
}

/// Checks a definition that is called `name`.
pub(crate) fn findings<'a>(name: &str, text: &'a str, machine_type: MachineType) -> Findings<'a> {
    let workflow = match machine_type {
        MachineType::Standard => WorkflowType::Standard,
        MachineType::Express => WorkflowType::Express,
    };
    let any = |name: &str| Some(format!("arn:aws:lambda:us-east-1:000000000000:function:{name}"));
    // Every name is known here, so that nothing can be missing.
    let substituted = substitute(text, any).unwrap_or_else(|_| unreachable!("all names are known"));
    let (machine, mut diagnostics) = stepwell_asl::parse(&substituted.text, workflow);
    if let Some(machine) = machine {
        let mut unsupported = stepwell_asl::unsupported(&machine);
        stepwell_asl::locate(&substituted.text, &mut unsupported);
        diagnostics.append(&mut unsupported);
    }
    for diagnostic in &mut diagnostics {
        diagnostic.position = diagnostic.position.map(|position| {
            let offset = substituted.original(position.offset, Edge::Start);
            let end = substituted.original(position.end, Edge::End);
            place(text, offset, end)
        });
    }
    Findings { name: name.to_owned(), text, diagnostics }
}

/// Line and column of a range of bytes.
fn place(text: &str, offset: usize, end: usize) -> Position {
    let (line, column) = line_and_column(text, offset);
    Position { line, column, offset, end }
}

/// Where a byte stands, both from 1; columns count characters.
pub(crate) fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
    (before.matches('\n').count() + 1, column)
}

impl Findings<'_> {
    /// What the definition is called.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.diagnostics.is_empty()
    }

    /// How many findings make the definition useless.
    pub(crate) fn errors(&self) -> usize {
        self.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count()
    }

    /// Shows errors where there are any: to a person on stderr, to a program in place of the result.
    pub(crate) fn say_errors(&self, form: Form) -> Result<Outcome, CommandError> {
        if self.errors() == 0 {
            return Ok(Outcome::Good);
        }
        match form {
            Form::Human => note(&self.render()),
            Form::Json => say_json(&self.json())?,
        }
        Ok(Outcome::Failed)
    }

    /// Each error in a line of its own: `FILE:LINE:COLUMN: message [CODE]; help`.
    pub(crate) fn error_lines(&self) -> Vec<String> {
        let errors = self.diagnostics.iter().filter(|diagnostic| diagnostic.is_error());
        errors
            .map(|Diagnostic { code, message, pointer, position, help, .. }| {
                let place = position.map_or_else(String::new, |at| format!(":{}:{}", at.line, at.column));
                let at = if pointer.is_empty() { String::new() } else { format!(" at {pointer}") };
                let help = help.as_ref().map_or_else(String::new, |help| format!("; {help}"));
                one_line(&format!("{}{place}: {message} [{}]{at}{help}", self.name, code.as_str()))
            })
            .collect()
    }

    /// Everything, with the lines of the source that are meant.
    pub(crate) fn render(&self) -> String {
        let renderer = Renderer::styled();
        let mut reports: Vec<String> =
            self.diagnostics.iter().map(|diagnostic| self.report(&renderer, diagnostic)).collect();
        let count =
            |number: usize, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
        let errors = self.errors();
        let warnings = self.diagnostics.len() - errors;
        reports.push(format!("{}: {}, {}", self.name, count(errors, "error"), count(warnings, "warning")));
        reports.join("\n\n")
    }

    fn report(&self, renderer: &Renderer, diagnostic: &Diagnostic) -> String {
        let level = match diagnostic.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code.as_str());
        let group = match diagnostic.position.and_then(|position| self.span(position)) {
            Some(span) => {
                let annotation = AnnotationKind::Primary.span(span).label(diagnostic.pointer.as_str());
                title.element(Snippet::source(self.text).path(self.name.as_str()).annotation(annotation))
            }
            None => Group::with_title(title),
        };
        let group = match &diagnostic.help {
            Some(help) => group.element(Level::HELP.message(help.as_str())),
            None => group,
        };
        renderer.render(&[group])
    }

    /// A range that the text has: not empty, unless the text ends there.
    fn span(&self, position: Position) -> Option<std::ops::Range<usize>> {
        let rest = self.text.get(position.offset..)?;
        let one = rest.chars().next().map_or(0, char::len_utf8);
        let end = position.end.max(position.offset + one);
        self.text.get(position.offset..end).map(|_| position.offset..end)
    }

    /// Everything for a program.
    pub(crate) fn json(&self) -> Value {
        let diagnostics: Vec<Value> = self
            .diagnostics
            .iter()
            .map(|diagnostic| {
                json!({
                    "severity": diagnostic.severity.as_str(),
                    "code": diagnostic.code.as_str(),
                    "message": diagnostic.message,
                    "location": diagnostic.location,
                    "pointer": diagnostic.pointer,
                    "line": diagnostic.position.map(|position| position.line),
                    "column": diagnostic.position.map(|position| position.column),
                    "help": diagnostic.help,
                })
            })
            .collect();
        let result = if self.errors() == 0 { "OK" } else { "FAIL" };
        json!({ "file": self.name, "result": result, "diagnostics": diagnostics })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json_of(text: &str) -> Value {
        findings("f", text, MachineType::Standard).json()
    }

    #[test]
    fn names_stand_for_arns() {
        let json = json_of(r#"{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"${f}","End":true}}}"#);
        assert_eq!(json["result"], "OK", "{json}");
    }

    #[test]
    fn places_are_those_of_the_file() {
        let text = "{\"StartAt\":\"A\",\"States\":{\n\"A\":{\"Type\":\"Task\",\"Resource\":\"${f}\",\"Next\":\"B\"}}}";
        let json = json_of(text);
        let first = &json["diagnostics"][0];
        assert_eq!(first["pointer"], "/States/A/Next", "{json}");
        assert_eq!((first["line"].as_u64(), first["column"].as_u64()), (Some(2), Some(38)), "{json}");
    }

    #[test]
    fn what_cannot_run_yet_is_an_error() {
        let json = json_of(r#"{"QueryLanguage":"JSONata","StartAt":"A","States":{"A":{"Type":"Succeed"}}}"#);
        assert_eq!(json["diagnostics"][0]["code"], "NOT_SUPPORTED");
    }

    #[test]
    fn every_text_renders() {
        for text in
            ["", "{", "\u{fffd}ä{", "[]", "{\"a\":\"${f}", "\n\n", "{\"StartAt\":\"ä\",\"States\":{}}"]
        {
            let findings = findings("f", text, MachineType::Express);
            assert!(findings.errors() > 0, "{text}");
            assert!(!findings.render().is_empty());
        }
    }
}
