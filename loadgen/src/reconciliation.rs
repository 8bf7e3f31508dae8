//! Whether the bank did what it said: its books against the journal of the run.
//!
//! Acknowledged operations must be there exactly once and as they were asked;
//! refused ones must have no effect; those of unknown fate may be there once; and
//! nothing else may be there. Each record's postings, each account, and the whole
//! ledger must balance; what the bank promises of its products must hold.

use crate::audit::{Audit, Balances, CUSTOMER_DEPOSITS, Record};
use crate::credentials::behind_key;
use crate::error::LoadError;
use crate::fate::{Effect, Outcome};
use crate::journal::{JournalRow, RunJournal};
use crate::money::{self, VOUCHER_FEN, yuan};
use crate::promises::Promises;
use crate::script::operation_name;
use crate::stage::{in_runtime, on_a_thread};
use crate::target::Target;
use scenarios::operation::Operation;
use scenarios::summary::{Discrepancy, Reconciliation};
use std::collections::{BTreeMap, HashMap};

/// The books are read so often until they hold still.
const READINGS: u32 = 5;
/// Vouchers that the bank issues in one decision.
const VOUCHERS_A_PART: i128 = 50;
/// So many examples of each kind are told.
const EXAMPLES: usize = 20;

/// What the bank held before the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BankStart {
    /// Nothing: whatever is in it must be of this run, and every account must be
    /// the sum of its postings.
    Empty,
    /// Something of others, who may be using it still: only this run's keys are
    /// compared, and of the ledger only that each record and the whole balance.
    Shared,
}

/// Compares the bank's books with the journal of a run. Blocks.
///
/// # Errors
/// [`LoadError::Journal`] or [`LoadError::Audit`] when either cannot be read,
/// [`LoadError::StillMoving`] when the books never held still.
pub fn reconcile(
    target: &Target,
    journal: &RunJournal,
    start: BankStart,
) -> Result<Reconciliation, LoadError> {
    let mut checker = Checker::new(journal, start)?;
    on_a_thread(|| {
        in_runtime(async {
            let mut audit = Audit::new(target);
            let balances = read_books(&mut audit, &mut checker, start).await?;
            if start == BankStart::Empty {
                checker.look_at_products(&mut audit).await?;
            }
            Ok(checker.conclude(&balances))
        })
    })
}

async fn read_books(
    audit: &mut Audit<'_>,
    checker: &mut Checker,
    start: BankStart,
) -> Result<Balances, LoadError> {
    let mut last = 0;
    for _ in 0..READINGS {
        last = audit
            .records(last, |record| checker.record(&record))
            .await?;
        let balances = audit.balances().await?;
        let after = audit
            .records(last, |record| checker.record(&record))
            .await?;
        let still = after == last && balances.seq == last;
        last = after;
        if still || start == BankStart::Shared {
            return Ok(balances);
        }
    }
    Err(LoadError::StillMoving { readings: READINGS })
}

/// What the journal expects of one key.
struct Expected {
    /// Position in the journal, so that the first examples are told.
    place: u64,
    operation: Operation,
    account: Option<String>,
    to: Option<String>,
    amount: Option<i128>,
    outcome: Outcome,
    effect: Effect,
    seq: Option<u64>,
    /// Applied records found.
    found: Vec<u64>,
    different: Option<String>,
}

impl Expected {
    fn read(row: JournalRow, place: u64) -> Self {
        Self {
            place,
            operation: row.operation,
            amount: row.amount.as_deref().and_then(money::fen),
            account: row.account,
            to: row.to,
            outcome: row.outcome,
            effect: row.effect,
            seq: row.seq,
            found: Vec::new(),
            different: None,
        }
    }

    /// What is expected of the parts in which the bank issues vouchers: it decides fifty at a time,
    /// each under a key of its own. Parts before one that was refused stand.
    fn parts(row: &JournalRow, place: u64) -> Vec<(String, Self)> {
        let fen = row.amount.as_deref().and_then(money::fen).unwrap_or(0);
        let count = fen / i128::from(VOUCHER_FEN);
        let digest = blake3::hash(row.key.as_bytes()).to_hex();
        let parts = 0..(count + VOUCHERS_A_PART - 1) / VOUCHERS_A_PART;
        let effect = match row.effect {
            Effect::None if row.outcome != Outcome::NotSent => Effect::Unknown,
            effect => effect,
        };
        parts
            .map(|part| {
                let row = JournalRow {
                    amount: None,
                    account: None,
                    seq: None,
                    effect,
                    ..row.clone()
                };
                let key = format!("{}/{part}", &digest.as_str()[..32]);
                (key, Self::read(row, place))
            })
            .collect()
    }

