//! Defects that a test plants in its bank, to prove that whoever reconciles finds them.
//!
//! Each strikes every fiftieth operation of its kind. Live, the bank goes on as if nothing were wrong;
//! a journal with unbalanced postings in it does not replay, so such a bank does not start again.

use crate::{
    journal::Record,
    options::Plant,
    rules::{Action, Envelope, Fact, Fen, IdempotencyKey, Operation, State},
};

/// Every how many operations a planted defect strikes.
const STRIKES_EVERY: u64 = 50;

/// A defect and how many operations it might have struck so far.
#[derive(Debug, Default)]
pub struct Defect {
    plant: Option<Plant>,
    candidates: u64,
}

impl Defect {
    /// This one, or none.
    pub fn new(plant: Option<Plant>) -> Self {
        Self {
            plant,
            candidates: 0,
        }
    }

    /// The defect, if it strikes this action.
    pub fn strikes(&mut self, action: &Action) -> Option<Plant> {
        let plant = self.plant?;
        let transfer = matches!(
            action.operation(),
            Operation::TransferOwnBank | Operation::TransferOtherBank
        );
        let candidate = match plant {
            Plant::DoublePost | Plant::TornTransfer | Plant::Rounding => transfer,
            Plant::LostAcknowledgement | Plant::Phantom => {
                matches!(action, Action::Deposit { .. })
            }
        };
        self.candidates += u64::from(candidate);
        (candidate && self.candidates.is_multiple_of(STRIKES_EVERY)).then_some(plant)
    }
}

/// Takes from a folded record, and from the state, what the defect loses of its last posting: all of
/// it, or a fen.
pub fn lose(plant: Plant, record: &mut Record, state: &mut State) {
    let facts = record.outcome.iter_mut().flatten();
    let moved = facts.filter_map(|fact| match fact {
        Fact::MoneyMoved { postings, .. } => Some(postings),
        _ => None,
    });
    let Some(postings) = moved.last() else { return };
    let Some(last) = postings.last_mut() else {
        return;
    };
    let account = last.account;
    let gone = match plant {
        Plant::Rounding => Fen(last.amount.0.signum()),
        _ => last.amount,
    };
    last.amount.0 -= gone.0;
    last.balance_after.0 -= gone.0;
    if plant == Plant::TornTransfer {
        postings.pop();
    }
    state.lose(account, gone);
}

/// A request like this one that nobody sent.
pub fn phantom_of(envelope: &Envelope, seq: u64) -> Option<Envelope> {
    Some(Envelope {
        key: IdempotencyKey::parse(&format!("nobody-{seq}"))?,
        ..envelope.clone()
    })
}
