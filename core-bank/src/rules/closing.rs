//! Closing accounts and cards, in person and for good.

use serde::{Deserialize, Serialize};

use super::{
    calendar::Day,
    decide::{Decision, Desk},
    fact::Fact,
    ids::{AccountNumber, CardId, CustomerId, IdentityCheckId},
    interest::{Product, interest_on},
    ledger::{BookAccount, LedgerAccount},
    money::Fen,
    operation::{Channel, Operation},
    refusal::{Refusal, RefusalCode as Code},
    rows::{Account, AccountStatus, CardStatus},
    state::State,
};

/// What is to be closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClosingAction {
    /// An account with its card.
    Account {
        /// Which.
        account: Option<AccountNumber>,
        /// The check that identified the owner.
        check: Option<IdentityCheckId>,
    },
    /// A card alone; its account goes on.
    Card {
        /// Which.
        card: Option<CardId>,
        /// The check that identified the owner.
        check: Option<IdentityCheckId>,
    },
}

impl ClosingAction {
    /// The operation by its shared name.
    pub fn operation(&self) -> Operation {
        match self {
            Self::Account { .. } => Operation::AccountClosing,
            Self::Card { .. } => Operation::CardClosing,
        }
    }
}

/// What was closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClosingFact {
    /// An account with its card; its interest was paid.
    Account {
        /// Which.
        account: AccountNumber,
        /// The day of it.
        day: Day,
        /// What was paid out in cash.
        paid_out: Fen,
    },
    /// A card.
    Card {
        /// Which.
        card: CardId,
    },
}

impl Desk<'_> {
    pub(super) fn close(&self, action: &ClosingAction) -> Decision {
        match action {
            ClosingAction::Account { account, check } => self.close_account(*account, *check),
            ClosingAction::Card { card, check } => {
                let (card, held, owner) = self.card(*card)?;
                self.is_owner(owner, *check)?;
                if held.status == CardStatus::Closed {
                    return Err(Code::CardClosed.into());
                }
                let mut facts = vec![Fact::Closing(ClosingFact::Card { card })];
                self.end_sessions_of(card, owner, &mut facts);
                Ok(facts)
            }
        }
    }

    fn is_owner(&self, owner: CustomerId, check: Option<IdentityCheckId>) -> Result<(), Refusal> {
        self.present_customer(Some(owner), check).map(drop)
    }

    /// The counter pays out what is left with its interest; a kiosk has no cash, so nothing may be left.
    fn close_account(
        &self,
        account: Option<AccountNumber>,
        check: Option<IdentityCheckId>,
    ) -> Decision {
        let (number, account) = self.account(account)?;
        self.is_owner(account.customer, check)?;
        if self.is_needed(number, account) {
            return Err(Code::AccountInUse.into());
        }
        let today = Day::of(self.now);
        let interest = interest_on(account.interest.until(today, account.balance));
        let interest = interest.ok_or(Code::BalanceOverflow)?;
        let whole = account.balance.checked_add(interest);
        let whole = whole.ok_or(Code::BalanceOverflow)?;
        let mut facts = vec![Fact::Closing(ClosingFact::Account {
            account: number,
            day: today,
            paid_out: whole,
        })];
        if whole != Fen::ZERO {
            if self.by.channel() != Channel::Counter {
                return Err(Code::BalanceRemaining.into());
            }
            let lines = [
                (BookAccount::Customer(number), Fen(-account.balance.0)),
                (
                    BookAccount::Ledger(LedgerAccount::DepositInterestPayable),
                    Fen(-interest.0),
                ),
                (self.cash()?, whole),
            ];
            let moved: Vec<_> = lines
                .into_iter()
                .filter(|(_, amount)| *amount != Fen::ZERO)
                .collect();
            // The money moves first, while the account still takes postings.
            let closed = facts.pop();
            self.movement(None, &moved, &mut facts)?;
            facts.extend(closed);
        }
        self.end_sessions_of(account.card, account.customer, &mut facts);
        Ok(facts)
    }

    /// Whether something still runs over the account: a loan that was drawn, or, when it is the
    /// customer's last, units of wealth products.
    fn is_needed(&self, number: AccountNumber, account: &Account) -> bool {
        let customer = account.customer;
        let mut loans = self.state.loans_of(customer);
        let owes = loans.any(|(_, loan)| loan.account == number && loan.drawn.is_some());
        let others = self.state.customer(customer).is_some_and(|owner| {
            let mut others = owner.accounts.iter().filter(|other| **other != number);
            others.any(|other| {
                let other = self.state.account(*other);
                other.is_some_and(|other| other.status == AccountStatus::Open)
            })
        });
        owes || (!others && self.state.holdings_of(customer).next().is_some())
    }
}

type Folded = Result<(), &'static str>;

impl State {
    pub(super) fn fold_closing(&mut self, fact: &ClosingFact) -> Folded {
        match fact {
            ClosingFact::Card { card } => self.set_card(*card, CardStatus::Closed),
            ClosingFact::Account { account, day, .. } => {
                let closed = self.accounts.edit(account);
                let closed = closed.ok_or("the account does not exist")?;
                if closed.balance != Fen::ZERO || closed.status == AccountStatus::Closed {
                    return Err("an account is closed that holds something or was closed before");
                }
                let product = closed.interest.until(*day, closed.balance);
                closed.interest = Product::starting(*day);
                closed.status = AccountStatus::Closed;
                let (card, customer) = (closed.card, closed.customer);
                self.credit_product(product);
                self.forget_undrawn_on(*account, customer);
                self.set_card(card, CardStatus::Closed)
            }
        }
    }
}
