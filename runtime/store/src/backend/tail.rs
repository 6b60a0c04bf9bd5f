//! The memory tail over the merged tables: index changes of durable groups that no table has yet.
//!
//! Random keys in every group would cost the hot commit most of its speed, so names, listings and pending rows are
//! kept here first and merged in sorted batches. A row that is added and removed between two merges, as most timers
//! and attempts are, never reaches a table.
//!
//! INVARIANT: the tables as of any instant, under a tail taken no later than that instant, give the state of that
//! instant: so a reader takes the tail first and the snapshot second, and a merge leaves the tail only when it is
//! durable. The journal repeats all of it from `merged` on.

use super::record::{Change, IndexChange};
use super::snapshot::{Snapshot, Visit};
use super::table::{KeyRange, Table};
use crate::port::{Order, ReadError};
use crate::sequence::Sequence;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow};

/// Rows in the tail that make a merge worth while.
pub const MERGE_ROWS: usize = 65_536;
/// Bytes in the tail that do.
pub const MERGE_BYTES: usize = 64 << 20;
/// Commits since the last merge that do, so that an open replays only so many.
pub const MERGE_COMMITS: u64 = 262_144;
/// Bytes in the journal since the last merge that do, so that an open reads only so many.
pub const MERGE_JOURNAL_BYTES: usize = 256 << 20;

const TABLES: usize = Table::MERGED.len();

#[derive(Clone, Debug)]
struct Slot {
    /// `None`: removed.
    value: Option<Bytes>,
    /// Nothing older knows the key, so that removing it leaves nothing to remember.
    fresh: bool,
}

/// Changes of one stretch of time.
#[derive(Clone, Debug, Default)]
pub struct Generation {
    tables: [BTreeMap<Vec<u8>, Slot>; TABLES],
    bytes: usize,
}

impl Generation {
    /// Rows and removals.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.tables.iter().map(BTreeMap::len).sum()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tables.iter().all(BTreeMap::is_empty)
    }

    /// Takes one change in.
    pub fn apply(&mut self, change: &IndexChange) {
        match &change.change {
            Change::Add(value) => self.put(change.table, &change.key, value, true),
            Change::Replace(value) => self.put(change.table, &change.key, value, false),
            Change::Remove => self.remove(change.table, &change.key),
        }
    }

    /// Takes all changes of a later generation in.
    fn absorb(&mut self, later: &Self) {
        for (table, slots) in Table::MERGED.into_iter().zip(&later.tables) {
            for (key, slot) in slots {
                match &slot.value {
                    Some(value) => self.put(table, key, value, slot.fresh),
                    None => self.remove(table, key),
                }
            }
        }
    }

    fn put(&mut self, table: Table, key: &[u8], value: &Bytes, fresh: bool) {
        let Some(slots) = table.merged_index().and_then(|index| self.tables.get_mut(index)) else { return };
        self.bytes += value.len();
        match slots.get_mut(key) {
            Some(slot) => slot.value = Some(value.clone()),
            None => {
                self.bytes += key.len();
                slots.insert(key.to_vec(), Slot { value: Some(value.clone()), fresh });
            }
        }
    }

    fn remove(&mut self, table: Table, key: &[u8]) {
        let Some(slots) = table.merged_index().and_then(|index| self.tables.get_mut(index)) else { return };
        match slots.get_mut(key) {
            Some(slot) if slot.fresh => {
                let freed = key.len() + slot.value.as_ref().map_or(0, Bytes::len);
                self.bytes = self.bytes.saturating_sub(freed);
                slots.remove(key);
            }
            Some(slot) => slot.value = None,
            None => {
                self.bytes += key.len();
                slots.insert(key.to_vec(), Slot { value: None, fresh: false });
            }
        }
    }

    /// What it knows of a key: nothing, or a value or a removal.
    #[must_use]
    pub fn get(&self, table: Table, key: &[u8]) -> Option<Option<Bytes>> {
        self.slots(table).get(key).map(|slot| slot.value.clone())
    }

    fn slots(&self, table: Table) -> &BTreeMap<Vec<u8>, Slot> {
        static EMPTY: BTreeMap<Vec<u8>, Slot> = BTreeMap::new();
        table.merged_index().and_then(|index| self.tables.get(index)).unwrap_or(&EMPTY)
    }
}

#[derive(Debug)]
struct Frozen {
    changes: Generation,
    /// Everything up to here is in it, or in the tables.
    through: Sequence,
    /// What the tables have already.
    written: Option<(Table, Vec<u8>)>,
}

/// One write of a merge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergeWrite {
    /// Which table.
    pub table: Table,
    /// Which row.
    pub key: Vec<u8>,
    /// Its value; `None` removes it.
    pub value: Option<Bytes>,
}

