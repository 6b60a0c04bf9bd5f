//! Expressions that try to hold a core, exhaust memory or overflow the stack: each ends as an error, soon, on a
//! stack of 2 MiB.

#![expect(clippy::disallowed_methods, reason = "a test may look at the clock")]

use std::time::{Duration, Instant};
use stepwell_jsonata::{Budget, Environment, Error, Expression, Limit, Options, Outcome};
use stepwell_types::Map;

const STACK_BYTES: usize = 2 << 20;
/// Generous: an unoptimized build on a busy machine takes ten times what an optimized one does.
const TIME_MAX: Duration = Duration::from_millis(if cfg!(debug_assertions) { 5_000 } else { 500 });

fn run(text: &str, environment: &Environment<'_>) -> Result<Outcome, Error> {
    Expression::compile(text, &Options::standard())?.evaluate(None, &Map::new(), environment)
}

/// Evaluates on a thread with a small stack, within the default budget.
fn on_small_stack(text: String) -> Result<Outcome, Error> {
    let start = Instant::now();
    let outcome = std::thread::Builder::new()
        .stack_size(STACK_BYTES)
        .spawn(move || run(&text, &Environment::default()))
        .unwrap()
        .join()
        .unwrap();
    assert!(start.elapsed() < TIME_MAX, "took {:?}", start.elapsed());
    outcome
}

#[track_caller]
fn check(text: &str, limit: Limit) {
    let error = on_small_stack(text.to_owned()).unwrap_err();
    assert_eq!((error.code, error.limit), ("U1001", Some(limit)), "{error:?}");
}

/// Ends for want of whatever runs out first.
#[track_caller]
fn check_limited(text: &str) {
    let error = on_small_stack(text.to_owned()).unwrap_err();
    assert!(error.code == "U1001" && error.limit.is_some(), "{error:?}");
}

#[track_caller]
fn check_ends(text: String) {
    let _ = on_small_stack(text);
}

#[test]
fn padding() {
    check("$pad('x', 1e9)", Limit::Bytes);
    check("$pad('x', -1e15)", Limit::Bytes);
    check("$pad('x', 3e7, '\u{1F600}')", Limit::Bytes);
}

#[test]
fn ranges() {
    check("[1..1e7]", Limit::Bytes);
    check_limited("[1..2e6].[1..2e6]");
    check_limited("$count([1..1e6].($$))");
}

#[test]
fn doubling() {
    check_limited("($d := function($s) { $d($s & $s) }; $d('x'))");
    check_limited("($d := function($s) { $d([$s, $s]) }; $d('x'))");
    check_limited("($d := function($s) { $d({'a': $s, 'b': $s}) }; $string($d(1)))");
    let doublings: Vec<String> = (1..60).map(|n| format!("$a{n} := $a{} & $a{}", n - 1, n - 1)).collect();
    check_limited(&format!("($a0 := 'x'; {})", doublings.join("; ")));
    let nested: Vec<String> = (1..60).map(|n| format!("$a{n} := [[$a{}], [$a{}]]", n - 1, n - 1)).collect();
    check_ends(format!("($a0 := 'x'; {}; $string($a59))", nested.join("; ")));
}

#[test]
fn regular_expressions() {
    check("$contains('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', /(a+)+b/)", Limit::Fuel);
    check("$match('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!', /^(a|a|aa)*$/)", Limit::Fuel);
    check("$replace($pad('', 100000, 'a'), /(.*)*x/, '')", Limit::Fuel);
    check_ends(format!("/{}a{}/", "(".repeat(100_000), ")".repeat(100_000)));
    check_ends("/((a{1000}){1000}){1000}/".to_owned());
}

#[test]
fn nesting_of_the_text() {
    for (open, close) in
        [("(", ")"), ("[", "]"), ("{'a':", "}"), ("$f(", ")"), ("a[", "]"), ("-", ""), ("1?", "")]
    {
        check(&format!("{}1{}", open.repeat(1_000_000), close.repeat(1_000_000)), Limit::Depth);
        check_ends(format!("{}1{}", open.repeat(250), close.repeat(250)));
    }
    check(&"(".repeat(1_000_000), Limit::Depth);
    check(&"$x := ".repeat(1_000_000), Limit::Depth);
    check(&"function($x){".repeat(100_000), Limit::Depth);
}

#[test]
fn long_chains_do_not_nest() {
    for operator in ["+", "&", "or", "=", "~>", "."] {
        check_ends(vec!["a"; 20_000].join(operator));
    }
    let sum = on_small_stack(vec!["1"; 20_000].join("+")).unwrap();
    assert_eq!(sum.into_value(), Some(20_000_i64.into()));
    check_ends(format!("a{}", "[0]".repeat(20_000)));
    check_ends(format!("a{}", "[]".repeat(20_000)));
    check_ends(format!("$f{}", "()".repeat(20_000)));
    check_ends(format!("a{}", "^(b)".repeat(2_000)));
    check_ends(format!("a{}", ".%".repeat(2_000)));
    check_ends(format!("a{}", "@$x.b#$i".repeat(2_000)));
    check_ends(format!("[{}]", "1,".repeat(100_000)));
}

