//! The histories of all accounts: a line for each posting.
//!
//! Payments come from any account to any other, so in a table in the order of accounts nearly every
//! line rewrites a page of its own, and the more history there is, the truer that is. So histories are
//! kept by eras, runs of records of equal length. The entries of the era that is not over stand in
//! memory, some ten megabytes at most ([`Recent`]); when it is over they are sorted by account, packed
//! and written to the file in short transactions, and never touched again. After a start the entries of the last
//! era are read off the journal once more. The price: who reads an account's history looks once into
//! each era until he has what he wants, which is some microseconds for 65,536 records of the bank.

mod pages;
mod recent;
mod search;

use std::{borrow::Cow, collections::BTreeMap, ops::ControlFlow};

use rusqlite::Connection;

use crate::{
    journal::Record,
    projector::ProjectionError,
    rules::{BookAccount, BusinessTime, Fen, Operation},
};

pub use pages::{ENTRIES_TABLE, visit_sealed, write_page};
pub use recent::Recent;
pub use search::{Direction, Found, LOOKED_MAX, Search};

/// Records of one era.
pub const ERA: u64 = 1 << 16;

/// The era of a record.
fn era_of(seq: u64) -> u64 {
    seq / ERA
}

/// The last record of the era after the one that ends with record `sealed`.
pub fn end_of_next_era(sealed: u64) -> u64 {
    (era_of(sealed.saturating_add(1)) + 1) * ERA - 1
}

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

/// An entry as it is kept until its era is over, with the number of its account, a customer's or the
/// bank's own. Lines are in the order of accounts, and an account's in that of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// The account's number.
    pub account: u64,
    /// The record that made it.
    pub seq: u64,
    /// When, in business time.
    pub at: BusinessTime,
    /// What it was.
    pub operation: Operation,
    /// What it changed.
    pub amount: Fen,
    /// What the account held afterwards.
    pub balance_after: Fen,
}

impl Line {
    fn entry(&self) -> Entry {
        Entry {
            seq: self.seq,
            at: self.at,
            operation: Cow::Borrowed(self.operation.name()),
            amount: self.amount,
            balance_after: self.balance_after,
        }
    }
}

/// What a record means for the histories of the accounts that it touched.
pub fn lines_of(record: &Record) -> impl Iterator<Item = Line> + use<'_> {
    record.postings().map(|posting| Line {
        account: posting.account.number(),
        seq: record.seq,
        at: record.at,
        operation: record.command.action.operation(),
        amount: posting.amount,
        balance_after: posting.balance_after,
    })
}

/// All entries there are: the newest in memory, the others in the file. Whoever reads looks into memory
/// first, and what has gone over to the file since then he finds there.
#[derive(Clone, Copy)]
pub struct Histories<'a> {
    /// The newest.
    pub recent: &'a Recent,
    /// The others.
    pub file: &'a Connection,
}

