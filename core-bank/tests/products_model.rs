//! Random orders, sign-ins, vouchers, redemptions and what is taken back of them against a naive mall of
//! a page: what everybody has in money, points, goods, prizes and vouchers, with groups that are undone
//! on the way.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod desk;

use std::collections::BTreeMap;

use core_bank::rules::{
    Action, Address, Answer, BatchId, BookAccount, Caller, CampaignCommand, CampaignId, Channel,
    Day, Draw, GoodsId, Label, LedgerAccount, MallCommand, MallWish, MediumWish, Offer, Order,
    Original, Payee, Phone, Placed, Prize, Proof, ReturnAction, ReturnKind, Shown, VoucherId,
    VoucherKind, WelfareCommand, WelfareWish,
};
use desk::{COUNTER, Desk, Holder, yuan};
use proptest::prelude::*;

const OPERATOR: Caller = Caller::Terminal(Channel::Operator);
const REVIEWER: Caller = Caller::Terminal(Channel::Reviewer);
/// What the two kinds of goods cost, in fen, and how many there are.
const GOODS: [(i64, u32); 2] = [(10_001, 6), (3_050, 9)];
/// What everybody has at first, in fen.
const MONEY: i64 = 50_000;
/// Vouchers in the batch, and what one is worth in fen.
const VOUCHERS: (u32, i64) = (3, 5_000);
/// Prizes, and the points of one.
const PRIZES: (u32, u32) = (2, 40);

#[derive(Clone, Debug)]
enum Step {
    /// So many pieces, with so many points offered.
    Order(usize, usize, u32, u32),
    /// A sign-in with the number that is drawn.
    CheckIn(usize, u64),
    Issue(usize),
    /// The customer's voucher, if there ever was one, for these goods.
    Redeem(usize, usize),
    /// One of all orders ever made is sent.
    Send(usize),
    /// Somebody takes one of all orders back; the operator is nobody.
    Cancel(Option<usize>, usize),
    /// So much of the batch, in fen, is to go back.
    Return(i64),
    /// To the next day.
    Sleep,
}

fn step() -> impl Strategy<Value = Step> {
    let points = prop_oneof![
        Just(0_u32),
        Just(1),
        Just(45),
        Just(5_000),
        Just(5_001),
        0..6_000_u32
    ];
    let number = prop_oneof![Just(0_u64), Just(299_999), Just(300_000), any::<u64>()];
    prop_oneof![
        6 => (0..3_usize, 0..2_usize, 1..3_u32, points).prop_map(|(who, what, many, points)| Step::Order(who, what, many, points)),
        3 => (0..3_usize, number).prop_map(|(who, number)| Step::CheckIn(who, number)),
        2 => (0..3_usize).prop_map(Step::Issue),
        2 => (0..3_usize, 0..2_usize).prop_map(|(who, what)| Step::Redeem(who, what)),
        2 => (0..8_usize).prop_map(Step::Send),
        5 => (prop::option::weighted(0.8, 0..3_usize), 0..8_usize)
            .prop_map(|(by, nth)| Step::Cancel(by, nth)),
        1 => prop_oneof![Just(5_000_i64), Just(10_000), Just(7_500), Just(15_000)]
            .prop_map(Step::Return),
        1 => Just(Step::Sleep),
    ]
}

/// An order of the naive mall.
#[derive(Clone, Debug, PartialEq)]
struct Ordered {
    who: usize,
    what: usize,
    many: u32,
    paid: i64,
    spent: i64,
    earned: i64,
    by_voucher: bool,
    waits: bool,
}

/// The naive mall.
#[derive(Clone, Debug, PartialEq)]
struct Model {
    money: [i64; 3],
    points: [i64; 3],
    stock: [u32; 2],
    prizes: u32,
    signed_in: [bool; 3],
    vouchers_left: u32,
    /// Whether one was given, and whether it was spent.
    vouchers: [Option<bool>; 3],
    merchants: i64,
    expense: i64,
    owed: i64,
    orders: Vec<Ordered>,
}

type Told = Result<(), &'static str>;

impl Model {
    fn new() -> Self {
        Self {
            money: [MONEY; 3],
            points: [0; 3],
            stock: GOODS.map(|(_, stock)| stock),
            prizes: PRIZES.0,
            signed_in: [false; 3],
            vouchers_left: VOUCHERS.0,
            vouchers: [None; 3],
            merchants: 0,
            expense: 0,
            owed: i64::from(VOUCHERS.0) * VOUCHERS.1,
            orders: Vec::new(),
        }
    }

