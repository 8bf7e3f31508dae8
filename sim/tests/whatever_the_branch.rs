//! What holds whatever the branch, in scenario files made at random.

mod generated;

use proptest::prelude::{ProptestConfig, TestCaseError, proptest};
use proptest::{prop_assert, prop_assert_eq, prop_assume};
use scenarios::figure::{Figure, Population};
use scenarios::model::Scenario;
use sim::{CustomerFate, CustomerRecord, Options, records, simulate, to_csv};

fn cases(usual: u32) -> u32 {
    let asked = std::env::var("BRANCHLAB_CASES").ok();
    asked.and_then(|it| it.parse().ok()).unwrap_or(usual)
}

fn configuration(usual: u32) -> ProptestConfig {
    ProptestConfig {
        cases: cases(usual),
        failure_persistence: None,
        max_global_rejects: 1_000_000,
        rng_seed: generated::seed(),
        ..ProptestConfig::default()
    }
}

fn day(scenario: &Scenario, replication: u32) -> Vec<CustomerRecord> {
    records(scenario, &Options::of(scenario), replication).expect("what is read is sound")
}

/// Everything that a run tells, as text.
fn everything(scenario: &Scenario, replications: u32, threads: usize) -> String {
    let options = Options {
        replications,
        threads,
        ..Options::of(scenario)
    };
    let outcome = simulate(scenario, &options, &()).expect("what is read is sound");
    format!("{}{outcome:?}", to_csv(&outcome.days.rows()))
}

/// Customers who are served at a moment.
fn at_work(day: &[CustomerRecord], moment: u64) -> usize {
    let served = day.iter().filter(|it| it.begun.is_some());
    served
        .filter(|it| it.begun.is_some_and(|begun| begun.0 <= moment) && moment < it.left.0)
        .count()
}

