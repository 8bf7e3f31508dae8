//! The generic queue beside Erlang's formula.

use crate::support::{library, number, output, row, said, summary};

/// Mean wait of M/M/c in the unit of `1 / service_rate` (Erlang 1917).
fn erlang_c_mean_wait(arrival_rate: f64, service_rate: f64, servers: u32) -> f64 {
    let offered = arrival_rate / service_rate;
    let mut term = 1.0;
    let mut sum = 1.0;
    for k in 1..servers {
        term *= offered / f64::from(k);
        sum += term;
    }
    let last = term * offered / f64::from(servers);
    let occupancy = offered / f64::from(servers);
    let waiting = last / (1.0 - occupancy);
    let probability = waiting / (sum + waiting);
    probability / (f64::from(servers) * service_rate - arrival_rate)
}

#[test]
fn the_formula_gives_the_textbook_value() {
    // Five tellers, 60 customers an hour, four minutes each: 132.987 s.
    let wait = erlang_c_mean_wait(60.0 / 3600.0, 1.0 / 240.0, 5);
    assert!((wait - 132.987).abs() < 0.001, "{wait}");
}

#[test]
fn the_generic_queue_agrees_with_erlang_within_its_interval() {
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = library("generic-queue");
    let ended = output(
        folder.path(),
        &[
            "simulate",
            scenario.to_str().expect("a UTF-8 path"),
            "--quiet",
            "--out",
            "run",
        ],
    );
    assert!(
        folder.path().join("run/summary.json").exists(),
        "{}",
        said(&ended)
    );
    let summary = summary(&folder.path().join("run"));
    let wait = row(&summary, "wait", &[]);
    let exact = erlang_c_mean_wait(60.0 / 3600.0, 1.0 / 240.0, 5);
    let half_width = (number(wait, "mean_high") - number(wait, "mean_low")) / 2.0;
    // A 95% half-width is about two standard errors: 3.3 of them, at a fixed seed.
    let z = (number(wait, "mean") - exact) / (half_width / 2.0);
    assert!(
        z.abs() < 3.3,
        "z = {z:.2}: {} beside {exact}",
        number(wait, "mean")
    );
    assert!(half_width < 0.05 * exact, "half-width {half_width:.2} s");
    let occupancy = number(
        row(&summary, "occupancy", &[("resource", "server")]),
        "mean",
    );
    assert!((occupancy - 0.8).abs() < 0.01, "occupancy {occupancy}");
}
