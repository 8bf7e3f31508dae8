//! Locks, authorisation and sessions as their users meet them: a real server, real connections.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bank_process;

use bank_process::{BankProcess, log_in, new_person, new_rich_person};
use serde_json::json;

fn start(options: &str) -> (tempfile::TempDir, BankProcess) {
    let data = tempfile::tempdir().unwrap();
    let bank = BankProcess::start(data.path(), options);
    (data, bank)
}

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
