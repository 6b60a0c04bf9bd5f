//! The tables at one instant.

use super::table::{KeyRange, Table};
use crate::port::{Order, ReadError};
use bytes::Bytes;
use std::ops::ControlFlow;

/// What a scan calls for each row: key and value; it may end the scan.
pub type Visit<'a> = dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'a;

/// A consistent view of all tables, as of a group that is durable.
pub trait Snapshot {
    /// One value.
    ///
    /// # Errors
    /// [`ReadError`] if it cannot be read.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Bytes>, ReadError>;

    /// Visits the rows of a range in the given order.
    ///
    /// # Errors
    /// [`ReadError`] if one cannot be read.
    fn scan(
        &self,
        table: Table,
        range: KeyRange,
        order: Order,
        visit: &mut Visit<'_>,
    ) -> Result<(), ReadError>;
}
