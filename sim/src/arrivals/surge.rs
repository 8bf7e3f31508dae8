//! What campaigns add to a rate: a factor for a minute, then an excess that
//! halves again and again; the cumulative count in closed form, and its inverse.

use super::CurvePiece;
use scenarios::model::Campaign;

/// A campaign's factor stands for so long before it dies away.
const MINUTE: u64 = 60_000_000;
/// After so many half-lives nothing is left of it that a day could show.
const HALF_LIVES: u64 = 40;

/// The course of a piece with campaigns in it, over its length as 0 to 1.
#[derive(Debug, Clone)]
pub struct Surge {
    /// Of the rate without campaigns.
    tilt: f64,
    /// `(excess at the start, its decay over the piece)`: the factor of the rate
    /// is 1 and the sum of `excess · exp(−decay · x)`.
    excesses: Vec<(f64, f64)>,
    /// The cumulative count at the end, where it is 1 without campaigns.
    whole: f64,
}

impl Surge {
    fn new(tilt: f64, excesses: Vec<(f64, f64)>) -> Self {
        let mut surge = Self {
            tilt,
            excesses,
            whole: 1.0,
        };
        surge.whole = surge.cumulative(1.0);
        surge
    }

    /// The share of the piece's customers who have come at `x`.
    pub fn share_at(&self, x: f64) -> f64 {
        self.cumulative(x) / self.whole
    }

    /// Where in the piece a share of its customers has come: Newton's method,
    /// kept between bounds that close in on the root.
    pub fn inverse(&self, share: f64) -> f64 {
        let wanted = share * self.whole;
        let (mut low, mut high) = (0.0, 1.0);
        let mut x = share;
        for _ in 0..80 {
            let miss = self.cumulative(x) - wanted;
            if miss > 0.0 {
                high = x;
            } else {
                low = x;
            }
            let newton = x - miss / self.rate(x);
            let next = if newton > low && newton < high {
                newton
            } else {
                0.5 * (low + high)
            };
            let step = (next - x).abs();
            x = next;
            if step < 1e-15 {
                break;
            }
        }
        x
    }

    fn rate(&self, x: f64) -> f64 {
        let excess = self.excesses.iter();
        let factor: f64 = 1.0
            + excess
                .map(|(excess, decay)| excess * libm::exp(-decay * x))
                .sum::<f64>();
        (1.0 - self.tilt + 2.0 * self.tilt * x) * factor
    }

    fn cumulative(&self, x: f64) -> f64 {
        let (start, slope) = (1.0 - self.tilt, 2.0 * self.tilt);
        let plain = start * x + 0.5 * slope * x * x;
        let excess = self.excesses.iter();
        plain
            + excess
                .map(|(excess, decay)| {
                    excess * (start * level(*decay, x) + slope * rise(*decay, x))
                })
                .sum::<f64>()
    }
}

/// The integral of `exp(−decay y)` from 0 to `x`.
fn level(decay: f64, x: f64) -> f64 {
    if decay > 0.0 {
        -libm::expm1(-decay * x) / decay
    } else {
        x
    }
}

/// The integral of `y exp(−decay y)` from 0 to `x`.
fn rise(decay: f64, x: f64) -> f64 {
    if decay * x < 1e-4 {
        return x * x * (0.5 - decay * x / 3.0);
    }
    (level(decay, x) - x * libm::exp(-decay * x)) / decay
}

