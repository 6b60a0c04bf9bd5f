//! `stepwell:task/logging`: lines for the function's log.

use super::Guest;
use crate::LogStream;
use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, Lift, Linker, Lower};

#[derive(Clone, Copy, ComponentType, Lift, Lower)]
#[component(enum)]
#[repr(u8)]
#[expect(dead_code, reason = "guests make these values, by number")]
enum Level {
    #[component(name = "trace")]
    Trace,
    #[component(name = "debug")]
    Debug,
    #[component(name = "info")]
    Info,
    #[component(name = "warn")]
    Warn,
    #[component(name = "error")]
    Error,
}

impl Level {
    fn stream(self) -> LogStream {
        match self {
            Self::Trace => LogStream::Trace,
            Self::Debug => LogStream::Debug,
            Self::Info => LogStream::Info,
            Self::Warn => LogStream::Warn,
            Self::Error => LogStream::Error,
        }
    }
}

pub(super) fn link(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    linker.instance("stepwell:task/logging@0.1.0")?.func_wrap(
        "log",
        |mut store: StoreContextMut<'_, Guest>, (level, message): (Level, String)| {
            let guest = store.data_mut();
            guest.host_calls += 1;
            guest.log().lock().line(level.stream(), message.as_bytes());
            Ok(())
        },
    )
}
