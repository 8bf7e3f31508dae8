//! Admission: who asks, whether the request is a repetition, and only then the decision.

use super::{
    answer::Answer,
    command::{Action, Command},
    decide::decide,
    fact::Fact,
    ids::{CustomerId, Fingerprint, IdempotencyKey, TokenDigest},
    keys::{KeyDigest, Known, Looked},
    operation::{Channel, Operation},
    origin::Origin,
    party::Party,
    refusal::{Refusal, RefusalCode as Code},
    state::{Misfit, State},
    terminal::TerminalAction,
    time::BusinessTime,
};

/// Who asks, as far as the token tells without the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A terminal or the operator, by its token.
    Terminal(Channel),
    /// The holder of some session token.
    Session(TokenDigest),
    /// A terminal that shows the token of a session at it beside its own.
    AtTerminal(Channel, TokenDigest),
    /// Nobody that is known: allowed to log in only.
    Visitor,
}

/// A write request as it enters the queue.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// Who asks.
    pub caller: Caller,
    /// The client's name for the request.
    pub key: IdempotencyKey,
    /// What the request says, in short.
    pub fingerprint: Fingerprint,
    /// What is wanted.
    pub action: Action,
    /// Where it came from.
    pub from: Option<Origin>,
    /// What was found of the key beyond memory: nothing, until [`Verdict::LookFirst`] asks for it.
    pub looked: Looked,
}

/// What became of an envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Refused without a trace: the same key may be used again.
    TurnedAway(Refusal),
    /// Decided before: the first answer again, with the number of its record.
    Repeated(u64, Result<Answer, Refusal>),
    /// The key may have been used: look for this digest among the keys of all records up to this
    /// number, and ask again.
    LookFirst(KeyDigest, u64),
    /// Decided now, and to be recorded whether it passed or not.
    Decided(Command, Result<Vec<Fact>, Refusal>),
}

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

/// Looks at what these envelopes are about to touch. Rows and keys stand all over the memory, and
/// whoever judges waits for one after the other, while looks that need nothing of each other are
/// fetched together.
pub fn foresee<'a>(
    state: &State,
    envelopes: impl Iterator<Item = &'a Envelope>,
    now: BusinessTime,
) -> Vec<Option<Foreseen>> {
    let count = envelopes.size_hint().0;
    let mut paying = Vec::with_capacity(count);
    let mut receiving = Vec::with_capacity(count);
    let mut authorised = Vec::new();
    let asking: Vec<(Option<Party>, &IdempotencyKey)> = envelopes
        .map(|envelope| {
            paying.extend(envelope.action.account());
            receiving.extend(envelope.action.payee_here());
            authorised.extend(envelope.action.authorisation());
            let party = state.party(envelope.caller, envelope.from, now);
            (party.ok().map(|(by, _)| by), &envelope.key)
        })
        .collect();
    let foreseen: Vec<Option<Foreseen>> = asking
        .into_iter()
        .map(|(by, key)| {
            let by = by?;
            let digest = KeyDigest::of(by, key);
            Some(Foreseen { by, digest })
        })
        .collect();
    let receiving = receiving.into_iter();
    let receiving = receiving.filter_map(|account| state.account(account));
    let sum = receiving.fold(0, |sum, row| sum ^ row.balance.0);
    let owners: Vec<CustomerId> = paying
        .into_iter()
        .filter_map(|account| Some(state.account(account)?.customer))
        .collect();
    let owners = owners.into_iter().filter_map(|owner| state.customer(owner));
    let locked = owners.filter(|owner| owner.profile.is_locked()).count();
    let customers = foreseen.iter().flatten().filter_map(|it| it.by.customer());
    let served = customers.filter(|customer| state.holds_media(*customer));
    let served = served.count();
    let authorised = authorised.into_iter();
    let authorised = authorised.filter(|id| state.waiting(*id).is_some()).count();
    let known = foreseen.iter().flatten();
    let known = known.filter(|foreseen| state.may_know(foreseen.digest, now));
    let going = state.keys_to_go(count);
    // The looking is what was wanted: without this it would be left out.
    std::hint::black_box((known.count(), going, sum, locked, served, authorised));
    foreseen
}

/// Judges an envelope on the state at business time `now`.
pub fn judge(state: &State, envelope: &Envelope, now: BusinessTime) -> Verdict {
    judge_foreseen(state, envelope, None, now)
}

/// The same, with what [`foresee`] found.
pub fn judge_foreseen(
    state: &State,
    envelope: &Envelope,
    foreseen: Option<&Foreseen>,
    now: BusinessTime,
) -> Verdict {
    let (by, open) = match state.party(envelope.caller, envelope.from, now) {
        Ok(found) => found,
        Err(refusal) => return Verdict::TurnedAway(refusal),
    };
    // What ends a session may be asked again when it has ended; nothing else is answered then, not even
    // what was decided before.
    if !open && !envelope.action.may_end_sessions() {
        return Verdict::TurnedAway(Code::Unauthenticated.into());
    }
    let digest = Foreseen::digest(foreseen, by, &envelope.key);
    match state.known(digest, &envelope.looked, now) {
        Known::First(first) => {
            let same = first.fingerprint == envelope.fingerprint.short();
            // Who guesses at a locked secret is not told by a key of somebody else's that it was right.
            return match state.locked_out(&envelope.action) {
                Some(locked) if !same || first.outcome.is_ok() => {
                    Verdict::TurnedAway(locked.into())
                }
                _ if same => Verdict::Repeated(first.seq, first.outcome),
                _ => Verdict::TurnedAway(Code::IdempotencyKeyReused.into()),
            };
        }
        Known::Beyond(seq) => return Verdict::LookFirst(digest, seq),
        Known::New => {}
    }
    if !open {
        return Verdict::TurnedAway(Code::Unauthenticated.into());
    }
    if !may(by, envelope.action.operation()) {
        return Verdict::TurnedAway(Code::Forbidden.into());
    }
    let command = Command {
        by,
        action: envelope.action.clone(),
    };
    let decision = decide(state, &command, now);
    Verdict::Decided(command, decision)
}

