//! What customers do, against hand computation and theory, in the files that users write.

mod branch;

use branch::{everybody, figure, mean, of_segment, run};
use scenarios::figure::{Figure, Population};
use scenarios::file::read;
use scenarios::model::Scenario;
use scenarios::operation::{Channel, Operation};
use scenarios::time::{SimTime, Span};
use sim::{Options, Outcome, operations, records};
use std::path::Path;

fn written(text: &str) -> Scenario {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("s.toml");
    std::fs::write(&path, text).expect("the folder is writable");
    read(&path, &[]).unwrap_or_else(|error| panic!("{error} {:?}", error.related()))
}

/// Customers a day of a figure that may have no cause.
fn count(outcome: &Outcome, of: Figure, population: &Population) -> f64 {
    let row = outcome.figures.find(of, population);
    row.map_or(0.0, |row| row.mean.expect("there are days"))
}

/// Every customer who came in has one fate, in the total and in each segment.
fn nobody_is_lost(outcome: &Outcome, segments: &[&str]) {
    let populations = segments.iter().map(|name| of_segment(name));
    for population in populations.chain([everybody()]) {
        let fates = [
            Figure::Served,
            Figure::Abandoned,
            Figure::Balked,
            Figure::TurnedAway,
        ];
        let sum: f64 = fates
            .into_iter()
            .map(|fate| count(outcome, fate, &population))
            .sum();
        let arrivals = mean(outcome, Figure::Arrivals, &population);
        assert!(
            (arrivals - sum).abs() < 1e-9 * arrivals,
            "{population:?}: {arrivals} came, {sum} left"
        );
    }
}

/// More customers than two windows can serve.
const CROWD: &str = r#"
[resources.window]
capacity = 2
[journeys.errand]
time = { law = "lognormal", mean = "5min", cv = 0.7 }
holds = ["window"]
[segments.patient]
share = 0.5
[segments.hasty]
share = 0.5
patience = { law = "exponential", mean = "40min" }
balking = { from = 30, always = 60 }
[arrivals]
per_day = 220
"#;

#[test]
fn who_is_turned_away_at_closing_is_counted_and_nobody_is_lost() {
    let all = run(&written(CROWD), 40, 2);
    let home = run(
        &written(&format!("{CROWD}[day]\nclosing = \"send_home\"")),
        40,
        2,
    );
    let grace = run(
        &written(&format!("{CROWD}[day]\nclosing = {{ grace = \"30min\" }}")),
        40,
        2,
    );
    for outcome in [&all, &home, &grace] {
        nobody_is_lost(outcome, &["patient", "hasty"]);
        assert!(outcome.warnings.is_empty());
    }
    let turned_away = |outcome| count(outcome, Figure::TurnedAway, &everybody());
    assert!(turned_away(&all) < 1e-9);
    assert!(turned_away(&home) > turned_away(&grace) && turned_away(&grace) > 0.0);
    // The doors and the queue before closing are the same.
    let before = |outcome| mean(outcome, Figure::QueueLength, &everybody());
    assert!((before(&all) - before(&home)).abs() < 1e-12);
    let overtime = |outcome| mean(outcome, Figure::Overtime, &everybody());
    assert!(overtime(&home) < overtime(&grace) && overtime(&grace) < overtime(&all));
}

#[test]
fn booked_customers_come_as_early_and_late_as_their_law_says() {
    let scenario = written(
        r#"
[resources.window]
capacity = 50
[journeys.errand]
time = "1min"
holds = ["window"]
[segments.walk_in]
share = 1
[segments.booked]
share = 0
[arrivals]
per_day = 0
[appointments]
slots = { at = ["12:00"], per_slot = 50, segment = "booked" }
punctuality = { law = "normal", mean = "-3min", sd = "6min" }
"#,
    );
    let noon = 12.0 * 3600.0;
    let late: Vec<f64> = (0..40)
        .flat_map(|day| records(&scenario, &Options::of(&scenario), day).expect("it is sound"))
        .map(|record| record.arrived.seconds() - noon)
        .collect();
    let n = late.len() as f64;
    let mean = late.iter().sum::<f64>() / n;
    let square = late.iter().map(|it| (it - mean).powi(2)).sum::<f64>() / (n - 1.0);
    assert!(((mean + 180.0) / (360.0 / n.sqrt())).abs() < 3.3, "{mean}");
    // The variance of a normal sample has the relative error sqrt(2 / (n - 1)).
    let z = (square / 360.0_f64.powi(2) - 1.0) / (2.0 / (n - 1.0)).sqrt();
    assert!(z.abs() < 3.3, "{square}");
}

/// A steady M/M/1 of two segments at 80%, a minute each.
fn two_classes(queue: &str, first: &str, second: &str) -> Scenario {
    written(&format!(
        r#"
[run]
mode = "steady_state"
warm_up = "20h"
length = "220h"
replications = 40
[resources.server]
capacity = 1
queue = {queue}
[journeys.errand]
time = {{ law = "exponential", mean = "60s" }}
holds = ["server"]
[segments.one]
share = 0.5
{first}
[segments.two]
share = 0.5
{second}
[arrivals]
rate_per_hour = 48
"#
    ))
}

