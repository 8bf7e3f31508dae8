//! Any bytes as the body of any endpoint, through the whole API: an answer below 500, a refusal with
//! its code, and books that balance.
#![no_main]

use std::sync::{
    OnceLock,
    atomic::{AtomicU64, Ordering},
};

use core_bank::fuzzing::Edge;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

struct World {
    edge: Edge,
    operator: String,
    /// Method, address and tokens of each endpoint with a body.
    endpoints: Vec<(String, String, Vec<String>)>,
    /// What stands for the names of things in bodies.
    things: Vec<(&'static str, String)>,
    asked: AtomicU64,
    _data: tempfile::TempDir,
}

/// Requests between two looks at the books.
const LOOK_EVERY: u64 = 1_000;

fuzz_target!(|bytes: &[u8]| {
    static WORLD: OnceLock<World> = OnceLock::new();
    let world = WORLD.get_or_init(settle);
    let [chosen, asker, body @ ..] = bytes else {
        return;
    };
    let chosen = usize::from(*chosen) % world.endpoints.len();
    let (method, path, tokens) = &world.endpoints[chosen];
    let token = &tokens[usize::from(*asker) % tokens.len()];
    let (status, answer) = world.edge.ask(method, path, token, &world.filled(body));
    assert!(status < 500, "{method} {path}: {status} {answer}");
    assert!(status < 400 || answer["code"].is_string(), "{answer}");
    if world.asked.fetch_add(1, Ordering::Relaxed) % LOOK_EVERY == 0 {
        let path = "/v1/audit/trial-balance";
        let (status, books) = world.edge.ask("GET", path, &world.operator, b"");
        assert_eq!(status, 200, "{books}");
        assert_eq!(books["sum"], "0.00", "{books}");
    }
});

impl World {
    /// A body whose stand-ins in braces are the names of things.
    fn filled(&self, body: &[u8]) -> Vec<u8> {
        let Ok(text) = std::str::from_utf8(body) else {
            return body.to_vec();
        };
        let fill = |text: String, (name, thing): &(&str, String)| text.replace(name, thing);
        self.things.iter().fold(text.to_owned(), fill).into_bytes()
    }
}

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
    let token = |who: &str| match who {
        "counter" => tokens.counter.clone(),
        "kiosk" => tokens.kiosk.clone(),
        "atm" => tokens.atm.clone(),
        "acquirer" => tokens.acquirer.clone(),
        "operator" => tokens.operator.clone(),
        "reviewer" => tokens.reviewer.clone(),
        "mobile" => sessions[0].clone(),
        "online" => sessions[1].clone(),
        "messenger" => sessions[2].clone(),
        _ => String::new(),
    };
    let account = text(&card["account"]);
    let things = vec![
        ("{customer}", text(&customer)),
        ("{card}", text(&card["card"])),
        ("{account_tail}", account[account.len() - 6..].to_owned()),
        ("{account}", account),
        ("{identity_check}", text(&check)),
        ("{device_token}", text(&device["device_token"])),
    ];
    let endpoints = include_str!("../../tests/edge/endpoints.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let fields: Vec<&str> = line.splitn(4, " | ").collect();
            let [address, who, _, body] = fields[..] else {
                return None;
            };
            let (method, path) = address.split_once(' ')?;
            let path = things
                .iter()
                .fold(path.to_owned(), |path, (name, thing)| path.replace(name, thing));
            let tokens = who.split(' ').map(token).collect();
            (body != "-").then(|| (method.to_owned(), path, tokens))
        })
        .collect();
    World {
        operator: tokens.operator.clone(),
        edge,
        endpoints,
        things,
        asked: AtomicU64::new(0),
        _data: data,
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
