//! The end of a day: interest to the fen by hand, once a day, in order, across months and quarters;
//! settlement; instalments. After every record the ledger sums to zero (the desk checks it).
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod desk;

use core_bank::rules::{
    Action, Answer, Bill, BillKind, BookAccount, BooksAction, BooksFact, Caller, Channel,
    ClosingAction, Day, Fact, Fen, LedgerAccount, LoanAction, LoanFact, LoanId, Order, Original,
    Payee, Posting, ReturnAction, ReturnKind,
};
use desk::{COUNTER, Desk, Holder, KIOSK, yuan};

const OPERATOR: Caller = Caller::Terminal(Channel::Operator);

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

/// Closes a day, record by record; how many records that took.
fn close(desk: &mut Desk, text: &str) -> Result<u32, &'static str> {
    for records in 1.. {
        let wish = BooksAction::CloseDay { day: day(text) };
        match desk.ask(OPERATOR, Action::Books(wish))? {
            Answer::DayEnd(_, true) => return Ok(records),
            Answer::DayEnd(_, false) => {}
            other => panic!("{other:?}"),
        }
    }
    unreachable!("a day ends")
}

/// Closes every day from one to another, each in the night after it.
fn close_days(desk: &mut Desk, from: &str, to: &str) {
    let (mut at, last) = (day(from), day(to));
    while at <= last {
        desk.at(&format!("{}T00:30:00+08:00", at.next()));
        assert!(close(desk, &at.to_string()).is_ok(), "{at}");
        at = at.next();
    }
}

fn deposit(desk: &mut Desk, who: Holder, amount: &str) {
    let wish = Action::Deposit {
        account: Some(who.account),
        amount: yuan(amount),
    };
    desk.ask(COUNTER, wish).unwrap();
}

fn payable(desk: &Desk) -> i64 {
    desk.state.ledger(LedgerAccount::DepositInterestPayable).0
}

#[test]
fn interest_accrues_by_the_day_across_a_months_end_and_is_credited_at_the_quarters() {
    let mut desk = Desk::open_at("2026-01-30T10:00:00+08:00");
    let li = desk.holder(0, "100000");
    // 100,000 × 0.30% / 360 = 0.8333… a day: cumulated and rounded once, 0.83, 1.67, 2.50.
    desk.at("2026-01-31T00:30:00+08:00");
    close(&mut desk, "2026-01-30").unwrap();
    assert_eq!(payable(&desk), 83);
    desk.at("2026-02-01T00:30:00+08:00");
    close(&mut desk, "2026-01-31").unwrap();
    assert_eq!(payable(&desk), 167);
    desk.at("2026-02-02T00:30:00+08:00");
    close(&mut desk, "2026-02-01").unwrap();
    assert_eq!(payable(&desk), 250);
    assert_eq!(
        desk.state.ledger(LedgerAccount::DepositInterestExpense).0,
        -250
    );
    // 50,000 more on 10 February: 11 days of 100,000 and 39 of 150,000 by the end of 20 March.
    close_days(&mut desk, "2026-02-02", "2026-02-09");
    desk.at("2026-02-10T15:00:00+08:00");
    deposit(&mut desk, li, "50000");
    close_days(&mut desk, "2026-02-10", "2026-03-19");
    let before = desk.balance(li.account);
    assert_eq!(before, "150000.00");
    close_days(&mut desk, "2026-03-20", "2026-03-20");
    // (1,100,000 + 5,850,000) × 0.0030 / 360 = 57.9166…
    assert_eq!(desk.balance(li.account), "150057.92");
    assert_eq!(payable(&desk), 0, "all of it was credited");
    assert_eq!(
        desk.state.ledger(LedgerAccount::DepositInterestExpense).0,
        -5_792
    );
    // The interest earns interest from the day that it was credited, 21 March.
    close_days(&mut desk, "2026-03-21", "2026-03-21");
    assert_eq!(payable(&desk), 125, "150,057.92 × 0.0030 / 360 = 1.2504…");
}

