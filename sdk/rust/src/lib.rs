//! Write a Stepwell task in Rust: a function from an event to a result.
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use stepwell_task::{Result, handler, info};
//!
//! #[derive(Deserialize)] struct Order { quantity: String, price_cents: u64 }
//! #[derive(Serialize)] struct Total { cents: u64 }
//!
//! handler!(price);
//! fn price(order: Order) -> Result<Total> {
//!     let quantity: u64 = order.quantity.parse()?;
//!     info!("pricing {quantity} pieces");
//!     Ok(Total { cents: quantity * order.price_cents })
//! }
//! ```
//!
//! - [`handler!`] takes typed JSON in and out, [`raw_handler!`] texts.
//! - `?` turns any error into a [`TaskError`] named by its type; [`TaskError::new`] and [`Named::named`] give names of
//!   your own, for `Retry` and `Catch` to match.
//! - [`context()`] tells what this invocation is; [`info!`] and its kin write to the function's log.
//! - Everything compiles natively, too: [`testing`] then stands in for the host, so that a task's logic is tested by a
//!   plain `cargo test`.
//!
//! # With and without std
//! A crate with std builds for `wasm32-wasip2` and may use whatever of WASI the function is granted. With the feature
//! `freestanding`, and `#![cfg_attr(target_arch = "wasm32", no_std)]`, the component imports nothing but what it asks of
//! Stepwell: a few kilobytes, and half the time to start.

#![no_std]

extern crate alloc;
#[cfg(not(target_arch = "wasm32"))]
extern crate std;

#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod abi;
mod context;
mod error;
mod handler;
mod log;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;

/// Where an invocation's questions and log lines go: the host, or natively its stand-in.
#[cfg(target_arch = "wasm32")]
use abi as host;
#[cfg(not(target_arch = "wasm32"))]
use testing as host;

pub use context::{Context, context};
pub use error::{Named, TaskError};
pub use log::{Level, log};

/// The result of a task or of a step in it.
pub type Result<T, E = TaskError> = core::result::Result<T, E>;

#[doc(hidden)]
pub mod private {
    //! What the macros' expansions name.
    pub use crate::handler::{json, raw};
    pub use alloc::{format, string::String};
}

/// README's examples compile, too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
