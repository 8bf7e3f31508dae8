//! A disk that is full, filled by deposits: a small file system of its own, and files that may grow no
//! more.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bank_process;

use std::{
    fs::{self, File},
    io::{self, Write as _},
    os::unix::fs::MetadataExt as _,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use bank_process::{BankProcess, Client, balance, log_in, new_person, new_rich_person};
use core_bank::{
    JournalPlace, SeedOptions, backup, journal::SqliteJournal, rules::Amount, seed, verify,
};
use serde_json::{Value, json};

/// A file system in memory, gone with this value.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// `None` where the system lets nobody mount one: inside most containers.
    fn of(size: &str) -> Option<Self> {
        let disk = Self(tempfile::tempdir().unwrap());
        disk.mount(&format!("size={size}")).then_some(disk)
    }

    fn mount(&self, options: &str) -> bool {
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(self.0.path());
        mount.output().is_ok_and(|done| done.status.success())
    }

    fn grow(&self, size: &str) {
        assert!(self.mount(&format!("remount,size={size}")));
    }

    fn data(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount")
            .arg("--lazy")
            .arg(self.0.path())
            .status();
    }
}

/// `None` with a word to whoever runs the tests.
fn small_disk(size: &str) -> Option<SmallDisk> {
    let disk = SmallDisk::of(size);
    if disk.is_none() {
        // Past the harness, which would keep it to itself. What needs no mount goes the same way in
        // another test of this file, `tests/journals.rs` by SQLite's own page limit, `tests/faults.rs`
        // by an injected fault, and `tests/damage.rs` with tools that fail otherwise.
        let said = "NOT TESTED: no file system can be mounted here, so no disk is really full\n";
        io::stderr().write_all(said.as_bytes()).unwrap();
    }
    disk
}

#[test]
fn a_full_disk_refuses_writes_by_name_answers_reads_and_recovers_when_there_is_room() {
    let Some(disk) = small_disk("3m") else {
        return;
    };
    let bank = BankProcess::start(disk.data(), "snapshots=1000");
    fills_and_recovers(bank, disk.data(), |_| disk.grow("64m"));
}

#[test]
fn files_that_may_grow_no_more_are_a_full_disk() {
    let data = tempfile::tempdir().unwrap();
    let bank = BankProcess::start(data.path(), "snapshots=1000");
    bank.limit_files(Some(1 << 20));
    fills_and_recovers(bank, data.path(), |bank| bank.limit_files(None));
}

/// Takes all the room there is but so many KiB.
fn fill(disk: &SmallDisk, but_kib: u64) {
    let path = disk.data().join("of-somebody-else");
    let mut file = File::create(&path).unwrap();
    while file.write_all(&[1; 4_096]).is_ok() {}
    let full = file.metadata().unwrap().len();
    file.set_len(full - but_kib * 1_024).unwrap();
}

#[test]
fn a_bank_that_starts_on_a_full_disk_serves_or_says_what_is_wrong_and_touches_nothing() {
    let Some(disk) = small_disk("3m") else {
        return;
    };
    let bank = BankProcess::start(disk.data(), "");
    let person = new_rich_person(&bank, 1, "3.00");
    let entries = format!("/v1/accounts/{}/entries?min_seq=4", person.account);
    let first = bank.client().get(&bank.tokens.atm, &entries).expect(200);
    bank.send_terminate();
    assert!(bank.wait().success());
    let projection = disk.data().join("projection.sqlite");
    let found = || {
        let inode = fs::metadata(&projection).unwrap().ino();
        (inode, fs::read(&projection).unwrap())
    };
    // No room for the index of any log; for that of the journal; for both and little else.
    for (room_kib, serves) in [(0, false), (36, false), (80, true)] {
        for index in ["journal.sqlite-shm", "projection.sqlite-shm"] {
            let _ = fs::remove_file(disk.data().join(index));
        }
        fill(&disk, room_kib);
        let before = found();
        if serves {
            let bank = BankProcess::start(disk.data(), "");
            let read = bank.client().get(&bank.tokens.atm, &entries).expect(200);
            assert_eq!(read.body, first.body);
            assert_eq!(found().0, before.0, "it was made anew");
        } else {
            let said = BankProcess::start_in_vain(disk.data());
            assert!(
                said.contains("the disk is full: make room"),
                "{room_kib}: {said}"
            );
            assert!(
                !said.contains("delete") && !said.contains("rebuild"),
                "{said}"
            );
            assert!(found() == before, "{room_kib}: it was touched");
        }
    }
    fs::remove_file(disk.data().join("of-somebody-else")).unwrap();
    let bank = BankProcess::start(disk.data(), "");
    bank.client().get(&bank.tokens.atm, &entries).expect(200);
}

