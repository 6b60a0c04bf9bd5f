//! Bytes on disk: a transition as one record, and of it only the part that a load needs.
//!
//! A record is written into one body of [`stepwell_history::encoding`]: first what changed of the execution, then
//! the input, then the events, each a part that refers to none before it; so a load that looks for frames or results
//! need not read events, and what only a redrive needs can be cut out. A frame names its state by JSON Pointer, since
//! indices live in memory only. Payloads are references; their texts are written once.
//!
//! INVARIANT: what was written by any release is read by every later one; tags are never reused.

mod frame;
mod input;

use crate::execution::{Progress, Resume, Status};
use crate::frame::{CompletionAddress, CompletionLink, FrameId};
use crate::input::Input;
use crate::start::StartInput;
use crate::transition::{Completion, FrameChanges, Transition};
use std::sync::{Arc, OnceLock};
use stepwell_asl::StateMachine;
use stepwell_history::encoding::Field;
use stepwell_history::{DecodeError, HistoryEvent, PayloadSource, Reader, SequenceCell, Writer};
use stepwell_types::{Payload, Timestamp};

/// What caused a transition.
#[derive(Clone, Debug)]
pub enum Cause {
    /// The execution was started.
    Started(Arc<StartInput>),
    /// It took an input.
    Took(Input),
}

/// A transition as it is kept: enough to load the execution, to show its history and to replay it.
#[derive(Clone, Debug)]
pub struct Record {
    /// What changed.
    pub frames: FrameChanges,
    /// When it happened.
    pub now: Timestamp,
    /// What caused it.
    pub cause: Cause,
    /// New events.
    pub events: Vec<HistoryEvent>,
}

impl Record {
    /// Reads a whole record. The reader stands at its beginning; `sequence` is that of the body itself.
    ///
    /// # Errors
    /// [`DecodeError`] for damaged bytes, for payloads that are not at hand, and for a state that the machine has
    /// not.
    pub fn decode(
        machine: &StateMachine,
        reader: &mut Reader<'_>,
        sequence: u64,
    ) -> Result<Self, DecodeError> {
        let frames = FrameChanges::decode(machine, reader, sequence)?;
        reader.begin_part();
        let now = reader.field()?;
        let cause = match reader.byte()? {
            0 => Cause::Started(Arc::new(reader.field()?)),
            1 => Cause::Took(reader.field()?),
            tag => return Err(DecodeError::UnknownTag { what: "cause", tag }),
        };
        reader.begin_part();
        Ok(Self { frames, now, cause, events: reader.field()? })
    }
}

impl Transition {
    /// Writes the transition, and records in memory where its results and payloads are: `sequence` is the cell that
    /// `writer` was made with.
    pub fn encode(&self, writer: &mut Writer, sequence: &SequenceCell, cause: &Cause, now: Timestamp) {
        self.frames.encode(self.next.machine(), writer, sequence);
        writer.begin_part();
        writer.field(&now);
        match cause {
            Cause::Started(start) => {
                writer.byte(0);
                writer.field(&**start);
            }
            Cause::Took(input) => {
                writer.byte(1);
                writer.field(input);
            }
        }
        writer.begin_part();
        writer.field(&self.events);
    }
}

impl FrameChanges {
    /// Writes the changes alone; see [`Transition::encode`].
    pub fn encode(&self, machine: &StateMachine, writer: &mut Writer, sequence: &SequenceCell) {
        writer.field(&self.progress);
        writer.number(self.completions.len() as u64);
        for (slot, completion) in (0..).zip(&self.completions) {
            completion.link.set(CompletionAddress { sequence: Arc::clone(sequence), slot });
            writer.field(&completion.parent.0);
            writer.field(&completion.index);
            writer.field(&completion.output);
            encode_link(completion.previous.as_ref(), writer, sequence);
        }
        writer.number(self.upserts.len() as u64);
        for upsert in &self.upserts {
            frame::encode(upsert, machine, writer, sequence);
        }
        writer.number(self.removals.len() as u64);
        for removal in &self.removals {
            writer.field(&removal.0);
        }
    }

    /// Reads the changes, with which a record begins; what follows is left unread.
    ///
    /// # Errors
    /// As [`Record::decode`].
    pub fn decode(
        machine: &StateMachine,
        reader: &mut Reader<'_>,
        sequence: u64,
    ) -> Result<Self, DecodeError> {
        let Changes { progress, completions, upserts, removals } =
            Changes::read(reader, sequence, |reader, own| frame::decode(machine, reader, own))?;
        Ok(Self { progress, upserts, removals, completions })
    }
}

/// What changed, with its frames as they are read.
struct Changes<F> {
    progress: Progress,
    completions: Vec<Completion>,
    upserts: Vec<F>,
    removals: Vec<FrameId>,
}

