//! Answers the event, unchanged.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

use alloc::string::String;
use stepwell_task::Result;

stepwell_task::raw_handler!(handle);

fn handle(event: String) -> Result<String> {
    Ok(event)
}
