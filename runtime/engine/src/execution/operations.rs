//! Starting, stopping, reading and listing executions.

use super::{
    AttemptUsage, ExecutionDescription, ExecutionError, ExecutionStatus, ExecutionSummary, HistoryOrder,
    HistoryPage, ListExecutions, ListExecutionsError, StartExecution, StartExecutionError, StartedExecution,
    SyncExecution, Waited, machine_type_of,
};
use crate::driver::{Details, Entries, NewExecution, TurnError, arn_of};
use crate::engine::{Engine, Inner};
use crate::express::{Ended, ExpressStart, SubmitOrStore, random_name};
use crate::machine::{Machine, MachineStatus, MachineType, StateMachineDescription};
use crate::page::{Page, PageRequest};
use crate::{Scope, StoreFailure};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use std::time::Duration;
use stepwell_history::{EventKind, HistoryEvent};
use stepwell_interpreter::{Execution, Input, Outcome, Reason, StartInput};
use stepwell_store::{
    CommitError, ExecutionsQuery, HistoryQuery, InputMatch, ListingCursor, MachineScope, Naming, Order,
    Refusal, StoredExecution,
};
use stepwell_types::{ExecutionArn, ExecutionKind, Failure, Payload, StateMachineArn, Timestamp};

/// Events on a page, and executions. Source: AWS API model, `PageSize`.
const PAGE_MAX: u32 = 1_000;
/// Events on a page where nothing is said. Source: AWS.
const PAGE_DEFAULT: u32 = 100;
/// Pages of the store that one call of `ListExecutions` reads at most, of some thousand executions each.
const STORE_PAGES_MAX: usize = 16;
/// Bytes of transitions on a history page.
const PAGE_BYTES_MAX: usize = 4 << 20;

impl Engine {
    /// `StartExecution`. Durable when it answers. A repeated start of a running execution with the same name and input
    /// gives the first answer again.
    ///
    /// # Errors
    /// [`StartExecutionError`]
    pub async fn start_execution(
        &self,
        scope: &Scope,
        request: StartExecution,
    ) -> Result<StartedExecution, StartExecutionError> {
        let machine = self.startable(scope, &request.machine).await?;
        match machine.row.machine_type {
            MachineType::Standard => self.start_standard(scope, machine, request).await,
            MachineType::Express => self.start_asynchronously(scope, machine, request).await,
        }
    }

    /// `StartSyncExecution`: runs an Express machine to its end. Dropping the future stops it.
    ///
    /// # Errors
    /// [`StartExecutionError`]; how the execution itself ended is in the answer.
    pub async fn start_sync_execution(
        &self,
        scope: &Scope,
        request: StartExecution,
    ) -> Result<SyncExecution, StartExecutionError> {
        let machine = self.startable(scope, &request.machine).await?;
        if machine.row.machine_type != MachineType::Express {
            return Err(StartExecutionError::TypeNotSupported);
        }
        let _share = self.0.open_express.take(scope.account).ok_or(StartExecutionError::Throttled)?;
        let start = self.express_start(scope, &machine, &request);
        let (arn, name, started, input) =
            (start.arn.clone(), start.arn.name.clone(), start.started, start.input.clone());
        // Boxed: each future around it would be as large, and moved once on the way.
        let Ended { outcome, stopped, billed } = Box::pin(self.run_express(scope, &machine, start)).await;
        let (status, output, failure) = match outcome {
            Outcome::Succeeded(output) => (ExecutionStatus::Succeeded, Some(output), Failure::default()),
            Outcome::Failed(failure) => (ExecutionStatus::Failed, None, failure),
            Outcome::TimedOut => (ExecutionStatus::TimedOut, None, Failure::default()),
            Outcome::Aborted(failure) => (ExecutionStatus::Aborted, None, failure),
        };
        Ok(SyncExecution {
            arn,
            machine: machine.arn.clone(),
            name,
            started,
            stopped,
            status,
            input,
            output,
            failure,
            trace_header: request.trace_header,
            billed,
        })
    }

