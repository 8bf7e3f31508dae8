//! Random sequences of commands against a bank of a page: balances, sessions of money, lost cards
//! and idempotency, with groups that are undone on the way.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use core_bank::rules::{
    AccountNumber, Action, Amount, Answer, BookAccount, BusinessTime, Caller, CardEntry, CardId,
    CardLocks, Channel, CustomerId, Envelope, Fact, Fen, Fingerprint, IdempotencyKey,
    IdentityCheckId, LedgerAccount, Limits, Looked, MediumWish, Order, Payee, PersonName, Phone,
    Place, Proof, RefusalCode, ResidentId, Scope, Shown, State, TokenDigest, TokenNonce, Verdict,
    judge,
};
use proptest::prelude::*;

const PEOPLE: [&str; 3] = [
    "11010519491231002X",
    "440524188001010014",
    "110105199001010010",
];

/// One step, small enough that steps collide: 3 accounts, a handful of amounts and keys.
#[derive(Clone, Debug)]
enum Step {
    Deposit(usize, i64),
    Withdraw(usize, i64),
    Transfer(usize, usize, i64),
    Remit(usize, i64),
    Lose(usize),
    Lift(usize),
    /// A purchase at a point of sale.
    Buy(usize, i64),
    /// The card's limit lock: so much a day, or none.
    Lock(usize, Option<i64>),
    /// A transfer from the mobile bank by SMS, with the right code or a wrong one.
    Pay(usize, usize, i64, bool),
    /// So many days pass.
    Sleep(u32),
}

impl Step {
    /// Whose keys it uses: a customer's, the card network's, the counter's.
    fn asker(&self) -> usize {
        match self {
            Self::Pay(customer, ..) | Self::Lock(customer, _) => *customer,
            Self::Buy(..) => 3,
            _ => 4,
        }
    }
}

/// The limits of SMS that everybody has set, in fen: small enough to be met.
const SMS: (i64, i64, i64) = (500, 800, 2_000);

/// What a step was told: the balance left, if it has one to tell.
type Told = Result<Option<i64>, RefusalCode>;

/// The naive bank: whole fen in a map, and what each key was told.
#[derive(Clone, Default)]
struct Model {
    balances: [i64; 3],
    lost: [bool; 3],
    /// By who asked and under which key.
    told: BTreeMap<(usize, u8), (String, Told)>,
    abroad: i64,
    network: i64,
    cash: i64,
    day: u32,
    bought: [i64; 3],
    pos_limit: [Option<i64>; 3],
    paid_today: [i64; 3],
    paid_in_month: [i64; 3],
    wrong_in_a_row: [u32; 3],
}

/// The month that a day after 1 January 1970 is in, counted from that one.
fn month(mut day: u32) -> u32 {
    let mut month = 0;
    loop {
        let year = 1970 + month / 12;
        let length = match month % 12 {
            1 if year % 4 == 0 => 29,
            1 => 28,
            3 | 5 | 8 | 10 => 30,
            _ => 31,
        };
        if day < length {
            return month;
        }
        day -= length;
        month += 1;
    }
}

