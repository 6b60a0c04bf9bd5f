//! `cargo bench -p stepwell-jsonata`: evaluation and parse times, beside jsonata-core and, where Node is present,
//! the reference.
//!
//! Every engine gets its data as the variable `$states`, as Step Functions passes it; expressions are compiled
//! beforehand (but for the line `parse`), data is in each engine's own form. jsonata-core binds its variables once
//! and keeps its evaluator. `STEPWELL_JSONATA_JS` names the folder that holds the npm package `jsonata@2.0.6`.
//!
//! Numbers are nanoseconds an evaluation, the best of several batches.

#![expect(clippy::print_stdout, reason = "a program whose output is the measurement")]
#![expect(clippy::disallowed_methods, reason = "a measurement looks at the clock")]

use jsonata_core::evaluator::{Context, Evaluator};
use jsonata_core::value::JValue;
use std::fmt::Write;
use std::time::{Duration, Instant};
use stepwell_jsonata::{Budget, Environment, Expression, Options};
use stepwell_types::{Map, Value};

/// Short, so that many batches pass without another process on the core.
const BATCH: Duration = Duration::from_millis(1);
const LINE: Duration = Duration::from_millis(800);
const BATCHES_MIN: usize = 15;

/// An order of 475 bytes.
const SMALL: &str = r#"{"orderId":"ord-2024-000173","customer":{"id":"cus-88","name":"Ada Lovelace","tier":"gold","address":{"street":"12 St James's Square","city":"London","zip":"SW1Y 4JH"}},"items":[{"sku":"A-100","name":"Bowler hat","price":34.45,"quantity":2},{"sku":"B-200","name":"Cloak","price":107.99,"quantity":1},{"sku":"C-300","name":"Trilby hat","price":21.67,"quantity":3}],"discount":0.1,"express":true,"notes":null,"createdAt":"2024-03-01T12:00:00Z","currency":"GBP","paid":1200.505}"#;

enum Data {
    Small,
    Large,
}

