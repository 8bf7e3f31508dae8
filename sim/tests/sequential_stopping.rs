//! Replications that stop when a mean is known well enough.

mod branch;

use branch::{everybody, figure, of_segment, smart};
use scenarios::figure::Figure;
use scenarios::model::{HalfWidth, Scenario, Until};
use sim::{Options, Outcome, simulate};

fn run(scenario: &Scenario, most: u32, threads: usize) -> Outcome {
    let options = Options {
        replications: most,
        threads,
        ..Options::of(scenario)
    };
    simulate(scenario, &options, &()).expect("the scenario is sound")
}

fn half(outcome: &Outcome, segment: Option<&str>) -> f64 {
    let population = segment.map_or_else(everybody, of_segment);
    let row = figure(outcome, Figure::Wait, &population);
    (row.mean_high.expect("high") - row.mean_low.expect("low")) / 2.0
}

#[test]
fn a_run_stops_at_the_first_round_of_64_that_is_narrow_enough() {
    let mut scenario = smart(3.6, 0.45);
    for (segment, half_width) in [
        (None, HalfWidth::Relative(0.05)),
        (Some(2), HalfWidth::Seconds(20.0)),
    ] {
        scenario.run.until = Some(Until {
            figure: Figure::Wait,
            segment,
            half_width,
        });
        let name = segment.map(|_| "vip");
        let stopped = run(&scenario, 5000, 2);
        assert!(!stopped.partial);
        assert!(stopped.replications.is_multiple_of(64) && stopped.replications > 64);
        let bound = |outcome: &Outcome| match half_width {
            HalfWidth::Seconds(seconds) => seconds,
            HalfWidth::Relative(share) => {
                share
                    * figure(outcome, Figure::Wait, &everybody())
                        .mean
                        .expect("a mean")
            }
        };
        assert!(half(&stopped, name) <= bound(&stopped));
        // The same days run at once have the same mean, and a round less was not enough.
        let until = scenario.run.until.take();
        let at_once = run(&scenario, stopped.replications, 1);
        assert!((half(&at_once, name) - half(&stopped, name)).abs() < 1e-9);
        let before = run(&scenario, stopped.replications - 64, 1);
        assert!(half(&before, name) > bound(&before));
        scenario.run.until = until;
        let one_thread = run(&scenario, 5000, 1);
        assert_eq!(one_thread.figures, stopped.figures);
    }
}

#[test]
fn a_run_ends_at_the_most_replications_although_the_mean_is_not_known_well_enough() {
    let mut scenario = smart(3.6, 0.45);
    scenario.run.until = Some(Until {
        figure: Figure::Wait,
        segment: None,
        half_width: HalfWidth::Seconds(1e-3),
    });
    let outcome = run(&scenario, 100, 2);
    assert_eq!((outcome.replications, outcome.partial), (100, false));
    assert!(half(&outcome, None) > 1e-3);
}
