//! What customers are told: alerts that they subscribed to, and what was refused for their safety.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Shared,
    accounts::{OF_PROJECTIONS, projected},
    endpoint::Endpoint,
    problem::Problem,
    request::{Seq, caller, query},
    schemas::{self, Yuan},
    write::{json_body, planted_slowness, write},
};
use crate::{
    notices::{Notice, NoticeKind},
    rules::{Action, AlertWishes, Operation, Refusal, RefusalCode as Code},
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::read("/v1/alerts", Operation::Alerts, alerts)
            .asks::<NoticesQuery>()
            .answers::<AlertsPage>()
            .refuses(OF_PROJECTIONS),
        Endpoint::write("/v1/alerts/wishes", Operation::AlertSetting, set_wishes)
            .takes::<WishesBody>()
            .applied(&[]),
        Endpoint::read(
            "/v1/suspicious-events",
            Operation::SuspiciousQuery,
            suspicious,
        )
        .asks::<NoticesQuery>()
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
    /// `balance_change` or `log_in`.
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

/// Notices that one page may hold.
const PAGE_MAX: usize = 100;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct NoticesQuery {
    /// Notices a page.
    #[serde(default = "default_limit")]
    #[param(value_type = u32, required = false, minimum = 1, maximum = 100)]
    limit: usize,
    /// `next` of the page before.
    #[param(value_type = i64, required = false, minimum = 0)]
    cursor: Option<Seq>,
    /// The record that the answer must include.
    #[serde(default)]
    #[param(value_type = i64, required = false, minimum = 0)]
    min_seq: Seq,
}

fn default_limit() -> usize {
    20
}

pub async fn set_wishes(
    State(service): State<Shared>,
    request: Request,
) -> Result<Response, Problem> {
    write(
        &service,
        request,
        Operation::AlertSetting,
        |body: &WishesBody, _| {
            let wishes = AlertWishes {
                balance_changes: body.balance_changes,
                log_ins: body.log_ins,
            };
            Ok(Action::SetAlerts { wishes })
        },
    )
    .await
}

pub async fn alerts(State(service): State<Shared>, request: Request) -> Result<Response, Problem> {
    let (notices, next) = page(&service, request, NoticeKind::Alert).await?;
    let alerts = notices
        .into_iter()
        .map(|notice| AlertRow {
            seq: notice.seq,
            at: notice.at.to_string(),
            kind: match notice.account {
                Some(_) => "balance_change",
                None => "log_in",
            },
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
    let (parts, _) = request.into_parts();
    let operation = match kind {
        NoticeKind::Alert => Operation::Alerts,
        NoticeKind::Suspicious => Operation::SuspiciousQuery,
    };
    let caller = caller(service, &parts.headers, operation)?;
    let query: NoticesQuery = query(&parts)?;
    if !(1..=PAGE_MAX).contains(&query.limit) {
        return Err(Problem::detailed(
            Code::InvalidQuery,
            "`limit` is from 1 to 100",
        ));
    }
    planted_slowness(service, operation).await;
    let now = service.clock.now();
    let own = service.bank.read(move |state| {
        let reader = state.reader(caller, operation, now)?;
        reader.customer().ok_or(Refusal::from(Code::Forbidden))
    });
    let own = own.await??;
    projected(service, query.min_seq.0).await?;
    let reading = Arc::clone(service);
    let (cursor, limit) = (query.cursor.map(|seq| seq.0), query.limit);
    // One more than the page shows whether there is a next one.
    let found =
        tokio::task::spawn_blocking(move || reading.history.notices(own, kind, cursor, limit + 1));
    let mut notices = found.await.map_err(|_| Code::Internal)?.map_err(|error| {
        tracing::error!("notices cannot be read: {error}");
        Code::Internal
    })?;
    let more = notices.len() > limit;
    notices.truncate(limit);
    let last = notices.last().map(|notice| notice.seq.to_string());
    let next = more.then_some(last).flatten();
    Ok((notices, next))
}
