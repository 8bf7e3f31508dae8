//! Steps beside steps: the five parts of a visit sum to it whatever goes on.

use scenarios::file::read;
use scenarios::model::Scenario;
use sim::{CustomerFate, Options, records};

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