    async fn startable(
        &self,
        scope: &Scope,
        arn: &StateMachineArn,
    ) -> Result<Arc<Machine>, StartExecutionError> {
        match self.0.current_machine(scope, arn).await? {
            None => Err(StartExecutionError::StateMachineDoesNotExist(arn.clone())),
            Some((_, MachineStatus::Deleting)) => Err(StartExecutionError::StateMachineDeleting(arn.clone())),
            Some((machine, MachineStatus::Active)) => Ok(machine),
        }
    }

    fn express_start(&self, scope: &Scope, machine: &Machine, request: &StartExecution) -> ExpressStart {
        let arn = ExecutionArn {
            region: scope.region.clone(),
            account: scope.account,
            machine: machine.arn.name.clone(),
            label: None,
            name: request.name.clone().unwrap_or_else(random_name),
            kind: ExecutionKind::Express(random_name()),
        };
        let number = self.0.drivers.next_number();
        ExpressStart { number, arn, input: request.input.clone(), started: self.0.clock.now() }
    }

    async fn start_asynchronously(
        &self,
        scope: &Scope,
        machine: Arc<Machine>,
        request: StartExecution,
    ) -> Result<StartedExecution, StartExecutionError> {
        let share = self.0.open_express.take(scope.account).ok_or(StartExecutionError::Throttled)?;
        let start = self.express_start(scope, &machine, &request);
        let (arn, started) = (start.arn.clone(), start.started);
        match self.start_express(scope, machine, start, share).await {
            Ok(()) => Ok(StartedExecution { arn, started }),
            Err(SubmitOrStore::Submit(error)) => Err(StoreFailure::from(error).into()),
            Err(SubmitOrStore::Store(failure)) => Err(failure.into()),
        }
    }

    async fn start_standard(
        &self,
        scope: &Scope,
        machine: Arc<Machine>,
        request: StartExecution,
    ) -> Result<StartedExecution, StartExecutionError> {
        let inner = &*self.0;
        let share = inner.live_executions.take(scope.account);
        let input_hash: [u8; 32] = Sha256::digest(request.input.text().as_bytes()).into();
        let arn_named = |name| ExecutionArn {
            region: scope.region.clone(),
            account: scope.account,
            machine: machine.arn.name.clone(),
            label: None,
            name,
            kind: ExecutionKind::Standard,
        };
        let number = inner.drivers.next_number();
        let (naming, arn) = match &request.name {
            Some(name) => {
                let arn = arn_named(name.clone());
                // The commit tells whether the name is taken, unless it cannot be sent, or the server made the name:
                // such names have no row.
                if (share.is_none() || inner.number_of(name).is_some())
                    && let Some(taken) = inner.find(&arn).await?
                {
                    let input = if taken.row.input_hash == input_hash {
                        InputMatch::Same
                    } else {
                        InputMatch::Different
                    };
                    return repeated(arn, input, taken.row.status, taken.row.started_ms);
                }
                (Naming::Given, arn)
            }
            None => (Naming::Derived, arn_named(inner.derived_name(number))),
        };
        let share = share.ok_or(StartExecutionError::LimitExceeded)?;
        let now = inner.clock.now();
        let details = Details::of_start(request.trace_header);
        let start = StartInput {
            shard: u32::from(inner.store.shard().0),
            number,
            arn: arn.clone(),
            machine_arn: machine.arn.clone(),
            version_arn: None,
            alias_arn: None,
            role_arn: Arc::clone(&machine.row.role_arn),
            input: request.input.detached(),
            seed: inner.seed(number),
            token_key: inner.token_key(number),
            kind: machine.row.machine_type.into(),
            deadline: None,
        };
        let transition = Execution::start(Arc::clone(&machine.definition), start, now);
        let new = NewExecution {
            number,
            scope: scope.clone(),
            machine,
            arn: arn.clone(),
            naming,
            started: now,
            input_hash,
            details,
            share,
        };
        let ticket = self.submit_start(new, transition).map_err(StoreFailure::from)?;
        match ticket.await {
            Ok(_) => Ok(StartedExecution { arn, started: now }),
            Err(CommitError::Refused(Refusal::NameTaken { input, status, started_ms, .. })) => {
                repeated(arn, input, status, started_ms)
            }
            Err(error) => Err(StoreFailure::from(error).into()),
        }
    }

