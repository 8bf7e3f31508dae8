//! Uses of a card: at this bank's cash machines and through the card network, past its locks.

use super::{
    calendar::Day,
    decide::{Decision, Desk},
    fact::Fact,
    ids::{AccountNumber, CardId, CustomerId},
    ledger::{BookAccount, LedgerAccount},
    locks::{CardEntry, CardLocks, Place},
    money::Amount,
    operation::Channel,
    refusal::RefusalCode as Code,
    rows::CardStatus,
};

impl Desk<'_> {
    /// Cash paid out by this bank: a teller knows the customer, so locks guard machines only.
    pub(super) fn withdraw(
        &self,
        account: Option<AccountNumber>,
        amount: Amount,
        place: Place,
    ) -> Decision {
        let (number, account) = self.account(account)?;
        let card = self.state.card(account.card).map(|card| card.status);
        if card == Some(CardStatus::Lost) {
            return Ok(refused(Code::CardLost, account.customer));
        }
        if self.by.channel() == Channel::Atm {
            if card == Some(CardStatus::Closed) {
                return Ok(refused(Code::CardClosed, account.customer));
            }
            // Whoever has the card and its PIN comes no further with it by naming another account.
            let shown = self.card_shown(account.customer);
            for card in [Some(account.card), shown].into_iter().flatten() {
                let allowed = self
                    .state
                    .locks_allow(card, CardEntry::Atm, place, amount, self.now);
                if let Err(code) = allowed {
                    return Ok(refused(code, account.customer));
                }
            }
        }
        if account.balance < amount.fen() {
            return Err(Code::InsufficientFunds.into());
        }
        let customer = BookAccount::Customer(number);
        self.move_money(
            None,
            &[(customer, amount.outgoing()), (self.cash()?, amount.fen())],
        )
    }

    /// A use of the card through the card network: lost or not, the locks, the funds.
    pub(super) fn use_card(
        &self,
        card: Option<CardId>,
        entry: CardEntry,
        amount: Amount,
        place: Place,
    ) -> Decision {
        let (id, card, owner) = self.card(card)?;
        match card.status {
            CardStatus::Lost => return Ok(refused(Code::CardLost, owner)),
            CardStatus::Closed => return Ok(refused(Code::CardClosed, owner)),
            CardStatus::Active => {}
        }
        let allowed = self.state.locks_allow(id, entry, place, amount, self.now);
        if let Err(code) = allowed {
            return Ok(refused(code, owner));
        }
        let customer = BookAccount::Customer(card.account);
        let balance = self.state.balance(customer).ok_or(Code::AccountNotFound)?;
        if balance < amount.fen() {
            return Err(Code::InsufficientFunds.into());
        }
        let network = BookAccount::Ledger(LedgerAccount::CardNetwork);
        let lines = [(customer, amount.outgoing()), (network, amount.fen())];
        let mut facts = self.move_money(None, &lines)?;
        if entry == CardEntry::Pos {
            let total = self.state.pos_today(id, self.now);
            facts.push(Fact::PosBought {
                card: id,
                day: Day::of(self.now),
                total: total
                    .checked_add(amount.fen())
                    .ok_or(Code::BalanceOverflow)?,
            });
        }
        Ok(facts)
    }

    pub(super) fn set_locks(&self, card: Option<CardId>, locks: &CardLocks) -> Decision {
        let (card, _, _) = self.card(card)?;
        Ok(vec![Fact::LocksSet {
            card,
            locks: locks.clone(),
        }])
    }
}

/// A refusal that the customer will find among the suspicious events.
pub(super) fn refused(code: Code, customer: CustomerId) -> Vec<Fact> {
    vec![Fact::Refused { code, customer }]
}
