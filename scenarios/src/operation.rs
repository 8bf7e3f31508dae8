//! Operations of the bank as everyone names them, and the stream of them that a
//! simulated day yields and a load generator plays.

use crate::time::{SimTime, Span};
use serde::{Deserialize, Serialize};

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
    // Named in the formats, not offered by the bank yet:
    Alerts,
    BillPayment,
    WealthView,
    Mall,
    CheckIn,
    Appointment,
    LockSetting,
    SocialSecurityQuery,
    LoanApplication,
    SuspiciousQuery,
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
}
