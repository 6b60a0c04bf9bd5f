//! A server in this process: data folder, sandbox, engine, API, one port; and its orderly end.

use anyhow::{Context as _, anyhow};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use stepwell_api::{Api, Phase, ServeLimits};
use stepwell_auth::{Authenticator, OpenMode};
use stepwell_engine::page::PageRequest;
use stepwell_engine::{Engine, EngineConfig, Scope};
use stepwell_sandbox::{Sandbox, SandboxConfig};
use stepwell_store::{Acceptance, BlobId, StopKind, StopReason, Store};
use stepwell_store_redb::{RedbOptions, RedbStore};
use tokio::net::{TcpListener, TcpSocket};
use tokio_util::sync::CancellationToken;

/// Compiled components, in the data folder; may be deleted at any time.
const COMPILED_FOLDER: &str = "compiled";
/// How long requests that are under way may take to end when the server stops.
const GRACE: Duration = Duration::from_secs(5);
/// How long those that have not ended by then may take to be refused.
const LAST_CALL: Duration = Duration::from_secs(1);
/// Connections at once, as far as the system has a file descriptor for each.
const CONNECTIONS_MAX: usize = 10_000;
/// File descriptors that the server asks for: those of its connections, and ample ones for files.
const FILES_WANTED: u64 = 16_384;
/// Connections that wait to be accepted.
const BACKLOG: u32 = 1_024;
/// Bytes of an answer that the system takes from the server ahead of the reader. Linux asks for more once a third of
/// them has gone, and by itself lets them grow to megabytes: the server could not tell a slow reader from one who
/// takes nothing.
const SEND_BUFFER_BYTES: u32 = 64 << 10;
/// How long the engine may take to let its commits finish.
const CLOSE_MAX: Duration = Duration::from_secs(30);
/// Names of each kind that a start reads to show what is deployed.
const SHOWN_PAGES_MAX: usize = 20;

/// What a server is started with.
#[derive(Clone, Debug)]
pub(crate) struct ServerConfig {
    /// The data folder.
    pub(crate) folder: PathBuf,
    /// Where to listen; port 0 lets the system choose.
    pub(crate) listen: SocketAddr,
    /// Whom to answer.
    pub(crate) open: OpenMode,
}

/// A server that is up and listens, and is about to answer.
pub(crate) struct Server {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    listener: TcpListener,
    api: Api,
    engine: Engine,
}

/// What is deployed for one account and region.
#[derive(Clone, Debug, Default)]
pub(crate) struct Deployed {
    /// Names of functions.
    pub(crate) functions: Vec<String>,
    /// Names of state machines.
    pub(crate) machines: Vec<String>,
}

impl Server {
    /// Takes the port, opens the folder, resumes what was under way.
    ///
    /// # Errors
    /// A sentence for whoever runs it: the port is taken, the folder is in use, read-only or damaged.
    pub(crate) async fn start(config: ServerConfig) -> anyhow::Result<Self> {
        let listener = listen(config.listen).map_err(|error| bind_error(config.listen, &error))?;
        let address = listener.local_addr().context("the listening address")?;
        let store = open_store(config.folder.clone()).await?;
        let sandbox = SandboxConfig::new(config.folder.join(COMPILED_FOLDER));
        let sandbox = Sandbox::new(sandbox)?;
        let engine = Engine::open(store, sandbox, EngineConfig::default()).await?;
        let api = Api::new(engine.clone(), Authenticator::open(config.open));
        Ok(Self { address, listener, api, engine })
    }

    /// Why the server takes no new executions, if it does not.
    pub(crate) fn refuses_starts(&self) -> Option<String> {
        match self.engine.health().acceptance {
            Acceptance::All => None,
            Acceptance::ProgressOnly(error) => Some(error.to_string()),
            Acceptance::Nothing(reason) => Some(reason.to_string()),
        }
    }

    /// What is deployed, by name.
    pub(crate) async fn deployed(&self, scope: &Scope) -> anyhow::Result<Deployed> {
        let mut deployed = Deployed::default();
        let mut page = PageRequest::default();
        for _ in 0..SHOWN_PAGES_MAX {
            let found = self.engine.list_functions(scope, &page).await?;
            deployed.functions.extend(found.entries.iter().map(|function| function.arn.name.to_string()));
            page.next_token = found.next_token;
            if page.next_token.is_none() {
                break;
            }
        }
        let mut page = PageRequest::default();
        for _ in 0..SHOWN_PAGES_MAX {
            let found = self.engine.list_state_machines(scope, &page).await?;
            deployed.machines.extend(found.entries.iter().map(|machine| machine.name.to_string()));
            page.next_token = found.next_token;
            if page.next_token.is_none() {
                break;
            }
        }
        Ok(deployed)
    }

