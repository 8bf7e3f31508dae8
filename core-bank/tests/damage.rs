//! Damage to a bank's files: what a start makes of it, and what a repair keeps.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use core_bank::{
    ExportFormat, JournalPlace, SeedError, SeedOptions, backup, export, find_noted,
    journal::{ChainHash, Journal, JournalError, MemoryJournal, Record, SqliteJournal, walk},
    rebuild, recover, repair_keeping_prefix, restore,
    rules::Amount,
    seed, verify,
};

const KEYS: usize = 1_000;

fn options(customers: u32) -> SeedOptions {
    SeedOptions {
        customers,
        seed: 1,
        balance: Amount::parse("100.00").unwrap(),
        at: "2026-06-09T10:00+08:00".parse().unwrap(),
        password: None,
    }
}

/// The records of a small seeded bank.
fn records() -> Vec<Record> {
    let data = tempfile::tempdir().unwrap();
    seeded(data.path(), 3).unwrap();
    let mut reader = SqliteJournal::open_reader(&data.path().join("journal.sqlite")).unwrap();
    let mut records = Vec::new();
    walk(reader.as_mut(), &mut |record| {
        records.push(record);
        Ok(())
    })
    .unwrap();
    records
}

/// Appends the records in groups of these lengths.
fn append(journal: &mut dyn Journal, records: &[Record], lengths: &[usize]) {
    let mut seq = 0;
    for length in lengths {
        let group = &records[seq..seq + length];
        journal.append(seq as u64, group).unwrap();
        seq += length;
    }
}

/// Checks what a start may make of a changed journal: never another state than after some of the
/// true records; fewer of them only when it says so.
fn check_start(journal: &mut dyn Journal, folder: &Path, records: &[Record], what: &str) {
    match recover(journal, folder, KEYS) {
        Ok(recovered) => {
            let seq = recovered.state.seq();
            let told = recovered
                .cut
                .map_or(records.len() as u64 + 1, |(torn, _)| torn);
            assert_eq!(seq + 1, told, "{what}: records are missing without a word");
            let mut state = core_bank::rules::State::default();
            state.bound_keys(KEYS);
            for record in &records[..seq as usize] {
                record.fold_into(&mut state).unwrap().unwrap();
            }
            assert_eq!(recovered.state, state, "{what}");
        }
        Err(error) => {
            let said = error.to_string();
            assert!(said.contains("bank repair --keep-prefix"), "{what}: {said}");
        }
    }
}

#[test]
fn whatever_bit_of_a_journal_flips_a_start_never_finds_another_state() {
    let records = records();
    for at in 0.. {
        let mut journal = MemoryJournal::default();
        append(&mut journal, &records, &[5, 7, 3]);
        let mut flipped = false;
        journal.corrupt(|groups| {
            let mut bytes = groups.iter_mut().flat_map(|(_, bytes)| bytes);
            if let Some(byte) = bytes.nth(at) {
                *byte ^= 1 << (at % 8);
                flipped = true;
            }
        });
        if !flipped {
            assert!(at > 1_500, "the journal is larger than {at} bytes");
            break;
        }
        let folder = tempfile::tempdir().unwrap();
        check_start(&mut journal, folder.path(), &records, &format!("byte {at}"));
    }
}

#[test]
fn a_torn_end_is_cut_off_and_named_and_what_was_cut_is_kept() {
    let records = records();
    let mut whole = MemoryJournal::default();
    append(&mut whole, &records, &[5, 7, 3]);
    let mut last = Vec::new();
    whole.corrupt(|groups| last.clone_from(&groups[2].1));
    for kept in 1..last.len() {
        let mut journal = MemoryJournal::default();
        append(&mut journal, &records, &[5, 7, 3]);
        journal.corrupt(|groups| groups[2].1.truncate(kept));
        let folder = tempfile::tempdir().unwrap();
        let recovered = recover(&mut journal, folder.path(), KEYS).unwrap();
        let seq = recovered.state.seq();
        assert!((12..15).contains(&seq), "{kept}");
        // In memory a group has no stated length, so one cut between two records is merely shorter.
        if let Some((torn, path)) = recovered.cut {
            assert_eq!(torn, seq + 1);
            let bytes = fs::read(path).unwrap();
            assert!(!bytes.is_empty() && last[..kept].ends_with(&bytes));
        }
        // The bank goes on from there.
        journal.append(seq, &records[seq as usize..]).unwrap();
        let again = recover(&mut journal, folder.path(), KEYS).unwrap();
        assert_eq!((again.state.seq(), again.cut), (15, None));
    }
}

