//! Published versions of functions.

use super::configuration::{described, listed};
use super::function::page;
use super::name::resolve;
use crate::error::ApiError;
use crate::generated::lambda::{
    FunctionConfiguration, ListVersionsByFunctionRequest, ListVersionsByFunctionResponse,
    PublishVersionRequest,
};
use crate::operation::Call;
use stepwell_engine::function::Expected;

pub(crate) async fn publish(
    call: Call,
    input: PublishVersionRequest,
) -> Result<FunctionConfiguration, ApiError> {
    let arn = resolve(&call.scope, &input.function_name, None)?;
    let expected = Expected { revision_id: input.revision_id, code_sha256: input.code_sha256 };
    Ok(described(call.engine.publish_version(&call.scope, &arn, input.description, expected).await?))
}

pub(crate) async fn list(
    call: Call,
    input: ListVersionsByFunctionRequest,
) -> Result<ListVersionsByFunctionResponse, ApiError> {
    let arn = resolve(&call.scope, &input.function_name, None)?;
    let page = page(input.max_items, input.marker.as_deref());
    let versions = call.engine.list_versions(&call.scope, &arn, &page).await?;
    Ok(ListVersionsByFunctionResponse {
        next_marker: versions.next_token.map(Into::into),
        versions: Some(versions.entries.into_iter().map(listed).collect()),
    })
}
