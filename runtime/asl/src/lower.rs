//! From a JSON value to a checked definition.
//!
//! One walk, flow by flow (breadth first, so that nesting costs no stack), in which every fault is reported and the
//! walk goes on. A part with a fault has no checked form; a definition with an error is dropped as a whole at the
//! end. What concerns several states of a flow (targets, reachability) is looked at when the flow's states are read.

mod choice;
mod fields;
mod map;
mod object;
mod retry;
mod state;
mod task;
mod template;

use crate::definition::{
    Flow, FlowIdx, QueryLanguage, State, StateIdx, StateMachine, Transition, WorkflowType,
};
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::place::{Findings, Place};
use crate::reachability::{self, Exits, Start};
use crate::suggest::did_you_mean;
use object::Object;
use std::collections::{HashMap, HashSet, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use stepwell_types::quota::{STATE_NAME_CHARS_MAX, STATE_SECONDS_MAX};
use stepwell_types::{Map, Value};

/// States of one definition, at all depths. Source: ours, so that a definition stays cheap to hold and to check.
pub const STATES_MAX: usize = 10_000;
/// Dangling targets for which a suggestion is looked for; beyond them the first ones tell enough.
const SUGGESTIONS_MAX: usize = 20;

/// What became of a value.
pub(crate) struct Lowered {
    /// `None` if any finding is an error.
    pub(crate) machine: Option<StateMachine>,
    /// What is wrong with fields.
    pub(crate) fields: Vec<Diagnostic>,
    /// What is wrong with transitions, in AWS's order.
    pub(crate) transitions: Vec<Diagnostic>,
}

/// Reads a definition.
pub(crate) fn lower(value: &Value, workflow: WorkflowType) -> Lowered {
    let mut lower = Lower {
        findings: Findings::default(),
        transitions: Findings::default(),
        machine_language: QueryLanguage::JsonPath,
        states: Vec::new(),
        flows: Vec::new(),
        queue: VecDeque::new(),
        names: HashMap::new(),
        labels: HashSet::new(),
        suggestions: 0,
    };
    let machine = lower.machine(value, workflow);
    let Lower { findings, transitions, .. } = lower;
    let machine = machine.filter(|_| findings.errors() + transitions.errors() == 0);
    Lowered { machine, fields: findings.into_list(), transitions: transitions.into_list() }
}

struct Lower<'t> {
    findings: Findings,
    /// Findings about what leads where; AWS lists them after all others.
    transitions: Findings,
    machine_language: QueryLanguage,
    /// By [`StateIdx`]; `None` where a state has a fault.
    states: Vec<Option<State>>,
    /// By [`FlowIdx`]; `None` where a flow has a fault or is yet to be read.
    flows: Vec<Option<Flow>>,
    queue: VecDeque<Job<'t>>,
    /// The name of every state read so far, and its pointer.
    names: HashMap<&'t str, String>,
    labels: HashSet<&'t str>,
    suggestions: usize,
}

/// A flow that is yet to be read.
struct Job<'t> {
    flow: FlowIdx,
    fields: &'t Map,
    form: FlowForm,
    pointer: String,
    location: String,
    parent: Option<StateIdx>,
    workflow: WorkflowType,
    scope: Rc<Scope>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum FlowForm {
    Machine,
    Branch,
    Processor,
}

/// Variables that the states of a flow assign, and the flows around it.
#[derive(Default)]
struct Scope {
    own: HashSet<String>,
    outer: Option<Rc<Scope>>,
}

impl Scope {
    /// Whether a flow around this one assigns the variable.
    fn outer_holds(&self, name: &str) -> bool {
        let mut scope = self.outer.as_ref();
        while let Some(outer) = scope {
            if outer.own.contains(name) {
                return true;
            }
            scope = outer.outer.as_ref();
        }
        false
    }
}

/// What the parts of one state need to know of its surroundings.
struct Context<'a, 't> {
    flow: FlowIdx,
    state: StateIdx,
    language: QueryLanguage,
    workflow: WorkflowType,
    /// The states of the flow by name.
    targets: &'a HashMap<&'t str, StateIdx>,
    scope: &'a Rc<Scope>,
}

fn index(length: usize) -> u32 {
    // `STATES_MAX` keeps both arenas far below.
    u32::try_from(length).unwrap_or(u32::MAX)
}

