//! Nothing that is sent is passed over: parameters that nobody reads are refused. And what `HEAD` gets.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use crate::{
    bank_process::{BankProcess, Response, read_response_of},
    hostile::last_seq,
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
