//! Projects that use the SDK as anybody would: the task of one's own in README.md, and the guest examples.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

const README: &str = include_str!("../README.md");
const SDK: &str = env!("CARGO_MANIFEST_DIR");
/// Where README has the SDK.
const SDK_IN_README: &str = "../stepwell/sdk/rust";
const TARGET: &str = "wasm32-wasip2";

#[test]
fn task_of_ones_own_passes_its_tests() {
    let project = project("native");
    cargo(&project, &project.join("target"), &["test", "--quiet"]);
}

#[test]
fn task_of_ones_own_becomes_a_component() {
    if !has_target() {
        let required = env::var("STEPWELL_REQUIRE").unwrap_or_default();
        assert!(!required.split(',').any(|name| name == "wasm"), "no target {TARGET}");
        eprintln!("skipped: needs a wasm target");
        return;
    }
    let project = project("component");
    cargo(&project, &project.join("target"), &["build", "--quiet", "--release", "--target", TARGET]);

    let component = project.join("target").join(TARGET).join("release/price_order.wasm");
    let component = fs::read(component).expect("the file that README names");
    let wit_component::DecodedWasm::Component(resolve, world) =
        wit_component::decode(&component).expect("a component")
    else {
        panic!("a WIT package")
    };
    let world = &resolve.worlds[world];
    let names = |keys: Vec<&wit_parser::WorldKey>| -> Vec<String> {
        keys.into_iter().map(|key| resolve.name_world_key(key)).collect()
    };
    assert_eq!(names(world.exports.keys().collect()), ["handle"]);
    let imports = names(world.imports.keys().collect());
    for import in ["stepwell:task/context@0.1.0", "stepwell:task/logging@0.1.0"] {
        assert!(imports.iter().any(|name| name == import), "{import} in {imports:?}");
    }
}

#[test]
fn guest_examples_pass_their_tests() {
    let examples = Path::new(SDK).join("../../guest-examples");
    // Tests of tasks run natively; `cargo xtask guests` holds the components against these sources.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("guest-examples");
    cargo(&examples, &target, &["test", "--quiet", "--workspace"]);
}

/// README's project in a folder of its own, kept between runs so that its dependencies are built once.
fn project(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(folder.join("src")).expect("a folder");
    let manifest = block("`Cargo.toml`").replace(SDK_IN_README, SDK);
    // A workspace of its own, wherever the target folder is.
    fs::write(folder.join("Cargo.toml"), format!("{manifest}\n[workspace]\n")).expect("a manifest");
    fs::write(folder.join("src/lib.rs"), block("`src/lib.rs`")).expect("a source");
    // The versions that are on this machine already: no network.
    fs::copy(Path::new(SDK).join("../../Cargo.lock"), folder.join("Cargo.lock")).expect("a lock");
    folder
}

/// The code block under a line.
fn block(title: &str) -> String {
    let lines = README.lines().skip_while(|line| *line != title).skip(2);
    let block: Vec<&str> = lines.take_while(|line| *line != "```").collect();
    assert!(!block.is_empty(), "no block {title} in README");
    block.join("\n")
}

fn cargo(project: &Path, target: &Path, arguments: &[&str]) {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .arg("--offline")
        .current_dir(project)
        .env("CARGO_TARGET_DIR", target)
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn has_target() -> bool {
    let output = Command::new(env::var_os("RUSTC").unwrap_or("rustc".into()))
        .args(["--print", "target-libdir", "--target", TARGET])
        .output();
    output.is_ok_and(|output| Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir())
}
