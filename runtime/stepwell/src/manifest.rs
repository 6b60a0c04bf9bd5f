//! `stepwell.toml`: which functions and state machines a project has.
//!
//! ```toml
//! [functions.charge]
//! wasm = "target/wasm32-wasip2/release/charge.wasm"
//! timeout_s = 10                       # 1 to 900, default 3
//! memory_mb = 256                      # 128 to 10,240, default 128
//! fuel = 50_000_000                    # units; default: what the time-out allows
//! environment = { CURRENCY = "EUR" }
//! grants = ["tcp:192.0.2.7:5432"]      # what it may do beyond computing: open TCP connections to an address
//! on_crash = "rerun"                   # an attempt in flight at a crash runs again, whatever it was granted
//!
//! [machines.order]
//! file = "order.asl.json"              # `${charge}` in it becomes the function's ARN
//! type = "STANDARD"                    # or EXPRESS
//! ```

mod fault;

pub(crate) use fault::Fault;

use crate::exit::CommandError;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use stepwell_types::{FunctionArn, Name};

/// The file's name, where nobody says another.
pub(crate) const FILE_NAME: &str = "stepwell.toml";

/// The whole file.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub(crate) struct Manifest {
    /// Functions by name.
    #[serde(default)]
    pub(crate) functions: BTreeMap<String, FunctionEntry>,
    /// State machines by name.
    #[serde(default)]
    pub(crate) machines: BTreeMap<String, MachineEntry>,
}

/// One function.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub(crate) struct FunctionEntry {
    /// The component, or a zip that holds it; relative to the file.
    pub(crate) wasm: String,
    /// Free text.
    pub(crate) description: Option<String>,
    /// Seconds an invocation may take.
    pub(crate) timeout_s: Option<u32>,
    /// Megabytes it may use.
    pub(crate) memory_mb: Option<u32>,
    /// Units of fuel it may burn.
    pub(crate) fuel: Option<u64>,
    /// Its environment variables.
    #[serde(default)]
    pub(crate) environment: BTreeMap<String, String>,
    /// What it may do beyond computing.
    #[serde(default)]
    pub(crate) grants: Vec<String>,
    /// What becomes of an attempt that was in flight at a crash.
    pub(crate) on_crash: Option<OnCrash>,
}

/// What becomes of an attempt that was in flight at a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OnCrash {
    /// It runs again.
    Rerun,
    /// It fails, so that the definition's Retry decides.
    Fail,
}

/// One state machine.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct MachineEntry {
    /// The definition; relative to the file.
    pub(crate) file: String,
    /// Standard or Express.
    #[serde(default, rename = "type")]
    pub(crate) machine_type: MachineType,
}

/// The type of a state machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
pub(crate) enum MachineType {
    /// Durable, up to a year.
    #[default]
    #[serde(alias = "STANDARD", alias = "standard")]
    Standard,
    /// In memory, up to five minutes.
    #[serde(alias = "EXPRESS", alias = "express")]
    Express,
}

impl MachineType {
    /// AWS's word for it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "STANDARD",
            Self::Express => "EXPRESS",
        }
    }
}

impl FunctionEntry {
    /// The tags in which Stepwell keeps what Lambda has no field for.
    pub(crate) fn tags(&self) -> BTreeMap<String, String> {
        let mut tags = BTreeMap::new();
        let mut tag = |key: &str, value: String| tags.insert(format!("stepwell:{key}"), value);
        if let Some(fuel) = self.fuel {
            tag("fuel", fuel.to_string());
        }
        if !self.grants.is_empty() {
            tag("grants", self.grants.join(" "));
        }
        match self.on_crash {
            Some(OnCrash::Rerun) => drop(tag("on-crash", "rerun".to_owned())),
            Some(OnCrash::Fail) => drop(tag("on-crash", "fail".to_owned())),
            None => {}
        }
        tags
    }
}

impl Manifest {
    /// Reads the text of a file that is called `name` in messages.
    ///
    /// # Errors
    /// Broken TOML, a value of a wrong type, keys that nobody reads, names that AWS refuses.
    pub(crate) fn parse(name: &str, text: &str) -> Result<Self, Fault> {
        let wrong = |error: &toml::de::Error| Fault::of_toml(name, text, error);
        let mut unknown = Vec::new();
        let read = toml::Deserializer::parse(text).map_err(|error| wrong(&error))?;
        let manifest: Self = serde_ignored::deserialize(read, |path| unknown.push(path.to_string()))
            .map_err(|error| wrong(&error))?;
        if let Some(first) = unknown.first() {
            let keys = if unknown.len() == 1 { "unknown key" } else { "unknown keys" };
            let message = format!("{keys}: {}", unknown.join(", "));
            return Err(Fault::at_key(name, text, first, message));
        }
        if manifest.functions.is_empty() && manifest.machines.is_empty() {
            return Err(Fault::new(name, "it names neither functions nor machines"));
        }
        let mut functions = manifest.functions.keys();
        if let Some(bad) = functions.find(|function| FunctionArn::check_name(function).is_err()) {
            let message = format!("`{bad}` is no function's name");
            return Err(Fault::at_key(name, text, &format!("functions.{bad}"), message));
        }
        if let Some(bad) = manifest.machines.keys().find(|machine| Name::new(machine).is_err()) {
            let message = format!("`{bad}` is no state machine's name");
            return Err(Fault::at_key(name, text, &format!("machines.{bad}"), message));
        }
        Ok(manifest)
    }

