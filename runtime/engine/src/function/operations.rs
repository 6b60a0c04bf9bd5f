//! Creating, changing, reading and deleting functions and their versions.

use super::check::check;
use super::code::{COMPILE_WAIT, CodeError};
use super::row::{CodeRow, FunctionRow, PolicyRow, Readiness, SettingsRow, VersionRow};
use super::{
    CodeState, CreateFunction, Expected, FunctionConfiguration, FunctionError, FunctionSettings,
    UpdateFunctionCode,
};
use crate::engine::{Engine, Inner};
use crate::page::{Page, PageRequest};
use crate::{Scope, StoreFailure, Tag, row, tag};
use bytes::Bytes;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use stepwell_sandbox::{Digest, Prepared, PublishError};
use stepwell_store::{
    CatalogKey, CatalogKind, CatalogScope, CatalogWrite, Commit, CommitError, Committed, Lane, Order,
    Precondition, Refusal,
};
use stepwell_types::{AccountId, FunctionArn, FunctionQualifier};

/// Functions on a page. Source: AWS Lambda, `ListFunctions`.
const PAGE_ENTRIES_MAX: u32 = 50;
/// The cursor of a page of versions that ended with `$LATEST`; the first version is 1.
const BEFORE_VERSIONS: u64 = 0;
/// Versions that are read at once.
const VERSIONS_READ: usize = 256;

pub(super) fn key(scope: &Scope, name: &str) -> CatalogKey {
    CatalogKey::new(CatalogKind::Function, scope.account, &scope.region, name)
        .unwrap_or_else(|_| unreachable!("checked names fit a key"))
}

fn version_key(scope: &Scope, name: &str, version: u64) -> CatalogKey {
    CatalogKey::new(CatalogKind::FunctionVersion, scope.account, &scope.region, name)
        .unwrap_or_else(|_| unreachable!("checked names fit a key"))
        .with_version(version)
}

fn arn(scope: &Scope, name: &Arc<str>, qualifier: Option<FunctionQualifier>) -> FunctionArn {
    let Scope { account, region } = scope.clone();
    FunctionArn { region, account, name: Arc::clone(name), qualifier }
}

impl Engine {
    /// `CreateFunction`. Waits up to 2 seconds for the code to compile; after that the answer's state is `Pending`.
    ///
    /// # Errors
    /// [`FunctionError`]
    pub async fn create_function(
        &self,
        scope: &Scope,
        request: CreateFunction,
    ) -> Result<FunctionConfiguration, FunctionError> {
        check(&request.settings)?;
        let tags = tag::merged(Vec::new(), request.tags)?;
        PolicyRow::parse(&tags).map_err(FunctionError::InvalidParameter)?;
        let function = arn(scope, &request.name, None);
        if self.0.function_row(scope, &function).await?.is_some() {
            return Err(FunctionError::AlreadyExists(request.name));
        }
        let (code, _) = self.keep_code(scope.account, request.code).await?;
        let now = self.0.clock.now();
        let row = FunctionRow {
            version: VersionRow {
                code,
                settings: SettingsRow::new(request.settings),
                revision_id: crate::random::uuid().to_string().into(),
                last_modified_ms: now.as_millis(),
                policy: None,
            },
            previous: None,
            last_version: u64::from(request.publish),
            tags,
        };
        let absent = Precondition::CatalogAbsent(key(scope, &request.name));
        let version = request.publish.then(|| row.published(None));
        match self.0.write_function(scope, &request.name, absent, &row, version.as_ref()).await {
            Ok(()) => {
                let shown = version.as_ref().unwrap_or(&row);
                Ok(self.shown(scope, &request.name, shown, published(request.publish)).await)
            }
            Err(FunctionError::UpdateInProgress(_)) => Err(FunctionError::AlreadyExists(request.name)),
            Err(error) => Err(error),
        }
    }

    /// `GetFunction` and `GetFunctionConfiguration`
    ///
    /// # Errors
    /// [`FunctionError::NotFound`]
    pub async fn function(
        &self,
        scope: &Scope,
        arn: &FunctionArn,
    ) -> Result<FunctionConfiguration, FunctionError> {
        let not_found = || FunctionError::NotFound(arn.clone());
        let (_, row) = self.0.function_row(scope, arn).await?.ok_or_else(not_found)?;
        match &arn.qualifier {
            None | Some(FunctionQualifier::Latest) => {
                Ok(self.shown(scope, &arn.name, &row, arn.qualifier.clone()).await)
            }
            Some(FunctionQualifier::Version(version)) => {
                let version_row =
                    self.0.version_row(scope, &arn.name, *version).await?.ok_or_else(not_found)?;
                Ok(self.shown_version(scope, &arn.name, *version, &version_row, &row.tags).await)
            }
            Some(FunctionQualifier::Alias(_)) => Err(not_found()),
        }
    }

