//! One worker of the load: it wants one thing after the other until the bank dies, remembers every
//! answer, and afterwards finds out what became of the one that it did not get.

use std::{
    collections::BTreeMap,
    io,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
};

use serde_json::{Value, json};

use crate::{
    bank_process::{BankProcess, Client, Response},
    books::{Books, Seen},
    dice::Dice,
    wish::{Asker, Medium, Newcomer, Paying, Payment, Request, Wish, signed},
    world::{Customer, SLOTS, World, new_load_customer, text},
};

/// Of the answers from before the last kill, one in so many is asked for again.
const SAMPLE: u64 = 40;
/// Somebody with less than this pays in a thousand yuan.
const POOR: i64 = 60_000;

/// A request that was answered, and how.
struct Answered {
    request: Request,
    keys: Vec<String>,
    status: u16,
    raw: String,
    seq: Option<u64>,
}

pub struct Worker {
    name: u32,
    customers: [Customer; 2],
    dice: Dice,
    pub books: Books,
    /// What was sent and not answered.
    pending: Option<(Request, Wish)>,
    answered: Vec<Answered>,
    /// How many of these were there at the last kill but one.
    checked: usize,
    wishes: u64,
    /// How often something was wanted, by what it was and what came of it.
    pub tally: BTreeMap<String, usize>,
}

/// What became of the requests without an answer.
#[derive(Default)]
pub struct Unanswered {
    pub applied: usize,
    pub lost: usize,
}

impl Worker {
    pub fn new(bank: &BankProcess, name: u32, seed: u64) -> Self {
        Self {
            name,
            customers: [0, 1].map(|at| new_load_customer(bank, 2 * name + at)),
            dice: Dice::new(seed ^ u64::from(name) << 32),
            books: Books::new(1_000 + 20_000 * name),
            pending: None,
            answered: Vec::new(),
            checked: 0,
            wishes: 0,
            tally: BTreeMap::new(),
        }
    }

