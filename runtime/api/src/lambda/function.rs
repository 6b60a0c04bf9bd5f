//! Functions.

use super::name::resolve;
use crate::error::ApiError;
use crate::generated::lambda::{
    CreateFunctionRequest, DeleteFunctionRequest, DeleteFunctionResponse, Environment, EnvironmentResponse,
    FunctionCodeLocation, FunctionConfiguration, GetFunctionConfigurationRequest, GetFunctionRequest,
    GetFunctionResponse, LambdaError, LastUpdateStatus, LastUpdateStatusReasonCode, ListFunctionsRequest,
    ListFunctionsResponse, PackageType, State, StateReasonCode, UpdateFunctionCodeRequest,
    UpdateFunctionConfigurationRequest,
};
use crate::operation::Call;
use crate::schema::wire::Blob;
use std::sync::Arc;
use stepwell_engine::Tag;
use stepwell_engine::function::{
    CodeState, CreateFunction, Expected, FunctionConfiguration as Configuration, FunctionSettings,
};
use stepwell_engine::page::PageRequest;
use stepwell_types::{FunctionArn, FunctionQualifier, Map, Value};

pub(crate) async fn create(
    call: Call,
    input: CreateFunctionRequest,
) -> Result<FunctionConfiguration, ApiError> {
    let arn = unqualified(resolve(&call.scope, &input.function_name, None)?)?;
    if input.code.s3_bucket.is_some() || input.code.s3_key.is_some() {
        return Err(invalid("Stepwell does not read code from S3: send it as ZipFile"));
    }
    if input.code.image_uri.is_some() || input.package_type == Some(PackageType::Image) {
        return Err(invalid("Stepwell runs no container images: send a WebAssembly component as ZipFile"));
    }
    let code = code(input.code.zip_file)?;
    let request = CreateFunction {
        name: Arc::clone(&arn.name),
        code,
        settings: FunctionSettings {
            description: input.description,
            role: Some(input.role),
            handler: input.handler,
            runtime: input.runtime,
            timeout_s: small(input.timeout),
            memory_size_mb: small(input.memory_size),
            environment: environment(input.environment),
            echoed: echoed([
                ("Architectures", input.architectures),
                ("DeadLetterConfig", input.dead_letter_config),
                ("EphemeralStorage", input.ephemeral_storage),
                ("KMSKeyArn", input.kms_key_arn.map(Value::Str)),
                ("Layers", None),
                ("LoggingConfig", input.logging_config),
                ("SnapStart", input.snap_start),
                ("TracingConfig", input.tracing_config),
                ("VpcConfig", input.vpc_config),
            ]),
        },
        tags: input.tags.into_iter().flatten().map(|(key, value)| Tag { key, value }).collect(),
        publish: input.publish.unwrap_or(false),
    };
    Ok(described(call.engine.create_function(&call.scope, request).await?))
}

pub(crate) async fn get(call: Call, input: GetFunctionRequest) -> Result<GetFunctionResponse, ApiError> {
    let arn = resolve(&call.scope, &input.function_name, input.qualifier.as_deref())?;
    let found = call.engine.function(&call.scope, &arn).await?;
    let qualifier =
        arn.qualifier.as_ref().map_or(String::new(), |qualifier| format!("?qualifier={qualifier}"));
    let location = format!("http://{}/v1/functions/{}/code{qualifier}", call.host, arn.name);
    let tags = (!found.tags.is_empty())
        .then(|| found.tags.iter().map(|tag| (Arc::clone(&tag.key), Arc::clone(&tag.value))).collect());
    Ok(GetFunctionResponse {
        configuration: Some(described(found)),
        code: Some(FunctionCodeLocation {
            repository_type: Some("S3".into()),
            location: Some(location.into()),
            ..FunctionCodeLocation::default()
        }),
        tags,
        ..GetFunctionResponse::default()
    })
}

pub(crate) async fn get_configuration(
    call: Call,
    input: GetFunctionConfigurationRequest,
) -> Result<FunctionConfiguration, ApiError> {
    let arn = resolve(&call.scope, &input.function_name, input.qualifier.as_deref())?;
    Ok(described(call.engine.function(&call.scope, &arn).await?))
}