    /// `UpdateFunctionCode`. The code before it serves until the new code is compiled.
    ///
    /// # Errors
    /// [`FunctionError`]
    pub async fn update_function_code(
        &self,
        scope: &Scope,
        arn: &FunctionArn,
        update: UpdateFunctionCode,
    ) -> Result<FunctionConfiguration, FunctionError> {
        let UpdateFunctionCode { code, echoed, expected, publish } = update;
        self.settled(scope, arn).await?;
        let (code, readiness) = self.keep_code(scope.account, code).await?;
        self.change(scope, arn, &expected, publish, |row, current| {
            row.take_code(code.clone(), readiness, current);
            let given = FunctionSettings { echoed: echoed.clone(), ..FunctionSettings::default() };
            row.version.settings = row.version.settings.clone().updated(given);
        })
        .await
    }

    /// `UpdateFunctionConfiguration`
    ///
    /// # Errors
    /// [`FunctionError`]
    pub async fn update_function_settings(
        &self,
        scope: &Scope,
        arn: &FunctionArn,
        settings: FunctionSettings,
        expected: Expected,
    ) -> Result<FunctionConfiguration, FunctionError> {
        check(&settings)?;
        self.settled(scope, arn).await?;
        self.change(scope, arn, &expected, false, |row, _| {
            row.version.settings = row.version.settings.clone().updated(settings.clone());
        })
        .await
    }

    /// `PublishVersion`. Without a change since the last version, that version is answered again (AWS).
    ///
    /// # Errors
    /// [`FunctionError`]
    pub async fn publish_version(
        &self,
        scope: &Scope,
        arn: &FunctionArn,
        description: Option<Arc<str>>,
        expected: Expected,
    ) -> Result<FunctionConfiguration, FunctionError> {
        let not_found = || FunctionError::NotFound(arn.clone());
        self.settled(scope, arn).await?;
        let (_, row) = self.0.function_row(scope, arn).await?.ok_or_else(not_found)?;
        check_expected(&expected, &row)?;
        if let Some(last) = self.0.version_row(scope, &arn.name, row.last_version).await?
            && last.code == row.version.code
            && last.settings.same_but_description(&row.version.settings)
            && last.policy == PolicyRow::parse(&row.tags).ok()
        {
            return Ok(self.shown_version(scope, &arn.name, row.last_version, &last, &row.tags).await);
        }
        self.change_with(scope, arn, &expected, true, description, |_, _| {}).await
    }

    /// `DeleteFunction`: with a version, only that one; without, all of it.
    ///
    /// # Errors
    /// [`FunctionError`]
    pub async fn delete_function(&self, scope: &Scope, arn: &FunctionArn) -> Result<(), FunctionError> {
        let inner = &self.0;
        let not_found = || FunctionError::NotFound(arn.clone());
        if arn.qualifier == Some(FunctionQualifier::Latest) {
            return Err(FunctionError::InvalidParameter(
                "$LATEST version cannot be deleted without deleting the function.".to_owned(),
            ));
        }
        let (revision, row) = inner.function_row(scope, arn).await?.ok_or_else(not_found)?;
        let mut commit = Commit::new(scope.account, inner.store.epoch());
        match &arn.qualifier {
            None => {
                inner.release(row.components()?).await?;
                inner.release_versions(scope, &arn.name).await?;
                // A version that is published in between would stay behind.
                let unchanged = Precondition::CatalogRevision(key(scope, &arn.name), revision);
                commit.preconditions.push(unchanged);
                commit.catalog.push(CatalogWrite::Delete(key(scope, &arn.name)));
                for version in 1..=row.last_version {
                    commit.catalog.push(CatalogWrite::Delete(version_key(scope, &arn.name, version)));
                }
            }
            Some(FunctionQualifier::Version(version)) => {
                if let Some(row) = inner.version_row(scope, &arn.name, *version).await? {
                    inner.release([digest(&row.code.digest)?]).await?;
                }
                commit.catalog.push(CatalogWrite::Delete(version_key(scope, &arn.name, *version)));
            }
            Some(FunctionQualifier::Latest | FunctionQualifier::Alias(_)) => return Err(not_found()),
        }
        decided(inner.submit_function(commit, scope, &arn.name).await?, scope, &arn.name)
    }

