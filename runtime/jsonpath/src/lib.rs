//! JSONPath, payload templates and intrinsic functions as Step Functions has them.
//!
//! Everything is parsed once, when a definition is created, and evaluated many times: a [`Path`] reads, a
//! [`ReferencePath`] writes (`ResultPath`), an [`Expression`] is a path or an intrinsic function, a [`Template`] is
//! a JSON value whose `.$` fields are expressions.
//!
//! INVARIANT: no clock and no randomness in here; what is random comes from [`Environment::random`], so that an
//! execution can be replayed.
//! INVARIANT: whatever is built stays within `PAYLOAD_DEPTH_MAX` and [`limit`]; parsing is bounded, too, so that no
//! definition and no input can exhaust the stack, the memory or a core.
//! Not here: where a path may stand in a definition (`asl`), what a state does with a failure (`interpreter`).

#![forbid(unsafe_code)]
#![warn(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::unreachable
)]

mod bounds;
pub mod error;
pub mod expression;
pub mod limit;
pub mod path;
pub mod reference;
pub mod scope;
mod syntax;
pub mod template;

pub use error::{
    EvaluationError, IntrinsicError, PathError, SyntaxError, TemplateError, TemplateSyntaxError,
};
pub use expression::{Expression, Function, Intrinsic};
pub use path::{Path, Root};
pub use reference::{ReferencePath, ResultPathMismatch};
pub use scope::{Environment, Scope};
pub use template::Template;
