//! The outermost layer: request ids, figures, one line of log, and the text of refusals.

use std::{net::IpAddr, sync::atomic::Ordering, time::Instant};

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderName, HeaderValue, Method};

use super::{Service, Shared, problem::Problem, request::bearer};
use crate::{options::Observability, rules::Caller};

/// Who is at the other end of the connection.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Surrounds every request.
pub async fn observe(State(service): State<Shared>, request: Request, next: Next) -> Response {
    match service.observability {
        Observability::Full => told(&service, request, next).await,
        Observability::Off => untold(&service, request, next).await,
    }
}

/// Answers a request and tells nothing about it.
async fn untold(service: &Service, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>();
    match admit(service, &request, route) {
        Ok(()) => written_out(next.run(request).await, None),
        Err(problem) => problem.into_document(None),
    }
}

/// Answers a request under an id, counts it and logs it.
async fn told(service: &Service, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let number = service.requests.fetch_add(1, Ordering::Relaxed);
    let request_id = format!("{:08x}-{number:x}", service.request_prefix);
    let route = request.extensions().get::<MatchedPath>().cloned();
    let method = method_label(request.method());
    let mut response = match admit(service, &request, route.as_ref()) {
        Ok(()) => written_out(next.run(request).await, Some(&request_id)),
        Err(problem) => problem.into_document(Some(&request_id)),
    };
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

/// The response, and a refusal as the document that it stands for.
fn written_out(mut response: Response, request_id: Option<&str>) -> Response {
    let Some(problem) = response.extensions_mut().remove::<Problem>() else {
        return response;
    };
    let allow = response.headers_mut().remove(http::header::ALLOW);
    let mut document = problem.into_document(request_id);
    if let Some(allow) = allow {
        document.headers_mut().insert(http::header::ALLOW, allow);
    }
    document
}

/// Counts the request against its sender's allowance. Whoever watches over the bank is let through.
fn admit(service: &Service, request: &Request, route: Option<&MatchedPath>) -> Result<(), Problem> {
    let watching = ["/healthz", "/readyz", "/metrics"];
    let watched = route.is_some_and(|route| watching.contains(&route.as_str()));
    if watched || !service.rates.limit_anybody() {
        return Ok(());
    }
    let peer = request.extensions().get::<Peer>();
    let Some(Peer(address)) = peer.copied() else {
        return Ok(());
    };
    let caller = bearer(service, request.headers()).unwrap_or(Caller::Visitor);
    let admitted = service.rates.admit(caller, address);
    admitted.map_err(Problem::rate_limited)
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
