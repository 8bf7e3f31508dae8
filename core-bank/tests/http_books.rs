//! The bank's books over HTTP: the end of a day, what goes back, statements, closed accounts.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bank_process;

use bank_process::{balance, log_in, new_person, new_rich_person, pay_by_sms, start};
use serde_json::{Value, json};

#[test]
fn a_day_is_closed_over_http_once_and_the_books_show_it() {
    let (_data, bank) = start("clock=2026-06-09T10:00+08:00");
    let (li, wang) = (new_rich_person(&bank, 1, "1200000"), new_person(&bank, 2));
    let session = log_in(&bank, &li);
    let (mut client, operator) = (bank.client(), &bank.tokens.operator);
    let other = json!({"from": li.account, "to": "6227001", "bank": "CCB", "amount": "100"});
    let sent = pay_by_sms(&mut client, &bank, &session, &other).expect(201);
    let before_end = sent.body["seq"].as_u64().unwrap();
    let transfer = format!("/v1/transfers/{}", sent.text("transfer"));
    assert_eq!(
        client.get(operator, &transfer).expect(200).text("status"),
        "pending"
    );
    let day = json!({"day": "2026-06-09"});
    client
        .post(operator, "/v1/books/days", &day)
        .refused(422, "day_not_over");
    client
        .post(&session, "/v1/books/days", &day)
        .refused(403, "forbidden");
    client
        .post(operator, "/v1/books/days", &json!({"day": "2026-6-9"}))
        .refused(400, "invalid_body");
    let clock = json!({"business_time": "2026-06-10T00:10+08:00", "speed": 1.0});
    client.put(operator, "/v1/test/clock", &clock).expect(200);
    let next = json!({"from": li.account, "to": "6227001", "bank": "CCB", "amount": "1"});
    let next = client.post(&bank.tokens.counter, "/v1/transfers", &next);
    let next = format!("/v1/transfers/{}", next.expect(201).text("transfer"));
    let closed = client
        .post_with_key(operator, "end", "/v1/books/days", &day)
        .expect(201);
    assert_eq!(
        (closed.text("day"), closed.body["closed"].clone()),
        ("2026-06-09".into(), json!(true))
    );
    let again = client
        .post_with_key(operator, "end", "/v1/books/days", &day)
        .expect(201);
    assert_eq!(again.body, closed.body);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    client
        .post(operator, "/v1/books/days", &day)
        .refused(409, "day_closed");
    let mut shown = |path: &str| {
        let shown = client.get(operator, path).expect(200);
        (shown.text("business_day"), shown.text("status"))
    };
    let of = |day: &str, status: &str| (day.to_owned(), status.to_owned());
    assert_eq!(shown(&transfer), of("2026-06-09", "settled"));
    // Paid before the day was closed, but on the next.
    assert_eq!(shown(&next), of("2026-06-10", "pending"));

    let seq = closed.body["seq"].as_u64().unwrap();
    let chart = client.get(operator, "/v1/books/chart").expect(200);
    assert_eq!(chart.text("closed_day"), "2026-06-09");
    // 1,199,900 × 0.0030 / 360 = 9.9991…
    let path = format!("/v1/books/entries?account=deposit_interest_expense&min_seq={seq}");
    let entries = client.get(operator, &path).expect(200);
    assert_eq!(entries.body["entries"][0]["amount"], "-10.00");
    assert_eq!(entries.body["entries"][0]["operation"], "day_end");
    client
        .get(operator, "/v1/books/entries?account=cash")
        .refused(400, "invalid_query");
    client
        .get(&bank.tokens.counter, "/v1/books/chart")
        .refused(403, "forbidden");

    // The trial balance of then, and of now, which agrees with the one from memory.
    let then = format!("/v1/books/trial-balance?at_seq={before_end}");
    let then = client.get(operator, &then).expect(200);
    let row = |balance: &Value, name: &str| {
        let rows = balance["accounts"].as_array().unwrap();
        let found = rows.iter().find(|row| row["account"] == name);
        found.map_or("0.00".to_owned(), |row| {
            row["balance"].as_str().unwrap().to_owned()
        })
    };
    assert_eq!(then.text("sum"), "0.00");
    assert_eq!(row(&then.body, "settlement"), "100.00");
    assert_eq!(row(&then.body, "customer_deposits"), "1199900.00");
    let now = client.get(operator, "/v1/audit/trial-balance").expect(200);
    let seq = &now.body["seq"];
    let past = client
        .get(operator, &format!("/v1/books/trial-balance?at_seq={seq}"))
        .expect(200);
    for account in now.body["accounts"].as_array().unwrap() {
        let name = account["account"].as_str().unwrap();
        assert_eq!(
            row(&past.body, name),
            account["balance"].as_str().unwrap(),
            "{name}"
        );
    }
    assert_eq!(row(&now.body, "nostro"), "100.00");
    client
        .get(operator, "/v1/books/trial-balance?at_seq=99999999")
        .refused(404, "seq_unknown");
    assert_eq!(balance(&bank, &wang), "0.00");
}

