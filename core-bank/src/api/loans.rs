//! Loans of the financing centre: applying, drawing, repaying, and the schedules.

use axum::{
    extract::{Path, Request, State, rejection::PathRejection},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Shared,
    endpoint::Endpoint,
    media::customer_of,
    problem::Problem,
    request::{AmountText, caller},
    schemas::{Account, CalendarDay, Yuan},
    write::{json_body, planted_slowness, write},
};
use crate::rules::{
    AccountNumber, Action, CustomerId, Day, Loan, LoanAction, LoanId, Operation, Refusal,
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
        Endpoint::write("/v1/loans", Operation::LoanApplication, apply)
            .takes::<ApplicationBody>()
            .answers::<LoanDecision>()
            .refuses(&[Code::AccountNotFound, Code::AccountClosed, Code::LoanTerms]),
        Endpoint::write("/v1/loans/{loan}/draws", Operation::LoanDraw, draw)
            .takes::<NothingMore>()
            .applied(&["balance"])
            .refuses(&of_loans),
        Endpoint::write(
            "/v1/loans/{loan}/repayments",
            Operation::LoanRepayment,
            repay,
        )
        .takes::<NothingMore>()
        .applied(&["balance"])
        .refuses(&of_loans)
        .refuses(&[Code::InstalmentNotDue, Code::InsufficientFunds]),
        Endpoint::write(
            "/v1/loans/{loan}/early-repayments",
            Operation::LoanEarlyRepayment,
            repay_early,
        )
        .takes::<NothingMore>()
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

pub async fn apply(State(service): State<Shared>, request: Request) -> Result<Response, Problem> {
    write(
        &service,
        request,
        Operation::LoanApplication,
        |body: &ApplicationBody, _| {
            Ok(Action::Loans(LoanAction::Apply {
                account: AccountNumber::parse(&body.account),
                amount: body.amount.amount()?,
                months: body.months,
            }))
        },
    )
    .await
}

/// A body that says nothing more than its address.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NothingMore {}

type LoanPath = Result<Path<String>, PathRejection>;

async fn of_loan(
    service: &Shared,
    path: LoanPath,
    request: Request,
    operation: Operation,
    action: fn(Option<LoanId>) -> LoanAction,
) -> Result<Response, Problem> {
    let loan = path.ok().and_then(|Path(loan)| LoanId::parse(&loan));
    let wish = |_: &NothingMore, _| Ok(Action::Loans(action(loan)));
    write(service, request, operation, wish).await
}

pub async fn draw(
    State(service): State<Shared>,
    path: LoanPath,
    request: Request,
) -> Result<Response, Problem> {
    let action = |loan| LoanAction::Draw { loan };
    of_loan(&service, path, request, Operation::LoanDraw, action).await
}

pub async fn repay(
    State(service): State<Shared>,
    path: LoanPath,
    request: Request,
) -> Result<Response, Problem> {
    let action = |loan| LoanAction::Repay { loan };
    of_loan(&service, path, request, Operation::LoanRepayment, action).await
}

pub async fn repay_early(
    State(service): State<Shared>,
    path: LoanPath,
    request: Request,
) -> Result<Response, Problem> {
    let action = |loan| LoanAction::RepayEarly { loan };
    of_loan(
        &service,
        path,
        request,
        Operation::LoanEarlyRepayment,
        action,
    )
    .await
}

pub async fn of_customer(
    State(service): State<Shared>,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let caller = caller(&service, request.headers(), Operation::LoanQuery)?;
    let customer = customer_of(path);
    planted_slowness(&service, Operation::LoanQuery).await;
    let now = service.clock.now();
    let loans = service
        .bank
        .read(move |state| {
            let reader = state.reader(caller, Operation::LoanQuery, now)?;
            let customer = customer.ok_or(Code::CustomerNotFound)?;
            if !reader.sees(customer) || state.customer(customer).is_none() {
                return Err(Refusal::from(Code::CustomerNotFound));
            }
            Ok(list_loans(state, customer, Day::of(now)))
        })
        .await??;
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
