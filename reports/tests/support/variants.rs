//! The sample run otherwise: what other runs, and runs that did not go well, look like.

use super::figures::branch_figures;
use super::{effect, label, whole_run};
use reports::RunData;
use scenarios::gate::Verdict;
use scenarios::regression::{Compared, RunFigures};
use scenarios::summary::{
    ComparedRecord, Counterexample, Discrepancy, Effect, GateRecord, PairRecord, RegressionRecord,
    Status,
};
use serde_json::json;

/// A load whose target costs a tenth more processor time than its baseline.
pub fn compared_run() -> RunData {
    let mut run = passing_run();
    let figure = |figure, verdict, worse: f64| ComparedRecord {
        figure,
        verdict,
        waited_for: figure != Compared::P99,
        margin: if figure == Compared::P99 { 0.25 } else { 0.1 },
        baseline: Some(0.000_2),
        target: Some(0.000_2 * (1.0 + worse)),
        worse: Some(worse),
        low: Some(worse - 0.03),
        high: Some(worse + 0.03),
    };
    run.summary.regression = Some(RegressionRecord {
        baseline: "http://127.0.0.1:3001".to_owned(),
        target: "http://127.0.0.1:3002".to_owned(),
        verdict: Verdict::Fail,
        pairs: 10,
        looks: vec![5, 10, 15],
        margin: 0.1,
        interleaved: true,
        repeated: 2,
        figures: vec![
            figure(Compared::CpuPerOperation, Verdict::Fail, 0.104),
            figure(Compared::P50, Verdict::Pass, 0.01),
            figure(Compared::P99, Verdict::Undecided, -0.2),
        ],
        runs: vec![
            PairRecord {
                baseline_first: true,
                baseline: RunFigures::default(),
                target: RunFigures::default(),
            };
            10
        ],
    });
    run.summary.gates.push(GateRecord {
        name: "no_regression".to_owned(),
        gate: "no figure of the target is worse than its baseline's".to_owned(),
        verdict: Verdict::Fail,
        estimate: None,
        low: None,
        high: None,
        bound: None,
        reason: "after 10 pairs of runs surely worse than the baseline: cpu_per_operation"
            .to_owned(),
    });
    run.summary.verdict = Verdict::Fail;
    run.summary.exit_code = 3;
    run
}

/// The run of the page that shows every gate passing.
pub fn passing_run() -> RunData {
    let mut run = whole_run(true);
    run.summary
        .gates
        .retain(|gate| gate.verdict == Verdict::Pass);
    run.summary.verdict = Verdict::Pass;
    run.summary.exit_code = 0;
    run
}

fn judge(run: &mut RunData, name: &str, verdict: Verdict, reason: &str) {
    let gates = &mut run.summary.gates;
    let gate = gates.iter_mut().find(|gate| gate.name == name);
    let gate = gate.expect("the sample has it");
    gate.verdict = verdict;
    reason.clone_into(&mut gate.reason);
}

/// A run whose bank doubled an operation.
pub fn lost_run() -> RunData {
    let mut run = passing_run();
    let what = "transfer_own_bank of 960.03 from 6200001000000014612 to 6200001000000006923 is there 2 times: records 2368, 2369";
    judge(&mut run, "nothing_lost", Verdict::Fail, what);
    let found = run.summary.reconciliation.as_mut();
    let found = found.expect("the sample was reconciled");
    (found.reconciled, found.found_once) = (false, 8_711);
    found.discrepancies.push(Discrepancy {
        kind: "doubled".to_owned(),
        key: "2136793296aed56a98d0ea381fbda830".to_owned(),
        what: what.to_owned(),
    });
    let operation = "transfer_own_bank of 960.03 from 6200001000000014612 to 6200001000000006923";
    let record = |seq: u32| format!("record {seq}: {operation}, applied");
    found.counterexample = Some(Counterexample {
        kind: "doubled".to_owned(),
        what: what.to_owned(),
        operations: vec![format!("operation 17 of the plan: {operation} succeeded")],
        records: vec![record(2368), record(2369)],
    });
    run.summary.verdict = Verdict::Fail;
    run.summary.exit_code = 5;
    run
}

