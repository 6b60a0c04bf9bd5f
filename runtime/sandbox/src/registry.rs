//! Compiled components: kept on disk as a cache, in memory by weight.

use crate::{ComponentKind, Digest};
use std::sync::Arc;

/// A component that is ready to be invoked. A clone is a reference count.
#[derive(Clone)]
pub struct Loaded(pub(crate) Arc<LoadedInner>);

pub(crate) struct LoadedInner {
    digest: Digest,
    kind: ComponentKind,
}

impl Loaded {
    /// Content address of the component.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.0.digest
    }

    /// How it is called.
    #[must_use]
    pub fn kind(&self) -> ComponentKind {
        self.0.kind
    }
}
