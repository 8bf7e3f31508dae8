//! Reversals and refunds: the operator proposes, the reviewer decides; and where a transfer stands.

use axum::{
    extract::{Path, Request, State, rejection::PathRejection},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Shared,
    endpoint::{Asked, Endpoint},
    loans::NothingMore,
    money::present,
    problem::Problem,
    reading::{may_ask, record_of},
    request::{AmountText, caller, caller_without_query, query, seen, well_formed},
    schemas::{Account, CalendarDay, Moment, Reason, Yuan},
    write::{json_body, planted_slowness, read},
};
use crate::{
    journal::Record,
    rules::{
        AccountNumber, Action, BookAccount, Fact, LedgerAccount, Operation, Original, Payee,
        Refusal, RefusalCode as Code, ReturnAction, ReturnId, ReturnKind, State as BankState,
        TransferId,
    },
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::read(
            "/v1/transfers/{transfer}",
            Operation::TransferQuery,
            transfer,
        )
        .answers::<TransferDocument>()
        .refuses(&[Code::PaymentNotFound]),
        Endpoint::write("/v1/returns", Operation::ReturnProposal, propose)
            .takes::<ProposalBody>()
            .applied(&["return"])
            .refuses(&[
                Code::PaymentNotFound,
                Code::ReturnKindWrong,
                Code::ReturnNotWhole,
                Code::ReturnTooLarge,
            ]),
        Endpoint::read("/v1/returns", Operation::ReturnQuery, waiting)
            .asks::<WaitingQuery>()
            .answers::<WaitingPage>(),
        Endpoint::action(
            "/v1/returns/{return}/approvals",
            Operation::ReturnApproval,
            approve,
        )
        .applied(&[])
        .refuses(&[
            Code::ReturnNotFound,
            Code::PaymentNotFound,
            Code::ReturnNotWhole,
            Code::ReturnTooLarge,
            Code::AccountNotFound,
            Code::AccountClosed,
            Code::InsufficientFunds,
            Code::BalanceOverflow,
        ]),
        Endpoint::action(
            "/v1/returns/{return}/rejections",
            Operation::ReturnRejection,
            reject,
        )
        .applied(&[])
        .refuses(&[Code::ReturnNotFound]),
    ]
}

#[derive(Serialize, ToSchema)]
struct TransferDocument {
    transfer: TransferId,
    #[schema(value_type = Moment)]
    at: String,
    operation: &'static str,
    #[schema(value_type = Account)]
    from: AccountNumber,
    to: Option<String>,
    bank: Option<String>,
    amount: Yuan,
    /// The business day that it belongs to.
    #[schema(value_type = CalendarDay)]
    business_day: String,
    /// What goes to another bank or a biller is `pending` until its business day is closed, then
    /// `settled`.
    status: &'static str,
    /// How much of it went back.
    returned: Yuan,
}

#[derive(Serialize, ToSchema)]
struct WaitingPage {
    returns: Vec<WaitingRow>,
    /// Where the next page starts.
    next: Option<ReturnId>,
}

#[derive(Serialize, ToSchema)]
struct WaitingRow {
    #[serde(rename = "return")]
    id: ReturnId,
    kind: ReturnKind,
    /// The payment's record.
    record: u64,
    #[schema(value_type = Account)]
    from: AccountNumber,
    to: String,
    paid: Yuan,
    amount: Yuan,
    restore_limit: bool,
}

/// Returns that one page may hold.
const PAGE_MAX: usize = 100;

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ProposalBody {
    /// The number of the payment's record.
    record: u64,
    kind: ReturnKind,
    /// Of a refund; without it all that is left.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(nullable = false)]
    amount: Option<AmountText>,
    /// Whether the limit has room again, if it is approved on the payment's day.
    #[serde(default)]
    #[schema(required = false)]
    restore_limit: bool,
    #[schema(value_type = Reason)]
    reason: String,
}

pub async fn propose(State(service): State<Shared>, request: Request) -> Result<Response, Problem> {
    let reading = read::<ProposalBody>(&service, request, Operation::ReturnProposal).await?;
    let body = &reading.body;
    let form = "a reason of 1 to 200 characters";
    let reason = seen("reason", &body.reason)?;
    let told = (1..=200).contains(&reason.chars().count());
    let reason = well_formed("reason", form, told.then(|| reason.to_owned()))?;
    let amount = body.amount.as_ref().map(AmountText::amount).transpose()?;
    may_ask(&service, reading.caller, Operation::ReturnProposal).await?;
    let record = record_of(&service, body.record).await?;
    let action = Action::Returns(ReturnAction::Propose {
        original: record.as_ref().and_then(Record::original),
        kind: body.kind,
        amount,
        restore_limit: body.restore_limit,
        reason,
    });
    reading.submit(&service, action).await
}

fn approve(_: &NothingMore, asked: &Asked) -> Result<Action, Problem> {
    let id = asked.named(ReturnId::parse);
    Ok(Action::Returns(ReturnAction::Approve { id }))
}

