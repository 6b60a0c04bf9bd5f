//! What an expression can see while it is evaluated.

use std::fmt;
use stepwell_types::Value;

/// What stays the same through the stages of one state: context object, variables, randomness.
///
/// Implemented by the interpreter (a frame's variables, a context object built when first asked for) and by tests.
pub trait Environment {
    /// The context object, `$$`; built on first use, so that states which do not ask for it pay nothing.
    fn context(&self) -> &Value;

    /// The variable `$name`, or `None` where none was assigned.
    fn variable(&self, name: &str) -> Option<&Value>;

    /// 64 uniformly distributed bits for `States.MathRandom` and `States.UUID`; each call gives others. The caller
    /// derives them from its own seed and counter, so that a replay sees the same.
    fn random(&self) -> u64;
}

/// What one expression sees: the data it reads from, and its surroundings.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    /// `$`: the state's input, or the task's result in `ResultSelector`.
    pub input: &'a Value,
    /// `$$`, `$name` and randomness.
    pub environment: &'a dyn Environment,
}

impl fmt::Debug for Scope<'_> {
    /// Nothing of the data: it may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scope")
    }
}
