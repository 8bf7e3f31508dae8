//! What hostile clients send: the right refusal, never a failure, and nothing changed.
//!
//! `hostile.txt` is the corpus. On top of it every endpoint's good body is bent in every member, by
//! what the served description says of it, so that an endpoint that is added is tried at once.

use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    bank_process::{BankProcess, Response, fresh_key, post_bytes, read_response_of},
    table::{everything_named, rows},
    things::{spent_things, things_of},
    world::{
        Names, Resident, described, filled, names_of, operations, send, token_of, town_of_two,
    },
};

/// What a section's lines are.
#[derive(Clone)]
enum Kind {
    /// Bodies for this method and address.
    Bodies(String, String),
    /// Addresses for this method.
    Addresses(String),
    /// Header lines for this method and address, with a body of `{}`.
    Heads(String, String),
    /// Whole requests.
    Raw,
}

/// A line of the corpus.
struct Case {
    /// Where it stands, for messages.
    line: usize,
    who: String,
    kind: Kind,
    sent: String,
    status: u16,
    /// `-` where the request is too broken for a document.
    code: String,
}

fn corpus() -> Vec<Case> {
    let mut section: Option<(String, Kind)> = None;
    let mut cases = Vec::new();
    for (at, line) in include_str!("hostile.txt").lines().enumerate() {
        if let Some(title) = line.strip_prefix("## ") {
            section = Some(kind_of(title));
        } else if !line.is_empty() && !line.starts_with("# ") && line != "#" {
            let (sent, expected) = line.rsplit_once(" => ").unwrap_or_else(|| panic!("{line}"));
            let (status, code) = expected.split_once(' ').unwrap();
            let (who, kind) = section.clone().unwrap();
            cases.push(Case {
                line: at + 1,
                who,
                kind,
                sent: sent.to_owned(),
                status: status.parse().unwrap(),
                code: code.to_owned(),
            });
        }
    }
    cases
}

fn kind_of(title: &str) -> (String, Kind) {
    let words: Vec<&str> = title.split(' ').collect();
    let owned = str::to_owned;
    match words[..] {
        ["raw"] => ("visitor".to_owned(), Kind::Raw),
        ["heads", method, path] => (
            "visitor".to_owned(),
            Kind::Heads(owned(method), owned(path)),
        ),
        [who, method] => (owned(who), Kind::Addresses(owned(method))),
        [who, method, path] => (owned(who), Kind::Bodies(owned(method), owned(path))),
        _ => panic!("{title}"),
    }
}

/// `<3*ab>` for `ababab`.
fn repeated(text: &str) -> String {
    let mut rest = text;
    let mut made = String::new();
    while let Some(at) = rest.find('<') {
        let inner = &rest[at + 1..];
        let parts = inner.split_once('*').and_then(|(count, after)| {
            let (unit, after) = after.split_once('>')?;
            Some((count.parse::<usize>().ok()?, unit, after))
        });
        let Some((count, unit, after)) = parts else {
            break;
        };
        made.push_str(&rest[..at]);
        made.push_str(&unit.repeat(count));
        rest = after;
    }
    made + rest
}

/// A line that starts with `~` is bytes: `\xNN`, `\r` and `\n` are escapes.
fn bytes_of(text: &str) -> Vec<u8> {
    let Some(text) = text.strip_prefix('~') else {
        return text.as_bytes().to_vec();
    };
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        match (first, after) {
            (b'\\', [b'r', after @ ..]) => {
                bytes.push(b'\r');
                rest = after;
            }
            (b'\\', [b'n', after @ ..]) => {
                bytes.push(b'\n');
                rest = after;
            }
            (b'\\', [b'x', high, low, after @ ..]) => {
                let digits = [*high, *low];
                let digits = std::str::from_utf8(&digits).unwrap();
                bytes.push(u8::from_str_radix(digits, 16).unwrap());
                rest = after;
            }
            _ => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    bytes
}

/// Sends bytes and reads the answer, as far as there is one: a server may answer a body that is far
/// too large before it has read it.
pub fn exchange(bank: &BankProcess, bytes: &[u8]) -> Response {
    let mut stream = TcpStream::connect(bank.address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let writer = stream.try_clone().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let mut writer = writer;
            // The server may have heard enough.
            let _ = writer.write_all(bytes);
        });
        let mut reader = std::io::BufReader::new(&mut stream);
        let answer = read_response_of(&mut reader);
        drop(reader);
        let _ = stream.shutdown(std::net::Shutdown::Both);
        // Hanging up without a word is no refusal.
        answer.unwrap_or_else(|error| Response {
            status: 0,
            headers: Vec::new(),
            body: json!(error.to_string()),
            raw: String::new(),
        })
    })
}