impl<F> Changes<F> {
    fn read(
        reader: &mut Reader<'_>,
        sequence: u64,
        read_frame: impl Fn(&mut Reader<'_>, &SequenceCell) -> Result<F, DecodeError>,
    ) -> Result<Self, DecodeError> {
        let progress = reader.field()?;
        let own: SequenceCell = Arc::new(OnceLock::from(sequence));
        let mut completions = Vec::new();
        for slot in 0..reader.length()? {
            let slot = u32::try_from(slot).map_err(|_| DecodeError::Range("a completion"))?;
            completions.push(Completion {
                parent: FrameId(reader.field()?),
                index: reader.field()?,
                output: reader.field()?,
                link: CompletionLink::to(CompletionAddress { sequence: Arc::clone(&own), slot }),
                previous: decode_link(reader, &own)?,
            });
        }
        let mut upserts = Vec::new();
        for _ in 0..reader.length()? {
            upserts.push(read_frame(reader, &own)?);
        }
        let mut removals = Vec::new();
        for _ in 0..reader.length()? {
            removals.push(FrameId(reader.field()?));
        }
        Ok(Self { progress, completions, upserts, removals })
    }
}

/// The body of a record without what only a redrive or a replay needs: its results, its frames, and the input, with
/// which the execution's secrets go. It is read as any other, and payloads that it introduced stay where they are,
/// since later events refer to them. The record may be of any machine, and what follows it stays.
///
/// # Errors
/// [`DecodeError`] for bytes that are no record.
pub fn history_only(
    owner: u64,
    sequence: u64,
    body: &[u8],
    references: &[u64],
) -> Result<Vec<u8>, DecodeError> {
    let mut reader = Reader::open(owner, sequence, body, references, &AnyPayload)?;
    let left = |reader: &Reader<'_>| body.len() - reader.rest().len();
    let _: Progress = reader.field()?;
    let progress_end = left(&reader);
    let mut reader = Reader::open(owner, sequence, body, references, &AnyPayload)?;
    Changes::read(&mut reader, sequence, frame::skip)?;
    let changes_end = left(&reader);
    reader.begin_part();
    let _: Timestamp = reader.field()?;
    let now_end = left(&reader);
    match reader.byte()? {
        0 => drop(reader.field::<StartInput>()?),
        1 => drop(reader.field::<Input>()?),
        tag => return Err(DecodeError::UnknownTag { what: "cause", tag }),
    }
    let part = |from: usize, to: usize| body.get(from..to).unwrap_or_default();
    let mut reduced = Vec::with_capacity(body.len());
    reduced.extend(part(0, progress_end));
    // No completions, frames or removals.
    reduced.extend([0, 0, 0]);
    reduced.extend(part(changes_end, now_end));
    reduced.extend(WITHOUT_INPUT);
    reduced.extend(reader.rest());
    Ok(reduced)
}

/// The bytes of `Cause::Took(Input::Resumed)`, which carries nothing.
const WITHOUT_INPUT: [u8; 2] = [1, 10];

/// Stands for payloads that nobody looks at.
struct AnyPayload;

impl PayloadSource for AnyPayload {
    fn payload(&self, _sequence: u64, _slot: u32) -> Option<Payload> {
        Some(Payload::from_checked_text("null"))
    }
}

/// A link to a completion: of this very body, of an earlier one, or none.
fn encode_link(link: Option<&CompletionLink>, writer: &mut Writer, own: &SequenceCell) {
    match link.and_then(CompletionLink::address) {
        None => writer.byte(0),
        Some(address) if Arc::ptr_eq(&address.sequence, own) => {
            writer.byte(1);
            writer.field(&address.slot);
        }
        Some(address) => {
            let reference = writer.reference(&address.sequence);
            writer.byte(2);
            writer.number(reference);
            writer.field(&address.slot);
        }
    }
}

fn decode_link(reader: &mut Reader<'_>, own: &SequenceCell) -> Result<Option<CompletionLink>, DecodeError> {
    let sequence = match reader.byte()? {
        0 => return Ok(None),
        1 => Arc::clone(own),
        2 => Arc::new(OnceLock::from(reader.reference()?)),
        tag => return Err(DecodeError::UnknownTag { what: "link", tag }),
    };
    Ok(Some(CompletionLink::to(CompletionAddress { sequence, slot: reader.field()? })))
}

impl Field for Progress {
    fn encode(&self, writer: &mut Writer) {
        writer.field(&self.next_event);
        writer.field(&self.next_frame.0);
        writer.field(&self.started_at);
        writer.field(&self.last_at);
        writer.byte(match self.status {
            Status::Running => 0,
            Status::Succeeded => 1,
            Status::Failed => 2,
            Status::TimedOut => 3,
            Status::Aborted => 4,
        });
        writer.byte(match self.resume {
            Resume::Idle => 0,
            Resume::Pending => 1,
        });
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            next_event: reader.field()?,
            next_frame: FrameId(reader.field()?),
            started_at: reader.field()?,
            last_at: reader.field()?,
            status: match reader.byte()? {
                0 => Status::Running,
                1 => Status::Succeeded,
                2 => Status::Failed,
                3 => Status::TimedOut,
                4 => Status::Aborted,
                tag => return Err(DecodeError::UnknownTag { what: "status", tag }),
            },
            resume: match reader.byte()? {
                0 => Resume::Idle,
                1 => Resume::Pending,
                tag => return Err(DecodeError::UnknownTag { what: "resume", tag }),
            },
        })
    }
}
