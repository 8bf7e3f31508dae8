//! The API's description in `OpenAPI` 3.1, made of the endpoints that the router is made of.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use utoipa::PartialSchema as _;

use super::{endpoint::Endpoint, schemas};
use crate::rules::{CardId, CustomerId, RefusalCode as Code};

/// The media type of refusals.
pub const PROBLEM: &str = "application/problem+json";

/// The description of these endpoints.
pub fn describe(endpoints: &[Endpoint]) -> Value {
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for endpoint in endpoints {
        let method = endpoint.method.as_str().to_ascii_lowercase();
        let item = paths.entry(endpoint.path).or_default();
        item.insert(method, operation(endpoint));
    }
    let mut schemas: BTreeMap<&str, Value> = endpoints
        .iter()
        .flat_map(|endpoint| &endpoint.schemas)
        .map(|(name, schema)| (name.as_str(), json!(schema)))
        .collect();
    schemas.values_mut().for_each(whole_range);
    schemas.insert("Problem", problem());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Branchlab core bank",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "A small bank over HTTP: exact to the fen, durable before it answers, every refusal with a stable code.",
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The token of a terminal, of the operator, of the card network, or of a session.",
                },
                "terminal_session": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Terminal-Session",
                    "description": "Beside a terminal's token: the session of the customer at it, for whom alone it then acts.",
                },
            },
        },
    })
}

/// A count goes as far as 32 bits without a sign do, which "int32" denies.
fn whole_range(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.get("format") == Some(&json!("int32"))
                && members.get("minimum") == Some(&json!(0))
            {
                members.remove("format");
                members.entry("maximum").or_insert(json!(u32::MAX));
            }
            members.values_mut().for_each(whole_range);
        }
        Value::Array(items) => items.iter_mut().for_each(whole_range),
        _ => {}
    }
}

/// A token; at a terminal perhaps the session of who sits there beside it.
fn security(endpoint: &Endpoint, channels: &[&str]) -> Value {
    let terminals = ["counter", "kiosk", "atm"];
    if channels.iter().any(|channel| terminals.contains(channel)) {
        json!([{"token": []}, {"token": [], "terminal_session": []}])
    } else if endpoint.rule.wants_token() {
        json!([{"token": []}])
    } else {
        json!([])
    }
}

fn operation(endpoint: &Endpoint) -> Value {
    let mut parameters: Vec<Value> = path_parameters(endpoint.path);
    parameters.extend(endpoint.query.iter().cloned());
    if endpoint.keyed {
        parameters.push(json!({
            "name": "Idempotency-Key",
            "in": "header",
            "required": true,
            "description": "The client's own name for the request: the same request with the same key has one effect and gets the first answer again.",
            "schema": {"type": "string", "pattern": "^[!-~]{1,64}$"},
        }));
    }
    let channels: Vec<&str> = endpoint.rule.channels().iter().map(|c| c.name()).collect();
    let mut operation = json!({
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "tags": [room(endpoint.path)],
        "parameters": parameters,
        "responses": responses(endpoint),
        "security": security(endpoint, &channels),
        "x-channels": channels,
    });
    if let Some(body) = &endpoint.body {
        operation["requestBody"] = json!({
            "required": true,
            "content": {body.kind: {"schema": body.schema}},
        });
    }
    operation
}

/// The first word of the address, which operations are listed under.
pub fn room(path: &str) -> &str {
    let path = path.strip_prefix("/v1").unwrap_or(path);
    path.trim_start_matches('/')
        .split('/')
        .next()
        .unwrap_or_default()
}

fn path_parameters(path: &str) -> Vec<Value> {
    let names = path.split('/').filter_map(|part| {
        let name = part.strip_prefix('{')?;
        name.strip_suffix('}')
    });
    let describe = |name: &str| {
        let schema = match name {
            "customer" => json!(CustomerId::schema()),
            "card" => json!(CardId::schema()),
            "account" => json!(schemas::account_number()),
            _ => json!({"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"}),
        };
        json!({"name": name, "in": "path", "required": true, "schema": schema})
    };
    names.map(describe).collect()
}

