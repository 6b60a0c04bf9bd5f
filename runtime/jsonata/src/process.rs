//! Raw nodes to code: paths, predicates, tail calls, and where `%` finds its parent.
//!
//! Children stand before their parents in the raw arena, so one pass from front to back sees each after its
//! children and needs no recursion.

use crate::code::{Code, Extra, Group, Kind, Lambda, Node, Stage};
use crate::fault::{Fault, Res};
use crate::parser::Parsed;
use crate::syntax::{BinaryOp, Id, Raw, RawNode};
use std::sync::Arc;
use stepwell_types::Value;

/// A `%` on the way to the step whose input it stands for.
struct Slot {
    label: Arc<str>,
    level: i32,
}

struct Process {
    nodes: Vec<Node>,
    /// For each node, the `%` inside it that have not found their step yet; empty where the text has no `%`.
    seeking: Vec<Vec<usize>>,
    has_parents: bool,
    slots: Vec<Slot>,
    /// The slot of each `Kind::Parent` node.
    parent_slots: Vec<(Id, usize)>,
    guesses: u32,
}

pub(crate) fn process(parsed: &mut Parsed) -> Res<Code> {
    let raw = std::mem::take(&mut parsed.nodes);
    let mut process = Process {
        nodes: Vec::with_capacity(raw.len() + raw.len() / 2),
        seeking: Vec::new(),
        has_parents: parsed.has_tuples,
        slots: Vec::new(),
        parent_slots: Vec::new(),
        guesses: 0,
    };
    let mut map = Vec::with_capacity(raw.len());
    for node in raw {
        let keep_array = node.keep_array;
        let id = process.node(node, &map, parsed)?;
        if keep_array {
            process.at(id).keep_array = true;
        }
        map.push(id);
    }
    let root = map[parsed.root as usize];
    if process.is_parent(root) || process.seeking.get(root as usize).is_some_and(|slots| !slots.is_empty()) {
        let node = &process.nodes[root as usize];
        let mut fault = Fault::new("S0217").token(node.kind.type_name());
        fault.position = (node.position > 0).then_some(node.position);
        return Err(fault);
    }
    for (id, slot) in process.parent_slots {
        process.nodes[id as usize].kind = Kind::Parent(Arc::clone(&process.slots[slot].label));
    }
    Ok(Code {
        nodes: process.nodes,
        root,
        names: std::mem::take(&mut parsed.names),
        builtins: Vec::new(),
        scopes: Vec::new(),
        regexes: std::mem::take(&mut parsed.regexes),
        guesses: process.guesses,
    })
}

impl Process {
    fn push(&mut self, kind: Kind, position: u32) -> Id {
        self.nodes.push(Node::new(kind, position));
        if self.has_parents {
            self.seeking.push(Vec::new());
        }
        u32::try_from(self.nodes.len() - 1).unwrap_or(u32::MAX)
    }

    fn at(&mut self, id: Id) -> &mut Node {
        &mut self.nodes[id as usize]
    }

    fn kind(&self, id: Id) -> &Kind {
        &self.nodes[id as usize].kind
    }

    fn is_parent(&self, id: Id) -> bool {
        matches!(self.kind(id), Kind::Parent(_))
    }

    fn name(&mut self, key: Arc<str>, position: u32) -> Id {
        let guess = self.guesses;
        self.guesses += 1;
        self.push(Kind::Name { key, guess }, position)
    }

    fn path_of(&mut self, step: Id) -> Id {
        self.push(Kind::Path { steps: vec![step], keep_singleton: false, plain: false }, 0)
    }

    fn steps(&self, path: Id) -> &[Id] {
        match self.kind(path) {
            Kind::Path { steps, .. } => steps,
            _ => &[],
        }
    }

    fn steps_mut(&mut self, path: Id) -> Option<&mut Vec<Id>> {
        match &mut self.nodes[path as usize].kind {
            Kind::Path { steps, .. } => Some(steps),
            _ => None,
        }
    }

    /// The last step of a path, or the node itself.
    fn last_step(&self, id: Id) -> Id {
        self.steps(id).last().copied().unwrap_or(id)
    }

    fn set_keep_singleton(&mut self, path: Id) {
        if let Kind::Path { keep_singleton, .. } = &mut self.at(path).kind {
            *keep_singleton = true;
        }
    }

