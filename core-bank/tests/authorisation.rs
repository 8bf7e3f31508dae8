//! Every limit at its edges, every medium's proof, and what a refusal leaves behind.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod desk;
mod payer;

use core_bank::rules::{
    Action, Limits, Medium, MediumWish, Order, Payee, Phone, Proof, Scope, Shown, time_step,
};
use desk::{COUNTER, KIOSK, yuan};
use payer::{SERIAL, World, rich};

#[test]
fn each_mediums_limit_of_one_payment_passes_and_a_fen_more_does_not() {
    for (medium, online, limit, above) in [
        (Medium::Sms, false, "10000", "10000.01"),
        (Medium::Sms, true, "10000", "10000.01"),
        (Medium::Device, false, "200000", "200000.01"),
        (Medium::Device, true, "50000", "50000.01"),
        (Medium::Shield, false, "1000000", "1000000.01"),
        (Medium::Shield, true, "1000000", "1000000.01"),
    ] {
        let mut world = rich();
        let by = if online { world.online } else { world.mobile };
        assert_eq!(
            world.pay(by, medium, above),
            "limit_per_transaction",
            "{medium:?}"
        );
        world.desk.at("2026-06-09T10:02:00+08:00");
        assert_eq!(world.pay(by, medium, limit), "ok", "{medium:?} {online}");
    }
}

#[test]
fn ten_thousands_by_sms_pass_in_a_day_and_then_not_a_fen() {
    let mut world = rich();
    let mobile = world.mobile;
    for _ in 0..10 {
        assert_eq!(world.pay(mobile, Medium::Sms, "1000"), "ok");
    }
    assert_eq!(world.pay(mobile, Medium::Sms, "0.01"), "limit_daily");
    // All channels together.
    let (online, messenger) = (world.online, world.messenger);
    assert_eq!(world.pay(online, Medium::Sms, "0.01"), "limit_daily");
    assert_eq!(world.pay(messenger, Medium::Sms, "0.01"), "limit_daily");
    assert_eq!(
        world.pay_at("2026-06-09T23:59:59+08:00", mobile, Medium::Sms, "0.01"),
        "limit_daily"
    );
    assert_eq!(
        world.pay_at("2026-06-10T00:00:00+08:00", mobile, Medium::Sms, "10000"),
        "ok"
    );
    assert_eq!(world.desk.balance(world.wang.account), "20001.00");
}

#[test]
fn five_days_of_ten_thousand_by_sms_fill_a_month_and_the_next_begins_at_midnight() {
    let mut world = World::open_at("2026-06-20T10:00:00+08:00", "1000000");
    let mobile = world.mobile;
    for day in 20..25 {
        let time = format!("2026-06-{day}T12:00:00+08:00");
        assert_eq!(
            world.pay_at(&time, mobile, Medium::Sms, "10000"),
            "ok",
            "{day}"
        );
    }
    assert_eq!(
        world.pay_at("2026-06-25T12:00:00+08:00", mobile, Medium::Sms, "0.01"),
        "limit_monthly"
    );
    assert_eq!(
        world.pay_at("2026-06-30T23:59:59+08:00", mobile, Medium::Sms, "0.01"),
        "limit_monthly"
    );
    assert_eq!(
        world.pay_at("2026-07-01T00:00:00+08:00", mobile, Medium::Sms, "10000"),
        "ok"
    );
    // A year later the same month of the year is another month.
    assert_eq!(
        world.pay_at("2027-07-01T00:00:00+08:00", mobile, Medium::Sms, "10000"),
        "ok"
    );
}

#[test]
fn a_cumulative_limit_passes_when_met_to_the_fen_and_fails_a_fen_above() {
    let mut world = rich();
    let mobile = world.mobile;
    assert_eq!(world.pay(mobile, Medium::Sms, "4000.01"), "ok");
    assert_eq!(world.pay(mobile, Medium::Sms, "6000"), "limit_daily");
    assert_eq!(world.pay(mobile, Medium::Sms, "5999.99"), "ok");
    assert_eq!(world.pay(mobile, Medium::Sms, "0.01"), "limit_daily");
}

