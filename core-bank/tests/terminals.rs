//! Customers at the bank's own terminals: how their sessions begin and end, and what they open.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bank_process;

use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use bank_process::{BankProcess, Person, balance, fresh_key, log_in, new_person, new_rich_person};
use serde_json::{Value, json};

const PIN: &str = "604417";

fn start() -> (tempfile::TempDir, BankProcess) {
    let data = tempfile::tempdir().unwrap();
    let bank = BankProcess::start(data.path(), "clock=2026-06-09T10:00+08:00");
    (data, bank)
}

/// What a terminal sends in place of a token: its own, and beside it the session of whom it serves.
fn at(terminal: &str, session: &str) -> String {
    format!("{terminal}\r\nterminal-session: {session}")
}

/// A person with money on an account, whose card has a PIN.
fn card_holder(bank: &BankProcess, number: u32) -> Person {
    let person = new_rich_person(bank, number, "1000");
    set_pin(bank, &person, PIN);
    person
}

fn set_pin(bank: &BankProcess, person: &Person, pin: &str) {
    let wish = json!({"identity_check": person.check, "pin": pin});
    let path = format!("/v1/cards/{}/pins", person.card);
    bank.client()
        .post(&bank.tokens.kiosk, &path, &wish)
        .expect(201);
}

/// A session at a terminal, by card and PIN.
fn sit_down(bank: &BankProcess, terminal: &str, person: &Person) -> String {
    let wish = json!({"card": person.card, "pin": PIN});
    let begun = bank.client().post(terminal, "/v1/terminal-sessions", &wish);
    at(terminal, &begun.expect(201).text("session"))
}

#[test]
fn a_card_and_its_pin_open_the_holders_things_at_the_machine_and_nobody_elses() {
    let (_data, bank) = start();
    let (li, wang) = (card_holder(&bank, 1), card_holder(&bank, 2));
    let atm = bank.tokens.atm.clone();
    let here = sit_down(&bank, &atm, &li);
    let mut client = bank.client();
    let out = |of: &Person| json!({"account": of.account, "amount": "100", "place": "371500"});
    client.post(&here, "/v1/withdrawals", &out(&li)).expect(201);
    client
        .post(&here, "/v1/withdrawals", &out(&wang))
        .refused(404, "account_not_found");
    let accounts = |of: &Person| format!("/v1/customers/{}/accounts", of.customer);
    client.get(&here, &accounts(&li)).expect(200);
    client
        .get(&here, &accounts(&wang))
        .refused(404, "customer_not_found");
    assert_eq!(balance(&bank, &li), "900.00");
    // It is a cash machine still.
    let transfer = json!({"from": li.account, "to": wang.account, "amount": "1"});
    client
        .post(&here, "/v1/transfers", &transfer)
        .refused(403, "forbidden");
    // The session alone opens nothing, nor does another channel's terminal with it, nor anybody's
    // session in its place.
    let (_, session) = here.split_once(": ").unwrap();
    client
        .get(session, &accounts(&li))
        .refused(401, "unauthenticated");
    let phone = log_in(&bank, &li);
    for wrong in [
        at(&bank.tokens.kiosk, session),
        at(&atm, &phone),
        at(&atm, "nobody"),
        at(&atm, ""),
        at(&bank.tokens.operator, session),
        at(&phone, session),
    ] {
        client
            .get(&wrong, &accounts(&li))
            .refused(401, "unauthenticated");
    }
    client.get(&here, &accounts(&li)).expect(200);
    let left = client.delete(&here, "leaving", "/v1/terminal-sessions/current");
    left.expect(200);
    client
        .get(&here, &accounts(&li))
        .refused(401, "unauthenticated");
    // The same log-out again gets its first answer; where nobody sits, nobody leaves.
    let again = client.delete(&here, "leaving", "/v1/terminal-sessions/current");
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    again.expect(200);
    client
        .delete(&atm, &fresh_key(), "/v1/terminal-sessions/current")
        .refused(404, "session_not_found");
}

