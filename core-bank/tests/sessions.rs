//! Sessions: expiry, lock-out and the way back, termination from afar, alerts.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod desk;

use core_bank::rules::{
    Action, AlertWishes, Answer, Caller, Channel, Command, CustomerId, Fact, IdentityCheckId,
    Party, PasswordHash, Place, RefusalCode, SessionId, State, TokenNonce, decide,
};
use desk::{ATM, COUNTER, Desk, Holder, KIOSK, digest, yuan};

const NONCE: TokenNonce = TokenNonce([0; 16]);

fn set_password(holder: Holder) -> Action {
    Action::SetPassword {
        customer: Some(holder.customer),
        check: Some(holder.check),
        hash: PasswordHash {
            salt: [1; 16],
            hash: [2; 32],
        },
    }
}

fn log_in(desk: &Desk, holder: Holder, channel: Channel, right: bool, name: &str) -> Action {
    let owner = desk.state.customer(holder.customer);
    let password = owner.and_then(|owner| owner.profile.password.as_ref());
    Action::LogInByPassword {
        channel,
        customer: Some(holder.customer),
        password: password.map(|known| known.0),
        right,
        session: digest(name),
        nonce: NONCE,
    }
}

fn enter(desk: &mut Desk, holder: Holder, channel: Channel, name: &str) -> Caller {
    let wish = log_in(desk, holder, channel, true, name);
    desk.ask(Caller::Visitor, wish).unwrap();
    Caller::Session(digest(name))
}

/// Whether a session still gets anything done.
fn alive(desk: &mut Desk, session: Caller) -> bool {
    let wishes = AlertWishes::default();
    desk.ask(session, Action::SetAlerts { wishes }) == Ok(Answer::Done)
}

fn name_of(desk: &Desk, session: Caller) -> Option<SessionId> {
    let Caller::Session(digest) = session else {
        panic!("{session:?}")
    };
    desk.state.session(digest).map(|session| session.id)
}

fn channel_wish(
    customer: CustomerId,
    check: Option<IdentityCheckId>,
    channel: Channel,
    open: bool,
) -> Action {
    Action::SetChannel {
        customer: Some(customer),
        check,
        channel,
        open,
    }
}

#[test]
fn a_session_of_the_online_bank_lasts_an_hour_and_one_on_the_phone_twelve() {
    let mut desk = Desk::open_at("2026-06-09T10:00:00+08:00");
    let li = desk.holder(0, "1");
    desk.ask(COUNTER, set_password(li)).unwrap();
    let online = enter(&mut desk, li, Channel::Online, "online");
    let mobile = enter(&mut desk, li, Channel::Mobile, "mobile");
    let messenger = enter(&mut desk, li, Channel::Messenger, "messenger");
    desk.at("2026-06-09T10:59:59.999999+08:00");
    assert!(alive(&mut desk, online));
    desk.at("2026-06-09T11:00:00+08:00");
    assert!(!alive(&mut desk, online));
    desk.at("2026-06-09T21:59:59.999999+08:00");
    assert!(alive(&mut desk, mobile) && alive(&mut desk, messenger));
    desk.at("2026-06-09T22:00:00+08:00");
    assert!(!alive(&mut desk, mobile) && !alive(&mut desk, messenger));
}

