//! Creating, changing, reading and deleting state machines.

use super::row::{MachineRow, RevisionRow};
use super::{
    CreateStateMachine, CreateStateMachineError, CreatedStateMachine, DescribeStateMachineError,
    MachineSettings, MachineStatus, MachineType, Publish, StateMachineDescription, StateMachineSummary,
    UpdateStateMachine, UpdateStateMachineError, UpdatedStateMachine,
};
use crate::engine::{Engine, Inner};
use crate::page::{Page, PageError, PageRequest};
use crate::{Scope, StoreFailure, row, tag};
use std::sync::Arc;
use stepwell_asl::{Diagnostic, StateMachine};
use stepwell_store::{
    CatalogKey, CatalogKind, CatalogScope, CatalogWrite, Commit, CommitError, Committed, Lane, Order,
    Precondition, Refusal,
};
use stepwell_types::{Name, StateMachineArn, Timestamp};

/// How often a change is tried again when somebody else changed the same machine in between.
pub(super) const CHANGE_ATTEMPTS_MAX: usize = 8;

/// A machine at one revision, ready to run; cached and shared.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) arn: StateMachineArn,
    pub(crate) revision: u64,
    pub(crate) row: RevisionRow,
    pub(crate) definition: Arc<StateMachine>,
}

/// Whose machine, and which revision.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RevisionKey {
    pub(crate) scope: Scope,
    pub(crate) name: Name,
    pub(crate) revision: u64,
}

/// A definition that this server can run, or everything that stands in the way.
fn check(definition: &str, machine_type: MachineType) -> Result<StateMachine, Vec<Diagnostic>> {
    let (machine, mut findings) = stepwell_asl::parse(definition, machine_type.into());
    let Some(machine) = machine else {
        findings.retain(Diagnostic::is_error);
        return Err(findings);
    };
    let mut unsupported = stepwell_asl::unsupported(&machine);
    if unsupported.is_empty() {
        return Ok(machine);
    }
    stepwell_asl::locate(definition, &mut unsupported);
    Err(unsupported)
}

pub(super) fn key(kind: CatalogKind, scope: &Scope, name: &Name) -> CatalogKey {
    CatalogKey::new(kind, scope.account, &scope.region, name.as_str())
        .unwrap_or_else(|_| unreachable!("checked names fit a key"))
}

fn arn(scope: &Scope, name: &Name) -> StateMachineArn {
    let Scope { account, region } = scope.clone();
    StateMachineArn { region, account, name: name.clone(), qualifier: None, label: None }
}

impl Engine {
    /// `CreateStateMachine`. A repeated call with the same definition, type and settings gives the same answer; role
    /// and tags are not compared (AWS).
    ///
    /// # Errors
    /// [`CreateStateMachineError`]
    pub async fn create_state_machine(
        &self,
        scope: &Scope,
        request: CreateStateMachine,
    ) -> Result<CreatedStateMachine, CreateStateMachineError> {
        let inner = &self.0;
        if request.publish != Publish::No {
            return Err(CreateStateMachineError::Unsupported(
                "Stepwell does not publish versions yet".to_owned(),
            ));
        }
        check(&request.definition, request.machine_type)
            .map_err(CreateStateMachineError::InvalidDefinition)?;
        let tags = tag::merged(Vec::new(), request.tags)?;
        let arn = arn(scope, &request.name);
        for _ in 0..CHANGE_ATTEMPTS_MAX {
            if let Some((_, existing)) = inner.machine_row(scope, &request.name).await? {
                let current = inner.revision_row(scope, &request.name, existing.revision).await?;
                if existing.deleting {
                    return Err(CreateStateMachineError::Deleting(arn));
                }
                let same = current.definition == request.definition
                    && current.machine_type == request.machine_type
                    && current.settings.complete() == request.settings.clone().complete();
                return if same {
                    let created = Timestamp::from_millis(existing.created_ms);
                    Ok(CreatedStateMachine { arn, created, version_arn: None })
                } else {
                    Err(CreateStateMachineError::AlreadyExists(arn))
                };
            }
            let now = inner.clock.now();
            let revision = inner.new_revision(now);
            let machine =
                MachineRow { created_ms: now.as_millis(), revision, deleting: false, tags: tags.clone() };
            let row = RevisionRow {
                revision_id: None,
                definition: Arc::clone(&request.definition),
                role_arn: Arc::clone(&request.role_arn),
                machine_type: request.machine_type,
                settings: request.settings.clone(),
                machine_created_ms: now.as_millis(),
                updated_ms: now.as_millis(),
            };
            let key = key(CatalogKind::StateMachine, scope, &request.name);
            let absent = Precondition::CatalogAbsent(key);
            match inner.write_machine(scope, &request.name, absent, &machine, Some(&row)).await {
                Ok(()) => return Ok(CreatedStateMachine { arn, created: now, version_arn: None }),
                Err(WriteError::Changed) => {}
                Err(WriteError::Store(failure)) => return Err(failure.into()),
            }
        }
        Err(CreateStateMachineError::AlreadyExists(arn))
    }

