//! The naive bank: a page or two of whole fen in arrays, written without a look at the rules.

use std::collections::BTreeMap;

use core_bank::rules::RefusalCode;

use crate::{
    naive_loan::{Loan, date, interest},
    naive_sms::Waiting,
    naive_time::{DAY, HOUR},
    step::{LOAN, MONEY, Step, WEALTH},
};

/// What a step was told: the balance left, if it has one to tell.
pub type Told = Result<Option<i64>, RefusalCode>;

/// The naive bank: whole fen in a map, and what each key was told.
#[derive(Clone, Default)]
pub struct Model {
    pub balances: [i64; 3],
    pub lost: [bool; 3],
    /// By who asked and under which key; with when that was.
    pub told: BTreeMap<(usize, u8), (i64, String, Told)>,
    /// Microseconds since 1970, and the day in China.
    pub now: i64,
    /// What was paid on each day to other banks and is not settled.
    pub abroad: BTreeMap<u32, i64>,
    pub network: i64,
    pub cash: i64,
    pub day: u32,
    pub bought: [i64; 3],
    pub pos_limit: [Option<i64>; 3],
    pub night_lock: [bool; 3],
    /// When each logged in and was identified last.
    pub logged_in: [i64; 3],
    pub identified: [i64; 3],
    /// The authorisations that each waits for, oldest first, and what was asked for.
    pub waiting: [Vec<Waiting>; 3],
    pub asked: [Vec<(u64, usize, i64)>; 3],
    pub authorisations: u64,
    pub paid_today: [i64; 3],
    pub paid_in_month: [i64; 3],
    pub wrong_in_a_row: [u32; 3],
    /// What was paid on each day to billers and is not settled.
    pub bills: BTreeMap<u32, i64>,
    /// What was settled with other banks and billers.
    pub settled: i64,
    pub units: [i64; 3],
    /// In ten-thousandths of a yuan.
    pub price: i64,
    pub subscribed: i64,
    pub funds: i64,
    /// The last transfer at the counter: to whom, how much, whether it went back.
    pub last: [Option<(usize, i64, bool)>; 3],
    /// The last transfer to another bank: on which day, how much, whether it came back.
    pub sent: [Option<(u32, i64, bool)>; 3],
    /// What all held at the end of each day that is over.
    pub held: Vec<i64>,
    pub closed: usize,
    /// Fen times days: of each account since interest was credited, and of all by the last closed day.
    pub products: [i64; 3],
    pub unpaid: i64,
    pub interest: i64,
    /// In the order of their ids.
    pub loans: Vec<Loan>,
    pub borrowed: u64,
}

impl Model {
    pub fn new() -> Self {
        Self {
            price: 10_000,
            now: 1,
            balances: [MONEY; 3],
            cash: -3 * MONEY,
            logged_in: [1; 3],
            identified: [1; 3],
            ..Self::default()
        }
    }

