//! The shipped scenario files against an independent model's figures in minutes
//! over 600 days. Agreement within 15%, within .15 min where a figure is below one
//! minute, within two percentage points for shares.

mod branch;

use branch::reference::{Reference, abandoned_share, served_within};
use branch::{at, everybody, mean, of_segment};
use scenarios::figure::Figure;
use scenarios::time::Span;
use sim::{Options, Outcome, simulate};
use std::path::Path;

const DAYS: u32 = 600;

/// A shipped scenario, its figures by whole hours and with segments by hour.
fn outcome(name: &str, overrides: &[&str]) -> Outcome {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../scenarios/{name}.toml"));
    let mut overrides: Vec<String> = overrides.iter().map(ToString::to_string).collect();
    overrides.push("report.segment_by_interval=true".into());
    let mut scenario =
        scenarios::file::read(&path, &overrides).unwrap_or_else(|error| panic!("{error}"));
    scenario.day.interval = Span(3_600_000_000);
    let options = Options {
        replications: DAYS,
        threads: 2,
        ..Options::of(&scenario)
    };
    simulate(&scenario, &options, &()).expect("the scenario is sound")
}

#[test]
fn three_kiosks_fewer_for_two_hours_are_felt_until_noon_only() {
    let outcome = outcome("kiosk-outage", &[]);
    let mut reference = Reference::new(&outcome);
    let kiosk = of_segment("kiosk");
    reference.mean(Figure::Wait, &kiosk, 2.1);
    reference.quantile(Figure::Wait, &kiosk, 0.9, 8.9);
    reference.mean(Figure::TimeInBranch, &kiosk, 6.3);
    reference.share(
        "kiosk within five minutes",
        served_within(&outcome, "time_in_branch", Some("kiosk")),
        0.55,
    );
    reference.share("abandoned", abandoned_share(&outcome), 0.031);
    let by_hour = [0.3, 4.8, 5.0, 0.5, 0.2, 0.2, 0.3, 0.2];
    for (expected, hour) in by_hour.into_iter().zip(9..) {
        reference.mean(Figure::Wait, &at(&format!("{hour:02}:00")), expected);
    }
    reference.holds();
}

#[test]
fn fewer_kiosks_all_day_are_felt_all_day() {
    for (kiosks, wait, time, within) in [(3, 0.9, 5.0, 0.61), (4, 0.2, 4.3, 0.72)] {
        let capacity = format!("resources.kiosk.capacity={kiosks}");
        let outcome = outcome("smart-branch-slow-kiosk", &[&capacity]);
        let mut reference = Reference::new(&outcome);
        reference.mean(Figure::Wait, &of_segment("kiosk"), wait);
        reference.mean(Figure::TimeInBranch, &of_segment("kiosk"), time);
        let share = served_within(&outcome, "time_in_branch", Some("kiosk"));
        reference.share("kiosk within five minutes", share, within);
        reference.holds();
    }
}

#[test]
fn a_stopped_bank_is_felt_by_those_who_come_meanwhile_and_gone_by_noon() {
    let outcome = outcome("core-bank-outage", &[]);
    let mut reference = Reference::new(&outcome);
    reference.mean(Figure::Wait, &at("10:00"), 5.0);
    reference.mean(Figure::Wait, &at("11:00"), 6.0);
    reference.mean(Figure::Wait, &at("12:00"), 0.3);
    reference.share("abandoned", abandoned_share(&outcome), 0.070);
    reference.holds();
}

#[test]
fn a_slow_bank_is_worse_than_a_stopped_one() {
    let outcome = outcome("core-bank-slow", &[]);
    let mut reference = Reference::new(&outcome);
    reference.mean(Figure::Wait, &at("11:00"), 12.7);
    reference.quantile(Figure::Wait, &of_segment("cash"), 0.9, 15.9);
    reference.share("abandoned", abandoned_share(&outcome), 0.076);
    reference.holds();
}

#[test]
fn the_vip_desk_breaks_first_when_a_closed_outlets_customers_come() {
    let outcome = outcome("branch-closure", &[]);
    let mut reference = Reference::new(&outcome);
    let share = served_within(&outcome, "time_in_branch", Some("kiosk"));
    reference.share("kiosk within five minutes", share, 0.68);
    reference.mean(Figure::Wait, &of_segment("cash"), 1.7);
    reference.quantile(Figure::Wait, &of_segment("cash"), 0.9, 6.1);
    reference.mean(Figure::Wait, &of_segment("vip"), 8.5);
    reference.holds();
}

