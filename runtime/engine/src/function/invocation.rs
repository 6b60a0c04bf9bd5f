//! Running functions: for a caller who waits, for one who does not, and for Task states.

use super::code::CodeError;
use super::row::{PolicyRow, VersionRow};
use super::{FunctionError, InvocationType, Invoke, Invoked, digest, grant};
use crate::engine::{Engine, Inner};
use crate::log::InvocationLog;
use crate::{Scope, StoreFailure, row};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use stepwell_sandbox::{
    Clocks, Digest, FunctionIdentity, Grants, InvokeError, InvokeReport, InvokeRequest, Limits, LogLine,
    LogStream, PublishError, Randomness, Usage,
};
use stepwell_store::{
    Commit, Lane, PendingKey, PendingKind, PendingRow, PendingWrite, ReadError, SubmitError,
};
use stepwell_types::{FunctionArn, FunctionQualifier, Timestamp};

/// Queued invocations that run at once; the rest wait in the store.
const QUEUED_RUNNING_MAX: usize = 256;
/// Attempts of a queued invocation. Source: AWS Lambda, two retries.
const QUEUED_ATTEMPTS_MAX: u32 = 3;
/// Seconds before a queued invocation's second and third attempt. Source: AWS Lambda.
const QUEUED_RETRY_DELAYS_S: [u64; 2] = [60, 120];
/// How long a queued invocation that cannot even begin is kept. Source: AWS Lambda, the maximum age of an event.
const QUEUED_AGE_MAX: Duration = Duration::from_secs(6 * 60 * 60);
/// How long the end of a queued invocation waits for room in the store's queue before it tries again.
const RESUBMIT_AFTER: Duration = Duration::from_millis(10);
/// How long the queue rests when it could not be read.
const REREAD_AFTER: Duration = Duration::from_secs(1);
/// Seconds before a queued invocation that found no room is tried again; not counted as an attempt.
const QUEUED_THROTTLED_DELAY_S: u64 = 1;

/// A version of a function, resolved: everything an attempt needs.
#[derive(Clone)]
pub(crate) struct Callable {
    pub(crate) name: Arc<str>,
    /// `$LATEST` or a number.
    pub(crate) version: FunctionQualifier,
    pub(crate) version_text: Arc<str>,
    pub(crate) digest: Digest,
    pub(crate) digest_text: Arc<str>,
    pub(crate) limits: Limits,
    pub(crate) memory_size_mb: u32,
    pub(crate) environment: Arc<[(String, String)]>,
    pub(crate) grants: Grants,
    /// Whether an attempt that was in flight at a crash may run again: nobody could tell, or the function says so.
    pub(crate) reruns: bool,
}

/// Callables of one function by the qualifier that was asked for.
pub(crate) type Callables = Arc<Mutex<HashMap<Option<FunctionQualifier>, Arc<Callable>>>>;

/// One attempt's circumstances.
pub(crate) struct Attempt {
    pub(crate) event: Arc<str>,
    pub(crate) request_id: Arc<str>,
    pub(crate) execution_arn: Option<Arc<str>>,
    /// From 1.
    pub(crate) number: u32,
    pub(crate) idempotency_key: Arc<str>,
}

/// A queued invocation's row.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct QueuedRow {
    function: String,
    event: Arc<str>,
    request_id: Arc<str>,
    /// Attempts made.
    attempts: u32,
    /// When it was accepted; unknown in rows of releases that did not note it.
    #[serde(default)]
    accepted_ms: Option<i64>,
}

/// Queued invocations that this process has taken from the store.
#[derive(Default)]
struct Taken {
    ids: HashSet<u64>,
    /// Those whose rows are gone, durably.
    done: Vec<u64>,
}

impl Taken {
    /// Forgets those that are done. To be called before rows are read: a page that was read earlier may still show
    /// them, and they would run twice.
    fn forget_done(&mut self) {
        for id in self.done.drain(..) {
            self.ids.remove(&id);
        }
    }
}

