//! Files: how long they are, and whether anything reads them.

use crate::expect_none;
use crate::tree::{files, text};

/// Past this many lines a file wants splitting by subject.
const LINES_MAX: usize = 800;

/// Longer all the same, with the reason. May only shrink.
const LONGER: &[(&str, &str)] = &[];

/// Folders of fixtures that one test reads whole, and the file that does.
const READ_WHOLE: &[(&str, &str)] =
    &[("runtime/interpreter/tests/fixtures/", "runtime/interpreter/tests/suite/fixtures.rs")];

/// Where data that tests read lies; code and manifests are no fixtures.
fn is_fixture(path: &str) -> bool {
    let folders = ["/tests/", "/benches/", "guest-examples/built/", "guest-examples/workflows/"];
    let code = [".rs", ".toml", ".md", ".py", ".sh"];
    (folders.iter().any(|folder| path.contains(folder)) || path.starts_with("tests/"))
        && !code.iter().any(|ending| path.ends_with(ending))
}

/// Whether a file can name a fixture: code, a script, a manifest that is deployed, a map from names to files.
fn can_name(path: &str) -> bool {
    [".rs", ".py", ".sh", "stepwell.toml", "functions.json"].iter().any(|ending| path.ends_with(ending))
}

#[test]
fn no_file_is_too_long() {
    let mut faults = Vec::new();
    for path in files().iter().filter(|path| path.ends_with(".rs") || path.ends_with(".py")) {
        let lines = text(path).unwrap_or_default().lines().count();
        let excepted = LONGER.iter().any(|(longer, _)| longer == path);
        match (lines > LINES_MAX, excepted) {
            (true, false) => faults.push(format!("{path}: {lines} lines")),
            (false, true) => {
                faults.push(format!("{path}: {lines} lines, and still in the list of longer ones"))
            }
            _ => {}
        }
    }
    expect_none("a file wants splitting", &faults);
}

#[test]
fn no_module_is_a_mod_rs() {
    let in_src = |path: &String| path.contains("/src/") && path.ends_with("/mod.rs");
    let faults: Vec<String> = files().into_iter().filter(in_src).collect();
    expect_none("`name.rs` beside `name/`, no mod.rs", &faults);
}

#[test]
fn every_fixture_is_read() {
    let files = files();
    for (folder, reader) in READ_WHOLE {
        let text = text(reader).unwrap_or_else(|| panic!("{reader} is there"));
        assert!(text.contains("read_dir"), "{reader} reads {folder} whole");
    }
    let sources: Vec<String> =
        files.iter().filter(|path| can_name(path)).filter_map(|path| text(path)).collect();
    let mut faults = Vec::new();
    for path in files.iter().filter(|path| is_fixture(path)) {
        let read_whole = READ_WHOLE.iter().any(|(folder, _)| path.starts_with(folder));
        let name = path.rsplit('/').next().unwrap_or(path);
        // By its whole name, or as `("name", …)` where the helper that reads it adds folder and ending.
        let stem = name.split('.').next().unwrap_or(name);
        let quoted = format!("\"{stem}\"");
        let named = sources.iter().any(|text| text.contains(name) || text.contains(&quoted));
        if !read_whole && !named {
            faults.push(path.clone());
        }
    }
    expect_none("no test names this fixture", &faults);
}
