//! Any bytes as the body of any endpoint, through the whole API: an answer below 500, a refusal with
//! its code, and books that balance.
#![no_main]

use std::sync::OnceLock;

use core_bank::fuzzing::Edge;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

struct World {
    edge: Edge,
    /// Method, address and token of each endpoint with a body.
    endpoints: Vec<(String, String, String)>,
    _data: tempfile::TempDir,
}

fuzz_target!(|bytes: &[u8]| {
    static WORLD: OnceLock<World> = OnceLock::new();
    let world = WORLD.get_or_init(settle);
    let Some((chosen, body)) = bytes.split_first() else {
        return;
    };
    let chosen = usize::from(*chosen) % world.endpoints.len();
    let (method, path, token) = &world.endpoints[chosen];
    let (status, answer) = world.edge.ask(method, path, token, body);
    assert!(status < 500, "{method} {path}: {status} {answer}");
    assert!(status < 400 || answer["code"].is_string(), "{answer}");
});

/// A customer with a card and sessions, and the endpoints of the table of rights.
fn settle() -> World {
    let data = tempfile::tempdir().expect("a folder");
    let edge = Edge::open(&data.path().join("bank"));
    let tokens = edge.tokens();
    let post = |token: &str, path: &str, body: &Value| {
        let (status, answer) = edge.ask("POST", path, token, body.to_string().as_bytes());
        assert_eq!(status, 201, "{answer}");
        answer
    };
    let person = json!({"name": "A", "id_number": "11010519491231002X"});
    let check = post(&tokens.counter, "/v1/identity-checks", &person)["identity_check"].clone();
    let wish = json!({"identity_check": check, "phone": "13800000000"});
    let customer = post(&tokens.counter, "/v1/customers", &wish)["customer"].clone();
    let present = json!({"customer": customer, "identity_check": check});
    let card = post(&tokens.counter, "/v1/cards", &present);
    let device = post(&tokens.counter, "/v1/ebanking", &present);
    let log_in = |channel: &str| {
        let credentials = json!({
            "customer": customer,
            "device_token": device["device_token"],
            "channel": channel,
        });
        text(&post("", "/v1/sessions", &credentials)["session"])
    };
    let sessions = ["mobile", "online", "messenger"].map(log_in);
    let token = |who: &str| match who.split(' ').next().unwrap_or_default() {
        "counter" => tokens.counter.clone(),
        "kiosk" => tokens.kiosk.clone(),
        "atm" => tokens.atm.clone(),
        "acquirer" => tokens.acquirer.clone(),
        "operator" => tokens.operator.clone(),
        "mobile" => sessions[0].clone(),
        "online" => sessions[1].clone(),
        "messenger" => sessions[2].clone(),
        _ => String::new(),
    };
    let endpoints = include_str!("../../tests/edge/endpoints.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let fields: Vec<&str> = line.splitn(4, " | ").collect();
            let [address, who, _, body] = fields[..] else {
                return None;
            };
            let (method, path) = address.split_once(' ')?;
            let path = path
                .replace("{customer}", &text(&customer))
                .replace("{card}", &text(&card["card"]))
                .replace("{account}", &text(&card["account"]));
            (body != "-").then(|| (method.to_owned(), path, token(who)))
        })
        .collect();
    World {
        edge,
        endpoints,
        _data: data,
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
