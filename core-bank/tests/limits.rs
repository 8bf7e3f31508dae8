//! The limits of device and U-shield over the day and the month, and the whole order of decisions.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod desk;
mod payer;

use core_bank::rules::{
    Action, Caller, CardEntry, CardLocks, ClosingAction, Limits, Medium, Payee, Place, Proof,
    Scope, Shown,
};
use desk::{ACQUIRER, COUNTER, digest, moment, yuan};
use payer::{SERIAL, World};

/// Device and U-shield on each channel, and what counts their payments.
const MEDIA: [(Medium, &str, Scope); 4] = [
    (Medium::Device, "mobile", Scope::DeviceMobile),
    (Medium::Device, "online", Scope::DeviceOnline),
    (Medium::Shield, "mobile", Scope::Shield),
    (Medium::Shield, "online", Scope::Shield),
];

/// A world in which one scope has limits of the customer's own.
struct Limited {
    world: World,
    by: Caller,
    medium: Medium,
}

impl Limited {
    fn open_at(
        time: &str,
        (medium, channel, scope): (Medium, &str, Scope),
        (daily, monthly): (&str, Option<&str>),
    ) -> Self {
        let mut world = World::open_at(time, "1000000");
        let limits = Limits {
            per_transaction: yuan(daily).fen(),
            daily: yuan(daily).fen(),
            monthly: monthly.map(|monthly| yuan(monthly).fen()),
        };
        let wish = Action::SetLimits {
            customer: Some(world.li.customer),
            check: None,
            scope,
            limits,
        };
        let mobile = world.mobile;
        world.desk.ask(mobile, wish).unwrap();
        let by = if channel == "online" {
            world.online
        } else {
            mobile
        };
        Self { world, by, medium }
    }

    /// Pays at a time; a device shows a code for each minute once.
    fn pay(&mut self, time: &str, amount: &str) -> &'static str {
        self.world.pay_at(time, self.by, self.medium, amount)
    }
}

#[test]
fn a_partly_filled_day_passes_to_the_fen_and_the_next_begins_at_midnight() {
    for media in MEDIA {
        let mut bank = Limited::open_at("2026-06-09T22:00:00+08:00", media, ("100", None));
        for (time, amount, outcome) in [
            ("2026-06-09T22:01:00+08:00", "60.01", "ok"),
            ("2026-06-09T22:02:00+08:00", "40", "limit_daily"),
            ("2026-06-09T22:03:00+08:00", "39.99", "ok"),
            ("2026-06-09T22:04:00+08:00", "0.01", "limit_daily"),
            ("2026-06-09T23:59:59.999999+08:00", "0.01", "limit_daily"),
            ("2026-06-10T00:00:00+08:00", "100", "ok"),
            ("2026-06-10T00:01:00+08:00", "0.01", "limit_daily"),
        ] {
            assert_eq!(bank.pay(time, amount), outcome, "{media:?} {time} {amount}");
        }
        let paid = &bank.world.desk.balance(bank.world.wang.account);
        assert_eq!(paid, "201.00", "{media:?}");
    }
}

#[test]
fn a_month_that_a_customer_bounds_passes_to_the_fen_and_the_next_begins_at_midnight() {
    for media in MEDIA {
        let limits = ("100", Some("250"));
        let mut bank = Limited::open_at("2026-06-28T10:00:00+08:00", media, limits);
        for (time, amount, outcome) in [
            ("2026-06-28T10:01:00+08:00", "100", "ok"),
            ("2026-06-29T10:01:00+08:00", "100", "ok"),
            ("2026-06-30T10:01:00+08:00", "50.01", "limit_monthly"),
            ("2026-06-30T10:02:00+08:00", "49.99", "ok"),
            ("2026-06-30T10:03:00+08:00", "0.02", "limit_monthly"),
            ("2026-06-30T10:04:00+08:00", "0.01", "ok"),
            ("2026-06-30T10:05:00+08:00", "0.01", "limit_monthly"),
            ("2026-06-30T23:59:59.999999+08:00", "0.01", "limit_monthly"),
            ("2026-07-01T00:00:00+08:00", "100", "ok"),
            ("2026-07-01T00:01:00+08:00", "0.01", "limit_daily"),
        ] {
            assert_eq!(bank.pay(time, amount), outcome, "{media:?} {time} {amount}");
        }
        let paid = &bank.world.desk.balance(bank.world.wang.account);
        assert_eq!(paid, "351.00", "{media:?}");
    }
}

