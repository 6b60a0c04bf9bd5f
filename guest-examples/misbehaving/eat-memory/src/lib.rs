//! Takes memory until it gets no more.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

use alloc::{string::String, vec, vec::Vec};
use stepwell_task::Result;

stepwell_task::raw_handler!(eat);

const BITE_BYTES: usize = 1 << 20;

fn eat(_event: String) -> Result<String> {
    let mut eaten: Vec<Vec<u8>> = Vec::new();
    loop {
        // Not zeros: untouched pages cost nothing.
        eaten.push(vec![1; BITE_BYTES]);
    }
}
