//! The one way of every write: who, which key, what, then the queue, then the answer.

use std::time::Duration;

use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{Service, problem::Problem, request};
use crate::{
    access::{Access, TokenKind},
    rules::{Action, Answer, Caller, Envelope, Operation, RefusalCode},
    writer::Reply,
};

/// How long the writer may take to decide.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(5);

/// Reads a body of type `T`, makes it an action, and has it decided.
pub async fn write<T: DeserializeOwned + Serialize>(
    service: &Service,
    request: Request,
    operation: Operation,
    action: impl FnOnce(&T, Caller) -> Result<Action, Problem>,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let caller = match operation {
        Operation::LogIn => Caller::Visitor,
        _ => request::caller(service, &parts.headers, operation)?,
    };
    let key = request::idempotency_key(&parts.headers)?;
    let body: T = request::body(&parts.headers, body).await?;
    let action = action(&body, caller)?;
    let fingerprint = request::fingerprint(&parts, &body)?;
    let envelope = Envelope {
        caller,
        key,
        fingerprint,
        action,
    };
    submit(service, envelope, StatusCode::CREATED).await
}

/// Has an action without a body decided.
pub async fn write_without_body(
    service: &Service,
    parts: &Parts,
    operation: Operation,
    action: impl FnOnce(Caller) -> Result<Action, Problem>,
) -> Result<Response, Problem> {
    let caller = request::caller(service, &parts.headers, operation)?;
    let key = request::idempotency_key(&parts.headers)?;
    let action = action(caller)?;
    let fingerprint = request::fingerprint(parts, &())?;
    let envelope = Envelope {
        caller,
        key,
        fingerprint,
        action,
    };
    submit(service, envelope, StatusCode::OK).await
}

async fn submit(
    service: &Service,
    envelope: Envelope,
    status: StatusCode,
) -> Result<Response, Problem> {
    planted_slowness(service, envelope.action.operation()).await;
    let deciding = service.bank.write(envelope);
    let reply = tokio::time::timeout(ANSWER_TIME_MAX, deciding)
        .await
        .map_err(|_| RefusalCode::AnswerTimeout)?;
    answer(&service.access, reply, status)
}

/// Sleeps as long as a test asked for. It happens ahead of the queue, so nobody else waits.
pub async fn planted_slowness(service: &Service, operation: Operation) {
    for (slow, duration) in &service.slow {
        if *slow == operation {
            tokio::time::sleep(*duration).await;
        }
    }
}

fn answer(access: &Access, reply: Reply, status: StatusCode) -> Result<Response, Problem> {
    let (seq, answer) = match reply.outcome {
        Ok(applied) => applied,
        Err(refusal) if reply.replayed => return Err(Problem::replayed(refusal)),
        Err(refusal) => return Err(refusal.into()),
    };
    let mut headers = HeaderMap::new();
    headers.insert("x-journal-seq", HeaderValue::from(seq));
    if reply.replayed {
        headers.insert("idempotent-replayed", HeaderValue::from_static("true"));
    }
    let document = document(access, seq, &answer);
    Ok((status, headers, json_body(&document)).into_response())
}

/// The members that an applied command answers.
fn document(access: &Access, seq: u64, answer: &Answer) -> Value {
    match answer {
        Answer::IdentityVerified(check) => {
            json!({"seq": seq, "identity_check": check, "verified": true})
        }
        Answer::CustomerRegistered(customer) => json!({"seq": seq, "customer": customer}),
        Answer::CardOpened(card, account) => json!({"seq": seq, "card": card, "account": account}),
        Answer::DeviceBound(nonce) => {
            json!({"seq": seq, "device_token": access.token(TokenKind::Device, *nonce)})
        }
        Answer::Done => json!({"seq": seq}),
        Answer::CashMoved(balance) => json!({"seq": seq, "balance": balance.to_string()}),
        Answer::Transferred(transfer, balance) => {
            json!({"seq": seq, "transfer": transfer, "balance": balance.to_string()})
        }
        Answer::SessionStarted(nonce) => {
            json!({"seq": seq, "session": access.token(TokenKind::Session, *nonce)})
        }
    }
}

/// A JSON body with its type; answers hold balances and tokens, so no cache keeps them.
pub fn json_body(document: &Value) -> impl IntoResponse + use<> {
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, document.to_string())
}
