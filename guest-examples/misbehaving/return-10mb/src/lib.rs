//! Answers 10 MiB of JSON.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

use alloc::{format, string::String};
use stepwell_task::Result;

stepwell_task::raw_handler!(large);

const CHARACTERS: usize = 10 << 20;

fn large(_event: String) -> Result<String> {
    Ok(format!("\"{}\"", "a".repeat(CHARACTERS)))
}
