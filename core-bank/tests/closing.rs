//! Closed accounts and cards: nothing moves over them any more, and nothing is left behind.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod desk;

use core_bank::rules::{
    Action, Answer, Caller, CardEntry, Channel, ClosingAction, Fen, LoanAction, Place, ProductCode,
    WealthAction,
};
use desk::{ACQUIRER, ATM, COUNTER, Desk, Holder, KIOSK, yuan};

fn close_account(desk: &mut Desk, by: Caller, who: Holder) -> Result<Answer, &'static str> {
    let wish = ClosingAction::Account {
        account: Some(who.account),
        check: Some(who.check),
    };
    desk.ask(by, Action::Close(wish))
}

fn close_card(desk: &mut Desk, by: Caller, who: Holder) -> Result<Answer, &'static str> {
    let wish = ClosingAction::Card {
        card: Some(who.card),
        check: Some(who.check),
    };
    desk.ask(by, Action::Close(wish))
}

fn open(money: &str) -> (Desk, Holder, Holder) {
    let mut desk = Desk::open_at("2026-06-09T10:00:00+08:00");
    let (li, wang) = (desk.holder(0, money), desk.holder(1, "100"));
    (desk, li, wang)
}

fn transfer(from: Holder, to: Holder) -> Action {
    Action::TransferOwnBank {
        from: Some(from.account),
        to: Some(to.account),
        amount: yuan("1"),
    }
}

#[test]
fn a_closed_account_takes_and_gives_nothing_and_its_card_is_closed_with_it() {
    let (mut desk, li, wang) = open("50");
    let stranger = Holder {
        check: wang.check,
        ..li
    };
    assert_eq!(
        close_account(&mut desk, COUNTER, stranger),
        Err("identity_mismatch")
    );
    assert_eq!(close_account(&mut desk, ATM, li), Err("forbidden"));
    let closed = close_account(&mut desk, COUNTER, li);
    assert_eq!(closed, Ok(Answer::AccountClosed(Fen(5_000))));
    let deposit = Action::Deposit {
        account: Some(li.account),
        amount: yuan("1"),
    };
    let withdrawal = Action::Withdrawal {
        account: Some(li.account),
        amount: yuan("1"),
    };
    for (by, action) in [
        (COUNTER, deposit),
        (ATM, withdrawal),
        (KIOSK, transfer(li, wang)),
        (KIOSK, transfer(wang, li)),
    ] {
        assert_eq!(desk.ask(by, action), Err("account_closed"));
    }
    assert_eq!(close_account(&mut desk, COUNTER, li), Err("account_closed"));
    assert_eq!(close_card(&mut desk, COUNTER, li), Err("card_closed"));
    let lost = Action::ReportLoss {
        card: Some(li.card),
    };
    assert_eq!(desk.ask(COUNTER, lost), Err("card_closed"));
    assert_eq!(desk.balance(li.account), "0.00");
}

#[test]
fn a_closed_card_works_nowhere_and_its_account_goes_on() {
    let (mut desk, li, wang) = open("50");
    assert_eq!(close_card(&mut desk, KIOSK, li), Ok(Answer::Done));
    let purchase = Action::CardUse {
        card: Some(li.card),
        entry: CardEntry::Pos,
        amount: yuan("1"),
        place: Place::HOME,
        merchant: "shop".to_owned(),
    };
    assert_eq!(desk.ask(ACQUIRER, purchase), Err("card_closed"));
    let withdrawal = Action::Withdrawal {
        account: Some(li.account),
        amount: yuan("1"),
    };
    assert_eq!(desk.ask(ATM, withdrawal.clone()), Err("card_closed"));
    assert!(desk.ask(COUNTER, withdrawal).is_ok());
    assert!(desk.ask(KIOSK, transfer(li, wang)).is_ok());
    assert_eq!(desk.balance(li.account), "48.00");
}

#[test]
fn an_account_that_a_loan_or_wealth_still_needs_stays_open() {
    let (mut desk, li, _) = open("1000");
    let wish = LoanAction::Apply {
        account: Some(li.account),
        amount: yuan("1000"),
        months: 3,
    };
    let Ok(Answer::LoanApproved(loan)) = desk.ask(COUNTER, Action::Loans(wish)) else {
        panic!("declined")
    };
    let loan = Some(loan);
    desk.ask(COUNTER, Action::Loans(LoanAction::Draw { loan }))
        .unwrap();
    assert_eq!(close_account(&mut desk, COUNTER, li), Err("account_in_use"));
    desk.ask(COUNTER, Action::Loans(LoanAction::RepayEarly { loan }))
        .unwrap();
    let code = ProductCode::parse("W1").unwrap();
    let launch = WealthAction::Launch {
        code: code.clone(),
        name: "w".to_owned(),
        minimum: yuan("1"),
        quota: yuan("1000"),
    };
    desk.ask(Caller::Terminal(Channel::Operator), Action::Wealth(launch))
        .unwrap();
    let buy = WealthAction::Subscribe {
        account: Some(li.account),
        code: Some(code.clone()),
        amount: yuan("10"),
    };
    desk.ask(COUNTER, Action::Wealth(buy)).unwrap();
    assert_eq!(close_account(&mut desk, COUNTER, li), Err("account_in_use"));
    // With another account to redeem into, this one may go.
    let (_, second) = desk.card(li.customer, li.check);
    assert!(close_account(&mut desk, COUNTER, li).is_ok());
    let last = Holder {
        account: second,
        ..li
    };
    assert_eq!(close_account(&mut desk, KIOSK, last), Err("account_in_use"));
    let sell = WealthAction::Redeem {
        account: Some(second),
        code: Some(code),
        units: yuan("10"),
    };
    desk.ask(COUNTER, Action::Wealth(sell)).unwrap();
    assert_eq!(
        close_account(&mut desk, KIOSK, last),
        Err("balance_remaining")
    );
    assert_eq!(
        close_account(&mut desk, COUNTER, last),
        Ok(Answer::AccountClosed(Fen(1_000)))
    );
}

#[test]
fn loans_to_a_closed_account_that_were_not_drawn_go_with_it() {
    let (mut desk, li, _) = open("1000");
    let (_, second) = desk.card(li.customer, li.check);
    let apply = |account| {
        let (amount, months) = (yuan("1000"), 3);
        let account = Some(account);
        Action::Loans(LoanAction::Apply {
            account,
            amount,
            months,
        })
    };
    for _ in 0..3 {
        let approved = desk.ask(COUNTER, apply(second));
        assert!(
            matches!(approved, Ok(Answer::LoanApproved(_))),
            "{approved:?}"
        );
    }
    let full = desk.ask(COUNTER, apply(li.account));
    assert!(matches!(full, Ok(Answer::LoanDeclined(_))), "{full:?}");
    let other = Holder {
        account: second,
        ..li
    };
    close_account(&mut desk, COUNTER, other).unwrap();
    assert_eq!(desk.state.loans_of(li.customer).count(), 0);
    let approved = desk.ask(COUNTER, apply(li.account));
    assert!(
        matches!(approved, Ok(Answer::LoanApproved(_))),
        "{approved:?}"
    );
}
