//! How many people or servers there are of something over time, as exact
//! integrals over the counted stretch.

/// The stretch over which levels are counted, and its intervals.
#[derive(Debug, Clone, Copy)]
pub struct Stretch {
    pub from: u64,
    pub to: u64,
    /// Length of an interval; 0 when there are none.
    pub interval: u64,
}

/// A number that changes at events.
#[derive(Debug, Clone, Default)]
pub struct Level {
    now: u64,
    since: u64,
    integral: u128,
    by_interval: Vec<u128>,
}

impl Level {
    /// Starts again at zero; with `intervals`, integrals are kept for each.
    pub fn reset(&mut self, intervals: usize) {
        self.now = 0;
        self.since = 0;
        self.integral = 0;
        self.by_interval.clear();
        self.by_interval.resize(intervals, 0);
    }

    /// The number from `time` on.
    pub fn set(&mut self, time: u64, value: u64, stretch: &Stretch) {
        if self.now > 0 {
            self.count_until(time, stretch);
        }
        self.since = time;
        self.now = value;
    }

    /// One more from `time` on.
    pub fn rise(&mut self, time: u64, stretch: &Stretch) {
        self.set(time, self.now + 1, stretch);
    }

    /// One fewer from `time` on.
    pub fn fall(&mut self, time: u64, stretch: &Stretch) {
        self.set(time, self.now.saturating_sub(1), stretch);
    }

    /// Ends the integral at `time`, the number staying.
    pub fn cut(&mut self, time: u64, stretch: &Stretch) {
        self.set(time, self.now, stretch);
    }

    /// Begins a new integral where the last one was cut.
    pub fn begin_anew(&mut self) {
        self.integral = 0;
    }

    /// The number now.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// Microseconds times number, from the stretch's start to `time` or its end.
    pub fn integral(&self) -> u128 {
        self.integral
    }

    /// The integral of each interval.
    pub fn by_interval(&self) -> &[u128] {
        &self.by_interval
    }

    fn count_until(&mut self, time: u64, stretch: &Stretch) {
        let from = self.since.max(stretch.from);
        let to = time.min(stretch.to);
        if from >= to {
            return;
        }
        self.integral += u128::from(self.now) * u128::from(to - from);
        if self.by_interval.is_empty() {
            return;
        }
        let mut at = from;
        while at < to {
            let interval = (at - stretch.from) / stretch.interval;
            let end = (stretch.from + (interval + 1) * stretch.interval).min(to);
            if let Some(sum) = self.by_interval.get_mut(interval as usize) {
                *sum += u128::from(self.now) * u128::from(end - at);
            }
            at = end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integrals_are_cut_to_the_stretch_and_its_intervals() {
        let stretch = Stretch {
            from: 10,
            to: 30,
            interval: 10,
        };
        let mut level = Level::default();
        level.reset(2);
        level.rise(5, &stretch);
        level.rise(15, &stretch);
        level.fall(25, &stretch);
        level.set(40, 0, &stretch);
        // 1 over 10–15, 2 over 15–25, 1 over 25–30.
        assert_eq!(level.integral(), 5 + 20 + 5);
        assert_eq!(level.by_interval(), [5 + 10, 10 + 5]);
    }
}
