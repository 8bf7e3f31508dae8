//! What customers are told: alerts that they subscribed to, and what was refused for their safety.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Shared,
    accounts::projected,
    problem::Problem,
    request::{caller, query},
    write::{json_body, planted_slowness, write},
};
use crate::{
    notices::{Notice, NoticeKind},
    rules::{Action, AlertWishes, Operation, Refusal, RefusalCode as Code},
};

/// Notices that one page may hold.
const PAGE_MAX: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoticesQuery {
    #[serde(default = "default_limit")]
    limit: usize,
    cursor: Option<u64>,
    #[serde(default)]
    min_seq: u64,
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
        |wishes: &AlertWishes, _| Ok(Action::SetAlerts { wishes: *wishes }),
    )
    .await
}

pub async fn alerts(State(service): State<Shared>, request: Request) -> Result<Response, Problem> {
    let (notices, next) = page(&service, request, NoticeKind::Alert).await?;
    let alerts: Vec<Value> = notices
        .iter()
        .map(|notice| {
            let kind = if notice.account.is_some() {
                "balance_change"
            } else {
                "log_in"
            };
            json!({
                "seq": notice.seq,
                "at": notice.at.to_string(),
                "kind": kind,
                "operation": notice.operation,
                "channel": notice.channel,
                "account": notice.account,
                "amount": notice.amount.map(|fen| fen.to_string()),
                "balance_after": notice.balance_after.map(|fen| fen.to_string()),
            })
        })
        .collect();
    Ok(json_body(&json!({"alerts": alerts, "next": next})).into_response())
}

pub async fn suspicious(
    State(service): State<Shared>,
    request: Request,
) -> Result<Response, Problem> {
    let (notices, next) = page(&service, request, NoticeKind::Suspicious).await?;
    let events: Vec<Value> = notices
        .iter()
        .map(|notice| {
            json!({
                "seq": notice.seq,
                "at": notice.at.to_string(),
                "operation": notice.operation,
                "channel": notice.channel,
                "code": notice.code,
                "amount": notice.amount.map(|fen| fen.to_string()),
                "place": notice.place,
            })
        })
        .collect();
    Ok(json_body(&json!({"events": events, "next": next})).into_response())
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
    projected(service, query.min_seq).await?;
    let reading = Arc::clone(service);
    let (cursor, limit) = (query.cursor, query.limit);
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
