//! The shipped regions say what their questions ask, against counts known beforehand.

use scenarios::figure::{Figure, Population};
use scenarios::model::Scenario;
use sim::{Options, Outcome, simulate};
use std::path::Path;

fn shipped(name: &str, set: &[&str]) -> Scenario {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let set: Vec<String> = set.iter().map(|it| (*it).to_owned()).collect();
    match scenarios::file::read(&folder.join(name), &set) {
        Ok(scenario) => scenario,
        Err(error) => panic!("{error}"),
    }
}

fn run(scenario: &Scenario) -> Outcome {
    let options = Options {
        threads: 2,
        ..Options::of(scenario)
    };
    simulate(scenario, &options, &()).expect("the scenario is sound")
}

fn mean(outcome: &Outcome, figure: Figure, branch: Option<&str>) -> f64 {
    let population = Population {
        branch: branch.map(str::to_owned),
        ..Population::default()
    };
    let row = outcome.figures.find(figure, &population);
    row.and_then(|row| row.mean).expect("it is told")
}

#[test]
fn the_region_has_the_customers_of_its_list() {
    let scenario = shipped("region.toml", &["run.replications=10", "mobile.days=0"]);
    let region = scenario.region.as_deref().expect("a region");
    assert_eq!(region.len(), 60);
    let text = std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/region-branches.csv"),
    )
    .expect("it is shipped");
    let listed: f64 = text
        .lines()
        .skip(1)
        .filter_map(|line| line.split(',').nth(2)?.parse::<f64>().ok())
        .sum();
    let outcome = run(&scenario);
    let arrivals = mean(&outcome, Figure::Arrivals, None);
    assert!(
        (arrivals - listed).abs() < 3.3 * (listed / 10.0).sqrt(),
        "{arrivals} {listed}"
    );
    let branches = region.names();
    let sum: f64 = branches
        .iter()
        .map(|it| mean(&outcome, Figure::Arrivals, Some(it)))
        .sum();
    assert!((sum - arrivals).abs() < 1e-6);
}

#[test]
fn a_closed_outlet_loses_what_its_rules_say_and_sends_the_others_next_door() {
    let scenario = shipped("closed-branch.toml", &["run.replications=40"]);
    let outcome = run(&scenario);
    let lost = mean(&outcome, Figure::Lost, None);
    assert!(
        (lost - 50.4).abs() < 3.3 * (50.4_f64 / 40.0).sqrt(),
        "{lost}"
    );
    let receiver = mean(&outcome, Figure::Arrivals, Some("receiver"));
    let other = mean(&outcome, Figure::Arrivals, Some("other"));
    assert!(receiver > other && other > 295.0, "{receiver} {other}");
    assert!(mean(&outcome, Figure::Arrivals, Some("closed")).abs() < 1e-9);
}

#[test]
fn the_whole_network_is_read_in_a_dozen_lines() {
    let scenario = shipped("whole-network.toml", &[]);
    let region = scenario.region.as_deref().expect("a region");
    assert_eq!((region.len(), region.kinds.len()), (15_500, 1));
    let mobile = scenario.mobile.as_ref().expect("a mobile bank");
    assert!((mobile.bank.sessions_per_day() - 72_625_000.0).abs() < 1.0);
}
