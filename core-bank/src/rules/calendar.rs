//! The bank's calendar: days, months and the hour of the day in Asia/Shanghai, as plain arithmetic.
//!
//! China has had one offset, +08:00, since the summer of 1991, so a decision needs no table of time
//! zones; a test compares with the tz database.

use serde::{Deserialize, Serialize};

use super::{money::Fen, time::BusinessTime};

const MICROS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;
/// Eight hours in microseconds.
const OFFSET: i64 = 8 * 3_600 * MICROS_PER_SECOND;

/// A calendar day in Shanghai, counted from 1970-01-01.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Day(pub i32);

/// A calendar month in Shanghai, counted from January of year 0.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Month(pub i32);

impl Day {
    /// The day of a moment.
    pub fn of(at: BusinessTime) -> Self {
        let days =
            at.0.saturating_add(OFFSET)
                .div_euclid(SECONDS_PER_DAY * MICROS_PER_SECOND);
        Self(days as i32)
    }

    /// The month of this day, by the algorithm `civil_from_days` of Howard Hinnant
    /// (<https://howardhinnant.github.io/date_algorithms.html>): years begin in March, so that the
    /// leap day is the last.
    pub fn month(self) -> Month {
        let shifted = self.0 + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        Month((era * 400 + year_of_era) * 12 + month_from_march + 2)
    }
}

/// The second of the day in Shanghai, from 0 to 86,399.
pub fn second_of_day(at: BusinessTime) -> i64 {
    let local = at.0.saturating_add(OFFSET);
    local
        .div_euclid(MICROS_PER_SECOND)
        .rem_euclid(SECONDS_PER_DAY)
}

/// Money that adds up within a calendar day and is worth nothing on the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayTotal {
    /// The day it belongs to.
    pub day: Day,
    /// How much so far.
    pub total: Fen,
}

impl DayTotal {
    /// What counts on `day`.
    pub fn on(self, day: Day) -> Fen {
        if self.day == day {
            self.total
        } else {
            Fen::ZERO
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::{Timestamp, tz::TimeZone};

    use super::*;

    #[test]
    fn days_months_and_seconds_agree_with_the_tz_database_from_1992_to_2100() {
        let shanghai = TimeZone::get("Asia/Shanghai").unwrap();
        // A step of 5 hours, 59 minutes and 59 seconds meets every second of the day in time.
        let (first, last) = (694_224_000_i64, 4_102_444_800);
        for second in (first..last).step_by(21_599) {
            let at = BusinessTime(second * 1_000_000 + second % 1_000_000);
            let local = Timestamp::from_microsecond(at.0).unwrap();
            let local = local.to_zoned_datetime(shanghai.clone());
            let midnight = second + 28_800;
            assert_eq!(i64::from(Day::of(at).0), midnight.div_euclid(86_400));
            let month = i32::from(local.year()) * 12 + i32::from(local.month()) - 1;
            assert_eq!(Day::of(at).month(), Month(month), "{local}");
            let clock = i64::from(local.hour()) * 3_600
                + i64::from(local.minute()) * 60
                + i64::from(local.second());
            assert_eq!(second_of_day(at), clock, "{local}");
        }
    }

    #[test]
    fn a_day_and_a_month_end_at_midnight_in_shanghai() {
        let at = |text: &str| BusinessTime::of(text.parse().unwrap());
        let last = at("2026-02-28T23:59:59.999999+08:00");
        let next = at("2026-03-01T00:00:00+08:00");
        assert_eq!(Day::of(next).0, Day::of(last).0 + 1);
        assert_eq!(Day::of(next).month().0, Day::of(last).month().0 + 1);
        let leap = at("2028-02-29T12:00:00+08:00");
        assert_eq!(Day::of(leap).month(), Month(2028 * 12 + 1));
    }

    #[test]
    fn nothing_overflows_at_the_ends_of_time() {
        for at in [i64::MIN, i64::MAX] {
            let day = Day::of(BusinessTime(at));
            assert!(day.month() != Month(0));
            assert!((0..86_400).contains(&second_of_day(BusinessTime(at))));
        }
    }
}
