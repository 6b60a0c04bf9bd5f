//! Definitions that people wrote, invalid ones, and what AWS itself answered.
//!
//! They stand beside the repository, not in it; where they are absent these tests say so and pass.

#![expect(clippy::print_stdout, reason = "a skipped test says so, and the counts are worth reading")]

use std::path::{Path, PathBuf};
use stepwell_asl::{
    Code, Diagnostic, WorkflowType, invalid_definition_message, parse, unsupported, variable_references,
};
use stepwell_types::Value;

fn conformance() -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance");
    if !root.exists() {
        println!("skipped: {} is not here", root.display());
    }
    root.exists().then_some(root)
}

fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Value::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The entries of a file of the corpus.
fn corpus(file: &str) -> Vec<Value> {
    let Some(root) = conformance() else { return Vec::new() };
    read(&root.join("corpus").join(file)).as_array().expect("a list").to_vec()
}

fn text<'v>(entry: &'v Value, field: &str) -> &'v str {
    entry.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// The text of a definition: as it was found, or printed.
fn definition(entry: &Value) -> String {
    ["text", "resolved", "definition"]
        .into_iter()
        .find_map(|field| entry.get(field).filter(|value| !value.is_null()))
        .map(|value| match (value, value.get("$json")) {
            (Value::Str(text), _) => text.to_string(),
            (_, Some(inner)) => inner.to_json(),
            (value, None) => value.to_json(),
        })
        .expect("an entry has a definition")
}

fn errors(findings: &[Diagnostic]) -> Vec<String> {
    findings.iter().filter(|finding| finding.is_error()).map(Diagnostic::to_string).collect()
}

/// Why a definition that people wrote is refused here all the same.
const REFUSED_REAL: &[(&str, &str)] = &[
    ("real-706969e6bb", "its partition is the word `partition`"),
    ("real-7d83939c81", "its partition is the word `Partition`"),
    ("real-64f1435b17", "its partition is the word `partition`"),
    ("real-c9181693e0", "its partition is the word `AWSPartition`"),
    ("real-35aa60c38c", "its partition is the word `AWSPartition`"),
    ("real-6971e433d6", "a function's ARN without region and account"),
    ("real-0bfe86e899", "QueryLanguage stands among the states"),
    ("real-50a56b99b7", "an exercise with `**BLANK**` in it"),
    ("real-074421c492", "a template that puts other values than names into Next"),
    ("real-417fa7b22c", "Resource is an object of CloudFormation"),
    ("real-4c39650cfc", "Resource is an object of CloudFormation"),
    ("real-eb29c01e8b", "Resource is an object of CloudFormation"),
    ("real-41e49f14be", "Resource is an object of CloudFormation"),
    ("real-7c14b3fda8", "Resource is an object of CloudFormation"),
];

#[test]
fn definitions_that_people_wrote_are_accepted() {
    let entries = corpus("real_definitions.json");
    let mut refused = Vec::new();
    for entry in &entries {
        let (machine, findings) = parse(&definition(entry), WorkflowType::Standard);
        match machine {
            None => refused.push((text(entry, "id"), errors(&findings))),
            Some(machine) => {
                assert!(unsupported(&machine).iter().all(|finding| finding.code == Code::NotSupported));
                // Reads every expression of the definition.
                let _ = variable_references(&machine);
            }
        }
    }
    println!("{} of {} accepted", entries.len() - refused.len(), entries.len());
    if !entries.is_empty() {
        let unexpected: Vec<_> =
            refused.iter().filter(|(id, _)| !REFUSED_REAL.iter().any(|(known, _)| known == id)).collect();
        assert!(unexpected.is_empty(), "{unexpected:#?}");
        assert_eq!(refused.len(), REFUSED_REAL.len(), "the list of exceptions may only shrink");
    }
}

/// Documents that linters pass, but AWS does not, by its own recorded words.
const REFUSED_BY_AWS: &[(&str, &str)] = &[
    ("aslv-valid-map-with-item-batcher-jsonata", "a JSONPath state in a JSONata machine"),
    ("aslv-valid-task-credentials", "Credentials without RoleArn"),
    ("statelint-task-with-credentials", "Credentials without RoleArn"),
    ("aslservice-validation-documentSucceedFailTerminalState", "two states of one name"),
    ("aslservice-jsonata-stateLevelJsonataDocument", "lambda:invoke without a FunctionName"),
    ("aslv-valid-assign", "a variable's name with a hyphen"),
    ("aslv-valid-map-noconfig", "an ItemReader that an inline Map would not read"),
    ("aslv-valid-task-intrisic-function", "Resource is an object of CloudFormation"),
];

#[test]
fn test_documents_that_linters_pass_are_accepted() {
    let entries = corpus("valid_test_definitions.json");
    let mut unexpected = Vec::new();
    for entry in &entries {
        let (_, findings) = parse(&definition(entry), WorkflowType::Standard);
        // Linters take any text for a resource.
        let errors: Vec<_> = errors(&findings)
            .into_iter()
            .filter(|error| !error.contains("is not a valid resource ARN"))
            .collect();
        if !errors.is_empty() && !REFUSED_BY_AWS.iter().any(|(known, _)| *known == text(entry, "id")) {
            unexpected.push((text(entry, "id"), errors));
        }
    }
    assert!(unexpected.is_empty(), "{unexpected:#?}");
}

