//! What a run came to.

use crate::course::{self, Recovery};
use crate::endpoint::Version;
use crate::fate::{Outcome, Tally};
use crate::journal::RunJournal;
use crate::kind::{Kind, Names};
use crate::measurement::Book;
use crate::options::{LoadOptions, Model};
use crate::pacing;
use crate::quality::Quality;
use crate::stream::OUT_OF_SOCKETS;
use scenarios::model::Label;
use scenarios::operation::{Channel, Operation};
use scenarios::summary::{FailureCount, LoadRecord, LoadSecond};
use std::collections::BTreeSet;
use std::time::Duration;

/// A lag below this is no fault, whatever the gates say.
const HARMLESS_LAG: Duration = Duration::from_millis(1);
/// The share of the tightest latency gate that the generator's lag may take.
const SHARE_OF_GATE: f64 = 0.05;
/// The share of the planned operations that must have been sent.
const SENT_SHARE: f64 = 0.995;
/// A summary names so many kinds of failures at most.
const FAILURES_NAMED: usize = 20;

/// What a run came to: everything measured, and the journal.
#[derive(Debug, Clone)]
pub struct LoadOutcome {
    pub(crate) options: LoadOptions,
    pub(crate) names: Names,
    pub(crate) version: Version,
    pub(crate) book: Book,
    pub(crate) setup_operations: u64,
    pub(crate) interrupted: bool,
    pub(crate) planned_nanos: u64,
    pub(crate) intended_nanos: u64,
    pub(crate) answered_nanos: u64,
    pub(crate) quality: Quality,
    pub(crate) memory: Vec<f64>,
    pub(crate) journal: RunJournal,
}

/// What only whoever planned the load knows of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PlayedWindow {
    /// Stretch of the scenario's day, such as `10:00`.
    pub from: String,
    /// See `from`.
    pub to: String,
    /// Times more sessions than simulated.
    pub volume: f64,
    /// Operations left out of the mobile mix because the bank has them not yet.
    pub left_out: Vec<String>,
}

/// Whether the generator did its own part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validity {
    /// It did: what was measured is the target's doing.
    pub kept_up: bool,
    /// Otherwise why not, in sentences.
    pub reasons: Vec<String>,
}

impl LoadOutcome {
    /// How the operations ended, warm-up excluded. The classes add up to those planned.
    pub fn tally(&self) -> Tally {
        self.book.tally()
    }

    /// How those of the warm-up ended.
    pub fn warm_up_tally(&self) -> Tally {
        self.book.warm_up
    }

    /// Operations that opened customers and accounts before the clock started.
    pub fn setup_operations(&self) -> u64 {
        self.setup_operations
    }

    /// Who decided when operations started.
    pub fn model(&self) -> Model {
        self.options.model
    }

    /// It was stopped: what is there is true, but not all.
    pub fn is_partial(&self) -> bool {
        self.interrupted
    }

    /// What was sent and how it ended, for the reconciliation.
    pub fn journal(&self) -> &RunJournal {
        &self.journal
    }

    /// Whether the generator, not the target, was the bottleneck. An interrupted
    /// run is judged by its lag alone.
    pub fn validity(&self) -> Validity {
        let mut reasons = Vec::new();
        let gate = self.options.tightest_latency_gate.unwrap_or_default();
        let limit = HARMLESS_LAG.max(gate.mul_f64(SHARE_OF_GATE)).as_secs_f64();
        // Few operations have no 99th percentile; their latest one stands for it.
        let lag = &self.book.lag;
        if let Some(late) = lag.quantile(0.99).or_else(|| lag.greatest())
            && late > limit
        {
            reasons.push(format!(
                "it started operations up to {:.1} ms late (99th percentile; {:.1} ms are allowed)",
                late * 1e3,
                limit * 1e3
            ));
        }
        let tally = self.tally();
        let unsent = tally.of(Outcome::NotSent);
        if unsent > 0 && !self.interrupted {
            reasons.push(format!("it never sent {unsent} operations"));
        }
        let failures = self.book.failures.iter();
        let without = failures.filter(|(what, _)| what.contains(OUT_OF_SOCKETS));
        let without: u64 = without.map(|(_, count)| count).sum();
        if without > 0 {
            reasons.push(format!(
                "this machine had no socket left for {without} operations (see ulimit -n, or take fewer connections)"
            ));
        }
        let planned = tally.planned();
        let sent = (planned - unsent) as f64;
        if !self.interrupted && sent < SENT_SHARE * planned as f64 {
            let share = 100.0 * sent / planned as f64;
            reasons.push(format!("it sent {share:.1}% of what was planned"));
        }
        Validity {
            kept_up: reasons.is_empty(),
            reasons,
        }
    }

    /// Measured latencies of each operation, warm-up excluded: microseconds and how
    /// often, ascending. They are what a customer would have waited: from the
    /// intended start of each step to its end.
    pub fn latency_counts(&self) -> Vec<(Operation, Vec<(u64, u64)>)> {
        let operations: BTreeSet<u16> = self.book.kinds().map(|(kind, _)| kind.operation).collect();
        operations
            .into_iter()
            .filter_map(|operation| {
                let name = self.names.operation(operation).parse().ok()?;
                let measured = self.book.merged(|kind| kind.operation == operation)?;
                Some((name, measured.latency.counts()))
            })
            .filter(|(_, counts)| !counts.is_empty())
            .collect()
    }

