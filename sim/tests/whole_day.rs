//! The operations of a whole day: everybody whom the simulator counts, and nobody twice.

mod branch;

use branch::{MINUTE, SECOND, mobile_bank, run, smart};
use scenarios::model::Scenario;
use scenarios::operation::PlannedOperation;
use scenarios::time::SimTime;
use sim::{CustomerFate, DayOperations, Options};
use std::collections::BTreeMap;
use std::sync::Arc;

const SEED: u64 = 5;
const KIOSK: usize = 0;

/// A branch open from nine to five, and a mobile bank with a request or two a second at its peak.
fn scenario() -> Scenario {
    let mut scenario = smart(3.2, 0.3);
    scenario.run.seed = SEED;
    // Many come late, so that some are inside when the doors shut.
    scenario.arrivals.pieces[7].expected = 90.0;
    scenario.mobile = Some(mobile_bank(5_000));
    scenario
}

fn day(scenario: &Scenario) -> Arc<DayOperations> {
    DayOperations::whole_day(scenario, 0, SEED).expect("the scenario is sound")
}

#[test]
fn every_second_of_a_whole_day_has_the_requests_that_the_simulator_counts() {
    let scenario = scenario();
    let counted = run(&scenario, 1, 1).mobile_day.expect("it was counted");
    let mut played = vec![0; counted.seconds.len()];
    let mut after_midnight = 0;
    let mobile = day(&scenario);
    let mobile = mobile.operations().filter(|it| it.branch == "mobile");
    for operation in mobile {
        match played.get_mut((operation.at.0 / SECOND) as usize) {
            Some(requests) => *requests += 1,
            None => after_midnight += 1,
        }
    }
    let counted: Vec<u64> = counted.seconds.iter().map(|it| it.requests).collect();
    assert_eq!(played, counted);
    let sessions = counted.iter().sum::<u64>() + after_midnight;
    assert!(sessions.is_multiple_of(6), "each has six requests");
}

#[test]
fn whoever_begins_at_a_terminal_that_day_asks_there_and_nobody_else_does() {
    let scenario = scenario();
    let records = sim::records(&scenario, &Options::of(&scenario), 0).expect("a day");
    let mut played: BTreeMap<String, SimTime> = BTreeMap::new();
    let all = day(&scenario);
    for operation in all.operations().filter(|it| it.branch == "main") {
        let asked_before = played.insert(operation.customer, operation.at);
        assert_eq!(asked_before, None, "each asks once");
    }
    let mut late = 0;
    for record in records.iter().filter(|it| it.segment == KIOSK) {
        let asked = played.remove(&format!("b0-{}", record.index));
        let Some(begun) = record.begun else {
            assert_eq!((asked, record.fate), (None, CustomerFate::Abandoned));
            continue;
        };
        let asked = asked.expect("who begins asks");
        assert!((begun..=record.left).contains(&asked), "{record:?}");
        late += u32::from(asked > scenario.day.close);
    }
    assert!(played.is_empty(), "{played:?}");
    // Who is inside when the doors shut is served, and belongs to the day.
    assert!(
        late > 0,
        "this day has nobody after closing; take another seed"
    );
}

/// Session by session, without what depends on who else is played: numbers and payees.
fn sessions(day: &Arc<DayOperations>) -> Vec<PlannedOperation> {
    let alone = day.by_session().map(|planned| PlannedOperation {
        session: 0,
        payee: None,
        ..planned
    });
    alone.collect()
}

#[test]
fn a_whole_day_is_its_hours_one_after_another() {
    let scenario = scenario();
    let whole = sessions(&day(&scenario));
    let clock = |hour: u64| SimTime(hour * 60 * MINUTE);
    // Whoever is late is served after closing; nobody stays until the next morning.
    let hours = (0..33).flat_map(|hour| {
        let (from, to) = (clock(hour), clock(hour + 1));
        let hour = DayOperations::new(&scenario, 0, SEED, from, to).expect("a sound scenario");
        assert_eq!(hour.window(), (from, to));
        sessions(&hour)
    });
    let hours: Vec<_> = hours.collect();
    assert_eq!(whole.len(), hours.len());
    assert!(whole == hours, "the same sessions in the same order");
}

#[test]
fn a_day_lasts_from_midnight_or_the_opening_until_the_last_has_asked() {
    let mut scenario = scenario();
    let midnight = SimTime::from_clock(24, 0);
    assert_eq!(day(&scenario).window(), (SimTime(0), midnight));
    scenario.mobile = None;
    let branch = day(&scenario);
    let last = branch.operations().last().expect("somebody came").at;
    assert!(last > scenario.day.close);
    assert_eq!(branch.window(), (scenario.day.open, last));
    // Nobody comes: the doors are open all the same.
    scenario.arrivals.pieces.clear();
    let (open, close) = (scenario.day.open, scenario.day.close);
    assert_eq!(day(&scenario).window(), (open, close));
}

#[test]
fn a_whole_day_is_drawn_as_it_is_gone_through() {
    let mut scenario = scenario();
    if let Some(mobile) = &mut scenario.mobile {
        mobile.bank.log_ins_per_month = 175.0;
    }
    let mut count = 0;
    let taken = allocation_counter::measure(|| count = day(&scenario).operations().count());
    assert!(count > 150_000, "{count}");
    // As a list, each would be 150 bytes and more: 22 MB.
    assert!(taken.bytes_max < 5_000_000, "{} bytes", taken.bytes_max);
}
