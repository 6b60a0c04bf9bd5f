//! Whether every component that a function or a version names is there, for `doctor`.

use super::digest;
use super::row::{FunctionRow, VersionRow};
use crate::{StoreFailure, row};
use std::collections::BTreeMap;
use std::sync::Arc;
use stepwell_sandbox::Digest;
use stepwell_store::{BlobError, BlobId, CatalogKind, CatalogRow, CatalogScope, Order, Store};

/// Rows read at once.
const PAGE_ROWS: usize = 256;

/// A component that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComponentFault {
    /// Its id, by which its file is named.
    pub component: BlobId,
    /// A function that names it.
    pub function: Arc<str>,
    /// Why; `None` if it is missing.
    pub damage: Option<BlobError>,
}

/// Reads every component that some function or version names.
///
/// # Errors
/// [`StoreFailure`] if the rows that name them cannot be read.
pub async fn check_components(store: &dyn Store) -> Result<Vec<ComponentFault>, StoreFailure> {
    let mut named = BTreeMap::new();
    for kind in [CatalogKind::Function, CatalogKind::FunctionVersion] {
        let mut after = None;
        loop {
            let rows = CatalogScope::Kind(kind);
            let page = store.catalog_scan(rows, Order::Ascending, after, PAGE_ROWS).await?;
            for row in &page.rows {
                for component in components(kind, row)? {
                    named.entry(*component.as_bytes()).or_insert_with(|| Arc::from(row.key.name()));
                }
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    let mut faults = Vec::new();
    for (component, function) in named {
        let component = BlobId(component);
        let damage = match store.blobs().get(component).await {
            Ok(Some(_)) => continue,
            Ok(None) => None,
            Err(error) => Some(error),
        };
        faults.push(ComponentFault { component, function, damage });
    }
    Ok(faults)
}

fn components(kind: CatalogKind, row: &CatalogRow) -> Result<Vec<Digest>, StoreFailure> {
    if kind == CatalogKind::Function {
        row::decode::<FunctionRow>(&row.value)?.components()
    } else {
        Ok(vec![digest(&row::decode::<VersionRow>(&row.value)?.code.digest)?])
    }
}
