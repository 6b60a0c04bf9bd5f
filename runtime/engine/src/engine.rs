//! The engine: what all of its parts share, how it starts and how it stops.

use crate::clock::Clock;
use crate::driver::{Drivers, TurnProbe};
use crate::function::CodeJobs;
use crate::function::invocation::Callables;
use crate::function::queued::Queue;
use crate::log::Logs;
use crate::machine::{Machine, RevisionKey};
use crate::page::PageTokens;
use crate::share::Shares;
use crate::timer::Timers;
use crate::{Scope, StoreFailure, row};
use bytes::Bytes;
use hmac::{Hmac, Mac};
use parking_lot::Mutex;
use quick_cache::sync::Cache;
use sha2::Sha256;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use stepwell_interpreter::TokenKey;
use stepwell_sandbox::Sandbox;
use stepwell_store::{
    Acceptance, CatalogKey, CatalogKind, CatalogWrite, Commit, CommitError, Committed, Precondition, Refusal,
    StopReason, Store, SubmitError,
};
use stepwell_types::{AccountId, Name, Region, Timestamp};
use tokio_util::sync::CancellationToken;

/// Machines' revisions kept parsed, about.
const MACHINES_CACHED: usize = 10_000;
/// Bytes of their definitions in each cache. Parsed, a definition takes several times as much.
const MACHINES_CACHED_BYTES_MAX: u64 = 64 << 20;
/// Bytes that a parsed machine costs beside its definition.
const MACHINE_OVERHEAD_BYTES: u64 = 1_024;
/// Functions kept resolved.
const FUNCTIONS_CACHED_MAX: usize = 10_000;

/// A machine weighs what its definition does.
#[derive(Clone)]
pub(crate) struct ByDefinition;

impl<K> quick_cache::Weighter<K, Arc<Machine>> for ByDefinition {
    fn weight(&self, _: &K, machine: &Arc<Machine>) -> u64 {
        machine.row.definition.len() as u64 + MACHINE_OVERHEAD_BYTES
    }
}

/// What the server's own limits are.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// Standard executions that may be in memory at once, of all accounts, who share it; beyond it new ones are refused.
    pub live_executions_max: usize,
    /// Express executions that may be open at once, of all accounts, who share it; beyond it new ones are throttled.
    pub open_express_max: usize,
    /// The time.
    pub clock: Clock,
    /// For tests.
    pub probe: Option<Arc<dyn TurnProbe>>,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self { live_executions_max: 1_000_000, open_express_max: 10_000, clock: Clock::System, probe: None }
    }
}

/// Runs state machines and functions. A clone is a reference count.
#[derive(Clone)]
pub struct Engine(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) sandbox: Sandbox,
    pub(crate) clock: Clock,
    pub(crate) config: EngineConfig,
    pub(crate) page_tokens: PageTokens,
    pub(crate) logs: Logs,
    /// Secret: seeds and token keys of executions are derived from it.
    master: Hmac<Sha256>,
    pub(crate) machines: Cache<RevisionKey, Arc<Machine>, ByDefinition>,
    pub(crate) current_machines: Cache<(Scope, Name), Arc<Machine>, ByDefinition>,
    pub(crate) functions: Cache<(Scope, Arc<str>), Callables>,
    pub(crate) code_jobs: CodeJobs,
    pub(crate) drivers: Drivers,
    /// Machines that go when their last execution has closed.
    pub(crate) deleting: Mutex<HashSet<(Scope, Name)>>,
    pub(crate) name_key: Hmac<Sha256>,
    pub(crate) timers: Timers,
    pub(crate) open_express: Arc<Shares>,
    pub(crate) live_executions: Arc<Shares>,
    /// Executions up to this number were started by earlier processes.
    pub(crate) first_number: u64,
    last_revision: AtomicU64,
    pub(crate) queue: Queue,
    pub(crate) stopping: CancellationToken,
}

impl Engine {
    /// Starts on an opened store: reads the server's secret (or makes it), then resumes in the background, while
    /// serving, what was under way when the server last stopped.
    ///
    /// # Errors
    /// [`StoreFailure`] if the store cannot be read or written.
    pub async fn open(
        store: Arc<dyn Store>,
        sandbox: Sandbox,
        config: EngineConfig,
    ) -> Result<Self, StoreFailure> {
        let secret = secret(&*store).await?;
        let master =
            Hmac::new_from_slice(&secret).unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
        let page_key = derive(&master, "page tokens", 0);
        let name_key = Hmac::new_from_slice(&derive(&master, "names", 0))
            .unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
        let inner = Inner {
            sandbox,
            clock: config.clock.clone(),
            page_tokens: PageTokens::new(&page_key),
            logs: Logs::default(),
            master,
            machines: Cache::with_weighter(MACHINES_CACHED, MACHINES_CACHED_BYTES_MAX, ByDefinition),
            current_machines: Cache::with_weighter(MACHINES_CACHED, MACHINES_CACHED_BYTES_MAX, ByDefinition),
            functions: Cache::new(FUNCTIONS_CACHED_MAX),
            code_jobs: CodeJobs::default(),
            drivers: Drivers::new(store.last_execution()),
            name_key,
            deleting: Mutex::default(),
            timers: Timers::default(),
            open_express: Shares::new(config.open_express_max),
            live_executions: Shares::new(config.live_executions_max),
            first_number: store.last_execution(),
            last_revision: AtomicU64::new(0),
            queue: Queue::default(),
            stopping: CancellationToken::new(),
            store,
            config,
        };
        let engine = Self(Arc::new(inner));
        tokio::spawn(engine.clone().run_queued());
        tokio::spawn(engine.clone().run_timers());
        tokio::spawn(engine.clone().run_retention());
        tokio::spawn(engine.clone().recover());
        tokio::spawn(engine.clone().run_sweeps());
        Ok(engine)
    }

