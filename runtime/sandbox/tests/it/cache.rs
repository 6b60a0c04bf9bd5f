//! Compiled code on disk: found again, and never trusted.

use crate::guests::{Bench, ECHO, assemble, echo, request, task};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use stepwell_sandbox::{Digest, PublishError, Sandbox, SandboxConfig, SandboxError, prepare};

fn files(dir: &Path, extension: &str) -> Vec<PathBuf> {
    let build = fs::read_dir(dir).unwrap().flatten().find(|entry| entry.path().is_dir()).unwrap().path();
    let entries = fs::read_dir(build).unwrap().flatten().map(|entry| entry.path());
    entries.filter(|path| path.extension().is_some_and(|it| it == extension)).collect()
}

fn reopened(bench: &Bench) -> Sandbox {
    Sandbox::new(SandboxConfig { instances_max: 50, ..SandboxConfig::new(bench.dir.path()) }).unwrap()
}

fn reopened_with(bench: &Bench, cache_bytes_max: u64) -> Sandbox {
    let config = SandboxConfig::new(bench.dir.path());
    Sandbox::new(SandboxConfig { instances_max: 50, cache_bytes_max, ..config }).unwrap()
}

/// Publishes, harms what is on disk, and sees that it is not loaded but compiled again.
async fn check_harm(harm: impl FnOnce(&Path)) {
    let bench = Bench::new();
    let prepared = prepare(&echo()).unwrap();
    bench.sandbox.publish(prepared.digest, prepared.component.clone()).await.unwrap();
    harm(bench.dir.path());
    let sandbox = reopened(&bench);
    assert!(sandbox.load(prepared.digest).await.is_none());
    let function = sandbox.publish(prepared.digest, prepared.component).await.unwrap();
    assert_eq!(sandbox.invoke(&function, request("1")).await.outcome.as_deref(), Ok("1"));
    assert!(reopened(&bench).load(prepared.digest).await.is_some());
}

fn edit(dir: &Path, extension: &str, edit: impl FnOnce(&mut Vec<u8>)) {
    let path = &files(dir, extension)[0];
    let mut bytes = fs::read(path).unwrap();
    edit(&mut bytes);
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
}

#[tokio::test]
async fn compiled_code_outlives_the_sandbox() {
    let bench = Bench::new();
    let function = bench.publish(&echo()).await;
    let sandbox = reopened(&bench);
    let loaded = sandbox.load(function.digest()).await.unwrap();
    assert_eq!(sandbox.invoke(&loaded, request("1")).await.outcome.as_deref(), Ok("1"));
    assert!(sandbox.load(Digest::of(b"unknown")).await.is_none());
}

#[tokio::test]
async fn code_that_cannot_be_kept_runs_nevertheless() {
    let bench = Bench::new();
    let build =
        fs::read_dir(bench.dir.path()).unwrap().flatten().find(|entry| entry.path().is_dir()).unwrap();
    // Nothing can be written below a file, whoever asks.
    fs::remove_dir(build.path()).unwrap();
    fs::write(build.path(), "").unwrap();
    let function = bench.publish(&echo()).await;
    assert_eq!(bench.sandbox.invoke(&function, request("1")).await.outcome.as_deref(), Ok("1"));
}

#[tokio::test]
async fn harmed_code_is_compiled_again() {
    check_harm(|dir| edit(dir, "cwasm", |code| *code.last_mut().unwrap() ^= 1)).await;
    check_harm(|dir| edit(dir, "cwasm", |code| code[100] ^= 0x80)).await;
    check_harm(|dir| edit(dir, "cwasm", |code| code.truncate(code.len() / 2))).await;
    check_harm(|dir| edit(dir, "cwasm", Vec::clear)).await;
    check_harm(|dir| edit(dir, "seal", |seal| seal[0] ^= 1)).await;
    check_harm(|dir| edit(dir, "seal", |seal| seal.truncate(5))).await;
    check_harm(|dir| fs::remove_file(&files(dir, "cwasm")[0]).unwrap()).await;
    check_harm(|dir| fs::write(dir.join("key"), [7; 32]).unwrap()).await;
}

#[tokio::test]
async fn another_components_code_is_not_taken_for_this_one() {
    let bench = Bench::new();
    let echo = bench.publish(&echo()).await.digest();
    let other = bench.publish(&task("", "", &format!("nop nop {ECHO}"))).await.digest();
    for extension in ["cwasm", "seal"] {
        let all = files(bench.dir.path(), extension);
        let path = |digest: Digest| {
            all.iter().find(|path| path.to_string_lossy().contains(&digest.to_string())).unwrap()
        };
        let bytes = fs::read(path(other)).unwrap();
        fs::remove_file(path(echo)).unwrap();
        fs::write(path(echo), bytes).unwrap();
    }
    let sandbox = reopened(&bench);
    assert!(sandbox.load(echo).await.is_none());
    assert!(sandbox.load(other).await.is_some());
}

