//! From figures to an exit code: which gates apply to what was measured, the two
//! that are always on with load, and what wins when several things went wrong.

use crate::exit::PASSED;
use crate::interrupt::INTERRUPTED;
use scenarios::figure::FigureTable;
use scenarios::gate::{Judging, Verdict};
use scenarios::model::Scenario;
use scenarios::summary::{GateRecord, Reconciliation, Status};

/// A gate failed or a regression was found.
const GATE_FAILED: u8 = 3;
/// The run could not decide.
const UNDECIDED: u8 = 4;
/// Something acknowledged was lost, doubled or invented.
const NOT_RECONCILED: u8 = 5;

/// Name of the gate on reconciliation.
pub const NOTHING_LOST: &str = "nothing_lost";
/// Name of the gate on the generator's own lag.
pub const GENERATOR_KEPT_UP: &str = "generator_kept_up";

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
    fn covers(self, figure: scenarios::figure::Figure) -> bool {
        match self {
            Self::Both => true,
            Self::Simulation => !figure.is_of_load(),
            Self::Load => figure.is_of_load(),
        }
    }
}

/// Judges the scenario's gates on what was measured. The names of those that
/// this command does not measure come back beside the records.
pub fn gates(
    scenario: &Scenario,
    table: &FigureTable,
    measured: Measured,
    judging: Judging,
) -> (Vec<GateRecord>, Vec<String>) {
    let (applying, left_out): (Vec<_>, Vec<_>) = scenario
        .gates
        .iter()
        .partition(|named| measured.covers(named.gate.figure));
    let records = applying
        .iter()
        .map(|named| scenarios::gate::judge(&named.name, &named.gate, table, judging))
        .collect();
    (records, left_out.iter().map(|named| named.name.clone()).collect())
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
            found
                .discrepancies
                .first()
                .map_or_else(|| "the books do not agree".to_owned(), |first| first.what.clone()),
        ),
        None => (
            Verdict::Invalid,
            "the bank's books could not be read after the load".to_owned(),
        ),
    };
    always_on(NOTHING_LOST, "every acknowledged operation is in the bank exactly once", verdict, reason)
}

/// The gate that is always on with load: a generator that lagged measured itself.
pub fn generator_kept_up(problem: Option<&str>) -> GateRecord {
    let (verdict, reason) = match problem {
        None => (Verdict::Pass, "every operation was sent when it was due".to_owned()),
        Some(problem) => (Verdict::Invalid, problem.to_owned()),
    };
    always_on(GENERATOR_KEPT_UP, "the load generator sent every operation when it was due", verdict, reason)
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

/// How the run as a whole ended.
pub struct Ending {
    /// Whether it can be relied on.
    pub status: Status,
    /// The worst of the gates.
    pub verdict: Verdict,
    /// What the command exits with.
    pub exit_code: u8,
}

/// What wins when several things went wrong: 130, 1 (elsewhere), 5, 4, 3.
pub fn ending(interrupted: bool, gates: &[GateRecord]) -> Ending {
    let any = |verdict| gates.iter().any(|gate| gate.verdict == verdict);
    let not_reconciled = gates
        .iter()
        .any(|gate| gate.name == NOTHING_LOST && gate.verdict == Verdict::Fail);
    let generator_lagged = gates
        .iter()
        .any(|gate| gate.name == GENERATOR_KEPT_UP && gate.verdict == Verdict::Invalid);
    let verdict = if not_reconciled {
        Verdict::Fail
    } else if generator_lagged || any(Verdict::Invalid) {
        Verdict::Invalid
    } else if any(Verdict::Undecided) {
        Verdict::Undecided
    } else if any(Verdict::Fail) {
        Verdict::Fail
    } else {
        Verdict::Pass
    };
    let exit_code = if interrupted {
        INTERRUPTED
    } else if not_reconciled {
        NOT_RECONCILED
    } else {
        match verdict {
            Verdict::Invalid | Verdict::Undecided => UNDECIDED,
            Verdict::Fail => GATE_FAILED,
            Verdict::Pass => PASSED,
        }
    };
    let status = if interrupted {
        Status::Partial
    } else if verdict == Verdict::Invalid {
        Status::Invalid
    } else {
        Status::Complete
    };
    Ending { status, verdict, exit_code }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(name: &str, verdict: Verdict) -> GateRecord {
        always_on(name, "", verdict, String::new())
    }

    #[test]
    fn the_gravest_thing_decides_the_exit_code() {
        let code = |interrupted, gates: &[GateRecord]| ending(interrupted, gates).exit_code;
        let failed = gate("promise", Verdict::Fail);
        let undecided = gate("other", Verdict::Undecided);
        let lost = gate(NOTHING_LOST, Verdict::Fail);
        assert_eq!(code(false, &[]), 0);
        assert_eq!(code(false, std::slice::from_ref(&failed)), 3);
        assert_eq!(code(false, &[failed.clone(), undecided.clone()]), 4);
        assert_eq!(code(false, &[failed.clone(), undecided.clone(), lost.clone()]), 5);
        assert_eq!(code(true, &[failed, undecided, lost]), 130);
    }

    #[test]
    fn a_generator_that_lagged_gives_no_verdict_even_when_a_gate_failed() {
        let ended = ending(
            false,
            &[gate("latency", Verdict::Fail), gate(GENERATOR_KEPT_UP, Verdict::Invalid)],
        );
        assert_eq!(ended.exit_code, 4);
        assert_eq!(ended.status, Status::Invalid);
        assert_eq!(ended.verdict, Verdict::Invalid);
    }
}
