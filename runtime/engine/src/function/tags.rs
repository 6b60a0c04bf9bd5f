//! A function's tags. They belong to the function; what they say of fuel, grants and crashes, a published version keeps
//! as it was when it was published.

use super::FunctionError;
use super::operations::key;
use super::row::PolicyRow;
use crate::engine::Engine;
use crate::tag::{merged, without};
use crate::{Scope, Tag};
use std::sync::Arc;
use stepwell_store::Precondition;
use stepwell_types::FunctionArn;

/// How often a change is tried again when somebody else changed the same function in between.
const CHANGE_ATTEMPTS_MAX: usize = 8;

impl Engine {
    /// `TagResource`. What the tags say counts for every attempt that begins afterwards.
    ///
    /// # Errors
    /// [`FunctionError`]: an unknown function, a version, or tags that `CreateFunction` would refuse.
    pub async fn tag_function(
        &self,
        scope: &Scope,
        arn: &FunctionArn,
        tags: Vec<Tag>,
    ) -> Result<(), FunctionError> {
        self.change_tags(scope, arn, |old| Ok(merged(old, tags.clone())?)).await
    }

    /// `UntagResource`. Keys that are not there make no difference.
    ///
    /// # Errors
    /// [`FunctionError`]: an unknown function, or a version.
    pub async fn untag_function(
        &self,
        scope: &Scope,
        arn: &FunctionArn,
        keys: &[Arc<str>],
    ) -> Result<(), FunctionError> {
        self.change_tags(scope, arn, |old| Ok(without(old, keys))).await
    }

    /// `ListTags`
    ///
    /// # Errors
    /// [`FunctionError`]: an unknown function, or a version.
    pub async fn list_function_tags(
        &self,
        scope: &Scope,
        arn: &FunctionArn,
    ) -> Result<Vec<Tag>, FunctionError> {
        check_unqualified(arn)?;
        let found = self.0.function_row(scope, arn).await?;
        found.map(|(_, row)| row.tags).ok_or_else(|| FunctionError::NotFound(arn.clone()))
    }

    async fn change_tags(
        &self,
        scope: &Scope,
        arn: &FunctionArn,
        change: impl Fn(Vec<Tag>) -> Result<Vec<Tag>, FunctionError>,
    ) -> Result<(), FunctionError> {
        check_unqualified(arn)?;
        let inner = &self.0;
        for _ in 0..CHANGE_ATTEMPTS_MAX {
            let found = inner.function_row(scope, arn).await?;
            let (revision, mut row) = found.ok_or_else(|| FunctionError::NotFound(arn.clone()))?;
            let tags = change(row.tags.clone())?;
            if tags == row.tags {
                return Ok(());
            }
            PolicyRow::parse(&tags).map_err(FunctionError::InvalidParameter)?;
            row.tags = tags;
            // Revision id and time of the last change are those of code and settings.
            let unchanged = Precondition::CatalogRevision(key(scope, &arn.name), revision);
            match inner.write_function(scope, &arn.name, unchanged, &row, None).await {
                Err(FunctionError::UpdateInProgress(_)) => {}
                decided => return decided,
            }
        }
        Err(FunctionError::UpdateInProgress(arn.clone()))
    }
}

fn check_unqualified(arn: &FunctionArn) -> Result<(), FunctionError> {
    match arn.qualifier {
        None => Ok(()),
        Some(_) => Err(FunctionError::InvalidParameter(
            "Tags on function aliases and versions are not supported. Please specify a function ARN."
                .to_owned(),
        )),
    }
}
