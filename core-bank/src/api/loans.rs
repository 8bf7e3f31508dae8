//! Loans of the financing centre: applying, drawing, repaying, and the schedules.

use axum::{
    extract::{Path, Request, State, rejection::PathRejection},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Shared,
    media::customer_of,
    problem::Problem,
    request::{AmountText, caller},
    write::{json_body, planted_slowness, write},
};
use crate::rules::{
    AccountNumber, Action, CustomerId, Day, Loan, LoanAction, LoanId, Operation, Refusal,
    RefusalCode as Code, State as BankState,
};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ApplicationBody {
    account: String,
    amount: AmountText,
    months: u16,
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

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EmptyBody {}

type LoanPath = Result<Path<String>, PathRejection>;

async fn of_loan(
    service: &Shared,
    path: LoanPath,
    request: Request,
    operation: Operation,
    action: fn(Option<LoanId>) -> LoanAction,
) -> Result<Response, Problem> {
    let loan = path.ok().and_then(|Path(loan)| LoanId::parse(&loan));
    let wish = |_: &EmptyBody, _| Ok(Action::Loans(action(loan)));
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
    Ok(json_body(&json!({ "loans": loans })).into_response())
}

fn list_loans(state: &BankState, customer: CustomerId, today: Day) -> Vec<Value> {
    let loans = state.loans_of(customer);
    loans.map(|(id, loan)| describe(id, loan, today)).collect()
}

fn describe(id: LoanId, loan: &Loan, today: Day) -> Value {
    let status = match loan.drawn {
        None => "approved",
        Some(_) if loan.is_overdue(today) => "overdue",
        Some(_) => "drawn",
    };
    let schedule: Vec<Value> = (1..)
        .zip(loan.schedule())
        .map(|(number, line)| {
            json!({
                "number": number,
                "due": loan.due(number).map(|due| due.to_string()),
                "principal": line.principal.to_string(),
                "interest": line.interest.to_string(),
                "paid": number <= loan.paid,
            })
        })
        .collect();
    json!({
        "loan": id,
        "account": loan.account,
        "principal": loan.principal.to_string(),
        "outstanding": loan.outstanding.to_string(),
        "accrued_interest": loan.accrued(today).map(|fen| fen.to_string()),
        "status": status,
        "schedule": schedule,
    })
}