    fn node(&mut self, node: RawNode, map: &[Id], parsed: &Parsed) -> Res<Id> {
        let position = node.position;
        let of = |id: Id| map[id as usize];
        let all = |ids: &[Id]| ids.iter().map(|id| map[*id as usize]).collect::<Vec<Id>>();
        let name_of = |name: u32| Arc::clone(&parsed.names[name as usize]);
        Ok(match node.raw {
            Raw::End => return Err(Fault::new("S0207").at(position).token("(end)")),
            Raw::Name(key) => {
                let step = self.name(key, position);
                let path = self.path_of(step);
                if node.keep_array {
                    self.at(step).keep_array = true;
                    self.set_keep_singleton(path);
                }
                path
            }
            Raw::Variable { name, scope } => {
                let place = if parsed.names[name as usize].is_empty() {
                    crate::code::Place::Context
                } else {
                    crate::code::Place::Local { depth: 0, slot: u16::try_from(scope).unwrap_or(u16::MAX) }
                };
                self.push(Kind::Variable { name, place }, position)
            }
            Raw::Text(text) => self.push(Kind::Text(text), position),
            Raw::Number(number) => self.push(Kind::Number(number), position),
            Raw::Constant(Value::Bool(b)) => self.push(Kind::Bool(b), position),
            Raw::Constant(_) => self.push(Kind::Null, position),
            Raw::Regex(regex) => self.push(Kind::Regex(regex), position),
            Raw::Placeholder => self.push(Kind::Placeholder, position),
            Raw::Wildcard => self.push(Kind::Wildcard, position),
            Raw::Descendant => self.push(Kind::Descendant, position),
            Raw::Parent => {
                let label: Arc<str> = Arc::from(format!("!{}", self.slots.len()));
                let id = self.push(Kind::Parent(Arc::clone(&label)), 0);
                self.parent_slots.push((id, self.slots.len()));
                self.slots.push(Slot { label, level: 1 });
                id
            }
            Raw::Dot { lhs, rhs } => self.dot(of(lhs), of(rhs))?,
            Raw::Filter { lhs, rhs } => self.filter(of(lhs), of(rhs), position)?,
            Raw::Group { lhs, pairs } => {
                let result = of(lhs);
                let pairs = pairs.iter().map(|(key, value)| (of(*key), of(*value))).collect();
                if self.at(result).group().is_some() {
                    return Err(Fault::new("S0210").at(position));
                }
                self.at(result).extra_mut().group = Some(Group { pairs, position });
                result
            }
            Raw::Order { lhs, terms } => {
                let mut path = of(lhs);
                if !matches!(self.kind(path), Kind::Path { .. }) {
                    path = self.path_of(path);
                }
                let terms: Vec<_> = terms.iter().map(|(id, direction)| (of(*id), *direction)).collect();
                let inner: Vec<Id> = terms.iter().map(|(id, _)| *id).collect();
                let sort = self.push(Kind::Sort(terms), position);
                for id in inner {
                    self.push_ancestry(sort, id);
                }
                if let Some(steps) = self.steps_mut(path) {
                    steps.push(sort);
                }
                self.resolve_ancestry(path)?;
                path
            }
            Raw::Bind { name, scope, rhs } => {
                let rhs = of(rhs);
                let id = self.push(Kind::Bind { name, scope, rhs }, position);
                self.push_ancestry(id, rhs);
                id
            }
            Raw::Focus { lhs, name } => {
                let result = of(lhs);
                let step = self.last_step(result);
                let target = self.at(step);
                let taken =
                    target.extra.as_ref().is_some_and(|e| e.stages.is_some() || !e.predicates.is_empty());
                if taken {
                    return Err(Fault::new("S0215").at(position));
                }
                if matches!(target.kind, Kind::Sort(_)) {
                    return Err(Fault::new("S0216").at(position));
                }
                if node.keep_array {
                    target.keep_array = true;
                }
                target.extra_mut().focus = Some(name_of(name));
                target.tuple = true;
                result
            }
            Raw::Index { lhs, name } => self.index(of(lhs), name_of(name)),
            Raw::Apply { lhs, rhs } => {
                let (lhs, rhs) = (of(lhs), of(rhs));
                let keep = self.at(lhs).keep_array || self.at(rhs).keep_array;
                let id = self.push(Kind::Apply { lhs, rhs }, position);
                self.at(id).keep_array = keep;
                id
            }
            Raw::Binary { op, lhs, rhs } => self.binary(op, of(lhs), of(rhs), position),
            Raw::Negate(inner) => {
                let inner = of(inner);
                if let Kind::Number(number) = &mut self.at(inner).kind {
                    *number = -*number;
                    inner
                } else {
                    let id = self.push(Kind::Negate(inner), position);
                    self.push_ancestry(id, inner);
                    id
                }
            }
            Raw::Array(items) => {
                let items = all(&items);
                let id = self.push(Kind::Array(Vec::new()), position);
                for item in &items {
                    self.push_ancestry(id, *item);
                }
                self.at(id).kind = Kind::Array(items);
                id
            }
            Raw::Object(pairs) => {
                let pairs: Vec<_> = pairs.iter().map(|(key, value)| (of(*key), of(*value))).collect();
                let id = self.push(Kind::Null, position);
                for (key, value) in &pairs {
                    self.push_ancestry(id, *key);
                    self.push_ancestry(id, *value);
                }
                self.at(id).kind = Kind::Object(Group { pairs, position });
                id
            }
            Raw::Function { procedure, arguments } => {
                let (procedure, arguments) = (of(procedure), all(&arguments));
                let inner = arguments.clone();
                let id = self.push(Kind::Function { procedure, arguments }, position);
                for argument in inner {
                    self.push_ancestry(id, argument);
                }
                id
            }
            Raw::Partial { procedure, arguments } => {
                let (procedure, arguments) = (of(procedure), all(&arguments));
                let inner = arguments.clone();
                let id = self.push(Kind::Partial { procedure, arguments }, position);
                for argument in inner {
                    self.push_ancestry(id, argument);
                }
                id
            }
            Raw::Lambda { parameters, signature, body, scope } => {
                let body = self.tail_calls(of(body));
                let names = &parsed.scopes[scope as usize].names;
                let slot = |name| names.iter().position(|n| n == name).and_then(|at| u16::try_from(at).ok());
                let slots = parameters.iter().map(|name| slot(name).unwrap_or(u16::MAX)).collect();
                self.push(Kind::Lambda(Box::new(Lambda { slots, signature, body, scope })), position)
            }
            Raw::Condition { test, then, otherwise } => {
                let (test, then, otherwise) = (of(test), of(then), otherwise.map(of));
                let id = self.push(Kind::Condition { test, then, otherwise }, position);
                self.push_ancestry(id, test);
                self.push_ancestry(id, then);
                if let Some(otherwise) = otherwise {
                    self.push_ancestry(id, otherwise);
                }
                id
            }
            Raw::Block { items, scope } => {
                let items = all(&items);
                let id = self.push(Kind::Block { items: Vec::new(), scope }, position);
                for item in &items {
                    self.push_ancestry(id, *item);
                    let first = self.steps(*item).first().copied();
                    if self.at(*item).cons_array || first.is_some_and(|step| self.at(step).cons_array) {
                        self.at(id).cons_array = true;
                    }
                }
                self.at(id).kind = Kind::Block { items, scope };
                id
            }
            Raw::Transform { pattern, update, delete } => {
                let kind =
                    Kind::Transform { pattern: of(pattern), update: of(update), delete: delete.map(of) };
                self.push(kind, position)
            }
        })
    }

