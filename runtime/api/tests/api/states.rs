//! Step Functions.

use crate::support::{Bench, EXECUTION, MACHINE, PASS, ROLE, WAIT};
use serde_json::{Value, json};

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

pub(crate) async fn create_state_machine(bench: &Bench) {
    let request = json!({"name": "m", "definition": PASS, "roleArn": ROLE});
    let created = bench.states("CreateStateMachine", request.clone()).await.ok();
    assert_eq!(created["stateMachineArn"], format!("{MACHINE}:m"));
    assert!(created["creationDate"].as_f64().unwrap() > 1.7e9);
    assert_eq!(keys(&created), ["creationDate", "stateMachineArn"]);

    let again = bench.states("CreateStateMachine", request).await.ok();
    assert_eq!(again, created, "the same request gives the same answer");
    let defaults = json!({
        "name": "m", "definition": PASS, "roleArn": ROLE, "loggingConfiguration": {"level": "OFF"},
        "tracingConfiguration": {"enabled": false}, "encryptionConfiguration": {"type": "AWS_OWNED_KEY"},
    });
    assert_eq!(
        bench.states("CreateStateMachine", defaults).await.ok(),
        created,
        "what is not given is the default"
    );
    let other = json!({"name": "m", "definition": format!("{PASS} "), "roleArn": ROLE});
    let message = format!("State Machine Already Exists: '{MACHINE}:m'");
    bench.states("CreateStateMachine", other).await.refused(400, "StateMachineAlreadyExists", &message);

    let refused = async |change: Value, code: &str, message: &str| {
        let mut request = json!({"name": "n", "definition": PASS, "roleArn": ROLE});
        request.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        bench.states("CreateStateMachine", request).await.refused(400, code, message);
    };
    refused(json!({"name": "a b"}), "InvalidName", "Invalid Name: 'a b'").await;
    refused(json!({"roleArn": "x"}), "InvalidArn", "Invalid Arn: 'Invalid ARN prefix: x'").await;
    refused(
        json!({"versionDescription": "v"}),
        "ValidationException",
        "Version description can only be set when publish is true",
    )
    .await;
    refused(
        json!({"loggingConfiguration": {"level": "ALL"}}),
        "InvalidLoggingConfiguration",
        "Invalid Logging Configuration: Must specify exactly one Log Destination.",
    )
    .await;
    refused(
        json!({"name": "n".repeat(81)}),
        "ValidationException",
        &format!(
            "1 validation error detected: Value '{}' at 'name' failed to satisfy constraint: Member must have length \
             less than or equal to 80",
            "n".repeat(81)
        ),
    )
    .await;
    refused(
        json!({"type": "standard"}),
        "ValidationException",
        "1 validation error detected: Value 'standard' at 'type' failed to satisfy constraint: Member must satisfy \
         enum value set: [EXPRESS, STANDARD]",
    )
    .await;
    refused(
        json!({"name": null, "definition": null}),
        "ValidationException",
        "2 validation errors detected: Value null at 'name' failed to satisfy constraint: Member must not be null; \
         Value null at 'definition' failed to satisfy constraint: Member must not be null",
    )
    .await;
    refused(json!({"name": 1}), "SerializationException", "NUMBER_VALUE can not be converted to a String")
        .await;

    let broken = json!({"name": "n", "definition": "{", "roleArn": ROLE});
    let broken = bench.states("CreateStateMachine", broken).await;
    assert_eq!(broken.header("x-amzn-errortype"), "InvalidDefinition");
    assert!(broken.text().contains("Invalid State Machine Definition: '"), "{}", broken.text());
    let tags: Vec<Value> = (0..51).map(|n| json!({"key": format!("k{n}"), "value": ""})).collect();
    refused(json!({"tags": tags}), "TooManyTags", "Too many tags: a resource may have 50").await;
}

