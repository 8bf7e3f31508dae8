//! Whether the bank lives, whether it is ready, and what it counts.

use std::sync::atomic::Ordering;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use serde_json::json;

use super::{Shared, write::json_body};

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
    let document = json!({
        "ready": ready,
        "seq": *service.durable.borrow(),
        "business_time": service.clock.now().to_string(),
        "clock_speed": service.clock.speed(),
        "test": service.test,
    });
    (status, json_body(&document)).into_response()
}

pub async fn metrics(State(service): State<Shared>) -> Response {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], service.metrics.text()).into_response()
}
