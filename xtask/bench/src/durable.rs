//! Durable executions of one Task, one execution alone, and the store alone, against bare redb and a bare file with the
//! same bytes in groups of the same size, after as many executions.
//!
//! Bare redb runs no guest. So CPU time is compared with bare redb and bare wasmtime together as well: that is what the
//! same work costs without anything of ours.

mod alone;
mod bare;
mod watched;

use crate::Options;
use crate::bare::Fuel;
use crate::clock::{in_turn, median, process_cpu};
use crate::figure::Figure;
use crate::invoke;
use crate::world::{EVENT, TASK, World};
use anyhow::{Context as _, Result};
use bare::{BareFile, BareRedb, Commits};
use bytes::Bytes;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};
use stepwell_engine::execution::{ExecutionStatus, StartExecutionError};
use stepwell_engine::machine::MachineType;
use stepwell_store::{
    Commit, ExecutionRow, Lane, MachineScope, Naming, NextStep, SequenceCell, Store, SubmitError, Ticket,
    TransitionWrite,
};
use stepwell_store_redb::{RedbOptions, RedbStore};
use stepwell_types::{AccountId, Name, Payload, Region, StateMachineArn};
use watched::Watched;

/// Executions on their way at once.
const IN_FLIGHT: [usize; 3] = [16, 256, 2_048];
pub(crate) async fn measure(options: &Options, print: &mut impl FnMut(Figure)) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let ours = folder.path().join("ours");
    let began = Instant::now();
    {
        let store = RedbStore::open(&ours, RedbOptions::default())?;
        fill(&store, options.executions)?;
    }
    eprintln!("filled with {} executions in {:.1} s", options.executions, began.elapsed().as_secs_f64());
    let began = Instant::now();
    {
        // Now, so that only what closes while it is measured is folded beside it.
        let store = RedbStore::open(&ours, RedbOptions::default())?;
        while store.retain(now_ms()?, |_| None).await?.next == NextStep::Now {}
    }
    eprintln!("folded them in {:.1} s", began.elapsed().as_secs_f64());
    let bare_file = folder.path().join("bare.redb");
    std::fs::copy(ours.join("store.redb"), &bare_file)?;

    let store = Arc::new(RedbStore::open(&ours, RedbOptions::default())?);
    let watched = Arc::new(Watched::new(Arc::clone(&store)));
    let world = World::open(Arc::clone(&watched) as Arc<dyn Store>).await?;
    let machine = world.machine("one-task", TASK, MachineType::Standard).await?;
    let bench = Bench { world, store, watched };
    // Warm, and a record of the commits of one execution.
    bench.run(&machine, 1, Duration::from_millis(200)).await?;
    let commits = bench.watched.template().context("an execution that closed")?;
    let mut redb = BareRedb::open(&bare_file, 1_000_000_000)?;
    let mut file = BareFile::create(&folder.path().join("bare.log"))?;
    let guest = invoke::bare_calls("echo", Fuel::Off)?;

    for in_flight in IN_FLIGHT {
        if options.ours_only {
            let ran = bench.run(&machine, in_flight, options.round()).await?;
            println!(
                "{in_flight} in flight: {:.0}/s, {:.0}/CPU s, groups of {}",
                ran.rate, ran.cpu_rate, ran.group
            );
            continue;
        }
        let [mut ours, mut cpu, mut in_redb, mut redb_cpu, mut in_file, mut guest_cpu] =
            [const { Vec::new() }; 6];
        let mut group = 1;
        for _ in 0..options.rounds.max(1) {
            let ran = bench.run(&machine, in_flight, options.round()).await?;
            group = ran.group;
            ours.push(ran.rate);
            cpu.push(ran.cpu_rate);
            let (rate, cpu_rate) = redb.run(&commits, group, options.round())?;
            in_redb.push(rate);
            redb_cpu.push(cpu_rate);
            in_file.push(file.run(&commits, group, options.round() / 2)?);
            guest_cpu.push(invoke::rate(guest.clone(), options.round() / 2).await?);
        }
        let line = |unit, ours: &[f64], limit: Vec<f64>, against: &str| Figure {
            what: format!("executions of one Task, {in_flight} in flight"),
            unit,
            ours: median(ours.to_vec()),
            limit: median(limit),
            against: format!("{against}, groups of {group}"),
        };
        print(line("/s", &ours, in_redb, "bare redb"));
        print(line("/s", &ours, in_file, "a bare file"));
        // Per second of CPU that does both: one write into redb and one call of the guest for each execution.
        let both = in_turn(median(redb_cpu.clone()), median(guest_cpu));
        print(line("/CPU s", &cpu, redb_cpu, "bare redb"));
        print(line("/CPU s", &cpu, vec![both], "bare redb and bare wasmtime"));
    }
    alone::execution(options, &bench, &mut redb, print).await?;
    alone::store(options, &bench, &mut redb, print)
}