impl Model {
    /// What the step answers: the balance left, if it has one to tell.
    fn take(&mut self, step: &Step) -> Result<Option<i64>, RefusalCode> {
        match *step {
            Step::Deposit(at, much) => {
                self.cash -= much;
                self.balances[at] += much;
                Ok(Some(self.balances[at]))
            }
            Step::Withdraw(at, _) if self.lost[at] => Err(RefusalCode::CardLost),
            Step::Transfer(from, to, _) if from == to => Err(RefusalCode::SameAccount),
            Step::Withdraw(at, much) | Step::Transfer(at, _, much) | Step::Remit(at, much)
                if self.balances[at] < much =>
            {
                Err(RefusalCode::InsufficientFunds)
            }
            Step::Withdraw(at, much) => {
                self.cash += much;
                self.balances[at] -= much;
                Ok(Some(self.balances[at]))
            }
            Step::Transfer(from, to, much) => {
                self.balances[from] -= much;
                self.balances[to] += much;
                Ok(Some(self.balances[from]))
            }
            Step::Remit(from, much) => {
                self.abroad += much;
                self.balances[from] -= much;
                Ok(Some(self.balances[from]))
            }
            Step::Sleep(days) => {
                if month(self.day + days) != month(self.day) {
                    self.paid_in_month = [0; 3];
                }
                self.day += days;
                (self.bought, self.paid_today) = ([0; 3], [0; 3]);
                self.told.clear();
                Ok(None)
            }
            Step::Buy(at, _) if self.lost[at] => Err(RefusalCode::CardLost),
            Step::Buy(at, much) => {
                if self.pos_limit[at].is_some_and(|limit| self.bought[at] + much > limit) {
                    return Err(RefusalCode::LockPosLimit);
                }
                if self.balances[at] < much {
                    return Err(RefusalCode::InsufficientFunds);
                }
                self.bought[at] += much;
                self.network += much;
                self.balances[at] -= much;
                Ok(Some(self.balances[at]))
            }
            Step::Lock(at, limit) => {
                self.pos_limit[at] = limit;
                Ok(None)
            }
            Step::Pay(from, to, much, right) => self.pay(from, to, much, right),
            Step::Lift(_) if self.day > 0 => Err(RefusalCode::IdentityCheckNotFound),
            Step::Lose(at) if self.lost[at] => Err(RefusalCode::CardAlreadyLost),
            Step::Lift(at) if !self.lost[at] => Err(RefusalCode::CardNotLost),
            Step::Lose(at) => {
                self.lost[at] = true;
                Ok(None)
            }
            Step::Lift(at) => {
                self.lost[at] = false;
                Ok(None)
            }
        }
    }

    fn pay(
        &mut self,
        from: usize,
        to: usize,
        much: i64,
        right: bool,
    ) -> Result<Option<i64>, RefusalCode> {
        if from == to {
            return Err(RefusalCode::SameAccount);
        }
        if self.wrong_in_a_row[from] >= 5 {
            return Err(RefusalCode::MediumLocked);
        }
        if !right {
            self.wrong_in_a_row[from] += 1;
            return Err(RefusalCode::CodeWrong);
        }
        self.wrong_in_a_row[from] = 0;
        let (once, daily, monthly) = SMS;
        if much > once {
            return Err(RefusalCode::LimitPerTransaction);
        }
        if self.paid_today[from] + much > daily {
            return Err(RefusalCode::LimitDaily);
        }
        if self.paid_in_month[from] + much > monthly {
            return Err(RefusalCode::LimitMonthly);
        }
        if self.balances[from] < much {
            return Err(RefusalCode::InsufficientFunds);
        }
        self.paid_today[from] += much;
        self.paid_in_month[from] += much;
        self.balances[from] -= much;
        self.balances[to] += much;
        Ok(Some(self.balances[from]))
    }

    fn ask(&mut self, key: u8, step: &Step) -> Result<Option<i64>, RefusalCode> {
        if matches!(step, Step::Sleep(_)) {
            return self.take(step);
        }
        let text = format!("{step:?}");
        let key = (step.asker(), key);
        if let Some((first, answer)) = self.told.get(&key) {
            return if *first == text {
                *answer
            } else {
                Err(RefusalCode::IdempotencyKeyReused)
            };
        }
        let answer = self.take(step);
        self.told.insert(key, (text, answer));
        answer
    }
}

/// The bank under test with its three customers, and the facts so far.
struct Bank {
    state: State,
    checks: Vec<IdentityCheckId>,
    accounts: Vec<(AccountNumber, CardId)>,
    customers: Vec<CustomerId>,
    facts: Vec<Fact>,
    now: BusinessTime,
}

