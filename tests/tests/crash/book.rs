//! The book of effects: a service outside of the server, which functions that are granted it write to.
//!
//! A line is entered as soon as it is there and acknowledged a little later, so that many functions have acted and
//! do not know it yet when their server is killed: what runs twice is in the book twice.

use crate::ledger::Ledger;
use crate::load::{EXPRESS, MAY_RERUN, ONCE, RETRIED};
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// The longest that an acknowledgement takes.
const ACKNOWLEDGED_WITHIN_MS: u64 = 100;

/// Opens the book, for as long as the test runs; where it is.
pub(crate) fn open(ledger: &Arc<Ledger>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it listens");
    let ledger = Arc::clone(ledger);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let ledger = Arc::clone(&ledger);
            std::thread::spawn(move || enter(&ledger, stream));
        }
    });
    address
}

/// One effect: `{"key": …, "attempt": …, "id": …}`, answered with `+`.
fn enter(ledger: &Ledger, mut stream: TcpStream) {
    let mut line = String::new();
    // Half a line is a function that was killed while it wrote: it has not acted.
    if BufReader::new(&stream).read_line(&mut line).is_err() || !line.ends_with('\n') {
        return;
    }
    let entry: Value = serde_json::from_str(&line).unwrap_or_default();
    let (Some(id), Some(key)) = (entry["id"].as_str(), entry["key"].as_str()) else {
        return ledger.fail(format!("the book got {line}"));
    };
    let function = match id.split_once('-') {
        Some(("work", _)) => ONCE,
        Some(("rerun", _)) => MAY_RERUN,
        Some(("retried", _)) => RETRIED,
        _ => EXPRESS,
    };
    ledger.effect(function, id, key);
    let wait = id.bytes().fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
    std::thread::sleep(Duration::from_millis(wait % ACKNOWLEDGED_WITHIN_MS));
    // The server may be gone.
    let _ = stream.write_all(b"+");
}
