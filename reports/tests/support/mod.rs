//! A sample run with numbers of the size of a real one: a smart branch of three
//! channels over sixteen half hours, its load and its reconciliation. Only the
//! drawing is under test, so the numbers need be plausible, not simulated.
#![allow(dead_code, reason = "each test and the example take what they need")]

pub mod figures;
pub mod well_formed;

use figures::{CHANNELS, branch_figures, load_figures};
use reports::RunData;
use scenarios::gate::Verdict;
use scenarios::model::{Label, Mark};
use scenarios::regression::{Compared, RunFigures};
use scenarios::summary::{
    AssumptionRecord, ComparedRecord, Counterexample, Discrepancy, Effect, FailureCount, Fix,
    GateRecord, Headcount, LoadRecord, LoadSecond, Minutes, MissPart, Misses, OutletPromise,
    OutletRecord, Outlets, PairRecord, Reconciliation, RegressionRecord, RunRecord, ScenarioRecord,
    Status, Summary,
};
use serde_json::json;

fn label(en: &str, zh: &str) -> Label {
    Label {
        en: en.to_owned(),
        zh: zh.to_owned(),
    }
}

fn gate(
    name: &str,
    gate: &str,
    verdict: Verdict,
    found: [Option<f64>; 4],
    reason: &str,
) -> GateRecord {
    let [estimate, low, high, bound] = found;
    GateRecord {
        name: name.to_owned(),
        gate: gate.to_owned(),
        verdict,
        estimate,
        low,
        high,
        bound,
        reason: reason.to_owned(),
    }
}

fn gates(kept: bool) -> Vec<GateRecord> {
    let promise = "share_within(time_in_branch{channel=kiosk}, 5min) >= 80%";
    let promised = if kept {
        gate(
            "promise",
            promise,
            Verdict::Pass,
            [Some(0.871), Some(0.866), Some(0.876), Some(0.8)],
            "the whole interval lies at or above the bound",
        )
    } else {
        gate(
            "promise",
            promise,
            Verdict::Fail,
            [Some(0.748), Some(0.743), Some(0.753), Some(0.8)],
            "the whole interval lies below the bound",
        )
    };
    vec![
        promised,
        gate(
            "counter_wait",
            "mean(wait{channel=counter}) <= 3min",
            Verdict::Pass,
            [Some(26.4), Some(24.8), Some(28.0), Some(180.0)],
            "the whole interval lies at or below the bound",
        ),
        gate(
            "vip_wait",
            "p90(wait{segment=vip}) <= 15min",
            Verdict::Undecided,
            [Some(902.0), Some(871.0), Some(934.0), Some(900.0)],
            "the interval straddles the bound: more replications are needed",
        ),
        gate(
            "fast_bank",
            "p99(latency) <= 50ms",
            Verdict::Pass,
            [Some(0.0127), None, None, Some(0.05)],
            "below the bound",
        ),
        gate(
            "nothing_lost",
            "every acknowledged operation is in the bank exactly once",
            Verdict::Pass,
            [None; 4],
            "all 8712 acknowledged operations are in the bank exactly once; the ledger sums to 0.00",
        ),
        gate(
            "generator_kept_up",
            "the load generator sent every operation when it was due",
            Verdict::Pass,
            [None; 4],
            "every operation was sent when it was due",
        ),
    ]
}

fn misses(kept: bool) -> Misses {
    let parts: [(&str, u64, f64); 5] = if kept {
        [
            ("service", 3_012, 341.0),
            ("wait", 96, 22.0),
            ("review", 812, 71.0),
            ("system", 0, 0.004),
            ("fallback", 1_343, 160.0),
        ]
    } else {
        [
            ("service", 7_904, 374.0),
            ("wait", 131, 18.0),
            ("review", 1_204, 58.0),
            ("system", 0, 0.004),
            ("fallback", 1_043, 104.0),
        ]
    };
    let missed: u64 = parts.iter().map(|(_, count, _)| count).sum();
    Misses {
        promise: "share_within(time_in_branch{channel=kiosk}, 5min) >= 80%".to_owned(),
        threshold_seconds: 300.0,
        customers: 40_801,
        missed,
        by_part: parts
            .iter()
            .map(|(part, count, mean)| MissPart {
                part: (*part).to_owned(),
                missed: *count,
                share: *count as f64 / missed as f64,
                mean_seconds: *mean,
            })
            .collect(),
        finding: label(
            "Service, not waiting, is why: most of those who missed needed more than 5 min of service alone.",
            "原因在办理时间，而非等候：多数未达标客户仅办理时间就超过 5 分钟。",
        ),
    }
}

