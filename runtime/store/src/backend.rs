//! For backends: what they share, so that the rules of placing, indexing and reading exist once.
//!
//! A backend is ordered [`table`]s with atomic, durable group writes, and a [`snapshot::Snapshot`] of them. Its one
//! writer takes groups from a [`queue`], has [`place`] turn commits into table writes, makes them durable, lets the
//! [`tail`] absorb the index changes, and only then resolves the tickets. Its reads go through [`read`]. What has closed
//! leaves the journal in steps that [`retention`] plans, from the tables alone, and a group carries.

pub mod chunk;
pub mod core;
pub mod encoding;
pub mod place;
pub mod queue;
pub mod read;
pub mod record;
pub mod retention;
pub mod snapshot;
pub mod table;
pub mod tail;
mod watch;