/// The bank's own limits have no month for these media, but a day, which the month's end does not
/// prolong.
#[test]
fn without_a_bound_of_the_month_the_day_ends_at_the_months_end_too() {
    for (media, times, once) in [
        (MEDIA[0], 5, "200000"),
        (MEDIA[1], 1, "50000"),
        (MEDIA[2], 5, "1000000"),
        (MEDIA[3], 5, "1000000"),
    ] {
        let mut world = World::open_at("2026-06-30T22:00:00+08:00", "100000000");
        let (medium, channel, _) = media;
        let by = if channel == "online" {
            world.online
        } else {
            world.mobile
        };
        for minute in 1..=times {
            let time = format!("2026-06-30T22:{minute:02}:00+08:00");
            assert_eq!(world.pay_at(&time, by, medium, once), "ok", "{media:?}");
        }
        for (time, amount, outcome) in [
            ("2026-06-30T22:10:00+08:00", "0.01", "limit_daily"),
            ("2026-06-30T23:59:59.999999+08:00", "0.01", "limit_daily"),
            ("2026-07-01T00:00:00+08:00", once, "ok"),
        ] {
            let told = world.pay_at(time, by, medium, amount);
            assert_eq!(told, outcome, "{media:?} {time}");
        }
    }
}

#[test]
fn the_same_key_pays_and_counts_once_by_device_and_by_shield() {
    for media in MEDIA {
        let mut bank = Limited::open_at("2026-06-09T10:00:00+08:00", media, ("100", None));
        let order = bank.world.order("60");
        let (by, medium) = (bank.by, bank.medium);
        let id = bank.world.authorise(by, medium, &order);
        let proof = bank.world.right(medium);
        let pay = Action::AuthorisedTransfer {
            order,
            shown: Shown {
                id: Some(id),
                proof,
            },
        };
        let desk = &mut bank.world.desk;
        let first = desk.ask_with_key(by, "once", pay.clone());
        assert!(first.is_ok(), "{media:?} {first:?}");
        for _ in 0..3 {
            assert_eq!(desk.ask_with_key(by, "once", pay.clone()), first);
        }
        assert_eq!(desk.balance(bank.world.wang.account), "61.00", "{media:?}");
        let rest = bank.pay("2026-06-09T10:02:00+08:00", "40.01");
        assert_eq!(rest, "limit_daily", "{media:?}");
        let rest = bank.pay("2026-06-09T10:04:00+08:00", "40");
        assert_eq!(rest, "ok", "{media:?}");
    }
}

/// Minutes from ten o'clock, of which a device needs another for each code.
fn minute(minute: u32) -> String {
    format!("2026-06-09T10:{minute:02}:00+08:00")
}

/// A payment that is wrong in everything is told the first thing; mended, the next.
#[test]
fn a_payment_is_decided_in_the_order_session_parties_medium_proof_payment_day_month_balance() {
    let mut world = World::open_at(&minute(0), "350");
    let (li, wang, mobile, messenger) = (world.li, world.wang, world.mobile, world.messenger);
    let set = |per_transaction: &str, daily: &str, monthly: &str| Action::SetLimits {
        customer: Some(li.customer),
        check: Some(li.check),
        scope: Scope::DeviceMobile,
        limits: Limits {
            per_transaction: yuan(per_transaction).fen(),
            daily: yuan(daily).fen(),
            monthly: Some(yuan(monthly).fen()),
        },
    };
    world.desk.ask(COUNTER, set("100", "200", "300")).unwrap();
    let wrong = Proof::Device {
        serial: SERIAL,
        step: None,
    };
    let order = world.order("400");
    let id = world.authorise(mobile, Medium::Device, &order);

    // The session: one that was ended.
    let ended = world.desk.session(li, "ended");
    let session = digest("ended");
    world.desk.ask(ended, Action::LogOut { session }).unwrap();
    let mut strangers = world.order("400");
    strangers.from = Some(wang.account);
    strangers.payee = Payee::Here(None);
    let told = world.transfer(ended, id, wrong, &strangers);
    assert_eq!(told, "unauthenticated");
    // The payer.
    let told = world.transfer(messenger, id, wrong, &strangers);
    assert_eq!(told, "account_not_found");
    // The payee: a closed account, then the payer's own.
    let (_, closed) = world.desk.card(li.customer, li.check);
    let close = Action::Close(ClosingAction::Account {
        account: Some(closed),
        check: Some(li.check),
    });
    world.desk.ask(COUNTER, close).unwrap();
    for (payee, refusal) in [
        (None, "account_not_found"),
        (Some(closed), "account_closed"),
        (Some(li.account), "same_account"),
    ] {
        let nowhere = world.order_to(Payee::Here(payee), "400");
        assert_eq!(world.transfer(messenger, id, wrong, &nowhere), refusal);
    }
    // The authorisation, and then whether its medium is enough for this channel.
    let dearer = world.order("401");
    let shown = Action::AuthorisedTransfer {
        order: dearer.clone(),
        shown: Shown {
            id: None,
            proof: wrong,
        },
    };
    let told = world.desk.ask(messenger, shown);
    assert_eq!(told, Err("authorisation_not_found"));
    let told = world.transfer(messenger, id, wrong, &dearer);
    assert_eq!(told, "medium_insufficient");
    // The medium, locked by five wrong codes: three of this authorisation and two of the next.
    for _ in 0..3 {
        assert_eq!(world.transfer(mobile, id, wrong, &order), "code_wrong");
    }
    let id = world.authorise(mobile, Medium::Device, &order);
    for _ in 0..2 {
        assert_eq!(world.transfer(mobile, id, wrong, &order), "code_wrong");
    }
    let told = world.transfer(mobile, id, wrong, &dearer);
    assert_eq!(told, "medium_locked");
    let unlock = Action::UnlockMedium {
        customer: Some(li.customer),
        check: Some(li.check),
        medium: Medium::Device,
    };
    world.desk.ask(COUNTER, unlock).unwrap();
    // What was authorised, then the code.
    let id = world.authorise(mobile, Medium::Device, &order);
    let told = world.transfer(mobile, id, wrong, &dearer);
    assert_eq!(told, "authorisation_mismatch");
    assert_eq!(world.transfer(mobile, id, wrong, &order), "code_wrong");
    // The limits from the smallest to the largest, and the money last.
    let mut pay = |at: u32| world.pay_at(&minute(at), mobile, Medium::Device, "400");
    assert_eq!(pay(2), "limit_per_transaction");
    let raise = |world: &mut World, wish| world.desk.ask(COUNTER, wish).unwrap();
    raise(&mut world, set("400", "399.99", "399.99"));
    let mut pay = |at: u32| world.pay_at(&minute(at), mobile, Medium::Device, "400");
    assert_eq!(pay(4), "limit_daily");
    raise(&mut world, set("400", "400", "399.99"));
    let mut pay = |at: u32| world.pay_at(&minute(at), mobile, Medium::Device, "400");
    assert_eq!(pay(6), "limit_monthly");
    raise(&mut world, set("400", "400", "400"));
    let mut pay = |at: u32| world.pay_at(&minute(at), mobile, Medium::Device, "400");
    assert_eq!(pay(8), "insufficient_funds");
    let deposit = Action::Deposit {
        account: Some(li.account),
        amount: yuan("50"),
    };
    world.desk.ask(COUNTER, deposit).unwrap();
    let told = world.pay_at(&minute(10), mobile, Medium::Device, "400");
    assert_eq!(told, "ok");
    assert_eq!(world.desk.balance(li.account), "0.00");
}

