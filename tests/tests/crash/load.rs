//! The outside: clients that start executions, and whoever answers task tokens.

use crate::ledger::{Heard, Kind, Ledger, Start, TokenAnswer, WORK_SECONDS};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use stepwell_tests::aws::{self, Settings, states};
use stepwell_tests::http::{Connection, Follow, follow};
use stepwell_tests::random::Random;
use stepwell_tests::server::Server;

/// Clients that start executions at the same time.
const CLIENTS: u64 = 8;
/// The longest that a client rests between two starts.
const REST_MICROS_MAX: u64 = 120_000;
/// Tokens that are left open until the end, of a hundred.
const LEFT_OPEN_PERCENT: u64 = 30;
/// The function whose effect must not be doubled.
pub(crate) const ONCE: &str = "once";
/// The function whose effect may be.
pub(crate) const MAY_RERUN: &str = "may-rerun";
/// The function whose effect the definition repeats, if an attempt is lost.
pub(crate) const RETRIED: &str = "retried";
/// The last function of an Express execution.
pub(crate) const EXPRESS: &str = "express-effect";
/// The function that gives a token to the outside.
pub(crate) const ASK: &str = "ask";
const MACHINE: &str = "arn:aws:states:us-east-1:000000000000:stateMachine";

/// Functions and machines. The functions with an effect may reach the book, and nothing else.
pub(crate) fn deploy(server: &Server, book: SocketAddr) {
    let grant = format!("tcp:{book}");
    let granted = [("stepwell:grants", grant.as_str())];
    let may_rerun = [granted[0], ("stepwell:on-crash", "rerun")];
    let plain = Settings { timeout_s: Some(60), ..Settings::default() };
    server.function(ONCE, "record-effect", Settings { tags: &granted, ..plain });
    server.function(MAY_RERUN, "record-effect", Settings { tags: &may_rerun, ..plain });
    server.function(RETRIED, "record-effect", Settings { tags: &granted, ..plain });
    server.function(EXPRESS, "record-effect", Settings { tags: &granted, ..plain });
    server.function(ASK, "request-approval", Settings { tags: &granted, ..plain });
    server.function("check", "validate-order", plain);
    server.function("echo", "echo", plain);

    let arn = |name: &str| format!("arn:aws:lambda:us-east-1:000000000000:function:{name}");
    let lost =
        json!([{"ErrorEquals": ["Lambda.SdkClientException"], "ResultPath": "$.lost", "Next": "Lost"}]);
    let enter = json!({"address": book.to_string(), "id.$": "$.orderId"});
    let work = |effect: &str| {
        json!({"StartAt": "Effect", "States": {
            "Effect": {"Type": "Task", "Resource": arn(effect), "Parameters": enter, "ResultPath": "$.effect",
                "Catch": lost, "Next": "Check"},
            "Check": {"Type": "Task", "Resource": arn("check"), "Next": "Each"},
            "Each": {"Type": "Map", "ItemsPath": "$.lines", "ResultPath": "$.lines", "Next": "Wait",
                "ItemProcessor": {"StartAt": "Echo", "States": {
                    "Echo": {"Type": "Task", "Resource": arn("echo"), "End": true}}}},
            "Wait": {"Type": "Wait", "Seconds": WORK_SECONDS, "Next": "Sum"},
            "Sum": {"Type": "Pass", "Next": "Last",
                "Parameters": {"order.$": "$.orderId", "cents.$": "$.totalCents", "lines.$": "$.lines[*].sku"}},
            "Last": {"Type": "Task", "Resource": arn("echo"), "End": true},
            "Lost": {"Type": "Pass", "Parameters": {"order.$": "$.orderId", "lost.$": "$.lost.Error"}, "End": true}}})
    };
    server.machine(Kind::Work.machine(), "STANDARD", &work(ONCE));
    server.machine(Kind::Rerun.machine(), "STANDARD", &work(MAY_RERUN));
    let mut retried = work(RETRIED);
    retried["States"]["Effect"]["Retry"] = json!([{"ErrorEquals": ["Lambda.SdkClientException"],
        "IntervalSeconds": 1, "MaxAttempts": 1_000, "MaxDelaySeconds": 2}]);
    server.machine(Kind::Retried.machine(), "STANDARD", &retried);
    let payload = json!({"token.$": "$$.Task.Token", "request.$": "$.request"});
    let callback = json!({"StartAt": "Ask", "States": {
        "Ask": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
            "Parameters": {"FunctionName": ASK, "Payload": payload},
            "TimeoutSeconds": 600, "ResultPath": "$.answer", "Catch": lost, "Next": "Echo"},
        "Echo": {"Type": "Task", "Resource": arn("echo"), "End": true},
        "Lost": {"Type": "Pass", "Parameters": {"lost.$": "$.lost.Error"}, "End": true}}});
    server.machine(Kind::Callback.machine(), "STANDARD", &callback);
    let express = json!({"StartAt": "Echo", "States": {
        "Echo": {"Type": "Task", "Resource": arn("echo"), "Next": "Effect"},
        "Effect": {"Type": "Task", "Resource": arn(EXPRESS), "Parameters": enter, "End": true}}});
    server.machine(Kind::Express.machine(), "EXPRESS", &express);
}

