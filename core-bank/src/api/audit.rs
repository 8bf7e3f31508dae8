//! The operator's audits: the journal's records, the trial balance, every account. They show what
//! is durable, and nothing else.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, Method};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Service, Shared,
    endpoint::{Endpoint, Rule},
    problem::Problem,
    request::{Seq, bearer, query, shut_out},
    schemas::{self, Yuan},
    write::json_body,
};
use crate::{
    journal::{JournalError, Link, Record},
    rules::{
        AccountNumber, Action, Answer, BookAccount, Caller, Channel, CustomerId, Fact,
        LedgerAccount, Payee, Place, RefusalCode as Code, State as BankState,
    },
};

pub fn endpoints() -> Vec<Endpoint> {
    let read = Method::GET;
    vec![
        Endpoint::new(read.clone(), "/v1/audit/records", Rule::Operator, records)
            .named("audit_records", "Lists the journal's records in order.")
            .asks::<RecordsQuery>()
            .answers::<RecordsPage>(),
        Endpoint::new(
            read.clone(),
            "/v1/audit/trial-balance",
            Rule::Operator,
            trial_balance,
        )
        .named("trial_balance", "Balances the books.")
        .answers::<TrialBalance>(),
        Endpoint::new(read, "/v1/audit/accounts", Rule::Operator, accounts)
            .named("audit_accounts", "Lists every customer's account.")
            .asks::<AccountsQuery>()
            .answers::<AuditedAccounts>(),
    ]
}

/// Records and accounts that one page of an audit may hold.
const PAGE_MAX: usize = 10_000;

/// Audits and the doors of a test are the operator's alone.
pub async fn operator(service: &Service, headers: &HeaderMap) -> Result<(), Problem> {
    match bearer(service, headers)? {
        Caller::Terminal(Channel::Operator) => Ok(()),
        Caller::Session(token) => Err(shut_out(service, token).await),
        Caller::Terminal(_) | Caller::Visitor => Err(Code::Forbidden.into()),
    }
}

fn page_limit(limit: usize) -> Result<usize, Problem> {
    let right = (1..=PAGE_MAX).contains(&limit);
    let problem = || Problem::detailed(Code::InvalidQuery, "`limit` is from 1 to 10000");
    right.then_some(limit).ok_or_else(problem)
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct RecordsQuery {
    /// The record that the page follows.
    #[serde(default)]
    #[param(value_type = i64, required = false, minimum = 0)]
    after: Seq,
    /// Records a page.
    #[serde(default = "default_limit")]
    #[param(value_type = u32, required = false, minimum = 1, maximum = 10_000)]
    limit: usize,
}

#[derive(Serialize, ToSchema)]
struct RecordsPage {
    records: Vec<RecordRow>,
    /// The last number on the page, or `after` when the page is empty.
    last: u64,
}

#[derive(Serialize, ToSchema)]
struct RecordRow {
    seq: u64,
    #[schema(value_type = schemas::Moment)]
    at: String,
    operation: &'static str,
    key: String,
    channel: &'static str,
    /// Where a card was used, where the request said it.
    place: Option<Place>,
    /// `applied` or `refused`.
    outcome: &'static str,
    code: Option<&'static str>,
    #[schema(value_type = Option<CustomerId>)]
    customer: Option<String>,
    #[schema(value_type = Option<schemas::Account>)]
    account: Option<AccountNumber>,
    to: Option<String>,
    amount: Option<Yuan>,
    postings: Vec<PostingRow>,
}

#[derive(Serialize, ToSchema)]
struct PostingRow {
    /// An account of the books or of a customer.
    account: String,
    /// Positive credits the account.
    amount: Yuan,
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
        let links = read_journal(&reading, query.after.0, limit)?;
        let page = &links[..links.len().min(limit)];
        let last = page.last().map_or(query.after.0, |link| link.record.seq);
        let records = page.iter().map(|link| describe(&link.record)).collect();
        Ok::<_, JournalError>(RecordsPage { records, last })
    });
    let document = text.await.map_err(|_| Code::Internal)?.map_err(|error| {
        tracing::error!("the journal cannot be read: {error}");
        Code::Internal
    })?;
    Ok(json_body(&document).into_response())
}

