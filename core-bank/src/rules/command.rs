//! Commands: what somebody wants, after parsing and before any decision.

use serde::{Deserialize, Serialize};

use super::{
    appointments::AppointmentCommand,
    bills::Bill,
    campaigns::CampaignCommand,
    closing::ClosingAction,
    day_end::BooksAction,
    ids::{
        AccountNumber, AuthorisationId, CardId, CustomerId, IdentityCheckId, SessionId, ShieldKey,
        TokenDigest, TokenNonce,
    },
    loans::LoanAction,
    locks::{CardEntry, CardLocks, Place},
    mall::MallCommand,
    media::{Limits, Medium, Scope},
    money::Amount,
    operation::{Channel, Operation},
    party::Party,
    payment::{MediumWish, Order, Payee, Shown},
    resident::{PersonName, Phone, ResidentId},
    returns::ReturnAction,
    session::{AlertWishes, PasswordHash},
    terminal::TerminalAction,
    wealth::WealthAction,
    welfare::WelfareCommand,
};

/// What is wanted; in journals by position, so further variants come last. Ids that name nothing in their own grammar are `None`: they cannot be found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Check an identity document; `resident` is `None` when its check digit is wrong.
    IdentityCheck {
        /// The name on the document.
        name: PersonName,
        /// The number on the document.
        resident: Option<ResidentId>,
    },
    /// Become a customer.
    RegisterCustomer {
        /// The check that identified the person.
        check: Option<IdentityCheckId>,
        /// The customer's phone.
        phone: Phone,
    },
    /// Open an account with a card.
    OpenCard {
        /// For whom.
        customer: Option<CustomerId>,
        /// The check that identified the person.
        check: Option<IdentityCheckId>,
    },
    /// Bind a device.
    EbankingSignup {
        /// For whom.
        customer: Option<CustomerId>,
        /// The check that identified the person.
        check: Option<IdentityCheckId>,
        /// The digest of the token made for the device.
        token: TokenDigest,
        /// The number that the token derives from.
        nonce: TokenNonce,
    },
    /// Report a card lost.
    ReportLoss {
        /// The card.
        card: Option<CardId>,
    },
    /// Lift a loss report.
    LiftLoss {
        /// The card.
        card: Option<CardId>,
        /// The check that identified the person.
        check: Option<IdentityCheckId>,
    },
    /// Pay cash in.
    Deposit {
        /// Into this account.
        account: Option<AccountNumber>,
        /// How much.
        amount: Amount,
    },
    /// Pay cash out.
    Withdrawal {
        /// From this account.
        account: Option<AccountNumber>,
        /// How much.
        amount: Amount,
    },
    /// Move money within the bank.
    TransferOwnBank {
        /// From this account.
        from: Option<AccountNumber>,
        /// To this account.
        to: Option<AccountNumber>,
        /// How much.
        amount: Amount,
    },
    /// Move money to another bank.
    TransferOtherBank {
        /// From this account.
        from: Option<AccountNumber>,
        /// To this account of the other bank; only that bank knows whether it exists.
        to: String,
        /// The other bank's code.
        bank: String,
        /// How much.
        amount: Amount,
    },
    /// Start a session.
    LogIn {
        /// Who.
        customer: Option<CustomerId>,
        /// The digest of the device token that was shown.
        device: TokenDigest,
        /// The digest of the token made for the session.
        session: TokenDigest,
        /// The number that the session's token derives from.
        nonce: TokenNonce,
    },
    /// End the session.
    LogOut {
        /// The session's digest.
        session: TokenDigest,
    },
    /// Set all five locks of a card at once.
    SetLocks {
        /// The card.
        card: Option<CardId>,
        /// The locks from now on.
        locks: CardLocks,
    },
    /// Pay cash out at a machine of this bank that says where it stands.
    WithdrawalAt {
        /// From this account.
        account: Option<AccountNumber>,
        /// How much.
        amount: Amount,
        /// Where the machine stands.
        place: Place,
    },
    /// Use a card through the card network.
    CardUse {
        /// The card.
        card: Option<CardId>,
        /// How.
        entry: CardEntry,
        /// How much.
        amount: Amount,
        /// Where: the machine's, the shop's or the web shop's place.
        place: Place,
        /// The shop, as the network names it; empty at a cash machine.
        merchant: String,
    },
    /// Ask for the authorisation of one payment.
    AskAuthorisation {
        /// With what.
        wish: MediumWish,
        /// Of which payment.
        order: Order,
    },
    /// Move money out of a session, with an authorisation.
    AuthorisedTransfer {
        /// The payment.
        order: Order,
        /// What was shown for it.
        shown: Shown,
    },
    /// Hand out an e-cipher device, in place of the former.
    IssueDevice {
        /// To whom.
        customer: Option<CustomerId>,
        /// The check that identified the person.
        check: Option<IdentityCheckId>,
        /// Its serial number, which its secret derives from.
        serial: TokenNonce,
    },
    /// Register a U-shield, in place of the former.
    RegisterShield {
        /// Whose.
        customer: Option<CustomerId>,
        /// The check that identified the person.
        check: Option<IdentityCheckId>,
        /// Its public key.
        key: ShieldKey,
    },
    /// Unlock a medium.
    UnlockMedium {
        /// Whose.
        customer: Option<CustomerId>,
        /// The check that identified the person.
        check: Option<IdentityCheckId>,
        /// Which.
        medium: Medium,
    },
    /// Set the limits of a scope.
    SetLimits {
        /// Whose.
        customer: Option<CustomerId>,
        /// The check that identified the person, at the counter and the kiosk.
        check: Option<IdentityCheckId>,
        /// Of what.
        scope: Scope,
        /// The limits from now on.
        limits: Limits,
    },
    /// Start a session of another channel than the mobile bank.
    LogInTo {
        /// Which channel.
        channel: Channel,
        /// Who.
        customer: Option<CustomerId>,
        /// The digest of the device token that was shown.
        device: TokenDigest,
        /// The digest of the token made for the session.
        session: TokenDigest,
        /// The number that the session's token derives from.
        nonce: TokenNonce,
    },
    /// Start a session by password.
    LogInByPassword {
        /// Which channel.
        channel: Channel,
        /// Who.
        customer: Option<CustomerId>,
        /// The record that set the password which was compared.
        password: Option<u64>,
        /// Whether the right one was shown.
        right: bool,
        /// The digest of the token made for the session.
        session: TokenDigest,
        /// The number that the session's token derives from.
        nonce: TokenNonce,
    },
    /// Set the password, in person.
    SetPassword {
        /// Whose.
        customer: Option<CustomerId>,
        /// The check that identified the person.
        check: Option<IdentityCheckId>,
        /// What is kept of it.
        hash: PasswordHash,
    },
    /// End a session from afar.
    TerminateSession {
        /// Which.
        session: Option<SessionId>,
    },
    /// Close a channel to a customer, or open it again.
    SetChannel {
        /// Whose.
        customer: Option<CustomerId>,
        /// The check that identified the person, at the counter and the kiosk.
        check: Option<IdentityCheckId>,
        /// Which channel.
        channel: Channel,
        /// Whether it is to be open.
        open: bool,
    },
    /// Subscribe to alerts.
    SetAlerts {
        /// What from now on.
        wishes: AlertWishes,
    },
    /// Pay a bill where the customer is known in person; out of a session it is an
    /// [`Action::AuthorisedTransfer`] to the biller.
    PayBill {
        /// From this account.
        from: Option<AccountNumber>,
        /// Which bill.
        bill: Bill,
        /// How much.
        amount: Amount,
    },
    /// Something of wealth products.
    Wealth(WealthAction),
    /// Something of loans.
    Loans(LoanAction),
    /// Close an account or a card.
    Close(ClosingAction),
    /// Something of a reversal or a refund.
    Returns(ReturnAction),
    /// Something of the bank's books.
    Books(BooksAction),
    /// Something of the mall.
    Mall(MallCommand),
    /// Something of welfare vouchers.
    Welfare(WelfareCommand),
    /// Something of campaigns.
    Campaign(CampaignCommand),
    /// Something of appointments.
    Appointment(AppointmentCommand),
    /// Hand out a social-security card.
    IssueSocialSecurityCard {
        /// To whom.
        customer: Option<CustomerId>,
        /// The check that identified the person.
        check: Option<IdentityCheckId>,
    },
    /// Something of a PIN or of a session at a terminal.
    Terminal(TerminalAction),
    /// Take from all devices that they log in.
    RemoveDevices {
        /// Whose.
        customer: Option<CustomerId>,
        /// The check that identified the person, at the counter and the kiosk.
        check: Option<IdentityCheckId>,
    },
}

