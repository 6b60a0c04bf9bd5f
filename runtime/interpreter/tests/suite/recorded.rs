//! Cases that were recorded on AWS, from a folder beside the repository: skipped where it is absent.
//!
//! Functions answer by the cases' own list of behaviours; what the dispatcher adds to the answer of `lambda:invoke`
//! (`SdkHttpMetadata`, `SdkResponseMetadata`) is left out on both sides. JSONata, Distributed Map and nested
//! executions are not counted.

use crate::normalise;
use crate::simulation::{Saying, Simulation, Word, start_input};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use stepwell_asl::definition::{Resource, WorkflowType};
use stepwell_history::{ExecutionData, TimestampFormat};
use stepwell_interpreter::TaskStart;
use stepwell_types::{Failure, Map, Payload, Value};

const GROUPS: [&str; 13] = [
    "base_states",
    "choice",
    "wait",
    "parallel",
    "inline_map",
    "intrinsic_functions",
    "paths_escapes",
    "context_object",
    "error_handling",
    "timeouts_heartbeats",
    "lambda_tasks",
    "callbacks_task_tokens",
    "variables_assign_output",
];

/// Cases that cannot be equal, and why. It may only shrink.
const KNOWN: [(&str, &str); 1] = [(
    "base_scenarios.lambda_invoke_with_retry_extended_input.c363",
    "recorded in October 2023, before the context object had RedriveCount",
)];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance/cases/public")
}

#[test]
fn recorded_cases() {
    let folder = folder();
    if !folder.is_dir() {
        println!("skipped: no recorded cases at {}", folder.display());
        return;
    }
    let mut failures = Vec::new();
    for group in GROUPS {
        let (mut exact, mut skipped) = (0, 0);
        let mut wrong = Vec::new();
        let mut files: Vec<_> =
            std::fs::read_dir(folder.join(group)).unwrap().map(|f| f.unwrap().path()).collect();
        files.sort();
        for file in files {
            let text = std::fs::read_to_string(&file).unwrap();
            if ["JSONata", "{%", "DISTRIBUTED", ".sync"].iter().any(|word| text.contains(word)) {
                skipped += 1;
                continue;
            }
            let case = Value::parse(&text).unwrap();
            let id = string(&case, "id");
            match Case::new(&case).run() {
                Ok(()) => exact += 1,
                Err(difference) => wrong.push(format!("{id}: {difference}")),
            }
        }
        println!("{group}: {exact} exact, {} not, {skipped} not counted", wrong.len());
        failures.extend(wrong);
    }
    failures.retain(|failure| !KNOWN.iter().any(|(id, _)| failure.starts_with(id)));
    assert!(failures.is_empty(), "{} differ:\n{}", failures.len(), failures.join("\n"));
}

fn string(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

struct Case<'a> {
    case: &'a Value,
    /// Answers by the name that later steps use.
    answers: BTreeMap<String, Value>,
    definitions: BTreeMap<String, String>,
    /// Behaviour by function name.
    functions: BTreeMap<String, String>,
    histories: BTreeMap<String, Value>,
}

impl<'a> Case<'a> {
    fn new(case: &'a Value) -> Self {
        Self {
            case,
            answers: BTreeMap::new(),
            definitions: BTreeMap::new(),
            functions: BTreeMap::new(),
            histories: BTreeMap::new(),
        }
    }