    /// Stops starting new work, lets commits become durable and closes the store. Attempts that are under way are
    /// given up as in a crash: recovery decides about them.
    pub async fn close(&self) -> StopReason {
        self.0.stopping.cancel();
        self.0.store.close().await
    }

    /// Resolves when the store stops, with the reason: the server cannot go on without it.
    pub async fn stopped(&self) -> StopReason {
        self.0.store.stopped().await
    }

    /// How the store is doing.
    #[must_use]
    pub fn health(&self) -> stepwell_store::Health {
        self.0.store.health()
    }

    /// Standard executions in memory: those that do something, or will within a minute.
    #[must_use]
    pub fn executions_in_memory(&self) -> usize {
        self.0.drivers.live_len()
    }

    /// What functions logged.
    #[must_use]
    pub fn logs(&self) -> &Logs {
        &self.0.logs
    }

    /// The time as the engine sees it.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }
}

impl Inner {
    /// A number that grows with time and is never given twice by one process.
    pub(crate) fn new_revision(&self, now: Timestamp) -> u64 {
        let from_time = u64::try_from(now.as_millis()).unwrap_or(0) << 12;
        let next = |last: u64| Some(from_time.max(last + 1));
        match self.last_revision.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next) {
            Ok(last) | Err(last) => from_time.max(last + 1),
        }
    }

    /// Whether something new would be taken now.
    pub(crate) fn check_room(&self) -> Result<(), StoreFailure> {
        match self.store.health().acceptance {
            Acceptance::All => Ok(()),
            Acceptance::ProgressOnly(error) => Err(error.into()),
            Acceptance::Nothing(reason) => Err(reason.into()),
        }
    }

    /// Where an execution's randomness comes from.
    pub(crate) fn seed(&self, execution: u64) -> [u8; 32] {
        derive(&self.master, "seed", execution)
    }

    /// The key of an execution's task tokens.
    pub(crate) fn token_key(&self, execution: u64) -> TokenKey {
        TokenKey(derive(&self.master, "task tokens", execution))
    }

    /// Commits, and does `then` when it is known what became of that, even if the caller goes away before: what is
    /// cached must not outlive the rows that it was made from.
    pub(crate) async fn submit_then(
        self: &Arc<Self>,
        commit: Commit,
        then: impl FnOnce(&Self) + Send + 'static,
    ) -> Result<Result<Committed, CommitError>, SubmitError> {
        let ticket = self.store.submit(commit)?;
        let (inner, decided) = (Arc::clone(self), ticket.clone());
        let done = tokio::spawn(async move {
            // What became of it is the ticket's to say.
            let _ = decided.await;
            then(&inner);
        });
        // Fails only where the runtime ends.
        let _ = done.await;
        Ok(ticket.await)
    }
}

fn derive(master: &Hmac<Sha256>, purpose: &str, number: u64) -> [u8; 32] {
    let mut mac = master.clone();
    mac.update(purpose.as_bytes());
    mac.update(&[0]);
    mac.update(&number.to_be_bytes());
    mac.finalize().into_bytes().into()
}

/// The server's secret: 32 random bytes, made at the first start.
async fn secret(store: &dyn Store) -> Result<Vec<u8>, StoreFailure> {
    let key = CatalogKey::new(CatalogKind::Setting, AccountId::DEFAULT, &Region::default(), "secret")
        .unwrap_or_else(|_| unreachable!("the name fits a key"));
    if let Some(found) = store.catalog(key.clone()).await? {
        return Ok(row::decode(&found.value)?);
    }
    let mut secret = vec![0; 32];
    getrandom::fill(&mut secret)
        .map_err(|error| StoreFailure::failed(format!("no random bytes: {error}")))?;
    let mut commit = Commit::new(AccountId::DEFAULT, store.epoch());
    commit.preconditions.push(Precondition::CatalogAbsent(key.clone()));
    commit.catalog.push(CatalogWrite::Put(key.clone(), row::encode(&secret)));
    match store.submit(commit)?.await {
        Ok(_) => Ok(secret),
        Err(CommitError::Refused(Refusal::CatalogDiffers { .. })) => {
            let found = store.catalog(key).await?;
            let value: Bytes = found.map(|found| found.value).unwrap_or_default();
            Ok(row::decode(&value)?)
        }
        Err(error) => Err(error.into()),
    }
}
