//! State machines as callers see them: requests, answers, errors.

mod operations;
mod row;
mod settings;
mod tags;

pub(crate) use operations::{Machine, RevisionKey};

use crate::page::PageError;
use crate::tag::TagError;
use crate::{StoreFailure, Tag};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;
use stepwell_asl::Diagnostic;
use stepwell_types::{Name, StateMachineArn, Timestamp, Value};

/// Standard or Express.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum MachineType {
    /// Durable, up to a year, exactly once.
    #[default]
    Standard,
    /// In memory, up to five minutes.
    Express,
}

impl From<MachineType> for stepwell_asl::definition::WorkflowType {
    fn from(machine_type: MachineType) -> Self {
        match machine_type {
            MachineType::Standard => Self::Standard,
            MachineType::Express => Self::Express,
        }
    }
}

impl fmt::Display for MachineType {
    /// AWS's word for it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Standard => "STANDARD",
            Self::Express => "EXPRESS",
        })
    }
}

/// What is kept about a machine beside its definition, as the caller gave it and as it is given back.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MachineSettings {
    /// `loggingConfiguration`, if given.
    pub logging: Option<Value>,
    /// `tracingConfiguration`, if given.
    pub tracing: Option<Value>,
    /// `encryptionConfiguration`, if given.
    pub encryption: Option<Value>,
}

/// Whether a version is published with a change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Publish {
    /// No version.
    #[default]
    No,
    /// A version with this description.
    Version {
        /// `versionDescription`; may be empty.
        description: Arc<str>,
    },
}

/// `CreateStateMachine`
#[derive(Clone, Debug)]
pub struct CreateStateMachine {
    /// The name, unique within account and region.
    pub name: Name,
    /// The definition's text, at most 1 MiB.
    pub definition: Arc<str>,
    /// The role's ARN, checked for its form only.
    pub role_arn: Arc<str>,
    /// Standard or Express.
    pub machine_type: MachineType,
    /// Logging, tracing, encryption.
    pub settings: MachineSettings,
    /// At most 50.
    pub tags: Vec<Tag>,
    /// Whether version 1 is published.
    pub publish: Publish,
}

/// What `CreateStateMachine` answers.
#[derive(Clone, Debug)]
pub struct CreatedStateMachine {
    /// Its ARN.
    pub arn: StateMachineArn,
    /// When it was created: for a repeated call, the first time.
    pub created: Timestamp,
    /// The version's ARN, if one was published.
    pub version_arn: Option<StateMachineArn>,
}

/// Why a machine was not created.
#[derive(Debug, thiserror::Error)]
pub enum CreateStateMachineError {
    /// The definition has errors; displays as AWS words it.
    #[error("{}", stepwell_asl::invalid_definition_message(.0))]
    InvalidDefinition(Vec<Diagnostic>),
    /// Another machine of this name exists.
    #[error("State Machine Already Exists: '{0}'")]
    AlreadyExists(StateMachineArn),
    /// The machine that has this name is being deleted.
    #[error("State Machine is being deleted: '{0}'")]
    Deleting(StateMachineArn),
    /// Versions are not published yet (`publish`).
    #[error("{0}")]
    Unsupported(String),
    /// The account has as many machines as it may.
    #[error("State machine limit exceeded")]
    LimitExceeded,
    /// Its tags cannot be these.
    #[error(transparent)]
    Tags(#[from] TagError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreFailure),
}

/// `UpdateStateMachine`: what is `None` stays.
#[derive(Clone, Debug)]
pub struct UpdateStateMachine {
    /// Which machine; without version, alias or label.
    pub arn: StateMachineArn,
    /// A new definition.
    pub definition: Option<Arc<str>>,
    /// A new role.
    pub role_arn: Option<Arc<str>>,
    /// New settings; each `None` stays.
    pub settings: MachineSettings,
    /// Whether a version is published.
    pub publish: Publish,
}

/// What `UpdateStateMachine` answers.
#[derive(Clone, Debug)]
pub struct UpdatedStateMachine {
    /// When.
    pub updated: Timestamp,
    /// The current revision: a new one if anything changed; `None` while it is the first, as on AWS.
    pub revision_id: Option<Arc<str>>,
    /// The version's ARN, if one was published.
    pub version_arn: Option<StateMachineArn>,
}

/// Why a machine was not updated.
#[derive(Debug, thiserror::Error)]
pub enum UpdateStateMachineError {
    /// It does not exist.
    #[error("State Machine Does Not Exist: '{0}'")]
    DoesNotExist(StateMachineArn),
    /// It is being deleted.
    #[error("State Machine is being deleted: '{0}'")]
    Deleting(StateMachineArn),
    /// The definition has errors; displays as AWS words it.
    #[error("{}", stepwell_asl::invalid_definition_message(.0))]
    InvalidDefinition(Vec<Diagnostic>),
    /// Neither definition nor role nor settings were given.
    #[error(
        "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified"
    )]
    MissingRequiredParameter,
    /// It was changed by somebody else at the same moment.
    #[error("State machine '{0}' was changed at the same time")]
    Conflict(StateMachineArn),
    /// Versions are not published yet (`publish`).
    #[error("{0}")]
    Unsupported(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreFailure),
}

