//! `[load] operations`: recorded operations in place of the simulated day's, with a branch beside them
//! or without.

use scenarios::explain::{explain, warnings};
use scenarios::file::read;
use scenarios::language::Lang;
use scenarios::model::{Played, Recording, Scenario};
use scenarios::operation::{Channel, Operation};
use scenarios::time::{SimTime, Span};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const BRANCH: &str = "[resources.window]\ncapacity = 2\n[journeys.errand]\ntime = \"3min\"\nholds = [\"window\"]\nsteps = [{ name = \"ask\", weight = 1, operation = \"balance_query\" }]\n[arrivals]\nper_day = 200\n";
const LOG: &str = "at,branch,channel,customer,session,step,operation,amount\n\
                   10:00:00,b,atm,c,1,0,withdrawal,100.00\n\
                   10:00:01,mobile,mobile,m,2,0,log_in,\n\
                   10:30:00,mobile,mobile,m,2,1,balance_query,\n\
                   25:00:00.5,b,atm,c,3,0,deposit,5.00\n";
const ALONE: &str = "[load]\noperations = \"log.csv\"\n";

struct Folder(TempDir);

impl Folder {
    fn with_log(log: &str) -> Self {
        let folder = Self(tempfile::tempdir().expect("a folder"));
        folder.file("log.csv", log);
        folder
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).expect("the folder is ours");
        path
    }

    fn scenario(&self, text: &str) -> Scenario {
        let path = self.file("s.toml", text);
        read(&path, &[]).unwrap_or_else(|error| panic!("{:?}", miette::Report::new(error)))
    }

    /// What is told of a wrong file, all of it.
    fn told(&self, text: &str) -> String {
        let path = self.file("s.toml", text);
        let error = read(&path, &[]).expect_err("it is wrong");
        let others = error.related().iter().map(ToString::to_string);
        let all: Vec<_> = std::iter::once(error.to_string()).chain(others).collect();
        all.join("\n")
    }
}

fn recording(scenario: &Scenario) -> &Recording {
    let load = scenario.load.as_ref().expect("there is a [load]");
    load.recording().expect("it is recorded")
}

#[test]
fn recorded_operations_are_played_with_a_branch_beside_them_or_alone() {
    let folder = Folder::with_log(LOG);
    for branch in [BRANCH, ""] {
        let scenario = folder.scenario(&format!("{branch}{ALONE}"));
        assert_eq!(scenario.has_a_branch(), !branch.is_empty());
        let recording = recording(&scenario);
        assert_eq!(recording.path, folder.0.path().join("log.csv"));
        assert_eq!(
            recording.hash,
            blake3::hash(LOG.as_bytes()).to_hex().as_str()
        );
        assert_eq!(recording.from, SimTime::from_clock(10, 0));
        assert_eq!(
            recording.to,
            SimTime::from_clock(25, 0).after(Span(500_000))
        );
        assert_eq!(recording.operations, 4);
        assert_eq!(recording.channels, [Channel::Atm, Channel::Mobile].into());
        let kinds = [
            Operation::BalanceQuery,
            Operation::Deposit,
            Operation::Withdrawal,
            Operation::LogIn,
        ];
        assert_eq!(recording.kinds, kinds.into());
    }
}

#[test]
fn what_is_wrong_with_the_file_is_told_with_its_row() {
    for (from, to, row, words) in [
        (
            "withdrawal",
            "withdrawl",
            "row 2",
            "did you mean `withdrawal`",
        ),
        ("10:00:01", "09:00:00", "row 3", "before the row above it"),
        ("5.00", "five", "row 5", "no amount above 0"),
        (
            ",operation,",
            ",opertion,",
            "`opertion`",
            "did you mean `operation`",
        ),
    ] {
        let folder = Folder::with_log(&LOG.replacen(from, to, 1));
        let told = folder.told(ALONE);
        for part in ["s.toml:2:14: `log.csv`", row, words] {
            assert!(told.contains(part), "{part}: {told}");
        }
    }
    let header = LOG.lines().next().expect("a heading");
    let told = Folder::with_log(header).told(ALONE);
    assert!(told.contains("`log.csv` holds no operation"), "{told}");
    let told = Folder::with_log(LOG).told("[load]\noperations = \"lgo.csv\"\n");
    assert!(
        told.contains("s.toml:2:14: `lgo.csv` cannot be read"),
        "{told}"
    );
}

