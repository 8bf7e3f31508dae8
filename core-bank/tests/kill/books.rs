//! What a worker knows: the naive count of what its customers have, by the answers that it got.

use std::collections::BTreeMap;

use crate::{
    bank_process::Response,
    wish::{Asked, Back, Newcomer, Paid, Paying, Payment, Wish},
    world::{BATCH, FACE, MONEY, PRICE, PRIZE_POINTS, SIGN_IN_POINTS, fen, yuan},
};

/// What one customer has.
#[derive(Clone, Debug)]
pub struct Own {
    pub balance: i64,
    pub points: i64,
    pub units: i64,
    pub overseas_lock: bool,
    /// What was paid by SMS and by U-shield.
    pub paid_by: [i64; 2],
    /// Wrong proofs in a row, of SMS and of the U-shield.
    pub wrong_proofs: [u32; 2],
    /// What may go back, oldest first.
    pub paid: Vec<Paid>,
    /// Returns that wait, oldest first.
    pub backs: Vec<Back>,
    pub vouchers: usize,
    /// Those that are spent, in order.
    pub spent: Vec<String>,
    /// Sessions that were begun on the way and not ended.
    pub sessions: Vec<String>,
    /// Orders that were paid: their goods and the points in them, oldest first.
    pub orders: Vec<(String, String, i64)>,
    pub appointment: Option<(String, &'static str)>,
    /// A loan, and whether it was drawn.
    pub loan: Option<(String, bool)>,
    /// How often the balance changed, and how often the customer is to be told of something.
    pub movements: usize,
    pub alerts: usize,
}

impl Own {
    fn new() -> Self {
        Self {
            balance: MONEY,
            points: 0,
            units: 0,
            overseas_lock: false,
            paid_by: [0; 2],
            wrong_proofs: [0; 2],
            paid: Vec::new(),
            backs: Vec::new(),
            vouchers: 0,
            spent: Vec::new(),
            sessions: Vec::new(),
            orders: Vec::new(),
            appointment: None,
            loan: None,
            // The first deposit, before there were alerts.
            movements: 1,
            alerts: 0,
        }
    }

    fn move_by(&mut self, fen: i64) {
        self.balance += fen;
        self.movements += 1;
        self.alerts += 1;
    }
}

/// One worker's books.
#[derive(Clone, Debug)]
pub struct Books {
    pub own: [Own; 2],
    /// The bank's own accounts, as far as this worker moved them.
    pub ledger: BTreeMap<&'static str, i64>,
    /// What went into the account that everybody pays into, and how often.
    pub pooled: (i64, usize),
    /// How many pieces, prizes and places the worker got.
    pub gone: BTreeMap<String, u64>,
    /// An authorisation that was asked for and not shown.
    pub asked: Option<Asked>,
    /// A batch that was bought and not issued.
    pub batch: Option<String>,
    /// The next step of who is on the way to sign in, and how many came before.
    pub newcomer: Newcomer,
    newcomers: u32,
    /// The sessions and points of those who signed in since somebody looked.
    pub signed_in: Vec<(String, i64)>,
}

impl Books {
    /// `first` numbers the first of the newcomers.
    pub fn new(first: u32) -> Self {
        Self {
            own: [Own::new(), Own::new()],
            ledger: BTreeMap::from([("cash_counter", -2 * MONEY)]),
            pooled: (0, 0),
            gone: BTreeMap::new(),
            asked: None,
            batch: None,
            newcomer: Newcomer::Identify(first),
            newcomers: first,
            signed_in: Vec::new(),
        }
    }