    /// What the step answers: the balance left, if it has one to tell.
    #[expect(clippy::too_many_lines, reason = "a table: one step an arm")]
    pub fn take(&mut self, step: &Step) -> Result<Option<i64>, RefusalCode> {
        match *step {
            Step::Deposit(at, much) => {
                self.cash -= much;
                self.balances[at] += much;
                Ok(Some(self.balances[at]))
            }
            Step::Withdraw(at, _) if self.lost[at] => Err(RefusalCode::CardLost),
            Step::Transfer(from, to, _) if from == to => Err(RefusalCode::SameAccount),
            Step::Withdraw(at, much) | Step::Transfer(at, _, much) | Step::Remit(at, much)
                if self.balances[at] < much =>
            {
                Err(RefusalCode::InsufficientFunds)
            }
            Step::Withdraw(at, much) => {
                self.cash += much;
                self.balances[at] -= much;
                Ok(Some(self.balances[at]))
            }
            Step::Transfer(from, to, much) => {
                self.last[from] = Some((to, much, false));
                self.balances[from] -= much;
                self.balances[to] += much;
                Ok(Some(self.balances[from]))
            }
            Step::Remit(from, much) => {
                *self.abroad.entry(self.day).or_default() += much;
                self.sent[from] = Some((self.day, much, false));
                self.balances[from] -= much;
                Ok(Some(self.balances[from]))
            }
            Step::Sleep(days) => {
                self.move_to(self.now + i64::from(days) * DAY);
                self.logged_in = [self.now; 3];
                Ok(None)
            }
            Step::Wait(wait) => {
                self.move_to(self.moment(wait));
                Ok(None)
            }
            Step::LogIn(at) => {
                self.logged_in[at] = self.now;
                Ok(None)
            }
            Step::Identify(at) => {
                self.identified[at] = self.now;
                Ok(None)
            }
            Step::Buy(at, _) if self.lost[at] => Err(RefusalCode::CardLost),
            Step::Buy(at, _) if self.night_lock[at] && self.is_night() => {
                Err(RefusalCode::LockNight)
            }
            Step::Buy(at, much) => {
                if self.pos_limit[at].is_some_and(|limit| self.bought[at] + much > limit) {
                    return Err(RefusalCode::LockPosLimit);
                }
                if self.balances[at] < much {
                    return Err(RefusalCode::InsufficientFunds);
                }
                self.bought[at] += much;
                self.network += much;
                self.balances[at] -= much;
                Ok(Some(self.balances[at]))
            }
            Step::Lock(at, limit, night) => {
                (self.pos_limit[at], self.night_lock[at]) = (limit, night);
                Ok(None)
            }
            Step::Pay(from, to, ..) | Step::Ask(from, to, ..) if from == to => {
                Err(RefusalCode::SameAccount)
            }
            Step::Pay(from, to, much, right) => {
                let left = self.pay(from, much, right)?;
                self.balances[to] += much;
                Ok(left)
            }
            Step::Ask(from, to, much, times) => {
                for _ in 0..times {
                    let id = self.authorise(from)?;
                    self.asked[from].push((id, to, much));
                }
                Ok(None)
            }
            Step::Show(from, back, right) => {
                let asked = self.asked[from].iter().rev().nth(back);
                let (id, to, much) = asked.copied().unwrap_or_default();
                let left = self.show(from, id, much, right)?;
                self.balances[to] += much;
                Ok(left)
            }
            Step::Bill(from, much, right) => {
                let left = self.pay(from, much, right)?;
                *self.bills.entry(self.day).or_default() += much;
                Ok(left)
            }
            Step::Subscribe(at, much) => self.subscribe(at, much),
            Step::Redeem(at, units) => self.redeem(at, units),
            Step::Value(price) => {
                self.price = price.into();
                self.funds = self.worth(self.units.iter().sum());
                Ok(None)
            }
            Step::Undo(at) => self.undo(at),
            Step::Borrow(at) => Ok(self.borrow(at)),
            Step::Repay(at, whole) => self.repay(at, whole),
            Step::SendBack(at) => self.send_back(at),
            Step::EndDays(most) => {
                self.end_days(most);
                Ok(None)
            }
            Step::Lift(at) if self.now >= self.identified[at] + DAY => {
                Err(RefusalCode::IdentityCheckNotFound)
            }
            Step::Lose(at) if self.lost[at] => Err(RefusalCode::CardAlreadyLost),
            Step::Lift(at) if !self.lost[at] => Err(RefusalCode::CardNotLost),
            Step::Lose(at) => {
                self.lost[at] = true;
                Ok(None)
            }
            Step::Lift(at) => {
                self.lost[at] = false;
                Ok(None)
            }
        }
    }

    pub fn worth(&self, units: i64) -> i64 {
        units * self.price / 10_000
    }

    pub fn subscribe(&mut self, at: usize, much: i64) -> Told {
        let (minimum, quota) = WEALTH;
        if much < minimum {
            return Err(RefusalCode::BelowMinimum);
        }
        if self.subscribed + much > quota {
            return Err(RefusalCode::QuotaExhausted);
        }
        if self.balances[at] < much {
            return Err(RefusalCode::InsufficientFunds);
        }
        self.subscribed += much;
        self.funds += much;
        self.units[at] += much * 10_000 / self.price;
        self.balances[at] -= much;
        Ok(Some(self.balances[at]))
    }

    pub fn redeem(&mut self, at: usize, units: i64) -> Told {
        if self.units[at] < units {
            return Err(RefusalCode::UnitsInsufficient);
        }
        let worth = self.worth(units);
        if worth == 0 {
            return Err(RefusalCode::BelowMinimum);
        }
        self.funds -= worth;
        self.units[at] -= units;
        self.balances[at] += worth;
        Ok(Some(self.balances[at]))
    }

    pub fn undo(&mut self, at: usize) -> Told {
        match self.last[at] {
            None => Err(RefusalCode::PaymentNotFound),
            Some((_, _, true)) => Err(RefusalCode::ReturnTooLarge),
            Some((to, much, _)) if self.balances[to] < much => Err(RefusalCode::InsufficientFunds),
            Some((to, much, _)) => {
                self.last[at] = Some((to, much, true));
                self.balances[to] -= much;
                self.balances[at] += much;
                Ok(None)
            }
        }
    }