/// Documents that a linter refuses and that are accepted here.
const ACCEPTED_INVALID: &[(&str, &str)] = &[
    ("aslv-invalid-json-surround-syntax-extra-spaces", "a matter of style; AWS takes any blanks"),
    ("aslv-invalid-jsonata-surround-syntax-no-spaces", "a matter of style; AWS takes any blanks"),
    ("aslv-invalid-jsonata-syntax-arithmetic", "expressions are not parsed yet"),
    ("aslv-invalid-jsonata-syntax-jsonpath-in-jsonata-surround", "expressions are not parsed yet"),
    ("aslv-invalid-jsonata-syntax-mismatched-parens", "expressions are not parsed yet"),
    ("aslv-invalid-math-add", "a literal of a wrong type fails when the function runs"),
    ("aslservice-validation-documentMapResultWriterMissingOutputType", "OutputType has a default"),
];

#[test]
fn invalid_documents_are_refused() {
    let entries = corpus("invalid_definitions.json");
    let mut accepted = Vec::new();
    for entry in &entries {
        let (machine, findings) = parse(&definition(entry), WorkflowType::Standard);
        assert_eq!(machine.is_none(), findings.iter().any(Diagnostic::is_error));
        if machine.is_some() {
            accepted.push(text(entry, "id"));
        }
    }
    println!("{} of {} refused", entries.len() - accepted.len(), entries.len());
    accepted.retain(|id| !ACCEPTED_INVALID.iter().any(|(known, _)| known == id));
    assert!(accepted.is_empty(), "{accepted:?}");
}

#[test]
fn aws_words_are_met() {
    let mut compared = 0;
    for entry in corpus("aws_recorded_diagnostics.json") {
        let recorded = entry.get("recorded").expect("an answer");
        let workflow =
            if text(&entry, "type") == "EXPRESS" { WorkflowType::Express } else { WorkflowType::Standard };
        let filled = definition(&entry)
            .replace("${r1.activityArn}", "arn:aws:states:us-east-1:000000000042:activity:a");
        let (machine, findings) = parse(&filled, workflow);
        let message = [recorded.get("message"), recorded.get("exception_value")].into_iter().flatten().next();
        if let Some(message) =
            message.and_then(Value::as_str).filter(|text| text.contains("Invalid State Machine"))
        {
            let message = message.split_once("operation: ").map_or(message, |(_, message)| message);
            assert_eq!(invalid_definition_message(&findings), message, "{}", text(&entry, "id"));
            compared += 1;
        } else if let Some(diagnostics) = recorded.get("diagnostics").and_then(Value::as_array) {
            assert_eq!(machine.is_some(), text(recorded, "result") == "OK", "{}", text(&entry, "id"));
            assert_eq!(findings.len(), diagnostics.len(), "{findings:?}");
            for (finding, want) in findings.iter().zip(diagnostics) {
                assert_eq!(finding.code.as_str(), text(want, "code"));
                assert_eq!(finding.message, text(want, "message"));
                assert_eq!(finding.severity.as_str(), text(want, "severity"));
                assert_eq!(finding.location.as_deref(), want.get("location").and_then(Value::as_str));
            }
            compared += 1;
        } else {
            // The refusal is about something else; the definition is good.
            assert!(machine.is_some(), "{findings:?}");
        }
    }
    println!("{compared} answers compared");
}

/// Every definition in a recorded case that AWS took; and the variables that it said its states read.
#[test]
fn recorded_machines_are_accepted() {
    let Some(root) = conformance() else { return };
    let (mut machines, mut references) = (0, 0);
    for group in std::fs::read_dir(root.join("cases/public")).expect("the cases").flatten() {
        for case in std::fs::read_dir(group.path()).into_iter().flatten().flatten() {
            let path = case.path();
            let case = read(&path);
            for step in case.get("steps").and_then(Value::as_array).unwrap_or_default() {
                let creates = text(step, "call") == "stepfunctions.CreateStateMachine";
                let (true, None, Some(params)) = (creates, step.get("raises"), step.get("params")) else {
                    continue;
                };
                let workflow = if text(params, "type") == "EXPRESS" {
                    WorkflowType::Express
                } else {
                    WorkflowType::Standard
                };
                let (machine, findings) = parse(&fill(&definition(params)), workflow);
                let machine = machine.unwrap_or_else(|| panic!("{}: {findings:?}", path.display()));
                machines += 1;
                let described = case.get("expected").and_then(|expected| expected.get("describe_response"));
                if path.to_string_lossy().contains("api_variable_references") {
                    let want =
                        described.expect("a description").get("variableReferences").map(Value::to_json);
                    let got = variable_references(&machine);
                    let got =
                        (!got.is_empty()).then(|| format!("{got:?}").replace(": ", ":").replace(", ", ","));
                    assert_eq!(got, want, "{}", path.display());
                    references += 1;
                }
            }
        }
    }
    println!("{machines} machines, {references} with variable references");
}

/// Puts ARNs where a case refers to earlier answers.
fn fill(text: &str) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((head, tail)) = rest.split_once("${") {
        let (name, behind) = tail.split_once('}').unwrap_or((tail, ""));
        filled.push_str(head);
        filled.push_str(match name {
            "account" => "000000000042",
            "region" => "us-east-1",
            name if name.ends_with("activityArn") => "arn:aws:states:us-east-1:000000000042:activity:a",
            name if name.ends_with("tateMachineArn") => {
                "arn:aws:states:us-east-1:000000000042:stateMachine:m"
            }
            _ => "arn:aws:lambda:us-east-1:000000000042:function:f",
        });
        rest = behind;
    }
    filled + rest
}
