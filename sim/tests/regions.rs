//! Regions against theory, against the single branch, and against themselves.

use scenarios::figure::{Figure, FigureRow, Population};
use scenarios::model::Scenario;
use sim::{Options, Outcome, simulate};

fn read(text: &str) -> Scenario {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("s.toml");
    std::fs::write(&path, text).expect("the folder is writable");
    match scenarios::file::read(&path, &[]) {
        Ok(scenario) => scenario,
        Err(error) => panic!(
            "{error}\n{:?}",
            error
                .related()
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        ),
    }
}

fn run_on(scenario: &Scenario, threads: usize) -> Outcome {
    let options = Options {
        threads,
        ..Options::of(scenario)
    };
    simulate(scenario, &options, &()).expect("the scenario is sound")
}

fn run(text: &str) -> Outcome {
    run_on(&read(text), 2)
}

fn row(outcome: &Outcome, figure: Figure, population: &Population) -> FigureRow {
    let row = outcome.figures.find(figure, population);
    row.unwrap_or_else(|| panic!("no {figure} of {population:?}"))
        .clone()
}

fn total(outcome: &Outcome, figure: Figure) -> FigureRow {
    row(outcome, figure, &Population::default())
}

fn of_branch(outcome: &Outcome, figure: Figure, branch: &str) -> FigureRow {
    let population = Population {
        branch: Some(branch.to_owned()),
        ..Population::default()
    };
    row(outcome, figure, &population)
}

/// How many standard errors a mean lies from what is expected.
fn off(row: &FigureRow, expected: f64, replications: f64) -> f64 {
    let (low, high) = (row.mean_low.expect("days"), row.mean_high.expect("days"));
    // The interval's half-width is Student's t times the standard error.
    let t = if replications > 30.0 { 2.02 } else { 2.09 };
    let error = (high - low) / 2.0 / t;
    (row.mean.expect("a mean") - expected) / error
}

const DAY: &str = r#"
[run]
replications = 30
[resources.kiosk]
capacity = 2
[resources.window]
capacity = 2
[journeys.card]
channel = "kiosk"
time = { law = "lognormal", mean = "3.6min", cv = 0.45 }
holds = ["kiosk"]
[journeys.cash]
time = { law = "lognormal", mean = "4.5min", cv = 0.7 }
holds = ["window"]
[services.card]
[services.cash]
[segments.kiosk]
share = 0.6
services = "card"
patience = { law = "lognormal", mean = "20min", cv = 0.6 }
[segments.counter]
share = 0.4
services = "cash"
[arrivals]
per_day = 250
profile = [14, 19, 16, 9, 8, 13, 13, 8]
busyness_cv = 0.1
[report]
thresholds = ["5min"]
"#;

