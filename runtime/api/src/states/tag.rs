//! Tags of state machines.

use crate::error::ApiError;
use crate::generated::states::{
    ListTagsForResourceInput, ListTagsForResourceOutput, StatesError, Tag as WireTag, TagResourceInput,
    TagResourceOutput, UntagResourceInput, UntagResourceOutput,
};
use crate::operation::Call;
use stepwell_engine::Tag;
use stepwell_engine::machine::TagMachineError;
use stepwell_engine::tag::TagError;
use stepwell_types::{ActivityArn, StateMachineArn};

pub(crate) async fn list(
    call: Call,
    input: ListTagsForResourceInput,
) -> Result<ListTagsForResourceOutput, ApiError> {
    let arn = machine(&input.resource_arn)?;
    let tags = call.engine.list_state_machine_tags(&call.scope, &arn).await?;
    let wire = |tag: Tag| WireTag { key: Some(tag.key), value: Some(tag.value) };
    Ok(ListTagsForResourceOutput { tags: Some(tags.into_iter().map(wire).collect()) })
}

pub(crate) async fn tag(call: Call, input: TagResourceInput) -> Result<TagResourceOutput, ApiError> {
    let arn = machine(&input.resource_arn)?;
    let tagged = call.engine.tag_state_machine(&call.scope, &arn, given(input.tags)).await;
    tagged.map_err(|error| match error {
        TagMachineError::Tags(TagError::TooMany) => {
            ApiError::from(error).with("resourceName", &*input.resource_arn)
        }
        error => error.into(),
    })?;
    Ok(TagResourceOutput {})
}

pub(crate) async fn untag(call: Call, input: UntagResourceInput) -> Result<UntagResourceOutput, ApiError> {
    let arn = machine(&input.resource_arn)?;
    call.engine.untag_state_machine(&call.scope, &arn, &input.tag_keys).await?;
    Ok(UntagResourceOutput {})
}

/// Tags as they were given.
pub(crate) fn given(wire: Vec<WireTag>) -> Vec<Tag> {
    let tag = |tag: WireTag| Tag { key: tag.key.unwrap_or_default(), value: tag.value.unwrap_or_default() };
    wire.into_iter().map(tag).collect()
}

/// The machine that an ARN means. There are no activities yet, so that an activity's ARN names nothing.
fn machine(arn: &str) -> Result<StateMachineArn, ApiError> {
    if arn.parse::<ActivityArn>().is_ok() {
        let error = ApiError::states(StatesError::ResourceNotFound, format!("Resource not found: '{arn}'"));
        return Err(error.with("resourceName", arn));
    }
    Ok(arn.parse()?)
}
