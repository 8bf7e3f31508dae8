//! The mall, welfare vouchers, campaigns and appointments by their rules alone.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod desk;

use core_bank::rules::{
    Action, Address, Answer, AppointmentCommand, AppointmentId, BatchId, BookAccount, BranchId,
    Caller, CampaignCommand, CampaignId, Channel, ClosingAction, Coordinates, Draw, GoodsId, Label,
    LedgerAccount, MallCommand, MallWish, MediumWish, Offer, Order, OrderId, Payee, Phone, Prize,
    Proof, Shown, SlotPlan, VoucherId, VoucherKind, WelfareCommand, WelfareWish,
};
use desk::{ATM, COUNTER, Desk, Holder, KIOSK, moment, yuan};

const OPERATOR: Caller = Caller::Terminal(Channel::Operator);

fn label(text: &str) -> Label {
    Label::parse(text).unwrap()
}

fn home() -> Address {
    Address::parse("聊城市东昌府区1号").unwrap()
}

fn list_goods(desk: &mut Desk, price: &str, stock: u32) -> GoodsId {
    let wish = MallCommand::ListGoods {
        name: label("阿胶"),
        price: yuan(price),
        stock,
    };
    match desk.ask(OPERATOR, Action::Mall(wish)) {
        Ok(Answer::GoodsListed(goods)) => goods,
        other => panic!("{other:?}"),
    }
}

/// The `number`-th holder pays by SMS, with the right code.
fn pay(
    desk: &mut Desk,
    (session, holder, number): (Caller, Holder, usize),
    payee: Payee,
    amount: &str,
) -> Result<Answer, &'static str> {
    let order = Order {
        from: Some(holder.account),
        payee,
        amount: yuan(amount),
    };
    let wish = MediumWish::Sms {
        phone: Phone::parse(&format!("1380000000{number}")).unwrap(),
        tail: holder.account.last_six(),
    };
    let ask = Action::AskAuthorisation {
        wish,
        order: order.clone(),
    };
    let Answer::AuthorisationAsked(id, _) = desk.ask(session, ask)? else {
        panic!("no authorisation")
    };
    let shown = Shown {
        id: Some(id),
        proof: Proof::Sms { right: true },
    };
    desk.ask(session, Action::AuthorisedTransfer { order, shown })
}

fn goods(goods: GoodsId, quantity: u32, points: u32) -> Payee {
    Payee::Mall(MallWish {
        goods: Some(goods),
        quantity,
        points,
        address: home(),
    })
}

fn ordered(answer: Result<Answer, &'static str>) -> (OrderId, Option<String>, Option<i64>) {
    match answer {
        Ok(Answer::Ordered(told)) => {
            let (order, balance, points) = *told;
            (order, balance.map(|fen| fen.to_string()), points)
        }
        other => panic!("{other:?}"),
    }
}

fn ledger(desk: &Desk, account: LedgerAccount) -> String {
    let held = desk.state.balance(BookAccount::Ledger(account)).unwrap();
    held.to_string()
}

