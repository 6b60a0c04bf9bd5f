//! Reads a batch of raw sensor records.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

use alloc::{format, string::String, vec::Vec};
use serde::{Deserialize, Serialize};
use stepwell_task::{Result, TaskError, info};

stepwell_task::handler!(extract);

/// So many fit the 256 KiB that a state may hand on.
const RECORDS_MAX: u32 = 3_000;
const STATIONS: u64 = 8;
/// One record in so many comes from a broken sensor.
const BROKEN_EVERY: u64 = 50;

#[derive(Deserialize)]
struct Event {
    /// How many records to read.
    count: u32,
    /// The source of this example is a generator; the same seed gives the same records.
    seed: u64,
}

#[derive(Debug, PartialEq, Serialize)]
struct Batch {
    records: Vec<Raw>,
}

/// A record as the station sent it.
#[derive(Debug, PartialEq, Serialize)]
struct Raw {
    id: u32,
    station: String,
    /// Tenths of a degree Fahrenheit; none from a broken sensor.
    reading: Option<i64>,
}

fn extract(event: Event) -> Result<Batch> {
    let Event { count, seed } = event;
    if count > RECORDS_MAX {
        return Err(TaskError::new(
            "Source.TooMuch",
            format!("{count} records wanted, {RECORDS_MAX} fit a batch"),
        ));
    }
    let mut state = seed;
    let records = (0..count).map(|id| record(id, next(&mut state))).collect();
    info!("{count} records");
    Ok(Batch { records })
}

fn record(id: u32, random: u64) -> Raw {
    let station = format!("S{}", random % STATIONS);
    let is_broken = (random / STATIONS).is_multiple_of(BROKEN_EVERY);
    // Between 14.0 and 103.9 degrees.
    let reading = (!is_broken).then(|| 140 + (random / (STATIONS * BROKEN_EVERY) % 900).cast_signed());
    Raw { id, station, reading }
}

/// A linear congruential generator (the constants of Knuth's MMIX), without its weak low bits.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_seed_same_records() {
        assert_eq!(extract(Event { count: 9, seed: 1 }), extract(Event { count: 9, seed: 1 }));
        assert_ne!(extract(Event { count: 9, seed: 1 }), extract(Event { count: 9, seed: 2 }));
    }
    #[test]
    fn numbered_from_zero() {
        let ids = extract(Event { count: 3, seed: 1 })
            .map(|batch| batch.records.iter().map(|raw| raw.id).collect());
        assert_eq!(ids, Ok(vec![0, 1, 2]));
    }
    #[test]
    fn more_than_a_batch() {
        let error = extract(Event { count: 3_001, seed: 1 }).map_err(|error| error.error);
        assert_eq!(error, Err("Source.TooMuch".into()));
    }
}
