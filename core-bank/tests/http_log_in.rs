//! Logging in and ending sessions as their users meet them: a real server, real connections.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bank_process;

use bank_process::{log_in, new_person, new_rich_person, start};
use serde_json::json;

#[test]
fn a_password_logs_in_per_channel_and_five_wrong_ones_lock_it() {
    let (_data, bank) = start("clock=2026-06-09T10:00+08:00");
    let li = new_person(&bank, 1);
    let mut client = bank.client();
    let kiosk = &bank.tokens.kiosk;
    let set = |password: &str, status: u16| {
        let body =
            json!({"customer": li.customer, "identity_check": li.check, "password": password});
        let answer = bank
            .client()
            .post(kiosk, "/v1/passwords", &body)
            .expect(status);
        assert!(!format!("{answer:?}").contains(password) || password.is_empty());
    };
    set("short", 400);
    set("correct horse", 201);
    let mut log_in = |password: &str, channel: &str| {
        let body = json!({"customer": li.customer, "password": password, "channel": channel});
        client.post("", "/v1/sessions", &body)
    };
    for channel in ["mobile", "online", "messenger"] {
        log_in("correct horse", channel).expect(201);
    }
    log_in("correct horse", "kiosk").refused(400, "invalid_body");
    for _ in 0..5 {
        log_in("wrong horse!", "online").refused(401, "wrong_credentials");
    }
    let locked = log_in("correct horse", "online").refused(401, "wrong_credentials");
    assert_eq!(locked.header("www-authenticate"), Some("Bearer"));
    set("battery staple", 201);
    let session = log_in("battery staple", "online")
        .expect(201)
        .text("session");
    let unknown =
        json!({"customer": "C000000000999", "password": "battery staple", "channel": "online"});
    let mut client = bank.client();
    client
        .post("", "/v1/sessions", &unknown)
        .refused(401, "wrong_credentials");
    let both = json!({"customer": li.customer, "password": "battery staple", "device_token": "x", "channel": "online"});
    client
        .post("", "/v1/sessions", &both)
        .refused(400, "invalid_body");
    // Under one key another request is another, though no record holds a password.
    let right = json!({"customer": li.customer, "password": "battery staple", "channel": "online"});
    let other = json!({"customer": li.customer, "password": "battery staple", "channel": "mobile"});
    let first = client
        .post_with_key("", "same", "/v1/sessions", &right)
        .expect(201);
    let again = client
        .post_with_key("", "same", "/v1/sessions", &right)
        .expect(201);
    assert_eq!(first.text("session"), again.text("session"));
    client
        .post_with_key("", "same", "/v1/sessions", &other)
        .refused(422, "idempotency_key_reused");
    let sessions = client.get(&session, "/v1/sessions").expect(200);
    let sessions = sessions.body["sessions"].as_array().unwrap().clone();
    assert_eq!(sessions.len(), 5);
    let current: Vec<_> = sessions
        .iter()
        .filter(|one| one["current"] == true)
        .collect();
    assert_eq!(current.len(), 1);
    assert_eq!(current[0]["channel"], "online");
    assert_eq!(current[0]["began"].as_str().unwrap()[..11], *"2026-06-09T");
}

#[test]
fn whoever_guesses_passwords_is_answered_alike_whether_or_not_there_is_such_a_customer() {
    let (_data, bank) = start("clock=2026-06-09T10:00+08:00");
    let li = new_person(&bank, 1);
    let set =
        json!({"customer": li.customer, "identity_check": li.check, "password": "correct horse"});
    bank.client()
        .post(&bank.tokens.kiosk, "/v1/passwords", &set)
        .expect(201);
    let mut client = bank.client();
    let mut answers = |customer: &str| {
        let mut told = Vec::new();
        // Seven guesses, one of them twice, and an old key with another body.
        for (key, guess) in [0, 1, 2, 3, 4, 5, 6, 6].into_iter().enumerate() {
            let key = format!("{customer} {}", key.min(6)).replace(' ', "-");
            let body = json!({"customer": customer, "channel": "online",
                "password": format!("wrong horse {guess}")});
            let answer = client.post_with_key("", &key, "/v1/sessions", &body);
            let answer = answer.refused(401, "wrong_credentials");
            let mut problem = answer.body.clone();
            for each in ["instance", "seq"] {
                problem.as_object_mut().unwrap().remove(each);
            }
            let replayed = answer.header("idempotent-replayed").map(str::to_owned);
            let challenge = answer.header("www-authenticate").map(str::to_owned);
            let retry = answer.header("retry-after").map(str::to_owned);
            told.push((problem, replayed, challenge, retry));
        }
        let other = json!({"customer": customer, "channel": "mobile", "password": "wrong horse 0"});
        let again = client.post_with_key("", &format!("{customer}-0"), "/v1/sessions", &other);
        told.push((json!(again.code()), None, None, None));
        told
    };
    let (known, unknown) = (answers(&li.customer), answers("C000000000999"));
    assert_eq!(known, unknown);
    // It is locked, and only its customer is told.
    let body = json!({"customer": li.customer, "password": "correct horse", "channel": "online"});
    client
        .post("", "/v1/sessions", &body)
        .refused(401, "wrong_credentials");
    let session = log_in(&bank, &li);
    let events = client.get(&session, "/v1/suspicious-events").expect(200);
    let events = events.body["events"].as_array().unwrap().clone();
    let locked = events
        .iter()
        .filter(|event| event["code"] == "log_in_locked");
    assert_eq!((events.len(), locked.count()), (10, 1));
}

