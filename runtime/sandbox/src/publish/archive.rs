use super::PublishError;
pub(super) fn component_of(_: &[u8]) -> Result<Vec<u8>, PublishError> {
    todo!()
}
