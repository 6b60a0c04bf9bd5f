//! Where the binary is. Cargo tells only the tests of its own package, so that others build it themselves, once.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// Names a binary to test in place of the one that belongs to this build.
const BINARY_VARIABLE: &str = "STEPWELL_BINARY";

/// The binary `stepwell`, of the same profile and target folder as the running test.
pub(crate) fn path() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| std::env::var_os(BINARY_VARIABLE).map_or_else(build, PathBuf::from))
}

fn build() -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    // target/<profile>/deps/<test>
    let profile = test.ancestors().nth(2).expect("tests lie in target/<profile>/deps");
    let target = profile.parent().expect("a profile has a target folder");
    let name = profile.file_name().and_then(|name| name.to_str()).expect("profiles are named in UTF-8");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // What Cargo says to this test about this package is not meant for the build of another.
    for (variable, _) in std::env::vars_os() {
        let text = variable.to_string_lossy();
        let is_about_us = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"];
        if is_about_us.iter().any(|prefix| text.starts_with(prefix)) {
            cargo.env_remove(&variable);
        }
    }
    let status = cargo
        .args(["build", "--quiet", "--package", "stepwell", "--bin", "stepwell"])
        .args(["--profile", if name == "debug" { "dev" } else { name }])
        .arg("--target-dir")
        .arg(target)
        .current_dir(crate::repository())
        .stdin(Stdio::null())
        .status()
        .expect("cargo runs");
    assert!(status.success(), "the binary does not build");
    profile.join(format!("stepwell{}", std::env::consts::EXE_SUFFIX))
}
