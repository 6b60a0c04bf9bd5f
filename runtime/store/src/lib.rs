//! The store port: rows, commits, the in-memory model, and the tests every backend passes.
