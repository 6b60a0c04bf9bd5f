//! Gives back what was charged and reserved for an order.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

use alloc::{string::String, vec::Vec};
use serde::{Deserialize, Serialize, de::IgnoredAny};
use stepwell_task::{Result, info};

stepwell_task::handler!(refund);

/// The workflow's state, as far as it came.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    order_id: String,
    #[serde(default)]
    reservations: Vec<IgnoredAny>,
    payment: Option<Payment>,
    failure: Failure,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payment {
    charged_cents: u64,
}

/// What `Catch` found.
#[derive(Deserialize)]
struct Failure {
    #[serde(rename = "Error")]
    error: String,
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Refund {
    refunded_cents: u64,
    released_lines: usize,
    reason: String,
}

fn refund(event: Event) -> Result<Refund> {
    let refunded_cents = event.payment.map_or(0, |payment| payment.charged_cents);
    info!("order {}: {refunded_cents} cents back because of {}", event.order_id, event.failure.error);
    Ok(Refund { refunded_cents, released_lines: event.reservations.len(), reason: event.failure.error })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(payment: Option<Payment>, refunded_cents: u64) {
        let failure = Failure { error: "Payment.Declined".into() };
        let reservations = vec![IgnoredAny, IgnoredAny];
        let got = refund(Event { order_id: "A-1".into(), reservations, payment, failure });
        let want = Refund { refunded_cents, released_lines: 2, reason: "Payment.Declined".into() };
        assert_eq!(got, Ok(want));
    }

    #[test]
    fn nothing_was_charged() {
        check(None, 0);
    }
    #[test]
    fn all_that_was_charged() {
        check(Some(Payment { charged_cents: 500 }), 500);
    }
}