#[test]
fn five_wrong_passwords_lock_the_log_in_until_a_new_one_is_set_in_person() {
    let mut desk = Desk::open_at("2026-06-09T10:00:00+08:00");
    let (li, wang) = (desk.holder(0, "1"), desk.holder(1, "1"));
    let try_it = |desk: &mut Desk, right, name: &str| {
        let wish = log_in(desk, li, Channel::Online, right, name);
        desk.ask(Caller::Visitor, wish)
            .map_or_else(|code| code, |_| "ok")
    };
    assert_eq!(try_it(&mut desk, false, "none"), "wrong_credentials");
    desk.ask(COUNTER, set_password(li)).unwrap();
    for _ in 0..4 {
        assert_eq!(try_it(&mut desk, false, "wrong"), "wrong_credentials");
    }
    // The right one forgives the wrong ones before it.
    assert_eq!(try_it(&mut desk, true, "right"), "ok");
    for _ in 0..5 {
        assert_eq!(try_it(&mut desk, false, "wrong"), "wrong_credentials");
    }
    assert_eq!(try_it(&mut desk, true, "late"), "wrong_credentials");
    desk.at("2026-07-09T10:00:00+08:00");
    assert_eq!(try_it(&mut desk, true, "later"), "wrong_credentials");
    // A device token is no password; it still resumes.
    let (li, wang) = (desk.renew(li, 0), desk.renew(wang, 1));
    let resumed = desk.session(li, "device");
    assert!(alive(&mut desk, resumed));
    let mut strangers = li;
    strangers.check = wang.check;
    assert_eq!(
        desk.ask(COUNTER, set_password(strangers)),
        Err("identity_mismatch")
    );
    desk.ask(KIOSK, set_password(li)).unwrap();
    let wish = log_in(&desk, li, Channel::Mobile, true, "again");
    assert!(desk.ask(Caller::Visitor, wish).is_ok());
}

#[test]
fn a_password_that_was_replaced_while_it_was_compared_does_not_log_in() {
    let mut desk = Desk::open_at("2026-06-09T10:00:00+08:00");
    let li = desk.holder(0, "1");
    desk.ask(COUNTER, set_password(li)).unwrap();
    let compared = log_in(&desk, li, Channel::Online, true, "stale");
    desk.ask(COUNTER, set_password(li)).unwrap();
    assert_eq!(
        desk.ask(Caller::Visitor, compared),
        Err("wrong_credentials")
    );
}

#[test]
fn a_session_is_ended_from_afar_and_requests_in_flight_find_it_gone() {
    let mut desk = Desk::open_at("2026-06-09T10:00:00+08:00");
    let (li, wang) = (desk.holder(0, "1"), desk.holder(1, "1"));
    let (phone, thief) = (desk.session(li, "phone"), desk.session(li, "thief"));
    let wangs = desk.session(wang, "wang");
    let end = Action::TerminateSession {
        session: name_of(&desk, thief),
    };
    assert_eq!(desk.ask(wangs, end.clone()), Err("session_not_found"));
    assert_eq!(desk.ask(COUNTER, end.clone()), Err("forbidden"));
    assert!(alive(&mut desk, thief));
    desk.ask(phone, end.clone()).unwrap();
    // Whatever was in the queue behind it is decided after it.
    let lose = Action::ReportLoss {
        card: Some(li.card),
    };
    assert_eq!(desk.ask(thief, lose), Err("unauthenticated"));
    assert_eq!(desk.ask(phone, end), Err("session_not_found"));
    assert!(alive(&mut desk, phone));
}

/// Found by fuzzing: a session that is not there was "ended", and the fact did not fold.
#[test]
fn only_the_askers_own_session_can_be_logged_out() {
    let mut desk = Desk::open_at("2026-06-09T10:00:00+08:00");
    let (li, wang) = (desk.holder(0, "1"), desk.holder(1, "1"));
    let (lis, wangs) = (desk.session(li, "li"), desk.session(wang, "wang"));
    for name in ["wang", "nobody"] {
        let session = digest(name);
        assert_eq!(
            desk.ask(lis, Action::LogOut { session }),
            Err("session_not_found")
        );
    }
    assert!(alive(&mut desk, wangs));
    let session = digest("li");
    desk.ask(lis, Action::LogOut { session }).unwrap();
    assert!(!alive(&mut desk, lis));
}