pub(crate) async fn update_state_machine(bench: &Bench) {
    let arn = bench.machine("m", PASS, "STANDARD").await;
    let updated =
        bench.states("UpdateStateMachine", json!({"stateMachineArn": arn, "definition": WAIT})).await.ok();
    assert_eq!(keys(&updated), ["revisionId", "updateDate"]);
    let described = bench.states("DescribeStateMachine", json!({"stateMachineArn": arn})).await.ok();
    assert_eq!((&described["definition"], &described["revisionId"]), (&json!(WAIT), &updated["revisionId"]));
    let again =
        bench.states("UpdateStateMachine", json!({"stateMachineArn": arn, "definition": WAIT})).await.ok();
    assert_eq!(again["revisionId"], updated["revisionId"], "nothing changed, so no revision");
    let defaults = json!({"stateMachineArn": arn, "tracingConfiguration": {"enabled": false}});
    let again = bench.states("UpdateStateMachine", defaults).await.ok();
    assert_eq!(again["revisionId"], updated["revisionId"], "the default, which it had");

    bench.states("UpdateStateMachine", json!({"stateMachineArn": arn})).await.refused(
        400,
        "MissingRequiredParameter",
        "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified",
    );
    for publish in [false, true] {
        let versioned =
            json!({"stateMachineArn": format!("{arn}:2"), "definition": WAIT, "publish": publish});
        let message = format!("State Machine Does Not Exist: '{arn}:2'");
        bench.states("UpdateStateMachine", versioned).await.refused(
            400,
            "StateMachineDoesNotExist",
            &message,
        );
    }
}

pub(crate) async fn describe_state_machine(bench: &Bench) {
    let arn = bench.machine("m", PASS, "STANDARD").await;
    let described = bench.states("DescribeStateMachine", json!({"stateMachineArn": arn})).await.ok();
    let mut expected = json!({
        "stateMachineArn": arn,
        "name": "m",
        "status": "ACTIVE",
        "definition": PASS,
        "roleArn": ROLE,
        "type": "STANDARD",
        "loggingConfiguration": {"level": "OFF", "includeExecutionData": false},
        "tracingConfiguration": {"enabled": false},
        "encryptionConfiguration": {"type": "AWS_OWNED_KEY"},
    });
    expected["creationDate"] = described["creationDate"].clone();
    assert_eq!(described, expected);

    let metadata = json!({"stateMachineArn": arn, "includedData": "METADATA_ONLY"});
    assert_eq!(bench.states("DescribeStateMachine", metadata).await.ok()["definition"], "");
    let refused = async |arn: &str, code: &str, message: &str| {
        bench
            .states("DescribeStateMachine", json!({"stateMachineArn": arn}))
            .await
            .refused(400, code, message);
    };
    refused("not_a_valid_arn", "InvalidArn", "Invalid Arn: 'Invalid ARN prefix: not_a_valid_arn'").await;
    let absent = format!("{MACHINE}:absent");
    refused(&absent, "StateMachineDoesNotExist", &format!("State Machine Does Not Exist: '{absent}'")).await;
    let foreign = "arn:aws:states:us-east-1:000000000042:stateMachine:m";
    refused(foreign, "StateMachineDoesNotExist", &format!("State Machine Does Not Exist: '{foreign}'")).await;
}

pub(crate) async fn describe_state_machine_for_execution(bench: &Bench) {
    let arn = bench.machine("m", PASS, "STANDARD").await;
    let execution = bench.start(&arn, "e", "{}").await;
    bench.states("UpdateStateMachine", json!({"stateMachineArn": arn, "definition": WAIT})).await.ok();
    let request = json!({"executionArn": execution});
    let described = bench.states("DescribeStateMachineForExecution", request).await.ok();
    assert_eq!((&described["definition"], &described["name"]), (&json!(PASS), &json!("m")));
    assert!(described["updateDate"].is_number());
    assert!(
        described["type"].is_null() && described["status"].is_null() && described["creationDate"].is_null()
    );
}

pub(crate) async fn delete_state_machine(bench: &Bench) {
    let arn = bench.machine("m", PASS, "STANDARD").await;
    for _ in 0..2 {
        let answer = bench.states("DeleteStateMachine", json!({"stateMachineArn": arn})).await;
        assert_eq!(answer.ok(), json!({}));
    }
    let message = format!("State Machine Does Not Exist: '{arn}'");
    let request = json!({"stateMachineArn": arn});
    bench.states("StartExecution", request).await.refused(400, "StateMachineDoesNotExist", &message);

    // A running execution goes on; until it ends, nothing else takes the name.
    let arn = bench.machine("w", WAIT, "STANDARD").await;
    let execution = bench.start(&arn, "e", "{}").await;
    let request = json!({"stateMachineArn": arn});
    bench.states("DeleteStateMachine", request.clone()).await.ok();
    assert_eq!(bench.states("DescribeStateMachine", request.clone()).await.ok()["status"], "DELETING");
    let message = format!("State Machine is being deleted: '{arn}'");
    let create = json!({"name": "w", "definition": WAIT, "roleArn": ROLE});
    for (operation, request) in [
        ("StartExecution", request.clone()),
        ("UpdateStateMachine", json!({"stateMachineArn": arn, "definition": PASS})),
        ("CreateStateMachine", create),
    ] {
        bench.states(operation, request).await.refused(400, "StateMachineDeleting", &message);
    }
    let request = json!({"executionArn": execution});
    assert_eq!(bench.states("DescribeExecution", request).await.ok()["status"], "RUNNING");
}

