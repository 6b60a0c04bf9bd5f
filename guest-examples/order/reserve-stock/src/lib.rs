//! Reserves stock for one line of an order.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

use alloc::{format, string::String};
use serde::{Deserialize, Serialize};
use stepwell_task::{Result, TaskError};

stepwell_task::handler!(reserve);

/// What the shelf of this example holds of everything.
const IN_STOCK: u32 = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    order_id: String,
    index: u32,
    line: Line,
}

#[derive(Deserialize)]
struct Line {
    sku: String,
    quantity: u32,
}

#[derive(Debug, PartialEq, Serialize)]
struct Reservation {
    reservation: String,
    sku: String,
    quantity: u32,
}

fn reserve(event: Event) -> Result<Reservation> {
    let Event { order_id, index, line: Line { sku, quantity } } = event;
    if quantity > IN_STOCK {
        return Err(TaskError::new(
            "Stock.Short",
            format!("{quantity} of {sku} wanted, {IN_STOCK} in stock"),
        ));
    }
    Ok(Reservation { reservation: format!("R-{order_id}-{index}"), sku, quantity })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(quantity: u32, want: Result<&str>) {
        let line = Line { sku: "book".into(), quantity };
        let got = reserve(Event { order_id: "A-1".into(), index: 2, line });
        assert_eq!(got.map(|reserved| reserved.reservation), want.map(String::from));
    }

    #[test]
    fn in_stock() {
        check(100, Ok("R-A-1-2"));
    }
    #[test]
    fn short() {
        check(101, Err(TaskError::new("Stock.Short", "101 of book wanted, 100 in stock")));
    }
}
