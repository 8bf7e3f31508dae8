//! What every journal promises, asked of each of them; and what damage to the bytes looks like.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use core_bank::{
    find_noted,
    journal::{
        ChainHash, Fault, Journal, JournalError, MemoryJournal, RECORD_VERSION, Record,
        SqliteJournal, walk,
    },
    rules::{
        AccountNumber, Action, Amount, BookAccount, BusinessTime, Channel, Command, CustomerId,
        Fact, Fen, Fingerprint, IdempotencyKey, Party, Posting, RefusalCode, TransferId,
    },
    verify,
};

type GroupsChange = fn(&mut Vec<(u64, Vec<u8>)>);
type BodyChange = fn(&mut Vec<u8>);

fn record(seq: u64) -> Record {
    Record {
        v: RECORD_VERSION,
        seq,
        at: BusinessTime(i64::try_from(seq).unwrap()),
        key: IdempotencyKey::parse(&format!("key-{seq}")).unwrap(),
        fingerprint: Fingerprint([0; 16]),
        command: Command {
            by: Party::Terminal(Channel::Atm),
            action: Action::ReportLoss { card: None },
        },
        outcome: Err(RefusalCode::CardNotFound.into()),
    }
}

fn group(seqs: std::ops::RangeInclusive<u64>) -> Vec<Record> {
    seqs.map(record).collect()
}

fn all(journal: &mut dyn Journal) -> Result<Vec<Record>, JournalError> {
    let mut records = Vec::new();
    journal.replay(&mut |record| {
        records.push(record);
        Ok(())
    })?;
    Ok(records)
}

fn open(path: &Path) -> SqliteJournal {
    SqliteJournal::open(&path.join("journal.sqlite")).unwrap()
}

/// Runs the same question on both kinds; `again` opens the same medium a second time.
fn on_each(ask: impl Fn(&mut dyn Journal, &mut dyn FnMut() -> Box<dyn Journal>)) {
    let mut memory = MemoryJournal::default();
    let medium = memory.clone();
    ask(&mut memory, &mut || Box::new(medium.clone()));
    let folder = tempfile::tempdir().unwrap();
    ask(&mut open(folder.path()), &mut || {
        Box::new(open(folder.path()))
    });
}

#[test]
fn what_was_appended_is_read_back_by_whoever_opens_the_journal_next() {
    on_each(|journal, again| {
        journal.append(0, &group(1..=3)).unwrap();
        journal.append(3, &group(4..=4)).unwrap();
        journal.append(4, &group(5..=900)).unwrap();
        let mut next = again();
        assert_eq!(all(next.as_mut()).unwrap(), group(1..=900));
        next.append(900, &group(901..=901)).unwrap();
        assert_eq!(all(journal).unwrap(), group(1..=901));
    });
}

#[test]
fn a_reader_starts_after_any_record_and_sees_whole_groups() {
    on_each(|journal, _| {
        journal.append(0, &group(1..=3)).unwrap();
        journal.append(3, &group(4..=6)).unwrap();
        let mut reader = journal.reader().unwrap();
        for after in 0..=8 {
            let links = reader.read(after, 100).unwrap();
            let seqs: Vec<u64> = links.iter().map(|link| link.record.seq).collect();
            assert_eq!(seqs, (after + 1..=6).collect::<Vec<_>>());
        }
        assert!(!reader.read(0, 1).unwrap().is_empty());
    });
}

#[test]
fn the_second_of_two_writers_is_refused_and_leaves_no_trace() {
    on_each(|journal, again| {
        journal.append(0, &group(1..=2)).unwrap();
        let mut other = again();
        all(other.as_mut()).unwrap();
        other.append(2, &group(3..=4)).unwrap();
        let refused = journal.append(2, &group(3..=3));
        assert!(
            matches!(
                refused,
                Err(JournalError::AnotherWriter {
                    expected: 3,
                    found: 5
                })
            ),
            "{refused:?}"
        );
        assert_eq!(all(journal).unwrap(), group(1..=4));
        let ahead = journal.append(9, &group(10..=10));
        assert!(matches!(ahead, Err(JournalError::AnotherWriter { .. })));
    });
}

