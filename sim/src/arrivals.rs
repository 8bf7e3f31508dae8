//! When customers come: a Poisson process with a rate constant within each
//! piece, by inversion of the cumulative expected count, so that the n-th
//! customer is the n-th customer in every variant of a scenario.

use crate::keyed::{Key, Purpose, uniform};
use crate::law::standard_gamma;
use scenarios::model::Arrivals;

/// The cumulative expected count as a polygon, for a day of mean busyness.
#[derive(Debug, Clone)]
pub struct ArrivalCurve {
    pieces: Vec<CurvePiece>,
    busyness_cv: f64,
    /// Customers a microsecond after the last piece, in steady state.
    beyond: Option<f64>,
}

#[derive(Debug, Clone)]
struct CurvePiece {
    from: u64,
    to: u64,
    before: f64,
    expected: f64,
}

/// The arrivals of one replication, in order.
#[derive(Debug, Clone)]
pub struct ArrivalTimes<'curve> {
    curve: &'curve ArrivalCurve,
    key: Key,
    /// Sum of the unit exponential gaps so far.
    gaps: f64,
    busyness: f64,
    piece: usize,
    next_index: u64,
    latest: u64,
}

impl ArrivalCurve {
    /// The curve of a scenario's arrivals; with `endless`, arrivals go on after
    /// the last piece at its rate.
    pub fn new(arrivals: &Arrivals, endless: bool) -> Result<Self, String> {
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
                before,
                expected: piece.expected,
            });
            before += piece.expected;
        }
        if !arrivals.busyness_cv.is_finite() || arrivals.busyness_cv < 0.0 {
            return Err(format!(
                "busyness_cv is {}; it must be 0 or more",
                arrivals.busyness_cv
            ));
        }
        let beyond = pieces
            .last()
            .filter(|last| endless && last.expected > 0.0)
            .map(|last| last.expected / (last.to - last.from) as f64);
        Ok(Self {
            pieces,
            busyness_cv: arrivals.busyness_cv,
            beyond,
        })
    }

    /// The arrivals of the replication with this key.
    pub fn times(&self, key: Key) -> ArrivalTimes<'_> {
        let busyness = if self.busyness_cv > 0.0 {
            let shape = 1.0 / (self.busyness_cv * self.busyness_cv);
            standard_gamma(shape, key.bits(Purpose::Busyness)) / shape
        } else {
            1.0
        };
        ArrivalTimes {
            curve: self,
            key,
            gaps: 0.0,
            busyness,
            piece: 0,
            next_index: 0,
            latest: 0,
        }
    }
}

impl Iterator for ArrivalTimes<'_> {
    /// Time in microseconds and the customer's key.
    type Item = (u64, Key);

    fn next(&mut self) -> Option<Self::Item> {
        let key = self.key.nth(self.next_index);
        self.gaps -= libm::log(uniform(key.bits(Purpose::Gap)));
        // A day of busyness b reaches an expected count c where an average one reaches c / b.
        let count = self.gaps / self.busyness;
        if !count.is_finite() {
            return None;
        }
        let time = self.time_of(count)?;
        self.next_index += 1;
        self.latest = self.latest.max(time);
        Some((self.latest, key))
    }
}

impl ArrivalTimes<'_> {
    fn time_of(&mut self, count: f64) -> Option<u64> {
        let pieces = &self.curve.pieces;
        while let Some(piece) = pieces.get(self.piece) {
            if piece.expected > 0.0 && count < piece.before + piece.expected {
                let share = ((count - piece.before) / piece.expected).clamp(0.0, 1.0);
                let into = (share * (piece.to - piece.from) as f64) as u64;
                return Some((piece.from + into).min(piece.to - 1));
            }
            self.piece += 1;
        }
        let rate = self.curve.beyond?;
        let last = pieces.last()?;
        let over = (count - last.before - last.expected) / rate;
        Some(last.to.saturating_add(over as u64))
    }
}
