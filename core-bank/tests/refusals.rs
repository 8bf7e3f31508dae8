//! Decisions as a table of text: one command a line, with what must come of it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use core_bank::rules::{
    AccountNumber, Action, Amount, Bill, BillKind, BookAccount, BooksAction, BusinessTime, Caller,
    CardId, Channel, ClosingAction, CustomerId, Day, Envelope, Fen, Fingerprint, IdempotencyKey,
    IdentityCheckId, LoanAction, LoanId, Looked, Original, PersonName, Phone, ProductCode,
    RefusalCode, ResidentId, ReturnAction, ReturnId, ReturnKind, State, TokenDigest, TokenNonce,
    Verdict, WealthAction, judge, refusal_table,
};

/// Each line: business hour, who, what, `->`, what comes of it. Records count from 1, so that
/// `I1` is the check of the first applied line. Two residents: `ann` and `bob`.
const STORY: &str = "
    0 counter check nobody                 -> identity_not_verified
    0 counter check ann                    -> ok
    0 counter check bob                    -> ok
    0 counter register I9                  -> identity_check_not_found
    0 counter register I2                  -> ok
    0 kiosk   register I2                  -> customer_exists
    0 counter register I3                  -> ok
    0 counter open C9 I9                   -> identity_check_not_found
    0 counter open C9 I2                   -> customer_not_found
    0 counter open C7 I2                   -> identity_mismatch
    0 counter open C5 I2                   -> ok
    0 kiosk   open C7 I3                   -> ok
    0 atm     open C5 I2                   -> forbidden
    0 atm     deposit A9 1                 -> account_not_found
    0 kiosk   deposit A11 1                -> forbidden
    0 atm     deposit A11 100              -> ok
    0 counter withdraw A11 100.01          -> insufficient_funds
    0 counter withdraw A11 100             -> ok
    0 counter withdraw A11 0.01            -> insufficient_funds
    0 counter deposit A11 50               -> ok
    0 kiosk   transfer A9 A9 1             -> account_not_found
    0 kiosk   transfer A11 A9 1            -> account_not_found
    0 kiosk   transfer A11 A11 1000        -> same_account
    0 kiosk   transfer A11 A12 50.01       -> insufficient_funds
    0 kiosk   transfer A11 A12 50          -> ok
    0 kiosk   remit A11 1                  -> insufficient_funds
    0 kiosk   remit A12 20                 -> ok
    0 atm     transfer A12 A11 1           -> forbidden
    0 counter lift K12 I2                  -> identity_mismatch
    0 counter lift K12 I3                  -> card_not_lost
    0 counter lose K9                      -> card_not_found
    0 counter lose K12                     -> ok
    0 kiosk   lose K12                     -> card_already_lost
    0 atm     withdraw A12 1000            -> card_lost
    0 kiosk   transfer A12 A11 10          -> ok
    0 atm     deposit A12 5                -> ok
    0 counter lift K12 I9                  -> identity_check_not_found
    0 counter lift K12 I3                  -> ok
    0 atm     withdraw A12 25              -> ok
    0 visitor log_in C5 d1                 -> wrong_credentials
    0 counter sign_up C5 I2 d1             -> ok
    0 visitor log_in C5 d2                 -> wrong_credentials
    0 visitor log_in C7 d1                 -> wrong_credentials
    0 visitor log_in C5 d1 s1              -> ok
    0 visitor lose K11                     -> forbidden
    0 s1      deposit A11 1                -> forbidden
    0 s1      transfer A12 A11 1           -> account_not_found
    0 s1      lose K12                     -> card_not_found
    0 s1      transfer A11 A12 10          -> authorisation_required
    0 s2      transfer A11 A12 10          -> unauthenticated
    0 s1      log_out                      -> ok
    0 s1      transfer A11 A12 10          -> unauthenticated
    23 counter open C5 I2                  -> ok
    24 counter open C5 I2                  -> identity_check_not_found
";