#[test]
fn a_full_disk_refuses_without_effect_and_recovers_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = open(folder.path());
    journal.append(0, &group(1..=1)).unwrap();
    journal.limit_pages(1).unwrap();
    let mut seq = 1;
    let refused = loop {
        match journal.append(seq, &group(seq + 1..=seq + 50)) {
            Ok(()) => seq += 50,
            Err(error) => break error,
        }
        assert!(seq < 100_000, "the limit does not bite");
    };
    assert!(matches!(refused, JournalError::StorageFull), "{refused:?}");
    assert_eq!(all(&mut open(folder.path())).unwrap(), group(1..=seq));
    journal.limit_pages(100_000).unwrap();
    journal.append(seq, &group(seq + 1..=seq + 50)).unwrap();
    assert_eq!(all(&mut open(folder.path())).unwrap(), group(1..=seq + 50));
}

#[test]
fn a_failed_sync_is_never_taken_for_a_refusal() {
    for fault in [
        Fault::SyncFailsLost,
        Fault::SyncFailsWritten,
        Fault::SyncFailsTorn,
    ] {
        let mut journal = MemoryJournal::default();
        journal.append(0, &group(1..=2)).unwrap();
        journal.inject(Some(fault));
        let unknown = journal.append(2, &group(3..=4));
        assert!(
            matches!(unknown, Err(JournalError::SyncUnknown(_))),
            "{fault:?}"
        );
        let found = all(&mut journal.clone());
        match fault {
            Fault::SyncFailsLost => assert_eq!(found.unwrap(), group(1..=2)),
            Fault::SyncFailsWritten => assert_eq!(found.unwrap(), group(1..=4)),
            _ => assert!(
                matches!(found, Err(JournalError::Torn { seq: 3..=4 })),
                "{found:?}"
            ),
        }
    }
}

#[test]
fn a_flipped_bit_anywhere_is_found_and_its_record_named() {
    let mut journal = MemoryJournal::default();
    journal.append(0, &group(1..=2)).unwrap();
    journal.append(2, &group(3..=3)).unwrap();
    let mut lengths = Vec::new();
    journal.corrupt(|groups| lengths = groups.iter().map(|(_, bytes)| bytes.len()).collect());
    for (place, length) in lengths.into_iter().enumerate() {
        for at in 0..length {
            journal.corrupt(|groups| groups[place].1[at] ^= 0x10);
            let found = all(&mut journal.clone());
            let seq = found.unwrap_err().record().unwrap();
            assert_eq!(
                seq == 3,
                place == 1,
                "byte {at} of group {place} named record {seq}"
            );
            journal.corrupt(|groups| groups[place].1[at] ^= 0x10);
        }
    }
    assert_eq!(all(&mut journal).unwrap(), group(1..=3));
}

#[test]
fn removed_swapped_and_rewritten_records_are_found() {
    let fresh = || {
        let mut journal = MemoryJournal::default();
        for seq in 1..=4 {
            journal.append(seq - 1, &group(seq..=seq)).unwrap();
        }
        journal
    };
    let changes: [(GroupsChange, u64); 3] = [
        (|groups| drop(groups.remove(1)), 2),
        (|groups| groups[1].1 = groups[2].1.clone(), 2),
        // A record and its hash rewritten together: the next hash no longer follows.
        (|groups| groups[2].1 = lone_record(3), 3),
    ];
    for (change, named) in changes {
        let mut journal = fresh();
        journal.corrupt(change);
        let found = all(&mut journal);
        assert!(
            matches!(found, Err(JournalError::Damaged { seq, .. }) if seq == named),
            "{found:?}"
        );
    }
}

/// A record with a hash that is right in a journal of its own.
fn lone_record(seq: u64) -> Vec<u8> {
    let genesis = core_bank::journal::ChainHash::GENESIS;
    core_bank::journal::encode_group(genesis, &[record(seq)])
        .unwrap()
        .0
}

