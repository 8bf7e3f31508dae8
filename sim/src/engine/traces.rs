//! Days worked out by hand, customer by customer.

#[path = "../../tests/branch/scenario.rs"]
mod scenario;

use super::levels::Stretch;
use super::visitor::{Departure, Fate};
use super::{Engine, Observer};
use crate::OperationLatencies;
use crate::keyed::{Key, Purpose};
use crate::plan::Plan;
use scenario::{
    MINUTE, empty, hold, resource, segment, service, simple_journey, smart, step, traditional,
};
use scenarios::model::{Failure, Journey, Law, Part, QueueBy, Scenario, StepTime};
use scenarios::operation::{Channel, Operation};
use scenarios::time::SimTime;

const NINE: u64 = 9 * 60 * MINUTE;
const ALWAYS: Stretch = Stretch {
    from: 0,
    to: u64::MAX,
    interval: 0,
};

#[derive(Default)]
struct Recorder {
    departures: Vec<Departure>,
}

impl Observer for Recorder {
    fn departed(&mut self, departure: &Departure) {
        self.departures.push(*departure);
    }
}

fn minutes(count: u64) -> Law {
    Law::Constant {
        seconds: 60.0 * count as f64,
    }
}

/// A key whose customer is of this segment.
fn key_of_segment(scenario: &Scenario, number: usize, wanted: u64) -> Key {
    let cumulative = |count: usize| {
        scenario.segments[..count]
            .iter()
            .map(|segment| segment.share)
            .sum::<f64>()
    };
    let range = cumulative(number)..cumulative(number + 1);
    (0..10_000)
        .map(|index| Key::of_stream(7, 0, 0).nth(wanted * 1000 + index))
        .find(|key| range.contains(&key.uniform(Purpose::Segment)))
        .expect("every segment has a share")
}

/// Plays arrivals `(microseconds after nine, segment)` and tells who left, in order of arrival.
fn play(
    scenario: &Scenario,
    latencies: &OperationLatencies,
    arrivals: &[(u64, usize)],
) -> Vec<Departure> {
    let plan = Plan::new(scenario, latencies).expect("the scenario is sound");
    let mut recorder = Recorder::default();
    let keys = arrivals
        .iter()
        .zip(0..)
        .map(|((at, number), wanted)| (NINE + at, key_of_segment(scenario, *number, wanted)));
    Engine::new(&plan, ALWAYS)
        .replay(keys, None, &mut recorder)
        .expect("the branch has room");
    recorder
        .departures
        .sort_by_key(|departure| departure.arrived);
    recorder.departures
}

fn quiet() -> OperationLatencies {
    OperationLatencies::default()
}

/// One pool and one journey of a constant service.
fn counter(steps: &[(u64, u32)], service_minutes: u64, patience: Option<Law>) -> Scenario {
    let mut scenario = empty();
    let steps: Vec<_> = steps
        .iter()
        .map(|(at, count)| (SimTime(NINE + at * MINUTE), *count))
        .collect();
    scenario.resources = vec![resource("window", &steps)];
    scenario.journeys = vec![simple_journey(
        "serve",
        Channel::Counter,
        0,
        minutes(service_minutes),
    )];
    scenario.services = vec![service("serve", &[0])];
    scenario.segments = vec![segment("all", 1.0, 0, 0, patience, 0)];
    scenario
}

fn waits_and_times(departures: &[Departure]) -> Vec<(u64, u64)> {
    departures
        .iter()
        .map(|departure| {
            (
                departure.wait / MINUTE,
                (departure.left - departure.arrived) / MINUTE,
            )
        })
        .collect()
}

#[test]
fn three_customers_queue_at_one_window() {
    let scenario = counter(&[(0, 1)], 5, None);
    let left = play(&scenario, &quiet(), &[(0, 0), (MINUTE, 0), (2 * MINUTE, 0)]);
    // Served 0–5, 5–10, 10–15.
    assert_eq!(waits_and_times(&left), [(0, 5), (4, 9), (8, 13)]);
}

#[test]
fn a_server_whose_shift_ends_finishes_the_customer_and_leaves() {
    // Two windows until 9:03, then one: the one that is freed at 9:05 by the
    // first customer leaves, so the third waits for the second's window at 9:06.
    let scenario = counter(&[(0, 2), (3, 1)], 5, None);
    let left = play(&scenario, &quiet(), &[(0, 0), (MINUTE, 0), (2 * MINUTE, 0)]);
    assert_eq!(waits_and_times(&left), [(0, 5), (0, 5), (4, 9)]);
}

