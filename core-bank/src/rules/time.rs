//! Business time: the bank's own clock as a plain number, so that rules never read a clock.

use std::fmt;

use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// A moment of business time in microseconds since 1970-01-01T00:00Z.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct BusinessTime(pub i64);

impl BusinessTime {
    /// The moment of a timestamp, cut to the microsecond.
    pub fn of(timestamp: Timestamp) -> Self {
        Self(timestamp.as_microsecond())
    }

    /// This moment moved on by `micros`, or the last moment there is.
    #[must_use]
    pub fn after(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// This moment moved back by `micros`, or the first moment there is.
    #[must_use]
    pub fn before(self, micros: i64) -> Self {
        Self(self.0.saturating_sub(micros))
    }
}

/// Prints RFC 3339 in Asia/Shanghai, where the bank's days begin and end.
impl fmt::Display for BusinessTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let zone = TimeZone::get("Asia/Shanghai").unwrap_or(TimeZone::UTC);
        match Timestamp::from_microsecond(self.0) {
            Ok(moment) => {
                let local = moment.to_zoned_datetime(zone);
                write!(f, "{}", local.strftime("%Y-%m-%dT%H:%M:%S%.f%:z"))
            }
            Err(_) => write!(f, "{} microseconds", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn business_time_prints_in_shanghai() {
        let moment: Timestamp = "2026-06-09T02:00:00Z".parse().unwrap();
        assert_eq!(
            BusinessTime::of(moment).to_string(),
            "2026-06-09T10:00:00+08:00"
        );
        assert_eq!(
            BusinessTime(BusinessTime::of(moment).0 + 1).to_string(),
            "2026-06-09T10:00:00.000001+08:00"
        );
    }
}
