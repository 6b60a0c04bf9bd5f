//! The same values in groups of the same size, straight into redb or a file; only their part is timed.

use crate::clock::thread_cpu;
use anyhow::Result;
use bytes::Bytes;
use redb::{Database, TableDefinition};
use std::collections::VecDeque;
use std::fs::File;
use std::ops::Bound;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use stepwell_store::backend::place::{Group, Placer, View};
use stepwell_store::backend::snapshot::{Snapshot, Visit};
use stepwell_store::backend::table::{KeyRange, Table, execution_key};
use stepwell_store::backend::tail::Tail;
use stepwell_store::{Commit, Order, PendingKey, PendingWrite, ReadError, SequenceCell, Shard};

const JOURNAL: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("journal");
const EXECUTIONS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("executions");
/// Bytes after which the file begins anew.
const FILE_BYTES_MAX: u64 = 256 << 20;

/// Executions after which a new placer begins.
const EXECUTIONS_PER_PLACER_MAX: u64 = 50_000;

/// All commits of one execution, as a pattern for others.
#[derive(Clone)]
pub(super) struct Commits(pub(super) Arc<[Commit]>);

impl Commits {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The commit of this number for another execution, after `previous`.
    fn at(&self, walk: &Walk, epoch: u64) -> (Commit, SequenceCell) {
        let (execution, previous) = (walk.execution, walk.last.as_ref());
        let cell = SequenceCell::default();
        let mut commit = self.0[walk.turn].clone();
        commit.epoch = epoch;
        commit.preconditions.clear();
        for write in &mut commit.pending {
            let (PendingWrite::Add(key, _) | PendingWrite::Replace(key, _) | PendingWrite::Remove(key)) =
                write;
            if let PendingKey::Inflight { execution: of, .. } | PendingKey::Timer { execution: of, .. } = key
            {
                *of = execution;
            }
        }
        if let Some(transition) = &mut commit.transition {
            let previous = previous.map(|cell| Arc::clone(cell).into());
            transition.sequence = Arc::clone(&cell);
            transition.execution = execution;
            transition.refs = previous.iter().cycle().take(transition.refs.len()).cloned().collect();
            transition.row.frames.iter_mut().for_each(|(_, at)| *at = Arc::clone(&cell).into());
            transition.previous = previous;
        }
        (commit, cell)
    }
}

/// An execution on its way.
pub(super) struct Walk {
    execution: u64,
    turn: usize,
    last: Option<SequenceCell>,
}

/// Executions on their way, each at another turn, and new ones.
pub(super) struct Walks {
    resting: VecDeque<Walk>,
    next_execution: u64,
    epoch: u64,
}

impl Walks {
    /// Executions with numbers above this one.
    pub(super) fn new(above: u64, epoch: u64) -> Self {
        Self { resting: VecDeque::new(), next_execution: above, epoch }
    }

    /// The next commit of the execution that has rested longest, or the first of a new one.
    pub(super) fn next(&mut self, commits: &Commits) -> (Commit, Walk) {
        let mut walk = self.resting.pop_front().unwrap_or_else(|| {
            self.next_execution += 1;
            Walk { execution: self.next_execution, turn: 0, last: None }
        });
        let (commit, cell) = commits.at(&walk, self.epoch);
        (walk.turn, walk.last) = (walk.turn + 1, Some(cell));
        (commit, walk)
    }

    /// Its commit was taken: it goes on, unless that was its last.
    pub(super) fn done(&mut self, walk: Walk, commits: &Commits) {
        if walk.turn < commits.len() {
            self.resting.push_back(walk);
        }
    }
}

/// Makes groups of the commits of many executions.
struct Groups {
    placer: Placer,
    tail: Tail,
    walks: Walks,
    /// The first that this placer has seen.
    first_execution: u64,
}

impl Groups {
    /// Sequences and executions go on behind all that are there.
    fn new(first: u64) -> Self {
        Self {
            placer: Placer::new(Shard(0), 1, first, first),
            tail: Tail::new(0),
            walks: Walks::new(first, 1),
            first_execution: first,
        }
    }

