//! The API as its users meet it: a real server, real connections.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bank_process;

use std::thread;

use bank_process::{
    BankProcess, balance, fresh_key, log_in, new_person, new_rich_person, pay_by_sms, resident_id,
    start,
};
use serde_json::json;

#[test]
fn every_operation_does_what_its_row_of_the_documentation_says() {
    let (_data, bank) = start("");
    let (counter, atm, kiosk) = (&bank.tokens.counter, &bank.tokens.atm, &bank.tokens.kiosk);
    let mut client = bank.client();
    let li = new_person(&bank, 1);
    let wang = new_person(&bank, 2);

    let deposit = json!({"account": li.account, "amount": "100.5"});
    let answer = client.post(atm, "/v1/deposits", &deposit).expect(201);
    assert_eq!(answer.text("balance"), "100.50");
    assert_eq!(
        answer.header("x-journal-seq").unwrap(),
        answer.body["seq"].to_string()
    );
    assert!(answer.header("x-request-id").is_some());

    let withdrawal = json!({"account": li.account, "amount": "20"});
    let answer = client
        .post(counter, "/v1/withdrawals", &withdrawal)
        .expect(201);
    assert_eq!(answer.text("balance"), "80.50");

    let session = log_in(&bank, &li);
    let own = json!({"from": li.account, "to": wang.account, "amount": "30.25"});
    let answer = pay_by_sms(&mut client, &bank, &session, &own).expect(201);
    assert_eq!(answer.text("balance"), "50.25");
    assert!(answer.text("transfer").starts_with('T'));
    let other = json!({"from": li.account, "to": "6227001", "amount": "0.25", "bank": "CCB"});
    let answer = client.post(kiosk, "/v1/transfers", &other).expect(201);
    assert_eq!(answer.text("balance"), "50.00");
    let last_seq = answer.body["seq"].as_u64().unwrap();

    let losses = format!("/v1/cards/{}/loss-reports", li.card);
    client.post(&session, &losses, &json!({})).expect(201);
    client
        .post(kiosk, &losses, &json!({}))
        .refused(409, "card_already_lost");
    client
        .post(atm, "/v1/withdrawals", &withdrawal)
        .refused(422, "card_lost");
    let accounts = client.get(&session, &format!("/v1/customers/{}/accounts", li.customer));
    let expected = json!({"accounts": [
        {"account": li.account, "balance": "50.00", "card": li.card, "status": "lost"},
    ]});
    assert_eq!(accounts.expect(200).body, expected);
    let lifts = format!("/v1/cards/{}/loss-lifts", li.card);
    client
        .post(kiosk, &lifts, &json!({"identity_check": wang.check}))
        .refused(422, "identity_mismatch");
    client
        .post(kiosk, &lifts, &json!({"identity_check": li.check}))
        .expect(201);
    client
        .post(kiosk, &lifts, &json!({"identity_check": li.check}))
        .refused(409, "card_not_lost");
    client.post(atm, "/v1/withdrawals", &withdrawal).expect(201);

    let path = format!(
        "/v1/accounts/{}/entries?limit=3&min_seq={last_seq}",
        li.account
    );
    let history = client.get(&session, &path).expect(200);
    let lines: Vec<_> = history.body["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            (
                entry["operation"].as_str().unwrap(),
                entry["amount"].as_str().unwrap(),
            )
        })
        .collect();
    assert!(
        lines.contains(&("transfer_other_bank", "-0.25")),
        "{lines:?}"
    );
    assert!(
        lines.contains(&("transfer_own_bank", "-30.25")),
        "{lines:?}"
    );

    let trial = client
        .get(&bank.tokens.operator, "/v1/audit/trial-balance")
        .expect(200);
    assert_eq!(trial.text("sum"), "0.00");
    let rows: Vec<_> = trial.body["accounts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                row["account"].as_str().unwrap(),
                row["balance"].as_str().unwrap(),
            )
        })
        .filter(|(_, balance)| *balance != "0.00")
        .collect();
    // By hand: 100.50 in by machine, 20 out by each of counter and machine, 0.25 to another bank.
    let expected = [
        ("cash_counter", "20.00"),
        ("cash_atm", "-80.50"),
        ("settlement", "0.25"),
        ("customer_deposits", "60.25"),
    ];
    assert_eq!(rows, expected);
}

