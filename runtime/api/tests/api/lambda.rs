//! Lambda.

use crate::support::{Bench, FUNCTION, ROLE, component, function_request};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

fn code(name: &str) -> String {
    STANDARD.encode(component(name))
}

pub(crate) async fn create_function(bench: &Bench) {
    let mut request = function_request("f", "echo");
    request["Environment"] = json!({"Variables": {"KEY": "value"}});
    request["Tags"] = json!({"team": "a"});
    request["Runtime"] = json!("anything");
    let answer = bench.lambda("POST", "", request.to_string()).await;
    assert_eq!(answer.status, 201);
    let created = answer.ok();
    assert_eq!(created["FunctionArn"], format!("{FUNCTION}:f"));
    assert_eq!((&created["Timeout"], &created["MemorySize"]), (&json!(3), &json!(128)));
    assert_eq!((&created["State"], &created["LastUpdateStatus"]), (&json!("Active"), &json!("Successful")));
    assert_eq!((&created["Version"], &created["Runtime"]), (&json!("$LATEST"), &json!("anything")));
    assert_eq!(created["Environment"], json!({"Variables": {"KEY": "value"}}));
    assert_eq!(created["CodeSize"], component("echo").len());
    let modified = created["LastModified"].as_str().unwrap();
    assert!(modified.len() == 28 && modified.ends_with("+0000"), "{modified}");

    let message = "Function already exist: f";
    bench.function("f", "echo").await.refused(409, "ResourceConflictException", message);
    let refused = async |change: Value, code: &str, message: &str| {
        let mut request = function_request("g", "echo");
        request.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        bench.lambda("POST", "", request.to_string()).await.refused(400, code, message);
    };
    let constraint = |value: &str, at: &str, rule: &str| {
        format!(
            "1 validation error detected: Value '{value}' at '{at}' failed to satisfy constraint: Member must have value {rule}"
        )
    };
    refused(
        json!({"Timeout": 901}),
        "ValidationException",
        &constraint("901", "timeout", "less than or equal to 900"),
    )
    .await;
    refused(
        json!({"MemorySize": 127}),
        "ValidationException",
        &constraint("127", "memorySize", "greater than or equal to 128"),
    )
    .await;
    refused(
        json!({"Code": {}}),
        "InvalidParameterValueException",
        "Please provide a source for function code.",
    )
    .await;
    refused(
        json!({"Code": {"ImageUri": "x"}}),
        "InvalidParameterValueException",
        "Stepwell runs no container images: send a WebAssembly component as ZipFile",
    )
    .await;
    refused(
        json!({"Code": {"S3Bucket": "bucket", "S3Key": "key"}}),
        "InvalidParameterValueException",
        "Stepwell does not read code from S3: send it as ZipFile",
    )
    .await;
    refused(
        json!({"FunctionName": "a b"}),
        "ValidationException",
        "1 validation error detected: Value 'a b' at 'functionName' failed to satisfy constraint: Member must satisfy \
         regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?\
         (\\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?",
    )
    .await;
    let long = "n".repeat(65);
    refused(
        json!({"FunctionName": long}),
        "InvalidParameterValueException",
        &format!(
            "1 validation error detected: Value '{long}' at 'functionName' failed to satisfy constraint: Member must have \
             length less than or equal to 64"
        ),
    )
    .await;
    refused(
        json!({"Architectures": ["mips"]}),
        "ValidationException",
        "1 validation error detected: Value '[mips]' at 'architectures' failed to satisfy constraint: Member must \
         satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]",
    )
    .await;
    const ENVIRONMENT: &str = "Lambda was unable to configure your environment variables because the environment variables \
                               you have provided";
    refused(
        json!({"Environment": {"Variables": {"AWS_REGION": "x", "KEY": "y"}}}),
        "InvalidParameterValueException",
        &format!(
            "{ENVIRONMENT} contains reserved keys that are currently not supported for modification. Reserved keys used \
             in this request: AWS_REGION"
        ),
    )
    .await;
    // Measured as a JSON object: eleven characters beside the value.
    let value = "v".repeat(4_096 - 11 + 1);
    refused(
        json!({"Environment": {"Variables": {"LONG": value}}}),
        "InvalidParameterValueException",
        &format!("{ENVIRONMENT} exceeded the 4KB limit. String measured: {{\"LONG\":\"{value}\""),
    )
    .await;
    refused(
        json!({"Environment": {"Variables": {"1": "x"}}}),
        "ValidationException",
        "1 validation error detected: Value at 'environment.variables' failed to satisfy constraint: Map keys must \
         satisfy constraint: [Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+, Member must not \
         be null]",
    )
    .await;
    let layer = "arn:aws:lambda:us-east-1:000000000000:layer:l:1";
    refused(
        json!({"Layers": [layer]}),
        "InvalidParameterValueException",
        &format!("Layer version {layer} does not exist."),
    )
    .await;
    refused(
        json!({"ImageConfig": {"Command": ["x"]}}),
        "InvalidParameterValueException",
        "Stepwell runs no container images: leave ImageConfig out",
    )
    .await;
    let foreign =
        json!({"FunctionName": "000000000042:function:g", "Role": ROLE, "Code": {"ZipFile": code("echo")}});
    bench.lambda("POST", "", foreign.to_string()).await.refused(
        403,
        "AccessDeniedException",
        "Account 000000000000 cannot create functions of account 000000000042",
    );
    let no_wasm = json!({"Code": {"ZipFile": STANDARD.encode("hello")}});
    let mut request = function_request("g", "echo");
    request.as_object_mut().unwrap().extend(no_wasm.as_object().unwrap().clone());
    let answer = bench.lambda("POST", "", request.to_string()).await;
    assert_eq!(answer.header("x-amzn-errortype"), "InvalidParameterValueException");
    assert!(answer.text().contains("this is not WebAssembly"), "{}", answer.text());
    let mut request = function_request("g", "echo");
    request["Code"]["ZipFile"] = json!("*");
    let answer = bench.lambda("POST", "", request.to_string()).await;
    assert_eq!((answer.status, answer.header("x-amzn-errortype")), (400, "SerializationException"));
}

