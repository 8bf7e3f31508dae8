//! Social security over HTTP: a slow office and a steady one.

use std::{
    collections::BTreeSet,
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    bank_process::{BankProcess, Person, log_in, new_person},
    start,
};

fn hold_social_security_card(bank: &BankProcess, person: &Person) {
    let wish = json!({"customer": person.customer, "identity_check": person.check});
    let path = "/v1/social-security/cards";
    bank.client()
        .post(&bank.tokens.kiosk, path, &wish)
        .expect(201);
}

#[test]
fn a_slow_social_security_office_is_given_up_and_troubles_nobody_else() {
    let (_folder, bank) = start("slow=social_security_query=20s");
    let (li, wang) = (new_person(&bank, 1), new_person(&bank, 2));
    let (lis, wangs) = (log_in(&bank, &li), log_in(&bank, &wang));
    hold_social_security_card(&bank, &li);
    let path = "/v1/social-security/balance";
    // Who holds no card is told so at once.
    let began = Instant::now();
    bank.client()
        .get(&wangs, path)
        .refused(422, "social_security_card_missing");
    assert!(began.elapsed() < Duration::from_secs(1));
    thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let began = Instant::now();
            let answer = bank.client().get(&lis, path).refused(504, "office_timeout");
            assert_eq!(answer.body["retryable"], true);
            began.elapsed()
        });
        thread::sleep(Duration::from_millis(200));
        let began = Instant::now();
        let accounts = format!("/v1/customers/{}/accounts", li.customer);
        bank.client().get(&lis, &accounts).expect(200);
        assert!(began.elapsed() < Duration::from_secs(1));
        let took = asking.join().unwrap();
        let allowed = Duration::from_millis(1_990)..Duration::from_secs(4);
        assert!(allowed.contains(&took), "{took:?}");
    });
}

#[test]
fn a_card_holder_is_told_the_same_balance_each_time() {
    let (_folder, bank) = start("");
    let li = new_person(&bank, 1);
    hold_social_security_card(&bank, &li);
    let session = log_in(&bank, &li);
    let mut told: BTreeSet<String> = BTreeSet::new();
    for _ in 0..3 {
        let answer = bank.client().get(&session, "/v1/social-security/balance");
        told.insert(answer.expect(200).text("balance"));
    }
    assert_eq!(told.len(), 1);
    bank.client()
        .get(&bank.tokens.counter, "/v1/social-security/balance")
        .refused(403, "forbidden");
}
