//! The official suite of JSONata 2.0.6, through the code of the example `cases`.

#[path = "support/cases.rs"]
mod cases;

use stepwell_types::Value;

/// Holds a lone surrogate each, which no UTF-8 text can carry.
const LEFT_OUT: [&str; 2] = ["function-encodeUrl/case002.json", "function-encodeUrlComponent/case002.json"];

fn shared_file() -> Option<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/jsonata/cases-2.0.6.jsonl");
    std::fs::read_to_string(path).ok()
}

/// What differs between the expected and the given answer.
fn difference(expect: &Value, answer: &Value, unordered: bool) -> Option<String> {
    let text = |value: &Value, key: &str| value.get(key).map_or_else(|| "nothing".to_owned(), Value::to_json);
    if unordered {
        let sorted = |value: &Value| {
            let json = value.get("json").and_then(Value::as_str).and_then(|json| Value::parse(json).ok());
            let mut items: Vec<String> = json
                .as_ref()
                .and_then(Value::as_array)
                .unwrap_or_default()
                .iter()
                .map(Value::to_json)
                .collect();
            items.sort();
            items
        };
        return (sorted(expect) != sorted(answer)).then(|| "the items differ".to_owned());
    }
    let keys = ["status", "json", "code", "position", "token", "message"];
    let differs = keys.iter().find(|key| expect.get(key) != answer.get(key))?;
    Some(format!("{differs}: expected {}, got {}", text(expect, differs), text(answer, differs)))
}

#[test]
fn every_case_of_the_official_suite_is_answered_as_by_the_reference() {
    let Some(file) = shared_file() else {
        assert!(std::env::var("STEPWELL_REQUIRE").is_err(), "the shared cases are required");
        eprintln!("skipped: needs shared/jsonata/cases-2.0.6.jsonl");
        return;
    };
    let worker = std::thread::Builder::new().stack_size(cases::STACK_BYTES).spawn(move || {
        let (mut count, mut wrong) = (0, Vec::new());
        for line in file.lines().filter(|line| !LEFT_OUT.iter().any(|id| line.contains(id))) {
            let case = Value::parse(line).unwrap();
            let answer = Value::parse(&cases::answer(line)).unwrap();
            let unordered = case.get("unordered").is_some();
            if let Some(why) = difference(case.get("expect").unwrap(), &answer, unordered) {
                wrong.push(format!("{}: {why}", case.get("id").unwrap()));
            }
            count += 1;
        }
        (count, wrong)
    });
    let (count, wrong) = worker.unwrap().join().unwrap();
    assert!(wrong.is_empty(), "{} of {count} cases:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(count, 1_623);
}

#[test]
fn what_is_no_case_is_said_to_be_none() {
    let answer = Value::parse(&cases::answer("{")).unwrap();
    assert_eq!(answer.get("status").and_then(Value::as_str), Some("error"));
}