/// What Stepwell keeps and shows without acting on it, with AWS's defaults.
pub(crate) async fn kept_settings(bench: &Bench) {
    let mut request = function_request("f", "echo");
    request["Architectures"] = json!(["arm64"]);
    request["LoggingConfig"] = json!({"LogFormat": "JSON", "LogGroup": "group"});
    request["SnapStart"] = json!({"ApplyOn": "PublishedVersions"});
    request["EphemeralStorage"] = json!({"Size": 1_024});
    request["Layers"] = json!([]);
    request["Environment"] = json!({"Variables": {}});
    request["ImageConfig"] = json!({});
    let created = bench.lambda("POST", "", request.to_string()).await.ok();
    let json_log = json!({
        "LogFormat": "JSON", "LogGroup": "group", "ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO",
    });
    assert_eq!(created["LoggingConfig"], json_log);
    assert_eq!(created["SnapStart"], json!({"ApplyOn": "PublishedVersions", "OptimizationStatus": "Off"}));
    assert_eq!(created["EphemeralStorage"], json!({"Size": 1_024}));
    assert_eq!(created["Architectures"], json!(["arm64"]));
    assert_eq!(created["Environment"], json!({"Variables": {}}));
    assert_eq!(created["TracingConfig"], json!({"Mode": "PassThrough"}));
    let update = json!({
        "KMSKeyArn": "arn:aws:kms:us-east-1:000000000000:key/k",
        "DeadLetterConfig": {"TargetArn": "arn:aws:sqs:us-east-1:000000000000:q"},
        "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []},
    });
    let updated = bench.lambda("PUT", "/f/configuration", update.to_string()).await.ok();
    assert_eq!(
        (&updated["KMSKeyArn"], &updated["DeadLetterConfig"]),
        (&update["KMSKeyArn"], &update["DeadLetterConfig"])
    );
    let no_vpc =
        json!({"SubnetIds": [], "SecurityGroupIds": [], "VpcId": "", "Ipv6AllowedForDualStack": false});
    assert_eq!(updated["VpcConfig"], no_vpc);
    let update = json!({"KMSKeyArn": "", "DeadLetterConfig": {"TargetArn": ""}}).to_string();
    let updated = bench.lambda("PUT", "/f/configuration", update).await.ok();
    assert!(updated["KMSKeyArn"].is_null() && updated["DeadLetterConfig"].is_null(), "{updated}");
    let update = json!({"LoggingConfig": {"SystemLogLevel": "WARN"}}).to_string();
    let updated = bench.lambda("PUT", "/f/configuration", update).await.ok();
    assert_eq!(updated["LoggingConfig"]["SystemLogLevel"], "WARN");
    assert_eq!(updated["LoggingConfig"]["LogGroup"], "group");
    let update = json!({"LoggingConfig": {"LogFormat": "Text"}}).to_string();
    let updated = bench.lambda("PUT", "/f/configuration", update).await.ok();
    assert_eq!(updated["LoggingConfig"], json!({"LogFormat": "Text", "LogGroup": "group"}));
    let update = json!({"ZipFile": code("echo"), "Architectures": ["x86_64"]}).to_string();
    let updated = bench.lambda("PUT", "/f/code", update).await.ok();
    assert_eq!(updated["Architectures"], json!(["x86_64"]));
    let update = json!({"ImageUri": "x"}).to_string();
    bench.lambda("PUT", "/f/code", update).await.refused(
        400,
        "InvalidParameterValueException",
        "Please don't provide ImageUri when updating a function with packageType Zip.",
    );
}

