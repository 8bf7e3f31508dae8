//! Whether the bank lives, whether it is ready, and what it counts.

use std::sync::atomic::Ordering;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{Method, StatusCode, header};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{
    Shared,
    endpoint::{Endpoint, Rule},
    schemas,
    write::json_body,
};

/// The media type of `/metrics`.
const METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub fn endpoints() -> Vec<Endpoint> {
    let text = || json!({"type": "string"});
    vec![
        Endpoint::new(Method::GET, "/healthz", Rule::Anyone, healthz)
            .named("healthz", "Says that the process lives.")
            .answers_in("text/plain; charset=utf-8", text()),
        Endpoint::new(Method::GET, "/readyz", Rule::Anyone, readyz)
            .named("readyz", "Says whether the bank takes requests.")
            .answers::<ReadyDocument>(),
        Endpoint::new(Method::GET, "/metrics", Rule::Anyone, metrics)
            .named("metrics", "Shows what the bank counts, for Prometheus.")
            .answers_in(METRICS, text()),
    ]
}

#[derive(Serialize, ToSchema)]
struct ReadyDocument {
    ready: bool,
    /// The last durable record.
    seq: u64,
    /// What a record would be stamped with now.
    #[schema(value_type = schemas::Moment)]
    business_time: String,
    clock_speed: f64,
    /// Whether the doors of a test are open.
    test: bool,
}

pub async fn healthz() -> &'static str {
    "ok\n"
}

pub async fn readyz(State(service): State<Shared>) -> Response {
    let ready = !service.stopping.load(Ordering::Relaxed);
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let document = ReadyDocument {
        ready,
        seq: *service.durable.borrow(),
        business_time: service.clock.next_stamp().to_string(),
        clock_speed: service.clock.speed(),
        test: service.test,
    };
    (status, json_body(&document)).into_response()
}

pub async fn metrics(State(service): State<Shared>) -> Response {
    ([(header::CONTENT_TYPE, METRICS)], service.metrics.text()).into_response()
}
