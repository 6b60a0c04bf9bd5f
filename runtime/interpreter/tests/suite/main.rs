//! The interpreter's own tests: fixtures with expected histories, recorded cases, storage and limits.

#![expect(clippy::print_stdout, reason = "counts and figures are read from the tests' output")]

mod fixtures;
mod flatness;
mod journal;
mod limits;
mod normalise;
mod observed;
mod random;
mod recorded;
mod simulation;
mod timers;
