//! The journal in `PostgreSQL`, in a private cluster: durable, fenced, and killed under load.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bank_process;

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use bank_process::{BankProcess, balance, new_rich_person};
use core_bank::{
    JournalPlace, backup,
    journal::{Journal, JournalError, PostgresJournal, Record, SqliteJournal, walk},
    recover, repair_postgres_keeping_prefix, restore,
    rules::Amount,
    seed, verify, verify_journal,
};
use serde_json::json;

/// Where Debian keeps the programs of `PostgreSQL`, unless they are on the path.
fn program(name: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut found: Vec<PathBuf> = versions
        .map(|version| version.unwrap().path().join("bin").join(name))
        .filter(|path| path.is_file())
        .collect();
    found.sort();
    found.pop().unwrap_or_else(|| name.into())
}

/// A cluster of its own, reached by a socket in its folder.
struct Cluster {
    folder: tempfile::TempDir,
}

/// `PostgreSQL` refuses to run as root, so then it runs as its own user.
fn command(name: &str) -> Command {
    let root = fs::metadata("/proc/self")
        .is_ok_and(|process| std::os::unix::fs::MetadataExt::uid(&process) == 0);
    if root {
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid=postgres", "--regid=postgres", "--clear-groups"])
            .arg(program(name));
        command
    } else {
        Command::new(program(name))
    }
}

impl Cluster {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let cluster = Self { folder };
        let made = command("initdb")
            .arg("--pgdata")
            .arg(cluster.data())
            .args([
                "--username=bank",
                "--auth=trust",
                "--no-sync",
                "--encoding=UTF8",
            ])
            .stdin(Stdio::null())
            .output()
            .unwrap_or_else(|error| {
                panic!("PostgreSQL is needed (tests/run installs it): {error}")
            });
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        cluster.control(&["start", "--wait", "--options"], Some(&cluster.options()));
        cluster
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn options(&self) -> String {
        let socket = self.folder.path().display();
        format!("-c listen_addresses= -c unix_socket_directories={socket} -c shared_buffers=16MB")
    }

    fn control(&self, words: &[&str], last: Option<&str>) {
        let log = self.folder.path().join("log");
        let mut command = command("pg_ctl");
        command
            .arg("--pgdata")
            .arg(self.data())
            .arg("--log")
            .arg(log)
            .args(words);
        if let Some(last) = last {
            command.arg(last);
        }
        let done = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(done.success(), "{words:?}");
    }

    fn url(&self) -> String {
        format!(
            "host={} user=bank dbname=postgres",
            self.folder.path().display()
        )
    }

    /// The URL as an option of a test's server.
    fn option(&self) -> String {
        format!("postgres={}", self.url().replace(' ', "+"))
    }

    fn sql(&self, statement: &str) -> String {
        let ran = Command::new(program("psql"))
            .arg("--host")
            .arg(self.folder.path())
            .args([
                "--username=bank",
                "--no-psqlrc",
                "-At",
                "-c",
                statement,
                "postgres",
            ])
            .output()
            .unwrap();
        assert!(
            ran.status.success(),
            "{}",
            String::from_utf8_lossy(&ran.stderr)
        );
        String::from_utf8(ran.stdout).unwrap().trim().to_owned()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = command("pg_ctl")
            .arg("--pgdata")
            .arg(self.data())
            .args(["stop", "--mode=immediate"])
            .stdout(Stdio::null())
            .status();
    }
}

/// The records of a small seeded bank.
fn records() -> Vec<Record> {
    let data = tempfile::tempdir().unwrap();
    let options = core_bank::SeedOptions {
        customers: 4,
        seed: 1,
        balance: Amount::parse("100.00").unwrap(),
        at: "2026-06-09T10:00+08:00".parse().unwrap(),
        password: None,
    };
    seed(data.path(), &options, &mut |_| Ok(())).unwrap();
    let mut reader = SqliteJournal::open_reader(&data.path().join("journal.sqlite")).unwrap();
    all(reader.as_mut())
}

fn all(reader: &mut dyn core_bank::journal::JournalReader) -> Vec<Record> {
    let mut found = Vec::new();
    walk(reader, &mut |record| {
        found.push(record);
        Ok(())
    })
    .unwrap();
    found
}

