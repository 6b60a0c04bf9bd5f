//! What is valid on AWS but cannot be run by this server yet.
//!
//! This list is meant to shrink: each entry is one `match` arm here, and goes with the work that makes it run.

use crate::definition::{
    ItemProcessorForm, MapMode, Pattern, QueryLanguage, Resource, State, StateKind, StateMachine,
};
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::place::FINDINGS_MAX;

/// Names, with its place, everything in a valid definition that the server cannot run yet; empty if it can run.
#[must_use]
pub fn unsupported(machine: &StateMachine) -> Vec<Diagnostic> {
    let mut list = Vec::new();
    if machine.query_language == QueryLanguage::Jsonata {
        add(&mut list, "", "QueryLanguage", "the query language JSONata".to_owned());
    }
    for (_, state) in machine.states() {
        if list.len() >= FINDINGS_MAX {
            break;
        }
        of_state(&mut list, state, machine.query_language);
    }
    list
}

fn of_state(list: &mut Vec<Diagnostic>, state: &State, machine_language: QueryLanguage) {
    if state.query_language == QueryLanguage::Jsonata && machine_language != QueryLanguage::Jsonata {
        add(list, &state.pointer, "QueryLanguage", "the query language JSONata".to_owned());
    }
    match &state.kind {
        StateKind::Task(task) => match &task.resource {
            Resource::Function(_)
            | Resource::LambdaInvoke(Pattern::RequestResponse | Pattern::WaitForTaskToken) => {}
            Resource::LambdaInvoke(pattern @ (Pattern::Sync | Pattern::Sync2)) => {
                add(
                    list,
                    &state.pointer,
                    "Resource",
                    format!("the service integration lambda:invoke{pattern}"),
                );
            }
            Resource::Activity(_) => add(list, &state.pointer, "Resource", "activities".to_owned()),
            Resource::Service(service) => {
                add(list, &state.pointer, "Resource", format!("the service integration {service}"));
            }
        },
        StateKind::Map(map) => match map.mode {
            MapMode::Inline => {}
            MapMode::Distributed(_) => {
                let field = match map.form {
                    ItemProcessorForm::ItemProcessor => "ItemProcessor",
                    ItemProcessorForm::Iterator => "Iterator",
                };
                let field = format!("{field}/ProcessorConfig/Mode");
                add(list, &state.pointer, &field, "a Map state in the mode DISTRIBUTED".to_owned());
            }
        },
        StateKind::Pass(_)
        | StateKind::Choice(_)
        | StateKind::Wait(_)
        | StateKind::Succeed
        | StateKind::Fail(_)
        | StateKind::Parallel(_) => {}
    }
}

fn add(list: &mut Vec<Diagnostic>, state: &str, field: &str, what: String) {
    let pointer = format!("{state}/{field}");
    list.push(Diagnostic {
        severity: Severity::Error,
        code: Code::NotSupported,
        message: format!("Stepwell does not support {what} yet"),
        location: Some(location_of(&pointer)),
        pointer,
        position: None,
        help: None,
    });
}

/// AWS's form of a pointer into a definition.
fn location_of(pointer: &str) -> String {
    let mut text = String::with_capacity(pointer.len());
    let mut in_branches = false;
    for token in pointer.split('/').skip(1) {
        if in_branches && token.bytes().all(|b| b.is_ascii_digit()) {
            text.push_str(&format!("[{token}]"));
        } else {
            text.push('/');
            text.push_str(&token.replace("~1", "/").replace("~0", "~"));
        }
        in_branches = token == "Branches";
    }
    text
}
