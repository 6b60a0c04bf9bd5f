//! Publishes WebAssembly components and invokes them under limits.
//!
//! - [`prepare`] reads what a person uploads (a zip, a component, a core module) and says whether it can run.
//! - [`Sandbox::publish`] compiles a prepared component ahead of time; [`Sandbox::load`] finds it again.
//! - [`Sandbox::invoke`] runs one attempt in a fresh instance and reports what it answered, used and logged.
//!
//! INVARIANT: nothing survives from one invocation to the next. Guest code gets nothing that it was not granted, and
//! fuel, memory, wall time, output, log and host calls are always bounded.
//!
//! Not here: names, versions and aliases of functions, retries, where component bytes are kept (`engine`).

mod compile_cache;
mod config;
mod digest;
mod engine;
mod error;
mod host;
mod invoke;
mod json;
mod limits;
mod log;
mod publish;
mod registry;
mod run;
mod sandbox;
mod schedule;

pub use config::SandboxConfig;
pub use digest::{Digest, DigestError};
pub use error::{FAILURES, FailureRow, InvokeError, SandboxError};
pub use invoke::{Clocks, FunctionIdentity, Grants, InvokeReport, InvokeRequest, Randomness, Usage};
pub use limits::Limits;
pub use log::{LogLine, LogStream};
pub use publish::{ComponentKind, Prepared, PublishError, UNZIPPED_BYTES_MAX, UPLOAD_BYTES_MAX, prepare};
pub use registry::Loaded;
pub use sandbox::Sandbox;
