//! Bills, wealth products, loans and what their subscribers are told, as users meet them over HTTP.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bank_process;

use std::thread;

use bank_process::{BankProcess, log_in, new_person, new_rich_person, pay_by_sms_at, start};
use serde_json::{Value, json};

fn bill(from: &str, biller: &str, amount: &str) -> Value {
    let bill = json!({"kind": "electricity", "biller": biller, "reference": "3715-0001"});
    json!({"from": from, "bill": bill, "amount": amount})
}

#[test]
fn a_bill_is_paid_at_the_kiosk_and_out_of_a_session_with_a_code() {
    let (_data, bank) = start("clock=2026-06-09T10:00+08:00");
    let li = new_rich_person(&bank, 1, "100");
    let session = log_in(&bank, &li);
    let mut client = bank.client();
    let billers = client.get(&session, "/v1/billers").expect(200);
    let listed = billers.body["billers"].as_array().unwrap();
    let lists = |kind: &str| listed.iter().any(|biller| biller["kind"] == kind);
    assert!(
        ["electricity", "broadband", "telecom", "tuition"]
            .map(lists)
            .iter()
            .all(|is| *is)
    );

    let wish = bill(&li.account, "lc-power", "30.50");
    let paid = client
        .post(&bank.tokens.kiosk, "/v1/bill-payments", &wish)
        .expect(201);
    assert_eq!(paid.text("balance"), "69.50");
    client
        .post(&session, "/v1/bill-payments", &wish)
        .refused(422, "authorisation_required");
    let paid = pay_by_sms_at("/v1/bill-payments", &mut client, &bank, &session, &wish).expect(201);
    assert_eq!(paid.text("balance"), "39.00");
    let path = format!("/v1/transfers/{}", paid.text("transfer"));
    let shown = client.get(&session, &path).expect(200);
    assert_eq!(shown.text("status"), "pending");
    assert_eq!(shown.text("to"), "lc-power/3715-0001");
    let stranger = log_in(&bank, &new_person(&bank, 2));
    client
        .get(&stranger, &path)
        .refused(404, "payment_not_found");
    client
        .get(&session, "/v1/transfers/T000000000001")
        .refused(404, "payment_not_found");

    let unknown = bill(&li.account, "nobody", "1");
    client
        .post(&bank.tokens.kiosk, "/v1/bill-payments", &unknown)
        .refused(404, "biller_not_found");
    let mut school = unknown.clone();
    school["bill"]["kind"] = json!("tuition");
    client
        .post(&bank.tokens.counter, "/v1/bill-payments", &school)
        .refused(422, "school_not_listed");
    for (member, wrong) in [
        ("kind", json!("gas")),
        ("biller", json!("LC POWER")),
        ("reference", json!("")),
        ("reference", json!("1\n2")),
        ("extra", json!(1)),
    ] {
        let mut body = wish.clone();
        body["bill"][member] = wrong;
        client
            .post(&bank.tokens.kiosk, "/v1/bill-payments", &body)
            .refused(400, "invalid_body");
    }
    // One text names one payee.
    let mut both = wish.clone();
    both["medium"] = json!("sms");
    both["phone"] = json!("13800000000");
    both["account_tail"] = json!(li.account[13..]);
    both["to"] = json!(li.account);
    client
        .post(&session, "/v1/authorisations", &both)
        .refused(400, "invalid_body");
}

/// Authorises a payment, and returns its body with the proof.
fn authorised(bank: &BankProcess, session: &str, payment: &Value) -> Value {
    let mut client = bank.client();
    let from = payment["from"].as_str().unwrap();
    let mut wish = payment.clone();
    wish["medium"] = json!("sms");
    wish["phone"] = json!("13800000000");
    wish["account_tail"] = json!(from[from.len() - 6..]);
    let id = client
        .post(session, "/v1/authorisations", &wish)
        .expect(201)
        .text("authorisation");
    let sent = client
        .get(&bank.tokens.operator, &format!("/v1/test/outbox/{id}"))
        .expect(200);
    let mut body = payment.clone();
    body["authorisation"] = json!({"id": id, "code": sent.text("code")});
    body
}

