//! Days with incidents, worked out by hand.

use super::*;
use scenarios::model::{Affected, Effect, Incident};

fn with_incident(mut scenario: Scenario, what: Affected, effect: Effect, at: [u64; 2]) -> Scenario {
    scenario.incidents.push(Incident {
        what,
        from: SimTime(NINE + at[0] * MINUTE),
        to: SimTime(NINE + at[1] * MINUTE),
        effect,
    });
    scenario
}

#[test]
fn servers_out_of_use_finish_their_customer_and_come_back_at_the_end() {
    // Two windows, one out of use from 9:01 to 9:20.
    let scenario = with_incident(
        counter(&[(0, 2)], 5, None),
        Affected::Resource(0),
        Effect::Down(1),
        [1, 20],
    );
    let arrivals = [0, 0, 2, 3, 18, 19].map(|minute| (minute * MINUTE, 0));
    let left = play(&scenario, &quiet(), &arrivals);
    // A, B 0–5 at both. C from 5 at the one left, D from 10; E 18–23, F from 20 at the other.
    assert_eq!(
        waits_and_times(&left),
        [(0, 5), (0, 5), (3, 8), (7, 12), (0, 5), (1, 6)]
    );
}

#[test]
fn nothing_starts_while_the_branch_is_stopped_but_what_has_begun_runs_on() {
    let scenario = with_incident(kiosk(2, true), Affected::Branch, Effect::Stopped, [1, 9]);
    let left = play(&scenario, &quiet(), &[(0, 0), (2 * MINUTE, 0)]);
    // A: enter 0–3, review 3–5, finish 5–7, fails; its fallback may start at 9: 9–13.
    // B waits until 9: 9–12, review 12–14, finish 14–16, window 16–20.
    assert_eq!(parts(&left), [[0, 5, 2, 0, 6], [7, 5, 2, 0, 4]]);
}

#[test]
fn a_stopped_bank_stops_only_journeys_that_ask_it() {
    // The kiosk journey asks the bank, the window's does not.
    let scenario = with_incident(kiosk(1, true), Affected::Bank, Effect::Stopped, [1, 9]);
    let left = play(&scenario, &quiet(), &[(0, 0), (2 * MINUTE, 0)]);
    assert_eq!(parts(&left), [[0, 5, 2, 0, 4], [7, 5, 2, 0, 4]]);
}

#[test]
fn what_starts_in_a_slow_stretch_takes_longer_to_its_end() {
    let slow = OperationLatencies::from_counts(Operation::IdentityCheck, &[(MINUTE, 1)]);
    let scenario = with_incident(kiosk(1, false), Affected::Bank, Effect::Slower(3.0), [1, 9]);
    let left = play(
        &scenario,
        &slow,
        &[(0, 0), (2 * MINUTE, 0), (3 * MINUTE, 0)],
    );
    // A starts before: 3 + 1 of the bank, review 2, finish 2, gone at 8. B starts at 8:
    // 9 + 3 of the bank, review 2 as ever, finish 6 (begun with the journey), gone at 28.
    assert_eq!(
        parts(&left),
        [[0, 5, 2, 1, 0], [6, 15, 2, 3, 0], [25, 5, 2, 1, 0]]
    );
    // Slow kiosks slow the journey, slow managers the review; both apply when it starts.
    let scenario = with_incident(
        kiosk(1, false),
        Affected::Resource(2),
        Effect::Slower(2.0),
        [1, 9],
    );
    let left = play(&scenario, &quiet(), &[(0, 0)]);
    assert_eq!(parts(&left), [[0, 5, 4, 0, 0]]);
}

#[test]
fn an_incident_that_follows_another_leaves_no_gap() {
    let first = with_incident(
        counter(&[(0, 1)], 5, None),
        Affected::Branch,
        Effect::Stopped,
        [1, 9],
    );
    let scenario = with_incident(first, Affected::Resource(0), Effect::Stopped, [9, 12]);
    let left = play(&scenario, &quiet(), &[(2 * MINUTE, 0)]);
    assert_eq!(waits_and_times(&left), [(10, 15)]);
}
