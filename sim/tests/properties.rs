//! What holds for every scenario.

mod branch;

use branch::{
    MINUTE, SECOND, everybody, figure, mean, of_channel, of_resource, profile, queue, resource,
    run, smart, traditional,
};
use proptest::prelude::{ProptestConfig, proptest};
use scenarios::figure::{Figure, Population};
use scenarios::gate::{Comparison, Gate, Statistic};
use scenarios::model::{Crossing, Law, Mode, NamedGate, Scenario};
use scenarios::operation::Operation;
use scenarios::time::{SimTime, Span};
use sim::{OperationLatencies, Options, SimError, compare, from_csv, simulate, to_csv};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

fn promise(scenario: &mut Scenario, population: Population) {
    scenario.gates.push(NamedGate {
        name: "promise".to_owned(),
        gate: Gate {
            text: "share_within(time_in_branch, 5min) >= 80%".to_owned(),
            statistic: Statistic::ShareWithin(300.0),
            figure: Figure::TimeInBranch,
            population,
            comparison: Comparison::AtLeast,
            bound: 0.8,
        },
    });
}

/// Service by channel, segment by interval, and everything by everything.
fn crossings() -> Vec<Crossing> {
    let of = |channel, service, segment, interval| Crossing {
        channel,
        service,
        segment,
        interval,
    };
    vec![
        of(true, true, false, false),
        of(false, false, true, true),
        of(true, true, true, true),
    ]
}

