//! What two runs must share to be compared: machine, rate, trace, model, connections,
//! duration. What differs between them is then the target's doing.

use crate::summary::{RunRecord, Summary};

/// A condition in which two runs differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Differing {
    /// Which, in words.
    pub what: &'static str,
    /// The baseline's.
    pub baseline: String,
    /// The target's.
    pub target: String,
}

/// The conditions in which they differ; none if they may be compared.
pub fn differing(
    (baseline, baseline_run): (&Summary, &RunRecord),
    (target, target_run): (&Summary, &RunRecord),
) -> Vec<Differing> {
    let before = told(baseline, baseline_run);
    let after = told(target, target_run);
    before
        .into_iter()
        .zip(after)
        .filter(|((_, baseline), (_, target))| baseline != target)
        .map(|((what, baseline), (_, target))| Differing {
            what,
            baseline,
            target,
        })
        .collect()
}

fn told(summary: &Summary, run: &RunRecord) -> Vec<(&'static str, String)> {
    const NOT_TOLD: &str = "not told";
    let machine = run.machine.as_ref();
    let of_machine = |of: fn(&crate::summary::MachineRecord) -> String| {
        machine.map_or_else(|| NOT_TOLD.to_owned(), of)
    };
    let load = summary.load.as_ref();
    let of_load = |of: fn(&crate::summary::LoadRecord) -> String| {
        load.map_or_else(|| "no load".to_owned(), of)
    };
    vec![
        (
            "the processor",
            of_machine(|machine| machine.processor.clone()),
        ),
        (
            "the number of processors",
            of_machine(|machine| machine.processors.to_string()),
        ),
        (
            "the operating system",
            of_machine(|machine| machine.system.clone()),
        ),
        (
            "the trace (hash of the profile or scenario)",
            summary.scenario.hash.clone(),
        ),
        (
            "the trace's random numbers (seed)",
            summary.scenario.seed.to_string(),
        ),
        (
            "what the target file says (hash)",
            of_load(|load| {
                load.target_hash
                    .clone()
                    .unwrap_or_else(|| "none".to_owned())
            }),
        ),
        (
            "the rate (speed and volume)",
            of_load(|load| format!("speed {}, volume {}", load.speed, load.volume)),
        ),
        (
            "the duration",
            of_load(|load| format!("{} to {}", load.from, load.to)),
        ),
        ("the model", of_load(|load| load.model.clone())),
        (
            "the connections",
            of_load(|load| load.connections.to_string()),
        ),
        ("the version of HTTP", of_load(|load| load.http.clone())),
    ]
}
