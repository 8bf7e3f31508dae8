//! Orders that are taken back, and vouchers that nobody has been issued, over HTTP.

use std::{collections::BTreeMap, sync::Mutex, thread};

use core_bank::verify;
use serde_json::{Value, json};

use crate::{
    bank_process::{
        BankProcess, Person, authorised_by_sms, balance, log_in, new_person, new_rich_person,
    },
    list_goods, operator, start,
};

/// What the books say, account by account.
fn books(bank: &BankProcess) -> BTreeMap<String, String> {
    let token = &bank.tokens.operator;
    let told = bank
        .client()
        .get(token, "/v1/audit/trial-balance")
        .expect(200);
    assert_eq!(told.text("sum"), "0.00");
    let text = |row: &Value, member: &str| row[member].as_str().unwrap().to_owned();
    let rows = told.body["accounts"].as_array().unwrap();
    rows.iter()
        .map(|row| (text(row, "account"), text(row, "balance")))
        .collect()
}

/// Points, and how many of the first goods there are.
fn held(bank: &BankProcess, session: &str) -> (Value, Value) {
    let mut client = bank.client();
    let points = client.get(session, "/v1/points").expect(200);
    let goods = client.get(session, "/v1/mall/goods").expect(200);
    (
        points.body["points"].clone(),
        goods.body["goods"][0]["stock"].clone(),
    )
}

/// Orders one of these goods: the answer.
fn order(
    bank: &BankProcess,
    (li, session): (&Person, &str),
    goods: &str,
    points: u32,
    amount: &str,
) -> Value {
    let mut client = bank.client();
    let wish = json!({"from": li.account, "goods": goods, "quantity": 1, "points": points,
        "amount": amount, "address": "聊城"});
    let wish = authorised_by_sms(&mut client, bank, session, &wish);
    client
        .post(session, "/v1/mall/orders", &wish)
        .expect(201)
        .body
}

fn cancellations(order: &Value) -> String {
    let order = order["order"].as_str().unwrap();
    format!("/v1/mall/orders/{order}/cancellations")
}

#[test]
fn a_cancelled_order_leaves_money_points_goods_and_books_as_they_were() {
    let (folder, bank) = start("");
    let li = new_rich_person(&bank, 1, "500");
    let session = log_in(&bank, &li);
    let tea = list_goods(&bank, "100.00", 5);
    order(&bank, (&li, &session), &tea, 0, "100");
    let before = (books(&bank), held(&bank, &session), balance(&bank, &li));
    let placed = order(&bank, (&li, &session), &tea, 50, "99.50");
    assert_eq!(held(&bank, &session), (json!(149), json!(3)));
    assert_ne!(books(&bank), before.0);

    let path = cancellations(&placed);
    let other = log_in(&bank, &new_person(&bank, 2));
    let mut client = bank.client();
    client
        .post(&other, &path, &json!({}))
        .refused(404, "order_not_found");
    let first = client
        .post_with_key(&session, "back", &path, &json!({}))
        .expect(201);
    assert_eq!(
        (
            first.text("order"),
            first.text("balance"),
            &first.body["points"]
        ),
        (
            placed["order"].as_str().unwrap().to_owned(),
            "400.00".to_owned(),
            &json!(100)
        )
    );
    let after = (books(&bank), held(&bank, &session), balance(&bank, &li));
    assert_eq!(after, before);
    let again = client.post_with_key(&session, "back", &path, &json!({}));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.body, first.body);
    client
        .post(&session, &path, &json!({}))
        .refused(409, "order_closed");
    client
        .post(&other, &path, &json!({}))
        .refused(404, "order_not_found");
    let after = (books(&bank), held(&bank, &session), balance(&bank, &li));
    assert_eq!(after, before);

    let sent = order(&bank, (&li, &session), &tea, 0, "100");
    let parcels = cancellations(&sent).replace("cancellations", "dispatches");
    operator(&bank, &parcels, &json!({"parcel": "SF1"})).expect(201);
    client
        .post(&session, &cancellations(&sent), &json!({}))
        .refused(409, "order_closed");
    let orders = client.get(&session, "/v1/mall/orders").expect(200);
    let status = |row: usize| orders.body["orders"][row]["status"].clone();
    assert_eq!(
        [status(0), status(1), status(2)],
        [json!("sent"), json!("cancelled"), json!("waiting")]
    );
    let points = client.get(&session, "/v1/points?limit=100").expect(200);
    let entries = points.body["entries"].as_array().unwrap().iter();
    let changes: Vec<_> = entries
        .map(|row| {
            (
                row["reason"].as_str().unwrap(),
                row["change"].as_i64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        changes,
        [
            ("mall_earned", 100),
            ("order_cancelled", -99),
            ("order_cancelled", 50),
            ("mall_earned", 99),
            ("mall_offset", -50),
            ("mall_earned", 100)
        ]
    );
    let after = format!(
        "/v1/audit/records?after={}&limit=1",
        first.body["seq"].as_u64().unwrap() - 1
    );
    let records = client.get(&bank.tokens.operator, &after).expect(200);
    let record = &records.body["records"][0];
    assert_eq!(record["operation"], "order_cancellation");
    assert_eq!(record["order"], placed["order"]);
    assert_eq!(record["customer"], json!(li.customer));
    let postings = record["postings"].as_array().unwrap().iter();
    let amounts: Vec<_> = postings
        .map(|line| line["amount"].as_str().unwrap())
        .collect();
    assert_eq!(amounts, ["99.50", "-100.00", "0.50"]);

    // Replayed, decided again, and started anew.
    let now = (books(&bank), held(&bank, &session), balance(&bank, &li));
    bank.kill();
    assert_eq!(verify(folder.path()).unwrap().decided_otherwise, None);
    let bank = BankProcess::start(folder.path(), crate::CLOCK);
    let replayed = (books(&bank), held(&bank, &session), balance(&bank, &li));
    assert_eq!(replayed, now);
}

#[test]
fn an_order_is_cancelled_or_sent_and_never_both() {
    let (_folder, bank) = start("");
    let li = new_rich_person(&bank, 1, "5000");
    let session = log_in(&bank, &li);
    let tea = list_goods(&bank, "100.00", 50);
    for _ in 0..6 {
        let before = (books(&bank), held(&bank, &session));
        let placed = order(&bank, (&li, &session), &tea, 0, "100");
        let ordered = (books(&bank), held(&bank, &session));
        let path = cancellations(&placed);
        let parcels = path.replace("cancellations", "dispatches");
        let answers = Mutex::new(Vec::new());
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let told = bank.client().post(&session, &path, &json!({}));
                    answers.lock().unwrap().push(("cancelled", told));
                });
            }
            scope.spawn(|| {
                let told = operator(&bank, &parcels, &json!({"parcel": "SF1"}));
                answers.lock().unwrap().push(("sent", told));
            });
        });
        let answers = answers.into_inner().unwrap();
        let passed: Vec<_> = answers
            .iter()
            .filter(|(_, told)| told.status == 201)
            .collect();
        assert_eq!(passed.len(), 1, "{answers:?}");
        for (what, told) in answers.iter().filter(|(_, told)| told.status != 201) {
            let code = if *what == "sent" {
                "order_not_found"
            } else {
                "order_closed"
            };
            assert_eq!(told.code(), code);
        }
        let after = (books(&bank), held(&bank, &session));
        let expected = if passed[0].0 == "sent" {
            ordered
        } else {
            before
        };
        assert_eq!(after, expected);
    }
}

