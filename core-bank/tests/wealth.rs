//! Wealth products: whole fen, units cut down, quotas never oversold, values marked in the books.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod desk;

use core_bank::rules::{
    Action, Amount, Answer, Caller, Channel, Fen, LedgerAccount, NetAssetValue, ProductCode,
    WealthAction,
};
use desk::{COUNTER, Desk, Holder, yuan};

const OPERATOR: Caller = Caller::Terminal(Channel::Operator);

fn code() -> ProductCode {
    ProductCode::parse("W1").unwrap()
}

fn launch(desk: &mut Desk, minimum: &str, quota: &str) -> Result<Answer, &'static str> {
    let wish = WealthAction::Launch {
        code: code(),
        name: "增利 1".to_owned(),
        minimum: yuan(minimum),
        quota: yuan(quota),
    };
    desk.ask(OPERATOR, Action::Wealth(wish))
}

fn value(desk: &mut Desk, value: &str) -> Result<Answer, &'static str> {
    let wish = WealthAction::Value {
        code: Some(code()),
        value: NetAssetValue::parse(value).unwrap(),
    };
    desk.ask(OPERATOR, Action::Wealth(wish))
}

fn subscribe(desk: &mut Desk, by: Caller, who: Holder, much: &str) -> Result<Answer, &'static str> {
    let wish = WealthAction::Subscribe {
        account: Some(who.account),
        code: Some(code()),
        amount: yuan(much),
    };
    desk.ask(by, Action::Wealth(wish))
}

fn redeem(desk: &mut Desk, by: Caller, who: Holder, units: &str) -> Result<Answer, &'static str> {
    let wish = WealthAction::Redeem {
        account: Some(who.account),
        code: Some(code()),
        units: Amount::parse(units).unwrap(),
    };
    desk.ask(by, Action::Wealth(wish))
}

fn open() -> (Desk, Holder, Caller) {
    let mut desk = Desk::open_at("2026-06-09T10:00:00+08:00");
    let li = desk.holder(0, "10000");
    let mobile = desk.session(li, "mobile");
    (desk, li, mobile)
}

#[test]
fn a_customer_subscribes_holds_and_redeems_at_the_value_of_the_day() {
    let (mut desk, li, mobile) = open();
    launch(&mut desk, "100", "100000").unwrap();
    // 5,000 at 1.0000; worth 5,117.00 at 1.0234; 1,000 units sold for 1,023.40.
    let bought = subscribe(&mut desk, mobile, li, "5000");
    assert_eq!(bought, Ok(Answer::WealthSubscribed(500_000, Fen(500_000))));
    value(&mut desk, "1.0234").unwrap();
    assert_eq!(desk.state.ledger(LedgerAccount::WealthFunds), Fen(511_700));
    assert_eq!(
        desk.state.ledger(LedgerAccount::WealthInvestments),
        Fen(-11_700)
    );
    let sold = redeem(&mut desk, mobile, li, "1000");
    assert_eq!(sold, Ok(Answer::WealthRedeemed(Fen(102_340), Fen(602_340))));
    // 1,000.00 buy 977.13 units, worth 999.99: the fen that is cut off stays with the fund.
    let bought = subscribe(&mut desk, mobile, li, "1000");
    assert_eq!(bought, Ok(Answer::WealthSubscribed(97_713, Fen(502_340))));
    let held: Vec<_> = desk.state.holdings_of(li.customer).collect();
    assert_eq!(held, [(&code(), 497_713)]);
    // 4,977.13 × 1.0234 = 5,093.594…
    let sold = redeem(&mut desk, mobile, li, "4977.13");
    assert_eq!(
        sold,
        Ok(Answer::WealthRedeemed(Fen(509_359), Fen(1_011_699)))
    );
    assert_eq!(desk.state.holdings_of(li.customer).count(), 0);
    assert_eq!(desk.state.ledger(LedgerAccount::WealthFunds), Fen(1));
    value(&mut desk, "0.9000").unwrap();
    assert_eq!(desk.state.ledger(LedgerAccount::WealthFunds), Fen(0));
}

#[test]
fn what_is_subscribed_never_exceeds_the_quota_and_redeeming_makes_no_room() {
    let (mut desk, li, mobile) = open();
    launch(&mut desk, "0.01", "1000").unwrap();
    assert!(subscribe(&mut desk, mobile, li, "600").is_ok());
    assert_eq!(
        subscribe(&mut desk, mobile, li, "400.01"),
        Err("quota_exhausted")
    );
    assert!(subscribe(&mut desk, mobile, li, "400").is_ok());
    assert_eq!(
        subscribe(&mut desk, mobile, li, "0.01"),
        Err("quota_exhausted")
    );
    assert!(redeem(&mut desk, mobile, li, "1000").is_ok());
    assert_eq!(
        subscribe(&mut desk, mobile, li, "0.01"),
        Err("quota_exhausted")
    );
    let subscribed: Vec<_> = desk
        .state
        .products()
        .map(|(_, product)| product.subscribed)
        .collect();
    assert_eq!(subscribed, [Fen(100_000)]);
}

#[test]
fn refusals_of_wealth_products_name_their_reason_and_change_nothing() {
    let (mut desk, li, mobile) = open();
    let wang = desk.holder(1, "5");
    assert_eq!(
        subscribe(&mut desk, mobile, li, "100"),
        Err("product_not_found")
    );
    assert_eq!(value(&mut desk, "1.1"), Err("product_not_found"));
    launch(&mut desk, "100", "100000").unwrap();
    assert_eq!(launch(&mut desk, "1", "1"), Err("product_exists"));
    assert_eq!(
        subscribe(&mut desk, mobile, li, "99.99"),
        Err("below_minimum")
    );
    assert_eq!(
        subscribe(&mut desk, mobile, li, "10000.01"),
        Err("insufficient_funds")
    );
    assert_eq!(
        subscribe(&mut desk, mobile, wang, "100"),
        Err("account_not_found")
    );
    assert_eq!(
        subscribe(&mut desk, COUNTER, wang, "100"),
        Err("insufficient_funds")
    );
    assert_eq!(
        redeem(&mut desk, mobile, li, "0.01"),
        Err("units_insufficient")
    );
    assert!(subscribe(&mut desk, mobile, li, "100").is_ok());
    assert_eq!(
        redeem(&mut desk, mobile, li, "100.01"),
        Err("units_insufficient")
    );
    value(&mut desk, "0.5").unwrap();
    // Half a fen is nothing to pay out.
    assert_eq!(redeem(&mut desk, mobile, li, "0.01"), Err("below_minimum"));
    let wish = WealthAction::Launch {
        code: code(),
        name: "x".to_owned(),
        minimum: yuan("1"),
        quota: yuan("1"),
    };
    assert_eq!(
        desk.ask(mobile, Action::Wealth(wish.clone())),
        Err("forbidden")
    );
    assert_eq!(desk.ask(COUNTER, Action::Wealth(wish)), Err("forbidden"));
    assert_eq!(desk.balance(li.account), "9900.00");
}
