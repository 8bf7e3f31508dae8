//! Sessions of the mobile bank.

use axum::{
    extract::{Request, State},
    response::Response,
};
use serde::{Deserialize, Serialize};

use super::{
    Shared,
    problem::Problem,
    request::well_formed,
    write::{write, write_without_body},
};
use crate::{
    access::{self, TokenKind},
    rules::{Action, Caller, CustomerId, Operation, RefusalCode},
};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LogInBody {
    customer: String,
    device_token: String,
    channel: String,
}

pub async fn log_in(State(service): State<Shared>, request: Request) -> Result<Response, Problem> {
    let issued = service.access.issue(TokenKind::Session);
    write(
        &service,
        request,
        Operation::LogIn,
        |body: &LogInBody, _| {
            let mobile = (body.channel == "mobile").then_some(());
            well_formed("channel", "`mobile`", mobile)?;
            let (nonce, session) = issued.map_err(|_| RefusalCode::Internal)?;
            let device = access::digest(&body.device_token);
            Ok(Action::LogIn {
                customer: CustomerId::parse(&body.customer),
                device,
                session,
                nonce,
            })
        },
    )
    .await
}

pub async fn log_out(State(service): State<Shared>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    write_without_body(&service, &parts, Operation::LogOut, |caller| match caller {
        Caller::Session(session) => Ok(Action::LogOut { session }),
        Caller::Terminal(_) | Caller::Visitor => Err(RefusalCode::Forbidden.into()),
    })
    .await
}
