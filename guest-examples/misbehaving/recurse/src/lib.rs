//! Calls itself until the stack ends.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

use alloc::{format, string::String};
use core::hint::black_box;
use stepwell_task::Result;

stepwell_task::raw_handler!(recurse);

fn recurse(_event: String) -> Result<String> {
    Ok(format!("{}", depth(0)))
}

/// One more than the depth below, without end.
#[expect(unconditional_recursion, reason = "this is what it is for")]
fn depth(level: u64) -> u64 {
    // The sum comes after the call, so that no compiler makes a loop of it.
    black_box(depth(black_box(level) + 1)) + 1
}
