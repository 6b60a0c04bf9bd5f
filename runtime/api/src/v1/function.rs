//! `/v1/functions`

use super::{V1, json};
use crate::body;
use crate::error::ApiError;
use crate::lambda::name::resolve;
use crate::lambda::{event_text, own, unqualified};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderValue};
use serde::Serialize;
use std::sync::Arc;
use stepwell_engine::function::{
    CodeState, CreateFunction, Expected, FunctionConfiguration, FunctionError, FunctionSettings,
    InvocationType, Invoke, Invoked, UpdateFunctionCode,
};
use stepwell_types::{FunctionArn, Value};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Function {
    arn: String,
    name: Arc<str>,
    version: String,
    /// `Pending`, `Active` or `Failed`.
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Arc<str>>,
    code_size_bytes: u64,
    code_sha256: Arc<str>,
    timeout_seconds: Option<u32>,
    memory_mb: Option<u32>,
    last_modified: String,
}

impl From<FunctionConfiguration> for Function {
    fn from(function: FunctionConfiguration) -> Self {
        let (state, reason) = match function.state {
            CodeState::Pending => ("Pending", None),
            CodeState::Active => ("Active", None),
            CodeState::Failed(reason) => ("Failed", Some(reason)),
        };
        Self {
            arn: function.arn.to_string(),
            name: function.arn.name,
            version: function.version.to_string(),
            state,
            reason,
            code_size_bytes: function.code_size_bytes,
            code_sha256: function.code_sha256,
            timeout_seconds: function.settings.timeout_s,
            memory_mb: function.settings.memory_size_mb,
            last_modified: function.last_modified.to_string(),
        }
    }
}

impl V1 {
    /// The function that the path names, with its qualifier.
    fn function(&self) -> Result<FunctionArn, ApiError> {
        resolve(&self.call.scope, self.segment("name"), self.parameter("qualifier"))
    }
}

/// `PUT /v1/functions/{name}?timeout=&memory=`: creates the function or gives it new code.
pub(crate) async fn put(request: V1) -> Response {
    request
        .answer(async |mut request: V1| {
            request.only(&["timeout", "memory"])?;
            let function = unqualified(request.function()?)?;
            own(&request.call.scope, &function)?;
            let settings = FunctionSettings {
                timeout_s: request.number("timeout")?,
                memory_size_mb: request.number("memory")?,
                ..FunctionSettings::default()
            };
            let code = request.read(body::CODE_BYTES_MAX, "PutFunction").await?;
            let _turn = request.call.uploads.turn().await;
            let code: Arc<[u8]> = Arc::from(&code[..]);
            let (engine, scope) = (&request.call.engine, &request.call.scope);
            let exists = match engine.function(scope, &function).await {
                Ok(_) => true,
                Err(FunctionError::NotFound(_)) => false,
                Err(error) => return Err(error.into()),
            };
            if exists {
                if settings.timeout_s.is_some() || settings.memory_size_mb.is_some() {
                    engine.update_function_settings(scope, &function, settings, Expected::default()).await?;
                }
                let update = UpdateFunctionCode::new(code);
                let updated = engine.update_function_code(scope, &function, update).await?;
                return json(StatusCode::OK, &Function::from(updated));
            }
            let settings = FunctionSettings {
                role: Some(format!("arn:aws:iam::{}:role/stepwell", scope.account).into()),
                ..settings
            };
            let request = CreateFunction {
                name: Arc::clone(&function.name),
                code,
                settings,
                tags: Vec::new(),
                publish: false,
            };
            json(StatusCode::CREATED, &Function::from(engine.create_function(scope, request).await?))
        })
        .await
}

/// `GET /v1/functions/{name}?qualifier=`
pub(crate) async fn get(request: V1) -> Response {
    request
        .answer(async |request: V1| {
            request.only(&["qualifier"])?;
            let function = request.function()?;
            json(
                StatusCode::OK,
                &Function::from(request.call.engine.function(&request.call.scope, &function).await?),
            )
        })
        .await
}

/// `GET /v1/functions/{name}/code?qualifier=`: the component, as it runs.
pub(crate) async fn code(request: V1) -> Response {
    request
        .answer(async |request: V1| {
            request.only(&["qualifier"])?;
            let function = request.function()?;
            let code = request.call.engine.function_code(&request.call.scope, &function).await?;
            Ok(([(CONTENT_TYPE, HeaderValue::from_static("application/wasm"))], code).into_response())
        })
        .await
}

/// `POST /v1/functions/{name}/invoke?qualifier=`: the event in, the result out. A function that fails is a problem
/// with status 502, since the trouble is behind this server's door and not the caller's.
pub(crate) async fn invoke(request: V1) -> Response {
    request
        .answer(async |mut request: V1| {
            request.only(&["qualifier"])?;
            let function = request.function()?;
            let event = event_text(&request.read(body::INVOKE_BYTES_MAX, "InvokeFunction").await?)?;
            request.body.release();
            let invoke = Invoke { function, event, invocation_type: InvocationType::RequestResponse };
            match request.call.engine.invoke(&request.call.scope, invoke).await? {
                Invoked::Ran { payload, function_error: None, .. } => {
                    Ok(([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], payload)
                        .into_response())
                }
                Invoked::Ran { payload, function_error: Some(_), .. } => Err(failed(&payload)),
                Invoked::Accepted | Invoked::Checked => Ok(StatusCode::ACCEPTED.into_response()),
            }
        })
        .await
}

/// The error payload of a function that failed, as a problem.
fn failed(payload: &str) -> ApiError {
    let payload = Value::parse(payload).unwrap_or_default();
    let member = |name: &str| match &payload {
        Value::Object(fields) => fields.get(name).and_then(Value::as_str).map(ToOwned::to_owned),
        _ => None,
    };
    let error = ApiError::function_failed(member("errorMessage").unwrap_or_default());
    match member("errorType") {
        Some(error_type) => error.with("errorType", error_type),
        None => error,
    }
}