/// Cuts the pieces where campaigns begin, begin to die away, and are over, and
/// adds what they bring.
pub(super) fn add(pieces: &mut Vec<CurvePiece>, campaigns: &[&Campaign]) {
    let mut cuts: Vec<u64> = campaigns
        .iter()
        .flat_map(|campaign| {
            let dies = campaign.at.0 + MINUTE;
            let over = dies.saturating_add(campaign.half_life.0.saturating_mul(HALF_LIVES));
            [campaign.at.0, dies, over]
        })
        .collect();
    if cuts.is_empty() {
        return;
    }
    cuts.sort_unstable();
    cuts.dedup();
    let mut cut_up = Vec::with_capacity(pieces.len() + cuts.len());
    for piece in pieces.iter() {
        let inside = cuts
            .iter()
            .copied()
            .filter(|cut| piece.from < *cut && *cut < piece.to);
        let mut from = piece.from;
        for to in inside.chain([piece.to]) {
            cut_up.push(part(piece, from, to));
            from = to;
        }
    }
    let mut before = 0.0;
    for piece in &mut cut_up {
        let excesses: Vec<_> = campaigns
            .iter()
            .filter_map(|campaign| excess(campaign, piece))
            .collect();
        if !excesses.is_empty() {
            let surge = Surge::new(piece.tilt, excesses);
            piece.expected *= surge.whole;
            piece.surge = Some(surge);
        }
        piece.before = before;
        before += piece.expected;
    }
    *pieces = cut_up;
}

/// The part of a piece without campaigns from a moment to another.
fn part(piece: &CurvePiece, from: u64, to: u64) -> CurvePiece {
    if (from, to) == (piece.from, piece.to) {
        return piece.clone();
    }
    let length = (piece.to - piece.from) as f64;
    let at = |time: u64| (time - piece.from) as f64 / length;
    let (start, end) = (at(from), at(to));
    let rate = |x: f64| 1.0 - piece.tilt + 2.0 * piece.tilt * x;
    let (first, last) = (rate(start), rate(end));
    let sum = first + last;
    CurvePiece {
        from,
        to,
        length: (to - from) as f64,
        before: 0.0,
        expected: piece.expected * (piece.share_at(end) - piece.share_at(start)),
        tilt: if sum > 0.0 { (last - first) / sum } else { 0.0 },
        surge: None,
    }
}

/// What a campaign adds to a piece that lies wholly in one of its stretches.
fn excess(campaign: &Campaign, piece: &CurvePiece) -> Option<(f64, f64)> {
    let excess = campaign.factor - 1.0;
    let dies = campaign.at.0 + MINUTE;
    let half_life = campaign.half_life.0.max(1) as f64;
    let over = dies.saturating_add(campaign.half_life.0.saturating_mul(HALF_LIVES));
    if piece.from < campaign.at.0 || piece.from >= over || excess <= 0.0 {
        return None;
    }
    if piece.from < dies {
        return Some((excess, 0.0));
    }
    let decay = std::f64::consts::LN_2 / half_life;
    let since = (piece.from - dies) as f64;
    let length = (piece.to - piece.from) as f64;
    Some((excess * libm::exp(-decay * since), decay * length))
}

#[cfg(test)]
mod tests {
    use super::super::ArrivalCurve;
    use super::*;
    use crate::keyed::{BRANCH_STREAM, Key};
    use crate::source::Keyed;
    use scenarios::model::{ArrivalPiece, Arrivals, Law};
    use scenarios::time::{SimTime, Span};

    const SECOND: u64 = 1_000_000;
    const HOUR: u64 = 3600 * SECOND;

    fn campaign(at: u64, factor: f64, half_life: u64) -> Campaign {
        Campaign {
            at: SimTime(at),
            factor,
            half_life: Span(half_life),
            mobile: true,
            branch: true,
        }
    }

    fn curve(expected: f64, tilt: f64, campaigns: &[Campaign]) -> ArrivalCurve {
        let arrivals = Arrivals {
            pieces: vec![ArrivalPiece {
                from: SimTime(0),
                to: SimTime(HOUR),
                expected,
                tilt,
            }],
            ..Arrivals::default()
        };
        ArrivalCurve::new(&arrivals, 0, false)
            .expect("the arrivals are sound")
            .with_campaigns(campaigns.iter())
    }

