//! The bank's own books for the operator: the chart, the entries of each account, the trial balance
//! at any record, and the end of a day.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::Method;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Service, Shared,
    accounts::{EntriesPage, OF_PROJECTIONS, projected},
    audit::{BookRow, TrialBalance, operator},
    endpoint::{Endpoint, Rule},
    problem::Problem,
    reading::read_file,
    request::{Seq, no_query, query, well_formed},
    schemas::{CalendarDay, Yuan},
    write::{json_body, planted_slowness, read},
};
use crate::{
    entries::Search,
    history::Held,
    projector::ProjectionError,
    rules::{
        Action, Answer, BookAccount, BooksAction, Day, LedgerAccount, Operation,
        RefusalCode as Code,
    },
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::GET, "/v1/books/chart", Rule::Operator, chart)
            .named("books_chart", "Shows the chart of accounts.")
            .answers::<Chart>(),
        Endpoint::new(Method::GET, "/v1/books/entries", Rule::Operator, entries)
            .named(
                "books_entries",
                "Lists the entries of one account of the chart.",
            )
            .asks::<EntriesQuery>()
            .answers::<EntriesPage>()
            .refuses(OF_PROJECTIONS),
        Endpoint::new(
            Method::GET,
            "/v1/books/trial-balance",
            Rule::Operator,
            trial_balance,
        )
        .named(
            "books_trial_balance",
            "Balances the books as they were after a record.",
        )
        .asks::<TrialQuery>()
        .answers::<TrialBalance>()
        .refuses(OF_PROJECTIONS),
        Endpoint::write("/v1/books/days", Operation::DayEnd, close_day)
            .takes::<DayBody>()
            .applied(&["day", "closed"])
            .refuses(&[
                Code::DayClosed,
                Code::DayNotOver,
                Code::DayOutOfOrder,
                Code::BalanceOverflow,
            ]),
    ]
}

#[derive(Serialize, ToSchema)]
struct Chart {
    accounts: Vec<ChartRow>,
    /// The last day that was closed.
    #[schema(value_type = Option<CalendarDay>)]
    closed_day: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct ChartRow {
    account: &'static str,
    /// In the journal, for ever.
    number: u64,
    /// `asset`, `liability`, `income` or `expense`.
    kind: &'static str,
    purpose: &'static str,
    /// Positive when it is a credit.
    balance: Yuan,
}

/// Entries that one page may hold.
const PAGE_MAX: usize = 1_000;

pub async fn chart(State(service): State<Shared>, request: Request) -> Result<Response, Problem> {
    operator(&service, request.headers()).await?;
    no_query(request.uri())?;
    planted_slowness(&service, Operation::BooksQuery).await;
    let read = service.bank.read(|state| {
        let describe = |account: &LedgerAccount| ChartRow {
            account: account.name(),
            number: account.number(),
            kind: account.kind().name(),
            purpose: account.purpose(),
            balance: state.ledger(*account).into(),
        };
        Chart {
            accounts: LedgerAccount::ALL.iter().map(describe).collect(),
            closed_day: state.books().closed.map(|day| day.to_string()),
        }
    });
    Ok(json_body(&read.await?).into_response())
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct EntriesQuery {
    /// An account of the chart.
    #[param(example = "nostro")]
    account: String,
    /// Entries a page.
    #[serde(default = "default_limit")]
    #[param(value_type = u32, required = false, minimum = 1, maximum = 1_000)]
    limit: usize,
    /// `next` of the page before.
    #[param(value_type = i64, required = false, minimum = 0)]
    cursor: Option<Seq>,
    /// A record that the page must hold.
    #[serde(default)]
    #[param(value_type = i64, required = false, minimum = 0)]
    min_seq: Seq,
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
    projected(&service, Held::Entries, query.min_seq.0).await?;
    let (cursor, limit) = (query.cursor.map(|seq| seq.0), query.limit);
    let found = blocking(&service, move |service| {
        let account = BookAccount::Ledger(account);
        let all = Search::default();
        service.history.entries(account, cursor, limit, &all)
    });
    Ok(json_body(&EntriesPage::of(&found.await?)).into_response())
}

async fn blocking<T: Send + 'static>(
    service: &Shared,
    read: impl FnOnce(&Service) -> Result<T, ProjectionError> + Send + 'static,
) -> Result<T, Problem> {
    let reading = Arc::clone(service);
    read_file("the projection", move || read(&reading)).await
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct TrialQuery {
    /// The record after which.
    #[param(value_type = i64, minimum = 0)]
    at_seq: Seq,
}

/// The trial balance after a record of the past, from the projection's entries.
pub async fn trial_balance(
    State(service): State<Shared>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    operator(&service, &parts.headers).await?;
    let query: TrialQuery = query(&parts)?;
    let seq = query.at_seq.0;
    planted_slowness(&service, Operation::BooksQuery).await;
    projected(&service, Held::Entries, seq).await?;
    let found = blocking(&service, move |service| service.history.balances_at(seq));
    let balances = found.await?;
    let (mut deposits, mut sum) = (0_i128, 0_i128);
    let mut accounts = Vec::new();
    for (account, balance) in balances {
        sum += i128::from(balance.0);
        match account {
            BookAccount::Customer(_) => deposits += i128::from(balance.0),
            BookAccount::Ledger(ledger) => accounts.push(BookRow {
                account: ledger.name().to_owned(),
                kind: ledger.kind().name(),
                balance: balance.into(),
            }),
        }
    }
    accounts.push(BookRow {
        account: "customer_deposits".to_owned(),
        kind: "liability",
        balance: deposits.into(),
    });
    let document = TrialBalance {
        seq,
        sum: sum.into(),
        accounts,
    };
    Ok(json_body(&document).into_response())
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DayBody {
    #[schema(value_type = CalendarDay)]
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