/// The products, closing, reversals and the end of a day, with `ann` and `bob` set up in the first
/// lines: her account is `A3`, his `A6`. The operator's records count, too.
const PRODUCTS: &str = "
    10 counter check ann                    -> ok
    10 counter register I1                  -> ok
    10 counter open C2 I1                   -> ok
    10 counter check bob                    -> ok
    10 counter register I4                  -> ok
    10 counter open C5 I4                   -> ok
    10 counter deposit A3 1000              -> ok
    10 counter bill electricity nobody A3 1 -> biller_not_found
    10 counter bill tuition lc-power A3 1   -> school_not_listed
    10 atm     bill electricity lc-power A3 1 -> forbidden
    10 counter bill electricity lc-power A9 1 -> account_not_found
    10 counter bill electricity lc-power A3 1000.01 -> insufficient_funds
    10 counter bill electricity lc-power A3 100 -> ok
    10 counter buy W1 A3 1                  -> product_not_found
    10 counter launch W1 10 500             -> forbidden
    10 operator launch W1 10 500            -> ok
    10 operator launch W1 10 500            -> product_exists
    10 kiosk   buy W1 A3 10                 -> forbidden
    10 counter buy W1 A3 9.99               -> below_minimum
    10 counter buy W1 A3 500.01             -> quota_exhausted
    10 counter buy W1 A6 10                 -> insufficient_funds
    10 counter buy W1 A3 500                -> ok
    10 counter sell W1 A6 1                 -> units_insufficient
    10 counter sell W1 A3 200               -> ok
    10 counter buy W1 A3 10                 -> quota_exhausted
    10 counter borrow A3 999 3              -> loan_terms
    10 counter borrow A3 1000 5             -> loan_terms
    10 kiosk   borrow A3 1000 3             -> forbidden
    10 counter borrow A3 1200 3             -> ok
    10 counter repay L25                    -> loan_state
    10 counter draw L99                     -> loan_not_found
    10 counter draw L25                     -> ok
    10 counter draw L25                     -> loan_state
    10 counter repay L25                    -> ok
    10 counter repay L25                    -> instalment_not_due
    10 counter close A3 I4                  -> identity_mismatch
    10 counter close A3 I1                  -> account_in_use
    10 counter settle_loan L25              -> ok
    10 counter settle_loan L25              -> loan_not_found
    10 counter transfer A3 A6 5             -> ok
    10 reviewer undo 36 A3 A6 5             -> forbidden
    10 operator undo none A3 A6 5           -> payment_not_found
    10 operator refund 36 A3 A6 5           -> return_kind_wrong
    10 operator undo 36 A3 A6 5             -> ok
    10 operator approve R39                 -> forbidden
    10 reviewer approve R9                  -> return_not_found
    10 reviewer approve R39                 -> ok
    10 operator undo 36 A3 A6 5             -> return_too_large
    10 kiosk   close A6 I4                  -> ok
    10 counter deposit A6 1                 -> account_closed
    10 counter transfer A3 A6 1             -> account_closed
    10 counter close_card K6 I4             -> card_closed
    10 kiosk   close A3 I1                  -> account_in_use
    10 counter sell W1 A3 300               -> ok
    10 kiosk   close A3 I1                  -> balance_remaining
    10 operator end_day 0                   -> day_not_over
    20 operator end_day 0                   -> ok
    20 operator end_day 0                   -> day_closed
    90 operator end_day 2                   -> day_out_of_order
    90 operator end_day 1                   -> ok
";

const CHECKS: [(&str, &str); 2] = [("ann", "11010519491231002X"), ("bob", "440524188001010014")];

fn digest(name: &str) -> TokenDigest {
    TokenDigest(*blake3::hash(name.as_bytes()).as_bytes())
}

fn number(word: &str) -> u64 {
    word[1..].parse().unwrap()
}