    /// In words: `deposit of 12.34 to 62…`.
    fn words(&self) -> String {
        let operation = operation_name(self.operation);
        describe(
            &operation,
            self.amount,
            self.account.as_deref(),
            self.to.as_deref(),
        )
    }

    /// What is different in the record, if anything.
    fn differs(&self, record: &Record) -> Result<Option<String>, LoadError> {
        let operation = operation_name(self.operation);
        if record.operation != operation {
            return Ok(Some(format!("it is recorded as {}", record.operation)));
        }
        if let Some(seq) = self.seq.filter(|seq| *seq != record.seq) {
            // A second record of the key is told as doubled, not as different.
            let first = self.found.is_empty();
            return Ok(first.then(|| {
                format!(
                    "it was acknowledged as record {seq} and is record {}",
                    record.seq
                )
            }));
        }
        let Some(account) = &self.account else {
            return Ok(None);
        };
        let amount = record.amount.as_deref().and_then(money::fen);
        if amount != self.amount || record.account.as_ref() != Some(account) || record.to != self.to
        {
            let found = describe(
                &record.operation,
                amount,
                record.account.as_deref(),
                record.to.as_deref(),
            );
            return Ok(Some(format!("it is recorded as {found}")));
        }
        self.differs_in_postings(account, record)
    }

    fn differs_in_postings(
        &self,
        account: &str,
        record: &Record,
    ) -> Result<Option<String>, LoadError> {
        let amount = self.amount.unwrap_or(0);
        let (own, payee) = match self.operation {
            Operation::Deposit => (amount, None),
            Operation::TransferOwnBank => (-amount, self.to.as_deref()),
            // A loan moves money when it is drawn.
            Operation::LoanApplication => (0, None),
            _ => (-amount, None),
        };
        let postings = record.postings()?;
        let moved = |name: &str| -> i128 {
            let lines = postings.iter().filter(|(account, _)| *account == name);
            lines.map(|(_, fen)| fen).sum()
        };
        let expected = std::iter::once((account, own)).chain(payee.map(|payee| (payee, amount)));
        for (name, fen) in expected {
            if moved(name) != fen {
                return Ok(Some(format!(
                    "its postings move {} on {name} instead of {}",
                    yuan(moved(name)),
                    yuan(fen)
                )));
            }
        }
        Ok(None)
    }
}

fn describe(
    operation: &str,
    amount: Option<i128>,
    account: Option<&str>,
    to: Option<&str>,
) -> String {
    let amount = amount.map_or(String::new(), |amount| format!(" of {}", yuan(amount)));
    let accounts = match (account, to) {
        (Some(account), Some(to)) => format!(" from {account} to {to}"),
        (Some(account), None) => format!(" on account {account}"),
        (None, _) => String::new(),
    };
    format!("{operation}{amount}{accounts}")
}

/// The kinds of discrepancy, in the order they are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Missing,
    Doubled,
    Different,
    Unplanned,
    Ledger,
    Oversold,
    Alert,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Doubled => "doubled",
            Self::Different => "different",
            Self::Unplanned => "unplanned",
            Self::Ledger => "ledger",
            Self::Oversold => "oversold",
            Self::Alert => "alert",
        }
    }
}

/// Discrepancies: the first examples of each kind, and how many there are.
#[derive(Default)]
struct Findings(BTreeMap<Kind, (u64, Vec<Discrepancy>)>);

impl Findings {
    fn add(&mut self, kind: Kind, key: &str, what: String) {
        let (count, examples) = self.0.entry(kind).or_default();
        *count += 1;
        if examples.len() < EXAMPLES {
            examples.push(Discrepancy {
                kind: kind.name().to_owned(),
                key: key.to_owned(),
                what,
            });
        }
    }

