//! The one judge: fed with figures, it says whether a gate holds, and why.

use super::{Comparison, Gate, Statistic, Verdict};
use crate::figure::{Figure, FigureRow, FigureTable};
use crate::summary::GateRecord;

/// The always-on gate that reconciliation decides; its failure has its own exit code.
pub const NOTHING_LOST: &str = "nothing_lost";

impl Comparison {
    /// Whether `value` satisfies the comparison with `bound`.
    pub fn holds(self, value: f64, bound: f64) -> bool {
        match self {
            Self::AtLeast => value >= bound,
            Self::Above => value > bound,
            Self::AtMost => value <= bound,
            Self::Below => value < bound,
            #[expect(clippy::float_cmp, reason = "`==` in a gate means equal")]
            Self::Equal => value == bound,
        }
    }

    /// As gates write it.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::AtLeast => ">=",
            Self::Above => ">",
            Self::AtMost => "<=",
            Self::Below => "<",
            Self::Equal => "==",
        }
    }
}

/// What a row says about a statistic.
#[derive(Debug, Clone, Copy)]
struct Estimate {
    point: f64,
    interval: Option<(f64, f64)>,
}

fn estimate(statistic: Statistic, row: &FigureRow) -> Option<Estimate> {
    let with = |point: Option<f64>, low: Option<f64>, high: Option<f64>| {
        Some(Estimate {
            point: point?,
            interval: low.zip(high),
        })
    };
    match statistic {
        Statistic::Mean => with(row.mean, row.mean_low, row.mean_high),
        Statistic::Sd => with(row.sd, None, None),
        Statistic::Min => with(row.min, None, None),
        Statistic::Max => with(row.max, None, None),
        Statistic::Count => with(Some(row.count as f64), None, None),
        Statistic::Quantile(q) => {
            let found = row.quantiles.iter().find(|it| (it.q - q).abs() < 1e-9)?;
            with(found.value, found.low, found.high)
        }
        Statistic::ShareWithin(seconds) => {
            let same = |threshold: f64| (threshold - seconds).abs() < 1e-6;
            let found = row.shares.iter().find(|it| same(it.threshold_seconds))?;
            with(found.share, found.low, found.high)
        }
    }
}

/// The row a gate is about. In a table of a single branch its name may be left
/// out of the gate or of the rows.
fn find<'t>(gate: &Gate, table: &'t FigureTable) -> Option<&'t FigureRow> {
    if let Some(row) = table.find(gate.figure, &gate.population) {
        return Some(row);
    }
    let mut branches: Vec<_> = table
        .rows
        .iter()
        .filter_map(|row| row.population.branch.as_ref())
        .chain(gate.population.branch.as_ref())
        .collect();
    branches.sort();
    branches.dedup();
    if branches.len() > 1 {
        return None;
    }
    let mut wanted = gate.population.clone();
    wanted.branch = None;
    table.rows.iter().find(|row| {
        let mut population = row.population.clone();
        population.branch = None;
        row.figure == gate.figure && population == wanted
    })
}

/// Judges one gate. Where the row has an interval the whole of it must satisfy
/// the gate to pass and none of it to fail; a row without one is judged by its
/// point estimate; without a row, or a value in it, the gate is invalid.
pub fn judge(name: &str, gate: &Gate, figures: &FigureTable) -> GateRecord {
    let mut record = GateRecord {
        name: name.to_owned(),
        gate: gate.text.clone(),
        verdict: Verdict::Invalid,
        estimate: None,
        low: None,
        high: None,
        bound: Some(gate.bound),
        reason: "there is no such figure in this run".into(),
    };
    let Some(row) = find(gate, figures) else {
        return record;
    };
    let Some(estimate) = estimate(gate.statistic, row) else {
        record.reason = "the run has too few observations of this figure to say".into();
        return record;
    };
    let show = |value: f64| shown(value, gate);
    let bound = format!("{} {}", gate.comparison.symbol(), show(gate.bound));
    record.estimate = Some(estimate.point);
    let Some((low, high)) = estimate.interval else {
        let passes = gate.comparison.holds(estimate.point, gate.bound);
        record.verdict = if passes { Verdict::Pass } else { Verdict::Fail };
        let word = if passes { "holds" } else { "does not hold" };
        record.reason = format!("{} {word}: {bound} was asked", show(estimate.point));
        return record;
    };
    (record.low, record.high) = (Some(low), Some(high));
    record.verdict = by_interval(gate, low, high);
    let interval = format!(
        "{} (95% interval {} to {})",
        show(estimate.point),
        show(low),
        show(high)
    );
    record.reason = match record.verdict {
        Verdict::Pass => format!("{interval} holds: {bound} was asked"),
        Verdict::Fail => format!("{interval} does not hold: {bound} was asked"),
        _ => format!("{interval} straddles the bound, {bound}: more replications are needed"),
    };
    record
}

