//! The crash suite over storage that loses power at every sync point; with syncing switched off it must fail.

mod power;

use power::{Fate, Medium, Syncing};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use stepwell_store::ReadError;
use stepwell_store::backend::core::Ran;
use stepwell_store::blob::MemoryBlobs;
use stepwell_store::conformance::crash::{self, CrashBackend, Survived};
use stepwell_store::conformance::{self, Subject};
use stepwell_store_redb::{CheckpointLimits, DiskOptions, RedbDisk, RedbStore, Repair};

struct Redb {
    medium: Medium,
    repair: Repair,
    born: bool,
}

impl Redb {
    fn disk(&self) -> Result<RedbDisk, ReadError> {
        // So few groups between two checkpoints that every run meets some.
        let checkpoint = CheckpointLimits { bytes: 1 << 20, groups: 5 };
        let options = DiskOptions { repair: self.repair, checkpoint };
        RedbDisk::with_backend(self.medium.clone(), self.medium.second(), options)
    }

    fn subject(&self) -> Result<Subject, String> {
        let disk = self.disk().map_err(|error| error.to_string())?;
        let store = RedbStore::over(disk, Arc::new(MemoryBlobs::default()), conformance::options());
        let store = Arc::new(store.map_err(|error| error.to_string())?);
        let by_hand = Arc::clone(&store);
        let run_group = Box::new(move || by_hand.core().run_group() == Ran::Something);
        Ok(Subject { store, run_group })
    }
}

impl CrashBackend for Redb {
    fn open_until(&mut self, point: u64) -> Option<Subject> {
        if !self.born {
            // A folder's file is made under another name and renamed when it is whole: no crash can find it half-made.
            drop(self.disk().expect("an empty medium"));
            self.born = true;
        }
        self.medium.power_until(point);
        self.subject().ok()
    }

    fn open(&mut self) -> Result<Subject, String> {
        // Without this a store that was closed well would hide what its syncs did not do.
        self.medium.power_off();
        self.medium.power_until(u64::MAX);
        self.subject()
    }

    fn struck(&self) -> bool {
        self.medium.died()
    }
}

/// The first error of runs that lose power at every sync in turn, or the number of points.
fn lose_power_at_every_sync(fate: Fate, syncing: Syncing, repair: Repair) -> Result<u64, String> {
    for point in 0.. {
        let seed = point + 1;
        let mut redb = Redb { medium: Medium::new(fate, syncing, seed), repair, born: false };
        // redb asserts what pages that were never synced violate.
        let survived = catch_unwind(AssertUnwindSafe(|| crash::run(&mut redb, seed, point)));
        let survived = survived.unwrap_or_else(|_| Err("redb panicked".to_owned()));
        match survived
            .map_err(|error| format!("{fate:?}, {repair:?}, seed {seed}, point {point}: {error}"))?
        {
            Survived::Crashes => {}
            Survived::NoCrash => return Ok(point),
        }
    }
    unreachable!("a workload ends")
}

#[track_caller]
fn check_survives(fate: Fate, repair: Repair, points_min: u64) {
    let points =
        lose_power_at_every_sync(fate, Syncing::Honest, repair).expect("every loss of power is survived");
    assert!(points >= points_min, "only {points} points");
}

#[test]
fn a_log_survives_forgotten_writes() {
    check_survives(Fate::Forgotten, Repair::Log, 18);
}

#[test]
fn a_log_survives_shuffled_writes() {
    check_survives(Fate::Shuffled, Repair::Log, 18);
}

#[test]
fn a_log_survives_torn_writes() {
    check_survives(Fate::Torn, Repair::Log, 18);
}

#[test]
fn quick_repair_survives_them() {
    check_survives(Fate::Forgotten, Repair::Quick, 32);
    check_survives(Fate::Shuffled, Repair::Quick, 32);
    check_survives(Fate::Torn, Repair::Quick, 32);
}

#[test]
fn a_rescan_survives_them() {
    check_survives(Fate::Forgotten, Repair::Rescan, 16);
    check_survives(Fate::Torn, Repair::Rescan, 16);
}

#[test]
fn the_suite_fails_when_syncing_is_switched_off() {
    for repair in [Repair::Log, Repair::Quick, Repair::Rescan] {
        for fate in [Fate::Forgotten, Fate::Shuffled, Fate::Torn] {
            let lost = lose_power_at_every_sync(fate, Syncing::SwitchedOff, repair);
            assert!(lost.is_err(), "{fate:?}, {repair:?}: nobody noticed that {lost:?} syncs did nothing");
        }
    }
}