#[test]
fn a_transfer_is_reversed_by_the_operator_and_the_reviewer_together() {
    let (_data, bank) = start("clock=2026-06-09T10:00+08:00");
    let (li, wang) = (new_rich_person(&bank, 1, "100"), new_person(&bank, 2));
    let session = log_in(&bank, &li);
    let (operator, reviewer) = (&bank.tokens.operator, &bank.tokens.reviewer);
    let mut client = bank.client();
    let own = json!({"from": li.account, "to": wang.account, "amount": "40"});
    let paid = pay_by_sms(&mut client, &bank, &session, &own).expect(201);
    let wish = json!({"record": paid.body["seq"], "kind": "reversal", "reason": "paid twice"});
    client
        .post(reviewer, "/v1/returns", &wish)
        .refused(403, "forbidden");
    client
        .post(&session, "/v1/returns", &wish)
        .refused(403, "forbidden");
    for record in [json!(1), json!(0), json!(9_999_999)] {
        let mut none = wish.clone();
        none["record"] = record;
        client
            .post(operator, "/v1/returns", &none)
            .refused(404, "payment_not_found");
    }
    let id = client
        .post(operator, "/v1/returns", &wish)
        .expect(201)
        .text("return");
    let waiting = client.get(reviewer, "/v1/returns").expect(200);
    assert_eq!(waiting.body["returns"][0]["return"], id);
    assert_eq!(waiting.body["returns"][0]["amount"], "40.00");
    let approve = format!("/v1/returns/{id}/approvals");
    client
        .post(operator, &approve, &json!({}))
        .refused(403, "forbidden");
    assert_eq!(balance(&bank, &li), "60.00");
    client
        .post_with_key(reviewer, "yes", &approve, &json!({}))
        .expect(201);
    client
        .post_with_key(reviewer, "yes", &approve, &json!({}))
        .expect(201);
    assert_eq!(
        (balance(&bank, &li), balance(&bank, &wang)),
        ("100.00".into(), "0.00".into())
    );
    client
        .post(reviewer, &approve, &json!({}))
        .refused(404, "return_not_found");
    let shown = client.get(
        &session,
        &format!("/v1/transfers/{}", paid.text("transfer")),
    );
    assert_eq!(shown.expect(200).text("returned"), "40.00");
    let rejected = format!("/v1/returns/{id}/rejections");
    client
        .post(reviewer, &rejected, &json!({}))
        .refused(404, "return_not_found");
    assert_eq!(
        client.get(operator, "/v1/returns").expect(200).body["returns"],
        json!([])
    );
}

#[test]
fn a_kiosk_shows_no_transfer_of_whoever_closed_kiosks() {
    let (_data, bank) = start("clock=2026-06-09T10:00+08:00");
    let (li, wang) = (new_rich_person(&bank, 1, "100"), new_person(&bank, 2));
    let (counter, kiosk) = (&bank.tokens.counter, &bank.tokens.kiosk);
    let session = log_in(&bank, &li);
    let mut client = bank.client();
    let transfer = json!({"from": li.account, "to": wang.account, "amount": "1"});
    let paid = client.post(counter, "/v1/transfers", &transfer).expect(201);
    let path = format!("/v1/transfers/{}", paid.text("transfer"));
    let close = |client: &mut bank_process::Client, of: &bank_process::Person| {
        let path = format!("/v1/customers/{}/channels", of.customer);
        let wish = json!({"channel": "kiosk", "open": false, "identity_check": of.check});
        client.post(counter, &path, &wish).expect(201);
    };
    close(&mut client, &li);
    // The payee may still ask for it there.
    client.get(kiosk, &path).expect(200);
    close(&mut client, &wang);
    client.get(kiosk, &path).refused(422, "channel_closed");
    client.get(counter, &path).expect(200);
    client.get(&session, &path).expect(200);
}

