//! No text makes the crate panic or take long: good texts cut, spliced and with values exchanged.

use std::time::{Duration, Instant};
use stepwell_asl::{Diagnostic, FINDINGS_MAX, WorkflowType, parse, unsupported, variable_references};

const TEXTS: &[&str] = &[
    include_str!("fixtures/everything.asl.json"),
    include_str!("fixtures/everything-jsonata.asl.json"),
    include_str!("fixtures/ten-faults.asl.json"),
];

/// What a value or a bit of text is exchanged for.
const BITS: &[&str] = &[
    "null",
    "true",
    "-1",
    "1e400",
    "0.5",
    "99999999999999999999",
    "\"\"",
    "\"$\"",
    "\"$.\"",
    "\"{%\"",
    "\"{% %}\"",
    "[]",
    "{}",
    "[[]]",
    "{\"a\":{}}",
    "\"\\ud800\"",
    "\"ä\"",
    "\"States.Format('{}'\"",
    "\"States.ALL\"",
    ",",
    ":",
    "}",
    "]",
    "\"",
    "\\",
    "\u{0}",
    "ä",
    "/",
    "~",
    "$",
];

/// A generator whose numbers are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % bound.max(1)
    }
}

fn check(text: &str) {
    for workflow in [WorkflowType::Standard, WorkflowType::Express] {
        let (machine, findings) = parse(text, workflow);
        assert_eq!(machine.is_none(), findings.iter().any(Diagnostic::is_error), "{text}");
        assert!(findings.len() <= FINDINGS_MAX);
        for finding in &findings {
            let position = finding.position.expect("a place");
            assert!(position.offset <= position.end && position.end <= text.len(), "{finding:?}");
            assert!(
                text.is_char_boundary(position.offset) && text.is_char_boundary(position.end),
                "{finding:?}"
            );
        }
        if let Some(machine) = machine {
            let _ = (unsupported(&machine), variable_references(&machine));
        }
    }
}

/// The start of every value in a text: what follows a colon, a comma or an opening bracket.
fn values(text: &str) -> Vec<(usize, usize)> {
    let ends = [',', '}', ']', '\n'];
    text.match_indices(": ")
        .map(|(at, _)| at + 2)
        .map(|start| (start, text[start..].find(ends).map_or(text.len(), |length| start + length)))
        .collect()
}

#[test]
fn spoilt_texts() {
    let mut numbers = Numbers(1);
    for text in TEXTS {
        let values = values(text);
        for _ in 0..400 {
            let mut spoilt = (*text).to_owned();
            for _ in 0..=numbers.below(2) {
                let bit = BITS[numbers.below(BITS.len())];
                let (start, end) = match numbers.below(3) {
                    // A value becomes another.
                    0 | 1 => values[numbers.below(values.len())],
                    // A bit anywhere, in place of a few bytes.
                    _ => {
                        let start = numbers.below(spoilt.len());
                        (start, start + numbers.below(4))
                    }
                };
                if spoilt.is_char_boundary(start) && spoilt.is_char_boundary(end) && end <= spoilt.len() {
                    spoilt.replace_range(start..end, bit);
                }
            }
            check(&spoilt);
        }
        for end in (0..text.len()).step_by(37).filter(|end| text.is_char_boundary(*end)) {
            check(&text[..end]);
        }
    }
}

#[track_caller]
#[expect(clippy::disallowed_methods, reason = "a test may look at the clock")]
fn check_time(text: &str) {
    let begin = Instant::now();
    check(text);
    // Far above what it takes (tens of milliseconds, unoptimized), far below what quadratic work would.
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
}

fn states(count: usize, state: impl Fn(usize) -> String) -> String {
    let states: Vec<_> = (0..count).map(|n| format!("\"state number {n}\": {}", state(n))).collect();
    format!("{{\"StartAt\": \"state number 0\", \"States\": {{{}}}}}", states.join(","))
}

#[test]
fn large_texts() {
    check_time(&states(10_000, |n| {
        format!(r#"{{"Type":"Pass","Next":"state number {}"}}"#, (n + 1) % 10_000)
    }));
    check_time(&states(10_000, |n| format!(r#"{{"Type":"Pass","Next":"state numbre {n}"}}"#)));
    check_time(&states(10_001, |_| r#"{"Type":"Succeed"}"#.to_owned()));
    check_time(&states(10_000, |_| r#"{"Typ":1,"A":2}"#.to_owned()));
    check_time(&format!("{{{}\"a\":1}}", "\"a\":1,".repeat(100_000)));
    check_time(&"[".repeat(1_000_000));
    check_time(&"{\"a\":".repeat(200_000));
    check_time(&format!("\"{}", "\\".repeat(1_000_000)));
    let deep = (0..31).fold(r#"{"Type":"Succeed"}"#.to_owned(), |inner, n| {
        format!(r#"{{"Type":"Parallel","End":true,"Branches":[{{"StartAt":"s{n}","States":{{"s{n}":{inner}}}}}]}}"#)
    });
    check_time(&format!(r#"{{"StartAt":"s","States":{{"s":{deep}}}}}"#));
    let not = (0..120)
        .fold(r#"{"Variable":"$.a","IsNull":true}"#.to_owned(), |inner, _| format!(r#"{{"Not":{inner}}}"#));
    check_time(&format!(r#"{{"StartAt":"s","States":{{"s":{{"Type":"Choice","Choices":[{not}]}}}}}}"#));
}
