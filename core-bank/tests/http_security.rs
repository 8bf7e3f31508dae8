//! Locks, authorisation and sessions as their users meet them: a real server, real connections.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bank_process;

use std::thread;

use bank_process::{BankProcess, Client, balance, log_in, new_person, new_rich_person, pay_by_sms};
use ed25519_dalek::{Signer as _, SigningKey};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

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

/// The text that proofs are made over, as the documentation spells it.
fn text_of(id: &str, transfer: &Value) -> String {
    let part = |member: &str| transfer[member].as_str().unwrap_or_default();
    format!(
        "branchlab-transfer-1\n{id}\n{}\n{}\n{}\n{}\n",
        part("from"),
        part("bank"),
        part("to"),
        part("amount"),
    )
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2)
        .map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap())
        .collect()
}

/// What a device displays: RFC 6287 with the suite OCRA-1:HOTP-SHA256-6:QH64-T1M, by hand.
fn device_code(secret: &[u8], text: &str, step: u64) -> String {
    let mut message = b"OCRA-1:HOTP-SHA256-6:QH64-T1M\0".to_vec();
    message.extend(Sha256::digest(text.as_bytes()));
    message.extend([0; 96]);
    message.extend(step.to_be_bytes());
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    mac.update(&message);
    let hash = mac.finalize().into_bytes();
    let at = usize::from(hash[31] & 15);
    let word = u32::from_be_bytes(hash[at..at + 4].try_into().unwrap());
    format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
}

fn ask(client: &mut Client, session: &str, transfer: &Value, medium: &Value) -> String {
    let mut wish = transfer.clone();
    for (member, value) in medium.as_object().unwrap() {
        wish[member] = value.clone();
    }
    let asked = client
        .post(session, "/v1/authorisations", &wish)
        .expect(201);
    let id = asked.text("authorisation");
    assert_eq!(asked.text("text"), text_of(&id, transfer));
    id
}

#[test]
fn a_mobile_transfer_needs_a_code_and_the_code_is_for_this_transfer_alone() {
    let (_data, bank) = start("clock=2026-06-09T10:00+08:00");
    let (li, wang) = (new_rich_person(&bank, 1, "100"), new_person(&bank, 2));
    let session = log_in(&bank, &li);
    let mut client = bank.client();
    let transfer = json!({"from": li.account, "to": wang.account, "amount": "5.00"});
    client
        .post(&session, "/v1/transfers", &transfer)
        .refused(422, "authorisation_required");
    let tail = &li.account[13..];
    let sms = json!({"medium": "sms", "phone": "13800000000", "account_tail": tail});
    let id = ask(&mut client, &session, &transfer, &sms);
    let outbox = format!("/v1/test/outbox/{id}");
    client.get(&session, &outbox).refused(403, "forbidden");
    let message = client.get(&bank.tokens.operator, &outbox).expect(200);
    let code = message.text("code");
    assert_eq!(message.text("phone"), "13800000000");
    assert!(message.text("text").contains(&code));
    let with = |transfer: &Value, shown: Value| {
        let mut transfer = transfer.clone();
        transfer["authorisation"] = shown;
        transfer
    };
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let guess = with(&transfer, json!({"id": id, "code": wrong}));
    client
        .post(&session, "/v1/transfers", &guess)
        .refused(422, "code_wrong");
    let mut dearer = transfer.clone();
    dearer["amount"] = json!("50.00");
    let dearer = with(&dearer, json!({"id": id, "code": code}));
    client
        .post(&session, "/v1/transfers", &dearer)
        .refused(422, "authorisation_mismatch");
    let right = with(&transfer, json!({"id": id, "code": code}));
    let kiosk = &bank.tokens.kiosk;
    client
        .post(kiosk, "/v1/transfers", &right)
        .refused(400, "invalid_body");
    let paid = client.post(&session, "/v1/transfers", &right).expect(201);
    assert_eq!(paid.text("balance"), "95.00");
    client
        .post(&session, "/v1/transfers", &right)
        .refused(404, "authorisation_not_found");
    client
        .get(&bank.tokens.operator, &outbox)
        .refused(404, "authorisation_not_found");
    for shown in [
        json!({"id": id}),
        json!({"id": id, "code": 123_456}),
        json!({"id": id, "code": "123456", "signature": "00"}),
        json!({"id": id, "device": "00"}),
        json!({"id": id, "code": "123456", "pin": "1"}),
        json!("123456"),
        json!(null),
    ] {
        let bad = with(&transfer, shown);
        client
            .post(&session, "/v1/transfers", &bad)
            .refused(400, "invalid_body");
    }
    let nothing = with(&transfer, json!({"id": "A1", "code": ""}));
    client
        .post(&session, "/v1/transfers", &nothing)
        .refused(404, "authorisation_not_found");
    let shows = client.get(&session, &format!("/v1/customers/{}/limits", li.customer));
    assert_eq!(shows.expect(200).body["limits"][0]["used_today"], "5.00");
}

