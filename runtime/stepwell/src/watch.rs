//! `dev --watch`: deploys a project at start, and afterwards whatever of it has changed.
//!
//! Files are looked at by their metadata, a few times a second, instead of being told of by the system: they are a
//! handful, and they may be replaced by rename, lie in folders that come and go (`target/`), or on file systems that
//! tell nobody (a container's mounts, network drives).
//!
//! INVARIANT: nothing that is found in the project ends the server.

mod plan;
mod report;
mod rest;

use crate::client::Client;
use crate::deployment::{Deployed, Kind, Target};
use crate::exit::{CommandError, Outcome};
use crate::findings::findings;
use crate::manifest::{FILE_NAME, Files, Manifest};
use crate::output::Form;
use plan::{Known, Work};
use report::{Event, tell};
use rest::{Rest, Stamp};
use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::time::MissedTickBehavior;

/// How often files are looked at. A file counts when it looks as it did the time before.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Watches the project in `folder` and keeps the server as its `stepwell.toml` says. Does not end by itself, unless
/// the server does not even say whose it is.
pub(crate) async fn watch(folder: PathBuf, client: Client, form: Form) {
    let target = match Target::new(client).await {
        Ok(target) => target,
        Err(error) => return tell(form, &Event::Error { of: None, lines: vec![error.to_string()] }),
    };
    let files = Files::Folder(folder.clone());
    let (manifest, known, rest) = (Manifest::default(), Known::default(), Rest::default());
    let mut watcher = Watcher { folder, files, target, form, manifest, known, rest };
    let mut pace = tokio::time::interval(LOOK_EVERY);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        pace.tick().await;
        let seen = watcher.look().await;
        let changed = watcher.rest.look(seen);
        if !changed.is_empty() {
            watcher.turn(&changed).await;
        }
    }
}

struct Watcher {
    folder: PathBuf,
    files: Files,
    target: Target,
    form: Form,
    /// As it was when it could last be read.
    manifest: Manifest,
    known: Known,
    rest: Rest,
}

impl Watcher {
    /// What each file of the project looks like.
    async fn look(&self) -> BTreeMap<String, Stamp> {
        let mut names: Vec<String> = self.manifest.files().into_iter().map(ToOwned::to_owned).collect();
        names.push(FILE_NAME.to_owned());
        let folder = self.folder.clone();
        let look =
            move || names.into_iter().map(|name| (name.clone(), Stamp::of(&folder.join(name)))).collect();
        // A look that breaks down has seen nothing; the next one will.
        tokio::task::spawn_blocking(look).await.unwrap_or_default()
    }

    /// Takes these files as they are now.
    async fn turn(&mut self, changed: &BTreeSet<String>) {
        let is_read_anew = changed.contains(FILE_NAME) && self.read_manifest();
        if !is_read_anew && changed.iter().all(|file| file == FILE_NAME) {
            return;
        }
        let plan = self.known.plan(&self.manifest, changed, |file| self.rest.is_at_rest(file));
        if is_read_anew && plan.work.is_empty() && !plan.waits {
            tell(self.form, &Event::NothingNew { file: self.files.shown(FILE_NAME) });
        }
        for work in plan.work {
            match work {
                Work::Deploy(kind, name) => {
                    let outcome = self.deploy(kind, &name).await;
                    self.known.note(&self.manifest, kind, &name, outcome);
                }
                Work::Forget(kind, name) => {
                    self.known.forget(kind, &name);
                    tell(self.form, &Event::Unnamed { kind, name });
                }
            }
        }
    }

    /// Whether the manifest could be read.
    fn read_manifest(&mut self) -> bool {
        match read_manifest(&self.folder.join(FILE_NAME)) {
            Ok(manifest) => {
                self.manifest = manifest;
                true
            }
            Err(line) => {
                tell(self.form, &Event::Error { of: None, lines: vec![line] });
                false
            }
        }
    }

    /// Deploys one function or state machine, and says what became of it.
    async fn deploy(&self, kind: Kind, name: &str) -> Outcome {
        let begun = Instant::now();
        let deployed = match kind {
            Kind::Function => self.function(name).await,
            Kind::Machine => self.machine(name).await,
        };
        match deployed {
            Ok(deployed) => {
                tell(self.form, &Event::Deployed { deployed, took: begun.elapsed() });
                Outcome::Good
            }
            Err(lines) => {
                tell(self.form, &Event::Error { of: Some((kind, name)), lines });
                Outcome::Failed
            }
        }
    }

    async fn function(&self, name: &str) -> Result<Deployed, Vec<String>> {
        let Some(entry) = self.manifest.functions.get(name) else { return Err(Vec::new()) };
        self.target.function(name, entry, &self.files).await.map_err(|error| vec![error.to_string()])
    }

    async fn machine(&self, name: &str) -> Result<Deployed, Vec<String>> {
        let Some(entry) = self.manifest.machines.get(name) else { return Err(Vec::new()) };
        let line = |error: CommandError| vec![error.to_string()];
        let text = self.files.read_text(&entry.file).map_err(line)?;
        let errors = findings(&self.files.shown(&entry.file), &text, entry.machine_type).error_lines();
        if !errors.is_empty() {
            return Err(errors);
        }
        self.target.machine(name, entry, &text, &self.manifest).await.map_err(line)
    }
}

/// Reads a manifest, or says in one line why it cannot be read.
fn read_manifest(path: &Path) -> Result<Manifest, String> {
    let shown = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => format!("there is no {shown}; it is read as soon as there is"),
        _ => format!("{shown}: {error}"),
    })?;
    Manifest::parse(&shown, &text).map_err(|fault| fault.line())
}
