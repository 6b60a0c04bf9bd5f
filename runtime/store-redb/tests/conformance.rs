//! The redb backend passes the conformance suite, on files.

use std::sync::Arc;
use stepwell_store::backend::core::{CoreOptions, Ran};
use stepwell_store::conformance::{self, Backend, Subject};
use stepwell_store_redb::{RedbOptions, RedbStore};
use tempfile::TempDir;

struct Folder(TempDir);

impl Backend for Folder {
    fn open(&mut self, core: CoreOptions) -> Subject {
        let options = RedbOptions { core, ..RedbOptions::default() };
        let store = Arc::new(RedbStore::open(self.0.path(), options).expect("the folder opens"));
        let by_hand = Arc::clone(&store);
        Subject { store, run_group: Box::new(move || by_hand.core().run_group() == Ran::Something) }
    }
}

#[test]
fn conformance_suite() {
    conformance::run(|| Box::new(Folder(TempDir::new().expect("a folder for a test"))));
}
