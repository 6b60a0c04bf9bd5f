//! An engine on an in-memory disk, with a clock that tests move, and the checked-in components.

use parking_lot::Mutex;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use stepwell_engine::execution::{
    ExecutionDescription, HistoryOrder, StartExecution, StartExecutionError, StartedExecution, SyncExecution,
    Waited,
};
use stepwell_engine::function::{CreateFunction, FunctionSettings};
use stepwell_engine::machine::{CreateStateMachine, MachineSettings, MachineType, Publish};
use stepwell_engine::page::PageRequest;
use stepwell_engine::{Clock, Engine, EngineConfig, Scope};
use stepwell_history::{EventKind, HistoryEvent};
use stepwell_sandbox::{Sandbox, SandboxConfig};
use stepwell_store::MemoryDisk;
use stepwell_store::backend::core::CoreOptions;
use stepwell_types::{AccountId, ExecutionArn, Name, Payload, Region, StateMachineArn, Timestamp};

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Bench {
    pub engine: Engine,
    pub scope: Scope,
    pub disk: MemoryDisk,
    sandbox: Sandbox,
    now: Arc<Mutex<Timestamp>>,
    cache: tempfile::TempDir,
    configure: Configure,
}

type Configure = Box<dyn Fn(&mut EngineConfig) + Send + Sync>;

/// A checked-in component.
pub fn built(name: &str) -> Arc<[u8]> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../guest-examples/built/{name}.wasm"));
    std::fs::read(path).unwrap().into()
}

async fn open(
    disk: &MemoryDisk,
    sandbox: &Sandbox,
    now: &Arc<Mutex<Timestamp>>,
    configure: &Configure,
) -> Engine {
    // Tests go through months in a moment.
    let options = CoreOptions { clock_jump_ms_max: i64::MAX, ..CoreOptions::default() };
    let store = Arc::new(disk.open(options).unwrap());
    let writer = Arc::clone(&store);
    std::thread::spawn(move || writer.work());
    let mut config = EngineConfig { clock: Clock::Manual(Arc::clone(now)), ..EngineConfig::default() };
    configure(&mut config);
    Engine::open(store, sandbox.clone(), config).await.unwrap()
}

impl Bench {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// With another configuration, also after each restart.
    pub async fn with(configure: impl Fn(&mut EngineConfig) + Send + Sync + 'static) -> Self {
        let configure: Configure = Box::new(configure);
        let cache = tempfile::tempdir().unwrap();
        let sandbox = Sandbox::new(SandboxConfig::new(cache.path().join("compiled"))).unwrap();
        let disk = MemoryDisk::default();
        let now = Arc::new(Mutex::new(Timestamp::from_millis(1_700_000_000_000)));
        let engine = open(&disk, &sandbox, &now, &configure).await;
        let scope = Scope { account: AccountId::DEFAULT, region: Region::default() };
        Self { engine, scope, disk, sandbox, now, cache, configure }
    }

    /// Stops and starts again on the same disk.
    pub async fn restart(&mut self) {
        let _ = self.engine.close().await;
        self.engine = open(&self.disk, &self.sandbox, &self.now, &self.configure).await;
    }

    /// Time passes.
    pub fn pass(&self, duration: Duration) {
        let mut now = self.now.lock();
        *now = now.after(duration);
    }

    pub fn other_scope(&self) -> Scope {
        Scope { account: AccountId::from_u64(42).unwrap(), region: Region::default() }
    }

    /// The same with an empty folder of compiled code.
    pub async fn restart_without_compiled_code(&mut self) {
        let _ = self.engine.close().await;
        self.cache = tempfile::tempdir().unwrap();
        self.sandbox = Sandbox::new(SandboxConfig::new(self.cache.path().join("compiled"))).unwrap();
        self.engine = open(&self.disk, &self.sandbox, &self.now, &self.configure).await;
    }

    /// Deploys a checked-in component under its own name.
    pub async fn function(&self, name: &str) {
        self.create(name, built(name)).await;
    }

    pub async fn create(&self, name: &str, code: Arc<[u8]>) {
        self.create_for(&self.scope, name, code).await;
    }

    pub async fn create_for(&self, scope: &Scope, name: &str, code: Arc<[u8]>) {
        let request = CreateFunction {
            name: name.into(),
            code,
            settings: FunctionSettings { timeout_s: Some(60), ..FunctionSettings::default() },
            tags: Vec::new(),
            publish: false,
        };
        self.engine.create_function(scope, request).await.unwrap();
    }

