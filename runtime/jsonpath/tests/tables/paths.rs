//! Paths without filters.

use crate::support::{check_missing, check_parses, check_path, check_syntax};
use stepwell_jsonpath::{Path, Root};

const STORE: &str = r#"{"store":{"book":[{"title":"A","price":8},{"title":"B","price":12},{"title":"C"}],
    "bicycle":{"price":19}},"a b":1,"items":[0,1,2,3,4]}"#;

#[test]
fn names_and_indices() {
    check_path("7", "$", "7");
    check_path(r#"{"a":{"b":null}}"#, "$.a.b", "null");
    check_path(STORE, "$['a b']", "1");
    check_path(STORE, r#"$["store"].bicycle['price']"#, "19");
    check_path(STORE, "$.store.book[1].title", r#""B""#);
    check_path(STORE, "$.items[-1]", "4");
    check_path(STORE, "$.items[-5]", "0");
    check_path(STORE, "$.items[(@.length-1)]", "4");
    check_path("[[1,2],[3]]", "$[0][1]", "2");
    check_path(r#"{"flow-name":1,"a:b":2,"ü":3}"#, "$.flow-name", "1");
    check_path(r#"{"flow-name":1,"a:b":2,"ü":3}"#, "$.a:b", "2");
    check_path(r#"{"flow-name":1,"a:b":2,"ü":3}"#, "$.ü", "3");
    check_path(r#"{"it's":1,"q\"":2,"back\\slash":3}"#, r"$['it\'s']", "1");
    check_path(r#"{"it's":1,"q\"":2,"back\\slash":3}"#, r#"$["q\""]"#, "2");
    check_path(r#"{"it's":1,"q\"":2,"back\\slash":3}"#, r"$['back\\slash']", "3");
    check_path(r#"{"é":1}"#, r"$['\u00e9']", "1");
}

/// Jayway lets a dot stand before a bracket, and blanks around the path.
#[test]
fn what_jayway_forgives() {
    check_path(STORE, "$.items.[0]", "0");
    check_path(STORE, "$.['a b']", "1");
    check_path(STORE, "$[ 'a b' ]", "1");
    check_path(STORE, "$.items[ 0 , 1 ]", "[0,1]");
    check_path(
        r#"[{"bucket":"b","key":"k","size":1}]"#,
        "$.[*].['bucket', 'key']",
        r#"[{"bucket":"b","key":"k"}]"#,
    );
    check_path("1", "$ ", "1");
}

/// Recorded: base.json_path_array_access, base.json_path_array_wildcard_or_slice_with_no_input.
#[test]
fn an_indefinite_path_that_finds_nothing_gives_an_empty_array() {
    check_path(r#"{"items":[0,1,2,3,4,5,6,7,8,9,{"item_key":10}]}"#, "$.items[10]", r#"{"item_key":10}"#);
    for path in [
        "$[*]",
        "$.items[*]",
        "$.item.items[*]",
        "$.items[1:]",
        "$.items[:1]",
        "$.items[*].itemValue",
        "$.items[1:].itemValue",
    ] {
        check_path("{}", path, "[]");
    }
}

#[test]
fn indefinite_paths_give_arrays() {
    check_path(STORE, "$.items[*]", "[0,1,2,3,4]");
    check_path(STORE, "$.store.book[*].price", "[8,12]");
    check_path(STORE, "$.store.bicycle.*", "[19]");
    check_path(STORE, "$.items[1:3]", "[1,2]");
    check_path(STORE, "$.items[3:]", "[3,4]");
    check_path(STORE, "$.items[:2]", "[0,1]");
    check_path(STORE, "$.items[-2:]", "[3,4]");
    check_path(STORE, "$.items[:-4]", "[0]");
    check_path(STORE, "$.items[3:1]", "[]");
    check_path(STORE, "$.items[0,9,-1]", "[0,4]");
    check_path("[[[1,2]],[[3]]]", "$[*][*][*]", "[1,2,3]");
    check_path("5", "$[*]", "[]");
}

#[test]
fn the_step_of_a_slice_is_read_and_ignored() {
    check_path(STORE, "$.items[0:4:2]", "[0,1,2,3]");
    check_path(STORE, "$.items[1::2]", "[1,2,3,4]");
    check_path(STORE, "$.items[0:3:-2]", "[0,1,2]");
    check_syntax("$[:]", "a slice needs a start or an end; `[*]` is all items", 3);
}

/// Jayway takes the indices between two ends as they are.
#[test]
fn slices_with_ends_of_unlike_sign() {
    check_path(STORE, "$.items[-4:1]", "[1,2,3,4,0]");
    check_path(STORE, "$.items[-4:-1]", "[1,2,3]");
    check_path(STORE, "$.items[3:-1]", "[]");
    check_path(STORE, "$.items[-2000000000:2]", "[0,1,2,3,4,0,1]");
    check_path(STORE, "$.items[-7:]", "[0,1,2,3,4]");
    check_path(STORE, "$.items[7:]", "[]");
    check_path(STORE, "$.items[:-7]", "[]");
}

#[test]
fn descent_visits_the_outer_before_the_inner() {
    check_path(STORE, "$..price", "[8,12,19]");
    check_path(STORE, "$..book[0].title", r#"["A"]"#);
    check_path(r#"{"a":{"a":{"a":1}}}"#, "$..a", r#"[{"a":{"a":1}},{"a":1},1]"#);
    check_path("[[1],[2]]", "$..[0]", "[[1],1,2]");
    check_path(r#"{"a":[1]}"#, "$..*", "[[1],1]");
    check_path(r#"{"a":[1]}"#, "$..['a']", "[[1]]");
    check_path(r#"{"x":[0,1,[0,1,2,3,null],null],"y":[0,1,2]}"#, "$..[2][3]", "[3]");
    check_path(r#"[{"a":1,"c":2,"d":3},[1],{"a":1}]"#, "$..['a','c']", r#"[{"a":1,"c":2}]"#);
}

#[test]
fn several_names_make_an_object_at_the_end() {
    check_path(r#"{"a":1,"b":2,"c":3}"#, "$['a','c']", r#"{"a":1,"c":3}"#);
    check_path(r#"{"a":1}"#, "$['a','x']", r#"{"a":1}"#);
    check_path(r#"{"a":{"n":1},"b":{"n":2}}"#, "$['a','b'].n", "[1,2]");
    check_missing(
        "[1]",
        "$['a','b']",
        "Expected to find an object with property ['a','b'] in path $ but found 'array'",
    );
}

/// Recorded: invalid_jsonpath.ST-INVALID-JSONPATH-IN-INPUTPATH, and `data-languages.md`.
#[test]
fn what_is_missing_is_said_as_on_aws() {
    check_missing(r#"{"int-literal":0}"#, "$.NoSuchInputPath", "No results for path: $['NoSuchInputPath']");
    check_missing("{}", "$.no.such", "Missing property in path $['no']");
    check_missing(r#"{"a":{}}"#, "$.a.b", "No results for path: $['a']['b']");
    check_missing(r#"{"a":[1]}"#, "$.a[1]", "No results for path: $['a'][1]");
    check_missing(r#"{"a":null}"#, "$.a[0]", "The path $['a'] is null");
    check_missing(r#"{"a":1}"#, "$.a[0]", "Filter: [0] can only be applied to arrays. Current context is: 1");
    check_missing(
        r#"{"a":"x"}"#,
        "$.a[0].b",
        "Filter: [0]['b'] can only be applied to arrays. Current context is: x",
    );
    check_missing(
        r#"{"a":"text"}"#,
        "$.a.b",
        "Expected to find an object with property ['b'] in path $['a'] but found 'string'",
    );
    check_missing("{}", "$$.Execution.Nope", "No results for path: $['Execution']['Nope']");
    check_missing("{}", "$nope.a", "The variable '$nope' has no value");
}

#[test]
fn roots() {
    check_path("{}", "$$.Execution.Id", r#""arn:1""#);
    check_path("{}", "$$.Execution.Input.n", "7");
    check_path("{}", "$$['Execution']['Name']", r#""run-1""#);
    check_path("{}", "$x", "42");
    check_path("{}", "$_u", "null");
    check_path("{}", "$order.lines[1].id", "2");
    check_path("{}", "$order.lines[*].id", "[1,2]");
}

#[track_caller]
fn check_kind(path: &str, root: &Root, definite: &str, reference: &str) {
    let path = Path::parse(path).unwrap();
    assert_eq!(path.root(), root, "{path}");
    let kind = (
        if path.is_definite() { "definite" } else { "-" },
        if path.is_reference() { "reference" } else { "-" },
    );
    assert_eq!(kind, (definite, reference), "{path}");
}

#[test]
fn kinds_of_paths() {
    check_kind("$", &Root::Input, "definite", "reference");
    check_kind("$$.a", &Root::Context, "definite", "reference");
    check_kind("$name.a[0]['b']", &Root::Variable("name".into()), "definite", "reference");
    check_kind("$.a[-1]", &Root::Input, "definite", "-");
    check_kind("$['a','b']", &Root::Input, "definite", "-");
    for path in ["$..a", "$.*", "$[1:]", "$[0,1]", "$[?(@.a)]", "$['a','b'].c"] {
        check_kind(path, &Root::Input, "-", "-");
    }
}

#[test]
fn faults_have_their_place() {
    check_syntax("$.", "expected a field name, `*` or `[`, found the end", 2);
    check_syntax("$...", "expected a field name, `*` or `[`, found `.`", 3);
    check_syntax("$.a b", "expected `.`, `[` or the end of the path, found `b`", 4);
    check_syntax("$.a[", "expected a quoted name, an index, `*` or `?(` after `[`, found the end", 4);
    check_syntax("$.a[b]", "expected a quoted name, an index, `*` or `?(` after `[`, found `b`", 4);
    check_syntax("$.a[0", "expected `]`, found the end", 5);
    check_syntax("$['a", "this string has no end", 2);
    check_syntax("$[99999999999]", "expected an index of at most 31 bits", 2);
    check_syntax("$[-]", "expected an index of at most 31 bits", 2);
    check_syntax("$.a.length()", "functions such as `length()` are not supported in a path", 10);
    check_syntax("$.**BLANK**", "expected `.`, `[` or the end of the path, found `*`", 3);
    check_syntax("$$.**BLANK**", "expected `.`, `[` or the end of the path, found `*`", 4);
    check_syntax("$$23", "expected `.` or `[` after `$$`, found `2`", 2);
    check_syntax("$$$", "expected `.` or `[` after `$$`, found `$`", 2);
    check_syntax("$23", "a variable's name begins with a letter", 1);
    check_syntax("$states.", "expected a field name, `*` or `[`, found the end", 8);
    let error = Path::parse("bug$.library").unwrap_err();
    assert_eq!(error.to_string(), "expected a path that begins with `$`, found `b` at offset 0");
    assert_eq!(Path::parse("").unwrap_err().message, "expected a path that begins with `$`, found the end");
}

#[test]
fn found_in_the_wild() {
    for path in [
        "$.FlowConfig.DestinationFlowConfigList[0].DestinationConnectorProperties['S3'].S3OutputFormatConfig.FileType",
        "$['stateoutputs']['GetBatchInfo']['Payload']['batchnumber']",
        "$[(@.length-1)].bar",
        "$.books[-2]",
        "$.${Attribute}",
        "$$.Execution.Name ",
    ] {
        check_parses(path);
    }
}
