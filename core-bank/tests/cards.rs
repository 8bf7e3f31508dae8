//! The five locks at work: which use of a card meets which lock, and when.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod desk;

use core_bank::rules::{
    Action, Answer, BookAccount, CardEntry, CardId, CardLocks, Fen, LedgerAccount, MediumWish,
    Order, Payee, Phone, Place, Proof, Shown,
};
use desk::{ACQUIRER, ATM, COUNTER, Desk, Holder, yuan};

fn place(text: &str) -> Place {
    Place::parse(text).unwrap()
}

fn use_of(card: CardId, entry: CardEntry, place_text: &str, amount: &str) -> Action {
    Action::CardUse {
        card: Some(card),
        entry,
        amount: yuan(amount),
        place: place(place_text),
        merchant: "shop".to_owned(),
    }
}

fn locks(card: CardId, locks: CardLocks) -> Action {
    Action::SetLocks {
        card: Some(card),
        locks,
    }
}

/// What becomes of one yuan: `ok`, or the code.
fn try_one(desk: &mut Desk, card: CardId, entry: CardEntry, at: &str) -> &'static str {
    desk.ask(ACQUIRER, use_of(card, entry, at, "1"))
        .map_or_else(|code| code, |_| "ok")
}

fn cash(holder: Holder, amount: &str, at: &str) -> Action {
    Action::WithdrawalAt {
        account: Some(holder.account),
        amount: yuan(amount),
        place: place(at),
    }
}

const NONE: CardLocks = CardLocks {
    overseas: false,
    places: None,
    night: false,
    pos_daily: None,
    overseas_card_not_present: false,
};

#[test]
fn without_locks_a_card_works_everywhere_and_pays_through_the_networks_account() {
    let mut desk = Desk::open_at("2026-06-09T23:30:00+08:00");
    let li = desk.holder(0, "100");
    for entry in [CardEntry::Atm, CardEntry::Pos, CardEntry::CardNotPresent] {
        for at in ["371502", "110101", "JP"] {
            assert_eq!(try_one(&mut desk, li.card, entry, at), "ok");
        }
    }
    assert_eq!(desk.balance(li.account), "91.00");
    let network = BookAccount::Ledger(LedgerAccount::CardNetwork);
    assert_eq!(desk.state.balance(network), Some(Fen(900)));
    let much = use_of(li.card, CardEntry::Pos, "JP", "91.01");
    assert_eq!(desk.ask(ACQUIRER, much), Err("insufficient_funds"));
    let stranger = use_of(CardId::of_seq(99), CardEntry::Pos, "JP", "1");
    assert_eq!(desk.ask(ACQUIRER, stranger), Err("card_not_found"));
    let elsewhere = use_of(li.card, CardEntry::Pos, "JP", "1");
    assert_eq!(desk.ask(ATM, elsewhere), Err("forbidden"));
    let lost = Action::ReportLoss {
        card: Some(li.card),
    };
    desk.ask(COUNTER, lost).unwrap();
    assert_eq!(
        try_one(&mut desk, li.card, CardEntry::CardNotPresent, "JP"),
        "card_lost"
    );
}

#[test]
fn only_the_holder_sets_locks_and_on_any_card_of_his() {
    let mut desk = Desk::open_at("2026-06-09T10:00:00+08:00");
    let (li, wang) = (desk.holder(0, "100"), desk.holder(1, "100"));
    let session = desk.session(li, "li");
    // Opened after the sign-up, and never registered with the mobile bank.
    let (second, _) = desk.card(li.customer, li.check);
    let all = CardLocks {
        overseas: true,
        ..NONE
    };
    desk.ask(session, locks(second, all.clone())).unwrap();
    assert_eq!(
        try_one(&mut desk, second, CardEntry::Pos, "JP"),
        "lock_overseas"
    );
    assert_eq!(try_one(&mut desk, li.card, CardEntry::Pos, "JP"), "ok");
    let others = locks(wang.card, all.clone());
    assert_eq!(desk.ask(session, others), Err("card_not_found"));
    assert_eq!(desk.ask(COUNTER, locks(second, all)), Err("forbidden"));
    desk.ask(session, locks(second, NONE)).unwrap();
    assert_eq!(
        desk.ask(ACQUIRER, use_of(second, CardEntry::Pos, "JP", "1")),
        Err("insufficient_funds")
    );
}