fn responses(endpoint: &Endpoint) -> Value {
    let mut headers = json!({"x-request-id": text_header("The request's name in the bank's log.")});
    if endpoint.keyed {
        headers["x-journal-seq"] = json!({
            "description": "The number of the journal record that holds the effect.",
            "required": true,
            "schema": {"type": "integer", "minimum": 1},
        });
        headers["idempotent-replayed"] = json!({
            "description": "The first answer to this key again.",
            "required": false,
            "schema": {"type": "string", "const": "true"},
        });
    }
    let answer = json!({
        "description": "Done.",
        "headers": headers,
        "content": {endpoint.answer.kind: {"schema": endpoint.answer.schema}},
    });
    let mut responses = Map::from_iter([(endpoint.status.to_string(), answer)]);
    let mut by_status: BTreeMap<u16, BTreeSet<Code>> = BTreeMap::new();
    for code in &endpoint.refusals {
        by_status.entry(code.status()).or_default().insert(*code);
    }
    for (status, codes) in by_status {
        responses.insert(status.to_string(), refusal(&codes));
    }
    if endpoint.path == "/readyz" {
        let mut stopping = responses["200"].clone();
        stopping["description"] = json!("The bank is stopping.");
        responses.insert("503".to_owned(), stopping);
    }
    Value::Object(responses)
}

fn refusal(codes: &BTreeSet<Code>) -> Value {
    let names: Vec<&str> = codes.iter().map(|code| code.code()).collect();
    let lines: Vec<String> = codes
        .iter()
        .map(|code| format!("- `{code}`: {}", code.title()))
        .collect();
    let mut headers = json!({"x-request-id": text_header("The request's name in the bank's log.")});
    if codes.contains(&Code::RateLimited) {
        headers["retry-after"] = json!({
            "description": "Seconds until a request may pass.",
            "required": true,
            "schema": {"type": "integer", "minimum": 1},
        });
    }
    json!({
        "description": lines.join("\n"),
        "headers": headers,
        "content": {PROBLEM: {"schema": {
            "allOf": [{"$ref": "#/components/schemas/Problem"}],
            "properties": {"code": {"enum": names}},
        }}},
    })
}

fn text_header(description: &str) -> Value {
    json!({"description": description, "required": true, "schema": {"type": "string"}})
}

/// The document of every refusal (RFC 9457).
fn problem() -> Value {
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.code()).collect();
    json!({
        "type": "object",
        "description": "A refusal (RFC 9457).",
        "required": ["type", "title", "status", "code", "detail", "retryable", "effect"],
        "properties": {
            "type": {"type": "string", "pattern": "^urn:branchlab:refusal:[a-z_]+$"},
            "title": {"type": "string"},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "code": {"type": "string", "enum": codes},
            "detail": {"type": "string"},
            "instance": {"type": "string", "pattern": "^urn:branchlab:request:[0-9a-f]+-[0-9a-f]+$"},
            "retryable": {"type": "boolean", "description": "Whether the same request may pass later without a change."},
            "effect": {"type": "string", "enum": ["none", "partial", "unknown"], "description": "What the refused request left behind."},
            "customer": {"$ref": "#/components/schemas/CustomerId"},
        },
        "additionalProperties": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Documents refer to schemas by name: a name that stands for two of them describes one of their
    /// endpoints wrongly.
    #[test]
    fn every_name_stands_for_one_schema() {
        let endpoints = super::super::endpoints(true);
        let mut known: BTreeMap<&str, Value> = BTreeMap::new();
        for (name, schema) in endpoints.iter().flat_map(|endpoint| &endpoint.schemas) {
            let schema = json!(schema);
            let first = known.entry(name).or_insert_with(|| schema.clone());
            assert_eq!(*first, schema, "two schemas of the name {name}");
        }
        assert!(known.len() > 50);
    }
}