#[test]
fn an_order_takes_money_points_and_goods_together_or_nothing() {
    let mut desk = Desk::open_at("2026-06-09T10:00:00+08:00");
    let li = desk.holder(0, "1000");
    let session = desk.session(li, "phone");
    let who = (session, li, 0);
    let tea = list_goods(&mut desk, "100.50", 3);
    // 100.50 in money earns 100 points, rounded down.
    let told = ordered(pay(&mut desk, who, goods(tea, 1, 0), "100.50"));
    assert_eq!((told.1.as_deref(), told.2), (Some("899.50"), Some(100)));
    // 100 points pay 1.00; the rest earns 99.
    let told = ordered(pay(&mut desk, who, goods(tea, 1, 100), "99.50"));
    assert_eq!((told.1.as_deref(), told.2), (Some("800.00"), Some(99)));
    let owed = ledger(&desk, LedgerAccount::MallMerchants);
    assert_eq!(owed, "201.00");
    assert_eq!(ledger(&desk, LedgerAccount::PointsExpense), "-1.00");
    let refusals = [
        (goods(tea, 2, 0), "201.00", "goods_sold_out"),
        (goods(tea, 1, 100), "99.50", "points_insufficient"),
        (goods(tea, 1, 99), "99.50", "price_differs"),
        (goods(tea, 1, 0), "100.49", "price_differs"),
        (goods(GoodsId::of_seq(1), 1, 0), "1.00", "goods_not_found"),
    ];
    for (payee, amount, code) in refusals {
        assert_eq!(pay(&mut desk, who, payee, amount), Err(code));
    }
    assert_eq!(desk.balance(li.account), "800.00");
    assert_eq!(
        (desk.state.points(li.customer), desk.state.mall().stock(tea)),
        (99, 1)
    );
    // More than the account holds: the points and the goods stay, too.
    let bell = list_goods(&mut desk, "800.99", 1);
    assert_eq!(
        pay(&mut desk, who, goods(bell, 1, 98), "800.01"),
        Err("insufficient_funds")
    );
    assert_eq!(
        (
            desk.state.points(li.customer),
            desk.state.mall().stock(bell)
        ),
        (99, 1)
    );
    let told = ordered(pay(&mut desk, who, goods(bell, 1, 99), "800.00"));
    assert_eq!((told.1.as_deref(), told.2), (Some("0.00"), Some(800)));
}

#[test]
fn points_pay_half_of_a_price_and_not_one_more() {
    let mut desk = Desk::open_at("2026-06-09T10:00:00+08:00");
    let li = desk.holder(0, "100");
    let session = desk.session(li, "phone");
    let who = (session, li, 0);
    let gold = list_goods(&mut desk, "60", 1);
    ordered(pay(&mut desk, who, goods(gold, 1, 0), "60"));
    let pin = list_goods(&mut desk, "1.01", 2);
    assert_eq!(
        pay(&mut desk, who, goods(pin, 1, 51), "0.50"),
        Err("points_share")
    );
    ordered(pay(&mut desk, who, goods(pin, 1, 50), "0.51"));
    assert_eq!(desk.state.points(li.customer), 10);
}

#[test]
fn an_order_needs_a_medium_and_counts_to_its_limits() {
    let mut desk = Desk::open_at("2026-06-09T10:00:00+08:00");
    let (li, wang) = (desk.holder(0, "50000"), desk.holder(1, "1"));
    let session = desk.session(li, "phone");
    let who = (session, li, 0);
    let watch = list_goods(&mut desk, "10000", 9);
    let pen = list_goods(&mut desk, "0.01", 9);
    let dear = list_goods(&mut desk, "10000.01", 9);
    assert_eq!(
        pay(&mut desk, who, goods(dear, 1, 0), "10000.01"),
        Err("limit_per_transaction")
    );
    ordered(pay(&mut desk, who, goods(watch, 1, 0), "10000"));
    assert_eq!(
        pay(&mut desk, who, goods(pen, 1, 0), "0.01"),
        Err("limit_daily")
    );
    let transfer = Payee::Here(Some(wang.account));
    assert_eq!(pay(&mut desk, who, transfer, "0.01"), Err("limit_daily"));
    desk.at("2026-06-10T00:00:00+08:00");
    let session = desk.session(desk::Holder { ..li }, "tomorrow");
    ordered(pay(&mut desk, (session, li, 0), goods(pen, 1, 0), "0.01"));
    // Whoever shows no authorisation, or another payment's, gets nothing.
    let order = Order {
        from: Some(li.account),
        payee: goods(pen, 1, 0),
        amount: yuan("0.01"),
    };
    let shown = Shown {
        id: None,
        proof: Proof::Sms { right: true },
    };
    let wish = Action::AuthorisedTransfer { order, shown };
    assert_eq!(
        desk.ask(session, wish.clone()),
        Err("authorisation_not_found")
    );
    assert_eq!(desk.ask(COUNTER, wish), Err("forbidden"));
    assert_eq!(desk.state.mall().stock(pen), 8);
}

