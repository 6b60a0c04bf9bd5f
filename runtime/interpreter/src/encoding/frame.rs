//! The bytes of one frame.

use super::{decode_link, encode_link};
use crate::frame::{
    Alarm, Chain, Frame, FrameId, Join, Phase, Position, TaskWait, Tolerance, Variables, Waiting,
};
use crate::input::AttemptId;
use std::sync::Arc;
use stepwell_asl::StateMachine;
use stepwell_asl::definition::StateIdx;
use stepwell_history::encoding::Field;
use stepwell_history::{DecodeError, Reader, SequenceCell, Writer};
use stepwell_types::Payload;

pub(super) fn encode(frame: &Frame, machine: &StateMachine, writer: &mut Writer, own: &SequenceCell) {
    writer.field(&frame.id.0);
    match frame.position {
        Position::Top => writer.byte(0),
        Position::Branch { parent, index } => {
            writer.byte(1);
            writer.field(&(parent.0, index));
        }
        Position::Iteration { parent, index } => {
            writer.byte(2);
            writer.field(&(parent.0, index));
        }
    }
    writer.text(&machine.state(frame.at).pointer);
    writer.field(&frame.data);
    writer.number(frame.scope.iter().len() as u64);
    for variable in frame.scope.iter() {
        writer.field(variable);
    }
    writer.field(&frame.entered_event);
    writer.field(&frame.entered_at);
    writer.field(&frame.last_event);
    writer.field(&frame.retries);
    writer.field(&frame.timer_serial);
    match &frame.waiting {
        Waiting::Ready => writer.byte(0),
        Waiting::Task(task) => {
            writer.byte(1);
            writer.field(&**task);
        }
        Waiting::Time(alarm) => {
            writer.byte(2);
            writer.field(alarm);
        }
        Waiting::Retry(alarm) => {
            writer.byte(3);
            writer.field(alarm);
        }
        Waiting::Join(join) => {
            writer.byte(4);
            encode_join(join, writer, own);
        }
    }
}

pub(super) fn decode(
    machine: &StateMachine,
    reader: &mut Reader<'_>,
    own: &SequenceCell,
) -> Result<Frame, DecodeError> {
    let (pointer, place) = read(reader, own)?;
    Ok(place(machine.find(pointer).ok_or(DecodeError::Range("a state's pointer"))?))
}

/// Reads over a frame, whatever its machine.
pub(super) fn skip(reader: &mut Reader<'_>, own: &SequenceCell) -> Result<(), DecodeError> {
    read(reader, own).map(drop)
}

/// The pointer to a frame's state, and what makes the frame once that is found.
fn read<'a>(
    reader: &mut Reader<'a>,
    own: &SequenceCell,
) -> Result<(&'a str, impl FnOnce(StateIdx) -> Frame + use<>), DecodeError> {
    let id = FrameId(reader.field()?);
    let position = match reader.byte()? {
        0 => Position::Top,
        1 => {
            let (parent, index) = reader.field()?;
            Position::Branch { parent: FrameId(parent), index }
        }
        2 => {
            let (parent, index) = reader.field()?;
            Position::Iteration { parent: FrameId(parent), index }
        }
        tag => return Err(DecodeError::UnknownTag { what: "position", tag }),
    };
    let pointer = reader.str()?;
    let data = reader.field()?;
    let scope = reader.field::<Vec<(Arc<str>, Payload)>>()?.into_iter().collect::<Variables>();
    let entered_event = reader.field()?;
    let entered_at = reader.field()?;
    let last_event = reader.field()?;
    let retries = reader.field()?;
    let timer_serial = reader.field()?;
    let waiting = match reader.byte()? {
        0 => Waiting::Ready,
        1 => Waiting::Task(Box::new(reader.field()?)),
        2 => Waiting::Time(reader.field()?),
        3 => Waiting::Retry(reader.field()?),
        4 => Waiting::Join(Box::new(decode_join(reader, own)?)),
        tag => return Err(DecodeError::UnknownTag { what: "waiting", tag }),
    };
    let place = move |at| Frame {
        id,
        position,
        at,
        data,
        scope,
        entered_event,
        entered_at,
        last_event,
        retries,
        timer_serial,
        waiting,
    };
    Ok((pointer, place))
}

fn encode_join(join: &Join, writer: &mut Writer, own: &SequenceCell) {
    writer.field(&join.started);
    for number in [join.total, join.next, join.live, join.slots, join.failed] {
        writer.field(&number);
    }
    writer.field(&join.tolerance);
    writer.field(&join.items);
    encode_link(join.done.head.as_ref(), writer, own);
    writer.field(&join.done.count);
    writer.field(&join.done.bytes);
    writer.field(&join.last_event);
}

fn decode_join(reader: &mut Reader<'_>, own: &SequenceCell) -> Result<Join, DecodeError> {
    Ok(Join {
        started: reader.field()?,
        total: reader.field()?,
        next: reader.field()?,
        live: reader.field()?,
        slots: reader.field()?,
        failed: reader.field()?,
        tolerance: reader.field()?,
        items: reader.field()?,
        done: Chain { head: decode_link(reader, own)?, count: reader.field()?, bytes: reader.field()? },
        last_event: reader.field()?,
    })
}

impl Field for Tolerance {
    fn encode(&self, writer: &mut Writer) {
        writer.field(&self.count);
        writer.field(&self.percentage.map(f64::to_bits));
    }
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { count: reader.field()?, percentage: reader.field::<Option<u64>>()?.map(f64::from_bits) })
    }
}

impl Field for Alarm {
    fn encode(&self, writer: &mut Writer) {
        writer.field(&self.serial);
        writer.field(&self.due);
    }
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { serial: reader.field()?, due: reader.field()? })
    }
}

impl Field for TaskWait {
    fn encode(&self, writer: &mut Writer) {
        writer.field(&self.attempt.0);
        writer.byte(match self.phase {
            Phase::Scheduled => 0,
            Phase::Started => 1,
            Phase::Submitted => 2,
        });
        writer.field(&self.input);
        writer.field(&self.timeout_s);
        writer.field(&self.heartbeat_s);
        writer.field(&self.timeout);
        writer.field(&self.heartbeat);
        writer.field(&self.role_arn);
    }
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            attempt: AttemptId(reader.field()?),
            phase: match reader.byte()? {
                0 => Phase::Scheduled,
                1 => Phase::Started,
                2 => Phase::Submitted,
                tag => return Err(DecodeError::UnknownTag { what: "phase", tag }),
            },
            input: reader.field()?,
            timeout_s: reader.field()?,
            heartbeat_s: reader.field()?,
            timeout: reader.field()?,
            heartbeat: reader.field()?,
            role_arn: reader.field()?,
        })
    }
}
