//! Publishes and invokes WebAssembly components under limits.
