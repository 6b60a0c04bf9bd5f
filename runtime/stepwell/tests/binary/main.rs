//! The binary as a person uses it: real processes, real files, real HTTP.

mod client;
mod demo;
mod offline;
mod readme;
mod server;
mod support;
mod watch;
