//! AWS Lambda, as modelled in botocore 1.43.11; written by `cargo xtask codegen`, not by hand.

use super::prelude::*;

pub(crate) static KNOWN_OPERATIONS: &[KnownOperation] = &[
    KnownOperation { name: "AddLayerVersionPermission", method: "POST", uri: "/2018-10-31/layers/{LayerName}/versions/{VersionNumber}/policy" },
    KnownOperation { name: "AddPermission", method: "POST", uri: "/2015-03-31/functions/{FunctionName}/policy" },
    KnownOperation { name: "CheckpointDurableExecution", method: "POST", uri: "/2025-12-01/durable-executions/{DurableExecutionArn}/checkpoint" },
    KnownOperation { name: "CreateAlias", method: "POST", uri: "/2015-03-31/functions/{FunctionName}/aliases" },
    KnownOperation { name: "CreateCapacityProvider", method: "POST", uri: "/2025-11-30/capacity-providers" },
    KnownOperation { name: "CreateCodeSigningConfig", method: "POST", uri: "/2020-04-22/code-signing-configs" },
    KnownOperation { name: "CreateEventSourceMapping", method: "POST", uri: "/2015-03-31/event-source-mappings" },
    KnownOperation { name: "CreateFunction", method: "POST", uri: "/2015-03-31/functions" },
    KnownOperation { name: "CreateFunctionUrlConfig", method: "POST", uri: "/2021-10-31/functions/{FunctionName}/url" },
    KnownOperation { name: "DeleteAlias", method: "DELETE", uri: "/2015-03-31/functions/{FunctionName}/aliases/{Name}" },
    KnownOperation { name: "DeleteCapacityProvider", method: "DELETE", uri: "/2025-11-30/capacity-providers/{CapacityProviderName}" },
    KnownOperation { name: "DeleteCodeSigningConfig", method: "DELETE", uri: "/2020-04-22/code-signing-configs/{CodeSigningConfigArn}" },
    KnownOperation { name: "DeleteEventSourceMapping", method: "DELETE", uri: "/2015-03-31/event-source-mappings/{UUID}" },
    KnownOperation { name: "DeleteFunction", method: "DELETE", uri: "/2015-03-31/functions/{FunctionName}" },
    KnownOperation { name: "DeleteFunctionCodeSigningConfig", method: "DELETE", uri: "/2020-06-30/functions/{FunctionName}/code-signing-config" },
    KnownOperation { name: "DeleteFunctionConcurrency", method: "DELETE", uri: "/2017-10-31/functions/{FunctionName}/concurrency" },
    KnownOperation { name: "DeleteFunctionEventInvokeConfig", method: "DELETE", uri: "/2019-09-25/functions/{FunctionName}/event-invoke-config" },
    KnownOperation { name: "DeleteFunctionUrlConfig", method: "DELETE", uri: "/2021-10-31/functions/{FunctionName}/url" },
    KnownOperation { name: "DeleteLayerVersion", method: "DELETE", uri: "/2018-10-31/layers/{LayerName}/versions/{VersionNumber}" },
    KnownOperation { name: "DeleteProvisionedConcurrencyConfig", method: "DELETE", uri: "/2019-09-30/functions/{FunctionName}/provisioned-concurrency" },
    KnownOperation { name: "GetAccountSettings", method: "GET", uri: "/2016-08-19/account-settings" },
    KnownOperation { name: "GetAlias", method: "GET", uri: "/2015-03-31/functions/{FunctionName}/aliases/{Name}" },
    KnownOperation { name: "GetCapacityProvider", method: "GET", uri: "/2025-11-30/capacity-providers/{CapacityProviderName}" },
    KnownOperation { name: "GetCodeSigningConfig", method: "GET", uri: "/2020-04-22/code-signing-configs/{CodeSigningConfigArn}" },
    KnownOperation { name: "GetDurableExecution", method: "GET", uri: "/2025-12-01/durable-executions/{DurableExecutionArn}" },
    KnownOperation { name: "GetDurableExecutionHistory", method: "GET", uri: "/2025-12-01/durable-executions/{DurableExecutionArn}/history" },
    KnownOperation { name: "GetDurableExecutionState", method: "GET", uri: "/2025-12-01/durable-executions/{DurableExecutionArn}/state" },
    KnownOperation { name: "GetEventSourceMapping", method: "GET", uri: "/2015-03-31/event-source-mappings/{UUID}" },
    KnownOperation { name: "GetFunction", method: "GET", uri: "/2015-03-31/functions/{FunctionName}" },
    KnownOperation { name: "GetFunctionCodeSigningConfig", method: "GET", uri: "/2020-06-30/functions/{FunctionName}/code-signing-config" },
    KnownOperation { name: "GetFunctionConcurrency", method: "GET", uri: "/2019-09-30/functions/{FunctionName}/concurrency" },
    KnownOperation { name: "GetFunctionConfiguration", method: "GET", uri: "/2015-03-31/functions/{FunctionName}/configuration" },
    KnownOperation { name: "GetFunctionEventInvokeConfig", method: "GET", uri: "/2019-09-25/functions/{FunctionName}/event-invoke-config" },
    KnownOperation { name: "GetFunctionRecursionConfig", method: "GET", uri: "/2024-08-31/functions/{FunctionName}/recursion-config" },
    KnownOperation { name: "GetFunctionScalingConfig", method: "GET", uri: "/2025-11-30/functions/{FunctionName}/function-scaling-config" },
    KnownOperation { name: "GetFunctionUrlConfig", method: "GET", uri: "/2021-10-31/functions/{FunctionName}/url" },
    KnownOperation { name: "GetLayerVersion", method: "GET", uri: "/2018-10-31/layers/{LayerName}/versions/{VersionNumber}" },
    KnownOperation { name: "GetLayerVersionByArn", method: "GET", uri: "/2018-10-31/layers?find=LayerVersion" },
    KnownOperation { name: "GetLayerVersionPolicy", method: "GET", uri: "/2018-10-31/layers/{LayerName}/versions/{VersionNumber}/policy" },
    KnownOperation { name: "GetPolicy", method: "GET", uri: "/2015-03-31/functions/{FunctionName}/policy" },
    KnownOperation { name: "GetProvisionedConcurrencyConfig", method: "GET", uri: "/2019-09-30/functions/{FunctionName}/provisioned-concurrency" },
    KnownOperation { name: "GetRuntimeManagementConfig", method: "GET", uri: "/2021-07-20/functions/{FunctionName}/runtime-management-config" },
    KnownOperation { name: "Invoke", method: "POST", uri: "/2015-03-31/functions/{FunctionName}/invocations" },
    KnownOperation { name: "InvokeAsync", method: "POST", uri: "/2014-11-13/functions/{FunctionName}/invoke-async" },
    KnownOperation { name: "InvokeWithResponseStream", method: "POST", uri: "/2021-11-15/functions/{FunctionName}/response-streaming-invocations" },
    KnownOperation { name: "ListAliases", method: "GET", uri: "/2015-03-31/functions/{FunctionName}/aliases" },
    KnownOperation { name: "ListCapacityProviders", method: "GET", uri: "/2025-11-30/capacity-providers" },
    KnownOperation { name: "ListCodeSigningConfigs", method: "GET", uri: "/2020-04-22/code-signing-configs" },
    KnownOperation { name: "ListDurableExecutionsByFunction", method: "GET", uri: "/2025-12-01/functions/{FunctionName}/durable-executions" },
    KnownOperation { name: "ListEventSourceMappings", method: "GET", uri: "/2015-03-31/event-source-mappings" },
    KnownOperation { name: "ListFunctionEventInvokeConfigs", method: "GET", uri: "/2019-09-25/functions/{FunctionName}/event-invoke-config/list" },
    KnownOperation { name: "ListFunctionUrlConfigs", method: "GET", uri: "/2021-10-31/functions/{FunctionName}/urls" },
    KnownOperation { name: "ListFunctionVersionsByCapacityProvider", method: "GET", uri: "/2025-11-30/capacity-providers/{CapacityProviderName}/function-versions" },
    KnownOperation { name: "ListFunctions", method: "GET", uri: "/2015-03-31/functions" },
    KnownOperation { name: "ListFunctionsByCodeSigningConfig", method: "GET", uri: "/2020-04-22/code-signing-configs/{CodeSigningConfigArn}/functions" },
    KnownOperation { name: "ListLayerVersions", method: "GET", uri: "/2018-10-31/layers/{LayerName}/versions" },
    KnownOperation { name: "ListLayers", method: "GET", uri: "/2018-10-31/layers" },
    KnownOperation { name: "ListProvisionedConcurrencyConfigs", method: "GET", uri: "/2019-09-30/functions/{FunctionName}/provisioned-concurrency?List=ALL" },
    KnownOperation { name: "ListTags", method: "GET", uri: "/2017-03-31/tags/{Resource}" },
    KnownOperation { name: "ListVersionsByFunction", method: "GET", uri: "/2015-03-31/functions/{FunctionName}/versions" },
    KnownOperation { name: "PublishLayerVersion", method: "POST", uri: "/2018-10-31/layers/{LayerName}/versions" },
    KnownOperation { name: "PublishVersion", method: "POST", uri: "/2015-03-31/functions/{FunctionName}/versions" },
    KnownOperation { name: "PutFunctionCodeSigningConfig", method: "PUT", uri: "/2020-06-30/functions/{FunctionName}/code-signing-config" },
    KnownOperation { name: "PutFunctionConcurrency", method: "PUT", uri: "/2017-10-31/functions/{FunctionName}/concurrency" },
    KnownOperation { name: "PutFunctionEventInvokeConfig", method: "PUT", uri: "/2019-09-25/functions/{FunctionName}/event-invoke-config" },
    KnownOperation { name: "PutFunctionRecursionConfig", method: "PUT", uri: "/2024-08-31/functions/{FunctionName}/recursion-config" },
    KnownOperation { name: "PutFunctionScalingConfig", method: "PUT", uri: "/2025-11-30/functions/{FunctionName}/function-scaling-config" },
    KnownOperation { name: "PutProvisionedConcurrencyConfig", method: "PUT", uri: "/2019-09-30/functions/{FunctionName}/provisioned-concurrency" },
    KnownOperation { name: "PutRuntimeManagementConfig", method: "PUT", uri: "/2021-07-20/functions/{FunctionName}/runtime-management-config" },
    KnownOperation { name: "RemoveLayerVersionPermission", method: "DELETE", uri: "/2018-10-31/layers/{LayerName}/versions/{VersionNumber}/policy/{StatementId}" },
    KnownOperation { name: "RemovePermission", method: "DELETE", uri: "/2015-03-31/functions/{FunctionName}/policy/{StatementId}" },
    KnownOperation { name: "SendDurableExecutionCallbackFailure", method: "POST", uri: "/2025-12-01/durable-execution-callbacks/{CallbackId}/fail" },
    KnownOperation { name: "SendDurableExecutionCallbackHeartbeat", method: "POST", uri: "/2025-12-01/durable-execution-callbacks/{CallbackId}/heartbeat" },
    KnownOperation { name: "SendDurableExecutionCallbackSuccess", method: "POST", uri: "/2025-12-01/durable-execution-callbacks/{CallbackId}/succeed" },
    KnownOperation { name: "StopDurableExecution", method: "POST", uri: "/2025-12-01/durable-executions/{DurableExecutionArn}/stop" },
    KnownOperation { name: "TagResource", method: "POST", uri: "/2017-03-31/tags/{Resource}" },
    KnownOperation { name: "UntagResource", method: "DELETE", uri: "/2017-03-31/tags/{Resource}" },
    KnownOperation { name: "UpdateAlias", method: "PUT", uri: "/2015-03-31/functions/{FunctionName}/aliases/{Name}" },
    KnownOperation { name: "UpdateCapacityProvider", method: "PUT", uri: "/2025-11-30/capacity-providers/{CapacityProviderName}" },
    KnownOperation { name: "UpdateCodeSigningConfig", method: "PUT", uri: "/2020-04-22/code-signing-configs/{CodeSigningConfigArn}" },
    KnownOperation { name: "UpdateEventSourceMapping", method: "PUT", uri: "/2015-03-31/event-source-mappings/{UUID}" },
    KnownOperation { name: "UpdateFunctionCode", method: "PUT", uri: "/2015-03-31/functions/{FunctionName}/code" },
    KnownOperation { name: "UpdateFunctionConfiguration", method: "PUT", uri: "/2015-03-31/functions/{FunctionName}/configuration" },
    KnownOperation { name: "UpdateFunctionEventInvokeConfig", method: "POST", uri: "/2019-09-25/functions/{FunctionName}/event-invoke-config" },
    KnownOperation { name: "UpdateFunctionUrlConfig", method: "PUT", uri: "/2021-10-31/functions/{FunctionName}/url" },
];