/// No more are served than there are servers, and nobody waits while one is free.
fn all_work_and_none_does_two_things(
    day: &[CustomerRecord],
    capacity: usize,
) -> Result<(), TestCaseError> {
    let mut moments: Vec<u64> = day.iter().map(|it| it.arrived.0).collect();
    moments.extend(day.iter().map(|it| it.left.0));
    moments.sort_unstable();
    moments.dedup();
    // Nothing changes between two of these moments.
    for moment in moments {
        let busy = at_work(day, moment);
        prop_assert!(busy <= capacity, "{} at work at {}", busy, moment);
        let until = |it: &CustomerRecord| it.begun.map_or(it.left.0, |begun| begun.0);
        let waiting = day
            .iter()
            .filter(|it| it.arrived.0 <= moment && moment < until(it))
            .count();
        prop_assert!(
            waiting == 0 || busy == capacity,
            "{} wait at {}",
            waiting,
            moment
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(configuration(24))]

    #[test]
    fn a_run_is_the_same_on_any_number_of_threads(text in generated::branch()) {
        let Ok(scenario) = generated::read_text(&text) else {
            prop_assume!(false);
            return Ok(());
        };
        let one = everything(&scenario, 7, 1);
        for threads in [2, 3, 7] {
            prop_assert!(one == everything(&scenario, 7, threads), "{} threads", threads);
        }
    }

    #[test]
    fn a_day_is_the_same_in_whatever_order_and_however_many_are_simulated(text in generated::branch()) {
        let Ok(scenario) = generated::read_text(&text) else {
            prop_assume!(false);
            return Ok(());
        };
        let forwards: Vec<_> = (0..4).map(|it| day(&scenario, it)).collect();
        let backwards: Vec<_> = (0..4).rev().map(|it| day(&scenario, it)).collect();
        prop_assert!(forwards.iter().eq(backwards.iter().rev()));
        let rows = |replications: u32| {
            let options = Options { replications, threads: 2, ..Options::of(&scenario) };
            let days = simulate(&scenario, &options, &()).expect("it is sound").days;
            let mut first: Vec<_> = days.rows().into_iter().filter(|row| row.replication < 2).collect();
            // A figure that only some day has makes a row for every day.
            first.retain(|row| row.count > 0);
            first
        };
        prop_assert_eq!(rows(2), rows(5));
    }

    #[test]
    fn a_resource_by_another_name_serves_as_well(text in generated::branch()) {
        let Ok(scenario) = generated::read_text(&text) else {
            prop_assume!(false);
            return Ok(());
        };
        let renamed = generated::sound(&text.replace("r0", "another-name"));
        let one = everything(&scenario, 3, 1);
        let other = everything(&renamed, 3, 1).replace("another-name", "r0");
        prop_assert_eq!(one, other);
    }

    #[test]
    fn everybody_who_came_has_one_fate(text in generated::branch()) {
        let Ok(scenario) = generated::read_text(&text) else {
            prop_assume!(false);
            return Ok(());
        };
        let options = Options { replications: 3, ..Options::of(&scenario) };
        let outcome = simulate(&scenario, &options, &()).expect("it is sound");
        let days: Vec<_> = (0..3).flat_map(|it| day(&scenario, it)).collect();
        let told = |figure: Figure| {
            let row = outcome.figures.find(figure, &Population::default());
            row.map_or(0.0, |row| row.mean.expect("there are days") * 3.0).round() as usize
        };
        prop_assert_eq!(told(Figure::Arrivals), days.len());
        for (figure, fate) in [
            (Figure::Served, CustomerFate::Served),
            (Figure::Abandoned, CustomerFate::Abandoned),
            (Figure::Balked, CustomerFate::Balked),
            (Figure::TurnedAway, CustomerFate::TurnedAway),
        ] {
            let found = days.iter().filter(|it| it.fate == fate).count();
            prop_assert_eq!(told(figure), found, "{}", figure);
        }
        let unserved = days.iter().any(|it| it.fate == CustomerFate::Unserved);
        prop_assert_eq!(unserved, !outcome.warnings.is_empty());
    }
}

proptest! {
    #![proptest_config(configuration(48))]

    #[test]
    fn no_server_serves_two_and_none_rests_while_somebody_waits(
        (text, capacities) in generated::separate_pools()
    ) {
        let day = day(&generated::sound(&text), 0);
        for (number, capacity) in capacities.into_iter().enumerate() {
            let of: Vec<_> = day.iter().filter(|it| it.segment == number).copied().collect();
            all_work_and_none_does_two_things(&of, capacity as usize)?;
        }
    }

    #[test]
    fn no_server_told_apart_serves_two_at_once_or_begins_when_it_is_not_there(
        (text, servers) in generated::servers_told_by_their_speed()
    ) {
        let scenario = generated::sound(&text);
        let day = day(&scenario, 0);
        for (seconds, hours) in servers {
            let served = |it: &&CustomerRecord| {
                it.begun.is_some_and(|begun| it.left.0 - begun.0 == seconds * 1_000_000)
            };
            let mut of: Vec<_> = day.iter().filter(served).collect();
            of.sort_by_key(|it| it.begun);
            for pair in of.windows(2) {
                prop_assert!(pair[1].begun.is_some_and(|begun| begun >= pair[0].left), "{:?}", pair);
            }
            for begun in of.iter().filter_map(|it| it.begun) {
                let second = (begun.0 - scenario.day.open.0) as f64 / 1e6;
                let there = hours.is_none_or(|hours| hours.may_begin(second));
                prop_assert!(there, "{} s at {}", seconds, begun.clock());
            }
        }
        prop_assert!(day.iter().all(|it| it.fate == CustomerFate::Served));
    }

    /// Where all services take the same time, who is next decides who waits, not how long
    /// all wait together: to the microsecond.
    #[test]
    fn the_mean_wait_of_all_does_not_depend_on_priority(texts in generated::same_work_under_other_rules()) {
        let waits = |text: &String| {
            let day = day(&generated::sound(text), 0);
            day.iter().map(|it| it.wait.0).sum::<u64>()
        };
        let waits: Vec<u64> = texts.iter().map(waits).collect();
        prop_assert!(waits.iter().all(|it| *it == waits[0]), "{:?}", waits);
    }
}
