//! Orders of the mall that are taken back, and what nobody has been issued of a batch of vouchers: who
//! may, until when, and that everything is afterwards as it was before.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod desk;
mod payer;

use core_bank::rules::{
    Action, Address, Amount, Answer, BatchId, BookAccount, Caller, Channel, ClosingAction, Day,
    GoodsId, Label, LedgerAccount, MallCommand, MallWish, Medium, Original, Payee, Placed,
    ReturnAction, ReturnId, ReturnKind, Scope, State, VoucherId, VoucherKind, WelfareCommand,
    WelfareWish,
};
use desk::{COUNTER, Holder, KIOSK, digest, yuan};
use payer::{World, rich};

const OPERATOR: Caller = Caller::Terminal(Channel::Operator);
const REVIEWER: Caller = Caller::Terminal(Channel::Reviewer);

fn home() -> Address {
    Address::parse("聊城市东昌府区1号").unwrap()
}

fn list_goods(world: &mut World, price: &str, stock: u32) -> GoodsId {
    let wish = MallCommand::ListGoods {
        name: Label::parse("阿胶").unwrap(),
        price: yuan(price),
        stock,
    };
    match world.desk.ask(OPERATOR, Action::Mall(wish)) {
        Ok(Answer::GoodsListed(goods)) => goods,
        other => panic!("{other:?}"),
    }
}

/// Li orders by SMS: what the record tells of it.
fn order(world: &mut World, goods: GoodsId, quantity: u32, points: u32, amount: &str) -> Placed {
    let wish = Payee::Mall(MallWish {
        goods: Some(goods),
        quantity,
        points,
        address: home(),
    });
    let order = world.order_to(wish, amount);
    let mobile = world.mobile;
    assert_eq!(world.pay_order(mobile, Medium::Sms, &order), "ok");
    placed(world)
}

/// What the last record tells of an order.
fn placed(world: &World) -> Placed {
    let last = world.desk.records.last().unwrap();
    Placed::of(last.outcome.iter().flatten()).unwrap()
}

fn cancel(world: &mut World, by: Caller, placed: &Placed) -> Result<Answer, &'static str> {
    let wish = MallCommand::Cancel {
        placed: Some(Box::new(placed.clone())),
    };
    world.desk.ask(by, Action::Mall(wish))
}

fn send(world: &mut World, placed: &Placed) -> Result<Answer, &'static str> {
    let wish = MallCommand::Dispatch {
        order: Some(placed.order),
        parcel: Label::parse("SF1").unwrap(),
    };
    world.desk.ask(OPERATOR, Action::Mall(wish))
}

/// Money, points and goods of everybody who takes part.
#[derive(Debug, PartialEq)]
struct Picture {
    money: String,
    points: i64,
    stock: u32,
    merchants: String,
    expense: String,
    owed: String,
}

fn picture(world: &World, goods: GoodsId) -> Picture {
    let state = &world.desk.state;
    let ledger = |account| state.ledger(account).to_string();
    Picture {
        money: world.desk.balance(world.li.account),
        points: state.points(world.li.customer),
        stock: state.mall().stock(goods),
        merchants: ledger(LedgerAccount::MallMerchants),
        expense: ledger(LedgerAccount::PointsExpense),
        owed: ledger(LedgerAccount::WelfareVouchers),
    }
}

/// Somebody else's session of the mobile bank.
fn stranger(world: &mut World) -> Caller {
    let wang = world.wang;
    world.desk.session(wang, "wang")
}

