//! A server that is killed at random moments under load, again and again; the judge is a ledger kept outside of it.
//!
//! The ledger holds what the server acknowledged (starts and answers to task tokens) and which side effects were
//! seen. What a function logs is the effect that the outside sees here: the suite follows the log as a carrier or a mail
//! server would take an order, and answers task tokens that it finds there. Effects over the network are
//! `crash_effects`'s.
//!
//! `STEPWELL_CRASH_SEED` repeats a run's choices, `STEPWELL_CRASH_ROUNDS` makes a longer one.

mod book;
mod judge;
mod ledger;
mod load;

use ledger::Ledger;
use std::sync::Arc;
use std::time::{Duration, Instant};
use stepwell_tests::random::{Random, number, seed};
use stepwell_tests::server::Server;

/// Kills, where nobody says otherwise.
const ROUNDS: u64 = 20;
/// Executions that must be under way at each kill.
const IN_FLIGHT_MIN: usize = 50;
/// Every so many rounds, Express executions are started, too.
const EXPRESS_EVERY: u64 = 4;
/// How long a server lives at least after a round of Express executions: one is run three times at most.
const LIFE_AFTER_EXPRESS: Duration = Duration::from_millis(2_000);

#[test]
fn nothing_acknowledged_is_lost_and_no_effect_is_doubled() {
    let seed = seed("STEPWELL_CRASH_SEED");
    let rounds = number("STEPWELL_CRASH_ROUNDS").unwrap_or(ROUNDS);
    eprintln!("STEPWELL_CRASH_SEED={seed}, {rounds} rounds");
    let mut random = Random::new(seed);
    let began = Instant::now();

    let mut server = Server::start();
    let ledger = Arc::new(Ledger::default());
    load::deploy(&server, book::open(&ledger));
    let mut fewest_in_flight = usize::MAX;
    for round in 0..rounds {
        let starts_express = round % EXPRESS_EVERY == 0;
        let follows_express = round % EXPRESS_EVERY == 1;
        let mail = load::Mail::begin(&server, &ledger);
        let clients = load::Clients::begin(&server, &ledger, random.bits(), starts_express);
        let life = Instant::now();
        // The moment of the kill is anywhere after enough is under way.
        server.until("load", || ledger.in_flight() >= IN_FLIGHT_MIN);
        std::thread::sleep(Duration::from_micros(random.below(700_000)));
        if follows_express {
            std::thread::sleep(LIFE_AFTER_EXPRESS.saturating_sub(life.elapsed()));
        }
        server.until("load", || ledger.in_flight() >= IN_FLIGHT_MIN);
        fewest_in_flight = fewest_in_flight.min(ledger.in_flight());
        server.kill();
        clients.end();
        mail.end();
        server = server.again();
    }
    let killed = began.elapsed();
    let mail = load::Mail::begin(&server, &ledger);
    load::finish(&server, &ledger);
    judge::judge(&server, &ledger);
    mail.end();
    eprintln!(
        "{rounds} kills in {:.1} s, at least {fewest_in_flight} executions in flight at each; judged after {:.1} s: {}",
        killed.as_secs_f64(),
        began.elapsed().as_secs_f64(),
        ledger.summary(),
    );
}
