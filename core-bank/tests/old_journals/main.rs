//! Journals that were recorded by earlier versions of this program still open, fold to what the bank
//! had then, and hold every kind of action and fact. `recorded/README.md` says how they came to be.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../bank_process/mod.rs"]
mod bank_process;
#[path = "../desk/mod.rs"]
mod desk;
mod listing;
#[path = "../payer/mod.rs"]
mod payer;
mod story;
mod variants;

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::{Path, PathBuf},
};

use bank_process::BankProcess;
use core_bank::{
    journal::{Journal as _, Record, SqliteJournal},
    recover,
    rules::{BookAccount, Fact, State},
    verify,
};
use rusqlite::Connection;

fn recorded() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/old_journals/recorded");
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut folders: Vec<_> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    assert!(!folders.is_empty());
    folders
}

/// A copy of a recorded journal, since whoever opens one may write to it.
fn copied(recorded: &Path) -> tempfile::TempDir {
    let data = tempfile::tempdir().unwrap();
    fs::copy(
        recorded.join("journal.sqlite"),
        data.path().join("journal.sqlite"),
    )
    .unwrap();
    data
}

fn noted(recorded: &Path, name: &str) -> String {
    fs::read_to_string(recorded.join(name)).unwrap()
}

fn read(data: &Path) -> Vec<Record> {
    let mut journal = SqliteJournal::open(&data.join("journal.sqlite")).unwrap();
    let mut records = Vec::new();
    let replayed = journal.replay(&mut |record| {
        records.push(record);
        Ok(())
    });
    replayed.unwrap();
    records
}

fn folded(records: &[Record]) -> State {
    let mut state = State::default();
    for record in records {
        drop(record.fold_into(&mut state).unwrap());
    }
    state
}

/// The chain's last hash, followed by hand: `length · record · hash`, where the hash is BLAKE3 over the
/// one before and the record.
fn chain_by_hand(journal: &Path) -> String {
    let connection = Connection::open(journal).unwrap();
    let mut groups = connection
        .prepare("SELECT body FROM journal ORDER BY first_seq")
        .unwrap();
    let bodies = groups
        .query_map([], |row| row.get::<_, Vec<u8>>(0))
        .unwrap();
    let mut before = [0; 32];
    for body in bodies {
        let body = body.unwrap();
        let mut rest = &body[..];
        while !rest.is_empty() {
            let length = u32::from_le_bytes(rest[..4].try_into().unwrap()) as usize;
            let (record, hash) = (&rest[4..4 + length], &rest[4 + length..36 + length]);
            before = *blake3::hash(&[&before[..], record].concat()).as_bytes();
            assert_eq!(before, hash);
            rest = &rest[36 + length..];
        }
    }
    blake3::Hash::from_bytes(before).to_string()
}

#[test]
fn a_recorded_journal_opens_and_folds_to_what_the_bank_had_then() {
    for recorded in recorded() {
        let data = copied(&recorded);
        let head = noted(&recorded, "head.txt").trim().to_owned();
        assert_eq!(chain_by_hand(&data.path().join("journal.sqlite")), head);
        let report = verify(data.path()).unwrap();
        assert_eq!((report.head.to_string(), report.ledger_sum), (head, 0));
        let records = read(data.path());
        assert_eq!(listing::records(&records), noted(&recorded, "records.txt"));
        let state = folded(&records);
        assert_eq!(
            listing::state(&records, &state),
            noted(&recorded, "state.txt")
        );
        // As a bank starts, too.
        let mut journal = SqliteJournal::open(&data.path().join("journal.sqlite")).unwrap();
        let recovered = recover(&mut journal, data.path(), 1_000_000).unwrap();
        assert!(recovered.cut.is_none());
        assert!(recovered.state == state, "a start makes another state");
        // What it has follows from the movements alone.
        let (mut balances, mut points) = (BTreeMap::new(), BTreeMap::new());
        for record in &records {
            for posting in record.postings() {
                *balances.entry(posting.account).or_insert(0) += posting.amount.0;
            }
            for fact in record.outcome.iter().flatten() {
                if let Fact::PointsMoved {
                    customer, change, ..
                } = fact
                {
                    *points.entry(*customer).or_insert(0) += change;
                }
            }
        }
        assert_eq!(balances.values().sum::<i64>(), 0);
        for (account, balance) in balances {
            assert_eq!(state.balance(account).unwrap().0, balance, "{account}");
        }
        for (customer, points) in points {
            assert_eq!(state.points(customer), points, "{customer}");
        }
    }
}

