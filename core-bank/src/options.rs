//! What a server is started with, and how the command line spells it.

use std::{net::SocketAddr, path::PathBuf, str::FromStr, time::Duration};

use jiff::Timestamp;

use crate::{
    clock::BusinessClock,
    rules::{IDEMPOTENCY_KEYS_MAX, Operation},
    snapshot::RECORDS_PER_SNAPSHOT,
    tls::TlsFiles,
};

/// A defect put in on purpose, to prove that a reconciliation finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plant {
    /// Every 50th transfer is posted twice.
    DoublePost,
    /// Every 50th deposit is acknowledged and never recorded.
    LostAcknowledgement,
    /// Of every 50th transfer the last posting is lost: the payer pays and nobody gets it.
    TornTransfer,
    /// Of every 50th transfer the last posting is a fen short.
    Rounding,
    /// Every 50th deposit is followed by another that nobody asked for.
    Phantom,
    /// Every limit of payments lets a fen more through.
    LimitFen,
    /// Payments within a fiftieth of a second do not see what the others use up of a limit.
    LimitRace,
    /// Every tenth use of a card that a lock stands against is let through.
    LockIgnored,
}

impl Plant {
    /// Every defect by its name.
    const NAMES: [(&'static str, Self); 8] = [
        ("double_post", Self::DoublePost),
        ("lost_acknowledgement", Self::LostAcknowledgement),
        ("torn_transfer", Self::TornTransfer),
        ("rounding", Self::Rounding),
        ("phantom", Self::Phantom),
        ("limit_fen", Self::LimitFen),
        ("limit_race", Self::LimitRace),
        ("lock_ignored", Self::LockIgnored),
    ];
}

impl FromStr for Plant {
    type Err = OptionError;

    fn from_str(text: &str) -> Result<Self, OptionError> {
        let mut known = Self::NAMES.iter();
        known
            .find(|(name, _)| *name == text)
            .map(|(_, plant)| *plant)
            .ok_or_else(|| OptionError::Plant(text.to_owned()))
    }
}

/// What a server tells about the requests that it answers. The figures of the journal and of the
/// projection, `/healthz` and `/readyz`, and what goes wrong are told either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Observability {
    /// Each answer has an id, is counted and timed by route in `/metrics`, and is a line of the log
    /// at the level `debug`.
    #[default]
    Full,
    /// None of these.
    Off,
}

impl FromStr for Observability {
    type Err = OptionError;

    fn from_str(text: &str) -> Result<Self, OptionError> {
        match text {
            "full" => Ok(Self::Full),
            "off" => Ok(Self::Off),
            _ => Err(OptionError::Observability(text.to_owned())),
        }
    }
}

/// What a server is started with.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// Where to listen; port 0 takes a free one.
    pub addr: SocketAddr,
    /// The data folder; made when it is not there.
    pub data: PathBuf,
    /// Whether the doors of a test are open: the four options below.
    pub test: bool,
    /// The business time at the start; `None` for real time.
    pub clock: Option<Timestamp>,
    /// Business seconds a real second; 1 unless a test sets it.
    pub clock_speed: f64,
    /// Operations that are slow on purpose, and by how much (real time).
    pub slow: Vec<(Operation, Duration)>,
    /// A defect put in on purpose.
    pub plant: Option<Plant>,
    /// The `PostgreSQL` database that holds the journal, by its URL; `None` for `journal.sqlite` of
    /// the data folder.
    pub postgres: Option<String>,
    /// The certificate to speak TLS with; `None` for plain HTTP.
    pub tls: Option<TlsFiles>,
    /// Requests a second of one customer; zero for no limit, `None` for the default.
    pub customer_rate: Option<u32>,
    /// Requests a second of one address before a log-in; zero for no limit, `None` for the default.
    pub address_rate: Option<u32>,
    /// What it tells about the requests that it answers.
    pub observability: Observability,
    /// Idempotency keys that memory holds, at most a million; the older ones are on disk.
    pub keys_in_memory: usize,
    /// Records between two snapshots of the state.
    pub records_per_snapshot: u64,
}

/// An option that cannot be taken: wrong usage, exit code 2.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OptionError {
    /// A door of a test without `--test`.
    #[error("{0} is for tests only: add --test, and never on a bank that anybody trusts")]
    TestOnly(&'static str),
    /// A clock that is no moment.
    #[error("--clock `{0}` is no moment with an offset: write it like 2026-06-09T10:00+08:00")]
    Clock(String),
    /// A speed that a clock cannot have.
    #[error("--clock-speed must be greater than 0 and at most 100000")]
    ClockSpeed,
    /// A slowness that cannot be read.
    #[error("--slow `{text}`: {problem}; write it like identity_check=20s")]
    Slow {
        /// What was given.
        text: String,
        /// What is wrong with it.
        problem: String,
    },
    /// An unknown defect.
    #[error(
        "--plant `{0}` is unknown: there are double_post, lost_acknowledgement, torn_transfer, rounding, phantom, limit_fen, limit_race and lock_ignored"
    )]
    Plant(String),
    /// An unknown degree of observability.
    #[error("--observability `{0}` is unknown: there are full and off")]
    Observability(String),
}

/// The greatest planted slowness: an hour.
const SLOW_MAX: Duration = Duration::from_hours(1);