    fn binary(&mut self, op: BinaryOp, lhs: Id, rhs: Id, position: u32) -> Id {
        let id = self.push(Kind::Binary { op, lhs, rhs }, position);
        self.push_ancestry(id, lhs);
        self.push_ancestry(id, rhs);
        id
    }

    fn dot(&mut self, lhs: Id, rest: Id) -> Res<Id> {
        let path = if matches!(self.kind(lhs), Kind::Path { .. }) { lhs } else { self.path_of(lhs) };
        // What was checked by an earlier dot is not looked at again.
        let checked = if path == lhs { self.steps(path).len() } else { 0 };
        if self.is_parent(lhs) {
            let slot = self.slot_of(lhs);
            if let Some(seeking) = self.seeking.get_mut(path as usize) {
                *seeking = slot.into_iter().collect();
            }
        }
        if matches!(self.kind(rest), Kind::Path { .. }) {
            let steps = self.steps(rest).to_vec();
            if let Some(all) = self.steps_mut(path) {
                all.extend(steps);
            }
        } else {
            if let Some(extra) = &mut self.at(rest).extra
                && !extra.predicates.is_empty()
            {
                extra.stages = Some(extra.predicates.drain(..).map(Stage::Filter).collect());
            }
            if let Some(all) = self.steps_mut(path) {
                all.push(rest);
            }
        }
        // The first step may have become one by `#` or `^`, which do not look at it.
        let mut steps: Vec<Id> = self.steps(path).first().copied().into_iter().collect();
        steps.extend(self.steps(path).get(checked.max(1)..).unwrap_or_default());
        for step in &steps {
            let node = &self.nodes[*step as usize];
            let (number, text) = match &node.kind {
                Kind::Number(number) => (Some(*number), None),
                Kind::Null => (None, Some("null")),
                Kind::Bool(b) => (None, Some(if *b { "true" } else { "false" })),
                _ => continue,
            };
            let mut fault = Fault::new("S0213").at(node.position);
            if let Some(number) = number {
                fault = fault.number_value(number);
            }
            if let Some(text) = text {
                fault.value_text = Some(text.to_owned());
                fault.value = Value::parse(text).ok();
            }
            return Err(fault);
        }
        let mut keep = false;
        for step in &steps {
            if let Kind::Text(text) = self.kind(*step) {
                let key = Arc::clone(text);
                let guess = self.guesses;
                self.guesses += 1;
                self.at(*step).kind = Kind::Name { key, guess };
            }
            keep |= self.at(*step).keep_array;
        }
        if keep {
            self.set_keep_singleton(path);
        }
        let ends = [self.steps(path).first().copied(), steps.last().copied()];
        for step in ends.into_iter().flatten() {
            if matches!(self.kind(step), Kind::Array(_)) {
                self.at(step).cons_array = true;
            }
        }
        self.resolve_ancestry(path)?;
        Ok(path)
    }

