//! Limits on how often anybody may ask, over HTTP. `rates.rs` of the crate has their arithmetic.

use std::{thread, time::Duration};

use serde_json::json;

use crate::{
    bank_process::{BankProcess, Response, balance, start},
    world::Resident,
};

/// Asks until it is refused: how often it passed, and the refusal.
fn until_refused(mut ask: impl FnMut() -> Response) -> (usize, Response) {
    for passed in 0..200 {
        let answer = ask();
        if answer.status == 429 {
            return (passed, answer);
        }
    }
    panic!("nobody is refused");
}

#[test]
fn a_customer_who_asks_too_often_waits_and_nobody_else_does() {
    let (_data, bank) = start("customer_rate=5");
    let hasty = Resident::settle(&bank, 1);
    let other = Resident::settle(&bank, 2);
    let path = format!("/v1/customers/{}/accounts", hasty.person.customer);
    let mut client = bank.client();
    let (passed, refusal) = until_refused(|| client.get(&hasty.sessions["mobile"], &path));
    // Three seconds' worth at once, and what the time of asking brings.
    assert!((15..60).contains(&passed), "{passed}");
    let refusal = refusal.refused(429, "rate_limited");
    let wait = refusal.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=3).contains(&wait), "{wait}");
    assert_eq!(refusal.body["effect"], "none");
    assert_eq!(refusal.body["retryable"], true);
    // Another session is the same customer; another customer and the bank's own terminals are not.
    client
        .get(&hasty.sessions["online"], &path)
        .refused(429, "rate_limited");
    let theirs = format!("/v1/customers/{}/accounts", other.person.customer);
    client.get(&other.sessions["mobile"], &theirs).expect(200);
    client.get(&bank.tokens.counter, &path).expect(200);
    thread::sleep(Duration::from_secs(wait));
    client.get(&hasty.sessions["online"], &path).expect(200);
}

#[test]
fn a_refused_write_has_no_effect_and_its_key_passes_later() {
    let (_data, bank) = start("customer_rate=5");
    let hasty = Resident::settle(&bank, 1);
    let mobile = &hasty.sessions["mobile"];
    let mut client = bank.client();
    let wishes = json!({"balance_changes": true, "log_ins": true});
    let path = "/v1/alerts/wishes";
    let (passed, _) = until_refused(|| client.post(mobile, path, &wishes));
    assert!(passed >= 15, "{passed}");
    let refused = client.post_with_key(mobile, "once", path, &wishes);
    let wait = refused.refused(429, "rate_limited");
    let wait = wait.header("retry-after").unwrap().parse().unwrap();
    thread::sleep(Duration::from_secs(wait));
    let first = client.post_with_key(mobile, "once", path, &wishes);
    let first = first.expect(201);
    assert_eq!(first.header("idempotent-replayed"), None);
    assert_eq!(balance(&bank, &hasty.person), "1000.00");
}

#[test]
fn guesses_of_one_address_are_slowed_down_before_a_log_in_and_watchmen_are_not() {
    let (_data, bank) = start("address_rate=5");
    let resident = Resident::settle(&bank, 1);
    let mut client = bank.client();
    let mut number = 0_u64;
    let (passed, refusal) = until_refused(|| {
        // Tokens that nobody holds and log-ins count together.
        number += 1;
        if number.is_multiple_of(2) {
            client.get(&format!("{number:064x}"), "/v1/sessions")
        } else {
            let credentials = json!({
                "customer": resident.person.customer,
                "password": format!("guess {number}"),
                "channel": "online",
            });
            client.post("", "/v1/sessions", &credentials)
        }
    });
    assert!(passed < 60, "{passed}");
    refusal.refused(429, "rate_limited");
    client.get("", "/openapi.json").refused(429, "rate_limited");
    for _ in 0..50 {
        client.get("", "/healthz").expect(200);
        client.get("", "/readyz").expect(200);
    }
    client.get("", "/metrics").expect(200);
    let session = &resident.sessions["mobile"];
    client.get(session, "/v1/sessions").expect(200);
}

#[test]
fn a_session_is_known_by_its_customer_after_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let bank = BankProcess::start(data.path(), "");
    let hasty = Resident::settle(&bank, 1);
    bank.send_terminate();
    assert!(bank.wait().success());
    let bank = BankProcess::start(data.path(), "customer_rate=5 address_rate=1");
    let mut client = bank.client();
    let session = &hasty.sessions["mobile"];
    let (passed, _) = until_refused(|| client.get(session, "/v1/sessions"));
    assert!(passed >= 15, "{passed}");
}

#[test]
fn without_a_test_there_are_limits_unless_they_are_switched_off() {
    let (_data, bank) = start("honest");
    let mut client = bank.client();
    until_refused(|| client.get("nobody", "/v1/sessions"));
    let (_data, bank) = start("honest customer_rate=0 address_rate=0");
    let mut client = bank.client();
    for _ in 0..300 {
        client
            .get("nobody", "/v1/sessions")
            .refused(401, "unauthenticated");
    }
}
