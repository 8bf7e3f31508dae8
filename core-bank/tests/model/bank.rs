//! The bank under test: how it is opened, asked and paid through.

use core_bank::rules::{
    AccountNumber, Action, Amount, Answer, BusinessTime, Caller, CardId, Channel, CustomerId, Day,
    Envelope, Fact, Fen, Fingerprint, IdempotencyKey, IdentityCheckId, Limits, Looked, MediumWish,
    Order, Original, PersonName, Phone, ProductCode, Proof, RefusalCode, ResidentId, Scope, Shown,
    State, TokenDigest, TokenNonce, Verdict, WealthAction, judge,
};

use crate::step::{PEOPLE, SMS, WEALTH};

/// The bank under test with its three customers, and the facts so far.
#[derive(Clone)]
pub struct Bank {
    pub state: State,
    pub checks: Vec<IdentityCheckId>,
    pub accounts: Vec<(AccountNumber, CardId)>,
    pub customers: Vec<CustomerId>,
    pub facts: Vec<Fact>,
    pub now: BusinessTime,
    /// The last transfer at the counter of each.
    pub last: [Option<Original>; 3],
    pub closed: Day,
}

impl Bank {
    pub fn open() -> Self {
        let state = State::default();
        let mut bank = Self {
            state,
            checks: Vec::new(),
            accounts: Vec::new(),
            customers: Vec::new(),
            facts: Vec::new(),
            now: BusinessTime(1),
            last: [None; 3],
            closed: Day(-1),
        };
        let launch = WealthAction::Launch {
            code: product(),
            name: "w".to_owned(),
            minimum: Amount::try_from(Fen(WEALTH.0)).unwrap(),
            quota: Amount::try_from(Fen(WEALTH.1)).unwrap(),
        };
        let operator = Caller::Terminal(Channel::Operator);
        bank.judge_by(operator, "launch", "launch", Action::Wealth(launch))
            .unwrap();
        for (number, person) in PEOPLE.into_iter().enumerate() {
            let name = PersonName::parse("Ann").unwrap();
            let resident = ResidentId::parse(person);
            let check = bank.set_up(number, "check", Action::IdentityCheck { name, resident });
            let Answer::IdentityVerified(check) = check else {
                panic!("{check:?}")
            };
            let phone = Phone::parse("12345").unwrap();
            let wish = Action::RegisterCustomer {
                check: Some(check),
                phone,
            };
            let customer = bank.set_up(number, "customer", wish);
            let Answer::CustomerRegistered(customer) = customer else {
                panic!("{customer:?}")
            };
            let wish = Action::OpenCard {
                customer: Some(customer),
                check: Some(check),
            };
            let card = bank.set_up(number, "card", wish);
            let Answer::CardOpened(card, account) = card else {
                panic!("{card:?}")
            };
            assert!(
                bank.state
                    .customer(customer)
                    .is_some_and(|c| *c.accounts == [account])
            );
            assert_ne!(customer, CustomerId::of_seq(0));
            bank.checks.push(check);
            let (monthly, nonce) = (Some(Fen(SMS.2)), TokenNonce([0; 16]));
            let wish = Action::SetLimits {
                customer: Some(customer),
                check: Some(check),
                scope: Scope::Sms,
                limits: Limits {
                    per_transaction: Fen(SMS.0),
                    daily: Fen(SMS.1),
                    monthly,
                },
            };
            bank.set_up(number, "limits", wish);
            let wish = Action::EbankingSignup {
                customer: Some(customer),
                check: Some(check),
                token: digest(number),
                nonce,
            };
            bank.set_up(number, "device", wish);
            bank.customers.push(customer);
            bank.log_in(number);
            bank.accounts.push((account, card));
        }
        bank
    }

    pub fn set_up(&mut self, number: usize, what: &str, action: Action) -> Answer {
        self.judge(&format!("{what}-{number}"), what, action)
            .unwrap()
    }

    /// A session of the mobile bank; its token is the number of its customer.
    pub fn log_in(&mut self, number: usize) {
        let wish = Action::LogIn {
            customer: Some(self.customers[number]),
            device: digest(number),
            session: self.token(number),
            nonce: TokenNonce([0; 16]),
        };
        let key = format!("log-in-{number}");
        self.judge_by(Caller::Visitor, &key, "log in", wish)
            .unwrap();
    }

    /// The session token of a customer, a new one each day.
    pub fn token(&self, number: usize) -> TokenDigest {
        let mut token = digest(number);
        token.0[..8].copy_from_slice(&self.now.0.to_le_bytes());
        token
    }

    /// Asks for an authorisation by SMS and uses it.
    pub fn pay(
        &mut self,
        key: u8,
        text: &str,
        order: &Order,
        (from, right): (usize, bool),
    ) -> Result<Answer, RefusalCode> {
        let session = Caller::Session(self.token(from));
        let (key, order) = (format!("step-{key}"), order.clone());
        let wish = MediumWish::Sms {
            phone: Phone::parse("12345").unwrap(),
            tail: self.accounts[from].0.last_six(),
        };
        let ask = Action::AskAuthorisation {
            wish,
            order: order.clone(),
        };
        let asked = self.judge_by(session, &key, text, ask)?;
        let Answer::AuthorisationAsked(id, _) = asked else {
            panic!("{asked:?}")
        };
        let shown = Shown {
            id: Some(id),
            proof: Proof::Sms { right },
        };
        let pay = Action::AuthorisedTransfer { order, shown };
        self.judge_by(session, &format!("{key}-pay"), text, pay)
    }

    pub fn judge(&mut self, key: &str, text: &str, action: Action) -> Result<Answer, RefusalCode> {
        self.judge_by(Caller::Terminal(Channel::Counter), key, text, action)
    }

    pub fn judge_by(
        &mut self,
        caller: Caller,
        key: &str,
        text: &str,
        action: Action,
    ) -> Result<Answer, RefusalCode> {
        let mut fingerprint = Fingerprint([0; 16]);
        fingerprint
            .0
            .copy_from_slice(&blake3::hash(text.as_bytes()).as_bytes()[..16]);
        let key = IdempotencyKey::parse(key).unwrap();
        let at = self.now;
        let envelope = Envelope {
            caller,
            key: key.clone(),
            fingerprint,
            action,
            from: None,
            looked: Looked::default(),
        };
        match judge(&self.state, &envelope, at) {
            Verdict::LookFirst(..) => panic!("no key is beyond memory"),
            Verdict::TurnedAway(refusal) => Err(refusal.code),
            Verdict::Repeated(_, first) => first.map_err(|refusal| refusal.code),
            Verdict::Decided(command, outcome) => {
                let seq = self.state.next_seq();
                let answer = self
                    .state
                    .record(seq, at, &command, &key, fingerprint, &outcome)
                    .unwrap();
                self.facts.extend(outcome.into_iter().flatten());
                answer.map_err(|refusal| refusal.code)
            }
        }
    }
}

pub fn product() -> ProductCode {
    ProductCode::parse("W1").unwrap()
}

/// The balance that an answer tells.
pub fn balance(answer: &Answer) -> Option<i64> {
    match answer {
        Answer::CashMoved(left)
        | Answer::Transferred(_, left)
        | Answer::WealthSubscribed(_, left)
        | Answer::WealthRedeemed(_, left) => Some(left.0),
        _ => None,
    }
}

pub fn digest(number: usize) -> TokenDigest {
    TokenDigest([number as u8; 32])
}
