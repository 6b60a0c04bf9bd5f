//! State machines.

use crate::error::ApiError;
use crate::generated::states::{
    CreateStateMachineInput, CreateStateMachineOutput, DeleteStateMachineInput, DeleteStateMachineOutput,
    DescribeStateMachineForExecutionInput, DescribeStateMachineForExecutionOutput, DescribeStateMachineInput,
    DescribeStateMachineOutput, IncludedData, ListStateMachineAliasesInput, ListStateMachineAliasesOutput,
    ListStateMachineVersionsInput, ListStateMachineVersionsOutput, ListStateMachinesInput,
    ListStateMachinesOutput, StateMachineListItem, StateMachineStatus, StateMachineType, StatesError,
    UpdateStateMachineInput, UpdateStateMachineOutput,
};
use crate::operation::Call;
use crate::states::{page, tag};
use std::sync::Arc;
use stepwell_engine::machine::{
    CreateStateMachine, MachineSettings, MachineStatus, MachineType, Publish, StateMachineDescription,
    UpdateStateMachine,
};
use stepwell_types::{ExecutionArn, Map, Name, StateMachineArn, Value};

pub(crate) async fn create(
    call: Call,
    input: CreateStateMachineInput,
) -> Result<CreateStateMachineOutput, ApiError> {
    let publish = publish(input.publish, input.version_description)?;
    let request = CreateStateMachine {
        name: Name::new(&input.name)?,
        definition: input.definition,
        role_arn: role(input.role_arn)?,
        machine_type: input.r#type.map_or(MachineType::Standard, machine_type),
        settings: settings(
            input.logging_configuration,
            input.tracing_configuration,
            input.encryption_configuration,
        )?,
        tags: tag::given(input.tags.unwrap_or_default()),
        publish,
    };
    let created = call.engine.create_state_machine(&call.scope, request).await?;
    Ok(CreateStateMachineOutput {
        state_machine_arn: created.arn.text(),
        creation_date: created.created.into(),
        state_machine_version_arn: created.version_arn.as_ref().map(StateMachineArn::text),
    })
}

pub(crate) async fn update(
    call: Call,
    input: UpdateStateMachineInput,
) -> Result<UpdateStateMachineOutput, ApiError> {
    let publish = publish(input.publish, input.version_description)?;
    let request = UpdateStateMachine {
        arn: input.state_machine_arn.parse()?,
        definition: input.definition,
        role_arn: input.role_arn.map(role).transpose()?,
        settings: settings(
            input.logging_configuration,
            input.tracing_configuration,
            input.encryption_configuration,
        )?,
        publish,
    };
    let updated = call.engine.update_state_machine(&call.scope, request).await?;
    Ok(UpdateStateMachineOutput {
        update_date: updated.updated.into(),
        revision_id: updated.revision_id,
        state_machine_version_arn: updated.version_arn.as_ref().map(StateMachineArn::text),
    })
}

pub(crate) async fn describe(
    call: Call,
    input: DescribeStateMachineInput,
) -> Result<DescribeStateMachineOutput, ApiError> {
    let arn: StateMachineArn = input.state_machine_arn.parse()?;
    let machine = call.engine.describe_state_machine(&call.scope, &arn).await?;
    let variable_references = variable_references(&machine, input.included_data);
    Ok(DescribeStateMachineOutput {
        state_machine_arn: machine.arn.text(),
        name: machine.name.as_str().into(),
        status: Some(match machine.status {
            MachineStatus::Active => StateMachineStatus::Active,
            MachineStatus::Deleting => StateMachineStatus::Deleting,
        }),
        definition: definition(&machine, input.included_data),
        role_arn: machine.role_arn,
        r#type: match machine.machine_type {
            MachineType::Standard => StateMachineType::Standard,
            MachineType::Express => StateMachineType::Express,
        },
        creation_date: machine.created.into(),
        logging_configuration: machine.settings.logging,
        tracing_configuration: machine.settings.tracing,
        label: machine.arn.label.as_ref().map(|label| label.as_str().into()),
        revision_id: machine.revision_id,
        description: machine.description,
        encryption_configuration: machine.settings.encryption,
        variable_references,
    })
}

pub(crate) async fn describe_for_execution(
    call: Call,
    input: DescribeStateMachineForExecutionInput,
) -> Result<DescribeStateMachineForExecutionOutput, ApiError> {
    let arn: ExecutionArn = input.execution_arn.parse()?;
    let machine = call.engine.describe_state_machine_for_execution(&call.scope, &arn).await?;
    let variable_references = variable_references(&machine, input.included_data);
    Ok(DescribeStateMachineForExecutionOutput {
        state_machine_arn: machine.arn.text(),
        name: machine.name.as_str().into(),
        definition: definition(&machine, input.included_data),
        role_arn: machine.role_arn,
        update_date: machine.updated.into(),
        logging_configuration: machine.settings.logging,
        tracing_configuration: machine.settings.tracing,
        map_run_arn: None,
        label: machine.arn.label.as_ref().map(|label| label.as_str().into()),
        revision_id: machine.revision_id,
        encryption_configuration: machine.settings.encryption,
        variable_references,
    })
}

