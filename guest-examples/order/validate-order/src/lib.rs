//! Checks an order and adds up its total.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

use alloc::{string::String, vec::Vec};
use serde::{Deserialize, Serialize};
use stepwell_task::{Result, TaskError, info};

stepwell_task::handler!(validate);

#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Customer {
    name: String,
    email: String,
    country: String,
}

#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    sku: String,
    quantity: u32,
    unit_cents: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Order {
    order_id: String,
    customer: Customer,
    lines: Vec<Line>,
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Validated {
    order_id: String,
    customer: Customer,
    lines: Vec<Line>,
    total_cents: u64,
}

fn validate(order: Order) -> Result<Validated> {
    let Order { order_id, customer, lines } = order;
    if lines.is_empty() {
        return Err(invalid("an order needs a line"));
    }
    if !customer.email.contains('@') {
        return Err(invalid("the customer needs an e-mail address"));
    }
    let mut total_cents: u64 = 0;
    for line in &lines {
        if line.quantity == 0 {
            return Err(invalid("a line needs a quantity"));
        }
        total_cents = u64::from(line.quantity)
            .checked_mul(line.unit_cents)
            .and_then(|cents| total_cents.checked_add(cents))
            .ok_or_else(|| invalid("the total is out of range"))?;
    }
    info!("order {order_id}: {} lines, {total_cents} cents", lines.len());
    Ok(Validated { order_id, customer, lines, total_cents })
}

fn invalid(cause: &str) -> TaskError {
    TaskError::new("Order.Invalid", cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(quantities: &[u32], email: &str) -> Order {
        let line = |&quantity| Line { sku: "book".into(), quantity, unit_cents: 250 };
        let customer = Customer { name: "Ada".into(), email: email.into(), country: "GB".into() };
        Order { order_id: "A-1".into(), customer, lines: quantities.iter().map(line).collect() }
    }

    #[track_caller]
    fn check(order: Order, want: Result<u64, &str>) {
        let got = validate(order).map(|order| order.total_cents).map_err(|error| error.cause);
        assert_eq!(got, want.map_err(String::from));
    }

    #[test]
    fn total_of_all_lines() {
        check(order(&[1, 3], "ada@example.com"), Ok(1_000));
    }
    #[test]
    fn no_lines() {
        check(order(&[], "ada@example.com"), Err("an order needs a line"));
    }
    #[test]
    fn no_quantity() {
        check(order(&[0], "ada@example.com"), Err("a line needs a quantity"));
    }
    #[test]
    fn no_address() {
        check(order(&[1], "ada"), Err("the customer needs an e-mail address"));
    }
}