    /// Enters what a wish came to; fails when the answer is none that these books allow.
    pub fn enter(&mut self, wish: &Wish, answer: &Response) {
        match wish {
            Wish::Deposit(who, fen) => self.cash(*who, *fen, "cash_atm", answer),
            Wish::Withdraw(who, fen) => self.cash(*who, -fen, "cash_counter", answer),
            Wish::Transfer(who, fen) => {
                if self.pays(*who, *fen, answer) {
                    self.own[1 - who].move_by(*fen);
                }
            }
            Wish::Remit(who, fen) => self.pay_out(*who, *fen, "settlement", answer),
            Wish::Bill(who, fen) => self.pay_out(*who, *fen, "bills_payable", answer),
            Wish::Buy(who, _, true) if self.own[*who].overseas_lock => {
                assert_eq!(answer.code(), "lock_overseas", "{answer:?}");
            }
            Wish::Buy(who, fen, _) => self.pay_out(*who, *fen, "card_network", answer),
            Wish::Lock(who, overseas) => {
                passed(answer);
                self.own[*who].overseas_lock = *overseas;
            }
            Wish::Ask(_, Payment::Order(..), _) | Wish::Spend(..)
                if answer.code() == "goods_sold_out" => {}
            Wish::Ask(who, payment, medium) => {
                self.asked = Some(Asked {
                    who: *who,
                    payment: payment.clone(),
                    medium: *medium,
                    id: passed(answer).text("authorisation"),
                    text: answer.text("text"),
                });
            }
            Wish::Pay(paying) => {
                self.asked = None;
                self.pay_authorised(paying, answer);
            }
            Wish::Propose(..) | Wish::Approve(..) | Wish::TurnDown(..) => {
                self.go_back(wish, answer);
            }
            Wish::Return(who, order) => self.give_back(*who, order, answer),
            Wish::Subscribe(who, fen) => {
                if self.pays(*who, *fen, answer) {
                    self.own[*who].units += fen;
                    self.book("wealth_funds", *fen);
                }
            }
            Wish::Redeem(who, units) if self.own[*who].units < *units => {
                assert_eq!(answer.code(), "units_insufficient", "{answer:?}");
            }
            Wish::Redeem(who, units) => {
                self.own[*who].units -= units;
                self.cash(*who, *units, "wealth_funds", answer);
            }
            Wish::Borrow(..) | Wish::Draw(..) | Wish::RepayEarly(..) => self.lend(wish, answer),
            Wish::Book(who, slot) if answer.status == 201 => {
                self.own[*who].appointment = Some((answer.text("appointment"), slot));
                self.take(slot, 1);
            }
            Wish::Book(..) => assert_eq!(answer.code(), "slot_full", "{answer:?}"),
            Wish::Cancel(who, _) => {
                assert_eq!(answer.status, 200, "{answer:?}");
                let (_, slot) = self.own[*who].appointment.take().unwrap();
                *self.gone.get_mut(slot).unwrap() -= 1;
            }
            Wish::LogIn(who) => {
                let session = passed(answer).text("session");
                self.own[*who].sessions.push(session);
                self.own[*who].alerts += 1;
            }
            Wish::LogOut(who, session) => {
                assert_eq!(answer.status, 200, "{answer:?}");
                self.own[*who].sessions.retain(|open| open != session);
            }
            Wish::BuyBatch(who) => {
                let price = FACE * BATCH;
                if self.pays(*who, price, answer) {
                    self.book("welfare_vouchers", price);
                    self.batch = Some(answer.text("batch"));
                }
            }
            Wish::Issue(..) => {
                assert_eq!(passed(answer).body["issued"], BATCH);
                self.batch = None;
                for own in &mut self.own {
                    own.vouchers += 1;
                    own.alerts += 1;
                }
            }
            Wish::Spend(who, voucher, goods) => {
                passed(answer);
                self.own[*who].spent.push(voucher.clone());
                self.own[*who].points += FACE - PRICE;
                self.book("welfare_vouchers", -FACE);
                self.book("mall_merchants", PRICE);
                self.book("points_expense", FACE - PRICE);
                self.take(goods, 1);
            }
            Wish::Newcomer(newcomer) => self.lead(newcomer, answer),
        }
    }

    fn book(&mut self, account: &'static str, fen: i64) {
        *self.ledger.entry(account).or_default() += fen;
    }

    fn take(&mut self, thing: &str, count: u64) {
        *self.gone.entry(thing.to_owned()).or_default() += count;
    }

    /// Money in, or out as a negative number.
    fn cash(&mut self, who: usize, fen_in: i64, account: &'static str, answer: &Response) {
        if self.pays(who, -fen_in, answer) {
            self.book(account, -fen_in);
        }
    }