#[test]
fn a_log_out_ends_the_session_and_its_repetition_gets_the_first_answer() {
    let (_data, bank) = start("");
    let (li, wang) = (new_rich_person(&bank, 1, "9.00"), new_person(&bank, 2));
    let session = log_in(&bank, &li);
    let own = json!({"from": li.account, "to": wang.account, "amount": "1.00"});
    let mut client = bank.client();
    client
        .delete(&session, "out", "/v1/sessions/current")
        .expect(200);
    let again = client
        .delete(&session, "out", "/v1/sessions/current")
        .expect(200);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    client
        .delete(&session, "out again", "/v1/sessions/current")
        .refused(401, "unauthenticated");
    client
        .delete(&session, "out-again", "/v1/sessions/current")
        .refused(401, "unauthenticated");
    client
        .post(&session, "/v1/transfers", &own)
        .refused(401, "unauthenticated");
}

#[test]
fn a_history_is_searched_by_operation_direction_and_amount() {
    let data = tempfile::tempdir().unwrap();
    let bank = BankProcess::start(data.path(), "");
    let (li, wang) = (new_rich_person(&bank, 1, "100"), new_person(&bank, 2));
    let mut client = bank.client();
    let mut last = 0;
    for amount in ["1", "20", "3.50"] {
        let transfer = json!({"from": li.account, "to": wang.account, "amount": amount});
        let paid = client.post(&bank.tokens.kiosk, "/v1/transfers", &transfer);
        last = paid.expect(201).body["seq"].as_u64().unwrap();
    }
    let mut search = |what: &str| {
        let path = format!("/v1/accounts/{}/entries?min_seq={last}{what}", li.account);
        let page = client.get(&bank.tokens.kiosk, &path).expect(200).body;
        let entries = page["entries"].as_array().unwrap().clone();
        let amounts: Vec<String> = entries
            .iter()
            .map(|entry| entry["amount"].as_str().unwrap().to_owned())
            .collect();
        (amounts.join(" "), page["next"].clone())
    };
    for (what, expected) in [
        ("", "-3.50 -20.00 -1.00 100.00"),
        ("&direction=in", "100.00"),
        ("&direction=out", "-3.50 -20.00 -1.00"),
        ("&operation=deposit", "100.00"),
        ("&operation=wealth_redemption", ""),
        ("&min_amount=3.50", "-3.50 -20.00 100.00"),
        ("&max_amount=3.50", "-3.50 -1.00"),
        ("&min_amount=3.51&max_amount=20.00", "-20.00"),
        ("&operation=transfer_own_bank&max_amount=1", "-1.00"),
        ("&direction=in&max_amount=99.99", ""),
    ] {
        assert_eq!(search(what), (expected.to_owned(), json!(null)), "{what}");
    }
    let (first, next) = search("&direction=out&limit=2");
    assert_eq!(first, "-3.50 -20.00");
    let next = next.as_str().unwrap().to_owned();
    let rest = search(&format!("&direction=out&limit=2&cursor={next}"));
    assert_eq!(rest, ("-1.00".to_owned(), json!(null)));
}

#[test]
fn history_pages_from_the_newest_to_the_oldest_without_gap_or_repetition() {
    let (_data, bank) = start("");
    let person = new_person(&bank, 1);
    let mut client = bank.client();
    let mut last = 0;
    for number in 1..=7 {
        let deposit = json!({"account": person.account, "amount": format!("{number}.00")});
        let answer = client
            .post(&bank.tokens.atm, "/v1/deposits", &deposit)
            .expect(201);
        last = answer.body["seq"].as_u64().unwrap();
    }
    let mut amounts = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!(
            "/v1/accounts/{}/entries?limit=3&min_seq={last}{cursor}",
            person.account
        );
        let page = client.get(&bank.tokens.atm, &path).expect(200);
        for entry in page.body["entries"].as_array().unwrap() {
            amounts.push(entry["amount"].as_str().unwrap().to_owned());
        }
        match page.body["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(
        amounts,
        ["7.00", "6.00", "5.00", "4.00", "3.00", "2.00", "1.00"]
    );
    let future = format!(
        "/v1/accounts/{}/entries?min_seq={}",
        person.account,
        last + 1000
    );
    client
        .get(&bank.tokens.atm, &future)
        .refused(404, "seq_unknown");
}

