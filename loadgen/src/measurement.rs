//! What is measured: times in histograms whose size does not depend on how many
//! operations there are, and counts.

mod slots;
mod times;

pub use slots::SlotRow;
pub use times::Times;

use crate::fate::{Outcome, Tally};
use crate::histogram_files::Interval;
use crate::kind::Kind;
use hdrhistogram::Histogram;
use slots::Slots;
use std::collections::{BTreeMap, HashMap};
use times::{empty, in_micros};

/// What one channel's operations of one kind came to.
#[derive(Debug, Clone)]
pub struct Measured {
    /// From the intended start to the end, of all that were answered or timed out.
    pub latency: Times,
    /// From being written to the end, of the same.
    pub service: Times,
    /// How they ended.
    pub tally: Tally,
    /// Those to which a whole answer came.
    pub answered: u64,
}

/// All measurements of a run.
#[derive(Debug, Clone)]
pub struct Book {
    thresholds: Vec<u64>,
    by_kind: BTreeMap<Kind, Measured>,
    /// Latency of all operations, so that watching costs no merging.
    pub latency_so_far: Times,
    /// Failed and timed out, warm-up included.
    pub errors_so_far: u64,
    /// Answered, warm-up included, and of those as they should.
    pub answered_so_far: u64,
    /// See `answered_so_far`.
    pub succeeded_so_far: u64,
    /// Of all operations, how late the generator itself was.
    pub lag: Times,
    /// How the operations of the warm-up ended.
    pub warm_up: Tally,
    /// What went wrong, by message.
    pub failures: HashMap<String, u64>,
    slots: Slots,
    /// Latencies by kind since they were last taken, warm-up excluded.
    since_taken: BTreeMap<Kind, Histogram<u64>>,
}

/// One operation that has ended.
#[derive(Debug, Clone, Copy)]
pub struct Ended {
    pub kind: Kind,
    pub warm_up: bool,
    pub outcome: Outcome,
    /// A whole answer came.
    pub answered: bool,
    /// Nanoseconds from the start of the clock to the intended start.
    pub intended: Option<u64>,
    /// Nanoseconds.
    pub latency: Option<u64>,
    /// Nanoseconds.
    pub service: Option<u64>,
    /// Nanoseconds.
    pub lag: Option<u64>,
}

impl Book {
    /// Empty; `thresholds` in microseconds.
    pub fn new(thresholds: &[u64]) -> Self {
        Self {
            thresholds: thresholds.to_vec(),
            by_kind: BTreeMap::new(),
            latency_so_far: Times::new(&[]),
            errors_so_far: 0,
            answered_so_far: 0,
            succeeded_so_far: 0,
            lag: Times::new(&[]),
            warm_up: Tally::default(),
            failures: HashMap::new(),
            slots: Slots::default(),
            since_taken: BTreeMap::new(),
        }
    }

    /// The latencies by kind since this was last asked, handed over and not copied: this is done
    /// where the pace is kept.
    pub fn take_interval(&mut self) -> Vec<Interval> {
        let taken = std::mem::take(&mut self.since_taken).into_iter();
        taken
            .map(|(kind, latencies)| Interval { kind, latencies })
            .collect()
    }

    /// Enters an operation that has ended.
    pub fn enter(&mut self, ended: &Ended) {
        let error = matches!(ended.outcome, Outcome::Failed | Outcome::TimedOut);
        self.errors_so_far += u64::from(error);
        self.answered_so_far += u64::from(ended.answered);
        self.succeeded_so_far += u64::from(ended.outcome == Outcome::Succeeded);
        if ended.warm_up {
            self.warm_up.add(ended.outcome);
            return;
        }
        let thresholds = &self.thresholds;
        let kind = ended.kind;
        let measured = self.by_kind.entry(kind).or_insert_with(|| Measured {
            latency: Times::new(thresholds),
            service: Times::new(thresholds),
            tally: Tally::default(),
            answered: 0,
        });
        measured.tally.add(ended.outcome);
        measured.answered += u64::from(ended.answered);
        if let Some(lag) = ended.lag {
            self.lag.record(lag);
        }
        // A quick failure would flatter the latency; it is counted among the errors.
        let timed = match ended.outcome {
            Outcome::Succeeded | Outcome::Refused | Outcome::TimedOut => true,
            Outcome::Failed | Outcome::NotSent | Outcome::Unknown => false,
        };
        if let (true, Some(latency)) = (timed, ended.latency) {
            measured.latency.record(latency);
            let since_taken = self.since_taken.entry(kind).or_insert_with(empty);
            since_taken.saturating_record(in_micros(latency));
            self.latency_so_far.record(latency);
            if let Some(service) = ended.service {
                measured.service.record(service);
            }
        }
        self.slots.enter(ended, timed);
    }

    /// One more failure of this kind.
    pub fn fail(&mut self, what: String) {
        // Messages come from a fixed set and from problem codes; a target that makes
        // up a new code each time must not fill the memory.
        let known = self.failures.len() < 1000 || self.failures.contains_key(&what);
        let name = if known { what } else { "others".to_owned() };
        *self.failures.entry(name).or_insert(0) += 1;
    }

    /// The measurements of each channel's operations.
    pub fn kinds(&self) -> impl Iterator<Item = (Kind, &Measured)> {
        self.by_kind
            .iter()
            .map(|(kind, measured)| (*kind, measured))
    }

    /// The measurements of those chosen, merged; none if there are none.
    pub fn merged(&self, choose: impl Fn(Kind) -> bool) -> Option<Measured> {
        let mut chosen = self
            .kinds()
            .filter(|(kind, _)| choose(*kind))
            .map(|(_, measured)| measured);
        let mut merged = chosen.next()?.clone();
        for measured in chosen {
            merged.latency.merge(&measured.latency);
            merged.service.merge(&measured.service);
            merged.tally.merge(&measured.tally);
            merged.answered += measured.answered;
        }
        Some(merged)
    }

    /// How all measured operations ended.
    pub fn tally(&self) -> Tally {
        let mut all = Tally::default();
        for measured in self.by_kind.values() {
            all.merge(&measured.tally);
        }
        all
    }

    /// Latencies of the operations that were to start between two seconds.
    pub fn latencies_between(&self, from: u64, to: u64) -> Histogram<u32> {
        self.slots.latencies_between(from, to)
    }

    /// Each slot of seconds, in order.
    pub fn seconds(&self) -> impl Iterator<Item = SlotRow> + '_ {
        self.slots.seconds()
    }
}
