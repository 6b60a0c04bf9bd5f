//! Tags of functions.

use super::function::invalid;
use crate::error::ApiError;
use crate::generated::lambda::{
    LambdaError, ListTagsRequest, ListTagsResponse, TagResourceRequest, UntagResourceRequest,
};
use crate::operation::Call;
use stepwell_engine::Tag;
use stepwell_types::FunctionArn;

pub(crate) async fn list(call: Call, input: ListTagsRequest) -> Result<ListTagsResponse, ApiError> {
    let arn = function(&input.resource)?;
    let tags = call.engine.list_function_tags(&call.scope, &arn).await?;
    Ok(ListTagsResponse { tags: Some(tags.into_iter().map(|tag| (tag.key, tag.value)).collect()) })
}

pub(crate) async fn tag(call: Call, input: TagResourceRequest) -> Result<(), ApiError> {
    let arn = function(&input.resource)?;
    if input.tags.is_empty() {
        return Err(invalid("An error occurred and the request cannot be processed."));
    }
    let tags = input.tags.into_iter().map(|(key, value)| Tag { key, value }).collect();
    Ok(call.engine.tag_function(&call.scope, &arn, tags).await?)
}

pub(crate) async fn untag(call: Call, input: UntagResourceRequest) -> Result<(), ApiError> {
    let arn = function(&input.resource)?;
    Ok(call.engine.untag_function(&call.scope, &arn, &input.tag_keys).await?)
}

/// The function that an ARN means. Event sources and the like, which the model allows, too, are not served.
fn function(arn: &str) -> Result<FunctionArn, ApiError> {
    let unknown = |_| {
        let message = format!("The resource you requested does not exist: {arn}");
        ApiError::lambda(LambdaError::ResourceNotFoundException, message)
    };
    arn.parse().map_err(unknown)
}
