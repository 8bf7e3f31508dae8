//! Operations of the bank as everyone names them, and the stream of them that a
//! simulated day yields and a load generator plays.

mod limits;
mod particulars;
mod stream;
mod words;

pub use limits::{LimitScope, PaymentLimits};
pub use particulars::{Locks, Medium, Particulars};
pub use stream::{OPERATION_COLUMNS, OperationReader, OperationWriter, StreamError};

use crate::names::UnknownName;
use crate::time::{SimTime, Span};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Through what a customer reaches the bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// A window with a teller.
    Counter,
    /// A smart terminal of the branch.
    Kiosk,
    /// A cash machine.
    Atm,
    /// The online bank.
    Online,
    /// The mobile bank.
    Mobile,
    /// The messenger.
    Messenger,
    /// The card network: other banks' cash machines, points of sale, web shops.
    Acquirer,
}

/// What a customer asks of the bank. The same name stands in scenario files,
/// operations CSV, figures, and the bank's journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "the names are the docs; docs/operations.md describes each"
)]
pub enum Operation {
    IdentityCheck,
    RegisterCustomer,
    OpenCard,
    EbankingSignup,
    ReportLoss,
    LiftLoss,
    BalanceQuery,
    HistoryQuery,
    Deposit,
    Withdrawal,
    TransferOwnBank,
    TransferOtherBank,
    LogIn,
    LogOut,
    Alerts,
    BillPayment,
    WealthView,
    Mall,
    CheckIn,
    Appointment,
    LockSetting,
    LimitSetting,
    SocialSecurityQuery,
    LoanApplication,
    SuspiciousQuery,
    WelfareIssue,
    CardWithdrawal,
    PosPurchase,
    CardNotPresentPurchase,
}

/// One operation of the stream, in the order of [`PlannedOperation::at`].
///
/// Sessions arrive openly: a session's first operation starts at `at`. A later
/// one starts `think` after the previous answer of its session arrived.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedOperation {
    /// Scenario time. For a later step of a session: the time it would have if
    /// the bank answered at once.
    pub at: SimTime,
    /// Branch name; `mobile` for traffic of no branch.
    pub branch: String,
    /// Channel it is made on.
    pub channel: Channel,
    /// Customer, unique within the stream.
    pub customer: String,
    /// Session, unique within the stream.
    pub session: u64,
    /// Position in its session, from 0.
    pub step: u32,
    /// Pause after the previous answer of the session, in scenario time; none
    /// for the first step.
    pub think: Option<Span>,
    /// What is asked.
    pub operation: Operation,
    /// Amount in fen, above 0, where the operation moves money.
    pub amount_fen: Option<i64>,
    /// The other customer of a transfer within the bank.
    pub payee: Option<String>,
    /// Codes of business refusals that are an allowed outcome beside success.
    pub allow: Vec<String>,
    /// What else it says, if anything.
    pub particulars: Option<Box<Particulars>>,
}

impl Channel {
    /// Every channel, in order.
    pub const ALL: [Self; 7] = [
        Self::Counter,
        Self::Kiosk,
        Self::Atm,
        Self::Online,
        Self::Mobile,
        Self::Messenger,
        Self::Acquirer,
    ];

    /// As formats write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Kiosk => "kiosk",
            Self::Atm => "atm",
            Self::Online => "online",
            Self::Mobile => "mobile",
            Self::Messenger => "messenger",
            Self::Acquirer => "acquirer",
        }
    }

    /// The names of all, in order.
    pub fn names() -> Vec<&'static str> {
        Self::ALL.into_iter().map(Self::name).collect()
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for Channel {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let found = Self::ALL.into_iter().find(|known| known.name() == text);
        found.ok_or_else(|| UnknownName::new("channel", text, &Self::names()))
    }
}

