//! Statements: what moved on an account between two days, with the balances before and after.

use std::sync::Arc;

use axum::{
    extract::{Path, Request, State, rejection::PathRejection},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Shared,
    accounts::{entry_line, projected, readable},
    audit::yuan,
    problem::Problem,
    request::{caller, query},
    write::{json_body, planted_slowness},
};
use crate::{
    rules::{AccountNumber, Day, Operation, RefusalCode as Code},
    statements::Statement,
};

/// Entries that one page may hold.
const PAGE_MAX: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StatementQuery {
    from: String,
    to: String,
    #[serde(default = "default_limit")]
    limit: usize,
    #[serde(default)]
    cursor: u64,
    #[serde(default)]
    min_seq: u64,
}

fn default_limit() -> usize {
    20
}

pub async fn statement(
    State(service): State<Shared>,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let caller = caller(&service, &parts.headers, Operation::StatementQuery)?;
    let query: StatementQuery = query(&parts)?;
    let wrong = |what| Problem::detailed(Code::InvalidQuery, what);
    let days = Day::parse(&query.from).zip(Day::parse(&query.to));
    let days = days.filter(|(from, to)| from <= to);
    let (from, to) =
        days.ok_or_else(|| wrong("`from` and `to` are days like 2026-06-09, in this order"))?;
    if !(1..=PAGE_MAX).contains(&query.limit) {
        return Err(wrong("`limit` is from 1 to 100"));
    }
    let account = path.ok().and_then(|Path(text)| AccountNumber::parse(&text));
    planted_slowness(&service, Operation::StatementQuery).await;
    let now = service.clock.now();
    let number = service
        .bank
        .read(move |state| readable(state, caller, Operation::StatementQuery, account, now))
        .await??;
    projected(&service, query.min_seq).await?;
    let reading = Arc::clone(&service);
    let (cursor, limit) = (query.cursor, query.limit);
    let period = from.begins()..to.next().begins();
    // One entry more than the page shows whether there is a next one.
    let found = tokio::task::spawn_blocking(move || {
        reading.history.statement(number, period, cursor, limit + 1)
    });
    let found = found.await.map_err(|_| Code::Internal)?.map_err(|error| {
        tracing::error!("history cannot be read: {error}");
        Code::Internal
    })?;
    Ok(json_body(&describe(number, (from, to), &found, limit)).into_response())
}

fn describe(number: AccountNumber, days: (Day, Day), found: &Statement, limit: usize) -> Value {
    let shown = &found.entries[..found.entries.len().min(limit)];
    let more = found.entries.len() > limit;
    let last = shown.last().map(|entry| entry.seq.to_string());
    let entries: Vec<Value> = shown.iter().map(entry_line).collect();
    json!({
        "account": number,
        "from": days.0.to_string(),
        "to": days.1.to_string(),
        "opening_balance": found.opening.to_string(),
        "closing_balance": found.closing.to_string(),
        "credits": yuan(found.credits),
        "debits": yuan(found.debits),
        "entries": entries,
        "next": last.filter(|_| more),
    })
}