#[test]
fn a_torn_record_before_good_ones_is_no_end() {
    let records = records();
    let mut journal = MemoryJournal::default();
    append(&mut journal, &records, &[5, 7, 3]);
    journal.corrupt(|groups| groups[1].1.truncate(200));
    let folder = tempfile::tempdir().unwrap();
    let error = recover(&mut journal, folder.path(), KEYS).err().unwrap();
    let said = error.to_string();
    assert!(
        said.contains("is torn") && said.contains("repair --keep-prefix"),
        "{said}"
    );
}

/// A data folder with the records, and its log not yet in the main file.
fn folder_with_log(records: &[Record]) -> tempfile::TempDir {
    let live = tempfile::tempdir().unwrap();
    let mut journal = SqliteJournal::open(&live.path().join("journal.sqlite")).unwrap();
    append(&mut journal, records, &[1; 15]);
    // Copied while it is open, as a kill leaves it: a journal that is closed writes its log back.
    let copy = tempfile::tempdir().unwrap();
    copy_folder(live.path(), copy.path());
    copy
}

fn copy_folder(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if !entry.file_name().to_string_lossy().ends_with("-shm") {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

#[test]
fn a_flipped_bit_in_the_log_never_lets_durable_records_vanish_unseen() {
    let records = records();
    let folder = folder_with_log(&records);
    let log = fs::read(folder.path().join("journal.sqlite-wal")).unwrap();
    let frame = 24 + 4_096;
    let frames = (log.len() - 32) / frame;
    assert!(frames >= 15);
    let last_commit = 32 + (frames - 1) * frame;
    let mut refused = 0;
    // Every byte of the head and of the frames' heads, and some of each page.
    let places = (0..log.len()).filter(|at| {
        let within = at.saturating_sub(32) % frame;
        *at < 32 || within < 24 || at % 509 == 0
    });
    for at in places {
        let mut bytes = log.clone();
        bytes[at] ^= 1 << (at % 8);
        let damaged = tempfile::tempdir().unwrap();
        copy_folder(folder.path(), damaged.path());
        fs::write(damaged.path().join("journal.sqlite-wal"), bytes).unwrap();
        match SqliteJournal::open(&damaged.path().join("journal.sqlite")) {
            Err(error @ JournalError::LogDamaged { .. }) => {
                assert!(error.to_string().contains("repair --keep-prefix"));
                refused += 1;
            }
            Err(error) => panic!("byte {at}: {error}"),
            Ok(mut journal) => {
                let found = recover(&mut journal, damaged.path(), KEYS).unwrap();
                let missing = 15 - found.state.seq();
                // Damage to the last commit cannot be told from one that a crash cut short; neither
                // can damage that makes the last but one not look like a commit.
                let near_the_end = at + 2 * frame >= last_commit;
                assert!(
                    missing == 0 || near_the_end,
                    "byte {at}: {missing} are missing"
                );
            }
        }
    }
    assert!(refused > 300, "{refused}");
}

#[test]
fn the_tools_refuse_a_damaged_log_as_a_start_does() {
    let folder = folder_with_log(&records());
    let path = folder.path().join("journal.sqlite-wal");
    let mut log = fs::read(&path).unwrap();
    log[2_000] ^= 1;
    fs::write(&path, log).unwrap();
    let start = SqliteJournal::open(&folder.path().join("journal.sqlite"));
    let start = start.err().unwrap().to_string();
    assert!(start.contains("frame 1 of journal.sqlite-wal"), "{start}");
    let place = JournalPlace::Folder(folder.path().to_owned());
    let mut exported = Vec::new();
    let new = tempfile::tempdir().unwrap();
    let told = [
        verify(folder.path()).err().unwrap().to_string(),
        find_noted(folder.path(), ChainHash::GENESIS)
            .err()
            .unwrap()
            .to_string(),
        export(&place, ExportFormat::Csv, &mut exported)
            .err()
            .unwrap()
            .to_string(),
        backup(folder.path(), &place, &new.path().join("backup"))
            .err()
            .unwrap()
            .to_string(),
        restore(folder.path(), &new.path().join("restored"))
            .err()
            .unwrap()
            .to_string(),
        rebuild(folder.path(), &place).err().unwrap().to_string(),
    ];
    for told in told {
        assert_eq!(told, start);
    }
    assert!(exported.is_empty());
}

#[test]
fn a_log_that_is_being_written_is_never_taken_for_a_damaged_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.sqlite");
    let file = rusqlite::Connection::open(&path).unwrap();
    file.execute_batch(
        "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; PRAGMA synchronous=OFF;
         CREATE TABLE some (body BLOB) STRICT;",
    )
    .unwrap();
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let ended = &ended;
        scope.spawn(move || {
            // Each log begins anew where the one before was read back.
            while !ended.load(Ordering::Relaxed) {
                for _ in 0..20 {
                    file.execute("INSERT INTO some VALUES (zeroblob(20000))", [])
                        .unwrap();
                }
                file.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
                    .unwrap();
                file.execute("DELETE FROM some", []).unwrap();
            }
        });
        let judged: Vec<_> = (0..300).map(|_| SqliteJournal::examine(&path)).collect();
        ended.store(true, Ordering::Relaxed);
        for judged in judged {
            judged.unwrap();
        }
    });
}

