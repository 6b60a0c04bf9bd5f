//! The Map state, inline and distributed.

use super::{FlowIdx, Setting, Template};
use std::sync::Arc;
use stepwell_jsonpath::Path;
use stepwell_types::Value;

/// What is particular to a Map state; its result selector, retriers and catchers are in [`super::State`].
#[derive(Clone, Debug)]
pub struct MapState {
    /// Whether the definition uses `ItemProcessor` or the older `Iterator`.
    pub form: ItemProcessorForm,
    /// What runs for each item.
    pub processor: FlowIdx,
    /// Where iterations run.
    pub mode: MapMode,
    /// `ItemsPath` (JSONPath): where the array is in the effective input; `None` is the input itself.
    pub items_path: Option<Path>,
    /// `Items` (JSONata): an array, an object, or an expression that gives one; `None` is the input itself.
    pub items: Option<Template>,
    /// `ItemSelector`, or the older `Parameters`: what an iteration gets in place of its item.
    pub item_selector: Option<Template>,
    /// `MaxConcurrency`, `MaxConcurrencyPath`: iterations at once; 0 (the default) sets no limit of its own.
    pub max_concurrency: Setting<u64>,
    /// `ToleratedFailureCount`, `ToleratedFailureCountPath`: items that may fail.
    pub tolerated_failure_count: Option<Setting<u64>>,
    /// `ToleratedFailurePercentage`, `ToleratedFailurePercentagePath`: percent of the items that may fail, 0 to 100.
    pub tolerated_failure_percentage: Option<Setting<f64>>,
}

/// Which of its two forms a Map state is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ItemProcessorForm {
    /// `ItemProcessor`
    ItemProcessor,
    /// `Iterator`
    Iterator,
}

/// Where the iterations of a Map state run.
#[derive(Clone, Debug)]
pub enum MapMode {
    /// In the execution itself.
    Inline,
    /// Each as an execution of its own.
    Distributed(Box<DistributedMap>),
}

/// What a Map state in the mode `DISTRIBUTED` has beyond an inline one.
#[derive(Clone, Debug)]
pub struct DistributedMap {
    /// `ProcessorConfig.ExecutionType`: the kind of the child executions.
    pub execution_type: WorkflowType,
    /// `Label`: part of the Map Run's ARN; 1 to 40 characters.
    pub label: Option<Arc<str>>,
    /// Where the items come from, if not from the input.
    pub item_reader: Option<ItemReader>,
    /// How items are put together.
    pub item_batcher: Option<ItemBatcher>,
    /// Where the results go, if not to the output.
    pub result_writer: Option<ResultWriter>,
}

/// The two kinds of workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum WorkflowType {
    /// Durable, up to a year.
    #[default]
    Standard,
    /// In memory, up to five minutes.
    Express,
}

/// `ItemReader`: a data source of a Distributed Map.
#[derive(Clone, Debug)]
pub struct ItemReader {
    /// Such as `arn:aws:states:::s3:getObject`.
    pub resource: Arc<str>,
    /// `ReaderConfig`, checked, but for expressions in it.
    pub config: Option<Value>,
    /// `ReaderConfig.MaxItems`, `MaxItemsPath`.
    pub max_items: Option<Setting<u64>>,
    /// `Parameters` or `Arguments`.
    pub parameters: Option<Template>,
}

/// `ItemBatcher`: several items to one child execution.
#[derive(Clone, Debug)]
pub struct ItemBatcher {
    /// `BatchInput`: goes with each batch.
    pub batch_input: Option<Template>,
    /// `MaxItemsPerBatch`, `MaxItemsPerBatchPath`.
    pub max_items_per_batch: Option<Setting<u64>>,
    /// `MaxInputBytesPerBatch`, `MaxInputBytesPerBatchPath`: at most 262,144.
    pub max_input_bytes_per_batch: Option<Setting<u64>>,
}

/// `ResultWriter`: where a Distributed Map puts its results.
#[derive(Clone, Debug)]
pub struct ResultWriter {
    /// Such as `arn:aws:states:::s3:putObject`; `None` with a `WriterConfig` alone.
    pub resource: Option<Arc<str>>,
    /// `WriterConfig`, checked, but for expressions in it.
    pub config: Option<Value>,
    /// `Parameters` or `Arguments`.
    pub parameters: Option<Template>,
}
