//! The operator's audits: the journal's records, the trial balance, every account. They show what
//! is durable, and nothing else.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, Method};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Service, Shared,
    accounts::{OF_PROJECTIONS, projected},
    endpoint::{Endpoint, Rule},
    locks::LocksBody,
    problem::Problem,
    reading::read_file,
    request::{Seq, bearer, no_query, query, shut_out},
    schemas::{self, Yuan},
    write::json_body,
};
use crate::{
    history::Held,
    journal::{JournalError, Link, Record},
    notices::select_alerts,
    rules::{
        AccountNumber, Action, Answer, BatchId, BookAccount, Caller, CampaignCommand, CampaignFact,
        CampaignId, CardId, Channel, CustomerId, Fact, Label, LedgerAccount, Limits, MallFact,
        OrderId, Origin, Payee, Place, RefusalCode as Code, Scope, SessionId, State as BankState,
        TerminalAction, VoucherId, WelfareFact,
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
        Endpoint::new(read.clone(), "/v1/audit/accounts", Rule::Operator, accounts)
            .named("audit_accounts", "Lists every customer's account.")
            .asks::<AccountsQuery>()
            .answers::<AuditedAccounts>(),
        Endpoint::new(read, "/v1/audit/alerts", Rule::Operator, alerts)
            .named("audit_alerts", "Lists the alerts in every inbox.")
            .asks::<AlertsQuery>()
            .answers::<AuditedAlerts>()
            .refuses(OF_PROJECTIONS),
    ]
}

/// Records and accounts that one page of an audit may hold.
const PAGE_MAX: usize = 10_000;

