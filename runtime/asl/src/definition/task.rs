//! The Task state: what it calls, and for how long.

use super::{Setting, TextSetting};
use std::fmt;
use std::sync::Arc;
use stepwell_types::{ActivityArn, FunctionArn};

/// What is particular to a Task state; its arguments, retriers and catchers are in [`super::State`].
#[derive(Clone, Debug)]
pub struct Task {
    /// What it calls.
    pub resource: Resource,
    /// `Resource` as written, for events.
    pub resource_text: Arc<str>,
    /// `TimeoutSeconds`, `TimeoutSecondsPath`: 1 to 99,999,999; `None` is the longest.
    pub timeout_seconds: Option<Setting<u64>>,
    /// `HeartbeatSeconds`, `HeartbeatSecondsPath`: 1 to 99,999,999, less than the time-out.
    pub heartbeat_seconds: Option<Setting<u64>>,
    /// `Credentials.RoleArn`
    pub role_arn: Option<TextSetting>,
}

/// What a Task calls.
#[derive(Clone, Debug)]
pub enum Resource {
    /// A function's ARN, with or without version or alias: the whole input is its payload.
    Function(FunctionArn),
    /// An activity's ARN: a worker outside asks for the task.
    Activity(ActivityArn),
    /// `arn:aws:states:::lambda:invoke`: the arguments are those of Lambda's Invoke.
    LambdaInvoke(Pattern),
    /// Any other service.
    Service(ServiceResource),
}

/// `arn:aws:states:::SERVICE:ACTION`, with a pattern behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceResource {
    /// Such as `sqs`, or `aws-sdk:dynamodb`.
    pub service: Arc<str>,
    /// Such as `sendMessage`.
    pub action: Arc<str>,
    /// When the task is done.
    pub pattern: Pattern,
}

/// When a call of a service counts as done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pattern {
    /// With the service's answer.
    RequestResponse,
    /// `.sync`: when the job it began has ended.
    Sync,
    /// `.sync:2`: the same, with the job's output parsed.
    Sync2,
    /// `.waitForTaskToken`: when somebody sends the token back.
    WaitForTaskToken,
}

impl fmt::Display for Pattern {
    /// What stands behind the action: nothing, `.sync`, `.sync:2` or `.waitForTaskToken`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RequestResponse => "",
            Self::Sync => ".sync",
            Self::Sync2 => ".sync:2",
            Self::WaitForTaskToken => ".waitForTaskToken",
        })
    }
}

impl fmt::Display for ServiceResource {
    /// `sqs:sendMessage.waitForTaskToken`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}{}", self.service, self.action, self.pattern)
    }
}