#[test]
fn verify_names_the_torn_or_flipped_record_of_a_data_folder() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = open(folder.path());
    journal.append(0, &group(1..=2)).unwrap();
    journal.append(2, &group(3..=4)).unwrap();
    drop(journal);
    let report = verify(folder.path()).unwrap();
    assert_eq!(
        (report.records, report.ledger_sum, report.decided_otherwise),
        (4, 0, None)
    );
    let damages: [(u64, BodyChange, u64); 3] = [
        (3, |body| body.truncate(body.len() - 5), 4),
        (3, |body| body[50] ^= 1, 3),
        (1, Vec::clear, 1),
    ];
    for (first, damage, named) in damages {
        let copy = tempfile::tempdir().unwrap();
        let path = copy.path().join("journal.sqlite");
        std::fs::copy(folder.path().join("journal.sqlite"), &path).unwrap();
        let file = rusqlite::Connection::open(&path).unwrap();
        let select = "SELECT body FROM journal WHERE first_seq = ?1";
        let mut body: Vec<u8> = file.query_row(select, [first], |row| row.get(0)).unwrap();
        damage(&mut body);
        let update = "UPDATE journal SET body = ?2 WHERE first_seq = ?1";
        file.execute(update, rusqlite::params![first, body])
            .unwrap();
        let said = verify(copy.path()).unwrap_err().to_string();
        assert!(said.contains(&format!("record {named} ")), "{said}");
    }
    assert!(verify(tempfile::tempdir().unwrap().path()).is_err());
}

#[test]
fn walking_stops_at_what_its_visitor_refuses() {
    let mut journal = MemoryJournal::default();
    journal.append(0, &group(1..=3)).unwrap();
    let mut seen = 0;
    let walked = walk(&mut journal, &mut |record| {
        seen = record.seq;
        if seen == 2 {
            Err(JournalError::StorageFull)
        } else {
            Ok(())
        }
    });
    assert!(walked.is_err());
    assert_eq!(seen, 2);
}

/// A transfer as its record, by hand: 1 fen from one account to another.
fn transfer_record() -> Record {
    let (from, to) = (AccountNumber::of_seq(3), AccountNumber::of_seq(7));
    let posting = |account, amount, after| Posting {
        account: BookAccount::Customer(account),
        amount: Fen(amount),
        balance_after: Fen(after),
    };
    Record {
        command: Command {
            by: Party::Customer(CustomerId::of_seq(2)),
            action: Action::TransferOwnBank {
                from: Some(from),
                to: Some(to),
                amount: Amount::parse("0.01").unwrap(),
            },
        },
        outcome: Ok(vec![Fact::MoneyMoved {
            transfer: Some(TransferId::of_seq(1)),
            postings: vec![posting(from, -1, 99), posting(to, 1, 101)],
        }]),
        ..record(1)
    }
}

#[test]
fn a_transfer_is_kept_in_under_130_bytes_and_reads_back_as_it_was() {
    let genesis = core_bank::journal::ChainHash::GENESIS;
    let (bytes, _) = core_bank::journal::encode_group(genesis, &[transfer_record()]).unwrap();
    assert!(bytes.len() < 130, "{} bytes", bytes.len());
    let links = core_bank::journal::decode_group(1, bytes.into()).unwrap();
    assert_eq!(links[0].record, transfer_record());
}

#[test]
fn a_record_of_another_version_is_refused_by_its_version() {
    let mut record = record(1);
    record.v = RECORD_VERSION + 1;
    let genesis = core_bank::journal::ChainHash::GENESIS;
    let (bytes, _) = core_bank::journal::encode_group(genesis, &[record]).unwrap();
    let said = core_bank::journal::decode_group(1, bytes.into()).unwrap_err();
    assert!(said.to_string().contains("version 3"), "{said}");
}

#[test]
fn a_noted_head_shows_that_the_tail_was_cut() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = open(folder.path());
    journal.append(0, &group(1..=2)).unwrap();
    let early = verify(folder.path()).unwrap().head;
    journal.append(2, &group(3..=5)).unwrap();
    let late = verify(folder.path()).unwrap().head;
    assert_eq!(ChainHash::parse(&late.to_string()), Some(late));
    assert_eq!(find_noted(folder.path(), early).unwrap(), Some(2));
    assert_eq!(find_noted(folder.path(), late).unwrap(), Some(5));
    drop(journal);
    let file = rusqlite::Connection::open(folder.path().join("journal.sqlite")).unwrap();
    file.execute("DELETE FROM journal WHERE first_seq = 3", [])
        .unwrap();
    // What is left is sound in itself; only who noted the head can tell.
    assert_eq!(verify(folder.path()).unwrap().head, early);
    assert_eq!(find_noted(folder.path(), late).unwrap(), None);
    for wrong in ["", "abc", &"g".repeat(64), &"é".repeat(32)] {
        assert_eq!(ChainHash::parse(wrong), None);
    }
}
