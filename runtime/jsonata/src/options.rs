//! How an expression is compiled.

/// Which functions there are, and what a name at the top level means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// The language as the reference implementation has it.
    Standard,
    /// The language as Step Functions has it: no `$eval`; `$parse`, `$partition`, `$range`, `$hash`,
    /// `$random([seed])` and `$uuid` besides; `$`, `$$` and bare field names refused at the top level.
    StepFunctions,
}

/// Options of [`Expression::compile`](crate::Expression::compile).
///
/// ```
/// use stepwell_jsonata::{Expression, Options};
///
/// let assign = Options::step_functions(&["input", "result", "context"]);
/// assert!(Expression::compile("$states.result.total * $rate", &assign).is_ok());
/// let error = Expression::compile("$states.errorOutput.Cause", &assign).unwrap_err();
/// assert_eq!((error.code, error.position), ("U2003", Some(19)));
/// assert_eq!(Expression::compile("total * 2", &assign).unwrap_err().code, "U2002");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options<'o> {
    pub(crate) dialect: Dialect,
    /// The members of `$states` that the field may read; `None` leaves them unchecked.
    pub(crate) states_members: Option<&'o [&'o str]>,
}

impl<'o> Options<'o> {
    /// The reference implementation's language.
    #[must_use]
    pub const fn standard() -> Self {
        Self { dialect: Dialect::Standard, states_members: None }
    }

    /// Step Functions' language, in a field that may read these members of `$states`
    /// (of `input`, `result`, `errorOutput` and `context`).
    #[must_use]
    pub const fn step_functions(states_members: &'o [&'o str]) -> Self {
        Self { dialect: Dialect::StepFunctions, states_members: Some(states_members) }
    }

    /// The dialect.
    #[must_use]
    pub const fn dialect(&self) -> Dialect {
        self.dialect
    }
}

impl Default for Options<'_> {
    /// [`Options::standard`].
    fn default() -> Self {
        Self::standard()
    }
}
