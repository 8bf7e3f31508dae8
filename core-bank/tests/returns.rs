//! Reversals and refunds: what may go back, by whom, how often, and what it does to limits.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod desk;
mod payer;

use core_bank::rules::{
    Action, Answer, Bill, BillKind, BookAccount, BooksAction, Caller, CardEntry, Channel, Day,
    Fact, Fen, LedgerAccount, Medium, Original, Payee, Place, Proposal, ReturnAction, ReturnFact,
    ReturnId, ReturnKind, Scope,
};
use desk::{ACQUIRER, COUNTER, yuan};
use payer::{World, rich};

const OPERATOR: Caller = Caller::Terminal(Channel::Operator);
const REVIEWER: Caller = Caller::Terminal(Channel::Reviewer);

/// What the last record was, when it paid so much to `to`.
fn last_payment(world: &World, to: BookAccount, amount: &str) -> Original {
    Original {
        seq: world.desk.state.seq(),
        from: world.li.account,
        to,
        amount: yuan(amount),
        day: Day::of(world.desk.clock),
        used: Some((world.li.customer, Scope::Sms)),
    }
}

fn propose(
    world: &mut World,
    original: Original,
    kind: ReturnKind,
    amount: Option<&str>,
    restore_limit: bool,
) -> Result<ReturnId, &'static str> {
    let wish = ReturnAction::Propose {
        original: Some(original),
        kind,
        amount: amount.map(yuan),
        restore_limit,
        reason: "paid twice".to_owned(),
    };
    match world.desk.ask(OPERATOR, Action::Returns(wish))? {
        Answer::ReturnProposed(id) => Ok(id),
        other => panic!("{other:?}"),
    }
}

fn decide(world: &mut World, by: Caller, id: ReturnId, approve: bool) -> &'static str {
    let id = Some(id);
    let wish = if approve {
        ReturnAction::Approve { id }
    } else {
        ReturnAction::Reject { id }
    };
    world
        .desk
        .ask(by, Action::Returns(wish))
        .map_or_else(|code| code, |_| "ok")
}

fn own(world: &World) -> BookAccount {
    BookAccount::Customer(world.wang.account)
}

#[test]
fn a_transfer_is_reversed_whole_once_and_by_two_people() {
    let mut world = rich();
    let mobile = world.mobile;
    assert_eq!(world.pay(mobile, Medium::Sms, "4000"), "ok");
    let original = last_payment(&world, own(&world), "4000");
    assert_eq!(
        propose(&mut world, original, ReturnKind::Refund, None, false),
        Err("return_kind_wrong")
    );
    assert_eq!(
        propose(&mut world, original, ReturnKind::Reversal, Some("1"), false),
        Err("return_kind_wrong")
    );
    let id = propose(&mut world, original, ReturnKind::Reversal, None, false).unwrap();
    let other = propose(&mut world, original, ReturnKind::Reversal, None, false).unwrap();
    assert_eq!(
        world.desk.balance(world.li.account),
        "99996000.00",
        "nothing moves yet"
    );
    for by in [OPERATOR, COUNTER, mobile] {
        assert_eq!(decide(&mut world, by, id, true), "forbidden", "{by:?}");
    }
    assert_eq!(decide(&mut world, REVIEWER, id, true), "ok");
    assert_eq!(world.desk.balance(world.li.account), "100000000.00");
    assert_eq!(world.desk.balance(world.wang.account), "1.00");
    assert_eq!(decide(&mut world, REVIEWER, id, true), "return_not_found");
    assert_eq!(
        decide(&mut world, REVIEWER, other, true),
        "return_too_large"
    );
    assert_eq!(decide(&mut world, REVIEWER, other, false), "ok");
    assert_eq!(
        propose(&mut world, original, ReturnKind::Reversal, None, false),
        Err("return_too_large")
    );
    // A reversal of the same day does not restore the limit: 6,000 are left of it.
    assert_eq!(world.pay(mobile, Medium::Sms, "6000.01"), "limit_daily");
    assert_eq!(world.pay(mobile, Medium::Sms, "6000"), "ok");
}

#[test]
fn the_limit_comes_back_when_that_is_asked_for_and_the_day_is_the_same() {
    for (approved_at, room) in [
        ("2026-06-09T23:59:59+08:00", "ok"),
        ("2026-06-10T00:00:00+08:00", "limit_monthly"),
    ] {
        let mut world = rich();
        let mobile = world.mobile;
        assert_eq!(world.pay(mobile, Medium::Sms, "4000"), "ok");
        let original = last_payment(&world, own(&world), "4000");
        let id = propose(&mut world, original, ReturnKind::Reversal, None, true).unwrap();
        world.desk.at(approved_at);
        assert_eq!(decide(&mut world, REVIEWER, id, true), "ok");
        if room == "ok" {
            world.log_in_again(mobile);
            assert_eq!(world.pay(mobile, Medium::Sms, "10000"), "ok");
        }
        // Of the month's 50,000 the reversed 4,000 count only when they were not restored.
        for day in 11..15 {
            let time = format!("2026-06-{day}T12:00:00+08:00");
            assert_eq!(world.pay_at(&time, mobile, Medium::Sms, "10000"), "ok");
        }
        let time = "2026-06-16T12:00:00+08:00";
        assert_eq!(
            world.pay_at(time, mobile, Medium::Sms, "6000.01"),
            "limit_monthly"
        );
        if room == "limit_monthly" {
            assert_eq!(world.pay_at(time, mobile, Medium::Sms, "6000"), "ok");
        }
    }
}

