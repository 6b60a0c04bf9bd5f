//! The crash suite: a seeded workload, a crash at a chosen point, an open on what survived, and the question whether
//! that is what was acknowledged, with nothing half-written.
//!
//! Every commit of the workload is valid and of one account, so commit number n has sequence n, and the whole state
//! follows from how many commits there are. After a crash that must be all the acknowledged ones, or these and the
//! whole group that was being written.
//!
//! Groups carry steps of retention, too. Executions start two days apart, so that within a run some are folded, some
//! reduced and some removed. What is due may have happened or not when the power goes, but only as a whole, and what
//! is not due must not have; in the end all of it happens.

use super::Subject;
use super::fixture::{Walk, history_only, name, scope, step_of};
use crate::catalog::{CatalogKey, CatalogKind, CatalogScope, CatalogWrite};
use crate::commit::{Commit, TransitionWrite};
use crate::execution::{ExecutionStatus, ExecutionsQuery, HistoryQuery, StoredEntry};
use crate::pending::{PendingKey, PendingKind, PendingWrite};
use crate::port::{Order, ReadError, Store};
use crate::promise::block_on;
use crate::retention::{NextStep, RetentionWindows};
use crate::sequence::{ExecutionNumber, SequenceCell};
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Waker};
use stepwell_types::{AccountId, Region};

/// Lives of one run, each ended by a crash.
const LIVES: usize = 3;
/// Batches of commits in one life.
const BATCHES: usize = 16;
/// Milliseconds between two starts.
const START_INTERVAL_MS: i64 = 2 * 24 * 60 * 60 * 1_000;

/// A backend that can lose power.
pub trait CrashBackend {
    /// Opens the store on what there is, to lose power at this point of its work (counted as the backend likes, from
    /// the open on). `None` if that happened while opening.
    fn open_until(&mut self, point: u64) -> Option<Subject>;

    /// Opens the store on what survived; no more crashes.
    ///
    /// # Errors
    /// What the backend says if it cannot.
    fn open(&mut self) -> Result<Subject, String>;

