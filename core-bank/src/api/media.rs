//! Media that customers authorise payments with: handing them out, unlocking them, their limits.

use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Shared,
    customers::{OF_PRESENCE, PresentCustomerBody},
    endpoint::{Asked, Endpoint},
    problem::Problem,
    reading::{NamedCustomer, read_of_customer},
    request::{AmountText, well_formed},
    schemas::Yuan,
    write::json_body,
};
use crate::{
    access::TokenKind,
    authentication::is_shield_key,
    rules::{
        Action, Amount, CustomerId, Day, IdentityCheckId, Limits, Medium, Operation,
        RefusalCode as Code, Scope, ShieldKey, State as BankState,
    },
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::action("/v1/media/devices", Operation::DeviceIssue, issue_device)
            .applied(&["device", "secret"])
            .refuses(OF_PRESENCE),
        Endpoint::action(
            "/v1/media/shields",
            Operation::ShieldRegistration,
            register_shield,
        )
        .applied(&[])
        .refuses(OF_PRESENCE),
        Endpoint::action("/v1/media/unlocks", Operation::MediumUnlock, unlock)
            .applied(&[])
            .refuses(OF_PRESENCE),
        Endpoint::action(
            "/v1/customers/{customer}/limits",
            Operation::LimitSetting,
            set_limits,
        )
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

fn issue_device(body: &PresentCustomerBody, asked: &Asked) -> Result<Action, Problem> {
    let issued = asked.access.issue(TokenKind::CipherDevice);
    let (serial, _) = issued.map_err(|_| Code::Internal)?;
    Ok(Action::IssueDevice {
        customer: CustomerId::parse(&body.customer),
        check: IdentityCheckId::parse(&body.identity_check),
        serial,
    })
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

fn register_shield(body: &ShieldBody, _: &Asked) -> Result<Action, Problem> {
    let form = "an Ed25519 public key in 64 hexadecimal digits";
    let key = is_shield_key(body.public_key).then_some(body.public_key);
    Ok(Action::RegisterShield {
        customer: CustomerId::parse(&body.customer),
        check: IdentityCheckId::parse(&body.identity_check),
        key: well_formed("public_key", form, key)?,
    })
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

fn unlock(body: &UnlockBody, _: &Asked) -> Result<Action, Problem> {
    Ok(Action::UnlockMedium {
        customer: CustomerId::parse(&body.customer),
        check: IdentityCheckId::parse(&body.identity_check),
        medium: body.medium,
    })
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

fn set_limits(body: &LimitsBody, asked: &Asked) -> Result<Action, Problem> {
    let monthly = body.monthly.as_ref().map(AmountText::amount).transpose()?;
    let check = body.identity_check.as_deref();
    Ok(Action::SetLimits {
        customer: asked.named(CustomerId::parse),
        check: check.and_then(IdentityCheckId::parse),
        scope: body.scope,
        limits: Limits {
            per_transaction: body.per_transaction.amount()?.fen(),
            daily: body.daily.amount()?.fen(),
            monthly: monthly.map(Amount::fen),
        },
    })
}

pub async fn show_limits(
    State(service): State<Shared>,
    named: NamedCustomer,
    request: Request,
) -> Result<Response, Problem> {
    let tell = |state: &BankState, customer, now| describe(state, customer, Day::of(now));
    let limits = read_of_customer(&service, named, request, Operation::LimitSetting, tell).await?;
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