/// The refusals that the records from one on tell a customer of.
fn told_of(desk: &Desk, from: usize, told: CustomerId) -> Vec<&'static str> {
    let facts = desk.records[from..].iter();
    let facts = facts.flat_map(|record| record.outcome.iter().flatten());
    let codes = facts.filter_map(|fact| match fact {
        Fact::Refused { code, customer } if *customer == told => Some(code.code()),
        _ => None,
    });
    codes.collect()
}

#[test]
fn guessing_does_not_tell_which_customers_there_are_and_the_customer_learns_of_the_lock() {
    let mut desk = Desk::open_at("2026-06-09T10:00:00+08:00");
    let (li, wang) = (desk.holder(0, "1"), desk.holder(1, "1"));
    desk.ask(COUNTER, set_password(li)).unwrap();
    // One with a password, one without, one who is not there, and a number that is none.
    let mut stranger = li;
    stranger.customer = CustomerId::of_seq(999);
    let begin = desk.records.len();
    for attempt in 0..12 {
        for guessed in [Some(li), Some(wang), Some(stranger), None] {
            let name = format!("guess {attempt} {guessed:?}");
            let mut wish = log_in(&desk, guessed.unwrap_or(li), Channel::Online, false, &name);
            if let (None, Action::LogInByPassword { customer, .. }) = (guessed, &mut wish) {
                *customer = None;
            }
            let told = desk.ask(Caller::Visitor, wish);
            assert_eq!(told, Err("wrong_credentials"), "{name}");
        }
    }
    for customer in [li.customer, wang.customer] {
        let told = told_of(&desk, begin, customer);
        assert_eq!(told.len(), 13);
        let locked: Vec<_> = (0..13).filter(|at| told[*at] == "log_in_locked").collect();
        assert_eq!(locked, [5], "once, with the fifth wrong one");
    }
    // The lock holds against the right one.
    let wish = log_in(&desk, li, Channel::Online, true, "right");
    assert_eq!(desk.ask(Caller::Visitor, wish), Err("wrong_credentials"));
}

#[test]
fn what_a_closed_channel_refuses_is_a_suspicious_event_and_does_nothing_else() {
    let mut desk = Desk::open_at("2026-06-09T10:00:00+08:00");
    let (li, wang) = (desk.holder(0, "100"), desk.holder(1, "1"));
    let (card, account, check) = (Some(li.card), Some(li.account), Some(li.check));
    for channel in [Channel::Atm, Channel::Kiosk] {
        let close = channel_wish(li.customer, check, channel, false);
        desk.ask(COUNTER, close).unwrap();
    }
    let amount = yuan("10");
    let place = Place::HOME;
    let deposit = Action::Deposit { account, amount };
    let withdrawal = Action::WithdrawalAt {
        account,
        amount,
        place,
    };
    let transfer = Action::TransferOwnBank {
        from: account,
        to: Some(wang.account),
        amount,
    };
    let customer = Some(li.customer);
    let open_card = Action::OpenCard { customer, check };
    for (by, action) in [
        (ATM, deposit.clone()),
        (ATM, withdrawal.clone()),
        (KIOSK, transfer),
        (KIOSK, Action::ReportLoss { card }),
        (KIOSK, open_card),
    ] {
        let before = desk.state.clone();
        let named = format!("{action:?}");
        assert_eq!(desk.ask(by, action), Err("channel_closed"), "{named}");
        let last = desk.records.last().unwrap();
        let told = Fact::Refused {
            code: RefusalCode::ChannelClosed,
            customer: li.customer,
        };
        assert_eq!(last.outcome, Ok(vec![told]), "{named}");
        assert_eq!(desk.balance(li.account), "100.00");
        let cards = |state: &State| {
            (
                state.card(li.card).copied(),
                state.accounts_after(None).count(),
            )
        };
        assert_eq!(cards(&desk.state), cards(&before), "{named}");
        assert_eq!(desk.state.ledger_sum(), 0);
    }
    // Of whoever left the channel open nothing is told, and the counter serves.
    let others = Action::Deposit {
        account: Some(wang.account),
        amount,
    };
    desk.ask(ATM, others).unwrap();
    desk.ask(COUNTER, deposit).unwrap();
    assert!(told_of(&desk, 0, wang.customer).is_empty());
}

