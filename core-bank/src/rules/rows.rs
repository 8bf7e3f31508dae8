//! What the state holds of each account, card, customer and identity check.

use serde::{Deserialize, Serialize};

use super::{
    few::Few,
    ids::{AccountNumber, CardId, CustomerId, TokenDigest},
    interest,
    money::Fen,
    resident::{Phone, ResidentId},
    session::Profile,
    time::BusinessTime,
};

/// A customer's current account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The owner.
    pub customer: CustomerId,
    /// The debit card on it.
    pub card: CardId,
    /// What it holds; never negative.
    pub balance: Fen,
    /// Whether the owner is told of every change.
    pub alerts: bool,
    /// Whether it takes postings.
    pub status: AccountStatus,
    /// What it has added up since interest was last credited.
    pub interest: interest::Product,
}

/// Whether an account takes postings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccountStatus {
    /// It does.
    Open,
    /// It was closed, for good.
    Closed,
}

/// Whether a card may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CardStatus {
    /// It may.
    Active,
    /// It was reported lost.
    Lost,
    /// It was closed, for good.
    Closed,
}

impl CardStatus {
    /// The name in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Lost => "lost",
            Self::Closed => "closed",
        }
    }
}

/// A debit card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// The account it draws on.
    pub account: AccountNumber,
    /// Whether it may be used.
    pub status: CardStatus,
}

/// A customer. The name stays in the journal: no rule asks for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// The number of the document that identified the customer.
    pub resident: ResidentId,
    /// How the customer logs in and what of is told.
    pub profile: Profile,
    /// Where codes are sent.
    pub phone: Phone,
    /// The accounts in order of opening.
    pub accounts: Few<AccountNumber>,
    /// The digests of the devices that may log in, oldest first.
    pub devices: Few<TokenDigest>,
    /// The sessions that are open, oldest first.
    pub sessions: Few<TokenDigest>,
}

/// A check of somebody's document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityCheck {
    /// The number on the document.
    pub resident: ResidentId,
    /// When it was checked.
    pub at: BusinessTime,
}
