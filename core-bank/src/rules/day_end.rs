//! The end of a business day: instalments collected, interest credited and accrued, what was paid until
//! then to other banks and billers settled.
//!
//! A day is closed once, after it is over, and in order. The work is cut into records of bounded size,
//! so that customers are served between them; the state remembers how far it is, and a repetition goes
//! on from there. The last record marks interest payable and receivable to what has accrued by the end
//! of the day, and books the difference as expense or income: so it is exact to the fen at the end of
//! every day, whatever was paid meanwhile, and errors of rounding never add up.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    calendar::Day,
    decide::{Decision, Desk},
    fact::Fact,
    ids::{AccountNumber, LoanId},
    interest::{Product, interest_on},
    ledger::{BookAccount, LedgerAccount},
    loans::{LoanFact, collectable},
    money::Fen,
    operation::Operation,
    refusal::{Refusal, RefusalCode as Code},
    rows::AccountStatus,
    state::State,
};

/// Loans and accounts that one record of the end of a day looks at.
const LOANS_MAX: usize = 256;
const ACCOUNTS_MAX: usize = 1_024;

/// What the operator wants of the books.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BooksAction {
    /// Go on closing a day.
    CloseDay {
        /// Which.
        day: Day,
    },
}

impl BooksAction {
    /// The operation by its shared name.
    pub fn operation(&self) -> Operation {
        match self {
            Self::CloseDay { .. } => Operation::DayEnd,
        }
    }
}

/// How far the end of a day is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Instalments are collected; those up to this one were looked at.
    Collect(Option<(Day, LoanId)>),
    /// Interest on deposits is credited; the accounts up to this one have theirs.
    Credit(Option<AccountNumber>),
    /// Interest on loans is added up.
    Accrue {
        /// The last loan that is counted.
        through: LoanId,
        /// What has accrued on the counted ones by the end of the day, as they stand now.
        due: Fen,
    },
}

/// What happened to the books.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BooksFact {
    /// The end of the day has come so far.
    Reached {
        /// Of which day.
        day: Day,
        /// How far.
        stage: Stage,
    },
    /// The accounts after the first and up to the last got the interest on these fen and days.
    InterestCredited {
        /// Ahead of the first account.
        after: Option<AccountNumber>,
        /// The last account.
        last: AccountNumber,
        /// The products of all of them.
        fen_days: i128,
    },
    /// The day is closed, and what was paid to other banks and billers before this record is settled,
    /// of later days, too. Only old journals tell it.
    DayClosed {
        /// Which.
        day: Day,
    },
    /// The day is closed, and what was paid to other banks and billers until its end is settled.
    DayEnded {
        /// Which.
        day: Day,
        /// The last record whose payment is settled.
        settled_seq: u64,
    },
}

/// What the bank's books need beside its accounts. It is small and plain, like a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Books {
    /// The last day that was closed.
    pub closed: Option<Day>,
    /// The day that is being closed, and how far that is.
    pub running: Option<(Day, Stage)>,
    /// The last record whose payments to others are settled.
    pub settled_seq: u64,
    /// What all customers' accounts hold.
    deposits: i128,
    /// The day of the last change of that.
    since: Day,
    /// Their products by the end of the last day that was closed, less what was credited.
    fen_days: i128,
    /// The day of the first record.
    opened: Option<Day>,
}

/// What has accrued on loans, as far as it is added up.
enum Counted {
    All(Fen),
    SoFar(Stage),
}