/// A part of a merge, in key order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergeSlice {
    /// To be written in one group.
    pub writes: Vec<MergeWrite>,
    /// Set on the last part: the tables then have everything up to this sequence.
    pub merged: Option<Sequence>,
}

/// The tail: what is being merged, and what came after.
#[derive(Debug)]
pub struct Tail {
    active: Generation,
    frozen: Option<Frozen>,
    merged: Sequence,
    durable: Sequence,
    /// Since the last merge began.
    journal_bytes: usize,
}

impl Tail {
    /// An empty tail over tables that have everything up to `merged`.
    #[must_use]
    pub fn new(merged: Sequence) -> Self {
        Self { active: Generation::default(), frozen: None, merged, durable: merged, journal_bytes: 0 }
    }

    /// The sequence up to which the tables have everything.
    #[must_use]
    pub fn merged(&self) -> Sequence {
        self.merged
    }

    /// The last durable sequence.
    #[must_use]
    pub fn durable(&self) -> Sequence {
        self.durable
    }

    /// Takes in a group that is durable now.
    pub fn absorb(&mut self, changes: &Generation, through: Sequence, journal_bytes: usize) {
        self.active.absorb(changes);
        self.journal_bytes += journal_bytes;
        self.durable = self.durable.max(through);
    }

    /// Takes in a journal value that an open replays.
    ///
    /// A merge that a crash cut short may have written some of these rows: none is fresh.
    pub fn replay(&mut self, changes: &[IndexChange], sequence: Sequence) {
        for IndexChange { table, key, change } in changes {
            match change {
                Change::Add(value) | Change::Replace(value) => self.active.put(*table, key, value, false),
                Change::Remove => self.active.remove(*table, key),
            }
        }
        self.durable = self.durable.max(sequence);
    }

    /// Whether a merge should begin, or goes on.
    #[must_use]
    pub fn wants_merge(&self, limits: MergeLimits) -> bool {
        self.frozen.is_some()
            || self.active.rows() >= limits.rows
            || self.active.bytes >= limits.bytes
            || self.journal_bytes >= limits.journal_bytes
            || self.durable.saturating_sub(self.merged) >= limits.commits
    }

    /// The next part of the merge, of at most `rows_max` writes; begins a merge if none is going on. `None` if there
    /// is nothing to merge. The same part comes again until [`Tail::merge_written`].
    pub fn merge_slice(&mut self, rows_max: usize) -> Option<MergeSlice> {
        if self.frozen.is_none() {
            if self.merged == self.durable {
                return None;
            }
            let changes = std::mem::take(&mut self.active);
            self.journal_bytes = 0;
            self.frozen = Some(Frozen { changes, through: self.durable, written: None });
        }
        let frozen = self.frozen.as_ref()?;
        let mut writes = Vec::new();
        for table in Table::MERGED {
            let after = match &frozen.written {
                Some((written, _)) if *written > table => continue,
                Some((written, key)) if *written == table => Bound::Excluded(key.clone()),
                _ => Bound::Unbounded,
            };
            for (key, slot) in frozen.changes.slots(table).range((after, Bound::Unbounded)) {
                if writes.len() == rows_max {
                    return Some(MergeSlice { writes, merged: None });
                }
                writes.push(MergeWrite { table, key: key.clone(), value: slot.value.clone() });
            }
        }
        Some(MergeSlice { writes, merged: Some(frozen.through) })
    }

    /// This part is durable.
    pub fn merge_written(&mut self, slice: MergeSlice) {
        if let Some(through) = slice.merged {
            self.frozen = None;
            self.merged = through;
        } else if let (Some(frozen), Some(last)) = (&mut self.frozen, slice.writes.into_iter().next_back()) {
            frozen.written = Some((last.table, last.key));
        }
    }

    /// What it knows of a key: nothing, or a value or a removal.
    #[must_use]
    pub fn get(&self, table: Table, key: &[u8]) -> Option<Option<Bytes>> {
        let older = || self.frozen.as_ref().and_then(|frozen| frozen.changes.get(table, key));
        self.active.get(table, key).or_else(older)
    }

    /// The smallest key that it has a row for.
    #[must_use]
    pub fn first_key(&self, table: Table) -> Option<&[u8]> {
        let frozen = self.frozen.as_ref().map(|frozen| &frozen.changes);
        let generations = [Some(&self.active), frozen].into_iter().flatten();
        generations.filter_map(|changes| changes.slots(table).keys().next().map(Vec::as_slice)).min()
    }

