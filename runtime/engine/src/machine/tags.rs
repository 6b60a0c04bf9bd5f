//! A machine's tags.

use super::TagMachineError;
use super::operations::{CHANGE_ATTEMPTS_MAX, WriteError, key};
use crate::engine::Engine;
use crate::tag::{merged, without};
use crate::{Scope, Tag};
use std::sync::Arc;
use stepwell_store::{CatalogKind, Precondition};
use stepwell_types::StateMachineArn;

impl Engine {
    /// `TagResource` of a machine.
    ///
    /// # Errors
    /// [`TagMachineError`]; versions and aliases have no tags.
    pub async fn tag_state_machine(
        &self,
        scope: &Scope,
        arn: &StateMachineArn,
        tags: Vec<Tag>,
    ) -> Result<(), TagMachineError> {
        self.change_machine_tags(scope, arn, |old| Ok(merged(old, tags.clone())?)).await
    }

    /// `UntagResource` of a machine. Keys that are not there make no difference.
    ///
    /// # Errors
    /// [`TagMachineError`]
    pub async fn untag_state_machine(
        &self,
        scope: &Scope,
        arn: &StateMachineArn,
        keys: &[Arc<str>],
    ) -> Result<(), TagMachineError> {
        self.change_machine_tags(scope, arn, |old| Ok(without(old, keys))).await
    }

    /// `ListTagsForResource` of a machine.
    ///
    /// # Errors
    /// [`TagMachineError`]
    pub async fn list_state_machine_tags(
        &self,
        scope: &Scope,
        arn: &StateMachineArn,
    ) -> Result<Vec<Tag>, TagMachineError> {
        match self.0.own_machine_row(scope, arn).await? {
            Some((_, row)) => Ok(row.tags),
            None => Err(TagMachineError::DoesNotExist(arn.clone())),
        }
    }

    async fn change_machine_tags(
        &self,
        scope: &Scope,
        arn: &StateMachineArn,
        change: impl Fn(Vec<Tag>) -> Result<Vec<Tag>, TagMachineError>,
    ) -> Result<(), TagMachineError> {
        let inner = &self.0;
        for _ in 0..CHANGE_ATTEMPTS_MAX {
            let found = inner.own_machine_row(scope, arn).await?;
            let (revision, mut machine) = found.ok_or_else(|| TagMachineError::DoesNotExist(arn.clone()))?;
            let tags = change(machine.tags.clone())?;
            if tags == machine.tags {
                return Ok(());
            }
            machine.tags = tags;
            let unchanged =
                Precondition::CatalogRevision(key(CatalogKind::StateMachine, scope, &arn.name), revision);
            match inner.write_machine(scope, &arn.name, unchanged, &machine, None).await {
                Ok(()) => return Ok(()),
                Err(WriteError::Changed) => {}
                Err(WriteError::Store(failure)) => return Err(failure.into()),
            }
        }
        Err(TagMachineError::Conflict(arn.clone()))
    }
}
