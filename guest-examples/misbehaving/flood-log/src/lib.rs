//! Writes more log than anybody wants.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

use alloc::{format, string::String};
use stepwell_task::{Result, info};

stepwell_task::raw_handler!(flood);

/// 20 MB in all.
const LINES: u32 = 100_000;
const LINE_BYTES: usize = 200;

fn flood(_event: String) -> Result<String> {
    for line in 0..LINES {
        info!("{line:0>LINE_BYTES$}");
    }
    Ok(format!(r#"{{"lines":{LINES}}}"#))
}
