//! Who may run: places in line ([`Gate`]) and turns on a core ([`Cores`]), both given to accounts in turn.

mod cores;
mod gate;
mod turns;

pub(crate) use cores::{Cores, Course, FirstSlice};
pub(crate) use gate::{Gate, LineFull, Place};
