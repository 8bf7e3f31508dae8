//! What is played, how fast, and how whoever asked for it watches and stops it.

use crate::course::Spike;
use crate::error::LoadError;
use crate::leaps::Leaps;
use jiff::Timestamp;
use scenarios::time::{SimTime, Span};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Who decides when an operation starts. Latencies of different models cannot be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Model {
    /// The plan; connections are opened as they are needed, up to the most that there may be.
    Open,
    /// The plan; an operation that finds no connection free waits for one, and its latency
    /// counts the wait.
    #[default]
    CappedOpen,
    /// So many users, each with a connection: a session starts when their last one is over.
    Closed,
}

impl Model {
    /// As files and reports write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::CappedOpen => "capped_open",
            Self::Closed => "closed",
        }
    }
}

/// How a plan is played.
#[derive(Debug, Clone)]
pub struct LoadOptions {
    /// Name of this run; with the sequence number it makes the idempotency keys,
    /// so that another run on the same bank is new work.
    pub run: String,
    /// Scenario time that is played at the start of the real clock; operations
    /// planned before it start at once.
    pub window_start: SimTime,
    /// Business time that a bank's clock shall show when `window_start` is played:
    /// RFC 3339 with an offset, such as `2026-06-09T10:00+08:00`. The clock is set
    /// after the setup, and runs at `speed`; only a bank that was started with
    /// `--test` lets it be set. With none the bank's clock is left alone.
    pub business_start: Option<String>,
    /// Quiet stretches of the plan that are leapt over, the bank's clock with them; only a bank
    /// whose clock is set can leap.
    pub leaps: Leaps,
    /// Scenario seconds per real second; above 0. Think times shrink alike.
    pub speed: f64,
    /// Who decides when an operation starts.
    pub model: Model,
    /// Connections at most; 1 to 65,535. In a closed model, the users.
    pub connections: u32,
    /// Real time over which the users of a closed model begin.
    pub ramp: Duration,
    /// Real time that the plan lasts, where it has a length of its own; after it users of a
    /// closed model begin no session any more.
    pub until: Duration,
    /// Connections at most while customers are opened beforehand; 1 to 65,535.
    pub setup_connections: u32,
    /// Real time from being written after which an operation has timed out; above 0.
    pub timeout: Duration,
    /// What nobody answered, so that its effect is unknown, is asked again under the same
    /// key within this real time of its first failure; none: never. The latency is of all
    /// attempts together.
    pub retry: Option<Duration>,
    /// The share (0 to 1) of what a bank acknowledged that is asked once more under its
    /// key, and must be answered as the same record.
    pub repeat: f64,
    /// Real time at the start that is played and reconciled, not measured: the
    /// operations planned to start before it.
    pub warm_up: Duration,
    /// Real time after the last planned start in which late sessions may still
    /// end; then what waits has timed out and what was not yet due is not sent.
    pub drain: Duration,
    /// The journal of the run, a CSV file that is created or replaced.
    pub journal: PathBuf,
    /// Where the latencies of each second go as an `HdrHistogram` interval log, if
    /// anywhere; created or replaced.
    pub interval_log: Option<PathBuf>,
    /// The tightest bound that a gate sets on a latency, if one does: the
    /// generator's own lag must stay far below it.
    pub tightest_latency_gate: Option<Duration>,
    /// Thresholds to count shares of latencies for, ascending.
    pub thresholds: Vec<Span>,
    /// Quantiles (0 to 1) beyond .5 .9 .95 .99 that are asked for.
    pub quantiles: Vec<f64>,
    /// The load is steady after the warm-up: latency and memory must not drift.
    pub steady: bool,
    /// A spike in the load, after which the latency must come back.
    pub spike: Option<Spike>,
    /// The process of the target, if it runs here: its memory is watched.
    pub watched_process: Option<u32>,
    /// Prizes of the lottery that sign-ins draw in; ten thousand if nobody says.
    pub prizes: Option<u32>,
}

