//! What an expression can fail with.

use crate::budget::Limit;
use stepwell_types::Value;

/// Why an expression did not compile, or an evaluation did not end with a result.
///
/// Codes and texts are the reference implementation's: `S…` for syntax, `T…` for types, `D…` for the rest of
/// evaluation. Besides them there are
///
/// | code | meaning |
/// | --- | --- |
/// | `U1001` | the budget ran out, [`Error::limit`] says which part; or the text is nested too deeply |
/// | `U1002` | a regular expression that does not parse |
/// | `U1003` | a built-in function was given what its reference would crash on |
/// | `U2001` | `$` or `$$` at the top level, in Step Functions' dialect |
/// | `U2002` | a bare field name at the top level, in Step Functions' dialect |
/// | `U2003` | a member of `$states` that the field may not read |
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// The code, such as `T2001`.
    pub code: &'static str,
    /// Where in the expression, in UTF-16 code units as JavaScript counts; most often just behind the token.
    pub position: Option<u32>,
    /// The token or function at fault.
    pub token: Option<Value>,
    /// The value at fault.
    pub value: Option<Value>,
    /// The reference's text, filled in.
    pub message: String,
    /// The part of the budget that ran out.
    pub limit: Option<Limit>,
}