impl Operation {
    /// Every operation, in order.
    pub const ALL: [Self; 29] = [
        Self::IdentityCheck,
        Self::RegisterCustomer,
        Self::OpenCard,
        Self::EbankingSignup,
        Self::ReportLoss,
        Self::LiftLoss,
        Self::BalanceQuery,
        Self::HistoryQuery,
        Self::Deposit,
        Self::Withdrawal,
        Self::TransferOwnBank,
        Self::TransferOtherBank,
        Self::LogIn,
        Self::LogOut,
        Self::Alerts,
        Self::BillPayment,
        Self::WealthView,
        Self::Mall,
        Self::CheckIn,
        Self::Appointment,
        Self::LockSetting,
        Self::LimitSetting,
        Self::SocialSecurityQuery,
        Self::LoanApplication,
        Self::SuspiciousQuery,
        Self::WelfareIssue,
        Self::CardWithdrawal,
        Self::PosPurchase,
        Self::CardNotPresentPurchase,
    ];

    /// As formats write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::IdentityCheck => "identity_check",
            Self::RegisterCustomer => "register_customer",
            Self::OpenCard => "open_card",
            Self::EbankingSignup => "ebanking_signup",
            Self::ReportLoss => "report_loss",
            Self::LiftLoss => "lift_loss",
            Self::BalanceQuery => "balance_query",
            Self::HistoryQuery => "history_query",
            Self::Deposit => "deposit",
            Self::Withdrawal => "withdrawal",
            Self::TransferOwnBank => "transfer_own_bank",
            Self::TransferOtherBank => "transfer_other_bank",
            Self::LogIn => "log_in",
            Self::LogOut => "log_out",
            Self::Alerts => "alerts",
            Self::BillPayment => "bill_payment",
            Self::WealthView => "wealth_view",
            Self::Mall => "mall",
            Self::CheckIn => "check_in",
            Self::Appointment => "appointment",
            Self::LockSetting => "lock_setting",
            Self::LimitSetting => "limit_setting",
            Self::SocialSecurityQuery => "social_security_query",
            Self::LoanApplication => "loan_application",
            Self::SuspiciousQuery => "suspicious_query",
            Self::WelfareIssue => "welfare_issue",
            Self::CardWithdrawal => "card_withdrawal",
            Self::PosPurchase => "pos_purchase",
            Self::CardNotPresentPurchase => "card_not_present_purchase",
        }
    }

    /// The names of all, in order.
    pub fn names() -> Vec<&'static str> {
        Self::ALL.into_iter().map(Self::name).collect()
    }

    /// Whether the bank of this version can do it; the others are named in the
    /// formats so that files written today keep their meaning.
    pub const fn is_offered(self) -> bool {
        // Vouchers are issued by campaigns, in neither a mix nor a journey.
        !matches!(self, Self::WelfareIssue) && !self.is_of_card_network()
    }

    /// Whether it comes through the card network, from the machines and shops of others: in a
    /// recorded log, in neither a mix nor a journey.
    pub const fn is_of_card_network(self) -> bool {
        matches!(
            self,
            Self::CardWithdrawal | Self::PosPurchase | Self::CardNotPresentPurchase
        )
    }

    /// Whether nobody does it at a branch, where a journey may log in and out.
    pub const fn is_of_phones(self) -> bool {
        self.is_of_sessions() && !matches!(self, Self::LogIn | Self::LogOut)
    }

    /// Whether customers do it through sessions of their own only, never at a branch.
    pub const fn is_of_sessions(self) -> bool {
        matches!(
            self,
            Self::LogIn
                | Self::LogOut
                | Self::Alerts
                | Self::Mall
                | Self::CheckIn
                | Self::Appointment
                | Self::LockSetting
                | Self::LimitSetting
                | Self::SocialSecurityQuery
                | Self::SuspiciousQuery
        )
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for Operation {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let found = Self::ALL.into_iter().find(|known| known.name() == text);
        found.ok_or_else(|| UnknownName::new("operation", text, &Self::names()))
    }
}
