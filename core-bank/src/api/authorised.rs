//! Who may not ask is told so, whatever else is wrong with the request.
//!
//! Whether a session stands is known where requests are decided, one after the other, and a request that
//! cannot be read never gets there. So its fault is held back until it is known that the caller may ask.
//! Requests without a fault are not looked at twice.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use axum::{
    extract::Request,
    handler::Handler,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::{
    Shared,
    problem::Problem,
    reading::may_ask,
    request::{TERMINAL_SESSION, caller},
};
use crate::rules::{Caller, Operation, RefusalCode as Code};

const SESSION_AT_TERMINAL: HeaderName = HeaderName::from_static(TERMINAL_SESSION);

/// A handler whose callers are told of their faults after it is known that they may ask.
#[derive(Clone)]
pub struct AuthorisedFirst<H> {
    /// What answers them.
    pub handler: H,
    /// What they ask for; none where that is not for the holders of sessions.
    pub operation: Option<Operation>,
}

impl<H, T> Handler<T, Shared> for AuthorisedFirst<H>
where
    H: Handler<T, Shared, Future: Unpin>,
    T: 'static,
{
    type Future = Answering<H::Future>;

    fn call(self, request: Request, service: Shared) -> Self::Future {
        let shown = self.operation.map(|operation| {
            let shown = |name| request.headers().get(name).cloned();
            Shown {
                service: Arc::clone(&service),
                operation,
                token: shown(header::AUTHORIZATION),
                terminal_session: shown(SESSION_AT_TERMINAL),
            }
        });
        Answering::Handled(self.handler.call(request, service), shown)
    }
}

/// A request that is being answered.
pub enum Answering<F> {
    /// By its handler.
    Handled(F, Option<Shown>),
    /// With its fault, or with what comes before that.
    Held(Pin<Box<dyn Future<Output = Response> + Send>>),
}

impl<F: Future<Output = Response> + Unpin> Future for Answering<F> {
    type Output = Response;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Response> {
        if let Self::Handled(handling, shown) = &mut *self {
            let response = ready!(Pin::new(handling).poll(context));
            let Some(shown) = shown.take().filter(|_| is_of_a_fault(&response)) else {
                return Poll::Ready(response);
            };
            *self = Self::Held(Box::pin(shown.answer(response)));
        }
        match &mut *self {
            Self::Held(answering) => answering.as_mut().poll(context),
            Self::Handled(..) => Poll::Pending,
        }
    }
}

/// Whether the request itself was at fault, so that it was not asked who sent it: the codes of such faults stand
/// together in the table of refusals.
fn is_of_a_fault(response: &Response) -> bool {
    response.status().is_client_error()
        && response.extensions().get::<Problem>().is_some_and(|it| {
            (Code::IdempotencyKeyMissing..=Code::AmountNotPositive).contains(&it.code())
        })
}

/// What a request showed of its caller, and what it asked for.
pub struct Shown {
    service: Shared,
    operation: Operation,
    token: Option<HeaderValue>,
    terminal_session: Option<HeaderValue>,
}

impl Shown {
    /// The answer to the caller who may ask; others are told that they may not.
    async fn answer(self, answer: Response) -> Response {
        let mut headers = HeaderMap::new();
        headers.extend(self.token.map(|token| (header::AUTHORIZATION, token)));
        let session = self.terminal_session;
        headers.extend(session.map(|it| (SESSION_AT_TERMINAL, it)));
        let asked = match caller(&self.service, &headers, self.operation) {
            // Of a terminal nothing more is to be known.
            Ok(Caller::Terminal(_)) => Ok(()),
            Ok(caller) => may_ask(&self.service, caller, self.operation).await,
            Err(problem) => Err(problem),
        };
        match asked {
            Ok(()) => answer,
            Err(problem) => problem.into_response(),
        }
    }
}
