//! `ln` and `exp` made of additions, multiplications and small tables only, which
//! round alike on every machine: the same bits everywhere, within two units in
//! the last place.
//!
//! Both split off a power of two, then the nearest point of a table, and end with
//! a few terms of the series (Tang, "Table-driven implementation of the logarithm
//! function", ACM TOMS 16, 1990, and of the exponential function, TOMS 15, 1989).

/// Steps of the tables in a unit.
const STEPS: f64 = 128.0;
/// The logarithm's table goes from 88/128 to 176/128: about one, where it must be
/// exact, there is no power of two to take off.
const FIRST: usize = 88;
const LAST: usize = 176;
const LEAST_BITS: u64 = 0x3FE6_0000_0000_0000;
const EXPONENT: u64 = 0xFFF0_0000_0000_0000;
/// The first 33 bits of ln 2, and the rest.
const LN_2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
/// Added to a small number and taken off again, leaves a whole one.
const WHOLE: f64 = 6_755_399_441_055_744.0;

/// Of each point, its inverse and its logarithm, by the lower bits of its number.
static LOGARITHMS: [(f64, f64); 256] = logarithms();
/// The powers of two between zero and one.
static POWERS: [f64; 128] = powers();

/// The natural logarithm of a positive number that is not subnormal.
#[inline]
pub fn ln(x: f64) -> f64 {
    let bits = x.to_bits();
    let above = bits.wrapping_sub(LEAST_BITS);
    let twos = (above.cast_signed() >> 52) as f64;
    let rest = f64::from_bits(bits.wrapping_sub(above & EXPONENT));
    let shifted = rest * STEPS + WHOLE;
    let (inverse, logarithm) = LOGARITHMS[usize::from(shifted.to_bits() as u8)];
    let r = (rest - (shifted - WHOLE) * (1.0 / STEPS)) * inverse;
    let square = r * r;
    let low = -0.5 + r * (1.0 / 3.0);
    let high = -0.25 + r * 0.2;
    let highest = -1.0 / 6.0 + r * (1.0 / 7.0);
    let series = low + square * (high + square * highest);
    // Small parts first.
    twos * LN_2_HIGH + (logarithm + (r + (square * series + twos * LN_2_LOW)))
}

/// Below this distance from zero the exponential function is neither subnormal nor
/// infinite.
pub const EXP_WITHIN: f64 = 700.0;

/// The exponential function.
pub fn exp(x: f64) -> f64 {
    if x.abs() < EXP_WITHIN {
        exp_within(x)
    } else {
        libm::exp(x)
    }
}

/// The exponential function of a number nearer to zero than [`EXP_WITHIN`].
#[inline]
pub fn exp_within(x: f64) -> f64 {
    let shifted = x * (STEPS * std::f64::consts::LOG2_E) + WHOLE;
    let steps = shifted - WHOLE;
    // The lower bits of the sum are those of the whole number.
    let number = shifted.to_bits().cast_signed() - WHOLE.to_bits().cast_signed();
    let r = (x - steps * (LN_2_HIGH / STEPS)) - steps * (LN_2_LOW / STEPS);
    let square = r * r;
    let series = r + square * (0.5 + r * (1.0 / 6.0) + square * (1.0 / 24.0 + r * (1.0 / 120.0)));
    let power = f64::from_bits(((1023 + (number >> 7)) << 52).cast_unsigned());
    let point = POWERS[(number & 127) as usize];
    (point + point * series) * power
}

const fn logarithms() -> [(f64, f64); 256] {
    let mut table = [(1.0, 0.0); 256];
    let mut at = FIRST;
    while at <= LAST {
        let point = at as f64 / STEPS;
        // ln c = 2 artanh((c - 1) / (c + 1)), by its series from the smallest term.
        let s = (point - 1.0) / (point + 1.0);
        let mut sum = 0.0;
        let mut odd = 23;
        while odd > 1 {
            sum = (sum + 1.0 / odd as f64) * s * s;
            odd -= 2;
        }
        table[at] = (1.0 / point, 2.0 * (s + s * sum));
        at += 1;
    }
    table
}

const fn powers() -> [f64; 128] {
    let mut table = [1.0; 128];
    let mut at = 0;
    while at < table.len() {
        let x = at as f64 / STEPS * std::f64::consts::LN_2;
        let mut sum = 0.0;
        let mut term = 20;
        while term > 0 {
            sum = (1.0 + sum) * x / term as f64;
            term -= 1;
        }
        table[at] = 1.0 + sum;
        at += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyed::{finalise, uniform};

    fn differ(found: f64, expected: f64) -> f64 {
        if found.to_bits() == expected.to_bits() {
            return 0.0;
        }
        ((found - expected) / expected).abs() / f64::EPSILON
    }

    #[test]
    fn logarithms_are_those_of_libm_to_two_units_in_the_last_place() {
        let near_one = (1..2000).flat_map(|n| {
            let step = f64::from(n) * 1e-5;
            [1.0 - step, 1.0 + step, 1.0 - step * 1e-9]
        });
        let drawn = (0..200_000).map(|n| uniform(finalise(n)));
        let small = (0..1000).map(|n| 2_f64.powi(-n) * 1.3);
        for x in near_one.chain(drawn).chain(small) {
            let off = differ(ln(x), libm::log(x));
            assert!(off <= 2.0, "ln {x}: {} for {}", ln(x), libm::log(x));
        }
        assert_eq!(ln(1.0).to_bits(), 0);
    }

    #[test]
    fn powers_are_those_of_libm_to_two_units_in_the_last_place() {
        for n in 0..200_000 {
            let x = (uniform(finalise(n)) - 0.5) * if n % 2 == 0 { 1398.0 } else { 20.0 };
            let off = differ(exp(x), libm::exp(x));
            assert!(off <= 2.0, "exp {x}: {} for {}", exp(x), libm::exp(x));
        }
        let known = [exp(0.0), exp(1e4), exp(-1e4)].map(f64::to_bits);
        assert_eq!(known, [1.0, f64::INFINITY, 0.0].map(f64::to_bits));
    }
}