pub(crate) async fn update_code(
    call: Call,
    input: UpdateFunctionCodeRequest,
) -> Result<FunctionConfiguration, ApiError> {
    let arn = unqualified(resolve(&call.scope, &input.function_name, None)?)?;
    if input.s3_bucket.is_some() || input.s3_key.is_some() {
        return Err(invalid("Stepwell does not read code from S3: send it as ZipFile"));
    }
    if input.image_uri.is_some() {
        return Err(invalid("Stepwell runs no container images: send a WebAssembly component as ZipFile"));
    }
    let code = code(input.zip_file)?;
    if input.dry_run == Some(true) {
        return Ok(described(call.engine.function(&call.scope, &arn).await?));
    }
    let expected = Expected { revision_id: input.revision_id, code_sha256: None };
    let publish = input.publish.unwrap_or(false);
    Ok(described(call.engine.update_function_code(&call.scope, &arn, code, expected, publish).await?))
}

pub(crate) async fn update_configuration(
    call: Call,
    input: UpdateFunctionConfigurationRequest,
) -> Result<FunctionConfiguration, ApiError> {
    let arn = unqualified(resolve(&call.scope, &input.function_name, None)?)?;
    let settings = FunctionSettings {
        description: input.description,
        role: input.role,
        handler: input.handler,
        runtime: input.runtime,
        timeout_s: small(input.timeout),
        memory_size_mb: small(input.memory_size),
        environment: environment(input.environment),
        echoed: echoed([
            ("DeadLetterConfig", input.dead_letter_config),
            ("EphemeralStorage", input.ephemeral_storage),
            ("KMSKeyArn", input.kms_key_arn.map(Value::Str)),
            ("LoggingConfig", input.logging_config),
            ("SnapStart", input.snap_start),
            ("TracingConfig", input.tracing_config),
            ("VpcConfig", input.vpc_config),
        ]),
    };
    let expected = Expected { revision_id: input.revision_id, code_sha256: None };
    Ok(described(call.engine.update_function_settings(&call.scope, &arn, settings, expected).await?))
}

pub(crate) async fn delete(
    call: Call,
    input: DeleteFunctionRequest,
) -> Result<DeleteFunctionResponse, ApiError> {
    let arn = resolve(&call.scope, &input.function_name, input.qualifier.as_deref())?;
    call.engine.delete_function(&call.scope, &arn).await?;
    Ok(DeleteFunctionResponse {})
}

pub(crate) async fn list(call: Call, input: ListFunctionsRequest) -> Result<ListFunctionsResponse, ApiError> {
    let page = page(input.max_items, input.marker.as_deref());
    let functions = call.engine.list_functions(&call.scope, &page).await?;
    let mut entries = Vec::with_capacity(functions.entries.len());
    for function in functions.entries {
        // `FunctionVersion=ALL`: each function's published versions after it.
        let all = match input.function_version {
            Some(_) => versions(&call, &function).await?,
            None => Vec::new(),
        };
        entries.push(described(function));
        entries.extend(all);
    }
    Ok(ListFunctionsResponse { next_marker: functions.next_token.map(Into::into), functions: Some(entries) })
}

/// The first published versions of a function.
async fn versions(call: &Call, function: &Configuration) -> Result<Vec<FunctionConfiguration>, ApiError> {
    let arn = FunctionArn { qualifier: None, ..function.arn.clone() };
    let versions = call.engine.list_versions(&call.scope, &arn, &PageRequest::default()).await?;
    let published = |version: &Configuration| match version.version {
        FunctionQualifier::Latest => false,
        FunctionQualifier::Version(_) | FunctionQualifier::Alias(_) => true,
    };
    Ok(versions.entries.into_iter().filter(published).map(described).collect())
}

/// A page of a listing of functions.
pub(super) fn page(max_items: Option<i64>, marker: Option<&str>) -> PageRequest {
    PageRequest {
        max_results: small(max_items).unwrap_or(0),
        // AWS's command line sends an empty marker for the first page.
        next_token: marker.filter(|marker| !marker.is_empty()).map(ToOwned::to_owned),
    }
}

pub(super) fn invalid(message: &str) -> ApiError {
    ApiError::lambda(LambdaError::InvalidParameterValueException, message)
}