fn reject(_: &NothingMore, asked: &Asked) -> Result<Action, Problem> {
    let id = asked.named(ReturnId::parse);
    Ok(Action::Returns(ReturnAction::Reject { id }))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct WaitingQuery {
    /// The return that the page follows.
    #[param(required = false, value_type = String, pattern = "^(R[0-9]{12})?$")]
    after: Option<String>,
    /// Returns a page.
    #[serde(default = "default_limit")]
    #[param(value_type = u32, required = false, minimum = 1, maximum = 100)]
    limit: usize,
}

fn default_limit() -> usize {
    20
}

pub async fn waiting(State(service): State<Shared>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let caller = caller(&service, &parts.headers, Operation::ReturnQuery)?;
    let query: WaitingQuery = query(&parts)?;
    let wrong = |what| Problem::detailed(Code::InvalidQuery, what);
    if !(1..=PAGE_MAX).contains(&query.limit) {
        return Err(wrong("`limit` is from 1 to 100"));
    }
    let after = match query.after.as_deref() {
        None | Some("") => None,
        Some(text) => Some(ReturnId::parse(text).ok_or_else(|| wrong("`after` is no return"))?),
    };
    planted_slowness(&service, Operation::ReturnQuery).await;
    let (now, limit) = (service.clock.now(), query.limit);
    let page = service.bank.read(move |state| {
        state.reader(caller, Operation::ReturnQuery, now)?;
        Ok::<_, Refusal>(list_waiting(state, after, limit))
    });
    Ok(json_body(&page.await??).into_response())
}

fn list_waiting(state: &BankState, after: Option<ReturnId>, limit: usize) -> WaitingPage {
    let found: Vec<_> = state.proposals_after(after).take(limit + 1).collect();
    let page = &found[..found.len().min(limit)];
    let more = found.len() > limit;
    let next = page.last().map(|(id, _)| **id).filter(|_| more);
    let rows = page.iter().map(|(id, proposal)| WaitingRow {
        id: **id,
        kind: proposal.kind,
        record: proposal.original.seq,
        from: proposal.original.from,
        to: proposal.original.to.to_string(),
        paid: proposal.original.amount.into(),
        amount: proposal.amount.into(),
        restore_limit: proposal.restore_limit,
    });
    WaitingPage {
        returns: rows.collect(),
        next,
    }
}

pub async fn transfer(
    State(service): State<Shared>,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let caller = caller_without_query(&service, &request, Operation::TransferQuery)?;
    let id = path.ok().and_then(|Path(text)| TransferId::parse(&text));
    planted_slowness(&service, Operation::TransferQuery).await;
    may_ask(&service, caller, Operation::TransferQuery).await?;
    let record = match id {
        Some(id) => record_of(&service, id.seq()).await?,
        None => None,
    };
    let record = record.filter(|record| is_transfer(record, id));
    let now = service.clock.now();
    let shown = service.bank.read(move |state| {
        let reader = state.reader(caller, Operation::TransferQuery, now)?;
        let shown = record.and_then(|record| {
            let original = record.original()?;
            let party = |account: BookAccount| match account {
                BookAccount::Customer(number) => state.account(number).map(|own| own.customer),
                BookAccount::Ledger(_) => None,
            };
            let parties = [BookAccount::Customer(original.from), original.to];
            let parties = parties.into_iter().filter_map(party);
            let seen: Vec<_> = parties.filter(|own| reader.sees(*own)).collect();
            if seen.is_empty() {
                return None;
            }
            // A terminal shows it to either of them who has not closed its channel.
            let served = seen.into_iter().any(|own| state.serves(reader, own));
            Some(served.then(|| describe(state, &record, &original)))
        });
        let shown = shown.ok_or(Refusal::from(Code::PaymentNotFound))?;
        shown.ok_or(Refusal::from(Code::ChannelClosed))
    });
    Ok(json_body(&shown.await??).into_response())
}

fn is_transfer(record: &Record, id: Option<TransferId>) -> bool {
    let mut facts = record.outcome.iter().flatten();
    facts.any(|fact| matches!(fact, Fact::MoneyMoved { transfer, .. } if *transfer == id))
}

fn describe(state: &BankState, record: &Record, original: &Original) -> TransferDocument {
    let passed_on = matches!(
        original.to,
        BookAccount::Ledger(LedgerAccount::Settlement | LedgerAccount::BillsPayable)
    );
    let payee = record.command.action.payee();
    let bank = match &payee {
        Some(Payee::Elsewhere { bank, .. }) => Some(bank.clone()),
        _ => None,
    };
    let status = if passed_on && !state.is_settled(record.seq) {
        "pending"
    } else {
        "settled"
    };
    TransferDocument {
        transfer: TransferId::of_seq(record.seq),
        at: record.at.to_string(),
        operation: record.command.action.operation().name(),
        from: original.from,
        to: payee.map(|payee| payee.to_string()),
        bank,
        amount: original.amount.into(),
        business_day: original.day.to_string(),
        status,
        returned: state.returned(record.seq).into(),
    }
}
