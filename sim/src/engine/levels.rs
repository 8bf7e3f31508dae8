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
///
/// A change by `d` at time `t` adds `d (T - t)` to the integral up to `T`; so only the
/// sum of the `d t` is kept, and the integral up to `T` is the number times `T` less it.
#[derive(Debug, Clone, Default)]
pub struct Level {
    now: u64,
    /// Sum of the changes times their times; in two's complement, and so is its wrapping.
    moment: u128,
    /// The integral when it was begun anew.
    begun_at: u128,
    /// When it was last set, from the stretch's start.
    last: u64,
    /// Before this, the present interval has not ended.
    cut: u64,
    /// Intervals that have ended, and the integral up to the last of their ends.
    ended: usize,
    before: u128,
    by_interval: Vec<u128>,
}

impl Level {
    /// Starts again at zero; with `intervals`, integrals are kept for each.
    pub fn reset(&mut self, intervals: usize) {
        self.now = 0;
        self.moment = 0;
        self.begun_at = 0;
        self.last = 0;
        self.cut = if intervals == 0 { u64::MAX } else { 0 };
        self.ended = 0;
        self.before = 0;
        self.by_interval.clear();
        self.by_interval.resize(intervals, 0);
    }

    /// The number from `time` on.
    #[inline]
    pub fn set(&mut self, time: u64, value: u64, stretch: &Stretch) {
        let time = self.at(time, stretch);
        let change = i128::from(value.wrapping_sub(self.now).cast_signed());
        let moment = change * i128::from(time.cast_signed());
        self.moment = self.moment.wrapping_add(moment.cast_unsigned());
        self.now = value;
    }

    /// One more from `time` on.
    #[inline]
    pub fn rise(&mut self, time: u64, stretch: &Stretch) {
        let time = self.at(time, stretch);
        self.moment = self.moment.wrapping_add(u128::from(time));
        self.now += 1;
    }

    /// One fewer from `time` on.
    #[inline]
    pub fn fall(&mut self, time: u64, stretch: &Stretch) {
        let time = self.at(time, stretch);
        if let Some(fewer) = self.now.checked_sub(1) {
            self.moment = self.moment.wrapping_sub(u128::from(time));
            self.now = fewer;
        }
    }

    /// A time counted from the stretch's start, and within it.
    #[inline]
    fn at(&mut self, time: u64, stretch: &Stretch) -> u64 {
        let time = time.clamp(stretch.from, stretch.to) - stretch.from;
        if time >= self.cut {
            self.end_intervals(time, stretch);
        }
        self.last = time;
        time
    }

    /// Ends the integral at `time`, the number staying.
    pub fn cut(&mut self, time: u64, stretch: &Stretch) {
        self.set(time, self.now, stretch);
    }

    /// Begins a new integral where the last one was cut.
    pub fn begin_anew(&mut self) {
        self.begun_at = self.integral_until(self.last);
    }

    /// The number now.
    #[inline]
    pub fn now(&self) -> u64 {
        self.now
    }

    /// Microseconds times number, from the stretch's start (or where it was begun
    /// anew) until it was last set.
    pub fn integral(&self) -> u128 {
        self.integral_until(self.last) - self.begun_at
    }

    /// The integral of each interval that has ended.
    pub fn by_interval(&self) -> &[u128] {
        &self.by_interval
    }

    fn integral_until(&self, time: u64) -> u128 {
        (u128::from(self.now) * u128::from(time)).wrapping_sub(self.moment)
    }

    #[cold]
    fn end_intervals(&mut self, time: u64, stretch: &Stretch) {
        while self.ended < self.by_interval.len() {
            let end = (self.ended as u64 + 1) * stretch.interval;
            let end = end.min(stretch.to - stretch.from);
            if time < end {
                self.cut = end;
                return;
            }
            let until = self.integral_until(end);
            self.by_interval[self.ended] = until - self.before;
            self.before = until;
            self.ended += 1;
        }
        self.cut = u64::MAX;
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
