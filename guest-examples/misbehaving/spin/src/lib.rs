//! Never ends, and never lets go of its core.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

use alloc::string::String;
use core::hint::black_box;
use stepwell_task::Result;

stepwell_task::raw_handler!(spin);

fn spin(event: String) -> Result<String> {
    loop {
        black_box(&event);
    }
}
