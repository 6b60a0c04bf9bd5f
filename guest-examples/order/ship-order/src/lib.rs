//! Hands an order's reserved stock to a carrier.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

use alloc::{format, string::String, vec::Vec};
use serde::{Deserialize, Serialize};
use stepwell_task::{Result, TaskError};

stepwell_task::handler!(ship);

/// What the carrier of this example puts into one parcel.
const PIECES_PER_PARCEL: u32 = 5;
/// Where it does not go.
const COUNTRY_REFUSED: &str = "AQ";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    order_id: String,
    country: String,
    reservations: Vec<Reservation>,
}

#[derive(Deserialize)]
struct Reservation {
    quantity: u32,
}

#[derive(Debug, PartialEq, Serialize)]
struct Shipment {
    tracking: String,
    parcels: u32,
}

fn ship(event: Event) -> Result<Shipment> {
    if event.country == COUNTRY_REFUSED {
        let cause = format!("no carrier goes to {COUNTRY_REFUSED}");
        return Err(TaskError::new("Shipping.Refused", cause));
    }
    let pieces: u32 = event.reservations.iter().map(|reservation| reservation.quantity).sum();
    let tracking = format!("T-{}-{}", event.country, event.order_id);
    Ok(Shipment { tracking, parcels: pieces.div_ceil(PIECES_PER_PARCEL) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(country: &str, quantities: &[u32], want: Result<u32, &str>) {
        let reservations = quantities.iter().map(|&quantity| Reservation { quantity }).collect();
        let got = ship(Event { order_id: "A-1".into(), country: country.into(), reservations });
        assert_eq!(
            got.map(|shipment| shipment.parcels).map_err(|error| error.error),
            want.map_err(String::from)
        );
    }

    #[test]
    fn as_many_parcels_as_it_takes() {
        check("GB", &[4, 1], Ok(1));
        check("GB", &[4, 2], Ok(2));
    }
    #[test]
    fn nobody_goes_there() {
        check("AQ", &[1], Err("Shipping.Refused"));
    }
}