#[test]
fn a_bank_that_is_stopped_while_the_disk_is_full_ends_in_good_order_and_catches_up() {
    let Some(disk) = small_disk("3m") else {
        return;
    };
    let log = tempfile::NamedTempFile::new().unwrap();
    let bank = BankProcess::start(disk.data(), &format!("log={}", log.path().display()));
    let person = new_rich_person(&bank, 1, "3.00");
    let session = log_in(&bank, &person);
    let mut client = bank.client();
    let wishes = json!({"balance_changes": true, "log_ins": true});
    client
        .post(&session, "/v1/alerts/wishes", &wishes)
        .expect(201);
    let deposit = json!({"account": person.account, "amount": "1.00"});
    fill(&disk, 64);
    let mut made = 0;
    while client
        .post(&bank.tokens.atm, "/v1/deposits", &deposit)
        .status
        == 201
    {
        made += 1;
        assert!(made < 100_000, "the disk does not fill");
    }
    let refused = Instant::now();
    while refused.elapsed() < Duration::from_secs(4) {
        client
            .post(&bank.tokens.atm, "/v1/deposits", &deposit)
            .refused(507, "storage_full");
    }
    bank.send_terminate();
    assert_eq!(bank.wait().code(), Some(0));
    let said = fs::read_to_string(log.path()).unwrap();
    assert_eq!(said.matches("history stands still at record").count(), 1);
    // At most one a second.
    let lines = said.matches("records refused").count();
    assert!((1..=6).contains(&lines), "{lines}");
    assert!(said.contains("catch up from the journal"));
    assert!(!said.contains("delete projection.sqlite") && !said.contains("bank rebuild"));
    fs::remove_file(disk.data().join("of-somebody-else")).unwrap();
    let bank = BankProcess::start(disk.data(), "");
    let alerts = bank
        .client()
        .get(&bank.tokens.operator, "/v1/audit/alerts?limit=1000");
    let alerts = alerts.expect(200).body["alerts"].as_array().unwrap().len();
    assert_eq!(alerts, made);
}

fn fills_and_recovers(bank: BankProcess, data: &Path, make_room: impl Fn(&BankProcess)) {
    let person = new_person(&bank, 1);
    let session = log_in(&bank, &person);
    let mut client = bank.client();
    let wishes = json!({"balance_changes": false, "log_ins": true});
    client
        .post(&session, "/v1/alerts/wishes", &wishes)
        .expect(201);
    let session = log_in(&bank, &person);
    // It is written before there is no room, however busy the machine is.
    let patience = Instant::now() + Duration::from_secs(20);
    let alerted = |client: &mut Client| {
        let told = client.get(&bank.tokens.operator, "/v1/audit/alerts");
        !told.expect(200).body["alerts"]
            .as_array()
            .unwrap()
            .is_empty()
    };
    while !alerted(&mut client) && Instant::now() < patience {
        thread::sleep(Duration::from_millis(20));
    }
    let deposit = json!({"account": person.account, "amount": "1.00"});
    let mut acknowledged = 0;
    let refused = loop {
        let key = format!("deposit-{acknowledged}");
        let answer = client.post_with_key(&bank.tokens.atm, &key, "/v1/deposits", &deposit);
        if answer.status != 201 {
            break answer;
        }
        acknowledged += 1;
        assert!(acknowledged < 100_000, "the disk does not fill");
    };
    refused.refused(507, "storage_full");
    // Reads go on, and nothing of what was refused is in them.
    assert_eq!(balance(&bank, &person), format!("{acknowledged}.00"));
    client.get("", "/healthz").expect(200);
    let again = client.post_with_key(&bank.tokens.atm, "deposit-0", "/v1/deposits", &deposit);
    assert_eq!(
        again.expect(201).header("idempotent-replayed"),
        Some("true")
    );
    reads_go_on(&bank, &person.account, &session, acknowledged);

    make_room(&bank);
    // The same key: it was refused without a trace.
    let key = format!("deposit-{acknowledged}");
    client
        .post_with_key(&bank.tokens.atm, &key, "/v1/deposits", &deposit)
        .expect(201);
    acknowledged += 1;
    assert_eq!(balance(&bank, &person), format!("{acknowledged}.00"));
    // History catches up, too.
    thread::sleep(Duration::from_millis(1_500));
    let seq = acknowledged + BEFORE;
    let path = format!(
        "/v1/accounts/{}/entries?limit=1&min_seq={seq}",
        person.account
    );
    let entries = client.get(&bank.tokens.atm, &path).expect(200);
    assert_eq!(entries.body["entries"][0]["seq"], seq);
    bank.kill();
    let report = verify(data).unwrap();
    assert_eq!((report.ledger_sum, report.decided_otherwise), (0, None));
    assert_eq!(report.deposits, i128::from(acknowledged) * 100);
    let bank = BankProcess::start(data, "");
    assert_eq!(balance(&bank, &person), format!("{acknowledged}.00"));
}

