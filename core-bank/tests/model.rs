//! Random sequences of commands against a bank of a page: balances, sessions of money, lost cards
//! and idempotency, with groups that are undone on the way.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{cell::Cell, collections::BTreeMap};

use core_bank::rules::{
    AccountNumber, Action, Amount, Answer, Bill, BillKind, BookAccount, BooksAction, BusinessTime,
    Caller, CardEntry, CardId, CardLocks, Channel, CustomerId, Day, Envelope, Fact, Fen,
    Fingerprint, IdempotencyKey, IdentityCheckId, LedgerAccount, Limits, LoanAction, Looked,
    MediumWish, NetAssetValue, Order, Original, Payee, PersonName, Phone, Place, ProductCode,
    Proof, RefusalCode, ResidentId, ReturnAction, ReturnKind, Scope, Shown, State, TokenDigest,
    TokenNonce, Verdict, WealthAction, judge,
};
use proptest::{
    prelude::*,
    test_runner::{RngAlgorithm, TestRng, TestRunner},
};

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
    /// A bill from the mobile bank by SMS.
    Bill(usize, i64, bool),
    /// Money into the wealth product.
    Subscribe(usize, i64),
    /// So many hundredths of units out of it.
    Redeem(usize, i64),
    /// A net asset value in ten-thousandths.
    Value(u32),
    /// The last transfer of this customer at the counter goes back, if two people agree.
    Undo(usize),
    /// A loan of 1,000.00 over three months, drawn at once when it is approved.
    Borrow(usize),
    /// The next instalment of the oldest loan, or all of it.
    Repay(usize, bool),
    /// Every day that is over is closed.
    EndDays,
    /// So many days pass.
    Sleep(u32),
}

impl Step {
    /// Whose keys it uses: a customer's, the card network's, the counter's, the operator's.
    fn asker(&self) -> usize {
        match self {
            Self::Pay(customer, ..)
            | Self::Bill(customer, ..)
            | Self::Subscribe(customer, _)
            | Self::Redeem(customer, _)
            | Self::Lock(customer, _) => *customer,
            Self::Buy(..) => 3,
            Self::Value(_) | Self::Undo(_) => 5,
            _ => 4,
        }
    }
}

/// The limits of SMS that everybody has set, in fen: small enough to be met.
const SMS: (i64, i64, i64) = (500, 800, 2_000);

/// The instalments of a loan of 1,000.00: principal and interest in fen, computed apart from the bank.
const LOAN: [(i64, i64); 3] = [(33_212, 363), (33_333, 242), (33_455, 121)];

/// The wealth product's minimum and quota, in fen.
const WEALTH: (i64, i64) = (50, 3_000);

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
    bills: i64,
    /// What was settled with other banks and billers.
    settled: i64,
    units: [i64; 3],
    /// In ten-thousandths of a yuan.
    price: i64,
    subscribed: i64,
    funds: i64,
    /// The last transfer at the counter: to whom, how much, whether it went back.
    last: [Option<(usize, i64, bool)>; 3],
    /// What all held at the end of each day that is over.
    held: Vec<i64>,
    closed: usize,
    /// Fen times days: of each account since interest was credited, and of all by the last closed day.
    products: [i64; 3],
    unpaid: i64,
    interest: i64,
    /// In the order of their ids.
    loans: Vec<Loan>,
    borrowed: u64,
}

/// A loan that was drawn: whose, on which day, and how many instalments were paid.
#[derive(Clone, Copy)]
struct Loan {
    id: u64,
    at: usize,
    drawn: u32,
    paid: usize,
}

impl Loan {
    /// The same day so many months later, or the month's last.
    fn due(&self, months: usize) -> u32 {
        let (month, in_month) = date(self.drawn);
        let wanted = month + months as u32;
        let mut near = self.drawn - in_month..self.drawn + 200;
        let first = near.find(|day| date(*day) == (wanted, 0));
        let first = first.unwrap();
        let mut days = first..first + in_month + 1;
        days.rfind(|day| date(*day).0 == wanted).unwrap()
    }

    fn outstanding(&self) -> i64 {
        LOAN[self.paid..]
            .iter()
            .map(|(principal, _)| principal)
            .sum()
    }

    fn accrued(&self, today: u32) -> i64 {
        let mut sum = 0;
        for (place, (_, interest)) in LOAN.iter().enumerate().skip(self.paid) {
            if self.due(place + 1) <= today {
                sum += interest;
            } else {
                let days = i64::from(today.saturating_sub(self.due(place)).min(30));
                return sum + (2 * interest * days + 30) / 60;
            }
        }
        sum
    }
}

