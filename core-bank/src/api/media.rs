//! Media that customers authorise payments with: handing them out, unlocking them, their limits.

use axum::{
    extract::{Path, Request, State, rejection::PathRejection},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Shared,
    customers::{OF_PRESENCE, PresentCustomerBody},
    endpoint::Endpoint,
    problem::Problem,
    request::{AmountText, caller, well_formed},
    schemas::Yuan,
    write::{json_body, planted_slowness, write},
};
use crate::{
    access::TokenKind,
    authentication::is_shield_key,
    rules::{
        Action, Amount, CustomerId, Day, IdentityCheckId, Limits, Medium, Operation, Refusal,
        RefusalCode as Code, Scope, ShieldKey, State as BankState,
    },
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::write("/v1/media/devices", Operation::DeviceIssue, issue_device)
            .takes::<PresentCustomerBody>()
            .applied(&["device", "secret"])
            .refuses(OF_PRESENCE),
        Endpoint::write(
            "/v1/media/shields",
            Operation::ShieldRegistration,
            register_shield,
        )
        .takes::<ShieldBody>()
        .applied(&[])
        .refuses(OF_PRESENCE),
        Endpoint::write("/v1/media/unlocks", Operation::MediumUnlock, unlock)
            .takes::<UnlockBody>()
            .applied(&[])
            .refuses(OF_PRESENCE),
        Endpoint::write(
            "/v1/customers/{customer}/limits",
            Operation::LimitSetting,
            set_limits,
        )
        .takes::<LimitsBody>()
        .applied(&[])
        .refuses(OF_PRESENCE)
        .refuses(&[Code::LimitTooHigh]),
        Endpoint::read(
            "/v1/customers/{customer}/limits",
            Operation::LimitSetting,
            show_limits,
        )
        .named(
            "limits",
            "Shows a customer's limits and what was used of them.",
        )
        .answers::<LimitsDocument>()
        .refuses(&[Code::CustomerNotFound]),
    ]
}

pub async fn issue_device(
    State(service): State<Shared>,
    request: Request,
) -> Result<Response, Problem> {
    let issued = service.access.issue(TokenKind::CipherDevice);
    write(
        &service,
        request,
        Operation::DeviceIssue,
        |body: &PresentCustomerBody, _| {
            let (serial, _) = issued.map_err(|_| Code::Internal)?;
            Ok(Action::IssueDevice {
                customer: CustomerId::parse(&body.customer),
                check: IdentityCheckId::parse(&body.identity_check),
                serial,
            })
        },
    )
    .await
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ShieldBody {
    #[schema(value_type = CustomerId)]
    customer: String,
    #[schema(value_type = IdentityCheckId)]
    identity_check: String,
    public_key: ShieldKey,
}

pub async fn register_shield(
    State(service): State<Shared>,
    request: Request,
) -> Result<Response, Problem> {
    write(
        &service,
        request,
        Operation::ShieldRegistration,
        |body: &ShieldBody, _| {
            let form = "an Ed25519 public key in 64 hexadecimal digits";
            let key = is_shield_key(body.public_key).then_some(body.public_key);
            Ok(Action::RegisterShield {
                customer: CustomerId::parse(&body.customer),
                check: IdentityCheckId::parse(&body.identity_check),
                key: well_formed("public_key", form, key)?,
            })
        },
    )
    .await
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UnlockBody {
    #[schema(value_type = CustomerId)]
    customer: String,
    #[schema(value_type = IdentityCheckId)]
    identity_check: String,
    medium: Medium,
}

pub async fn unlock(State(service): State<Shared>, request: Request) -> Result<Response, Problem> {
    write(
        &service,
        request,
        Operation::MediumUnlock,
        |body: &UnlockBody, _| {
            Ok(Action::UnlockMedium {
                customer: CustomerId::parse(&body.customer),
                check: IdentityCheckId::parse(&body.identity_check),
                medium: body.medium,
            })
        },
    )
    .await
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LimitsBody {
    scope: Scope,
    per_transaction: AmountText,
    daily: AmountText,
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required)]
    monthly: Option<AmountText>,
    /// At the counter and the kiosk; a session needs none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<IdentityCheckId>)]
    identity_check: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct LimitsDocument {
    limits: Vec<LimitsRow>,
}

#[derive(Serialize, ToSchema)]
struct LimitsRow {
    scope: Scope,
    per_transaction: Yuan,
    daily: Yuan,
    monthly: Option<Yuan>,
    used_today: Yuan,
    used_this_month: Yuan,
}

pub fn customer_of(path: Result<Path<String>, PathRejection>) -> Option<CustomerId> {
    path.ok()
        .and_then(|Path(customer)| CustomerId::parse(&customer))
}

pub async fn set_limits(
    State(service): State<Shared>,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    write(
        &service,
        request,
        Operation::LimitSetting,
        |body: &LimitsBody, _| {
            let monthly = body.monthly.as_ref().map(AmountText::amount).transpose()?;
            let check = body.identity_check.as_deref();
            Ok(Action::SetLimits {
                customer: customer_of(path),
                check: check.and_then(IdentityCheckId::parse),
                scope: body.scope,
                limits: Limits {
                    per_transaction: body.per_transaction.amount()?.fen(),
                    daily: body.daily.amount()?.fen(),
                    monthly: monthly.map(Amount::fen),
                },
            })
        },
    )
    .await
}

pub async fn show_limits(
    State(service): State<Shared>,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let caller = caller(&service, request.headers(), Operation::LimitSetting)?;
    let customer = customer_of(path);
    planted_slowness(&service, Operation::LimitSetting).await;
    let today = Day::of(service.clock.now());
    let now = service.clock.now();
    let limits = service
        .bank
        .read(move |state| {
            let reader = state.reader(caller, Operation::LimitSetting, now)?;
            let customer = customer.ok_or(Code::CustomerNotFound)?;
            if !reader.sees(customer) || state.customer(customer).is_none() {
                return Err(Refusal::from(Code::CustomerNotFound));
            }
            Ok(describe(state, customer, today))
        })
        .await??;
    Ok(json_body(&LimitsDocument { limits }).into_response())
}

fn describe(state: &BankState, customer: CustomerId, today: Day) -> Vec<LimitsRow> {
    let media = state.media(customer);
    let describe = |scope: Scope| {
        let allowance = media.allowance(scope);
        let (used_today, used_this_month) = allowance.used(today);
        LimitsRow {
            scope,
            per_transaction: allowance.limits.per_transaction.into(),
            daily: allowance.limits.daily.into(),
            monthly: allowance.limits.monthly.map(Yuan::from),
            used_today: used_today.into(),
            used_this_month: used_this_month.into(),
        }
    };
    Vec::from(Scope::ALL.map(describe))
}
