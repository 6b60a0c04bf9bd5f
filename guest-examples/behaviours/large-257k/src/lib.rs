//! Answers a JSON string of 257 KiB, more than a state may hold.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

use alloc::string::String;
use stepwell_task::Result;

stepwell_task::handler!(large);

const CHARACTERS: usize = 257 * 1024;

fn large(_event: serde::de::IgnoredAny) -> Result<String> {
    Ok("a".repeat(CHARACTERS))
}
