//! Pass: hands its input on, or a fixed result.

use crate::data_flow;
use crate::frame::FrameId;
use crate::observer::Stage;
use crate::turn::{Attempt, Turn};
use stepwell_asl::definition::{Pass, State};
use stepwell_types::Payload;

pub(crate) fn run(turn: &mut Turn<'_>, id: FrameId, state: &State, pass: &Pass) -> Attempt {
    let input = turn.evaluate(id, |at| data_flow::input(at, state))?;
    turn.observe(id, Stage::AfterInputPath, &input);
    let input = turn.evaluate(id, |at| data_flow::parameters(at, state, input))?;
    turn.observe(id, Stage::AfterParameters, &input);
    let result = pass.result.as_ref().map_or(input, |result| Payload::from_value(result.clone()));
    let previous = turn.frame(id)?.last_event;
    turn.conclude(id, state, &result, previous)
}