    /// Wants one thing after the other, until the bank dies or it is told to stop; counts them.
    pub fn load(
        &mut self,
        bank: &BankProcess,
        world: &World,
        (stop, wanted): (&AtomicBool, &AtomicU64),
    ) {
        let mut client = bank.client();
        while !stop.load(Ordering::Relaxed) && self.step(bank, world, &mut client).is_ok() {
            wanted.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn step(&mut self, bank: &BankProcess, world: &World, client: &mut Client) -> io::Result<()> {
        let wish = self.choose(bank, world, client)?;
        self.wishes += 1;
        let asker = Asker {
            bank,
            world,
            customers: &self.customers,
        };
        let key = format!("{}-{}", self.name, self.wishes);
        let request = asker.request(key, &wish);
        self.pending = Some((request, wish));
        self.send_pending(client).map(drop)
    }

    /// Sends what waits, and enters the answer when there is one.
    fn send_pending(&mut self, client: &mut Client) -> io::Result<Option<Response>> {
        let Some((request, wish)) = &self.pending else {
            return Ok(None);
        };
        let answer = client.exchange(&request.bytes)?;
        self.books.enter(wish, &answer);
        let kind = format!("{wish:?}");
        let kind = kind.split(['(', ' ']).next().unwrap_or_default();
        let outcome = if answer.code().is_empty() {
            "done"
        } else {
            answer.code()
        };
        *self.tally.entry(format!("{kind} {outcome}")).or_default() += 1;
        self.answered.push(Answered {
            request: request.clone(),
            keys: request.record_keys(wish),
            status: answer.status,
            raw: comparable(&answer),
            seq: answer.body["seq"].as_u64(),
        });
        self.pending = None;
        Ok(Some(answer))
    }

    /// What is wanted next.
    fn choose(
        &mut self,
        bank: &BankProcess,
        world: &World,
        client: &mut Client,
    ) -> io::Result<Wish> {
        let who = self.dice.below(2) as usize;
        let fen = 1 + self.dice.below(300).cast_signed();
        let own = &self.books.own[who];
        if own.balance < POOR && self.dice.one_in(2) {
            return Ok(Wish::Deposit(who, 100_000));
        }
        let newest = |things: &[String]| things.last().cloned().unwrap_or_default();
        Ok(match self.dice.below(27) {
            0 => Wish::Deposit(who, fen),
            // Sometimes more than there is.
            1 if self.dice.one_in(4) => Wish::Withdraw(who, own.balance + fen),
            1 => Wish::Withdraw(who, fen),
            2 | 3 => Wish::Transfer(who, fen),
            4 => Wish::Remit(who, fen),
            5 => Wish::Bill(who, fen),
            6 => Wish::Buy(who, fen, self.dice.one_in(2)),
            7 => Wish::Lock(who, !own.overseas_lock),
            8..=13 => return self.out_of_the_session(bank, world, (who, fen), client),
            14 => Wish::Subscribe(who, fen),
            15 => Wish::Redeem(who, fen),
            16 => match own.loan.clone() {
                None => Wish::Borrow(who),
                Some((loan, false)) => Wish::Draw(who, loan),
                Some((loan, true)) => Wish::RepayEarly(who, loan),
            },
            17 => match &own.appointment {
                Some((appointment, _)) => Wish::Cancel(who, appointment.clone()),
                None => Wish::Book(who, SLOTS[self.dice.below(2) as usize]),
            },
            18 if own.sessions.len() > 2 => Wish::LogOut(who, own.sessions[0].clone()),
            18 => Wish::LogIn(who),
            19 => match self.books.batch.clone() {
                Some(batch) => Wish::Issue(batch),
                None => Wish::BuyBatch(who),
            },
            20 if own.vouchers > own.spent.len() => {
                let voucher = self.next_voucher(who, client)?;
                Wish::Spend(who, voucher, newest(&world.goods))
            }
            21 if !own.orders.is_empty() => Wish::Return(who, own.orders[0].0.clone()),
            22 if !own.paid.is_empty() => {
                // One of the last, so that two parts of a payment often wait at a time and only one is left.
                let newest = own.paid.len().min(3) as u64;
                let paid = own.paid.iter().rev().nth(self.dice.below(newest) as usize);
                Wish::Propose(who, paid.unwrap().clone(), fen)
            }
            23 | 24 if !own.backs.is_empty() => {
                let waiting = own.backs[0].clone();
                if self.dice.one_in(4) {
                    Wish::TurnDown(who, waiting)
                } else {
                    Wish::Approve(who, waiting)
                }
            }
            _ => Wish::Newcomer(match self.books.newcomer.clone() {
                Newcomer::SignIn { session, .. } => Newcomer::SignIn {
                    session,
                    lottery: newest(&world.lotteries),
                },
                step => step,
            }),
        })
    }

    /// Asks for the authorisation of a payment, or pays what was asked for with its proof: the code in
    /// the outbox or the U-shield's signature, or another.
    fn out_of_the_session(
        &mut self,
        bank: &BankProcess,
        world: &World,
        (who, fen): (usize, i64),
        client: &mut Client,
    ) -> io::Result<Wish> {
        let Some(asked) = self.books.asked.clone() else {
            let points = self.books.own[who].points.min(crate::world::PRICE / 2);
            let payment = match self.dice.below(4) {
                0 => Payment::ToOther(fen),
                1 => Payment::ToPool(fen),
                2 => Payment::Bill(fen),
                _ => Payment::Order(world.goods.last().cloned().unwrap_or_default(), points),
            };
            let medium = if self.dice.one_in(3) {
                Medium::Shield
            } else {
                Medium::Sms
            };
            return Ok(Wish::Ask(who, payment, medium));
        };
        // The fifth in a row would lock the medium.
        let wrong = self.books.own[asked.who].wrong_proofs[asked.medium as usize];
        let right = wrong >= 4 || !self.dice.one_in(8);
        let proof = match asked.medium {
            Medium::Sms => {
                let path = format!("/v1/test/outbox/{}", asked.id);
                let sent = client.try_get(&bank.tokens.operator, &path)?.expect(200);
                let sent = sent.text("code");
                let other = format!("{}{}", &sent[..5], u8::from(sent.ends_with('0')));
                json!({"code": if right { sent } else { other }})
            }
            Medium::Shield => {
                let other = asked.text.replace("branchlab", "somewhere");
                let text = if right { &asked.text } else { &other };
                signed(&self.customers[asked.who], text)
            }
        };
        Ok(Wish::Pay(Paying {
            asked,
            proof,
            right,
        }))
    }

    /// The oldest voucher that is not spent.
    fn next_voucher(&self, who: usize, client: &mut Client) -> io::Result<String> {
        let path = match self.books.own[who].spent.last() {
            Some(last) => format!("/v1/welfare/vouchers?after={last}"),
            None => "/v1/welfare/vouchers".to_owned(),
        };
        let page = client
            .try_get(&self.customers[who].session, &path)?
            .expect(200);
        Ok(text(&page.body["vouchers"][0]["voucher"]))
    }

    /// Finds out about the request that has no answer: there, whole, or not at all. Then asks it again
    /// under its key, after which it is there once.
    pub fn settle(
        &mut self,
        bank: &BankProcess,
        records: &BTreeMap<String, Vec<u64>>,
        told: &mut Unanswered,
    ) {
        let mut client = bank.client();
        if let Some((request, wish)) = self.pending.clone() {
            let keys = request.record_keys(&wish);
            let there = keys.iter().filter(|key| records.contains_key(*key)).count();
            if there == 0 {
                self.look(&mut client);
            }
            let answer = self.send_pending(&mut client);
            let answer = answer.or_else(|_| self.send_pending(&mut client));
            let answer = answer.unwrap().unwrap();
            let replayed = answer.header("idempotent-replayed") == Some("true");
            assert_eq!(replayed, there == keys.len(), "{wish:?}: {answer:?}");
            told.applied += usize::from(there > 0);
            told.lost += usize::from(there == 0);
        }
        self.look(&mut client);
        for (session, points) in self.books.signed_in.drain(..) {
            let shown = get(&mut client, &session, "/v1/points").expect(200);
            assert_eq!(shown.body["points"], points);
        }
    }

    /// What the bank shows of the customers is what the books say.
    fn look(&self, client: &mut Client) {
        for (customer, own) in self.customers.iter().zip(&self.books.own) {
            assert_eq!(seen(client, customer), own.expected(), "{own:?}");
        }
    }

    /// Each answered request is among the records once; asked again, it gets its first answer and
    /// leaves no record: those since the last kill, and some of the others or all of them.
    pub fn repeat(
        &mut self,
        bank: &BankProcess,
        records: &BTreeMap<String, Vec<u64>>,
        all: bool,
    ) -> usize {
        let mut client = bank.client();
        let mut repeated = 0;
        for (place, answered) in self.answered.iter().enumerate() {
            let key = &answered.request.key;
            for key in &answered.keys {
                let seqs = records.get(key).map_or(&[][..], Vec::as_slice);
                assert_eq!(seqs.len(), 1, "{key} in the records");
            }
            let last = answered.keys.last().and_then(|key| records.get(key));
            assert!(
                answered.seq.is_none_or(|seq| last == Some(&vec![seq])),
                "{key}"
            );
            if all || place >= self.checked || self.dice.one_in(SAMPLE) {
                let bytes = &answered.request.bytes;
                let again = steadily(&mut client, |client| client.exchange(bytes));
                assert_eq!(
                    (again.status, comparable(&again)),
                    (answered.status, answered.raw.clone()),
                    "{key} again"
                );
                assert_eq!(again.header("idempotent-replayed"), Some("true"), "{key}");
                repeated += 1;
            }
        }
        self.checked = self.answered.len();
        repeated
    }

    pub fn answered(&self) -> usize {
        self.answered.len()
    }

    /// Histories and alerts, which survive the kills in files of their own, hold each event once.
    pub fn check_histories(&self, bank: &BankProcess) {
        for (customer, own) in self.customers.iter().zip(&self.books.own) {
            let account = &customer.person.account;
            let entries = format!("/v1/accounts/{account}/entries?limit=100");
            let counter = &bank.tokens.counter;
            assert_eq!(count(bank, counter, &entries, "entries"), own.movements);
            let alerts = "/v1/alerts?limit=100";
            assert_eq!(count(bank, &customer.session, alerts, "alerts"), own.alerts);
        }
    }
}

/// Asks, and once more on a new connection: on a machine that stood still for a minute, the bank may have
/// given up the one that was kept.
fn steadily(client: &mut Client, ask: impl Fn(&mut Client) -> io::Result<Response>) -> Response {
    ask(client).or_else(|_| ask(client)).unwrap()
}

pub fn get(client: &mut Client, token: &str, path: &str) -> Response {
    steadily(client, |client| client.try_get(token, path))
}

/// The body of an answer; of a problem without the id of the very request that it answers.
fn comparable(answer: &Response) -> String {
    match answer.body["instance"].as_str() {
        Some(instance) => answer.raw.replace(instance, ""),
        None => answer.raw.clone(),
    }
}

/// How many rows there are on all pages.
pub fn count(bank: &BankProcess, token: &str, path: &str, rows: &str) -> usize {
    let mut client = bank.client();
    let (mut count, mut next) = (0, path.to_owned());
    loop {
        let page = get(&mut client, token, &next).expect(200).body;
        count += page[rows].as_array().unwrap().len();
        match page["next"].as_str() {
            Some(cursor) => next = format!("{path}&cursor={cursor}"),
            None => return count,
        }
    }
}

fn seen(client: &mut Client, customer: &Customer) -> Seen {
    let (session, id) = (&customer.session, &customer.person.customer);
    let mut get = |path: &str| get(client, session, path).expect(200).body;
    let accounts = get(&format!("/v1/customers/{id}/accounts"));
    let holdings = get(&format!("/v1/customers/{id}/wealth"));
    let holdings = holdings["holdings"].as_array().unwrap();
    let limits = get(&format!("/v1/customers/{id}/limits"));
    let limits = limits["limits"].as_array().unwrap();
    let used_today = |scope: &str| {
        let row = limits.iter().find(|row| row["scope"] == scope);
        text(&row.unwrap()["used_today"])
    };
    let (mut vouchers, mut spent, mut after) = (0, Vec::new(), String::new());
    loop {
        let page = get(&format!("/v1/welfare/vouchers{after}"));
        let rows = page["vouchers"].as_array().unwrap();
        let used = rows.iter().filter(|row| !row["order"].is_null());
        spent.extend(used.map(|row| text(&row["voucher"])));
        vouchers += rows.len();
        match page["next"].as_str() {
            Some(next) => after = format!("?after={next}"),
            None => break,
        }
    }
    let appointments = get("/v1/appointments")["appointments"].clone();
    let loans = get(&format!("/v1/customers/{id}/loans"))["loans"].clone();
    let list = |value: &Value| value.as_array().unwrap().clone();
    Seen {
        balance: text(&accounts["accounts"][0]["balance"]),
        points: get("/v1/points")["points"].as_i64().unwrap(),
        units: holdings
            .first()
            .map_or("0.00".to_owned(), |row| text(&row["units"])),
        overseas_lock: get(&format!("/v1/cards/{}/locks", customer.person.card))["overseas"]
            == true,
        paid_by: ["sms", "shield"].map(used_today),
        vouchers,
        spent,
        sessions: list(&get("/v1/sessions")["sessions"]).len(),
        appointments: list(&appointments)
            .iter()
            .map(|row| text(&row["appointment"]))
            .collect(),
        loans: list(&loans)
            .iter()
            .map(|row| (text(&row["loan"]), row["status"] == "drawn"))
            .collect(),
    }
}