#[test]
fn whoever_knows_the_key_of_a_log_in_guesses_no_better() {
    let (_data, bank) = start("clock=2026-06-09T10:00+08:00");
    let li = new_person(&bank, 1);
    let mut client = bank.client();
    let set =
        json!({"customer": li.customer, "identity_check": li.check, "password": "correct horse"});
    client
        .post(&bank.tokens.kiosk, "/v1/passwords", &set)
        .expect(201);
    let mut log_in = |password: &str| {
        let body = json!({"customer": li.customer, "password": password, "channel": "online"});
        client.post_with_key("", "known", "/v1/sessions", &body)
    };
    let session = log_in("correct horse").expect(201).text("session");
    // Each wrong one counts once, and is told as under any key.
    for guess in 0..5 {
        log_in(&format!("wrong horse {guess}")).refused(401, "wrong_credentials");
        log_in("wrong horse 0").refused(401, "wrong_credentials");
    }
    for guess in ["wrong horse 5", "correct horse"] {
        log_in(guess).refused(401, "wrong_credentials");
    }
    client
        .post(&bank.tokens.kiosk, "/v1/passwords", &set)
        .expect(201);
    let body = json!({"customer": li.customer, "password": "correct horse", "channel": "online"});
    let again = client.post_with_key("", "known", "/v1/sessions", &body);
    assert_eq!(again.expect(201).text("session"), session);
}

#[test]
fn from_the_messenger_a_session_and_a_channel_are_ended_from_afar() {
    let (_data, bank) = start("clock=2026-06-09T10:00+08:00");
    let li = new_rich_person(&bank, 1, "10");
    let mut client = bank.client();
    let password =
        json!({"customer": li.customer, "identity_check": li.check, "password": "correct horse"});
    client
        .post(&bank.tokens.counter, "/v1/passwords", &password)
        .expect(201);
    let mut enter = |channel: &str| {
        let body =
            json!({"customer": li.customer, "password": "correct horse", "channel": channel});
        client
            .post("", "/v1/sessions", &body)
            .expect(201)
            .text("session")
    };
    let (messenger, mobile, online) = (enter("messenger"), enter("mobile"), enter("online"));
    let mut client = bank.client();
    let accounts = format!("/v1/customers/{}/accounts", li.customer);
    let listed = client.get(&messenger, "/v1/sessions").expect(200);
    let listed = listed.body["sessions"].as_array().unwrap().clone();
    let of = |channel: &str| {
        let found = listed.iter().find(|one| one["channel"] == channel);
        found.unwrap()["session"].clone()
    };
    client.get(&mobile, &accounts).expect(200);
    let wishes = json!({"balance_changes": true, "log_ins": false});
    let wish = |session: &str| {
        let mut client = bank.client();
        client.post_with_key(session, "wish", "/v1/alerts/wishes", &wishes)
    };
    wish(&mobile).expect(201);
    assert_eq!(wish(&mobile).header("idempotent-replayed"), Some("true"));
    let end = json!({"session": of("mobile")});
    client
        .post(&messenger, "/v1/sessions/terminations", &end)
        .expect(201);
    client
        .get(&mobile, &accounts)
        .refused(401, "unauthenticated");
    // Nor does it hear again what it was answered before.
    wish(&mobile).refused(401, "unauthenticated");
    client
        .post(&messenger, "/v1/sessions/terminations", &end)
        .refused(404, "session_not_found");
    let path = format!("/v1/customers/{}/channels", li.customer);
    let close = json!({"channel": "online", "open": false});
    client.get(&online, &accounts).expect(200);
    client.post(&messenger, &path, &close).expect(201);
    client
        .get(&online, &accounts)
        .refused(401, "unauthenticated");
    let again = json!({"customer": li.customer, "password": "correct horse", "channel": "online"});
    client
        .post("", "/v1/sessions", &again)
        .refused(422, "channel_closed");
    let open = json!({"channel": "online", "open": true, "identity_check": li.check});
    client.post(&bank.tokens.counter, &path, &open).expect(201);
    client.post("", "/v1/sessions", &again).expect(201);
}
