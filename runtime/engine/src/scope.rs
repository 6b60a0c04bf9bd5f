//! Whose things a call is about.

use stepwell_types::{AccountId, Region};

/// The account and region that a request belongs to; every key, ARN, query, cache and queue carries both.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scope {
    /// Account.
    pub account: AccountId,
    /// Region.
    pub region: Region,
}

impl Scope {
    /// Whether something with this account and region belongs to this scope.
    #[must_use]
    pub fn owns(&self, account: AccountId, region: &Region) -> bool {
        self.account == account && &self.region == region
    }
}
