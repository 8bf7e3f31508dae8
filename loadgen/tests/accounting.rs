//! Whatever a target does, every operation lands in exactly one class.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod pretended_bank;

use loadgen::fate::{Effect, Outcome};
use loadgen::journal::JournalRow;
use loadgen::{LoadError, LoadOutcome, NoProgress, Reach, StopFlag, Target, Tokens, run};
use pretended_bank::{
    Asked, PretendedBank, Reply, identity_checks, options, planned, tokens, well,
};
use scenarios::operation::{Channel, Operation, PlannedOperation};
use scenarios::time::SimTime;
use std::collections::HashSet;
use std::time::{Duration, Instant};

fn rows(outcome: &LoadOutcome) -> Vec<JournalRow> {
    outcome
        .journal()
        .rows()
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

fn play(bank: &PretendedBank, plan: &[PlannedOperation]) -> (LoadOutcome, Vec<JournalRow>) {
    let folder = tempfile::tempdir().unwrap();
    let outcome = run(
        plan,
        &bank.target(),
        &options(&folder),
        &NoProgress,
        &StopFlag::new(),
    )
    .unwrap();
    let rows = rows(&outcome);
    assert_eq!(
        rows.len() as u64,
        plan.len() as u64 + outcome.setup_operations()
    );
    assert_eq!(outcome.tally().planned(), plan.len() as u64);
    (outcome, rows)
}

/// Opens its door and then says nothing.
fn never(asked: &Asked) -> Reply {
    if asked.path.starts_with("/v1/audit") {
        well(asked)
    } else {
        Reply::Never
    }
}

/// Ten kinds of behaviour take turns.
fn badly(asked: &Asked) -> Reply {
    let problem = |code: &str, effect: &str| format!(r#"{{"code":"{code}","effect":"{effect}"}}"#);
    match asked.number % 10 {
        0 => well(asked),
        1 => Reply::CloseEarly,
        2 => Reply::HalfBody,
        3 => Reply::Never,
        4 => Reply::Answer(503, String::new()),
        5 => Reply::Garbage,
        6 => Reply::Drip,
        7 => Reply::Answer(422, problem("identity_not_verified", "none")),
        8 => Reply::Answer(409, problem("something_else", "none")),
        _ => Reply::Answer(201, "{}".into()),
    }
}

#[test]
fn every_kind_of_bad_answer_is_counted_once_and_in_its_class() {
    let bank = PretendedBank::start(None, badly);
    let mut plan = identity_checks(200, Duration::from_millis(5));
    for planned in &mut plan {
        planned.allow = vec!["identity_not_verified".into()];
    }
    let (outcome, rows) = play(&bank, &plan);
    let tally = outcome.tally();
    let counted = Outcome::ALL.map(|class| (class, tally.of(class)));
    let expected = [
        (Outcome::Succeeded, 20),
        (Outcome::Refused, 20),
        (Outcome::Failed, 120),
        (Outcome::TimedOut, 40),
        (Outcome::NotSent, 0),
        (Outcome::Unknown, 0),
    ];
    assert_eq!(counted, expected, "{:?}", outcome.failures());
    let mut failures: Vec<_> = outcome
        .failures()
        .into_iter()
        .map(|f| (f.what, f.count))
        .collect();
    failures.sort();
    let expected = [
        ("201 without `seq`", 20),
        ("409 something_else", 20),
        ("503 without a problem", 20),
        ("no answer in time", 40),
        ("the answer is not HTTP", 20),
        ("the connection closed before the answer was complete", 40),
    ]
    .map(|(what, count)| (format!("identity_check: {what}"), count));
    assert_eq!(failures, expected);
    // Only a plain refusal is known to have had no effect.
    let unsure = rows
        .iter()
        .filter(|row| row.effect == Effect::Unknown)
        .count();
    assert_eq!(unsure, 140);
}

#[test]
fn a_target_that_never_answers_ends_with_the_time_to_drain() {
    let bank = PretendedBank::start(None, never);
    let started = Instant::now();
    let (outcome, _) = play(&bank, &identity_checks(500, Duration::from_millis(1)));
    assert!(
        started.elapsed() < Duration::from_secs(4),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(outcome.tally().of(Outcome::TimedOut), 500);
}

#[test]
fn stopped_it_ends_within_two_seconds_and_says_what_was_in_flight() {
    let bank = PretendedBank::start(None, never);
    let folder = tempfile::tempdir().unwrap();
    let mut options = options(&folder);
    options.timeout = Duration::from_mins(1);
    options.connections = 7;
    let stop = StopFlag::new();
    let plan = identity_checks(10_000, Duration::from_millis(1));
    let (outcome, waited) = std::thread::scope(|scope| {
        let running = scope.spawn(|| run(&plan, &bank.target(), &options, &NoProgress, &stop));
        std::thread::sleep(Duration::from_millis(1500));
        let stopped = Instant::now();
        stop.stop();
        (running.join().unwrap().unwrap(), stopped.elapsed())
    });
    assert!(waited < Duration::from_secs(2), "{waited:?}");
    assert!(outcome.is_partial());
    let tally = outcome.tally();
    assert_eq!(tally.of(Outcome::Unknown), 7);
    assert_eq!(tally.of(Outcome::NotSent), 9_993);
    assert_eq!(rows(&outcome).len(), 10_000);
}

#[test]
fn a_plan_that_is_stopped_before_it_starts_is_not_sent() {
    let bank = PretendedBank::start(None, well);
    let folder = tempfile::tempdir().unwrap();
    let stop = StopFlag::new();
    stop.stop();
    let plan = identity_checks(5, Duration::from_millis(1));
    let outcome = run(&plan, &bank.target(), &options(&folder), &NoProgress, &stop).unwrap();
    assert_eq!(outcome.tally().of(Outcome::NotSent), 5);
}

#[test]
fn a_mobile_customer_is_opened_at_the_counter_and_asks_with_their_own_log_in() {
    let bank = PretendedBank::start(None, well);
    let steps = [Operation::LogIn, Operation::BalanceQuery, Operation::LogOut];
    let plan: Vec<_> = (0..)
        .zip(steps)
        .map(|(step, operation)| planned(1, step, SimTime(0), Channel::Mobile, operation))
        .collect();
    let (outcome, _) = play(&bank, &plan);
    assert_eq!(outcome.tally().of(Outcome::Succeeded), 3);
    assert_eq!(outcome.setup_operations(), 4);
    let asked = bank.asked.lock().unwrap();
    let who: Vec<_> = asked
        .iter()
        .map(|asked| {
            (
                asked.path.as_str(),
                asked.headers.get("authorization").map(String::as_str),
            )
        })
        .collect();
    let counter = Some("Bearer counter-token");
    // The good bank numbers everything by the order in which it was asked.
    let session = Some("Bearer S4");
    let expected = [
        ("/v1/identity-checks", counter),
        ("/v1/customers", counter),
        ("/v1/cards", counter),
        ("/v1/ebanking", counter),
        ("/v1/sessions", None),
        ("/v1/customers/C4/accounts", session),
        ("/v1/sessions/current", session),
    ];
    assert_eq!(who, expected);
    let keys: HashSet<_> = asked
        .iter()
        .filter_map(|asked| asked.headers.get("idempotency-key"))
        .collect();
    assert_eq!(keys.len(), 6, "all but the query carry a key of their own");
}

#[test]
fn what_its_session_lacks_is_named_and_the_session_goes_on() {
    let bank = PretendedBank::start(None, well);
    let plan = [
        planned(1, 0, SimTime(0), Channel::Mobile, Operation::BalanceQuery),
        planned(1, 1, SimTime(1), Channel::Mobile, Operation::LogIn),
        planned(1, 2, SimTime(2), Channel::Mobile, Operation::BalanceQuery),
    ];
    let (outcome, _) = play(&bank, &plan);
    assert_eq!(outcome.tally().of(Outcome::Succeeded), 2);
    assert_eq!(
        outcome.failures()[0].what,
        "balance_query: its session had no log-in"
    );
}

#[test]
fn the_warm_up_is_played_and_journalled_and_not_measured() {
    let bank = PretendedBank::start(None, well);
    let folder = tempfile::tempdir().unwrap();
    let mut options = options(&folder);
    options.warm_up = Duration::from_millis(100);
    let plan = identity_checks(100, Duration::from_millis(2));
    let outcome = run(
        &plan,
        &bank.target(),
        &options,
        &NoProgress,
        &StopFlag::new(),
    )
    .unwrap();
    assert_eq!(outcome.tally().of(Outcome::Succeeded), 50);
    assert_eq!(outcome.warm_up_tally().of(Outcome::Succeeded), 50);
    assert_eq!(rows(&outcome).len(), 100);
    let measured: u64 = outcome.latency_counts()[0]
        .1
        .iter()
        .map(|(_, count)| count)
        .sum();
    assert_eq!(measured, 50);
}

#[test]
fn whatever_keeps_a_run_from_starting_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let plan = identity_checks(1, Duration::from_millis(1));
    let options = options(&folder);
    let played = |target: &Target| run(&plan, target, &options, &NoProgress, &StopFlag::new());

    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let nobody = Target::new(&format!("http://{port}"), tokens(), &Reach::Loopback).unwrap();
    assert!(matches!(
        played(&nobody),
        Err(LoadError::Unreachable { .. })
    ));

    let strict = PretendedBank::start(None, |_| {
        Reply::Answer(401, r#"{"code":"unauthenticated"}"#.into())
    });
    let refused = played(&strict.target());
    assert!(
        matches!(&refused, Err(LoadError::TokenRefused { role, .. }) if role == "operator"),
        "{refused:?}"
    );

    let missing = Tokens::read(&folder.path().join("tokens.json"));
    assert!(matches!(missing, Err(LoadError::TokensFile { .. })));
    assert!(
        !options.journal.exists(),
        "nothing is written before the bank has answered"
    );

    let bank = PretendedBank::start(None, |asked| match asked.path.as_str() {
        "/v1/customers" => {
            Reply::Answer(409, r#"{"code":"customer_exists","effect":"none"}"#.into())
        }
        _ => well(asked),
    });
    let plan = [planned(
        1,
        0,
        SimTime(0),
        Channel::Counter,
        Operation::HistoryQuery,
    )];
    let failed = run(
        &plan,
        &bank.target(),
        &options,
        &NoProgress,
        &StopFlag::new(),
    );
    assert!(
        matches!(&failed, Err(LoadError::Setup { why, .. }) if why == "409 customer_exists"),
        "{failed:?}"
    );
}
