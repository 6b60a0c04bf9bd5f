//! The shape of the repository, held to what ARCHITECTURE.md says of it: floors, manifests, files, documents.
//!
//! A failed test names every fault at once. Each list of exceptions may only shrink.

mod documents;
mod files;
mod floors;
mod manifests;
mod tree;

/// Fails with all faults, one a line.
#[track_caller]
fn expect_none(rule: &str, faults: &[String]) {
    assert!(faults.is_empty(), "{rule}:\n  {}\n", faults.join("\n  "));
}
