//! Steady-state queues against exact formulas, as z-tests at a fixed seed.
//!
//! The figures named by case come from published models (Erlang 1917; Pollaczek
//! 1930, Khinchine 1932; Garnett, Mandelbaum & Reiman 2002) and are also
//! computed here from the formulas, so that a wrong constant shows.

mod branch;

use branch::{everybody, figure, lognormal, mean, of_resource, queue, run};
use scenarios::figure::Figure;
use scenarios::model::{Law, Scenario};
use scenarios::time::Span;
use sim::Outcome;

const LIMIT: f64 = 3.3;
const REPLICATIONS: u32 = 40;
/// The 97.5% quantile of Student's t with 39 degrees of freedom, from tables: an
/// interval's half-width is so many standard errors.
const T_39: f64 = 2.022_691;

/// How many standard errors a mean is off.
fn z(outcome: &Outcome, of: Figure, expected: f64) -> f64 {
    let population = if of == Figure::QueueLength || of == Figure::Occupancy {
        of_resource("server")
    } else {
        everybody()
    };
    let row = figure(outcome, of, &population);
    let half = (row.mean_high.expect("there are 40 replications")
        - row.mean_low.expect("there are 40 replications"))
        / 2.0;
    (row.mean.expect("there are customers") - expected) / (half / T_39)
}

fn share_z(outcome: &Outcome, of: Figure, seconds: f64, expected: f64) -> f64 {
    let row = figure(outcome, of, &everybody());
    let share = row
        .shares
        .iter()
        .find(|share| (share.threshold_seconds - seconds).abs() < 1e-9)
        .expect("the threshold was asked for");
    let half = (share.high.expect("there are 40 replications")
        - share.low.expect("there are 40 replications"))
        / 2.0;
    (share.share.expect("there are customers") - expected) / (half / T_39)
}

/// Probability that a customer of M/M/c waits (Erlang C), by the recursion of Erlang B.
fn erlang_c(load: f64, servers: u32) -> f64 {
    let blocked = (1..=servers).fold(1.0, |b, n| load * b / (f64::from(n) + load * b));
    let rho = load / f64::from(servers);
    blocked / (1.0 - rho * (1.0 - blocked))
}

struct Case {
    arrivals_per_second: f64,
    mean_service: f64,
    servers: u32,
    /// As published, in seconds.
    wait: f64,
    within_three_minutes: f64,
}

fn check_mmc(case: &Case, customers: f64) {
    let load = case.arrivals_per_second * case.mean_service;
    let waits = erlang_c(load, case.servers);
    let spare = f64::from(case.servers) - load;
    let wait = waits * case.mean_service / spare;
    let within = |seconds: f64| 1.0 - waits * (-spare * seconds / case.mean_service).exp();
    assert!(
        (wait - case.wait).abs() < 1e-6 * case.wait,
        "Erlang C gives {wait}"
    );
    assert!((within(180.0) - case.within_three_minutes).abs() < 1e-9);

    let length = (customers / case.arrivals_per_second) as u64;
    let law = Law::Exponential {
        mean: case.mean_service,
    };
    let mut scenario = queue(
        case.arrivals_per_second,
        law,
        case.servers,
        length / 5,
        length,
    );
    scenario.report.thresholds = vec![Span(180_000_000), Span(300_000_000)];
    let outcome = run(&scenario, REPLICATIONS, 2);
    for (what, z) in [
        ("wait", z(&outcome, Figure::Wait, wait)),
        (
            "time in branch",
            z(&outcome, Figure::TimeInBranch, wait + case.mean_service),
        ),
        (
            "queue length",
            z(
                &outcome,
                Figure::QueueLength,
                wait * case.arrivals_per_second,
            ),
        ),
        (
            "people",
            z(
                &outcome,
                Figure::PeopleInBranch,
                (wait + case.mean_service) * case.arrivals_per_second,
            ),
        ),
        (
            "occupancy",
            z(&outcome, Figure::Occupancy, load / f64::from(case.servers)),
        ),
        (
            "within 3 min",
            share_z(&outcome, Figure::Wait, 180.0, within(180.0)),
        ),
        (
            "within 5 min",
            share_z(&outcome, Figure::Wait, 300.0, within(300.0)),
        ),
    ] {
        assert!(z.abs() < LIMIT, "{what}: z = {z}");
    }
}

