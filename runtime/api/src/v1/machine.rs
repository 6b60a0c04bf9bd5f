//! `/v1/state-machines`

use super::{V1, json};
use crate::body;
use crate::error::ApiError;
use crate::generated::states::StatesError;
use crate::operation::Call;
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use std::sync::Arc;
use stepwell_engine::Scope;
use stepwell_engine::machine::{
    CreateStateMachine, DescribeStateMachineError, MachineSettings, MachineType, Publish,
    StateMachineDescription, UpdateStateMachine,
};
use stepwell_types::{Name, StateMachineArn};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Machine {
    arn: String,
    name: String,
    r#type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision_id: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    definition: Option<Arc<str>>,
}

impl V1 {
    /// The machine that the path names: a name, or a whole ARN.
    pub(super) fn machine(&self) -> Result<StateMachineArn, ApiError> {
        let text = self.segment("name");
        if text.starts_with("arn:") {
            return Ok(text.parse()?);
        }
        let scope = &self.call.scope;
        Ok(StateMachineArn {
            region: scope.region.clone(),
            account: scope.account,
            name: Name::new(text)?,
            qualifier: None,
            label: None,
        })
    }
}

/// A machine is created by its own account in its own region, and whole: no version, alias or label of it.
fn creatable(call: &Call, arn: &StateMachineArn) -> Result<(), ApiError> {
    if arn.qualifier.is_some() || arn.label.is_some() {
        return Err(ApiError::validation(format!("{arn} names a part of a state machine; name the whole")));
    }
    if arn.account != call.scope.account || arn.region != call.scope.region {
        let Scope { account, region } = &call.scope;
        return Err(ApiError::forbidden(format!("Account {account} cannot create {arn} in {region}")));
    }
    Ok(())
}

/// The machine, if it exists.
async fn described(call: &Call, arn: &StateMachineArn) -> Result<Option<StateMachineDescription>, ApiError> {
    match call.engine.describe_state_machine(&call.scope, arn).await {
        Ok(machine) => Ok(Some(machine)),
        Err(DescribeStateMachineError::DoesNotExist(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// `PUT /v1/state-machines/{name}?type=&role=`: creates the machine or gives it a new definition, the body.
pub(crate) async fn put(request: V1) -> Response {
    request
        .answer(async |mut request: V1| {
            request.only(&["type", "role"])?;
            let arn = request.machine()?;
            creatable(&request.call, &arn)?;
            let machine_type = request.parameter("type").map(machine_type).transpose()?;
            let role_arn: Option<Arc<str>> = request.parameter("role").map(Arc::from);
            let definition: Arc<str> =
                request.read_text(body::STATES_BYTES_MAX, "PutStateMachine").await?.into();
            let scope = &request.call.scope;
            if let Some(existing) = described(&request.call, &arn).await? {
                if machine_type.is_some_and(|wanted| wanted != existing.machine_type) {
                    let message =
                        format!("State Machine Already Exists: '{arn}', of type {}", existing.machine_type);
                    return Err(ApiError::states(StatesError::StateMachineAlreadyExists, message));
                }
                let update = UpdateStateMachine {
                    arn: arn.clone(),
                    definition: Some(definition),
                    role_arn,
                    settings: MachineSettings::default(),
                    publish: Publish::No,
                };
                let updated = request.call.engine.update_state_machine(scope, update).await?;
                let machine = Machine {
                    arn: arn.to_string(),
                    name: arn.name.to_string(),
                    r#type: existing.machine_type.to_string(),
                    revision_id: updated.revision_id,
                    definition: None,
                };
                return json(StatusCode::OK, &machine);
            }
            let machine_type = machine_type.unwrap_or(MachineType::Standard);
            let create = CreateStateMachine {
                name: arn.name.clone(),
                definition,
                role_arn: role_arn
                    .unwrap_or_else(|| format!("arn:aws:iam::{}:role/stepwell", scope.account).into()),
                machine_type,
                settings: MachineSettings::default(),
                tags: Vec::new(),
                publish: Publish::No,
            };
            let created = request.call.engine.create_state_machine(scope, create).await?;
            let machine = Machine {
                arn: created.arn.to_string(),
                name: arn.name.to_string(),
                r#type: machine_type.to_string(),
                revision_id: None,
                definition: None,
            };
            json(StatusCode::CREATED, &machine)
        })
        .await
}

/// `GET /v1/state-machines/{name}`
pub(crate) async fn get(request: V1) -> Response {
    request
        .answer(async |request: V1| {
            request.only(&[])?;
            let arn = request.machine()?;
            let machine = request.call.engine.describe_state_machine(&request.call.scope, &arn).await?;
            let machine = Machine {
                arn: machine.arn.to_string(),
                name: machine.name.to_string(),
                r#type: machine.machine_type.to_string(),
                revision_id: machine.revision_id,
                definition: Some(machine.definition),
            };
            json(StatusCode::OK, &machine)
        })
        .await
}

fn machine_type(text: &str) -> Result<MachineType, ApiError> {
    if text.eq_ignore_ascii_case("standard") {
        Ok(MachineType::Standard)
    } else if text.eq_ignore_ascii_case("express") {
        Ok(MachineType::Express)
    } else {
        Err(ApiError::validation("the parameter type must be standard or express"))
    }
}
