//! Asks a person for a decision, and says with which token to answer.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

use alloc::{format, string::String};
use serde::{Deserialize, Serialize};
use stepwell_task::{Result, info};

stepwell_task::handler!(request);

#[derive(Deserialize)]
struct Event {
    token: String,
    request: Request,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    subject: String,
    amount_cents: u64,
    approver: String,
}

/// What was sent; the state machine goes on only when somebody answers with the token.
#[derive(Debug, PartialEq, Serialize)]
struct Asked {
    to: String,
    text: String,
}

fn request(event: Event) -> Result<Asked> {
    let Event { token, request: Request { subject, amount_cents, approver } } = event;
    let text = format!("{subject} for {}.{:02}?", amount_cents / 100, amount_cents % 100);
    // In place of a mail with two links. Who reads the log may answer, so a real task would not write the token there.
    info!("asking {approver}: {text}");
    info!("answer with token {token}");
    Ok(Asked { to: approver, text })
}

#[cfg(test)]
mod tests {
    use super::*;
    use stepwell_task::{Level, testing::Invocation};

    #[test]
    fn the_log_tells_the_token() {
        let request = Request { subject: "A lathe".into(), amount_cents: 1_205, approver: "grace".into() };
        let ran = Invocation::default().run(|| super::request(Event { token: "t1".into(), request }));
        assert_eq!(ran.value, Ok(Asked { to: "grace".into(), text: "A lathe for 12.05?".into() }));
        assert_eq!(ran.log.last(), Some(&(Level::Info, "answer with token t1".into())));
    }
}