#[test]
fn priority_moves_waiting_from_vip_customers_to_the_others() {
    let first = outcome("vip-priority", &[]);
    let mut reference = Reference::new(&first);
    reference.mean(Figure::Wait, &of_segment("vip"), 1.0);
    reference.mean(Figure::Wait, &of_segment("simple"), 9.7);
    reference.mean(Figure::Wait, &everybody(), 8.4);
    reference.holds();
    let none = outcome("vip-no-priority", &[]);
    let mut reference = Reference::new(&none);
    for segment in ["simple", "complex", "vip"] {
        reference.mean(Figure::Wait, &of_segment(segment), 8.6);
    }
    reference.holds();
    // The check of correctness: what one gains the others lose, the mean stays.
    let (with, without) = (
        mean(&first, Figure::Wait, &everybody()),
        mean(&none, Figure::Wait, &everybody()),
    );
    assert!((with / without - 1.0).abs() < 0.05, "{with} and {without}");
}

#[test]
fn a_fifth_of_the_customers_is_worth_about_one_window() {
    for (name, wait) in [("twenty-percent-to-mobile", 5.5), ("sixth-window", 5.8)] {
        let outcome = outcome(name, &[]);
        let mut reference = Reference::new(&outcome);
        reference.mean(Figure::Wait, &everybody(), wait);
        reference.holds();
    }
}

#[test]
fn pensioners_wait_for_an_hour_and_two_more_windows_halve_it() {
    for (name, wait, p90, abandoned) in [
        ("pension-day", 64.0, 103.0, 0.17),
        ("pension-day-five-windows", 36.0, 61.0, 0.06),
    ] {
        let outcome = outcome(name, &[]);
        let mut reference = Reference::new(&outcome);
        let pension = of_segment("pension");
        reference.mean(Figure::Wait, &pension, wait);
        reference.quantile(Figure::Wait, &pension, 0.9, p90);
        reference.share("abandoned", abandoned_share(&outcome), abandoned);
        reference.holds();
    }
}

#[test]
fn every_remedy_of_pension_day_helps_the_pensioners_by_what_it_changes() {
    let pension = of_segment("pension");
    let wait = |outcome: &Outcome| mean(outcome, Figure::Wait, &pension) / 60.0;
    let usual = outcome("pension-day", &[]);
    let as_it_is = wait(&usual);
    let early = outcome("pension-day-open-early", &[]);
    let spread = outcome("pension-day-over-three-days", &[]);
    let machines = outcome("pension-day-to-atm", &[]);
    // The clock of a crowd starts with the opening, so those who stand at the doors wait
    // as long as before; who comes later has nineteen fewer before him (half an hour of
    // three windows) while the queue lasts, and fewer give up.
    let gained = as_it_is - wait(&early);
    assert!((3.0..30.0).contains(&gained), "{gained} min");
    assert!(abandoned_share(&early) < abandoned_share(&usual) - 0.01);
    // A third of the pensioners, and half of them at the windows, leave no hour's queue.
    for (name, after) in [("three days", wait(&spread)), ("machines", wait(&machines))] {
        assert!(after < 0.5 * as_it_is, "{name}: {after} of {as_it_is} min");
    }
    // All of them come: 62% and 31% of 419, a third of 260.
    let came = |outcome: &Outcome, who: &str| mean(outcome, Figure::Arrivals, &of_segment(who));
    for (found, expected) in [
        (came(&early, "pension"), 0.62 * 419.0),
        (came(&machines, "pension"), 0.31 * 419.0),
        (came(&machines, "pension_atm"), 0.31 * 419.0),
        (came(&spread, "pension"), 0.62 * 419.0 / 3.0),
        (came(&spread, "kiosk"), 0.28 * 419.0),
    ] {
        let error = (expected / f64::from(DAYS)).sqrt();
        // The crowd is a whole number: half a person of it is rounding.
        assert!(
            (found - expected).abs() < 3.3 * error + 0.5,
            "{found} instead of {expected}"
        );
    }
}

#[test]
fn a_window_of_their_own_is_dearer_for_all_than_a_place_in_front() {
    let own = outcome("vip-own-window", &[]);
    let first = outcome("vip-priority", &[]);
    let of = |outcome: &Outcome, who: &str| mean(outcome, Figure::Wait, &of_segment(who));
    // Five windows are one system; four and one are two that cannot help each other.
    assert!(of(&own, "vip") > of(&first, "vip"));
    assert!(of(&own, "simple") > of(&first, "simple"));
    let all = |outcome: &Outcome| mean(outcome, Figure::Wait, &everybody());
    assert!(
        all(&own) > 1.2 * all(&first),
        "{} {}",
        all(&own),
        all(&first)
    );
}

