//! Statements, read from the histories.

use std::{
    collections::VecDeque,
    ops::{ControlFlow, Range},
};

use crate::{
    entries::{Entry, Histories},
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

/// The statement of an account, with its first `limit` entries of records after `after`.
pub fn statement(
    histories: Histories,
    account: BookAccount,
    period: &Range<BusinessTime>,
    after: u64,
    limit: usize,
) -> Result<Statement, ProjectionError> {
    let (mut opening, mut closing) = (None, None);
    let (mut credits, mut debits) = (0, 0);
    // The oldest so far of those that were asked for.
    let mut entries = VecDeque::new();
    histories.visit(account, None, |entry| {
        if entry.at < period.end {
            closing.get_or_insert(entry.balance_after);
        }
        if entry.at < period.start {
            opening = Some(entry.balance_after);
            return ControlFlow::Break(());
        }
        if entry.at < period.end {
            let amount = i128::from(entry.amount.0);
            credits += amount.max(0);
            debits += amount.min(0);
            if entry.seq > after {
                entries.push_front(entry);
                entries.truncate(limit);
            }
        }
        ControlFlow::Continue(())
    })?;
    Ok(Statement {
        opening: opening.unwrap_or_default(),
        closing: closing.unwrap_or_default(),
        credits,
        debits,
        entries: entries.into(),
    })
}
