//! End-to-end, conformance, crash, limit and structure tests.
