//! The speed of the whole bank, beside what the disk, the bare server and `PostgreSQL` can do in the same
//! run: `cargo bench -p core-bank --bench bank`. `BANK_ROUNDS` and `BANK_SECONDS` set how long,
//! `BANK_FOLDER` which disk. A word restricts it: `-- serving` to the rows of the server, and `-- replay`
//! to starts, of the bank in `BANK_TAILED` for a profiler that is to see nothing else; `-- mobile` to
//! payments of the mobile bank (`-- mobile off` without observability) and `-- half-rate` to the open loop, for the same; `-- keys` says how
//! long after a start the keys of a long day are known again.
#![allow(
    clippy::unwrap_used,
    reason = "a measurement that cannot be set up has failed"
)]

mod budget;
mod client;
mod decide;
mod disk;
mod journal;
mod keys;
mod mobile;
mod replay;
mod server;
mod standstill;
mod table;

use std::{env, path::Path, process::Command, time::Duration};

use client::{Load, Route};
use core_bank::rules::State;
use mobile::Mobile;
use replay::City;
use server::Server;
use table::{Apart, Round, Served, print};

/// The one of the command `branchlab`, whose bank this is.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const CUSTOMERS: u32 = 100_000;
const TAIL: u64 = 1_000_000;

fn main() {
    if let Ok(data) = env::var("BENCH_BANK_DATA") {
        return server::serve(&data);
    }
    if env::var_os("BENCH_STANDSTILL").is_some() {
        return standstill::look();
    }
    // cargo passes --bench; `cargo test --benches` does not, and wants no long run.
    if !env::args().any(|argument| argument == "--bench") {
        return;
    }
    let number = |name, or: u64| env::var(name).ok().map_or(or, |text| text.parse().unwrap());
    let rounds = number("BANK_ROUNDS", 5);
    let seconds = Duration::from_secs(number("BANK_SECONDS", 4));
    if let Ok(tailed) = env::var("BANK_TAILED") {
        return replay_only(Path::new(&tailed), rounds);
    }
    let folder = tempfile::tempdir_in(env::var("BANK_FOLDER").unwrap_or_else(|_| ".".to_owned()));
    let folder = folder.unwrap();
    let asked = |word: &str| env::args().any(|argument| argument == word);
    if asked("keys") {
        return keys::noted(&folder.path().join("long-day"), rounds);
    }
    if asked("half-rate") {
        return half_rate_only(folder.path(), rounds, seconds);
    }
    if asked("mobile") {
        return mobile_only(folder.path(), rounds, seconds);
    }
    let tailed = folder.path().join("tailed");
    let started = (!asked("serving")).then(|| replay::prepare(&tailed, CUSTOMERS, TAIL));
    if asked("replay") {
        return replay_only(&tailed, rounds);
    }
    let apart = started.map(|city| Parts {
        state: replay::state(&tailed),
        folder: folder.path(),
        tailed: &tailed,
        city,
    });
    let data = folder.path().join("bank");
    let city = replay::seed_city(&data, CUSTOMERS);
    let server = Server::start(&data, "full");
    let untold = folder.path().join("untold");
    replay::seed_city(&untold, CUSTOMERS);
    let mobile = folder.path().join("mobile");
    let by_phone = replay::seed_city(&mobile, CUSTOMERS);
    let silent = folder.path().join("silent");
    let unheard = replay::seed_city(&silent, CUSTOMERS);
    // From here on this process and its children but the server stay on the second core.
    pin("1");
    let load = Load {
        server: &server,
        accounts: &city.texts,
    };
    load.closed(Route::Transfers, 64, Duration::from_secs(3));
    // A bank of its own with the same people, which stands by while the other one is measured.
    let quiet = Server::start(&untold, "off");
    let quiet = Load {
        server: &quiet,
        accounts: &city.texts,
    };
    quiet.closed(Route::Transfers, 64, Duration::from_secs(3));
    // And one whose customers have sessions, and which writes a log.
    let log = folder.path().join("log.json");
    let phones = Server::start_logging(&mobile, &log);
    let phones = Mobile::log_in(&phones, &by_phone, Some(&log));
    let silent = Server::start(&silent, "off");
    let silent = Mobile::log_in(&silent, &unheard, None);
    let banks = Banks {
        kiosk: [&load, &quiet],
        mobile: [&phones, &silent],
    };
    let measured: Vec<Round> = (0..rounds)
        .map(|_| Round {
            served: banks.served(folder.path(), seconds),
            apart: apart.as_ref().map(|parts| parts.measured(seconds)),
        })
        .collect();
    print(&measured);
}

/// The banks that are measured, of which the others stand by meanwhile: each with all observability and
/// without any.
struct Banks<'a> {
    kiosk: [&'a Load<'a>; 2],
    mobile: [&'a Mobile<'a>; 2],
}