impl Action {
    /// The operation by its shared name.
    pub fn operation(&self) -> Operation {
        match self {
            Self::IdentityCheck { .. } => Operation::IdentityCheck,
            Self::RegisterCustomer { .. } => Operation::RegisterCustomer,
            Self::OpenCard { .. } => Operation::OpenCard,
            Self::EbankingSignup { .. } => Operation::EbankingSignup,
            Self::ReportLoss { .. } => Operation::ReportLoss,
            Self::LiftLoss { .. } => Operation::LiftLoss,
            Self::Deposit { .. } => Operation::Deposit,
            Self::Withdrawal { .. } | Self::WithdrawalAt { .. } => Operation::Withdrawal,
            Self::TransferOwnBank { .. } => Operation::TransferOwnBank,
            Self::TransferOtherBank { .. } => Operation::TransferOtherBank,
            Self::LogIn { .. } | Self::LogInTo { .. } | Self::LogInByPassword { .. } => {
                Operation::LogIn
            }
            Self::SetPassword { .. } => Operation::PasswordSetting,
            Self::TerminateSession { .. } => Operation::SessionTermination,
            Self::SetChannel { .. } => Operation::ChannelSetting,
            Self::SetAlerts { .. } => Operation::AlertSetting,
            Self::LogOut { .. } => Operation::LogOut,
            Self::SetLocks { .. } => Operation::LockSetting,
            Self::AskAuthorisation { .. } => Operation::Authorisation,
            Self::AuthorisedTransfer { order, .. } => order.payee.operation(),
            Self::PayBill { .. } => Operation::BillPayment,
            Self::Wealth(action) => action.operation(),
            Self::Loans(action) => action.operation(),
            Self::Close(action) => action.operation(),
            Self::Returns(action) => action.operation(),
            Self::Books(action) => action.operation(),
            Self::Mall(command) => command.operation(),
            Self::Welfare(command) => command.operation(),
            Self::Campaign(command) => command.operation(),
            Self::Appointment(command) => command.operation(),
            Self::IssueSocialSecurityCard { .. } => Operation::SocialSecurityCard,
            Self::Terminal(action) => action.operation(),
            Self::RemoveDevices { .. } => Operation::DeviceRemoval,
            Self::IssueDevice { .. } => Operation::DeviceIssue,
            Self::RegisterShield { .. } => Operation::ShieldRegistration,
            Self::UnlockMedium { .. } => Operation::MediumUnlock,
            Self::SetLimits { .. } => Operation::LimitSetting,
            Self::CardUse { entry, .. } => match entry {
                CardEntry::Atm => Operation::CardWithdrawal,
                CardEntry::Pos => Operation::PosPurchase,
                CardEntry::CardNotPresent => Operation::CardNotPresentPurchase,
            },
        }
    }

