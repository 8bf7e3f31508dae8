//! What durable records mean for histories, notices, lists and older keys, on its way from the writer to the
//! projector, so that nobody has to read them off the journal a moment after they were written.
//!
//! It is a shortcut and no more. What was there before the start and what finds no room here the
//! projector reads off the journal, and whatever it has read so is left out when it comes here again.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{
    entries::{Line, lines_of},
    journal::{ChainHash, Record},
    notices::notices_of,
    product_lists::is_listed,
    rules::KeyDigest,
};

/// Lines that may wait, which take some 13 MB: those of two seconds of a bank that has no time to spare.
/// A record that is kept whole counts as [`WHOLE_RECORD`] of them.
const LINES_MAX: usize = 1 << 18;
const WHOLE_RECORD: usize = 16;

/// What a run of records means.
pub struct Meaning {
    /// The record before the first.
    pub after: u64,
    /// The last record.
    pub last: u64,
    /// Its chain hash.
    pub hash: ChainHash,
    /// The digests of their keys, one of each; none at all where nobody has made them.
    pub keys: Vec<KeyDigest>,
    /// What they add to the histories of accounts.
    pub lines: Vec<Line>,
    /// Those that tell more than that.
    pub telling: Vec<Record>,
}

impl Meaning {
    /// Of no record yet, after this one.
    pub fn after(seq: u64, hash: ChainHash) -> Self {
        Self {
            after: seq,
            last: seq,
            hash,
            keys: Vec::new(),
            lines: Vec::new(),
            telling: Vec::new(),
        }
    }

    /// Of the records of a group with these keys, of which the last has this chain hash.
    pub fn of(records: Vec<Record>, keys: Vec<KeyDigest>, hash: ChainHash) -> Option<Self> {
        let after = records.first()?.seq - 1;
        let mut meaning = Self::after(after, hash);
        meaning.keys = keys;
        // A payment has two.
        meaning.lines.reserve(2 * records.len());
        for record in records {
            meaning.add(record, hash);
        }
        Some(meaning)
    }

    /// Adds the next record.
    pub fn add(&mut self, record: Record, hash: ChainHash) {
        (self.last, self.hash) = (record.seq, hash);
        self.lines.extend(lines_of(&record));
        if is_listed(&record) || notices_of(&record).next().is_some() {
            self.telling.push(record);
        }
    }

    fn add_all(&mut self, next: Self) {
        (self.last, self.hash) = (next.last, next.hash);
        self.keys.extend(next.keys);
        self.lines.extend(next.lines);
        self.telling.extend(next.telling);
    }

    /// Leaves out what records up to this one mean.
    fn forget_through(&mut self, seq: u64) {
        if seq > self.after {
            let gone = usize::try_from(seq - self.after).unwrap_or(usize::MAX);
            self.keys.drain(..gone.min(self.keys.len()));
            self.after = seq;
            self.lines.retain(|line| line.seq > seq);
            self.telling.retain(|record| record.seq > seq);
        }
    }

    fn records(&self) -> u64 {
        self.last - self.after
    }

    fn weight(&self) -> usize {
        self.lines.len() + WHOLE_RECORD * self.telling.len()
    }
}

/// What waits for the projector; shared between the two.
#[derive(Default)]
pub struct Handover(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    groups: VecDeque<Meaning>,
    weight: usize,
}

impl Handover {
    /// Hands over what durable records mean, those after all that were handed over before; where there
    /// is no room it is dropped.
    pub fn give(&self, group: Meaning) {
        let mut waiting = self.lock();
        let weight = waiting.weight + group.weight();
        if weight <= LINES_MAX {
            waiting.weight = weight;
            waiting.groups.push_back(group);
        }
    }

