//! The business clock: real time, or a test's own time that may run faster.

use std::time::Instant;

use jiff::Timestamp;

use crate::rules::BusinessTime;

/// A clock that starts at a moment and runs at a speed. The rules never read it: the writer stamps
/// each command with it, never earlier than the record before.
#[derive(Clone, Copy, Debug)]
pub struct BusinessClock {
    start: Timestamp,
    origin: Instant,
    speed: f64,
}

impl BusinessClock {
    /// The clock on the wall.
    pub fn real() -> Self {
        Self::set(Timestamp::now(), 1.0)
    }

    /// A clock that shows `start` now and moves `speed` business seconds a real second.
    pub fn set(start: Timestamp, speed: f64) -> Self {
        Self {
            start,
            origin: Instant::now(),
            speed,
        }
    }

    /// Business time now.
    pub fn now(&self) -> BusinessTime {
        let micros = self.origin.elapsed().as_secs_f64() * self.speed * 1e6;
        BusinessTime(self.start.as_microsecond().saturating_add(micros as i64))
    }

    /// Business seconds a real second.
    pub fn speed(&self) -> f64 {
        self.speed
    }
}
