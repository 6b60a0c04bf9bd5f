//! Durable commits through the port, against bare redb with the same bytes and the same group size.
//!
//! One execution of one Task is five commits: start, schedule (with an attempt and a timer), answer (both go), exit,
//! close; bodies of 300 bytes. `cargo bench -p stepwell-store-redb` fills a file with 1,000,000 executions first;
//! `-- --executions 50000 --seconds 1` is quicker. Rounds of both alternate, and the ratio is that of the medians.
#![expect(clippy::print_stdout, reason = "it prints its figures")]

#[path = "support/walk.rs"]
mod walk;

use bytes::Bytes;
use redb::{Database, TableDefinition};
use std::collections::VecDeque;
use std::ops::Bound;
use std::path::Path;
use std::time::{Duration, Instant};
use stepwell_store::backend::place::{Group, Placer, View};
use stepwell_store::backend::snapshot::{Snapshot, Visit};
use stepwell_store::backend::table::{KeyRange, Table, execution_key};
use stepwell_store::backend::tail::Tail;
use stepwell_store::{Lane, Order, ReadError, Shard, Store, SubmitError, Ticket};
use stepwell_store_redb::{DiskOptions, RedbOptions, RedbStore, Repair};
use walk::Walk;

const ROUNDS: usize = 3;
const SUBMITTERS: [usize; 3] = [16, 128, 1_024];

fn main() {
    let options = Options::read();
    let folder = tempfile::TempDir::new().expect("a folder");
    let bare_file = folder.path().join("bare.redb");
    let mut next = 1;
    {
        let store = open(folder.path(), Repair::Log);
        let started = Instant::now();
        fill(&store, options.executions, &mut next);
        println!("filled with {} executions in {:.1} s", options.executions, started.elapsed().as_secs_f64());
    }
    std::fs::copy(folder.path().join("store.redb"), &bare_file).expect("room for a second file");
    println!(
        "{:>10} {:>8} {:>12} {:>14} {:>14} {:>12} {:>14}",
        "submitters", "group", "port", "bare", "bare, quick", "port/bare", "port/bare quick"
    );
    for submitters in options.submitters {
        let (mut port, mut bare, mut quick, mut group) = (Vec::new(), Vec::new(), Vec::new(), 1);
        for _ in 0..ROUNDS {
            let store = open(folder.path(), options.repair);
            let before = store.core().groups();
            let (rate, commits) = run_port(&store, submitters, options.time, &mut next);
            group = (commits / (store.core().groups() - before).max(1)).max(1);
            port.push(rate);
            drop(store);
            let size = usize::try_from(group).unwrap_or(1);
            bare.push(run_bare(&bare_file, size, options.time, Repair::Rescan, &mut next));
            quick.push(run_bare(&bare_file, size, options.time, Repair::Quick, &mut next));
        }
        let (port, bare, quick) = (median(port), median(bare), median(quick));
        println!(
            "{submitters:>10} {group:>8} {port:>10.0}/s {bare:>12.0}/s {quick:>12.0}/s {:>11.0}% {:>13.0}%",
            100.0 * port / bare,
            100.0 * port / quick
        );
    }
    time_open_after_crash(folder.path(), options.time, &mut next);
}

struct Options {
    executions: u64,
    time: Duration,
    repair: Repair,
    submitters: Vec<usize>,
}

impl Options {
    fn read() -> Self {
        let mut options = Self {
            executions: 1_000_000,
            time: Duration::from_secs(4),
            repair: Repair::Log,
            submitters: SUBMITTERS.to_vec(),
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut number = || arguments.next().and_then(|text| text.parse().ok()).expect("a number");
            match argument.as_str() {
                "--executions" => options.executions = number(),
                "--seconds" => options.time = Duration::from_secs(number()),
                "--submitters" => options.submitters = vec![number() as usize],
                "--quick-repair" => options.repair = Repair::Quick,
                "--rescan" => options.repair = Repair::Rescan,
                // What cargo itself adds.
                "--bench" => {}
                other => panic!("unknown argument {other}"),
            }
        }
        options
    }
}