    /// Takes what the records after `at` mean: as many groups as make `limit` of them, if so many are here.
    /// There is nothing where the next record was not handed over.
    pub fn take(&self, at: u64, limit: u64) -> Option<Meaning> {
        let mut waiting = self.lock();
        let mut taken: Option<Meaning> = None;
        loop {
            let next = taken.as_ref().map_or(at, |taken| taken.last);
            let enough = taken.as_ref().is_some_and(|it| it.records() >= limit);
            let follows = |group: &mut Meaning| group.after <= next && !enough;
            let Some(mut group) = waiting.groups.pop_front_if(follows) else {
                return taken;
            };
            waiting.weight -= group.weight();
            if group.last <= next {
                continue;
            }
            group.forget_through(next);
            match &mut taken {
                Some(taken) => taken.add_all(group),
                None => taken = Some(group),
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        entries::Line,
        journal::RECORD_VERSION,
        rules::{
            AccountNumber, Action, Amount, BookAccount, BusinessTime, Channel, Command, Fact, Fen,
            Fingerprint, IdempotencyKey, Party, Posting,
        },
    };

    fn hash(seq: u64) -> ChainHash {
        ChainHash::of_bytes([seq as u8; 32])
    }

    /// A deposit, of which an odd record tells its customer.
    fn record(seq: u64) -> Record {
        let number = AccountNumber::of_seq(7);
        let posting = Posting {
            account: BookAccount::Customer(number),
            amount: Fen(1),
            balance_after: Fen(seq.cast_signed()),
        };
        let mut facts = vec![Fact::MoneyMoved {
            transfer: None,
            postings: vec![posting],
        }];
        if seq % 2 == 1 {
            facts.push(Fact::AlertDue {
                customer: crate::rules::CustomerId::of_seq(1),
                account: Some(number),
            });
        }
        Record {
            v: RECORD_VERSION,
            seq,
            at: BusinessTime(seq.cast_signed()),
            key: IdempotencyKey::parse("key").unwrap(),
            fingerprint: Fingerprint([0; 16]),
            command: Command {
                by: Party::Terminal(Channel::Atm),
                action: Action::Deposit {
                    account: Some(number),
                    amount: Amount::parse("0.01").unwrap(),
                },
            },
            outcome: Ok(facts),
        }
    }

    fn key(seq: u64) -> KeyDigest {
        KeyDigest::of_text(Party::Visitor, &seq.to_string())
    }

    fn group(first: u64, last: u64) -> Meaning {
        let records: Vec<Record> = (first..=last).map(record).collect();
        Meaning::of(records, (first..=last).map(key).collect(), hash(last)).unwrap()
    }

    fn seqs(meaning: &Meaning) -> (Vec<u64>, Vec<u64>) {
        let lines = meaning.lines.iter().map(|line: &Line| line.seq);
        let telling = meaning.telling.iter().map(|record| record.seq);
        (lines.collect(), telling.collect())
    }

    #[test]
    fn groups_are_taken_together_until_there_are_enough_records_in_them() {
        let handover = Handover::default();
        assert!(handover.take(0, 9).is_none());
        for (first, last) in [(1, 3), (4, 4), (5, 9), (10, 11)] {
            handover.give(group(first, last));
        }
        for (at, limit, last) in [(0, 4, 4), (4, 1, 9), (9, 99, 11)] {
            let taken = handover.take(at, limit).unwrap();
            assert_eq!(
                (taken.after, taken.last, taken.hash),
                (at, last, hash(last))
            );
            let odd = (at + 1..=last).filter(|seq| seq % 2 == 1).collect();
            assert_eq!(seqs(&taken), ((at + 1..=last).collect(), odd));
            assert!(taken.keys.iter().copied().eq((at + 1..=last).map(key)));
        }
        assert!(handover.take(11, 1).is_none());
    }

    #[test]
    fn what_was_read_meanwhile_is_left_out_and_a_gap_is_for_the_journal() {
        let handover = Handover::default();
        for (first, last) in [(5, 7), (8, 9), (12, 14)] {
            handover.give(group(first, last));
        }
        // Records 1 to 4 were there before the start.
        assert!(handover.take(0, 9).is_none());
        assert!(handover.take(3, 9).is_none());
        let taken = handover.take(5, 9).unwrap();
        assert_eq!((taken.after, taken.last), (5, 9));
        assert_eq!(seqs(&taken), (vec![6, 7, 8, 9], vec![7, 9]));
        assert_eq!(taken.keys, [6, 7, 8, 9].map(key));
        // Records 10 and 11 found no room.
        assert!(handover.take(9, 9).is_none());
        let taken = handover.take(13, 9).unwrap();
        assert_eq!(seqs(&taken), (vec![14], vec![]));
        assert_eq!(handover.lock().weight, 0);
    }

    #[test]
    fn no_more_waits_than_there_is_room_for() {
        let handover = Handover::default();
        let (mut last, most) = (0, LINES_MAX as u64);
        while last < 2 * most {
            handover.give(group(last + 1, last + 1_000));
            last += 1_000;
        }
        assert!(handover.lock().weight <= LINES_MAX);
        let taken = handover.take(0, last).unwrap();
        assert!(
            taken.last < most && taken.last > most / 10,
            "{}",
            taken.last
        );
        // There is room again, for what follows a gap.
        handover.give(group(last + 1, last + 1));
        assert!(handover.take(taken.last, 1).is_none());
        assert_eq!(handover.take(last, 1).unwrap().last, last + 1);
    }
}
