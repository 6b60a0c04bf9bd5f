//! Parallel: runs branches side by side.

use crate::data_flow;
use crate::frame::{Chain, FrameId, Join, Position, Waiting};
use crate::observer::Stage;
use crate::turn::{Attempt, Turn};
use stepwell_asl::definition::{Parallel, State};
use stepwell_history::EventKind;

pub(crate) fn begin(turn: &mut Turn<'_>, id: FrameId, state: &State, parallel: &Parallel) -> Attempt {
    let input = turn.evaluate(id, |at| data_flow::input(at, state))?;
    turn.observe(id, Stage::AfterInputPath, &input);
    let input = turn.evaluate(id, |at| data_flow::parameters(at, state, input))?;
    turn.observe(id, Stage::AfterParameters, &input);
    let input = data_flow::within_limit(input, &state.name)?;
    let previous = turn.frame(id)?.last_event;
    let started = turn.emit(previous, EventKind::ParallelStateStarted)?;
    let total = u32::try_from(parallel.branches.len()).unwrap_or(u32::MAX);
    let join = Join {
        started,
        total,
        next: total,
        live: total,
        slots: total,
        failed: 0,
        tolerance: None,
        items: None,
        done: Chain::default(),
        last_event: started,
    };
    turn.frame_mut(id)?.waiting = Waiting::Join(Box::new(join));
    for (index, branch) in (0..).zip(&parallel.branches) {
        let first = turn.machine.flow(*branch).start;
        turn.spawn(Position::Branch { parent: id, index }, first, input.clone(), started);
    }
    Ok(())
}
