//! Sessions and how they come to be: log-ins, lock-outs, expiry, termination from afar, and who is told
//! of what.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    card_use::refused,
    decide::{Decision, Desk},
    devices::unbound,
    fact::Fact,
    ids::{CardId, CustomerId, IdentityCheckId, SessionId, TokenDigest, TokenNonce},
    operation::Channel,
    origin::{Network, Origin},
    party::Party,
    refusal::{Refusal, RefusalCode as Code},
    rows::Customer,
    state::State,
    time::BusinessTime,
};

/// Sessions that one customer may have open; a further one ends the oldest.
const SESSIONS_MAX: usize = 16;
/// Wrong passwords in a row after which the log-in is locked.
const WRONG_PASSWORDS_MAX: u8 = 5;
const MINUTE: i64 = 60 * 1_000_000;
const HOUR: i64 = 60 * MINUTE;

/// The longest that a session lasts, in microseconds.
pub const SESSION_MICROS_MAX: i64 = 12 * HOUR;

/// How long a session lasts, in microseconds: an hour at a computer, half a day on the phone; at a
/// terminal about as long as somebody stands there.
fn lifetime(channel: Channel) -> i64 {
    match channel {
        Channel::Online => HOUR,
        Channel::Counter => 30 * MINUTE,
        Channel::Kiosk => 15 * MINUTE,
        Channel::Atm => 3 * MINUTE,
        _ => SESSION_MICROS_MAX,
    }
}

/// A session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Whose it is.
    pub customer: CustomerId,
    /// Through which channel.
    pub channel: Channel,
    /// Whether nobody has ended it.
    pub open: bool,
    /// Its name, which opens nothing.
    pub id: SessionId,
    /// The card that it was begun with, at a terminal.
    pub card: Option<CardId>,
    /// Where it was begun.
    pub(super) from: Network,
    /// When it began.
    pub began: BusinessTime,
    /// When it ends by itself.
    pub expires: BusinessTime,
}

impl Session {
    /// Who asks in it, from where.
    pub(super) fn party(&self, from: Option<Origin>) -> Party {
        let (customer, channel, id) = (self.customer, self.channel, self.id);
        match from {
            Some(origin) if origin.network() != self.from => {
                Party::Elsewhere(customer, channel, id, origin)
            }
            _ if channel == Channel::Mobile => Party::CustomerIn(customer, id),
            _ => Party::SessionIn(customer, channel, id),
        }
    }

    /// Whether it may still be used.
    pub fn stands(&self, now: BusinessTime) -> bool {
        self.open && now < self.expires
    }
}

/// What is kept of a password: Argon2id over it and a salt (RFC 9106).
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordHash {
    /// Random.
    pub salt: [u8; 16],
    /// The hash.
    pub hash: [u8; 32],
}

/// It does not reach a log.
impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// What a customer is told of, for nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertWishes {
    /// Every change of a balance.
    pub balance_changes: bool,
    /// Every log-in.
    pub log_ins: bool,
}

/// How a customer logs in, and what the customer is told of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// The password, and the record that set it.
    pub password: Option<Box<(u64, PasswordHash)>>,
    /// What the customer is told of.
    pub wishes: AlertWishes,
    wrong_passwords: u8,
    closed: [bool; 5],
}

/// The channels that a customer may close: the counter is where they are opened again.
fn place(channel: Channel) -> Option<usize> {
    match channel {
        Channel::Online => Some(0),
        Channel::Mobile => Some(1),
        Channel::Messenger => Some(2),
        Channel::Kiosk => Some(3),
        Channel::Atm => Some(4),
        _ => None,
    }
}

impl Profile {
    /// Whether the customer closed the channel.
    pub fn is_closed(&self, channel: Channel) -> bool {
        place(channel).is_some_and(|place| self.closed[place])
    }

    /// Whether wrong passwords have locked the log-in by password.
    pub fn is_locked(&self) -> bool {
        self.wrong_passwords >= WRONG_PASSWORDS_MAX
    }

    pub(super) fn set_channel(&mut self, channel: Channel, open: bool) {
        if let Some(place) = place(channel) {
            self.closed[place] = !open;
        }
    }