#[test]
fn a_parcel_is_sent_once_and_by_the_operator() {
    let mut desk = Desk::open_at("2026-06-09T10:00:00+08:00");
    let li = desk.holder(0, "100");
    let session = desk.session(li, "phone");
    let tea = list_goods(&mut desk, "1", 1);
    let (order, ..) = ordered(pay(&mut desk, (session, li, 0), goods(tea, 1, 0), "1"));
    let send = |order| {
        let parcel = label("SF1234567890");
        Action::Mall(MallCommand::Dispatch { order, parcel })
    };
    assert_eq!(desk.ask(session, send(Some(order))), Err("forbidden"));
    assert_eq!(desk.ask(OPERATOR, send(None)), Err("order_not_found"));
    assert_eq!(desk.ask(OPERATOR, send(Some(order))), Ok(Answer::Done));
    assert_eq!(
        desk.ask(OPERATOR, send(Some(order))),
        Err("order_not_found")
    );
}

fn batch(face_value: &str, count: u32) -> Payee {
    Payee::Welfare(WelfareWish {
        kind: VoucherKind::Voucher,
        face_value: yuan(face_value),
        count,
    })
}

fn buy_batch(desk: &mut Desk, from: Holder, face_value: &str, count: u32, amount: &str) -> BatchId {
    let order = Order {
        from: Some(from.account),
        payee: batch(face_value, count),
        amount: yuan(amount),
    };
    match desk.ask(COUNTER, Action::Welfare(WelfareCommand::Buy { order })) {
        Ok(Answer::BatchBought(batch, _)) => batch,
        other => panic!("{other:?}"),
    }
}

fn issue(batch: BatchId, to: &[Holder]) -> Action {
    Action::Welfare(WelfareCommand::Issue {
        batch: Some(batch),
        to: to.iter().map(|holder| Some(holder.customer)).collect(),
    })
}

fn redeem(voucher: VoucherId, goods: GoodsId) -> Action {
    Action::Welfare(WelfareCommand::Redeem {
        voucher: Some(voucher),
        goods: Some(goods),
        address: home(),
    })
}

#[test]
fn a_voucher_is_issued_once_to_each_and_spent_once() {
    let mut desk = Desk::open_at("2026-06-09T10:00:00+08:00");
    let (firm, li, wang) = (
        desk.holder(2, "1000"),
        desk.holder(0, "1"),
        desk.holder(1, "1"),
    );
    let (lis, wangs) = (desk.session(li, "li"), desk.session(wang, "wang"));
    let order = Order {
        from: Some(firm.account),
        payee: batch("200", 2),
        amount: yuan("399.99"),
    };
    let short = Action::Welfare(WelfareCommand::Buy { order });
    assert_eq!(desk.ask(COUNTER, short), Err("price_differs"));
    let batch = buy_batch(&mut desk, firm, "200", 2, "400");
    assert_eq!(desk.balance(firm.account), "600.00");
    assert_eq!(ledger(&desk, LedgerAccount::WelfareVouchers), "400.00");
    assert_eq!(desk.ask(lis, issue(batch, &[li])), Err("batch_not_found"));
    assert_eq!(
        desk.ask(COUNTER, issue(batch, &[li, li])),
        Err("voucher_issued_already")
    );
    assert_eq!(
        desk.ask(COUNTER, issue(batch, &[li, wang, firm])),
        Err("batch_exhausted")
    );
    let answer = desk.ask(COUNTER, issue(batch, &[li]));
    assert_eq!(answer, Ok(Answer::VouchersIssued(1)));
    let voucher = VoucherId::of_place(desk.state.seq(), 0);
    assert_eq!(
        desk.ask(COUNTER, issue(batch, &[li])),
        Err("voucher_issued_already")
    );
    assert_eq!(
        desk.ask(COUNTER, issue(batch, &[wang])),
        Ok(Answer::VouchersIssued(1))
    );
    assert_eq!(
        desk.ask(COUNTER, issue(batch, &[firm])),
        Err("batch_exhausted")
    );

    let rice = list_goods(&mut desk, "149.50", 2);
    let wine = list_goods(&mut desk, "200.01", 2);
    assert_eq!(
        desk.ask(wangs, redeem(voucher, rice)),
        Err("voucher_not_found")
    );
    assert_eq!(desk.ask(COUNTER, redeem(voucher, rice)), Err("forbidden"));
    assert_eq!(
        desk.ask(lis, redeem(voucher, wine)),
        Err("voucher_too_small")
    );
    // What is left of the voucher, 50.50, becomes 5,050 points.
    let told = ordered(desk.ask(lis, redeem(voucher, rice)));
    assert_eq!((told.1, told.2), (None, Some(5_050)));
    assert_eq!(
        desk.ask(lis, redeem(voucher, rice)),
        Err("voucher_redeemed")
    );
    assert_eq!(desk.state.mall().stock(rice), 1);
    assert_eq!(ledger(&desk, LedgerAccount::WelfareVouchers), "200.00");
    assert_eq!(ledger(&desk, LedgerAccount::MallMerchants), "149.50");
    assert_eq!(ledger(&desk, LedgerAccount::PointsExpense), "50.50");
    assert_eq!(desk.balance(li.account), "1.00");
}

