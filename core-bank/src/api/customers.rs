//! Persons: identity checks, registration, the mobile bank's sign-up.

use axum::{
    extract::{Request, State},
    response::Response,
};
use serde::{Deserialize, Serialize};

use super::{Shared, problem::Problem, request::well_formed, write::write};
use crate::{
    access::TokenKind,
    rules::{
        Action, CustomerId, IdentityCheckId, Operation, PersonName, Phone, RefusalCode, ResidentId,
    },
};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct IdentityCheckBody {
    name: String,
    id_number: String,
}

pub async fn check_identity(
    State(service): State<Shared>,
    request: Request,
) -> Result<Response, Problem> {
    write(
        &service,
        request,
        Operation::IdentityCheck,
        |body: &IdentityCheckBody, _| {
            let form = "a name of 1 to 64 characters";
            let name = well_formed("name", form, PersonName::parse(&body.name))?;
            Ok(Action::IdentityCheck {
                name,
                resident: ResidentId::parse(&body.id_number),
            })
        },
    )
    .await
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RegisterBody {
    identity_check: String,
    phone: String,
}

pub async fn register(
    State(service): State<Shared>,
    request: Request,
) -> Result<Response, Problem> {
    write(
        &service,
        request,
        Operation::RegisterCustomer,
        |body: &RegisterBody, _| {
            let form = "a phone number of 5 to 15 digits, with or without a leading +";
            let phone = well_formed("phone", form, Phone::parse(&body.phone))?;
            let check = IdentityCheckId::parse(&body.identity_check);
            Ok(Action::RegisterCustomer { check, phone })
        },
    )
    .await
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PresentCustomerBody {
    pub customer: String,
    pub identity_check: String,
}

pub async fn sign_up_ebanking(
    State(service): State<Shared>,
    request: Request,
) -> Result<Response, Problem> {
    let issued = service.access.issue(TokenKind::Device);
    write(
        &service,
        request,
        Operation::EbankingSignup,
        |body: &PresentCustomerBody, _| {
            let (nonce, token) = issued.map_err(|_| RefusalCode::Internal)?;
            let customer = CustomerId::parse(&body.customer);
            let check = IdentityCheckId::parse(&body.identity_check);
            Ok(Action::EbankingSignup {
                customer,
                check,
                token,
                nonce,
            })
        },
    )
    .await
}
