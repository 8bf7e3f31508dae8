//! Customers at the bank's own terminals: the PIN of a card, and the session that a customer has at a
//! counter, a kiosk or a cash machine. What the terminal then asks for, it asks for that customer alone,
//! until the session is left, ends by itself, or is ended from afar.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    card_use::refused,
    decide::{Decision, Desk},
    fact::Fact,
    ids::{CardId, CustomerId, IdentityCheckId, TokenDigest, TokenNonce},
    operation::{Channel, Operation},
    party::Party,
    refusal::{Refusal, RefusalCode as Code},
    rows::CardStatus,
    session::begin,
    state::State,
};

/// Wrong PINs in a row after which the card's PIN is locked.
const WRONG_PINS_MAX: u8 = 3;

/// What is kept of a PIN: a digest under a key of the bank's seal. A million PINs are soon tried, so
/// what guards them is that the seal is not in the journal.
#[derive(Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PinDigest(pub [u8; 16]);

/// It does not reach a log.
impl fmt::Debug for PinDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PinDigest(…)")
    }
}

/// The PIN of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// The record that set it.
    pub set: u64,
    /// What is kept of it.
    pub digest: PinDigest,
    wrong: u8,
}

impl Pin {
    /// Whether too many wrong ones in a row locked it.
    pub(super) fn is_locked(&self) -> bool {
        self.wrong >= WRONG_PINS_MAX
    }
}

/// What is wanted of a PIN or at a terminal. In journals by position, so further variants come last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TerminalAction {
    /// Set the PIN of a card, in person.
    SetPin {
        /// The card.
        card: Option<CardId>,
        /// The check that identified the person.
        check: Option<IdentityCheckId>,
        /// What is kept of it.
        pin: PinDigest,
    },
    /// Start a session at this terminal with a card and its PIN.
    LogInByPin {
        /// The card.
        card: Option<CardId>,
        /// The record that set the PIN which was compared.
        pin: Option<u64>,
        /// Whether the right one was shown.
        right: bool,
        /// The digest of the token made for the session.
        session: TokenDigest,
        /// The number that the session's token derives from.
        nonce: TokenNonce,
    },
    /// Start a session at this terminal for a person who was identified at it.
    LogInInPerson {
        /// Who.
        customer: Option<CustomerId>,
        /// The check that identified the person.
        check: Option<IdentityCheckId>,
        /// The digest of the token made for the session.
        session: TokenDigest,
        /// The number that the session's token derives from.
        nonce: TokenNonce,
    },
    /// End the session at this terminal.
    LogOut {
        /// The session's digest.
        session: TokenDigest,
    },
}

impl TerminalAction {
    /// The operation by its shared name.
    pub fn operation(&self) -> Operation {
        match self {
            Self::SetPin { .. } => Operation::PinSetting,
            Self::LogInByPin { .. } | Self::LogInInPerson { .. } => Operation::TerminalLogIn,
            Self::LogOut { .. } => Operation::TerminalLogOut,
        }
    }
}

/// What changed of a PIN. In journals by position, so further variants come last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TerminalFact {
    /// The PIN was set; wrong ones before it are forgiven.
    PinSet {
        /// Whose.
        card: CardId,
        /// What is kept of it.
        pin: PinDigest,
    },
    /// A wrong PIN was shown.
    PinFailed {
        /// Whose.
        card: CardId,
    },
    /// The right PIN was shown after wrong ones.
    PinProved {
        /// Whose.
        card: CardId,
    },
    /// A session began with a card, and ends with it.
    BegunWith {
        /// The digest of the session's token.
        session: TokenDigest,
        /// The card.
        card: CardId,
    },
}

