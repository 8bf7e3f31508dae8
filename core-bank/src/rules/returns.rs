//! Money that goes back: reversals of transfers and refunds of payments, proposed by the operator and
//! approved by a second person, the reviewer.
//!
//! The state holds no history, so the proposal carries what the journal's record says, which never
//! changes; what the state adds is how much of it went back already.

use serde::{Deserialize, Serialize};

use super::{
    calendar::Day,
    decide::{Decision, Desk},
    fact::Fact,
    ids::{AccountNumber, CustomerId, ReturnId},
    ledger::{BookAccount, LedgerAccount},
    media::Scope,
    money::{Amount, Fen},
    operation::Operation,
    refusal::RefusalCode as Code,
    state::State,
    welfare::WelfareFact,
};

/// Which way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReturnKind {
    /// A transfer that should not have been: all of it, from the payee or from the other bank.
    Reversal,
    /// A payment to a biller, a shop or another bank: all of it or a part, from who got it. Of a batch
    /// of vouchers what nobody has been issued.
    Refund,
}

/// A payment as its record tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Original {
    /// The record.
    pub seq: u64,
    /// Who paid.
    pub from: AccountNumber,
    /// Where the money went.
    pub to: BookAccount,
    /// How much.
    pub amount: Amount,
    /// When, as a calendar day in Shanghai.
    pub day: Day,
    /// Whose limit it used up, when it did.
    pub used: Option<(CustomerId, Scope)>,
}

/// What is wanted of a return.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReturnAction {
    /// Propose it.
    Propose {
        /// The payment; `None` when the record is none.
        original: Option<Original>,
        /// Which way back.
        kind: ReturnKind,
        /// How much; all that is left when it is not said.
        amount: Option<Amount>,
        /// Whether the limit is to be had again, if it is still the same day.
        restore_limit: bool,
        /// Why, for the audit.
        reason: String,
    },
    /// Approve it, and with that do it.
    Approve {
        /// Which.
        id: Option<ReturnId>,
    },
    /// Turn it down.
    Reject {
        /// Which.
        id: Option<ReturnId>,
    },
}

impl ReturnAction {
    /// The operation by its shared name.
    pub fn operation(&self) -> Operation {
        match self {
            Self::Propose { .. } => Operation::ReturnProposal,
            Self::Approve { .. } => Operation::ReturnApproval,
            Self::Reject { .. } => Operation::ReturnRejection,
        }
    }
}

/// A return that waits for the second person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// The payment.
    pub original: Original,
    /// Which way back.
    pub kind: ReturnKind,
    /// How much.
    pub amount: Amount,
    /// Whether the limit is to be had again, if it is still the same day.
    pub restore_limit: bool,
}

/// What happened to a return.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReturnFact {
    /// It waits.
    Proposed {
        /// Which.
        id: ReturnId,
        /// What is proposed.
        proposal: Proposal,
    },
    /// It was done.
    Approved {
        /// Which.
        id: ReturnId,
    },
    /// It was turned down.
    Rejected {
        /// Which.
        id: ReturnId,
    },
    /// A limit has room again.
    AllowanceRestored {
        /// Whose.
        customer: CustomerId,
        /// Of what.
        scope: Scope,
        /// The calendar day in Shanghai.
        day: Day,
        /// So much.
        amount: Fen,
    },
}