#[test]
fn recursion() {
    check("($f := function($n) { $f($n + 1) + 1 }; $f(1))", Limit::Depth);
    check("($f := function($n) { $f($n + 1) }; $f(1))", Limit::Fuel);
    check("($f := function() { [$f()] }; $f())", Limit::Depth);
    check("($f := function() { $map([1], $f) }; $f())", Limit::Depth);
    check("($f := function() { {'a': $f()} }; $f())", Limit::Depth);
    check("($f := function($x) { $x.($f($x)) }; $f([1]))", Limit::Depth);
    check("($f := function($a, $b) { $sort([1, 2], $f) }; $f(1, 2))", Limit::Depth);
    check("($f := function($m) { $replace('a', /a/, $f) }; $f(1))", Limit::Depth);
    check("($s := '$eval($s)'; $eval($s))", Limit::Depth);
    check_limited(
        "($f := $string; $g := function($n) { ($f := $f ~> $string; $n = 0 ? $f : $g($n - 1)) }; $g(100000))",
    );
    check_limited("($y := function($f) { $f($f) }; $y($y))");
}

#[test]
fn values_nested_too_deeply() {
    check("$reduce([1..1000], function($a, $b) { [[$a]] }, 1)", Limit::Depth);
    check("$string($reduce([1..1000], function($a, $b) { {'a': $a} }, 1))", Limit::Depth);
    check("$reduce([1..1000], function($a, $b) { [[$a]] }, 1) ~> $clone()", Limit::Depth);
    check("($n := $reduce([1..1000], function($a, $b) { [[$a]] }, 1); $n = [[$n]])", Limit::Depth);
    check("$reduce([1..1000], function($a, $b) { {'a': $a} }, 1).**", Limit::Depth);
    check("$reduce([1..1000], function($a, $b) { [[$a]] }, 1).*", Limit::Depth);
}

#[test]
fn formats() {
    check("$formatNumber(0, '0.0e0')", Limit::Fuel);
    check_ends("$formatNumber(1, $pad('', 1000000, '0'))".to_owned());
    check_ends("$formatInteger(1e300, 'w')".to_owned());
    check_ends("$formatInteger(10/0, 'w;o')".to_owned());
    check_ends("$formatInteger(-1/0, 'A') & $formatInteger(-1/0, 'I')".to_owned());
    check_ends("$formatInteger(0/0, 'i') & $formatInteger(0/0, 'w')".to_owned());
    check_ends("$formatInteger(1e300, 'I')".to_owned());
    check_ends("$formatInteger(1, $pad('', 1000000, '0'))".to_owned());
    check_ends("$fromMillis(0, '[Y,*-999999999]')".to_owned());
    check_ends("$toMillis($pad('', 50, 'one-'), '[Yw]')".to_owned());
    check_ends("$fromMillis(1e300)".to_owned());
    check_ends("$formatBase(1e300, 2)".to_owned());
    check_ends("$round(1e300, 400)".to_owned());
}

#[test]
fn signatures() {
    check_ends(format!("function($a)<{}>{{1}}({})", "s?".repeat(60), vec!["'a'"; 30].join(",")));
    check_ends(format!("function($a)<{}>{{1}}()", "s".repeat(100_000)));
    check_ends(format!("function($a)<{}s{}>{{1}}()", "a<".repeat(10_000), ">".repeat(10_000)));
}

#[test]
fn a_deadline_ends_an_evaluation() {
    let start = Instant::now();
    let passed = || start.elapsed() > Duration::from_millis(20);
    let environment =
        Environment { budget: Budget::unlimited(500), deadline: Some(&passed), ..Environment::default() };
    let error = run("($f := function() { $f() }; $f())", &environment).unwrap_err();
    assert_eq!(error.limit, Some(Limit::Deadline));
}

#[test]
fn a_charge_does_not_depend_on_the_machine() {
    let text = "$sum($map([1..1000], function($n) { $length($string($n)) }))";
    let runs = |fuel| {
        let environment =
            Environment { budget: Budget { fuel, ..Budget::default() }, ..Environment::default() };
        run(text, &environment).is_ok()
    };
    let least = (0..1_000_000).collect::<Vec<u64>>().partition_point(|fuel| !runs(*fuel)) as u64;
    assert!(runs(least) && !runs(least - 1));
    assert!((5_000..100_000).contains(&least), "{least}");
}
