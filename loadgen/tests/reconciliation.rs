//! The checker is worth something only if it finds what is wrong: books with one
//! planted defect each, and books with none.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod pretended_bank;

use loadgen::fate::{Effect, Outcome};
use loadgen::journal::{JournalRow, Phase};
use loadgen::{BankStart, LoadError, RunJournal, reconcile};
use pretended_bank::{PretendedBank, Reply};
use scenarios::operation::{Channel, Operation};
use scenarios::summary::Reconciliation;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Deposit 1 (100.00 to 6201), deposit 2 (50.00 to 6202), transfer 3 (20.00 from
/// 6201 to 6202), withdrawal 4 refused, deposit 5 of unknown fate (7.00 to 6201).
fn journal() -> Vec<JournalRow> {
    let row = |n: u64, operation, account: &str, to: Option<&str>, amount: &str| JournalRow {
        phase: Phase::Measured,
        sequence: n,
        key: format!("key{n}"),
        operation,
        channel: Channel::Counter,
        customer: "c".into(),
        account: Some(account.into()),
        to: to.map(Into::into),
        amount: Some(amount.into()),
        outcome: Outcome::Succeeded,
        effect: Effect::Applied,
        why: None,
        seq: Some(n),
        id: None,
        intended_micros: Some(n),
        latency_micros: Some(1),
        service_micros: Some(1),
    };
    let mut rows = vec![
        row(1, Operation::Deposit, "6201", None, "100.00"),
        row(2, Operation::Deposit, "6202", None, "50.00"),
        row(3, Operation::TransferOwnBank, "6201", Some("6202"), "20.00"),
        row(4, Operation::Withdrawal, "6201", None, "900.00"),
        row(5, Operation::Deposit, "6201", None, "7.00"),
    ];
    (rows[3].outcome, rows[3].effect, rows[3].seq) = (Outcome::Refused, Effect::None, None);
    (rows[4].outcome, rows[4].effect, rows[4].seq) = (Outcome::TimedOut, Effect::Unknown, None);
    rows
}

fn record(row: &JournalRow, seq: u64) -> Value {
    let amount = row.amount.clone().unwrap();
    let minus = format!("-{amount}");
    let line = |account: &str, amount: &str| json!({"account": account, "amount": amount});
    let account = row.account.as_deref().unwrap();
    let refused = row.effect == Effect::None;
    let postings = match row.operation {
        _ if refused => vec![],
        Operation::Deposit => vec![line(account, &amount), line("cash", &minus)],
        Operation::Withdrawal => vec![line(account, &minus), line("cash", &amount)],
        _ => vec![
            line(account, &minus),
            line(row.to.as_deref().unwrap(), &amount),
        ],
    };
    json!({
        "seq": seq, "at": "2026-06-09T10:00:00+08:00", "operation": row.operation, "key": row.key,
        "channel": "counter", "outcome": if refused { "refused" } else { "applied" },
        "code": null, "customer": null, "account": account, "to": row.to, "amount": amount,
        "postings": postings,
    })
}

/// Records and the balances that follow from them.
struct Books {
    records: Vec<Value>,
    balances: BTreeMap<String, i64>,
}

fn fen(text: &str) -> i64 {
    text.replace('.', "").parse().unwrap()
}

fn yuan(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", fen.abs() / 100, fen.abs() % 100)
}

impl Books {
    /// With the operation of unknown fate or without it.
    fn right(with_unknown: bool) -> Self {
        let rows = journal();
        let kept = if with_unknown { 5 } else { 4 };
        let records = (1..)
            .zip(&rows[..kept])
            .map(|(seq, row)| record(row, seq))
            .collect();
        Self::of(records)
    }

    fn of(records: Vec<Value>) -> Self {
        let mut balances: BTreeMap<String, i64> = ["6201", "6202", "cash"]
            .map(|name| (name.to_owned(), 0))
            .into();
        for posting in records
            .iter()
            .flat_map(|record| record["postings"].as_array().unwrap())
        {
            let account = posting["account"].as_str().unwrap().to_owned();
            *balances.entry(account).or_default() += fen(posting["amount"].as_str().unwrap());
        }
        Self { records, balances }
    }

    fn served(self) -> PretendedBank {
        PretendedBank::start(None, move |asked| {
            Reply::Answer(200, self.page(&asked.path).to_string())
        })
    }

    fn page(&self, path: &str) -> Value {
        let parameter = |name: &str| {
            let query = path.split_once('?').map_or("", |(_, query)| query);
            let found = query
                .split('&')
                .find_map(|pair| pair.strip_prefix(&format!("{name}=")));
            found.unwrap_or_default().to_owned()
        };
        // Pages of two, whatever was asked for, so that paging is gone through.
        if path.starts_with("/v1/audit/records") {
            let after: u64 = parameter("after").parse().unwrap();
            let later = self
                .records
                .iter()
                .filter(|record| record["seq"].as_u64() > Some(after));
            let page: Vec<_> = later.take(2).collect();
            return json!({"records": page, "last": 0});
        }
        let customers = self
            .balances
            .iter()
            .filter(|(name, _)| name.starts_with("62"));
        if path.starts_with("/v1/audit/accounts") {
            let after = parameter("after");
            let rest: Vec<_> = customers.filter(|(name, _)| **name > after).collect();
            let row =
                |(name, fen): &(&String, &i64)| json!({"account": name, "balance": yuan(**fen)});
            let page: Vec<_> = rest.iter().take(1).map(row).collect();
            let next = (rest.len() > 1).then(|| rest[0].0);
            return json!({"accounts": page, "next": next});
        }
        let deposits: i64 = customers.map(|(_, fen)| fen).sum();
        let cash = self.balances["cash"];
        let seq = self
            .records
            .last()
            .map_or(0, |record| record["seq"].as_u64().unwrap());
        json!({"seq": seq, "sum": yuan(deposits + cash), "accounts": [
            {"account": "cash", "kind": "asset", "balance": yuan(cash)},
            {"account": "customer_deposits", "kind": "liability", "balance": yuan(deposits)},
        ]})
    }
}

fn compare(books: Books, start: BankStart) -> Result<Reconciliation, LoadError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.csv");
    let mut writer = csv::Writer::from_path(&path).unwrap();
    for row in journal() {
        writer.serialize(row).unwrap();
    }
    writer.flush().unwrap();
    reconcile(&books.served().target(), &RunJournal::new(path), start)
}

