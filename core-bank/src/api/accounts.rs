//! Readings of accounts: balances from the durable state, history from the projection.

use std::time::Duration;

use axum::{
    extract::{Path, Request, State, rejection::PathRejection},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Service, Shared,
    endpoint::Endpoint,
    problem::Problem,
    reading::{NamedCustomer, read_file, read_of_customer},
    request::{AmountText, Seq, caller, query},
    schemas::{self, Yuan},
    write::{json_body, planted_slowness},
};
use crate::{
    entries::{Direction, Entry, Found, Search},
    history::Held,
    rules::{
        AccountNumber, AccountStatus, Amount, BookAccount, BusinessTime, Caller, CardId,
        CardStatus, CustomerId, Operation, Refusal, RefusalCode as Code, State as BankState,
    },
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::read(
            "/v1/customers/{customer}/accounts",
            Operation::BalanceQuery,
            of_customer,
        )
        .answers::<AccountsDocument>()
        .refuses(&[Code::CustomerNotFound]),
        Endpoint::read(
            "/v1/accounts/{account}/entries",
            Operation::HistoryQuery,
            entries,
        )
        .asks::<EntriesQuery>()
        .answers::<EntriesPage>()
        .refuses(OF_PROJECTIONS)
        .refuses(&[Code::AccountNotFound]),
    ]
}

/// How a reading of the projection refuses.
pub const OF_PROJECTIONS: &[Code] = &[Code::SeqUnknown, Code::ProjectionBehind];

#[derive(Serialize, ToSchema)]
struct AccountsDocument {
    accounts: Vec<AccountRow>,
}

#[derive(Serialize, ToSchema)]
struct AccountRow {
    #[schema(value_type = schemas::Account)]
    account: AccountNumber,
    balance: Yuan,
    card: CardId,
    /// `active`; of the card `lost` or `card_closed`; of the account `closed`.
    status: &'static str,
}

pub async fn of_customer(
    State(service): State<Shared>,
    named: NamedCustomer,
    request: Request,
) -> Result<Response, Problem> {
    let tell = |state: &BankState, customer, _| list_accounts(state, customer);
    let accounts =
        read_of_customer(&service, named, request, Operation::BalanceQuery, tell).await??;
    Ok(json_body(&AccountsDocument { accounts }).into_response())
}

fn list_accounts(state: &BankState, customer: CustomerId) -> Result<Vec<AccountRow>, Refusal> {
    let owner = state.customer(customer).ok_or(Code::CustomerNotFound)?;
    let describe = |number: &AccountNumber| {
        let account = state.account(*number)?;
        let card = state
            .card(account.card)
            .map_or(CardStatus::Active, |card| card.status);
        // A card that was closed alone leaves its account open.
        let status = match (account.status, card) {
            (AccountStatus::Closed, _) => "closed",
            (AccountStatus::Open, CardStatus::Closed) => "card_closed",
            (AccountStatus::Open, card) => card.name(),
        };
        Some(AccountRow {
            account: *number,
            balance: account.balance.into(),
            card: account.card,
            status,
        })
    };
    Ok(owner.accounts.iter().filter_map(describe).collect())
}