#[expect(clippy::too_many_lines, reason = "a table: one command an arm")]
fn action(words: &[&str], caller: Caller) -> Action {
    let customer = |word: &str| Some(CustomerId::of_seq(number(word)));
    let check = |word: &str| Some(IdentityCheckId::of_seq(number(word)));
    let card = |word: &str| Some(CardId::of_seq(number(word)));
    let account = |word: &str| Some(AccountNumber::of_seq(number(word)));
    let amount = |word: &str| Amount::parse(word).unwrap();
    let nonce = TokenNonce([0; 16]);
    match *words {
        ["check", who] => {
            let found = CHECKS.iter().find(|(name, _)| *name == who);
            let resident = found.and_then(|(_, id)| ResidentId::parse(id));
            Action::IdentityCheck {
                name: PersonName::parse(who).unwrap(),
                resident,
            }
        }
        ["register", i] => Action::RegisterCustomer {
            check: check(i),
            phone: Phone::parse("12345").unwrap(),
        },
        ["open", c, i] => Action::OpenCard {
            customer: customer(c),
            check: check(i),
        },
        ["sign_up", c, i, device] => Action::EbankingSignup {
            customer: customer(c),
            check: check(i),
            token: digest(device),
            nonce,
        },
        ["lose", k] => Action::ReportLoss { card: card(k) },
        ["lift", k, i] => Action::LiftLoss {
            card: card(k),
            check: check(i),
        },
        ["deposit", a, much] => Action::Deposit {
            account: account(a),
            amount: amount(much),
        },
        ["withdraw", a, much] => Action::Withdrawal {
            account: account(a),
            amount: amount(much),
        },
        ["transfer", a, b, much] => Action::TransferOwnBank {
            from: account(a),
            to: account(b),
            amount: amount(much),
        },
        ["remit", a, much] => Action::TransferOtherBank {
            from: account(a),
            to: "6227".to_owned(),
            bank: "CCB".to_owned(),
            amount: amount(much),
        },
        ["bill", kind, biller, a, much] => Action::PayBill {
            from: account(a),
            bill: Bill {
                kind: match kind {
                    "tuition" => BillKind::Tuition,
                    _ => BillKind::Electricity,
                },
                biller: biller.to_owned(),
                reference: "1".to_owned(),
            },
            amount: amount(much),
        },
        ["launch" | "buy" | "sell", ..] => wealth(words),
        ["borrow", a, much, months] => Action::Loans(LoanAction::Apply {
            account: account(a),
            amount: amount(much),
            months: months.parse().unwrap(),
        }),
        ["draw" | "repay" | "settle_loan", _] => Action::Loans(loan(words)),
        ["close", a, i] => Action::Close(ClosingAction::Account {
            account: account(a),
            check: check(i),
        }),
        ["close_card", k, i] => Action::Close(ClosingAction::Card {
            card: card(k),
            check: check(i),
        }),
        ["undo" | "refund", ..] => Action::Returns(proposal(words)),
        ["approve", r] => Action::Returns(ReturnAction::Approve {
            id: Some(ReturnId::of_seq(number(r))),
        }),
        ["end_day", day] => Action::Books(BooksAction::CloseDay {
            day: Day(day.parse().unwrap()),
        }),
        ["log_in", c, device, ref session @ ..] => Action::LogIn {
            customer: customer(c),
            device: digest(device),
            session: digest(session.first().unwrap_or(&"unused")),
            nonce,
        },
        ["log_out"] => {
            let Caller::Session(session) = caller else {
                panic!("only a session logs out")
            };
            Action::LogOut { session }
        }
        _ => panic!("{words:?}"),
    }
}

fn loan(words: &[&str]) -> LoanAction {
    let loan = Some(LoanId::of_seq(number(words[1])));
    match words[0] {
        "draw" => LoanAction::Draw { loan },
        "repay" => LoanAction::Repay { loan },
        _ => LoanAction::RepayEarly { loan },
    }
}

fn proposal(words: &[&str]) -> ReturnAction {
    let account = |word: &str| AccountNumber::of_seq(number(word));
    let [kind, record, from, to, much] = *words else {
        panic!("{words:?}")
    };
    ReturnAction::Propose {
        original: record.parse().ok().map(|seq| Original {
            seq,
            from: account(from),
            to: BookAccount::Customer(account(to)),
            amount: Amount::parse(much).unwrap(),
            day: Day(0),
            used: None,
        }),
        kind: match kind {
            "undo" => ReturnKind::Reversal,
            _ => ReturnKind::Refund,
        },
        amount: None,
        restore_limit: false,
        reason: "a mistake".to_owned(),
    }
}

