//! Brings one raw sensor record into a common form.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

use alloc::string::String;
use serde::{Deserialize, Serialize};
use stepwell_task::Result;

stepwell_task::handler!(transform);

#[derive(Deserialize)]
struct Raw {
    id: u32,
    station: String,
    /// Tenths of a degree Fahrenheit; none from a broken sensor.
    reading: Option<i64>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Record {
    id: u32,
    station: String,
    /// Tenths of a degree Celsius, rounded down.
    celsius: Option<i64>,
}

fn transform(raw: Raw) -> Result<Record> {
    let celsius = raw.reading.map(|fahrenheit| ((fahrenheit - 320) * 5).div_euclid(9));
    Ok(Record { id: raw.id, station: raw.station, celsius })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(reading: Option<i64>, celsius: Option<i64>) {
        let got = transform(Raw { id: 1, station: "S1".into(), reading });
        assert_eq!(got, Ok(Record { id: 1, station: "S1".into(), celsius }));
    }

    #[test]
    fn water_boils() {
        check(Some(2_120), Some(1_000));
    }
    #[test]
    fn rounded_down_below_zero() {
        check(Some(319), Some(-1));
    }
    #[test]
    fn broken_sensor() {
        check(None, None);
    }
}
