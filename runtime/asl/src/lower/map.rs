//! The Map state, inline and distributed.

use super::object::{self, Object, wrong_type};
use super::retry::percentage;
use super::template::setting_expression;
use super::{Context, FlowForm, Lower, fields};
use crate::definition::{
    DistributedMap, ItemBatcher, ItemProcessorForm, ItemReader, MapMode, MapState, QueryLanguage,
    ResultWriter, Setting, Template, WorkflowType,
};
use crate::diagnostic::{Code, Severity};
use crate::place::{Findings, Place};
use std::ops::RangeInclusive;
use std::rc::Rc;
use std::sync::Arc;
use stepwell_jsonpath::{Path, Root};
use stepwell_types::Value;
use stepwell_types::quota::PAYLOAD_BYTES_MAX;

/// `ReaderConfig.MaxItems`. Source: AWS.
const READER_ITEMS_MAX: u64 = 100_000_000;
/// Characters of a `Label`. Source: AWS.
const LABEL_CHARS_MAX: usize = 40;
/// Any count that a definition may give; greater ones could not be told apart in practice.
const COUNT_MAX: u64 = i64::MAX as u64;
/// Fields that only a Distributed Map has.
const DISTRIBUTED_ONLY: &[&str] = &["ItemReader", "ItemBatcher", "ResultWriter", "Label"];

impl<'t> Lower<'t> {
    pub(super) fn map(&mut self, state: Object<'t, '_>, context: &Context<'_, 't>) -> Option<MapState> {
        let language = context.language;
        let json_path = language == QueryLanguage::JsonPath;
        let findings = &mut self.findings;
        let items_path = if json_path { state.reference(findings, "ItemsPath") } else { None };
        let items = if json_path { None } else { items(findings, state) };
        let selector = if json_path {
            state.at_most_one(findings, &["ItemSelector", "Parameters"]).unwrap_or("ItemSelector")
        } else {
            "ItemSelector"
        };
        let item_selector = state.template(findings, selector, language);
        let max_concurrency =
            count(findings, state, "MaxConcurrency", "MaxConcurrencyPath", language, 0..=COUNT_MAX)
                .unwrap_or(Setting::Fixed(0));
        let tolerated_failure_count = count(
            findings,
            state,
            "ToleratedFailureCount",
            "ToleratedFailureCountPath",
            language,
            0..=COUNT_MAX,
        );
        let tolerated_failure_percentage = tolerated_percentage(findings, state, language);

        let name = state.exactly_one(findings, &["ItemProcessor", "Iterator"])?;
        let form =
            if name == "Iterator" { ItemProcessorForm::Iterator } else { ItemProcessorForm::ItemProcessor };
        let at = state.at.field(name);
        let processor = object::object(findings, state.get(name)?, &at)?;
        let children = self.processor_config(processor);
        let (mode, workflow) = match children {
            None => {
                for field in DISTRIBUTED_ONLY.iter().filter(|field| state.has(field)) {
                    let message = format!("Field '{field}' has no effect without the mode DISTRIBUTED");
                    let at = state.at.field(field);
                    self.findings.warning(Code::SchemaValidationFailed, message, &at);
                }
                (MapMode::Inline, context.workflow)
            }
            Some(execution_type) => {
                if context.workflow == WorkflowType::Express {
                    let message = "The field 'Mode' with value 'DISTRIBUTED' is not supported inside 'EXPRESS' state machines";
                    self.findings.schema(message, &at.field("ProcessorConfig").field("Mode"));
                }
                (
                    MapMode::Distributed(Box::new(self.distributed(state, language, execution_type))),
                    execution_type,
                )
            }
        };
        // The children of a Distributed Map are executions of their own and see no variables of their parent.
        let outer = match mode {
            MapMode::Inline => Some(Rc::clone(context.scope)),
            MapMode::Distributed(_) => None,
        };
        let processor =
            self.flow_later(processor.map, FlowForm::Processor, &at, Some(context.state), workflow, outer);
        Some(MapState {
            form,
            processor,
            mode,
            items_path,
            items,
            item_selector,
            max_concurrency,
            tolerated_failure_count,
            tolerated_failure_percentage,
        })
    }

    /// The kind of the child executions; `None` for an inline Map.
    fn processor_config(&mut self, processor: Object<'t, '_>) -> Option<WorkflowType> {
        let findings = &mut self.findings;
        let at = processor.at.field("ProcessorConfig");
        let config = object::object(findings, processor.get("ProcessorConfig")?, &at)?;
        fields::check(findings, config, &[fields::PROCESSOR_CONFIG], QueryLanguage::JsonPath);
        let mode = config.word(findings, "Mode", &["INLINE", "DISTRIBUTED"]);
        let execution_type = config.word(findings, "ExecutionType", &["STANDARD", "EXPRESS"]);
        if mode != Some("DISTRIBUTED") {
            if execution_type.is_some() {
                let message = "Field 'ExecutionType' is not supported";
                let field = at.field("ExecutionType");
                findings.add(
                    Severity::Error,
                    Code::SchemaValidationFailed,
                    message.to_owned(),
                    &at,
                    &field,
                    None,
                );
            }
            return None;
        }
        config.require(findings, &["ExecutionType"]);
        Some(if execution_type == Some("EXPRESS") { WorkflowType::Express } else { WorkflowType::Standard })
    }