#[test]
fn a_day_is_closed_once_in_order_and_after_it_is_over() {
    let mut desk = Desk::open_at("2026-06-09T10:00:00+08:00");
    desk.holder(0, "1000");
    assert_eq!(close(&mut desk, "2026-06-09"), Err("day_not_over"));
    desk.at("2026-06-09T23:59:59.999999+08:00");
    assert_eq!(close(&mut desk, "2026-06-09"), Err("day_not_over"));
    desk.at("2026-06-10T00:00:00+08:00");
    assert!(close(&mut desk, "2026-06-09").is_ok());
    let books = desk.state.clone();
    assert_eq!(close(&mut desk, "2026-06-09"), Err("day_closed"));
    assert_eq!(close(&mut desk, "2026-06-08"), Err("day_closed"));
    assert_eq!(
        desk.state.books(),
        books.books(),
        "closing again changes nothing"
    );
    desk.at("2026-06-13T00:00:00+08:00");
    assert_eq!(close(&mut desk, "2026-06-12"), Err("day_out_of_order"));
    for late in ["2026-06-10", "2026-06-11", "2026-06-12"] {
        assert!(close(&mut desk, late).is_ok());
    }
    for by in [COUNTER, KIOSK, Caller::Terminal(Channel::Reviewer)] {
        let wish = BooksAction::CloseDay {
            day: day("2026-06-13"),
        };
        assert_eq!(desk.ask(by, Action::Books(wish)), Err("forbidden"));
    }
}

#[test]
fn days_that_are_closed_late_accrue_what_was_held_on_each() {
    let mut desk = Desk::open_at("2026-06-01T10:00:00+08:00");
    let li = desk.holder(0, "1200000");
    // 1,200,000 earn 10.00 a day; from 3 June half of it.
    desk.at("2026-06-03T10:00:00+08:00");
    let wish = Action::Withdrawal {
        account: Some(li.account),
        amount: yuan("600000"),
    };
    desk.ask(COUNTER, wish).unwrap();
    desk.at("2026-06-05T10:00:00+08:00");
    for (late, accrued) in [
        ("2026-06-01", 1_000),
        ("2026-06-02", 2_000),
        ("2026-06-03", 2_500),
        ("2026-06-04", 3_000),
    ] {
        close(&mut desk, late).unwrap();
        assert_eq!(payable(&desk), accrued, "{late}");
    }
}

#[test]
fn what_goes_to_other_banks_and_billers_is_pending_until_the_day_is_closed() {
    let mut desk = Desk::open_at("2026-06-09T10:00:00+08:00");
    let li = desk.holder(0, "1000");
    let transfer = pay(&mut desk, li, &other_bank(), "300");
    let paid = pay(&mut desk, li, &power(), "20");
    assert!(!desk.state.is_settled(transfer) && !desk.state.is_settled(paid));
    assert_eq!(desk.state.ledger(LedgerAccount::Nostro), Fen(0));
    desk.at("2026-06-10T00:10:00+08:00");
    close(&mut desk, "2026-06-09").unwrap();
    assert!(desk.state.is_settled(transfer) && desk.state.is_settled(paid));
    assert_eq!(desk.state.ledger(LedgerAccount::Nostro), Fen(32_000));
    assert_eq!(desk.state.ledger(LedgerAccount::Settlement), Fen(0));
    assert_eq!(desk.state.ledger(LedgerAccount::BillsPayable), Fen(0));
    let next = pay(&mut desk, li, &other_bank(), "1");
    assert!(!desk.state.is_settled(next));
}

/// A payment at the counter; its record.
fn pay(desk: &mut Desk, who: Holder, payee: &Payee, amount: &str) -> u64 {
    let order = Order {
        from: Some(who.account),
        payee: payee.clone(),
        amount: yuan(amount),
    };
    desk.ask(COUNTER, order.without_proof()).unwrap();
    desk.state.seq()
}

fn other_bank() -> Payee {
    Payee::Elsewhere {
        account: "6227001".to_owned(),
        bank: "CCB".to_owned(),
    }
}

fn power() -> Payee {
    Payee::Biller(Bill {
        kind: BillKind::Electricity,
        biller: "lc-power".to_owned(),
        reference: "1".to_owned(),
    })
}