pub(crate) async fn list_state_machines(bench: &Bench) {
    for name in ["a", "b", "c"] {
        bench.machine(name, PASS, if name == "b" { "EXPRESS" } else { "STANDARD" }).await;
    }
    let first = bench.states("ListStateMachines", json!({"maxResults": 2})).await.ok();
    assert_eq!(first["stateMachines"].as_array().unwrap().len(), 2);
    let rest = json!({"maxResults": 2, "nextToken": first["nextToken"]});
    let second = bench.states("ListStateMachines", rest).await.ok();
    assert_eq!(second["stateMachines"].as_array().unwrap().len(), 1);
    assert!(second["nextToken"].is_null());
    assert_eq!(keys(&second["stateMachines"][0]), ["creationDate", "name", "stateMachineArn", "type"]);
    bench.states("ListStateMachines", json!({"nextToken": "x"})).await.refused(
        400,
        "InvalidToken",
        "Invalid Token: 'Invalid token'",
    );
    bench.states("ListStateMachines", json!({"maxResults": 1001})).await.refused(
        400,
        "ValidationException",
        "1 validation error detected: Value '1001' at 'maxResults' failed to satisfy constraint: Member must have \
         value less than or equal to 1000",
    );
    assert_eq!(
        bench.states_text("ListStateMachines", "").await.ok()["stateMachines"].as_array().unwrap().len(),
        3
    );
}

pub(crate) async fn list_state_machine_versions(bench: &Bench) {
    let arn = bench.machine("m", PASS, "STANDARD").await;
    let answer = bench.states("ListStateMachineVersions", json!({"stateMachineArn": arn})).await;
    assert_eq!(answer.ok(), json!({"stateMachineVersions": []}));
}

pub(crate) async fn list_state_machine_aliases(bench: &Bench) {
    let arn = bench.machine("m", PASS, "STANDARD").await;
    let answer = bench.states("ListStateMachineAliases", json!({"stateMachineArn": arn})).await;
    assert_eq!(answer.ok(), json!({"stateMachineAliases": []}));
    bench.states("ListStateMachineAliases", json!({"stateMachineArn": arn, "nextToken": "x"})).await.refused(
        400,
        "InvalidToken",
        "Invalid Token: 'Invalid token'",
    );
}

pub(crate) async fn start_execution(bench: &Bench) {
    let arn = bench.machine("m", WAIT, "STANDARD").await;
    let request = json!({"stateMachineArn": arn, "name": "e", "input": "{\"a\":1}"});
    let started = bench.states("StartExecution", request.clone()).await.ok();
    assert_eq!(started["executionArn"], format!("{EXECUTION}:m:e"));
    assert_eq!(keys(&started), ["executionArn", "startDate"]);
    assert_eq!(
        bench.states("StartExecution", request).await.ok(),
        started,
        "the same request, the same execution"
    );

    let other = json!({"stateMachineArn": arn, "name": "e", "input": "{}"});
    let message = format!("Execution Already Exists: '{EXECUTION}:m:e'");
    bench.states("StartExecution", other).await.refused(400, "ExecutionAlreadyExists", &message);
    let refused = async |change: Value, code: &str, message: &str| {
        let mut request = json!({"stateMachineArn": arn});
        request.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        bench.states("StartExecution", request).await.refused(400, code, message);
    };
    refused(json!({"name": "a/b"}), "InvalidName", "Invalid Name: 'a/b'").await;
    refused(
        json!({"input": "é".repeat(140_000)}),
        "InvalidExecutionInput",
        "Invalid State Machine Execution Input: 'the input has 280000 bytes; at most 262144 are allowed'",
    )
    .await;
    refused(
        json!({"input": "x".repeat(262_145)}),
        "ValidationException",
        "1 validation error detected: Value at 'input' failed to satisfy constraint: Member must have length less \
         than or equal to 262144",
    )
    .await;
    refused(
        json!({"traceHeader": "ä"}),
        "ValidationException",
        "1 validation error detected: Value 'ä' at 'traceHeader' failed to satisfy constraint: Member must satisfy \
         regular expression pattern: \\p{ASCII}*",
    )
    .await;
    let not_json = async |input: &str, reason: &str| {
        let message = format!("Invalid State Machine Execution Input: '{reason}'");
        refused(json!({"input": input}), "InvalidExecutionInput", &message).await;
    };
    not_json("", "Invalid execution input.").await;
    not_json(
        "not some json",
        "Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
    )
    .await;
    not_json(
        "{'not': 'json'}",
        "Unexpected character (''' (code 39)): was expecting double-quote to start field name",
    )
    .await;
    for input in ["null", "2", "\"text\""] {
        bench.states("StartExecution", json!({"stateMachineArn": arn, "input": input})).await.ok();
    }
    let largest = format!("\"{}\"", "x".repeat(262_142));
    bench.states("StartExecution", json!({"stateMachineArn": arn, "input": largest})).await.ok();
}