/// What came of one attempt, as its callers need it.
pub(crate) struct Ran {
    /// The result, or Lambda's error payload.
    pub(crate) payload: String,
    /// The error's name, if it failed.
    pub(crate) error_type: Option<String>,
    pub(crate) report: InvokeReport,
    pub(crate) log: Arc<InvocationLog>,
}

impl Engine {
    /// `Invoke`
    ///
    /// # Errors
    /// [`FunctionError`]. A function that fails has run: see [`Invoked::Ran::function_error`].
    pub async fn invoke(&self, scope: &Scope, request: Invoke) -> Result<Invoked, FunctionError> {
        let Invoke { function, event, invocation_type } = request;
        let request_id: Arc<str> = crate::random::uuid().to_string().into();
        match invocation_type {
            InvocationType::RequestResponse => {
                let callable = self.callable(scope, &function).await?;
                let idempotency_key = Arc::clone(&request_id);
                let attempt = Attempt {
                    event,
                    request_id: Arc::clone(&request_id),
                    execution_arn: None,
                    number: 1,
                    idempotency_key,
                };
                let Ran { payload, error_type, report, log } = self.run(scope, &callable, attempt).await;
                match &report.outcome {
                    Err(InvokeError::TooManyRequests | InvokeError::MemoryExhausted) => {
                        return Err(FunctionError::TooManyRequests);
                    }
                    Err(InvokeError::Internal(reason)) => {
                        return Err(StoreFailure::failed(reason).into());
                    }
                    _ => {}
                }
                Ok(Invoked::Ran {
                    request_id,
                    version: callable.version.clone(),
                    payload,
                    function_error: error_type.map(|_| "Unhandled"),
                    report: Box::new(report),
                    log,
                })
            }
            InvocationType::DryRun => self.callable(scope, &function).await.map(|_| Invoked::Checked),
            InvocationType::Event => {
                // Found now, so that the caller learns of a wrong name; resolved again when it runs.
                self.function(scope, &function).await?;
                let accepted_ms = Some(self.0.clock.now().as_millis());
                let row =
                    QueuedRow { function: function.to_string(), event, request_id, attempts: 0, accepted_ms };
                let key = self.0.queued_key(0);
                let mut commit = Commit::new(scope.account, self.0.store.epoch());
                commit.lane = Lane::Start;
                commit.pending.push(PendingWrite::Add(key, row::encode(&row)));
                let accepted = self.0.submit_then(commit, |inner| inner.queued_arrived.notify_one()).await;
                let outcome = accepted.map_err(|error| FunctionError::EventRefused(error.into()))?;
                outcome.map_err(StoreFailure::from)?;
                Ok(Invoked::Accepted)
            }
        }
    }

    /// Finds a function's version and its compiled code.
    pub(crate) async fn callable(
        &self,
        scope: &Scope,
        function: &FunctionArn,
    ) -> Result<Arc<Callable>, FunctionError> {
        let callables = self.0.callables_of(scope, &function.name);
        if scope.owns(function.account, &function.region)
            && let Some(callable) = callables.lock().get(&function.qualifier)
        {
            return Ok(Arc::clone(callable));
        }
        let not_found = || FunctionError::NotFound(function.clone());
        let (_, latest) = self.0.function_row(scope, function).await?.ok_or_else(not_found)?;
        let latest_policy = PolicyRow::parse(&latest.tags).map_err(FunctionError::InvalidParameter)?;
        let (version, row, policy, previous) = match &function.qualifier {
            None | Some(FunctionQualifier::Latest) => {
                (FunctionQualifier::Latest, latest.version, latest_policy, latest.previous)
            }
            Some(FunctionQualifier::Version(version)) => {
                let row = self.0.version_row(scope, &function.name, *version).await?.ok_or_else(not_found)?;
                let policy = row.policy.clone().unwrap_or(latest_policy);
                (FunctionQualifier::Version(*version), row, policy, None)
            }
            Some(FunctionQualifier::Alias(_)) => return Err(not_found()),
        };
        let wanted = digest(&row.code.digest)?;
        let chosen = match &previous {
            // What ran before serves while newer code is compiled for the first time, or if it cannot be compiled.
            Some(previous) => match self.0.sandbox.load(wanted).await {
                Some(_) => {
                    self.settle_later(scope, &function.name);
                    Ok(wanted)
                }
                None => match tokio::time::timeout(Duration::from_millis(50), self.code(wanted)).await {
                    Ok(Ok(_)) => {
                        self.settle_later(scope, &function.name);
                        Ok(wanted)
                    }
                    Ok(Err(_)) | Err(_) => {
                        let previous = digest(&previous.digest)?;
                        self.code(previous).await.map(|_| previous)
                    }
                },
            },
            // Nothing else than what the row says ever runs: if its compiled form was lost, it is waited for.
            None => self.code(wanted).await.map(|_| wanted),
        };
        let chosen = chosen.map_err(|error| not_ready(&error))?;
        let callable = Arc::new(resolved(Arc::clone(&function.name), version, &row, &policy, chosen));
        if chosen == wanted {
            callables.lock().insert(function.qualifier.clone(), Arc::clone(&callable));
        }
        Ok(callable)
    }