    /// Answers until `stop` is cancelled or the store stops, then ends in order: takes no new connections, lets
    /// requests end, lets commits become durable, closes the store.
    ///
    /// # Errors
    /// Why the store stopped by itself, or did not close as it should.
    pub(crate) async fn serve(self, stop: CancellationToken) -> anyhow::Result<()> {
        let Self { listener, api, engine, .. } = self;
        let serving = stop.child_token();
        let router = api.router();
        api.readiness().set(Phase::Ready);
        let limits = ServeLimits { connections_max: connections_max(), grace: GRACE + LAST_CALL };
        let mut answering =
            tokio::spawn(stepwell_api::serve::serve(listener, router, serving.clone(), limits));
        let failed = tokio::select! {
            () = stop.cancelled() => None,
            reason = engine.stopped() => Some(reason),
        };
        let phase = failed.as_ref().map_or_else(|| "stopping".into(), |reason| Arc::clone(&reason.message));
        api.readiness().set(Phase::NotReady(phase));
        serving.cancel();
        api.ending().begun.cancel();
        let in_time = tokio::time::timeout(GRACE, &mut answering).await;
        let answered = match in_time {
            Ok(answered) => answered,
            Err(_) => {
                api.ending().last_call.cancel();
                answering.await
            }
        };
        if answered.is_err() {
            tracing::error!("the listener broke down");
        }
        if let Some(reason) = failed {
            return Err(anyhow!("{reason}"));
        }
        match tokio::time::timeout(CLOSE_MAX, engine.close()).await {
            Ok(StopReason { kind: StopKind::Closed, .. }) => Ok(()),
            Ok(reason) => Err(anyhow!("{reason}")),
            Err(_) => Err(anyhow!("the store did not close within {} s", CLOSE_MAX.as_secs())),
        }
    }
}

/// Opens the store of a data folder; a large one may take its time.
pub(crate) async fn open_store(folder: PathBuf) -> anyhow::Result<Arc<dyn Store>> {
    let open = move || RedbStore::open(&folder, RedbOptions::default());
    Ok(Arc::new(tokio::task::spawn_blocking(open).await.context("opening the data folder broke down")??))
}

/// Compares the checksums of a whole store file.
pub(crate) async fn verify_store(folder: PathBuf) -> anyhow::Result<()> {
    let verify = move || RedbStore::verify(&folder, RedbOptions::default());
    Ok(tokio::task::spawn_blocking(verify).await.context("reading the data folder broke down")??)
}

/// Whether a data folder holds a store, or what is left of one.
pub(crate) fn holds_store(folder: &Path) -> bool {
    folder.join("store.redb").exists() || folder.join("store.log").exists()
}

/// The file of a component.
pub(crate) fn component_file(folder: &Path, component: BlobId) -> PathBuf {
    folder.join("blobs").join(component.to_string())
}

/// Asks for as many file descriptors as may be had without privileges, and leaves half of them to files: a server
/// that cannot open its own files is worse than a client that waits.
fn connections_max() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.map_or(FILES_WANTED, |maximum| maximum.min(FILES_WANTED));
    let mut files = limit.current.unwrap_or(FILES_WANTED);
    if files < wanted && setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), ..limit }).is_ok() {
        files = wanted;
    }
    usize::try_from(files / 2).unwrap_or(CONNECTIONS_MAX).min(CONNECTIONS_MAX)
}

/// Accepted connections inherit what is set here.
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

fn bind_error(listen: SocketAddr, error: &io::Error) -> anyhow::Error {
    let port = listen.port();
    match error.kind() {
        io::ErrorKind::AddrInUse => anyhow!(
            "port {port} is taken: another server is running, or another program has it; choose another with --port, or a free one with --port 0"
        ),
        io::ErrorKind::PermissionDenied => anyhow!("port {port} may not be used; choose another with --port"),
        _ => anyhow!("cannot listen on {listen}: {error}"),
    }
}
