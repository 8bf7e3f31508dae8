//! The operations that a simulated day yields.

mod branch;

use branch::{MINUTE, SECOND, mobile_bank, smart, step};
use scenarios::model::{Law, Load, Played, Scenario, StepTime, Window};
use scenarios::operation::{Operation, PlannedOperation};
use scenarios::time::{SimTime, Span};
use sim::{DayOperations, busiest_window, operations};
use std::collections::{BTreeMap, BTreeSet};

fn scenario(volume: f64) -> Scenario {
    let mut scenario = smart(3.2, 0.3);
    let mut pay = step("pay", StepTime::Law(Law::Constant { seconds: 30.0 }));
    pay.operation = Some(Operation::TransferOwnBank);
    scenario.journeys[0].steps.push(pay);
    let mut mobile = mobile_bank(20_000);
    mobile.bank.mix_left_out = vec![(Operation::Mall, 10.0)];
    mobile.days = 0;
    scenario.mobile = Some(mobile);
    scenario.load = Some(Load {
        model: scenarios::model::LoadModel::CappedOpen,
        retry: None,
        played: Played::Day(Window::Busiest(Span(30 * MINUTE))),
        repeat: 0.0,
        skip_quiet: None,
        speed: 30.0,
        volume,
        connections: 64,
        timeout: Span(SECOND),
        warm_up: Span(0),
    });
    scenario
}

fn stream(volume: f64) -> Vec<PlannedOperation> {
    let (from, to) = (SimTime::from_clock(10, 0), SimTime::from_clock(10, 30));
    operations(&scenario(volume), 3, 1, from, to).expect("the scenario is sound")
}

fn sessions(stream: &[PlannedOperation]) -> BTreeMap<u64, Vec<&PlannedOperation>> {
    let mut sessions: BTreeMap<u64, Vec<_>> = BTreeMap::new();
    for operation in stream {
        sessions
            .entry(operation.session)
            .or_default()
            .push(operation);
    }
    sessions
}

#[test]
fn the_stream_is_the_same_each_time_and_ordered() {
    let planned = stream(1.0);
    assert_eq!(planned, stream(1.0));
    assert!(planned.is_sorted_by_key(|operation| operation.at));
}

#[test]
fn sessions_start_in_the_window_and_their_steps_follow_each_other() {
    let planned = stream(1.0);
    for steps in sessions(&planned).values() {
        assert!((SimTime::from_clock(10, 0)..SimTime::from_clock(10, 30)).contains(&steps[0].at));
        assert!(steps[0].think.is_none());
        for (pair, place) in steps.windows(2).zip(1..) {
            assert_eq!(pair[1].step, place);
            assert_eq!(pair[0].at.after(pair[1].think.unwrap()), pair[1].at);
            assert_eq!(pair[0].customer, pair[1].customer);
        }
        if steps[0].branch == "mobile" {
            assert_eq!(steps.len(), 6);
            assert_eq!(steps[0].operation, Operation::LogIn);
        } else {
            assert!(steps[0].customer.starts_with("b3-"));
        }
    }
    assert!(
        planned
            .iter()
            .all(|operation| operation.operation != Operation::Mall)
    );
}

#[test]
fn the_mobile_bank_has_the_sessions_of_its_hour() {
    let expected = 20_000.0 * 17.5 / 30.0 * 86.0 / 1140.0 / 2.0;
    let planned = stream(1.0);
    let mobile = sessions(&planned)
        .values()
        .filter(|steps| steps[0].branch == "mobile")
        .count() as f64;
    assert!(
        (mobile - expected).abs() < 4.0 * expected.sqrt(),
        "{mobile} instead of {expected}"
    );
}

#[test]
fn money_moves_in_allowed_amounts_to_somebody_else() {
    let planned = stream(1.0);
    let customers: BTreeSet<&str> = planned
        .iter()
        .map(|operation| operation.customer.as_str())
        .collect();
    for operation in planned
        .iter()
        .filter(|operation| operation.operation == Operation::TransferOwnBank)
    {
        assert!((1..=1_000_000).contains(&operation.amount_fen.unwrap()));
        let payee = operation.payee.as_deref().unwrap();
        assert!(payee != operation.customer && customers.contains(payee));
    }
    assert!(
        planned
            .iter()
            .filter(|o| o.operation == Operation::IdentityCheck)
            .all(|o| o.amount_fen.is_none())
    );
}

#[test]
fn volume_copies_sessions_for_other_customers_and_a_fraction_is_a_probability() {
    let branch_customers = |volume: f64| {
        let planned = stream(volume);
        let customers = sessions(&planned);
        let of_branch = customers
            .values()
            .filter(|steps| steps[0].branch != "mobile");
        of_branch
            .map(|steps| steps[0].customer.clone())
            .collect::<Vec<_>>()
    };
    let (once, thrice) = (branch_customers(1.0), branch_customers(3.0));
    assert_eq!(thrice.len(), 3 * once.len());
    assert_eq!(thrice.iter().collect::<BTreeSet<_>>().len(), thrice.len());
    let all = |volume| sessions(&stream(volume)).len() as f64;
    let ratio = all(0.5) / all(1.0);
    assert!((ratio - 0.5).abs() < 0.1, "{ratio}");
}

