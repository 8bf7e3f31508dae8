//! Idempotency keys that memory has no room for: found on disk, for 24 hours of business time.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bank_process;

use bank_process::{BankProcess, Client, Person, Response, balance, new_person};
use serde_json::json;

fn deposit(bank: &BankProcess, client: &mut Client, person: &Person, number: u32) -> Response {
    let body = json!({"account": person.account, "amount": format!("{number}.00")});
    let key = format!("deposit-{number}");
    client.post_with_key(&bank.tokens.atm, &key, "/v1/deposits", &body)
}

fn set_clock(bank: &BankProcess, time: &str) {
    bank.client()
        .put(
            &bank.tokens.operator,
            "/v1/test/clock",
            &json!({"business_time": time, "speed": 1.0}),
        )
        .expect(200);
}

#[test]
fn a_key_is_known_for_a_day_however_few_memory_holds() {
    let data = tempfile::tempdir().unwrap();
    let options = "keys=4 clock=2026-06-09T10:00+08:00";
    let mut bank = BankProcess::start(data.path(), options);
    let person = new_person(&bank, 1);
    let mut client = bank.client();
    let first: Vec<String> = (1..=40)
        .map(|number| {
            deposit(&bank, &mut client, &person, number)
                .expect(201)
                .text("balance")
        })
        .collect();
    assert_eq!(balance(&bank, &person), "820.00");
    // Twice over, the second time after a kill, which takes what was in memory.
    for _ in 0..2 {
        for number in 1..=40 {
            let again = deposit(&bank, &mut client, &person, number).expect(201);
            assert_eq!(
                again.header("idempotent-replayed"),
                Some("true"),
                "{number}"
            );
            assert_eq!(again.text("balance"), first[number as usize - 1]);
        }
        let other = json!({"account": person.account, "amount": "7.77"});
        client
            .post_with_key(&bank.tokens.atm, "deposit-1", "/v1/deposits", &other)
            .refused(422, "idempotency_key_reused");
        assert_eq!(balance(&bank, &person), "820.00");
        bank.kill();
        bank = BankProcess::start(data.path(), options);
        client = bank.client();
    }
    set_clock(&bank, "2026-06-10T09:59:00+08:00");
    let again = deposit(&bank, &mut client, &person, 1).expect(201);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    set_clock(&bank, "2026-06-10T10:10:00+08:00");
    // A day later the key is free, and belongs to what it is used for now.
    for replayed in [None, Some("true")] {
        let once_more = deposit(&bank, &mut client, &person, 1).expect(201);
        assert_eq!(once_more.header("idempotent-replayed"), replayed);
        assert_eq!(once_more.text("balance"), "821.00");
    }
}