wire_errors!(LambdaError {
    CodeSigningConfigNotFoundException = 404, "Message", Type;
    CodeStorageExceededException = 400, "message", Type;
    CodeVerificationFailedException = 400, "Message", Type;
    DurableExecutionAlreadyStartedException = 409, "Message", Type;
    EC2AccessDeniedException = 502, "Message", Type;
    EC2ThrottledException = 502, "Message", Type;
    EC2UnexpectedException = 502, "Message", Type;
    EFSIOException = 410, "Message", Type;
    EFSMountConnectivityException = 408, "Message", Type;
    EFSMountFailureException = 403, "Message", Type;
    EFSMountTimeoutException = 408, "Message", Type;
    ENILimitReachedException = 502, "Message", Type;
    FunctionVersionsPerCapacityProviderLimitExceededException = 400, "message", Type;
    InvalidCodeSignatureException = 400, "Message", Type;
    InvalidParameterValueException = 400, "message", Type;
    InvalidRequestContentException = 400, "message", Type;
    InvalidRuntimeException = 502, "Message", Type;
    InvalidSecurityGroupIDException = 502, "Message", Type;
    InvalidSubnetIDException = 502, "Message", Type;
    InvalidZipFileException = 502, "Message", Type;
    KMSAccessDeniedException = 502, "Message", Type;
    KMSDisabledException = 502, "Message", Type;
    KMSInvalidStateException = 502, "Message", Type;
    KMSNotFoundException = 502, "Message", Type;
    NoPublishedVersionException = 400, "Message", Type;
    PreconditionFailedException = 412, "message", Type;
    RecursiveInvocationException = 400, "Message", Type;
    RequestTooLargeException = 413, "message", Type;
    ResourceConflictException = 409, "message", Type;
    ResourceNotFoundException = 404, "Message", Type;
    ResourceNotReadyException = 502, "message", Type;
    S3FilesMountConnectivityException = 408, "Message", Type;
    S3FilesMountFailureException = 403, "Message", Type;
    S3FilesMountTimeoutException = 408, "Message", Type;
    SerializedRequestEntityTooLargeException = 413, "message", Type;
    ServiceException = 500, "Message", Type;
    SnapStartException = 400, "Message", Type;
    SnapStartNotReadyException = 409, "Message", Type;
    SnapStartTimeoutException = 408, "Message", Type;
    SubnetIPAddressLimitReachedException = 502, "Message", Type;
    TooManyRequestsException = 429, "message", Type;
    UnsupportedMediaTypeException = 415, "message", Type;
});