/// Requests a second of one customer: a phone in a hurry needs a handful.
pub const CUSTOMER_RATE: u32 = 20;
/// Requests a second of one address before a log-in: many customers may share one.
pub const ADDRESS_RATE: u32 = 50;

impl ServeOptions {
    /// A server with real time, no slowness and no defect.
    pub fn new(addr: SocketAddr, data: PathBuf) -> Self {
        Self {
            addr,
            data,
            test: false,
            clock: None,
            clock_speed: 1.0,
            slow: Vec::new(),
            plant: None,
            postgres: None,
            tls: None,
            customer_rate: None,
            address_rate: None,
            observability: Observability::default(),
            keys_in_memory: IDEMPOTENCY_KEYS_MAX,
            records_per_snapshot: RECORDS_PER_SNAPSHOT,
        }
    }

    /// Refuses a test's options without `test`, and a clock that cannot run.
    pub fn check(&self) -> Result<(), OptionError> {
        if !BusinessClock::can_run_at(self.clock_speed) {
            return Err(OptionError::ClockSpeed);
        }
        let doors = [
            (self.clock.is_some(), "--clock"),
            (
                (self.clock_speed - 1.0).abs() > f64::EPSILON,
                "--clock-speed",
            ),
            (!self.slow.is_empty(), "--slow"),
            (self.plant.is_some(), "--plant"),
        ];
        match doors.into_iter().find(|(open, _)| *open && !self.test) {
            Some((_, name)) => Err(OptionError::TestOnly(name)),
            None => Ok(()),
        }
    }

    /// Requests a second of a customer and of an address, with the defaults filled in: a test's bank
    /// is there to be loaded and has no limit unless it is asked for.
    pub(crate) fn rates(&self) -> (u32, u32) {
        let unless_test = |default| if self.test { 0 } else { default };
        (
            self.customer_rate
                .unwrap_or_else(|| unless_test(CUSTOMER_RATE)),
            self.address_rate
                .unwrap_or_else(|| unless_test(ADDRESS_RATE)),
        )
    }

    /// Reads `--clock`, like `2026-06-09T10:00+08:00`.
    pub fn parse_clock(text: &str) -> Result<Timestamp, OptionError> {
        text.parse()
            .map_err(|_| OptionError::Clock(text.to_owned()))
    }

    /// Reads `--slow`, like `identity_check=20s`; the units are `ms`, `s` and `min`.
    pub fn parse_slow(text: &str) -> Result<(Operation, Duration), OptionError> {
        let problem = |problem: String| OptionError::Slow {
            text: text.to_owned(),
            problem,
        };
        let (name, duration) = text
            .split_once('=')
            .ok_or_else(|| problem("there is no `=`".to_owned()))?;
        let operation = name.parse().map_err(problem)?;
        let duration = parse_duration(duration)
            .ok_or_else(|| problem(format!("`{duration}` is no duration up to an hour")))?;
        Ok((operation, duration))
    }
}

fn parse_duration(text: &str) -> Option<Duration> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(unit_at);
    let number: u64 = number.parse().ok()?;
    let millis = match unit {
        "ms" => number,
        "s" => number.checked_mul(1_000)?,
        "min" | "m" => number.checked_mul(60_000)?,
        _ => return None,
    };
    let duration = Duration::from_millis(millis);
    (duration <= SLOW_MAX).then_some(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> ServeOptions {
        ServeOptions::new(([127, 0, 0, 1], 0).into(), PathBuf::from("data"))
    }

    #[test]
    fn a_tests_doors_stay_shut_without_test() {
        assert_eq!(options().check(), Ok(()));
        let moment = ServeOptions::parse_clock("2026-06-09T10:00+08:00").unwrap();
        let doors = [
            ServeOptions {
                clock: Some(moment),
                ..options()
            },
            ServeOptions {
                clock_speed: 30.0,
                ..options()
            },
            ServeOptions {
                slow: vec![(Operation::Deposit, Duration::ZERO)],
                ..options()
            },
            ServeOptions {
                plant: Some(Plant::DoublePost),
                ..options()
            },
        ];
        for shut in doors {
            assert!(matches!(shut.check(), Err(OptionError::TestOnly(_))));
            assert_eq!(ServeOptions { test: true, ..shut }.check(), Ok(()));
        }
    }

    #[test]
    fn slowness_is_an_operation_and_a_duration() {
        assert_eq!(
            ServeOptions::parse_slow("identity_check=20s"),
            Ok((Operation::IdentityCheck, Duration::from_secs(20)))
        );
        assert_eq!(
            ServeOptions::parse_slow("deposit=250ms"),
            Ok((Operation::Deposit, Duration::from_millis(250)))
        );
        for wrong in [
            "deposit",
            "deposit=",
            "deposit=20",
            "deposit=-1s",
            "lunch=1s",
            "deposit=2h",
        ] {
            assert!(ServeOptions::parse_slow(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_clock_needs_its_offset_and_a_possible_speed() {
        assert!(ServeOptions::parse_clock("2026-06-09T10:00+08:00").is_ok());
        assert!(ServeOptions::parse_clock("2026-06-09T10:00").is_err());
        for speed in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let options = ServeOptions {
                clock_speed: speed,
                test: true,
                ..options()
            };
            assert_eq!(options.check(), Err(OptionError::ClockSpeed));
        }
    }
}