#[test]
fn a_batch_out_of_a_session_needs_a_medium() {
    let mut desk = Desk::open_at("2026-06-09T10:00:00+08:00");
    let firm = desk.holder(2, "20000");
    let session = desk.session(firm, "firm");
    let order = Order {
        from: Some(firm.account),
        payee: batch("100", 100),
        amount: yuan("10000"),
    };
    let plain = Action::Welfare(WelfareCommand::Buy { order });
    assert_eq!(desk.ask(session, plain), Err("authorisation_required"));
    let who = (session, firm, 2);
    assert_eq!(
        pay(&mut desk, who, batch("100", 0), "1"),
        Err("batch_too_large")
    );
    assert_eq!(
        pay(&mut desk, who, batch("0.01", 10_001), "100.01"),
        Err("batch_too_large")
    );
    assert!(matches!(
        pay(&mut desk, who, batch("100", 100), "10000"),
        Ok(Answer::BatchBought(..))
    ));
    assert_eq!(
        pay(&mut desk, who, batch("0.01", 1), "0.01"),
        Err("limit_daily")
    );
}

fn announce(desk: &mut Desk, offer: Offer) -> CampaignId {
    let wish = CampaignCommand::Announce {
        name: label("签到抽奖"),
        offer,
        begins: moment("2026-06-09T20:00:00+08:00"),
        ends: moment("2026-06-12T00:00:00+08:00"),
    };
    match desk.ask(OPERATOR, Action::Campaign(wish)) {
        Ok(Answer::CampaignAnnounced(campaign)) => campaign,
        other => panic!("{other:?}"),
    }
}

fn check_in(draw: Option<(CampaignId, u64)>) -> Action {
    let draw = draw.map(|(campaign, number)| Draw {
        campaign: Some(campaign),
        number,
    });
    Action::Campaign(CampaignCommand::CheckIn { draw })
}

#[test]
fn a_customer_signs_in_once_a_day_in_shanghai() {
    let mut desk = Desk::open_at("2026-06-09T20:00:00+08:00");
    let li = desk.holder(0, "1");
    let session = desk.session(li, "phone");
    assert_eq!(desk.ask(COUNTER, check_in(None)), Err("forbidden"));
    assert_eq!(
        desk.ask(session, check_in(None)),
        Ok(Answer::CheckedIn(None, 5))
    );
    desk.at("2026-06-09T23:59:59.999999+08:00");
    assert_eq!(desk.ask(session, check_in(None)), Err("checked_in_already"));
    desk.at("2026-06-10T00:00:00+08:00");
    assert_eq!(
        desk.ask(session, check_in(None)),
        Ok(Answer::CheckedIn(None, 10))
    );
    assert_eq!(desk.ask(session, check_in(None)), Err("checked_in_already"));
}

