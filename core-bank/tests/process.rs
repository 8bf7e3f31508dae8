//! The server as a process: how it stops, restarts, and what a test may plant in it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bank_process;

use std::{
    io::{BufReader, Write as _},
    net::TcpStream,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use bank_process::{
    BankProcess, balance, log_in, new_person, new_rich_person, post_bytes, read_response,
    resident_id, start,
};
use serde_json::{Value, json};

#[test]
fn a_repeated_sign_up_and_log_in_give_the_same_secrets_even_after_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let bank = BankProcess::start(data.path(), "");
    let person = new_person(&bank, 1);
    let wish = json!({"customer": person.customer, "identity_check": person.check});
    let counter = bank.tokens.counter.clone();
    let mut client = bank.client();
    let device = client
        .post_with_key(&counter, "sign-up", "/v1/ebanking", &wish)
        .expect(201);
    let device = device.text("device_token");
    let credentials =
        json!({"customer": person.customer, "device_token": device, "channel": "mobile"});
    let session = client
        .post_with_key("", "log-in", "/v1/sessions", &credentials)
        .expect(201);
    let session = session.text("session");
    bank.send_terminate();
    assert!(bank.wait().success());

    let bank = BankProcess::start(data.path(), "");
    let mut client = bank.client();
    let again = client
        .post_with_key(&counter, "sign-up", "/v1/ebanking", &wish)
        .expect(201);
    assert_eq!(again.text("device_token"), device);
    let again = client
        .post_with_key("", "log-in", "/v1/sessions", &credentials)
        .expect(201);
    assert_eq!(again.text("session"), session);
    client
        .get(
            &session,
            &format!("/v1/customers/{}/accounts", person.customer),
        )
        .expect(200);
    // Neither secret is anywhere in the data folder.
    for file in std::fs::read_dir(data.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for secret in [&device, &session] {
            assert!(
                !bytes
                    .windows(secret.len())
                    .any(|window| window == secret.as_bytes())
            );
        }
    }
}

