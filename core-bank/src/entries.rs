//! The histories of all accounts in the projection: a line for each posting.
//!
//! Payments come from any account to any other, so in a table in the order of accounts nearly every
//! line rewrites a page of its own, and the more history there is, the truer that is. So the table is
//! in the order of eras, runs of records of equal length, and within an era in the order of accounts.
//! An era has some thousand pages and no more are rewritten, however long the history. The price: who
//! reads an account's history looks once into each era until he has what he wants, which is a few
//! microseconds for 65,536 records of the bank.

use std::{borrow::Cow, collections::BTreeMap};

use rusqlite::{Connection, params};

use crate::{
    journal::Record,
    projector::ProjectionError,
    rules::{BookAccount, BusinessTime, Fen},
};

/// The tables.
pub const ENTRIES_TABLES: &str = "
 CREATE TABLE IF NOT EXISTS eras (era INTEGER PRIMARY KEY) STRICT;
 CREATE TABLE IF NOT EXISTS entries (
   era INTEGER NOT NULL,
   account INTEGER NOT NULL,
   seq INTEGER NOT NULL,
   at INTEGER NOT NULL,
   operation TEXT NOT NULL,
   amount INTEGER NOT NULL,
   balance_after INTEGER NOT NULL,
   PRIMARY KEY (era, account, seq)
 ) STRICT, WITHOUT ROWID;";

/// Records of one era.
const ERA: u64 = 1 << 16;

/// One line of an account's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The record that made it.
    pub seq: u64,
    /// When, in business time.
    pub at: BusinessTime,
    /// The operation's shared name.
    pub operation: Cow<'static, str>,
    /// What it changed.
    pub amount: Fen,
    /// What the account held afterwards.
    pub balance_after: Fen,
}

/// An entry and the number of the account that it belongs to, a customer's or the bank's own.
pub type Posted = (u64, Entry);

/// What a record means for the histories of the accounts that it touched.
pub fn entries_of(record: &Record) -> impl Iterator<Item = Posted> + use<'_> {
    record.postings().map(|posting| {
        let entry = Entry {
            seq: record.seq,
            at: record.at,
            operation: Cow::Borrowed(record.command.action.operation().name()),
            amount: posting.amount,
            balance_after: posting.balance_after,
        };
        (posting.account.number(), entry)
    })
}

/// Puts entries in the order of the table, so that those of one page are written together.
pub fn sort_entries(entries: &mut [Posted]) {
    entries.sort_unstable_by_key(|(account, entry)| (entry.seq / ERA, *account, entry.seq));
}