#[test]
fn sessions_that_start_outside_of_from_and_to_are_told_with_their_row() {
    let folder = Folder::with_log(LOG);
    let told =
        |from: &str, to: &str| folder.told(&format!("{ALONE}from = \"{from}\"\nto = \"{to}\"\n"));
    let early = told("10:00:01", "23:00");
    assert!(
        early.contains("row 2: a session starts at 10:00,"),
        "{early}"
    );
    let late = told("09:00", "23:00");
    assert!(late.contains("row 5: a session starts at 25:00,"), "{late}");
    let backwards = told("11:00", "10:00");
    assert!(
        backwards.contains("`load` plays 11:00 to 10:00"),
        "{backwards}"
    );
    // A later step of a session that starts in time may be later.
    let rows: Vec<&str> = LOG.lines().take(4).collect();
    let folder = Folder::with_log(&rows.join("\n"));
    let scenario = folder.scenario(&format!("{ALONE}from = \"09:30\"\nto = \"10:15\"\n"));
    let recording = recording(&scenario);
    let clock = SimTime::from_clock;
    assert_eq!(
        (recording.from, recording.to),
        (clock(9, 30), clock(10, 15))
    );
}

#[test]
fn what_does_not_go_with_recorded_operations_is_refused() {
    let folder = Folder::with_log(LOG);
    for (more, words) in [
        (
            "window = \"busiest\"",
            "`load.window` stands beside `operations`",
        ),
        (
            "window_length = \"5min\"",
            "`load.window_length` stands beside `operations`",
        ),
        ("volume = 2", "`load.volume` stands beside `operations`"),
        (
            "model = { users = 5 }",
            "`load.operations` stands beside a model with users",
        ),
        ("from = \"10:00\"", "`load.to`"),
        ("operations_hash = \"0\"", "is not what it was"),
        ("repeat = 1.5", "`load.repeat`"),
        ("skip_quiet = \"0s\"", "`load.skip_quiet`"),
        (
            "[mobile]",
            "`mobile` means nothing where recorded operations",
        ),
        (
            "[run]\nseed = 5",
            "`run` means nothing where recorded operations",
        ),
        (
            "[gates]\na = \"mean(wait) <= 3min\"",
            "`wait` is simulated, and there is no branch",
        ),
        (
            "[gates]\na = \"p99(latency{operation=mall}) <= 1s\"",
            "`mall`",
        ),
        (
            "[gates]\na = \"p99(latency{channel=kiosk}) <= 1s\"",
            "`kiosk`",
        ),
    ] {
        let told = folder.told(&format!("{ALONE}{more}\n"));
        assert!(told.contains(words), "{more}: {told}");
    }
    let users = "[load]\nmodel = { users = 5 }\nskip_quiet = \"5min\"\n";
    let told = folder.told(&format!("{BRANCH}{users}"));
    assert!(
        told.contains("`load.skip_quiet` stands beside a model with users"),
        "{told}"
    );
    // Half a branch is a branch that lacks something.
    let told = folder.told(&format!("[arrivals]\nper_day = 5\n{ALONE}"));
    assert!(
        told.contains("the scenario has no journeys, no resources"),
        "{told}"
    );
}