    /// A row of a merged table, from the tail or the tables.
    ///
    /// # Errors
    /// [`ReadError`] if the tables cannot be read.
    pub fn lookup(
        &self,
        snapshot: &dyn Snapshot,
        table: Table,
        key: &[u8],
    ) -> Result<Option<Bytes>, ReadError> {
        match self.get(table, key) {
            Some(known) => Ok(known),
            None => snapshot.get(table, key),
        }
    }

    /// Visits the rows of a merged table in ascending order, the tail's over the tables'.
    ///
    /// # Errors
    /// [`ReadError`] if the tables cannot be read.
    pub fn scan(
        &self,
        snapshot: &dyn Snapshot,
        table: Table,
        range: KeyRange,
        visit: &mut Visit<'_>,
    ) -> Result<(), ReadError> {
        if is_empty(&range) {
            return Ok(());
        }
        let mut newer = self.active.slots(table).range::<Vec<u8>, _>(range.clone()).peekable();
        let none = Generation::default();
        let frozen = self.frozen.as_ref().map_or(&none, |frozen| &frozen.changes);
        let mut older = frozen.slots(table).range::<Vec<u8>, _>(range.clone()).peekable();
        let mut flow = ControlFlow::Continue(());
        // Visits what the tail has below `limit`, then says whether it has `limit` itself.
        let mut tail_up_to = |limit: Option<&[u8]>, visit: &mut Visit<'_>| -> ControlFlow<(), TailHas> {
            loop {
                let key = match (newer.peek(), older.peek()) {
                    (Some((newer, _)), Some((older, _))) => (*newer).min(older),
                    (Some((key, _)), None) | (None, Some((key, _))) => *key,
                    (None, None) => return ControlFlow::Continue(TailHas::Nothing),
                };
                if limit.is_some_and(|limit| key.as_slice() > limit) {
                    return ControlFlow::Continue(TailHas::Nothing);
                }
                let from_older = older.next_if(|(older, _)| *older == key);
                let from_newer = newer.next_if(|(newer, _)| *newer == key);
                if let Some(value) = from_newer.or(from_older).and_then(|(_, slot)| slot.value.as_ref()) {
                    visit(key, value)?;
                }
                if limit == Some(key.as_slice()) {
                    return ControlFlow::Continue(TailHas::Key);
                }
            }
        };
        snapshot.scan(table, range, Order::Ascending, &mut |key, value| {
            flow = match tail_up_to(Some(key), visit) {
                ControlFlow::Break(()) => ControlFlow::Break(()),
                ControlFlow::Continue(TailHas::Key) => ControlFlow::Continue(()),
                ControlFlow::Continue(TailHas::Nothing) => visit(key, value),
            };
            flow
        })?;
        if flow.is_continue() {
            let _ = tail_up_to(None, visit);
        }
        Ok(())
    }
}

enum TailHas {
    Key,
    Nothing,
}

/// When a merge begins.
#[derive(Clone, Copy, Debug)]
pub struct MergeLimits {
    /// Rows in the tail.
    pub rows: usize,
    /// Bytes in the tail.
    pub bytes: usize,
    /// Commits since the last merge.
    pub commits: u64,
    /// Bytes they have in the journal.
    pub journal_bytes: usize,
}

impl Default for MergeLimits {
    fn default() -> Self {
        Self {
            rows: MERGE_ROWS,
            bytes: MERGE_BYTES,
            commits: MERGE_COMMITS,
            journal_bytes: MERGE_JOURNAL_BYTES,
        }
    }
}

