use super::{ComponentKind, PublishError};
pub(super) struct Checked {
    pub(super) kind: ComponentKind,
    pub(super) denied_imports: Vec<String>,
}
pub(super) fn check(_: &[u8]) -> Result<Checked, PublishError> {
    todo!()
}