#[test]
fn money_points_and_goods_are_as_before_and_only_once() {
    let mut world = rich();
    let mobile = world.mobile;
    let tea = list_goods(&mut world, "100.50", 9);
    order(&mut world, tea, 2, 0, "201");
    let before = picture(&world, tea);
    assert_eq!((before.points, before.stock), (201, 7));
    let placed = order(&mut world, tea, 3, 150, "300");
    assert_eq!(
        picture(&world, tea),
        Picture {
            money: "99999499.00".to_owned(),
            points: 201 - 150 + 300,
            stock: 4,
            merchants: "502.50".to_owned(),
            expense: "-1.50".to_owned(),
            owed: "0.00".to_owned(),
        }
    );
    let other = stranger(&mut world);
    let first = world.desk.state.clone();
    assert_eq!(cancel(&mut world, other, &placed), Err("order_not_found"));
    for by in [COUNTER, KIOSK, REVIEWER, world.messenger, Caller::Visitor] {
        assert_eq!(cancel(&mut world, by, &placed), Err("forbidden"), "{by:?}");
    }
    let none = Action::Mall(MallCommand::Cancel { placed: None });
    assert_eq!(world.desk.ask(mobile, none), Err("order_not_found"));
    assert_eq!(
        first.balance(own(&world)),
        world.desk.state.balance(own(&world))
    );
    match cancel(&mut world, mobile, &placed) {
        Ok(Answer::Ordered(told)) => {
            let (order, balance, points) = *told;
            assert_eq!(order, placed.order);
            assert_eq!(balance.unwrap().to_string(), "99999799.00");
            assert_eq!(points, Some(201));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(picture(&world, tea), before);
    for by in [mobile, world.online, OPERATOR] {
        assert_eq!(cancel(&mut world, by, &placed), Err("order_closed"));
    }
    assert_eq!(send(&mut world, &placed), Err("order_not_found"));
    assert_eq!(picture(&world, tea), before);
}

fn own(world: &World) -> BookAccount {
    BookAccount::Customer(world.li.account)
}

#[test]
fn what_was_sent_is_not_taken_back() {
    let mut world = rich();
    let mobile = world.mobile;
    let tea = list_goods(&mut world, "10", 1);
    let placed = order(&mut world, tea, 1, 0, "10");
    assert_eq!(send(&mut world, &placed), Ok(Answer::Done));
    let before = picture(&world, tea);
    for by in [mobile, OPERATOR] {
        assert_eq!(cancel(&mut world, by, &placed), Err("order_closed"));
    }
    assert_eq!(picture(&world, tea), before);
}

#[test]
fn who_spent_the_points_of_an_order_keeps_the_order_until_they_are_there_again() {
    let mut world = rich();
    let mobile = world.mobile;
    let tea = list_goods(&mut world, "100", 9);
    let pin = list_goods(&mut world, "2", 9);
    let first = order(&mut world, tea, 1, 0, "100");
    let second = order(&mut world, pin, 1, 100, "1");
    // 100 earned, 100 spent, 1 earned: 1 is there.
    let before = picture(&world, tea);
    assert_eq!(before.points, 1);
    assert_eq!(cancel(&mut world, mobile, &first), Err("points_spent"));
    assert_eq!(picture(&world, tea), before);
    // The second order gives its hundred back, and its own point up.
    cancel(&mut world, mobile, &second).unwrap();
    assert_eq!(world.desk.state.points(world.li.customer), 100);
    cancel(&mut world, mobile, &first).unwrap();
    assert_eq!(world.desk.state.points(world.li.customer), 0);
    assert_eq!(world.desk.balance(world.li.account), "100000000.00");
    let expense = world.desk.state.ledger(LedgerAccount::PointsExpense);
    assert_eq!(expense.to_string(), "0.00");
}

#[test]
fn whose_order_the_bank_cannot_send_gets_the_money_whatever_became_of_the_points() {
    let mut world = rich();
    let tea = list_goods(&mut world, "100", 9);
    let pin = list_goods(&mut world, "1.98", 9);
    let first = order(&mut world, tea, 1, 0, "100");
    order(&mut world, pin, 1, 99, "0.99");
    assert_eq!(world.desk.state.points(world.li.customer), 1);
    cancel(&mut world, OPERATOR, &first).unwrap();
    assert_eq!(world.desk.state.points(world.li.customer), 0);
    assert_eq!(world.desk.balance(world.li.account), "99999999.01");
    assert_eq!(world.desk.state.mall().stock(tea), 9);
}

#[test]
fn money_does_not_go_back_to_an_account_that_is_closed() {
    let mut world = rich();
    let mobile = world.mobile;
    let tea = list_goods(&mut world, "100", 9);
    let placed = order(&mut world, tea, 1, 0, "100");
    let wish = ClosingAction::Account {
        account: Some(world.li.account),
        check: Some(world.li.check),
    };
    world.desk.ask(COUNTER, Action::Close(wish)).unwrap();
    assert_eq!(cancel(&mut world, mobile, &placed), Err("account_closed"));
    assert_eq!(cancel(&mut world, OPERATOR, &placed), Err("account_closed"));
    assert_eq!(world.desk.state.mall().stock(tea), 8);
    assert_eq!(send(&mut world, &placed), Ok(Answer::Done));
}

#[test]
fn the_limits_that_a_cancelled_order_used_up_stay_used() {
    let mut world = rich();
    let mobile = world.mobile;
    let watch = list_goods(&mut world, "10000", 9);
    let placed = order(&mut world, watch, 1, 0, "10000");
    cancel(&mut world, mobile, &placed).unwrap();
    assert_eq!(world.pay(mobile, Medium::Sms, "0.01"), "limit_daily");
    let tomorrow = "2026-06-10T00:00:00+08:00";
    assert_eq!(world.pay_at(tomorrow, mobile, Medium::Sms, "0.01"), "ok");
}

fn buy_batch(world: &mut World, face: &str, count: u32, amount: &str) -> (BatchId, Original) {
    let payee = Payee::Welfare(WelfareWish {
        kind: VoucherKind::Voucher,
        face_value: yuan(face),
        count,
    });
    let order = world.order_to(payee, amount);
    let bought = world.desk.ask(COUNTER, order.without_proof());
    let Ok(Answer::BatchBought(batch, _)) = bought else {
        panic!("{bought:?}")
    };
    let original = Original {
        seq: world.desk.state.seq(),
        from: world.li.account,
        to: BookAccount::Ledger(LedgerAccount::WelfareVouchers),
        amount: yuan(amount),
        day: Day::of(world.desk.clock),
        used: None,
    };
    (batch, original)
}

fn issue(world: &mut World, batch: BatchId, to: Holder) -> Result<VoucherId, &'static str> {
    let wish = WelfareCommand::Issue {
        batch: Some(batch),
        to: vec![Some(to.customer)],
    };
    world.desk.ask(COUNTER, Action::Welfare(wish))?;
    Ok(VoucherId::of_place(world.desk.state.seq(), 0))
}

fn redeem(world: &mut World, voucher: VoucherId, goods: GoodsId) -> Result<Placed, &'static str> {
    let wish = WelfareCommand::Redeem {
        voucher: Some(voucher),
        goods: Some(goods),
        address: home(),
    };
    let mobile = world.mobile;
    world.desk.ask(mobile, Action::Welfare(wish))?;
    Ok(placed(world))
}