/// A machine, whole: `DescribeStateMachine` and `DescribeStateMachineForExecution`.
#[derive(Clone, Debug)]
pub struct StateMachineDescription {
    /// Its ARN, as it was asked for (with a version, where one was).
    pub arn: StateMachineArn,
    /// Name.
    pub name: Name,
    /// `ACTIVE` or `DELETING`.
    pub status: MachineStatus,
    /// The definition's text.
    pub definition: Arc<str>,
    /// The role's ARN.
    pub role_arn: Arc<str>,
    /// Standard or Express.
    pub machine_type: MachineType,
    /// When the machine was created.
    pub created: Timestamp,
    /// When this revision was created.
    pub updated: Timestamp,
    /// The revision; `None` while it is the first, as on AWS.
    pub revision_id: Option<Arc<str>>,
    /// A published version's description.
    pub description: Option<Arc<str>>,
    /// Settings as given; the API fills in AWS's defaults.
    pub settings: MachineSettings,
    /// For each state that refers to variables: their names.
    pub variable_references: std::collections::BTreeMap<String, Vec<String>>,
}

/// Whether a machine still takes executions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MachineStatus {
    /// It does.
    Active,
    /// It was deleted and ends when its executions have.
    Deleting,
}

/// Why a machine cannot be described.
#[derive(Debug, thiserror::Error)]
pub enum DescribeStateMachineError {
    /// It does not exist.
    #[error("State Machine Does Not Exist: '{0}'")]
    DoesNotExist(StateMachineArn),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreFailure),
}

/// Why a machine's tags cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum TagMachineError {
    /// It does not exist.
    #[error("Resource not found: '{0}'")]
    DoesNotExist(StateMachineArn),
    /// Its tags cannot be these.
    #[error(transparent)]
    Tags(#[from] TagError),
    /// Others change it all the time.
    #[error("The machine is being changed by others: '{0}'")]
    Conflict(StateMachineArn),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreFailure),
}

/// A machine in a list.
#[derive(Clone, Debug)]
pub struct StateMachineSummary {
    /// Its ARN.
    pub arn: StateMachineArn,
    /// Its name.
    pub name: Name,
    /// Standard or Express.
    pub machine_type: MachineType,
    /// When it was created.
    pub created: Timestamp,
}

/// Why machines, tags, versions or aliases cannot be listed.
#[derive(Debug, thiserror::Error)]
pub enum ListOfMachineError {
    /// The machine does not exist.
    #[error("State Machine Does Not Exist: '{0}'")]
    DoesNotExist(StateMachineArn),
    /// The page cannot be given.
    #[error(transparent)]
    Page(#[from] PageError),
}
