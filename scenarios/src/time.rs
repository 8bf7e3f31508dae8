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

/// Why a text is no duration or no clock time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Nothing is written.
    #[error("it is empty; write it like 3min")]
    Empty,
    /// Durations have no sign.
    #[error("`{0}` is negative; durations are at least 0")]
    Negative(String),
    /// A number stands alone.
    #[error("`{0}` has no unit; write h, min, s, ms or us after the number")]
    NoUnit(String),
    /// A unit nobody knows.
    #[error("`{unit}` in `{text}` is no unit; units are h, min, s, ms and us")]
    UnknownUnit {
        /// All that was written.
        text: String,
        /// The unit in it.
        unit: String,
    },
    /// Not a number.
    #[error("`{0}` is not a number with a unit; write it like 3min or 1h30min")]
    NotADuration(String),
    /// More than can be counted.
    #[error("`{0}` is too long to count in microseconds")]
    TooLong(String),
    /// Not a clock time.
    #[error("`{0}` is not like 10:00 or 10:00:30 (hours to 23, minutes and seconds to 59)")]
    NotAClock(String),
}

/// Units, longest name first where one begins another.
const UNITS: [(&str, u64); 5] = [
    ("h", 3_600_000_000),
    ("min", 60_000_000),
    ("s", MICROS_PER_SECOND),
    ("ms", 1_000),
    ("us", 1),
];

/// Reads a duration as people write it: `3min`, `1h30min`, `45s`, `200ms`,
/// `3.6min`. Fractions of a microsecond are rounded.
pub fn parse_span(text: &str) -> Result<Span, TimeError> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(TimeError::Empty);
    }
    if rest.starts_with(['-', '\u{2212}']) {
        return Err(TimeError::Negative(clipped(text)));
    }
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let (micros, after) = leading_part(text, rest)?;
        total = total
            .checked_add(micros)
            .ok_or_else(|| TimeError::TooLong(clipped(text)))?;
        rest = after.trim_start();
    }
    Ok(Span(total))
}

/// The first number with its unit, in microseconds, and what follows.
fn leading_part<'t>(text: &str, rest: &'t str) -> Result<(u64, &'t str), TimeError> {
    let digits = rest
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(rest.len());
    let number: f64 = rest[..digits]
        .parse()
        .map_err(|_| TimeError::NotADuration(clipped(text)))?;
    let rest = rest[digits..].trim_start();
    let letters = rest
        .find(|c: char| !c.is_alphabetic())
        .unwrap_or(rest.len());
    let unit = &rest[..letters];
    if unit.is_empty() {
        return Err(TimeError::NoUnit(clipped(text)));
    }
    let Some((_, scale)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        return Err(TimeError::UnknownUnit {
            text: clipped(text),
            unit: clipped(unit),
        });
    };
    let micros = (number * *scale as f64).round();
    // Beyond 2^53 a float no longer counts single microseconds (285 years).
    if micros > 9e15 {
        return Err(TimeError::TooLong(clipped(text)));
    }
    Ok((micros as u64, &rest[letters..]))
}

fn clipped(text: &str) -> String {
    text.chars().take(40).collect()
}

/// Reads a time of day, `10:00` or `10:00:30`.
pub fn parse_clock(text: &str) -> Result<SimTime, TimeError> {
    let wrong = || TimeError::NotAClock(clipped(text));
    let parts: Vec<&str> = text.trim().split(':').collect();
    if !(2..=3).contains(&parts.len()) {
        return Err(wrong());
    }
    let mut seconds = 0;
    for (position, (part, most)) in parts.iter().zip([23, 59, 59]).enumerate() {
        if part.is_empty() || part.len() > 2 || !part.bytes().all(|b| b.is_ascii_digit()) {
            return Err(wrong());
        }
        let number: u64 = part.parse().map_err(|_| wrong())?;
        if number > most {
            return Err(wrong());
        }
        seconds += number * [3600, 60, 1][position];
    }
    Ok(SimTime(seconds * MICROS_PER_SECOND))
}

impl std::fmt::Display for Span {
    /// As people write it, and [`parse_span`] reads it: `1h30min`, `3min36s`.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0 == 0 {
            return formatter.write_str("0s");
        }
        let mut rest = self.0;
        for (name, scale) in UNITS {
            if rest >= scale {
                write!(formatter, "{}{name}", rest / scale)?;
                rest %= scale;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        for (text, seconds) in [
            ("3min", 180.0),
            ("1h30min", 5400.0),
            ("1h 30min", 5400.0),
            ("45s", 45.0),
            ("200ms", 0.2),
            ("3.6min", 216.0),
            ("500h", 1_800_000.0),
            ("0s", 0.0),
        ] {
            assert_eq!(parse_span(text), Ok(Span::from_seconds(seconds)), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_says_why() {
        assert_eq!(parse_span(""), Err(TimeError::Empty));
        assert_eq!(
            parse_span("-3min"),
            Err(TimeError::Negative("-3min".into()))
        );
        assert_eq!(parse_span("3"), Err(TimeError::NoUnit("3".into())));
        assert!(matches!(
            parse_span("3 fortnights"),
            Err(TimeError::UnknownUnit { .. })
        ));
        assert!(matches!(
            parse_span("99999999999999999h"),
            Err(TimeError::TooLong(_))
        ));
        assert!(parse_span("min").is_err());
        assert!(parse_span("1.2.3s").is_err());
    }

    #[test]
    fn a_printed_duration_reads_back() {
        for micros in [0, 1, 999, 1_500, 216_000_000, 5_400_000_000, 3_661_000_001] {
            let span = Span(micros);
            assert_eq!(parse_span(&span.to_string()), Ok(span));
        }
        assert_eq!(Span::from_seconds(5400.0).to_string(), "1h30min");
        assert_eq!(Span::from_seconds(216.0).to_string(), "3min36s");
    }

    #[test]
    fn clocks_end_at_a_second_to_midnight() {
        assert_eq!(parse_clock("10:00"), Ok(SimTime::from_clock(10, 0)));
        assert_eq!(parse_clock("9:05:30"), Ok(SimTime(32_730_000_000)));
        for wrong in [
            "24:00", "10", "10:60", "10:00:60", "1:2:3:4", "a:b", "+1:00",
        ] {
            assert!(parse_clock(wrong).is_err(), "{wrong}");
        }
    }
}
