//! The demo, in a pipe.

use crate::support::run;

#[test]
fn ends_well_in_a_pipe() {
    let ran = run(&["demo"]).expect(0, "all is as it should be", "").expect(
        0,
        "killed the server with SIGKILL",
        "",
    );
    assert_eq!(ran.stdout.matches("as expected: ").count(), 6, "{ran:?}");
    assert_eq!(ran.stderr, "");
    let (_, folder) = ran.stdout.rsplit_once("data folder  ").unwrap();
    let (folder, _) = folder.split_once(',').unwrap();
    assert!(!std::path::Path::new(folder).exists(), "{folder}");
}
