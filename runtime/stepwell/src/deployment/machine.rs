//! State machines.

use super::{Action, Deployed, Kind, Target, about, missing_is_none};
use crate::exit::CommandError;
use crate::manifest::{MachineEntry, Manifest};
use crate::substitute::substitute;
use serde_json::{Value, json};
use std::collections::BTreeMap;

impl Target {
    /// Creates or updates a state machine, unless it is as it should be. `text` is its definition with the names of
    /// functions in it.
    pub(crate) async fn machine(
        &self,
        name: &str,
        entry: &MachineEntry,
        text: &str,
        manifest: &Manifest,
    ) -> Result<Deployed, CommandError> {
        let definition = self.definition(&entry.file, text, manifest).await?;
        let arn = self.machine_arn(name).unwrap_or_default();
        let deployed =
            |action| Deployed { kind: Kind::Machine, name: name.to_owned(), arn: arn.clone(), action };
        let named = |error| about(Kind::Machine, name, error);
        let machine_type = entry.machine_type.as_str();
        let (client, role) = (&self.client, &self.role);
        let found = client.states("DescribeStateMachine", &json!({ "stateMachineArn": arn })).await;
        let Some(found) = missing_is_none(found)? else {
            let create =
                json!({ "name": name, "definition": definition, "roleArn": role, "type": machine_type });
            client.states("CreateStateMachine", &create).await.map_err(named)?;
            return Ok(deployed(Action::Created));
        };
        let word = |field: &str| found.get(field).and_then(Value::as_str).unwrap_or_default();
        if word("type") != machine_type {
            return Err(anyhow::anyhow!(
                "machine `{name}` exists as {}; its type cannot be changed: delete it first (aws stepfunctions delete-state-machine --state-machine-arn {arn})",
                word("type")
            )
            .into());
        }
        if word("definition") == definition {
            return Ok(deployed(Action::Unchanged));
        }
        let update = json!({ "stateMachineArn": arn, "definition": definition });
        client.states("UpdateStateMachine", &update).await.map_err(named)?;
        Ok(deployed(Action::Updated))
    }

    /// Fills in names: functions of the manifest, its machines, functions that the server has already.
    async fn definition(&self, file: &str, text: &str, manifest: &Manifest) -> Result<String, CommandError> {
        let mut existing: BTreeMap<String, String> = BTreeMap::new();
        let fill = |existing: &BTreeMap<String, String>| {
            substitute(text, |name| self.arn_of(manifest, name).or_else(|| existing.get(name).cloned()))
        };
        let unknown = match fill(&existing) {
            Ok(filled) => return Ok(filled.text),
            Err(unknown) => unknown,
        };
        for name in unknown {
            if let Some(found) = self.existing_function(&name).await? {
                let arn = found.pointer("/Configuration/FunctionArn").and_then(Value::as_str);
                existing.insert(name, arn.unwrap_or_default().to_owned());
            }
        }
        fill(&existing).map(|filled| filled.text).map_err(|unknown| {
            let names: Vec<String> = unknown.iter().map(|name| format!("${{{name}}}")).collect();
            CommandError::usage(format!("{file}: nothing is called {}", names.join(", ")))
        })
    }
}
