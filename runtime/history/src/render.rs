//! An event as `GetExecutionHistory` shows it.

use crate::event::{AssignedVariables, HistoryEvent, Parameters, TaskCredentials};
use std::sync::Arc;
use stepwell_types::{ErrorName, Map, Payload, Timestamp, Value};

/// Whether inputs and outputs are shown (`includeExecutionData`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExecutionData {
    /// With inputs, outputs and variables.
    Include,
    /// Without them.
    Omit,
}

/// How an instant is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimestampFormat {
    /// A number of seconds with three decimals: the AWS JSON protocols.
    EpochSeconds,
    /// RFC 3339 in UTC.
    Rfc3339,
}

impl TimestampFormat {
    /// The instant in this form.
    #[must_use]
    pub fn render(self, timestamp: Timestamp) -> Value {
        match self {
            Self::EpochSeconds => Value::from_f64(timestamp.as_epoch_seconds()).unwrap_or_default(),
            Self::Rfc3339 => Value::from(timestamp.to_string()),
        }
    }
}

impl HistoryEvent {
    /// The event in the shape of the AWS API's `HistoryEvent`. Texts are shared, not copied.
    #[must_use]
    pub fn render(&self, timestamps: TimestampFormat, data: ExecutionData) -> Value {
        let mut fields = Map::with_capacity(5);
        fields.insert("timestamp", timestamps.render(self.timestamp));
        fields.insert("type", Value::str(self.kind.name()));
        fields.insert("id", Value::from(self.id.0));
        fields.insert("previousEventId", Value::from(self.previous_id.0));
        self.kind.render_details(&mut fields, data);
        Value::object(fields)
    }
}

/// Something that stands under an AWS name within an event's details.
pub(crate) trait Render {
    /// Inserts it, and whatever goes with it, under `name`.
    fn render(&self, into: &mut Map, name: &'static str, data: ExecutionData);
}

impl Render for Arc<str> {
    fn render(&self, into: &mut Map, name: &'static str, _data: ExecutionData) {
        into.insert(name, Value::Str(Self::clone(self)));
    }
}

impl Render for ErrorName {
    fn render(&self, into: &mut Map, name: &'static str, _data: ExecutionData) {
        into.insert(name, Value::str(self.as_str()));
    }
}

impl Render for u64 {
    fn render(&self, into: &mut Map, name: &'static str, _data: ExecutionData) {
        into.insert(name, Value::from(*self));
    }
}

impl Render for Payload {
    fn render(&self, into: &mut Map, name: &'static str, data: ExecutionData) {
        insert_data(into, name, data, || Value::Str(Arc::clone(self.text())));
    }
}

impl Render for AssignedVariables {
    fn render(&self, into: &mut Map, name: &'static str, data: ExecutionData) {
        insert_data(into, name, data, || {
            self.0
                .iter()
                .map(|(name, value)| (Arc::clone(name), Value::Str(Arc::clone(value.text()))))
                .collect::<Map>()
                .into()
        });
    }
}

/// Inserts `NAME` and `NAMEDetails`; the API never truncates.
fn insert_data(into: &mut Map, name: &'static str, data: ExecutionData, value: impl FnOnce() -> Value) {
    if data == ExecutionData::Include {
        into.insert(name, value());
    }
    let details: Map = [("truncated", Value::Bool(false))].into_iter().collect();
    into.insert(format!("{name}Details"), Value::object(details));
}

impl Render for Parameters {
    fn render(&self, into: &mut Map, name: &'static str, data: ExecutionData) {
        // A required member of the API model, so it stays as an empty text where data is left out.
        let text = match data {
            ExecutionData::Include => Arc::clone(self.0.text()),
            ExecutionData::Omit => Arc::from(""),
        };
        into.insert(name, Value::Str(text));
    }
}

impl Render for TaskCredentials {
    fn render(&self, into: &mut Map, name: &'static str, _data: ExecutionData) {
        let role: Map = [("roleArn", Value::Str(Arc::clone(&self.role_arn)))].into_iter().collect();
        into.insert(name, Value::object(role));
    }
}

impl<T: Render> Render for Option<T> {
    fn render(&self, into: &mut Map, name: &'static str, data: ExecutionData) {
        if let Some(value) = self {
            value.render(into, name, data);
        }
    }
}