#[test]
fn the_locks_of_the_card_in_the_machine_guard_every_account_of_its_holder() {
    let data = tempfile::tempdir().unwrap();
    let bank = BankProcess::start(data.path(), "clock=2026-06-09T23:30+08:00");
    let li = card_holder(&bank, 1);
    let mut client = bank.client();
    let wish = json!({"customer": li.customer, "identity_check": li.check});
    let second = client.post(&bank.tokens.counter, "/v1/cards", &wish);
    let second = second.expect(201).text("account");
    let deposit = json!({"account": second, "amount": "1000"});
    client
        .post(&bank.tokens.counter, "/v1/deposits", &deposit)
        .expect(201);
    let phone = log_in(&bank, &li);
    let lock = |client: &mut bank_process::Client, members: Value| {
        let mut locks = json!({"overseas": false, "places": null, "night": false,
            "pos_daily": null, "overseas_card_not_present": false});
        for (member, value) in members.as_object().unwrap() {
            locks[member] = value.clone();
        }
        let path = format!("/v1/cards/{}/locks", li.card);
        client.post(&phone, &path, &locks).expect(201);
    };
    let here = sit_down(&bank, &bank.tokens.atm, &li);
    for (locks, place, code) in [
        (json!({"night": true}), "371500", "lock_night"),
        (json!({"overseas": true}), "JP", "lock_overseas"),
        (json!({"places": ["371500"]}), "110000", "lock_region"),
    ] {
        lock(&mut client, locks);
        for account in [&li.account, &second] {
            let out = json!({"account": account, "amount": "100", "place": place});
            client
                .post(&here, "/v1/withdrawals", &out)
                .refused(422, code);
        }
        // Without that card nobody asks for its locks: the other account's card has none.
        let out = json!({"account": second, "amount": "1", "place": place});
        client
            .post(&bank.tokens.atm, "/v1/withdrawals", &out)
            .expect(201);
    }
    lock(&mut client, json!({}));
    let out = json!({"account": second, "amount": "100", "place": "JP"});
    client.post(&here, "/v1/withdrawals", &out).expect(201);
}

#[test]
fn a_person_who_was_identified_sits_at_a_counter_and_pays_without_a_medium() {
    let (_data, bank) = start();
    let (li, wang) = (new_rich_person(&bank, 1, "100"), new_person(&bank, 2));
    let wish = json!({"customer": li.customer, "identity_check": li.check});
    let mut client = bank.client();
    for terminal in [&bank.tokens.counter, &bank.tokens.kiosk] {
        let begun = client.post(terminal, "/v1/terminal-sessions", &wish);
        let here = at(terminal, &begun.expect(201).text("session"));
        let transfer = json!({"from": li.account, "to": wang.account, "amount": "30"});
        client.post(&here, "/v1/transfers", &transfer).expect(201);
        let reverse = json!({"from": wang.account, "to": li.account, "amount": "30"});
        client
            .post(&here, "/v1/transfers", &reverse)
            .refused(404, "account_not_found");
        // Whoever sits there is served, and not who stands beside.
        let device = json!({"customer": wang.customer, "identity_check": wang.check});
        client
            .post(&here, "/v1/ebanking", &device)
            .refused(404, "customer_not_found");
        // One session at a time: a terminal with a customer begins no other.
        client
            .post(&here, "/v1/terminal-sessions", &wish)
            .refused(403, "forbidden");
    }
    assert_eq!(balance(&bank, &wang), "60.00");
    // Nobody is identified at a cash machine.
    client
        .post(&bank.tokens.atm, "/v1/terminal-sessions", &wish)
        .refused(404, "identity_check_not_found");
    for wrong in [
        json!({"card": li.card}),
        json!({"pin": PIN}),
        json!({"customer": li.customer}),
        json!({"card": li.card, "pin": PIN, "customer": li.customer}),
        json!({"card": li.card, "pin": "60441"}),
        json!({"card": li.card, "pin": "60441７"}),
        json!({}),
    ] {
        client
            .post(&bank.tokens.kiosk, "/v1/terminal-sessions", &wrong)
            .refused(400, "invalid_body");
    }
}

