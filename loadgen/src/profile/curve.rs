//! A rate over time, its integral, and the integral's inverse: when the n-th session
//! starts. Pure functions; the shapes of `traffic.rs` are made of these pieces.

/// A stretch of time with one law of the rate. Rates are sessions a second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Piece {
    /// From one rate to another, evenly.
    Linear { from: f64, to: f64, seconds: f64 },
    /// `base + extra · 2^(−t / half_life)`.
    Decay {
        base: f64,
        extra: f64,
        half_life: f64,
        seconds: f64,
    },
}

impl Piece {
    pub fn seconds(self) -> f64 {
        match self {
            Self::Linear { seconds, .. } | Self::Decay { seconds, .. } => seconds,
        }
    }

    fn rate(self, t: f64) -> f64 {
        match self {
            Self::Linear { from, to, seconds } => from + (to - from) * t / seconds,
            Self::Decay {
                base,
                extra,
                half_life,
                ..
            } => base + extra * (-t / half_life).exp2(),
        }
    }

    /// Sessions of its first `t` seconds.
    fn count(self, t: f64) -> f64 {
        match self {
            Self::Linear { from, to, seconds } => {
                from.mul_add(t, (to - from) / seconds * t * t / 2.0)
            }
            Self::Decay {
                base,
                extra,
                half_life,
                ..
            } => {
                let tau = half_life / std::f64::consts::LN_2;
                base * t - extra * tau * (-t / tau).exp_m1()
            }
        }
    }

    /// After how many seconds it has brought `count` sessions; within its stretch.
    fn when(self, count: f64) -> f64 {
        let seconds = self.seconds();
        let t = match self {
            Self::Linear { from, to, seconds } => {
                let slope = (to - from) / seconds;
                let root = (from * from + 2.0 * slope * count).max(0.0).sqrt();
                // The form that loses nothing to cancellation.
                if from + root > 0.0 {
                    2.0 * count / (from + root)
                } else {
                    0.0
                }
            }
            Self::Decay { .. } => self.bisect(count),
        };
        t.clamp(0.0, seconds)
    }

    fn bisect(self, count: f64) -> f64 {
        let (mut low, mut high) = (0.0, self.seconds());
        // Until the interval is below a nanosecond of any day.
        while high - low > 1e-10 * high.max(1.0) {
            let middle = f64::midpoint(low, high);
            if self.count(middle) < count {
                low = middle;
            } else {
                high = middle;
            }
        }
        f64::midpoint(low, high)
    }
}

/// A rate over time, piece by piece.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Curve(Vec<Piece>);

impl Curve {
    /// Adds what comes after.
    pub fn extend(&mut self, pieces: impl IntoIterator<Item = Piece>) {
        self.0.extend(pieces);
    }

    /// The same with all rates so many times higher.
    #[must_use]
    pub fn times(&self, factor: f64) -> Self {
        let scaled = self.0.iter().map(|piece| match *piece {
            Piece::Linear { from, to, seconds } => Piece::Linear {
                from: from * factor,
                to: to * factor,
                seconds,
            },
            Piece::Decay {
                base,
                extra,
                half_life,
                seconds,
            } => Piece::Decay {
                base: base * factor,
                extra: extra * factor,
                half_life,
                seconds,
            },
        });
        Self(scaled.collect())
    }

    /// How long it lasts, seconds.
    pub fn seconds(&self) -> f64 {
        self.0.iter().map(|piece| piece.seconds()).sum()
    }

    /// Sessions of the whole.
    pub fn total(&self) -> f64 {
        self.0
            .iter()
            .map(|piece| piece.count(piece.seconds()))
            .sum()
    }

    /// The highest rate.
    pub fn peak(&self) -> f64 {
        let ends = |piece: &Piece| piece.rate(0.0).max(piece.rate(piece.seconds()));
        self.0.iter().map(ends).fold(0.0, f64::max)
    }
}

/// Walks along a curve; asked for ascending counts it never looks back.
#[derive(Debug, Clone)]
pub struct Inverse {
    curve: Curve,
    piece: usize,
    /// Seconds and sessions before that piece.
    before: (f64, f64),
}

