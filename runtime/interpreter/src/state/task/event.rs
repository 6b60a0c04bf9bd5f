//! The events of an attempt, by what the Task calls.

use crate::frame::TaskWait;
use std::sync::Arc;
use stepwell_asl::definition::{Resource, Task};
use stepwell_history::EventKind;
use stepwell_history::event::{
    ActivityScheduled, ActivityStarted, LambdaFunctionScheduled, OutputDetails, Parameters, TaskCredentials,
    TaskFailure, TaskOutput, TaskScheduled, TaskStarted,
};
use stepwell_types::{Failure, Payload};

/// What events call a service: its name and its action with the pattern.
fn names(task: &Task) -> (Arc<str>, Arc<str>) {
    match &task.resource {
        Resource::LambdaInvoke(pattern) => (Arc::from("lambda"), Arc::from(format!("invoke{pattern}"))),
        Resource::Service(service) => {
            (Arc::clone(&service.service), Arc::from(format!("{}{}", service.action, service.pattern)))
        }
        Resource::Function(_) | Resource::Activity(_) => {
            (Arc::clone(&task.resource_text), Arc::clone(&task.resource_text))
        }
    }
}

/// What a failure of the payload limit calls the task: the ARN, or the service.
pub(super) fn service_name(task: &Task) -> &str {
    match &task.resource {
        Resource::LambdaInvoke(_) => "lambda",
        Resource::Service(service) => &service.service,
        Resource::Function(_) | Resource::Activity(_) => &task.resource_text,
    }
}

pub(super) fn scheduled(task: &Task, wait: &TaskWait, region: Arc<str>) -> EventKind {
    let input = wait.input.clone();
    let task_credentials = wait.role_arn.as_ref().map(|role| TaskCredentials { role_arn: Arc::clone(role) });
    match &task.resource {
        Resource::Function(_) => EventKind::LambdaFunctionScheduled(LambdaFunctionScheduled {
            resource: Arc::clone(&task.resource_text),
            input: Some(input),
            timeout_s: wait.timeout_s,
            task_credentials,
        }),
        Resource::Activity(_) => EventKind::ActivityScheduled(ActivityScheduled {
            resource: Arc::clone(&task.resource_text),
            input: Some(input),
            timeout_s: wait.timeout_s,
            heartbeat_s: wait.heartbeat_s,
        }),
        Resource::LambdaInvoke(_) | Resource::Service(_) => {
            let (resource_type, resource) = names(task);
            EventKind::TaskScheduled(TaskScheduled {
                resource_type,
                resource,
                region,
                parameters: Parameters(input),
                timeout_s: wait.timeout_s,
                heartbeat_s: wait.heartbeat_s,
                task_credentials,
            })
        }
    }
}

pub(super) fn started(task: &Task, worker_name: Option<Arc<str>>) -> EventKind {
    match &task.resource {
        Resource::Function(_) => EventKind::LambdaFunctionStarted,
        Resource::Activity(_) => EventKind::ActivityStarted(ActivityStarted { worker_name }),
        Resource::LambdaInvoke(_) | Resource::Service(_) => {
            let (resource_type, resource) = names(task);
            EventKind::TaskStarted(TaskStarted { resource_type, resource })
        }
    }
}

pub(super) fn submitted(task: &Task, output: Payload) -> EventKind {
    let (resource_type, resource) = names(task);
    EventKind::TaskSubmitted(TaskOutput { resource_type, resource, output: Some(output) })
}

pub(super) fn succeeded(task: &Task, output: Payload) -> EventKind {
    let output = Some(output);
    match &task.resource {
        Resource::Function(_) => EventKind::LambdaFunctionSucceeded(OutputDetails { output }),
        Resource::Activity(_) => EventKind::ActivitySucceeded(OutputDetails { output }),
        Resource::LambdaInvoke(_) | Resource::Service(_) => {
            let (resource_type, resource) = names(task);
            EventKind::TaskSucceeded(TaskOutput { resource_type, resource, output })
        }
    }
}

pub(super) fn failed(task: &Task, failure: Failure) -> EventKind {
    match &task.resource {
        Resource::Function(_) => EventKind::LambdaFunctionFailed(failure.into()),
        Resource::Activity(_) => EventKind::ActivityFailed(failure.into()),
        Resource::LambdaInvoke(_) | Resource::Service(_) => {
            EventKind::TaskFailed(task_failure(task, failure))
        }
    }
}

pub(super) fn timed_out(task: &Task, failure: Failure) -> EventKind {
    match &task.resource {
        Resource::Function(_) => EventKind::LambdaFunctionTimedOut(failure.into()),
        Resource::Activity(_) => EventKind::ActivityTimedOut(failure.into()),
        Resource::LambdaInvoke(_) | Resource::Service(_) => {
            EventKind::TaskTimedOut(task_failure(task, failure))
        }
    }
}

fn task_failure(task: &Task, Failure { error, cause }: Failure) -> TaskFailure {
    let (resource_type, resource) = names(task);
    TaskFailure { resource_type, resource, error, cause }
}