#[test]
fn of_two_payments_at_once_whose_sum_exceeds_the_days_limit_exactly_one_passes() {
    let (_data, bank) = start("clock=2026-06-09T10:00+08:00");
    for round in 0..8 {
        let (li, wang) = (
            new_rich_person(&bank, 10 + round, "50000"),
            new_person(&bank, 100 + round),
        );
        let session = log_in(&bank, &li);
        let own = json!({"from": li.account, "to": wang.account, "amount": "6000"});
        let other = json!({"from": li.account, "to": "6227001", "bank": "CCB", "amount": "5000"});
        let electricity = bill(&li.account, "lc-power", "4000.01");
        let pairs = [
            (
                ("/v1/transfers", own.clone()),
                ("/v1/bill-payments", electricity.clone()),
            ),
            (("/v1/transfers", own.clone()), ("/v1/transfers", other)),
            (("/v1/bill-payments", electricity), ("/v1/transfers", own)),
        ];
        let (first, second) = pairs[round as usize % 3].clone();
        let ready =
            [first, second].map(|(path, payment)| (path, authorised(&bank, &session, &payment)));
        let told = thread::scope(|scope| {
            let asked = ready.map(|(path, body)| {
                let (bank, session) = (&bank, &session);
                scope.spawn(move || {
                    let answer = bank.client().post(session, path, &body);
                    match answer.status {
                        201 => "paid".to_owned(),
                        _ => answer.code().to_owned(),
                    }
                })
            });
            let mut told = asked.map(|asked| asked.join().unwrap());
            told.sort();
            told
        });
        assert_eq!(told, ["limit_daily", "paid"]);
    }
}

#[test]
fn wealth_products_are_launched_bought_valued_and_sold() {
    let (_data, bank) = start("");
    let li = new_rich_person(&bank, 1, "10000");
    let session = log_in(&bank, &li);
    let operator = &bank.tokens.operator;
    let mut client = bank.client();
    let none = client.get(&session, "/v1/wealth/products").expect(200);
    assert_eq!(none.body, json!({"products": []}));
    let launch = json!({"product": "W1", "name": "增利", "minimum": "100", "quota": "8000"});
    client
        .post(operator, "/v1/wealth/products", &launch)
        .expect(201);
    client
        .post(operator, "/v1/wealth/products", &launch)
        .refused(409, "product_exists");
    client
        .post(&session, "/v1/wealth/products", &launch)
        .refused(403, "forbidden");
    let buy = json!({"account": li.account, "product": "W1", "amount": "5000"});
    let bought = client
        .post(&session, "/v1/wealth/subscriptions", &buy)
        .expect(201);
    assert_eq!(
        (bought.text("units"), bought.text("balance")),
        ("5000.00".into(), "5000.00".into())
    );
    client
        .post(&session, "/v1/wealth/subscriptions", &buy)
        .refused(422, "quota_exhausted");
    let value = json!({"net_asset_value": "1.0234"});
    client
        .post(operator, "/v1/wealth/products/W1/values", &value)
        .expect(201);
    client
        .post(operator, "/v1/wealth/products/W2/values", &value)
        .refused(404, "product_not_found");
    for wrong in [json!("1.00001"), json!(1.5), json!("0"), json!("1e3")] {
        client
            .post(
                operator,
                "/v1/wealth/products/W1/values",
                &json!({"net_asset_value": wrong}),
            )
            .refused(400, "invalid_body");
    }
    let held = client
        .get(&session, &format!("/v1/customers/{}/wealth", li.customer))
        .expect(200);
    assert_eq!(
        held.body,
        json!({"holdings": [{"product": "W1", "name": "增利", "units": "5000.00",
            "net_asset_value": "1.0234", "worth": "5117.00"}]})
    );
    let sell = json!({"account": li.account, "product": "W1", "units": "1000"});
    let sold = client
        .post(&session, "/v1/wealth/redemptions", &sell)
        .expect(201);
    assert_eq!(
        (sold.text("amount"), sold.text("balance")),
        ("1023.40".into(), "6023.40".into())
    );
    let wang = new_person(&bank, 2);
    client
        .get(&session, &format!("/v1/customers/{}/wealth", wang.customer))
        .refused(404, "customer_not_found");
}