    /// Latencies of one channel's operations of one kind, like [`Self::latency_counts`].
    pub fn latency_counts_of(&self, channel: Channel, operation: Operation) -> Vec<(u64, u64)> {
        let wanted = Kind::of_bank(channel, operation);
        self.book
            .merged(|kind| kind == wanted)
            .map(|measured| measured.latency.counts())
            .unwrap_or_default()
    }

    /// How busy the machine and the generator's thread were.
    pub fn quality(&self) -> Quality {
        self.quality
    }

    /// Whether latency came back after the spike of the load, if there was one.
    pub(crate) fn recovery(&self) -> Option<Recovery> {
        course::recovery(&self.book, self.warm_up_seconds(), self.options.spike?)
    }

    /// Operations that reached the target or tried to, those of the warm-up included.
    pub(crate) fn sent_in_all(&self) -> u64 {
        let sent = |tally: Tally| tally.planned() - tally.of(Outcome::NotSent);
        sent(self.tally()) + sent(self.book.warm_up)
    }

    /// Processor seconds of the target's process for each of them, where it was seen.
    pub(crate) fn cpu_per_operation(&self) -> Option<f64> {
        let sent = self.sent_in_all();
        let seconds = self.quality.target_seconds?;
        (sent > 0).then(|| seconds / sent as f64)
    }

    /// How much latency and memory drifted while the load was steady.
    pub(crate) fn drifts(&self) -> (Option<f64>, Option<f64>) {
        if !self.options.steady {
            return (None, None);
        }
        let latency = course::latency_drift(&self.book, self.warm_up_seconds());
        (latency, course::drift_of(&self.memory))
    }

    fn warm_up_seconds(&self) -> u64 {
        self.options.warm_up.as_secs_f64().ceil() as u64
    }

    /// What a reader of the figures should know.
    pub fn warnings(&self) -> Vec<Label> {
        let mut warnings = self.quality.warnings();
        if let Some(Recovery::NotWithin(seconds)) = self.recovery() {
            warnings.push(Label::new(
                format!("The latency had not come back {seconds:.0} s after the spike, when the load ended."),
                format!("尖峰过后 {seconds:.0} 秒压测结束时，时延仍未恢复。"),
            ));
        }
        warnings
    }

    /// The load as the summary records it.
    pub fn load_record(&self, window: &PlayedWindow) -> LoadRecord {
        let tally = self.tally();
        LoadRecord {
            model: self.options.model.name().to_owned(),
            system: None,
            target_hash: None,
            from: window.from.clone(),
            to: window.to.clone(),
            speed: self.options.speed,
            volume: window.volume,
            connections: self.options.connections,
            seconds: self.intended_nanos as f64 / 1e9,
            planned: tally.planned(),
            succeeded: tally.of(Outcome::Succeeded),
            refused: tally.of(Outcome::Refused),
            failed: tally.of(Outcome::Failed),
            timed_out: tally.of(Outcome::TimedOut),
            not_sent: tally.of(Outcome::NotSent),
            unknown: tally.of(Outcome::Unknown),
            offered_per_second: tally.planned() as f64 / self.offered_seconds(),
            achieved_per_second: self.answered() as f64 / self.answered_seconds(),
            succeeded_per_second: tally.of(Outcome::Succeeded) as f64 / self.answered_seconds(),
            http: self.version.name().to_owned(),
            left_out: window.left_out.clone(),
            failures: self.failures(),
            over_time: self.over_time(),
            limit: None,
        }
    }

    /// Failures by message, most frequent first, at most twenty.
    pub fn failures(&self) -> Vec<FailureCount> {
        let mut failures: Vec<FailureCount> = self
            .book
            .failures
            .iter()
            .map(|(what, count)| FailureCount {
                what: what.clone(),
                count: *count,
            })
            .collect();
        failures.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.what.cmp(&b.what)));
        failures.truncate(FAILURES_NAMED);
        failures
    }

    fn over_time(&self) -> Vec<LoadSecond> {
        self.book
            .seconds()
            .map(|slot| LoadSecond {
                second: slot.second as u32,
                seconds: slot.seconds as u32,
                operations: slot.offered,
                answered: slot.answered,
                succeeded: slot.succeeded,
                p50: slot.p50,
                p99: slot.p99,
                max: slot.max,
            })
            .collect()
    }

    fn answered(&self) -> u64 {
        self.book
            .kinds()
            .map(|(_, measured)| measured.answered)
            .sum()
    }

    /// From the end of the warm-up to the end of the plan (the last planned start, where it has
    /// no length of its own); at least one second,
    /// so that a rate of a few operations means something.
    pub(crate) fn offered_seconds(&self) -> f64 {
        let planned = pacing::nanos(self.options.until).max(self.planned_nanos);
        self.after_warm_up(planned)
    }

    /// From the end of the warm-up to the last answer; at least one second.
    pub(crate) fn answered_seconds(&self) -> f64 {
        self.after_warm_up(self.answered_nanos)
    }

    fn after_warm_up(&self, nanos: u64) -> f64 {
        (nanos as f64 / 1e9 - self.options.warm_up.as_secs_f64()).max(1.0)
    }
}
