//! The figures of the mobile bank's traffic against theory and against the stream
//! of operations that the load generator plays.

mod branch;

use branch::smart;
use scenarios::figure::{Figure, FigureRow, Population};
use scenarios::model::{Campaign, Law, Mobile, Scenario, Sessions};
use scenarios::operation::Operation;
use scenarios::time::{SimTime, Span};
use sim::{Options, Outcome, operations, simulate};

const SECOND: u64 = 1_000_000;

fn scenario(actives: u64, requests: u32, think: Law) -> Scenario {
    let mut scenario = smart(3.2, 0.3);
    scenario.run.replications = 2;
    scenario.mobile = Some(Mobile {
        bank: Sessions {
            monthly_actives: actives,
            log_ins_per_month: 30.0,
            hourly_weights: [1.0; 24],
            requests_per_session: requests,
            think,
            mix: vec![
                (Operation::BalanceQuery, 60.0),
                (Operation::HistoryQuery, 40.0),
            ],
            mix_left_out: Vec::new(),
        },
        mall: None,
        messenger: None,
        retry: None,
        by_branch: Vec::new(),
        days: 2,
    });
    scenario
}

fn run(scenario: &Scenario, threads: usize) -> Outcome {
    let options = Options {
        threads,
        ..Options::of(scenario)
    };
    simulate(scenario, &options, &()).expect("the scenario is sound")
}

fn row(outcome: &Outcome, figure: Figure, interval: Option<&str>) -> FigureRow {
    let population = Population {
        interval: interval.map(str::to_owned),
        ..Population::default()
    };
    let row = outcome.figures.find(figure, &population);
    row.expect("the mobile bank is simulated").clone()
}

#[test]
fn sessions_in_progress_are_those_of_a_queue_with_a_server_for_each() {
    // 10 sessions a second of 5 exponential pauses of 14 s: M/G/infinity, Poisson
    // of mean 700 once the first have ended; a second catches up to one second more
    // of them than a moment.
    let outcome = run(&scenario(864_000, 6, Law::Exponential { mean: 14.0 }), 2);
    let sessions = row(&outcome, Figure::MobileSessions, Some("12:00"));
    let mean = sessions.mean.expect("it was counted");
    assert!((mean - 710.0).abs() < 6.0, "{mean}");
    let rate = row(&outcome, Figure::MobileRate, Some("12:00"));
    let mean = rate.mean.expect("it was counted");
    assert!((mean - 60.0).abs() < 0.5, "{mean}");
    // Requests are more clustered than Poisson only over longer stretches; in one
    // second they are nearly Poisson.
    let sd = rate.sd.expect("it was counted");
    assert!((sd - 60.0_f64.sqrt()).abs() < 0.5, "{sd}");
}

#[test]
fn the_figures_count_what_the_load_generator_plays() {
    let scenario = scenario(20_000, 4, Law::Exponential { mean: 30.0 });
    let outcome = run(&scenario, 1);
    let day = outcome.mobile_day.as_ref().expect("a day was simulated");
    let seed = scenario.run.seed;
    let (from, to) = (SimTime(0), SimTime::from_clock(24, 0));
    let planned = operations(&scenario, 0, seed, from, to).expect("the scenario is sound");
    let mut seconds = vec![0_u64; 86_400];
    let mut in_progress = vec![0_u64; 86_400];
    let mut spans = std::collections::BTreeMap::new();
    for operation in planned.iter().filter(|it| it.branch == "mobile") {
        let second = (operation.at.0 / SECOND) as usize;
        if let Some(count) = seconds.get_mut(second) {
            *count += 1;
        }
        let span = spans.entry(operation.session).or_insert((second, second));
        span.1 = second;
    }
    for (first, last) in spans.into_values() {
        for count in in_progress.iter_mut().take(last + 1).skip(first) {
            *count += 1;
        }
    }
    let told: Vec<u64> = day.seconds.iter().map(|it| it.requests).collect();
    assert_eq!(told, seconds);
    let told: Vec<u64> = day.seconds.iter().map(|it| it.sessions).collect();
    assert_eq!(told, in_progress);
}

#[test]
fn many_cells_are_one_poisson_process_whoever_counts_them() {
    // 800,000 sessions a day in four cells.
    let scenario = scenario(800_000, 3, Law::Constant { seconds: 5.0 });
    let outcome = run(&scenario, 1);
    for threads in [2, 3, 7] {
        let other = run(&scenario, threads);
        assert_eq!(other.figures, outcome.figures, "{threads} threads");
        assert_eq!(other.mobile_day, outcome.mobile_day);
    }
    let requests = row(&outcome, Figure::MobileRequests, None);
    let mean = requests.mean.expect("it was counted");
    let sd = 3.0 * (800_000.0_f64 / 2.0).sqrt();
    assert!((mean - 2_400_000.0).abs() < 3.3 * sd, "{mean}");
}

#[test]
fn a_campaign_multiplies_its_first_minute_and_halves() {
    let mut scenario = scenario(864_000, 1, Law::Constant { seconds: 1.0 });
    scenario.campaigns = vec![Campaign {
        at: SimTime::from_clock(20, 0),
        factor: 10.0,
        half_life: Span(180 * SECOND),
        mobile: true,
        branch: false,
        prizes: None,
        welfare_vouchers: 0,
    }];
    let outcome = run(&scenario, 2);
    let day = outcome.mobile_day.as_ref().expect("a day was simulated");
    let count = |from: usize, to: usize| -> f64 {
        let seconds = &day.seconds[20 * 3600 + from..20 * 3600 + to];
        seconds.iter().map(|it| it.requests).sum::<u64>() as f64
    };
    let half = 10.0 * 9.0 * 180.0 / (2.0 * std::f64::consts::LN_2);
    for (count, mean) in [
        (count(0, 60), 6000.0),
        (count(60, 240), 1800.0 + half),
        (count(240, 420), 1800.0 + half / 2.0),
    ] {
        assert!((count - mean).abs() < 3.3 * mean.sqrt(), "{count} {mean}");
    }
}
