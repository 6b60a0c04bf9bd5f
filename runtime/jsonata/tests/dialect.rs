//! Step Functions' dialect, and what an expression tells about itself.

use stepwell_jsonata::{Environment, Expression, Options, stringify};
use stepwell_types::{Map, Value};

const FIELD: Options<'static> = Options::step_functions(&["input", "context"]);

#[track_caller]
fn check(text: &str, want: &str) {
    let mut bindings = Map::new();
    let states =
        r#"{"input":{"items":[{"n":1},{"n":2},{"n":3}],"text":"{\"a\":[1,{\"b\":null}]}"},"context":{}}"#;
    bindings.insert("states", Value::parse(states).unwrap());
    bindings.insert("rate", Value::I64(2));
    let environment = Environment { seed: 42, ..Environment::default() };
    let outcome = Expression::compile(text, &FIELD)
        .and_then(|expression| expression.evaluate(None, &bindings, &environment));
    let got = match outcome {
        Ok(outcome) => outcome.into_value().map_or_else(|| "undefined".to_owned(), |value| stringify(&value)),
        Err(error) => error.code.to_owned(),
    };
    assert_eq!(got, want, "{text}");
}

#[track_caller]
fn check_refused(text: &str, code: &str, position: u32) {
    let error = Expression::compile(text, &FIELD).unwrap_err();
    assert_eq!((error.code, error.position), (code, Some(position)), "{text}: {error}");
}

#[track_caller]
fn check_variables(text: &str, want: &[(&str, Option<&str>)]) {
    let expression = Expression::compile(text, &FIELD).unwrap();
    let got: Vec<_> = expression.variables().iter().map(|v| (&*v.name, v.member.as_deref())).collect();
    assert_eq!(got, want, "{text}");
}

#[test]
fn added_functions() {
    check("$partition([1,2,3,4,5], 2)", "[[1,2],[3,4],[5]]");
    check("$partition([0], 1)", "[[0]]");
    check("$partition([], 3)", "[]");
    check("$partition([1], 0)", "U1003");
    check("$range(1, 9, 9)", "1");
    check("$range(0, 10, 4)", "[0,4,8]");
    check("$range(3, 1, -1)", "[3,2,1]");
    check("$range(1, 3, 0)", "U1003");
    check("$parse($states.input.text).a[1]", r#"{"b":null}"#);
    check("$parse('{')", "U1003");
    check("$hash('abc', 'MD5')", r#""900150983cd24fb0d6963f7d28e17f72""#);
    check("$hash('abc', 'SHA-1')", r#""a9993e364706816aba3e25717850c26c9cd0d89d""#);
    check("$length($hash('abc', 'SHA-384')) & '/' & $length($hash('', 'SHA-512'))", r#""96/128""#);
    check("$hash('abc', 'CRC')", "U1003");
    check("$random(7) = $random(7) and $random() != $random()", "true");
    check("$random() < 1 and $random() >= 0", "true");
    check(
        "$match($uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/).index",
        "0",
    );
    check("$uuid() != $uuid()", "true");
}

#[test]
fn there_is_no_eval() {
    check("$eval('1')", "T1006");
    check("$type($eval)", "undefined");
}

#[test]
fn the_input_is_read_through_states() {
    check("$sum($states.input.items.n) * $rate", "12");
    check("$states.input.items[n > 1].n", "[2,3]");
    check("$states.input.items^(>n)[0].n", "3");
    check("$states.input.items{$string(n): n}", r#"{"1":1,"2":2,"3":3}"#);
    check("$states.input.items.{'d': n * 2}.d", "[2,4,6]");
    check("$map($states.input.items, function($i) { $i.n })", "[1,2,3]");
    check("($states.input ~> |items|{'n': n + 1}|).items.n", "[2,3,4]");
    check_refused("items", "U2002", 5);
    check_refused("1 + items.n", "U2002", 9);
    check_refused("$", "U2001", 1);
    check_refused("$$.items", "U2001", 2);
    check_refused("$sum($.items)", "U2001", 6);
    check_refused("*", "U2002", 1);
    check_refused("{'a': items}", "U2002", 11);
    check_refused("$map($states.input.items, function($i) { n })", "U2002", 42);
    check_refused("($x := a; $x)", "U2002", 8);
}

#[test]
fn members_of_states_are_checked() {
    check_refused("$states.result", "U2003", 14);
    check_refused("$states.input.a & $states.errorOutput.Cause", "U2003", 37);
    check_refused("function() { $states.output }", "U2003", 27);
    assert!(Expression::compile("$states.result", &Options::step_functions(&["result"])).is_ok());
}

#[test]
fn variables_that_come_from_outside_are_listed() {
    check_variables("$states.input.a + $rate", &[("states", Some("input")), ("rate", None)]);
    check_variables("($x := $a; $x + $sum([$b]))", &[("a", None), ("b", None)]);
    check_variables("function($p) { $p & $q }", &[("q", None)]);
    check_variables("$states.input.items@$i.{'n': $i.n}", &[("states", Some("input"))]);
    check_variables("$states", &[("states", None)]);
}

#[test]
fn an_expression_crosses_threads() {
    fn assert_send_and_sync<T: Send + Sync>() {}
    assert_send_and_sync::<Expression>();
    let expression = Expression::compile("$rate", &FIELD).unwrap();
    assert_eq!(&**expression.clone().text(), "$rate");
}

#[test]
fn what_is_not_touched_is_shared() {
    let input = Value::parse(r#"{"rows":[{"deep":[1.0,2]}]}"#).unwrap();
    let expression = Expression::compile("{'r': rows}", &Options::standard()).unwrap();
    let result = expression
        .evaluate(Some(&input), &Map::new(), &Environment::default())
        .unwrap()
        .into_value()
        .unwrap();
    let (Some(Value::Array(a)), Some(Value::Array(b))) = (result.get("r"), input.get("rows")) else {
        panic!()
    };
    assert!(std::sync::Arc::ptr_eq(a, b));
}
