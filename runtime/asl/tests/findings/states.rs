//! Rules about the fields of each state type.

use super::{SCHEMA, check, check_jsonata, check_last_state, check_schema, check_state};

#[test]
fn next_or_end() {
    check_last_state(
        r#""Type": "Pass""#,
        &[
            "SCHEMA_VALIDATION_FAILED: This object should have only one of the following fields: [Next, End] at /States/S",
        ],
    );
    check_last_state(
        r#""Type": "Pass", "End": false"#,
        &[
            "SCHEMA_VALIDATION_FAILED: This object should have only one of the following fields: [Next, End] at /States/S",
        ],
    );
    check_state(
        r#""Type": "Pass", "End": true"#,
        &[
            "SCHEMA_VALIDATION_FAILED: There should only be one of the following fields: [Next, End] at /States/S",
        ],
    );
    check_state(r#""Type": "Pass", "End": false"#, &[]);
    check_last_state(
        r#""Type": "Pass", "End": "true""#,
        &["SCHEMA_VALIDATION_FAILED: Expected value of type Boolean at /States/S/End"],
    );
}

#[test]
fn fields_by_type() {
    for (state_type, field) in
        [("Pass", "Retry"), ("Wait", "Catch"), ("Wait", "ResultPath"), ("Pass", "ResultSelector")]
    {
        let more = if state_type == "Wait" { r#""Seconds": 1, "# } else { "" };
        check_schema(
            &format!(r#""Type": "{state_type}", {more}"{field}": null"#),
            &format!("Field '{field}' is not supported at /States/S [/States/S/{field}]"),
        );
    }
    check_last_state(
        r#""Type": "Succeed", "End": true, "Assign": {}"#,
        &[
            "SCHEMA_VALIDATION_FAILED: Field 'End' is not supported at /States/S [/States/S/End]",
            "SCHEMA_VALIDATION_FAILED: Field 'Assign' is not supported at /States/S [/States/S/Assign]",
        ],
    );
    check_schema(r#""Type": "Parallel", "Branches": []"#, "Value cannot be empty at /States/S/Branches");
    check_schema(
        r#""Type": "Parallel", "TimeoutSeconds": 1, "Branches": [{"StartAt": "B", "States": {"B": {"Type": "Succeed"}}}]"#,
        "Field 'TimeoutSeconds' is not supported at /States/S [/States/S/TimeoutSeconds]",
    );
    check_schema(
        r#""Type": "Pass", "InputPaht": "$.a""#,
        "Field 'InputPaht' is not supported at /States/S [/States/S/InputPaht] | did you mean `InputPath`?",
    );
}

#[test]
fn query_languages() {
    check_schema(
        r#""Type": "Pass", "Output": 1"#,
        "The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the 'JSONata' QueryLanguage \
         at /States/S [/States/S/Output]",
    );
    check_jsonata(
        r#""Type": "Pass", "Result": 1"#,
        &[
            "SCHEMA_VALIDATION_FAILED: The QueryLanguage is set to 'JSONata', but field 'Result' is only supported for \
           the 'JSONPath' QueryLanguage at /States/S [/States/S/Result]",
        ],
    );
    check(
        r#"{"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": {"Type": "Succeed", "QueryLanguage": "JSONPath"}}}"#,
        &[
            "SCHEMA_VALIDATION_FAILED: 'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine \
           at /States/A [/States/A/QueryLanguage]",
        ],
    );
    check_schema(
        r#""Type": "Pass", "QueryLanguage": "jsonpath""#,
        "Value should be one of the following: [JSONPath, JSONata] at /States/S/QueryLanguage \
         | did you mean `JSONPath`?",
    );
    // The states inside a JSONata Map have the language of the machine.
    check_jsonata(
        r#""Type": "Map", "ItemProcessor": {"QueryLanguage": "JSONata", "StartAt": "B", "States": {"B": {"Type": "Succeed", "Output": 1}}}"#,
        &[
            "SCHEMA_VALIDATION_FAILED: Field 'QueryLanguage' is not supported at /States/S/ItemProcessor \
             [/States/S/ItemProcessor/QueryLanguage]",
            "SCHEMA_VALIDATION_FAILED: The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported \
             for the 'JSONata' QueryLanguage at /States/S/ItemProcessor/States/B \
             [/States/S/ItemProcessor/States/B/Output]",
        ],
    );
    check_jsonata(
        r#""Type": "Pass", "Output": {"a": ["{% 1", " {% 2 %}", "{% 3 %}"]}"#,
        &[
            "SCHEMA_VALIDATION_FAILED: JSONata string must start with {% and end with %} at \
             /States/S/Output/a[0]",
            "SCHEMA_VALIDATION_FAILED: JSONata string must start with {% and end with %} at \
             /States/S/Output/a[1]",
        ],
    );
    check_jsonata(
        r#""Type": "Wait", "Seconds": "10""#,
        &["SCHEMA_VALIDATION_FAILED: Expected value of type Integer at /States/S/Seconds"],
    );
    check_jsonata(
        r#""Type": "Map", "Items": 1, "ItemProcessor": {"StartAt": "B", "States": {"B": {"Type": "Succeed"}}}"#,
        &["SCHEMA_VALIDATION_FAILED: Expected value of type Array at /States/S/Items"],
    );
}

#[test]
fn wait() {
    const FORMS: &str = "[SecondsPath, Seconds, TimestampPath, Timestamp]";
    check_schema(
        r#""Type": "Wait""#,
        &format!("This object should have only one of the following fields: {FORMS} at /States/S"),
    );
    check_schema(
        r#""Type": "Wait", "Seconds": 1, "TimestampPath": "$.a""#,
        "There should only be one of the following fields: [SecondsPath, Seconds, TimestampPath, Timestamp] at /States/S",
    );
    check_schema(r#""Type": "Wait", "Seconds": -1"#, "Minimum value is 0 at /States/S/Seconds");
    check_schema(r#""Type": "Wait", "Seconds": 100000000"#, "Maximum value is 99999999 at /States/S/Seconds");
    check_schema(r#""Type": "Wait", "Seconds": 1.5"#, "Expected value of type Integer at /States/S/Seconds");
    check_state(
        r#""Type": "Wait", "Seconds": "$.a""#,
        &[
            "warning NO_PATH: The value looks like a path, but the field's name does not end with 'Path' at /States/S/Seconds",
            "SCHEMA_VALIDATION_FAILED: Expected value of type Integer at /States/S/Seconds",
        ],
    );
    for bad in [
        "2016-13-05T21:29:29Z",
        "2016-12-05 21:29:29Z",
        "2016-12-05T21:29:29",
        "{% '2016-03-14T01:59:00Z' %}",
    ] {
        check_schema(
            &format!(r#""Type": "Wait", "Timestamp": "{bad}""#),
            "String does not match RFC3339 timestamp at /States/S/Timestamp",
        );
    }
    check_schema(
        r#""Type": "Wait", "SecondsPath": "$.a[*]""#,
        "Value is not a Reference Path at /States/S/SecondsPath",
    );
}

const TASK: &str = r#""Type": "Task", "Resource": "arn:aws:states:::lambda:invoke""#;

#[test]
fn tasks() {
    check_schema(r#""Type": "Task""#, "These fields are required: [Resource] at /States/S");
    check_schema(
        r#""Type": "Task", "Resource": "charge""#,
        "Value is not a valid resource ARN at /States/S/Resource",
    );
    check_schema(
        r#""Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.sync""#,
        "The resource provided arn:aws:states:::lambda:invoke.sync is not recognized. The value is not a valid resource \
         ARN, or the resource is not available in this region. at /States/S/Resource",
    );
    check_schema(
        r#""Type": "Task", "Resource": "arn:aws:states:us-east-1:000000000042:activity:a", "Credentials": {"RoleArn": "r"}"#,
        "The field 'Credentials' is not supported for activities at /States/S/Credentials",
    );
    check_schema(
        &format!(r#"{TASK}, "TimeoutSeconds": 0"#),
        "Minimum value is 1 at /States/S/TimeoutSeconds",
    );
    check_schema(
        &format!(r#"{TASK}, "TimeoutSeconds": 10, "HeartbeatSeconds": 10"#),
        "HeartbeatSeconds must be smaller than TimeoutSeconds at /States/S/HeartbeatSeconds",
    );
    check_schema(
        &format!(r#"{TASK}, "TimeoutSeconds": 10, "TimeoutSecondsPath": "$.a""#),
        "There should only be one of the following fields: [TimeoutSeconds, TimeoutSecondsPath] at /States/S",
    );
    check_schema(
        &format!(r#"{TASK}, "Credentials": {{"InvalidField": "x"}}"#),
        "The field 'RoleArn' is required but was missing at /States/S/Credentials",
    );
    check_state(
        &format!(r#"{TASK}, "Parameters": {{"FunctionNam": "x", "Payload.$": "$"}}"#),
        &[
            "SCHEMA_VALIDATION_FAILED: The field 'FunctionName' is required but was missing at /States/S/Parameters",
            "SCHEMA_VALIDATION_FAILED: The field \"FunctionNam\" is not supported by Step Functions at \
             /States/S/Parameters [/States/S/Parameters/FunctionNam] | did you mean `FunctionName`?",
        ],
    );
    check_state(&format!(r#"{TASK}, "Parameters": {{"FunctionName.$": "$.f", "Payload": "{{%"}}"#), &[]);
}

#[test]
fn retry_and_catch() {
    let retry = |entries: &str| format!(r#"{TASK}, "Retry": [{entries}]"#);
    check_schema(&retry("{}"), "These fields are required: [ErrorEquals] at /States/S/Retry[0]");
    check_schema(&retry(r#"{"ErrorEquals": []}"#), "Value cannot be empty at /States/S/Retry[0]/ErrorEquals");
    check_schema(
        &retry(r#"{"ErrorEquals": ["States.ALL", "x"]}"#),
        "States.ALL must appear alone and at end of list at /States/S/Retry[0]/ErrorEquals[0]",
    );
    check_schema(
        &retry(r#"{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["x"]}"#),
        "States.ALL must appear alone and at end of list at /States/S/Retry[0]/ErrorEquals[0]",
    );
    check_state(
        &retry(r#"{"ErrorEquals": ["States.Timeuot"]}"#),
        &[
            "warning SCHEMA_VALIDATION_FAILED: 'States.Timeuot' is not a known error name, and names that begin with \
           'States.' are reserved at /States/S/Retry[0]/ErrorEquals[0] | did you mean `States.Timeout`?",
        ],
    );
    for (field, value, message) in [
        ("IntervalSeconds", "-1", "Minimum value is 0"),
        ("MaxAttempts", "-1", "Minimum value is 0"),
        ("MaxAttempts", "\"3\"", "Expected value of type Integer"),
        ("BackoffRate", "0.5", "Minimum value is 1.0"),
        ("BackoffRate", "null", "Expected value of type Number"),
        ("MaxDelaySeconds", "31622401", "Maximum value is 31622400"),
        ("MaxDelaySeconds", "1", "MaxDelaySeconds must be greater than IntervalSeconds"),
        ("JitterStrategy", "\"HALF\"", "Value should be one of the following: [NONE, FULL]"),
    ] {
        check_schema(
            &retry(&format!(r#"{{"ErrorEquals": ["x"], "{field}": {value}}}"#)),
            &format!("{message} at /States/S/Retry[0]/{field}"),
        );
    }
    check_state(&retry(""), &[]);
    check_last_state(
        &format!(r#"{TASK}, "End": true, "Catch": [{{"Next": "E", "Reslt": 1}}]"#),
        &[
            "SCHEMA_VALIDATION_FAILED: These fields are required: [ErrorEquals] at /States/S/Catch[0]",
            "SCHEMA_VALIDATION_FAILED: Field 'Reslt' is not supported at /States/S/Catch[0] \
             [/States/S/Catch/0/Reslt]",
        ],
    );
}

#[test]
fn paths_and_templates() {
    check_schema(
        r#""Type": "Pass", "InputPath": "order""#,
        "Value must be a valid JSONPath. at /States/S/InputPath",
    );
    check_schema(
        r#""Type": "Pass", "ResultPath": "$.a[*]""#,
        "Value is not a Reference Path at /States/S/ResultPath",
    );
    check_state(
        r#""Type": "Pass", "Parameters": {"list": [{"parsed.$": "$.a["}]}"#,
        &[
            "SCHEMA_VALIDATION_FAILED: The value for the field 'parsed.$' must be a valid JSONPath or a valid intrinsic \
           function call at /States/S/Parameters/list[0] [/States/S/Parameters/list/0/parsed.$]",
        ],
    );
    check_schema(
        r#""Type": "Pass", "Parameters": {"a": 1, "a.$": "$.a"}"#,
        "Duplicate field: 'a.$' gives the same field as the one without '.$' at /States/S/Parameters/a.$",
    );
    check_state(
        r#""Type": "Pass", "Parameters": {"a": "$.a", "b": ["$.b"]}"#,
        &[
            "warning NO_DOLLAR: The value of field 'a' looks like a JSONPath or an intrinsic function, but the field's name does \
           not end with '.$' at /States/S/Parameters/a",
        ],
    );
    check_state(
        r#""Type": "Pass", "Result": {"a.$": "$.a"}"#,
        &[
            "warning PASS_RESULT_IS_STATIC: A path in the Result of a Pass state is not applied; use Parameters instead at \
           /States/S/Result/a.$",
        ],
    );
    check_last_state(
        r#""Type": "Fail", "Error": "$.error", "CausePath": "States.MathAdd(1, 2)""#,
        &[
            "warning NO_PATH: The value of field 'Error' looks like a path, but its name does not end with 'Path' at \
             /States/S/Error",
            "SCHEMA_VALIDATION_FAILED: The value for the field 'CausePath' must be a valid JSONPath or an intrinsic \
             function that gives a string at /States/S/CausePath",
        ],
    );
    check_last_state(
        r#""Type": "Fail", "ErrorPath": "$.a[", "Cause": "a", "CausePath": "$.b""#,
        &[
            "SCHEMA_VALIDATION_FAILED: There should only be one of the following fields: [Cause, CausePath] at /States/S",
            "SCHEMA_VALIDATION_FAILED: Value must be a valid JSONPath. at /States/S/ErrorPath",
        ],
    );
}

#[test]
fn variables() {
    let long = "v".repeat(81);
    for (name, fault) in [
        ("1a", "contains invalid characters"),
        ("", "contains invalid characters"),
        ("a-b", "contains invalid characters"),
        (&long, "exceeds the 80-character limit"),
    ] {
        check_state(
            &format!(r#""Type": "Pass", "Assign": {{"{name}": 1}}"#),
            &[&format!(
                "INVALID_VARIABLE_NAME: Invalid variable name '{name}': the variable name {fault}. at \
                 /States/S/Assign/{name}"
            )],
        );
    }
    check_state(
        r#""Type": "Pass", "Assign": {"states.$": "$", "größe_1": 1}"#,
        &[
            "RESERVED_VARIABLE_NAME: Cannot assign to reserved variable '$states'. at /States/S/Assign/states.$",
        ],
    );
    check_schema(r#""Type": "Pass", "Assign": []"#, "Expected value of type Object at /States/S/Assign");
    let map = |config: &str| {
        format!(
            r#""Type": "Map", "Assign": {{"x": 1}}, "ItemProcessor": {{{config} "StartAt": "B", "States": {{
            "B": {{"Type": "Pass", "Assign": {{"x.$": "$.x", "y": 1}}, "End": true}}}}}}"#
        )
    };
    check_schema(
        &map(""),
        "Variable 'x' is already assigned in an outer scope, which cannot be changed here at \
         /States/S/ItemProcessor/States/B/Assign/x.$",
    );
    check_state(&map(r#""ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},"#), &[]);
}

#[track_caller]
fn check_rule(rule: &str, want: &[&str]) {
    check_last_state(
        &format!(r#""Type": "Choice", "Default": "E", "Choices": [{{{rule}, "Next": "E"}}]"#),
        want,
    );
}

#[test]
fn choice_rules() {
    const AT: &str = "/States/S/Choices[0]";
    const SELECTORS: &str =
        "The object must have only one of the following fields, [And, Or, Not, Variable, Condition]";
    let one = |message: &str, field: &str| format!("{SCHEMA}{message} at {AT}{field}");
    check_rule(
        r#""Variable": "$.a""#,
        &[&one("A choice rule with a Variable must have a comparison operator", "")],
    );
    check_rule(
        r#""Variable": "$.a", "IsNull": true, "IsString": true"#,
        &[&one("There should only be one of the following fields: [IsNull, IsString]", "")],
    );
    check_rule(r#""IsNull": true"#, &[&one(SELECTORS, "")]);
    check_rule(r#""Comment": "empty""#, &[&one(SELECTORS, "")]);
    check_rule(
        r#""Variable": "$.a[*]", "IsNull": true"#,
        &[&one("Value is not a Reference Path", "/Variable")],
    );
    check_last_state(
        r#""Type": "Choice", "QueryLanguage": "JSONata", "Default": "E", "Choices": [{"Variable": "$.a", "Condition": "yes", "Next": "E"}]"#,
        &[
            "SCHEMA_VALIDATION_FAILED: The QueryLanguage is set to 'JSONata', but field 'Variable' is only supported \
             for the 'JSONPath' QueryLanguage at /States/S/Choices[0] [/States/S/Choices/0/Variable]",
            "SCHEMA_VALIDATION_FAILED: Expected value of type Boolean at /States/S/Choices[0]/Condition",
        ],
    );
    for (operator, value, want) in [
        ("StringEquals", "1", "String"),
        ("StringMatches", "null", "String"),
        ("NumericLessThan", "\"1\"", "Number"),
        ("BooleanEquals", "\"true\"", "Boolean"),
        ("IsPresent", "1", "Boolean"),
        ("TimestampEquals", "1", "String"),
        ("NumericEqualsPath", "1", "String"),
    ] {
        check_rule(
            &format!(r#""Variable": "$.a", "{operator}": {value}"#),
            &[&one(&format!("Expected value of type {want}"), &format!("/{operator}"))],
        );
    }
    check_rule(
        r#""Variable": "$.a", "TimestampEquals": "tomorrow""#,
        &[&one("String does not match RFC3339 timestamp", "/TimestampEquals")],
    );
    check_rule(
        r#""Variable": "$.a", "NumericEqual": 1"#,
        &[&format!(
            "{SCHEMA}Field 'NumericEqual' is not supported at {AT} [/States/S/Choices/0/NumericEqual] \
                  | did you mean `NumericEquals`?"
        )],
    );
    check_rule(r#""And": []"#, &[&one("Value cannot be empty", "/And")]);
    check_rule(r#""Not": [], "Variable": "$.a""#, &[&one(SELECTORS, "")]);
    check_rule(r#""Not": []"#, &[&one("Expected value of type Object", "/Not")]);
    check_rule(
        r#""Or": [{"Variable": "$.a", "IsNull": true, "Next": "E"}, {"Not": {"Variable": "a", "IsNull": true}}]"#,
        &[
            &format!("{SCHEMA}Field 'Next' is not supported at {AT}/Or[0] [/States/S/Choices/0/Or/0/Next]"),
            &one(
                "Value is not a Reference Path: Reference path didn't start with '$'",
                "/Or[1]/Not/Variable",
            ),
        ],
    );
    check_last_state(
        r#""Type": "Choice", "Choices": []"#,
        &["SCHEMA_VALIDATION_FAILED: Value cannot be empty at /States/S/Choices"],
    );
}

#[track_caller]
fn check_map(fields: &str, want: &str) {
    check_schema(&format!(r#""Type": "Map", {fields}"#), want);
}

const PROCESSOR: &str = r#""ItemProcessor": {"StartAt": "B", "States": {"B": {"Type": "Succeed"}}}"#;
pub(super) const DISTRIBUTED: &str = r#""ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
    "StartAt": "B", "States": {"B": {"Type": "Succeed"}}}"#;

#[test]
fn maps() {
    check_map(
        r#""MaxConcurrency": 1"#,
        "This object should have only one of the following fields: [ItemProcessor, Iterator] at /States/S",
    );
    check_map(
        &format!(r#"{PROCESSOR}, "MaxConcurrency": -1"#),
        "Minimum value is 0 at /States/S/MaxConcurrency",
    );
    check_map(
        &format!(r#"{PROCESSOR}, "MaxConcurrencyPath": "$$.Execution.Input.n""#),
        "Value is not a Reference Path at /States/S/MaxConcurrencyPath",
    );
    check_state(&format!(r#""Type": "Map", {PROCESSOR}, "ItemsPath": "$$.Execution.Input.items""#), &[]);
    check_map(
        r#""ItemProcessor": {"ProcessorConfig": {"Mode": "INLINE", "ExecutionType": "STANDARD"}, "StartAt": "B", "States": {"B": {"Type": "Succeed"}}}"#,
        "Field 'ExecutionType' is not supported at /States/S/ItemProcessor/ProcessorConfig \
         [/States/S/ItemProcessor/ProcessorConfig/ExecutionType]",
    );
    let reader = |resource: &str, config: &str| {
        format!(
            r#"{DISTRIBUTED}, "ItemReader": {{"Resource": "arn:aws:states:::{resource}", "ReaderConfig": {{{config}}}}}"#
        )
    };
    check_map(
        &reader("sqs:sendMessage", ""),
        "The field 'Resource' does not match any of the allowed values at /States/S/ItemReader/Resource",
    );
    check_map(
        &reader("s3:getObject", r#""InputType": "CSV""#),
        "The field 'CSVHeaderLocation' is required at /States/S/ItemReader/ReaderConfig",
    );
    check_map(
        &reader("s3:getObject", r#""InputType": "JSON", "CSVHeaderLocation": "FIRST_ROW""#),
        "Field 'CSVHeaderLocation' is not supported at /States/S/ItemReader/ReaderConfig \
         [/States/S/ItemReader/ReaderConfig/CSVHeaderLocation]",
    );
    check_map(
        &format!(r#"{PROCESSOR}, "ItemSelector": {{}}, "Parameters": {{}}"#),
        "There should only be one of the following fields: [ItemSelector, Parameters] at /States/S",
    );
    check_map(
        &format!(r#"{PROCESSOR}, "ToleratedFailurePercentage": 100.5"#),
        "Maximum value is 100.0 at /States/S/ToleratedFailurePercentage",
    );
    check_state(
        &format!(r#""Type": "Map", {PROCESSOR}, "Label": "a""#),
        &[
            "warning SCHEMA_VALIDATION_FAILED: Field 'Label' has no effect without the mode DISTRIBUTED at /States/S/Label",
        ],
    );
    check_map(
        r#""ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED"}, "StartAt": "B", "States": {"B": {"Type": "Succeed"}}}"#,
        "These fields are required: [ExecutionType] at /States/S/ItemProcessor/ProcessorConfig",
    );
    check_map(
        &format!(r#"{DISTRIBUTED}, "ItemBatcher": {{}}"#),
        "MaxItemsPerBatch, MaxInputBytesPerBatch or both are required at /States/S/ItemBatcher",
    );
    check_map(
        &format!(r#"{DISTRIBUTED}, "ItemReader": {{"ReaderConfig": {{}}}}"#),
        "These fields are required: [Resource] at /States/S/ItemReader",
    );
    check_map(
        &format!(
            r#"{DISTRIBUTED}, "ItemReader": {{"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {{"CSVHeaderLocation": "GIVEN"}}}}"#
        ),
        "These fields are required: [CSVHeaders] at /States/S/ItemReader/ReaderConfig",
    );
    check_map(
        &format!(r#"{DISTRIBUTED}, "ResultWriter": {{}}"#),
        "These fields are required: [Resource] at /States/S/ResultWriter",
    );
    check_state(
        &format!(r#""Type": "Map", {DISTRIBUTED}, "Label": "a b""#),
        &["INVALID_LABEL_NAME: Label 'a b' is empty or contains invalid characters at /States/S/Label"],
    );
}
