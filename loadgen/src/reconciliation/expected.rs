//! What the journal of a run expects to find in the bank's books under each key.

use crate::audit::Record;
use crate::bank_api::{ACCEPTED, recorded_as};
use crate::fate::{Effect, Outcome};
use crate::journal::JournalRow;
use crate::money::{self, VOUCHER_FEN, yuan};
use crate::script::operation_name;
use scenarios::operation::{Channel, Operation};

/// Vouchers that the bank issues in one decision.
const VOUCHERS_A_PART: i128 = 50;

/// What the journal expects of one key.
pub struct Expected {
    /// Position in the journal, so that the first examples are told.
    pub place: u64,
    pub operation: Operation,
    pub channel: Channel,
    pub account: Option<String>,
    pub to: Option<String>,
    pub amount: Option<i128>,
    pub outcome: Outcome,
    pub effect: Effect,
    pub seq: Option<u64>,
    /// Applied records found.
    pub found: Vec<u64>,
    pub different: Option<String>,
    accepted: bool,
}

impl Expected {
    pub fn read(row: JournalRow, place: u64) -> Self {
        Self {
            place,
            operation: row.operation,
            channel: row.channel,
            amount: row.amount.as_deref().and_then(money::fen),
            account: row.account,
            to: row.to,
            outcome: row.outcome,
            effect: row.effect,
            seq: row.seq,
            found: Vec::new(),
            different: None,
            accepted: row.why.as_deref() == Some(ACCEPTED),
        }
    }

    /// What is expected of the parts in which the bank issues vouchers: it decides fifty at a time,
    /// the first under the request's key and each other under one of its own. Parts before one that was refused stand.
    pub fn parts(row: &JournalRow, place: u64) -> Vec<(String, Self)> {
        let fen = row.amount.as_deref().and_then(money::fen).unwrap_or(0);
        let count = fen / i128::from(VOUCHER_FEN);
        let digest = blake3::hash(row.key.as_bytes()).to_hex();
        let parts = 0..(count + VOUCHERS_A_PART - 1) / VOUCHERS_A_PART;
        let effect = match row.effect {
            Effect::None if row.outcome != Outcome::NotSent => Effect::Unknown,
            effect => effect,
        };
        parts
            .map(|part| {
                let row = JournalRow {
                    amount: None,
                    account: None,
                    seq: None,
                    effect,
                    ..row.clone()
                };
                let key = match part {
                    0 => row.key.clone(),
                    _ => format!("{}/{part}", &digest.as_str()[..32]),
                };
                (key, Self::read(row, place))
            })
            .collect()
    }

    /// It was acknowledged, and that was wrong: the plan says that it must be refused.
    pub fn is_accepted_wrongly(&self) -> bool {
        self.effect == Effect::Applied && self.accepted
    }

    /// In words: `deposit of 12.34 to 62…`.
    pub fn words(&self) -> String {
        let operation = operation_name(self.operation);
        describe(
            &operation,
            self.amount,
            self.account.as_deref(),
            self.to.as_deref(),
        )
    }

    /// What is different in the record, if anything. Whether the postings of a record that does not
    /// balance are those that were asked for is no question any more.
    pub fn differs(&self, record: &Record, postings: &[(&str, i128)]) -> Option<String> {
        if record.operation != recorded_as(self.operation, self.channel) {
            return Some(format!("it is recorded as {}", record.operation));
        }
        if let Some(seq) = self.seq.filter(|seq| *seq != record.seq) {
            // A second record of the key is told as doubled, not as different.
            let first = self.found.is_empty();
            return first.then(|| {
                format!(
                    "it was acknowledged as record {seq} and is record {}",
                    record.seq
                )
            });
        }
        let account = self.account.as_ref()?;
        let amount = record.amount.as_deref().and_then(money::fen);
        if amount != self.amount || record.account.as_ref() != Some(account) || record.to != self.to
        {
            let found = describe(
                &record.operation,
                amount,
                record.account.as_deref(),
                record.to.as_deref(),
            );
            return Some(format!("it is recorded as {found}"));
        }
        let balances = postings.iter().map(|(_, fen)| fen).sum::<i128>() == 0;
        balances
            .then(|| self.differs_in_postings(account, postings))
            .flatten()
    }

    fn differs_in_postings(&self, account: &str, postings: &[(&str, i128)]) -> Option<String> {
        let amount = self.amount.unwrap_or(0);
        let (own, payee) = match self.operation {
            Operation::Deposit => (amount, None),
            Operation::TransferOwnBank => (-amount, self.to.as_deref()),
            // A loan moves money when it is drawn.
            Operation::LoanApplication => (0, None),
            _ => (-amount, None),
        };
        let moved = |name: &str| -> i128 {
            let lines = postings.iter().filter(|(account, _)| *account == name);
            lines.map(|(_, fen)| fen).sum()
        };
        let expected = std::iter::once((account, own)).chain(payee.map(|payee| (payee, amount)));
        for (name, fen) in expected {
            if moved(name) != fen {
                return Some(format!(
                    "its postings move {} on {name} instead of {}",
                    yuan(moved(name)),
                    yuan(fen)
                ));
            }
        }
        None
    }
}

/// An operation in words: `deposit of 12.34 on account 62…`.
pub fn describe(
    operation: &str,
    amount: Option<i128>,
    account: Option<&str>,
    to: Option<&str>,
) -> String {
    let amount = amount.map_or(String::new(), |amount| format!(" of {}", yuan(amount)));
    let accounts = match (account, to) {
        (Some(account), Some(to)) => format!(" from {account} to {to}"),
        (Some(account), None) => format!(" on account {account}"),
        (None, _) => String::new(),
    };
    format!("{operation}{amount}{accounts}")
}
