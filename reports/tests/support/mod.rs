//! A sample run with numbers of the size of a real one: a smart branch of three
//! channels over sixteen half hours, its load and its reconciliation. Only the
//! drawing is under test, so the numbers need be plausible, not simulated.
#![allow(dead_code, reason = "each test and the example take what they need")]

use reports::RunData;
use scenarios::gate::Verdict;
use scenarios::model::{Label, Mark};
use scenarios::summary::{
    AssumptionRecord, Effect, FailureCount, GateRecord, LoadRecord, LoadSecond, Minutes, MissPart,
    Misses, Reconciliation, RunRecord, ScenarioRecord, Status, Summary,
};
use serde_json::{Map, Value, json};

/// Share of the day's arrivals in each half hour.
const PROFILE: [f64; 16] = [
    0.06, 0.08, 0.10, 0.09, 0.085, 0.075, 0.05, 0.04, 0.035, 0.045, 0.06, 0.07, 0.07, 0.06, 0.045,
    0.035,
];

fn label(en: &str, zh: &str) -> Label {
    Label {
        en: en.to_owned(),
        zh: zh.to_owned(),
    }
}

fn clock(index: usize) -> String {
    let minutes = 540 + index * 30;
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// A row with every column, those not given null.
pub fn row(
    figure: &str,
    unit: &str,
    names: &[(&str, &str)],
    numbers: &[(&str, f64)],
) -> Map<String, Value> {
    let mut row = Map::new();
    row.insert("figure".into(), json!(figure));
    for dimension in [
        "branch",
        "channel",
        "service",
        "segment",
        "resource",
        "operation",
        "interval",
    ] {
        let name = names.iter().find(|(known, _)| *known == dimension);
        row.insert(dimension.into(), json!(name.map_or("*", |(_, name)| name)));
    }
    row.insert("unit".into(), json!(unit));
    for column in [
        "count",
        "mean",
        "mean_low",
        "mean_high",
        "sd",
        "min",
        "p50",
        "p90",
        "p95",
        "p99",
        "max",
        "share_within_300s",
        "share_within_300s_low",
        "share_within_300s_high",
    ] {
        let number = numbers.iter().find(|(known, _)| *known == column);
        row.insert(
            column.into(),
            number.map_or(Value::Null, |(_, number)| json!(number)),
        );
    }
    row
}

fn with_interval(mean: f64, half: f64) -> Vec<(&'static str, f64)> {
    vec![
        ("mean", mean),
        ("mean_low", (mean - half).max(0.0)),
        ("mean_high", mean + half),
    ]
}

fn times(mean: f64, half: f64, share: f64) -> Vec<(&'static str, f64)> {
    let mut numbers = with_interval(mean, half);
    numbers.extend([
        ("count", 40_801.0),
        ("sd", mean * 0.4),
        ("p50", mean * 0.93),
        ("p90", mean * 1.42),
        ("p95", mean * 1.62),
        ("p99", mean * 2.1),
        ("share_within_300s", share),
        ("share_within_300s_low", share - 0.005),
        ("share_within_300s_high", share + 0.005),
    ]);
    numbers
}

/// `(channel, arrivals a day, wait, service, review, fallback, share within 300 s)`.
const CHANNELS: [(&str, f64, f64, f64, f64, f64, f64); 3] = [
    ("kiosk", 204.0, 3.6, 192.0, 20.4, 16.1, 0.871),
    ("counter", 81.0, 26.4, 270.0, 0.0, 0.0, 0.642),
    ("vip", 15.0, 268.0, 718.0, 0.0, 0.0, 0.181),
];

fn branch_figures(kept: bool) -> Vec<Map<String, Value>> {
    let mut rows = Vec::new();
    let mut push = |figure: &str, unit: &str, names: &[(&str, &str)], numbers: &[(&str, f64)]| {
        rows.push(row(figure, unit, names, numbers));
    };
    let slower = if kept { 1.0 } else { 1.125 };
    let fewer = if kept { 0.0 } else { 0.123 };
    for names in [vec![], vec![("branch", "east-gate")]] {
        push(
            "arrivals",
            "customers/day",
            &names,
            &with_interval(300.2, 2.4),
        );
        push(
            "served",
            "customers/day",
            &names,
            &with_interval(299.8, 2.4),
        );
        push(
            "abandoned",
            "customers/day",
            &names,
            &with_interval(0.41, 0.09),
        );
        push(
            "fallback_customers",
            "customers/day",
            &names,
            &with_interval(8.5, 0.4),
        );
        push("wait", "s", &names, &times(23.4, 1.1, 0.981));
        push("service", "s", &names, &times(239.0 * slower, 1.2, 0.80));
        push(
            "time_in_branch",
            "s",
            &names,
            &times(288.0 * slower, 1.9, 0.774 - fewer),
        );
        push(
            "people_in_branch",
            "people",
            &names,
            &with_interval(3.02, 0.04),
        );
        push("overtime", "s", &names, &with_interval(312.0, 21.0));
    }
    for (channel, arrivals, wait, service, review, fallback, share) in CHANNELS {
        let names = [("channel", channel)];
        let service = if channel == "kiosk" {
            service * slower
        } else {
            service
        };
        push(
            "arrivals",
            "customers/day",
            &names,
            &with_interval(arrivals, 1.9),
        );
        push("wait", "s", &names, &times(wait, wait * 0.06, 0.99));
        push("service", "s", &names, &times(service, 1.4, share));
        push("review", "s", &names, &times(review, 0.3, 1.0));
        push("system", "s", &names, &times(0.0041, 0.0002, 1.0));
        push("fallback", "s", &names, &times(fallback, 0.8, 1.0));
        let kiosk = if channel == "kiosk" { fewer } else { 0.0 };
        push(
            "time_in_branch",
            "s",
            &names,
            &times(wait + service + review + fallback, 1.6, share - kiosk),
        );
    }
    for (segment, wait) in [("retail", 9.8), ("vip", 268.0), ("corporate", 24.0)] {
        push(
            "wait",
            "s",
            &[("segment", segment)],
            &times(wait, wait * 0.07, 0.95),
        );
        push(
            "time_in_branch",
            "s",
            &[("segment", segment)],
            &times(wait + 240.0, 3.0, 0.8),
        );
    }
    for service in [
        "card_opening",
        "query",
        "transfer",
        "ebanking_signup",
        "report_loss",
        "lift_loss",
        "cash",
    ] {
        push("wait", "s", &[("service", service)], &times(4.4, 0.4, 0.99));
        push(
            "time_in_branch",
            "s",
            &[("service", service)],
            &times(228.0, 2.2, 0.86),
        );
    }
    for (resource, occupancy, queue) in [
        ("kiosk", 0.313, 0.021),
        ("cash", 0.291, 0.077),
        ("vip", 0.376, 0.14),
        ("lobby_manager", 0.129, 0.002),
    ] {
        push(
            "occupancy",
            "share",
            &[("resource", resource)],
            &with_interval(occupancy, 0.006),
        );
        push(
            "queue_length",
            "people",
            &[("resource", resource)],
            &with_interval(queue, queue * 0.1),
        );
    }
    for (index, weight) in PROFILE.iter().enumerate() {
        let start = clock(index);
        let interval = start.as_str();
        let busy = weight / 0.1;
        let names = [("branch", "east-gate"), ("interval", interval)];
        push(
            "arrivals",
            "customers/day",
            &names,
            &with_interval(300.0 * weight, 0.7),
        );
        push(
            "queue_length",
            "people",
            &names,
            &with_interval(0.9 * busy.powi(3), 0.06 + 0.08 * busy),
        );
        push("wait", "s", &names, &times(60.0 * busy.powi(3), 6.0, 0.97));
        push(
            "occupancy",
            "share",
            &[("resource", "kiosk"), ("interval", interval)],
            &with_interval(0.5 * busy, 0.02),
        );
        push(
            "occupancy",
            "share",
            &[("resource", "cash"), ("interval", interval)],
            &with_interval(0.45 * busy, 0.02),
        );
        for (channel, _, wait, service, review, fallback, share) in CHANNELS {
            let names = [("channel", channel), ("interval", interval)];
            let wait = wait * busy.powi(2) * 1.6;
            let share = share + 0.02 - 0.05 * busy - if kept { 0.0 } else { 0.12 };
            let mut numbers = times(service + review + fallback + wait, 4.0, share);
            numbers.retain(|(column, _)| !column.starts_with("share_within_300s_"));
            numbers.push((
                "share_within_300s_low",
                share - 0.012 / weight.sqrt() * 0.25,
            ));
            numbers.push((
                "share_within_300s_high",
                (share + 0.012 / weight.sqrt() * 0.25).min(1.0),
            ));
            push("time_in_branch", "s", &names, &numbers);
            push("wait", "s", &names, &times(wait, 0.4 + wait * 0.15, 0.98));
        }
    }
    rows
}

fn load_figures() -> Vec<Map<String, Value>> {
    let mut rows = Vec::new();
    let latency = |count: f64, base: f64| {
        let mut numbers = vec![
            ("count", count),
            ("mean", base * 1.2),
            ("p50", base),
            ("p90", base * 1.9),
            ("max", base * 9.4),
        ];
        if count >= 200.0 {
            numbers.push(("p95", base * 2.3));
        }
        if count >= 1000.0 {
            numbers.push(("p99", base * 4.1));
        }
        numbers
    };
    rows.push(row("latency", "s", &[], &latency(39_412.0, 0.0031)));
    rows.push(row("service_latency", "s", &[], &latency(39_412.0, 0.0028)));
    rows.push(row("generator_lag", "s", &[], &latency(39_412.0, 0.000_07)));
    rows.push(row("throughput", "1/s", &[], &[("mean", 656.4)]));
    rows.push(row(
        "errors",
        "share",
        &[],
        &[("count", 39_412.0), ("mean", 0.000_05)],
    ));
    for (operation, count, base) in [
        ("balance_query", 15_220.0, 0.0021),
        ("history_query", 7_411.0, 0.0029),
        ("log_in", 7_902.0, 0.0033),
        ("transfer_own_bank", 6_120.0, 0.0052),
        ("transfer_other_bank", 2_410.0, 0.0055),
        ("identity_check", 211.0, 0.0024),
        ("open_card", 58.0, 0.0061),
        ("deposit", 80.0, 0.0050),
    ] {
        rows.push(row(
            "latency",
            "s",
            &[("operation", operation)],
            &latency(count, base),
        ));
    }
    rows
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
            "nothing_lost",
            Verdict::Pass,
            [Some(0.0), None, None, Some(0.0)],
            "every acknowledged operation was found exactly once",
        ),
        gate(
            "generator_kept_up",
            "p99(generator_lag) <= 10ms",
            Verdict::Pass,
            [Some(0.000_29), None, None, Some(0.01)],
            "the generator sent its operations on time",
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
                operations: 640 + u64::from(second % 7) * 5,
                p50: Some(0.0029 * wave),
                p99: (second % 13 != 5).then_some(0.0125 * wave * stall),
                max: Some(0.031 * wave * stall),
            }
        })
        .collect();
    LoadRecord {
        model: "open".to_owned(),
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
        left_out: ["bill_payment", "wealth_view", "mall"]
            .map(str::to_owned)
            .to_vec(),
        failures: vec![FailureCount {
            what: "transfer_own_bank: connection closed before the answer".to_owned(),
            count: 2,
        }],
        over_time,
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
        question: "Does the smart branch keep the five-minute promise in the 10 o'clock peak?"
            .to_owned(),
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
            bank_effect: vec![
                effect(
                    "time_in_branch",
                    "mean",
                    "channel:kiosk",
                    [232.1, 232.104, 0.0038, 0.0044],
                ),
                effect(
                    "time_in_branch",
                    "share_within_300s",
                    "channel:kiosk",
                    [0.8712, 0.8711, -0.0002, 0.0001],
                ),
                effect("wait", "mean", "*", [23.4, 23.402, -0.001, 0.006]),
                effect(
                    "time_in_branch",
                    "mean",
                    "service:card_opening",
                    [241.0, 241.02, 0.012, 0.029],
                ),
            ],
            load: Some(load()),
            reconciliation: Some(Reconciliation {
                reconciled: true,
                acknowledged: 8_712,
                found_once: 8_712,
                unknown_found: 3,
                ledger_sum: "0.00".to_owned(),
                discrepancies: Vec::new(),
            }),
            warnings: vec![
                "3 operations of the mobile mix are left out; the rest was renormalised".to_owned(),
            ],
        },
        run: RunRecord {
            version: "0.1.0".to_owned(),
            started: "2026-06-09T08:30:00+08:00".to_owned(),
            phases: [
                ("simulate", 4.2),
                ("prepare", 2.1),
                ("load", 60.4),
                ("reconcile", 1.3),
                ("simulate_again", 4.4),
            ]
            .map(|(name, seconds)| (name.to_owned(), seconds))
            .to_vec(),
            threads: 2,
            host: "planner-desk, Linux 6.12, 2 processors".to_owned(),
            bank_data: Some("bank".to_owned()),
        },
    }
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

