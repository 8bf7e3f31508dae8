//! The outermost layer: request ids, figures, one line of log, and the text of refusals.

use std::{sync::atomic::Ordering, time::Instant};

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderName, HeaderValue, Method};

use super::{Shared, problem::Problem};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Surrounds every request.
pub async fn observe(State(service): State<Shared>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let number = service.requests.fetch_add(1, Ordering::Relaxed);
    let request_id = format!("{:08x}-{number:x}", service.request_prefix);
    let route = request.extensions().get::<MatchedPath>().cloned();
    let method = method_label(request.method());
    let mut response = next.run(request).await;
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let allow = response.headers_mut().remove(http::header::ALLOW);
        response = problem.into_document(&request_id);
        if let Some(allow) = allow {
            response.headers_mut().insert(http::header::ALLOW, allow);
        }
    }
    let route = route.as_ref().map_or("unmatched", MatchedPath::as_str);
    let status = response.status().as_u16();
    let took = began.elapsed();
    service.metrics.answered(method, route, status, took);
    tracing::debug!(
        request_id,
        method,
        route,
        status,
        took_us = took.as_micros() as u64
    );
    if let Ok(value) = HeaderValue::try_from(request_id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// A method as a label: a closed set, so that nobody can grow the figures from outside.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}
