//! Ctrl-C ends a run within two seconds, with what there is written and marked.

use crate::support::{alone, branchlab, library, summary};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

fn start(folder: &Path, more: &[&str]) -> Child {
    branchlab(folder)
        .arg("run")
        .arg(library("smart-branch"))
        .args(["--quiet", "--replications", "20", "--out", "run"])
        .args(more)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the command starts")
}

/// Waits until `ready`, for at most a minute.
fn wait_until(what: &str, mut ready: impl FnMut() -> bool) {
    let started = Instant::now();
    while !ready() {
        assert!(started.elapsed() < Duration::from_mins(1), "{what} in time");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn interrupt(child: &Child) {
    let pid = rustix::process::Pid::from_child(child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("the signal is sent");
}

fn ends_within(child: &mut Child, limit: Duration) -> i32 {
    let asked = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("it can be waited for") {
            return status.code().expect("it ended by itself");
        }
        if asked.elapsed() > limit {
            let _ = child.kill();
            panic!("it did not end within {limit:?}");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// How many records the bank's journal holds so far.
fn journal_bytes(run: &Path) -> u64 {
    ["journal.sqlite", "journal.sqlite-wal"]
        .iter()
        .filter_map(|name| std::fs::metadata(run.join("bank").join(name)).ok())
        .map(|metadata| metadata.len())
        .sum()
}

#[test]
fn ctrl_c_during_the_load_ends_it_within_two_seconds_with_partial_results() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    // Slow identity checks keep operations in flight; the load lasts a minute.
    let mut child = start(
        folder.path(),
        &[
            "--set",
            "mobile.monthly_actives=10000",
            "--slow",
            "identity_check=3s",
        ],
    );
    let run = folder.path().join("run");
    wait_until("the bank has work", || journal_bytes(&run) > 100_000);
    std::thread::sleep(Duration::from_secs(8));
    interrupt(&child);
    assert_eq!(ends_within(&mut child, Duration::from_secs(2)), 130);
    let summary = summary(&run);
    assert_eq!(summary["status"], "partial");
    assert_eq!(summary["exit_code"], 130);
    assert!(run.join("report.html").exists(), "what there is was drawn");
}

#[test]
fn ctrl_c_during_the_simulation_ends_it_within_two_seconds() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let mut child = start(folder.path(), &["--set", "run.replications=1000000"]);
    std::thread::sleep(Duration::from_secs(2));
    interrupt(&child);
    assert_eq!(ends_within(&mut child, Duration::from_secs(2)), 130);
    assert_eq!(summary(&folder.path().join("run"))["status"], "partial");
}

#[test]
fn a_killed_run_leaves_no_bank_behind() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let mut child = start(folder.path(), &["--set", "mobile.monthly_actives=10000"]);
    let run = folder.path().join("run");
    wait_until("the bank has started", || {
        run.join("bank/tokens.json").exists()
    });
    child.kill().expect("it can be killed");
    child.wait().expect("it can be waited for");
    let data = run.join("bank");
    wait_until("the bank ends", || !a_process_names(&data));
}

/// Whether a running process has `path` on its command line.
fn a_process_names(path: &Path) -> bool {
    let path = path.to_string_lossy();
    let Ok(processes) = std::fs::read_dir("/proc") else {
        return false;
    };
    processes
        .filter_map(Result::ok)
        .filter_map(|process| std::fs::read(process.path().join("cmdline")).ok())
        .any(|line| String::from_utf8_lossy(&line).contains(&*path))
}
