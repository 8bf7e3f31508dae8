//! The reference branches: an independent model's figures in minutes over 600
//! days. Agreement within 15%, within .15 min where a figure is below one
//! minute, within two percentage points for shares.

mod branch;

use branch::reference::{Reference, abandoned_share, served_within};
use branch::{at, everybody, figure, mean, of_channel, of_segment, run, share, smart, traditional};
use scenarios::figure::Figure;

const DAYS: u32 = 300;

#[test]
fn the_traditional_branch_has_its_half_hour() {
    let outcome = run(&traditional(), 600, 2);
    let mut reference = Reference::new(&outcome);
    let all = everybody();
    reference.mean(Figure::Wait, &all, 13.1);
    reference.mean(Figure::Wait, &of_segment("simple"), 14.3);
    reference.mean(Figure::Wait, &of_segment("complex"), 14.2);
    reference.mean(Figure::Wait, &of_segment("vip"), 1.1);
    reference.quantile(Figure::Wait, &all, 0.5, 7.5);
    reference.quantile(Figure::Wait, &all, 0.9, 36.0);
    reference.mean(Figure::TimeInBranch, &all, 19.6);
    reference.quantile(Figure::TimeInBranch, &all, 0.9, 43.0);
    let wait = figure(&outcome, Figure::Wait, &all);
    // The reference's share is of served customers; ours counts those who gave up after five minutes as missed.
    let served = served_within(&outcome, "wait", None);
    reference.share("served within five minutes", served, 0.44);
    assert!(share(wait, 300.0) < served);
    reference.share("abandoned", abandoned_share(&outcome), 0.059);
    let by_hour = [4.0, 17.9, 30.9, 25.8, 9.5, 5.0, 7.6, 3.3];
    for (expected, hour) in by_hour.into_iter().zip(9..) {
        reference.mean(Figure::Wait, &at(&format!("{hour:02}:00")), expected);
    }
    reference.holds();
}

#[test]
fn the_smart_branch_is_as_fast_as_its_kiosks() {
    let outcome = run(&smart(3.6, 0.45), DAYS, 2);
    let mut reference = Reference::new(&outcome);
    let kiosk = of_channel("kiosk");
    reference.mean(Figure::Wait, &kiosk, 0.06);
    reference.mean(Figure::TimeInBranch, &kiosk, 4.21);
    reference.quantile(Figure::TimeInBranch, &kiosk, 0.9, 6.7);
    let time = figure(&outcome, Figure::TimeInBranch, &kiosk);
    reference.share("kiosk within five minutes", share(time, 300.0), 0.748);
    reference.mean(Figure::Wait, &of_segment("cash"), 0.43);
    reference.mean(Figure::TimeInBranch, &of_segment("cash"), 4.94);
    reference.mean(Figure::Wait, &of_segment("vip"), 4.5);
    reference.quantile(Figure::Wait, &of_segment("vip"), 0.9, 16.3);
    reference.mean(Figure::Wait, &of_segment("corporate"), 0.4);
    reference.share("abandoned", abandoned_share(&outcome), 0.001);
    let fallback = mean(&outcome, Figure::FallbackCustomers, &everybody());
    assert!(
        (fallback - 8.1).abs() < 0.15 * 8.1,
        "{fallback} fallback customers a day"
    );
    reference.holds();
}

#[test]
fn the_promise_is_kept_with_faster_kiosks() {
    let outcome = run(&smart(3.2, 0.30), DAYS, 2);
    let mut reference = Reference::new(&outcome);
    let kiosk = of_channel("kiosk");
    reference.mean(Figure::TimeInBranch, &kiosk, 3.8);
    reference.quantile(Figure::TimeInBranch, &kiosk, 0.9, 5.4);
    reference.share(
        "kiosk within five minutes",
        share(figure(&outcome, Figure::TimeInBranch, &kiosk), 300.0),
        0.87,
    );
    let fallback = mean(&outcome, Figure::FallbackCustomers, &everybody());
    assert!(
        (fallback - 8.5).abs() < 0.15 * 8.5,
        "{fallback} fallback customers a day"
    );
    reference.holds();
}
