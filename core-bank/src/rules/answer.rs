//! What an applied command answers, read off the facts that it yielded.

use super::{
    command::Order,
    fact::Fact,
    ids::{
        AccountNumber, AuthorisationId, CardId, CustomerId, IdentityCheckId, TokenNonce, TransferId,
    },
    ledger::BookAccount,
    money::Fen,
    refusal::Refusal,
};

/// The answer to an applied command. It follows from the facts, so a replayed journal gives the
/// same answer to a repeated request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The document passed.
    IdentityVerified(IdentityCheckId),
    /// The person is a customer.
    CustomerRegistered(CustomerId),
    /// The account and the card are open.
    CardOpened(CardId, AccountNumber),
    /// The device is bound; its token derives from this number.
    DeviceBound(TokenNonce),
    /// Done, and nothing more to say.
    Done,
    /// Cash moved; what the account holds now.
    CashMoved(Fen),
    /// A transfer was made; what the paying account holds now.
    Transferred(TransferId, Fen),
    /// The authorisation waits for this payment's proof.
    AuthorisationAsked(AuthorisationId, Box<Order>),
    /// The device was handed out; its secret derives from this number.
    DeviceIssued(TokenNonce),
    /// The session began; its token derives from this number.
    SessionStarted(TokenNonce),
}

impl Answer {
    /// The answer that these facts give: a refusal, when they tell of one that left a trace.
    pub fn of(facts: &[Fact]) -> Result<Self, Refusal> {
        match facts.first() {
            Some(Fact::Refused { code, .. }) => Err((*code).into()),
            _ => Ok(facts.iter().find_map(Self::of_fact).unwrap_or(Self::Done)),
        }
    }

    fn of_fact(fact: &Fact) -> Option<Self> {
        match fact {
            Fact::IdentityVerified { check, .. } => Some(Self::IdentityVerified(*check)),
            Fact::CustomerRegistered { customer, .. } => Some(Self::CustomerRegistered(*customer)),
            Fact::CardOpened { card, account, .. } => Some(Self::CardOpened(*card, *account)),
            Fact::DeviceBound { nonce, .. } => Some(Self::DeviceBound(*nonce)),
            Fact::AuthorisationAsked { id, order, .. } => {
                Some(Self::AuthorisationAsked(*id, Box::new(order.clone())))
            }
            Fact::DeviceIssued { serial, .. } => Some(Self::DeviceIssued(*serial)),
            Fact::SessionStarted { nonce, .. } | Fact::ChannelSessionStarted { nonce, .. } => {
                Some(Self::SessionStarted(*nonce))
            }
            Fact::MoneyMoved { transfer, postings } => {
                let own = postings
                    .iter()
                    .find(|posting| matches!(posting.account, BookAccount::Customer(_)))?;
                Some(match transfer {
                    Some(transfer) => Self::Transferred(*transfer, own.balance_after),
                    None => Self::CashMoved(own.balance_after),
                })
            }
            Fact::CardLost { .. }
            | Fact::CardLossLifted { .. }
            | Fact::DeviceUnbound { .. }
            | Fact::SessionEnded { .. }
            | Fact::Refused { .. }
            | Fact::LocksSet { .. }
            | Fact::PosBought { .. }
            | Fact::AuthorisationSpent { .. }
            | Fact::CodeFailed { .. }
            | Fact::AllowanceUsed { .. }
            | Fact::ShieldRegistered { .. }
            | Fact::MediumUnlocked { .. }
            | Fact::LimitsSet { .. } => None,
        }
    }
}