    /// The same version with other code: a retry keeps the digest that its visit began with.
    pub(crate) fn pinned(callable: Arc<Callable>, pin: Digest) -> Arc<Callable> {
        if callable.digest == pin {
            return callable;
        }
        Arc::new(Callable { digest: pin, digest_text: pin.to_string().into(), ..(*callable).clone() })
    }

    /// Runs one attempt and keeps its log.
    pub(crate) async fn run(&self, scope: &Scope, callable: &Callable, attempt: Attempt) -> Ran {
        let Attempt { event, request_id, execution_arn, number, idempotency_key } = attempt;
        let request = InvokeRequest {
            account: scope.account,
            event,
            invocation_id: Arc::clone(&request_id),
            execution_arn: execution_arn.clone(),
            attempt: number,
            idempotency_key,
            function: FunctionIdentity {
                name: Arc::clone(&callable.name),
                version: Arc::clone(&callable.version_text),
            },
            environment: Arc::clone(&callable.environment),
            limits: callable.limits,
            grants: callable.grants.clone(),
            clocks: Clocks::Real,
            randomness: Randomness::Real,
        };
        // The sandbox alone keeps code in memory, within its bound; a function that is known holds none of it.
        let mut report = match self.code(callable.digest).await {
            Ok(loaded) => self.0.sandbox.invoke(&loaded, request).await,
            Err(error) => InvokeReport {
                outcome: Err(InvokeError::Internal(format!("its code cannot be loaded: {error}"))),
                usage: Usage::default(),
                logs: Vec::new(),
            },
        };
        let (payload, error_type) = match &mut report.outcome {
            Ok(output) => (std::mem::take(output), None),
            Err(error) => {
                let (error_type, payload) = error.lambda_payload(&request_id);
                (payload, Some(error_type))
            }
        };
        // Of a limit that stopped it the host has said so in the log, with the way out.
        let is_told = report.logs.iter().any(|line| line.stream == LogStream::Host);
        let error = report.outcome.as_ref().err();
        let error = error.filter(|error| error.remedy().is_none() || !is_told);
        let failure = error.map(|error| error.to_string().into());
        let record = InvocationLog {
            ended: self.0.clock.now(),
            function: Arc::clone(&callable.name),
            version: Arc::clone(&callable.version_text),
            request_id,
            execution_arn,
            lines: report.logs.clone(),
            usage: report.usage,
            memory_size_mb: callable.memory_size_mb,
            failure,
        };
        let log = Arc::new(record);
        self.0.logs.push(scope, Arc::clone(&log));
        Ran { payload, error_type, report, log }
    }

