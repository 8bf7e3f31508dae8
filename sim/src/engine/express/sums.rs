//! How many people wait or are served over time, as exact integrals.
//!
//! All sums of a replication share one [`Stage`]: the stretch of time since they
//! were last closed. Within it a change by one at a time is one addition of 64 bits,
//! in whatever order the changes are told.

use crate::engine::levels::Stretch;

/// A stage is no longer: people times its microseconds fit into 64 bits.
const LONGEST: u64 = 1 << 38;

/// The stretch of time that is being counted.
#[derive(Debug, Clone, Copy)]
pub struct Stage {
    stretch: Stretch,
    from: u64,
    /// Not later than the end of the interval that it lies in.
    to: u64,
}

impl Stage {
    /// Before anything is counted, and while the first stage lasts.
    pub fn first(stretch: Stretch) -> Self {
        let mut stage = Self {
            stretch,
            from: stretch.from,
            to: stretch.from,
        };
        stage.advance();
        stage
    }

    /// A time as changes are told: since the stage's start; what comes before the
    /// first stage comes with it, what comes after the last adds nothing.
    #[inline]
    pub fn since_start(&self, time: u64) -> u64 {
        time.saturating_sub(self.from)
    }

    /// When the stage has to be closed.
    pub fn ends_at(&self) -> u64 {
        self.to
    }

    pub fn length(&self) -> u64 {
        self.to - self.from
    }

    /// In which interval it lies.
    pub fn interval(&self) -> Option<usize> {
        let into = self.from - self.stretch.from;
        into.checked_div(self.stretch.interval)
            .map(|interval| interval as usize)
    }

    /// Whether everything has been counted.
    pub fn is_over(&self) -> bool {
        self.from == u64::MAX
    }

    /// The next stage begins.
    pub fn advance(&mut self) {
        let Stretch { from, to, interval } = self.stretch;
        self.from = self.to;
        if self.from >= to {
            (self.from, self.to) = (u64::MAX, u64::MAX);
            return;
        }
        let interval_ends = match (self.from - from).checked_div(interval) {
            Some(number) => from.saturating_add((number + 1).saturating_mul(interval)),
            None => u64::MAX,
        };
        self.to = to.min(interval_ends).min(self.from.saturating_add(LONGEST));
    }
}

/// A number of people and its integral over time.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sum {
    now: u64,
    /// Times of those who came less times of those who left, in the stage.
    moment: u64,
    /// Of the stages that have been closed.
    closed: u128,
}

impl Sum {
    /// One more, since a time told by [`Stage::since_start`].
    #[inline]
    pub fn rise(&mut self, since_start: u64) {
        self.now += 1;
        self.moment = self.moment.wrapping_add(since_start);
    }

    /// One fewer.
    #[inline]
    pub fn fall(&mut self, since_start: u64) {
        self.now -= 1;
        self.moment = self.moment.wrapping_sub(since_start);
    }

    /// Closes the stage, and tells its integral.
    pub fn close(&mut self, stage: &Stage) -> u128 {
        let area = self.now.wrapping_mul(stage.length());
        let integral = u128::from(area.wrapping_sub(self.moment));
        self.moment = 0;
        self.closed += integral;
        integral
    }

    /// Microseconds times people of all closed stages.
    pub fn integral(&self) -> u128 {
        self.closed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_cut_to_the_stretch_and_its_intervals() {
        let stretch = Stretch {
            from: 10,
            to: 35,
            interval: 10,
        };
        let mut stage = Stage::first(stretch);
        let mut sum = Sum::default();
        // 1 over 5–15, 2 over 15–27, 1 over 27–50.
        let mut closed = Vec::new();
        for (time, rises) in [(5, true), (15, true), (27, false), (50, false)] {
            while stage.ends_at() <= time {
                closed.push((stage.interval(), sum.close(&stage)));
                stage.advance();
            }
            if rises {
                sum.rise(stage.since_start(time));
            } else {
                sum.fall(stage.since_start(time));
            }
        }
        assert!(stage.is_over());
        assert_eq!(closed, [(Some(0), 5 + 10), (Some(1), 14 + 3), (Some(2), 5)]);
        assert_eq!(sum.integral(), 37);
    }
}
