//! Sums transformed records up by station.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

use alloc::{collections::BTreeMap, string::String, vec::Vec};
use serde::{Deserialize, Serialize};
use stepwell_task::{Result, info};

stepwell_task::handler!(aggregate);

#[derive(Deserialize)]
struct Event {
    records: Vec<Record>,
}

#[derive(Deserialize)]
struct Record {
    station: String,
    /// Tenths of a degree Celsius; none from a broken sensor.
    celsius: Option<i64>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Report {
    records: usize,
    broken: usize,
    stations: Vec<Station>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Station {
    station: String,
    readings: usize,
    /// All in tenths of a degree Celsius; the mean is rounded down.
    min: i64,
    mean: i64,
    max: i64,
}

fn aggregate(event: Event) -> Result<Report> {
    let records = event.records.len();
    let mut readings: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for Record { station, celsius } in event.records {
        if let Some(celsius) = celsius {
            readings.entry(station).or_default().push(celsius);
        }
    }
    let stations: Vec<Station> = readings.into_iter().filter_map(summarize).collect();
    let valid: usize = stations.iter().map(|station| station.readings).sum();
    info!("{records} records of {} stations", stations.len());
    Ok(Report { records, broken: records - valid, stations })
}

fn summarize((station, celsius): (String, Vec<i64>)) -> Option<Station> {
    let (min, max) = (*celsius.iter().min()?, *celsius.iter().max()?);
    let mean = celsius.iter().sum::<i64>().div_euclid(i64::try_from(celsius.len()).ok()?);
    Some(Station { station, readings: celsius.len(), min, mean, max })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(station: &str, celsius: Option<i64>) -> Record {
        Record { station: station.into(), celsius }
    }

    #[test]
    fn stations_in_order_with_their_figures() {
        let records =
            vec![record("S2", Some(5)), record("S1", Some(-3)), record("S2", Some(10)), record("S1", None)];
        let stations = vec![
            Station { station: "S1".into(), readings: 1, min: -3, mean: -3, max: -3 },
            Station { station: "S2".into(), readings: 2, min: 5, mean: 7, max: 10 },
        ];
        assert_eq!(aggregate(Event { records }), Ok(Report { records: 4, broken: 1, stations }));
    }
    #[test]
    fn no_records() {
        assert_eq!(
            aggregate(Event { records: vec![] }),
            Ok(Report { records: 0, broken: 0, stations: vec![] })
        );
    }
}
