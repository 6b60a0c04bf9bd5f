//! The checked definition: what the interpreter runs.
//!
//! INVARIANT: a [`StateMachine`] holds no loose end. Every `Next`, `Default` and `StartAt` is an index that exists in
//! the same flow, every path and template is parsed, every number is in its range.
//! INVARIANT: a [`StateIdx`] lives in memory only. On disk a state is named by its JSON Pointer ([`State::pointer`]),
//! which [`StateMachine::find`] turns into an index again.
//! Not here: how a text becomes a definition (`lower`), and what the server cannot run yet (`support`).

mod choice;
mod map;
mod task;

pub use choice::{Choice, ChoiceRule, Comparison, Condition, NumericOperand, Operand, Order, Test};
pub use map::{
    DistributedMap, ItemBatcher, ItemProcessorForm, ItemReader, MapMode, MapState, ResultWriter, WorkflowType,
};
pub use task::{Pattern, Resource, ServiceResource, Task};

use std::collections::HashMap;
use std::sync::Arc;
use stepwell_jsonpath::{Expression, Path, ReferencePath};
use stepwell_types::{ErrorName, Timestamp, Value};

/// The place of a state in its [`StateMachine`]; meaningless for another one, and never written to disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StateIdx(pub(crate) u32);

/// The place of a flow in its [`StateMachine`]: the top level, a Parallel's branch or a Map's processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlowIdx(pub(crate) u32);

impl FlowIdx {
    /// The top level.
    pub const ROOT: Self = Self(0);
}

/// A checked definition.
#[derive(Clone, Debug)]
pub struct StateMachine {
    /// Text for people.
    pub comment: Option<Arc<str>>,
    /// Seconds an execution may take, 0 to 99,999,999; `None` leaves it to the kind of workflow.
    pub timeout_seconds: Option<u64>,
    /// The language of every state that names none.
    pub query_language: QueryLanguage,
    pub(crate) flows: Vec<Flow>,
    pub(crate) states: Vec<State>,
    /// Pointer to state.
    pub(crate) places: HashMap<Arc<str>, StateIdx>,
}

/// States that run one after another: the top level, a Parallel's branch or a Map's processor.
#[derive(Clone, Debug)]
pub struct Flow {
    /// JSON Pointer of the object that holds `StartAt` and `States`; empty for the top level.
    pub pointer: Arc<str>,
    /// The Parallel or Map state around it; `None` for the top level.
    pub parent: Option<StateIdx>,
    /// Text for people.
    pub comment: Option<Arc<str>>,
    /// Where it begins.
    pub start: StateIdx,
    /// Its own states (not those of flows inside them), in the order of the text.
    pub states: Vec<StateIdx>,
}

impl StateMachine {
    /// Where an execution begins.
    #[must_use]
    pub fn start(&self) -> StateIdx {
        self.flow(FlowIdx::ROOT).start
    }

    /// The state at an index of this definition.
    ///
    /// # Panics
    /// With an index of another definition, which is a defect of the caller.
    #[must_use]
    pub fn state(&self, at: StateIdx) -> &State {
        &self.states[at.0 as usize]
    }

    /// The flow at an index of this definition.
    ///
    /// # Panics
    /// With an index of another definition, which is a defect of the caller.
    #[must_use]
    pub fn flow(&self, at: FlowIdx) -> &Flow {
        &self.flows[at.0 as usize]
    }

    /// The state that a JSON Pointer names, such as `/States/Ship` or `/States/Each/ItemProcessor/States/Pack`.
    #[must_use]
    pub fn find(&self, pointer: &str) -> Option<StateIdx> {
        self.places.get(pointer).copied()
    }

    /// The state with this name, at any depth; names are unique in a definition.
    #[must_use]
    pub fn find_name(&self, name: &str) -> Option<StateIdx> {
        self.states().find(|(_, state)| &*state.name == name).map(|(at, _)| at)
    }

    /// All states of all flows, an outer one before those inside it.
    pub fn states(&self) -> impl Iterator<Item = (StateIdx, &State)> {
        (0..).map(StateIdx).zip(&self.states)
    }

