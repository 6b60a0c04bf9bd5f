//! AWS Step Functions, as modelled in botocore 1.43.11; written by `cargo xtask codegen`, not by hand.

use super::prelude::*;

pub(crate) static KNOWN_OPERATIONS: &[KnownOperation] = &[
    KnownOperation { name: "CreateActivity", method: "POST", uri: "/" },
    KnownOperation { name: "CreateStateMachine", method: "POST", uri: "/" },
    KnownOperation { name: "CreateStateMachineAlias", method: "POST", uri: "/" },
    KnownOperation { name: "DeleteActivity", method: "POST", uri: "/" },
    KnownOperation { name: "DeleteStateMachine", method: "POST", uri: "/" },
    KnownOperation { name: "DeleteStateMachineAlias", method: "POST", uri: "/" },
    KnownOperation { name: "DeleteStateMachineVersion", method: "POST", uri: "/" },
    KnownOperation { name: "DescribeActivity", method: "POST", uri: "/" },
    KnownOperation { name: "DescribeExecution", method: "POST", uri: "/" },
    KnownOperation { name: "DescribeMapRun", method: "POST", uri: "/" },
    KnownOperation { name: "DescribeStateMachine", method: "POST", uri: "/" },
    KnownOperation { name: "DescribeStateMachineAlias", method: "POST", uri: "/" },
    KnownOperation { name: "DescribeStateMachineForExecution", method: "POST", uri: "/" },
    KnownOperation { name: "GetActivityTask", method: "POST", uri: "/" },
    KnownOperation { name: "GetExecutionHistory", method: "POST", uri: "/" },
    KnownOperation { name: "ListActivities", method: "POST", uri: "/" },
    KnownOperation { name: "ListExecutions", method: "POST", uri: "/" },
    KnownOperation { name: "ListMapRuns", method: "POST", uri: "/" },
    KnownOperation { name: "ListStateMachineAliases", method: "POST", uri: "/" },
    KnownOperation { name: "ListStateMachineVersions", method: "POST", uri: "/" },
    KnownOperation { name: "ListStateMachines", method: "POST", uri: "/" },
    KnownOperation { name: "ListTagsForResource", method: "POST", uri: "/" },
    KnownOperation { name: "PublishStateMachineVersion", method: "POST", uri: "/" },
    KnownOperation { name: "RedriveExecution", method: "POST", uri: "/" },
    KnownOperation { name: "SendTaskFailure", method: "POST", uri: "/" },
    KnownOperation { name: "SendTaskHeartbeat", method: "POST", uri: "/" },
    KnownOperation { name: "SendTaskSuccess", method: "POST", uri: "/" },
    KnownOperation { name: "StartExecution", method: "POST", uri: "/" },
    KnownOperation { name: "StartSyncExecution", method: "POST", uri: "/" },
    KnownOperation { name: "StopExecution", method: "POST", uri: "/" },
    KnownOperation { name: "TagResource", method: "POST", uri: "/" },
    KnownOperation { name: "TestState", method: "POST", uri: "/" },
    KnownOperation { name: "UntagResource", method: "POST", uri: "/" },
    KnownOperation { name: "UpdateMapRun", method: "POST", uri: "/" },
    KnownOperation { name: "UpdateStateMachine", method: "POST", uri: "/" },
    KnownOperation { name: "UpdateStateMachineAlias", method: "POST", uri: "/" },
    KnownOperation { name: "ValidateStateMachineDefinition", method: "POST", uri: "/" },
];

