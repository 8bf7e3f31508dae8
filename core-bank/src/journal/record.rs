//! One record: a decided command, and what came of it.

use serde::{Deserialize, Serialize};

use crate::rules::{
    AccountNumber, Action, Answer, BookAccount, BusinessTime, Command, Day, Fact, Fingerprint,
    IdempotencyKey, KeyDigest, Misfit, Original, Party, Posting, Refusal, State, WelfareCommand,
};

/// The version of records that this code writes, and the first byte of each. Readers refuse versions
/// they do not know.
pub const RECORD_VERSION: u8 = 2;

/// A decided command with the facts it yielded or the refusal it met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The version of this layout.
    pub v: u8,
    /// Its number; records count from 1 without a gap.
    pub seq: u64,
    /// When it was decided, in business time.
    pub at: BusinessTime,
    /// The client's name for the request.
    pub key: IdempotencyKey,
    /// What the request said, in short.
    pub fingerprint: Fingerprint,
    /// Who wanted what.
    pub command: Command,
    /// The facts, or why there are none.
    pub outcome: Result<Vec<Fact>, Refusal>,
}

/// The beginning of a record: who asked, when, under which key. It reads without the rest, and
/// without an allocation.
#[derive(Deserialize)]
pub(crate) struct RecordHead<'a> {
    /// The version, which was looked at before.
    _v: u8,
    pub seq: u64,
    pub at: BusinessTime,
    #[serde(borrow)]
    key: &'a str,
    pub fingerprint: Fingerprint,
    by: Party,
}

impl RecordHead<'_> {
    /// The digest of the request's key.
    pub fn key(&self) -> KeyDigest {
        KeyDigest::of_text(self.by, self.key)
    }
}

/// What follows a [`RecordHead`]: what was wanted, and what came of it.
pub(crate) type RecordRest = (Action, Result<Vec<Fact>, Refusal>);

impl Record {
    /// Folds this record: the state after it, and what it answers.
    pub fn fold_into(&self, state: &mut State) -> Result<Result<Answer, Refusal>, Misfit> {
        let key = KeyDigest::of(self.command.by, &self.key);
        self.fold_under(key, state)
    }

    /// The same for whoever has made the digest of the key already.
    pub(crate) fn fold_under(
        &self,
        key: KeyDigest,
        state: &mut State,
    ) -> Result<Result<Answer, Refusal>, Misfit> {
        state.record_under(key, self.seq, self.at, self.fingerprint, &self.outcome)
    }
}

impl Record {
    /// What it answered: also facts may tell of a refusal.
    pub fn answer(&self) -> Result<Answer, Refusal> {
        match &self.outcome {
            Ok(facts) => Answer::of(facts),
            Err(refusal) => Err(*refusal),
        }
    }

    /// What it posted, in the order of its facts.
    pub fn postings(&self) -> impl Iterator<Item = &Posting> {
        let facts = self.outcome.iter().flatten();
        let moved = facts.filter_map(|fact| match fact {
            Fact::MoneyMoved { postings, .. } => Some(postings),
            _ => None,
        });
        moved.flatten()
    }

    /// The payment that it is, when it is one that could go back: an order from one to another.
    pub fn original(&self) -> Option<Original> {
        let payment = matches!(
            self.command.action,
            Action::TransferOwnBank { .. }
                | Action::TransferOtherBank { .. }
                | Action::AuthorisedTransfer { .. }
                | Action::PayBill { .. }
                | Action::CardUse { .. }
                | Action::Welfare(WelfareCommand::Buy { .. })
        );
        let (from, to) = self.movement().filter(|_| payment)?;
        let mut facts = self.outcome.iter().flatten();
        let used = facts.find_map(|fact| match fact {
            Fact::AllowanceUsed {
                customer, scope, ..
            } => Some((*customer, *scope)),
            _ => None,
        });
        Some(Original {
            seq: self.seq,
            from,
            to,
            amount: self.command.action.amount()?,
            day: Day::of(self.at),
            used,
        })
    }

    /// Which customer paid, and where the money went.
    fn movement(&self) -> Option<(AccountNumber, BookAccount)> {
        let mut facts = self.outcome.iter().flatten();
        facts.find_map(|fact| match fact {
            Fact::MoneyMoved { postings, .. } => match &postings[..] {
                [paying, paid] => match paying.account {
                    BookAccount::Customer(from) => Some((from, paid.account)),
                    BookAccount::Ledger(_) => None,
                },
                _ => None,
            },
            _ => None,
        })
    }

    /// Whether this record moved money.
    pub fn moves_money(&self) -> bool {
        self.outcome
            .iter()
            .flatten()
            .any(|fact| matches!(fact, Fact::MoneyMoved { .. }))
    }
}
