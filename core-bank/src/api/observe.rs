//! The outermost layer: request ids, figures, one line of log, and the text of refusals.
//!
//! It is a layer of its own and not a function around the rest, since every request passes it: a
//! function would need its state boxed and everything inside it cloned each time.

use std::{
    convert::Infallible,
    net::IpAddr,
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll, ready},
    time::Instant,
};

use axum::{
    extract::{MatchedPath, Request},
    response::{IntoResponse as _, Response},
};
use http::{HeaderName, HeaderValue, Method};
use tower::{Layer, Service as Tower};

use super::{Service, Shared, host::names_its_host, problem::Problem, request::bearer};
use crate::{digits::Digits, options::Observability, rules::Caller};

/// Who is at the other end of the connection.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Surrounds every request.
#[derive(Clone)]
pub struct Observe(pub Shared);

impl<S> Layer<S> for Observe {
    type Service = Observed<S>;

    fn layer(&self, inner: S) -> Observed<S> {
        Observed {
            service: Arc::clone(&self.0),
            inner,
        }
    }
}

/// A route with the layer around it.
#[derive(Clone)]
pub struct Observed<S> {
    service: Shared,
    inner: S,
}

impl<S> Tower<Request> for Observed<S>
where
    S: Tower<Request, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Observing<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let told = match self.service.observability {
            Observability::Full => Some(Told::begin(Arc::clone(&self.service), &request)),
            Observability::Off => None,
        };
        let route = request.extensions().get::<MatchedPath>();
        let answering = match admit(&self.service, &request, route) {
            Ok(()) => Answering::Inner(Box::pin(self.inner.call(request))),
            Err(problem) => Answering::Refused(Some(problem)),
        };
        Observing { told, answering }
    }
}

/// A request that is being answered.
pub struct Observing<F> {
    told: Option<Told>,
    answering: Answering<F>,
}

enum Answering<F> {
    Inner(Pin<Box<F>>),
    /// Refused before it reached its route.
    Refused(Option<Problem>),
}

impl<F> Future for Observing<F>
where
    F: Future<Output = Result<Response, Infallible>>,
{
    type Output = Result<Response, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let response = match &mut self.answering {
            Answering::Inner(answering) => ready!(answering.as_mut().poll(context))?,
            Answering::Refused(problem) => problem
                .take()
                .map(Problem::into_response)
                .unwrap_or_default(),
        };
        Poll::Ready(Ok(match self.told.take() {
            Some(told) => told.end(response),
            None => written_out(response, None),
        }))
    }
}

/// What is told of a request: its id, its figures, and a line of log.
struct Told {
    service: Shared,
    began: Instant,
    number: u64,
    method: &'static str,
    route: Option<MatchedPath>,
}

impl Told {
    fn begin(service: Shared, request: &Request) -> Self {
        Self {
            began: Instant::now(),
            number: service.requests.fetch_add(1, Ordering::Relaxed),
            method: method_label(request.method()),
            route: request.extensions().get::<MatchedPath>().cloned(),
            service,
        }
    }

    fn end(self, response: Response) -> Response {
        let request_id = request_id(self.service.request_prefix, self.number);
        let mut response = written_out(response, Some(request_id.as_str()));
        let route = self.route.as_ref().map_or("unmatched", MatchedPath::as_str);
        let status = response.status().as_u16();
        let took = self.began.elapsed();
        let metrics = &self.service.metrics;
        metrics.answered(self.method, route, status, took);
        tracing::debug!(
            request_id = request_id.as_str(),
            method = self.method,
            route,
            status,
            took_us = took.as_micros() as u64
        );
        if let Ok(value) = HeaderValue::from_str(request_id.as_str()) {
            response.headers_mut().insert(REQUEST_ID, value);
        }
        response
    }
}

/// The name of a request: eight digits of this run, a dash and its number, in hexadecimal.
fn request_id(run: u32, number: u64) -> Digits {
    let number = Digits::new().hexadecimal(number, 1);
    number.character(b'-').hexadecimal(run.into(), 8)
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

/// Refuses what names no host, and counts the request against its sender's allowance. Whoever watches over
/// the bank is let through.
fn admit(service: &Service, request: &Request, route: Option<&MatchedPath>) -> Result<(), Problem> {
    names_its_host(request)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_named_by_run_and_number() {
        assert_eq!(request_id(0xbeef, 0).as_str(), "0000beef-0");
        let last = request_id(u32::MAX, u64::MAX);
        assert_eq!(last.as_str(), "ffffffff-ffffffffffffffff");
    }
}