#[test]
fn the_busiest_hour_of_the_reference_day_is_ten() {
    let window = busiest_window(&scenario(1.0), Span(60 * MINUTE));
    assert_eq!(
        window,
        (SimTime::from_clock(10, 0), SimTime::from_clock(11, 0))
    );
    let all_day = busiest_window(&scenario(1.0), Span(24 * 60 * MINUTE));
    assert_eq!(
        all_day,
        (SimTime::from_clock(9, 0), SimTime::from_clock(17, 0))
    );
}

/// R6: 300,000 actives, 66 of 1140 of whose log-ins come in the hour from eight; the
/// lottery brings ten times as many in its first minute, and half of the excess of that
/// three minutes later.
#[test]
fn a_lottery_brings_ten_times_the_log_ins_in_its_first_minute() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../scenarios/mobile-campaign-spike.toml");
    let spike = scenarios::file::read(&path, &[]).expect("the shipped scenario is sound");
    let clock = |minutes: u64| SimTime((20 * 60 + minutes) * MINUTE);
    let planned = operations(&spike, 0, spike.run.seed, clock(0), clock(4)).expect("a stream");
    let sessions = sessions(&planned);
    let mobile = sessions
        .values()
        .filter(|steps| steps[0].branch == "mobile");
    let starts: Vec<SimTime> = mobile.map(|steps| steps[0].at).collect();
    let usual = 300_000.0 * 17.5 / 30.0 * 66.0 / 1140.0 / 60.0;
    for minute in 0..4 {
        let found = starts
            .iter()
            .filter(|at| (clock(minute)..clock(minute + 1)).contains(*at))
            .count() as f64;
        let excess = if minute == 0 {
            9.0
        } else {
            // The mean of 9 · 2^(-t/3) over the minute.
            let after = |minutes: f64| 9.0 * 3.0 / 2_f64.ln() * 0.5_f64.powf(minutes / 3.0);
            after(minute as f64 - 1.0) - after(minute as f64)
        };
        let expected = usual * (1.0 + excess);
        assert!(
            (found - expected).abs() < 4.0 * expected.sqrt(),
            "minute {minute}: {found} instead of {expected}"
        );
    }
}

/// Operations of so many hours of the mobile bank whose 2,000 customers log in all the time, and
/// the most memory that going through them took.
fn gone_through(hours: u64) -> (usize, u64) {
    let mut scenario = scenario(1.0);
    if let Some(mobile) = &mut scenario.mobile {
        mobile.bank.monthly_actives = 2_000;
        mobile.bank.log_ins_per_month = 3_000.0;
        mobile.bank.hourly_weights = [1.0; 24];
    }
    let (from, to) = (SimTime::from_clock(0, 0), SimTime(hours * 60 * MINUTE));
    let mut count = 0;
    let taken = allocation_counter::measure(|| {
        let day = DayOperations::new(&scenario, 0, 1, from, to).expect("the scenario is sound");
        count = day.operations().count();
    });
    (count, taken.bytes_max)
}

#[test]
fn a_window_is_drawn_as_it_is_gone_through_and_not_held() {
    let (few, short) = gone_through(2);
    let (many, long) = gone_through(20);
    assert!(few > 80_000 && many > 9 * few, "{few} and {many}");
    // As a list, each would be 150 bytes and more: 150 MB.
    assert!(long < short + short / 4, "{short} and {long} bytes");
    assert!(long < 5_000_000, "{long} bytes");
}

#[test]
fn a_day_can_be_gone_through_twice_at_once_with_the_same_result() {
    let scenario = scenario(2.4);
    let (from, to) = (SimTime::from_clock(10, 0), SimTime::from_clock(10, 30));
    let day = DayOperations::new(&scenario, 3, 1, from, to).expect("the scenario is sound");
    let (mut one, mut other) = (day.operations(), day.operations());
    let listed = stream(2.4);
    for expected in &listed {
        assert_eq!(one.next().as_ref(), Some(expected));
        assert_eq!(other.next().as_ref(), Some(expected));
    }
    assert_eq!((one.next(), other.next()), (None, None));
}

#[test]
fn session_by_session_a_day_holds_the_same_operations() {
    let scenario = scenario(2.4);
    let (from, to) = (SimTime::from_clock(10, 0), SimTime::from_clock(10, 30));
    let day = DayOperations::new(&scenario, 3, 1, from, to).expect("the scenario is sound");
    let mut listed = stream(2.4);
    listed.sort_by_key(|it| (it.session, it.step));
    assert_eq!(day.by_session().collect::<Vec<_>>(), listed);
}