    /// All flows; the top level is the first.
    pub fn flows(&self) -> impl Iterator<Item = (FlowIdx, &Flow)> {
        (0..).map(FlowIdx).zip(&self.flows)
    }
}

/// How a state reads and writes data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum QueryLanguage {
    /// Paths, payload templates and intrinsic functions.
    #[default]
    JsonPath,
    /// Expressions between `{%` and `%}`.
    Jsonata,
}

impl QueryLanguage {
    /// The value of the field `QueryLanguage`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::JsonPath => "JSONPath",
            Self::Jsonata => "JSONata",
        }
    }
}

/// One state.
///
/// What several types share stands here; a field that a type or a query language does not allow is at its default
/// (`None`, empty, [`DataPath::Whole`], [`ResultPath::Replace`]), so that the stages of data flow can be written once.
#[derive(Clone, Debug)]
pub struct State {
    /// 1 to 80 characters, unique in the definition.
    pub name: Arc<str>,
    /// JSON Pointer of the state's object: its name on disk.
    pub pointer: Arc<str>,
    /// The flow it belongs to.
    pub flow: FlowIdx,
    /// Text for people.
    pub comment: Option<Arc<str>>,
    /// The state's own language, or that of the definition.
    pub query_language: QueryLanguage,
    /// What is particular to the state's type.
    pub kind: StateKind,
    /// What follows it.
    pub next: Transition,
    /// `InputPath`: what of the raw input the state sees (JSONPath).
    pub input_path: DataPath,
    /// `Parameters` (JSONPath; of Task, Pass and Parallel) or `Arguments` (JSONata; of Task and Parallel).
    /// What a Map makes for each item is [`MapState::item_selector`].
    pub parameters: Option<Template>,
    /// `ResultSelector` (JSONPath; of Task, Parallel and Map).
    pub result_selector: Option<Template>,
    /// `ResultPath`: where the result goes in the raw input (JSONPath; of Task, Pass, Parallel and Map).
    pub result_path: ResultPath,
    /// `OutputPath`: what the next state gets (JSONPath).
    pub output_path: DataPath,
    /// `Assign`: variables by name.
    pub assign: Option<Template>,
    /// `Output` (JSONata).
    pub output: Option<Template>,
    /// `Retry`, in order (of Task, Parallel and Map).
    pub retry: Vec<Retrier>,
    /// `Catch`, in order (of Task, Parallel and Map).
    pub catch: Vec<Catcher>,
}

/// What is particular to each of the eight state types.
#[derive(Clone, Debug)]
pub enum StateKind {
    /// Does a piece of work.
    Task(Task),
    /// Hands its input on, or a fixed result.
    Pass(Pass),
    /// Takes the first rule that matches.
    Choice(Choice),
    /// Waits for a time.
    Wait(Wait),
    /// Ends the execution, the branch or the iteration well.
    Succeed,
    /// Ends it with an error.
    Fail(Fail),
    /// Runs branches side by side.
    Parallel(Parallel),
    /// Runs a processor for each item.
    Map(Box<MapState>),
}

impl StateKind {
    /// The value of the field `Type`, which also begins the names of its history events.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Task(_) => "Task",
            Self::Pass(_) => "Pass",
            Self::Choice(_) => "Choice",
            Self::Wait(_) => "Wait",
            Self::Succeed => "Succeed",
            Self::Fail(_) => "Fail",
            Self::Parallel(_) => "Parallel",
            Self::Map(_) => "Map",
        }
    }
}

/// What follows a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transition {
    /// `Next`
    Next(StateIdx),
    /// `End: true`, and Succeed and Fail, which end by their nature.
    End,
    /// The rules of a Choice say it.
    Chosen,
}

/// `InputPath`, `OutputPath`.
#[derive(Clone, Debug, Default)]
pub enum DataPath {
    /// Absent, or `$`: everything, text included.
    #[default]
    Whole,
    /// `null`: an empty object.
    Nothing,
    /// A part of it, of the context object (`$$.`) or of a variable.
    At(Path),
}

