//! When customers come: a Poisson process with a rate constant or linear within each
//! piece, by inversion of the cumulative expected count, so that the n-th
//! customer is the n-th customer in every variant of a scenario.

mod surge;

use crate::keyed::{Key, Place, Purpose};
use crate::law::Sampler;
use crate::source::{Keyed, Source};
use scenarios::model::{Arrivals, Campaign, Recorded};
use surge::Surge;

const GAP: Place = Purpose::Gap.stands_at();

/// The cumulative expected count as a polygon, for a day of mean busyness.
#[derive(Debug, Clone)]
pub struct ArrivalCurve {
    pieces: Vec<CurvePiece>,
    busyness_cv: f64,
    /// Customers a microsecond after the last piece, in steady state.
    beyond: Option<f64>,
    open: u64,
    at_opening: u32,
    most: u64,
    /// Time between arrivals, if it has a law of its own.
    gap: Option<Sampler>,
    /// Of a `gap`: expected arrivals a microsecond outside of campaigns.
    pace: f64,
    /// Whether there are campaigns.
    surges: bool,
    /// `(cumulative probability, people)` of groups.
    groups: Vec<(f64, u32)>,
    /// A recorded log instead.
    recorded: Option<Vec<Recorded>>,
    /// Whether customers come one by one as the pieces say, and no more to it.
    is_plain: bool,
}

#[derive(Debug, Clone)]
struct CurvePiece {
    from: u64,
    to: u64,
    /// In microseconds.
    length: f64,
    before: f64,
    /// With what campaigns bring.
    expected: f64,
    tilt: f64,
    /// What campaigns bring; none outside of them.
    surge: Option<Surge>,
}

/// The arrivals of one replication, in order.
#[derive(Debug, Clone)]
pub struct ArrivalTimes<'curve, S> {
    curve: &'curve ArrivalCurve,
    source: &'curve S,
    reached: Reached,
}

/// How far arrivals have come, to go on with the same curve later.
#[derive(Debug, Clone)]
pub struct Reached {
    key: Key,
    /// Sum of the unit exponential gaps so far.
    gaps: f64,
    busyness: f64,
    piece: usize,
    next_index: u64,
    latest: u64,
    /// Of the group that has just come, those still to be told of.
    together: u32,
}

impl<S> ArrivalTimes<'_, S> {
    /// How far they are now.
    pub fn into_reached(self) -> Reached {
        self.reached
    }
}

