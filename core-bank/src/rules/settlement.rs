//! What is on its way to other banks and billers, by the business day on which it was paid: the end of
//! a day settles that day's payments and leaves those of later days.
//!
//! Time never runs back, so the payments of a day are records in one piece, and which of them are
//! settled is one number. What is kept of a day is that number and two sums, until the day is closed;
//! only payments that leave the bank touch it.

use serde::{Deserialize, Serialize};

use super::{
    calendar::Day,
    ledger::{BookAccount, LedgerAccount},
    money::Fen,
    returns::Original,
    state::State,
};

/// What was paid on a day to others who do not have it yet. It is small and plain, like a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OnItsWay {
    /// The last record of the day that moved such money.
    pub through: u64,
    /// To other banks, less what went back.
    pub transfers: Fen,
    /// To billers, less what went back.
    pub bills: Fen,
}

impl OnItsWay {
    /// Both days' money, up to the later record; `None` when it leaves the range of 64 bits.
    fn with(self, other: Self) -> Option<Self> {
        Some(Self {
            through: self.through.max(other.through),
            transfers: self.transfers.checked_add(other.transfers)?,
            bills: self.bills.checked_add(other.bills)?,
        })
    }

    /// This much in that account; `None` when nothing in it is on its way to anybody.
    fn of(account: LedgerAccount, amount: Fen, through: u64) -> Option<Self> {
        let (transfers, bills) = match account {
            LedgerAccount::Settlement => (amount, Fen::ZERO),
            LedgerAccount::BillsPayable => (Fen::ZERO, amount),
            _ => return None,
        };
        Some(Self {
            through,
            transfers,
            bills,
        })
    }
}

const OVERFLOW: &str = "what is on its way overflows";

type Folded = Result<(), &'static str>;

impl State {
    /// Whether the payment of a record to another bank or a biller was settled.
    pub fn is_settled(&self, seq: u64) -> bool {
        seq <= self.books().settled_seq
    }

    /// What the end of `day` settles: what was paid until then, and the last record that it settles.
    /// `None` when it leaves the range of 64 bits.
    pub(super) fn due_by(&self, day: Day) -> Option<OnItsWay> {
        let none = OnItsWay {
            through: self.books().settled_seq,
            ..OnItsWay::default()
        };
        let days = self.on_its_way.iter().take_while(|(of, _)| **of <= day);
        days.map(|(_, row)| *row).try_fold(none, OnItsWay::with)
    }

    fn add_to_day(&mut self, day: Day, more: OnItsWay) -> Folded {
        let row = self.on_its_way.get(&day).copied().unwrap_or_default();
        self.on_its_way.put(day, row.with(more).ok_or(OVERFLOW)?);
        Ok(())
    }

    /// An account of the bank's own changed, at the record's time.
    pub(super) fn count_on_its_way(&mut self, account: LedgerAccount, amount: Fen) -> Folded {
        match OnItsWay::of(account, amount, self.seq()) {
            Some(more) => self.add_to_day(Day::of(self.at()), more),
            None => Ok(()),
        }
    }

    /// A payment goes back. If it was on its way, it leaves its own day and not the record's, from which
    /// the posting that follows will take it.
    pub(super) fn take_off_its_way(&mut self, original: &Original, amount: Fen) -> Folded {
        let BookAccount::Ledger(account) = original.to else {
            return Ok(());
        };
        if self.is_settled(original.seq) {
            return Ok(());
        }
        let back = amount.checked_neg().ok_or(OVERFLOW)?;
        let (Some(less), Some(more)) = (
            OnItsWay::of(account, back, 0),
            OnItsWay::of(account, amount, 0),
        ) else {
            return Ok(());
        };
        self.add_to_day(original.day, less)?;
        self.add_to_day(Day::of(self.at()), more)
    }

    /// Everything up to the end of `day` is settled: the postings that follow take it from the record's
    /// own day.
    pub(super) fn settle_days(&mut self, day: Day) -> Folded {
        let due = self.due_by(day).ok_or(OVERFLOW)?;
        while let Some((&first, _)) = self.on_its_way.first()
            && first <= day
        {
            self.on_its_way.remove(&first);
        }
        if (due.transfers, due.bills) != (Fen::ZERO, Fen::ZERO) {
            let more = OnItsWay { through: 0, ..due };
            self.add_to_day(Day::of(self.at()), more)?;
        }
        Ok(())
    }
}
