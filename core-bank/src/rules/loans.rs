//! Loans of the financing centre (M1, M3): applied for, decided by stated rules, drawn at once, repaid
//! by a schedule or early.
//!
//! A month of a loan counts 30 days of its interest: what has accrued within a month is that month's
//! interest times the days since the last due date, at most 30, over 30, rounded like all interest.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{
    calendar::Day,
    decide::{Decision, Desk},
    fact::Fact,
    ids::{AccountNumber, CustomerId, LoanId},
    interest::round_to_fen,
    ledger::{BookAccount, LedgerAccount},
    money::{Amount, Fen},
    operation::Operation,
    refusal::{Refusal, RefusalCode as Code},
    schedule::{Instalment, schedule},
    state::State,
};

/// How long a loan may run, in months.
pub const LOAN_MONTHS: [u16; 5] = [3, 6, 12, 24, 36];
/// The least and the most of one loan, in fen.
const LOAN_MIN: Fen = Fen(100_000);
const LOAN_MAX: Fen = Fen(30_000_000);
/// Loans that one customer may have at a time, approved ones among them.
const LOANS_AT_A_TIME: usize = 3;
/// All loans of a customer together are at most so many times what the customer holds here.
const DEPOSITS_TIMES: i64 = 10;
/// Days in which an approved loan may be drawn.
const DRAW_DAYS: i32 = 30;
/// The days that a month of interest has.
const MONTH_DAYS: i32 = 30;

/// Why an application was declined: the first reason in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeclineReason {
    /// An instalment of another loan is overdue.
    Overdue,
    /// The customer has three loans.
    TooManyLoans,
    /// All loans together would be more than ten times what the customer holds.
    DepositsTooSmall,
}

impl DeclineReason {
    /// The name in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Overdue => "overdue",
            Self::TooManyLoans => "too_many_loans",
            Self::DepositsTooSmall => "deposits_too_small",
        }
    }
}

/// A loan that was approved and is not yet repaid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loan {
    /// Whose.
    pub customer: CustomerId,
    /// Where it is paid out and repaid from.
    pub account: AccountNumber,
    /// How much.
    pub principal: Fen,
    /// Over how many months.
    pub months: u16,
    /// When it was approved.
    pub approved: Day,
    /// When it was drawn.
    pub drawn: Option<Day>,
    /// Instalments that were paid.
    pub paid: u16,
    /// Principal that is not yet paid back.
    pub outstanding: Fen,
}

impl Loan {
    /// The day that instalment `number`, counted from 1, is due; 0 is the day of the drawing.
    pub fn due(&self, number: u16) -> Option<Day> {
        self.drawn.map(|drawn| drawn.months_later(number))
    }

    /// The schedule, paid instalments among it.
    pub fn schedule(&self) -> Vec<Instalment> {
        schedule(self.principal, self.months).unwrap_or_default()
    }

    /// The instalment that is to be paid next, and the days from and on which it is.
    fn next(&self) -> Option<(Instalment, Day, Day)> {
        let instalment = self.schedule().get(usize::from(self.paid)).copied()?;
        Some((instalment, self.due(self.paid)?, self.due(self.paid + 1)?))
    }

    /// Whether an instalment is still to be paid that was due before `today`.
    pub fn is_overdue(&self, today: Day) -> bool {
        self.paid < self.months && self.due(self.paid + 1).is_some_and(|due| due < today)
    }

    /// The interest that has accrued by the end of `day` and is not yet paid.
    pub fn accrued(&self, day: Day) -> Option<Fen> {
        let mut sum = Fen::ZERO;
        for (number, instalment) in (1..).zip(self.schedule()).skip(usize::from(self.paid)) {
            let Some((from, due)) = self.due(number - 1).zip(self.due(number)) else {
                break;
            };
            if due <= day {
                sum = sum.checked_add(instalment.interest)?;
            } else if from <= day {
                let days = (day.0 - from.0).min(MONTH_DAYS);
                let part = Decimal::from(instalment.interest.0).checked_mul(Decimal::from(days))?;
                let part = part.checked_div(Decimal::from(MONTH_DAYS))?;
                return sum.checked_add(round_to_fen(part)?);
            }
        }
        Some(sum)
    }
}