fn by_interval(gate: &Gate, low: f64, high: f64) -> Verdict {
    let holds = |value| gate.comparison.holds(value, gate.bound);
    let bound_inside = (low..=high).contains(&gate.bound);
    match (holds(low), holds(high)) {
        (true, true) => Verdict::Pass,
        (false, false) if gate.comparison != Comparison::Equal || !bound_inside => Verdict::Fail,
        _ => Verdict::Undecided,
    }
}

/// A value as people read it: shares in percent, times in seconds.
fn shown(value: f64, gate: &Gate) -> String {
    let unit = match gate.statistic {
        Statistic::ShareWithin(_) => "share",
        Statistic::Count => "",
        _ => gate.figure.unit(),
    };
    match unit {
        "share" => format!("{:.2}%", value * 100.0),
        "s" if value.abs() < 1.0 => format!("{:.1} ms", value * 1000.0),
        "s" if value.abs() < 120.0 => format!("{value:.2} s"),
        "s" => format!("{:.2} min", value / 60.0),
        _ if gate.figure == Figure::Throughput => format!("{value:.1}/s"),
        _ => format!("{value:.2}"),
    }
}

/// `--accept-undecided`: lets the point estimate decide what is undecided.
pub fn accept_undecided(record: GateRecord, gate: &Gate) -> GateRecord {
    let (Verdict::Undecided, Some(point)) = (record.verdict, record.estimate) else {
        return record;
    };
    let passes = gate.comparison.holds(point, gate.bound);
    GateRecord {
        verdict: if passes { Verdict::Pass } else { Verdict::Fail },
        reason: format!("{}; decided by the point estimate as asked", record.reason),
        ..record
    }
}

/// The worst verdict, in the order of exit codes: invalid, undecided, fail,
/// pass. Without gates: pass.
pub fn worst<'g>(records: impl IntoIterator<Item = &'g GateRecord>) -> Verdict {
    let rank = |verdict: &Verdict| match verdict {
        Verdict::Pass => 0,
        Verdict::Fail => 1,
        Verdict::Undecided => 2,
        Verdict::Invalid => 3,
    };
    records
        .into_iter()
        .map(|record| record.verdict)
        .max_by_key(rank)
        .unwrap_or(Verdict::Pass)
}

/// How the command's work ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Everything ran.
    Complete,
    /// Ctrl-C: partial results.
    Interrupted,
    /// Something failed, an unreachable target among it.
    Broken,
}

/// What the command exits with: 130 interrupted, 1 broken, 5 something lost
/// (the gate `nothing_lost` failed), 4 undecided or invalid, 3 a gate failed,
/// 0 all passed; the first that holds.
pub fn exit_code<'g>(ending: Ending, records: impl IntoIterator<Item = &'g GateRecord>) -> u8 {
    let records: Vec<&GateRecord> = records.into_iter().collect();
    let lost =
        |record: &&GateRecord| record.name == NOTHING_LOST && record.verdict == Verdict::Fail;
    match (ending, worst(records.iter().copied())) {
        (Ending::Interrupted, _) => 130,
        (Ending::Broken, _) => 1,
        (Ending::Complete, _) if records.iter().any(lost) => 5,
        (Ending::Complete, Verdict::Undecided | Verdict::Invalid) => 4,
        (Ending::Complete, Verdict::Fail) => 3,
        (Ending::Complete, Verdict::Pass) => 0,
    }
}