impl ArrivalCurve {
    /// Those after the ones that have come already.
    pub fn go_on<'curve, S: Source>(
        &'curve self,
        reached: &Reached,
        source: &'curve S,
    ) -> ArrivalTimes<'curve, S> {
        ArrivalTimes {
            curve: self,
            source,
            reached: reached.clone(),
        }
    }

    /// The curve of a scenario's arrivals, the first at `open` at the earliest; with
    /// `endless`, arrivals go on after the last piece at its rate.
    pub fn new(arrivals: &Arrivals, open: u64, endless: bool) -> Result<Self, String> {
        let mut before = 0.0;
        let mut pieces = Vec::with_capacity(arrivals.pieces.len());
        for piece in &arrivals.pieces {
            let (from, to) = (piece.from.0, piece.to.0);
            let after_last = pieces
                .last()
                .is_none_or(|last: &CurvePiece| last.to <= from);
            if to <= from || !after_last || !piece.expected.is_finite() || piece.expected < 0.0 {
                return Err(format!(
                    "the piece from {} to {} with {} customers expected; pieces ascend, do not overlap, and expect 0 or more",
                    piece.from.clock(),
                    piece.to.clock(),
                    piece.expected
                ));
            }
            pieces.push(CurvePiece {
                from,
                to,
                length: (to - from) as f64,
                before,
                expected: piece.expected,
                tilt: piece.tilt.clamp(-1.0, 1.0),
                surge: None,
            });
            before += piece.expected;
        }
        if !arrivals.busyness_cv.is_finite() || arrivals.busyness_cv < 0.0 {
            return Err(format!(
                "busyness_cv is {}; it must be 0 or more",
                arrivals.busyness_cv
            ));
        }
        let mut cumulative = 0.0;
        let groups = arrivals
            .batches
            .iter()
            .map(|(share, people)| {
                cumulative += share;
                (cumulative, *people)
            })
            .collect();
        let beyond = pieces
            .last()
            .filter(|last| endless && last.expected > 0.0)
            .map(|last| last.expected / (last.to - last.from) as f64);
        let pace = pieces
            .first()
            .map_or(0.0, |first| first.expected / (first.to - first.from) as f64);
        Ok(Self {
            pace,
            surges: false,
            pieces,
            busyness_cv: arrivals.busyness_cv,
            beyond,
            open,
            at_opening: arrivals.at_opening,
            most: arrivals.most.map_or(u64::MAX, u64::from),
            gap: arrivals.gap.as_ref().map(Sampler::new).transpose()?,
            is_plain: arrivals.gap.is_none()
                && arrivals.batches.is_empty()
                && arrivals.recorded.is_none(),
            groups,
            recorded: arrivals.recorded.clone(),
        })
    }

    /// The curve with the customers whom campaigns bring, too.
    pub fn with_campaigns<'c>(mut self, campaigns: impl Iterator<Item = &'c Campaign>) -> Self {
        let campaigns: Vec<_> = campaigns.collect();
        surge::add(&mut self.pieces, &campaigns);
        self.surges = !campaigns.is_empty();
        self.is_plain &= campaigns.is_empty();
        self
    }

    /// Customers (or groups) expected before a moment on a day of mean busyness.
    pub fn expected_before(&self, time: u64) -> f64 {
        let piece = self.pieces.partition_point(|piece| piece.from < time);
        let Some(piece) = piece.checked_sub(1).map(|at| &self.pieces[at]) else {
            return 0.0;
        };
        let length = piece.length;
        let into = (time.min(piece.to) - piece.from) as f64 / length;
        piece.before + piece.expected * piece.share_at(into)
    }

    /// The arrivals of the replication with this key.
    pub fn times<'curve, S: Source>(
        &'curve self,
        key: Key,
        source: &'curve S,
    ) -> ArrivalTimes<'curve, S> {
        self.times_scaled(key, source, 1.0)
    }

    /// The arrivals of the replication with this key where so many times as many
    /// come at every moment as the curve says.
    pub fn times_scaled<'curve, S: Source>(
        &'curve self,
        key: Key,
        source: &'curve S,
        scale: f64,
    ) -> ArrivalTimes<'curve, S> {
        let busyness = if self.busyness_cv > 0.0 {
            let shape = 1.0 / (self.busyness_cv * self.busyness_cv);
            source.gamma(shape, key, Purpose::Busyness) / shape
        } else {
            1.0
        };
        ArrivalTimes {
            curve: self,
            source,
            reached: Reached {
                key,
                gaps: 0.0,
                busyness: busyness * scale,
                piece: 0,
                next_index: 0,
                latest: self.open,
                together: self.at_opening,
            },
        }
    }
}

impl<S: Source> Iterator for ArrivalTimes<'_, S> {
    /// Time in microseconds and the customer's key.
    type Item = (u64, Key);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let key = self.reached.key.nth(self.reached.next_index);
        if self.curve.is_plain && self.reached.together == 0 {
            if self.reached.next_index >= self.curve.most {
                return None;
            }
            self.reached.next_index += 1;
            let time = self.next_plain(key)?;
            return Some((time, key));
        }
        self.next_of_any(key)
    }
}

impl<S: Source> ArrivalTimes<'_, S> {
    /// The next who comes alone as the pieces say.
    #[inline]
    fn next_plain(&mut self, key: Key) -> Option<u64> {
        self.reached.gaps += self.source.exponential(key, Purpose::Gap);
        let count = self.reached.gaps / self.reached.busyness;
        let piece = self.curve.pieces.get(self.reached.piece);
        let time = match piece.and_then(|piece| piece.plain_time_of(count)) {
            Some(time) => time,
            None => self.later_time_of(count)?,
        };
        self.reached.latest = self.reached.latest.max(time);
        Some(self.reached.latest)
    }

    /// When so many have come as the pieces say, from the present one on.
    #[cold]
    fn later_time_of(&mut self, count: f64) -> Option<u64> {
        if count.is_finite() {
            self.time_of(count)
        } else {
            None
        }
    }

    fn next_of_any(&mut self, key: Key) -> Option<(u64, Key)> {
        if let Some(recorded) = &self.curve.recorded {
            let ticket = recorded.get(self.reached.next_index as usize)?;
            self.reached.next_index += 1;
            return Some((ticket.at.0, key));
        }
        if self.reached.next_index >= self.curve.most {
            return None;
        }
        if self.reached.together == 0 {
            self.reached.latest = self.next_time(key)?;
            self.reached.together = self.curve.group(key, self.source);
        }
        self.reached.together -= 1;
        self.reached.next_index += 1;
        Some((self.reached.latest, key))
    }
}

