//! What is said about faulty definitions: one line of a table for each rule.

use stepwell_asl::{Diagnostic, Severity, WorkflowType, invalid_definition_message, parse, unsupported};

/// One finding on one line: `CODE message at location [pointer] | help`, the pointer only if it says more.
fn print(finding: &Diagnostic) -> String {
    let location = finding.location.as_deref().unwrap_or("null");
    let mut line = format!("{}: {} at {location}", finding.code, finding.message);
    let plain = location.replace('[', "/").replace(']', "");
    if finding.location.is_some() && finding.pointer != plain && plain != "/" {
        line.push_str(&format!(" [{}]", finding.pointer));
    }
    // What is wrong within a path is the path parser's to say.
    if let Some(help) = finding.help.as_ref().filter(|help| !help.contains(" at offset ")) {
        line.push_str(&format!(" | {help}"));
    }
    line
}

#[track_caller]
fn check_as(workflow: WorkflowType, text: &str, want: &[&str]) {
    let (machine, findings) = parse(text, workflow);
    assert_eq!(findings.iter().map(print).collect::<Vec<_>>(), want);
    assert_eq!(machine.is_none(), findings.iter().any(Diagnostic::is_error));
    assert!(findings.iter().all(|finding| finding.position.is_some()));
}

#[track_caller]
fn check(text: &str, want: &[&str]) {
    check_as(WorkflowType::Standard, text, want);
}

/// The fields of a state `S` that goes on to `E`.
#[track_caller]
fn check_state(fields: &str, want: &[&str]) {
    check_last_state(&format!(r#"{fields}, "Next": "E""#), want);
}

/// All fields of a state `S`; there is a state `E`, too.
#[track_caller]
fn check_last_state(fields: &str, want: &[&str]) {
    let text = format!(
        r#"{{"StartAt": "A", "States": {{
            "A": {{"Type": "Choice", "Choices": [{{"Variable": "$.a", "IsNull": true, "Next": "E"}}], "Default": "S"}},
            "S": {{{fields}}}, "E": {{"Type": "Succeed"}}}}}}"#
    );
    check(&text, want);
}

