//! The share of days that keep the promise, counted again from the days' rows.

mod branch;

use branch::figure;
use scenarios::figure::{Figure, Population};
use sim::{Options, simulate};
use std::path::Path;

#[test]
fn the_days_that_keep_the_promise_are_those_whose_own_customers_were_served_in_time() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/smart-branch-slow-kiosk.toml");
    let bound = "share_within(time_in_branch{channel=kiosk}, 5min) >= 75%";
    let overrides = [format!("gates.promise={bound}")];
    let scenario = scenarios::file::read(&path, &overrides).expect("it is shipped");
    let options = Options {
        replications: 300,
        threads: 2,
        ..Options::of(&scenario)
    };
    let outcome = simulate(&scenario, &options, &()).expect("the scenario is sound");
    let mut days = vec![(0_u64, 0_u64); 300];
    let kiosk = outcome
        .days
        .rows()
        .into_iter()
        .filter(|row| row.channel.as_deref() == Some("kiosk"));
    for row in kiosk {
        let (customers, within) = &mut days[row.replication as usize];
        match row.figure.as_ref() {
            "time_in_branch" => {
                *customers += row.count;
                *within += row.within;
            }
            // Who gave up after five minutes was promised and not served.
            "abandoned" => *customers += row.count - row.within,
            _ => {}
        }
    }
    let kept = days
        .iter()
        .filter(|(customers, within)| *within as f64 >= 0.75 * *customers as f64)
        .count();
    let row = figure(&outcome, Figure::PromiseKept, &Population::default());
    assert_eq!(row.count, 300);
    let mean = row.mean.expect("there are days");
    assert!(
        (mean - kept as f64 / 300.0).abs() < 1e-12,
        "{mean} and {kept}"
    );
    // About half of the days: a promise near the mean share of a day.
    assert!((0.2..0.8).contains(&mean), "{mean}");
    let (low, high) = (row.mean_low.expect("low"), row.mean_high.expect("high"));
    assert!(low < mean && mean < high && high - low < 0.12);
}