/// A simulation alone: no load sections.
pub fn simulation() -> RunData {
    let mut run = whole_run(false);
    run.summary.command = "simulate".to_owned();
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
    run.summary.scenario.name = "traditional-branch".to_owned();
    run.summary.scenario.question =
        "How long did customers wait before the smart terminals came?".to_owned();
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

/// Panics unless every tag closes in order and no text holds a bare `<` or `&`.
pub fn assert_well_formed(xml: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = xml;
    while let Some((text, after)) = rest.split_once('<') {
        assert_entities(text);
        let (tag, after) = after.split_once('>').expect("a tag that ends");
        assert!(!tag.contains('<'), "a tag within a tag: {tag}");
        let name = tag
            .trim_start_matches('/')
            .split([' ', '/'])
            .next()
            .unwrap_or_default();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "tags close in order");
        } else if !tag.ends_with('/') {
            open.push(name);
        }
        assert_eq!(tag.matches('"').count() % 2, 0, "quotes pair up: {tag}");
        assert_entities(tag);
        rest = after;
    }
    assert_entities(rest);
    assert!(open.is_empty(), "left open: {open:?}");
}

fn assert_entities(text: &str) {
    for after in text.split('&').skip(1) {
        let name = after.split_once(';').map_or("", |(name, _)| name);
        assert!(
            ["amp", "lt", "gt", "quot", "apos", "#39"].contains(&name),
            "a bare & in {text}"
        );
    }
    let control = |character: char| character.is_control() && !matches!(character, '\n' | '\t');
    assert!(!text.contains(control), "a control character");
}
