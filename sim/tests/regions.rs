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
        // One day is divided by branches where they have nothing to do with each
        // other, many are divided by days.
        for replications in [1, 5, 30] {
            let mut scenario = read(&text);
            scenario.run.replications = replications;
            let first = run_on(&scenario, 1);
            for threads in [2, 3, 7] {
                let other = run_on(&scenario, threads);
                assert_eq!(other.figures, first.figures);
                assert_eq!(other.branches, first.branches);
                assert_eq!(other.days, first.days);
                assert_eq!(other.outlets, first.outlets);
                assert_eq!(other.misses, first.misses);
                assert_eq!(
                    (other.events, other.customers),
                    (first.events, first.customers)
                );
            }
        }
    }
}

#[test]
fn the_only_branch_of_a_region_is_told_as_the_region_is() {
    let text = DAY
        .replace(
            "cv = 0.6 }\n",
            "cv = 0.6 }\nabandoned = \"miss\"\nretry = { probability = 0.5, after = \"10min\", through = \"mobile\" }\n",
        )
        .replace("capacity = 2", "capacity = 1")
        .replace("[run]", "[day]\nclosing = { grace = \"5min\" }\n[run]");
    let outcome = run(&format!(
        "{text}[gates]\npromise = \"share_within(time_in_branch{{channel=kiosk}}, 5min) >= 50%\"\n[region]\nbranches = [{{ name = \"only\" }}]\n"
    ));
    for figure in [
        Figure::Arrivals,
        Figure::Served,
        Figure::Abandoned,
        Figure::Wait,
        Figure::TimeInBranch,
    ] {
        let (all, one) = (total(&outcome, figure), of_branch(&outcome, figure, "only"));
        assert_eq!((one.count, one.mean), (all.count, all.mean), "{figure}");
        assert_eq!((one.mean_low, one.mean_high), (all.mean_low, all.mean_high));
        assert_eq!(one.shares, all.shares, "{figure}");
    }
    assert!(total(&outcome, Figure::Abandoned).mean > Some(1.0));
    assert!(total(&outcome, Figure::TurnedAway).mean > Some(0.1));
    // Who gives up here and goes on to the mobile bank is told as of a branch alone.
    let alone = run(&text);
    let tried = total(&outcome, Figure::TriedMobile).mean.expect("days");
    let expected = total(&alone, Figure::TriedMobile).mean.expect("days");
    assert!(
        tried > 1.0 && (tried / expected - 1.0).abs() < 0.5,
        "{tried} {expected}"
    );
    // The promise's population is the channel, in the ranking as in the gate.
    let promise = outcome
        .outlets
        .and_then(|it| it.promise)
        .expect("a promise");
    let kiosk = Population {
        channel: Some("kiosk".to_owned()),
        ..Population::default()
    };
    let row = outcome.figures.find(Figure::TimeInBranch, &kiosk);
    let share = row.and_then(|row| row.shares[0].share).expect("a share");
    let record = &promise.ranking[0];
    assert!((record.share.expect("a share") - share).abs() < 1e-12);
    let misses = outcome.misses.expect("a promise");
    assert_eq!(record.by_part, misses.by_part);
    assert_eq!(
        (record.customers, record.missed),
        (misses.customers, misses.missed)
    );
}

/// Four outlets: too few terminals, slow terminals, too few at one of two, enough.
const OUTLETS: &str = r#"
[gates]
promise = "share_within(time_in_branch{channel=kiosk}, 5min) >= 70%"
[region]
branches = [
  { name = "enough", per_day = 150 },
  { name = "few", per_day = 250, set = { "resources.kiosk.capacity" = 1 } },
  { name = "slow", per_day = 60, set = { "journeys.card.time" = "5.5min" } },
  { name = "crowd", per_day = 700, set = { "resources.kiosk.capacity" = 3 } },
]
"#;

fn outlets(text: &str) -> scenarios::summary::OutletPromise {
    let scenario = read(text);
    let options = Options {
        threads: 2,
        ..Options::of(&scenario)
    };
    let outcome = simulate(&scenario, &options, &()).expect("the scenario is sound");
    let mut outlets = outcome.outlets.expect("a region");
    sim::cheapest_fixes(&scenario, &options, &mut outlets, &()).expect("the scenario is sound");
    outlets.promise.expect("a promise")
}

