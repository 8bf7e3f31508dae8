//! The mall over HTTP: money and points together.

use serde_json::{Value, json};

use crate::{
    bank_process::{authorised_by_sms, log_in, new_rich_person},
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
