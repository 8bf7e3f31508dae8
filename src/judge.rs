//! Which gates apply to what a command measured, and the two that are always on
//! with load. How a gate is judged, and what wins when several things went
//! wrong, is `scenarios::gate`'s.

use scenarios::figure::{FigureKind, FigureTable};
use scenarios::gate::{self, NOTHING_LOST, Verdict};
use scenarios::model::NamedGate;
use scenarios::regression::NO_REGRESSION;
use scenarios::summary::{GateRecord, LimitRecord, Reconciliation, RegressionRecord};

/// Name of the gate on the generator's own lag.
const GENERATOR_KEPT_UP: &str = "generator_kept_up";

/// What a command measures, and so which gates it can judge.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Measured {
    /// The simulated day alone.
    Simulation,
    /// The load alone.
    Load,
    /// Both.
    Both,
}

impl Measured {
    fn covers(self, kind: FigureKind) -> bool {
        match self {
            Self::Both => true,
            Self::Simulation => kind != FigureKind::Load,
            Self::Load => kind == FigureKind::Load,
        }
    }
}

/// How a gate on a simulated figure is judged when its interval straddles the bound.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Judging {
    /// It is undecided.
    ByInterval,
    /// The point estimate decides.
    ByPointEstimate,
}

/// Judges gates on what was measured. The names of those that
/// this command does not measure come back beside the records.
pub fn gates(
    gates: &[NamedGate],
    table: &FigureTable,
    measured: Measured,
    judging: Judging,
) -> (Vec<GateRecord>, Vec<String>) {
    let (applying, left_out): (Vec<_>, Vec<_>) = gates
        .iter()
        .partition(|named| measured.covers(named.gate.figure.kind()));
    let records = applying
        .iter()
        .map(|named| {
            let record = gate::judge(&named.name, &named.gate, table);
            match judging {
                Judging::ByInterval => record,
                Judging::ByPointEstimate => gate::accept_undecided(record, &named.gate),
            }
        })
        .collect();
    (
        records,
        left_out.iter().map(|named| named.name.clone()).collect(),
    )
}

/// The gate that is always on after a load: the bank's books against the generator's.
pub fn nothing_lost(reconciliation: Option<&Reconciliation>) -> GateRecord {
    let (verdict, reason) = match reconciliation {
        Some(found) if found.reconciled => (
            Verdict::Pass,
            format!(
                "all {} acknowledged operations are in the bank exactly once; the ledger sums to {}",
                found.acknowledged, found.ledger_sum
            ),
        ),
        Some(found) => (
            Verdict::Fail,
            found.counterexample.as_ref().map_or_else(
                || "the books do not agree".to_owned(),
                |smallest| smallest.what.clone(),
            ),
        ),
        None => (
            Verdict::Invalid,
            "the bank's books were not read after the load".to_owned(),
        ),
    };
    always_on(
        NOTHING_LOST,
        "every acknowledged operation is in the bank exactly once",
        verdict,
        reason,
    )
}

/// The gate that is always on with load: a generator that lagged measured itself.
pub fn generator_kept_up(problems: &[String]) -> GateRecord {
    let (verdict, reason) = if problems.is_empty() {
        (
            Verdict::Pass,
            "every operation was sent when it was due".to_owned(),
        )
    } else {
        (Verdict::Invalid, problems.join("; "))
    };
    always_on(
        GENERATOR_KEPT_UP,
        "the load generator sent every operation when it was due",
        verdict,
        reason,
    )
}

/// The gate that is on with a search: the target's limit was found, not the generator's.
pub fn limit_found(limit: &LimitRecord) -> GateRecord {
    let (verdict, reason) = match (limit.sustained_per_second, limit.generator_bound) {
        (Some(rate), false) => (
            Verdict::Pass,
            format!("the gates hold up to {rate:.1} operations a second"),
        ),
        (Some(rate), true) => (
            Verdict::Invalid,
            format!(
                "the gates hold at {rate:.1} operations a second; no higher rate could be judged"
            ),
        ),
        (None, true) => (
            Verdict::Invalid,
            "no rate that was tried could be judged; let the profile last longer".to_owned(),
        ),
        (None, false) => (
            Verdict::Fail,
            "the gates hold at no rate that was tried".to_owned(),
        ),
    };
    always_on(
        "limit_found",
        "the highest rate at which the gates hold is found",
        verdict,
        reason,
    )
}

/// The gate that is on with a baseline: nothing has become worse.
pub fn no_regression(found: &RegressionRecord) -> GateRecord {
    let names = |verdict: Verdict| -> Vec<&str> {
        let of_it = found.figures.iter().filter(|it| it.verdict == verdict);
        let waited_for = of_it.filter(|it| it.waited_for || verdict != Verdict::Undecided);
        waited_for.map(|it| it.figure.name()).collect()
    };
    let pairs = found.pairs;
    let reason = match found.verdict {
        Verdict::Pass => format!(
            "after {pairs} pairs of runs no figure is worse than the baseline's by its margin"
        ),
        Verdict::Fail => format!(
            "after {pairs} pairs of runs surely worse than the baseline: {}",
            names(Verdict::Fail).join(", ")
        ),
        Verdict::Undecided if pairs == 0 => format!(
            "{} pairs of runs say nothing yet; single runs differ too much",
            found.runs.len()
        ),
        Verdict::Undecided => format!(
            "after {pairs} pairs of runs still undecided: {}; play longer runs or more pairs",
            names(Verdict::Undecided).join(", ")
        ),
        Verdict::Invalid => "some of the runs could not measure; play them again".to_owned(),
    };
    always_on(
        NO_REGRESSION,
        "no figure of the target is worse than its baseline's",
        found.verdict,
        reason,
    )
}

fn always_on(name: &str, gate: &str, verdict: Verdict, reason: String) -> GateRecord {
    GateRecord {
        name: name.to_owned(),
        gate: gate.to_owned(),
        verdict,
        estimate: None,
        low: None,
        high: None,
        bound: None,
        reason,
    }
}
