//! What every step of a call carries.

use std::fmt;
use std::sync::Arc;
use stepwell_types::{AccountId, Region};
use uuid::Uuid;

/// On whose behalf a call is made, where, and under which id it is logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallContext {
    /// Who.
    pub principal: Principal,
    /// The account that every key, ARN and query of this call belongs to.
    pub account: AccountId,
    /// The region, likewise.
    pub region: Region,
    /// Names this call in logs and in the answer's `x-amzn-RequestId`.
    pub request_id: RequestId,
}

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// Nobody in particular: an unsigned request in open mode.
    Anonymous,
    /// The holder of this access key.
    AccessKey(Arc<str>),
}

/// A random id, printed as AWS prints its request ids (a version 4 UUID).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestId(Uuid);

impl RequestId {
    /// A fresh one.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "each is another; a default would hide that")]
    pub fn new() -> Self {
        Self(Uuid::new_v4())
    }
}

impl From<Uuid> for RequestId {
    fn from(uuid: Uuid) -> Self {
        Self(uuid)
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