impl Bank {
    fn open() -> Self {
        let state = State::default();
        let mut bank = Self {
            state,
            checks: Vec::new(),
            accounts: Vec::new(),
            customers: Vec::new(),
            facts: Vec::new(),
            now: BusinessTime(1),
        };
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
                    .is_some_and(|c| c.accounts == [account])
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

    fn set_up(&mut self, number: usize, what: &str, action: Action) -> Answer {
        self.judge(&format!("{what}-{number}"), what, action)
            .unwrap()
    }

    /// A session of the mobile bank; its token is the number of its customer.
    fn log_in(&mut self, number: usize) {
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
    fn token(&self, number: usize) -> TokenDigest {
        let mut token = digest(number);
        token.0[..8].copy_from_slice(&self.now.0.to_le_bytes());
        token
    }

    /// Asks for an authorisation by SMS and uses it.
    fn pay(
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

    fn judge(&mut self, key: &str, text: &str, action: Action) -> Result<Answer, RefusalCode> {
        self.judge_by(Caller::Terminal(Channel::Counter), key, text, action)
    }

    fn judge_by(
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

    fn ask(&mut self, key: u8, step: &Step) -> Result<Option<i64>, RefusalCode> {
        let account = |at: usize| Some(self.accounts[at].0);
        let card = |at: usize| Some(self.accounts[at].1);
        let amount = |fen: i64| Amount::parse(&format!("{}.{:02}", fen / 100, fen % 100)).unwrap();
        let text = format!("{step:?}");
        let action = match *step {
            Step::Sleep(days) => {
                self.now.0 += i64::from(days) * 24 * 3_600 * 1_000_000;
                // Sessions do not live that long.
                (0..self.customers.len()).for_each(|number| self.log_in(number));
                return Ok(None);
            }
            Step::Pay(from, to, much, right) => {
                let order = Order {
                    from: account(from),
                    payee: Payee::Here(account(to)),
                    amount: amount(much),
                };
                return self
                    .pay(key, &text, &order, (from, right))
                    .map(|answer| balance(&answer));
            }
            Step::Buy(at, much) => {
                let wish = Action::CardUse {
                    card: card(at),
                    entry: CardEntry::Pos,
                    amount: amount(much),
                    place: Place::HOME,
                    merchant: "shop".to_owned(),
                };
                let acquirer = Caller::Terminal(Channel::Acquirer);
                let key = format!("step-{key}");
                return self
                    .judge_by(acquirer, &key, &text, wish)
                    .map(|answer| balance(&answer));
            }
            Step::Lock(at, limit) => {
                let wish = Action::SetLocks {
                    card: card(at),
                    locks: CardLocks {
                        pos_daily: limit.map(amount),
                        ..CardLocks::default()
                    },
                };
                let session = Caller::Session(self.token(at));
                let key = format!("step-{key}");
                return self
                    .judge_by(session, &key, &text, wish)
                    .map(|answer| balance(&answer));
            }
            Step::Deposit(at, much) => Action::Deposit {
                account: account(at),
                amount: amount(much),
            },
            Step::Withdraw(at, much) => Action::Withdrawal {
                account: account(at),
                amount: amount(much),
            },
            Step::Transfer(from, to, much) => Action::TransferOwnBank {
                from: account(from),
                to: account(to),
                amount: amount(much),
            },
            Step::Remit(from, much) => Action::TransferOtherBank {
                from: account(from),
                to: "1".to_owned(),
                bank: "CCB".to_owned(),
                amount: amount(much),
            },
            Step::Lose(at) => Action::ReportLoss { card: card(at) },
            Step::Lift(at) => Action::LiftLoss {
                card: card(at),
                check: Some(self.checks[at]),
            },
        };
        self.judge(&format!("step-{key}"), &text, action)
            .map(|answer| balance(&answer))
    }
}

/// The balance that an answer tells.
fn balance(answer: &Answer) -> Option<i64> {
    match answer {
        Answer::CashMoved(left) | Answer::Transferred(_, left) => Some(left.0),
        _ => None,
    }
}

fn digest(number: usize) -> TokenDigest {
    TokenDigest([number as u8; 32])
}

fn step() -> impl Strategy<Value = Step> {
    let much = || {
        prop_oneof![
            Just(1_i64),
            Just(50),
            Just(99),
            Just(100),
            Just(101),
            1..1_000_i64
        ]
    };
    prop_oneof![
        3 => (0..3_usize, much()).prop_map(|(at, much)| Step::Deposit(at, much)),
        3 => (0..3_usize, much()).prop_map(|(at, much)| Step::Withdraw(at, much)),
        4 => (0..3_usize, 0..3_usize, much()).prop_map(|(from, to, much)| Step::Transfer(from, to, much)),
        2 => (0..3_usize, much()).prop_map(|(from, much)| Step::Remit(from, much)),
        1 => (0..3_usize).prop_map(Step::Lose),
        1 => (0..3_usize).prop_map(Step::Lift),
        3 => (0..3_usize, much()).prop_map(|(at, much)| Step::Buy(at, much)),
        1 => (0..3_usize, prop::option::of(much())).prop_map(|(at, limit)| Step::Lock(at, limit)),
        5 => (0..3_usize, 0..3_usize, much(), prop::bool::weighted(0.7))
            .prop_map(|(from, to, much, right)| Step::Pay(from, to, much, right)),
        1 => prop_oneof![Just(1_u32), 1..40_u32].prop_map(Step::Sleep),
    ]
}

/// Groups of keyed steps; `false` says that the journal refuses the group.
type Groups = Vec<(bool, Vec<(u8, Step)>)>;

fn groups() -> impl Strategy<Value = Groups> {
    let group = prop::collection::vec((0..60_u8, step()), 1..8);
    prop::collection::vec((prop::bool::weighted(0.8), group), 1..16)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_bank_answers_like_the_model_and_its_books_balance(groups in groups()) {
        let (mut bank, mut model) = (Bank::open(), Model::default());
        for (durable, group) in groups {
            let before = (bank.state.clone(), model.clone(), bank.facts.len(), bank.now);
            bank.state.mark();
            for (key, step) in &group {
                prop_assert_eq!(bank.ask(*key, step), model.ask(*key, step), "{:?}", step);
            }
            if durable {
                bank.state.keep();
            } else {
                bank.state.drop_changes();
                bank.facts.truncate(before.2);
                model = before.1;
                bank.now = before.3;
                prop_assert!(bank.state == before.0, "an undone group left a trace");
            }
            prop_assert_eq!(bank.state.ledger_sum(), 0);
            for ((account, _), expected) in bank.accounts.iter().zip(model.balances) {
                let found = bank.state.balance(BookAccount::Customer(*account)).unwrap();
                prop_assert_eq!(found.0, expected);
            }
            prop_assert_eq!(bank.state.ledger(LedgerAccount::CashCounter).0, model.cash);
            prop_assert_eq!(bank.state.ledger(LedgerAccount::Settlement).0, model.abroad);
            prop_assert_eq!(bank.state.ledger(LedgerAccount::CardNetwork).0, model.network);
        }
        // Every balance is the sum of its postings, whatever the state says it is.
        let mut sums: BTreeMap<BookAccount, i64> = BTreeMap::new();
        for fact in &bank.facts {
            let Fact::MoneyMoved { postings, .. } = fact else { continue };
            prop_assert_eq!(postings.iter().map(|line| line.amount.0).sum::<i64>(), 0);
            for line in postings {
                *sums.entry(line.account).or_default() += line.amount.0;
            }
        }
        for (account, sum) in sums {
            prop_assert_eq!(bank.state.balance(account).unwrap().0, sum);
        }
    }
}

#[test]
fn an_idempotency_key_lives_24_hours_of_business_time() {
    let mut state = State::default();
    let hour = 3_600_000_000;
    let resident = ResidentId::parse(PEOPLE[0]);
    let name = PersonName::parse("Ann").unwrap();
    let envelope = Envelope {
        caller: Caller::Terminal(Channel::Kiosk),
        key: IdempotencyKey::parse("k").unwrap(),
        fingerprint: Fingerprint([0; 16]),
        action: Action::IdentityCheck { name, resident },
        looked: Looked::default(),
    };
    let mut ask = |at: i64| {
        let at = BusinessTime(at);
        match judge(&state, &envelope, at) {
            Verdict::Decided(command, outcome) => {
                let seq = state.next_seq();
                let key = &envelope.key;
                state
                    .record(seq, at, &command, key, envelope.fingerprint, &outcome)
                    .unwrap()
                    .unwrap();
                "decided"
            }
            Verdict::Repeated(..) => "repeated",
            Verdict::LookFirst(..) => panic!("no key is beyond memory"),
            Verdict::TurnedAway(_) => "turned away",
        }
    };
    assert_eq!(ask(0), "decided");
    assert_eq!(ask(24 * hour - 1), "repeated");
    assert_eq!(ask(24 * hour), "decided");
    assert_eq!(ask(25 * hour), "repeated");
    assert_eq!(ask(48 * hour), "decided");
}
