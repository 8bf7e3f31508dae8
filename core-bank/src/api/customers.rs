//! Persons: identity checks, registration, the mobile bank's sign-up.

use axum::{
    extract::{Request, State},
    response::Response,
};
use serde::{Deserialize, Serialize};

use utoipa::ToSchema;

use super::{Shared, endpoint::Endpoint, problem::Problem, request::well_formed, write::write};
use crate::{
    access::TokenKind,
    rules::{
        Action, CustomerId, IdentityCheckId, Operation, PersonName, Phone, RefusalCode as Code,
        ResidentId,
    },
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::write(
            "/v1/identity-checks",
            Operation::IdentityCheck,
            check_identity,
        )
        .takes::<IdentityCheckBody>()
        .applied(&["identity_check", "verified"])
        .refuses(&[Code::IdentityNotVerified]),
        Endpoint::write("/v1/customers", Operation::RegisterCustomer, register)
            .takes::<RegisterBody>()
            .applied(&["customer"])
            .refuses(&[Code::IdentityCheckNotFound, Code::CustomerExists]),
        Endpoint::write("/v1/ebanking", Operation::EbankingSignup, sign_up_ebanking)
            .takes::<PresentCustomerBody>()
            .applied(&["device_token"])
            .refuses(OF_PRESENCE),
    ]
}

/// How an operation refuses that asks the customer to be there.
pub const OF_PRESENCE: &[Code] = &[
    Code::IdentityCheckNotFound,
    Code::CustomerNotFound,
    Code::IdentityMismatch,
];

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct IdentityCheckBody {
    #[schema(
        pattern = r"^(?=.*\S)[^\u0000-\u001f\u007f-\u009f]{1,64}$",
        example = "Li Ming"
    )]
    name: String,
    /// The resident id (GB 11643), its check digit included.
    #[schema(example = "11010519491231002X")]
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

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RegisterBody {
    #[schema(value_type = IdentityCheckId)]
    identity_check: String,
    #[schema(pattern = r"^\+?[0-9]{5,15}$", example = "13800000000")]
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

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PresentCustomerBody {
    #[schema(value_type = CustomerId)]
    pub customer: String,
    /// The check that identified the customer in person, at most 24 hours ago.
    #[schema(value_type = IdentityCheckId)]
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
            let (nonce, token) = issued.map_err(|_| Code::Internal)?;
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
