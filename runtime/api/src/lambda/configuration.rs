//! A function as Lambda describes it.

use crate::generated::lambda::{
    EnvironmentResponse, FunctionConfiguration, LastUpdateStatus, PackageType, State, StateReasonCode,
};
use std::sync::Arc;
use stepwell_engine::function::{CodeState, FunctionConfiguration as Configuration};
use stepwell_types::Value;

/// Everything, as one call about one function answers it.
pub(crate) fn described(function: Configuration) -> FunctionConfiguration {
    let settings = function.settings;
    let kept = |name: &str| settings.echoed.get(name).cloned();
    let (state, state_reason, state_reason_code) = state(&function.state);
    let (last_update_status, last_update_status_reason, last_update_status_reason_code) =
        last_update(&function.last_update);
    FunctionConfiguration {
        function_name: Some(Arc::clone(&function.arn.name)),
        function_arn: Some(function.arn.to_string().into()),
        runtime: settings.runtime,
        role: settings.role,
        handler: settings.handler,
        code_size: i64::try_from(function.code_size_bytes).ok(),
        description: Some(settings.description.unwrap_or_default()),
        timeout: settings.timeout_s.map(i64::from),
        memory_size: settings.memory_size_mb.map(i64::from),
        last_modified: Some(last_modified(function.last_modified)),
        code_sha256: Some(function.code_sha256),
        version: Some(function.version.to_string().into()),
        environment: settings.environment.map(|variables| EnvironmentResponse {
            variables: Some(variables.into_iter().collect()),
            error: None,
        }),
        // An empty ARN takes back the one that was given.
        kms_key_arn: kept("KMSKeyArn")
            .and_then(|arn| arn.as_str().filter(|arn| !arn.is_empty()).map(Into::into)),
        revision_id: Some(function.revision_id),
        state: Some(state),
        state_reason,
        state_reason_code,
        last_update_status: Some(last_update_status),
        last_update_status_reason,
        last_update_status_reason_code,
        package_type: Some(PackageType::Zip),
        vpc_config: kept("VpcConfig").map(|given| {
            let defaults = [
                ("SubnetIds", Value::array(Vec::new())),
                ("SecurityGroupIds", Value::array(Vec::new())),
                ("VpcId", Value::str("")),
                ("Ipv6AllowedForDualStack", Value::Bool(false)),
            ];
            Value::with_defaults(Some(given), defaults)
        }),
        dead_letter_config: kept("DeadLetterConfig").filter(|config| {
            config.get("TargetArn").and_then(Value::as_str).is_some_and(|arn| !arn.is_empty())
        }),
        tracing_config: Some(Value::with_defaults(
            kept("TracingConfig"),
            [("Mode", Value::str("PassThrough"))],
        )),
        architectures: kept("Architectures").or_else(|| Some(Value::array(vec![Value::str("x86_64")]))),
        ephemeral_storage: Some(Value::with_defaults(kept("EphemeralStorage"), [("Size", Value::I64(512))])),
        snap_start: Some(Value::with_defaults(
            kept("SnapStart"),
            [("ApplyOn", Value::str("None")), ("OptimizationStatus", Value::str("Off"))],
        )),
        logging_config: Some(logging(kept("LoggingConfig"), &function.arn.name)),
        ..FunctionConfiguration::default()
    }
}

/// What the call that creates a function answers: the function's own ARN, even where a version was published with it,
/// and no update while it is still being created (recorded).
pub(super) fn created(mut function: Configuration) -> FunctionConfiguration {
    function.arn.qualifier = None;
    let created = described(function);
    match created.state {
        Some(State::Pending) => FunctionConfiguration {
            last_update_status: None,
            last_update_status_reason: None,
            last_update_status_reason_code: None,
            ..created
        },
        _ => created,
    }
}

/// The part of it that listings show: no states, which AWS gives for one function at a time.
pub(super) fn listed(function: Configuration) -> FunctionConfiguration {
    FunctionConfiguration {
        state: None,
        state_reason: None,
        state_reason_code: None,
        last_update_status: None,
        last_update_status_reason: None,
        last_update_status_reason_code: None,
        ..described(function)
    }
}

