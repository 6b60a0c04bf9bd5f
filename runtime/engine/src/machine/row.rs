//! A machine's rows: one that says which revision is current, and one for each revision, never rewritten, so that a
//! running execution keeps its definition.

use super::{MachineSettings, MachineType};
use crate::Tag;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The machine as it is now.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct MachineRow {
    pub(crate) created_ms: i64,
    /// The current revision's number: the key of its row.
    pub(crate) revision: u64,
    pub(crate) deleting: bool,
    pub(crate) tags: Vec<Tag>,
}

/// One revision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RevisionRow {
    /// `None` for a machine's first, as on AWS.
    pub(crate) revision_id: Option<Arc<str>>,
    pub(crate) definition: Arc<str>,
    pub(crate) role_arn: Arc<str>,
    pub(crate) machine_type: MachineType,
    pub(crate) settings: MachineSettings,
    /// When the machine was created, kept here for executions that outlive the machine.
    pub(crate) machine_created_ms: i64,
    pub(crate) updated_ms: i64,
}
