//! One line of the table.

use std::fmt;

/// What was measured, what it was measured against, and the ratio of the two.
pub(crate) struct Figure {
    pub(crate) what: String,
    pub(crate) unit: &'static str,
    pub(crate) ours: f64,
    pub(crate) limit: f64,
    /// What the limit is.
    pub(crate) against: String,
}

/// The table's first line.
pub(crate) fn heading() -> String {
    format!("{:<58} {:>12} {:>12} {:>7}  {:<8} against", "what", "ours", "limit", "ratio", "unit")
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, unit, ours, limit, against } = self;
        let ratio = 100.0 * ours / limit;
        write!(f, "{what:<58} {:>12} {:>12} {ratio:>6.0}%  {unit:<8} {against}", short(*ours), short(*limit))
    }
}

fn short(value: f64) -> String {
    if value < 100.0 { format!("{value:.1}") } else { format!("{value:.0}") }
}