/// Levels belong to the JSON format alone.
fn logging(given: Option<Value>, function: &str) -> Value {
    const LEVELS: [&str; 2] = ["ApplicationLogLevel", "SystemLogLevel"];
    let group = || Value::str(format!("/aws/lambda/{function}"));
    let logging = Value::with_defaults(given, [("LogFormat", Value::str("Text")), ("LogGroup", group())]);
    if logging.get("LogFormat").and_then(Value::as_str) == Some("JSON") {
        return Value::with_defaults(Some(logging), LEVELS.map(|level| (level, Value::str("INFO"))));
    }
    let mut fields = logging.as_object().cloned().unwrap_or_default();
    for level in LEVELS {
        fields.remove(level);
    }
    Value::object(fields)
}

/// Lambda's form of an instant: `2026-01-31T10:20:30.123+0000`.
fn last_modified(instant: stepwell_types::Timestamp) -> Arc<str> {
    let text = instant.to_string();
    format!("{}+0000", text.strip_suffix('Z').unwrap_or(&text)).into()
}

fn state(code: &CodeState) -> (State, Option<Arc<str>>, Option<StateReasonCode>) {
    match code {
        CodeState::Active => (State::Active, None, None),
        CodeState::Pending => {
            (State::Pending, Some("The function is being created.".into()), Some(StateReasonCode::Creating))
        }
        CodeState::Failed(reason) => {
            (State::Failed, Some(Arc::clone(reason)), Some(StateReasonCode::InvalidZipFileException))
        }
    }
}

fn last_update(code: &CodeState) -> (LastUpdateStatus, Option<Arc<str>>, Option<Arc<str>>) {
    match code {
        CodeState::Active => (LastUpdateStatus::Successful, None, None),
        CodeState::Pending => (
            LastUpdateStatus::InProgress,
            // AWS says so of updates, too.
            Some("The function is being created.".into()),
            Some("Creating".into()),
        ),
        CodeState::Failed(reason) => {
            (LastUpdateStatus::Failed, Some(Arc::clone(reason)), Some("InvalidZipFileException".into()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stepwell_engine::function::FunctionSettings;
    use stepwell_types::Timestamp;

    #[track_caller]
    fn check_created(state: CodeState, expected: &str) {
        let function = Configuration {
            arn: "arn:aws:lambda:us-east-1:000000000042:function:f:1".parse().unwrap(),
            version: "1".parse().unwrap(),
            settings: FunctionSettings::default(),
            code_size_bytes: 1,
            code_sha256: "".into(),
            digest: "".into(),
            revision_id: "".into(),
            last_modified: Timestamp::from_millis(0),
            last_update: state.clone(),
            state,
            tags: Vec::new(),
        };
        let answer = serde_json::to_value(created(function)).unwrap();
        let found = ["FunctionArn", "Version", "State", "StateReason", "StateReasonCode", "LastUpdateStatus"]
            .map(|name| answer[name].as_str().unwrap_or("-"));
        assert_eq!(found.join(" | "), expected);
    }

    #[test]
    fn what_was_created() {
        const ARN: &str = "arn:aws:lambda:us-east-1:000000000042:function:f";
        check_created(
            CodeState::Pending,
            &format!("{ARN} | 1 | Pending | The function is being created. | Creating | -"),
        );
        check_created(CodeState::Active, &format!("{ARN} | 1 | Active | - | - | Successful"));
    }

    #[track_caller]
    fn check_logging(given: &str, expected: &str) {
        let given = Value::parse(given).unwrap();
        assert_eq!(logging(Some(given), "f").to_json(), expected);
    }

    #[test]
    fn logging_configurations() {
        check_logging("{}", r#"{"LogFormat":"Text","LogGroup":"/aws/lambda/f"}"#);
        check_logging(
            r#"{"LogFormat":"JSON","SystemLogLevel":"WARN","LogGroup":"g"}"#,
            r#"{"LogFormat":"JSON","SystemLogLevel":"WARN","LogGroup":"g","ApplicationLogLevel":"INFO"}"#,
        );
        check_logging(
            r#"{"LogFormat":"Text","ApplicationLogLevel":"INFO","LogGroup":"g"}"#,
            r#"{"LogFormat":"Text","LogGroup":"g"}"#,
        );
    }

    #[test]
    fn instants() {
        assert_eq!(
            &*last_modified(Timestamp::from_millis(1_767_225_600_000)),
            "2026-01-01T00:00:00.000+0000"
        );
    }
}