/// Judges an envelope as if it had never been seen: what a bank without idempotency, whose
/// authorisations are good for more than one payment, would do.
pub fn judge_again(
    state: &State,
    envelope: &Envelope,
    now: BusinessTime,
) -> Result<(Command, Vec<Fact>), Refusal> {
    let (by, _) = state.party(envelope.caller, envelope.from, now)?;
    let command = Command {
        by,
        action: envelope.action.clone(),
    };
    let facts = match &envelope.action {
        // Where the customer is present, nobody asks for a medium.
        Action::AuthorisedTransfer { order, .. } => {
            let present = Command {
                by: Party::Terminal(Channel::Counter),
                action: order.without_proof(),
            };
            decide(state, &present, now)?
        }
        _ => decide(state, &command, now)?,
    };
    Ok((command, facts))
}

/// The channel's rights, and that a visitor may do nothing but log in.
fn may(by: Party, operation: Operation) -> bool {
    match by.who() {
        Party::Visitor => operation == Operation::LogIn,
        _ => operation.allows(by.channel()),
    }
}

impl State {
    /// Who a caller is, and whether the session, if it is one, still stands. An ended session still
    /// names its customer, so that a repeated log-out gets its first answer.
    fn party(
        &self,
        caller: Caller,
        from: Option<Origin>,
        now: BusinessTime,
    ) -> Result<(Party, bool), Refusal> {
        match caller {
            Caller::Terminal(channel) => {
                let plain = Party::Terminal(channel);
                let party = from.map_or(plain, |from| Party::TerminalAt(channel, from));
                Ok((party, true))
            }
            Caller::Visitor => Ok((from.map_or(Party::Visitor, Party::VisitorAt), true)),
            Caller::Session(digest) => {
                let session = self.session(digest).ok_or(Code::Unauthenticated)?;
                // Without its terminal it opens nothing.
                if let Channel::Counter | Channel::Kiosk | Channel::Atm = session.channel {
                    return Err(Code::Unauthenticated.into());
                }
                Ok((session.party(from), session.stands(now)))
            }
            Caller::AtTerminal(channel, digest) => {
                let session = self.session(digest).filter(|it| it.channel == channel);
                let session = session.ok_or(Code::Unauthenticated)?;
                Ok((session.party(from), session.stands(now)))
            }
        }
    }

    /// Why no secret logs in where this action wants to, when that is so.
    fn locked_out(&self, action: &Action) -> Option<Code> {
        match action {
            Action::LogInByPassword { customer, .. } => {
                let owner = self.customer((*customer)?)?;
                owner.profile.is_locked().then_some(Code::LogInLocked)
            }
            Action::Terminal(TerminalAction::LogInByPin { card, .. }) => {
                let pin = self.pin((*card)?)?;
                pin.is_locked().then_some(Code::PinLocked)
            }
            _ => None,
        }
    }

    /// Who may read, and what: the counterpart of [`judge`] for requests that change nothing.
    pub fn reader(
        &self,
        caller: Caller,
        operation: Operation,
        now: BusinessTime,
    ) -> Result<Party, Refusal> {
        let (party, open) = self.party(caller, None, now)?;
        if !open {
            return Err(Code::Unauthenticated.into());
        }
        may(party, operation)
            .then_some(party.who())
            .ok_or(Code::Forbidden.into())
    }

    /// Records a decided command: the state after it.
    pub fn record(
        &mut self,
        seq: u64,
        at: BusinessTime,
        command: &Command,
        key: &IdempotencyKey,
        fingerprint: Fingerprint,
        outcome: &Result<Vec<Fact>, Refusal>,
    ) -> Result<Result<Answer, Refusal>, Misfit> {
        let key = KeyDigest::of(command.by, key);
        self.record_under(key, seq, at, fingerprint, outcome)
    }

    /// The same for whoever has made the digest of the key already.
    pub fn record_under(
        &mut self,
        key: KeyDigest,
        seq: u64,
        at: BusinessTime,
        fingerprint: Fingerprint,
        outcome: &Result<Vec<Fact>, Refusal>,
    ) -> Result<Result<Answer, Refusal>, Misfit> {
        let answer = match outcome {
            Ok(facts) => Answer::of(facts),
            Err(refusal) => Err(*refusal),
        };
        self.turn_to(seq, at, key, fingerprint, answer.clone())?;
        for fact in outcome.iter().flatten() {
            self.fold(fact)?;
        }
        Ok(answer)
    }
}