    /// The last example of a long kind gives way to the number of the rest.
    fn told(self) -> Vec<Discrepancy> {
        let mut told = Vec::new();
        for (kind, (count, mut examples)) in self.0 {
            if count > EXAMPLES as u64 {
                examples.truncate(EXAMPLES - 1);
                examples.push(Discrepancy {
                    kind: kind.name().to_owned(),
                    key: String::new(),
                    what: format!("{} more of this kind", count - (EXAMPLES as u64 - 1)),
                });
            }
            told.extend(examples);
        }
        told
    }
}

struct Checker {
    start: BankStart,
    expected: HashMap<String, Expected>,
    findings: Findings,
    /// Sum of the postings of each account, in fen.
    posted: HashMap<String, i128>,
    promises: Promises,
}

impl Checker {
    fn new(journal: &RunJournal, start: BankStart) -> Result<Self, LoadError> {
        let mut expected = HashMap::new();
        for (place, row) in journal.rows()?.enumerate() {
            let row = row?;
            if row.operation == Operation::WelfareIssue {
                expected.extend(Expected::parts(&row, place as u64));
            } else if !row.key.is_empty() {
                expected.insert(row.key.clone(), Expected::read(row, place as u64));
            }
        }
        Ok(Self {
            start,
            expected,
            findings: Findings::default(),
            posted: HashMap::new(),
            promises: Promises::default(),
        })
    }

    fn record(&mut self, record: &Record) -> Result<(), LoadError> {
        let mut sum = 0;
        for (account, fen) in record.postings()? {
            sum += fen;
            match self.posted.get_mut(account) {
                Some(posted) => *posted += fen,
                None => {
                    self.posted.insert(account.to_owned(), fen);
                }
            }
        }
        let key = record.key.as_deref().unwrap_or_default();
        if sum != 0 {
            let what = format!("the postings of record {} sum to {}", record.seq, yuan(sum));
            self.findings.add(Kind::Ledger, key, what);
        }
        if !record.is_applied() {
            return Ok(());
        }
        if self.start == BankStart::Empty {
            for what in self.promises.record(record) {
                self.findings.add(Kind::Oversold, key, what);
            }
        }
        let Some(expected) = self.expected.get_mut(key) else {
            if self.start == BankStart::Empty && !self.is_ahead_of_ours(key, record)? {
                let what = format!(
                    "record {}, {}, was never sent",
                    record.seq,
                    record_words(record)
                );
                self.findings.add(Kind::Unplanned, key, what);
            }
            return Ok(());
        };
        if let Some(difference) = expected.differs(record)? {
            expected.different.get_or_insert(difference);
        }
        expected.found.push(record.seq);
        Ok(())
    }

    /// Whether it is what was asked ahead of an operation of this run, such as its
    /// authorisation: it moves nothing, unless it buys the vouchers to be issued.
    fn is_ahead_of_ours(&self, key: &str, record: &Record) -> Result<bool, LoadError> {
        let part = |key: &str| {
            let digest = blake3::hash(key.as_bytes()).to_hex();
            format!("{}/0", &digest.as_str()[..32])
        };
        let ours = |key: &str| self.expected.contains_key(key);
        let Some(behind) = behind_key(key) else {
            return Ok(false);
        };
        let buys = record.operation == "welfare_purchase" && ours(&part(behind));
        Ok(buys || ours(behind) && record.postings()?.is_empty())
    }

    /// Compares what the bank says of its products with its own records.
    async fn look_at_products(&mut self, audit: &mut Audit<'_>) -> Result<(), LoadError> {
        if self.promises.has_awards() {
            let announced = audit.campaigns().await?;
            for what in self.promises.compare_awards(&announced) {
                self.findings.add(Kind::Oversold, "", what);
            }
        }
        if self.promises.has_alerts() {
            let inbox = audit.alerts().await?;
            for what in self.promises.compare_alerts(&inbox) {
                self.findings.add(Kind::Alert, "", what);
            }
        }
        Ok(())
    }

