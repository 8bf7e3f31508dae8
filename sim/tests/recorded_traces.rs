//! Recorded customers replayed: start and end of each service, row by row, as
//! two independent simulators agree on them (`cases/traces.json` names them).

use scenarios::file::read;
use serde_json::Value;
use sim::{CustomerFate, CustomerRecord, Options, records};
use std::fmt::Write;

fn cases() -> Value {
    serde_json::from_str(include_str!("cases/traces.json")).expect("the cases are JSON")
}

fn numbers(value: &Value) -> Vec<Option<f64>> {
    let list = value.as_array().expect("a list");
    list.iter().map(Value::as_f64).collect()
}

/// Replays the recorded customers through the reader and the engine.
fn replay(resource: &str, segments: &str, patience: bool) -> Vec<CustomerRecord> {
    let cases = cases();
    let customers = &cases["customers"];
    let columns =
        ["arrival_s", "service_s", "klass", "patience_s"].map(|it| numbers(&customers[it]));
    let mut log = String::from("arrival,segment,service,patience\n");
    let [arrivals, services, classes, patiences] = &columns;
    let rows = arrivals.iter().zip(services).zip(classes).zip(patiences);
    for (((arrival, service), class), ready) in rows {
        let number = |cell: &Option<f64>| cell.expect("a number");
        let segment = if number(class) == 0.0 {
            "first"
        } else {
            "second"
        };
        let patience = if patience {
            number(ready).to_string()
        } else {
            String::new()
        };
        let _ = writeln!(
            log,
            "{},{segment},{},{patience}",
            number(arrival),
            number(service)
        );
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("log.csv"), log).expect("the folder is writable");
    let text = format!(
        "[day]\nopen = \"00:00\"\nclose = \"23:00\"\ninterval = \"1h\"\n[resources.teller]\n{resource}\n\
         [journeys.errand]\ntime = \"3min\"\nholds = [\"teller\"]\n\
         {segments}\n[arrivals]\nreplay = \"log.csv\"\n"
    );
    let path = folder.path().join("replay.toml");
    std::fs::write(&path, text).expect("the folder is writable");
    let scenario = read(&path, &[]).unwrap_or_else(|error| panic!("{error} {:?}", error.related()));
    records(&scenario, &Options::of(&scenario), 0).expect("the scenario is sound")
}

const EQUALS: &str = "[segments.first]\nshare = 0.5\n[segments.second]\nshare = 0.5";
/// The teams of the cases: 2, 5, 3 and 1 for an hour each, then 4 until 7:00, then 2.
const SHIFTS: &str = "roster = [\n\
    { count = 2, from = \"00:00\", to = \"01:00\" },\n\
    { count = 5, from = \"01:00\", to = \"02:00\" },\n\
    { count = 3, from = \"02:00\", to = \"03:00\" },\n\
    { count = 1, from = \"03:00\", to = \"04:00\" },\n\
    { count = 4, from = \"04:00\", to = \"07:00\" },\n\
    { count = 2, from = \"07:00\" },\n]";

/// Every start (and end, where told) to the microsecond to which the cases are rounded.
fn agrees(id: &str, records: &[CustomerRecord]) {
    let cases = cases();
    let mut all = cases["cases"].as_array().expect("a list").iter();
    let case = all
        .find(|case| case["id"] == id)
        .expect("the case is there");
    let starts = numbers(&case["start_s"]);
    assert_eq!(records.len(), starts.len());
    let close = |found: u64, expected: f64| (found as f64 / 1e6 - expected).abs() < 2e-6;
    for (row, record) in records.iter().enumerate() {
        match starts[row] {
            Some(start) => {
                let begun = record
                    .begun
                    .unwrap_or_else(|| panic!("{id} row {row}: {record:?}"));
                assert!(
                    close(begun.0, start),
                    "{id} row {row}: {record:?}, not {start}"
                );
            }
            None => assert_eq!(record.fate, CustomerFate::Abandoned, "{id} row {row}"),
        }
        for (column, applies) in [("end_s", true), ("abandon_s", starts[row].is_none())] {
            if let Some(end) = case.get(column).map(numbers).and_then(|it| it[row])
                && applies
            {
                assert!(
                    close(record.left.0, end),
                    "{id} row {row}: {record:?}, not {end}"
                );
            }
        }
    }
}

#[test]
fn one_line_and_three_windows_agree_row_by_row() {
    agrees("trace_fifo_c3", &replay("capacity = 3", EQUALS, false));
}

#[test]
fn priority_and_patience_agree_row_by_row() {
    let segments = "[segments.first]\nshare = 0.5\npriority = 1\n[segments.second]\nshare = 0.5";
    let records = replay("capacity = 2", segments, true);
    let abandoned = records
        .iter()
        .filter(|it| it.fate == CustomerFate::Abandoned);
    assert_eq!(abandoned.count(), 199);
    agrees("trace_priority_patience_c2", &records);
}

#[test]
fn a_team_that_is_relieved_agrees_row_by_row() {
    let resource = format!("shift_end = \"changeover\"\n{SHIFTS}");
    agrees("trace_shift_changeover", &replay(&resource, EQUALS, false));
}

#[test]
fn tellers_who_finish_and_leave_agree_row_by_row() {
    agrees("trace_shift_exhaustive", &replay(SHIFTS, EQUALS, false));
}
