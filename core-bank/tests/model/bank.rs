//! The bank under test: how it is opened, asked and paid through.

use core_bank::rules::{
    AccountNumber, Action, Amount, Answer, AuthorisationId, BusinessTime, Caller, CardId, Channel,
    CustomerId, Day, Envelope, Fact, Fen, Fingerprint, IdempotencyKey, IdentityCheckId, Limits,
    Looked, MediumWish, Order, Original, PersonName, Phone, ProductCode, Proof, RefusalCode,
    ResidentId, Scope, Shown, State, TokenDigest, TokenNonce, Verdict, WealthAction, judge,
};

use crate::step::{MONEY, PEOPLE, SMS, WEALTH};

/// The bank under test with its three customers, and the facts so far.
#[derive(Clone)]
pub struct Bank {
    pub state: State,
    pub checks: Vec<IdentityCheckId>,
    pub accounts: Vec<(AccountNumber, CardId)>,
    pub customers: Vec<CustomerId>,
    pub facts: Vec<Fact>,
    pub now: BusinessTime,
    /// The session of each.
    pub sessions: [TokenDigest; 3],
    /// What each asked for, to be shown later.
    pub asked: [Vec<(AuthorisationId, Order)>; 3],
    /// The last transfer at the counter of each.
    pub last: [Option<Original>; 3],
    /// The last transfer to another bank of each.
    pub sent: [Option<Original>; 3],
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
            sessions: [digest(0); 3],
            asked: Default::default(),
            last: [None; 3],
            sent: [None; 3],
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
            let wish = Action::Deposit {
                account: Some(account),
                amount: Amount::try_from(Fen(MONEY)).unwrap(),
            };
            bank.set_up(number, "money", wish);
        }
        bank
    }

    pub fn set_up(&mut self, number: usize, what: &str, action: Action) -> Answer {
        self.judge(&format!("{what}-{number}"), what, action)
            .unwrap()
    }

    /// A session of the mobile bank; its token is its customer's number and the time.
    pub fn log_in(&mut self, number: usize) {
        let now = self.now.0;
        let mut token = digest(number);
        token.0[..8].copy_from_slice(&now.to_le_bytes());
        self.sessions[number] = token;
        let wish = Action::LogIn {
            customer: Some(self.customers[number]),
            device: digest(number),
            session: token,
            nonce: TokenNonce([0; 16]),
        };
        let key = format!("log-in-{number}-{now}");
        self.judge_by(Caller::Visitor, &key, "log in", wish)
            .unwrap();
    }

    /// The caller in a customer's session.
    pub fn session(&self, number: usize) -> Caller {
        Caller::Session(self.sessions[number])
    }

    /// Asks for an authorisation by SMS and uses it.
    pub fn pay(
        &mut self,
        key: u8,
        text: &str,
        order: &Order,
        (from, right): (usize, bool),
    ) -> Result<Answer, RefusalCode> {
        let id = self.authorise(&format!("step-{key}"), text, order, from)?;
        self.show(
            &format!("step-{key}-pay"),
            text,
            (Some(id), order),
            (from, right),
        )
    }

    /// Asks for an authorisation by SMS.
    pub fn authorise(
        &mut self,
        key: &str,
        text: &str,
        order: &Order,
        from: usize,
    ) -> Result<AuthorisationId, RefusalCode> {
        let wish = MediumWish::Sms {
            phone: Phone::parse("12345").unwrap(),
            tail: self.accounts[from].0.last_six(),
        };
        let order = order.clone();
        let ask = Action::AskAuthorisation { wish, order };
        match self.judge_by(self.session(from), key, text, ask)? {
            Answer::AuthorisationAsked(id, _) => Ok(id),
            other => panic!("{other:?}"),
        }
    }

    /// Pays with an authorisation.
    pub fn show(
        &mut self,
        key: &str,
        text: &str,
        (id, order): (Option<AuthorisationId>, &Order),
        (from, right): (usize, bool),
    ) -> Result<Answer, RefusalCode> {
        let proof = Proof::Sms { right };
        let pay = Action::AuthorisedTransfer {
            order: order.clone(),
            shown: Shown { id, proof },
        };
        self.judge_by(self.session(from), key, text, pay)
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
