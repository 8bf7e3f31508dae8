//! Social security: cards, and the balance that the office outside of the bank knows.

use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Shared,
    endpoint::{Asked, Endpoint},
    problem::Problem,
    request::caller_without_query,
    schemas::Yuan,
    write::json_body,
};
use crate::rules::{Action, CustomerId, IdentityCheckId, Operation, RefusalCode as Code};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::action(
            "/v1/social-security/cards",
            Operation::SocialSecurityCard,
            issue_card,
        )
        .applied(&[])
        .refuses(&[
            Code::IdentityCheckNotFound,
            Code::CustomerNotFound,
            Code::IdentityMismatch,
            Code::SocialSecurityCardExists,
        ]),
        Endpoint::read(
            "/v1/social-security/balance",
            Operation::SocialSecurityQuery,
            balance,
        )
        .answers::<BalanceDocument>()
        .refuses(&[
            Code::SocialSecurityCardMissing,
            Code::OfficeTimeout,
            Code::OfficeBusy,
        ]),
    ]
}

#[derive(Serialize, ToSchema)]
struct BalanceDocument {
    balance: Yuan,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CardBody {
    #[schema(value_type = CustomerId)]
    customer: String,
    #[schema(value_type = IdentityCheckId)]
    identity_check: String,
}

fn issue_card(body: &CardBody, _: &Asked) -> Result<Action, Problem> {
    Ok(Action::IssueSocialSecurityCard {
        customer: CustomerId::parse(&body.customer),
        check: IdentityCheckId::parse(&body.identity_check),
    })
}

/// The bank says who may ask; the office is asked outside of the writer's queue, and a session that
/// ended meanwhile is told nothing.
pub async fn balance(State(service): State<Shared>, request: Request) -> Result<Response, Problem> {
    let operation = Operation::SocialSecurityQuery;
    let caller = caller_without_query(&service, &request, operation)?;
    let now = service.clock.now();
    let holder = service.bank.read(move |state| {
        let reader = state.reader(caller, operation, now)?;
        let own = reader.customer().ok_or(Code::Forbidden)?;
        state.social_security_holder(own)
    });
    let balance = service.office.balance(holder.await??).await?;
    let now = service.clock.now();
    let standing = service
        .bank
        .read(move |state| state.reader(caller, operation, now).map(drop));
    standing.await??;
    let balance = balance.into();
    Ok(json_body(&BalanceDocument { balance }).into_response())
}