impl Case {
    /// The request, as bytes.
    fn request(&self, token: &str, names: &Names) -> Vec<u8> {
        let key = fresh_key();
        let sent = bytes_of(&repeated(&filled(&self.sent, names)));
        let own = format!(
            "authorization: Bearer {token}\r\nidempotency-key: {key}\r\ncontent-type: application/json\r\n"
        );
        match &self.kind {
            Kind::Raw => sent,
            Kind::Addresses(method) => {
                let head = [method.as_bytes(), b" ", &sent].concat();
                with_body(&head, own.as_bytes(), b"")
            }
            Kind::Bodies(method, path) => {
                let path = filled(path, names);
                with_body(format!("{method} {path}").as_bytes(), own.as_bytes(), &sent)
            }
            Kind::Heads(method, path) => {
                let path = filled(path, names);
                let mut lines = Vec::new();
                for line in sent.split(|byte| *byte == b'|') {
                    lines.extend_from_slice(line.trim_ascii());
                    lines.extend_from_slice(b"\r\n");
                }
                with_body(format!("{method} {path}").as_bytes(), &lines, b"{}")
            }
        }
    }

    /// The endpoint that the request is for, when it is for one.
    fn endpoint<'a>(&self, described: &'a [(String, String, Value)]) -> Option<&'a Value> {
        let (method, path) = match &self.kind {
            Kind::Raw => return None,
            Kind::Addresses(method) => (method, self.sent.as_str()),
            Kind::Bodies(method, path) | Kind::Heads(method, path) => (method, path.as_str()),
        };
        let path = path.split('?').next().unwrap_or_default();
        let found = described
            .iter()
            .find(|(m, template, _)| m == method && matches(template, path));
        found.map(|(_, _, operation)| operation)
    }
}

fn matches(template: &str, path: &str) -> bool {
    let (template, path) = (template.split('/'), path.split('/'));
    template.clone().count() == path.clone().count()
        && template
            .zip(path)
            .all(|(expected, found)| expected == found || expected.starts_with('{'))
}

fn with_body(address: &[u8], headers: &[u8], body: &[u8]) -> Vec<u8> {
    let length = format!("content-length: {}\r\n\r\n", body.len());
    [
        address,
        b" HTTP/1.1\r\nhost: bank\r\n",
        headers,
        length.as_bytes(),
        body,
    ]
    .concat()
}

/// What must not change: the books, every account, what is for sale and free, and everything that these
/// residents have.
fn picture(bank: &BankProcess, residents: [&Resident; 2]) -> Value {
    let mut client = bank.client();
    let operator = &bank.tokens.operator;
    let mut books = client
        .get(operator, "/v1/audit/trial-balance")
        .expect(200)
        .body;
    books["seq"] = Value::Null;
    let mut read = |token: &str, path: &str| client.get(token, path).expect(200).body;
    let mut seen = vec![books];
    for path in [
        "/v1/audit/accounts",
        "/v1/mall/goods?limit=100",
        "/v1/campaigns",
        "/v1/branches",
        "/v1/returns",
    ] {
        seen.push(read(operator, path));
    }
    for resident in residents {
        let (mobile, person) = (&resident.sessions["mobile"], &resident.person);
        let customer = format!("/v1/customers/{}", person.customer);
        for path in ["accounts", "limits", "wealth", "loans"] {
            seen.push(read(mobile, &format!("{customer}/{path}")));
        }
        for path in [
            format!("/v1/accounts/{}/entries?limit=100", person.account),
            format!("/v1/cards/{}/locks", person.card),
            "/v1/sessions".to_owned(),
            "/v1/points?limit=100".to_owned(),
            "/v1/mall/orders?limit=100".to_owned(),
            "/v1/welfare/vouchers".to_owned(),
            "/v1/appointments".to_owned(),
            "/v1/awards?limit=100".to_owned(),
        ] {
            seen.push(read(mobile, &path));
        }
    }
    Value::Array(seen)
}