fn minutes(kept: bool) -> Vec<Minutes> {
    let slower = if kept { 1.0 } else { 1.125 };
    let mut rows: Vec<Minutes> = CHANNELS
        .iter()
        .map(|(channel, arrivals, wait, service, review, fallback, _)| {
            let service = if *channel == "kiosk" {
                service * slower
            } else {
                *service
            };
            Minutes {
                channel: (*channel).to_owned(),
                customers: (arrivals * 200.0) as u64,
                wait: *wait,
                service,
                review: *review,
                system: 0.0041,
                fallback: *fallback,
                time_in_branch: wait + service + review + 0.0041 + fallback,
            }
        })
        .collect();
    rows.push(Minutes {
        channel: "*".to_owned(),
        customers: 59_960,
        wait: 23.4,
        service: 239.0 * slower,
        review: 13.9,
        system: 0.004,
        fallback: 11.0,
        time_in_branch: 23.4 + 239.0 * slower + 13.9 + 0.004 + 11.0,
    });
    rows
}

/// A paired difference.
pub fn effect(figure: &str, statistic: &str, population: &str, numbers: [f64; 4]) -> Effect {
    let [first, second, low, high] = numbers;
    Effect {
        figure: figure.to_owned(),
        statistic: statistic.to_owned(),
        population: population.to_owned(),
        first,
        second,
        difference: second - first,
        low,
        high,
        paired: true,
    }
}

fn load() -> LoadRecord {
    let over_time = (0..60)
        .map(|second: u32| {
            let wave = 1.0 + 0.4 * (f64::from(second) * 0.7).sin();
            let stall = if second == 37 { 24.0 } else { 1.0 };
            LoadSecond {
                second,
                seconds: 1,
                operations: 640 + u64::from(second % 7) * 5,
                answered: 640 + u64::from(second % 7) * 5,
                succeeded: 635 + u64::from(second % 7) * 5,
                p50: Some(0.0029 * wave),
                p99: (second % 13 != 5).then_some(0.0125 * wave * stall),
                max: Some(0.031 * wave * stall),
            }
        })
        .collect();
    LoadRecord {
        model: "capped_open".to_owned(),
        system: None,
        target_hash: None,
        from: "10:00".to_owned(),
        to: "10:30".to_owned(),
        speed: 30.0,
        volume: 1.0,
        connections: 256,
        seconds: 60.0,
        planned: 39_418,
        succeeded: 39_102,
        refused: 310,
        failed: 2,
        timed_out: 0,
        not_sent: 0,
        unknown: 4,
        offered_per_second: 657.0,
        achieved_per_second: 656.4,
        succeeded_per_second: 651.2,
        http: "1.1".to_owned(),
        left_out: ["bill_payment (5)", "wealth_view (6)", "mall (4)"]
            .map(str::to_owned)
            .to_vec(),
        failures: vec![FailureCount {
            what: "transfer_own_bank: connection closed before the answer".to_owned(),
            count: 2,
        }],
        over_time,
        limit: None,
    }
}

