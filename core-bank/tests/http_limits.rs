//! Limits over HTTP: of two simultaneous payments whose sum exceeds one exactly one passes, whatever
//! counts them, and a repeated one counts once.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bank_process;
mod proofs;

use std::thread;

use bank_process::{
    BankProcess, Client, Person, Response, balance, new_person, new_rich_person, post_bytes,
};
use ed25519_dalek::{Signer as _, SigningKey};
use proofs::{ask, device_code, hex, text_of, unhex};
use serde_json::{Value, json};

/// 10:00 in Shanghai on 9 June 2026 in minutes after 1970: the first step of the devices' codes.
const STEP: u64 = 1_780_970_400 / 60;

/// What makes proofs: a device or a U-shield.
enum Medium {
    Device { serial: String, secret: Vec<u8> },
    Shield(SigningKey),
}

/// A bank whose clock stands still, and a payer with a session, a medium, and limits of 100 a day.
struct Payer {
    bank: BankProcess,
    person: Person,
    payee: Person,
    session: String,
    scope: &'static str,
    medium: Medium,
    _data: tempfile::TempDir,
}

impl Payer {
    fn with(channel: &str, scope: &'static str) -> Self {
        let data = tempfile::tempdir().unwrap();
        let bank = BankProcess::start(data.path(), "clock=2026-06-09T10:00+08:00 speed=0.001");
        let (person, payee) = (new_rich_person(&bank, 1, "1000"), new_person(&bank, 2));
        let (mut client, tokens) = (bank.client(), &bank.tokens);
        let present = json!({"customer": person.customer, "identity_check": person.check});
        let phone = client
            .post(&tokens.kiosk, "/v1/ebanking", &present)
            .expect(201);
        let credentials = json!({"customer": person.customer, "channel": channel,
            "device_token": phone.text("device_token")});
        let session = client.post("", "/v1/sessions", &credentials).expect(201);
        let medium = if scope == "shield" {
            let key = SigningKey::from_bytes(&[5; 32]);
            let mut wish = present;
            wish["public_key"] = json!(hex(key.verifying_key().as_bytes()));
            let registered = client.post(&tokens.kiosk, "/v1/media/shields", &wish);
            registered.expect(201);
            Medium::Shield(key)
        } else {
            let issued = client.post(&tokens.counter, "/v1/media/devices", &present);
            let issued = issued.expect(201);
            Medium::Device {
                serial: issued.text("device"),
                secret: unhex(&issued.text("secret")),
            }
        };
        let limits = format!("/v1/customers/{}/limits", person.customer);
        let session = session.text("session");
        let wish =
            json!({"scope": scope, "per_transaction": "100", "daily": "100", "monthly": "100"});
        client.post(&session, &limits, &wish).expect(201);
        Self {
            bank,
            person,
            payee,
            session,
            scope,
            medium,
            _data: data,
        }
    }

    /// A payment with its proof; a device shows another code for each step.
    fn proved(&self, amount: &str, step: u64) -> Value {
        let mut client = self.bank.client();
        let transfer =
            json!({"from": self.person.account, "to": self.payee.account, "amount": amount});
        let mut paying = transfer.clone();
        paying["authorisation"] = match &self.medium {
            Medium::Device { serial, secret } => {
                let medium = json!({"medium": "device", "device": serial});
                let id = ask(&mut client, &self.session, &transfer, &medium);
                let code = device_code(secret, &text_of(&id, &transfer), step);
                json!({"id": id, "device": serial, "code": code})
            }
            Medium::Shield(key) => {
                let public = hex(key.verifying_key().as_bytes());
                let medium = json!({"medium": "shield", "shield": public});
                let id = ask(&mut client, &self.session, &transfer, &medium);
                let signature = key.sign(text_of(&id, &transfer).as_bytes());
                json!({"id": id, "shield": public, "signature": hex(&signature.to_bytes())})
            }
        };
        paying
    }

    fn pay(&self, paying: &Value) -> Response {
        let mut client = self.bank.client();
        client.post(&self.session, "/v1/transfers", paying)
    }

    fn used_today(&self) -> String {
        let limits = format!("/v1/customers/{}/limits", self.person.customer);
        let told = self.bank.client().get(&self.session, &limits).expect(200);
        let mut rows = told.body["limits"].as_array().unwrap().iter();
        let row = rows.find(|row| row["scope"] == self.scope).unwrap();
        row["used_today"].as_str().unwrap().to_owned()
    }
}

const MEDIA: [(&str, &str); 4] = [
    ("mobile", "device_mobile"),
    ("online", "device_online"),
    ("mobile", "shield"),
    ("online", "shield"),
];

