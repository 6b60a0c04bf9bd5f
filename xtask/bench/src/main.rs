//! The figures of `cargo xtask bench`: each is printed beside its limit, measured in the same run.
//!
//! A limit is the same work done by the library underneath alone: wasmtime, axum, redb, a file. Rates are per second
//! of CPU unless a line says otherwise, so that other work on the machine does not count; rounds of both sides
//! alternate and the medians are compared.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it prints its figures, and what it is doing")]

mod bare;
mod client;
mod clock;
mod durable;
mod express;
mod figure;
mod flat;
mod invoke;
mod spin;
mod world;

use clap::{Parser, ValueEnum};
use figure::Figure;
use std::time::Duration;

/// The binary's, for both sides.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What is measured, and for how long.
#[derive(Parser)]
struct Options {
    /// Only these groups of figures.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Group>,
    /// Executions in the store's file before durable executions are measured.
    #[arg(long, default_value_t = 1_000_000)]
    executions: u64,
    /// Seconds of one round; of each figure there are several.
    #[arg(long, default_value_t = 2)]
    seconds: u64,
    /// Rounds of each side of a figure.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Run our side of one group alone for some seconds: for a profiler.
    #[arg(long)]
    ours_only: bool,
}

impl Options {
    fn round(&self) -> Duration {
        Duration::from_secs(self.seconds.max(1))
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Group {
    /// Invocations of a function.
    Invoke,
    /// Synchronous Express executions over HTTP.
    Express,
    /// Durable executions of one Task, and one execution alone.
    Durable,
    /// Bytes and CPU per transition in small and large executions.
    Flat,
    /// How long others take beside guests that spin on every core.
    Spin,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        println!("{}", figure::heading());
        for group in Group::value_variants() {
            if !options.only.is_empty() && !options.only.contains(group) {
                continue;
            }
            let mut print = |figure: Figure| println!("{figure}");
            match group {
                Group::Invoke => invoke::measure(&options, &mut print).await?,
                Group::Express => express::measure(&options, &mut print).await?,
                Group::Durable => durable::measure(&options, &mut print).await?,
                Group::Flat => flat::measure(&options, &mut print).await?,
                Group::Spin => spin::measure(&options, &mut print).await?,
            }
        }
        Ok(())
    })
}
