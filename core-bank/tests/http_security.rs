//! Locks, authorisation and alerts as their users meet them: a real server, real connections.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bank_process;
mod proofs;

use std::{
    sync::{
        Barrier,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use bank_process::{BankProcess, balance, log_in, new_person, new_rich_person, pay_by_sms, start};
use ed25519_dalek::{Signer as _, SigningKey};
use proofs::{ask, device_code, hex, text_of, unhex};
use serde_json::{Value, json};

#[test]
fn a_holder_sets_and_reads_locks_and_the_card_network_meets_them() {
    let (_data, bank) = start("clock=2026-06-09T10:00+08:00");
    let (li, wang) = (new_rich_person(&bank, 1, "100"), new_person(&bank, 2));
    let (session, stranger) = (log_in(&bank, &li), log_in(&bank, &wang));
    let (acquirer, atm) = (&bank.tokens.acquirer, &bank.tokens.atm);
    let mut client = bank.client();
    let path = format!("/v1/cards/{}/locks", li.card);
    let open = json!({"overseas": false, "places": null, "night": false, "pos_daily": null,
        "overseas_card_not_present": false});
    assert_eq!(client.get(&session, &path).expect(200).body, open);
    let locks = json!({"overseas": true, "places": ["371500", "110000"], "night": true,
        "pos_daily": "50", "overseas_card_not_present": true});
    client.post(&session, &path, &locks).expect(201);
    let shown = client.get(&session, &path).expect(200).body;
    assert_eq!(shown["places"], json!(["110000", "371500"]));
    assert_eq!(shown["pos_daily"], "50.00");
    client.get(&stranger, &path).refused(404, "card_not_found");
    client
        .post(&stranger, &path, &open)
        .refused(404, "card_not_found");
    client
        .post(&bank.tokens.kiosk, &path, &open)
        .refused(403, "forbidden");
    for wrong in [
        json!({"overseas": true}),
        json!({"overseas": true, "places": [], "night": true, "pos_daily": null, "overseas_card_not_present": true}),
        json!({"overseas": true, "places": ["CN"], "night": true, "pos_daily": null, "overseas_card_not_present": true}),
        json!({"overseas": 1, "places": null, "night": true, "pos_daily": null, "overseas_card_not_present": true}),
    ] {
        client
            .post(&session, &path, &wrong)
            .refused(400, "invalid_body");
    }

    let buy = |entry: &str, place: &str, amount: &str| json!({"card": li.card, "amount": amount, "place": place, "entry": entry, "merchant": "Shop"});
    let mut purchase = |body| client.post(acquirer, "/v1/card-purchases", &body);
    purchase(buy("pos", "JP", "1")).refused(422, "lock_overseas");
    purchase(buy("card_not_present", "JP", "1")).refused(422, "lock_overseas_card_not_present");
    purchase(buy("pos", "370102", "1")).refused(422, "lock_region");
    purchase(buy("pos", "371502", "50.01")).refused(422, "lock_pos_limit");
    let bought = purchase(buy("pos", "371502", "50"));
    assert_eq!(bought.expect(201).text("balance"), "50.00");
    purchase(buy("kiosk", "371502", "1")).refused(400, "invalid_body");
    let cash = json!({"card": li.card, "amount": "1", "place": "HK"});
    client
        .post(acquirer, "/v1/card-withdrawals", &cash)
        .refused(422, "lock_overseas");
    client
        .post(atm, "/v1/card-withdrawals", &cash)
        .refused(403, "forbidden");
    let own = json!({"account": li.account, "amount": "1", "place": "370102"});
    client
        .post(atm, "/v1/withdrawals", &own)
        .refused(422, "lock_region");
    let home = json!({"account": li.account, "amount": "1"});
    client.post(atm, "/v1/withdrawals", &home).expect(201);

    let page = client.get(&bank.tokens.operator, "/v1/audit/records?limit=1000");
    let refused: Vec<_> = page.expect(200).body["records"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|record| record["operation"] == "pos_purchase" && record["outcome"] == "refused")
        .map(|record| (record["code"].clone(), record["customer"].clone()))
        .collect();
    let by = |code: &str| (json!(code), json!(li.customer));
    assert_eq!(
        refused,
        [by("lock_overseas"), by("lock_region"), by("lock_pos_limit")]
    );
}

#[test]
fn a_mobile_transfer_needs_a_code_and_the_code_is_for_this_transfer_alone() {
    let (_data, bank) = start("clock=2026-06-09T10:00+08:00");
    let (li, wang) = (new_rich_person(&bank, 1, "100"), new_person(&bank, 2));
    let session = log_in(&bank, &li);
    let mut client = bank.client();
    let transfer = json!({"from": li.account, "to": wang.account, "amount": "5.00"});
    client
        .post(&session, "/v1/transfers", &transfer)
        .refused(422, "authorisation_required");
    let tail = &li.account[13..];
    let sms = json!({"medium": "sms", "phone": "13800000000", "account_tail": tail});
    let id = ask(&mut client, &session, &transfer, &sms);
    let outbox = format!("/v1/test/outbox/{id}");
    client.get(&session, &outbox).refused(403, "forbidden");
    let message = client.get(&bank.tokens.operator, &outbox).expect(200);
    let code = message.text("code");
    assert_eq!(message.text("phone"), "13800000000");
    assert!(message.text("text").contains(&code));
    let with = |transfer: &Value, shown: Value| {
        let mut transfer = transfer.clone();
        transfer["authorisation"] = shown;
        transfer
    };
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let guess = with(&transfer, json!({"id": id, "code": wrong}));
    client
        .post(&session, "/v1/transfers", &guess)
        .refused(422, "code_wrong");
    let mut dearer = transfer.clone();
    dearer["amount"] = json!("50.00");
    let dearer = with(&dearer, json!({"id": id, "code": code}));
    client
        .post(&session, "/v1/transfers", &dearer)
        .refused(422, "authorisation_mismatch");
    let right = with(&transfer, json!({"id": id, "code": code}));
    let kiosk = &bank.tokens.kiosk;
    client
        .post(kiosk, "/v1/transfers", &right)
        .refused(400, "invalid_body");
    let paid = client.post(&session, "/v1/transfers", &right).expect(201);
    assert_eq!(paid.text("balance"), "95.00");
    client
        .post(&session, "/v1/transfers", &right)
        .refused(404, "authorisation_not_found");
    client
        .get(&bank.tokens.operator, &outbox)
        .refused(404, "authorisation_not_found");
    for shown in [
        json!({"id": id}),
        json!({"id": id, "code": 123_456}),
        json!({"id": id, "code": "123456", "signature": "00"}),
        json!({"id": id, "device": "00"}),
        json!({"id": id, "code": "123456", "pin": "1"}),
        json!("123456"),
        json!(null),
    ] {
        let bad = with(&transfer, shown);
        client
            .post(&session, "/v1/transfers", &bad)
            .refused(400, "invalid_body");
    }
    let nothing = with(&transfer, json!({"id": "A1", "code": ""}));
    client
        .post(&session, "/v1/transfers", &nothing)
        .refused(404, "authorisation_not_found");
    let limits = format!("/v1/customers/{}/limits", li.customer);
    let shows = client.get(&session, &limits);
    assert_eq!(shows.expect(200).body["limits"][0]["used_today"], "5.00");
    let lower =
        json!({"scope": "shield", "per_transaction": "2.00", "daily": "3.00", "monthly": "4.50"});
    client.post(&session, &limits, &lower).expect(201);
    let page = client.get(&bank.tokens.operator, "/v1/audit/records?limit=1000");
    let page = page.expect(200);
    let records = page.body["records"].as_array().unwrap();
    let set: Vec<_> = records
        .iter()
        .filter(|it| !it["limits"].is_null())
        .collect();
    assert_eq!(set.len(), 1, "one record set limits");
    assert_eq!(
        (&set[0]["limits"], &set[0]["customer"]),
        (&lower, &json!(li.customer))
    );
}

#[test]
fn a_device_shows_codes_and_a_shield_signs_for_amounts_that_messages_do_not_cover() {
    let (_data, bank) = start("clock=2026-06-09T10:00+08:00 speed=0.001");
    let li = new_rich_person(&bank, 1, "1000000");
    let session = log_in(&bank, &li);
    let mut client = bank.client();
    let present = json!({"customer": li.customer, "identity_check": li.check});
    let issued = client.post(&bank.tokens.counter, "/v1/media/devices", &present);
    let issued = issued.expect(201);
    let (serial, secret) = (issued.text("device"), unhex(&issued.text("secret")));
    let transfer =
        json!({"from": li.account, "to": "6227001", "bank": "CCB", "amount": "200000.00"});
    let medium = json!({"medium": "device", "device": serial});
    let id = ask(&mut client, &session, &transfer, &medium);
    // 10:00 in Shanghai on 9 June 2026 is 1780970400 seconds after 1970.
    let code = device_code(&secret, &text_of(&id, &transfer), 1_780_970_400 / 60);
    let mut paying = transfer.clone();
    paying["authorisation"] = json!({"id": id, "device": serial, "code": code});
    client.post(&session, "/v1/transfers", &paying).expect(201);
    let again = ask(&mut client, &session, &transfer, &medium);
    let code = device_code(&secret, &text_of(&again, &transfer), 1_780_970_400 / 60);
    paying["authorisation"] = json!({"id": again, "device": serial, "code": code});
    client
        .post(&session, "/v1/transfers", &paying)
        .refused(422, "code_replayed");

    let key = SigningKey::from_bytes(&[5; 32]);
    let public = hex(key.verifying_key().as_bytes());
    let mut registration = present;
    registration["public_key"] = json!("00".repeat(32));
    let shields = "/v1/media/shields";
    client
        .post(&bank.tokens.kiosk, shields, &registration)
        .refused(400, "invalid_body");
    registration["public_key"] = json!(public);
    client
        .post(&bank.tokens.kiosk, shields, &registration)
        .expect(201);
    let transfer =
        json!({"from": li.account, "to": "6227001", "bank": "CCB", "amount": "800000.00"});
    let medium = json!({"medium": "shield", "shield": public});
    let id = ask(&mut client, &session, &transfer, &medium);
    let mut paying = transfer.clone();
    let other = key.sign(text_of("A000000000001", &transfer).as_bytes());
    paying["authorisation"] =
        json!({"id": id, "shield": public, "signature": hex(&other.to_bytes())});
    client
        .post(&session, "/v1/transfers", &paying)
        .refused(422, "code_wrong");
    let own = key.sign(text_of(&id, &transfer).as_bytes());
    paying["authorisation"] =
        json!({"id": id, "shield": public, "signature": hex(&own.to_bytes())});
    client.post(&session, "/v1/transfers", &paying).expect(201);
    assert_eq!(balance(&bank, &li), "0.00");
}

#[test]
fn of_two_concurrent_transfers_whose_sum_exceeds_the_limit_exactly_one_passes() {
    let (_data, bank) = start("clock=2026-06-09T10:00+08:00");
    let (li, wang) = (new_rich_person(&bank, 1, "100000"), new_person(&bank, 2));
    let session = log_in(&bank, &li);
    let statuses: Vec<u16> = thread::scope(|scope| {
        let pay = || {
            let transfer = json!({"from": li.account, "to": wang.account, "amount": "5000.01"});
            pay_by_sms(&mut bank.client(), &bank, &session, &transfer).status
        };
        let both = [scope.spawn(pay), scope.spawn(pay)];
        both.map(|paying| paying.join().unwrap()).into()
    });
    let passed = statuses.iter().filter(|status| **status == 201).count();
    assert_eq!(passed, 1, "{statuses:?}");
    assert_eq!(balance(&bank, &wang), "5000.01");
}

#[test]
fn a_channel_without_the_right_is_not_told_what_another_was_answered() {
    let (_data, bank) = start("clock=2026-06-09T10:00+08:00");
    let li = new_person(&bank, 1);
    let mut client = bank.client();
    let wish = json!({"customer": li.customer, "identity_check": li.check});
    let device = client.post(&bank.tokens.kiosk, "/v1/ebanking", &wish);
    let device = device.expect(201).text("device_token");
    let [mobile, messenger] = ["mobile", "messenger"].map(|channel| {
        let body = json!({"customer": li.customer, "device_token": device, "channel": channel});
        bank.client()
            .post("", "/v1/sessions", &body)
            .expect(201)
            .text("session")
    });
    let path = format!("/v1/cards/{}/locks", li.card);
    let locks = json!({"overseas": true, "places": null, "night": false, "pos_daily": null,
        "overseas_card_not_present": false});
    client
        .post_with_key(&mobile, "lock", &path, &locks)
        .expect(201);
    client
        .post_with_key(&messenger, "lock", &path, &locks)
        .refused(403, "forbidden");
    let again = client.post_with_key(&mobile, "lock", &path, &locks);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
}

#[test]
fn alerts_tell_a_subscriber_once_of_each_event_and_suspicious_events_are_listed_in_pages() {
    let (_data, bank) = start("clock=2026-06-09T10:00+08:00");
    let (li, wang) = (new_rich_person(&bank, 1, "100"), new_person(&bank, 2));
    let session = log_in(&bank, &li);
    let strangers = log_in(&bank, &wang);
    let mut client = bank.client();
    let wishes = json!({"balance_changes": true, "log_ins": true});
    client
        .post(&session, "/v1/alerts/wishes", &wishes)
        .expect(201);
    let deposit = json!({"account": li.account, "amount": "1"});
    client
        .post(&bank.tokens.atm, "/v1/deposits", &deposit)
        .expect(201);
    let transfer = json!({"from": li.account, "to": wang.account, "amount": "2"});
    pay_by_sms(&mut client, &bank, &session, &transfer).expect(201);
    log_in(&bank, &li);
    let alerts = client.get(&session, "/v1/alerts").expect(200);
    let told: Vec<_> = alerts.body["alerts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|alert| {
            (
                alert["kind"].clone(),
                alert["amount"].clone(),
                alert["balance_after"].clone(),
            )
        })
        .collect();
    let change = |amount: &str, left: &str| (json!("balance_change"), json!(amount), json!(left));
    let expected = [
        (json!("log_in"), json!(null), json!(null)),
        change("-2.00", "99.00"),
        change("1.00", "101.00"),
    ];
    assert_eq!(told, expected);
    let none = client.get(&strangers, "/v1/alerts").expect(200);
    assert_eq!(none.body["alerts"], json!([]));
    client
        .get(&bank.tokens.kiosk, "/v1/alerts")
        .refused(403, "forbidden");
    client
        .get(&session, "/v1/alerts?limit=101")
        .refused(400, "invalid_query");

    let locks = json!({"overseas": true, "places": null, "night": false, "pos_daily": null,
        "overseas_card_not_present": false});
    let path = format!("/v1/cards/{}/locks", li.card);
    client.post(&session, &path, &locks).expect(201);
    for number in 1..=3 {
        let buy = json!({"card": li.card, "amount": format!("{number}"), "place": "JP", "entry": "pos", "merchant": "Shop"});
        client
            .post(&bank.tokens.acquirer, "/v1/card-purchases", &buy)
            .refused(422, "lock_overseas");
    }
    client
        .post(&session, "/v1/transfers", &transfer)
        .refused(422, "authorisation_required");
    let page = client
        .get(&session, "/v1/suspicious-events?limit=2")
        .expect(200);
    let codes = |page: &Value| -> Vec<String> {
        let events = page["events"].as_array().unwrap();
        events
            .iter()
            .map(|event| event["code"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        codes(&page.body),
        ["authorisation_required", "lock_overseas"]
    );
    assert_eq!(page.body["events"][1]["place"], "JP");
    assert_eq!(page.body["events"][1]["amount"], "3.00");
    let next = format!("/v1/suspicious-events?cursor={}", page.text("next"));
    let rest = client.get(&session, &next).expect(200);
    assert_eq!(codes(&rest.body), ["lock_overseas", "lock_overseas"]);
    assert_eq!(rest.body["next"], json!(null));
}

#[test]
fn costly_proofs_are_bounded_and_the_writer_goes_on_beside_them() {
    let (_data, bank) = start("clock=2026-06-09T10:00+08:00");
    let li = new_person(&bank, 1);
    // Twice as many as there are places for, from clients that all stand connected before the first asks:
    // on a machine with other work the last would come when the first are done.
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let guesses = cores * 128;
    let connected = Barrier::new(guesses);
    // Whoever does not exist is looked for as long, and is not locked out.
    let wrong = json!({"customer": "C000000000999", "password": "no such thing",
        "channel": "mobile"});
    let answered = AtomicUsize::new(0);
    let mut statuses: Vec<(u16, String)> = thread::scope(|scope| {
        let guessing: Vec<_> = (0..guesses)
            .map(|_| {
                scope.spawn(|| {
                    let mut client = bank.client();
                    // A connection is there once something was answered on it.
                    assert_eq!(client.get("", "/healthz").status, 200);
                    connected.wait();
                    let answer = client.post("", "/v1/sessions", &wrong);
                    answered.fetch_add(1, Ordering::SeqCst);
                    (answer.status, answer.code().to_owned())
                })
            })
            .collect();
        let mut client = bank.client();
        let deposit = json!({"account": li.account, "amount": "1.00"});
        while answered.load(Ordering::SeqCst) == 0 {
            client
                .post(&bank.tokens.atm, "/v1/deposits", &deposit)
                .expect(201);
        }
        // The first is answered, and most wait for their turn.
        let paid = client.post(&bank.tokens.atm, "/v1/deposits", &deposit);
        paid.expect(201);
        let after = answered.load(Ordering::SeqCst);
        assert!(after < guesses, "a deposit waited for every proof");
        let statuses = guessing.into_iter().map(|it| it.join().unwrap());
        statuses.collect()
    });
    statuses.sort();
    statuses.dedup();
    let expected = [(401, "wrong_credentials"), (503, "overloaded")];
    assert_eq!(
        statuses,
        expected.map(|(status, code)| (status, code.to_owned()))
    );
}

/// A payment of a yuan with a right proof of each medium: by SMS, by the device, by the shield.
fn proved_payments(
    bank: &BankProcess,
    session: &str,
    from: &str,
    (serial, secret): &(String, Vec<u8>),
    step: u64,
) -> [Value; 3] {
    let mut client = bank.client();
    let key = SigningKey::from_bytes(&[5; 32]);
    let public = hex(key.verifying_key().as_bytes());
    let transfer = json!({"from": from, "to": "6227001", "bank": "CCB", "amount": "1.00"});
    let by_sms = bank_process::authorised_by_sms(&mut client, bank, session, &transfer);
    let medium = json!({"medium": "device", "device": serial});
    let id = ask(&mut client, session, &transfer, &medium);
    let code = device_code(secret, &text_of(&id, &transfer), step);
    let mut by_device = transfer.clone();
    by_device["authorisation"] = json!({"id": id, "device": serial, "code": code});
    let medium = json!({"medium": "shield", "shield": public});
    let id = ask(&mut client, session, &transfer, &medium);
    let signature = key.sign(text_of(&id, &transfer).as_bytes());
    let mut by_shield = transfer;
    by_shield["authorisation"] =
        json!({"id": id, "shield": public, "signature": hex(&signature.to_bytes())});
    [by_sms, by_device, by_shield]
}

#[test]
fn closing_a_channel_stops_payments_by_every_medium_that_are_in_flight() {
    let (_data, bank) = start("clock=2026-06-09T10:00+08:00 speed=0.001");
    let li = new_rich_person(&bank, 1, "1000");
    let mut client = bank.client();
    let present = json!({"customer": li.customer, "identity_check": li.check});
    let issued = client.post(&bank.tokens.counter, "/v1/media/devices", &present);
    let issued = issued.expect(201);
    let device = (issued.text("device"), unhex(&issued.text("secret")));
    let public = hex(SigningKey::from_bytes(&[5; 32]).verifying_key().as_bytes());
    let mut registration = present;
    registration["public_key"] = json!(public);
    client
        .post(&bank.tokens.kiosk, "/v1/media/shields", &registration)
        .expect(201);
    let channels = format!("/v1/customers/{}/channels", li.customer);
    let mut paid = 0;
    for round in 0..8_u64 {
        // A code of the device's counts in its minute and the ones beside it, each once.
        let minute = json!({"business_time": format!("2026-06-09T11:{:02}:00+08:00", round),
                            "speed": 0.001});
        client
            .put(&bank.tokens.operator, "/v1/test/clock", &minute)
            .expect(200);
        let session = log_in(&bank, &li);
        let step = (1_780_970_400 + 3_600) / 60 + round;
        let payments = proved_payments(&bank, &session, &li.account, &device, step);
        let close = json!({"channel": "mobile", "open": false});
        let answers = thread::scope(|scope| {
            let paying = payments.each_ref().map(|payment| {
                let (bank, session) = (&bank, &session);
                scope.spawn(move || {
                    thread::sleep(Duration::from_micros(300 * round));
                    let mut client = bank.client();
                    let answer = client.post(session, "/v1/transfers", payment);
                    // Whatever became of it, afterwards nothing passes.
                    (answer.status, answer.code().to_owned())
                })
            });
            thread::sleep(Duration::from_millis(1));
            client.post(&session, &channels, &close).expect(201);
            paying.map(|each| each.join().unwrap())
        });
        for (status, code) in answers {
            assert!(
                status == 201 || code == "unauthenticated",
                "{status} {code}"
            );
            paid += u32::from(status == 201);
        }
        assert_eq!(balance(&bank, &li), format!("{}.00", 1_000 - paid));
        for payment in &payments {
            client
                .post(&session, "/v1/transfers", payment)
                .refused(401, "unauthenticated");
        }
        let open = json!({"channel": "mobile", "open": true, "identity_check": li.check});
        client
            .post(&bank.tokens.counter, &channels, &open)
            .expect(201);
    }
    println!("{paid} of 24 payments came before the channel was closed");
    assert_eq!(balance(&bank, &li), format!("{}.00", 1_000 - paid));
}
