//! Expressions that grow at random.

use proptest::prelude::*;
use proptest::sample::select;

fn leaf() -> impl Strategy<Value = String> {
    let leaves: &[&str] = &[
        "a",
        "b",
        "c",
        "d",
        "e",
        "f",
        "g",
        "h",
        "i",
        "k",
        "o",
        "s",
        "z",
        "`10`",
        "$",
        "$$",
        "*",
        "**",
        "$x",
        "$y",
        "0",
        "1",
        "2",
        "-1",
        "2.5",
        "1e21",
        "1e-7",
        "0.1",
        "true",
        "false",
        "null",
        "'x'",
        "''",
        "'1'",
        "\"a,b\"",
        "'Hello World'",
        "[]",
        "{}",
        "[1..3]",
        "c[0]",
        "d.e.f",
        "d.e[f>1]",
        "i[0]",
        "c[]",
        "d.e^(>f)",
        "/l+/",
    ];
    select(leaves).prop_map(str::to_owned)
}

fn function() -> impl Strategy<Value = String> {
    let functions: &[&str] = &[
        "function($v){$v}",
        "function($v,$i){$i}",
        "function($x,$y){$x & $y}",
        "$string",
        "$boolean",
        "$not",
        "$count",
        "function($v){$v.f}",
        "function($x,$y){$string($x) > $string($y)}",
    ];
    select(functions).prop_map(str::to_owned)
}

/// An expression, most of them valid.
pub(crate) fn expression() -> BoxedStrategy<String> {
    leaf()
        .prop_recursive(4, 24, 3, |inner| {
            let one: &[&str] = &[
                "sum", "count", "max", "min", "average", "string", "length", "uppercase", "lowercase", "trim", "number",
                "boolean", "not", "keys", "spread", "merge", "reverse", "distinct", "exists", "type", "abs", "floor",
                "ceil", "round", "sort", "zip", "base64encode", "encodeUrlComponent", "formatBase", "clone",
            ];
            let two: &[&str] = &[
                "append", "lookup", "join", "split", "contains", "substringBefore", "substringAfter", "substring",
                "round", "power", "pad", "zip", "match", "formatNumber", "replace",
            ];
            let higher: &[&str] = &["map", "filter", "single", "sort", "each", "sift", "reduce"];
            let operators: &[&str] = &[
                "+", "-", "*", "/", "%", "=", "!=", "<", "<=", ">", ">=", "&", " and ", " or ", " in ", ".", "..",
            ];
            let tails: &[&str] =
                &["[0]", "[-1]", "[]", ".f", ".*", "{'k':$}", "^($)", "@$x.f", "#$y.{'i':$y}", ".(%)", ".e.%.h"];
            let many = prop::collection::vec(inner.clone(), 0..3);
            prop_oneof![
                4 => (inner.clone(), select(operators), inner.clone()).prop_map(|(a, op, b)| format!("{a}{op}{b}")),
                3 => (inner.clone(), select(tails)).prop_map(|(a, tail)| format!("{a}{tail}")),
                3 => (select(one), inner.clone()).prop_map(|(f, a)| format!("${f}({a})")),
                3 => (select(two), inner.clone(), inner.clone()).prop_map(|(f, a, b)| format!("${f}({a},{b})")),
                3 => (select(higher), inner.clone(), function()).prop_map(|(f, a, g)| format!("${f}({a},{g})")),
                2 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a})[{b}]")),
                2 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}).({b})")),
                2 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("($x := {a}; {b})")),
                2 => (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
                1 => many.prop_map(|items| format!("[{}]", items.join(","))),
                1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{{'p':{a},'7':{b}}}")),
                1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}){{$string($):{b}}}")),
                1 => (inner.clone(), function()).prop_map(|(a, f)| format!("{a} ~> {f}")),
                1 => (function(), inner.clone()).prop_map(|(f, a)| format!("({f})({a})")),
                1 => (inner.clone(), inner).prop_map(|(a, b)| format!("$ ~> |{a}|{{'n':{b}}}|")),
            ]
        })
        .boxed()
}