#[test]
fn a_repeated_request_gets_the_first_answer_and_has_one_effect() {
    let (_data, bank) = start("");
    let person = new_rich_person(&bank, 1, "100.00");
    let atm = &bank.tokens.atm;
    let mut client = bank.client();
    let withdrawal = json!({"account": person.account, "amount": "40"});
    let first = client
        .post_with_key(atm, "once", "/v1/withdrawals", &withdrawal)
        .expect(201);
    assert_eq!(first.header("idempotent-replayed"), None);
    // The same amount in its other spelling is the same request.
    let same = json!({"amount": "40.00", "account": person.account});
    let second = client
        .post_with_key(atm, "once", "/v1/withdrawals", &same)
        .expect(201);
    assert_eq!(second.header("idempotent-replayed"), Some("true"));
    assert_eq!(second.body, first.body);
    assert_eq!(
        second.header("x-journal-seq"),
        first.header("x-journal-seq")
    );
    let other = json!({"account": person.account, "amount": "41"});
    client
        .post_with_key(atm, "once", "/v1/withdrawals", &other)
        .refused(422, "idempotency_key_reused");
    client
        .post_with_key(atm, "once", "/v1/deposits", &withdrawal)
        .refused(422, "idempotency_key_reused");
    assert_eq!(balance(&bank, &person), "60.00");

    // A refusal is frozen under its key even when the reason has gone.
    let much = json!({"account": person.account, "amount": "70"});
    client
        .post_with_key(atm, "much", "/v1/withdrawals", &much)
        .refused(422, "insufficient_funds");
    let deposit = json!({"account": person.account, "amount": "50"});
    client.post(atm, "/v1/deposits", &deposit).expect(201);
    let again = client.post_with_key(atm, "much", "/v1/withdrawals", &much);
    let again = again.refused(422, "insufficient_funds");
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    // Another owner's key is another key.
    let counter = &bank.tokens.counter;
    client
        .post_with_key(counter, "once", "/v1/withdrawals", &withdrawal)
        .expect(201);
    assert_eq!(balance(&bank, &person), "70.00");
}