    fn filter(&mut self, result: Id, predicate: Id, position: u32) -> Res<Id> {
        let is_path = matches!(self.kind(result), Kind::Path { .. });
        let step = self.last_step(result);
        if self.at(step).group().is_some() {
            return Err(Fault::new("S0209").at(position));
        }
        let seeking = self.seeking.get(predicate as usize).cloned().unwrap_or_default();
        for slot in seeking.iter().copied() {
            if self.slots[slot].level == 1 {
                self.seek_parent(step, slot)?;
            } else {
                self.slots[slot].level -= 1;
            }
        }
        if !seeking.is_empty() {
            self.push_ancestry(step, predicate);
        }
        let extra = self.at(step).extra_mut();
        if is_path {
            extra.stages.get_or_insert_default().push(Stage::Filter(predicate));
        } else {
            extra.predicates.push(predicate);
        }
        Ok(result)
    }

    fn index(&mut self, lhs: Id, name: Arc<str>) -> Id {
        let mut result = lhs;
        let step = self.last_step(lhs);
        if !matches!(self.kind(lhs), Kind::Path { .. }) {
            result = self.path_of(lhs);
            if let Some(extra) = &mut self.at(step).extra
                && !extra.predicates.is_empty()
            {
                extra.stages = Some(extra.predicates.drain(..).map(Stage::Filter).collect());
            }
        }
        let target = self.at(step);
        target.tuple = true;
        let extra: &mut Extra = target.extra_mut();
        match &mut extra.stages {
            None => extra.index = Some(name),
            Some(stages) => stages.push(Stage::Index(name)),
        }
        result
    }

