//! What the suites share: a real server process, HTTP to it, AWS calls, and the rule of what is skipped.
//!
//! Each suite is a file of `tests/`; it drives the binary `stepwell` from outside and links none of its crates.

pub mod archive;
pub mod aws;
mod binary;
pub mod http;
pub mod random;
pub mod server;
pub mod small_disk;
pub mod tool;
pub mod workflow;

use std::path::PathBuf;
use std::time::Duration;

/// How long anything may take before a test has failed; machines that run tests are busy.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// The repository's folder.
#[must_use]
pub fn repository() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    folder.parent().map_or(folder.clone(), PathBuf::from)
}

/// The path of a checked-in component.
///
/// # Panics
/// If there is no such component.
#[must_use]
#[track_caller]
pub fn component_path(name: &str) -> PathBuf {
    let path = repository().join("guest-examples/built").join(format!("{name}.wasm"));
    assert!(path.is_file(), "{} does not exist", path.display());
    path
}

/// A checked-in component.
///
/// # Panics
/// If there is no such component.
#[must_use]
#[track_caller]
pub fn component(name: &str) -> Vec<u8> {
    let path = component_path(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