/// As [`check_state`], in JSONata.
#[track_caller]
fn check_jsonata(fields: &str, want: &[&str]) {
    check_state(&format!(r#""QueryLanguage": "JSONata", {fields}"#), want);
}

const SCHEMA: &str = "SCHEMA_VALIDATION_FAILED: ";

#[track_caller]
fn check_schema(fields: &str, want: &str) {
    check_state(fields, &[&format!("{SCHEMA}{want}")]);
}

#[test]
fn texts_that_are_no_definition() {
    check("", &["MISSING_DESCRIPTION: Definition is empty at null"]);
    for text in [" ", "[]", "null", "\"x\"", "1"] {
        check(text, &["SCHEMA_VALIDATION_FAILED: Definition must be a valid JSON object at null"]);
    }
    check("{}", &["SCHEMA_VALIDATION_FAILED: These fields are required: [States, StartAt] at /"]);
    let long = format!("{{\"Comment\": \"{}\"}}", "x".repeat(1_048_576));
    check(
        &long,
        &["SCHEMA_VALIDATION_FAILED: Definition must have length less than or equal to 1048576 at null"],
    );
}

#[track_caller]
fn check_broken(text: &str, line: usize, column: usize, message: &str) {
    let (machine, findings) = parse(text, WorkflowType::Standard);
    assert!(machine.is_none());
    let [finding] = findings.as_slice() else { panic!("{findings:?}") };
    let position = finding.position.expect("a place");
    assert_eq!((position.line, position.column), (line, column));
    assert_eq!(format!("{}: {}", finding.code, finding.message), message);
}

#[test]
fn broken_json_gives_one_finding() {
    check_broken(
        "not a definition",
        1,
        1,
        "INVALID_JSON_DESCRIPTION: Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token \
         'null', 'true' or 'false')\n at [Source: (String)\"not a definition\"; line: 1, column: 4]",
    );
    check_broken(
        "{\n  \"StartAt\": \"ä\",,\n}",
        2,
        18,
        "INVALID_JSON_DESCRIPTION: key must be a string\n at [Source: (String)\"{\n  \"StartAt\": \"ä\",,\n}\"; line: 2, \
         column: 18]",
    );
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    check_broken(&deep, 1, 129, "TOO_DEEPLY_NESTED: nested deeper than 128 arrays and objects");
    let long = format!("{{\"a\": \"{}\"\n!", "1".repeat(600));
    let (_, findings) = parse(&long, WorkflowType::Standard);
    assert!(findings[0].message.contains("\"[truncated 110 chars]; line: 2, column: 1]"), "{findings:?}");
}

#[test]
fn fields_named_twice() {
    check(
        r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Type": "Succeed"}, "A": {"Type": "Succeed"}}}"#,
        &[
            "INVALID_JSON_DESCRIPTION: Duplicate field 'Type' at /States/A/Type | a field may stand only once in an \
             object",
            "INVALID_JSON_DESCRIPTION: Duplicate field 'A' at /States/A | a field may stand only once in an object",
        ],
    );
}

#[test]
fn top_level() {
    check(
        r#"{"StartAt": "A", "States": {}, "Comments": 1, "TimeoutSeconds": -1, "Version": "2"}"#,
        &[
            "SCHEMA_VALIDATION_FAILED: Value cannot be empty at /States",
            "SCHEMA_VALIDATION_FAILED: Field 'Comments' is not supported at / | did you mean `Comment`?",
            "SCHEMA_VALIDATION_FAILED: Minimum value is 0 at /TimeoutSeconds",
            "SCHEMA_VALIDATION_FAILED: Value should be one of the following: [1.0] at /Version",
        ],
    );
}

#[test]
fn transitions_in_the_words_of_aws() {
    let (_, findings) = parse(
        r#"{"StartAt": "pass1", "States": {"pass1": {"Type": "Pass", "Next": "pass3"}, "pass2": {"Type": "Pass", "End": true}}}"#,
        WorkflowType::Standard,
    );
    assert_eq!(
        invalid_definition_message(&findings),
        "Invalid State Machine Definition: 'MISSING_TRANSITION_TARGET: Missing 'Next' target: pass3 at \
         /States/pass1/Next, MISSING_TRANSITION_TARGET: State \"pass2\" is not reachable. at /States/pass2'"
    );
    assert_eq!(findings[0].help.as_deref(), Some("did you mean `pass1`?"));
    let (_, findings) = parse(
        r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}, "C": {"Type": "Pass", "Next": "A"}}}"#,
        WorkflowType::Standard,
    );
    assert_eq!(
        invalid_definition_message(&findings),
        "Invalid State Machine Definition: 'MISSING_END_STATE: Workflow has no terminal state at null'"
    );
}

