//! One execution with nothing beside it, and the store with no engine above it.

use super::Bench;
use super::bare::{BareRedb, Walk, Walks};
use crate::Options;
use crate::clock::median;
use crate::figure::Figure;
use crate::world::World;
use anyhow::{Context as _, Result, ensure};
use std::collections::VecDeque;
use std::time::{Duration, Instant};
use stepwell_engine::execution::{ExecutionStatus, Waited};
use stepwell_engine::machine::MachineType;
use stepwell_store::{Store as _, Ticket};
use stepwell_types::Payload;

/// Iterations of the one execution alone; 40 run at once, as on AWS.
const ITERATIONS: usize = 1_000;

const MAP: &str = r#"{"StartAt":"M","States":{"M":{"Type":"Map","End":true,"ItemProcessor":{"StartAt":"T","States":{
    "T":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:echo","End":true}}}}}}"#;

/// Commits on their way at once to the store alone.
const COMMITS_IN_FLIGHT: usize = 256;
/// Above all executions that the engine has started.
const FIRST_EXECUTION: u64 = 2_000_000_000;

/// Iterations per second of one execution with nothing beside it.
pub(super) async fn execution(
    options: &Options,
    bench: &Bench,
    redb: &mut BareRedb,
    print: &mut impl FnMut(Figure),
) -> Result<()> {
    let machine = bench.world.machine("map", MAP, MachineType::Standard).await?;
    let items =
        Payload::parse(format!("[{}]", vec!["1234"; ITERATIONS].join(",")).as_str()).context("JSON")?;
    let (mut ours, mut limit, mut group) = (vec![], vec![], 1);
    for _ in 0..options.rounds.max(1) {
        let before = bench.counts();
        let began = Instant::now();
        let World { engine, scope, .. } = &bench.world;
        let started = engine.start_execution(scope, World::start(&machine, &items)).await?;
        let Waited::Closed(closed) =
            engine.wait_for_execution(scope, &started.arn, Duration::from_secs(300)).await?
        else {
            anyhow::bail!("{} does not close", started.arn);
        };
        ensure!(closed.status == ExecutionStatus::Succeeded, "{closed:?}");
        let rate = ITERATIONS as f64 / began.elapsed().as_secs_f64();
        ours.push(rate);
        let after = bench.counts();
        let commits = (after.commits - before.commits).max(1);
        group = usize::try_from(commits / (after.groups - before.groups).max(1)).unwrap_or(1).max(1);
        if options.ours_only {
            println!("one execution alone, Map of {ITERATIONS}: {rate:.0}/s, groups of {group}");
            continue;
        }
        let template = bench.watched.template().context("an execution that closed")?;
        let (rate, _) = redb.run(&template, group, options.round())?;
        // Executions of the template to iterations of this one, by their commits.
        limit.push(rate * template.len() as f64 / (commits as f64 / ITERATIONS as f64));
    }
    if options.ours_only {
        return Ok(());
    }
    print(Figure {
        what: format!("iterations of one execution alone, Map of {ITERATIONS}"),
        unit: "/s",
        ours: median(ours),
        limit: median(limit),
        against: format!("bare redb, groups of {group}"),
    });
    Ok(())
}

/// The commits of such executions straight through the port: what the store itself makes of redb.
pub(super) fn store(
    options: &Options,
    bench: &Bench,
    redb: &mut BareRedb,
    print: &mut impl FnMut(Figure),
) -> Result<()> {
    let commits = bench.watched.template().context("an execution that closed")?;
    let store = &bench.store;
    let mut walks = Walks::new(FIRST_EXECUTION, store.epoch());
    let (mut ours, mut limit, mut group) = (vec![], vec![], 1);
    for _ in 0..options.rounds.max(1) {
        let (groups, began, mut count) = (store.core().groups(), Instant::now(), 0_u64);
        let mut waiting: VecDeque<(Ticket, Walk)> = VecDeque::with_capacity(COMMITS_IN_FLIGHT);
        while began.elapsed() < options.round() {
            if waiting.len() == COMMITS_IN_FLIGHT
                && let Some((ticket, walk)) = waiting.pop_front()
            {
                ticket.wait()?;
                walks.done(walk, &commits);
            }
            let (commit, walk) = walks.next(&commits);
            waiting.push_back((store.submit(commit)?, walk));
            count += 1;
        }
        for (ticket, walk) in waiting {
            ticket.wait()?;
            walks.done(walk, &commits);
        }
        ours.push(count as f64 / began.elapsed().as_secs_f64());
        group = usize::try_from(count / (store.core().groups() - groups).max(1)).unwrap_or(1).max(1);
        if options.ours_only {
            continue;
        }
        let (rate, _) = redb.run(&commits, group, options.round())?;
        limit.push(rate * commits.len() as f64);
    }
    if options.ours_only {
        println!("the store alone: {:.0} commits/s, groups of {group}", median(ours));
        return Ok(());
    }
    print(Figure {
        what: format!("commits of the store alone, {COMMITS_IN_FLIGHT} in flight"),
        unit: "/s",
        ours: median(ours),
        limit: median(limit),
        against: format!("bare redb, groups of {group}"),
    });
    Ok(())
}
