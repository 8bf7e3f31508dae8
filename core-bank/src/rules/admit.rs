//! Admission: who asks, whether the request is a repetition, and only then the decision.

use super::{
    answer::Answer,
    command::{Action, Command},
    decide::decide,
    fact::Fact,
    foresee::Foreseen,
    ids::{Fingerprint, IdempotencyKey, TokenDigest},
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

/// Judges an envelope on the state at business time `now`.
pub fn judge(state: &State, envelope: &Envelope, now: BusinessTime) -> Verdict {
    judge_foreseen(state, envelope, None, now)
}

/// The same, with what [`super::foresee()`] found.
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
    // A channel without the right is not told what another one was answered under the same key.
    if !may(by, envelope.action.operation()) {
        // Whether the session stands is said first.
        let code = if open {
            Code::Forbidden
        } else {
            Code::Unauthenticated
        };
        return Verdict::TurnedAway(code.into());
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
    pub(super) fn party(
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

    /// What every secret is told where this action wants to log in, when none does.
    fn locked_out(&self, action: &Action) -> Option<Code> {
        match action {
            Action::LogInByPassword { customer, .. } => {
                let owner = self.customer((*customer)?)?;
                owner.profile.is_locked().then_some(Code::WrongCredentials)
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
