//! `Retry` and `Catch`.

use super::object::{self, Object, wrong_type};
use super::{Context, Lower, fields};
use crate::definition::{Catcher, JitterStrategy, QueryLanguage, ResultPath, Retrier};
use crate::diagnostic::{Code, Severity};
use crate::place::{Findings, Place};
use crate::reachability::Exits;
use crate::suggest::did_you_mean;
use stepwell_types::{ErrorName, Value};

/// `MaxAttempts`, `IntervalSeconds`. Source: ASL.
const RETRY_MAX: u64 = 99_999_999;
/// `MaxDelaySeconds`. Source: ASL, one leap year.
const RETRY_DELAY_SECONDS_MAX: u64 = 31_622_400;

/// The error names that the language reserves.
const RESERVED: &[&str] = &[
    "States.ALL",
    "States.BranchFailed",
    "States.DataLimitExceeded",
    "States.ExceedToleratedFailureThreshold",
    "States.HeartbeatTimeout",
    "States.IntrinsicFailure",
    "States.ItemReaderFailed",
    "States.NoChoiceMatched",
    "States.ParameterPathFailure",
    "States.Permissions",
    "States.QueryEvaluationError",
    "States.ResultPathMatchFailure",
    "States.ResultWriterFailed",
    "States.Runtime",
    "States.TaskFailed",
    "States.Timeout",
];

impl<'t> Lower<'t> {
    pub(super) fn retriers(&mut self, state: Object<'t, '_>) -> Vec<Retrier> {
        let entries = state.array(&mut self.findings, "Retry").unwrap_or_default();
        let list_at = state.at.field("Retry");
        let read = |(n, value): (usize, &'t Value)| {
            let at = list_at.item(n);
            let findings = &mut self.findings;
            let object = object::object(findings, value, &at)?;
            fields::check(findings, object, &[fields::RETRIER], QueryLanguage::JsonPath);
            let error_equals = error_equals(findings, object, n + 1 == entries.len());
            let comment = object.comment(findings);
            let interval_seconds = object.integer(findings, "IntervalSeconds", 0..=RETRY_MAX).unwrap_or(1);
            let max_attempts = object.integer(findings, "MaxAttempts", 0..=RETRY_MAX).unwrap_or(3);
            let backoff_rate = backoff_rate(findings, object);
            let max_delay_seconds = object.integer(findings, "MaxDelaySeconds", 1..=RETRY_DELAY_SECONDS_MAX);
            if max_delay_seconds.is_some_and(|most| most <= interval_seconds) {
                let message = "MaxDelaySeconds must be greater than IntervalSeconds";
                findings.schema(message, &at.field("MaxDelaySeconds"));
            }
            let jitter = match object.word(findings, "JitterStrategy", &["NONE", "FULL"]) {
                Some("FULL") => JitterStrategy::Full,
                _ => JitterStrategy::None,
            };
            Some(Retrier {
                comment,
                error_equals: error_equals?,
                interval_seconds,
                max_attempts,
                backoff_rate,
                max_delay_seconds,
                jitter,
            })
        };
        entries.iter().enumerate().filter_map(read).collect()
    }

    pub(super) fn catchers(
        &mut self,
        state: Object<'t, '_>,
        context: &Context<'_, 't>,
        exits: &mut Exits,
    ) -> Vec<Catcher> {
        let entries = state.array(&mut self.findings, "Catch").unwrap_or_default();
        let list_at = state.at.field("Catch");
        let mut catchers = Vec::with_capacity(entries.len());
        for (n, value) in entries.iter().enumerate() {
            let at = list_at.item(n);
            let Some(object) = object::object(&mut self.findings, value, &at) else {
                exits.unknown = true;
                continue;
            };
            fields::check(&mut self.findings, object, &[fields::CATCHER], context.language);
            object.require(&mut self.findings, &["ErrorEquals", "Next"]);
            let error_equals = if object.has("ErrorEquals") {
                error_equals(&mut self.findings, object, n + 1 == entries.len())
            } else {
                None
            };
            let comment = object.comment(&mut self.findings);
            let result_path = match context.language {
                QueryLanguage::JsonPath => object.result_path(&mut self.findings),
                QueryLanguage::Jsonata => ResultPath::Replace,
            };
            let assign = object.assign(&mut self.findings, context);
            let output = match context.language {
                QueryLanguage::JsonPath => None,
                QueryLanguage::Jsonata => object.template(&mut self.findings, "Output", context.language),
            };
            let next = self.target_field(object, "Next", context, exits);
            if let (Some(error_equals), Some(next)) = (error_equals, next) {
                catchers.push(Catcher { comment, error_equals, next, result_path, assign, output });
            }
        }
        catchers
    }
}

fn backoff_rate(findings: &mut Findings, retrier: Object<'_, '_>) -> f64 {
    const DEFAULT: f64 = 2.0;
    let Some(value) = retrier.get("BackoffRate") else { return DEFAULT };
    let at = retrier.at.field("BackoffRate");
    match value.as_f64() {
        None => {
            wrong_type(findings, "Number", &at);
            DEFAULT
        }
        Some(rate) if rate < 1.0 => {
            findings.schema("Minimum value is 1.0", &at);
            DEFAULT
        }
        Some(rate) => rate,
    }
}

/// `ErrorEquals`: not empty; `States.ALL` alone, and in the last entry.
fn error_equals(
    findings: &mut Findings,
    object: Object<'_, '_>,
    is_last_entry: bool,
) -> Option<Vec<ErrorName>> {
    const NAME: &str = "ErrorEquals";
    if !object.require(findings, &[NAME]) {
        return None;
    }
    let names = object.filled_array(findings, NAME)?;
    let list_at = object.at.field(NAME);
    let mut errors = Vec::with_capacity(names.len());
    for (n, value) in names.iter().enumerate() {
        let at = list_at.item(n);
        let Some(name) = value.as_str() else {
            wrong_type(findings, "String", &at);
            continue;
        };
        if name == ErrorName::ALL.as_str() {
            if names.len() > 1 || !is_last_entry {
                findings.schema("States.ALL must appear alone and at end of list", &at);
            }
        } else {
            check_reserved(findings, name, &at);
        }
        errors.push(ErrorName::from(name));
    }
    Some(errors)
}

/// The language reserves names that begin with `States.`, but AWS accepts any in a matcher.
fn check_reserved(findings: &mut Findings, name: &str, at: &Place<'_>) {
    if name.starts_with("States.") && !name.starts_with("States.Http.") && !RESERVED.contains(&name) {
        findings.add(
            Severity::Warning,
            Code::SchemaValidationFailed,
            format!("'{name}' is not a known error name, and names that begin with 'States.' are reserved"),
            at,
            at,
            did_you_mean(name, RESERVED.iter().copied()),
        );
    }
}

/// `ToleratedFailurePercentage`: a number between 0 and 100.
pub(super) fn percentage(findings: &mut Findings, value: &Value, at: &Place<'_>) -> Option<f64> {
    match value.as_f64() {
        None => wrong_type(findings, "Number", at),
        Some(number) if number < 0.0 => findings.schema("Minimum value is 0.0", at),
        Some(number) if number > 100.0 => findings.schema("Maximum value is 100.0", at),
        Some(number) => return Some(number),
    }
    None
}
