//! The naive bank's loans, interest and calendar.

use crate::step::LOAN;

/// A loan that was drawn: whose, on which day, and how many instalments were paid.
#[derive(Clone, Copy)]
pub struct Loan {
    pub id: u64,
    pub at: usize,
    pub drawn: u32,
    pub paid: usize,
}

impl Loan {
    /// The same day so many months later, or the month's last.
    pub fn due(&self, months: usize) -> u32 {
        let (month, in_month) = date(self.drawn);
        let wanted = month + months as u32;
        let mut near = self.drawn - in_month..self.drawn + 200;
        let first = near.find(|day| date(*day) == (wanted, 0));
        let first = first.unwrap();
        let mut days = first..first + in_month + 1;
        days.rfind(|day| date(*day).0 == wanted).unwrap()
    }

    pub fn outstanding(&self) -> i64 {
        LOAN[self.paid..]
            .iter()
            .map(|(principal, _)| principal)
            .sum()
    }

    pub fn accrued(&self, today: u32) -> i64 {
        let mut sum = 0;
        for (place, (_, interest)) in LOAN.iter().enumerate().skip(self.paid) {
            if self.due(place + 1) <= today {
                sum += interest;
            } else {
                let days = i64::from(today.saturating_sub(self.due(place)).min(30));
                return sum + (2 * interest * days + 30) / 60;
            }
        }
        sum
    }
}

/// Interest on fen times days at 0.30% and 360 days a year, halves up: a 120,000th.
pub fn interest(product: i64) -> i64 {
    (2 * product + 120_000).div_euclid(240_000)
}

/// The month that a day after 1 January 1970 is in, counted from that one.
pub fn month(day: u32) -> u32 {
    date(day).0
}

/// That month, and the day in it, counted from 0.
pub fn date(mut day: u32) -> (u32, u32) {
    let mut month = 0;
    loop {
        let year = 1970 + month / 12;
        let length = match month % 12 {
            1 if year % 4 == 0 => 29,
            1 => 28,
            3 | 5 | 8 | 10 => 30,
            _ => 31,
        };
        if day < length {
            return (month, day);
        }
        day -= length;
        month += 1;
    }
}