    /// From what is to be settled for its day; once that is closed, from what was settled.
    pub fn send_back(&mut self, at: usize) -> Told {
        match self.sent[at] {
            None => Err(RefusalCode::PaymentNotFound),
            Some((_, _, true)) => Err(RefusalCode::ReturnTooLarge),
            Some((day, much, false)) => {
                self.sent[at] = Some((day, much, true));
                if (day as usize) < self.closed {
                    self.settled -= much;
                } else {
                    *self.abroad.get_mut(&day).unwrap() -= much;
                }
                self.balances[at] += much;
                Ok(None)
            }
        }
    }

    /// Declined, nothing is told.
    pub fn borrow(&mut self, at: usize) -> Option<i64> {
        let own: Vec<&Loan> = self.loans.iter().filter(|loan| loan.at == at).collect();
        let overdue = own.iter().any(|loan| loan.due(loan.paid + 1) < self.day);
        let lent: i64 = own.iter().map(|loan| loan.outstanding()).sum();
        if overdue || own.len() >= 3 || lent + 100_000 > 10 * (self.balances[at] - lent) {
            return None;
        }
        self.borrowed += 1;
        self.loans.push(Loan {
            id: self.borrowed,
            at,
            drawn: self.day,
            paid: 0,
        });
        self.balances[at] += 100_000;
        Some(self.balances[at])
    }

    pub fn repay(&mut self, at: usize, whole: bool) -> Told {
        let place = self.loans.iter().position(|loan| loan.at == at);
        let place = place.ok_or(RefusalCode::LoanNotFound)?;
        let loan = self.loans[place];
        let much = if whole {
            loan.outstanding() + loan.accrued(self.day)
        } else {
            if self.day < loan.due(loan.paid) {
                return Err(RefusalCode::InstalmentNotDue);
            }
            LOAN[loan.paid].0 + LOAN[loan.paid].1
        };
        if self.balances[at] < much {
            return Err(RefusalCode::InsufficientFunds);
        }
        self.balances[at] -= much;
        if whole || loan.paid == 2 {
            self.loans.remove(place);
        } else {
            self.loans[place].paid += 1;
        }
        Ok(Some(self.balances[at]))
    }

    /// Collects what is due by a day, the earliest first, where the account holds it.
    pub fn collect(&mut self, day: u32) {
        let mut after = (0, 0);
        loop {
            let due = |loan: &Loan| (loan.due(loan.paid + 1), loan.id);
            let next = self.loans.iter().map(due);
            let next = next.filter(|next| *next > after && next.0 <= day).min();
            let Some(next) = next else { return };
            after = next;
            let place = self
                .loans
                .iter()
                .position(|loan| due(loan) == next)
                .unwrap();
            let loan = self.loans[place];
            let much = LOAN[loan.paid].0 + LOAN[loan.paid].1;
            if self.balances[loan.at] < much {
                continue;
            }
            self.balances[loan.at] -= much;
            if loan.paid == 2 {
                self.loans.remove(place);
            } else {
                self.loans[place].paid += 1;
            }
        }
    }

    /// Closes days that are over, so many at most: interest at the end of a quarter's 20th, then the day's accrual
    /// and what it settles.
    pub fn end_days(&mut self, most: usize) {
        let last = (self.day as usize).min(self.closed + most);
        for day in self.closed..last {
            self.collect(day as u32);
            let (month, in_month) = date(day as u32);
            if (month % 12) % 3 == 2 && in_month == 19 {
                for at in 0..3 {
                    self.balances[at] += interest(self.products[at]);
                    self.unpaid -= std::mem::take(&mut self.products[at]);
                }
            }
            self.unpaid += self.held[day];
            let paid = (day as u32, [&mut self.abroad, &mut self.bills]);
            self.settled += paid
                .1
                .map(|of| of.remove(&paid.0).unwrap_or(0))
                .iter()
                .sum::<i64>();
            self.interest = interest(self.unpaid.max(0));
        }
        self.closed = self.closed.max(last);
    }

    pub fn ask(&mut self, key: u8, step: &Step) -> Result<Option<i64>, RefusalCode> {
        if !step.has_key() {
            return self.take(step);
        }
        let expired = |at: usize| self.now >= self.logged_in[at] + 12 * HOUR;
        if step.session().is_some_and(expired) {
            return Err(RefusalCode::Unauthenticated);
        }
        let text = format!("{step:?}");
        let key = (step.asker(), key);
        if let Some((at, first, answer)) = self.told.get(&key)
            && self.now < at + DAY
        {
            return if *first == text {
                *answer
            } else {
                Err(RefusalCode::IdempotencyKeyReused)
            };
        }
        let answer = self.take(step);
        self.told.insert(key, (self.now, text, answer));
        answer
    }
}