#[test]
fn three_wrong_pins_lock_the_card_until_a_new_one_is_set_in_person() {
    let (_data, bank) = start();
    let li = card_holder(&bank, 1);
    let mut client = bank.client();
    let mut shows = |card: &str, pin: &str| {
        let wish = json!({"card": card, "pin": pin});
        client.post(&bank.tokens.atm, "/v1/terminal-sessions", &wish)
    };
    let nobody = new_person(&bank, 2);
    for card in [nobody.card.as_str(), "K000000099999", "K1"] {
        shows(card, PIN).refused(401, "wrong_credentials");
    }
    shows(&li.card, "000000").refused(401, "wrong_credentials");
    shows(&li.card, "000000").refused(401, "wrong_credentials");
    // The right one in between forgives.
    shows(&li.card, PIN).expect(201);
    for _ in 0..3 {
        shows(&li.card, "000000").refused(401, "wrong_credentials");
    }
    shows(&li.card, PIN).refused(401, "pin_locked");
    // No key of a log-in helps to guess.
    set_pin(&bank, &li, PIN);
    let guess = |pin: &str| {
        let wish = json!({"card": li.card, "pin": pin});
        let mut client = bank.client();
        client.post_with_key(&bank.tokens.atm, "known", "/v1/terminal-sessions", &wish)
    };
    guess(PIN).expect(201);
    for wrong in ["000001", "000002", "000003"] {
        guess(wrong).refused(401, "wrong_credentials");
    }
    guess("000004").refused(401, "pin_locked");
    guess(PIN).refused(401, "pin_locked");
    set_pin(&bank, &li, "118118");
    shows(&li.card, PIN).refused(401, "wrong_credentials");
    shows(&li.card, "118118").expect(201);
    // A card that was reported lost opens nothing.
    let path = format!("/v1/cards/{}/loss-reports", li.card);
    let mut counter = bank.client();
    counter
        .post(&bank.tokens.counter, &path, &json!({}))
        .expect(201);
    shows(&li.card, "118118").refused(422, "card_lost");
}

#[test]
fn a_session_ends_by_itself_when_nobody_can_stand_there_any_more() {
    let (_data, bank) = start();
    let li = card_holder(&bank, 1);
    let accounts = format!("/v1/customers/{}/accounts", li.customer);
    let terminals = [
        (bank.tokens.atm.clone(), 3),
        (bank.tokens.kiosk.clone(), 15),
        (bank.tokens.counter.clone(), 30),
    ];
    let mut client = bank.client();
    for (hour, (terminal, minutes)) in (11..).zip(terminals) {
        let clock = |hour: i32, minute: i32, second: i32| json!({"business_time": format!("2026-06-09T{hour:02}:{minute:02}:{second:02}+08:00"), "speed": 0.001});
        let show = |clock| {
            let operator = &bank.tokens.operator;
            bank.client()
                .put(operator, "/v1/test/clock", &clock)
                .expect(200);
        };
        show(clock(hour, 0, 0));
        let here = sit_down(&bank, &terminal, &li);
        show(clock(hour, minutes - 1, 59));
        client.get(&here, &accounts).expect(200);
        show(clock(hour, minutes, 1));
        client.get(&here, &accounts).refused(401, "unauthenticated");
    }
}