/// What waits for other banks, what waits for billers, and what was settled, in fen.
fn waiting(desk: &Desk) -> [i64; 3] {
    [
        LedgerAccount::Settlement,
        LedgerAccount::BillsPayable,
        LedgerAccount::Nostro,
    ]
    .map(|account| desk.state.ledger(account).0)
}

/// So much of a payment goes back, proposed and approved.
fn refund(desk: &mut Desk, original: Original, amount: &str) {
    let wish = ReturnAction::Propose {
        original: Some(original),
        kind: ReturnKind::Refund,
        amount: Some(yuan(amount)),
        restore_limit: false,
        reason: "paid twice".to_owned(),
    };
    let Ok(Answer::ReturnProposed(id)) = desk.ask(OPERATOR, Action::Returns(wish)) else {
        panic!("not proposed")
    };
    let wish = ReturnAction::Approve { id: Some(id) };
    let reviewer = Caller::Terminal(Channel::Reviewer);
    desk.ask(reviewer, Action::Returns(wish)).unwrap();
}

#[test]
fn the_end_of_a_day_settles_what_was_paid_until_midnight_and_nothing_of_the_next_day() {
    let mut desk = Desk::open_at("2026-06-09T10:00:00+08:00");
    let li = desk.holder(0, "1000");
    desk.at("2026-06-09T23:59:59.999999+08:00");
    let last = pay(&mut desk, li, &other_bank(), "300");
    let bill = pay(&mut desk, li, &power(), "20");
    desk.at("2026-06-10T00:00:00+08:00");
    let first = pay(&mut desk, li, &other_bank(), "4");
    let next_bill = pay(&mut desk, li, &power(), "0.05");
    desk.at("2026-06-10T00:10:00+08:00");
    close(&mut desk, "2026-06-09").unwrap();
    assert!(desk.state.is_settled(last) && desk.state.is_settled(bill));
    assert!(!desk.state.is_settled(first) && !desk.state.is_settled(next_bill));
    assert_eq!(waiting(&desk), [400, 5, 32_000]);
    let later = pay(&mut desk, li, &other_bank(), "6");
    desk.at("2026-06-11T00:00:00+08:00");
    let third = pay(&mut desk, li, &other_bank(), "0.70");
    close(&mut desk, "2026-06-10").unwrap();
    for paid in [first, next_bill, later] {
        assert!(desk.state.is_settled(paid));
    }
    assert!(!desk.state.is_settled(third));
    assert_eq!(waiting(&desk), [70, 0, 33_005]);
}

#[test]
fn days_that_are_closed_late_settle_each_its_own() {
    let mut desk = Desk::open_at("2026-06-09T10:00:00+08:00");
    let li = desk.holder(0, "1000");
    let mut paid = Vec::new();
    for (day, amount) in [("09", "100"), ("10", "20"), ("12", "3"), ("13", "0.40")] {
        desk.at(&format!("2026-06-{day}T12:00:00+08:00"));
        paid.push(pay(&mut desk, li, &other_bank(), amount));
    }
    for (day, left, settled) in [
        ("09", 2_340, 1),
        ("10", 340, 2),
        // Nothing was paid on the 11th.
        ("11", 340, 2),
        ("12", 40, 3),
    ] {
        close(&mut desk, &format!("2026-06-{day}")).unwrap();
        assert_eq!(waiting(&desk), [left, 0, 12_340 - left], "{day}");
        for (number, seq) in paid.iter().enumerate() {
            assert_eq!(desk.state.is_settled(*seq), number < settled, "{day}");
        }
    }
}

