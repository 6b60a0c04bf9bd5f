//! Random expressions against the reference: npm `jsonata@2.0.6` in the folder that `STEPWELL_JSONATA_JS` names.
//!
//! The reference evaluates the items of an array constructor, and the values of an object, side by side; where two
//! of them fail, the one that needs fewer turns of its event loop is reported. That is not imitated, so errors are
//! compared by their being errors.

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::io::Write;
use std::process::{Command, Stdio};
use stepwell_jsonata::{Budget, Environment, Expression, Options, Outcome, stringify};
use stepwell_types::{Map, Value};

mod support {
    pub(crate) mod grammar;
}

const CASES: usize = 3_000;
const DATA: &str = r#"{"a":1,"b":"x","c":[1,2,3],"d":{"e":[{"f":1,"g":"p"},{"f":2,"g":"q"},{"f":3}],"h":null},"i":[[1,2],[3]],"k":true,"z":[],"o":{"10":"ten","2":"two"},"s":"Hello World"}"#;

/// Reads one expression a line (as a JSON string); writes status and JSON.
const SCRIPT: &str = r"
const jsonata = require(process.argv[1]);
const isFunction = v => v && (typeof v === 'function' || v._jsonata_lambda || v._jsonata_function);
(async () => {
  const lines = require('fs').readFileSync(0, 'utf8').trim().split('\n');
  const data = lines.shift();
  for (const line of lines) {
    let answer;
    try {
      const expression = jsonata(JSON.parse(line));
      let steps = 0;
      expression.assign(Symbol.for('jsonata.__evaluate_entry'), () => { if (++steps > 20000) throw { code: 'U1001' }; });
      const input = JSON.parse(data);
      const result = await expression.evaluate(input);
      let inner = false;
      const json = JSON.stringify(result, (key, value) => { inner = inner || isFunction(value); return value; });
      // Where the reference changes its input, it answers for what it has changed.
      if (JSON.stringify(input) !== JSON.stringify(JSON.parse(data))) throw {};
      answer = result === undefined ? 'undefined' : inner ? 'skip' : 'result ' + json;
    } catch (error) {
      answer = error.code && error.code !== 'U1001' ? 'error' : 'skip';
    }
    console.log(answer);
  }
})();
";

fn ours(text: &str, data: &Value) -> String {
    let environment = Environment { budget: Budget::unlimited(400), ..Environment::default() };
    let outcome = Expression::compile(text, &Options::standard())
        .and_then(|expression| expression.evaluate(Some(data), &Map::new(), &environment));
    match outcome {
        Ok(Outcome::Undefined) => "undefined".to_owned(),
        Ok(Outcome::Function) => "function".to_owned(),
        Ok(Outcome::Value(value)) => format!("result {}", stringify(&value)),
        Err(_) => "error".to_owned(),
    }
}

fn reference(expressions: &[String]) -> Option<Vec<String>> {
    let package = std::env::var("STEPWELL_JSONATA_JS").ok()?;
    let mut child = Command::new("node")
        .args(["-e", SCRIPT, &package])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    let mut input = format!("{DATA}\n");
    for expression in expressions {
        input.push_str(&Value::str(expression).to_json());
        input.push('\n');
    }
    let mut stdin = child.stdin.take()?;
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().ok()?;
    writer.join().ok()?.ok()?;
    let answers: Vec<String> = String::from_utf8(output.stdout).ok()?.lines().map(str::to_owned).collect();
    (answers.len() == expressions.len()).then_some(answers)
}

#[test]
fn random_expressions_are_answered_as_by_the_reference() {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let strategy = support::grammar::expression();
    let expressions: Vec<String> =
        (0..CASES).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect();
    let Some(answers) = reference(&expressions) else {
        let required = std::env::var("STEPWELL_REQUIRE").is_ok_and(|list| list.contains("node"));
        assert!(!required, "node and STEPWELL_JSONATA_JS are required");
        eprintln!("skipped: needs node and, in STEPWELL_JSONATA_JS, the npm package jsonata@2.0.6");
        return;
    };
    let data = Value::parse(DATA).unwrap();
    let (mut compared, mut wrong) = (0, Vec::new());
    for (text, want) in expressions.iter().zip(&answers).filter(|(_, want)| *want != "skip") {
        let got = ours(text, &data);
        if got != *want {
            wrong.push(format!("{text}\n  expected {want}\n  got {got}"));
        }
        compared += 1;
    }
    assert!(wrong.is_empty(), "{} of {compared}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(compared > CASES / 2, "only {compared} expressions could be compared");
}
