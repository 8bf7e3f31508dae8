//! What a group of requests is about to touch, looked at for all of them together.
//!
//! Rows and keys stand all over the memory, and whoever judges waits for one after the other. Looks that
//! need nothing of each other wait together, and the more of them the less stands between two: so each
//! table is first asked for all places and then for all rows ([`super::places::Places::draw_near`]), before anything is
//! made of what stands there.

use super::{
    admit::{Caller, Envelope},
    ids::{AccountNumber, AuthorisationId, CustomerId, IdempotencyKey, TokenDigest},
    keys::KeyDigest,
    media::{Medium, Waiting},
    party::Party,
    rows::Customer,
    session::Session,
    state::State,
    time::BusinessTime,
};

/// What can be known of an envelope before its turn: nothing that a request before it may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Foreseen {
    by: Party,
    digest: KeyDigest,
}

impl Foreseen {
    /// The digest of an envelope's key when `by` sent it.
    pub fn digest(this: Option<&Self>, by: Party, key: &IdempotencyKey) -> KeyDigest {
        match this {
            Some(foreseen) if foreseen.by == by => foreseen.digest,
            _ => KeyDigest::of(by, key),
        }
    }
}

/// What the requests of a group name.
struct Named {
    sessions: Vec<TokenDigest>,
    paying: Vec<AccountNumber>,
    receiving: Vec<AccountNumber>,
    authorised: Vec<AuthorisationId>,
}

impl Named {
    fn with_room(requests: usize) -> Self {
        Self {
            sessions: Vec::with_capacity(requests),
            paying: Vec::with_capacity(requests),
            receiving: Vec::with_capacity(requests),
            authorised: Vec::with_capacity(requests),
        }
    }

    fn note(&mut self, envelope: &Envelope) {
        if let Caller::Session(token) | Caller::AtTerminal(_, token) = envelope.caller {
            self.sessions.push(token);
        }
        self.paying.extend(envelope.action.account());
        self.receiving.extend(envelope.action.payee_here());
        self.authorised.extend(envelope.action.authorisation());
    }
}

/// Looks at what these envelopes are about to touch, and tells what it found of their keys.
pub fn foresee<'a>(
    state: &State,
    envelopes: impl Iterator<Item = &'a Envelope> + Clone,
    now: BusinessTime,
) -> Vec<Option<Foreseen>> {
    let (requests, _) = envelopes.size_hint();
    let mut named = Named::with_room(requests);
    envelopes.clone().for_each(|envelope| named.note(envelope));
    let ends = |session: &Session| session.expires.0;
    state.sessions.draw_near(&named.sessions, ends);
    state.accounts.draw_near(&named.paying, |row| row.balance.0);
    state
        .accounts
        .draw_near(&named.receiving, |row| row.balance.0);
    let asked = |waiting: &Waiting| waiting.customer.seq().cast_signed();
    state.waiting.draw_near(&named.authorised, asked);
    let foreseen: Vec<Option<Foreseen>> = envelopes
        .map(|envelope| {
            let party = state.party(envelope.caller, envelope.from, now);
            let (by, _) = party.ok()?;
            let digest = KeyDigest::of(by, &envelope.key);
            Some(Foreseen { by, digest })
        })
        .collect();
    let known = foreseen.iter().flatten();
    let (digests, served): (Vec<KeyDigest>, Vec<Option<CustomerId>>) = known
        .map(|foreseen| (foreseen.digest, foreseen.by.customer()))
        .unzip();
    let served: Vec<CustomerId> = served.into_iter().flatten().collect();
    let owners = named.paying.iter();
    let owners: Vec<CustomerId> = owners
        .filter_map(|account| Some(state.account(*account)?.customer))
        .collect();
    let locked = |owner: &Customer| i64::from(owner.profile.is_locked());
    state.customers.draw_near(&owners, locked);
    state
        .media
        .draw_near(&served, |media| i64::from(media.is_locked(Medium::Sms)));
    state.draw_keys_near(&digests, now);
    foreseen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{Action, Amount, Channel, Fingerprint, Looked, judge, judge_foreseen};

    /// A deposit at the counter, and one in a session that nobody began.
    #[test]
    fn what_is_foreseen_changes_no_verdict() {
        let state = State::default();
        let now = BusinessTime(1);
        let envelope = |caller: Caller, number: u32| Envelope {
            caller,
            key: IdempotencyKey::parse(&format!("key-{number}")).unwrap(),
            fingerprint: Fingerprint([7; 16]),
            action: Action::Deposit {
                account: AccountNumber::parse("6200001000000000033"),
                amount: Amount::parse("1").unwrap(),
            },
            from: None,
            looked: Looked::default(),
        };
        let envelopes = [
            envelope(Caller::Terminal(Channel::Counter), 1),
            envelope(Caller::Session(TokenDigest([3; 32])), 2),
            envelope(Caller::Visitor, 3),
        ];
        let foreseen = foresee(&state, envelopes.iter(), now);
        assert_eq!(
            foreseen.iter().map(Option::is_some).collect::<Vec<_>>(),
            [true, false, true]
        );
        for (envelope, foreseen) in envelopes.iter().zip(&foreseen) {
            let with = judge_foreseen(&state, envelope, foreseen.as_ref(), now);
            assert_eq!(with, judge(&state, envelope, now));
        }
    }
}