#[tokio::test]
async fn the_folder_is_private() {
    let bench = Bench::with(|config| {
        fs::set_permissions(&config.cache_dir, fs::Permissions::from_mode(0o777)).unwrap();
    });
    assert_eq!(fs::metadata(bench.dir.path()).unwrap().permissions().mode() & 0o777, 0o700);
    let file = bench.dir.path().join("key");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let error = Sandbox::new(SandboxConfig::new(file)).err().unwrap();
    assert!(matches!(error, SandboxError::CacheDir { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_publish_one_component_at_once() {
    let bench = Bench::new();
    let prepared = bench.sandbox.prepare(echo()).await.unwrap();
    let publishing: Vec<_> = (0..20)
        .map(|_| {
            let (sandbox, prepared) = (bench.sandbox.clone(), prepared.clone());
            tokio::spawn(async move { sandbox.publish(prepared.digest, prepared.component).await })
        })
        .collect();
    for publish in publishing {
        assert_eq!(publish.await.unwrap().unwrap().digest(), prepared.digest);
    }
    assert_eq!(files(bench.dir.path(), "cwasm").len(), 1);
}

#[tokio::test]
async fn forgotten_code_is_gone_but_for_who_holds_it() {
    let bench = Bench::new();
    let function = bench.publish(&echo()).await;
    bench.sandbox.forget(function.digest());
    assert!(bench.sandbox.load(function.digest()).await.is_none());
    assert_eq!(files(bench.dir.path(), "cwasm").len(), 0);
    assert_eq!(bench.sandbox.invoke(&function, request("1")).await.outcome.as_deref(), Ok("1"));
}

#[tokio::test]
async fn the_folder_holds_what_was_used_last() {
    let codes = |names: [&str; 3]| names.map(|name| task("", "", &format!("{name} {ECHO}")));
    let [one, two, three] = codes(["", "nop", "nop nop"]);
    let measured = Bench::new();
    measured.publish(&one).await;
    let code_bytes = fs::metadata(&files(measured.dir.path(), "cwasm")[0]).unwrap().len();
    let bound = code_bytes * 5 / 2;
    let bench = Bench::with(|config| config.cache_bytes_max = bound);
    let (one, two) = (bench.publish(&one).await.digest(), bench.publish(&two).await.digest());
    // Only what is read from the folder counts as used.
    let sandbox = reopened_with(&bench, bound);
    assert!(sandbox.load(one).await.is_some());
    let prepared = prepare(&three).unwrap();
    let three = sandbox.publish(prepared.digest, prepared.component).await.unwrap().digest();
    let sandbox = reopened_with(&bench, bound);
    assert!(sandbox.load(two).await.is_none());
    assert!(sandbox.load(one).await.is_some() && sandbox.load(three).await.is_some());
    assert_eq!((files(bench.dir.path(), "cwasm").len(), files(bench.dir.path(), "seal").len()), (2, 2));
}

#[tokio::test]
async fn a_component_must_fit_the_places_there_are() {
    let modules =
        "(core module $m (memory 1)) (core instance (instantiate $m)) (core instance (instantiate $m))";
    let handler = r#"(core module $h (memory (export "memory") 1)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) unreachable)
        (func (export "handle") (param i32 i32) (result i32) unreachable))
      (core instance $h (instantiate $h))
      (type $e' (record (field "error" string) (field "cause" string)))
      (export $e "task-error" (type $e'))
      (func (export "handle") (param "event" string) (result (result string (error $e)))
        (canon lift (core func $h "handle") (memory $h "memory") (realloc (func $h "realloc"))))"#;
    let wasm = assemble(&format!("(component {modules} {handler})"));
    let prepared = prepare(&wasm).unwrap();
    let small = Bench::with(|config| config.instances_max = 2);
    let error = small.sandbox.publish(prepared.digest, prepared.component.clone()).await.unwrap_err();
    assert!(matches!(error, PublishError::DoesNotFit(_)), "{error}");
    let large = Bench::with(|config| config.instances_max = 3);
    let function = large.sandbox.publish(prepared.digest, prepared.component).await.unwrap();
    let report = large.sandbox.invoke(&function, request("1")).await;
    assert!(report.outcome.unwrap_err().to_string().contains("unreachable"));
}

#[tokio::test]
async fn bytes_must_be_those_of_the_digest() {
    let bench = Bench::new();
    let component: Arc<[u8]> = prepare(&echo()).unwrap().component;
    let error = bench.sandbox.publish(Digest::of(b"other"), component).await.unwrap_err();
    assert!(matches!(error, PublishError::Internal(_)));
}
