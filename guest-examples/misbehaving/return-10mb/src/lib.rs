//! Answers 10 MiB of JSON.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

use alloc::string::String;
use core::iter::repeat_n;
use stepwell_task::Result;

stepwell_task::raw_handler!(large);

const CHARACTERS: usize = 10 << 20;

fn large(_event: String) -> Result<String> {
    // In one piece, so that the output's limit is met before the memory's.
    let mut json = String::with_capacity(CHARACTERS + 2);
    json.push('"');
    json.extend(repeat_n('a', CHARACTERS));
    json.push('"');
    Ok(json)
}