/// Records before the first deposit: a check, a customer, a card, two sign-ups with a log-in each, and
/// the wish to be told of the second.
const BEFORE: u64 = 8;

/// History, statements, alerts and the audit while there is no room.
fn reads_go_on(bank: &BankProcess, account: &str, session: &str, acknowledged: u64) {
    let mut client = bank.client();
    let rows = |page: &Value, name: &str| page[name].as_array().unwrap().len();
    for token in [session, &bank.tokens.atm] {
        let path = format!("/v1/accounts/{account}/entries?limit=100");
        let page = client.get(token, &path).expect(200);
        assert_eq!(rows(&page.body, "entries"), 100);
    }
    let today = &client.get("", "/readyz").expect(200).text("business_time")[..10].to_owned();
    let path = format!("/v1/accounts/{account}/statements?from={today}&to={today}&limit=100");
    let page = client.get(session, &path).expect(200);
    assert_eq!(rows(&page.body, "entries"), 100);
    let operator = &bank.tokens.operator;
    let alerts = client.get(operator, "/v1/audit/alerts").expect(200);
    assert_eq!(rows(&alerts.body, "alerts"), 1, "of the log-in");
    let path = format!("/v1/audit/records?after={}", acknowledged + BEFORE - 1);
    let records = client.get(operator, &path).expect(200);
    assert_eq!(rows(&records.body, "records"), 1);
    let balances = client.get(operator, "/v1/audit/trial-balance").expect(200);
    assert_eq!(balances.text("sum"), "0.00");
}

fn seeded(data: &Path, customers: u32) -> Result<u64, String> {
    let options = SeedOptions {
        customers,
        seed: 1,
        balance: Amount::parse("100.00").unwrap(),
        at: "2026-06-09T10:00+08:00".parse().unwrap(),
        password: None,
    };
    seed(data, &options, &mut |_| Ok(())).map_err(|error| error.to_string())
}

/// The names in a folder that begin like this.
fn named(folder: &Path, beginning: &str) -> usize {
    let entries = std::fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with(beginning)).count()
}

#[test]
fn a_seed_and_a_backup_without_room_leave_no_half_of_a_bank() {
    let Some(disk) = small_disk("1m") else {
        return;
    };
    let city = disk.data().join("city");
    let said = seeded(&city, 3_000).unwrap_err();
    assert!(said.contains("the disk is full"), "{said}");
    assert_eq!(named(&city, "journal.unfinished"), 0);
    assert_eq!(seeded(&city, 3), Ok(15));

    let home = tempfile::tempdir().unwrap();
    seeded(home.path(), 3_000).unwrap();
    let place = JournalPlace::Folder(home.path().to_owned());
    let copy = disk.data().join("copy");
    let said = backup(home.path(), &place, &copy).unwrap_err().to_string();
    assert!(
        said.contains(&format!("{} cannot be made", copy.display())),
        "{said}"
    );
    assert_eq!(named(&copy, ""), 0);
    disk.grow("64m");
    let head = backup(home.path(), &place, &copy).unwrap();

    // Where nothing can be written a backup is read, and a journal with a log is not.
    let served = disk.data().join("served");
    std::fs::create_dir(&served).unwrap();
    drop(SqliteJournal::open(&served.join("journal.sqlite")).unwrap());
    assert!(disk.mount("remount,ro"));
    assert_eq!(verify(&copy).unwrap().head, head.hash);
    let said = verify(&served).err().unwrap().to_string();
    assert!(said.contains("folder can be written"), "{said}");
}