impl<'t> Lower<'t> {
    fn machine(&mut self, value: &'t Value, workflow: WorkflowType) -> Option<StateMachine> {
        let root = Place::base("", "");
        let Some(map) = value.as_object() else {
            let message = "Definition must be a valid JSON object";
            self.findings.without_location(Code::SchemaValidationFailed, message, &root);
            return None;
        };
        let object = Object { map, at: &root };
        self.machine_language = self.query_language(object).unwrap_or_default();
        let comment = object.comment(&mut self.findings);
        object.word(&mut self.findings, "Version", &["1.0"]);
        let timeout_seconds = object.integer(&mut self.findings, "TimeoutSeconds", 0..=STATE_SECONDS_MAX);
        self.flow_later(map, FlowForm::Machine, &root, None, workflow, None);
        while let Some(job) = self.queue.pop_front() {
            self.flow(job);
        }
        let states = std::mem::take(&mut self.states).into_iter().collect::<Option<Vec<_>>>()?;
        let flows = std::mem::take(&mut self.flows).into_iter().collect::<Option<Vec<_>>>()?;
        let places =
            (0..).map(StateIdx).zip(&states).map(|(at, state)| (Arc::clone(&state.pointer), at)).collect();
        Some(StateMachine {
            comment,
            timeout_seconds,
            query_language: self.machine_language,
            flows,
            states,
            places,
        })
    }

    fn query_language(&mut self, object: Object<'t, '_>) -> Option<QueryLanguage> {
        let words = [QueryLanguage::JsonPath.as_str(), QueryLanguage::Jsonata.as_str()];
        let word = object.word(&mut self.findings, "QueryLanguage", &words)?;
        Some(if word == "JSONata" { QueryLanguage::Jsonata } else { QueryLanguage::JsonPath })
    }

    /// Makes room for a flow and puts it in the queue.
    fn flow_later(
        &mut self,
        fields: &'t Map,
        form: FlowForm,
        at: &Place<'_>,
        parent: Option<StateIdx>,
        workflow: WorkflowType,
        outer: Option<Rc<Scope>>,
    ) -> FlowIdx {
        let flow = FlowIdx(index(self.flows.len()));
        self.flows.push(None);
        let scope = Rc::new(Scope { own: assigned_variables(fields, self.machine_language), outer });
        let (pointer, location) = (at.pointer(), at.location());
        self.queue.push_back(Job { flow, fields, form, pointer, location, parent, workflow, scope });
        flow
    }

    fn flow(&mut self, job: Job<'t>) {
        let at = Place::base(&job.pointer, &job.location);
        let object = Object { map: job.fields, at: &at };
        let allowed = match job.form {
            FlowForm::Machine => fields::MACHINE,
            FlowForm::Branch => fields::BRANCH,
            FlowForm::Processor => fields::PROCESSOR,
        };
        fields::check(&mut self.findings, object, &[allowed], self.machine_language);
        object.require(&mut self.findings, &["States", "StartAt"]);
        let comment = match job.form {
            // Read with the machine's own fields.
            FlowForm::Machine => None,
            FlowForm::Branch | FlowForm::Processor => object.comment(&mut self.findings),
        };
        let start = object.text(&mut self.findings, "StartAt");
        let states_at = at.field("States");
        let Some(states) =
            object.get("States").and_then(|value| object::object(&mut self.findings, value, &states_at))
        else {
            return;
        };
        if states.map.is_empty() {
            self.findings.schema("Value cannot be empty", &states_at);
            return;
        }
        let first = self.states.len();
        if first + states.map.len() > STATES_MAX {
            self.findings.schema(format!("A definition may have at most {STATES_MAX} states"), &states_at);
            return;
        }
        let targets: HashMap<&str, StateIdx> =
            states.map.keys().zip(first..).map(|(name, at)| (&**name, StateIdx(index(at)))).collect();
        self.states.resize_with(first + states.map.len(), || None);

        let mut exits = Vec::with_capacity(states.map.len());
        for ((name, value), state) in states.map.iter().zip(first..) {
            let place = states_at.field(name);
            self.state_name(name, &place);
            exits.push(self.state_of_flow(&job, name, value, &place, StateIdx(index(state)), &targets));
        }
        let start = match start {
            None => Start::Unknown,
            Some(start) => {
                self.target(&targets, start, &at.field("StartAt")).map_or(Start::Dangling, Start::At)
            }
        };
        let first_state = StateIdx(index(first));
        reachability::check(&mut self.transitions, &states_at, states.map, start, first_state, &exits);
        let Start::At(start) = start else { return };
        if let Some(slot) = self.flows.get_mut(job.flow.0 as usize) {
            let states = (first..first + states.map.len()).map(|at| StateIdx(index(at))).collect();
            *slot = Some(Flow {
                pointer: Arc::from(job.pointer.as_str()),
                parent: job.parent,
                comment,
                start,
                states,
            });
        }
    }

    /// Reads one state into its place and says where it goes on to.
    fn state_of_flow(
        &mut self,
        job: &Job<'t>,
        name: &str,
        value: &'t Value,
        at: &Place<'_>,
        state: StateIdx,
        targets: &HashMap<&'t str, StateIdx>,
    ) -> Exits {
        let mut exits = Exits::default();
        let Some(object) = object::object(&mut self.findings, value, at) else {
            exits.unknown = true;
            return exits;
        };
        let language = self.state_language(object);
        let (flow, workflow, scope) = (job.flow, job.workflow, &job.scope);
        let context = Context { flow, state, language, workflow, targets, scope };
        let read = self.state(object, name, &context, &mut exits);
        if let Some(slot) = self.states.get_mut(state.0 as usize) {
            *slot = read;
        }
        exits
    }

