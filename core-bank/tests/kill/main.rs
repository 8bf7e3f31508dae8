//! SIGKILL at random instants under a load of everything that customers do: nothing acknowledged is
//! lost, nothing is doubled, and what was not acknowledged is there whole or not at all.
//!
//! Four workers want one thing after the other and keep books of their own (`books.rs`), by which the
//! bank is judged after every kill.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../bank_process/mod.rs"]
mod bank_process;
mod books;
mod dice;
mod wish;
mod worker;
mod world;

use std::{
    collections::BTreeMap,
    path::Path,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::Duration,
};

use bank_process::BankProcess;
use core_bank::{find_noted, verify};
use dice::Dice;
use worker::{Unanswered, Worker, count, get};
use world::{World, fen, text};

/// Kills in one run. For long: `BANK_KILLS=200 cargo test -p core-bank --test kill -- --nocapture`;
/// `BANK_SEED` sets the instants and what is wanted.
const KILLS: u64 = 20;
const WORKERS: u32 = 4;

/// Snapshots and keys beyond memory come often, so that kills meet them, too.
const OPTIONS: &str = "snapshots=1500 keys=700";

fn number(name: &str, or: u64) -> u64 {
    std::env::var(name).map_or(or, |text| text.parse().unwrap())
}

/// Starts the bank after so many of its kills: a minute later each time, and all within one day, in
/// which neither the main sessions nor the keys end.
fn start(data: &Path, options: &str, (run, runs): (u64, u64)) -> BankProcess {
    let minutes = run.min(11 * 60 * run / runs.max(1));
    let (hour, minute) = (9 + minutes / 60, minutes % 60);
    let clock = format!("clock=2026-06-09T{hour:02}:{minute:02}+08:00");
    BankProcess::start(data, &format!("{options} {clock}"))
}

/// Reads the records after `after` into `records`, by key; returns the last one's number. That the
/// earlier ones are what they were shows by their chain hash.
fn audit(bank: &BankProcess, mut after: u64, records: &mut BTreeMap<String, Vec<u64>>) -> u64 {
    let mut client = bank.client();
    loop {
        let path = format!("/v1/audit/records?after={after}&limit=10000");
        let page = get(&mut client, &bank.tokens.operator, &path)
            .expect(200)
            .body;
        let rows = page["records"].as_array().unwrap().clone();
        for row in &rows {
            let seq = row["seq"].as_u64().unwrap();
            assert_eq!(seq, after + 1, "a gap in the audit");
            after = seq;
            let postings = row["postings"].as_array().unwrap().iter();
            let sum: i64 = postings.map(|posting| fen(&posting["amount"])).sum();
            assert_eq!(sum, 0, "{row}");
            let seqs: &mut Vec<u64> = records.entry(text(&row["key"])).or_default();
            seqs.push(seq);
            assert_eq!(seqs.len(), 1, "{} is in the journal twice", row["key"]);
        }
        if rows.is_empty() {
            return after;
        }
    }
}

/// The bank's books are the sum of what the workers know.
fn check_books(bank: &BankProcess, workers: &[Worker], world: &World) {
    let mut client = bank.client();
    let path = "/v1/audit/trial-balance";
    let trial = client.get(&bank.tokens.operator, path).expect(200);
    assert_eq!(trial.text("sum"), "0.00");
    let pooled: i64 = workers.iter().map(|worker| worker.books.pooled.0).sum();
    let own = workers.iter().flat_map(|worker| &worker.books.own);
    let deposits = pooled + own.map(|own| own.balance).sum::<i64>();
    for row in trial.body["accounts"].as_array().unwrap() {
        let name = row["account"].as_str().unwrap();
        let moved = |worker: &Worker| worker.books.ledger.get(name).copied().unwrap_or(0);
        let expected = match name {
            "customer_deposits" => deposits,
            _ => workers.iter().map(moved).sum(),
        };
        assert_eq!(fen(&row["balance"]), expected, "{name}");
    }
    let path = format!("/v1/customers/{}/accounts", world.pool.customer);
    let pool = client.get(&bank.tokens.counter, &path).expect(200).body;
    assert_eq!(fen(&pool["accounts"][0]["balance"]), pooled);
}

/// Lets the workers load the bank for a while, and until they have wanted so many things together; then
/// kills it.
fn load_and_kill(
    bank: BankProcess,
    workers: &mut [Worker],
    world: &World,
    (after, wishes): (Duration, u64),
) {
    let (stop, wanted) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        let loading = workers.iter_mut().map(|worker| {
            let (bank, stop, wanted) = (&bank, &stop, &wanted);
            scope.spawn(move || worker.load(bank, world, (stop, wanted)))
        });
        let loading: Vec<_> = loading.collect();
        thread::sleep(after);
        let goes_on = || loading.iter().all(|worker| !worker.is_finished());
        while wanted.load(Ordering::Relaxed) < wishes && goes_on() {
            thread::sleep(Duration::from_millis(1));
        }
        bank.send_kill();
        stop.store(true, Ordering::Relaxed);
    });
    bank.kill();
}