fn scenario(kept: bool) -> ScenarioRecord {
    let labels = [
        ("branch:east-gate", "East Gate branch", "东门支行"),
        ("channel:vip", "VIP desk", "贵宾窗口"),
        ("segment:retail", "retail customer", "个人客户"),
        ("segment:vip", "VIP customer", "贵宾客户"),
        ("segment:corporate", "corporate customer", "对公客户"),
        ("service:card_opening", "card opening", "开卡"),
        ("service:query", "query", "查询"),
        ("service:transfer", "transfer", "转账"),
        (
            "service:ebanking_signup",
            "e-banking sign-up",
            "电子银行签约",
        ),
        ("service:report_loss", "loss report", "挂失"),
        ("service:lift_loss", "lifting a loss report", "解挂"),
        ("service:cash", "cash at the counter", "现金业务"),
        ("resource:kiosk", "smart terminals", "智能终端"),
        ("resource:cash", "cash counters", "高柜"),
        ("resource:vip", "VIP window", "贵宾窗口"),
        ("resource:lobby_manager", "lobby managers", "大堂经理"),
    ];
    let assumption = |about: &str, value: &str, mark, because: &str| AssumptionRecord {
        about: about.to_owned(),
        value: value.to_owned(),
        mark,
        because: because.to_owned(),
    };
    ScenarioRecord {
        name: if kept {
            "smart-branch"
        } else {
            "smart-branch-slow-kiosk"
        }
        .to_owned(),
        question: label(
            "Does the smart branch keep the five-minute promise in the 10 o'clock peak?",
            "上午十点高峰时段，智慧网点能否兑现五分钟的服务承诺？",
        ),
        hash: "5f0c9e5f7f1b9b0e0a4f3c1d2e8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f00".to_owned(),
        seed: 20_260_609,
        replications: 200,
        branch: "east-gate".to_owned(),
        date: "2026-06-09".to_owned(),
        open: "09:00".to_owned(),
        close: "17:00".to_owned(),
        labels: labels
            .iter()
            .map(|(key, en, zh)| ((*key).to_owned(), label(en, zh)))
            .collect(),
        definitions: std::collections::BTreeMap::new(),
        assumptions: vec![
            assumption(
                "resources.kiosk.capacity",
                "5",
                Mark::Sourced,
                "4.9 smart terminals per outlet in the bank's annual report",
            ),
            assumption(
                "segments.retail.share",
                "0.68",
                Mark::Derived,
                "from the published replacement rate of counter business",
            ),
            assumption(
                "journeys.kiosk.time",
                "{ mean = \"3.2min\", cv = 0.30 }",
                Mark::Assumed,
                "chosen within the published range of 2 to 5 minutes",
            ),
            assumption(
                "arrivals.total",
                "300",
                Mark::Assumed,
                "a middling city outlet",
            ),
        ],
    }
}

/// Every difference that a bank of 4 ms makes to every population, most of them none.
fn bank_effect() -> Vec<Effect> {
    let populations = [
        "*",
        "channel:counter",
        "channel:kiosk",
        "channel:vip",
        "segment:retail",
        "segment:vip",
        "service:card_opening",
        "service:query",
        "service:transfer",
        "service:cash",
    ];
    let figures: [(&str, &str, [f64; 4]); 11] = [
        ("time_in_branch", "mean", [232.1, 232.104_1, 0.0038, 0.0044]),
        ("wait", "mean", [23.4, 23.400_001, -0.000_011, 0.000_02]),
        ("service", "mean", [192.0, 192.0, 0.0, 0.0]),
        ("review", "mean", [13.9, 13.899_999, -0.000_005, 0.000_001]),
        ("system", "mean", [0.0, 0.0041, 0.0040, 0.0042]),
        ("fallback", "mean", [11.0, 11.0, 0.0, 0.0]),
        (
            "time_in_branch",
            "share_within_300s",
            [0.8712, 0.8711, -0.0002, 0.0001],
        ),
        ("wait", "share_within_300s", [0.98, 0.98, 0.0, 0.0]),
        ("arrivals", "mean", [299.8, 299.8, 0.0, 0.0]),
        ("served", "mean", [299.5, 299.5, 0.0, 0.0]),
        ("abandoned", "mean", [0.3, 0.3, 0.0, 0.0]),
    ];
    populations
        .iter()
        .flat_map(|population| {
            figures
                .map(|(figure, statistic, numbers)| effect(figure, statistic, population, numbers))
        })
        .collect()
}

/// A whole run; with `kept` false, one that breaks its promise.
pub fn whole_run(kept: bool) -> RunData {
    let mut figures = branch_figures(kept);
    figures.extend(load_figures());
    RunData {
        summary: Summary {
            schema: scenarios::summary::SCHEMA.to_owned(),
            command: "run".to_owned(),
            status: Status::Complete,
            verdict: if kept {
                Verdict::Undecided
            } else {
                Verdict::Fail
            },
            exit_code: if kept { 4 } else { 3 },
            scenario: scenario(kept),
            figures,
            gates: gates(kept),
            misses: Some(misses(kept)),
            minutes: minutes(kept),
            outlets: None,
            bank_effect: bank_effect(),
            assumed_at_first: Vec::new(),
            load: Some(load()),
            reconciliation: Some(Reconciliation {
                reconciled: true,
                acknowledged: 8_712,
                found_once: 8_712,
                unknown_found: 3,
                ledger_sum: "0.00".to_owned(),
                counterexample: None,
                discrepancies: Vec::new(),
            }),
            regression: None,
            warnings: vec![label(
                "Not played in this window, so simulated without latency: loss report.",
                "所回放的时段内没有以下操作，模拟时按无时延处理：挂失。",
            )],
        },
        run: RunRecord {
            version: "0.1.0".to_owned(),
            started: "2026-06-09T08:30:00+08:00".to_owned(),
            phases: [
                ("simulating with a bank that answers at once", 0.42),
                ("starting the bank", 0.02),
                ("loading the bank", 60.4),
                ("reading the bank's books", 1.3),
                ("simulating with the measured latencies", 0.44),
            ]
            .map(|(name, seconds)| (name.to_owned(), seconds))
            .to_vec(),
            threads: 2,
            host: "planner-desk, Linux 6.12, 2 processors".to_owned(),
            machine: None,
            baseline: None,
            bank_data: Some("bank".to_owned()),
        },
    }
}