    pub(super) fn count_wrong_password(&mut self) {
        self.wrong_passwords = self.wrong_passwords.saturating_add(1);
    }

    pub(super) fn forgive_passwords(&mut self) {
        self.wrong_passwords = 0;
    }
}

impl<'a> Desk<'a> {
    /// A log-in by the token of a device.
    pub(super) fn log_in(
        &self,
        channel: Channel,
        customer: Option<CustomerId>,
        device: TokenDigest,
        made: (TokenDigest, TokenNonce),
    ) -> Decision {
        let id = customer.ok_or(Code::WrongCredentials)?;
        let owner = self.state.customer(id).ok_or(Code::WrongCredentials)?;
        // The customer learns of it; whoever asks is told what a stranger's name is told.
        if !owner.devices.contains(&device) {
            return Ok(refused(Code::WrongCredentials, id));
        }
        if owner.profile.is_closed(channel) {
            return Ok(refused(Code::ChannelClosed, id));
        }
        Ok(begin(channel, (id, owner), made, self.from))
    }

    /// A log-in by password, which was compared before the queue.
    pub(super) fn log_in_by_password(
        &self,
        channel: Channel,
        customer: Option<CustomerId>,
        (password, right): (Option<u64>, bool),
        made: (TokenDigest, TokenNonce),
    ) -> Decision {
        let id = customer.ok_or(Code::WrongCredentials)?;
        let owner = self.state.customer(id).ok_or(Code::WrongCredentials)?;
        let profile = &owner.profile;
        // Whoever guesses is not told of the lock, or five guesses would tell which numbers exist. Nor is
        // the right password told from others by then, or the guessing could go on.
        if profile.is_locked() {
            return Ok(refused(Code::WrongCredentials, id));
        }
        // One that was set meanwhile is not the one that was compared.
        let current = profile.password.as_ref().map(|known| known.0);
        if !right || current.is_none() || current != password {
            let mut facts = refused(Code::WrongCredentials, id);
            facts.push(Fact::PasswordFailed { customer: id });
            if profile.wrong_passwords + 1 == WRONG_PASSWORDS_MAX {
                facts.extend(refused(Code::LogInLocked, id));
            }
            return Ok(facts);
        }
        if profile.is_closed(channel) {
            return Ok(refused(Code::ChannelClosed, id));
        }
        let mut facts = begin(channel, (id, owner), made, self.from);
        if profile.wrong_passwords > 0 {
            facts.push(Fact::PasswordProved { customer: id });
        }
        Ok(facts)
    }

    pub(super) fn set_password(
        &self,
        customer: Option<CustomerId>,
        check: Option<IdentityCheckId>,
        hash: &PasswordHash,
    ) -> Decision {
        let (customer, _) = self.present_customer(customer, check)?;
        let hash = *hash;
        Ok(vec![Fact::PasswordSet { customer, hash }])
    }

    /// The customer behind the session that asks.
    pub(super) fn own(&self) -> Result<(CustomerId, &'a Customer), Refusal> {
        let own = self.by.customer().ok_or(Code::Forbidden)?;
        let owner = self.state.customer(own).ok_or(Code::CustomerNotFound)?;
        Ok((own, owner))
    }

    /// Ends the asker's own session.
    pub(super) fn log_out(&self, session: TokenDigest) -> Decision {
        let (_, owner) = self.own()?;
        if !owner.sessions.contains(&session) {
            return Err(Code::SessionNotFound.into());
        }
        Ok(vec![Fact::SessionEnded { session }])
    }

    pub(super) fn terminate(&self, session: Option<SessionId>) -> Decision {
        let (_, owner) = self.own()?;
        let wanted = |digest: &&TokenDigest| {
            let found = self.state.session(**digest);
            found.is_some_and(|found| Some(found.id) == session && found.stands(self.now))
        };
        let found = owner.sessions.iter().find(wanted);
        let session = *found.ok_or(Code::SessionNotFound)?;
        Ok(vec![Fact::SessionEnded { session }])
    }

