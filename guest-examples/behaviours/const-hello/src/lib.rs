//! Answers a constant object.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

use alloc::string::String;
use stepwell_task::Result;

stepwell_task::raw_handler!(hello);

fn hello(_event: String) -> Result<String> {
    Ok(r#"{"Return": "HelloWorld"}"#.into())
}
