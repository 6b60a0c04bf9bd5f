//! Bytes and CPU per transition in small and in large executions: flat, beyond payloads that are new.
//!
//! The left column is the large execution, the limit the small one. Each commit is a group of its own here, on a disk
//! in memory that notes what it is given and when (in CPU time of the process, guests included).

mod disk;

use crate::Options;
use crate::clock::median;
use crate::figure::Figure;
use crate::world::World;
use anyhow::{Context as _, Result, ensure};
use disk::{CountedDisk, Written};
use std::sync::Arc;
use std::time::Duration;
use stepwell_engine::execution::{ExecutionStatus, Waited};
use stepwell_engine::machine::MachineType;
use stepwell_store::backend::core::{Core, CoreOptions, Drive};
use stepwell_store::blob::MemoryBlobs;
use stepwell_types::{Payload, StateMachineArn};

/// How long one execution may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// 9 events each: with 2,250 of them a history has 20,250.
const LOOPS: usize = 2_250;
/// Transitions at the start and at the end of an execution that bring in or hand out payloads.
const EDGE: usize = 2;

const LOOP: &str = r#"{"StartAt":"T","States":{
    "T":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:echo","ResultPath":null,"Next":"P"},
    "P":{"Type":"Pass","Parameters":{"n.$":"States.MathAdd($.n, -1)"},"Next":"C"},
    "C":{"Type":"Choice","Choices":[{"Variable":"$.n","NumericGreaterThan":0,"Next":"T"}],"Default":"S"},
    "S":{"Type":"Succeed"}}}"#;

fn map(concurrency: usize) -> String {
    format!(
        r#"{{"StartAt":"M","States":{{"M":{{"Type":"Map","MaxConcurrency":{concurrency},"End":true,
        "ItemProcessor":{{"StartAt":"T","States":{{"T":{{"Type":"Task",
        "Resource":"arn:aws:lambda:us-east-1:000000000000:function:echo","End":true}}}}}}}}}}}}"#
    )
}

fn chain(tasks: usize) -> String {
    let states: Vec<String> = (0..tasks)
        .map(|at| {
            let next =
                if at + 1 == tasks { r#""End":true"#.to_owned() } else { format!(r#""Next":"T{}""#, at + 1) };
            format!(
                r#""T{at}":{{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:echo",
                "Parameters":{{"k":1}},"ResultPath":null,{next}}}"#
            )
        })
        .collect();
    format!(r#"{{"StartAt":"T0","States":{{{}}}}}"#, states.join(","))
}

