//! Variables to slots, and what Step Functions' dialect refuses.

use crate::code::{Code, Kind, Place, Stage};
use crate::expression::VariableUse;
use crate::fault::{Fault, Res};
use crate::functions::Builtin;
use crate::options::{Dialect, Options};
use crate::parser::Parsed;
use crate::syntax::{Id, NameId, Scope, ScopeId};
use std::sync::Arc;

/// Gives every variable its place and lists those that come from the bindings.
pub(crate) fn resolve(code: &mut Code, parsed: &Parsed, options: &Options<'_>) -> Vec<VariableUse> {
    code.builtins = code.names.iter().map(|name| Builtin::of(name, options.dialect)).collect();
    code.scopes = parsed
        .scopes
        .iter()
        .map(|scope| scope.names.iter().map(|name| Arc::clone(&code.names[*name as usize])).collect())
        .collect();
    let mut uses = Vec::new();
    let mut found = Vec::new();
    mark_plain_paths(code);
    for id in 0..code.nodes.len() {
        let Kind::Variable { name, place } = &mut code.nodes[id].kind else { continue };
        // Until here a local place carries the scope in which the variable stands.
        let Place::Local { slot: scope, .. } = *place else { continue };
        let local = find(&parsed.scopes, ScopeId::from(scope), *name);
        let by_tuple = parsed.tuple_names.contains(name);
        *place = match local {
            None if !by_tuple => Place::Global,
            Some((depth, slot)) if !parsed.has_tuples => Place::Local { depth, slot },
            _ => Place::Dynamic,
        };
        let (name, global) = (*name as usize, matches!(place, Place::Global));
        if global && code.builtins[name].is_none() {
            found.push((id, name));
        }
    }
    if found.is_empty() {
        return uses;
    }
    let members = members_read(code);
    for (id, name) in found {
        let member = members.iter().find(|(variable, _)| *variable as usize == id);
        let member = member.and_then(|(_, step)| match &code.nodes[*step as usize].kind {
            Kind::Name { key, .. } => Some(Arc::clone(key)),
            _ => None,
        });
        let position = code.nodes[id].position;
        uses.push(VariableUse { name: Arc::clone(&code.names[name]), member, position });
    }
    uses.sort_by_key(|variable| variable.position);
    uses
}

/// Tells which paths are nothing but names.
fn mark_plain_paths(code: &mut Code) {
    for id in 0..code.nodes.len() {
        let node = &code.nodes[id];
        let Kind::Path { steps, keep_singleton: false, .. } = &node.kind else { continue };
        if node.extra.is_some() || node.keep_array || node.tuple {
            continue;
        }
        let names = steps.iter().all(|step| {
            let step = &code.nodes[*step as usize];
            matches!(step.kind, Kind::Name { .. } | Kind::Variable { .. })
                && step.extra.is_none()
                && !step.keep_array
                && !step.tuple
        });
        let later = steps.iter().skip(1).all(|s| matches!(code.nodes[*s as usize].kind, Kind::Name { .. }));
        if names
            && later
            && let Kind::Path { plain, .. } = &mut code.nodes[id].kind
        {
            *plain = true;
        }
    }
}

/// How many frames up and in which slot a name is bound; scopes that bind nothing have no frame.
fn find(scopes: &[Scope], from: ScopeId, name: NameId) -> Option<(u16, u16)> {
    let mut depth = 0_u16;
    let mut at = Some(from);
    while let Some(scope) = at.and_then(|id| scopes.get(id as usize)) {
        if let Some(slot) = scope.names.iter().position(|n| *n == name) {
            return Some((depth, u16::try_from(slot).ok()?));
        }
        if !scope.names.is_empty() {
            depth = depth.checked_add(1)?;
        }
        at = scope.parent;
    }
    None
}

/// The step right after each variable at the head of a path.
fn members_read(code: &Code) -> Vec<(Id, Id)> {
    let mut members = Vec::new();
    for node in &code.nodes {
        let Kind::Path { steps, .. } = &node.kind else { continue };
        if let [first, second, ..] = steps.as_slice()
            && matches!(code.nodes[*first as usize].kind, Kind::Variable { .. })
        {
            members.push((*first, *second));
        }
    }
    members
}

/// Refuses what reads the input at the top level, and members of `$states` that the field may not read.
pub(crate) fn check_dialect(code: &Code, uses: &[VariableUse], options: &Options<'_>) -> Res<()> {
    if options.dialect == Dialect::Standard {
        return Ok(());
    }
    if let Some(fault) = reads_input(code) {
        return Err(fault);
    }
    let Some(allowed) = options.states_members else { return Ok(()) };
    for variable in uses.iter().filter(|variable| &*variable.name == "states") {
        let Some(member) = &variable.member else { continue };
        if !allowed.contains(&&**member) {
            let position = member_position(code, variable).unwrap_or(variable.position);
            let message = format!("The field '$states.{member}' is not available here");
            return Err(Fault::with_message("U2003", message).at(position).token(member));
        }
    }
    Ok(())
}