    /// Anybody who is logged in may close a channel of theirs; it is opened again in person.
    pub(super) fn set_channel(
        &self,
        customer: Option<CustomerId>,
        check: Option<IdentityCheckId>,
        channel: Channel,
        open: bool,
    ) -> Decision {
        if open && self.by.customer().is_some() {
            return Err(Code::Forbidden.into());
        }
        let (customer, owner) = self.present_or_own(customer, check)?;
        let mut facts = vec![Fact::ChannelSet {
            customer,
            channel,
            open,
        }];
        // It was closed because a phone may be in wrong hands, which would log in again at once.
        if open && channel == Channel::Mobile && owner.profile.is_closed(channel) {
            facts.extend(unbound(customer, owner));
        }
        let on_it = |digest: &&TokenDigest| {
            let found = self.state.session(**digest);
            !open && found.is_some_and(|found| found.channel == channel)
        };
        let ended = owner.sessions.iter().filter(on_it);
        facts.extend(ended.map(|session| Fact::SessionEnded { session: *session }));
        Ok(facts)
    }

    pub(super) fn set_alerts(&self, wishes: AlertWishes) -> Decision {
        let (customer, _) = self.own()?;
        Ok(vec![Fact::AlertsSet { customer, wishes }])
    }
}

/// What a log-in brings about.
pub(super) fn begin(
    channel: Channel,
    (customer, owner): (CustomerId, &Customer),
    (session, nonce): (TokenDigest, TokenNonce),
    from: Option<Origin>,
) -> Vec<Fact> {
    let mut facts = vec![match channel {
        Channel::Mobile => Fact::SessionStarted {
            session,
            nonce,
            customer,
        },
        _ => Fact::ChannelSessionStarted {
            channel,
            session,
            nonce,
            customer,
        },
    }];
    if let (true, Some(oldest)) = (owner.sessions.len() >= SESSIONS_MAX, owner.sessions.first()) {
        facts.push(Fact::SessionEnded { session: *oldest });
    }
    if owner.profile.wishes.log_ins {
        facts.push(Fact::AlertDue {
            customer,
            account: None,
        });
    }
    facts.extend(from.map(|origin| Fact::BegunFrom { session, origin }));
    facts
}

type Folded = Result<(), &'static str>;

impl State {
    pub(super) fn start_session(
        &mut self,
        digest: TokenDigest,
        customer: CustomerId,
        channel: Channel,
    ) -> Folded {
        let began = self.at();
        let session = Session {
            customer,
            channel,
            open: true,
            id: SessionId::of_seq(self.seq()),
            card: None,
            from: Network::default(),
            began,
            expires: BusinessTime(began.0.saturating_add(lifetime(channel))),
        };
        self.sessions.put(digest, session);
        self.edit_customer(customer, |owner| owner.sessions.push(digest))
    }

    pub(super) fn note_origin(&mut self, digest: TokenDigest, origin: Origin) -> Folded {
        let session = self.sessions.edit(&digest);
        session.ok_or("the session does not exist")?.from = origin.network();
        Ok(())
    }

    pub(super) fn end_session(&mut self, digest: TokenDigest) -> Folded {
        let session = self
            .sessions
            .edit(&digest)
            .ok_or("the session does not exist")?;
        session.open = false;
        let customer = session.customer;
        self.ended_sessions.put((self.seq(), digest), self.at());
        self.edit_customer(customer, |owner| {
            owner.sessions.retain(|held| *held != digest);
        })
    }

    pub(super) fn set_password(&mut self, customer: CustomerId, hash: &PasswordHash) -> Folded {
        let seq = self.seq();
        self.edit_customer(customer, |owner| {
            owner.profile.password = Some(Box::new((seq, *hash)));
            owner.profile.forgive_passwords();
        })
    }

    pub(super) fn set_alerts(&mut self, customer: CustomerId, wishes: AlertWishes) -> Folded {
        let mut accounts = Vec::new();
        self.edit_customer(customer, |owner| {
            owner.profile.wishes = wishes;
            accounts = owner.accounts.to_vec();
        })?;
        for number in accounts {
            let account = self.accounts.edit(&number);
            account.ok_or("an account does not exist")?.alerts = wishes.balance_changes;
        }
        Ok(())
    }
}
