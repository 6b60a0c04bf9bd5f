//! The Task state.

use super::object::{self, Object};
use super::{Context, Lower};
use crate::definition::{
    Pattern, QueryLanguage, Resource, ServiceResource, Setting, Task, TextSetting, WorkflowType,
};
use crate::diagnostic::{Code, Severity};
use crate::place::{Findings, Place};
use crate::suggest::did_you_mean;
use std::sync::Arc;
use stepwell_jsonpath::Expression;
use stepwell_types::Value;
use stepwell_types::quota::STATE_SECONDS_MAX;

impl<'t> Lower<'t> {
    pub(super) fn task(&mut self, state: Object<'t, '_>, context: &Context<'_, 't>) -> Option<Task> {
        let findings = &mut self.findings;
        let language = context.language;
        let timeout_seconds =
            state.setting(findings, "TimeoutSeconds", "TimeoutSecondsPath", language, 1..=STATE_SECONDS_MAX);
        let heartbeat_seconds = state.setting(
            findings,
            "HeartbeatSeconds",
            "HeartbeatSecondsPath",
            language,
            1..=STATE_SECONDS_MAX,
        );
        if let (Some(Setting::Fixed(timeout)), Some(Setting::Fixed(heartbeat))) =
            (&timeout_seconds, &heartbeat_seconds)
            && heartbeat >= timeout
        {
            let message = "HeartbeatSeconds must be smaller than TimeoutSeconds";
            findings.schema(message, &state.at.field("HeartbeatSeconds"));
        }
        let role_arn = credentials(findings, state, language);
        if !state.require(findings, &["Resource"]) {
            return None;
        }
        let text = state.text(findings, "Resource")?;
        let at = state.at.field("Resource");
        let Some(resource) = resource(text) else {
            findings.schema("Value is not a valid resource ARN", &at);
            return None;
        };
        if context.workflow == WorkflowType::Express {
            check_express(findings, &resource, &at);
        }
        match &resource {
            Resource::LambdaInvoke(_) => check_invoke(findings, state, language),
            Resource::Activity(_) if state.has("Credentials") => {
                let message = "The field 'Credentials' is not supported for activities";
                findings.schema(message, &state.at.field("Credentials"));
            }
            Resource::Function(_) | Resource::Activity(_) | Resource::Service(_) => {}
        }
        if !is_offered(&resource) {
            let message = format!(
                "The resource provided {text} is not recognized. The value is not a valid resource ARN, or the \
                 resource is not available in this region."
            );
            findings.schema(message, &at);
            return None;
        }
        Some(Task { resource, resource_text: Arc::clone(text), timeout_seconds, heartbeat_seconds, role_arn })
    }
}

/// What an ARN calls; `None` for a text that is no ARN of something that can be called.
fn resource(text: &str) -> Option<Resource> {
    let mut parts = text.splitn(6, ':');
    if parts.next() != Some("arn") {
        return None;
    }
    let partition = parts.next().filter(|partition| partition.starts_with("aws"))?;
    let service = parts.next()?;
    let (_region, _account) = (parts.next()?, parts.next()?);
    let rest = parts.next().filter(|rest| !rest.is_empty())?;
    // Other partitions name the same things; our ARN types know one.
    let plain = if partition == "aws" { text.to_owned() } else { text.replacen(partition, "aws", 1) };
    match service {
        "lambda" => plain.parse().ok().map(Resource::Function),
        "states" if rest.starts_with("activity:") => plain.parse().ok().map(Resource::Activity),
        "states" => integration(rest),
        "" => None,
        other => {
            let (service, action) = (Arc::from(other), Arc::from(rest));
            Some(Resource::Service(ServiceResource { service, action, pattern: Pattern::RequestResponse }))
        }
    }
}

/// `SERVICE:ACTION` or `aws-sdk:SERVICE:ACTION`, with a pattern behind it.
fn integration(text: &str) -> Option<Resource> {
    let patterns = [
        (".waitForTaskToken", Pattern::WaitForTaskToken),
        (".sync:2", Pattern::Sync2),
        (".sync", Pattern::Sync),
    ];
    let (call, pattern) = patterns
        .into_iter()
        .find_map(|(suffix, pattern)| Some((text.strip_suffix(suffix)?, pattern)))
        .unwrap_or((text, Pattern::RequestResponse));
    let (service, action) =
        call.rsplit_once(':').filter(|(service, action)| !service.is_empty() && !action.is_empty())?;
    if (service, action) == ("lambda", "invoke") {
        return Some(Resource::LambdaInvoke(pattern));
    }
    Some(Resource::Service(ServiceResource {
        service: Arc::from(service),
        action: Arc::from(action),
        pattern,
    }))
}

/// Whether the service of an integration has the pattern at all.
///
/// Which of the others a single action has is not known here. Source: AWS, optimized integrations.
fn is_offered(resource: &Resource) -> bool {
    let (service, pattern) = match resource {
        Resource::Function(_) | Resource::Activity(_) => return true,
        Resource::LambdaInvoke(pattern) => ("lambda", *pattern),
        Resource::Service(service) => (&*service.service, service.pattern),
    };
    let service = service.split(':').next().unwrap_or(service);
    match pattern {
        Pattern::RequestResponse => true,
        Pattern::Sync => {
            !matches!(service, "lambda" | "sns" | "sqs" | "dynamodb" | "events" | "apigateway" | "aws-sdk")
        }
        Pattern::Sync2 => service == "states",
        Pattern::WaitForTaskToken => !matches!(
            service,
            "athena"
                | "batch"
                | "codebuild"
                | "databrew"
                | "dynamodb"
                | "elasticmapreduce"
                | "emr-containers"
                | "emr-serverless"
                | "glue"
                | "mediaconvert"
                | "sagemaker"
        ),
    }
}

