//! A region through every command, as a planner goes about it: read it, simulate it,
//! find the outlets that miss the promise and what would keep it, compare, draw again.

use crate::support::{alone, branchlab, code, library, number, output, row, said, summary};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Three outlets: one with too few terminals, one whose terminals are slow, one that is well.
const REGION: &str = r#"
[run]
replications = 60
[resources.kiosk]
capacity = 3
[journeys.card]
channel = "kiosk"
time = { law = "lognormal", mean = "3.2min", cv = 0.3 }
holds = ["kiosk"]
steps = [{ name = "check", weight = 1, operation = "identity_check" }]
[arrivals]
per_day = 200
profile = [14, 19, 16, 9, 8, 13, 13, 8]
[gates]
promise = "share_within(time_in_branch{channel=kiosk}, 5min) >= 70%"
[region]
branches = "outlets.csv"
"#;
const OUTLETS: &str = "\
name,per_day,x_km,y_km,resources.kiosk.capacity,journeys.card.time
well,200,0,0,,
few,260,1,2,2,
slow,90,3,1,,6min
";

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("region.toml"), REGION).expect("the folder is writable");
    fs::write(folder.path().join("outlets.csv"), OUTLETS).expect("the folder is writable");
    folder
}

fn outlet<'a>(summary: &'a Value, name: &str) -> &'a Value {
    let ranking = summary["outlets"]["promise"]["ranking"].as_array();
    let mut ranking = ranking.expect("outlets are ranked").iter();
    ranking
        .find(|it| it["branch"] == name)
        .unwrap_or_else(|| panic!("{name} is ranked"))
}

#[test]
fn a_region_is_simulated_run_compared_and_drawn_again() {
    let folder = folder();
    let checked = output(folder.path(), &["check", "region.toml"]);
    assert_eq!(code(&checked), 0, "{}", said(&checked));
    assert!(said(&checked).contains("3 branches"), "{}", said(&checked));

    let simulated = output(
        folder.path(),
        &["simulate", "region.toml", "--out", "first"],
    );
    assert_eq!(code(&simulated), 3, "{}", said(&simulated));
    let words = said(&simulated);
    assert!(words.contains("3 outlets: 2 miss the promise"), "{words}");
    let first = summary(&folder.path().join("first"));
    let promise = &first["outlets"]["promise"];
    assert_eq!(
        (&promise["missed"], &promise["kept"]),
        (&2.into(), &1.into())
    );
    let few = outlet(&first, "few");
    assert_eq!(few["fix"]["resource"], "kiosk");
    assert_eq!(few["fix"]["more"], 1);
    assert_eq!(few["fix"]["verdict"], "pass");
    assert_eq!(outlet(&first, "slow")["fix"]["resource"], Value::Null);
    assert_eq!(outlet(&first, "well")["fix"], Value::Null);

    // The list has every outlet in its order, with the same verdicts.
    let list = fs::read_to_string(folder.path().join("first/branches.csv")).expect("it is there");
    let mut lines = list.lines();
    let heads: Vec<&str> = lines.next().expect("a head").split(',').collect();
    let place = |head: &str| heads.iter().position(|it| *it == head).expect("a column");
    let cells: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    let column = |head: &str| {
        cells
            .iter()
            .map(|line| line[place(head)])
            .collect::<Vec<_>>()
    };
    assert_eq!(column("branch"), ["well", "few", "slow"]);
    assert_eq!(column("verdict"), ["pass", "fail", "fail"]);
    assert_eq!(column("servers_kiosk"), ["3", "2", "3"]);

    // What was advised, done: the outlet keeps its promise as the advice said.
    let done = OUTLETS.replace("few,260,1,2,2,", "few,260,1,2,3,");
    fs::write(folder.path().join("outlets.csv"), done).expect("the folder is writable");
    let second = output(
        folder.path(),
        &["simulate", "region.toml", "--out", "second", "--quiet"],
    );
    assert_eq!(code(&second), 3, "{}", said(&second));
    let second = summary(&folder.path().join("second"));
    assert_eq!(outlet(&second, "few")["verdict"], "pass");
    assert_eq!(outlet(&second, "few")["share"], few["fix"]["share"]);

    let compared = output(folder.path(), &["compare", "first", "second", "--json"]);
    assert_eq!(code(&compared), 0, "{}", said(&compared));
    let effects: Value = serde_json::from_slice(&compared.stdout).expect("JSON");
    let effects = effects.as_array().expect("a list");
    let wait = effects
        .iter()
        .find(|it| it["figure"] == "wait" && it["population"] == "*" && it["statistic"] == "mean");
    let wait = wait.expect("the wait is compared");
    assert_eq!(wait["paired"], true);
    assert!(wait["high"].as_f64() < Some(0.0), "{wait}");

    let drawn = output(folder.path(), &["report", "first", "--lang", "zh"]);
    assert_eq!(code(&drawn), 0, "{}", said(&drawn));
    let page = fs::read_to_string(folder.path().join("first/report.html")).expect("it is there");
    for words in [
        "各网点的承诺兑现情况",
        "3 家网点中，2 家未达标",
        "人员与设备合计",
    ] {
        assert!(page.contains(words), "{words}");
    }
}