#[test]
fn one_cash_machine_at_80_percent_agrees_with_theory() {
    // Case mm1_rho80.
    let case = Case {
        arrivals_per_second: 0.8 / 60.0,
        mean_service: 60.0,
        servers: 1,
        wait: 240.0,
        within_three_minutes: 0.560_950_691_125,
    };
    check_mmc(&case, 6000.0);
}

#[test]
fn five_tellers_agree_with_theory() {
    // Case mm5_law_bank40.
    let case = Case {
        arrivals_per_second: 1.0 / 60.0,
        mean_service: 240.0,
        servers: 5,
        wait: 132.987_012_987,
        within_three_minutes: 0.738_255_762_983,
    };
    check_mmc(&case, 6000.0);
}

#[test]
fn eight_tellers_agree_with_theory() {
    // Case mm8_branch.
    let case = Case {
        arrivals_per_second: 100.0 / 3600.0,
        mean_service: 240.0,
        servers: 8,
        wait: 95.883_583_905_4,
        within_three_minutes: 0.804_035_559_641,
    };
    check_mmc(&case, 6000.0);
}

fn check_mg1(law: Law, published: f64, mean: f64, cv: f64) {
    let rate = 0.8 / mean;
    // Pollaczek–Khinchine.
    let wait = rate * mean * mean * (1.0 + cv * cv) / (2.0 * (1.0 - 0.8));
    assert!((wait - published).abs() < 1e-6 * published);
    let length = (6000.0 / rate) as u64;
    let outcome = run(&queue(rate, law, 1, length / 5, length), REPLICATIONS, 2);
    let z = z(&outcome, Figure::Wait, wait);
    assert!(z.abs() < LIMIT, "z = {z}");
}

#[test]
fn constant_service_agrees_with_pollaczek_and_khinchine() {
    // Case mg1_det.
    check_mg1(Law::Constant { seconds: 180.0 }, 360.0, 180.0, 0.0);
}

#[test]
fn lognormal_service_agrees_with_pollaczek_and_khinchine() {
    // Case mg1_logn.
    check_mg1(lognormal(3.0, 1.2), 878.4, 180.0, 1.2);
}

#[test]
fn impatient_customers_abandon_as_erlang_a_says() {
    // Case erlanga_bench: 10 servers, 10.5 a minute, service 1 min, patience 5 min.
    let (rate, length) = (0.175, 30_000);
    let mut scenario: Scenario = queue(
        rate,
        Law::Exponential { mean: 60.0 },
        10,
        length / 5,
        length,
    );
    scenario.segments[0].patience = Some(Law::Exponential { mean: 300.0 });
    let outcome = run(&scenario, REPLICATIONS, 2);
    assert!(z(&outcome, Figure::Wait, 29.748_013_207_8).abs() < LIMIT);
    assert!(z(&outcome, Figure::QueueLength, 5.200_838_137_52).abs() < LIMIT);
    assert!(z(&outcome, Figure::Occupancy, 0.945_983_237_25).abs() < LIMIT);
    let abandoned = mean(&outcome, Figure::Abandoned, &everybody())
        / mean(&outcome, Figure::Arrivals, &everybody());
    assert!(
        (abandoned - 0.099_063_583_571_9).abs() < 0.004,
        "{abandoned}"
    );
}

#[test]
fn priority_without_interruption_agrees_with_cobham() {
    // Case prio_ciw_lit: M/M/1, service 60 s, 0.2 and 0.6 a minute.
    let mut scenario = queue(
        0.8 / 60.0,
        Law::Exponential { mean: 60.0 },
        1,
        90_000,
        450_000,
    );
    scenario.segments[0].share = 0.75;
    scenario
        .segments
        .push(branch::segment("high", 0.25, 0, 0, None, 1));
    let outcome = run(&scenario, REPLICATIONS, 2);
    for (name, expected) in [("high", 60.0), ("all", 300.0)] {
        let row = figure(&outcome, Figure::Wait, &branch::of_segment(name));
        let half = (row.mean_high.expect("there are 40 replications")
            - row.mean_low.expect("there are 40 replications"))
            / 2.0;
        let z = (row.mean.expect("there are customers") - expected) / (half / T_39);
        assert!(z.abs() < LIMIT, "{name}: z = {z}");
    }
}