#[test]
fn overseas_and_region_locks_leave_transfers_web_shops_and_the_counter_alone() {
    let mut desk = Desk::open_at("2026-06-09T10:00:00+08:00");
    let (li, wang) = (desk.holder(0, "100"), desk.holder(1, "100"));
    let session = desk.session(li, "li");
    let wish = CardLocks {
        overseas: true,
        places: Some(vec![place("371500")]),
        ..NONE
    };
    desk.ask(session, locks(li.card, wish)).unwrap();
    let outcomes = [
        (CardEntry::Atm, "371502", "ok"),
        (CardEntry::Pos, "371502", "ok"),
        (CardEntry::Atm, "370102", "lock_region"),
        (CardEntry::Pos, "370102", "lock_region"),
        (CardEntry::Atm, "JP", "lock_overseas"),
        (CardEntry::Pos, "HK", "lock_overseas"),
        (CardEntry::CardNotPresent, "370102", "ok"),
        (CardEntry::CardNotPresent, "JP", "ok"),
    ];
    for (entry, at, expected) in outcomes {
        assert_eq!(
            try_one(&mut desk, li.card, entry, at),
            expected,
            "{entry:?} {at}"
        );
    }
    assert_eq!(desk.ask(ATM, cash(li, "1", "370102")), Err("lock_region"));
    assert!(desk.ask(ATM, cash(li, "1", "371502")).is_ok());
    assert!(desk.ask(COUNTER, cash(li, "1", "370102")).is_ok());
    let order = Order {
        from: Some(li.account),
        payee: Payee::Here(Some(wang.account)),
        amount: yuan("1"),
    };
    assert!(desk.ask(desk::KIOSK, order.without_proof()).is_ok());
    // Out of the mobile bank, wherever the phone may be.
    let wish = MediumWish::Sms {
        phone: Phone::parse("13800000000").unwrap(),
        tail: li.account.last_six(),
    };
    let ask = Action::AskAuthorisation {
        wish,
        order: order.clone(),
    };
    let Ok(Answer::AuthorisationAsked(id, _)) = desk.ask(session, ask) else {
        panic!("not asked")
    };
    let shown = Shown {
        id: Some(id),
        proof: Proof::Sms { right: true },
    };
    let paid = desk.ask(session, Action::AuthorisedTransfer { order, shown });
    assert!(matches!(paid, Ok(Answer::Transferred(..))), "{paid:?}");
    assert_eq!(desk.balance(li.account), "92.00");
    assert_eq!(desk.balance(wang.account), "102.00");
}

#[test]
fn the_night_lock_begins_at_23_and_ends_at_5_to_the_second() {
    let mut desk = Desk::open_at("2026-06-09T10:00:00+08:00");
    let li = desk.holder(0, "100");
    let session = desk.session(li, "li");
    let wish = CardLocks {
        night: true,
        ..NONE
    };
    desk.ask(session, locks(li.card, wish)).unwrap();
    for (time, expected) in [
        ("2026-06-09T22:59:59+08:00", "ok"),
        ("2026-06-09T23:00:00+08:00", "lock_night"),
        ("2026-06-10T04:59:59+08:00", "lock_night"),
        ("2026-06-10T05:00:00+08:00", "ok"),
    ] {
        desk.at(time);
        assert_eq!(
            try_one(&mut desk, li.card, CardEntry::Atm, "371502"),
            expected
        );
        assert_eq!(
            try_one(&mut desk, li.card, CardEntry::Pos, "371502"),
            expected
        );
        let own = desk.ask(ATM, cash(li, "1", "371502"));
        assert_eq!(own.map_or_else(|code| code, |_| "ok"), expected);
        assert_eq!(try_one(&mut desk, li.card, CardEntry::Pos, "JP"), "ok");
        assert_eq!(
            try_one(&mut desk, li.card, CardEntry::CardNotPresent, "371502"),
            "ok"
        );
    }
}