pub(crate) async fn start_sync_execution(bench: &Bench) {
    let arn = bench.machine("x", PASS, "EXPRESS").await;
    let request = json!({"stateMachineArn": arn, "name": "e", "input": "[1,  2]", "traceHeader": "t"});
    let done = bench.states("StartSyncExecution", request).await.ok();
    assert!(
        done["executionArn"]
            .as_str()
            .unwrap()
            .starts_with("arn:aws:states:us-east-1:000000000000:express:x:e:")
    );
    assert_eq!((&done["status"], &done["output"]), (&json!("SUCCEEDED"), &json!("[1,  2]")));
    assert_eq!(done["outputDetails"], json!({"included": true}));
    assert!(done["billingDetails"]["billedDurationInMilliseconds"].is_u64());
    let metadata = json!({"stateMachineArn": arn, "includedData": "METADATA_ONLY"});
    let metadata = bench.states("StartSyncExecution", metadata).await.ok();
    assert_eq!((&metadata["output"], &metadata["inputDetails"]["included"]), (&Value::Null, &json!(false)));

    let standard = bench.machine("s", PASS, "STANDARD").await;
    bench.states("StartSyncExecution", json!({"stateMachineArn": standard})).await.refused(
        400,
        "StateMachineTypeNotSupported",
        "This operation is not supported by this type of state machine",
    );
    for operation in
        ["DescribeExecution", "StopExecution", "GetExecutionHistory", "DescribeStateMachineForExecution"]
    {
        bench.states(operation, json!({"executionArn": done["executionArn"]})).await.refused(
            400,
            "InvalidArn",
            "Invalid Arn: 'Resource type not valid in this context: express'",
        );
    }
}

pub(crate) async fn stop_execution(bench: &Bench) {
    let arn = bench.machine("m", WAIT, "STANDARD").await;
    let execution = bench.start(&arn, "e", "{}").await;
    let request = json!({"executionArn": execution, "error": "E", "cause": "because"});
    assert!(bench.states("StopExecution", request).await.ok()["stopDate"].is_number());
    let stopped = bench.closed(&execution).await;
    assert_eq!(
        (&stopped["status"], &stopped["error"], &stopped["cause"]),
        (&json!("ABORTED"), &json!("E"), &json!("because"))
    );
    assert_eq!(stopped["redriveStatus"], "REDRIVABLE");
    let absent = format!("{EXECUTION}:m:absent");
    let message = format!("Execution Does Not Exist: '{absent}'");
    let answer = bench.states("StopExecution", json!({"executionArn": absent})).await;
    answer.refused(400, "ExecutionDoesNotExist", &message);
    bench.states("StopExecution", json!({"executionArn": execution, "error": "x".repeat(257)})).await.refused(
        400,
        "ValidationException",
        "1 validation error detected: Value at 'error' failed to satisfy constraint: Member must have length less \
         than or equal to 256",
    );
}

