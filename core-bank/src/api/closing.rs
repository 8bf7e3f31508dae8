//! Closing accounts and cards.

use axum::{
    extract::{Path, Request, State, rejection::PathRejection},
    response::Response,
};
use serde::{Deserialize, Serialize};

use super::{Shared, cards::card_of, problem::Problem, write::write};
use crate::rules::{AccountNumber, Action, ClosingAction, IdentityCheckId, Operation};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClosingBody {
    identity_check: String,
}

pub async fn account(
    State(service): State<Shared>,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    write(
        &service,
        request,
        Operation::AccountClosing,
        |body: &ClosingBody, _| {
            let account = path.ok().and_then(|Path(text)| AccountNumber::parse(&text));
            Ok(Action::Close(ClosingAction::Account {
                account,
                check: IdentityCheckId::parse(&body.identity_check),
            }))
        },
    )
    .await
}

pub async fn card(
    State(service): State<Shared>,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    write(
        &service,
        request,
        Operation::CardClosing,
        |body: &ClosingBody, _| {
            Ok(Action::Close(ClosingAction::Card {
                card: card_of(path),
                check: IdentityCheckId::parse(&body.identity_check),
            }))
        },
    )
    .await
}