    /// Calls in tail position become thunks, so that they do not nest.
    fn tail_calls(&mut self, body: Id) -> Id {
        let mut result = body;
        // Where the node to look at is referred from: nowhere (the body), or a place in a parent.
        let mut work: Vec<(Option<(Id, u8)>, Id)> = vec![(None, body)];
        while let Some((from, id)) = work.pop() {
            match self.kind(id) {
                Kind::Function { .. } if self.nodes[id as usize].predicates().is_empty() => {
                    let position = self.nodes[id as usize].position;
                    let thunk = self.push(Kind::Thunk(id), position);
                    match from {
                        None => result = thunk,
                        Some((parent, place)) => self.replace_tail(parent, place, thunk),
                    }
                }
                Kind::Condition { then, otherwise, .. } => {
                    let (then, otherwise) = (*then, *otherwise);
                    work.push((Some((id, 0)), then));
                    if let Some(otherwise) = otherwise {
                        work.push((Some((id, 1)), otherwise));
                    }
                }
                Kind::Block { items, .. } => {
                    if let Some(last) = items.last() {
                        work.push((Some((id, 0)), *last));
                    }
                }
                _ => {}
            }
        }
        result
    }

    fn replace_tail(&mut self, parent: Id, place: u8, thunk: Id) {
        match &mut self.at(parent).kind {
            Kind::Condition { then, .. } if place == 0 => *then = thunk,
            Kind::Condition { otherwise, .. } => *otherwise = Some(thunk),
            Kind::Block { items, .. } => {
                if let Some(last) = items.last_mut() {
                    *last = thunk;
                }
            }
            _ => {}
        }
    }

    fn slot_of(&self, parent: Id) -> Option<usize> {
        self.parent_slots.iter().rev().find(|(id, _)| *id == parent).map(|(_, slot)| *slot)
    }

    fn push_ancestry(&mut self, result: Id, value: Id) {
        if !self.has_parents {
            return;
        }
        let mut slots = self.seeking[value as usize].clone();
        if self.is_parent(value) {
            slots.extend(self.slot_of(value));
        }
        self.seeking[result as usize].extend(slots);
    }

    fn resolve_ancestry(&mut self, path: Id) -> Res<()> {
        if !self.has_parents {
            return Ok(());
        }
        let Some(last) = self.steps(path).last().copied() else { return Ok(()) };
        let mut slots = self.seeking[last as usize].clone();
        if self.is_parent(last) {
            slots.extend(self.slot_of(last));
        }
        if slots.is_empty() {
            return Ok(());
        }
        let steps = self.steps(path).to_vec();
        for slot in slots {
            let mut before = steps.len().saturating_sub(1);
            while self.slots[slot].level > 0 {
                if before == 0 {
                    self.seeking[path as usize].push(slot);
                    break;
                }
                before -= 1;
                let mut step = steps[before];
                // Steps that are bound by `@` one after the other share one parent.
                while before > 0
                    && self.nodes[step as usize].focus().is_some()
                    && self.nodes[steps[before - 1] as usize].focus().is_some()
                {
                    before -= 1;
                    step = steps[before];
                }
                self.seek_parent(step, slot)?;
            }
        }
        Ok(())
    }

    fn seek_parent(&mut self, id: Id, slot: usize) -> Res<()> {
        match self.kind(id) {
            Kind::Name { .. } | Kind::Wildcard => {
                self.slots[slot].level -= 1;
                if self.slots[slot].level == 0 {
                    if let Some(label) = self.nodes[id as usize].ancestor() {
                        self.slots[slot].label = Arc::clone(label);
                    }
                    let label = Arc::clone(&self.slots[slot].label);
                    let node = self.at(id);
                    node.extra_mut().ancestor = Some(label);
                    node.tuple = true;
                }
            }
            Kind::Parent(_) => self.slots[slot].level += 1,
            Kind::Block { items, .. } => {
                if let Some(last) = items.last().copied() {
                    self.at(id).tuple = true;
                    self.seek_parent(last, slot)?;
                }
            }
            Kind::Path { steps, .. } => {
                let steps = steps.clone();
                self.at(id).tuple = true;
                let mut rest = steps.iter().rev();
                if let Some(last) = rest.next() {
                    self.seek_parent(*last, slot)?;
                }
                for step in rest {
                    if self.slots[slot].level <= 0 {
                        break;
                    }
                    self.seek_parent(*step, slot)?;
                }
            }
            other => {
                let mut fault = Fault::new("S0217").token(other.type_name());
                let position = self.nodes[id as usize].position;
                fault.position = (position > 0).then_some(position);
                return Err(fault);
            }
        }
        Ok(())
    }
}