#[test]
fn two_branches_at_one_place_are_a_join_of_the_shortest_line() {
    // exact.json, jsq2_rho90: a wait of 268.4948 s (Kingman; truncated chain).
    let outcome = run(r#"
[run]
mode = "steady_state"
warm_up = "40h"
length = "840h"
replications = 40
[resources.window]
capacity = 1
[journeys.errand]
time = { law = "exponential", mean = "60s" }
holds = ["window"]
[arrivals]
rate_per_hour = 54
[region]
choice = "least_busy"
branches = [{ name = "east" }, { name = "west" }]
"#);
    let wait = total(&outcome, Figure::Wait);
    assert!(off(&wait, 268.494_769, 40.0).abs() < 3.3, "{wait:?}");
    let half = (wait.mean_high.unwrap_or(0.0) - wait.mean_low.unwrap_or(0.0)) / 2.0;
    assert!(half < 0.04 * 268.5, "{half}");
}

#[test]
fn a_shared_pool_is_one_queue_of_all_branches() {
    // M/M/3 with 3 × 40 an hour at 90 s: rho 1, so 80 s: offered 8/3, rho 8/9.
    let outcome = run(r#"
[run]
mode = "steady_state"
warm_up = "20h"
length = "520h"
replications = 20
[resources.centre]
capacity = 3
shared = true
[journeys.call]
steps = [{ name = "authorise", duration = { law = "exponential", mean = "80s" }, holds = ["centre"] }]
[arrivals]
rate_per_hour = 40
[region]
branches = [{ name = "a" }, { name = "b" }, { name = "c" }]
"#);
    let (offered, servers) = (8.0 / 3.0_f64, 3.0);
    let mut term = 1.0;
    let mut sum = 1.0;
    for k in 1..3 {
        term *= offered / f64::from(k);
        sum += term;
    }
    let last = term * offered / servers / (1.0 - offered / servers);
    let waits = last / (sum + last);
    let wait = total(&outcome, Figure::Wait);
    let expected = waits * 80.0 / (servers - offered);
    assert!(
        off(&wait, expected, 20.0).abs() < 3.3,
        "{expected} {wait:?}"
    );
    let centre = Population {
        resource: Some("centre".to_owned()),
        ..Population::default()
    };
    let busy = row(&outcome, Figure::Occupancy, &centre);
    assert!(off(&busy, 8.0 / 9.0, 20.0).abs() < 3.3, "{busy:?}");
    let queue = row(&outcome, Figure::QueueLength, &centre);
    assert!(
        off(&queue, expected * 120.0 / 3600.0, 20.0).abs() < 3.3,
        "{queue:?}"
    );
}

#[test]
fn branches_alike_that_have_nothing_to_do_with_each_other_are_the_single_branch() {
    let single = run(&DAY.replace("replications = 30", "replications = 300"));
    let region = run(&format!(
        "{DAY}[region]\nbranches = {{ count = 10, per_day = 250 }}\n"
    ));
    for figure in [Figure::Wait, Figure::TimeInBranch] {
        let (one, many) = (total(&single, figure), total(&region, figure));
        let error = |row: &FigureRow| {
            (row.mean_high.expect("days") - row.mean_low.expect("days")) / 2.0 / 2.0
        };
        let gap = one.mean.expect("a mean") - many.mean.expect("a mean");
        let both = (error(&one).powi(2) + error(&many).powi(2)).sqrt();
        assert!((gap / both).abs() < 3.3, "{figure}: {gap} {both}");
    }
    let arrivals = total(&region, Figure::Arrivals);
    assert!(off(&arrivals, 2500.0, 30.0).abs() < 3.3, "{arrivals:?}");
}

/// Far apart, nobody goes anywhere else.
fn apart(choice: &str) -> String {
    format!(
        r#"{DAY}
[region]
choice = "{choice}"
branches = [
  {{ name = "a", per_day = 300 }},
  {{ name = "b", per_day = 120, x_km = 9000, set = {{ "resources.kiosk.capacity" = 1 }} }},
  {{ name = "c", y_km = 9000, per_day = 250 }},
]
"#
    )
}

#[test]
fn branches_gone_through_together_are_those_gone_through_one_by_one() {
    let alone = run(&apart("own"));
    let together = run(&apart("nearest"));
    assert_eq!(alone.figures, together.figures);
    assert_eq!(alone.customers, together.customers);
    assert_eq!(alone.branches, together.branches);
}

#[test]
fn threads_change_no_byte_of_a_region() {
    for text in [
        apart("own"),
        format!(
            "{DAY}[region]\nchoice = \"least_busy\"\nscatter_km = 2\nbranches = {{ count = 7, per_day = {{ mean = 250, cv = 0.5, low = 80, high = 500 }}, grid_km = 6 }}\n"
        ),
    ] {
        let scenario = read(&text);
        let first = run_on(&scenario, 1);
        for threads in [2, 3, 7] {
            let other = run_on(&scenario, threads);
            assert_eq!(other.figures, first.figures);
            assert_eq!(other.branches, first.branches);
            assert_eq!(other.days, first.days);
        }
    }
}

#[test]
fn a_branch_keeps_its_customers_when_others_come_or_go() {
    let with = |branches: &str| run(&format!("{DAY}[region]\nbranches = [{branches}]\n"));
    let few = with(r#"{ name = "a", per_day = 300 }"#);
    let many = with(r#"{ name = "b", per_day = 90 }, { name = "a", per_day = 300 }"#);
    for figure in [Figure::Arrivals, Figure::Wait, Figure::TimeInBranch] {
        assert_eq!(of_branch(&few, figure, "a"), of_branch(&many, figure, "a"));
    }
}

#[test]
fn a_closed_branchs_customers_are_all_accounted_for() {
    let outcome = run(&format!(
        r#"{DAY}
[region]
branches = [
  {{ name = "a", per_day = 200 }},
  {{ name = "b", per_day = 200, x_km = 2 }},
  {{ name = "shut", per_day = 180, x_km = 1.5, closed = true }},
]
"#
    ));
    let mean = |row: FigureRow| row.mean.expect("a mean");
    // Of 180 a day 72% stay, half of these nearest, 15% of the rest on the mobile bank.
    let lost = total(&outcome, Figure::Lost);
    let mobile = total(&outcome, Figure::ToMobile);
    assert!(off(&lost, 180.0 * 0.28, 30.0).abs() < 3.3, "{lost:?}");
    let expected = 180.0 * 0.72 * 0.5 * 0.15;
    assert!(off(&mobile, expected, 30.0).abs() < 3.3, "{mobile:?}");
    let branches = ["a", "b", "shut"].map(|name| mean(of_branch(&outcome, Figure::Arrivals, name)));
    assert!(branches[2].abs() < 1e-12);
    let arrivals = total(&outcome, Figure::Arrivals);
    assert!((branches.iter().sum::<f64>() - mean(arrivals)).abs() < 1e-9);
    // The open branches draw the same customers whether the third is closed or not:
    // what they have more is what the closed one sends.
    let open = run(&format!(
        "{DAY}[region]\nbranches = [{{ name = \"a\", per_day = 200 }}, {{ name = \"b\", per_day = 200 }}, {{ name = \"shut\", per_day = 180 }}]\n"
    ));
    let sent = branches[0] + branches[1]
        - mean(of_branch(&open, Figure::Arrivals, "a"))
        - mean(of_branch(&open, Figure::Arrivals, "b"));
    let all = sent + mean(total(&outcome, Figure::Lost)) + mean(total(&outcome, Figure::ToMobile));
    let came = mean(of_branch(&open, Figure::Arrivals, "shut"));
    assert!((all - came).abs() < 1e-9, "{all} {came}");
}
