//! A server that stands still for a second in every ten, at 2,000 a second: who hides it.

use crate::freezing_server::{Freezes, FreezingServer, quantile};
use crate::ours;
use crate::process::run;
use crate::table;
use scenarios::figure::Figure;
use std::time::Duration;

const OPERATIONS: u32 = 40_000;
const SPACING: Duration = Duration::from_micros(500);

/// Each against a server of its own, once: a freeze is no noise.
pub fn compare(_rounds: usize) {
    let mut rows: Vec<(&str, table::Rounds)> = Vec::new();
    let mut add = |name, figures: Option<[f64; 2]>| {
        let mut rounds = table::Rounds::default();
        if let Some(figures) = figures {
            rounds.add(&figures);
        }
        rows.push((name, rounds));
    };
    let server = freezing();
    add("branchlab", Some(of_ours(&server)));
    let truth = server.log().truth(OPERATIONS, SPACING);
    let millis = |q| quantile(&truth, q).as_secs_f64() * 1e3;
    add("the truth of that run", Some([millis(0.99), millis(0.999)]));
    let oha = ["--no-tui", "-z", "20s", "-c", "100", "-q", "2000"];
    add("oha -q", told("oha", &oha, "99.00% in", "99.90% in"));
    let corrected = [&oha[..], &["--latency-correction"]].concat();
    add(
        "oha -q --latency-correction",
        told("oha", &corrected, "99.00% in", "99.90% in"),
    );
    let hey = ["-z", "20s", "-c", "100", "-q", "20"];
    add("hey -q (tells no 99.9%)", told("hey", &hey, "99% in", ""));
    table::print(
        "A server that stands still for 1 s in every 10 s, 2,000 requests a second for 20 s, ms",
        &["generator", "p99", "p99.9"],
        &rows,
    );
}

fn freezing() -> FreezingServer {
    FreezingServer::start(Some(Freezes {
        first: Duration::from_secs(5),
        period: Duration::from_secs(10),
        length: Duration::from_secs(1),
    }))
}

fn of_ours(server: &FreezingServer) -> [f64; 2] {
    let outcome = ours::freeze(&server.address.to_string());
    [0.99, 0.999].map(|q| ours::quantile(&outcome, Figure::Latency, q) * 1e3)
}

/// What a tool says of these percentiles, in milliseconds.
fn told(tool: &str, arguments: &[&str], p99: &str, p999: &str) -> Option<[f64; 2]> {
    let server = freezing();
    let url = format!("{}/hello", server.base());
    let ran = run(tool, &[arguments, &[&url]].concat())?;
    let after = |words: &str| -> f64 {
        let mut lines = ran.said.lines();
        let line = lines.find(|line| !words.is_empty() && line.contains(words));
        let value = line.and_then(|line| line.split_once(words)?.1.split_whitespace().next());
        value.map_or(f64::NAN, |value| value.parse().unwrap_or(f64::NAN))
    };
    // oha names its unit, hey always tells seconds.
    let unit = if ran.said.contains(" ms") && tool == "oha" {
        1.0
    } else {
        1e3
    };
    Some([after(p99) * unit, after(p999) * unit])
}
