//! `stepwell validate`: checks definitions without a server, every finding at once.

use crate::exit::{CommandError, Outcome};
use crate::manifest::MachineType;
use crate::output::{Form, GOOD, note, paint, say, say_json};
use crate::substitute::{Edge, substitute};
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use stepwell_asl::{Diagnostic, Position, Severity, WorkflowType};

/// Arguments of `validate`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Definitions; `${Name}` stands for the ARN of a function.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Standard or Express.
    #[arg(long = "type", value_enum, default_value_t)]
    machine_type: MachineType,
    /// Print JSON: one object for each file.
    #[arg(long)]
    json: bool,
}

/// Prints all findings; fails if one of them is an error.
pub(crate) fn run(args: &Args) -> Result<Outcome, CommandError> {
    let form = if args.json { Form::Json } else { Form::Human };
    let mut outcome = Outcome::Good;
    for path in &args.files {
        let text = read(path)?;
        let findings = findings(&path.display().to_string(), &text, args.machine_type);
        match form {
            Form::Json => say_json(&findings.json())?,
            Form::Human if findings.diagnostics.is_empty() => {
                say(&format!("{}: {}", findings.name, paint(GOOD, "ok")))?;
            }
            Form::Human => say(&findings.render())?,
        }
        if findings.errors() > 0 {
            outcome = Outcome::Failed;
        }
    }
    Ok(outcome)
}

/// Reads a definition.
pub(crate) fn read(path: &Path) -> Result<String, CommandError> {
    std::fs::read_to_string(path).map_err(|error| CommandError::usage(format!("{}: {error}", path.display())))
}

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
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
    Position { line: before.matches('\n').count() + 1, column, offset, end }
}

impl Findings<'_> {
    /// How many findings make the definition useless.
    pub(crate) fn errors(&self) -> usize {
        self.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count()
    }

    /// Shows errors on stderr, where there are any.
    pub(crate) fn say_errors(&self) -> Result<Outcome, CommandError> {
        if self.errors() == 0 {
            return Ok(Outcome::Good);
        }
        note(&self.render());
        Ok(Outcome::Failed)
    }

    fn render(&self) -> String {
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

    fn json(&self) -> Value {
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
