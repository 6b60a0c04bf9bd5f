//! An engine with functions and machines to measure.

use anyhow::{Context as _, Result};
use std::path::Path;
use std::sync::Arc;
use stepwell_engine::execution::StartExecution;
use stepwell_engine::function::{CreateFunction, FunctionSettings};
use stepwell_engine::machine::{CreateStateMachine, MachineSettings, MachineType, Publish};
use stepwell_engine::{Engine, EngineConfig, Scope};
use stepwell_sandbox::{Sandbox, SandboxConfig};
use stepwell_store::Store;
use stepwell_types::{AccountId, Name, Payload, Region, StateMachineArn};

/// A small event.
pub(crate) const EVENT: &str = r#"{"id": 17, "station": "S3", "reading": 712}"#;

/// One machine of one Pass.
pub(crate) const PASS: &str = r#"{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"#;

/// One machine of one Task.
pub(crate) const TASK: &str = r#"{"StartAt":"T","States":{"T":{"Type":"Task",
    "Resource":"arn:aws:lambda:us-east-1:000000000000:function:echo","End":true}}}"#;

/// A component that is checked in.
pub(crate) fn component(name: &str) -> Result<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../guest-examples/built/{name}.wasm"));
    std::fs::read(&path).with_context(|| path.display().to_string())
}

/// An engine, and what it needs.
pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) sandbox: Sandbox,
    pub(crate) scope: Scope,
    _compiled: tempfile::TempDir,
}

impl World {
    /// On this store, with the function `echo`.
    pub(crate) async fn open(store: Arc<dyn Store>) -> Result<Self> {
        let compiled = tempfile::tempdir()?;
        let sandbox = Sandbox::new(SandboxConfig::new(compiled.path().join("compiled")))?;
        let engine = Engine::open(store, sandbox.clone(), EngineConfig::default()).await?;
        let scope = Scope { account: AccountId::DEFAULT, region: Region::default() };
        let world = Self { engine, sandbox, scope, _compiled: compiled };
        world.function("echo").await?;
        Ok(world)
    }

    /// Deploys a component under its own name.
    pub(crate) async fn function(&self, name: &str) -> Result<()> {
        let request = CreateFunction {
            name: name.into(),
            code: component(name)?.into(),
            settings: FunctionSettings { timeout_s: Some(60), ..FunctionSettings::default() },
            tags: Vec::new(),
            publish: false,
        };
        self.engine.create_function(&self.scope, request).await?;
        Ok(())
    }

    /// Creates a machine.
    pub(crate) async fn machine(
        &self,
        name: &str,
        definition: &str,
        machine_type: MachineType,
    ) -> Result<StateMachineArn> {
        let request = CreateStateMachine {
            name: Name::new(name).context("a name")?,
            definition: definition.into(),
            role_arn: "arn:aws:iam::000000000000:role/bench".into(),
            machine_type,
            settings: MachineSettings::default(),
            tags: Vec::new(),
            publish: Publish::No,
        };
        Ok(self.engine.create_state_machine(&self.scope, request).await?.arn)
    }

    /// A start without a name.
    pub(crate) fn start(machine: &StateMachineArn, input: &Payload) -> StartExecution {
        StartExecution { machine: machine.clone(), name: None, input: input.clone(), trace_header: None }
    }
}
