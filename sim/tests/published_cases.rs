//! Cases that others have published, run through the reader and the engine that
//! users have. What they printed is read from `cases/published.json`.

mod published;

use published::{case, days_of, run_file};
use sim::Outcome;

/// Count of customers served and hours waited of each day.
fn served_and_hours(outcome: &Outcome) -> (Vec<f64>, Vec<f64>) {
    days_of(outcome, "wait")
        .map(|row| (row.count as f64, row.sum / 3600.0))
        .unzip()
}

/// Mean and variance, as SSJ's tallies print them.
fn mean_and_variance(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, squares / (n - 1.0))
}

fn printed(values: &[f64]) -> [String; 5] {
    let (mean, variance) = mean_and_variance(values);
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let greatest = values.iter().copied().fold(0.0, f64::max);
    [least, greatest, mean, variance, variance.sqrt()].map(|it| format!("{it:.3}"))
}

#[test]
fn the_bank_of_ssj_agrees_digit_for_digit() {
    let published = case("G1_ssj_bank_exact");
    let outcome = run_file("ssj-bank.toml", &[], 4);
    let (served, hours) = served_and_hours(&outcome);
    let expected = |prefix: &str| {
        ["min", "max", "mean", "var", "sd"].map(|of| {
            format!(
                "{:.3}",
                published.number(&format!("published_100_days.{prefix}_{of}"))
            )
        })
    };
    assert_eq!(served.len(), 100);
    assert_eq!(printed(&served), expected("served"));
    assert_eq!(printed(&hours), expected("wait_hours"));
    // An independent program printed more digits.
    assert!((mean_and_variance(&served).1 - 369.012_020_2).abs() < 1e-6);
    let (mean, _) = mean_and_variance(&hours);
    let most = hours.iter().copied().fold(0.0, f64::max);
    assert!((mean - 4.792_617_7).abs() < 5e-7, "{mean}");
    assert!((most - 35.613_273_5).abs() < 5e-7, "{most}");
}

/// The bank's long run: 20,000 days of an independent program, to both intervals together.
fn long_run_of_the_bank(random: &str, replications: &str) {
    let published = case("G1_ssj_bank_exact");
    let outcome = run_file(
        "ssj-bank.toml",
        &[
            &format!("run.random={random}"),
            &format!("run.replications={replications}"),
        ],
        2,
    );
    let (served, hours) = served_and_hours(&outcome);
    for (name, values, of) in [
        ("served", &served, "served_mean"),
        ("wait", &hours, "wait_hours_mean"),
    ] {
        let (mean, variance) = mean_and_variance(values);
        let (expected, half) = published.with_half_width(&format!("reference_20000_days.{of}"));
        let error = (variance / values.len() as f64 + (half / 1.96).powi(2)).sqrt();
        let z = (mean - expected) / error;
        println!("{random}: {name} {mean}, z {z}");
        assert!(z.abs() < 3.3, "{name}: mean {mean}, z {z}");
    }
    for (name, values, of) in [
        ("served", &served, "served_sd"),
        ("wait", &hours, "wait_hours_sd"),
    ] {
        let deviation = mean_and_variance(values).1.sqrt();
        let expected = published.number(&format!("reference_20000_days.{of}"));
        // Days with one teller make the tail: the deviation itself varies by a few per cent.
        println!("{random}: sd of {name} {deviation}");
        assert!(
            (deviation / expected - 1.0).abs() < 0.06,
            "{name}: sd {deviation}"
        );
    }
}

#[test]
fn the_bank_of_ssj_agrees_with_a_long_run_by_the_usual_random_numbers() {
    long_run_of_the_bank("keyed", "10000");
}

#[test]
fn the_bank_of_ssj_agrees_with_a_long_run_by_streams() {
    long_run_of_the_bank("mrg32k3a-streams", "10000");
}
