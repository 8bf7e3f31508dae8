//! Cards: opening them with their accounts, loss reports and lifts.

use axum::{
    extract::{Path, Request, State, rejection::PathRejection},
    response::Response,
};
use serde::{Deserialize, Serialize};

use utoipa::ToSchema;

use super::{
    Shared,
    customers::{OF_PRESENCE, PresentCustomerBody},
    endpoint::Endpoint,
    problem::Problem,
    write::write,
};
use crate::rules::{Action, CardId, CustomerId, IdentityCheckId, Operation, RefusalCode as Code};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::write("/v1/cards", Operation::OpenCard, open)
            .takes::<PresentCustomerBody>()
            .applied(&["card", "account"])
            .refuses(OF_PRESENCE)
            .refuses(&[Code::CardLimit]),
        Endpoint::write(
            "/v1/cards/{card}/loss-reports",
            Operation::ReportLoss,
            report_loss,
        )
        .takes::<LossReportBody>()
        .applied(&[])
        .refuses(&[Code::CardNotFound, Code::CardAlreadyLost, Code::CardClosed]),
        Endpoint::write(
            "/v1/cards/{card}/loss-lifts",
            Operation::LiftLoss,
            lift_loss,
        )
        .takes::<LossLiftBody>()
        .applied(&[])
        .refuses(OF_PRESENCE)
        .refuses(&[Code::CardNotFound, Code::CardNotLost]),
    ]
}

pub async fn open(State(service): State<Shared>, request: Request) -> Result<Response, Problem> {
    write(
        &service,
        request,
        Operation::OpenCard,
        |body: &PresentCustomerBody, _| {
            let customer = CustomerId::parse(&body.customer);
            let check = IdentityCheckId::parse(&body.identity_check);
            Ok(Action::OpenCard { customer, check })
        },
    )
    .await
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LossReportBody {}

/// A path that does not even decode names no card.
pub fn card_of(path: Result<Path<String>, PathRejection>) -> Option<CardId> {
    path.ok().and_then(|Path(card)| CardId::parse(&card))
}

pub async fn report_loss(
    State(service): State<Shared>,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    write(
        &service,
        request,
        Operation::ReportLoss,
        |_: &LossReportBody, _| {
            Ok(Action::ReportLoss {
                card: card_of(path),
            })
        },
    )
    .await
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LossLiftBody {
    #[schema(value_type = IdentityCheckId)]
    identity_check: String,
}

pub async fn lift_loss(
    State(service): State<Shared>,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    write(
        &service,
        request,
        Operation::LiftLoss,
        |body: &LossLiftBody, _| {
            let check = IdentityCheckId::parse(&body.identity_check);
            Ok(Action::LiftLoss {
                card: card_of(path),
                check,
            })
        },
    )
    .await
}
