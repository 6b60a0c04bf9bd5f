//! One state: what every type has, and the types that are quickly read.

use super::object::{self, Object};
use super::template::{expression, warn_of_static_result};
use super::{Context, FlowForm, Lower, fields};
use crate::definition::{
    DataPath, Fail, Parallel, Pass, QueryLanguage, ResultPath, Setting, State, StateKind, Transition, Wait,
};
use crate::diagnostic::{Code, Severity};
use crate::reachability::Exits;
use crate::suggest::did_you_mean;
use std::rc::Rc;
use std::sync::Arc;
use stepwell_types::Timestamp;
use stepwell_types::quota::STATE_SECONDS_MAX;

impl<'t> Lower<'t> {
    pub(super) fn state(
        &mut self,
        object: Object<'t, '_>,
        name: &str,
        context: &Context<'_, 't>,
        exits: &mut Exits,
    ) -> Option<State> {
        if !object.require(&mut self.findings, &["Type"]) {
            exits.unknown = true;
            return None;
        }
        let Some(state_type) = self.state_type(object) else {
            exits.unknown = true;
            return None;
        };
        let language = context.language;
        fields::check(&mut self.findings, object, &fields::of_state(state_type), language);
        let findings = &mut self.findings;
        let comment = object.comment(findings);
        let json_path = language == QueryLanguage::JsonPath;
        let (mut input_path, mut output_path, mut result_path) =
            (DataPath::Whole, DataPath::Whole, ResultPath::Replace);
        let (mut result_selector, mut output) = (None, None);
        let works = matches!(state_type, "Task" | "Parallel" | "Map");
        if json_path && state_type != "Fail" {
            input_path = object.data_path(findings, "InputPath");
            output_path = object.data_path(findings, "OutputPath");
            if works || state_type == "Pass" {
                result_path = object.result_path(findings);
            }
            if works {
                result_selector = object.template(findings, "ResultSelector", language);
            }
        } else if state_type != "Fail" {
            output = object.template(findings, "Output", language);
        }
        let parameters = match (state_type, language) {
            ("Task" | "Parallel" | "Pass", QueryLanguage::JsonPath) => {
                object.template(findings, "Parameters", language)
            }
            ("Task" | "Parallel", QueryLanguage::Jsonata) => object.template(findings, "Arguments", language),
            _ => None,
        };
        let assign =
            if matches!(state_type, "Succeed" | "Fail") { None } else { object.assign(findings, context) };
        let (retry, catch) = if works {
            (self.retriers(object), self.catchers(object, context, exits))
        } else {
            (Vec::new(), Vec::new())
        };
        let next = match state_type {
            "Succeed" | "Fail" => {
                exits.ends = true;
                Some(Transition::End)
            }
            "Choice" => Some(Transition::Chosen),
            _ => self.transition(object, context, exits),
        };
        let kind = match state_type {
            "Task" => self.task(object, context).map(StateKind::Task),
            "Pass" => Some(StateKind::Pass(self.pass(object, language))),
            "Choice" => self.choice(object, context, exits).map(StateKind::Choice),
            "Wait" => self.wait(object, language).map(StateKind::Wait),
            "Succeed" => Some(StateKind::Succeed),
            "Fail" => Some(StateKind::Fail(self.fail(object, language))),
            "Parallel" => self.parallel(object, context).map(StateKind::Parallel),
            "Map" => self.map(object, context).map(|map| StateKind::Map(Box::new(map))),
            _ => None,
        };
        Some(State {
            name: Arc::from(name),
            pointer: Arc::from(object.at.pointer()),
            flow: context.flow,
            comment,
            query_language: language,
            kind: kind?,
            next: next?,
            input_path,
            parameters,
            result_selector,
            result_path,
            output_path,
            assign,
            output,
            retry,
            catch,
        })
    }

    /// One of the eight; AWS words this field's finding otherwise than those of other words.
    fn state_type(&mut self, object: Object<'t, '_>) -> Option<&'t str> {
        let text = &**object.text(&mut self.findings, "Type")?;
        if fields::STATE_TYPES.contains(&text) {
            return Some(text);
        }
        let at = object.at.field("Type");
        let known = fields::STATE_TYPES;
        self.findings.add(
            Severity::Error,
            Code::SchemaValidationFailed,
            format!("The field 'Type' should have one of these values: [{}]", known.join(", ")),
            &at,
            &at,
            did_you_mean(text, known.iter().copied()),
        );
        None
    }

    fn pass(&mut self, object: Object<'t, '_>, language: QueryLanguage) -> Pass {
        let result = object.get("Result").filter(|_| language == QueryLanguage::JsonPath);
        if let Some(result) = result {
            warn_of_static_result(&mut self.findings, result, &object.at.field("Result"));
        }
        Pass { result: result.cloned() }
    }

    fn wait(&mut self, object: Object<'t, '_>, language: QueryLanguage) -> Option<Wait> {
        let forms: &[&str] = match language {
            QueryLanguage::JsonPath => &["SecondsPath", "Seconds", "TimestampPath", "Timestamp"],
            QueryLanguage::Jsonata => &["Seconds", "Timestamp"],
        };
        let findings = &mut self.findings;
        match object.exactly_one(findings, forms)? {
            "Seconds" | "SecondsPath" => object
                .setting(findings, "Seconds", "SecondsPath", language, 0..=STATE_SECONDS_MAX)
                .map(Wait::Seconds),
            "TimestampPath" => {
                object.reference(findings, "TimestampPath").map(Setting::Path).map(Wait::Timestamp)
            }
            _ => {
                let text = object.text(findings, "Timestamp")?;
                let at = object.at.field("Timestamp");
                if language == QueryLanguage::Jsonata
                    && let Some(expression) = expression(findings, text, &at)
                {
                    return Some(Wait::Timestamp(Setting::Jsonata(expression)));
                }
                match Timestamp::parse_rfc3339(text) {
                    Ok(time) => Some(Wait::Timestamp(Setting::Fixed(time))),
                    Err(_) => {
                        findings.schema("String does not match RFC3339 timestamp", &at);
                        None
                    }
                }
            }
        }
    }

    fn fail(&mut self, object: Object<'t, '_>, language: QueryLanguage) -> Fail {
        let findings = &mut self.findings;
        Fail {
            error: object.text_setting(findings, "Error", "ErrorPath", language),
            cause: object.text_setting(findings, "Cause", "CausePath", language),
        }
    }

    fn parallel(&mut self, object: Object<'t, '_>, context: &Context<'_, 't>) -> Option<Parallel> {
        if !object.require(&mut self.findings, &["Branches"]) {
            return None;
        }
        let at = object.at.field("Branches");
        let branches = object.filled_array(&mut self.findings, "Branches")?;
        let flows = branches
            .iter()
            .enumerate()
            .filter_map(|(n, branch)| {
                let at = at.item(n);
                let branch = object::object(&mut self.findings, branch, &at)?;
                let scope = Some(Rc::clone(context.scope));
                Some(self.flow_later(
                    branch.map,
                    FlowForm::Branch,
                    &at,
                    Some(context.state),
                    context.workflow,
                    scope,
                ))
            })
            .collect();
        Some(Parallel { branches: flows })
    }
}