impl Desk<'_> {
    pub(super) fn books(&self, action: &BooksAction) -> Decision {
        match action {
            BooksAction::CloseDay { day } => self.close_day(*day),
        }
    }

    fn close_day(&self, day: Day) -> Decision {
        let books = self.state.books();
        if books.closed.is_some_and(|closed| day <= closed) {
            return Err(Code::DayClosed.into());
        }
        if day >= Day::of(self.now) {
            return Err(Code::DayNotOver.into());
        }
        let expected = match books.running {
            Some((running, _)) => Some(running),
            None => books.closed.map(Day::next),
        };
        // Every day from the first that is closed has to be closed, so that one is of the bank's life.
        let alive = books.opened.is_some_and(|opened| opened <= day);
        if expected.is_some_and(|expected| expected != day) || !alive {
            return Err(Code::DayOutOfOrder.into());
        }
        let stage = books
            .running
            .map_or(Stage::Collect(None), |(_, stage)| stage);
        let mut facts = Vec::new();
        if let Stage::Collect(after) = stage
            && self.collect(day, after, &mut facts)?
        {
            return Ok(facts);
        }
        let (credited, counted) = match stage {
            Stage::Collect(_) => (Some(None), None),
            Stage::Credit(after) => (Some(after), None),
            Stage::Accrue { through, due } => (None, Some((through, due))),
        };
        if let Some(after) = credited
            && is_credit_day(day)
            && self.credit(day, after, &mut facts)?
        {
            return Ok(facts);
        }
        match self.accrue(day, counted)? {
            Counted::All(due) => self.post_accruals(day, due, facts),
            Counted::SoFar(stage) => {
                facts.push(Fact::Books(BooksFact::Reached { day, stage }));
                Ok(facts)
            }
        }
    }

    /// What has accrued on all loans, or how far the counting is that goes on in the next record.
    fn accrue(&self, day: Day, counted: Option<(LoanId, Fen)>) -> Result<Counted, Refusal> {
        let (mut through, mut due) = counted.unzip();
        let mut looked_at = 0;
        for (id, loan) in self.state.loans.after(through).take(LOANS_MAX) {
            let accrued = loan.accrued(day).ok_or(Code::BalanceOverflow)?;
            let sum = due.unwrap_or_default().checked_add(accrued);
            due = Some(sum.ok_or(Code::BalanceOverflow)?);
            through = Some(*id);
            looked_at += 1;
        }
        let due = due.unwrap_or_default();
        Ok(match through {
            Some(through) if looked_at == LOANS_MAX => {
                Counted::SoFar(Stage::Accrue { through, due })
            }
            _ => Counted::All(due),
        })
    }

    /// Instalments that are due, one of an account at most; `false` when there is none left to look at.
    fn collect(
        &self,
        day: Day,
        after: Option<(Day, LoanId)>,
        facts: &mut Vec<Fact>,
    ) -> Result<bool, Refusal> {
        let mut paid: BTreeMap<AccountNumber, Fen> = BTreeMap::new();
        let (mut principal, mut interest, mut last) = (Fen::ZERO, Fen::ZERO, None);
        let due = self.state.loans_due.after(after);
        let due = due.take_while(|((due, _), ())| *due <= day).take(LOANS_MAX);
        let mut collected = Vec::new();
        for (place @ (_, id), ()) in due {
            let Some(loan) = self.state.loan(*id) else {
                continue;
            };
            if paid.contains_key(&loan.account) {
                break;
            }
            last = Some(*place);
            let account = self.state.account(loan.account);
            let open = account.filter(|account| account.status == AccountStatus::Open);
            let Some(instalment) = open.and_then(|account| collectable(loan, day, account.balance))
            else {
                continue;
            };
            let whole = instalment.principal.0 + instalment.interest.0;
            paid.insert(loan.account, Fen(-whole));
            principal = principal
                .checked_add(instalment.principal)
                .ok_or(Code::BalanceOverflow)?;
            interest = interest
                .checked_add(instalment.interest)
                .ok_or(Code::BalanceOverflow)?;
            collected.push(Fact::Loans(LoanFact::InstalmentPaid {
                loan: *id,
                number: loan.paid + 1,
                principal: instalment.principal,
                interest: instalment.interest,
            }));
        }
        let Some(last) = last else {
            return Ok(false);
        };
        let stage = Stage::Collect(Some(last));
        facts.push(Fact::Books(BooksFact::Reached { day, stage }));
        facts.extend(collected);
        let customers = paid
            .into_iter()
            .map(|(number, fen)| (BookAccount::Customer(number), fen));
        let ours = [
            (LedgerAccount::Loans, principal),
            (LedgerAccount::LoanInterestReceivable, interest),
        ];
        self.post_lines(customers, &ours, facts)?;
        Ok(true)
    }

    /// Interest on deposits, to the next accounts; `false` when all have theirs.
    fn credit(
        &self,
        day: Day,
        after: Option<AccountNumber>,
        facts: &mut Vec<Fact>,
    ) -> Result<bool, Refusal> {
        let today = Day::of(self.now);
        let (mut credited, mut fen_days, mut sum, mut last) = (Vec::new(), 0_i128, Fen::ZERO, None);
        for (number, account) in self.state.accounts_after(after).take(ACCOUNTS_MAX) {
            last = Some(*number);
            if account.status == AccountStatus::Closed {
                continue;
            }
            let product = account.interest.until(today, account.balance);
            fen_days += product;
            let interest = interest_on(product).ok_or(Code::BalanceOverflow)?;
            if interest != Fen::ZERO {
                sum = sum.checked_add(interest).ok_or(Code::BalanceOverflow)?;
                credited.push((BookAccount::Customer(*number), interest));
            }
        }
        let Some(last) = last else {
            return Ok(false);
        };
        let stage = Stage::Credit(Some(last));
        facts.push(Fact::Books(BooksFact::Reached { day, stage }));
        let ours = [(LedgerAccount::DepositInterestPayable, Fen(-sum.0))];
        self.post_lines(credited.into_iter(), &ours, facts)?;
        facts.push(Fact::Books(BooksFact::InterestCredited {
            after,
            last,
            fen_days,
        }));
        Ok(true)
    }

    /// What was paid to others until the day's end goes to the central bank's account, accruals go to
    /// expense and income.
    fn post_accruals(&self, day: Day, due: Fen, mut facts: Vec<Fact>) -> Decision {
        let held = |account| self.state.ledger(account);
        let paid = self.state.due_by(day).ok_or(Code::BalanceOverflow)?;
        let settled = paid.transfers.checked_add(paid.bills);
        let settled = settled.ok_or(Code::BalanceOverflow)?;
        let owed = interest_on(self.state.fen_days_by(day).max(0)).ok_or(Code::BalanceOverflow)?;
        let expense = held(LedgerAccount::DepositInterestPayable).0 - owed.0;
        let income = held(LedgerAccount::LoanInterestReceivable).0 + due.0;
        let ours = [
            (LedgerAccount::Settlement, Fen(-paid.transfers.0)),
            (LedgerAccount::BillsPayable, Fen(-paid.bills.0)),
            (LedgerAccount::Nostro, settled),
            (LedgerAccount::DepositInterestPayable, Fen(-expense)),
            (LedgerAccount::DepositInterestExpense, Fen(expense)),
            (LedgerAccount::LoanInterestReceivable, Fen(-income)),
            (LedgerAccount::LoanInterestIncome, Fen(income)),
        ];
        let settled_seq = paid.through;
        facts.push(Fact::Books(BooksFact::DayEnded { day, settled_seq }));
        self.post_lines(std::iter::empty(), &ours, &mut facts)?;
        Ok(facts)
    }

    fn post_lines(
        &self,
        customers: impl Iterator<Item = (BookAccount, Fen)>,
        ours: &[(LedgerAccount, Fen)],
        facts: &mut Vec<Fact>,
    ) -> Result<(), Refusal> {
        let ours = ours
            .iter()
            .map(|(account, fen)| (BookAccount::Ledger(*account), *fen));
        let lines: Vec<_> = customers
            .chain(ours)
            .filter(|(_, amount)| *amount != Fen::ZERO)
            .collect();
        if lines.is_empty() {
            return Ok(());
        }
        self.movement(None, &lines, facts)
    }
}

