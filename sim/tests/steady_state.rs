//! Statistics of the steady state: intervals that cover, warm-ups that are found.

use scenarios::figure::{Figure, FigureRow, Population};
use scenarios::file::read;
use scenarios::model::Scenario;
use scenarios::time::Span;
use sim::{Options, Outcome, simulate};

fn scenario(run: &str, rate_per_hour: f64, further: &str) -> Scenario {
    let text = format!(
        "[run]\nmode = \"steady_state\"\n{run}\n[resources.window]\ncapacity = 1\n\
         [journeys.errand]\ntime = {{ law = \"exponential\", mean = \"1min\" }}\nholds = [\"window\"]\n\
         [arrivals]\nrate_per_hour = {rate_per_hour}\n{further}\n"
    );
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("steady.toml");
    std::fs::write(&path, &text).expect("the folder is writable");
    read(&path, &[]).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn run(scenario: &Scenario, seed: u64) -> Outcome {
    let options = Options {
        seed,
        threads: 2,
        ..Options::of(scenario)
    };
    simulate(scenario, &options, &()).expect("the scenario is sound")
}

fn row(outcome: &Outcome, figure: Figure, resource: Option<&str>) -> FigureRow {
    let population = Population {
        resource: resource.map(str::to_owned),
        ..Population::default()
    };
    let found = outcome.figures.find(figure, &population);
    found.unwrap_or_else(|| panic!("no {figure:?}")).clone()
}

/// In how many of so many runs the 95% interval of a figure covers its value.
fn covered(scenario: &Scenario, seeds: u64, figures: &[(Figure, Option<&str>, f64)]) -> Vec<f64> {
    let mut hits = vec![0_u32; figures.len()];
    for seed in 1..=seeds {
        let outcome = run(scenario, seed);
        for (hits, (figure, resource, value)) in hits.iter_mut().zip(figures) {
            let row = row(&outcome, *figure, *resource);
            let interval = row.mean_low.expect("low")..=row.mean_high.expect("high");
            *hits += u32::from(interval.contains(value));
        }
    }
    hits.iter()
        .map(|hits| f64::from(*hits) / seeds as f64)
        .collect()
}

/// M/M/1 at load .5, mean service 60 s: mean wait 60 s, mean queue .5, occupancy .5.
const AT_HALF_LOAD: [(Figure, Option<&str>, f64); 3] = [
    (Figure::Wait, None, 60.0),
    (Figure::QueueLength, Some("window"), 0.5),
    (Figure::Occupancy, Some("window"), 0.5),
];

/// 95% ± 3.3 standard deviations of a share of 300 trials: √(.95 · .05 / 300) = .0126.
fn close_to_95(covered: &[f64]) {
    for share in covered {
        assert!((share - 0.95).abs() < 3.3 * 0.0126, "{covered:?}");
    }
}

#[test]
fn intervals_of_batch_means_cover_the_mean_of_theory_nineteen_times_of_twenty() {
    // Batches of 10 hours are 50 times as long as the queue's memory of about 12 minutes.
    let scenario = scenario(
        "warm_up = \"5h\"\nlength = \"305h\"\nbatches = 30",
        30.0,
        "",
    );
    let covered = covered(&scenario, 300, &AT_HALF_LOAD);
    println!("batch means: {covered:?}");
    close_to_95(&covered);
}

#[test]
fn intervals_of_replications_cover_the_mean_of_theory_nineteen_times_of_twenty() {
    let scenario = scenario(
        "warm_up = \"5h\"\nlength = \"35h\"\nreplications = 20",
        30.0,
        "",
    );
    let covered = covered(&scenario, 300, &AT_HALF_LOAD);
    println!("replications: {covered:?}");
    close_to_95(&covered);
}

#[test]
fn batches_are_the_parts_of_the_run_that_is_not_cut() {
    let whole = run(
        &scenario(
            "warm_up = \"5h\"\nlength = \"105h\"\nreplications = 1",
            30.0,
            "",
        ),
        3,
    );
    let cut = run(
        &scenario(
            "warm_up = \"5h\"\nlength = \"105h\"\nbatches = 10",
            30.0,
            "",
        ),
        3,
    );
    assert_eq!(cut.replications, 1);
    assert!(!cut.partial);
    for (figure, resource) in [
        (Figure::Wait, None),
        (Figure::TimeInBranch, None),
        (Figure::QueueLength, Some("window")),
        (Figure::Occupancy, Some("window")),
        (Figure::PeopleInBranch, None),
    ] {
        let (whole, cut) = (row(&whole, figure, resource), row(&cut, figure, resource));
        let (a, b) = (whole.mean.expect("a mean"), cut.mean.expect("a mean"));
        assert!((a / b - 1.0).abs() < 1e-9, "{figure:?}: {a} {b}");
        assert!(whole.mean_low.is_none() && cut.mean_low.is_some());
    }
    let customers = |outcome: &Outcome| -> u64 {
        let days = outcome.days.rows().into_iter();
        days.filter(|row| row.figure == "arrivals" && row.service.is_none())
            .filter(|row| row.channel.is_none() && row.segment.is_none())
            .map(|row| row.count)
            .sum()
    };
    assert_eq!(customers(&whole), customers(&cut));
    let (wait, whole) = (
        row(&cut, Figure::Wait, None),
        row(&whole, Figure::Wait, None),
    );
    assert_eq!(
        wait.quantiles.iter().map(|it| it.value).collect::<Vec<_>>(),
        whole
            .quantiles
            .iter()
            .map(|it| it.value)
            .collect::<Vec<_>>()
    );
    assert!(wait.quantiles[0].low.is_some());
}

#[test]
fn batches_shorter_than_the_memory_of_the_queue_carry_a_warning() {
    let has_warning = |outcome: &Outcome| {
        outcome
            .warnings
            .iter()
            .any(|it| it.en.contains("neighbouring batches go together"))
    };
    // At load .9 the queue remembers about 6 hours: batches of one hour are not independent.
    let short = scenario(
        "warm_up = \"50h\"\nlength = \"150h\"\nbatches = 100",
        54.0,
        "",
    );
    assert!(has_warning(&run(&short, 1)));
    // Of independent batches one run in twenty is warned of in vain: 10 ± 10 of 200.
    let long = scenario(
        "warm_up = \"5h\"\nlength = \"305h\"\nbatches = 30",
        30.0,
        "",
    );
    let warned = (1..=200)
        .filter(|seed| has_warning(&run(&long, *seed)))
        .count();
    println!("warned in vain: {warned} of 200");
    assert!(warned <= 20, "{warned}");
}

#[test]
fn a_run_that_starts_with_a_crowd_has_a_warm_up_and_one_near_equilibrium_has_none() {
    // 300 people at the start of a queue at load .5 are served at 60 an hour while 30
    // come: they are gone after about ten hours.
    let run_of = "warm_up = \"mser5\"\nlength = \"400h\"\nreplications = 10";
    let crowd = run(
        &scenario(run_of, 30.0, "before_opening = { people = 300 }"),
        1,
    );
    let hour = Span::from_seconds(3600.0).0;
    let found = crowd.warm_up.expect("it was looked for");
    println!("crowd: {found}");
    assert!((8 * hour..16 * hour).contains(&found.0), "{found}");
    assert!(
        crowd
            .warnings
            .iter()
            .any(|it| it.en.contains("MSER-5 leaves the first"))
    );
    // What is left agrees with theory, and with the run that was told the same warm-up.
    let wait = row(&crowd, Figure::Wait, None);
    assert!((wait.mean_low.expect("low")..=wait.mean_high.expect("high")).contains(&60.0));
    let seconds = found.0 / 1_000_000;
    let told = format!("warm_up = \"{seconds}s\"\nlength = \"400h\"\nreplications = 10");
    let told = run(
        &scenario(&told, 30.0, "before_opening = { people = 300 }"),
        1,
    );
    assert_eq!(told.days, crowd.days);
    // One person is the mean of this queue in equilibrium.
    let calm = run(
        &scenario(run_of, 30.0, "before_opening = { people = 1 }"),
        1,
    );
    let found = calm.warm_up.expect("it was looked for");
    println!("calm: {found}");
    assert!(found.0 < 8 * hour, "{found}");
}

#[test]
fn a_run_without_a_steady_state_is_too_short_for_one() {
    // More come than can be served: the queue grows for ever.
    let run_of = "warm_up = \"mser5\"\nlength = \"50h\"\nreplications = 5";
    let outcome = run(&scenario(run_of, 90.0, ""), 1);
    assert!(
        outcome
            .warnings
            .iter()
            .any(|it| it.en.contains("too short")),
        "{:?}",
        outcome.warnings
    );
}

fn expected(case: &str, key: &str) -> f64 {
    let file: serde_json::Value =
        serde_json::from_str(include_str!("cases/exact.json")).expect("the cases are JSON");
    let cases = file["cases"].as_array().expect("a list");
    let case = cases
        .iter()
        .find(|it| it["id"] == case)
        .expect("the case is there");
    case["expected"][key].as_f64().expect("a number")
}

#[test]
fn batches_find_the_variance_of_a_long_run() {
    // n times the variance of the mean of n waits, in squares of the mean service time:
    // from intervals of 256 batches at four seeds, each good to √(2 / 255) = 8.9%.
    let variance = expected("asymp_var_mm1_50", "asymptotic_variance");
    let scenario = scenario(
        "warm_up = \"10h\"\nlength = \"25610h\"\nbatches = 256",
        30.0,
        "",
    );
    // The 97.5% quantile of Student's t with 255 degrees of freedom, from tables.
    let t = 1.969_311;
    let found = (1..=4).map(|seed| {
        let wait = row(&run(&scenario, seed), Figure::Wait, None);
        let half = wait.mean.expect("a mean") - wait.mean_low.expect("an interval");
        (half / t / 60.0).powi(2) * wait.count as f64
    });
    let found = found.sum::<f64>() / 4.0;
    println!("asymptotic variance {found}");
    assert!(
        (found / variance - 1.0).abs() < 3.3 * 0.089 / 2.0,
        "{found}"
    );
}

#[test]
fn a_queue_of_appointments_is_told_where_the_usual_approximation_is_14_percent_off() {
    // D/M/4 at load .9 with services of 240 s on average, one arrival every 66.7 s.
    let exact = expected("ggc_approx", "dm4_rho90_exact");
    let approximation = expected("ggc_approx", "dm4_rho90_allen_cunneen");
    let text = "[run]\nmode = \"steady_state\"\nwarm_up = \"100h\"\nlength = \"1600h\"\nreplications = 20\n\
        [resources.window]\ncapacity = 4\n[journeys.errand]\ntime = { law = \"exponential\", mean = \"240s\" }\n\
        holds = [\"window\"]\n[arrivals]\ngap = \"66.666667s\"\n";
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("appointments.toml");
    std::fs::write(&path, text).expect("the folder is writable");
    let scenario = read(&path, &[]).unwrap_or_else(|error| panic!("{error}"));
    let wait = row(&run(&scenario, 1), Figure::Wait, None);
    let mean = wait.mean.expect("a mean");
    // The 97.5% quantile of Student's t with 19 degrees of freedom, from tables.
    let error = (mean - wait.mean_low.expect("an interval")) / 2.093_024;
    println!("D/M/4: {mean} ± {error}");
    assert!(
        (mean - exact).abs() < 3.3 * error && error < 0.01 * exact,
        "{mean} ± {error}"
    );
    assert!((approximation / mean - 1.0) > 0.1);
}