#[test]
fn the_limit_lock_adds_up_a_calendar_day_of_purchases_and_its_limit_itself_passes() {
    let mut desk = Desk::open_at("2026-06-30T10:00:00+08:00");
    let li = desk.holder(0, "10000");
    let session = desk.session(li, "li");
    // What was bought before the lock was set counts, too.
    assert!(
        desk.ask(ACQUIRER, use_of(li.card, CardEntry::Pos, "JP", "200"))
            .is_ok()
    );
    let wish = CardLocks {
        pos_daily: Some(yuan("500")),
        ..NONE
    };
    desk.ask(session, locks(li.card, wish)).unwrap();
    let mut buy = |time: &str, amount: &str| {
        desk.at(time);
        desk.ask(ACQUIRER, use_of(li.card, CardEntry::Pos, "371502", amount))
            .map_or_else(|code| code, |_| "ok")
    };
    assert_eq!(buy("2026-06-30T11:00:00+08:00", "300.01"), "lock_pos_limit");
    assert_eq!(buy("2026-06-30T11:00:00+08:00", "299.99"), "ok");
    assert_eq!(buy("2026-06-30T11:00:00+08:00", "0.02"), "lock_pos_limit");
    assert_eq!(buy("2026-06-30T23:59:59+08:00", "0.01"), "ok");
    assert_eq!(buy("2026-06-30T23:59:59+08:00", "0.01"), "lock_pos_limit");
    assert_eq!(buy("2026-07-01T00:00:00+08:00", "500.01"), "lock_pos_limit");
    assert_eq!(buy("2026-07-01T00:00:00+08:00", "500"), "ok");
    // Cash and web shops are not the limit lock's affair.
    assert_eq!(try_one(&mut desk, li.card, CardEntry::Atm, "371502"), "ok");
    assert_eq!(
        try_one(&mut desk, li.card, CardEntry::CardNotPresent, "JP"),
        "ok"
    );
    assert_eq!(desk.balance(li.account), "8998.00");
}

#[test]
fn a_refused_purchase_counts_for_nothing_and_a_repeated_key_buys_once() {
    let mut desk = Desk::open_at("2026-06-30T10:00:00+08:00");
    let li = desk.holder(0, "400");
    let session = desk.session(li, "li");
    let wish = CardLocks {
        pos_daily: Some(yuan("500")),
        ..NONE
    };
    desk.ask(session, locks(li.card, wish)).unwrap();
    let poor = use_of(li.card, CardEntry::Pos, "371502", "400.01");
    assert_eq!(desk.ask(ACQUIRER, poor), Err("insufficient_funds"));
    let buy = use_of(li.card, CardEntry::Pos, "371502", "300");
    let first = desk.ask_with_key(ACQUIRER, "one", buy.clone());
    assert_eq!(desk.ask_with_key(ACQUIRER, "one", buy), first);
    assert_eq!(desk.state.pos_today(li.card, desk.clock), Fen(30_000));
    assert_eq!(desk.balance(li.account), "100.00");
}

#[test]
fn the_overseas_lock_on_web_shops_stops_these_alone() {
    let mut desk = Desk::open_at("2026-06-09T10:00:00+08:00");
    let li = desk.holder(0, "100");
    let session = desk.session(li, "li");
    let wish = CardLocks {
        overseas_card_not_present: true,
        ..NONE
    };
    desk.ask(session, locks(li.card, wish)).unwrap();
    for (entry, at, expected) in [
        (
            CardEntry::CardNotPresent,
            "JP",
            "lock_overseas_card_not_present",
        ),
        (CardEntry::CardNotPresent, "371502", "ok"),
        (CardEntry::Pos, "JP", "ok"),
        (CardEntry::Atm, "JP", "ok"),
    ] {
        assert_eq!(
            try_one(&mut desk, li.card, entry, at),
            expected,
            "{entry:?} {at}"
        );
    }
}
