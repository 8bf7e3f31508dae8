//! The naive bank's payments by SMS: authorisations, codes and limits.

use core_bank::rules::RefusalCode;

use crate::{
    naive::{Model, Told},
    naive_time::HOUR,
    step::SMS,
};

pub const FIVE_MINUTES: i64 = HOUR / 12;

/// An authorisation that waits, and how often a wrong code was shown for it.
#[derive(Clone)]
pub struct Waiting {
    id: u64,
    pub asked: i64,
    tries: u32,
}

impl Model {
    /// A payment by SMS, as far as the payer is concerned.
    pub fn pay(&mut self, from: usize, much: i64, right: bool) -> Told {
        let id = self.authorise(from)?;
        self.show(from, id, much, right)
    }

    /// An authorisation by SMS: at most four wait for five minutes.
    pub fn authorise(&mut self, from: usize) -> Result<u64, RefusalCode> {
        if self.wrong_in_a_row[from] >= 5 {
            return Err(RefusalCode::MediumLocked);
        }
        let now = self.now;
        self.waiting[from].retain(|one| now < one.asked + FIVE_MINUTES);
        if self.waiting[from].len() == 4 {
            self.waiting[from].remove(0);
        }
        self.authorisations += 1;
        self.waiting[from].push(Waiting {
            id: self.authorisations,
            asked: now,
            tries: 0,
        });
        Ok(self.authorisations)
    }

    pub fn show(&mut self, from: usize, id: u64, much: i64, right: bool) -> Told {
        let stands = |one: &Waiting| one.id == id && self.now < one.asked + FIVE_MINUTES;
        let place = self.waiting[from].iter().position(stands);
        let place = place.ok_or(RefusalCode::AuthorisationNotFound)?;
        if self.wrong_in_a_row[from] >= 5 {
            return Err(RefusalCode::MediumLocked);
        }
        if !right {
            self.wrong_in_a_row[from] += 1;
            self.waiting[from][place].tries += 1;
            if self.waiting[from][place].tries == 3 {
                self.waiting[from].remove(place);
            }
            return Err(RefusalCode::CodeWrong);
        }
        // Refused from here on, the authorisation stands.
        let (once, daily, monthly) = SMS;
        if much > once {
            return Err(RefusalCode::LimitPerTransaction);
        }
        if self.paid_today[from] + much > daily {
            return Err(RefusalCode::LimitDaily);
        }
        if self.paid_in_month[from] + much > monthly {
            return Err(RefusalCode::LimitMonthly);
        }
        if self.balances[from] < much {
            return Err(RefusalCode::InsufficientFunds);
        }
        self.waiting[from].remove(place);
        self.wrong_in_a_row[from] = 0;
        self.paid_today[from] += much;
        self.paid_in_month[from] += much;
        self.balances[from] -= much;
        Ok(Some(self.balances[from]))
    }
}
