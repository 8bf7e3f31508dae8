//! Closing accounts and cards.

use axum::{
    extract::{Path, Request, State, rejection::PathRejection},
    response::Response,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Shared, cards::card_of, customers::OF_PRESENCE, endpoint::Endpoint, problem::Problem,
    write::write,
};
use crate::rules::{
    AccountNumber, Action, ClosingAction, IdentityCheckId, Operation, RefusalCode as Code,
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::write(
            "/v1/accounts/{account}/closures",
            Operation::AccountClosing,
            account,
        )
        .takes::<ClosingBody>()
        .applied(&["paid_out"])
        .refuses(OF_PRESENCE)
        .refuses(&[
            Code::AccountNotFound,
            Code::AccountClosed,
            Code::AccountInUse,
            Code::BalanceRemaining,
            Code::BalanceOverflow,
        ]),
        Endpoint::write("/v1/cards/{card}/closures", Operation::CardClosing, card)
            .takes::<ClosingBody>()
            .applied(&[])
            .refuses(OF_PRESENCE)
            .refuses(&[Code::CardNotFound, Code::CardClosed]),
    ]
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ClosingBody {
    #[schema(value_type = IdentityCheckId)]
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
