//! What one invocation may use.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The limits of one invocation. [`Limits::default`] is Lambda's where Lambda has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Wall time from the moment that the guest gets a core. Default 3 s (Lambda's default; Lambda's bound is 900 s).
    pub timeout: Duration,
    /// Bytes of all linear memories together. Default 128 MiB (Lambda's bound is 10,240 MB; a 32-bit guest ends at
    /// 4 GiB).
    pub memory_bytes: u64,
    /// Units of fuel, about one per WebAssembly instruction. Default none: then the time-out alone bounds it.
    pub fuel: Option<u64>,
    /// Bytes of the result. Default 6,291,556 (Lambda's synchronous response, as its error words it: 100 more than an
    /// event may have).
    pub output_bytes: usize,
    /// Bytes of log lines; what comes after is dropped and counted. Default 256 KiB.
    pub log_bytes: usize,
    /// Elements of all tables together. Default 100,000.
    pub table_elements: usize,
    /// Calls into the host. Default 10,000,000.
    pub host_calls: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(3),
            memory_bytes: 128 << 20,
            fuel: None,
            output_bytes: 6_291_556,
            log_bytes: 256 << 10,
            table_elements: 100_000,
            host_calls: 10_000_000,
        }
    }
}

/// Wasm memory that all live guests hold together, against one bound.
#[derive(Debug)]
pub(crate) struct MemoryBudget {
    used_bytes: AtomicU64,
    limit_bytes: u64,
}

impl MemoryBudget {
    pub(crate) fn new(limit_bytes: u64) -> Self {
        Self { used_bytes: AtomicU64::new(0), limit_bytes }
    }

    /// Whether there is room to begin with another guest. A fifth is kept for the growth of those that run.
    pub(crate) fn has_room(&self) -> bool {
        self.used_bytes.load(Ordering::Relaxed) <= self.limit_bytes / 5 * 4
    }

    fn take(&self, bytes: u64) -> bool {
        let before = self.used_bytes.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) > self.limit_bytes {
            self.give_back(bytes);
            return false;
        }
        true
    }

    fn give_back(&self, bytes: u64) {
        self.used_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    #[cfg(test)]
    pub(crate) fn used_bytes(&self) -> u64 {
        self.used_bytes.load(Ordering::Relaxed)
    }
}

/// What one instance holds; gives it back when dropped.
#[derive(Debug)]
pub(crate) struct Meter {
    budget: Arc<MemoryBudget>,
    memory_bytes: u64,
    memory_bytes_max: u64,
    table_elements: usize,
    table_elements_max: usize,
    /// The guest asked for memory beyond its limit. If it gives up after that, memory was why.
    pub(crate) refused: bool,
}

/// Growth that the machine, not the function's limit, cannot give.
#[derive(Debug, thiserror::Error)]
#[error("the memory for guests is used up")]
pub(crate) struct BudgetExhausted;

impl Meter {
    pub(crate) fn new(budget: Arc<MemoryBudget>, limits: &Limits) -> Self {
        Self {
            budget,
            memory_bytes: 0,
            memory_bytes_max: limits.memory_bytes,
            table_elements: 0,
            table_elements_max: limits.table_elements,
            refused: false,
        }
    }

    /// Bytes of all memories. They never shrink, so this is the peak as well.
    pub(crate) fn memory_bytes(&self) -> u64 {
        self.memory_bytes
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.budget.give_back(self.memory_bytes);
    }
}

impl wasmtime::ResourceLimiter for Meter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let growth = desired.saturating_sub(current) as u64;
        if self.memory_bytes.saturating_add(growth) > self.memory_bytes_max {
            self.refused = true;
            return Ok(false);
        }
        if !self.budget.take(growth) {
            return Err(wasmtime::Error::new(BudgetExhausted));
        }
        self.memory_bytes += growth;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let growth = desired.saturating_sub(current);
        let total = self.table_elements.saturating_add(growth);
        if total > self.table_elements_max {
            return Ok(false);
        }
        self.table_elements = total;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasmtime::ResourceLimiter as _;

    #[test]
    fn growth_counts_against_both_bounds_and_is_given_back() {
        let budget = Arc::new(MemoryBudget::new(100));
        let limits = Limits { memory_bytes: 60, ..Limits::default() };
        let mut first = Meter::new(budget.clone(), &limits);
        assert!(first.memory_growing(0, 40, None).unwrap());
        assert!(!first.memory_growing(40, 61, None).unwrap());
        assert!(first.refused);
        assert!(first.memory_growing(40, 60, None).unwrap());
        let mut second = Meter::new(budget.clone(), &limits);
        assert!(second.memory_growing(0, 41, None).unwrap_err().is::<BudgetExhausted>());
        assert!(second.memory_growing(0, 40, None).unwrap());
        assert!(!budget.has_room());
        drop(first);
        assert_eq!(budget.used_bytes(), 40);
        assert!(budget.has_room());
    }

    #[test]
    fn all_tables_count_together() {
        let limits = Limits { table_elements: 10, ..Limits::default() };
        let mut meter = Meter::new(Arc::new(MemoryBudget::new(0)), &limits);
        assert!(meter.table_growing(0, 6, None).unwrap());
        assert!(!meter.table_growing(0, 5, None).unwrap());
        assert!(meter.table_growing(0, 4, None).unwrap());
    }
}
