//! A bank of rules alone: no server, no file; the clock is what each line says.
#![allow(
    dead_code,
    reason = "each test binary uses its own part of this module"
)]

use core_bank::{
    journal::{RECORD_VERSION, Record},
    rules::{
        AccountNumber, Action, Amount, Answer, BookAccount, BusinessTime, Caller, CardId, Channel,
        CustomerId, Envelope, Fingerprint, IdempotencyKey, IdentityCheckId, Looked, Origin,
        PersonName, Phone, ResidentId, State, TokenDigest, TokenNonce, Verdict, judge,
    },
};

/// Residents with right check digits; the first two are the worked examples of GB 11643.
const RESIDENTS: [&str; 3] = [
    "11010519491231002X",
    "440524188001010014",
    "110105199001010010",
];

pub const COUNTER: Caller = Caller::Terminal(Channel::Counter);
pub const KIOSK: Caller = Caller::Terminal(Channel::Kiosk);
pub const ATM: Caller = Caller::Terminal(Channel::Atm);
pub const ACQUIRER: Caller = Caller::Terminal(Channel::Acquirer);

/// A customer with one card.
#[derive(Clone, Copy, Debug)]
pub struct Holder {
    pub check: IdentityCheckId,
    pub customer: CustomerId,
    pub card: CardId,
    pub account: AccountNumber,
}

pub struct Desk {
    pub state: State,
    keys: u64,
    /// What was decided, for whoever wants to write it to a journal.
    pub records: Vec<Record>,
    /// The time of what does not say its own.
    pub clock: BusinessTime,
    /// Where requests come from.
    pub from: Option<Origin>,
}

pub fn moment(text: &str) -> BusinessTime {
    BusinessTime::of(text.parse().unwrap())
}

pub fn yuan(text: &str) -> Amount {
    Amount::parse(text).unwrap()
}

pub fn digest(name: &str) -> TokenDigest {
    TokenDigest(*blake3::hash(name.as_bytes()).as_bytes())
}

impl Desk {
    pub fn open_at(time: &str) -> Self {
        Self {
            state: State::default(),
            keys: 0,
            records: Vec::new(),
            clock: moment(time),
            from: None,
        }
    }

    /// Sets the clock.
    pub fn at(&mut self, time: &str) -> &mut Self {
        self.clock = moment(time);
        self
    }

    /// What comes of it: the answer, or the code of the refusal.
    pub fn ask(&mut self, caller: Caller, action: Action) -> Result<Answer, &'static str> {
        self.keys += 1;
        let key = format!("key-{}", self.keys);
        self.ask_with_key(caller, &key, action)
    }

    pub fn ask_with_key(
        &mut self,
        caller: Caller,
        key: &str,
        action: Action,
    ) -> Result<Answer, &'static str> {
        let text = format!("{action:?}");
        let mut fingerprint = Fingerprint([0; 16]);
        fingerprint
            .0
            .copy_from_slice(&blake3::hash(text.as_bytes()).as_bytes()[..16]);
        let key = IdempotencyKey::parse(key).unwrap();
        let envelope = Envelope {
            caller,
            key: key.clone(),
            fingerprint,
            action,
            from: self.from,
            looked: Looked::default(),
        };
        match judge(&self.state, &envelope, self.clock) {
            Verdict::LookFirst(..) => panic!("no key is beyond memory"),
            Verdict::TurnedAway(refusal) => Err(refusal.code.code()),
            Verdict::Repeated(_, first) => first.map_err(|refusal| refusal.code.code()),
            Verdict::Decided(command, outcome) => {
                let record = Record {
                    v: RECORD_VERSION,
                    seq: self.state.next_seq(),
                    at: self.clock,
                    key,
                    fingerprint,
                    command,
                    outcome,
                };
                let answer = record.fold_into(&mut self.state).unwrap();
                self.records.push(record);
                assert_eq!(self.state.ledger_sum(), 0);
                answer.map_err(|refusal| refusal.code.code())
            }
        }
    }

    /// The `number`-th resident as a customer with a card and so much money.
    pub fn holder(&mut self, number: usize, money: &str) -> Holder {
        let wish = Action::IdentityCheck {
            name: PersonName::parse("Li Ming").unwrap(),
            resident: ResidentId::parse(RESIDENTS[number]),
        };
        let Ok(Answer::IdentityVerified(check)) = self.ask(COUNTER, wish) else {
            panic!("not verified")
        };
        let wish = Action::RegisterCustomer {
            check: Some(check),
            phone: Phone::parse(&format!("1380000000{number}")).unwrap(),
        };
        let Ok(Answer::CustomerRegistered(customer)) = self.ask(COUNTER, wish) else {
            panic!("not registered")
        };
        let (card, account) = self.card(customer, check);
        let wish = Action::Deposit {
            account: Some(account),
            amount: yuan(money),
        };
        self.ask(COUNTER, wish).unwrap();
        Holder {
            check,
            customer,
            card,
            account,
        }
    }

    /// The holder, identified again.
    pub fn renew(&mut self, holder: Holder, number: usize) -> Holder {
        let wish = Action::IdentityCheck {
            name: PersonName::parse("Li Ming").unwrap(),
            resident: ResidentId::parse(RESIDENTS[number]),
        };
        match self.ask(COUNTER, wish) {
            Ok(Answer::IdentityVerified(check)) => Holder { check, ..holder },
            other => panic!("{other:?}"),
        }
    }

    /// One more card of a customer.
    pub fn card(
        &mut self,
        customer: CustomerId,
        check: IdentityCheckId,
    ) -> (CardId, AccountNumber) {
        let wish = Action::OpenCard {
            customer: Some(customer),
            check: Some(check),
        };
        match self.ask(COUNTER, wish) {
            Ok(Answer::CardOpened(card, account)) => (card, account),
            other => panic!("{other:?}"),
        }
    }

    /// A session of the mobile bank, by a device of this name.
    pub fn session(&mut self, holder: Holder, name: &str) -> Caller {
        let nonce = TokenNonce([0; 16]);
        let wish = Action::EbankingSignup {
            customer: Some(holder.customer),
            check: Some(holder.check),
            token: digest(&format!("device of {name}")),
            nonce,
        };
        self.ask(COUNTER, wish).unwrap();
        let session = digest(name);
        let wish = Action::LogIn {
            customer: Some(holder.customer),
            device: digest(&format!("device of {name}")),
            session,
            nonce,
        };
        self.ask(Caller::Visitor, wish).unwrap();
        Caller::Session(session)
    }

    pub fn balance(&self, account: AccountNumber) -> String {
        let balance = self.state.balance(BookAccount::Customer(account));
        balance.unwrap().to_string()
    }
}