pub(crate) async fn delete(
    call: Call,
    input: DeleteStateMachineInput,
) -> Result<DeleteStateMachineOutput, ApiError> {
    let arn: StateMachineArn = input.state_machine_arn.parse()?;
    call.engine.delete_state_machine(&call.scope, &arn).await?;
    Ok(DeleteStateMachineOutput {})
}

pub(crate) async fn list(
    call: Call,
    input: ListStateMachinesInput,
) -> Result<ListStateMachinesOutput, ApiError> {
    let page = page(input.max_results, input.next_token.as_deref());
    let machines = call.engine.list_state_machines(&call.scope, &page).await?;
    Ok(ListStateMachinesOutput {
        state_machines: machines
            .entries
            .into_iter()
            .map(|machine| StateMachineListItem {
                state_machine_arn: machine.arn.text(),
                name: machine.name.as_str().into(),
                r#type: match machine.machine_type {
                    MachineType::Standard => StateMachineType::Standard,
                    MachineType::Express => StateMachineType::Express,
                },
                creation_date: machine.created.into(),
            })
            .collect(),
        next_token: machines.next_token.map(Into::into),
    })
}

/// No machine has versions yet. On AWS this call answers for machines that do not exist, too.
pub(crate) async fn list_versions(
    _call: Call,
    input: ListStateMachineVersionsInput,
) -> Result<ListStateMachineVersionsOutput, ApiError> {
    let _arn: StateMachineArn = input.state_machine_arn.parse()?;
    no_such_page(input.next_token.as_deref())?;
    Ok(ListStateMachineVersionsOutput { state_machine_versions: Vec::new(), next_token: None })
}

/// No machine has aliases yet.
pub(crate) async fn list_aliases(
    call: Call,
    input: ListStateMachineAliasesInput,
) -> Result<ListStateMachineAliasesOutput, ApiError> {
    let arn: StateMachineArn = input.state_machine_arn.parse()?;
    call.engine.describe_state_machine(&call.scope, &arn).await?;
    no_such_page(input.next_token.as_deref())?;
    Ok(ListStateMachineAliasesOutput { state_machine_aliases: Vec::new(), next_token: None })
}

fn no_such_page(token: Option<&str>) -> Result<(), ApiError> {
    match token {
        None => Ok(()),
        Some(_) => Err(ApiError::states(StatesError::InvalidToken, "Invalid Token: 'Invalid token'")),
    }
}

/// A role's ARN, for its form only.
fn role(arn: Arc<str>) -> Result<Arc<str>, ApiError> {
    let mut parts = arn.splitn(6, ':');
    let (prefix, partition, service) = (parts.next(), parts.next(), parts.next());
    if prefix != Some("arn") {
        return Err(invalid_arn(&format!("Invalid ARN prefix: {arn}")));
    }
    let well_formed = partition.is_some_and(|partition| partition.starts_with("aws"))
        && service == Some("iam")
        && parts.nth(2).is_some_and(|resource| resource.starts_with("role/") && resource.len() > 5);
    if well_formed { Ok(arn) } else { Err(invalid_arn(&arn)) }
}

fn invalid_arn(what: &str) -> ApiError {
    ApiError::states(StatesError::InvalidArn, format!("Invalid Arn: '{what}'"))
}

fn machine_type(wire: StateMachineType) -> MachineType {
    match wire {
        StateMachineType::Standard => MachineType::Standard,
        StateMachineType::Express => MachineType::Express,
    }
}

/// `publish` and `versionDescription`; the second alone is an error, as recorded.
fn publish(publish: Option<bool>, description: Option<Arc<str>>) -> Result<Publish, ApiError> {
    match (publish, description) {
        (Some(true), description) => Ok(Publish::Version { description: description.unwrap_or_default() }),
        (_, None) => Ok(Publish::No),
        (_, Some(_)) => Err(ApiError::validation("Version description can only be set when publish is true")),
    }
}

