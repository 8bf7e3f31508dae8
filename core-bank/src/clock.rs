//! The business clock: real time, or a test's own time that may run faster and be set.

use std::{
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicI64, Ordering},
    },
    time::Instant,
};

use jiff::Timestamp;

use crate::rules::BusinessTime;

/// A clock that starts at a moment and runs at a speed. The rules never read it: the writer stamps
/// each command with it, never earlier than the record before. Clones show the same time.
#[derive(Clone, Debug)]
pub struct BusinessClock {
    setting: Arc<RwLock<Setting>>,
    /// What the last durable record is stamped with, in microseconds.
    stamped: Arc<AtomicI64>,
}

/// What the clock showed when it was set, and how it has run since: changed as a whole.
#[derive(Clone, Copy, Debug)]
struct Setting {
    start: BusinessTime,
    origin: Instant,
    speed: f64,
}

impl BusinessClock {
    /// Business seconds a real second, at most.
    pub const SPEED_MAX: f64 = 100_000.0;

    /// The clock on the wall.
    pub fn real() -> Self {
        Self::starting(Timestamp::now(), 1.0)
    }

    /// A clock that shows `start` now and moves `speed` business seconds a real second.
    pub fn starting(start: Timestamp, speed: f64) -> Self {
        Self {
            setting: Arc::new(RwLock::new(Setting::now(start, speed))),
            stamped: Arc::new(AtomicI64::new(i64::MIN)),
        }
    }

    /// From now on this clock and its clones show `start` and run at `speed`.
    pub fn set(&self, start: Timestamp, speed: f64) {
        let setting = Setting::now(start, speed);
        *self.setting.write().unwrap_or_else(PoisonError::into_inner) = setting;
    }

    /// Business time now.
    pub fn now(&self) -> BusinessTime {
        let setting = self.setting();
        let micros = setting.origin.elapsed().as_secs_f64() * setting.speed * 1e6;
        BusinessTime(setting.start.0.saturating_add(micros as i64))
    }

    /// Takes note of what the last durable record is stamped with.
    pub fn note_stamp(&self, at: BusinessTime) {
        self.stamped.store(at.0, Ordering::Relaxed);
    }

    /// What a record would be stamped with now: where the clock is behind the last one, what that is.
    pub fn next_stamp(&self) -> BusinessTime {
        let last = BusinessTime(self.stamped.load(Ordering::Relaxed));
        self.now().max(last)
    }

    /// Business seconds a real second.
    pub fn speed(&self) -> f64 {
        self.setting().speed
    }

    /// Whether a clock can run at this speed: above 0 and at most [`Self::SPEED_MAX`].
    pub fn can_run_at(speed: f64) -> bool {
        speed > 0.0 && speed <= Self::SPEED_MAX
    }

    fn setting(&self) -> Setting {
        *self.setting.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Setting {
    fn now(start: Timestamp, speed: f64) -> Self {
        Self {
            start: BusinessTime::of(start),
            origin: Instant::now(),
            speed,
        }
    }
}
