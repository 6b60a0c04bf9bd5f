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

/// An account may begin with another guest while its guests hold less than this many times what is free.
const ADMITTED_TIMES_FREE: u64 = 4;
/// Its guests may grow until they hold this many times what is then free: alone they get eight ninths, and whoever
/// comes next finds something.
const GROWN_TIMES_FREE: u64 = 8;
/// The part of all memory that must be free for anybody to begin with another guest.
const FREE_SHARE: u64 = 20;

/// Wasm memory that all live guests hold together, against one bound that accounts share.
#[derive(Debug)]
pub(crate) struct MemoryBudget {
    used_bytes: AtomicU64,
    limit_bytes: u64,
}

/// Wasm memory that one account's live guests hold together.
#[derive(Debug, Default)]
pub(crate) struct AccountMemory {
    used_bytes: AtomicU64,
}

impl MemoryBudget {
    pub(crate) fn new(limit_bytes: u64) -> Self {
        Self { used_bytes: AtomicU64::new(0), limit_bytes }
    }

    /// Whether there is room to begin with another guest, whosever it is.
    pub(crate) fn has_room(&self) -> bool {
        self.free_bytes() >= self.limit_bytes / FREE_SHARE
    }

    /// Whether an account may begin with another guest. A fifth is kept for the growth of those that run, and for
    /// others.
    pub(crate) fn has_share(&self, own: &AccountMemory) -> bool {
        let own_bytes = own.used_bytes.load(Ordering::Relaxed);
        own_bytes == 0 || own_bytes < self.free_bytes().saturating_mul(ADMITTED_TIMES_FREE)
    }

    fn free_bytes(&self) -> u64 {
        self.limit_bytes.saturating_sub(self.used_bytes.load(Ordering::Relaxed))
    }

    fn take(&self, own: &AccountMemory, bytes: u64) -> bool {
        let used = self.used_bytes.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        let own_used = own.used_bytes.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        let fits = self.limit_bytes.checked_sub(used);
        let fits = fits.is_some_and(|free| own_used <= free.saturating_mul(GROWN_TIMES_FREE));
        if !fits {
            self.give_back(own, bytes);
        }
        fits
    }

    fn give_back(&self, own: &AccountMemory, bytes: u64) {
        self.used_bytes.fetch_sub(bytes, Ordering::Relaxed);
        own.used_bytes.fetch_sub(bytes, Ordering::Relaxed);
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
    own: Arc<AccountMemory>,
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
    pub(crate) fn new(budget: Arc<MemoryBudget>, limits: &Limits, own: Arc<AccountMemory>) -> Self {
        Self {
            budget,
            own,
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
        self.budget.give_back(&self.own, self.memory_bytes);
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
        if !self.budget.take(&self.own, growth) {
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
        let mut first = Meter::new(budget.clone(), &limits, Arc::default());
        assert!(first.memory_growing(0, 40, None).unwrap());
        assert!(!first.memory_growing(40, 61, None).unwrap());
        assert!(first.refused);
        assert!(first.memory_growing(40, 60, None).unwrap());
        let mut second = Meter::new(budget.clone(), &limits, Arc::default());
        assert!(second.memory_growing(0, 41, None).unwrap_err().is::<BudgetExhausted>());
        assert!(second.memory_growing(0, 35, None).unwrap());
        assert!(budget.has_room());
        assert!(second.memory_growing(35, 36, None).unwrap_err().is::<BudgetExhausted>());
        drop(first);
        assert_eq!(budget.used_bytes(), 35);
    }

    #[test]
    fn an_account_leaves_memory_for_others() {
        let budget = Arc::new(MemoryBudget::new(900));
        let limits = Limits { memory_bytes: 900, ..Limits::default() };
        let own = Arc::<AccountMemory>::default();
        assert!(budget.has_share(&own));
        let mut guests: Vec<_> = (0..9).map(|_| Meter::new(budget.clone(), &limits, own.clone())).collect();
        let grown = guests.iter_mut().filter_map(|guest| guest.memory_growing(0, 100, None).ok());
        assert_eq!(grown.count(), 8);
        assert!(!budget.has_share(&own) && budget.has_share(&AccountMemory::default()) && budget.has_room());
        drop(guests);
        assert!(budget.has_share(&own) && budget.used_bytes() == 0);
    }

    #[test]
    fn all_tables_count_together() {
        let limits = Limits { table_elements: 10, ..Limits::default() };
        let mut meter = Meter::new(Arc::new(MemoryBudget::new(0)), &limits, Arc::default());
        assert!(meter.table_growing(0, 6, None).unwrap());
        assert!(!meter.table_growing(0, 5, None).unwrap());
        assert!(meter.table_growing(0, 4, None).unwrap());
    }
}
