//! What the messenger may do, terminated sessions, alerts and suspicious queries, under load.

use std::{
    collections::BTreeSet,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    bank_process::{
        BankProcess, Client, Person, Response, balance, fresh_key, log_in, new_person,
        new_rich_person, pay_by_sms,
    },
    start,
};

/// A session of the messenger, resumed by a device.
fn messenger(bank: &BankProcess, person: &Person) -> String {
    let wish = json!({"customer": person.customer, "identity_check": person.check});
    let mut client = bank.client();
    let device = client
        .post(&bank.tokens.kiosk, "/v1/ebanking", &wish)
        .expect(201);
    let credentials = json!({"customer": person.customer, "channel": "messenger",
                             "device_token": device.text("device_token")});
    client
        .post("", "/v1/sessions", &credentials)
        .expect(201)
        .text("session")
}

#[test]
fn the_messenger_does_simple_finance_and_no_more() {
    let (_folder, bank) = start("");
    let (li, wang) = (new_rich_person(&bank, 1, "100"), new_person(&bank, 2));
    let session = messenger(&bank, &li);
    let mut client = bank.client();
    let accounts = format!("/v1/customers/{}/accounts", li.customer);
    client.get(&session, &accounts).expect(200);
    client
        .get(&session, &format!("/v1/accounts/{}/entries", li.account))
        .expect(200);
    let transfer = json!({"from": li.account, "to": wang.account, "amount": "30"});
    pay_by_sms(&mut client, &bank, &session, &transfer).expect(201);
    assert_eq!(
        (balance(&bank, &li), balance(&bank, &wang)),
        ("70.00".into(), "30.00".into())
    );
    // Locks are set in the mobile bank, and the mall is not here.
    let locks = json!({"overseas": true, "places": null, "night": false, "pos_daily": null,
                       "overseas_card_not_present": false});
    client
        .post(&session, &format!("/v1/cards/{}/locks", li.card), &locks)
        .refused(403, "forbidden");
    let order = json!({"from": li.account, "goods": "G000000000001", "quantity": 1, "points": 0,
                       "amount": "1", "address": "a", "authorisation": {"id": "x", "code": "000000"}});
    client
        .post(&session, "/v1/mall/orders", &order)
        .refused(403, "forbidden");
}

#[test]
fn a_terminated_session_is_refused_as_soon_as_its_termination_is_answered() {
    let (_folder, bank) = start("");
    let li = new_rich_person(&bank, 1, "100");
    let thief = log_in(&bank, &li);
    let phone = messenger(&bank, &li);
    let sessions = bank.client().get(&phone, "/v1/sessions").expect(200);
    let found = sessions.body["sessions"].as_array().unwrap().iter();
    let id = found
        .filter(|row| row["current"] == false)
        .find_map(|row| row["session"].as_str())
        .unwrap();
    let accounts = format!("/v1/customers/{}/accounts", li.customer);
    // When each request of the thief was sent and answered, and whether it was served.
    let (served, answered) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    let (sent, done) = thread::scope(|scope| {
        for number in 0..8 {
            let (bank, thief, accounts) = (&bank, &thief, &accounts);
            let (served, answered) = (&served, &answered);
            scope.spawn(move || {
                let mut client = bank.client();
                let mut refusals = 0;
                while refusals < 3 || !answered.load(Ordering::Relaxed) {
                    let began = Instant::now();
                    let answer = match number % 2 {
                        0 => client.get(thief, accounts),
                        _ => client.post(thief, "/v1/check-ins", &json!({})),
                    };
                    let alive = answer.status != 401;
                    refusals += usize::from(!alive);
                    served.lock().unwrap().push((began, Instant::now(), alive));
                }
            });
        }
        thread::sleep(Duration::from_millis(100));
        let sent = Instant::now();
        let wish = json!({ "session": id });
        bank.client()
            .post(&phone, "/v1/sessions/terminations", &wish)
            .expect(201);
        let done = Instant::now();
        answered.store(true, Ordering::Relaxed);
        (sent, done)
    });
    let served = served.into_inner().unwrap();
    // Whatever was sent after the termination was answered is refused, without exception.
    let late = served
        .iter()
        .filter(|(began, _, alive)| *began > done && *alive)
        .count();
    assert_eq!(late, 0);
    assert!(
        served
            .iter()
            .any(|(began, _, alive)| *began < sent && *alive)
    );
    let refused = served.iter().filter(|(_, _, alive)| !alive);
    let first = refused.map(|(_, ended, _)| *ended).min().unwrap();
    eprintln!(
        "the termination took {:?}; the first refusal came {:?} after it was sent",
        done - sent,
        first.saturating_duration_since(sent)
    );
}