/// The input of an execution; its name is in it, so that an effect tells whose it is.
pub(crate) fn input(kind: Kind, name: &str) -> Value {
    let customer = json!({"name": "Ada", "email": "ada@example.com", "country": "GB"});
    match kind {
        Kind::Work | Kind::Rerun | Kind::Retried => {
            let line = |sku: &str| json!({"sku": format!("{name}-{sku}"), "quantity": 2, "unitCents": 250});
            json!({"orderId": name, "customer": customer, "lines": [line("a"), line("b"), line("c")]})
        }
        Kind::Callback => json!({"request": {"subject": name, "amountCents": 100, "approver": "grace"}}),
        Kind::Express => json!({"orderId": name}),
    }
}

/// Starts an execution, and enters in the ledger what is known of it then.
pub(crate) fn start(
    connection: &mut Connection,
    ledger: &Ledger,
    name: &str,
    kind: Kind,
) -> std::io::Result<()> {
    let machine = format!("{MACHINE}:{}", kind.machine());
    let request = json!({"stateMachineArn": machine, "name": name, "input": input(kind, name).to_string()});
    let is_again = ledger.send(name);
    let answer = states(connection, "StartExecution", &request)?;
    if answer.status == 200 {
        ledger.started(name, answer.json()["executionArn"].as_str().unwrap_or_default());
        return Ok(());
    }
    // A start that nobody acknowledged may have been heard, and its execution may have closed since.
    let text = answer.text();
    let exists = text.split_once("Execution Already Exists: '").and_then(|(_, rest)| rest.split_once('\''));
    match exists {
        Some((arn, _)) if is_again => ledger.started(name, arn),
        _ => ledger.fail(format!("start of {name}: {} {text}", answer.status)),
    }
    Ok(())
}

/// Clients that start executions until the server is gone.
pub(crate) struct Clients(Vec<JoinHandle<()>>);

impl Clients {
    pub(crate) fn begin(server: &Server, ledger: &Arc<Ledger>, seed: u64, starts_express: bool) -> Self {
        let client = |number: u64| {
            let (mut connection, ledger) = (server.connection(), Arc::clone(ledger));
            let mut random = Random::new(seed ^ number);
            std::thread::spawn(move || {
                // What an earlier client does not know is asked again, and something known is started again.
                let unknown = |(_, start): &(&String, &Start)| start.arn.is_none();
                let again: Vec<(String, Kind)> = {
                    let entries = ledger.entries();
                    let open =
                        entries.starts.iter().filter(|entry| unknown(entry) && entry.1.kind != Kind::Express);
                    let mine = open.enumerate().filter(|(index, _)| *index as u64 % CLIENTS == number);
                    mine.map(|(_, (name, start))| (name.clone(), start.kind)).collect()
                };
                for (name, kind) in again {
                    if start(&mut connection, &ledger, &name, kind).is_err() {
                        return;
                    }
                }
                loop {
                    let kind = match random.below(10) {
                        0..3 if starts_express => Kind::Express,
                        0..4 => Kind::Work,
                        4..6 => Kind::Rerun,
                        6 => Kind::Retried,
                        7..9 => Kind::Callback,
                        _ => Kind::Work,
                    };
                    let name = format!("{}-{:016x}", kind.machine(), random.bits());
                    ledger.starting(&name, kind);
                    if start(&mut connection, &ledger, &name, kind).is_err() {
                        return;
                    }
                    // The same start again is the same execution.
                    if kind != Kind::Express
                        && random.below(10) == 0
                        && start(&mut connection, &ledger, &name, kind).is_err()
                    {
                        return;
                    }
                    std::thread::sleep(Duration::from_micros(random.below(REST_MICROS_MAX)));
                }
            })
        };
        Self((0..CLIENTS).map(client).collect())
    }

    /// Waits for them; the server is gone.
    pub(crate) fn end(self) {
        for client in self.0 {
            client.join().expect("a client does not panic");
        }
    }
}

/// Whoever reads the mail with the tokens, and answers: the function writes it to its log.
pub(crate) struct Mail {
    reader: JoinHandle<()>,
    stopping: Arc<AtomicBool>,
}