#[test]
fn what_goes_back_lessens_its_own_days_settlement_until_that_is_done() {
    let mut desk = Desk::open_at("2026-06-09T10:00:00+08:00");
    let li = desk.holder(0, "1000");
    let of = |seq, to, amount: &str, text: &str| Original {
        seq,
        from: li.account,
        to: BookAccount::Ledger(to),
        amount: yuan(amount),
        day: day(text),
        used: None,
    };
    let first = pay(&mut desk, li, &other_bank(), "100");
    let first = of(first, LedgerAccount::Settlement, "100", "2026-06-09");
    let bill = pay(&mut desk, li, &power(), "20");
    let bill = of(bill, LedgerAccount::BillsPayable, "20", "2026-06-09");
    desk.at("2026-06-10T09:00:00+08:00");
    let second = pay(&mut desk, li, &other_bank(), "7");
    let second = of(second, LedgerAccount::Settlement, "7", "2026-06-10");
    // The day after, both days are open: what is sent back is missing from the day of its payment.
    refund(&mut desk, first, "30");
    refund(&mut desk, bill, "20");
    refund(&mut desk, second, "2");
    assert_eq!(waiting(&desk), [7_500, 0, 0]);
    close(&mut desk, "2026-06-09").unwrap();
    assert_eq!(waiting(&desk), [500, 0, 7_000]);
    // From here on the first comes back from the other bank, the second is still here.
    refund(&mut desk, first, "70");
    refund(&mut desk, second, "1");
    assert_eq!(waiting(&desk), [400, 0, 0]);
    desk.at("2026-06-11T09:00:00+08:00");
    close(&mut desk, "2026-06-10").unwrap();
    assert_eq!(waiting(&desk), [0, 0, 400]);
    assert_eq!(desk.balance(li.account), "996.00");
}

/// As journals of before tell it: the end of a day took the next day's payments along.
#[test]
fn an_end_of_a_day_from_before_settled_all_that_was_paid_before_it() {
    let mut desk = Desk::open_at("2026-06-09T10:00:00+08:00");
    let li = desk.holder(0, "1000");
    let yesterday = pay(&mut desk, li, &other_bank(), "100");
    desk.at("2026-06-10T00:10:00+08:00");
    let today = pay(&mut desk, li, &other_bank(), "7");
    let closed = BooksFact::DayClosed {
        day: day("2026-06-09"),
    };
    let lines = [
        (LedgerAccount::Settlement, -10_700, 0),
        (LedgerAccount::Nostro, 10_700, 10_700),
    ];
    let postings = lines.map(|(account, amount, after)| Posting {
        account: BookAccount::Ledger(account),
        amount: Fen(amount),
        balance_after: Fen(after),
    });
    let moved = Fact::MoneyMoved {
        transfer: None,
        postings: postings.to_vec(),
    };
    for fact in [Fact::Books(closed), moved] {
        desk.state.fold(&fact).unwrap();
    }
    assert!(desk.state.is_settled(yesterday) && desk.state.is_settled(today));
    let after = pay(&mut desk, li, &other_bank(), "0.30");
    assert!(!desk.state.is_settled(after));
    desk.at("2026-06-11T00:10:00+08:00");
    let next = pay(&mut desk, li, &other_bank(), "5");
    close(&mut desk, "2026-06-10").unwrap();
    assert!(desk.state.is_settled(after) && !desk.state.is_settled(next));
    assert_eq!(waiting(&desk), [500, 0, 10_730]);
}

fn loan(desk: &mut Desk, who: Holder, amount: &str) -> LoanId {
    let wish = LoanAction::Apply {
        account: Some(who.account),
        amount: yuan(amount),
        months: 3,
    };
    let Ok(Answer::LoanApproved(loan)) = desk.ask(COUNTER, Action::Loans(wish)) else {
        panic!("declined")
    };
    let wish = LoanAction::Draw { loan: Some(loan) };
    desk.ask(COUNTER, Action::Loans(wish)).unwrap();
    loan
}

