//! A small world for the tests of the edge: a person with everything that requests name, and the
//! stand-ins that tables write for it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    bank_process::{BankProcess, Person, Response, fresh_key, new_rich_person, post_bytes},
    things::{THINGS, Town},
};

/// A person with a device, and sessions on every channel that has them.
pub struct Resident {
    pub person: Person,
    pub device_token: String,
    /// The session's token, by channel.
    pub sessions: BTreeMap<&'static str, String>,
}

/// The channels that customers log in to.
pub const LOG_IN_CHANNELS: [&str; 3] = ["mobile", "online", "messenger"];

impl Resident {
    /// The `number`-th person, with 1,000 yuan.
    pub fn settle(bank: &BankProcess, number: u32) -> Self {
        let person = new_rich_person(bank, number, "1000.00");
        let wish = json!({"customer": person.customer, "identity_check": person.check});
        let device = bank
            .client()
            .post(&bank.tokens.kiosk, "/v1/ebanking", &wish)
            .expect(201);
        let device_token = device.text("device_token");
        let mut resident = Self {
            person,
            device_token,
            sessions: BTreeMap::new(),
        };
        for channel in LOG_IN_CHANNELS {
            let session = resident.log_in(bank, channel);
            resident.sessions.insert(channel, session);
        }
        resident
    }

    /// A further session.
    pub fn log_in(&self, bank: &BankProcess, channel: &str) -> String {
        let credentials = json!({
            "customer": self.person.customer,
            "device_token": self.device_token,
            "channel": channel,
        });
        bank.client()
            .post("", "/v1/sessions", &credentials)
            .expect(201)
            .text("session")
    }

    /// The ids of this person's open sessions, the newest last.
    pub fn session_ids(&self, bank: &BankProcess) -> Vec<String> {
        let open = bank.client().get(&self.sessions["mobile"], "/v1/sessions");
        let open = open.expect(200);
        let rows = open.body["sessions"].as_array().unwrap().iter();
        rows.map(|row| row["session"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// The terminals at which customers sit.
pub const TERMINALS: [&str; 3] = ["counter", "kiosk", "atm"];

impl Resident {
    /// A session at a terminal, as that shows it: beside its own token. The first time the card gets a
    /// PIN; a new one would end the sessions before.
    pub fn sit_down(&self, bank: &BankProcess, terminal: &str) -> String {
        let token = token_of(bank, self, terminal);
        let (card, mut client) = (&self.person.card, bank.client());
        let wish = json!({"card": card, "pin": "604417"});
        let mut begun = client.post(&token, "/v1/terminal-sessions", &wish);
        if begun.status == 401 {
            let pin = json!({"identity_check": self.person.check, "pin": "604417"});
            let path = format!("/v1/cards/{card}/pins");
            client.post(&bank.tokens.kiosk, &path, &pin).expect(201);
            begun = client.post(&token, "/v1/terminal-sessions", &wish);
        }
        let session = begun.expect(201).text("session");
        format!("{token}\r\nterminal-session: {session}")
    }
}

/// What stand-ins mean.
pub type Names = BTreeMap<String, String>;

/// A town, a resident who asks there, and somebody else.
pub fn town_of_two(bank: &BankProcess) -> (Town, Resident, Resident) {
    let town = Town::found(bank);
    let other = Resident::settle(bank, 1);
    let resident = Resident::settle(bank, 2);
    (town, resident, other)
}

/// The stand-ins for one resident's things; `other` is somebody else. Of what takes a while to come by
/// the resident gets those things that `text` names.
pub fn names_of(
    bank: &BankProcess,
    town: &Town,
    (resident, other): (&Resident, &Resident),
    text: &str,
) -> Names {
    let person = &resident.person;
    let sessions = resident.session_ids(bank);
    let names = [
        ("customer", person.customer.clone()),
        ("identity_check", person.check.clone()),
        ("card", person.card.clone()),
        ("account", person.account.clone()),
        ("account_tail", person.account[13..].to_owned()),
        ("device_token", resident.device_token.clone()),
        ("session", sessions.last().unwrap().clone()),
        ("other_customer", other.person.customer.clone()),
        ("other_check", other.person.check.clone()),
        ("other_account", other.person.account.clone()),
        ("other_card", other.person.card.clone()),
    ];
    let things = THINGS
        .iter()
        .filter(|(name, _)| text.contains(&format!("{{{name}}}")))
        .map(|(name, acquire)| (*name, acquire(bank, town, resident)));
    let own = names.into_iter().chain(things);
    let own = own.map(|(name, value)| (name.to_owned(), value));
    own.chain(town.names.clone()).collect()
}

/// A text with its stand-ins filled in.
pub fn filled(text: &str, names: &Names) -> String {
    names.iter().fold(text.to_owned(), |text, (name, value)| {
        text.replace(&format!("{{{name}}}"), value)
    })
}

/// The token of a terminal, the operator or a resident's session, by channel.
pub fn token_of(bank: &BankProcess, resident: &Resident, channel: &str) -> String {
    let tokens = &bank.tokens;
    match channel {
        "counter" => tokens.counter.clone(),
        "kiosk" => tokens.kiosk.clone(),
        "atm" => tokens.atm.clone(),
        "acquirer" => tokens.acquirer.clone(),
        "reviewer" => tokens.reviewer.clone(),
        "operator" => tokens.operator.clone(),
        "visitor" | "anyone" => String::new(),
        session => resident.sessions[session].clone(),
    }
}

/// Sends a request as a client would, and reads the answer.
pub fn send(
    bank: &BankProcess,
    token: Option<&str>,
    method: &str,
    path: &str,
    body: Option<&str>,
) -> Response {
    let request = request_bytes(token, method, path, body);
    bank.client().exchange(&request).unwrap()
}

fn request_bytes(token: Option<&str>, method: &str, path: &str, body: Option<&str>) -> Vec<u8> {
    let (key, body) = (fresh_key(), body.unwrap_or_default());
    let request = post_bytes(token.unwrap_or_default(), &key, path, body.as_bytes());
    let mut request = String::from_utf8(request).unwrap();
    if token.is_none() {
        request = request.replacen("authorization: Bearer \r\n", "", 1);
    }
    request.replacen("POST", method, 1).into_bytes()
}

/// The served description.
pub fn described(bank: &BankProcess) -> Value {
    bank.client().get("", "/openapi.json").expect(200).body
}

/// Every (method, path) of the description, in capitals as requests write it.
pub fn operations(description: &Value) -> Vec<(String, String, Value)> {
    let paths = description["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().iter();
            methods
                .map(|(method, operation)| (method.to_uppercase(), path.clone(), operation.clone()))
        })
        .collect()
}