    fn distributed(
        &mut self,
        state: Object<'t, '_>,
        language: QueryLanguage,
        execution_type: WorkflowType,
    ) -> DistributedMap {
        let label = state.text(&mut self.findings, "Label").cloned();
        if let Some(label) = state.get("Label").and_then(Value::as_str) {
            self.label(label, state);
        }
        let findings = &mut self.findings;
        DistributedMap {
            execution_type,
            label,
            item_reader: item_reader(findings, state, language),
            item_batcher: item_batcher(findings, state, language),
            result_writer: result_writer(findings, state, language),
        }
    }

    fn label(&mut self, label: &'t str, state: Object<'_, '_>) {
        let at = state.at.field("Label");
        if label.chars().count() > LABEL_CHARS_MAX || stepwell_types::Name::new(label).is_err() {
            let message = if label.chars().count() > LABEL_CHARS_MAX {
                format!(
                    "Label '{label}' exceeds the {LABEL_CHARS_MAX}-character limit allowed by the service"
                )
            } else {
                format!("Label '{label}' is empty or contains invalid characters")
            };
            self.findings.error(Code::InvalidLabelName, message, &at);
        }
        if !self.labels.insert(label) {
            self.findings.error(Code::DuplicateLabelName, format!("Duplicate Label name: {label}"), &at);
        }
    }
}

/// `Items` (JSONata): an array, an object or an expression.
fn items(findings: &mut Findings, state: Object<'_, '_>) -> Option<Template> {
    let value = state.get("Items")?;
    let at = state.at.field("Items");
    match value {
        Value::Array(_) | Value::Object(_) => state.template(findings, "Items", QueryLanguage::Jsonata),
        Value::Str(text) => {
            setting_expression(findings, text, QueryLanguage::Jsonata, "Array", &at)?;
            Some(Template::Jsonata(value.clone()))
        }
        Value::Null | Value::Bool(_) | Value::I64(_) | Value::U64(_) | Value::F64(_) => {
            wrong_type(findings, "Array", &at);
            None
        }
    }
}

/// A number of a Map state; unlike other references its path may not lead into the context object.
fn count(
    findings: &mut Findings,
    object: Object<'_, '_>,
    name: &str,
    path_name: &str,
    language: QueryLanguage,
    range: RangeInclusive<u64>,
) -> Option<Setting<u64>> {
    let setting = object.setting(findings, name, path_name, language, range);
    if let Some(Setting::Path(path)) = &setting {
        refuse_context(findings, Some(path), &object.at.field(path_name));
    }
    setting
}

fn refuse_context(findings: &mut Findings, path: Option<&Path>, at: &Place<'_>) {
    if path.is_some_and(|path| *path.root() == Root::Context) {
        findings.schema("Value is not a Reference Path", at);
    }
}

fn tolerated_percentage(
    findings: &mut Findings,
    state: Object<'_, '_>,
    language: QueryLanguage,
) -> Option<Setting<f64>> {
    let (name, path_name) = ("ToleratedFailurePercentage", "ToleratedFailurePercentagePath");
    state.at_most_one(findings, &[name, path_name]);
    if state.has(path_name) {
        let path = state.reference(findings, path_name);
        refuse_context(findings, path.as_ref(), &state.at.field(path_name));
        return path.map(Setting::Path);
    }
    let at = state.at.field(name);
    match state.get(name)? {
        Value::Str(text) => setting_expression(findings, text, language, "Number", &at).map(Setting::Jsonata),
        value => percentage(findings, value, &at).map(Setting::Fixed),
    }
}

/// `Parameters` or `Arguments`, whichever the language has.
fn arguments(findings: &mut Findings, object: Object<'_, '_>, language: QueryLanguage) -> Option<Template> {
    let name = match language {
        QueryLanguage::JsonPath => "Parameters",
        QueryLanguage::Jsonata => "Arguments",
    };
    object.template(findings, name, language)
}

/// `Resource` of a reader or a writer: one of a few calls.
fn service_resource(findings: &mut Findings, object: Object<'_, '_>, calls: &[&str]) -> Option<Arc<str>> {
    let text = object.text(findings, "Resource")?;
    let (head, call) = text.split_once(":states:::").unwrap_or_default();
    if !head.starts_with("arn:") || !calls.contains(&call) {
        let message = "The field 'Resource' does not match any of the allowed values";
        findings.schema(message, &object.at.field("Resource"));
    }
    Some(Arc::clone(text))
}