#[test]
fn the_ranking_names_who_misses_why_and_the_cheapest_fix() {
    use scenarios::gate::Verdict;
    let promise = outlets(&format!("{DAY}{OUTLETS}"));
    assert_eq!((promise.kept, promise.missed, promise.undecided), (1, 3, 0));
    let record = |name: &str| {
        let mut all = promise.ranking.iter();
        all.find(|it| it.branch == name).expect("it is ranked")
    };
    assert_eq!(promise.ranking[3].branch, "enough");
    let shares: Vec<f64> = promise.ranking[..3]
        .iter()
        .filter_map(|it| it.share)
        .collect();
    assert!(shares.len() == 3 && shares.is_sorted(), "{shares:?}");
    let cause = |name: &str| record(name).main_part().expect("misses").part.clone();
    assert_eq!(cause("slow"), "service");
    assert_eq!(cause("few"), "wait");
    // Everything there takes longer than five minutes: no server changes that.
    let slow = record("slow").fix.as_ref().expect("it was tried");
    assert_eq!(
        (slow.resource.as_deref(), slow.verdict),
        (None, Verdict::Fail)
    );
    let few = record("few").fix.as_ref().expect("it was tried");
    assert_eq!(few.resource.as_deref(), Some("kiosk"));
    assert!(record("enough").fix.is_none());
    // The fix is what the branch does with them: simulated by itself, it is the same.
    for name in ["few", "crowd"] {
        let fix = record(name).fix.as_ref().expect("it was tried");
        let (old, more) = if name == "few" {
            (1, fix.more)
        } else {
            (3, fix.more)
        };
        let capacity = |servers: u32| format!("\"resources.kiosk.capacity\" = {servers} }}");
        let text = OUTLETS.replace(&capacity(old), &capacity(old + more));
        let changed = outlets(&format!("{DAY}{text}"));
        let found = changed.ranking.iter().find(|it| it.branch == name);
        let found = found.expect("it is ranked");
        assert_eq!(
            (found.share, found.low, found.verdict),
            (fix.share, fix.low, fix.verdict)
        );
        assert_eq!(fix.verdict, Verdict::Pass);
    }
}

#[test]
fn the_cheapest_of_two_fixes_that_keep_the_promise_is_named() {
    // Half of the errands are held up by either; both help, the dearer first in the file.
    let with = |kiosk: f64, window: f64| {
        let text = r#"
[run]
replications = 60
[resources.kiosk]
capacity = 1
cost_per_hour = KIOSK
[resources.window]
capacity = 1
cost_per_hour = WINDOW
[journeys.errand]
steps = [
  { name = "fill_in", duration = { law = "exponential", mean = "3min" }, holds = ["kiosk"] },
  { name = "pay", duration = { law = "exponential", mean = "3min" }, holds = ["window"] },
]
[arrivals]
per_day = 110
[gates]
promise = "share_within(time_in_branch, 20min) >= 72%"
[region]
branches = [{ name = "one" }]
"#;
        let text = text.replace("KIOSK", &kiosk.to_string());
        let promise = outlets(&text.replace("WINDOW", &window.to_string()));
        let fix = promise.ranking[0].fix.clone().expect("it was tried");
        (fix.resource.expect("it helps"), fix.cost_per_day)
    };
    let (first, cost) = with(80.0, 9.0);
    assert_eq!((first.as_str(), cost), ("window", Some(72.0)));
    let (second, cost) = with(9.0, 80.0);
    assert_eq!((second.as_str(), cost), ("kiosk", Some(72.0)));
}

#[test]
fn headcounts_are_those_of_the_rosters() {
    let outcome = run(&format!(
        r#"{}
[region]
branches = [
  {{ name = "a" }},
  {{ name = "b", set = {{ "resources.kiosk.capacity" = 5 }} }},
]
"#,
        DAY.replace(
            "[resources.window]\ncapacity = 2",
            "[resources.window]\ncost_per_hour = 80\nroster = [{ count = 1 }, { count = 2, from = \"11:00\", to = \"15:30\" }]"
        )
    ));
    let outlets = outcome.outlets.expect("a region");
    assert!(outlets.promise.is_none() && outlets.branches == 2);
    let told: Vec<_> = outlets
        .headcount
        .iter()
        .map(|it| {
            (
                it.resource.as_str(),
                it.servers,
                it.hours_per_day,
                it.cost_per_day,
            )
        })
        .collect();
    // Seven terminals for 8 h; twice a window for 8 h and two more for 4.5 h.
    assert_eq!(
        told,
        [
            ("kiosk", 7, 56.0, None),
            ("window", 6, 34.0, Some(34.0 * 80.0))
        ]
    );
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