fn wealth(words: &[&str]) -> Action {
    let amount = |word: &str| Amount::parse(word).unwrap();
    let account = |word: &str| Some(AccountNumber::of_seq(number(word)));
    Action::Wealth(match *words {
        ["launch", code, minimum, quota] => WealthAction::Launch {
            code: ProductCode::parse(code).unwrap(),
            name: "w".to_owned(),
            minimum: amount(minimum),
            quota: amount(quota),
        },
        ["buy", code, a, much] => WealthAction::Subscribe {
            account: account(a),
            code: ProductCode::parse(code),
            amount: amount(much),
        },
        ["sell", code, a, units] => WealthAction::Redeem {
            account: account(a),
            code: ProductCode::parse(code),
            units: amount(units),
        },
        _ => panic!("{words:?}"),
    })
}

fn caller(word: &str) -> Caller {
    match word {
        "counter" => Caller::Terminal(Channel::Counter),
        "kiosk" => Caller::Terminal(Channel::Kiosk),
        "atm" => Caller::Terminal(Channel::Atm),
        "operator" => Caller::Terminal(Channel::Operator),
        "reviewer" => Caller::Terminal(Channel::Reviewer),
        "visitor" => Caller::Visitor,
        session => Caller::Session(digest(session)),
    }
}

fn tell(state: &mut State, line: usize, hour: i64, who: &str, what: &[&str]) -> String {
    let at = BusinessTime(hour * 3_600_000_000);
    let envelope = Envelope {
        caller: caller(who),
        key: IdempotencyKey::parse(&format!("line-{line}")).unwrap(),
        fingerprint: Fingerprint([0; 16]),
        action: action(what, caller(who)),
        from: None,
        looked: Looked::default(),
    };
    match judge(state, &envelope, at) {
        Verdict::LookFirst(..) => panic!("no key is beyond memory"),
        Verdict::TurnedAway(refusal) => refusal.code.to_string(),
        Verdict::Repeated(..) => panic!("no line repeats a key"),
        Verdict::Decided(command, outcome) => {
            let (seq, key) = (state.next_seq(), &envelope.key);
            let answer = state
                .record(seq, at, &command, key, envelope.fingerprint, &outcome)
                .unwrap();
            let said = answer.map_or_else(|refusal| refusal.code.code(), |_| "ok");
            said.to_owned()
        }
    }
}

#[test]
fn every_line_of_the_story_comes_out_as_it_says() {
    let state = follow(STORY);
    // By hand: A11 got 100, gave 100, got 50, gave 50, got 10; A12 got 50, gave 20 and 10, got 5,
    // gave 25.
    let balance = |seq| state.account(AccountNumber::of_seq(seq)).unwrap().balance;
    assert_eq!((balance(11), balance(12)), (Fen(10_00), Fen(0)));
}

#[test]
fn every_line_of_the_products_story_comes_out_as_it_says() {
    let state = follow(PRODUCTS);
    // By hand: 1,000 in, 100 for electricity, 500 into units, 200 and 300 out of them, 1,200 borrowed,
    // 402.90 and 801.45 paid back, 5 sent and returned. The first month's interest is the 4.35 within.
    let balance = |seq| state.account(AccountNumber::of_seq(seq)).unwrap().balance;
    assert_eq!((balance(3), balance(6)), (Fen(89_565), Fen(0)));
}

fn follow(story: &str) -> State {
    let mut state = State::default();
    for (line, text) in story
        .lines()
        .filter(|text| !text.trim().is_empty())
        .enumerate()
    {
        let (told, expected) = text.split_once("->").unwrap();
        let words: Vec<&str> = told.split_whitespace().collect();
        let [hour, who, what @ ..] = &words[..] else {
            panic!("{text}")
        };
        let said = tell(&mut state, line, hour.parse().unwrap(), who, what);
        assert_eq!(said, expected.trim(), "{text}");
        assert_eq!(state.ledger_sum(), 0, "{text}");
    }
    state
}

#[test]
fn every_code_is_named_once_and_documented() {
    let mut names: Vec<&str> = RefusalCode::ALL.iter().map(|code| code.code()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), RefusalCode::ALL.len());
    for code in RefusalCode::ALL {
        assert!((400..=599).contains(&code.status()), "{code}");
        // What is recorded must be certain, and what is certain and recorded cannot be retried.
        assert!(!(code.frozen() && code.retryable()), "{code}");
    }
    let documentation = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/bank.md");
    let documentation = std::fs::read_to_string(documentation).unwrap();
    assert!(
        documentation.contains(&refusal_table()),
        "docs/bank.md must contain this table:\n{}",
        refusal_table()
    );
}
