//! Which fields an object may have, by state type and query language.

use super::object::Object;
use crate::definition::QueryLanguage;
use crate::diagnostic::{Code, Severity};
use crate::place::Findings;
use crate::suggest::did_you_mean;

/// A field that may be there, and in which query language.
pub(super) type Field = (&'static str, Languages);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Languages {
    Both,
    Only(QueryLanguage),
}

const BOTH: Languages = Languages::Both;
const PATH: Languages = Languages::Only(QueryLanguage::JsonPath);
const JSONATA: Languages = Languages::Only(QueryLanguage::Jsonata);

pub(super) const MACHINE: &[Field] = &[
    ("Comment", BOTH),
    ("StartAt", BOTH),
    ("States", BOTH),
    ("Version", BOTH),
    ("TimeoutSeconds", BOTH),
    ("QueryLanguage", BOTH),
];
pub(super) const BRANCH: &[Field] = &[("Comment", BOTH), ("StartAt", BOTH), ("States", BOTH)];
pub(super) const PROCESSOR: &[Field] =
    &[("Comment", BOTH), ("StartAt", BOTH), ("States", BOTH), ("ProcessorConfig", BOTH)];
pub(super) const PROCESSOR_CONFIG: &[Field] = &[("Mode", BOTH), ("ExecutionType", BOTH)];

const EVERY_STATE: &[Field] = &[("Type", BOTH), ("Comment", BOTH), ("QueryLanguage", BOTH)];
const IN_AND_OUT: &[Field] = &[("InputPath", PATH), ("OutputPath", PATH), ("Output", JSONATA)];
const GOES_ON: &[Field] = &[("Next", BOTH), ("End", BOTH), ("Assign", BOTH)];
const RESULT: &[Field] = &[("ResultSelector", PATH), ("ResultPath", PATH), ("Retry", BOTH), ("Catch", BOTH)];
const ARGUMENTS: &[Field] = &[("Parameters", PATH), ("Arguments", JSONATA)];

const PASS: &[Field] = &[("Result", PATH), ("ResultPath", PATH), ("Parameters", PATH)];
const TASK: &[Field] = &[
    ("Resource", BOTH),
    ("TimeoutSeconds", BOTH),
    ("TimeoutSecondsPath", PATH),
    ("HeartbeatSeconds", BOTH),
    ("HeartbeatSecondsPath", PATH),
    ("Credentials", BOTH),
];
const CHOICE: &[Field] = &[("Choices", BOTH), ("Default", BOTH), ("Assign", BOTH)];
const WAIT: &[Field] =
    &[("Seconds", BOTH), ("SecondsPath", PATH), ("Timestamp", BOTH), ("TimestampPath", PATH)];
const FAIL: &[Field] = &[("Error", BOTH), ("ErrorPath", PATH), ("Cause", BOTH), ("CausePath", PATH)];
const PARALLEL: &[Field] = &[("Branches", BOTH)];
const MAP: &[Field] = &[
    ("ItemProcessor", BOTH),
    ("Iterator", BOTH),
    ("ItemsPath", PATH),
    ("Items", JSONATA),
    ("ItemSelector", BOTH),
    ("Parameters", PATH),
    ("MaxConcurrency", BOTH),
    ("MaxConcurrencyPath", PATH),
    ("ToleratedFailureCount", BOTH),
    ("ToleratedFailureCountPath", PATH),
    ("ToleratedFailurePercentage", BOTH),
    ("ToleratedFailurePercentagePath", PATH),
    ("ItemReader", BOTH),
    ("ItemBatcher", BOTH),
    ("ResultWriter", BOTH),
    ("Label", BOTH),
];

/// The eight values of `Type`, in the order in which AWS lists them.
pub(super) const STATE_TYPES: &[&str] =
    &["Task", "Wait", "Pass", "Succeed", "Fail", "Choice", "Parallel", "Map"];

