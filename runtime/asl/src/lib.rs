//! Amazon States Language: text to a checked definition, every finding at once.
//!
//! A [`StateMachine`] is the checked form: the interpreter runs it as it is.
//!
//! INVARIANT: no text makes this crate panic, recurse without bound or take more than linear time in its length.
//! Not here: running a definition (`interpreter`), paths and templates (`jsonpath`).

#![forbid(unsafe_code)]

pub mod definition;

pub use definition::StateMachine;