#[test]
fn a_log_that_a_crash_cut_short_is_no_damage() {
    let records = records();
    let folder = folder_with_log(&records);
    let log = fs::read(folder.path().join("journal.sqlite-wal")).unwrap();
    for length in (32..log.len()).step_by(997) {
        let torn = tempfile::tempdir().unwrap();
        copy_folder(folder.path(), torn.path());
        fs::write(torn.path().join("journal.sqlite-wal"), &log[..length]).unwrap();
        let mut journal = SqliteJournal::open(&torn.path().join("journal.sqlite")).unwrap();
        check_prefix(&mut journal, torn.path(), &records);
    }
}

fn check_prefix(journal: &mut SqliteJournal, folder: &Path, records: &[Record]) {
    let found = recover(journal, folder, KEYS).unwrap();
    let mut seen = Vec::new();
    walk(journal.reader().unwrap().as_mut(), &mut |record| {
        seen.push(record);
        Ok(())
    })
    .unwrap();
    assert_eq!(seen, records[..found.state.seq() as usize]);
}

#[test]
fn a_repair_keeps_what_precedes_the_damage_and_the_damaged_file() {
    let records = records();
    let data = tempfile::tempdir().unwrap();
    let path = data.path().join("journal.sqlite");
    let mut journal = SqliteJournal::open(&path).unwrap();
    append(&mut journal, &records, &[5, 7, 3]);
    drop(journal);
    // A sound journal stays as it is.
    let sound = repair_keeping_prefix(data.path()).unwrap();
    assert_eq!((sound.last, sound.given_up.is_none()), (15, true));

    let file = rusqlite::Connection::open(&path).unwrap();
    let select = "SELECT body FROM journal WHERE first_seq = 6";
    let mut body: Vec<u8> = file.query_row(select, [], |row| row.get(0)).unwrap();
    let middle = body.len() / 2;
    body[middle] ^= 4;
    file.execute("UPDATE journal SET body = ?1 WHERE first_seq = 6", [body])
        .unwrap();
    drop(file);
    let mut journal = SqliteJournal::open(&path).unwrap();
    let error = recover(&mut journal, data.path(), KEYS).err().unwrap();
    drop(journal);
    assert!(
        error.to_string().contains("repair --keep-prefix"),
        "{error}"
    );
    let repaired = repair_keeping_prefix(data.path()).unwrap();
    let (wrong, aside) = repaired.given_up.unwrap();
    assert!(
        wrong.contains(&format!("record {} ", repaired.last + 1)),
        "{wrong}"
    );
    assert!((5..12).contains(&repaired.last) && aside.is_file());
    let report = verify(data.path()).unwrap();
    assert_eq!(
        (report.records, report.head),
        (repaired.last, repaired.head)
    );
    let mut journal = SqliteJournal::open(&path).unwrap();
    check_prefix(&mut journal, data.path(), &records);
}