    fn run(&mut self) -> Result<(), String> {
        for step in self.case.get("steps").and_then(Value::as_array).unwrap_or_default() {
            let name = string(step, "as");
            let params = step.get("params").cloned().unwrap_or_default();
            if let Some(behaviour) = step.get("function").and_then(Value::as_str) {
                let function = self.substitute(&string(step, "name"));
                let arn = format!("arn:aws:lambda:us-east-1:111111111111:function:{function}");
                self.functions.insert(function.clone(), behaviour.to_owned());
                self.answer(&name, [("FunctionName", function), ("FunctionArn", arn)]);
            } else if let Some(key) = step.get("match").and_then(Value::as_str) {
                self.compare(key, step.get("value").unwrap())?;
            } else {
                match &*string(step, "call") {
                    "stepfunctions.CreateStateMachine" => {
                        let machine = self.substitute(&string(&params, "name"));
                        let definition = self.text(params.get("definition").unwrap());
                        let (parsed, findings) = stepwell_asl::parse(&definition, WorkflowType::Standard);
                        match (parsed, step.get("raises").is_some()) {
                            (Some(_), false) => {}
                            (None, true) => return Ok(()),
                            (Some(_), true) => return Err("is not refused".to_owned()),
                            (None, false) => return Err(format!("is refused: {findings:?}")),
                        }
                        let arn = format!("arn:aws:states:us-east-1:111111111111:stateMachine:{machine}");
                        self.definitions.insert(arn.clone(), definition);
                        self.answer(&name, [("stateMachineArn", arn), ("name", machine)]);
                    }
                    "stepfunctions.StartExecution" => self.execute(&name, &params),
                    "stepfunctions.GetExecutionHistory" => {
                        let arn = self.substitute(&string(&params, "executionArn"));
                        let history = self.histories.get(&arn).cloned().unwrap_or_default();
                        let events: Map = [("events", history)].into_iter().collect();
                        self.answers.insert(name, Value::object(events));
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn answer<const N: usize>(&mut self, name: &str, fields: [(&'static str, String); N]) {
        let fields: Map = fields.into_iter().map(|(key, value)| (key, Value::from(value))).collect();
        self.answers.insert(name.to_owned(), Value::object(fields));
    }

    /// Replaces `${…}`.
    fn substitute(&self, text: &str) -> String {
        let mut result = String::new();
        let mut rest = text;
        while let Some(from) = rest.find("${") {
            let to = from + rest[from..].find('}').unwrap();
            result.push_str(&rest[..from]);
            result.push_str(&self.reference(&rest[from + 2..to]));
            rest = &rest[to + 1..];
        }
        result + rest
    }

    fn reference(&self, reference: &str) -> String {
        match reference {
            "account" => "111111111111".to_owned(),
            "region" => "us-east-1".to_owned(),
            _ => {
                if let Some(n) = reference.strip_prefix("uid:") {
                    return format!("uid0000{n}");
                }
                let (path, split) =
                    reference.split_once('@').map_or((reference, false), |(path, _)| (path, true));
                let (name, field) = path.split_once('.').unwrap_or((path, ""));
                let value = self.answers.get(name).map(|answer| string(answer, field)).unwrap_or_default();
                if split { value.rsplit(':').next().unwrap_or_default().to_owned() } else { value }
            }
        }
    }

    /// A text, or the text of `{"$json": …}` with its blanks.
    fn text(&self, value: &Value) -> String {
        match value.get("$json") {
            Some(value) => {
                let value = normalise::rewrite(value, &|_, v| Some(v.clone()), &|text| self.substitute(text));
                with_blanks(&value)
            }
            None => value.as_str().map_or_else(|| "{}".to_owned(), |text| self.substitute(text)),
        }
    }

    fn execute(&mut self, name: &str, params: &Value) {
        let machine_arn = self.substitute(&string(params, "stateMachineArn"));
        let input = params.get("input").map_or_else(|| "{}".to_owned(), |input| self.text(input));
        let (machine, _) = stepwell_asl::parse(&self.definitions[&machine_arn], WorkflowType::Standard);
        let machine_name = machine_arn.rsplit(':').next().unwrap();
        let arn = format!("arn:aws:states:us-east-1:111111111111:execution:{machine_name}:run-{name}");
        let mut start = start_input(&input);
        start.arn = arn.parse().unwrap();
        start.machine_arn = machine_arn.parse().unwrap();
        start.role_arn = Arc::from("snf_role_arn");
        let functions = self.functions.clone();
        let mut calls = 0;
        let mut simulation = Simulation::start(Arc::new(machine.unwrap()), start, move |task| {
            calls += 1;
            vec![behave(task, &functions, calls)]
        });
        simulation.run();
        let render = |event: &stepwell_history::HistoryEvent| {
            event.render(TimestampFormat::EpochSeconds, ExecutionData::Include)
        };
        self.histories.insert(arn.clone(), Value::array(simulation.events.iter().map(render).collect()));
        self.answer(name, [("executionArn", arn)]);
    }

    fn expression(&self, value: &Value) -> Value {
        if let Some(list) = value.get("$list").and_then(Value::as_array) {
            return Value::array(list.iter().map(|value| self.expression(value)).collect());
        }
        if let Some(fields) = value.get("$obj").and_then(Value::as_object) {
            let fields: Map = fields.iter().map(|(k, v)| (k.to_string(), self.expression(v))).collect();
            return Value::object(fields);
        }
        let Some(path) = value.get("$ref").and_then(Value::as_str) else { return Value::Null };
        let mut steps = path.split(['.', '[', ']']).filter(|step| !step.is_empty());
        let mut value = steps.next().and_then(|name| self.answers.get(name)).cloned().unwrap_or_default();
        for step in steps {
            let inner = step.parse().map_or_else(|_| value.get(step), |at| value.get_index(at));
            value = inner.cloned().unwrap_or_default();
        }
        value
    }

    fn compare(&self, key: &str, value: &Value) -> Result<(), String> {
        let Some(want) = self.case.get("expected").and_then(|expected| expected.get(key)) else {
            return Ok(());
        };
        if want.get("executionArn").is_some() {
            // What DescribeExecution shows is the server's.
            return Ok(());
        }
        let observed = normalise::parse_objects(&self.expression(value));
        let observed = self.own_rules(&normalise::common(&observed));
        let want = normalise::common(want);
        difference(&want, &observed, key).map_or(Ok(()), Err)
    }

    /// The case's own rules, and those that name account, region and partition.
    fn own_rules(&self, value: &Value) -> Value {
        let mut texts = Vec::new();
        let mut keys = BTreeMap::new();
        let mut is_parallel = false;
        for rule in self.case.get("normalisers").and_then(Value::as_array).unwrap_or_default() {
            match &*string(rule, "kind") {
                "regex" => {
                    texts.push((self.substitute(&string(rule, "pattern")), string(rule, "replacement")));
                }
                "jsonpath" => {
                    let name = string(rule, "path").rsplit('.').next().unwrap_or_default().to_owned();
                    let replacement = string(rule, "replacement");
                    let is_reference = rule.get("reference").and_then(Value::as_bool) == Some(true);
                    keys.insert(name, if is_reference { format!("<{replacement}:1>") } else { replacement });
                }
                "parallel_events" => is_parallel = true,
                _ => {}
            }
        }
        let value = normalise::rewrite(
            value,
            &|name, value| Some(keys.get(name).map_or_else(|| value.clone(), Value::str)),
            &|text| {
                let mut text = text.to_owned();
                for (pattern, replacement) in texts.iter().filter(|(pattern, _)| !pattern.is_empty()) {
                    text = text.replace(pattern, replacement);
                }
                text.replace("us-east-1", "<region>").replace("arn:aws:", "arn:<partition>:")
            },
        );
        match value.get("events").and_then(Value::as_array) {
            Some(events) if is_parallel => {
                let mut events = events.to_vec();
                normalise::sort_parallel(&mut events);
                Value::object([("events", Value::array(events))].into_iter().collect())
            }
            _ => value,
        }
    }
}

/// What a function does.
fn behave(task: &TaskStart, functions: &BTreeMap<String, String>, call: usize) -> Saying {
    let at_once = |what| Saying { after: Duration::ZERO, what };
    let fail = |error: &str, cause: String| at_once(Word::Failed(Failure::new(error.into(), cause)));
    let (name, payload, is_invoke) = match &task.resource {
        Resource::Function(arn) => (arn.name.to_string(), task.input.value().clone(), false),
        Resource::LambdaInvoke(_) => {
            let parameters = task.input.value();
            let name = string(parameters, "FunctionName").rsplit(':').next().unwrap_or_default().to_owned();
            // A string is sent as it is: it must be the JSON text of the event.
            let payload = match parameters.get("Payload") {
                Some(Value::Str(text)) => Value::parse(text).unwrap_or_else(|_| Value::Str(Arc::clone(text))),
                Some(Value::Null) | None => Value::object(Map::new()),
                Some(other) => other.clone(),
            };
            (name, payload, true)
        }
        Resource::Service(_) => {
            let arn = string(task.input.value(), "StateMachineArn");
            let cause = format!(
                "State Machine Does Not Exist: '{arn}' (Service: AWSStepFunctions; Status Code: 400; Error Code: \
                 StateMachineDoesNotExist; Request ID: <request_id>; Proxy: null)"
            );
            return fail("StepFunctions.StateMachineDoesNotExistException", cause);
        }
        Resource::Activity(_) => panic!("no activities"),
    };
    let error = |kind: &str, message: &str| {
        let text = format!(
            r#"{{"errorMessage": "{message}", "errorType": "{kind}", "requestId": "<uuid:{call}>", "stackTrace": []}}"#
        );
        fail(kind, if is_invoke { Value::parse(&text).unwrap().to_json() } else { text })
    };
    let succeed = |payload: Value| {
        let output = if is_invoke {
            let mut output = Map::new();
            output.insert("ExecutedVersion", Value::str("$LATEST"));
            if task.input.value().get("LogType").is_some() {
                output.insert("LogResult", Value::str("log"));
            }
            output.insert("Payload", payload);
            output.insert("StatusCode", Value::I64(200));
            Value::object(output)
        } else {
            payload
        };
        at_once(Word::Succeeded(Payload::from_value(output)))
    };
    match functions.get(&name).map(String::as_str) {
        Some("fn:echo") => succeed(payload),
        Some("fn:const:hello") => succeed(Value::parse(r#"{"Return": "HelloWorld"}"#).unwrap()),
        Some("fn:raise:Exception") => error("Exception", "Some exception was raised."),
        Some("fn:raise:CustomException") => error("CustomException", ""),
        Some("fn:return:bytes_str") => succeed(Value::str("HelloWorld!")),
        Some("fn:return:large_257k") => succeed(Value::from("a".repeat(257 * 1024))),
        Some("fn:sleep:60") => Saying { after: Duration::from_secs(60), ..succeed(payload) },
        Some(other) => panic!("no behaviour {other}"),
        None => fail(
            "Lambda.ResourceNotFoundException",
            format!(
                "Function not found: arn:aws:lambda:us-east-1:111111111111:function:{name}:$LATEST (Service: \
                 AWSLambda; Status Code: 404; Error Code: ResourceNotFoundException; Request ID: <request_id>; \
                 Proxy: null)"
            ),
        ),
    }
}

/// JSON as `json.dumps` of Python writes it: a blank after each comma and colon, ASCII only.
fn with_blanks(value: &Value) -> String {
    let text = |text: &str| {
        let quoted = Value::str(text).to_json();
        let mut ascii = String::new();
        for c in quoted.chars() {
            if c.is_ascii() {
                ascii.push(c);
            } else {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    ascii.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
        ascii
    };
    match value {
        Value::Str(string) => text(string),
        Value::Array(items) => format!("[{}]", items.iter().map(with_blanks).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let fields: Vec<_> =
                fields.iter().map(|(key, value)| format!("{}: {}", text(key), with_blanks(value))).collect();
            format!("{{{}}}", fields.join(", "))
        }
        other => other.to_json(),
    }
}

/// The first difference.
fn difference(want: &Value, have: &Value, path: &str) -> Option<String> {
    match (want, have) {
        (Value::Object(want), Value::Object(have)) => {
            for (key, value) in want.iter() {
                match have.get(key) {
                    None => return Some(format!("{path}.{key} is missing")),
                    Some(have) => {
                        if let Some(found) = difference(value, have, &format!("{path}.{key}")) {
                            return Some(found);
                        }
                    }
                }
            }
            let more = have.keys().find(|key| !want.contains_key(key))?;
            Some(format!("{path}.{more} is more: {}", have.get(more).unwrap()))
        }
        (Value::Array(want), Value::Array(have)) => {
            for (at, (want, have)) in want.iter().zip(have.iter()).enumerate() {
                if let Some(found) = difference(want, have, &format!("{path}[{at}]")) {
                    return Some(found);
                }
            }
            (want.len() != have.len()).then(|| {
                let more = have.get(want.len()).map(Value::to_json).unwrap_or_default();
                format!("{path} has {} items, not {} {more}", have.len(), want.len())
            })
        }
        _ if want == have => None,
        _ => Some(format!("{path}\n   want {want}\n   have {have}")),
    }
}