/// Sends both requests over connections that stand already, and tells what each got.
fn both(bank: &BankProcess, requests: [Vec<u8>; 2]) -> [Response; 2] {
    let start = std::sync::Barrier::new(2);
    thread::scope(|scope| {
        let sent = requests.map(|request| {
            let (start, mut client): (_, Client) = (&start, bank.client());
            client.get("", "/healthz").expect(200);
            scope.spawn(move || {
                start.wait();
                client.exchange(&request).unwrap()
            })
        });
        sent.map(|sent| sent.join().unwrap())
    })
}

#[test]
fn of_two_simultaneous_payments_by_device_or_shield_above_the_limit_exactly_one_passes() {
    for (channel, scope) in MEDIA {
        let payer = Payer::with(channel, scope);
        let first = payer.proved("60.00", STEP);
        let second = payer.proved("40.01", STEP + 1);
        let request = |key: &str, paying: &Value| {
            let body = paying.to_string();
            post_bytes(&payer.session, key, "/v1/transfers", body.as_bytes())
        };
        let answers = both(
            &payer.bank,
            [request("first", &first), request("second", &second)],
        );
        let passed: Vec<_> = answers.iter().map(|answer| answer.status == 201).collect();
        assert!(passed[0] != passed[1], "{channel} {scope}: {answers:?}");
        // A device whose later code was taken first says so of the earlier one.
        let refused = if passed[0] {
            answers[1].code()
        } else {
            answers[0].code()
        };
        let replayed = scope != "shield" && passed[1] && refused == "code_replayed";
        assert!(replayed || refused == "limit_daily", "{answers:?}");
        let moved = if passed[0] { "60.00" } else { "40.01" };
        assert_eq!(balance(&payer.bank, &payer.payee), moved);
        assert_eq!(payer.used_today(), moved, "{channel} {scope}");
    }
}

#[test]
fn a_payment_by_device_or_shield_that_is_sent_again_and_again_counts_once() {
    for (channel, scope) in MEDIA {
        let payer = Payer::with(channel, scope);
        let paying = payer.proved("60.00", STEP).to_string();
        let request = post_bytes(&payer.session, "once", "/v1/transfers", paying.as_bytes());
        let answers = both(&payer.bank, [request.clone(), request.clone()]);
        let again = payer.bank.client().exchange(&request).unwrap();
        let replayed = answers
            .iter()
            .filter(|it| it.header("idempotent-replayed") == Some("true"))
            .count();
        assert_eq!(replayed, 1, "{channel} {scope}: {answers:?}");
        for answer in answers.iter().chain([&again]) {
            assert_eq!((answer.status, &answer.body), (201, &again.body));
        }
        assert_eq!(balance(&payer.bank, &payer.payee), "60.00");
        assert_eq!(payer.used_today(), "60.00", "{channel} {scope}");
        payer
            .pay(&payer.proved("40.01", STEP + 1))
            .refused(422, "limit_daily");
    }
}

#[test]
fn of_two_simultaneous_purchases_above_the_cards_limit_lock_exactly_one_passes() {
    let data = tempfile::tempdir().unwrap();
    let bank = BankProcess::start(data.path(), "clock=2026-06-09T10:00+08:00");
    let li = new_rich_person(&bank, 1, "1000");
    let session = bank_process::log_in(&bank, &li);
    let locks = json!({"overseas": false, "places": null, "night": false, "pos_daily": "50.00",
        "overseas_card_not_present": false});
    let path = format!("/v1/cards/{}/locks", li.card);
    bank.client().post(&session, &path, &locks).expect(201);
    let buy = |key: &str, amount: &str| {
        let wish = json!({"card": li.card, "amount": amount, "place": "371502", "entry": "pos",
            "merchant": "Shop"});
        let body = wish.to_string();
        post_bytes(
            &bank.tokens.acquirer,
            key,
            "/v1/card-purchases",
            body.as_bytes(),
        )
    };
    for round in 0..10 {
        let day =
            json!({"business_time": format!("2026-06-{:02}T10:00+08:00", 10 + round), "speed": 1});
        bank.client()
            .put(&bank.tokens.operator, "/v1/test/clock", &day)
            .expect(200);
        let keys = [format!("a{round}"), format!("b{round}")];
        let answers = both(&bank, [buy(&keys[0], "30.00"), buy(&keys[1], "20.01")]);
        let mut codes = answers.each_ref().map(|it| (it.status, it.code()));
        codes.sort_unstable();
        assert_eq!(codes, [(201, ""), (422, "lock_pos_limit")], "{answers:?}");
        // The other's share is left to the fen.
        let rest = if answers[0].status == 201 {
            ("20.00", "20.01")
        } else {
            ("29.99", "30.00")
        };
        let mut client = bank.client();
        let mut buy = |key: String, amount| client.exchange(&buy(&key, amount)).unwrap();
        buy(format!("c{round}"), rest.1).refused(422, "lock_pos_limit");
        buy(format!("d{round}"), rest.0).expect(201);
        buy(format!("e{round}"), "0.01").refused(422, "lock_pos_limit");
    }
    assert_eq!(balance(&bank, &li), "500.00");
}
