//! What a run leaves behind for CI, spreadsheets and the report: `summary.json`,
//! described in `docs/summary.md`. Stable: fields are added, never changed.
//!
//! Nothing here depends on the machine or the clock; that is kept apart in
//! [`RunRecord`] (`run.json`), so that equal simulations leave equal bytes.

mod outlets;
mod regression;
mod run;

pub use outlets::{Fix, Headcount, MOST_RANKED, OutletPromise, OutletRecord, Outlets};
pub use regression::{ComparedRecord, PairRecord, RegressionRecord};
pub use run::{MachineRecord, RunRecord};

use crate::gate::Verdict;
use crate::model::{Label, Mark};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The value of [`Summary::schema`] that this version writes.
pub const SCHEMA: &str = "branchlab/summary/1";

/// `summary.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// [`SCHEMA`].
    pub schema: String,
    /// `run`, `simulate`, `load`: the command that left it.
    pub command: String,
    /// Whether it can be relied on.
    pub status: Status,
    /// The worst of the gates.
    pub verdict: Verdict,
    /// What the command exited with.
    pub exit_code: u8,
    /// What was run.
    pub scenario: ScenarioRecord,
    /// The flat table, the same as `figures.csv`: each row an object with the
    /// columns of [`crate::figure::COLUMNS`] and those of thresholds and quantiles.
    pub figures: Vec<serde_json::Map<String, serde_json::Value>>,
    /// Every gate, those always on included.
    pub gates: Vec<GateRecord>,
    /// Why the customers of the promise missed it; absent without a promise.
    pub misses: Option<Misses>,
    /// Where the minutes go: mean seconds of each part, a row per channel and the total.
    pub minutes: Vec<Minutes>,
    /// The branches one by one; absent without a region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outlets: Option<Outlets>,
    /// What the bank's measured latency does to the customers; empty without load.
    pub bank_effect: Vec<Effect>,
    /// Operations whose latency the scenario assumes: in the first of the two
    /// simulations behind `bank_effect` they took that long, every other none. Empty
    /// where the bank answered at once, or there is no such effect.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assumed_at_first: Vec<String>,
    /// The load played; absent without load.
    pub load: Option<LoadRecord>,
    /// The reconciliation; absent without load.
    pub reconciliation: Option<Reconciliation>,
    /// The comparison with a baseline; absent without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regression: Option<RegressionRecord>,
    /// Things a reader should know, in order.
    pub warnings: Vec<Label>,
}

/// Whether a run can be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Everything ran.
    Complete,
    /// Interrupted: what is there is true, but not all.
    Partial,
    /// It could not measure: no verdict.
    Invalid,
}

/// What was run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScenarioRecord {
    /// Its name.
    pub name: String,
    /// The question it answers.
    pub question: Label,
    /// Hash of what was run after `extends`, `--set` and CSV files.
    pub hash: String,
    /// Root of the randomness.
    pub seed: u64,
    /// Replications done.
    pub replications: u32,
    /// The branch.
    pub branch: String,
    /// `2026-06-09`.
    pub date: String,
    /// Opening hours, `09:00` and `17:00`.
    pub open: String,
    /// See `open`.
    pub close: String,
    /// Names of populations as people read them, by `channel:kiosk`, `service:query` …
    pub labels: BTreeMap<String, Label>,
    /// Where its numbers come from.
    pub assumptions: Vec<AssumptionRecord>,
    /// Definitions of it that are not the usual ones, by what they define:
    /// `closing`, `abandoned`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub definitions: BTreeMap<String, Label>,
}

/// One assumption.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AssumptionRecord {
    /// Path in the scenario file.
    pub about: String,
    /// As written there.
    pub value: String,
    /// How well founded.
    pub mark: Mark,
    /// Source or reason.
    pub because: String,
}

/// One judged gate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GateRecord {
    /// Its name; `nothing_lost` and `generator_kept_up` are always on with load.
    pub name: String,
    /// As written.
    pub gate: String,
    /// What became of it.
    pub verdict: Verdict,
    /// Point estimate in the figure's unit.
    pub estimate: Option<f64>,
    /// Lower end of its 95% interval.
    pub low: Option<f64>,
    /// Upper end of its 95% interval.
    pub high: Option<f64>,
    /// What it was compared with.
    pub bound: Option<f64>,
    /// In a sentence: why.
    pub reason: String,
}

