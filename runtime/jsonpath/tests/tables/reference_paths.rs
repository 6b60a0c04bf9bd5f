//! `ResultPath`.

use crate::support::json;
use std::sync::Arc;
use stepwell_jsonpath::ReferencePath;
use stepwell_types::Value;

fn write(input: &str, path: &str, result: &str) -> Result<String, String> {
    let path = ReferencePath::parse(path).unwrap();
    let written = path.write(&json(input), json(result));
    written.map(|value| value.to_json()).map_err(|error| format!("{}: {error}", error.error_name()))
}

#[track_caller]
fn check(input: &str, path: &str, result: &str, expected: &str) {
    assert_eq!(write(input, path, result).as_deref(), Ok(expected), "{path}");
}

#[track_caller]
fn check_mismatch(input: &str, path: &str, step: &str, met: &str) {
    let expected = format!("States.ResultPathMatchFailure: Unable to apply step \"{step}\" to input {met}");
    assert_eq!(write(input, path, "1"), Err(expected));
}

#[track_caller]
fn check_refused(path: &str, message: &str) {
    assert_eq!(ReferencePath::parse(path).expect_err(path).message, message);
}

#[test]
fn writes() {
    check(r#"{"a":1}"#, "$", "2", "2");
    check(r#"{"a":1}"#, "$.b", "2", r#"{"a":1,"b":2}"#);
    check(r#"{"a":1,"b":2}"#, "$.a", "[3]", r#"{"a":[3],"b":2}"#);
    check(r#"{"a":{"b":1,"c":2}}"#, "$.a['b']", "null", r#"{"a":{"b":null,"c":2}}"#);
    check(r#"{"a":[1,{"b":2},3]}"#, "$.a[1].b", "9", r#"{"a":[1,{"b":9},3]}"#);
    check("[1,2]", "$[0]", "9", "[9,2]");
}

/// Recorded in part: variables_assign_output, `$.enigma.mystery`.
#[test]
fn missing_levels_are_made() {
    check("{}", "$.enigma.mystery", r#"{"x":1}"#, r#"{"enigma":{"mystery":{"x":1}}}"#);
    check(r#"{"a":{"z":0}}"#, "$.a.b.c", "1", r#"{"a":{"z":0,"b":{"c":1}}}"#);
}

#[test]
fn what_is_no_object_is_a_mismatch() {
    check_mismatch("5", "$.a", "a", "5");
    check_mismatch("null", "$.a", "a", "null");
    check_mismatch("[1]", "$.a", "a", "[1]");
    check_mismatch(r#"{"a":"text"}"#, "$.a.b", "b", r#""text""#);
    check_mismatch(r#"{"a":[]}"#, "$.a[0]", "0", "[]");
    check_mismatch("{}", "$.a[0]", "0", "{}");
}

#[test]
fn what_is_not_on_the_way_is_shared() {
    let input = json(r#"{"big":[1,2,3],"a":{"b":1}}"#);
    let output = ReferencePath::parse("$.a.b").unwrap().write(&input, Value::I64(2)).unwrap();
    let big = |value: &Value| match value.get("big") {
        Some(Value::Array(items)) => Arc::clone(items),
        other => panic!("{other:?}"),
    };
    assert!(Arc::ptr_eq(&big(&input), &big(&output)));
    assert_eq!(input.to_json(), r#"{"big":[1,2,3],"a":{"b":1}}"#);
}

#[test]
fn paths_that_may_name_several_places_are_refused() {
    let message = "a reference path names one place: no `*`, `..`, `?`, `,`, `:` or negative index";
    for path in ["$.*", "$..a", "$[0,1]", "$[1:]", "$['a','b']", "$[?(@.a)]", "$.a[-1]"] {
        check_refused(path, message);
    }
    check_refused("$$.a", "this path must begin at the input, `$`");
    check_refused("$name", "this path must begin at the input, `$`");
    for path in ["$...", "()", "..guid", ".guid"] {
        assert!(ReferencePath::parse(path).is_err(), "{path}");
    }
    check_refused(&format!("${}", ".a".repeat(129)), "this path is deeper than any data");
}
