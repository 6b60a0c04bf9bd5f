//! Write a Stepwell task in Rust.
