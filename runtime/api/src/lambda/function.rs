//! Functions.

use super::configuration::{created, described, listed};
use super::name::resolve;
use crate::error::ApiError;
use crate::generated::lambda::{
    CreateFunctionRequest, DeleteFunctionRequest, DeleteFunctionResponse, Environment, FunctionCodeLocation,
    FunctionConfiguration, FunctionVersion, GetFunctionConfigurationRequest, GetFunctionRequest,
    GetFunctionResponse, LambdaError, ListFunctionsRequest, ListFunctionsResponse, PackageType,
    UpdateFunctionCodeRequest, UpdateFunctionConfigurationRequest,
};
use crate::operation::{Answer, Call};
use crate::schema::wire::Blob;
use std::sync::Arc;
use stepwell_engine::function::{
    CreateFunction, Expected, FunctionConfiguration as Configuration, FunctionSettings, UpdateFunctionCode,
};
use stepwell_engine::page::PageRequest;
use stepwell_engine::{Scope, Tag};
use stepwell_types::{FunctionArn, FunctionQualifier, Map, Value};

/// The date in the credential scope of a link; open mode checks none.
const SCOPE_DATE: &str = "20260101";

pub(crate) async fn create(
    call: Call,
    input: CreateFunctionRequest,
) -> Result<FunctionConfiguration, ApiError> {
    let arn = unqualified(resolve(&call.scope, &input.function_name, None)?)?;
    own(&call.scope, &arn)?;
    refuse_given([
        ("ImageConfig", &input.image_config, "Stepwell runs no container images"),
        ("FileSystemConfigs", &input.file_system_configs, "Stepwell mounts no file systems"),
        ("CapacityProviderConfig", &input.capacity_provider_config, "Stepwell has no capacity providers"),
        ("DurableConfig", &input.durable_config, "Stepwell runs no durable functions yet"),
        ("TenancyConfig", &input.tenancy_config, "Stepwell isolates every invocation, whatever its tenant"),
    ])?;
    refuse_layers(input.layers.as_ref())?;
    if input.code_signing_config_arn.is_some() {
        return Err(invalid("Stepwell checks no signatures of code yet: leave CodeSigningConfigArn out"));
    }
    if input.publish_to.is_some() {
        return Err(invalid("Stepwell has no capacity providers: leave PublishTo out"));
    }
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
                ("LoggingConfig", input.logging_config),
                ("SnapStart", input.snap_start),
                ("TracingConfig", input.tracing_config),
                ("VpcConfig", input.vpc_config),
            ]),
        },
        tags: input.tags.into_iter().flatten().map(|(key, value)| Tag { key, value }).collect(),
        publish: input.publish.unwrap_or(false),
    };
    Ok(created(call.engine.create_function(&call.scope, request).await?))
}

pub(crate) async fn get(call: Call, input: GetFunctionRequest) -> Result<GetFunctionResponse, ApiError> {
    let arn = resolve(&call.scope, &input.function_name, input.qualifier.as_deref())?;
    let found = call.engine.function(&call.scope, &arn).await?;
    let qualifier =
        arn.qualifier.as_ref().map_or(String::new(), |qualifier| format!("qualifier={qualifier}&"));
    // Fetched without credentials, as AWS's presigned URLs are: account and region must be in it.
    let Scope { account, region } = &call.scope;
    let location = format!(
        "http://{}/v1/functions/{}/code?{qualifier}X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={account}%2F{}%2F{region}\
         %2Flambda%2Faws4_request",
        call.host, arn.name, SCOPE_DATE,
    );
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
        return Err(invalid("Please don't provide ImageUri when updating a function with packageType Zip."));
    }
    if input.publish_to.is_some() {
        return Err(invalid("Stepwell has no capacity providers: leave PublishTo out"));
    }
    let code = code(input.zip_file)?;
    if input.dry_run == Some(true) {
        return Ok(described(call.engine.function(&call.scope, &arn).await?));
    }
    let expected = Expected { revision_id: input.revision_id, code_sha256: None };
    let update = UpdateFunctionCode {
        code,
        echoed: echoed([("Architectures", input.architectures)]),
        expected,
        publish: input.publish.unwrap_or(false),
    };
    Ok(described(call.engine.update_function_code(&call.scope, &arn, update).await?))
}