#[test]
fn a_server_who_comes_on_duty_serves_who_waits() {
    let scenario = counter(&[(0, 0), (10, 1)], 5, None);
    let left = play(&scenario, &quiet(), &[(0, 0), (MINUTE, 0)]);
    assert_eq!(waits_and_times(&left), [(10, 15), (14, 19)]);
}

#[test]
fn whoever_has_no_patience_leaves_at_once_unless_served_at_once() {
    let scenario = counter(&[(0, 1)], 5, Some(Law::Constant { seconds: 0.0 }));
    let left = play(&scenario, &quiet(), &[(0, 0), (MINUTE, 0), (5 * MINUTE, 0)]);
    let fates: Vec<_> = left.iter().map(|departure| departure.fate).collect();
    // The third comes when the window is given back: step ends come before arrivals.
    assert_eq!(fates, [Fate::Served, Fate::Abandoned, Fate::Served]);
    assert_eq!(waits_and_times(&left), [(0, 5), (0, 0), (0, 5)]);
}

#[test]
fn a_window_freed_at_the_moment_patience_ends_still_serves() {
    let scenario = counter(&[(0, 1)], 5, Some(minutes(4)));
    let left = play(&scenario, &quiet(), &[(0, 0), (MINUTE, 0), (2 * MINUTE, 0)]);
    // The second's patience ends at 9:05, when the window is given back; the third's at 9:06.
    let fates: Vec<_> = left.iter().map(|departure| departure.fate).collect();
    assert_eq!(fates, [Fate::Served, Fate::Served, Fate::Abandoned]);
    assert_eq!(waits_and_times(&left), [(0, 5), (4, 9), (4, 4)]);
}

#[test]
fn whoever_arrives_in_the_last_microsecond_is_served_and_later_ones_are_turned_away() {
    let scenario = counter(&[(0, 1)], 5, None);
    let eight_hours = 8 * 60 * MINUTE;
    let left = play(
        &scenario,
        &quiet(),
        &[(eight_hours - 1, 0), (eight_hours, 0)],
    );
    assert_eq!(waits_and_times(&left), [(0, 5)]);
}

#[test]
fn a_day_without_servers_ends_and_tells_who_was_never_served() {
    let scenario = counter(&[(0, 1), (2, 0)], 5, None);
    let left = play(&scenario, &quiet(), &[(0, 0), (MINUTE, 0), (2 * MINUTE, 0)]);
    let fates: Vec<_> = left.iter().map(|departure| departure.fate).collect();
    assert_eq!(fates, [Fate::Served, Fate::Unserved, Fate::Unserved]);
}

/// A kiosk journey: enter 3 min, review 2 min with the lobby manager, finish 2
/// min, which always fails and sends the customer to a window for 4 min.
fn kiosk(kiosks: u32, fails: bool) -> Scenario {
    let mut scenario = counter(&[(0, 1)], 4, None);
    let nine = SimTime(NINE);
    scenario
        .resources
        .push(resource("kiosk", &[(nine, kiosks)]));
    scenario.resources.push(resource("lobby", &[(nine, 1)]));
    let mut enter = step("enter", StepTime::Fraction(0.6));
    enter.operation = Some(Operation::IdentityCheck);
    let mut review = step("review", StepTime::Law(minutes(2)));
    review.part = Part::Review;
    review.holds = hold(2);
    let mut finish = step("finish", StepTime::Fraction(0.4));
    let probability = if fails { 1.0 } else { 0.0 };
    finish.failure = Some(Failure {
        probability,
        to: 0,
        queue_by: QueueBy::Ticket,
    });
    scenario.journeys.push(Journey {
        name: "kiosk".to_owned(),
        channel: Channel::Kiosk,
        time: Some(minutes(5)),
        holds: hold(1),
        steps: vec![enter, review, finish],
    });
    scenario.services = vec![service("kiosk", &[1])];
    scenario.segments = vec![segment("all", 1.0, 0, 1, None, 0)];
    scenario
}

fn parts(departures: &[Departure]) -> Vec<[u64; 5]> {
    departures
        .iter()
        .map(|d| [d.wait, d.service, d.review, d.system, d.fallback].map(|part| part / MINUTE))
        .collect()
}