/// Arguments that `lambda:invoke` needs, or does not take: AWS refuses the definition.
fn check_invoke(findings: &mut Findings, state: Object<'_, '_>, language: QueryLanguage) {
    const FIELDS: &[&str] =
        &["FunctionName", "Payload", "Qualifier", "InvocationType", "ClientContext", "LogType"];
    let name = match language {
        QueryLanguage::JsonPath => "Parameters",
        QueryLanguage::Jsonata => "Arguments",
    };
    let at = state.at.field(name);
    let Some(arguments) = state.get(name).and_then(Value::as_object) else { return };
    let plain = |key: &str| match language {
        QueryLanguage::JsonPath => key.strip_suffix(".$").unwrap_or(key).to_owned(),
        QueryLanguage::Jsonata => key.to_owned(),
    };
    if !arguments.keys().any(|key| plain(key) == "FunctionName") {
        let message = "The field 'FunctionName' is required but was missing";
        findings.schema(message, &at);
    }
    for key in arguments.keys().filter(|key| !FIELDS.contains(&plain(key).as_str())) {
        findings.add(
            Severity::Error,
            Code::SchemaValidationFailed,
            format!("The field \"{key}\" is not supported by Step Functions"),
            &at,
            &at.field(key),
            did_you_mean(&plain(key), FIELDS.iter().copied()),
        );
    }
}

/// What Express workflows do not have, in AWS's words (two blanks included).
fn check_express(findings: &mut Findings, resource: &Resource, at: &Place<'_>) {
    let pattern = match resource {
        Resource::Activity(_) => {
            findings.schema("Express state machine does not support Activity ARN", at);
            return;
        }
        Resource::Function(_) => return,
        Resource::LambdaInvoke(pattern) => *pattern,
        Resource::Service(service) => service.pattern,
    };
    match pattern {
        Pattern::RequestResponse => {}
        Pattern::Sync | Pattern::Sync2 => {
            findings.schema("Express state machine does not support '.sync' service integration", at);
        }
        Pattern::WaitForTaskToken => {
            findings.schema(
                "Express state machine does not support '.waitForTaskToken' service integration ",
                at,
            );
        }
    }
}

/// `Credentials`: the role in whose name the task is done.
fn credentials(
    findings: &mut Findings,
    state: Object<'_, '_>,
    language: QueryLanguage,
) -> Option<TextSetting> {
    let value = state.get("Credentials")?;
    let at = state.at.field("Credentials");
    if let (QueryLanguage::Jsonata, Some(text)) = (language, value.as_str()) {
        return super::template::setting_expression(findings, text, language, "Object", &at)
            .map(TextSetting::Jsonata);
    }
    let object = object::object(findings, value, &at)?;
    if language == QueryLanguage::JsonPath && object.has("RoleArn.$") {
        let text = object.text(findings, "RoleArn.$")?;
        return match Expression::parse(text) {
            Ok(expression) => Some(TextSetting::Expression(expression)),
            Err(error) => {
                findings.add(
                    Severity::Error,
                    Code::SchemaValidationFailed,
                    "The value for the field 'RoleArn.$' must be a valid JSONPath or a valid intrinsic function call"
                        .to_owned(),
                    &at,
                    &at.field("RoleArn.$"),
                    Some(error.to_string()),
                );
                None
            }
        };
    }
    if !object.has("RoleArn") {
        findings.schema("The field 'RoleArn' is required but was missing", &at);
        return None;
    }
    object.text_setting(findings, "RoleArn", "RoleArn.$", language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &str) {
        let got = match resource(text) {
            None => "none".to_owned(),
            Some(Resource::Function(arn)) => format!("function {}", arn.name),
            Some(Resource::Activity(arn)) => format!("activity {}", arn.name),
            Some(Resource::LambdaInvoke(pattern)) => format!("invoke{pattern}"),
            Some(Resource::Service(service)) => format!("service {service}"),
        };
        assert_eq!(got, want, "{text}");
    }

    #[test]
    fn resources() {
        check("arn:aws:lambda:us-east-1:000000000042:function:pack", "function pack");
        check("arn:aws-cn:lambda:cn-north-1:000000000042:function:pack:prod", "function pack");
        check("arn:aws:states:us-east-1:000000000042:activity:pack", "activity pack");
        check("arn:aws:states:::lambda:invoke", "invoke");
        check("arn:aws:states:::lambda:invoke.waitForTaskToken", "invoke.waitForTaskToken");
        check("arn:aws:states:::states:startExecution.sync:2", "service states:startExecution.sync:2");
        check("arn:aws:states:::aws-sdk:sfn:startExecution", "service aws-sdk:sfn:startExecution");
        check("arn:aws:states:us-east-1:000000000042:http:invoke", "service http:invoke");
        check("arn:aws:swf:us-east-1:000000000042:task:X", "service swf:task:X");
        for bad in
            ["", "pack", "arn:aws:lambda", "arn:aws:states:::", "arn:aws:states:::lambda", "arn:x:lambda:::f"]
        {
            check(bad, "none");
        }
        check("arn:aws:lambda:us-east-1:42:function:pack", "none");
    }
}