impl ArrivalCurve {
    fn group<S: Source>(&self, key: Key, source: &S) -> u32 {
        if self.groups.is_empty() {
            return 1;
        }
        let u = source.uniform(key, Purpose::Group);
        let at = self
            .groups
            .partition_point(|(cumulative, _)| *cumulative < u);
        self.groups[at.min(self.groups.len() - 1)].1.max(1)
    }
}

impl<S: Source> ArrivalTimes<'_, S> {
    /// When the next customer (or group) comes, whose first one has this key.
    fn next_time(&mut self, key: Key) -> Option<u64> {
        if let Some(gap) = &self.curve.gap {
            let gap = self.source.micros(gap, key, Purpose::Gap);
            if self.curve.surges {
                // A campaign quickens the pace at which the time between arrivals passes.
                self.reached.gaps += gap as f64 * self.curve.pace;
                let time = self.time_of(self.reached.gaps)?;
                return Some(self.reached.latest.max(time));
            }
            return Some(self.reached.latest.saturating_add(gap));
        }
        self.reached.gaps += self.source.exponential(key, Purpose::Gap);
        // A day of busyness b reaches an expected count c where an average one reaches c / b.
        let count = self.reached.gaps / self.reached.busyness;
        if !count.is_finite() {
            return None;
        }
        let time = self.time_of(count)?;
        Some(self.reached.latest.max(time))
    }

    fn time_of(&mut self, count: f64) -> Option<u64> {
        let pieces = &self.curve.pieces;
        while let Some(piece) = pieces.get(self.reached.piece) {
            if piece.expected > 0.0 && count < piece.before + piece.expected {
                let share = ((count - piece.before) / piece.expected).clamp(0.0, 1.0);
                let length = piece.length;
                let into = match &piece.surge {
                    Some(surge) => (surge.inverse(share) * length).round() as u64,
                    None if self.curve.surges => {
                        (untilted(share, piece.tilt) * length).round() as u64
                    }
                    None => (untilted(share, piece.tilt) * length) as u64,
                };
                return Some((piece.from + into).min(piece.to - 1));
            }
            self.reached.piece += 1;
        }
        let rate = self.curve.beyond?;
        let last = pieces.last()?;
        let over = (count - last.before - last.expected) / rate;
        Some(last.to.saturating_add(over as u64))
    }
}

