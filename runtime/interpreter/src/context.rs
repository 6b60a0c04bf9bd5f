//! What a state's fields can see while they are evaluated: the context object, variables, randomness.

use crate::execution::Execution;
use crate::frame::{Frame, Position, Waiting};
use crate::random;
use std::cell::{Cell, OnceCell};
use std::sync::Arc;
use stepwell_asl::definition::{StateKind, WorkflowType};
use stepwell_jsonpath::{Environment, Scope};
use stepwell_types::{Map, Payload, Value};

/// A frame's surroundings. Nothing is built before it is asked for.
pub(crate) struct Surroundings<'a> {
    pub(crate) execution: &'a Execution,
    pub(crate) frame: &'a Frame,
    /// The item that an iteration is about to begin with, while its input is selected.
    pub(crate) item: Option<Item<'a>>,
    /// The token of the attempt that is about to be scheduled.
    pub(crate) token: Option<Arc<str>>,
    /// How often randomness was asked for in this step.
    pub(crate) counter: &'a Cell<u64>,
    pub(crate) context: OnceCell<Value>,
}

/// One item of a Map.
#[derive(Clone, Copy)]
pub(crate) struct Item<'a> {
    pub(crate) index: u32,
    pub(crate) value: &'a Value,
}

impl<'a> Surroundings<'a> {
    pub(crate) fn new(execution: &'a Execution, frame: &'a Frame, counter: &'a Cell<u64>) -> Self {
        Self { execution, frame, item: None, token: None, counter, context: OnceCell::new() }
    }

    /// The same surroundings with an item of the Map that the frame is in.
    pub(crate) fn with_item<'b>(&self, item: Item<'b>) -> Surroundings<'b>
    where
        'a: 'b,
    {
        Surroundings { item: Some(item), ..Surroundings::new(self.execution, self.frame, self.counter) }
    }

    /// What an expression over `input` sees.
    pub(crate) fn scope<'s>(&'s self, input: &'s Value) -> Scope<'s> {
        Scope { input, environment: self }
    }

    fn build_context(&self) -> Value {
        if let Some(given) = &self.execution.context {
            return (**given).clone();
        }
        let state = self.execution.machine.state(self.frame.at);
        let mut context = Map::with_capacity(5);
        context.insert("Execution", self.execution_part());
        context.insert("StateMachine", self.machine_part());
        let mut part = Map::with_capacity(3);
        part.insert("Name", Value::Str(Arc::clone(&state.name)));
        part.insert("EnteredTime", Value::from(self.frame.entered_at.to_short_text()));
        match state.kind {
            StateKind::Task(_) | StateKind::Parallel(_) | StateKind::Map(_) => {
                part.insert("RetryCount", Value::I64(i64::from(self.frame.retry_count())));
            }
            StateKind::Pass(_)
            | StateKind::Choice(_)
            | StateKind::Wait(_)
            | StateKind::Succeed
            | StateKind::Fail(_) => {}
        }
        context.insert("State", Value::object(part));
        if let Some(token) = &self.token {
            let task: Map = [("Token", Value::Str(Arc::clone(token)))].into_iter().collect();
            context.insert("Task", Value::object(task));
        }
        if let Some(item) = self.item.or_else(|| self.iteration()) {
            let mut part = Map::with_capacity(2);
            part.insert("Index", Value::I64(i64::from(item.index)));
            part.insert("Value", item.value.clone());
            let map: Map = [("Item", Value::object(part))].into_iter().collect();
            context.insert("Map", Value::object(map));
        }
        Value::object(context)
    }

    fn execution_part(&self) -> Value {
        let start = &self.execution.start;
        let mut part = Map::with_capacity(6);
        part.insert("Id", Value::from(start.arn.to_string()));
        part.insert("Input", start.input.value().clone());
        part.insert("StartTime", Value::from(self.execution.progress.started_at.to_short_text()));
        part.insert("Name", Value::str(start.arn.name.as_str()));
        part.insert("RoleArn", Value::Str(Arc::clone(&start.role_arn)));
        match start.kind {
            WorkflowType::Standard => part.insert("RedriveCount", Value::I64(0)),
            // Nothing redrives an Express execution (recorded).
            WorkflowType::Express => None,
        };
        Value::object(part)
    }

    fn machine_part(&self) -> Value {
        let machine = &self.execution.start.machine_arn;
        let mut part = Map::with_capacity(2);
        part.insert("Id", Value::from(machine.to_string()));
        part.insert("Name", Value::str(machine.name.as_str()));
        Value::object(part)
    }

    /// The item of the innermost Map iteration that this frame runs in.
    fn iteration(&self) -> Option<Item<'a>> {
        let mut frame = self.frame;
        loop {
            let parent = self.execution.frames.get(&frame.parent()?)?;
            if let (Position::Iteration { index, .. }, Waiting::Join(join)) =
                (frame.position, &parent.waiting)
            {
                let items: &Payload = join.items.as_ref()?;
                return Some(Item { index, value: items.value().get_index(index as usize)? });
            }
            frame = parent;
        }
    }
}

impl Environment for Surroundings<'_> {
    fn context(&self) -> &Value {
        self.context.get_or_init(|| self.build_context())
    }

    fn variable(&self, name: &str) -> Option<&Value> {
        let mut frame = self.frame;
        loop {
            if let Some(value) = frame.scope.get(name) {
                return Some(value.value());
            }
            frame = self.execution.frames.get(&frame.parent()?)?;
        }
    }

    fn random(&self) -> u64 {
        let counter = self.counter.get();
        self.counter.set(counter + 1);
        random::bits(&self.execution.start.seed, self.execution.progress.next_event, counter)
    }
}
