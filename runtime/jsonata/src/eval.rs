//! Evaluates nodes: dispatch, variables, blocks, conditions, constructors.
//!
//! Each node kind has a function of its own, so that the one that recurses stays small on the stack.

mod call;
mod group;
mod operators;
mod path;
mod sort;
mod transform;
mod tuple;

pub(crate) use operators::identical;

use crate::code::{Kind, Lambda, Node, Place};
use crate::fault::{Fault, Res};
use crate::machine::{Machine, Pending};
use crate::syntax::{Id, NameId};
use crate::val::{CONS, Frame, FuncKind, Items, KEEP_SINGLETON, LambdaVal, OUTER, SEQUENCE, TUPLES, Val};

impl<'a> Machine<'a> {
    pub(crate) fn eval(&mut self, id: Id, input: Val<'a>, env: &'a Frame<'a>) -> Res<Val<'a>> {
        let node = self.node(id);
        if node.extra.is_none()
            && let Some(value) = self.leaf(node, input, env)
        {
            return Ok(value);
        }
        self.eval_node(node, id, input, env)
    }

    /// What needs no evaluation of anything else: it does not nest, and costs nothing beyond what holds it.
    #[inline(always)]
    fn leaf(&self, node: &'a Node, input: Val<'a>, env: &'a Frame<'a>) -> Option<Val<'a>> {
        match &node.kind {
            Kind::Path { steps, plain: true, .. } => self.plain_path(steps, input, env),
            Kind::Variable { name, place } => {
                let value = self.variable(*name, *place, input, env);
                Some(if matches!(value, Val::Array(_)) { finish(node, value) } else { value })
            }
            Kind::Text(text) => Some(Val::Str(crate::val::Text::Shared(text))),
            Kind::Number(number) => Some(Val::Num(*number)),
            Kind::Bool(b) => Some(Val::Bool(*b)),
            Kind::Null => Some(Val::Null),
            _ => None,
        }
    }

