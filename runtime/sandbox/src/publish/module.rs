use super::PublishError;
pub(super) fn to_component(_: &[u8]) -> Result<Option<Vec<u8>>, PublishError> {
    todo!()
}