pub(crate) async fn measure(options: &Options, print: &mut impl FnMut(Figure)) -> Result<()> {
    let disk = CountedDisk::default();
    let core = CoreOptions { drive: Drive::AtOnce, ..CoreOptions::default() };
    let store = Arc::new(Core::open(disk.clone(), Arc::new(MemoryBlobs::default()), core)?);
    let world = World::open(store).await?;
    let bench = Bench { world, disk };

    let machine = bench.world.machine("loop", LOOP, MachineType::Standard).await?;
    let (mut early, mut late) = (Costs::default(), Costs::default());
    for _ in 0..options.rounds.max(1) {
        let written = bench.run(&machine, &format!(r#"{{"n":{LOOPS}}}"#), ExecutionStatus::Succeeded).await?;
        let tenth = written.len() / 10;
        early.add(&written[EDGE..tenth]);
        late.add(&written[written.len() - tenth..written.len() - EDGE]);
    }
    report(print, "history of 20,000", &late, "history of 10", &early);

    // Few at once, so that in a narrow Map, too, the end of an iteration lets another begin.
    let few = bench.world.machine("map-2", &map(2), MachineType::Standard).await?;
    let many = bench.world.machine("map-40", &map(40), MachineType::Standard).await?;
    let (mut narrow, mut wide, mut crowded) = (Costs::default(), Costs::default(), Costs::default());
    let items = |width: usize| format!("[{}]", vec!["1234"; width].join(","));
    for _ in 0..options.rounds.max(1) {
        for _ in 0..100 {
            let written = bench.run(&few, &items(10), ExecutionStatus::Succeeded).await?;
            narrow.add(&written[EDGE..written.len() - EDGE]);
        }
        for (machine, costs) in [(&few, &mut wide), (&many, &mut crowded)] {
            // Ends at event 25,000, as on AWS.
            let written = bench.run(machine, &items(10_000), ExecutionStatus::Failed).await?;
            costs.add(&written[EDGE..written.len() - EDGE]);
        }
    }
    report(print, "Map of 10,000", &wide, "Map of 10", &narrow);
    report(print, "Map of 10,000, 40 at once", &crowded, "2 at once", &wide);

    let machine = bench.world.machine("chain", &chain(16), MachineType::Standard).await?;
    let (mut small, mut large) = (Costs::default(), Costs::default());
    let input = |bytes: usize| format!(r#"{{"text":"{}"}}"#, "x".repeat(bytes));
    for _ in 0..options.rounds.max(1) {
        for _ in 0..50 {
            for (bytes, costs) in [(1 << 10, &mut small), (200 << 10, &mut large)] {
                let written = bench.run(&machine, &input(bytes), ExecutionStatus::Succeeded).await?;
                costs.add(&written[EDGE..written.len() - EDGE]);
            }
        }
    }
    report(print, "input of 200 KiB", &large, "input of 1 KiB", &small);
    Ok(())
}

fn report(print: &mut impl FnMut(Figure), what: &str, ours: &Costs, against: &str, limit: &Costs) {
    let figure = |kind, unit, ours, limit| Figure {
        what: format!("{kind} per transition, {what}"),
        unit,
        ours,
        limit,
        against: format!("{against} (flat: below 120%)"),
    };
    print(figure("bytes", "B", ours.bytes(), limit.bytes()));
    print(figure("CPU", "µs", ours.cpu_us(), limit.cpu_us()));
}

/// Transitions whose CPU time is taken together.
const STRETCH: usize = 8;

/// What transitions cost: of bytes the mean, of CPU time the median over short stretches, since whatever else the
/// machine does only ever adds to some of them.
#[derive(Default)]
struct Costs {
    bytes: u64,
    transitions: u64,
    cpu_us: Vec<f64>,
}

impl Costs {
    fn add(&mut self, written: &[Written]) {
        let counted = written.get(1..).unwrap_or_default();
        self.bytes += counted.iter().map(|written| written.bytes).sum::<u64>();
        self.transitions += counted.len() as u64;
        for stretch in written.chunks(STRETCH) {
            if let [first, .., last] = stretch {
                let count = (stretch.len() - 1) as f64;
                self.cpu_us.push((last.cpu - first.cpu).as_secs_f64() * 1e6 / count);
            }
        }
    }

    fn bytes(&self) -> f64 {
        self.bytes as f64 / self.transitions.max(1) as f64
    }

    fn cpu_us(&self) -> f64 {
        median(self.cpu_us.clone())
    }
}

struct Bench {
    world: World,
    disk: CountedDisk,
}

impl Bench {
    /// Runs one execution; gives what each of its transitions wrote.
    async fn run(
        &self,
        machine: &StateMachineArn,
        input: &str,
        expected: ExecutionStatus,
    ) -> Result<Vec<Written>> {
        let input = Payload::parse(input).context("JSON")?;
        drop(self.disk.take());
        let World { engine, scope, .. } = &self.world;
        let started = engine.start_execution(scope, World::start(machine, &input)).await?;
        let Waited::Closed(closed) = engine.wait_for_execution(scope, &started.arn, PATIENCE).await? else {
            anyhow::bail!("{} does not close", started.arn);
        };
        ensure!(closed.status == expected, "{closed:?}");
        let written = self.disk.take();
        ensure!(written.len() > 3 * EDGE, "only {} transitions", written.len());
        Ok(written)
    }
}