#[test]
fn gates_look_at_what_was_recorded_and_at_the_branch_that_is_there() {
    let folder = Folder::with_log(LOG);
    let load = "[gates]\na = \"p99(latency{operation=withdrawal}) <= 1s\"\nb = \"p99(latency{channel=atm}) <= 1s\"\n";
    folder.scenario(&format!("{ALONE}{load}"));
    let branch = "c = \"mean(wait{channel=counter}) <= 3min\"\n";
    folder.scenario(&format!("{BRANCH}{ALONE}{load}{branch}"));
    // The branch asks for balances; nobody is asked for them under load but by what was recorded.
    let rows: Vec<&str> = LOG.lines().take(3).collect();
    let folder = Folder::with_log(&rows.join("\n"));
    let gate = "[gates]\na = \"p99(latency{operation=balance_query}) <= 1s\"\n";
    let told = folder.told(&format!("{BRANCH}{ALONE}{gate}"));
    assert!(told.contains("`balance_query`"), "{told}");
}

#[test]
fn a_variant_or_the_shell_puts_operations_in_the_place_of_a_window_and_back() {
    let folder = Folder::with_log(LOG);
    folder.file(
        "base.toml",
        &format!("{BRANCH}[load]\nfrom = \"10:00\"\nto = \"11:00\"\nvolume = 2\n"),
    );
    let over = folder.file(
        "over.toml",
        "extends = \"base.toml\"\n[load]\noperations = \"log.csv\"\n",
    );
    let read = |path: &Path, set: &[&str]| {
        let set: Vec<String> = set.iter().map(|it| (*it).to_owned()).collect();
        read(path, &set)
            .expect("it is right")
            .load
            .expect("there is a [load]")
    };
    assert!(matches!(read(&over, &[]).played, Played::Recorded(_)));
    assert!(matches!(
        read(&over, &["load.window=day"]).played,
        Played::Day(_)
    ));
}

#[test]
fn what_a_run_keeps_is_read_again_as_the_same_scenario() {
    let folder = Folder::with_log(LOG);
    let more =
        "speed = 60\nskip_quiet = \"2min\"\nrepeat = 0.05\nfrom = \"09:00\"\nto = \"23:00\"\n";
    let rows: Vec<&str> = LOG.lines().take(4).collect();
    folder.file("log.csv", &rows.join("\n"));
    let scenario = folder.scenario(&format!("name = \"kept\"\n{ALONE}{more}"));
    let run = Folder(tempfile::tempdir().expect("a folder"));
    run.file(Recording::COPY, &rows.join("\n"));
    let kept = run.file("scenario.toml", &scenario.as_run);
    let again = read(&kept, &[]).expect("it is the same scenario");
    assert_eq!(
        (&again.hash, &again.as_run),
        (&scenario.hash, &scenario.as_run)
    );
    let load = again.load.expect("there is a [load]");
    assert_eq!(
        (load.repeat, load.skip_quiet),
        (0.05, Some(Span(120_000_000)))
    );
    // Another log is another scenario, though the file says the same.
    folder.file("log.csv", &rows[..3].join("\n"));
    let other = folder.scenario(&format!("name = \"kept\"\n{ALONE}{more}"));
    assert_ne!(other.hash, scenario.hash);
    run.file(Recording::COPY, LOG);
    let error = read(&kept, &[]).expect_err("it is another log");
    assert!(error.to_string().contains("`recorded.csv`"), "{error}");
}

#[test]
fn it_is_explained_in_both_languages_without_a_branch() {
    let folder = Folder::with_log(LOG);
    let more = "speed = 60\nskip_quiet = \"2min\"\nrepeat = 0.05\n";
    let scenario = folder.scenario(&format!("[day]\ndate = \"2026-06-25\"\n{ALONE}{more}"));
    assert_eq!(warnings(&scenario), []);
    let said = explain(&scenario, Lang::En);
    for part in [
        "Thursday 25 June 2026",
        "no branch is simulated",
        "4 operations recorded in log.csv, from 10:00 to 25:00, 60 times faster",
        "for longer than 2min are leapt over",
        "5 % of what the bank acknowledged",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains("customers"), "{said}");
    let said = explain(&scenario, Lang::Zh);
    for part in [
        "2026 年 6 月 25 日",
        "不模拟网点",
        "log.csv 中记录的 4 个操作",
        "予以跳过",
        "有 5",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}
