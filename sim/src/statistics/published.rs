//! Intervals against published numbers, which are read from `tests/cases/exact.json`.

use super::moments::{Daily, wilson};
use super::quantile::ranks;
use super::t_quantile;
use serde_json::Value;
use statrs::distribution::{Binomial, DiscreteCDF};

fn case(id: &str) -> Value {
    let file: Value = serde_json::from_str(include_str!("../../tests/cases/exact.json")).unwrap();
    let cases = file["cases"].as_array().unwrap();
    cases.iter().find(|case| case["id"] == id).unwrap().clone()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

#[test]
fn the_t_interval_is_that_of_laws_ten_replications() {
    let case = case("t_ci_law10");
    let mut daily = Daily::default();
    for delay in case["parameters"]["data"].as_array().unwrap() {
        daily.add((number(delay) * 100.0).round() as u64);
    }
    let expected = &case["expected"];
    // The case is at 90%, the figures are at 95%: the quantile of t is the case's.
    let estimate = daily.estimate(Some(number(&expected["t"]))).unwrap();
    let (low, high) = estimate.interval.unwrap();
    let hundredths = |key: &str| 100.0 * number(&expected[key]);
    assert!((estimate.value - hundredths("mean")).abs() < 1e-9);
    assert!(((high - low) / 2.0 - hundredths("half_width")).abs() < 1e-6);
    // Student's t of 9 degrees of freedom at 97.5%, from tables.
    assert!((t_quantile(9.0).unwrap() - 2.262_157_163).abs() < 1e-6);
}

#[test]
fn the_interval_of_a_share_is_wilsons() {
    let case = case("wilson_sla");
    let whole = |key: &str| case["parameters"][key].as_u64().unwrap();
    let (low, high) = wilson(whole("k"), whole("n"));
    assert!((low - number(&case["expected"]["lower"])).abs() < 1e-9);
    assert!((high - number(&case["expected"]["upper"])).abs() < 1e-9);
}

#[test]
fn the_ranks_of_a_quantile_of_independent_days_are_those_of_order_statistics() {
    let expected = &case("quantile_ci_ranks")["expected"];
    for (count, percent) in [(100, 90), (500, 50), (1000, 90), (1000, 95)] {
        let of = |what: &str| number(&expected[format!("n{count}_p{percent}_{what}")]);
        let q = f64::from(percent) / 100.0;
        let (low, high) = ranks(count, q).unwrap();
        assert!(
            (low as f64 - of("lower_rank")).abs() < 1e-9,
            "{count}: {low}"
        );
        assert!(
            (high as f64 - of("upper_rank")).abs() < 1e-9,
            "{count}: {high}"
        );
        let below = Binomial::new(q, count).unwrap();
        let coverage = below.cdf(high - 1) - below.cdf(low - 1);
        assert!(
            (coverage - of("coverage")).abs() < 1e-9,
            "{count}: {coverage}"
        );
    }
    // Of ten days none lies beyond the 95% quantile with enough certainty.
    assert_eq!(ranks(10, 0.95), None);
}
