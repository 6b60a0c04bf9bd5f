//! One evaluation: its arena, its stack of items, its meter.

use crate::budget::{Budget, Limit};
use crate::code::{Code, Node};
use crate::expression::Environment;
use crate::fault::{Fault, Res};
use crate::syntax::Id;
use crate::val::{Array, Field, Frame, Func, FuncKind, Guess, Items, Object, Text, Unit, Val};
use bumpalo::Bump;
use std::cell::{Cell, OnceCell};
use stepwell_types::{Map, Value};

/// How many steps pass between two looks at the deadline.
const DEADLINE_STEPS: u64 = 4_096;

/// KiB of stack in an unoptimized build that one level of [`Budget::depth`] stands for.
const LEVEL_KIB: u32 = 4;
/// KiB that the evaluation of one node takes.
const NODE_KIB: u32 = 2;

pub(crate) struct Machine<'a> {
    pub(crate) bump: &'a Bump,
    pub(crate) unit: &'a Unit<'a>,
    /// Items on their way into arrays; each user truncates to where it began.
    pub(crate) stack: Vec<Val<'a>>,
    pub(crate) depth: u32,
    pub(crate) depth_max: u32,
    /// What is on the stack, in KiB of an unoptimized build, and what may be.
    load: u32,
    load_max: u32,
    /// Steps until the next look at fuel and deadline.
    steps: u64,
    /// Fuel behind those steps.
    fuel: u64,
    bytes: u64,
    deadline: Option<&'a dyn Fn() -> bool>,
    pub(crate) now_millis: i64,
    pub(crate) random: crate::random::Random,
    pub(crate) bindings: &'a Map,
    /// The context of the last call, which `$eval` works on.
    pub(crate) eval_input: Val<'a>,
    /// The input as `$$` shows it.
    pub(crate) root: Val<'a>,
    /// Code compiled by `$eval`.
    pub(crate) evals: &'a Evals,
    /// The tail call that a lambda left to its caller.
    pub(crate) pending: Option<Pending<'a>>,
    pub(crate) pending_mark: &'a Func<'a>,
}

#[derive(Clone, Copy)]
pub(crate) struct Pending<'a> {
    pub(crate) unit: &'a Unit<'a>,
    pub(crate) call: Id,
    pub(crate) input: Val<'a>,
    pub(crate) env: &'a Frame<'a>,
}

/// Code that came to be while evaluating; a list, since what is in it stays where it is.
#[derive(Default)]
pub(crate) struct Evals {
    code: OnceCell<Code>,
    next: OnceCell<Box<Evals>>,
}

impl Evals {
    pub(crate) fn keep(&self, code: Code) -> &Code {
        let mut at = self;
        while at.code.get().is_some() {
            at = at.next.get_or_init(Box::default);
        }
        at.code.get_or_init(|| code)
    }
}

impl Drop for Evals {
    fn drop(&mut self) {
        let mut next = self.next.take();
        while let Some(mut evals) = next {
            next = evals.next.take();
        }
    }
}

impl<'a> Machine<'a> {
    pub(crate) fn new(
        bump: &'a Bump,
        code: &'a Code,
        input: Option<&'a Value>,
        bindings: &'a Map,
        environment: &Environment<'a>,
        evals: &'a Evals,
    ) -> Self {
        let Budget { fuel, depth, bytes } = environment.budget;
        let root = input.map_or(Val::Undefined, Val::from_value);
        let pending_mark =
            bump.alloc(Func { kind: FuncKind::Pending, token: Cell::new(None), position: Cell::new(0) });
        let unit = unit(bump, code, bindings, root);
        Self {
            bump,
            unit,
            stack: Vec::new(),
            depth: 0,
            depth_max: depth,
            load: 0,
            load_max: depth.saturating_mul(LEVEL_KIB),
            steps: 0,
            fuel,
            bytes,
            deadline: environment.deadline,
            now_millis: environment.now_millis,
            random: crate::random::Random::new(environment.seed),
            bindings,
            eval_input: Val::Undefined,
            root,
            evals,
            pending: None,
            pending_mark,
        }
    }

