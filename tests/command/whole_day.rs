//! `window = "day"`: the whole day of a small scenario, from midnight to midnight, on a bank in seconds.

use crate::support::{alone, branchlab, code, output, said, summary};
use scenarios::operation::PlannedOperation;
use scenarios::time::SimTime;
use std::collections::BTreeMap;
use std::path::Path;

/// A branch where cards are opened, and a mobile bank that is awake at night. The day in 24 seconds.
const DAY: &str = r#"
[day]
date = "2026-06-09"
[run]
replications = 3
[resources.kiosk]
kind = "kiosk"
capacity = 2
[journeys.card_opening]
channel = "kiosk"
time = "4min"
holds = ["kiosk"]
steps = [
  { name = "check", weight = 20, operation = "identity_check" },
  { name = "register", weight = 50, operation = "register_customer" },
  { name = "open", weight = 30, operation = "open_card" },
]
[arrivals]
per_day = 60
[mobile]
monthly_actives = 120
log_ins_per_month = 60
hourly_weights = [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]
requests_per_session = 4
think = { law = "exponential", mean = "14s" }
mix = { balance_query = 70, history_query = 20, alerts = 10 }
[load]
window = "day"
speed = 3600
warm_up = "0s"
[gates]
errors = "errors <= 0"
"#;

/// What each customer asked, in this order, and how often.
type Asked = BTreeMap<(String, String), u32>;

fn planned(folder: &Path) -> Vec<PlannedOperation> {
    let path = folder.join("day.toml");
    let scenario = scenarios::file::read(&path, &[]).expect("the scenario is sound");
    let day = sim::DayOperations::whole_day(&scenario, 0, scenario.run.seed);
    day.expect("a day").operations().collect()
}

fn asked(planned: &[PlannedOperation]) -> Asked {
    let mut asked = Asked::new();
    for it in planned {
        let what = (it.customer.clone(), it.operation.to_string());
        *asked.entry(what).or_default() += 1;
    }
    asked
}

/// The journal's rows of the stream: what was asked, and the bank's records of it by number; and the
/// records of the setup.
fn journal(run: &Path) -> (Asked, BTreeMap<u64, bool>) {
    let mut rows = csv::Reader::from_path(run.join("operations.csv")).expect("a journal");
    let headings = rows.headers().expect("a heading").clone();
    let column = |name: &str| headings.iter().position(|it| it == name).expect("a column");
    let (phase, seq) = (column("phase"), column("seq"));
    let (customer, operation) = (column("customer"), column("operation"));
    let (mut asked, mut records) = (Asked::new(), BTreeMap::new());
    for row in rows.records().map(|row| row.expect("a row")) {
        let of_setup = &row[phase] == "setup";
        if !of_setup {
            let what = (row[customer].to_owned(), row[operation].to_owned());
            *asked.entry(what).or_default() += 1;
        }
        if let Ok(seq) = row[seq].parse() {
            records.insert(seq, of_setup);
        }
    }
    (asked, records)
}

/// When the bank stamped its records, in Shanghai, by their numbers.
fn stamps(folder: &Path, data: &Path) -> BTreeMap<u64, String> {
    let data = data.to_str().expect("a UTF-8 path");
    let words = ["bank", "export", "--data", data, "--out", "bank.csv"];
    let ended = output(folder, &words);
    assert_eq!(code(&ended), 0, "{}", said(&ended));
    let mut rows = csv::Reader::from_path(folder.join("bank.csv")).expect("an export");
    let headings = rows.headers().expect("a heading").clone();
    let column = |name: &str| headings.iter().position(|it| it == name).expect("a column");
    let (seq, at) = (column("seq"), column("at"));
    let rows = rows.records().map(|row| row.expect("a row"));
    rows.map(|row| (row[seq].parse().expect("a number"), row[at].to_owned()))
        .collect()
}

#[test]
fn a_whole_day_is_played_from_midnight_to_midnight_and_reconciled() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("day.toml"), DAY).expect("the folder is ours");
    let planned = planned(folder.path());
    let ended = output(folder.path(), &["load", "day.toml", "--out", "run"]);
    // 4: this machine was too busy to judge latencies, which is not asked here.
    assert!([0, 4].contains(&code(&ended)), "{}", said(&ended));
    let run = folder.path().join("run");
    let summary = summary(&run);
    let load = &summary["load"];
    assert_eq!(
        (&load["from"], &load["to"]),
        (&"00:00".into(), &"24:00".into())
    );
    assert_eq!(load["planned"], planned.len() as u64, "{load}");
    assert_eq!(load["succeeded"], load["planned"], "{load}");
    let seconds = load["seconds"].as_f64().expect("a number");
    assert!((23.0..26.0).contains(&seconds), "a day in {seconds} s");
    assert_eq!(summary["reconciliation"]["reconciled"], true, "{summary}");
    let (played, records) = journal(&run);
    assert_eq!(played, asked(&planned));
    // Customers are opened the evening before; what they ask is stamped with its day and hour.
    let mut hours = [0; 24];
    let stamps = stamps(folder.path(), &run.join("bank"));
    for (seq, of_setup) in records {
        let at = &stamps[&seq];
        let date = if of_setup {
            "2026-06-08T2"
        } else {
            "2026-06-09T"
        };
        assert!(at.starts_with(date), "record {seq} at {at}");
        if !of_setup {
            let hour: usize = at[11..13].parse().expect("an hour");
            hours[hour] += 1;
        }
    }
    assert!(hours.iter().all(|records| *records > 0), "{hours:?}");
}

/// A shipped scenario's busiest half hour becomes its day from the shell; `run` does it all.
#[test]
fn a_day_of_a_branch_alone_lasts_from_its_opening_until_the_last_has_asked() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let begin = DAY.find("[mobile]").expect("it is there");
    let end = DAY.find("[load]").expect("it is there");
    let text = format!("{}{}", &DAY[..begin], &DAY[end..]);
    let text = text.replace("window = \"day\"", "window_length = \"30min\"");
    std::fs::write(folder.path().join("day.toml"), text).expect("the folder is ours");
    let last = planned(folder.path()).last().expect("an operation").at;
    let to = last.max(SimTime::from_clock(17, 0));
    let words = ["run", "day.toml", "--set", "load.window=day"];
    let ended = branchlab(folder.path())
        .args(words)
        .args(["--out", "run"])
        .output()
        .expect("the command starts");
    assert!([0, 4].contains(&code(&ended)), "{}", said(&ended));
    let summary = summary(&folder.path().join("run"));
    let load = &summary["load"];
    assert_eq!(load["from"], "09:00", "{load}");
    assert_eq!(load["to"], to.clock(), "{load}");
    assert_eq!(summary["reconciliation"]["reconciled"], true, "{summary}");
    let effect = summary["bank_effect"].as_array().expect("a list");
    assert!(!effect.is_empty(), "simulated again with what was measured");
}
