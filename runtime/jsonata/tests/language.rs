//! Corners of the language in which the reference does what nobody would expect; each was answered by it.

use stepwell_jsonata::{Environment, Expression, Options, stringify};
use stepwell_types::{Map, Value};

const DATA: &str = r#"{"a":1,"b":"x","c":[1,2,3],"d":{"e":[{"f":1},{"f":2},{"f":3}]},"z":[]}"#;

#[track_caller]
fn check(text: &str, want: &str) {
    let data = Value::parse(DATA).unwrap();
    let outcome = Expression::compile(text, &Options::standard())
        .and_then(|expression| expression.evaluate(Some(&data), &Map::new(), &Environment::default()));
    let got = match outcome {
        Ok(outcome) => outcome.into_value().map_or_else(|| "undefined".to_owned(), |value| stringify(&value)),
        Err(error) => error.code.to_owned(),
    };
    assert_eq!(got, want, "{text}");
}

#[test]
fn an_array_constructor_that_begins_a_path_sees_the_sequence() {
    check("[c[]]#$y.{'i':$y}", "[{},{},{}]");
    check("[]#$y.{'i':$y}", "undefined");
    check("[**]@$x.b", r#""x""#);
    check("[{'x':1}][0].x", "undefined");
}

#[test]
fn a_wildcard_loses_the_sequence_where_it_meets_an_array() {
    check("(d){'k':[]}.*", "[]");
    check("{'k':[1]}.*", "[1]");
    check("{'k':1}.*", "1");
}

#[test]
fn literals_are_no_steps() {
    check("null#$y.{'i':$y}", "S0213");
    check("1.a", "S0213");
    check("'a'.b", "undefined");
    check("{'a':{'b':2}}.'a'.b", "2");
}

#[test]
fn a_number_is_an_index_whatever_follows_it() {
    check("c[1{'k':$}]", "2");
    check("c[-1.5]", "2");
    check("c[[0,2]]", "[1,3]");
}

#[test]
fn keys_that_look_like_indices_come_first() {
    check(r#"{"b":1,"10":2,"9":3,"07":4}"#, r#"{"9":3,"10":2,"b":1,"07":4}"#);
    check(r#"$keys({"b":1,"3":2})"#, r#"["3","b"]"#);
    check(r#"$merge([{"x":1},{"2":1}])"#, r#"{"2":1,"x":1}"#);
}

#[test]
fn what_json_does_not_know_is_null() {
    check("1/0", "null");
    check("[0/0]", "[null]");
    check("$string(1/0)", "D3001");
    check("1/0 + 1", "D1001");
}

#[test]
fn partial_application_reads_parameter_names_out_of_the_source() {
    check("$string(?, true)", "S0208");
    check("($f := function($g) { $g(?, 2) }; $f(function($a, $b) { $a + $b }))", "S0202");
    check("$substring(?, 1)('abc')", r#""bc""#);
}

#[test]
fn halves_of_pairs_and_code_points() {
    check("$length('\u{1F600}a')", "2");
    check("$substring('\u{1F600}ab', 1, 1)", r#""a""#);
    check("$match('\u{1F600}ab', /b/).index", "3");
    check("'\u{FF5E}' > '\u{1F600}'", "true");
    check("\"\\ud83d\\ude00\"", "\"\u{1F600}\"");
}

#[test]
fn dates_and_numbers_by_picture() {
    check(
        "$fromMillis(1510067557121, '[FNn], [D1o] [MNn] [Y] [h]:[m01] [PN] [z]')",
        r#""Tuesday, 7th November 2017 3:12 PM GMT+00:00""#,
    );
    check("$toMillis('2017-11-07T15:12:37.121Z')", "1510067557121");
    check("$toMillis('7th November 2017', '[D1o] [MNn] [Y0001]')", "1510012800000");
    check("$formatNumber(1234.5678, '#,##0.00')", r#""1,234.57""#);
    check("$formatNumber(0.000123, '0.0##e0')", r#""1.23e-4""#);
    check("$formatInteger(1999, 'I') & ' ' & $formatInteger(21, 'w;o')", r#""MCMXCIX twenty-first""#);
    check("$parseInteger('one thousand and two', 'w')", "1002");
}
