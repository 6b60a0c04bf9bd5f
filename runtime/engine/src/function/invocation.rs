//! Running functions: for a caller who waits, for one who does not, and for Task states.

use super::code::CodeError;
use super::row::{PolicyRow, VersionRow};
use super::{FunctionError, InvocationType, Invoke, Invoked, digest, grant};
use crate::engine::{Engine, Inner};
use crate::log::InvocationLog;
use crate::{Scope, StoreFailure};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use stepwell_sandbox::{
    Clocks, Digest, FunctionIdentity, Grants, InvokeError, InvokeReport, InvokeRequest, Limits, LogStream,
    PublishError, Randomness, Usage,
};
use stepwell_types::{FunctionArn, FunctionQualifier};

/// Versions of one function that are kept resolved.
const QUALIFIERS_MAX: usize = 8;

/// A version of a function, resolved: everything an attempt needs.
#[derive(Clone)]
pub(crate) struct Callable {
    pub(crate) name: Arc<str>,
    /// `$LATEST` or a number.
    pub(crate) version: FunctionQualifier,
    pub(crate) version_text: Arc<str>,
    /// `NAME:VERSION`
    pub(crate) qualified_name: Arc<str>,
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
                self.queue(scope, &function, event, request_id).await?;
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
                None => {
                    match tokio::time::timeout(Duration::from_millis(50), self.code(scope.account, wanted))
                        .await
                    {
                        Ok(Ok(_)) => {
                            self.settle_later(scope, &function.name);
                            Ok(wanted)
                        }
                        Ok(Err(_)) | Err(_) => {
                            let previous = digest(&previous.digest)?;
                            self.code(scope.account, previous).await.map(|_| previous)
                        }
                    }
                }
            },
            // Nothing else than what the row says ever runs: if its compiled form was lost, it is waited for.
            None => self.code(scope.account, wanted).await.map(|_| wanted),
        };
        let chosen = chosen.map_err(|error| not_ready(&error))?;
        let callable = Arc::new(resolved(Arc::clone(&function.name), version, &row, &policy, chosen));
        if chosen == wanted {
            let mut callables = callables.lock();
            if callables.len() >= QUALIFIERS_MAX {
                callables.clear();
            }
            callables.insert(function.qualifier.clone(), Arc::clone(&callable));
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
        let mut report = match self.code(scope.account, callable.digest).await {
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
    let version_text: Arc<str> = version.to_string().into();
    Callable {
        qualified_name: format!("{name}:{version_text}").into(),
        name,
        version_text,
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
}
