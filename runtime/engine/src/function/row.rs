//! A function's rows: `$LATEST`, and one for each published version, never rewritten.

use super::grant::{self, Grant};
use super::{CodeState, FunctionSettings};
use crate::{StoreFailure, Tag};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use stepwell_sandbox::Digest;
use stepwell_types::{Timestamp, Value};

/// Seconds an invocation may take where nothing is said. Source: AWS Lambda.
pub(crate) const TIMEOUT_S_DEFAULT: u32 = 3;
/// Megabytes it may use where nothing is said. Source: AWS Lambda.
pub(crate) const MEMORY_SIZE_MB_DEFAULT: u32 = 128;

/// `$LATEST`, and what belongs to the function as a whole.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct FunctionRow {
    pub(crate) version: VersionRow,
    /// What runs while newer code compiles, or if it cannot be compiled.
    pub(crate) previous: Option<CodeRow>,
    /// The number of the last published version; numbers are never reused while the function exists.
    pub(crate) last_version: u64,
    pub(crate) tags: Vec<Tag>,
}

/// One version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct VersionRow {
    pub(crate) code: CodeRow,
    pub(crate) settings: SettingsRow,
    pub(crate) revision_id: Arc<str>,
    pub(crate) last_modified_ms: i64,
    /// The settings that tags gave when the version was published; `$LATEST` reads the tags themselves.
    pub(crate) policy: Option<PolicyRow>,
}

/// Code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CodeRow {
    /// BLAKE3 of the component, hexadecimal.
    pub(crate) digest: Arc<str>,
    /// SHA-256 of the upload, base64.
    pub(crate) sha256: Arc<str>,
    /// Bytes of the upload.
    pub(crate) size_bytes: u64,
}

impl FunctionRow {
    /// Takes other code. The last code that is known to run stays as `previous` until newer code is known to.
    ///
    /// `current` tells where the code so far is.
    pub(crate) fn take_code(&mut self, code: CodeRow, readiness: Readiness, current: &CodeState) {
        if self.version.code == code {
            return;
        }
        let replaced = std::mem::replace(&mut self.version.code, code);
        self.previous = match (readiness, current, self.previous.take()) {
            (Readiness::Compiled, _, _) => None,
            (Readiness::Compiling, CodeState::Failed(_), last_good) => last_good,
            (Readiness::Compiling, CodeState::Pending, Some(last_good)) => Some(last_good),
            (Readiness::Compiling, CodeState::Pending | CodeState::Active, _) => Some(replaced),
        };
    }

    /// The same as a version of its own: with another revision, and perhaps its own description.
    pub(crate) fn published(&self, description: Option<&Arc<str>>) -> Self {
        let mut published = self.clone();
        published.version.revision_id = crate::random::uuid().to_string().into();
        if let Some(description) = description {
            published.version.settings.description = Arc::clone(description);
        }
        published
    }

    /// The components that it names.
    pub(crate) fn components(&self) -> Result<Vec<Digest>, StoreFailure> {
        let codes = [Some(&self.version.code), self.previous.as_ref()];
        codes.into_iter().flatten().map(|code| super::digest(&code.digest)).collect()
    }
}

/// Whether code that was just kept can be invoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readiness {
    /// It can.
    Compiled,
    /// It may yet fail to compile.
    Compiling,
}

/// Settings with their defaults filled in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SettingsRow {
    pub(crate) description: Arc<str>,
    pub(crate) role: Arc<str>,
    pub(crate) handler: Option<Arc<str>>,
    pub(crate) runtime: Option<Arc<str>>,
    pub(crate) timeout_s: u32,
    pub(crate) memory_size_mb: u32,
    pub(crate) environment: Option<Vec<(Arc<str>, Arc<str>)>>,
    pub(crate) echoed: Value,
}

impl SettingsRow {
    /// A new function's settings.
    pub(crate) fn new(settings: FunctionSettings) -> Self {
        let defaults = Self {
            description: "".into(),
            role: "".into(),
            handler: None,
            runtime: None,
            timeout_s: TIMEOUT_S_DEFAULT,
            memory_size_mb: MEMORY_SIZE_MB_DEFAULT,
            environment: None,
            echoed: Value::object(stepwell_types::Map::new()),
        };
        defaults.updated(settings)
    }

    /// The settings with what is given in place of what was.
    pub(crate) fn updated(self, given: FunctionSettings) -> Self {
        let mut echoed = self.echoed.as_object().cloned().unwrap_or_default();
        for (name, value) in &given.echoed {
            let value = match (&**name, echoed.get(name)) {
                // The one configuration of which AWS keeps what is not given.
                ("LoggingConfig", Some(before)) => merged(before, value),
                _ => value.clone(),
            };
            echoed.insert(Arc::clone(name), value);
        }
        Self {
            description: given.description.unwrap_or(self.description),
            role: given.role.unwrap_or(self.role),
            handler: given.handler.or(self.handler),
            runtime: given.runtime.or(self.runtime),
            timeout_s: given.timeout_s.unwrap_or(self.timeout_s),
            memory_size_mb: given.memory_size_mb.unwrap_or(self.memory_size_mb),
            environment: given.environment.or(self.environment),
            echoed: Value::object(echoed),
        }
    }

    /// Whether two differ at most in their description, which a version may have of its own.
    pub(crate) fn same_but_description(&self, other: &Self) -> bool {
        let other = Self { description: Arc::clone(&self.description), ..other.clone() };
        *self == other
    }

    /// The settings as callers see them.
    pub(crate) fn shown(&self) -> FunctionSettings {
        FunctionSettings {
            description: Some(Arc::clone(&self.description)),
            role: Some(Arc::clone(&self.role)),
            handler: self.handler.clone(),
            runtime: self.runtime.clone(),
            timeout_s: Some(self.timeout_s),
            memory_size_mb: Some(self.memory_size_mb),
            environment: self.environment.clone(),
            echoed: self.echoed.as_object().cloned().unwrap_or_default(),
        }
    }
}