#[test]
fn five_millions_by_shield_pass_over_both_channels_and_the_sixth_fails() {
    let mut world = rich();
    let (mobile, online) = (world.mobile, world.online);
    for by in [mobile, online, mobile, online, mobile] {
        assert_eq!(world.pay(by, Medium::Shield, "1000000"), "ok");
    }
    assert_eq!(world.pay(online, Medium::Shield, "0.01"), "limit_daily");
    assert_eq!(
        world.pay_at("2026-06-10T00:00:00+08:00", online, Medium::Shield, "0.01"),
        "ok"
    );
}

#[test]
fn the_device_counts_per_channel() {
    let mut world = rich();
    let (mobile, online) = (world.mobile, world.online);
    assert_eq!(world.pay(online, Medium::Device, "50000"), "ok");
    let minutes = |minute: u32| format!("2026-06-09T10:{minute:02}:00+08:00");
    assert_eq!(
        world.pay_at(&minutes(1), online, Medium::Device, "0.01"),
        "limit_daily"
    );
    for minute in 2..7 {
        assert_eq!(
            world.pay_at(&minutes(minute), mobile, Medium::Device, "200000"),
            "ok"
        );
    }
    assert_eq!(
        world.pay_at(&minutes(7), mobile, Medium::Device, "0.01"),
        "limit_daily"
    );
}

#[test]
fn the_messenger_pays_by_sms_alone_and_terminals_ask_for_no_medium() {
    let mut world = rich();
    let (order, messenger) = (world.order("1"), world.messenger);
    for medium in [Medium::Device, Medium::Shield] {
        let wish = world.wish(medium);
        assert_eq!(
            world.ask_for(messenger, wish, &order),
            Err("medium_insufficient")
        );
    }
    assert_eq!(world.pay(messenger, Medium::Sms, "1"), "ok");
    let plain = Action::TransferOwnBank {
        from: order.from,
        to: Some(world.wang.account),
        amount: order.amount,
    };
    let (mobile, online) = (world.mobile, world.online);
    for by in [mobile, online, messenger] {
        assert_eq!(
            world.desk.ask(by, plain.clone()),
            Err("authorisation_required")
        );
    }
    let wish = world.wish(Medium::Sms);
    assert_eq!(world.ask_for(KIOSK, wish, &order), Err("forbidden"));
    assert!(world.desk.ask(KIOSK, plain).is_ok());
}

#[test]
fn an_authorisation_is_for_one_payment_once_and_for_five_minutes() {
    let mut world = rich();
    let mobile = world.mobile;
    let order = world.order("1");
    let right = Proof::Sms { right: true };
    let id = world.authorise(mobile, Medium::Sms, &order);
    assert_eq!(world.transfer(mobile, id, right, &order), "ok");
    assert_eq!(
        world.transfer(mobile, id, right, &order),
        "authorisation_not_found"
    );

    let id = world.authorise(mobile, Medium::Sms, &order);
    let dearer = world.order("1.01");
    assert_eq!(
        world.transfer(mobile, id, right, &dearer),
        "authorisation_mismatch"
    );
    let mut elsewhere = world.order("1");
    elsewhere.payee = Payee::Elsewhere {
        account: "6227".to_owned(),
        bank: "CCB".to_owned(),
    };
    assert_eq!(
        world.transfer(mobile, id, right, &elsewhere),
        "authorisation_mismatch"
    );
    let shield = world.right(Medium::Shield);
    assert_eq!(
        world.transfer(mobile, id, shield, &order),
        "authorisation_mismatch"
    );
    // Three tries, and it is dead.
    assert_eq!(
        world.transfer(mobile, id, right, &order),
        "authorisation_not_found"
    );

    let id = world.authorise(mobile, Medium::Sms, &order);
    world.desk.at("2026-06-09T10:04:59.999999+08:00");
    assert_eq!(world.transfer(mobile, id, right, &order), "ok");
    let id = world.authorise(mobile, Medium::Sms, &order);
    world.desk.at("2026-06-09T10:09:59.999999+08:00");
    assert_eq!(
        world.transfer(mobile, id, right, &order),
        "authorisation_not_found"
    );
}