    fn state_name(&mut self, name: &'t str, at: &Place<'_>) {
        if name.is_empty() {
            self.findings.error(Code::InvalidStateName, "State name cannot be empty", at);
        } else if name.chars().count() > STATE_NAME_CHARS_MAX {
            let message = format!(
                "State name '{name}' exceeds the {STATE_NAME_CHARS_MAX}-character limit allowed by the service"
            );
            self.findings.error(Code::InvalidStateName, message, at);
        }
        if let Some(other) = self.names.get(name) {
            let help = Some(format!("the other one is at {other}"));
            let message = format!("Duplicate State name: {name}");
            self.transitions.add(Severity::Error, Code::DuplicateStateName, message, at, at, help);
        } else {
            self.names.insert(name, at.pointer());
        }
    }

    fn state_language(&mut self, object: Object<'t, '_>) -> QueryLanguage {
        let language = self.query_language(object).unwrap_or(self.machine_language);
        if self.machine_language == QueryLanguage::Jsonata && language == QueryLanguage::JsonPath {
            self.findings.add(
                Severity::Error,
                Code::SchemaValidationFailed,
                "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine"
                    .to_owned(),
                object.at,
                &object.at.field("QueryLanguage"),
                None,
            );
        }
        language
    }

    /// The state of this name in the flow; a dangling one is reported.
    fn target(&mut self, targets: &HashMap<&str, StateIdx>, name: &str, at: &Place<'_>) -> Option<StateIdx> {
        if let Some(found) = targets.get(name) {
            return Some(*found);
        }
        let help = if self.suggestions < SUGGESTIONS_MAX {
            self.suggestions += 1;
            let mut names: Vec<_> = targets.iter().collect();
            names.sort_by_key(|(_, at)| **at);
            did_you_mean(name, names.iter().map(|(name, _)| **name)).or_else(|| {
                let other = self.names.get(name)?;
                Some(format!("the state at {other} is in another flow, which cannot be entered from here"))
            })
        } else {
            None
        };
        let message = format!("Missing 'Next' target: {name}");
        self.transitions.add(Severity::Error, Code::MissingTransitionTarget, message, at, at, help);
        None
    }

    /// A field that names a state, such as `Next` of a catcher.
    fn target_field(
        &mut self,
        object: Object<'t, '_>,
        name: &str,
        context: &Context<'_, 't>,
        exits: &mut Exits,
    ) -> Option<StateIdx> {
        let Some(text) = object.text(&mut self.findings, name) else {
            exits.unknown = true;
            return None;
        };
        let target = self.target(context.targets, text, &object.at.field(name));
        exits.targets.extend(target);
        target
    }

    /// `Next` and `End`: exactly one.
    fn transition(
        &mut self,
        object: Object<'t, '_>,
        context: &Context<'_, 't>,
        exits: &mut Exits,
    ) -> Option<Transition> {
        let end = object.boolean(&mut self.findings, "End");
        match (object.has("Next"), end) {
            (true, Some(true)) => {
                self.findings
                    .schema("There should only be one of the following fields: [Next, End]", object.at);
                exits.unknown = true;
                None
            }
            (true, _) => self.target_field(object, "Next", context, exits).map(Transition::Next),
            (false, Some(true)) => {
                exits.ends = true;
                Some(Transition::End)
            }
            (false, _) => {
                if end.is_some() || !object.has("End") {
                    self.findings.schema(
                        "This object should have only one of the following fields: [Next, End]",
                        object.at,
                    );
                }
                exits.unknown = true;
                None
            }
        }
    }
}

/// The variables that the states of a flow assign, wherever they do it.
fn assigned_variables(flow: &Map, machine_language: QueryLanguage) -> HashSet<String> {
    let mut names = HashSet::new();
    let states = flow.get("States").and_then(Value::as_object);
    for state in states.into_iter().flat_map(Map::values) {
        let language = match state.get("QueryLanguage").and_then(Value::as_str) {
            Some("JSONata") => QueryLanguage::Jsonata,
            Some("JSONPath") => QueryLanguage::JsonPath,
            _ => machine_language,
        };
        let inner =
            ["Catch", "Choices"].into_iter().filter_map(|field| state.get(field)?.as_array()).flatten();
        for holder in std::iter::once(state).chain(inner) {
            let assign = holder.get("Assign").and_then(Value::as_object);
            for key in assign.into_iter().flat_map(Map::keys) {
                names.insert(template::variable_name(key, language).to_owned());
            }
        }
    }
    names
}