#[test]
fn instalments_are_collected_on_their_day_when_the_account_holds_enough() {
    let mut desk = Desk::open_at("2026-01-31T10:00:00+08:00");
    let (li, wang) = (desk.holder(0, "1000"), desk.holder(1, "1000"));
    let (mine, second, theirs) = (
        loan(&mut desk, li, "1200"),
        loan(&mut desk, li, "1200"),
        loan(&mut desk, wang, "1200"),
    );
    // Wang spends it all.
    let wish = Action::Withdrawal {
        account: Some(wang.account),
        amount: yuan("2200"),
    };
    desk.ask(COUNTER, wish).unwrap();
    close_days(&mut desk, "2026-01-31", "2026-02-27");
    // Twenty-seven days of 4.35 / 30 on each of three loans: 3.915, so 3.92.
    let receivable = |desk: &Desk| desk.state.ledger(LedgerAccount::LoanInterestReceivable).0;
    assert_eq!(receivable(&desk), -3 * 392);
    assert_eq!(
        desk.state.ledger(LedgerAccount::LoanInterestIncome).0,
        3 * 392
    );
    desk.at("2026-03-01T00:30:00+08:00");
    // Two loans on one account are collected in two records, and a third closes the day.
    let records = close(&mut desk, "2026-02-28");
    assert_eq!(records, Ok(3));
    let paid = |desk: &Desk, loan| desk.state.loan(loan).unwrap().paid;
    assert_eq!(
        (paid(&desk, mine), paid(&desk, second), paid(&desk, theirs)),
        (1, 1, 0)
    );
    // 1,000 + 2 × 1,200 − 2 × 402.90, and interest is for the quarter's end.
    assert_eq!(desk.balance(li.account), "2594.20");
    assert_eq!(
        receivable(&desk),
        -435,
        "Wang still owes the month's interest"
    );
    assert_eq!(
        desk.state.ledger(LedgerAccount::LoanInterestIncome).0,
        3 * 435
    );
    // Once there is money, the next end of a day collects what is overdue.
    deposit(&mut desk, wang, "500");
    close_days(&mut desk, "2026-03-01", "2026-03-01");
    assert_eq!(paid(&desk, theirs), 1);
    assert_eq!(desk.balance(wang.account), "97.10");
    close_days(&mut desk, "2026-03-02", "2026-04-30");
    assert!(desk.state.loan(mine).is_none() && desk.state.loan(second).is_none());
    let outstanding = desk.state.loan(theirs).unwrap().outstanding;
    assert_eq!(desk.state.ledger(LedgerAccount::Loans).0, -outstanding.0);
}

#[test]
fn closing_an_account_pays_its_interest_and_the_books_keep_none() {
    let mut desk = Desk::open_at("2026-06-01T10:00:00+08:00");
    let li = desk.holder(0, "1200000");
    close_days(&mut desk, "2026-06-01", "2026-06-03");
    desk.at("2026-06-04T10:00:00+08:00");
    let li = desk.renew(li, 0);
    let wish = ClosingAction::Account {
        account: Some(li.account),
        check: Some(li.check),
    };
    assert_eq!(
        desk.ask(KIOSK, Action::Close(wish.clone())),
        Err("balance_remaining")
    );
    // Three days at 10.00 a day.
    let closed = desk.ask(COUNTER, Action::Close(wish.clone()));
    assert_eq!(closed, Ok(Answer::AccountClosed(Fen(120_003_000))));
    assert_eq!(desk.state.ledger(LedgerAccount::CashCounter), Fen(3_000));
    assert_eq!(payable(&desk), 0);
    close_days(&mut desk, "2026-06-04", "2026-06-20");
    assert_eq!(payable(&desk), 0);
    assert_eq!(
        desk.state.ledger(LedgerAccount::DepositInterestExpense).0,
        -3_000
    );
    assert_eq!(
        desk.ask(COUNTER, Action::Close(wish)),
        Err("account_closed")
    );
}