pub(crate) async fn update_configuration(
    call: Call,
    input: UpdateFunctionConfigurationRequest,
) -> Result<FunctionConfiguration, ApiError> {
    let arn = unqualified(resolve(&call.scope, &input.function_name, None)?)?;
    refuse_given([
        ("ImageConfig", &input.image_config, "Stepwell runs no container images"),
        ("FileSystemConfigs", &input.file_system_configs, "Stepwell mounts no file systems"),
        ("CapacityProviderConfig", &input.capacity_provider_config, "Stepwell has no capacity providers"),
        ("DurableConfig", &input.durable_config, "Stepwell runs no durable functions yet"),
    ])?;
    refuse_layers(input.layers.as_ref())?;
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

/// The status is part of the answer: 204, since nothing is left to be done.
pub(crate) async fn delete(call: Call, input: DeleteFunctionRequest) -> Result<Answer, ApiError> {
    let arn = resolve(&call.scope, &input.function_name, input.qualifier.as_deref())?;
    call.engine.delete_function(&call.scope, &arn).await?;
    Answer::json(204, &DeleteFunctionResponse {})
}

pub(crate) async fn list(call: Call, input: ListFunctionsRequest) -> Result<ListFunctionsResponse, ApiError> {
    let page = page(input.max_items, input.marker.as_deref());
    let functions = call.engine.list_functions(&call.scope, &page).await?;
    let mut entries = Vec::with_capacity(functions.entries.len());
    for function in functions.entries {
        match input.function_version {
            // `FunctionVersion=ALL`: `$LATEST` and each published version, by qualified ARNs.
            Some(FunctionVersion::All) => entries.extend(versions(&call, &function).await?),
            None => entries.push(listed(function)),
        }
    }
    Ok(ListFunctionsResponse { next_marker: functions.next_token.map(Into::into), functions: Some(entries) })
}

/// The first versions of a function, `$LATEST` among them.
async fn versions(call: &Call, function: &Configuration) -> Result<Vec<FunctionConfiguration>, ApiError> {
    let arn = FunctionArn { qualifier: None, ..function.arn.clone() };
    let versions = call.engine.list_versions(&call.scope, &arn, &PageRequest::default()).await?;
    Ok(versions.entries.into_iter().map(listed).collect())
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

/// A function is created by its own account.
pub(crate) fn own(scope: &Scope, arn: &FunctionArn) -> Result<(), ApiError> {
    if arn.account == scope.account {
        return Ok(());
    }
    let (owner, caller) = (arn.account, scope.account);
    Err(ApiError::forbidden(format!("Account {caller} cannot create functions of account {owner}")))
}

/// A change concerns the function, never one version.
pub(crate) fn unqualified(arn: FunctionArn) -> Result<FunctionArn, ApiError> {
    match arn.qualifier {
        None | Some(FunctionQualifier::Latest) => Ok(FunctionArn { qualifier: None, ..arn }),
        Some(FunctionQualifier::Version(_) | FunctionQualifier::Alias(_)) => {
            Err(invalid("This operation does not take a qualifier: only $LATEST can be changed"))
        }
    }
}

/// Refuses what Stepwell has nothing for, unless it asks for nothing.
fn refuse_given<const N: usize>(members: [(&str, &Option<Value>, &str); N]) -> Result<(), ApiError> {
    let asks = |value: &Value| match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::Bool(_) | Value::I64(_) | Value::U64(_) | Value::F64(_) | Value::Str(_) => true,
    };
    match members.iter().find(|(_, value, _)| value.as_ref().is_some_and(asks)) {
        Some((name, _, why)) => Err(invalid(&format!("{why}: leave {name} out"))),
        None => Ok(()),
    }
}

/// There are no layers, so that each one that is named does not exist.
fn refuse_layers(layers: Option<&Value>) -> Result<(), ApiError> {
    match layers.and_then(|layers| layers.get_index(0)) {
        Some(layer) => {
            Err(invalid(&format!("Layer version {} does not exist.", layer.as_str().unwrap_or_default())))
        }
        None => Ok(()),
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