#[test]
fn a_voucher_whose_order_is_taken_back_is_spent_again_and_pays_once() {
    let mut world = rich();
    let mobile = world.mobile;
    let rice = list_goods(&mut world, "149.50", 2);
    let (batch, _) = buy_batch(&mut world, "200", 2, "400");
    let li = world.li;
    let voucher = issue(&mut world, batch, li).unwrap();
    let before = picture(&world, rice);
    let placed = redeem(&mut world, voucher, rice).unwrap();
    assert_eq!(world.desk.state.points(world.li.customer), 5_050);
    match cancel(&mut world, mobile, &placed) {
        // No money of an account moved, and the points are none again.
        Ok(Answer::Ordered(told)) => assert_eq!((told.1, told.2), (None, Some(0))),
        other => panic!("{other:?}"),
    }
    assert_eq!(picture(&world, rice), before);
    let again = redeem(&mut world, voucher, rice).unwrap();
    assert_eq!(redeem(&mut world, voucher, rice), Err("voucher_redeemed"));
    // The first order does not give the voucher back a second time.
    assert_eq!(cancel(&mut world, mobile, &placed), Err("order_closed"));
    assert_eq!(redeem(&mut world, voucher, rice), Err("voucher_redeemed"));
    cancel(&mut world, mobile, &again).unwrap();
    assert_eq!(picture(&world, rice), before);
}

fn propose(
    world: &mut World,
    original: Original,
    kind: ReturnKind,
    amount: Option<&str>,
) -> Result<ReturnId, &'static str> {
    let wish = ReturnAction::Propose {
        original: Some(original),
        kind,
        amount: amount.map(yuan),
        restore_limit: false,
        reason: "too many".to_owned(),
    };
    match world.desk.ask(OPERATOR, Action::Returns(wish))? {
        Answer::ReturnProposed(id) => Ok(id),
        other => panic!("{other:?}"),
    }
}

fn approve(world: &mut World, id: ReturnId) -> Result<Answer, &'static str> {
    let wish = ReturnAction::Approve { id: Some(id) };
    world.desk.ask(REVIEWER, Action::Returns(wish))
}

/// How many a batch holds, and how many of them were issued.
fn held(state: &State, batch: BatchId) -> (u32, u32) {
    let batch = state.welfare().batch(batch).unwrap();
    (batch.wish.count, batch.issued)
}

