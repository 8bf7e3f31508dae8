//! The bank's own books for the operator: the chart, the entries of each account, the trial balance
//! at any record, and the end of a day.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Service, Shared,
    accounts::{page, projected},
    audit::{operator, yuan},
    problem::Problem,
    request::{query, well_formed},
    write::{json_body, planted_slowness, read},
};
use crate::{
    projector::ProjectionError,
    rules::{
        Action, Answer, BookAccount, BooksAction, Day, LedgerAccount, Operation,
        RefusalCode as Code,
    },
};

/// Entries that one page may hold.
const PAGE_MAX: usize = 1_000;

pub async fn chart(State(service): State<Shared>, request: Request) -> Result<Response, Problem> {
    operator(&service, request.headers()).await?;
    planted_slowness(&service, Operation::BooksQuery).await;
    let read = service.bank.read(|state| {
        let describe = |account: &LedgerAccount| {
            json!({
                "account": account.name(),
                "number": account.number(),
                "kind": account.kind().name(),
                "purpose": account.purpose(),
                "balance": state.ledger(*account).to_string(),
            })
        };
        let accounts: Vec<Value> = LedgerAccount::ALL.iter().map(describe).collect();
        let closed = state.books().closed.map(|day| day.to_string());
        json!({ "accounts": accounts, "closed_day": closed })
    });
    Ok(json_body(&read.await?).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EntriesQuery {
    account: String,
    #[serde(default = "default_limit")]
    limit: usize,
    cursor: Option<u64>,
    #[serde(default)]
    min_seq: u64,
}

fn default_limit() -> usize {
    100
}

pub async fn entries(State(service): State<Shared>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    operator(&service, &parts.headers).await?;
    let query: EntriesQuery = query(&parts)?;
    let wrong = |what| Problem::detailed(Code::InvalidQuery, what);
    if !(1..=PAGE_MAX).contains(&query.limit) {
        return Err(wrong("`limit` is from 1 to 1000"));
    }
    let account = LedgerAccount::parse(&query.account);
    let account = account.ok_or_else(|| wrong("`account` is none of the chart"))?;
    planted_slowness(&service, Operation::BooksQuery).await;
    projected(&service, query.min_seq).await?;
    let (cursor, limit) = (query.cursor, query.limit);
    let found = blocking(&service, move |service| {
        let account = BookAccount::Ledger(account);
        service.history.entries(account, cursor, limit + 1)
    });
    Ok(json_body(&page(&found.await?, limit)).into_response())
}

async fn blocking<T: Send + 'static>(
    service: &Shared,
    read: impl FnOnce(&Service) -> Result<T, ProjectionError> + Send + 'static,
) -> Result<T, Problem> {
    let reading = Arc::clone(service);
    let found = tokio::task::spawn_blocking(move || read(&reading)).await;
    found.map_err(|_| Code::Internal)?.map_err(|error| {
        tracing::error!("the projection cannot be read: {error}");
        Code::Internal.into()
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TrialQuery {
    at_seq: u64,
}

/// The trial balance after a record of the past, from the projection's entries.
pub async fn trial_balance(
    State(service): State<Shared>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    operator(&service, &parts.headers).await?;
    let query: TrialQuery = query(&parts)?;
    let seq = query.at_seq;
    if seq > *service.durable.borrow() {
        let what = "`at_seq` is a record that there is not yet";
        return Err(Problem::detailed(Code::InvalidQuery, what));
    }
    planted_slowness(&service, Operation::BooksQuery).await;
    projected(&service, seq).await?;
    let found = blocking(&service, move |service| service.history.balances_at(seq));
    let balances = found.await?;
    let (mut deposits, mut sum) = (0_i128, 0_i128);
    let mut accounts = Vec::new();
    for (account, balance) in balances {
        sum += i128::from(balance.0);
        match account {
            BookAccount::Customer(_) => deposits += i128::from(balance.0),
            BookAccount::Ledger(ledger) => accounts.push(json!({
                "account": ledger.name(),
                "kind": ledger.kind().name(),
                "balance": balance.to_string(),
            })),
        }
    }
    accounts.push(json!({
        "account": "customer_deposits",
        "kind": "liability",
        "balance": yuan(deposits),
    }));
    let document = json!({ "seq": seq, "sum": yuan(sum), "accounts": accounts });
    Ok(json_body(&document).into_response())
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DayBody {
    day: String,
}

/// Closes a day, record by record until all is done.
pub async fn close_day(
    State(service): State<Shared>,
    request: Request,
) -> Result<Response, Problem> {
    let reading = read::<DayBody>(&service, request, Operation::DayEnd).await?;
    let form = "a day like 2026-06-09";
    let day = well_formed("day", form, Day::parse(&reading.body.day))?;
    let action = Action::Books(BooksAction::CloseDay { day });
    let is_last = |answer: &Answer| !matches!(answer, Answer::DayEnd(_, false));
    reading.submit_steps(&service, &action, is_last).await
}
