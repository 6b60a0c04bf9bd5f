//! What it costs to fold and to remove what has closed, against what it cost to commit it.
//!
//! `cargo bench -p stepwell-store-redb --bench retention` commits 40,000 executions of one Task (five commits, bodies of
//! 300 bytes), folds them and removes them, with the processor time of each and the file's size after each; then it
//! commits with and without folding beside it, in turns. `-- --executions 5000 --seconds 1` is quicker.
#![expect(clippy::print_stdout, reason = "it prints its figures")]

#[path = "support/walk.rs"]
mod walk;

use redb::Database;
use std::collections::VecDeque;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use stepwell_store::backend::core::CoreOptions;
use stepwell_store::{NextStep, Retained, RetentionWindows, Store, block_on};
use stepwell_store_redb::{RedbOptions, RedbStore};
use walk::{STARTED_MS, Walk};

const ROUNDS: usize = 5;
const SUBMITTERS: usize = 256;
/// Processor time in `/proc/self/stat` is counted so often in a second.
const TICKS_PER_SECOND: f64 = 100.0;

fn main() {
    let (mut executions, mut time) = (40_000, Duration::from_secs(3));
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|text| text.parse().ok()).expect("a number");
        match argument.as_str() {
            "--executions" => executions = number(),
            "--seconds" => time = Duration::from_secs(number()),
            // What cargo itself adds.
            "--bench" => {}
            other => panic!("unknown argument {other}"),
        }
    }
    let folder = tempfile::TempDir::new().expect("a folder");
    measure_cost(folder.path(), executions);
    // Ever later groups of executions are due right away; or long ago, so that every group carries a step.
    let (due_ms, late_ms) = (STARTED_MS + 50_000, STARTED_MS + 10_000_000_000);
    for (submitters, what, now_ms) in
        [(16, "with folds", due_ms), (256, "with folds", due_ms), (256, "lagging", late_ms)]
    {
        let folder = tempfile::TempDir::new().expect("a folder");
        println!("\n{submitters} submitters");
        measure_rivalry(folder.path(), time, submitters, what, now_ms);
    }
}

fn open(folder: &Path) -> RedbStore {
    // It goes through months in a moment.
    let core = CoreOptions { clock_jump_ms_max: i64::MAX, ..CoreOptions::default() };
    RedbStore::open(folder, RedbOptions { core, ..RedbOptions::default() }).expect("the folder opens")
}

/// Seconds of processor time of this process, all threads.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum::<f64>() / TICKS_PER_SECOND
}

fn file_bytes(folder: &Path) -> u64 {
    std::fs::metadata(folder.join("store.redb")).expect("a file").len()
}

/// Bytes of the pages that hold something, in a store that is closed. The file itself grows by doubling.
fn used_bytes(folder: &Path) -> u64 {
    let database = Database::open(folder.join("store.redb")).expect("a database");
    let stats = database.begin_write().expect("it can be written").stats().expect("it can be read");
    stats.allocated_pages() * u64::try_from(stats.page_size()).expect("a page")
}

/// Does what is due, and says what it was.
fn retain(store: &RedbStore, now_ms: i64, peak_bytes: &mut u64, folder: &Path) -> Retained {
    let mut all = Retained::default();
    loop {
        all = all
            .and(block_on(store.retain(now_ms, |entry| Some(entry.body.slice(..200)))).expect("it goes on"));
        *peak_bytes = (*peak_bytes).max(file_bytes(folder));
        if all.next == NextStep::Later {
            return all;
        }
    }
}

fn measure_cost(folder: &Path, executions: u64) {
    println!(
        "{:>10} {:>12} {:>14} {:>10} {:>12} {:>12}",
        "", "executions", "CPU/execution", "ratio", "file", "peak"
    );
    let mut next = 0;
    let before = cpu_seconds();
    let store = open(folder);
    let mut commits = run(&store, SUBMITTERS, &mut next, |closed, _| closed < executions).closed;
    drop(store);
    let committed = (cpu_seconds() - before) / executions as f64;
    let line = |what: &str, count: u64, cpu: f64, peak: u64| {
        let file = file_bytes(folder);
        let per = |bytes: u64| bytes as f64 / executions as f64;
        println!(
            "{what:>10} {count:>12} {:>11.1} us {:>9.2}x {:>10.0} B/e {:>10.0} B/e {:>10.0} B/e",
            cpu * 1e6,
            cpu / committed,
            per(used_bytes(folder)),
            per(file),
            per(peak)
        );
    };
    line("commit", commits, committed, file_bytes(folder));
    let windows = RetentionWindows::default();
    let closed_ms = STARTED_MS + 1_000_000;
    for (what, now_ms) in [
        ("fold", closed_ms),
        ("reduce", closed_ms + windows.redrive_ms),
        ("remove", closed_ms + windows.retention_ms),
    ] {
        let store = open(folder);
        let (before, mut peak) = (cpu_seconds(), 0);
        let done = retain(&store, now_ms, &mut peak, folder);
        commits = done.folded + done.reduced + done.expired;
        let spent = (cpu_seconds() - before) / commits.max(1) as f64;
        drop(store);
        line(what, commits, spent, peak);
    }
}