    /// To somebody who may give it back.
    fn pay_out(&mut self, who: usize, fen: i64, account: &'static str, answer: &Response) {
        if self.pays(who, fen, answer) {
            self.book(account, fen);
            self.own[who].paid.push(Paid {
                record: answer.body["seq"].as_u64().unwrap(),
                account,
                left: fen,
            });
        }
    }

    /// Nothing moves before the second person's word, and never more than is left.
    fn go_back(&mut self, wish: &Wish, answer: &Response) {
        match wish {
            Wish::Propose(_, paid, amount) if *amount > paid.left => {
                assert_eq!(answer.code(), "return_too_large", "{answer:?}");
            }
            Wish::Propose(who, paid, amount) => {
                let id = passed(answer).text("return");
                let (record, amount) = (paid.record, *amount);
                self.own[*who].backs.push(Back { id, record, amount });
            }
            Wish::Approve(who, back) => {
                let own = &mut self.own[*who];
                let mut paid = own.paid.iter_mut();
                let paid = paid.find(|paid| paid.record == back.record).unwrap();
                // Another part went back meanwhile.
                if back.amount > paid.left {
                    assert_eq!(answer.code(), "return_too_large", "{answer:?}");
                    return;
                }
                passed(answer);
                paid.left -= back.amount;
                let account = paid.account;
                own.backs.retain(|waiting| waiting.id != back.id);
                own.move_by(back.amount);
                self.book(account, -back.amount);
            }
            Wish::TurnDown(who, back) => {
                passed(answer);
                self.own[*who].backs.retain(|waiting| waiting.id != back.id);
            }
            other => panic!("{other:?} is no return"),
        }
    }

    /// Whether the customer could pay so much; if so, it is paid.
    fn pays(&mut self, who: usize, amount: i64, answer: &Response) -> bool {
        let own = &mut self.own[who];
        if own.balance < amount {
            assert_eq!(answer.code(), "insufficient_funds", "{answer:?}");
            return false;
        }
        own.move_by(-amount);
        assert_eq!(
            fen(&passed(answer).body["balance"]),
            own.balance,
            "{answer:?}"
        );
        true
    }

    fn pay_authorised(&mut self, paying: &Paying, answer: &Response) {
        let Asked {
            who,
            payment,
            medium,
            ..
        } = &paying.asked;
        let (who, medium, amount) = (*who, *medium as usize, payment.amount());
        if let Payment::Order(_, points) = payment {
            if answer.code() == "goods_sold_out" {
                return;
            }
            // An order that went back meanwhile took its points along. What cannot be paid is refused
            // before its code is looked at.
            if self.own[who].points < *points {
                assert_eq!(answer.code(), "points_insufficient", "{answer:?}");
                return;
            }
        }
        if !paying.right {
            assert_eq!(answer.code(), "code_wrong", "{answer:?}");
            self.own[who].wrong_proofs[medium] += 1;
            return;
        }
        if !self.pays(who, amount, answer) {
            return;
        }
        self.own[who].wrong_proofs[medium] = 0;
        self.own[who].paid_by[medium] += amount;
        match payment {
            Payment::ToOther(fen) => self.own[1 - who].move_by(*fen),
            Payment::ToPool(fen) => {
                self.pooled.0 += fen;
                self.pooled.1 += 1;
            }
            Payment::Bill(fen) => self.book("bills_payable", *fen),
            Payment::Order(goods, points) => {
                self.take(goods, 1);
                self.book("mall_merchants", PRICE);
                self.book("points_expense", -points);
                self.own[who].points += amount / 100 - points;
                let order = (answer.text("order"), goods.clone(), *points);
                self.own[who].orders.push(order);
                assert_eq!(answer.body["points"], self.own[who].points, "{answer:?}");
            }
        }
    }