/// What happened so far.
struct Counts {
    closed: u64,
    commits: u64,
    groups: u64,
}

/// What one round of ours did.
struct Ran {
    rate: f64,
    cpu_rate: f64,
    group: usize,
}

struct Bench {
    world: World,
    store: Arc<RedbStore>,
    watched: Arc<Watched>,
}

impl Bench {
    fn counts(&self) -> Counts {
        let (closed, commits) = self.watched.counts();
        Counts { closed, commits, groups: self.store.core().groups() }
    }

    /// Starts executions for some time, with so many on their way at once, and waits until all have closed.
    async fn run(&self, machine: &StateMachineArn, in_flight: usize, time: Duration) -> Result<Ran> {
        let input = Payload::parse(EVENT).context("JSON")?;
        let enough = Arc::new(AtomicBool::new(false));
        let places = self.watched.places();
        places.add_permits(in_flight);
        let (before, began, cpu) = (self.counts(), Instant::now(), process_cpu());
        let starters: Vec<_> = (0..in_flight)
            .map(|_| {
                let (engine, scope) = (self.world.engine.clone(), self.world.scope.clone());
                let (machine, input) = (machine.clone(), input.clone());
                let (enough, places) = (Arc::clone(&enough), Arc::clone(&places));
                tokio::spawn(async move {
                    loop {
                        places.acquire().await?.forget();
                        if enough.load(Ordering::Relaxed) {
                            places.add_permits(1);
                            return anyhow::Ok(());
                        }
                        match engine.start_execution(&scope, World::start(&machine, &input)).await {
                            Ok(_) => {}
                            Err(StartExecutionError::Throttled) => {
                                places.add_permits(1);
                                tokio::task::yield_now().await;
                            }
                            Err(error) => return Err(error.into()),
                        }
                    }
                })
            })
            .collect();
        tokio::time::sleep(time).await;
        enough.store(true, Ordering::Relaxed);
        for starter in starters {
            starter.await??;
        }
        // Every place is free again when every execution has closed.
        let all = u32::try_from(in_flight)?;
        places.acquire_many(all).await?.forget();
        let after = self.counts();
        let closed = (after.closed - before.closed) as f64;
        let groups = (after.groups - before.groups).max(1);
        Ok(Ran {
            rate: closed / began.elapsed().as_secs_f64(),
            cpu_rate: closed / (process_cpu() - cpu).as_secs_f64(),
            group: usize::try_from((after.commits - before.commits) / groups).unwrap_or(1).max(1),
        })
    }
}

/// Fills the file with executions that have closed, as fast as the queue takes them.
fn fill(store: &RedbStore, executions: u64) -> Result<()> {
    let mut waiting: VecDeque<Ticket> = VecDeque::new();
    let now_ms = now_ms()?;
    for execution in 1..=executions {
        let commit = closed_execution(execution, store.epoch(), now_ms)?;
        loop {
            match store.submit(commit.clone()) {
                Ok(ticket) => break waiting.push_back(ticket),
                Err(SubmitError::QueueFull { .. }) => match waiting.pop_front() {
                    Some(ticket) => drop(ticket.wait()?),
                    None => std::thread::yield_now(),
                },
                Err(error) => return Err(error.into()),
            }
        }
    }
    waiting.into_iter().try_for_each(|ticket| ticket.wait().map(drop))?;
    Ok(())
}

fn now_ms() -> Result<i64> {
    Ok(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_millis().try_into()?)
}

/// An execution in one transition, of about the bytes that one Task writes in all. It has just closed: the store would
/// remove it while it is measured if it were old.
fn closed_execution(execution: u64, epoch: u64, now_ms: i64) -> Result<Commit> {
    let mut commit = Commit::new(AccountId::DEFAULT, epoch);
    commit.lane = Lane::Start;
    let row = ExecutionRow {
        scope: MachineScope {
            account: AccountId::DEFAULT,
            region: Region::default(),
            machine: Name::new("one-task-before").context("a name")?,
        },
        name: Name::new(&format!("{execution:032x}")).context("a name")?,
        naming: Naming::Derived,
        status: ExecutionStatus::Succeeded,
        started_ms: now_ms + execution.cast_signed() / 10,
        stopped_ms: Some(now_ms + 500 + execution.cast_signed() / 10),
        machine_revision: 1,
        input_hash: [3; 32],
        next_event: 9,
        frames: Vec::new(),
        details: Bytes::from_static(&[1; 32]),
    };
    commit.transition = Some(TransitionWrite {
        sequence: SequenceCell::default(),
        execution,
        previous: None,
        first_event: 1,
        event_count: 8,
        refs: Vec::new(),
        body: Bytes::from_static(&[b'x'; 900]),
        row,
    });
    Ok(commit)
}
