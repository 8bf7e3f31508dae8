//! Loans of the financing centre: decided by the stated rules, drawn once, repaid to the fen.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod desk;

use core_bank::rules::{
    Action, Answer, Caller, Day, DeclineReason, Fen, LedgerAccount, LoanAction, LoanId,
};
use desk::{COUNTER, Desk, Holder, yuan};

fn apply(
    desk: &mut Desk,
    by: Caller,
    who: Holder,
    amount: &str,
    months: u16,
) -> Result<Answer, &'static str> {
    let wish = LoanAction::Apply {
        account: Some(who.account),
        amount: yuan(amount),
        months,
    };
    desk.ask(by, Action::Loans(wish))
}

fn approved(answer: Result<Answer, &'static str>) -> LoanId {
    match answer {
        Ok(Answer::LoanApproved(loan)) => loan,
        other => panic!("{other:?}"),
    }
}

fn draw(desk: &mut Desk, by: Caller, loan: LoanId) -> Result<Answer, &'static str> {
    desk.ask(by, Action::Loans(LoanAction::Draw { loan: Some(loan) }))
}

fn repay(desk: &mut Desk, by: Caller, loan: LoanId) -> Result<Answer, &'static str> {
    desk.ask(by, Action::Loans(LoanAction::Repay { loan: Some(loan) }))
}

fn repay_early(desk: &mut Desk, by: Caller, loan: LoanId) -> Result<Answer, &'static str> {
    desk.ask(
        by,
        Action::Loans(LoanAction::RepayEarly { loan: Some(loan) }),
    )
}

fn open(money: &str) -> (Desk, Holder) {
    let mut desk = Desk::open_at("2026-01-31T10:00:00+08:00");
    let li = desk.holder(0, money);
    (desk, li)
}

#[test]
fn a_loan_is_drawn_and_repaid_by_its_schedule_to_the_fen() {
    let (mut desk, li) = open("1000");
    let loan = approved(apply(&mut desk, COUNTER, li, "1200", 3));
    assert_eq!(repay(&mut desk, COUNTER, loan), Err("loan_state"));
    assert_eq!(
        draw(&mut desk, COUNTER, loan),
        Ok(Answer::CashMoved(Fen(220_000)))
    );
    assert_eq!(draw(&mut desk, COUNTER, loan), Err("loan_state"));
    assert_eq!(desk.state.ledger(LedgerAccount::Loans), Fen(-120_000));
    let held = *desk.state.loan(loan).unwrap();
    let due = [1, 2, 3].map(|number| held.due(number).unwrap().to_string());
    assert_eq!(due, ["2026-02-28", "2026-03-31", "2026-04-30"]);
    // The instalments of the schedule's own test, by hand: 402.90 twice, then 401.46 + 1.46.
    assert_eq!(
        repay(&mut desk, COUNTER, loan),
        Ok(Answer::CashMoved(Fen(179_710)))
    );
    assert_eq!(repay(&mut desk, COUNTER, loan), Err("instalment_not_due"));
    desk.at("2026-02-27T23:59:59+08:00");
    assert_eq!(repay(&mut desk, COUNTER, loan), Err("instalment_not_due"));
    desk.at("2026-02-28T00:00:00+08:00");
    assert_eq!(
        repay(&mut desk, COUNTER, loan),
        Ok(Answer::CashMoved(Fen(139_420)))
    );
    desk.at("2026-03-31T00:00:00+08:00");
    assert_eq!(
        repay(&mut desk, COUNTER, loan),
        Ok(Answer::CashMoved(Fen(99_128)))
    );
    assert_eq!(repay(&mut desk, COUNTER, loan), Err("loan_not_found"));
    assert_eq!(desk.state.ledger(LedgerAccount::Loans), Fen(0));
    let interest = desk.state.ledger(LedgerAccount::LoanInterestReceivable);
    assert_eq!(interest, Fen(435 + 291 + 146));
    assert_eq!(desk.state.loans_of(li.customer).count(), 0);
}

