//! The rows of the sample run.

use serde_json::{Map, Value, json};

/// Share of the day's arrivals in each half hour.
const PROFILE: [f64; 16] = [
    0.06, 0.08, 0.10, 0.09, 0.085, 0.075, 0.05, 0.04, 0.035, 0.045, 0.06, 0.07, 0.07, 0.06, 0.045,
    0.035,
];

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
pub const CHANNELS: [(&str, f64, f64, f64, f64, f64, f64); 3] = [
    ("kiosk", 204.0, 3.6, 192.0, 20.4, 16.1, 0.871),
    ("counter", 81.0, 26.4, 270.0, 0.0, 0.0, 0.642),
    ("vip", 15.0, 268.0, 718.0, 0.0, 0.0, 0.181),
];

/// Every row of the branch: totals, populations, intervals.
pub fn branch_figures(kept: bool) -> Vec<Map<String, Value>> {
    let mut rows = totals(kept);
    rows.extend(channels(kept));
    rows.extend(other_populations());
    rows.extend(intervals(kept));
    rows
}

/// How much longer service takes, and how many fewer keep within the threshold,
/// where the promise is broken.
fn broken_by(kept: bool) -> (f64, f64) {
    if kept { (1.0, 0.0) } else { (1.125, 0.123) }
}

fn totals(kept: bool) -> Vec<Map<String, Value>> {
    let (slower, fewer) = broken_by(kept);
    let mut rows = Vec::new();
    let mut push = |figure: &str, unit: &str, names: &[(&str, &str)], numbers: &[(&str, f64)]| {
        rows.push(row(figure, unit, names, numbers));
    };
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
    rows
}

fn channels(kept: bool) -> Vec<Map<String, Value>> {
    let (slower, fewer) = broken_by(kept);
    let mut rows = Vec::new();
    let mut push = |figure: &str, unit: &str, names: &[(&str, &str)], numbers: &[(&str, f64)]| {
        rows.push(row(figure, unit, names, numbers));
    };
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
    rows
}

fn other_populations() -> Vec<Map<String, Value>> {
    let mut rows = Vec::new();
    let mut push = |figure: &str, unit: &str, names: &[(&str, &str)], numbers: &[(&str, f64)]| {
        rows.push(row(figure, unit, names, numbers));
    };
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
    rows
}

fn intervals(kept: bool) -> Vec<Map<String, Value>> {
    let mut rows = Vec::new();
    let mut push = |figure: &str, unit: &str, names: &[(&str, &str)], numbers: &[(&str, f64)]| {
        rows.push(row(figure, unit, names, numbers));
    };
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

/// The rows of the load.
pub fn load_figures() -> Vec<Map<String, Value>> {
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