    /// Names that lead from object to object; `None` where there is a sequence on the way.
    #[inline]
    fn plain_path(&self, steps: &'a [Id], input: Val<'a>, env: &'a Frame<'a>) -> Option<Val<'a>> {
        let mut at = input;
        for id in steps {
            at = match (&self.node(*id).kind, at) {
                (Kind::Name { key, guess }, Val::Record(fields)) => self.record_field(fields, key, *guess),
                (Kind::Name { key, .. }, Val::Object(object)) => object.get(key),
                (Kind::Variable { name, place }, _) => self.variable(*name, *place, input, env),
                _ => return None,
            };
            if at.is_undefined() {
                return Some(at);
            }
        }
        // An array that was built here may be a sequence, which a path unwraps.
        if matches!(at, Val::Array(_)) { None } else { Some(at) }
    }

    fn eval_node(&mut self, node: &'a Node, id: Id, input: Val<'a>, env: &'a Frame<'a>) -> Res<Val<'a>> {
        self.enter()?;
        let mut value = self.eval_kind(node, id, input, env)?;
        if node.extra.is_some() {
            value = self.eval_extra(node, value, env)?;
        }
        self.leave();
        Ok(if matches!(value, Val::Array(_)) { finish(node, value) } else { value })
    }

    fn eval_kind(&mut self, node: &'a Node, id: Id, input: Val<'a>, env: &'a Frame<'a>) -> Res<Val<'a>> {
        match &node.kind {
            Kind::Text(text) => Ok(Val::Str(crate::val::Text::Shared(text))),
            Kind::Number(number) => Ok(Val::Num(*number)),
            Kind::Bool(b) => Ok(Val::Bool(*b)),
            Kind::Null => Ok(Val::Null),
            Kind::Variable { name, place } => Ok(self.variable(*name, *place, input, env)),
            Kind::Path { steps, keep_singleton, .. } => {
                self.eval_path(node, steps, *keep_singleton, input, env)
            }
            Kind::Name { key, guess } => self.name_step(key, *guess, input),
            Kind::Binary { op, lhs, rhs } => self.eval_binary(node, *op, *lhs, *rhs, input, env),
            Kind::Function { procedure, arguments } => {
                self.eval_function(node, *procedure, arguments, input, env, None)
            }
            Kind::Condition { test, then, otherwise } => {
                self.eval_condition(*test, *then, *otherwise, input, env)
            }
            Kind::Block { items, scope } => self.eval_block(items, *scope, input, env),
            Kind::Bind { name, scope, rhs } => self.eval_bind(*name, *scope, *rhs, input, env),
            Kind::Array(items) => self.eval_array(node, items, input, env),
            Kind::Object(group) => self.eval_group(group, input, env),
            Kind::Negate(inner) => self.eval_negate(node, *inner, input, env),
            Kind::Wildcard => self.wildcard(input),
            Kind::Descendant => self.descendants(input),
            Kind::Parent(label) => Ok(self.lookup_text(label, env)),
            Kind::Regex(regex) => self.regex_value(*regex, node.position),
            Kind::Lambda(lambda) => self.lambda_value(lambda, input, env),
            Kind::Thunk(call) => {
                self.pending = Some(Pending { unit: self.unit, call: *call, input, env });
                Ok(Val::Func(self.pending_mark))
            }
            Kind::Partial { procedure, arguments } => {
                self.eval_partial(node, *procedure, arguments, input, env)
            }
            Kind::Apply { lhs, rhs } => self.eval_apply(node, *lhs, *rhs, input, env),
            Kind::Transform { .. } => self.transform_value(node, env),
            // A sort is evaluated by its path; a placeholder by its partial application.
            Kind::Sort(_) => self.eval_sort(id, input.items_or_one(), input.has(TUPLES), env),
            Kind::Placeholder => Ok(Val::Undefined),
        }
    }

    fn regex_value(&mut self, regex: u32, position: u32) -> Res<Val<'a>> {
        let regex = &self.unit.code.regexes[regex as usize];
        self.func(FuncKind::Regex { regex, position })
    }

    fn lambda_value(&mut self, lambda: &'a Lambda, input: Val<'a>, env: &'a Frame<'a>) -> Res<Val<'a>> {
        let unit = self.unit;
        self.func(FuncKind::Lambda(LambdaVal { unit, lambda, env, input, bound: None }))
    }

    fn transform_value(&mut self, node: &'a Node, env: &'a Frame<'a>) -> Res<Val<'a>> {
        let Kind::Transform { pattern, update, delete } = &node.kind else { return Ok(Val::Undefined) };
        self.func(FuncKind::Transform {
            unit: self.unit,
            env,
            pattern: *pattern,
            update: *update,
            delete: *delete,
            position: node.position,
        })
    }

    /// Predicates and grouping of what is no path.
    fn eval_extra(&mut self, node: &'a Node, value: Val<'a>, env: &'a Frame<'a>) -> Res<Val<'a>> {
        let mut value = value;
        for predicate in node.predicates() {
            value = self.filter(*predicate, value, env)?;
        }
        match node.group() {
            Some(group) if !matches!(node.kind, Kind::Path { .. }) => self.eval_group(group, value, env),
            _ => Ok(value),
        }
    }

    #[inline]
    pub(crate) fn variable(&self, name: NameId, place: Place, input: Val<'a>, env: &'a Frame<'a>) -> Val<'a> {
        match place {
            Place::Context => match input {
                Val::Array(array) if array.has(OUTER) => array.items.get(0),
                _ => input,
            },
            Place::Global => self.unit.globals[name as usize],
            Place::Local { depth, slot } => {
                let mut frame = env;
                for _ in 0..depth {
                    let Some(parent) = frame.parent else { return Val::Undefined };
                    frame = parent;
                }
                match frame.slots.get(slot as usize).and_then(std::cell::Cell::get) {
                    Some(value) => value,
                    None => match frame.parent {
                        Some(parent) => self.lookup(name, parent),
                        None => self.unit.globals[name as usize],
                    },
                }
            }
            Place::Dynamic => self.lookup(name, env),
        }
    }

    /// A variable by name, from frame to frame.
    fn lookup(&self, name: NameId, env: &'a Frame<'a>) -> Val<'a> {
        let text = &self.unit.code.names[name as usize];
        match find_bound(text, env) {
            Some(value) => value,
            None => self.unit.globals[name as usize],
        }
    }

    /// A variable by a name that may not be the code's own.
    pub(crate) fn lookup_text(&self, name: &str, env: &'a Frame<'a>) -> Val<'a> {
        if let Some(value) = find_bound(name, env) {
            return value;
        }
        let code = self.unit.code;
        match code.names.iter().position(|known| **known == *name) {
            Some(at) => self.unit.globals[at],
            None => self.bindings.get(name).map_or(Val::Undefined, Val::from_value),
        }
    }

    fn eval_condition(
        &mut self,
        test: Id,
        then: Id,
        otherwise: Option<Id>,
        input: Val<'a>,
        env: &'a Frame<'a>,
    ) -> Res<Val<'a>> {
        let test = self.eval(test, input, env)?;
        if self.truthy(test)? {
            return self.eval(then, input, env);
        }
        match otherwise {
            Some(otherwise) => self.eval(otherwise, input, env),
            None => Ok(Val::Undefined),
        }
    }

    fn eval_block(
        &mut self,
        items: &'a [Id],
        scope: u32,
        input: Val<'a>,
        env: &'a Frame<'a>,
    ) -> Res<Val<'a>> {
        let env =
            if self.unit.code.scopes[scope as usize].is_empty() { env } else { self.frame(scope, env)? };
        let mut value = Val::Undefined;
        for item in items {
            value = self.eval(*item, input, env)?;
        }
        Ok(value)
    }

    fn eval_bind(
        &mut self,
        name: NameId,
        scope: u32,
        rhs: Id,
        input: Val<'a>,
        env: &'a Frame<'a>,
    ) -> Res<Val<'a>> {
        let value = self.eval(rhs, input, env)?;
        let mut frame = Some(env);
        while let Some(at) = frame {
            if at.scope == scope && std::ptr::eq(at.names, &*self.unit.code.scopes[scope as usize]) {
                let text = &self.unit.code.names[name as usize];
                if let Some(slot) = at.names.iter().position(|known| known == text) {
                    at.slots[slot].set(Some(value));
                }
                break;
            }
            frame = at.parent;
        }
        Ok(value)
    }

    fn eval_negate(&mut self, node: &Node, inner: Id, input: Val<'a>, env: &'a Frame<'a>) -> Res<Val<'a>> {
        let value = self.eval(inner, input, env)?;
        match value {
            Val::Undefined => Ok(Val::Undefined),
            Val::Num(number) if self.is_numeric(value)? => Ok(Val::Num(-number)),
            _ => {
                let fault = Fault::new("D1002").at(node.position).token("-");
                Err(self.with_value(fault, value))
            }
        }
    }

    fn eval_array(
        &mut self,
        node: &'a Node,
        items: &'a [Id],
        input: Val<'a>,
        env: &'a Frame<'a>,
    ) -> Res<Val<'a>> {
        let start = self.stack.len();
        let flags = if node.cons_array { CONS } else { 0 };
        for item in items {
            let value = self.eval(*item, input, env)?;
            if value.is_undefined() {
                continue;
            }
            let nested = matches!(self.node(*item).kind, Kind::Array(_));
            match value.items() {
                Some(range @ Items::Range { .. }) if !nested && items.len() == 1 => {
                    return self.array_of(range, flags);
                }
                Some(inner) if !nested => self.push_all(inner)?,
                _ => self.push(value)?,
            }
        }
        self.pop_array(start, flags)
    }

    fn wildcard(&mut self, input: Val<'a>) -> Res<Val<'a>> {
        let input = match input {
            Val::Array(array) if array.has(OUTER) && array.items.len() > 0 => array.items.get(0),
            _ => input,
        };
        let start = self.stack.len();
        // Appending an array makes the sequence a plain array.
        let mut flags = SEQUENCE;
        if let Some(items) = input.items() {
            self.charge_items(items.len())?;
            for item in items.iter() {
                flags &= if item.is_array() { 0 } else { SEQUENCE };
                self.push_flat(item, 0)?;
            }
            // The marks of a sequence are properties of its own there, and a wildcard finds them.
            for mark in [SEQUENCE, KEEP_SINGLETON, TUPLES] {
                if input.has(mark) {
                    self.push(Val::Bool(true))?;
                }
            }
        } else {
            for (_, value) in self.fields(input)? {
                flags &= if value.is_array() { 0 } else { SEQUENCE };
                self.push_flat(*value, 0)?;
            }
        }
        self.pop_array(start, flags)
    }

    /// Pushes the leaves of nested arrays.
    fn push_flat(&mut self, value: Val<'a>, depth: u32) -> Res<()> {
        self.check_nesting(depth)?;
        match value.items() {
            None => self.push(value),
            Some(items) => {
                self.charge_items(items.len())?;
                items.iter().try_for_each(|item| self.push_flat(item, depth + 1))
            }
        }
    }

    fn descendants(&mut self, input: Val<'a>) -> Res<Val<'a>> {
        if input.is_undefined() {
            return Ok(Val::Undefined);
        }
        let start = self.stack.len();
        self.push_descendants(input, 0)?;
        if self.stack.len() == start + 1 {
            return Ok(self.stack.pop().unwrap_or(Val::Undefined));
        }
        self.pop_array(start, SEQUENCE)
    }

    fn push_descendants(&mut self, value: Val<'a>, depth: u32) -> Res<()> {
        self.check_nesting(depth)?;
        self.charge(1)?;
        if let Some(items) = value.items() {
            return items.iter().try_for_each(|item| self.push_descendants(item, depth + 1));
        }
        self.push(value)?;
        for (_, field) in self.fields(value)? {
            self.push_descendants(*field, depth + 1)?;
        }
        Ok(())
    }

    /// Walks over values that are nested may go this deep.
    pub(crate) fn check_nesting(&self, depth: u32) -> Res<()> {
        if depth > crate::budget::VALUE_DEPTH_MAX {
            return Err(Fault::limit(crate::budget::Limit::Depth));
        }
        Ok(())
    }
}

/// Unwraps a sequence of one, and makes nothing of an empty one.
#[inline]
pub(crate) fn finish<'a>(node: &Node, value: Val<'a>) -> Val<'a> {
    let Val::Array(array) = value else { return value };
    if !array.has(SEQUENCE) || array.has(TUPLES) {
        return value;
    }
    if node.keep_array {
        array.set(KEEP_SINGLETON);
    }
    match array.items.len() {
        0 => Val::Undefined,
        1 if !array.has(KEEP_SINGLETON) => array.items.get(0),
        _ => value,
    }
}

fn find_bound<'a>(name: &str, env: &'a Frame<'a>) -> Option<Val<'a>> {
    let mut frame = Some(env);
    while let Some(at) = frame {
        if let Some(tuple) = at.tuple
            && let Some((_, value)) = tuple.fields().iter().find(|(key, _)| key.as_str() == name)
        {
            return Some(*value);
        }
        if let Some(slot) = at.names.iter().position(|known| **known == *name)
            && let Some(value) = at.slots.get(slot).and_then(std::cell::Cell::get)
        {
            return Some(value);
        }
        frame = at.parent;
    }
    None
}
