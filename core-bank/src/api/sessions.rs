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
    rules::{Action, Caller, Channel, CustomerId, Operation, RefusalCode},
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
            let channel = match body.channel.as_str() {
                "mobile" => Some(Channel::Mobile),
                "online" => Some(Channel::Online),
                "messenger" => Some(Channel::Messenger),
                _ => None,
            };
            let form = "`mobile`, `online` or `messenger`";
            let channel = well_formed("channel", form, channel)?;
            let (nonce, session) = issued.map_err(|_| RefusalCode::Internal)?;
            let device = access::digest(&body.device_token);
            let customer = CustomerId::parse(&body.customer);
            Ok(match channel {
                Channel::Mobile => Action::LogIn {
                    customer,
                    device,
                    session,
                    nonce,
                },
                _ => Action::LogInTo {
                    channel,
                    customer,
                    device,
                    session,
                    nonce,
                },
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