wire_errors!(StatesError {
    ConflictException = 400, "message", None;
    ExecutionAlreadyExists = 400, "message", None;
    ExecutionDoesNotExist = 400, "message", None;
    ExecutionLimitExceeded = 400, "message", None;
    InvalidArn = 400, "message", None;
    InvalidDefinition = 400, "message", None;
    InvalidEncryptionConfiguration = 400, "message", None;
    InvalidExecutionInput = 400, "message", None;
    InvalidLoggingConfiguration = 400, "message", None;
    InvalidName = 400, "message", None;
    InvalidOutput = 400, "message", None;
    InvalidToken = 400, "message", None;
    InvalidTracingConfiguration = 400, "message", None;
    KmsAccessDeniedException = 400, "message", None;
    KmsInvalidStateException = 400, "message", None;
    KmsThrottlingException = 400, "message", None;
    MissingRequiredParameter = 400, "message", None;
    ResourceNotFound = 400, "message", None;
    ServiceQuotaExceededException = 400, "message", None;
    StateMachineAlreadyExists = 400, "message", None;
    StateMachineDeleting = 400, "message", None;
    StateMachineDoesNotExist = 400, "message", None;
    StateMachineLimitExceeded = 400, "message", None;
    StateMachineTypeNotSupported = 400, "message", None;
    TaskDoesNotExist = 400, "message", None;
    TaskTimedOut = 400, "message", None;
    TooManyTags = 400, "message", None;
    ValidationException = 400, "message", None;
});

impl Operation for CreateStateMachineInput {
    const NAME: &'static str = "CreateStateMachine";
    const HTTP: Http = Http { method: "POST", uri: "/", status: 200 };
    const INPUT: &'static Shape = &CREATE_STATE_MACHINE_INPUT;
    type Output = CreateStateMachineOutput;
}
impl Operation for UpdateStateMachineInput {
    const NAME: &'static str = "UpdateStateMachine";
    const HTTP: Http = Http { method: "POST", uri: "/", status: 200 };
    const INPUT: &'static Shape = &UPDATE_STATE_MACHINE_INPUT;
    type Output = UpdateStateMachineOutput;
}
impl Operation for DescribeStateMachineInput {
    const NAME: &'static str = "DescribeStateMachine";
    const HTTP: Http = Http { method: "POST", uri: "/", status: 200 };
    const INPUT: &'static Shape = &DESCRIBE_STATE_MACHINE_INPUT;
    type Output = DescribeStateMachineOutput;
}
impl Operation for DescribeStateMachineForExecutionInput {
    const NAME: &'static str = "DescribeStateMachineForExecution";
    const HTTP: Http = Http { method: "POST", uri: "/", status: 200 };
    const INPUT: &'static Shape = &DESCRIBE_STATE_MACHINE_FOR_EXECUTION_INPUT;
    type Output = DescribeStateMachineForExecutionOutput;
}
impl Operation for DeleteStateMachineInput {
    const NAME: &'static str = "DeleteStateMachine";
    const HTTP: Http = Http { method: "POST", uri: "/", status: 200 };
    const INPUT: &'static Shape = &DELETE_STATE_MACHINE_INPUT;
    type Output = DeleteStateMachineOutput;
}
impl Operation for ListStateMachinesInput {
    const NAME: &'static str = "ListStateMachines";
    const HTTP: Http = Http { method: "POST", uri: "/", status: 200 };
    const INPUT: &'static Shape = &LIST_STATE_MACHINES_INPUT;
    type Output = ListStateMachinesOutput;
}
impl Operation for ListStateMachineVersionsInput {
    const NAME: &'static str = "ListStateMachineVersions";
    const HTTP: Http = Http { method: "POST", uri: "/", status: 200 };
    const INPUT: &'static Shape = &LIST_STATE_MACHINE_VERSIONS_INPUT;
    type Output = ListStateMachineVersionsOutput;
}
impl Operation for ListStateMachineAliasesInput {
    const NAME: &'static str = "ListStateMachineAliases";
    const HTTP: Http = Http { method: "POST", uri: "/", status: 200 };
    const INPUT: &'static Shape = &LIST_STATE_MACHINE_ALIASES_INPUT;
    type Output = ListStateMachineAliasesOutput;
}
impl Operation for ListTagsForResourceInput {
    const NAME: &'static str = "ListTagsForResource";
    const HTTP: Http = Http { method: "POST", uri: "/", status: 200 };
    const INPUT: &'static Shape = &LIST_TAGS_FOR_RESOURCE_INPUT;
    type Output = ListTagsForResourceOutput;
}
impl Operation for TagResourceInput {
    const NAME: &'static str = "TagResource";
    const HTTP: Http = Http { method: "POST", uri: "/", status: 200 };
    const INPUT: &'static Shape = &TAG_RESOURCE_INPUT;
    type Output = TagResourceOutput;
}
impl Operation for UntagResourceInput {
    const NAME: &'static str = "UntagResource";
    const HTTP: Http = Http { method: "POST", uri: "/", status: 200 };
    const INPUT: &'static Shape = &UNTAG_RESOURCE_INPUT;
    type Output = UntagResourceOutput;
}
impl Operation for StartExecutionInput {
    const NAME: &'static str = "StartExecution";
    const HTTP: Http = Http { method: "POST", uri: "/", status: 200 };
    const INPUT: &'static Shape = &START_EXECUTION_INPUT;
    type Output = StartExecutionOutput;
}
impl Operation for StartSyncExecutionInput {
    const NAME: &'static str = "StartSyncExecution";
    const HTTP: Http = Http { method: "POST", uri: "/", status: 200 };
    const INPUT: &'static Shape = &START_SYNC_EXECUTION_INPUT;
    type Output = StartSyncExecutionOutput;
}
impl Operation for StopExecutionInput {
    const NAME: &'static str = "StopExecution";
    const HTTP: Http = Http { method: "POST", uri: "/", status: 200 };
    const INPUT: &'static Shape = &STOP_EXECUTION_INPUT;
    type Output = StopExecutionOutput;
}
impl Operation for DescribeExecutionInput {
    const NAME: &'static str = "DescribeExecution";
    const HTTP: Http = Http { method: "POST", uri: "/", status: 200 };
    const INPUT: &'static Shape = &DESCRIBE_EXECUTION_INPUT;
    type Output = DescribeExecutionOutput;
}
impl Operation for ListExecutionsInput {
    const NAME: &'static str = "ListExecutions";
    const HTTP: Http = Http { method: "POST", uri: "/", status: 200 };
    const INPUT: &'static Shape = &LIST_EXECUTIONS_INPUT;
    type Output = ListExecutionsOutput;
}
impl Operation for GetExecutionHistoryInput {
    const NAME: &'static str = "GetExecutionHistory";
    const HTTP: Http = Http { method: "POST", uri: "/", status: 200 };
    const INPUT: &'static Shape = &GET_EXECUTION_HISTORY_INPUT;
    type Output = GetExecutionHistoryOutput;
}
impl Operation for SendTaskSuccessInput {
    const NAME: &'static str = "SendTaskSuccess";
    const HTTP: Http = Http { method: "POST", uri: "/", status: 200 };
    const INPUT: &'static Shape = &SEND_TASK_SUCCESS_INPUT;
    type Output = SendTaskSuccessOutput;
}
impl Operation for SendTaskFailureInput {
    const NAME: &'static str = "SendTaskFailure";
    const HTTP: Http = Http { method: "POST", uri: "/", status: 200 };
    const INPUT: &'static Shape = &SEND_TASK_FAILURE_INPUT;
    type Output = SendTaskFailureOutput;
}
impl Operation for SendTaskHeartbeatInput {
    const NAME: &'static str = "SendTaskHeartbeat";
    const HTTP: Http = Http { method: "POST", uri: "/", status: 200 };
    const INPUT: &'static Shape = &SEND_TASK_HEARTBEAT_INPUT;
    type Output = SendTaskHeartbeatOutput;
}