#[test]
fn closing_a_channel_from_afar_stops_what_is_in_flight_and_all_that_comes_later() {
    let (_data, bank) = start();
    let li = card_holder(&bank, 1);
    let phone = log_in(&bank, &li);
    let atm = bank.tokens.atm.clone();
    let here = sit_down(&bank, &atm, &li);
    let accounts = format!("/v1/customers/{}/accounts", li.customer);
    let (served, answered) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    let (sent, done) = thread::scope(|scope| {
        for number in 0..6 {
            let (bank, here, atm, accounts) = (&bank, &here, &atm, &accounts);
            let (served, answered, account) = (&served, &answered, &li.account);
            scope.spawn(move || {
                let mut client = bank.client();
                let mut refusals = 0;
                while refusals < 3 || !answered.load(Ordering::Relaxed) {
                    let began = Instant::now();
                    let out = json!({"account": account, "amount": "0.01", "place": "371500"});
                    let answer = match number % 3 {
                        0 => client.get(here, accounts),
                        1 => client.post(here, "/v1/withdrawals", &out),
                        // The machine alone, for whoever shows the account.
                        _ => client.post(atm, "/v1/withdrawals", &out),
                    };
                    let passed = answer.status < 400;
                    let shut = ["unauthenticated", "channel_closed"].contains(&answer.code());
                    assert!(passed || shut, "{answer:?}");
                    refusals += usize::from(!passed);
                    served.lock().unwrap().push((began, passed));
                }
            });
        }
        thread::sleep(Duration::from_millis(150));
        let sent = Instant::now();
        let path = format!("/v1/customers/{}/channels", li.customer);
        let wish = json!({"channel": "atm", "open": false});
        bank.client().post(&phone, &path, &wish).expect(201);
        let done = Instant::now();
        answered.store(true, Ordering::Relaxed);
        (sent, done)
    });
    let served = served.into_inner().unwrap();
    assert!(
        served
            .iter()
            .any(|(began, passed)| *began < sent && *passed)
    );
    // Whatever was sent after the answer is refused, without exception.
    assert!(
        !served
            .iter()
            .any(|(began, passed)| *began > done && *passed)
    );

    // No session begins there, and the machine does nothing for the customer, whoever stands there.
    let mut client = bank.client();
    let wish = json!({"card": li.card, "pin": PIN});
    client
        .post(&atm, "/v1/terminal-sessions", &wish)
        .refused(422, "channel_closed");
    client.get(&atm, &accounts).refused(422, "channel_closed");
    let deposit = json!({"account": li.account, "amount": "1"});
    client
        .post(&atm, "/v1/deposits", &deposit)
        .refused(422, "channel_closed");
    let entries = format!("/v1/accounts/{}/entries", li.account);
    client.get(&atm, &entries).refused(422, "channel_closed");
    // What was tried there is told, but for readings, which leave no record.
    let events = client.get(&phone, "/v1/suspicious-events").expect(200);
    let newest: Vec<_> = events.body["events"].as_array().unwrap()[..2]
        .iter()
        .map(|event| ["operation", "channel", "code"].map(|member| event[member].clone()))
        .collect();
    assert_eq!(
        newest,
        [
            ["deposit", "atm", "channel_closed"],
            ["terminal_log_in", "atm", "channel_closed"]
        ]
    );
    // Others are served, other channels are open, and a counter opens it again.
    let wang = card_holder(&bank, 2);
    sit_down(&bank, &atm, &wang);
    let kiosk = sit_down(&bank, &bank.tokens.kiosk, &li);
    client.get(&kiosk, &accounts).expect(200);
    let path = format!("/v1/customers/{}/channels", li.customer);
    let open = json!({"channel": "atm", "open": true});
    client.post(&phone, &path, &open).refused(403, "forbidden");
    let open = json!({"channel": "atm", "open": true, "identity_check": li.check});
    client.post(&bank.tokens.counter, &path, &open).expect(201);
    sit_down(&bank, &atm, &li);
    // A counter cannot be closed.
    let counter = json!({"channel": "counter", "open": false});
    client
        .post(&phone, &path, &counter)
        .refused(400, "invalid_body");
}

#[test]
fn one_session_at_a_terminal_is_seen_and_ended_from_the_phone() {
    let (_data, bank) = start();
    let li = card_holder(&bank, 1);
    let phone = log_in(&bank, &li);
    let kiosk = sit_down(&bank, &bank.tokens.kiosk, &li);
    let mut client = bank.client();
    let listed = client.get(&phone, "/v1/sessions").expect(200);
    let rows = listed.body["sessions"].as_array().unwrap();
    let row = rows.iter().find(|row| row["channel"] == "kiosk").unwrap();
    let wish = json!({"session": row["session"]});
    client
        .post(&phone, "/v1/sessions/terminations", &wish)
        .expect(201);
    let accounts = format!("/v1/customers/{}/accounts", li.customer);
    client
        .get(&kiosk, &accounts)
        .refused(401, "unauthenticated");
}

#[test]
fn pins_and_sessions_at_terminals_are_there_again_after_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let (li, session) = {
        let bank = BankProcess::start(data.path(), "clock=2026-06-09T10:00+08:00");
        let li = card_holder(&bank, 1);
        let here = sit_down(&bank, &bank.tokens.kiosk, &li);
        (li, here.split_once(": ").unwrap().1.to_owned())
    };
    let bank = BankProcess::start(data.path(), "clock=2026-06-09T10:01+08:00");
    let accounts = format!("/v1/customers/{}/accounts", li.customer);
    let here = at(&bank.tokens.kiosk, &session);
    bank.client().get(&here, &accounts).expect(200);
    sit_down(&bank, &bank.tokens.atm, &li);
}

/// What ends the sessions that were begun with a card, sent by whoever may.
fn each_way_to_lose_a_card(bank: &BankProcess, li: &Person) -> [(String, String, Value); 4] {
    let counter = bank.tokens.counter.clone();
    let card = |verb| format!("/v1/cards/{}/{verb}", li.card);
    let check = json!({"identity_check": li.check});
    [
        (log_in(bank, li), card("loss-reports"), json!({})),
        (
            counter.clone(),
            card("pins"),
            json!({"identity_check": li.check, "pin": "118118"}),
        ),
        (counter.clone(), card("closures"), check.clone()),
        (
            counter,
            format!("/v1/accounts/{}/closures", li.account),
            check,
        ),
    ]
}