/// How many standard errors a mean wait is off.
fn z_of_wait(outcome: &Outcome, population: &Population, expected: f64) -> f64 {
    let row = figure(outcome, Figure::Wait, population);
    let (low, high) = (row.mean_low, row.mean_high);
    let half = (high.expect("an interval") - low.expect("an interval")) / 2.0;
    // The 97.5% quantile of Student's t with 39 degrees of freedom, from tables.
    (row.mean.expect("customers") - expected) / (half / 2.022_691)
}

#[test]
fn weighted_waits_agree_with_kleinrocks_time_dependent_priorities() {
    // Kleinrock, Naval Research Logistics Quarterly 11 (1964): with weights b1 < b2 and
    // k = 1 - b1 / b2, W1 = W / (1 - rho2 k) and W2 = W - rho1 k W1, W being FIFO's.
    let outcome = run(
        &two_classes("\"weighted\"", "", "waiting_weight = 3"),
        40,
        2,
    );
    let (fifo, rho, k) = (240.0, 0.4, 2.0 / 3.0);
    let first = fifo / (1.0 - rho * k);
    let second = fifo - rho * k * first;
    for (population, expected) in [
        (of_segment("one"), first),
        (of_segment("two"), second),
        (everybody(), fifo),
    ] {
        let z = z_of_wait(&outcome, &population, expected);
        assert!(z.abs() < 3.3, "{population:?}: {z}");
    }
}

#[test]
fn equal_weights_are_first_come_first_served_and_promotions_move_waits_only_between_segments() {
    let waits = |queue: &str, rule: &str| {
        let outcome = run(&two_classes(queue, rule, "priority = 1"), 40, 2);
        let mean = |population| mean(&outcome, Figure::Wait, &population);
        let all = z_of_wait(&outcome, &everybody(), 240.0);
        assert!(all.abs() < 3.3, "{rule}: {all}");
        (mean(of_segment("one")), mean(of_segment("two")))
    };
    assert_eq!(waits("\"fifo\"", ""), waits("\"weighted\"", ""));
    let never = waits("\"fifo\"", "");
    let late = waits(
        "\"fifo\"",
        "promotion = { after = \"10min\", priority = 2 }",
    );
    let soon = waits("\"fifo\"", "promotion = { after = \"2min\", priority = 2 }");
    let crowd = waits(
        "\"fifo\"",
        "promotion = { when = { waiting = 6 }, priority = 2 }",
    );
    assert!(never.0 > late.0 && late.0 > soon.0 && never.0 > crowd.0);
    assert!(never.1 < late.1 && late.1 < soon.1 && never.1 < crowd.1);
}

#[test]
fn calling_tickets_that_takes_no_time_changes_nothing_and_that_takes_time_costs_it() {
    let with = |queue: &str| {
        let outcome = run(
            &written(&CROWD.replace("capacity = 2", &format!("capacity = 2\n{queue}"))),
            20,
            2,
        );
        nobody_is_lost(&outcome, &["patient", "hasty"]);
        outcome
    };
    let plain = with("");
    let free = with("queue = { tickets = { calling_time = \"0s\" } }");
    let dear = with("queue = { tickets = { calling_time = \"1min\" } }");
    assert_eq!(plain.days, free.days);
    let hasty = of_segment("hasty");
    let abandoned = count(&free, Figure::Abandoned, &hasty);
    let no_shows = count(&free, Figure::NoShows, &hasty);
    // Tickets that are left when the last customer has gone are not called.
    assert!(no_shows <= abandoned && no_shows > 0.95 * abandoned);
    let wait = |outcome| mean(outcome, Figure::Wait, &of_segment("patient"));
    assert!(wait(&dear) > wait(&free));
}

#[test]
fn who_gives_up_is_a_miss_left_out_or_judged_by_the_threshold() {
    // One of three abandons after four minutes; of two served, one waited within a minute.
    let share = |rule: &str, threshold: f64| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("t.csv"), "arrival\n0\n60\n120\n").expect("writable");
        let path = folder.path().join("s.toml");
        let text = format!(
            "[run]\nreplications = 2\n[resources.window]\ncapacity = 1\n[journeys.errand]\ntime = \"5min\"\n\
             holds = [\"window\"]\n[segments.all]\npatience = \"4min\"\n[arrivals]\nreplay = \"t.csv\"\n\
             [report]\nabandoned = \"{rule}\"\nthresholds = [\"1min\", \"5min\"]\n"
        );
        std::fs::write(&path, text).expect("writable");
        let scenario = read(&path, &[]).unwrap_or_else(|error| panic!("{error}"));
        let outcome = run(&scenario, 2, 1);
        branch::share(figure(&outcome, Figure::Wait, &everybody()), threshold)
    };
    for (rule, one_minute, five_minutes) in [
        ("by_threshold", 1.0 / 3.0, 1.0),
        ("miss", 1.0 / 3.0, 2.0 / 3.0),
        ("left_out", 0.5, 1.0),
    ] {
        assert!((share(rule, 60.0) - one_minute).abs() < 1e-12, "{rule}");
        assert!((share(rule, 300.0) - five_minutes).abs() < 1e-12, "{rule}");
    }
}