#[test]
fn who_asks_decides_what_may_be_asked() {
    let (_data, bank) = start("");
    let li = new_rich_person(&bank, 1, "10.00");
    let wang = new_rich_person(&bank, 2, "10.00");
    let session = log_in(&bank, &li);
    let t = &bank.tokens;
    let mut client = bank.client();
    let identity = json!({"name": "A", "id_number": resident_id(3)});
    let sign_up = json!({"customer": li.customer, "identity_check": li.check});
    let cash = json!({"account": li.account, "amount": "1"});
    let transfer = json!({"from": li.account, "to": wang.account, "amount": "1"});
    let lift = json!({"identity_check": li.check});
    let lifts = format!("/v1/cards/{}/loss-lifts", li.card);
    let losses = format!("/v1/cards/{}/loss-reports", li.card);
    let posts = [
        ("/v1/identity-checks", &identity, "atm operator session"),
        (
            "/v1/customers",
            &json!({"identity_check": "I0", "phone": "12345"}),
            "atm operator session",
        ),
        ("/v1/cards", &sign_up, "atm operator session"),
        ("/v1/ebanking", &sign_up, "atm operator session"),
        (&lifts, &lift, "atm operator session"),
        (&losses, &json!({}), "atm operator"),
        ("/v1/deposits", &cash, "kiosk operator session"),
        ("/v1/withdrawals", &cash, "kiosk operator session"),
        ("/v1/transfers", &transfer, "atm operator"),
    ];
    for (path, body, forbidden) in posts {
        for (name, token) in [
            ("atm", &t.atm),
            ("kiosk", &t.kiosk),
            ("counter", &t.counter),
            ("operator", &t.operator),
            ("session", &session),
        ] {
            let answer = client.post(token, path, body);
            let refused = answer.status == 403;
            assert_eq!(
                refused,
                forbidden.contains(name),
                "{path} by {name}: {answer:?}"
            );
        }
        client
            .post("nobody", path, body)
            .refused(401, "unauthenticated");
        let anonymous = format!("POST {path} HTTP/1.1\r\nhost: bank\r\ncontent-length: 0\r\n\r\n");
        client
            .exchange(anonymous.as_bytes())
            .unwrap()
            .refused(401, "unauthenticated");
    }
    let gets = [
        "/v1/audit/records",
        "/v1/audit/trial-balance",
        "/v1/audit/accounts",
    ];
    for path in gets {
        client.get("nobody", path).refused(401, "unauthenticated");
        for token in [&t.atm, &t.kiosk, &t.counter, &session] {
            client.get(token, path).refused(403, "forbidden");
        }
        client.get(&t.operator, path).expect(200);
    }
    // In a session, what belongs to somebody else does not exist.
    let theirs = json!({"from": wang.account, "to": li.account, "amount": "1"});
    client
        .post(&session, "/v1/transfers", &theirs)
        .refused(404, "account_not_found");
    client
        .get(
            &session,
            &format!("/v1/customers/{}/accounts", wang.customer),
        )
        .refused(404, "customer_not_found");
    client
        .get(&session, &format!("/v1/accounts/{}/entries", wang.account))
        .refused(404, "account_not_found");
    let losses = format!("/v1/cards/{}/loss-reports", wang.card);
    client
        .post(&session, &losses, &json!({}))
        .refused(404, "card_not_found");
    let wrong = json!({"customer": li.customer, "device_token": session, "channel": "mobile"});
    client
        .post("", "/v1/sessions", &wrong)
        .refused(401, "wrong_credentials");
    let nobody = json!({"customer": "C000000000999", "device_token": session, "channel": "mobile"});
    client
        .post("", "/v1/sessions", &nobody)
        .refused(401, "wrong_credentials");
    client
        .delete(&t.counter, &fresh_key(), "/v1/sessions/current")
        .refused(403, "forbidden");
}

#[test]
fn of_many_withdrawals_of_the_whole_balance_exactly_one_passes() {
    let (_data, bank) = start("");
    let person = new_rich_person(&bank, 1, "500.00");
    let withdrawal = json!({"account": person.account, "amount": "500.00"});
    let statuses: Vec<u16> = thread::scope(|scope| {
        let racers: Vec<_> = (0..16)
            .map(|_| {
                scope.spawn(|| {
                    bank.client()
                        .post(&bank.tokens.atm, "/v1/withdrawals", &withdrawal)
                        .status
                })
            })
            .collect();
        racers
            .into_iter()
            .map(|racer| racer.join().unwrap())
            .collect()
    });
    assert_eq!(
        statuses.iter().filter(|status| **status == 201).count(),
        1,
        "{statuses:?}"
    );
    assert_eq!(
        statuses.iter().filter(|status| **status == 422).count(),
        15,
        "{statuses:?}"
    );
    assert_eq!(balance(&bank, &person), "0.00");

    // The same request sixteen times at once under one key: one effect, one answer for all.
    let deposit = json!({"account": person.account, "amount": "5.00"});
    let answers: Vec<_> = thread::scope(|scope| {
        let racers: Vec<_> = (0..16)
            .map(|_| {
                scope.spawn(|| {
                    bank.client()
                        .post_with_key(&bank.tokens.atm, "same", "/v1/deposits", &deposit)
                })
            })
            .collect();
        racers
            .into_iter()
            .map(|racer| racer.join().unwrap().expect(201).body)
            .collect()
    });
    assert!(
        answers.windows(2).all(|pair| pair[0] == pair[1]),
        "{answers:?}"
    );
    assert_eq!(balance(&bank, &person), "5.00");
}