/// What is wanted of loans.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoanAction {
    /// Apply.
    Apply {
        /// Paid out to and repaid from this account.
        account: Option<AccountNumber>,
        /// How much.
        amount: Amount,
        /// Over how many months.
        months: u16,
    },
    /// Have it paid out.
    Draw {
        /// Which.
        loan: Option<LoanId>,
    },
    /// Pay the next instalment.
    Repay {
        /// Of which.
        loan: Option<LoanId>,
    },
    /// Pay back everything.
    RepayEarly {
        /// Of which.
        loan: Option<LoanId>,
    },
}

impl LoanAction {
    /// The operation by its shared name.
    pub fn operation(&self) -> Operation {
        match self {
            Self::Apply { .. } => Operation::LoanApplication,
            Self::Draw { .. } => Operation::LoanDraw,
            Self::Repay { .. } => Operation::LoanRepayment,
            Self::RepayEarly { .. } => Operation::LoanEarlyRepayment,
        }
    }
}

/// What happened to loans.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoanFact {
    /// An application was approved.
    Approved {
        /// The loan.
        loan: LoanId,
        /// Whose.
        customer: CustomerId,
        /// Paid out to and repaid from this account.
        account: AccountNumber,
        /// How much.
        principal: Fen,
        /// Over how many months.
        months: u16,
        /// When.
        day: Day,
    },
    /// An application was declined.
    Declined {
        /// Whose.
        customer: CustomerId,
        /// Why.
        reason: DeclineReason,
    },
    /// A loan was paid out.
    Drawn {
        /// Which.
        loan: LoanId,
        /// When.
        day: Day,
    },
    /// An instalment was paid.
    InstalmentPaid {
        /// Of which loan.
        loan: LoanId,
        /// Its number, counted from 1.
        number: u16,
        /// What of it was principal.
        principal: Fen,
        /// What of it was interest.
        interest: Fen,
    },
    /// Everything was paid back before its time.
    RepaidEarly {
        /// Which loan.
        loan: LoanId,
        /// What was outstanding.
        principal: Fen,
        /// What had accrued.
        interest: Fen,
    },
}

