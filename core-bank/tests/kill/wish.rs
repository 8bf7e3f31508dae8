//! What a worker of the load may want, and the request that it becomes.

use ed25519_dalek::Signer as _;
use serde_json::{Value, json};

use crate::{
    bank_process::{BankProcess, delete_bytes, post_bytes, resident_id},
    world::{BATCH, Customer, FACE, PRICE, World, yuan},
};

/// One write. Numbers before an amount say which of the worker's two customers wants it.
#[derive(Clone, Debug)]
pub enum Wish {
    Deposit(usize, i64),
    Withdraw(usize, i64),
    /// At the counter, to the worker's other customer.
    Transfer(usize, i64),
    /// At a kiosk, to another bank.
    Remit(usize, i64),
    /// At the counter.
    Bill(usize, i64),
    /// By card in a shop, at home or overseas.
    Buy(usize, i64, bool),
    /// The card's overseas lock.
    Lock(usize, bool),
    /// The authorisation of a payment.
    Ask(usize, Payment, Medium),
    Pay(Paying),
    /// That so much of what was paid goes back; the operator proposes it.
    Propose(usize, Paid, i64),
    /// The reviewer's word on it.
    Approve(usize, Back),
    TurnDown(usize, Back),
    /// An order that was paid goes back.
    Return(usize, String),
    Subscribe(usize, i64),
    Redeem(usize, i64),
    Borrow(usize),
    Draw(usize, String),
    RepayEarly(usize, String),
    Book(usize, &'static str),
    Cancel(usize, String),
    LogIn(usize),
    /// The oldest of the sessions that were begun on the way.
    LogOut(usize, String),
    BuyBatch(usize),
    Issue(String),
    /// The voucher, for these goods.
    Spend(usize, String, String),
    Newcomer(Newcomer),
}

/// A payment out of the mobile bank.
#[derive(Clone, Debug)]
pub enum Payment {
    ToOther(i64),
    ToPool(i64),
    Bill(i64),
    /// One piece of these goods, with so many points.
    Order(String, i64),
}

impl Payment {
    /// The money in it.
    pub fn amount(&self) -> i64 {
        match self {
            Self::ToOther(fen) | Self::ToPool(fen) | Self::Bill(fen) => *fen,
            Self::Order(_, points) => PRICE - points,
        }
    }
}

/// What proves that the customer wants a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    Sms,
    Shield,
}

/// An authorisation that was asked for and not shown: what for, and the text that a shield signs.
#[derive(Clone, Debug)]
pub struct Asked {
    pub who: usize,
    pub payment: Payment,
    pub medium: Medium,
    pub id: String,
    pub text: String,
}

/// A payment with its proof, or with a wrong one.
#[derive(Clone, Debug)]
pub struct Paying {
    pub asked: Asked,
    /// The members of what is shown beside the authorisation.
    pub proof: Value,
    pub right: bool,
}

/// A payment that may go back: its record, the bank's account that got it, and what of it is left.
#[derive(Clone, Debug)]
pub struct Paid {
    pub record: u64,
    pub account: &'static str,
    pub left: i64,
}

/// A return that waits for the reviewer.
#[derive(Clone, Debug)]
pub struct Back {
    pub id: String,
    pub record: u64,
    pub amount: i64,
}

/// A person's way to the first sign-in; each step names what the one before answered.
#[derive(Clone, Debug)]
pub enum Newcomer {
    Identify(u32),
    Register(String),
    SignUp { customer: String, check: String },
    LogIn { customer: String, device: String },
    SignIn { session: String, lottery: String },
}

/// A request as it is sent, again and again if need be.
#[derive(Clone, Debug)]
pub struct Request {
    pub key: String,
    pub bytes: Vec<u8>,
}

impl Request {
    /// The keys of its records: the bank issues vouchers fifty at a time, the first under the request's key
    /// and the others under keys that the documentation spells out.
    pub fn record_keys(&self, wish: &Wish) -> Vec<String> {
        match wish {
            Wish::Issue(..) => {
                let stem = blake3::hash(self.key.as_bytes()).to_hex();
                vec![self.key.clone(), format!("{}/1", &stem[..32])]
            }
            _ => vec![self.key.clone()],
        }
    }
}

/// Whose customers want things.
pub struct Asker<'a> {
    pub bank: &'a BankProcess,
    pub world: &'a World,
    pub customers: &'a [Customer; 2],
}