    /// Runs queued invocations for as long as the engine lives.
    pub(crate) async fn run_queued(self) {
        let permits = Arc::new(tokio::sync::Semaphore::new(QUEUED_RUNNING_MAX));
        let taken: Arc<Mutex<Taken>> = Arc::default();
        while !self.0.stopping.is_cancelled() {
            let now_ms = self.0.clock.now().as_millis();
            let mut after = None;
            let mut next_due_ms = None;
            'pages: loop {
                taken.lock().forget_done();
                let page = self.0.store.pending(PendingKind::Invocation, after, QUEUED_RUNNING_MAX).await;
                let page = match page {
                    Ok(page) => page,
                    // So will the server.
                    Err(ReadError::Stopped(_)) => return,
                    Err(error) => {
                        tracing::error!(%error, "queued invocations could not be read and are read again");
                        tokio::time::sleep(REREAD_AFTER).await;
                        next_due_ms = Some(now_ms);
                        break 'pages;
                    }
                };
                for PendingRow { key, value } in page.rows {
                    let PendingKey::Invocation { due_ms, id } = key else { continue };
                    if due_ms > now_ms {
                        next_due_ms = Some(due_ms);
                        break 'pages;
                    }
                    if !taken.lock().ids.insert(id) {
                        continue;
                    }
                    let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
                    if self.0.stopping.is_cancelled() {
                        return;
                    }
                    let (engine, taken) = (self.clone(), Arc::clone(&taken));
                    tokio::spawn(async move {
                        if engine.run_one_queued(key, &value).await {
                            taken.lock().done.push(id);
                        }
                        drop(permit);
                        engine.0.queued_arrived.notify_one();
                    });
                }
                match page.next {
                    Some(next) => after = Some(next),
                    None => break,
                }
            }
            let wait = next_due_ms.map_or(Duration::from_secs(60), |due_ms| {
                Duration::from_millis(u64::try_from(due_ms - now_ms).unwrap_or(0))
                    .min(Duration::from_secs(60))
            });
            tokio::select! {
                () = self.0.queued_arrived.notified() => {}
                () = tokio::time::sleep(wait) => {}
                () = self.0.stopping.cancelled() => return,
            }
        }
    }

    /// Whether its row is gone. One that cannot be read stays for another release, one that the store did not take
    /// the end of for the next start.
    async fn run_one_queued(&self, key: PendingKey, value: &[u8]) -> bool {
        let read = row::decode::<QueuedRow>(value).ok();
        let read = read.and_then(|row| Some((row.function.parse::<FunctionArn>().ok()?, row)));
        let Some((function, row)) = read else {
            tracing::error!(?key, "a queued invocation cannot be read and is left where it is");
            return false;
        };
        let scope = Scope { account: function.account, region: function.region.clone() };
        let mut commit = Commit::new(scope.account, self.0.store.epoch());
        commit.pending.push(PendingWrite::Remove(key));
        let outcome = match self.callable(&scope, &function).await {
            Ok(callable) => {
                let attempt = Attempt {
                    event: Arc::clone(&row.event),
                    request_id: Arc::clone(&row.request_id),
                    execution_arn: None,
                    number: row.attempts + 1,
                    idempotency_key: format!("{}/{}", row.request_id, row.attempts).into(),
                };
                self.run(&scope, &callable, attempt).await.report.outcome.map(drop)
            }
            Err(error) => {
                self.note(&scope, &function, &row.request_id, &error.to_string());
                match error {
                    // It was deleted after it was accepted: nobody can run it any more.
                    FunctionError::NotFound(_) => Ok(()),
                    _ => Err(InvokeError::TooManyRequests),
                }
            }
        };
        let again = |attempts, delay_s| {
            let row = QueuedRow { attempts, ..row.clone() };
            PendingWrite::Add(self.0.queued_key(delay_s), row::encode(&row))
        };
        let accepted = row.accepted_ms.map(Timestamp::from_millis);
        let is_old = accepted.is_some_and(|accepted| self.0.clock.now().since(accepted) >= QUEUED_AGE_MAX);
        match outcome {
            Ok(()) => {}
            Err(InvokeError::TooManyRequests | InvokeError::MemoryExhausted | InvokeError::Internal(_))
                if is_old =>
            {
                self.note(&scope, &function, &row.request_id, "given up after 6 hours");
            }
            Err(InvokeError::TooManyRequests | InvokeError::MemoryExhausted | InvokeError::Internal(_)) => {
                commit.pending.push(again(row.attempts, QUEUED_THROTTLED_DELAY_S));
            }
            Err(_) if row.attempts + 1 < QUEUED_ATTEMPTS_MAX => {
                let delay_s = QUEUED_RETRY_DELAYS_S.get(row.attempts as usize).copied().unwrap_or(0);
                commit.pending.push(again(row.attempts + 1, delay_s));
            }
            Err(_) => self.note(&scope, &function, &row.request_id, "given up after 3 attempts"),
        }
        loop {
            match self.0.store.submit(commit.clone()) {
                Ok(ticket) => return ticket.await.is_ok(),
                Err(SubmitError::QueueFull { .. }) => tokio::time::sleep(RESUBMIT_AFTER).await,
                Err(_) => return false,
            }
        }
    }

    /// A line in a function's log that no guest wrote.
    fn note(&self, scope: &Scope, function: &FunctionArn, request_id: &Arc<str>, text: &str) {
        let line = LogLine { at: Duration::ZERO, stream: LogStream::Host, text: text.to_owned() };
        let record = InvocationLog {
            ended: self.0.clock.now(),
            function: Arc::clone(&function.name),
            version: "$LATEST".into(),
            request_id: Arc::clone(request_id),
            execution_arn: None,
            lines: vec![line],
            usage: Usage::default(),
            memory_size_mb: 0,
            failure: Some(text.into()),
        };
        self.0.logs.push(scope, Arc::new(record));
    }
}

