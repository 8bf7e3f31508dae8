//! What an operator does beside serving: backups and what a killed one leaves, and a look through histories.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{fs, path::Path};

use core_bank::{
    FoundHistories, JournalPlace, SeedOptions, backup,
    journal::{Journal, SqliteJournal},
    rebuild, restore,
    rules::Amount,
    seed, verify, verify_bank,
};

/// Makes a bank of so many customers.
fn seeded(data: &Path, customers: u32) {
    let options = SeedOptions {
        customers,
        seed: 1,
        balance: Amount::parse("100.00").unwrap(),
        at: "2026-06-09T10:00+08:00".parse().unwrap(),
        password: None,
    };
    seed(data, &options, &mut |_| Ok(())).unwrap();
}

/// The names in a folder, in order.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_backup_is_read_without_writing_and_a_failed_one_leaves_nothing() {
    let data = tempfile::tempdir().unwrap();
    let new = tempfile::tempdir().unwrap();
    seeded(data.path(), 3);
    let place = JournalPlace::Folder(data.path().to_owned());
    let copy = new.path().join("backup");
    let seal = fs::read(data.path().join("seal.key")).unwrap();
    fs::remove_file(data.path().join("seal.key")).unwrap();
    let failed = backup(data.path(), &place, &copy).unwrap_err();
    assert!(failed.to_string().contains("seal.key"), "{failed}");
    assert_eq!(names(&copy), [""; 0]);
    fs::write(data.path().join("seal.key"), seal).unwrap();
    let head = backup(data.path(), &place, &copy).unwrap();
    // Both 1: a file with a rollback journal, none with a log, which is 2
    // (<https://www.sqlite.org/fileformat2.html#file_format_version_numbers>).
    let journal = fs::read(copy.join("journal.sqlite")).unwrap();
    assert_eq!(journal[18..20], [1, 1]);
    let before = names(&copy);
    assert_eq!(before, ["journal.sqlite", "seal.key", "tokens.json"]);
    assert_eq!(verify(&copy).unwrap().head, head.hash);
    assert_eq!(restore(&copy, &new.path().join("again")).unwrap(), head);
    assert_eq!(names(&copy), before);
    // A server goes on with what was restored.
    let mut journal = SqliteJournal::open(&new.path().join("again/journal.sqlite")).unwrap();
    assert_eq!(journal.replay(&mut |_| Ok(())).unwrap(), (15, head.hash));
}

/// What a copy leaves that is killed before its end: some of its journal, under the name of an unfinished
/// one, and some of the secrets.
fn kill_a_copy(whole: &Path, folder: &Path, journal_bytes: usize) {
    fs::create_dir_all(folder).unwrap();
    let journal = fs::read(whole.join("journal.sqlite")).unwrap();
    let begun = &journal[..journal_bytes.min(journal.len())];
    fs::write(folder.join("journal.unfinished"), begun).unwrap();
    fs::write(folder.join("journal.unfinished-wal"), "frames").unwrap();
    fs::write(folder.join("journal.unfinished-shm"), "").unwrap();
    fs::copy(whole.join("tokens.json"), folder.join("tokens.json")).unwrap();
    let seal = fs::read(whole.join("seal.key")).unwrap();
    fs::write(folder.join("seal.key"), &seal[..20]).unwrap();
}

/// Puts something of somebody else's into a copy that was begun, of this bank.
type Foreign = fn(&Path, &Path);

#[test]
fn a_copy_that_was_killed_is_begun_again_and_nothing_of_anybody_else_is_cleared_away() {
    let data = tempfile::tempdir().unwrap();
    let new = tempfile::tempdir().unwrap();
    seeded(data.path(), 3);
    let place = JournalPlace::Folder(data.path().to_owned());
    let whole = new.path().join("whole");
    let head = backup(data.path(), &place, &whole).unwrap();
    let made = ["journal.sqlite", "seal.key", "tokens.json"];
    for (name, bytes) in [("at-once", 0), ("early", 5_000), ("late", usize::MAX)] {
        let copy = new.path().join(name);
        kill_a_copy(&whole, &copy, bytes);
        assert_eq!(backup(data.path(), &place, &copy).unwrap(), head, "{name}");
        assert_eq!(names(&copy), made, "{name}");
        assert_eq!(verify(&copy).unwrap().head, head.hash);
        let again = new.path().join(format!("{name}-restored"));
        kill_a_copy(&whole, &again, bytes);
        assert_eq!(restore(&whole, &again).unwrap(), head, "{name}");
    }

    // One thing that is not its own, and all stays as it is.
    let other = tempfile::tempdir().unwrap();
    seeded(other.path(), 2);
    let foreign: [(&str, Foreign); 8] = [
        ("a note", |copy, _| {
            fs::write(copy.join("notes.txt"), "mine").unwrap();
        }),
        ("a folder", |copy, _| {
            fs::create_dir(copy.join("old")).unwrap();
        }),
        ("a bank", |copy, _| {
            fs::write(copy.join("journal.sqlite"), "").unwrap();
        }),
        ("no journal", |copy, _| {
            fs::remove_file(copy.join("journal.unfinished")).unwrap();
        }),
        ("another file", |copy, _| {
            fs::write(copy.join("journal.unfinished"), "Dear diary").unwrap();
        }),
        ("a link", |copy, other| {
            fs::remove_file(copy.join("journal.unfinished")).unwrap();
            let aim = other.join("journal.sqlite");
            std::os::unix::fs::symlink(aim, copy.join("journal.unfinished")).unwrap();
        }),
        ("another bank's seal", |copy, other| {
            fs::copy(other.join("seal.key"), copy.join("seal.key")).unwrap();
        }),
        ("another bank's tokens", |copy, other| {
            fs::copy(other.join("tokens.json"), copy.join("tokens.json")).unwrap();
        }),
    ];
    for (what, put) in foreign {
        let copy = new.path().join(what);
        kill_a_copy(&whole, &copy, 5_000);
        put(&copy, other.path());
        let content = |name: &String| fs::read(copy.join(name)).ok();
        let before: Vec<_> = names(&copy);
        let contents: Vec<_> = before.iter().map(content).collect();
        for refused in [backup(data.path(), &place, &copy), restore(&whole, &copy)] {
            let said = refused.unwrap_err().to_string();
            assert!(said.contains("is not empty"), "{what}: {said}");
        }
        assert_eq!(names(&copy), before, "{what}");
        let after: Vec<_> = before.iter().map(content).collect();
        assert_eq!(after, contents, "{what}");
    }

    // Another process is still at it.
    let copy = new.path().join("claimed");
    kill_a_copy(&whole, &copy, 5_000);
    let claim = fs::File::open(&copy).unwrap();
    claim.lock().unwrap();
    let said = backup(data.path(), &place, &copy).unwrap_err().to_string();
    assert!(said.contains("another process is writing to"), "{said}");
    assert_eq!(names(&copy).len(), 5);
    drop(claim);
    assert_eq!(backup(data.path(), &place, &copy).unwrap(), head);
}

