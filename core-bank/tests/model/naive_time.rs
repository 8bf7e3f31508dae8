//! The naive bank's time: microseconds, days in China, and what falls due when.

use crate::{
    naive::Model,
    naive_loan::month,
    naive_sms::FIVE_MINUTES,
    step::{Edge, Wait},
};

pub const HOUR: i64 = 3_600 * 1_000_000;
pub const DAY: i64 = 24 * HOUR;
/// China is eight hours ahead, without summer time.
const AHEAD: i64 = 8 * HOUR;

impl Model {
    /// The time of day in China.
    fn time_of_day(&self) -> i64 {
        (self.now + AHEAD) % DAY
    }

    /// From 23:00 to 05:00.
    pub fn is_night(&self) -> bool {
        self.time_of_day() >= 23 * HOUR || self.time_of_day() < 5 * HOUR
    }

    /// Lets time pass, day by day.
    pub fn move_to(&mut self, moment: i64) {
        self.now = moment;
        while i64::from(self.day) < (self.now + AHEAD) / DAY {
            self.held.push(self.balances.iter().sum());
            for (product, balance) in self.products.iter_mut().zip(self.balances) {
                *product += balance;
            }
            if month(self.day + 1) != month(self.day) {
                self.paid_in_month = [0; 3];
            }
            self.day += 1;
            (self.bought, self.paid_today) = ([0; 3], [0; 3]);
        }
    }

    /// When a wait ends.
    pub fn moment(&self, wait: Wait) -> i64 {
        match wait {
            Wait::Micros(count) => self.now + count,
            Wait::Seconds(count) => self.now + count * (HOUR / 3_600),
            Wait::Minutes(count) => self.now + count * (HOUR / 60),
            Wait::Hours(count) => self.now + count * HOUR,
            Wait::Until(edge, beside) => self.now.max(self.next(edge) + beside),
            Wait::Due(which, beside) => {
                let due = self.due();
                let moment = due.get(which % due.len().max(1));
                self.now.max(moment.map_or(self.now, |due| due + beside))
            }
        }
    }

    /// When such a moment comes next, after now.
    fn next(&self, edge: Edge) -> i64 {
        let midnight = self.now - self.time_of_day();
        let (first, every) = match edge {
            Edge::Night => (midnight + 23 * HOUR, DAY),
            Edge::Morning => (midnight + 5 * HOUR, DAY),
            Edge::Midnight => (midnight, DAY),
            Edge::Month => {
                let mut later = self.day..;
                let first = later.find(|day| month(*day) != month(self.day));
                (i64::from(first.unwrap_or_default()) * DAY - AHEAD, DAY)
            }
        };
        if first > self.now {
            first
        } else {
            first + every
        }
    }

    /// What falls due after now, the first of it first: sessions, identity checks, authorisations, keys.
    fn due(&self) -> Vec<i64> {
        let sessions = self.logged_in.iter().map(|at| at + 12 * HOUR);
        let checks = self.identified.iter().map(|at| at + DAY);
        let waiting = self.waiting.iter().flatten();
        let waiting = waiting.map(|one| one.asked + FIVE_MINUTES);
        let keys = self.told.values().map(|(at, ..)| at + DAY);
        let all = sessions.chain(checks).chain(waiting).chain(keys);
        let mut due: Vec<i64> = all.filter(|due| *due > self.now).collect();
        due.sort_unstable();
        due.dedup();
        due
    }
}
