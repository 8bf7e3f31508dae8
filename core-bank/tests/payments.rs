//! Payments of every kind: one set of limits for all of them, no fee for any, bills to known billers.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod desk;
mod payer;

use core_bank::rules::{
    Action, Answer, Bill, BillKind, BookAccount, Caller, LedgerAccount, LedgerKind, Medium, Order,
    Payee, Shown,
};
use desk::{COUNTER, KIOSK, yuan};
use payer::{World, rich};

fn bill(kind: BillKind, biller: &str) -> Payee {
    Payee::Biller(Bill {
        kind,
        biller: biller.to_owned(),
        reference: "3715000012".to_owned(),
    })
}

fn elsewhere(bank: &str) -> Payee {
    Payee::Elsewhere {
        account: "6227001".to_owned(),
        bank: bank.to_owned(),
    }
}

/// One payee of each kind.
fn payees(world: &World) -> [(&'static str, Payee); 3] {
    [
        ("own bank", Payee::Here(Some(world.wang.account))),
        ("other bank", elsewhere("CCB")),
        ("bill", bill(BillKind::Electricity, "lc-power")),
    ]
}

/// Pays `payee` out of a session that stands.
fn pay(world: &mut World, by: Caller, medium: Medium, payee: &Payee, amount: &str) -> &'static str {
    world.log_in_again(by);
    let order = world.order_to(payee.clone(), amount);
    world.pay_order(by, medium, &order)
}

#[test]
fn every_kind_of_payment_meets_every_limit_of_one_payment_to_the_fen() {
    for (medium, online, limit, above) in [
        (Medium::Sms, false, "10000", "10000.01"),
        (Medium::Device, false, "200000", "200000.01"),
        (Medium::Device, true, "50000", "50000.01"),
        (Medium::Shield, false, "1000000", "1000000.01"),
        (Medium::Shield, true, "1000000", "1000000.01"),
    ] {
        for place in 0..3 {
            let mut world = rich();
            let by = if online { world.online } else { world.mobile };
            let (name, payee) = payees(&world)[place].clone();
            let told = pay(&mut world, by, medium, &payee, above);
            assert_eq!(told, "limit_per_transaction", "{name} {medium:?}");
            world.desk.at("2026-06-09T10:02:00+08:00");
            assert_eq!(
                pay(&mut world, by, medium, &payee, limit),
                "ok",
                "{name} {medium:?}"
            );
        }
    }
}

#[test]
fn a_days_payments_of_any_kind_fill_one_limit_to_the_fen_until_midnight() {
    for first in 0..3 {
        for second in 0..3 {
            let mut world = rich();
            let mobile = world.mobile;
            let (one, other) = (
                payees(&world)[first].1.clone(),
                payees(&world)[second].1.clone(),
            );
            let mut told =
                |payee: &Payee, amount: &str| pay(&mut world, mobile, Medium::Sms, payee, amount);
            assert_eq!(told(&one, "9999.99"), "ok");
            assert_eq!(told(&other, "0.02"), "limit_daily");
            assert_eq!(told(&other, "0.01"), "ok");
            assert_eq!(told(&other, "0.01"), "limit_daily");
            assert_eq!(told(&one, "0.01"), "limit_daily");
            world.desk.at("2026-06-09T23:59:59.999999+08:00");
            assert_eq!(
                pay(&mut world, mobile, Medium::Sms, &other, "0.01"),
                "limit_daily"
            );
            world.desk.at("2026-06-10T00:00:00+08:00");
            assert_eq!(pay(&mut world, mobile, Medium::Sms, &other, "10000"), "ok");
        }
    }
}

#[test]
fn a_months_payments_of_all_kinds_fill_one_limit_until_the_next_month() {
    let mut world = World::open_at("2026-06-20T10:00:00+08:00", "1000000");
    let mobile = world.mobile;
    let kinds = payees(&world).map(|(_, payee)| payee);
    for day in 20..25_usize {
        world.desk.at(&format!("2026-06-{day}T12:00:00+08:00"));
        let amount = if day == 24 { "9999.99" } else { "10000" };
        assert_eq!(
            pay(&mut world, mobile, Medium::Sms, &kinds[day % 3], amount),
            "ok"
        );
    }
    world.desk.at("2026-06-26T12:00:00+08:00");
    for payee in &kinds {
        assert_eq!(
            pay(&mut world, mobile, Medium::Sms, payee, "0.02"),
            "limit_monthly"
        );
    }
    assert_eq!(
        pay(&mut world, mobile, Medium::Sms, &kinds[2], "0.01"),
        "ok"
    );
    world.desk.at("2026-06-30T23:59:59.999999+08:00");
    for payee in &kinds {
        assert_eq!(
            pay(&mut world, mobile, Medium::Sms, payee, "0.01"),
            "limit_monthly"
        );
    }
    world.desk.at("2026-07-01T00:00:00+08:00");
    for payee in &kinds {
        assert_eq!(pay(&mut world, mobile, Medium::Sms, payee, "3333.33"), "ok");
    }
}