/// Customers who missed the promise, each named by the part that broke it.
///
/// A miss is named by the largest part of its time (the first of equals, in the
/// order of [`Misses::by_part`]), with one exception: `service` names only misses
/// whose human service alone exceeds the threshold, because a service that would
/// have kept the promise by itself did not break it. Abandoned customers who
/// waited longer than the threshold are misses by `wait`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Misses {
    /// The gate's text.
    pub promise: String,
    /// Threshold in seconds.
    pub threshold_seconds: f64,
    /// Customers of the promise's population who count.
    pub customers: u64,
    /// Of them, those beyond the threshold.
    pub missed: u64,
    /// One row per part, in the order service, wait, review, system, fallback.
    pub by_part: Vec<MissPart>,
    /// In a sentence per language: what breaks the promise.
    pub finding: Label,
}

/// Misses named by one part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MissPart {
    /// `service`, `wait`, `review`, `system`, `fallback`.
    pub part: String,
    /// Misses it broke.
    pub missed: u64,
    /// Share of all misses, 0 to 1.
    pub share: f64,
    /// Mean seconds of this part in the time of all who missed.
    pub mean_seconds: f64,
}

/// Where the minutes of served customers go: five parts that sum to the time in branch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Minutes {
    /// Channel name, or `*`.
    pub channel: String,
    /// Customers served.
    pub customers: u64,
    /// Mean seconds queueing before the first service.
    pub wait: f64,
    /// Mean seconds of human service.
    pub service: f64,
    /// Mean seconds queueing for and in review.
    pub review: f64,
    /// Mean seconds of the bank's operations.
    pub system: f64,
    /// Mean seconds after a failed step.
    pub fallback: f64,
    /// Their sum: mean time in branch.
    pub time_in_branch: f64,
}

/// A paired difference over the same days.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// Figure name.
    pub figure: String,
    /// `mean`, or `share_within_300s`.
    pub statistic: String,
    /// Population dimension and name, `channel:kiosk`, `service:card_opening`, or `*`.
    pub population: String,
    /// First (without the bank's latency; run A).
    pub first: f64,
    /// Second (with it; run B).
    pub second: f64,
    /// Second minus first.
    pub difference: f64,
    /// Lower end of the difference's 95% interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Whether the days were paired by common random numbers.
    pub paired: bool,
}

/// The load played on the bank.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoadRecord {
    /// `open`, `capped_open`, `closed`: latencies of different models cannot be compared.
    pub model: String,
    /// The system, if it was one of somebody's own; absent for the bank.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// Hash of the target file, if the system is one of somebody's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_hash: Option<String>,
    /// Stretch of the scenario's day, `10:00` to `10:30`.
    pub from: String,
    /// See `from`.
    pub to: String,
    /// Times faster than true.
    pub speed: f64,
    /// Times more sessions than simulated.
    pub volume: f64,
    /// Connections at most.
    pub connections: u32,
    /// Real seconds from first to last intended start.
    pub seconds: f64,
    /// `planned = succeeded + refused + failed + timed_out + not_sent + unknown`.
    pub planned: u64,
    /// Answered as they should.
    pub succeeded: u64,
    /// Refused by a business rule that the plan allows.
    pub refused: u64,
    /// Wrong answers, unexpected refusals, broken connections.
    pub failed: u64,
    /// No answer in time.
    pub timed_out: u64,
    /// Never sent.
    pub not_sent: u64,
    /// In flight at an interruption.
    pub unknown: u64,
    /// Operations a second intended.
    pub offered_per_second: f64,
    /// Operations a second answered.
    pub achieved_per_second: f64,
    /// Operations a second answered as they should.
    #[serde(default)]
    pub succeeded_per_second: f64,
    /// Version of HTTP, `1.1` or `2`.
    #[serde(default = "http1")]
    pub http: String,
    /// Operations left out of the mobile mix because the bank has them not yet.
    pub left_out: Vec<String>,
    /// Failures by message, most frequent first, at most 20.
    pub failures: Vec<FailureCount>,
    /// Each second: real seconds since the start, operations, and latency
    /// quantiles in seconds.
    pub over_time: Vec<LoadSecond>,
    /// What the search for the highest rate found; absent without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<LimitRecord>,
}

