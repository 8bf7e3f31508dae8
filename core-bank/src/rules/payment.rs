//! A payment: from where, to whom, how much, and what proves that its customer wants it.

use serde::{Deserialize, Serialize};

use super::{
    bills::Bill,
    command::Action,
    ids::{AccountNumber, AuthorisationId, ShieldKey, TokenNonce},
    mall::{MallCommand, MallWish},
    media::Medium,
    money::Amount,
    operation::Operation,
    resident::Phone,
    welfare::{WelfareCommand, WelfareWish},
};

/// To whom a payment goes, and what for. In journals by position, so further variants come last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payee {
    /// To an account of this bank.
    Here(Option<AccountNumber>),
    /// To another bank, which alone knows whether the account exists.
    Elsewhere {
        /// The account there.
        account: String,
        /// The other bank's code.
        bank: String,
    },
    /// To somebody who sent a bill.
    Biller(Bill),
    /// To the merchants of the mall, for goods.
    Mall(MallWish),
    /// For a batch of welfare vouchers.
    Welfare(WelfareWish),
}

impl Payee {
    /// What paying it is called.
    pub(super) fn operation(&self) -> Operation {
        match self {
            Self::Here(_) => Operation::TransferOwnBank,
            Self::Elsewhere { .. } => Operation::TransferOtherBank,
            Self::Biller(_) => Operation::BillPayment,
            Self::Mall(_) => Operation::Mall,
            Self::Welfare(_) => Operation::WelfarePurchase,
        }
    }
}

impl std::fmt::Display for Payee {
    /// As the audit names it; empty for an account here that cannot be.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Here(Some(to)) => to.fmt(f),
            Self::Here(None) => Ok(()),
            Self::Elsewhere { account, .. } => f.write_str(account),
            Self::Biller(bill) => write!(f, "{}/{}", bill.biller, bill.reference),
            Self::Mall(wish) => wish.goods.map_or(Ok(()), |goods| goods.fmt(f)),
            Self::Welfare(wish) => write!(f, "{} vouchers", wish.count),
        }
    }
}

/// One payment: from where, to whom, how much.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// From this account.
    pub from: Option<AccountNumber>,
    /// To whom.
    pub payee: Payee,
    /// How much.
    pub amount: Amount,
}

impl Order {
    /// The same payment, ordered where no medium is asked for.
    pub fn without_proof(&self) -> Action {
        let (from, amount) = (self.from, self.amount);
        match &self.payee {
            Payee::Here(to) => Action::TransferOwnBank {
                from,
                to: *to,
                amount,
            },
            Payee::Elsewhere { account, bank } => Action::TransferOtherBank {
                from,
                to: account.clone(),
                bank: bank.clone(),
                amount,
            },
            Payee::Biller(bill) => Action::PayBill {
                from,
                bill: bill.clone(),
                amount,
            },
            Payee::Mall(_) => Action::Mall(MallCommand::Order {
                order: self.clone(),
            }),
            Payee::Welfare(_) => Action::Welfare(WelfareCommand::Buy {
                order: self.clone(),
            }),
        }
    }
}

/// What a customer wants to authorise a payment with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediumWish {
    /// A code by SMS, for who knows the phone and the last six digits of the account.
    Sms {
        /// The phone that was named.
        phone: Phone,
        /// The six digits that were named.
        tail: u32,
    },
    /// The device of this serial number.
    Device(TokenNonce),
    /// The U-shield of this public key.
    Shield(ShieldKey),
}

/// What was shown for a payment, and what the check before the queue found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// A code from a message.
    Sms {
        /// Whether it is the one that was sent for this very payment.
        right: bool,
    },
    /// A code from a device.
    Device {
        /// The device.
        serial: TokenNonce,
        /// The time step for which it is right, if there is one.
        step: Option<u64>,
    },
    /// A signature.
    Shield {
        /// The public key.
        key: ShieldKey,
        /// Whether it signed this very payment.
        right: bool,
    },
}

impl Proof {
    /// The medium that it is of.
    pub fn medium(&self) -> Medium {
        match self {
            Self::Sms { .. } => Medium::Sms,
            Self::Device { .. } => Medium::Device,
            Self::Shield { .. } => Medium::Shield,
        }
    }
}

/// An authorisation as a payment shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Which one.
    pub id: Option<AuthorisationId>,
    /// What proves it.
    pub proof: Proof,
}