/// The alerts of all pages; `next` of a page is this parameter of the following one.
fn all_alerts(client: &mut Client, token: &str, first: &str, parameter: &str) -> Vec<Value> {
    let (mut alerts, mut path) = (Vec::new(), first.to_owned());
    loop {
        let page = client.get(token, &path).expect(200).body;
        alerts.extend(page["alerts"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(next) => path = format!("{first}&{parameter}={next}"),
            None => return alerts,
        }
    }
}

#[test]
fn a_subscriber_is_told_once_of_every_event_and_soon() {
    let (_folder, bank) = start("");
    let li = new_rich_person(&bank, 1, "1");
    let session = messenger(&bank, &li);
    let wishes = json!({"balance_changes": true, "log_ins": true});
    bank.client()
        .post(&session, "/v1/alerts/wishes", &wishes)
        .expect(201);
    let sign_up = json!({"customer": li.customer, "identity_check": li.check});
    let mut client = bank.client();
    let device = client.post(&bank.tokens.kiosk, "/v1/ebanking", &sign_up);
    let phone = json!({"customer": li.customer, "channel": "mobile",
                       "device_token": device.expect(201).text("device_token")});
    let (events, delays) = (Mutex::new(BTreeSet::new()), Mutex::new(Vec::new()));
    let told_once_of = |client: &mut Client, done: &Response, kind: &str| {
        let began = Instant::now();
        let seq = done.body["seq"].as_u64().unwrap();
        let inbox = format!("/v1/alerts?limit=100&min_seq={seq}");
        let alerts = client.get(&session, &inbox).expect(200);
        delays.lock().unwrap().push(began.elapsed());
        let told = alerts.body["alerts"].as_array().unwrap();
        let told: Vec<_> = told.iter().filter(|alert| alert["seq"] == seq).collect();
        assert_eq!(told.len(), 1);
        assert_eq!(told[0]["kind"], kind);
        events.lock().unwrap().insert(seq);
    };
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut client = bank.client();
                for _ in 0..20 {
                    let done = client.post("", "/v1/sessions", &phone).expect(201);
                    told_once_of(&mut client, &done, "log_in");
                    // Of sessions beyond sixteen the oldest would end.
                    let path = "/v1/sessions/current";
                    let left = client.delete(&done.text("session"), &fresh_key(), path);
                    left.expect(200);
                }
            });
        }
        for _ in 0..4 {
            scope.spawn(|| {
                let mut client = bank.client();
                for _ in 0..40 {
                    let deposit = json!({"account": li.account, "amount": "0.01"});
                    let done = client
                        .post(&bank.tokens.atm, "/v1/deposits", &deposit)
                        .expect(201);
                    told_once_of(&mut client, &done, "balance_change");
                }
            });
        }
    });
    let alerts = all_alerts(&mut client, &session, "/v1/alerts?limit=100", "cursor");
    let told: Vec<u64> = alerts
        .iter()
        .map(|alert| alert["seq"].as_u64().unwrap())
        .collect();
    let once: BTreeSet<u64> = told.iter().copied().collect();
    let events = events.into_inner().unwrap();
    assert_eq!((once.len(), told.len(), &once), (200, 200, &events));
    let mut delays = delays.into_inner().unwrap();
    delays.sort_unstable();
    let (p50, p99) = (delays[99], delays[197]);
    eprintln!("alerts were in the inbox {p50:?} (p50), {p99:?} (p99) after the event's answer");
    assert!(p99 < Duration::from_secs(1), "{p99:?}");
    let metrics = bank.client().get("", "/metrics").expect(200);
    let metrics = metrics.body.as_str().unwrap();
    assert!(
        metrics.contains("bank_alert_delay_seconds_count 200"),
        "{metrics}"
    );
}

#[test]
fn a_suspicious_query_shows_a_hundred_events_at_most() {
    let (_folder, bank) = start("");
    let li = new_rich_person(&bank, 1, "1");
    let session = log_in(&bank, &li);
    let mut client = bank.client();
    let transfer = json!({"from": li.account, "to": "62270001", "amount": "0.01", "bank": "CCB"});
    for _ in 0..130 {
        client
            .post(&session, "/v1/transfers", &transfer)
            .refused(422, "authorisation_required");
    }
    let path = "/v1/suspicious-events";
    client
        .get(&session, &format!("{path}?limit=101"))
        .refused(400, "invalid_query");
    let page = client
        .get(&session, &format!("{path}?limit=100"))
        .expect(200);
    assert_eq!(page.body["events"].as_array().unwrap().len(), 100);
    let rest = format!("{path}?limit=100&cursor={}", page.text("next"));
    let rest = client.get(&session, &rest).expect(200);
    assert_eq!(rest.body["events"].as_array().unwrap().len(), 30);
    assert_eq!(rest.body["next"], Value::Null);
}

