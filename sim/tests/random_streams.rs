//! Random numbers in streams: the same on any number of threads, carried from day
//! to day, and as true to theory as the usual ones.

use scenarios::figure::{Figure, Population};
use scenarios::file::read;
use scenarios::model::Scenario;
use sim::{Options, Outcome, records, simulate};

fn scenario(text: &str) -> Scenario {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("streams.toml");
    std::fs::write(&path, text).expect("the folder is writable");
    read(&path, &[]).unwrap_or_else(|error| panic!("{error}"))
}

fn run(scenario: &Scenario, threads: usize) -> Outcome {
    let options = Options {
        threads,
        ..Options::of(scenario)
    };
    simulate(scenario, &options, &()).expect("the scenario is sound")
}

const DAY: &str = r#"
[run]
random = "mrg32k3a-streams"
replications = 70
[resources.window]
capacity = 2
[journeys.errand]
time = { law = "gamma", mean = "3min", cv = 0.7 }
holds = ["window"]
[segments.some]
share = 60
patience = { law = "exponential", mean = "10min" }
[segments.others]
share = 40
balking = { from = 2, always = 6 }
[arrivals]
per_day = 200
busyness_cv = 0.2
"#;

#[test]
fn streams_give_the_same_days_on_any_number_of_threads() {
    let scenario = scenario(DAY);
    let one = run(&scenario, 1);
    let four = run(&scenario, 4);
    assert_eq!(one.days, four.days);
    assert_eq!(one.replications, 70);
}

#[test]
fn streams_go_on_from_day_to_day_and_from_round_to_round() {
    let whole = run(&scenario(DAY), 1);
    // Rounds of 64 days, ended by the last: the second goes on where the first ended.
    let rounds = DAY.replace(
        "replications = 70",
        "replications = 70\nuntil = { figure = \"wait\", half_width = \"1ms\" }",
    );
    assert_eq!(whole.days, run(&scenario(&rounds), 2).days);
    // Day 69 looked at alone is the 70th day of the run.
    let scenario = scenario(DAY);
    let day = records(&scenario, &Options::of(&scenario), 69).expect("the scenario is sound");
    let row = whole
        .days
        .rows()
        .into_iter()
        .find(|row| row.replication == 69 && row.figure == "arrivals" && row.segment.is_none());
    assert_eq!(row.expect("there is a total").count, day.len() as u64);
    let first = records(&scenario, &Options::of(&scenario), 0).expect("the scenario is sound");
    assert_ne!(first, day);
}

#[test]
fn streams_agree_with_the_formula_of_a_queue() {
    // M/M/1 at load .6, mean service 60 s: mean wait .6 * 60 / .4 = 90 s.
    let text = r#"
[run]
random = "mrg32k3a-streams"
mode = "steady_state"
warm_up = "10h"
length = "210h"
replications = 20
[resources.window]
capacity = 1
[journeys.errand]
time = { law = "exponential", mean = "1min" }
holds = ["window"]
[arrivals]
rate_per_hour = 36
"#;
    let outcome = run(&scenario(text), 1);
    let row = outcome
        .figures
        .rows
        .iter()
        .find(|row| row.figure == Figure::Wait && row.population == Population::default())
        .expect("there is a total");
    let (mean, low) = (row.mean.expect("a mean"), row.mean_low.expect("20 runs"));
    // The 97.5% quantile of Student's t with 19 degrees of freedom, from tables.
    let z = (mean - 90.0) / ((mean - low) / 2.093_024);
    assert!(z.abs() < 3.3, "mean {mean}, z {z}");
}