    /// The amount, when money is to move.
    pub fn amount(&self) -> Option<Amount> {
        match self {
            Self::Deposit { amount, .. }
            | Self::Withdrawal { amount, .. }
            | Self::WithdrawalAt { amount, .. }
            | Self::CardUse { amount, .. }
            | Self::TransferOwnBank { amount, .. }
            | Self::TransferOtherBank { amount, .. }
            | Self::PayBill { amount, .. }
            | Self::Loans(LoanAction::Apply { amount, .. }) => Some(*amount),
            Self::Wealth(action) => action.amount(),
            Self::Returns(ReturnAction::Propose { amount, .. }) => *amount,
            Self::AskAuthorisation { order, .. }
            | Self::AuthorisedTransfer { order, .. }
            | Self::Mall(MallCommand::Order { order })
            | Self::Welfare(WelfareCommand::Buy { order }) => Some(order.amount),
            _ => None,
        }
    }

    /// Where a card was used, when the request says it.
    pub fn place(&self) -> Option<Place> {
        match self {
            Self::WithdrawalAt { place, .. } | Self::CardUse { place, .. } => Some(*place),
            _ => None,
        }
    }

    /// The account whose owner asks, when there is one.
    pub fn account(&self) -> Option<AccountNumber> {
        match self {
            Self::Deposit { account, .. }
            | Self::Withdrawal { account, .. }
            | Self::WithdrawalAt { account, .. }
            | Self::Loans(LoanAction::Apply { account, .. })
            | Self::Close(ClosingAction::Account { account, .. }) => *account,
            Self::TransferOwnBank { from, .. }
            | Self::TransferOtherBank { from, .. }
            | Self::PayBill { from, .. } => *from,
            Self::Wealth(action) => action.account(),
            Self::AskAuthorisation { order, .. }
            | Self::AuthorisedTransfer { order, .. }
            | Self::Mall(MallCommand::Order { order })
            | Self::Welfare(WelfareCommand::Buy { order }) => order.from,
            _ => None,
        }
    }
}

impl Action {
    /// The account in this bank that is paid, when there is one.
    pub fn payee_here(&self) -> Option<AccountNumber> {
        match self {
            Self::TransferOwnBank { to, .. } => *to,
            Self::AuthorisedTransfer { order, .. } => match order.payee {
                Payee::Here(to) => to,
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether it is asked in order to end a session, which may be the asker's own.
    pub(super) fn may_end_sessions(&self) -> bool {
        matches!(
            self,
            Self::LogOut { .. }
                | Self::TerminateSession { .. }
                | Self::SetChannel { .. }
                | Self::RemoveDevices { .. }
                | Self::Terminal(TerminalAction::LogOut { .. })
        )
    }

    /// The authorisation that is shown, when one is.
    pub fn authorisation(&self) -> Option<AuthorisationId> {
        match self {
            Self::AuthorisedTransfer { shown, .. } => shown.id,
            _ => None,
        }
    }

    /// The payment, when it is a transfer.
    pub fn payee(&self) -> Option<Payee> {
        match self {
            Self::TransferOwnBank { to, .. } => Some(Payee::Here(*to)),
            Self::TransferOtherBank { to, bank, .. } => Some(Payee::Elsewhere {
                account: to.clone(),
                bank: bank.clone(),
            }),
            Self::PayBill { bill, .. } => Some(Payee::Biller(bill.clone())),
            Self::AskAuthorisation { order, .. } | Self::AuthorisedTransfer { order, .. } => {
                Some(order.payee.clone())
            }
            _ => None,
        }
    }
}

/// Who wants what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// Who asks.
    pub by: Party,
    /// What is wanted.
    pub action: Action,
}
