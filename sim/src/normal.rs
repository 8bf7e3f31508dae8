//! The quantile function of the standard normal law.
//!
//! Drawing needs it often, so it is tabulated: each octave of the tail's probability is
//! cut into 32 cells, and in each the function is a polynomial of degree six through
//! seven of its values, which come from an algorithm of 16 digits. One shape for all
//! probabilities leaves a processor nothing to guess.

use crate::elementary::ln;
use std::fmt;
use std::sync::LazyLock;

/// Cells of an octave are told by so many bits.
const CELL_BITS: u32 = 5;
/// What a probability is shifted by to leave its exponent and its cell.
const CELL_SHIFT: u32 = f64::MANTISSA_DIGITS - 1 - CELL_BITS;
/// The least probability that has a cell: no uniform number is less.
const LEAST: f64 = 1.0 / (1_u64 << 53) as f64;
const FIRST_CELL: usize = (LEAST.to_bits() >> CELL_SHIFT) as usize;
/// The last cell is that of one half.
const CELLS: usize = (0.5_f64.to_bits() >> CELL_SHIFT) as usize - FIRST_CELL + 1;
const DEGREE: usize = 6;

/// The middle of each cell, and the polynomial about it: a line of the cache.
type Cell = (f64, [f64; DEGREE + 1]);

static QUANTILES: LazyLock<Quantiles> = LazyLock::new(Quantiles::new);

/// The table.
pub struct Quantiles(Box<[Cell; CELLS]>);

/// The value below which a standard normal variable lies with probability `p`
/// (strictly between 0 and 1), to about 15 digits.
pub fn quantile(p: f64) -> f64 {
    if p.min(1.0 - p) < LEAST {
        return by_ratios(p);
    }
    QUANTILES.of_uniform(p)
}

impl Quantiles {
    /// The one table.
    pub fn table() -> &'static Self {
        &QUANTILES
    }

    fn new() -> Self {
        let cells: Box<[Cell]> = (0..CELLS).map(cell).collect();
        Self(cells.try_into().expect("there are as many"))
    }

    /// The quantile at a uniform number from 2^-53 to 1 - 2^-53.
    #[inline]
    pub fn of_uniform(&self, p: f64) -> f64 {
        let rest = 1.0 - p;
        let tail = if p < rest { p } else { rest };
        let number = (tail.to_bits() >> CELL_SHIFT) as usize;
        let number = number.wrapping_sub(FIRST_CELL).min(CELLS - 1);
        let (middle, [c0, c1, c2, c3, c4, c5, c6]) = self.0[number];
        let x = tail - middle;
        let square = x * x;
        let low = (c0 + c1 * x) + square * (c2 + c3 * x);
        let value = low + (square * square) * ((c4 + c5 * x) + square * c6);
        value.copysign(p - 0.5)
    }
}

impl fmt::Debug for Quantiles {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Quantiles")
    }
}

/// The polynomial of a cell: through the function's values at Chebyshev's points.
fn cell(number: usize) -> Cell {
    let edge = |number: usize| f64::from_bits(((FIRST_CELL + number) as u64) << CELL_SHIFT);
    let (from, to) = (edge(number), edge(number + 1));
    let (middle, half) = (0.5 * (from + to), 0.5 * (to - from));
    let mut points = [0.0; DEGREE + 1];
    for (at, point) in points.iter_mut().enumerate() {
        let angle = (2 * at + 1) as f64 / (2 * (DEGREE + 1)) as f64 * std::f64::consts::PI;
        *point = libm::cos(angle);
    }
    // Newton's divided differences, of points from -1 to 1 as long as they are reckoned.
    let mut differences = points.map(|point| by_ratios(middle + half * point));
    for order in 1..=DEGREE {
        for at in (order..=DEGREE).rev() {
            let step = points[at] - points[at - order];
            differences[at] = (differences[at] - differences[at - 1]) / step;
        }
    }
    let mut polynomial = [0.0; DEGREE + 1];
    for (difference, point) in differences.iter().zip(points).rev() {
        // What there is, times (x - point), plus the difference.
        let mut carried = *difference;
        for coefficient in &mut polynomial {
            let higher = *coefficient;
            *coefficient = carried - point * higher;
            carried = higher;
        }
    }
    let mut scale = 1.0;
    for coefficient in &mut polynomial {
        *coefficient /= scale;
        scale *= half;
    }
    (middle, polynomial)
}

