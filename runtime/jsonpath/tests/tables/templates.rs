//! Payload templates.

use crate::support::{check_template, json, render, template};
use stepwell_jsonpath::Template;

#[test]
fn expressions_stand_in_fields_that_end_in_a_dollar() {
    check_template(
        r#"{"n":1}"#,
        r#"{"a.$":"$.n","b":"$.n","c":{"d.$":"$"}}"#,
        r#"{"a":1,"b":"$.n","c":{"d":{"n":1}}}"#,
    );
    check_template(
        "7",
        r#"[{"a.$":"$"},"x.$",{"b.$":"$$.Execution.Id"}]"#,
        r#"[{"a":7},"x.$",{"b":"arn:1"}]"#,
    );
    check_template("7", "5", "5");
    check_template("7", r#"{"v.$":"$x","w.$":"States.MathAdd($x, $)"}"#, r#"{"v":42,"w":49}"#);
}

/// Recorded: assign_base.base_cases.BASE-VAR and base.state_pass_result_null_input_output_paths.
#[test]
fn recorded() {
    let constant =
        r#"{"constant_str_path":"$.no.such.path","lst":[null,0,0.1,"$$",{"constant":0}],"obj":{}}"#;
    check_template("{}", constant, constant);
    check_template(
        "{}",
        r#"{"Arg2":"argument2","FromInput.$":"$"}"#,
        r#"{"Arg2":"argument2","FromInput":{}}"#,
    );
}

#[track_caller]
fn check_failure(input: &str, text: &str, cause: &str) {
    assert_eq!(render(input, text), Err(("States.Runtime".to_owned(), cause.to_owned())));
}

/// Recorded: invalid_jsonpath.INVALID-JSONPATH-IN-STRING-EXPR-CONTEXTPATH; the input's text is quoted as it is.
#[test]
fn a_missing_path_names_path_field_and_input() {
    check_failure(
        r#"{"int-literal": 0}"#,
        r#"{"value.$":"$$.Execution.Input.no_such_jsonpath"}"#,
        "The JSONPath '$$.Execution.Input.no_such_jsonpath' specified for the field 'value.$' could not be found in \
         the input '{\"int-literal\": 0}'",
    );
    check_failure(
        "{}",
        r#"{"deep":{"x.$":"$.x"}}"#,
        "The JSONPath '$.x' specified for the field 'x.$' could not be found in the input '{}'",
    );
}

/// Measured on AWS: an index past the end of an array is `null` in a template, and nothing else that is missing.
#[test]
fn an_index_past_the_end_is_null() {
    check_template(r#"{"a":[1]}"#, r#"{"v.$":"$.a[1]","w.$":"$.a[9]"}"#, r#"{"v":null,"w":null}"#);
    check_template("[]", r#"{"v.$":"$[0]"}"#, r#"{"v":null}"#);
    for path in ["$.a[1].b", "$.b[0]", "$.a.b"] {
        check_failure(
            r#"{"a":[1]}"#,
            &format!(r#"{{"v.$":"{path}"}}"#),
            &format!(
                "The JSONPath '{path}' specified for the field 'v.$' could not be found in the input '{{\"a\":[1]}}'"
            ),
        );
    }
}

/// Seen on AWS; its documentation says that such a path fails with `States.Runtime`.
#[test]
fn an_input_that_is_null_has_no_paths() {
    let cause = "Unable to apply Path transformation to null or empty input.";
    check_failure("null", r#"{"v.$":"$"}"#, cause);
    check_failure("null", r#"{"v.$":"$.a"}"#, cause);
    check_template("null", r#"{"v.$":"$$.Execution.Id","w":1}"#, r#"{"v":"arn:1","w":1}"#);
}

/// Recorded: invalid_jsonpath.INVALID-JSONPATH-IN-ERRORPATH.
#[test]
fn a_missing_error_path_is_worded_alike() {
    let expression = stepwell_jsonpath::Expression::parse("$.ErrorX").unwrap();
    let (input, world) = (json("{}"), crate::support::World::new());
    let scope = stepwell_jsonpath::Scope { input: &input, environment: &world };
    let error = expression.evaluate(&scope).unwrap_err();
    assert_eq!(error.error_name().as_str(), "States.Runtime");
    assert_eq!(
        error.cause("ErrorPath", r#"{"Error":"error-value"}"#),
        "The JSONPath '$.ErrorX' specified for the field 'ErrorPath' could not be found in the input \
         '{\"Error\":\"error-value\"}'"
    );
}

#[test]
fn a_missing_argument_names_the_whole_expression() {
    check_failure(
        r#"{"other":1}"#,
        r#"{"v.$":"States.Format('{}', States.JsonToString($.nope))"}"#,
        "The function 'States.Format('{}', States.JsonToString($.nope))' had the following error: The JsonPath \
         argument for the field '$.nope' could not be found in the input '{\"other\":1}'",
    );
}

#[test]
fn every_fault_is_found_with_its_pointer() {
    let bad = json(r#"{"a.$":"x","b":[{"c/d~e.$":5}],"f":{"g.$":"$."},"ok.$":"$"}"#);
    let errors = Template::parse(&bad).unwrap_err();
    let found: Vec<(&str, &str, &str)> =
        errors.iter().map(|e| (e.pointer.as_str(), &*e.field, e.error.message.as_str())).collect();
    assert_eq!(
        found,
        [
            (
                "/a.$",
                "a.$",
                "expected a path that begins with `$` or an intrinsic function, `States.…`, found `x`"
            ),
            ("/b/0/c~1d~0e.$", "c/d~e.$", "expected a text, found number"),
            ("/f/g.$", "g.$", "expected a field name, `*` or `[`, found the end"),
        ]
    );
}

#[test]
fn variables_are_listed_once() {
    let text =
        r#"{"a.$":"$x.y","b.$":"States.Array($x, $other[0])","c":{"d.$":"$.l[?(@.a == $third)]"},"e":"$no"}"#;
    let template = template(text);
    assert_eq!(template.variables(), ["x", "other", "third"]);
    let names: Vec<&str> = template.expressions().iter().map(|(field, _)| *field).collect();
    assert_eq!(names, ["a.$", "b.$", "d.$"]);
    assert!(!template.is_constant());
}
