//! Acts on the outside: writes one line to a service that keeps a ledger, and waits for its acknowledgement.
//!
//! The line carries the idempotency key, so that a ledger can tell whether an attempt has acted twice. Needs the grant
//! `tcp:IP:PORT` of the service's address.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

#[cfg_attr(target_arch = "wasm32", path = "tcp.rs")]
#[cfg_attr(not(target_arch = "wasm32"), path = "tcp_native.rs")]
mod tcp;

use alloc::{format, string::String};
use core::net::SocketAddr;
use serde::{Deserialize, Serialize};
use stepwell_task::{Named, Result, TaskError, context};

stepwell_task::handler!(record);

#[derive(Deserialize)]
struct Event {
    /// Where the ledger is: an IP address with a port.
    address: String,
    /// What is to be recorded.
    id: String,
}

/// One line of the ledger.
#[derive(Serialize)]
struct Entry<'a> {
    key: String,
    attempt: u32,
    id: &'a str,
}

#[derive(Debug, PartialEq, Serialize)]
struct Recorded {
    id: String,
    recorded: bool,
}

fn record(Event { address, id }: Event) -> Result<Recorded> {
    let ledger: SocketAddr = address.parse().named("Effect.InvalidAddress")?;
    let entry = Entry { key: context().idempotency_key(), attempt: context().attempt(), id: &id };
    let line = serde_json::to_string(&entry)? + "\n";
    tcp::send(ledger, line.as_bytes())
        .map_err(|error| TaskError::new("Effect.Unreachable", format!("{address}: {error}")))?;
    Ok(Recorded { id, recorded: true })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::net::TcpListener;
    use stepwell_task::testing::Invocation;

    fn invoke(address: String) -> Result<Recorded> {
        let invocation =
            Invocation { attempt: 2, idempotency_key: "arn#3".to_owned(), ..Invocation::default() };
        invocation.run(|| record(Event { address, id: "a \"b\"".to_owned() })).value
    }

    #[test]
    fn a_line_is_acknowledged() {
        let ledger = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = ledger.local_addr().unwrap().to_string();
        let serving = std::thread::spawn(move || {
            let (mut stream, _) = ledger.accept().unwrap();
            let mut line = String::new();
            BufReader::new(stream.try_clone().unwrap()).read_line(&mut line).unwrap();
            stream.write_all(b"+").unwrap();
            line
        });
        assert_eq!(invoke(address), Ok(Recorded { id: "a \"b\"".to_owned(), recorded: true }));
        assert_eq!(serving.join().unwrap(), "{\"key\":\"arn#3\",\"attempt\":2,\"id\":\"a \\\"b\\\"\"}\n");
    }

    #[test]
    fn no_acknowledgement() {
        let ledger = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = ledger.local_addr().unwrap().to_string();
        let serving = std::thread::spawn(move || drop(ledger.accept().unwrap()));
        assert_eq!(invoke(address).unwrap_err().error, "Effect.Unreachable");
        serving.join().unwrap();
    }

    #[test]
    fn no_address() {
        assert_eq!(invoke("ledger:80".to_owned()).unwrap_err().error, "Effect.InvalidAddress");
    }
}