    /// `StopExecution`. Durable when it answers.
    ///
    /// # Errors
    /// [`ExecutionError`]. Stopping what has closed changes nothing and gives the time it closed.
    pub async fn stop_execution(
        &self,
        scope: &Scope,
        arn: &ExecutionArn,
        failure: Failure,
    ) -> Result<Timestamp, ExecutionError> {
        let stored = self.0.find_own(scope, arn).await?;
        match self.give(stored.number, Input::StopRequested { failure }, None).await {
            Ok(ticket) => drop(ticket.await.map_err(StoreFailure::from)?),
            Err(TurnError::Closed | TurnError::Rejected(Reason::Closed)) => {}
            Err(TurnError::Evicted | TurnError::Panicked(_) | TurnError::Reloading(_)) => {
                return Err(StoreFailure::failed("the execution left memory").into());
            }
            Err(TurnError::Rejected(reason)) => return Err(StoreFailure::failed(reason).into()),
            Err(TurnError::Store(failure)) => return Err(failure.into()),
        }
        let stopped = self.0.find_own(scope, arn).await?.row.stopped_ms;
        Ok(stopped.map_or_else(|| self.0.clock.now(), Timestamp::from_millis))
    }

    /// `DescribeExecution`
    ///
    /// # Errors
    /// [`ExecutionError`]
    pub async fn describe_execution(
        &self,
        scope: &Scope,
        arn: &ExecutionArn,
    ) -> Result<ExecutionDescription, ExecutionError> {
        let stored = self.0.find_own(scope, arn).await?;
        Ok(self.0.describe(&stored).await?)
    }

    /// `DescribeStateMachineForExecution`: the definition as the execution runs it.
    ///
    /// # Errors
    /// [`ExecutionError`]
    pub async fn describe_state_machine_for_execution(
        &self,
        scope: &Scope,
        arn: &ExecutionArn,
    ) -> Result<StateMachineDescription, ExecutionError> {
        let stored = self.0.find_own(scope, arn).await?;
        let machine = self.0.machine_at(scope, &arn.machine, stored.row.machine_revision).await?;
        Ok(machine.describe(MachineStatus::Active))
    }

    /// `ListExecutions`: newest first.
    ///
    /// # Errors
    /// [`ListExecutionsError`]
    pub async fn list_executions(
        &self,
        scope: &Scope,
        request: ListExecutions,
    ) -> Result<Page<ExecutionSummary>, ListExecutionsError> {
        let inner = &*self.0;
        let ListExecutions { machine: arn, status, redriven, page } = request;
        let does_not_exist = || ListExecutionsError::StateMachineDoesNotExist(arn.clone());
        let found = inner.current_machine(scope, &arn).await.map_err(crate::page::PageError::from)?;
        let (machine, _) = found.ok_or_else(does_not_exist)?;
        if machine.row.machine_type == MachineType::Express {
            return Err(ListExecutionsError::TypeNotSupported);
        }
        if redriven == Some(true) {
            return Ok(Page { entries: Vec::new(), next_token: None });
        }
        let now = inner.clock.now();
        let filter = status.map(|status| status.to_string()).unwrap_or_default();
        let query = format!("executions/{arn}/{filter}");
        let after: Option<(i64, u64)> = inner.page_tokens.read(&query, page.next_token.as_deref(), now)?;
        let mut after = after.map(|(started_ms, number)| ListingCursor { started_ms, number });
        let limit = page.limit(PAGE_DEFAULT, PAGE_MAX);
        let (mut entries, mut pages) = (Vec::new(), 0);
        loop {
            let query = ExecutionsQuery {
                scope: MachineScope {
                    account: scope.account,
                    region: scope.region.clone(),
                    machine: arn.name.clone(),
                },
                status,
                after,
                limit: limit - entries.len(),
            };
            let found = inner
                .store
                .executions(query)
                .await
                .map_err(|error| crate::page::PageError::from(StoreFailure::from(error)))?;
            entries.extend(found.executions.iter().map(|stored| summary(stored, &machine.arn)));
            after = found.next;
            pages += 1;
            // With a filter a page of the store may be short and yet not be the last. One call looks only so far: its
            // page may then be short, too, and its token leads on.
            if after.is_none() || entries.len() >= limit || pages == STORE_PAGES_MAX {
                break;
            }
            tokio::task::yield_now().await;
        }
        let next_token =
            after.map(|next| inner.page_tokens.make(&query, &(next.started_ms, next.number), now));
        Ok(Page { entries, next_token })
    }

