//! What holds whatever the branch: scenario files in which mechanisms are combined
//! at random, looked at from inside the engine.

#[path = "../../tests/generated/mod.rs"]
pub mod generated;

use super::levels::Stretch;
use super::visitor::{Departure, Fate};
use super::{Ending, Engine, Observer};
use crate::OperationLatencies;
use crate::plan::Plan;
use proptest::prelude::{ProptestConfig, TestCaseError, proptest};
use proptest::{prop_assert, prop_assert_eq, prop_assume};
use scenarios::operation::Operation;

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

fn play(engine: &mut Engine<'_>, replication: u32) -> (Vec<Departure>, Ending) {
    let mut recorder = Recorder::default();
    let ending = engine
        .run(replication, None, &mut recorder)
        .expect("the branch has room");
    (recorder.departures, ending)
}

/// Nobody is lost, nothing is kept, every microsecond is counted once.
fn adds_up(
    engine: &Engine<'_>,
    left: &[Departure],
    ending: Ending,
    alone: bool,
) -> Result<(), TestCaseError> {
    prop_assert_eq!(left.len() as u64, ending.customers);
    let mut indices: Vec<u32> = left.iter().map(|it| it.index).collect();
    indices.sort_unstable();
    prop_assert!(indices.into_iter().eq(0..left.len() as u32));
    prop_assert!(left.is_sorted_by_key(|it| it.left), "time goes back");
    let mut inside = 0_u128;
    for it in left {
        if it.fate == Fate::Unserved {
            continue;
        }
        prop_assert!(it.arrived + it.away <= it.left, "{:?}", it);
        let time = it.time_in_branch();
        // Who is early for an appointment is inside before it counts.
        inside += u128::from(it.left - it.arrived - it.away);
        if it.fate == Fate::Served {
            let parts = it.wait + it.service + it.review + it.system + it.fallback;
            prop_assert_eq!(parts, time, "{:?}", it);
            prop_assert!(it.begun == 0 || (it.arrived <= it.begun && it.begun <= it.left));
        } else {
            prop_assert_eq!(it.wait, time, "{:?}", it);
        }
    }
    if left.iter().any(|it| it.fate == Fate::Unserved) {
        // Whoever is inside at the end of time has no integral.
        return Ok(());
    }
    prop_assert!(engine.waiting().integral() <= engine.people().integral());
    if alone {
        prop_assert_eq!(engine.people().integral(), inside);
    } else {
        prop_assert!(engine.people().integral() >= inside);
    }
    for pool in &engine.pools {
        prop_assert_eq!((pool.busy, pool.leaving), (0, 0));
        prop_assert!(pool.units.iter().all(|unit| !unit.serves()));
        prop_assert!(pool.units.iter().all(|unit| unit.waiting == 0));
        prop_assert!(pool.busy_level.integral() <= pool.duty_level.integral());
    }
    Ok(())
}

fn cases() -> u32 {
    let asked = std::env::var("BRANCHLAB_CASES").ok();
    asked.and_then(|it| it.parse().ok()).unwrap_or(96)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: cases(), failure_persistence: None, max_global_rejects: 1_000_000, rng_seed: generated::seed(), ..ProptestConfig::default()
    })]

    #[test]
    fn every_customer_and_every_microsecond_is_counted_once(text in generated::branch()) {
        let Ok(scenario) = generated::read_text(&text) else {
            prop_assume!(false);
            return Ok(());
        };
        let latencies = OperationLatencies::from_counts(
            Operation::IdentityCheck,
            &[(1_234_567, 3), (89, 1), (0, 1)],
        );
        let plan = Plan::new(&scenario, &latencies).expect("what is read is sound");
        let mut engine = Engine::new(&plan, ALWAYS);
        let mut days = Vec::new();
        for replication in 0..3 {
            let (left, ending) = play(&mut engine, replication);
            adds_up(&engine, &left, ending, plan.parties.is_empty())?;
            days.push(format!("{left:?}{ending:?}"));
        }
        // An engine that has been used before gives what a new one gives.
        let (left, ending) = play(&mut Engine::new(&plan, ALWAYS), 2);
        prop_assert_eq!(&format!("{left:?}{ending:?}"), &days[2]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: cases(), failure_persistence: None, rng_seed: generated::seed(), ..ProptestConfig::default()
    })]

    #[test]
    fn littles_law_holds_on_every_queue_and_at_every_counter((text, capacities) in generated::separate_pools()) {
        let scenario = generated::sound(&text);
        let plan = Plan::new(&scenario, &OperationLatencies::default()).expect("it is sound");
        let mut engine = Engine::new(&plan, ALWAYS);
        for replication in 0..2 {
            let (left, _) = play(&mut engine, replication);
            for (number, pool) in engine.pools.iter().enumerate().take(capacities.len()) {
                let of = left.iter().filter(|it| it.journey as usize == number);
                // People times time is what each of them waits (is served), summed.
                let waited: u128 = of.clone().map(|it| u128::from(it.wait)).sum();
                let served: u128 = of.map(|it| u128::from(it.service)).sum();
                prop_assert_eq!(pool.waiting_level.integral(), waited);
                prop_assert_eq!(pool.busy_level.integral(), served);
            }
        }
    }
}

#[test]
fn most_branches_that_are_generated_are_read() {
    use proptest::strategy::{Strategy, ValueTree};
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let branches = (0..200).map(|_| {
        let tree = generated::branch().new_tree(&mut runner);
        tree.expect("there are branches").current()
    });
    let told: Vec<String> = branches
        .filter_map(|text| generated::read_text(&text).err())
        .map(|error| {
            let faults: Vec<String> = error.related().iter().map(ToString::to_string).collect();
            format!("{error} {}", faults.join("; "))
        })
        .collect();
    assert!(told.len() < 100, "of 200:\n{}", told.join("\n"));
}
