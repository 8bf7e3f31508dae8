//! What deciding one transfer costs: the order of decisions in full, without any input or output.

use core_bank::rules::{
    AccountNumber, Action, Amount, Answer, AuthorisationId, BusinessTime, Caller, Channel,
    CustomerId, Envelope, Fingerprint, IdempotencyKey, Looked, MediumWish, Order, Payee, Phone,
    Proof, Shown, State, TokenDigest, TokenNonce, Verdict, judge,
};

use crate::replay::cpu_seconds;

/// A customer who pays.
pub struct Payer {
    pub customer: CustomerId,
    pub account: AccountNumber,
    pub device: TokenDigest,
    pub phone: Phone,
}

/// One bank's state and what is asked of it.
struct Desk {
    state: State,
    number: u64,
}

impl Desk {
    fn envelope(&mut self, caller: Caller, action: Action) -> Envelope {
        self.number += 1;
        Envelope {
            caller,
            key: IdempotencyKey::parse(&format!("decide-{}", self.number)).unwrap(),
            fingerprint: Fingerprint([3; 16]),
            action,
            from: None,
            // As after a look at the keys of the seeded records.
            looked: Looked {
                through: u64::MAX,
                found: None,
            },
        }
    }

    fn now(&self) -> BusinessTime {
        BusinessTime(self.state.at().0 + 10)
    }

    fn record(&mut self, envelope: &Envelope, verdict: Verdict) -> Answer {
        let Verdict::Decided(command, outcome) = verdict else {
            panic!("{verdict:?}")
        };
        let (seq, at) = (self.state.next_seq(), self.now());
        let (key, fingerprint) = (&envelope.key, envelope.fingerprint);
        let recorded = self
            .state
            .record(seq, at, &command, key, fingerprint, &outcome);
        recorded.unwrap().unwrap()
    }

    fn ask(&mut self, caller: Caller, action: Action) -> Answer {
        let envelope = self.envelope(caller, action);
        let verdict = judge(&self.state, &envelope, self.now());
        self.record(&envelope, verdict)
    }

    fn log_in(&mut self, payer: &Payer) -> Caller {
        let mut digest = TokenDigest([9; 32]);
        digest.0[..8].copy_from_slice(&self.number.to_le_bytes());
        let log_in = Action::LogInTo {
            channel: Channel::Mobile,
            customer: Some(payer.customer),
            device: payer.device,
            session: digest,
            nonce: TokenNonce([1; 16]),
        };
        self.ask(Caller::Visitor, log_in);
        Caller::Session(digest)
    }
}

/// Microseconds of CPU that it takes to decide one transfer out of a session, authorised by SMS: the
/// session, the key, the locks, the code's count, the limits, the postings.
pub fn micros(state: State, payers: &[Payer], rounds: u32) -> f64 {
    let mut desk = Desk { state, number: 0 };
    let sessions: Vec<Caller> = payers.iter().map(|payer| desk.log_in(payer)).collect();
    let mut judging = 0.0;
    for _ in 0..rounds {
        let mut envelopes = Vec::with_capacity(payers.len());
        for (place, payer) in payers.iter().enumerate() {
            let order = Order {
                from: Some(payer.account),
                payee: Payee::Here(Some(payers[(place * 7 + 1) % payers.len()].account)),
                amount: Amount::parse("0.01").unwrap(),
            };
            let id = authorise(&mut desk, sessions[place], payer, &order);
            let shown = Shown {
                id: Some(id),
                proof: Proof::Sms { right: true },
            };
            let pay = Action::AuthorisedTransfer { order, shown };
            envelopes.push(desk.envelope(sessions[place], pay));
        }
        // Different customers: none of these decisions changes what another one finds.
        let (now, began) = (desk.now(), cpu_seconds());
        let verdicts: Vec<Verdict> = envelopes
            .iter()
            .map(|envelope| judge(&desk.state, envelope, now))
            .collect();
        judging += cpu_seconds() - began;
        for verdict in verdicts {
            assert!(matches!(verdict, Verdict::Decided(_, Ok(_))), "{verdict:?}");
        }
    }
    judging / (f64::from(rounds) * payers.len() as f64) * 1e6
}

fn authorise(desk: &mut Desk, session: Caller, payer: &Payer, order: &Order) -> AuthorisationId {
    let wish = MediumWish::Sms {
        phone: payer.phone,
        tail: payer.account.last_six(),
    };
    let ask = Action::AskAuthorisation {
        wish,
        order: order.clone(),
    };
    match desk.ask(session, ask) {
        Answer::AuthorisationAsked(id, _) => id,
        other => panic!("{other:?}"),
    }
}