#[test]
fn nobody_uses_anothers_authorisation() {
    let mut world = rich();
    let mobile = world.mobile;
    let order = world.order("1");
    let id = world.authorise(mobile, Medium::Sms, &order);
    let wangs = world.desk.session(world.wang, "wang");
    let right = Proof::Sms { right: true };
    assert_eq!(
        world.transfer(wangs, id, right, &order),
        "account_not_found"
    );
    let own = Order {
        from: Some(world.wang.account),
        payee: Payee::Here(Some(world.li.account)),
        amount: yuan("1"),
    };
    assert_eq!(
        world.transfer(wangs, id, right, &own),
        "authorisation_not_found"
    );
    let wish = world.wish(Medium::Device);
    assert_eq!(world.ask_for(wangs, wish, &own), Err("medium_not_found"));
}

#[test]
fn wrong_codes_are_counted_and_five_in_a_row_lock_the_medium_until_the_counter_unlocks_it() {
    let mut world = rich();
    let mobile = world.mobile;
    let order = world.order("1");
    let wrong = Proof::Sms { right: false };
    let id = world.authorise(mobile, Medium::Sms, &order);
    assert_eq!(world.transfer(mobile, id, wrong, &order), "code_wrong");
    assert_eq!(world.transfer(mobile, id, wrong, &order), "code_wrong");
    // A right code in between starts the count again.
    assert_eq!(world.pay(mobile, Medium::Sms, "1"), "ok");
    assert_eq!(world.transfer(mobile, id, wrong, &order), "code_wrong");
    assert_eq!(
        world.transfer(mobile, id, wrong, &order),
        "authorisation_not_found"
    );
    let id = world.authorise(mobile, Medium::Sms, &order);
    assert_eq!(world.transfer(mobile, id, wrong, &order), "code_wrong");
    assert_eq!(world.transfer(mobile, id, wrong, &order), "code_wrong");
    // Wrong details count, too.
    let guess = MediumWish::Sms {
        phone: Phone::parse("13800000000").unwrap(),
        tail: (world.li.account.last_six() + 1) % 1_000_000,
    };
    assert_eq!(
        world.ask_for(mobile, guess, &order),
        Err("sms_details_wrong")
    );
    let other_phone = MediumWish::Sms {
        phone: Phone::parse("13800000001").unwrap(),
        tail: world.li.account.last_six(),
    };
    assert_eq!(
        world.ask_for(mobile, other_phone, &order),
        Err("sms_details_wrong")
    );
    let right = Proof::Sms { right: true };
    assert_eq!(world.transfer(mobile, id, right, &order), "medium_locked");
    let wish = world.wish(Medium::Sms);
    assert_eq!(world.ask_for(mobile, wish, &order), Err("medium_locked"));
    assert_eq!(world.pay(mobile, Medium::Shield, "1"), "ok");
    let unlock = |check| Action::UnlockMedium {
        customer: Some(world.li.customer),
        check: Some(check),
        medium: Medium::Sms,
    };
    let (mine, wangs) = (unlock(world.li.check), unlock(world.wang.check));
    assert_eq!(world.desk.ask(mobile, mine.clone()), Err("forbidden"));
    assert_eq!(world.desk.ask(COUNTER, wangs), Err("identity_mismatch"));
    world.desk.ask(COUNTER, mine).unwrap();
    assert_eq!(world.pay(mobile, Medium::Sms, "1"), "ok");
}