    fn conclude(&mut self, balances: &Balances) -> Reconciliation {
        let mut all: Vec<(String, Expected)> = self.expected.drain().collect();
        all.sort_unstable_by_key(|(_, expected)| expected.place);
        let (mut acknowledged, mut found_once, mut unknown_found) = (0, 0, 0);
        for (key, expected) in &all {
            acknowledged += u64::from(expected.effect == Effect::Applied);
            match (expected.effect, expected.found.len()) {
                (Effect::Applied, 1) => found_once += 1,
                (Effect::Unknown, 1) => unknown_found += 1,
                _ => {}
            }
            self.judge(key, expected);
        }
        let sum = self.balance(balances);
        let discrepancies = std::mem::take(&mut self.findings).told();
        Reconciliation {
            reconciled: discrepancies.is_empty(),
            acknowledged,
            found_once,
            unknown_found,
            ledger_sum: yuan(sum),
            discrepancies,
        }
    }

    fn judge(&mut self, key: &str, expected: &Expected) {
        let words = expected.words();
        let places: Vec<String> = expected.found.iter().map(u64::to_string).collect();
        let places = places.join(", ");
        match (expected.effect, expected.found.len()) {
            (Effect::Applied, 0) => {
                let place = expected
                    .seq
                    .map_or(String::new(), |seq| format!(" as record {seq}"));
                let what = format!("{words} was acknowledged{place} and is not there");
                self.findings.add(Kind::Missing, key, what);
            }
            (Effect::Applied | Effect::Unknown, 2..) => {
                let what = format!(
                    "{words} is there {} times: records {places}",
                    expected.found.len()
                );
                self.findings.add(Kind::Doubled, key, what);
            }
            (Effect::None, 1..) => {
                let fate = match expected.outcome {
                    Outcome::NotSent => "was never sent",
                    _ => "was refused or never sent",
                };
                let what = format!("{words} {fate} and yet is there: record {places}");
                self.findings.add(Kind::Unplanned, key, what);
            }
            _ => {}
        }
        if let (Some(difference), true) = (&expected.different, expected.effect != Effect::None) {
            let what = format!("{words} was asked; {difference}");
            self.findings.add(Kind::Different, key, what);
        }
    }

    /// Checks the ledger; returns its sum.
    fn balance(&mut self, balances: &Balances) -> i128 {
        let sum: i128 = balances.ledger.values().sum();
        if sum != 0 || balances.sum != 0 {
            let what = format!(
                "the ledger sums to {}; the bank states {}",
                yuan(sum),
                yuan(balances.sum)
            );
            self.findings.add(Kind::Ledger, "", what);
        }
        if self.start == BankStart::Shared {
            return sum;
        }
        let customers: i128 = balances.customers.values().sum();
        let stated = balances.ledger.get(CUSTOMER_DEPOSITS).copied();
        if let Some(stated) = stated.filter(|stated| *stated != customers) {
            let what = format!(
                "the accounts of all customers sum to {}, and the ledger states {}",
                yuan(customers),
                yuan(stated)
            );
            self.findings.add(Kind::Ledger, "", what);
        }
        let own = balances
            .ledger
            .iter()
            .filter(|(name, _)| *name != CUSTOMER_DEPOSITS);
        let stated: BTreeMap<&String, i128> = own
            .chain(&balances.customers)
            .map(|(name, fen)| (name, *fen))
            .collect();
        for (name, balance) in &stated {
            let posted = self.posted.get(*name).copied().unwrap_or(0);
            if posted != *balance {
                let what = format!(
                    "account {name} holds {}, and its postings sum to {}",
                    yuan(*balance),
                    yuan(posted)
                );
                self.findings.add(Kind::Ledger, "", what);
            }
        }
        let mut strangers: Vec<(&String, &i128)> = self
            .posted
            .iter()
            .filter(|(name, _)| !stated.contains_key(name))
            .collect();
        strangers.sort();
        for (name, posted) in strangers {
            let what = format!(
                "{} was posted to {name}, which is no account",
                yuan(*posted)
            );
            self.findings.add(Kind::Ledger, "", what);
        }
        sum
    }
}

fn record_words(record: &Record) -> String {
    let amount = record.amount.as_deref().and_then(money::fen);
    describe(
        &record.operation,
        amount,
        record.account.as_deref(),
        record.to.as_deref(),
    )
}
