//! Drives executions: load, step, commit, dispatch.
