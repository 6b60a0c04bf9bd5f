//! Bytes of a transition's changes. A frame names its state by JSON Pointer; indices live in memory only.
