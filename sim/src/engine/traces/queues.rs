//! Orders of the line, interruptions, lines for each server and doors, worked out by hand.

use super::*;
use scenarios::model::{
    Balking, Breakdowns, BreaksBy, Choice, Interruption, Lines, Order, Repeat, Retry, Sees, Server,
    ShiftEnd, Through,
};
use scenarios::time::Span;

/// Minutes of begin and end of each customer's service, in order of arrival.
fn services(departures: &[Departure]) -> Vec<(u64, u64)> {
    let minute = |time: u64| (time - NINE) / MINUTE;
    departures
        .iter()
        .map(|departure| (minute(departure.begun), minute(departure.left)))
        .collect()
}

fn two_classes(scenario: &mut Scenario) {
    scenario.segments[0].share = 0.5;
    scenario.segments.push(segment("vip", 0.5, 0, 0, None, 1));
}

fn at(minutes: &[u64]) -> Vec<(u64, usize)> {
    minutes.iter().map(|minute| (minute * MINUTE, 0)).collect()
}

#[test]
fn the_last_to_come_is_served_first_under_lifo() {
    let mut scenario = counter(&[(0, 1)], 5, None);
    scenario.resources[0].queue.order = Order::Lifo;
    let left = play(&scenario, &quiet(), &at(&[0, 1, 2, 6]));
    assert_eq!(services(&left), [(0, 5), (15, 20), (5, 10), (10, 15)]);
}

#[test]
fn a_waiting_credit_goes_before_those_who_came_less_earlier() {
    let mut scenario = counter(&[(0, 1)], 5, None);
    two_classes(&mut scenario);
    scenario.segments[1].priority = 0;
    scenario.segments[1].conduct.waiting_credit = Span(90_000_000);
    // Credit of 1.5 min: who came at 3 goes before who came at 2, not before who came at 1.
    let arrivals = [(0, 0), (MINUTE, 0), (2 * MINUTE, 0), (3 * MINUTE, 1)];
    let left = play(&scenario, &quiet(), &arrivals);
    assert_eq!(services(&left), [(0, 5), (5, 10), (15, 20), (10, 15)]);
}

#[test]
fn an_interrupted_service_goes_on_before_all_who_have_not_begun() {
    let mut scenario = counter(&[(0, 1)], 5, None);
    two_classes(&mut scenario);
    let arrivals = [(0, 0), (MINUTE, 0), (2 * MINUTE, 1)];
    for (preemption, first_ends, wait, service) in [
        // 0–2, the VIP 2–7, 7–10: waits 5, served 5 in all.
        (Interruption::Resume, 10, 5, 5),
        // 0–2 in vain, again 7–12: waits 5, served 2 + 5.
        (Interruption::Restart, 12, 5, 7),
        (Interruption::Resample, 12, 5, 7),
    ] {
        scenario.resources[0].queue.preemption = preemption;
        let left = play(&scenario, &quiet(), &arrivals);
        let begin_and_end = [(0, first_ends), (first_ends, first_ends + 5), (2, 7)];
        assert_eq!(services(&left), begin_and_end);
        assert_eq!(left[0].wait / MINUTE, wait);
        assert_eq!(left[0].service / MINUTE, service);
    }
}

#[test]
fn a_shift_that_ends_finishes_or_is_relieved_or_stops() {
    // Two windows until 9:02, then one; services of 5 minutes at 0, 0 and 1.
    for (shift_end, expected) in [
        (ShiftEnd::Finish, [(0, 5), (0, 5), (5, 10)]),
        // The new team of one is there at 9:02 for the third.
        (ShiftEnd::Changeover, [(0, 5), (0, 5), (2, 7)]),
        // The second stops at 9:02 and goes on at 9:05 with the 3 minutes left.
        (ShiftEnd::Resume, [(0, 5), (0, 8), (8, 13)]),
    ] {
        let mut scenario = counter(&[(0, 2), (2, 1)], 5, None);
        scenario.resources[0].shift_end = shift_end;
        let left = play(&scenario, &quiet(), &[(0, 0), (1, 0), (MINUTE, 0)]);
        assert_eq!(services(&left), expected, "{shift_end:?}");
    }
}

#[test]
fn who_finds_no_room_leaves_at_once() {
    let mut scenario = counter(&[(0, 1)], 5, None);
    scenario.resources[0].queue.room = Some(1);
    let left = play(&scenario, &quiet(), &at(&[0, 1, 2, 5, 6]));
    let fates: Vec<_> = left.iter().map(|departure| departure.fate).collect();
    // The second waits until 5; at 5 its place is free for the fourth; the fifth finds it taken.
    assert_eq!(
        fates,
        [
            Fate::Served,
            Fate::Served,
            Fate::Balked,
            Fate::Served,
            Fate::Balked
        ]
    );
}

#[test]
fn who_balks_by_those_present_counts_those_served_too() {
    let mut scenario = counter(&[(0, 1)], 5, None);
    for (sees, served) in [(Sees::Waiting, 2), (Sees::Present, 1)] {
        scenario.segments[0].conduct.balking = Some(Balking {
            sees,
            probability: vec![0.0, 1.0],
        });
        let left = play(&scenario, &quiet(), &at(&[0, 1, 2]));
        let count = left.iter().filter(|it| it.fate == Fate::Served).count();
        assert_eq!(count, served, "{sees:?}");
    }
}