impl Inverse {
    /// At the beginning.
    pub fn new(curve: Curve) -> Self {
        Self {
            curve,
            piece: 0,
            before: (0.0, 0.0),
        }
    }

    /// The second at which `count` sessions have come; none if so many never do.
    /// `count` must not be below that of the call before.
    pub fn when(&mut self, count: f64) -> Option<f64> {
        loop {
            let piece = *self.curve.0.get(self.piece)?;
            let (seconds, counted) = self.before;
            let brings = piece.count(piece.seconds());
            // A piece holds what comes before its end.
            if count < counted + brings {
                return Some(seconds + piece.when(count - counted));
            }
            self.before = (seconds + piece.seconds(), counted + brings);
            self.piece += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn starts(pieces: &[Piece]) -> Vec<f64> {
        let mut inverse = Inverse::new(Curve(pieces.to_vec()));
        (0..).map_while(|n| inverse.when(f64::from(n))).collect()
    }

    #[test]
    fn a_constant_rate_starts_sessions_evenly_and_none_at_the_end() {
        let constant = Piece::Linear {
            from: 4.0,
            to: 4.0,
            seconds: 2.0,
        };
        assert_eq!(
            starts(&[constant]),
            [0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75]
        );
    }

    /// From 0 to 2 a second in 10 s: n = t²/10, so the n-th starts at √(10 n).
    #[test]
    fn a_ramp_starts_sessions_at_the_roots() {
        let ramp = Piece::Linear {
            from: 0.0,
            to: 2.0,
            seconds: 10.0,
        };
        let starts = starts(&[ramp]);
        assert_eq!(starts.len(), 10);
        for (n, start) in (0..).zip(starts) {
            assert!((start - f64::from(10 * n).sqrt()).abs() < 1e-12, "{n}");
        }
    }

    /// An extra of 8 that halves each second brings 8/ln 2 in all, half of it in a second.
    #[test]
    fn what_decays_brings_its_integral() {
        let decay = Piece::Decay {
            base: 0.0,
            extra: 8.0,
            half_life: 1.0,
            seconds: 60.0,
        };
        let curve = Curve(vec![decay]);
        let whole = 8.0 / std::f64::consts::LN_2;
        assert!((curve.total() - whole).abs() < 1e-9);
        let mut inverse = Inverse::new(curve);
        assert!((inverse.when(whole / 2.0).unwrap() - 1.0).abs() < 1e-8);
    }

    proptest! {
        #[test]
        fn starts_ascend_and_are_as_many_as_the_integral_says(
            rates in proptest::collection::vec(0.0_f64..50.0, 2..6),
            extra in 0.0_f64..40.0,
            half_life in 0.1_f64..10.0,
        ) {
            let mut pieces: Vec<Piece> = rates
                .windows(2)
                .map(|two| Piece::Linear { from: two[0], to: two[1], seconds: 3.0 })
                .collect();
            pieces.push(Piece::Decay { base: 1.0, extra, half_life, seconds: 5.0 });
            let curve = Curve(pieces.clone());
            let starts = starts(&pieces);
            prop_assert!(starts.windows(2).all(|two| two[0] <= two[1]));
            prop_assert!((starts.len() as f64 - curve.total()).abs() <= 1.0 + 1e-6);
            prop_assert!(starts.iter().all(|start| (0.0..=curve.seconds()).contains(start)));
            // The integral up to each start is its number again.
            for (n, start) in (0..).zip(&starts) {
                let mut t = *start;
                let mut count = 0.0;
                for piece in &pieces {
                    count += piece.count(t.clamp(0.0, piece.seconds()));
                    t -= piece.seconds();
                }
                prop_assert!((count - f64::from(n)).abs() < 1e-5, "{n}: {count}");
            }
        }

        #[test]
        fn a_day_does_not_drift(rate in 0.5_f64..2000.0) {
            let seconds = 86_400.0;
            let mut inverse = Inverse::new(Curve(vec![Piece::Linear { from: rate, to: rate, seconds }]));
            let last = (rate * seconds).floor() - 1.0;
            let at = inverse.when(last).unwrap();
            prop_assert!((at - last / rate).abs() < 1e-6);
        }
    }
}
