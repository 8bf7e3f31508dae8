//! Differences of pairs: where their centre lies, and how surely it lies above something.
//!
//! From ten pairs on by Wilcoxon's signed ranks, whose probabilities are counted out, not
//! approximated, and which a few wild runs do not blind. Within a pair it is drawn which
//! side goes first, so with equal sides a difference is as likely as its opposite: all
//! that the test needs. With fewer pairs ranks can say little (five of five above happens
//! once in 32), so there Student's t speaks, which is cautious when tails are heavy.

use super::student;

/// From so many pairs on, ranks.
const RANKED: usize = 10;
/// Of the interval's two sides together.
const OUTSIDE: f64 = 0.05;

/// Where the centre of differences lies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Centre {
    /// Their mean; from ten pairs on the median of all averages of two (Hodges and Lehmann).
    pub estimate: f64,
    /// Lower end of its 95% interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// The centre with its interval; none of fewer than two differences.
pub fn centre(differences: &[f64]) -> Option<Centre> {
    match differences.len() {
        0 | 1 => None,
        few if few < RANKED => {
            let (mean, error) = mean_and_error(differences);
            let reach = student::exceeded_by(OUTSIDE / 2.0, few as u32 - 1) * error;
            Some(Centre {
                estimate: mean,
                low: mean - reach,
                high: mean + reach,
            })
        }
        _ => Some(ranked_centre(differences)),
    }
}

/// The chance of differences so far above `bound` if their centre were not above it:
/// small when it surely is.
pub fn chance_not_above(differences: &[f64], bound: f64) -> f64 {
    let shifted: Vec<f64> = differences.iter().map(|it| it - bound).collect();
    match shifted.len() {
        0 | 1 => 1.0,
        few if few < RANKED => {
            let (mean, error) = mean_and_error(&shifted);
            if error > 0.0 {
                student::above(mean / error, few as u32 - 1)
            } else if mean > 0.0 {
                0.0
            } else {
                1.0
            }
        }
        _ => signed_rank(&shifted),
    }
}

/// The same of a centre below `bound`.
pub fn chance_not_below(differences: &[f64], bound: f64) -> f64 {
    let turned: Vec<f64> = differences.iter().map(|it| -it).collect();
    chance_not_above(&turned, -bound)
}

fn mean_and_error(differences: &[f64]) -> (f64, f64) {
    let n = differences.len() as f64;
    let mean = differences.iter().sum::<f64>() / n;
    let squares: f64 = differences.iter().map(|it| (it - mean).powi(2)).sum();
    (mean, (squares / (n - 1.0) / n).sqrt())
}

/// The exact chance of a sum of the ranks of positive differences as great as this or
/// greater, if every sign were a coin's. Equal sizes share their ranks; what is exactly
/// nought has a rank and no sign (Pratt 1959).
fn signed_rank(differences: &[f64]) -> f64 {
    let ranks = twice_the_ranks(differences);
    let signed = || {
        differences
            .iter()
            .zip(&ranks)
            .filter(|(difference, _)| **difference != 0.0)
    };
    let observed: usize = signed()
        .filter(|(difference, _)| **difference > 0.0)
        .map(|(_, rank)| *rank)
        .sum();
    let ways = ways_to_sum(signed().map(|(_, rank)| *rank));
    let all: f64 = ways.iter().sum();
    ways.iter().skip(observed).sum::<f64>() / all
}

/// For every sum, how many choices of the ranks have it.
fn ways_to_sum(ranks: impl Iterator<Item = usize>) -> Vec<f64> {
    let mut ways = vec![1.0];
    for rank in ranks {
        let mut with = vec![0.0; ways.len() + rank];
        for (sum, count) in ways.iter().enumerate() {
            with[sum] += count;
            with[sum + rank] += count;
        }
        ways = with;
    }
    ways
}

/// Ranks of the sizes, doubled so that shared ones are whole numbers.
fn twice_the_ranks(differences: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..differences.len()).collect();
    let size = |index: &usize| differences[*index].abs();
    order.sort_by(|a, b| size(a).total_cmp(&size(b)));
    let mut ranks = vec![0; differences.len()];
    let mut from = 0;
    while from < order.len() {
        let same = size(&order[from]).to_bits();
        let length = order[from..]
            .iter()
            .take_while(|index| size(index).to_bits() == same)
            .count();
        for index in &order[from..from + length] {
            // First and last of the ranks from + 1 to from + length, added up.
            ranks[*index] = 2 * from + length + 1;
        }
        from += length;
    }
    ranks
}

