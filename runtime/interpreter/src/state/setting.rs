//! Numbers and instants that a `…Path` field finds; each field has its own words for what it cannot use.

use crate::context::Surroundings;
use crate::query::{self, Found, SettingError};
use stepwell_asl::definition::Setting;
use stepwell_types::{Failure, Payload, Timestamp, Value};

/// `SecondsPath`, `TimeoutSecondsPath`, `HeartbeatSecondsPath`: an integer, as a number or as a text.
pub(crate) fn seconds(
    at: &Surroundings<'_>,
    field: &str,
    setting: &Setting<u64>,
    data: &Payload,
) -> Result<u64, Failure> {
    let (path, value) = match query::setting(at, field, setting, data) {
        Ok(Found::Fixed(seconds)) => return Ok(*seconds),
        Ok(Found::Value(path, value)) => (path.text(), value),
        Err(error) => return Err(no_reference(at, field, error)),
    };
    let number = match integer(&value) {
        Some(number) => number,
        None => {
            let cause = format!(
                "The {field} parameter cannot be parsed as a long value: {path} == {}",
                plain(&value)
            );
            return Err(query::runtime(at, &cause));
        }
    };
    u64::try_from(number).map_err(|_| {
        query::runtime(at, &format!("The {field} parameter references a negative value: {path} == {number}"))
    })
}

/// `TimestampPath`: RFC 3339 with an upper-case `T` and a zone.
pub(crate) fn timestamp(
    at: &Surroundings<'_>,
    setting: &Setting<Timestamp>,
    data: &Payload,
) -> Result<Timestamp, Failure> {
    let (path, value) = match query::setting(at, "TimestampPath", setting, data) {
        Ok(Found::Fixed(timestamp)) => return Ok(*timestamp),
        Ok(Found::Value(path, value)) => (path.text(), value),
        Err(error) => return Err(no_reference(at, "TimestampPath", error)),
    };
    value.as_str().and_then(|text| Timestamp::parse_rfc3339(text).ok()).ok_or_else(|| {
        let cause = format!(
            "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format \
             string: {path} == {}",
            plain(&value)
        );
        query::runtime(at, &cause)
    })
}

/// `MaxConcurrencyPath`, `ToleratedFailureCountPath`: an integer from 0, as a number or as a text. `negative` words
/// what is below that.
pub(crate) fn count(
    at: &Surroundings<'_>,
    field: &str,
    setting: &Setting<u64>,
    data: &Payload,
    negative: impl FnOnce(i64) -> String,
) -> Result<u64, Failure> {
    match query::setting(at, field, setting, data).map_err(|error| error.into_failure(at))? {
        Found::Fixed(count) => Ok(*count),
        Found::Value(path, value) => {
            let number =
                integer(&value).ok_or_else(|| not_valid(at, field, &value, "integer", path.text()))?;
            u64::try_from(number).map_err(|_| query::runtime(at, &negative(number)))
        }
    }
}

/// `ToleratedFailurePercentagePath`: a number from 0 to 100, as a number or as a text.
pub(crate) fn percentage(
    at: &Surroundings<'_>,
    field: &str,
    setting: &Setting<f64>,
    data: &Payload,
) -> Result<f64, Failure> {
    match query::setting(at, field, setting, data).map_err(|error| error.into_failure(at))? {
        Found::Fixed(percentage) => Ok(*percentage),
        Found::Value(path, value) => {
            let number = value.as_f64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
            let number = number.ok_or_else(|| not_valid(at, field, &value, "float", path.text()))?;
            if (0.0..=100.0).contains(&number) {
                Ok(number)
            } else {
                Err(query::runtime(at, "ToleratedFailurePercentage must be between 0 and 100."))
            }
        }
    }
}

fn no_reference(at: &Surroundings<'_>, field: &str, error: SettingError<'_>) -> Failure {
    match error {
        SettingError::Path(path, _) => query::runtime(
            at,
            &format!("The {field} parameter does not reference an input value: {}", path.text()),
        ),
        SettingError::Failure(failure) => failure,
    }
}

fn not_valid(at: &Surroundings<'_>, field: &str, value: &Value, kind: &str, path: &str) -> Failure {
    let value = plain(value);
    query::runtime(
        at,
        &format!("The {field} field refers to value \"{value}\" which is not a valid {kind}: {path}"),
    )
}

fn integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str().and_then(|text| text.parse().ok()))
}

/// A string as it is, anything else as JSON.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_json(), str::to_owned)
}
