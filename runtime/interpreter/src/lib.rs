//! One execution as a deterministic machine: an input in, a transition out.