/// Audits and the doors of a test are the operator's alone.
pub async fn operator(service: &Service, headers: &HeaderMap) -> Result<(), Problem> {
    match bearer(service, headers)? {
        Caller::Terminal(Channel::Operator) => Ok(()),
        Caller::Session(token) => Err(shut_out(service, token).await),
        Caller::Terminal(_) | Caller::AtTerminal(..) | Caller::Visitor => {
            Err(Code::Forbidden.into())
        }
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
    /// Whether addresses are shown.
    #[serde(default)]
    #[param(required = false)]
    addresses: bool,
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
    /// The session in which it was asked, or which it began.
    #[schema(value_type = Option<SessionId>)]
    session: Option<SessionId>,
    /// The network address that it came from, where the page is asked for addresses and it is known.
    address: Option<String>,
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
    #[serde(flatten)]
    product: ProductEffects,
}

/// What a record did to the bank's products; members that do not apply are missing.
#[derive(Default, Serialize, ToSchema)]
struct ProductEffects {
    /// The batch of vouchers that was bought, issued from, or taken back in part.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    batch: Option<BatchId>,
    /// How many vouchers were bought, issued or taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    vouchers: Option<u32>,
    /// The card that was issued, used, or locked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    card: Option<CardId>,
    /// The locks that were set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    locks: Option<LocksBody>,
    /// The limits that were set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    limits: Option<SetLimits>,
    /// The limits that a payment counts to, or would have: `sms`, `device_online`, `device_mobile`
    /// or `shield`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = String)]
    scope: Option<Scope>,
    /// The order of the mall that was made, sent or cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    order: Option<OrderId>,
    /// The voucher that was spent, or may be spent again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    voucher: Option<VoucherId>,
    /// The campaign in which something was won or claimed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    campaign: Option<CampaignId>,
    /// What was won or claimed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    award: Option<Label>,
    /// The number that was drawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    drawn: Option<u64>,
}

impl ProductEffects {
    fn of(record: &Record) -> Self {
        let mut row = Self::default();
        if let Action::Campaign(CampaignCommand::CheckIn { draw: Some(draw) }) =
            &record.command.action
        {
            row.drawn = Some(draw.number);
        }
        match &record.command.action {
            Action::CardUse { card, .. }
            | Action::SetLocks { card, .. }
            | Action::Terminal(
                TerminalAction::SetPin { card, .. } | TerminalAction::LogInByPin { card, .. },
            ) => row.card = *card,
            Action::AuthorisedTransfer { shown, .. } => {
                row.scope = Scope::of(shown.proof.medium(), record.command.by.channel());
            }
            _ => {}
        }
        for fact in record.outcome.iter().flatten() {
            match fact {
                Fact::Welfare(WelfareFact::Bought { batch, wish, .. }) => {
                    (row.batch, row.vouchers) = (Some(*batch), Some(wish.count));
                }
                Fact::Welfare(WelfareFact::Issued { batch, to }) => {
                    (row.batch, row.vouchers) = (Some(*batch), Some(to.len() as u32));
                }
                Fact::Welfare(WelfareFact::Returned { batch, count }) => {
                    (row.batch, row.vouchers) = (Some(*batch), Some(*count));
                }
                Fact::Mall(
                    MallFact::Ordered { order, .. }
                    | MallFact::Dispatched { order, .. }
                    | MallFact::Cancelled { order, .. },
                ) => row.order = Some(*order),
                Fact::CardOpened { card, .. } => row.card = Some(*card),
                Fact::LocksSet { locks, .. } => row.locks = Some(locks.clone().into()),
                Fact::LimitsSet { scope, limits, .. } => {
                    row.limits = Some(SetLimits::of(*scope, *limits));
                }
                Fact::Welfare(
                    WelfareFact::Redeemed { voucher, .. } | WelfareFact::Restored { voucher, .. },
                ) => row.voucher = Some(*voucher),
                Fact::Campaign(
                    CampaignFact::Won { campaign, name, .. }
                    | CampaignFact::Claimed { campaign, name, .. },
                ) => (row.campaign, row.award) = (Some(*campaign), Some(name.clone())),
                _ => {}
            }
        }
        row
    }
}

/// Limits as they were set.
#[derive(Serialize, ToSchema)]
struct SetLimits {
    /// What they are of: `sms`, `device_online`, `device_mobile` or `shield`.
    #[schema(value_type = String)]
    scope: Scope,
    per_transaction: Yuan,
    daily: Yuan,
    monthly: Option<Yuan>,
}

impl SetLimits {
    fn of(scope: Scope, limits: Limits) -> Self {
        Self {
            scope,
            per_transaction: limits.per_transaction.into(),
            daily: limits.daily.into(),
            monthly: limits.monthly.map(Yuan::from),
        }
    }
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
    let read = move || {
        let links = read_journal(&reading, query.after.0, limit)?;
        let page = &links[..links.len().min(limit)];
        let last = page.last().map_or(query.after.0, |link| link.record.seq);
        let mut origins = Origins::default();
        let describe = |record: &Record| {
            let address = if query.addresses {
                origins.of(&reading, record)?
            } else {
                None
            };
            Ok(RecordRow {
                address: address.map(|origin| origin.to_string()),
                ..describe(record)
            })
        };
        let records: Result<_, JournalError> =
            page.iter().map(|link| &link.record).map(describe).collect();
        let records = records?;
        Ok::<_, JournalError>(RecordsPage { records, last })
    };
    let document = read_file("the journal", read).await?;
    Ok(json_body(&document).into_response())
}

/// Where sessions were begun, as far as somebody asked: the record that began one says it.
#[derive(Default)]
struct Origins(BTreeMap<SessionId, Option<Origin>>);

impl Origins {
    /// Where a record came from: as it says itself, or from where its session was begun.
    fn of(&mut self, service: &Service, record: &Record) -> Result<Option<Origin>, JournalError> {
        let by = record.command.by;
        let session = match (by.origin(), by.session()) {
            (None, Some(session)) => session,
            (told, _) => return Ok(told),
        };
        if let Some(known) = self.0.get(&session) {
            return Ok(*known);
        }
        let began = read_record(service, session.seq())?;
        let origin = began.and_then(|began| began.command.by.origin());
        self.0.insert(session, origin);
        Ok(origin)
    }
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

/// A durable record by its number, when the chain of hashes vouches for it.
pub fn read_record(service: &Service, seq: u64) -> Result<Option<Record>, JournalError> {
    // As of `read_journal`.
    if seq > i64::MAX as u64 {
        return Ok(None);
    }
    service.journal.proven(seq)
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
        .postings()
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
        session: record.command.by.session().or_else(|| begun_by(record)),
        address: None,
        place: action.place(),
        outcome,
        code,
        customer: customer_of(record),
        account: account_of(record),
        to: payee_of(action),
        amount: action.amount().map(Yuan::from),
        postings,
        product: ProductEffects::of(record),
    }
}

/// The session that a record began.
fn begun_by(record: &Record) -> Option<SessionId> {
    let mut facts = record.outcome.iter().flatten();
    let begun = facts.any(|fact| {
        matches!(
            fact,
            Fact::SessionStarted { .. } | Fact::ChannelSessionStarted { .. }
        )
    });
    begun.then(|| SessionId::of_seq(record.seq))
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
        | Action::SetLimits { customer, .. }
        | Action::IssueSocialSecurityCard { customer, .. } => *customer,
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
    let at_terminal = || {
        record.outcome.iter().flatten().find_map(|fact| match fact {
            Fact::ChannelSessionStarted { customer, .. } => Some(*customer),
            _ => None,
        })
    };
    named
        .or_else(made)
        .or_else(at_terminal)
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
        .or_else(|| account_of_card(record))
}

/// The account behind a card that was used.
fn account_of_card(record: &Record) -> Option<AccountNumber> {
    let Action::CardUse { .. } = record.command.action else {
        return None;
    };
    record.postings().find_map(|line| match line.account {
        BookAccount::Customer(account) => Some(account),
        BookAccount::Ledger(_) => None,
    })
}

fn payee_of(action: &Action) -> Option<String> {
    match action.payee()? {
        Payee::Here(None) | Payee::Welfare(_) => None,
        payee => Some(payee.to_string()),
    }
}

pub async fn trial_balance(
    State(service): State<Shared>,
    request: Request,
) -> Result<Response, Problem> {
    operator(&service, request.headers()).await?;
    no_query(request.uri())?;
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

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct AlertsQuery {
    /// `next` of the page before.
    #[param(
        required = false,
        nullable = false,
        pattern = "^(C[0-9]{12}\\.[0-9]{1,20})?$"
    )]
    after: Option<String>,
    /// Alerts a page.
    #[serde(default = "default_limit")]
    #[param(value_type = u32, required = false, minimum = 1, maximum = 10_000)]
    limit: usize,
}

