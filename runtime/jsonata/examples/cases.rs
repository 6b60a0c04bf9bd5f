//! Evaluates cases, JSON Lines from standard input, one line of answer for each.
//!
//! A case is `{"id", "expr", "data"?, "bindings"?, "timelimit"?, "depth"?}`: `data` is JSON text (absent is
//! undefined), `timelimit` milliseconds, `depth` levels of nested evaluation. The answer is `{"id", "status"}` and,
//! for a `result`, `json`; for an `error`, `code`, `message` and, where there are any, `position` and `token`.
//!
//! ```text
//! echo '{"id":"1","expr":"1 + 1"}' | cargo run -p stepwell-jsonata --example cases
//! ```

#[path = "../tests/support/cases.rs"]
mod support;

use std::io::{BufRead, Write};

fn main() -> std::io::Result<()> {
    // Deep recursion is the caller's choice of budget; here there is room for a lot of it.
    let worker = std::thread::Builder::new().stack_size(support::STACK_BYTES).spawn(|| {
        let mut out = std::io::stdout().lock();
        for line in std::io::stdin().lock().lines() {
            let line = line?;
            if !line.trim().is_empty() {
                writeln!(out, "{}", support::answer(&line))?;
            }
        }
        out.flush()
    })?;
    worker.join().unwrap_or_else(|_| Err(std::io::Error::other("the evaluation ended abnormally")))
}
