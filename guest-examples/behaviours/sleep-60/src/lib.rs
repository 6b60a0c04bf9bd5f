//! Waits a minute without using a core, then answers the event.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

use alloc::string::String;
use core::time::Duration;
use stepwell_task::Result;

stepwell_task::raw_handler!(sleep);

const SLEEP: Duration = Duration::from_secs(60);

fn sleep(event: String) -> Result<String> {
    wasi::sleep(SLEEP);
    Ok(event)
}

/// The few functions of WASI 0.2 that this task calls, by hand; `wit/` names them.
#[cfg(target_arch = "wasm32")]
mod wasi {
    #![expect(unsafe_code, reason = "imports are foreign functions")]

    use core::time::Duration;

    #[link(wasm_import_module = "wasi:clocks/monotonic-clock@0.2.0")]
    unsafe extern "C" {
        #[link_name = "subscribe-duration"]
        safe fn subscribe_duration(nanoseconds: u64) -> u32;
    }

    #[link(wasm_import_module = "wasi:io/poll@0.2.0")]
    unsafe extern "C" {
        #[link_name = "[method]pollable.block"]
        safe fn block(pollable: u32);
        #[link_name = "[resource-drop]pollable"]
        safe fn drop_pollable(pollable: u32);
    }

    pub(crate) fn sleep(duration: Duration) {
        let pollable = subscribe_duration(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
        block(pollable);
        drop_pollable(pollable);
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod wasi {
    pub(crate) use std::thread::sleep;
}