/// Whether no key can be in the range (for which `BTreeMap::range` would panic).
#[must_use]
pub fn is_empty(range: &KeyRange) -> bool {
    match range {
        (Bound::Included(from), Bound::Included(to)) => from > to,
        (Bound::Included(from) | Bound::Excluded(from), Bound::Included(to) | Bound::Excluded(to)) => {
            from >= to
        }
        (Bound::Unbounded, _) | (_, Bound::Unbounded) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tables, reduced to one.
    #[derive(Default)]
    struct Tables(BTreeMap<Vec<u8>, Bytes>);

    impl Snapshot for Tables {
        fn get(&self, _: Table, key: &[u8]) -> Result<Option<Bytes>, ReadError> {
            Ok(self.0.get(key).cloned())
        }

        fn scan(&self, _: Table, range: KeyRange, _: Order, visit: &mut Visit<'_>) -> Result<(), ReadError> {
            let _ = self.0.range(range).try_for_each(|(key, value)| visit(key, value));
            Ok(())
        }
    }

    fn change(key: &str, change: Change) -> IndexChange {
        IndexChange { table: Table::Timers, key: key.into(), change }
    }

    fn add(key: &str, value: &'static str) -> IndexChange {
        change(key, Change::Add(Bytes::from_static(value.as_bytes())))
    }

    fn replace(key: &str, value: &'static str) -> IndexChange {
        change(key, Change::Replace(Bytes::from_static(value.as_bytes())))
    }

    fn remove(key: &str) -> IndexChange {
        change(key, Change::Remove)
    }

    fn group(changes: &[IndexChange]) -> Generation {
        let mut group = Generation::default();
        changes.iter().for_each(|change| group.apply(change));
        group
    }

    #[track_caller]
    fn check_rows(tail: &Tail, tables: &Tables, want: &str) {
        let mut rows = Vec::new();
        tail.scan(tables, Table::Timers, (Bound::Unbounded, Bound::Unbounded), &mut |key, value| {
            rows.push(format!("{}={}", String::from_utf8_lossy(key), String::from_utf8_lossy(value)));
            ControlFlow::Continue(())
        })
        .unwrap();
        assert_eq!(rows.join(" "), want);
    }

    fn merge(tail: &mut Tail, tables: &mut Tables, rows_max: usize) {
        while let Some(slice) = tail.merge_slice(rows_max) {
            for MergeWrite { key, value, .. } in slice.writes.clone() {
                match value {
                    Some(value) => tables.0.insert(key, value),
                    None => tables.0.remove(&key),
                };
            }
            tail.merge_written(slice);
        }
    }

    #[test]
    fn what_comes_and_goes_between_merges_leaves_nothing() {
        let mut tail = Tail::new(0);
        tail.absorb(&group(&[add("a", "1"), add("b", "1")]), 1, 0);
        tail.absorb(&group(&[remove("a"), add("c", "1"), remove("c")]), 2, 0);
        assert_eq!(tail.merge_slice(9).unwrap().writes.len(), 1);
    }

    #[test]
    fn the_tail_lies_over_the_tables_at_every_step_of_a_merge() {
        for rows_max in 1..5 {
            let (mut tail, mut tables) = (Tail::new(0), Tables::default());
            tail.absorb(&group(&[add("a", "1"), add("c", "1"), add("e", "1")]), 1, 0);
            merge(&mut tail, &mut tables, rows_max);
            tail.absorb(&group(&[remove("c"), replace("e", "2"), add("b", "1"), add("f", "1")]), 2, 0);
            check_rows(&tail, &tables, "a=1 b=1 e=2 f=1");
            let slice = tail.merge_slice(rows_max).unwrap();
            tail.absorb(&group(&[remove("b"), remove("a"), replace("e", "3"), add("d", "1")]), 3, 0);
            check_rows(&tail, &tables, "d=1 e=3 f=1");
            assert_eq!(tail.merge_slice(rows_max).unwrap(), slice);
            merge(&mut tail, &mut tables, rows_max);
            check_rows(&tail, &tables, "d=1 e=3 f=1");
            assert_eq!((tables.0.len(), tail.merged(), tail.durable()), (3, 3, 3));
        }
    }

    #[test]
    fn much_in_the_journal_makes_a_merge_due() {
        let limits = MergeLimits { journal_bytes: 100, ..MergeLimits::default() };
        let mut tail = Tail::new(0);
        tail.absorb(&group(&[]), 1, 99);
        assert!(!tail.wants_merge(limits));
        tail.absorb(&group(&[]), 2, 1);
        assert!(tail.wants_merge(limits));
        merge(&mut tail, &mut Tables::default(), 1);
        assert!(!tail.wants_merge(limits) && tail.merged() == 2);
    }

    #[test]
    fn a_merge_cut_short_leaves_nothing_behind() {
        let (mut tail, mut tables) = (Tail::new(0), Tables::default());
        tail.absorb(&group(&[add("a", "1"), add("b", "1")]), 1, 0);
        let slice = tail.merge_slice(1).unwrap();
        tables.0.extend(slice.writes.into_iter().filter_map(|write| Some((write.key, write.value?))));
        let mut tail = Tail::new(0);
        tail.replay(&[add("a", "1"), add("b", "1")], 1);
        tail.replay(&[remove("a")], 2);
        check_rows(&tail, &tables, "b=1");
        merge(&mut tail, &mut tables, 1);
        check_rows(&tail, &tables, "b=1");
    }

    #[test]
    fn a_scan_ends_when_told() {
        let (mut tail, mut tables) = (Tail::new(0), Tables::default());
        tail.absorb(&group(&[add("b", "1"), add("d", "1")]), 1, 0);
        merge(&mut tail, &mut tables, 9);
        tail.absorb(&group(&[add("a", "1"), add("c", "1"), add("e", "1")]), 2, 0);
        for limit in 1..5 {
            let mut seen = 0;
            tail.scan(&tables, Table::Timers, (Bound::Unbounded, Bound::Unbounded), &mut |_, _| {
                seen += 1;
                if seen == limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })
            .unwrap();
            assert_eq!(seen, limit);
        }
    }
}