/// A change concerns the function, never one version.
fn unqualified(arn: FunctionArn) -> Result<FunctionArn, ApiError> {
    match arn.qualifier {
        None | Some(FunctionQualifier::Latest) => Ok(FunctionArn { qualifier: None, ..arn }),
        Some(FunctionQualifier::Version(_) | FunctionQualifier::Alias(_)) => {
            Err(invalid("This operation does not take a qualifier: only $LATEST can be changed"))
        }
    }
}

fn code(zip_file: Option<Blob>) -> Result<Arc<[u8]>, ApiError> {
    zip_file
        .map(|Blob(bytes)| Arc::from(&bytes[..]))
        .ok_or_else(|| invalid("Please provide a source for function code."))
}

/// A number whose bounds are checked.
fn small(number: Option<i64>) -> Option<u32> {
    number.and_then(|number| u32::try_from(number).ok())
}

fn environment(wire: Option<Environment>) -> Option<Vec<(Arc<str>, Arc<str>)>> {
    Some(wire?.variables.into_iter().flatten().collect())
}

fn echoed<const N: usize>(members: [(&'static str, Option<Value>); N]) -> Map {
    let mut map = Map::new();
    for (name, value) in members {
        if let Some(value) = value.filter(|value| !value.is_null()) {
            map.insert(name, value);
        }
    }
    map
}

/// A function as Lambda describes it.
pub(crate) fn described(function: Configuration) -> FunctionConfiguration {
    let settings = function.settings;
    let kept = |name: &str| settings.echoed.get(name).cloned();
    let object = |name: &str, text: &str| {
        let mut fields = Map::new();
        fields.insert(name, Value::str(text));
        Value::object(fields)
    };
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
        environment: settings.environment.filter(|variables| !variables.is_empty()).map(|variables| {
            EnvironmentResponse { variables: Some(variables.into_iter().collect()), error: None }
        }),
        kms_key_arn: kept("KMSKeyArn").and_then(|arn| arn.as_str().map(Into::into)),
        revision_id: Some(function.revision_id),
        state: Some(state),
        state_reason,
        state_reason_code,
        last_update_status: Some(last_update_status),
        last_update_status_reason,
        last_update_status_reason_code,
        package_type: Some(PackageType::Zip),
        vpc_config: kept("VpcConfig"),
        dead_letter_config: kept("DeadLetterConfig"),
        tracing_config: kept("TracingConfig").or_else(|| Some(object("Mode", "PassThrough"))),
        architectures: kept("Architectures").or_else(|| Some(Value::array(vec![Value::str("x86_64")]))),
        ephemeral_storage: kept("EphemeralStorage").or_else(|| {
            let mut fields = Map::new();
            fields.insert("Size", Value::I64(512));
            Some(Value::object(fields))
        }),
        snap_start: kept("SnapStart").or_else(|| {
            let mut fields = Map::new();
            fields.insert("ApplyOn", Value::str("None"));
            fields.insert("OptimizationStatus", Value::str("Off"));
            Some(Value::object(fields))
        }),
        logging_config: kept("LoggingConfig").or_else(|| {
            let mut fields = Map::new();
            fields.insert("LogFormat", Value::str("Text"));
            fields.insert("LogGroup", Value::str(format!("/aws/lambda/{}", function.arn.name)));
            Some(Value::object(fields))
        }),
        ..FunctionConfiguration::default()
    }
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

fn last_update(code: &CodeState) -> (LastUpdateStatus, Option<Arc<str>>, Option<LastUpdateStatusReasonCode>) {
    match code {
        CodeState::Active => (LastUpdateStatus::Successful, None, None),
        CodeState::Pending => {
            (LastUpdateStatus::InProgress, Some("The function is being updated.".into()), None)
        }
        CodeState::Failed(reason) => (
            LastUpdateStatus::Failed,
            Some(Arc::clone(reason)),
            Some(LastUpdateStatusReasonCode::InvalidZipFileException),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stepwell_types::Timestamp;

    #[test]
    fn instants() {
        assert_eq!(
            &*last_modified(Timestamp::from_millis(1_767_225_600_000)),
            "2026-01-01T00:00:00.000+0000"
        );
    }
}
