//! The execution history: one variant per AWS `HistoryEventType`, its JSON, and its bytes on disk.
//!
//! - [`event`]: the events and their details, named as in the AWS API model.
//! - [`render`]: an event as `GetExecutionHistory` shows it.
//! - [`encoding`]: bytes on disk, in which a payload's text is written once and referred to afterwards.
//!
//! Not here: when an event is written (`interpreter`), where its bytes are kept (`store`).

#![forbid(unsafe_code)]

pub mod encoding;
pub mod event;
pub mod render;

pub use encoding::{DecodeError, PayloadSource, Reader, SequenceCell, Writer};
pub use event::{EventId, EventKind, HistoryEvent};
pub use render::{ExecutionData, TimestampFormat};
