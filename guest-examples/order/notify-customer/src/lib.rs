//! Tells the customer that the order is on its way.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

use alloc::{format, string::String};
use serde::{Deserialize, Serialize};
use stepwell_task::{Result, info};

stepwell_task::handler!(notify);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    order_id: String,
    customer: Customer,
    invoice: Invoice,
}

#[derive(Deserialize)]
struct Customer {
    name: String,
    email: String,
}

#[derive(Deserialize)]
struct Invoice {
    invoice: String,
}

#[derive(Debug, PartialEq, Serialize)]
struct Message {
    to: String,
    subject: String,
    body: String,
}

fn notify(event: Event) -> Result<Message> {
    let Event { order_id, customer: Customer { name, email }, invoice: Invoice { invoice } } = event;
    info!("mail to {email}");
    let body = format!("Dear {name}, your order {order_id} is on its way. Invoice {invoice} is attached.");
    Ok(Message { to: email, subject: format!("Order {order_id}"), body })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_order_and_invoice() {
        let customer = Customer { name: "Ada".into(), email: "ada@example.com".into() };
        let invoice = Invoice { invoice: "I-A-1".into() };
        let want = Message {
            to: "ada@example.com".into(),
            subject: "Order A-1".into(),
            body: "Dear Ada, your order A-1 is on its way. Invoice I-A-1 is attached.".into(),
        };
        assert_eq!(notify(Event { order_id: "A-1".into(), customer, invoice }), Ok(want));
    }
}
