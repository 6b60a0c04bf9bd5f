//! Succeed: ends the execution, the branch or the iteration well.

use crate::data_flow;
use crate::frame::FrameId;
use crate::observer::Stage;
use crate::turn::{Attempt, Turn};
use stepwell_asl::definition::State;

pub(crate) fn run(turn: &mut Turn<'_>, id: FrameId, state: &State) -> Attempt {
    let input = turn.evaluate(id, |at| data_flow::input(at, state))?;
    turn.observe(id, Stage::AfterInputPath, &input);
    let output = turn.evaluate(id, |at| data_flow::output(at, state, &input))?;
    let previous = turn.frame(id)?.last_event;
    turn.exit(id, output, Vec::new(), previous, None)
}