    /// Whether the last point was reached.
    fn struck(&self) -> bool;
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Survived {
    /// At least one life was cut short.
    Crashes,
    /// The workload ended before the point in every life: later points give nothing new.
    NoCrash,
}

/// Runs some lives of the workload, with a crash at `point` of each.
///
/// # Errors
/// What was lost, doubled or half-written.
pub fn run(backend: &mut dyn CrashBackend, seed: u64, point: u64) -> Result<Survived, String> {
    let mut random = Random(seed.wrapping_mul(2).wrapping_add(1));
    let mut commits: Vec<Step> = Vec::new();
    let mut past = Past::default();
    let mut survived = Survived::NoCrash;
    for life in 0..LIVES {
        let acknowledged = match backend.open_until(point) {
            None => commits.len(),
            Some(subject) => live(&subject, &mut random, &mut commits, &mut past)?,
        };
        if backend.struck() {
            survived = Survived::Crashes;
        }
        let subject =
            backend.open().map_err(|error| format!("life {life}: the store does not open: {error}"))?;
        let durable = usize::try_from(subject.store.health().durable).unwrap_or(usize::MAX);
        if durable != acknowledged && durable != commits.len() {
            let submitted = commits.len();
            return Err(format!(
                "life {life}: {durable} commits; {acknowledged} acknowledged, {submitted} submitted"
            ));
        }
        commits.truncate(durable);
        let model = Model::of(&commits);
        verify(&*subject.store, &model, &mut past).map_err(|error| format!("life {life}: {error}"))?;
        if life + 1 == LIVES {
            finish(&subject, &model, &mut past).map_err(|error| format!("in the end: {error}"))?;
        }
    }
    if survived == Survived::NoCrash && past.gone.len() < 5 {
        return Err(format!("only {} executions came to the end of their retention", past.gone.len()));
    }
    Ok(survived)
}

/// What retention was asked for, and what it is known to have done.
#[derive(Default)]
struct Past {
    /// The latest time that it was given.
    latest_ms: i64,
    /// Executions that were seen to be gone: none of them comes back.
    gone: BTreeSet<ExecutionNumber>,
}

/// Does all that is due; then it is done.
fn finish(subject: &Subject, model: &Model, past: &mut Past) -> Result<(), String> {
    let latest_ms = past.latest_ms;
    while step_of(subject, latest_ms).map_err(|error| error.to_string())?.next == NextStep::Now {}
    verify(&*subject.store, model, past)?;
    let report = block_on(subject.store.check()).map_err(|error| error.to_string())?;
    let windows = RetentionWindows::default();
    let closed = model.executions.iter().filter(|(number, modelled)| {
        modelled.status != ExecutionStatus::Running && stopped_ms(**number) <= latest_ms
    });
    let (due, kept): (Vec<_>, Vec<_>) =
        closed.partition(|(number, _)| stopped_ms(**number) + windows.retention_ms <= latest_ms);
    if (past.gone.len(), report.folded) == (due.len(), kept.len() as u64) {
        Ok(())
    } else {
        let (gone, folded) = (past.gone.len(), report.folded);
        Err(format!("{gone} of {} are gone, {folded} of {} folded", due.len(), kept.len()))
    }
}

/// Commits until the power goes; returns how many commits are acknowledged in all.
fn live(
    subject: &Subject,
    random: &mut Random,
    commits: &mut Vec<Step>,
    past: &mut Past,
) -> Result<usize, String> {
    let mut model = Model::of(commits);
    let mut cells = BTreeMap::new();
    for _ in 0..BATCHES {
        let acknowledged = commits.len();
        let mut tickets = Vec::new();
        for _ in 0..random.below(12) + 1 {
            let step = model.next_step(random);
            let commit = model.commit(&step, &*subject.store, &mut cells);
            tickets.push(subject.store.submit(commit).map_err(|error| format!("not queued: {error}"))?);
            model.apply(&step);
            commits.push(step);
        }
        // The group carries a step of retention, most of the time.
        let now_ms = started_ms(model.last_number) + 1_000;
        let mut step = (random.below(4) > 0).then(|| subject.store.retain(now_ms, history_only));
        if let Some(step) = &mut step {
            past.latest_ms = past.latest_ms.max(now_ms);
            let _ = step.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        }
        // One group, so that all of it or nothing may survive.
        (subject.run_group)();
        let answers: Vec<_> = tickets.iter().filter_map(crate::promise::Promise::peek).collect();
        if answers.len() < tickets.len() {
            return Err("a ticket is left open".to_owned());
        }
        if let Some(refusal) = answers.iter().find_map(|answer| match answer {
            Err(crate::commit::CommitError::Refused(refusal)) => Some(refusal),
            _ => None,
        }) {
            return Err(format!("a valid commit was refused: {refusal}"));
        }
        match answers.iter().filter(|answer| answer.is_ok()).count() {
            0 => return Ok(acknowledged),
            all if all == answers.len() => {}
            _ => return Err("a group was acknowledged in part".to_owned()),
        }
        // And sometimes a step goes alone.
        if random.below(3) == 0 {
            past.latest_ms = past.latest_ms.max(now_ms);
            match step_of(subject, now_ms) {
                Ok(_) => {}
                Err(ReadError::Stopped(_)) => return Ok(commits.len()),
                Err(error) => return Err(error.to_string()),
            }
        }
    }
    Ok(commits.len())
}

/// One commit of the workload.
#[derive(Clone, Debug)]
enum Step {
    Start(ExecutionNumber),
    Turn(ExecutionNumber),
    Close(ExecutionNumber, ExecutionStatus),
    PutCatalog(u64, Bytes),
    DeleteCatalog(u64),
    Express(ExecutionNumber),
    ExpressEnded(ExecutionNumber),
}

/// What the commits so far amount to.
#[derive(Default)]
struct Model {
    commits: u64,
    executions: BTreeMap<ExecutionNumber, Modelled>,
    catalog: BTreeMap<u64, (u64, Bytes)>,
    express: BTreeMap<ExecutionNumber, Bytes>,
    last_number: ExecutionNumber,
}

#[derive(Clone)]
struct Modelled {
    turns: u64,
    last_sequence: u64,
    status: ExecutionStatus,
}

impl Model {
    fn of(commits: &[Step]) -> Self {
        let mut model = Self::default();
        commits.iter().for_each(|step| model.apply(step));
        model
    }

    fn apply(&mut self, step: &Step) {
        self.commits += 1;
        let sequence = self.commits;
        let mut turn = |number, status| {
            let entry = self.executions.entry(number);
            let modelled = entry.or_insert(Modelled { turns: 0, last_sequence: 0, status });
            *modelled = Modelled { turns: modelled.turns + 1, last_sequence: sequence, status };
        };
        match step {
            Step::Start(number) | Step::Turn(number) => turn(*number, ExecutionStatus::Running),
            Step::Close(number, status) => turn(*number, *status),
            Step::PutCatalog(name, value) => {
                self.catalog.insert(*name, (sequence, value.clone()));
            }
            Step::DeleteCatalog(name) => {
                self.catalog.remove(name);
            }
            Step::Express(number) => {
                self.express.insert(*number, body(*number, 0));
            }
            Step::ExpressEnded(number) => {
                self.express.remove(number);
            }
        }
        if let Step::Start(number) | Step::Express(number) = step {
            self.last_number = self.last_number.max(*number);
        }
    }

