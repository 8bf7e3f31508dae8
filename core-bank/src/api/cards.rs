//! Cards: opening them with their accounts, loss reports and lifts.

use axum::extract::{Path, rejection::PathRejection};
use serde::{Deserialize, Serialize};

use utoipa::ToSchema;

use super::{
    customers::{OF_PRESENCE, PresentCustomerBody},
    endpoint::{Asked, Endpoint},
    problem::Problem,
};
use crate::rules::{Action, CardId, CustomerId, IdentityCheckId, Operation, RefusalCode as Code};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::action("/v1/cards", Operation::OpenCard, open)
            .applied(&["card", "account"])
            .refuses(OF_PRESENCE)
            .refuses(&[Code::CardLimit]),
        Endpoint::action(
            "/v1/cards/{card}/loss-reports",
            Operation::ReportLoss,
            report_loss,
        )
        .applied(&[])
        .refuses(&[Code::CardNotFound, Code::CardAlreadyLost, Code::CardClosed]),
        Endpoint::action(
            "/v1/cards/{card}/loss-lifts",
            Operation::LiftLoss,
            lift_loss,
        )
        .applied(&[])
        .refuses(OF_PRESENCE)
        .refuses(&[Code::CardNotFound, Code::CardNotLost]),
    ]
}

fn open(body: &PresentCustomerBody, _: &Asked) -> Result<Action, Problem> {
    let customer = CustomerId::parse(&body.customer);
    let check = IdentityCheckId::parse(&body.identity_check);
    Ok(Action::OpenCard { customer, check })
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LossReportBody {}

/// A path that does not even decode names no card.
pub fn card_of(path: Result<Path<String>, PathRejection>) -> Option<CardId> {
    path.ok().and_then(|Path(card)| CardId::parse(&card))
}

fn report_loss(_: &LossReportBody, asked: &Asked) -> Result<Action, Problem> {
    Ok(Action::ReportLoss {
        card: asked.named(CardId::parse),
    })
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LossLiftBody {
    #[schema(value_type = IdentityCheckId)]
    identity_check: String,
}

fn lift_loss(body: &LossLiftBody, asked: &Asked) -> Result<Action, Problem> {
    let check = IdentityCheckId::parse(&body.identity_check);
    Ok(Action::LiftLoss {
        card: asked.named(CardId::parse),
        check,
    })
}