pub fn last_seq(bank: &BankProcess) -> u64 {
    let ready = bank.client().get("", "/readyz").expect(200);
    ready.body["seq"].as_u64().unwrap()
}

/// Since `before` at most refusals were recorded, and none of them moved anything.
fn only_refusals_since(bank: &BankProcess, before: u64, about: &str) {
    let path = format!("/v1/audit/records?after={before}");
    let page = bank.client().get(&bank.tokens.operator, &path).expect(200);
    for record in page.body["records"].as_array().unwrap() {
        assert_eq!(record["outcome"], "refused", "{about}: {record}");
        assert_eq!(record["postings"], json!([]), "{about}: {record}");
    }
}

#[test]
fn every_hostile_request_of_the_corpus_gets_its_refusal_and_changes_nothing() {
    let data = tempfile::tempdir().unwrap();
    let bank = BankProcess::start(data.path(), "clock=2026-06-09T10:00+08:00");
    let (town, resident, other) = town_of_two(&bank);
    let corpus_text = include_str!("hostile.txt");
    let mut names = names_of(&bank, &town, (&resident, &other), corpus_text);
    names.extend(authorisations(&bank, &resident, &other));
    names.extend(things_of(&bank, &town, &other, &resident));
    names.extend(spent_things(&bank, &names, &resident, &other));
    let described = operations(&described(&bank));
    let before = picture(&bank, [&resident, &other]);
    let cases = corpus();
    assert!(cases.len() >= 300, "{} hostile requests", cases.len());
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let token = token_of(&bank, &resident, &case.who);
            names.insert("token".to_owned(), bank.tokens.counter.clone());
            let before = last_seq(&bank);
            let answer = exchange(&bank, &case.request(&token, &names));
            let about = format!("hostile.txt:{}: {answer:?}", case.line);
            assert!((400..500).contains(&case.status), "{about}");
            only_refusals_since(&bank, before, &about);
            let right = answer.status == case.status
                && (case.code == "-"
                    || answer.code() == case.code && is_described(case, &described));
            (!right).then_some(about)
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(picture(&bank, [&resident, &other]), before);
}

/// Whether the refusal stands in the description of the endpoint that gave it.
fn is_described(case: &Case, described: &[(String, String, Value)]) -> bool {
    let general = ["not_found", "method_not_allowed"];
    let Some(operation) = case.endpoint(described) else {
        return general.contains(&case.code.as_str()) || matches!(case.kind, Kind::Raw);
    };
    let content = &operation["responses"][case.status.to_string()]["content"];
    let codes = &content["application/problem+json"]["schema"]["properties"]["code"]["enum"];
    let codes = codes.as_array();
    codes.is_some_and(|codes| codes.contains(&json!(case.code)))
}

/// Authorisations that wait, one that was used, and its code.
fn authorisations(bank: &BankProcess, resident: &Resident, other: &Resident) -> Names {
    let mut names = BTreeMap::new();
    let mobile = &resident.sessions["mobile"];
    let account = &resident.person.account;
    let order = json!({"from": account, "to": other.person.account, "amount": "1.00"});
    let mut wish = order.clone();
    wish["medium"] = json!("sms");
    wish["phone"] = json!("13800000000");
    wish["account_tail"] = json!(account[13..]);
    let mut client = bank.client();
    for name in ["spent", "first", "second", "third"] {
        let asked = client.post(mobile, "/v1/authorisations", &wish).expect(201);
        let id = asked.text("authorisation");
        let outbox = format!("/v1/test/outbox/{id}");
        let code = client
            .get(&bank.tokens.operator, &outbox)
            .expect(200)
            .text("code");
        // A wrong code of the same length.
        let wrong = (code.parse::<u32>().unwrap() + 1) % 1_000_000;
        names.insert(format!("{name}_wrong_code"), format!("{wrong:06}"));
        names.insert(format!("{name}_code"), code);
        names.insert(name.to_owned(), id);
    }
    let mut paid = order;
    paid["authorisation"] = json!({"id": names["spent"], "code": names["spent_code"]});
    client.post(mobile, "/v1/transfers", &paid).expect(201);
    names
}