    /// `GetExecutionHistory`
    ///
    /// # Errors
    /// [`ExecutionError`]
    pub async fn execution_history(
        &self,
        scope: &Scope,
        arn: &ExecutionArn,
        order: HistoryOrder,
        page: &PageRequest,
    ) -> Result<HistoryPage, ExecutionError> {
        let inner = &*self.0;
        let stored = inner.find_own(scope, arn).await?;
        let machine = inner.machine_of(&stored).await?;
        let now = inner.clock.now();
        let query = format!("history/{arn}/{order:?}");
        let from_event: Option<u64> = inner.page_tokens.read(&query, page.next_token.as_deref(), now)?;
        let limit = page.limit(PAGE_DEFAULT, PAGE_MAX);
        let mut events = Vec::new();
        let mut next = from_event;
        let direction = match order {
            HistoryOrder::OldestFirst => Order::Ascending,
            HistoryOrder::NewestFirst => Order::Descending,
        };
        let more = loop {
            let wanted = HistoryQuery {
                execution: stored.number,
                order: direction,
                from_event: next,
                entries_max: (limit - events.len()).clamp(1, PAGE_MAX as usize),
                bytes_max: PAGE_BYTES_MAX,
            };
            let found = inner.read_history(&machine, wanted).await?;
            let is_wanted = |event: &HistoryEvent| match (direction, next) {
                (_, None) => true,
                (Order::Ascending, Some(from)) => event.id.0 >= from,
                (Order::Descending, Some(from)) => event.id.0 <= from,
            };
            let mut heads: Vec<HistoryEvent> = found.events.into_iter().filter(is_wanted).collect();
            let room = limit - events.len();
            if heads.len() > room {
                let cut = heads.get(room).map(|event| event.id.0);
                heads.truncate(room);
                events.extend(heads);
                break cut;
            }
            events.extend(heads);
            next = found.next_event;
            if next.is_none() || events.len() >= limit {
                break next;
            }
        };
        let next_token = more.map(|event| inner.page_tokens.make(&query, &event, now));
        Ok(HistoryPage { events, next_token })
    }

    /// What each attempt used, in the order of their answers.
    ///
    /// # Errors
    /// [`ExecutionError`]
    pub async fn execution_usage(
        &self,
        scope: &Scope,
        arn: &ExecutionArn,
    ) -> Result<Vec<AttemptUsage>, ExecutionError> {
        let inner = &*self.0;
        let stored = inner.find_own(scope, arn).await?;
        let machine = inner.machine_of(&stored).await?;
        let mut usages = Vec::new();
        let mut from_event = None;
        loop {
            let query = HistoryQuery {
                execution: stored.number,
                order: Order::Ascending,
                from_event,
                entries_max: PAGE_MAX as usize,
                bytes_max: PAGE_BYTES_MAX,
            };
            let found = inner.read_history(&machine, query).await?;
            usages.extend(found.usages);
            from_event = found.next_event;
            if from_event.is_none() {
                return Ok(usages);
            }
        }
    }