/// Kinds and keys of what was found.
fn found(books: Books) -> Vec<(String, String)> {
    let reconciliation = compare(books, BankStart::Empty).unwrap();
    assert_eq!(
        reconciliation.reconciled,
        reconciliation.discrepancies.is_empty()
    );
    let named = reconciliation.discrepancies.into_iter();
    named.map(|found| (found.kind, found.key)).collect()
}

fn one(kind: &str, key: &str) -> Vec<(String, String)> {
    vec![(kind.to_owned(), key.to_owned())]
}

#[test]
fn right_books_reconcile_whether_the_unknown_operation_is_there_or_not() {
    for with_unknown in [false, true] {
        let reconciliation = compare(Books::right(with_unknown), BankStart::Empty).unwrap();
        assert!(reconciliation.reconciled, "{reconciliation:?}");
        assert_eq!(reconciliation.acknowledged, 3);
        assert_eq!(reconciliation.found_once, 3);
        assert_eq!(reconciliation.unknown_found, u64::from(with_unknown));
        assert_eq!(reconciliation.ledger_sum, "0.00");
        assert_eq!(reconciliation.counterexample, None);
    }
}

#[test]
fn an_acknowledged_deposit_that_is_not_there_is_missing() {
    let mut records = Books::right(false).records;
    records.remove(1);
    assert_eq!(found(Books::of(records)), one("missing", "key2"));
}

#[test]
fn a_transfer_posted_twice_is_doubled() {
    let mut records = Books::right(false).records;
    records.push(record(&journal()[2], 5));
    assert_eq!(found(Books::of(records)), one("doubled", "key3"));
}

#[test]
fn an_operation_of_unknown_fate_that_is_there_twice_is_doubled() {
    let mut records = Books::right(true).records;
    records.push(record(&journal()[4], 6));
    assert_eq!(found(Books::of(records)), one("doubled", "key5"));
}

#[test]
fn another_amount_account_operation_or_number_is_different() {
    let change: [fn(&mut JournalRow); 3] = [
        |row| row.amount = Some("100.01".into()),
        |row| row.account = Some("6202".into()),
        |row| row.operation = Operation::Withdrawal,
    ];
    for change in change {
        let mut changed = journal().remove(0);
        change(&mut changed);
        let mut records = Books::right(false).records;
        records[0] = record(&changed, 1);
        assert_eq!(found(Books::of(records)), one("different", "key1"));
    }
    let mut records = Books::right(false).records;
    records[3] = record(&journal()[2], 4);
    records.remove(2);
    assert_eq!(found(Books::of(records)), one("different", "key3"));
}