#[test]
fn reviews_queue_while_their_kiosks_are_held() {
    let left = play(
        &kiosk(2, false),
        &quiet(),
        &[(0, 0), (MINUTE, 0), (2 * MINUTE, 0)],
    );
    // A: enter 0–3, review 3–5, finish 5–7. B: 1–4, review 5–7, finish 7–9.
    // C waits for A's kiosk until 7: 7–10, 10–12, 12–14.
    assert_eq!(
        parts(&left),
        [[0, 5, 2, 0, 0], [0, 5, 3, 0, 0], [5, 5, 2, 0, 0]]
    );
}

#[test]
fn everything_after_a_failed_step_is_fallback_in_line_by_ticket() {
    let left = play(&kiosk(2, true), &quiet(), &[(0, 0), (MINUTE, 0)]);
    // A fails at 7, window 7–11. B fails at 9, waits for the window, 11–15.
    assert_eq!(parts(&left), [[0, 5, 2, 0, 4], [0, 5, 3, 0, 6]]);
    assert!(
        left.iter()
            .all(|departure| departure.fell_back && departure.journey == 1)
    );
}

#[test]
fn a_slow_bank_lengthens_the_step_and_counts_as_system() {
    let slow = OperationLatencies::from_counts(Operation::IdentityCheck, &[(MINUTE, 1)]);
    let left = play(&kiosk(1, false), &slow, &[(0, 0)]);
    assert_eq!(parts(&left), [[0, 5, 2, 1, 0]]);
}

#[test]
fn priority_goes_before_those_who_came_earlier_but_interrupts_nobody() {
    let mut scenario = counter(&[(0, 1)], 5, None);
    scenario.segments[0].share = 0.5;
    scenario.segments.push(segment("vip", 0.5, 0, 0, None, 1));
    let left = play(&scenario, &quiet(), &[(0, 0), (MINUTE, 0), (2 * MINUTE, 1)]);
    assert_eq!(waits_and_times(&left), [(0, 5), (9, 14), (3, 8)]);
}

#[test]
fn a_request_for_more_than_is_free_blocks_nobody_behind_it() {
    let mut scenario = counter(&[(0, 2)], 5, None);
    let mut both = simple_journey("both", Channel::Counter, 0, minutes(5));
    both.holds[0].count = 2;
    scenario.journeys.push(both);
    scenario.segments[0].share = 0.5;
    scenario.segments.push(segment("pair", 0.5, 0, 1, None, 0));
    let left = play(&scenario, &quiet(), &[(0, 0), (MINUTE, 1), (2 * MINUTE, 0)]);
    // The second wants both windows, free at last at 9:07; the third passes.
    assert_eq!(waits_and_times(&left), [(0, 5), (6, 11), (0, 5)]);
}

#[test]
fn parts_sum_to_the_time_in_branch_and_littles_law_holds_on_every_queue() {
    let latencies =
        OperationLatencies::from_counts(Operation::IdentityCheck, &[(1_234_567, 3), (89, 1)]);
    for scenario in [traditional(), smart(3.6, 0.45)] {
        let plan = Plan::new(&scenario, &latencies).expect("the scenario is sound");
        let mut engine = Engine::new(&plan, ALWAYS);
        for replication in 0..20 {
            let mut recorder = Recorder::default();
            let ending = engine
                .run(replication, None, &mut recorder)
                .expect("the branch has room");
            assert_eq!(recorder.departures.len() as u64, ending.customers);
            let mut inside = 0_u128;
            let mut waited = 0_u128;
            for departure in &recorder.departures {
                let time = departure.left - departure.arrived;
                inside += u128::from(time);
                waited += u128::from(departure.wait);
                if departure.fate == Fate::Served {
                    let d = departure;
                    assert_eq!(d.wait + d.service + d.review + d.system + d.fallback, time);
                } else {
                    assert_eq!(departure.fate, Fate::Abandoned);
                    assert_eq!(departure.wait, time);
                }
            }
            assert_eq!(engine.people().integral(), inside);
            // Nobody of R1 waits but for the windows; in R2 there are reviews and fallbacks, too.
            if scenario.resources.len() == 1 {
                assert_eq!(engine.pools[0].waiting_level.integral(), waited);
                assert_eq!(engine.waiting().integral(), waited);
            } else {
                let queues: u128 = engine
                    .pools
                    .iter()
                    .map(|pool| pool.waiting_level.integral())
                    .sum();
                assert_eq!(engine.waiting().integral(), queues);
                assert!(queues >= waited);
            }
        }
    }
}

mod incidents;
mod queues;