impl Desk<'_> {
    pub(super) fn loans(&self, action: &LoanAction) -> Decision {
        match action {
            LoanAction::Apply {
                account,
                amount,
                months,
            } => self.apply_for_loan(*account, *amount, *months),
            LoanAction::Draw { loan } => self.draw_loan(*loan),
            LoanAction::Repay { loan } => self.repay_loan(*loan),
            LoanAction::RepayEarly { loan } => self.repay_loan_early(*loan),
        }
    }

    fn apply_for_loan(
        &self,
        account: Option<AccountNumber>,
        amount: Amount,
        months: u16,
    ) -> Decision {
        let (number, account) = self.account(account)?;
        let customer = account.customer;
        let fits = (LOAN_MIN..=LOAN_MAX).contains(&amount.fen()) && LOAN_MONTHS.contains(&months);
        if !fits {
            return Err(Code::LoanTerms.into());
        }
        if let Some(reason) = self.declines(customer, amount.fen()) {
            let declined = LoanFact::Declined { customer, reason };
            return Ok(vec![Fact::Loans(declined)]);
        }
        Ok(vec![Fact::Loans(LoanFact::Approved {
            loan: LoanId::of_seq(self.state.next_seq()),
            customer,
            account: number,
            principal: amount.fen(),
            months,
            day: Day::of(self.now),
        })])
    }

    fn declines(&self, customer: CustomerId, amount: Fen) -> Option<DeclineReason> {
        let today = Day::of(self.now);
        let running = self.state.loans_of(customer);
        let running: Vec<_> = running
            .filter(|(_, loan)| loan.drawn.is_some() || may_draw(loan, today))
            .collect();
        if running.iter().any(|(_, loan)| loan.is_overdue(today)) {
            return Some(DeclineReason::Overdue);
        }
        if running.len() >= LOANS_AT_A_TIME {
            return Some(DeclineReason::TooManyLoans);
        }
        let covered = self.covers(customer, amount);
        (!covered).then_some(DeclineReason::DepositsTooSmall)
    }

    /// Whether all loans of a customer, approved ones among them, and `more` are at most ten times
    /// what is the customer's own: what the accounts hold, less what of it was borrowed.
    fn covers(&self, customer: CustomerId, more: Fen) -> bool {
        let today = Day::of(self.now);
        let (mut lent, mut borrowed) = (more.0, 0_i64);
        for (_, loan) in self.state.loans_of(customer) {
            if loan.drawn.is_some() {
                borrowed = borrowed.saturating_add(loan.outstanding.0);
            } else if !may_draw(loan, today) {
                continue;
            }
            lent = lent.saturating_add(loan.outstanding.0);
        }
        let owner = self.state.customer(customer);
        let accounts = owner.into_iter().flat_map(|owner| owner.accounts.iter());
        let held = accounts.filter_map(|number| self.state.account(*number));
        let held = held.fold(0_i64, |sum, account| sum.saturating_add(account.balance.0));
        let most = held.saturating_sub(borrowed).saturating_mul(DEPOSITS_TIMES);
        lent <= most
    }

    /// A loan of the customer who asks; a counter sees everybody's.
    fn loan(&self, loan: Option<LoanId>) -> Result<(LoanId, &Loan), Refusal> {
        let found = loan.and_then(|id| Some((id, self.state.loan(id)?)));
        let own = found.filter(|(_, loan)| self.by.sees(loan.customer));
        own.ok_or(Code::LoanNotFound.into())
    }

    fn draw_loan(&self, loan: Option<LoanId>) -> Decision {
        let (id, loan) = self.loan(loan)?;
        let today = Day::of(self.now);
        if !may_draw(loan, today) {
            return Err(Code::LoanState.into());
        }
        // What the approval rested on may be gone.
        let mut others = self.state.loans_of(loan.customer);
        if others.any(|(_, loan)| loan.is_overdue(today)) || !self.covers(loan.customer, Fen::ZERO)
        {
            return Err(Code::LoanNotCovered.into());
        }
        let (number, _) = self.any_account(Some(loan.account))?;
        let mut facts = vec![Fact::Loans(LoanFact::Drawn {
            loan: id,
            day: today,
        })];
        let lines = [
            (BookAccount::Customer(number), loan.principal),
            (
                BookAccount::Ledger(LedgerAccount::Loans),
                Fen(-loan.principal.0),
            ),
        ];
        self.movement(None, &lines, &mut facts)?;
        Ok(facts)
    }

    /// The next instalment, from the day that the one before it was due.
    fn repay_loan(&self, loan: Option<LoanId>) -> Decision {
        let (id, loan) = self.loan(loan)?;
        let (instalment, from, _) = loan.next().ok_or(Code::LoanState)?;
        if Day::of(self.now) < from {
            return Err(Code::InstalmentNotDue.into());
        }
        let paid = LoanFact::InstalmentPaid {
            loan: id,
            number: loan.paid + 1,
            principal: instalment.principal,
            interest: instalment.interest,
        };
        self.pay_back(loan, instalment, paid)
    }

    fn repay_loan_early(&self, loan: Option<LoanId>) -> Decision {
        let (id, loan) = self.loan(loan)?;
        if loan.drawn.is_none() {
            return Err(Code::LoanState.into());
        }
        let interest = loan.accrued(Day::of(self.now));
        let whole = Instalment {
            principal: loan.outstanding,
            interest: interest.ok_or(Code::BalanceOverflow)?,
        };
        let paid = LoanFact::RepaidEarly {
            loan: id,
            principal: whole.principal,
            interest: whole.interest,
        };
        self.pay_back(loan, whole, paid)
    }

    fn pay_back(&self, loan: &Loan, money: Instalment, paid: LoanFact) -> Decision {
        let (number, account) = self.any_account(Some(loan.account))?;
        let whole = money.principal.checked_add(money.interest);
        let whole = whole.ok_or(Code::BalanceOverflow)?;
        if account.balance < whole {
            return Err(Code::InsufficientFunds.into());
        }
        let mut facts = vec![Fact::Loans(paid)];
        let lines = [
            (BookAccount::Customer(number), Fen(-whole.0)),
            (BookAccount::Ledger(LedgerAccount::Loans), money.principal),
            (
                BookAccount::Ledger(LedgerAccount::LoanInterestReceivable),
                money.interest,
            ),
        ];
        // A month that costs less than half a fen posts no interest.
        let moved: Vec<_> = lines
            .into_iter()
            .filter(|(_, amount)| *amount != Fen::ZERO)
            .collect();
        self.movement(None, &moved, &mut facts)?;
        Ok(facts)
    }
}

fn may_draw(loan: &Loan, today: Day) -> bool {
    loan.drawn.is_none() && today.0 - loan.approved.0 <= DRAW_DAYS
}

/// What the end of a day collects of a loan: its next instalment, when it is due and the account holds
/// enough.
pub(super) fn collectable(loan: &Loan, day: Day, balance: Fen) -> Option<Instalment> {
    let (instalment, _, due) = loan.next()?;
    let whole = instalment.principal.checked_add(instalment.interest)?;
    (due <= day && balance >= whole).then_some(instalment)
}