/// `ResultPath`.
#[derive(Clone, Debug, Default)]
pub enum ResultPath {
    /// Absent, or `$`: the result replaces the input.
    #[default]
    Replace,
    /// `null`: the input goes on, the result is dropped.
    Discard,
    /// The result is put into the input here.
    At(ReferencePath),
}

/// A structure with places to fill in.
#[derive(Clone, Debug)]
pub enum Template {
    /// Fields that end with `.$` hold paths and intrinsic functions.
    JsonPath(stepwell_jsonpath::Template),
    /// Strings between `{%` and `%}` are expressions, at any depth.
    Jsonata(Value),
}

/// A JSONata expression: the text between `{%` and `%}`, trimmed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct JsonataExpression(pub Arc<str>);

/// A value that the definition gives, or says where to find.
#[derive(Clone, Debug)]
pub enum Setting<T> {
    /// As written; in its range.
    Fixed(T),
    /// The `…Path` form of the field.
    Path(Path),
    /// An expression.
    Jsonata(JsonataExpression),
}

/// A text that the definition gives, or says how to find.
#[derive(Clone, Debug)]
pub enum TextSetting {
    /// As written.
    Fixed(Arc<str>),
    /// A path or an intrinsic function: of a `…Path` field, or of a field that ends with `.$`.
    Expression(Expression),
    /// An expression.
    Jsonata(JsonataExpression),
}

/// What is particular to a Pass state.
#[derive(Clone, Debug, Default)]
pub struct Pass {
    /// `Result` (JSONPath): stands for the result, in place of the input.
    pub result: Option<Value>,
}

/// What is particular to a Wait state: one of its four forms.
#[derive(Clone, Debug)]
pub enum Wait {
    /// `Seconds`, `SecondsPath`: 0 to 99,999,999.
    Seconds(Setting<u64>),
    /// `Timestamp`, `TimestampPath`.
    Timestamp(Setting<Timestamp>),
}

/// What is particular to a Fail state.
#[derive(Clone, Debug, Default)]
pub struct Fail {
    /// `Error`, `ErrorPath`.
    pub error: Option<TextSetting>,
    /// `Cause`, `CausePath`.
    pub cause: Option<TextSetting>,
}

/// What is particular to a Parallel state.
#[derive(Clone, Debug)]
pub struct Parallel {
    /// At least one, in order.
    pub branches: Vec<FlowIdx>,
}

/// One entry of `Retry`.
#[derive(Clone, Debug)]
pub struct Retrier {
    /// Text for people.
    pub comment: Option<Arc<str>>,
    /// Never empty; `States.ALL` stands alone.
    pub error_equals: Vec<ErrorName>,
    /// Seconds before the first retry: 0 to 99,999,999, default 1.
    pub interval_seconds: u64,
    /// Retries after the first attempt: 0 to 99,999,999, default 3.
    pub max_attempts: u64,
    /// Each interval is this many times the one before: at least 1, default 2.
    pub backoff_rate: f64,
    /// No interval is longer: greater than `interval_seconds`, at most 31,622,400.
    pub max_delay_seconds: Option<u64>,
    /// Whether intervals are drawn at random.
    pub jitter: JitterStrategy,
}

/// `JitterStrategy`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum JitterStrategy {
    /// The interval as it is.
    #[default]
    None,
    /// Anything from 0 to the interval.
    Full,
}

/// One entry of `Catch`.
#[derive(Clone, Debug)]
pub struct Catcher {
    /// Text for people.
    pub comment: Option<Arc<str>>,
    /// Never empty; `States.ALL` stands alone.
    pub error_equals: Vec<ErrorName>,
    /// Where it goes on.
    pub next: StateIdx,
    /// Where the error object goes in the raw input (JSONPath).
    pub result_path: ResultPath,
    /// Variables by name.
    pub assign: Option<Template>,
    /// `Output` (JSONata).
    pub output: Option<Template>,
}