#[test]
fn who_comes_again_is_served_then_and_was_not_inside_meanwhile() {
    let mut scenario = counter(&[(0, 1)], 5, None);
    scenario.resources[0].queue.room = Some(0);
    scenario.segments[0].conduct.retry = Some(Retry {
        probability: 1.0,
        after: minutes(3),
        through: Through::Branch,
    });
    let left = play(&scenario, &quiet(), &at(&[0, 1]));
    // Comes at 1, again at 4 in vain, again at 7: 7–12.
    assert_eq!(services(&left), [(0, 5), (7, 12)]);
    assert_eq!((left[1].away / MINUTE, left[1].wait), (6, 0));
    assert_eq!(left[1].time_in_branch() / MINUTE, 5);
}

#[test]
fn the_shortest_line_is_joined_and_kept_unless_jockeying() {
    for (jockeying, expected) in [(false, [3, 6, 12, 24]), (true, [3, 6, 9, 12])] {
        let mut scenario = counter(&[(0, 2)], 3, None);
        scenario.resources[0].queue.lines = Lines::Shortest;
        scenario.resources[0].queue.jockeying = jockeying;
        let server = |speed| Server {
            speed,
            skills: Vec::new(),
            hours: None,
        };
        scenario.resources[0].servers.each = vec![server(1.0), server(0.25)];
        // One is served and one waits at each server, whoever chose which. At 9:06 the
        // fast one is free and the slow one has two: the one who waits comes over.
        let left = play(&scenario, &quiet(), &[(0, 0), (1, 0), (2, 0), (3, 0)]);
        let mut ends: Vec<u64> = left.iter().map(|it| (it.left - NINE) / MINUTE).collect();
        ends.sort_unstable();
        assert_eq!(ends, expected);
    }
}

/// Two servers of different speed; the second can do more.
fn desks(choice: Choice) -> Scenario {
    let mut scenario = counter(&[(0, 2)], 6, None);
    scenario.resources[0].servers.choice = choice;
    scenario.resources[0].servers.skills = vec!["fx".to_owned()];
    scenario.resources[0].servers.each = vec![
        Server {
            speed: 1.0,
            skills: Vec::new(),
            hours: None,
        },
        Server {
            speed: 2.0,
            skills: vec![0],
            hours: None,
        },
    ];
    scenario
}

#[test]
fn the_choice_of_the_server_decides_how_fast_a_service_is() {
    for (choice, expected) in [
        (Choice::Lowest, [(0, 6), (10, 16)]),
        (Choice::MostSpecialised, [(0, 6), (10, 16)]),
        (Choice::Fastest, [(0, 3), (10, 13)]),
        // At 10 the second has been free since opening, the first since 6.
        (Choice::LongestIdle, [(0, 6), (10, 13)]),
    ] {
        let left = play(&desks(choice), &quiet(), &at(&[0, 10]));
        assert_eq!(services(&left), expected, "{choice:?}");
    }
}

#[test]
fn a_skill_is_waited_for_although_another_server_is_free() {
    let mut scenario = desks(Choice::Lowest);
    scenario.journeys[0].holds[0].skill = Some(0);
    let left = play(&scenario, &quiet(), &at(&[0, 1]));
    assert_eq!(services(&left), [(0, 3), (3, 6)]);
}

#[test]
fn a_server_that_breaks_down_interrupts_and_is_repaired() {
    let mut scenario = counter(&[(0, 1)], 5, None);
    scenario.resources[0].servers.breakdowns = Some(Breakdowns {
        by: BreaksBy::Clock,
        up: minutes(4),
        down: minutes(10),
        service: Interruption::Resume,
    });
    // Works 0–4, is repaired until 14, works 14–18: the first needs 1 minute more.
    let left = play(&scenario, &quiet(), &at(&[0, 1]));
    assert_eq!(services(&left), [(0, 15), (15, 30)]);
}

#[test]
fn a_step_that_sends_back_queues_again_behind_the_others() {
    let mut scenario = counter(&[(0, 1)], 5, None);
    let journey = &mut scenario.journeys[0];
    journey.steps[0].holds = std::mem::take(&mut journey.holds);
    journey.steps[0].repeat = Some(Repeat {
        probability: 0.9,
        from: 0,
    });
    let left = play(&scenario, &quiet(), &at(&[0, 1]));
    // Each goes several rounds of 5 minutes in turn: work is conserved, waits alternate.
    let rounds: u64 = left.iter().map(|it| it.service / (5 * MINUTE)).sum();
    let end = left.iter().map(|it| it.left).max().expect("two came");
    assert_eq!((end - NINE) / MINUTE, 5 * rounds);
    assert!(rounds > 2, "{rounds}");
    assert_eq!(left[1].begun - NINE, 5 * MINUTE);
}

#[test]
fn what_a_step_keeps_blocks_the_server_until_the_next_is_free() {
    let mut scenario = counter(&[(0, 1)], 2, None);
    scenario
        .resources
        .push(resource("second", &[(SimTime(NINE), 1)]));
    let journey = &mut scenario.journeys[0];
    journey.steps[0].holds = std::mem::take(&mut journey.holds);
    journey.steps[0].keeps = true;
    let mut second = step("second", StepTime::Law(minutes(5)));
    second.holds = hold(1);
    journey.steps.push(second);
    let left = play(&scenario, &quiet(), &at(&[0, 0, 0]));
    // First 0–2, 2–7. Second 2–4, blocked until 7, 7–12. Third may begin at 7 only: 7–9, 12–17.
    assert_eq!(services(&left), [(0, 7), (2, 12), (7, 17)]);
}
