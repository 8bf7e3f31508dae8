//! Persons: identity checks, registration, the mobile bank's sign-up.

use serde::{Deserialize, Serialize};

use utoipa::ToSchema;

use super::{
    endpoint::{Asked, Endpoint},
    problem::Problem,
    request::{seen, well_formed},
};
use crate::{
    access::TokenKind,
    rules::{
        Action, CustomerId, IdentityCheckId, Label, Operation, PersonName, Phone,
        RefusalCode as Code, ResidentId,
    },
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::action(
            "/v1/identity-checks",
            Operation::IdentityCheck,
            check_identity,
        )
        .applied(&["identity_check", "verified"])
        .refuses(&[Code::IdentityNotVerified]),
        Endpoint::action("/v1/customers", Operation::RegisterCustomer, register)
            .applied(&["customer"])
            .refuses(&[Code::IdentityCheckNotFound, Code::CustomerExists]),
        Endpoint::action("/v1/ebanking", Operation::EbankingSignup, sign_up_ebanking)
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
    #[schema(value_type = Label)]
    name: String,
    /// The resident id (GB 11643), its check digit included.
    #[schema(example = "11010519491231002X")]
    id_number: String,
}

fn check_identity(body: &IdentityCheckBody, _: &Asked) -> Result<Action, Problem> {
    let form = "a name of 1 to 64 characters";
    let name = PersonName::parse(seen("name", &body.name)?);
    let name = well_formed("name", form, name)?;
    Ok(Action::IdentityCheck {
        name,
        resident: ResidentId::parse(&body.id_number),
    })
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RegisterBody {
    #[schema(value_type = IdentityCheckId)]
    identity_check: String,
    #[schema(pattern = r"^\+?[0-9]{5,15}$", example = "13800000000")]
    phone: String,
}

fn register(body: &RegisterBody, _: &Asked) -> Result<Action, Problem> {
    let form = "a phone number of 5 to 15 digits, with or without a leading +";
    let phone = well_formed("phone", form, Phone::parse(&body.phone))?;
    let check = IdentityCheckId::parse(&body.identity_check);
    Ok(Action::RegisterCustomer { check, phone })
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

fn sign_up_ebanking(body: &PresentCustomerBody, asked: &Asked) -> Result<Action, Problem> {
    let issued = asked.access.issue(TokenKind::Device);
    let (nonce, token) = issued.map_err(|_| Code::Internal)?;
    let customer = CustomerId::parse(&body.customer);
    let check = IdentityCheckId::parse(&body.identity_check);
    Ok(Action::EbankingSignup {
        customer,
        check,
        token,
        nonce,
    })
}