/// The fields of a state of this type.
pub(super) fn of_state(state_type: &str) -> Vec<&'static [Field]> {
    match state_type {
        "Task" => vec![EVERY_STATE, IN_AND_OUT, GOES_ON, RESULT, ARGUMENTS, TASK],
        "Pass" => vec![EVERY_STATE, IN_AND_OUT, GOES_ON, PASS],
        "Choice" => vec![EVERY_STATE, IN_AND_OUT, CHOICE],
        "Wait" => vec![EVERY_STATE, IN_AND_OUT, GOES_ON, WAIT],
        "Succeed" => vec![EVERY_STATE, IN_AND_OUT],
        "Fail" => vec![EVERY_STATE, FAIL],
        "Parallel" => vec![EVERY_STATE, IN_AND_OUT, GOES_ON, RESULT, ARGUMENTS, PARALLEL],
        "Map" => vec![EVERY_STATE, IN_AND_OUT, GOES_ON, RESULT, MAP],
        _ => vec![EVERY_STATE],
    }
}

pub(super) const RETRIER: &[Field] = &[
    ("ErrorEquals", BOTH),
    ("IntervalSeconds", BOTH),
    ("MaxAttempts", BOTH),
    ("BackoffRate", BOTH),
    ("MaxDelaySeconds", BOTH),
    ("JitterStrategy", BOTH),
    ("Comment", BOTH),
];
pub(super) const CATCHER: &[Field] = &[
    ("ErrorEquals", BOTH),
    ("Next", BOTH),
    ("ResultPath", PATH),
    ("Assign", BOTH),
    ("Output", JSONATA),
    ("Comment", BOTH),
];
pub(super) const JSONATA_RULE: &[Field] = &[
    ("Condition", JSONATA),
    ("Next", BOTH),
    ("Assign", BOTH),
    ("Output", JSONATA),
    ("Comment", BOTH),
    ("And", PATH),
    ("Or", PATH),
    ("Not", PATH),
    ("Variable", PATH),
];

/// A field of the JSONPath language.
pub(super) fn json_path_only(name: &'static str) -> Field {
    (name, PATH)
}

pub(super) const ITEM_READER: &[Field] =
    &[("Resource", BOTH), ("ReaderConfig", BOTH), ("Parameters", PATH), ("Arguments", JSONATA)];
pub(super) const READER_CONFIG: &[Field] = &[
    ("InputType", BOTH),
    ("Transformation", BOTH),
    ("ManifestType", BOTH),
    ("CSVDelimiter", BOTH),
    ("CSVHeaderLocation", BOTH),
    ("CSVHeaders", BOTH),
    ("MaxItems", BOTH),
    ("MaxItemsPath", PATH),
    ("ItemsPointer", BOTH),
];
pub(super) const ITEM_BATCHER: &[Field] = &[
    ("BatchInput", BOTH),
    ("MaxItemsPerBatch", BOTH),
    ("MaxItemsPerBatchPath", PATH),
    ("MaxInputBytesPerBatch", BOTH),
    ("MaxInputBytesPerBatchPath", PATH),
];
pub(super) const RESULT_WRITER: &[Field] =
    &[("Resource", BOTH), ("WriterConfig", BOTH), ("Parameters", PATH), ("Arguments", JSONATA)];
pub(super) const WRITER_CONFIG: &[Field] = &[("Transformation", BOTH), ("OutputType", BOTH)];

/// Reports each field of an object that may not be there.
pub(super) fn check(
    findings: &mut Findings,
    object: Object<'_, '_>,
    allowed: &[&[Field]],
    language: QueryLanguage,
) {
    for key in object.map.keys() {
        let rule = allowed.iter().copied().flatten().find(|(name, _)| **name == **key);
        let (message, help) = match rule {
            Some((_, Languages::Both)) => continue,
            Some((_, Languages::Only(only))) if *only == language => continue,
            Some((_, Languages::Only(only))) => (
                format!(
                    "The QueryLanguage is set to '{}', but field '{key}' is only supported for the '{}' \
                     QueryLanguage",
                    language.as_str(),
                    only.as_str()
                ),
                None,
            ),
            None => {
                let names = allowed.iter().copied().flatten().map(|(name, _)| *name);
                (format!("Field '{key}' is not supported"), did_you_mean(key, names))
            }
        };
        findings.add(
            Severity::Error,
            Code::SchemaValidationFailed,
            message,
            object.at,
            &object.at.field(key),
            help,
        );
    }
}