pub(crate) async fn get_function(bench: &Bench) {
    let mut request = function_request("f", "echo");
    request["Tags"] = json!({"team": "a"});
    bench.lambda("POST", "", request.to_string()).await.ok();
    let arn = format!("{FUNCTION}:f");
    let encoded = arn.replace(':', "%3A");
    for name in ["f", "f:$LATEST", "000000000000:function:f", arn.as_str(), encoded.as_str()] {
        let found = bench.lambda("GET", &format!("/{name}"), "").await.ok();
        assert_eq!(found["Configuration"]["FunctionName"], "f", "{name}");
        assert_eq!(found["Tags"], json!({"team": "a"}));
    }
    let found = bench.lambda("GET", "/f", "").await.ok();
    let location = found["Code"]["Location"].as_str().unwrap();
    let path = location.strip_prefix("http://localhost:8083").unwrap();
    assert_eq!(bench.request("GET", path, &[], "").await.body, component("echo"));
    // The link leads there without a signature, for any account and region.
    let signature = "AWS4-HMAC-SHA256 Credential=000000000042/20260101/eu-west-1/lambda/aws4_request, SignedHeaders=host, \
                     Signature=00";
    let headers = [("authorization", signature)];
    let body = function_request("elsewhere", "echo").to_string();
    bench.request("POST", "/2015-03-31/functions", &headers, body).await.ok();
    for name in ["elsewhere", "elsewhere:$LATEST"] {
        let found = bench.request("GET", &format!("/2015-03-31/functions/{name}"), &headers, "").await.ok();
        let location = found["Code"]["Location"].as_str().unwrap().to_owned();
        let path = location.strip_prefix("http://localhost:8083").unwrap();
        assert_eq!(bench.request("GET", path, &[], "").await.body, component("echo"), "{location}");
    }
    let message = format!("Function not found: {FUNCTION}:absent");
    bench.lambda("GET", "/absent", "").await.refused(404, "ResourceNotFoundException", &message);
    bench.lambda("GET", "/arn:aws:lambda:eu-west-1:000000000000:function:f", "").await.refused(
        404,
        "ResourceNotFoundException",
        "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')",
    );
    bench.lambda("GET", "/f:1?Qualifier=2", "").await.refused(
        400,
        "InvalidParameterValueException",
        "The derived qualifier from the function name does not match the specified qualifier.",
    );
}

pub(crate) async fn get_function_configuration(bench: &Bench) {
    let created = bench.function("f", "echo").await.ok();
    let found = bench.lambda("GET", "/f/configuration", "").await.ok();
    assert_eq!(found["RevisionId"], created["RevisionId"]);
    let found = bench.lambda("GET", "/f/configuration?Qualifier=$LATEST", "").await.ok();
    assert_eq!(found["FunctionArn"], format!("{FUNCTION}:f:$LATEST"));
}

pub(crate) async fn update_function_code(bench: &Bench) {
    let created = bench.function("f", "echo").await.ok();
    let request = json!({"ZipFile": code("const-hello"), "RevisionId": created["RevisionId"]});
    let updated = bench.lambda("PUT", "/f/code", request.to_string()).await.ok();
    assert_ne!(updated["CodeSha256"], created["CodeSha256"]);
    let stale = bench.lambda("PUT", "/f/code", request.to_string()).await;
    assert_eq!((stale.status, stale.header("x-amzn-errortype")), (412, "PreconditionFailedException"));
    let published = json!({"ZipFile": code("echo"), "Publish": true});
    let published = bench.lambda("PUT", "/f/code", published.to_string()).await.ok();
    assert_eq!(published["Version"], "1");
    let message = "This operation does not take a qualifier: only $LATEST can be changed";
    let answer = bench.lambda("PUT", "/f:1/code", json!({"ZipFile": code("echo")}).to_string()).await;
    answer.refused(400, "InvalidParameterValueException", message);
}