#[test]
fn whose_order_the_operator_takes_back_is_told() {
    let (_folder, bank) = start("");
    let li = new_rich_person(&bank, 1, "500");
    let session = log_in(&bank, &li);
    let tea = list_goods(&bank, "100.00", 5);
    let placed = order(&bank, (&li, &session), &tea, 0, "100");
    operator(&bank, &cancellations(&placed), &json!({})).expect(201);
    assert_eq!(balance(&bank, &li), "500.00");
    let alerts = bank.client().get(&session, "/v1/alerts").expect(200);
    assert_eq!(alerts.body["alerts"][0]["kind"], "cancellation");
    let own = order(&bank, (&li, &session), &tea, 0, "100");
    let mut client = bank.client();
    client
        .post(&session, &cancellations(&own), &json!({}))
        .expect(201);
    let alerts = client.get(&session, "/v1/alerts").expect(200);
    assert_eq!(alerts.body["alerts"].as_array().unwrap().len(), 1);
}

#[test]
fn vouchers_that_nobody_has_go_back_wherever_they_were_bought() {
    let (_folder, bank) = start("");
    let (firm, li) = (new_rich_person(&bank, 1, "1000"), new_person(&bank, 2));
    let session = log_in(&bank, &firm);
    let before = books(&bank);
    let wish = json!({"from": firm.account, "kind": "voucher", "face_value": "100", "count": 4,
        "amount": "400"});
    let mut client = bank.client();
    let (counter, reviewer) = (&bank.tokens.counter, &bank.tokens.reviewer);
    let at_counter = client
        .post(counter, "/v1/welfare/batches", &wish)
        .expect(201);
    let authorised = authorised_by_sms(&mut client, &bank, &session, &wish);
    let in_session = client
        .post(&session, "/v1/welfare/batches", &authorised)
        .expect(201);
    let issues = format!("/v1/welfare/batches/{}/issues", at_counter.text("batch"));
    client
        .post(counter, &issues, &json!({"to": [li.customer]}))
        .expect(201);
    assert_eq!(balance(&bank, &firm), "200.00");
    for (bought, left) in [(at_counter, "500.00"), (in_session, "900.00")] {
        let wish = json!({"record": bought.body["seq"], "kind": "refund", "reason": "fewer came"});
        let proposed = operator(&bank, "/v1/returns", &wish).expect(201);
        let approvals = format!("/v1/returns/{}/approvals", proposed.text("return"));
        operator(&bank, &approvals, &json!({})).refused(403, "forbidden");
        client.post(reviewer, &approvals, &json!({})).expect(201);
        assert_eq!(balance(&bank, &firm), left);
        operator(&bank, "/v1/returns", &wish).refused(422, "return_too_large");
    }
    client
        .post(counter, &issues, &json!({"to": [firm.customer]}))
        .refused(422, "batch_exhausted");
    let mut owed = before;
    owed.insert("welfare_vouchers".to_owned(), "100.00".to_owned());
    owed.insert("customer_deposits".to_owned(), "900.00".to_owned());
    assert_eq!(books(&bank), owed, "the one that Li has is still owed");
}
