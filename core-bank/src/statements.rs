//! Statements, read from the projection's entries.

use std::ops::Range;

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::{
    entries::{Entry, entry_of},
    projector::ProjectionError,
    rules::{BookAccount, BusinessTime, Fen},
};

/// What moved on an account in a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// What it held before.
    pub opening: Fen,
    /// What it held at the end.
    pub closing: Fen,
    /// What came in, in fen.
    pub credits: i128,
    /// What went out, in fen; not positive.
    pub debits: i128,
    /// The entries asked for, oldest first.
    pub entries: Vec<Entry>,
}

/// The statement of an account.
pub fn select_statement(
    connection: &Connection,
    account: BookAccount,
    period: &Range<BusinessTime>,
    after: u64,
    limit: usize,
) -> Result<Statement, ProjectionError> {
    // One snapshot of the file for all readings.
    let reading = connection.unchecked_transaction()?;
    let balance_before = |moment: BusinessTime| {
        let mut statement = reading.prepare_cached(
            "SELECT balance_after FROM eras CROSS JOIN entries USING (era)
             WHERE account = ?1 AND at < ?2 ORDER BY eras.era DESC, seq DESC LIMIT 1",
        )?;
        let found = statement.query_row(params![account.number(), moment.0], |row| row.get(0));
        Ok::<_, rusqlite::Error>(Fen(found.optional()?.unwrap_or(0)))
    };
    let within = params![account.number(), period.start.0, period.end.0];
    let (mut credits, mut debits) = (0, 0);
    let mut amounts = reading.prepare_cached(
        "SELECT amount FROM eras CROSS JOIN entries USING (era)
         WHERE account = ?1 AND at >= ?2 AND at < ?3",
    )?;
    for amount in amounts.query_map(within, |row| row.get::<_, i64>(0))? {
        let amount = i128::from(amount?);
        credits += amount.max(0);
        debits += amount.min(0);
    }
    let mut page = reading.prepare_cached(
        "SELECT seq, at, operation, amount, balance_after FROM eras CROSS JOIN entries USING (era)
         WHERE account = ?1 AND at >= ?2 AND at < ?3 AND seq > ?4
         ORDER BY eras.era, seq LIMIT ?5",
    )?;
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let known = params![account.number(), period.start.0, period.end.0, after, limit];
    let entries = page.query_map(known, entry_of)?.collect::<Result<_, _>>()?;
    Ok(Statement {
        opening: balance_before(period.start)?,
        closing: balance_before(period.end)?,
        credits,
        debits,
        entries,
    })
}
