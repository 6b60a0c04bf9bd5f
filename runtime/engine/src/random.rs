//! Random UUIDs for requests and names, drawn from the system in batches: one call of the system for each id was a
//! twentieth of what a short Express execution costs.

use std::cell::RefCell;
use uuid::{Builder, Uuid};

/// UUIDs drawn at once.
const BATCH: usize = 64;

thread_local! {
    /// Random UUIDs that nobody has had.
    static DRAWN: RefCell<Vec<Uuid>> = const { RefCell::new(Vec::new()) };
}

/// A random UUID (version 4).
#[must_use]
pub fn uuid() -> Uuid {
    DRAWN.with_borrow_mut(|drawn| {
        if drawn.is_empty() {
            let mut bytes = [[0_u8; 16]; BATCH];
            if getrandom::fill(bytes.as_flattened_mut()).is_ok() {
                drawn.extend(bytes.map(|bytes| Builder::from_random_bytes(bytes).into_uuid()));
            }
        }
        // Where the system refused a batch, this says why.
        drawn.pop().unwrap_or_else(Uuid::new_v4)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn uuids_are_random_and_differ() {
        let here = (0..3 * BATCH).map(|_| uuid());
        let there = std::thread::spawn(|| (0..3 * BATCH).map(|_| uuid()).collect::<Vec<_>>()).join().unwrap();
        let all: HashSet<Uuid> = here.chain(there).collect();
        assert_eq!(all.len(), 6 * BATCH);
        assert!(all.iter().all(|uuid| uuid.get_version_num() == 4));
    }
}