#[test]
fn a_stopping_server_answers_what_it_accepted() {
    let (_data, bank) = start("slow=deposit=1500ms");
    let person = new_person(&bank, 1);
    let mut stream = BufReader::new(TcpStream::connect(bank.address).unwrap());
    let body = json!({"account": person.account, "amount": "1.00"}).to_string();
    let request = post_bytes(&bank.tokens.atm, "last", "/v1/deposits", body.as_bytes());
    stream.get_mut().write_all(&request).unwrap();
    thread::sleep(Duration::from_millis(300));
    let address = bank.address;
    bank.send_terminate();
    let answer = read_response(&mut stream).unwrap();
    assert_eq!(answer.expect(201).text("balance"), "1.00");
    assert_eq!(bank.wait().code(), Some(0));
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn planted_slowness_holds_up_its_own_operation_only() {
    let (_data, bank) = start("slow=identity_check=7s clock=2026-06-09T10:00+08:00 speed=30");
    let ready = bank.client().get("", "/readyz").expect(200);
    assert!(
        ready.text("business_time").starts_with("2026-06-09T10:0"),
        "{ready:?}"
    );
    assert_eq!(
        (&ready.body["clock_speed"], &ready.body["test"]),
        (&json!(30.0), &json!(true))
    );
    let identity = json!({"name": "A", "id_number": resident_id(1)});
    thread::scope(|scope| {
        let slow = scope.spawn(|| {
            let began = Instant::now();
            bank.client()
                .post(&bank.tokens.kiosk, "/v1/identity-checks", &identity)
                .expect(201);
            began.elapsed().as_secs_f64()
        });
        thread::sleep(Duration::from_millis(200));
        let began = Instant::now();
        let nothing = json!({"account": "1", "amount": "1"});
        bank.client()
            .post(&bank.tokens.atm, "/v1/deposits", &nothing)
            .refused(404, "account_not_found");
        assert!(began.elapsed() < Duration::from_secs(2));
        // Longer than any timeout of the server: planted slowness is not cut off.
        assert!((7.0..9.0).contains(&slow.join().unwrap()));
    });
}

#[test]
fn planted_defects_show_in_the_audit() {
    let (_data, bank) = start("plant=double_post");
    let (li, wang) = (new_rich_person(&bank, 1, "200.00"), new_person(&bank, 2));
    let mut client = bank.client();
    let transfer = json!({"from": li.account, "to": wang.account, "amount": "1.00"});
    for _ in 0..50 {
        client
            .post(&bank.tokens.counter, "/v1/transfers", &transfer)
            .expect(201);
    }
    assert_eq!(balance(&bank, &wang), "51.00");
    let audit = client
        .get(&bank.tokens.operator, "/v1/audit/records?limit=10000")
        .expect(200);
    let records = audit.body["records"].as_array().unwrap();
    let [.., first, second] = &records[..] else {
        panic!("{audit:?}")
    };
    assert_eq!(first["key"], second["key"]);

    let (_data, bank) = start("plant=lost_acknowledgement");
    let person = new_person(&bank, 1);
    let deposit = json!({"account": person.account, "amount": "1.00"});
    for _ in 0..50 {
        bank.client()
            .post(&bank.tokens.atm, "/v1/deposits", &deposit)
            .expect(201);
    }
    assert_eq!(balance(&bank, &person), "49.00");
}

#[test]
fn a_second_server_on_the_same_data_folder_is_refused_with_a_clear_message() {
    let (data, _bank) = start("");
    let said = BankProcess::start_in_vain(data.path());
    assert!(
        said.contains("another server uses the data folder"),
        "{said}"
    );
}

#[test]
fn a_projection_that_is_gone_or_damaged_is_rebuilt() {
    let data = tempfile::tempdir().unwrap();
    let mut bank = BankProcess::start(data.path(), "");
    let person = new_rich_person(&bank, 1, "3.00");
    let path = format!("/v1/accounts/{}/entries?min_seq=4", person.account);
    let first = bank.client().get(&bank.tokens.atm, &path).expect(200).body;
    assert_eq!(first["entries"].as_array().unwrap().len(), 1);
    for damage in ["removed", "damaged"] {
        bank.send_terminate();
        assert!(bank.wait().success());
        let projection = data.path().join("projection.sqlite");
        match damage {
            "removed" => std::fs::remove_file(&projection).unwrap(),
            _ => std::fs::write(&projection, vec![7; 5_000]).unwrap(),
        }
        bank = BankProcess::start(data.path(), "");
        assert_eq!(
            bank.client().get(&bank.tokens.atm, &path).expect(200).body,
            first,
            "{damage}"
        );
    }
}

/// What the bank tells of the history of an account, which is asked again while it is made anew.
fn told(bank: &BankProcess, account: &str, min_seq: u64) -> Value {
    let path = format!("/v1/accounts/{account}/entries?min_seq={min_seq}");
    let mut client = bank.client();
    let began = Instant::now();
    loop {
        let answer = client.get(&bank.tokens.atm, &path);
        if answer.status == 200 || began.elapsed() > Duration::from_secs(20) {
            return answer.expect(200).body;
        }
        thread::sleep(Duration::from_millis(100));
    }
}

fn copy_files(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

const PAGE: usize = 4_096;

#[test]
fn whatever_page_of_the_projection_is_damaged_the_bank_starts_and_histories_come_back() {
    let data = tempfile::tempdir().unwrap();
    let bank = BankProcess::start(data.path(), "keys=4");
    let person = new_rich_person(&bank, 1, "3.00");
    let session = log_in(&bank, &person);
    let wishes = json!({"balance_changes": true, "log_ins": true});
    bank.client()
        .post(&session, "/v1/alerts/wishes", &wishes)
        .expect(201);
    let deposit = json!({"account": person.account, "amount": "1.00"});
    let deposits = |bank: &BankProcess| {
        let mut client = bank.client();
        let mut last = 0;
        for _ in 0..3 {
            let answer = client.post(&bank.tokens.atm, "/v1/deposits", &deposit);
            last = answer.expect(201).body["seq"].as_u64().unwrap();
        }
        last
    };
    let last = deposits(&bank);
    told(&bank, &person.account, last);
    bank.send_terminate();
    assert!(bank.wait().success());
    let mut rebuilt = 0;
    let sound = std::fs::read(data.path().join("projection.sqlite")).unwrap();
    let pages = sound.len() / PAGE;
    assert!(pages > 8, "{pages}");
    for page in 0..pages {
        let damaged = tempfile::tempdir().unwrap();
        copy_files(data.path(), damaged.path());
        let mut bytes = sound.clone();
        let mut walk = 1_u64;
        for byte in &mut bytes[page * PAGE..(page + 1) * PAGE] {
            walk = walk.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            *byte = (walk >> 56) as u8;
        }
        let projection = damaged.path().join("projection.sqlite");
        std::fs::write(&projection, bytes).unwrap();
        let log = damaged.path().join("log.json");
        let bank = BankProcess::start(damaged.path(), &format!("keys=4 log={}", log.display()));
        let last = deposits(&bank);
        let entries = told(&bank, &person.account, last);
        assert_eq!(
            entries["entries"].as_array().unwrap().len(),
            7,
            "page {page}"
        );
        bank.send_terminate();
        assert!(bank.wait().success(), "page {page}");
        let said = std::fs::read_to_string(log).unwrap();
        let times = said.matches("it is rebuilt from the journal").count();
        assert!(times <= 1, "page {page}: {times} times");
        rebuilt += times;
        let mode = std::fs::metadata(&projection).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "page {page}");
    }
    // The others hold what nobody has to read or to write yet.
    assert!(rebuilt >= 4, "{rebuilt}");
}

#[test]
fn a_projection_that_others_may_read_becomes_private_again() {
    let data = tempfile::tempdir().unwrap();
    let bank = BankProcess::start(data.path(), "");
    new_person(&bank, 1);
    bank.send_terminate();
    assert!(bank.wait().success());
    let projection = data.path().join("projection.sqlite");
    let mode = || std::fs::metadata(&projection).unwrap().permissions().mode() & 0o777;
    let place = core_bank::JournalPlace::Folder(data.path().to_owned());
    core_bank::rebuild(data.path(), &place).unwrap();
    assert_eq!(mode(), 0o600);
    std::fs::set_permissions(&projection, std::fs::Permissions::from_mode(0o644)).unwrap();
    let bank = BankProcess::start(data.path(), "");
    assert_eq!(mode(), 0o600);
    drop(bank);
}

#[test]
fn a_projection_that_another_program_holds_is_left_as_it_is() {
    let data = tempfile::tempdir().unwrap();
    let bank = BankProcess::start(data.path(), "");
    let person = new_rich_person(&bank, 1, "3.00");
    told(&bank, &person.account, 4);
    bank.send_terminate();
    assert!(bank.wait().success());
    let path = data.path().join("projection.sqlite");
    let inode = || std::fs::metadata(&path).unwrap().ino();
    let before = inode();
    // Whoever writes holds up nothing that is there.
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let bank = BankProcess::start(data.path(), "");
    told(&bank, &person.account, 4);
    bank.send_terminate();
    assert_eq!(bank.wait().code(), Some(0));
    drop(other);
    let other = rusqlite::Connection::open(&path).unwrap();
    other
        .execute_batch("PRAGMA locking_mode=EXCLUSIVE; BEGIN IMMEDIATE;")
        .unwrap();
    let said = BankProcess::start_in_vain(data.path());
    assert!(
        said.contains("another program holds projection.sqlite"),
        "{said}"
    );
    assert_eq!(inode(), before, "it was made anew");
    drop(other);
    let bank = BankProcess::start(data.path(), "");
    told(&bank, &person.account, 4);
    assert_eq!(inode(), before, "it was made anew");
}

#[test]
fn a_bank_whose_journal_is_gone_does_not_begin_anew_where_anything_shows_that_it_had_one() {
    let data = tempfile::tempdir().unwrap();
    let bank = BankProcess::start(data.path(), "snapshots=2");
    new_rich_person(&bank, 1, "3.00");
    bank.send_terminate();
    assert!(bank.wait().success());
    let journal = data.path().join("journal.sqlite");
    let remove = |name: &str| {
        let _ = std::fs::remove_file(data.path().join(name));
    };
    for suffix in ["", "-wal", "-shm"] {
        remove(&format!("journal.sqlite{suffix}"));
    }
    let refused = |witness: &str| {
        let said = BankProcess::start_in_vain(data.path());
        assert!(
            said.contains("journal.sqlite is missing or empty")
                && said.contains(witness)
                && said.contains("backup"),
            "{said}"
        );
    };
    // Neither can be read: that they are there is enough.
    std::fs::write(data.path().join("projection.sqlite"), [7; 5_000]).unwrap();
    let named = std::fs::read_dir(data.path()).unwrap().map(Result::unwrap);
    let named = named.map(|entry| entry.file_name().into_string().unwrap());
    let snapshots: Vec<String> = named.filter(|name| name.starts_with("snapshot-")).collect();
    for name in &snapshots {
        std::fs::write(data.path().join(name), "damaged").unwrap();
    }
    refused("snapshot-");
    std::fs::write(&journal, "").unwrap();
    refused("snapshot-");
    for name in &snapshots {
        remove(name);
    }
    refused("projection.sqlite");
    for suffix in ["", "-wal", "-shm"] {
        remove(&format!("projection.sqlite{suffix}"));
    }
    std::fs::write(data.path().join("journal.sqlite-wal"), [7; 100]).unwrap();
    refused("journal.sqlite-wal");
    remove("journal.sqlite-wal");
    // Tokens alone are those of a bank that has not begun.
    drop(BankProcess::start(data.path(), ""));
}

#[test]
fn a_clock_that_was_set_back_stands_still_and_the_books_stay_in_order() {
    let data = tempfile::tempdir().unwrap();
    let bank = BankProcess::start(data.path(), "clock=2026-06-09T10:00+08:00");
    let person = new_person(&bank, 1);
    let deposit = json!({"account": person.account, "amount": "1.00"});
    let mut client = bank.client();
    client
        .post_with_key(&bank.tokens.atm, "first", "/v1/deposits", &deposit)
        .expect(201);
    bank.kill();
    let log = tempfile::NamedTempFile::new().unwrap();
    let options = format!("clock=2026-06-08T09:00+08:00 log={}", log.path().display());
    let bank = BankProcess::start(data.path(), &options);
    let mut client = bank.client();
    // What is shown is what records are stamped with.
    let ready = client.get("", "/readyz").expect(200);
    assert!(
        ready.text("business_time").starts_with("2026-06-09T10:0"),
        "{ready:?}"
    );
    let said = std::fs::read_to_string(log.path()).unwrap();
    assert_eq!(said.matches("the clock is 25h").count(), 1, "{said}");
    // Keys are as old as the books say, not as the clock says.
    let again = client.post_with_key(&bank.tokens.atm, "first", "/v1/deposits", &deposit);
    assert_eq!(
        again.expect(201).header("idempotent-replayed"),
        Some("true")
    );
    client
        .post_with_key(&bank.tokens.atm, "second", "/v1/deposits", &deposit)
        .expect(201);
    assert_eq!(balance(&bank, &person), "2.00");
    let audit = client
        .get(&bank.tokens.operator, "/v1/audit/records?limit=100")
        .expect(200);
    let times: Vec<&str> = audit.body["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| record["at"].as_str().unwrap())
        .collect();
    assert!(times.is_sorted(), "{times:?}");
    assert!(times.iter().all(|time| time.starts_with("2026-06-09T10:0")));
    drop(bank);
    assert_eq!(
        core_bank::verify(data.path()).unwrap().decided_otherwise,
        None
    );
}

#[test]
fn a_failure_of_the_bank_is_in_the_log_with_the_id_of_its_request() {
    let data = tempfile::tempdir().unwrap();
    let log = data.path().join("log.json");
    let bank = BankProcess::start(data.path(), &format!("log={}", log.display()));
    let person = new_person(&bank, 1);
    // Nobody has read it yet, so nobody holds it open for reading.
    std::fs::remove_file(data.path().join("projection.sqlite")).unwrap();
    let path = format!("/v1/accounts/{}/entries", person.account);
    let failed = bank.client().get(&bank.tokens.atm, &path);
    let failed = failed.refused(500, "internal");
    assert!(
        !failed.body.to_string().contains("projection"),
        "{failed:?}"
    );
    let id = failed.header("x-request-id").unwrap();
    let said = std::fs::read_to_string(log).unwrap();
    let errors: Vec<serde_json::Value> = said
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|line: &serde_json::Value| line["level"] == "ERROR")
        .collect();
    assert_eq!(errors.len(), 1, "{errors:?}");
    let fields = &errors[0]["fields"];
    assert_eq!(fields["request_id"], id);
    assert!(
        fields["message"]
            .as_str()
            .unwrap()
            .starts_with("history cannot be read")
    );
}
