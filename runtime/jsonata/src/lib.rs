//! JSONata 2.0.6: exact, bounded, and as Step Functions has it.
//!
//! An [`Expression`] is compiled once, is `Send + Sync`, and is evaluated any number of times directly on
//! [`stepwell_types::Value`]: nothing is converted or copied on the way in, and untouched parts of the input are
//! shared with the result.
//!
//! ```
//! use stepwell_jsonata::{Environment, Expression, Options};
//! use stepwell_types::{Map, Value};
//!
//! let expression = Expression::compile("$sum(order.items.(price * quantity))", &Options::standard())?;
//! let input = Value::parse(r#"{"order":{"items":[{"price":2.5,"quantity":4},{"price":1,"quantity":7}]}}"#)?;
//! let outcome = expression.evaluate(Some(&input), &Map::new(), &Environment::default())?;
//! assert_eq!(outcome.into_value(), Some(Value::I64(17)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Errors carry the reference implementation's code, position, token, value and text:
//!
//! ```
//! use stepwell_jsonata::{Environment, Expression, Options};
//! use stepwell_types::{Map, Value};
//!
//! let error = Expression::compile("[1, 2", &Options::standard()).unwrap_err();
//! assert_eq!((error.code, error.position), ("S0203", Some(5)));
//!
//! let expression = Expression::compile("1 + 'one'", &Options::standard())?;
//! let error = expression.evaluate(None, &Map::new(), &Environment::default()).unwrap_err();
//! assert_eq!(error.code, "T2002");
//! assert_eq!(error.token, Some(Value::str("+")));
//! assert_eq!(error.message, r#"The right side of the "+" operator must evaluate to a number"#);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The same bindings, clock and seed give the same result, and no expression can hold a core, overflow the stack
//! or exhaust memory: see [`Environment`] and [`Budget`].
//!
//! INVARIANT: nothing here knows a clock, a generator of randomness, a file or a thread; what an evaluation may
//! see is in its arguments.

#![forbid(unsafe_code)]

mod budget;
mod code;
mod compile;
mod convert;
mod datetime;
mod error;
mod eval;
mod expression;
mod fault;
mod functions;
mod lexer;
mod machine;
mod number;
mod options;
mod parser;
mod process;
mod random;
mod regex;
mod resolve;
mod signature;
mod stringify;
mod syntax;
mod text;
mod val;

pub use budget::{Budget, Limit};
pub use error::Error;
pub use expression::{Environment, Expression, Outcome, VariableUse};
pub use number::number_text;
pub use options::{Dialect, Options};
pub use stringify::stringify;