#[test]
fn every_endpoint_that_takes_a_token_has_hostile_requests_in_the_corpus() {
    let data = tempfile::tempdir().unwrap();
    let bank = BankProcess::start(data.path(), "");
    let described = operations(&described(&bank));
    let cases = corpus();
    for (method, path, operation) in &described {
        if operation["x-channels"] == json!([]) && operation["requestBody"].is_null() {
            continue;
        }
        let found = cases
            .iter()
            .filter(|case| case.endpoint(&described) == Some(operation))
            .count();
        let wanted = if operation["requestBody"].is_null() {
            1
        } else {
            4
        };
        assert!(
            found >= wanted,
            "{method} {path}: {found} hostile requests in tests/edge/hostile.txt, and {wanted} wanted"
        );
    }
}

/// Values that no member of a body but a free text takes.
fn bent_values() -> Vec<Value> {
    let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
    vec![
        json!(7),
        json!(-1),
        json!(1e300),
        json!(u64::MAX),
        json!([]),
        json!({}),
        json!(["x", "y"]),
        json!({"$gt": ""}),
        json!(""),
        json!(" "),
        json!("\u{0}"),
        json!("x".repeat(10_000)),
        json!("' OR '1'='1"),
        json!("../../etc/passwd"),
        json!("{{7*7}}"),
        json!("\u{202e}\u{feff}"),
        json!("１２"),
        deep,
    ]
}

#[test]
fn every_member_of_every_body_is_refused_when_it_is_bent() {
    let data = tempfile::tempdir().unwrap();
    let bank = BankProcess::start(data.path(), "clock=2026-06-09T10:00+08:00");
    let (town, resident, other) = town_of_two(&bank);
    let description = described(&bank);
    let names = names_of(&bank, &town, (&resident, &other), &everything_named());
    let mut tried = 0;
    for row in rows() {
        let Some(body) = &row.body else { continue };
        let before = picture(&bank, [&resident, &other]);
        let body: Value = serde_json::from_str(&filled(body, &names)).unwrap();
        let operation = &description["paths"][&row.path][row.method.to_lowercase()];
        let reference = &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
        let schema = resolved(&description, reference);
        let channel = row.who.first().unwrap();
        let token = token_of(&bank, &resident, channel);
        let path = filled(&row.path, &names);
        let mut attack = |bent: &str, about: &str| {
            let seq = last_seq(&bank);
            let answer = send(&bank, Some(&token), &row.method, &path, Some(bent));
            let about = format!("{} {} {about}: {answer:?}", row.method, row.path);
            assert!((400..500).contains(&answer.status), "{about}");
            assert!(!answer.code().is_empty(), "{about}");
            only_refusals_since(&bank, seq, &about);
            tried += 1;
            (answer.status, answer.code().to_owned())
        };
        let text = body.to_string();
        let unknown = text.replacen('{', "{\"unknown\":1,", 1).replace(",}", "}");
        let invalid = (400, "invalid_body".to_owned());
        assert_eq!(attack(&unknown, "an unknown member"), invalid);
        for (name, _) in body.as_object().unwrap() {
            let mut without = body.clone();
            without.as_object_mut().unwrap().remove(name);
            let required = schema["required"].as_array();
            if required.is_some_and(|required| required.contains(&json!(name))) {
                assert_eq!(attack(&without.to_string(), name), invalid);
            }
            let member = &schema["properties"][name];
            if is_closed(&description, member) {
                let bent = bent_values().into_iter();
                for bent in bent.filter(|bent| !is_number_of(&description, member, bent)) {
                    let mut whole = body.clone();
                    whole[name] = bent.clone();
                    attack(&whole.to_string(), &format!("{name} {bent:.60}"));
                }
            }
        }
        let address = format!("{} {}", row.method, row.path);
        assert_eq!(picture(&bank, [&resident, &other]), before, "{address}");
    }
    assert!(tried > 500, "{tried}");
}

fn resolved<'a>(description: &'a Value, reference: &Value) -> &'a Value {
    let name = reference.as_str().unwrap().rsplit('/').next().unwrap();
    &description["components"]["schemas"][name]
}

/// Whether the member is a whole number, and this is one that it may be.
fn is_number_of(description: &Value, member: &Value, bent: &Value) -> bool {
    if member["$ref"].is_string() {
        let member = resolved(description, &member["$ref"]);
        return is_number_of(description, member, bent);
    }
    let range = member["minimum"].as_u64().unwrap_or(0)..=member["maximum"].as_u64().unwrap_or(99);
    member["type"] == "integer" && bent.as_u64().is_some_and(|number| range.contains(&number))
}

