//! The outside: clients that start executions, and whoever takes orders and answers task tokens.

use crate::ledger::{Heard, Kind, Ledger, Start, TokenAnswer, WORK_SECONDS};
use serde_json::{Value, json};
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
/// The last function of an Express execution.
pub(crate) const EXPRESS_DONE: &str = "express-done";
/// The function that gives a token to the outside.
pub(crate) const ASK: &str = "ask";
const MACHINE: &str = "arn:aws:states:us-east-1:000000000000:stateMachine";

/// Functions and machines.
pub(crate) fn deploy(server: &Server) {
    let granted =
        Settings { timeout_s: Some(60), tags: &[("stepwell:grants", "tcp:127.0.0.1:9")], ..Settings::default() };
    let tags = [("stepwell:grants", "tcp:127.0.0.1:9"), ("stepwell:on-crash", "rerun")];
    let plain = Settings { timeout_s: Some(60), ..Settings::default() };
    server.function(ONCE, "validate-order", granted);
    server.function(MAY_RERUN, "validate-order", Settings { tags: &tags, ..granted });
    server.function("echo", "echo", plain);
    server.function(ASK, "request-approval", granted);
    server.function(EXPRESS_DONE, "settle-approval", plain);

    let arn = |name: &str| format!("arn:aws:lambda:us-east-1:000000000000:function:{name}");
    let lost =
        json!([{"ErrorEquals": ["Lambda.SdkClientException"], "ResultPath": "$.lost", "Next": "Lost"}]);
    let work = |effect: &str| {
        json!({"StartAt": "Effect", "States": {
            "Effect": {"Type": "Task", "Resource": arn(effect), "Catch": lost, "Next": "Each"},
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
    let payload = json!({"token.$": "$$.Task.Token", "request.$": "$.request"});
    let callback = json!({"StartAt": "Ask", "States": {
        "Ask": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
            "Parameters": {"FunctionName": ASK, "Payload": payload},
            "TimeoutSeconds": 600, "ResultPath": "$.answer", "Catch": lost, "Next": "Echo"},
        "Echo": {"Type": "Task", "Resource": arn("echo"), "End": true},
        "Lost": {"Type": "Pass", "Parameters": {"lost.$": "$.lost.Error"}, "End": true}}});
    server.machine(Kind::Callback.machine(), "STANDARD", &callback);
    // The wait at the end lets the outside see the effect before the execution's record is removed.
    let express = json!({"StartAt": "Echo", "States": {
        "Echo": {"Type": "Task", "Resource": arn("echo"), "Next": "Done"},
        "Done": {"Type": "Task", "Resource": arn(EXPRESS_DONE), "Next": "Wait"},
        "Wait": {"Type": "Wait", "Seconds": 1, "End": true}}});
    server.machine(Kind::Express.machine(), "EXPRESS", &express);
}

/// The input of an execution; its name is in it, so that an effect tells whose it is.
pub(crate) fn input(kind: Kind, name: &str) -> Value {
    let customer = json!({"name": "Ada", "email": "ada@example.com", "country": "GB"});
    match kind {
        Kind::Work | Kind::Rerun => {
            let line = |sku: &str| json!({"sku": format!("{name}-{sku}"), "quantity": 2, "unitCents": 250});
            json!({"orderId": name, "customer": customer, "lines": [line("a"), line("b"), line("c")]})
        }
        Kind::Callback => json!({"request": {"subject": name, "amountCents": 100, "approver": "grace"}}),
        Kind::Express => {
            let request = json!({"subject": name, "approver": "grace"});
            json!({"request": request, "outcome": "APPROVED", "decision": {"by": "grace"}})
        }
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
    let answer = states(connection, "StartExecution", &request)?;
    if answer.status == 200 {
        ledger.started(name, answer.json()["executionArn"].as_str().unwrap_or_default());
    } else {
        ledger.fail(format!("start of {name}: {} {}", answer.status, answer.text()));
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
                        0..5 => Kind::Work,
                        5..7 => Kind::Rerun,
                        7..9 => Kind::Callback,
                        _ if starts_express => Kind::Express,
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

/// Whoever sees effects, and answers tokens.
pub(crate) struct Outside {
    followers: Vec<JoinHandle<()>>,
    stopping: Arc<AtomicBool>,
}

impl Outside {
    pub(crate) fn begin(server: &Server, ledger: &Arc<Ledger>) -> Self {
        let stopping = Arc::new(AtomicBool::new(false));
        let watch = |function: &'static str, see: fn(&Ledger, &mut Connection, &'static str, &str)| {
            let (host, ledger) = (server.host.clone(), Arc::clone(ledger));
            let mut connection = server.connection();
            let stopping = Arc::clone(&stopping);
            std::thread::spawn(move || {
                let path = format!("/v1/functions/{function}/logs?follow=true");
                let _ = follow(&host, &path, |line| {
                    see(&ledger, &mut connection, function, line);
                    if stopping.load(Ordering::Relaxed) { Follow::Stop } else { Follow::On }
                });
            })
        };
        let followers = vec![
            watch(ONCE, see_order),
            watch(MAY_RERUN, see_order),
            watch(EXPRESS_DONE, see_settled),
            watch(ASK, see_token),
        ];
        Self { followers, stopping }
    }

    /// The server is gone, or about to go.
    pub(crate) fn end(self) {
        self.stopping.store(true, Ordering::Relaxed);
        for follower in self.followers {
            // One that waits for a line ends with the server.
            if follower.is_finished() {
                follower.join().expect("a follower does not panic");
            }
        }
    }
}

/// `INFO order NAME: 3 lines, 1500 cents`
fn see_order(ledger: &Ledger, _: &mut Connection, function: &'static str, line: &str) {
    if let Some((name, _)) = line.strip_prefix("INFO order ").and_then(|rest| rest.split_once(": ")) {
        ledger.effect(function, name);
    }
}

/// `INFO NAME: approved by grace`
fn see_settled(ledger: &Ledger, _: &mut Connection, function: &'static str, line: &str) {
    if let Some((name, _)) = line.strip_prefix("INFO ").and_then(|rest| rest.split_once(": approved by")) {
        ledger.effect(function, name);
    }
}

/// `INFO asking grace: NAME for 1.00?`, then `INFO answer with token TOKEN`
fn see_token(ledger: &Ledger, connection: &mut Connection, function: &'static str, line: &str) {
    thread_local! {
        static ASKED: std::cell::RefCell<String> = const { std::cell::RefCell::new(String::new()) };
    }
    if let Some((name, _)) =
        line.strip_prefix("INFO asking grace: ").and_then(|rest| rest.split_once(" for "))
    {
        ASKED.with(|asked| name.clone_into(&mut asked.borrow_mut()));
    }
    let Some(token) = line.strip_prefix("INFO answer with token ") else { return };
    let name = ASKED.with(|asked| asked.take());
    ledger.effect(function, &name);
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