#[test]
fn of_two_subscriptions_at_once_only_one_gets_the_last_of_the_quota() {
    let (_data, bank) = start("");
    let people = [1, 2].map(|number| new_rich_person(&bank, number, "1000"));
    let launch = json!({"product": "W1", "name": "w", "minimum": "1", "quota": "1000"});
    bank.client()
        .post(&bank.tokens.operator, "/v1/wealth/products", &launch)
        .expect(201);
    let told = thread::scope(|scope| {
        let asked = people.each_ref().map(|person| {
            let bank = &bank;
            scope.spawn(move || {
                let buy = json!({"account": person.account, "product": "W1", "amount": "600"});
                let counter = &bank.tokens.counter;
                bank.client()
                    .post(counter, "/v1/wealth/subscriptions", &buy)
                    .status
            })
        });
        let mut told = asked.map(|asked| asked.join().unwrap());
        told.sort_unstable();
        told
    });
    assert_eq!(told, [201, 422]);
}

#[test]
fn a_loan_is_applied_for_drawn_and_repaid() {
    let (_data, bank) = start("clock=2026-01-31T10:00+08:00");
    let li = new_rich_person(&bank, 1, "1000");
    let session = log_in(&bank, &li);
    let mut client = bank.client();
    let apply = |amount: &str, months: u16| json!({"account": li.account, "amount": amount, "months": months});
    client
        .post(&session, "/v1/loans", &apply("999", 3))
        .refused(422, "loan_terms");
    client
        .post(
            &session,
            "/v1/loans",
            &json!({"account": li.account, "amount": "1200", "months": "3"}),
        )
        .refused(400, "invalid_body");
    let declined = client
        .post(&session, "/v1/loans", &apply("20000", 12))
        .expect(201);
    assert_eq!(declined.text("decision"), "declined");
    assert_eq!(declined.text("reason"), "deposits_too_small");
    let approved = client
        .post(&session, "/v1/loans", &apply("1200", 3))
        .expect(201);
    assert_eq!(approved.text("decision"), "approved");
    let loan = approved.text("loan");
    let post = |client: &mut bank_process::Client, what: &str| {
        client.post(&session, &format!("/v1/loans/{loan}/{what}"), &json!({}))
    };
    // What the approval rested on is gone, and comes back.
    let counter = &bank.tokens.counter;
    let cash = json!({"account": li.account, "amount": "880.01"});
    client.post(counter, "/v1/withdrawals", &cash).expect(201);
    post(&mut client, "draws").refused(422, "loan_not_covered");
    client.post(counter, "/v1/deposits", &cash).expect(201);
    assert_eq!(
        post(&mut client, "draws").expect(201).text("balance"),
        "2200.00"
    );
    // Borrowed money carries no further loan: 1,000 of the customer's own carry 10,000 in all.
    let declined = client
        .post(&session, "/v1/loans", &apply("8800.01", 12))
        .expect(201);
    assert_eq!(declined.text("reason"), "deposits_too_small");
    let list = format!("/v1/customers/{}/loans", li.customer);
    let shown = client.get(&session, &list).expect(200).body;
    let shown = &shown["loans"][0];
    assert_eq!(
        (&shown["status"], &shown["outstanding"]),
        (&json!("drawn"), &json!("1200.00"))
    );
    assert_eq!(
        shown["schedule"],
        json!([
            {"number": 1, "due": "2026-02-28", "principal": "398.55", "interest": "4.35", "paid": false},
            {"number": 2, "due": "2026-03-31", "principal": "399.99", "interest": "2.91", "paid": false},
            {"number": 3, "due": "2026-04-30", "principal": "401.46", "interest": "1.46", "paid": false},
        ])
    );
    assert_eq!(
        post(&mut client, "repayments").expect(201).text("balance"),
        "1797.10"
    );
    post(&mut client, "repayments").refused(422, "instalment_not_due");
    assert_eq!(
        post(&mut client, "early-repayments")
            .expect(201)
            .text("balance"),
        "995.65"
    );
    post(&mut client, "early-repayments").refused(404, "loan_not_found");
    assert_eq!(
        client.get(&session, &list).expect(200).body,
        json!({"loans": []})
    );
}