#[test]
fn overbooking_fills_the_places_that_nobody_takes() {
    let booked = |outcome: &Outcome| mean(outcome, Figure::Arrivals, &of_segment("complex_booked"));
    let in_time = |outcome: &Outcome| served_within(outcome, "wait", Some("complex_booked"));
    let table = [1.0, 1.1, 1.2, 1.3].map(|factor| {
        let set = format!("appointments.overbooking={factor}");
        outcome("appointment-spread", &[&set])
    });
    // 40% of 102 complex errands are places for booking, of which 84 of a hundred are kept.
    let places: f64 = 0.4 * 0.30 * 340.0;
    for (outcome, factor) in table.iter().zip([1.0, 1.1, 1.2, 1.3]) {
        let (found, expected) = (booked(outcome), places * factor * 0.84);
        assert!(
            (found - expected).abs() < 1.0,
            "{found} instead of {expected}"
        );
    }
    let shares = table.each_ref().map(in_time);
    assert!(shares.is_sorted_by(|a, b| a > b), "{shares:?}");
    // So many more as do not come: the places are full, and their promise holds.
    let full = outcome("appointment-overbooked", &[]);
    assert!(
        (booked(&full) / places - 1.0).abs() < 0.03,
        "{}",
        booked(&full)
    );
    assert!(in_time(&full) > 0.9, "{}", in_time(&full));
}

/// Yuan a served customer, and the share of those who came whose service began in five minutes.
fn cost_and_share_in_time(name: &str, yuan_a_day: f64) -> (f64, f64) {
    let outcome = outcome(name, &[]);
    let of = |what: Figure| mean(&outcome, what, &everybody());
    // Rostered hours are known before anybody comes.
    assert!((of(Figure::Cost) - yuan_a_day).abs() < 1e-6, "{name}");
    let within = served_within(&outcome, "wait", None) * of(Figure::Served);
    (
        of(Figure::Cost) / of(Figure::Served),
        within / of(Figure::Arrivals),
    )
}

#[test]
fn every_lunch_rule_buys_something_for_its_cost() {
    // Server hours times 80 yuan: 5 windows for 8 h, less 5 h, less 2 h, and with 4 h more.
    let rules = [
        ("lunch-staggered", 35.0 * 80.0),
        ("lunch-three-quarters", 38.0 * 80.0),
        ("lunch-none", 40.0 * 80.0),
        ("lunch-part-time", 42.0 * 80.0),
    ];
    let found: Vec<_> = rules
        .into_iter()
        .map(|(name, cost)| cost_and_share_in_time(name, cost))
        .collect();
    // Each has windows open whenever the one before has: nobody is dominated.
    assert!(
        found.is_sorted_by(|a, b| a.0 < b.0 && a.1 < b.1),
        "{found:?}"
    );
    // The rule of three quarters is the traditional branch's: 44% of the served within five minutes.
    let served = served_within(&outcome("lunch-three-quarters", &[]), "wait", None);
    assert!((served - 0.44).abs() < 0.02, "{served}");
}

#[test]
fn every_shipped_scenario_is_looked_at_by_a_test_or_a_bench() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = |folder: &str, extension: &str| -> Vec<std::path::PathBuf> {
        let entries = std::fs::read_dir(here.join(folder)).expect("the folder is there");
        let paths = entries.map(|entry| entry.expect("an entry").path());
        paths
            .filter(|path| path.extension().is_some_and(|it| it == extension))
            .collect()
    };
    let tests: Vec<String> = files("tests", "rs")
        .into_iter()
        .chain(files("benches", "rs"))
        .chain(files("../scenarios/tests", "rs"))
        .map(|path| std::fs::read_to_string(path).expect("a text"))
        .collect();
    // What a list of branches names as a template is looked at with its region.
    let lists: Vec<String> = files("../scenarios", "csv")
        .into_iter()
        .map(|path| std::fs::read_to_string(path).expect("a text"))
        .collect();
    for path in files("../scenarios", "toml") {
        let name = path.file_stem().expect("a name").to_string_lossy();
        let quoted = [format!("\"{name}\""), format!("{name}.toml\"")];
        let named = tests
            .iter()
            .any(|text| quoted.iter().any(|it| text.contains(it)));
        let is_template = lists
            .iter()
            .any(|list| list.contains(&format!(",{name}.toml,")));
        assert!(
            named || is_template || name == "Cargo",
            "no test names {name}"
        );
    }
}
