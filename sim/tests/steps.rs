//! Steps beside steps: the five parts of a visit sum to it whatever goes on.

use scenarios::file::read;
use scenarios::model::Scenario;
use sim::{CustomerFate, CustomerRecord, Options, records};

fn written(text: &str) -> Scenario {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("s.toml");
    std::fs::write(&path, text).expect("the folder is writable");
    read(&path, &[]).unwrap_or_else(|error| panic!("{error} {:?}", error.related()))
}

/// Every part of every visit of some days sums to its time in branch, and nobody is lost.
fn the_parts_sum_to_the_visit(scenario: &Scenario, days: u32) {
    let options = Options::of(scenario);
    for day in 0..days {
        let records = records(scenario, &options, day).expect("it is sound");
        assert!(!records.is_empty());
        for (index, it) in records.iter().enumerate() {
            assert_eq!(
                it.index as usize, index,
                "customers are numbered without a gap"
            );
            assert_ne!(it.fate, CustomerFate::Unserved, "{it:?}");
            let parts = it.wait.0 + it.service.0 + it.review.0 + it.system.0 + it.fallback.0;
            if it.fate == CustomerFate::Served {
                assert_eq!(parts, it.left.0 - it.arrived.0 - it.away.0, "{it:?}");
            }
        }
    }
}

const BRANCH: &str = r#"
[resources.window]
capacity = 3
queue = { preemption = "resume" }
[resources.vault]
capacity = 1
[resources.manager]
capacity = 1
[journeys.withdrawal]
steps = [
  { name = "greet", holds = ["manager"], duration = "20s", probability = 0.5 },
  { name = "prepare", fails = { probability = 0.1, to = "help" }, repeats = { probability = 0.1 }, parallel = [
    { name = "check", part = "review", holds = ["manager"], duration = { law = "exponential", mean = "50s" } },
    [
      { name = "fetch", holds = ["vault"], keeps = true, duration = { law = "exponential", mean = "40s" } },
      { name = "count", holds = ["window"], duration = { law = "exponential", mean = "60s" }, repeats = { probability = 0.2 } },
    ],
    { name = "form", duration = "30s", probability = 0.3, operation = "identity_check" },
  ] },
  { name = "sign", holds = ["window"], duration = "1min" },
]
[journeys.help]
time = { law = "exponential", mean = "3min" }
holds = ["window"]
[segments.usual]
share = 80
patience = { law = "exponential", mean = "4min" }
retry = { probability = 0.5, after = "10min" }
services = "withdrawal"
[segments.vip]
share = 20
priority = 1
services = "withdrawal"
[arrivals]
rate_per_hour = 30
"#;

#[test]
fn the_parts_sum_with_parallel_steps_failures_repeats_and_interruptions() {
    the_parts_sum_to_the_visit(&written(BRANCH), 20);
}

const MACHINES: &str = r#"
[resources.kiosk]
roster = [{ count = 3, break = { from = "12:00", to = "13:00" } }, { count = 1 }]
jams = { every = { law = "exponential", mean = "20min" }, cleared_by = "manager", takes = { law = "exponential", mean = "1min" } }
breakdowns = { by = "running", up = { law = "exponential", mean = "1h" }, down = "5min" }
[resources.manager]
capacity = 1
[resources.window]
capacity = 2
[latencies]
identity_check = { law = "exponential", mean = "2s" }
[journeys.card]
channel = "kiosk"
time = { law = "exponential", mean = "3min" }
holds = ["kiosk"]
steps = [
  { name = "identity", weight = 1, operation = "identity_check", on_outage = { fall_back = "help", after = "40s" } },
  { name = "review", holds = ["manager"], part = "review", duration = "20s", probability = 0.5 },
  { name = "print", weight = 2, operation = "open_card", on_outage = { retry = 2, every = "15s" }, retry = 1, fails = { probability = 0.2, to = "help" } },
]
[journeys.help]
time = { law = "exponential", mean = "4min" }
holds = ["window"]
[segments.all]
services = "card"
patience = { law = "exponential", mean = "10min" }
[arrivals]
rate_per_hour = 40
[[incidents]]
what = "bank"
from = "10:00"
to = "10:10"
unanswered = true
[[incidents]]
what = "bank"
from = "11:00"
to = "11:00:30"
unanswered = true
"#;