/// Why code cannot run: its own fault, or the server's.
fn not_ready(error: &CodeError) -> FunctionError {
    match error {
        CodeError::Publish(error @ PublishError::Internal(_)) => StoreFailure::failed(error).into(),
        CodeError::Publish(_) => FunctionError::NotReady("Failed"),
        CodeError::Store(failure) => failure.clone().into(),
    }
}

fn resolved(
    name: Arc<str>,
    version: FunctionQualifier,
    row: &VersionRow,
    policy: &PolicyRow,
    digest: Digest,
) -> Callable {
    let settings = &row.settings;
    let environment = settings.environment.iter().flatten();
    let environment = environment.map(|(name, value)| (name.to_string(), value.to_string())).collect();
    Callable {
        name,
        version_text: version.to_string().into(),
        version,
        digest,
        digest_text: digest.to_string().into(),
        limits: Limits {
            timeout: Duration::from_secs(u64::from(settings.timeout_s)),
            memory_bytes: u64::from(settings.memory_size_mb) << 20,
            fuel: policy.fuel,
            ..Limits::default()
        },
        memory_size_mb: settings.memory_size_mb,
        environment,
        grants: grant::for_sandbox(&policy.grants),
        reruns: policy.reruns(),
    }
}

impl Inner {
    fn callables_of(&self, scope: &Scope, name: &Arc<str>) -> Callables {
        let key = (scope.clone(), Arc::clone(name));
        if let Some(callables) = self.functions.get(&key) {
            return callables;
        }
        let callables = Callables::default();
        self.functions.insert(key, Arc::clone(&callables));
        callables
    }

    /// After a change: what was resolved before is resolved again.
    pub(crate) fn forget_function(&self, scope: &Scope, name: &Arc<str>) {
        self.functions.remove(&(scope.clone(), Arc::clone(name)));
    }

    /// The key of a queued invocation that is due after a delay.
    fn queued_key(&self, delay_s: u64) -> PendingKey {
        let now = self.clock.now();
        let due = now.after(Duration::from_secs(delay_s));
        PendingKey::Invocation { due_ms: due.as_millis(), id: self.new_revision(now) }
    }
}
