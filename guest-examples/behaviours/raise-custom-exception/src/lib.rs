//! Fails with an error name of its own and an empty cause.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

use alloc::string::String;
use stepwell_task::{Result, TaskError};

stepwell_task::raw_handler!(raise);

fn raise(_event: String) -> Result<String> {
    Err(TaskError::new("CustomException", ""))
}