    /// `UpdateStateMachine`: a new revision, unless nothing changes (recorded); running executions keep theirs.
    ///
    /// # Errors
    /// [`UpdateStateMachineError`]
    pub async fn update_state_machine(
        &self,
        scope: &Scope,
        request: UpdateStateMachine,
    ) -> Result<UpdatedStateMachine, UpdateStateMachineError> {
        let inner = &self.0;
        let UpdateStateMachine { arn, definition, role_arn, settings, publish } = request;
        if definition.is_none() && role_arn.is_none() && settings == MachineSettings::default() {
            return Err(UpdateStateMachineError::MissingRequiredParameter);
        }
        for _ in 0..CHANGE_ATTEMPTS_MAX {
            let Some((revision, machine)) = inner.own_machine_row(scope, &arn).await? else {
                return Err(UpdateStateMachineError::DoesNotExist(arn));
            };
            if machine.deleting {
                return Err(UpdateStateMachineError::Deleting(arn));
            }
            if publish != Publish::No {
                let message = "Stepwell does not publish versions yet".to_owned();
                return Err(UpdateStateMachineError::Unsupported(message));
            }
            let current = inner.revision_row(scope, &arn.name, machine.revision).await?;
            if let Some(definition) = &definition {
                check(definition, current.machine_type)
                    .map_err(UpdateStateMachineError::InvalidDefinition)?;
            }
            let now = inner.clock.now();
            let next = RevisionRow {
                definition: definition.as_ref().unwrap_or(&current.definition).clone(),
                role_arn: role_arn.as_ref().unwrap_or(&current.role_arn).clone(),
                settings: MachineSettings {
                    logging: settings.logging.clone().or_else(|| current.settings.logging.clone()),
                    tracing: settings.tracing.clone().or_else(|| current.settings.tracing.clone()),
                    encryption: settings.encryption.clone().or_else(|| current.settings.encryption.clone()),
                },
                ..current.clone()
            };
            let comparable = |row: &RevisionRow| {
                let row = row.clone();
                RevisionRow { settings: row.settings.complete(), ..row }
            };
            if comparable(&next) == comparable(&current) {
                let revision_id = current.revision_id;
                return Ok(UpdatedStateMachine { updated: now, revision_id, version_arn: None });
            }
            let revision_id: Option<Arc<str>> = Some(crate::random::uuid().to_string().into());
            let row = RevisionRow { revision_id: revision_id.clone(), updated_ms: now.as_millis(), ..next };
            let machine = MachineRow { revision: inner.new_revision(now), ..machine };
            let key = key(CatalogKind::StateMachine, scope, &arn.name);
            let unchanged = Precondition::CatalogRevision(key, revision);
            match inner.write_machine(scope, &arn.name, unchanged, &machine, Some(&row)).await {
                Ok(()) => return Ok(UpdatedStateMachine { updated: now, revision_id, version_arn: None }),
                Err(WriteError::Changed) => {}
                Err(WriteError::Store(failure)) => return Err(failure.into()),
            }
        }
        Err(UpdateStateMachineError::Conflict(arn))
    }