/// Seeds a bank of so many customers, of five records each.
fn seeded(data: &Path, customers: u32) -> Result<u64, SeedError> {
    seed(data, &options(customers), &mut |_| Ok(()))
}

#[test]
fn a_repair_keeps_all_that_can_be_read_of_a_file_that_lost_its_end() {
    let data = tempfile::tempdir().unwrap();
    let path = data.path().join("journal.sqlite");
    // Groups of 1,024 records: the page that is cut off is of the third.
    seeded(data.path(), 600).unwrap();
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 4_096]).unwrap();
    assert!(verify(data.path()).is_err());
    let repaired = repair_keeping_prefix(data.path()).unwrap();
    let (why, aside) = repaired.given_up.unwrap();
    assert_eq!(repaired.last, 2_048, "{why}");
    assert_eq!(fs::read(aside).unwrap(), bytes[..bytes.len() - 4_096]);
    let report = verify(data.path()).unwrap();
    assert_eq!((report.records, report.head), (2_048, repaired.head));
}

#[test]
fn a_repair_that_would_keep_nothing_of_a_journal_changes_nothing() {
    let records = records();
    let data = tempfile::tempdir().unwrap();
    let path = data.path().join("journal.sqlite");
    let mut journal = SqliteJournal::open(&path).unwrap();
    append(&mut journal, &records, &[1; 15]);
    drop(journal);
    let bytes = fs::read(&path).unwrap();
    // Fifteen groups on one page, the last.
    for damaged in [&bytes[..bytes.len() - 3_000], b"no database at all"] {
        fs::write(&path, damaged).unwrap();
        let refused = repair_keeping_prefix(data.path());
        let said = refused.unwrap_err().to_string();
        assert!(said.contains("stays as it is"), "{said}");
        assert_eq!(fs::read(&path).unwrap(), damaged);
        let names = fs::read_dir(data.path()).unwrap();
        let mut names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        assert!(!names.any(|name| name.contains("damaged") || name.contains("repaired")));
    }
}

#[test]
fn a_journal_that_cannot_be_opened_is_reported_as_the_system_does() {
    let data = tempfile::tempdir().unwrap();
    let path = data.path().join("journal.sqlite");
    std::os::unix::fs::symlink(&path, &path).unwrap();
    let system = fs::read(&path).err().unwrap().to_string();
    let repaired = repair_keeping_prefix(data.path()).unwrap_err();
    for said in [
        verify(data.path()).err().unwrap().to_string(),
        repaired.to_string(),
    ] {
        assert!(said.contains(&system), "{said}");
    }
    fs::remove_file(&path).unwrap();
    fs::write(&path, "").unwrap();
    let said = verify(data.path()).err().unwrap().to_string();
    assert!(said.contains("is empty"), "{said}");
}

#[test]
fn a_seed_that_fails_leaves_no_bank_and_the_next_one_makes_it() {
    let data = tempfile::tempdir().unwrap();
    let mut left = 500;
    let failed = seed(data.path(), &options(600), &mut |_| {
        left -= 1;
        match left {
            0 => Err(std::io::Error::other("no room")),
            _ => Ok(()),
        }
    });
    assert!(failed.err().unwrap().to_string().contains("no room"));
    let size = |name: &str| fs::metadata(data.path().join(name)).ok().map(|it| it.len());
    assert_eq!(size("journal.sqlite"), Some(0));
    assert_eq!(size("journal.unfinished"), None);
    // What a seed that was killed leaves is cleared away as well.
    fs::write(data.path().join("journal.unfinished"), "half").unwrap();
    fs::write(data.path().join("journal.unfinished-wal"), "half").unwrap();
    assert_eq!(seeded(data.path(), 3).unwrap(), 15);
    assert_eq!(verify(data.path()).unwrap().records, 15);
    assert_eq!(size("journal.unfinished-wal"), None);
    let again = seeded(data.path(), 3).err().unwrap().to_string();
    assert!(again.contains("holds a bank already"), "{again}");
    let mut short = options(3);
    short.password = Some("x".to_owned());
    let short = seed(data.path(), &short, &mut |_| Ok(())).err().unwrap();
    assert!(short.to_string().contains("8 to 64"), "{short}");
}
