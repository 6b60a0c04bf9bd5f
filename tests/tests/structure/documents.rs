//! Documents that name files, crates and commands: what they name is there.

use crate::expect_none;
use crate::tree::{packages, text, top};

const DOCUMENTS: &[&str] = &["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "guest-examples/README.md"];

/// The folders that a path in backticks may begin with to be taken for one of ours.
const TOP_FOLDERS: &[&str] =
    &["runtime/", "sdk/", "guest-examples/", "tests/", "wit/", "xtask/", ".ci/", ".cargo/"];

/// What stands between backticks on one line, code blocks left out.
fn quoted(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut in_block = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_block = !in_block;
        } else if !in_block {
            found.extend(line.split('`').skip(1).step_by(2));
        }
    }
    found
}

#[test]
fn paths_in_documents_exist() {
    let mut faults = Vec::new();
    for document in DOCUMENTS {
        let Some(text) = text(document) else {
            faults.push(format!("{document} is missing"));
            continue;
        };
        for path in quoted(&text) {
            let is_path = TOP_FOLDERS.iter().any(|folder| path.starts_with(folder));
            // `<name>`, `{a,b}` and `*` stand for several.
            if is_path && !path.contains(['<', '{', '*', ' ']) && !top().join(path).exists() {
                faults.push(format!("{document}: `{path}`"));
            }
        }
    }
    expect_none("a document names what is not there", &faults);
}

#[test]
fn the_code_map_has_every_crate() {
    let map = text("ARCHITECTURE.md").unwrap_or_default();
    let missing: Vec<String> = packages()
        .into_iter()
        .map(|package| package.folder)
        .filter(|folder| !map.contains(&format!("`{folder}`")) && !map.contains(&format!("`{folder}/`")))
        .collect();
    expect_none("not in the code map of ARCHITECTURE.md", &missing);
}