    /// The files that it names, each once.
    pub(crate) fn files(&self) -> BTreeSet<&str> {
        let functions = self.functions.values().map(|function| function.wasm.as_str());
        functions.chain(self.machines.values().map(|machine| machine.file.as_str())).collect()
    }
}

/// Where the files that a manifest names are.
#[derive(Clone, Debug)]
pub(crate) enum Files {
    /// In a folder.
    Folder(PathBuf),
    /// Within this binary: the demo's.
    Embedded(&'static [(&'static str, &'static [u8])]),
}

impl Files {
    /// Reads a file by the name that a manifest gives it.
    pub(crate) fn read(&self, name: &str) -> Result<Vec<u8>, CommandError> {
        match self {
            Self::Folder(folder) => {
                let path = folder.join(name);
                std::fs::read(&path)
                    .map_err(|error| CommandError::usage(format!("{}: {error}", path.display())))
            }
            Self::Embedded(files) => {
                let found = files.iter().find(|(path, _)| *path == name);
                let (_, bytes) = found.ok_or_else(|| anyhow::anyhow!("{name} is not in this binary"))?;
                Ok(bytes.to_vec())
            }
        }
    }

    /// What a file is called in messages.
    pub(crate) fn shown(&self, name: &str) -> String {
        match self {
            Self::Folder(folder) => folder.join(name).display().to_string(),
            Self::Embedded(_) => name.to_owned(),
        }
    }

    /// Looks whether a file can be read.
    pub(crate) fn check(&self, name: &str) -> Result<(), CommandError> {
        match self {
            Self::Folder(folder) => {
                let path = folder.join(name);
                let opened = std::fs::File::open(&path);
                opened.map(drop).map_err(|error| CommandError::usage(format!("{}: {error}", path.display())))
            }
            Self::Embedded(_) => self.read(name).map(drop),
        }
    }

    /// Reads a file that is text.
    pub(crate) fn read_text(&self, name: &str) -> Result<String, CommandError> {
        String::from_utf8(self.read(name)?)
            .map_err(|_| CommandError::usage(format!("{} is no UTF-8", self.shown(name))))
    }
}

/// Reads a manifest and says where its files are.
pub(crate) fn open(path: &Path) -> Result<(Manifest, Files), CommandError> {
    let shown = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            CommandError::usage(format!("there is no {shown}; name another file with --file"))
        }
        _ => CommandError::usage(format!("{shown}: {error}")),
    })?;
    let folder = path.parent().unwrap_or_else(|| Path::new("")).to_owned();
    Ok((Manifest::parse(&shown, &text)?, Files::Folder(folder)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_everything() {
        let manifest = Manifest::parse(
            "t",
            r#"
            [functions.a]
            wasm = "a.wasm"
            timeout_s = 5
            memory_mb = 128
            fuel = 9
            environment = { K = "v" }
            grants = ["x", "y"]
            on_crash = "rerun"
            [machines.m]
            file = "m.asl.json"
            type = "EXPRESS"
            [machines.n]
            file = "n.asl.json"
            "#,
        )
        .unwrap();
        let tags: Vec<_> =
            manifest.functions["a"].tags().into_iter().map(|(k, v)| format!("{k}={v}")).collect();
        assert_eq!(tags, ["stepwell:fuel=9", "stepwell:grants=x y", "stepwell:on-crash=rerun"]);
        assert_eq!(manifest.machines["m"].machine_type, MachineType::Express);
        assert_eq!(manifest.machines["n"].machine_type, MachineType::Standard);
    }

    #[track_caller]
    fn check_error(text: &str, expected: &str) {
        let error = Manifest::parse("t", text).unwrap_err().line();
        assert!(error.starts_with(expected), "{error}");
    }

    #[test]
    fn errors_name_file_and_key() {
        check_error("", "t: it names neither functions nor machines");
        check_error(
            "[functions.a]\nwasm = \"a\"\ntimeout = 3\nmemory = 1",
            "t:4:1: unknown keys: functions.a.memory, functions.a.timeout",
        );
        check_error("[function.a]\nwasm = \"a\"", "t:1:2: unknown key: function");
        check_error("[functions.a]\n", "t:1:1: missing field `wasm`");
        check_error("[functions.a]\nwasm = 3", "t:2:8: invalid type: integer `3`, expected a string");
        check_error("[functions.\"a b\"]\nwasm = \"a\"", "t:1:12: `a b` is no function's name");
        check_error("[machines.a]\nfile = \"a\"\ntype = \"FAST\"", "t:3:8: unknown variant `FAST`");
        check_error("[", "t:1:2: ");
    }
}
