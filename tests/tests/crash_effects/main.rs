//! Effects that somebody else saw: a server is killed under load, again and again, while its tasks write to a ledger
//! over the network.
//!
//! By default no effect may be doubled, whatever the moment of the kill: an attempt that was in flight fails, and the
//! definition's own `Retry` decides. Where a function says that it may run again, the same attempt comes again under
//! the same idempotency key, so that the ledger can tell.
//!
//! `crash` has the wider load: callbacks, Express, repeated starts. Here each effect is held against the attempt of the
//! history that it belongs to, and servers are killed while they recover, too.
//!
//! `STEPWELL_CRASH_SEED` repeats a run's choices, `STEPWELL_CRASH_ROUNDS` makes a longer one.

mod judge;
mod ledger;
mod load;

use ledger::Ledger;
use std::time::{Duration, Instant};
use stepwell_tests::random::{Random, number, seed};
use stepwell_tests::server::Server;

/// Rounds, where nobody says otherwise; half of them have two kills.
const ROUNDS: u64 = 14;
/// Executions of a round that must be under way at its kill.
const IN_FLIGHT_MIN: usize = 50;
/// How long a round goes on at most after that.
const ROUND_MICROS_MAX: u64 = 600_000;
/// How long a server lives at most that is killed while it recovers.
const RECOVERY_MICROS_MAX: u64 = 150_000;

#[test]
fn effects_that_others_saw_are_not_doubled() {
    let seed = seed("STEPWELL_CRASH_SEED");
    let rounds = number("STEPWELL_CRASH_ROUNDS").unwrap_or(ROUNDS);
    eprintln!("STEPWELL_CRASH_SEED={seed}, {rounds} rounds");
    let mut random = Random::new(seed);
    let began = Instant::now();

    let ledger = Ledger::open(random.bits());
    let mut server = Server::start();
    load::deploy(&server, &ledger);
    let starts = load::Starts::default();
    let mut kills = rounds;
    for _ in 0..rounds {
        let clients = load::Clients::begin(&server, &ledger, &starts, random.bits());
        server.until("load", || clients.in_flight(&ledger) >= IN_FLIGHT_MIN);
        std::thread::sleep(Duration::from_micros(random.below(ROUND_MICROS_MAX)));
        server.until("load", || clients.in_flight(&ledger) >= IN_FLIGHT_MIN);
        server.kill();
        clients.end();
        server = server.again();
        // Half of the time the next kill comes while it still picks up what the last one left.
        if random.below(2) == 0 {
            std::thread::sleep(Duration::from_micros(random.below(RECOVERY_MICROS_MAX)));
            server = server.again();
            kills += 1;
        }
    }
    let killed = began.elapsed();
    load::ask_again(&server, &ledger, &starts);
    let judged = judge::judge(&server, &ledger, &starts);
    eprintln!(
        "{kills} kills in {:.1} s, judged after {:.1} s: {judged}",
        killed.as_secs_f64(),
        began.elapsed().as_secs_f64(),
    );
}
