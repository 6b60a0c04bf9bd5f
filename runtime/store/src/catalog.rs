//! The catalog: machines, functions, their versions and the like, as opaque rows under typed, ordered keys.

use crate::sequence::Sequence;
use bytes::Bytes;
use std::fmt;
use std::sync::Arc;
use stepwell_types::{AccountId, Region};

/// Bytes of a name or a qualifier in a key.
pub const CATALOG_NAME_BYTES_MAX: usize = 512;

/// What a row describes. The numbers are on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum CatalogKind {
    /// A state machine as it is now.
    StateMachine = 1,
    /// One revision of its definition; version is the revision's number.
    StateMachineRevision = 2,
    /// A published version.
    StateMachineVersion = 3,
    /// An alias; the qualifier is its name.
    StateMachineAlias = 4,
    /// A function's `$LATEST`.
    Function = 5,
    /// A published version of a function.
    FunctionVersion = 6,
    /// An alias; the qualifier is its name.
    FunctionAlias = 7,
    /// An activity.
    Activity = 8,
    /// Tags; the name is the resource's, the qualifier says of what kind.
    Tags = 9,
    /// Settings of an account or of the store itself.
    Setting = 10,
}

/// The key of a row; ordered by kind, account, region, name, qualifier, version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CatalogKey {
    pub(crate) kind: CatalogKind,
    pub(crate) account: AccountId,
    pub(crate) region: Region,
    pub(crate) name: Arc<str>,
    pub(crate) qualifier: Arc<str>,
    pub(crate) version: u64,
}

/// A name or qualifier that no key can hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is empty, longer than {CATALOG_NAME_BYTES_MAX} bytes or holds a NUL character")]
pub struct CatalogKeyError(pub String);

impl CatalogKey {
    /// A key without qualifier, of version 0.
    ///
    /// # Errors
    /// [`CatalogKeyError`] for a name that is empty, too long or holds NUL.
    pub fn new(
        kind: CatalogKind,
        account: AccountId,
        region: &Region,
        name: &str,
    ) -> Result<Self, CatalogKeyError> {
        if name.is_empty() || !fits(name) {
            return Err(CatalogKeyError(name.to_owned()));
        }
        Ok(Self {
            kind,
            account,
            region: region.clone(),
            name: Arc::from(name),
            qualifier: Arc::from(""),
            version: 0,
        })
    }

    /// The key with a qualifier, such as an alias's name.
    ///
    /// # Errors
    /// [`CatalogKeyError`] for a qualifier that is too long or holds NUL.
    pub fn with_qualifier(self, qualifier: &str) -> Result<Self, CatalogKeyError> {
        if fits(qualifier) {
            Ok(Self { qualifier: Arc::from(qualifier), ..self })
        } else {
            Err(CatalogKeyError(qualifier.to_owned()))
        }
    }

    /// The key of a version or revision.
    #[must_use]
    pub fn with_version(self, version: u64) -> Self {
        Self { version, ..self }
    }

    /// What the row describes.
    #[must_use]
    pub fn kind(&self) -> CatalogKind {
        self.kind
    }

    /// Whose it is.
    #[must_use]
    pub fn account(&self) -> AccountId {
        self.account
    }

    /// Where it is.
    #[must_use]
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its qualifier, or an empty text.
    #[must_use]
    pub fn qualifier(&self) -> &str {
        &self.qualifier
    }

    /// Its version, or 0.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }
}

fn fits(text: &str) -> bool {
    text.len() <= CATALOG_NAME_BYTES_MAX && !text.contains('\0')
}

impl fmt::Display for CatalogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, account, region, name, qualifier, version } = self;
        write!(f, "{kind:?}/{account}/{region}/{name}/{qualifier}/{version}")
    }
}

/// A change of one row.
#[derive(Clone, Debug)]
pub enum CatalogWrite {
    /// Makes or replaces it; its revision becomes the commit's sequence.
    Put(CatalogKey, Bytes),
    /// Removes it; nothing if it is not there.
    Delete(CatalogKey),
}

impl CatalogWrite {
    /// About how many bytes it writes.
    #[must_use]
    pub fn weight_bytes(&self) -> usize {
        match self {
            Self::Put(_, value) => 64 + value.len(),
            Self::Delete(_) => 64,
        }
    }
}

/// A row as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogRow {
    /// Its key.
    pub key: CatalogKey,
    /// The sequence of the commit that wrote it: never used twice, so a precondition on it cannot mistake a row that
    /// was deleted and made again.
    pub revision: Sequence,
    /// Its value.
    pub value: Bytes,
}

/// The rows that a scan visits: all whose key begins so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CatalogScope {
    /// One kind, in all accounts: for the server's own housekeeping.
    Kind(CatalogKind),
    /// One kind of one account in one region.
    Region(CatalogKind, AccountId, Region),
    /// All versions and qualifiers of one name.
    Name(CatalogKind, AccountId, Region, Arc<str>),
}

/// A page of a scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogPage {
    /// In the order asked for.
    pub rows: Vec<CatalogRow>,
    /// Give it as `after` for the next page; `None` at the end.
    pub next: Option<CatalogKey>,
}