#[test]
fn a_device_never_has_a_time_step_accepted_twice_and_only_beside_the_clock() {
    let mut world = rich();
    let mobile = world.mobile;
    let now = time_step(world.desk.clock);
    let mut try_step = |step: Option<u64>| {
        let order = world.order("1");
        let id = world.authorise(mobile, Medium::Device, &order);
        let proof = Proof::Device {
            serial: SERIAL,
            step,
        };
        world.transfer(mobile, id, proof, &order)
    };
    assert_eq!(try_step(Some(now)), "ok");
    assert_eq!(try_step(Some(now)), "code_replayed");
    assert_eq!(try_step(Some(now - 1)), "code_replayed");
    assert_eq!(try_step(Some(now + 2)), "code_wrong");
    assert_eq!(try_step(Some(now + 1)), "ok");
    assert_eq!(try_step(None), "code_wrong");
}

#[test]
fn a_refusal_by_a_limit_or_the_balance_consumes_nothing() {
    for medium in [Medium::Sms, Medium::Device, Medium::Shield] {
        let mut world = World::open_at("2026-06-09T10:00:00+08:00", "9000");
        let (mobile, li) = (world.mobile, world.li);
        let order = world.order("9000.01");
        let id = world.authorise(mobile, medium, &order);
        let proof = world.right(medium);
        let refused = world.transfer(mobile, id, proof, &order);
        assert_eq!(refused, "insufficient_funds", "{medium:?}");
        // What was authorised stands, with the device's step in it: the money is there, and it passes once.
        let deposit = Action::Deposit {
            account: Some(li.account),
            amount: yuan("0.01"),
        };
        world.desk.ask(COUNTER, deposit).unwrap();
        let proof = world.right(medium);
        assert_eq!(world.transfer(mobile, id, proof, &order), "ok");
        let proof = world.right(medium);
        let again = world.transfer(mobile, id, proof, &order);
        assert_eq!(again, "authorisation_not_found", "{medium:?}");
        assert_eq!(world.desk.balance(li.account), "0.00");
    }
    // It stands for its five minutes, and three wrong codes still end it.
    let mut world = World::open_at("2026-06-09T10:00:00+08:00", "9000");
    let mobile = world.mobile;
    let order = world.order("10000.01");
    let id = world.authorise(mobile, Medium::Sms, &order);
    let mut tried = |right| world.transfer(mobile, id, Proof::Sms { right }, &order);
    assert_eq!(tried(true), "limit_per_transaction");
    for _ in 0..3 {
        assert_eq!(tried(false), "code_wrong");
    }
    assert_eq!(tried(true), "authorisation_not_found");
}

#[test]
fn the_order_of_decisions_is_medium_then_payment_then_day_then_month_then_balance() {
    let mut world = World::open_at("2026-06-20T10:00:00+08:00", "30000");
    let mobile = world.mobile;
    let order = world.order("100000");
    let id = world.authorise(mobile, Medium::Sms, &order);
    let wrong = Proof::Sms { right: false };
    assert_eq!(world.transfer(mobile, id, wrong, &order), "code_wrong");
    assert_eq!(
        world.pay(mobile, Medium::Sms, "100000"),
        "limit_per_transaction"
    );
    assert_eq!(world.pay(mobile, Medium::Sms, "10000"), "ok");
    assert_eq!(world.pay(mobile, Medium::Sms, "10000"), "limit_daily");
    world.desk.at("2026-06-21T10:00:00+08:00");
    let deposit = Action::Deposit {
        account: Some(world.li.account),
        amount: yuan("20000"),
    };
    world.desk.ask(COUNTER, deposit).unwrap();
    for day in 21..25 {
        let time = format!("2026-06-{day}T12:00:00+08:00");
        assert_eq!(world.pay_at(&time, mobile, Medium::Sms, "10000"), "ok");
    }
    // The account is empty, the day is new, the month is full.
    assert_eq!(world.desk.balance(world.li.account), "0.00");
    assert_eq!(
        world.pay_at("2026-06-25T12:00:00+08:00", mobile, Medium::Sms, "1"),
        "limit_monthly"
    );
    assert_eq!(
        world.pay_at("2026-07-01T12:00:00+08:00", mobile, Medium::Sms, "1"),
        "insufficient_funds"
    );
}

