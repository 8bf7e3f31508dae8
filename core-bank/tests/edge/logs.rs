//! What the log says, at its most talkative, and what it never says.

use std::fs;

use serde_json::{Value, json};

use crate::{
    bank_process::{BankProcess, new_person, pay_by_sms, post_bytes, resident_id},
    world::{LOG_IN_CHANNELS, Resident},
};

#[test]
fn every_request_is_one_line_of_json_and_no_secret_and_no_personal_data_is_in_any() {
    let data = tempfile::tempdir().unwrap();
    let log = tempfile::NamedTempFile::new().unwrap();
    let options = format!("log={}", log.path().display());
    let bank = BankProcess::start(data.path(), &options);
    let mut secrets = everything_that_is_secret(&bank);
    let tokens = &bank.tokens;
    for token in [
        &tokens.counter,
        &tokens.kiosk,
        &tokens.atm,
        &tokens.operator,
        &tokens.acquirer,
    ] {
        secrets.push(token.clone());
    }
    // Where everybody was.
    secrets.push(bank.address.ip().to_string());
    bank.send_terminate();
    assert!(bank.wait().success());

    let text = fs::read_to_string(log.path()).unwrap();
    let mut requests = 0;
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let fields = &line["fields"];
        if let Some(id) = fields["request_id"].as_str() {
            requests += 1;
            assert!(id.contains('-'), "{line}");
            for member in ["method", "route", "status", "took_us"] {
                assert!(!fields[member].is_null(), "{member}: {line}");
            }
        }
    }
    assert!(requests > 20, "{requests} requests in the log");
    for secret in &secrets {
        assert!(secret.len() >= 6, "{secret} would be found anywhere");
        let found = text.lines().find(|line| line.contains(secret.as_str()));
        assert_eq!(found, None, "{secret} is in the log");
    }
}

/// Does a customer's day, well and badly, and returns what must not be in the log.
fn everything_that_is_secret(bank: &BankProcess) -> Vec<String> {
    let resident = Resident::settle(bank, 1);
    let other = new_person(bank, 2);
    let (person, mut client) = (&resident.person, bank.client());
    let mut secrets: Vec<String> = vec![
        resident.device_token.clone(),
        resident_id(1),
        "李明".to_owned(),
        "13800000000".to_owned(),
        person.account.clone(),
        "correct horse".to_owned(),
        "wrong horse".to_owned(),
    ];
    secrets.extend(LOG_IN_CHANNELS.map(|channel| resident.sessions[channel].clone()));
    let present = json!({"customer": person.customer, "identity_check": person.check});
    let kiosk = &bank.tokens.kiosk;
    let device = client.post(kiosk, "/v1/media/devices", &present);
    secrets.push(device.expect(201).text("secret"));
    let mut password = present.clone();
    password["password"] = json!("correct horse");
    client.post(kiosk, "/v1/passwords", &password).expect(201);
    for (shown, status) in [("wrong horse", 401), ("correct horse", 201)] {
        let credentials =
            json!({"customer": person.customer, "password": shown, "channel": "online"});
        client.post("", "/v1/sessions", &credentials).expect(status);
    }
    let mobile = &resident.sessions["mobile"];
    let order = json!({"from": person.account, "to": other.account, "amount": "1.00"});
    let paid = pay_by_sms(&mut client, bank, mobile, &order);
    assert_eq!(paid.status, 201);
    let wish = json!({
        "medium": "sms", "from": person.account, "to": other.account, "amount": "2.00",
        "phone": "13800000000", "account_tail": person.account[13..],
    });
    let asked = client.post(mobile, "/v1/authorisations", &wish).expect(201);
    let outbox = format!("/v1/test/outbox/{}", asked.text("authorisation"));
    let sent = client.get(&bank.tokens.operator, &outbox).expect(200);
    secrets.push(sent.text("code"));
    // What went wrong is told to the client, and to nobody else.
    let broken = [
        format!(
            "{{\"customer\":\"{}\",\"correct horse\":1}}",
            person.customer
        ),
        format!("{{\"name\":\"李明\",\"id_number\":{}", resident_id(1)),
        "{\"phone\":\"13800000000\"".to_owned(),
    ];
    for body in broken {
        let request = post_bytes(kiosk, "broken", "/v1/passwords", body.as_bytes());
        let answer = client.exchange(&request).unwrap();
        assert_eq!(answer.status, 400, "{answer:?}");
    }
    let path = format!("/v1/accounts/{}/entries?phone=13800000000", person.account);
    client.get(mobile, &path).refused(400, "invalid_query");
    client
        .get(mobile, "/v1/13800000000")
        .refused(404, "not_found");
    secrets
}
