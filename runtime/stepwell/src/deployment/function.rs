//! Functions.

use super::{Action, Deployed, Kind, Target, about, missing_is_none};
use crate::client::segment;
use crate::exit::CommandError;
use crate::manifest::{Files, FunctionEntry};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How long a component may compile before a deployment gives up waiting.
const COMPILE_MAX: Duration = Duration::from_secs(120);
/// How the keys of the tags begin in which Stepwell keeps what Lambda has no field for.
const OWN_TAGS: &str = "stepwell:";
/// How often a compiling component is asked about.
const COMPILE_POLL: Duration = Duration::from_millis(100);

impl Target {
    /// Creates or updates a function, unless it is as it should be, and waits until its code is compiled.
    pub(crate) async fn function(
        &self,
        name: &str,
        entry: &FunctionEntry,
        files: &Files,
    ) -> Result<Deployed, CommandError> {
        let (client, role) = (&self.client, &self.role);
        let code = files.read(&entry.wasm)?;
        let sha256 = STANDARD.encode(Sha256::digest(&code));
        let code = STANDARD.encode(code);
        let path = format!("/functions/{}", segment(name));
        let named = |error| about(Kind::Function, name, error);
        let mut settings = settings(entry);
        let (configuration, action) = match self.existing_function(name).await? {
            None => {
                settings.insert("FunctionName".to_owned(), json!(name));
                settings.insert("Role".to_owned(), json!(role));
                settings.insert("Tags".to_owned(), json!(entry.tags()));
                settings.insert("Code".to_owned(), json!({ "ZipFile": code }));
                let created = client.lambda(Method::POST, "/functions", &Value::Object(settings)).await;
                (created.map_err(named)?, Action::Created)
            }
            Some(found) => {
                let mut latest = found.get("Configuration").cloned().unwrap_or_default();
                let differs = settings.iter().any(|(field, wanted)| !is_set(&latest, field, wanted));
                let is_new_code = latest.get("CodeSha256").and_then(Value::as_str) != Some(&sha256);
                // Before the code, which may need what they grant.
                let is_tagged_anew = self.retag(entry, &found).await.map_err(named)?;
                if differs {
                    let path = format!("{path}/configuration");
                    latest =
                        client.lambda(Method::PUT, &path, &Value::Object(settings)).await.map_err(named)?;
                }
                if is_new_code {
                    let path = format!("{path}/code");
                    let code = json!({ "ZipFile": code });
                    latest = client.lambda(Method::PUT, &path, &code).await.map_err(named)?;
                }
                let is_updated = differs || is_new_code || is_tagged_anew;
                (latest, if is_updated { Action::Updated } else { Action::Unchanged })
            }
        };
        let configuration = self.active(name, configuration).await?;
        let arn = configuration.get("FunctionArn").and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(Deployed { kind: Kind::Function, name: name.to_owned(), arn, action })
    }

    /// Changes those tags that are Stepwell's own, as far as they differ; others are left alone.
    async fn retag(&self, entry: &FunctionEntry, found: &Value) -> Result<bool, CommandError> {
        let arn = found.pointer("/Configuration/FunctionArn").and_then(Value::as_str).unwrap_or_default();
        let tags = found.get("Tags").and_then(Value::as_object);
        let wanted = entry.tags();
        let value_of = |key: &str| tags.and_then(|tags| tags.get(key)?.as_str());
        let new: BTreeMap<&String, &String> =
            wanted.iter().filter(|(key, value)| value_of(key) != Some(value.as_str())).collect();
        let keys = tags.into_iter().flat_map(Map::keys).map(String::as_str);
        let gone: Vec<&str> =
            keys.filter(|key| key.starts_with(OWN_TAGS) && !wanted.contains_key(*key)).collect();
        if !new.is_empty() {
            self.client.tag(arn, &json!(new)).await?;
        }
        if !gone.is_empty() {
            self.client.untag(arn, &gone).await?;
        }
        Ok(!new.is_empty() || !gone.is_empty())
    }

    /// `GetFunction`, if there is one.
    pub(super) async fn existing_function(&self, name: &str) -> Result<Option<Value>, CommandError> {
        let path = format!("/functions/{}", segment(name));
        missing_is_none(self.client.lambda(Method::GET, &path, &Value::Null).await)
    }

    /// Waits until a function's code is compiled.
    async fn active(&self, name: &str, mut configuration: Value) -> Result<Value, CommandError> {
        let give_up = Instant::now() + COMPILE_MAX;
        loop {
            let word = |field: &str| configuration.get(field).and_then(Value::as_str).unwrap_or_default();
            if word("State") == "Failed" || word("LastUpdateStatus") == "Failed" {
                let reason = [word("LastUpdateStatusReason"), word("StateReason")].join(" ");
                return Err(anyhow::anyhow!("function `{name}` cannot be compiled: {}", reason.trim()).into());
            }
            if word("State") != "Pending" && word("LastUpdateStatus") != "InProgress" {
                return Ok(configuration);
            }
            if Instant::now() > give_up {
                return Err(anyhow::anyhow!("function `{name}` is still being compiled").into());
            }
            tokio::time::sleep(COMPILE_POLL).await;
            let path = format!("/functions/{}/configuration", segment(name));
            configuration = self.client.lambda(Method::GET, &path, &Value::Null).await?;
        }
    }
}

/// What Lambda has fields for. All of it, so that what was taken out of the file goes back to its default.
fn settings(entry: &FunctionEntry) -> Map<String, Value> {
    let mut settings = Map::new();
    settings.insert("Description".to_owned(), json!(entry.description.as_deref().unwrap_or_default()));
    settings.insert("Timeout".to_owned(), json!(entry.timeout_s.unwrap_or(3)));
    settings.insert("MemorySize".to_owned(), json!(entry.memory_mb.unwrap_or(128)));
    settings.insert("Environment".to_owned(), json!({ "Variables": entry.environment }));
    settings
}

/// Whether a function has a setting already. An empty environment is shown as none.
fn is_set(configuration: &Value, field: &str, wanted: &Value) -> bool {
    let found = configuration.get(field);
    let is_empty =
        |value: &Value| value.pointer("/Variables").and_then(Value::as_object).is_none_or(Map::is_empty);
    match field {
        "Environment" if is_empty(wanted) => found.is_none_or(is_empty),
        _ => found == Some(wanted),
    }
}
