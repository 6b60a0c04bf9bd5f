//! Evaluates random expressions for as long as it is told to, and stops at the first that panics, overruns its
//! budget's time, or gives two answers.
//!
//! ```text
//! cargo run --release -p stepwell-jsonata --example fuzz -- 600 [seed] [file of cases]
//! ```
//!
//! Half of the expressions grow from a grammar, half are texts of a file of cases (as the example `cases` reads
//! them) with pieces cut, doubled and swapped. All run on a stack of 2 MiB, within the default budget.

#![expect(clippy::print_stdout, reason = "a program whose output is its findings")]
#![expect(clippy::disallowed_methods, reason = "it stops when its time is over")]

use std::io::{Seek, Write};
use std::time::{Duration, Instant};
use stepwell_jsonata::{Environment, Expression, Options};
use stepwell_types::{Map, Value};

const STACK_BYTES: usize = 2 << 20;
/// What no expression may take; the default budget ends long before, but other work may hold the core.
const TIME_MAX: Duration = Duration::from_millis(2_000);

struct Random(u64);

impl Random {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap_or(0) % below.max(1)
    }

    fn pick<'t>(&mut self, from: &[&'t str]) -> &'t str {
        from[self.next(from.len())]
    }
}

const LEAVES: &[&str] = &[
    "a",
    "b",
    "c",
    "$",
    "$$",
    "*",
    "**",
    "%",
    "$x",
    "$y",
    "$f",
    "1",
    "0",
    "-1",
    "2.5",
    "1e308",
    "1e-7",
    "9007199254740993",
    "''",
    "'a'",
    "\"\\u00e9\"",
    "'2018-01-01'",
    "'[Y]'",
    "'0.0e0'",
    "'w'",
    "'#,##0.00'",
    "'\u{1F600}x'",
    "true",
    "false",
    "null",
    "/a*/",
    "/(a|b)+c?/i",
    "/^\\s*(\\d+)/",
    "[]",
    "{}",
    "`a b`",
    "[1..5]",
    "function($x){$x}",
];
const FUNCTIONS: &[&str] = &[
    "sum",
    "count",
    "max",
    "min",
    "average",
    "string",
    "substring",
    "substringBefore",
    "substringAfter",
    "lowercase",
    "uppercase",
    "length",
    "trim",
    "pad",
    "match",
    "contains",
    "replace",
    "split",
    "join",
    "formatNumber",
    "formatBase",
    "formatInteger",
    "parseInteger",
    "number",
    "floor",
    "ceil",
    "round",
    "abs",
    "sqrt",
    "power",
    "random",
    "boolean",
    "not",
    "map",
    "zip",
    "filter",
    "single",
    "reduce",
    "sift",
    "keys",
    "lookup",
    "append",
    "exists",
    "spread",
    "merge",
    "reverse",
    "each",
    "error",
    "assert",
    "type",
    "sort",
    "shuffle",
    "distinct",
    "base64encode",
    "base64decode",
    "encodeUrlComponent",
    "encodeUrl",
    "decodeUrlComponent",
    "decodeUrl",
    "eval",
    "toMillis",
    "fromMillis",
    "clone",
    "now",
    "millis",
    "parse",
    "partition",
    "range",
    "hash",
    "uuid",
];
const OPERATORS: &[&str] = &[
    "+", "-", "*", "/", "%", "=", "!=", "<", "<=", ">", ">=", "&", " and ", " or ", " in ", ".", "~>", "..",
    ":=", "?", ":", "@$x.", "#$i.", "^", ",", ";", "|",
];

fn grow(random: &mut Random, depth: usize, out: &mut String) {
    if depth == 0 {
        out.push_str(random.pick(LEAVES));
        return;
    }
    let inner = |random: &mut Random, out: &mut String| grow(random, depth - 1, out);
    match random.next(16) {
        0 => out.push_str(random.pick(LEAVES)),
        1..=4 => {
            inner(random, out);
            out.push_str(random.pick(OPERATORS));
            inner(random, out);
        }
        5..=7 => {
            out.push('$');
            out.push_str(random.pick(FUNCTIONS));
            out.push('(');
            for at in 0..random.next(4) {
                if at > 0 {
                    out.push(',');
                }
                if random.next(12) == 0 { out.push('?') } else { inner(random, out) }
            }
            out.push(')');
        }
        8 => {
            inner(random, out);
            out.push('[');
            inner(random, out);
            out.push(']');
        }
        9 => {
            out.push_str(random.pick(&[
                "function($x){",
                "function($x,$y){",
                "function($x)<s-n?:s>{",
                "λ($i,$x,$y){",
            ]));
            inner(random, out);
            out.push('}');
        }
        10 => {
            inner(random, out);
            out.push_str(random.pick(&["{a:", "{'k':", "{$string($):"]));
            inner(random, out);
            out.push('}');
        }
        11 => {
            inner(random, out);
            out.push_str(random.pick(&["^(", "^(>", "^(<", ".(", "(", "@$x[", "#$i["]));
            inner(random, out);
            out.push_str(random.pick(&[")", ")", ")", "]"]));
        }
        12 => {
            out.push('(');
            out.push_str(random.pick(&["$x", "$y", "$f"]));
            out.push_str(":=");
            inner(random, out);
            out.push(';');
            inner(random, out);
            out.push(')');
        }
        13 => {
            out.push('|');
            inner(random, out);
            out.push('|');
            inner(random, out);
            out.push('|');
        }
        14 => {
            out.push('[');
            inner(random, out);
            out.push_str(random.pick(&[",", ".."]));
            inner(random, out);
            out.push(']');
        }
        _ => {
            inner(random, out);
            out.push('?');
            inner(random, out);
            out.push(':');
            inner(random, out);
        }
    }
}