#[test]
fn transitions() {
    // Only the head of an unreached chain is an error, as on AWS.
    check(
        r#"{"StartAt": "Not sure", "States": {"One": {"Type": "Pass", "Next": "Two"}, "Two": {"Type": "Succeed"}}}"#,
        &[
            "MISSING_TRANSITION_TARGET: Missing 'Next' target: Not sure at /StartAt",
            "MISSING_TRANSITION_TARGET: State \"One\" is not reachable. at /States/One",
        ],
    );
    let (machine, findings) = parse(
        r#"{"StartAt": "A", "States": {"A": {"Type": "Succeed"}, "B": {"Type": "Pass", "Next": "C"}, "C": {"Type": "Pass", "Next": "B"}}}"#,
        WorkflowType::Standard,
    );
    assert!(machine.is_some());
    assert!(findings.iter().all(|finding| finding.severity == Severity::Warning));
    assert_eq!(findings.len(), 2);
    check(
        r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "NOPE"}}}"#,
        &[
            "MISSING_TRANSITION_TARGET: Missing 'Next' target: NOPE at /States/A/Next",
            "MISSING_END_STATE: Workflow has no terminal state at null",
        ],
    );
    check_last_state(
        r#""Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true,
           "Catch": [{"ErrorEquals": ["x"], "Next": "e"}]"#,
        &[
            "MISSING_TRANSITION_TARGET: Missing 'Next' target: e at /States/S/Catch[0]/Next | did you mean `E`?",
        ],
    );
    check_last_state(
        r#""Type": "Choice", "Choices": [{"Variable": "$.x", "IsNull": true, "Next": "F"}], "Default": "G""#,
        &[
            "MISSING_TRANSITION_TARGET: Missing 'Next' target: G at /States/S/Default",
            "MISSING_TRANSITION_TARGET: Missing 'Next' target: F at /States/S/Choices[0]/Next",
        ],
    );
    check_last_state(
        r#""Type": "Parallel", "Branches": [{"StartAt": "B", "States": {"B": {"Type": "Pass", "Next": "E"}}}], "End": true"#,
        &[
            "MISSING_TRANSITION_TARGET: Missing 'Next' target: E at /States/S/Branches[0]/States/B/Next \
             | the state at /States/E is in another flow, which cannot be entered from here",
            "MISSING_END_STATE: Workflow has no terminal state at null",
        ],
    );
}

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
fn names_and_types() {
    let long = "n".repeat(81);
    check(
        &format!(r#"{{"StartAt": "{long}", "States": {{"{long}": {{"Type": "Succeed"}}}}}}"#),
        &[&format!(
            "INVALID_STATE_NAME: State name '{long}' exceeds the 80-character limit allowed by the service at /States/{long}"
        )],
    );
    check(
        r#"{"StartAt": "", "States": {"": {"Type": "Succeed"}}}"#,
        &["INVALID_STATE_NAME: State name cannot be empty at /States/"],
    );
    check(
        r#"{"StartAt": "A", "States": {"A": {"Type": "Parallel", "End": true, "Branches": [{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}]}}}"#,
        &[
            "DUPLICATE_STATE_NAME: Duplicate State name: A at /States/A/Branches[0]/States/A | the other one is at \
           /States/A",
        ],
    );
    check_last_state(
        r#""Type": "None""#,
        &[
            "SCHEMA_VALIDATION_FAILED: The field 'Type' should have one of these values: [Task, Wait, Pass, Succeed, \
           Fail, Choice, Parallel, Map] at /States/S/Type",
        ],
    );
    check_last_state("", &["SCHEMA_VALIDATION_FAILED: These fields are required: [Type] at /States/S"]);
    check(
        r#"{"StartAt": "A", "States": {"A": 1}}"#,
        &["SCHEMA_VALIDATION_FAILED: Expected value of type Object at /States/A"],
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
            "NO_PATH: The value looks like a path, but the field's name does not end with 'Path' at /States/S/Seconds",
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
    check_schema(
        &retry(r#"{"ErrorEquals": ["States.Timeuot"]}"#),
        "'States.Timeuot' is not a known error name, and names that begin with 'States.' are reserved at \
         /States/S/Retry[0]/ErrorEquals[0] | did you mean `States.Timeout`?",
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
            "NO_DOLLAR: The value of field 'a' looks like a JSONPath or an intrinsic function, but the field's name does \
           not end with '.$' at /States/S/Parameters/a",
        ],
    );
    check_state(
        r#""Type": "Pass", "Result": {"a.$": "$.a"}"#,
        &[
            "PASS_RESULT_IS_STATIC: A path in the Result of a Pass state is not applied; use Parameters instead at \
           /States/S/Result/a.$",
        ],
    );
    check_last_state(
        r#""Type": "Fail", "Error": "$.error", "CausePath": "States.MathAdd(1, 2)""#,
        &[
            "NO_PATH: The value of field 'Error' looks like a path, but its name does not end with 'Path' at \
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
const DISTRIBUTED: &str = r#""ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
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
    check_map(
        &format!(r#"{PROCESSOR}, "Label": "a""#),
        "Field 'Label' has no effect without the mode DISTRIBUTED at /States/S/Label",
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

#[test]
fn express() {
    let machine = |resource: &str| {
        format!(
            r#"{{"StartAt": "A", "States": {{"A": {{"Type": "Task", "Resource": "{resource}", "End": true}}}}}}"#
        )
    };
    for (resource, want) in [
        ("arn:aws:states:::states:startExecution.sync:2", "does not support '.sync' service integration"),
        (
            "arn:aws:states:::sns:publish.waitForTaskToken",
            "does not support '.waitForTaskToken' service integration ",
        ),
        ("arn:aws:states:us-east-1:000000000042:activity:a", "does not support Activity ARN"),
    ] {
        let want = format!("SCHEMA_VALIDATION_FAILED: Express state machine {want} at /States/A/Resource");
        check_as(WorkflowType::Express, &machine(resource), &[&want]);
        check(&machine(resource), &[]);
    }
    check_as(WorkflowType::Express, &machine("arn:aws:states:::lambda:invoke"), &[]);
    check_as(
        WorkflowType::Express,
        &format!(r#"{{"StartAt": "A", "States": {{"A": {{"Type": "Map", "End": true, {DISTRIBUTED}}}}}}}"#),
        &[
            "SCHEMA_VALIDATION_FAILED: The field 'Mode' with value 'DISTRIBUTED' is not supported inside 'EXPRESS' state \
           machines at /States/A/ItemProcessor/ProcessorConfig/Mode",
        ],
    );
}

#[test]
fn ten_faults_at_once() {
    let text = include_str!("fixtures/ten-faults.asl.json");
    let (_, findings) = parse(text, WorkflowType::Standard);
    let lines: Vec<_> = findings
        .iter()
        .map(|finding| {
            let position = finding.position.expect("a place");
            let what = text.get(position.offset..position.end).expect("a token");
            format!("{}:{} {what} {}", position.line, position.column, finding.message)
        })
        .collect();
    assert_eq!(lines, TEN_FAULTS);
}

const TEN_FAULTS: &[&str] = &[
    "4:3 \"Timeout\" Field 'Timeout' is not supported",
    "8:7 \"Resource\" Value is not a valid resource ARN",
    "9:7 \"InputPath\" Value must be a valid JSONPath.",
    "10:7 \"TimeoutSeconds\" Minimum value is 1",
    "11:34 \"States.ALL\" States.ALL must appear alone and at end of list",
    "15:7 \"Type\" The field 'Type' should have one of these values: [Task, Wait, Pass, Succeed, Fail, Choice, \
     Parallel, Map]",
    "18:5 \"Wait\" There should only be one of the following fields: [SecondsPath, Seconds, TimestampPath, \
     Timestamp]",
    "26:39 \"NumericEqual\" Field 'NumericEqual' is not supported",
    "30:7 \"Parameters\" Field 'Parameters' is not supported",
    "12:7 \"Next\" Missing 'Next' target: Shipp",
];

#[test]
fn what_cannot_run_yet() {
    let check = |text: &str, want: &[&str]| {
        let (machine, findings) = parse(text, WorkflowType::Standard);
        let machine = machine.unwrap_or_else(|| panic!("{findings:?}"));
        assert_eq!(unsupported(&machine).iter().map(print).collect::<Vec<_>>(), want);
    };
    check(
        include_str!("fixtures/everything.asl.json"),
        &["NOT_SUPPORTED: Stepwell does not support a Map state in the mode DISTRIBUTED yet at \
         /States/Many/ItemProcessor/ProcessorConfig/Mode"],
    );
    check(
        include_str!("fixtures/everything-jsonata.asl.json"),
        &[
            "NOT_SUPPORTED: Stepwell does not support the query language JSONata yet at /QueryLanguage",
            "NOT_SUPPORTED: Stepwell does not support a Map state in the mode DISTRIBUTED yet at \
         /States/Many/ItemProcessor/ProcessorConfig/Mode",
        ],
    );
    check(
        r#"{"StartAt": "Branches", "States": {"Branches": {"Type": "Parallel", "End": true, "Branches": [{"StartAt": "a/b", "States": {
            "a/b": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Next": "c"},
            "c": {"Type": "Task", "Resource": "arn:aws:states:us-east-1:000000000042:activity:a", "Next": "d"},
            "d": {"Type": "Pass", "QueryLanguage": "JSONata", "End": true}}}]}}}"#,
        &[
            "NOT_SUPPORTED: Stepwell does not support the service integration sqs:sendMessage yet at \
             /States/Branches/Branches[0]/States/a/b/Resource [/States/Branches/Branches/0/States/a~1b/Resource]",
            "NOT_SUPPORTED: Stepwell does not support activities yet at /States/Branches/Branches[0]/States/c/Resource",
            "NOT_SUPPORTED: Stepwell does not support the query language JSONata yet at \
             /States/Branches/Branches[0]/States/d/QueryLanguage",
        ],
    );
}