impl Operation for CreateFunctionRequest {
    const NAME: &'static str = "CreateFunction";
    const HTTP: Http = Http { method: "POST", uri: "/2015-03-31/functions", status: 201 };
    const INPUT: &'static Shape = &CREATE_FUNCTION_REQUEST;
    type Output = FunctionConfiguration;
}
impl Operation for GetFunctionRequest {
    const NAME: &'static str = "GetFunction";
    const HTTP: Http = Http { method: "GET", uri: "/2015-03-31/functions/{FunctionName}", status: 200 };
    const INPUT: &'static Shape = &GET_FUNCTION_REQUEST;
    type Output = GetFunctionResponse;
}
impl Operation for GetFunctionConfigurationRequest {
    const NAME: &'static str = "GetFunctionConfiguration";
    const HTTP: Http = Http { method: "GET", uri: "/2015-03-31/functions/{FunctionName}/configuration", status: 200 };
    const INPUT: &'static Shape = &GET_FUNCTION_CONFIGURATION_REQUEST;
    type Output = FunctionConfiguration;
}
impl Operation for UpdateFunctionCodeRequest {
    const NAME: &'static str = "UpdateFunctionCode";
    const HTTP: Http = Http { method: "PUT", uri: "/2015-03-31/functions/{FunctionName}/code", status: 200 };
    const INPUT: &'static Shape = &UPDATE_FUNCTION_CODE_REQUEST;
    type Output = FunctionConfiguration;
}
impl Operation for UpdateFunctionConfigurationRequest {
    const NAME: &'static str = "UpdateFunctionConfiguration";
    const HTTP: Http = Http { method: "PUT", uri: "/2015-03-31/functions/{FunctionName}/configuration", status: 200 };
    const INPUT: &'static Shape = &UPDATE_FUNCTION_CONFIGURATION_REQUEST;
    type Output = FunctionConfiguration;
}
impl Operation for DeleteFunctionRequest {
    const NAME: &'static str = "DeleteFunction";
    const HTTP: Http = Http { method: "DELETE", uri: "/2015-03-31/functions/{FunctionName}", status: 200 };
    const INPUT: &'static Shape = &DELETE_FUNCTION_REQUEST;
    type Output = DeleteFunctionResponse;
}
impl Operation for ListFunctionsRequest {
    const NAME: &'static str = "ListFunctions";
    const HTTP: Http = Http { method: "GET", uri: "/2015-03-31/functions", status: 200 };
    const INPUT: &'static Shape = &LIST_FUNCTIONS_REQUEST;
    type Output = ListFunctionsResponse;
}
impl Operation for PublishVersionRequest {
    const NAME: &'static str = "PublishVersion";
    const HTTP: Http = Http { method: "POST", uri: "/2015-03-31/functions/{FunctionName}/versions", status: 201 };
    const INPUT: &'static Shape = &PUBLISH_VERSION_REQUEST;
    type Output = FunctionConfiguration;
}
impl Operation for ListVersionsByFunctionRequest {
    const NAME: &'static str = "ListVersionsByFunction";
    const HTTP: Http = Http { method: "GET", uri: "/2015-03-31/functions/{FunctionName}/versions", status: 200 };
    const INPUT: &'static Shape = &LIST_VERSIONS_BY_FUNCTION_REQUEST;
    type Output = ListVersionsByFunctionResponse;
}
impl Operation for ListTagsRequest {
    const NAME: &'static str = "ListTags";
    const HTTP: Http = Http { method: "GET", uri: "/2017-03-31/tags/{Resource}", status: 200 };
    const INPUT: &'static Shape = &LIST_TAGS_REQUEST;
    type Output = ListTagsResponse;
}
impl Operation for TagResourceRequest {
    const NAME: &'static str = "TagResource";
    const HTTP: Http = Http { method: "POST", uri: "/2017-03-31/tags/{Resource}", status: 204 };
    const INPUT: &'static Shape = &TAG_RESOURCE_REQUEST;
    type Output = ();
}
impl Operation for UntagResourceRequest {
    const NAME: &'static str = "UntagResource";
    const HTTP: Http = Http { method: "DELETE", uri: "/2017-03-31/tags/{Resource}", status: 204 };
    const INPUT: &'static Shape = &UNTAG_RESOURCE_REQUEST;
    type Output = ();
}
impl Operation for InvocationRequest {
    const NAME: &'static str = "Invoke";
    const HTTP: Http = Http { method: "POST", uri: "/2015-03-31/functions/{FunctionName}/invocations", status: 200 };
    const INPUT: &'static Shape = &INVOCATION_REQUEST;
    type Output = ();
}

