//! Facts: what a decided command changed. The state is the fold of all facts, and of nothing else.

use serde::{Deserialize, Serialize};

use super::{
    appointments::AppointmentFact,
    calendar::Day,
    campaigns::CampaignFact,
    closing::ClosingFact,
    day_end::BooksFact,
    ids::{
        AccountNumber, AuthorisationId, CardId, CustomerId, IdentityCheckId, ShieldKey,
        TokenDigest, TokenNonce, TransferId,
    },
    ledger::BookAccount,
    loans::LoanFact,
    locks::CardLocks,
    mall::MallFact,
    media::{Limits, Medium, MediumKey, Scope},
    money::Fen,
    operation::Channel,
    origin::Origin,
    payment::Order,
    points::PointsReason,
    refusal::RefusalCode,
    resident::{PersonName, Phone, ResidentId},
    returns::ReturnFact,
    session::{AlertWishes, PasswordHash},
    terminal::TerminalFact,
    wealth::WealthFact,
    welfare::WelfareFact,
};

/// One line of a movement of money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    /// The account it changes.
    pub account: BookAccount,
    /// By how much: positive credits the account, negative debits it.
    pub amount: Fen,
    /// What the account holds afterwards; folding checks it.
    pub balance_after: Fen,
}

/// Something that happened and stays true. Old journals hold these by position, so variants and
/// members are only added, and at the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// A person showed a document that passed.
    IdentityVerified {
        /// The check, to be shown by later commands.
        check: IdentityCheckId,
        /// The name on the document.
        name: PersonName,
        /// The number on the document.
        resident: ResidentId,
    },
    /// A person became a customer.
    CustomerRegistered {
        /// The new customer.
        customer: CustomerId,
        /// The customer's document; the name stands in the fact that verified it.
        resident: ResidentId,
        /// The customer's phone.
        phone: Phone,
    },
    /// A current account and its debit card came to be.
    CardOpened {
        /// The card.
        card: CardId,
        /// The account.
        account: AccountNumber,
        /// Whose they are.
        customer: CustomerId,
    },
    /// A device may log in for the customer.
    DeviceBound {
        /// The customer.
        customer: CustomerId,
        /// The digest of the device's token.
        token: TokenDigest,
        /// The number that the token derives from.
        nonce: TokenNonce,
    },
    /// The oldest device made room for a new one.
    DeviceUnbound {
        /// The customer.
        customer: CustomerId,
        /// The digest of the device's token.
        token: TokenDigest,
    },
    /// A card was reported lost.
    CardLost {
        /// The card.
        card: CardId,
    },
    /// The loss report of a card was lifted.
    CardLossLifted {
        /// The card.
        card: CardId,
    },
    /// Money moved: postings that sum to zero.
    MoneyMoved {
        /// The transfer, when it was one.
        transfer: Option<TransferId>,
        /// Two or more lines; the paying customer's comes first.
        postings: Vec<Posting>,
    },
    /// A session began.
    SessionStarted {
        /// The digest of the session's token.
        session: TokenDigest,
        /// The number that the token derives from.
        nonce: TokenNonce,
        /// Whose session it is.
        customer: CustomerId,
    },
    /// A session ended.
    SessionEnded {
        /// The digest of the session's token.
        session: TokenDigest,
    },
    /// The command was refused for a reason that its customer will want to know, or that left a
    /// trace, which other facts of the record tell. It comes first, and no money moves with it. A
    /// further one is for the customer alone.
    Refused {
        /// The reason.
        code: RefusalCode,
        /// Whose card, session or money it was about.
        customer: CustomerId,
    },
    /// The holder set a card's locks.
    LocksSet {
        /// The card.
        card: CardId,
        /// All five, as they stand now.
        locks: CardLocks,
    },
    /// A card bought at a point of sale.
    PosBought {
        /// The card.
        card: CardId,
        /// The calendar day in Shanghai.
        day: Day,
        /// What it bought on that day, this purchase included.
        total: Fen,
    },
    /// An authorisation was asked for and waits.
    AuthorisationAsked {
        /// The authorisation.
        id: AuthorisationId,
        /// Who asked.
        customer: CustomerId,
        /// What is to prove it.
        key: MediumKey,
        /// The one payment that it is for.
        order: Order,
    },
    /// A right proof was tried: the authorisation is gone, whether or not the payment passed.
    AuthorisationSpent {
        /// The authorisation.
        id: AuthorisationId,
        /// The device's time step, never to be accepted again.
        step: Option<u64>,
    },
    /// A wrong proof was tried.
    CodeFailed {
        /// Whose medium.
        customer: CustomerId,
        /// Which.
        medium: Medium,
        /// The authorisation that it was tried on.
        id: Option<AuthorisationId>,
    },
    /// A payment used up some of a limit.
    AllowanceUsed {
        /// Whose.
        customer: CustomerId,
        /// Of what.
        scope: Scope,
        /// The calendar day in Shanghai.
        day: Day,
        /// What was used on that day, this payment included.
        today: Fen,
        /// What was used in its month, this payment included.
        month_total: Fen,
    },
    /// An e-cipher device was handed out.
    DeviceIssued {
        /// To whom.
        customer: CustomerId,
        /// Its serial number.
        serial: TokenNonce,
    },
    /// A U-shield was registered.
    ShieldRegistered {
        /// Whose.
        customer: CustomerId,
        /// Its public key.
        key: ShieldKey,
    },
    /// A medium may be used again.
    MediumUnlocked {
        /// Whose.
        customer: CustomerId,
        /// Which.
        medium: Medium,
    },
    /// Limits were set.
    LimitsSet {
        /// Whose.
        customer: CustomerId,
        /// Of what.
        scope: Scope,
        /// The limits from now on.
        limits: Limits,
    },
    /// A session of another channel than the mobile bank began.
    ChannelSessionStarted {
        /// Which channel.
        channel: Channel,
        /// The digest of the session's token.
        session: TokenDigest,
        /// The number that the token derives from.
        nonce: TokenNonce,
        /// Whose session it is.
        customer: CustomerId,
    },
    /// The password was set; wrong ones before it are forgiven.
    PasswordSet {
        /// Whose.
        customer: CustomerId,
        /// What is kept of it.
        hash: PasswordHash,
    },
    /// A wrong password was shown.
    PasswordFailed {
        /// Whose.
        customer: CustomerId,
    },
    /// The right password was shown after wrong ones.
    PasswordProved {
        /// Whose.
        customer: CustomerId,
    },
    /// A channel was closed to a customer, or opened again.
    ChannelSet {
        /// To whom.
        customer: CustomerId,
        /// Which.
        channel: Channel,
        /// Whether it is open.
        open: bool,
    },
    /// The customer subscribed to alerts, or no longer.
    AlertsSet {
        /// Who.
        customer: CustomerId,
        /// To what.
        wishes: AlertWishes,
    },
    /// A subscriber is to be told of this record: of the change of the named account in it, or of the
    /// log-in. Old journals tell a customer with two changed accounts of the first one only.
    AlertDue {
        /// Who.
        customer: CustomerId,
        /// The account that changed.
        account: Option<AccountNumber>,
    },
    /// Of wealth products.
    Wealth(WealthFact),
    /// Of loans.
    Loans(LoanFact),
    /// Of closed accounts and cards.
    Closing(ClosingFact),
    /// Of reversals and refunds.
    Returns(ReturnFact),
    /// Of the bank's books.
    Books(BooksFact),
    /// Something of the mall.
    Mall(MallFact),
    /// Somebody's points changed.
    PointsMoved {
        /// Whose.
        customer: CustomerId,
        /// Why.
        reason: PointsReason,
        /// By how many.
        change: i64,
        /// How many there are afterwards; folding checks it.
        balance_after: i64,
    },
    /// Something of welfare vouchers.
    Welfare(WelfareFact),
    /// Something of campaigns.
    Campaign(CampaignFact),
    /// Something of appointments.
    Appointment(AppointmentFact),
    /// A social-security card was handed out.
    SocialSecurityCardIssued {
        /// To whom.
        customer: CustomerId,
    },
    /// Something of a PIN.
    Terminal(TerminalFact),
    /// A session was begun from this address.
    BegunFrom {
        /// The digest of the session's token.
        session: TokenDigest,
        /// The address.
        origin: Origin,
    },
}