/// Writes entries; those that were there already stay as they are.
pub fn insert_entries(connection: &Connection, entries: &[Posted]) -> Result<(), rusqlite::Error> {
    let mut statement = connection
        .prepare_cached("INSERT OR IGNORE INTO entries VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
    for (account, entry) in entries {
        statement.execute(params![
            entry.seq / ERA,
            account,
            entry.seq,
            entry.at.0,
            entry.operation,
            entry.amount.0,
            entry.balance_after.0,
        ])?;
    }
    Ok(())
}

/// Notes the eras of the records after `before` up to `last`.
pub fn insert_eras(connection: &Connection, before: u64, last: u64) -> Result<(), rusqlite::Error> {
    let mut statement = connection.prepare_cached("INSERT OR IGNORE INTO eras VALUES (?1)")?;
    for era in before / ERA..=last / ERA {
        statement.execute([era])?;
    }
    Ok(())
}

/// Reads an account's history from its newest entry on.
const NEWEST_FIRST: &str = "SELECT seq, at, operation, amount, balance_after
 FROM eras CROSS JOIN entries USING (era)
 WHERE eras.era <= ?2 AND account = ?1 AND seq < ?3
 ORDER BY eras.era DESC, seq DESC LIMIT ?4";

/// Up to `limit` entries of an account with numbers below `before`, newest first.
pub fn select_entries(
    connection: &Connection,
    account: BookAccount,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<Entry>, ProjectionError> {
    let mut statement = connection.prepare_cached(NEWEST_FIRST)?;
    let before = before
        .and_then(|seq| i64::try_from(seq).ok())
        .unwrap_or(i64::MAX);
    let era = before / ERA.cast_signed();
    let known = params![account.number(), era, before, limit];
    let rows = statement.query_map(known, entry_of)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The entry of a row of number, time, operation, amount and balance.
pub fn entry_of(row: &rusqlite::Row<'_>) -> rusqlite::Result<Entry> {
    Ok(Entry {
        seq: row.get(0)?,
        at: BusinessTime(row.get(1)?),
        operation: Cow::Owned(row.get(2)?),
        amount: Fen(row.get(3)?),
        balance_after: Fen(row.get(4)?),
    })
}

/// Every account's balance after a record, in the order of their numbers.
pub fn select_balances(
    connection: &Connection,
    seq: u64,
) -> Result<Vec<(BookAccount, Fen)>, ProjectionError> {
    // Beside a bare maximum SQLite gives the other columns of its row.
    let mut statement = connection.prepare_cached(
        "SELECT account, balance_after, max(seq) FROM entries WHERE era <= ?1 AND seq <= ?2
         GROUP BY era, account",
    )?;
    let seq = i64::try_from(seq).unwrap_or(i64::MAX);
    let rows = statement.query_map([seq / ERA.cast_signed(), seq], |row| {
        Ok((row.get::<_, u64>(0)?, Fen(row.get(1)?)))
    })?;
    // Later eras come later.
    let balances = rows.collect::<Result<BTreeMap<u64, Fen>, _>>()?;
    let known = balances.into_iter().map(|(number, balance)| {
        let account = BookAccount::of_number(number);
        Ok((account.ok_or(rusqlite::Error::InvalidQuery)?, balance))
    });
    known.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{rules::AccountNumber, statements::select_statement};

    fn account(number: u64) -> BookAccount {
        BookAccount::of_number(number).unwrap()
    }

    fn line(seq: u64, amount: i64) -> Entry {
        Entry {
            seq,
            at: BusinessTime(seq.cast_signed()),
            operation: Cow::Borrowed("deposit"),
            amount: Fen(amount),
            balance_after: Fen(seq.cast_signed() * 10),
        }
    }

    /// A projection of some accounts over four eras, and the same entries as a list.
    fn long_history() -> (Connection, Vec<Posted>) {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(ENTRIES_TABLES).unwrap();
        let numbers: Vec<u64> = [1, 2, 3]
            .map(|number| BookAccount::Customer(AccountNumber::of_seq(number)).number())
            .to_vec();
        let mut seqs: Vec<u64> = (0..4).flat_map(|era| [era * ERA, era * ERA + 1]).collect();
        seqs.extend([ERA - 1, 2 * ERA - 1, 2 * ERA + 77, 3 * ERA - 1]);
        let mut posted: Vec<Posted> = seqs
            .iter()
            .flat_map(|seq| numbers.iter().map(|number| (*number, *seq)))
            .filter(|(number, seq)| *seq > 0 && (number + seq) % 5 != 0)
            .map(|(number, seq)| (number, line(seq, 7)))
            .collect();
        sort_entries(&mut posted);
        for part in posted.chunks(4) {
            insert_entries(&connection, part).unwrap();
        }
        insert_eras(&connection, 0, 3 * ERA + 1).unwrap();
        (connection, posted)
    }

    fn of_account(posted: &[Posted], number: u64, before: u64) -> Vec<Entry> {
        let mut found: Vec<Entry> = posted
            .iter()
            .filter(|(of, entry)| *of == number && entry.seq < before)
            .map(|(_, entry)| entry.clone())
            .collect();
        found.sort_by_key(|entry| std::cmp::Reverse(entry.seq));
        found
    }

    #[test]
    fn a_history_is_whole_and_newest_first_across_eras_from_any_record_on() {
        let (connection, posted) = long_history();
        let numbers: Vec<u64> = posted.iter().map(|(number, _)| *number).collect();
        for number in numbers {
            for before in [None, Some(ERA), Some(ERA + 1), Some(2 * ERA + 77), Some(1)] {
                let expected = of_account(&posted, number, before.unwrap_or(u64::MAX));
                for limit in [1, 3, 100] {
                    let found = select_entries(&connection, account(number), before, limit);
                    let expected = &expected[..expected.len().min(limit)];
                    assert_eq!(found.unwrap(), expected, "{number} before {before:?}");
                }
            }
        }
    }

    #[test]
    fn entries_that_are_written_twice_stand_once() {
        let (connection, posted) = long_history();
        insert_entries(&connection, &posted).unwrap();
        let select = "SELECT count(*) FROM entries";
        let count: usize = connection.query_row(select, [], |row| row.get(0)).unwrap();
        assert_eq!(count, posted.len());
    }

    #[test]
    fn a_statement_goes_across_eras_oldest_first_page_by_page() {
        let (connection, posted) = long_history();
        let number = posted[0].0;
        let (start, end) = (ERA - 1, 2 * ERA + 78);
        let mut expected = of_account(&posted, number, end);
        expected.reverse();
        expected.retain(|entry| entry.seq >= start);
        let period = BusinessTime(start.cast_signed())..BusinessTime(end.cast_signed());
        let (mut found, mut after) = (Vec::new(), 0);
        loop {
            let page = select_statement(&connection, account(number), &period, after, 2).unwrap();
            assert_eq!(page.credits, 7 * expected.len() as i128);
            assert_eq!(
                Some(page.closing),
                expected.last().map(|last| last.balance_after)
            );
            let Some(last) = page.entries.last() else {
                break;
            };
            after = last.seq;
            found.extend(page.entries);
        }
        assert!(found.len() > 2);
        assert_eq!(found, expected);
    }

    #[test]
    fn balances_of_the_past_are_those_of_each_accounts_last_entry() {
        let (connection, posted) = long_history();
        for seq in [1, ERA - 1, ERA, 2 * ERA + 77, 4 * ERA] {
            let mut expected: BTreeMap<u64, (u64, Fen)> = BTreeMap::new();
            for (number, entry) in posted.iter().filter(|(_, entry)| entry.seq <= seq) {
                let last = expected.entry(*number).or_default();
                *last = (*last).max((entry.seq, entry.balance_after));
            }
            let expected: Vec<_> = expected
                .into_iter()
                .map(|(number, (_, balance))| (account(number), balance))
                .collect();
            assert_eq!(select_balances(&connection, seq).unwrap(), expected);
        }
    }

    #[test]
    fn a_history_is_read_without_sorting_or_scanning_an_era() {
        let (connection, _) = long_history();
        let explain = format!("EXPLAIN QUERY PLAN {NEWEST_FIRST}");
        let mut statement = connection.prepare(&explain).unwrap();
        let rows = statement.query_map([1, 1, 1, 1], |row| row.get::<_, String>(3));
        let plan = rows.unwrap().collect::<Result<Vec<_>, _>>().unwrap();
        let plan = plan.join("; ");
        assert!(plan.contains("era=? AND account=? AND seq<?"), "{plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{plan}");
    }
}