    fn next_step(&self, random: &mut Random) -> Step {
        let open = |turns_min: u64| {
            let open = self.executions.iter().filter(move |(_, modelled)| {
                modelled.status == ExecutionStatus::Running && modelled.turns >= turns_min
            });
            open.map(|(number, _)| *number).collect::<Vec<_>>()
        };
        let express: Vec<_> = self.express.keys().copied().collect();
        match random.below(20) {
            0 => Step::PutCatalog(random.below(6), body(random.below(100), 9)),
            1 => Step::DeleteCatalog(random.below(6)),
            2 | 3 => Step::Express(self.last_number + 1),
            4 | 5 if !express.is_empty() => Step::ExpressEnded(random.pick(&express)),
            6..=8 if !open(2).is_empty() => {
                let status = [ExecutionStatus::Succeeded, ExecutionStatus::Failed, ExecutionStatus::Aborted];
                Step::Close(random.pick(&open(2)), random.pick(&status))
            }
            9..=16 if !open(0).is_empty() => Step::Turn(random.pick(&open(0))),
            _ => Step::Start(self.last_number + 1),
        }
    }

    /// The commit of a step that is not applied yet.
    fn commit(
        &self,
        step: &Step,
        store: &dyn Store,
        cells: &mut BTreeMap<ExecutionNumber, SequenceCell>,
    ) -> Commit {
        let mut commit = Commit::new(AccountId::DEFAULT, store.epoch());
        match step {
            Step::Start(number) | Step::Turn(number) => {
                let write = self.transition(*number, None, cells);
                let turn = self.turns(*number);
                if let Some(last) = turn.checked_sub(1) {
                    commit.pending.push(PendingWrite::Remove(timer(*number, last)));
                }
                commit.pending.push(PendingWrite::Add(timer(*number, turn), body(*number, turn)));
                commit.transition = Some(write);
            }
            Step::Close(number, status) => {
                commit.pending.push(PendingWrite::Remove(timer(*number, self.turns(*number) - 1)));
                commit.transition = Some(self.transition(*number, Some(*status), cells));
            }
            Step::PutCatalog(name, value) => {
                commit.catalog.push(CatalogWrite::Put(catalog_key(*name), value.clone()));
            }
            Step::DeleteCatalog(name) => commit.catalog.push(CatalogWrite::Delete(catalog_key(*name))),
            Step::Express(execution) => {
                let key = PendingKey::ExpressStart { execution: *execution };
                commit.pending.push(PendingWrite::Add(key, body(*execution, 0)));
            }
            Step::ExpressEnded(execution) => {
                commit.pending.push(PendingWrite::Remove(PendingKey::ExpressStart { execution: *execution }));
            }
        }
        commit
    }

    fn turns(&self, number: ExecutionNumber) -> u64 {
        self.executions.get(&number).map_or(0, |modelled| modelled.turns)
    }

