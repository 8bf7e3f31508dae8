//! Days as years, months and days of the month, for due dates and statements.

use super::{calendar::Day, time::BusinessTime};

/// A date of the civil calendar, in the years that a journal can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Civil {
    /// The year.
    pub year: i32,
    /// From 1 to 12.
    pub month: u8,
    /// From 1 to 31.
    pub day: u8,
}

impl Day {
    /// The date, by `civil_from_days` of Howard Hinnant
    /// (<https://howardhinnant.github.io/date_algorithms.html>).
    pub fn civil(self) -> Civil {
        let shifted = self.0.saturating_add(719_468);
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * day_of_year + 2) / 153;
        let month = if from_march < 10 {
            from_march + 3
        } else {
            from_march - 9
        };
        Civil {
            year: era * 400 + year_of_era + i32::from(month <= 2),
            month: month as u8,
            day: (day_of_year - (153 * from_march + 2) / 5 + 1) as u8,
        }
    }

    /// Its first moment in Shanghai.
    pub fn begins(self) -> BusinessTime {
        let micros = (i64::from(self.0) * 86_400 - 8 * 3_600) * 1_000_000;
        BusinessTime(micros)
    }

    /// The first day of its month.
    #[must_use]
    pub fn first_of_month(self) -> Self {
        Self(self.0 - i32::from(self.civil().day) + 1)
    }

    /// The day after.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The same day of the month so many months later, or the last day of that month when it has no
    /// such day: what a loan of 31 January owes on 28 February.
    #[must_use]
    pub fn months_later(self, months: u16) -> Self {
        let Civil { year, month, day } = self.civil();
        let months = i64::from(year) * 12 + i64::from(month) - 1 + i64::from(months);
        let (year, month) = (
            months.div_euclid(12) as i32,
            months.rem_euclid(12) as u8 + 1,
        );
        let last = days_of_month(year, month);
        Civil {
            year,
            month,
            day: day.min(last),
        }
        .day_number()
    }

    /// Reads `2026-06-09`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let mut number = |digits: usize| {
            let part = parts.next()?;
            let plain = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| part.parse::<i32>().ok()).flatten()
        };
        let (year, month, day) = (number(4)?, number(2)? as u8, number(2)? as u8);
        let right = parts.next().is_none()
            && year >= 1970
            && (1..=12).contains(&month)
            && (1..=days_of_month(year, month)).contains(&day);
        right.then(|| Civil { year, month, day }.day_number())
    }
}

impl Civil {
    /// The day of this date, by `days_from_civil`.
    fn day_number(self) -> Day {
        let year = self.year - i32::from(self.month <= 2);
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let month = i32::from(self.month);
        let from_march = if month > 2 { month - 3 } else { month + 9 };
        let day_of_year = (153 * from_march + 2) / 5 + i32::from(self.day) - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        Day(era * 146_097 + day_of_era - 719_468)
    }
}

fn days_of_month(year: i32, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Civil { year, month, day } = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

#[cfg(test)]
mod tests {
    use jiff::{ToSpan as _, civil::date};

    use super::*;

    #[test]
    fn dates_agree_with_jiffs_calendar_from_1970_to_2200() {
        let mut expected = date(1970, 1, 1);
        for number in 0..84_000 {
            let day = Day(number);
            assert_eq!(day.to_string(), expected.to_string());
            assert_eq!(Day::parse(&expected.to_string()), Some(day));
            let later = expected.checked_add(7.months()).unwrap();
            assert_eq!(day.months_later(7).to_string(), later.to_string());
            let first = expected.first_of_month().to_string();
            assert_eq!(day.first_of_month().to_string(), first);
            expected = expected.tomorrow().unwrap();
        }
    }

    #[test]
    fn what_is_no_date_is_not_read() {
        for wrong in [
            "2026-02-29",
            "2026-13-01",
            "2026-00-01",
            "2026-6-09",
            "2026-06-09-",
            "2026-06",
            "1969-12-31",
            "+026-06-09",
            "",
        ] {
            assert_eq!(Day::parse(wrong), None, "{wrong}");
        }
        assert!(Day::parse("2028-02-29").is_some());
    }
}
