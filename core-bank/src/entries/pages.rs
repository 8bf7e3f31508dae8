//! Entries in the projection's file: packed pages in the order of eras, within an era of accounts, and
//! of an account of records. An era is written once, when it is over, and never changed.

use std::{borrow::Cow, collections::BTreeMap, ops::ControlFlow};

use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use super::{Entry, Line, era_of};
use crate::{
    projector::ProjectionError,
    rules::{BusinessTime, Fen},
};

/// The table: a row is a page, named by the account and the record of its first line.
pub const ENTRIES_TABLE: &str = "
 CREATE TABLE IF NOT EXISTS entries (
   era INTEGER NOT NULL,
   account INTEGER NOT NULL,
   seq INTEGER NOT NULL,
   lines BLOB NOT NULL,
   PRIMARY KEY (era, account, seq)
 ) STRICT, WITHOUT ROWID;";

/// What a page holds, in the wire format of postcard. Numbers are told as what they are more than
/// those of the line before, which takes a byte or two where they would take five or eight.
#[derive(Serialize, Deserialize)]
struct Page<'a> {
    /// The operations that its lines name by their places here.
    #[serde(borrow)]
    operations: Vec<&'a str>,
    lines: Vec<PackedLine>,
}

/// Account and time as differences; record; place of the operation; amount; balance.
#[derive(Serialize, Deserialize)]
struct PackedLine {
    account_more: u64,
    seq: u64,
    at_more: i64,
    operation: u8,
    amount: i64,
    balance_after: i64,
}

/// Writes a page of an era: at most [`crate::patience::PER_PAGE`] lines of some 20 bytes, in the order of accounts and
/// records.
/// A page that was written before is written over.
pub fn write_page(connection: &Connection, lines: &[Line]) -> Result<(), ProjectionError> {
    let Some(first) = lines.first() else {
        return Ok(());
    };
    let bytes = postcard::to_stdvec(&packed(lines)).map_err(|error| unusable(&error))?;
    connection
        .prepare_cached("INSERT OR REPLACE INTO entries VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![era_of(first.seq), first.account, first.seq, bytes])?;
    Ok(())
}

fn packed(lines: &[Line]) -> Page<'static> {
    let mut operations: Vec<&str> = Vec::new();
    let (mut account, mut at) = (0, BusinessTime::default());
    let lines = lines.iter().map(|line| {
        let name = line.operation.name();
        let place = operations.iter().position(|known| *known == name);
        let place = place.unwrap_or_else(|| {
            operations.push(name);
            operations.len() - 1
        });
        let packed = PackedLine {
            account_more: line.account.wrapping_sub(account),
            seq: line.seq,
            at_more: line.at.0.wrapping_sub(at.0),
            // A page has fewer lines than a byte has values.
            operation: place as u8,
            amount: line.amount.0,
            balance_after: line.balance_after.0,
        };
        (account, at) = (line.account, line.at);
        packed
    });
    let lines = lines.collect();
    Page { operations, lines }
}

/// A page as it is read: each line with its account, in the page's order.
struct Unpacked<'a> {
    operations: Vec<&'a str>,
    lines: Vec<(u64, UnpackedLine)>,
}

struct UnpackedLine {
    seq: u64,
    at: BusinessTime,
    operation: u8,
    amount: Fen,
    balance_after: Fen,
}

impl<'a> Unpacked<'a> {
    fn read(row: &'a rusqlite::Row, column: usize) -> Result<Self, ProjectionError> {
        let bytes = row
            .get_ref(column)?
            .as_blob()
            .map_err(rusqlite::Error::from)?;
        let page: Page = postcard::from_bytes(bytes).map_err(|error| unusable(&error))?;
        let (mut account, mut at) = (0_u64, 0_i64);
        let lines = page.lines.iter().map(|line| {
            account = account.wrapping_add(line.account_more);
            at = at.wrapping_add(line.at_more);
            let line = UnpackedLine {
                seq: line.seq,
                at: BusinessTime(at),
                operation: line.operation,
                amount: Fen(line.amount),
                balance_after: Fen(line.balance_after),
            };
            (account, line)
        });
        Ok(Self {
            lines: lines.collect(),
            operations: page.operations,
        })
    }

    fn entry(&self, line: &UnpackedLine) -> Result<Entry, ProjectionError> {
        let operation = self.operations.get(usize::from(line.operation));
        let operation = operation.ok_or(rusqlite::Error::InvalidQuery)?;
        Ok(Entry {
            seq: line.seq,
            at: line.at,
            operation: Cow::Owned((*operation).to_owned()),
            amount: line.amount,
            balance_after: line.balance_after,
        })
    }
}

fn unusable(error: &postcard::Error) -> ProjectionError {
    let error = Box::new(std::io::Error::other(error.to_string()));
    rusqlite::Error::FromSqlConversionFailure(3, rusqlite::types::Type::Blob, error).into()
}

/// The pages of an era that may hold entries of an account up to a record, last page first.
const PAGES_BACKWARDS: &str = "SELECT account, lines FROM entries
 WHERE era = ?1 AND (account, seq) <= (?2, ?3) ORDER BY account DESC, seq DESC";

/// Visits the entries of an account with numbers up to `last`, newest first, era by era.
pub fn visit(
    connection: &Connection,
    account: u64,
    last: u64,
    visit: &mut impl FnMut(Entry) -> ControlFlow<()>,
) -> Result<(), ProjectionError> {
    let mut statement = connection.prepare_cached(PAGES_BACKWARDS)?;
    for era in (0..=era_of(last)).rev() {
        let mut pages = statement.query(params![era, account, last])?;
        while let Some(row) = pages.next()? {
            let page = Unpacked::read(row, 1)?;
            let its_own = page.lines.iter().rev().filter(|(of, _)| *of == account);
            for (_, line) in its_own.filter(|(_, line)| line.seq <= last) {
                if visit(page.entry(line)?).is_break() {
                    return Ok(());
                }
            }
            // A page that begins with an account before it is the first that may hold it.
            if row.get::<_, u64>(0)? < account {
                break;
            }
        }
    }
    Ok(())
}

/// Visits all entries up to record `last` with the numbers of their accounts.
pub fn visit_sealed(
    connection: &Connection,
    last: u64,
    mut visit: impl FnMut(u64, Entry),
) -> Result<(), ProjectionError> {
    each_line(connection, last, |page, account, line| {
        visit(account, page.entry(line)?);
        Ok(())
    })
}

/// Every account's balance after record `last`, as far as the file knows it, into `balances`.
pub fn collect_balances(
    connection: &Connection,
    last: u64,
    balances: &mut BTreeMap<u64, Fen>,
) -> Result<(), ProjectionError> {
    each_line(connection, last, |_, account, line| {
        balances.insert(account, line.balance_after);
        Ok(())
    })
}

/// Visits all lines of records up to `last`, each with its page and the number of its account, era by era.
fn each_line(
    connection: &Connection,
    last: u64,
    mut visit: impl FnMut(&Unpacked, u64, &UnpackedLine) -> Result<(), ProjectionError>,
) -> Result<(), ProjectionError> {
    let select = "SELECT lines FROM entries WHERE era <= ?1 ORDER BY era, account, seq";
    let mut statement = connection.prepare_cached(select)?;
    let mut pages = statement.query([era_of(last)])?;
    while let Some(row) = pages.next()? {
        let page = Unpacked::read(row, 0)?;
        for (account, line) in page.lines.iter().filter(|(_, line)| line.seq <= last) {
            visit(&page, *account, line)?;
        }
    }
    Ok(())
}