#[test]
fn whoever_has_no_account_registers_logs_in_and_sees_empty_lists() {
    let (_data, bank) = start("");
    let (mut client, kiosk) = (bank.client(), &bank.tokens.kiosk);
    let identity = json!({"name": "王芳", "id_number": bank_process::resident_id(7)});
    let check = client
        .post(kiosk, "/v1/identity-checks", &identity)
        .expect(201)
        .text("identity_check");
    let wish = json!({"identity_check": check, "phone": "13900000000"});
    let customer = client
        .post(kiosk, "/v1/customers", &wish)
        .expect(201)
        .text("customer");
    let wish = json!({"customer": customer, "identity_check": check});
    let device = client
        .post(kiosk, "/v1/ebanking", &wish)
        .expect(201)
        .text("device_token");
    let wish = json!({"customer": customer, "device_token": device, "channel": "mobile"});
    let session = client
        .post("", "/v1/sessions", &wish)
        .expect(201)
        .text("session");
    for (what, list) in [
        ("accounts", "accounts"),
        ("wealth", "holdings"),
        ("loans", "loans"),
    ] {
        let path = format!("/v1/customers/{customer}/{what}");
        assert_eq!(
            client.get(&session, &path).expect(200).body,
            json!({list: []})
        );
    }
    let events = client.get(&session, "/v1/suspicious-events").expect(200);
    assert_eq!(events.body, json!({"events": [], "next": null}));
}

#[test]
fn a_subscriber_is_told_once_of_each_change_by_a_product() {
    let (_data, bank) = start("clock=2026-01-31T10:00+08:00");
    let li = new_rich_person(&bank, 1, "1000");
    let session = log_in(&bank, &li);
    let (mut client, operator) = (bank.client(), &bank.tokens.operator);
    let wishes = json!({"balance_changes": true, "log_ins": false});
    client
        .post(&session, "/v1/alerts/wishes", &wishes)
        .expect(201);
    let launch = json!({"product": "W1", "name": "w", "minimum": "1", "quota": "1000"});
    client
        .post(operator, "/v1/wealth/products", &launch)
        .expect(201);
    let buy = json!({"account": li.account, "product": "W1", "amount": "10"});
    client
        .post(&session, "/v1/wealth/subscriptions", &buy)
        .expect(201);
    let wish = json!({"account": li.account, "amount": "1200", "months": 3});
    let loan = client
        .post(&session, "/v1/loans", &wish)
        .expect(201)
        .text("loan");
    client
        .post(&session, &format!("/v1/loans/{loan}/draws"), &json!({}))
        .expect(201);
    let electricity = bill(&li.account, "lc-power", "5");
    client
        .post(&bank.tokens.kiosk, "/v1/bill-payments", &electricity)
        .expect(201);
    let clock = json!({"business_time": "2026-03-01T00:10+08:00", "speed": 1.0});
    client.put(operator, "/v1/test/clock", &clock).expect(200);
    let ended = client
        .post(operator, "/v1/books/days", &json!({"day": "2026-02-28"}))
        .expect(201);
    let session = log_in(
        &bank,
        &bank_process::Person {
            check: client
                .post(
                    &bank.tokens.counter,
                    "/v1/identity-checks",
                    &json!({"name": "李明", "id_number": bank_process::resident_id(1)}),
                )
                .expect(201)
                .text("identity_check"),
            ..li
        },
    );
    let alerts = client
        .get(
            &session,
            &format!("/v1/alerts?min_seq={}", ended.body["seq"]),
        )
        .expect(200);
    let told: Vec<_> = alerts.body["alerts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|alert| {
            (
                alert["operation"].as_str().unwrap(),
                alert["amount"].as_str().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("day_end", "-402.90"),
        ("bill_payment", "-5.00"),
        ("loan_draw", "1200.00"),
        ("wealth_subscription", "-10.00"),
    ];
    assert_eq!(told, expected, "newest first");
}