    fn transition(
        &self,
        number: ExecutionNumber,
        close: Option<ExecutionStatus>,
        cells: &mut BTreeMap<ExecutionNumber, SequenceCell>,
    ) -> TransitionWrite {
        let turns = self.turns(number);
        let mut walk = Walk::new(number);
        walk.row.started_ms = started_ms(number);
        walk.row.next_event = 1 + turns;
        let stored = self.executions.get(&number).map(|modelled| modelled.last_sequence);
        // Within a life the cell, which may not be filled yet; else what an open finds.
        walk.last =
            cells.get(&number).cloned().or_else(|| stored.map(|stored| Arc::new(OnceLock::from(stored))));
        let mut write = match close {
            Some(status) => walk.close(status),
            None => walk.step(1, Bytes::new()),
        };
        write.body = body(number, turns);
        cells.insert(number, Arc::clone(&write.sequence));
        write
    }
}

fn timer(execution: ExecutionNumber, turn: u64) -> PendingKey {
    PendingKey::Timer {
        due_ms: (execution * 7_919 % 1_000).cast_signed(),
        execution,
        event: turn + 1,
        slot: 0,
    }
}

fn catalog_key(name: u64) -> CatalogKey {
    let key =
        CatalogKey::new(CatalogKind::Setting, AccountId::DEFAULT, &Region::default(), &format!("k{name}"));
    key.expect("a short name")
}

fn started_ms(number: ExecutionNumber) -> i64 {
    number.cast_signed() * START_INTERVAL_MS
}

/// As [`Walk::close`] has it.
fn stopped_ms(number: ExecutionNumber) -> i64 {
    started_ms(number) + 100
}

/// Tells executions and turns apart, and is long enough to lie on several pages now and then.
fn body(number: u64, turn: u64) -> Bytes {
    let length = usize::try_from((number * 31 + turn * 17) % 97).unwrap_or(0);
    let history = format!("{number}.{turn}:").repeat(if length == 0 { 900 } else { length });
    Bytes::from(history + "|for a redrive")
}

/// Whether a transition is as it was written, or reduced to its history where that is due.
fn is_as_written(entry: &StoredEntry, turn: u64, may_be_reduced: bool) -> bool {
    let whole = StoredEntry { body: body(entry.execution, turn), ..entry.clone() };
    entry.body == whole.body || (may_be_reduced && Some(&entry.body) == history_only(&whole).as_ref())
}

fn verify(store: &dyn Store, model: &Model, past: &mut Past) -> Result<(), String> {
    let broken = |error: ReadError| error.to_string();
    let same = |what: &str, same: bool| if same { Ok(()) } else { Err(format!("{what} differ")) };
    let report = block_on(store.check()).map_err(broken)?;
    same("commits", report.commits == model.commits)?;
    same("the last execution's number", store.last_execution() == model.last_number)?;

    let windows = RetentionWindows::default();
    for (number, modelled) in &model.executions {
        let is_closed = modelled.status != ExecutionStatus::Running;
        let is_past = |window_ms| is_closed && stopped_ms(*number) + window_ms <= past.latest_ms;
        let (may_be_reduced, may_be_gone) = (is_past(windows.redrive_ms), is_past(windows.retention_ms));
        let stored = block_on(store.execution(*number)).map_err(broken)?;
        let query = HistoryQuery {
            execution: *number,
            order: Order::Ascending,
            from_event: None,
            entries_max: 1_000,
            bytes_max: usize::MAX,
        };
        let history = block_on(store.history(query)).map_err(broken)?;
        let named =
            block_on(store.execution_by_name(scope(0, "m"), name(&format!("e{number}")))).map_err(broken)?;
        let Some(stored) = stored else {
            if !may_be_gone {
                return Err(format!("execution {number} is lost"));
            }
            same("what is left of a removed execution", named.is_none() && history.entries.is_empty())?;
            past.gone.insert(*number);
            continue;
        };
        same("executions that are gone", !past.gone.contains(number))?;
        same(
            "turns",
            (stored.transitions, stored.last_sequence) == (modelled.turns, modelled.last_sequence),
        )?;
        same("statuses", stored.row.status == modelled.status)?;
        let as_written =
            (0..).zip(&history.entries).all(|(turn, entry)| is_as_written(entry, turn, may_be_reduced));
        same("histories", as_written && history.entries.len() as u64 == modelled.turns)?;
        same("names", named.map(|named| named.number) == Some(*number))?;
    }
    let there = || model.executions.iter().rev().filter(|(number, _)| !past.gone.contains(number));
    same("executions", report.executions == there().count() as u64)?;
    let query = ExecutionsQuery { scope: scope(0, "m"), status: None, after: None, limit: 1_000 };
    for status in [None, Some(ExecutionStatus::Running), Some(ExecutionStatus::Failed)] {
        let page = block_on(store.executions(ExecutionsQuery { status, ..query.clone() })).map_err(broken)?;
        let listed: Vec<_> = page.executions.iter().map(|execution| execution.number).collect();
        let wanted = there().filter(|(_, modelled)| status.is_none_or(|s| s == modelled.status));
        same("listings", listed == wanted.map(|(number, _)| *number).collect::<Vec<_>>())?;
    }

    let open = model.executions.iter().filter(|(_, modelled)| modelled.status == ExecutionStatus::Running);
    let mut timers: Vec<_> =
        open.map(|(number, modelled)| (timer(*number, modelled.turns - 1), *number)).collect();
    timers.sort_unstable();
    same(
        "timers",
        pending(store, PendingKind::Timer)?.into_iter().map(|row| row.0).eq(timers.iter().map(|t| t.0)),
    )?;
    let express = pending(store, PendingKind::ExpressStart)?;
    let wanted = model
        .express
        .iter()
        .map(|(number, value)| (PendingKey::ExpressStart { execution: *number }, value.clone()));
    same("Express starts", express.into_iter().eq(wanted))?;

    let settings = CatalogScope::Kind(CatalogKind::Setting);
    let page = block_on(store.catalog_scan(settings, Order::Ascending, None, 100)).map_err(broken)?;
    let rows = page.rows.into_iter().map(|row| (row.key, row.revision, row.value));
    let wanted =
        model.catalog.iter().map(|(name, (revision, value))| (catalog_key(*name), *revision, value.clone()));
    same("catalog rows", rows.eq(wanted))
}

fn pending(store: &dyn Store, kind: PendingKind) -> Result<Vec<(PendingKey, Bytes)>, String> {
    let page = block_on(store.pending(kind, None, 1_000)).map_err(|error| error.to_string())?;
    Ok(page.rows.into_iter().map(|row| (row.key, row.value)).collect())
}

/// A small generator: the same seed, the same run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: u64) -> u64 {
        (self.next() >> 11) % end.max(1)
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).unwrap_or(0)]
    }
}