#[test]
fn early_repayment_costs_what_is_outstanding_and_the_days_interest() {
    let (mut desk, li) = open("1000");
    let loan = approved(apply(&mut desk, COUNTER, li, "1200", 3));
    assert_eq!(repay_early(&mut desk, COUNTER, loan), Err("loan_state"));
    draw(&mut desk, COUNTER, loan).unwrap();
    // Ten days of a month of 30 that costs 4.35: 1.45.
    desk.at("2026-02-10T10:00:00+08:00");
    let held = *desk.state.loan(loan).unwrap();
    assert_eq!(
        held.accrued(Day::parse("2026-02-10").unwrap()),
        Some(Fen(145))
    );
    assert_eq!(
        repay_early(&mut desk, COUNTER, loan),
        Ok(Answer::CashMoved(Fen(99_855)))
    );
    assert_eq!(desk.state.ledger(LedgerAccount::Loans), Fen(0));
    // Again, with one instalment paid and the second overdue: 801.45, its 2.91, and nothing yet of
    // the third month on the very day.
    let loan = approved(apply(&mut desk, COUNTER, li, "1200", 3));
    draw(&mut desk, COUNTER, loan).unwrap();
    repay(&mut desk, COUNTER, loan).unwrap();
    desk.at("2026-04-10T10:00:00+08:00");
    let before = desk.state.account(li.account).unwrap().balance.0;
    let Ok(Answer::CashMoved(left)) = repay_early(&mut desk, COUNTER, loan) else {
        panic!("not repaid")
    };
    assert_eq!(before - left.0, 80_145 + 291);
}

#[test]
fn interest_of_a_month_grows_by_thirtieths_and_stops_at_thirty() {
    let (mut desk, li) = open("1000");
    let loan = approved(apply(&mut desk, COUNTER, li, "1200", 3));
    let day = |text: &str| Day::parse(text).unwrap();
    let accrued = |desk: &Desk, text: &str| desk.state.loan(loan).unwrap().accrued(day(text));
    assert_eq!(
        accrued(&desk, "2026-02-10"),
        Some(Fen(0)),
        "before it is drawn"
    );
    draw(&mut desk, COUNTER, loan).unwrap();
    assert_eq!(accrued(&desk, "2026-01-31"), Some(Fen(0)));
    // 4.35 / 30 = 14.5 fen a day: halves go up.
    assert_eq!(accrued(&desk, "2026-02-01"), Some(Fen(15)));
    assert_eq!(accrued(&desk, "2026-02-27"), Some(Fen(392)));
    assert_eq!(
        accrued(&desk, "2026-02-28"),
        Some(Fen(435)),
        "due: the whole month"
    );
    // Into the second month of 31 days, on the schedule's 2.91: day 30 is all of it.
    assert_eq!(accrued(&desk, "2026-03-30"), Some(Fen(435 + 291)));
    assert_eq!(accrued(&desk, "2026-03-31"), Some(Fen(435 + 291)));
    assert_eq!(
        accrued(&desk, "2027-01-01"),
        Some(Fen(435 + 291 + 146)),
        "no more than agreed"
    );
}

#[test]
fn applications_are_decided_by_the_stated_rules_in_their_order() {
    let (mut desk, li) = open("1000");
    for (amount, months) in [("999.99", 3), ("300000.01", 3), ("1000", 4), ("1000", 0)] {
        assert_eq!(
            apply(&mut desk, COUNTER, li, amount, months),
            Err("loan_terms")
        );
    }
    let declined = |reason| Ok(Answer::LoanDeclined(reason));
    // Ten times the deposits to the fen, and a fen more.
    let above = apply(&mut desk, COUNTER, li, "10000.01", 12);
    assert_eq!(above, declined(DeclineReason::DepositsTooSmall));
    let first = approved(apply(&mut desk, COUNTER, li, "8000", 3));
    let above = apply(&mut desk, COUNTER, li, "2000.01", 12);
    assert_eq!(
        above,
        declined(DeclineReason::DepositsTooSmall),
        "approved ones count"
    );
    approved(apply(&mut desk, COUNTER, li, "1000", 12));
    approved(apply(&mut desk, COUNTER, li, "1000", 12));
    let fourth = apply(&mut desk, COUNTER, li, "1000", 12);
    assert_eq!(fourth, declined(DeclineReason::TooManyLoans));
    draw(&mut desk, COUNTER, first).unwrap();
    desk.at("2026-02-28T12:00:00+08:00");
    let due = apply(&mut desk, COUNTER, li, "1000", 12);
    assert_eq!(
        due,
        declined(DeclineReason::TooManyLoans),
        "due is not overdue"
    );
    desk.at("2026-03-01T00:00:00+08:00");
    let overdue = apply(&mut desk, COUNTER, li, "1000", 12);
    assert_eq!(overdue, declined(DeclineReason::Overdue));
}