/// The quantile to about 16 digits: algorithm AS 241, `PPND16` (Wichura, Applied
/// Statistics 37, 1988).
fn by_ratios(p: f64) -> f64 {
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180_625 - q * q;
        return q * ratio(r, &CENTRE);
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    let r = (-ln(tail)).sqrt();
    let value = if r <= 5.0 {
        ratio(r - 1.6, &MIDDLE)
    } else {
        ratio(r - 5.0, &FAR)
    };
    if q < 0.0 { -value } else { value }
}

struct Rational {
    above: [f64; 8],
    below: [f64; 8],
}

fn ratio(r: f64, rational: &Rational) -> f64 {
    let evaluate =
        |coefficients: &[f64; 8]| coefficients.iter().rev().fold(0.0, |sum, c| sum * r + c);
    evaluate(&rational.above) / evaluate(&rational.below)
}

const CENTRE: Rational = Rational {
    above: [
        3.387_132_872_796_366_5,
        133.141_667_891_784_38,
        1_971.590_950_306_551_3,
        13_731.693_765_509_46,
        45_921.953_931_549_87,
        67_265.770_927_008_7,
        33_430.575_583_588_13,
        2_509.080_928_730_122_7,
    ],
    below: [
        1.0,
        42.313_330_701_600_91,
        687.187_007_492_057_9,
        5_394.196_021_424_751,
        21_213.794_301_586_597,
        39_307.895_800_092_71,
        28_729.085_735_721_943,
        5_226.495_278_852_854,
    ],
};

const MIDDLE: Rational = Rational {
    above: [
        1.423_437_110_749_683_5,
        4.630_337_846_156_546,
        5.769_497_221_460_691,
        3.647_848_324_763_204_5,
        1.270_458_252_452_368_4,
        0.241_780_725_177_450_6,
        0.022_723_844_989_269_184,
        7.745_450_142_783_414e-4,
    ],
    below: [
        1.0,
        2.053_191_626_637_759,
        1.676_384_830_183_803_8,
        0.689_767_334_985_1,
        0.148_103_976_427_480_08,
        0.015_198_666_563_616_457,
        5.475_938_084_995_345e-4,
        1.050_750_071_644_416_9e-9,
    ],
};

const FAR: Rational = Rational {
    above: [
        6.657_904_643_501_103,
        5.463_784_911_164_114,
        1.784_826_539_917_291_3,
        0.296_560_571_828_504_87,
        0.026_532_189_526_576_124,
        0.001_242_660_947_388_078_4,
        2.711_555_568_743_487_6e-5,
        2.010_334_399_292_288_1e-7,
    ],
    below: [
        1.0,
        0.599_832_206_555_888,
        0.136_929_880_922_735_8,
        0.014_875_361_290_850_615,
        7.868_691_311_456_133e-4,
        1.846_318_317_510_054_8e-5,
        1.421_511_758_316_446e-7,
        2.044_263_103_389_939_8e-15,
    ],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyed::{finalise, uniform};

    #[test]
    fn agrees_with_tabulated_quantiles() {
        // Standard tables; the last from the normal tail 1e-10.
        for (p, expected) in [
            (0.5, 0.0),
            (0.9, 1.281_551_565_544_600_4),
            (0.975, 1.959_963_984_540_054),
            (0.001, -3.090_232_306_167_813_6),
            (1e-10, -6.361_340_902_404_056),
        ] {
            assert!(
                (quantile(p) - expected).abs() < 1e-13 * (1.0 + expected.abs()),
                "{p}"
            );
        }
    }

    #[test]
    fn agrees_with_the_ratios_to_fourteen_digits_everywhere() {
        let drawn = (0..300_000).map(|number| uniform(finalise(number)));
        let far = (1..1060).map(|number| 2_f64.powf(-f64::from(number) / 20.0));
        let edges = (1..64).map(|number| f64::from(number) / 64.0);
        let all = drawn
            .chain(far.clone())
            .chain(far.map(|p| 1.0 - p))
            .chain(edges);
        for p in all.filter(|p| (LEAST..1.0).contains(p)) {
            let (found, expected) = (quantile(p), by_ratios(p));
            assert!(
                (found - expected).abs() < 4e-15 * (1.0 + expected.abs()),
                "{p}: {found} for {expected}"
            );
        }
        assert!((quantile(1e-30) - by_ratios(1e-30)).abs() < 1e-15);
    }

    #[test]
    fn is_continuous_where_its_pieces_meet() {
        for p in [0.075, 0.925, 1.388_794_386_496_402e-11] {
            let gap = quantile(p * (1.0 + 1e-12)) - quantile(p * (1.0 - 1e-12));
            assert!(gap.abs() < 1e-9, "{p}: {gap}");
        }
    }
}