#[test]
fn whole_vouchers_that_nobody_has_go_back_by_two_people() {
    let mut world = rich();
    let (li, wang) = (world.li, world.wang);
    let (batch, original) = buy_batch(&mut world, "100", 5, "500");
    issue(&mut world, batch, li).unwrap();
    let refund = ReturnKind::Refund;
    for (kind, amount, code) in [
        (ReturnKind::Reversal, None, "return_kind_wrong"),
        (refund, Some("150"), "return_not_whole"),
        (refund, Some("0.01"), "return_not_whole"),
        (refund, Some("500"), "return_too_large"),
        (refund, Some("429496729700"), "return_too_large"),
    ] {
        let told = propose(&mut world, original, kind, amount);
        assert_eq!(told, Err(code), "{amount:?}");
    }
    let one = propose(&mut world, original, refund, Some("100")).unwrap();
    let rest = propose(&mut world, original, refund, None).unwrap();
    assert_eq!(held(&world.desk.state, batch), (5, 1), "nothing goes yet");
    assert_eq!(approve(&mut world, one), Ok(Answer::Done));
    assert_eq!(held(&world.desk.state, batch), (4, 1));
    assert_eq!(world.desk.balance(li.account), "99999600.00");
    let owed = world.desk.state.ledger(LedgerAccount::WelfareVouchers);
    assert_eq!(owed.to_string(), "400.00");
    // The other proposal was of four, of which three are left.
    assert_eq!(approve(&mut world, rest), Err("return_too_large"));
    let rest = propose(&mut world, original, refund, Some("300")).unwrap();
    issue(&mut world, batch, wang).unwrap();
    assert_eq!(
        approve(&mut world, rest),
        Err("return_too_large"),
        "one is Wang's"
    );
    let rest = propose(&mut world, original, refund, None).unwrap();
    assert_eq!(approve(&mut world, rest), Ok(Answer::Done));
    assert_eq!(approve(&mut world, rest), Err("return_not_found"));
    assert_eq!(held(&world.desk.state, batch), (2, 2));
    assert_eq!(world.desk.balance(li.account), "99999800.00");
    let owed = world.desk.state.ledger(LedgerAccount::WelfareVouchers);
    assert_eq!(owed.to_string(), "200.00", "two were issued");
    let third = Holder {
        customer: world.desk.holder(2, "1").customer,
        ..li
    };
    assert_eq!(issue(&mut world, batch, third), Err("batch_exhausted"));
    let told = propose(&mut world, original, refund, None);
    assert_eq!(told, Err("return_too_large"));
}

#[test]
fn a_batch_goes_back_to_the_limit_it_used_when_that_is_asked_for() {
    let mut world = rich();
    let mobile = world.mobile;
    let payee = Payee::Welfare(WelfareWish {
        kind: VoucherKind::Card,
        face_value: yuan("100"),
        count: 100,
    });
    let order = world.order_to(payee, "10000");
    assert_eq!(world.pay_order(mobile, Medium::Sms, &order), "ok");
    let original = Original {
        seq: world.desk.state.seq(),
        from: world.li.account,
        to: BookAccount::Ledger(LedgerAccount::WelfareVouchers),
        amount: order.amount,
        day: Day::of(world.desk.clock),
        used: Some((world.li.customer, Scope::Sms)),
    };
    let wish = ReturnAction::Propose {
        original: Some(original),
        kind: ReturnKind::Refund,
        amount: None::<Amount>,
        restore_limit: true,
        reason: "none needed".to_owned(),
    };
    let Ok(Answer::ReturnProposed(id)) = world.desk.ask(OPERATOR, Action::Returns(wish)) else {
        panic!("not proposed")
    };
    assert_eq!(world.pay(mobile, Medium::Sms, "0.01"), "limit_daily");
    assert_eq!(approve(&mut world, id), Ok(Answer::Done));
    assert_eq!(world.desk.balance(world.li.account), "100000000.00");
    assert_eq!(world.pay(mobile, Medium::Sms, "10000"), "ok");
}

#[test]
fn an_expired_session_takes_nothing_back() {
    let mut world = rich();
    let mobile = world.mobile;
    let tea = list_goods(&mut world, "10", 1);
    let placed = order(&mut world, tea, 1, 0, "10");
    world.desk.at("2026-06-09T22:00:00+08:00");
    assert_eq!(cancel(&mut world, mobile, &placed), Err("unauthenticated"));
    world.log_in_again(mobile);
    assert!(world.desk.state.session(digest("mobile")).is_some());
    cancel(&mut world, mobile, &placed).unwrap();
}
