//! Who asks: the last thing that is known before any decision, and what the audit tells of it.

use serde::{Deserialize, Serialize};

use super::{
    ids::{CustomerId, SessionId},
    operation::Channel,
    origin::Origin,
};

/// Who asks, after the bearer token was understood. In journals by position, so further variants come
/// last; those from `CustomerIn` on also tell in which session and from where, which the audit shows.
/// No decision goes by it but that a card at a machine is under its own locks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// A terminal of the bank, at which the customer is present.
    Terminal(Channel),
    /// A customer in a session of the mobile bank.
    Customer(CustomerId),
    /// Somebody who has yet to log in.
    Visitor,
    /// A customer in a session of another channel than the mobile bank, at a terminal or away.
    Session(CustomerId, Channel),
    /// A customer in this session of the mobile bank, from where it was begun.
    CustomerIn(CustomerId, SessionId),
    /// A customer in this session of another channel, from where it was begun.
    SessionIn(CustomerId, Channel, SessionId),
    /// A customer in this session, from elsewhere than where it was begun.
    Elsewhere(CustomerId, Channel, SessionId, Origin),
    /// A terminal of the bank at this address.
    TerminalAt(Channel, Origin),
    /// Somebody at this address who has yet to log in.
    VisitorAt(Origin),
}

impl Party {
    /// Who it is, whatever the session and the address.
    #[must_use]
    pub fn who(self) -> Self {
        match self {
            Self::CustomerIn(customer, _) | Self::Elsewhere(customer, Channel::Mobile, ..) => {
                Self::Customer(customer)
            }
            Self::SessionIn(customer, channel, _) | Self::Elsewhere(customer, channel, ..) => {
                Self::Session(customer, channel)
            }
            Self::TerminalAt(channel, _) => Self::Terminal(channel),
            Self::VisitorAt(_) => Self::Visitor,
            Self::Terminal(_) | Self::Customer(_) | Self::Visitor | Self::Session(..) => self,
        }
    }

    /// The session in which it is asked, where that is told.
    pub fn session(self) -> Option<SessionId> {
        match self {
            Self::CustomerIn(_, session)
            | Self::SessionIn(_, _, session)
            | Self::Elsewhere(_, _, session, _) => Some(session),
            _ => None,
        }
    }

    /// Where it came from, where that is told: within a session only when it was not begun there.
    pub fn origin(self) -> Option<Origin> {
        match self {
            Self::Elsewhere(.., origin) | Self::TerminalAt(_, origin) | Self::VisitorAt(origin) => {
                Some(origin)
            }
            _ => None,
        }
    }

    /// The customer, when it is one in a session.
    pub fn customer(self) -> Option<CustomerId> {
        match self.who() {
            Self::Customer(customer) | Self::Session(customer, _) => Some(customer),
            _ => None,
        }
    }

    /// The customer who is not there in person: in a session that is not at a terminal.
    pub fn away(self) -> Option<CustomerId> {
        let here = matches!(
            self.channel(),
            Channel::Counter | Channel::Kiosk | Channel::Atm
        );
        self.customer().filter(|_| !here)
    }

    /// Whether what belongs to `owner` may be shown to it: terminals see everybody's, a session its
    /// own customer's.
    pub fn sees(self, owner: CustomerId) -> bool {
        self.customer().is_none_or(|customer| customer == owner)
    }

    /// The channel of the request.
    pub fn channel(self) -> Channel {
        match self.who() {
            Self::Terminal(channel) | Self::Session(_, channel) => channel,
            _ => Channel::Mobile,
        }
    }
}
