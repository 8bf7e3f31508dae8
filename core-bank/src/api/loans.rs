//! Loans of the financing centre: applying, drawing, repaying, and the schedules.

use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Shared,
    endpoint::{Asked, Endpoint},
    problem::Problem,
    reading::{NamedCustomer, read_of_customer},
    request::AmountText,
    schemas::{Account, CalendarDay, Yuan},
    write::json_body,
};
use crate::rules::{
    AccountNumber, Action, CustomerId, Day, Loan, LoanAction, LoanId, Operation,
    RefusalCode as Code, State as BankState,
};

pub fn endpoints() -> Vec<Endpoint> {
    let of_loans = [
        Code::LoanNotFound,
        Code::LoanState,
        Code::AccountClosed,
        Code::BalanceOverflow,
    ];
    vec![
        Endpoint::action("/v1/loans", Operation::LoanApplication, apply)
            .answers::<LoanDecision>()
            .refuses(&[Code::AccountNotFound, Code::AccountClosed, Code::LoanTerms]),
        Endpoint::action("/v1/loans/{loan}/draws", Operation::LoanDraw, draw)
            .applied(&["balance"])
            .refuses(&of_loans)
            .refuses(&[Code::LoanNotCovered]),
        Endpoint::action(
            "/v1/loans/{loan}/repayments",
            Operation::LoanRepayment,
            repay,
        )
        .applied(&["balance"])
        .refuses(&of_loans)
        .refuses(&[Code::InstalmentNotDue, Code::InsufficientFunds]),
        Endpoint::action(
            "/v1/loans/{loan}/early-repayments",
            Operation::LoanEarlyRepayment,
            repay_early,
        )
        .applied(&["balance"])
        .refuses(&of_loans)
        .refuses(&[Code::InsufficientFunds]),
        Endpoint::read(
            "/v1/customers/{customer}/loans",
            Operation::LoanQuery,
            of_customer,
        )
        .answers::<Loans>()
        .refuses(&[Code::CustomerNotFound]),
    ]
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ApplicationBody {
    #[schema(value_type = Account)]
    account: String,
    amount: AmountText,
    /// 3, 6, 12, 24 or 36.
    #[schema(minimum = 0, maximum = 65535, example = 12)]
    months: u16,
}

/// What an application answers, for the description.
#[derive(Serialize, ToSchema)]
struct LoanDecision {
    #[schema(minimum = 1)]
    seq: u64,
    /// `approved` or `declined`.
    decision: String,
    /// Of an approved one.
    #[serde(skip_serializing_if = "Option::is_none")]
    loan: Option<LoanId>,
    /// Of a declined one: `overdue`, `too_many_loans` or `deposits_too_small`.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct Loans {
    loans: Vec<LoanRow>,
}

#[derive(Serialize, ToSchema)]
struct LoanRow {
    loan: LoanId,
    #[schema(value_type = Account)]
    account: AccountNumber,
    principal: Yuan,
    outstanding: Yuan,
    accrued_interest: Option<Yuan>,
    /// `approved`, `drawn` or `overdue`.
    status: &'static str,
    schedule: Vec<InstalmentRow>,
}

#[derive(Serialize, ToSchema)]
struct InstalmentRow {
    number: u16,
    /// None until the loan is drawn.
    #[schema(value_type = Option<CalendarDay>)]
    due: Option<String>,
    principal: Yuan,
    interest: Yuan,
    paid: bool,
}

fn apply(body: &ApplicationBody, _: &Asked) -> Result<Action, Problem> {
    Ok(Action::Loans(LoanAction::Apply {
        account: AccountNumber::parse(&body.account),
        amount: body.amount.amount()?,
        months: body.months,
    }))
}

/// A body that says nothing more than its address.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NothingMore {}

fn draw(_: &NothingMore, asked: &Asked) -> Result<Action, Problem> {
    let loan = asked.named(LoanId::parse);
    Ok(Action::Loans(LoanAction::Draw { loan }))
}

fn repay(_: &NothingMore, asked: &Asked) -> Result<Action, Problem> {
    let loan = asked.named(LoanId::parse);
    Ok(Action::Loans(LoanAction::Repay { loan }))
}

fn repay_early(_: &NothingMore, asked: &Asked) -> Result<Action, Problem> {
    let loan = asked.named(LoanId::parse);
    Ok(Action::Loans(LoanAction::RepayEarly { loan }))
}

pub async fn of_customer(
    State(service): State<Shared>,
    named: NamedCustomer,
    request: Request,
) -> Result<Response, Problem> {
    let tell = |state: &BankState, customer, now| list_loans(state, customer, Day::of(now));
    let loans = read_of_customer(&service, named, request, Operation::LoanQuery, tell).await?;
    Ok(json_body(&Loans { loans }).into_response())
}

fn list_loans(state: &BankState, customer: CustomerId, today: Day) -> Vec<LoanRow> {
    let loans = state.loans_of(customer);
    loans.map(|(id, loan)| describe(id, loan, today)).collect()
}

fn describe(id: LoanId, loan: &Loan, today: Day) -> LoanRow {
    let status = match loan.drawn {
        None => "approved",
        Some(_) if loan.is_overdue(today) => "overdue",
        Some(_) => "drawn",
    };
    let schedule = (1..)
        .zip(loan.schedule())
        .map(|(number, line)| InstalmentRow {
            number,
            due: loan.due(number).map(|due| due.to_string()),
            principal: line.principal.into(),
            interest: line.interest.into(),
            paid: number <= loan.paid,
        });
    LoanRow {
        loan: id,
        account: loan.account,
        principal: loan.principal.into(),
        outstanding: loan.outstanding.into(),
        accrued_interest: loan.accrued(today).map(Yuan::from),
        status,
        schedule: schedule.collect(),
    }
}