#[test]
fn a_closed_channel_ends_its_sessions_and_opens_in_person_only() {
    let mut desk = Desk::open_at("2026-06-09T10:00:00+08:00");
    let (li, wang) = (desk.holder(0, "1"), desk.holder(1, "1"));
    desk.ask(COUNTER, set_password(li)).unwrap();
    let messenger = enter(&mut desk, li, Channel::Messenger, "messenger");
    let online = ["o1", "o2"].map(|name| enter(&mut desk, li, Channel::Online, name));
    let strangers = channel_wish(wang.customer, None, Channel::Online, false);
    assert_eq!(desk.ask(messenger, strangers), Err("customer_not_found"));
    let close = channel_wish(li.customer, None, Channel::Online, false);
    desk.ask(messenger, close).unwrap();
    for session in online {
        assert!(!alive(&mut desk, session));
    }
    assert!(alive(&mut desk, messenger));
    let wish = log_in(&desk, li, Channel::Online, true, "o3");
    assert_eq!(desk.ask(Caller::Visitor, wish), Err("channel_closed"));
    let open = |check| channel_wish(li.customer, check, Channel::Online, true);
    assert_eq!(desk.ask(messenger, open(None)), Err("forbidden"));
    assert_eq!(
        desk.ask(COUNTER, open(Some(wang.check))),
        Err("identity_mismatch")
    );
    assert_eq!(desk.ask(ATM, open(Some(li.check))), Err("forbidden"));
    desk.ask(KIOSK, open(Some(li.check))).unwrap();
    let again = enter(&mut desk, li, Channel::Online, "o4");
    assert!(alive(&mut desk, again));
}

/// Who is to be told of a deposit into the account.
fn told(desk: &Desk, action: Action) -> Vec<CustomerId> {
    let command = Command {
        by: Party::Terminal(Channel::Counter),
        action,
    };
    let facts = decide(&desk.state, &command, desk.clock).unwrap();
    let told = facts.iter().filter_map(|fact| match fact {
        Fact::AlertDue { customer, .. } => Some(*customer),
        _ => None,
    });
    told.collect()
}

#[test]
fn each_subscriber_is_told_once_of_each_change_and_nobody_else_is() {
    let mut desk = Desk::open_at("2026-06-09T10:00:00+08:00");
    let (li, wang) = (desk.holder(0, "100"), desk.holder(1, "100"));
    let sessions = [desk.session(li, "li"), desk.session(wang, "wang")];
    let (_, second) = desk.card(li.customer, li.check);
    let deposit = |account| Action::Deposit {
        account: Some(account),
        amount: yuan("1"),
    };
    let transfer = |from, to| Action::TransferOwnBank {
        from: Some(from),
        to: Some(to),
        amount: yuan("1"),
    };
    assert_eq!(told(&desk, deposit(li.account)), []);
    let wishes = AlertWishes {
        balance_changes: true,
        log_ins: false,
    };
    desk.ask(sessions[0], Action::SetAlerts { wishes }).unwrap();
    assert_eq!(told(&desk, deposit(li.account)), [li.customer]);
    assert_eq!(told(&desk, deposit(second)), [li.customer]);
    assert_eq!(
        told(&desk, transfer(wang.account, li.account)),
        [li.customer]
    );
    // Two balances of the same customer's change, and each is an event.
    assert_eq!(
        told(&desk, transfer(li.account, second)),
        [li.customer, li.customer]
    );
    // An account that is opened later is no exception.
    let (_, third) = desk.card(li.customer, li.check);
    assert_eq!(told(&desk, deposit(third)), [li.customer]);
    desk.ask(sessions[1], Action::SetAlerts { wishes }).unwrap();
    let both = told(&desk, transfer(wang.account, li.account));
    assert_eq!(both, [wang.customer, li.customer]);
    let wishes = AlertWishes::default();
    desk.ask(sessions[0], Action::SetAlerts { wishes }).unwrap();
    assert_eq!(
        told(&desk, transfer(wang.account, li.account)),
        [wang.customer]
    );
}

