//! Defects that a test plants in its bank, to prove that whoever reconciles finds them.
//!
//! Those that do wrong by the books strike every fiftieth operation of their kind. Live, the bank goes
//! on as if nothing were wrong; a journal with unbalanced postings in it does not replay, so such a bank
//! does not start again. Those that accept too much decide as if the limit or the lock in the way were
//! another.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use crate::{
    journal::Record,
    options::Plant,
    rules::{
        Action, Amount, BusinessTime, CardId, CardLocks, Command, CustomerId, Envelope, Fact, Fen,
        IdempotencyKey, Limits, Misfit, Operation, Refusal, RefusalCode as Code, Scope, State,
        decide,
    },
};

/// Every how many operations a planted defect strikes.
const STRIKES_EVERY: u64 = 50;

/// Every how many uses of a locked card a lock is ignored.
const IGNORED_EVERY: u64 = 10;
/// For how long others do not see what a payment used up of a limit.
const UNSEEN: Duration = Duration::from_millis(20);

/// A defect and how many operations it might have struck so far.
#[derive(Debug, Default)]
pub struct Defect {
    plant: Option<Plant>,
    candidates: u64,
    /// Payments that others do not see yet.
    unseen: VecDeque<(Instant, CustomerId, Scope, Amount)>,
}

type Decision = Result<Vec<Fact>, Refusal>;

impl Defect {
    /// This one, or none.
    pub fn new(plant: Option<Plant>) -> Self {
        Self {
            plant,
            ..Self::default()
        }
    }

    /// The defect, if it strikes this action.
    pub fn strikes(&mut self, action: &Action) -> Option<Plant> {
        let plant = self.plant?;
        let transfer = matches!(
            action.operation(),
            Operation::TransferOwnBank | Operation::TransferOtherBank
        );
        let candidate = match plant {
            Plant::DoublePost | Plant::TornTransfer | Plant::Rounding => transfer,
            Plant::LostAcknowledgement | Plant::Phantom => {
                matches!(action, Action::Deposit { .. })
            }
            Plant::LimitFen | Plant::LimitRace | Plant::LockIgnored => false,
        };
        self.candidates += u64::from(candidate);
        (candidate && self.candidates.is_multiple_of(STRIKES_EVERY)).then_some(plant)
    }
}

/// What the state would have to be for a bank to accept what it refused, and the way back.
struct AsIf {
    changed: Fact,
    restored: Fact,
}

impl Defect {
    /// What a bank with this defect decides in place of `decision`.
    pub fn overlook(
        &mut self,
        state: &mut State,
        command: &Command,
        decision: Decision,
        now: BusinessTime,
    ) -> Result<Decision, Misfit> {
        let as_if = match self.plant {
            Some(Plant::LimitFen) => fen_more(state, command, &decision),
            Some(Plant::LimitRace) => self.unseen_more(state, command, &decision),
            Some(Plant::LockIgnored) => self.unlocked(state, &command.action, &decision),
            _ => None,
        };
        let Some(AsIf { changed, restored }) = as_if else {
            return Ok(decision);
        };
        state.fold(&changed)?;
        let again = decide(state, command, now);
        state.fold(&restored)?;
        Ok(again)
    }

    /// Limits that do not count what was paid a moment ago.
    fn unseen_more(
        &mut self,
        state: &State,
        command: &Command,
        decision: &Decision,
    ) -> Option<AsIf> {
        let (scope, amount) = payment(command)?;
        while self
            .unseen
            .front()
            .is_some_and(|(at, ..)| at.elapsed() > UNSEEN)
        {
            self.unseen.pop_front();
        }
        let Some((Code::LimitDaily | Code::LimitMonthly, customer)) = refused(decision) else {
            let used = |fact: &Fact| match fact {
                Fact::AllowanceUsed { customer, .. } => Some(*customer),
                _ => None,
            };
            let payer = decision.iter().flatten().find_map(used)?;
            self.unseen
                .push_back((Instant::now(), payer, scope, amount));
            return None;
        };
        let others = self
            .unseen
            .iter()
            .filter(|it| (it.1, it.2) == (customer, scope));
        let unseen = others.map(|it| it.3.fen().0).sum::<i64>();
        Some(with_more(state, customer, scope, |limits| Limits {
            daily: Fen(limits.daily.0.saturating_add(unseen)),
            monthly: limits
                .monthly
                .map(|monthly| Fen(monthly.0.saturating_add(unseen))),
            ..limits
        }))
    }

