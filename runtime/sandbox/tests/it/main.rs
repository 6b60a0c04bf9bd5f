//! The sandbox from outside: what may be published, what guests answer, and how the misbehaving ones are stopped.

mod bombs;
mod cache;
mod guests;
mod invoke;
mod misbehave;
mod publish;
