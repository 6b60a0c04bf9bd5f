//! What an evaluation may use, and the meter that everything charges.

/// Arrays and objects that a walk over a value inside the evaluator may go down; results are held to
/// [`stepwell_types::quota::PAYLOAD_DEPTH_MAX`].
pub(crate) const VALUE_DEPTH_MAX: u32 = 256;

/// What one evaluation may use. Every built-in function, range, regular expression and copy charges it.
///
/// Charges depend on the expression and its data alone, never on the machine, so that an evaluation that ended
/// once for want of fuel ends there again.
///
/// ```
/// use stepwell_jsonata::{Budget, Environment, Expression, Limit, Options};
/// use stepwell_types::Map;
///
/// let endless = Expression::compile("($f := function() { $f() }; $f())", &Options::standard())?;
/// let error = endless.evaluate(None, &Map::new(), &Environment::default()).unwrap_err();
/// assert_eq!(error.limit, Some(Limit::Fuel));
///
/// let small = Environment { budget: Budget { bytes: 1_000, ..Budget::default() }, ..Environment::default() };
/// let long = Expression::compile("$pad('', 1000000)", &Options::standard())?;
/// assert_eq!(long.evaluate(None, &Map::new(), &small).unwrap_err().limit, Some(Limit::Bytes));
/// # Ok::<(), stepwell_jsonata::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Steps: one for each node evaluated, item visited, four steps of a regular expression, 64 bytes moved.
    pub fuel: u64,
    /// Expressions nested in evaluation, function calls included; a tail call does not nest.
    ///
    /// One level stands for 4 KiB of stack in an unoptimized build and less than 1 KiB in an optimized one; what
    /// takes more, such as a function that is called back, counts for more.
    pub depth: u32,
    /// Bytes allocated while evaluating, freed or not, the result included.
    pub bytes: u64,
}

impl Budget {
    /// Version of the price table. It changes when a charge changes, so that whoever replays evaluations can tell.
    pub const PRICES_VERSION: u32 = 1;

    /// No limit but the depth.
    #[must_use]
    pub const fn unlimited(depth: u32) -> Self {
        Self { fuel: u64::MAX, depth, bytes: u64::MAX }
    }
}

impl Default for Budget {
    /// 500,000 steps, 400 levels, 16 MiB: the worst expression ends within tens of milliseconds in an optimized
    /// build, and any fits a stack of 2 MiB in either.
    fn default() -> Self {
        Self { fuel: 500_000, depth: 400, bytes: 16 << 20 }
    }
}

/// The part of a [`Budget`] that ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Limit {
    /// [`Budget::fuel`].
    Fuel,
    /// [`Budget::depth`], or an expression text nested too deeply to parse.
    Depth,
    /// [`Budget::bytes`].
    Bytes,
    /// The caller's deadline.
    Deadline,
}
