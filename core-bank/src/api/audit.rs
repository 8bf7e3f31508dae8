//! The operator's audits: the journal's records, the trial balance, every account. They show what
//! is durable, and nothing else.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Service, Shared,
    problem::Problem,
    request::{bearer, query},
    write::json_body,
};
use crate::{
    journal::{JournalError, Link, Record},
    rules::{
        AccountNumber, Action, Answer, BookAccount, Caller, Channel, Fact, LedgerAccount, Payee,
        RefusalCode as Code, State as BankState,
    },
};

/// Records and accounts that one page of an audit may hold.
const PAGE_MAX: usize = 10_000;

/// Audits and the doors of a test are the operator's alone.
pub async fn operator(service: &Service, headers: &HeaderMap) -> Result<(), Problem> {
    match bearer(service, headers)? {
        Caller::Terminal(Channel::Operator) => Ok(()),
        Caller::Session(digest) => {
            let now = service.clock.now();
            let open = service
                .bank
                .read(move |state| state.session(digest).is_some_and(|s| s.stands(now)));
            let code = if open.await? {
                Code::Forbidden
            } else {
                Code::Unauthenticated
            };
            Err(code.into())
        }
        Caller::Terminal(_) | Caller::Visitor => Err(Code::Forbidden.into()),
    }
}