type Folded = Result<(), &'static str>;

impl State {
    /// A loan that is approved or running.
    pub fn loan(&self, id: LoanId) -> Option<&Loan> {
        self.loans.get(&id)
    }

    /// A customer's loans in order of approval.
    pub fn loans_of(&self, customer: CustomerId) -> impl Iterator<Item = (LoanId, &Loan)> {
        let own = self.loan_owners.after(Some((customer, LoanId::of_seq(0))));
        own.take_while(move |((owner, _), ())| *owner == customer)
            .filter_map(|((_, id), ())| Some((*id, self.loans.get(id)?)))
    }

    pub(super) fn fold_loans(&mut self, fact: &LoanFact) -> Folded {
        match fact {
            LoanFact::Declined { .. } => Ok(()),
            LoanFact::Approved {
                loan,
                customer,
                account,
                principal,
                months,
                day,
            } => {
                self.forget_undrawn(*customer, *day);
                let approved = Loan {
                    customer: *customer,
                    account: *account,
                    principal: *principal,
                    months: *months,
                    approved: *day,
                    drawn: None,
                    paid: 0,
                    outstanding: *principal,
                };
                self.loans.put(*loan, approved);
                self.loan_owners.put((*customer, *loan), ());
                Ok(())
            }
            LoanFact::Drawn { loan, day } => {
                let drawn = self.loans.edit(loan).ok_or("the loan does not exist")?;
                if drawn.drawn.replace(*day).is_some() {
                    return Err("a loan is drawn twice");
                }
                let due = drawn.due(1).ok_or("the loan is not drawn")?;
                self.loans_due.put((due, *loan), ());
                Ok(())
            }
            LoanFact::InstalmentPaid {
                loan,
                number,
                principal,
                ..
            } => {
                let before = self.counted_interest(*loan);
                self.count_instalment(*loan, *number, *principal)?;
                self.count_interest_again(*loan, before);
                Ok(())
            }
            LoanFact::RepaidEarly {
                loan, principal, ..
            } => {
                let early = self.loans.get(loan).ok_or("the loan does not exist")?;
                if early.outstanding != *principal {
                    return Err("an early repayment is not what is outstanding");
                }
                let before = self.counted_interest(*loan);
                self.end_loan(*loan)?;
                self.count_interest_again(*loan, before);
                Ok(())
            }
        }
    }

    fn count_instalment(&mut self, id: LoanId, number: u16, principal: Fen) -> Folded {
        let loan = self.loans.edit(&id).ok_or("the loan does not exist")?;
        let due = loan.due(number).ok_or("the loan is not drawn")?;
        if number != loan.paid + 1 || principal > loan.outstanding {
            return Err("an instalment is out of order");
        }
        loan.outstanding = Fen(loan.outstanding.0 - principal.0);
        if number == loan.months {
            return match loan.outstanding {
                Fen::ZERO => self.end_loan(id),
                _ => Err("a loan ends with something outstanding"),
            };
        }
        loan.paid = number;
        let next = loan.due(number + 1).ok_or("the loan is not drawn")?;
        self.loans_due.remove(&(due, id));
        self.loans_due.put((next, id), ());
        Ok(())
    }

    fn end_loan(&mut self, id: LoanId) -> Folded {
        let loan = *self.loans.get(&id).ok_or("the loan does not exist")?;
        if let Some(due) = loan.due(loan.paid + 1) {
            self.loans_due.remove(&(due, id));
        }
        self.loans.remove(&id);
        self.loan_owners.remove(&(loan.customer, id));
        Ok(())
    }

    /// Drops approvals of a customer that nobody can draw any more.
    fn forget_undrawn(&mut self, customer: CustomerId, today: Day) {
        self.forget_approvals(customer, |loan| !may_draw(loan, today));
    }

    /// Drops approvals of loans to an account that is closed.
    pub(super) fn forget_undrawn_on(&mut self, account: AccountNumber, customer: CustomerId) {
        self.forget_approvals(customer, |loan| loan.account == account);
    }

    fn forget_approvals(&mut self, customer: CustomerId, is_gone: impl Fn(&Loan) -> bool) {
        let gone = self.loans_of(customer);
        let gone: Vec<_> = gone
            .filter(|(_, loan)| loan.drawn.is_none() && is_gone(loan))
            .map(|(id, _)| id)
            .collect();
        for id in gone {
            self.loans.remove(&id);
            self.loan_owners.remove(&(customer, id));
        }
    }
}
