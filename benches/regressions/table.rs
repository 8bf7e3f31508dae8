//! The table of the experiment, in Markdown, and the figures of every run.

use crate::comparison::Comparison;
use serde_json::Value;
use std::fmt::Write as _;

const FIGURES: [&str; 5] = ["cpu_per_operation", "p50", "p99", "throughput", "errors"];

/// Counts of verdicts, a line for each kind; and how restless each figure was.
pub fn table(found: &[(&str, Comparison)]) -> String {
    let mut out = String::from(
        "| builds | comparisons | regression | pass | inconclusive | invalid | pairs (mean) | target's processor time | alarms by |\n|---|---:|---:|---:|---:|---:|---:|---:|---|\n",
    );
    for kind in ["identical", "worse"] {
        let of: Vec<&Comparison> = found
            .iter()
            .filter(|(it, _)| *it == kind)
            .map(|(_, comparison)| comparison)
            .collect();
        if of.is_empty() {
            continue;
        }
        let count = |verdict: &str| of.iter().filter(|it| it.verdict == verdict).count();
        let pairs: u64 = of.iter().map(|it| it.pairs).sum();
        let alarms = FIGURES.iter().filter_map(|figure| {
            let count = of
                .iter()
                .filter(|it| it.alarms.iter().any(|alarm| alarm == figure))
                .count();
            (count > 0).then(|| format!("{figure} {count}"))
        });
        let alarms: Vec<String> = alarms.collect();
        let logs: Vec<f64> = of
            .iter()
            .flat_map(|it| differences(it, FIGURES[0]))
            .collect();
        let mean = logs.iter().sum::<f64>() / logs.len().max(1) as f64;
        let _ = writeln!(
            out,
            "| {kind} | {} | {} ({:.1}%) | {} | {} | {} | {:.1} | {:+.1}% | {} |",
            of.len(),
            count("fail"),
            100.0 * count("fail") as f64 / of.len() as f64,
            count("pass"),
            count("undecided"),
            count("invalid"),
            pairs as f64 / of.len() as f64,
            100.0 * mean.exp_m1(),
            alarms.join(", ")
        );
    }
    out += "\nStandard deviation of the differences within pairs (relative):\n";
    for figure in &FIGURES[..4] {
        let centred: Vec<f64> = found
            .iter()
            .flat_map(|(_, it)| {
                let logs = differences(it, figure);
                let mean = logs.iter().sum::<f64>() / logs.len().max(1) as f64;
                logs.into_iter().map(move |log| log - mean)
            })
            .collect();
        let squares: f64 = centred.iter().map(|it| it * it).sum();
        let freedom = centred.len().saturating_sub(found.len()).max(1);
        let deviation = (squares / freedom as f64).sqrt();
        let _ = writeln!(out, "  {figure}: {:.1}%", 100.0 * deviation);
    }
    out
}

/// Logarithms of the target's figure over the baseline's.
fn differences(comparison: &Comparison, figure: &str) -> Vec<f64> {
    let of = |value: &Value| value[figure].as_f64().filter(|it| *it > 0.0);
    comparison
        .runs
        .iter()
        .filter_map(|(before, after)| Some((of(after)? / of(before)?).ln()))
        .collect()
}

/// Every run's figures as CSV.
pub fn runs(found: &[(&str, Comparison)]) -> String {
    let mut out = format!("builds,comparison,pair,side,{}\n", FIGURES.join(","));
    for (number, (kind, comparison)) in found.iter().enumerate() {
        for (pair, (before, after)) in comparison.runs.iter().enumerate() {
            for (side, figures) in [("baseline", before), ("target", after)] {
                let values = FIGURES.map(|figure| {
                    let value = figures[figure].as_f64();
                    value.map_or_else(String::new, |it| it.to_string())
                });
                let _ = writeln!(out, "{kind},{number},{pair},{side},{}", values.join(","));
            }
        }
    }
    out
}