    /// `DescribeStateMachine`
    ///
    /// # Errors
    /// [`DescribeStateMachineError`]; versions, aliases and labels do not exist yet.
    pub async fn describe_state_machine(
        &self,
        scope: &Scope,
        arn: &StateMachineArn,
    ) -> Result<StateMachineDescription, DescribeStateMachineError> {
        let inner = &*self.0;
        let Some((_, row)) = inner.own_machine_row(scope, arn).await? else {
            return Err(DescribeStateMachineError::DoesNotExist(arn.clone()));
        };
        let machine = inner.machine_at(scope, &arn.name, row.revision).await?;
        let status = if row.deleting { MachineStatus::Deleting } else { MachineStatus::Active };
        Ok(machine.describe(status))
    }

    /// `DeleteStateMachine`. Deleting what does not exist succeeds, as on AWS. A machine with running executions is
    /// `DELETING` until they have closed.
    ///
    /// # Errors
    /// [`StoreFailure`]
    pub async fn delete_state_machine(
        &self,
        scope: &Scope,
        arn: &StateMachineArn,
    ) -> Result<(), StoreFailure> {
        let (engine, scope, arn) = (self.clone(), scope.clone(), arn.clone());
        // To its end even if the caller goes away: nothing else would look whether its last execution has closed.
        let deleted = tokio::spawn(async move { engine.0.delete_machine(&scope, &arn).await });
        deleted.await.unwrap_or_else(|error| Err(StoreFailure::failed(error)))
    }

    /// `ListStateMachines`: by name; 100 by default, at most 1,000.
    ///
    /// # Errors
    /// [`PageError`]
    pub async fn list_state_machines(
        &self,
        scope: &Scope,
        page: &PageRequest,
    ) -> Result<Page<StateMachineSummary>, PageError> {
        let inner = &*self.0;
        let now = inner.clock.now();
        let query = format!("machines/{}/{}", scope.account, scope.region);
        let after: Option<String> = inner.page_tokens.read(&query, page.next_token.as_deref(), now)?;
        let after = after
            .and_then(|name| Name::new(&name).ok())
            .map(|name| key(CatalogKind::StateMachine, scope, &name));
        let rows = CatalogScope::Region(CatalogKind::StateMachine, scope.account, scope.region.clone());
        let found = inner
            .store
            .catalog_scan(rows, Order::Ascending, after, page.limit(100, 1_000))
            .await
            .map_err(StoreFailure::from)?;
        let mut entries = Vec::with_capacity(found.rows.len());
        for entry in found.rows {
            let Ok(name) = Name::new(entry.key.name()) else { continue };
            let machine: MachineRow = row::decode(&entry.value).map_err(StoreFailure::from)?;
            let machine_type = inner.machine_at(scope, &name, machine.revision).await?.row.machine_type;
            let created = Timestamp::from_millis(machine.created_ms);
            entries.push(StateMachineSummary { arn: arn(scope, &name), name, machine_type, created });
        }
        let next_token = found.next.map(|next| inner.page_tokens.make(&query, &next.name().to_owned(), now));
        Ok(Page { entries, next_token })
    }
}

impl Machine {
    /// The machine as callers see it.
    pub(crate) fn describe(&self, status: MachineStatus) -> StateMachineDescription {
        let Self { arn, row, definition, .. } = self;
        StateMachineDescription {
            arn: arn.clone(),
            name: arn.name.clone(),
            status,
            definition: Arc::clone(&row.definition),
            role_arn: Arc::clone(&row.role_arn),
            machine_type: row.machine_type,
            created: Timestamp::from_millis(row.machine_created_ms),
            updated: Timestamp::from_millis(row.updated_ms),
            revision_id: row.revision_id.clone(),
            description: None,
            settings: row.settings.clone().complete(),
            variable_references: stepwell_asl::variable_references(definition),
        }
    }
}

/// Why a machine was not written.
pub(super) enum WriteError {
    /// The precondition does not hold any more.
    Changed,
    /// The store failed.
    Store(StoreFailure),
}