#[test]
fn a_phone_in_wrong_hands_is_shut_out_from_any_session_and_in_person() {
    let (_folder, bank) = start("");
    let li = new_person(&bank, 1);
    let mut client = bank.client();
    let path = format!("/v1/customers/{}/device-removals", li.customer);
    let in_person = (
        bank.tokens.kiosk.clone(),
        json!({"identity_check": li.check}),
    );
    for (by, wish) in [(messenger(&bank, &li), json!({})), in_person] {
        let sign_up = json!({"customer": li.customer, "identity_check": li.check});
        let device = client.post(&bank.tokens.kiosk, "/v1/ebanking", &sign_up);
        let phone = json!({"customer": li.customer, "channel": "mobile",
                           "device_token": device.expect(201).text("device_token")});
        let thief = client.post("", "/v1/sessions", &phone).expect(201);
        let thief = thief.text("session");
        client
            .post(&thief, "/v1/check-ins", &json!({"campaign": "P1"}))
            .refused(404, "campaign_not_found");
        let removed = client.post_with_key(&by, "removal", &path, &wish);
        removed.expect(201);
        client
            .get(&thief, "/v1/sessions")
            .refused(401, "unauthenticated");
        client
            .post("", "/v1/sessions", &phone)
            .refused(401, "wrong_credentials");
        // Asked again, it is answered as before, though the session that asked is gone.
        let again = client.post_with_key(&by, "removal", &path, &wish);
        assert_eq!(again.header("idempotent-replayed"), Some("true"));
    }
}

#[test]
fn a_record_that_changes_two_accounts_tells_of_each_page_by_page() {
    let (_folder, bank) = start("");
    let li = new_rich_person(&bank, 1, "100");
    let session = log_in(&bank, &li);
    let mut client = bank.client();
    let wish = json!({"customer": li.customer, "identity_check": li.check});
    let second = client.post(&bank.tokens.counter, "/v1/cards", &wish);
    let second = second.expect(201).text("account");
    let wishes = json!({"balance_changes": true, "log_ins": false});
    client
        .post(&session, "/v1/alerts/wishes", &wishes)
        .expect(201);
    let transfer = json!({"from": li.account, "to": second, "amount": "30"});
    for _ in 0..2 {
        client
            .post(&bank.tokens.counter, "/v1/transfers", &transfer)
            .expect(201);
    }
    let alerts = all_alerts(&mut client, &session, "/v1/alerts?limit=1", "cursor");
    let told: Vec<_> = alerts
        .iter()
        .map(|alert| {
            let member = |name: &str| alert[name].as_str().unwrap().to_owned();
            (member("account"), member("amount"), member("balance_after"))
        })
        .collect();
    let change = |account: &str, amount: &str, left: &str| {
        (account.to_owned(), amount.to_owned(), left.to_owned())
    };
    let expected = [
        change(&second, "30.00", "60.00"),
        change(&li.account, "-30.00", "40.00"),
        change(&second, "30.00", "30.00"),
        change(&li.account, "-30.00", "70.00"),
    ];
    assert_eq!(told, expected);
    // The operator sees the same four, one a page.
    let operator = &bank.tokens.operator;
    let seen = all_alerts(&mut client, operator, "/v1/audit/alerts?limit=1", "after");
    assert_eq!(seen.len(), 4);
}

/// What a refused log-in tells, but for what names the request.
fn told(answer: Response) -> (u16, Value, Vec<String>) {
    let mut body = answer.body;
    body.as_object_mut().unwrap().remove("instance");
    let names = answer.headers.into_iter().map(|(name, _)| name);
    (answer.status, body, names.collect())
}

#[test]
fn limits_and_wrong_log_ins_are_suspicious_events_and_tell_a_stranger_nothing() {
    let (_folder, bank) = start("");
    let li = new_rich_person(&bank, 1, "20000");
    let session = log_in(&bank, &li);
    let mut client = bank.client();
    let transfer =
        json!({"from": li.account, "to": "62270001", "amount": "10000.01", "bank": "CCB"});
    pay_by_sms(&mut client, &bank, &session, &transfer).refused(422, "limit_per_transaction");
    let mut tries = |customer: &str, secret: &str, channel: &str| {
        let mut wish = json!({"customer": customer, "channel": channel});
        wish[secret] = json!("0123456789abcdef");
        told(client.post("", "/v1/sessions", &wish))
    };
    for (secret, channel) in [
        ("device_token", "mobile"),
        ("device_token", "online"),
        ("password", "messenger"),
    ] {
        let known = tries(&li.customer, secret, channel);
        assert_eq!(known, tries("C999999999999", secret, channel));
        assert_eq!(known.1["code"], "wrong_credentials");
    }
    let seen = client.get(&session, "/v1/suspicious-events").expect(200);
    let events = seen.body["events"].as_array().unwrap().iter();
    let events: Vec<_> = events
        .map(|event| {
            let member = |name: &str| event[name].as_str().unwrap().to_owned();
            [member("operation"), member("channel"), member("code")].join(" ")
        })
        .collect();
    assert_eq!(
        events,
        [
            "log_in messenger wrong_credentials",
            "log_in online wrong_credentials",
            "log_in mobile wrong_credentials",
            "transfer_other_bank mobile limit_per_transaction",
        ]
    );
}