impl Mail {
    pub(crate) fn begin(server: &Server, ledger: &Arc<Ledger>) -> Self {
        let stopping = Arc::new(AtomicBool::new(false));
        let (host, ledger) = (server.host.clone(), Arc::clone(ledger));
        let mut connection = server.connection();
        let stop = Arc::clone(&stopping);
        let reader = std::thread::spawn(move || {
            let mut asked = String::new();
            let _ = follow(&host, &format!("/v1/functions/{ASK}/logs?follow=true"), |line| {
                see_token(&ledger, &mut connection, &mut asked, line);
                if stop.load(Ordering::Relaxed) { Follow::Stop } else { Follow::On }
            });
        });
        Self { reader, stopping }
    }

    /// The server is gone, or about to go.
    pub(crate) fn end(self) {
        self.stopping.store(true, Ordering::Relaxed);
        // One that waits for a line ends with the server.
        if self.reader.is_finished() {
            self.reader.join().expect("the reader does not panic");
        }
    }
}

/// `INFO asking grace: NAME for 1.00?`, then `INFO answer with token TOKEN`
fn see_token(ledger: &Ledger, connection: &mut Connection, asked: &mut String, line: &str) {
    if let Some((name, _)) =
        line.strip_prefix("INFO asking grace: ").and_then(|rest| rest.split_once(" for "))
    {
        name.clone_into(asked);
    }
    let Some(token) = line.strip_prefix("INFO answer with token ") else { return };
    let name = std::mem::take(asked);
    ledger.effect(ASK, &name, "");
    // Some are answered at once, the others when all is over: which, the token itself says.
    let chance = token.bytes().fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
    if chance % 100 >= LEFT_OPEN_PERCENT {
        let _ = answer(connection, ledger, token, &name);
    }
}

/// Answers a token with the name that it was given for, and enters it.
pub(crate) fn answer(
    connection: &mut Connection,
    ledger: &Ledger,
    token: &str,
    name: &str,
) -> std::io::Result<()> {
    let entry = TokenAnswer { name: name.to_owned(), heard: Heard::Unknown };
    let before = ledger.entries().answers.insert(token.to_owned(), entry).map(|answer| answer.heard);
    let output = json!({"answered": name}).to_string();
    let answer = states(connection, "SendTaskSuccess", &json!({"taskToken": token, "output": output}))?;
    let is_late = answer.status == 400
        && ["TaskTimedOut", "InvalidToken"].iter().any(|code| answer.text().contains(code));
    let heard = match (answer.status, before) {
        (200, None | Some(Heard::Unknown)) => Heard::Accepted,
        (_, Some(Heard::Unknown)) if is_late => Heard::TooLate,
        (_, Some(heard)) if is_late => heard,
        _ => {
            ledger.fail(format!("answer for {name}, after {before:?}: {} {}", answer.status, answer.text()));
            return Ok(());
        }
    };
    ledger.entries().answers.insert(token.to_owned(), TokenAnswer { name: name.to_owned(), heard });
    Ok(())
}

/// Lets everything end: asks again for what is not known, answers what is still open.
pub(crate) fn finish(server: &Server, ledger: &Arc<Ledger>) {
    let mut connection = server.connection();
    let gone = "the last server stays up";
    let starts: Vec<(String, Kind, bool)> = {
        let entries = ledger.entries();
        let start = |(name, start): (&String, &Start)| (name.clone(), start.kind, start.arn.is_some());
        entries.starts.iter().map(start).collect()
    };
    for (name, kind, is_known) in &starts {
        if !is_known && *kind != Kind::Express {
            start(&mut connection, ledger, name, *kind).expect(gone);
        }
    }
    let unanswered: Vec<(String, String)> = {
        let entries = ledger.entries();
        let open = entries.answers.iter().filter(|(_, answer)| answer.heard == Heard::Unknown);
        open.map(|(token, answer)| (token.clone(), answer.name.clone())).collect()
    };
    for (token, name) in unanswered {
        answer(&mut connection, ledger, &token, &name).expect(gone);
    }
    // An execution that still waits tells its token in its history: a mail that was lost with the server.
    let arns: Vec<(String, String)> = {
        let entries = ledger.entries();
        let callbacks = entries.starts.iter().filter(|(_, start)| start.kind == Kind::Callback);
        callbacks.filter_map(|(name, start)| Some((name.clone(), start.arn.clone()?))).collect()
    };
    for (name, arn) in arns {
        let described =
            states(&mut connection, "DescribeExecution", &json!({"executionArn": arn})).expect(gone).ok();
        if described["status"] != "RUNNING" {
            continue;
        }
        for event in aws::history(&mut connection, &arn) {
            let parameters = event["taskScheduledEventDetails"]["parameters"].as_str().unwrap_or("null");
            let parameters: Value = serde_json::from_str(parameters).unwrap_or_default();
            if let Some(token) = parameters["Payload"]["token"].as_str() {
                let is_answered = ledger.entries().answers.contains_key(token);
                if !is_answered {
                    answer(&mut connection, ledger, token, &name).expect(gone);
                }
            }
        }
    }
}
