//! Panics, which is a trap.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

use alloc::string::String;
use stepwell_task::Result;

stepwell_task::raw_handler!(trap);

fn trap(_event: String) -> Result<String> {
    panic!("this task always panics")
}
