//! From the scenario's time to real time.

use scenarios::time::{SimTime, Span};
use std::time::Duration;

/// Real nanoseconds from the start of the clock to a moment of the scenario.
pub fn real_offset(at: SimTime, window_start: SimTime, speed: f64) -> u64 {
    real_span(at.since(window_start), speed)
}

/// Real nanoseconds that a stretch of scenario time takes.
pub fn real_span(span: Span, speed: f64) -> u64 {
    // A day is 8.64e13 ns, far below 2^53: nothing is lost.
    (span.0 as f64 * 1000.0 / speed).round() as u64
}

/// A real time in nanoseconds.
pub fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_times_faster_half_an_hour_takes_a_minute() {
        let at = SimTime::from_clock(10, 30);
        let offset = real_offset(at, SimTime::from_clock(10, 0), 30.0);
        assert_eq!(offset, 60 * NANOS);
        assert_eq!(real_span(Span::from_seconds(45.0), 30.0), NANOS * 3 / 2);
    }

    #[test]
    fn what_lies_before_the_window_is_due_at_once() {
        assert_eq!(real_offset(SimTime(5), SimTime(9), 1.0), 0);
    }

    const NANOS: u64 = 1_000_000_000;
}
