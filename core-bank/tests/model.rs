//! Random sequences of commands against a bank of a page: balances, sessions of money, lost cards
//! and idempotency, with groups that are undone on the way.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use core_bank::rules::{
    AccountNumber, Action, Amount, Answer, BookAccount, BusinessTime, Caller, CardId, Channel,
    CustomerId, Envelope, Fact, Fingerprint, IdempotencyKey, IdentityCheckId, LedgerAccount,
    PersonName, Phone, RefusalCode, ResidentId, State, Verdict, judge,
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
}

/// The naive bank: whole fen in a map, and what each key was told.
#[derive(Clone, Default)]
struct Model {
    balances: [i64; 3],
    lost: [bool; 3],
    told: BTreeMap<u8, (String, Result<Option<i64>, RefusalCode>)>,
    abroad: i64,
    cash: i64,
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

    fn ask(&mut self, key: u8, step: &Step) -> Result<Option<i64>, RefusalCode> {
        let text = format!("{step:?}");
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
    facts: Vec<Fact>,
}

impl Bank {
    fn open() -> Self {
        let state = State::default();
        let mut bank = Self {
            state,
            checks: Vec::new(),
            accounts: Vec::new(),
            facts: Vec::new(),
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
            bank.accounts.push((account, card));
        }
        bank
    }

    fn set_up(&mut self, number: usize, what: &str, action: Action) -> Answer {
        self.judge(&format!("{what}-{number}"), what, action)
            .unwrap()
    }

    fn judge(&mut self, key: &str, text: &str, action: Action) -> Result<Answer, RefusalCode> {
        let mut fingerprint = Fingerprint([0; 16]);
        fingerprint
            .0
            .copy_from_slice(&blake3::hash(text.as_bytes()).as_bytes()[..16]);
        let key = IdempotencyKey::parse(key).unwrap();
        let caller = Caller::Terminal(Channel::Counter);
        let at = BusinessTime(1);
        let envelope = Envelope {
            caller,
            key: key.clone(),
            fingerprint,
            action,
        };
        match judge(&self.state, &envelope, at) {
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
        let action = match *step {
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
        let answer = self.judge(&format!("step-{key}"), &format!("{step:?}"), action)?;
        Ok(match answer {
            Answer::CashMoved(balance) | Answer::Transferred(_, balance) => Some(balance.0),
            _ => None,
        })
    }
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
            let before = (bank.state.clone(), model.clone(), bank.facts.len());
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
                prop_assert!(bank.state == before.0, "an undone group left a trace");
            }
            prop_assert_eq!(bank.state.ledger_sum(), 0);
            for ((account, _), expected) in bank.accounts.iter().zip(model.balances) {
                let found = bank.state.balance(BookAccount::Customer(*account)).unwrap();
                prop_assert_eq!(found.0, expected);
            }
            prop_assert_eq!(bank.state.ledger(LedgerAccount::CashCounter).0, model.cash);
            prop_assert_eq!(bank.state.ledger(LedgerAccount::Nostro).0, model.abroad);
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
            Verdict::TurnedAway(_) => "turned away",
        }
    };
    assert_eq!(ask(0), "decided");
    assert_eq!(ask(24 * hour - 1), "repeated");
    assert_eq!(ask(24 * hour), "decided");
    assert_eq!(ask(25 * hour), "repeated");
    assert_eq!(ask(48 * hour), "decided");
}
