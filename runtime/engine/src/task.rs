//! One attempt of a Task: what is called, with what, and how its answer reaches the execution.
//!
//! The same for Standard and Express. Not here: whether an attempt may run (`driver`, `recovery`), retries
//! (`interpreter`).

use crate::Scope;
use crate::engine::Engine;
use crate::execution::AttemptUsage;
use crate::function::invocation::{Attempt, Callable, Ran};
use crate::function::{FunctionError, InvocationType, Invoke};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::sync::Arc;
use stepwell_asl::definition::{Pattern, Resource};
use stepwell_interpreter::{Input, TaskStart};
use stepwell_sandbox::{InvokeReport, LogStream};
use stepwell_types::{ErrorName, Failure, FunctionArn, FunctionQualifier, Map, Payload, Value};

/// Who calls.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) scope: Scope,
    pub(crate) execution_arn: Arc<str>,
}

/// What a Task wants called.
pub(crate) struct Call {
    pub(crate) function: FunctionArn,
    event: Arc<str>,
    form: Form,
}

/// How the answer is shaped.
enum Form {
    /// The function's own result: the resource is its ARN.
    Plain,
    /// `lambda:invoke`: the API's answer around it.
    Invoke { invocation_type: InvocationType, log: LogTail, pattern: Pattern },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum LogTail {
    None,
    Tail,
}

/// An attempt's end.
pub(crate) struct Answer {
    pub(crate) input: Input,
    pub(crate) usage: Option<AttemptUsage>,
}

impl Call {
    /// Reads a Task's resource and its effective input.
    pub(crate) fn read(scope: &Scope, start: &TaskStart) -> Result<Self, Failure> {
        match &start.resource {
            Resource::Function(function) => {
                let event = Arc::clone(start.input.text());
                Ok(Self { function: function.clone(), event, form: Form::Plain })
            }
            Resource::LambdaInvoke(pattern) => Self::lambda_invoke(scope, &start.input, *pattern),
            Resource::Activity(_) | Resource::Service(_) => Err(unsupported(&start.resource)),
        }
    }