#[test]
fn who_goes_on_to_the_phone_is_a_session_of_the_mobile_bank() {
    let text = format!(
        "{}\n[mobile]\nmonthly_actives = 0\nlog_ins_per_month = 0\nhourly_weights = [{}]\n\
         requests_per_session = 2\nthink = \"10s\"\nmix = {{ balance_query = 100 }}\n",
        CROWD
            .replace(
                "time = {",
                "steps = [{ name = \"serve\", operation = \"history_query\", duration = {"
            )
            .replace("cv = 0.7 }", "cv = 0.7 } }]")
            .replace(
                "balking",
                "retry = { probability = 0.5, after = \"10min\", through = \"mobile\" }\nbalking"
            ),
        ["1"; 24].join(",")
    );
    let scenario = written(&text);
    let outcome = run(&scenario, 1, 1);
    nobody_is_lost(&outcome, &["patient", "hasty"]);
    let gone = count(&outcome, Figure::TriedMobile, &everybody());
    let left = count(&outcome, Figure::Abandoned, &everybody())
        + count(&outcome, Figure::Balked, &everybody());
    // Half of those who left, by chance: within 3.3 standard deviations.
    assert!((gone - left / 2.0).abs() < 3.3 * (left / 4.0).sqrt() && gone > 0.0);
    let day = (scenario.day.open, SimTime(scenario.day.close.0 * 2));
    let operations = operations(&scenario, 0, scenario.run.seed, day.0, day.1).expect("sound");
    let phone: Vec<_> = operations
        .iter()
        .filter(|it| it.channel == Channel::Mobile)
        .collect();
    let count = |operation| phone.iter().filter(|it| it.operation == operation).count();
    assert!((gone - count(Operation::LogIn) as f64).abs() < 1e-9);
    assert!((gone - count(Operation::HistoryQuery) as f64).abs() < 1e-9);
    assert_eq!(phone.len(), 2 * count(Operation::LogIn));
    let pauses = phone.iter().filter_map(|it| it.think);
    assert!(pauses.into_iter().all(|pause| pause == Span(10_000_000)));
}

#[test]
fn customers_who_choose_the_shorter_queue_wait_less_than_those_who_are_sent() {
    let wait = |choice: &str| {
        let text = format!(
            r#"
[resources.window]
capacity = 2
[resources.kiosk]
capacity = 3
[journeys.errand]
time = {{ law = "exponential", mean = "4min" }}
holds = ["window"]
[journeys.errand_kiosk]
channel = "kiosk"
time = {{ law = "exponential", mean = "4min" }}
holds = ["kiosk"]
[services.errand]
journeys = ["errand", "errand_kiosk"]
[segments.all]
channels = {{ counter = 0.5, kiosk = 0.5 }}
choice = "{choice}"
[arrivals]
rate_per_hour = 60
"#
        );
        let outcome = run(&written(&text), 40, 2);
        mean(&outcome, Figure::Wait, &everybody())
    };
    assert!(wait("shorter") < 0.7 * wait("drawn"));
}
/// Shares of those served within so many seconds, by segment.
fn within(name: &str, set: &[&str], of: &[(&str, f64)]) -> Vec<f64> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../scenarios/{name}.toml"));
    let set: Vec<String> = set.iter().map(ToString::to_string).collect();
    let scenario = read(&path, &set).unwrap_or_else(|error| panic!("{error}"));
    let outcome = run(&scenario, 100, 2);
    nobody_is_lost(&outcome, &["simple", "complex_booked"]);
    of.iter()
        .map(|(segment, seconds)| {
            branch::share(
                figure(&outcome, Figure::Wait, &of_segment(segment)),
                *seconds,
            )
        })
        .collect()
}

#[test]
fn appointments_help_when_they_are_spread_over_the_day_and_not_when_they_crowd_the_peaks() {
    let of = [
        ("complex_booked", 300.0),
        ("vip_booked", 300.0),
        ("simple", 1800.0),
    ];
    let crowded = within("appointment-heavy", &[], &of);
    let spread = within("appointment-spread", &[], &of);
    // The targets: 90% of those who book within five minutes, 80% of the others within thirty.
    assert!(
        spread[0] > 0.9 && spread[1] > 0.9 && spread[2] > 0.8,
        "{spread:?}"
    );
    assert!(
        crowded[0] < 0.9 && crowded[1] < 0.9 && crowded[2] < 0.8,
        "{crowded:?}"
    );
    // Booking as many more as do not come costs those who do.
    let overbooked = within("appointment-heavy", &["appointments.overbooking=1.19"], &of);
    assert!(
        overbooked[0] < crowded[0] && overbooked[2] < crowded[2],
        "{overbooked:?}"
    );
}
