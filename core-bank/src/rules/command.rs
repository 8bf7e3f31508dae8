//! Commands: what somebody wants, after parsing and before any decision.

use serde::{Deserialize, Serialize};

use super::{
    appointments::AppointmentCommand,
    campaigns::CampaignCommand,
    ids::{
        AccountNumber, AuthorisationId, CardId, CustomerId, IdentityCheckId, SessionId, ShieldKey,
        TokenDigest, TokenNonce,
    },
    locks::{CardEntry, CardLocks, Place},
    mall::{MallCommand, MallWish},
    media::{Limits, Medium, Scope},
    money::Amount,
    operation::{Channel, Operation},
    resident::{PersonName, Phone, ResidentId},
    session::{AlertWishes, PasswordHash},
    welfare::{WelfareCommand, WelfareWish},
};

/// Who asks, after the bearer token was understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// A terminal of the bank, at which the customer is present.
    Terminal(Channel),
    /// A customer in a session of the mobile bank.
    Customer(CustomerId),
    /// Somebody who has yet to log in.
    Visitor,
    /// A customer in a session of another channel than the mobile bank.
    Session(CustomerId, Channel),
}

impl Party {
    /// The customer, when it is one in a session.
    pub fn customer(self) -> Option<CustomerId> {
        match self {
            Self::Customer(customer) | Self::Session(customer, _) => Some(customer),
            Self::Terminal(_) | Self::Visitor => None,
        }
    }

    /// Whether what belongs to `owner` may be shown to it: terminals see everybody's, a session its
    /// own customer's.
    pub fn sees(self, owner: CustomerId) -> bool {
        self.customer().is_none_or(|customer| customer == owner)
    }

    /// The channel of the request.
    pub fn channel(self) -> Channel {
        match self {
            Self::Terminal(channel) | Self::Session(_, channel) => channel,
            Self::Customer(_) | Self::Visitor => Channel::Mobile,
        }
    }
}

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
    /// To the merchants of the mall, for goods.
    Mall(MallWish),
    /// For a batch of welfare vouchers.
    Welfare(WelfareWish),
}

impl Payee {
    /// The operation that such a payment is.
    pub fn operation(&self) -> Operation {
        match self {
            Self::Here(_) => Operation::TransferOwnBank,
            Self::Elsewhere { .. } => Operation::TransferOtherBank,
            Self::Mall(_) => Operation::Mall,
            Self::Welfare(_) => Operation::WelfarePurchase,
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
    /// The same transfer, ordered where no medium is asked for; none when it is no transfer.
    pub fn without_proof(&self) -> Option<Action> {
        let (from, amount) = (self.from, self.amount);
        match &self.payee {
            Payee::Here(to) => Some(Action::TransferOwnBank {
                from,
                to: *to,
                amount,
            }),
            Payee::Elsewhere { account, bank } => Some(Action::TransferOtherBank {
                from,
                to: account.clone(),
                bank: bank.clone(),
                amount,
            }),
            _ => None,
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

/// An authorisation as a payment shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Which one.
    pub id: Option<AuthorisationId>,
    /// What proves it.
    pub proof: Proof,
}

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
            Self::Mall(command) => command.operation(),
            Self::Welfare(command) => command.operation(),
            Self::Campaign(command) => command.operation(),
            Self::Appointment(command) => command.operation(),
            Self::IssueSocialSecurityCard { .. } => Operation::SocialSecurityCard,
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
            | Self::TransferOtherBank { amount, .. } => Some(*amount),
            Self::AskAuthorisation { order, .. }
            | Self::AuthorisedTransfer { order, .. }
            | Self::Welfare(WelfareCommand::Buy { order }) => Some(order.amount),
            _ => None,
        }
    }

    /// The account whose owner asks, when there is one.
    pub fn account(&self) -> Option<AccountNumber> {
        match self {
            Self::Deposit { account, .. }
            | Self::Withdrawal { account, .. }
            | Self::WithdrawalAt { account, .. } => *account,
            Self::TransferOwnBank { from, .. } | Self::TransferOtherBank { from, .. } => *from,
            Self::AskAuthorisation { order, .. }
            | Self::AuthorisedTransfer { order, .. }
            | Self::Welfare(WelfareCommand::Buy { order }) => order.from,
            _ => None,
        }
    }
}

impl Action {
    /// The payment, when it is a transfer.
    pub fn payee(&self) -> Option<Payee> {
        match self {
            Self::TransferOwnBank { to, .. } => Some(Payee::Here(*to)),
            Self::TransferOtherBank { to, bank, .. } => Some(Payee::Elsewhere {
                account: to.clone(),
                bank: bank.clone(),
            }),
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