pub(crate) async fn update_function_configuration(bench: &Bench) {
    bench.function("f", "echo").await.ok();
    let request = json!({"Timeout": 10, "Description": "d", "TracingConfig": {"Mode": "Active"}});
    let updated = bench.lambda("PUT", "/f/configuration", request.to_string()).await.ok();
    assert_eq!((&updated["Timeout"], &updated["MemorySize"]), (&json!(10), &json!(128)));
    assert_eq!(updated["TracingConfig"], json!({"Mode": "Active"}));
    assert_eq!((&updated["Description"], &updated["Role"]), (&json!("d"), &json!(ROLE)));
    bench.lambda("PUT", "/f/configuration", json!({"TracingConfig": {"Mode": "on"}}).to_string()).await.refused(
        400,
        "ValidationException",
        "1 validation error detected: Value 'on' at 'tracingConfig.mode' failed to satisfy constraint: Member must \
         satisfy enum value set: [Active, PassThrough]",
    );
}

pub(crate) async fn delete_function(bench: &Bench) {
    bench.function("f", "echo").await.ok();
    bench.lambda("DELETE", "/f?Qualifier=$LATEST", "").await.refused(
        400,
        "InvalidParameterValueException",
        "$LATEST version cannot be deleted without deleting the function.",
    );
    let answer = bench.lambda("DELETE", "/f", "").await;
    assert_eq!((answer.status, answer.text()), (204, ""));
    let message = format!("Function not found: {FUNCTION}:f");
    bench.lambda("DELETE", "/f", "").await.refused(404, "ResourceNotFoundException", &message);
}

pub(crate) async fn list_functions(bench: &Bench) {
    for name in ["a", "b", "c"] {
        bench.function(name, "echo").await.ok();
    }
    let first = bench.lambda("GET", "/?MaxItems=2&Marker=", "").await.ok();
    assert_eq!(first["Functions"].as_array().unwrap().len(), 2);
    let next = first["NextMarker"].as_str().unwrap().replace('+', "%2B").replace('=', "%3D");
    let second = bench.lambda("GET", &format!("?MaxItems=2&Marker={next}"), "").await.ok();
    assert_eq!(second["Functions"][0]["FunctionName"], "c");
    assert!(second["NextMarker"].is_null());
    bench.lambda("POST", "/a/versions", "").await.ok();
    let all = bench.lambda("GET", "?FunctionVersion=ALL", "").await.ok();
    let arns: Vec<&str> =
        all["Functions"].as_array().unwrap().iter().map(|f| f["FunctionArn"].as_str().unwrap()).collect();
    let expected = ["a:$LATEST", "a:1", "b:$LATEST", "c:$LATEST"].map(|name| format!("{FUNCTION}:{name}"));
    assert_eq!(arns, expected);
    assert!(second["Functions"][0]["State"].is_null() && all["Functions"][1]["LastUpdateStatus"].is_null());
    bench.lambda("GET", "?MaxItems=0", "").await.refused(
        400,
        "ValidationException",
        "1 validation error detected: Value '0' at 'maxItems' failed to satisfy constraint: Member must have value \
         greater than or equal to 1",
    );
    let answer = bench.lambda("GET", "?MaxItems=x", "").await;
    answer.refused(400, "SerializationException", "STRING_VALUE can not be converted to an Integer");
}

pub(crate) async fn publish_version(bench: &Bench) {
    bench.function("f", "echo").await.ok();
    let published = bench.lambda("POST", "/f/versions", json!({"Description": "first"}).to_string()).await;
    assert_eq!(published.status, 201);
    let published = published.ok();
    assert_eq!((&published["Version"], &published["Description"]), (&json!("1"), &json!("first")));
    assert_eq!(published["FunctionArn"], format!("{FUNCTION}:f:1"));
    let latest = bench.lambda("GET", "/f/configuration", "").await.ok();
    assert_ne!(published["RevisionId"], latest["RevisionId"], "a version has a revision of its own");
    let again = bench.lambda("POST", "/f/versions", json!({"Description": "again"}).to_string()).await.ok();
    assert_eq!((&again["Version"], &again["RevisionId"]), (&json!("1"), &published["RevisionId"]));
    let mut request = function_request("g", "echo");
    request["Publish"] = json!(true);
    let created = bench.lambda("POST", "", request.to_string()).await.ok();
    assert_eq!(created["FunctionArn"], format!("{FUNCTION}:g"));
    assert_eq!(created["Version"], "1");
    let wrong = bench.lambda("POST", "/f/versions", json!({"CodeSha256": "x"}).to_string()).await;
    assert!(wrong.status >= 400, "{}", wrong.text());
}

