//! Wait: goes on after a number of seconds, or at an instant.

use super::setting;
use crate::data_flow;
use crate::frame::{FrameId, Waiting};
use crate::observer::Stage;
use crate::turn::{Attempt, Step, Turn};
use std::sync::Arc;
use std::time::Duration;
use stepwell_asl::definition::{State, Transition, Wait};

pub(crate) fn begin(turn: &mut Turn<'_>, id: FrameId, state: &State, wait: &Wait) -> Attempt {
    let input = turn.evaluate(id, |at| data_flow::input(at, state))?;
    turn.observe(id, Stage::AfterInputPath, &input);
    let due = match wait {
        Wait::Seconds(seconds) => {
            let seconds = turn.evaluate(id, |at| setting::seconds(at, "SecondsPath", seconds, &input))?;
            turn.now.after(Duration::from_secs(seconds))
        }
        Wait::Timestamp(timestamp) => turn.evaluate(id, |at| setting::timestamp(at, timestamp, &input))?,
    };
    if due <= turn.now {
        return leave(turn, id, state);
    }
    let alarm = turn.set_timer(id, due)?;
    turn.frame_mut(id)?.waiting = Waiting::Time(alarm);
    Ok(())
}

/// The time has come.
pub(crate) fn over(turn: &mut Turn<'_>, id: FrameId) -> Step {
    let machine = Arc::clone(&turn.machine);
    let state = machine.state(turn.frame(id)?.at);
    let result = leave(turn, id, state);
    turn.settle(id, result)
}

fn leave(turn: &mut Turn<'_>, id: FrameId, state: &State) -> Attempt {
    let input = turn.evaluate(id, |at| data_flow::input(at, state))?;
    let output = turn.evaluate(id, |at| data_flow::output(at, state, &input))?;
    let assigned = turn.evaluate(id, |at| data_flow::assign(at, state.assign.as_ref(), &input))?;
    let previous = turn.frame(id)?.last_event;
    let next = match state.next {
        Transition::Next(at) => Some(at),
        Transition::End | Transition::Chosen => None,
    };
    turn.exit(id, output, assigned, previous, next)
}