impl ArrivalTimes<'_, Keyed> {
    /// The next who come, as many as there is room for, with their keys; tells how
    /// many, which is fewer only if nobody comes after them.
    ///
    /// The draws of a block do not depend on each other, so a processor works on
    /// several of them at a time.
    pub fn fill<const ROOM: usize>(
        &mut self,
        times: &mut [u64; ROOM],
        keys: &mut [Key; ROOM],
    ) -> usize {
        let from = self.reached.next_index;
        let is_plain = self.curve.is_plain && self.reached.together == 0;
        if !is_plain || self.curve.most - from < ROOM as u64 {
            return self.fill_one_by_one(times, keys);
        }
        let mut gaps = [0.0; ROOM];
        for (at, (key, gap)) in keys.iter_mut().zip(&mut gaps).enumerate() {
            *key = self.reached.key.nth(from + at as u64);
            *gap = Keyed::exponential_at(*key, GAP);
        }
        self.reached.next_index += ROOM as u64;
        // How many are expected until each comes, on a day of mean busyness.
        let mut sum = self.reached.gaps;
        let counts = gaps.map(|gap| {
            sum += gap;
            sum / self.reached.busyness
        });
        self.reached.gaps = sum;
        let mut filled = 0;
        while filled < ROOM {
            filled += self.fill_piece(&counts[filled..], &mut times[filled..]);
            if filled < ROOM {
                let Some(next) = self.later_time_of(counts[filled]) else {
                    break;
                };
                self.reached.latest = self.reached.latest.max(next);
                times[filled] = self.reached.latest;
                filled += 1;
            }
        }
        filled
    }

    /// Puts down when so many have come, as far as that is in the present piece and its
    /// rate is constant; tells how many times there are.
    fn fill_piece(&mut self, counts: &[f64], times: &mut [u64]) -> usize {
        let Some(piece) = self.curve.pieces.get(self.reached.piece) else {
            return 0;
        };
        let (latest, mut filled) = (self.reached.latest, 0_usize);
        for (count, time) in counts.iter().zip(times.iter_mut()) {
            let Some(next) = piece.plain_time_of(*count) else {
                break;
            };
            *time = latest.max(next);
            filled += 1;
        }
        if let Some(last) = filled.checked_sub(1) {
            // Counts ascend, and so do times.
            self.reached.latest = times[last];
        }
        filled
    }

    fn fill_one_by_one(&mut self, times: &mut [u64], keys: &mut [Key]) -> usize {
        let mut filled = 0;
        for (time, key) in times.iter_mut().zip(keys) {
            let Some(next) = self.next() else { break };
            (*time, *key) = next;
            filled += 1;
        }
        filled
    }
}

impl CurvePiece {
    /// When so many have come, if that is within the piece and its rate is constant.
    #[inline]
    fn plain_time_of(&self, count: f64) -> Option<u64> {
        if count < self.before + self.expected && self.tilt == 0.0 {
            let share = (count - self.before) / self.expected;
            let into = (share.max(0.0) * self.length) as i64 as u64;
            Some((self.from + into).min(self.to - 1))
        } else {
            None
        }
    }

    /// The share of its customers who have come when this share of its time is over.
    fn share_at(&self, into: f64) -> f64 {
        match &self.surge {
            Some(surge) => surge.share_at(into),
            None => (1.0 - self.tilt) * into + self.tilt * into * into,
        }
    }
}

