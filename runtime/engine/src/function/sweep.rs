//! Component bytes that nothing needs any more are removed.
//!
//! A component is needed by the rows that name it, by the open executions that pin it, and by whatever began a moment
//! ago: an upload whose row comes next, an Express execution, a call that has just read the row before its change.
//! The first two are read here; for the third a component's time is set anew by each upload of its bytes, and before
//! each commit that takes a name away from it ([`Inner::release`]), and it stays for [`COMPONENT_GRACE`] after that.
//!
//! INVARIANT: nothing pins a component anew that no row has named for that long, and pins older than that are in the
//! executions' rows: an attempt's start is written within [`crate::driver`]'s quarter of a second.
//! INVARIANT: what cannot be read keeps everything.

use super::digest;
use super::row::{FunctionRow, VersionRow};
use crate::driver::Details;
use crate::engine::{Engine, Inner};
use crate::{StoreFailure, row};
use std::collections::HashSet;
use std::time::{Duration, SystemTime};
use stepwell_sandbox::Digest;
use stepwell_store::{
    BlobId, CatalogKey, CatalogKind, CatalogRow, CatalogScope, ExecutionStatus, ExecutionsQuery,
    MachineScope, Order, RemovalReport,
};
use stepwell_types::Name;

/// How long a component stays after its last upload, and after the last row that named it: three times as long as an
/// Express execution may take.
pub const COMPONENT_GRACE: Duration = Duration::from_secs(15 * 60);
/// How often components are swept.
const SWEEP_INTERVAL: Duration = Duration::from_secs(60 * 60);
/// Rows read at once.
const PAGE_ROWS: usize = 256;

impl Engine {
    /// Removes the components that no function, no version and no open execution needs, and that nobody has used for
    /// [`COMPONENT_GRACE`] as of `at`; their compiled code with them.
    ///
    /// # Errors
    /// [`StoreFailure`] if something could not be read; then nothing was removed on its account.
    pub async fn sweep_components(&self, at: SystemTime) -> Result<RemovalReport, StoreFailure> {
        let inner = &*self.0;
        let failed = |error: stepwell_store::BlobError| StoreFailure::failed(error);
        let mut report = RemovalReport::default();
        let Some(unused_before) = at.checked_sub(COMPONENT_GRACE) else { return Ok(report) };
        // Chosen before the rows are read: what is used again meanwhile has a newer time, which the removal compares.
        let blobs = inner.store.blobs().list().await.map_err(failed)?;
        let mut unused: HashSet<BlobId> =
            blobs.into_iter().filter(|blob| blob.used < unused_before).map(|blob| blob.id).collect();
        inner.spare_named(&mut unused).await?;
        inner.spare_pinned(&mut unused).await?;
        for id in unused {
            let removed = inner.store.blobs().remove(vec![id], unused_before).await.map_err(failed)?;
            if removed.removed > 0 {
                inner.sandbox.forget(Digest::from_bytes(id.0));
                report.removed += removed.removed;
                report.removed_bytes += removed.removed_bytes;
            }
        }
        Ok(report)
    }

    /// Sweeps at the start, and then now and then, for as long as the engine lives.
    pub(crate) async fn run_sweeps(self) {
        loop {
            match self.sweep_components(SystemTime::now()).await {
                Ok(RemovalReport { removed: 0, .. }) => {}
                Ok(RemovalReport { removed, removed_bytes }) => {
                    tracing::info!(removed, removed_bytes, "components that nothing needs were removed");
                }
                Err(failure) => tracing::error!(%failure, "components could not be swept and stay"),
            }
            tokio::select! {
                () = tokio::time::sleep(SWEEP_INTERVAL) => {}
                () = self.0.stopping.cancelled() => return,
            }
        }
    }
}

impl Inner {
    /// To be called before a commit after which some row names these components no more: they stay for a while.
    pub(crate) async fn release(
        &self,
        components: impl IntoIterator<Item = Digest>,
    ) -> Result<(), StoreFailure> {
        for component in components {
            let touched = self.store.blobs().touch(blob(component)).await;
            touched.map_err(StoreFailure::failed)?;
        }
        Ok(())
    }

    /// Takes out what a function or a version names.
    async fn spare_named(&self, unused: &mut HashSet<BlobId>) -> Result<(), StoreFailure> {
        for kind in [CatalogKind::Function, CatalogKind::FunctionVersion] {
            let mut place = Place::Start;
            while !unused.is_empty()
                && let Some(rows) = self.next_rows(kind, &mut place).await?
            {
                for row in rows {
                    if kind == CatalogKind::Function {
                        let row: FunctionRow = row::decode(&row.value)?;
                        for named in row.components()? {
                            unused.remove(&blob(named));
                        }
                    } else {
                        let row: VersionRow = row::decode(&row.value)?;
                        unused.remove(&blob(digest(&row.code.digest)?));
                    }
                }
            }
        }
        Ok(())
    }

    /// Takes out what a visit of an open execution is pinned to. Every execution's machine is in the catalog until it
    /// has closed.
    async fn spare_pinned(&self, unused: &mut HashSet<BlobId>) -> Result<(), StoreFailure> {
        let mut place = Place::Start;
        while !unused.is_empty()
            && let Some(rows) = self.next_rows(CatalogKind::StateMachine, &mut place).await?
        {
            for row in rows {
                let machine = Name::new(row.key.name())
                    .map_err(|error| StoreFailure::failed(format!("a machine's row: {error}")))?;
                let (account, region) = (row.key.account(), row.key.region().clone());
                self.spare_pinned_by(MachineScope { account, region, machine }, unused).await?;
            }
        }
        Ok(())
    }

    async fn spare_pinned_by(
        &self,
        scope: MachineScope,
        unused: &mut HashSet<BlobId>,
    ) -> Result<(), StoreFailure> {
        let mut after = None;
        while !unused.is_empty() {
            let query = ExecutionsQuery {
                scope: scope.clone(),
                status: Some(ExecutionStatus::Running),
                after,
                limit: PAGE_ROWS,
            };
            let page = self.store.executions(query).await?;
            for execution in page.executions {
                let (_, pins) = Details::decode(&execution.row.details)?;
                for pin in pins.values() {
                    unused.remove(&blob(pin.digest));
                }
            }
            after = page.next;
            if after.is_none() {
                break;
            }
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// The next rows of one kind, of all accounts.
    async fn next_rows(
        &self,
        kind: CatalogKind,
        place: &mut Place,
    ) -> Result<Option<Vec<CatalogRow>>, StoreFailure> {
        let after = match std::mem::replace(place, Place::End) {
            Place::Start => None,
            Place::After(key) => Some(key),
            Place::End => return Ok(None),
        };
        tokio::task::yield_now().await;
        let page = self.store.catalog_scan(CatalogScope::Kind(kind), Order::Ascending, after, PAGE_ROWS);
        let page = page.await?;
        *place = page.next.map_or(Place::End, Place::After);
        Ok(Some(page.rows))
    }
}

/// Where a scan stands.
enum Place {
    Start,
    After(CatalogKey),
    End,
}

fn blob(component: Digest) -> BlobId {
    BlobId(*component.as_bytes())
}