pub(crate) async fn describe_execution(bench: &Bench) {
    let arn = bench.machine("m", PASS, "STANDARD").await;
    let execution = bench.start(&arn, "e", "[[1, 2]]").await;
    let mut found = bench.closed(&execution).await;
    for date in ["startDate", "stopDate"] {
        assert!(found[date].as_f64().unwrap() > 1.7e9);
        found.as_object_mut().unwrap().remove(date);
    }
    let expected = json!({
        "executionArn": execution,
        "stateMachineArn": arn,
        "name": "e",
        "status": "SUCCEEDED",
        "input": "[[1, 2]]",
        "inputDetails": {"included": true},
        "output": "[[1, 2]]",
        "outputDetails": {"included": true},
        "redriveCount": 0,
        "redriveStatus": "NOT_REDRIVABLE",
        "redriveStatusReason": "Execution is SUCCEEDED and cannot be redriven",
    });
    assert_eq!(found, expected);
    // The header that AWS's services pass on wins over the request's own field.
    for (header, expected) in [("Root=1-a", "Root=1-a"), ("", "Root=1-b")] {
        let mut headers =
            vec![("x-amz-target", "AWSStepFunctions.StartExecution"), ("x-amzn-trace-id", header)];
        headers.retain(|(_, value)| !value.is_empty());
        let body = json!({"stateMachineArn": arn, "traceHeader": "Root=1-b"}).to_string();
        let started = bench.request("POST", "/", &headers, body).await.ok();
        let found = bench.closed(started["executionArn"].as_str().unwrap()).await;
        assert_eq!(found["traceHeader"], expected);
    }
    let metadata = json!({"executionArn": execution, "includedData": "METADATA_ONLY"});
    let metadata = bench.states("DescribeExecution", metadata).await.ok();
    assert_eq!((&metadata["input"], &metadata["inputDetails"]["included"]), (&Value::Null, &json!(false)));
}