    fn take(&mut self, step: &Step) -> Told {
        match *step {
            Step::Order(who, what, many, points) => self.order(who, what, many, points),
            Step::CheckIn(who, number) => {
                if self.signed_in[who] {
                    return Err("checked_in_already");
                }
                self.signed_in[who] = true;
                self.points[who] += 5;
                // Three in ten win.
                if number % 1_000_000 < 300_000 && self.prizes > 0 {
                    self.prizes -= 1;
                    self.points[who] += i64::from(PRIZES.1);
                }
                Ok(())
            }
            Step::Issue(who) => {
                if self.vouchers_left == 0 {
                    return Err("batch_exhausted");
                }
                if self.vouchers[who].is_some() {
                    return Err("voucher_issued_already");
                }
                self.vouchers_left -= 1;
                self.vouchers[who] = Some(false);
                Ok(())
            }
            Step::Redeem(who, what) => {
                match self.vouchers[who] {
                    None => return Err("voucher_not_found"),
                    Some(true) => return Err("voucher_redeemed"),
                    Some(false) => {}
                }
                if self.stock[what] == 0 {
                    return Err("goods_sold_out");
                }
                let rest = VOUCHERS.1 - GOODS[what].0;
                if rest < 0 {
                    return Err("voucher_too_small");
                }
                self.stock[what] -= 1;
                self.vouchers[who] = Some(true);
                self.points[who] += rest;
                self.owed -= VOUCHERS.1;
                self.merchants += GOODS[what].0;
                self.expense += rest;
                self.orders.push(Ordered {
                    who,
                    what,
                    many: 1,
                    paid: 0,
                    spent: 0,
                    earned: rest,
                    by_voucher: true,
                    waits: true,
                });
                Ok(())
            }
            Step::Send(nth) => match self.orders.get_mut(nth) {
                Some(order) if order.waits => {
                    order.waits = false;
                    Ok(())
                }
                _ => Err("order_not_found"),
            },
            Step::Cancel(by, nth) => self.cancel(by, nth),
            Step::Return(fen) => {
                let count = fen / VOUCHERS.1;
                if fen % VOUCHERS.1 != 0 {
                    return Err("return_not_whole");
                }
                if count > i64::from(self.vouchers_left) {
                    return Err("return_too_large");
                }
                self.vouchers_left -= count as u32;
                self.owed -= fen;
                self.money[0] += fen;
                Ok(())
            }
            Step::Sleep => {
                self.signed_in = [false; 3];
                Ok(())
            }
        }
    }

    fn order(&mut self, who: usize, what: usize, many: u32, points: u32) -> Told {
        let price = GOODS[what].0 * i64::from(many);
        let points = i64::from(points);
        if self.stock[what] < many {
            return Err("goods_sold_out");
        }
        if points > price / 2 {
            return Err("points_share");
        }
        if points > self.points[who] {
            return Err("points_insufficient");
        }
        if price - points > self.money[who] {
            return Err("insufficient_funds");
        }
        self.stock[what] -= many;
        self.money[who] -= price - points;
        self.points[who] += (price - points) / 100 - points;
        self.merchants += price;
        self.expense -= points;
        self.orders.push(Ordered {
            who,
            what,
            many,
            paid: price - points,
            spent: points,
            earned: (price - points) / 100,
            by_voucher: false,
            waits: true,
        });
        Ok(())
    }

    fn cancel(&mut self, by: Option<usize>, nth: usize) -> Told {
        let order = self.orders.get(nth).cloned().ok_or("order_not_found")?;
        if by.is_some_and(|by| by != order.who) {
            return Err("order_not_found");
        }
        if !order.waits {
            return Err("order_closed");
        }
        let held = self.points[order.who] + order.spent;
        if by.is_some() && held < order.earned {
            return Err("points_spent");
        }
        self.orders[nth].waits = false;
        self.points[order.who] = (held - order.earned).max(0);
        self.money[order.who] += order.paid;
        self.stock[order.what] += order.many;
        let price = GOODS[order.what].0 * i64::from(order.many);
        self.merchants -= price;
        if order.by_voucher {
            self.vouchers[order.who] = Some(false);
            self.owed += VOUCHERS.1;
            self.expense -= VOUCHERS.1 - price;
        } else {
            self.expense += order.spent;
        }
        Ok(())
    }
}

struct Mall {
    desk: Desk,
    holders: Vec<Holder>,
    sessions: Vec<Caller>,
    goods: Vec<GoodsId>,
    lottery: CampaignId,
    batch: BatchId,
    vouchers: BTreeMap<usize, VoucherId>,
    /// What the records tell of all orders, in order.
    placed: Vec<Placed>,
    bought: Original,
}