    /// `ListFunctions`: by name, at most 50 on a page, `$LATEST` of each.
    ///
    /// # Errors
    /// [`FunctionError::Page`]
    pub async fn list_functions(
        &self,
        scope: &Scope,
        page: &PageRequest,
    ) -> Result<Page<FunctionConfiguration>, FunctionError> {
        let inner = &*self.0;
        let now = inner.clock.now();
        let query = format!("functions/{}/{}", scope.account, scope.region);
        let after: Option<Arc<str>> =
            inner.page_tokens.read(&query, page.next_token.as_deref(), now).map_err(FunctionError::Page)?;
        let rows = CatalogScope::Region(CatalogKind::Function, scope.account, scope.region.clone());
        let limit = page.limit(PAGE_ENTRIES_MAX, PAGE_ENTRIES_MAX);
        let after = after.map(|name| key(scope, &name));
        let found = inner
            .store
            .catalog_scan(rows, Order::Ascending, after, limit)
            .await
            .map_err(StoreFailure::from)?;
        let mut entries = Vec::with_capacity(found.rows.len());
        for entry in found.rows {
            let row: FunctionRow = row::decode(&entry.value).map_err(StoreFailure::from)?;
            entries.push(self.shown(scope, &entry.key.name().into(), &row, None).await);
        }
        let next_token = found.next.map(|next| inner.page_tokens.make(&query, &next.name().to_owned(), now));
        Ok(Page { entries, next_token })
    }

    /// `ListVersionsByFunction`: `$LATEST`, then the versions in order; at most 50 on a page.
    ///
    /// # Errors
    /// [`FunctionError`]
    pub async fn list_versions(
        &self,
        scope: &Scope,
        arn: &FunctionArn,
        page: &PageRequest,
    ) -> Result<Page<FunctionConfiguration>, FunctionError> {
        let inner = &*self.0;
        let now = inner.clock.now();
        let not_found = || FunctionError::NotFound(arn.clone());
        let (_, row) = inner.function_row(scope, arn).await?.ok_or_else(not_found)?;
        let query = format!("versions/{}/{}/{}", scope.account, scope.region, arn.name);
        let after: Option<u64> =
            inner.page_tokens.read(&query, page.next_token.as_deref(), now).map_err(FunctionError::Page)?;
        let limit = page.limit(PAGE_ENTRIES_MAX, PAGE_ENTRIES_MAX);
        let mut entries = Vec::new();
        if after.is_none() {
            entries.push(self.shown(scope, &arn.name, &row, Some(FunctionQualifier::Latest)).await);
        }
        let (account, region) = (scope.account, scope.region.clone());
        let rows = CatalogScope::Name(CatalogKind::FunctionVersion, account, region, Arc::clone(&arn.name));
        let after = after.map(|version| version_key(scope, &arn.name, version));
        let left = limit - entries.len();
        // Where `$LATEST` fills the page, a row is read only to learn whether there is another page.
        let found = inner
            .store
            .catalog_scan(rows, Order::Ascending, after, left.max(1))
            .await
            .map_err(StoreFailure::from)?;
        if left == 0 {
            let next = (!found.rows.is_empty()).then_some(BEFORE_VERSIONS);
            let next_token = next.map(|next| inner.page_tokens.make(&query, &next, now));
            return Ok(Page { entries, next_token });
        }
        for entry in found.rows {
            let version: VersionRow = row::decode(&entry.value).map_err(StoreFailure::from)?;
            entries
                .push(self.shown_version(scope, &arn.name, entry.key.version(), &version, &row.tags).await);
        }
        let next_token = found.next.map(|next| inner.page_tokens.make(&query, &next.version(), now));
        Ok(Page { entries, next_token })
    }

    /// The component's bytes.
    ///
    /// # Errors
    /// [`FunctionError`]
    pub async fn function_code(&self, scope: &Scope, arn: &FunctionArn) -> Result<Bytes, FunctionError> {
        let configuration = self.function(scope, arn).await?;
        Ok(self.component(digest(&configuration.digest)?).await?)
    }