fn open(folder: &Path, repair: Repair) -> RedbStore {
    RedbStore::open(
        folder,
        RedbOptions { disk: DiskOptions { repair, ..DiskOptions::default() }, ..RedbOptions::default() },
    )
    .expect("the folder opens")
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

/// How long an open takes on what a crash right now would leave: the files as they are under an open store.
fn time_open_after_crash(folder: &Path, time: Duration, next: &mut u64) {
    let store = open(folder, Repair::Log);
    run_port(&store, 256, time, next);
    let crashed = tempfile::TempDir::new().expect("a folder");
    for file in ["store.redb", "store.log"] {
        std::fs::copy(folder.join(file), crashed.path().join(file)).expect("room for a copy");
    }
    let behind = store.health();
    let started = Instant::now();
    let opened = open(crashed.path(), Repair::Log);
    let opened_in = started.elapsed();
    assert_eq!(opened.health().durable, behind.durable);
    println!(
        "open after a crash: {:.0} ms, with {} commits since the last merge",
        opened_in.as_secs_f64() * 1e3,
        behind.durable - behind.merged
    );
}

/// Fills the file with started executions, as fast as the queue takes them.
fn fill(store: &RedbStore, executions: u64, next: &mut u64) {
    let mut waiting: VecDeque<Ticket> = VecDeque::new();
    for _ in 0..executions {
        let mut commit = Walk::new(next).next(store.epoch());
        loop {
            match store.submit(commit.clone()) {
                Ok(ticket) => break waiting.push_back(ticket),
                Err(SubmitError::QueueFull { .. }) => {
                    assert!(waiting.pop_front().is_none_or(|ticket| ticket.wait().is_ok()));
                }
                Err(error) => panic!("{error}"),
            }
            commit.lane = Lane::Start;
        }
    }
    assert!(waiting.into_iter().all(|ticket| ticket.wait().is_ok()));
}

/// So many submitters, each with one commit on its way. Commits per second, and how many.
fn run_port(store: &RedbStore, submitters: usize, time: Duration, next: &mut u64) -> (f64, u64) {
    let epoch = store.epoch();
    let mut waiting = VecDeque::with_capacity(submitters);
    let submit = |walk: &mut Walk| store.submit(walk.next(epoch)).expect("room in the queue");
    for _ in 0..submitters {
        let mut walk = Walk::new(next);
        waiting.push_back((submit(&mut walk), walk));
    }
    let (started, mut commits) = (Instant::now(), 0);
    while started.elapsed() < time {
        let (ticket, mut walk) = waiting.pop_front().expect("every submitter waits");
        assert!(ticket.wait().is_ok());
        commits += 1;
        if walk.is_done() {
            walk = Walk::new(next);
        }
        waiting.push_back((submit(&mut walk), walk));
    }
    let rate = commits as f64 / started.elapsed().as_secs_f64();
    assert!(waiting.into_iter().all(|(ticket, _)| ticket.wait().is_ok()));
    (rate, commits)
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

/// The same values in groups of the same size, straight into redb; only redb's part is timed.
fn run_bare(file: &Path, group_size: usize, time: Duration, repair: Repair, next: &mut u64) -> f64 {
    let database = Database::builder().set_cache_size(256 << 20).open(file).expect("the file opens");
    let tail = Tail::new(0);
    // Sequences go on behind all that any earlier round wrote.
    let mut placer = Placer::new(Shard(0), 1, *next * 100, *next);
    let mut walks: VecDeque<Walk> = (0..group_size).map(|_| Walk::new(next)).collect();
    let (mut spent, mut commits) = (Duration::ZERO, 0);
    while spent < time {
        let mut group = placer.begin();
        for walk in &mut walks {
            let view = View { tail: &tail, snapshot: &NoTables };
            placer.place(&mut group, walk.next(1), &view).expect("a valid commit");
            if walk.is_done() {
                *walk = Walk::new(next);
            }
        }
        let started = Instant::now();
        write_bare(&database, &group, repair).expect("redb writes");
        spent += started.elapsed();
        commits += group_size;
    }
    commits as f64 / spent.as_secs_f64()
}

fn write_bare(database: &Database, group: &Group, repair: Repair) -> Result<(), redb::Error> {
    const JOURNAL: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("journal");
    const EXECUTIONS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("executions");
    let mut transaction = database.begin_write()?;
    transaction.set_quick_repair(repair == Repair::Quick);
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
    transaction.commit()?;
    Ok(())
}