pub(crate) async fn list_executions(bench: &Bench) {
    let arn = bench.machine("m", PASS, "STANDARD").await;
    for name in ["a", "b", "c"] {
        let execution = bench.start(&arn, name, "{}").await;
        bench.closed(&execution).await;
    }
    let list = async |change: Value| {
        let mut request = json!({"stateMachineArn": arn});
        request.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        bench.states("ListExecutions", request).await
    };
    let names = |page: &Value| -> Vec<String> {
        page["executions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| e["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let first = list(json!({"maxResults": 2})).await.ok();
    assert_eq!(names(&first), ["c", "b"]);
    let second = list(json!({"maxResults": 2, "nextToken": first["nextToken"]})).await.ok();
    assert_eq!(names(&second), ["a"]);
    assert_eq!(
        keys(&second["executions"][0]),
        ["executionArn", "name", "redriveCount", "startDate", "stateMachineArn", "status", "stopDate"]
    );
    assert_eq!(names(&list(json!({"statusFilter": "RUNNING"})).await.ok()), Vec::<String>::new());
    assert_eq!(names(&list(json!({"statusFilter": "SUCCEEDED"})).await.ok()).len(), 3);
    assert_eq!(names(&list(json!({"redriveFilter": "REDRIVEN"})).await.ok()).len(), 0);
    list(json!({"statusFilter": "succeeded"})).await.refused(
        400,
        "ValidationException",
        "1 validation error detected: Value 'succeeded' at 'statusFilter' failed to satisfy constraint: Member must \
         satisfy enum value set: [SUCCEEDED, TIMED_OUT, PENDING_REDRIVE, ABORTED, FAILED, RUNNING]",
    );
    let express = bench.machine("x", PASS, "EXPRESS").await;
    bench.states("ListExecutions", json!({"stateMachineArn": express})).await.refused(
        400,
        "StateMachineTypeNotSupported",
        "This operation is not supported by this type of state machine",
    );
    // A value that breaks a rule is repeated whole.
    for (operation, chars) in [("ListExecutions", 3_096), ("GetExecutionHistory", 1_024)] {
        let token = "a".repeat(chars + 1);
        let request = json!({"stateMachineArn": arn, "executionArn": arn, "nextToken": token});
        let message = format!(
            "1 validation error detected: Value '{token}' at 'nextToken' failed to satisfy constraint: Member must \
             have length less than or equal to {chars}"
        );
        bench.states(operation, request).await.refused(400, "ValidationException", &message);
    }
    assert_eq!(
        bench.states("ListExecutions", json!({})).await.header("x-amzn-errortype"),
        "ValidationException"
    );
    for (map_run, code) in [
        ("arn:aws:states:us-east-1:000000000000:mapRun:m/label:1", "ResourceNotFound"),
        ("arn:aws:states:us-east-1:000000000000:stateMachine:m", "InvalidArn"),
    ] {
        let answer = bench.states("ListExecutions", json!({"mapRunArn": map_run})).await;
        assert_eq!((answer.status, answer.header("x-amzn-errortype")), (400, code), "{}", answer.text());
    }
}

pub(crate) async fn get_execution_history(bench: &Bench) {
    let arn = bench.machine("m", PASS, "STANDARD").await;
    let execution = bench.start(&arn, "e", "{\"a\": 1}").await;
    bench.closed(&execution).await;
    let get = async |change: Value| {
        let mut request = json!({"executionArn": execution});
        request.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        bench.states("GetExecutionHistory", request).await.ok()
    };
    let types = |page: &Value| -> Vec<String> {
        page["events"].as_array().unwrap().iter().map(|e| e["type"].as_str().unwrap().to_owned()).collect()
    };
    let all = get(json!({})).await;
    let expected = ["ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"];
    assert_eq!(types(&all), expected);
    assert!(all["events"][0]["timestamp"].as_f64().unwrap() > 1.7e9);
    let details = &all["events"][0]["executionStartedEventDetails"];
    assert_eq!(
        *details,
        json!({"input": "{\"a\": 1}", "inputDetails": {"truncated": false}, "roleArn": ROLE})
    );
    let reverse = get(json!({"reverseOrder": true, "maxResults": 3})).await;
    assert_eq!(types(&reverse), ["ExecutionSucceeded", "PassStateExited", "PassStateEntered"]);
    let rest = get(json!({"reverseOrder": true, "maxResults": 3, "nextToken": reverse["nextToken"]})).await;
    assert_eq!((types(&rest), &rest["nextToken"]), (vec!["ExecutionStarted".to_owned()], &Value::Null));
    let bare = get(json!({"includeExecutionData": false})).await;
    assert!(bare["events"][0]["executionStartedEventDetails"]["input"].is_null());
}

pub(crate) async fn send_task_success(bench: &Bench) {
    let machine = bench.callback_machine().await;
    let (execution, token) = bench.waiting_task(&machine).await;
    bench.states("SendTaskSuccess", json!({"taskToken": token, "output": "{\"done\":"})).await.refused(
        400,
        "InvalidOutput",
        "Invalid Output: 'Unexpected end-of-input within/between Object entries'",
    );
    let request = json!({"taskToken": token, "output": "{\"done\": true}"});
    assert_eq!(bench.states("SendTaskSuccess", request.clone()).await.ok(), json!({}));
    assert_eq!(bench.closed(&execution).await["output"], "{\"done\": true}");
    let again = bench.states("SendTaskSuccess", request).await;
    assert_eq!((again.status, again.header("x-amzn-errortype")), (400, "TaskTimedOut"));
    let unknown = json!({"taskToken": "unknown", "output": "{}"});
    bench.states("SendTaskSuccess", unknown).await.refused(
        400,
        "InvalidToken",
        "Invalid Token: 'Invalid token'",
    );
}

pub(crate) async fn send_task_failure(bench: &Bench) {
    let machine = bench.callback_machine().await;
    let (execution, token) = bench.waiting_task(&machine).await;
    let request = json!({"taskToken": token, "error": "Refused", "cause": "no"});
    assert_eq!(bench.states("SendTaskFailure", request).await.ok(), json!({}));
    let failed = bench.closed(&execution).await;
    assert_eq!(
        (&failed["status"], &failed["error"], &failed["cause"]),
        (&json!("FAILED"), &json!("Refused"), &json!("no"))
    );
}

pub(crate) async fn send_task_heartbeat(bench: &Bench) {
    let machine = bench.callback_machine().await;
    let (execution, token) = bench.waiting_task(&machine).await;
    assert_eq!(bench.states("SendTaskHeartbeat", json!({"taskToken": token})).await.ok(), json!({}));
    bench.states("StopExecution", json!({"executionArn": execution})).await.ok();
    let late = bench.states("SendTaskHeartbeat", json!({"taskToken": token})).await;
    assert_eq!((late.status, late.header("x-amzn-errortype")), (400, "TaskTimedOut"));
    bench.states("SendTaskHeartbeat", json!({"taskToken": ""})).await.refused(
        400,
        "ValidationException",
        "1 validation error detected: Value '' at 'taskToken' failed to satisfy constraint: Member must have length \
         greater than or equal to 1",
    );
}
