//! What customers are told: alerts that they subscribed to, and what was refused for their safety.

use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use rusqlite::Connection;
use serde_json::{Value, json};

use super::{
    Shared,
    paging::own_page,
    problem::Problem,
    write::{json_body, write},
};
use crate::{
    notices::{Notice, NoticeKind, select_notices},
    product_lists::Part,
    rules::{Action, AlertWishes, Operation},
};

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
            let kind = notice.alert_kind();
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
    let operation = match kind {
        NoticeKind::Alert => Operation::Alerts,
        NoticeKind::Suspicious => Operation::SuspiciousQuery,
    };
    let select = move |connection: &Connection, part: Part| {
        select_notices(connection, part.customer, kind, part.before, part.limit)
    };
    let page = own_page(service, request, operation, select, |notice| notice.seq).await?;
    Ok((page.rows, page.next))
}
