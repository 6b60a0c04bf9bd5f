//! Writes the invoice of an order.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

use alloc::{format, string::String, vec::Vec};
use serde::{Deserialize, Serialize};
use stepwell_task::Result;

stepwell_task::handler!(issue);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    order_id: String,
    lines: Vec<Line>,
    total_cents: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    sku: String,
    quantity: u32,
    unit_cents: u64,
}

#[derive(Debug, PartialEq, Serialize)]
struct Invoice {
    invoice: String,
    text: Vec<String>,
}

fn issue(event: Event) -> Result<Invoice> {
    let mut text: Vec<String> = event
        .lines
        .iter()
        .map(|line| format!("{} x {} at {}", line.quantity, line.sku, money(line.unit_cents)))
        .collect();
    text.push(format!("total {}", money(event.total_cents)));
    Ok(Invoice { invoice: format!("I-{}", event.order_id), text })
}

fn money(cents: u64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_each_and_the_total() {
        let lines = vec![Line { sku: "book".into(), quantity: 2, unit_cents: 1_905 }];
        let got = issue(Event { order_id: "A-1".into(), lines, total_cents: 3_810 });
        let text = vec!["2 x book at 19.05".into(), "total 38.10".into()];
        assert_eq!(got, Ok(Invoice { invoice: "I-A-1".into(), text }));
    }
}
