//! The tests that every backend must pass, and the crash suite.
//!
//! A backend's test says how to open its store, with groups run by hand; each case then runs on a new one. A failed
//! case panics with what it found. The crash suite returns what it found, so that a backend can also show that the
//! suite finds what it should (on a disk that forgets what was acknowledged).

pub mod crash;

mod catalog;
mod commit;
mod fixture;
mod history;
mod listing;
mod pending;
mod retention;

use crate::backend::core::{CoreOptions, Drive};
use crate::backend::tail::MergeLimits;
use crate::port::Store;
pub use fixture::Bench;
use std::sync::Arc;

/// An open store whose groups the test runs.
pub struct Subject {
    /// The store.
    pub store: Arc<dyn Store>,
    /// Runs one group; `false` if nothing was left to do.
    pub run_group: Box<dyn Fn() -> bool>,
}

/// A backend under test: one place to keep data, opened again and again.
pub trait Backend {
    /// Opens the store on the data that there is, none at first. The subject before was dropped.
    fn open(&mut self, options: CoreOptions) -> Subject;
}

/// A case of the suite.
pub type Case = fn(&mut dyn Backend);

/// Options of the suite: groups by hand, and merges so small that every case meets some.
#[must_use]
pub fn options() -> CoreOptions {
    CoreOptions {
        drive: Drive::ByHand,
        merge: MergeLimits { rows: 8, commits: 16, ..MergeLimits::default() },
        merge_rows_per_group_max: 3,
        free_bytes_mark: 0,
        // Cases go through months in a moment.
        clock_jump_ms_max: i64::MAX,
        // So that crashes meet one in most groups.
        groups_per_retention_step: 1,
        ..CoreOptions::default()
    }
}

/// All cases, by name.
pub const CASES: &[(&str, Case)] = &[
    ("an execution lives and ends", commit::an_execution_lives_and_ends),
    ("cells are filled in a group of one execution's transitions", commit::cells_are_filled_in_order),
    ("a refused commit touches nobody else", commit::a_refused_commit_touches_nobody_else),
    ("a given name is taken once", commit::a_given_name_is_taken_once),
    ("derived names need no room", commit::derived_names_are_not_indexed),
    ("an old epoch is refused", commit::an_old_epoch_is_refused),
    ("preconditions see the group so far", commit::preconditions_see_the_group_so_far),
    ("a closed store refuses and keeps", commit::a_closed_store_refuses_and_keeps),
    ("catalog rows have revisions", catalog::rows_have_revisions),
    ("catalog scans page in both orders", catalog::scans_page_in_both_orders),
    ("accounts and regions do not meet", catalog::accounts_and_regions_do_not_meet),
    ("pending rows come, change and go", pending::rows_come_change_and_go),
    ("timers come in due order", pending::timers_come_in_due_order),
    ("pending rows can be claimed once", pending::rows_can_be_claimed_once),
    ("listings begin with the newest", listing::newest_first_with_filter_and_paging),
    ("listings are right at every step of a merge", listing::right_at_every_step_of_a_merge),
    ("histories page in both orders", history::pages_in_both_orders),
    ("history pages are bounded by bytes", history::pages_are_bounded_by_bytes),
    ("entries belong to their execution", history::entries_belong_to_their_execution),
    ("a closed history is folded and reads as before", retention::folded_reads_as_before),
    ("a large history is folded in parts", retention::large_histories_are_folded_in_parts),
    ("an execution goes when its time has come", retention::an_execution_goes_in_its_time),
    ("what runs stays in the journal", retention::what_runs_stays_in_the_journal),
    ("a folded execution can go on and is folded again", retention::folded_executions_can_go_on),
    ("windows may be shorter, even none", retention::windows_may_be_shorter),
    ("a clock far ahead is doubted", retention::a_clock_far_ahead_is_doubted),
    ("a close waits for its merge and asks for it", retention::a_close_asks_for_its_merge),
    ("many executions are folded and removed in bounded steps", retention::steps_are_bounded),
    ("blobs are kept by their content", catalog::blobs_are_kept_by_their_content),
];

/// Runs every case, each on a new backend; panics with the name of the first that fails.
///
/// # Panics
/// If a case fails.
pub fn run(mut make: impl FnMut() -> Box<dyn Backend>) {
    for (name, case) in CASES {
        let mut backend = make();
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| case(&mut *backend)));
        assert!(result.is_ok(), "the case \"{name}\" failed");
    }
}