    /// Every tenth use that a lock stands against meets no lock.
    fn unlocked(&mut self, state: &State, action: &Action, decision: &Decision) -> Option<AsIf> {
        let (code, _) = refused(decision)?;
        let locked = matches!(
            code,
            Code::LockOverseas
                | Code::LockRegion
                | Code::LockNight
                | Code::LockPosLimit
                | Code::LockOverseasCardNotPresent
        );
        self.candidates += u64::from(locked);
        if !locked || !self.candidates.is_multiple_of(IGNORED_EVERY) {
            return None;
        }
        let card = card_of(state, action)?;
        Some(AsIf {
            changed: Fact::LocksSet {
                card,
                locks: CardLocks::default(),
            },
            restored: Fact::LocksSet {
                card,
                locks: state.card_locks(card),
            },
        })
    }
}

/// Limits that are a fen too high.
fn fen_more(state: &State, command: &Command, decision: &Decision) -> Option<AsIf> {
    let (scope, _) = payment(command)?;
    let (Code::LimitPerTransaction | Code::LimitDaily | Code::LimitMonthly, customer) =
        refused(decision)?
    else {
        return None;
    };
    let more = |limit: Fen| Fen(limit.0.saturating_add(1));
    Some(with_more(state, customer, scope, |limits| Limits {
        per_transaction: more(limits.per_transaction),
        daily: more(limits.daily),
        monthly: limits.monthly.map(more),
    }))
}

fn with_more(
    state: &State,
    customer: CustomerId,
    scope: Scope,
    more: impl FnOnce(Limits) -> Limits,
) -> AsIf {
    let limits = state.media(customer).allowance(scope).limits;
    let set = |limits| Fact::LimitsSet {
        customer,
        scope,
        limits,
    };
    AsIf {
        changed: set(more(limits)),
        restored: set(limits),
    }
}

/// What an authorised payment counts to, and how much it is.
fn payment(command: &Command) -> Option<(Scope, Amount)> {
    let Action::AuthorisedTransfer { order, shown } = &command.action else {
        return None;
    };
    let scope = Scope::of(shown.proof.medium(), command.by.channel())?;
    Some((scope, order.amount))
}

/// The code of a refusal that the customer is told of, and the customer.
fn refused(decision: &Decision) -> Option<(Code, CustomerId)> {
    match decision.as_deref() {
        Ok([Fact::Refused { code, customer }, ..]) => Some((*code, *customer)),
        _ => None,
    }
}

fn card_of(state: &State, action: &Action) -> Option<CardId> {
    match action {
        Action::CardUse { card, .. } => *card,
        Action::Withdrawal { account, .. } | Action::WithdrawalAt { account, .. } => {
            Some(state.account((*account)?)?.card)
        }
        _ => None,
    }
}

/// Takes from a folded record, and from the state, what the defect loses of its last posting: all of
/// it, or a fen.
pub fn lose(plant: Plant, record: &mut Record, state: &mut State) {
    let facts = record.outcome.iter_mut().flatten();
    let moved = facts.filter_map(|fact| match fact {
        Fact::MoneyMoved { postings, .. } => Some(postings),
        _ => None,
    });
    let Some(postings) = moved.last() else { return };
    let Some(last) = postings.last_mut() else {
        return;
    };
    let account = last.account;
    let gone = match plant {
        Plant::Rounding => Fen(last.amount.0.signum()),
        _ => last.amount,
    };
    last.amount.0 -= gone.0;
    last.balance_after.0 -= gone.0;
    if plant == Plant::TornTransfer {
        postings.pop();
    }
    state.lose(account, gone);
}

/// A request like this one that nobody sent.
pub fn phantom_of(envelope: &Envelope, seq: u64) -> Option<Envelope> {
    Some(Envelope {
        key: IdempotencyKey::parse(&format!("nobody-{seq}"))?,
        ..envelope.clone()
    })
}