/// A text with some of its pieces moved.
fn mutate(random: &mut Random, seeds: &[String]) -> String {
    let mut text: Vec<char> = seeds[random.next(seeds.len())].chars().collect();
    for _ in 0..=random.next(4) {
        let at = random.next(text.len() + 1);
        let end = (at + random.next(12)).min(text.len());
        match random.next(5) {
            0 => drop(text.drain(at..end)),
            1 => {
                let piece: Vec<char> = text[at..end].to_vec();
                let to = random.next(text.len() + 1);
                text.splice(to..to, piece);
            }
            2 => {
                let leaf = random.pick(LEAVES);
                text.splice(at..end, leaf.chars());
            }
            3 => {
                let operator = random.pick(OPERATORS);
                text.splice(at..at, operator.chars());
            }
            _ => {
                let other: Vec<char> = seeds[random.next(seeds.len())].chars().collect();
                let from = random.next(other.len() + 1);
                let to = (from + random.next(40)).min(other.len());
                text.splice(at..end, other[from..to].iter().copied());
            }
        }
    }
    text.into_iter().collect()
}

fn evaluate(text: &str, data: Option<&Value>, options: &Options<'_>) -> String {
    let environment = Environment { now_millis: 1_510_067_557_121, seed: 7, ..Environment::default() };
    match Expression::compile(text, options) {
        Ok(expression) => match expression.evaluate(data, &Map::new(), &environment) {
            Ok(outcome) => {
                let value = outcome.into_value();
                assert!(
                    value.as_ref().is_none_or(|value| value.depth() <= 128),
                    "a result is nested too deeply"
                );
                format!("{value:?}")
            }
            Err(error) => format!("{error:?}"),
        },
        Err(error) => format!("{error:?}"),
    }
}

fn work(seed: u64, seeds: &[String], data: &[Value], until: Instant, mut last: std::fs::File) -> u64 {
    let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut count = 0;
    while Instant::now() < until {
        let mut text = String::new();
        if random.next(2) == 0 && !seeds.is_empty() {
            text = mutate(&mut random, seeds);
        } else {
            let depth = random.next(6);
            grow(&mut random, depth, &mut text);
        }
        let data = data.get(random.next(data.len() + 1));
        let options =
            if random.next(4) == 0 { Options::step_functions(&["input"]) } else { Options::standard() };
        // A stack that overflows takes the process with it; what it was doing stands in the file.
        let _ = last.rewind().and_then(|()| last.set_len(0)).and_then(|()| last.write_all(text.as_bytes()));
        let start = Instant::now();
        let first = evaluate(&text, data, &options);
        let elapsed = start.elapsed();
        assert!(elapsed < TIME_MAX, "took {elapsed:?}: {text}");
        assert_eq!(first, evaluate(&text, data, &options), "two answers: {text}");
        count += 1;
    }
    count
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let seconds = arguments.next().and_then(|seconds| seconds.parse().ok()).unwrap_or(60);
    let seed: u64 = arguments.next().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let cases = arguments.next().and_then(|file| std::fs::read_to_string(file).ok()).unwrap_or_default();
    let (mut seeds, mut data) = (Vec::new(), Vec::new());
    for case in cases.lines().filter_map(|line| Value::parse(line).ok()) {
        seeds.extend(case.get("expr").and_then(Value::as_str).map(str::to_owned));
        let text = case.get("data").and_then(Value::as_str).filter(|text| text.len() < 20_000);
        data.extend(text.and_then(|text| Value::parse(text).ok()));
    }
    data.extend(Value::parse(r#"{"a":[{"b":1,"c":"x"},{"b":[2,3]},"s",null],"b":{"a":{"c":-0.5}},"c":[]}"#));
    let until = Instant::now() + Duration::from_secs(seconds);
    let path = std::env::temp_dir().join(format!("stepwell-jsonata-fuzz-{seed}.txt"));
    println!("the expression at work is in {}", path.display());
    let last = std::fs::File::create(&path).expect("a file can be written");
    let worker = std::thread::Builder::new()
        .stack_size(STACK_BYTES)
        .spawn(move || work(seed, &seeds, &data, until, last))
        .expect("a thread starts");
    match worker.join() {
        Ok(count) => {
            println!("{count} expressions in {seconds} s, seed {seed}: nothing found");
            let _ = std::fs::remove_file(path);
        }
        Err(_) => {
            println!("seed {seed} fails on\n{}", std::fs::read_to_string(path).unwrap_or_default());
            std::process::exit(1);
        }
    }
}
