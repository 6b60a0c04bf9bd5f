//! Filters.

use crate::support::{check_parses, check_path, check_syntax};

const PETS: &str = r#"{"pets":[{"species":"cat","age":3,"tags":["a","b"]},{"species":"dog","age":7,"tags":[]},
    {"species":"cat","age":9,"name":null}],"limit":7}"#;

#[track_caller]
fn check_ages(filter: &str, ages: &str) {
    check_path(PETS, &format!("$.pets[?({filter})].age"), ages);
}

/// Recorded: base.state_pass_regex_json_path_base.
#[test]
fn recorded() {
    let users = r#"{"users":[{"year":1997,"status":0},{"year":1998,"status":1}]}"#;
    check_path(users, "$.users[?(@.status == 0)]", r#"[{"year":1997,"status":0}]"#);
}

#[test]
fn comparisons() {
    check_ages("@.species == 'cat'", "[3,9]");
    check_ages(r#"@.species=="dog""#, "[7]");
    check_ages("@.species != 'cat'", "[7]");
    check_ages("@.age < 7", "[3]");
    check_ages("@.age<=7", "[3,7]");
    check_ages("@.age > 6.5", "[7,9]");
    check_ages("@.age>=9", "[9]");
    check_ages("7 < @.age", "[9]");
    check_ages("@.species < 'd'", "[3,9]");
    check_ages("@.name == null", "[9]");
    check_ages("@['age'] == 3", "[3]");
    check_ages("@.age == -3", "[]");
}

#[test]
fn a_number_equals_the_text_that_spells_it() {
    check_path(r#"[{"n":"42"},{"n":42},{"n":"x"}]"#, "$[?(@.n==42)]", r#"[{"n":"42"},{"n":42}]"#);
    check_path(r#"[{"n":"42"},{"n":42.0}]"#, "$[?(@.n=='42')]", r#"[{"n":"42"},{"n":42.0}]"#);
}

#[test]
fn a_missing_side_is_equal_to_nothing() {
    check_ages("@.nope == 1", "[]");
    check_ages("@.nope == @.nope", "[]");
    check_ages("@.nope != 1", "[3,7,9]");
    check_ages("@.nope < 1", "[]");
}

#[test]
fn existence() {
    check_ages("@.tags", "[3,7]");
    check_ages("@.name", "[9]");
    check_ages("!@.tags", "[9]");
    check_ages("!(@.tags)", "[9]");
    check_ages("@.nope.further", "[]");
    // An indefinite path gives an array, be it empty.
    check_ages("@.nope[*]", "[3,7,9]");
    check_ages("@", "[3,7,9]");
    check_ages("true", "[3,7,9]");
}

#[test]
fn logic_binds_as_in_java() {
    check_ages("@.species == 'cat' && @.age<5", "[3]");
    check_ages("@.age == 3 || @.age == 9 && @.species == 'dog'", "[3]");
    check_ages("(@.age == 3 || @.age == 7) && @.species == 'dog'", "[7]");
    check_ages("!(@.age == 3) && !(@.age == 7)", "[9]");
}

#[test]
fn words() {
    check_ages("@.age in [3, 9]", "[3,9]");
    check_ages("@.species in ['dog']", "[7]");
    check_ages("@.age nin [3]", "[7,9]");
    check_ages("'a' in @.tags", "[3]");
    check_ages("@.tags contains 'b'", "[3]");
    check_ages("@.species contains 'at'", "[3,9]");
    check_ages("@.tags size 2", "[3]");
    check_ages("@.tags empty true", "[7]");
    check_ages("@.tags subsetof ['a','b','c']", "[3,7]");
    check_ages("@.tags anyof ['b']", "[3]");
    check_ages("@.tags noneof ['b']", "[7]");
    check_ages("@.tags == ['a','b']", "[3]");
    check_path(r#"[{"o":{"a":[1],"b":{}}},{"o":1}]"#, "$[?(@.o == {'b':{},\"a\":[1]})].o.a", "[[1]]");
}

#[test]
fn a_regular_expression_matches_the_whole_text() {
    check_ages("@.species =~ /c.t/", "[3,9]");
    check_ages("@.species =~ /c/", "[]");
    check_ages("@.species =~ /CAT|DOG/i", "[3,7,9]");
    check_ages("@.age =~ /[37]/", "[3,7]");
    check_ages("@.tags =~ /.*/", "[]");
    check_path(r#"["a/b","ab"]"#, r"$[?(@ =~ /a\/b/)]", r#"["a/b"]"#);
    check_path(r#"["ab"]"#, "$[?(@ =~ /a b # note/x)]", r#"["ab"]"#);
    check_path(r#"["jo@example.org"]"#, r"$[?(@ =~ /\w+@[\w.]+\.[a-z]{2,10}/)]", r#"["jo@example.org"]"#);
}

#[test]
fn roots_in_filters() {
    check_ages("@.age == $.limit", "[7]");
    check_ages("@.age == $$.Execution.Input.n", "[7]");
    check_path(r#"[{"id":1},{"id":42}]"#, "$[?(@.id == $x)]", r#"[{"id":42}]"#);
    check_path("{}", "$order.lines[?(@.id == $.lines[0].id)]", r#"[{"id":1}]"#);
}

#[test]
fn an_object_is_tested_itself() {
    check_path(r#"{"a":{"n":1}}"#, "$.a[?(@.n == 1)]", r#"[{"n":1}]"#);
    check_path(r#"{"a":{"n":1}}"#, "$.a[?(@.n == 2)]", "[]");
    check_path("5", "$[?(@ == 5)]", "[]");
    check_path(r#"{"l":[{"id":2},{"id":3,"in":{"id":2}}]}"#, "$..[?(@.id==2)].id", "[2,2]");
    check_path(r#"[{"a":1}]"#, "$.[?(@.a)]", r#"[{"a":1}]"#);
}

/// Definitions in the wild leave the quotes out.
#[test]
fn bare_words_are_texts() {
    let labels = r#"{"Labels":[{"Name":"Receipt"},{"Name":"Cat"}]}"#;
    check_path(labels, "$.Labels[?(@.Name==Receipt)]", r#"[{"Name":"Receipt"}]"#);
    check_parses("$.ExpenseDocuments[0].SummaryFields[?(@.Type.Text==AMOUNT_PAID)].ValueDetection.Text");
    check_parses("$.approaches[?(@.workerId == $.agent_id)].approach");
}

#[test]
fn faults_have_their_place() {
    check_syntax("$[?@.a]", "expected `(` after `?`, found `@`", 3);
    check_syntax("$[?(@.a]", "expected `)`, found `]`", 7);
    check_syntax(
        "$[?(@.a ==)]",
        "expected a path, a text, a number, `true`, `false`, `null`, a list or an object, found `)`",
        10,
    );
    check_syntax("$[?(1)]", "expected an operator, found `)`", 5);
    check_syntax("$[?(@.a =~ /x)]", "this regular expression has no end", 11);
    check_syntax("$[?(@.a =~ /x/q)]", "unknown flag `q` of a regular expression", 11);
    check_syntax("$[?(@.a == 1e999)]", "this is no number", 11);
    let error = stepwell_jsonpath::Path::parse("$[?(@.a =~ /(/)]").unwrap_err();
    assert!(error.message.starts_with("bad regular expression"), "{error}");
}
