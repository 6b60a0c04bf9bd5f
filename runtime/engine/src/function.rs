//! Functions as callers see them: requests, answers, errors.

mod check;
mod code;
mod components;
mod grant;
pub(crate) mod invocation;
mod line;
mod operations;
pub(crate) mod queued;
pub(crate) mod row;
mod sweep;
mod tags;

pub(crate) use code::CodeJobs;
pub use components::{ComponentFault, check_components};
pub(crate) use operations::digest;
pub use sweep::COMPONENT_GRACE;

use crate::log::InvocationLog;
use crate::page::PageError;
use crate::tag::TagError;
use crate::{StoreFailure, Tag};
use std::sync::Arc;
use stepwell_sandbox::{InvokeReport, PublishError};
use stepwell_types::{FunctionArn, FunctionQualifier, Map, Timestamp};

/// What a caller may set of a function; what is `None` has its default (create) or stays (update).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FunctionSettings {
    /// Free text, at most 256 characters.
    pub description: Option<Arc<str>>,
    /// Any well-formed role ARN.
    pub role: Option<Arc<str>>,
    /// Anything; kept and shown.
    pub handler: Option<Arc<str>>,
    /// Anything or nothing; kept and shown.
    pub runtime: Option<Arc<str>>,
    /// Seconds an invocation may take: 1 to 900, default 3.
    pub timeout_s: Option<u32>,
    /// Megabytes it may use: 128 to 10,240, default 128.
    pub memory_size_mb: Option<u32>,
    /// Its environment variables, at most 4 KiB together.
    pub environment: Option<Vec<(Arc<str>, Arc<str>)>>,
    /// What Stepwell keeps and shows without acting on it, under AWS's own names (`Architectures`, `TracingConfig`,
    /// `EphemeralStorage`, `LoggingConfig`, …).
    pub echoed: Map,
}

/// `CreateFunction`
#[derive(Clone, Debug)]
pub struct CreateFunction {
    /// Its name.
    pub name: Arc<str>,
    /// A zip that holds one component, or the component itself.
    pub code: Arc<[u8]>,
    /// Everything that can be updated later.
    pub settings: FunctionSettings,
    /// At most 50; `stepwell:fuel`, `stepwell:on-crash` and `stepwell:grants` are Stepwell's own.
    pub tags: Vec<Tag>,
    /// Whether version 1 is published at once.
    pub publish: bool,
}

/// `UpdateFunctionCode`
#[derive(Clone, Debug)]
pub struct UpdateFunctionCode {
    /// A zip that holds one component, or the component itself.
    pub code: Arc<[u8]>,
    /// What is kept and shown with it ([`FunctionSettings::echoed`]): `Architectures`.
    pub echoed: Map,
    /// Preconditions.
    pub expected: Expected,
    /// Whether a version is published at once.
    pub publish: bool,
}

impl UpdateFunctionCode {
    /// New code, and nothing else.
    #[must_use]
    pub fn new(code: Arc<[u8]>) -> Self {
        Self { code, echoed: Map::new(), expected: Expected::default(), publish: false }
    }
}

/// Whether a precondition is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// `RevisionId`: only if this is still the function's revision.
    pub revision_id: Option<Arc<str>>,
    /// `CodeSha256`: only if this is the code's hash.
    pub code_sha256: Option<Arc<str>>,
}

/// Where a function's code is on its way to being invocable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeState {
    /// It compiles.
    Pending,
    /// It can be invoked.
    Active,
    /// It could not be compiled, for this reason.
    Failed(Arc<str>),
}

/// One version of a function, `$LATEST` included: Lambda's `FunctionConfiguration`.
#[derive(Clone, Debug)]
pub struct FunctionConfiguration {
    /// Its ARN; with a qualifier where a published version or `$LATEST` was asked for by name.
    pub arn: FunctionArn,
    /// `$LATEST` or a number.
    pub version: FunctionQualifier,
    /// Settings with their defaults filled in.
    pub settings: FunctionSettings,
    /// Bytes of what was uploaded.
    pub code_size_bytes: u64,
    /// SHA-256 of what was uploaded, base64.
    pub code_sha256: Arc<str>,
    /// BLAKE3 of the component, hexadecimal: the content address.
    pub digest: Arc<str>,
    /// Changes with every update.
    pub revision_id: Arc<str>,
    /// When it was last changed.
    pub last_modified: Timestamp,
    /// Whether it can be invoked: Lambda's `State`.
    pub state: CodeState,
    /// Where the last update is: Lambda's `LastUpdateStatus`.
    pub last_update: CodeState,
    /// Tags; they belong to the function, not to a version.
    pub tags: Vec<Tag>,
}

/// Why a function cannot be created, read, changed or invoked.
#[derive(Debug, thiserror::Error)]
pub enum FunctionError {
    /// It does not exist.
    #[error("Function not found: {0}")]
    NotFound(FunctionArn),
    /// It exists already.
    #[error("Function already exist: {0}")]
    AlreadyExists(Arc<str>),
    /// What was uploaded is no task.
    #[error("Could not unzip uploaded file. Please check your file, then try to upload again: {0}")]
    InvalidCode(#[from] PublishError),
    /// A value is out of its bounds.
    #[error("{0}")]
    InvalidParameter(String),
    /// Its tags cannot be these.
    #[error(transparent)]
    Tags(#[from] TagError),
    /// A precondition does not hold.
    #[error(
        "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id"
    )]
    PreconditionFailed,
    /// An earlier change of it is still under way.
    #[error("The operation cannot be performed at this time. An update is in progress for resource: {0}")]
    UpdateInProgress(FunctionArn),
    /// It cannot be invoked yet, or any more.
    #[error(
        "The operation cannot be performed at this time. The function is currently in the following state: {0}"
    )]
    NotReady(&'static str),
    /// The page cannot be given.
    #[error(transparent)]
    Page(PageError),
    /// The caller, or everybody together, invokes too much at once.
    #[error("Rate Exceeded.")]
    TooManyRequests,
    /// An event that was not taken into the queue.
    #[error(transparent)]
    EventRefused(StoreFailure),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreFailure),
}

/// How an invocation is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvocationType {
    /// Wait for the answer.
    RequestResponse,
    /// Accept it durably and run it later; failed attempts are repeated up to twice.
    Event,
    /// Only check that it could run.
    DryRun,
}

/// `Invoke`
#[derive(Clone, Debug)]
pub struct Invoke {
    /// The function, perhaps with version.
    pub function: FunctionArn,
    /// The event: a JSON text, checked; at most 6 MiB, or 1 MiB for [`InvocationType::Event`].
    pub event: Arc<str>,
    /// How.
    pub invocation_type: InvocationType,
}

/// What `Invoke` answers.
#[derive(Debug)]
pub enum Invoked {
    /// It ran.
    Ran {
        /// Its request id.
        request_id: Arc<str>,
        /// `$LATEST` or a number.
        version: FunctionQualifier,
        /// The body: the result, or Lambda's error payload.
        payload: String,
        /// `Unhandled` where the body is an error payload.
        function_error: Option<&'static str>,
        /// Usage and log.
        report: Box<InvokeReport>,
        /// What was kept of it; its tail is what `LogType=Tail` answers.
        log: Arc<InvocationLog>,
    },
    /// It was accepted and will run.
    Accepted,
    /// It could run.
    Checked,
}