/// An object with the fields of another in place of its own.
fn merged(before: &Value, given: &Value) -> Value {
    match (before, given) {
        (Value::Object(before), Value::Object(given)) => {
            let mut fields = (**before).clone();
            fields.extend(given.iter().cloned());
            Value::object(fields)
        }
        _ => given.clone(),
    }
}

/// What Stepwell's own tags say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PolicyRow {
    /// `stepwell:fuel`: units of fuel, if fewer than the time-out allows.
    pub(crate) fuel: Option<u64>,
    /// `stepwell:on-crash=rerun`: an attempt that was in flight at a crash runs again.
    pub(crate) rerun_on_crash: bool,
    /// `stepwell:grants`: what the function may do beyond computing, separated by blanks.
    pub(crate) grants: Vec<Grant>,
}

impl PolicyRow {
    /// Reads a function's tags.
    pub(crate) fn parse(tags: &[Tag]) -> Result<Self, String> {
        let mut policy = Self::default();
        for Tag { key, value } in tags {
            match &**key {
                "stepwell:fuel" => {
                    let fuel = value.parse().ok().filter(|fuel| *fuel > 0);
                    policy.fuel = Some(fuel.ok_or_else(|| {
                        format!("Tag stepwell:fuel needs a positive number, not '{value}'")
                    })?);
                }
                "stepwell:on-crash" => match &**value {
                    "rerun" => policy.rerun_on_crash = true,
                    "fail" => policy.rerun_on_crash = false,
                    _ => return Err(format!("Tag stepwell:on-crash is 'rerun' or 'fail', not '{value}'")),
                },
                "stepwell:grants" => {
                    let grants = grant::parse_list(value);
                    policy.grants = grants.map_err(|error| format!("Tag stepwell:grants: {error}"))?;
                }
                key if key.starts_with("stepwell:") => {
                    return Err(format!(
                        "Tag {key} is not known; Stepwell reads stepwell:fuel, stepwell:on-crash and stepwell:grants"
                    ));
                }
                _ => {}
            }
        }
        Ok(policy)
    }
}

impl PolicyRow {
    /// Whether an attempt that was in flight at a crash may run again: nobody could tell, or the function says so.
    pub(crate) fn reruns(&self) -> bool {
        self.rerun_on_crash || self.grants.is_empty()
    }
}

impl VersionRow {
    pub(crate) fn last_modified(&self) -> Timestamp {
        Timestamp::from_millis(self.last_modified_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(tags: &[(&str, &str)], want: Result<bool, &str>) {
        let tags: Vec<Tag> =
            tags.iter().map(|(key, value)| Tag { key: (*key).into(), value: (*value).into() }).collect();
        let reruns = PolicyRow::parse(&tags).map(|policy| policy.reruns());
        assert_eq!(reruns.as_ref().copied().map_err(String::as_str), want);
    }

    fn code(name: &str) -> CodeRow {
        CodeRow { digest: name.into(), sha256: "".into(), size_bytes: 0 }
    }

    /// Updates that follow each other: the code, whether it was compiled at once, and where the code so far was.
    #[track_caller]
    fn check_previous(updates: &[(&str, Readiness, CodeState)], want: Option<&str>) {
        let version = VersionRow {
            code: code("first"),
            settings: SettingsRow::new(FunctionSettings::default()),
            revision_id: "r".into(),
            last_modified_ms: 0,
            policy: None,
        };
        let mut row = FunctionRow { version, previous: None, last_version: 0, tags: Vec::new() };
        for (name, readiness, current) in updates {
            row.take_code(code(name), *readiness, current);
        }
        assert_eq!(row.previous.as_ref().map(|code| &*code.digest), want);
    }

    #[test]
    fn the_last_good_code_stays_until_newer_code_runs() {
        use CodeState::{Active, Pending};
        use Readiness::{Compiled, Compiling};
        let failed = || CodeState::Failed("no".into());
        check_previous(&[("b", Compiled, Active)], None);
        check_previous(&[("b", Compiling, Active)], Some("first"));
        check_previous(&[("first", Compiling, Active)], None);
        check_previous(&[("b", Compiling, Active), ("c", Compiling, failed())], Some("first"));
        check_previous(&[("b", Compiling, Active), ("c", Compiling, Pending)], Some("first"));
        check_previous(&[("b", Compiling, Active), ("c", Compiled, failed())], None);
        check_previous(&[("b", Compiling, Active), ("c", Compiling, Active)], Some("b"));
        // Code whose compiled form was lost is compiled again, and ran before that.
        check_previous(&[("b", Compiling, Pending)], Some("first"));
        check_previous(&[("b", Compiling, failed())], None);
    }

    #[test]
    fn a_grant_is_a_side_effect() {
        const GRANT: (&str, &str) = ("stepwell:grants", "tcp:127.0.0.1:80");
        check(&[("colour", "red")], Ok(true));
        check(&[("stepwell:grants", " ")], Ok(true));
        check(&[GRANT], Ok(false));
        check(&[GRANT, ("stepwell:on-crash", "fail")], Ok(false));
        check(&[GRANT, ("stepwell:on-crash", "rerun")], Ok(true));
    }

    #[test]
    fn what_nobody_reads_is_refused() {
        check(
            &[("stepwell:grants", "tcp:127.0.0.1:80 files")],
            Err("Tag stepwell:grants: 'files' is not known; there is tcp:IP:PORT"),
        );
        check(&[("stepwell:fuel", "0")], Err("Tag stepwell:fuel needs a positive number, not '0'"));
    }
}