impl Asker<'_> {
    pub fn request(&self, key: String, wish: &Wish) -> Request {
        let (token, path, body) = match wish {
            Wish::LogOut(_, session) => {
                let bytes = delete_bytes(session, &key, "/v1/sessions/current");
                return Request { key, bytes };
            }
            Wish::Cancel(who, appointment) => {
                let path = format!("/v1/appointments/{appointment}");
                let bytes = delete_bytes(&self.customers[*who].session, &key, &path);
                return Request { key, bytes };
            }
            Wish::Newcomer(newcomer) => self.newcomer(newcomer),
            Wish::Deposit(..)
            | Wish::Withdraw(..)
            | Wish::Transfer(..)
            | Wish::Remit(..)
            | Wish::Bill(..)
            | Wish::Buy(..) => self.in_person(wish),
            Wish::Propose(..) | Wish::Approve(..) | Wish::TurnDown(..) => self.in_the_office(wish),
            _ => self.in_the_mobile_bank(wish),
        };
        let bytes = post_bytes(&token, &key, &path, body.to_string().as_bytes());
        Request { key, bytes }
    }

    fn in_person(&self, wish: &Wish) -> (String, String, Value) {
        let account = |who: usize| &self.customers[who].person.account;
        let tokens = &self.bank.tokens;
        let (token, path, body) = match wish {
            Wish::Deposit(who, fen) => (
                &tokens.atm,
                "/v1/deposits",
                json!({"account": account(*who), "amount": yuan(*fen)}),
            ),
            Wish::Withdraw(who, fen) => (
                &tokens.counter,
                "/v1/withdrawals",
                json!({"account": account(*who), "amount": yuan(*fen)}),
            ),
            Wish::Transfer(who, fen) => (
                &tokens.counter,
                "/v1/transfers",
                json!({"from": account(*who), "to": account(1 - who), "amount": yuan(*fen)}),
            ),
            Wish::Remit(who, fen) => (
                &tokens.kiosk,
                "/v1/transfers",
                json!({"from": account(*who), "to": "62270001", "bank": "CCB", "amount": yuan(*fen)}),
            ),
            Wish::Bill(who, fen) => (
                &tokens.counter,
                "/v1/bill-payments",
                json!({"from": account(*who), "bill": bill(), "amount": yuan(*fen)}),
            ),
            Wish::Buy(who, fen, overseas) => (
                &tokens.acquirer,
                "/v1/card-purchases",
                json!({"card": self.customers[*who].person.card, "amount": yuan(*fen),
                    "place": if *overseas { "JP" } else { "371502" },
                    "entry": "pos", "merchant": "Shop"}),
            ),
            other => panic!("{other:?} is not wanted in person"),
        };
        (token.clone(), path.to_owned(), body)
    }

    fn in_the_office(&self, wish: &Wish) -> (String, String, Value) {
        let tokens = &self.bank.tokens;
        let (token, path, body) = match wish {
            Wish::Propose(_, paid, amount) => (
                &tokens.operator,
                "/v1/returns".to_owned(),
                json!({"record": paid.record, "kind": "refund", "amount": yuan(*amount),
                    "reason": "退款"}),
            ),
            Wish::Approve(_, back) => {
                let path = format!("/v1/returns/{}/approvals", back.id);
                (&tokens.reviewer, path, json!({}))
            }
            Wish::TurnDown(_, back) => {
                let path = format!("/v1/returns/{}/rejections", back.id);
                (&tokens.reviewer, path, json!({}))
            }
            other => panic!("{other:?} is not wanted in the office"),
        };
        (token.clone(), path, body)
    }

    fn in_the_mobile_bank(&self, wish: &Wish) -> (String, String, Value) {
        let of = |who: usize| (&self.customers[who].session, &self.customers[who].person);
        let counter = &self.bank.tokens.counter;
        let (token, path, body) = match wish {
            Wish::Lock(who, overseas) => {
                let path = format!("/v1/cards/{}/locks", of(*who).1.card);
                let locks = json!({"overseas": overseas, "places": null, "night": false,
                    "pos_daily": null, "overseas_card_not_present": false});
                (of(*who).0, path, locks)
            }
            Wish::Ask(who, payment, medium) => {
                let body = self.asking(*who, payment, *medium);
                (of(*who).0, "/v1/authorisations".to_owned(), body)
            }
            Wish::Pay(Paying { asked, proof, .. }) => {
                let (path, mut body) = self.payment(asked.who, &asked.payment);
                body["authorisation"] = proof.clone();
                body["authorisation"]["id"] = json!(asked.id);
                (of(asked.who).0, path.to_owned(), body)
            }
            Wish::Return(who, order) => {
                let path = format!("/v1/mall/orders/{order}/cancellations");
                (of(*who).0, path, json!({}))
            }
            Wish::Subscribe(who, fen) => {
                let body =
                    json!({"account": of(*who).1.account, "product": "W1", "amount": yuan(*fen)});
                (of(*who).0, "/v1/wealth/subscriptions".to_owned(), body)
            }
            Wish::Redeem(who, units) => {
                let body =
                    json!({"account": of(*who).1.account, "product": "W1", "units": yuan(*units)});
                (of(*who).0, "/v1/wealth/redemptions".to_owned(), body)
            }
            Wish::Borrow(who) => {
                let body = json!({"account": of(*who).1.account, "amount": "1000", "months": 3});
                (of(*who).0, "/v1/loans".to_owned(), body)
            }
            Wish::Draw(who, loan) => (of(*who).0, format!("/v1/loans/{loan}/draws"), json!({})),
            Wish::RepayEarly(who, loan) => (
                of(*who).0,
                format!("/v1/loans/{loan}/early-repayments"),
                json!({}),
            ),
            Wish::Book(who, slot) => {
                let body = json!({"branch": self.world.branch, "slot": slot});
                (of(*who).0, "/v1/appointments".to_owned(), body)
            }
            Wish::LogIn(who) => return self.log_in(*who),
            Wish::BuyBatch(who) => {
                let body = json!({"from": of(*who).1.account, "kind": "voucher",
                    "face_value": yuan(FACE), "count": BATCH, "amount": yuan(FACE * BATCH)});
                (counter, "/v1/welfare/batches".to_owned(), body)
            }
            Wish::Issue(batch) => {
                let path = format!("/v1/welfare/batches/{batch}/issues");
                (counter, path, json!({"to": self.to_whom()}))
            }
            Wish::Spend(who, voucher, goods) => {
                let path = format!("/v1/welfare/vouchers/{voucher}/redemptions");
                let body = json!({"goods": goods, "address": "聊城"});
                (of(*who).0, path, body)
            }
            other => panic!("{other:?} is not wanted in the mobile bank"),
        };
        (token.clone(), path, body)
    }

    fn asking(&self, who: usize, payment: &Payment, medium: Medium) -> Value {
        let account = &self.customers[who].person.account;
        let mut body = self.payment(who, payment).1;
        match medium {
            Medium::Sms => {
                body["medium"] = json!("sms");
                body["phone"] = json!("13800000000");
                body["account_tail"] = json!(account[account.len() - 6..]);
            }
            Medium::Shield => {
                body["medium"] = json!("shield");
                body["shield"] = json!(public_key(&self.customers[who]));
            }
        }
        body
    }

    /// Where a payment is asked for, and what it says.
    fn payment(&self, who: usize, payment: &Payment) -> (&'static str, Value) {
        let from = &self.customers[who].person.account;
        let amount = yuan(payment.amount());
        match payment {
            Payment::ToOther(_) => {
                let to = &self.customers[1 - who].person.account;
                (
                    "/v1/transfers",
                    json!({"from": from, "to": to, "amount": amount}),
                )
            }
            Payment::ToPool(_) => {
                let to = &self.world.pool.account;
                (
                    "/v1/transfers",
                    json!({"from": from, "to": to, "amount": amount}),
                )
            }
            Payment::Bill(_) => (
                "/v1/bill-payments",
                json!({"from": from, "bill": bill(), "amount": amount}),
            ),
            Payment::Order(goods, points) => (
                "/v1/mall/orders",
                json!({"from": from, "goods": goods, "quantity": 1, "points": points,
                    "amount": amount, "address": "聊城"}),
            ),
        }
    }

    /// One more session, of the messenger.
    fn log_in(&self, who: usize) -> (String, String, Value) {
        let customer = &self.customers[who];
        let body = json!({"customer": customer.person.customer, "device_token": customer.device,
            "channel": "messenger"});
        (String::new(), "/v1/sessions".to_owned(), body)
    }

    /// The worker's own customers, and then the employees.
    fn to_whom(&self) -> Vec<&String> {
        let own = self.customers.iter().map(|own| &own.person.customer);
        own.chain(&self.world.employees).collect()
    }

    fn newcomer(&self, newcomer: &Newcomer) -> (String, String, Value) {
        let tokens = &self.bank.tokens;
        let (token, path, body) = match newcomer {
            Newcomer::Identify(number) => (
                tokens.kiosk.as_str(),
                "/v1/identity-checks",
                json!({"name": "王芳", "id_number": resident_id(*number)}),
            ),
            Newcomer::Register(check) => (
                tokens.kiosk.as_str(),
                "/v1/customers",
                json!({"identity_check": check, "phone": "13800000000"}),
            ),
            Newcomer::SignUp { customer, check } => (
                tokens.kiosk.as_str(),
                "/v1/ebanking",
                json!({"customer": customer, "identity_check": check}),
            ),
            Newcomer::LogIn { customer, device } => (
                "",
                "/v1/sessions",
                json!({"customer": customer, "device_token": device, "channel": "mobile"}),
            ),
            Newcomer::SignIn { session, lottery } => (
                session.as_str(),
                "/v1/check-ins",
                json!({ "campaign": lottery }),
            ),
        };
        (token.to_owned(), path.to_owned(), body)
    }
}

fn bill() -> Value {
    json!({"kind": "electricity", "biller": "lc-power", "reference": "37150001"})
}

/// The public key of a customer's U-shield.
pub fn public_key(customer: &Customer) -> String {
    hex(customer.shield.verifying_key().as_bytes())
}

/// What a U-shield shows that signed this text.
pub fn signed(customer: &Customer, text: &str) -> Value {
    let signature = customer.shield.sign(text.as_bytes());
    json!({"shield": public_key(customer), "signature": hex(&signature.to_bytes())})
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}
