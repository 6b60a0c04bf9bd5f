//! What leads where: a flow must end somewhere, and every state must be reached.

use crate::definition::StateIdx;
use crate::diagnostic::Code;
use crate::place::{Findings, Place};
use stepwell_types::Map;

/// Where a state goes on to.
#[derive(Default)]
pub(crate) struct Exits {
    /// States that may follow, as far as they exist.
    pub(crate) targets: Vec<StateIdx>,
    /// Whether the flow may end here.
    pub(crate) ends: bool,
    /// Whether a fault hides where it goes.
    pub(crate) unknown: bool,
}

/// Reports a flow that never ends, or else the states of it that nothing leads to.
///
/// As AWS does it: the first hides the second, and only states that no other state leads to are errors, whether or not
/// those behind them are reached. States that only lead to each other are told as a warning. Where a fault hides a
/// transition nothing is said.
pub(crate) fn check(
    findings: &mut Findings,
    states_at: &Place<'_>,
    states: &Map,
    start: Start,
    first: StateIdx,
    exits: &[Exits],
) {
    if exits.iter().any(|exits| exits.unknown) {
        return;
    }
    if !exits.iter().any(|exits| exits.ends) {
        findings.without_location(Code::MissingEndState, "Workflow has no terminal state", states_at);
        return;
    }
    let start = match start {
        Start::Unknown => return,
        Start::Dangling => None,
        Start::At(start) => Some(start),
    };
    let place = |at: StateIdx| at.0.wrapping_sub(first.0) as usize;
    let mut led_to = vec![false; exits.len()];
    for (from, exits) in exits.iter().enumerate() {
        for to in exits.targets.iter().map(|to| place(*to)).filter(|to| *to != from) {
            if let Some(led_to) = led_to.get_mut(to) {
                *led_to = true;
            }
        }
    }
    let mut reached = vec![false; exits.len()];
    let mut open: Vec<usize> = start.map(place).into_iter().collect();
    let mut walk = |open: &mut Vec<usize>| {
        while let Some(at) = open.pop() {
            if let (Some(reached @ false), Some(exits)) = (reached.get_mut(at), exits.get(at)) {
                *reached = true;
                open.extend(exits.targets.iter().map(|to| place(*to)));
            }
        }
        reached.clone()
    };
    let from_start = walk(&mut open);
    let message = |name: &str| format!("State \"{name}\" is not reachable.");
    for (at, (name, led_to)) in states.keys().zip(&led_to).enumerate() {
        if !led_to && from_start.get(at) == Some(&false) {
            findings.error(Code::MissingTransitionTarget, message(name), &states_at.field(name));
            open.push(at);
        }
    }
    if start.is_some() {
        let from_anywhere = walk(&mut open);
        for (name, _) in states.keys().zip(&from_anywhere).filter(|(_, reached)| !**reached) {
            findings.warning(Code::MissingTransitionTarget, message(name), &states_at.field(name));
        }
    }
}

/// Where a flow begins.
#[derive(Clone, Copy)]
pub(crate) enum Start {
    /// `StartAt` is missing or no text.
    Unknown,
    /// `StartAt` names no state.
    Dangling,
    At(StateIdx),
}