/// Interest on fen times days at 0.30% and 360 days a year, halves up: a 120,000th.
fn interest(product: i64) -> i64 {
    (2 * product + 120_000).div_euclid(240_000)
}

/// The month that a day after 1 January 1970 is in, counted from that one.
fn month(day: u32) -> u32 {
    date(day).0
}

/// That month, and the day in it, counted from 0.
fn date(mut day: u32) -> (u32, u32) {
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
            return (month, day);
        }
        day -= length;
        month += 1;
    }
}

impl Model {
    fn new() -> Self {
        Self {
            price: 10_000,
            ..Self::default()
        }
    }

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
                self.last[from] = Some((to, much, false));
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
                for _ in 0..days {
                    self.held.push(self.balances.iter().sum());
                }
                for (product, balance) in self.products.iter_mut().zip(self.balances) {
                    *product += balance * i64::from(days);
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
            Step::Pay(from, to, _, _) if from == to => Err(RefusalCode::SameAccount),
            Step::Pay(from, to, much, right) => {
                let left = self.pay(from, much, right)?;
                self.balances[to] += much;
                Ok(left)
            }
            Step::Bill(from, much, right) => {
                let left = self.pay(from, much, right)?;
                self.bills += much;
                Ok(left)
            }
            Step::Subscribe(at, much) => self.subscribe(at, much),
            Step::Redeem(at, units) => self.redeem(at, units),
            Step::Value(price) => {
                self.price = price.into();
                self.funds = self.worth(self.units.iter().sum());
                Ok(None)
            }
            Step::Undo(at) => self.undo(at),
            Step::Borrow(at) => Ok(self.borrow(at)),
            Step::Repay(at, whole) => self.repay(at, whole),
            Step::EndDays => {
                self.end_days();
                Ok(None)
            }
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

    fn worth(&self, units: i64) -> i64 {
        units * self.price / 10_000
    }

    fn subscribe(&mut self, at: usize, much: i64) -> Told {
        let (minimum, quota) = WEALTH;
        if much < minimum {
            return Err(RefusalCode::BelowMinimum);
        }
        if self.subscribed + much > quota {
            return Err(RefusalCode::QuotaExhausted);
        }
        if self.balances[at] < much {
            return Err(RefusalCode::InsufficientFunds);
        }
        self.subscribed += much;
        self.funds += much;
        self.units[at] += much * 10_000 / self.price;
        self.balances[at] -= much;
        Ok(Some(self.balances[at]))
    }

    fn redeem(&mut self, at: usize, units: i64) -> Told {
        if self.units[at] < units {
            return Err(RefusalCode::UnitsInsufficient);
        }
        let worth = self.worth(units);
        if worth == 0 {
            return Err(RefusalCode::BelowMinimum);
        }
        self.funds -= worth;
        self.units[at] -= units;
        self.balances[at] += worth;
        Ok(Some(self.balances[at]))
    }

    fn undo(&mut self, at: usize) -> Told {
        match self.last[at] {
            None => Err(RefusalCode::PaymentNotFound),
            Some((_, _, true)) => Err(RefusalCode::ReturnTooLarge),
            Some((to, much, _)) if self.balances[to] < much => Err(RefusalCode::InsufficientFunds),
            Some((to, much, _)) => {
                self.last[at] = Some((to, much, true));
                self.balances[to] -= much;
                self.balances[at] += much;
                Ok(None)
            }
        }
    }

    /// Declined, nothing is told.
    fn borrow(&mut self, at: usize) -> Option<i64> {
        let own: Vec<&Loan> = self.loans.iter().filter(|loan| loan.at == at).collect();
        let overdue = own.iter().any(|loan| loan.due(loan.paid + 1) < self.day);
        let lent: i64 = own.iter().map(|loan| loan.outstanding()).sum();
        if overdue || own.len() >= 3 || lent + 100_000 > 10 * self.balances[at] {
            return None;
        }
        self.borrowed += 1;
        self.loans.push(Loan {
            id: self.borrowed,
            at,
            drawn: self.day,
            paid: 0,
        });
        self.balances[at] += 100_000;
        Some(self.balances[at])
    }

    fn repay(&mut self, at: usize, whole: bool) -> Told {
        let place = self.loans.iter().position(|loan| loan.at == at);
        let place = place.ok_or(RefusalCode::LoanNotFound)?;
        let loan = self.loans[place];
        let much = if whole {
            loan.outstanding() + loan.accrued(self.day)
        } else {
            if self.day < loan.due(loan.paid) {
                return Err(RefusalCode::InstalmentNotDue);
            }
            LOAN[loan.paid].0 + LOAN[loan.paid].1
        };
        if self.balances[at] < much {
            return Err(RefusalCode::InsufficientFunds);
        }
        self.balances[at] -= much;
        if whole || loan.paid == 2 {
            self.loans.remove(place);
        } else {
            self.loans[place].paid += 1;
        }
        Ok(Some(self.balances[at]))
    }

    /// Collects what is due by a day, the earliest first, where the account holds it.
    fn collect(&mut self, day: u32) {
        let mut after = (0, 0);
        loop {
            let due = |loan: &Loan| (loan.due(loan.paid + 1), loan.id);
            let next = self.loans.iter().map(due);
            let next = next.filter(|next| *next > after && next.0 <= day).min();
            let Some(next) = next else { return };
            after = next;
            let place = self
                .loans
                .iter()
                .position(|loan| due(loan) == next)
                .unwrap();
            let loan = self.loans[place];
            let much = LOAN[loan.paid].0 + LOAN[loan.paid].1;
            if self.balances[loan.at] < much {
                continue;
            }
            self.balances[loan.at] -= much;
            if loan.paid == 2 {
                self.loans.remove(place);
            } else {
                self.loans[place].paid += 1;
            }
        }
    }

    /// Closes each day that is over: interest at the end of a quarter's 20th, then the day's accrual.
    fn end_days(&mut self) {
        for day in self.closed..self.day as usize {
            self.collect(day as u32);
            let (month, in_month) = date(day as u32);
            if (month % 12) % 3 == 2 && in_month == 19 {
                for at in 0..3 {
                    self.balances[at] += interest(self.products[at]);
                    self.unpaid -= std::mem::take(&mut self.products[at]);
                }
            }
            self.unpaid += self.held[day];
            self.settled += self.abroad + self.bills;
            (self.abroad, self.bills) = (0, 0);
            self.interest = interest(self.unpaid.max(0));
        }
        self.closed = self.day as usize;
    }

    /// A payment by SMS, as far as the payer is concerned.
    fn pay(&mut self, from: usize, much: i64, right: bool) -> Told {
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
        Ok(Some(self.balances[from]))
    }

    fn ask(&mut self, key: u8, step: &Step) -> Result<Option<i64>, RefusalCode> {
        if matches!(step, Step::Sleep(_) | Step::EndDays) {
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
#[derive(Clone)]
struct Bank {
    state: State,
    checks: Vec<IdentityCheckId>,
    accounts: Vec<(AccountNumber, CardId)>,
    customers: Vec<CustomerId>,
    facts: Vec<Fact>,
    now: BusinessTime,
    /// The last transfer at the counter of each.
    last: [Option<Original>; 3],
    closed: Day,
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

    #[expect(clippy::too_many_lines, reason = "a table: one step an arm")]
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
            Step::Bill(from, much, right) => {
                let order = Order {
                    from: account(from),
                    payee: Payee::Biller(Bill {
                        kind: BillKind::Electricity,
                        biller: "lc-power".to_owned(),
                        reference: "1".to_owned(),
                    }),
                    amount: amount(much),
                };
                return self
                    .pay(key, &text, &order, (from, right))
                    .map(|answer| balance(&answer));
            }
            Step::Subscribe(at, much) => {
                let wish = WealthAction::Subscribe {
                    account: account(at),
                    code: Some(product()),
                    amount: amount(much),
                };
                return self.wealth(Caller::Session(self.token(at)), key, &text, wish);
            }
            Step::Redeem(at, units) => {
                let wish = WealthAction::Redeem {
                    account: account(at),
                    code: Some(product()),
                    units: amount(units),
                };
                return self.wealth(Caller::Session(self.token(at)), key, &text, wish);
            }
            Step::Value(price) => {
                let value = format!("{}.{:04}", price / 10_000, price % 10_000);
                let wish = WealthAction::Value {
                    code: Some(product()),
                    value: NetAssetValue::parse(&value).unwrap(),
                };
                return self.wealth(Caller::Terminal(Channel::Operator), key, &text, wish);
            }
            Step::Undo(at) => return self.undo(key, &text, at),
            Step::Borrow(at) => return self.borrow(key, &text, at),
            Step::Repay(at, whole) => {
                let mut running = self.state.loans_of(self.customers[at]);
                let loan = running.find(|(_, loan)| loan.drawn.is_some());
                let loan = loan.map(|(id, _)| id);
                Action::Loans(if whole {
                    LoanAction::RepayEarly { loan }
                } else {
                    LoanAction::Repay { loan }
                })
            }
            Step::EndDays => {
                self.end_days();
                return Ok(None);
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
        let answer = self.judge(&format!("step-{key}"), &text, action)?;
        if let (Step::Transfer(from, to, much), Answer::Transferred(id, _)) = (step, &answer)
            && id.seq() == self.state.seq()
        {
            self.last[*from] = Some(Original {
                seq: id.seq(),
                from: self.accounts[*from].0,
                to: BookAccount::Customer(self.accounts[*to].0),
                amount: amount(*much),
                day: Day::of(self.now),
                used: None,
            });
        }
        Ok(balance(&answer))
    }

    fn wealth(&mut self, by: Caller, key: u8, text: &str, wish: WealthAction) -> Told {
        let key = format!("step-{key}");
        self.judge_by(by, &key, text, Action::Wealth(wish))
            .map(|answer| balance(&answer))
    }

    fn borrow(&mut self, key: u8, text: &str, at: usize) -> Told {
        let wish = LoanAction::Apply {
            account: Some(self.accounts[at].0),
            amount: Amount::try_from(Fen(100_000)).unwrap(),
            months: 3,
        };
        let key = format!("step-{key}");
        let loan = match self.judge(&key, text, Action::Loans(wish))? {
            Answer::LoanDeclined(_) => return Ok(None),
            Answer::LoanApproved(loan) => Some(loan),
            other => panic!("{other:?}"),
        };
        let wish = Action::Loans(LoanAction::Draw { loan });
        self.judge(&format!("{key}-draw"), text, wish)
            .map(|answer| balance(&answer))
    }

    /// The operator proposes, the reviewer approves.
    fn undo(&mut self, key: u8, text: &str, at: usize) -> Told {
        let wish = ReturnAction::Propose {
            original: self.last[at],
            kind: ReturnKind::Reversal,
            amount: None,
            restore_limit: false,
            reason: "undo".to_owned(),
        };
        let (operator, reviewer) = (Channel::Operator, Channel::Reviewer);
        let key = format!("step-{key}");
        let proposed = self.judge_by(
            Caller::Terminal(operator),
            &key,
            text,
            Action::Returns(wish),
        )?;
        let Answer::ReturnProposed(id) = proposed else {
            panic!("{proposed:?}")
        };
        let wish = Action::Returns(ReturnAction::Approve { id: Some(id) });
        self.judge_by(Caller::Terminal(reviewer), &key, text, wish)
            .map(|answer| balance(&answer))
    }

    fn end_days(&mut self) {
        while self.closed.next() < Day::of(self.now) {
            let day = self.closed.next();
            for step in 0.. {
                let wish = Action::Books(BooksAction::CloseDay { day });
                let key = format!("end-{day}-{step}");
                let operator = Caller::Terminal(Channel::Operator);
                match self.judge_by(operator, &key, "end", wish).unwrap() {
                    Answer::DayEnd(_, true) => break,
                    Answer::DayEnd(_, false) => {}
                    other => panic!("{other:?}"),
                }
            }
            self.closed = day;
        }
    }
}

fn product() -> ProductCode {
    ProductCode::parse("W1").unwrap()
}

/// The balance that an answer tells.
fn balance(answer: &Answer) -> Option<i64> {
    match answer {
        Answer::CashMoved(left)
        | Answer::Transferred(_, left)
        | Answer::WealthSubscribed(_, left)
        | Answer::WealthRedeemed(_, left) => Some(left.0),
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
        3 => (0..3_usize, much(), prop::bool::weighted(0.8))
            .prop_map(|(from, much, right)| Step::Bill(from, much, right)),
        2 => (0..3_usize, much()).prop_map(|(at, much)| Step::Subscribe(at, much)),
        2 => (0..3_usize, much()).prop_map(|(at, units)| Step::Redeem(at, units)),
        1 => prop_oneof![Just(10_000_u32), Just(5_000), Just(10_234), Just(30_000)]
            .prop_map(Step::Value),
        1 => (0..3_usize).prop_map(Step::Undo),
        1 => (0..3_usize).prop_map(|at| Step::Deposit(at, 100_000)),
        1 => (0..3_usize).prop_map(Step::Borrow),
        2 => (0..3_usize, prop::bool::weighted(0.3))
            .prop_map(|(at, whole)| Step::Repay(at, whole)),
        1 => Just(Step::EndDays),
        1 => prop_oneof![Just(1_u32), 1..40_u32].prop_map(Step::Sleep),
    ]
}

/// Groups of keyed steps; `false` says that the journal refuses the group.
type Groups = Vec<(bool, Vec<(u8, Step)>)>;

fn groups() -> impl Strategy<Value = Groups> {
    let group = prop::collection::vec((0..60_u8, step()), 1..8);
    prop::collection::vec((prop::bool::weighted(0.8), group), 1..16)
}

/// Follows the groups on the bank and the model; how many steps they held.
fn follow(groups: Groups) -> Result<u64, TestCaseError> {
    let (mut bank, mut model) = (Bank::open(), Model::new());
    let mut steps = 0;
    for (durable, group) in groups {
        let before = (!durable).then(|| (bank.clone(), model.clone()));
        bank.state.mark();
        for (key, step) in &group {
            prop_assert_eq!(bank.ask(*key, step), model.ask(*key, step), "{:?}", step);
            steps += 1;
        }
        match before {
            None => bank.state.keep(),
            Some(before) => {
                bank.state.drop_changes();
                prop_assert!(bank.state == before.0.state, "an undone group left a trace");
                (bank, model) = before;
            }
        }
        compare(&bank, &model)?;
    }
    // Every balance is the sum of its postings, whatever the state says it is.
    let mut sums: BTreeMap<BookAccount, i64> = BTreeMap::new();
    for fact in &bank.facts {
        let Fact::MoneyMoved { postings, .. } = fact else {
            continue;
        };
        prop_assert_eq!(postings.iter().map(|line| line.amount.0).sum::<i64>(), 0);
        for line in postings {
            *sums.entry(line.account).or_default() += line.amount.0;
        }
    }
    for (account, sum) in sums {
        prop_assert_eq!(bank.state.balance(account).unwrap().0, sum);
    }
    Ok(steps)
}

fn compare(bank: &Bank, model: &Model) -> Result<(), TestCaseError> {
    prop_assert_eq!(bank.state.ledger_sum(), 0);
    for (at, (account, _)) in bank.accounts.iter().enumerate() {
        let found = bank.state.balance(BookAccount::Customer(*account)).unwrap();
        prop_assert_eq!(found.0, model.balances[at]);
        let units = bank.state.units_of(bank.customers[at], &product());
        prop_assert_eq!(units, model.units[at]);
    }
    for (account, expected) in [
        (LedgerAccount::CashCounter, model.cash),
        (LedgerAccount::Settlement, model.abroad),
        (LedgerAccount::BillsPayable, model.bills),
        (LedgerAccount::Nostro, model.settled),
        (LedgerAccount::CardNetwork, model.network),
        (LedgerAccount::WealthFunds, model.funds),
        (
            LedgerAccount::Loans,
            -model.loans.iter().map(Loan::outstanding).sum::<i64>(),
        ),
    ] {
        prop_assert_eq!(bank.state.ledger(account).0, expected, "{:?}", account);
    }
    if model.closed == model.day as usize {
        let payable = bank.state.ledger(LedgerAccount::DepositInterestPayable);
        prop_assert_eq!(payable.0, model.interest);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_bank_answers_like_the_model_and_its_books_balance(groups in groups()) {
        follow(groups)?;
    }
}

/// The same from a seed of its own, so that a long run can be told and repeated:
/// `MODEL_COMMANDS=10000000 MODEL_SEED=2026 cargo test --release -p core-bank --test model -- --nocapture`.
#[test]
fn the_bank_answers_like_the_model_from_a_stated_seed() {
    let told = |name: &str, usual: u64| {
        std::env::var(name).map_or(usual, |text| text.parse::<u64>().unwrap())
    };
    let (commands, seed) = (told("MODEL_COMMANDS", 5_000), told("MODEL_SEED", 2026));
    let done = Cell::new(0);
    for batch in 0_u64.. {
        if done.get() >= commands {
            break;
        }
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        bytes[8..16].copy_from_slice(&batch.to_le_bytes());
        let config = ProptestConfig {
            cases: 100,
            failure_persistence: None,
            ..ProptestConfig::default()
        };
        let random = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        let run = TestRunner::new_with_rng(config, random).run(&groups(), |groups| {
            done.set(done.get() + follow(groups)?);
            Ok(())
        });
        if let Err(failure) = run {
            panic!("seed {seed}, batch {batch}: {failure}");
        }
    }
    println!("{} commands from seed {seed}: no difference", done.get());
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
