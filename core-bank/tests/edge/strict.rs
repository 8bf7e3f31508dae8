//! Nothing that is sent is passed over: parameters that nobody reads are refused. What `HEAD` gets, and
//! that who may not ask is told nothing else.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use serde_json::{Value, json};

use crate::{
    bank_process::{BankProcess, Response, fresh_key, post_bytes, read_response_of},
    hostile::{exchange, last_seq},
    table::{everything_named, rows},
    world::{described, filled, names_of, send, token_of, town_of_two},
};

#[test]
fn a_parameter_that_an_endpoint_does_not_take_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let bank = BankProcess::start(data.path(), "clock=2026-06-09T10:00+08:00");
    let (town, resident, other) = town_of_two(&bank);
    let description = described(&bank);
    let names = names_of(&bank, &town, (&resident, &other), &everything_named());
    for row in rows() {
        if !row.path.starts_with("/v1/") {
            continue;
        }
        let (method, body) = (&row.method, row.body.as_ref());
        let body = body.map(|body| filled(body, &names));
        let path = filled(&row.path, &names);
        let operation = &description["paths"][&row.path][method.to_lowercase()];
        let codes = operation["responses"]["400"].to_string();
        assert!(codes.contains("\"invalid_query\""), "{method} {path}");
        let before = last_seq(&bank);
        for who in &row.who {
            let token = token_of(&bank, &resident, who);
            for query in ["amount=5", "limit=1&_=1", "%00", "x[]=1"] {
                let address = format!("{path}?{query}");
                let answer = send(&bank, Some(&token), method, &address, body.as_deref());
                let found = (answer.status, answer.code());
                let wanted = (400, "invalid_query");
                assert_eq!(found, wanted, "{method} {address} as {who}: {answer:?}");
            }
        }
        assert_eq!(last_seq(&bank), before, "{method} {path}");
    }
}

/// One answer and what follows it until the bank hangs up.
fn whole(bank: &BankProcess, method: &str, token: &str, path: &str) -> (Response, usize) {
    let mut stream = TcpStream::connect(bank.address).unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: bank\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let end = end.unwrap() + 4;
    // The head alone, as if no body had been announced.
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let headless = head.replace("content-length", "announced-length");
    let mut answer = read_response_of(&mut headless.as_bytes()).unwrap();
    // A refusal names its request, and the numbers of requests grow longer.
    let refused = answer.header("content-type") == Some("application/problem+json");
    let named = answer.header("x-request-id").map_or(0, str::len);
    let named = if refused { named } else { 0 };
    for (name, value) in &mut answer.headers {
        match name.as_str() {
            "x-request-id" | "date" => value.clear(),
            "announced-length" => *value = (value.parse::<usize>().unwrap() - named).to_string(),
            _ => {}
        }
    }
    (answer, bytes.len() - end)
}

#[test]
fn head_gets_what_get_gets_without_the_body_and_nothing_where_nothing_is_to_be_got() {
    let data = tempfile::tempdir().unwrap();
    let bank = BankProcess::start(data.path(), "clock=2026-06-09T10:00+08:00");
    let (town, resident, other) = town_of_two(&bank);
    let mut asked = 0;
    let names = names_of(&bank, &town, (&resident, &other), &everything_named());
    for row in rows() {
        let path = filled(&row.path, &names);
        let token = token_of(&bank, &resident, row.who.first().unwrap());
        let before = last_seq(&bank);
        if row.method == "GET" {
            for token in [token.as_str(), "nobody"] {
                let (got, body) = whole(&bank, "GET", token, &path);
                let (told, none) = whole(&bank, "HEAD", token, &path);
                assert_eq!((told.status, none), (got.status, 0), "{path}");
                // Figures and clocks go on between two questions.
                let lengths = ["/metrics", "/readyz"].contains(&row.path.as_str());
                let headers = |answer: &Response| {
                    let mut headers = answer.headers.clone();
                    headers.retain(|(name, _)| !lengths || name != "announced-length");
                    headers
                };
                assert_eq!(headers(&told), headers(&got), "{path}");
                assert!(body > 0, "{path}");
                asked += 1;
            }
        } else if !rows()
            .iter()
            .any(|it| it.method == "GET" && it.path == row.path)
        {
            let (told, none) = whole(&bank, "HEAD", &token, &path);
            assert_eq!((told.status, none), (405, 0), "{path}");
        }
        assert_eq!(last_seq(&bank), before, "{path}");
    }
    assert!(asked > 60, "{asked}");
    assert_eq!(whole(&bank, "HEAD", "", "/nowhere").0.status, 404);
}

/// Requests that are wrong before anybody asks who sent them: in their body, query, key and type.
fn faulty(token: &str, method: &str, path: &str, body: &str) -> Vec<Vec<u8>> {
    let request = |path: &str, body: &str| {
        let request = post_bytes(token, &fresh_key(), path, body.as_bytes());
        let request = String::from_utf8(request).unwrap();
        request.replacen("POST", method, 1)
    };
    let whole = request(path, body);
    let large = " ".repeat(300_000);
    let mut faulty = vec![
        request(&format!("{path}?unknown=1"), body),
        request(
            &format!("{path}?limit=0&cursor=x&after=x&day=x&from=x"),
            body,
        ),
    ];
    if method != "GET" {
        faulty.push(whole.replacen("idempotency-key", "no-key", 1));
    }
    if !body.is_empty() {
        let bodies = ["", "{", "[]", "{\"unknown\":1}", "{\"amount\":5}", &large];
        faulty.extend(bodies.map(|body| request(path, body)));
        faulty.push(whole.replacen("application/json", "text/xml", 1));
    }
    faulty.into_iter().map(String::into_bytes).collect()
}