/// Interest on deposits is credited at the end of the 20th of each quarter's last month, as banks in
/// China do.
pub fn is_credit_day(day: Day) -> bool {
    let date = day.civil();
    date.day == 20 && date.month.is_multiple_of(3)
}

type Folded = Result<(), &'static str>;

impl State {
    /// What the books need beside the accounts.
    pub fn books(&self) -> Books {
        self.books.get(&()).copied().unwrap_or_default()
    }

    fn edit_books(&mut self, change: impl FnOnce(&mut Books)) {
        let mut books = self.books();
        change(&mut books);
        self.books.put((), books);
    }

    /// Deposits as a whole change by `net`, at the record's time.
    pub(super) fn count_deposits(&mut self, net: i128) {
        let today = Day::of(self.at());
        let books = self.books();
        if books.since < today {
            self.day_totals.put(books.since, books.deposits);
        }
        self.edit_books(|books| {
            books.deposits += net;
            books.since = books.since.max(today);
        });
    }

    /// The products of all deposits by the end of `day`, less what was credited. Days from the first
    /// that is not closed count with what was held at their end.
    fn fen_days_by(&self, day: Day) -> i128 {
        let books = self.books();
        let mut sum = books.fen_days;
        let mut from = books.closed.map(Day::next);
        let current = (books.since, books.deposits);
        let totals = self.day_totals.iter().map(|(day, total)| (*day, *total));
        let mut segments = totals.chain([current]).peekable();
        while let Some((begins, total)) = segments.next() {
            let ends = segments
                .peek()
                .map_or(day.next(), |(next, _)| (*next).min(day.next()));
            let begins = from.map_or(begins, |from| begins.max(from));
            if ends > begins {
                sum += total * (i128::from(ends.0) - i128::from(begins.0));
                from = Some(ends);
            }
        }
        sum
    }