impl Histories<'_> {
    /// Visits the entries of an account with numbers below `before`, or all, newest first.
    pub fn visit(
        self,
        account: BookAccount,
        before: Option<u64>,
        mut visit: impl FnMut(Entry) -> ControlFlow<()>,
    ) -> Result<(), ProjectionError> {
        let (account, before) = (account.number(), before.unwrap_or(u64::MAX));
        match self.recent.visit(account, before, &mut visit) {
            ControlFlow::Break(()) => Ok(()),
            ControlFlow::Continue(sealed) => {
                let last = sealed.min(before.saturating_sub(1));
                pages::visit(self.file, account, last, &mut visit)
            }
        }
    }

    /// Up to `limit` of the wanted entries of an account with numbers below `before`, newest first. No
    /// more than so many are looked at: a page may hold fewer and still have a next one.
    pub fn search(
        self,
        account: BookAccount,
        before: Option<u64>,
        limit: usize,
        search: &Search,
    ) -> Result<Found, ProjectionError> {
        let mut found = Found::default();
        let (mut looked, mut last) = (0, before);
        self.visit(account, before, |entry| {
            if found.entries.len() == limit || looked == LOOKED_MAX {
                found.next = last;
                return ControlFlow::Break(());
            }
            looked += 1;
            last = Some(entry.seq);
            if search.wants(&entry) {
                found.entries.push(entry);
            }
            ControlFlow::Continue(())
        })?;
        Ok(found)
    }

    /// Every account's balance after a record, in the order of their numbers.
    pub fn balances_after(self, seq: u64) -> Result<Vec<(BookAccount, Fen)>, ProjectionError> {
        let mut newest = BTreeMap::new();
        let sealed = self.recent.visit_all(seq, |line| {
            newest.insert(line.account, line.balance_after);
        });
        let mut balances = BTreeMap::new();
        pages::collect_balances(self.file, sealed.min(seq), &mut balances)?;
        balances.append(&mut newest);
        let known = balances.into_iter().map(|(number, balance)| {
            let account = BookAccount::of_number(number);
            Ok((account.ok_or(rusqlite::Error::InvalidQuery)?, balance))
        });
        known.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        patience::{InOrder, PER_PAGE},
        rules::{AccountNumber, Amount},
        statements::statement,
    };

    fn account(number: u64) -> BookAccount {
        BookAccount::of_number(number).unwrap()
    }

    fn line(account: u64, seq: u64) -> Line {
        Line {
            account,
            seq,
            at: BusinessTime(seq.cast_signed()),
            operation: [Operation::Deposit, Operation::TransferOwnBank][seq as usize % 2],
            amount: Fen(if seq.is_multiple_of(3) { -7 } else { 7 }),
            balance_after: Fen(seq.cast_signed() * 10),
        }
    }

    /// A history of some accounts over four eras, of which so many are in the file.
    struct Long {
        recent: Recent,
        file: Connection,
        lines: Vec<Line>,
    }

    impl Long {
        fn sealed(eras: u64) -> Self {
            let file = Connection::open_in_memory().unwrap();
            file.execute_batch(ENTRIES_TABLE).unwrap();
            let numbers = [1, 2, 3].map(AccountNumber::of_seq);
            let numbers = numbers.map(|number| BookAccount::Customer(number).number());
            // One that fills many pages, ends of eras, and their middles.
            let mut seqs: Vec<u64> = (0..4).flat_map(|era| [era * ERA, era * ERA + 1]).collect();
            seqs.extend([ERA - 1, 2 * ERA - 1, 3 * ERA - 1]);
            seqs.extend(2 * ERA + 77..2 * ERA + 277);
            seqs.sort_unstable();
            let lines: Vec<Line> = seqs
                .iter()
                .flat_map(|seq| numbers.map(|number| line(number, *seq)))
                .filter(|line| line.seq > 0 && (line.account + line.seq) % 5 != 0)
                .collect();
            let recent = Recent::after(0);
            recent.extend(lines.iter().copied());
            let long = Self {
                recent,
                file,
                lines,
            };
            for era in 0..eras {
                long.seal(era);
            }
            long
        }

        fn seal(&self, era: u64) {
            let last = (era + 1) * ERA - 1;
            let mut lines = InOrder::without(|_, _| false);
            for number in 0.. {
                let Some(block) = self.recent.block(last, number) else {
                    break;
                };
                lines.add(block);
            }
            let lines: Vec<Line> = lines.collect();
            for page in lines.chunks(PER_PAGE) {
                write_page(&self.file, page).unwrap();
            }
            self.recent.seal(last);
        }

        fn histories(&self) -> Histories<'_> {
            Histories {
                recent: &self.recent,
                file: &self.file,
            }
        }

        fn of_account(&self, number: u64) -> impl DoubleEndedIterator<Item = &Line> {
            self.lines.iter().filter(move |line| line.account == number)
        }

        fn accounts(&self) -> std::collections::BTreeSet<u64> {
            self.lines.iter().map(|line| line.account).collect()
        }
    }

    #[test]
    fn a_history_is_whole_and_newest_first_across_eras_from_any_record_on() {
        for eras in 0..=4 {
            let long = Long::sealed(eras);
            for number in long.accounts() {
                let befores = [ERA, ERA + 1, 2 * ERA + 80, 2 * ERA + 200, 4 * ERA, 1];
                for before in befores.map(Some).into_iter().chain([None]) {
                    let of = long.of_account(number).rev();
                    let below = of.filter(|line| before.is_none_or(|before| line.seq < before));
                    let expected: Vec<Entry> = below.map(Line::entry).collect();
                    for limit in [1, 3, 40, 1_000] {
                        let of = account(number);
                        let all = Search::default();
                        let found = long.histories().search(of, before, limit, &all).unwrap();
                        let next = expected[..].get(limit).map(|_| expected[limit - 1].seq);
                        assert_eq!(found.next, next, "{number} before {before:?}");
                        let expected = &expected[..expected.len().min(limit)];
                        assert_eq!(found.entries, expected, "{number} before {before:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_looked_for_is_found_page_by_page_and_nothing_else() {
        let long = Long::sealed(2);
        let amount = |fen| Amount::try_from(Fen(fen)).unwrap();
        let mut some = 0;
        for number in long.accounts() {
            let searches = [Direction::In, Direction::Out].map(|direction| Search {
                direction: Some(direction),
                min_amount: Some(amount(2)),
                max_amount: Some(amount(70)),
                ..Search::default()
            });
            for search in searches {
                let is_wanted = |line: &&Line| {
                    let goes_in = search.direction == Some(Direction::In);
                    (2..=70).contains(&line.amount.0.abs()) && (line.amount.0 > 0) == goes_in
                };
                let of = long.of_account(number).rev().filter(is_wanted);
                let expected: Vec<Entry> = of.map(Line::entry).collect();
                let (mut found, mut before) = (Vec::new(), None);
                loop {
                    let histories = long.histories();
                    let page = histories.search(account(number), before, 7, &search);
                    let page = page.unwrap();
                    assert!(page.entries.len() <= 7);
                    found.extend(page.entries);
                    before = page.next;
                    if before.is_none() {
                        break;
                    }
                }
                assert_eq!(found, expected, "{number} {search:?}");
                some += usize::from(!expected.is_empty());
            }
            let none = Search {
                operation: Some(Operation::WealthRedemption),
                ..Search::default()
            };
            let found = long.histories().search(account(number), None, 7, &none);
            assert!(found.unwrap().entries.is_empty());
        }
        assert!(some > 1, "{some} searches found anything");
    }

    #[test]
    fn entries_that_are_written_twice_stand_once() {
        let long = Long::sealed(4);
        for page in 0..2 {
            let mut again: Vec<Line> = long.lines.clone();
            again.retain(|line| line.seq / ERA == page);
            again.sort_unstable();
            for page in again.chunks(PER_PAGE) {
                write_page(&long.file, page).unwrap();
            }
        }
        for number in long.accounts() {
            let all = Search::default();
            let found = long.histories().search(account(number), None, 10_000, &all);
            assert_eq!(
                found.unwrap().entries.len(),
                long.of_account(number).count()
            );
        }
    }

    #[test]
    fn a_statement_goes_across_eras_oldest_first_page_by_page() {
        for eras in 0..=4 {
            let long = Long::sealed(eras);
            let number = *long.accounts().first().unwrap();
            let (start, end) = (ERA - 1, 2 * ERA + 100);
            let is_within = |line: &&Line| (start..end).contains(&line.seq);
            let expected: Vec<Entry> = long
                .of_account(number)
                .filter(is_within)
                .map(Line::entry)
                .collect();
            let sum = |sign: i64| -> i128 {
                let amounts = expected.iter().map(|entry| entry.amount.0);
                let of_sign = amounts.filter(|amount| amount.signum() == sign);
                of_sign.map(i128::from).sum()
            };
            let earlier = long.of_account(number).rfind(|line| line.seq < start);
            let period = BusinessTime(start.cast_signed())..BusinessTime(end.cast_signed());
            let (mut found, mut after) = (Vec::new(), 0);
            loop {
                let histories = long.histories();
                let page = statement(histories, account(number), &period, after, 7).unwrap();
                assert_eq!((page.credits, page.debits), (sum(1), sum(-1)));
                assert_eq!(page.closing, expected.last().unwrap().balance_after);
                assert_eq!(page.opening, earlier.unwrap().balance_after);
                let Some(last) = page.entries.last() else {
                    break;
                };
                after = last.seq;
                found.extend(page.entries);
            }
            assert!(found.len() > 10);
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn balances_of_the_past_are_those_of_each_accounts_last_entry() {
        for (eras, seq) in
            (0..=4).flat_map(|eras| [1, ERA - 1, ERA, 2 * ERA + 99, 4 * ERA].map(|seq| (eras, seq)))
        {
            let long = Long::sealed(eras);
            let known = long.lines.iter().filter(|line| line.seq <= seq);
            let expected: BTreeMap<u64, Fen> = known
                .map(|line| (line.account, line.balance_after))
                .collect();
            let expected: Vec<_> = expected
                .into_iter()
                .map(|(number, balance)| (account(number), balance))
                .collect();
            assert_eq!(long.histories().balances_after(seq).unwrap(), expected);
        }
    }

    #[test]
    fn an_era_ends_before_the_next_begins() {
        assert_eq!(end_of_next_era(0), ERA - 1);
        assert_eq!(end_of_next_era(ERA - 1), 2 * ERA - 1);
    }
}