fn by_device(desk: &mut Desk, holder: Holder, channel: Channel, device: &str) -> &'static str {
    let wish = Action::LogInTo {
        channel,
        customer: Some(holder.customer),
        device: digest(&format!("device of {device}")),
        session: digest(&format!("{device} again on {channel:?}")),
        nonce: NONCE,
    };
    let told = desk.ask(Caller::Visitor, wish);
    told.map_or_else(|code| code, |_| "ok")
}

#[test]
fn devices_are_removed_from_a_session_or_in_person_and_log_in_no_more() {
    let mut desk = Desk::open_at("2026-06-09T10:00:00+08:00");
    let (li, wang) = (desk.holder(0, "1"), desk.holder(1, "1"));
    let away = [Channel::Mobile, Channel::Online, Channel::Messenger];
    let remove = |customer, check| Action::RemoveDevices { customer, check };
    for (by, check) in [("session", None), ("counter", Some(li.check))] {
        let (stolen, other) = (format!("stolen, {by}"), format!("other, {by}"));
        let thief = desk.session(li, &stolen);
        let phone = desk.session(li, &other);
        let wangs = desk.session(wang, &format!("wang, {by}"));
        // Ending the session alone keeps nobody out.
        let session = name_of(&desk, thief);
        desk.ask(phone, Action::TerminateSession { session })
            .unwrap();
        assert_eq!(by_device(&mut desk, li, Channel::Online, &stolen), "ok");
        let caller = if by == "session" { phone } else { COUNTER };
        assert_eq!(
            desk.ask(caller, remove(Some(wang.customer), check)),
            Err(if by == "session" {
                "customer_not_found"
            } else {
                "identity_mismatch"
            })
        );
        desk.ask(caller, remove(Some(li.customer), check)).unwrap();
        let again = Caller::Session(digest(&format!("{stolen} again on Online")));
        for session in [thief, phone, again] {
            assert!(!alive(&mut desk, session), "{by}");
        }
        for channel in away {
            for device in [&stolen, &other] {
                let told = by_device(&mut desk, li, channel, device);
                assert_eq!(told, "wrong_credentials", "{by}");
            }
        }
        assert!(alive(&mut desk, wangs));
        assert_eq!(
            desk.ask(ATM, remove(Some(li.customer), check)),
            Err("forbidden")
        );
    }
}

#[test]
fn a_mobile_bank_that_is_opened_again_knows_no_device_of_before() {
    let mut desk = Desk::open_at("2026-06-09T10:00:00+08:00");
    let li = desk.holder(0, "1");
    let phone = desk.session(li, "phone");
    let (customer, check) = (li.customer, Some(li.check));
    // Where nothing was closed, opening changes nothing.
    let open = channel_wish(customer, check, Channel::Mobile, true);
    desk.ask(COUNTER, open.clone()).unwrap();
    assert_eq!(by_device(&mut desk, li, Channel::Mobile, "phone"), "ok");
    let close = channel_wish(customer, None, Channel::Mobile, false);
    desk.ask(phone, close).unwrap();
    assert_eq!(
        by_device(&mut desk, li, Channel::Mobile, "phone"),
        "channel_closed"
    );
    desk.ask(COUNTER, open).unwrap();
    assert_eq!(
        by_device(&mut desk, li, Channel::Mobile, "phone"),
        "wrong_credentials"
    );
    let anew = desk.session(li, "new phone");
    assert!(alive(&mut desk, anew));
}