    /// Waits until an execution closes, at most `wait`.
    ///
    /// # Errors
    /// [`ExecutionError`]
    pub async fn wait_for_execution(
        &self,
        scope: &Scope,
        arn: &ExecutionArn,
        wait: Duration,
    ) -> Result<Waited, ExecutionError> {
        let number = self.0.find_own(scope, arn).await?.number;
        let waiter = self.0.drivers.waiter(number);
        // Listens before it looks, so that an end in between is not missed.
        let mut closed = std::pin::pin!(waiter.closed.notified());
        closed.as_mut().enable();
        let description = self.describe_execution(scope, arn).await;
        let outcome = match description {
            Ok(description) if description.status == ExecutionStatus::Running => {
                let in_time = tokio::time::timeout(wait, closed).await.is_ok();
                if in_time { self.describe_execution(scope, arn).await } else { Ok(description) }
            }
            other => other,
        };
        let description = Box::new(outcome?);
        Ok(match description.status {
            ExecutionStatus::Running | ExecutionStatus::PendingRedrive => Waited::Running(description),
            ExecutionStatus::Succeeded
            | ExecutionStatus::Failed
            | ExecutionStatus::TimedOut
            | ExecutionStatus::Aborted => Waited::Closed(description),
        })
    }
}

/// Transitions of a history, read.
struct Read {
    events: Vec<HistoryEvent>,
    usages: Vec<AttemptUsage>,
    next_event: Option<u64>,
}

impl Inner {
    /// The stored execution with this ARN.
    async fn find(&self, arn: &ExecutionArn) -> Result<Option<StoredExecution>, StoreFailure> {
        let is_wanted = |stored: &StoredExecution| arn_of(stored) == *arn;
        if let Some(number) = self.number_of(&arn.name)
            && let Some(found) = self.store.execution(number).await?.filter(is_wanted)
        {
            return Ok(Some(found));
        }
        // A name that the server made may also have been given: to an execution of another machine.
        let (account, region) = (arn.account, arn.region.clone());
        let scope = MachineScope { account, region, machine: arn.machine.clone() };
        Ok(self.store.execution_by_name(scope, arn.name.clone()).await?.filter(is_wanted))
    }

    /// The same, of the caller's own account and region.
    async fn find_own(&self, scope: &Scope, arn: &ExecutionArn) -> Result<StoredExecution, ExecutionError> {
        if machine_type_of(arn) == MachineType::Express {
            return Err(ExecutionError::TypeNotSupported);
        }
        if !scope.owns(arn.account, &arn.region) {
            return Err(ExecutionError::DoesNotExist(arn.clone()));
        }
        self.find(arn).await?.ok_or_else(|| ExecutionError::DoesNotExist(arn.clone()))
    }

    async fn read_history(&self, machine: &Machine, query: HistoryQuery) -> Result<Read, StoreFailure> {
        let mut entries = Entries::new(query.execution);
        let order = query.order;
        let page = self.store.history(query).await?;
        let sequences: Vec<u64> = page.entries.iter().map(|entry| entry.sequence).collect();
        entries.add(page.entries);
        entries.read(self, sequences.iter().copied()).await?;
        let mut read = Read { events: Vec::new(), usages: Vec::new(), next_event: page.next_event };
        for sequence in sequences {
            let (mut record, usage) = entries.record(&machine.definition, sequence)?;
            if order == Order::Descending {
                record.events.reverse();
            }
            read.events.extend(record.events);
            read.usages.extend(usage);
        }
        Ok(read)
    }

    /// The machine that an execution runs, at its revision.
    async fn machine_of(&self, stored: &StoredExecution) -> Result<Arc<Machine>, StoreFailure> {
        let MachineScope { account, region, machine } = stored.row.scope.clone();
        self.machine_at(&Scope { account, region }, &machine, stored.row.machine_revision).await
    }