#[test]
fn a_device_shows_codes_and_a_shield_signs_for_amounts_that_messages_do_not_cover() {
    let (_data, bank) = start("clock=2026-06-09T10:00+08:00 speed=0.001");
    let li = new_rich_person(&bank, 1, "1000000");
    let session = log_in(&bank, &li);
    let mut client = bank.client();
    let present = json!({"customer": li.customer, "identity_check": li.check});
    let issued = client.post(&bank.tokens.counter, "/v1/media/devices", &present);
    let issued = issued.expect(201);
    let (serial, secret) = (issued.text("device"), unhex(&issued.text("secret")));
    let transfer =
        json!({"from": li.account, "to": "6227001", "bank": "CCB", "amount": "200000.00"});
    let medium = json!({"medium": "device", "device": serial});
    let id = ask(&mut client, &session, &transfer, &medium);
    // 10:00 in Shanghai on 9 June 2026 is 1780970400 seconds after 1970.
    let code = device_code(&secret, &text_of(&id, &transfer), 1_780_970_400 / 60);
    let mut paying = transfer.clone();
    paying["authorisation"] = json!({"id": id, "device": serial, "code": code});
    client.post(&session, "/v1/transfers", &paying).expect(201);
    let again = ask(&mut client, &session, &transfer, &medium);
    let code = device_code(&secret, &text_of(&again, &transfer), 1_780_970_400 / 60);
    paying["authorisation"] = json!({"id": again, "device": serial, "code": code});
    client
        .post(&session, "/v1/transfers", &paying)
        .refused(422, "code_replayed");

    let key = SigningKey::from_bytes(&[5; 32]);
    let public = hex(key.verifying_key().as_bytes());
    let mut registration = present;
    registration["public_key"] = json!("00".repeat(32));
    let shields = "/v1/media/shields";
    client
        .post(&bank.tokens.kiosk, shields, &registration)
        .refused(400, "invalid_body");
    registration["public_key"] = json!(public);
    client
        .post(&bank.tokens.kiosk, shields, &registration)
        .expect(201);
    let transfer =
        json!({"from": li.account, "to": "6227001", "bank": "CCB", "amount": "800000.00"});
    let medium = json!({"medium": "shield", "shield": public});
    let id = ask(&mut client, &session, &transfer, &medium);
    let mut paying = transfer.clone();
    let other = key.sign(text_of("A000000000001", &transfer).as_bytes());
    paying["authorisation"] =
        json!({"id": id, "shield": public, "signature": hex(&other.to_bytes())});
    client
        .post(&session, "/v1/transfers", &paying)
        .refused(422, "code_wrong");
    let own = key.sign(text_of(&id, &transfer).as_bytes());
    paying["authorisation"] =
        json!({"id": id, "shield": public, "signature": hex(&own.to_bytes())});
    client.post(&session, "/v1/transfers", &paying).expect(201);
    assert_eq!(balance(&bank, &li), "0.00");
}

#[test]
fn of_two_concurrent_transfers_whose_sum_exceeds_the_limit_exactly_one_passes() {
    let (_data, bank) = start("clock=2026-06-09T10:00+08:00");
    let (li, wang) = (new_rich_person(&bank, 1, "100000"), new_person(&bank, 2));
    let session = log_in(&bank, &li);
    let statuses: Vec<u16> = thread::scope(|scope| {
        let pay = || {
            let transfer = json!({"from": li.account, "to": wang.account, "amount": "5000.01"});
            pay_by_sms(&mut bank.client(), &bank, &session, &transfer).status
        };
        let both = [scope.spawn(pay), scope.spawn(pay)];
        both.map(|paying| paying.join().unwrap()).into()
    });
    let passed = statuses.iter().filter(|status| **status == 201).count();
    assert_eq!(passed, 1, "{statuses:?}");
    assert_eq!(balance(&bank, &wang), "5000.01");
}