/// Kills a bank with these options so many times, after so many wishes at least, and fails where it is not
/// as it should be.
fn drill(options: &str, (kills, wishes): (u64, u64), seed: u64) {
    let mut dice = Dice::new(seed);
    let data = tempfile::tempdir().unwrap();
    let mut bank = start(data.path(), options, (0, kills));
    let mut world = World::settle(&bank);
    let mut workers: Vec<Worker> = (0..WORKERS)
        .map(|name| Worker::new(&bank, name, seed))
        .collect();
    let (mut records, mut last) = (BTreeMap::new(), 0);
    let (mut unanswered, mut repeated) = (Unanswered::default(), 0);
    for run in 1..=kills {
        let after = Duration::from_micros(20_000 + dice.below(400_000));
        load_and_kill(bank, &mut workers, &world, (after, wishes));
        // Before anybody repairs anything: the chain is whole as the kill left it.
        let left = verify(data.path()).unwrap();
        assert_eq!((left.ledger_sum, left.decided_otherwise), (0, None));
        bank = start(data.path(), options, (run, kills));
        last = audit(&bank, last, &mut records);
        assert_eq!(last, left.records, "the start changed the journal");
        assert_eq!(find_noted(data.path(), left.head).unwrap(), Some(last));
        for worker in &mut workers {
            worker.settle(&bank, &records, &mut unanswered);
        }
        last = audit(&bank, last, &mut records);
        check_books(&bank, &workers, &world);
        repeated += repeat(&bank, &mut workers, &records, run == kills);
        check_books(&bank, &workers, &world);
        let still = audit(&bank, last, &mut records);
        assert_eq!(still, last, "a repeated request left a record");
        let got = |thing: &str| {
            let gone = workers
                .iter()
                .filter_map(|worker| worker.books.gone.get(thing));
            gone.sum()
        };
        world.check(&bank, got);
        last = audit(&bank, last, &mut records);
    }
    for worker in &workers {
        worker.check_histories(&bank);
    }
    let path = format!("/v1/accounts/{}/entries?limit=100", world.pool.account);
    let pooled: usize = workers.iter().map(|worker| worker.books.pooled.1).sum();
    assert_eq!(count(&bank, &bank.tokens.counter, &path, "entries"), pooled);
    report((seed, kills), (&workers, last), (&unanswered, repeated));
}

#[test]
fn killed_at_any_instant_the_bank_loses_and_doubles_nothing_that_it_acknowledged() {
    let (kills, seed) = (number("BANK_KILLS", KILLS), number("BANK_SEED", 1));
    drill(OPTIONS, (kills, 0), seed);
}

/// What would be the use of the drill if a bank that does wrong came through. Defects strike every
/// fiftieth deposit or transfer after a start, of which there are some hundreds among so many wishes.
#[test]
fn a_bank_with_a_defect_does_not_come_through() {
    for plant in [
        "lost_acknowledgement",
        "phantom",
        "double_post",
        "lock_ignored",
    ] {
        let options = format!("{OPTIONS} plant={plant}");
        let came_through = std::panic::catch_unwind(|| drill(&options, (1, 3_000), 1));
        assert!(came_through.is_err(), "{plant} was not noticed");
    }
}

/// All workers ask again at once.
fn repeat(
    bank: &BankProcess,
    workers: &mut [Worker],
    records: &BTreeMap<String, Vec<u64>>,
    all: bool,
) -> usize {
    thread::scope(|scope| {
        let repeating = workers
            .iter_mut()
            .map(|worker| scope.spawn(move || worker.repeat(bank, records, all)));
        let repeating: Vec<_> = repeating.collect();
        repeating.into_iter().map(|each| each.join().unwrap()).sum()
    })
}

/// Says what was tried, and fails when it was next to nothing.
fn report(
    (seed, kills): (u64, u64),
    (workers, last): (&[Worker], u64),
    (unanswered, repeated): (&Unanswered, usize),
) {
    let mut tally = BTreeMap::<&str, usize>::new();
    for (kind, count) in workers.iter().flat_map(|worker| &worker.tally) {
        *tally.entry(kind).or_default() += count;
    }
    for (kind, count) in &tally {
        println!("{count:>8} {kind}");
    }
    let answered: usize = workers.iter().map(Worker::answered).sum();
    println!(
        "seed {seed}: {kills} kills, {answered} answers, all of them among {last} records once; {repeated} \
         repetitions got them again; of {} requests without an answer {} were there",
        unanswered.applied + unanswered.lost,
        unanswered.applied
    );
    assert!(answered > 100, "only {answered} answers under load");
    let kinds = tally.keys().filter_map(|kind| kind.split(' ').next());
    let kinds: std::collections::BTreeSet<_> = kinds.collect();
    assert!(kinds.len() >= 20, "only {kinds:?} were wanted");
}
