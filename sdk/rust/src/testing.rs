//! A stand-in for the host, for native tests of a task's logic.
//!
//! ```
//! use stepwell_task::{Level, context, info, testing::Invocation};
//!
//! let ran = Invocation { attempt: 2, ..Invocation::default() }.run(|| {
//!     info!("attempt {}", context().attempt());
//!     context().attempt()
//! });
//! assert_eq!(ran.value, 2);
//! assert_eq!(ran.log, [(Level::Info, "attempt 2".to_string())]);
//! ```

use crate::Level;
use std::{
    borrow::ToOwned,
    cell::RefCell,
    string::{String, ToString},
    thread_local,
    vec::Vec,
};

/// What the host would answer; the defaults are those of a first attempt of a direct call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// See [`Context::invocation_id`](crate::Context::invocation_id).
    pub invocation_id: String,
    /// See [`Context::execution_arn`](crate::Context::execution_arn).
    pub execution_arn: Option<String>,
    /// See [`Context::attempt`](crate::Context::attempt).
    pub attempt: u32,
    /// See [`Context::deadline`](crate::Context::deadline).
    pub deadline_unix_ms: u64,
    /// See [`Context::idempotency_key`](crate::Context::idempotency_key).
    pub idempotency_key: String,
    /// See [`Context::function_name`](crate::Context::function_name).
    pub function_name: String,
    /// See [`Context::function_version`](crate::Context::function_version).
    pub function_version: String,
    /// See [`Context::memory_limit_bytes`](crate::Context::memory_limit_bytes).
    pub memory_limit_bytes: u64,
}

impl Default for Invocation {
    fn default() -> Self {
        Self {
            invocation_id: "00000000-0000-4000-8000-000000000000".to_string(),
            execution_arn: None,
            attempt: 1,
            deadline_unix_ms: 4_102_444_800_000,
            idempotency_key: "test".to_string(),
            function_name: "test".to_string(),
            function_version: "$LATEST".to_string(),
            memory_limit_bytes: 128 << 20,
        }
    }
}

/// What a task gave back, and what it logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran<T> {
    /// What the task returned.
    pub value: T,
    /// Its log lines in their order.
    pub log: Vec<(Level, String)>,
}

impl Invocation {
    /// Run a task on this thread as this invocation. One within another is an invocation of its own.
    pub fn run<T>(self, task: impl FnOnce() -> T) -> Ran<T> {
        let outer = CURRENT.replace(Current { invocation: self, log: Vec::new() });
        let value = task();
        let log = CURRENT.replace(outer).log;
        Ran { value, log }
    }
}

#[derive(Default)]
struct Current {
    invocation: Invocation,
    log: Vec<(Level, String)>,
}

thread_local! {
    static CURRENT: RefCell<Current> = RefCell::default();
}

fn ask<T>(answer: impl FnOnce(&Invocation) -> T) -> T {
    CURRENT.with_borrow(|current| answer(&current.invocation))
}

pub(crate) fn invocation_id() -> String {
    ask(|invocation| invocation.invocation_id.clone())
}
pub(crate) fn execution_arn() -> Option<String> {
    ask(|invocation| invocation.execution_arn.clone())
}
pub(crate) fn attempt() -> u32 {
    ask(|invocation| invocation.attempt)
}
pub(crate) fn deadline_unix_ms() -> u64 {
    ask(|invocation| invocation.deadline_unix_ms)
}
pub(crate) fn idempotency_key() -> String {
    ask(|invocation| invocation.idempotency_key.clone())
}
pub(crate) fn function_name() -> String {
    ask(|invocation| invocation.function_name.clone())
}
pub(crate) fn function_version() -> String {
    ask(|invocation| invocation.function_version.clone())
}
pub(crate) fn memory_limit_bytes() -> u64 {
    ask(|invocation| invocation.memory_limit_bytes)
}
pub(crate) fn log(level: Level, message: &str) {
    CURRENT.with_borrow_mut(|current| current.log.push((level, message.to_owned())));
}
