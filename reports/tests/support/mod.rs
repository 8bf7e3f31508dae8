//! A sample run with numbers of the size of a real one: a smart branch of three
//! channels over sixteen half hours, its load and its reconciliation. Only the
//! drawing is under test, so the numbers need be plausible, not simulated.
#![allow(
    dead_code,
    unused_imports,
    reason = "each test and the example take what they need"
)]

pub mod figures;
mod outlets;
mod variants;
pub mod well_formed;

pub use outlets::region_run;
pub use variants::*;

use figures::{CHANNELS, branch_figures, load_figures};
use reports::RunData;
use scenarios::gate::Verdict;
use scenarios::model::{Label, Mark};
use scenarios::summary::{
    AssumptionRecord, Effect, FailureCount, GateRecord, LoadRecord, LoadSecond, Minutes, MissPart,
    Misses, Reconciliation, RunRecord, ScenarioRecord, Status, Summary,
};

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