#[derive(Serialize, ToSchema)]
struct AuditedAlerts {
    /// By customer and record.
    alerts: Vec<AuditedAlert>,
    /// Where the next page starts.
    next: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct AuditedAlert {
    #[schema(value_type = CustomerId)]
    customer: String,
    /// The record that it is about.
    seq: u64,
    /// `balance_change`, `log_in`, `voucher`, `parcel` or `cancellation`.
    kind: &'static str,
}

/// A place in the list of all alerts: a customer, and a place in that customer's.
fn place_of(text: &str) -> Option<(CustomerId, u64)> {
    let (customer, place) = text.split_once('.')?;
    let plain = place.bytes().all(|byte| byte.is_ascii_digit());
    let place = plain.then(|| place.parse().ok()).flatten()?;
    Some((CustomerId::parse(customer)?, place))
}

pub async fn alerts(State(service): State<Shared>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    operator(&service, &parts.headers).await?;
    let query: AlertsQuery = query(&parts)?;
    let limit = page_limit(query.limit)?;
    let after = match query.after.as_deref() {
        None | Some("") => None,
        Some(text) => {
            let problem = || Problem::detailed(Code::InvalidQuery, "`after` is no place");
            Some(place_of(text).ok_or_else(problem)?)
        }
    };
    projected(&service, Held::Lists, 0).await?;
    let reading = Arc::clone(&service);
    let read = move || {
        let history = &reading.history;
        history.with_connection(|connection| Ok(select_alerts(connection, after, limit + 1)?))
    };
    let mut rows = read_file("alerts", read).await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let last = rows
        .last()
        .map(|(customer, notice)| format!("{customer}.{}", notice.place()));
    let alerts = rows
        .into_iter()
        .map(|(customer, notice)| AuditedAlert {
            customer,
            seq: notice.seq,
            kind: notice.alert_kind(),
        })
        .collect();
    let next = more.then_some(last).flatten();
    Ok(json_body(&AuditedAlerts { alerts, next }).into_response())
}