    #[inline]
    pub(crate) fn node(&self, id: Id) -> &'a Node {
        &self.unit.code.nodes[id as usize]
    }

    /// Pays for so many steps.
    #[inline]
    pub(crate) fn charge(&mut self, steps: u64) -> Res<()> {
        match self.steps.checked_sub(steps) {
            Some(left) => {
                self.steps = left;
                Ok(())
            }
            None => self.refill(steps),
        }
    }

    #[cold]
    fn refill(&mut self, steps: u64) -> Res<()> {
        if self.deadline.is_some_and(|passed| passed()) {
            return Err(Fault::limit(Limit::Deadline));
        }
        let missing = steps - self.steps;
        self.fuel = self.fuel.checked_sub(missing).ok_or_else(|| Fault::limit(Limit::Fuel))?;
        self.steps = self.fuel.min(DEADLINE_STEPS);
        self.fuel -= self.steps;
        Ok(())
    }

    /// Pays for so many bytes, and for moving them.
    #[inline]
    pub(crate) fn charge_bytes(&mut self, bytes: usize) -> Res<()> {
        self.bytes = self.bytes.checked_sub(bytes as u64).ok_or_else(|| Fault::limit(Limit::Bytes))?;
        self.charge(bytes as u64 >> 6)
    }

    pub(crate) fn charge_items(&mut self, items: usize) -> Res<()> {
        self.charge(items as u64)
    }

    /// Steps and bytes that are left, for work that keeps its own account.
    pub(crate) fn steps_left(&self) -> u64 {
        self.steps.saturating_add(self.fuel)
    }

    pub(crate) fn bytes_left(&self) -> u64 {
        self.bytes
    }

    /// A string in the arena.
    pub(crate) fn text(&mut self, text: &str) -> Res<Val<'a>> {
        self.charge_bytes(text.len())?;
        Ok(Val::plain(self.bump.alloc_str(text)))
    }

    pub(crate) fn alloc<T>(&mut self, value: T) -> Res<&'a T> {
        self.charge_bytes(size_of::<T>())?;
        Ok(self.bump.alloc(value))
    }

    pub(crate) fn slice(&mut self, items: &[Val<'a>]) -> Res<&'a [Val<'a>]> {
        self.charge_bytes(size_of_val(items))?;
        Ok(self.bump.alloc_slice_copy(items))
    }

    pub(crate) fn array_of(&mut self, items: Items<'a>, flags: u8) -> Res<Val<'a>> {
        Ok(Val::Array(self.alloc(Array { items, flags: Cell::new(flags) })?))
    }

    pub(crate) fn array(&mut self, items: &[Val<'a>], flags: u8) -> Res<Val<'a>> {
        let items = self.slice(items)?;
        self.array_of(Items::Vals(items), flags)
    }

    /// What was pushed since `start`, moved from the stack into the arena.
    pub(crate) fn pop_slice(&mut self, start: usize) -> Res<&'a [Val<'a>]> {
        let items = self.stack.get(start..).unwrap_or_default();
        self.bytes =
            self.bytes.checked_sub(size_of_val(items) as u64).ok_or_else(|| Fault::limit(Limit::Bytes))?;
        let items: &'a [Val<'a>] = self.bump.alloc_slice_copy(items);
        self.stack.truncate(start);
        self.charge(items.len() as u64 >> 1)?;
        Ok(items)
    }

    pub(crate) fn pop_array(&mut self, start: usize, flags: u8) -> Res<Val<'a>> {
        let items = self.pop_slice(start)?;
        self.array_of(Items::Vals(items), flags)
    }

    /// Pushes an item; the stack counts as memory while it is in use.
    #[inline]
    pub(crate) fn push(&mut self, item: Val<'a>) -> Res<()> {
        if self.stack.len() == self.stack.capacity() {
            let grown = (self.stack.len() as u64 + 1) * size_of::<Val<'_>>() as u64;
            if grown > self.bytes {
                return Err(Fault::limit(Limit::Bytes));
            }
        }
        self.stack.push(item);
        Ok(())
    }

    pub(crate) fn push_all(&mut self, items: Items<'a>) -> Res<()> {
        self.charge(items.len() as u64)?;
        for item in items.iter() {
            self.push(item)?;
        }
        Ok(())
    }

    /// An object of these fields; keys are unique, and are put into JavaScript's order.
    pub(crate) fn object(&mut self, fields: &mut [Field<'a>]) -> Res<Val<'a>> {
        javascript_order(fields);
        self.charge_bytes(size_of_val(fields))?;
        let fields = self.bump.alloc_slice_copy(fields);
        self.object_of(fields)
    }

    pub(crate) fn object_of(&mut self, fields: &'a [Field<'a>]) -> Res<Val<'a>> {
        self.charge_bytes(size_of::<Object<'_>>() + fields.len() / 16 * 64)?;
        Ok(Val::Object(self.bump.alloc(Object::new(fields, self.bump))))
    }

    /// The fields of an object in JavaScript's order; none for anything else.
    pub(crate) fn fields(&mut self, value: Val<'a>) -> Res<&'a [Field<'a>]> {
        match value {
            Val::Object(object) => Ok(object.fields()),
            Val::Record(map) => {
                self.charge_bytes(map.len() * size_of::<Field<'_>>())?;
                let field = |(key, value): &'a (std::sync::Arc<str>, Value)| {
                    (Text::Shared(key), Val::from_value(value))
                };
                let fields = self.bump.alloc_slice_fill_iter(map.iter().map(field));
                javascript_order(fields);
                Ok(fields)
            }
            _ => Ok(&[]),
        }
    }

    pub(crate) fn func(&mut self, kind: FuncKind<'a>) -> Res<Val<'a>> {
        Ok(Val::Func(self.alloc(Func { kind, token: Cell::new(None), position: Cell::new(0) })?))
    }

    /// The frame of what the whole expression binds.
    pub(crate) fn root_frame(&mut self) -> Res<&'a Frame<'a>> {
        let names: &'a [std::sync::Arc<str>] = self.unit.code.scopes.first().map_or(&[], |names| names);
        let slots = self.bump.alloc_slice_fill_with(names.len(), |_| Cell::new(None));
        self.alloc(Frame { parent: None, names, slots, tuple: None, scope: 0 })
    }

    /// A frame for a scope, nothing bound in it yet.
    pub(crate) fn frame(&mut self, scope: u32, parent: &'a Frame<'a>) -> Res<&'a Frame<'a>> {
        let names = &self.unit.code.scopes[scope as usize];
        self.charge_bytes(size_of::<Frame<'_>>() + names.len() * size_of::<Val<'_>>())?;
        let slots = self.bump.alloc_slice_fill_with(names.len(), |_| Cell::new(None));
        Ok(self.bump.alloc(Frame { parent: Some(parent), names, slots, tuple: None, scope }))
    }

    pub(crate) fn tuple_frame(&mut self, tuple: &'a Object<'a>, parent: &'a Frame<'a>) -> Res<&'a Frame<'a>> {
        self.alloc(Frame {
            parent: Some(parent),
            names: &[],
            slots: &[],
            tuple: Some(tuple),
            scope: u32::MAX,
        })
    }

    /// Goes one level deeper; the level is left by [`Machine::leave`].
    #[inline]
    pub(crate) fn enter(&mut self) -> Res<()> {
        self.depth += 1;
        self.load += NODE_KIB;
        // What is entered evaluates at least a leaf, one level down.
        if self.depth >= self.depth_max || self.load > self.load_max {
            return Err(Fault::limit(Limit::Depth));
        }
        self.charge(1)
    }

    #[inline]
    pub(crate) fn leave(&mut self) {
        self.depth -= 1;
        self.load -= NODE_KIB;
    }

    /// Counts what a call, a grouping or the like takes of the stack besides the levels inside of it.
    #[inline]
    pub(crate) fn weigh(&mut self, kib: u32) -> Res<()> {
        self.load += kib;
        if self.load > self.load_max {
            return Err(Fault::limit(Limit::Depth));
        }
        Ok(())
    }

    #[inline]
    pub(crate) fn unweigh(&mut self, kib: u32) {
        self.load = self.load.saturating_sub(kib);
    }
}

/// The code with the values of its global names.
pub(crate) fn unit<'a>(bump: &'a Bump, code: &'a Code, bindings: &'a Map, root: Val<'a>) -> &'a Unit<'a> {
    let globals = bump.alloc_slice_fill_iter(code.names.iter().zip(&code.builtins).map(|(name, builtin)| {
        if &**name == "$" {
            return root;
        }
        if let Some(value) = bindings.get(name) {
            return Val::from_value(value);
        }
        match builtin {
            None => Val::Undefined,
            Some(builtin) => Val::Func(bump.alloc(Func {
                kind: FuncKind::Builtin(*builtin),
                token: Cell::new(None),
                position: Cell::new(0),
            })),
        }
    }));
    let guesses = bump.alloc_slice_fill_with(code.guesses as usize, |_| Cell::new(Guess::default()));
    bump.alloc(Unit { code, globals, guesses })
}

/// Keys that look like array indices first, in numeric order; the others as they stand.
pub(crate) fn javascript_order(fields: &mut [Field<'_>]) {
    if fields.iter().any(|(key, _)| key.as_str().as_bytes().first().is_some_and(u8::is_ascii_digit)) {
        fields.sort_by_key(|(key, _)| {
            let index = crate::text::index_key(key.as_str());
            (index.is_none(), index)
        });
    }
}
