//! How much of a machine guests may use.

use std::path::PathBuf;

/// Settings of a [`Sandbox`](crate::Sandbox). [`SandboxConfig::new`] gives the defaults that each field names.
#[derive(Clone, Debug)]
pub struct SandboxConfig {
    /// Folder of compiled code: created if missing, private to the user (0700), safe to delete at any time.
    pub cache_dir: PathBuf,
    /// Bytes of compiled code in that folder; what was used longest ago goes, and is compiled again when it is needed.
    /// The newest stays, however long it is. Default 8 GiB.
    pub cache_bytes_max: u64,
    /// Guests that may run at the same moment. Default: the number of cores.
    pub cores: usize,
    /// Invocations that may be live at the same moment, waiting ones included; further ones wait in line, accounts in
    /// turn. One account alone takes four fifths of them. Default 1,000, as Lambda's concurrency.
    pub instances_max: u32,
    /// Invocations that may wait in line per account before further ones are refused. Default 10,000.
    pub waiting_per_account_max: usize,
    /// Bytes that all live guests' memories may occupy together; those of one account alone eight ninths of it. Default: half of the machine's memory.
    pub memory_bytes_max: u64,
    /// Threads that compile long components, at low priority; one more compiles short ones. Default: half of the cores,
    /// at least one.
    pub compile_threads: usize,
    /// Bytes of compiled code kept in memory. Default 512 MiB.
    pub loaded_bytes_max: u64,
}

impl SandboxConfig {
    /// The defaults, for this machine.
    #[must_use]
    pub fn new(cache_dir: impl Into<PathBuf>) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            cache_dir: cache_dir.into(),
            cache_bytes_max: 8 << 30,
            cores,
            instances_max: 1_000,
            waiting_per_account_max: 10_000,
            memory_bytes_max: machine_memory_bytes().map_or(2 << 30, |bytes| bytes / 2),
            compile_threads: (cores / 2).max(1),
            loaded_bytes_max: 512 << 20,
        }
    }
}

fn machine_memory_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}
