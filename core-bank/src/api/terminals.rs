//! Sessions of customers at the bank's own terminals, and the PINs that open them.

use axum::{
    extract::{Path, Request, State, rejection::PathRejection},
    response::Response,
};
use http::Method;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Shared,
    cards::card_of,
    customers::OF_PRESENCE,
    endpoint::{Endpoint, Rule},
    problem::Problem,
    request::{Secret, well_formed},
    write::{read, write_without_body},
};
use crate::{
    access::TokenKind,
    rules::{
        Action, Caller, CardId, CustomerId, IdentityCheckId, Operation, RefusalCode as Code,
        TerminalAction,
    },
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::write("/v1/cards/{card}/pins", Operation::PinSetting, set_pin)
            .takes::<PinBody>()
            .applied(&[])
            .refuses(OF_PRESENCE)
            .refuses(&[Code::CardNotFound, Code::CardClosed]),
        Endpoint::write("/v1/terminal-sessions", Operation::TerminalLogIn, log_in)
            .takes::<TerminalLogInBody>()
            .applied(&["session"])
            .refuses(OF_PRESENCE)
            .refuses(&[
                Code::WrongCredentials,
                Code::PinLocked,
                Code::CardLost,
                Code::CardClosed,
                Code::ChannelClosed,
            ]),
        Endpoint::new(
            Method::DELETE,
            "/v1/terminal-sessions/current",
            Rule::Channels(Operation::TerminalLogOut),
            log_out,
        )
        .named(
            Operation::TerminalLogOut.name(),
            Operation::TerminalLogOut.summary(),
        )
        .keyed()
        .applied(&[])
        .refuses(&[Code::SessionNotFound]),
    ]
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PinBody {
    #[schema(value_type = IdentityCheckId)]
    identity_check: String,
    #[schema(value_type = String, pattern = "^[0-9]{6}$", example = "604417")]
    pin: Secret,
}

/// Six digits.
fn is_pin(text: &str) -> bool {
    text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit())
}

pub async fn set_pin(
    State(service): State<Shared>,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let card = card_of(path);
    let mut reading = read::<PinBody>(&service, request, Operation::PinSetting).await?;
    let pin = std::mem::take(&mut reading.body.pin).0;
    let pin = well_formed("pin", "six digits", is_pin(&pin).then_some(pin))?;
    reading.blind(&service.access, &pin);
    let kept = card.map(|card| service.access.pin_digest(card, &pin));
    let action = Action::Terminal(TerminalAction::SetPin {
        card,
        check: IdentityCheckId::parse(&reading.body.identity_check),
        // Nobody's PIN is kept under a card that is not there.
        pin: kept.unwrap_or_default(),
    });
    reading.submit(&service, action).await
}

/// Either `card` with its `pin`, or `customer` with an `identity_check`.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TerminalLogInBody {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<CardId>)]
    card: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, pattern = "^[0-9]{6}$", example = "604417")]
    pin: Option<Secret>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<CustomerId>)]
    customer: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<IdentityCheckId>)]
    identity_check: Option<String>,
}

pub async fn log_in(State(service): State<Shared>, request: Request) -> Result<Response, Problem> {
    let made = service.access.issue(TokenKind::Session);
    let mut reading =
        read::<TerminalLogInBody>(&service, request, Operation::TerminalLogIn).await?;
    let (nonce, session) = made.map_err(|_| Code::Internal)?;
    let body = &mut reading.body;
    let named = (body.customer.take(), body.identity_check.take());
    let action = match (body.card.take(), body.pin.take(), named) {
        (Some(card), Some(Secret(pin)), (None, None)) => {
            let pin = well_formed("pin", "six digits", is_pin(&pin).then_some(pin))?;
            reading.blind(&service.access, &pin);
            let card = CardId::parse(&card);
            let held = service.bank.read(move |state| state.pin(card?)).await?;
            let shown = card.map(|card| service.access.pin_digest(card, &pin));
            let right = held.is_some_and(|held| Some(held.digest) == shown);
            if !right {
                reading.set_apart();
            }
            TerminalAction::LogInByPin {
                card,
                pin: held.map(|pin| pin.set),
                right,
                session,
                nonce,
            }
        }
        (None, None, (Some(customer), Some(check))) => TerminalAction::LogInInPerson {
            customer: CustomerId::parse(&customer),
            check: IdentityCheckId::parse(&check),
            session,
            nonce,
        },
        _ => {
            let form = "beside `pin` alone, or `customer` beside `identity_check` alone";
            return well_formed("card", form, None);
        }
    };
    reading.submit(&service, Action::Terminal(action)).await
}

pub async fn log_out(State(service): State<Shared>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    write_without_body(
        &service,
        &parts,
        Operation::TerminalLogOut,
        |caller| match caller {
            Caller::AtTerminal(_, session) | Caller::Session(session) => {
                Ok(Action::Terminal(TerminalAction::LogOut { session }))
            }
            // Nobody is at it.
            Caller::Terminal(_) => Err(Code::SessionNotFound.into()),
            Caller::Visitor => Err(Code::Forbidden.into()),
        },
    )
    .await
}