#[test]
fn a_lost_card_ends_the_sessions_that_it_began_in_flight_and_later_and_no_others() {
    for way in 0..4 {
        let (_data, bank) = start();
        let (li, wang) = (card_holder(&bank, 1), new_person(&bank, 2));
        let kiosk = bank.tokens.kiosk.clone();
        let here = sit_down(&bank, &kiosk, &li);
        // The holder, identified in person at another kiosk, stays there.
        let mut client = bank.client();
        let wish = json!({"customer": li.customer, "identity_check": li.check});
        let begun = client.post(&kiosk, "/v1/terminal-sessions", &wish);
        let holder = at(&kiosk, &begun.expect(201).text("session"));
        let accounts = format!("/v1/customers/{}/accounts", li.customer);
        let (by, path, wish) = each_way_to_lose_a_card(&bank, &li)[way].clone();
        let answered = AtomicBool::new(false);
        let (served, done) = thread::scope(|scope| {
            let thieves: Vec<_> = (0..4)
                .map(|_| {
                    let (bank, here, answered) = (&bank, &here, &answered);
                    let transfer =
                        json!({"from": li.account, "to": wang.account, "amount": "0.01"});
                    scope.spawn(move || {
                        let (mut client, mut served, mut late) = (bank.client(), Vec::new(), 0);
                        while late < 3 {
                            late += usize::from(answered.load(Ordering::Acquire));
                            let sent = Instant::now();
                            let answer = client.post(here, "/v1/transfers", &transfer);
                            let passed = answer.status == 201;
                            assert!(passed || answer.code() == "unauthenticated", "{answer:?}");
                            served.push((sent, passed));
                        }
                        served
                    })
                })
                .collect();
            thread::sleep(Duration::from_millis(50));
            client.post(&by, &path, &wish).expect(201);
            let done = Instant::now();
            answered.store(true, Ordering::Release);
            let served = thieves.into_iter().map(|thief| thief.join().unwrap());
            (served.flatten().collect::<Vec<_>>(), done)
        });
        assert!(served.iter().any(|(_, passed)| *passed), "way {way}");
        let late = served.iter().filter(|(sent, _)| *sent > done);
        assert!(late.clone().count() > 0 && late.clone().all(|(_, passed)| !passed));
        client.get(&here, &accounts).refused(401, "unauthenticated");
        client.get(&holder, &accounts).expect(200);
    }
}

#[test]
fn a_lost_or_closed_card_pays_nowhere_and_the_holder_sees_who_tried() {
    let (_data, bank) = start();
    let (li, wang) = (card_holder(&bank, 1), card_holder(&bank, 2));
    let phones = [log_in(&bank, &li), log_in(&bank, &wang)];
    let mut client = bank.client();
    let counter = &bank.tokens.counter;
    let path = format!("/v1/cards/{}/loss-reports", li.card);
    client.post(counter, &path, &json!({})).expect(201);
    let path = format!("/v1/cards/{}/closures", wang.card);
    let check = json!({"identity_check": wang.check});
    client.post(counter, &path, &check).expect(201);
    for (person, phone, code) in [
        (&li, &phones[0], "card_lost"),
        (&wang, &phones[1], "card_closed"),
    ] {
        let pin = json!({"card": person.card, "pin": PIN});
        let cash = json!({"account": person.account, "amount": "1", "place": "371500"});
        let abroad = json!({"card": person.card, "amount": "1", "place": "JP"});
        let bought = |entry| {
            json!({"card": person.card, "amount": "1", "place": "371500", "entry": entry,
                   "merchant": "shop"})
        };
        let tries = [
            (&bank.tokens.atm, "/v1/terminal-sessions", pin.clone()),
            (&bank.tokens.kiosk, "/v1/terminal-sessions", pin),
            (&bank.tokens.atm, "/v1/withdrawals", cash),
            (&bank.tokens.acquirer, "/v1/card-withdrawals", abroad),
            (&bank.tokens.acquirer, "/v1/card-purchases", bought("pos")),
            (
                &bank.tokens.acquirer,
                "/v1/card-purchases",
                bought("card_not_present"),
            ),
        ];
        for (terminal, path, wish) in &tries {
            client.post(terminal, path, wish).refused(422, code);
        }
        let seen = client.get(phone, "/v1/suspicious-events").expect(200);
        let events = seen.body["events"].as_array().unwrap();
        let told = events.iter().filter(|event| event["code"] == code).count();
        assert_eq!(told, tries.len(), "{events:?}");
        assert_eq!(balance(&bank, person), "1000.00");
    }
}
