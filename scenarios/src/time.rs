//! Time as the scenario writes it and the simulator counts it: whole
//! microseconds, because equal times must compare equal on every machine.

use serde::{Deserialize, Serialize};

/// Microseconds in a second.
pub const MICROS_PER_SECOND: u64 = 1_000_000;

/// A length of time in whole microseconds, at least zero.
///
/// Written `"3min"`, `"45s"`, `"1h30min"`, `"3.6min"` in scenario files.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Span(pub u64);

/// A moment of the simulated day: microseconds since its midnight (days) or
/// since the start of the run (steady state).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct SimTime(pub u64);

impl Span {
    /// The length of `seconds`, rounded to the nearest microsecond; negative and
    /// not-a-number become zero, beyond the range saturates.
    pub fn from_seconds(seconds: f64) -> Self {
        Self((seconds * MICROS_PER_SECOND as f64).round() as u64)
    }

    /// In seconds.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / MICROS_PER_SECOND as f64
    }
}

impl SimTime {
    /// `hour`:`minute` of the simulated day.
    pub const fn from_clock(hour: u64, minute: u64) -> Self {
        Self((hour * 3600 + minute * 60) * MICROS_PER_SECOND)
    }

    /// Seconds since midnight.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / MICROS_PER_SECOND as f64
    }

    /// This moment moved later by `span`, saturating.
    #[must_use]
    pub fn after(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// How long after `earlier` this moment is; zero if it is not later.
    pub fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// As a clock reads it: `10:00`, or `10:00:30` when seconds matter. Hours go
    /// beyond 24 rather than wrap, so overtime past midnight stays in order.
    pub fn clock(self) -> String {
        let total = self.0 / MICROS_PER_SECOND;
        let (hour, minute, second) = (total / 3600, total / 60 % 60, total % 60);
        if second == 0 {
            format!("{hour:02}:{minute:02}")
        } else {
            format!("{hour:02}:{minute:02}:{second:02}")
        }
    }
}