impl Desk<'_> {
    pub(super) fn returns(&self, action: &ReturnAction) -> Decision {
        match action {
            ReturnAction::Propose {
                original,
                kind,
                amount,
                restore_limit,
                ..
            } => self.propose(original.as_ref(), *kind, *amount, *restore_limit),
            ReturnAction::Approve { id } => self.approve(*id),
            ReturnAction::Reject { id } => {
                let (id, _) = self.proposal(*id)?;
                Ok(vec![Fact::Returns(ReturnFact::Rejected { id })])
            }
        }
    }

    fn propose(
        &self,
        original: Option<&Original>,
        kind: ReturnKind,
        amount: Option<Amount>,
        restore_limit: bool,
    ) -> Decision {
        let original = *original.ok_or(Code::PaymentNotFound)?;
        may_go_back(&original)?;
        if let (true, ReturnKind::Refund, Some(amount)) = (vouchers(&original), kind, amount) {
            self.unissued(original.seq, amount)?;
        }
        let left = self.left_of(&original)?;
        let within = matches!(original.to, BookAccount::Customer(_));
        let transfer =
            within || matches!(original.to, BookAccount::Ledger(LedgerAccount::Settlement));
        let right = match kind {
            ReturnKind::Reversal => transfer && amount.is_none() && left == original.amount,
            ReturnKind::Refund => !within,
        };
        if !right {
            return Err(Code::ReturnKindWrong.into());
        }
        let amount = match (amount, vouchers(&original)) {
            (Some(amount), _) => amount,
            (None, false) => left,
            (None, true) => self.worth_unissued(original.seq)?,
        };
        if amount > left {
            return Err(Code::ReturnTooLarge.into());
        }
        let id = ReturnId::of_seq(self.state.next_seq());
        let proposal = Proposal {
            original,
            kind,
            amount,
            restore_limit,
        };
        Ok(vec![Fact::Returns(ReturnFact::Proposed { id, proposal })])
    }

    /// What of a payment has not gone back.
    fn left_of(&self, original: &Original) -> Result<Amount, Code> {
        let gone = self.state.returned(original.seq);
        let left = Fen(original.amount.fen().0 - gone.0);
        Amount::try_from(left).map_err(|_| Code::ReturnTooLarge)
    }

    fn proposal(&self, id: Option<ReturnId>) -> Result<(ReturnId, Proposal), Code> {
        let found = id.and_then(|id| Some((id, *self.state.proposals.get(&id)?)));
        found.ok_or(Code::ReturnNotFound)
    }

    fn approve(&self, id: Option<ReturnId>) -> Decision {
        let (id, proposal) = self.proposal(id)?;
        let original = proposal.original;
        // It may have been proposed by rules that saw no more than money in it.
        may_go_back(&original)?;
        // Another return of the same payment may have been approved meanwhile.
        if proposal.amount > self.left_of(&original)? {
            return Err(Code::ReturnTooLarge.into());
        }
        let mut facts = vec![Fact::Returns(ReturnFact::Approved { id })];
        if vouchers(&original) {
            // More may have been issued meanwhile.
            let (batch, count) = self.unissued(original.seq, proposal.amount)?;
            facts.push(Fact::Welfare(WelfareFact::Returned { batch, count }));
        }
        let (payer, _) = self.any_account(Some(original.from))?;
        let source = match original.to {
            BookAccount::Customer(number) => {
                let (_, account) = self.any_account(Some(number))?;
                if account.balance < proposal.amount.fen() {
                    return Err(Code::InsufficientFunds.into());
                }
                original.to
            }
            // What was passed on comes back from there.
            BookAccount::Ledger(LedgerAccount::Settlement | LedgerAccount::BillsPayable)
                if self.state.is_settled(original.seq) =>
            {
                BookAccount::Ledger(LedgerAccount::Nostro)
            }
            BookAccount::Ledger(_) => original.to,
        };
        let lines = [
            (source, proposal.amount.outgoing()),
            (BookAccount::Customer(payer), proposal.amount.fen()),
        ];
        self.movement(None, &lines, &mut facts)?;
        let today = Day::of(self.now);
        if let (true, Some((customer, scope))) = (
            proposal.restore_limit && today == original.day,
            original.used,
        ) {
            facts.push(Fact::Returns(ReturnFact::AllowanceRestored {
                customer,
                scope,
                day: today,
                amount: proposal.amount.fen(),
            }));
        }
        Ok(facts)
    }
}

/// An order is not undone by its money alone: it is sent, earned points and used some up. It is
/// cancelled, see [`super::cancellation`].
fn may_go_back(original: &Original) -> Result<(), Code> {
    match original.to {
        BookAccount::Customer(_)
        | BookAccount::Ledger(
            LedgerAccount::Settlement
            | LedgerAccount::BillsPayable
            | LedgerAccount::CardNetwork
            | LedgerAccount::WelfareVouchers,
        ) => Ok(()),
        BookAccount::Ledger(_) => Err(Code::PaymentNotFound),
    }
}

/// Whether the payment bought a batch of vouchers: of these whole ones go back, and only those that
/// nobody has been issued, since the others are somebody's.
fn vouchers(original: &Original) -> bool {
    original.to == BookAccount::Ledger(LedgerAccount::WelfareVouchers)
}

type Folded = Result<(), &'static str>;

impl State {
    /// How much of the payment of a record has gone back.
    pub fn returned(&self, seq: u64) -> Fen {
        self.returned.get(&seq).copied().unwrap_or_default()
    }

    /// Returns that wait for the second person, those after `last` or all of them.
    pub fn proposals_after(
        &self,
        last: Option<ReturnId>,
    ) -> impl Iterator<Item = (&ReturnId, &Proposal)> {
        self.proposals.after(last)
    }

    pub(super) fn fold_returns(&mut self, fact: &ReturnFact) -> Folded {
        match fact {
            ReturnFact::Proposed { id, proposal } => {
                self.proposals.put(*id, *proposal);
                Ok(())
            }
            ReturnFact::Approved { id } => {
                let proposal = self.proposals.get(id);
                let proposal = *proposal.ok_or("the return does not wait")?;
                self.take_off_its_way(&proposal.original, proposal.amount.fen())?;
                let seq = proposal.original.seq;
                let gone = self.returned(seq).checked_add(proposal.amount.fen());
                let gone = gone.filter(|gone| *gone <= proposal.original.amount.fen());
                self.returned
                    .put(seq, gone.ok_or("more goes back than was paid")?);
                self.proposals.remove(id);
                Ok(())
            }
            ReturnFact::Rejected { id } => {
                self.proposals.remove(id);
                Ok(())
            }
            ReturnFact::AllowanceRestored {
                customer,
                scope,
                day,
                amount,
            } => self.restore_allowance(*customer, *scope, *day, *amount),
        }
    }
}
