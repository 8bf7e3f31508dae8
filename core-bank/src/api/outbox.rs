//! A door for tests: the message that a customer's phone would have got.

use axum::{
    extract::{Path, Request, State, rejection::PathRejection},
    response::{IntoResponse, Response},
};
use http::Method;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Shared,
    audit::operator,
    endpoint::{Endpoint, Rule},
    problem::Problem,
    request::no_query,
    write::json_body,
};
use crate::{
    authentication::transfer_text,
    rules::{AuthorisationId, MediumKey, RefusalCode as Code},
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(
            Method::GET,
            "/v1/test/outbox/{authorisation}",
            Rule::Operator,
            message,
        )
        .named(
            "test_outbox",
            "Shows the message that a customer's phone would have got.",
        )
        .answers::<MessageDocument>()
        .refuses(&[Code::AuthorisationNotFound]),
    ]
}

#[derive(Serialize, ToSchema)]
struct MessageDocument {
    authorisation: AuthorisationId,
    phone: String,
    code: String,
    text: String,
}

/// The code that was sent for an authorisation, as long as that waits.
pub async fn message(
    State(service): State<Shared>,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    operator(&service, request.headers()).await?;
    no_query(request.uri())?;
    let id = path.ok().and_then(|Path(id)| AuthorisationId::parse(&id));
    let id = id.ok_or(Code::AuthorisationNotFound)?;
    let sent = service.bank.read(move |state| {
        let waiting = state.waiting(id)?;
        let customer = state.customer(waiting.customer)?;
        let by_message = waiting.key() == MediumKey::Sms;
        by_message.then(|| (waiting.order(), String::from(customer.phone)))
    });
    let (order, phone) = sent.await?.ok_or(Code::AuthorisationNotFound)?;
    let code = service.access.sms_key().code(&transfer_text(id, &order));
    let code = code.as_str().to_owned();
    let text = format!(
        "Code {code} for a payment of {} yuan. Never tell it to anybody.",
        order.amount
    );
    let document = MessageDocument {
        authorisation: id,
        phone,
        code,
        text,
    };
    Ok(json_body(&document).into_response())
}