impl Inner {
    /// A machine's row with the store's revision of it.
    async fn machine_row(
        &self,
        scope: &Scope,
        name: &Name,
    ) -> Result<Option<(u64, MachineRow)>, StoreFailure> {
        let found = self.store.catalog(key(CatalogKind::StateMachine, scope, name)).await?;
        found.map(|found| Ok((found.revision, row::decode(&found.value)?))).transpose()
    }

    /// The same by ARN: nothing for another account's or region's, and for versions, aliases and labels.
    pub(super) async fn own_machine_row(
        &self,
        scope: &Scope,
        arn: &StateMachineArn,
    ) -> Result<Option<(u64, MachineRow)>, StoreFailure> {
        if !scope.owns(arn.account, &arn.region) || arn.qualifier.is_some() || arn.label.is_some() {
            return Ok(None);
        }
        self.machine_row(scope, &arn.name).await
    }

    async fn revision_row(
        &self,
        scope: &Scope,
        name: &Name,
        revision: u64,
    ) -> Result<RevisionRow, StoreFailure> {
        let key = key(CatalogKind::StateMachineRevision, scope, name).with_version(revision);
        let found = self.store.catalog(key).await?;
        let found = found.ok_or_else(|| {
            StoreFailure::failed(format!("revision {revision} of machine {name} is missing"))
        })?;
        Ok(row::decode(&found.value)?)
    }

    /// A machine as new executions run it; `None` if it does not exist.
    pub(crate) async fn current_machine(
        &self,
        scope: &Scope,
        arn: &StateMachineArn,
    ) -> Result<Option<(Arc<Machine>, MachineStatus)>, StoreFailure> {
        if !scope.owns(arn.account, &arn.region) || arn.qualifier.is_some() || arn.label.is_some() {
            return Ok(None);
        }
        let current = (scope.clone(), arn.name.clone());
        if let Some(machine) = self.current_machines.get(&current) {
            return Ok(Some((machine, MachineStatus::Active)));
        }
        let Some((_, row)) = self.machine_row(scope, &arn.name).await? else { return Ok(None) };
        let machine = self.machine_at(scope, &arn.name, row.revision).await?;
        if row.deleting {
            return Ok(Some((machine, MachineStatus::Deleting)));
        }
        self.current_machines.insert(current.clone(), Arc::clone(&machine));
        // A change between the read and the insert has cleared a place that was still empty: look again.
        match self.machine_row(scope, &arn.name).await? {
            Some((_, again)) if again.revision == row.revision && !again.deleting => {}
            _ => drop(self.current_machines.remove(&current)),
        }
        Ok(Some((machine, MachineStatus::Active)))
    }

    /// A machine at one revision.
    pub(crate) async fn machine_at(
        &self,
        scope: &Scope,
        name: &Name,
        revision: u64,
    ) -> Result<Arc<Machine>, StoreFailure> {
        let key = RevisionKey { scope: scope.clone(), name: name.clone(), revision };
        if let Some(machine) = self.machines.get(&key) {
            return Ok(machine);
        }
        let row = self.revision_row(scope, name, revision).await?;
        let definition = check(&row.definition, row.machine_type).map_err(|findings| {
            let message = stepwell_asl::invalid_definition_message(&findings);
            StoreFailure::failed(format!(
                "the stored definition of machine {name} is not valid any more: {message}"
            ))
        })?;
        let machine = Machine { arn: arn(scope, name), revision, row, definition: Arc::new(definition) };
        let machine = Arc::new(machine);
        self.machines.insert(key, Arc::clone(&machine));
        Ok(machine)
    }

    async fn delete_machine(
        self: &Arc<Self>,
        scope: &Scope,
        arn: &StateMachineArn,
    ) -> Result<(), StoreFailure> {
        for _ in 0..CHANGE_ATTEMPTS_MAX {
            let Some((revision, row)) = self.own_machine_row(scope, arn).await? else { return Ok(()) };
            let key = key(CatalogKind::StateMachine, scope, &arn.name);
            let unchanged = Precondition::CatalogRevision(key, revision);
            let row = MachineRow { deleting: true, ..row };
            match self.write_machine(scope, &arn.name, unchanged, &row, None).await {
                Ok(()) => return self.finish_deleting(scope, &arn.name).await,
                Err(WriteError::Changed) => {}
                Err(WriteError::Store(failure)) => return Err(failure),
            }
        }
        Ok(())
    }

