//! Social security: cards, and the balance that the office outside of the bank knows.

use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Shared,
    problem::Problem,
    request::caller,
    write::{json_body, write},
};
use crate::rules::{Action, CustomerId, IdentityCheckId, Operation, RefusalCode as Code};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CardBody {
    customer: String,
    identity_check: String,
}

pub async fn issue_card(
    State(service): State<Shared>,
    request: Request,
) -> Result<Response, Problem> {
    write(
        &service,
        request,
        Operation::SocialSecurityCard,
        |body: &CardBody, _| {
            Ok(Action::IssueSocialSecurityCard {
                customer: CustomerId::parse(&body.customer),
                check: IdentityCheckId::parse(&body.identity_check),
            })
        },
    )
    .await
}

/// The bank says who may ask; the office is asked outside of the writer's queue, and a session that
/// ended meanwhile is told nothing.
pub async fn balance(State(service): State<Shared>, request: Request) -> Result<Response, Problem> {
    let operation = Operation::SocialSecurityQuery;
    let caller = caller(&service, request.headers(), operation)?;
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
    Ok(json_body(&json!({"balance": balance.to_string()})).into_response())
}