    async fn one_end(
        &self,
        machine: &Machine,
        number: u64,
        order: Order,
    ) -> Result<Vec<HistoryEvent>, StoreFailure> {
        let query = HistoryQuery { execution: number, order, from_event: None, entries_max: 1, bytes_max: 1 };
        Ok(self.read_history(machine, query).await?.events)
    }

    async fn describe(&self, stored: &StoredExecution) -> Result<ExecutionDescription, StoreFailure> {
        let row = &stored.row;
        let arn = arn_of(stored);
        let (details, _) = Details::decode(&row.details)?;
        let machine = self.machine_of(stored).await?;
        let first = self.one_end(&machine, stored.number, Order::Ascending).await?;
        let input = first.iter().find_map(|event| match &event.kind {
            EventKind::ExecutionStarted(started) => started.input.clone(),
            _ => None,
        });
        let (mut output, mut failure) = (None, Failure::default());
        if row.stopped_ms.is_some() {
            for event in self.one_end(&machine, stored.number, Order::Descending).await? {
                match event.kind {
                    EventKind::ExecutionSucceeded(details) => output = details.output,
                    EventKind::ExecutionFailed(details) | EventKind::ExecutionAborted(details) => {
                        failure = Failure { error: details.error, cause: details.cause };
                    }
                    _ => {}
                }
            }
        }
        let machine = StateMachineArn {
            region: arn.region.clone(),
            account: arn.account,
            name: arn.machine.clone(),
            qualifier: None,
            label: None,
        };
        let qualified = |text: &Option<Arc<str>>| text.as_ref().and_then(|text| text.parse().ok());
        Ok(ExecutionDescription {
            machine,
            version_arn: qualified(&details.fixed.version_arn),
            alias_arn: qualified(&details.fixed.alias_arn),
            name: row.name.clone(),
            status: row.status,
            started: Timestamp::from_millis(row.started_ms),
            stopped: row.stopped_ms.map(Timestamp::from_millis),
            input: input.unwrap_or_else(|| Payload::from_checked_text("{}")),
            output,
            failure,
            trace_header: details.fixed.trace_header,
            arn,
        })
    }

    /// Whether any execution of a machine runs.
    pub(crate) async fn machine_is_running(
        &self,
        scope: &Scope,
        machine: &stepwell_types::Name,
    ) -> Result<bool, StoreFailure> {
        let mut after = None;
        loop {
            let query = ExecutionsQuery {
                scope: MachineScope {
                    account: scope.account,
                    region: scope.region.clone(),
                    machine: machine.clone(),
                },
                status: Some(ExecutionStatus::Running),
                after,
                limit: 1,
            };
            let page = self.store.executions(query).await?;
            if !page.executions.is_empty() {
                return Ok(true);
            }
            after = page.next;
            if after.is_none() {
                return Ok(false);
            }
            // The listing of a machine has no bound.
            tokio::task::yield_now().await;
        }
    }
}

fn summary(stored: &StoredExecution, machine: &StateMachineArn) -> ExecutionSummary {
    ExecutionSummary {
        arn: arn_of(stored),
        machine: machine.clone(),
        name: stored.row.name.clone(),
        status: stored.row.status,
        started: Timestamp::from_millis(stored.row.started_ms),
        stopped: stored.row.stopped_ms.map(Timestamp::from_millis),
    }
}

/// A start whose name is taken: the first answer again for the same input while it runs (AWS).
fn repeated(
    arn: ExecutionArn,
    input: InputMatch,
    status: ExecutionStatus,
    started_ms: i64,
) -> Result<StartedExecution, StartExecutionError> {
    if input == InputMatch::Same && status == ExecutionStatus::Running {
        Ok(StartedExecution { arn, started: Timestamp::from_millis(started_ms) })
    } else {
        Err(StartExecutionError::AlreadyExists(arn))
    }
}