    /// Checks an upload and keeps the component, durably, before any row names it.
    async fn keep_code(
        &self,
        account: AccountId,
        upload: Arc<[u8]>,
    ) -> Result<(CodeRow, Readiness), FunctionError> {
        // Code whose row would be refused is not written: nobody would need it.
        self.0.check_room()?;
        let Prepared { component, digest, code_sha256, code_size_bytes, .. } =
            self.0.sandbox.prepare(upload).await?;
        let component = Bytes::from_owner(component);
        let bytes = component.len();
        let kept = self.0.store.blobs().put(component).await;
        kept.map_err(|error| StoreFailure::of_upload(&error, bytes))?;
        let readiness = match tokio::time::timeout(COMPILE_WAIT, self.code(account, digest)).await {
            Ok(Ok(_)) => Readiness::Compiled,
            Ok(Err(error)) => {
                return Err(match &*error {
                    CodeError::Publish(error @ PublishError::Internal(_)) => {
                        StoreFailure::failed(error).into()
                    }
                    CodeError::Publish(error) => FunctionError::InvalidCode(error.clone()),
                    CodeError::Store(failure) => failure.clone().into(),
                });
            }
            Err(_) => Readiness::Compiling,
        };
        let sha256 = code_sha256.into();
        let code = CodeRow { digest: digest.to_string().into(), sha256, size_bytes: code_size_bytes };
        Ok((code, readiness))
    }

    /// Waits for an earlier change of a function, as long as a change of its own would.
    async fn settled(&self, scope: &Scope, arn: &FunctionArn) -> Result<(), FunctionError> {
        let not_found = || FunctionError::NotFound(arn.clone());
        let (_, row) = self.0.function_row(scope, arn).await?.ok_or_else(not_found)?;
        let state = self.code_state(scope.account, digest(&row.version.code.digest)?, COMPILE_WAIT).await;
        match (state, row.previous) {
            (CodeState::Pending, Some(_)) => Err(FunctionError::UpdateInProgress(arn.clone())),
            (CodeState::Pending, None) => Err(FunctionError::NotReady("Pending")),
            (CodeState::Active | CodeState::Failed(_), _) => Ok(()),
        }
    }

    async fn change(
        &self,
        scope: &Scope,
        arn: &FunctionArn,
        expected: &Expected,
        publish: bool,
        change: impl Fn(&mut FunctionRow, &CodeState),
    ) -> Result<FunctionConfiguration, FunctionError> {
        self.change_with(scope, arn, expected, publish, None, change).await
    }

