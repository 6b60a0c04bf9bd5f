//! Fail: ends the execution, the branch or the iteration with an error. It has no exit event, and what it says is
//! its own: no "An error occurred while executing the state".

use crate::frame::FrameId;
use crate::query;
use crate::turn::{Attempt, Stop, Turn};
use stepwell_asl::definition::Fail;
use stepwell_types::{ErrorName, Failure};

pub(crate) fn run(turn: &mut Turn<'_>, id: FrameId, fail: &Fail) -> Attempt {
    let failure = turn.evaluate(id, |at| {
        let text = |field, setting| query::text(at, field, setting, &at.frame.data);
        let error = fail.error.as_ref().map(|error| text("ErrorPath", error)).transpose()?;
        let cause = fail.cause.as_ref().map(|cause| text("CausePath", cause)).transpose()?;
        Ok(Failure { error: error.map(|error| ErrorName::from(&*error)), cause })
    })?;
    Err(Stop::from(failure))
}
