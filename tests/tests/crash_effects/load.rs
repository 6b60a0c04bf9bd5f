//! What is deployed, and the clients that start executions.

use crate::ledger::Ledger;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use stepwell_tests::aws::{Settings, states};
use stepwell_tests::http::Connection;
use stepwell_tests::random::Random;
use stepwell_tests::server::Server;

/// Clients that start executions at the same time.
const CLIENTS: u64 = 8;
/// The longest that a client rests between two starts.
const REST_MICROS_MAX: u64 = 100_000;

/// A machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An attempt that a crash interrupts ends the execution.
    Plain,
    /// The definition asks for one more attempt after such an end.
    Retried,
    /// The function says that an interrupted attempt may run again.
    Rerun,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Plain, Self::Retried, Self::Rerun];

    fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Retried => "retried",
            Self::Rerun => "rerun",
        }
    }

    fn machine(self) -> String {
        format!("arn:aws:states:us-east-1:000000000000:stateMachine:{}", self.name())
    }

    /// Two effects at the same time, and one after them through the optimized integration.
    fn definition(self, function: &str) -> Value {
        let retry = match self {
            Self::Plain | Self::Rerun => json!([]),
            Self::Retried => {
                json!([{"ErrorEquals": ["Lambda.SdkClientException"], "IntervalSeconds": 1, "MaxAttempts": 1}])
            }
        };
        json!({"StartAt": "Each", "States": {
            "Each": {"Type": "Map", "ItemsPath": "$.each", "ResultPath": "$.each", "Next": "Last",
                "ItemSelector": {"address.$": "$.address", "id.$": "$$.Map.Item.Value"},
                "ItemProcessor": {"StartAt": "Effect", "States": {
                    "Effect": {"Type": "Task", "Resource": function, "Retry": retry, "End": true}}}},
            "Last": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Retry": retry,
                "Parameters": {"FunctionName": function, "Payload": {"address.$": "$.address", "id.$": "$.last"}},
                "OutputPath": "$.Payload", "End": true}}})
    }
}

/// Functions and machines.
pub(crate) fn deploy(server: &Server, ledger: &Ledger) {
    let grant = format!("tcp:{}", ledger.address);
    let once = [("stepwell:grants", grant.as_str())];
    let rerun = [("stepwell:grants", grant.as_str()), ("stepwell:on-crash", "rerun")];
    let settings = |tags| Settings { timeout_s: Some(60), tags, ..Settings::default() };
    let once = server.function("once", "record-effect", settings(&once));
    let rerun = server.function("may-rerun", "record-effect", settings(&rerun));
    for kind in Kind::ALL {
        let function = match kind {
            Kind::Plain | Kind::Retried => &once,
            Kind::Rerun => &rerun,
        };
        server.machine(kind.name(), "STANDARD", &kind.definition(function));
    }
}

/// The last effect of an execution.
pub(crate) fn last_id(name: &str) -> String {
    format!("{name}-last")
}

/// A start.
#[derive(Clone, Debug)]
pub(crate) struct Start {
    pub(crate) kind: Kind,
    /// What the server answered; `None` while it is not known whether it heard.
    pub(crate) arn: Option<String>,
}

/// All starts by name.
#[derive(Clone, Default)]
pub(crate) struct Starts(Arc<Mutex<BTreeMap<String, Start>>>);

impl Starts {
    pub(crate) fn all(&self) -> MutexGuard<'_, BTreeMap<String, Start>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts an execution; `Err` if the server is gone.
fn start(
    connection: &mut Connection,
    ledger: &Ledger,
    starts: &Starts,
    name: &str,
    kind: Kind,
) -> io::Result<()> {
    let each = [format!("{name}-a"), format!("{name}-b")];
    let input = json!({"address": ledger.address.to_string(), "each": each, "last": last_id(name)});
    let request = json!({"stateMachineArn": kind.machine(), "name": name, "input": input.to_string()});
    let answer = states(connection, "StartExecution", &request)?;
    let arn = format!("arn:aws:states:us-east-1:000000000000:execution:{}:{name}", kind.name());
    if answer.status == 200 {
        assert_eq!(answer.json()["executionArn"], arn);
    } else {
        // Asked again: an earlier server has heard it, and it has ended since.
        answer.refused(400, "ExecutionAlreadyExists", &arn);
    }
    starts.all().insert(name.to_owned(), Start { kind, arn: Some(arn) });
    Ok(())
}

/// Clients that start executions until the server is gone.
pub(crate) struct Clients {
    threads: Vec<JoinHandle<()>>,
    /// What they have started and the server has accepted, by name.
    accepted: Arc<Mutex<Vec<String>>>,
}

impl Clients {
    pub(crate) fn begin(server: &Server, ledger: &Ledger, starts: &Starts, seed: u64) -> Self {
        let accepted: Arc<Mutex<Vec<String>>> = Arc::default();
        let client = |number: u64| {
            let (mut connection, ledger, starts) = (server.connection(), ledger.clone(), starts.clone());
            let accepted = Arc::clone(&accepted);
            let mut random = Random::new(seed ^ number);
            std::thread::spawn(move || {
                loop {
                    let kind = Kind::ALL[random.below(Kind::ALL.len() as u64) as usize];
                    let name = format!("{}-{:016x}", kind.name(), random.bits());
                    starts.all().insert(name.clone(), Start { kind, arn: None });
                    if start(&mut connection, &ledger, &starts, &name, kind).is_err() {
                        return;
                    }
                    accepted.lock().unwrap_or_else(PoisonError::into_inner).push(last_id(&name));
                    std::thread::sleep(Duration::from_micros(random.below(REST_MICROS_MAX)));
                }
            })
        };
        Self { threads: (0..CLIENTS).map(client).collect(), accepted: Arc::clone(&accepted) }
    }

    /// Executions that this server has accepted and that have an effect before them.
    pub(crate) fn in_flight(&self, ledger: &Ledger) -> usize {
        let accepted = self.accepted.lock().unwrap_or_else(PoisonError::into_inner);
        accepted.len() - ledger.acknowledged(accepted.iter().map(String::as_str))
    }

    /// Waits for them; the server is gone.
    pub(crate) fn end(self) {
        for thread in self.threads {
            thread.join().expect("a client does not panic");
        }
    }
}

/// Starts again what no server has answered: the same start is the same execution.
pub(crate) fn ask_again(server: &Server, ledger: &Ledger, starts: &Starts) {
    let unknown: Vec<(String, Kind)> = {
        let starts = starts.all();
        let unknown = starts.iter().filter(|(_, start)| start.arn.is_none());
        unknown.map(|(name, start)| (name.clone(), start.kind)).collect()
    };
    let mut connection = server.connection();
    for (name, kind) in unknown {
        start(&mut connection, ledger, starts, &name, kind).expect("the last server stays up");
    }
}