    fn lambda_invoke(scope: &Scope, parameters: &Payload, pattern: Pattern) -> Result<Self, Failure> {
        let parameters = parameters.value();
        let text = |name: &str| parameters.get(name).and_then(Value::as_str);
        let invalid = |message: String| {
            Failure::new(
                ErrorName::from("Lambda.ValidationException"),
                service_cause(&message, 400, "ValidationException"),
            )
        };
        let name =
            text("FunctionName").ok_or_else(|| invalid("The field FunctionName is missing".to_owned()))?;
        let mut function = function_arn(scope, name).ok_or_else(|| {
            invalid(format!("Value '{name}' at 'functionName' is no function's name or ARN"))
        })?;
        if let Some(qualifier) = text("Qualifier") {
            let parsed = qualifier
                .parse()
                .map_err(|_| invalid(format!("Value '{qualifier}' at 'qualifier' is no version or alias")))?;
            function.qualifier = Some(parsed);
        }
        let invocation_type = match text("InvocationType") {
            None | Some("RequestResponse") => InvocationType::RequestResponse,
            Some("Event") => InvocationType::Event,
            Some("DryRun") => InvocationType::DryRun,
            Some(other) => return Err(invalid(format!("Value '{other}' at 'invocationType' is not known"))),
        };
        let log = if text("LogType") == Some("Tail") { LogTail::Tail } else { LogTail::None };
        // A null payload reaches the function as an empty object, and a string as the text that it holds (recorded).
        let event = match parameters.get("Payload") {
            None | Some(Value::Null) => Arc::from("{}"),
            Some(Value::Str(text)) => {
                let error = |error| {
                    let message = format!("Could not parse request body into json: {error}");
                    let cause = service_cause(&message, 400, "InvalidRequestContentException");
                    Failure::new(ErrorName::from("Lambda.InvalidRequestContentException"), cause)
                };
                Value::parse(text).map_err(error)?;
                Arc::clone(text)
            }
            Some(payload) => Arc::from(payload.to_json()),
        };
        Ok(Self { function, event, form: Form::Invoke { invocation_type, log, pattern } })
    }
}

impl Engine {
    /// Runs an attempt of a function that was resolved.
    pub(crate) async fn attempt(
        &self,
        caller: &Caller,
        start: &TaskStart,
        call: Call,
        callable: &Arc<Callable>,
    ) -> Answer {
        let attempt = start.attempt;
        let fail = |failure| Answer { input: Input::TaskFailed { attempt, failure }, usage: None };
        if let Form::Invoke {
            invocation_type: invocation_type @ (InvocationType::Event | InvocationType::DryRun),
            ..
        } = call.form
        {
            let request = Invoke { function: call.function, event: call.event, invocation_type };
            return match self.invoke(&caller.scope, request).await {
                Ok(_) => {
                    let status = if invocation_type == InvocationType::Event { 202 } else { 204 };
                    let request_id = crate::random::uuid().to_string();
                    let output = invoke_output(&request_id, Value::str(""), None, status, None);
                    let output = Payload::from_value(output);
                    Answer { input: Input::TaskSucceeded { attempt, output }, usage: None }
                }
                Err(error) => fail(failure_of(&error)),
            };
        }
        let request_id: Arc<str> = crate::random::uuid().to_string().into();
        let run = Attempt {
            event: call.event,
            request_id: Arc::clone(&request_id),
            execution_arn: Some(Arc::clone(&caller.execution_arn)),
            number: start.retry + 1,
            idempotency_key: format!("{}#{}", caller.execution_arn, attempt).into(),
        };
        let ran = self.run(&caller.scope, callable, run).await;
        let usage = Some(usage(start, callable, &ran.report));
        let input = answer(start, &call.form, callable, &request_id, ran);
        Answer { input, usage }
    }
}

fn answer(start: &TaskStart, form: &Form, callable: &Callable, request_id: &str, ran: Ran) -> Input {
    let attempt = start.attempt;
    let Ran { payload, error_type, report: _, log: record } = ran;
    let failed = |error: String, cause: Arc<str>| Input::TaskFailed {
        attempt,
        failure: Failure::new(ErrorName::from(error), cause),
    };
    if let Some(error) = error_type {
        return match form {
            Form::Plain => failed(error, payload.into()),
            // Written anew, without blanks (recorded).
            Form::Invoke { .. } => {
                let cause = Value::parse(&payload).map_or(payload, |value| value.to_json());
                failed(error, cause.into())
            }
        };
    }
    let output = match Payload::parse(payload) {
        Ok(output) => output,
        Err(error) => return failed("Runtime.MarshalError".to_owned(), error.to_string().into()),
    };
    match form {
        Form::Plain => Input::TaskSucceeded { attempt, output },
        Form::Invoke { log, pattern, .. } => {
            let tail = (*log == LogTail::Tail).then(|| STANDARD.encode(record.tail()));
            let output =
                invoke_output(request_id, output.value().clone(), Some(&callable.version_text), 200, tail);
            let output = Payload::from_value(output);
            match pattern {
                Pattern::WaitForTaskToken => Input::TaskSubmitted { attempt, output },
                Pattern::RequestResponse | Pattern::Sync | Pattern::Sync2 => {
                    Input::TaskSucceeded { attempt, output }
                }
            }
        }
    }
}

/// What `lambda:invoke` gives: the API's answer in the shape that the AWS SDK for Java shows it in (recorded).
///
/// Where nobody waits for the function there is no `version` that ran, and no body: the payload is an empty text.
fn invoke_output(
    request_id: &str,
    payload: Value,
    version: Option<&str>,
    status: i64,
    tail: Option<String>,
) -> Value {
    let content_length = if version.is_some() { payload.encoded_len() } else { 0 };
    let mut headers: Vec<(&str, String)> = Vec::with_capacity(9);
    headers.extend(version.map(|version| ("X-Amz-Executed-Version", version.to_owned())));
    headers.extend([
        ("x-amzn-Remapped-Content-Length", "0".to_owned()),
        ("Connection", "keep-alive".to_owned()),
        ("x-amzn-RequestId", request_id.to_owned()),
        ("Content-Length", content_length.to_string()),
        ("Date", http_date()),
        ("X-Amzn-Trace-Id", trace_id(request_id)),
    ]);
    if version.is_some() {
        headers.push(("Content-Type", "application/json".to_owned()));
    }
    if let Some(tail) = &tail {
        headers.insert(0, ("X-Amz-Log-Result", tail.clone()));
    }
    let all: Map =
        headers.iter().map(|(name, value)| (*name, Value::array(vec![Value::str(value)]))).collect();
    headers.sort_by_key(|(name, _)| name.to_ascii_lowercase());
    let single: Map = headers.into_iter().map(|(name, value)| (name, Value::from(value))).collect();
    let mut http = Map::new();
    http.insert("AllHttpHeaders", Value::object(all));
    http.insert("HttpHeaders", Value::object(single));
    http.insert("HttpStatusCode", Value::I64(status));
    let mut response = Map::new();
    response.insert("RequestId", Value::str(request_id));
    let mut output = Map::new();
    if let Some(version) = version {
        output.insert("ExecutedVersion", Value::str(version));
    }
    if let Some(tail) = tail {
        output.insert("LogResult", Value::from(tail));
    }
    output.insert("Payload", payload);
    output.insert("SdkHttpMetadata", Value::object(http));
    output.insert("SdkResponseMetadata", Value::object(response));
    output.insert("StatusCode", Value::I64(status));
    Value::object(output)
}

/// The current time as an HTTP date.
fn http_date() -> String {
    jiff::Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// A trace id in X-Ray's form, derived from the request's id.
fn trace_id(request_id: &str) -> String {
    let digits: String = request_id.chars().filter(char::is_ascii_hexdigit).collect();
    let (start, rest) = digits.split_at_checked(8).unwrap_or(("00000000", ""));
    format!("Root=1-{start}-{rest:0<24};Sampled=0")
}

/// A service's error as optimized integrations word it (recorded).
fn service_cause(message: &str, status: u16, code: &str) -> String {
    let request_id = crate::random::uuid();
    format!(
        "{message} (Service: AWSLambda; Status Code: {status}; Error Code: {code}; Request ID: {request_id}; Proxy: null)"
    )
}

/// Why a function could not be called, as a state machine sees it.
pub(crate) fn failure_of(error: &FunctionError) -> Failure {
    let (status, code, message) = match error {
        FunctionError::NotFound(function) => {
            let qualifier = function.qualifier.clone().unwrap_or(FunctionQualifier::Latest);
            let function = FunctionArn { qualifier: Some(qualifier), ..function.clone() };
            (404, "ResourceNotFoundException", format!("Function not found: {function}"))
        }
        FunctionError::TooManyRequests => (429, "TooManyRequestsException", error.to_string()),
        FunctionError::NotReady(_) => (409, "ResourceConflictException", error.to_string()),
        FunctionError::InvalidParameter(_) | FunctionError::Tags(_) => {
            (400, "InvalidParameterValueException", error.to_string())
        }
        FunctionError::AlreadyExists(_)
        | FunctionError::InvalidCode(_)
        | FunctionError::PreconditionFailed
        | FunctionError::UpdateInProgress(_)
        | FunctionError::Page(_)
        | FunctionError::EventRefused(_)
        | FunctionError::Store(_) => (500, "ServiceException", "Service exception.".to_owned()),
    };
    Failure::new(ErrorName::from(format!("Lambda.{code}")), service_cause(&message, status, code))
}

/// An attempt that was in flight when the server stopped, of a function whose effects nobody can know.
pub(crate) fn lost_attempt() -> Failure {
    Failure::new(
        ErrorName::LAMBDA_SDK_CLIENT_EXCEPTION,
        "The server stopped while this attempt was running, so that nobody knows whether it took effect. It was not \
         repeated, since its function has grants; the tag stepwell:on-crash=rerun allows that.",
    )
}

/// A resource that machines are refused for when they are created.
pub(crate) fn unsupported(resource: &Resource) -> Failure {
    let name = match resource {
        Resource::Activity(arn) => arn.to_string(),
        Resource::Service(service) => service.to_string(),
        Resource::Function(_) | Resource::LambdaInvoke(_) => String::new(),
    };
    Failure::new(ErrorName::RUNTIME, format!("Stepwell does not serve {name} yet"))
}

/// Reads a function's name, partial ARN (`ACCOUNT:function:NAME`) or ARN, each perhaps with a qualifier.
pub(crate) fn function_arn(scope: &Scope, text: &str) -> Option<FunctionArn> {
    if text.starts_with("arn:") {
        return text.parse().ok();
    }
    let Scope { account, region } = scope;
    let text = match text.split_once(":function:") {
        Some((account, rest)) => format!("arn:aws:lambda:{region}:{account}:function:{rest}"),
        None => format!(
            "arn:aws:lambda:{region}:{account}:function:{}",
            text.strip_prefix("function:").unwrap_or(text)
        ),
    };
    text.parse().ok()
}

fn usage(start: &TaskStart, callable: &Callable, report: &InvokeReport) -> AttemptUsage {
    AttemptUsage {
        scheduled_event: start.attempt.0.0,
        function: Arc::clone(&callable.qualified_name),
        digest: Arc::clone(&callable.digest_text),
        fuel: report.usage.fuel,
        duration_us: u64::try_from(report.usage.duration.as_micros()).unwrap_or(u64::MAX),
        memory_peak_bytes: report.usage.memory_peak_bytes,
        limit: limit(report),
    }
}

/// The limit that fired, its value, and what to do about it: the one that stopped the guest, or that of the log of one
/// that went well. A guest's own error is not hidden behind its log.
fn limit(report: &InvokeReport) -> Option<Arc<str>> {
    match &report.outcome {
        Err(error) => error.remedy().map(|remedy| format!("{error}; {remedy}").into()),
        Ok(_) => {
            // What the host says of an invocation that it did not stop is what it dropped.
            let told = report.logs.iter().rev().find(|line| line.stream == LogStream::Host);
            told.map(|line| line.text.as_str().into())
        }
    }
}