impl Mall {
    fn open() -> Self {
        let mut desk = Desk::open_at("2026-06-09T10:00:00+08:00");
        let holders: Vec<Holder> = (0..3).map(|number| desk.holder(number, "500")).collect();
        let rich = yuan("150");
        let deposit = Action::Deposit {
            account: Some(holders[0].account),
            amount: rich,
        };
        desk.ask(COUNTER, deposit).unwrap();
        let order = Order {
            from: Some(holders[0].account),
            payee: Payee::Welfare(WelfareWish {
                kind: VoucherKind::Card,
                face_value: yuan("50"),
                count: VOUCHERS.0,
            }),
            amount: rich,
        };
        let bought = desk.ask(COUNTER, Action::Welfare(WelfareCommand::Buy { order }));
        let Ok(Answer::BatchBought(batch, _)) = bought else {
            panic!("{bought:?}")
        };
        let bought = Original {
            seq: desk.state.seq(),
            from: holders[0].account,
            to: BookAccount::Ledger(LedgerAccount::WelfareVouchers),
            amount: rich,
            day: Day::of(desk.clock),
            used: None,
        };
        let goods = GOODS.map(|(fen, stock)| {
            let wish = MallCommand::ListGoods {
                name: Label::parse("goods").unwrap(),
                price: yuan(&format!("{}.{:02}", fen / 100, fen % 100)),
                stock,
            };
            match desk.ask(OPERATOR, Action::Mall(wish)) {
                Ok(Answer::GoodsListed(goods)) => goods,
                other => panic!("{other:?}"),
            }
        });
        let prize = Prize {
            name: Label::parse("points").unwrap(),
            chance: 300_000,
            stock: PRIZES.0,
            points: PRIZES.1,
        };
        let wish = CampaignCommand::Announce {
            name: Label::parse("lottery").unwrap(),
            offer: Offer::Lottery {
                prizes: vec![prize],
            },
            begins: desk.clock,
            ends: desk::moment("2030-01-01T00:00:00+08:00"),
        };
        let lottery = match desk.ask(OPERATOR, Action::Campaign(wish)) {
            Ok(Answer::CampaignAnnounced(lottery)) => lottery,
            other => panic!("{other:?}"),
        };
        let mut mall = Self {
            desk,
            holders,
            sessions: Vec::new(),
            goods: goods.to_vec(),
            lottery,
            batch,
            vouchers: BTreeMap::new(),
            placed: Vec::new(),
            bought,
        };
        mall.log_in();
        mall
    }

    fn log_in(&mut self) {
        let name = |number: usize| format!("{number} at {:?}", self.desk.clock);
        let names: Vec<String> = (0..3).map(name).collect();
        let holders = self.holders.clone().into_iter().enumerate();
        self.sessions = holders
            .map(|(number, holder)| {
                let holder = self.desk.renew(holder, number);
                self.desk.session(holder, &names[number])
            })
            .collect();
    }

    fn note_order(&mut self) {
        let last = self.desk.records.last().unwrap();
        self.placed
            .extend(Placed::of(last.outcome.iter().flatten()));
    }