static ARN: Shape = text("Arn", 1, 256, "", &[]);
static CLOUD_WATCH_LOGS_LOG_GROUP: Shape = structure("CloudWatchLogsLogGroup", &[
    optional("logGroupArn", &ARN),
]);
static CREATE_STATE_MACHINE_INPUT: Shape = structure("CreateStateMachineInput", &[
    required("name", &NAME),
    required("definition", &DEFINITION),
    required("roleArn", &ARN),
    optional("type", &STATE_MACHINE_TYPE),
    optional("loggingConfiguration", &LOGGING_CONFIGURATION),
    optional("tags", &TAG_LIST),
    optional("tracingConfiguration", &TRACING_CONFIGURATION),
    optional("publish", &PUBLISH),
    optional("versionDescription", &VERSION_DESCRIPTION),
    optional("encryptionConfiguration", &ENCRYPTION_CONFIGURATION),
]);
static DEFINITION: Shape = sensitive(text("Definition", 1, 1048576, "", &[]));
static DELETE_STATE_MACHINE_INPUT: Shape = structure("DeleteStateMachineInput", &[
    required("stateMachineArn", &ARN),
]);
static DESCRIBE_EXECUTION_INPUT: Shape = structure("DescribeExecutionInput", &[
    required("executionArn", &ARN),
    optional("includedData", &INCLUDED_DATA),
]);
static DESCRIBE_STATE_MACHINE_FOR_EXECUTION_INPUT: Shape = structure("DescribeStateMachineForExecutionInput", &[
    required("executionArn", &ARN),
    optional("includedData", &INCLUDED_DATA),
]);
static DESCRIBE_STATE_MACHINE_INPUT: Shape = structure("DescribeStateMachineInput", &[
    required("stateMachineArn", &ARN),
    optional("includedData", &INCLUDED_DATA),
]);
static ENABLED: Shape = boolean("Enabled");
static ENCRYPTION_CONFIGURATION: Shape = structure("EncryptionConfiguration", &[
    optional("kmsKeyId", &KMS_KEY_ID),
    optional("kmsDataKeyReusePeriodSeconds", &KMS_DATA_KEY_REUSE_PERIOD_SECONDS),
    required("type", &ENCRYPTION_TYPE),
]);
static ENCRYPTION_TYPE: Shape = text("EncryptionType", 0, NO_LENGTH, "", &["AWS_OWNED_KEY", "CUSTOMER_MANAGED_KMS_KEY"]);
static EXECUTION_REDRIVE_FILTER: Shape = text("ExecutionRedriveFilter", 0, NO_LENGTH, "", &["NOT_REDRIVEN", "REDRIVEN"]);
static EXECUTION_STATUS: Shape = text("ExecutionStatus", 0, NO_LENGTH, "", &["SUCCEEDED", "TIMED_OUT", "PENDING_REDRIVE", "ABORTED", "FAILED", "RUNNING"]);
static GET_EXECUTION_HISTORY_INPUT: Shape = structure("GetExecutionHistoryInput", &[
    required("executionArn", &ARN),
    optional("maxResults", &PAGE_SIZE),
    optional("reverseOrder", &REVERSE_ORDER),
    optional("nextToken", &PAGE_TOKEN),
    optional("includeExecutionData", &INCLUDE_EXECUTION_DATA_GET_EXECUTION_HISTORY),
]);
static INCLUDE_EXECUTION_DATA: Shape = boolean("IncludeExecutionData");
static INCLUDE_EXECUTION_DATA_GET_EXECUTION_HISTORY: Shape = boolean("IncludeExecutionDataGetExecutionHistory");
static INCLUDED_DATA: Shape = text("IncludedData", 0, NO_LENGTH, "", &["ALL_DATA", "METADATA_ONLY"]);
static KMS_DATA_KEY_REUSE_PERIOD_SECONDS: Shape = integer("KmsDataKeyReusePeriodSeconds", 60, 900);
static KMS_KEY_ID: Shape = text("KmsKeyId", 1, 2048, "", &[]);
static LIST_EXECUTIONS_INPUT: Shape = structure("ListExecutionsInput", &[
    optional("stateMachineArn", &ARN),
    optional("statusFilter", &EXECUTION_STATUS),
    optional("maxResults", &PAGE_SIZE),
    optional("nextToken", &LIST_EXECUTIONS_PAGE_TOKEN),
    optional("mapRunArn", &LONG_ARN),
    optional("redriveFilter", &EXECUTION_REDRIVE_FILTER),
]);
static LIST_EXECUTIONS_PAGE_TOKEN: Shape = text("ListExecutionsPageToken", 1, 3096, "", &[]);
static LIST_STATE_MACHINE_ALIASES_INPUT: Shape = structure("ListStateMachineAliasesInput", &[
    required("stateMachineArn", &ARN),
    optional("nextToken", &PAGE_TOKEN),
    optional("maxResults", &PAGE_SIZE),
]);
static LIST_STATE_MACHINE_VERSIONS_INPUT: Shape = structure("ListStateMachineVersionsInput", &[
    required("stateMachineArn", &ARN),
    optional("nextToken", &PAGE_TOKEN),
    optional("maxResults", &PAGE_SIZE),
]);
static LIST_STATE_MACHINES_INPUT: Shape = structure("ListStateMachinesInput", &[
    optional("maxResults", &PAGE_SIZE),
    optional("nextToken", &PAGE_TOKEN),
]);
static LIST_TAGS_FOR_RESOURCE_INPUT: Shape = structure("ListTagsForResourceInput", &[
    required("resourceArn", &ARN),
]);
static LOG_DESTINATION: Shape = structure("LogDestination", &[
    optional("cloudWatchLogsLogGroup", &CLOUD_WATCH_LOGS_LOG_GROUP),
]);
static LOG_DESTINATION_LIST: Shape = list("LogDestinationList", &LOG_DESTINATION, 0, NO_LENGTH);
static LOG_LEVEL: Shape = text("LogLevel", 0, NO_LENGTH, "", &["ALL", "FATAL", "ERROR", "OFF"]);
static LOGGING_CONFIGURATION: Shape = structure("LoggingConfiguration", &[
    optional("level", &LOG_LEVEL),
    optional("includeExecutionData", &INCLUDE_EXECUTION_DATA),
    optional("destinations", &LOG_DESTINATION_LIST),
]);
static LONG_ARN: Shape = text("LongArn", 1, 2000, "", &[]);
static NAME: Shape = text("Name", 1, 80, "", &[]);
static PAGE_SIZE: Shape = integer("PageSize", 0, 1000);
static PAGE_TOKEN: Shape = text("PageToken", 1, 1024, "", &[]);
static PUBLISH: Shape = boolean("Publish");
static REVERSE_ORDER: Shape = boolean("ReverseOrder");
static SEND_TASK_FAILURE_INPUT: Shape = structure("SendTaskFailureInput", &[
    required("taskToken", &TASK_TOKEN),
    optional("error", &SENSITIVE_ERROR),
    optional("cause", &SENSITIVE_CAUSE),
]);
static SEND_TASK_HEARTBEAT_INPUT: Shape = structure("SendTaskHeartbeatInput", &[
    required("taskToken", &TASK_TOKEN),
]);
static SEND_TASK_SUCCESS_INPUT: Shape = structure("SendTaskSuccessInput", &[
    required("taskToken", &TASK_TOKEN),
    required("output", &SENSITIVE_DATA),
]);
static SENSITIVE_CAUSE: Shape = sensitive(text("SensitiveCause", 0, 32768, "", &[]));
static SENSITIVE_DATA: Shape = sensitive(text("SensitiveData", 0, 262144, "", &[]));
static SENSITIVE_ERROR: Shape = sensitive(text("SensitiveError", 0, 256, "", &[]));
static START_EXECUTION_INPUT: Shape = structure("StartExecutionInput", &[
    required("stateMachineArn", &ARN),
    optional("name", &NAME),
    optional("input", &SENSITIVE_DATA),
    optional("traceHeader", &TRACE_HEADER),
]);
static START_SYNC_EXECUTION_INPUT: Shape = structure("StartSyncExecutionInput", &[
    required("stateMachineArn", &ARN),
    optional("name", &NAME),
    optional("input", &SENSITIVE_DATA),
    optional("traceHeader", &TRACE_HEADER),
    optional("includedData", &INCLUDED_DATA),
]);
static STATE_MACHINE_TYPE: Shape = text("StateMachineType", 0, NO_LENGTH, "", &["EXPRESS", "STANDARD"]);
static STOP_EXECUTION_INPUT: Shape = structure("StopExecutionInput", &[
    required("executionArn", &ARN),
    optional("error", &SENSITIVE_ERROR),
    optional("cause", &SENSITIVE_CAUSE),
]);
static TAG: Shape = structure("Tag", &[
    optional("key", &TAG_KEY),
    optional("value", &TAG_VALUE),
]);
static TAG_KEY: Shape = text("TagKey", 1, 128, "", &[]);
static TAG_KEY_LIST: Shape = list("TagKeyList", &TAG_KEY, 0, NO_LENGTH);
static TAG_LIST: Shape = list("TagList", &TAG, 0, NO_LENGTH);
static TAG_RESOURCE_INPUT: Shape = structure("TagResourceInput", &[
    required("resourceArn", &ARN),
    required("tags", &TAG_LIST),
]);
static TAG_VALUE: Shape = text("TagValue", 0, 256, "", &[]);
static TASK_TOKEN: Shape = text("TaskToken", 1, 2048, "", &[]);
static TRACE_HEADER: Shape = text("TraceHeader", 0, 256, "\\p{ASCII}*", &[]);
static TRACING_CONFIGURATION: Shape = structure("TracingConfiguration", &[
    optional("enabled", &ENABLED),
]);
static UNTAG_RESOURCE_INPUT: Shape = structure("UntagResourceInput", &[
    required("resourceArn", &ARN),
    required("tagKeys", &TAG_KEY_LIST),
]);
static UPDATE_STATE_MACHINE_INPUT: Shape = structure("UpdateStateMachineInput", &[
    required("stateMachineArn", &ARN),
    optional("definition", &DEFINITION),
    optional("roleArn", &ARN),
    optional("loggingConfiguration", &LOGGING_CONFIGURATION),
    optional("tracingConfiguration", &TRACING_CONFIGURATION),
    optional("publish", &PUBLISH),
    optional("versionDescription", &VERSION_DESCRIPTION),
    optional("encryptionConfiguration", &ENCRYPTION_CONFIGURATION),
]);
static VERSION_DESCRIPTION: Shape = sensitive(text("VersionDescription", 0, 256, "", &[]));

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BillingDetails {
    #[serde(rename = "billedMemoryUsedInMB", skip_serializing_if = "Option::is_none")]
    pub(crate) billed_memory_used_in_mb: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) billed_duration_in_milliseconds: Option<i64>,
}
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CloudWatchEventsExecutionDataDetails {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) included: Option<bool>,
}
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateStateMachineInput {
    pub(crate) name: Arc<str>,
    pub(crate) definition: Arc<str>,
    pub(crate) role_arn: Arc<str>,
    pub(crate) r#type: Option<StateMachineType>,
    pub(crate) logging_configuration: Option<Value>,
    pub(crate) tags: Option<Vec<Tag>>,
    pub(crate) tracing_configuration: Option<Value>,
    pub(crate) publish: Option<bool>,
    pub(crate) version_description: Option<Arc<str>>,
    pub(crate) encryption_configuration: Option<Value>,
}
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateStateMachineOutput {
    pub(crate) state_machine_arn: Arc<str>,
    pub(crate) creation_date: EpochSeconds,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) state_machine_version_arn: Option<Arc<str>>,
}
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeleteStateMachineInput {
    pub(crate) state_machine_arn: Arc<str>,
}
#[derive(Default, Serialize)]
pub(crate) struct DeleteStateMachineOutput {}
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DescribeExecutionInput {
    pub(crate) execution_arn: Arc<str>,
    pub(crate) included_data: Option<IncludedData>,
}
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DescribeExecutionOutput {
    pub(crate) execution_arn: Arc<str>,
    pub(crate) state_machine_arn: Arc<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<Arc<str>>,
    pub(crate) status: ExecutionStatus,
    pub(crate) start_date: EpochSeconds,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stop_date: Option<EpochSeconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) input: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) input_details: Option<CloudWatchEventsExecutionDataDetails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) output: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) output_details: Option<CloudWatchEventsExecutionDataDetails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) trace_header: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) map_run_arn: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cause: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) state_machine_version_arn: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) state_machine_alias_arn: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) redrive_count: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) redrive_date: Option<EpochSeconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) redrive_status: Option<ExecutionRedriveStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) redrive_status_reason: Option<Arc<str>>,
}
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DescribeStateMachineForExecutionInput {
    pub(crate) execution_arn: Arc<str>,
    pub(crate) included_data: Option<IncludedData>,
}
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DescribeStateMachineForExecutionOutput {
    pub(crate) state_machine_arn: Arc<str>,
    pub(crate) name: Arc<str>,
    pub(crate) definition: Arc<str>,
    pub(crate) role_arn: Arc<str>,
    pub(crate) update_date: EpochSeconds,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) logging_configuration: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tracing_configuration: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) map_run_arn: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) label: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) revision_id: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) encryption_configuration: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) variable_references: Option<Value>,
}
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DescribeStateMachineInput {
    pub(crate) state_machine_arn: Arc<str>,
    pub(crate) included_data: Option<IncludedData>,
}
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DescribeStateMachineOutput {
    pub(crate) state_machine_arn: Arc<str>,
    pub(crate) name: Arc<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<StateMachineStatus>,
    pub(crate) definition: Arc<str>,
    pub(crate) role_arn: Arc<str>,
    pub(crate) r#type: StateMachineType,
    pub(crate) creation_date: EpochSeconds,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) logging_configuration: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tracing_configuration: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) label: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) revision_id: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) encryption_configuration: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) variable_references: Option<Value>,
}
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExecutionListItem {
    pub(crate) execution_arn: Arc<str>,
    pub(crate) state_machine_arn: Arc<str>,
    pub(crate) name: Arc<str>,
    pub(crate) status: ExecutionStatus,
    pub(crate) start_date: EpochSeconds,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stop_date: Option<EpochSeconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) map_run_arn: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) item_count: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) state_machine_version_arn: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) state_machine_alias_arn: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) redrive_count: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) redrive_date: Option<EpochSeconds>,
}
wire_enum!(ExecutionRedriveFilter { Redriven = "REDRIVEN", NotRedriven = "NOT_REDRIVEN", });
wire_enum!(ExecutionRedriveStatus { Redrivable = "REDRIVABLE", NotRedrivable = "NOT_REDRIVABLE", RedrivableByMapRun = "REDRIVABLE_BY_MAP_RUN", });
wire_enum!(ExecutionStatus { Running = "RUNNING", Succeeded = "SUCCEEDED", Failed = "FAILED", TimedOut = "TIMED_OUT", Aborted = "ABORTED", PendingRedrive = "PENDING_REDRIVE", });
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GetExecutionHistoryInput {
    pub(crate) execution_arn: Arc<str>,
    pub(crate) max_results: Option<i64>,
    pub(crate) reverse_order: Option<bool>,
    pub(crate) next_token: Option<Arc<str>>,
    pub(crate) include_execution_data: Option<bool>,
}
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GetExecutionHistoryOutput {
    pub(crate) events: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_token: Option<Arc<str>>,
}
wire_enum!(IncludedData { AllData = "ALL_DATA", MetadataOnly = "METADATA_ONLY", });
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListExecutionsInput {
    pub(crate) state_machine_arn: Option<Arc<str>>,
    pub(crate) status_filter: Option<ExecutionStatus>,
    pub(crate) max_results: Option<i64>,
    pub(crate) next_token: Option<Arc<str>>,
    pub(crate) map_run_arn: Option<Arc<str>>,
    pub(crate) redrive_filter: Option<ExecutionRedriveFilter>,
}
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListExecutionsOutput {
    pub(crate) executions: Vec<ExecutionListItem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_token: Option<Arc<str>>,
}
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListStateMachineAliasesInput {
    pub(crate) state_machine_arn: Arc<str>,
    pub(crate) next_token: Option<Arc<str>>,
    pub(crate) max_results: Option<i64>,
}
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListStateMachineAliasesOutput {
    pub(crate) state_machine_aliases: Vec<StateMachineAliasListItem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_token: Option<Arc<str>>,
}
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListStateMachineVersionsInput {
    pub(crate) state_machine_arn: Arc<str>,
    pub(crate) next_token: Option<Arc<str>>,
    pub(crate) max_results: Option<i64>,
}
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListStateMachineVersionsOutput {
    pub(crate) state_machine_versions: Vec<StateMachineVersionListItem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_token: Option<Arc<str>>,
}
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListStateMachinesInput {
    pub(crate) max_results: Option<i64>,
    pub(crate) next_token: Option<Arc<str>>,
}
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListStateMachinesOutput {
    pub(crate) state_machines: Vec<StateMachineListItem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_token: Option<Arc<str>>,
}
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListTagsForResourceInput {
    pub(crate) resource_arn: Arc<str>,
}
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListTagsForResourceOutput {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tags: Option<Vec<Tag>>,
}
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SendTaskFailureInput {
    pub(crate) task_token: Arc<str>,
    pub(crate) error: Option<Arc<str>>,
    pub(crate) cause: Option<Arc<str>>,
}
#[derive(Default, Serialize)]
pub(crate) struct SendTaskFailureOutput {}
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SendTaskHeartbeatInput {
    pub(crate) task_token: Arc<str>,
}
#[derive(Default, Serialize)]
pub(crate) struct SendTaskHeartbeatOutput {}
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SendTaskSuccessInput {
    pub(crate) task_token: Arc<str>,
    pub(crate) output: Arc<str>,
}
#[derive(Default, Serialize)]
pub(crate) struct SendTaskSuccessOutput {}
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StartExecutionInput {
    pub(crate) state_machine_arn: Arc<str>,
    pub(crate) name: Option<Arc<str>>,
    pub(crate) input: Option<Arc<str>>,
    pub(crate) trace_header: Option<Arc<str>>,
}
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StartExecutionOutput {
    pub(crate) execution_arn: Arc<str>,
    pub(crate) start_date: EpochSeconds,
}
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StartSyncExecutionInput {
    pub(crate) state_machine_arn: Arc<str>,
    pub(crate) name: Option<Arc<str>>,
    pub(crate) input: Option<Arc<str>>,
    pub(crate) trace_header: Option<Arc<str>>,
    pub(crate) included_data: Option<IncludedData>,
}
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StartSyncExecutionOutput {
    pub(crate) execution_arn: Arc<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) state_machine_arn: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<Arc<str>>,
    pub(crate) start_date: EpochSeconds,
    pub(crate) stop_date: EpochSeconds,
    pub(crate) status: SyncExecutionStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cause: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) input: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) input_details: Option<CloudWatchEventsExecutionDataDetails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) output: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) output_details: Option<CloudWatchEventsExecutionDataDetails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) trace_header: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) billing_details: Option<BillingDetails>,
}
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StateMachineAliasListItem {
    pub(crate) state_machine_alias_arn: Arc<str>,
    pub(crate) creation_date: EpochSeconds,
}
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StateMachineListItem {
    pub(crate) state_machine_arn: Arc<str>,
    pub(crate) name: Arc<str>,
    pub(crate) r#type: StateMachineType,
    pub(crate) creation_date: EpochSeconds,
}
wire_enum!(StateMachineStatus { Active = "ACTIVE", Deleting = "DELETING", });
wire_enum!(StateMachineType { Standard = "STANDARD", Express = "EXPRESS", });
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StateMachineVersionListItem {
    pub(crate) state_machine_version_arn: Arc<str>,
    pub(crate) creation_date: EpochSeconds,
}
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StopExecutionInput {
    pub(crate) execution_arn: Arc<str>,
    pub(crate) error: Option<Arc<str>>,
    pub(crate) cause: Option<Arc<str>>,
}
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StopExecutionOutput {
    pub(crate) stop_date: EpochSeconds,
}
wire_enum!(SyncExecutionStatus { Succeeded = "SUCCEEDED", Failed = "FAILED", TimedOut = "TIMED_OUT", });
#[derive(Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Tag {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<Arc<str>>,
}
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TagResourceInput {
    pub(crate) resource_arn: Arc<str>,
    pub(crate) tags: Vec<Tag>,
}
#[derive(Default, Serialize)]
pub(crate) struct TagResourceOutput {}
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UntagResourceInput {
    pub(crate) resource_arn: Arc<str>,
    pub(crate) tag_keys: Vec<Arc<str>>,
}
#[derive(Default, Serialize)]
pub(crate) struct UntagResourceOutput {}
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UpdateStateMachineInput {
    pub(crate) state_machine_arn: Arc<str>,
    pub(crate) definition: Option<Arc<str>>,
    pub(crate) role_arn: Option<Arc<str>>,
    pub(crate) logging_configuration: Option<Value>,
    pub(crate) tracing_configuration: Option<Value>,
    pub(crate) publish: Option<bool>,
    pub(crate) version_description: Option<Arc<str>>,
    pub(crate) encryption_configuration: Option<Value>,
}
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UpdateStateMachineOutput {
    pub(crate) update_date: EpochSeconds,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) revision_id: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) state_machine_version_arn: Option<Arc<str>>,
}