fn page_limit(limit: usize) -> Result<usize, Problem> {
    let right = (1..=PAGE_MAX).contains(&limit);
    let problem = || Problem::detailed(Code::InvalidQuery, "`limit` is from 1 to 10000");
    right.then_some(limit).ok_or_else(problem)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordsQuery {
    #[serde(default)]
    after: u64,
    #[serde(default = "default_limit")]
    limit: usize,
}

fn default_limit() -> usize {
    1_000
}

pub async fn records(State(service): State<Shared>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    operator(&service, &parts.headers).await?;
    let query: RecordsQuery = query(&parts)?;
    let limit = page_limit(query.limit)?;
    let reading = Arc::clone(&service);
    let text = tokio::task::spawn_blocking(move || {
        let links = read_journal(&reading, query.after, limit)?;
        let page = &links[..links.len().min(limit)];
        let last = page.last().map_or(query.after, |link| link.record.seq);
        let records: Vec<Value> = page.iter().map(|link| describe(&link.record)).collect();
        Ok::<_, JournalError>(json!({ "records": records, "last": last }))
    });
    let document = text.await.map_err(|_| Code::Internal)?.map_err(|error| {
        tracing::error!("the journal cannot be read: {error}");
        Code::Internal
    })?;
    Ok(json_body(&document).into_response())
}

fn read_journal(service: &Service, after: u64, limit: usize) -> Result<Vec<Link>, JournalError> {
    // Numbers beyond the journal's grammar come after every record.
    if after > i64::MAX as u64 - 1 {
        return Ok(Vec::new());
    }
    service.journal.read(after, limit)
}

/// One record in the auditor's words.
fn describe(record: &Record) -> Value {
    let action = &record.command.action;
    let (outcome, code) = match record.answer() {
        Ok(_) => ("applied", None),
        Err(refusal) => ("refused", Some(refusal.code)),
    };
    let postings: Vec<Value> = record
        .outcome
        .iter()
        .flatten()
        .filter_map(|fact| match fact {
            Fact::MoneyMoved { postings, .. } => Some(postings),
            _ => None,
        })
        .flatten()
        .map(|line| json!({"account": line.account, "amount": line.amount.to_string()}))
        .collect();
    json!({
        "seq": record.seq,
        "at": record.at.to_string(),
        "operation": action.operation(),
        "key": record.key,
        "channel": record.command.by.channel(),
        "outcome": outcome,
        "code": code,
        "customer": customer_of(record),
        "account": account_of(record),
        "to": payee_of(action),
        "amount": action.amount().map(|amount| amount.to_string()),
        "postings": postings,
    })
}

/// The customer that a record names: whose session it was, or for whom it was done.
fn customer_of(record: &Record) -> Option<String> {
    if let Some(customer) = record.command.by.customer() {
        return Some(customer.to_string());
    }
    let named = match &record.command.action {
        Action::OpenCard { customer, .. }
        | Action::EbankingSignup { customer, .. }
        | Action::LogIn { customer, .. }
        | Action::LogInTo { customer, .. }
        | Action::LogInByPassword { customer, .. }
        | Action::SetPassword { customer, .. }
        | Action::SetChannel { customer, .. }
        | Action::IssueDevice { customer, .. }
        | Action::RegisterShield { customer, .. }
        | Action::UnlockMedium { customer, .. }
        | Action::SetLimits { customer, .. } => *customer,
        _ => None,
    };
    let made = || match record.answer() {
        Ok(Answer::CustomerRegistered(customer)) => Some(customer),
        Err(refusal) => refusal.customer,
        Ok(_) => None,
    };
    let warned = || match record.outcome.as_deref() {
        Ok([Fact::Refused { customer, .. }, ..]) => Some(*customer),
        _ => None,
    };
    named
        .or_else(made)
        .or_else(warned)
        .map(|customer| customer.to_string())
}

fn account_of(record: &Record) -> Option<AccountNumber> {
    record
        .command
        .action
        .account()
        .or_else(|| match record.answer() {
            Ok(Answer::CardOpened(_, account)) => Some(account),
            _ => None,
        })
}

fn payee_of(action: &Action) -> Option<String> {
    match action.payee()? {
        Payee::Here(to) => to.map(|to| to.to_string()),
        Payee::Elsewhere { account, .. } => Some(account),
        Payee::Mall(wish) => wish.goods.map(|goods| goods.to_string()),
        Payee::Welfare(_) => None,
    }
}

pub async fn trial_balance(
    State(service): State<Shared>,
    request: Request,
) -> Result<Response, Problem> {
    operator(&service, request.headers()).await?;
    let document = service.bank.read(balance_books).await?;
    Ok(json_body(&document).into_response())
}

fn balance_books(state: &BankState) -> Value {
    let mut accounts: Vec<Value> = LedgerAccount::ALL
        .iter()
        .map(|account| {
            json!({
                "account": BookAccount::Ledger(*account),
                "kind": account.kind().name(),
                "balance": state.ledger(*account).to_string(),
            })
        })
        .collect();
    accounts.push(json!({
        "account": "customer_deposits",
        "kind": "liability",
        "balance": yuan(state.deposits()),
    }));
    json!({ "seq": state.seq(), "sum": yuan(state.ledger_sum()), "accounts": accounts })
}

/// Sums over all accounts may leave 64 bits, so they print from 128.
fn yuan(fen: i128) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    let fen = fen.unsigned_abs();
    format!("{sign}{}.{:02}", fen / 100, fen % 100)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountsQuery {
    after: Option<String>,
    #[serde(default = "default_limit")]
    limit: usize,
}

pub async fn accounts(
    State(service): State<Shared>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    operator(&service, &parts.headers).await?;
    let query: AccountsQuery = query(&parts)?;
    let limit = page_limit(query.limit)?;
    let after = match query.after.as_deref() {
        None | Some("") => None,
        Some(text) => {
            let problem = || Problem::detailed(Code::InvalidQuery, "`after` is no account");
            Some(AccountNumber::parse(text).ok_or_else(problem)?)
        }
    };
    let rows = service.bank.read(move |state| {
        let rows = state.accounts_after(after).take(limit + 1);
        rows.map(|(number, account)| (*number, account.balance))
            .collect::<Vec<_>>()
    });
    let rows = rows.await?;
    let page = &rows[..rows.len().min(limit)];
    let next = if rows.len() > limit {
        page.last().map(|(number, _)| number)
    } else {
        None
    };
    let accounts: Vec<Value> = page
        .iter()
        .map(|(number, balance)| json!({"account": number, "balance": balance.to_string()}))
        .collect();
    Ok(json_body(&json!({ "accounts": accounts, "next": next })).into_response())
}