#[test]
fn a_record_whose_postings_move_another_amount_is_different() {
    let mut records = Books::right(false).records;
    records[0]["postings"][0]["amount"] = json!("99.99");
    records[0]["postings"][1]["amount"] = json!("-99.99");
    assert_eq!(found(Books::of(records)), one("different", "key1"));
}

#[test]
fn an_effect_that_nobody_asked_for_is_unplanned() {
    let mut records = Books::right(false).records;
    let mut stranger = journal().remove(0);
    stranger.key = "nobody's".into();
    records.push(record(&stranger, 5));
    assert_eq!(
        found(Books::of(records.clone())),
        one("unplanned", "nobody's")
    );
    let shared = compare(Books::of(records), BankStart::Shared).unwrap();
    assert!(
        shared.reconciled,
        "on a shared bank others may do what they like: {shared:?}"
    );
}

#[test]
fn a_refused_withdrawal_with_an_effect_is_unplanned() {
    let mut accepted = journal().remove(3);
    accepted.effect = Effect::Applied;
    let mut records = Books::right(false).records;
    records[3] = record(&accepted, 4);
    assert_eq!(found(Books::of(records)), one("unplanned", "key4"));
}

#[test]
fn postings_that_do_not_balance_are_found_in_their_record_and_in_the_sum() {
    for (amount, kind) in [("-99.99", "rounded"), ("-90.00", "ledger")] {
        let mut records = Books::right(false).records;
        records[0]["postings"][1]["amount"] = json!(amount);
        let found = found(Books::of(records));
        assert_eq!(found, [one(kind, "key1"), one("ledger", "")].concat());
    }
}

#[test]
fn a_transfer_whose_other_side_is_lost_is_torn() {
    let mut records = Books::right(false).records;
    records[2]["postings"].as_array_mut().unwrap().pop();
    let found = found(Books::of(records));
    assert_eq!(found, [one("torn", "key3"), one("ledger", "")].concat());
}

#[test]
fn the_smallest_counterexample_holds_the_rows_that_prove_it_and_no_others() {
    let mut records = Books::right(false).records;
    // The transfer is doubled, and of the first deposit a fen is lost: one record fewer.
    records.push(record(&journal()[2], 5));
    records[0]["postings"][1]["amount"] = json!("-99.99");
    let reconciliation = compare(Books::of(records), BankStart::Empty).unwrap();
    let smallest = reconciliation.counterexample.unwrap();
    assert_eq!(smallest.kind, "rounded");
    let operation = "operation 1 of the plan, key key1: deposit of 100.00 on account 6201 succeeded, acknowledged as record 1";
    assert_eq!(smallest.operations, [operation]);
    let record = "record 1, key key1: deposit of 100.00 on account 6201, applied: 100.00 on 6201, -99.99 on cash";
    assert_eq!(smallest.records, [record]);
}

#[test]
fn an_account_that_is_not_the_sum_of_its_postings_is_found() {
    let mut books = Books::right(false);
    *books.balances.get_mut("6201").unwrap() += 1;
    *books.balances.get_mut("6202").unwrap() -= 1;
    assert_eq!(
        found(books),
        [one("ledger", ""), one("ledger", "")].concat()
    );
}

#[test]
fn of_many_defects_twenty_lines_tell() {
    let mut records = Books::right(false).records;
    for n in 5..105 {
        let mut stranger = journal().remove(0);
        stranger.key = format!("stranger{n}");
        records.push(record(&stranger, n));
    }
    let found = compare(Books::of(records), BankStart::Empty)
        .unwrap()
        .discrepancies;
    assert_eq!(found.len(), 20);
    assert_eq!(found[19].what, "81 more of this kind");
}

#[test]
fn books_that_cannot_be_read_reconcile_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.csv");
    csv::Writer::from_path(&path)
        .unwrap()
        .serialize(journal().remove(0))
        .unwrap();
    let bank = PretendedBank::start(None, |_| Reply::Answer(500, String::new()));
    let unread = reconcile(&bank.target(), &RunJournal::new(&path), BankStart::Empty);
    assert!(matches!(unread, Err(LoadError::Audit { .. })), "{unread:?}");
    let none = RunJournal::new(folder.path().join("none.csv"));
    let unread = reconcile(&bank.target(), &none, BankStart::Empty);
    assert!(
        matches!(unread, Err(LoadError::Journal { .. })),
        "{unread:?}"
    );
}
