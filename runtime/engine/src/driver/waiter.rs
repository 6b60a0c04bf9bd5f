//! Those who wait for an execution to close.

use super::Drivers;
use std::sync::Arc;
use tokio::sync::Notify;

/// One who waits for an execution to close; the last one that goes away leaves nothing behind.
pub(crate) struct Waiter<'a> {
    drivers: &'a Drivers,
    number: u64,
    pub(crate) closed: Arc<Notify>,
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        let mut waiters = self.drivers.waiters.lock();
        // Held by the table and by this one.
        let is_last = |found: &Arc<Notify>| Arc::ptr_eq(found, &self.closed) && Arc::strong_count(found) == 2;
        if waiters.get(&self.number).is_some_and(is_last) {
            waiters.remove(&self.number);
        }
    }
}

impl Drivers {
    /// One who waits for an execution to close in this process.
    pub(crate) fn waiter(&self, number: u64) -> Waiter<'_> {
        Waiter { drivers: self, number, closed: Arc::clone(self.waiters.lock().entry(number).or_default()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_waiter_leaves_nothing_behind() {
        let drivers = Drivers::new(0);
        let (one, other) = (drivers.waiter(1), drivers.waiter(1));
        drop(one);
        assert!(Arc::ptr_eq(&drivers.waiter(1).closed, &other.closed));
        drop(other);
        assert!(drivers.waiters.lock().is_empty());
    }
}
