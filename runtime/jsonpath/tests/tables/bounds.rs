//! No definition and no input may exhaust the stack, the memory or a core.

use crate::support::{World, check_syntax, json, select};
use stepwell_jsonpath::{Environment, Expression, Path, Scope, Template};
use stepwell_types::Value;
use stepwell_types::quota::PAYLOAD_DEPTH_MAX;

fn nested(depth: usize) -> String {
    format!("{}{}", "[".repeat(depth), "]".repeat(depth))
}

#[track_caller]
fn check_too_large(input: &str, template: &str) {
    let failure = crate::support::render(input, template);
    let cause = "The result of the expression is nested too deeply or is too large";
    assert_eq!(failure, Err(("States.Runtime".to_owned(), cause.to_owned())));
}

#[test]
fn depth_of_what_is_built() {
    let fits = nested(PAYLOAD_DEPTH_MAX - 1);
    let full = nested(PAYLOAD_DEPTH_MAX);
    assert!(crate::support::render(&fits, r#"{"a.$":"$"}"#).is_ok());
    check_too_large(&full, r#"{"a.$":"$"}"#);
    check_too_large(&fits, r#"{"a":{"b.$":"$"}}"#);
    check_too_large(&full, r#"{"a.$":"States.Array($)"}"#);
    check_too_large(&full, r#"{"a.$":"States.ArrayPartition($, 1)"}"#);
    let path = "$[*]";
    assert!(select(&full, path).is_ok());
}

#[test]
fn bytes_of_what_is_built() {
    let big = format!("\"{}\"", "x".repeat(250_000));
    let many = |field: &str, n: usize| {
        let fields: Vec<String> = (0..n).map(|i| format!("\"{i}.$\":\"{field}\"")).collect();
        format!("{{{}}}", fields.join(","))
    };
    assert!(crate::support::render(&big, &many("$", 10)).is_ok());
    check_too_large(&big, &many("$", 20));
    let arguments = vec!["$"; 20].join(",");
    check_too_large(&big, &format!(r#"{{"a.$":"States.Array({arguments})"}}"#));
    let holes = "{}".repeat(20);
    check_too_large(&big, &format!(r#"{{"a.$":"States.Format('{holes}',{arguments})"}}"#));
}

#[track_caller]
fn check_too_much(input: &str, path: &str) {
    let error = select(input, path).expect_err(path);
    assert!(error.ends_with("The path looks at too many values or selects too much"), "{error}");
}

#[test]
fn chained_descents_and_wildcards_end() {
    let deep = format!("{}{}{}", "[".repeat(100), vec!["1"; 1_000].join(","), "]".repeat(100));
    check_too_much(&deep, "$..*..*..*");
    check_too_much(&deep, &format!("${}", "..*".repeat(100)));
    let wide = format!("[{}]", vec!["[1,1,1,1,1,1,1,1,1,1]"; 5_000].join(","));
    check_too_much(&wide, "$[?($..*)][?($..* contains 2)]");
}

#[test]
fn filters_end() {
    let text = "a".repeat(100_000);
    let input = format!(r#"{{"t":"{text}","l":[{}]}}"#, vec!["1"; 10_000].join(","));
    check_too_much(&input, "$.l[?($.t =~ /(a+)+b/)]");
    check_too_much(&input, "$.l[?($.t contains 'b')]");
}

#[test]
fn parsing_does_not_recurse_without_bound() {
    let parens = format!("$[?{}@.a{}]", "(".repeat(5_000), ")".repeat(5_000));
    check_syntax(&parens, "filters nested deeper than 16", 19);
    let nots = format!("$[?({}@.a)]", "!".repeat(5_000));
    check_syntax(&nots, "filters nested deeper than 16", 20);
    let filters = format!("{}@.a{}", "$[?(".repeat(1_000), ")]".repeat(1_000));
    assert!(Path::parse(&filters).is_err());
    let filters = format!("$[?({}", "@[?(".repeat(1_000));
    assert_eq!(Path::parse(&filters).unwrap_err().message, "filters nested deeper than 16");
    let lists = format!("$[?(@ in {})]", nested(1_000));
    assert_eq!(Path::parse(&lists).unwrap_err().message, "filters nested deeper than 16");
    let steps = format!("${}", ".a".repeat(300));
    assert_eq!(Path::parse(&steps).unwrap_err().message, "more than 256 steps");
    let long = format!("$.{}", "a".repeat(70_000));
    assert_eq!(Path::parse(&long).unwrap_err().message, "longer than 65536 characters");
    let calls = "States.Array(".repeat(5_000);
    assert_eq!(Expression::parse(&calls).unwrap_err().message, "intrinsic functions nested deeper than 10");
    let regexes = format!("$[?({}@)]", "@ =~ /a/ || ".repeat(17));
    assert_eq!(Path::parse(&regexes).unwrap_err().message, "more than 16 regular expressions");
    let regex = "$[?(@ =~ /((a{1000}){1000}){1000}/)]";
    assert!(Path::parse(regex).unwrap_err().message.starts_with("bad regular expression"));
}

/// The deepest walk that the limits allow, in a debug build's frames.
#[test]
fn the_deepest_walk_fits_the_stack() {
    let steps = format!("$..*{}", "[0]".repeat(126));
    assert!(select(&nested(PAYLOAD_DEPTH_MAX), &steps).is_ok());
    let filters = format!("$[?({}@.a{})]", "@[?(".repeat(15), ")]".repeat(15));
    assert!(select(&nested(PAYLOAD_DEPTH_MAX), &filters).is_ok());
}

/// A small generator of texts from the characters that parsers look at: nothing may panic, and what parses must
/// evaluate without a panic.
#[test]
fn any_text_is_taken_without_a_panic() {
    const PIECES: [&str; 40] = [
        "$", "$$", ".", "..", "[", "]", "*", "?", "(", ")", "@", "'", "\"", "\\", "a", "b", "0", "1", "-",
        ":", ",", " ", "==", "!=", "<", "&&", "||", "!", "in", "=~", "/", "States.", "Format", "Array(",
        "MathAdd(", "{}", "{", "}", "é", "null",
    ];
    let world = World::new();
    let input = json(r#"{"a":[{"b":1,"a":"x"},[0,1],null],"b":{"a":1.5},"é":"{}"}"#);
    let scope = Scope { input: &input, environment: &world };
    let mut parsed = 0;
    for round in 0..30_000 {
        let length = 1 + world.random() % 12;
        let pick = |_| PIECES[usize::try_from((world.random() >> 32) % 40).unwrap()];
        let start = if round % 2 == 0 { "$" } else { "States.Array(" };
        let text: String =
            std::iter::once(start.to_owned()).chain((0..length).map(pick).map(str::to_owned)).collect();
        if let Ok(expression) = Expression::parse(&text) {
            parsed += 1;
            let _ = expression.evaluate(&scope);
            let template = json(&format!("{{\"a.$\":{}}}", Value::str(&text)));
            let _ = Template::parse(&template).unwrap().render(&scope);
        }
    }
    assert!(parsed > 100, "{parsed}");
}