#[test]
fn a_test_sets_the_clock_forward_and_never_behind_the_last_record() {
    let data = tempfile::tempdir().unwrap();
    let bank = BankProcess::start(data.path(), "clock=2026-06-09T09:00+08:00");
    let operator = &bank.tokens.operator;
    let mut client = bank.client();
    let li = new_person(&bank, 1);
    let at = json!({"business_time": "2026-06-09T10:00+08:00", "speed": 36.0});
    let answer = client.put(operator, "/v1/test/clock", &at).expect(200);
    assert!(
        answer
            .text("business_time")
            .starts_with("2026-06-09T10:00:0")
    );
    assert_eq!(answer.body["speed"], 36.0);
    let set = std::time::Instant::now();
    thread::sleep(std::time::Duration::from_millis(200));
    let deposit = json!({"account": li.account, "amount": "1.00"});
    client
        .post(&bank.tokens.atm, "/v1/deposits", &deposit)
        .expect(201);
    let longest = set.elapsed();
    let records = client
        .get(operator, "/v1/audit/records?after=3&limit=1")
        .expect(200);
    // 0.2 s at 36 times the speed are 7.2 s at least.
    let stamp: jiff::Timestamp = records.body["records"][0]["at"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let ten: jiff::Timestamp = "2026-06-09T10:00+08:00".parse().unwrap();
    let passed = stamp.duration_since(ten).as_secs_f64();
    assert!(
        (7.2..36.0 * longest.as_secs_f64() + 1.0).contains(&passed),
        "{passed} s in {longest:?}"
    );
    let ready = client.get("", "/readyz").expect(200);
    assert_eq!(ready.body["clock_speed"], 36.0);

    // The deposit is stamped later than this.
    client
        .put(operator, "/v1/test/clock", &at)
        .refused(422, "clock_backwards");
    let wrong = [
        json!({"business_time": "2026-06-09T10:00", "speed": 1.0}),
        json!({"business_time": "2026-06-09T11:00+08:00", "speed": 0.0}),
        json!({"business_time": "2026-06-09T11:00+08:00", "speed": 1e6}),
        json!({"business_time": "2026-06-09T11:00+08:00"}),
    ];
    for wrong in wrong {
        client
            .put(operator, "/v1/test/clock", &wrong)
            .refused(400, "invalid_body");
    }
    let later = json!({"business_time": "2026-06-10T00:00+08:00", "speed": 1.0});
    client
        .put(&bank.tokens.counter, "/v1/test/clock", &later)
        .refused(403, "forbidden");
    client
        .put("nobody", "/v1/test/clock", &later)
        .refused(401, "unauthenticated");
    client.put(operator, "/v1/test/clock", &later).expect(200);
}

#[test]
fn without_test_there_is_no_such_clock() {
    let data = tempfile::tempdir().unwrap();
    let bank = BankProcess::start(data.path(), "honest");
    let at = json!({"business_time": "2030-06-09T10:00+08:00", "speed": 1.0});
    bank.client()
        .put(&bank.tokens.operator, "/v1/test/clock", &at)
        .refused(404, "not_found");
}

#[test]
fn a_reading_of_history_holds_what_was_durable_when_it_was_asked() {
    let (_data, bank) = start("");
    let li = new_person(&bank, 1);
    let mut client = bank.client();
    for _ in 0..20 {
        let deposit = json!({"account": li.account, "amount": "1.00"});
        let seq = client.post(&bank.tokens.atm, "/v1/deposits", &deposit);
        let path = format!("/v1/accounts/{}/entries?limit=1", li.account);
        let newest = client.get(&bank.tokens.atm, &path).expect(200);
        assert_eq!(newest.body["entries"][0]["seq"], seq.body["seq"]);
    }
    // A record that does not exist is not waited for beyond patience, and delays nobody after it.
    let never = format!("/v1/accounts/{}/entries?min_seq=99999999", li.account);
    client
        .get(&bank.tokens.atm, &never)
        .refused(404, "seq_unknown");
}