const LINES: &[(&str, Data, &str)] = &[
    ("path", Data::Small, "$states.input.customer.address.city"),
    ("arithmetic", Data::Small, "($states.input.discount * 100 + 7) / 2 - $states.input.paid % 3"),
    (
        "object",
        Data::Small,
        r#"{"id": $states.input.orderId, "who": $states.input.customer.name, "zip": $states.input.customer.address.zip, "n": 3}"#,
    ),
    (
        "condition",
        Data::Small,
        r#"$states.input.customer.tier = "gold" and $states.input.express ? "fast" : "slow""#,
    ),
    (
        "concatenation",
        Data::Small,
        r#"$states.input.orderId & "/" & $states.input.customer.id & "/" & $states.input.currency"#,
    ),
    ("$merge", Data::Small, r#"$merge([$states.input.customer, {"tier": "silver", "since": 2024}])"#),
    ("filter", Data::Large, "$states.input.rows[price > 50]"),
    ("$map", Data::Large, "$map($states.input.rows, function($r) { $r.price * $r.quantity })"),
    ("path-map", Data::Large, "$states.input.rows.(price * quantity)"),
    ("$sum", Data::Large, "$sum($states.input.rows.price)"),
    ("$sort", Data::Large, "$sort($states.input.rows, function($a, $b) { $a.price > $b.price })"),
    ("order-by", Data::Large, "$states.input.rows^(price)"),
    ("group-by", Data::Large, "$states.input.rows{category: $sum(price)}"),
    ("$reduce", Data::Large, "$reduce($states.input.rows.price, function($a, $b) { $a + $b }, 0)"),
    (
        "join",
        Data::Large,
        r#"$states.input.rows@$r.$states.input.categories@$c[$c.name = $r.category].{"id": $r.id, "label": $c.label}"#,
    ),
];

/// What `parse` parses.
const PARSED: &str = r#"($total := $sum($states.input.items.(price * quantity)); $rate := $states.input.customer.tier = "gold" ? 0.9 : 1; {"id": $states.input.orderId, "total": $round($total * $rate, 2), "lines": $map($states.input.items[price > 10]^(>price), function($i) { $uppercase($i.name) & " x" & $i.quantity })})"#;

fn large() -> String {
    let mut rows = String::new();
    for n in 0..1_000 {
        let comma = if n == 0 { "" } else { "," };
        let price = f64::from((n * 7_919) % 10_007) / 100.0;
        // Writing into a string cannot fail.
        let _ = write!(
            rows,
            r#"{comma}{{"id":{n},"name":"item {n}","category":"c{}","price":{price},"quantity":{},"stock":true}}"#,
            n % 10,
            n % 7 + 1
        );
    }
    let categories: Vec<String> =
        (0..10).map(|n| format!(r#"{{"name":"c{n}","label":"Category {n}"}}"#)).collect();
    format!(r#"{{"rows":[{rows}],"categories":[{}]}}"#, categories.join(","))
}

/// Calls of one batch, so that it takes its time.
fn times_of(mut call: impl FnMut()) -> u32 {
    call();
    let start = Instant::now();
    call();
    let once = start.elapsed().as_nanos().max(20);
    u32::try_from((BATCH.as_nanos() / once).clamp(1, 4_000_000)).unwrap_or(1)
}

/// Nanoseconds of one call in one batch.
fn batch(times: u32, mut call: impl FnMut()) -> f64 {
    let start = Instant::now();
    for _ in 0..times {
        call();
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(times)
}

/// Nanoseconds of one call of each, the best batches. Batches take turns, so that what else the machine does falls
/// on both.
fn measure(mut ours: impl FnMut(), mut theirs: impl FnMut()) -> (f64, f64) {
    let (our_times, their_times) = (times_of(&mut ours), times_of(&mut theirs));
    let mut best = (f64::INFINITY, f64::INFINITY);
    let start = Instant::now();
    let mut batches = 0;
    while start.elapsed() < LINE || batches < BATCHES_MIN {
        batches += 1;
        best.0 = best.0.min(batch(our_times, &mut ours));
        best.1 = best.1.min(batch(their_times, &mut theirs));
    }
    best
}

/// Both engines on one line.
fn evaluate(text: &str, data: &str) -> (f64, f64) {
    let mut states = Map::new();
    states.insert("input", Value::parse(data).expect("the data is JSON"));
    let mut bindings = Map::new();
    bindings.insert("states", Value::object(states));
    let options = Options::step_functions(&["input"]);
    let expression = Expression::compile(text, &options).expect("the expression compiles");
    let environment =
        Environment { budget: Budget { fuel: 100_000_000, ..Budget::default() }, ..Environment::default() };
    let ast = jsonata_core::parser::parse(text).expect("jsonata-core parses");
    let mut context = Context::new();
    let states = format!(r#"{{"input":{data}}}"#);
    context.bind("states".to_owned(), JValue::from_json_str(&states).expect("jsonata-core reads the data"));
    let mut evaluator = Evaluator::with_context(context);
    measure(
        || {
            let outcome =
                expression.evaluate(None, &bindings, &environment).expect("the expression evaluates");
            std::hint::black_box(outcome);
        },
        || {
            let value = evaluator.evaluate(&ast, &JValue::Null).expect("jsonata-core evaluates");
            std::hint::black_box(value);
        },
    )
}

/// The reference's times in the order of the lines, and of parsing last.
fn reference() -> Option<Vec<f64>> {
    let package = std::env::var("STEPWELL_JSONATA_JS").ok()?;
    let mut lines = String::new();
    for (_, data, text) in LINES {
        let data = match data {
            Data::Small => "small",
            Data::Large => "large",
        };
        let text = Value::str(text).to_json();
        let _ = writeln!(lines, "  [{data}, {text}],");
    }
    let script = format!(
        r#"const jsonata = require({package});
const small = {SMALL};
const large = {large};
const lines = [
{lines}];
async function measure(call) {{
  let start = process.hrtime.bigint();
  await call();
  const once = Math.max(20, Number(process.hrtime.bigint() - start));
  const times = Math.max(1, Math.min(1e6, Math.floor(2e6 / once)));
  let best = Infinity;
  const line = process.hrtime.bigint();
  for (let batch = 0; batch < 15 || process.hrtime.bigint() - line < 800000000n; batch++) {{
    start = process.hrtime.bigint();
    for (let n = 0; n < times; n++) await call();
    best = Math.min(best, Number(process.hrtime.bigint() - start) / times);
  }}
  return best;
}}
(async () => {{
  for (const [data, text] of lines) {{
    const expression = jsonata(text);
    const states = {{ input: data }};
    console.log(await measure(() => expression.evaluate(undefined, {{ states }})));
  }}
  console.log(await measure(() => jsonata({parsed})));
}})();
"#,
        package = Value::str(package).to_json(),
        large = large(),
        parsed = Value::str(PARSED).to_json(),
    );
    let mut child = std::process::Command::new("node")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .ok()?;
    std::io::Write::write_all(&mut child.stdin.take()?, script.as_bytes()).ok()?;
    let output = child.wait_with_output().ok()?;
    let times: Vec<f64> =
        String::from_utf8_lossy(&output.stdout).lines().filter_map(|line| line.parse().ok()).collect();
    (times.len() == LINES.len() + 1).then_some(times)
}

fn report(name: &str, ours: f64, theirs: f64, reference: Option<f64>) {
    let node = reference.map_or_else(|| "-".to_owned(), |time| format!("{time:.0}"));
    let beside_node = reference.map_or_else(|| "-".to_owned(), |time| format!("{:.1}", time / ours));
    println!("{name:<14} {ours:>10.0} {theirs:>13.0} {node:>11} {:>11.2} {beside_node:>8}", theirs / ours);
}

fn main() {
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let only: Option<String> = std::env::args().nth(1).filter(|argument| !argument.starts_with('-'));
    assert_eq!(SMALL.len(), 475, "the small input is as long as it says");
    let large = large();
    let reference = if only.is_some() { None } else { reference() };
    if reference.is_none() {
        println!("without the reference: needs node, and STEPWELL_JSONATA_JS");
    }
    println!(
        "{:<14} {:>10} {:>13} {:>11} {:>11} {:>8}",
        "ns", "stepwell", "jsonata-core", "node", "x core", "x node"
    );
    for (at, (name, data, text)) in LINES.iter().enumerate() {
        if only.as_ref().is_some_and(|only| only != name) {
            continue;
        }
        let data = match data {
            Data::Small => SMALL,
            Data::Large => &large,
        };
        let node = reference.as_ref().and_then(|times| times.get(at)).copied();
        let (ours, theirs) = evaluate(text, data);
        report(name, ours, theirs, node);
    }
    if only.is_none_or(|only| only == "parse") {
        let options = Options::step_functions(&["input"]);
        let (ours, theirs) = measure(
            || {
                std::hint::black_box(Expression::compile(PARSED, &options).expect("the expression compiles"));
            },
            || {
                std::hint::black_box(jsonata_core::parser::parse(PARSED).expect("jsonata-core parses"));
            },
        );
        let node = reference.as_ref().and_then(|times| times.last()).copied();
        report("parse", ours, theirs, node);
    }
}