    pub async fn machine(&self, name: &str, definition: &str, machine_type: MachineType) -> StateMachineArn {
        self.machine_for(&self.scope, name, definition, machine_type).await
    }

    pub async fn machine_for(
        &self,
        scope: &Scope,
        name: &str,
        definition: &str,
        machine_type: MachineType,
    ) -> StateMachineArn {
        let request = CreateStateMachine {
            name: Name::new(name).unwrap(),
            definition: definition.into(),
            role_arn: "arn:aws:iam::000000000000:role/r".into(),
            machine_type,
            settings: MachineSettings::default(),
            tags: Vec::new(),
            publish: Publish::No,
        };
        self.engine.create_state_machine(scope, request).await.unwrap().arn
    }

    pub async fn try_start(
        &self,
        machine: &StateMachineArn,
        name: Option<&str>,
        input: &str,
    ) -> Result<StartedExecution, StartExecutionError> {
        let request = StartExecution {
            machine: machine.clone(),
            name: name.map(|name| Name::new(name).unwrap()),
            input: Payload::parse(input).unwrap(),
            trace_header: None,
        };
        self.engine.start_execution(&self.scope, request).await
    }

    pub async fn start(
        &self,
        machine: &StateMachineArn,
        name: Option<&str>,
        input: &str,
    ) -> StartedExecution {
        self.try_start(machine, name, input).await.unwrap()
    }

    pub async fn run_sync(&self, machine: &StateMachineArn, input: &str) -> SyncExecution {
        let input = Payload::parse(input).unwrap();
        let request = StartExecution { machine: machine.clone(), name: None, input, trace_header: None };
        self.engine.start_sync_execution(&self.scope, request).await.unwrap()
    }

    pub async fn run(&self, machine: &StateMachineArn, input: &str) -> ExecutionDescription {
        let started = self.start(machine, None, input).await;
        self.closed(&started.arn).await
    }

    pub async fn closed(&self, arn: &ExecutionArn) -> ExecutionDescription {
        match self.engine.wait_for_execution(&self.scope, arn, PATIENCE).await.unwrap() {
            Waited::Closed(description) => *description,
            Waited::Running(_) => panic!("{arn} did not close in {PATIENCE:?}; {:?}", self.events(arn).await),
        }
    }

    async fn history(&self, arn: &ExecutionArn) -> Vec<HistoryEvent> {
        let mut events = Vec::new();
        let mut next_token = None;
        loop {
            let page = PageRequest { max_results: 1_000, next_token };
            let page = self
                .engine
                .execution_history(&self.scope, arn, HistoryOrder::OldestFirst, &page)
                .await
                .unwrap();
            events.extend(page.events);
            next_token = page.next_token;
            if next_token.is_none() {
                return events;
            }
        }
    }

    pub async fn events(&self, arn: &ExecutionArn) -> Vec<String> {
        self.history(arn).await.iter().map(|event| event.kind.name().to_owned()).collect()
    }

    pub async fn event_ids(&self, arn: &ExecutionArn) -> Vec<u64> {
        self.history(arn).await.iter().map(|event| event.id.0).collect()
    }

    /// The token of the one task that waits, once its call was accepted.
    pub async fn token(&self, arn: &ExecutionArn) -> String {
        self.until(async || self.events(arn).await.iter().any(|name| name == "TaskSubmitted")).await;
        self.scheduled_token(arn).await
    }

    /// The token of the one task that was scheduled.
    pub async fn scheduled_token(&self, arn: &ExecutionArn) -> String {
        let events = self.history(arn).await;
        let parameters = events.iter().find_map(|event| match &event.kind {
            EventKind::TaskScheduled(scheduled) => Some(scheduled.parameters.0.value().clone()),
            _ => None,
        });
        let payload = parameters.as_ref().and_then(|parameters| parameters.get("Payload"));
        payload.and_then(|payload| payload.get("token")?.as_str()).unwrap().to_owned()
    }

    /// Looks again until it holds.
    pub async fn until(&self, mut holds: impl AsyncFnMut() -> bool) {
        let patience = tokio::time::Instant::now() + PATIENCE;
        while !holds().await {
            assert!(tokio::time::Instant::now() < patience, "did not come true in {PATIENCE:?}");
            tokio::task::yield_now().await;
        }
    }
}