#[test]
fn a_statement_opens_and_closes_with_the_balances_of_its_days() {
    let (_data, bank) = start("clock=2026-05-31T23:50+08:00");
    let li = new_rich_person(&bank, 1, "100");
    let (mut client, operator, atm) = (bank.client(), &bank.tokens.operator, &bank.tokens.atm);
    let at = |time: &str| {
        let clock = json!({"business_time": time, "speed": 1.0});
        bank.client()
            .put(operator, "/v1/test/clock", &clock)
            .expect(200);
    };
    at("2026-06-01T00:00+08:00");
    let cash = |amount: &str| json!({"account": li.account, "amount": amount});
    client.post(atm, "/v1/withdrawals", &cash("30")).expect(201);
    at("2026-06-30T23:59+08:00");
    client.post(atm, "/v1/deposits", &cash("5")).expect(201);
    at("2026-07-01T00:00+08:00");
    let last = client.post(atm, "/v1/withdrawals", &cash("1")).expect(201);
    let seq = &last.body["seq"];
    let path = |query: &str| {
        format!(
            "/v1/accounts/{}/statements?{query}&min_seq={seq}",
            li.account
        )
    };
    let june = client
        .get(atm, &path("from=2026-06-01&to=2026-06-30&limit=1"))
        .expect(200);
    let expected = [
        ("opening_balance", "100.00"),
        ("closing_balance", "75.00"),
        ("credits", "5.00"),
        ("debits", "-30.00"),
    ];
    for (member, value) in expected {
        assert_eq!(june.text(member), value, "{member}");
    }
    assert_eq!(june.body["entries"][0]["amount"], "-30.00");
    let next = format!("from=2026-06-01&to=2026-06-30&cursor={}", june.text("next"));
    let rest = client.get(atm, &path(&next)).expect(200);
    assert_eq!(rest.body["entries"].as_array().unwrap().len(), 1);
    assert_eq!(rest.body["entries"][0]["amount"], "5.00");
    assert_eq!(rest.body["next"], Value::Null);
    for wrong in [
        "from=2026-06-30&to=2026-06-01",
        "from=2026-02-30&to=2026-06-01",
    ] {
        client.get(atm, &path(wrong)).refused(400, "invalid_query");
    }
    let stranger = log_in(&bank, &new_person(&bank, 2));
    client
        .get(&stranger, &path("from=2026-06-01&to=2026-06-30"))
        .refused(404, "account_not_found");
}

#[test]
fn a_closed_account_is_listed_as_closed_and_keeps_its_history() {
    let (_data, bank) = start("");
    let li = new_rich_person(&bank, 1, "12.34");
    let (mut client, counter) = (bank.client(), &bank.tokens.counter);
    let check = json!({"identity_check": li.check});
    client
        .post(
            &bank.tokens.kiosk,
            &format!("/v1/accounts/{}/closures", li.account),
            &check,
        )
        .refused(422, "balance_remaining");
    let closed = client.post(
        counter,
        &format!("/v1/accounts/{}/closures", li.account),
        &check,
    );
    let closed = closed.expect(201);
    assert_eq!(closed.text("paid_out"), "12.34");
    client
        .post(counter, &format!("/v1/cards/{}/closures", li.card), &check)
        .refused(422, "card_closed");
    let accounts = client.get(counter, &format!("/v1/customers/{}/accounts", li.customer));
    assert_eq!(accounts.expect(200).body["accounts"][0]["status"], "closed");
    let seq = &closed.body["seq"];
    let path = format!("/v1/accounts/{}/entries?min_seq={seq}", li.account);
    let entries = client.get(counter, &path).expect(200);
    assert_eq!(entries.body["entries"][0]["operation"], "account_closing");
    assert_eq!(entries.body["entries"][0]["balance_after"], "0.00");
    let deposit = json!({"account": li.account, "amount": "1"});
    client
        .post(counter, "/v1/deposits", &deposit)
        .refused(422, "account_closed");
}
