//! Answers a text that is no JSON.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

use alloc::string::String;
use stepwell_task::Result;

stepwell_task::raw_handler!(answer);

fn answer(_event: String) -> Result<String> {
    Ok("{this is no JSON".into())
}
