//! Whether the bank did what it said: its books against the journal of the run.
//!
//! Acknowledged operations must be there exactly once and as they were asked;
//! refused ones must have no effect; those of unknown fate may be there once; and
//! nothing else may be there. Each record's postings, each account, and the whole
//! ledger must balance; what the bank promises of its products must hold.

mod counterexample;
mod expected;
mod findings;

use crate::audit::{Audit, Balances, CUSTOMER_DEPOSITS, Record};
use crate::credentials::behind_key;
use crate::error::LoadError;
use crate::fate::{Effect, Outcome};
use crate::journal::RunJournal;
use crate::limits::Limits;
use crate::locks::Locks;
use crate::money::yuan;
use crate::promises::Promises;
use crate::stage::{in_runtime, on_a_thread};
use crate::target::Target;
use expected::Expected;
pub(crate) use expected::describe;
use findings::{Evidence, Findings, Kind};
use scenarios::operation::Operation;
use scenarios::summary::Reconciliation;
use std::collections::{BTreeMap, HashMap};

/// The books are read so often until they hold still.
const READINGS: u32 = 5;

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
            let totals = checker.conclude(&balances);
            let counterexample = match checker.findings.smallest() {
                Some(finding) => Some(counterexample::of(finding, journal, &mut audit).await?),
                None => None,
            };
            let discrepancies = checker.findings.told();
            Ok(Reconciliation {
                reconciled: discrepancies.is_empty(),
                acknowledged: totals.acknowledged,
                found_once: totals.found_once,
                unknown_found: totals.unknown_found,
                ledger_sum: yuan(totals.ledger_sum),
                counterexample,
                discrepancies,
            })
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

/// What the comparison comes to in numbers.
struct Totals {
    acknowledged: u64,
    found_once: u64,
    unknown_found: u64,
    ledger_sum: i128,
}

