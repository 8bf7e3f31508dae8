//! What the bank says about itself: the `OpenAPI` document and the page.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    bank_process::{fresh_key, start},
    world::{described, operations, send},
};

/// Calls `look` with every value of a document.
fn walk(value: &Value, look: &mut impl FnMut(&Value)) {
    look(value);
    match value {
        Value::Array(items) => items.iter().for_each(|item| walk(item, look)),
        Value::Object(members) => members.values().for_each(|member| walk(member, look)),
        _ => {}
    }
}

#[test]
fn the_document_describes_every_operation_whole() {
    let (_data, bank) = start("");
    let description = described(&bank);
    assert_eq!(description["openapi"], "3.1.0");
    let mut names = BTreeSet::new();
    for (method, path, operation) in operations(&description) {
        let address = format!("{method} {path}");
        let name = operation["operationId"].as_str().unwrap();
        assert!(!name.is_empty(), "{address} has no name");
        assert!(names.insert(name.to_owned()), "{name} names two endpoints");
        assert!(
            operation["summary"].as_str().unwrap().ends_with('.'),
            "{address} says no sentence"
        );
        let responses = operation["responses"].as_object().unwrap();
        let done = responses.keys().filter(|status| status.starts_with('2'));
        assert_eq!(done.count(), 1, "{address}");
        for (status, response) in responses {
            let content = response["content"].as_object().unwrap();
            assert_eq!(content.len(), 1, "{address} {status}");
            let schema = &content.values().next().unwrap()["schema"];
            let said = schema.as_object().is_some_and(|schema| !schema.is_empty());
            assert!(said, "{address} {status} answers what?");
        }
        if path.starts_with("/v1/") {
            assert!(responses.contains_key("429"), "{address} has no rate limit");
        }
        let keyed = operation["parameters"].as_array().unwrap().iter();
        let keyed = keyed
            .filter(|parameter| parameter["name"] == "Idempotency-Key")
            .any(|parameter| parameter["required"] == true);
        let changes = matches!(method.as_str(), "POST" | "DELETE" | "PATCH")
            || method == "PUT" && !path.starts_with("/v1/test/");
        assert_eq!(
            keyed, changes,
            "{address}: a write needs an Idempotency-Key"
        );
        if method == "POST" {
            let body = &operation["requestBody"]["content"]["application/json"]["schema"];
            assert!(body.is_object(), "{address} takes what?");
        }
    }
    let schemas = description["components"]["schemas"].as_object().unwrap();
    walk(&description, &mut |value| {
        if let Some(name) = value["$ref"].as_str() {
            let name = name.strip_prefix("#/components/schemas/").unwrap();
            assert!(
                schemas.contains_key(name),
                "{name} is referred to, and not there"
            );
        }
    });
}

#[test]
fn bodies_are_closed_and_their_members_documented() {
    let (_data, bank) = start("");
    let description = described(&bank);
    for (method, path, operation) in operations(&description) {
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        let Some(name) = schema["$ref"].as_str() else {
            continue;
        };
        let name = name.rsplit('/').next().unwrap();
        let schema = &description["components"]["schemas"][name];
        // An unknown member is refused, so the description must say so.
        assert_eq!(
            schema["additionalProperties"], false,
            "{method} {path}: deny_unknown_fields"
        );
    }
}

#[test]
fn the_doors_of_a_test_are_described_where_they_are_open_and_only_there() {
    for (options, there) in [("", true), ("honest", false)] {
        let (_data, bank) = start(options);
        let paths = described(&bank)["paths"].clone();
        for path in ["/v1/test/clock", "/v1/test/outbox/{authorisation}"] {
            assert_eq!(paths.get(path).is_some(), there, "{path} {options}");
        }
    }
}

#[test]
fn the_page_shows_every_endpoint_and_neither_runs_nor_loads_anything() {
    let (_data, bank) = start("");
    let answer = bank.client().get("", "/docs").expect(200);
    assert_eq!(
        answer.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    let policy = answer.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    let page = answer.body.as_str().unwrap();
    for (_, path, operation) in operations(&described(&bank)) {
        assert!(page.contains(&path), "{path}");
        let name = operation["operationId"].as_str().unwrap();
        assert!(page.contains(&format!("id=\"{name}\"")), "{name}");
    }
    for foreign in ["<script", "src=", "http://", "https://", "@import", "url("] {
        assert!(!page.contains(foreign), "{foreign}");
    }
}

#[test]
fn every_write_without_a_key_is_refused_and_the_description_knows_every_method() {
    let (_data, bank) = start("");
    let paths = described(&bank)["paths"].clone();
    for (path, item) in paths.as_object().unwrap() {
        let path = path.replace("{customer}", "C000000000001");
        let path = path.replace("{card}", "K000000000001");
        let path = path.replace("{account}", "6200001000000000017");
        let path = path.replace("{authorisation}", "A000000000001");
        let path = path.replace(['{', '}'], "");
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"] {
            let known = item.get(method.to_lowercase()).is_some();
            let answer = send(&bank, Some("nobody"), method, &path, Some("{}"));
            let refused = (answer.status, answer.code()) == (405, "method_not_allowed");
            assert_eq!(refused, !known, "{method} {path}: {answer:?}");
            let allowed = answer.header("allow").unwrap_or_default();
            for (documented, _) in item.as_object().unwrap() {
                let documented = documented.to_uppercase();
                assert!(known || allowed.contains(&documented), "{method} {path}");
            }
        }
    }
    let counter = &bank.tokens.counter;
    let request = format!(
        "POST /v1/deposits HTTP/1.1\r\nhost: b\r\nauthorization: Bearer {counter}\r\ncontent-length: 2\r\n\r\n{{}}"
    );
    let answer = bank.client().exchange(request.as_bytes()).unwrap();
    answer.refused(400, "idempotency_key_missing");
    assert!(!fresh_key().is_empty());
}