#[test]
fn who_may_not_ask_is_told_so_whatever_else_is_wrong() {
    let data = tempfile::tempdir().unwrap();
    let bank = BankProcess::start(data.path(), "clock=2026-06-09T10:00+08:00");
    let (town, resident, other) = town_of_two(&bank);
    let names = names_of(&bank, &town, (&resident, &other), &everything_named());
    let ended = resident.log_in(&bank, "mobile");
    let mut client = bank.client();
    let log_out = client.delete(&ended, &fresh_key(), "/v1/sessions/current");
    log_out.expect(200);
    let standing = resident.log_in(&bank, "mobile");
    for row in rows() {
        if !row.path.starts_with("/v1/") || row.who.contains("visitor") {
            continue;
        }
        let path = filled(&row.path, &names);
        let body = row.body.as_ref().map(|body| filled(body, &names));
        let body = body.unwrap_or_default();
        let mut strangers = vec!["nobody".to_owned(), ended.clone()];
        for terminal in ["counter", "kiosk", "atm"] {
            if row.who.contains(terminal) {
                let token = token_of(&bank, &resident, terminal);
                strangers.push(format!("{token}\r\nterminal-session: {ended}"));
            }
        }
        let before = last_seq(&bank);
        for token in strangers {
            for request in faulty(&token, &row.method, &path, &body) {
                let answer = exchange(&bank, &request);
                let found = (answer.status, answer.code());
                let sent = String::from_utf8_lossy(&request[..request.len().min(400)]);
                assert_eq!(found, (401, "unauthenticated"), "{sent}");
            }
        }
        // Whoever may ask is told of the fault, and who has not the right that he has not.
        for request in faulty(&standing, &row.method, &path, &body) {
            let answer = exchange(&bank, &request);
            let sent = String::from_utf8_lossy(&request[..request.len().min(400)]);
            let forbidden = (answer.status, answer.code()) == (403, "forbidden");
            assert_eq!(forbidden, !row.who.contains("mobile"), "{sent}: {answer:?}");
            assert!((400..500).contains(&answer.status), "{sent}: {answer:?}");
        }
        assert_eq!(last_seq(&bank), before, "{path}");
    }
}

/// The texts of a body that people read, by their JSON pointers.
fn texts_of(body: &Value, at: &str, found: &mut Vec<String>) {
    let free = ["name", "address", "parcel", "merchant", "reason", "cover"];
    match body {
        Value::Object(members) => members
            .iter()
            .for_each(|(name, member)| texts_of(member, &format!("{at}/{name}"), found)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(place, item)| texts_of(item, &format!("{at}/{place}"), found)),
        Value::String(_) if free.iter().any(|name| at.ends_with(&format!("/{name}"))) => {
            found.push(at.to_owned());
        }
        _ => {}
    }
}

#[test]
fn no_text_takes_a_character_that_nobody_sees_and_the_refusal_names_it() {
    let data = tempfile::tempdir().unwrap();
    let bank = BankProcess::start(data.path(), "clock=2026-06-09T10:00+08:00");
    let (town, resident, other) = town_of_two(&bank);
    let names = names_of(&bank, &town, (&resident, &other), &everything_named());
    let before = last_seq(&bank);
    // Of UAX 9 all that turn a text round, and some of what is only not seen.
    let hidden = "\u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}\u{200b}\u{2028}\u{feff}\u{e0041}\u{a}\u{85}";
    let offers = [
        json!({"lottery": {"prizes": [{"name": "tea", "chance": 1, "stock": 1, "points": 0}]}}),
        json!({"cover": {"cover": "insurance", "stock": 1}}),
    ];
    let mut tried = std::collections::BTreeSet::new();
    for row in rows() {
        let Some(body) = &row.body else { continue };
        let body: Value = serde_json::from_str(&filled(body, &names)).unwrap();
        let mut bodies = vec![body.clone()];
        if row.path == "/v1/campaigns" {
            bodies.extend(offers.iter().map(|offer| {
                let mut body = body.clone();
                body["offer"] = offer.clone();
                body
            }));
        }
        let path = filled(&row.path, &names);
        let token = token_of(&bank, &resident, row.who.first().unwrap());
        for body in bodies {
            let mut texts = Vec::new();
            texts_of(&body, "", &mut texts);
            for text in texts {
                tried.insert(format!("{} {text}", row.path));
                let right = body.pointer(&text).unwrap().as_str().unwrap();
                let (first, rest) = right.split_at(right.chars().next().unwrap().len_utf8());
                for character in hidden.chars() {
                    let mut bent = body.clone();
                    *bent.pointer_mut(&text).unwrap() = json!(format!("{first}{character}{rest}"));
                    let bent = bent.to_string();
                    let answer = send(&bank, Some(&token), &row.method, &path, Some(&bent));
                    let answer = answer.refused(400, "invalid_body");
                    let told = answer.text("detail");
                    let said = format!("holds U+{:04X} as character 2,", u32::from(character));
                    let member = text.rsplit('/').next().unwrap();
                    assert!(told.contains(&said), "{bent}: {told}");
                    assert!(told.contains(&format!("{member}`")), "{bent}: {told}");
                }
            }
        }
    }
    assert!(tried.len() >= 10, "{tried:?}");
    assert_eq!(last_seq(&bank), before);
}