#[test]
fn a_bank_starts_on_a_recorded_journal_and_goes_on() {
    for recorded in recorded() {
        let data = copied(&recorded);
        let records = read(data.path());
        let state = folded(&records);
        let last = state.seq();
        let bank = BankProcess::start(data.path(), "");
        let mut client = bank.client();
        let told = client
            .get(&bank.tokens.operator, "/v1/audit/accounts")
            .expect(200);
        let told = told.body["accounts"].as_array().unwrap().clone();
        assert_eq!(told.len(), state.accounts_after(None).count());
        for row in &told {
            let account = row["account"].as_str().unwrap();
            let number = core_bank::rules::AccountNumber::parse(account).unwrap();
            let balance = state.balance(BookAccount::Customer(number)).unwrap();
            assert_eq!(row["balance"], balance.to_string(), "{account}");
            let entries = format!("/v1/accounts/{account}/entries?limit=100&min_seq={last}");
            let entries = client.get(&bank.tokens.counter, &entries).expect(200);
            let entries = entries.body["entries"].as_array().unwrap().clone();
            let moved = records.iter().filter(|record| {
                let mut postings = record.postings();
                postings.any(|posting| posting.account == BookAccount::Customer(number))
            });
            assert_eq!(entries.len(), moved.count(), "{account}");
        }
        bank_process::new_person(&bank, 1);
        let path = "/v1/audit/trial-balance";
        let trial = client.get(&bank.tokens.operator, path).expect(200);
        assert_eq!(
            (trial.text("sum"), &trial.body["seq"]),
            ("0.00".to_owned(), &(last + 3).into())
        );
    }
}

fn names<'a>(records: impl IntoIterator<Item = &'a Record>) -> BTreeSet<&'static str> {
    records.into_iter().flat_map(variants::of).collect()
}

#[test]
fn the_recorded_journals_hold_every_kind_of_action_and_fact() {
    let lacking: BTreeSet<_> = variants::LACKING.iter().copied().collect();
    let recorded = recorded()
        .iter()
        .flat_map(|recorded| read(copied(recorded).path()))
        .collect::<Vec<_>>();
    let held = names(&recorded);
    let without: BTreeSet<_> = variants::all().difference(&held).copied().collect();
    assert_eq!(
        without, lacking,
        "see recorded/README.md: record one more journal"
    );
}

/// The story of today, which is recorded when there is something new in it.
#[test]
fn the_story_holds_every_kind_of_action_and_fact() {
    let records = story::tell();
    let lacking = [variants::LACKING, variants::PAST].concat();
    let lacking: BTreeSet<_> = lacking.into_iter().collect();
    let without: BTreeSet<_> = variants::all()
        .difference(&names(&records))
        .copied()
        .collect();
    assert_eq!(without, lacking, "the story (story.rs) lacks these");
    let folder = tempfile::tempdir().unwrap();
    let folder = match env::var("RECORD_JOURNAL") {
        Ok(name) => Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/old_journals/recorded")
            .join(name),
        Err(_) => folder.path().join("today"),
    };
    fs::create_dir(&folder).expect("a folder that is not there yet: none is recorded again");
    record(&records, &folder);
    assert_eq!(read(copied(&folder).path()), records);
}

/// Writes records as a bank does, in groups, and what they come to as plain text.
fn record(records: &[Record], folder: &Path) {
    let path = folder.join("journal.sqlite");
    let mut journal = SqliteJournal::create(&path).unwrap();
    for (number, group) in records.chunks(7).enumerate() {
        journal.append(7 * number as u64, group).unwrap();
    }
    let (_, head) = journal.head();
    drop(journal);
    // One file, without a log beside it.
    let connection = Connection::open(&path).unwrap();
    let mode: String = connection
        .pragma_update_and_check(None, "journal_mode", "DELETE", |row| row.get(0))
        .unwrap();
    assert_eq!(mode, "delete");
    drop(connection);
    let write = |name: &str, text: String| fs::write(folder.join(name), text).unwrap();
    write("head.txt", format!("{head}\n"));
    write("records.txt", listing::records(records));
    write("state.txt", listing::state(records, &folded(records)));
}
