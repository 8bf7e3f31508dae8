//! Ten thousand faults of a target, drawn by a seed: each is counted once and in its class, none hangs
//! the run, and no connection or other descriptor is left behind.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod pretended_bank;

use loadgen::fate::Outcome;
use loadgen::{NoProgress, StopFlag, run};
use pretended_bank::{Asked, PretendedBank, Reply, identity_checks, options, well};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const SEED: u64 = 20_261_127;
/// A fifth of them answered as they should be, so that connections live on between faults.
const OPERATIONS: u64 = 12_500;

/// What the server does about a request, and as what the run must count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Deed {
    Right,
    WrongAnswer,
    NoHttp,
    ServiceUnavailable,
    OtherRefusal,
    CloseEarly,
    HalfBody,
    Reset,
    Never,
    Drip,
    HalfThenNever,
}

use Deed::{
    CloseEarly, Drip, HalfBody, HalfThenNever, Never, NoHttp, OtherRefusal, Reset, Right,
    ServiceUnavailable, WrongAnswer,
};

const FAULTS: [Deed; 10] = [
    WrongAnswer,
    NoHttp,
    ServiceUnavailable,
    OtherRefusal,
    CloseEarly,
    HalfBody,
    Reset,
    Never,
    Drip,
    HalfThenNever,
];

impl Deed {
    /// Drawn for the request of this number: every fifth, on average, is answered right.
    fn drawn(number: u64) -> Self {
        // SplitMix64, so that seed and number alone decide.
        let mut z = (SEED ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_add(number);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        if z.is_multiple_of(5) {
            return Right;
        }
        FAULTS[(z / 5 % FAULTS.len() as u64) as usize]
    }

    fn reply(self, asked: &Asked) -> Reply {
        let refusal = r#"{"code":"something_else","effect":"none"}"#;
        match self {
            Right => well(asked),
            WrongAnswer => Reply::Answer(201, "{}".into()),
            NoHttp => Reply::Garbage,
            ServiceUnavailable => Reply::Answer(503, String::new()),
            OtherRefusal => Reply::Answer(409, refusal.into()),
            CloseEarly => Reply::CloseEarly,
            HalfBody => Reply::HalfBody,
            Reset => Reply::Reset,
            Never => Reply::Never,
            Drip => Reply::Drip,
            HalfThenNever => Reply::HalfThenNever,
        }
    }

    /// The message that it is counted under among the failures, if it is one.
    fn message(self) -> Option<&'static str> {
        match self {
            Right => None,
            WrongAnswer => Some("201 without `seq`"),
            NoHttp => Some("the answer is not HTTP"),
            ServiceUnavailable => Some("503 without a problem"),
            OtherRefusal => Some("409 something_else"),
            CloseEarly | HalfBody | Reset => {
                Some("the connection closed before the answer was complete")
            }
            Never | Drip | HalfThenNever => Some("no answer in time"),
        }
    }
}

/// Sockets of this process whose other end is this port, and its descriptors that are no sockets.
fn open_ends(port: u16) -> (usize, usize) {
    let table = std::fs::read_to_string("/proc/self/net/tcp").unwrap();
    let far_end = format!(":{port:04X}");
    let sockets = table.lines().skip(1).filter(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        // Without an inode nobody holds it any more.
        columns[2].ends_with(&far_end) && columns[9] != "0"
    });
    let descriptors = std::fs::read_dir("/proc/self/fd").unwrap();
    let others = descriptors.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
    let others = others.filter(|target| !target.to_string_lossy().starts_with("socket:"));
    (sockets.count(), others.count())
}

#[test]
fn of_ten_thousand_faults_none_is_lost_none_hangs_and_nothing_is_left_open() {
    let bank = PretendedBank::start(None, |asked| Deed::drawn(asked.number).reply(asked));
    let port = bank.base.rsplit_once(':').unwrap().1.parse().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut options = options(&folder);
    options.connections = 256;
    options.drain = Duration::from_secs(20);
    let before = open_ends(port);
    let started = Instant::now();
    let plan = identity_checks(OPERATIONS, Duration::from_micros(500));
    let target = bank.target();
    let outcome = run(&plan, &target, &options, &NoProgress, &StopFlag::new()).unwrap();
    assert!(
        started.elapsed() < Duration::from_secs(25),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(
        open_ends(port),
        before,
        "sockets to the server, and other descriptors"
    );

    // Every operation reached the server, once.
    assert_eq!(bank.asked.lock().unwrap().len() as u64, OPERATIONS);
    let mut expected: BTreeMap<String, u64> = BTreeMap::new();
    let mut done: BTreeMap<Deed, u64> = BTreeMap::new();
    for deed in (0..OPERATIONS).map(Deed::drawn) {
        *done.entry(deed).or_default() += 1;
        if let Some(message) = deed.message() {
            *expected
                .entry(format!("identity_check: {message}"))
                .or_default() += 1;
        }
    }
    assert!(FAULTS.iter().all(|fault| done[fault] > 800), "{done:?}");
    let faults: u64 = expected.values().sum();
    assert!(faults > 9_900, "{faults}");
    let failures: BTreeMap<String, u64> = outcome
        .failures()
        .into_iter()
        .map(|failure| (failure.what, failure.count))
        .collect();
    assert_eq!(failures, expected);
    let tally = outcome.tally();
    let timed_out = done[&Never] + done[&Drip] + done[&HalfThenNever];
    assert_eq!(tally.of(Outcome::Succeeded), done[&Right]);
    assert_eq!(tally.of(Outcome::TimedOut), timed_out);
    assert_eq!(tally.of(Outcome::Failed), faults - timed_out);
    assert_eq!(tally.planned(), OPERATIONS);
    let rows = outcome.journal().rows().unwrap().filter_map(Result::ok);
    assert_eq!(rows.count() as u64, OPERATIONS);
}