impl Desk<'_> {
    pub(super) fn at_terminal(&self, action: &TerminalAction) -> Decision {
        match action {
            TerminalAction::SetPin { card, check, pin } => self.set_pin(*card, *check, *pin),
            TerminalAction::LogInByPin {
                card,
                pin,
                right,
                session,
                nonce,
            } => self.log_in_by_pin(*card, (*pin, *right), (*session, *nonce)),
            TerminalAction::LogInInPerson {
                customer,
                check,
                session,
                nonce,
            } => self.log_in_in_person(*customer, *check, (*session, *nonce)),
            TerminalAction::LogOut { session } => self.log_out(*session),
        }
    }

    fn set_pin(
        &self,
        card: Option<CardId>,
        check: Option<IdentityCheckId>,
        pin: PinDigest,
    ) -> Decision {
        let (card, held, owner) = self.card(card)?;
        self.present_customer(Some(owner), check)?;
        match held.status {
            CardStatus::Closed => Err(Code::CardClosed.into()),
            CardStatus::Active | CardStatus::Lost => {
                let mut facts = vec![Fact::Terminal(TerminalFact::PinSet { card, pin })];
                self.end_sessions_of(card, owner, &mut facts);
                Ok(facts)
            }
        }
    }

    /// A terminal that has nobody at it, and its channel.
    fn free_terminal(&self) -> Result<Channel, Refusal> {
        match self.by {
            Party::Terminal(channel) => Ok(channel),
            _ => Err(Code::Forbidden.into()),
        }
    }

    /// A card that is not there, one without a PIN and a wrong PIN are told alike.
    fn log_in_by_pin(
        &self,
        card: Option<CardId>,
        (compared, right): (Option<u64>, bool),
        made: (TokenDigest, TokenNonce),
    ) -> Decision {
        let channel = self.free_terminal()?;
        let card = card.ok_or(Code::WrongCredentials)?;
        let held = self.state.card(card).ok_or(Code::WrongCredentials)?;
        let account = self
            .state
            .account(held.account)
            .ok_or(Code::WrongCredentials)?;
        let customer = account.customer;
        let owner = self
            .state
            .customer(customer)
            .ok_or(Code::WrongCredentials)?;
        let pin = self.state.pin(card).ok_or(Code::WrongCredentials)?;
        if pin.is_locked() {
            return Ok(refused(Code::PinLocked, customer));
        }
        // One that was set meanwhile is not the one that was compared.
        if !right || compared != Some(pin.set) {
            let mut facts = refused(Code::WrongCredentials, customer);
            facts.push(Fact::Terminal(TerminalFact::PinFailed { card }));
            return Ok(facts);
        }
        match held.status {
            CardStatus::Lost => return Ok(refused(Code::CardLost, customer)),
            CardStatus::Closed => return Ok(refused(Code::CardClosed, customer)),
            CardStatus::Active => {}
        }
        if owner.profile.is_closed(channel) {
            return Ok(refused(Code::ChannelClosed, customer));
        }
        let mut facts = begin(channel, (customer, owner), made, self.from);
        let session = made.0;
        facts.push(Fact::Terminal(TerminalFact::BegunWith { session, card }));
        if pin.wrong > 0 {
            facts.push(Fact::Terminal(TerminalFact::PinProved { card }));
        }
        Ok(facts)
    }

    /// Where a person can be identified: at a counter and a kiosk.
    fn log_in_in_person(
        &self,
        customer: Option<CustomerId>,
        check: Option<IdentityCheckId>,
        made: (TokenDigest, TokenNonce),
    ) -> Decision {
        let channel = self.free_terminal()?;
        if !Operation::IdentityCheck.allows(channel) {
            return Err(Code::IdentityCheckNotFound.into());
        }
        let (customer, owner) = self.present_customer(customer, check)?;
        Ok(begin(channel, (customer, owner), made, self.from))
    }

    /// Ends the sessions that were begun with a card which may be in other hands.
    pub(super) fn end_sessions_of(&self, card: CardId, owner: CustomerId, facts: &mut Vec<Fact>) {
        let Some(owner) = self.state.customer(owner) else {
            return;
        };
        let by_it = |digest: &&TokenDigest| {
            let found = self.state.session(**digest);
            found.is_some_and(|found| found.card == Some(card))
        };
        let ended = owner.sessions.iter().filter(by_it);
        facts.extend(ended.map(|session| Fact::SessionEnded { session: *session }));
    }

    /// The card that the session was begun with in which this is asked.
    pub(super) fn card_shown(&self, customer: CustomerId) -> Option<CardId> {
        let asked_in = self.session?;
        let mut open = self.state.customer(customer)?.sessions.iter();
        open.find_map(|digest| {
            let session = self.state.session(*digest)?;
            session.card.filter(|_| session.id == asked_in)
        })
    }

    /// A terminal does nothing for a customer who closed its channel. Counters cannot be closed.
    pub(super) fn serves(&self, customer: CustomerId) -> Result<(), Refusal> {
        if self.state.serves(self.by, customer) {
            Ok(())
        } else {
            Err(Refusal {
                code: Code::ChannelClosed,
                customer: Some(customer),
            })
        }
    }
}

type Folded = Result<(), &'static str>;

impl State {
    /// The PIN of a card, when it has one.
    pub fn pin(&self, card: CardId) -> Option<Pin> {
        self.pins.get(&card).copied()
    }

    /// Whether this party is none of a channel that the customer closed.
    pub fn serves(&self, by: Party, customer: CustomerId) -> bool {
        let Party::Terminal(channel @ (Channel::Kiosk | Channel::Atm)) = by.who() else {
            return true;
        };
        let owner = self.customer(customer);
        owner.is_none_or(|owner| !owner.profile.is_closed(channel))
    }

    pub(super) fn fold_terminal(&mut self, fact: &TerminalFact) -> Folded {
        match fact {
            TerminalFact::PinSet { card, pin } => {
                if !self.cards.contains(card) {
                    return Err("the card does not exist");
                }
                let set = Pin {
                    set: self.seq(),
                    digest: *pin,
                    wrong: 0,
                };
                self.pins.put(*card, set);
            }
            TerminalFact::PinFailed { card } => {
                let pin = self.pins.edit(card).ok_or("the card has no PIN")?;
                pin.wrong = pin.wrong.saturating_add(1);
            }
            TerminalFact::PinProved { card } => {
                self.pins.edit(card).ok_or("the card has no PIN")?.wrong = 0;
            }
            TerminalFact::BegunWith { session, card } => {
                let begun = self.sessions.edit(session);
                begun.ok_or("the session does not exist")?.card = Some(*card);
            }
        }
        Ok(())
    }
}