pub(crate) async fn list_versions_by_function(bench: &Bench) {
    bench.function("f", "echo").await.ok();
    let page = async |query: &str| {
        let found = bench.lambda("GET", &format!("/f/versions{query}"), "").await.ok();
        let versions = found["Versions"].as_array().unwrap().iter();
        let versions: Vec<String> = versions.map(|v| v["Version"].as_str().unwrap().to_owned()).collect();
        (versions, found["NextMarker"].as_str().map(ToOwned::to_owned))
    };
    assert_eq!(page("?MaxItems=1").await, (vec!["$LATEST".to_owned()], None));
    bench.lambda("POST", "/f/versions", "{}").await.ok();
    bench
        .lambda("PUT", "/f/code", json!({"ZipFile": code("const-hello"), "Publish": true}).to_string())
        .await
        .ok();
    assert_eq!(page("").await, (["$LATEST", "1", "2"].map(str::to_owned).to_vec(), None));
    // `$LATEST` counts, and pages of every size show each version once.
    for size in 1..=4 {
        let (mut found, mut query) = (Vec::new(), format!("?MaxItems={size}"));
        loop {
            let (versions, marker) = page(&query).await;
            assert!(versions.len() <= size, "{versions:?}");
            found.extend(versions);
            let Some(marker) = marker else { break };
            query = format!("?MaxItems={size}&Marker={marker}");
        }
        assert_eq!(found, ["$LATEST", "1", "2"], "by {size}");
    }
    bench.lambda("GET", "/f/versions?MaxItems=0", "").await.refused(
        400,
        "ValidationException",
        "1 validation error detected: Value '0' at 'maxItems' failed to satisfy constraint: Member must have value \
         greater than or equal to 1",
    );
}

pub(crate) async fn invoke(bench: &Bench) {
    bench.function("f", "echo").await.ok();
    let invoke = async |name: &str, headers: &[(&str, &str)], body: &str| {
        let uri = format!("/2015-03-31/functions/{name}/invocations");
        bench.request("POST", &uri, headers, body.to_owned()).await
    };
    let answer = invoke("f", &[("x-amz-log-type", "Tail")], "{\"a\": [1,  2]}").await;
    assert_eq!((answer.status, answer.text()), (200, "{\"a\": [1,  2]}"));
    assert_eq!(answer.header("x-amz-executed-version"), "$LATEST");
    let log = String::from_utf8(STANDARD.decode(answer.header("x-amz-log-result")).unwrap()).unwrap();
    assert!(log.starts_with("START RequestId: ") && log.contains("REPORT RequestId: "), "{log}");
    assert_eq!(invoke("f", &[], "").await.text(), "{}");
    assert!(!invoke("f", &[], "1").await.headers.contains_key("x-amz-log-result"));

    let event = invoke("f", &[("x-amz-invocation-type", "Event")], "{}").await;
    assert_eq!((event.status, event.text()), (202, ""));
    let dry = invoke("f", &[("x-amz-invocation-type", "DryRun")], "{}").await;
    assert_eq!((dry.status, dry.text()), (204, ""));

    bench.function("raise", "raise-exception").await.ok();
    let failed = invoke("raise", &[], "{}").await;
    assert_eq!((failed.status, failed.header("x-amz-function-error")), (200, "Unhandled"));
    assert!(failed.json()["errorType"].is_string(), "{}", failed.text());

    invoke("f", &[("x-amz-invocation-type", "event")], "{}").await.refused(
        400,
        "ValidationException",
        "1 validation error detected: Value 'event' at 'invocationType' failed to satisfy constraint: Member must \
         satisfy enum value set: [DryRun, RequestResponse, Event]",
    );
    let message = format!("Function not found: {FUNCTION}:absent");
    invoke("absent", &[], "{}").await.refused(404, "ResourceNotFoundException", &message);
    let broken = invoke("f", &[], "{").await;
    assert_eq!((broken.status, broken.header("x-amzn-errortype")), (400, "InvalidRequestContentException"));
    let large = "1".repeat(1_048_577);
    invoke("f", &[("x-amz-invocation-type", "Event")], &large).await.refused(
        413,
        "RequestEntityTooLargeException",
        "Request must be smaller than 1048576 bytes for the InvokeFunction operation",
    );
    let large = " ".repeat(6_291_457);
    invoke("f", &[], &large).await.refused(
        413,
        "RequestEntityTooLargeException",
        "Request must be smaller than 6291456 bytes for the InvokeFunction operation",
    );
}