static APPLICATION_LOG_LEVEL: Shape = text("ApplicationLogLevel", 0, NO_LENGTH, "", &["FATAL", "TRACE", "WARN", "ERROR", "INFO", "DEBUG"]);
static ARCHITECTURE: Shape = text("Architecture", 0, NO_LENGTH, "", &["x86_64", "arm64"]);
static ARCHITECTURES_LIST: Shape = list("ArchitecturesList", &ARCHITECTURE, 1, 1);
static BLOB: Shape = sensitive(blob("Blob"));
static BOOLEAN: Shape = boolean("Boolean");
static CAPACITY_PROVIDER_ARN: Shape = text("CapacityProviderArn", 1, 140, "arn:aws[a-zA-Z-]*:lambda:[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:\\d{12}:capacity-provider:[a-zA-Z0-9-_]+", &[]);
static CAPACITY_PROVIDER_CONFIG: Shape = structure("CapacityProviderConfig", &[
    required("LambdaManagedInstancesCapacityProviderConfig", &LAMBDA_MANAGED_INSTANCES_CAPACITY_PROVIDER_CONFIG),
]);
static CODE_SIGNING_CONFIG_ARN: Shape = text("CodeSigningConfigArn", 0, 200, "arn:(aws[a-zA-Z-]*)?:lambda:[a-z]{2}((-gov)|(-iso(b?)))?-[a-z]+-\\d{1}:\\d{12}:code-signing-config:csc-[a-z0-9]{17}", &[]);
static CREATE_FUNCTION_REQUEST: Shape = structure("CreateFunctionRequest", &[
    required("FunctionName", &FUNCTION_NAME),
    optional("Runtime", &RUNTIME),
    required("Role", &ROLE_ARN),
    optional("Handler", &HANDLER),
    required("Code", &FUNCTION_CODE),
    optional("Description", &DESCRIPTION),
    optional("Timeout", &TIMEOUT),
    optional("MemorySize", &MEMORY_SIZE),
    optional("Publish", &BOOLEAN),
    optional("VpcConfig", &VPC_CONFIG),
    optional("PackageType", &PACKAGE_TYPE),
    optional("DeadLetterConfig", &DEAD_LETTER_CONFIG),
    optional("Environment", &ENVIRONMENT),
    optional("KMSKeyArn", &KMS_KEY_ARN),
    optional("TracingConfig", &TRACING_CONFIG),
    optional("Tags", &TAGS),
    optional("Layers", &LAYER_LIST),
    optional("FileSystemConfigs", &FILE_SYSTEM_CONFIG_LIST),
    optional("ImageConfig", &IMAGE_CONFIG),
    optional("CodeSigningConfigArn", &CODE_SIGNING_CONFIG_ARN),
    optional("Architectures", &ARCHITECTURES_LIST),
    optional("EphemeralStorage", &EPHEMERAL_STORAGE),
    optional("SnapStart", &SNAP_START),
    optional("LoggingConfig", &LOGGING_CONFIG),
    optional("CapacityProviderConfig", &CAPACITY_PROVIDER_CONFIG),
    optional("PublishTo", &FUNCTION_VERSION_LATEST_PUBLISHED),
    optional("DurableConfig", &DURABLE_CONFIG),
    optional("TenancyConfig", &TENANCY_CONFIG),
]);
static DEAD_LETTER_CONFIG: Shape = structure("DeadLetterConfig", &[
    optional("TargetArn", &RESOURCE_ARN),
]);
static DELETE_FUNCTION_REQUEST: Shape = structure("DeleteFunctionRequest", &[
    at(Place::Uri, required("FunctionName", &NAMESPACED_FUNCTION_NAME)),
    at(Place::Query("Qualifier"), optional("Qualifier", &NUMERIC_LATEST_PUBLISHED_OR_ALIAS_QUALIFIER)),
]);
static DESCRIPTION: Shape = text("Description", 0, 256, "", &[]);
static DURABLE_CONFIG: Shape = structure("DurableConfig", &[
    optional("RetentionPeriodInDays", &RETENTION_PERIOD_IN_DAYS),
    optional("ExecutionTimeout", &EXECUTION_TIMEOUT),
]);
static DURABLE_EXECUTION_NAME: Shape = text("DurableExecutionName", 1, 64, "[a-zA-Z0-9-_]+", &[]);
static ENVIRONMENT: Shape = structure("Environment", &[
    optional("Variables", &ENVIRONMENT_VARIABLES),
]);
static ENVIRONMENT_VARIABLE_NAME: Shape = sensitive(text("EnvironmentVariableName", 0, NO_LENGTH, "[a-zA-Z]([a-zA-Z0-9_])+", &[]));
static ENVIRONMENT_VARIABLE_VALUE: Shape = sensitive(text("EnvironmentVariableValue", 0, NO_LENGTH, "", &[]));
static ENVIRONMENT_VARIABLES: Shape = sensitive(map("EnvironmentVariables", &ENVIRONMENT_VARIABLE_NAME, &ENVIRONMENT_VARIABLE_VALUE, 0, NO_LENGTH));
static EPHEMERAL_STORAGE: Shape = structure("EphemeralStorage", &[
    required("Size", &EPHEMERAL_STORAGE_SIZE),
]);
static EPHEMERAL_STORAGE_SIZE: Shape = integer("EphemeralStorageSize", 512, 10240);
static EXECUTION_ENVIRONMENT_MEMORY_GI_B_PER_V_CPU: Shape = float("ExecutionEnvironmentMemoryGiBPerVCpu", i64::MIN, i64::MAX);
static EXECUTION_TIMEOUT: Shape = integer("ExecutionTimeout", 1, 31622400);
static FILE_SYSTEM_ARN: Shape = text("FileSystemArn", 0, 256, "arn:aws[a-zA-Z-]*:elasticfilesystem:[a-z]{2}((-gov)|(-iso(b?)))?-[a-z]+-\\d{1}:\\d{12}:access-point/fsap-[a-f0-9]{17}$|^arn:aws[-a-z]*:s3files:[0-9a-z-:]+:file-system/fs-[0-9a-f]{17,40}/access-point/fsap-[0-9a-f]{17,40}", &[]);
static FILE_SYSTEM_CONFIG: Shape = structure("FileSystemConfig", &[
    required("Arn", &FILE_SYSTEM_ARN),
    required("LocalMountPath", &LOCAL_MOUNT_PATH),
]);
static FILE_SYSTEM_CONFIG_LIST: Shape = list("FileSystemConfigList", &FILE_SYSTEM_CONFIG, 0, 1);
static FUNCTION_CODE: Shape = structure("FunctionCode", &[
    optional("ZipFile", &BLOB),
    optional("S3Bucket", &S3_BUCKET),
    optional("S3Key", &S3_KEY),
    optional("S3ObjectVersion", &S3_OBJECT_VERSION),
    optional("ImageUri", &STRING),
    optional("SourceKMSKeyArn", &KMS_KEY_ARN),
]);
static FUNCTION_NAME: Shape = text("FunctionName", 1, 140, "(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?", &[]);
static FUNCTION_VERSION: Shape = text("FunctionVersion", 0, NO_LENGTH, "", &["ALL"]);
static FUNCTION_VERSION_LATEST_PUBLISHED: Shape = text("FunctionVersionLatestPublished", 0, NO_LENGTH, "", &["LATEST_PUBLISHED"]);
static GET_FUNCTION_CONFIGURATION_REQUEST: Shape = structure("GetFunctionConfigurationRequest", &[
    at(Place::Uri, required("FunctionName", &NAMESPACED_FUNCTION_NAME)),
    at(Place::Query("Qualifier"), optional("Qualifier", &NUMERIC_LATEST_PUBLISHED_OR_ALIAS_QUALIFIER)),
]);
static GET_FUNCTION_REQUEST: Shape = structure("GetFunctionRequest", &[
    at(Place::Uri, required("FunctionName", &NAMESPACED_FUNCTION_NAME)),
    at(Place::Query("Qualifier"), optional("Qualifier", &NUMERIC_LATEST_PUBLISHED_OR_ALIAS_QUALIFIER)),
]);
static HANDLER: Shape = text("Handler", 0, 128, "", &[]);
static IMAGE_CONFIG: Shape = structure("ImageConfig", &[
    optional("EntryPoint", &STRING_LIST),
    optional("Command", &STRING_LIST),
    optional("WorkingDirectory", &WORKING_DIRECTORY),
]);
static INVOCATION_REQUEST: Shape = structure("InvocationRequest", &[
    at(Place::Uri, required("FunctionName", &NAMESPACED_FUNCTION_NAME)),
    at(Place::Header("x-amz-invocation-type"), optional("InvocationType", &INVOCATION_TYPE)),
    at(Place::Header("x-amz-log-type"), optional("LogType", &LOG_TYPE)),
    at(Place::Header("x-amz-client-context"), optional("ClientContext", &STRING)),
    at(Place::Header("x-amz-durable-execution-name"), optional("DurableExecutionName", &DURABLE_EXECUTION_NAME)),
    at(Place::Payload, optional("Payload", &BLOB)),
    at(Place::Query("Qualifier"), optional("Qualifier", &NUMERIC_LATEST_PUBLISHED_OR_ALIAS_QUALIFIER)),
    at(Place::Header("x-amz-tenant-id"), optional("TenantId", &TENANT_ID)),
]);
static INVOCATION_TYPE: Shape = text("InvocationType", 0, NO_LENGTH, "", &["DryRun", "RequestResponse", "Event"]);
static KMS_KEY_ARN: Shape = text("KMSKeyArn", 0, NO_LENGTH, "(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()", &[]);
static LAMBDA_MANAGED_INSTANCES_CAPACITY_PROVIDER_CONFIG: Shape = structure("LambdaManagedInstancesCapacityProviderConfig", &[
    required("CapacityProviderArn", &CAPACITY_PROVIDER_ARN),
    optional("PerExecutionEnvironmentMaxConcurrency", &PER_EXECUTION_ENVIRONMENT_MAX_CONCURRENCY),
    optional("ExecutionEnvironmentMemoryGiBPerVCpu", &EXECUTION_ENVIRONMENT_MEMORY_GI_B_PER_V_CPU),
]);
static LAYER_LIST: Shape = list("LayerList", &LAYER_VERSION_ARN, 0, NO_LENGTH);
static LAYER_VERSION_ARN: Shape = text("LayerVersionArn", 1, 140, "arn:[a-zA-Z0-9-]+:lambda:[a-zA-Z0-9-]+:\\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+", &[]);
static LIST_FUNCTIONS_REQUEST: Shape = structure("ListFunctionsRequest", &[
    at(Place::Query("MasterRegion"), optional("MasterRegion", &MASTER_REGION)),
    at(Place::Query("FunctionVersion"), optional("FunctionVersion", &FUNCTION_VERSION)),
    at(Place::Query("Marker"), optional("Marker", &STRING)),
    at(Place::Query("MaxItems"), optional("MaxItems", &MAX_LIST_ITEMS)),
]);
static LIST_TAGS_REQUEST: Shape = structure("ListTagsRequest", &[
    at(Place::Uri, required("Resource", &TAGGABLE_RESOURCE)),
]);
static LIST_VERSIONS_BY_FUNCTION_REQUEST: Shape = structure("ListVersionsByFunctionRequest", &[
    at(Place::Uri, required("FunctionName", &NAMESPACED_FUNCTION_NAME)),
    at(Place::Query("Marker"), optional("Marker", &STRING)),
    at(Place::Query("MaxItems"), optional("MaxItems", &MAX_LIST_ITEMS)),
]);
static LOCAL_MOUNT_PATH: Shape = text("LocalMountPath", 0, 160, "/mnt/[a-zA-Z0-9-_.]+", &[]);
static LOG_FORMAT: Shape = text("LogFormat", 0, NO_LENGTH, "", &["JSON", "Text"]);
static LOG_GROUP: Shape = text("LogGroup", 1, 512, "[\\.\\-_/#A-Za-z0-9]+", &[]);
static LOG_TYPE: Shape = text("LogType", 0, NO_LENGTH, "", &["Tail", "None"]);
static LOGGING_CONFIG: Shape = structure("LoggingConfig", &[
    optional("LogFormat", &LOG_FORMAT),
    optional("ApplicationLogLevel", &APPLICATION_LOG_LEVEL),
    optional("SystemLogLevel", &SYSTEM_LOG_LEVEL),
    optional("LogGroup", &LOG_GROUP),
]);
static MASTER_REGION: Shape = text("MasterRegion", 0, NO_LENGTH, "ALL|[a-z]{2}(-gov)?-[a-z]+-\\d{1}", &[]);
static MAX_LIST_ITEMS: Shape = integer("MaxListItems", 1, 10000);
static MEMORY_SIZE: Shape = integer("MemorySize", 128, 10240);
static NAMESPACED_FUNCTION_NAME: Shape = text("NamespacedFunctionName", 1, 256, "(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?([a-zA-Z0-9-_\\.]+)(:(\\$LATEST(\\.PUBLISHED)?|[a-zA-Z0-9-_]+))?", &[]);
static NULLABLE_BOOLEAN: Shape = boolean("NullableBoolean");
static NUMERIC_LATEST_PUBLISHED_OR_ALIAS_QUALIFIER: Shape = text("NumericLatestPublishedOrAliasQualifier", 1, 128, "\\$(LATEST(\\.PUBLISHED)?)|[a-zA-Z0-9-_$]+", &[]);
static PACKAGE_TYPE: Shape = text("PackageType", 0, NO_LENGTH, "", &["Zip", "Image"]);
static PER_EXECUTION_ENVIRONMENT_MAX_CONCURRENCY: Shape = integer("PerExecutionEnvironmentMaxConcurrency", 1, 1600);
static PUBLISH_VERSION_REQUEST: Shape = structure("PublishVersionRequest", &[
    at(Place::Uri, required("FunctionName", &FUNCTION_NAME)),
    optional("CodeSha256", &STRING),
    optional("Description", &DESCRIPTION),
    optional("RevisionId", &STRING),
    optional("PublishTo", &FUNCTION_VERSION_LATEST_PUBLISHED),
]);
static RESOURCE_ARN: Shape = text("ResourceArn", 0, NO_LENGTH, "(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()", &[]);
static RETENTION_PERIOD_IN_DAYS: Shape = integer("RetentionPeriodInDays", 1, 90);
static ROLE_ARN: Shape = text("RoleArn", 0, NO_LENGTH, "arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+", &[]);
static RUNTIME: Shape = text("Runtime", 0, NO_LENGTH, "", &[]);
static S3_BUCKET: Shape = text("S3Bucket", 3, 63, "[0-9A-Za-z\\.\\-_]*(?<!\\.)", &[]);
static S3_KEY: Shape = text("S3Key", 1, 1024, "", &[]);
static S3_OBJECT_VERSION: Shape = text("S3ObjectVersion", 1, 1024, "", &[]);
static SECURITY_GROUP_ID: Shape = text("SecurityGroupId", 0, NO_LENGTH, "", &[]);
static SECURITY_GROUP_IDS: Shape = list("SecurityGroupIds", &SECURITY_GROUP_ID, 0, 5);
static SNAP_START: Shape = structure("SnapStart", &[
    optional("ApplyOn", &SNAP_START_APPLY_ON),
]);
static SNAP_START_APPLY_ON: Shape = text("SnapStartApplyOn", 0, NO_LENGTH, "", &["PublishedVersions", "None"]);
static STRING: Shape = text("String", 0, NO_LENGTH, "", &[]);
static STRING_LIST: Shape = list("StringList", &STRING, 0, 1500);
static SUBNET_ID: Shape = text("SubnetId", 0, NO_LENGTH, "", &[]);
static SUBNET_IDS: Shape = list("SubnetIds", &SUBNET_ID, 0, 16);
static SYSTEM_LOG_LEVEL: Shape = text("SystemLogLevel", 0, NO_LENGTH, "", &["WARN", "INFO", "DEBUG"]);
static TAG_KEY: Shape = text("TagKey", 0, NO_LENGTH, "", &[]);
static TAG_KEY_LIST: Shape = list("TagKeyList", &TAG_KEY, 0, NO_LENGTH);
static TAG_RESOURCE_REQUEST: Shape = structure("TagResourceRequest", &[
    at(Place::Uri, required("Resource", &TAGGABLE_RESOURCE)),
    required("Tags", &TAGS),
]);
static TAG_VALUE: Shape = text("TagValue", 0, NO_LENGTH, "", &[]);
static TAGGABLE_RESOURCE: Shape = text("TaggableResource", 1, 256, "arn:(aws[a-zA-Z-]*):lambda:[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:\\d{12}:(function:[a-zA-Z0-9-_]+(:(\\$LATEST|[a-zA-Z0-9-_]+))?|code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|capacity-provider:[a-zA-Z0-9-_]+)", &[]);
static TAGS: Shape = map("Tags", &TAG_KEY, &TAG_VALUE, 0, NO_LENGTH);
static TENANCY_CONFIG: Shape = structure("TenancyConfig", &[
    required("TenantIsolationMode", &TENANT_ISOLATION_MODE),
]);
static TENANT_ID: Shape = text("TenantId", 1, 256, "[a-zA-Z0-9\\._:\\/=+\\-@ ]+", &[]);
static TENANT_ISOLATION_MODE: Shape = text("TenantIsolationMode", 0, NO_LENGTH, "", &["PER_TENANT"]);
static TIMEOUT: Shape = integer("Timeout", 1, 900);
static TRACING_CONFIG: Shape = structure("TracingConfig", &[
    optional("Mode", &TRACING_MODE),
]);
static TRACING_MODE: Shape = text("TracingMode", 0, NO_LENGTH, "", &["Active", "PassThrough"]);
static UNTAG_RESOURCE_REQUEST: Shape = structure("UntagResourceRequest", &[
    at(Place::Uri, required("Resource", &TAGGABLE_RESOURCE)),
    at(Place::Query("tagKeys"), required("TagKeys", &TAG_KEY_LIST)),
]);
static UPDATE_FUNCTION_CODE_REQUEST: Shape = structure("UpdateFunctionCodeRequest", &[
    at(Place::Uri, required("FunctionName", &FUNCTION_NAME)),
    optional("ZipFile", &BLOB),
    optional("S3Bucket", &S3_BUCKET),
    optional("S3Key", &S3_KEY),
    optional("S3ObjectVersion", &S3_OBJECT_VERSION),
    optional("ImageUri", &STRING),
    optional("Publish", &BOOLEAN),
    optional("DryRun", &BOOLEAN),
    optional("RevisionId", &STRING),
    optional("Architectures", &ARCHITECTURES_LIST),
    optional("SourceKMSKeyArn", &KMS_KEY_ARN),
    optional("PublishTo", &FUNCTION_VERSION_LATEST_PUBLISHED),
]);
static UPDATE_FUNCTION_CONFIGURATION_REQUEST: Shape = structure("UpdateFunctionConfigurationRequest", &[
    at(Place::Uri, required("FunctionName", &FUNCTION_NAME)),
    optional("Role", &ROLE_ARN),
    optional("Handler", &HANDLER),
    optional("Description", &DESCRIPTION),
    optional("Timeout", &TIMEOUT),
    optional("MemorySize", &MEMORY_SIZE),
    optional("VpcConfig", &VPC_CONFIG),
    optional("Environment", &ENVIRONMENT),
    optional("Runtime", &RUNTIME),
    optional("DeadLetterConfig", &DEAD_LETTER_CONFIG),
    optional("KMSKeyArn", &KMS_KEY_ARN),
    optional("TracingConfig", &TRACING_CONFIG),
    optional("RevisionId", &STRING),
    optional("Layers", &LAYER_LIST),
    optional("FileSystemConfigs", &FILE_SYSTEM_CONFIG_LIST),
    optional("ImageConfig", &IMAGE_CONFIG),
    optional("EphemeralStorage", &EPHEMERAL_STORAGE),
    optional("SnapStart", &SNAP_START),
    optional("LoggingConfig", &LOGGING_CONFIG),
    optional("CapacityProviderConfig", &CAPACITY_PROVIDER_CONFIG),
    optional("DurableConfig", &DURABLE_CONFIG),
]);
static VPC_CONFIG: Shape = structure("VpcConfig", &[
    optional("SubnetIds", &SUBNET_IDS),
    optional("SecurityGroupIds", &SECURITY_GROUP_IDS),
    optional("Ipv6AllowedForDualStack", &NULLABLE_BOOLEAN),
]);
static WORKING_DIRECTORY: Shape = text("WorkingDirectory", 0, 1000, "", &[]);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateFunctionRequest {
    pub(crate) function_name: Arc<str>,
    pub(crate) runtime: Option<Arc<str>>,
    pub(crate) role: Arc<str>,
    pub(crate) handler: Option<Arc<str>>,
    pub(crate) code: FunctionCode,
    pub(crate) description: Option<Arc<str>>,
    pub(crate) timeout: Option<i64>,
    pub(crate) memory_size: Option<i64>,
    pub(crate) publish: Option<bool>,
    pub(crate) vpc_config: Option<Value>,
    pub(crate) package_type: Option<PackageType>,
    pub(crate) dead_letter_config: Option<Value>,
    pub(crate) environment: Option<Environment>,
    #[serde(rename = "KMSKeyArn")]
    pub(crate) kms_key_arn: Option<Arc<str>>,
    pub(crate) tracing_config: Option<Value>,
    pub(crate) tags: Option<BTreeMap<Arc<str>, Arc<str>>>,
    pub(crate) layers: Option<Value>,
    pub(crate) file_system_configs: Option<Value>,
    pub(crate) image_config: Option<Value>,
    pub(crate) code_signing_config_arn: Option<Arc<str>>,
    pub(crate) architectures: Option<Value>,
    pub(crate) ephemeral_storage: Option<Value>,
    pub(crate) snap_start: Option<Value>,
    pub(crate) logging_config: Option<Value>,
    pub(crate) capacity_provider_config: Option<Value>,
    pub(crate) publish_to: Option<FunctionVersionLatestPublished>,
    pub(crate) durable_config: Option<Value>,
    pub(crate) tenancy_config: Option<Value>,
}
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteFunctionRequest {
    pub(crate) function_name: Arc<str>,
    pub(crate) qualifier: Option<Arc<str>>,
}
#[derive(Default, Serialize)]
pub(crate) struct DeleteFunctionResponse {}
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Environment {
    pub(crate) variables: Option<BTreeMap<Arc<str>, Arc<str>>>,
}
#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct EnvironmentResponse {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) variables: Option<BTreeMap<Arc<str>, Arc<str>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<Value>,
}
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct FunctionCode {
    pub(crate) zip_file: Option<Blob>,
    pub(crate) s3_bucket: Option<Arc<str>>,
    pub(crate) s3_key: Option<Arc<str>>,
    pub(crate) s3_object_version: Option<Arc<str>>,
    pub(crate) image_uri: Option<Arc<str>>,
    #[serde(rename = "SourceKMSKeyArn")]
    pub(crate) source_kms_key_arn: Option<Arc<str>>,
}
#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct FunctionCodeLocation {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) repository_type: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) location: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) image_uri: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) resolved_image_uri: Option<Arc<str>>,
    #[serde(rename = "SourceKMSKeyArn", skip_serializing_if = "Option::is_none")]
    pub(crate) source_kms_key_arn: Option<Arc<str>>,
}
#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct FunctionConfiguration {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) function_name: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) function_arn: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) runtime: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) role: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) handler: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code_size: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) timeout: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) memory_size: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_modified: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code_sha256: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) vpc_config: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dead_letter_config: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) environment: Option<EnvironmentResponse>,
    #[serde(rename = "KMSKeyArn", skip_serializing_if = "Option::is_none")]
    pub(crate) kms_key_arn: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tracing_config: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) master_arn: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) revision_id: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) layers: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<State>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) state_reason: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) state_reason_code: Option<StateReasonCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_update_status: Option<LastUpdateStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_update_status_reason: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_update_status_reason_code: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) file_system_configs: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) package_type: Option<PackageType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) image_config_response: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) signing_profile_version_arn: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) signing_job_arn: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) architectures: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ephemeral_storage: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) snap_start: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) runtime_version_config: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) logging_config: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) capacity_provider_config: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) config_sha256: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) durable_config: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tenancy_config: Option<Value>,
}
wire_enum!(FunctionVersion { All = "ALL", });
wire_enum!(FunctionVersionLatestPublished { LatestPublished = "LATEST_PUBLISHED", });
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetFunctionConfigurationRequest {
    pub(crate) function_name: Arc<str>,
    pub(crate) qualifier: Option<Arc<str>>,
}
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetFunctionRequest {
    pub(crate) function_name: Arc<str>,
    pub(crate) qualifier: Option<Arc<str>>,
}
#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetFunctionResponse {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) configuration: Option<FunctionConfiguration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<FunctionCodeLocation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tags: Option<BTreeMap<Arc<str>, Arc<str>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tags_error: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) concurrency: Option<Value>,
}
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct InvocationRequest {
    pub(crate) function_name: Arc<str>,
    pub(crate) invocation_type: Option<InvocationType>,
    pub(crate) log_type: Option<LogType>,
    pub(crate) client_context: Option<Arc<str>>,
    pub(crate) durable_execution_name: Option<Arc<str>>,
    pub(crate) qualifier: Option<Arc<str>>,
    pub(crate) tenant_id: Option<Arc<str>>,
}
wire_enum!(InvocationType { Event = "Event", RequestResponse = "RequestResponse", DryRun = "DryRun", });
wire_enum!(LastUpdateStatus { Successful = "Successful", Failed = "Failed", InProgress = "InProgress", });
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListFunctionsRequest {
    pub(crate) master_region: Option<Arc<str>>,
    pub(crate) function_version: Option<FunctionVersion>,
    pub(crate) marker: Option<Arc<str>>,
    pub(crate) max_items: Option<i64>,
}
#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListFunctionsResponse {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_marker: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) functions: Option<Vec<FunctionConfiguration>>,
}
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListTagsRequest {
    pub(crate) resource: Arc<str>,
}
#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListTagsResponse {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tags: Option<BTreeMap<Arc<str>, Arc<str>>>,
}
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListVersionsByFunctionRequest {
    pub(crate) function_name: Arc<str>,
    pub(crate) marker: Option<Arc<str>>,
    pub(crate) max_items: Option<i64>,
}
#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListVersionsByFunctionResponse {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_marker: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) versions: Option<Vec<FunctionConfiguration>>,
}
wire_enum!(LogType { None = "None", Tail = "Tail", });
wire_enum!(PackageType { Zip = "Zip", Image = "Image", });
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PublishVersionRequest {
    pub(crate) function_name: Arc<str>,
    pub(crate) code_sha256: Option<Arc<str>>,
    pub(crate) description: Option<Arc<str>>,
    pub(crate) revision_id: Option<Arc<str>>,
    pub(crate) publish_to: Option<FunctionVersionLatestPublished>,
}
wire_enum!(State { Pending = "Pending", Active = "Active", Inactive = "Inactive", Failed = "Failed", Deactivating = "Deactivating", Deactivated = "Deactivated", ActiveNonInvocable = "ActiveNonInvocable", Deleting = "Deleting", });
wire_enum!(StateReasonCode { Idle = "Idle", Creating = "Creating", Restoring = "Restoring", EniLimitExceeded = "EniLimitExceeded", InsufficientRolePermissions = "InsufficientRolePermissions", InvalidConfiguration = "InvalidConfiguration", InternalError = "InternalError", SubnetOutOfIPAddresses = "SubnetOutOfIPAddresses", InvalidSubnet = "InvalidSubnet", InvalidSecurityGroup = "InvalidSecurityGroup", ImageDeleted = "ImageDeleted", ImageAccessDenied = "ImageAccessDenied", InvalidImage = "InvalidImage", KMSKeyAccessDenied = "KMSKeyAccessDenied", KMSKeyNotFound = "KMSKeyNotFound", InvalidStateKMSKey = "InvalidStateKMSKey", DisabledKMSKey = "DisabledKMSKey", EFSIOError = "EFSIOError", EFSMountConnectivityError = "EFSMountConnectivityError", EFSMountFailure = "EFSMountFailure", EFSMountTimeout = "EFSMountTimeout", InvalidRuntime = "InvalidRuntime", InvalidZipFileException = "InvalidZipFileException", FunctionError = "FunctionError", DrainingDurableExecutions = "DrainingDurableExecutions", VcpuLimitExceeded = "VcpuLimitExceeded", CapacityProviderScalingLimitExceeded = "CapacityProviderScalingLimitExceeded", InsufficientCapacity = "InsufficientCapacity", EC2RequestLimitExceeded = "EC2RequestLimitExceeded", FunctionErrorInitTimeout = "FunctionError.InitTimeout", FunctionErrorRuntimeInitError = "FunctionError.RuntimeInitError", FunctionErrorExtensionInitError = "FunctionError.ExtensionInitError", FunctionErrorInvalidEntryPoint = "FunctionError.InvalidEntryPoint", FunctionErrorInvalidWorkingDirectory = "FunctionError.InvalidWorkingDirectory", FunctionErrorPermissionDenied = "FunctionError.PermissionDenied", FunctionErrorTooManyExtensions = "FunctionError.TooManyExtensions", FunctionErrorInitResourceExhausted = "FunctionError.InitResourceExhausted", DisallowedByVpcEncryptionControl = "DisallowedByVpcEncryptionControl", });
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TagResourceRequest {
    pub(crate) resource: Arc<str>,
    pub(crate) tags: BTreeMap<Arc<str>, Arc<str>>,
}
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UntagResourceRequest {
    pub(crate) resource: Arc<str>,
    pub(crate) tag_keys: Vec<Arc<str>>,
}
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UpdateFunctionCodeRequest {
    pub(crate) function_name: Arc<str>,
    pub(crate) zip_file: Option<Blob>,
    pub(crate) s3_bucket: Option<Arc<str>>,
    pub(crate) s3_key: Option<Arc<str>>,
    pub(crate) s3_object_version: Option<Arc<str>>,
    pub(crate) image_uri: Option<Arc<str>>,
    pub(crate) publish: Option<bool>,
    pub(crate) dry_run: Option<bool>,
    pub(crate) revision_id: Option<Arc<str>>,
    pub(crate) architectures: Option<Value>,
    #[serde(rename = "SourceKMSKeyArn")]
    pub(crate) source_kms_key_arn: Option<Arc<str>>,
    pub(crate) publish_to: Option<FunctionVersionLatestPublished>,
}
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UpdateFunctionConfigurationRequest {
    pub(crate) function_name: Arc<str>,
    pub(crate) role: Option<Arc<str>>,
    pub(crate) handler: Option<Arc<str>>,
    pub(crate) description: Option<Arc<str>>,
    pub(crate) timeout: Option<i64>,
    pub(crate) memory_size: Option<i64>,
    pub(crate) vpc_config: Option<Value>,
    pub(crate) environment: Option<Environment>,
    pub(crate) runtime: Option<Arc<str>>,
    pub(crate) dead_letter_config: Option<Value>,
    #[serde(rename = "KMSKeyArn")]
    pub(crate) kms_key_arn: Option<Arc<str>>,
    pub(crate) tracing_config: Option<Value>,
    pub(crate) revision_id: Option<Arc<str>>,
    pub(crate) layers: Option<Value>,
    pub(crate) file_system_configs: Option<Value>,
    pub(crate) image_config: Option<Value>,
    pub(crate) ephemeral_storage: Option<Value>,
    pub(crate) snap_start: Option<Value>,
    pub(crate) logging_config: Option<Value>,
    pub(crate) capacity_provider_config: Option<Value>,
    pub(crate) durable_config: Option<Value>,
}