#[test]
fn a_retry_with_the_same_key_has_one_effect_whatever_is_paid() {
    for place in 0..3 {
        let mut world = rich();
        let mobile = world.mobile;
        let payee = payees(&world)[place].1.clone();
        let order = world.order_to(payee, "6000");
        let id = world.authorise(mobile, Medium::Sms, &order);
        let action = Action::AuthorisedTransfer {
            order: order.clone(),
            shown: Shown {
                id: Some(id),
                proof: world.right(Medium::Sms),
            },
        };
        let first = world.desk.ask_with_key(mobile, "once", action.clone());
        assert!(first.is_ok());
        for _ in 0..3 {
            assert_eq!(
                world.desk.ask_with_key(mobile, "once", action.clone()),
                first
            );
        }
        assert_eq!(world.desk.balance(world.li.account), "99994000.00");
        // One effect on the limit, too: 4,000 are left of it.
        assert_eq!(world.pay(mobile, Medium::Sms, "4000.01"), "limit_daily");
        assert_eq!(world.pay(mobile, Medium::Sms, "4000"), "ok");
    }
}

#[test]
fn transfers_are_free_in_all_four_cases_and_the_ledger_has_no_fee_entry() {
    let mut world = rich();
    // A second account here stands for the one that was opened in another city: this bank keeps no
    // account of where. Elsewhere the bank's code says it.
    let remote_here = world.desk.holder(2, "1").account;
    let cases = [
        ("own bank, local", Payee::Here(Some(world.wang.account))),
        ("own bank, remote", Payee::Here(Some(remote_here))),
        ("other bank, local", elsewhere("CCBCCNBJ371")),
        ("other bank, remote", elsewhere("CCBCCNBJ110")),
    ];
    let mut left = 10_000_000_000_i64;
    for (case, payee) in cases {
        for by in [world.mobile, COUNTER, KIOSK] {
            let order = world.order_to(payee.clone(), "100");
            let told = match by {
                COUNTER | KIOSK => world
                    .desk
                    .ask(by, order.without_proof())
                    .map_or("no", |_| "ok"),
                session => world.pay_order(session, Medium::Sms, &order),
            };
            assert_eq!(told, "ok", "{case}");
            left -= 10_000;
            let held = world.desk.state.account(world.li.account).unwrap().balance;
            assert_eq!(held.0, left, "{case}: the amount and nothing else");
        }
    }
    for account in LedgerAccount::ALL {
        if account.kind() == LedgerKind::Income {
            assert_eq!(world.desk.state.ledger(*account).0, 0, "{}", account.name());
        }
    }
    let settlement = BookAccount::Ledger(LedgerAccount::Settlement);
    assert_eq!(world.desk.state.balance(settlement).unwrap().0, 60_000);
}

#[test]
fn bills_go_to_billers_that_are_known_and_schools_that_are_listed() {
    let mut world = rich();
    let mobile = world.mobile;
    for (kind, biller) in [
        (BillKind::Electricity, "lc-power"),
        (BillKind::Broadband, "lc-broadband"),
        (BillKind::Telecom, "lc-mobile"),
        (BillKind::Tuition, "lc-no1-middle"),
    ] {
        assert_eq!(
            pay(&mut world, mobile, Medium::Sms, &bill(kind, biller), "100"),
            "ok"
        );
        let plain = world.order_to(bill(kind, biller), "100").without_proof();
        assert!(matches!(plain, Action::PayBill { .. }));
        assert!(world.desk.ask(COUNTER, plain.clone()).is_ok());
        assert_eq!(world.desk.ask(mobile, plain), Err("authorisation_required"));
    }
    let payable = world.desk.state.ledger(LedgerAccount::BillsPayable);
    assert_eq!(payable.0, 80_000);
    for (kind, biller, code) in [
        (BillKind::Electricity, "lc-mobile", "biller_not_found"),
        (BillKind::Telecom, "nobody", "biller_not_found"),
        (BillKind::Tuition, "lc-no2-middle", "school_not_listed"),
    ] {
        let order = world.order_to(bill(kind, biller), "100");
        let wish = world.wish(Medium::Sms);
        assert_eq!(world.ask_for(mobile, wish, &order), Err(code));
        assert_eq!(world.desk.ask(COUNTER, order.without_proof()), Err(code));
    }
    assert_eq!(
        world.desk.state.ledger(LedgerAccount::BillsPayable),
        payable
    );
}

#[test]
fn an_authorisation_for_one_bill_pays_no_other() {
    let mut world = rich();
    let mobile = world.mobile;
    let asked = world.order_to(bill(BillKind::Telecom, "lc-mobile"), "50");
    let other = Order {
        payee: bill(BillKind::Telecom, "lc-telephone"),
        ..asked.clone()
    };
    let dearer = Order {
        amount: yuan("50.01"),
        ..asked.clone()
    };
    let id = world.authorise(mobile, Medium::Sms, &asked);
    let proof = world.right(Medium::Sms);
    assert_eq!(
        world.transfer(mobile, id, proof, &other),
        "authorisation_mismatch"
    );
    assert_eq!(
        world.transfer(mobile, id, proof, &dearer),
        "authorisation_mismatch"
    );
    let paid = world.desk.ask(
        mobile,
        Action::AuthorisedTransfer {
            order: asked,
            shown: Shown {
                id: Some(id),
                proof,
            },
        },
    );
    assert!(matches!(paid, Ok(Answer::Transferred(_, left)) if left.0 == 9_999_995_000));
}
