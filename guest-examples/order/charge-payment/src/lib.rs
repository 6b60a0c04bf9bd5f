//! Charges an order's total, through a gateway that is down at first.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

use alloc::{format, string::String};
use serde::{Deserialize, Serialize};
use stepwell_task::{Result, TaskError, context, info, warn};

stepwell_task::handler!(charge);

/// How many attempts find the gateway down, so that a `Retry` has something to do.
const ATTEMPTS_UNAVAILABLE: u32 = 2;
/// What the card of this example is good for.
const CARD_LIMIT_CENTS: u64 = 1_000_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    order_id: String,
    total_cents: u64,
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Payment {
    payment: String,
    charged_cents: u64,
    attempt: u32,
}

fn charge(event: Event) -> Result<Payment> {
    let Event { order_id, total_cents } = event;
    let attempt = context().attempt();
    if attempt <= ATTEMPTS_UNAVAILABLE {
        warn!("the gateway is down (attempt {attempt})");
        return Err(TaskError::new("Payment.Unavailable", "the gateway answers 503"));
    }
    if total_cents > CARD_LIMIT_CENTS {
        let cause = format!("{total_cents} cents are above the card's limit of {CARD_LIMIT_CENTS}");
        return Err(TaskError::new("Payment.Declined", cause));
    }
    // A real gateway takes the key and charges once, however often the call reaches it.
    info!("charging {total_cents} cents with idempotency key {}", context().idempotency_key());
    Ok(Payment { payment: format!("P-{order_id}"), charged_cents: total_cents, attempt })
}

#[cfg(test)]
mod tests {
    use super::*;
    use stepwell_task::testing::Invocation;

    #[track_caller]
    fn check(attempt: u32, total_cents: u64, want: Result<u64, &str>) {
        let event = Event { order_id: "A-1".into(), total_cents };
        let ran = Invocation { attempt, ..Invocation::default() }.run(|| charge(event));
        let got = ran.value.map(|payment| payment.charged_cents).map_err(|error| error.error);
        assert_eq!(got, want.map_err(String::from));
    }

    #[test]
    fn first_attempts_find_the_gateway_down() {
        check(1, 500, Err("Payment.Unavailable"));
        check(2, 500, Err("Payment.Unavailable"));
    }
    #[test]
    fn third_attempt_charges() {
        check(3, 1_000_000, Ok(1_000_000));
    }
    #[test]
    fn big_amounts_are_declined() {
        check(3, 1_000_001, Err("Payment.Declined"));
    }
}
