//! What a change of files makes necessary. Pure: nothing is read or sent here.

use crate::deployment::Kind;
use crate::exit::Outcome;
use crate::manifest::{FunctionEntry, MachineEntry, Manifest};
use std::collections::{BTreeMap, BTreeSet};

/// What became of each entry of the manifest when it was last deployed.
#[derive(Debug, Default)]
pub(super) struct Known {
    functions: BTreeMap<String, (FunctionEntry, Outcome)>,
    machines: BTreeMap<String, (MachineEntry, Outcome)>,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// Deploy an entry of the manifest.
    Deploy(Kind, String),
    /// Say that the manifest does not name it any more.
    Forget(Kind, String),
}

/// What is to be done.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// In this order: functions before the machines that name them.
    pub(super) work: Vec<Work>,
    /// Whether an entry waits for its file, which somebody still writes. When that is at rest it is among the changed.
    pub(super) waits: bool,
}

impl Known {
    /// What is to be done when these files have changed: each entry whose file or whose lines in the manifest are
    /// others than when it was last deployed, and each that could not be deployed then. What stood in its way may be
    /// gone.
    pub(super) fn plan(
        &self,
        manifest: &Manifest,
        changed: &BTreeSet<String>,
        is_at_rest: impl Fn(&str) -> bool,
    ) -> Plan {
        let mut plan = Plan::default();
        let mut consider = |kind, name: &str, file: &str, is_done: bool| {
            if is_done && !changed.contains(file) {
            } else if is_at_rest(file) {
                plan.work.push(Work::Deploy(kind, name.to_owned()));
            } else {
                plan.waits = true;
            }
        };
        for (name, entry) in &manifest.functions {
            let is_done = is_done(self.functions.get(name), entry);
            consider(Kind::Function, name, &entry.wasm, is_done);
        }
        for (name, entry) in &manifest.machines {
            consider(Kind::Machine, name, &entry.file, is_done(self.machines.get(name), entry));
        }
        let forget = |kind, name: &String| Work::Forget(kind, name.clone());
        let gone = self.functions.keys().filter(|name| !manifest.functions.contains_key(*name));
        plan.work.extend(gone.map(|name| forget(Kind::Function, name)));
        let gone = self.machines.keys().filter(|name| !manifest.machines.contains_key(*name));
        plan.work.extend(gone.map(|name| forget(Kind::Machine, name)));
        plan
    }

    /// Notes what became of an entry.
    pub(super) fn note(&mut self, manifest: &Manifest, kind: Kind, name: &str, outcome: Outcome) {
        match kind {
            Kind::Function => {
                let entry = manifest.functions.get(name).cloned();
                self.functions.extend(entry.map(|entry| (name.to_owned(), (entry, outcome))));
            }
            Kind::Machine => {
                let entry = manifest.machines.get(name).cloned();
                self.machines.extend(entry.map(|entry| (name.to_owned(), (entry, outcome))));
            }
        }
    }

    /// Notes that the manifest does not name this any more.
    pub(super) fn forget(&mut self, kind: Kind, name: &str) {
        match kind {
            Kind::Function => drop(self.functions.remove(name)),
            Kind::Machine => drop(self.machines.remove(name)),
        }
    }
}

/// Whether an entry was deployed just like this.
fn is_done<E: PartialEq>(known: Option<&(E, Outcome)>, entry: &E) -> bool {
    known.is_some_and(|(known, outcome)| match outcome {
        Outcome::Good => known == entry,
        Outcome::Failed => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "
        [functions.a]
        wasm = 'a.wasm'
        [functions.b]
        wasm = 'b.wasm'
        [machines.m]
        file = 'm.json'
        [machines.x]
        file = 'm.json'
        type = 'EXPRESS'
        ";

    /// With all of [`MANIFEST`] deployed but the entries in `failed`: what a change to `manifest` and of the files in
    /// `changed` makes necessary, while those in `written` are still being written.
    #[track_caller]
    fn check(manifest: &str, changed: &str, failed: &str, written: &str, expected: &str) {
        let before = Manifest::parse("t", MANIFEST).unwrap();
        let mut known = Known::default();
        let is_in = |list: &str, name: &str| list.split(' ').any(|one| one == name);
        let outcome = |name: &str| if is_in(failed, name) { Outcome::Failed } else { Outcome::Good };
        for name in before.functions.keys() {
            known.note(&before, Kind::Function, name, outcome(name));
        }
        for name in before.machines.keys() {
            known.note(&before, Kind::Machine, name, outcome(name));
        }
        let manifest = Manifest::parse("t", manifest).unwrap();
        let changed: BTreeSet<String> = changed.split(' ').map(ToOwned::to_owned).collect();
        let plan = known.plan(&manifest, &changed, |file| !is_in(written, file));
        let mut found: Vec<String> = Vec::new();
        for work in &plan.work {
            found.push(match work {
                Work::Deploy(_, name) => name.clone(),
                Work::Forget(kind, name) => format!("-{kind}:{name}"),
            });
        }
        found.extend(plan.waits.then(|| "…".to_owned()));
        assert_eq!(found.join(" "), expected);
    }

    #[test]
    fn files() {
        check(MANIFEST, "", "", "", "");
        check(MANIFEST, "stepwell.toml", "", "", "");
        check(MANIFEST, "a.wasm", "", "", "a");
        check(MANIFEST, "m.json", "", "", "m x");
        check(MANIFEST, "m.json b.wasm", "", "", "b m x");
    }

    #[test]
    fn what_failed_is_tried_again() {
        check(MANIFEST, "a.wasm", "m", "", "a m");
        check(MANIFEST, "stepwell.toml", "b", "", "b");
        check(MANIFEST, "a.wasm", "b", "b.wasm", "a …");
    }

    #[test]
    fn entries() {
        let with = |from: &str, to: &str| {
            assert!(MANIFEST.contains(from));
            MANIFEST.replace(from, to)
        };
        check(&with("'a.wasm'", "'a.wasm'\nfuel = 3"), "stepwell.toml", "", "", "a");
        check(&with("'a.wasm'", "'c.wasm'"), "stepwell.toml", "", "", "a");
        check(&with("'a.wasm'", "'c.wasm'"), "stepwell.toml", "", "c.wasm", "…");
        check(&with("[machines.m]", "[machines.n]"), "stepwell.toml", "", "", "n -machine:m");
        check("[functions.a]\nwasm = 'a.wasm'", "stepwell.toml", "", "", "-function:b -machine:m -machine:x");
        check(&with("[functions.b]", "[functions.m]"), "b.wasm", "", "", "m -function:b");
    }
}