    #[test]
    fn the_expected_count_is_the_integral_of_the_rate() {
        let campaigns = [
            campaign(600 * SECOND, 10.0, 180 * SECOND),
            campaign(700 * SECOND, 3.0, 60 * SECOND),
        ];
        let curve = curve(3600.0, 0.5, &campaigns);
        // The rate from its definition, summed over small steps by the midpoint rule.
        let factor = |t: f64| -> f64 {
            let mut factor = 1.0;
            for it in &campaigns {
                let since = t - it.at.0 as f64 / 1e6;
                if since >= 60.0 {
                    let half_lives = (since - 60.0) / (it.half_life.0 as f64 / 1e6);
                    factor += (it.factor - 1.0) * (-half_lives).exp2();
                } else if since >= 0.0 {
                    factor += it.factor - 1.0;
                }
            }
            factor
        };
        let mut sum = 0.0;
        let step = 0.01;
        for number in 0..360_000 {
            let t = (f64::from(number) + 0.5) * step;
            if number % 5_000 == 0 {
                let told = curve.expected_before((f64::from(number) * step * 1e6) as u64);
                assert!((told - sum).abs() < 1e-4 * (1.0 + sum), "{t}: {told} {sum}");
            }
            sum += (0.5 + t / 3600.0) * factor(t) * step;
        }
    }

    #[test]
    fn the_inverse_gives_back_where_a_share_has_come() {
        for tilt in [-1.0, 0.0, 0.7] {
            for decay in [0.0, 1e-6, 0.3, 28.0] {
                let surge = Surge::new(tilt, vec![(9.0, decay)]);
                for step in 0..=100 {
                    let share = f64::from(step) / 100.0;
                    let back = surge.share_at(surge.inverse(share));
                    assert!(
                        (back - share).abs() < 1e-12,
                        "{tilt} {decay} {share} {back}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_campaign_brings_the_counts_of_theory() {
        // 1 a second; from 600 s on 10 a second for a minute, then 1 + 9 · 2^(−t/180 s).
        let curve = curve(3600.0, 0.0, &[campaign(600 * SECOND, 10.0, 180 * SECOND)]);
        let mut counts = [0_u64; 4];
        let days = 200;
        for day in 0..days {
            for (time, _) in curve.times(Key::of_stream(1, day, BRANCH_STREAM), &Keyed) {
                counts[match time / SECOND {
                    0..600 => 0,
                    600..660 => 1,
                    660..840 => 2,
                    _ => 3,
                }] += 1;
            }
        }
        // Over the first half-life the excess sums to 9 · 180 s / (2 ln 2).
        let half = 9.0 * 180.0 / (2.0 * std::f64::consts::LN_2);
        let rest = (3600.0 - 840.0) + half * (1.0 - (-2760.0_f64 / 180.0).exp2());
        let expected = [600.0, 600.0, 180.0 + half, rest];
        for (count, expected) in counts.into_iter().zip(expected) {
            let mean = expected * f64::from(days);
            assert!(
                ((count as f64 - mean) / mean.sqrt()).abs() < 3.3,
                "{count} {mean}"
            );
        }
    }

    #[test]
    fn a_regular_stream_comes_faster_by_the_factor() {
        let arrivals = Arrivals {
            gap: Some(Law::Constant { seconds: 30.0 }),
            pieces: vec![ArrivalPiece {
                from: SimTime(0),
                to: SimTime(HOUR),
                expected: 120.0,
                tilt: 0.0,
            }],
            ..Arrivals::default()
        };
        let curve = ArrivalCurve::new(&arrivals, 0, false)
            .expect("the arrivals are sound")
            .with_campaigns([campaign(60 * SECOND, 3.0, SECOND)].iter());
        let seconds: Vec<f64> = curve
            .times(Key::of_stream(1, 0, BRANCH_STREAM), &Keyed)
            .map(|(time, _)| time as f64 / 1e6)
            .take(9)
            .collect();
        // Thirty seconds of pace pass in ten; the excess after the minute sums to 2 s / ln 2.
        let late = 2.0 / std::f64::consts::LN_2;
        let expected = [
            30.0,
            60.0,
            70.0,
            80.0,
            90.0,
            100.0,
            110.0,
            120.0,
            150.0 - late,
        ];
        for (told, by_hand) in seconds.into_iter().zip(expected) {
            assert!((told - by_hand).abs() < 1e-5, "{told} {by_hand}");
        }
    }
}