#[derive(Default)]
struct Run {
    commits: u64,
    closed: u64,
    seconds: f64,
    waits: Vec<Duration>,
}

/// So many submitters, each with one commit on its way, while `goes_on` says so of executions closed and of the time.
fn run(store: &RedbStore, submitters: usize, next: &mut u64, goes_on: impl Fn(u64, Duration) -> bool) -> Run {
    let epoch = store.epoch();
    let submit = |walk: &mut Walk| store.submit(walk.next(epoch)).expect("room in the queue");
    let mut waiting = VecDeque::with_capacity(submitters);
    for _ in 0..submitters {
        let mut walk = Walk::new(next);
        waiting.push_back((Instant::now(), submit(&mut walk), walk));
    }
    let (started, mut run) = (Instant::now(), Run::default());
    while let Some((submitted, ticket, mut walk)) = waiting.pop_front() {
        assert!(ticket.wait().is_ok());
        run.waits.push(submitted.elapsed());
        run.commits += 1;
        if walk.is_done() {
            run.closed += 1;
            // Those that are on their way are brought to their end.
            if !goes_on(run.closed + waiting.len() as u64, started.elapsed()) {
                continue;
            }
            walk = Walk::new(next);
        }
        waiting.push_back((Instant::now(), submit(&mut walk), walk));
    }
    run.seconds = started.elapsed().as_secs_f64();
    run
}

struct Side {
    rate: f64,
    p50_ms: f64,
    p99_ms: f64,
    cpu_us: f64,
}

fn median(sides: &[Side], of: impl Fn(&Side) -> f64) -> f64 {
    let mut values: Vec<f64> = sides.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn measure_rivalry(folder: &Path, time: Duration, submitters: usize, what: &str, now_ms: i64) {
    let store = open(folder);
    let mut next = 0;
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    let (mut folded, mut closed) = (0, 0);
    // What the first rounds close is there to be folded.
    run(&store, submitters, &mut next, |_, spent| spent < time);
    for round in 0..2 * ROUNDS {
        let stop = AtomicBool::new(round % 2 == 0);
        let before = cpu_seconds();
        let (mut measured, report) = std::thread::scope(|scope| {
            let folder = scope.spawn(|| {
                let mut all = Retained::default();
                let mut now_ms = now_ms + 40_000 * i64::try_from(round).unwrap_or(0);
                while !stop.load(Ordering::Relaxed) {
                    let step = block_on(store.retain(now_ms, |_| None)).expect("it goes on");
                    if step.next == NextStep::Later {
                        std::thread::sleep(Duration::from_millis(200));
                        now_ms += 200;
                    }
                    all = all.and(step);
                }
                all
            });
            let measured = run(&store, submitters, &mut next, |_, spent| spent < time);
            stop.store(true, Ordering::Relaxed);
            (measured, folder.join().expect("it does not panic"))
        });
        measured.waits.sort_unstable();
        let at = |share: f64| {
            let at = (measured.waits.len() as f64 * share) as usize;
            measured.waits.get(at).map_or(0.0, |wait| wait.as_secs_f64() * 1e3)
        };
        let side = Side {
            rate: measured.commits as f64 / measured.seconds,
            p50_ms: at(0.5),
            p99_ms: at(0.99),
            cpu_us: (cpu_seconds() - before) * 1e6 / measured.commits as f64,
        };
        if round % 2 == 0 {
            alone.push(side);
        } else {
            beside.push(side);
            folded += report.folded;
        }
        closed += measured.closed;
    }
    println!("{:>10} {:>12} {:>10} {:>10} {:>12}", "commits", "rate", "p50", "p99", "CPU/commit");
    for (of, sides) in [("alone", &alone), (what, &beside)] {
        println!(
            "{of:>10} {:>10.0}/s {:>7.1} ms {:>7.1} ms {:>9.1} us",
            median(sides, |side| side.rate),
            median(sides, |side| side.p50_ms),
            median(sides, |side| side.p99_ms),
            median(sides, |side| side.cpu_us)
        );
    }
    let ratio = |of: fn(&Side) -> f64| median(&beside, of) / median(&alone, of);
    println!(
        "{:>10} {:>11.2}x {:>8.2} x {:>8.2} x {:>9.2} x",
        "ratio",
        ratio(|side| side.rate),
        ratio(|side| side.p50_ms),
        ratio(|side| side.p99_ms),
        ratio(|side| side.cpu_us)
    );
    println!("folded in the rounds with folds: {folded} of {closed} that all rounds closed");
}
