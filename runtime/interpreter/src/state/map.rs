//! Map, inline: runs a processor for each item.

use super::setting;
use crate::context::{Item, Surroundings};
use crate::data_flow;
use crate::frame::{Chain, FrameId, Join, Position, Tolerance, Waiting};
use crate::observer::{Setting, Stage};
use crate::query;
use crate::turn::{Attempt, Turn};
use stepwell_asl::definition::{MapMode, MapState, State, StateKind};
use stepwell_history::event::MapStateStarted;
use stepwell_history::{EventId, EventKind};
use stepwell_jsonpath::Root;
use stepwell_types::quota::INLINE_MAP_CONCURRENCY_MAX;
use stepwell_types::{Failure, Payload};

pub(crate) fn begin(turn: &mut Turn<'_>, id: FrameId, state: &State, map: &MapState) -> Attempt {
    if let MapMode::Distributed(_) = map.mode {
        return turn.evaluate(id, |at| {
            Err(query::runtime(at, "Distributed Map is not built yet; creating such a machine is refused."))
        });
    }
    let input = turn.evaluate(id, |at| data_flow::input(at, state))?;
    turn.observe(id, Stage::AfterInputPath, &input);
    let items = turn.evaluate(id, |at| items(at, map, &input))?;
    turn.observe(id, Stage::AfterItemsPath, &items);
    let negative =
        |limit| format!("Expected non-negative integer for MaxConcurrency, got '{limit}' instead.");
    let limit = turn.evaluate(id, |at| {
        setting::count(at, "MaxConcurrencyPath", &map.max_concurrency, &input, negative)
    })?;
    turn.tell(id, |observer, at| observer.setting(at, Setting::MaxConcurrency(limit)));
    let total = items.value().as_array().map_or(0, <[_]>::len);
    let previous = turn.frame(id)?.last_event;
    let started =
        turn.emit(previous, EventKind::MapStateStarted(MapStateStarted { length: total as u64 }))?;
    turn.frame_mut(id)?.last_event = started;
    let tolerance = tolerance(turn, id, map, &input)?;
    let most = INLINE_MAP_CONCURRENCY_MAX as u64;
    let slots = if limit == 0 { most } else { limit.min(most) };
    let join = Join {
        started,
        total: u32::try_from(total).unwrap_or(u32::MAX),
        next: 0,
        live: 0,
        slots: u32::try_from(slots).unwrap_or(1),
        failed: 0,
        tolerance,
        items: Some(items),
        done: Chain::default(),
        last_event: started,
    };
    turn.frame_mut(id)?.waiting = Waiting::Join(Box::new(join));
    if total == 0 { turn.join_results(id, state) } else { refill(turn, id, state, started) }
}

/// The array that `ItemsPath` finds, or the input itself.
fn items(at: &Surroundings<'_>, map: &MapState, input: &Payload) -> Result<Payload, Failure> {
    let items = if let Some(template) = &map.items {
        Payload::from_value(query::template(at, "Items", template, input)?)
    } else if let Some(path) = &map.items_path {
        let value = query::select(at, path, input).map_err(|error| query::runtime(at, &error.to_string()))?;
        // The whole input keeps its text and is not written again.
        if value == *input.value() { input.clone() } else { query::built(at, value)? }
    } else {
        input.clone()
    };
    if items.value().as_array().is_some() {
        return Ok(items);
    }
    // A path into the context object is named as one within it, as recorded on AWS.
    let path = map.items_path.as_ref().map_or("$", |path| match path.root() {
        Root::Context => path.text().strip_prefix('$').unwrap_or("$"),
        Root::Input | Root::Variable(_) => path.text(),
    });
    Err(query::runtime(at, &format!("Reference path \"{path}\" must point to array.")))
}

/// Read once the Map has begun, as recorded on AWS.
fn tolerance(
    turn: &mut Turn<'_>,
    id: FrameId,
    map: &MapState,
    input: &Payload,
) -> Attempt<Option<Tolerance>> {
    let mut tolerance = Tolerance::default();
    if let Some(setting) = &map.tolerated_failure_count {
        let negative = |_| "ToleratedFailureCount cannot be negative.".to_owned();
        let count = turn
            .evaluate(id, |at| setting::count(at, "ToleratedFailureCountPath", setting, input, negative))?;
        turn.tell(id, |observer, at| observer.setting(at, Setting::ToleratedFailureCount(count)));
        tolerance.count = Some(count);
    }
    if let Some(setting) = &map.tolerated_failure_percentage {
        let percentage = turn
            .evaluate(id, |at| setting::percentage(at, "ToleratedFailurePercentagePath", setting, input))?;
        turn.tell(id, |observer, at| observer.setting(at, Setting::ToleratedFailurePercentage(percentage)));
        tolerance.percentage = Some(percentage);
    }
    Ok((tolerance != Tolerance::default()).then_some(tolerance))
}

/// Begins iterations while there are items and room for them; each points back to `previous`.
pub(crate) fn refill(turn: &mut Turn<'_>, id: FrameId, state: &State, previous: EventId) -> Attempt {
    let StateKind::Map(map) = &state.kind else { return Ok(()) };
    let first = turn.machine.flow(map.processor).start;
    loop {
        let join = turn.join(id)?;
        if join.next >= join.total || join.live >= join.slots {
            return Ok(());
        }
        let index = join.next;
        let data = turn.evaluate(id, |at| item_input(at, state, map, index))?;
        if map.item_selector.is_some() {
            turn.observe(id, Stage::AfterItemSelector, &data);
        }
        let data = data_flow::within_limit(data, &state.name)?;
        let details = turn.iteration(id, index)?;
        let started = turn.emit(previous, EventKind::MapIterationStarted(details))?;
        let join = turn.join_mut(id)?;
        join.next += 1;
        join.live += 1;
        turn.spawn(Position::Iteration { parent: id, index }, first, data, started);
    }
}

/// What an iteration begins with: its item, or what `ItemSelector` makes of it.
fn item_input(at: &Surroundings<'_>, state: &State, map: &MapState, index: u32) -> Result<Payload, Failure> {
    let items = match &at.frame.waiting {
        Waiting::Join(join) => join.items.as_ref(),
        Waiting::Ready | Waiting::Task(_) | Waiting::Time(_) | Waiting::Retry(_) => None,
    };
    let Some(value) = items.and_then(|items| items.value().get_index(index as usize)) else {
        return Err(query::runtime(at, "Internal error: an item that does not exist"));
    };
    match &map.item_selector {
        None => Ok(Payload::from_value(value.clone())),
        Some(template) => {
            let input = data_flow::input(at, state)?;
            let with_item = at.with_item(Item { index, value });
            query::template(&with_item, "ItemSelector", template, &input).map(Payload::from_value)
        }
    }
}