#[test]
fn the_end_of_a_quarter_credits_every_account_in_bounded_records() {
    let mut desk = Desk::open_at("2026-03-20T10:00:00+08:00");
    let li = desk.holder(0, "1");
    let mut accounts = vec![li.account];
    // 36,000 hold for one day 0.30.
    for _ in 0..1_499 {
        let wish = Action::OpenCard {
            customer: Some(li.customer),
            check: Some(li.check),
        };
        // A customer has a thousand cards at most: the others belong to somebody else.
        match desk.ask(COUNTER, wish) {
            Ok(Answer::CardOpened(_, account)) => accounts.push(account),
            other => {
                assert_eq!(other, Err("card_limit"));
                break;
            }
        }
    }
    let wang = desk.holder(1, "1");
    for _ in 0..200 {
        accounts.push(desk.card(wang.customer, wang.check).1);
    }
    for account in &accounts {
        let wish = Action::Deposit {
            account: Some(*account),
            amount: yuan("36000"),
        };
        desk.ask(COUNTER, wish).unwrap();
    }
    assert!(accounts.len() > 1_024);
    desk.at("2026-03-21T00:30:00+08:00");
    // Two records of accounts, one that ends the day.
    assert_eq!(close(&mut desk, "2026-03-20"), Ok(3));
    for account in &accounts[1..] {
        assert_eq!(desk.balance(*account), "36000.30");
    }
    assert_eq!(payable(&desk), 0);
    let mut told = 0;
    for (_, account) in desk.state.accounts_after(None) {
        told += i64::from(account.balance.0 > 3_600_000);
    }
    assert_eq!(told as usize, accounts.len());
}

#[test]
fn closing_begins_no_earlier_than_the_bank() {
    let mut desk = Desk::open_at("2026-06-09T10:00:00+08:00");
    assert_eq!(close(&mut desk, "1970-01-01"), Err("day_out_of_order"));
    desk.holder(0, "1000");
    desk.at("2026-06-11T00:00:00+08:00");
    for early in ["1970-01-01", "2026-06-08"] {
        assert_eq!(close(&mut desk, early), Err("day_out_of_order"));
    }
    assert!(close(&mut desk, "2026-06-09").is_ok());
    assert!(close(&mut desk, "2026-06-10").is_ok());
}

/// So many loans of 1,000 yuan, on one account, drawn on 9 June; a month's interest is 3.63, a day's
/// 0.12.
fn lend(desk: &mut Desk, who: Holder, count: u64) {
    let drawn = day("2026-06-09");
    for loan in (1..=count).map(LoanId::of_seq) {
        let approved = LoanFact::Approved {
            loan,
            customer: who.customer,
            account: who.account,
            principal: Fen(100_000),
            months: 3,
            day: drawn,
        };
        desk.state.fold(&Fact::Loans(approved)).unwrap();
        let drawn = LoanFact::Drawn { loan, day: drawn };
        desk.state.fold(&Fact::Loans(drawn)).unwrap();
    }
}

#[test]
fn interest_on_many_loans_is_added_up_in_records_of_bounded_size_and_stays_exact() {
    let mut desk = Desk::open_at("2026-06-09T10:00:00+08:00");
    let li = desk.holder(0, "100000");
    lend(&mut desk, li, 600);
    desk.at("2026-06-10T00:30:00+08:00");
    // 256, 256, and the rest with the books.
    assert_eq!(close(&mut desk, "2026-06-09"), Ok(3));
    desk.at("2026-06-11T00:30:00+08:00");
    let step = || {
        let day = day("2026-06-10");
        Action::Books(BooksAction::CloseDay { day })
    };
    let still = |answer| matches!(answer, Ok(Answer::DayEnd(_, false)));
    assert!(still(desk.ask(OPERATOR, step())));
    // One that was counted is paid back, another instalment is paid, and so is one yet to be counted.
    let pays = |loan| LoanAction::RepayEarly { loan };
    let instalment = |loan| LoanAction::Repay { loan };
    let wishes = [
        pays(Some(LoanId::of_seq(1))),
        instalment(Some(LoanId::of_seq(256))),
        pays(Some(LoanId::of_seq(257))),
    ];
    for wish in wishes {
        desk.ask(COUNTER, Action::Loans(wish)).unwrap();
    }
    assert!(still(desk.ask(OPERATOR, step())));
    desk.ask(COUNTER, Action::Loans(pays(Some(LoanId::of_seq(2)))))
        .unwrap();
    assert_eq!(
        desk.ask(OPERATOR, step()),
        Ok(Answer::DayEnd(day("2026-06-10"), true))
    );
    // 596 loans owe a day's interest: three are gone, and one paid its month ahead.
    let receivable = desk.state.ledger(LedgerAccount::LoanInterestReceivable);
    assert_eq!(receivable, Fen(-596 * 12));
}
