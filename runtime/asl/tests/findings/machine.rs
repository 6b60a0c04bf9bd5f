//! Rules about the text, the machine as a whole and its transitions.

use super::states::DISTRIBUTED;
use super::{check, check_as, check_last_state, print};
use stepwell_asl::{Severity, WorkflowType, invalid_definition_message, parse, unsupported};

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
        "INVALID_JSON_DESCRIPTION: Unexpected character (',' (code 44)): was expecting double-quote to start field \
         name\n at [Source: (String)\"{\n  \"StartAt\": \"ä\",,\n}\"; line: 2, column: 19]",
    );
    for (text, column, want) in [
        ("{\"a\": tru}", 7, "Unrecognized token 'tru': was expecting (JSON String"),
        ("{\"a\": ,}", 7, "Unexpected character (',' (code 44)): expected a valid value (JSON String"),
        ("{\"a\" 1}", 6, "Unexpected character ('1' (code 49)): was expecting a colon to separate"),
        (
            "{\"a\": 1 \"b\"}",
            9,
            "Unexpected character ('\"' (code 34)): was expecting comma to separate Object",
        ),
        ("[1 2]", 4, "Unexpected character ('2' (code 50)): was expecting comma to separate Array entries"),
        (
            "{\"a\": 1,}",
            9,
            "Unexpected character ('}' (code 125)): was expecting double-quote to start field name",
        ),
        (
            "{\"a\": \"b\nc\"}",
            9,
            "Illegal unquoted character ((CTRL-CHAR, code 10)): has to be escaped using backslash",
        ),
        (
            "{\"a\": 1",
            8,
            "Unexpected end-of-input: expected close marker for Object (start marker at [Source",
        ),
    ] {
        let (_, findings) = parse(text, WorkflowType::Standard);
        assert!(findings[0].message.starts_with(want), "{text}: {}", findings[0].message);
        assert_eq!(findings[0].position.expect("a place").column, column, "{text}");
    }
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    check_broken(&deep, 1, 129, "TOO_DEEPLY_NESTED: nested deeper than 128 arrays and objects");
    let long = format!("{{\"a\": \"{}\"\n!", "1".repeat(600));
    let (_, findings) = parse(&long, WorkflowType::Standard);
    assert!(findings[0].message.contains("\"[truncated 110 chars]; line: 2, column: 2]"), "{findings:?}");
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
    let text = include_str!("../fixtures/ten-faults.asl.json");
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
        include_str!("../fixtures/everything.asl.json"),
        &["NOT_SUPPORTED: Stepwell does not support a Map state in the mode DISTRIBUTED yet at \
         /States/Many/ItemProcessor/ProcessorConfig/Mode"],
    );
    check(
        include_str!("../fixtures/everything-jsonata.asl.json"),
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