    /// As many executions are on their way as have a commit in each group.
    fn next(&mut self, commits: &Commits, size: usize) -> Result<Group> {
        // The placer forgets what would be too much, and there is no row here that it could read again.
        let next_execution = self.walks.next_execution;
        if next_execution - self.first_execution > EXECUTIONS_PER_PLACER_MAX {
            self.placer = Placer::new(Shard(0), 1, self.placer.begin().through, next_execution);
            self.first_execution = next_execution;
            self.walks = Walks::new(next_execution, 1);
        }
        let mut group = self.placer.begin();
        let mut taken = Vec::with_capacity(size);
        for _ in 0..size {
            let (commit, walk) = self.walks.next(commits);
            let view = View { tail: &self.tail, snapshot: &NoTables };
            self.placer.place(&mut group, commit, &view)?;
            taken.push(walk);
        }
        taken.into_iter().for_each(|walk| self.walks.done(walk, commits));
        Ok(group)
    }
}

/// redb, which syncs once per group.
pub(super) struct BareRedb {
    database: Database,
    groups: Groups,
}

impl BareRedb {
    pub(super) fn open(file: &Path, first: u64) -> Result<Self> {
        Ok(Self {
            database: Database::builder().set_cache_size(256 << 20).open(file)?,
            groups: Groups::new(first),
        })
    }

    /// Executions per second, and per second of CPU.
    pub(super) fn run(&mut self, commits: &Commits, size: usize, time: Duration) -> Result<(f64, f64)> {
        timed(&mut self.groups, commits, size, time, |group| {
            let transaction = self.database.begin_write()?;
            {
                let mut journal = transaction.open_table(JOURNAL)?;
                let mut cursor = journal.upper_bound_mut(Bound::<&[u8]>::Unbounded)?;
                for (key, value) in &group.journal {
                    cursor.insert_before(key.as_slice(), value.as_slice())?;
                }
                cursor.close()?;
                let mut executions = transaction.open_table(EXECUTIONS)?;
                for (number, value) in &group.executions {
                    executions.insert(execution_key(Shard(0), *number).as_slice(), value.as_slice())?;
                }
            }
            Ok(transaction.commit()?)
        })
    }
}

/// A file to which each group is appended and synced.
pub(super) struct BareFile {
    file: File,
    end: u64,
    groups: Groups,
}

impl BareFile {
    pub(super) fn create(path: &Path) -> Result<Self> {
        let file = File::create(path)?;
        file.set_len(FILE_BYTES_MAX)?;
        file.sync_all()?;
        Ok(Self { file, end: 0, groups: Groups::new(1) })
    }

    /// Executions per second.
    pub(super) fn run(&mut self, commits: &Commits, size: usize, time: Duration) -> Result<f64> {
        let Self { file, end, groups } = self;
        let (rate, _) = timed(groups, commits, size, time, |group| {
            let rows = group.journal.iter().map(|(key, value)| (key.as_slice(), value));
            let mut record = Vec::with_capacity(64 << 10);
            for (key, value) in rows {
                record.extend_from_slice(key);
                record.extend_from_slice(value);
            }
            for (number, value) in &group.executions {
                record.extend_from_slice(&number.to_be_bytes());
                record.extend_from_slice(value);
            }
            if *end + record.len() as u64 > FILE_BYTES_MAX {
                *end = 0;
            }
            file.write_all_at(&record, *end)?;
            file.sync_data()?;
            *end += record.len() as u64;
            Ok(())
        })?;
        Ok(rate)
    }
}

fn timed(
    groups: &mut Groups,
    commits: &Commits,
    size: usize,
    time: Duration,
    mut write: impl FnMut(&Group) -> Result<()>,
) -> Result<(f64, f64)> {
    let (mut spent, mut spent_cpu, mut written) = (Duration::ZERO, Duration::ZERO, 0);
    while spent < time {
        let group = groups.next(commits, size)?;
        let (began, cpu) = (Instant::now(), thread_cpu());
        write(&group)?;
        spent += began.elapsed();
        spent_cpu += thread_cpu() - cpu;
        written += size;
    }
    let executions = written as f64 / commits.len() as f64;
    Ok((executions / spent.as_secs_f64(), executions / spent_cpu.as_secs_f64()))
}

struct NoTables;

impl Snapshot for NoTables {
    fn get(&self, _: Table, _: &[u8]) -> Result<Option<Bytes>, ReadError> {
        Ok(None)
    }

    fn scan(&self, _: Table, _: KeyRange, _: Order, _: &mut Visit<'_>) -> Result<(), ReadError> {
        Ok(())
    }
}