#[test]
fn a_payee_who_spent_the_money_cannot_give_it_back() {
    let mut world = rich();
    let mobile = world.mobile;
    assert_eq!(world.pay(mobile, Medium::Sms, "4000"), "ok");
    let original = last_payment(&world, own(&world), "4000");
    let id = propose(&mut world, original, ReturnKind::Reversal, None, false).unwrap();
    let wish = Action::Withdrawal {
        account: Some(world.wang.account),
        amount: yuan("1.01"),
    };
    world.desk.ask(COUNTER, wish).unwrap();
    assert_eq!(decide(&mut world, REVIEWER, id, true), "insufficient_funds");
    assert_eq!(world.desk.balance(world.wang.account), "3999.99");
}

#[test]
fn refunds_come_in_parts_from_where_the_money_is() {
    let mut world = rich();
    let bill = Payee::Biller(Bill {
        kind: BillKind::Electricity,
        biller: "lc-power".to_owned(),
        reference: "1".to_owned(),
    });
    let order = world.order_to(bill, "100");
    world.desk.ask(COUNTER, order.without_proof()).unwrap();
    let payable = BookAccount::Ledger(LedgerAccount::BillsPayable);
    let original = Original {
        used: None,
        ..last_payment(&world, payable, "100")
    };
    assert_eq!(
        propose(&mut world, original, ReturnKind::Reversal, None, false),
        Err("return_kind_wrong")
    );
    let refund = |world: &mut World, amount| {
        let id = propose(world, original, ReturnKind::Refund, amount, false)?;
        Ok::<_, &'static str>(decide(world, REVIEWER, id, true))
    };
    assert_eq!(refund(&mut world, Some("100.01")), Err("return_too_large"));
    assert_eq!(refund(&mut world, Some("30")), Ok("ok"));
    assert_eq!(
        world.desk.state.ledger(LedgerAccount::BillsPayable),
        Fen(7_000)
    );
    world.desk.at("2026-06-10T00:10:00+08:00");
    let wish = BooksAction::CloseDay {
        day: Day::parse("2026-06-09").unwrap(),
    };
    world.desk.ask(OPERATOR, Action::Books(wish)).unwrap();
    // The rest has gone to the biller, so it comes back from outside.
    assert_eq!(refund(&mut world, Some("70.01")), Err("return_too_large"));
    assert_eq!(refund(&mut world, None), Ok("ok"));
    assert_eq!(world.desk.state.ledger(LedgerAccount::Nostro), Fen(0));
    assert_eq!(refund(&mut world, None), Err("return_too_large"));
    assert_eq!(world.desk.balance(world.li.account), "100000000.00");
}

#[test]
fn a_purchase_is_refunded_from_the_card_network_and_what_is_no_payment_is_not_found() {
    let mut world = rich();
    let wish = Action::CardUse {
        card: Some(world.li.card),
        entry: CardEntry::Pos,
        amount: yuan("80"),
        place: Place::HOME,
        merchant: "shop".to_owned(),
    };
    world.desk.ask(ACQUIRER, wish).unwrap();
    let network = BookAccount::Ledger(LedgerAccount::CardNetwork);
    let original = Original {
        used: None,
        ..last_payment(&world, network, "80")
    };
    let id = propose(&mut world, original, ReturnKind::Refund, None, false).unwrap();
    assert_eq!(decide(&mut world, REVIEWER, id, true), "ok");
    assert_eq!(world.desk.state.ledger(LedgerAccount::CardNetwork), Fen(0));
    let wish = ReturnAction::Propose {
        original: None,
        kind: ReturnKind::Refund,
        amount: None,
        restore_limit: false,
        reason: "?".to_owned(),
    };
    let told = world.desk.ask(OPERATOR, Action::Returns(wish));
    assert_eq!(told, Err("payment_not_found"));
}

#[test]
fn what_bought_goods_does_not_go_back_as_money_alone() {
    let mut world = rich();
    let mobile = world.mobile;
    assert_eq!(world.pay(mobile, Medium::Sms, "10000"), "ok");
    let merchants = BookAccount::Ledger(LedgerAccount::MallMerchants);
    let original = last_payment(&world, merchants, "10000");
    for kind in [ReturnKind::Refund, ReturnKind::Reversal] {
        let told = propose(&mut world, original, kind, None, true);
        assert_eq!(told, Err("payment_not_found"));
    }
    // Nor where it was proposed before there was this rule.
    let id = ReturnId::of_seq(world.desk.state.seq());
    let proposal = Proposal {
        original,
        kind: ReturnKind::Refund,
        amount: original.amount,
        restore_limit: false,
    };
    let proposed = Fact::Returns(ReturnFact::Proposed { id, proposal });
    world.desk.state.fold(&proposed).unwrap();
    assert_eq!(decide(&mut world, REVIEWER, id, true), "payment_not_found");
    assert_eq!(decide(&mut world, REVIEWER, id, false), "ok");
}