impl LoadOptions {
    /// True speed from midnight, 64 connections, ten seconds' patience, no warm-up.
    pub fn new(run: impl Into<String>, journal: impl Into<PathBuf>) -> Self {
        Self {
            run: run.into(),
            window_start: SimTime(0),
            business_start: None,
            leaps: Leaps::default(),
            speed: 1.0,
            model: Model::default(),
            connections: 64,
            ramp: Duration::ZERO,
            until: Duration::ZERO,
            setup_connections: 256,
            timeout: Duration::from_secs(10),
            retry: None,
            repeat: 0.0,
            warm_up: Duration::ZERO,
            drain: Duration::from_mins(1),
            journal: journal.into(),
            interval_log: None,
            tightest_latency_gate: None,
            thresholds: Vec::new(),
            quantiles: Vec::new(),
            steady: false,
            spike: None,
            watched_process: None,
            prizes: None,
        }
    }

    /// Refuses what is out of range.
    pub(crate) fn check(&self) -> Result<(), LoadError> {
        let refuse = |option, value: String, right| {
            Err(LoadError::Option {
                option,
                value,
                right,
            })
        };
        if !(self.speed.is_finite() && self.speed > 0.0) {
            return refuse(
                "speed",
                self.speed.to_string(),
                "it must be a number above 0",
            );
        }
        if let Some(text) = &self.business_start
            && text.parse::<Timestamp>().is_err()
        {
            let right = "it must be a moment with an offset like 2026-06-09T10:00+08:00";
            return refuse("business start", text.clone(), right);
        }
        if self.business_start.is_none() && self.leaps != Leaps::default() {
            let right = "only a bank whose clock is set can leap over quiet stretches";
            return refuse("leaps", "some".to_owned(), right);
        }
        let limits = [
            ("connections", self.connections),
            ("setup connections", self.setup_connections),
        ];
        for (option, connections) in limits {
            if !(1..=65_535).contains(&connections) {
                let right = "it must lie between 1 and 65535";
                return refuse(option, connections.to_string(), right);
            }
        }
        if !(0.0..=1.0).contains(&self.repeat) {
            let right = "it must lie between 0 and 1";
            return refuse("the share asked again", self.repeat.to_string(), right);
        }
        if self.timeout.is_zero() {
            return refuse("timeout", "0 s".into(), "it must be above 0");
        }
        if self.quantiles.iter().any(|q| !(0.0..=1.0).contains(q)) {
            let right = "each must lie between 0 and 1";
            return refuse("quantiles", format!("{:?}", self.quantiles), right);
        }
        Ok(())
    }
}

/// Ends a run from outside: set it (from a signal handler or another thread) and
/// within two seconds the run ends with what it has.
#[derive(Debug, Clone, Default)]
pub struct StopFlag(Arc<AtomicBool>);

impl StopFlag {
    /// A flag that is not set.
    pub fn new() -> Self {
        Self::default()
    }

    /// A flag that shares its state with whoever holds `flag`.
    pub fn from_shared(flag: Arc<AtomicBool>) -> Self {
        Self(flag)
    }

    /// Asks the run to end.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was asked to end.
    pub fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// How far the run is, once a second.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LoadSnapshot {
    /// Real seconds since the start.
    pub seconds: f64,
    /// Operations of the plan, warm-up included.
    pub planned: u64,
    /// Handed to a connection or waiting for one, so far.
    pub dispatched: u64,
    /// Ended, in whatever way.
    pub finished: u64,
    /// To which a whole answer came.
    pub answered: u64,
    /// Of those, as they should.
    pub succeeded: u64,
    /// Ended as failed or timed out.
    pub errors: u64,
    /// Due, and no connection free for them.
    pub waiting: u64,
    /// On a connection.
    pub in_flight: u64,
    /// Connections, or streams of them in HTTP/2.
    pub places: u64,
    /// Median latency so far, seconds, warm-up excluded.
    pub p50: Option<f64>,
    /// 99th percentile so far, seconds, warm-up excluded.
    pub p99: Option<f64>,
    /// 99th percentile of the generator's own lag so far, seconds.
    pub lag_p99: Option<f64>,
}

/// Who watches a run. Called from a thread beside the one that keeps the pace,
/// so that a slow terminal does not delay the load.
pub trait LoadProgress: Sync + Send {
    /// So many of the operations that open customers and accounts are done.
    fn setup(&self, done: u64, of: u64);
    /// About once a second while the plan is played.
    fn second(&self, snapshot: &LoadSnapshot);
}

/// Nobody watches.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoProgress;

impl LoadProgress for NoProgress {
    fn setup(&self, _done: u64, _of: u64) {}
    fn second(&self, _snapshot: &LoadSnapshot) {}
}