#[test]
fn limits_fall_in_a_session_and_rise_in_person_up_to_the_banks_own() {
    let mut world = rich();
    let (mobile, li) = (world.mobile, world.li);
    let limits = |per_transaction: &str, daily: &str| Limits {
        per_transaction: yuan(per_transaction).fen(),
        daily: yuan(daily).fen(),
        monthly: None,
    };
    let set = |check, limits| Action::SetLimits {
        customer: Some(li.customer),
        check,
        scope: Scope::DeviceOnline,
        limits,
    };
    let desk = &mut world.desk;
    assert_eq!(
        desk.ask(mobile, set(None, limits("50000.01", "50000"))),
        Err("limit_too_high")
    );
    assert!(desk.ask(mobile, set(None, limits("100", "200"))).is_ok());
    assert_eq!(
        desk.ask(mobile, set(None, limits("100.01", "200"))),
        Err("limit_too_high")
    );
    assert_eq!(
        desk.ask(COUNTER, set(None, limits("1", "1"))),
        Err("identity_check_not_found")
    );
    let above = set(Some(li.check), limits("200000.01", "1000000"));
    assert_eq!(desk.ask(COUNTER, above), Err("limit_too_high"));
    let online = world.online;
    assert_eq!(
        world.pay(online, Medium::Device, "100.01"),
        "limit_per_transaction"
    );
    assert_eq!(
        world.pay_at("2026-06-09T10:01:00+08:00", online, Medium::Device, "100"),
        "ok"
    );
    assert_eq!(
        world.pay_at("2026-06-09T10:02:00+08:00", online, Medium::Device, "100"),
        "ok"
    );
    assert_eq!(
        world.pay_at("2026-06-09T10:03:00+08:00", online, Medium::Device, "0.01"),
        "limit_daily"
    );
    let raised = set(Some(li.check), limits("200000", "1000000"));
    assert!(world.desk.ask(COUNTER, raised).is_ok());
    assert_eq!(
        world.pay_at(
            "2026-06-09T10:04:00+08:00",
            online,
            Medium::Device,
            "200000"
        ),
        "ok"
    );
    let strangers = Action::SetLimits {
        customer: Some(world.wang.customer),
        check: None,
        scope: Scope::Sms,
        limits: limits("1", "1"),
    };
    assert_eq!(world.desk.ask(mobile, strangers), Err("customer_not_found"));
}

#[test]
fn the_same_key_pays_and_counts_once_and_a_refusal_is_frozen_with_its_tried_code() {
    let mut world = rich();
    let mobile = world.mobile;
    let order = world.order("6000");
    let id = world.authorise(mobile, Medium::Sms, &order);
    let pay = |right| Action::AuthorisedTransfer {
        order: order.clone(),
        shown: Shown {
            id: Some(id),
            proof: Proof::Sms { right },
        },
    };
    for _ in 0..5 {
        let wrong = world.desk.ask_with_key(mobile, "wrong", pay(false));
        assert_eq!(wrong, Err("code_wrong"));
    }
    let first = world.desk.ask_with_key(mobile, "right", pay(true));
    assert!(first.is_ok());
    assert_eq!(world.desk.ask_with_key(mobile, "right", pay(true)), first);
    assert_eq!(world.desk.balance(world.wang.account), "6001.00");
    assert_eq!(world.pay(mobile, Medium::Sms, "4000"), "ok");
}

#[test]
fn at_most_four_authorisations_wait_and_the_oldest_makes_room() {
    let mut world = rich();
    let mobile = world.mobile;
    let order = world.order("1");
    let ids: Vec<_> = (0..5)
        .map(|_| world.authorise(mobile, Medium::Sms, &order))
        .collect();
    let right = Proof::Sms { right: true };
    assert_eq!(
        world.transfer(mobile, ids[0], right, &order),
        "authorisation_not_found"
    );
    for id in &ids[1..] {
        assert_eq!(world.transfer(mobile, *id, right, &order), "ok");
    }
}
