//! What is said about faulty definitions: one line of a table for each rule.

mod machine;
mod states;

use stepwell_asl::{Diagnostic, WorkflowType, parse};

/// One finding on one line: `CODE message at location [pointer] | help`, the pointer only if it says more, and a
/// word in front if the definition can be used in spite of it.
fn print(finding: &Diagnostic) -> String {
    let location = finding.location.as_deref().unwrap_or("null");
    let severity = if finding.is_error() { "" } else { "warning " };
    let mut line = format!("{severity}{}: {} at {location}", finding.code, finding.message);
    let plain = location.replace('[', "/").replace(']', "");
    if finding.location.is_some() && finding.pointer != plain && plain != "/" {
        line.push_str(&format!(" [{}]", finding.pointer));
    }
    // What is wrong within a path is the path parser's to say.
    if let Some(help) = finding.help.as_ref().filter(|help| !help.contains(" at offset ")) {
        line.push_str(&format!(" | {help}"));
    }
    line
}

#[track_caller]
fn check_as(workflow: WorkflowType, text: &str, want: &[&str]) {
    let (machine, findings) = parse(text, workflow);
    assert_eq!(findings.iter().map(print).collect::<Vec<_>>(), want);
    assert_eq!(machine.is_none(), findings.iter().any(Diagnostic::is_error));
    assert!(findings.iter().all(|finding| finding.position.is_some()));
}

#[track_caller]
fn check(text: &str, want: &[&str]) {
    check_as(WorkflowType::Standard, text, want);
}

/// The fields of a state `S` that goes on to `E`.
#[track_caller]
fn check_state(fields: &str, want: &[&str]) {
    check_last_state(&format!(r#"{fields}, "Next": "E""#), want);
}

/// All fields of a state `S`; there is a state `E`, too.
#[track_caller]
fn check_last_state(fields: &str, want: &[&str]) {
    let text = format!(
        r#"{{"StartAt": "A", "States": {{
            "A": {{"Type": "Choice", "Choices": [{{"Variable": "$.a", "IsNull": true, "Next": "E"}}], "Default": "S"}},
            "S": {{{fields}}}, "E": {{"Type": "Succeed"}}}}}}"#
    );
    check(&text, want);
}

/// As [`check_state`], in JSONata.
#[track_caller]
fn check_jsonata(fields: &str, want: &[&str]) {
    check_state(&format!(r#""QueryLanguage": "JSONata", {fields}"#), want);
}

const SCHEMA: &str = "SCHEMA_VALIDATION_FAILED: ";

#[track_caller]
fn check_schema(fields: &str, want: &str) {
    check_state(fields, &[&format!("{SCHEMA}{want}")]);
}