/// What is kept as it was given. A level other than `OFF` needs its one destination.
fn settings(
    logging: Option<Value>,
    tracing: Option<Value>,
    encryption: Option<Value>,
) -> Result<MachineSettings, ApiError> {
    if let Some(Value::Object(logging)) = &logging {
        let level = logging.get("level").and_then(Value::as_str).unwrap_or("OFF");
        let destinations = match logging.get("destinations") {
            Some(Value::Array(destinations)) => destinations.len(),
            _ => 0,
        };
        if destinations > 1 || (level != "OFF" && destinations == 0) {
            return Err(ApiError::states(
                StatesError::InvalidLoggingConfiguration,
                "Invalid Logging Configuration: Must specify exactly one Log Destination.",
            ));
        }
    }
    if let Some(Value::Object(encryption)) = &encryption {
        let managed = encryption.get("type").and_then(Value::as_str) == Some("CUSTOMER_MANAGED_KMS_KEY");
        let given = |name: &str| encryption.get(name).is_some_and(|value| !value.is_null());
        let wrong = match (managed, given("kmsKeyId")) {
            (true, false) => Some("a customer managed key needs kmsKeyId"),
            (false, true) => Some("kmsKeyId needs the type CUSTOMER_MANAGED_KMS_KEY"),
            (true, true) | (false, false) => None,
        };
        if let Some(wrong) = wrong {
            return Err(ApiError::states(
                StatesError::InvalidEncryptionConfiguration,
                format!("Invalid Encryption Configuration: {wrong}"),
            ));
        }
    }
    Ok(MachineSettings { logging, tracing, encryption })
}

/// The definition; empty where only metadata is asked for, since the member is required.
fn definition(machine: &StateMachineDescription, included: Option<IncludedData>) -> Arc<str> {
    match included {
        Some(IncludedData::MetadataOnly) => Arc::from(""),
        None | Some(IncludedData::AllData) => Arc::clone(&machine.definition),
    }
}

/// The variables that each state refers to; absent where no state does, as recorded.
fn variable_references(machine: &StateMachineDescription, included: Option<IncludedData>) -> Option<Value> {
    if machine.variable_references.is_empty() || included == Some(IncludedData::MetadataOnly) {
        return None;
    }
    let mut states = Map::new();
    for (state, variables) in &machine.variable_references {
        let variables = variables.iter().map(Value::str).collect();
        states.insert(state.as_str(), Value::array(variables));
    }
    Some(Value::object(states))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_role(arn: &str, expected: &str) {
        let found = role(arn.into()).map_or_else(|error| error.message, |_| "ok".to_owned());
        assert_eq!(found, expected);
    }

    #[test]
    fn roles() {
        check_role("arn:aws:iam::000000000042:role/any", "ok");
        check_role("arn:aws-cn:iam::000000000042:role/path/any", "ok");
        check_role("any", "Invalid Arn: 'Invalid ARN prefix: any'");
        check_role("arn:aws:iam::1:role/", "Invalid Arn: 'arn:aws:iam::1:role/'");
        check_role("arn:aws:sts::1:role/x", "Invalid Arn: 'arn:aws:sts::1:role/x'");
    }

    #[track_caller]
    fn check_settings(logging: Option<&str>, encryption: Option<&str>, expected: Result<(), &str>) {
        let parse = |text: Option<&str>| text.map(|text| Value::parse(text).unwrap());
        let found =
            settings(parse(logging), None, parse(encryption)).map(drop).map_err(|error| error.message);
        assert_eq!(found.as_ref().copied().map_err(String::as_str), expected);
    }

    #[test]
    fn logging_configurations() {
        const DESTINATIONS: &str = "Invalid Logging Configuration: Must specify exactly one Log Destination.";
        check_settings(Some("{}"), None, Ok(()));
        check_settings(Some(r#"{"level":"ALL"}"#), None, Err(DESTINATIONS));
        check_settings(Some(r#"{"destinations":[{},{}]}"#), None, Err(DESTINATIONS));
        check_settings(Some(r#"{"level":"ALL","destinations":[{}]}"#), None, Ok(()));
    }

    #[test]
    fn encryption_configurations() {
        check_settings(None, Some(r#"{"type":"AWS_OWNED_KEY"}"#), Ok(()));
        check_settings(None, Some(r#"{"type":"CUSTOMER_MANAGED_KMS_KEY","kmsKeyId":"k"}"#), Ok(()));
        check_settings(
            None,
            Some(r#"{"type":"CUSTOMER_MANAGED_KMS_KEY"}"#),
            Err("Invalid Encryption Configuration: a customer managed key needs kmsKeyId"),
        );
        check_settings(
            None,
            Some(r#"{"type":"AWS_OWNED_KEY","kmsKeyId":"k"}"#),
            Err("Invalid Encryption Configuration: kmsKeyId needs the type CUSTOMER_MANAGED_KMS_KEY"),
        );
    }
}