fn member_position(code: &Code, variable: &VariableUse) -> Option<u32> {
    code.nodes.iter().find_map(|node| {
        let Kind::Path { steps, .. } = &node.kind else { return None };
        let [first, second, ..] = steps.as_slice() else { return None };
        let first = &code.nodes[*first as usize];
        (first.position == variable.position && matches!(first.kind, Kind::Variable { .. }))
            .then(|| code.nodes[*second as usize].position)
    })
}

/// Whether something outside every path step, predicate, grouping, sort term and transform reads the context.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Top,
    Inner,
}

fn reads_input(code: &Code) -> Option<Box<Fault>> {
    let mut worst: Option<Box<Fault>> = None;
    let mut work: Vec<(Id, Level)> = vec![(code.root, Level::Top)];
    while let Some((id, level)) = work.pop() {
        let node = &code.nodes[id as usize];
        if level == Level::Top
            && let Some(fault) = refuse(code, id)
            && worst.as_ref().is_none_or(|w| fault.position < w.position)
        {
            worst = Some(fault);
        }
        let inner = |id: &Id| (*id, Level::Inner);
        if let Some(extra) = &node.extra {
            work.extend(extra.predicates.iter().map(inner));
            for stage in extra.stages.iter().flatten() {
                if let Stage::Filter(id) = stage {
                    work.push((*id, Level::Inner));
                }
            }
            if let Some(group) = &extra.group {
                work.extend(group.pairs.iter().flat_map(|(k, v)| [(*k, Level::Inner), (*v, Level::Inner)]));
            }
        }
        match &node.kind {
            Kind::Path { steps, .. } => {
                if let Some((first, rest)) = steps.split_first() {
                    work.push((*first, level));
                    work.extend(rest.iter().map(inner));
                }
            }
            Kind::Sort(terms) => work.extend(terms.iter().map(|(id, _)| (*id, Level::Inner))),
            Kind::Transform { pattern, update, delete } => {
                work.extend([pattern, update].map(inner));
                work.extend(delete.as_ref().map(inner));
            }
            Kind::Binary { lhs, rhs, .. } | Kind::Apply { lhs, rhs } => {
                work.extend([(*lhs, level), (*rhs, level)]);
            }
            Kind::Negate(id) | Kind::Thunk(id) | Kind::Bind { rhs: id, .. } => work.push((*id, level)),
            Kind::Array(items) | Kind::Block { items, .. } => {
                work.extend(items.iter().map(|id| (*id, level)))
            }
            Kind::Object(group) => {
                work.extend(group.pairs.iter().flat_map(|(k, v)| [(*k, level), (*v, level)]));
            }
            Kind::Condition { test, then, otherwise } => {
                work.extend([(*test, level), (*then, level)]);
                work.extend(otherwise.map(|id| (id, level)));
            }
            Kind::Function { procedure, arguments } | Kind::Partial { procedure, arguments } => {
                work.push((*procedure, level));
                work.extend(arguments.iter().map(|id| (*id, level)));
            }
            Kind::Lambda(lambda) => work.push((lambda.body, level)),
            Kind::Text(_)
            | Kind::Number(_)
            | Kind::Null
            | Kind::Bool(_)
            | Kind::Name { .. }
            | Kind::Wildcard
            | Kind::Descendant
            | Kind::Parent(_)
            | Kind::Variable { .. }
            | Kind::Regex(_)
            | Kind::Placeholder => {}
        }
    }
    worst
}

fn refuse(code: &Code, id: Id) -> Option<Box<Fault>> {
    let node = &code.nodes[id as usize];
    let (symbol, bare): (&str, Option<&str>) = match &node.kind {
        Kind::Variable { place: Place::Context, .. } => ("$", None),
        Kind::Variable { name, .. } if &*code.names[*name as usize] == "$" => ("$$", None),
        Kind::Name { key, .. } => (key, Some(key)),
        Kind::Wildcard => ("*", Some("*")),
        Kind::Descendant => ("**", Some("**")),
        _ => return None,
    };
    let fault = match bare {
        None => Fault::with_message(
            "U2001",
            format!("'{symbol}' has no meaning at the top level of an expression: use '$states.input'"),
        ),
        Some(name) => Fault::with_message(
            "U2002",
            format!(
                "The field name '{name}' has no meaning at the top level of an expression: use '$states.input.{name}'"
            ),
        ),
    };
    Some(fault.at(node.position).token(symbol))
}