/// Records after a number, those that are durable.
pub fn read_journal(
    service: &Service,
    after: u64,
    limit: usize,
) -> Result<Vec<Link>, JournalError> {
    // Numbers beyond the journal's grammar come after every record.
    if after > i64::MAX as u64 - 1 {
        return Ok(Vec::new());
    }
    service.journal.read(after, limit)
}

/// One record as the audit shows it, as a document.
pub fn audited(record: &Record) -> serde_json::Value {
    // Rows have text for keys and no value that refuses to be written.
    serde_json::to_value(describe(record)).unwrap_or_default()
}

/// One record in the auditor's words.
fn describe(record: &Record) -> RecordRow {
    let action = &record.command.action;
    let (outcome, code) = match record.answer() {
        Ok(_) => ("applied", None),
        Err(refusal) => ("refused", Some(refusal.code.code())),
    };
    let postings = record
        .outcome
        .iter()
        .flatten()
        .filter_map(|fact| match fact {
            Fact::MoneyMoved { postings, .. } => Some(postings),
            _ => None,
        })
        .flatten()
        .map(|line| PostingRow {
            account: line.account.to_string(),
            amount: line.amount.into(),
        })
        .collect();
    RecordRow {
        seq: record.seq,
        at: record.at.to_string(),
        operation: action.operation().name(),
        key: record.key.to_string(),
        channel: record.command.by.channel().name(),
        place: action.place(),
        outcome,
        code,
        customer: customer_of(record),
        account: account_of(record),
        to: payee_of(action),
        amount: action.amount().map(Yuan::from),
        postings,
    }
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
        Payee::Here(None) => None,
        payee => Some(payee.to_string()),
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

#[derive(Serialize, ToSchema)]
pub struct TrialBalance {
    /// The record after which the books stood so.
    pub seq: u64,
    /// Zero, always.
    pub sum: Yuan,
    /// The bank's own accounts, and all customers' deposits in one row.
    pub accounts: Vec<BookRow>,
}

#[derive(Serialize, ToSchema)]
pub struct BookRow {
    /// Of the chart, or `customer_deposits`.
    pub account: String,
    /// `asset`, `liability`, `income` or `expense`.
    pub kind: &'static str,
    /// Positive when it is a credit.
    pub balance: Yuan,
}

fn balance_books(state: &BankState) -> TrialBalance {
    let mut accounts: Vec<BookRow> = LedgerAccount::ALL
        .iter()
        .map(|account| BookRow {
            account: BookAccount::Ledger(*account).to_string(),
            kind: account.kind().name(),
            balance: state.ledger(*account).into(),
        })
        .collect();
    accounts.push(BookRow {
        account: "customer_deposits".to_owned(),
        kind: "liability",
        balance: state.deposits().into(),
    });
    TrialBalance {
        seq: state.seq(),
        sum: state.ledger_sum().into(),
        accounts,
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct AccountsQuery {
    /// The account that the page follows.
    #[param(required = false, value_type = String, pattern = "^([0-9]{19})?$")]
    after: Option<String>,
    /// Accounts a page.
    #[serde(default = "default_limit")]
    #[param(value_type = u32, required = false, minimum = 1, maximum = 10_000)]
    limit: usize,
}

#[derive(Serialize, ToSchema)]
struct AuditedAccounts {
    accounts: Vec<AuditedAccount>,
    /// Where the next page starts.
    #[schema(value_type = Option<schemas::Account>)]
    next: Option<AccountNumber>,
}

#[derive(Serialize, ToSchema)]
struct AuditedAccount {
    #[schema(value_type = schemas::Account)]
    account: AccountNumber,
    balance: Yuan,
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
        page.last().map(|(number, _)| *number)
    } else {
        None
    };
    let accounts = page
        .iter()
        .map(|(number, balance)| AuditedAccount {
            account: *number,
            balance: (*balance).into(),
        })
        .collect();
    Ok(json_body(&AuditedAccounts { accounts, next }).into_response())
}