#[test]
fn the_parts_sum_with_jams_breakdowns_at_work_a_silent_bank_and_further_tries() {
    let scenario = written(MACHINES);
    the_parts_sum_to_the_visit(&scenario, 20);
}

/// The mean of a figure with its standard error over replications of a steady state.
fn within_its_error(text: &str, of: impl Fn(&CustomerRecord) -> u64, expected: f64) {
    let scenario = written(text);
    let options = Options::of(&scenario);
    let pairs: Vec<(f64, f64)> = (0..scenario.run.replications)
        .map(|replication| {
            let all = records(&scenario, &options, replication).expect("it is sound");
            (
                all.iter().map(|it| of(it) as f64 / 1e6).sum(),
                all.len() as f64,
            )
        })
        .collect();
    let (sum, count) = pairs
        .iter()
        .fold((0.0, 0.0), |all, it| (all.0 + it.0, all.1 + it.1));
    let mean = sum / count;
    let squares: f64 = pairs
        .iter()
        .map(|(sum, count)| (sum - mean * count).powi(2))
        .sum();
    let error = squares.sqrt() / count;
    assert!(error < 0.02 * expected, "{mean} ± {error}, not {expected}");
    assert!(
        (mean - expected).abs() < 3.3 * error,
        "{mean} ± {error}, not {expected}"
    );
}

const MACHINE: &str = r#"
[run]
mode = "steady_state"
warm_up = "5h"
length = "205h"
replications = 40
[resources.machine]
capacity = 1
MACHINE
[journeys.errand]
time = { law = "exponential", mean = "1min" }
holds = ["machine"]
[arrivals]
rate_per_hour = 36
"#;

/// Breakdowns and jams at rate f of the time at work, each gone after D, make the
/// time at the machine C with E C = E S (1 + f E D) and
/// E C² = E S² (1 + f E D)² + E S f E D²; the rest is Pollaczek and Khinchine
/// (Avi-Itzhak & Naor 1963). Here f = 1/120 s, D is exponential with mean 30 s:
/// E C = 75 s, E C² = 12,150 s², so the wait is .01 × 12,150 / (2 × .25) = 243 s.
#[test]
fn a_machine_that_stops_at_work_waits_as_theory_says() {
    let breaks = "breakdowns = { by = \"running\", up = { law = \"exponential\", mean = \"2min\" }, \
                  down = { law = \"exponential\", mean = \"30s\" } }";
    let visit = |it: &CustomerRecord| it.left.0 - it.arrived.0;
    within_its_error(&MACHINE.replace("MACHINE", breaks), visit, 243.0 + 75.0);
    let jams = "jams = { every = { law = \"exponential\", mean = \"2min\" }, cleared_by = \"manager\", \
                takes = { law = \"exponential\", mean = \"30s\" } }\n[resources.manager]\ncapacity = 1";
    let text = MACHINE.replace("MACHINE", jams);
    within_its_error(&text, visit, 243.0 + 75.0);
    within_its_error(&text, |it| it.review.0, 15.0);
}

/// Two branches of constant times without any queue take as long as the longer.
#[test]
fn without_queues_a_parallel_step_takes_as_long_as_its_longest_branch() {
    let scenario = written(
        "[resources.window]\ncapacity = 1000\n[journeys.errand]\nsteps = [\
         { name = \"both\", parallel = [\
         { name = \"a\", part = \"review\", holds = [\"window\"], duration = { law = \"uniform\", low = \"1min\", high = \"3min\" } },\
         { name = \"b\", holds = [\"window\"], duration = { law = \"uniform\", low = \"1min\", high = \"3min\" } }] }]\n\
         [arrivals]\nrate_per_hour = 500\n",
    );
    let records = records(&scenario, &Options::of(&scenario), 0).expect("it is sound");
    // The longer of two uniforms on 1 to 3 minutes: 1 + 2 × 2/3 minutes on average.
    let total: u64 = records.iter().map(|it| it.left.0 - it.arrived.0).sum();
    let mean = total as f64 / records.len() as f64 / 60e6;
    assert!((mean - 7.0 / 3.0).abs() < 0.03, "{mean}");
    assert!(
        records
            .iter()
            .all(|it| it.service.0 == 0 || it.review.0 == 0)
    );
    let reviewed = records.iter().filter(|it| it.review.0 > 0).count() as f64;
    assert!((reviewed / records.len() as f64 - 0.5).abs() < 0.03);
}
