//! The server's own log: to stderr, filtered by `RUST_LOG`, never with payloads.

use std::io::IsTerminal as _;
use tracing_subscriber::EnvFilter;

/// What is logged where nobody says: Stepwell's own doings, and troubles of everything else.
const FILTER_DEFAULT: &str = "warn,stepwell=info";

/// Begins to log.
pub(crate) fn start() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(FILTER_DEFAULT));
    let is_coloured = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let started = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(is_coloured)
        // They would be told on stderr, and that nobody listens there must end nothing.
        .log_internal_errors(false)
        .try_init();
    if let Err(error) = started {
        crate::output::complain(&format!("nothing will be logged: {error}"));
    }
}