    fn ask(&mut self, step: &Step) -> Told {
        match *step {
            Step::Order(who, what, many, points) => {
                let price = GOODS[what].0 * i64::from(many) - i64::from(points);
                // Who offers more points than the price says so with the least amount.
                let price = price.max(1);
                let order = Order {
                    from: Some(self.holders[who].account),
                    payee: Payee::Mall(MallWish {
                        goods: Some(self.goods[what]),
                        quantity: many,
                        points,
                        address: Address::parse("Liaocheng").unwrap(),
                    }),
                    amount: yuan(&format!("{}.{:02}", price / 100, price % 100)),
                };
                let wish = MediumWish::Sms {
                    phone: Phone::parse(&format!("1380000000{who}")).unwrap(),
                    tail: self.holders[who].account.last_six(),
                };
                let ask = Action::AskAuthorisation {
                    wish,
                    order: order.clone(),
                };
                let Answer::AuthorisationAsked(id, _) = self.desk.ask(self.sessions[who], ask)?
                else {
                    panic!("no authorisation")
                };
                let shown = Shown {
                    id: Some(id),
                    proof: Proof::Sms { right: true },
                };
                let pay = Action::AuthorisedTransfer { order, shown };
                self.desk.ask(self.sessions[who], pay)?;
                self.note_order();
                Ok(())
            }
            Step::CheckIn(who, number) => {
                let draw = Some(Draw {
                    campaign: Some(self.lottery),
                    number,
                });
                let wish = Action::Campaign(CampaignCommand::CheckIn { draw });
                self.desk.ask(self.sessions[who], wish).map(drop)
            }
            Step::Issue(who) => {
                let wish = Action::Welfare(WelfareCommand::Issue {
                    batch: Some(self.batch),
                    to: vec![Some(self.holders[who].customer)],
                });
                self.desk.ask(COUNTER, wish)?;
                let voucher = VoucherId::of_place(self.desk.state.seq(), 0);
                self.vouchers.insert(who, voucher);
                Ok(())
            }
            Step::Redeem(who, what) => {
                let wish = Action::Welfare(WelfareCommand::Redeem {
                    voucher: self.vouchers.get(&who).copied(),
                    goods: Some(self.goods[what]),
                    address: Address::parse("Liaocheng").unwrap(),
                });
                self.desk.ask(self.sessions[who], wish)?;
                self.note_order();
                Ok(())
            }
            Step::Send(nth) => {
                let wish = MallCommand::Dispatch {
                    order: self.placed.get(nth).map(|placed| placed.order),
                    parcel: Label::parse("SF1").unwrap(),
                };
                self.desk.ask(OPERATOR, Action::Mall(wish)).map(drop)
            }
            Step::Cancel(by, nth) => {
                let by = by.map_or(OPERATOR, |who| self.sessions[who]);
                let placed = self.placed.get(nth).cloned().map(Box::new);
                let wish = Action::Mall(MallCommand::Cancel { placed });
                self.desk.ask(by, wish).map(drop)
            }
            Step::Return(fen) => {
                let wish = ReturnAction::Propose {
                    original: Some(self.bought),
                    kind: ReturnKind::Refund,
                    amount: Some(yuan(&format!("{}.{:02}", fen / 100, fen % 100))),
                    restore_limit: false,
                    reason: "too many".to_owned(),
                };
                let told = self.desk.ask(OPERATOR, Action::Returns(wish))?;
                let Answer::ReturnProposed(id) = told else {
                    panic!("{told:?}")
                };
                let wish = ReturnAction::Approve { id: Some(id) };
                self.desk.ask(REVIEWER, Action::Returns(wish)).map(drop)
            }
            Step::Sleep => {
                self.desk.clock.0 += 24 * 3_600 * 1_000_000;
                self.log_in();
                Ok(())
            }
        }
    }

    /// What everybody has, as the model says it.
    fn picture(&self, model: &Model) -> Model {
        let state = &self.desk.state;
        let ledger = |account| state.balance(BookAccount::Ledger(account)).unwrap().0;
        let of = |number: usize| &self.holders[number];
        let money = |number: usize| state.account(of(number).account).unwrap().balance.0;
        let voucher = |number: usize| {
            let id = self.vouchers.get(&number)?;
            state.welfare().voucher(*id).map(|it| it.redeemed.is_some())
        };
        let batch = state.welfare().batch(self.batch).unwrap();
        Model {
            money: [0, 1, 2].map(money),
            points: [0, 1, 2].map(|number| state.points(of(number).customer)),
            stock: [0, 1].map(|at| state.mall().stock(self.goods[at])),
            prizes: state.campaigns().left(self.lottery, 0),
            // Seen by what is refused.
            signed_in: model.signed_in,
            vouchers_left: batch.wish.count - batch.issued,
            vouchers: [0, 1, 2].map(voucher),
            merchants: ledger(LedgerAccount::MallMerchants),
            expense: ledger(LedgerAccount::PointsExpense),
            owed: ledger(LedgerAccount::WelfareVouchers),
            // Seen by what is refused, too.
            orders: model.orders.clone(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_mall_answers_like_the_model(
        groups in prop::collection::vec(
            (prop::bool::weighted(0.8), prop::collection::vec(step(), 1..6)), 1..14,
        )
    ) {
        let (mut mall, mut model) = (Mall::open(), Model::new());
        for (durable, group) in groups {
            let before = (
                mall.desk.state.clone(), model.clone(), mall.desk.clock,
                mall.sessions.clone(), mall.vouchers.clone(), mall.placed.clone(),
            );
            mall.desk.state.mark();
            for step in &group {
                prop_assert_eq!(mall.ask(step), model.take(step), "{:?}", step);
            }
            if durable {
                mall.desk.state.keep();
            } else {
                mall.desk.state.drop_changes();
                prop_assert!(mall.desk.state == before.0, "an undone group left a trace");
                (model, mall.desk.clock) = (before.1, before.2);
                (mall.sessions, mall.vouchers, mall.placed) = (before.3, before.4, before.5);
            }
            prop_assert_eq!(mall.picture(&model), model.clone());
        }
    }
}