#[test]
fn an_approval_waits_thirty_days_and_then_makes_room() {
    let (mut desk, li) = open("1000");
    let loans = [(); 3].map(|()| approved(apply(&mut desk, COUNTER, li, "1000", 3)));
    desk.at("2026-03-02T23:59:59+08:00");
    assert!(draw(&mut desk, COUNTER, loans[0]).is_ok());
    desk.at("2026-03-03T00:00:00+08:00");
    assert_eq!(draw(&mut desk, COUNTER, loans[1]), Err("loan_state"));
    approved(apply(&mut desk, COUNTER, li, "1000", 3));
    assert_eq!(draw(&mut desk, COUNTER, loans[1]), Err("loan_not_found"));
    assert_eq!(desk.state.loans_of(li.customer).count(), 2);
}

#[test]
fn a_session_borrows_for_its_own_customer_alone() {
    let (mut desk, li) = open("1000");
    let wang = desk.holder(1, "1000");
    let (mine, theirs) = (desk.session(li, "li"), desk.session(wang, "wang"));
    assert_eq!(
        apply(&mut desk, theirs, li, "1000", 3),
        Err("account_not_found")
    );
    let loan = approved(apply(&mut desk, mine, li, "1000", 3));
    assert_eq!(draw(&mut desk, theirs, loan), Err("loan_not_found"));
    assert!(draw(&mut desk, mine, loan).is_ok());
    assert_eq!(repay_early(&mut desk, theirs, loan), Err("loan_not_found"));
    // Everything but a fen of what it costs has gone: nothing is paid back in part.
    let wish = Action::TransferOwnBank {
        from: Some(li.account),
        to: Some(wang.account),
        amount: yuan("1000.01"),
    };
    desk.ask(COUNTER, wish).unwrap();
    assert_eq!(
        repay_early(&mut desk, mine, loan),
        Err("insufficient_funds")
    );
    assert_eq!(desk.balance(li.account), "999.99");
}

/// A loan that was approved and drawn.
fn borrow(desk: &mut Desk, who: Holder, amount: &str) {
    let loan = approved(apply(desk, COUNTER, who, amount, 12));
    draw(desk, COUNTER, loan).unwrap();
}

#[test]
fn borrowed_money_carries_no_further_loan() {
    let (mut desk, li) = open("1000");
    borrow(&mut desk, li, "10000");
    assert_eq!(desk.balance(li.account), "11000.00");
    let declined = Ok(Answer::LoanDeclined(DeclineReason::DepositsTooSmall));
    assert_eq!(apply(&mut desk, COUNTER, li, "1000", 12), declined);
    // On another account it is borrowed money still.
    let (_, second) = desk.card(li.customer, li.check);
    let wish = Action::TransferOwnBank {
        from: Some(li.account),
        to: Some(second),
        amount: yuan("11000"),
    };
    desk.ask(COUNTER, wish).unwrap();
    assert_eq!(apply(&mut desk, COUNTER, li, "1000", 12), declined);
    // 100 more of the customer's own carry 1,000 more, to the fen.
    let wish = |amount| Action::Deposit {
        account: Some(li.account),
        amount: yuan(amount),
    };
    desk.ask(COUNTER, wish("99.99")).unwrap();
    assert_eq!(apply(&mut desk, COUNTER, li, "1000", 12), declined);
    desk.ask(COUNTER, wish("0.01")).unwrap();
    borrow(&mut desk, li, "1000");
}

#[test]
fn a_drawing_is_decided_again_on_what_is_there_by_then() {
    let (mut desk, li) = open("1000");
    let loan = approved(apply(&mut desk, COUNTER, li, "10000", 12));
    let cash = |amount| Action::Withdrawal {
        account: Some(li.account),
        amount: yuan(amount),
    };
    desk.ask(COUNTER, cash("0.01")).unwrap();
    assert_eq!(draw(&mut desk, COUNTER, loan), Err("loan_not_covered"));
    let wish = Action::Deposit {
        account: Some(li.account),
        amount: yuan("200.01"),
    };
    desk.ask(COUNTER, wish).unwrap();
    let small = approved(apply(&mut desk, COUNTER, li, "1000", 3));
    draw(&mut desk, COUNTER, small).unwrap();
    // The first instalment is due on 28 February and overdue the day after.
    desk.at("2026-02-28T23:59:59+08:00");
    let again = approved(apply(&mut desk, COUNTER, li, "1000", 12));
    desk.at("2026-03-01T00:00:00+08:00");
    for loan in [loan, again] {
        assert_eq!(draw(&mut desk, COUNTER, loan), Err("loan_not_covered"));
    }
}
