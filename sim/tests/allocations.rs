//! What a customer costs in memory: nothing that stays, and no allocation.

use allocation_counter::{AllocationInfo, measure};
use scenarios::model::Scenario;
use sim::{Options, simulate};
use std::path::Path;

/// A scenario of the benches with these changes.
fn scenario(name: &str, changes: &[&str]) -> Scenario {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/models");
    let changes: Vec<String> = changes.iter().map(|change| (*change).to_owned()).collect();
    scenarios::file::read(&path.join(name), &changes).expect("the bench's scenarios are sound")
}

/// Customers of so many replications, and what they allocated.
fn run(scenario: &Scenario, replications: u32) -> (u64, AllocationInfo) {
    let options = Options {
        replications,
        ..Options::of(scenario)
    };
    let mut customers = 0;
    let allocated = measure(|| {
        let outcome = simulate(scenario, &options, &()).expect("the scenario is sound");
        customers = outcome.customers;
    });
    (customers, allocated)
}

/// Four times as many customers may only make some buffers longer.
fn assert_nothing_for_each(few: &(u64, AllocationInfo), many: &(u64, AllocationInfo)) {
    assert!(few.0 > 10_000 && many.0 > 3 * few.0, "{} {}", few.0, many.0);
    let more = many.1.count_total.saturating_sub(few.1.count_total);
    assert!(
        more < (many.0 - few.0) / 50,
        "{more} more allocations, {} and {} customers",
        few.0,
        many.0
    );
}

#[test]
fn customers_of_a_long_queue_allocate_nothing() {
    let few = scenario("queue.toml", &["run.length=61h"]);
    let many = scenario("queue.toml", &["run.length=241h"]);
    let (few, many) = (run(&few, 1), run(&many, 1));
    assert_nothing_for_each(&few, &many);
    let (before, after) = (few.1.bytes_max, many.1.bytes_max);
    assert!(
        after < before + before / 4 + 500_000,
        "{before} and {after} bytes"
    );
}

#[test]
fn customers_with_classes_skills_and_patience_allocate_nothing() {
    let day = |rates: &str| {
        let rates = format!("arrivals.rates_per_hour={rates}");
        scenario("branch_day.toml", &[&rates])
    };
    let few = day("[90, 90, 90, 90, 90, 90, 90, 90]");
    let many = day("[360, 360, 360, 360, 360, 360, 360, 360]");
    assert_nothing_for_each(&run(&few, 20), &run(&many, 20));
}