/// Entries that one page of history may hold.
const PAGE_MAX: usize = 100;
/// How long a reader waits for the projection to reach the record that it named.
const PATIENCE: Duration = Duration::from_secs(1);

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct EntriesQuery {
    /// Entries a page.
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
    /// Only entries of this operation, by its name.
    #[param(value_type = Operation, inline, required = false, example = "deposit")]
    operation: Option<String>,
    /// Only money that came `in` or went `out`.
    #[param(inline, required = false)]
    direction: Option<DirectionName>,
    /// Only entries that moved this at least, whichever way.
    #[param(value_type = AmountText, inline, required = false, example = "0.01")]
    min_amount: Option<String>,
    /// Only entries that moved this at most.
    #[param(value_type = AmountText, inline, required = false, example = "10000")]
    max_amount: Option<String>,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DirectionName {
    In,
    Out,
}

impl EntriesQuery {
    /// What is looked for.
    fn search(&self) -> Result<Search, Problem> {
        let wrong = |what: String| Problem::detailed(Code::InvalidQuery, what);
        let amount = |member: &str, text: &Option<String>| {
            let amount = text.as_deref().map(Amount::parse).transpose();
            amount.map_err(|why| wrong(format!("`{member}`: {why}")))
        };
        let operation = self.operation.as_deref().map(str::parse).transpose();
        Ok(Search {
            operation: operation.map_err(|why| wrong(format!("`operation`: {why}")))?,
            direction: self.direction.map(|direction| match direction {
                DirectionName::In => Direction::In,
                DirectionName::Out => Direction::Out,
            }),
            min_amount: amount("min_amount", &self.min_amount)?,
            max_amount: amount("max_amount", &self.max_amount)?,
        })
    }
}

#[derive(Serialize, ToSchema)]
pub struct EntriesPage {
    /// Newest first.
    entries: Vec<EntryRow>,
    /// Where the next page starts.
    next: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct EntryRow {
    seq: u64,
    #[schema(value_type = schemas::Moment)]
    at: String,
    operation: String,
    amount: Yuan,
    balance_after: Yuan,
}

fn default_limit() -> usize {
    20
}

pub async fn entries(
    State(service): State<Shared>,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let caller = caller(&service, &parts.headers, Operation::HistoryQuery)?;
    let query: EntriesQuery = query(&parts)?;
    if !(1..=PAGE_MAX).contains(&query.limit) {
        return Err(Problem::detailed(
            Code::InvalidQuery,
            "`limit` is from 1 to 100",
        ));
    }
    let search = query.search()?;
    let account = path
        .ok()
        .and_then(|Path(account)| AccountNumber::parse(&account));
    planted_slowness(&service, Operation::HistoryQuery).await;
    let now = service.clock.now();
    let number = service
        .bank
        .read(move |state| readable(state, caller, Operation::HistoryQuery, account, now))
        .await??;
    let account = BookAccount::Customer(number);
    projected(&service, Held::Entries, query.min_seq.0).await?;
    let reading = std::sync::Arc::clone(&service);
    let (cursor, limit) = (query.cursor.map(|seq| seq.0), query.limit);
    let read = move || reading.history.entries(account, cursor, limit, &search);
    let found = read_file("history", read).await?;
    Ok(json_body(&EntriesPage::of(&found)).into_response())
}

/// An account whose history the caller may read; also a closed one has it.
pub fn readable(
    state: &BankState,
    caller: Caller,
    operation: Operation,
    account: Option<AccountNumber>,
    now: BusinessTime,
) -> Result<AccountNumber, Refusal> {
    let reader = state.reader(caller, operation, now)?;
    let number = account.ok_or(Code::AccountNotFound)?;
    let account = state.account(number).ok_or(Code::AccountNotFound)?;
    if !reader.sees(account.customer) {
        return Err(Code::AccountNotFound.into());
    }
    if !state.serves(reader, account.customer) {
        return Err(Code::ChannelClosed.into());
    }
    Ok(number)
}

/// Waits until the projection holds what was durable when the reader asked, as far as a second's
/// patience allows, and what the reader insists on.
pub async fn projected(service: &Service, held: Held, min_seq: u64) -> Result<(), Problem> {
    let durable = *service.durable.borrow();
    let whole = service
        .history
        .reached(held, durable.max(min_seq), PATIENCE)
        .await;
    // What was durable when the reader asked belongs to the answer; insisting is the reader's affair.
    let insisted = async || service.history.reached(held, min_seq, Duration::ZERO).await;
    if !whole && !insisted().await {
        let known = min_seq <= *service.durable.borrow();
        let code = if known {
            Code::ProjectionBehind
        } else {
            Code::SeqUnknown
        };
        return Err(code.into());
    }
    Ok(())
}

impl EntriesPage {
    /// What was found, as it is shown.
    pub fn of(found: &Found) -> Self {
        Self {
            entries: found.entries.iter().map(EntryRow::of).collect(),
            next: found.next.map(|next| next.to_string()),
        }
    }
}

impl EntryRow {
    /// One entry as it is shown.
    pub fn of(entry: &Entry) -> Self {
        Self {
            seq: entry.seq,
            at: entry.at.to_string(),
            operation: entry.operation.to_string(),
            amount: entry.amount.into(),
            balance_after: entry.balance_after.into(),
        }
    }
}
