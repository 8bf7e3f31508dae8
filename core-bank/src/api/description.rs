//! The API's own description: `OpenAPI` for programs, a page for people. Both are written once, when
//! the server starts.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderValue, Method, header};
use serde_json::json;

use super::{
    Shared,
    endpoint::{Endpoint, Rule},
    openapi, page,
};

pub fn endpoints() -> Vec<Endpoint> {
    let html = json!({"type": "string"});
    vec![
        Endpoint::new(Method::GET, "/openapi.json", Rule::Anyone, document)
            .named("openapi", "Describes this API in OpenAPI 3.1.")
            .answers_in("application/json", json!({"type": "object"})),
        Endpoint::new(Method::GET, "/docs", Rule::Anyone, docs)
            .named("docs", "Describes this API as a page.")
            .answers_in("text/html; charset=utf-8", html),
    ]
}

/// The two documents.
pub(crate) struct Description {
    openapi: Bytes,
    page: Bytes,
}

impl Description {
    /// Of a bank with or without the doors of a test.
    pub fn new(test: bool) -> Self {
        let endpoints = super::endpoints(test);
        let openapi = openapi::describe(&endpoints);
        Self {
            page: page::draw(&endpoints, &openapi).into(),
            openapi: openapi.to_string().into(),
        }
    }
}

async fn document(State(service): State<Shared>) -> Response {
    let kind = HeaderValue::from_static("application/json");
    let headers = [(header::CONTENT_TYPE, kind)];
    (headers, service.description.openapi.clone()).into_response()
}

async fn docs(State(service): State<Shared>) -> Response {
    // The page is text and style; nothing of it may run or load.
    let policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, service.description.page.clone()).into_response()
}