struct Checker {
    start: BankStart,
    expected: HashMap<String, Expected>,
    findings: Findings,
    /// Sum of the postings of each account, in fen.
    posted: HashMap<String, i128>,
    promises: Promises,
    limits: Limits,
    locks: Locks,
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
            limits: Limits::default(),
            locks: Locks::default(),
        })
    }

    fn record(&mut self, record: &Record) -> Result<(), LoadError> {
        let postings = record.postings()?;
        for (account, fen) in &postings {
            match self.posted.get_mut(*account) {
                Some(posted) => *posted += fen,
                None => {
                    self.posted.insert((*account).to_owned(), *fen);
                }
            }
        }
        let key = record.key.as_deref().unwrap_or_default();
        self.balance_record(record, &postings);
        if !record.is_applied() {
            self.refused(record, key);
            return Ok(());
        }
        if self.start == BankStart::Empty {
            for broken in self.promises.record(record) {
                let evidence = Evidence::records(broken.records);
                self.findings
                    .add(Kind::Oversold, key, broken.what, evidence);
            }
        }
        // Others may have had their limits raised; in a run nobody does.
        if self.start == BankStart::Empty {
            let limit = self.limits.record(record).map(|it| (Kind::Limit, it));
            let lock = self.locks.applied(record).map(|it| (Kind::Lock, it));
            for (kind, broken) in limit.into_iter().chain(lock) {
                let evidence = Evidence::records(broken.records);
                self.findings.add(kind, key, broken.what, evidence);
            }
        }
        let Some(expected) = self.expected.get_mut(key) else {
            if self.start == BankStart::Empty && !self.is_ahead_of_ours(key, record)? {
                let what = format!("record {}, {}, was never sent", record.seq, record.words());
                let evidence = Evidence::records([record.seq]);
                self.findings.add(Kind::Unplanned, key, what, evidence);
            }
            return Ok(());
        };
        if let Some(difference) = expected.differs(record, &postings) {
            expected.different.get_or_insert(difference);
        }
        expected.found.push(record.seq);
        Ok(())
    }

    /// What a limit or a lock refused was refused rightly.
    fn refused(&mut self, record: &Record, key: &str) {
        if self.start == BankStart::Shared {
            return;
        }
        let wrong = self.limits.refused(record);
        for broken in wrong.into_iter().chain(self.locks.refused(record)) {
            let evidence = Evidence::records(broken.records);
            self.findings.add(Kind::Reason, key, broken.what, evidence);
        }
    }

    /// A record's postings sum to zero. A lone posting is a movement that was torn; what
    /// is off by no more than a fen a posting was rounded wrongly.
    fn balance_record(&mut self, record: &Record, postings: &[(&str, i128)]) {
        let sum: i128 = postings.iter().map(|(_, fen)| fen).sum();
        if sum == 0 {
            return;
        }
        let words = record.words();
        let (kind, what) = match postings {
            [(account, fen)] => (
                Kind::Torn,
                format!(
                    "record {}, {words}, moves {} on {account} and nothing anywhere else",
                    record.seq,
                    yuan(*fen)
                ),
            ),
            several => {
                let kind = if sum.unsigned_abs() <= several.len() as u128 {
                    Kind::Rounded
                } else {
                    Kind::Ledger
                };
                let what = format!(
                    "the postings of record {}, {words}, sum to {}",
                    record.seq,
                    yuan(sum)
                );
                (kind, what)
            }
        };
        let key = record.key.as_deref().unwrap_or_default();
        let operation = self.expected.get(key).map(|expected| expected.place);
        let evidence = Evidence {
            operation,
            records: vec![record.seq],
        };
        self.findings.add(kind, key, what, evidence);
    }

    /// Whether it is what was asked ahead of an operation of this run, such as its
    /// authorisation: it moves nothing, unless it buys the vouchers to be issued.
    fn is_ahead_of_ours(&self, key: &str, record: &Record) -> Result<bool, LoadError> {
        let Some(ours) = behind_key(key).and_then(|behind| self.expected.get(behind)) else {
            return Ok(false);
        };
        let buys =
            record.operation == "welfare_purchase" && ours.operation == Operation::WelfareIssue;
        Ok(buys || record.postings()?.is_empty())
    }

    /// Compares what the bank says of its products with its own records.
    async fn look_at_products(&mut self, audit: &mut Audit<'_>) -> Result<(), LoadError> {
        if self.promises.has_awards() {
            let announced = audit.campaigns().await?;
            for what in self.promises.compare_awards(&announced) {
                let evidence = Evidence::default();
                self.findings.add(Kind::Oversold, "", what, evidence);
            }
        }
        if self.promises.has_alerts() {
            let inbox = audit.alerts().await?;
            for what in self.promises.compare_alerts(&inbox) {
                let evidence = Evidence::default();
                self.findings.add(Kind::Alert, "", what, evidence);
            }
        }
        Ok(())
    }

    fn conclude(&mut self, balances: &Balances) -> Totals {
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
        Totals {
            acknowledged,
            found_once,
            unknown_found,
            ledger_sum: self.balance(balances),
        }
    }

    fn judge(&mut self, key: &str, expected: &Expected) {
        let words = expected.words();
        let places: Vec<String> = expected.found.iter().map(u64::to_string).collect();
        let places = places.join(", ");
        let evidence = || Evidence {
            operation: Some(expected.place),
            records: expected.found.clone(),
        };
        match (expected.effect, expected.found.len()) {
            (Effect::Applied, 0) => {
                let place = expected
                    .seq
                    .map_or(String::new(), |seq| format!(" as record {seq}"));
                let what = format!("{words} was acknowledged{place} and is not there");
                self.findings.add(Kind::Missing, key, what, evidence());
            }
            (Effect::Applied | Effect::Unknown, 2..) => {
                let what = format!(
                    "{words} is there {} times: records {places}",
                    expected.found.len()
                );
                self.findings.add(Kind::Doubled, key, what, evidence());
            }
            (Effect::None, 1..) => {
                let fate = match expected.outcome {
                    Outcome::NotSent => "was never sent",
                    _ => "was refused or never sent",
                };
                let what = format!("{words} {fate} and yet is there: record {places}");
                self.findings.add(Kind::Unplanned, key, what, evidence());
            }
            _ => {}
        }
        if expected.is_accepted_wrongly() {
            let what = format!("{words} had to be refused and was accepted: record {places}");
            self.findings.add(Kind::Accepted, key, what, evidence());
        }
        if let (Some(difference), true) = (&expected.different, expected.effect != Effect::None) {
            let what = format!("{words} was asked; {difference}");
            self.findings.add(Kind::Different, key, what, evidence());
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
            self.findings
                .add(Kind::Ledger, "", what, Evidence::default());
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
            self.findings
                .add(Kind::Ledger, "", what, Evidence::default());
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
                self.findings
                    .add(Kind::Ledger, "", what, Evidence::default());
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
            self.findings
                .add(Kind::Ledger, "", what, Evidence::default());
        }
        sum
    }
}
