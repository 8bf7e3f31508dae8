//! The description as a page that reads without a script or a network.

use maud::{DOCTYPE, Markup, html};
use serde_json::Value;

use super::{
    endpoint::{Endpoint, Rule},
    openapi::room,
};

const STYLE: &str = "
:root { color-scheme: light dark; --line: #8884; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
nav { columns: 3 14rem; margin: 1rem 0 2rem; }
nav a { display: block; break-inside: avoid; }
details { border: 1px solid var(--line); border-radius: .4rem; margin: .5rem 0; padding: .5rem 1rem; }
summary { cursor: pointer; }
code, pre { font: .9em/1.4 ui-monospace, monospace; }
pre { overflow-x: auto; border-left: 3px solid var(--line); padding-left: 1rem; }
table { border-collapse: collapse; width: 100%; }
td, th { border-top: 1px solid var(--line); padding: .25rem .5rem; text-align: left; vertical-align: top; }
.method { display: inline-block; min-width: 4.5rem; font-weight: 600; }
.who { opacity: .75; }
";

/// The page of these endpoints, whose schemas are in the `OpenAPI` document.
pub fn draw(endpoints: &[Endpoint], openapi: &Value) -> String {
    let mut rooms: Vec<&str> = Vec::new();
    for endpoint in endpoints {
        let room = room(endpoint.path);
        if !rooms.contains(&room) {
            rooms.push(room);
        }
    }
    let schemas = &openapi["components"]["schemas"];
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Branchlab core bank" }
                style { (maud::PreEscaped(STYLE)) }
            }
            body {
                h1 { "Branchlab core bank" }
                p { (openapi["info"]["description"].as_str().unwrap_or_default()) }
                p { "For programs: " a href="/openapi.json" { code { "/openapi.json" } } " (OpenAPI 3.1)." }
                nav {
                    @for room in &rooms { a href={ "#" (room) } { (room) } }
                    a href="#schemas" { "schemas" }
                }
                @for name in &rooms {
                    section id=(name) {
                        h2 { (name) }
                        @for endpoint in endpoints.iter().filter(|e| room(e.path) == *name) {
                            (section(endpoint, openapi))
                        }
                    }
                }
                section id="schemas" {
                    h2 { "Schemas" }
                    @for (name, schema) in schemas.as_object().into_iter().flatten() {
                        details id={ "schema-" (name) } {
                            summary { code { (name) } }
                            pre { (pretty(schema)) }
                        }
                    }
                }
            }
        }
    };
    page.into_string()
}

fn section(endpoint: &Endpoint, openapi: &Value) -> Markup {
    let method = endpoint.method.as_str();
    let operation = &openapi["paths"][endpoint.path][method.to_ascii_lowercase()];
    html! {
        details id=(endpoint.name) {
            summary {
                span.method { (method) } code { (endpoint.path) } " " (endpoint.summary)
            }
            p.who { "For " (who(endpoint.rule)) "." }
            @let parameters = operation["parameters"].as_array();
            @if let Some(parameters) = parameters.filter(|parameters| !parameters.is_empty()) {
                h3 { "Parameters" }
                table {
                    @for parameter in parameters {
                        tr {
                            td { code { (text(&parameter["name"])) } }
                            td { (text(&parameter["in"])) @if parameter["required"] == true { ", required" } }
                            td { (text(&parameter["description"])) }
                            td { code { (parameter["schema"].to_string()) } }
                        }
                    }
                }
            }
            @if let Some(body) = &endpoint.body {
                h3 { "Body" }
                (schema_of(&body.schema))
            }
            h3 { "Answer " (endpoint.status) " " code { (endpoint.answer.kind) } }
            (schema_of(&endpoint.answer.schema))
            @if !endpoint.refusals.is_empty() {
                h3 { "Refusals" }
                table {
                    @for code in &endpoint.refusals {
                        tr { td { (code.status()) } td { code { (code.code()) } } td { (code.title()) } }
                    }
                }
            }
        }
    }
}

/// A schema by its name, with a link, or in full.
fn schema_of(schema: &Value) -> Markup {
    let name = schema["$ref"]
        .as_str()
        .and_then(|name| name.rsplit('/').next());
    html! {
        @if let Some(name) = name {
            p { a href={ "#schema-" (name) } { code { (name) } } }
        } @else {
            pre { (pretty(schema)) }
        }
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn pretty(schema: &Value) -> String {
    serde_json::to_string_pretty(schema).unwrap_or_default()
}

/// Who may ask, in words.
fn who(rule: Rule) -> String {
    let channels: Vec<&str> = rule
        .channels()
        .iter()
        .map(|channel| channel.name())
        .collect();
    match rule {
        Rule::Visitors(_) => "whoever logs in".to_owned(),
        Rule::Anyone => "everybody".to_owned(),
        Rule::Channels(_) | Rule::Operator => channels.join(", "),
    }
}
