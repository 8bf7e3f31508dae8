//! A disk that is really full: a small file system of its own, filled by deposits.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bank_process;

use std::{path::Path, process::Command, thread, time::Duration};

use bank_process::{BankProcess, balance, new_person};
use core_bank::verify;
use serde_json::json;

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

#[test]
fn a_full_disk_refuses_writes_by_name_answers_reads_and_recovers_when_there_is_room() {
    let Some(disk) = SmallDisk::of("3m") else {
        // The same by SQLite's own page limit: `tests/journals.rs`, and by an injected fault:
        // `tests/faults.rs`.
        eprintln!("no file system can be mounted here: the disk that is really full is left out");
        return;
    };
    let bank = BankProcess::start(disk.data(), "snapshots=1000");
    let person = new_person(&bank, 1);
    let mut client = bank.client();
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

    disk.grow("64m");
    // The same key: it was refused without a trace.
    let key = format!("deposit-{acknowledged}");
    client
        .post_with_key(&bank.tokens.atm, &key, "/v1/deposits", &deposit)
        .expect(201);
    acknowledged += 1;
    assert_eq!(balance(&bank, &person), format!("{acknowledged}.00"));
    // History catches up, too.
    thread::sleep(Duration::from_millis(1_500));
    let seq = acknowledged + 3;
    let path = format!(
        "/v1/accounts/{}/entries?limit=1&min_seq={seq}",
        person.account
    );
    let entries = client.get(&bank.tokens.atm, &path).expect(200);
    assert_eq!(entries.body["entries"][0]["seq"], seq);
    bank.kill();
    let report = verify(disk.data()).unwrap();
    assert_eq!((report.ledger_sum, report.decided_otherwise), (0, None));
    assert_eq!(report.deposits, i128::from(acknowledged) * 100);
    let bank = BankProcess::start(disk.data(), "");
    assert_eq!(balance(&bank, &person), format!("{acknowledged}.00"));
}