    /// Changes a function's row; `change` is told where the current code is.
    async fn change_with(
        &self,
        scope: &Scope,
        arn: &FunctionArn,
        expected: &Expected,
        publish: bool,
        version_description: Option<Arc<str>>,
        change: impl Fn(&mut FunctionRow, &CodeState),
    ) -> Result<FunctionConfiguration, FunctionError> {
        let inner = &self.0;
        if matches!(arn.qualifier, Some(FunctionQualifier::Version(_) | FunctionQualifier::Alias(_))) {
            return Err(FunctionError::InvalidParameter(format!(
                "This operation is permitted on Lambda functions only. Lambda aliases and versions do not support this operation: {arn}"
            )));
        }
        let not_found = || FunctionError::NotFound(arn.clone());
        let (mut revision, mut found) = inner.function_row(scope, arn).await?.ok_or_else(not_found)?;
        check_expected(expected, &found)?;
        loop {
            let mut row = found.clone();
            let current = self.state_of(scope.account, &row.version.code).await;
            if current == CodeState::Active {
                row.previous = None;
            }
            change(&mut row, &current);
            row.version.revision_id = crate::random::uuid().to_string().into();
            row.version.last_modified_ms = inner.clock.now().as_millis();
            row.last_version += u64::from(publish);
            let published_row = row.published(version_description.as_ref());
            let named = row.components()?;
            let dropped = found.components()?.into_iter().filter(|component| !named.contains(component));
            inner.release(dropped).await?;
            let unchanged = Precondition::CatalogRevision(key(scope, &arn.name), revision);
            let published = publish.then_some(&published_row);
            match inner.write_function(scope, &arn.name, unchanged, &row, published).await {
                Ok(()) => {
                    let shown = if publish { &published_row } else { &row };
                    let qualifier = publish.then_some(FunctionQualifier::Version(row.last_version));
                    return Ok(self.shown(scope, &arn.name, shown, qualifier).await);
                }
                Err(error @ FunctionError::UpdateInProgress(_)) => {
                    let (newer, again) = inner.function_row(scope, arn).await?.ok_or_else(not_found)?;
                    // Another caller's change has another id; the server's own (`settle`) is none to refuse this for.
                    if newer == revision || again.version.revision_id != found.version.revision_id {
                        return Err(error);
                    }
                    (revision, found) = (newer, again);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Code that has been compiled is what runs from now on, whatever becomes of the compiled form: the code before
    /// it goes. Done later, since nobody waits for it; a crash before it leaves that for the next call.
    pub(crate) fn settle_later(&self, scope: &Scope, name: &Arc<str>) {
        let (engine, arn) = (self.clone(), arn(scope, name, None));
        let scope = scope.clone();
        tokio::spawn(async move {
            if let Err(error) = engine.settle(&scope, &arn).await {
                tracing::debug!(function.arn = %arn, %error, "a function's code before its current one stays for now");
            }
        });
    }

    async fn settle(&self, scope: &Scope, arn: &FunctionArn) -> Result<(), FunctionError> {
        let inner = &self.0;
        let Some((revision, mut row)) = inner.function_row(scope, arn).await? else { return Ok(()) };
        let Some(previous) = row.previous.take() else { return Ok(()) };
        if self.state_of(scope.account, &row.version.code).await != CodeState::Active {
            return Ok(());
        }
        inner.release([digest(&previous.digest)?]).await?;
        let unchanged = Precondition::CatalogRevision(key(scope, &arn.name), revision);
        inner.write_function(scope, &arn.name, unchanged, &row, None).await
    }

    async fn shown(
        &self,
        scope: &Scope,
        name: &Arc<str>,
        row: &FunctionRow,
        qualifier: Option<FunctionQualifier>,
    ) -> FunctionConfiguration {
        let code = self.state_of(scope.account, &row.version.code).await;
        // While newer code compiles, or if it cannot be, the code before it serves.
        let (state, last_update) = match (&row.previous, code) {
            (Some(_), CodeState::Active) => {
                self.settle_later(scope, name);
                (CodeState::Active, CodeState::Active)
            }
            (Some(_), last_update) => (CodeState::Active, last_update),
            (None, CodeState::Pending) => (CodeState::Pending, CodeState::Pending),
            (None, state) => (state.clone(), state),
        };
        let version = match &qualifier {
            Some(version @ FunctionQualifier::Version(_)) => version.clone(),
            _ => FunctionQualifier::Latest,
        };
        configuration(arn(scope, name, qualifier), version, &row.version, &row.tags, state, last_update)
    }

    async fn shown_version(
        &self,
        scope: &Scope,
        name: &Arc<str>,
        version: u64,
        row: &VersionRow,
        tags: &[Tag],
    ) -> FunctionConfiguration {
        let state = self.state_of(scope.account, &row.code).await;
        let version = FunctionQualifier::Version(version);
        configuration(arn(scope, name, Some(version.clone())), version, row, tags, state.clone(), state)
    }

    async fn state_of(&self, account: AccountId, code: &CodeRow) -> CodeState {
        match digest(&code.digest) {
            // Long enough to find compiled code, not to compile it.
            Ok(digest) => self.code_state(account, digest, Duration::from_millis(20)).await,
            Err(error) => CodeState::Failed(error.to_string().into()),
        }
    }
}

fn published(publish: bool) -> Option<FunctionQualifier> {
    publish.then_some(FunctionQualifier::Version(1))
}

pub(crate) fn digest(text: &str) -> Result<Digest, StoreFailure> {
    text.parse().map_err(|error| StoreFailure::failed(format!("a function's row: {error}")))
}

fn configuration(
    arn: FunctionArn,
    version: FunctionQualifier,
    row: &VersionRow,
    tags: &[Tag],
    state: CodeState,
    last_update: CodeState,
) -> FunctionConfiguration {
    FunctionConfiguration {
        arn,
        version,
        settings: row.settings.shown(),
        code_size_bytes: row.code.size_bytes,
        code_sha256: Arc::clone(&row.code.sha256),
        digest: Arc::clone(&row.code.digest),
        revision_id: Arc::clone(&row.revision_id),
        last_modified: row.last_modified(),
        state,
        last_update,
        tags: tags.to_vec(),
    }
}

/// What became of a change of a function.
fn decided(
    outcome: Result<Committed, CommitError>,
    scope: &Scope,
    name: &Arc<str>,
) -> Result<(), FunctionError> {
    match outcome {
        Ok(_) => Ok(()),
        Err(CommitError::Refused(Refusal::CatalogDiffers { .. })) => {
            Err(FunctionError::UpdateInProgress(arn(scope, name, None)))
        }
        Err(error) => Err(StoreFailure::from(error).into()),
    }
}

fn check_expected(expected: &Expected, row: &FunctionRow) -> Result<(), FunctionError> {
    let differs =
        |expected: &Option<Arc<str>>, found: &Arc<str>| expected.as_ref().is_some_and(|e| e != found);
    if differs(&expected.revision_id, &row.version.revision_id) {
        return Err(FunctionError::PreconditionFailed);
    }
    if differs(&expected.code_sha256, &row.version.code.sha256) {
        let found = &row.version.code.sha256;
        return Err(FunctionError::InvalidParameter(format!(
            "CodeSHA256 ({}) is different from current CodeSHA256 in $LATEST ({found}). Please try again with the CodeSHA256 in $LATEST.",
            expected.code_sha256.as_deref().unwrap_or_default(),
        )));
    }
    Ok(())
}

impl Inner {
    /// A function's row with the store's revision of it; nothing for another account's or region's.
    pub(crate) async fn function_row(
        &self,
        scope: &Scope,
        arn: &FunctionArn,
    ) -> Result<Option<(u64, FunctionRow)>, StoreFailure> {
        if !scope.owns(arn.account, &arn.region) {
            return Ok(None);
        }
        let found = self.store.catalog(key(scope, &arn.name)).await?;
        found.map(|found| Ok((found.revision, row::decode(&found.value)?))).transpose()
    }

    /// A published version's row.
    pub(crate) async fn version_row(
        &self,
        scope: &Scope,
        name: &str,
        version: u64,
    ) -> Result<Option<VersionRow>, StoreFailure> {
        if version == 0 {
            return Ok(None);
        }
        let found = self.store.catalog(version_key(scope, name, version)).await?;
        found.map(|found| Ok(row::decode(&found.value)?)).transpose()
    }

    /// [`Inner::release`] for all that a function's versions name.
    async fn release_versions(&self, scope: &Scope, name: &Arc<str>) -> Result<(), StoreFailure> {
        let mut after = None;
        loop {
            let (account, region) = (scope.account, scope.region.clone());
            let rows = CatalogScope::Name(CatalogKind::FunctionVersion, account, region, Arc::clone(name));
            let page = self.store.catalog_scan(rows, Order::Ascending, after, VERSIONS_READ).await?;
            let mut components = HashSet::new();
            for found in page.rows {
                let row: VersionRow = row::decode(&found.value)?;
                components.insert(digest(&row.code.digest)?);
            }
            self.release(components).await?;
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// Writes a function, and with it the version that is published, if one is.
    pub(super) async fn write_function(
        self: &Arc<Self>,
        scope: &Scope,
        name: &Arc<str>,
        precondition: Precondition,
        row: &FunctionRow,
        publish: Option<&FunctionRow>,
    ) -> Result<(), FunctionError> {
        let mut commit = Commit::new(scope.account, self.store.epoch());
        commit.lane = Lane::Start;
        commit.preconditions.push(precondition);
        commit.catalog.push(CatalogWrite::Put(key(scope, name), row::encode(row)));
        if let Some(published) = publish {
            let policy = PolicyRow::parse(&published.tags).map_err(FunctionError::InvalidParameter)?;
            let version = VersionRow { policy: Some(policy), ..published.version.clone() };
            let key = version_key(scope, name, published.last_version);
            commit.catalog.push(CatalogWrite::Put(key, row::encode(&version)));
        }
        decided(self.submit_function(commit, scope, name).await?, scope, name)
    }

    /// Commits a change of a function, after which it is resolved anew.
    async fn submit_function(
        self: &Arc<Self>,
        commit: Commit,
        scope: &Scope,
        name: &Arc<str>,
    ) -> Result<Result<Committed, CommitError>, StoreFailure> {
        let (scope, name) = (scope.clone(), Arc::clone(name));
        Ok(self.submit_then(commit, move |inner| inner.forget_function(&scope, &name)).await?)
    }
}