/// What was tried in an outlet.
fn fix(resource: Option<&str>, more: u32, verdict: Verdict, share: f64) -> Fix {
    Fix {
        resource: resource.map(str::to_owned),
        more,
        verdict,
        share: Some(share),
        low: Some(share - 0.01),
        high: Some(share + 0.01),
        cost_per_day: resource.map(|_| 72.0 * f64::from(more)),
    }
}

/// An outlet of five terminals and three counters.
fn record(
    branch: &str,
    verdict: Verdict,
    share: f64,
    missed: [u64; 5],
    fix: Option<Fix>,
) -> OutletRecord {
    let all: u64 = missed.iter().sum();
    let parts = ["service", "wait", "review", "system", "fallback"];
    OutletRecord {
        branch: branch.to_owned(),
        verdict,
        arrivals: 900.0 * share,
        share: Some(share),
        low: Some(share - 0.012),
        high: Some(share + 0.012),
        customers: 10_000,
        missed: all,
        by_part: parts
            .iter()
            .zip(missed)
            .map(|(part, missed)| MissPart {
                part: (*part).to_owned(),
                missed,
                share: missed as f64 / all.max(1) as f64,
                mean_seconds: 120.0,
            })
            .collect(),
        servers: [("kiosk".to_owned(), 5), ("cash".to_owned(), 3)].into(),
        fix,
    }
}

/// Four outlets that miss the promise, each in its own way, and four others.
pub fn outlets() -> Outlets {
    let ranking = vec![
        record(
            "north",
            Verdict::Fail,
            0.512,
            [1400, 3000, 200, 0, 280],
            Some(fix(Some("kiosk"), 1, Verdict::Pass, 0.842)),
        ),
        record(
            "harbour",
            Verdict::Fail,
            0.561,
            [1000, 3100, 150, 0, 140],
            Some(fix(Some("kiosk"), 3, Verdict::Fail, 0.701)),
        ),
        record(
            "village",
            Verdict::Fail,
            0.633,
            [3300, 140, 100, 30, 100],
            Some(fix(None, 0, Verdict::Fail, 0.634)),
        ),
        record(
            "market",
            Verdict::Fail,
            0.742,
            [900, 100, 80, 0, 1500],
            None,
        ),
        record(
            "station",
            Verdict::Undecided,
            0.801,
            [900, 800, 290, 0, 0],
            None,
        ),
        record(
            "old-town",
            Verdict::Pass,
            0.853,
            [900, 300, 270, 0, 0],
            None,
        ),
        record("west", Verdict::Pass, 0.871, [900, 200, 190, 0, 0], None),
        OutletRecord {
            share: None,
            low: None,
            high: None,
            ..record("empty", Verdict::Invalid, 0.0, [0; 5], None)
        },
    ];
    Outlets {
        branches: 8,
        headcount: vec![
            Headcount {
                resource: "kiosk".to_owned(),
                servers: 40,
                hours_per_day: 320.0,
                cost_per_day: Some(2880.0),
                shared: false,
            },
            Headcount {
                resource: "centre".to_owned(),
                servers: 6,
                hours_per_day: 48.0,
                cost_per_day: None,
                shared: true,
            },
        ],
        promise: Some(OutletPromise {
            promise: "share_within(time_in_branch{channel=kiosk}, 5min) >= 80%".to_owned(),
            threshold_seconds: 300.0,
            bound: 0.8,
            kept: 2,
            missed: 4,
            undecided: 1,
            without_customers: 1,
            ranking,
        }),
    }
}

/// A run of a region that breaks its promise.
pub fn region_run() -> RunData {
    let mut run = whole_run(false);
    run.summary.outlets = Some(outlets());
    run
}

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