    /// The day of the bank's first record is where closing may begin.
    pub(super) fn open_books(&mut self) {
        let today = Day::of(self.at());
        self.edit_books(|books| books.opened = Some(today));
    }

    /// What has accrued on a loan, if the end of a day has counted it already.
    pub(super) fn counted_interest(&self, id: LoanId) -> Fen {
        let Some((day, Stage::Accrue { through, .. })) = self.books().running else {
            return Fen::ZERO;
        };
        let loan = self.loans.get(&id).filter(|_| id <= through);
        let accrued = loan.and_then(|loan| loan.accrued(day));
        accrued.unwrap_or_default()
    }

    /// A loan changed that an end of a day may have counted as it was: it counts as it is now.
    pub(super) fn count_interest_again(&mut self, id: LoanId, before: Fen) {
        let now = self.counted_interest(id);
        if now != before {
            self.edit_books(|books| {
                if let Some((_, Stage::Accrue { due, .. })) = &mut books.running {
                    *due = Fen(due.0 - before.0 + now.0);
                }
            });
        }
    }

    /// Products whose interest was credited count no longer.
    pub(super) fn credit_product(&mut self, fen_days: i128) {
        self.edit_books(|books| books.fen_days -= fen_days);
    }

    pub(super) fn fold_books(&mut self, fact: &BooksFact) -> Folded {
        match fact {
            BooksFact::Reached { day, stage } => {
                self.edit_books(|books| books.running = Some((*day, *stage)));
                Ok(())
            }
            BooksFact::InterestCredited {
                after,
                last,
                fen_days,
            } => self.fold_credit(*after, *last, *fen_days),
            BooksFact::DayClosed { day } => {
                self.settle_days(Day::of(self.at()))?;
                self.end_day(*day, self.seq())
            }
            BooksFact::DayEnded { day, settled_seq } => {
                let due = self.due_by(*day);
                if due.is_none_or(|due| due.through != *settled_seq) {
                    return Err("other payments are settled than those until the day's end");
                }
                self.settle_days(*day)?;
                self.end_day(*day, *settled_seq)
            }
        }
    }

    fn end_day(&mut self, day: Day, settled_seq: u64) -> Folded {
        let closed = self.books().closed;
        if closed.is_some_and(|closed| day != closed.next()) {
            return Err("a day is closed out of order");
        }
        let fen_days = self.fen_days_by(day);
        self.edit_books(|books| {
            books.closed = Some(day);
            books.running = None;
            books.settled_seq = settled_seq;
            books.fen_days = fen_days;
        });
        self.forget_totals_before(day);
        Ok(())
    }

    /// The credited accounts count from today; what was posted to them today earns from today on.
    fn fold_credit(
        &mut self,
        after: Option<AccountNumber>,
        last: AccountNumber,
        fen_days: i128,
    ) -> Folded {
        let today = Day::of(self.at());
        let mut credited = 0;
        let range = self.accounts.after(after);
        let range: Vec<_> = range
            .take_while(|(number, _)| **number <= last)
            .filter(|(_, account)| account.status == AccountStatus::Open)
            .map(|(number, _)| *number)
            .collect();
        for number in range {
            let account = self.accounts.edit(&number);
            let account = account.ok_or("an account does not exist")?;
            credited += account.interest.until(today, account.balance);
            account.interest = Product::starting(today);
        }
        if credited != fen_days {
            return Err("interest was credited on other products");
        }
        self.credit_product(fen_days);
        Ok(())
    }

    /// Totals that no day to come needs: all but the last up to `day`.
    fn forget_totals_before(&mut self, day: Day) {
        let closed: Vec<_> = self
            .day_totals
            .iter()
            .map(|(of, _)| *of)
            .take_while(|of| *of <= day)
            .collect();
        if let Some((_, gone)) = closed.split_last() {
            for of in gone {
                self.day_totals.remove(of);
            }
        }
    }
}