fn ranked_centre(differences: &[f64]) -> Centre {
    let n = differences.len();
    let mut averages: Vec<f64> = (0..n)
        .flat_map(|a| (a..n).map(move |b| (a, b)))
        .map(|(a, b)| f64::midpoint(differences[a], differences[b]))
        .collect();
    averages.sort_by(f64::total_cmp);
    let count = averages.len();
    let estimate = f64::midpoint(averages[(count - 1) / 2], averages[count / 2]);
    // So many averages may lie outside on each side: the sum of the ranks says how many.
    let ways = ways_to_sum(1..=n);
    let all: f64 = ways.iter().sum();
    let mut below = 0.0;
    let cut = ways
        .iter()
        .take_while(|count| {
            below += **count;
            below / all <= OUTSIDE / 2.0
        })
        .count()
        .clamp(1, count);
    Centre {
        estimate,
        low: averages[cut - 1],
        high: averages[count - cut],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_signs_alike_have_the_chance_of_as_many_coins() {
        for n in [10, 12, 15] {
            let up: Vec<f64> = (1..=n).map(f64::from).collect();
            let chance = chance_not_above(&up, 0.0);
            assert!((chance - 0.5_f64.powi(n)).abs() < 1e-12, "{chance}");
            assert!((chance_not_below(&up, 0.0) - 1.0).abs() < 1e-12);
        }
    }

    /// The data of Darwin's 15 pairs of maize (Fisher 1935, chapter III): the sum of the
    /// negative ranks is 24, one-sided 0.0206; t on 14 degrees is 2.148, so 0.0249.
    #[test]
    fn darwins_maize_is_judged_as_in_the_books() {
        let eighths = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48];
        let differences: Vec<f64> = eighths.iter().map(|it| f64::from(*it) / 8.0).collect();
        let ranked = chance_not_above(&differences, 0.0);
        assert!((ranked - 0.020_6).abs() < 1e-4, "{ranked}");
        let (mean, error) = mean_and_error(&differences);
        assert!((mean / error - 2.148).abs() < 1e-3);
        let centre = centre(&differences).unwrap();
        // R: wilcox.test(d, conf.int = TRUE) gives 3.125 with 0.5 to 5.1875.
        assert!((centre.estimate - 3.125).abs() < 1e-9, "{centre:?}");
        assert!((centre.low - 0.5).abs() < 1e-9, "{centre:?}");
        assert!((centre.high - 5.1875).abs() < 1e-9, "{centre:?}");
    }

    #[test]
    fn few_pairs_are_judged_by_t() {
        let differences = [0.1, 0.2, 0.15, 0.05, 0.25];
        // Mean 0.15, standard error 0.0354: t = 4.243 on 4 degrees, one-sided 0.0066.
        let chance = chance_not_above(&differences, 0.0);
        assert!((chance - 0.0066).abs() < 1e-4, "{chance}");
        let centre = centre(&differences).unwrap();
        assert!((centre.low - (0.15 - 2.776 * 0.035_355)).abs() < 1e-4);
        // Shifting the bound shifts the differences.
        let shifted: Vec<f64> = differences.iter().map(|it| it - 0.1).collect();
        let (a, b) = (
            chance_not_above(&differences, 0.1),
            chance_not_above(&shifted, 0.0),
        );
        assert!((a - b).abs() < 1e-12);
    }

    #[test]
    fn equal_runs_are_no_evidence_of_anything() {
        for n in [2, 5, 9, 10, 15] {
            let none = vec![0.0; n];
            assert!((chance_not_above(&none, 0.0) - 1.0).abs() < 1e-12, "{n}");
            assert!(chance_not_below(&none, 0.1) <= 0.5_f64.powi(9), "{n}");
            let centre = centre(&none).unwrap();
            assert!(centre.low.abs() + centre.high.abs() < 1e-12);
        }
        assert_eq!(centre(&[0.3]), None);
        assert!((chance_not_above(&[0.3], 0.0) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn one_wild_run_among_fifteen_does_not_hide_a_difference() {
        let mut differences: Vec<f64> = (0..15).map(|it| 0.08 + 0.01 * f64::from(it % 5)).collect();
        differences[7] = -3.0;
        assert!(chance_not_above(&differences, 0.0) < 0.02);
        let centre = centre(&differences).unwrap();
        assert!((0.08..0.11).contains(&centre.estimate), "{centre:?}");
    }
}
