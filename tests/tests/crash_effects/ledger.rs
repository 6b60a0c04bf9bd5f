//! The ledger: a service outside of the server, which keeps what tasks write to it, in order.

use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use stepwell_tests::random::Random;

/// The longest that an acknowledgement takes: the time in which an effect has happened and its task does not know.
const ACKNOWLEDGED_AFTER_MICROS_MAX: u64 = 400_000;

/// An effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Effect {
    /// The attempt's idempotency key.
    pub(crate) key: String,
    /// How often the Task state's visit had called, this call included.
    pub(crate) attempt: u64,
    /// What was to be recorded.
    pub(crate) id: String,
}

#[derive(Default)]
struct Kept {
    effects: Vec<Effect>,
    /// What was acknowledged, by id.
    acknowledged: BTreeSet<String>,
    /// What no task writes.
    strange: Vec<String>,
}

/// The ledger. It outlives every server.
#[derive(Clone)]
pub(crate) struct Ledger {
    pub(crate) address: SocketAddr,
    kept: Arc<Mutex<Kept>>,
}

impl Ledger {
    /// Listens, for as long as the process lives.
    pub(crate) fn open(seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port can be opened");
        let address = listener.local_addr().expect("it has an address");
        let ledger = Self { address, kept: Arc::default() };
        let serving = ledger.clone();
        let mut random = Random::new(seed);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (ledger, rest) = (serving.clone(), random.below(ACKNOWLEDGED_AFTER_MICROS_MAX));
                std::thread::spawn(move || ledger.serve(stream, Duration::from_micros(rest)));
            }
        });
        ledger
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, stream: TcpStream, rest: Duration) {
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        // A server that is killed may leave a connection without a line, which is no effect.
        if stream.read_line(&mut line).is_err() || !line.ends_with('\n') {
            return;
        }
        let Some(effect) = read(&line) else {
            self.kept().strange.push(line);
            return;
        };
        let id = effect.id.clone();
        self.kept().effects.push(effect);
        std::thread::sleep(rest);
        if stream.get_mut().write_all(b"+").is_ok() {
            self.kept().acknowledged.insert(id);
        }
    }

    /// Everything that was written, in order.
    pub(crate) fn effects(&self) -> Vec<Effect> {
        let kept = self.kept();
        assert!(kept.strange.is_empty(), "{:?}", kept.strange);
        kept.effects.clone()
    }

    /// How many of these were acknowledged.
    pub(crate) fn acknowledged<'a>(&self, ids: impl Iterator<Item = &'a str>) -> usize {
        let kept = self.kept();
        ids.filter(|id| kept.acknowledged.contains(*id)).count()
    }
}

fn read(line: &str) -> Option<Effect> {
    let line: Value = serde_json::from_str(line).ok()?;
    let text = |name: &str| line[name].as_str().map(str::to_owned);
    Some(Effect { key: text("key")?, attempt: line["attempt"].as_u64()?, id: text("id")? })
}
