//! What `cargo xtask codegen` writes from the AWS service models.
//!
//! Whole shapes are generated, so not every member is read.

/// What every generated module uses.
#[allow(unused_imports, reason = "which of it is used depends on the operations that are served")]
mod prelude {
    pub(super) use crate::schema::table::{
        at, blob, boolean, float, integer, list, map, optional, required, sensitive, structure, text,
        timestamp,
    };
    pub(super) use crate::schema::wire::{Blob, EpochSeconds};
    pub(super) use crate::schema::{Http, KnownOperation, Operation, Place, Shape, wire_enum, wire_errors};
    pub(super) use serde::{Deserialize, Serialize};
    pub(super) use std::collections::BTreeMap;
    pub(super) use std::sync::Arc;
    pub(super) use stepwell_types::Value;

    /// No upper bound of a length.
    pub(super) const NO_LENGTH: u64 = u64::MAX;
}

macro_rules! generated {
    ($($module:ident)*) => { $(
        #[rustfmt::skip]
        #[allow(dead_code, unused_imports, clippy::wildcard_imports, reason = "generated whole, whatever is used of it")]
        pub(crate) mod $module;
    )* };
}
generated!(lambda states sts);
