//! The chart of accounts: a few accounts of the bank itself beside its customers' deposits.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::ids::AccountNumber;

/// What an account of the bank's own books is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LedgerKind {
    /// The bank owns it; its balance is usually a debit, thus negative.
    Asset,
    /// The bank owes it; its balance is usually a credit, thus positive.
    Liability,
}

impl LedgerKind {
    /// The name in the trial balance.
    pub fn name(self) -> &'static str {
        match self {
            Self::Asset => "asset",
            Self::Liability => "liability",
        }
    }
}

/// An account of the bank itself. Customers' deposits are not here: each has its own account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum LedgerAccount {
    /// Cash at the counters.
    CashCounter,
    /// Cash in the cash machines.
    CashAtm,
    /// What this bank and the other banks owe each other, settled outside of it.
    Nostro,
    /// What the card network and this bank owe each other, settled outside of it.
    CardNetwork,
}

impl LedgerAccount {
    /// The whole chart, in the order of the trial balance.
    pub const ALL: [Self; 4] = [
        Self::CashCounter,
        Self::CashAtm,
        Self::Nostro,
        Self::CardNetwork,
    ];

    /// The name in postings and in the trial balance.
    pub fn name(self) -> &'static str {
        match self {
            Self::CashCounter => "cash_counter",
            Self::CashAtm => "cash_atm",
            Self::Nostro => "nostro",
            Self::CardNetwork => "card_network",
        }
    }

    /// The number in the journal: never given to another account.
    fn journal_number(self) -> u64 {
        match self {
            Self::CashCounter => 1,
            Self::CashAtm => 2,
            Self::Nostro => 3,
            Self::CardNetwork => 4,
        }
    }

    /// What the account is.
    pub fn kind(self) -> LedgerKind {
        LedgerKind::Asset
    }
}

/// Either side of a posting: an account of the bank or of a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BookAccount {
    /// An account of the bank.
    Ledger(LedgerAccount),
    /// An account of a customer.
    Customer(AccountNumber),
}

impl BookAccount {
    fn parse(text: &str) -> Option<Self> {
        let ledger = LedgerAccount::ALL
            .into_iter()
            .find(|account| account.name() == text);
        ledger
            .map(Self::Ledger)
            .or_else(|| AccountNumber::parse(text).map(Self::Customer))
    }
}

impl BookAccount {
    fn of_journal_number(number: u64) -> Option<Self> {
        let ledger = LedgerAccount::ALL
            .into_iter()
            .find(|account| account.journal_number() == number);
        ledger
            .map(Self::Ledger)
            .or_else(|| AccountNumber::of_content(number).map(Self::Customer))
    }
}

impl fmt::Display for BookAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ledger(account) => f.write_str(account.name()),
            Self::Customer(number) => number.fmt(f),
        }
    }
}

/// The name for people. For the journal a number: a customer's account is its digits, which are far
/// above those of the bank's own accounts.
impl Serialize for BookAccount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            _ if serializer.is_human_readable() => serializer.collect_str(self),
            Self::Ledger(account) => serializer.serialize_u64(account.journal_number()),
            Self::Customer(number) => serializer.serialize_u64(number.digits()),
        }
    }
}

impl<'de> Deserialize<'de> for BookAccount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let found = if deserializer.is_human_readable() {
            Self::parse(&std::borrow::Cow::<'de, str>::deserialize(deserializer)?)
        } else {
            Self::of_journal_number(u64::deserialize(deserializer)?)
        };
        found.ok_or_else(|| D::Error::custom("not an account of the books"))
    }
}