fn item_reader(
    findings: &mut Findings,
    state: Object<'_, '_>,
    language: QueryLanguage,
) -> Option<ItemReader> {
    let at = state.at.field("ItemReader");
    let reader = object::object(findings, state.get("ItemReader")?, &at)?;
    fields::check(findings, reader, &[fields::ITEM_READER], language);
    reader.require(findings, &["Resource"]);
    let resource = service_resource(findings, reader, &["s3:getObject", "s3:listObjectsV2"]);
    let parameters = arguments(findings, reader, language);
    let config_at = at.field("ReaderConfig");
    let config = reader.get("ReaderConfig").and_then(|value| object::object(findings, value, &config_at));
    let max_items = config.and_then(|config| reader_config(findings, config, language));
    let config = reader.get("ReaderConfig").cloned();
    Some(ItemReader { resource: resource?, config, max_items, parameters })
}

/// Checks a reader's options; gives `MaxItems`, which may have to be looked up.
fn reader_config(
    findings: &mut Findings,
    config: Object<'_, '_>,
    language: QueryLanguage,
) -> Option<Setting<u64>> {
    fields::check(findings, config, &[fields::READER_CONFIG], language);
    let input_type = config.word(findings, "InputType", &["CSV", "JSON", "JSONL", "PARQUET", "MANIFEST"]);
    config.word(findings, "Transformation", &["NONE", "LOAD_AND_FLATTEN"]);
    config.word(findings, "ManifestType", &["ATHENA_DATA", "S3_INVENTORY"]);
    config.word(findings, "CSVDelimiter", &["COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB"]);
    let header = config.word(findings, "CSVHeaderLocation", &["FIRST_ROW", "GIVEN"]);
    match (input_type, header) {
        (Some("CSV"), None) if !config.has("CSVHeaderLocation") => {
            findings.schema("The field 'CSVHeaderLocation' is required", config.at);
        }
        (Some("JSON"), Some(_)) => {
            let message = "Field 'CSVHeaderLocation' is not supported".to_owned();
            let field = config.at.field("CSVHeaderLocation");
            findings.add(Severity::Error, Code::SchemaValidationFailed, message, config.at, &field, None);
        }
        _ => {}
    }
    if header == Some("GIVEN") {
        config.require(findings, &["CSVHeaders"]);
    }
    if let Some(headers) = config.filled_array(findings, "CSVHeaders") {
        let at = config.at.field("CSVHeaders");
        for (n, _) in headers.iter().enumerate().filter(|(_, header)| header.as_str().is_none()) {
            wrong_type(findings, "String", &at.item(n));
        }
    }
    config.text(findings, "ItemsPointer");
    count(findings, config, "MaxItems", "MaxItemsPath", language, 0..=READER_ITEMS_MAX)
}

fn item_batcher(
    findings: &mut Findings,
    state: Object<'_, '_>,
    language: QueryLanguage,
) -> Option<ItemBatcher> {
    let at = state.at.field("ItemBatcher");
    let batcher = object::object(findings, state.get("ItemBatcher")?, &at)?;
    fields::check(findings, batcher, &[fields::ITEM_BATCHER], language);
    let batch_input = batcher.template(findings, "BatchInput", language);
    let max_items_per_batch =
        count(findings, batcher, "MaxItemsPerBatch", "MaxItemsPerBatchPath", language, 0..=COUNT_MAX);
    let max_input_bytes_per_batch = count(
        findings,
        batcher,
        "MaxInputBytesPerBatch",
        "MaxInputBytesPerBatchPath",
        language,
        0..=PAYLOAD_BYTES_MAX as u64,
    );
    let limits =
        ["MaxItemsPerBatch", "MaxItemsPerBatchPath", "MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath"];
    if !limits.iter().any(|name| batcher.has(name)) {
        findings.schema("MaxItemsPerBatch, MaxInputBytesPerBatch or both are required", &at);
    }
    Some(ItemBatcher { batch_input, max_items_per_batch, max_input_bytes_per_batch })
}

fn result_writer(
    findings: &mut Findings,
    state: Object<'_, '_>,
    language: QueryLanguage,
) -> Option<ResultWriter> {
    let at = state.at.field("ResultWriter");
    let writer = object::object(findings, state.get("ResultWriter")?, &at)?;
    fields::check(findings, writer, &[fields::RESULT_WRITER], language);
    if !writer.has("Resource") && !writer.has("WriterConfig") {
        writer.require(findings, &["Resource"]);
    }
    let resource = service_resource(findings, writer, &["s3:putObject"]);
    let parameters = arguments(findings, writer, language);
    let config_at = at.field("WriterConfig");
    if let Some(config) =
        writer.get("WriterConfig").and_then(|value| object::object(findings, value, &config_at))
    {
        fields::check(findings, config, &[fields::WRITER_CONFIG], language);
        config.word(findings, "Transformation", &["NONE", "COMPACT", "FLATTEN"]);
        config.word(findings, "OutputType", &["JSON", "JSONL"]);
    }
    let config = writer.get("WriterConfig").cloned();
    Some(ResultWriter { resource, config, parameters })
}
