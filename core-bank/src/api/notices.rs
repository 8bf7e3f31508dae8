//! What customers are told: alerts that they subscribed to, and what was refused for their safety.

use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Shared,
    accounts::OF_PROJECTIONS,
    endpoint::{Asked, Endpoint},
    paging::{PageQuery, own_page},
    problem::Problem,
    schemas::{self, Yuan},
    write::json_body,
};
use crate::{
    notices::{Notice, NoticeKind, select_notices},
    product_lists::Part,
    rules::{Action, AlertWishes, Operation},
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::read("/v1/alerts", Operation::Alerts, alerts)
            .asks::<PageQuery>()
            .answers::<AlertsPage>()
            .refuses(OF_PROJECTIONS),
        Endpoint::action("/v1/alerts/wishes", Operation::AlertSetting, set_wishes).applied(&[]),
        Endpoint::read(
            "/v1/suspicious-events",
            Operation::SuspiciousQuery,
            suspicious,
        )
        .asks::<PageQuery>()
        .answers::<EventsPage>()
        .refuses(OF_PROJECTIONS),
    ]
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WishesBody {
    /// Every change of a balance.
    balance_changes: bool,
    /// Every log-in.
    log_ins: bool,
}

#[derive(Serialize, ToSchema)]
struct AlertsPage {
    /// Newest first.
    alerts: Vec<AlertRow>,
    /// Where the next page starts.
    next: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct AlertRow {
    seq: u64,
    #[schema(value_type = schemas::Moment)]
    at: String,
    /// `balance_change`, `log_in`, `voucher`, `parcel` or `cancellation`.
    kind: &'static str,
    operation: String,
    channel: String,
    #[schema(value_type = Option<schemas::Account>)]
    account: Option<String>,
    amount: Option<Yuan>,
    balance_after: Option<Yuan>,
}

#[derive(Serialize, ToSchema)]
struct EventsPage {
    /// Newest first.
    events: Vec<EventRow>,
    /// Where the next page starts.
    next: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct EventRow {
    seq: u64,
    #[schema(value_type = schemas::Moment)]
    at: String,
    operation: String,
    channel: String,
    code: Option<String>,
    amount: Option<Yuan>,
    place: Option<String>,
}

fn set_wishes(body: &WishesBody, _: &Asked) -> Result<Action, Problem> {
    let wishes = AlertWishes {
        balance_changes: body.balance_changes,
        log_ins: body.log_ins,
    };
    Ok(Action::SetAlerts { wishes })
}

pub async fn alerts(State(service): State<Shared>, request: Request) -> Result<Response, Problem> {
    let (notices, next) = page(&service, request, NoticeKind::Alert).await?;
    let alerts = notices
        .into_iter()
        .map(|notice| AlertRow {
            seq: notice.seq,
            at: notice.at.to_string(),
            kind: notice.alert_kind(),
            operation: notice.operation.into_owned(),
            channel: notice.channel.into_owned(),
            account: notice.account,
            amount: notice.amount.map(Yuan::from),
            balance_after: notice.balance_after.map(Yuan::from),
        })
        .collect();
    Ok(json_body(&AlertsPage { alerts, next }).into_response())
}

pub async fn suspicious(
    State(service): State<Shared>,
    request: Request,
) -> Result<Response, Problem> {
    let (notices, next) = page(&service, request, NoticeKind::Suspicious).await?;
    let events = notices
        .into_iter()
        .map(|notice| EventRow {
            seq: notice.seq,
            at: notice.at.to_string(),
            operation: notice.operation.into_owned(),
            channel: notice.channel.into_owned(),
            code: notice.code.map(std::borrow::Cow::into_owned),
            amount: notice.amount.map(Yuan::from),
            place: notice.place,
        })
        .collect();
    Ok(json_body(&EventsPage { events, next }).into_response())
}

/// One page of the asking customer's own notices, newest first, and where the next one starts.
async fn page(
    service: &Shared,
    request: Request,
    kind: NoticeKind,
) -> Result<(Vec<Notice>, Option<String>), Problem> {
    let operation = match kind {
        NoticeKind::Alert => Operation::Alerts,
        NoticeKind::Suspicious => Operation::SuspiciousQuery,
    };
    let select = move |connection: &Connection, part: Part| {
        select_notices(connection, part.customer, kind, part.before, part.limit)
    };
    let page = own_page(service, request, operation, select, Notice::place).await?;
    Ok((page.rows, page.next))
}
