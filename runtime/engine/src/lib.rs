//! Drives executions: load, step, commit, dispatch.
//!
//! [`Engine`] is what every protocol calls. Requests, answers and errors are plain types that know no HTTP:
//! [`machine`], [`execution`], [`task_token`], [`function`].
//!
//! INVARIANT: no command leaves before its transition is durable (Standard).
//! INVARIANT: at most one turn at a time per execution.
//! Not here: ASL semantics (`interpreter`), how rows are kept (`store`), how a guest runs (`sandbox`).

#![forbid(unsafe_code)]

pub mod clock;
mod driver;
mod engine;
pub mod execution;
mod express;
mod failure;
pub mod function;
mod journal;
pub mod log;
pub mod machine;
pub mod page;
pub mod random;
mod recovery;
mod retention;
mod row;
mod scope;
mod share;
pub mod tag;
mod task;
pub mod task_token;
mod timer;

pub use clock::Clock;
pub use driver::TurnProbe;
pub use engine::{Engine, EngineConfig};
pub use failure::StoreFailure;
pub use scope::Scope;
pub use tag::Tag;