#[test]
fn the_whole_run_of_a_region_plays_all_its_outlets_on_the_bank() {
    let folder = folder();
    let load = "\n[load]\nwindow = \"busiest\"\nwindow_length = \"30min\"\nspeed = 120\n";
    fs::write(folder.path().join("region.toml"), format!("{REGION}{load}")).expect("writable");
    let ended = output(folder.path(), &["run", "region.toml", "--out", "run"]);
    // Two outlets miss the promise, and with them the region; where the machine is so
    // busy that the generator is late, the run says that it could not measure.
    assert!([3, 4].contains(&code(&ended)), "{}", said(&ended));
    let summary = summary(&folder.path().join("run"));
    assert_eq!(summary["reconciliation"]["reconciled"], true);
    assert!(
        summary["load"]["planned"].as_u64() > Some(20),
        "{}",
        summary["load"]
    );
    // The latency that was measured is in the outlets' time, too.
    let system = number(row(&summary, "system", &[]), "mean");
    assert!(system > 0.0, "{system}");
    assert_eq!(outlet(&summary, "few")["fix"]["resource"], "kiosk");

    // The same load alone, and what is said where nothing tells what to play.
    let played = output(
        folder.path(),
        &["load", "region.toml", "--out", "load", "--quiet"],
    );
    assert!([0, 4].contains(&code(&played)), "{}", said(&played));
    fs::write(folder.path().join("region.toml"), REGION).expect("writable");
    let refused = output(folder.path(), &["load", "region.toml", "--out", "none"]);
    assert_eq!(code(&refused), 2);
    assert!(said(&refused).contains("[load]"), "{}", said(&refused));
}

/// Runs `check` on the shipped region with a change and counts what it is told.
fn refused(change: &str) -> (usize, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let region = library("region");
    let words = ["check", region.to_str().expect("UTF-8"), "--set", change];
    let ended = output(folder.path(), &words);
    assert_eq!(code(&ended), 2, "{change}");
    let said = said(&ended);
    (said.matches("help:").count(), said)
}

#[test]
fn a_mistake_in_a_region_is_told_once_and_not_for_every_kind_of_outlet() {
    for (change, words) in [
        ("run.replications=0", "a whole number from 1"),
        ("region.branches=\"nofile.csv\"", "nofile.csv"),
        ("region.branches={count=0,per_day=250}", "from 1 to 100000"),
        ("journeys.self_service.holds=[\"kiosks\"]", "kiosk"),
    ] {
        let (told, said) = refused(change);
        assert_eq!(told, 1, "{change}: {said}");
        assert!(said.contains(words), "{change}: {said}");
    }
}

#[test]
fn long_lists_are_explained_in_a_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let region = library("region");
    let checked = output(folder.path(), &["check", region.to_str().expect("UTF-8")]);
    let said = said(&checked);
    let longest = said.lines().map(|line| line.chars().count()).max();
    assert!(longest < Some(300), "{longest:?}");
    assert!(said.contains("(×60)"), "{said}");
}

#[test]
fn one_outlet_one_day_and_one_customer_are_a_region_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = REGION.replace(
        "branches = \"outlets.csv\"",
        "branches = [{ name = \"one\", per_day = 1 }, { name = \"none\", per_day = 0 }]",
    );
    fs::write(folder.path().join("tiny.toml"), text).expect("the folder is writable");
    let words = [
        "simulate",
        "tiny.toml",
        "--replications",
        "1",
        "--out",
        "tiny",
    ];
    let ended = output(folder.path(), &words);
    assert!([0, 3].contains(&code(&ended)), "{}", said(&ended));
    let summary = summary(&folder.path().join("tiny"));
    assert_eq!(outlet(&summary, "none")["verdict"], "invalid");
    assert!(folder.path().join("tiny/report.html").exists());
}

fn interrupted_after(folder: &Path, words: &[&str], wait: Duration) -> (i32, Duration) {
    let mut child = branchlab(folder)
        .args(words)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the command starts");
    std::thread::sleep(wait);
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("the signal is sent");
    let asked = Instant::now();
    let ended = child.wait().expect("it can be waited for");
    (ended.code().expect("it ended by itself"), asked.elapsed())
}

#[test]
fn ctrl_c_ends_the_whole_network_with_what_there_is() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let network = library("whole-network");
    let network = network.to_str().expect("UTF-8");
    let words = ["simulate", network, "--quiet", "--out", "run"];
    // Its only day takes longer than this: perhaps the outlets are done with it, and
    // certainly the phones are not.
    let (ended, took) = interrupted_after(folder.path(), &words, Duration::from_secs(3));
    assert_eq!(ended, 130);
    assert!(took < Duration::from_secs(2), "{took:?}");
    let summary = summary(&folder.path().join("run"));
    assert_eq!(summary["status"], "partial");
    assert_eq!(summary["exit_code"], 130);
    assert!(folder.path().join("run/report.html").exists());
}

#[test]
fn a_region_is_the_same_on_any_number_of_threads() {
    let folder = folder();
    let mut runs = ["1", "2", "3", "7"].iter().map(|threads| {
        let words = [
            "simulate",
            "region.toml",
            "--replications",
            "3",
            "--threads",
            threads,
            "--quiet",
            "--out",
            threads,
        ];
        output(folder.path(), &words);
        let file = |name: &str| fs::read(folder.path().join(threads).join(name)).expect(name);
        (file("summary.json"), file("branches.csv"), file("days.csv"))
    });
    let first = runs.next().expect("the first run");
    for other in runs {
        assert!(other == first);
    }
}
