//! Statements: what moved on an account between two days, with the balances before and after.

use std::sync::Arc;

use axum::{
    extract::{Path, Request, State, rejection::PathRejection},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Shared,
    accounts::{EntryRow, OF_PROJECTIONS, projected, readable},
    endpoint::Endpoint,
    problem::Problem,
    reading::read_file,
    request::{Seq, caller, query},
    schemas::{Account, CalendarDay, Yuan},
    write::{json_body, planted_slowness},
};
use crate::{
    history::Held,
    rules::{AccountNumber, Day, Operation, RefusalCode as Code},
    statements::Statement,
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::read(
            "/v1/accounts/{account}/statements",
            Operation::StatementQuery,
            statement,
        )
        .asks::<StatementQuery>()
        .answers::<StatementDocument>()
        .refuses(OF_PROJECTIONS)
        .refuses(&[Code::AccountNotFound]),
    ]
}

#[derive(Serialize, ToSchema)]
struct StatementDocument {
    #[schema(value_type = Account)]
    account: AccountNumber,
    #[schema(value_type = CalendarDay)]
    from: String,
    #[schema(value_type = CalendarDay)]
    to: String,
    /// What the account held before the first day.
    opening_balance: Yuan,
    /// What it held at the end of the last.
    closing_balance: Yuan,
    /// What came in on all days, whatever the page shows.
    credits: Yuan,
    /// What went out; not positive.
    debits: Yuan,
    /// Oldest first.
    entries: Vec<EntryRow>,
    /// Where the next page starts.
    next: Option<String>,
}

/// Entries that one page may hold.
const PAGE_MAX: usize = 100;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct StatementQuery {
    /// The first day; without it the first of the last day's month.
    #[param(required = false, nullable = false, value_type = CalendarDay)]
    from: Option<String>,
    /// The last day; without it today.
    #[param(required = false, nullable = false, value_type = CalendarDay)]
    to: Option<String>,
    /// Entries a page.
    #[serde(default = "default_limit")]
    #[param(value_type = u32, required = false, minimum = 1, maximum = 100)]
    limit: usize,
    /// `next` of the page before.
    #[serde(default)]
    #[param(value_type = i64, required = false, minimum = 0)]
    cursor: Seq,
    /// A record that the page must hold.
    #[serde(default)]
    #[param(value_type = i64, required = false, minimum = 0)]
    min_seq: Seq,
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
    let today = Day::of(service.clock.now());
    let to = query.to.as_deref().map_or(Some(today), Day::parse);
    let from = match query.from.as_deref() {
        None => to.map(Day::first_of_month),
        Some(text) => Day::parse(text),
    };
    let days = from.zip(to).filter(|(from, to)| from <= to);
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
    projected(&service, Held::Entries, query.min_seq.0).await?;
    let reading = Arc::clone(&service);
    let (cursor, limit) = (query.cursor.0, query.limit);
    let period = from.begins()..to.next().begins();
    // One entry more than the page shows whether there is a next one.
    let read = move || reading.history.statement(number, period, cursor, limit + 1);
    let found = read_file("history", read).await?;
    Ok(json_body(&describe(number, (from, to), &found, limit)).into_response())
}

fn describe(
    number: AccountNumber,
    days: (Day, Day),
    found: &Statement,
    limit: usize,
) -> StatementDocument {
    let shown = &found.entries[..found.entries.len().min(limit)];
    let more = found.entries.len() > limit;
    let last = shown.last().map(|entry| entry.seq.to_string());
    StatementDocument {
        account: number,
        from: days.0.to_string(),
        to: days.1.to_string(),
        opening_balance: found.opening.into(),
        closing_balance: found.closing.into(),
        credits: found.credits.into(),
        debits: found.debits.into(),
        entries: shown.iter().map(EntryRow::of).collect(),
        next: last.filter(|_| more),
    }
}