/// How far into a piece a share of its customers has come: the root of
/// `(1 - tilt) x + tilt x^2 = share`, in the form that does not cancel.
fn untilted(share: f64, tilt: f64) -> f64 {
    if tilt == 0.0 {
        return share;
    }
    let start = 1.0 - tilt;
    let root = (start * start + 4.0 * tilt * share).max(0.0).sqrt();
    if start + root > 0.0 {
        (2.0 * share / (start + root)).clamp(0.0, 1.0)
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyed::BRANCH_STREAM;
    use crate::source::Keyed;
    use scenarios::model::{ArrivalPiece, Law};
    use scenarios::time::SimTime;

    const HOUR: u64 = 3_600_000_000;

    fn times(arrivals: &Arrivals, replications: u32) -> Vec<Vec<u64>> {
        let curve = ArrivalCurve::new(arrivals, 0, false).unwrap();
        (0..replications)
            .map(|replication| {
                let key = Key::of_stream(1, replication, BRANCH_STREAM);
                curve
                    .times(key, &Keyed)
                    .map(|(time, _)| time)
                    .take_while(|time| *time < HOUR)
                    .collect()
            })
            .collect()
    }

    fn hour(expected: f64, tilt: f64) -> Arrivals {
        Arrivals {
            pieces: vec![ArrivalPiece {
                from: SimTime(0),
                to: SimTime(HOUR),
                expected,
                tilt,
            }],
            ..Arrivals::default()
        }
    }

    #[test]
    fn a_rate_that_rises_from_20_to_80_has_the_counts_of_theory() {
        // Exact: 50 in the hour with variance 50, mean time 2160 s, quarters 6.875 … 18.125.
        let days = times(&hour(50.0, 0.6), 20_000);
        let n = days.len() as f64;
        let z = |sum: f64, mean: f64, variance: f64| (sum / n - mean) / (variance / n).sqrt();
        let count = |from: u64, to: u64| -> f64 {
            let inside = days
                .iter()
                .flatten()
                .filter(|time| (from..to).contains(*time));
            inside.count() as f64
        };
        assert!(z(count(0, HOUR), 50.0, 50.0).abs() < 3.3);
        assert!(z(count(0, HOUR / 4), 6.875, 6.875).abs() < 3.3);
        assert!(z(count(3 * HOUR / 4, HOUR), 18.125, 18.125).abs() < 3.3);
        // The times are independent with density (20 + 60 x) / 50 on the hour: mean .6, variance .07.
        let sum: f64 = days
            .iter()
            .flatten()
            .map(|time| *time as f64 / HOUR as f64)
            .sum();
        let all = count(0, HOUR);
        assert!(((sum / all - 0.6) / (0.07_f64 / all).sqrt()).abs() < 3.3);
    }

    #[test]
    fn without_end_they_go_on_at_the_last_rate() {
        let curve = ArrivalCurve::new(&hour(50.0, 0.0), 0, true).unwrap();
        let days = 2000;
        let after = (0..days).map(|day| {
            let key = Key::of_stream(1, day, BRANCH_STREAM);
            let times = curve.times(key, &Keyed).map(|(time, _)| time);
            let within = times.take_while(|time| *time < 4 * HOUR);
            within.filter(|time| *time >= HOUR).count()
        });
        let sum: usize = after.sum();
        let expected = 150.0 * f64::from(days);
        assert!(((sum as f64 - expected) / expected.sqrt()).abs() < 3.3);
    }

    #[test]
    fn in_blocks_the_same_come_as_one_by_one() {
        let quarters = [(9.0, 0.0), (0.0, 0.0), (30.0, 0.5), (120.0, 0.0)];
        let pieces = quarters
            .iter()
            .zip(0..)
            .map(|((expected, tilt), at)| ArrivalPiece {
                from: SimTime(at * HOUR),
                to: SimTime((at + 1) * HOUR),
                expected: *expected,
                tilt: *tilt,
            });
        let plain = Arrivals {
            pieces: pieces.collect(),
            ..Arrivals::default()
        };
        let all = [
            plain.clone(),
            Arrivals {
                at_opening: 70,
                ..plain.clone()
            },
            Arrivals {
                most: Some(100),
                busyness_cv: 0.5,
                ..plain.clone()
            },
            Arrivals {
                batches: vec![(0.5, 1), (0.5, 3)],
                ..plain
            },
        ];
        for (arrivals, endless) in all.iter().flat_map(|it| [(it, false), (it, true)]) {
            let curve = ArrivalCurve::new(arrivals, 0, endless).unwrap();
            for day in 0..20 {
                let key = Key::of_stream(1, day, BRANCH_STREAM);
                let one_by_one = curve.times(key, &Keyed).take(500);
                let mut in_blocks = Vec::new();
                let mut times = curve.times(key, &Keyed);
                let (mut at, mut keys) = ([0; 16], [Key::default(); 16]);
                loop {
                    let filled = times.fill(&mut at, &mut keys);
                    in_blocks.extend(at.into_iter().zip(keys).take(filled));
                    if filled < 16 || in_blocks.len() >= 500 {
                        break;
                    }
                }
                in_blocks.truncate(500);
                assert_eq!(in_blocks, one_by_one.collect::<Vec<_>>(), "{arrivals:?}");
            }
        }
    }

    #[test]
    fn untilting_inverts_the_cumulative_share_even_at_the_extremes() {
        for tilt in [-1.0, -0.5, 0.0, 1e-9, 0.6, 1.0] {
            for step in 0..=10 {
                let share = f64::from(step) / 10.0;
                let x = untilted(share, tilt);
                assert!(
                    ((1.0 - tilt) * x + tilt * x * x - share).abs() < 1e-9,
                    "{tilt} {share}"
                );
            }
        }
    }

    #[test]
    fn a_gap_law_a_group_and_a_limit_give_the_times_of_hand() {
        let arrivals = Arrivals {
            gap: Some(Law::Constant { seconds: 600.0 }),
            batches: vec![(1.0, 2)],
            at_opening: 3,
            most: Some(8),
            ..hour(0.0, 0.0)
        };
        let minutes: Vec<u64> = times(&arrivals, 1)[0]
            .iter()
            .map(|it| it / 60_000_000)
            .collect();
        assert_eq!(minutes, [0, 0, 0, 10, 10, 20, 20, 30]);
    }
}