#[test]
fn a_journal_in_postgresql_keeps_the_traits_promises_and_fences_a_second_writer() {
    let cluster = Cluster::start();
    let records = records();
    let mut journal = PostgresJournal::open(&cluster.url()).unwrap();
    journal.append(0, &records[..3]).unwrap();
    journal.append(3, &records[3..4]).unwrap();
    journal.append(4, &records[4..9]).unwrap();
    let mut reader = journal.reader().unwrap();
    for after in 0..=10 {
        let links = reader.read(after, 100).unwrap();
        let seqs: Vec<u64> = links.iter().map(|link| link.record.seq).collect();
        assert_eq!(seqs, (after + 1..=9).collect::<Vec<_>>());
    }
    assert!(!reader.read(0, 1).unwrap().is_empty());
    assert_eq!(
        (all(reader.as_mut()), reader.last().unwrap()),
        (records[..9].to_vec(), 9)
    );

    // A second server is refused while the first lives.
    assert!(matches!(
        PostgresJournal::open(&cluster.url()),
        Err(JournalError::InUse)
    ));

    // The first loses its connection, as by a network that failed, and does not know it yet.
    let lost = "SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory'";
    assert_eq!(cluster.sql(lost), "1");
    let mut second = PostgresJournal::open(&cluster.url()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(
        recover(&mut second, folder.path(), 1_000)
            .unwrap()
            .state
            .seq(),
        9
    );
    second.append(9, &records[9..11]).unwrap();
    let late = journal.append(9, &records[9..10]);
    assert!(
        matches!(late, Err(JournalError::SyncUnknown(_))),
        "{late:?}"
    );
    assert_eq!(all(second.reader().unwrap().as_mut()), records[..11]);

    // Whoever writes past the lock is fenced by the key: one row at a place.
    cluster.sql("INSERT INTO bank_journal VALUES (12, 12, '\\x00')");
    let overtaken = second.append(11, &records[11..12]);
    let expected = matches!(
        overtaken,
        Err(JournalError::AnotherWriter {
            expected: 12,
            found: 13
        })
    );
    assert!(expected, "{overtaken:?}");
    // Its row is no record: torn, at the end, and so cut off.
    let recovered = recover(&mut second, folder.path(), 1_000).unwrap();
    assert_eq!((recovered.state.seq(), recovered.cut.unwrap().0), (11, 12));
    second.append(11, &records[11..]).unwrap();
    assert_eq!(all(second.reader().unwrap().as_mut()), records);
    drop(second);

    cluster.sql("ALTER SYSTEM SET fsync = off");
    cluster.sql("SELECT pg_reload_conf()");
    thread::sleep(Duration::from_millis(300));
    let refused = PostgresJournal::open(&cluster.url())
        .err()
        .unwrap()
        .to_string();
    assert!(refused.contains("fsync=off"), "{refused}");
    let wrong = PostgresJournal::open("postgres://bank:hush@")
        .err()
        .unwrap()
        .to_string();
    assert!(!wrong.contains("hush"), "{wrong}");
}

#[test]
fn a_damaged_journal_in_postgresql_is_repaired_to_what_is_sound_of_it() {
    let cluster = Cluster::start();
    let data = tempfile::tempdir().unwrap();
    let records = records();
    assert_eq!(records.len(), 20);
    let mut journal = PostgresJournal::open(&cluster.url()).unwrap();
    for (group, seq) in records.chunks(5).zip((0..).step_by(5)) {
        journal.append(seq, group).unwrap();
    }
    // A server holds the journal: no repair.
    let refused = repair_postgres_keeping_prefix(data.path(), &cluster.url());
    assert!(refused.unwrap_err().to_string().contains("another server"));
    drop(journal);
    let sound = repair_postgres_keeping_prefix(data.path(), &cluster.url()).unwrap();
    assert_eq!((sound.last, sound.given_up), (20, None));
    // A bit of the third group's first record flips.
    cluster.sql("UPDATE bank_journal SET body = set_byte(body, 40, get_byte(body, 40) # 1) WHERE first_seq = 11");
    let damaged = cluster.sql("SELECT sum(length(body)) FROM bank_journal WHERE first_seq > 10");
    let refused = verify_journal(&JournalPlace::Postgres(cluster.url()));
    assert!(refused.unwrap_err().to_string().contains("record 11"));
    let repaired = repair_postgres_keeping_prefix(data.path(), &cluster.url()).unwrap();
    assert_eq!(repaired.last, 10);
    let (why, aside) = repaired.given_up.unwrap();
    assert!(why.contains("record 11"), "{why}");
    let kept = fs::metadata(&aside).unwrap();
    assert_eq!(kept.len().to_string(), damaged);
    assert_eq!(kept.permissions().mode() & 0o777, 0o600);
    // What is sound is there, and the journal goes on after it.
    let mut journal = PostgresJournal::open(&cluster.url()).unwrap();
    let replayed = journal.replay(&mut |_| Ok(())).unwrap();
    assert_eq!(replayed, (10, repaired.head));
    assert_eq!(all(journal.reader().unwrap().as_mut()), records[..10]);
    journal.append(10, &records[10..]).unwrap();
    assert_eq!(all(journal.reader().unwrap().as_mut()), records);
    drop(journal);
    // Where nothing would be kept, nothing is changed.
    cluster.sql("UPDATE bank_journal SET body = set_byte(body, 40, get_byte(body, 40) # 1) WHERE first_seq = 1");
    let select = "SELECT sum(length(body)) FROM bank_journal";
    let before = cluster.sql(select);
    let refused = repair_postgres_keeping_prefix(data.path(), &cluster.url());
    let said = refused.unwrap_err().to_string();
    assert!(
        said.contains("record 1 ") && said.contains("stays as it is"),
        "{said}"
    );
    assert_eq!(cluster.sql(select), before);
}

#[test]
fn a_bank_over_postgresql_serves_is_killed_and_loses_nothing() {
    let cluster = Cluster::start();
    let data = tempfile::tempdir().unwrap();
    let options = format!("{} snapshots=300", cluster.option());
    let mut bank = BankProcess::start(data.path(), &options);
    let person = new_rich_person(&bank, 1, "1.00");
    let kills: u64 = std::env::var("BANK_KILLS").map_or(5, |text| text.parse().unwrap());
    let mut acknowledged = BTreeMap::new();
    let deposit = json!({"account": person.account, "amount": "1.00"});
    for run in 0..kills {
        thread::scope(|scope| {
            let workers: Vec<_> = (0..4)
                .map(|worker| {
                    let (bank, deposit) = (&bank, &deposit);
                    scope.spawn(move || {
                        let mut client = bank.client();
                        let mut done = Vec::new();
                        for number in 0.. {
                            let key = format!("{run}-{worker}-{number}");
                            match client.try_post(&bank.tokens.atm, &key, "/v1/deposits", deposit) {
                                Ok(answer) if answer.status == 201 => {
                                    done.push((key, answer.body["seq"].as_u64().unwrap()));
                                }
                                Ok(answer) => panic!("{answer:?}"),
                                Err(_) => break,
                            }
                        }
                        done
                    })
                })
                .collect();
            thread::sleep(Duration::from_millis(60 + run * 7_919 % 300));
            bank.send_kill();
            for worker in workers {
                acknowledged.extend(worker.join().unwrap());
            }
        });
        bank.kill();
        bank = BankProcess::start(data.path(), &options);
        let place = JournalPlace::Postgres(cluster.url());
        let report = verify_journal(&place).unwrap();
        assert_eq!((report.ledger_sum, report.decided_otherwise), (0, None));
        let mut by_key: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        for record in all(place.open_reader().unwrap().as_mut()) {
            by_key
                .entry(record.key.to_string())
                .or_default()
                .push(record.seq);
        }
        assert!(by_key.values().all(|seqs| seqs.len() == 1), "a key twice");
        for (key, seq) in &acknowledged {
            assert_eq!(by_key.get(key), Some(&vec![*seq]), "{key} after kill {run}");
        }
    }
    assert!(acknowledged.len() > 20, "{} deposits", acknowledged.len());
    println!(
        "{kills} kills, {} acknowledged deposits",
        acknowledged.len()
    );

    // A second server waits a moment, and is refused.
    let other = tempfile::tempdir().unwrap();
    let said = BankProcess::start_in_vain_with(other.path(), &cluster.option());
    assert!(
        said.contains("another server writes this journal"),
        "{said}"
    );

    // The database goes away: the bank ends rather than answer what it does not know.
    let before = balance(&bank, &person);
    let copy = data.path().with_extension("copy");
    let head = backup(data.path(), &JournalPlace::Postgres(cluster.url()), &copy).unwrap();
    cluster.control(
        &["restart", "--mode=immediate", "--options"],
        Some(&cluster.options()),
    );
    // The process may be gone before it has said so.
    let key = "while-the-database-is-away";
    let mut client = bank.client();
    if let Ok(lost) = client.try_post(&bank.tokens.atm, key, "/v1/deposits", &deposit) {
        lost.refused(503, "outcome_unknown");
    }
    let began = Instant::now();
    assert!(!bank.wait().success());
    assert!(began.elapsed() < Duration::from_secs(15));
    let bank = BankProcess::start(data.path(), &options);
    assert_eq!(balance(&bank, &person), before);
    drop(bank);

    // What PostgreSQL held makes a bank of a folder.
    assert_eq!(verify(&copy).unwrap().head, head.hash);
    let restored = tempfile::tempdir().unwrap();
    restore(&copy, &restored.path().join("bank")).unwrap();
    let bank = BankProcess::start(&restored.path().join("bank"), "");
    assert_eq!(balance(&bank, &person), before);
    drop(bank);
    fs::remove_dir_all(&copy).unwrap();
    // A folder with a journal of its own is no companion of a database.
    let said = BankProcess::start_in_vain_with(&restored.path().join("bank"), &cluster.option());
    assert!(said.contains("holds a journal of its own"), "{said}");
}
