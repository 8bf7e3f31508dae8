//! Student's t distribution for whole degrees of freedom, which has a finite series
//! (Abramowitz and Stegun, 26.7.3 and 26.7.4).

use std::f64::consts::{FRAC_2_PI, FRAC_PI_2};

/// The probability of a value above `t`.
pub fn above(t: f64, degrees: u32) -> f64 {
    if t.is_nan() || degrees == 0 {
        return 1.0;
    }
    let outside = (1.0 - within(t.abs(), degrees)).max(0.0);
    if t > 0.0 {
        outside / 2.0
    } else {
        1.0 - outside / 2.0
    }
}

/// The value above which lies the probability `chance`, of at most a half.
pub fn exceeded_by(chance: f64, degrees: u32) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    while above(high, degrees) > chance && high < 1e12 {
        high *= 2.0;
    }
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if above(middle, degrees) > chance {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// The probability between −t and t.
fn within(t: f64, degrees: u32) -> f64 {
    if t.is_infinite() {
        return 1.0;
    }
    let nu = f64::from(degrees);
    let angle = libm::atan2(t, nu.sqrt());
    let (sine, cosine) = (libm::sin(angle), libm::cos(angle));
    let odd = degrees % 2 == 1;
    // The terms of the series: 1 and each the one before times cos² and a fraction.
    let (mut term, mut sum) = (1.0, 0.0);
    let mut factor = if odd { 2.0 } else { 1.0 };
    let terms = degrees / 2;
    for _ in 0..terms {
        sum += term;
        term *= cosine * cosine * factor / (factor + 1.0);
        factor += 2.0;
    }
    if odd {
        FRAC_2_PI * (angle.min(FRAC_PI_2) + sine * cosine * sum)
    } else {
        sine * sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Percentage points as every table of the distribution prints them.
    #[test]
    fn the_percentage_points_are_those_of_the_tables() {
        for (degrees, chance, point) in [
            (1, 0.05, 6.314),
            (1, 0.025, 12.706),
            (2, 0.05, 2.920),
            (3, 0.01, 4.541),
            (4, 0.025, 2.776),
            (4, 0.005, 4.604),
            (5, 0.01, 3.365),
            (6, 0.001, 5.208),
            (9, 0.05, 1.833),
            (14, 0.01, 2.624),
            (30, 0.025, 2.042),
        ] {
            let found = exceeded_by(chance, degrees);
            assert!((found - point).abs() < 6e-4, "{degrees} {chance}: {found}");
            let back = above(point, degrees);
            assert!((back - chance).abs() < 1e-3 * chance, "{back}");
        }
    }

    #[test]
    fn it_is_symmetric_and_ends_at_nought_and_one() {
        for degrees in 1..20 {
            assert!((above(0.0, degrees) - 0.5).abs() < 1e-12);
            assert!((above(1.3, degrees) + above(-1.3, degrees) - 1.0).abs() < 1e-12);
            assert!(above(f64::INFINITY, degrees).abs() < 1e-12);
            assert!((above(f64::NEG_INFINITY, degrees) - 1.0).abs() < 1e-12);
        }
    }
}