/// Whatever is crossed: its parts sum to the total, day by day.
#[test]
fn crossed_populations_sum_to_the_total() {
    let mut scenario = smart(3.6, 0.45);
    scenario.report.crossings = crossings();
    let outcome = run(&scenario, 3, 1);
    let rows = &outcome.figures.rows;
    let total = |wanted: Figure| {
        let mut rows = rows.iter();
        let all = rows.find(|row| row.figure == wanted && row.population == Population::default());
        all.and_then(|row| row.mean).unwrap()
    };
    for crossing in crossings() {
        let held = crossing.dimensions();
        for figure in [Figure::Arrivals, Figure::Served, Figure::Abandoned] {
            let of = rows.iter().filter(|row| {
                let named = row.population.dimensions();
                let named = named.into_iter().filter(|(_, name)| name.is_some());
                row.figure == figure && named.map(|(name, _)| name).eq(held.iter().copied())
            });
            let parts: Vec<f64> = of.map(|row| row.mean.unwrap()).collect();
            assert!(parts.len() > 1, "{held:?}");
            let (sum, all) = (parts.iter().sum::<f64>(), total(figure));
            assert!(
                (sum - all).abs() < 1e-9 * all.max(1.0),
                "{held:?}: {sum} of {all}"
            );
        }
        // Times, too: each part's mean weighs as many as were served.
        let times = rows.iter().filter(|row| {
            let named = row.population.dimensions();
            let named = named.into_iter().filter(|(_, name)| name.is_some());
            row.figure == Figure::TimeInBranch
                && named.map(|(name, _)| name).eq(held.iter().copied())
        });
        let sum: f64 = times
            .map(|row| row.mean.unwrap_or(0.0) * row.count as f64)
            .sum();
        let rows = rows.iter();
        let all = rows
            .filter(|row| row.figure == Figure::TimeInBranch)
            .find(|row| row.population == Population::default())
            .map(|row| row.mean.unwrap() * row.count as f64)
            .unwrap();
        assert!(
            (sum - all).abs() < 1e-6 * all,
            "{held:?}: {sum} s of {all} s"
        );
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let mut scenario = smart(3.6, 0.45);
    scenario.report.crossings = crossings();
    scenario.arrivals.busyness_cv = 0.1;
    promise(&mut scenario, of_channel("kiosk"));
    let one = run(&scenario, 23, 1);
    for threads in [2, 3, 7] {
        let other = run(&scenario, 23, threads);
        assert_eq!(
            format!("{one:?}"),
            format!("{other:?}"),
            "{threads} threads"
        );
        assert_eq!(to_csv(&one.days.rows()), to_csv(&other.days.rows()));
    }
}

#[test]
fn replication_r_is_the_same_however_many_run() {
    let few = run(&traditional(), 3, 1);
    let many = run(&traditional(), 300, 2);
    let first: Vec<_> = many
        .days
        .rows()
        .into_iter()
        .filter(|row| row.replication < 3)
        .collect();
    assert_eq!(few.days.rows(), first);
}

#[test]
fn figures_hold_no_value_that_is_not_a_number() {
    let mut nobody = traditional();
    nobody.arrivals = profile(0.0);
    for outcome in [run(&nobody, 3, 1), run(&smart(3.6, 0.45), 1, 1)] {
        for row in &outcome.figures.rows {
            let values = [
                row.mean,
                row.mean_low,
                row.mean_high,
                row.sd,
                row.min,
                row.max,
            ];
            let quantiles = row.quantiles.iter().flat_map(|q| [q.value, q.low, q.high]);
            let shares = row
                .shares
                .iter()
                .flat_map(|share| [share.share, share.low, share.high]);
            let mut all = values.into_iter().chain(quantiles).chain(shares).flatten();
            assert!(all.all(f64::is_finite), "{row:?}");
        }
    }
}

#[test]
fn a_single_replication_has_no_intervals() {
    let outcome = run(&smart(3.6, 0.45), 1, 1);
    let row = figure(&outcome, Figure::TimeInBranch, &everybody());
    assert!(row.mean.is_some() && row.mean_low.is_none() && row.shares[0].low.is_none());
    assert!(row.quantiles.iter().all(|quantile| quantile.low.is_none()));
}

#[test]
fn another_kiosk_leaves_every_customers_service_as_it_was() {
    let first = smart(3.6, 0.45);
    let mut second = first.clone();
    second.resources[0].roster.steps[0].1 = 6;
    // Nobody gives up, so that both serve everybody.
    let patient = |mut scenario: Scenario| {
        scenario
            .segments
            .iter_mut()
            .for_each(|segment| segment.patience = None);
        run(&scenario, 10, 1)
    };
    let (first, second) = (patient(first), patient(second));
    let services = |outcome: &sim::Outcome| {
        let rows = outcome
            .days
            .rows()
            .into_iter()
            .filter(|row| row.figure == "service");
        rows.map(|row| (row.replication, row.count, row.sum.to_bits()))
            .collect::<Vec<_>>()
    };
    assert_eq!(services(&first), services(&second));
    let effects = compare(&first.days.rows(), &second.days.rows(), true);
    let service = effects
        .iter()
        .find(|e| e.figure == "service" && e.population == "*")
        .unwrap();
    assert!(service.difference.abs() < 1e-12 && service.high.abs() < 1e-9);
    let wait = effects
        .iter()
        .find(|e| e.figure == "wait" && e.population == "channel:kiosk")
        .unwrap();
    assert!(wait.difference < 0.0);
}

#[test]
fn renaming_a_resource_changes_nothing_but_its_name() {
    let first = run(&smart(3.6, 0.45), 5, 1);
    let mut scenario = smart(3.6, 0.45);
    scenario.resources[0].name = "terminal".to_owned();
    let mut second = run(&scenario, 5, 1);
    for row in &mut second.figures.rows {
        if row.population.resource.as_deref() == Some("terminal") {
            row.population.resource = Some("kiosk".to_owned());
        }
    }
    assert_eq!(format!("{first:?}"), format!("{second:?}"));
}

#[test]
fn a_bank_slower_by_20_s_lengthens_the_system_part_by_exactly_20_s() {
    let scenario = smart(3.6, 0.45);
    let latencies = OperationLatencies::from_counts(Operation::IdentityCheck, &[(20 * SECOND, 5)]);
    let options = Options {
        replications: 20,
        latencies,
        ..Options::of(&scenario)
    };
    let slow = simulate(&scenario, &options, &()).unwrap();
    let row = figure(&slow, Figure::System, &of_channel("kiosk"));
    assert_eq!(
        (row.mean, row.min, row.max),
        (Some(20.0), Some(20.0), Some(20.0))
    );
    assert_eq!((row.mean_low, row.mean_high), (Some(20.0), Some(20.0)));
    let effects = compare(&run(&scenario, 20, 1).days.rows(), &slow.days.rows(), true);
    let system = effects
        .iter()
        .find(|e| e.figure == "system" && e.population == "channel:kiosk")
        .unwrap();
    assert!((system.difference - 20.0).abs() < 1e-9);
    let time = effects.iter().find(|e| {
        e.figure == "time_in_branch" && e.statistic == "mean" && e.population == "channel:kiosk"
    });
    // The customers' own 20 s, and a little more waiting for held kiosks.
    assert!((19.5..24.0).contains(&time.unwrap().difference), "{time:?}");
}

#[test]
fn the_misses_of_slow_kiosks_are_named_service_not_waiting() {
    let mut scenario = smart(3.6, 0.45);
    promise(&mut scenario, of_channel("kiosk"));
    let outcome = run(&scenario, 50, 2);
    let misses = outcome.misses.unwrap();
    let share = &figure_share(&scenario);
    assert!((1.0 - misses.missed as f64 / misses.customers as f64 - share).abs() < 1e-12);
    assert_eq!(
        misses.by_part.iter().map(|part| part.missed).sum::<u64>(),
        misses.missed
    );
    assert_eq!(misses.by_part[0].part, "service");
    assert!(misses.by_part[0].share > 0.5);
    assert!(
        misses.finding.en.starts_with("Service, not waiting"),
        "{}",
        misses.finding.en
    );
}

fn figure_share(scenario: &Scenario) -> f64 {
    let outcome = run(scenario, 50, 1);
    branch::share(
        figure(&outcome, Figure::TimeInBranch, &of_channel("kiosk")),
        300.0,
    )
}

#[test]
fn minutes_sum_to_the_time_in_branch() {
    for minutes in run(&smart(3.6, 0.45), 20, 1).minutes {
        let sum =
            minutes.wait + minutes.service + minutes.review + minutes.system + minutes.fallback;
        assert!((sum - minutes.time_in_branch).abs() < 1e-9);
    }
}

#[test]
fn people_who_can_never_be_served_are_told_and_not_dropped() {
    let mut scenario = traditional();
    scenario
        .segments
        .iter_mut()
        .for_each(|segment| segment.patience = None);
    scenario.resources[0] = resource(
        "windows",
        &[
            (SimTime::from_clock(9, 0), 1),
            (SimTime::from_clock(12, 0), 0),
        ],
    );
    let outcome = run(&scenario, 4, 1);
    let of = |what| mean(&outcome, what, &everybody());
    assert!(of(Figure::Arrivals) > of(Figure::Served) + of(Figure::Abandoned) + 100.0);
    assert_eq!(outcome.warnings.len(), 1);
}

#[test]
fn an_endless_starving_stretch_ends() {
    // High priority alone overloads the server; low priority is never served.
    let mut scenario = queue(0.05, Law::Constant { seconds: 30.0 }, 1, 0, 20_000);
    scenario.segments[0].share = 0.1;
    scenario
        .segments
        .push(branch::segment("high", 0.9, 0, 0, None, 1));
    let outcome = run(&scenario, 2, 1);
    assert!(mean(&outcome, Figure::Served, &everybody()) > 900.0);
}

#[test]
fn days_survive_the_way_through_csv() {
    let mut scenario = smart(3.6, 0.45);
    scenario.services[0].name = "pay, \"fast\"".to_owned();
    let days = run(&scenario, 5, 1).days.rows();
    assert_eq!(from_csv(&to_csv(&days)).unwrap(), days);
    assert!(matches!(
        from_csv("a,b\n"),
        Err(SimError::Days { line: 1, .. })
    ));
    let broken = format!("{}x,y\n", to_csv(&days[..1]));
    assert!(matches!(
        from_csv(&broken),
        Err(SimError::Days { line: 3, .. })
    ));
}

#[test]
fn an_interruption_gives_what_is_done_or_says_that_nothing_is() {
    let scenario = traditional();
    let options = Options {
        replications: 5,
        stop: Some(Arc::new(AtomicBool::new(true))),
        ..Options::of(&scenario)
    };
    assert_eq!(
        simulate(&scenario, &options, &()).unwrap_err(),
        SimError::Interrupted
    );
}

#[test]
fn an_impossible_scenario_is_refused_in_words() {
    let mut scenario = traditional();
    scenario.journeys[0].holds[0].resource = 9;
    assert!(matches!(
        simulate(&scenario, &Options::of(&scenario), &()),
        Err(SimError::Scenario { .. })
    ));
    let scenario = traditional();
    let none = Options {
        replications: 0,
        ..Options::of(&scenario)
    };
    assert_eq!(
        simulate(&scenario, &none, &()).unwrap_err(),
        SimError::NoReplications
    );
}

#[test]
fn steady_state_counts_only_arrivals_after_the_warm_up() {
    let outcome = run(
        &queue(0.1, Law::Constant { seconds: 1.0 }, 50, 50_000, 100_000),
        20,
        1,
    );
    assert!(matches!(
        queue(0.1, Law::Constant { seconds: 1.0 }, 1, 1, 2).run.mode,
        Mode::SteadyState { .. }
    ));
    // 5000 expected in the counted half; 20 replications have a standard error of 16.
    assert!((mean(&outcome, Figure::Arrivals, &everybody()) - 5000.0).abs() < 60.0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nobody_is_lost_whatever_the_branch(
        kiosks in 0_u32..6, windows in 0_u32..4, lobby in 0_u32..3, per_day in 0.0..600.0_f64,
        patience in 0.0..30.0_f64, fails in 0.0..1.0_f64, reviewed in 0.0..1.0_f64, seed in 0_u64..1000,
        change in 0_u64..480,
    ) {
        let mut scenario = smart(3.6, 0.45);
        scenario.run.seed = seed;
        scenario.arrivals = profile(per_day);
        let noon = SimTime::from_clock(9, 0).after(Span(change * MINUTE));
        scenario.resources[0].roster.steps = vec![(SimTime::from_clock(9, 0), kiosks), (noon, windows)];
        scenario.resources[1].roster.steps = vec![(SimTime::from_clock(9, 0), windows), (noon, kiosks)];
        scenario.resources[3].roster.steps[0].1 = lobby;
        scenario.segments[0].patience = Some(Law::Constant { seconds: patience * 60.0 });
        scenario.journeys[0].steps[1].probability = reviewed;
        scenario.journeys[0].steps[2].failure.as_mut().unwrap().probability = fails;
        let outcome = run(&scenario, 2, 1);
        let of = |what: &str| {
            let total = outcome.days.rows().into_iter().filter(|row| row.figure == what && row.channel.is_none() && row.service.is_none() && row.segment.is_none());
            total.map(|row| row.count).sum::<u64>()
        };
        let unserved = of("arrivals") - of("served") - of("abandoned");
        assert_eq!(unserved > 0, !outcome.warnings.is_empty());
        assert_eq!(of("arrivals"), outcome.customers);
        for name in ["kiosk", "cash", "lobby"] {
            let occupancy = figure(&outcome, Figure::Occupancy, &of_resource(name));
            assert!(occupancy.max.is_none_or(|share| share <= 1.0));
        }
    }
}