    /// Takes an order back: the money and the points in it, unless what it earned is spent.
    fn give_back(&mut self, who: usize, order: &str, answer: &Response) {
        let orders = &self.own[who].orders;
        let place = orders.iter().position(|(id, ..)| id == order).unwrap();
        let (_, goods, points) = orders[place].clone();
        let paid = PRICE - points;
        let points_after = self.own[who].points + points - paid / 100;
        if points_after < 0 {
            assert_eq!(answer.code(), "points_spent", "{answer:?}");
            return;
        }
        self.own[who].orders.remove(place);
        self.own[who].points = points_after;
        self.cash(who, paid, "mall_merchants", answer);
        // The merchants lose the price, of which the points' part was the bank's expense.
        self.book("mall_merchants", -points);
        self.book("points_expense", points);
        *self.gone.get_mut(&goods).unwrap() -= 1;
        assert_eq!(answer.body["points"], points_after, "{answer:?}");
    }

    fn lend(&mut self, wish: &Wish, answer: &Response) {
        const PRINCIPAL: i64 = 100_000;
        match wish {
            // Ten times what is the customer's own.
            Wish::Borrow(who) if PRINCIPAL > 10 * self.own[*who].balance => {
                assert_eq!(passed(answer).text("decision"), "declined");
            }
            Wish::Borrow(who) => {
                assert_eq!(passed(answer).text("decision"), "approved");
                self.own[*who].loan = Some((answer.text("loan"), false));
            }
            Wish::Draw(who, _) if PRINCIPAL > 10 * self.own[*who].balance => {
                assert_eq!(answer.code(), "loan_not_covered", "{answer:?}");
            }
            Wish::Draw(who, loan) => {
                self.cash(*who, PRINCIPAL, "loans", answer);
                self.own[*who].loan = Some((loan.clone(), true));
            }
            // On the day of the drawing there is no interest yet.
            Wish::RepayEarly(who, _) => {
                if self.pays(*who, PRINCIPAL, answer) {
                    self.book("loans", PRINCIPAL);
                    self.own[*who].loan = None;
                }
            }
            other => panic!("{other:?} is no loan"),
        }
    }

    fn lead(&mut self, newcomer: &Newcomer, answer: &Response) {
        let answer = passed(answer);
        self.newcomer = match newcomer.clone() {
            Newcomer::Identify(_) => Newcomer::Register(answer.text("identity_check")),
            Newcomer::Register(check) => Newcomer::SignUp {
                customer: answer.text("customer"),
                check,
            },
            Newcomer::SignUp { customer, .. } => Newcomer::LogIn {
                customer,
                device: answer.text("device_token"),
            },
            Newcomer::LogIn { .. } => Newcomer::SignIn {
                session: answer.text("session"),
                lottery: String::new(),
            },
            Newcomer::SignIn { session, lottery } => {
                let won = answer.body["prize"] == "积分";
                let points = SIGN_IN_POINTS + if won { PRIZE_POINTS } else { 0 };
                assert_eq!(answer.body["points"], points, "{answer:?}");
                self.take(&lottery, u64::from(won));
                self.signed_in.push((session, points));
                self.newcomers += 1;
                Newcomer::Identify(self.newcomers)
            }
        };
    }
}

fn passed(answer: &Response) -> &Response {
    assert_eq!(answer.status, 201, "{answer:?}");
    answer
}

/// What the bank shows of a customer, and what the books say that it should show.
#[derive(Debug, PartialEq)]
pub struct Seen {
    pub balance: String,
    pub points: i64,
    pub units: String,
    pub overseas_lock: bool,
    pub paid_by: [String; 2],
    pub vouchers: usize,
    pub spent: Vec<String>,
    pub sessions: usize,
    pub appointments: Vec<String>,
    pub loans: Vec<(String, bool)>,
}

impl Own {
    pub fn expected(&self) -> Seen {
        Seen {
            balance: yuan(self.balance),
            points: self.points,
            units: yuan(self.units),
            overseas_lock: self.overseas_lock,
            paid_by: self.paid_by.map(yuan),
            vouchers: self.vouchers,
            spent: self.spent.clone(),
            // The customer's own, too.
            sessions: 1 + self.sessions.len(),
            appointments: self.appointment.iter().map(|(id, _)| id.clone()).collect(),
            loans: self.loan.iter().cloned().collect(),
        }
    }
}
