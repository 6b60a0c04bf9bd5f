//! Guests made from WebAssembly text, and a sandbox to run them in.

use std::sync::Arc;
use std::time::Duration;
use stepwell_sandbox::{
    Clocks, FunctionIdentity, Grants, InvokeReport, InvokeRequest, Limits, Loaded, Randomness, Sandbox,
    SandboxConfig, prepare,
};
use stepwell_types::AccountId;
use tempfile::TempDir;

/// A task whose `handle(p, n)` has this body. `$answer(tag, pointer, length)` makes its result; `$fail` makes an error
/// named `Demo.Error` with a text as its cause. Imports come first, data lies between 64 and 1024.
pub(crate) fn task(imports: &str, rest: &str, body: &str) -> Vec<u8> {
    let text = format!(
        r#"(module {imports}
          (memory (export "memory") 1)
          (global $heap (mut i32) (i32.const 4096))
          (data (i32.const 32) "Demo.Error")
          {rest}
          (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (local $p i32)
            (local.set $p (i32.and (i32.add (global.get $heap) (i32.const 7)) (i32.const -8)))
            (global.set $heap (i32.add (local.get $p) (local.get 3)))
            (if (i32.gt_u (global.get $heap) (i32.mul (memory.size) (i32.const 65536)))
              (then (if (i32.eq (i32.const -1) (memory.grow
                (i32.add (i32.const 1) (i32.shr_u (local.get 3) (i32.const 16))))) (then unreachable))))
            (local.get $p))
          (func $answer (param i32 i32 i32) (result i32)
            (i32.store (i32.const 0) (local.get 0))
            (i32.store (i32.const 4) (local.get 1))
            (i32.store (i32.const 8) (local.get 2))
            (i32.const 0))
          (func $fail (param i32 i32) (result i32)
            (i32.store (i32.const 0) (i32.const 1))
            (i32.store (i32.const 4) (i32.const 32))
            (i32.store (i32.const 8) (i32.const 10))
            (i32.store (i32.const 12) (local.get 0))
            (i32.store (i32.const 16) (local.get 1))
            (i32.const 0))
          (func $handle (export "handle") (param $p i32) (param $n i32) (result i32) {body}))"#
    );
    assemble(&text)
}

/// Answers its event.
pub(crate) const ECHO: &str = "(call $answer (i32.const 0) (local.get $p) (local.get $n))";

pub(crate) fn echo() -> Vec<u8> {
    task("", "", ECHO)
}

#[track_caller]
pub(crate) fn assemble(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

/// A sandbox with a folder of its own.
pub(crate) struct Bench {
    pub(crate) sandbox: Sandbox,
    pub(crate) dir: TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(set: impl FnOnce(&mut SandboxConfig)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = SandboxConfig::new(dir.path());
        config.instances_max = 50;
        set(&mut config);
        Self { sandbox: Sandbox::new(config).unwrap(), dir }
    }

    pub(crate) async fn publish(&self, upload: &[u8]) -> Loaded {
        let prepared = prepare(upload).unwrap();
        self.sandbox.publish(prepared.digest, prepared.component).await.unwrap()
    }

    pub(crate) async fn run(&self, upload: &[u8], request: InvokeRequest) -> InvokeReport {
        let function = self.publish(upload).await;
        self.sandbox.invoke(&function, request).await
    }
}

pub(crate) fn request(event: &str) -> InvokeRequest {
    InvokeRequest {
        account: AccountId::DEFAULT,
        event: event.into(),
        invocation_id: "7c1c3cd4-0000-4000-8000-000000000001".into(),
        execution_arn: None,
        attempt: 1,
        idempotency_key: "key".into(),
        function: FunctionIdentity { name: "demo".into(), version: "$LATEST".into() },
        environment: Arc::new([("COLOUR".to_owned(), "red".to_owned())]),
        limits: Limits { timeout: Duration::from_secs(20), ..Limits::default() },
        grants: Grants::default(),
        clocks: Clocks::Real,
        randomness: Randomness::Real,
    }
}

pub(crate) fn request_with(event: &str, set: impl FnOnce(&mut Limits)) -> InvokeRequest {
    let mut request = request(event);
    set(&mut request.limits);
    request
}