#[test]
fn verification_looks_through_histories_and_says_what_is_wrong_with_them() {
    let data = tempfile::tempdir().unwrap();
    let place = JournalPlace::Folder(data.path().to_owned());
    let path = data.path().join("projection.sqlite");
    // One era of 65,536 records and some more: entries of an era that is over are in the file.
    seeded(data.path(), 13_200);
    let look = || verify_bank(data.path(), &place).map(|(_, histories)| histories);
    assert_eq!(look().unwrap(), FoundHistories::None);
    rebuild(data.path(), &place).unwrap();
    // The fourth of each customer's five records is a deposit, which two accounts tell of.
    let sound = FoundHistories::Sound {
        through: 65_535,
        entries: 2 * (65_535_u64 - 4).div_euclid(5) + 2,
    };
    assert_eq!(look().unwrap(), sound);

    let whole = fs::read(&path).unwrap();
    let damaged = |change: &dyn Fn()| {
        change();
        let found = look().unwrap();
        fs::write(&path, &whole).unwrap();
        match found {
            FoundHistories::Damaged(what) => what,
            other => panic!("{other:?}"),
        }
    };
    let execute = |sql: &str| {
        let file = rusqlite::Connection::open(&path).unwrap();
        assert_eq!(file.execute(sql, []).unwrap(), 1, "{sql}");
    };
    // What SQLite takes for sound: a page less, a page twice, an amount that is another.
    let one = "(era, account, seq) = (SELECT era, account, seq FROM entries ORDER BY seq LIMIT 1)";
    for sql in [
        format!("DELETE FROM entries WHERE {one}"),
        format!("INSERT INTO entries SELECT era, account, 2, lines FROM entries WHERE {one}"),
    ] {
        let what = damaged(&|| execute(&sql));
        assert!(what.contains("are not the 26214 of the journal"), "{what}");
    }
    let what = damaged(&|| {
        let file = rusqlite::Connection::open(&path).unwrap();
        let select = format!("SELECT lines FROM entries WHERE {one}");
        let mut lines: Vec<u8> = file.query_row(&select, [], |row| row.get(0)).unwrap();
        *lines.last_mut().unwrap() ^= 1;
        let update = format!("UPDATE entries SET lines = ?1 WHERE {one}");
        assert_eq!(file.execute(&update, [lines]).unwrap(), 1);
    });
    assert!(what.contains("their 26214 entries"), "{what}");
    let other = "UPDATE projection SET hash = zeroblob(32)";
    let what = damaged(&|| execute(other));
    assert!(what.contains("another journal"), "{what}");
    // And what it does not.
    let middle = whole.len() / 2 / 4_096 * 4_096;
    for (from, to) in [(0, 100), (middle, middle + 4_096)] {
        let what = damaged(&|| {
            let mut torn = whole.clone();
            torn[from..to].fill(0xff);
            fs::write(&path, torn).unwrap();
        });
        assert!(!what.is_empty());
    }
    execute("UPDATE projection SET version = 1");
    assert_eq!(look().unwrap(), FoundHistories::OfAnotherVersion);
    fs::write(&path, &whole).unwrap();
    // A journal that is shorter than what was made of it lost its end.
    execute("UPDATE projection SET seq = 66001");
    let lost = look().unwrap_err().to_string();
    assert!(lost.contains("66001") && lost.contains("66000"), "{lost}");
    fs::write(&path, &whole).unwrap();
    assert_eq!(look().unwrap(), sound);
}