/// A run whose load generator did not keep up.
pub fn lagging_run() -> RunData {
    let mut run = passing_run();
    for row in &mut run.summary.figures {
        if row["figure"] == "generator_lag" {
            row["p99"] = json!(0.0213);
        }
    }
    let reason = "it started operations up to 21.3 ms late (99th percentile; 2.5 ms are allowed)";
    judge(&mut run, "generator_kept_up", Verdict::Invalid, reason);
    run.summary.status = Status::Invalid;
    run.summary.verdict = Verdict::Invalid;
    run.summary.exit_code = 4;
    run
}

/// A run that was interrupted in its load.
pub fn interrupted_run() -> RunData {
    let mut run = passing_run();
    let reason = "the bank's books were not read after the load";
    judge(&mut run, "nothing_lost", Verdict::Invalid, reason);
    run.summary.reconciliation = None;
    run.summary.bank_effect.clear();
    run.summary.status = Status::Partial;
    run.summary.verdict = Verdict::Invalid;
    run.summary.exit_code = 130;
    run
}

/// A queue in steady state: no clock, no gates, one of everything.
pub fn steady_run() -> RunData {
    let mut run = simulation();
    let summary = &mut run.summary;
    let scenario = &mut summary.scenario;
    "generic-queue".clone_into(&mut scenario.name);
    scenario.question = label(
        "Does the simulated queue agree with Erlang's formula?",
        "模拟得到的排队结果与爱尔朗公式是否一致？",
    );
    "00:00".clone_into(&mut scenario.open);
    "520:00".clone_into(&mut scenario.close);
    scenario.replications = 20;
    scenario.assumptions.clear();
    summary.figures.retain(|row| row["interval"] == "*");
    summary.gates.clear();
    summary.misses = None;
    summary.warnings.clear();
    summary.verdict = Verdict::Pass;
    summary.exit_code = 0;
    run
}

/// A simulation alone: no load sections.
pub fn simulation() -> RunData {
    let mut run = whole_run(false);
    "simulate".clone_into(&mut run.summary.command);
    run.summary.figures = branch_figures(false);
    run.summary.gates.retain(|gate| {
        !["fast_bank", "nothing_lost", "generator_kept_up"].contains(&gate.name.as_str())
    });
    run.summary.bank_effect.clear();
    run.summary.load = None;
    run.summary.reconciliation = None;
    run
}

/// Differences between the sample's two runs.
pub fn differences() -> Vec<Effect> {
    vec![
        effect(
            "time_in_branch",
            "mean",
            "*",
            [1176.0, 288.0, -921.0, -855.0],
        ),
        effect("wait", "mean", "*", [786.0, 23.4, -801.0, -724.0]),
        effect(
            "time_in_branch",
            "share_within_300s",
            "*",
            [0.321, 0.774, 0.431, 0.475],
        ),
        effect("abandoned", "mean", "*", [20.1, 0.41, -21.7, -17.7]),
        effect("wait", "mean", "segment:vip", [66.0, 268.0, 181.0, 223.0]),
        effect("overtime", "mean", "*", [322.0, 312.0, -44.0, 24.0]),
    ]
}

/// The traditional branch, against which the smart one is compared.
pub fn traditional() -> RunData {
    let mut run = simulation();
    "traditional-branch".clone_into(&mut run.summary.scenario.name);
    run.summary.scenario.question = label(
        "How long did customers wait before the smart terminals came?",
        "智能终端上线之前，客户要等多久？",
    );
    for row in &mut run.summary.figures {
        if row["figure"] == "wait" {
            for column in ["mean", "mean_low", "mean_high"] {
                if let Some(value) = row[column].as_f64() {
                    row[column] = json!(value * 20.0 + 200.0);
                }
            }
        }
    }
    for row in &mut run.summary.minutes {
        row.wait = row.wait * 8.0 + 300.0;
        row.time_in_branch = row.wait + row.service + row.review + row.system + row.fallback;
    }
    run
}
