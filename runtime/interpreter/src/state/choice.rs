//! Choice: takes the first rule that matches.

mod comparison;

use crate::context::Surroundings;
use crate::data_flow;
use crate::frame::FrameId;
use crate::observer::Stage;
use crate::query;
use crate::turn::{Attempt, Turn};
use stepwell_asl::definition::{Choice, Condition, State};
use stepwell_types::{Failure, Payload};

pub(crate) fn run(turn: &mut Turn<'_>, id: FrameId, state: &State, choice: &Choice) -> Attempt {
    let input = turn.evaluate(id, |at| data_flow::input(at, state))?;
    turn.observe(id, Stage::AfterInputPath, &input);
    let matched = turn.evaluate(id, |at| {
        for (index, rule) in choice.rules.iter().enumerate() {
            if holds(at, &rule.condition, &input)? {
                return Ok(Some((index, rule)));
            }
        }
        Ok(None)
    })?;
    turn.tell(id, |observer, at| observer.choice(at, matched.map(|(index, _)| index)));
    let (next, assign) = match matched {
        Some((_, rule)) => (Some(rule.next), rule.assign.as_ref()),
        None => (choice.default, state.assign.as_ref()),
    };
    let Some(next) = next else {
        return turn.evaluate(id, |at| Err(no_match(at)));
    };
    let output = turn.evaluate(id, |at| data_flow::output(at, state, &input))?;
    let assigned = turn.evaluate(id, |at| data_flow::assign(at, assign, &input))?;
    let previous = turn.frame(id)?.last_event;
    turn.exit(id, output, assigned, previous, Some(next))
}

/// AWS fails it with `States.Runtime`, against its documentation, which names `States.NoChoiceMatched` (measured).
fn no_match(at: &Surroundings<'_>) -> Failure {
    query::runtime(at, "Failed to transition out of the state. The state does not point to a next state.")
}

fn holds(at: &Surroundings<'_>, condition: &Condition, input: &Payload) -> Result<bool, Failure> {
    match condition {
        Condition::And(all) => {
            for condition in all {
                if !holds(at, condition, input)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        Condition::Or(any) => {
            for condition in any {
                if holds(at, condition, input)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Condition::Not(condition) => Ok(!holds(at, condition, input)?),
        Condition::Compare(comparison) => comparison::holds(at, comparison, input),
        Condition::Jsonata(expression) => query::condition(at, expression),
        Condition::Fixed(holds) => Ok(*holds),
    }
}