/// The same for a card: the card itself, its locks one after the other, the money.
#[test]
fn a_purchase_is_decided_in_the_order_card_overseas_region_night_limit_balance() {
    let mut world = World::open_at("2026-06-09T23:30:00+08:00", "50");
    let (li, mobile) = (world.li, world.mobile);
    let buy = |place: &str| Action::CardUse {
        card: Some(li.card),
        entry: CardEntry::Pos,
        amount: yuan("60"),
        place: Place::parse(place).unwrap(),
        merchant: "shop".to_owned(),
    };
    let mut locks = CardLocks {
        overseas: true,
        places: Some(vec![Place::parse("371500").unwrap()]),
        night: true,
        pos_daily: Some(yuan("59.99")),
        overseas_card_not_present: true,
    };
    let set = |world: &mut World, locks: &CardLocks| {
        let wish = Action::SetLocks {
            card: Some(li.card),
            locks: locks.clone(),
        };
        world.desk.ask(mobile, wish).unwrap();
    };
    set(&mut world, &locks);
    let lost = Action::ReportLoss {
        card: Some(li.card),
    };
    world.desk.ask(mobile, lost).unwrap();
    let (abroad, away) = (buy("JP"), buy("370102"));
    let ask = |world: &mut World, wish: &Action| {
        let told = world.desk.ask(ACQUIRER, wish.clone());
        told.map_or_else(|code| code, |_| "ok")
    };
    assert_eq!(ask(&mut world, &abroad), "card_lost");
    let found = Action::LiftLoss {
        card: Some(li.card),
        check: Some(li.check),
    };
    world.desk.ask(COUNTER, found).unwrap();
    assert_eq!(ask(&mut world, &abroad), "lock_overseas");
    locks.overseas = false;
    set(&mut world, &locks);
    assert_eq!(ask(&mut world, &abroad), "lock_region");
    assert_eq!(ask(&mut world, &away), "lock_region");
    locks.places = None;
    set(&mut world, &locks);
    assert_eq!(ask(&mut world, &away), "lock_night");
    locks.night = false;
    set(&mut world, &locks);
    assert_eq!(ask(&mut world, &away), "lock_pos_limit");
    locks.pos_daily = Some(yuan("60"));
    set(&mut world, &locks);
    assert_eq!(ask(&mut world, &away), "insufficient_funds");
    let deposit = Action::Deposit {
        account: Some(li.account),
        amount: yuan("10"),
    };
    world.desk.ask(COUNTER, deposit).unwrap();
    assert_eq!(ask(&mut world, &away), "ok");
    assert!(world.desk.clock == moment("2026-06-09T23:30:00+08:00"));
}
