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
/// Both are errors on AWS, and the first hides the second. Where a fault hides a transition nothing is said.
pub(crate) fn check(
    findings: &mut Findings,
    states_at: &Place<'_>,
    states: &Map,
    start: Option<StateIdx>,
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
    let mut reached = vec![false; exits.len()];
    let mut open: Vec<StateIdx> = start.into_iter().collect();
    while let Some(at) = open.pop() {
        let at = at.0.wrapping_sub(first.0) as usize;
        if let (Some(reached @ false), Some(exits)) = (reached.get_mut(at), exits.get(at)) {
            *reached = true;
            open.extend(&exits.targets);
        }
    }
    for (name, _) in states.keys().zip(&reached).filter(|(_, reached)| !**reached) {
        let message = format!("State \"{name}\" is not reachable.");
        findings.error(Code::MissingTransitionTarget, message, &states_at.field(name));
    }
}