    /// Writes a machine's row, and a new revision's.
    pub(super) async fn write_machine(
        self: &Arc<Self>,
        scope: &Scope,
        name: &Name,
        precondition: Precondition,
        machine: &MachineRow,
        revision: Option<&RevisionRow>,
    ) -> Result<(), WriteError> {
        let mut commit = Commit::new(scope.account, self.store.epoch());
        // A machine goes even where there is no room for more.
        commit.lane = if machine.deleting { Lane::Progress } else { Lane::Start };
        commit.preconditions.push(precondition);
        if let Some(revision) = revision {
            let key = key(CatalogKind::StateMachineRevision, scope, name).with_version(machine.revision);
            commit.catalog.push(CatalogWrite::Put(key, row::encode(revision)));
        }
        commit
            .catalog
            .push(CatalogWrite::Put(key(CatalogKind::StateMachine, scope, name), row::encode(machine)));
        let current = (scope.clone(), name.clone());
        let changed = self.submit_then(commit, move |inner| drop(inner.current_machines.remove(&current)));
        written(changed.await.map_err(|error| WriteError::Store(error.into()))?)
    }

    /// Removes a machine that is being deleted, once nothing of it runs.
    pub(crate) async fn finish_deleting(&self, scope: &Scope, name: &Name) -> Result<(), StoreFailure> {
        let Some((revision, row)) = self.machine_row(scope, name).await? else { return Ok(()) };
        if !row.deleting {
            return Ok(());
        }
        // Noted before it looks: an execution that closes after this look finds the note.
        self.deleting.lock().insert((scope.clone(), name.clone()));
        if self.machine_is_running(scope, name).await? {
            return Ok(());
        }
        self.deleting.lock().remove(&(scope.clone(), name.clone()));
        let key = key(CatalogKind::StateMachine, scope, name);
        let mut commit = Commit::new(scope.account, self.store.epoch());
        commit.preconditions.push(Precondition::CatalogRevision(key.clone(), revision));
        commit.catalog.push(CatalogWrite::Delete(key));
        match self.commit(commit).await {
            // Whoever changed it in between has deleted it, too.
            Ok(()) | Err(WriteError::Changed) => Ok(()),
            Err(WriteError::Store(failure)) => Err(failure),
        }
    }

    /// Whether a machine waits for its last execution.
    pub(crate) fn is_deleting(&self, scope: &Scope, name: &Name) -> bool {
        let deleting = self.deleting.lock();
        !deleting.is_empty() && deleting.contains(&(scope.clone(), name.clone()))
    }

    /// Goes on deleting machines after a restart.
    pub(crate) async fn resume_deleting(&self) -> Result<(), StoreFailure> {
        let mut after = None;
        loop {
            let rows = CatalogScope::Kind(CatalogKind::StateMachine);
            let page = self.store.catalog_scan(rows, Order::Ascending, after, 256).await?;
            for found in page.rows {
                let row: MachineRow = row::decode(&found.value)?;
                if row.deleting
                    && let Ok(name) = Name::new(found.key.name())
                {
                    let scope = Scope { account: found.key.account(), region: found.key.region().clone() };
                    self.finish_deleting(&scope, &name).await?;
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    async fn commit(&self, commit: Commit) -> Result<(), WriteError> {
        let ticket = self.store.submit(commit).map_err(|error| WriteError::Store(error.into()))?;
        written(ticket.await)
    }
}

fn written(outcome: Result<Committed, CommitError>) -> Result<(), WriteError> {
    match outcome {
        Ok(_) => Ok(()),
        Err(CommitError::Refused(Refusal::CatalogDiffers { .. })) => Err(WriteError::Changed),
        Err(error) => Err(WriteError::Store(error.into())),
    }
}
