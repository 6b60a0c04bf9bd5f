//! Names, ARNs, time, values, payloads, failures and quotas: what every floor of Stepwell shares.
//!
//! INVARIANT: nothing here knows a clock, a store, a network or the Amazon States Language.

#![forbid(unsafe_code)]

pub mod arn;
pub mod failure;
mod map;
pub mod name;
pub mod payload;
pub mod quota;
pub mod status;
pub mod syntax;
pub mod time;
pub mod value;

pub use arn::{
    ActivityArn, ArnError, ExecutionArn, ExecutionKind, FunctionArn, FunctionQualifier, MachineQualifier,
    MapRunArn, StateMachineArn,
};
pub use failure::{ErrorName, Failure};
pub use map::Map;
pub use name::{AccountId, Name, NameError, Region};
pub use payload::{Payload, PayloadAddress, PayloadError};
pub use status::{ExecutionStatus, StatusError};
pub use time::{ExactTimestamp, TimeError, Timestamp};
pub use value::{ParseError, Value};