impl Banks<'_> {
    /// A round of the server's rows.
    fn served(&self, folder: &Path, seconds: Duration) -> Served {
        let ([load, quiet], [phones, silent]) = (self.kiosk, self.mobile);
        let probe = disk::probe(folder);
        let uniform = || load.closed(Route::Transfers, 64, seconds);
        let durable_64 = load.beside_parse(64, seconds, uniform);
        let rate = durable_64.row.per_second();
        // Whoever has more to do is not faster.
        let payments = (rate * seconds.as_secs_f64()) as usize;
        let untold = || quiet.closed(Route::Transfers, 64, seconds);
        let before = uniform();
        Served {
            probe,
            durable_64,
            hot_64: load.closed(Route::HotPayee, 64, seconds),
            uniform: [before, uniform()],
            mobile_64: phones.pay(64, seconds, payments),
            silent_64: silent.pay(64, seconds, payments),
            untold_64: quiet.beside_parse(64, seconds, untold),
            durable_1: load.closed(Route::Transfers, 1, seconds),
            half_rate: load.open(Route::Transfers, 64, rate / 2.0, seconds),
            standstill: standstill::seen(),
            memory: load.server.resident_mib(),
            memory_mobile: phones.memory(),
        }
    }
}

/// What is measured by itself.
struct Parts<'a> {
    folder: &'a Path,
    tailed: &'a Path,
    city: City,
    state: State,
}

impl Parts<'_> {
    fn measured(&self, seconds: Duration) -> Apart {
        let (state, city) = (&self.state, &self.city);
        Apart {
            journal: journal::groups_a_second(self.folder, state.clone(), &city.accounts),
            postgres: postgres(self.folder, seconds),
            decide: decide::micros(state.clone(), &city.payers, 20),
            replay: replay::on_both_cores(self.tailed),
        }
    }
}

/// Pays by the mobile bank again and again, and says which thread took how long.
fn mobile_only(folder: &Path, rounds: u64, seconds: Duration) {
    let (data, log) = (folder.join("mobile"), folder.join("log.json"));
    let city = replay::seed_city(&data, CUSTOMERS);
    // `-- mobile off` is without observability.
    let told = !env::args().any(|argument| argument == "off");
    let server = if told {
        Server::start_logging(&data, &log)
    } else {
        Server::start(&data, "off")
    };
    pin("1");
    let phones = Mobile::log_in(&server, &city, told.then_some(&*log));
    for _ in 0..rounds {
        let beside = phones.pay(64, seconds, usize::MAX);
        let played = beside.row;
        println!(
            "{:.0} payments/s, {:.1} us of CPU each, {:.2} of the bare route",
            played.per_second(),
            played.cpu_micros(),
            beside.by_rate()
        );
        for (place, thread) in budget::NAMES.iter().enumerate() {
            println!("  {thread} {:.1}", played.thread(place)[0]);
        }
    }
}

/// Asks at half the rate of full load again and again, or `BANK_RATE` times a second, and says which
/// thread took how long and what the writer was held up by.
fn half_rate_only(folder: &Path, rounds: u64, seconds: Duration) {
    let data = folder.join("bank");
    let city = replay::seed_city(&data, CUSTOMERS);
    let server = Server::start(&data, "full");
    pin("1");
    let load = Load {
        server: &server,
        accounts: &city.texts,
    };
    load.closed(Route::Transfers, 64, Duration::from_secs(3));
    let most = load.closed(Route::Transfers, 64, seconds).per_second();
    let rate = env::var("BANK_RATE").ok();
    let rate = rate.map_or(most / 2.0, |text| text.parse().unwrap());
    for _ in 0..rounds {
        let probe = disk::probe(folder);
        let played = load.open(Route::Transfers, 64, rate, seconds);
        println!(
            "{rate:.0} payments/s, {:.1} us of CPU each, p50 {:.2} ms, p99 {:.2} ms, {:.1} times fdatasync's",
            played.cpu_micros(),
            played.p50 / 1e3,
            played.p99 / 1e3,
            played.p99 / probe.p99
        );
        for (place, thread) in budget::NAMES.iter().enumerate() {
            println!("  {thread} {:.1}", played.thread(place)[0]);
        }
        for (place, stage) in server::STAGES.iter().enumerate() {
            let (long, mean) = played.stage(place);
            println!("  {stage} mean {mean:.0} us, {long:.1} times a second over 4 ms");
        }
    }
}

/// Starts the bank in `data` again and again; makes it when it is not there.
fn replay_only(data: &Path, rounds: u64) {
    if !data.exists() {
        replay::prepare(data, CUSTOMERS, TAIL);
    }
    for _ in 0..rounds {
        let (wall, cpu, records) = replay::open(data);
        println!("{records} records in {wall:.2} s, {cpu:.2} s of CPU");
    }
}

/// Keeps the main thread on these cores, and whatever it starts from here on.
fn pin(cores: &str) {
    let thread = std::process::id().to_string();
    let pinned = Command::new("taskset")
        .args(["-cp", cores, &thread])
        .output();
    assert!(pinned.unwrap().status.success());
}

/// Transfers a second of `PostgreSQL` on both cores, as ours has both with its client.
fn postgres(folder: &Path, seconds: Duration) -> Option<f64> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/bank/postgres.sh");
    let ran = Command::new("taskset")
        .args(["-c", "0,1", script])
        .arg(folder)
        .arg(seconds.as_secs().to_string())
        .output()
        .ok()?;
    String::from_utf8(ran.stdout).ok()?.trim().parse().ok()
}