#[test]
fn a_lottery_gives_what_is_drawn_until_none_is_left() {
    let mut desk = Desk::open_at("2026-06-09T19:59:59.999999+08:00");
    let prize = |name: &str, chance, stock, points| Prize {
        name: label(name),
        chance,
        stock,
        points,
    };
    let prizes = vec![prize("手机", 100, 1, 0), prize("积分", 900, 2, 88)];
    let lottery = announce(&mut desk, Offer::Lottery { prizes });
    let holders = [
        desk.holder(0, "1"),
        desk.holder(1, "1"),
        desk.holder(2, "1"),
    ];
    let sessions = ["a", "b", "c"];
    let sessions: Vec<_> = (0..3)
        .map(|at| desk.session(holders[at], sessions[at]))
        .collect();
    let early = check_in(Some((lottery, 0)));
    assert_eq!(desk.ask(sessions[0], early), Err("campaign_not_running"));
    let nowhere = check_in(Some((CampaignId::of_seq(999), 0)));
    assert_eq!(desk.ask(sessions[0], nowhere), Err("campaign_not_found"));
    desk.at("2026-06-09T20:00:00+08:00");
    let draw = |desk: &mut Desk, who: usize, number| match desk
        .ask(sessions[who], check_in(Some((lottery, number))))
    {
        Ok(Answer::CheckedIn(prize, points)) => {
            (prize.map(|name| name.as_str().to_owned()), points)
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(draw(&mut desk, 0, 99), (Some("手机".to_owned()), 5));
    // The only phone is gone, so its numbers win nothing.
    assert_eq!(draw(&mut desk, 1, 0), (None, 5));
    assert_eq!(draw(&mut desk, 2, 100), (Some("积分".to_owned()), 93));
    desk.at("2026-06-10T00:00:00+08:00");
    assert_eq!(draw(&mut desk, 0, 7_000_999), (Some("积分".to_owned()), 98));
    assert_eq!(draw(&mut desk, 1, 100), (None, 10));
    assert_eq!(draw(&mut desk, 2, 1_000), (None, 98));
    let left = [0, 1].map(|place| desk.state.campaigns().left(lottery, place));
    assert_eq!(left, [0, 0]);
}

#[test]
fn a_gift_and_a_cover_are_taken_once_and_while_there_are_any() {
    let mut desk = Desk::open_at("2026-06-09T20:00:00+08:00");
    let gift = announce(
        &mut desk,
        Offer::Gift {
            points: 30,
            stock: 1,
        },
    );
    let cover = label("账户安全险");
    let cover = announce(&mut desk, Offer::Cover { cover, stock: 2 });
    let (li, wang) = (desk.holder(0, "1"), desk.holder(1, "1"));
    let (lis, wangs) = (desk.session(li, "li"), desk.session(wang, "wang"));
    let claim = |campaign| {
        Action::Campaign(CampaignCommand::Claim {
            campaign: Some(campaign),
        })
    };
    assert_eq!(desk.ask(lis, claim(gift)), Ok(Answer::Claimed(Some(30))));
    assert_eq!(desk.ask(lis, claim(gift)), Err("claimed_already"));
    assert_eq!(desk.ask(wangs, claim(gift)), Err("claims_exhausted"));
    assert_eq!(desk.ask(lis, claim(cover)), Ok(Answer::Claimed(None)));
    assert_eq!(desk.ask(wangs, claim(cover)), Ok(Answer::Claimed(None)));
    // Nobody draws in a gift, and nobody claims a lottery.
    assert_eq!(
        desk.ask(lis, check_in(Some((gift, 0)))),
        Err("campaign_not_found")
    );
    desk.at("2026-06-12T00:00:00+08:00");
    let late = desk.renew(li, 0);
    let late = desk.session(late, "late");
    assert_eq!(desk.ask(late, claim(cover)), Err("campaign_not_running"));
}

fn open_branch(desk: &mut Desk) -> BranchId {
    let wish = AppointmentCommand::OpenBranch {
        name: label("市中支行"),
        at: Coordinates::parse("36.4567", "115.9854").unwrap(),
        slots: SlotPlan {
            opens: 9 * 60,
            closes: 17 * 60,
            minutes: 30,
            places: 1,
            overbooking: 1,
        },
    };
    match desk.ask(OPERATOR, Action::Appointment(wish)) {
        Ok(Answer::BranchOpened(branch)) => branch,
        other => panic!("{other:?}"),
    }
}

fn book(branch: BranchId, slot: &str) -> Action {
    Action::Appointment(AppointmentCommand::Book {
        branch: Some(branch),
        slot: moment(slot),
    })
}

fn booked(answer: Result<Answer, &'static str>) -> AppointmentId {
    match answer {
        Ok(Answer::Booked(appointment)) => appointment,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_slot_is_booked_up_to_its_overbooking_and_a_cancellation_frees_it() {
    let mut desk = Desk::open_at("2026-06-09T10:00:00+08:00");
    let branch = open_branch(&mut desk);
    let holders = [
        desk.holder(0, "1"),
        desk.holder(1, "1"),
        desk.holder(2, "1"),
    ];
    let [li, wang, zhao] = [0, 1, 2].map(|at| desk.session(holders[at], ["a", "b", "c"][at]));
    let ten = "2026-06-10T10:00:00+08:00";
    for wrong in [
        "2026-06-10T10:10:00+08:00",
        "2026-06-09T10:00:00+08:00",
        "2026-06-10T17:00:00+08:00",
        "2026-06-23T10:30:00+08:00",
    ] {
        assert_eq!(
            desk.ask(li, book(branch, wrong)),
            Err("slot_not_found"),
            "{wrong}"
        );
    }
    assert_eq!(
        desk.ask(li, book(BranchId::of_seq(0), ten)),
        Err("branch_not_found")
    );
    assert_eq!(desk.ask(KIOSK, book(branch, ten)), Err("forbidden"));
    let lis = booked(desk.ask(li, book(branch, ten)));
    let later = "2026-06-10T14:00:00+08:00";
    assert_eq!(desk.ask(li, book(branch, later)), Err("appointment_exists"));
    booked(desk.ask(wang, book(branch, ten)));
    assert_eq!(desk.ask(zhao, book(branch, ten)), Err("slot_full"));
    let cancel = |appointment| {
        let appointment = Some(appointment);
        Action::Appointment(AppointmentCommand::Cancel { appointment })
    };
    assert_eq!(desk.ask(zhao, cancel(lis)), Err("appointment_not_found"));
    assert_eq!(desk.ask(li, cancel(lis)), Ok(Answer::Done));
    assert_eq!(desk.ask(li, cancel(lis)), Err("appointment_not_found"));
    booked(desk.ask(zhao, book(branch, ten)));
    assert_eq!(desk.ask(li, book(branch, ten)), Err("slot_full"));
    booked(desk.ask(li, book(branch, "2026-06-23T10:00:00+08:00")));
}

#[test]
fn a_no_show_is_noted_by_a_teller_once_the_time_has_come() {
    let mut desk = Desk::open_at("2026-06-09T10:00:00+08:00");
    let branch = open_branch(&mut desk);
    let (li, wang) = (desk.holder(0, "1"), desk.holder(1, "1"));
    let (lis, wangs) = (desk.session(li, "li"), desk.session(wang, "wang"));
    let ten = "2026-06-10T10:00:00+08:00";
    let first = booked(desk.ask(lis, book(branch, ten)));
    let second = booked(desk.ask(wangs, book(branch, ten)));
    let conclude = |appointment, kept| {
        let appointment = Some(appointment);
        Action::Appointment(AppointmentCommand::Conclude { appointment, kept })
    };
    assert_eq!(desk.ask(ATM, conclude(first, false)), Err("forbidden"));
    desk.at("2026-06-10T09:59:59+08:00");
    assert_eq!(
        desk.ask(COUNTER, conclude(first, false)),
        Err("appointment_not_due")
    );
    assert_eq!(desk.ask(COUNTER, conclude(second, true)), Ok(Answer::Done));
    desk.at(ten);
    assert_eq!(desk.ask(COUNTER, conclude(first, false)), Ok(Answer::Done));
    assert_eq!(
        desk.ask(COUNTER, conclude(first, true)),
        Err("appointment_not_found")
    );
    let status = |desk: &Desk, of: Holder| {
        let mut own = desk.state.appointments().of_customer(of.customer);
        own.next()
            .map(|(_, appointment)| format!("{:?}", appointment.status))
    };
    assert_eq!(status(&desk, li).as_deref(), Some("NoShow"));
    assert_eq!(status(&desk, wang).as_deref(), Some("Kept"));
    // A day later the tables hold nothing of it any more.
    desk.at("2026-06-11T10:00:00+08:00");
    desk.holder(2, "1");
    assert_eq!(status(&desk, li), None);
    assert_eq!(desk.state.appointments().booked(branch, moment(ten)), 0);
}

#[test]
fn only_a_holder_of_the_card_may_ask_for_the_social_security_balance() {
    let mut desk = Desk::open_at("2026-06-09T10:00:00+08:00");
    let (li, wang) = (desk.holder(0, "1"), desk.holder(1, "1"));
    let card = |customer, check| Action::IssueSocialSecurityCard {
        customer: Some(customer),
        check: Some(check),
    };
    assert_eq!(desk.ask(ATM, card(li.customer, li.check)), Err("forbidden"));
    assert_eq!(
        desk.ask(KIOSK, card(li.customer, wang.check)),
        Err("identity_mismatch")
    );
    assert_eq!(
        desk.ask(KIOSK, card(li.customer, li.check)),
        Ok(Answer::Done)
    );
    assert_eq!(
        desk.ask(COUNTER, card(li.customer, li.check)),
        Err("social_security_card_exists")
    );
    assert!(desk.state.social_security_holder(li.customer).is_ok());
    let refused = desk.state.social_security_holder(wang.customer);
    assert_eq!(
        refused.map_err(|refusal| refusal.code.code()),
        Err("social_security_card_missing")
    );
}

#[test]
fn what_is_sold_out_ended_or_closed_makes_room() {
    let mut desk = Desk::open_at("2026-06-09T10:00:00+08:00");
    let li = desk.holder(0, "10");
    let session = desk.session(li, "phone");
    let pens: Vec<_> = (0..1_000).map(|_| list_goods(&mut desk, "1", 1)).collect();
    let wish = Action::Mall(MallCommand::ListGoods {
        name: label("笔"),
        price: yuan("1"),
        stock: 1,
    });
    assert_eq!(desk.ask(OPERATOR, wish.clone()), Err("catalogue_full"));
    ordered(pay(&mut desk, (session, li, 0), goods(pens[7], 1, 0), "1"));
    assert!(desk.ask(OPERATOR, wish.clone()).is_ok());
    assert_eq!(desk.ask(OPERATOR, wish), Err("catalogue_full"));

    let campaign = |ends| {
        Action::Campaign(CampaignCommand::Announce {
            name: label("六月"),
            offer: Offer::Gift {
                points: 1,
                stock: 1,
            },
            begins: moment("2026-06-09T00:00:00+08:00"),
            ends: moment(ends),
        })
    };
    let (soon, late) = ("2026-06-09T11:00:00+08:00", "2026-06-10T00:00:00+08:00");
    desk.ask(OPERATOR, campaign(soon)).unwrap();
    for _ in 1..1_000 {
        desk.ask(OPERATOR, campaign(late)).unwrap();
    }
    desk.at("2026-06-09T10:59:59.999999+08:00");
    assert_eq!(desk.ask(OPERATOR, campaign(late)), Err("catalogue_full"));
    desk.at(soon);
    assert!(desk.ask(OPERATOR, campaign(late)).is_ok());
    assert_eq!(desk.ask(OPERATOR, campaign(late)), Err("catalogue_full"));

    for _ in 1..1_000 {
        desk.card(li.customer, li.check);
    }
    let one_more = Action::OpenCard {
        customer: Some(li.customer),
        check: Some(li.check),
    };
    assert_eq!(desk.ask(COUNTER, one_more.clone()), Err("card_limit"));
    let close = Action::Close(ClosingAction::Account {
        account: Some(li.account),
        check: Some(li.check),
    });
    desk.ask(COUNTER, close).unwrap();
    assert!(desk.ask(COUNTER, one_more.clone()).is_ok());
    assert_eq!(desk.ask(COUNTER, one_more), Err("card_limit"));
}
