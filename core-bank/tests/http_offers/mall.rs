//! The mall over HTTP: money and points together.

use std::thread;

use serde_json::{Value, json};

use crate::{
    bank_process::{authorised_by_sms, balance, log_in, new_rich_person},
    list_goods, operator, start,
};

#[test]
fn an_order_is_paid_in_money_and_points_once_and_its_parcel_is_announced() {
    let (_folder, bank) = start("");
    let li = new_rich_person(&bank, 1, "500");
    let session = log_in(&bank, &li);
    let tea = list_goods(&bank, "100.00", 5);
    let mut client = bank.client();
    let order = |points: u32, amount: &str| {
        json!({"from": li.account, "goods": tea, "quantity": 1, "points": points,
               "amount": amount, "address": "聊城市东昌府区1号"})
    };
    let first = authorised_by_sms(&mut client, &bank, &session, &order(0, "100"));
    let answer = client.post_with_key(&session, "k1", "/v1/mall/orders", &first);
    let answer = answer.expect(201);
    assert_eq!(
        (answer.text("balance").as_str(), &answer.body["points"]),
        ("400.00", &json!(100))
    );
    let again = client.post_with_key(&session, "k1", "/v1/mall/orders", &first);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.body, answer.body);
    let second = authorised_by_sms(&mut client, &bank, &session, &order(100, "99"));
    let answer = client
        .post(&session, "/v1/mall/orders", &second)
        .expect(201);
    assert_eq!(
        (answer.text("balance").as_str(), &answer.body["points"]),
        ("301.00", &json!(99))
    );
    // The code was for goods to this address and no other.
    let mut third = authorised_by_sms(&mut client, &bank, &session, &order(0, "100"));
    third["address"] = json!("北京市");
    client
        .post(&session, "/v1/mall/orders", &third)
        .refused(422, "authorisation_mismatch");

    // Its money alone does not go back, with points in it or without.
    for record in [again.body["seq"].clone(), answer.body["seq"].clone()] {
        let wish = json!({"record": record, "kind": "refund", "reason": "?"});
        operator(&bank, "/v1/returns", &wish).refused(404, "payment_not_found");
    }
    let dispatch = format!("/v1/mall/orders/{}/dispatches", answer.text("order"));
    operator(&bank, &dispatch, &json!({"parcel": "SF1"})).expect(201);
    let orders = client.get(&session, "/v1/mall/orders?limit=1").expect(200);
    assert_eq!(orders.body["orders"][0]["parcel"], "SF1");
    assert_eq!(orders.body["orders"][0]["points"], 100);
    let next = format!("/v1/mall/orders?cursor={}", orders.text("next"));
    let rest = client.get(&session, &next).expect(200);
    assert_eq!(rest.body["orders"].as_array().unwrap().len(), 1);
    assert_eq!(rest.body["orders"][0]["parcel"], Value::Null);
    let points = client.get(&session, "/v1/points?limit=100").expect(200);
    let changes = points.body["entries"].as_array().unwrap().iter();
    let changes: Vec<_> = changes
        .map(|entry| entry["change"].as_i64().unwrap())
        .collect();
    assert_eq!(
        (changes, &points.body["points"]),
        (vec![99, -100, 100], &json!(99))
    );
    let alerts = client.get(&session, "/v1/alerts").expect(200);
    assert_eq!(alerts.body["alerts"][0]["kind"], "parcel");
    let goods = client.get(&session, "/v1/mall/goods").expect(200);
    assert_eq!(goods.body["goods"][0]["stock"], 3);
}

#[test]
fn points_are_spent_once_by_a_repeated_order_and_by_orders_that_contest_them() {
    let (_folder, bank) = start("");
    let li = new_rich_person(&bank, 1, "1000");
    let session = log_in(&bank, &li);
    let tea = list_goods(&bank, "100.00", 50);
    let mut client = bank.client();
    let order = |points: u32, amount: &str| {
        json!({"from": li.account, "goods": tea, "quantity": 1, "points": points,
               "amount": amount, "address": "聊城"})
    };
    let path = "/v1/mall/orders";
    let mut authorised =
        |points, amount| authorised_by_sms(&mut client, &bank, &session, &order(points, amount));
    let first = authorised(0, "100");
    bank.client().post(&session, path, &first).expect(201);
    // All four were authorised while the hundred points were there.
    let contesting = [(); 4].map(|()| authorised(100, "99"));
    let answers: Vec<_> = thread::scope(|scope| {
        let tries = contesting.each_ref().map(|wish| {
            let (bank, session) = (&bank, &session);
            scope.spawn(move || bank.client().post(session, path, wish))
        });
        tries.map(|each| each.join().unwrap()).into()
    });
    let passed = answers.iter().filter(|answer| answer.status == 201);
    assert_eq!(passed.count(), 1, "{answers:?}");
    let refused = answers
        .iter()
        .filter(|it| it.code() == "points_insufficient");
    assert_eq!(refused.count(), 3);
    let held = |client: &mut crate::bank_process::Client| {
        let points = client.get(&session, "/v1/points").expect(200);
        points.body["points"].as_i64().unwrap()
    };
    let mut client = bank.client();
    assert_eq!(held(&mut client), 99);
    assert_eq!(balance(&bank, &li), "801.00");
    // The same order with points in it, repeated by many at once under its key.
    let wish = authorised_by_sms(&mut client, &bank, &session, &order(99, "99.01"));
    let bodies: Vec<_> = thread::scope(|scope| {
        let repeats = [(); 8].map(|()| {
            let (bank, session, wish) = (&bank, &session, &wish);
            scope.spawn(move || {
                let answer = bank.client().post_with_key(session, "once", path, wish);
                answer.expect(201).body
            })
        });
        repeats.map(|each| each.join().unwrap()).into()
    });
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
    assert_eq!(held(&mut client), 99, "99 spent, 99 earned, once");
    assert_eq!(balance(&bank, &li), "701.99");
    let goods = client.get(&session, "/v1/mall/goods").expect(200);
    assert_eq!(goods.body["goods"][0]["stock"], 47);
}