/// Whether a member has a form of its own: a pattern, a choice, or no text at all. Whatever an
/// optional identity check holds does not matter where none is asked for, so it is left out.
fn is_closed(description: &Value, member: &Value) -> bool {
    if let Some(choices) = member["oneOf"].as_array() {
        let name = "#/components/schemas/IdentityCheckId";
        let other = choices
            .iter()
            .find(|choice| choice["type"] != "null")
            .unwrap();
        return other["$ref"] != name && is_closed(description, other);
    }
    if member["$ref"].is_string() {
        return is_closed(description, resolved(description, &member["$ref"]));
    }
    // A pattern that only leaves characters out is a free text's.
    let pattern = member["pattern"].as_str();
    let formed = pattern.is_some_and(|pattern| !pattern.contains("[^"));
    formed || member["enum"].is_array() || member["type"] != "string"
}

#[test]
fn slow_senders_are_cut_off_and_hold_nobody_up() {
    let data = tempfile::tempdir().unwrap();
    let bank = BankProcess::start(data.path(), "");
    let mut idle = bank.client();
    idle.get("", "/healthz").expect(200);
    let halves: [&[u8]; 3] = [
        b"P",
        b"POST /v1/deposits HTTP/1.1\r\nhost: b\r\nx",
        b"GET /healthz HTTP/1.1\r\n",
    ];
    let began = Instant::now();
    let mut streams = halves.map(|half| {
        let mut stream = TcpStream::connect(bank.address).unwrap();
        stream.write_all(half).unwrap();
        stream
    });
    // One that sends a byte every now and then never finishes its head, either.
    let mut dripping = TcpStream::connect(bank.address).unwrap();
    let drip = std::thread::spawn(move || {
        let head = b"GET /healthz HTTP/1.1\r\nhost: bank\r\n";
        let cut = |byte: &u8| {
            std::thread::sleep(Duration::from_millis(500));
            dripping.write_all(&[*byte]).is_err()
        };
        head.iter().any(cut)
    });
    bank.client().get("", "/healthz").expect(200);
    for stream in &mut streams {
        let patience = Some(Duration::from_secs(15));
        stream.set_read_timeout(patience).unwrap();
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).unwrap();
        assert!(rest.is_empty(), "{rest:?}");
        let took = began.elapsed().as_secs_f64();
        assert!((4.5..8.0).contains(&took), "cut after {took} s");
    }
    assert!(drip.join().unwrap(), "the dripping head was waited for");
    idle.get("", "/healthz").expect(200);

    // A body that never ends is answered, not waited for.
    let body = b"{\"account\"";
    let request = post_bytes(&bank.tokens.atm, "slow", "/v1/deposits", body);
    let request = String::from_utf8(request).unwrap();
    let request = request.replace("content-length: 10", "content-length: 99");
    let answer = bank.client().exchange(request.as_bytes()).unwrap();
    answer.refused(408, "request_timeout");
}

#[test]
fn whoever_takes_nothing_of_an_answer_is_cut_off_after_twenty_seconds() {
    let data = tempfile::tempdir().unwrap();
    let bank = BankProcess::start(data.path(), "");
    let connections = || {
        let page = bank.client().get("", "/metrics").expect(200).body;
        let page = page.as_str().unwrap().to_owned();
        let line = page
            .lines()
            .find(|line| line.starts_with("bank_connections "));
        let (_, number) = line.unwrap().split_once(' ').unwrap();
        number.parse::<i64>().unwrap()
    };
    let mut greedy = TcpStream::connect(bank.address).unwrap();
    let began = Instant::now();
    // Far more than the buffers of two sockets hold.
    let request = b"GET /openapi.json HTTP/1.1\r\nhost: bank\r\n\r\n";
    let asking = std::thread::spawn(move || {
        let all = request.repeat(1_000);
        let _ = greedy.write_all(&all);
        greedy
    });
    while connections() < 2 {
        assert!(began.elapsed() < Duration::from_secs(5), "never connected");
    }
    // Whoever looks has a connection, too.
    while connections() > 1 {
        assert!(began.elapsed() < Duration::from_secs(40), "never cut off");
        std::thread::sleep(Duration::from_millis(200));
    }
    let took = began.elapsed().as_secs_f64();
    assert!(took > 19.0, "cut after {took} s");
    drop(asking.join().unwrap());
}