/// The highest rate at which the gates hold, as a search found it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LimitRecord {
    /// Highest rate offered at which all gates held, also when repeated; operations a
    /// second. None if they held at no rate.
    pub sustained_per_second: Option<f64>,
    /// Lowest rate above it at which a gate failed; none if none did.
    pub failed_per_second: Option<f64>,
    /// The gate that failed there.
    pub limited_by: Option<String>,
    /// The search ended because the generator, not the target, could do no more: the
    /// limit is at least what is told.
    pub generator_bound: bool,
    /// Every rate that was tried, ascending.
    pub probes: Vec<ProbeRecord>,
}

/// A rate that was tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProbeRecord {
    /// Times the profile's own volume.
    pub volume: f64,
    /// Operations a second intended.
    pub offered_per_second: f64,
    /// Operations a second answered.
    pub achieved_per_second: f64,
    /// Median latency, seconds.
    pub p50: Option<f64>,
    /// 99th percentile, if at least ten samples lie beyond it; else none.
    pub p99: Option<f64>,
    /// Failed and timed out, of those planned.
    pub errors: Option<f64>,
    /// `pass`, `fail`, `invalid`.
    pub verdict: Verdict,
    /// The gate that failed or why it is invalid; empty if it passed.
    pub reason: String,
}

/// What loads spoke before they said so.
fn http1() -> String {
    "1.1".to_owned()
}

/// What was measured in slots of a second before they said so.
fn one() -> u32 {
    1
}

/// A kind of failure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FailureCount {
    /// What happened, with the operation and the problem code or error.
    pub what: String,
    /// How often.
    pub count: u64,
}

/// One second of the load, or several where it lasted long.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoadSecond {
    /// Real seconds since the start.
    pub second: u32,
    /// How many seconds it holds.
    #[serde(default = "one")]
    pub seconds: u32,
    /// Operations whose intended start lies in it.
    pub operations: u64,
    /// Operations whose answer came in it.
    #[serde(default)]
    pub answered: u64,
    /// Of those, as they should.
    #[serde(default)]
    pub succeeded: u64,
    /// Median latency, seconds.
    pub p50: Option<f64>,
    /// 99th percentile, if at least ten samples lie beyond it; else none.
    pub p99: Option<f64>,
    /// Longest, seconds.
    pub max: Option<f64>,
}

/// What was found in the bank after the load.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reconciliation {
    /// Whether nothing was lost, doubled, invented or unbalanced.
    pub reconciled: bool,
    /// Operations acknowledged to the generator that change something.
    pub acknowledged: u64,
    /// Acknowledged operations found exactly once.
    pub found_once: u64,
    /// Operations of unknown fate found (at most once each).
    pub unknown_found: u64,
    /// Ledger sum in yuan, `0.00` when it balances.
    pub ledger_sum: String,
    /// The smallest proof of what is wrong; none where all agrees.
    #[serde(default)]
    pub counterexample: Option<Counterexample>,
    /// What was wrong, by kind; at most 20 examples of each.
    pub discrepancies: Vec<Discrepancy>,
}

/// The few rows that suffice to show that the books do not agree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Counterexample {
    /// As in [`Discrepancy::kind`].
    pub kind: String,
    /// In a sentence.
    pub what: String,
    /// The operations as they were played, from the journal of the run.
    pub operations: Vec<String>,
    /// The bank's records of them.
    pub records: Vec<String>,
}

/// One thing that does not reconcile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Discrepancy {
    /// `accepted`, `limit`, `lock`, `missing`, `doubled`, `torn`, `rounded`, `different`,
    /// `unplanned`, `reason`, `ledger`, `oversold` or `alert`: see `docs/load.md`.
    pub kind: String,
    /// Idempotency key, or empty for the ledger.
    pub key: String,
    /// In a sentence, with operation, amount and accounts.
    pub what: String,
}
